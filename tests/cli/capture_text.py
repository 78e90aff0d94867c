#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Captures as text: `capture_text.py compile IN.txt OUT`, `capture_text.py dump IN`.

pcap le us [snaplen=262144] [link=ethernet] [linkbits=0] [version=2.4] [zone=0] [sigfigs=0]
packet TIME PACKET               `1.5`, or seconds and fraction as they stand in the file: `@1:1500000`
section le|be [version=1.0] [length=-1]             pcapng; options follow, indented by two spaces
interface LINK [snaplen=0] [reserved=0]             comment, name, tsresol 9 or 2^10, tsoffset...
packet TIME [if=0] PACKET                           ticks as they stand in the file: `@HIGH:LOW`
simple PACKET  |  obsolete TIME [if=0] [drops=65535] PACKET
names                                               `  ipv4 ADDRESS "name"...`, `  record TYPE DATA`
statistics TIME [if=0]  |  secrets TYPE DATA  |  journal DATA  |  custom PEN DATA  |  custom-nocopy PEN DATA
block TYPE DATA                                     any other type
raw DATA  |  truncate N                             bytes as they are; N bytes fewer at the end

PACKET is [len=ORIGINAL] [cut=CAPTURED] and a packet of packet_text.py: `udp A:1 > B:2 "payload"`, `tcp ...
flags=SA seq=1 ack=0`, `icmp A > B type=8`, `arp A > B`, `ip A > B proto=47`, `hex 00 01`, `text "abc"`; words:
vlan=10,20 mac=a>b ttl= id= frag=8+ pad= sum=; payloads of payload_text.py, such as `hello=news.example`, of which
part=0:60 takes a piece. DATA is `hex 00 01` or `"text"`. `#` begins a comment.
An option without a name is `option CODE DATA`, a custom one `customopt CODE PEN DATA`; `noend` leaves out the
end of the options.
"""
import ipaddress
import re
import struct
import sys
from fractions import Fraction

from capture_dump import dump
from capture_options import BLOCKS, encode_option
from packet_text import LINKS, TextError, build, split, unquote

def data_of(tokens):
    return bytes.fromhex("".join(tokens[1:])) if tokens[:1] == ["hex"] else b"".join(map(unquote, tokens))


def number_of(text):
    return int(text, 0)


class Compiler:
    def __init__(self):
        self.out = b""
        self.order = "<"
        self.pcap_link = None  # set in a pcap
        self.ticks = 10**6
        self.interfaces = []
        self.open = None  # the block that still takes options: [kind, body, options, records, end]

    def block(self, kind, body):
        """Remembers a block until its options are known."""
        self.flush()
        self.open = [kind, body, b"", b"", True]

    def flush(self):
        if not self.open:
            return
        kind, body, options, records, end = self.open
        self.open = None
        if kind == "names":
            body = records + b"\0\0\0\0"
        if options and end:
            options += b"\0\0\0\0"
        body += b"\0" * (-len(body) % 4) + options
        number = BLOCKS[kind] if isinstance(kind, str) else kind
        size = struct.pack(self.order + "I", 12 + len(body))
        self.out += struct.pack(self.order + "I", number) + size + body + size

    def option(self, tokens):
        kind = self.open[0] if self.open else None
        if tokens[0] == "noend":
            self.open[4] = False
        elif kind == "names" and tokens[0] in ("ipv4", "ipv6", "record"):
            self.open[3] += self.record(tokens)
        elif kind is None:
            raise TextError("an option without a block")
        else:
            code, value = encode_option(self.order, kind, tokens, data_of)
            if (kind, code) == ("interface", 9):
                self.interfaces[-1][1] = 2 ** (value[0] & 127) if value[0] & 128 else 10 ** value[0]
            if (kind, code) == ("interface", 14):
                self.interfaces[-1][2] = struct.unpack(self.order + "q", value)[0]
            self.open[2] += struct.pack(self.order + "HH", code, len(value)) + value + b"\0" * (-len(value) % 4)

    def record(self, tokens):
        if tokens[0] == "record":
            number, value = number_of(tokens[1]), data_of(tokens[2:])
        else:
            number = 1 if tokens[0] == "ipv4" else 2
            value = ipaddress.ip_address(tokens[1]).packed
            value += b"".join(unquote(name) + b"\0" for name in tokens[2:])
        return struct.pack(self.order + "HH", number, len(value)) + value + b"\0" * (-len(value) % 4)

    def packet(self, link, tokens):
        """Original length and captured bytes."""
        words = {}
        while tokens and (match := re.fullmatch(r"(len|cut)=(\d+)", tokens[0])):
            words[match[1]] = int(match[2])
            tokens = tokens[1:]
        data = build(link, tokens)
        original = words.get("len", len(data))
        return original, data[:words.get("cut", len(data))]

    def pcap(self, tokens):
        words = dict(token.split("=") for token in tokens[2:])
        self.order = {"le": "<", "be": ">"}[tokens[0]]
        self.ticks = {"us": 10**6, "ns": 10**9}[tokens[1]]
        magic = 0xA1B2C3D4 if self.ticks == 10**6 else 0xA1B23C4D
        link = words.get("link", "ethernet")
        self.pcap_link = LINKS[link] if link in LINKS else number_of(link)
        major, minor = map(int, words.get("version", "2.4").split("."))
        self.out += struct.pack(self.order + "IHHiIII", magic, major, minor, int(words.get("zone", 0)),
                                number_of(words.get("sigfigs", "0")), number_of(words.get("snaplen", "262144")),
                                self.pcap_link | number_of(words.get("linkbits", "0")))

    def pcap_packet(self, time, tokens):
        if time.startswith("@"):
            seconds, fraction = map(int, time[1:].split(":"))
        else:
            seconds, fraction = divmod(self.exact(Fraction(time) * self.ticks, time), self.ticks)
        original, data = self.packet(self.pcap_link, tokens)
        self.out += struct.pack(self.order + "IIII", seconds, fraction, len(data), original) + data

    @staticmethod
    def exact(ticks, time):
        if ticks.denominator != 1:
            raise TextError(f"{time} is no whole number of ticks")
        return int(ticks)

    def stamp(self, time, interface):
        """The two halves of a time."""
        if time.startswith("@"):
            return tuple(map(number_of, time[1:].split(":")))
        _, resolution, offset = self.interfaces[interface]
        return divmod(self.exact((Fraction(time) - offset) * resolution, time), 2**32)

    def line(self, tokens, indented):
        if indented:
            return self.option(tokens)
        kind, tokens = tokens[0], tokens[1:]
        if kind in ("raw", "truncate"):
            self.flush()
            self.out = self.out + data_of(tokens) if kind == "raw" else self.out[:-int(tokens[0])]
        elif kind == "pcap":
            self.pcap(tokens)
        elif kind == "packet" and self.pcap_link is not None:
            self.pcap_packet(tokens[0], tokens[1:])
        elif kind == "section":
            self.flush()  # in the old section's byte order
            self.order = {"le": "<", "be": ">"}[tokens[0]]
            words = dict(token.split("=") for token in tokens[1:])
            major, minor = map(int, words.get("version", "1.0").split("."))
            self.interfaces = []
            self.block("section", struct.pack(self.order + "IHHq", 0x1A2B3C4D, major, minor,
                                              int(words.get("length", -1))))
        elif kind == "interface":
            words = dict(token.split("=") for token in tokens[1:])
            link = LINKS[tokens[0]] if tokens[0] in LINKS else number_of(tokens[0])
            self.block(kind, struct.pack(self.order + "HHI", link, int(words.get("reserved", 0)),
                                         int(words.get("snaplen", 0))))
            self.interfaces.append([link, 10**6, 0])
        elif kind in ("packet", "obsolete", "statistics"):
            self.timed(kind, tokens)
        elif kind == "simple":
            original, data = self.packet(self.interfaces[0][0], tokens)
            self.block(kind, struct.pack(self.order + "I", original) + data)
        elif kind == "names":
            self.block(kind, b"")
        elif kind == "secrets":
            number = 0x544C534B if tokens[0] == "TLSK" else number_of(tokens[0])
            data = data_of(tokens[1:])
            self.block(kind, struct.pack(self.order + "II", number, len(data)) + data)
        elif kind in ("custom", "custom-nocopy"):
            self.block(kind, struct.pack(self.order + "I", number_of(tokens[0])) + data_of(tokens[1:]))
        elif kind == "journal":
            self.block(kind, data_of(tokens))
        elif kind == "block":
            self.block(number_of(tokens[0]), data_of(tokens[1:]))
        else:
            raise TextError(f"unknown word: {kind}")
        return None

    def timed(self, kind, tokens):
        words = {}
        while len(tokens) > 1 and (match := re.fullmatch(r"(if|drops)=(\d+)", tokens[1])):
            words[match[1]] = int(match[2])
            tokens = tokens[:1] + tokens[2:]
        interface = words.get("if", 0)
        high, low = self.stamp(tokens[0], interface)
        if kind == "statistics":
            self.block(kind, struct.pack(self.order + "III", interface, high & 0xFFFFFFFF, low))
            return
        link = self.interfaces[interface][0] if interface < len(self.interfaces) else None
        original, data = self.packet(link, tokens[1:])
        who = struct.pack(self.order + "I", interface) if kind == "packet" else \
            struct.pack(self.order + "HH", interface, words.get("drops", 65535))
        self.block(kind, who + struct.pack(self.order + "IIII", high & 0xFFFFFFFF, low, len(data), original) + data)


def compile_text(text):
    """The bytes of the capture that a text describes."""
    compiler = Compiler()
    for number, line in enumerate(text.splitlines(), 1):
        try:
            if tokens := split(line):
                compiler.line(tokens, line[0] == " ")
        except (KeyError, IndexError, TypeError, ValueError, struct.error) as error:
            raise TextError(f"line {number}: {line.strip()}: {error!r}") from error
    compiler.flush()
    return compiler.out


def main(arguments):
    if len(arguments) == 3 and arguments[0] == "compile":
        with open(arguments[1], encoding="utf-8") as text, open(arguments[2], "wb") as out:
            out.write(compile_text(text.read()))
    elif len(arguments) == 2 and arguments[0] == "dump":
        with open(arguments[1], "rb") as capture:
            sys.stdout.write(dump(capture.read()))
    else:
        sys.exit(__doc__)


if __name__ == "__main__":
    main(sys.argv[1:])
