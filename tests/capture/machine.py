# SPDX-License-Identifier: Apache-2.0
"""Whether this machine can capture at all: judged here, so that a program that cannot load its own is no skip."""
import ctypes
import errno
import os
import platform
import struct

from control_group import cgroup2_mount

BPF_SYSCALL = {"x86_64": 321, "aarch64": 280}
BPF_MAP_CREATE, BPF_MAP_TYPE_ARRAY = 0, 2


def bpf_refusal():
    """Why bpf() makes no map here, or None."""
    number = BPF_SYSCALL.get(platform.machine())
    if number is None:
        return None
    attributes = struct.pack("IIII", BPF_MAP_TYPE_ARRAY, 4, 4, 1) + bytes(112)
    libc = ctypes.CDLL(None, use_errno=True)
    descriptor = libc.syscall(number, BPF_MAP_CREATE, attributes, len(attributes))
    if descriptor >= 0:
        os.close(descriptor)
        return None
    return errno.errorcode.get(ctypes.get_errno(), str(ctypes.get_errno()))


def missing():
    """What is missing for a live capture, or None."""
    if os.geteuid() != 0:
        return "this needs root"
    if not os.access("/sys/kernel/btf/vmlinux", os.R_OK):
        return "the kernel has no BTF (/sys/kernel/btf/vmlinux)"
    if cgroup2_mount() is None:
        return "no cgroup2 is mounted"
    refusal = bpf_refusal()
    return refusal and f"bpf() is refused: {refusal}"
