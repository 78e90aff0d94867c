# SPDX-License-Identifier: Apache-2.0
"""Packets as text and back: `udp 10.0.0.1:1234 > 10.0.0.2:53 "payload"`.

build() makes the bytes of such a line for a link type; describe() gives the line for bytes, as hex where no
line would give exactly these bytes. The language stands in capture_text.py.
"""
import ipaddress
import re
import struct

from payload_text import PAYLOADS, describe_payload

LINKS = {"null": 0, "ethernet": 1, "token_ring": 6, "ppp": 9, "raw": 101, "ieee802_11": 105, "loop": 108,
         "linux_sll": 113, "ieee802_11_radio": 127, "usb_linux_mmapped": 220, "ipv4": 228, "ipv6": 229,
         "netlink": 253, "linux_sll2": 276}
LINK_NAMES = {number: name for name, number in LINKS.items()}
PROTOCOLS = {"icmp": 1, "tcp": 6, "udp": 17, "icmp6": 58, "sctp": 132}
FLAGS = "FSRPAUEC"
MACS = bytes.fromhex("020000000002" "020000000001")

TOKEN = re.compile(r'\s*(?:(#.*)|((?:"(?:[^"\\]|\\.)*"|[^\s"#])(?:"(?:[^"\\]|\\.)*"|[^\s"])*))')
ESCAPES = {"n": b"\n", "r": b"\r", "t": b"\t", "0": b"\0", '"': b'"', "\\": b"\\"}


class TextError(ValueError):
    """A line that says nothing sensible."""


def split(line):
    """The words of a line; a string stays one word."""
    words, at = [], 0
    while at < len(line) and (match := TOKEN.match(line, at)):
        if match[2]:
            words.append(match[2])
        at = match.end()
    return words


def unquote(token):
    """The bytes of `"text"` or `"x"*1000`."""
    match = re.fullmatch(r'"((?:[^"\\]|\\.)*)"(?:\*(\d+))?', token, re.S)
    if not match:
        raise TextError(f"not a string: {token}")
    out, text, i = b"", match[1], 0
    while i < len(text):
        if text[i] != "\\":
            out += text[i].encode()
            i += 1
        elif text[i + 1] == "x":
            out += bytes([int(text[i + 2:i + 4], 16)])
            i += 4
        else:
            out += ESCAPES[text[i + 1]]
            i += 2
    return out * int(match[2] or 1)


def quote(data):
    """The shortest faithful `"text"` of bytes."""
    if len(data) > 32 and data == data[:1] * len(data):
        return f"{quote(data[:1])}*{len(data)}"
    back = {value: "\\" + key for key, value in ESCAPES.items()}
    out = ""
    for piece in re.split("([^\udc80-\udcff]+)", data.decode("utf-8", "surrogateescape")):
        for char in piece:
            raw = char.encode("utf-8", "surrogateescape")
            if raw in back:
                out += back[raw]
            elif not char.isprintable():
                out += "".join(f"\\x{byte:02x}" for byte in raw)
            else:
                out += char
    return f'"{out}"'


def checksum(data):
    total = sum(struct.unpack(f">{(len(data) + 1) // 2}H", data + b"\0" * (len(data) % 2)))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def split_endpoint(text):
    """`10.0.0.1:53`, `[::1]:53` or an address alone: (address, port or None)."""
    match = re.fullmatch(r"\[(.+)\](?::(\d+))?|([0-9.]+)(?::(\d+))?|([0-9a-fA-F:.]+)", text)
    if not match:
        raise TextError(f"not an address: {text}")
    port = match[2] or match[4]
    return ipaddress.ip_address(match[1] or match[3] or match[5]), int(port) if port else None


def join_endpoint(address, port):
    if port is None:
        return str(address)
    return f"[{address}]:{port}" if address.version == 6 else f"{address}:{port}"


