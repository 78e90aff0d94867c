# SPDX-License-Identifier: Apache-2.0
"""Judges each packet of the capture by its addresses, its ports and its time."""
import collections
import dataclasses
import socket
import struct

from stage import CLIENT, RESOLVER
import names_server

TCP, UDP = 6, 17
DNS = 53


@dataclasses.dataclass
class Seen:
    """What was found of one program."""
    labels: collections.Counter = dataclasses.field(default_factory=collections.Counter)
    transports: set = dataclasses.field(default_factory=set)  # of the client
    names: collections.Counter = dataclasses.field(default_factory=collections.Counter)
    pids: dict = dataclasses.field(default_factory=lambda: {"client": set(), "server": set()})
    packets: collections.Counter = dataclasses.field(default_factory=collections.Counter)
    right: int = 0
    wrong: int = 0
    unknown: int = 0
    unnamed: int = 0


@dataclasses.dataclass(frozen=True)
class End:
    address: str
    port: int


def ends(data):
    """Source and destination, with port 0 where there is none. Only IPv4 is used here."""
    if data[0] >> 4 == 6:
        return End(socket.inet_ntop(socket.AF_INET6, data[8:24]), 0), End(socket.inet_ntop(socket.AF_INET6, data[24:40]), 0)
    header = (data[0] & 15) * 4
    ports = struct.unpack_from("!HH", data, header) if data[9] in (TCP, UDP) else (0, 0)
    return End(socket.inet_ntoa(data[12:16]), ports[0]), End(socket.inet_ntoa(data[16:20]), ports[1])


def transport(data):
    return {TCP: "TCP", UDP: "UDP"}.get(data[9]) if data[0] >> 4 == 4 else None


class Judge:
    """`windows` are (begin, end, name of a program), in order of time."""

    def __init__(self, programs, names, windows):
        self.programs, self.windows = programs, windows
        self.hosts = {programs_name: host for host, (programs_name, _) in names.items()}
        self.by_address = {address: name for name, address in names.values()}
        self.seen = {name: Seen() for name in programs}
        self.problems = []

    def at(self, time_ns):
        return next((name for begin, end, name in self.windows if begin <= time_ns <= end), None)

    def expected(self, local, remote, name):
        """Which side this is, the labels that it may have, and the dst that it must have or None."""
        one = self.programs[name]
        if local == End(RESOLVER, DNS):
            return "resolver", {names_server.COMM}, None
        if remote == End(RESOLVER, DNS):
            return "asks", one.labels, None
        if local.address in self.by_address and local.port in one.ports:
            return "server", one.ports[local.port][1], None
        if remote.address in self.by_address and remote.port in one.ports:
            is_named = one.is_named and local.address == CLIENT
            return "client", one.ports[remote.port][0], self.hosts[name] if is_named else None
        return "other", one.labels, None

    def judge(self, packet):
        fields = packet.label_fields
        if fields is None:
            self.problems.append(f"packet {packet.number} has no label")
            return
        label, keys = fields[1], dict(part.split("=", 1) for part in fields[2:] if "=" in part)
        source, destination = ends(packet.data)
        local, remote = (source, destination) if keys.get("d") == "e" else (destination, source)
        name = self.by_address.get(local.address) or self.by_address.get(remote.address) or self.at(packet.time_ns)
        if name is None:
            self.problems.append(f"packet {packet.number} of {label}, {local} and {remote}, belongs to no program's time")
            return
        side, labels, dst = self.expected(local, remote, name)
        seen = self.seen[name]
        seen.packets[side] += 1
        seen.labels[label] += 1
        if packet.process and side in seen.pids:
            seen.pids[side].add(packet.process[0])
        if side == "client":
            seen.transports.add(transport(packet.data))
        if "dst" in keys:
            seen.names[keys["dst"]] += 1
        if label == "_unknown":
            seen.unknown += 1
        elif label not in labels or (side != "other" and keys.get("dst") not in (None, dst)):
            seen.wrong += 1
            self.problems.append(f"{name}: packet {packet.number}, {side}, {local.address}:{local.port} and "
                                 f"{remote.address}:{remote.port}: {','.join(fields)}; expected {'/'.join(sorted(labels))}")
        else:
            seen.right += 1
        seen.unnamed += dst is not None and "dst" not in keys

    def close(self, capture, played):
        """After all packets: what must be there at least."""
        for packet in capture.packets:
            self.judge(packet)
        for name in played:
            one, seen = self.programs[name], self.seen[name]
            wanted = {"asks", "resolver"} if one.asks_resolver else {"client", "server"}
            if not any(servers for _, servers in one.ports.values()):
                wanted.remove("server")
            self.problems += [f"{name}: no packet of side {side!r}" for side in wanted if not seen.packets[side]]
            if one.transport and one.transport not in seen.transports:
                self.problems.append(f"{name}: its client has not used {one.transport}")
            if seen.pids["client"] & seen.pids["server"] and len(one.ports) == 1:
                self.problems.append(f"{name}: a process is both its client and its server")
            if seen.unnamed:
                self.problems.append(f"{name}: {seen.unnamed} packets of the client without dst")
            if seen.unknown:
                self.problems.append(f"{name}: {seen.unknown} packets are _unknown")


def table(judge, outcomes):
    rows = [("program", "labels", "packets", "right", "wrong", "unknown", "dst names")]
    for name, outcome in outcomes.items():
        seen = judge.seen.get(name)
        if outcome != "played":
            rows.append((name, outcome, "", "", "", "", ""))
            continue
        rows.append((name, ", ".join(label for label, _ in seen.labels.most_common()), str(sum(seen.packets.values())),
                     str(seen.right), str(seen.wrong), str(seen.unknown),
                     ", ".join(f"{dst} {count}" for dst, count in seen.names.most_common())))
    widths = [max(len(row[column]) for row in rows if len(row[2]) or column == 0) for column in range(7)]
    return "\n".join("  ".join(cell.rjust(width) if 2 <= column <= 5 else cell.ljust(width)
                               for column, (cell, width) in enumerate(zip(row, widths))).rstrip() for row in rows)
