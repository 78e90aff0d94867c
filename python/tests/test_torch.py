# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import gzip
import os
import pathlib
import pickle
import random
import subprocess
import sys
from collections import Counter
from typing import Any

import numpy as np
import pytest

import pcapml
import torch_stand_in
from capture_files import SAMPLES, Made, capture, labelled, packet_block, process_block, section, tcp, write
from pcapml._sample_index import open_index

with torch_stand_in.installed():
    from pcapml.torch import Dataset, IterableDataset


@pytest.fixture
def web(tmp_path: pathlib.Path) -> str:
    """Flows of samples/web.pcap, not sorted."""
    out = tmp_path / "web.pcapng"
    pcapml.label(SAMPLES / "web.pcap", SAMPLES / "web.rules", out, sample="flow")
    return str(out)


def facts(packets: Any) -> list[Any]:
    return [(p.data, p.timestamp_ns, p.length, p.comments, p.link_type) for p in packets]


def test_importing_pcapml_does_not_import_torch() -> None:
    code = "import sys, pcapml; sys.exit('torch' in sys.modules or 'pcapml.torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-I", "-c", code]).returncode == 0  # not what lies here


def test_a_sample_that_is_read_alone_is_the_sample(web: str) -> None:
    index = open_index(web)
    samples = list(pcapml.sampler(web, group="any"))
    assert index.sample_ids == [sample.sample_id for sample in samples]
    assert index.labels == [sample.label for sample in samples]
    for i in random.Random(1).sample(range(len(samples)), len(samples)):
        stored = index.read(i)
        assert facts(stored.packets) == facts(samples[i].packets)
        assert (stored.sample_id, stored.label, stored.path) == (samples[i].sample_id, samples[i].label, web)
        assert facts(index.read(i, 2).packets) == facts(samples[i].packets[:2])
        assert len(stored) == index.packets_of(i) and stored.sid == samples[i].sid


def test_every_section_and_interface_keeps_its_meaning(tmp_path: pathlib.Path) -> None:
    def packets(first: int, comment: str) -> bytes:
        return b"".join(packet_block(Made([comment], data=tcp(last=first + i), time_us=i)) for i in range(3))

    data = (
        section(101) + packets(1, "1,a") + process_block(7, "curl", "/usr/bin/curl", 0) + packets(4, "2,b")
        + section(1) + packets(7, "1,a") + section(12) + packets(10, "3,c")
    )  # fmt: skip
    path = write(tmp_path / "sections.pcapng", data)
    index = open_index(path)
    for i, sample in enumerate(pcapml.sampler(path, group="any")):
        assert facts(index.read(i).packets) == facts(sample.packets)


def test_legacy_timestamps_are_put_right(tmp_path: pathlib.Path) -> None:
    seconds, micro = 1_600_000_000, 42
    split = (seconds << 32) | micro
    made = [Made(["1,a"], time_us=0), Made(["1,a"], time_us=split), Made(["2,b"], time_us=split + 1)]
    path = write(tmp_path / "legacy.pcapng", capture(made))
    index = open_index(path)
    for i, sample in enumerate(pcapml.sampler(path)):
        assert facts(index.read(i).packets) == facts(sample.packets)
    assert index.read(1).packets[0].timestamp_ns == seconds * 10**9 + (micro + 1) * 1000


def test_the_index_is_kept_and_made_anew_when_the_file_changes(tmp_path: pathlib.Path) -> None:
    path = write(tmp_path / "data.pcapng", labelled("1,a", "2,b"))
    sidecar = tmp_path / "data.pcapng.samples.npz"
    assert open_index(path).labels == ["a", "b"]
    made = sidecar.read_bytes()
    os.utime(sidecar, (1, 1))
    assert open_index(path).labels == ["a", "b"]
    assert sidecar.stat().st_mtime == 1
    write(tmp_path / "data.pcapng", labelled("1,a", "2,c", "3,d"))
    assert open_index(path).labels == ["a", "c", "d"]
    assert sidecar.read_bytes() != made
    os.utime(path, ns=(5, 5))
    assert open_index(path).labels == ["a", "c", "d"]
    assert sidecar.stat().st_mtime != 1


