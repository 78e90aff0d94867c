# SPDX-License-Identifier: Apache-2.0
"""What bench/run measures: the inputs, and rows of commands that are compared on one of them."""
import dataclasses
import os


@dataclasses.dataclass(frozen=True)
class Input:
    """A capture made by make_input, with the options that it gets."""
    name: str
    options: tuple
    about: str


@dataclasses.dataclass(frozen=True)
class Tool:
    """A command. {in} {in2} {rules} are inputs, {out} a new file, {dir} a new directory, {part} a tenth of a
    thousandth of the packets; {pcapml} the program. Its output goes to {out} where `stdout` says so."""
    name: str
    command: str
    stdout: bool = False
    make_dir: bool = False
    captures: int = 1  # read by it; ratios are for each
    once: bool = False  # too slow to be repeated


@dataclasses.dataclass(frozen=True)
class Aim:
    ratio: float
    against: str


@dataclasses.dataclass(frozen=True)
class Row:
    name: str
    about: str
    inputs: tuple
    tools: tuple
    aim: Aim = None
    places: tuple = ("tmpfs", "disk")
    replace: bool = False  # each command's output of the run before stays, to be replaced


INPUTS = {i.name: i for i in (
    Input("web.pcap", (), "web-like mix, 1,000 flows, not labelled"),
    Input("one.pcap", ("bytes=1",), "one packet"),
    Input("labelled.pcapng", ("labels=1",), "web-like mix, 1,000 samples, interleaved in bursts, by time"),
    Input("other.pcapng", ("labels=1", "wrong=50"), "the same, 5 % of the flows labelled otherwise"),
    Input("shuffled.pcapng", ("labels=1", "order=shuffled"), "the same packets in no order at all"),
    Input("sorted.pcapng", ("labels=1", "order=sorted"), "the same packets sorted by sample and time"),
    Input("labelled-10000.pcapng", ("labels=1", "flows=10000"), "web-like mix, 10,000 samples, interleaved"),
    Input("names.pcap", ("names=1", "flows=500"), "web-like mix, flows of 50 packets, 500 at a time: 7 of 10 with "
          "handshake and ClientHello, 2 with a DNS answer before"),
    Input("small.pcap", ("fixed=60",), "60-byte packets, 1,000 flows, not labelled"),
    Input("small.pcapng", ("fixed=60", "labels=1"), "60-byte packets, 1,000 samples, interleaved"),
)}

RULES = "BPF:tcp port 443,web\n"  # every packet of every input matches, but for DNS

CP = Tool("cp", "cp --reflink=never {in} {out}")
CAT = Tool("cat", "cat {in}", stdout=True)
# tcpdump started by root gives up root before it opens its output.
TCPDUMP = Tool("tcpdump", "tcpdump " + ("-Z root " if os.geteuid() == 0 else "") + "-r {in} -w {out}")
CAPINFOS = Tool("capinfos", "capinfos -c {in}")
EDITCAP = Tool("editcap", "editcap -c {part} {in} {dir}/part.pcapng", make_dir=True)
REORDERCAP = Tool("reordercap", "reordercap {in} {out}", once=True)

LABEL = Tool("label", "{pcapml} label -q -i {in} -l {rules} -o {out}")
LABEL_FLOWS = Tool("label --sample flow", LABEL.command + " --sample flow")
RESOLVE = Tool("label --resolve", LABEL.command + " --resolve")
LABEL_PIPE = Tool("label, pipe", "sh -c 'cat {in} | {pcapml} label -q -i - -l {rules} -o {out}'")
RESOLVE_PIPE = Tool("label --resolve, pipe", "sh -c 'cat {in} | {pcapml} label -q -i - -l {rules} -o {out} --resolve'")
STRIP = Tool("strip", "{pcapml} strip -q -i {in} -o {out}")
SORT = Tool("sort", "{pcapml} sort -q -i {in} -o {out}")
SORT_64M = Tool("sort --memory 64M", SORT.command + " --memory 64M")
SPLIT = Tool("split", "{pcapml} split -q -i {in} -o {dir}")
SUMMARY = Tool("summary", "{pcapml} summary -q -i {in}")
COMPARE = Tool("compare", "{pcapml} compare -q -truth {in} -test {in2}", captures=2)
COMPARE_16M = Tool("compare --memory 16M", COMPARE.command + " --memory 16M", captures=2)

