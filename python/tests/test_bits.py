# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import pathlib
import random
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

import pcapml
from capture_files import SAMPLES, Made, capture, write
from hand_made import (
    IPV4,
    IPV4_TCP,
    IPV6,
    IPV6_UDP,
    PAYLOAD,
    TCP,
    UDP,
    datagram_hello,
    hello,
    ipv4,
    packets_of,
    tcp,
    udp,
)

ALL = ("ipv4", "ipv6", "tcp", "udp", "icmp", "payload")


def column(result: pcapml.Bits, row: int, name: str) -> list[int]:
    """The bits of one field, in order."""
    places = [i for i, c in enumerate(result.columns) if c.rsplit("_", 1)[0] == name]
    values: list[int] = result.values[row, places].tolist()
    return values


def digits(text: str) -> list[int]:
    return [int(digit) for digit in text.replace(" ", "")]


def layer_bytes(packet: pcapml.Packet, layer: str, mask: Any = (), payload_bytes: int = 64) -> list[int | None]:
    """Of form="bytes", None where absent."""
    result = pcapml.bits([packet], [layer], payload_bytes, form="bytes", mask=mask)
    return [int(v) if p else None for v, p in zip(result.values[0], result.present[0])]


def padded(data: bytes, width: int) -> list[int | None]:
    return [*data, *[None] * (width - len(data))]


def test_every_bit_of_an_ipv4_and_tcp_header_is_where_its_name_says(tmp_path: pathlib.Path) -> None:
    result = pcapml.bits(packets_of(tmp_path, IPV4_TCP), payload_bytes=4)
    assert result.values.shape == (1, 480 + 480 + 64 + 32)
    assert result.values.dtype == np.int8
    by_hand = {
        "ipv4_ver": "0100",
        "ipv4_hl": "0110",
        "ipv4_tos": "0000 0000",
        "ipv4_tl": "0000 0000 0011 1011",
        "ipv4_id": "0001 0010 0011 0100",
        "ipv4_rbit": "0",
        "ipv4_dfbit": "1",
        "ipv4_mfbit": "0",
        "ipv4_foff": "0 0000 0000 0000",
        "ipv4_ttl": "0100 0000",
        "ipv4_proto": "0000 0110",
        "ipv4_cksum": "1010 1011 1100 1101",
        "ipv4_src": "1100 0000 1010 1000 0000 0000 0000 0001",
        "ipv4_dst": "0000 1010 0000 0000 0000 0000 0000 0010",
        "tcp_sprt": "0000 0100 1101 0010",
        "tcp_dprt": "0000 0001 1011 1011",
        "tcp_seq": "0001 0001 0010 0010 0011 0011 0100 0100",
        "tcp_ackn": "0101 0101 0110 0110 0111 0111 1000 1000",
        "tcp_doff": "1000",
        "tcp_res": "000",
        "tcp_ns": "0",
        "tcp_cwr": "0",
        "tcp_ece": "0",
        "tcp_urg": "0",
        "tcp_ackf": "1",
        "tcp_psh": "1",
        "tcp_rst": "0",
        "tcp_syn": "0",
        "tcp_fin": "0",
        "tcp_wsize": "0000 0010 0000 0000",
        "tcp_cksum": "1011 1110 1110 1111",
        "tcp_urp": "0000 0000 0000 0000",
    }
    assert {name: column(result, 0, name) for name in by_hand} == {
        name: digits(text) for name, text in by_hand.items()
    }
    ip_options = digits("00000001 00000001 00000001 00000000")
    assert column(result, 0, "ipv4_opt") == ip_options + [-1] * (320 - 32)
    tcp_options = digits("00000001 00000001 00001000 00001010 10101010 10111011 11001100 11011101")
    tcp_options += digits("11101110 11111111 00000000 00010001")
    assert column(result, 0, "tcp_opt") == tcp_options + [-1] * (320 - 96)
    for field in ("sport", "dport", "len", "cksum"):
        assert set(column(result, 0, f"udp_{field}")) == {-1}
    assert column(result, 0, "payload_bit") == digits("01100001 01100010 01100011") + [-1] * 8
    assert np.array_equal(result.present, result.values != -1)


def test_columns_have_names_and_each_one_name() -> None:
    names = pcapml.column_names(ALL, 3)
    assert len(names) == len(set(names)) == 8 * (60 + 40 + 60 + 8 + 8 + 3)
    assert pcapml.column_names(["payload", "udp"], 2, "bytes") == (
        "payload_0", "payload_1", *(f"udp_{i}" for i in range(8))
    )  # fmt: skip


