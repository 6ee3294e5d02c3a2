"""The skin of the discovery machines: it carries their datagrams and wakes them in time. It knows no rule of theirs."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Collection, Sequence
from typing import Protocol

from openwmi.net.datagram import Datagram, DatagramNetwork, DatagramTransport
from openwmi.net.interfaces import Interface
from openwmi.wsd.outbox import Outgoing


class Machine(Protocol):
    """A Client or a Target."""

    def interfaces_changed(self, interfaces: Sequence[Interface], now: float) -> None: ...

    def due(self, now: float) -> list[Outgoing]: ...

    def deadline(self) -> float | None: ...


class Courier:
    """Between a machine and a network. Whoever has told the machine something calls `turn`.

    Args:
        machine: what is to be woken.
        received: takes a datagram and the time, and hands it to the machine.
    """

    def __init__(self, machine: Machine, received: Callable[[Datagram, float], object]) -> None:
        self._machine = machine
        self._received = received
        self._loop = asyncio.get_running_loop()
        self._transport: DatagramTransport | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._empty: asyncio.Future[None] | None = None

    async def open(
        self, network: DatagramNetwork | None, names: Collection[str] | None, *, group: bool
    ) -> Sequence[Interface]:
        """Opens sockets, on this machine's network where no other is given; see DatagramNetwork. The interfaces."""
        if network is None:
            from openwmi.net.udp import UdpNetwork  # noqa: PLC0415 - tests have networks of their own

            network = UdpNetwork()
        self._transport = await network.open(self, names=names, group=group)
        return self._transport.interfaces

    def close(self) -> None:
        """Nothing is sent or received any more. Harmless when repeated."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._transport is not None:
            self._transport.close()
            self._transport = None

    def turn(self) -> None:
        """Sends what is due, and comes back when the next is."""
        if self._transport is None:
            return
        for outgoing in self._machine.due(self._loop.time()):
            self._transport.send(outgoing.data, outgoing.to, outgoing.interface)
        if self._timer is not None:
            self._timer.cancel()
        deadline = self._machine.deadline()
        self._timer = None if deadline is None else self._loop.call_at(deadline, self.turn)
        if deadline is None and self._empty is not None and not self._empty.done():
            self._empty.set_result(None)

    def now(self) -> float:
        """The time, as machines want it."""
        return self._loop.time()

    async def emptied(self, seconds: float) -> None:
        """Says what is due, and returns when the machine has nothing more to say, or this time is over."""
        self.turn()
        if self._transport is None or self._machine.deadline() is None:
            return
        self._empty = self._loop.create_future()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._empty

    def datagram_received(self, datagram: Datagram) -> None:
        """Part of DatagramReceiver."""
        self._received(datagram, self._loop.time())
        self.turn()

    def interfaces_changed(self, interfaces: Sequence[Interface]) -> None:
        """Part of DatagramReceiver."""
        self._machine.interfaces_changed(interfaces, self._loop.time())
        self.turn()
