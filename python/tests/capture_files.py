# SPDX-License-Identifier: Apache-2.0
"""Makes small captures, and finds those of the repository."""

from __future__ import annotations

import os
import pathlib
import struct
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
SAMPLES = ROOT / "samples"
CORPUS = pathlib.Path(os.environ.get("PCAPML_CORPUS", ROOT.parent / "shared" / "corpus"))
PROGRAM = pathlib.Path(os.environ.get("PCAPML_PROGRAM", ROOT / "build" / "release" / "pcapml"))


def corpus(relative: str) -> str:
    path = CORPUS / relative
    if not path.exists():
        pytest.skip(f"no {path}; PCAPML_CORPUS says where the corpora are")
    return str(path)


def tcp(payload: bytes = b"", source_port: int = 1234, target_port: int = 80, last: int = 1) -> bytes:
    """A raw IPv4 packet from 192.168.0.1 to 10.0.0.<last>."""
    ip = struct.pack(
        "!BBHHHBBH4s4s", 0x45, 0, 40 + len(payload), 0, 0, 64, 6, 0, bytes([192, 168, 0, 1]), bytes([10, 0, 0, last])
    )
    return ip + struct.pack("!HHIIBBHHH", source_port, target_port, 0, 0, 0x50, 0x18, 512, 0, 0) + payload


@dataclass
class Made:
    """One packet to be written. A time of None makes a Simple Packet Block."""

    comments: Sequence[str | bytes] = ()
    data: bytes = tcp()
    time_us: int | None = 0
    length: int | None = None
    options: Iterable[tuple[int, bytes]] = ()


def _padded(data: bytes) -> bytes:
    return data + b"\0" * (-len(data) % 4)


def _block(kind: int, body: bytes) -> bytes:
    return struct.pack("<II", kind, 12 + len(body)) + body + struct.pack("<I", 12 + len(body))


def _options(options: Iterable[tuple[int, bytes]]) -> bytes:
    made = b"".join(struct.pack("<HH", code, len(value)) + _padded(value) for code, value in options)
    return made + struct.pack("<HH", 0, 0) if made else b""


def packet_block(packet: Made) -> bytes:
    length = len(packet.data) if packet.length is None else packet.length
    if packet.time_us is None:
        return _block(3, struct.pack("<I", length) + _padded(packet.data))
    comments = [(1, c.encode() if isinstance(c, str) else c) for c in packet.comments]
    high, low = packet.time_us >> 32, packet.time_us & 0xFFFFFFFF
    body = struct.pack("<IIIII", 0, high, low, len(packet.data), length) + _padded(packet.data)
    return _block(6, body + _options([*comments, *packet.options]))


def section(link_type: int = 101) -> bytes:
    header = _block(0x0A0D0D0A, struct.pack("<IHHq", 0x1A2B3C4D, 1, 0, -1))
    return header + _block(1, struct.pack("<HHI", link_type, 0, 0))


def process_block(pid: int, name: str, path: str, start_ns: int) -> bytes:
    """What live capture writes (doc/format.md)."""
    texts = [(2, name.encode()), (3, path.encode()), (4, b"curl\0-s\0http://a/\0"), (9, struct.pack("<Q", start_ns))]
    entry = struct.pack("<I", pid) + _options(texts)
    return _block(0xBAD, struct.pack("<III", 32622, 3, len(entry)) + entry)


def capture(packets: Iterable[Made], link_type: int = 101) -> bytes:
    return section(link_type) + b"".join(packet_block(packet) for packet in packets)


def labelled(*comments: str) -> bytes:
    """One packet a comment, a millisecond apart."""
    return capture(Made([comment], time_us=1_700_000_000_000_000 + 1000 * i) for i, comment in enumerate(comments))


def write(path: pathlib.Path, data: bytes) -> str:
    path.write_bytes(data)
    return str(path)
