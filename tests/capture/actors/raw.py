# SPDX-License-Identifier: Apache-2.0
"""ICMP from ping and raw sockets, raw protocols."""
import socket
import struct

import packets
from network import FAR4, FAR6, NEAR4, NEAR6
from stage import actor

ICMP6_FILTER = 1


def echo_request(version, ident, number, content):
    kind = packets.ECHO_TYPES[packets.ICMP if version == 4 else packets.ICMP6][0]
    start = struct.pack("!BBHHH", kind, 0, 0, ident, number)
    checksum = 0xFFFF - packets.sum16(start + content) if version == 4 else 0  # the kernel fills ICMPv6's
    return start[:2] + struct.pack("!H", checksum) + start[4:] + content


def ping(stage, role, source, address, connects=False):
    version = 6 if ":" in address else 4
    protocol = packets.ICMP6 if version == 6 else packets.ICMP
    ident = stage.port & 0xFFFF
    sock = role.open(socket.SOCK_DGRAM, source, ident, protocol=protocol)
    if connects:
        sock.connect((address, 0))
    remote = [address, 0] if connects else None
    role.journal.declare(sock, protocol=protocol, remote=remote, connected=connects)
    for number in range(3):
        sock.sendto(echo_request(version, ident, number, role.payload(56, number)), (address, 0))
        sock.recv(2000)


@actor("ping4")
def ping_sockets_on_loopback(stage):
    stage.role("png", lambda role: ping(stage, role, stage.loopback(2), stage.loopback()))
    stage.finish()


@actor("ping4v")
def ping_sockets_over_the_wire(stage):
    stage.role("png", lambda role: ping(stage, role, NEAR4, FAR4, connects=True))
    stage.finish()


@actor("ping6")
def ping_sockets_ipv6(stage):
    stage.role("png", lambda role: ping(stage, role, NEAR6, FAR6))
    stage.finish()


@actor("ping6lo")
def ping_sockets_ipv6_loopback(stage):
    stage.role("png", lambda role: ping(stage, role, "::1", "::1", connects=True))
    stage.finish()


@actor("rawicmp", alone=True)
def raw_icmp(stage):
    def pinger(role):
        sock = role.open(socket.SOCK_RAW, stage.loopback(2), protocol=packets.ICMP)
        role.journal.declare(sock, protocol=packets.ICMP, raw=True, connected=False)
        for number in range(3):
            sock.sendto(echo_request(4, stage.port, number, role.payload(64, number)), (stage.loopback(), 0))
            sock.recv(2000)
    stage.role("png", pinger)
    stage.finish()


@actor("rawself", alone=True)
def raw_icmp_to_itself(stage):
    """The socket receives its own request, too."""
    def pinger(role):
        sock = role.open(socket.SOCK_RAW, stage.loopback(), protocol=packets.ICMP)
        role.journal.declare(sock, protocol=packets.ICMP, raw=True, connected=False)
        for number in range(2):
            sock.sendto(echo_request(4, stage.port, number, role.payload(64, number)), (stage.loopback(), 0))
            sock.recv(2000)
            sock.recv(2000)
    stage.role("png", pinger)
    stage.finish()


