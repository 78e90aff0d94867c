# SPDX-License-Identifier: Apache-2.0
"""Whose socket a packet left or reached: the journal's ends, and their users in the order of time."""
import re
from collections import defaultdict
from dataclasses import dataclass, field

import packets

TOKEN = re.compile(rb"<([A-Za-z0-9._-]{1,15})>")
WILDCARDS = ("0.0.0.0", "::")


@dataclass
class Use:
    label: str
    pid: int
    tid: int
    before: int
    after: int


@dataclass
class End:
    actor: str
    cookie: int
    space: str
    protocol: int
    local: tuple
    remote: tuple | None
    connected: bool = False
    listener: bool = False
    accepted: str | None = None     # "null" or "address": how accept() was called
    handshake: list | None = None   # labels, where the rule of the held handshake does not decide
    half_close: bool = False        # the process keeps the socket open until the other end has closed
    syn_cookies: bool = False       # its SYN-ACK has no socket
    raw: bool = False
    deaf: bool = False              # receives nothing (IPPROTO_RAW)
    types: list | None = None       # ICMP types that its filter lets through
    group: str | None = None
    wire_local: tuple | None = None   # where translation makes the wire differ from the socket
    wire_remote: tuple | None = None
    sent_local: tuple | None = None       # where only what it sends is translated in addition
    received_remote: tuple | None = None  # and where what it receives is translated before the wire
    since: int = 0
    until: int = 1 << 63
    outside: bool = False           # made in another control group
    dns: bool = False
    dst: str | None = None
    dst_since: str | None = None
    uses: list = field(default_factory=list)

    def __post_init__(self):
        for name in ("local", "remote", "wire_local", "wire_remote", "sent_local", "received_remote"):
            value = getattr(self, name)
            setattr(self, name, tuple(value) if value else None)
        self.translated = bool(self.wire_local or self.wire_remote or self.sent_local)
        self.wire_local = self.wire_local or self.local
        self.wire_remote = self.wire_remote or self.remote
        self.sent_local = self.sent_local or self.wire_local
        self.asymmetric = bool(self.received_remote)
        self.received_remote = self.received_remote or self.wire_remote

    def users(self, time_ns):
        """The last certain user, and those whose turn may have begun or not."""
        certain = [use for use in self.uses if use.after <= time_ns]
        perhaps = [use for use in self.uses if use.before <= time_ns < use.after]
        last = max(certain, key=lambda use: use.after, default=None)
        found = ([last] if last else []) + perhaps
        return found or sorted(self.uses, key=lambda use: use.after)[:1]

    def writer(self, payload, time_ns):
        """The uses that may have sent this packet; a token in the payload decides."""
        named = TOKEN.search(payload)
        if named:
            label = named[1].decode()
            found = [use for use in self.uses if use.label == label]
            if found:
                return found
        return self.users(time_ns)

    def prove(self, payload, time_ns):
        """A token on the wire ends the doubt about when its writer became the user."""
        named = TOKEN.search(payload)
        for use in self.uses if named else ():
            if use.label == named[1].decode() and use.before <= time_ns < use.after:
                use.after = time_ns

    def matches(self, local, remote, time_ns, sending):
        if not self.since <= time_ns <= self.until:
            return False
        wire_local = self.sent_local if sending else self.wire_local
        wire_remote = self.wire_remote if sending else self.received_remote
        port_fits = self.raw or wire_local[1] == local[1]
        mine = (self.group or wire_local[0])
        if not port_fits or (mine != local[0] and mine not in WILDCARDS):
            return False
        if self.raw:
            return self.remote is None or wire_remote[0] == remote[0]
        return self.remote is None or wire_remote == remote


class Ends:
    def __init__(self, journal):
        self.by_port = defaultdict(list)  # (space, protocol, port)
        self.raw = defaultdict(list)      # (space, protocol)
        self.all = []
        self.labels = {}                  # label: pids
        self.tids = defaultdict(set)
        # exec() begins a new process block; a process that only renames itself stays in its old one.
        self.renamed = {record["label"] for record in journal if record["kind"] == "renamed"}
        uses = defaultdict(list)
        for record in journal:
            if record["kind"] == "use":
                use = Use(record["label"], record["pid"], record["tid"], record["before"], record["after"])
                uses[record["cookie"]].append(use)
                self.labels.setdefault(use.label, set()).add(use.pid)
                self.tids[use.label].add(use.tid)
        for record in journal:
            if record["kind"] == "end":
                facts = {name: value for name, value in record.items() if name != "kind"}
                end = End(**facts, uses=uses[record["cookie"]])
                self.all.append(end)
                if end.raw:
                    self.raw[end.space, end.protocol].append(end)
                else:
                    for number in {end.wire_local[1], end.sent_local[1]}:
                        self.by_port[end.space, end.protocol, number].append(end)

    def sender(self, space, header, time_ns, incarnation=0):
        """The end that sent the packet, or None."""
        return self.best(space, header.protocol, (header.source, header.source_port),
                         (header.destination, header.destination_port), time_ns, incarnation, sending=True)

    def receivers(self, space, header, time_ns, incarnation=0):
        """The ends that the packet reaches. A listener stands for connections that nobody accepted."""
        local, remote = (header.destination, header.destination_port), (header.source, header.source_port)
        if header.protocol == packets.TCP:
            found = self.best(space, header.protocol, local, remote, time_ns, incarnation)
            return [found] if found else []
        port = self.by_port[space, header.protocol, local[1]]
        ends = [end for end in port if end.matches(local, remote, time_ns, False) and not end.deaf]
        if header.protocol in packets.ECHO_TYPES and header.icmp_type != packets.ECHO_TYPES[header.protocol][1]:
            ends = []  # a ping socket receives replies only
        if not any(end.group for end in ends):
            ends = most_specific(ends)[:1]
        copies = [end for end in self.raw[space, header.protocol] if end.matches(local, remote, time_ns, False)
                  and not end.deaf and (end.types is None or header.icmp_type in end.types)]
        return ends + copies

    def best(self, space, protocol, local, remote, time_ns, incarnation, sending=False):
        port = self.by_port[space, protocol, local[1]]
        ends = most_specific([end for end in port if end.matches(local, remote, time_ns, sending)])
        if protocol == packets.TCP and len(ends) > 1 and ends[0].remote:
            return ends[min(incarnation, len(ends) - 1)]
        if ends:
            return ends[0]
        if sending:
            raw = [end for end in self.raw[space, protocol] if end.matches(local, remote, time_ns, True)]
            return raw[0] if raw else None
        return None


def most_specific(ends):
    named = [end for end in ends if end.remote]
    return named or ends