def transport(kind, source, destination, words, payload):
    """The bytes above IP, and the protocol's number."""
    (src, sport), (dst, dport) = source, destination
    if kind == "ip":
        return payload, int(words.pop("proto", 253))
    number = 58 if kind == "icmp" and src.version == 6 else PROTOCOLS[kind]
    if kind == "udp":
        segment, at = struct.pack(">HHHH", sport, dport, 8 + len(payload), 0) + payload, 6
    elif kind == "tcp":
        bits = sum(1 << FLAGS.index(flag) for flag in words.pop("flags", "A"))
        head = (sport, dport, int(words.pop("seq", 1)), int(words.pop("ack", 0)), 0x50, bits, 65535, 0, 0)
        segment, at = struct.pack(">HHIIBBHHH", *head) + payload, 16
    elif kind == "sctp":
        segment, at = struct.pack(">HHII", sport, dport, int(words.pop("tag", 0)), 0) + payload, None
    else:
        first = int(words.pop("type", 128 if number == 58 else 8))
        head = (first, int(words.pop("code", 0)), 0, int(words.pop("icmpid", 1)), int(words.pop("seq", 1)))
        segment, at = struct.pack(">BBHHH", *head) + payload, 2
    if at is None:
        return segment, number
    pseudo = src.packed + dst.packed + struct.pack(">II", len(segment), number) if number != 1 else b""
    value = int(words["sum"], 0) if "sum" in words else checksum(pseudo + segment)
    if words.pop("sum", None) is None and kind == "udp":
        value = value or 0xFFFF
    return segment[:at] + struct.pack(">H", value) + segment[at + 2:], number


def network(kind, source, destination, words, payload):
    """An IP packet, and its Ethernet type."""
    src, dst = source[0], destination[0]
    if src.version != dst.version:
        raise TextError("two versions of IP")
    hops, ident = int(words.pop("ttl", 64)), int(words.pop("id", 0))
    offset, more = 0, 0
    if "frag" in words:
        frag = words.pop("frag")
        offset, more = int(frag.rstrip("+")), int(frag.endswith("+"))
    if offset and kind in PROTOCOLS:
        segment, number = payload, 58 if kind == "icmp" and src.version == 6 else PROTOCOLS[kind]
    else:
        segment, number = transport(kind, source, destination, words, payload)
    if src.version == 4:
        head = struct.pack(">BBHHHBBH", 0x45, 0, 20 + len(segment), ident, offset // 8 | more << 13, hops,
                           number, 0)
        head += src.packed + dst.packed
        return head[:10] + struct.pack(">H", checksum(head)) + head[12:] + segment, 0x0800
    if ident or offset or more:
        segment, number = struct.pack(">BBHI", number, 0, offset | more, ident) + segment, 44
    head = struct.pack(">IHBB", 0x60000000, len(segment), number, hops)
    return head + src.packed + dst.packed + segment, 0x86DD


def with_link(link, kind, packet, words):
    """The packet below the header of its link type."""
    tags = [int(tag) for tag in words.pop("vlan", "").split(",") if tag]
    macs = MACS
    if "mac" in words:
        src, dst = (bytes.fromhex(mac.replace(":", "")) for mac in words.pop("mac").split(">"))
        macs = dst + src
    if link == 1:
        below = b""
        for position, tag in enumerate(tags):
            below += struct.pack(">HH", 0x88A8 if position < len(tags) - 1 else 0x8100, tag)
        return macs + below + struct.pack(">H", kind) + packet
    if link in (101, 228, 229):
        return packet
    if link == 0:
        return struct.pack("<I", 2 if kind == 0x0800 else 30) + packet
    if link == 108:
        return struct.pack(">I", 2 if kind == 0x0800 else 30) + packet
    if link == 113:
        return struct.pack(">HHH8sH", 0, 1, 6, macs[6:] + b"\0\0", kind) + packet
    if link == 276:
        return struct.pack(">HHIHBB8s", kind, 0, 1, 1, 0, 6, macs[6:] + b"\0\0") + packet
    raise TextError(f"no header known for link type {link}: use hex")


def build(link, tokens):
    """The bytes that the words of a packet line stand for."""
    if not tokens:
        return b""
    kind, rest = tokens[0], tokens[1:]
    if kind == "hex":
        return bytes.fromhex("".join(rest))
    if kind == "text":
        return b"".join(unquote(token) for token in rest)
    if len(rest) < 3 or rest[1] != ">":
        raise TextError(f"expected '{kind} SOURCE > DESTINATION'")
    payload = b"".join(unquote(token) for token in rest[3:] if token.startswith('"'))
    words = dict(token.split("=", 1) for token in rest[3:] if not token.startswith('"'))
    for name in PAYLOADS.keys() & words.keys():
        payload += PAYLOADS[name](words.pop(name))
    if "part" in words:
        first, last = words.pop("part").split(":")
        payload = payload[int(first):int(last) if last else None]
    source, destination = split_endpoint(rest[0]), split_endpoint(rest[2])
    pad = int(words.pop("pad", 0))
    if kind == "arp":
        body = struct.pack(">HHBBH", 1, 0x0800, 6, 4, int(words.pop("op", 1))) + MACS[6:] + source[0].packed
        packet, number = body + MACS[:6] + destination[0].packed, 0x0806
    elif kind in PROTOCOLS or kind == "ip":
        packet, number = network(kind, source, destination, words, payload)
    else:
        raise TextError(f"unknown packet: {kind}")
    data = with_link(link, number, packet, words) + b"\0" * pad
    if words:
        raise TextError(f"unknown words: {' '.join(words)}")
    return data


