# SPDX-License-Identifier: Apache-2.0
"""Who owns an accepted connection, and its handshake: prefork, inetd, SO_REUSEPORT."""
import os
import select
import socket
import time

from network import FAR4, FAR6
from stage import actor, read_exactly, read_to_end


def client_of(stage, address, size=400, reads=True):
    def client(role, ready):
        ready.take()
        sock = role.connect(address, stage.port)
        sock.sendall(role.payload(300))
        if reads:
            read_exactly(sock, size)
        read_to_end(sock)
        sock.close()
    return client


def worker(role, listener, how, ready):
    ready.give()
    sock = (role.accept if how == "address" else role.accept_null)(listener)
    listener.close()
    read_exactly(sock, 300)
    sock.sendall(role.payload(400))
    sock.close()


def prefork(stage, address, how, space="near"):
    ready, = stage.signals(1)

    def master(role):
        listener = role.listen(address, stage.port)
        for number in range(3):
            role.fork(f"w{number}", worker, listener, how, ready)
        listener.close()
        role.wait_children()
    stage.role("mst", master, space=space)
    client = client_of(stage, address)
    # A worker blocks in accept() when the listener's last holder has told that it is about to.
    for number in range(3):
        stage.wait(stage.role(f"c{number}", client, ready))
    stage.finish()


@actor("prenull")
def workers_that_accept_without_an_address(stage):
    prefork(stage, stage.loopback(), "null")


@actor("preaddr")
def workers_that_accept_with_an_address(stage):
    prefork(stage, stage.loopback(), "address")


@actor("prenul6")
def workers_behind_the_wire(stage):
    prefork(stage, FAR6, "null", "far")


@actor("preadr4")
def workers_behind_the_wire_ipv4(stage):
    prefork(stage, FAR4, "address", "far")


def mute(stage, how, answer_after):
    """A worker that says nothing for longer than packets are held."""
    ready, = stage.signals(1)

    def mute_worker(role, listener):
        ready.give()
        sock = (role.accept if how == "address" else role.accept_null)(listener)
        listener.close()
        time.sleep(0.5)  # the behaviour under test, not a way to wait for somebody
        with role.journal.uses(sock):
            if answer_after:
                read_exactly(sock, 300)
                sock.sendall(role.payload(400))
            else:
                sock.recv(1000)
                sock.close()

    def master(role):
        listener = role.listen(stage.loopback(), stage.port)
        role.fork("wrk", mute_worker, listener)
        listener.close()
        role.wait_children()

    def client(role):
        ready.take()
        sock = role.connect(stage.loopback(), stage.port)
        sock.sendall(role.payload(300))
        read_to_end(sock)
        sock.close()
    stage.role("mst", master)
    stage.role("cli", client)
    stage.finish()


@actor("mute", long=True)
def a_worker_that_says_nothing(stage):
    mute(stage, "null", False)


@actor("mutead", long=True)
def a_worker_that_accepts_with_an_address_and_says_nothing(stage):
    mute(stage, "address", False)


@actor("late", long=True)
def a_worker_that_answers_after_the_hold(stage):
    mute(stage, "null", True)


def inetd(stage, how):
    ready, = stage.signals(1)
    path, arguments = stage.script("exe", "near", "answer", 0)

    def super_server(role):
        listener = role.listen(stage.loopback(), stage.port)
        ready.give()
        # The successor owns the handshake only where the super-server has not confirmed that it accepted.
        facts = {"handshake": [stage.label("exe")]} if how == "null" else {}
        since = time.time_ns()
        sock = (role.accept if how == "address" else role.accept_null)(listener, **facts)
        pid = os.fork()
        if pid == 0:
            os.dup2(sock.fileno(), 0)
            os.execve(path, arguments, {"SINCE": str(since)})
        sock.close()
        if os.waitpid(pid, 0)[1]:
            raise RuntimeError("the successor failed")
    stage.role("sup", super_server)
    stage.role("cli", client_of(stage, stage.loopback()), ready)
    stage.finish()


@actor("inetd")
def a_program_started_for_each_connection(stage):
    inetd(stage, "null")


@actor("inetdad")
def the_same_accepted_with_an_address(stage):
    inetd(stage, "address")


@actor("reuseprt")
def workers_with_listeners_of_their_own(stage):
    ready, done = stage.signals(2)

    def listens(role):
        sock = role.open(socket.SOCK_STREAM, stage.loopback(), 0, bind=False)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        sock.bind((stage.loopback(), stage.port))
        sock.listen(16)
        role.journal.declare(sock, protocol=6, listener=True, connected=False)
        ready.give()
        sock.setblocking(False)
        accepted = 0
        while True:
            try:
                mine = role.accept(sock)
            except BlockingIOError:
                if done_now(done):
                    break
                continue
            read_exactly(mine, 300)
            mine.sendall(role.payload(400))
            mine.close()
            accepted += 1
        sock.close()

    def client(role):
        for _ in range(8):
            sock = role.connect(stage.loopback(), stage.port)
            sock.sendall(role.payload(300))
            read_exactly(sock, 400)
            read_to_end(sock)
            sock.close()
    for name in ("l0", "l1"):
        stage.role(name, listens)
    ready.take()
    ready.take()
    stage.wait(stage.role("cli", client))
    done.give(2)
    stage.finish()


def done_now(signal):
    """Waits a moment for the end, so that a worker without connections does not spin."""
    if not select.select([signal.reader], [], [], 0.001)[0]:
        return False
    signal.take()
    return True


@actor("noaccept")
def never_accepted(stage):
    ready, connected, closed = stage.signals(3)

    def server(role):
        listener = role.listen(stage.loopback(), stage.port)
        ready.give()
        connected.take()
        listener.close()
        closed.give()

    def client(role):
        ready.take()
        sock = role.connect(stage.loopback(), stage.port)
        sock.sendall(role.payload(300))
        connected.give()
        closed.take()
        try:
            sock.recv(10)
        except ConnectionResetError:
            pass
        sock.close()
    stage.role("srv", server)
    stage.role("cli", client)
    stage.finish()


@actor("nearly", long=True)
def a_worker_that_answers_just_within_the_hold(stage):
    ready, = stage.signals(1)

    def slow(role, listener):
        ready.give()
        sock = role.accept_null(listener)
        listener.close()
        time.sleep(0.11)
        read_exactly(sock, 300)
        sock.sendall(role.payload(400))
        sock.close()

    def master(role):
        listener = role.listen(stage.loopback(), stage.port)
        role.fork("wrk", slow, listener)
        listener.close()
        role.wait_children()
    stage.role("mst", master)
    stage.role("cli", client_of(stage, stage.loopback()), ready)
    stage.finish()


@actor("forksrv")
def a_process_for_each_connection(stage):
    ready, closed = stage.signals(2)

    def answers(role, sock, listener):
        listener.close()
        role.journal.declare(sock, protocol=6, accepted="null")
        read_exactly(sock, 300)
        sock.sendall(role.payload(400))
        closed.take()  # who closes last sends the FIN
        sock.close()

    def master(role):
        listener = role.listen(stage.loopback(), stage.port)
        listener.settimeout(None)
        ready.give(3)
        for number in range(3):
            sock = role.accept_quietly(listener)
            role.fork(f"k{number}", answers, sock, listener)
            sock.close()
            closed.give()
        role.wait_children()
    stage.role("mst", master)
    for number in range(3):
        stage.wait(stage.role(f"c{number}", client_of(stage, stage.loopback()), ready))
    stage.finish()
