# SPDX-License-Identifier: Apache-2.0
"""dst=: names from DNS answers and from the TLS ClientHello."""
import socket
import struct

from stage import actor, read_exactly, read_to_end

RESOLVED4, RESOLVED = "10.77.0.53", "www.dns.example"
HELLO = "sni.tls.example"


def dns_name(name):
    return b"".join(bytes([len(part)]) + part.encode() for part in name.split(".")) + b"\0"


def question(ident, name):
    return struct.pack("!HHHHHH", ident, 0x0100, 1, 0, 0, 0) + dns_name(name) + struct.pack("!HH", 1, 1)


def answer(query, address):
    ident = struct.unpack_from("!H", query)[0]
    record = struct.pack("!HHHIH", 0xC00C, 1, 1, 300, 4) + socket.inet_aton(address)
    return struct.pack("!HHHHHH", ident, 0x8180, 1, 1, 0, 0) + query[12:] + record


def client_hello(name):
    """RFC 8446, as short as it may be."""
    host = name.encode()
    server_name = struct.pack("!HBH", len(host) + 3, 0, len(host)) + host
    extensions = struct.pack("!HH", 0, len(server_name)) + server_name
    extensions += struct.pack("!HHBH", 43, 3, 2, 0x0304)
    body = b"\x03\x03" + bytes(range(32)) + b"\0" + struct.pack("!HH", 2, 0x1301) + b"\x01\0"
    body += struct.pack("!H", len(extensions)) + extensions
    handshake = b"\x01" + struct.pack("!I", len(body))[1:] + body
    return b"\x16\x03\x01" + struct.pack("!H", len(handshake)) + handshake


@actor("dns")
def connection_to_a_resolved_address(stage):
    ready, served = stage.signals(2)

    def resolver(role):
        sock = role.datagram(stage.loopback(), 53, dns=True)
        ready.give()
        query, peer = sock.recvfrom(2000)
        sock.sendto(answer(query, RESOLVED4), peer)

    def server(role):
        listener = role.listen(RESOLVED4, stage.port)
        served.give()
        sock = role.accept(listener)
        read_exactly(sock, 300)
        sock.sendall(role.payload(200))
        read_to_end(sock)

    def client(role):
        ready.take()
        served.take()
        sock = role.datagram(stage.loopback(2), 0, dns=True)
        sock.sendto(question(stage.port, RESOLVED), (stage.loopback(), 53))
        sock.recv(2000)
        sock = role.connect(RESOLVED4, stage.port, dst=RESOLVED)
        sock.sendall(role.payload(300))
        read_exactly(sock, 200)
        sock.close()
    stage.role("res", resolver)
    stage.role("srv", server, space="far")
    stage.role("cli", client)
    stage.finish()


@actor("hello")
def connection_that_begins_with_a_client_hello(stage):
    ready, = stage.signals(1)

    def server(role):
        listener = role.listen("10.77.0.80", stage.port)
        ready.give()
        sock = role.accept(listener)
        sock.recv(2000)
        sock.sendall(role.payload(500))
        read_exactly(sock, 300)
        sock.close()

    def client(role):
        ready.take()
        sock = role.connect("10.77.0.80", stage.port, dst=HELLO, dst_since="payload")
        sock.sendall(client_hello(HELLO))
        read_exactly(sock, 500)
        sock.sendall(role.payload(300))
        read_to_end(sock)
        sock.close()
    stage.role("srv", server, space="far")
    stage.role("cli", client)
    stage.finish()
