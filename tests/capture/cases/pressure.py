# SPDX-License-Identifier: Apache-2.0
"""A program that does not get the processor: what it missed is counted, what it says late is still true."""
import signal
import struct
import time

import pcapng_file
import scorer
from .harness import case, check, must_be_right


def while_stopped(case, names, *options, longer=0):
    """The actors play while the program is stopped; it looks at all of it afterwards."""
    show = case.show(*names)
    show.prepare()
    capture = case.capture("--json", *options)
    capture.process.send_signal(signal.SIGSTOP)
    show.play()
    time.sleep(longer)
    capture.process.send_signal(signal.SIGCONT)
    status = capture.stop()
    check(status == 0, f"exit status {status}: {capture.said}")
    check(show.report_outcomes(), "an actor failed")
    expected = show.truth()
    file = pcapng_file.read(case.path("capture.pcapng"))
    return scorer.records_of(file)[0], expected.expected, file, capture


@case
def owners_are_right_when_the_program_was_late(case):
    """Holds are times between packets, not times of the program."""
    records, expected, *_ = while_stopped(case, ("prenull", "forksrv", "inetd", "crowdlo", "scm", "execname", "rename",
                                                 "onepkt", "nearly"))
    must_be_right(records, expected)


@case
def a_hold_does_not_end_before_what_was_said_in_time_is_read(case):
    """Between a handshake and the first word, 110 ms later, thousands of packets lie in the ring."""
    records, expected, *_ = while_stopped(case, ("nearly", "flood"), longer=0.3)
    must_be_right(records, expected)


@case
def a_mute_worker_is_mute_when_the_program_was_late(case):
    records, expected, *_ = while_stopped(case, ("mute", "late"))
    must_be_right(records, expected)


@case
def losses_are_counted_exactly(case):
    names = ("bulklo", "flood", "bulk4", "bulk6", "gso4", "udpcrowd")
    records, expected, file, capture = while_stopped(case, names, "--buffer", "1")
    lost = capture.report["lost"]
    outcome = scorer.score(records, expected)
    check(lost > 0, "the ring was large enough: nothing was tested")
    check(outcome.count("missing") == lost, f"{outcome.count('missing')} packets are missing, {lost} are told")
    check(not outcome.count("duplicate") and set(outcome.aspects) <= {"label"},
          f"{outcome.totals()} {dict(outcome.aspects)}: " + "; ".join(outcome.findings[:2]))
    drops = sum(packet.dropped or 0 for packet in file.packets)
    in_statistics = sum(struct.unpack("<Q", pcapng_file.first(options, 7))[0] for _, options in file.statistics)
    check(in_statistics == lost, f"the Interface Statistics Blocks tell {in_statistics}, the summary {lost}")
    check(drops <= lost, f"the packets tell {drops} losses, the summary {lost}")


@case
def payload_is_given_up_before_packets(case):
    records, expected, file, capture = while_stopped(case, ("bulklo", "bulk4"), "--buffer", "2")
    cut = [record for record in records if len(record.data) < min(1500, record.original_length)]
    check(capture.report["cut"] == len(cut), f"{len(cut)} packets are cut, {capture.report['cut']} are told")
    check(cut, "the ring was large enough: nothing was tested")
    check(all(len(record.data) >= record.header.payload for record in cut), "headers are cut")
    outcome = scorer.score(records, expected)
    check(outcome.count("missing") == capture.report["lost"],
          f"{outcome.count('missing')} missing, {capture.report['lost']} lost")
