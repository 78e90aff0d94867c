# SPDX-License-Identifier: Apache-2.0
"""A DNS server for the names of the programs: A and empty AAAA answers, NXDOMAIN for the rest, over UDP and TCP."""
import ctypes
import select
import socket
import struct

COMM = "names-server"
PR_SET_NAME = 15


def answer(query, names):
    labels, at = [], 12
    while query[at]:
        labels.append(query[at + 1:at + 1 + query[at]].decode())
        at += 1 + query[at]
    kind = struct.unpack_from("!H", query, at + 1)[0]
    address = names.get(".".join(labels).lower())
    record = b""
    if address and kind == 1:
        record = struct.pack("!HHHIH", 0xC00C, 1, 1, 300, 4) + socket.inet_aton(address)
    header = query[:2] + struct.pack("!HHHHH", 0x8580 if address else 0x8583, 1, 1 if record else 0, 0, 0)
    return header + query[12:at + 5] + record


def serve_connection(listener, names):
    connection, _ = listener.accept()
    with connection, connection.makefile("rb") as stream:
        while prefix := stream.read(2):
            reply = answer(stream.read(struct.unpack("!H", prefix)[0]), names)
            connection.sendall(struct.pack("!H", len(reply)) + reply)


def serve(address, names):
    ctypes.CDLL(None).prctl(PR_SET_NAME, COMM.encode(), 0, 0, 0)
    datagrams = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    datagrams.bind((address, 53))
    listener = socket.create_server((address, 53))
    while True:
        ready, _, _ = select.select([datagrams, listener], [], [])
        if datagrams in ready:
            query, client = datagrams.recvfrom(4096)
            datagrams.sendto(answer(query, names), client)
        if listener in ready:
            serve_connection(listener, names)
