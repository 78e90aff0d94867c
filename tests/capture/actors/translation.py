# SPDX-License-Identifier: Apache-2.0
"""Translated addresses: egress shows those of the wire, ingress those of the socket (capture-facts, addendum)."""
import shutil
import socket

import network
from network import FAR4, FAR6, NEAR4
from stage import Skip, actor, read_exactly, read_to_end

CALLED4, CALLED6 = "10.77.9.9", "fd77:9::9"  # nobody has these
BEHIND4 = "10.77.0.99"


def rules(stage, space, family, chains):
    if not shutil.which("nft"):
        raise Skip("no nft program")
    body = "\n".join(f"chain {name} {{ type nat hook {hook} priority {priority};\n{rule}\n}}"
                     for name, (hook, priority, rule) in chains.items())
    try:
        network.nft(stage.spaces[space], f"table {family} of_{stage.name} {{\n{body}\n}}\n")
    except OSError as error:
        raise Skip(f"nft has no NAT here: {str(error).splitlines()[0]}") from error


def served(role, ready, address, port, **facts):
    listener = role.listen(address, port)
    ready.give()
    sock = role.accept(listener, **facts)
    read_exactly(sock, 300)
    sock.sendall(role.payload(700))
    read_to_end(sock)
    sock.close()


def calls(role, ready, address, port, source=None, **facts):
    ready.take()
    sock = role.connect(address, port, source=source, **facts)
    sock.sendall(role.payload(300))
    read_exactly(sock, 700)
    sock.close()


@actor("dnat4")
def destination_of_a_client(stage):
    network.ip(stage.spaces["near"], f"route replace {CALLED4} via {FAR4}\n")
    rules(stage, "near", "ip", {"out": ("output", -100, f"ip daddr {CALLED4} tcp dport {stage.port} "
                                                         f"dnat to {FAR4}:{stage.port + 1}")})
    ready, = stage.signals(1)
    stage.role("srv", served, ready, FAR4, stage.port + 1, space="far")
    stage.role("cli", lambda role: calls(role, ready, CALLED4, stage.port, wire_remote=[FAR4, stage.port + 1]))
    stage.finish()


@actor("dnat6")
def destination_of_an_ipv6_client(stage):
    network.ip(stage.spaces["near"], f"route replace {CALLED6} via {FAR6}\n")
    rules(stage, "near", "ip6", {"out": ("output", -100, f"ip6 daddr {CALLED6} tcp dport {stage.port} "
                                                          f"dnat to [{FAR6}]:{stage.port + 1}")})
    ready, = stage.signals(1)
    stage.role("srv", served, ready, FAR6, stage.port + 1, space="far")
    stage.role("cli", lambda role: calls(role, ready, CALLED6, stage.port, wire_remote=[FAR6, stage.port + 1]))
    stage.finish()


@actor("redirect")
def client_redirected_to_its_own_machine(stage):
    rules(stage, "near", "ip", {"out": ("output", -100, f"ip daddr {FAR4} tcp dport {stage.port} "
                                                         f"redirect to :{stage.port + 1}")})
    ready, = stage.signals(1)
    stage.role("srv", lambda role: served(role, ready, "127.0.0.1", stage.port + 1, sent_local=[FAR4, stage.port]))
    stage.role("cli", lambda role: calls(role, ready, FAR4, stage.port, source=NEAR4,
                                         wire_remote=["127.0.0.1", stage.port + 1],
                                         received_remote=[FAR4, stage.port]))
    stage.finish()


@actor("snat4")
def source_of_a_client(stage):
    rules(stage, "near", "ip", {"post": ("postrouting", 100, f"ip daddr {FAR4} tcp dport {stage.port} "
                                                              f"snat to {BEHIND4}")})
    network.ip(stage.spaces["near"], f"addr replace {BEHIND4}/24 dev va0\n")
    ready, = stage.signals(1)

    def client(role):
        ready.take()
        sock = role.open(socket.SOCK_STREAM, NEAR4, stage.port + 2)
        sock.connect((FAR4, stage.port))
        role.journal.declare(sock, protocol=6, wire_local=[BEHIND4, stage.port + 2])
        sock.sendall(role.payload(300))
        read_exactly(sock, 700)
        sock.close()
    stage.role("srv", served, ready, FAR4, stage.port, space="far")
    stage.role("cli", client)
    stage.finish()


@actor("redirsrv")
def server_behind_a_redirect(stage):
    rules(stage, "far", "ip", {"pre": ("prerouting", -100, f"ip daddr {FAR4} tcp dport {stage.port} "
                                                            f"redirect to :{stage.port + 1}")})
    ready, = stage.signals(1)
    stage.role("srv", lambda role: served(role, ready, FAR4, stage.port + 1, wire_local=[FAR4, stage.port]),
               space="far")
    stage.role("cli", lambda role: calls(role, ready, FAR4, stage.port))
    stage.finish()


def datagrams(stage, connects):
    network.ip(stage.spaces["near"], f"route replace {CALLED4} via {FAR4}\n")
    rules(stage, "near", "ip", {"out": ("output", -100, f"ip daddr {CALLED4} udp dport {stage.port} "
                                                         f"dnat to {FAR4}:{stage.port + 1}")})
    ready, = stage.signals(1)

    def server(role):
        sock = role.datagram(FAR4, stage.port + 1)
        ready.give()
        for number in range(3):
            _, peer = sock.recvfrom(2000)
            sock.sendto(role.payload(310, number), peer)

    def client(role):
        ready.take()
        sock = role.open(socket.SOCK_DGRAM, NEAR4, 0)
        if connects:
            sock.connect((CALLED4, stage.port))
        role.journal.declare(sock, protocol=17, remote=[CALLED4, stage.port], connected=connects,
                             wire_remote=[FAR4, stage.port + 1])
        for number in range(3):
            if connects:
                sock.send(role.payload(210, number))
            else:
                sock.sendto(role.payload(210, number), (CALLED4, stage.port))
            sock.recv(2000)

    stage.role("srv", server, space="far")
    stage.role("cli", client)
    stage.finish()


@actor("dnatudp")
def destination_of_a_connected_datagram_socket(stage):
    datagrams(stage, True)


@actor("dnatto")
def destination_of_an_unconnected_datagram_socket(stage):
    datagrams(stage, False)
