# SPDX-License-Identifier: Apache-2.0
"""Sockets that change hands: SCM_RIGHTS, fork, exec."""
import os
import socket
import time

from network import FAR4
from stage import actor, read_exactly, read_to_end


def pass_on(channel, sock):
    socket.send_fds(channel, [str(time.time_ns()).encode()], [sock.fileno()])
    sock.close()


def receive(channel):
    """(the socket, when it was given away)"""
    since, descriptors, _, _ = socket.recv_fds(channel, 100, 1)
    sock = socket.socket(fileno=descriptors[0])
    sock.settimeout(30)
    return sock, int(since)


@actor("scm")
def connection_handed_over_in_the_middle(stage):
    ready, = stage.signals(1)
    give, take = socket.socketpair()

    def first(role):
        listener = role.listen(stage.loopback(), stage.port)
        ready.give()
        sock = role.accept(listener)
        read_exactly(sock, 300)
        sock.sendall(role.payload(400))
        pass_on(give, sock)

    def second(role):
        sock, since = receive(take)
        with role.journal.uses(sock, since):
            sock.sendall(role.payload(500))
        read_exactly(sock, 200)
        sock.sendall(role.payload(600))
        read_to_end(sock)
        sock.close()

    def client(role):
        ready.take()
        sock = role.connect(stage.loopback(), stage.port)
        sock.sendall(role.payload(300))
        read_exactly(sock, 900)
        sock.sendall(role.payload(200))
        read_exactly(sock, 600)
        sock.close()
    for name, play in (("one", first), ("two", second), ("cli", client)):
        stage.role(name, play)
    stage.finish()


@actor("scmudp")
def datagram_socket_handed_over(stage):
    ready, = stage.signals(1)
    give, take = socket.socketpair()

    def peer(role):
        sock = role.datagram(stage.loopback(), stage.port)
        ready.give()
        for number in range(4):
            _, address = sock.recvfrom(2000)
            sock.sendto(role.payload(350, number), address)

    def first(role):
        ready.take()
        sock = role.datagram(stage.loopback(2), stage.port)
        for number in range(2):
            sock.sendto(role.payload(250, number), (stage.loopback(), stage.port))
            sock.recv(2000)
        pass_on(give, sock)

    def second(role):
        sock, since = receive(take)
        for number in range(2):
            with role.journal.uses(sock, since):
                sock.sendto(role.payload(240, number), (stage.loopback(), stage.port))
            sock.recv(2000)
    for name, play in (("peer", peer), ("one", first), ("two", second)):
        stage.role(name, play)
    stage.finish()


@actor("scmlst")
def listener_handed_over(stage):
    ready, = stage.signals(1)
    give, take = socket.socketpair()

    def first(role):
        pass_on(give, role.listen(stage.loopback(), stage.port))

    def second(role):
        listener, _ = receive(take)
        ready.give()
        sock = role.accept(listener)
        read_exactly(sock, 300)
        sock.sendall(role.payload(400))
        sock.close()

    def client(role):
        ready.take()
        sock = role.connect(stage.loopback(), stage.port)
        sock.sendall(role.payload(300))
        read_exactly(sock, 400)
        read_to_end(sock)
    for name, play in (("one", first), ("two", second), ("cli", client)):
        stage.role(name, play)
    stage.finish()


@actor("forksend")
def child_sends_on_what_its_parent_opened(stage):
    ready, = stage.signals(1)

    def server(role):
        listener = role.listen(stage.loopback(), stage.port)
        sink = role.datagram(stage.loopback(), stage.port)
        ready.give()
        sock = role.accept(listener)
        read_exactly(sock, 500)
        sock.sendall(role.payload(300))
        read_to_end(sock)
        for _ in range(2):
            sink.recv(2000)

    def parent(role):
        ready.take()
        stream = role.connect(stage.loopback(), stage.port)
        datagrams = role.datagram(stage.loopback(2), stage.port)
        datagrams.sendto(role.payload(220), (stage.loopback(), stage.port))
        role.fork("kid", child, stream, datagrams)
        stream.close()
        role.wait_children()

    def child(role, stream, datagrams):
        with role.journal.uses(stream):
            stream.sendall(role.payload(500))
        read_exactly(stream, 300)
        with role.journal.uses(datagrams):
            datagrams.sendto(role.payload(210), (stage.loopback(), stage.port))
        stream.close()
    stage.role("srv", server)
    stage.role("par", parent)
    stage.finish()


@actor("share")
def two_processes_take_turns_on_one_connection(stage):
    ready, = stage.signals(1)
    mine, theirs = stage.signals(2)

    def server(role):
        listener = role.listen(FAR4, stage.port)
        ready.give()
        sock = role.accept(listener)
        for number in range(6):
            read_exactly(sock, 300)
            sock.sendall(role.payload(300, number))
        read_to_end(sock)

    def turn(role, sock, number):
        with role.journal.uses(sock):
            sock.sendall(role.payload(300, number))
        read_exactly(sock, 300)

    def parent(role):
        ready.take()
        sock = role.connect(FAR4, stage.port)
        role.fork("kid", child, sock)
        for number in range(3):
            turn(role, sock, number)
            theirs.give()
            mine.take()
        role.wait_children()
        with role.journal.uses(sock, exact=True):
            sock.close()

    def child(role, sock):
        for number in range(3):
            theirs.take()
            turn(role, sock, number)
            mine.give()
    stage.role("srv", server, space="far")
    stage.role("par", parent)
    stage.finish()


def echo(role, stage, ready, count):
    """A UDP server for the exec actors."""
    sock = role.datagram(stage.loopback(), stage.port)
    ready.give()
    for number in range(count):
        _, address = sock.recvfrom(2000)
        sock.sendto(role.payload(260, number), address)


@actor("execsend")
def exec_between_socket_and_send(stage):
    ready, = stage.signals(1)
    path, arguments = stage.script("new", "near", "sendto", 0, stage.loopback(), stage.port)

    def old(role):
        ready.take()
        sock = role.datagram(stage.loopback(2), stage.port)
        os.dup2(sock.fileno(), 0)
        os.execve(path, arguments, {"SINCE": str(time.time_ns())})
    stage.role("srv", echo, stage, ready, 1)
    stage.role("old", old)
    stage.finish()


@actor("execname")
def another_name_after_exec(stage):
    ready, = stage.signals(1)
    path, arguments = stage.script("new", "near", "sendto", 0, stage.loopback(), stage.port)

    def old(role):
        ready.take()
        sock = role.datagram(stage.loopback(2), stage.port)
        for number in range(2):
            sock.sendto(role.payload(230, number), (stage.loopback(), stage.port))
            sock.recv(2000)
        os.dup2(sock.fileno(), 0)
        os.execve(path, arguments, {"SINCE": str(time.time_ns())})
    stage.role("srv", echo, stage, ready, 3)
    stage.role("old", old)
    stage.finish()


@actor("execconn")
def exec_between_socket_and_connect(stage):
    ready, = stage.signals(1)
    path, arguments = stage.script("new", "near", "connect", 0, stage.loopback(), stage.port)

    def server(role):
        listener = role.listen(stage.loopback(), stage.port)
        ready.give()
        sock = role.accept(listener)
        read_exactly(sock, 300)
        sock.sendall(role.payload(200))
        read_to_end(sock)

    def old(role):
        ready.take()
        sock = role.open(socket.SOCK_STREAM, stage.loopback(2), 0)
        sock.setblocking(True)
        os.dup2(sock.fileno(), 0)
        os.execve(path, arguments, {"SINCE": "0"})
    stage.role("srv", server)
    stage.role("old", old)
    stage.finish()
