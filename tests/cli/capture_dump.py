# SPDX-License-Identifier: Apache-2.0
"""Captures to text: the judge of what the program wrote, so it shares no code with it.

Left out of the text, because they carry no meaning: padding, the end of options, a section's length of -1.
"""
import bz2
import gzip
import ipaddress
import lzma
import struct
import subprocess
from fractions import Fraction

from capture_options import BLOCK_NAMES, show_data, show_option
from packet_text import LINK_NAMES, describe, quote


def plain(data):
    """The capture inside a compressed stream."""
    if data[:2] == b"\x1f\x8b":
        return gzip.decompress(data)
    if data[:3] == b"BZh":
        return bz2.decompress(data)
    if data[:6] == b"\xfd7zXZ\0":
        return lzma.decompress(data)
    for magic, tool in ((b"\x28\xb5\x2f\xfd", "zstd"), (b"\x04\x22\x4d\x18", "lz4")):
        if data[:4] == magic:
            return subprocess.run([tool, "-d", "-c", "-q"], input=data, check=True, stdout=subprocess.PIPE).stdout
    return data


def show_time(ticks, resolution, offset):
    """Seconds with as many digits as the resolution has."""
    value = Fraction(ticks, resolution) + offset
    digits = len(str(resolution)) - 1
    if resolution != 10**digits:
        digits = resolution.bit_length() - 1  # a power of two needs one decimal digit for each bit
    scaled = abs(value) * 10**digits
    whole, part = divmod(int(scaled), 10**digits)
    text = f"{whole}.{part:0{digits}}" if digits else str(whole)
    if resolution & (resolution - 1) == 0 and digits:
        text = text.rstrip("0").rstrip(".")
    return "-" * (value < 0) + text


def show_packet(link, original, data):
    words = [f"len={original}"] if original != len(data) else []
    return " ".join(words + [text] if (text := describe(link, data)) else words)


def dump_pcap(data):
    order = "<" if data[:4] in (b"\xd4\xc3\xb2\xa1", b"\x4d\x3c\xb2\xa1") else ">"
    magic, major, minor, zone, sigfigs, snaplen, link = struct.unpack_from(order + "IHHiIII", data)
    digits = 6 if magic == 0xA1B2C3D4 else 9
    head = ["pcap", "le" if order == "<" else "be", "us" if digits == 6 else "ns", f"snaplen={snaplen}",
            f"link={LINK_NAMES.get(link & 0xFFFF, link & 0xFFFF)}"]
    for name, value, usual in (("linkbits", link & 0xFFFF0000, 0), ("version", f"{major}.{minor}", "2.4"),
                               ("zone", zone, 0), ("sigfigs", sigfigs, 0)):
        if value != usual:
            head.append(f"{name}={value:#x}" if name == "linkbits" else f"{name}={value}")
    lines, at = [" ".join(head)], 24
    while at < len(data):
        if len(data) - at < 16:
            return [*lines, f"! {len(data) - at} bytes are left"]
        seconds, fraction, captured, original = struct.unpack_from(order + "IIII", data, at)
        if len(data) - at - 16 < captured:
            return [*lines, f"! {len(data) - at} bytes are left"]
        time = f"{seconds}.{fraction:0{digits}}" if fraction < 10**digits else f"@{seconds}:{fraction}"
        packet = show_packet(link & 0xFFFF, original, data[at + 16:at + 16 + captured])
        lines.append(f"packet {time} {packet}".rstrip())
        at += 16 + captured
    return lines


