# SPDX-License-Identifier: Apache-2.0
"""Network namespaces of the test's own. They have no name: with the last process that holds them they are gone.

    near: lo, va0 ==== pa [ bridge ] pc ==== vc0, lo :far
"""
import ctypes
import fcntl
import os
import socket
import struct
import subprocess
import time

CLONE_NEWNET, CLONE_NEWPID = 0x40000000, 0x20000000
libc = ctypes.CDLL(None, use_errno=True)

NEAR4, FAR4, NEAR6, FAR6 = "10.77.0.1", "10.77.0.2", "fd77::1", "fd77::2"
NEAR_LINK, FAR_LINK = "fe80::77:1", "fe80::77:2"
NEAR_TUNNEL, FAR_TUNNEL = "10.78.0.1", "10.78.0.2"
BROADCAST4 = "10.77.0.255"
SIOCETHTOOL = 0x8946


def fail(what):
    number = ctypes.get_errno()
    raise OSError(number, f"{what}: {os.strerror(number)}")


def enter(namespace):
    if libc.setns(namespace, CLONE_NEWNET):
        fail("setns")


def open_namespace(control_group=None):
    """A new namespace, as an open file. What the kernel makes for it belongs to its maker's control group."""
    ready, ready_end = os.pipe()
    release_end, release = os.pipe()
    pid = os.fork()
    if pid == 0:
        if control_group:
            control_group.enter()
        if libc.unshare(CLONE_NEWNET):
            os._exit(1)
        os.write(ready_end, b".")
        os.close(release)
        os.read(release_end, 1)
        os._exit(0)
    os.close(ready_end)
    try:
        if os.read(ready, 1) != b".":
            raise PermissionError("no network namespace can be made here")
        return os.open(f"/proc/{pid}/ns/net", os.O_RDONLY)
    finally:
        for end in (ready, release, release_end):
            os.close(end)
        os.waitpid(pid, 0)


def within(namespace, function, *arguments):
    """Calls the function in a process of that namespace; its result is what it returns, as a string."""
    result, result_end = os.pipe()
    pid = os.fork()
    if pid == 0:
        status = 1
        try:
            enter(namespace)
            os.write(result_end, str(function(*arguments)).encode())
            status = 0
        except OSError as error:
            os.write(result_end, str(error).encode())
        finally:
            os._exit(status)
    os.close(result_end)
    with open(result, "rb") as pipe:
        text = pipe.read().decode()
    if os.waitpid(pid, 0)[1]:
        raise OSError(text)
    return text


def ip(namespace, commands):
    done = subprocess.run(["ip", "-batch", "-"], input=commands, text=True, capture_output=True,
                          preexec_fn=lambda: enter(namespace), check=False)
    if done.returncode:
        raise OSError(f"ip: {done.stderr.strip()}")
    return done.stdout


def wait_until_up(namespace, device):
    """Until it sends: the kernel gives a device its queue a little after its carrier."""
    deadline = time.monotonic() + 10
    while " state UP " not in ip(namespace, f"link show {device}") and time.monotonic() < deadline:
        time.sleep(0.01)


def nft(namespace, rules):
    done = subprocess.run(["nft", "-f", "-"], input=rules, text=True, capture_output=True,
                          preexec_fn=lambda: enter(namespace), check=False)
    if done.returncode:
        raise OSError(f"nft: {done.stderr.strip()}")


def write_setting(path, value):
    with open(f"/proc/sys/net/{path}", "w", encoding="ascii") as setting:
        setting.write(value)


def ethtool(device, command):
    """SIOCETHTOOL with a command's bytes; the bytes that the kernel leaves there."""
    buffer = ctypes.create_string_buffer(command, len(command))
    request = struct.pack("16sQ", device.encode(), ctypes.addressof(buffer))
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as control:
        fcntl.ioctl(control, SIOCETHTOOL, request)
    return buffer.raw


