# SPDX-License-Identifier: Apache-2.0
"""UDP and UDP-Lite: connected, unconnected, one socket to many."""
import socket

from network import FAR4, FAR6, NEAR4, NEAR6
from stage import IPPROTO_UDPLITE, actor


def answer(role, ready, address, port, count, protocol=0, family=None):
    sock = role.datagram(address, port, protocol, family)
    ready.give()
    for number in range(count):
        _, peer = sock.recvfrom(70000)
        sock.sendto(role.payload(350, number), peer)


def connected(role, ready, source, address, port, protocol=0, family=None):
    ready.take()
    sock = role.open(socket.SOCK_DGRAM, source, 0, family, protocol)
    sock.connect((address, port))
    role.journal.declare(sock, protocol=protocol or 17)
    for number in range(3):
        sock.send(role.payload(250, number))
        sock.recv(2000)


def unconnected(role, ready, source, address, port, protocol=0, family=None):
    ready.take()
    sock = role.datagram(source, 0, protocol, family)
    for number in range(3):
        sock.sendto(role.payload(250, number), (address, port))
        sock.recvfrom(2000)


def pair(stage, play, source, address, space="near", protocol=0, family=None):
    ready, = stage.signals(1)
    stage.role("srv", answer, ready, address, stage.port, 3, protocol, family, space=space)
    stage.role("cli", play, ready, source, address, stage.port, protocol, family)
    stage.finish()


@actor("udpconn")
def connected_over_loopback(stage):
    pair(stage, connected, stage.loopback(2), stage.loopback())


@actor("udpconnv")
def connected_over_the_wire(stage):
    pair(stage, connected, NEAR4, FAR4, "far")


@actor("udpto")
def unconnected_over_loopback(stage):
    pair(stage, unconnected, stage.loopback(2), stage.loopback())


@actor("udptov")
def unconnected_over_the_wire(stage):
    pair(stage, unconnected, "0.0.0.0", FAR4, "far")


@actor("udp6conn")
def connected_ipv6(stage):
    pair(stage, connected, NEAR6, FAR6, "far")


@actor("udp6to")
def unconnected_ipv6(stage):
    pair(stage, unconnected, "::1", "::1")


@actor("udpmap")
def ipv4_in_ipv6_sockets_connected(stage):
    mapped = f"::ffff:{stage.loopback()}"
    pair(stage, connected, f"::ffff:{stage.loopback(2)}", mapped, family=socket.AF_INET6)


@actor("udpmapto")
def ipv4_in_ipv6_sockets_unconnected(stage):
    pair(stage, unconnected, "::", f"::ffff:{stage.loopback()}", family=socket.AF_INET6)


@actor("lite4")
def udp_lite(stage):
    stage.requires(socket.AF_INET, socket.SOCK_DGRAM, IPPROTO_UDPLITE)
    pair(stage, connected, stage.loopback(2), stage.loopback(), protocol=IPPROTO_UDPLITE)


@actor("lite6")
def udp_lite_ipv6(stage):
    stage.requires(socket.AF_INET6, socket.SOCK_DGRAM, IPPROTO_UDPLITE)
    pair(stage, unconnected, NEAR6, FAR6, "far", protocol=IPPROTO_UDPLITE)


@actor("udpmany")
def one_socket_to_many_peers(stage):
    ready, = stage.signals(1)

    def many(role):
        for _ in range(4):
            ready.take()
        sock = role.datagram(stage.loopback(9), stage.port)
        for number in range(12):
            sock.sendto(role.payload(200, number), (stage.loopback(1 + number % 4), stage.port))
        for _ in range(12):
            sock.recvfrom(2000)
    for number in range(4):
        stage.role(f"s{number}", answer, ready, stage.loopback(1 + number), stage.port, 3)
    stage.role("all", many)
    stage.finish()


@actor("udpwild")
def server_at_any_address_with_many_clients(stage):
    ready, = stage.signals(1)
    stage.role("srv", answer, ready, "0.0.0.0", stage.port, 9)
    ready.take()
    for number in range(3):
        ready.give()
        stage.role(f"c{number}", unconnected, ready, stage.loopback(2 + number), stage.loopback(), stage.port)
    stage.finish()


@actor("udpshut")
def closed_port(stage):
    def client(role):
        for source, address in ((stage.loopback(2), stage.loopback()), ("::1", "::1"), (NEAR4, FAR4), (NEAR6, FAR6)):
            sock = role.open(socket.SOCK_DGRAM, source)
            sock.connect((address, stage.port))
            role.journal.declare(sock, protocol=17)
            sock.send(role.payload(100))
            try:
                sock.recv(10)
            except ConnectionRefusedError:
                pass
    stage.role("cli", client)
    stage.finish()


@actor("udpself")
def both_ends_in_one_process(stage):
    def both(role):
        one = role.datagram(stage.loopback(), stage.port)
        other = role.datagram(stage.loopback(2), stage.port)
        for number in range(3):
            one.sendto(role.payload(150, number), other.getsockname())
            other.recv(2000)
            other.sendto(role.payload(160, number), one.getsockname())
            one.recv(2000)
    stage.role("all", both)
    stage.finish()


@actor("udpnext")
def ports_used_again_are_another_sample(stage):
    ready, = stage.signals(1)

    def once(role):
        since = role.clock()
        sock = role.open(socket.SOCK_DGRAM, stage.loopback(2), stage.port)
        sock.connect((stage.loopback(), stage.port))
        for number in range(2):
            sock.send(role.payload(220, number))
            sock.recv(2000)
        role.journal.declare(sock, protocol=17, since=since, until=role.clock())
    stage.role("srv", answer, ready, stage.loopback(), stage.port, 4)
    ready.take()
    for number in range(2):
        stage.wait(stage.role(f"c{number}", once))
    stage.finish()


@actor("childrcv")
def child_that_only_reads_what_its_parent_bound(stage):
    ready, read = stage.signals(2)

    def parent(role):
        sock = role.datagram(stage.loopback(), stage.port)
        role.fork("kid", child, sock)
        role.wait_children()

    def child(role, sock):
        with role.journal.uses_where_readers_show(sock):
            ready.give()
            sock.recv(2000)
        read.give()
        for _ in range(4):
            sock.recv(2000)

    def sender(role):
        ready.take()
        sock = role.datagram(stage.loopback(2), stage.port)
        sock.sendto(role.payload(200), (stage.loopback(), stage.port))
        read.take()
        for number in range(4):
            sock.sendto(role.payload(200, 1 + number), (stage.loopback(), stage.port))
    stage.role("par", parent)
    stage.role("snd", sender)
    stage.finish()


@actor("udpreuse")
def two_processes_on_one_port(stage):
    ready, finished = stage.signals(2)

    def shares(role):
        sock = role.open(socket.SOCK_DGRAM, stage.loopback(), bind=False)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        sock.bind((stage.loopback(), stage.port))
        ready.give()
        while True:
            _, peer = sock.recvfrom(2000)
            role.journal.declare(sock, protocol=17, remote=list(peer), connected=False)
            sock.sendto(role.payload(180), peer)

    def client(role):
        for number in range(8):
            sock = role.datagram(stage.loopback(2 + number), stage.port)
            sock.sendto(role.payload(190, number), (stage.loopback(), stage.port))
            sock.recv(2000)
        finished.give()
    pids = [stage.role(name, shares) for name in ("r0", "r1")]
    ready.take()
    ready.take()
    stage.role("cli", client)
    finished.take()
    for pid in pids:
        stage.end(pid)
    stage.finish()
