# SPDX-License-Identifier: Apache-2.0
"""Where the programs run: a control group, a namespace for clients and one for servers, and a resolver.

    here: lo, eth0 192.0.2.2 ==== eth0 192.0.2.53, 192.0.2.10 and so on, lo :there
"""
import os
import pathlib
import shutil
import socket
import subprocess
import sys
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "capture"))
from control_group import ControlGroup  # noqa: E402
import names_server  # noqa: E402
import network  # noqa: E402

CLONE_NEWNS = 0x00020000
CLIENT, RESOLVER = "192.0.2.2", "192.0.2.53"
PATIENCE = 60


def prepare_mounts(resolv_conf):
    """In a mount namespace of its own: another resolver, and a /run that servers may fill."""
    for command in (["mount", "--make-rprivate", "/"], ["mount", "-t", "tmpfs", "tmpfs", "/run"]):
        subprocess.run(command, check=True)
    there = pathlib.Path(os.path.realpath("/etc/resolv.conf"))  # which may be in /run, and gone now
    there.parent.mkdir(parents=True, exist_ok=True)
    there.touch()
    subprocess.run(["mount", "--bind", resolv_conf, there], check=True)
    for directory in ("/run/sshd", "/run/lock"):
        os.mkdir(directory, 0o755)


def open_mounts(resolv_conf):
    ready, ready_end = os.pipe()
    release_end, release = os.pipe()
    pid = os.fork()
    if pid == 0:
        try:
            if network.libc.unshare(CLONE_NEWNS):
                network.fail("unshare")
            prepare_mounts(resolv_conf)
            os.write(ready_end, b".")
            os.close(release)
            os.read(release_end, 1)
        finally:
            os._exit(0)
    os.close(ready_end)
    try:
        if os.read(ready, 1) != b".":
            raise PermissionError("no mount namespace can be made here")
        return os.open(f"/proc/{pid}/ns/mnt", os.O_RDONLY)
    finally:
        for end in (ready, release, release_end):
            os.close(end)
        os.waitpid(pid, 0)


def read_listeners():
    """Local ends of listening TCP sockets, as the kernel writes them."""
    ends = []
    for table in ("tcp", "tcp6"):
        with open(f"/proc/thread-self/net/{table}", encoding="ascii") as sockets:
            ends += [line.split()[1] for line in sockets.readlines()[1:] if line.split()[3] == "0A"]
    return " ".join(ends)


class Stage:
    def __init__(self, directory, names):
        self.directory = pathlib.Path(directory)
        self.directory.chmod(0o755)  # servers that give up root get through
        self.names = names  # to addresses
        self.running, self.logs, self.resolver = [], 0, None
        self.here = self.there = self.mounts = None
        self.group = ControlGroup(f"pcapml-programs-{os.getpid()}")
        try:
            self.here, self.there = network.open_namespace(), network.open_namespace()
            resolv_conf = self.directory / "resolv.conf"
            resolv_conf.write_text(f"nameserver {RESOLVER}\noptions timeout:5 attempts:2\n", encoding="ascii")
            self.mounts = open_mounts(resolv_conf)
            self.connect()
            self.start_resolver()
        except BaseException:
            self.close()
            raise

    def connect(self):
        file = f"/proc/{os.getpid()}/fd/{self.there}"
        for space in (self.here, self.there):
            network.within(space, network.settle)
        # A veth whose index equals its peer's waits a second for its carrier (net/core/link_watch.c).
        network.ip(self.here, f"""link set lo up
link add eth0 index 101 type veth peer name eth0 index 201 netns {file}
addr add {CLIENT}/24 dev eth0
link set eth0 up
""")
        network.ip(self.there, "link set lo up\nlink set eth0 up\n" + "".join(
            f"addr add {address}/24 dev eth0\n" for address in [RESOLVER, *self.names.values()]))
        network.within(self.here, network.reach, RESOLVER)

    def start_resolver(self):
        self.resolver = os.fork()
        if self.resolver == 0:
            try:
                self.enter(self.there)
                names_server.serve(RESOLVER, self.names)
            finally:
                os._exit(1)
        self.wait_until_listening(RESOLVER, 53)

    def enter(self, space):
        self.group.enter()
        network.enter(space)
        if network.libc.setns(self.mounts, CLONE_NEWNS):
            network.fail("setns")
        os.chdir(self.directory)  # setns has led to the root directory

    def log(self, command):
        self.logs += 1
        return open(self.directory / f"{self.logs:02}-{pathlib.Path(str(command[0])).name}.log", "wb")

    def serve(self, command, address, port, there=True, **options):
        """A server, from when it listens on; it is ended with all others."""
        with self.log(command) as log:
            process = subprocess.Popen([str(word) for word in command], stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                                       preexec_fn=lambda: self.enter(self.there if there else self.here), **options)
        self.running.append(process)
        if port:
            self.wait_until_listening(address, port, process, log.name)
        return process

    def run(self, command, there=False, **options):
        """A program to its end; what it prints."""
        with self.log(command) as log:
            done = subprocess.run([str(word) for word in command], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                  stderr=log, timeout=PATIENCE, check=False,
                                  preexec_fn=lambda: self.enter(self.there if there else self.here), **options)
        if done.returncode != 0:
            raise RuntimeError(f"{' '.join(str(word) for word in command)}: status {done.returncode}: " +
                               pathlib.Path(log.name).read_text(encoding="utf-8", errors="replace")[-2000:])
        return done.stdout.decode(errors="replace")

    def wait_until_listening(self, address, port, process=None, log=None):
        four = "".join(f"{byte:02X}" for byte in reversed(socket.inet_aton(address)))  # little-endian machines
        wanted = {f"{end}:{port:04X}" for end in (four, "0" * 8, "0" * 32, "0000000000000000FFFF0000" + four)}
        deadline = time.monotonic() + PATIENCE
        while not wanted & set(network.within(self.there, read_listeners).split()):
            ended = process is not None and process.poll() is not None
            if ended or time.monotonic() > deadline:
                raise RuntimeError(f"nothing listens on {address}:{port}: " + (
                    pathlib.Path(log).read_text(encoding="utf-8", errors="replace")[-2000:] if log else ""))
            time.sleep(0.01)  # there is no event for a socket of another process that begins to listen

    def wait_until_quiet(self):
        network.wait_until_quiet((self.here, self.there))

    def end_servers(self):
        for process in self.running:
            if process.poll() is None:
                process.terminate()
        for process in self.running:
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()

    def close(self):
        self.end_servers()
        self.group.remove()
        if self.resolver:
            os.waitpid(self.resolver, 0)
        for descriptor in (self.here, self.there, self.mounts):
            if descriptor is not None:
                os.close(descriptor)


def path_of(command):
    """Servers are often outside of a user's PATH."""
    return shutil.which(command, path=os.environ.get("PATH", "") + ":/usr/sbin:/sbin")