def test_bytes_are_those_of_the_packet(tmp_path: pathlib.Path) -> None:
    first, second = packets_of(tmp_path, IPV4_TCP, IPV6_UDP)
    assert layer_bytes(first, "ipv4") == padded(IPV4, 60)
    assert layer_bytes(first, "tcp") == padded(TCP, 60)
    assert layer_bytes(first, "payload", payload_bytes=2) == list(PAYLOAD[:2])
    assert layer_bytes(first, "ipv6") == padded(b"", 40)
    assert layer_bytes(second, "ipv6") == list(IPV6)
    assert layer_bytes(second, "udp") == list(UDP)
    assert layer_bytes(second, "tcp") == padded(b"", 60)
    assert layer_bytes(second, "payload") == padded(PAYLOAD, 64)


def test_bits_are_the_bytes(tmp_path: pathlib.Path) -> None:
    packets = packets_of(tmp_path, IPV4_TCP, IPV6_UDP, ipv4(1, b"\x08\0\x12\x34abcdefgh"))
    for mask in ((), "all"):
        as_bits = pcapml.bits(packets, ALL, mask=mask)
        as_bytes = pcapml.bits(packets, ALL, mask=mask, form="bytes")
        expected = np.unpackbits(as_bytes.values, axis=1).astype(np.int8)
        expected[~np.repeat(as_bytes.present, 8, axis=1)] = -1
        assert np.array_equal(as_bits.values, expected)


def test_icmp_is_that_of_both_versions(tmp_path: pathlib.Path) -> None:
    message = b"\x08\0\x12\x34abcd"
    six = bytes.fromhex("60000000000c3a40") + bytes(32) + message + b"more"
    for packet in packets_of(tmp_path, ipv4(1, message + b"more"), six):
        assert layer_bytes(packet, "icmp") == list(message)
        assert layer_bytes(packet, "icmp", "all") == list(b"\x08\0\0\0abcd")
        assert layer_bytes(packet, "payload", payload_bytes=4) == list(b"more")


def test_what_is_no_ip_is_absent_whole(tmp_path: pathlib.Path) -> None:
    result = pcapml.bits(packets_of(tmp_path, b"", b"\xff" * 60, IPV4_TCP[:19]), ALL)
    assert (result.values == -1).all()


@pytest.mark.parametrize("length", range(20, len(IPV4_TCP) + 1))
def test_a_cut_packet_has_what_was_captured(tmp_path: pathlib.Path, length: int) -> None:
    (packet,) = packets_of(tmp_path, IPV4_TCP[:length])
    assert layer_bytes(packet, "ipv4") == padded(IPV4[:length], 60)
    assert layer_bytes(packet, "tcp") == padded(TCP[: max(0, length - 24)], 60)
    assert layer_bytes(packet, "payload") == padded(PAYLOAD[: max(0, length - 56)], 64)
    masked = layer_bytes(packet, "tcp", "all")
    assert [v is None for v in masked] == [v is None for v in layer_bytes(packet, "tcp")]


def test_a_later_fragment_has_no_transport_header(tmp_path: pathlib.Path) -> None:
    (packet,) = packets_of(tmp_path, ipv4(6, b"continued data of a segment", fragment=100))
    assert layer_bytes(packet, "tcp") == padded(b"", 60)
    assert layer_bytes(packet, "payload", payload_bytes=9) == list(b"continued")


def test_padding_after_the_ip_packet_is_no_payload(tmp_path: pathlib.Path) -> None:
    (packet,) = packets_of(tmp_path, ipv4(17, udp(b"x")) + bytes(17))
    assert layer_bytes(packet, "payload") == padded(b"x", 64)


def zeroed(data: bytes, *ranges: tuple[int, int]) -> bytes:
    changed = bytearray(data)
    for start, stop in ranges:
        changed[start:stop] = bytes(stop - start)
    return bytes(changed)


SACK = bytes.fromhex("01 01 05 0a 10111213 20212223".replace(" ", ""))


