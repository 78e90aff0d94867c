# SPDX-License-Identifier: Apache-2.0
"""A capture without a kernel: packets, the truth about them, and the pcapng file that a right capture would be."""
import socket
import struct

import packets
import pcapng_file
import scorer
import truth
from stage import payload
from witness import Seen

BEGIN_NS = 1_700_000_000_000_000_000


def checked(data):
    """All checksums filled in."""
    data = bytearray(packets.without_checksums(data, packets.parse(data)))
    header = packets.parse(data)
    if header.version == 4:
        struct.pack_into("!H", data, 10, 0xFFFF - packets.sum16(bytes(data[:20])))
    body = bytes(data[header.transport:])
    total = packets.sum16(packets.pseudo_header(bytes(data), header, len(body)) + body)
    at = header.transport + (16 if header.protocol == packets.TCP else 6)
    struct.pack_into("!H", data, at, 0xFFFF - total or 0xFFFF)
    return bytes(data)


def internet(source, destination, protocol, body, ident=0):
    if ":" in source:
        ends = socket.inet_pton(socket.AF_INET6, source) + socket.inet_pton(socket.AF_INET6, destination)
        return struct.pack("!IHBB", 6 << 28, len(body), protocol, 64) + ends + body
    return struct.pack("!BBHHHBBH4s4s", 0x45, 0, 20 + len(body), ident, 0x4000, 64, protocol, 0,
                       socket.inet_aton(source), socket.inet_aton(destination)) + body


def tcp(source, destination, sequence, acknowledgement, flags, content):
    body = struct.pack("!HHIIBBHHH", source[1], destination[1], sequence, acknowledgement, 5 << 4, flags, 500, 0, 0)
    return checked(internet(source[0], destination[0], packets.TCP, body + content))


def udp(source, destination, content):
    body = struct.pack("!HHHH", source[1], destination[1], 8 + len(content), 0) + content
    return checked(internet(source[0], destination[0], packets.UDP, body))


def conversation(client, server, names, size):
    """(sender, packet) from SYN to the last ACK; the client closes."""
    numbers = {"c": 1000, "s": 5000}
    ends = {"c": client, "s": server}
    steps = [("c", packets.SYN, b""), ("s", packets.SYN | packets.ACK, b""), ("c", packets.ACK, b"")]
    for _ in range(3):
        steps += [("c", packets.ACK | packets.PSH, payload(names[0], 300)), ("s", packets.ACK, b"")]
        reply = payload(names[1], size)
        steps += [("s", packets.ACK, reply[at:at + 1460]) for at in range(0, size, 1460)]
        steps += [("c", packets.ACK, b"")]
    steps += [("c", packets.FIN | packets.ACK, b""), ("s", packets.FIN | packets.ACK, b""), ("c", packets.ACK, b"")]
    for who, flags, content in steps:
        other = "s" if who == "c" else "c"
        yield tcp(ends[who], ends[other], numbers[who], numbers[other] if flags & packets.ACK else 0, flags, content)
        numbers[who] += len(content) + bool(flags & (packets.SYN | packets.FIN))


def journal_of(actor, cookie, pid, label, protocol, local, remote, **facts):
    return [{"kind": "end", "actor": actor, "cookie": cookie, "space": "near", "protocol": protocol, "local": list(local),
             "remote": list(remote), "connected": True, **facts},
            {"kind": "use", "actor": actor, "cookie": cookie, "label": label, "pid": pid, "tid": pid, "before": 0, "after": 0}]


def workload():
    """(what is expected, the content of a file that says so)"""
    journal, wire, now = [], [], BEGIN_NS
    for number in range(24):
        v6, actor = number % 3 == 0, f"pair{number}"
        client, server = (("::1" if v6 else f"127.0.0.{number + 2}", 40000 + number),
                          ("::1" if v6 else "127.0.0.1", 8000 + number))
        names = (f"{actor}-cli", f"{actor}-srv")
        protocol = packets.UDP if number % 4 == 3 else packets.TCP
        for side, (local, remote) in enumerate(((client, server), (server, client))):
            facts = {"accepted": "null"} if side and protocol == packets.TCP else {}
            journal += journal_of(actor, 100 + 2 * number + side, 500 + 2 * number + side, names[side], protocol,
                                  local, remote, **facts)
        if protocol == packets.TCP:
            sent = list(conversation(client, server, names, 4380))
        else:
            sent = [udp(client, server, payload(names[0], 100 + step, step)) for step in range(6)]
            sent += [udp(server, client, payload(names[1], 200 + step, step)) for step in range(6)]
        for data in sent:
            now += 1000
            wire.append(Seen(now, "near", "near", "near-near", data, 0x86DD if v6 else 0x0800))
    result = truth.build(journal, wire)
    return result.expected, file_of(result.expected)


def option(code, value):
    return struct.pack("<HH", code, len(value)) + value + bytes(-len(value) % 4)


def block(kind, body):
    body += bytes(-len(body) % 4)
    return struct.pack("<II", kind, len(body) + 12) + body + struct.pack("<I", len(body) + 12)


def file_of(expected):
    """What a right capture writes."""
    content = block(pcapng_file.SECTION, struct.pack("<IHHq", 0x1A2B3C4D, 1, 0, -1))
    content += block(pcapng_file.INTERFACE, struct.pack("<HHI", 101, 0, 1500) + option(2, b"lo") + option(9, b"\x09") + option(0, b""))
    samples = {}
    for one in expected:
        sample = samples.setdefault(one.sample, len(samples))
        label, = one.labels
        pid, = one.pids[label]
        comment = f"{sample},{label},d={'e' if one.egress else 'i'}".encode()
        flags = scorer.OUTBOUND if one.egress else scorer.INBOUND
        data = one.data[:1500]
        body = struct.pack("<IIIII", 0, one.time_ns >> 32, one.time_ns & 0xFFFFFFFF, len(data), len(one.data)) + data
        body += bytes(-len(data) % 4) + option(1, comment) + option(2, struct.pack("<I", flags))
        body += option(8, struct.pack("<II", pid, pid)) + option(0, b"")
        content += block(pcapng_file.ENHANCED, body)
    return content
