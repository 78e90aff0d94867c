# SPDX-License-Identifier: Apache-2.0
"""Packets written out by hand, and TLS messages from the inside out."""

from __future__ import annotations

import pathlib
import struct

import pcapml
from capture_files import Made, capture, write

#: IPv4 with four bytes of options (NOP, NOP, NOP, end), TCP with timestamps, three bytes of payload.
IPV4 = bytes.fromhex("4600 003b 1234 4000 40 06 abcd c0a80001 0a000002 01010100".replace(" ", ""))
TCP = bytes.fromhex(
    "04d2 01bb 11223344 55667788 80 18 0200 beef 0000".replace(" ", "")
    + "0101 080a aabbccdd eeff0011".replace(" ", "")
)
PAYLOAD = b"abc"
IPV4_TCP = IPV4 + TCP + PAYLOAD

IPV6 = bytes.fromhex("6 12 34567 000b 11 40".replace(" ", "")) + bytes(range(1, 33))
UDP = bytes.fromhex("1389 0035 000b cafe".replace(" ", ""))
IPV6_UDP = IPV6 + UDP + PAYLOAD


def ipv4(protocol: int, content: bytes, *, fragment: int = 0, source: int = 1, target: int = 2) -> bytes:
    """From 10.0.0.<source> to 10.0.0.<target>."""
    addresses = bytes([10, 0, 0, source]), bytes([10, 0, 0, target])
    return struct.pack("!BBHHHBBH4s4s", 0x45, 0, 20 + len(content), 7, fragment, 64, protocol, 9, *addresses) + content


def tcp(
    payload: bytes, sequence: int = 1000, options: bytes = b"", ports: tuple[int, int] = (50000, 443)
) -> bytes:
    words = 5 + len(options) // 4
    return struct.pack("!HHIIBBHHH", *ports, sequence, 5, words << 4, 0x18, 512, 6, 0) + options + payload


def udp(payload: bytes, ports: tuple[int, int] = (50000, 53)) -> bytes:
    return struct.pack("!HHHH", *ports, 8 + len(payload), 6) + payload


RANDOM = bytes(range(100, 132))
SESSION = bytes(range(200, 232))


def hello_body(name: bytes, cookie: bytes | None = None, padding: int = 0) -> bytes:
    entry = b"\0" + struct.pack("!H", len(name)) + name
    server_name = struct.pack("!HHH", 0, 2 + len(entry), len(entry)) + entry
    extensions = struct.pack("!HH", 21, padding) + b"p" * padding + server_name + b"\0\x2b\0\3\2\3\4"
    return (
        (b"\3\3" if cookie is None else b"\xfe\xfd") + RANDOM + bytes([len(SESSION)]) + SESSION
        + (b"" if cookie is None else bytes([len(cookie)]) + cookie)
        + b"\0\2\x13\1" + b"\1\0" + struct.pack("!H", len(extensions)) + extensions
    )  # fmt: skip


def handshake(body: bytes) -> bytes:
    return b"\1" + len(body).to_bytes(3, "big") + body


def records(message: bytes, size: int = 16384) -> bytes:
    pieces = [message[i : i + size] for i in range(0, len(message), size)]
    return b"".join(b"\x16\3\1" + struct.pack("!H", len(piece)) + piece for piece in pieces)


def hello(name: bytes = b"secret.example", padding: int = 0, size: int = 16384) -> bytes:
    return records(handshake(hello_body(name, padding=padding)), size)


def datagram_hello(name: bytes = b"secret.example") -> bytes:
    body = hello_body(name, b"cookie")
    message = b"\1" + len(body).to_bytes(3, "big") + b"\0\0" + b"\0\0\0" + len(body).to_bytes(3, "big") + body
    return b"\x16\xfe\xfd" + bytes(8) + struct.pack("!H", len(message)) + message


def packets_of(tmp_path: pathlib.Path, *data: bytes) -> list[pcapml.Packet]:
    """As raw IP, all in sample 1."""
    path = write(tmp_path / "made.pcapng", capture([Made(["1,web"], data=one) for one in data]))
    return list(pcapml.iter_packets(path))