@pytest.mark.parametrize(
    ("mask", "layer", "data", "ranges"),
    [
        ("addresses", "ipv4", IPV4_TCP, [(12, 20)]),
        ("ip_id", "ipv4", IPV4_TCP, [(4, 6)]),
        ("ttl", "ipv4", IPV4_TCP, [(8, 9)]),
        ("checksums", "ipv4", IPV4_TCP, [(10, 12)]),
        ("addresses", "ipv6", IPV6_UDP, [(8, 40)]),
        ("ttl", "ipv6", IPV6_UDP, [(7, 8)]),
        ("ports", "tcp", IPV4_TCP, [(0, 4)]),
        ("tcp_sequence", "tcp", IPV4_TCP, [(4, 12)]),
        ("checksums", "tcp", IPV4_TCP, [(16, 18)]),
        ("tcp_timestamps", "tcp", IPV4_TCP, [(24, 32)]),
        ("tcp_sequence", "tcp", ipv4(6, tcp(b"", options=SACK)), [(4, 12), (24, 32)]),
        ("ports", "udp", IPV6_UDP, [(0, 4)]),
        ("checksums", "udp", IPV6_UDP, [(6, 8)]),
    ],
)
def test_a_mask_zeroes_its_field_and_nothing_else(
    tmp_path: pathlib.Path, mask: str, layer: str, data: bytes, ranges: list[tuple[int, int]]
) -> None:
    (packet,) = packets_of(tmp_path, data)
    plain = layer_bytes(packet, layer)
    header = bytes(v for v in plain if v is not None)
    assert layer_bytes(packet, layer, [mask]) == padded(zeroed(header, *ranges), len(plain))
    everything_else = [name for name in pcapml.MASKS if name != mask]
    others = layer_bytes(packet, layer, everything_else)
    for start, stop in ranges:
        assert others[start:stop] == plain[start:stop]


def test_the_flow_label_is_twenty_bits(tmp_path: pathlib.Path) -> None:
    (packet,) = packets_of(tmp_path, IPV6_UDP)
    expected = bytearray(IPV6)
    expected[1:4] = bytes([IPV6[1] & 0xF0, 0, 0])
    assert layer_bytes(packet, "ipv6", "flow_label") == list(expected)


def test_a_mask_of_one_layer_leaves_the_others(tmp_path: pathlib.Path) -> None:
    packets = packets_of(tmp_path, IPV4_TCP, IPV6_UDP)
    plain = pcapml.bits(packets, ALL, form="bytes")
    by_layer: dict[str, set[str]] = {
        "addresses": {"ipv4", "ipv6"},
        "ports": {"tcp", "udp"},
        "ip_id": {"ipv4"},
        "flow_label": {"ipv6"},
        "ttl": {"ipv4", "ipv6"},
        "checksums": {"ipv4", "tcp", "udp"},
        "tcp_sequence": {"tcp"},
        "tcp_timestamps": {"tcp"},
        "server_name": set(),
        "client_random": set(),
        "session_id": set(),
    }
    assert set(by_layer) == set(pcapml.MASKS)
    for mask, layers in by_layer.items():
        masked = pcapml.bits(packets, ALL, form="bytes", mask=mask)
        changed: npt.NDArray[np.intp] = np.nonzero((masked.values != plain.values).any(axis=0))[0]
        assert {plain.columns[i].split("_")[0] for i in changed} == layers
        assert np.array_equal(masked.present, plain.present)


def test_options_that_lie_about_their_length_are_survived(tmp_path: pathlib.Path) -> None:
    for options in (b"\x08\0\0\0", b"\x08\xff\1\2", b"\x01\x01\x01\x08", b"\x05\x01\1\1", b"\xff\xff\xff\xff"):
        (packet,) = packets_of(tmp_path, ipv4(6, tcp(b"", options=options)))
        assert len(layer_bytes(packet, "tcp", "all")) == 60


def test_first_n_pads_short_samples(tmp_path: pathlib.Path) -> None:
    made = [Made([f"{sid},{label}"], data=IPV4_TCP) for sid, label in ((1, "a"), (2, "b"), (2, "b"), (2, "b"))]
    path = write(tmp_path / "samples.pcapng", capture(made))
    result = pcapml.bits(path, first_n=2)
    assert result.values.shape == (2, 2, len(result.columns))
    assert (result.sample_ids, result.labels, result.sessions) == (("1", "2"), ("a", "b"), (None, None))
    assert result.lengths is not None and result.lengths.tolist() == [1, 2]
    row = pcapml.bits(list(pcapml.iter_packets(path))[:1]).values[0]
    assert np.array_equal(result.values[0, 0], row)
    assert (result.values[0, 1] == -1).all()
    assert np.array_equal(result.values[1], [row, row])
    as_bytes = pcapml.bits(pcapml.sampler(path), first_n=2, form="bytes")
    assert as_bytes.present.any(axis=2).tolist() == [[True, False], [True, True]]


