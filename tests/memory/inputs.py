# SPDX-License-Identifier: Apache-2.0
"""Captures of tens of megabytes, each with more of one thing than memory may hold."""
import random
import struct
import sys


def block(kind, body, order="<"):
    body += b"\0" * (-len(body) % 4)
    size = struct.pack(order + "I", 12 + len(body))
    return struct.pack(order + "I", kind) + size + body + size


def section(order="<"):
    return block(0x0A0D0D0A, struct.pack(order + "IHHq", 0x1A2B3C4D, 1, 0, -1), order)


def interface(link=1, order="<", nanoseconds=False):
    options = struct.pack(order + "HHB3xHH", 9, 1, 9, 0, 0) if nanoseconds else b""
    return block(1, struct.pack(order + "HHI", link, 0, 0) + options, order)


def packet(number, ticks, data, comment=None, order="<", whole=None):
    body = struct.pack(order + "IIIII", number, ticks >> 32, ticks & 0xFFFFFFFF, len(data), whole or len(data))
    body += data + b"\0" * (-len(data) % 4)
    if comment is not None:
        body += struct.pack(order + "HH", 1, len(comment)) + comment + b"\0" * (-len(comment) % 4)
        body += struct.pack(order + "HH", 0, 0)
    return block(6, body, order)


def udp(source, destination, payload):
    """An Ethernet frame from and to ports that tell the flow."""
    size = 28 + len(payload)
    ip = struct.pack(">BBHHHBBHII", 0x45, 0, size, 0, 0, 64, 17, 0, 0x0A000000 | source >> 16, 0x0A000000)
    return b"\2\0\0\0\0\1\2\0\0\0\0\2\x08\0" + ip + struct.pack(
        ">HHHH", source & 0xFFFF, destination & 0xFFFF, size - 20, 0) + payload


def label_of(flow):
    """Of all forms: plain, keyed, with zeros before it, of more digits than 64 bits hold."""
    return ("%d,web" % flow, "s=%d,proc=curl" % flow, "00%d,dns" % flow,
            "1%030d,long" % flow)[flow % 4].encode()


def mixed(file):
    """Three sections of both byte orders with two interfaces each, some packets without a label."""
    ticks = 1_700_000_000_000_000
    for order in "<><":
        file.write(section(order) + interface(1, order) + interface(1, order, True))
        for _ in range(25_000):
            flow = random.randrange(500)
            ticks += random.randrange(-2, 9)
            finer = random.randrange(2)
            data = udp(flow, 443, random.randbytes(random.choice((0, 40, 500, 1000))))
            comment = None if flow % 9 == 0 else label_of(flow)
            file.write(packet(finer, ticks * (1000 if finer else 1), data, comment, order))


def many_samples(file):
    """A sample for each packet, in no order."""
    file.write(section() + interface())
    for number in random.sample(range(10_000_000), 250_000):
        file.write(packet(0, number % 7, udp(number, 53, b"x"), label_of(number)))


def one_sample(file):
    """All packets in one sample, backwards."""
    file.write(section() + interface())
    for number in range(250_000, 0, -1):
        file.write(packet(0, number // 3, udp(number, 53, b"backwards"), b"1,all"))


def many_blocks(file):
    """Mostly blocks that are no packets, of all sizes."""
    file.write(section() + interface())
    for number in range(120_000):
        file.write(block(0x0BAD, struct.pack("<I", 4711) + random.randbytes(random.randrange(400))))
        if number % 4 == 0:
            file.write(block(5, struct.pack("<III", 0, 0, number)))
            file.write(packet(0, number, udp(number % 100, 53, b"x"), b"%d,x" % (number % 100)))


def large_packets(file):
    """Packets up to 200 kB, as offloading makes them."""
    file.write(section() + interface())
    for number in range(900):
        file.write(packet(0, number, udp(number, 443, random.randbytes(random.randrange(60_000))) +
                          bytes(random.choice((0, 0, 140_000))), b"%d,big" % (number % 30)))


def some_samples(file):
    """30,000 samples that come back, some under several labels, of two interfaces, with other blocks between."""
    file.write(section() + interface() + interface(101))
    for number in range(90_000):
        flow = random.randrange(30_000) if number % 3 else number // 3
        label = b"%d,%s" % (flow, random.choice((b"a", b"b")) if flow % 10 == 0 else b"x" * (flow % 90 + 1))
        if flow % 1000 == 1:
            label = b"%090d" % (flow + 10 ** 80) + b",long"
        if number % 30_000 == 29_000:
            file.write(block(5, struct.pack("<III", 0, 0, number)) + block(4, struct.pack("<HH", 0, 0)))
        file.write(packet(flow % 2, number, udp(flow, 53, b"x")[14 * (flow % 2):], label))


def compared(file, is_test):
    """Of the same traffic: a third of the packets alike but for their times, more of them in the truth; others cut
    at several lengths; each of many flows; some that only one side has; some not of IP."""
    file.write(section() + interface())
    numbers = list(range(200_000))
    if is_test:
        random.seed(8)
        for begin in range(0, len(numbers), 1000):
            numbers[begin:begin + 1000] = random.sample(numbers[begin:begin + 1000], 1000)
    for number in numbers:
        mixed_up = number * 2654435761 % 1000
        if mixed_up < 20 and is_test or mixed_up >= 980 and not is_test:
            continue
        data = udp(7, 53, b"keepalive")
        if mixed_up >= 300:
            data = udp(number // 3, 443, b"%d " % number * 9)
        if mixed_up % 100 == 99:
            data = b"\2\0\0\0\0\1\2\0\0\0\0\2\x08\x06" + b"%30d" % number
        label = b"%d,%s" % (number % 9, b"abcdefghijk"[mixed_up % 11:][:1] if is_test and mixed_up < 500 else b"x")
        length = (len(data), 60, len(data), 77, len(data))[(number + is_test) % 5]
        if mixed_up < 300:
            length = len(data)
        file.write(packet(0, number // 5 * 5 + (number % 7 if is_test else 0), data[:length],
                          None if number % 13 == 0 else label, whole=len(data)))


def truth(file):
    compared(file, False)


def test(file):
    compared(file, True)


INPUTS = {kind.__name__: kind for kind in (mixed, many_samples, one_sample, many_blocks, large_packets)}
OTHERS = {kind.__name__: kind for kind in (truth, test, some_samples)}

if __name__ == "__main__":
    random.seed(7)
    (INPUTS | OTHERS)[sys.argv[1]](sys.stdout.buffer)
