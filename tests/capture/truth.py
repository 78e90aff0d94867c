# SPDX-License-Identifier: Apache-2.0
"""What a capture must say: the witness's packets joined with the actors' journal."""
from collections import Counter
from dataclasses import dataclass, field

import packets
from connections import Connections, speaks
from ends import Ends
from journal import kernel_version
from witness import interface_of

HOLD_NS = 200_000_000
HOLD_MARGIN_NS = 60_000_000  # between "held" and "not held" lies the time that the program needs to look
KERNEL_LABELS = frozenset(("_kernel", "_unknown"))
# 6.1.192 does not run the egress hook for IPv6 SYN-ACKs, 6.12 does (capture-facts, addendum).
IPV6_SYN_ACK_SINCE = (6, 12)


@dataclass
class Expected:
    actor: str
    key: tuple
    egress: bool
    labels: frozenset
    sample: tuple
    data: bytes            # of the wire, checksums 0; addresses and ports as the record must have them: see key
    header: packets.Header
    time_ns: int
    pids: dict = field(default_factory=dict)   # label: pids
    tids: dict = field(default_factory=dict)   # label: threads, where this packet was sent by a process
    required: bool = True
    dst: str | None = None
    dst_required: bool = False
    translated: bool = False
    kernel: bool = False
    interface: tuple | None = None   # namespace and name


def record_key(data, header, flow=None):
    """What makes a packet this packet: its flow, all of its header but addresses, ports and checksums, and, for all
    but TCP, the beginning of its payload. Ends without ports are told apart by their addresses."""
    plain = bytearray(packets.without_checksums(data, header))
    if header.version == 4:
        plain[12:20] = bytes(8)
    else:
        plain[8:40] = bytes(32)
    if header.protocol in (packets.TCP, packets.UDP, packets.UDPLITE, packets.SCTP):
        plain[header.transport:header.transport + 4] = bytes(4)
    size = header.payload + (0 if header.protocol == packets.TCP else 32)
    return (flow or header.flow), bytes(plain[:size])


@dataclass
class Truth:
    expected: list
    socketless: Counter     # packets that the rule takes out, by reason
    unexplained: list       # packets of the wire that no actor wrote down: a hole in the truth
    wire_lengths: dict      # flow over the wire: Counter of lengths
    ends: Ends


