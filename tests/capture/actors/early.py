# SPDX-License-Identifier: Apache-2.0
"""Sockets that existed before the capture began."""
import socket

from network import FAR4
from stage import actor, read_exactly, read_to_end


@actor("oldlstn", early=True)
def listener(stage):
    ready, go = stage.signals(2)

    def server(role):
        sock = role.listen(stage.loopback(), stage.port)
        ready.give()
        mine = role.accept(sock)
        read_exactly(mine, 300)
        mine.sendall(role.payload(400))
        read_to_end(mine)

    def client(role):
        go.take()
        sock = role.connect(stage.loopback(), stage.port)
        sock.sendall(role.payload(300))
        read_exactly(sock, 400)
        sock.close()
    stage.role("srv", server)
    ready.take()
    stage.wait_for_capture()
    stage.role("cli", client)
    go.give()
    stage.finish()


@actor("oldconn", early=True)
def connection(stage):
    ready, settled, go = stage.signals(3)

    def server(role):
        sock = role.listen(FAR4, stage.port)
        ready.give()
        mine = role.accept(sock)
        settled.give()
        read_exactly(mine, 300)
        mine.sendall(role.payload(400))
        read_to_end(mine)

    def client(role):
        ready.take()
        sock = role.connect(FAR4, stage.port)
        settled.give()
        go.take()
        sock.sendall(role.payload(300))
        read_exactly(sock, 400)
        sock.close()
    stage.role("srv", server, space="far")
    stage.role("cli", client)
    settled.take()
    settled.take()
    stage.wait_for_capture()
    go.give()
    stage.finish()


@actor("oldread", early=True)
def connection_whose_one_end_only_reads(stage):
    ready, settled, go = stage.signals(3)

    def server(role):
        sock = role.listen("::1", stage.port)
        ready.give()
        mine = role.accept(sock)
        settled.give()
        read_to_end(mine)

    def client(role):
        ready.take()
        sock = role.connect("::1", stage.port)
        settled.give()
        go.take()
        for number in range(3):
            sock.sendall(role.payload(300, number))
        sock.close()
    stage.role("srv", server)
    stage.role("cli", client)
    settled.take()
    settled.take()
    stage.wait_for_capture()
    go.give()
    stage.finish()


@actor("oldudp", early=True)
def datagram_sockets(stage):
    settled, go = stage.signals(2)

    def receiver(role):
        sock = role.datagram(stage.loopback(), stage.port)
        settled.give()
        for _ in range(3):
            sock.recv(2000)

    def sender(role):
        sock = role.open(socket.SOCK_DGRAM, stage.loopback(2))
        sock.connect((stage.loopback(), stage.port))
        role.journal.declare(sock, protocol=17)
        settled.give()
        go.take()
        for number in range(3):
            sock.send(role.payload(200, number))
    stage.role("rcv", receiver)
    stage.role("snd", sender)
    settled.take()
    settled.take()
    stage.wait_for_capture()
    go.give()
    stage.finish()


@actor("oldwait", early=True)
def established_but_not_accepted(stage):
    """Its packets before accept() have the listener's owner."""
    ready, settled, go, sent, taken = stage.signals(5)

    def server(role):
        listening = role.listen(stage.loopback(), stage.port)
        ready.give()
        sent.take()
        mine = role.accept_null(listening)
        read_exactly(mine, 600)
        mine.sendall(role.payload(400))
        taken.give()
        read_to_end(mine)

    def client(role):
        ready.take()
        sock = role.connect(stage.loopback(), stage.port)
        settled.give()
        go.take()
        for number in range(2):
            sock.sendall(role.payload(300, number))
        sent.give()
        read_exactly(sock, 400)
        taken.take()
        sock.close()
    stage.role("srv", server)
    stage.role("cli", client)
    settled.take()
    stage.wait_for_capture()
    go.give()
    stage.finish()


@actor("oldquiet", early=True)
def established_but_never_accepted(stage):
    ready, settled, go, sent = stage.signals(4)

    def server(role):
        listening = role.listen(stage.loopback(), stage.port)
        ready.give()
        sent.take()
        listening.close()

    def client(role):
        ready.take()
        sock = role.connect(stage.loopback(), stage.port)
        settled.give()
        go.take()
        sock.sendall(role.payload(300))
        sent.give()
        try:
            sock.recv(10)
        except ConnectionResetError:
            pass
    stage.role("srv", server)
    stage.role("cli", client)
    settled.take()
    stage.wait_for_capture()
    go.give()
    stage.finish()
