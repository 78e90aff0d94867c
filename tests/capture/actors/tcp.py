# SPDX-License-Identifier: Apache-2.0
"""TCP, over loopback and over the wire, from SYN to the last ACK or RST."""
import socket
import struct

from network import FAR4, FAR6, NEAR4, NEAR6
from stage import IPPROTO_MPTCP, actor, read_exactly, read_to_end

LINGER_0 = struct.pack("ii", 1, 0)


def serve(role, ready, address, port, requests=2, closes="second", **facts):
    listener = role.listen(address, port, **facts)
    ready.give()
    sock = role.accept(listener)
    for number in range(requests):
        read_exactly(sock, 300)
        sock.sendall(role.payload(700, number))
    if closes == "second":
        read_to_end(sock)
    sock.close()
    listener.close()


def ask(role, ready, address, port, requests=2, closes="first", **facts):
    ready.take()
    sock = role.connect(address, port, **facts)
    for number in range(requests):
        sock.sendall(role.payload(300, number))
        read_exactly(sock, 700)
    if closes == "second":
        read_to_end(sock)
    sock.close()


def conversation(stage, address, server_space="near", server=None, client=None, server_closes=False, bind=None):
    ready, = stage.signals(1)
    stage.role("srv", lambda role: serve(role, ready, bind or address, stage.port,
                                         closes="first" if server_closes else "second", **(server or {})),
               space=server_space)
    stage.role("cli", lambda role: ask(role, ready, address, stage.port,
                                       closes="second" if server_closes else "first", **(client or {})))
    stage.finish()


@actor("tcp4")
def over_ipv4_loopback(stage):
    conversation(stage, stage.loopback())


@actor("tcp4v")
def over_ipv4_wire_where_the_server_closes(stage):
    conversation(stage, FAR4, "far", server_closes=True)


@actor("tcp6")
def over_ipv6_loopback(stage):
    conversation(stage, "::1", server_closes=True)


@actor("tcp6v")
def over_ipv6_wire(stage):
    conversation(stage, FAR6, "far")


@actor("tcpmap")
def ipv4_in_ipv6_sockets(stage):
    v6 = {"family": socket.AF_INET6}
    conversation(stage, f"::ffff:{stage.loopback()}", server=v6, client=v6, bind="::")


@actor("tcpmapv")
def ipv4_client_of_a_dual_server(stage):
    conversation(stage, FAR4, "far", server={"family": socket.AF_INET6}, bind="::")


@actor("tcpown")
def to_an_address_of_its_own_interface(stage):
    conversation(stage, NEAR4)
    # NEAR6 as well: packets to one's own address take the loopback.
    stage.port += 1
    conversation(stage, NEAR6)


@actor("tcphalf")
def half_closed_by_the_client(stage):
    ready, = stage.signals(1)

    def server(role):
        listener = role.listen(stage.loopback(), stage.port)
        ready.give()
        sock = role.accept(listener)
        read_to_end(sock)
        sock.sendall(role.payload(900))
        sock.close()

    def client(role):
        ready.take()
        sock = role.connect(stage.loopback(), stage.port, half_close=True)
        sock.sendall(role.payload(300))
        sock.shutdown(socket.SHUT_WR)
        read_to_end(sock)
        sock.close()
    stage.role("srv", server)
    stage.role("cli", client)
    stage.finish()


@actor("tcprst")
def reset_by_linger_0(stage):
    for address, space in ((stage.loopback(), "near"), (FAR6, "far")):
        ready, = stage.signals(1)

        def server(role):
            listener = role.listen(address, stage.port)
            ready.give()
            sock = role.accept(listener)
            read_exactly(sock, 300)
            try:
                sock.recv(10)
            except ConnectionResetError:
                pass

        def client(role):
            ready.take()
            sock = role.connect(address, stage.port)
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, LINGER_0)
            sock.sendall(role.payload(300))
            sock.close()
        pids = [stage.role("srv", server, space=space), stage.role("cli", client)]
        for pid in pids:
            stage.wait(pid)


@actor("tcpleft")
def closed_with_bytes_not_read(stage):
    ready, sent = stage.signals(2)

    def server(role):
        listener = role.listen(stage.loopback(), stage.port)
        ready.give()
        sock = role.accept(listener)
        sent.take()
        sock.recv(1)
        sock.close()

    def client(role):
        ready.take()
        sock = role.connect(stage.loopback(), stage.port)
        sock.sendall(role.payload(300))
        sent.give()
        try:
            sock.recv(10)
        except ConnectionResetError:
            pass
    stage.role("srv", server)
    stage.role("cli", client)
    stage.finish()


