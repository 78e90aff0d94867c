# SPDX-License-Identifier: Apache-2.0
"""What bench/run measures: the inputs, and rows of commands that are compared on one of them."""
import dataclasses
import os

import make_rules


@dataclasses.dataclass(frozen=True)
class Input:
    """A capture made by make_input, with the options that it gets."""
    name: str
    options: tuple
    about: str
    scale: int = 1  # so many times as large as others, up to MOST_BYTES

    def byte_count(self, usual):
        return max(usual, min(self.scale * usual, MOST_BYTES))


@dataclasses.dataclass(frozen=True)
class Tool:
    """A command. {in} {in2} {rules} are inputs, {out} a new file, {dir} a new directory, {part} a tenth of a
    thousandth of the packets; {pcapml} the program. Its output goes to {out} where `stdout` says so. What `apart`
    takes, run beside it, is taken off and told apart."""
    name: str
    command: str
    stdout: bool = False
    make_dir: bool = False
    captures: int = 1  # read by it; ratios are for each
    once: bool = False  # too slow to be repeated
    rules: tuple = ("hosts", 1)  # kind and number, for make_rules
    apart: str = ""


@dataclasses.dataclass(frozen=True)
class Aim:
    ratio: float
    against: str
    of: str = ""  # one command; otherwise all of pcapml that no aim names


@dataclasses.dataclass(frozen=True)
class Row:
    name: str
    about: str
    inputs: tuple
    tools: tuple
    aims: tuple = ()
    places: tuple = ("tmpfs", "disk")
    replace: bool = False  # each command's output of the run before stays, to be replaced
    evidence: bool = True  # part of what README.md and doc/performance.md rest on


@dataclasses.dataclass(frozen=True)
class Growth:
    """A row at several sizes of its input, or with several numbers of rules: one plot."""
    name: str
    about: str
    inputs: tuple
    tools: tuple
    by: str = "bytes"  # or rules; then `tools` are kinds of them


MOST_BYTES = 3_200_000_000  # 5,000,000 packets of the web-like mix

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
    Input("small.pcap", ("fixed=60",), "a flood of 60-byte packets, 1,000 flows, not labelled"),
    Input("small.pcapng", ("fixed=60", "labels=1"), "60-byte packets, 1,000 samples, interleaved"),
    Input("large.pcap", (), "as web.pcap, 5,000,000 packets from 400 MB on", scale=8),
    Input("elephant.pcap", ("flows=1",), "web-like mix, all of one flow"),
    Input("elephant.pcapng", ("flows=1", "labels=1"), "the same, one sample"),
    Input("mice.pcap", ("life=4", "fixed=80"), "flows of 4 packets in the mean (Poisson), 80 bytes each, 1,000 at a time; "
          "of 400 MB: 1,000,000 flows"),
    Input("mice.pcapng", ("life=4", "fixed=80", "labels=1"), "the same, a sample for each flow"),
)}

CP = Tool("cp", "cp --reflink=never {in} {out}")
CAT = Tool("cat", "cat {in}", stdout=True)
# tcpdump started by root gives up root before it opens its output.
TCPDUMP = Tool("tcpdump", "tcpdump " + ("-Z root " if os.geteuid() == 0 else "") + "-r {in} -w {out}")
CAPINFOS = Tool("capinfos", "capinfos -c {in}")
EDITCAP = Tool("editcap -c", "editcap -c {part} {in} {dir}/part.pcapng", make_dir=True)
EDITCAP_COPY = Tool("editcap", "editcap {in} {out}")
EDITCAP_PCAP = Tool("editcap", "editcap -F pcap {in} {out}")
TSHARK = Tool("tshark", "tshark -r {in} -Y tcp.port==443 -w {out}", once=True)
TSHARK_COUNT = Tool("tshark", "tshark -q -r {in} -z io,phs", once=True)
CAT_BOTH = Tool("cat of both", "cat {in} {in2}", stdout=True)
MERGECAP = Tool("mergecap", "mergecap -w {out} {in} {in2}")
REORDERCAP = Tool("reordercap", "reordercap {in} {out}", once=True)

