# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import pathlib
import random
from collections import Counter
from collections.abc import Iterable

import pytest

import pcapml
from capture_files import SAMPLES, Made, capture, labelled, tcp, write
from hand_made import ipv4
from hand_made import tcp as segment
from pcapml import Split

START_US = 1_700_000_000_000_000


def dataset(tmp_path: pathlib.Path, comments: Iterable[str], name: str = "data.pcapng") -> str:
    return write(tmp_path / name, labelled(*comments))


def many(tmp_path: pathlib.Path, **counts: int) -> str:
    labels = [label for label, count in counts.items() for _ in range(count)]
    return dataset(tmp_path, (f"{i},{label}" for i, label in enumerate(labels)))


def keys(split: Split) -> dict[str, set[tuple[str, str]]]:
    return {name: {(s.path, s.sample_id) for s in part.samples} for name, part in split.parts.items()}


def check_disjoint(split: Split, path: object) -> None:
    everything = [(s.path, s.sample_id) for s in pcapml.sampler(path, group="any")]  # type: ignore[arg-type]
    parts = keys(split)
    together = [key for part in parts.values() for key in part]
    left_out = [(s.path, s.sample_id) for s in split.left_out]
    assert sorted(together + left_out) == sorted(everything)


def counts(split: Split, label: str) -> list[int]:
    return [Counter(part.labels)[label] for part in split.parts.values()]


def test_parts_have_their_fraction_of_each_label(tmp_path: pathlib.Path) -> None:
    path = many(tmp_path, web=100, dns=50, chat=10, rare=3, single=1)
    split = pcapml.split_dataset(path)
    check_disjoint(split, path)
    assert counts(split, "web") == [80, 10, 10]
    assert counts(split, "dns") == [40, 5, 5]
    assert counts(split, "chat") == [8, 1, 1]
    assert counts(split, "rare") == [1, 1, 1]
    assert counts(split, "single") == [1, 0, 0]
    assert split.left_out == ()


def test_a_seed_gives_the_same_parts_and_another_gives_others(tmp_path: pathlib.Path) -> None:
    path = many(tmp_path, web=40, dns=40)
    assert keys(pcapml.split_dataset(path, seed=5)) == keys(pcapml.split_dataset(path, seed=5))
    assert keys(pcapml.split_dataset(path, seed=5)) != keys(pcapml.split_dataset(path, seed=6))


def test_fractions_may_be_two_or_named(tmp_path: pathlib.Path) -> None:
    path = many(tmp_path, web=20)
    two = pcapml.split_dataset(path, fractions=(0.75, 0.25))
    assert [len(part) for part in two.parts.values()] == [15, 5]
    assert (two.train.name, two.test.name) == ("train", "test")
    named = pcapml.split_dataset(path, fractions={"a": 0.5, "b": 0.5, "none": 0})
    assert {name: len(part) for name, part in named.parts.items()} == {"a": 10, "b": 10, "none": 0}


@pytest.mark.parametrize("fractions", [(1.0,), (0.5, 0.4), (1.2, -0.2), (0.2, 0.2, 0.2, 0.4), {"a": 0.5}])
def test_fractions_that_make_no_whole_are_refused(tmp_path: pathlib.Path, fractions: tuple[float, ...]) -> None:
    with pytest.raises(ValueError, match="fractions"):
        pcapml.split_dataset(many(tmp_path, web=5), fractions=fractions)


def test_a_part_reads_its_samples(tmp_path: pathlib.Path) -> None:
    path = many(tmp_path, web=30)
    split = pcapml.split_dataset(path)
    read = list(split.test.read())
    assert {(s.path, s.sample_id) for s in read} == keys(split)["test"]
    assert all(sample in split.test and sample not in split.train for sample in read)
    assert pcapml.bits(split.test.read(), first_n=1).values.shape[0] == len(split.test)


