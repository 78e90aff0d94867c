# SPDX-License-Identifier: Apache-2.0
"""Compares a capture with the truth, packet by packet."""
from collections import Counter, defaultdict
from dataclasses import dataclass, field

import packets
from truth import record_key

INBOUND, OUTBOUND = 1, 2
UNKNOWN = "_unknown"
OUTCOMES = ("right", "wrong", "unknown", "missing", "duplicate")


@dataclass
class Record:
    """One packet of the capture."""
    number: int
    sample: int
    label: str
    egress: bool
    keys: dict             # dst, via, session ...
    flags: int | None
    process: tuple | None
    original_length: int
    data: bytes
    time_ns: int
    interface: tuple = None  # number and name
    key: tuple = None
    header: packets.Header = None


@dataclass
class Score:
    by_actor: dict = field(default_factory=lambda: defaultdict(Counter))
    aspects: Counter = field(default_factory=Counter)   # of wrong packets: what is wrong
    findings: list = field(default_factory=list)        # text, one for each packet that is not right
    kernel: Counter = field(default_factory=Counter)    # optional packets that were seen, by label
    pairs: list = field(default_factory=list)           # (record, expected)

    def count(self, outcome):
        return sum(counts[outcome] for counts in self.by_actor.values())

    @property
    def clean(self):
        return not any(self.count(outcome) for outcome in ("wrong", "missing", "duplicate"))

    def totals(self):
        return {outcome: self.count(outcome) for outcome in OUTCOMES}


def encoded(name):
    """A process name as it stands in a label: labels.md, "Writing"."""
    return "".join(f"%{ord(sign):02X}" if sign in "%,\x7f" or sign < " " else sign for sign in name)


def records_of(capture):
    """(records, packets without a label in the form of a live capture)"""
    records, others = [], []
    for packet in capture.packets:
        fields = packet.label_fields
        if not fields or len(fields) < 3 or fields[2] not in ("d=e", "d=i"):
            others.append(packet)
            continue
        keys = dict(word.split("=", 1) for word in fields[3:] if "=" in word)
        data = packet.data
        link_type = capture.interfaces[packet.interface].link_type
        original_length = packet.original_length
        if link_type == 1:
            data, original_length = data[14:], original_length - 14
        record = Record(packet.number, int(fields[0]), fields[1], fields[2] == "d=e", keys, packet.flags, packet.process,
                        original_length, data, packet.time_ns,
                        (packet.interface, capture.interfaces[packet.interface].name))
        try:
            record.header = packets.parse(data)
            record.key = record_key(data, record.header)
        except (ValueError, IndexError) as error:
            others.append(f"packet {packet.number}: {error}")
            continue
        records.append(record)
    return records, others


def direction(egress):
    return "egress" if egress else "ingress"


def describe(expected):
    flow = expected.header.flow
    return (f"{direction(expected.egress)} {flow[0]} {flow[1]}:{flow[2]} > {flow[3]}:{flow[4]} "
            f"length {expected.header.length} flags {expected.header.flags:#x} seq {expected.header.sequence}")


def faults(record, expected, flags_wanted=True):
    """What is wrong with a record of this packet; the label comes first."""
    found = []
    if record.label not in expected.labels:
        found.append(("label", f"{record.label}, not {'|'.join(sorted(expected.labels))}"))
    elif record.process is None:
        if not expected.kernel:
            found.append(("process id", "none"))
    elif expected.pids and record.process[0] not in expected.pids.get(record.label, ()):
        found.append(("process id", f"{record.process[0]}, not {expected.pids.get(record.label)}"))
    elif expected.tids and record.process[1] not in expected.tids.get(record.label, ()):
        found.append(("thread id", f"{record.process[1]}, not {expected.tids.get(record.label)}"))
    if record.egress != expected.egress:
        found.append(("direction", direction(record.egress)))
    elif flags_wanted and (record.flags is None or record.flags & 3 != (OUTBOUND if record.egress else INBOUND)):
        found.append(("flags", str(record.flags)))
    if record.original_length != expected.header.length:
        found.append(("length", f"{record.original_length}, not {expected.header.length}"))
    captured = packets.without_checksums(record.data, record.header)
    if expected.header.protocol != 132:
        wire = packets.without_checksums(expected.data, expected.header)[:len(captured)]
        skipped = record.header.payload
        if captured[skipped:] != wire[skipped:]:
            found.append(("content", "payload differs from the wire's"))
    if len(record.data) == record.original_length:
        for fault in packets.checksum_faults(record.data):
            found.append(("checksum", fault))
    dst = record.keys.get("dst")
    if dst is not None and dst != expected.dst:
        found.append(("dst", f"{dst}, not {expected.dst}"))
    elif dst is None and expected.dst_required:
        found.append(("dst", f"none, not {expected.dst}"))
    return found


def is_bare(record):
    return len(record.data) < min(record.header.payload + 32, record.original_length)


def bare_key(one):
    return one.key[0], one.key[1][:one.header.payload]


def pair(records, expectations):
    """Pairs of record and packet with equal keys; those that agree in direction and label first."""
    by_key = defaultdict(lambda: ([], []))
    # Of a packet whose payload was given up, only the headers can be compared.
    bare = {record.key[0] for record in records if is_bare(record)}
    for expected in expectations:
        by_key[bare_key(expected) if expected.key[0] in bare else expected.key][0].append(expected)
    for record in records:
        by_key[bare_key(record) if record.key[0] in bare else record.key][1].append(record)
    for wanted, found in by_key.values():
        for agrees in (lambda r, e: r.egress == e.egress and r.label in e.labels and belongs(r, e),
                       lambda r, e: r.egress == e.egress and r.label in e.labels,
                       lambda r, e: r.egress == e.egress and e.required,
                       lambda r, e: r.egress == e.egress,
                       lambda r, e: e.required):
            rest = []
            for record in found:
                match = next((expected for expected in wanted if agrees(record, expected)), None)
                if match:
                    wanted = [expected for expected in wanted if expected is not match]
                    yield record, match
                else:
                    rest.append(record)
            found = rest
        for expected in wanted:
            yield None, expected
        for record in found:
            yield record, None