class Builder:
    def __init__(self, journal, own_kernel_sockets, include_dns=False, whole_machine=False):
        self.ends = Ends(journal)
        self.connections = Connections()
        self.own_kernel_sockets = own_kernel_sockets  # the kernel's sockets are in the captured group, too
        self.include_dns = include_dns
        self.whole_machine = whole_machine
        self.expected, self.unexplained = [], []
        self.socketless, self.wire_lengths = Counter(), {}
        self.pending = []   # ingress and egress of accepted ends, until their first word is known

    def build(self, wire):
        for packet in wire:
            if packet.ether_type in (0x0800, 0x86DD):
                header = packets.parse(packet.data)
                sender = self.ends.sender(packet.sender, header, packet.time_ns)
                if sender and len(sender.uses) > 1:
                    sender.prove(packet.data[header.payload:], packet.time_ns)
        for packet in wire:
            if packet.ether_type not in (0x0800, 0x86DD):
                self.socketless["ARP"] += 1
                continue
            self.add(packet, packets.parse(packet.data))
        for args in self.pending:
            self.expect_accepted(*args)
        self.forgive_late_acks()
        self.expected.sort(key=lambda one: one.time_ns)
        return Truth(self.expected, self.socketless, self.unexplained, self.wire_lengths, self.ends)

    def forgive_late_acks(self):
        """Packets of two processors can arrive in another order than they were sent. Where a TIME_WAIT socket answers
        something that had not been sent after it came to be, an ACK sent before has been late, and reached no socket."""
        for connection in self.connections.table.values():
            for side in connection.sides.values():
                for expected in side.late if side.unprovoked > 0 else ():
                    expected.required = False
                    self.socketless["ACK that may have come after TIME_WAIT began"] += 1

    def add(self, packet, header):
        if header.protocol == packets.TCP:
            return self.add_tcp(packet, header)
        reason = self.kernel_reason(header)
        sender = None if reason else self.ends.sender(packet.sender, header, packet.time_ns)
        if sender is None and reason is None:
            self.unexplained.append(packet)
            return None
        if reason:
            self.expect_kernel(packet, header, reason)
        else:
            self.count_length(packet, header)
            self.expect(packet, header, sender, egress=True)
        # The stack gives a multicast and a broadcast packet to receivers beside the sender, too.
        spaces = {packet.receiver}
        receivers = [end for space in spaces for end in self.ends.receivers(space, header, packet.time_ns)]
        if header.destination.startswith(("239.", "ff")) or header.destination.endswith(".255"):
            spaces.add(packet.sender)
            receivers = [end for space in sorted(spaces)
                         for end in self.ends.receivers(space, header, packet.time_ns)]
        if not receivers:
            self.socketless["received by no socket: " + (reason or "closed port")] += 1
        for end in receivers:
            self.expect(packet, header, end, egress=False)
        return None

    @staticmethod
    def kernel_reason(header):
        if header.protocol == packets.ICMP:
            return "ICMP echo reply" if header.icmp_type == 0 else "ICMP error" if header.icmp_type != 8 else None
        if header.protocol == packets.ICMP6:
            if header.icmp_type == 129:
                return "ICMPv6 echo reply"
            if header.icmp_type == 128:
                return None
            return "NDP or MLD" if header.icmp_type > 129 else "ICMPv6 error"
        if header.protocol == 2:
            return "IGMP"
        if header.protocol == 0 or (header.version == 6 and header.protocol == 58):
            return "NDP or MLD"
        return None

    def add_tcp(self, packet, header):
        payload_length = header.length - header.payload
        source, destination = (header.source, header.source_port), (header.destination, header.destination_port)
        receiver = self.ends.best(packet.receiver, packets.TCP, destination, source, packet.time_ns, 0)
        sender = self.ends.sender(packet.sender, header, packet.time_ns)
        if sender and sender.asymmetric:
            source, destination = sender.local, sender.remote
        elif receiver and receiver.asymmetric:
            source, destination = receiver.remote, receiver.local
        verdict = self.connections.classify(packet.link if packet.sender == packet.receiver else "wire", header,
                                            payload_length, source, destination, receiver and receiver.half_close)
        connection = verdict.connection
        connection.syn_ns = connection.syn_ns or packet.time_ns
        if (verdict.from_server and connection.first_word_ns is None and speaks(header, payload_length)
                and verdict.egress == "socket"):
            connection.first_word_ns = packet.time_ns
        sender = self.ends.sender(packet.sender, header, packet.time_ns, verdict.incarnation)
        receivers = self.ends.receivers(packet.receiver, header, packet.time_ns, verdict.incarnation)
        if sender is None and not receivers:
            self.unexplained.append(packet)
            return
        if verdict.egress == "kernel":
            self.expect_kernel(packet, header, "RST of the kernel", sender)
        elif sender is None:
            self.unexplained.append(packet)
        else:
            syn_ack = header.flags & packets.SYN and header.flags & packets.ACK
            no_socket = syn_ack and (sender.syn_cookies or header.version == 6 and kernel_version() < IPV6_SYN_ACK_SINCE)
            required = verdict.egress == "socket" and not no_socket
            if required:
                self.count_length(packet, header)
            self.expect_tcp(packet, header, sender, True, verdict, required)
        for end in receivers:
            self.expect_tcp(packet, header, end, False, verdict, verdict.ingress == "socket")
        if not receivers:
            self.socketless["received by no socket: closed port"] += 1

    def count_length(self, packet, header):
        if packet.sender != packet.receiver:
            self.wire_lengths.setdefault(header.flow, Counter())[header.length] += 1

    def expect_tcp(self, packet, header, end, egress, verdict, required):
        if not required:
            reason = "SYN-ACK without a socket: " if header.flags & packets.SYN else "TIME_WAIT or closed "
            self.socketless[reason + ("sender" if egress else "receiver")] += 1
        if end.accepted or end.listener:
            self.pending.append((packet, header, end, egress, verdict, required))
        else:
            self.expect(packet, header, end, egress, required, verdict.incarnation, verdict=verdict)

    def expect_accepted(self, packet, header, end, egress, verdict, required):
        """The rule of the held handshake: issue 5, "Label"."""
        connection = verdict.connection
        listeners = self.listeners(end)
        if end.listener:  # nobody accepted it
            self.expect(packet, header, end, egress, required, verdict.incarnation, verdict=verdict)
            return
        users = end.writer(packet.data[header.payload:], packet.time_ns) if egress else end.users(packet.time_ns)
        before_word = connection.first_word_ns is None or packet.time_ns < connection.first_word_ns
        labels = {use.label for use in users}
        if before_word:
            waited = (connection.first_word_ns or 1 << 62) - connection.syn_ns
            held = waited < HOLD_NS - HOLD_MARGIN_NS
            late = waited > HOLD_NS + HOLD_MARGIN_NS
            speaker = self.speaker(end, connection)
            owners = {use.label for use in end.uses}
            if held and end.handshake:
                labels = set(end.handshake)
            elif held and len(owners) == 1:
                labels = owners
            elif held:
                labels = owners if end.accepted == "address" else {speaker} if speaker else owners
            elif late and end.accepted == "null" and verdict.handshake:
                labels = listeners
            else:
                labels = owners | listeners
        self.expect(packet, header, end, egress, required, verdict.incarnation, frozenset(labels), verdict)

    def listeners(self, end):
        found = [other for other in self.ends.by_port[end.space, packets.TCP, end.wire_local[1]] if other.listener]
        return {use.label for other in found for use in other.uses}

    @staticmethod
    def speaker(end, connection):
        users = end.users(connection.first_word_ns) if connection.first_word_ns else []
        return users[0].label if len({use.label for use in users}) == 1 else None

    def expect_kernel(self, packet, header, reason, sender=None):
        """Visible only where the kernel's sockets belong to the captured group, or are attached to the answered one."""
        self.socketless["sent by the kernel: " + reason] += 1
        labels = KERNEL_LABELS | {use.label for use in (sender.uses if sender else ())}
        self.expected.append(Expected("(kernel)", record_key(packet.data, header), True, labels, ("kernel", header.flow),
                                      packet.data, header, packet.time_ns, required=False, kernel=True))

    def expect(self, packet, header, end, egress, required=True, incarnation=0, labels=None, verdict=None):
        payload = packet.data[header.payload:]
        users = end.writer(payload, packet.time_ns) if egress else end.users(packet.time_ns)
        if labels is None:
            labels = frozenset(use.label for use in users)
        if end.dns and not self.include_dns:
            self.socketless["DNS, used and not written"] += 1
            return
        if end.outside and not self.whole_machine:
            self.socketless["socket of another control group"] += 1
            return
        local, remote = ((header.source, header.source_port), (header.destination, header.destination_port)) if egress \
            else ((header.destination, header.destination_port), (header.source, header.source_port))
        flow = header.flow
        if not egress and end.translated:
            flow = (header.protocol, *end.remote, *(end.local if end.wire_local != end.local else local))
        kernel = header.protocol == packets.SCTP or (egress and not required)
        if kernel:  # a TIME_WAIT socket, or the kernel's own, answers in the name of nobody
            labels, required = labels | KERNEL_LABELS, False
        own = [use for use in end.uses if use.label in labels]
        all_uses = own + self.uses_of(labels - {use.label for use in own})
        expected = Expected(
            end.actor, record_key(packet.data, header, flow), egress, labels, self.sample(end, local, remote, incarnation),
            packet.data, header, packet.time_ns, required=required, kernel=kernel, dst=end.dst,
            dst_required=bool(end.dst) and self.dst_known(end, header, packet), translated=egress and end.translated,
            interface=(end.space, interface_of(packet, end.space)))
        for use in all_uses:
            expected.pids.setdefault(use.label, set()).add(use.pid)
            expected.tids.setdefault(use.label, set()).add(use.tid)
        self.expected.append(expected)
        side = verdict.receiver if verdict and not egress and required else None
        if side and verdict.receiver_closes and header.flags == packets.ACK and header.length == header.payload:
            side.late.append(expected)

    def uses_of(self, labels):
        return [use for end in self.ends.all for use in end.uses if use.label in labels]

    @staticmethod
    def sample(end, local, remote, incarnation):
        if end.listener:
            return ("never accepted", local, remote, incarnation)
        if end.connected:
            return ("connected", end.cookie)
        remote = end.remote or remote
        # A raw socket's remote end has no port.
        return ("unconnected", end.cookie, remote[0], 0 if end.raw else remote[1])

    def dst_known(self, end, header, packet):
        if end.dst_since != "payload":
            return True
        if header.length > header.payload and header.source == end.wire_local[0]:
            end.dst_since_ns = getattr(end, "dst_since_ns", packet.time_ns)
        return packet.time_ns >= getattr(end, "dst_since_ns", 1 << 63)


def build(journal, wire, own_kernel_sockets=False, **options):
    return Builder(journal, own_kernel_sockets, **options).build(wire)
