# SPDX-License-Identifier: Apache-2.0
"""What is allowed and seldom done: names that need encoding, fast open, cookies, corks, other peers."""
import socket

import network
import stage as scene
from control_group import cgroup2_mount
from network import FAR4
from stage import actor, read_exactly, read_to_end

TCP_DEFER_ACCEPT, MSG_FASTOPEN = 9, 0x20000000


def named(stage, name, label):
    """A process whose name is these bytes must have this label: labels.md, "Writing"."""
    ready, = stage.signals(1)

    def receiver(role):
        sock = role.datagram(stage.loopback(), stage.port)
        ready.give()
        sock.recv(2000)

    def sender(role):
        ready.take()
        network.libc.prctl(scene.PR_SET_NAME, name, 0, 0, 0)
        sock = role.open(socket.SOCK_DGRAM, stage.loopback(2))
        role.journal.declare(sock, label=label, protocol=17)
        sock.sendto(b"no token " * 9, (stage.loopback(), stage.port))
    stage.role("rcv", receiver)
    stage.role("snd", sender)
    stage.finish()


@actor("comma")
def name_with_a_comma_and_a_percent_sign(stage):
    named(stage, b"50%,50% a=b", "50%25%2C50%25 a=b")


@actor("control")
def name_with_control_characters(stage):
    named(stage, b"two\nlines\x7f\t", "two%0Alines%7F%09")


@actor("latin")
def name_that_is_not_utf8(stage):
    named(stage, b"caf\xe9-latin", "caf\ufffd-latin")


@actor("cutname")
def name_cut_inside_a_character(stage):
    named(stage, "fünfzehn-byteü".encode(), "fünfzehn-byte\ufffd")


@actor("digits")
def name_of_digits(stage):
    named(stage, b"8080", "8080")


def stream(stage, prepare_server=None, first=None, **facts):
    ready, = stage.signals(1)

    def server(role):
        listener = role.open(socket.SOCK_STREAM, stage.loopback(), stage.port)
        if prepare_server:
            prepare_server(listener)
        listener.listen(8)
        role.journal.declare(listener, protocol=6, listener=True, connected=False)
        ready.give()
        sock = role.accept_null(listener, **facts)
        read_exactly(sock, 300)
        sock.sendall(role.payload(400))
        read_to_end(sock)
        sock.close()

    def client(role):
        ready.take()
        sock = role.open(socket.SOCK_STREAM, stage.loopback(2))
        if first:
            sock.sendto(role.payload(300), first, (stage.loopback(), stage.port))
        else:
            sock.connect((stage.loopback(), stage.port))
        role.journal.declare(sock, protocol=6)
        if not first:
            sock.sendall(role.payload(300))
        read_exactly(sock, 400)
        sock.close()
    stage.role("srv", server)
    stage.role("cli", client)
    stage.finish()


def with_setting(stage, path, value, usual, play):
    """A setting of the near namespace, for as long as the play takes."""
    network.within(stage.spaces["near"], network.write_setting, path, value)
    try:
        play()
    finally:
        network.within(stage.spaces["near"], network.write_setting, path, usual)


@actor("fastopen")
def data_in_the_syn(stage):
    # 0x1 client, 0x2 server, 0x4 and 0x200: without a cookie
    with_setting(stage, "ipv4/tcp_fastopen", "519", "1", lambda: stream(
        stage, lambda sock: sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_FASTOPEN, 8), first=MSG_FASTOPEN))


@actor("cookies")
def syn_cookies(stage):
    """The kernel attaches no socket to these SYN-ACKs (tcp_make_synack), so no hook of a socket sees them."""
    with_setting(stage, "ipv4/tcp_syncookies", "2", "1", lambda: stream(stage, syn_cookies=True))


@actor("defer")
def accepted_when_data_has_come(stage):
    stream(stage, lambda sock: sock.setsockopt(socket.IPPROTO_TCP, TCP_DEFER_ACCEPT, 5))


@actor("cork")
def one_datagram_of_many_sends(stage):
    ready, = stage.signals(1)

    def receiver(role):
        sock = role.datagram(FAR4, stage.port)
        ready.give()
        sock.recv(4000)

    def sender(role):
        ready.take()
        sock = role.datagram(network.NEAR4, 0)
        for flags in (socket.MSG_MORE, socket.MSG_MORE, 0):
            sock.sendto(role.payload(300), flags, (FAR4, stage.port))
    stage.role("rcv", receiver, space="far")
    stage.role("snd", sender)
    stage.finish()


