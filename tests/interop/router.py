"""Two machines with a router between them, that loses packets and translates addresses as it is told.

Each machine is a network namespace of Linux with a TUN device; the router is a thread of the test that carries IPv4
packets from one device to the other. So it needs no packet filter of the kernel, and what it does is what a test says.
"""

from __future__ import annotations

import ctypes
import fcntl
import os
import random
import selectors
import stat
import struct
import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from socket import inet_aton
from time import monotonic

import pytest
from tests.interop.link import Machine

INSIDE, OUTSIDE, PUBLIC = "10.78.0.2", "203.0.113.2", "203.0.113.1"
"""The machine inside, the one outside, and the router as it is seen from there, where it translates addresses."""

TUN = Path("/dev/net/tun")

_TUNSETIFF, _IFF_TUN, _IFF_NO_PI = 0x400454CA, 0x0001, 0x1000
_SYN, _RST, _ACK = 0x02, 0x04, 0x10
_TCP = 6
_numbers = count(1)


@dataclass
class Router:
    """What it does.

    Attributes:
        translates: whether the machine inside is seen from outside by the router's own address.
        forwarded: the ports of that address that lead to the machine inside; others are refused.
        loss: how likely a packet is lost.
        delay: seconds that each takes.
        lost, carried: how many packets were, so far.
    """

    translates: bool = False
    forwarded: frozenset[int] = frozenset()
    loss: float = 0.0
    delay: float = 0.0
    lost: int = 0
    carried: int = 0
    _known: set[tuple[int, int]] = field(default_factory=set)
    _random: random.Random = field(default_factory=lambda: random.Random(1))

    def carry(self, packet: bytes, *, outwards: bool) -> tuple[bytes | None, bytes | None]:
        """(what goes on to the other side, what goes back)."""
        if packet[0] >> 4 != 4:  # neighbour discovery of IPv6 and the like
            return None, None
        if self._random.random() < self.loss:
            self.lost += 1
            return None, None
        self.carried += 1
        if not self.translates:
            return packet, None
        if packet[9] != _TCP:
            return None, None
        head = (packet[0] & 0xF) * 4
        source, target = struct.unpack_from("!HH", packet, head)
        if outwards:
            self._known.add((source, target))
            return _readdressed(packet, inet_aton(PUBLIC), packet[16:20]), None
        if target in self.forwarded or (target, source) in self._known:
            return _readdressed(packet, packet[12:16], inet_aton(INSIDE)), None
        return None, _refusal(packet, head) if packet[head + 13] & _SYN else None


@contextmanager
def routed(router: Router) -> Iterator[tuple[Machine, Machine]]:
    """The machine inside and the one outside; the test is skipped where there can be none."""
    if os.geteuid() != 0:
        pytest.skip("network namespaces and TUN devices need root")
    if not TUN.exists():  # as in some containers
        TUN.parent.mkdir(exist_ok=True)
        os.mknod(TUN, 0o600 | stat.S_IFCHR, os.makedev(10, 200))
    number = f"{os.getpid()}-{next(_numbers)}"
    machines = [
        Machine(f"openwmi-{number}-in", "tun0", INSIDE),
        Machine(f"openwmi-{number}-out", "tun0", OUTSIDE),
    ]
    devices: list[int] = []
    ended, wake = os.pipe()
    thread = threading.Thread(target=lambda: _carry(router, devices, ended), daemon=True)
    try:
        for machine in machines:
            machine.make()
            devices.append(_device(machine))
            machine.ip("addr", "add", f"{machine.address}/24", "dev", machine.interface)
            machine.ip("link", "set", "lo", "up")
            machine.ip("link", "set", machine.interface, "up")
            machine.ip("route", "add", "default", "dev", machine.interface)
        thread.start()
        yield machines[0], machines[1]
    finally:
        os.close(wake)
        if thread.ident is not None:
            thread.join()
        for each in (*devices, ended):
            os.close(each)
        for machine in machines:
            machine.remove()


def _carry(router: Router, devices: list[int], ended: int) -> None:
    with selectors.DefaultSelector() as selector:
        for each in (*devices, ended):
            selector.register(each, selectors.EVENT_READ)
        under_way: deque[tuple[float, int, bytes]] = deque()
        while True:
            for key, _ in selector.select(max(0.0, under_way[0][0] - monotonic()) if under_way else None):
                if key.fd == ended:
                    return
                here, there = devices if key.fd == devices[0] else reversed(devices)
                on, back = router.carry(os.read(here, 1 << 16), outwards=here == devices[0])
                for device, packet in ((there, on), (here, back)):
                    if packet is not None:
                        under_way.append((monotonic() + router.delay, device, packet))
            while under_way and under_way[0][0] <= monotonic():
                _, device, packet = under_way.popleft()
                os.write(device, packet)


def _device(machine: Machine) -> int:
    """A TUN device in the machine: what is written there comes in, and what goes out is read."""
    made: list[int] = []

    def make() -> None:  # a thread is in a namespace of its own
        with Path(f"/var/run/netns/{machine.name}").open() as namespace:
            if ctypes.CDLL(None, use_errno=True).setns(namespace.fileno(), 0):
                return
        device = os.open(TUN, os.O_RDWR)
        fcntl.ioctl(device, _TUNSETIFF, struct.pack("16sH22x", machine.interface.encode(), _IFF_TUN | _IFF_NO_PI))
        made.append(device)

    thread = threading.Thread(target=make)
    thread.start()
    thread.join()
    if not made:
        pytest.skip("TUN devices are forbidden here")
    return made[0]


def _readdressed(packet: bytes, source: bytes, target: bytes) -> bytes:
    head = (packet[0] & 0xF) * 4
    return _packet(packet[:10], source, target, packet[20:head], packet[head:])


def _refusal(packet: bytes, head: int) -> bytes:
    """What a machine answers whose port is closed."""
    source, target, sequence = struct.unpack_from("!HHI", packet, head)
    segment = struct.pack("!HHIIBBHHH", target, source, 0, (sequence + 1) & 0xFFFFFFFF, 5 << 4, _RST | _ACK, 0, 0, 0)
    start = struct.pack("!BBHHHBB", 0x45, 0, 20 + len(segment), 0, 0, 64, _TCP)
    return _packet(start, packet[16:20], packet[12:16], b"", segment)


def _packet(start: bytes, source: bytes, target: bytes, options: bytes, segment: bytes) -> bytes:
    """With new checksums."""
    checksum = _sum(start, source, target, options)
    pseudo = source + target + struct.pack("!BBH", 0, _TCP, len(segment))
    body = bytearray(segment)
    body[16:18] = b"\0\0"
    body[16:18] = struct.pack("!H", _sum(pseudo, bytes(body)))
    return start + struct.pack("!H", checksum) + source + target + options + bytes(body)


def _sum(*parts: bytes) -> int:
    data = b"".join(parts)
    data += b"\0" * (len(data) % 2)
    total: int = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return 0xFFFF - total
