# SPDX-License-Identifier: Apache-2.0
"""What the programs of the cases are made of: they say `from talk import *`, and each packet has a token."""
import os
import signal
import socket
import sys
import time

import network
from stage import die_with_parent, rename, token

PATIENCE = 30
SO_RCVBUFFORCE = 33
ADDRESS = "127.0.0.1"
names = []


def be(name):
    """The name of this process, which its tokens and labels have."""
    rename(name)
    names[:] = [name]


def udp(port=0):
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    if os.geteuid() == 0:
        sock.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, 8 << 20)
    sock.settimeout(PATIENCE)
    sock.bind((ADDRESS, port))
    return sock


def send(port, count=1, first=0, sock=None, size=0):
    sock = sock or socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    for number in range(first, first + count):
        sock.sendto(token(names[0], number).ljust(size, b"."), (ADDRESS, port))


def receive(sock, count=1):
    for _ in range(count):
        sock.recv(65536)


def child(name, function, *arguments):
    """fork(); its process id."""
    pid = os.fork()
    if pid:
        return pid
    status = 1
    try:
        be(name)
        function(*arguments)
        status = 0
    finally:
        os._exit(status)


def wait_for(*children):
    for pid in children:
        if os.waitpid(pid, 0)[1]:
            raise RuntimeError(f"child {pid} failed")


def say(*words):
    print(*words, flush=True)


def heard():
    """The next line of standard input."""
    return sys.stdin.readline()


def move(group):
    with open(os.path.join(group, "cgroup.procs"), "w", encoding="ascii") as processes:
        processes.write(str(os.getpid()))


def become(uid):
    os.setgroups([])
    os.setgid(uid)
    os.setuid(uid)


__all__ = ["os", "signal", "socket", "sys", "time", "network", "die_with_parent", "token", "ADDRESS", "be", "udp", "send",
           "names", "receive", "child", "wait_for", "say", "heard", "move", "become"]
