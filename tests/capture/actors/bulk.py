# SPDX-License-Identifier: Apache-2.0
"""Superpackets: what the stack hands down in one piece, the wire carries in many."""
import os
import socket
import struct

from network import FAR4, FAR6, NEAR4, NEAR6
from stage import Skip, actor, read_exactly, read_to_end

UDP_SEGMENT, UDP_GRO, SOL_UDP = 103, 104, 17
CHUNK = 1 << 17  # a veth with GRO queues 256 packets and drops what comes on top: no more than that at a time


def stream(stage, address, space, total, chunk=CHUNK, reverse=False):
    ready, = stage.signals(1)

    def sends(role, sock):
        for number in range(total // chunk):
            sock.sendall(role.payload(chunk, number))
            read_exactly(sock, 1)

    def receives(role, sock):
        for _ in range(total // chunk):
            read_exactly(sock, chunk)
            sock.sendall(role.payload(1))

    def server(role):
        listener = role.listen(address, stage.port)
        ready.give()
        sock = role.accept(listener)
        (sends if reverse else receives)(role, sock)
        read_to_end(sock)

    def client(role):
        ready.take()
        sock = role.connect(address, stage.port)
        (receives if reverse else sends)(role, sock)
        sock.close()
    stage.role("srv", server, space=space)
    stage.role("cli", client)
    stage.finish()


@actor("bulk4")
def upload_over_the_wire(stage):
    stream(stage, FAR4, "far", 1 << 20)


@actor("bulk4d")
def download_over_the_wire(stage):
    stream(stage, FAR4, "far", 1 << 20, reverse=True)


@actor("bulk6")
def upload_over_the_wire_ipv6(stage):
    stream(stage, FAR6, "far", 1 << 20)


@actor("bulklo")
def upload_on_loopback(stage):
    stream(stage, stage.loopback(), "near", 4 << 20, 1 << 20)


@actor("bulklo6")
def upload_on_loopback_ipv6(stage):
    """Superpackets of more than 65,535 bytes carry a jumbogram header (RFC 2675) until they are cut."""
    stream(stage, "::1", "near", 4 << 20, 1 << 20)


def segmented(stage, source, address, space, gro=False):
    """UDP_SEGMENT: one send of many datagrams."""
    if tuple(int(part) for part in os.uname().release.split(".")[:2]) < (6, 2) and space == "near":
        raise Skip("AF_PACKET cannot tell the gso_size of UDP before Linux 6.2")
    ready, = stage.signals(1)
    sizes = (12_000, 12_345, 700, 48_000)

    def receiver(role):
        sock = role.datagram(address, stage.port)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
        if gro:
            sock.setsockopt(SOL_UDP, UDP_GRO, 1)
        ready.give()
        for size in sizes:
            got = 0
            while got < size:
                got += len(sock.recv(70000))
            ready.give()

    def sender(role):
        ready.take()
        sock = role.open(socket.SOCK_DGRAM, source)
        sock.setsockopt(SOL_UDP, UDP_SEGMENT, 1200)
        sock.connect((address, stage.port))
        role.journal.declare(sock, protocol=17)
        for number, size in enumerate(sizes):
            sock.send(role.payload(size, number))
            ready.take()
    stage.role("rcv", receiver, space=space)
    stage.role("snd", sender)
    stage.finish()


@actor("gso4")
def udp_segment_over_the_wire(stage):
    segmented(stage, NEAR4, FAR4, "far")


@actor("gso6")
def udp_segment_over_the_wire_ipv6(stage):
    segmented(stage, NEAR6, FAR6, "far")


@actor("gro4")
def udp_segment_to_a_receiver_with_gro(stage):
    segmented(stage, NEAR4, FAR4, "far", gro=True)


@actor("gsolo")
def udp_segment_on_loopback(stage):
    segmented(stage, stage.loopback(2), stage.loopback(), "near", gro=True)


@actor("gsocmsg")
def udp_segment_for_one_send_of_an_unconnected_socket(stage):
    ready, = stage.signals(1)

    def receiver(role):
        sock = role.datagram(FAR4, stage.port)
        ready.give()
        for _ in range(5):
            sock.recv(2000)

    def sender(role):
        ready.take()
        sock = role.datagram(NEAR4, 0)
        sock.sendmsg([role.payload(5000)], [(SOL_UDP, UDP_SEGMENT, struct.pack("H", 1000))], 0, (FAR4, stage.port))
    stage.role("rcv", receiver, space="far")
    stage.role("snd", sender)
    stage.finish()