@pytest.mark.parametrize("content", [b"", b"PK\3\4 not really", b"\x93NUMPY\1\0"])
def test_a_damaged_index_is_made_anew(tmp_path: pathlib.Path, content: bytes) -> None:
    path = write(tmp_path / "data.pcapng", labelled("1,a"))
    (tmp_path / "data.pcapng.samples.npz").write_bytes(content)
    assert open_index(path).labels == ["a"]


def test_every_prefix_of_an_index_is_survived(tmp_path: pathlib.Path) -> None:
    path = write(tmp_path / "data.pcapng", labelled("1,a", "2,b"))
    open_index(path)
    sidecar = tmp_path / "data.pcapng.samples.npz"
    content = sidecar.read_bytes()
    for length in range(0, len(content), 41):
        sidecar.write_bytes(content[:length])
        assert open_index(path).labels == ["a", "b"]


def test_an_index_that_lies_raises(tmp_path: pathlib.Path) -> None:
    path = write(tmp_path / "data.pcapng", labelled("1,a", "2,b"))
    for field, value in (("interface", 9), ("offset", 1 << 40), ("size", 0xFFFF_FFFF), ("size", 4), ("offset", 3)):
        index = open_index(path)
        index._places = index._places.copy()
        index._places[field] = value
        with pytest.raises(pcapml.FormatError):
            index.read(0)


