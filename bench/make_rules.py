#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Prints a label file of N rules for a capture that make_input made.

usage: bench/make_rules.py hosts|networks|ports|tuples|windows|mixed|labels|labelled-hosts N

The last rule takes every packet but DNS; the others take none, though they ask what nearly matches. All share one
hash key, so that the labelled capture is the same, byte for byte, for every kind and number; those of the last two ask
for a label besides.
"""
import sys

LAST = "BPF:tcp port 443,web,all\n"
BEGIN_S, WINDOWS_S = 1_700_000_000, 10  # the capture begins there, and windows lie in its first seconds
UNUSED_PORTS = range(1024, 20_000)  # below those of make_input's clients


def address(number):
    return ".".join(str(number >> shift & 255) for shift in (24, 16, 8, 0))


def host(i, _):
    return f"BPF:host {address(0x0a100000 + i)}"


def network(i, _):
    return f"BPF:net {address(0x0b000000 + 1024 * i)}/{(24, 22, 28)[i % 3]}"


def port(i, _):
    form, number = divmod(i, len(UNUSED_PORTS))
    return f"BPF:{('tcp', 'udp', 'tcp src', 'tcp dst', 'udp src', 'udp dst')[form]} port {UNUSED_PORTS[number]}"


def five_tuple(i, _):
    """Of hosts that do talk, from a port that is not used."""
    return (f"BPF:tcp and src host {address(0x0a000002 + i % 250)} and src port {UNUSED_PORTS[i // 250]} "
            f"and dst host {address(0xc0000202 + i % 4)} and dst port 443")


def window(i, count):
    """Amid the packets' times, which are whole microseconds, but between two of them."""
    at_us = i * WINDOWS_S * 1_000_000 // count
    second = f"{BEGIN_S + at_us // 1_000_000}.{at_us % 1_000_000:06d}"
    return f"BPF:tcp port 443|TS_START:{second}2|TS_END:{second}8"


KINDS = {"hosts": host, "networks": network, "ports": port, "tuples": five_tuple, "windows": window}


def label(i, _):
    return f"LABEL:class-{i}|BPF:tcp port 443"


def labelled_host(i, count):
    return f"LABEL:web|{host(i, count)}"


LABELLED_KINDS = {"labels": label, "labelled-hosts": labelled_host}


def rules(kind, count):
    makers = list(KINDS.values()) if kind == "mixed" else [{**KINDS, **LABELLED_KINDS}[kind]]
    of_each = -(-count // len(makers))
    others = (makers[i % len(makers)](i // len(makers), of_each) + ",other,all\n" for i in range(count - 1))
    return "".join(others) + ("LABEL:*|" if kind in LABELLED_KINDS else "") + LAST


if __name__ == "__main__":
    if len(sys.argv) != 3 or sys.argv[1] not in (*KINDS, *LABELLED_KINDS, "mixed") or not sys.argv[2].isdecimal():
        sys.exit(__doc__)
    sys.stdout.write(rules(sys.argv[1], int(sys.argv[2])))