def set_offloads(device, wanted):
    """linux/ethtool.h: the names of the features, then a mask of those to set."""
    count = struct.unpack_from("I", ethtool(device, struct.pack("IIQI", 0x37, 0, 1 << 4, 0)), 16)[0]
    names = ethtool(device, struct.pack("III", 0x1B, 4, count) + bytes(32 * count))[12:]
    blocks = (count + 31) // 32
    valid, request = [0] * blocks, [0] * blocks
    for bit in range(count):
        name = names[32 * bit:32 * bit + 32].split(b"\0")[0].decode()
        if name in wanted:
            valid[bit // 32] |= 1 << bit % 32
            request[bit // 32] |= wanted[name] << bit % 32
    pairs = b"".join(struct.pack("II", v, r) for v, r in zip(valid, request))
    ethtool(device, struct.pack("II", 0x3B, blocks) + pairs)


SEGMENTATION = ("tx-generic-segmentation", "tx-tcp-segmentation", "tx-tcp6-segmentation",
                "tx-tcp-ecn-segmentation", "tx-tcp-mangleid-segmentation", "tx-udp-segmentation",
                "tx-gso-list", "rx-gro", "rx-gro-list", "rx-udp-gro-forwarding")


def settle():
    """For the namespace of the caller: addresses at once, no router solicitations, ping sockets for all."""
    write_setting("ipv4/ping_group_range", "0 2147483647")
    write_setting("ipv6/conf/all/accept_ra", "0")
    write_setting("ipv6/conf/default/accept_ra", "0")
    write_setting("ipv6/conf/default/router_solicitations", "0")
    write_setting("ipv6/conf/default/accept_dad", "0")


def reach(peer):
    """Returns when an echo reply comes back: the bridge forwards."""
    deadline = time.monotonic() + 20
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM, socket.IPPROTO_ICMP) as ping:
        ping.settimeout(0.05)
        while time.monotonic() < deadline:
            ping.sendto(struct.pack("!BBHHH", 8, 0, 0, 0, 1), (peer, 0))
            try:
                ping.recv(100)
                return
            except TimeoutError:
                continue
    raise OSError(f"{peer} cannot be reached")


def make_tunnel(space, address):
    """A device whose other end a process may take: a VPN in user space."""
    ip(space, f"""tuntap add tun0 mode tun
link set tun0 addrgenmode none mtu 1400
addr add {address}/24 dev tun0
link set tun0 up
""")


class Network:
    """near and far, with a bridge between them that sends what a wire would carry."""

    def __init__(self, control_group=None):
        self.near, self.middle, self.far = (open_namespace(control_group) for _ in range(3))
        for space in (self.near, self.middle, self.far):
            within(space, settle)
        here = f"/proc/{os.getpid()}/fd/"
        # A veth whose index equals its peer's waits a second for its carrier (net/core/link_watch.c).
        ip(self.middle, f"""link add pa index 101 type veth peer name va0 index 201 netns {here}{self.near}
link add pc index 102 type veth peer name vc0 index 202 netns {here}{self.far}
""")
        ip(self.middle, "link add bridge0 type bridge mcast_snooping 0 stp_state 0 forward_delay 0\n"
                        "link set pa master bridge0\nlink set pc master bridge0\nlink set bridge0 up\n")
        for space, device, v4, v6, link in ((self.near, "va0", NEAR4, NEAR6, NEAR_LINK),
                                            (self.far, "vc0", FAR4, FAR6, FAR_LINK)):
            ip(space, f"""link set lo up
addr add {v4}/24 broadcast {BROADCAST4} dev {device}
addr add {v6}/64 dev {device} nodad
addr add {link}/64 dev {device} nodad
link set {device} up
addr add fd77:1::1/128 dev lo nodad
addr add fd77:1::2/128 dev lo nodad
route add 239.77.0.0/16 dev {device}
""")
        ip(self.far, "addr add 10.77.0.53/24 dev vc0\naddr add 10.77.0.80/24 dev vc0\naddr add fd77::80/64 dev vc0 nodad\n")
        ip(self.middle, "link set pa up\nlink set pc up\n")
        for port in ("pa", "pc"):
            within(self.middle, set_offloads, port, dict.fromkeys(SEGMENTATION, 0))
        for space, device in ((self.near, "va0"), (self.far, "vc0")):
            within(space, set_offloads, device, {"rx-gro": 1})
        self.tunnels = True
        try:
            make_tunnel(self.near, NEAR_TUNNEL)
            make_tunnel(self.far, FAR_TUNNEL)
        except OSError:  # a kernel without TUN
            self.tunnels = False
        within(self.near, reach, FAR4)

    def spaces(self):
        return {"near": self.near, "far": self.far, "middle": self.middle}

    def close(self):
        for space in (self.near, self.middle, self.far):
            os.close(space)

    def dropped(self):
        """Packets that the devices have dropped: the witness saw them, nobody received them."""
        return sum(int(within(space, read_dropped)) for space in (self.near, self.middle, self.far))


def read_dropped():
    total = 0
    with open("/proc/thread-self/net/dev", encoding="ascii") as devices:
        for line in devices.readlines()[2:]:
            name, _, counts = line.partition(":")
            if name.strip() in ("va0", "vc0", "pa", "pc", "lo"):
                fields = counts.split()
                total += int(fields[3]) + int(fields[11])
    return total


def read_busy_sockets():
    """TCP sockets that may still send: neither LISTEN (0A) nor TIME_WAIT (06)."""
    lines = []
    for table in ("tcp", "tcp6"):
        with open(f"/proc/thread-self/net/{table}", encoding="ascii") as sockets:
            lines += [line for line in sockets.readlines()[1:] if line.split()[3] not in ("0A", "06")]
    return "".join(line.strip() + "\n" for line in lines)


def wait_until_quiet(spaces, port=None):
    """Until no TCP socket (of that port) can send any more: teardown and delayed ACKs are over."""
    deadline = time.monotonic() + 30
    wanted = "" if port is None else f":{port:04X} "
    while busy := [line for space in spaces for line in within(space, read_busy_sockets).splitlines() if wanted in line]:
        if time.monotonic() > deadline:
            raise TimeoutError("sockets still open:\n" + "\n".join(busy))
        time.sleep(0.02)  # there is no event for the end of another namespace's sockets
