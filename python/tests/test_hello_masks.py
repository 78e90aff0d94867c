# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import itertools
import pathlib

import pytest

import pcapml
from hand_made import (
    RANDOM,
    SESSION,
    datagram_hello,
    handshake,
    hello,
    hello_body,
    ipv4,
    packets_of,
    records,
    tcp,
    udp,
)

NAME = b"secret.example"
VALUES = {"server_name": NAME, "client_random": RANDOM, "session_id": SESSION}
HELLO_MASKS = tuple(VALUES)


def without(data: bytes, *names: str) -> bytes:
    for name in names:
        assert VALUES[name] in data
        data = data.replace(VALUES[name], bytes(len(VALUES[name])))
    return data


def payloads(packets: list[pcapml.Packet], mask: tuple[str, ...], size: int = 4096) -> list[bytes]:
    result = pcapml.bits(packets, ["payload"], size, form="bytes", mask=mask)
    return [row[there].tobytes() for row, there in zip(result.values, result.present)]


def in_segments(stream: bytes, size: int, start: int = 1000) -> list[bytes]:
    return [ipv4(6, tcp(stream[i : i + size], (start + i) & 0xFFFFFFFF)) for i in range(0, len(stream), size)]


@pytest.mark.parametrize("mask", HELLO_MASKS)
def test_a_part_of_a_hello_becomes_zero_alone(tmp_path: pathlib.Path, mask: str) -> None:
    packets = packets_of(tmp_path, ipv4(6, tcp(hello())))
    assert payloads(packets, (mask,)) == [without(hello(), mask)]
    assert payloads(packets, HELLO_MASKS) == [without(hello(), *HELLO_MASKS)]


@pytest.mark.parametrize("size", [1, 7, 50, 64, 110, 300])
@pytest.mark.parametrize("record", [16384, 60])
def test_a_hello_over_segments_is_masked_whole(tmp_path: pathlib.Path, size: int, record: int) -> None:
    plain, name = handshake(hello_body(NAME, padding=120)), handshake(hello_body(bytes(14), padding=120))
    masked = records(name.replace(RANDOM, bytes(32)).replace(SESSION, bytes(32)), record)
    packets = packets_of(tmp_path, *in_segments(records(plain, record) + b"later", size))
    assert b"".join(payloads(packets, HELLO_MASKS)) == masked + b"later"


def test_segments_may_come_in_any_order_and_twice(tmp_path: pathlib.Path) -> None:
    stream = hello(padding=200)
    segments = in_segments(stream, len(stream) // 4 + 1, start=0xFFFFFF80)
    expected = in_segments(without(stream, *HELLO_MASKS), len(stream) // 4 + 1)
    for order in itertools.permutations(range(4)):
        packets = packets_of(tmp_path, *(segments[i] for i in (*order, *order)))
        seen = payloads(packets, HELLO_MASKS)
        assert seen == [expected[i][40:] for i in (*order, *order)]


def test_a_cut_hello_is_masked_as_far_as_it_goes(tmp_path: pathlib.Path) -> None:
    stream, masked = hello(), without(hello(), *HELLO_MASKS)
    for length in range(12, len(stream)):
        packets = packets_of(tmp_path, ipv4(6, tcp(stream))[: 40 + length])
        assert payloads(packets, HELLO_MASKS) == [masked[:length]], length


def test_a_hello_may_begin_within_a_segment_and_come_again(tmp_path: pathlib.Path) -> None:
    first, second = b"EHLO \x16\x03 me\r\n" + hello(), hello()
    stream = first + b"between" + second
    packets = packets_of(tmp_path, *in_segments(stream, len(first) + 7))
    assert b"".join(payloads(packets, HELLO_MASKS)) == without(stream, *HELLO_MASKS)


def test_each_direction_and_connection_has_its_own_hello(tmp_path: pathlib.Path) -> None:
    stream = hello(padding=300)
    half = len(stream) // 2
    ports = [(50000, 443), (50001, 443), (443, 50000)]
    packets = packets_of(
        tmp_path,
        *(ipv4(6, tcp(stream[:half], 5, ports=pair)) for pair in ports),
        *(ipv4(6, tcp(stream[half:], 5 + half, ports=pair)) for pair in ports),
    )
    seen = payloads(packets, HELLO_MASKS)
    masked = without(stream, *HELLO_MASKS)
    assert seen == [masked[:half]] * 3 + [masked[half:]] * 3


def test_a_dtls_hello_is_masked(tmp_path: pathlib.Path) -> None:
    packets = packets_of(tmp_path, ipv4(17, udp(datagram_hello())))
    for mask in HELLO_MASKS:
        assert payloads(packets, (mask,)) == [without(datagram_hello(), mask)]


def test_what_is_no_hello_stays(tmp_path: pathlib.Path) -> None:
    server_hello = records(b"\2" + hello()[6:])
    others = [server_hello, b"\x16" * 300, b"\x16\x03\x01" * 90, b"GET / HTTP/1.1\r\nHost: secret.example\r\n\r\n"]
    packets = packets_of(tmp_path, *(ipv4(6, tcp(data, 1000 * i)) for i, data in enumerate(others)))
    assert payloads(packets, ("server_name", "client_random", "session_id")) == others


def test_masks_stop_at_the_columns_there_are(tmp_path: pathlib.Path) -> None:
    packets = packets_of(tmp_path, ipv4(6, tcp(hello())))
    for size in (0, 5, 12, 44, 60):
        assert payloads(packets, HELLO_MASKS, size) == [without(hello(), *HELLO_MASKS)[:size]]
    as_bits = pcapml.bits(packets, ["payload"], 60, mask=HELLO_MASKS).values
    assert as_bits.tolist() == [
        [int(bit) for byte in without(hello(), *HELLO_MASKS)[:60] for bit in f"{byte:08b}"]
    ]
