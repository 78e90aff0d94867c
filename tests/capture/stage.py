# SPDX-License-Identifier: Apache-2.0
"""Where actors play: processes with names of their own, in namespaces, that wait for each other."""
import ctypes
import os
import select
import signal
import socket
import sys
import time
import traceback

import network
from journal import Journal

PR_SET_PDEATHSIG, PR_SET_NAME = 1, 15
PATIENCE = 30  # seconds, for an emulated guest
IPPROTO_UDPLITE, IPPROTO_MPTCP = 136, 262

ACTORS = {}


class Skip(Exception):
    """This kernel or machine does not have what the actor needs."""


class Actor:
    def __init__(self, name, play, early, long, alone):
        self.name, self.play, self.early, self.long, self.alone = name, play, early, long, alone


def actor(name, early=False, long=False, alone=False):
    """early: begins before the capture; long: waits a lot, so it plays beside others."""
    if len(name) > 8:
        raise ValueError(name)  # a process name has room for 15 bytes

    def register(play):
        ACTORS[name] = Actor(name, play, early, long, alone)
        return play
    return register


def rename(label):
    network.libc.prctl(PR_SET_NAME, label.encode(), 0, 0, 0)


def die_with_parent():
    network.libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)


def token(label, number=0):
    return f"<{label}>{number:04d};".encode()


