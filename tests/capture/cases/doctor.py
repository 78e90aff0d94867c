# SPDX-License-Identifier: Apache-2.0
"""`pcapml doctor` on the machine that these tests run on."""
import glob
import json
import os
import shutil
import subprocess

from control_group import cgroup2_mount
from .harness import CaseSkipped, case, check


def consult(case, *options, before=()):
    done = subprocess.run([*before, case.world.binary, "doctor", *options], capture_output=True, text=True, timeout=60,
                          check=False)
    left = glob.glob(os.path.join(cgroup2_mount(), "**", "pcapml-doctor-*"), recursive=True)
    check(not left, f"cgroups are left: {left}")
    check("\033" not in done.stdout, "colours in a pipe")
    return done


@case
def the_doctor_finds_a_machine_that_captures_well(case):
    done = consult(case)
    check(done.returncode == 0, f"exit status {done.returncode}: {done.stdout}{done.stderr}")
    check(done.stdout.endswith("capture will work here\n"), done.stdout)
    report = json.loads(consult(case, "--json").stdout)
    states = {one["name"]: one["state"] for one in report["checks"]}
    check(report["works"] and states["programs"] == states["hooks"] == "ok", str(states))


@case
def the_doctor_names_what_a_user_lacks(case):
    if not shutil.which("setpriv"):
        raise CaseSkipped("no setpriv")
    without = ("setpriv", "--bounding-set", "-all", "--inh-caps", "-all")
    done = consult(case, before=without)
    check(done.returncode == 1, f"exit status {done.returncode}")
    for name in ("CAP_BPF", "CAP_PERFMON", "CAP_NET_ADMIN", "CAP_SYS_PTRACE", "CAP_DAC_READ_SEARCH", "setcap"):
        check(name in done.stdout, f"no {name}: {done.stdout}")
    check("capture will not work here: privileges" in done.stdout, done.stdout)
    report = json.loads(consult(case, "--json", before=without).stdout)
    lacking = [one["name"] for one in report["checks"] if one["state"] == "missing"]
    check(not report["works"] and lacking == ["privileges"], str(lacking))
