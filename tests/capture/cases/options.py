# SPDX-License-Identifier: Apache-2.0
"""Options: what each changes, and that it changes nothing else."""
import os
import re
import sys
import urllib.parse

import scorer
from .harness import SMALL, case, check, must_be_right, renamed


def only(expected, *labels):
    """What --allow leaves of the truth."""
    for one in expected:
        check(one.kernel or len(one.labels) == 1, f"the truth is in doubt: {one.labels}")
    return [one for one in expected if next(iter(one.labels)) in labels]


@case
def allow_keeps_exactly_these(case):
    records, expected, *_ = case.perform(SMALL, "--allow", "tcp4-srv,udpconn-cli")
    must_be_right(records, only(expected, "tcp4-srv", "udpconn-cli"))


@case
def deny_leaves_out_exactly_these(case):
    records, expected, *_ = case.perform(SMALL, "--deny", "tcp4-srv,udpconn-cli,nobody")
    labels = {label for one in expected if not one.kernel for label in one.labels} - {"tcp4-srv", "udpconn-cli"}
    must_be_right(records, only(expected, *labels))


@case
def allow_knows_a_worker_of_a_prefork_server(case):
    """Its handshake was its listener's when it was seen."""
    records, expected, *_ = case.perform(("prenull",), "--allow", "prenull-w1")
    must_be_right(records, only(expected, "prenull-w1"))


@case
def allow_matches_the_executable(case):
    executable = os.path.basename(os.path.realpath(sys.executable))
    records, expected, *_ = case.perform(SMALL, "--allow", executable)
    must_be_right(records, expected)


@case
def allow_matches_the_first_15_bytes(case):
    records, expected, _, capture = case.perform(("onepkt", "udpname"), "--allow", "onepkt-p03,udpname-befor-and-more")
    must_be_right(records, only(expected, "onepkt-p03"))


@case
def allow_and_deny_together(case):
    executable = os.path.basename(os.path.realpath(sys.executable))
    records, expected, *_ = case.perform(SMALL, "--allow", executable, "--deny", "tcp4-srv")
    labels = {label for one in expected if not one.kernel for label in one.labels} - {"tcp4-srv"}
    must_be_right(records, only(expected, *labels))


@case
def label_gives_every_packet_one_class(case):
    records, expected, *_ = case.perform(SMALL, "--label", "my,class")
    check({record.label for record in records} == {"my%2Cclass"}, {record.label for record in records})
    must_be_right(records, renamed(expected, lambda label: "my%2Cclass"))


@case
def label_by_exe(case):
    records, expected, *_ = case.perform(SMALL, "--label-by", "exe")
    executable = os.path.basename(os.path.realpath(sys.executable))
    check({record.label for record in records} == {executable}, {record.label for record in records})
    must_be_right(records, renamed(expected, lambda label: executable))


@case
def label_by_cmdline(case):
    records, expected, *_ = case.perform(SMALL, "--label-by", "cmdline")
    with open("/proc/self/cmdline", "rb") as file:
        words = file.read().rstrip(b"\0").decode().split("\0")
    found = {urllib.parse.unquote(record.label) for record in records}
    check(len(found) == 1, found)
    check(all(os.path.basename(word) in found.copy().pop() for word in words[:2]), f"{found}, not {words}")


@case
def session_stands_in_every_label(case):
    records, expected, *_ = case.perform(SMALL, "--session", "monday")
    check(all(record.keys.get("session") == "monday" for record in records), records[0].keys)
    must_be_right(records, expected)


@case
def provenance_says_how_the_owner_is_known(case):
    records, expected, *_ = case.perform(SMALL + ("oldread", "prenull"), "--provenance")
    ways = {"send", "recv", "accept", "listener", "inherited", "iterator", "held"}
    found = {record.keys.get("via") for record in records}
    check(found <= ways and "send" in found, f"via: {found}")
    old = {record.keys.get("via") for record in records if record.label == "oldread-srv" and not record.egress}
    check("iterator" in old, f"a socket older than the capture is known by {old}")
    must_be_right(records, expected)