def guess(link, data):
    """Lines that may stand for the bytes, the shortest first."""
    words, at = [], {0: 4, 1: 14, 101: 0, 108: 4, 113: 16, 228: 0, 229: 0, 276: 20}[link]
    if link == 1:
        tags = []
        while data[at - 2:at] in (b"\x88\xa8", b"\x81\x00"):
            tags.append(str(struct.unpack_from(">H", data, at)[0]))
            at += 4
        if data[:12] != MACS:
            words.append(f"mac={data[6:12].hex(':')}>{data[:6].hex(':')}")
        if tags:
            words.append(f"vlan={','.join(tags)}")
        if data[at - 2:at] == b"\x08\x06":
            src, dst = (ipaddress.ip_address(data[at + i:at + i + 4]) for i in (14, 24))
            return [" ".join([f"arp {src} > {dst}", f"op={data[at + 7]}", *words])]
    ip = data[at:]
    if ip[0] >> 4 == 4:
        total, ident, frag, hops, number = struct.unpack_from(">xxHHHBB", ip)
        src, dst, above = ipaddress.ip_address(ip[12:16]), ipaddress.ip_address(ip[16:20]), ip[20:total]
        offset, more = (frag & 0x1FFF) * 8, frag >> 13 & 1
    else:
        size, number, hops = struct.unpack_from(">xxxxHBB", ip)
        src, dst, above = ipaddress.ip_address(ip[8:24]), ipaddress.ip_address(ip[24:40]), ip[40:40 + size]
        total, ident, offset, more = 40 + size, 0, 0, 0
        if number == 44:
            number, frag, ident = struct.unpack_from(">BxHI", above)
            offset, more, above = frag & 0xFFF8, frag & 1, above[8:]
    words += [f"{name}={value}" for name, value, usual in (("ttl", hops, 64), ("id", ident, 0)) if value != usual]
    if offset or more:
        words.append(f"frag={offset}{'+' * more}")
    if len(ip) > total:
        words.append(f"pad={len(ip) - total}")
    kind = {value: name for name, value in PROTOCOLS.items()}.get(number, "ip").replace("icmp6", "icmp")
    ports, mine, start, check = (None, None), [], 0, None
    if kind == "ip":
        mine = [f"proto={number}"]
    elif not offset and kind == "icmp":
        names = (("type", ">B", 0, 8 if number == 1 else 128), ("code", ">B", 1, 0), ("icmpid", ">H", 4, 1),
                 ("seq", ">H", 6, 1))
        mine = [f"{name}={value}" for name, form, where, usual in names
                if (value := struct.unpack_from(form, above, where)[0]) != usual]
        start, check = 8, 2
    elif not offset:
        ports = struct.unpack_from(">HH", above)
        start, check = {"udp": (8, 6), "tcp": (20, 16), "sctp": (12, None)}[kind]
        if kind == "tcp":
            seq, ack, bits = struct.unpack_from(">IIxB", above, 4)
            flags = "".join(flag for i, flag in enumerate(FLAGS) if bits >> i & 1)
            mine = [f"flags={flags}", f"seq={seq}"] + [f"ack={ack}"] * (ack != 0)
        elif kind == "sctp":
            mine = [f"tag={struct.unpack_from('>I', above, 4)[0]}"]
    line = [kind, join_endpoint(src, ports[0]), ">", join_endpoint(dst, ports[1]), *mine, *words]
    end = [describe_payload(above[start:]) or quote(above[start:])] if above[start:] else []
    wrong = [f"sum={struct.unpack_from('>H', above, check)[0]:#06x}"] if check else []
    return [" ".join(line + end), " ".join(line + wrong + end)]


def describe(link, data):
    """The text of a packet."""
    if not data:
        return ""
    try:
        for line in guess(link, data):
            if build(link, split(line)) == data:
                return line
    except (KeyError, ValueError, IndexError, TypeError, struct.error):
        pass
    return "hex " + data.hex(" ", -4)