def test_first_n_of_many_samples_keeps_their_order(tmp_path: pathlib.Path) -> None:
    made = [Made([f"{sid},web"], data=ipv4(17, udp(sid.to_bytes(2, "big")))) for sid in range(600)]
    path = write(tmp_path / "many.pcapng", capture(made))
    result = pcapml.bits(path, ["payload"], 2, form="bytes", first_n=1)
    assert result.values[:, 0].astype(int).dot([256, 1]).tolist() == list(range(600))


def test_batches_are_the_matrix_in_pieces(tmp_path: pathlib.Path) -> None:
    path = SAMPLES / "web.pcap"
    pieces = list(pcapml.bits_batches(path, 100, ALL, mask="ports"))
    assert [len(piece) for piece in pieces] == [100, 100, 100, 100, 35]
    assert np.array_equal(np.concatenate([piece.values for piece in pieces]), pcapml.bits(path, ALL, mask="ports").values)
    made = write(tmp_path / "many.pcapng", capture(Made([f"{i // 2},web"], data=IPV4_TCP) for i in range(1200)))
    whole = pcapml.bits(made, first_n=3, form="bytes")
    parts = list(pcapml.bits_batches(made, 300, first_n=3, form="bytes"))
    assert np.array_equal(np.concatenate([part.values for part in parts]), whole.values)
    assert np.array_equal(np.concatenate([part.present for part in parts]), whole.present)
    assert [sample_id for part in parts for sample_id in part.sample_ids] == list(whole.sample_ids)
    assert list(pcapml.bits_batches([])) == []


@pytest.mark.parametrize("first_n", [None, 2])
def test_damage_comes_after_the_batches_before_it(tmp_path: pathlib.Path, first_n: int | None) -> None:
    path = write(tmp_path / "cut.pcapng", capture(Made([f"{i},a"], data=IPV4_TCP) for i in range(5))[:-3])
    batches = pcapml.bits_batches(path, 3, first_n=first_n)
    assert [len(next(batches)), len(next(batches))] == [3, 1]
    with pytest.raises(pcapml.FormatError):
        next(batches)


def test_no_packets_are_no_rows(tmp_path: pathlib.Path) -> None:
    path = write(tmp_path / "empty.pcapng", capture([]))
    assert pcapml.bits(path).values.shape == (0, 1024 + 512)
    assert pcapml.bits(path, first_n=3, form="bytes").values.shape == (0, 3, 128 + 64)
    assert pcapml.bits([]).values.shape == (0, 1024 + 512)


def test_all_sources_give_the_same_rows() -> None:
    path = SAMPLES / "web.pcap"
    packets = list(pcapml.iter_packets(path))
    expected = pcapml.bits(path, ALL)
    assert len(expected) == len(packets)
    assert np.array_equal(pcapml.bits(packets, ALL).values, expected.values)
    assert np.array_equal(pcapml.bits([path], ALL).values, expected.values)
    with open(path, "rb") as stream:
        assert np.array_equal(pcapml.bits(stream, ALL).values, expected.values)
    assert np.array_equal(pcapml.bits(packets[3], ALL).values, expected.values[3:4])
    assert np.array_equal(np.asarray(expected), expected.values)


def test_hostile_packets_give_rows(tmp_path: pathlib.Path) -> None:
    rng = random.Random(11)
    seeds = [IPV4_TCP, IPV6_UDP, ipv4(6, tcp(hello())), ipv4(17, udp(datagram_hello())), ipv4(6, tcp(hello(size=40)))]
    hostile = []
    for _ in range(3000):
        data = bytearray(rng.choice(seeds))
        for _ in range(rng.randrange(1, 6)):
            data[rng.randrange(len(data))] = rng.choice((0, 1, 0x16, 0x7F, 0x80, 0xFF, rng.randrange(256)))
        hostile.append(bytes(data[: rng.randrange(len(data) + 1)]))
    packets = packets_of(tmp_path, *hostile)
    plain = pcapml.bits(packets, ALL, 300, form="bytes")
    masked = pcapml.bits(packets, ALL, 300, form="bytes", mask="all")
    assert np.array_equal(plain.present, masked.present)
    changed = masked.values[masked.values != plain.values]
    assert (changed & 0x0F == 0).all()


@pytest.mark.parametrize(
    "wrong",
    [
        {"layers": ["ethernet"]},
        {"layers": ["tcp", "tcp"]},
        {"layers": "tcp"},
        {"mask": ["names"]},
        {"form": "nibbles"},
        {"first_n": 0},
        {"payload_bytes": -1},
    ],
)
def test_what_is_not_known_is_told(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError):
        pcapml.bits([], **wrong)
    with pytest.raises(ValueError):
        pcapml.bits_batches([], **wrong)
