# SPDX-License-Identifier: Apache-2.0
"""Processes that are short, gone, renamed or of many threads."""
import os
import socket
import threading

import stage as scene
from network import FAR4, FAR6, NEAR4
from stage import actor, read_exactly, read_to_end


@actor("onepkt")
def processes_that_live_for_one_packet(stage):
    ready, = stage.signals(1)

    def server(role):
        sock = role.datagram(stage.loopback(), stage.port)
        ready.give()
        for _ in range(20):
            sock.recv(2000)

    def once(role, number):
        # Ports of their own: one that is used again would be another socket with the same address.
        sock = role.datagram(stage.loopback(2), stage.port + 1 + number)
        sock.sendto(role.payload(180), (stage.loopback(), stage.port))
    stage.role("srv", server)
    ready.take()
    for number in range(20):
        stage.role(f"p{number:02d}", once, number)
    stage.finish()


@actor("onetcp")
def processes_that_connect_say_one_thing_and_exit(stage):
    ready, = stage.signals(1)

    def server(role):
        listener = role.listen(stage.loopback(), stage.port)
        ready.give()
        for _ in range(8):
            sock = role.accept(listener)
            read_to_end(sock)
            sock.sendall(role.payload(100))
            sock.close()

    def once(role):
        sock = role.connect(stage.loopback(), stage.port, half_close=True)
        sock.sendall(role.payload(300))
        sock.shutdown(socket.SHUT_WR)
        read_to_end(sock)
    stage.role("srv", server)
    ready.take()
    for number in range(8):
        stage.role(f"p{number}", once)
    stage.finish()


def send_and_exit(stage, address, space):
    ready, gone = stage.signals(2)

    def server(role):
        listener = role.open(socket.SOCK_STREAM, address, stage.port)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 16384)
        listener.listen(1)
        role.journal.declare(listener, protocol=6, listener=True, connected=False)
        ready.give()
        sock = role.accept(listener)
        read_exactly(sock, 1)
        sock.sendall(role.payload(50))
        gone.take()
        read_to_end(sock)
        sock.close()

    def client(role):
        ready.take()
        sock = role.open(socket.SOCK_STREAM, address, bind=False)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1 << 20)
        sock.connect((address, stage.port))
        role.journal.declare(sock, protocol=6)
        sock.sendall(role.payload(200_000))
        read_exactly(sock, 50)  # a close with unread bytes would be a reset
    stage.role("srv", server, space=space)
    client_pid = stage.role("cli", client)
    stage.wait(client_pid)
    gone.give()
    stage.finish()


@actor("gone")
def data_that_outlives_its_process(stage):
    send_and_exit(stage, stage.loopback(), "near")


@actor("gonev")
def data_that_outlives_its_process_on_the_wire(stage):
    send_and_exit(stage, FAR4, "far")


@actor("gone6")
def data_that_outlives_its_process_on_the_wire_ipv6(stage):
    send_and_exit(stage, FAR6, "far")


@actor("threads")
def the_leader_names_all_threads(stage):
    ready, = stage.signals(1)

    def server(role):
        listener = role.listen(stage.loopback(), stage.port)
        sink = role.datagram(stage.loopback(), stage.port)
        ready.give()

        def answer():
            scene.rename("a-thread")
            sock = role.accept(listener)
            with role.journal.uses(sock):
                read_exactly(sock, 300)
                sock.sendall(role.payload(400))
                sock.close()
        helper = threading.Thread(target=answer)
        helper.start()
        sink.recv(2000)
        helper.join()

    def client(role):
        ready.take()

        def talk():
            scene.rename("a-helper")
            sock = role.connect(stage.loopback(), stage.port)
            sock.sendall(role.payload(300))
            read_to_end(sock)
            sock.close()
            sock = role.datagram(stage.loopback(2), 0)
            sock.sendto(role.payload(200), (stage.loopback(), stage.port))
        helper = threading.Thread(target=talk)
        helper.start()
        helper.join()
    stage.role("srv", server)
    stage.role("cli", client)
    stage.finish()


@actor("rename")
def a_leader_that_renames_itself(stage):
    ready, = stage.signals(1)

    def server(role):
        listener = role.listen(FAR4, stage.port)
        ready.give()
        sock = role.accept(listener)
        for number in range(2):
            read_exactly(sock, 300)
            sock.sendall(role.payload(300, number))
        read_to_end(sock)
        sock.close()

    def client(role):
        ready.take()
        sock = role.connect(FAR4, stage.port)
        sock.sendall(role.payload(300))
        read_exactly(sock, 300)
        new = stage.label("after")
        with role.journal.uses(sock, label=new, exact=True):
            scene.rename(new)
            role.journal.note("renamed", label=new)
            sock.sendall(scene.payload(new, 300))
        read_exactly(sock, 300)
        sock.close()
    stage.role("srv", server, space="far")
    stage.role("befor", client)
    stage.finish()


@actor("udpname")
def a_receiver_that_renames_itself(stage):
    ready, renamed = stage.signals(2)

    def receiver(role):
        sock = role.datagram(stage.loopback(), stage.port)
        ready.give()
        sock.recv(2000)
        new = stage.label("after")
        with role.journal.uses(sock, label=new, exact=True):
            scene.rename(new)
            role.journal.note("renamed", label=new)
            sock.setblocking(False)
            try:
                sock.recv(2000)
            except BlockingIOError:
                pass
            sock.settimeout(scene.PATIENCE)
        renamed.give()
        sock.recv(2000)

    def sender(role):
        ready.take()
        sock = role.datagram(stage.loopback(2), stage.port)
        sock.sendto(role.payload(200), (stage.loopback(), stage.port))
        renamed.take()
        sock.sendto(role.payload(200, 1), (stage.loopback(), stage.port))
    stage.role("befor", receiver)
    stage.role("snd", sender)
    stage.finish()


@actor("sendfile")
def file_and_pipe_to_socket(stage):
    ready, = stage.signals(1)
    path = os.path.join(stage.directory, "sendfile.bin")

    def server(role):
        listener = role.listen(NEAR4, stage.port)
        ready.give()
        sock = role.accept_null(listener)
        with open(path, "wb") as file:
            file.write(role.payload(50_000))
        with open(path, "rb") as file:
            sock.sendfile(file)
        source, sink = os.pipe()
        os.write(sink, role.payload(4000))
        os.splice(source, sock.fileno(), 4000)
        sock.close()

    def client(role):
        ready.take()
        sock = role.connect(NEAR4, stage.port)
        read_exactly(sock, 54_000)
        read_to_end(sock)
        sock.close()
    stage.role("srv", server)
    stage.role("cli", client)
    stage.finish()
