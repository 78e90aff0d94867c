# SPDX-License-Identifier: Apache-2.0
"""What other commands make of a live capture's labels and processes."""
import collections

import pcapng_file
from .harness import case, check
from .tokens import Talker

STEPS = """
    be("chat")
    sock = udp()
    port = sock.getsockname()[1]
    say(os.getpid())
    for step in range(3):
        heard()
        send(port, 5)
        receive(sock, 5)
        say("done")
    heard()
    """


def label(case, capture, rules, *options):
    """How many packets have which comments, without sample ids, once labelled by these rules."""
    path = case.path("again.pcapng")
    done = case.run("label", "-i", capture.output, "-l", rules, "-o", path, *options)
    check(done.returncode == 0, done.stderr)
    return collections.Counter(",".join(packet.label_fields[1:]) for packet in pcapng_file.read(path).packets)


@case
def activities_that_are_marked_and_processes_label_again(case):
    marks, rules = case.path("marks.csv"), case.path("rules.csv")
    talker = Talker(case, STEPS)
    pid = int(talker.line())
    capture = case.capture("--json")
    for arguments in (["reading"], ["talking, loudly"], ["--stop"]):
        done = case.run("mark", "-o", marks, *arguments)
        check(done.returncode == 0, done.stderr)
        talker.tell()
        talker.line()
    check(capture.stop() == 0, capture.said)

    found = label(case, capture, marks, "--keep-old")
    check(found == {"reading,was=chat": 10, "talking%2C loudly,was=chat": 10}, found)

    with open(rules, "w", encoding="utf-8") as file:
        file.write(f"PROC:name=other,wrong\nPROC:pid!={pid},wrong\nPROC:path=/nowhere/*,wrong\n"
                   f"LABEL:ch*|DIR:e|PROC:pid={pid}|PROC:args=*python*|PROC:uid=0,out\nPROC:path=*python*|DIR:i,in\n"
                   "LABEL:*,rest\n")
    found = label(case, capture, rules)
    check(found == {"out": 15, "in": 15}, found)
