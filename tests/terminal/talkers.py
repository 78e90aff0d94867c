# SPDX-License-Identifier: Apache-2.0
"""Processes that talk to themselves over the loopback of a namespace of their own; each leads one order."""
import os
import socket
import sys
import time

from network import enter, ip, open_namespace

# name: (packets a turn, bytes each, a new socket each turn)
TALKERS = {"aa-quiet": (1, 10, False), "ff-flows": (2, 10, True), "mm-bytes": (4, 8000, False),
           "zz-packets": (30, 10, False)}
FIRST = {"p": "zz-packets", "b": "mm-bytes", "f": "ff-flows", "l": "aa-quiet"}


def pair():
    receiver, sender = (socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(2))
    receiver.bind(("127.0.0.1", 0))
    sender.connect(receiver.getsockname())
    return receiver, sender


def talk(packets, size, is_new_each_turn, parent):
    receiver, sender = pair()
    while os.getppid() == parent:
        for _ in range(packets):
            sender.send(bytes(size))
            receiver.recv(size)
        if is_new_each_turn:
            receiver.close()
            sender.close()
            receiver, sender = pair()
        time.sleep(0.05)


class Talkers:
    """They end with their control group, or when their parent does."""

    def __init__(self, group):
        self.group = group

    def __enter__(self):
        namespace = open_namespace(self.group)
        ip(namespace, "link set lo up\n")
        parent = os.getpid()
        self.pids = []
        for name, habits in TALKERS.items():
            sys.stdout.flush()
            pid = os.fork()
            if pid == 0:
                try:
                    with open("/proc/self/comm", "w", encoding="ascii") as comm:
                        comm.write(name)
                    self.group.enter()
                    enter(namespace)
                    talk(*habits, parent)
                finally:
                    os._exit(1)
            self.pids.append(pid)
        os.close(namespace)
        return self

    def __exit__(self, *_):
        for pid in self.pids:
            os.kill(pid, 9)
            os.waitpid(pid, 0)
