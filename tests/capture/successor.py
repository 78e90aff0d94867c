# SPDX-License-Identifier: Apache-2.0
"""What a process does after exec(): it finds a socket among its inherited files and uses it."""
import os
import socket
import time

from journal import Journal, cookie_of, endpoint


def payload(label, size):
    word = f"<{label}>0000;".encode()
    return (word * (size // len(word) + 1))[:size]


def play(arguments):
    _, path, actor, label, space, what, descriptor, *rest = arguments
    journal = Journal(path, actor, space, label)
    sock = socket.socket(fileno=int(descriptor))
    sock.settimeout(30)
    cookie = cookie_of(sock)
    since = int(os.environ["SINCE"])  # when the process before the exec() gave up the socket
    if what == "answer":  # inetd: the request is already there, or comes
        sock.recv(4096)
        sock.sendall(payload(label, 400))
        journal.use(cookie, since, time.time_ns())
    elif what == "send":
        sock.send(payload(label, 300))
        journal.use(cookie, since, time.time_ns())
    elif what == "sendto":
        address = (rest[0], int(rest[1]))
        sock.sendto(payload(label, 300), address)
        journal.use(cookie, since, time.time_ns())
        reply, _ = sock.recvfrom(4096)
        assert reply
    elif what == "connect":
        sock.connect((rest[0], int(rest[1])))
        journal.note("end", cookie=cookie, space=space, protocol=6, local=endpoint(sock.getsockname()),
                     remote=endpoint(sock.getpeername()), connected=True)
        journal.use(cookie, since, time.time_ns())
        sock.sendall(payload(label, 300))
        sock.recv(4096)
    sock.close()
