# SPDX-License-Identifier: Apache-2.0
"""What stands in an IP packet: addresses, ports, lengths, checksums; and the packets of the wire in a superpacket."""
import socket
import struct
from dataclasses import dataclass

ICMP, TCP, UDP, ICMP6, SCTP, UDPLITE = 1, 6, 17, 58, 132, 136
FIN, SYN, RST, PSH, ACK, CWR = 1, 2, 4, 8, 16, 128
ECHO_TYPES = {ICMP: (8, 0), ICMP6: (128, 129)}  # request, reply
# RFC 8200: hop-by-hop options, routing header, destination options.
EXTENSIONS = (0, 43, 60)


@dataclass
class Header:
    version: int
    protocol: int
    source: str
    destination: str
    source_port: int
    destination_port: int
    transport: int   # offset of the transport header
    payload: int     # offset of the payload
    length: int      # of the packet, as its own fields say
    fragment: tuple | None  # identification, offset, more fragments
    sequence: int = 0
    acknowledgement: int = 0
    flags: int = 0
    icmp_type: int = -1

    @property
    def flow(self):
        return (self.protocol, self.source, self.source_port, self.destination, self.destination_port)


def address(raw):
    return socket.inet_ntop(socket.AF_INET if len(raw) == 4 else socket.AF_INET6, raw)


def internet_header(data):
    """version, protocol, transport offset, length, fragment, source, destination"""
    version = data[0] >> 4
    if version == 4:
        size = (data[0] & 15) * 4
        length, ident, offset = struct.unpack_from("!HHH", data, 2)
        fragment = (ident, (offset & 0x1FFF) * 8, bool(offset & 0x2000)) if offset & 0x3FFF else None
        return 4, data[9], size, length, fragment, address(data[12:16]), address(data[16:20])
    if version != 6:
        raise ValueError(f"IP version {version}")
    length, following = struct.unpack_from("!HB", data, 4)
    length += 40
    at, fragment = 40, None
    while following in EXTENSIONS or following == 44:
        if following == 44:
            offset, ident = struct.unpack_from("!HI", data, at + 2)
            fragment = (ident, offset & 0xFFF8, bool(offset & 1))
            following, at = data[at], at + 8
            if fragment[1]:
                break
            continue
        if following == 0 and data[at + 2] == 0xC2:  # RFC 2675: jumbo payload
            length = struct.unpack_from("!I", data, at + 4)[0] + 40
        following, at = data[at], at + (data[at + 1] + 1) * 8
    return 6, following, at, length, fragment, address(data[8:24]), address(data[24:40])


def parse(data):
    version, protocol, at, length, fragment, source, destination = internet_header(data)
    header = Header(version, protocol, source, destination, 0, 0, at, at, length, fragment)
    if fragment and fragment[1]:
        return header
    if protocol in (TCP, UDP, SCTP, UDPLITE) and len(data) >= at + 4:
        header.source_port, header.destination_port = struct.unpack_from("!HH", data, at)
    if protocol == TCP and len(data) >= at + 20:
        header.sequence, header.acknowledgement, size, header.flags = struct.unpack_from("!IIBB", data, at + 4)
        header.payload = at + (size >> 4) * 4
    elif protocol in (UDP, UDPLITE):
        header.payload = at + 8
    elif protocol == SCTP:
        header.payload = at + 12
    elif protocol in ECHO_TYPES and len(data) >= at + 8:
        header.icmp_type = data[at]
        header.payload = at + 8
        ident = struct.unpack_from("!H", data, at + 4)[0]
        # A ping socket is bound to its identifier as others are to a port.
        if data[at] == ECHO_TYPES[protocol][0]:
            header.source_port = ident
        elif data[at] == ECHO_TYPES[protocol][1]:
            header.destination_port = ident
    return header


def sum16(data):
    """RFC 1071: the folded ones' complement sum; 2**16 is 1 modulo 0xFFFF."""
    if len(data) % 2:
        data += b"\0"
    number = int.from_bytes(data, "big")
    folded = number % 0xFFFF
    return 0xFFFF if folded == 0 and number else folded


def crc32c_table():
    for value in range(256):
        for _ in range(8):
            value = value >> 1 ^ (0x82F63B78 if value & 1 else 0)
        yield value


CRC32C = list(crc32c_table())


def crc32c(data):
    """RFC 9260, appendix A."""
    value = 0xFFFFFFFF
    for byte in data:
        value = value >> 8 ^ CRC32C[(value ^ byte) & 0xFF]
    return value ^ 0xFFFFFFFF


def pseudo_header(data, header, length):
    ends = data[12:20] if header.version == 4 else data[8:40]
    return ends + struct.pack("!IHBB", length, 0, 0, header.protocol)


