"""Machines on a network that is slow, comes in pieces and breaks; each may be switched off without a word."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from random import Random
from typing import Any, TypeVar
from weakref import WeakSet

from tests.dcom.rough import RoughNetwork, RoughTransport

from openwmi.base.error import Unreachable
from openwmi.base.status import HResult
from openwmi.net import Address

P = TypeVar("P", bound=asyncio.Protocol)


class RoughRoads(RoughNetwork):
    """Connections between machines. Attributes: open: who takes those to an address."""

    def __init__(self, random: Random) -> None:
        super().__init__(random, asyncio.Protocol)
        self.open: dict[Address, tuple[RoughMachine, Callable[[], asyncio.Protocol]]] = {}

    @property
    def slow(self) -> bool:
        """Whether a message takes seconds."""
        return self._slowness >= 1

    async def join(
        self, machine: RoughMachine, protocol: Callable[[], P], there: Address
    ) -> tuple[asyncio.BaseTransport, P]:
        """A connection. Unreachable where that breaks, nobody is there, or somebody is gone."""
        await asyncio.sleep(self.delay())
        if not machine.alive or self._breaks(0.2) or there not in self.open:
            raise Unreachable(HResult.RPC_S_SERVER_UNAVAILABLE, f"{there}: no luck")
        other, accept = self.open[there]
        self._ports += 1
        here = (machine.host, self._ports)
        client, server = protocol(), accept()
        near, far = RoughEnd(self, client, here, tuple(there)), RoughEnd(self, server, tuple(there), here)
        near.other, far.other = far, near
        machine.ends.add(near)
        other.ends.add(far)
        if self._breaks(1.0):
            self._random.choice([near, far]).fuse = self._random.randrange(1, 20_000)
        server.connection_made(far)
        client.connection_made(near)
        return near, client


class RoughEnd(RoughTransport):
    """One end of a connection, with what HTTP asks for beside."""

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None:
        """Part of asyncio.WriteTransport: they are what they are."""

    def can_write_eof(self) -> bool:
        """Part of asyncio.WriteTransport."""
        return False

    def is_reading(self) -> bool:
        """Part of asyncio.ReadTransport."""
        return self._reading and not self._closing


class RoughMachine:
    """What a program on one of them has of the network, as long as the machine is on."""

    def __init__(self, roads: RoughRoads, host: str) -> None:
        self.host = host
        self.alive = True
        self.ends: WeakSet[RoughEnd] = WeakSet()
        self._roads = roads
        self._ports: list[Address] = []

    async def connect(
        self, protocol: Callable[[], P], host: str, port: int, timeout: float
    ) -> tuple[asyncio.BaseTransport, P]:
        """As openwmi.net's."""
        return await self._roads.join(self, protocol, Address(host, port))

    async def listen(self, protocol: Callable[[], asyncio.Protocol], address: Address) -> Any:
        """Likewise. A port is that which was asked for, or one that the machine has had for no other."""
        if not address.port:
            self._roads._ports += 1
            address = Address(address.host, self._roads._ports)
        self._roads.open[address] = self, protocol
        self._ports.append(address)
        return RoughPort(self._roads, self, address)

    def switch_off(self) -> None:
        """Nothing of it is heard any more; others find out sooner or later."""
        self.alive = False
        for address in self._ports:
            if self._roads.open.get(address, (None,))[0] is self:
                del self._roads.open[address]
        for end in sorted(
            self.ends, key=lambda each: str((each.get_extra_info("sockname"), each.get_extra_info("peername")))
        ):
            if not end._lost:
                self._roads.break_(end)


class RoughPort:
    """An open one."""

    def __init__(self, roads: RoughRoads, machine: RoughMachine, address: Address) -> None:
        self._roads = roads
        self._machine = machine
        self.address = address

    async def close(self) -> None:
        if self._roads.open.get(self.address, (None,))[0] is self._machine:
            del self._roads.open[self.address]
