# SPDX-License-Identifier: Apache-2.0
"""What the actors write down about their sockets while they play: the truth about owners.

An `end` is a socket's end of a flow. A `use` is a moment at which a process proved to be the user of a socket:
`before` was read before the call and `after` behind it, so between the two either process may be the last user.
"""
import contextlib
import json
import os
import socket
import time

SO_COOKIE = 57


def plain_address(text):
    """::ffff:192.0.2.1 is IPv4 on the wire."""
    text = text.split("%")[0]
    return text[7:] if text.startswith("::ffff:") else text


def endpoint(name):
    return [plain_address(name[0]), name[1]]


def cookie_of(sock):
    return int.from_bytes(sock.getsockopt(socket.SOL_SOCKET, SO_COOKIE, 8), "little")


def peer_of(sock):
    try:
        return endpoint(sock.getpeername())
    except OSError:
        return None


class Journal:
    """Appends one line for each record: short writes with O_APPEND do not mix."""

    def __init__(self, path, actor, space, label):
        self.path, self.actor, self.space, self.label = path, actor, space, label
        self.file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
        os.set_inheritable(self.file, False)

    def note(self, kind, **facts):
        os.write(self.file, json.dumps({"kind": kind, "actor": self.actor, **facts}).encode() + b"\n")

    def declare(self, sock, label=None, protocol=None, **facts):
        """This process owns the socket from its beginning. Facts: see truth.End."""
        cookie = cookie_of(sock)
        local = facts.pop("local", None) or endpoint(sock.getsockname())
        remote = facts.pop("remote", None) or peer_of(sock)
        facts.setdefault("connected", peer_of(sock) is not None)
        self.note("end", cookie=cookie, space=facts.pop("space", self.space), protocol=protocol or sock.proto,
                  local=local, remote=remote, **facts)
        self.use(cookie, 0, 0, label)
        return cookie

    def use(self, cookie, before, after, label=None):
        # In a PID namespace getpid() has another answer than the rest of the machine.
        pid, _, tid = os.readlink("/proc/thread-self").split("/")
        self.note("use", cookie=cookie, label=label or self.label, pid=int(pid), tid=int(tid), before=before, after=after)

    def uses_where_readers_show(self, sock):
        """Reading alone makes a user where tp_btf/sock_recv_length exists; before, the last known user stays."""
        return self.uses(sock) if kernel_version() >= READERS_SHOW_SINCE else contextlib.nullcontext()

    def uses(self, sock, since=None, label=None, exact=False):
        """exact: no packet passes between the beginning of this block and its own first one."""
        return Use(self, cookie_of(sock), since, label, exact)


READERS_SHOW_SINCE = (6, 3)


def kernel_version():
    major, minor = os.uname().release.split(".")[:2]
    return int(major), int("".join(digit for digit in minor if digit.isdigit()))


class Use:
    """with journal.uses(sock): a call by which this process becomes the last user of the socket."""

    def __init__(self, journal, cookie, since, label, exact):
        self.journal, self.cookie, self.before, self.label, self.exact = journal, cookie, since, label, exact

    def __enter__(self):
        if self.before is None:
            self.before = time.time_ns()

    def __exit__(self, *_):
        self.journal.use(self.cookie, self.before, self.before if self.exact else time.time_ns(), self.label)


def read(path):
    with open(path, encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]
