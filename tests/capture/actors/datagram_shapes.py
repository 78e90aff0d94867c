# SPDX-License-Identifier: Apache-2.0
"""Datagrams of unusual shape: fragments, extension headers, nothing inside, for everybody."""
import socket

from network import BROADCAST4, FAR4, FAR6, NEAR4, NEAR6
from stage import actor

IPV6_HOPOPTS, IPV6_DSTOPTS = 54, 59
PADDING = bytes([0, 0, 1, 4, 0, 0, 0, 0])  # an extension header of one PadN option


def one_way(stage, source, address, space, sizes, prepare=None):
    ready, = stage.signals(1)

    def receiver(role):
        sock = role.datagram(address, stage.port)
        ready.give()
        got = [len(sock.recv(70000)) for _ in sizes]
        if sorted(got) != sorted(sizes):
            raise ValueError(f"{got} bytes of {sizes}")

    def sender(role):
        ready.take()
        sock = role.datagram(source, 0)
        if prepare:
            prepare(sock)
        for number, size in enumerate(sizes):
            sock.sendto(role.payload(size, number), (address, stage.port))
    stage.role("rcv", receiver, space=space)
    stage.role("snd", sender)
    stage.finish()


@actor("frag4")
def fragments_of_4000_bytes(stage):
    one_way(stage, NEAR4, FAR4, "far", [4000, 1473, 9000])


@actor("frag6")
def fragments_of_4000_bytes_ipv6(stage):
    one_way(stage, NEAR6, FAR6, "far", [4000, 1453])


@actor("udpbig")
def large_datagrams_on_loopback(stage):
    one_way(stage, stage.loopback(2), stage.loopback(), "near", [60000, 1472, 1473, 65507])


@actor("udpempty")
def datagrams_with_nothing_inside(stage):
    one_way(stage, stage.loopback(2), stage.loopback(), "near", [0])


@actor("udptiny6")
def datagrams_of_odd_sizes(stage):
    one_way(stage, NEAR6, FAR6, "far", [1, 3, 0, 1452])


@actor("exthdr")
def ipv6_extension_headers(stage):
    def options(sock):
        sock.setsockopt(socket.IPPROTO_IPV6, IPV6_HOPOPTS, PADDING)
        sock.setsockopt(socket.IPPROTO_IPV6, IPV6_DSTOPTS, PADDING)
    one_way(stage, NEAR6, FAR6, "far", [300, 500], options)


@actor("exttcp")
def tcp_behind_a_destination_options_header(stage):
    ready, = stage.signals(1)

    def server(role):
        listener = role.listen("::1", stage.port)
        ready.give()
        sock = role.accept(listener)
        sock.recv(2000)
        sock.sendall(role.payload(5000))
        sock.close()

    def client(role):
        ready.take()
        sock = role.open(socket.SOCK_STREAM, "::1", bind=False)
        sock.setsockopt(socket.IPPROTO_IPV6, IPV6_DSTOPTS, PADDING)
        sock.connect(("::1", stage.port))
        role.journal.declare(sock, protocol=6)
        sock.sendall(role.payload(300))
        while sock.recv(8192):
            pass
        sock.close()
    stage.role("srv", server)
    stage.role("cli", client)
    stage.finish()


@actor("broadcst")
def broadcast(stage):
    """Both namespaces listen: the sender's own one gets the copy that the stack loops back."""
    ready, = stage.signals(1)

    def receiver(role):
        sock = role.datagram("0.0.0.0", stage.port, group=BROADCAST4)
        ready.give()
        sock.recv(2000)

    def sender(role):
        ready.take()
        ready.take()
        sock = role.datagram(NEAR4, 0)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
        sock.sendto(role.payload(200), (BROADCAST4, stage.port))
    stage.role("near", receiver)
    stage.role("far", receiver, space="far")
    stage.role("snd", sender)
    stage.finish()