def payload(label, size, number=0):
    """Bytes that name their sender, wherever they are cut."""
    word = token(label, number)
    return (word * (size // len(word) + 1))[:size]


class Signal:
    """One process tells another that something has happened."""

    def __init__(self):
        self.reader, self.writer = os.pipe()

    def close(self):
        os.close(self.reader)
        os.close(self.writer)

    def give(self, times=1):
        os.write(self.writer, b"." * times)

    def take(self):
        ready, _, _ = select.select([self.reader], [], [], PATIENCE)
        if not ready or os.read(self.reader, 1) != b".":
            raise TimeoutError("another process did not come to its signal")


class Stage:
    def __init__(self, name, number, spaces, directory, prepared=None, begun=None):
        self.name, self.spaces, self.directory = name, spaces, directory
        self.port = 20000 + 64 * number
        self.address_number = number
        self.journal_path = os.path.join(directory, "journal")
        self.prepared, self.begun = prepared, begun
        self.children = {}

    def loopback(self, number=1):
        """An address of this actor alone."""
        return f"127.{10 + self.address_number}.0.{number}"

    def signals(self, count):
        return [Signal() for _ in range(count)]

    def wait_for_capture(self):
        """For early actors: all is set up; comes back when the capture runs."""
        self.prepared.give()
        self.begun.take()

    def label(self, name):
        return f"{self.name}-{name}"

    def role(self, name, play, *arguments, space="near"):
        """Starts a process called <actor>-<name>."""
        label = self.label(name)
        if len(label) > 15:
            raise ValueError(label)
        pid = os.fork()
        if pid:
            self.children[pid] = label
            return pid
        status = 1
        try:
            die_with_parent()
            network.enter(self.spaces[space])
            rename(label)
            play(Role(self, label, space), *arguments)
            status = 0
        except BaseException:
            sys.stderr.write(f"{label}: {traceback.format_exc()}\n")
        finally:
            os._exit(status)

    def requires(self, family, kind, protocol=0):
        try:
            socket.socket(family, kind, protocol).close()
        except OSError as error:
            raise Skip(f"socket({family.name}, {kind.name}, {protocol}): {error.strerror}") from error

    def wait(self, pid):
        """Returns when that process is gone and reaped."""
        deadline = time.monotonic() + PATIENCE
        handle = os.pidfd_open(pid)
        try:
            if not select.select([handle], [], [], deadline - time.monotonic())[0]:
                os.kill(pid, signal.SIGKILL)
            _, status = os.waitpid(pid, 0)
        finally:
            os.close(handle)
        label = self.children.pop(pid)
        if status:
            raise RuntimeError(f"{label} ended with status {status}")

    def end(self, pid):
        """For a process that would wait for ever."""
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
        del self.children[pid]

    def wait_until_quiet(self, spaces):
        network.wait_until_quiet([self.spaces[space] for space in spaces], self.port)

    def finish(self):
        failures = []
        for pid in list(self.children):
            try:
                self.wait(pid)
            except RuntimeError as error:
                failures.append(str(error))
        if failures:
            raise RuntimeError("; ".join(failures))

    def script(self, name, *arguments):
        """(path, arguments) of a program whose process name will be <actor>-<name>."""
        label = self.label(name)
        path = os.path.join(self.directory, label)
        here = os.path.dirname(os.path.abspath(__file__))
        if not os.path.exists(path):
            with open(path, "w", encoding="utf-8") as file:
                file.write(f"#!{sys.executable} -ISB\nimport sys\nsys.path.insert(0, {here!r})\n"
                           "import successor\nsuccessor.play(sys.argv)\n")
            os.chmod(path, 0o755)
        return path, [path, self.journal_path, self.name, label, *map(str, arguments)]


class Role:
    """The process that plays a part, seen from inside."""

    def __init__(self, stage, label, space):
        self.stage, self.label, self.space = stage, label, space
        self.journal = Journal(stage.journal_path, stage.name, space, label)
        self.children = []

    def fork(self, name, play, *arguments):
        """A child that inherits the sockets."""
        label = self.stage.label(name)
        pid = os.fork()
        if pid:
            self.children.append(pid)
            return pid
        status = 1
        try:
            die_with_parent()
            rename(label)
            play(Role(self.stage, label, self.space), *arguments)
            status = 0
        except BaseException:
            sys.stderr.write(f"{label}: {traceback.format_exc()}\n")
        finally:
            os._exit(status)

    def wait_children(self):
        for pid in self.children:
            if os.waitpid(pid, 0)[1]:
                raise RuntimeError(f"a child of {self.label} failed")
        self.children = []

    @staticmethod
    def clock():
        return time.time_ns()

    def payload(self, size, number=0):
        return payload(self.label, size, number)

    # Sockets ---------------------------------------------------------------------------------------------------

    def open(self, kind, address, port=0, family=None, protocol=0, bind=True):
        family = family or (socket.AF_INET6 if ":" in address else socket.AF_INET)
        sock = socket.socket(family, kind, protocol)
        sock.settimeout(PATIENCE)
        if kind == socket.SOCK_STREAM:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if bind:
            sock.bind((address, port))
        return sock

    def listen(self, address, port, **facts):
        given = {name: facts.pop(name) for name in ("family", "protocol") if name in facts}
        sock = self.open(socket.SOCK_STREAM, address, port, **given)
        sock.listen(16)
        self.journal.declare(sock, protocol=6, listener=True, connected=False, **facts)
        return sock

    def connect(self, address, port, family=None, source=None, protocol=0, **facts):
        sock = self.open(socket.SOCK_STREAM, source or address, 0, family, protocol, bind=bool(source))
        sock.connect((address, port))
        self.journal.declare(sock, protocol=6, **facts)
        return sock

    def accept(self, listener, **facts):
        """accept() with an address buffer: Python's own always has one."""
        sock, _ = listener.accept()
        sock.settimeout(PATIENCE)
        self.journal.declare(sock, protocol=6, accepted="address", **facts)
        return sock

    def accept_null(self, listener, **facts):
        sock = self.accept_quietly(listener)
        self.journal.declare(sock, protocol=6, accepted="null", **facts)
        return sock

    @staticmethod
    def accept_quietly(listener):
        """accept() without an address buffer, for a child that will declare the socket."""
        listener.settimeout(None)
        descriptor = network.libc.accept(listener.fileno(), None, None)
        if descriptor < 0:
            raise OSError(ctypes.get_errno(), "accept")
        sock = socket.socket(fileno=descriptor)
        sock.settimeout(PATIENCE)
        return sock

    def datagram(self, address, port=0, protocol=0, family=None, **facts):
        """A bound, unconnected UDP socket."""
        sock = self.open(socket.SOCK_DGRAM, address, port, family, protocol)
        self.journal.declare(sock, protocol=protocol or 17, **facts)
        return sock


def read_exactly(sock, size):
    data = b""
    while len(data) < size:
        piece = sock.recv(min(size - len(data), 1 << 18))
        if not piece:
            raise EOFError(f"{len(data)} of {size} bytes")
        data += piece
    return data


def read_to_end(sock):
    total = 0
    while piece := sock.recv(1 << 18):
        total += len(piece)
    return total
