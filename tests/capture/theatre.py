# SPDX-License-Identifier: Apache-2.0
"""The world of one test run, and the order in which things begin and end in it."""
import itertools
import json
import os
import select
import shutil
import sys
import time
import traceback

import journal
import machine
import pcapng_file
import scorer
import truth
from control_group import ControlGroup, cgroup2_mount
from network import Network, wait_until_quiet
from program import Capture, NotReady
from stage import ACTORS, PATIENCE, Signal, Skip, Stage, die_with_parent, rename
from witness import LINKS, Witness


def remove_tree(path):
    shutil.rmtree(path, ignore_errors=True)


class World:
    """A control group and namespaces, gone when it is closed."""
    numbers = itertools.count()

    def __init__(self, binary, in_place=False, kernel_inside=False):
        self.binary, self.in_place = binary, in_place
        self.group = ControlGroup(f"pcapml-test-{os.getpid()}-{next(World.numbers)}")
        self.kernel_inside = in_place or kernel_inside
        try:
            self.network = Network(self.group if kernel_inside else None)
            self.dropped_before = self.network.dropped()
        except BaseException:
            self.group.remove()
            raise

    @property
    def captured_group(self):
        return cgroup2_mount() if self.in_place else self.group.path

    def close(self):
        self.network.close()
        self.group.remove()

    def wait_until_quiet(self):
        wait_until_quiet((self.network.near, self.network.far))


class Director:
    """A process in the captured group that plays one actor; its result comes through a pipe."""

    def __init__(self, world, actor, number, directory):
        self.actor = actor
        self.prepared, self.begun = Signal(), Signal()
        self.result, result_end = os.pipe()
        self.pid = os.fork()
        if self.pid:
            os.close(result_end)
            return
        outcome = {"status": "failed", "reason": ""}
        try:
            die_with_parent()
            world.group.enter()
            rename(f"{actor.name}-dir")
            stage = Stage(actor.name, number, world.network.spaces(), directory, self.prepared, self.begun)
            try:
                actor.play(stage)
            finally:
                stage.finish()
            outcome["status"] = "played"
        except Skip as error:
            outcome = {"status": "skipped", "reason": str(error)}
        except BaseException:
            outcome["reason"] = traceback.format_exc()
        finally:
            os.write(result_end, json.dumps(outcome).encode()[:60000])
            os._exit(0)

    def wait_until_prepared(self):
        """An early actor that is skipped or fails never says that it is prepared."""
        ready, _, _ = select.select([self.prepared.reader, self.result], [], [], PATIENCE)
        return self.prepared.reader in ready

    def wait(self):
        with open(self.result, "rb") as pipe:
            text = pipe.read()
        os.waitpid(self.pid, 0)
        self.prepared.close()
        self.begun.close()
        return json.loads(text) if text else {"status": "failed", "reason": "its process was killed"}


class Performance:
    """Actors that play in front of a witness and, between two of its moments, a capture."""

    def __init__(self, world, directory, names=None):
        self.world, self.directory = world, directory
        os.makedirs(directory, exist_ok=True)
        self.names = [name for name in ACTORS if names is None or name in names]
        self.outcomes = {}
        open(os.path.join(directory, "journal"), "w", encoding="utf-8").close()

    def director(self, name):
        return Director(self.world, ACTORS[name], list(ACTORS).index(name), self.directory)

    def prepare(self):
        """Early actors set up their sockets, then the witness looks."""
        self.early = [self.director(name) for name in self.names if ACTORS[name].early]
        for one in self.early:
            one.wait_until_prepared()
        links = [link for link in LINKS if self.world.network.tunnels or link[1] != "tun0"]
        self.witness = Witness(self.world.network.spaces(), links, os.path.join(self.directory, "witness.pickle"))

    def play(self):
        """Call while the capture runs."""
        self.begun_ns = time.time_ns()
        for one in self.early:
            one.begun.give()
        long = [self.director(name) for name in self.names if ACTORS[name].long]
        for name in self.names:
            if not (ACTORS[name].early or ACTORS[name].long):
                self.keep(self.director(name))
        for one in self.early + long:
            self.keep(one)
        self.world.wait_until_quiet()

    def keep(self, director):
        self.outcomes[director.actor.name] = director.wait()

    def truth(self, **options):
        wire, self.witness_lost = self.witness.stop()
        return truth.build(journal.read(os.path.join(self.directory, "journal")), wire,
                           self.world.kernel_inside, whole_machine=self.world.in_place, **options)

    def played(self):
        return sum(outcome["status"] == "played" for outcome in self.outcomes.values())

    def report_outcomes(self):
        """True where no actor failed."""
        for name, outcome in self.outcomes.items():
            if outcome["status"] != "played":
                print(f"{outcome['status']:8} {name}: {outcome['reason'].strip()}")
        return all(outcome["status"] != "failed" for outcome in self.outcomes.values())


