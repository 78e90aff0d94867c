# SPDX-License-Identifier: Apache-2.0
"""Which packets of a TCP connection reach a full socket: the rule that takes TIME_WAIT out.

Of a connection's end X, packets are taken out of the judgement ("no socket") where no full socket handles them:
- after a packet that acknowledges X's FIN has reached X, X's socket is replaced by a TIME_WAIT one (or, at the end that
  closed last, freed): all that X sends or receives from then on. Two exceptions stay in the judgement: the one ACK
  by which the full socket answers a FIN that came in the very packet that acknowledged its own; and all until the
  other's FIN is answered where the process kept its socket (shutdown() without close(): `half_close`);
- after a RST in either direction, everything else;
- RSTs that the kernel's own socket sends: those without ACK, and those with ACK and sequence number 0 (an answer to a
  SYN at a closed port). A RST with ACK and another number comes from a socket (tcp_send_active_reset).
"""
from dataclasses import dataclass, field

import packets

SEQUENCE_MASK = 0xFFFFFFFF


@dataclass
class Side:
    fin: int | None = None     # the number that acknowledges its FIN
    fin_acked: bool = False
    owes_ack: bool = False
    gone: bool = False
    unprovoked: int = 0        # ACKs from TIME_WAIT, less the packets that arrived there in the witness's order
    late: list = field(default_factory=list)   # ACKs to it since its FIN: see truth.forgive_late_acks


@dataclass
class Connection:
    sides: dict = field(default_factory=dict)
    incarnation: int = -1
    syn_ns: int = 0
    syn_number: int | None = None
    established: bool = False    # the third packet of the handshake has passed
    server: tuple | None = None
    first_word_ns: int | None = None  # of the server's end: data, FIN or RST


@dataclass
class Verdict:
    egress: str    # "socket", "none" (TIME_WAIT or gone) or "kernel" (its own RST)
    ingress: str   # "socket" or "none"
    handshake: bool
    connection: Connection
    incarnation: int
    from_server: bool
    receiver: Side
    receiver_closes: bool   # has sent its FIN


class Connections:
    def __init__(self):
        self.table = {}

    def classify(self, link, header, payload_length, source, destination, destination_half_closes):
        """Call for each TCP packet in order. Source and destination are those of the connection before translation."""
        key = (link, *sorted((source, destination)))
        connection = self.table.setdefault(key, Connection())
        flags = header.flags
        if flags & packets.SYN and not flags & packets.ACK and connection.syn_number != header.sequence:
            connection = self.table[key] = Connection(incarnation=connection.incarnation + 1,
                                                      syn_number=header.sequence, server=destination)
        mine = connection.sides.setdefault(source, Side())
        theirs = connection.sides.setdefault(destination, Side())
        verdict = Verdict("socket", "socket", not connection.established, connection, max(connection.incarnation, 0),
                          source == connection.server, theirs, theirs.fin is not None)
        if flags & packets.RST:
            if not flags & packets.ACK or header.sequence == 0:
                verdict.egress = "kernel"
            elif mine.gone:
                verdict.egress = "none"
            if theirs.gone:
                verdict.ingress = "none"
            mine.gone = theirs.gone = True
            return verdict
        if mine.gone and not mine.owes_ack:
            verdict.egress = "none"
        mine.owes_ack = False
        if theirs.gone:
            verdict.ingress = "none"
        mine.unprovoked += verdict.egress == "none"
        theirs.unprovoked -= verdict.ingress == "none"
        acknowledges = (flags & packets.ACK and theirs.fin is not None and not theirs.fin_acked
                        and (header.acknowledgement - theirs.fin) & SEQUENCE_MASK < 1 << 31)
        if acknowledges:
            theirs.fin_acked = True
        if flags & packets.FIN and mine.fin is None:
            mine.fin = (header.sequence + payload_length + 1) & SEQUENCE_MASK
        if theirs.fin_acked and not theirs.gone:
            if flags & packets.FIN:
                theirs.gone, theirs.owes_ack = True, True
            elif mine.fin is not None or not destination_half_closes:
                theirs.gone = True
        if not flags & packets.SYN and flags & packets.ACK and source != connection.server:
            connection.established = True
        return verdict


def speaks(header, payload_length):
    return bool(payload_length or header.flags & (packets.FIN | packets.RST))
