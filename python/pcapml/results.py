# SPDX-License-Identifier: Apache-2.0
"""What the operations give back. Counts are of packets unless a name says otherwise; times in nanoseconds."""

from __future__ import annotations

import typing
from collections.abc import Mapping
from dataclasses import dataclass, fields, is_dataclass
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt

Result = TypeVar("Result")


@dataclass(frozen=True)
class InputReport:
    """What every operation tells about its inputs."""

    packets: int
    simple_packets: int  #: without a time or an interface of their own
    obsolete_packets: int
    legacy_sections: int  #: whose split timestamps were put right
    damage: list[str]  #: with on_error="warn": where reading ended early
    warnings: list[str]


@dataclass(frozen=True)
class RuleCount:
    """What became of one rule of a label file."""

    line: int
    sample_id: int
    label: str
    packets: int
    bytes: int  #: on the wire


@dataclass(frozen=True)
class NameCounts:
    """What became of flows, and of DNS answers, in the search for names (include/pcapml/name_resolver.h)."""

    flows: int
    other_flows: int
    by_sni: int
    by_quic: int
    by_dns: int
    by_ech: int
    dns_flows: int
    no_answer_before: int
    hello_without_name: int
    hello_incomplete: int
    hello_forgotten: int
    name_rejected: int
    dns_answers: int
    dns_malformed: int
    dns_names_rejected: int
    dns_forgotten: int
    dns_streams_forgotten: int
    hosts_forgotten: int
    names_refused: int
    flows_forgotten: int


@dataclass(frozen=True)
class LabelResult:
    report: InputReport
    rules: list[RuleCount]
    matched: int
    matched_bytes: int
    unmatched: int  #: left out, unless kept
    unmatched_bytes: int
    replaced_labels: int
    skipped_files: int  #: below the directory, that are no captures
    samples: int  #: with sample="flow"
    named_packets: int  #: that gained `dst`
    flows_forgotten: int
    fragmented_packets_incomplete: int
    names: NameCounts | None  #: with resolve


@dataclass(frozen=True)
class SortResult:
    report: InputReport
    packets: int
    samples: int
    unlabeled: int  #: they come last


@dataclass(frozen=True)
class SplitResult:
    report: InputReport
    packets: int
    samples: int
    files: int  #: more than samples where one has two link types
    unlabeled: int  #: left out


@dataclass(frozen=True)
class StripResult:
    report: InputReport
    packets: int
    labels: int  #: taken out


@dataclass(frozen=True)
class MergeResult:
    report: InputReport
    inputs: int
    packets: int
    samples: int
    unlabeled: int


@dataclass(frozen=True)
class LabelScore:
    """How well one label was found. A ratio without a denominator is None."""

    support: int
    predicted: int
    correct: int
    precision: float | None
    recall: float | None
    f1: float | None


@dataclass(frozen=True)
class AverageScore:
    precision: float | None
    recall: float | None
    f1: float | None


@dataclass(frozen=True)
class Scores:
    """A confusion matrix and what follows from it."""

    labels: list[str]  #: `<unlabeled>` last, if it occurs
    cells: list[tuple[int, int, int]]  #: truth and prediction as indices into labels, and the count
    scores: list[LabelScore]  #: one for each label but `<unlabeled>`
    total: int
    correct: int
    accuracy: float | None
    kappa: float | None
    micro: AverageScore
    macro: AverageScore
    weighted: AverageScore

    def matrix(self) -> npt.NDArray[np.int64]:
        """The confusion matrix: rows are the truth, columns the prediction."""
        made = np.zeros((len(self.labels), len(self.labels)), dtype=np.int64)
        for truth, predicted, count in self.cells:
            made[truth, predicted] = count
        return made


@dataclass(frozen=True)
class CompareResult:
    truth: InputReport
    test: InputReport
    warnings: list[str]
    pairs: int
    truth_only: int
    test_only: int
    truth_unlabeled: int
    test_unlabeled: int
    packets: Scores
    flows: Scores
    non_ip: int
    fragments: int
    unlabeled_flows: int


@dataclass(frozen=True)
class TrafficCounts:
    packets: int
    bytes: int  #: on the wire
    captured_bytes: int
    flows: int  #: distinct 5-tuples, both directions as one
    non_ip_packets: int
    samples: int
    first_ns: int | None
    last_ns: int | None


@dataclass(frozen=True)
class SummaryGroup:
    name: str | None  #: None: without a label, or without the key
    labelled: bool
    counts: TrafficCounts


@dataclass(frozen=True)
class SectionDescription:
    byte_order: str
    hardware: str | None
    os: str | None
    application: str | None
    comments: list[str]


@dataclass(frozen=True)
class InterfaceDescription:
    section: int
    link_type: int
    link_type_name: str
    snap_length: int  #: 0: no limit
    name: str | None
    description: str | None
    filter: str | None
    os: str | None
    hardware: str | None
    comments: list[str]
    packets: int
    received: int | None
    dropped_by_interface: int | None
    dropped_by_os: int | None
    dropped_between_packets: int | None


@dataclass(frozen=True)
class FileDescription:
    format: str
    size: int | None  #: as stored; None for a pipe
    sections: list[SectionDescription]
    interfaces: list[InterfaceDescription]
    blocks: dict[str, int]  #: that are neither sections, interfaces nor packets
    names: dict[str, list[str]]  #: of addresses


@dataclass(frozen=True)
class SummaryResult:
    report: InputReport
    group: str
    groups: list[SummaryGroup]
    total: TrafficCounts
    outside_window: int
    without_time: int
    file: FileDescription


def build(made: type[Result], members: Mapping[str, Any]) -> Result:
    """A dataclass of this module from the core's dicts."""
    types = typing.get_type_hints(made)
    return made(**{f.name: _value(types[f.name], members[f.name]) for f in fields(made)})  # type: ignore[arg-type]


def _value(wanted: Any, value: Any) -> Any:
    if value is None:
        return None
    if is_dataclass(wanted) and isinstance(wanted, type):
        return build(wanted, value)
    arguments = typing.get_args(wanted)
    if typing.get_origin(wanted) is list and is_dataclass(arguments[0]):
        return [_value(arguments[0], one) for one in value]
    for one in arguments:
        if is_dataclass(one):
            return _value(one, value)
    return value
