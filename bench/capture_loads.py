# SPDX-License-Identifier: Apache-2.0
"""Loads under which bench/capture looks at capturing programs."""
import dataclasses
import json
import resource
import subprocess
import time
import typing

from capture_place import FAR, SINK, SOURCES, finish, stop
from tools import compile_tool

PORT = 5201


@dataclasses.dataclass(frozen=True)
class Size:
    """How much of each load."""
    seconds: float
    sockets: int


@dataclasses.dataclass(frozen=True)
class Load:
    """`prepare` starts what is there before the capture and gives what `play` needs; `play` gives figures: the rate that
    is compared between the columns, and the work that was done."""
    name: str
    about: str
    unit: str
    device: str  # tcpdump's
    prepare: typing.Callable
    play: typing.Callable
    scale: float = 1.0  # from the figure to the unit
    once: bool = False  # too slow to be repeated, and the snap length does not matter


def iperf_server(place, space, group):
    return place.serve(["iperf3", "-s", "-1", "-p", PORT, "--forceflush"], "listening", space, group)


def iperf(place, server, size, address):
    client = place.start(["iperf3", "-c", address, "-p", PORT, "-t", size.seconds, "-J"])
    result = json.loads(finish(client))
    finish(server)
    received = result["end"]["sum_received"]
    return {"rate": received["bits_per_second"], "work": received["bytes"]}


def receive(place):
    return place.serve([compile_tool("traffic"), "receive", "127.0.0.1", PORT], "ready")


def flood(place, receiver, size):
    sender = place.start([compile_tool("traffic"), "flood", "127.0.0.1", PORT, size.seconds, 64])
    sent, seconds = finish(sender).split()[1:]
    return {"rate": int(sent) / float(seconds), "work": int(sent), "received": int(stop(receiver))}


def serve(place):
    return place.serve([compile_tool("traffic"), "serve", PORT, 2], "ready")


def connect(place, server, size, rate):
    client = place.start([compile_tool("traffic"), "connect", PORT, size.seconds, rate, 4])
    made, seconds = finish(client).split()[1:]
    stop(server)
    return {"rate": int(made) / float(seconds), "work": int(made)}


def unreclaimable():
    """MiB of kernel memory, among which are sockets and what BPF keeps for them."""
    with open("/proc/meminfo", encoding="ascii") as lines:
        return next(int(line.split()[1]) for line in lines if line.startswith("SUnreclaim:")) / 1024


@dataclasses.dataclass
class OpenSockets:
    process: subprocess.Popen
    before: float

    def close(self):
        """The rate of opening them, and at what rate they close."""
        kernel, begin = unreclaimable() - self.before, time.monotonic()
        self.process.stdin.close()
        self.process.stdin = None
        count, seconds = finish(self.process).split()[-2:]
        return {"opened": int(count) / float(seconds), "closed": int(count) / (time.monotonic() - begin),
                "work": int(count), "kernel_mib": kernel}


def open_sockets(place, size, how):
    """Their peer is a receiver in the other namespace, which is not captured."""
    place.serve([compile_tool("traffic"), "receive", "0.0.0.0", PORT], "ready", place.far, place.outside)
    most = min(resource.getrlimit(resource.RLIMIT_NOFILE)[1] - 100, 60_000)
    before = unreclaimable()
    command = [compile_tool("traffic"), "sockets", SOURCES, SINK, PORT, size.sockets, most, how]
    return OpenSockets(place.serve(command, "ready"), before)


def use_sockets(place, size):
    figures = open_sockets(place, size, "send").close()
    return {"rate": figures["opened"], **figures}


def close_sockets(sockets):
    figures = sockets.close()
    return {"rate": figures["closed"], **figures}


LOADS = (
    Load("tcp-lo", "TCP over loopback (iperf3), both ends captured", "Gbit/s", "lo",
         lambda place, size: iperf_server(place, place.near, place.inside),
         lambda place, server, size: iperf(place, server, size, "127.0.0.1"), 1e-9),
    Load("tcp-veth", "TCP over a veth pair (iperf3), pcapml captures both ends, tcpdump one", "Gbit/s", "va",
         lambda place, size: iperf_server(place, place.far, place.inside),
         lambda place, server, size: iperf(place, server, size, FAR), 1e-9),
    Load("tcp-veth-sender", "TCP over a veth pair (iperf3), both capture the sender's end alone", "Gbit/s", "va",
         lambda place, size: iperf_server(place, place.far, place.outside),
         lambda place, server, size: iperf(place, server, size, FAR), 1e-9),
    Load("udp-64", "64 bytes of UDP over loopback as fast as one process sends, both ends captured", "1000/s", "lo",
         lambda place, size: receive(place), flood, 1e-3),
    Load("connections", "10,000 TCP connections a second over loopback, both ends captured", "1000/s", "lo",
         lambda place, size: serve(place), lambda place, server, size: connect(place, server, size, 10_000), 1e-3),
    Load("connections-max", "TCP connections over loopback, as many as there can be", "1000/s", "lo",
         lambda place, size: serve(place), lambda place, server, size: connect(place, server, size, 0), 1e-3),
    Load("sockets-used", "UDP sockets opened, connected, used for one packet and kept, while the capture runs",
         "1000 opened/s", "va", lambda place, size: None, lambda place, _, size: use_sockets(place, size), 1e-3, once=True),
    Load("sockets-before", "UDP sockets that are open before the capture begins, and are closed while it runs",
         "1000 closed/s", "va", lambda place, size: open_sockets(place, size, "hold"),
         lambda place, sockets, size: close_sockets(sockets), 1e-3, once=True),
)