def test_samples_of_a_session_stay_together(tmp_path: pathlib.Path) -> None:
    for day in range(12):
        labels = ["web"] * 5 + (["dns"] * 5 if day % 2 == 0 else ["chat"] * 5)
        dataset(tmp_path, (f"{i},{label}" for i, label in enumerate(labels)), f"day{day}.pcapng")
    split = pcapml.split_dataset(tmp_path, by="session", fractions=(0.5, 0.25, 0.25))
    check_disjoint(split, tmp_path)
    sessions = [{sample.session for sample in part.samples} for part in split.parts.values()]
    assert [len(one) for one in sessions] == [6, 3, 3]
    assert not sessions[0] & sessions[1] and not sessions[0] & sessions[2] and not sessions[1] & sessions[2]
    for label in ("dns", "chat", "web"):
        assert min(counts(split, label)) > 0


def test_without_sessions_they_cannot_be_kept_apart(tmp_path: pathlib.Path) -> None:
    with pytest.raises(pcapml.DataError, match="no sample has a session"):
        pcapml.split_dataset(many(tmp_path, web=5), by="session")


def test_samples_with_a_common_name_stay_together(tmp_path: pathlib.Path) -> None:
    # Sample 2 joins a.example and b.example.
    made = ["1,web,dst=a.example", "2,web,dst=a.example", "2,web,dst=b.example", "3,web,dst=b.example"]
    made += [f"{i},web,dst=host{i // 2}.example" for i in range(4, 44)]
    path = dataset(tmp_path, made)
    for seed in range(20):
        split = pcapml.split_dataset(path, by="dst", fractions=(0.5, 0.5), seed=seed)
        check_disjoint(split, path)
        names = [{p.dst for sample in part.read() for p in sample.packets} for part in split.parts.values()]
        assert not names[0] & names[1]
        assert abs(len(split.train) - len(split.test)) <= 3
        first = [(path, str(i)) in split.train for i in (1, 2, 3)]
        assert first in ([True] * 3, [False] * 3)


def test_without_names_they_cannot_be_kept_apart(tmp_path: pathlib.Path) -> None:
    with pytest.raises(pcapml.DataError, match="no sample names"):
        pcapml.split_dataset(many(tmp_path, web=5), by="dst")


def test_a_sample_that_does_not_tell_is_left_out(tmp_path: pathlib.Path) -> None:
    path = dataset(tmp_path, [*(f"{i},web,dst=host{i}" for i in range(10)), "10,web", "11,dns"])
    split = pcapml.split_dataset(path, by="dst")
    check_disjoint(split, path)
    assert [s.sample_id for s in split.left_out] == ["10", "11"]
    assert counts(split, "web") == [8, 1, 1]
    assert split.report().splitlines()[1].split() == ["dns", "0", "0", "0", "1"]


def test_parts_by_time_do_not_reach_into_each_other(tmp_path: pathlib.Path) -> None:
    rng = random.Random(3)
    made = []
    for sid in range(200):
        begin = START_US + 1000 * rng.randrange(5000)
        for time in (begin, begin + rng.randrange(60_000)):
            made.append(Made([f"{sid},web"], time_us=time))
    path = write(tmp_path / "time.pcapng", capture(made))
    split = pcapml.split_dataset(path, by="time")
    check_disjoint(split, path)
    spans = [
        (min(s.first_ns for s in part.samples), max(s.last_ns for s in part.samples))
        for part in split.parts.values()
    ]
    assert spans[0][1] < spans[1][0] <= spans[1][1] < spans[2][0]
    assert 0 < len(split.left_out) < 20
    assert "left out" in split.report()