class Section:
    """Turns the blocks of one section into lines."""

    def __init__(self, order):
        self.order = order
        self.interfaces = []

    def read(self, form, data, at=0):
        return struct.unpack_from(self.order + form, data, at)

    def options(self, kind, data):
        lines, at = [], 0
        while at + 4 <= len(data):
            code, size = self.read("HH", data, at)
            if code == 0:
                break
            value = data[at + 4:at + 4 + size]
            if len(value) < size:
                return [*lines, f"  ! option {code} runs past the block"]
            lines.append("  " + show_option(self.order, kind, code, value))
            if kind == "interface" and code == 9:
                self.interfaces[-1][1] = 2 ** (value[0] & 127) if value[0] & 128 else 10 ** value[0]
            if kind == "interface" and code == 14:
                self.interfaces[-1][2] = self.read("q", value)[0]
            at += 4 + size + -size % 4
        return lines

    def time(self, high, low, interface):
        if interface >= len(self.interfaces):
            return f"@{high}:{low}"
        return show_time(high << 32 | low, *self.interfaces[interface][1:3])

    def packet(self, kind, body):
        if kind == "packet":
            interface, high, low, captured, original = self.read("IIIII", body)
            extra = []
        else:
            interface, drops, high, low, captured, original = self.read("HHIIII", body)
            extra = [f"drops={drops}"] if drops != 65535 else []
        if interface:
            extra.insert(0, f"if={interface}")
        link = self.interfaces[interface][0] if interface < len(self.interfaces) else None
        data = body[20:20 + captured]
        words = [kind, self.time(high, low, interface), *extra, show_packet(link, original, data)]
        return [" ".join(words).rstrip(), *self.options(kind, body[20 + captured + -captured % 4:])]

    def simple(self, body):
        original, = self.read("I", body)
        link, _, _, snaplen = self.interfaces[0]
        captured = min(original, snaplen or original, len(body) - 4)
        return ["simple " + show_packet(link, original, body[4:4 + captured])]

    def names(self, body):
        lines, at = ["names"], 0
        while at + 4 <= len(body):
            kind, size = self.read("HH", body, at)
            value = body[at + 4:at + 4 + size]
            at += 4 + size + -size % 4
            if kind == 0:
                break
            bytes_of_address = {1: 4, 2: 16}.get(kind)
            if bytes_of_address and size > bytes_of_address and value[-1] == 0:
                address = ipaddress.ip_address(value[:bytes_of_address])
                texts = " ".join(quote(name) for name in value[bytes_of_address:-1].split(b"\0"))
                lines.append(f"  ipv{address.version} {address} {texts}")
            else:
                lines.append(f"  record {kind} {show_data(value)}")
        return lines + self.options("names", body[at:])

    def block(self, number, body):
        kind = BLOCK_NAMES.get(number)
        if kind == "section":
            major, minor, length = self.read("HHq", body, 4)
            words = ["section", "le" if self.order == "<" else "be"]
            words += [f"version={major}.{minor}"] * ((major, minor) != (1, 0)) + [f"length={length}"] * (length != -1)
            return [" ".join(words), *self.options(kind, body[16:])]
        if kind == "interface":
            link, reserved, snaplen = self.read("HHI", body)
            self.interfaces.append([link, 10**6, 0, snaplen])
            words = [kind, str(LINK_NAMES.get(link, link)), f"snaplen={snaplen}"]
            words += [f"reserved={reserved}"] * (reserved != 0)
            return [" ".join(words), *self.options(kind, body[8:])]
        if kind in ("packet", "obsolete"):
            return self.packet(kind, body)
        if kind == "simple":
            return self.simple(body)
        if kind == "names":
            return self.names(body)
        if kind == "statistics":
            interface, high, low = self.read("III", body)
            words = [kind, self.time(high, low, interface)] + [f"if={interface}"] * (interface != 0)
            return [" ".join(words), *self.options(kind, body[12:])]
        if kind == "secrets":
            secret, size = self.read("II", body)
            name = "TLSK" if secret == 0x544C534B else f"{secret:#x}"
            return [f"{kind} {name} {show_data(body[8:8 + size])}", *self.options(kind, body[8 + size + -size % 4:])]
        if kind in ("custom", "custom-nocopy"):
            return [f"{kind} {self.read('I', body)[0]} {show_data(body[4:])}"]
        if kind == "journal":
            return [f"{kind} {quote(body)}"]
        return [f"block {number:#x} {show_data(body)}"]


def dump_pcapng(data):
    lines, at, section = [], 0, None
    while at < len(data):
        if data[at:at + 4] == b"\x0a\x0d\x0d\x0a":
            section = Section("<" if data[at + 8:at + 12] == b"\x4d\x3c\x2b\x1a" else ">")
        left = len(data) - at
        number, size = section.read("II", data, at) if left >= 12 else (0, 0)
        if size < 12 or size % 4 or size > left or data[at + 4:at + 8] != data[at + size - 4:at + size]:
            return [*lines, f"! {left} bytes are left"]
        lines += section.block(number, data[at + 8:at + size - 4])
        at += size
    return lines


def dump(data):
    """The text of a capture."""
    data = plain(data)
    lines = dump_pcapng(data) if data[:4] == b"\x0a\x0d\x0d\x0a" else dump_pcap(data)
    return "".join(line + "\n" for line in lines)
