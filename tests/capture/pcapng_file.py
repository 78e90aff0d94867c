# SPDX-License-Identifier: Apache-2.0
"""Reads pcapng, sharing no code with the program under test: draft-ietf-opsawg-pcapng, little-endian only."""
import struct
from dataclasses import dataclass, field

SECTION, INTERFACE, STATISTICS, ENHANCED, CUSTOM = 0x0A0D0D0A, 1, 5, 6, 0x00000BAD
PROCESS_PEN, PROCESS_ENTRY = 32622, 3


class Malformed(Exception):
    pass


@dataclass
class Interface:
    link_type: int
    snap_length: int
    name: str = ""
    resolution: int = 6
    options: list = field(default_factory=list)


@dataclass
class Packet:
    number: int
    interface: int
    time_ns: int
    original_length: int
    data: bytes
    comments: list
    flags: int | None
    dropped: int | None
    process: tuple | None  # pid, tid
    options: list

    @property
    def label_fields(self):
        for comment in self.comments:
            parts = comment.split(",")
            if len(parts) >= 2 and parts[0].isdigit():
                return parts
        return None


@dataclass
class Process:
    position: int  # packets that stand before it
    pid: int
    options: list

    def values(self, code):
        return [value for number, value in self.options if number == code]

    def text(self, code):
        found = self.values(code)
        return found[0].decode("utf-8", "replace") if found else None

    def number(self, code):
        found = self.values(code)
        return int.from_bytes(found[0], "little") if found else None


@dataclass
class Capture:
    section_options: list = field(default_factory=list)
    interfaces: list = field(default_factory=list)
    packets: list = field(default_factory=list)
    processes: list = field(default_factory=list)
    statistics: list = field(default_factory=list)
    torn_bytes: int = 0  # at the end, of a block that was not finished


def parse_options(body, what):
    options, at = [], 0
    while at < len(body):
        if at + 4 > len(body):
            raise Malformed(f"{what}: torn option")
        code, length = struct.unpack_from("<HH", body, at)
        if code == 0:
            if length or at + 4 != len(body):
                raise Malformed(f"{what}: bytes behind opt_endofopt")
            return options
        end = at + 4 + length
        if end > len(body):
            raise Malformed(f"{what}: option {code} of {length} bytes leaves its block")
        options.append((code, body[at + 4:end]))
        at = end + (-length % 4)
    return options


def first(options, code):
    return next((value for number, value in options if number == code), None)


def parse_process(body, position):
    pen, entry, length = struct.unpack_from("<III", body)
    if pen != PROCESS_PEN or entry != PROCESS_ENTRY:
        raise Malformed(f"Custom Block of PEN {pen}, entry type {entry}")
    if length > len(body) - 12 or len(body) - 12 - length > 3:
        raise Malformed(f"process entry of {length} bytes in a body of {len(body)}")
    entry_body = body[12:12 + length]
    return Process(position, struct.unpack_from("<I", entry_body)[0], parse_options(entry_body[4:], "process block"))


def parse_packet(body, interfaces, number):
    interface, high, low, captured, original = struct.unpack_from("<IIIII", body)
    if interface >= len(interfaces):
        raise Malformed(f"packet {number} names interface {interface} of {len(interfaces)}")
    end = 20 + captured
    if end > len(body):
        raise Malformed(f"packet {number} leaves its block")
    options = parse_options(body[end + (-captured % 4):], f"packet {number}")
    flags, dropped, process = first(options, 2), first(options, 4), first(options, 8)
    for name, value, size in (("epb_flags", flags, 4), ("epb_dropcount", dropped, 8), ("process option", process, 8)):
        if value is not None and len(value) != size:
            raise Malformed(f"packet {number}: {name} of {len(value)} bytes")
    ticks = high << 32 | low
    resolution = interfaces[interface].resolution
    return Packet(number, interface, ticks * 10 ** (9 - resolution), original, body[20:end],
                  [value.decode("utf-8") for code, value in options if code == 1],
                  flags and struct.unpack("<I", flags)[0], dropped and struct.unpack("<Q", dropped)[0],
                  process and struct.unpack("<II", process), options)


def read_blocks(content):
    """(type, body) of each whole block; the position behind the last whole one."""
    at, blocks = 0, []
    while at + 12 <= len(content):
        kind, length = struct.unpack_from("<II", content, at)
        if length < 12 or length % 4:
            raise Malformed(f"block of {length} bytes at {at}")
        if at + length > len(content):
            break
        if struct.unpack_from("<I", content, at + length - 4)[0] != length:
            raise Malformed(f"the two lengths of the block at {at} differ")
        blocks.append((kind, content[at + 8:at + length - 4]))
        at += length
    return blocks, at


def parse(content):
    capture = Capture()
    blocks, end = read_blocks(content)
    capture.torn_bytes = len(content) - end
    for kind, body in blocks:
        if kind == SECTION:
            if struct.unpack_from("<I", body)[0] != 0x1A2B3C4D:
                raise Malformed("not a little-endian section")
            capture.section_options = parse_options(body[16:], "section header")
        elif kind == INTERFACE:
            link_type, _, snap_length = struct.unpack_from("<HHI", body)
            options = parse_options(body[8:], "interface description")
            name, resolution = first(options, 2), first(options, 9)
            capture.interfaces.append(Interface(link_type, snap_length, (name or b"").decode(),
                                                resolution[0] if resolution else 6, options))
        elif kind == ENHANCED:
            capture.packets.append(parse_packet(body, capture.interfaces, len(capture.packets)))
        elif kind == STATISTICS:
            interface, _, _ = struct.unpack_from("<III", body)
            if interface >= len(capture.interfaces):
                raise Malformed(f"statistics of interface {interface}")
            capture.statistics.append((interface, parse_options(body[12:], "interface statistics")))
        elif kind == CUSTOM:
            capture.processes.append(parse_process(body, len(capture.packets)))
        else:
            raise Malformed(f"block of type {kind:#x}")
    return capture


def read(path):
    with open(path, "rb") as file:
        return parse(file.read())