def checksum_faults(data):
    """What is wrong with the lengths and checksums of a packet that was captured whole."""
    header, faults = parse(data), []
    if header.length != len(data):
        faults.append(f"IP length {header.length} of {len(data)} bytes")
    if header.version == 4 and sum16(data[:(data[0] & 15) * 4]) != 0xFFFF:
        faults.append("IPv4 header checksum")
    if header.fragment:
        return faults
    body = data[header.transport:]
    covered = body
    if header.protocol in (UDP, UDPLITE):
        length, checksum = struct.unpack_from("!HH", body, 4)
        if header.protocol == UDP and length != len(body):
            faults.append(f"UDP length {length} of {len(body)} bytes")
        if header.protocol == UDP and checksum == 0:
            return faults + (["UDP checksum 0"] if header.version == 6 else [])
        if header.protocol == UDPLITE and length:
            covered = body[:length]
    if header.protocol == SCTP:
        wanted = struct.pack("<I", crc32c(body[:8] + bytes(4) + body[12:]))
        return faults + ([] if body[8:12] == wanted else ["CRC32c of SCTP"])
    if header.protocol == ICMP:
        total = sum16(body)
    elif header.protocol in (TCP, UDP, UDPLITE, ICMP6):
        total = sum16(pseudo_header(data, header, len(body)) + covered)
    else:
        return faults
    if total != 0xFFFF:
        faults.append(f"checksum of protocol {header.protocol}")
    return faults


def without_checksums(data, header):
    """The packet with its checksum fields 0: a witness on loopback sees them unfilled."""
    plain = bytearray(data)
    if header.version == 4:
        plain[10:12] = b"\0\0"
    field = {TCP: 16, UDP: 6, UDPLITE: 6, ICMP: 2, ICMP6: 2}.get(header.protocol)
    if field is not None and not (header.fragment and header.fragment[1]):
        at = header.transport + field
        if len(plain) >= at + 2:
            plain[at:at + 2] = b"\0\0"
    if header.protocol == SCTP and len(plain) >= header.transport + 12:
        plain[header.transport + 8:header.transport + 12] = b"\0\0\0\0"
    return bytes(plain)


def with_length(data, header, payload):
    """Headers of `data` before `payload`, all length fields right."""
    start = bytearray(data[:header.payload])
    total = len(start) + len(payload)
    if header.version == 4:
        struct.pack_into("!H", start, 2, total)
    else:
        struct.pack_into("!H", start, 4, total - 40)
    if header.protocol == UDP:
        struct.pack_into("!H", start, header.transport + 4, total - header.transport)
    return start


def drop_jumbo(data):
    """RFC 2675's header is a mark of the stack's superpackets: no packet of the wire has it."""
    if data[0] >> 4 == 6 and data[6] == 0 and data[42] == 0xC2 and data[41] == 0:
        return data[:6] + data[40:41] + data[7:40] + data[48:]
    return data


def segments(data, gso_size):
    """The packets of the wire in a superpacket. Checksums are left as they are."""
    if not gso_size:
        return [data]
    data = drop_jumbo(data)
    header = parse(data)
    payload = data[header.payload:]
    if len(payload) <= gso_size:
        return [bytes(with_length(data, header, payload)) + payload]
    wire = []
    for number, at in enumerate(range(0, len(payload), gso_size)):
        piece = payload[at:at + gso_size]
        start = with_length(data, header, piece)
        if header.version == 4:
            ident = struct.unpack_from("!H", data, 4)[0]
            struct.pack_into("!H", start, 4, (ident + number) & 0xFFFF)
        if header.protocol == TCP:
            struct.pack_into("!I", start, header.transport + 4, (header.sequence + at) & 0xFFFFFFFF)
            flags = header.flags
            if at + gso_size < len(payload):
                flags &= ~(FIN | PSH)
            if number:
                flags &= ~CWR
            start[header.transport + 13] = flags
        wire.append(bytes(start) + piece)
    return wire


class Reassembly:
    """Whole datagrams from the fragments that a witness saw; the hooks see them whole."""

    def __init__(self):
        self.parts = {}

    def add(self, data, header):
        """The whole packet when this fragment completes it, otherwise None."""
        ident, offset, more = header.fragment
        key = (header.source, header.destination, header.protocol if header.version == 4 else 0, ident)
        start = header.transport
        pieces = self.parts.setdefault(key, {})
        pieces[offset] = (data[start:], more, data[:start])
        at, body = 0, b""
        while at in pieces:
            piece, more, _ = pieces[at]
            body += piece
            if not more:
                del self.parts[key]
                return self.whole(pieces[0][2], header.version, body)
            at += len(piece)
        return None

    @staticmethod
    def whole(start, version, body):
        start = bytearray(start)
        if version == 4:
            struct.pack_into("!H", start, 2, len(start) + len(body))
            struct.pack_into("!H", start, 6, 0)
            return bytes(start) + body
        # The fragment header is the last of these; its first byte names what follows.
        at, following = 40, 6
        while start[following] != 44:
            following, at = at, at + (start[at + 1] + 1) * 8
        start[following] = start[at]
        del start[at:at + 8]
        struct.pack_into("!H", start, 4, len(start) + len(body) - 40)
        return bytes(start) + body
