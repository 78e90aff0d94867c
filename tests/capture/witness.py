# SPDX-License-Identifier: Apache-2.0
"""Which packets existed: AF_PACKET on each loopback, and on the bridge between the two namespaces.

Only what is sent is taken (PACKET_OUTGOING), so each packet comes once. The bridge's ports have no segmentation
offload, so what they send is what a wire would carry; on loopback PACKET_VNET_HDR tells the gso_size.
"""
import os
import pickle
import select
import signal
import socket
import struct
from dataclasses import dataclass

import network
import packets

SOL_PACKET, PACKET_STATISTICS, PACKET_VNET_HDR = 263, 6, 15
PACKET_OUTGOING = 4
SO_TIMESTAMPNS, SO_RCVBUFFORCE = 35, 33
ETH_P_ALL, ETHERNET = 3, 14
VNET = struct.Struct("<BBHHHH")  # flags, gso type, header length, gso size, csum start, csum offset


@dataclass
class Seen:
    time_ns: int
    sender: str    # namespace
    receiver: str
    link: str
    data: bytes    # from the IP header on
    ether_type: int
    gso_size: int = 0
    device: str = "lo"   # of near; far's may have another name: interface_of


LINKS = (("near", "lo", "near", "near"), ("far", "lo", "far", "far"),
         ("middle", "pc", "near", "far"), ("middle", "pa", "far", "near"),
         ("near", "tun0", "near", "far"), ("far", "tun0", "far", "near"))


def interface_of(packet, space):
    """The device by which a packet leaves or enters that namespace."""
    if packet.device in ("pa", "pc"):
        return {"near": "va0", "far": "vc0"}[space]
    return packet.device


def open_tap(namespace, device):
    network.enter(namespace)
    tap = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
    tap.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, 256 << 20)
    tap.setsockopt(SOL_PACKET, PACKET_VNET_HDR, 1)
    tap.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)
    tap.bind((device, ETH_P_ALL))
    tap.setblocking(False)
    return tap


class Tap:
    def __init__(self, namespace, device, sender, receiver):
        self.socket = open_tap(namespace, device)
        self.sender, self.receiver = sender, receiver
        self.device = device
        self.link = f"{sender}-{receiver}"
        self.header = 0 if device.startswith("tun") else ETHERNET
        self.buffer = bytearray(1 << 18)
        self.errors = 0

    def read(self, seen):
        """Takes all that is there; the count of packets, also of those that are not kept."""
        count = 0
        while True:
            try:
                size, ancillary, _, address = self.socket.recvmsg_into([self.buffer], 64)
            except BlockingIOError:
                return count
            except OSError:
                # Before Linux 6.2 the virtio header cannot say UDP_SEGMENT. A port of the bridge sends no superpackets,
                # so there it was one that has arrived, which is not taken anyway.
                self.errors += self.sender == self.receiver
                continue
            count += 1
            if address[2] != PACKET_OUTGOING or not ancillary:
                continue
            seconds, nanoseconds = struct.unpack("qq", ancillary[0][2])
            _, kind, _, gso_size, _, _ = VNET.unpack_from(self.buffer)
            frame = bytes(self.buffer[VNET.size:size])
            seen.append(Seen(seconds * 1_000_000_000 + nanoseconds, self.sender, self.receiver, self.link,
                             frame[self.header:], address[1], gso_size if kind else 0, self.device))


def watch(spaces, links, ready, stop, path):
    taps = [Tap(spaces[space], device, sender, receiver) for space, device, sender, receiver in links]
    poller = select.poll()
    for tap in taps:
        poller.register(tap.socket, select.POLLIN)
    poller.register(stop, select.POLLIN)
    os.write(ready, b".")
    seen = []
    stopping = False
    while True:
        events = poller.poll(None if not stopping else 0)
        stopping = stopping or any(descriptor == stop for descriptor, _ in events)
        # The queues hold all that was sent before the stop was said.
        if not sum(tap.read(seen) for tap in taps) and stopping:
            break
    dropped = sum(struct.unpack("II", tap.socket.getsockopt(SOL_PACKET, PACKET_STATISTICS, 8))[1] for tap in taps)
    with open(path, "wb") as file:
        pickle.dump({"seen": seen, "dropped": dropped, "errors": sum(tap.errors for tap in taps)}, file)


class Witness:
    """A process beside the test; started before the capture, stopped after it."""

    def __init__(self, spaces, links, path):
        self.path = path
        ready, ready_end = os.pipe()
        stop, self.stop_end = os.pipe()
        self.pid = os.fork()
        if self.pid == 0:
            signal.signal(signal.SIGINT, signal.SIG_IGN)
            os.close(self.stop_end)
            status = 1
            try:
                watch(spaces, links, ready_end, stop, path)
                status = 0
            finally:
                os._exit(status)
        os.close(ready_end)
        os.close(stop)
        if os.read(ready, 1) != b".":
            raise PermissionError("AF_PACKET cannot be used here")
        os.close(ready)

    def stop(self):
        """(packets of the wire in order of time, packets that the witness lost)"""
        os.write(self.stop_end, b".")
        os.close(self.stop_end)
        _, status = os.waitpid(self.pid, 0)
        if status:
            raise OSError("the witness failed")
        with open(self.path, "rb") as file:
            result = pickle.load(file)
        return wire_packets(result["seen"]), result["dropped"] + result["errors"]


def wire_packets(seen):
    """Superpackets cut, fragments put together. Cut pieces keep the time and order of their whole."""
    reassembly, result = {}, []
    for packet in sorted(seen, key=lambda one: one.time_ns):
        if packet.ether_type not in (0x0800, 0x86DD):
            result.append(packet)
            continue
        header = packets.parse(packet.data)
        # Ethernet pads short frames on real devices; on veth and lo nothing follows the packet.
        if header.fragment:
            whole = reassembly.setdefault(packet.link, packets.Reassembly()).add(packet.data, header)
            if whole:
                packet.data = whole
                result.append(packet)
            continue
        for piece in packets.segments(packet.data, packet.gso_size):
            result.append(Seen(packet.time_ns, packet.sender, packet.receiver, packet.link, piece, packet.ether_type,
                               device=packet.device))
    return result
