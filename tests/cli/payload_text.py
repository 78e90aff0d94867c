# SPDX-License-Identifier: Apache-2.0
"""Payloads as words, and back: `hello=news.example`, `query=news.example`, `answer=news.example/192.0.2.7`.

hello=NAME[+ech]  a TLS ClientHello, in one record, with server_name (none where NAME is empty)
query=NAME        a DNS question for A
answer=NAME[/CNAME...]/ADDRESS...  a DNS answer: a chain of CNAMEs, then addresses of the last name
"""
import ipaddress
import re
import struct


def hello(value):
    name, _, more = value.partition("+")
    text, extensions = name.encode(), b""
    if text:
        extensions += struct.pack(">HHHBH", 0, len(text) + 5, len(text) + 3, 0, len(text)) + text  # RFC 6066, 3
    if more == "ech":
        extensions += struct.pack(">HH", 0xFE0D, 4) + bytes(4)
    body = b"\x03\x03" + bytes(32) + b"\0" + b"\0\x02\x13\x01" + b"\x01\0"
    body += struct.pack(">H", len(extensions)) + extensions
    body = b"\x01" + struct.pack(">I", len(body))[1:] + body
    return b"\x16\x03\x01" + struct.pack(">H", len(body)) + body


def domain(name):
    return b"".join(bytes([len(label)]) + label.encode() for label in name.split(".") if label) + b"\0"


def record(owner, kind, data):
    return domain(owner) + struct.pack(">HHIH", kind, 1, 60, len(data)) + data


def query(name, kind=1):
    return struct.pack(">HHHHHH", 1, 0x0100, 1, 0, 0, 0) + domain(name) + struct.pack(">HH", kind, 1)


def answer(value):
    question, *rest = value.split("/")
    owner, records, kind = question, [], 1
    for text in rest:
        try:
            address = ipaddress.ip_address(text)
        except ValueError:
            records.append(record(owner, 5, domain(text)))
            owner = text
            continue
        kind = 1 if address.version == 4 else 28
        records.append(record(owner, kind, address.packed))
    head = struct.pack(">HHHHHH", 1, 0x8180, 1, len(records), 0, 0)
    return head + query(question, kind)[12:] + b"".join(records)


PAYLOADS = {"hello": hello, "query": query, "answer": answer}


def name_at(data, at):
    """A domain name, and where it ends."""
    labels = []
    while data[at]:
        labels.append(data[at + 1:at + 1 + data[at]].decode())
        at += 1 + data[at]
    return ".".join(labels), at + 1


def guess_answer(data):
    text, at = name_at(data, 12)
    at += 4
    for _ in range(struct.unpack_from(">H", data, 6)[0]):
        _, at = name_at(data, at)
        kind, _, _, size = struct.unpack_from(">HHIH", data, at)
        value = data[at + 10:at + 10 + size]
        text += "/" + (name_at(value, 0)[0] if kind == 5 else str(ipaddress.ip_address(value)))
        at += 10 + size
    return text


def describe_payload(data):
    """The word that stands for exactly these bytes, or None."""
    found = re.search(rb"\0\0.{7}([a-zA-Z0-9.-]*)", data[52:], re.S) if data[:1] == b"\x16" else None
    name = found[1].decode() if found else ""
    words = [("hello", name), ("hello", name + "+ech")]
    try:
        words += [("query", name_at(data, 12)[0]), ("answer", guess_answer(data))]
    except (IndexError, ValueError, struct.error):
        pass
    for kind, value in words:
        try:
            if not re.search(r'[\s"#]', value) and PAYLOADS[kind](value) == data:
                return f"{kind}={value}"
        except (ValueError, struct.error):
            pass
    return None