def belongs(record, expected):
    return record.process is not None and record.process[0] in expected.pids.get(record.label, ())


def majority(counter):
    return counter.most_common(1)[0][0]


def sample_faults(pairs):
    """Records whose sample id is not the one of most of its socket's packets, or most of whose sample is another
    socket's: an id for each socket (and remote end, where it is not connected), a socket for each id."""
    ids, sockets = defaultdict(Counter), defaultdict(Counter)
    for record, expected in pairs:
        ids[expected.sample][record.sample] += 1
        sockets[record.sample][expected.sample] += 1
    for record, expected in pairs:
        if majority(ids[expected.sample]) != record.sample:
            yield record, expected, f"{record.sample}, where most of this socket have {majority(ids[expected.sample])}"
        elif majority(sockets[record.sample]) != expected.sample:
            yield record, expected, f"{record.sample} is mostly {majority(sockets[record.sample])}"


def interface_faults(pairs):
    """An Interface Description for each namespace and device, and no other for it."""
    known = {}
    for record, expected in pairs:
        number, name = record.interface
        if name != expected.interface[1]:
            yield record, f"{name}, not {expected.interface[1]}"
        elif known.setdefault(number, expected.interface) != expected.interface or \
                known.setdefault(expected.interface, number) != number:
            yield record, f"{number} is not that of {expected.interface} alone"


def order_faults(records):
    """Records whose time is before that of an earlier record of their sample."""
    latest = {}
    for record in records:
        if record.time_ns < latest.get(record.sample, 0):
            yield record
        latest[record.sample] = max(latest.get(record.sample, 0), record.time_ns)


def numbering_faults(records):
    """Sample ids count from 0 in the order of their appearance."""
    seen = {}
    for record in records:
        if record.sample not in seen:
            if record.sample != len(seen):
                yield record
            seen[record.sample] = True


def score(records, truth_expected, whole=True, flags_wanted=True):
    """whole: the records are the whole file, so that numbering can be judged."""
    result = Score()
    wrong = {}  # record number: (expected, faults)
    for record, expected in pair(records, truth_expected):
        if record is None:
            if expected.required:
                result.by_actor[expected.actor]["missing"] += 1
                result.findings.append(f"missing  {expected.actor}: {describe(expected)} "
                                       f"({'|'.join(sorted(expected.labels))})")
            continue
        if expected is None:
            mate = next((e for e in truth_expected if e.key == record.key), None)
            outcome = "duplicate" if mate else "wrong"
            actor = mate.actor if mate else "(no such packet)"
            result.by_actor[actor][outcome] += 1
            if outcome == "wrong":
                result.aspects["not on the wire"] += 1
            result.findings.append(f"{outcome} {actor}: packet {record.number} {record.label} "
                                   f"{direction(record.egress)} {record.header.flow} length {record.original_length} "
                                   f"flags {record.header.flags:#x}")
            continue
        if not expected.required:
            result.kernel[(expected.actor, record.label)] += 1
        result.pairs.append((record, expected))
        wrong[record.number] = faults(record, expected, flags_wanted)
    for record, _, text in sample_faults([p for p in result.pairs if not p[1].kernel]):
        wrong[record.number].append(("sample", text))
    for record, text in interface_faults([p for p in result.pairs if p[1].interface]):
        wrong[record.number].append(("interface", text))
    for record in order_faults(records):
        wrong.setdefault(record.number, []).append(("order", "before an earlier packet of its sample"))
    if whole:
        for record in numbering_faults(records):
            wrong.setdefault(record.number, []).append(("numbering", f"{record.sample} does not come next"))
    for record, expected in result.pairs:
        found = wrong[record.number]
        unknown = record.label == UNKNOWN and UNKNOWN not in expected.labels
        if unknown and [aspect for aspect, _ in found] == ["label"]:
            outcome = "unknown"
        else:
            outcome = "wrong" if found else "right"
        result.by_actor[expected.actor][outcome] += 1
        if outcome == "wrong":
            result.aspects.update({aspect for aspect, _ in found})
        if found:
            text = "; ".join(f"{aspect}: {what}" for aspect, what in found)
            result.findings.append(f"{outcome}    {expected.actor}: packet {record.number} {describe(expected)}: {text}")
    return result


def table(result, expected):
    counts = Counter(one.actor for one in expected if one.required)
    lines = [f"{'actor':10} {'packets':>8} " + " ".join(f"{name:>9}" for name in OUTCOMES)]
    for actor in sorted(set(counts) | set(result.by_actor)):
        row = result.by_actor[actor]
        lines.append(f"{actor:10} {counts[actor]:8} " + " ".join(f"{row[name]:9}" for name in OUTCOMES))
    totals = result.totals()
    lines.append(f"{'total':10} {sum(counts.values()):8} " + " ".join(f"{totals[name]:9}" for name in OUTCOMES))
    return "\n".join(lines)


def length_faults(pairs, wire_lengths):
    """Flows over the wire whose lengths, at the sender, are not those that the bridge has seen."""
    lengths = defaultdict(Counter)
    for record, expected in pairs:
        if record.egress and expected.required:
            lengths[record.header.flow][record.original_length] += 1
    for flow, wanted in wire_lengths.items():
        missing, extra = wanted - lengths[flow], lengths[flow] - wanted
        if missing or extra:
            yield flow, missing, extra
