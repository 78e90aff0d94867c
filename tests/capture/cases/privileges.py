# SPDX-License-Identifier: Apache-2.0
"""What each process of a capture may do, and whose the files and the command are."""
import glob
import os
import pwd
import shutil
import subprocess

import pcapng_file
from program import NotReady
from .harness import NOBODY, CaseSkipped, case, check, under_sudo
from .tokens import Talker, command, inside, records_in, script, tokens_must_be

# linux/capability.h
DAC_OVERRIDE, DAC_READ_SEARCH, SYS_PTRACE, BPF = 1, 2, 19, 39
CAPABILITY_SETS = ("CapInh", "CapPrm", "CapEff", "CapAmb")

TELL = ["sh", "-c", "cat /proc/self/status; echo ==; env; echo ==; id -G; exit 4"]


def fields(text):
    return dict(line.split(":", 1) for line in text.splitlines() if ":" in line)


def status_of(pid):
    with open(f"/proc/{pid}/status", encoding="ascii") as file:
        return fields(file.read())


def capabilities(status, which="CapEff"):
    mask = int(status[which], 16)
    return {number for number in range(64) if mask >> number & 1}


def must_be_user(status, uid, gid):
    check(status["Uid"].split() == [str(uid)] * 4, f"Uid: {status['Uid']}")
    check(status["Gid"].split() == [str(gid)] * 4, f"Gid: {status['Gid']}")


def must_be_unprivileged(status):
    for which in CAPABILITY_SETS:
        check(not capabilities(status, which), f"{which}: {status[which]}")


def must_be_a_command_of(capture, user, status=4):
    """The captured command has told who it is."""
    entry = pwd.getpwnam(user)
    check(capture.wait() == status, f"exit status {capture.process.returncode}: {capture.said}")
    told, variables, groups = capture.printed.decode().split("==\n")
    process, groups = fields(told), groups.splitlines()[0]
    must_be_user(process, entry.pw_uid, entry.pw_gid)
    must_be_unprivileged(process)
    check(process["Seccomp"].strip() == "0" and process["NoNewPrivs"].strip() == "0", "the command is in the sandbox")
    own = subprocess.run(["id", "-G", user], capture_output=True, text=True, check=True).stdout.strip()
    check(sorted(groups.split()) == sorted(own.split()), f"groups {groups}, not {own}")
    environment = dict(line.split("=", 1) for line in variables.splitlines() if "=" in line)
    for name, value in (("HOME", entry.pw_dir), ("USER", user), ("LOGNAME", user), ("SHELL", entry.pw_shell)):
        check(environment.get(name) == value, f"{name} is {environment.get(name)}, not {value}")
    check(not [name for name in environment if name.startswith("SUDO_")], f"{environment}")
    check(environment.get("PATH"), "no PATH")


def must_own(paths, uid, gid):
    for path in paths:
        status = os.stat(path)
        check((status.st_uid, status.st_gid) == (uid, gid), f"{path} belongs to {status.st_uid}:{status.st_gid}")


@case
def under_sudo_all_is_the_callers(case):
    output = os.path.join(case.public_directory(NOBODY), "x.pcapng")
    must_be_a_command_of(command(case, TELL, output=output, environment=under_sudo()), "nobody")
    must_own([output], NOBODY, pwd.getpwnam("nobody").pw_gid)


@case
def the_command_has_the_session_of_the_caller(case):
    """What sudo has taken out of the environment is found in the process above that is the caller's."""
    caller = script("""
        nothing, end = os.pipe()
        if os.fork() == 0:
            os.set_inheritable(end, True)  # until the last of them has ended
            while os.stat(f"/proc/{os.getppid()}").st_uid != uid:
                pass
            os.execvp(sys.argv[1], sys.argv[1:])
        os.close(end)
        os.dup2(nothing, 0)
        become(uid)
        os.execvpe("cat", ["cat"], {"DISPLAY": ":7", "HOME": "/wrong", "PATH": os.environ["PATH"]})
        """, uid=NOBODY)
    capture = case.capture("--", "env", output=os.path.join(case.public_directory(NOBODY), "x.pcapng"),
                           environment={**under_sudo(), "FOR_THIS": "1"}, inside=inside(case.world), prefix=caller)
    capture.wait()
    variables = capture.printed.decode().splitlines()
    for entry in ("DISPLAY=:7", "FOR_THIS=1", f"HOME={pwd.getpwnam('nobody').pw_dir}", "USER=nobody"):
        check(entry in variables, f"no {entry}: {variables}")
    check(not any(entry.startswith("SUDO_") for entry in variables), f"{variables}")


@case
def another_user_may_be_named(case):
    directory = case.public_directory(NOBODY)
    for options, environment in ((("-Z", "nobody"), None), (("--user", "nobody"), under_sudo("daemon"))):
        output = os.path.join(directory, f"{options[0]}.pcapng")
        must_be_a_command_of(command(case, TELL, *options, output=output, environment=environment), "nobody")
        must_own([output], NOBODY, pwd.getpwnam("nobody").pw_gid)
    done = case.run("capture", "-o", case.path("x"), "--cgroup", case.world.captured_group, "-Z", "no-such-user")
    check(done.returncode == 2 and "no-such-user" in done.stderr and not os.path.exists(case.path("x")), f"{done}")


