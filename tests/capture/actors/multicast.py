# SPDX-License-Identifier: Apache-2.0
"""Multicast: one packet out, one in for each receiver."""
import socket
import struct

from network import NEAR4, NEAR6
from stage import actor

GROUP4, GROUP4_LO, GROUP6 = "239.77.0.1", "239.77.0.2", "ff15::77"


def multicast(stage, group, device, source, receivers):
    """receivers: (role name, namespace)"""
    ready, = stage.signals(1)
    index = {"near": {"lo": 1, "va0": 201}, "far": {"va0": 202}}

    def receiver(role, space):
        sock = role.open(socket.SOCK_DGRAM, group, bind=False)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.bind((group, stage.port))
        number = index[space][device]
        if ":" in group:
            membership = socket.inet_pton(socket.AF_INET6, group) + struct.pack("I", number)
            sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_JOIN_GROUP, membership)
        else:
            membership = struct.pack("4s4si", socket.inet_aton(group), bytes(4), number)
            sock.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, membership)
        role.journal.declare(sock, protocol=17, connected=False, group=group)
        ready.give()
        for _ in range(3):
            sock.recvfrom(2000)

    def sender(role):
        for _ in receivers:
            ready.take()
        sock = role.datagram(source, 0)
        number = index["near"][device]
        if ":" in group:
            sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_IF, number)
        else:
            sock.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, struct.pack("4s4si", bytes(4), bytes(4), number))
        for number in range(3):
            sock.sendto(role.payload(170, number), (group, stage.port))
    for name, space in receivers:
        stage.role(name, receiver, space, space=space)
    stage.role("snd", sender)
    stage.finish()


@actor("mcastlo")
def two_receivers_on_loopback(stage):
    multicast(stage, GROUP4_LO, "lo", stage.loopback(), (("r0", "near"), ("r1", "near")))


@actor("mcast4")
def two_receivers_behind_the_wire(stage):
    multicast(stage, GROUP4, "va0", NEAR4, (("r0", "far"), ("r1", "far")))


@actor("mcast4l")
def a_receiver_beside_the_sender_and_one_behind_the_wire(stage):
    multicast(stage, "239.77.0.3", "va0", NEAR4, (("r0", "near"), ("r1", "far")))


@actor("mcast6")
def ipv6_beside_the_sender_and_behind_the_wire(stage):
    multicast(stage, GROUP6, "va0", NEAR6, (("r0", "near"), ("r1", "far")))