NEAR_CP = Aim(1.2, "cp")

ROWS = (
    Row("label", "label, 1 rule", ("web.pcap",), (CP, CAT, TCPDUMP, LABEL), NEAR_CP),
    Row("label-replace", "label, 1 rule, over an existing output", ("web.pcap",), (CP, LABEL), replace=True),
    Row("label-60", "label, 1 rule, 60-byte packets", ("small.pcap",), (CP, TCPDUMP, LABEL)),
    Row("label-flows", "label --sample flow", ("names.pcap",), (CP, LABEL, LABEL_FLOWS), Aim(1.3, "label")),
    Row("label-resolve", "label --resolve, the file read twice", ("names.pcap",), (CP, LABEL, RESOLVE), Aim(2.0, "label")),
    Row("label-resolve-pipe", "label --resolve, a pipe read once", ("names.pcap",), (CP, LABEL_PIPE, RESOLVE_PIPE),
        Aim(1.3, "label, pipe"), ("tmpfs",)),
    Row("strip", "strip", ("labelled.pcapng",), (CP, CAT, TCPDUMP, STRIP), NEAR_CP),
    Row("strip-replace", "strip, over an existing output", ("labelled.pcapng",), (CP, STRIP), replace=True),
    Row("strip-60", "strip, 60-byte packets", ("small.pcapng",), (CP, TCPDUMP, STRIP)),
    Row("split", "split, 1,000 samples", ("labelled.pcapng",), (CP, TCPDUMP, SPLIT), Aim(1.5, "cp")),
    Row("split-10000", "split, 10,000 samples", ("labelled-10000.pcapng",), (CP, EDITCAP, SPLIT), Aim(1.0, "editcap")),
    Row("sort", "sort, samples interleaved", ("labelled.pcapng",), (CP, TCPDUMP, SORT), Aim(2.0, "cp")),
    Row("sort-shuffled", "sort, in no order", ("shuffled.pcapng",), (CP, REORDERCAP, SORT), Aim(2.0, "cp")),
    Row("sort-sorted", "sort, sorted before", ("sorted.pcapng",), (CP, REORDERCAP, SORT), Aim(2.0, "cp")),
    Row("sort-10000", "sort, 10,000 samples interleaved", ("labelled-10000.pcapng",), (CP, SORT), Aim(2.0, "cp")),
    Row("sort-memory", "sort --memory 64M, samples interleaved", ("labelled.pcapng",), (CP, SORT, SORT_64M),
        Aim(2.5, "cp"), ("disk",)),
    Row("sort-memory-shuffled", "sort --memory 64M, in no order", ("shuffled.pcapng",), (CP, SORT, SORT_64M),
        Aim(2.5, "cp"), ("disk",)),
    Row("summary", "summary", ("labelled.pcapng",), (CAPINFOS, CP, SUMMARY), Aim(1.0, "capinfos"), ("tmpfs",)),
    Row("compare", "compare, in the same order, for each capture read", ("labelled.pcapng", "other.pcapng"),
        (CAPINFOS, CP, COMPARE), Aim(1.0, "capinfos"), ("tmpfs",)),
    Row("compare-shuffled", "compare with a shuffled test, for each capture read", ("labelled.pcapng", "shuffled.pcapng"),
        (CAPINFOS, COMPARE), places=("tmpfs",)),
    Row("compare-memory", "compare --memory 16M, for each capture read", ("labelled.pcapng", "other.pcapng"),
        (CAPINFOS, COMPARE, COMPARE_16M), places=("tmpfs",)),
)

START_UP_SECONDS = 0.010
START_UP = Row("start-up", "start-up", ("one.pcap",), (
    Tool("true", "/bin/true"),
    Tool("capinfos of one packet", "capinfos -c {in}"),
    Tool("pcapml --version", "{pcapml} --version"),
    Tool("strip of one packet", STRIP.command),
    Tool("label of one packet", LABEL.command),
), places=("tmpfs",))