LABEL = Tool("label", "{pcapml} label -q -i {in} -l {rules} -o {out}")
LABEL_FLOWS = Tool("label --sample flow", LABEL.command + " --sample flow")
RESOLVE = Tool("label --resolve", LABEL.command + " --resolve")
LABEL_PIPE = Tool("label, pipe", "sh -c 'cat {in} | {pcapml} label -q -i - -l {rules} -o {out}'")
RESOLVE_PIPE = Tool("label --resolve, pipe", "sh -c 'cat {in} | {pcapml} label -q -i - -l {rules} -o {out} --resolve'")
STRIP = Tool("strip", "{pcapml} strip -q -i {in} -o {out}")
SORT = Tool("sort", "{pcapml} sort -q -i {in} -o {out}")
SORT_64M = Tool("sort --memory 64M", SORT.command + " --memory 64M")
CP_DURABLE = Tool("cp, sync", "sh -c 'cp --reflink=never {in} {out} && sync {out}'")
SORT_DURABLE = Tool("sort --fsync", SORT.command + " --fsync")
SORT_64M_DURABLE = Tool("sort --memory 64M --fsync", SORT_64M.command + " --fsync")
SPLIT = Tool("split", "{pcapml} split -q -i {in} -o {dir}")
MERGE = Tool("merge", "{pcapml} merge -q -o {out} {in} {in2}")
SUMMARY = Tool("summary", "{pcapml} summary -q -i {in}")
COMPARE = Tool("compare", "{pcapml} compare -q -truth {in} -test {in2}", captures=2)
COMPARE_16M = Tool("compare --memory 16M", COMPARE.command + " --memory 16M", captures=2)


def with_rules(kind, count, name, once=False):
    """Label, compiling apart: of one packet, nearly nothing else is left. The row's last input is that packet."""
    return Tool(name, LABEL.command, rules=(kind, count), apart=LABEL.command.replace("{in}", "{in2}"), once=once)


ONE_RULE = with_rules("hosts", 1, "1 rule")
MANY_RULES = tuple(with_rules(kind, 10_000, f"10,000 {kind}") for kind in make_rules.KINDS)
ONE_LABELLED_RULE = with_rules("labels", 1, "1 rule")
MANY_LABELLED_RULES = tuple(with_rules(kind, 10_000, f"10,000 {kind}") for kind in make_rules.LABELLED_KINDS)

NEAR_CP = (Aim(1.2, "cp"),)
TWICE_CP = (Aim(2.0, "cp"),)
RULES_FREE = (Aim(1.2, "1 rule"), Aim(1.3, "cp"))
TMPFS = ("tmpfs",)