def test_samples_of_one_time_are_in_one_part(tmp_path: pathlib.Path) -> None:
    path = write(tmp_path / "same.pcapng", capture(Made([f"{i},web"], time_us=START_US + i // 4) for i in range(20)))
    split = pcapml.split_dataset(path, by="time", fractions=(0.5, 0.5))
    times = [{s.first_ns for s in part.samples} for part in split.parts.values()]
    assert not times[0] & times[1] and times[0] and times[1]


def flow(sid: int, sizes: Iterable[int], server: int, payload: bytes = b"") -> list[Made]:
    """Client and server in turns; the content is `payload` as far as it goes, else differs between samples."""
    rng = random.Random(sid)
    made = []
    for n, size in enumerate(sizes):
        content = payload[n * 100 : n * 100 + size] or rng.randbytes(size)
        there = ipv4(6, segment(content, 1000 * n, ports=(40000 + sid, 443)), source=1, target=server)
        back = ipv4(6, segment(content, 1000 * n, ports=(443, 40000 + sid)), source=server, target=1)
        made.append(Made([f"{sid},web"], data=back if n % 2 else there, time_us=START_US + 1000 * sid + n))
    return made


def test_the_report_finds_planted_overlaps(tmp_path: pathlib.Path) -> None:
    rng = random.Random(9)
    same = rng.randbytes(500)
    nearly = bytearray(same)
    nearly[250] ^= 0xFF
    made = [
        *flow(0, (100, 50, 100, 60, 90), server=10),  # as 4, in sizes
        *flow(1, (100,) * 5, server=11, payload=same),  # as 5, nearly, in payload
        *flow(2, (70,) * 7, server=12),  # the server of 6
        *flow(3, (10, 20, 30), server=13),  # too short to be compared with 7
        *flow(4, (100, 50, 100, 60, 90), server=20),
        *flow(5, (100,) * 4 + (99,), server=21, payload=bytes(nearly)),
        *flow(6, (71,) * 7, server=12),
        *flow(7, (10, 20, 30), server=23),
    ]
    path = write(tmp_path / "planted.pcapng", capture(made))
    split = pcapml.split_dataset(path, by="time", fractions=(0.5, 0.5))
    assert [s.sample_id for s in split.train.samples] == ["0", "1", "2", "3"]
    (overlap,) = split.overlaps
    assert overlap == pcapml.Overlap(("train", "test"), 4, 1, 1, 1, 1)
    assert "near-duplicate payload          1" in split.report()


def test_direction_counts_in_a_sequence(tmp_path: pathlib.Path) -> None:
    one = flow(0, (50,) * 6, server=10)
    other = flow(1, (50,) * 6, server=11)
    other[1].data, other[2].data = other[2].data, other[1].data
    path = write(tmp_path / "turned.pcapng", capture(one + other))
    (overlap,) = pcapml.split_dataset(path, by="time", fractions=(0.5, 0.5)).overlaps
    assert overlap.identical_sequences == 0


def test_real_traffic_is_divided(tmp_path: pathlib.Path) -> None:
    path = str(tmp_path / "web.pcapng")
    pcapml.label(SAMPLES / "web.pcap", SAMPLES / "web.rules", path, sample="flow")
    split = pcapml.split_dataset(path, fractions=(0.6, 0.4), group="any")
    check_disjoint(split, path)
    # Everybody asks the same DNS server.
    assert split.overlaps[0].samples_at_shared_endpoints >= counts(split, "dns")[1]
    assert str(split.overlaps[0]) in split.report()


def test_packets_that_are_no_ip_are_divided_too(tmp_path: pathlib.Path) -> None:
    made = [Made([f"{i // 6},web"], data=b"\xff" * 40, time_us=START_US + i) for i in range(60)]
    split = pcapml.split_dataset(write(tmp_path / "other.pcapng", capture(made)), fractions=(0.5, 0.5))
    assert split.overlaps[0].shared_endpoints == 0
    assert split.overlaps[0].identical_sequences == 5


def test_what_cannot_be_divided_is_told(tmp_path: pathlib.Path) -> None:
    with pytest.raises(pcapml.DataError, match="no sample"):
        pcapml.split_dataset(write(tmp_path / "empty.pcapng", capture([])))
    with pytest.raises(ValueError, match="by is"):
        pcapml.split_dataset(many(tmp_path, web=3), by="label")  # type: ignore[arg-type]
    with open(many(tmp_path, web=3), "rb") as stream, pytest.raises(ValueError, match="stream"):
        pcapml.split_dataset(stream)
    untimed = write(tmp_path / "untimed.pcapng", capture([Made(["1,web"], data=tcp(), time_us=0)]))
    assert len(pcapml.split_dataset(untimed, by="time").parts) == 3