@case
def no_provenance_without_the_option(case):
    records, *_ = case.perform(SMALL)
    check(not any("via" in record.keys or "session" in record.keys for record in records), records[0].keys)


@case
def superpackets_stay_whole(case):
    records, expected, _, capture = case.perform(("bulk4", "gso4"), "--superpackets", "--snap-len", "0")
    for actor, protocol in (("bulk4", 6), ("gso4", 17)):
        flows = {one.header.flow for one in expected if one.actor == actor and one.egress}
        wanted = sum(one.header.length - one.header.payload for one in expected if one.egress and one.header.flow in flows)
        mine = [record for record in records if record.egress and record.header.flow in flows]
        got = sum(record.original_length - record.header.payload for record in mine)
        check(got == wanted, f"{actor}: {got} bytes of payload, not {wanted}")
        check(max(record.original_length for record in mine) > 3000, f"{actor}: no superpacket")
    short = [record for record in records if record.original_length < 65536
             and record.header.length != record.original_length]
    check(not short, f"lengths in headers differ: {short[:1]}")


@case
def ethernet_headers(case):
    records, expected, file, _ = case.perform(SMALL, "--ethernet")
    check({one.link_type for one in file.interfaces} == {1}, file.interfaces)
    types = {4: b"\x08\x00", 6: b"\x86\xdd"}
    for packet, record in zip(file.packets, records):
        check(packet.data[12:14] == types[record.header.version], packet.data[:14].hex())
    must_be_right(records, expected)


@case
def no_args_leaves_command_lines_out(case):
    _, _, file, _ = case.perform(("execname",), "--no-args")
    check(file.processes and not any(process.values(4) for process in file.processes), "a command line is in the file")
    content = open(case.path("capture.pcapng"), "rb").read()
    check(case.path("stage").encode() not in re.sub(rb"command: [^\0]*", b"", content).replace(
        os.path.join(case.path("stage"), "execname-new").encode(), b""), "an argument is in the file")


@case
def snap_length_applies_to_each_segment(case):
    records, expected, file, _ = case.perform(("bulk4", "bulklo6", "udpbig"), "--snap-len", "100")
    check(max(len(record.data) for record in records) == 100, "longer than the snap length")
    check({one.snap_length for one in file.interfaces} == {100}, file.interfaces)
    must_be_right(records, expected)


@case
def without_snap_length_all_is_there_and_all_checksums_are_right(case):
    names = ("bulk4", "bulk6", "bulklo", "bulklo6", "udpbig", "gsolo", "gone", "frag4", "frag6", "lite4", "mcast6")
    records, expected, *_ = case.perform(names, "--snap-len", "0")
    check(all(len(record.data) == record.original_length for record in records), "cut")
    must_be_right(records, expected)


@case
def include_dns_writes_dns(case):
    records, expected, *_ = case.perform(("dns", "tcp4"), "--include-dns", include_dns=True)
    check(any(record.header.flow[4] == 53 for record in records), "no DNS packet")
    must_be_right(records, expected)


@case
def no_resolve_writes_dns_and_no_names(case):
    records, expected, *_ = case.perform(("hello", "tcp4"), "--no-resolve")
    check(not any("dst" in record.keys for record in records), "dst= all the same")
    for one in expected:
        one.dst, one.dst_required = None, False
    must_be_right(records, expected)


@case
def names_are_found_whatever_the_snap_length(case):
    records, expected, *_ = case.perform(("hello", "dns"), "--snap-len", "60")
    must_be_right(records, expected)


@case
def a_small_buffer_gives_up_payload_before_packets(case):
    records, expected, _, capture = case.perform(("bulklo", "bulk4", "bulk6"), "--buffer", "1")
    outcome = scorer.score(records, expected)
    lost = capture.report["lost"]
    check(outcome.count("missing") <= lost, f"{outcome.count('missing')} missing, {lost} told")
    check(not outcome.count("wrong") and not outcome.count("duplicate"), "; ".join(outcome.findings[:3]))
