"""A link in memory: machines with interfaces on it exchange datagrams, which may be lost, doubled, late or swapped.

    link = MemoryLink(random.Random(1), loss=0.1)
    transport = await link.machine("192.0.2.1/24", "fe80::1/64").open(receiver, group=True)

Each machine is a DatagramNetwork (openwmi.net.datagram). What is sent arrives by the loop, never from within `send`.
"""

from __future__ import annotations

import asyncio
import ipaddress
from collections.abc import Collection, Sequence
from random import Random

from openwmi.net.datagram import DISCOVERY_PORT, Datagram, DatagramReceiver, DatagramTransport, Endpoint
from openwmi.net.interfaces import Interface

FIRST_FREE_PORT = 49152


class MemoryLink:
    """What machines are plugged into.

    Args:
        chance: decides what becomes of each datagram.
        loss, doubled: how many of them are lost, and how many come twice, from 0 to 1.
        delay: seconds that one takes at most; with more than none they overtake each other.

    Attributes:
        sent: each datagram with who sent it and where to, for tests that count.
    """

    def __init__(self, chance: Random | None = None, *, loss: float = 0, doubled: float = 0, delay: float = 0) -> None:
        self._chance = chance or Random(0)  # noqa: S311 - a test wants the same chance each time
        self._loss = loss
        self._doubled = doubled
        self._delay = delay
        self._plugs: list[_Plug] = []
        self._ports = FIRST_FREE_PORT
        self.sent: list[tuple[Endpoint, Endpoint, bytes]] = []

    def machine(self, *addresses: str, name: str = "eth0") -> MemoryMachine:
        """One with a single interface that has these addresses, such as `192.0.2.1/24`."""
        return MemoryMachine(self, interface(*addresses, name=name))

    def plug(self, plug: _Plug) -> None:
        self._plugs.append(plug)

    def unplug(self, plug: _Plug) -> None:
        if plug in self._plugs:
            self._plugs.remove(plug)

    def free_port(self) -> int:
        self._ports += 1
        return self._ports

    def carry(self, data: bytes, source: Endpoint, to: Endpoint) -> None:
        """Delivers to whoever has that address, or is in the group."""
        self.sent.append((source, to, data))
        group = ipaddress.ip_address(to.host).is_multicast
        loop = asyncio.get_running_loop()
        for plug in list(self._plugs):
            if not (plug.hears_group(to) if group else plug.hears(to)):
                continue
            copies = 0 if self._chance.random() < self._loss else 1 + (self._chance.random() < self._doubled)
            for _ in range(copies):
                if self._delay:
                    loop.call_later(self._chance.random() * self._delay, plug.deliver, data, source, group)
                else:
                    loop.call_soon(plug.deliver, data, source, group)


class MemoryMachine:
    """A machine on a link, as a DatagramNetwork. `interfaces` are those that it has; they change by `become`."""

    def __init__(self, link: MemoryLink, *interfaces: Interface) -> None:
        self._link = link
        self.interfaces = interfaces
        self._plugs: list[_Plug] = []

    async def open(
        self, receiver: DatagramReceiver, *, names: Collection[str] | None = None, group: bool = False
    ) -> DatagramTransport:
        """Part of DatagramNetwork."""
        plug = _Plug(self._link, receiver, self.interfaces, names, DISCOVERY_PORT if group else self._link.free_port())
        self._plugs.append(plug)
        return plug

    def become(self, *interfaces: Interface) -> None:
        """It has these interfaces from now on, and whoever has sockets on it is told."""
        self.interfaces = interfaces
        for plug in self._plugs:
            plug.become(interfaces)


def interface(*addresses: str, name: str = "eth0", index: int = 2) -> Interface:
    """One that is up, with these addresses."""
    return Interface(index, name, tuple(map(ipaddress.ip_interface, addresses)))


class _Plug:
    def __init__(
        self,
        link: MemoryLink,
        receiver: DatagramReceiver,
        interfaces: Sequence[Interface],
        names: Collection[str] | None,
        port: int,
    ) -> None:
        self._link = link
        self._receiver = receiver
        self._names = names
        self._port = port
        self._open = True
        self.interfaces: tuple[Interface, ...] = ()
        self._choose(interfaces)
        link.plug(self)

    def become(self, interfaces: Sequence[Interface]) -> None:
        before = self.interfaces
        self._choose(interfaces)
        if self._open and self.interfaces != before:
            self._receiver.interfaces_changed(self.interfaces)

    def hears_group(self, to: Endpoint) -> bool:
        version = ipaddress.ip_address(to.host).version
        return self._port == to.port and any(one.address_for(version) for one in self.interfaces)

    def hears(self, to: Endpoint) -> bool:
        there = ipaddress.ip_address(to.host)
        return self._port == to.port and any(there == own.ip for one in self.interfaces for own in one.addresses)

    def deliver(self, data: bytes, source: Endpoint, multicast: bool) -> None:
        if not self._open or not self.interfaces:
            return
        there = ipaddress.ip_address(source.host)
        came_in = next((one for one in self.interfaces if one.reaches(there)), self.interfaces[0])
        self._receiver.datagram_received(Datagram(data, source, came_in, multicast))

    def send(self, data: bytes, to: Endpoint, interface: Interface) -> None:
        there = ipaddress.ip_address(to.host)
        own = interface.address_for(there.version)
        if self._open and own is not None and any(one.index == interface.index for one in self.interfaces):
            self._link.carry(data, Endpoint(str(own), self._port), to)

    def close(self) -> None:
        self._open = False
        self._link.unplug(self)

    def _choose(self, interfaces: Sequence[Interface]) -> None:
        self.interfaces = tuple(one for one in interfaces if self._names is None or one.name in self._names)