@actor("rawicmp6", alone=True)
def raw_icmp6(stage):
    def pinger(role):
        since = role.clock()
        sock = role.open(socket.SOCK_RAW, NEAR6, protocol=packets.ICMP6)
        # Neighbour discovery would be received, too: only echo replies (RFC 3542, a bit blocks).
        blocked = [0xFFFFFFFF] * 8
        blocked[129 // 32] &= ~(1 << 129 % 32)
        sock.setsockopt(packets.ICMP6, ICMP6_FILTER, struct.pack("8I", *blocked))
        sock.connect((FAR6, 0))
        for number in range(3):
            sock.send(echo_request(6, stage.port, number, role.payload(64, number)))
            sock.recv(2000)
        role.journal.declare(sock, protocol=packets.ICMP6, raw=True, remote=[FAR6, 0], connected=True, types=[129],
                             since=since, until=role.clock())
    stage.role("png", pinger)
    stage.finish()


@actor("rawproto")
def raw_protocol(stage):
    ready, = stage.signals(1)

    def receiver(role):
        sock = role.open(socket.SOCK_RAW, stage.loopback(), protocol=200)
        role.journal.declare(sock, protocol=200, raw=True, connected=False)
        ready.give()
        for number in range(3):
            _, peer = sock.recvfrom(2000)
            sock.sendto(role.payload(120, number), peer)

    def sender(role):
        sock = role.open(socket.SOCK_RAW, stage.loopback(2), protocol=200)
        role.journal.declare(sock, protocol=200, raw=True, connected=False)
        ready.take()
        for number in range(3):
            sock.sendto(role.payload(100, number), (stage.loopback(), 0))
            sock.recvfrom(2000)
    stage.role("rcv", receiver)
    stage.role("snd", sender)
    stage.finish()


@actor("rawtwo")
def raw_copies_for_two_processes(stage):
    ready, = stage.signals(1)

    def receiver(role):
        sock = role.open(socket.SOCK_RAW, stage.loopback(), protocol=201)
        role.journal.declare(sock, protocol=201, raw=True, connected=False)
        ready.give()
        for _ in range(3):
            sock.recvfrom(2000)

    def sender(role):
        sock = role.open(socket.SOCK_RAW, stage.loopback(2), protocol=201)
        role.journal.declare(sock, protocol=201, raw=True, connected=False)
        ready.take()
        ready.take()
        for number in range(3):
            sock.sendto(role.payload(100, number), (stage.loopback(), 0))
    stage.role("r0", receiver)
    stage.role("r1", receiver)
    stage.role("snd", sender)
    stage.finish()


@actor("rawprot6")
def raw_protocol_ipv6(stage):
    ready, = stage.signals(1)

    def receiver(role):
        sock = role.open(socket.SOCK_RAW, FAR6, protocol=202)
        role.journal.declare(sock, protocol=202, raw=True, connected=False)
        ready.give()
        for _ in range(3):
            sock.recvfrom(2000)

    def sender(role):
        sock = role.open(socket.SOCK_RAW, NEAR6, protocol=202)
        role.journal.declare(sock, protocol=202, raw=True, connected=False)
        ready.take()
        for number in range(3):
            sock.sendto(role.payload(100, number), (FAR6, 0))
    stage.role("rcv", receiver, space="far")
    stage.role("snd", sender)
    stage.finish()


@actor("rawhdr")
def headers_made_by_the_sender(stage):
    """IP_HDRINCL: the datagram belongs to the raw socket, whatever ports stand in it."""
    ready, = stage.signals(1)

    def receiver(role):
        sock = role.datagram(stage.loopback(), stage.port)
        ready.give()
        for _ in range(2):
            sock.recv(2000)

    def sender(role):
        ready.take()
        source = stage.loopback(2)
        sock = role.open(socket.SOCK_RAW, source, protocol=socket.IPPROTO_RAW)
        role.journal.declare(sock, protocol=packets.UDP, raw=True, connected=False, deaf=True)
        for number in range(2):
            content = role.payload(140, number)
            udp = struct.pack("!HHHH", stage.port + 1, stage.port, 8 + len(content), 0) + content
            pseudo = socket.inet_aton(source) + socket.inet_aton(stage.loopback()) + struct.pack("!HH", 17, len(udp))
            checksum = 0xFFFF - packets.sum16(pseudo + udp)
            udp = udp[:6] + struct.pack("!H", checksum) + udp[8:]
            ip = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 20 + len(udp), 77 + number, 0, 64, 17, 0,
                             socket.inet_aton(source), socket.inet_aton(stage.loopback()))
            sock.sendto(ip + udp, (stage.loopback(), 0))
    stage.role("rcv", receiver)
    stage.role("snd", sender)
    stage.finish()
