# SPDX-License-Identifier: Apache-2.0
"""Many at once, so that processes and interrupts meet on the same sockets and processors."""
import ctypes
import socket
import threading

import network
from network import FAR4
from stage import actor, read_exactly, read_to_end


@actor("crowd")
def prefork_workers_under_many_clients(stage):
    workers, clients, each = 4, 4, 8
    ready, = stage.signals(1)

    def worker(role, listener):
        ready.give()
        for _ in range(clients * each // workers):
            sock = role.accept_null(listener)
            read_exactly(sock, 300)
            sock.sendall(role.payload(2500))
            read_to_end(sock)
            sock.close()
        listener.close()

    def master(role):
        listener = role.listen(FAR4, stage.port)
        for number in range(workers):
            role.fork(f"w{number}", worker, listener)
        listener.close()
        role.wait_children()

    def client(role):
        for number in range(each):
            sock = role.connect(FAR4, stage.port)
            sock.sendall(role.payload(300, number))
            read_exactly(sock, 2500)
            sock.close()
    stage.role("mst", master, space="far")
    for _ in range(workers):
        ready.take()
    for number in range(clients):
        stage.role(f"c{number}", client)
    stage.finish()


@actor("crowdlo")
def prefork_workers_on_loopback(stage):
    """Sender and receiver may run in one another's interrupts here."""
    workers, clients, each = 3, 3, 12
    ready, = stage.signals(1)

    def worker(role, listener):
        ready.give()
        for _ in range(clients * each // workers):
            sock = role.accept_null(listener)
            read_exactly(sock, 300)
            sock.sendall(role.payload(500))
            read_to_end(sock)
            sock.close()
        listener.close()

    def master(role):
        listener = role.listen(stage.loopback(), stage.port)
        for number in range(workers):
            role.fork(f"w{number}", worker, listener)
        listener.close()
        role.wait_children()

    def client(role):
        for number in range(each):
            sock = role.connect(stage.loopback(), stage.port)
            sock.sendall(role.payload(300, number))
            read_exactly(sock, 500)
            sock.close()
    stage.role("mst", master)
    for _ in range(workers):
        ready.take()
    for number in range(clients):
        stage.role(f"c{number}", client)
    stage.finish()


@actor("udpcrowd")
def threads_that_send_to_many_peers_through_one_socket(stage):
    peers, each = 4, 20
    ready, = stage.signals(1)

    def receiver(role, number):
        sock = role.datagram(stage.loopback(1 + number), stage.port)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
        ready.give()
        for _ in range(each):
            sock.recv(2000)

    def sender(role):
        for _ in range(peers):
            ready.take()
        sock = role.datagram(stage.loopback(9), stage.port)
        sock.settimeout(None)

        def send(number):
            with role.journal.uses(sock):
                for turn in range(each):
                    sock.sendto(role.payload(200, number * each + turn), (stage.loopback(1 + number), stage.port))
        threads = [threading.Thread(target=send, args=(number,)) for number in range(peers)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    for number in range(peers):
        stage.role(f"r{number}", receiver, number)
    stage.role("snd", sender)
    stage.finish()


SO_RCVBUFFORCE = 33


class Message(ctypes.Structure):
    """struct mmsghdr of x86-64 and arm64"""
    _fields_ = [("name", ctypes.c_void_p), ("name_length", ctypes.c_uint32), ("vector", ctypes.c_void_p),
                ("vectors", ctypes.c_size_t), ("control", ctypes.c_void_p), ("control_length", ctypes.c_size_t),
                ("flags", ctypes.c_int), ("padding", ctypes.c_int), ("sent", ctypes.c_uint)]


@actor("mmsg")
def one_call_that_sends_to_many_peers(stage):
    peers = 5
    ready, = stage.signals(1)

    def receiver(role, number):
        sock = role.datagram(stage.loopback(1 + number), stage.port)
        ready.give()
        sock.recv(2000)

    def sender(role):
        for _ in range(peers):
            ready.take()
        sock = role.datagram(stage.loopback(9), stage.port)
        messages, kept = (Message * peers)(), []
        for number in range(peers):
            name = ctypes.create_string_buffer(
                socket.AF_INET.to_bytes(2, "little") + stage.port.to_bytes(2, "big")
                + socket.inet_aton(stage.loopback(1 + number)) + bytes(8), 16)
            content = role.payload(210, number)
            body = ctypes.create_string_buffer(content, len(content))
            vector = (ctypes.c_size_t * 2)(ctypes.addressof(body), len(content))
            kept += [name, body, vector]
            messages[number].name, messages[number].name_length = ctypes.addressof(name), 16
            messages[number].vector, messages[number].vectors = ctypes.addressof(vector), 1
        if network.libc.sendmmsg(sock.fileno(), messages, peers, 0) != peers:
            network.fail("sendmmsg")
    for number in range(peers):
        stage.role(f"r{number}", receiver, number)
    stage.role("snd", sender)
    stage.finish()


@actor("flood")
def many_small_datagrams(stage):
    count = 3000
    ready, = stage.signals(1)

    def receiver(role):
        sock = role.datagram(stage.loopback(), stage.port)
        sock.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, 16 << 20)
        ready.give()
        for _ in range(count):
            sock.recv(200)

    def sender(role):
        ready.take()
        sock = role.open(socket.SOCK_DGRAM, stage.loopback(2))
        sock.connect((stage.loopback(), stage.port))
        role.journal.declare(sock, protocol=17)
        for number in range(count):
            sock.send(role.payload(40, number))
    stage.role("rcv", receiver)
    stage.role("snd", sender)
    stage.finish()
