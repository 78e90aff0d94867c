# SPDX-License-Identifier: Apache-2.0
"""Packets that the kernel sends for itself.

Its sockets for a namespace belong to the control group of the process that made the namespace. So namespaces that are
made inside the captured group show on any machine what otherwise only the root group shows.
"""
import scorer
from .harness import case, check

KERNEL_ACTORS = ("ping4", "ping6", "udpshut", "tcpshut", "mcast6", "tcp6v", "udp6conn")


@case
def the_kernels_packets_have_no_process(case):
    if case.world.in_place:
        world = case.world
    else:
        world = case.own_world(kernel_inside=True)
        case.world = world
    records, expected, _, capture = case.perform(KERNEL_ACTORS)
    outcome = scorer.score(records, expected)
    check(outcome.clean and not outcome.count("unknown"), f"{outcome.totals()}: {outcome.findings[:4]}")
    kernels = {label for actor, label in outcome.kernel if actor == "(kernel)"}
    check("_kernel" in kernels, f"no packet of the kernel was captured: {outcome.kernel}")
    check(kernels <= {"_kernel", "_unknown"}, f"packets of the kernel have the labels {kernels}")
    told = sum(record.label == "_kernel" for record in records)
    check(capture.report["kernel"] == told, f"the summary tells {capture.report['kernel']}, the file {told}")


@case
def known_only_leaves_them_out(case):
    if not case.world.in_place:
        case.world = case.own_world(kernel_inside=True)
    records, expected, *_ = case.perform(KERNEL_ACTORS, "--known-only")
    check(not any(record.label.startswith("_") for record in records), "a packet without a process")
    outcome = scorer.score(records, expected)
    check(outcome.clean, f"{outcome.totals()}: {outcome.findings[:4]}")