ROWS = (
    Row("label", "label, 1 rule", ("web.pcap",), (CP, CAT, TCPDUMP, EDITCAP_COPY, TSHARK, LABEL), NEAR_CP),
    Row("label-replace", "label, 1 rule, over an existing output", ("web.pcap",), (CP, LABEL), replace=True, evidence=False),
    Row("label-60", "label, 1 rule, 60-byte packets", ("small.pcap",), (CP, TCPDUMP, EDITCAP_COPY, LABEL)),
    Row("label-elephant", "label, 1 rule, one flow", ("elephant.pcap",), (CP, TCPDUMP, LABEL), NEAR_CP),
    Row("label-rules", "label, 10,000 rules, compiling apart", ("large.pcap", "one.pcap"), (CP, ONE_RULE, *MANY_RULES),
        RULES_FREE, TMPFS),
    Row("label-rules-60", "label, 10,000 rules, 60-byte packets, compiling apart", ("small.pcap", "one.pcap"),
        (CP, TCPDUMP, ONE_RULE, *MANY_RULES), RULES_FREE[:1], TMPFS),
    Row("label-rules-mice", "label, 10,000 rules, flows of 4 packets, compiling apart", ("mice.pcap", "one.pcap"),
        (CP, TCPDUMP, ONE_RULE, *MANY_RULES), RULES_FREE[:1], TMPFS),
    Row("label-labels", "label of what has labels, 10,000 rules that ask for them, compiling apart",
        ("labelled.pcapng", "one.pcap"), (CP, ONE_LABELLED_RULE, *MANY_LABELLED_RULES), RULES_FREE[:1], TMPFS),
    Row("label-flows", "label --sample flow", ("names.pcap",), (CP, LABEL, LABEL_FLOWS), (Aim(1.3, "label"),)),
    Row("label-resolve", "label --resolve, the file read twice", ("names.pcap",), (CP, LABEL, RESOLVE), (Aim(2.0, "label"),)),
    Row("label-resolve-pipe", "label --resolve, a pipe read once", ("names.pcap",), (CP, LABEL_PIPE, RESOLVE_PIPE),
        (Aim(1.3, "label, pipe"),), TMPFS, evidence=False),
    Row("strip", "strip", ("labelled.pcapng",), (CP, CAT, TCPDUMP, EDITCAP_PCAP, STRIP), NEAR_CP),
    Row("strip-replace", "strip, over an existing output", ("labelled.pcapng",), (CP, STRIP), replace=True, evidence=False),
    Row("strip-60", "strip, 60-byte packets", ("small.pcapng",), (CP, TCPDUMP, STRIP)),
    Row("split", "split, 1,000 samples", ("labelled.pcapng",), (CP, TCPDUMP, SPLIT), (Aim(1.5, "cp"),)),
    Row("split-10000", "split, 10,000 samples", ("labelled-10000.pcapng",), (CP, EDITCAP, SPLIT), (Aim(1.0, "editcap -c"),)),
    Row("sort", "sort, samples interleaved", ("labelled.pcapng",), (CP, TCPDUMP, SORT, SORT_64M),
        (*TWICE_CP, Aim(2.5, "cp", SORT_64M.name))),
    Row("sort-shuffled", "sort, in no order", ("shuffled.pcapng",), (CP, REORDERCAP, SORT, SORT_64M),
        (*TWICE_CP, Aim(2.5, "cp", SORT_64M.name))),
    Row("sort-durable", "sort, in no order, until it is on the disk", ("shuffled.pcapng",),
        (CP_DURABLE, SORT_DURABLE, SORT_64M_DURABLE), (Aim(2.5, CP_DURABLE.name, SORT_64M_DURABLE.name),),
        places=("disk",), evidence=False),
    Row("sort-sorted", "sort, sorted before", ("sorted.pcapng",), (CP, REORDERCAP, SORT), TWICE_CP),
    Row("sort-10000", "sort, 10,000 samples interleaved", ("labelled-10000.pcapng",), (CP, SORT), TWICE_CP, evidence=False),
    Row("sort-elephant", "sort, one sample", ("elephant.pcapng",), (CP, SORT), TWICE_CP),
    Row("sort-mice", "sort, samples of 4 packets", ("mice.pcapng",), (CP, TCPDUMP, SORT)),
    Row("merge", "merge of two captures", ("labelled.pcapng", "other.pcapng"), (CAT_BOTH, MERGECAP, MERGE)),
    Row("summary", "summary", ("labelled.pcapng",), (CAPINFOS, CP, TSHARK_COUNT, SUMMARY), (Aim(1.0, "capinfos"),), TMPFS),
    Row("summary-mice", "summary, samples of 4 packets", ("mice.pcapng",), (CAPINFOS, CP, SUMMARY), places=TMPFS),
    Row("compare", "compare, in the same order, for each capture read", ("labelled.pcapng", "other.pcapng"),
        (CAPINFOS, CP, COMPARE), (Aim(1.0, "capinfos"),), TMPFS),
    Row("compare-shuffled", "compare with a shuffled test, for each capture read", ("labelled.pcapng", "shuffled.pcapng"),
        (CAPINFOS, CP, COMPARE), places=TMPFS),
    Row("compare-memory", "compare --memory 16M, for each capture read", ("labelled.pcapng", "other.pcapng"),
        (CAPINFOS, CP, COMPARE, COMPARE_16M), places=TMPFS),
)

SORT_LITTLE = Tool("sort --memory 32M", SORT.command + " --memory 32M")
GROWTHS = (
    Growth("label", "label, 1 rule", ("web.pcap",), (CP, TCPDUMP, LABEL)),
    Growth("strip", "strip", ("labelled.pcapng",), (CP, TCPDUMP, STRIP)),
    Growth("sort", "sort, in no order", ("shuffled.pcapng",), (CP, SORT, SORT_LITTLE)),
    Growth("split", "split, 1,000 samples", ("labelled.pcapng",), (CP, EDITCAP, SPLIT)),
    Growth("merge", "merge of two captures", ("labelled.pcapng", "other.pcapng"), (CAT_BOTH, MERGECAP, MERGE)),
    Growth("compare", "compare, in the same order, both captures", ("labelled.pcapng", "other.pcapng"),
           (CAPINFOS, *(dataclasses.replace(tool, captures=1) for tool in (COMPARE, COMPARE_16M)))),
    Growth("summary", "summary", ("labelled.pcapng",), (CAPINFOS, CP, SUMMARY)),
    Growth("rules", "label by more and more rules", ("web.pcap", "one.pcap"), tuple(make_rules.KINDS), by="rules"),
)

START_UP_SECONDS = 0.010
START_UP = Row("start-up", "start-up", ("one.pcap",), (
    Tool("true", "/bin/true"),
    Tool("capinfos of one packet", "capinfos -c {in}"),
    Tool("pcapml --version", "{pcapml} --version"),
    Tool("strip of one packet", STRIP.command),
    Tool("label of one packet", LABEL.command),
), places=TMPFS)
