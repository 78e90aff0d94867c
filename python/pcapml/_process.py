# SPDX-License-Identifier: Apache-2.0
"""What a live capture says of a packet's process."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Process:
    """The process that sent or received a packet, as the program that it ran then.

    What the file does not tell is None. Only `pid` and `thread` come with the packet itself.
    """

    pid: int
    thread: int
    name: str | None = None
    path: str | None = None
    arguments: tuple[str, ...] = ()
    parent: int | None = None
    uid: int | None = None
    user: str | None = None
    cgroup: str | None = None
    build_id: str | None = None
    start_time_ns: int | None = None
