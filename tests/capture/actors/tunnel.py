# SPDX-License-Identifier: Apache-2.0
"""A VPN in user space: the inner packet is the application's, the outer one the VPN's."""
import fcntl
import os
import select
import socket
import struct

import network
from network import FAR4, FAR_TUNNEL, NEAR4
from stage import Skip, actor, read_exactly, read_to_end

TUNSETIFF, IFF_TUN, IFF_NO_PI = 0x400454CA, 1, 0x1000


def open_tunnel():
    device = os.open("/dev/net/tun", os.O_RDWR)
    fcntl.ioctl(device, TUNSETIFF, struct.pack("16sH22x", b"tun0", IFF_TUN | IFF_NO_PI))
    return device


@actor("vpn")
def inner_and_outer_packets(stage):
    try:
        network.within(stage.spaces["near"], open_tunnel)
    except OSError as error:
        raise Skip(f"no TUN device: {error}") from error
    ready, served = stage.signals(2)

    def carrier(role, address, peer):
        device = open_tunnel()
        outer = role.open(socket.SOCK_DGRAM, address, stage.port)
        outer.connect((peer, stage.port))
        role.journal.declare(outer, protocol=17)
        ready.give()
        while True:
            for descriptor in select.select([device, outer], [], [])[0]:
                if descriptor == device:
                    outer.send(os.read(device, 2000))
                else:
                    os.write(device, outer.recv(2000))

    def server(role):
        listener = role.listen(FAR_TUNNEL, stage.port)
        served.give()
        sock = role.accept_null(listener)
        read_exactly(sock, 300)
        sock.sendall(role.payload(20_000))
        read_to_end(sock)
        sock.close()

    def client(role):
        served.take()
        sock = role.connect(FAR_TUNNEL, stage.port)
        sock.sendall(role.payload(300))
        read_exactly(sock, 20_000)
        sock.close()
    carriers = [stage.role("near", carrier, NEAR4, FAR4), stage.role("far", carrier, FAR4, NEAR4, space="far")]
    ready.take()
    ready.take()
    for space in ("near", "far"):
        network.wait_until_up(stage.spaces[space], "tun0")
    pids = [stage.role("srv", server, space="far"), stage.role("cli", client)]
    for pid in pids:
        stage.wait(pid)
    # The last ACKs of the inner connection travel through the carriers, too.
    stage.wait_until_quiet(("near", "far"))
    for pid in carriers:
        stage.end(pid)
    stage.finish()