@actor("urgent")
def urgent_data(stage):
    ready, = stage.signals(1)

    def server(role):
        listener = role.listen("::1", stage.port)
        ready.give()
        sock = role.accept(listener)
        read_to_end(sock)
        sock.close()

    def client(role):
        ready.take()
        sock = role.connect("::1", stage.port)
        sock.sendall(role.payload(300))
        sock.send(role.payload(20), socket.MSG_OOB)
        sock.sendall(role.payload(300))
        sock.close()
    stage.role("srv", server)
    stage.role("cli", client)
    stage.finish()


@actor("pidns")
def a_process_in_a_pid_namespace(stage):
    ready, = stage.signals(1)

    def receiver(role):
        sock = role.datagram(stage.loopback(), stage.port)
        ready.give()
        sock.recv(2000)

    def inside(role):
        sock = role.datagram(stage.loopback(2), stage.port)
        sock.sendto(role.payload(200), (stage.loopback(), stage.port))

    def container(role):
        ready.take()
        if network.libc.unshare(network.CLONE_NEWPID):
            network.fail("unshare")
        role.fork("in", inside)
        role.wait_children()
    stage.role("rcv", receiver)
    stage.role("out", container)
    stage.finish()


@actor("outside")
def socket_made_in_another_control_group(stage):
    """It stays that group's, whoever uses it. The other end is captured."""
    ready, = stage.signals(1)

    def receiver(role):
        sock = role.datagram(stage.loopback(), stage.port)
        ready.give()
        for number in range(2):
            _, peer = sock.recvfrom(2000)
            sock.sendto(role.payload(220, number), peer)

    def sender(role):
        ready.take()
        with open("/proc/self/cgroup", encoding="ascii") as groups:
            mine = next(line.strip().split(":", 2)[2] for line in groups if line.startswith("0::"))
        enter_group("/")
        sock = role.datagram(stage.loopback(2), stage.port, outside=True)
        enter_group(mine)
        for number in range(2):
            sock.sendto(role.payload(210, number), (stage.loopback(), stage.port))
            sock.recv(2000)
    stage.role("rcv", receiver)
    stage.role("snd", sender)
    stage.finish()


def enter_group(path):
    with open(f"{cgroup2_mount()}{path}/cgroup.procs", "w", encoding="ascii") as processes:
        processes.write("0")


@actor("linkloc")
def link_local_addresses(stage):
    ready, = stage.signals(1)

    def server(role):
        listener = role.open(socket.SOCK_STREAM, network.FAR_LINK, bind=False)
        listener.bind((network.FAR_LINK, stage.port, 0, 202))
        listener.listen(2)
        role.journal.declare(listener, protocol=6, listener=True, connected=False)
        ready.give()
        sock = role.accept(listener)
        read_exactly(sock, 300)
        sock.sendall(role.payload(200))
        read_to_end(sock)
        sock.close()

    def client(role):
        ready.take()
        sock = role.open(socket.SOCK_STREAM, network.FAR_LINK, bind=False)
        sock.bind((network.NEAR_LINK, 0, 0, 201))
        sock.connect((network.FAR_LINK, stage.port, 0, 201))
        role.journal.declare(sock, protocol=6)
        sock.sendall(role.payload(300))
        read_exactly(sock, 200)
        sock.close()
    stage.role("srv", server, space="far")
    stage.role("cli", client)
    stage.finish()


@actor("repeer")
def connected_to_one_peer_after_the_other(stage):
    """A connected socket is one sample, whatever addresses its packets carry."""
    ready, = stage.signals(1)

    def receiver(role, number):
        sock = role.datagram(stage.loopback(1 + number), stage.port)
        ready.give()
        data, peer = sock.recvfrom(2000)
        sock.sendto(role.payload(len(data) + 10), peer)

    def client(role):
        ready.take()
        ready.take()
        sock = role.open(socket.SOCK_DGRAM, stage.loopback(9), stage.port)
        for number in range(2):
            sock.connect((stage.loopback(1 + number), stage.port))
            role.journal.declare(sock, protocol=17)
            sock.send(role.payload(200, number))
            sock.recv(2000)
    stage.role("r0", receiver, 0)
    stage.role("r1", receiver, 1)
    stage.role("cli", client)
    stage.finish()