def test_where_no_file_can_be_made_the_cache_is_used(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write(tmp_path / "data.pcapng", labelled("1,a"))
    # Root may write into any directory, but not into a file's place.
    os.mkdir(path + ".samples.npz")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    assert open_index(path).labels == ["a"]
    (kept,) = (tmp_path / "cache" / "pcapml").iterdir()
    os.utime(kept, (1, 1))
    assert open_index(path).labels == ["a"]
    assert kept.stat().st_mtime == 1
    assert open_index(path, cache=tmp_path / "other").labels == ["a"]
    assert len(list((tmp_path / "other").iterdir())) == 1


def test_a_compressed_file_is_refused(tmp_path: pathlib.Path) -> None:
    path = write(tmp_path / "data.pcapng.gz", gzip.compress(labelled("1,a")))
    with pytest.raises(pcapml.UsageError, match="not compressed"):
        Dataset(path)


def test_damage_is_told_or_kept(tmp_path: pathlib.Path) -> None:
    path = write(tmp_path / "data.pcapng", labelled("1,a", "2,b")[:-5])
    with pytest.raises(pcapml.FormatError):
        Dataset(path)
    with pytest.warns(pcapml.FormatWarning):
        assert Dataset(path, on_error="warn").labels == ["a"]


def test_a_dataset_has_a_length_labels_and_items(web: str) -> None:
    dataset = Dataset(web, first_n=5, payload_bytes=8)
    assert len(dataset) == len(dataset.labels) == 42
    assert Counter(dataset.labels)["dns"] == 27
    assert dataset.classes == ["chat", "dns", "news", "ping", "shop", "video"]
    expected = pcapml.bits(web, payload_bytes=8, mask="all", first_n=5, group="any")
    for i in random.Random(2).sample(range(42), 42):
        values, target = dataset[i]
        assert np.array_equal(values, expected.values[i])
        assert dataset.classes[target] == dataset.labels[i] == expected.labels[i]
        assert dataset.targets[i] == target
    with pytest.raises(IndexError):
        dataset[42]


def test_a_transform_is_given_the_sample(web: str) -> None:
    dataset = Dataset(web, first_n=None, transform=len)
    assert sum(dataset[i][0] for i in range(len(dataset))) == 428
    assert [len(dataset.sample(i)) for i in range(3)] == [dataset[i][0] for i in range(3)]


def test_parts_and_classes_go_together(web: str) -> None:
    split = pcapml.split_dataset(web, fractions=(0.6, 0.4), group="any")
    train = Dataset(web, samples=split.train)
    test = Dataset(web, samples=split.test, classes=train.classes)
    assert (len(train), len(test)) == (len(split.train), len(split.test))
    assert set(test.classes) == set(train.classes)
    assert sorted(test.labels) == sorted(split.test.labels)
    with pytest.raises(ValueError, match="not among the classes"):
        Dataset(web, classes=["dns"])


def test_a_dataset_can_be_pickled_and_forked(web: str) -> None:
    dataset = Dataset(web)
    first = dataset[7]
    copy = pickle.loads(pickle.dumps(dataset))
    assert np.array_equal(copy[7][0], first[0]) and copy[7][1] == first[1]
    child = os.fork()
    if child == 0:
        os._exit(0 if np.array_equal(dataset[7][0], first[0]) else 1)
    assert os.waitpid(child, 0)[1] == 0


def test_several_files_do_not_mix(tmp_path: pathlib.Path) -> None:
    write(tmp_path / "one.pcapng", labelled("1,a", "2,b"))
    write(tmp_path / "two.pcapng", labelled("1,c"))
    dataset = Dataset(tmp_path)
    assert dataset.labels == ["a", "b", "c"]
    assert [dataset.sample(i).session for i in range(3)] == ["one", "one", "two"]


def ids_by_worker(dataset: IterableDataset, workers: int) -> list[list[Any]]:
    shares = []
    for number in range(workers):
        with torch_stand_in.worker(number, workers):
            shares.append([value for value, _ in dataset])
    return shares


def key(sample: Any) -> tuple[str, str]:
    return sample.path, sample.sample_id


@pytest.mark.parametrize("workers", [1, 2, 3, 5])
@pytest.mark.parametrize("files", [1, 2, 4])
def test_workers_share_the_work_without_duplicates(tmp_path: pathlib.Path, workers: int, files: int) -> None:
    for number in range(files):
        write(tmp_path / f"{number}.pcapng", labelled(*(f"{i},web" for i in range(11))))
    everything = [key(sample) for sample in pcapml.sampler(tmp_path)]
    shares = ids_by_worker(IterableDataset(tmp_path, transform=key), workers)
    assert sorted(one for share in shares for one in share) == sorted(everything)
    assert all(share for share in shares)


def test_ranks_share_the_work_as_well(tmp_path: pathlib.Path) -> None:
    path = write(tmp_path / "data.pcapng.gz", gzip.compress(labelled(*(f"{i},web" for i in range(20)))))
    seen = []
    for rank in range(2):
        dataset = IterableDataset(path, transform=key, rank=rank, world_size=2)
        seen += [one for share in ids_by_worker(dataset, 3) for one in share]
    assert sorted(seen) == sorted((path, str(i)) for i in range(20))


def test_without_workers_an_iterable_gives_everything(web: str) -> None:
    pcapml.sort(web, web + ".sorted.pcapng")
    dataset = IterableDataset(web + ".sorted.pcapng", first_n=3, classes=Dataset(web).classes)
    items = list(dataset)
    assert len(items) == 42
    assert items[0][0].shape == (3, 1536) and isinstance(items[0][1], int)


def everything_of(sample: Any) -> tuple[Any, ...]:
    names = ("sid", "sample_id", "label", "metadata", "fields", "session", "path")
    told = tuple(getattr(sample, name) for name in names)
    return *told, facts(sample.packets), len(sample), sample.to_numpy().tolist(), sample.df.drop(columns="raw").to_csv()


def test_a_transform_sees_the_same_of_both_datasets(tmp_path: pathlib.Path) -> None:
    path = write(tmp_path / "a.pcapng", labelled("1,a,k=v,session=s", "1,a,n=2,k=w", "007,b", f"{1 << 70},b"))
    by_number = Dataset(path, first_n=None, transform=everything_of)
    assert [item for item, _ in IterableDataset(path, transform=everything_of)] == [item for item, _ in by_number]
    fields = by_number.sample(0).fields
    assert list(fields.items()) == [("k", "v"), ("session", "s"), ("n", "2")]


def test_an_iterable_refuses_streams(web: str) -> None:
    with open(web, "rb") as stream, pytest.raises(ValueError, match="stream"):
        IterableDataset(stream)
    with pytest.raises(ValueError, match="stream"):
        with open(web, "rb") as stream:
            Dataset(stream)  # type: ignore[arg-type]