def capture_and_score(world, directory, names, limit):
    show = Performance(world, directory, names)
    show.prepare()
    output = os.path.join(directory, "capture.pcapng")
    capture = Capture(world.binary, output, world.captured_group, "--json")
    try:
        show.play()
        status = capture.stop()
    finally:
        capture.end()
    expected = show.truth()
    result = pcapng_file.read(output)
    records, others = scorer.records_of(result)
    outcome = scorer.score(records, expected.expected)
    print(scorer.table(outcome, expected.expected))
    return judge(show, capture, status, expected, result, records, others, outcome, limit)


def judge(show, capture, status, expected, result, records, others, outcome, limit):
    good = show.report_outcomes()
    print(f"taken out of the judgement ({sum(expected.socketless.values())} packet ends):")
    for reason, count in sorted(expected.socketless.items()):
        print(f"  {count:6} {reason}")
    if outcome.kernel:
        print("seen all the same, and judged by label: "
              + ", ".join(f"{actor} {label} {count}" for (actor, label), count in sorted(outcome.kernel.items())))
    for finding in outcome.findings[:limit]:
        print(f"  {finding}")
    if len(outcome.findings) > limit:
        print(f"  and {len(outcome.findings) - limit} more")
    if outcome.aspects:
        print("wrong in: " + ", ".join(f"{aspect} {count}" for aspect, count in outcome.aspects.most_common()))
    problems = list(structure_faults(result, records, others, expected.ends.renamed))
    problems += [f"no packet of the wire is explained: {one.link} {one.data[:60].hex()}"
                 for one in expected.unexplained[:5]]
    if expected.unexplained:
        problems.append(f"{len(expected.unexplained)} packets of the wire that no actor wrote down")
    if show.witness_lost:
        problems.append(f"the witness lost {show.witness_lost} packets")
    dropped = show.world.network.dropped() - show.world.dropped_before
    if dropped:
        print(f"devices dropped {dropped} packets after the witness saw them")
    for flow, missing, extra in scorer.length_faults(outcome.pairs, expected.wire_lengths):
        problems.append(f"lengths of {flow}: the wire has {dict(missing)} more, the capture {dict(extra)} more")
    problems += list(summary_faults(capture.report, expected, records))
    if status:
        problems.append(f"exit status {status}: {capture.said.strip()}")
    for problem in problems[:limit]:
        print(f"problem: {problem}")
    unknown = outcome.count("unknown")
    passed = good and outcome.clean and not problems
    print(f"{'PASSED' if passed else 'FAILED'}: {len(records)} packets of {show.played()} actors; "
          + ", ".join(f"{name} {count}" for name, count in outcome.totals().items())
          + f"; {len(problems)} problems; unknown {unknown}")
    return passed


def structure_faults(result, records, others, renamed):
    for one in others[:3]:
        yield f"not a labelled packet: {one if isinstance(one, str) else (one.number, one.comments)}"
    for interface in result.interfaces:
        if interface.link_type != 101 or interface.resolution != 9 or not interface.name:
            yield f"interface {interface}"
    known = {}
    blocks = {(process.pid, scorer.encoded(process.text(2))): process.position
              for process in reversed(result.processes)}
    for record in records:
        if record.process is None or record.label.startswith("_") or record.label in renamed:
            continue
        pid = record.process[0]
        if known.setdefault((pid, record.label), True) and blocks.get((pid, record.label), 1 << 60) > record.number:
            known[pid, record.label] = False
            yield f"no process block of {record.label} ({pid}) before packet {record.number}"
    if result.torn_bytes:
        yield f"{result.torn_bytes} bytes of a torn block"


def summary_faults(report, expected, records):
    wanted = {"written": len(records), "lost": 0, "cut": 0,
              "unknown": sum(record.label == "_unknown" for record in records),
              "kernel": sum(record.label == "_kernel" for record in records),
              "translated": sum(one.translated for one in expected.expected)}
    for name, value in wanted.items():
        if report.get(name) != value:
            yield f"the closing summary has {name} {report.get(name)}, not {value}"


def perform(chosen, directory):
    import cases
    names = chosen.only.split(",") if chosen.only and chosen.only != "none" else None
    unknown = set(names or ()) - set(ACTORS)
    if unknown:
        print(f"no such actor: {', '.join(sorted(unknown))}", file=sys.stderr)
        return 2
    reason = machine.missing()
    try:
        world = None if reason else World(chosen.binary, chosen.in_place)
    except OSError as error:  # a cgroup, a namespace or a device that cannot be made
        reason = str(error)
    if reason:
        print(f"skipped: {reason}")
        return 77
    try:
        passed = True
        if chosen.only != "none":
            passed = capture_and_score(world, os.path.join(directory, "workload"), names, chosen.findings)
        wanted = chosen.cases or ("none" if chosen.only else "all")
        if wanted != "none":
            passed = cases.run(world, os.path.join(directory, "cases"),
                               None if wanted == "all" else wanted.split(",")) and passed
        return 0 if passed else 1
    except NotReady as error:
        if "built without" in error.text:
            print(f"skipped: {error}")
            return 77
        print(f"FAILED: the capture did not begin: {error}")
        return 1
    finally:
        world.close()
