# SPDX-License-Identifier: Apache-2.0
"""Reads packets, times and comments from pcap and pcapng: what the program's outputs are measured by."""
import dataclasses
import struct
from fractions import Fraction

BYTE_ORDERS = {b"\x4d\x3c\x2b\x1a": "<", b"\x1a\x2b\x3c\x4d": ">"}
PCAP_MAGICS = {b"\xd4\xc3\xb2\xa1": ("<", 6), b"\xa1\xb2\xc3\xd4": (">", 6),
               b"\x4d\x3c\xb2\xa1": ("<", 9), b"\xa1\xb2\x3c\x4d": (">", 9)}


@dataclasses.dataclass(frozen=True)
class Packet:
    time_ns: int
    link: int
    original: int
    data: bytes
    comments: tuple = ()
    simple: bool = False  # a block without a time

    def bare(self):
        """All but the comments."""
        return self.time_ns, self.link, self.original, self.data


def read_pcap(data):
    order, digits = PCAP_MAGICS[data[:4]]
    link = struct.unpack_from(order + "I", data, 20)[0] & 0xFFFF
    at = 24
    while at < len(data):
        seconds, fraction, captured, original = struct.unpack_from(order + "IIII", data, at)
        time = seconds * 10**9 + fraction * 10 ** (9 - digits)
        yield Packet(time, link, original, data[at + 16:at + 16 + captured])
        at += 16 + captured


def options(order, data):
    at = 0
    while at + 4 <= len(data):
        code, size = struct.unpack_from(order + "HH", data, at)
        if code == 0:
            return
        yield code, data[at + 4:at + 4 + size]
        at += 4 + size + -size % 4


def interface(order, body):
    """Link type, snap length, ticks in a second, offset, whether the resolution stands in the file."""
    link, _, snap = struct.unpack_from(order + "HHI", body)
    ticks, offset, told = 10**6, 0, False
    for code, value in options(order, body[8:]):
        if code == 9:
            ticks, told = 2 ** (value[0] & 127) if value[0] & 128 else 10 ** value[0], True
        elif code == 14:
            offset = struct.unpack(order + "q", value)[0]
    return link, snap, ticks, offset, told


def read_pcapng(data):
    order, at, interfaces, split = "<", 0, [], None
    while at < len(data):
        if data[at:at + 4] == b"\x0a\x0d\x0d\x0a":
            order, interfaces, split = BYTE_ORDERS[data[at + 8:at + 12]], [], None
        kind, size = struct.unpack_from(order + "II", data, at)
        body = data[at + 8:at + size - 4]
        at += size
        if kind == 1:
            interfaces.append(interface(order, body))
        elif kind == 3:
            link, snap, _, _, _ = interfaces[0]
            original = struct.unpack_from(order + "I", body)[0]
            captured = min(original, snap or original, len(body) - 4)
            yield Packet(0, link, original, body[4:4 + captured], simple=True)
        elif kind in (2, 6):
            which, high, low, captured, original = struct.unpack_from(order + ("IIIII" if kind == 6 else "HxxIIII"), body)
            link, _, ticks, offset, told = interfaces[which]
            if split is None and (high or low):
                # Seconds and microseconds where one count belongs: early versions of pcapml wrote that.
                split = not told and high >= 0x10000000 and low < 10**6
            time = Fraction(high * 10**6 + low if split else high << 32 | low, ticks) + offset
            rest = body[20 + captured + -captured % 4:]
            comments = tuple(value for code, value in options(order, rest) if code == 1)
            yield Packet(int(time * 10**9), link, original, body[20:20 + captured], comments)


def read(path):
    """All packets of a capture."""
    with open(path, "rb") as file:
        data = file.read()
    if data[:4] == b"\x0a\x0d\x0d\x0a":
        return list(read_pcapng(data))
    return list(read_pcap(data))


def label_of(packet):
    """Sample id (text) and label of a packet in the positional form, or None."""
    for comment in packet.comments:
        head, comma, rest = comment.partition(b",")
        if comma and head.isdigit():
            return head.decode(), rest.split(b",")[0].decode()
    return None