@case
def all_files_and_their_command_are_the_users(case):
    directory = case.public_directory(NOBODY)
    listed = os.path.join(directory, "listed")
    talker = Talker(case, "be('talker')\nheard()\nfor n in range(500): send(9, 1, first=n)")
    told = """echo $(id -u) $(grep -E 'Cap(Inh|Prm|Eff|Amb)' /proc/self/status)"""
    capture = case.capture("-C", "0.02", "-z", f"{told} >>'{listed}'; : ",
                           output=os.path.join(directory, "x.pcapng"), environment=under_sudo())
    talker.tell()
    talker.wait()
    check(capture.stop() == 0, capture.said)
    paths = glob.glob(os.path.join(directory, "*"))
    check(len(paths) > 3, paths)
    must_own(paths, NOBODY, pwd.getpwnam("nobody").pw_gid)
    with open(listed, encoding="ascii") as file:
        lines = set(file.read().splitlines())
    check(lines == {f"{NOBODY} " + " ".join(f"{which}: {0:016}" for which in CAPABILITY_SETS)}, f"-z runs with {lines}")


@case
def a_directory_of_another_user_is_refused(case):
    output = os.path.join(case.public_directory(0), "x.pcapng")
    for options in ((), ("--", "true")):
        try:
            case.capture(*options, output=output, environment=under_sudo())
        except NotReady as error:
            check(error.status == 1, f"exit status {error.status}")
            for words in (output, "as user nobody", "-Z"):
                check(words in error.text, f"{words} is not in: {error.text}")
            check(not os.path.exists(output), "a file was made")
            continue
        raise AssertionError("it began")


def roles_must_be(capture, uid, gid, attendants):
    parser = status_of(capture.process.pid)
    must_be_user(parser, uid, gid)
    must_be_unprivileged(parser)
    check(parser["Seccomp"].strip() == "2" and parser["NoNewPrivs"].strip() == "1",
          f"Seccomp {parser['Seccomp']}, NoNewPrivs {parser['NoNewPrivs']}")
    check(parser["Threads"].strip() == "1", f"{parser['Threads']} threads")
    children = capture.children()
    check(len(children) == 1, f"{len(children)} processes beside the one that parses packets")
    attendant = status_of(children[0])
    must_be_user(attendant, uid, gid)
    for which in ("CapPrm", "CapEff"):
        check(capabilities(attendant, which) == attendants, f"attendant, {which}: {capabilities(attendant, which)}")
    for which in ("CapInh", "CapAmb"):
        check(not capabilities(attendant, which), f"attendant, {which}: {attendant[which]}")


def works_in_the_sandbox(case, capture):
    """Processes that begin later are looked at all the same, although they are another user's."""
    Talker(case, "be('talker')\nsock = udp()\nsend(sock.getsockname()[1], 5)\nreceive(sock, 5)").wait()
    check(capture.stop() == 0, capture.said)
    tokens_must_be(records_in(capture.output), {("talker", "e", "talker"): 5, ("talker", "i", "talker"): 5})
    process = pcapng_file.read(capture.output).processes[0]
    check(process.text(3) and "python" in process.text(3) and process.text(4) and process.text(7) == "root",
          f"the process is not known: {process.options}")
    check(process.values(8), "no build id of the image")


@case
def who_parses_packets_may_do_nothing_else(case):
    """The one that looks at processes keeps what that needs."""
    output = os.path.join(case.public_directory(NOBODY), "x.pcapng")
    capture = case.capture(output=output, environment=under_sudo())
    roles_must_be(capture, NOBODY, pwd.getpwnam("nobody").pw_gid, {SYS_PTRACE, DAC_READ_SEARCH, BPF})
    works_in_the_sandbox(case, capture)
    capture = case.capture()
    roles_must_be(capture, 0, 0, {SYS_PTRACE, DAC_READ_SEARCH, BPF, DAC_OVERRIDE})
    works_in_the_sandbox(case, capture)


@case
def with_capabilities_of_the_file_no_root_is_needed(case):
    if not (shutil.which("setpriv") and shutil.which("setcap")):
        raise CaseSkipped("no setpriv, no setcap")
    directory = case.public_directory(NOBODY)
    binary, output = os.path.join(directory, "pcapml"), os.path.join(directory, "x.pcapng")
    shutil.copy(case.world.binary, binary)
    os.chmod(binary, 0o755)
    granted = subprocess.run(["setcap", "cap_bpf,cap_perfmon,cap_net_admin,cap_sys_ptrace,cap_dac_read_search+ep", binary],
                             capture_output=True, text=True, check=False)
    if granted.returncode:
        raise CaseSkipped(f"setcap: {granted.stderr.strip()}")
    gid = pwd.getpwnam("nobody").pw_gid
    settings = {"binary": binary, "output": output, "inside": inside(case.world), "prefix": (
        "setpriv", f"--reuid={NOBODY}", f"--regid={gid}", "--init-groups", "--inh-caps=-all", "env", "HOME=/nonexistent",
        "USER=nobody", "LOGNAME=nobody", "SHELL=/usr/sbin/nologin")}
    must_be_a_command_of(case.capture("--", *TELL, **settings), "nobody")
    must_own([output], NOBODY, gid)
    capture = case.capture(**settings)
    roles_must_be(capture, NOBODY, gid, {SYS_PTRACE, DAC_READ_SEARCH, BPF})
    works_in_the_sandbox(case, capture)