@actor("tcpshut")
def closed_port(stage):
    def client(role):
        for address in (stage.loopback(), "::1", FAR4, FAR6):
            sock = role.open(socket.SOCK_STREAM, address, bind=False)
            source = {"::1": "::1", FAR4: NEAR4, FAR6: NEAR6}.get(address, stage.loopback(2))
            sock.bind((source, 0))
            role.journal.declare(sock, protocol=6, remote=[address, stage.port], connected=True)
            try:
                sock.connect((address, stage.port))
            except ConnectionRefusedError:
                pass
            sock.close()
    stage.role("cli", client)
    stage.finish()


@actor("tcpself")
def both_ends_in_one_process(stage):
    def both(role):
        listener = role.listen(stage.loopback(), stage.port)
        mine = role.connect(stage.loopback(), stage.port)
        theirs = role.accept(listener)
        mine.sendall(role.payload(500))
        read_exactly(theirs, 500)
        theirs.sendall(role.payload(400, 1))
        read_exactly(mine, 400)
        mine.close()
        read_to_end(theirs)
        theirs.close()
    stage.role("all", both)
    stage.finish()


@actor("tcpmany")
def many_connections_at_once(stage):
    ready, = stage.signals(1)

    def server(role):
        listener = role.listen(stage.loopback(), stage.port)
        ready.give(3)
        socks = [role.accept(listener) for _ in range(12)]
        for sock in socks:
            read_exactly(sock, 300)
            sock.sendall(role.payload(300))
        for sock in socks:
            read_to_end(sock)
            sock.close()

    def client(role):
        ready.take()
        socks = [role.connect(stage.loopback(), stage.port) for _ in range(4)]
        for number, sock in enumerate(socks):
            sock.sendall(role.payload(300, number))
        for sock in socks:
            read_exactly(sock, 300)
        for sock in socks:
            sock.close()
    stage.role("srv", server)
    for name in ("c0", "c1", "c2"):
        stage.role(name, client)
    stage.finish()


@actor("tcpnext")
def a_port_used_again_is_another_sample(stage):
    ready, = stage.signals(1)

    def server(role):
        listener = role.listen(stage.loopback(), stage.port)
        ready.give()
        for _ in range(2):
            sock = role.accept(listener)
            read_exactly(sock, 300)
            sock.sendall(role.payload(300))
            try:
                sock.recv(10)
            except ConnectionResetError:
                pass
            sock.close()
            ready.give()

    def client(role):
        ready.take()
        sock = role.open(socket.SOCK_STREAM, stage.loopback(), stage.port + 1)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, LINGER_0)
        sock.connect((stage.loopback(), stage.port))
        role.journal.declare(sock, protocol=6)
        sock.sendall(role.payload(300))
        read_exactly(sock, 300)
        sock.close()
    stage.role("srv", server)
    for name in ("c0", "c1"):
        stage.wait(stage.role(name, client))
    stage.finish()


@actor("mptcp")
def multipath_with_one_subflow(stage):
    stage.requires(socket.AF_INET, socket.SOCK_STREAM, IPPROTO_MPTCP)
    mptcp = {"protocol": IPPROTO_MPTCP}
    conversation(stage, stage.loopback(), server=mptcp, client=mptcp)


@actor("sctp")
def stream_control_as_far_as_the_kernel_has_it(stage):
    """None of these packets must be there; those that are are judged."""
    stage.requires(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_SCTP)
    ready, = stage.signals(1)

    def server(role):
        listener = role.open(socket.SOCK_STREAM, stage.loopback(), stage.port, protocol=socket.IPPROTO_SCTP)
        listener.listen(4)
        role.journal.declare(listener, protocol=132, listener=True, connected=False)
        ready.give()
        sock, _ = listener.accept()
        role.journal.declare(sock, protocol=132)
        sock.recv(2000)
        sock.send(role.payload(200))
        sock.recv(2000)
        sock.close()

    def client(role):
        ready.take()
        sock = role.open(socket.SOCK_STREAM, stage.loopback(2), protocol=socket.IPPROTO_SCTP)
        sock.connect((stage.loopback(), stage.port))
        role.journal.declare(sock, protocol=132)
        sock.send(role.payload(300))
        sock.recv(2000)
        sock.close()
    stage.role("srv", server)
    stage.role("cli", client)
    stage.finish()
