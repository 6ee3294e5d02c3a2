"""A network that is slow, comes in pieces, and breaks: seeded, in memory, for the simulation of two ends.

What TCP promises is kept: octets arrive in order, or not at all and nothing after them. A connection that breaks may do
so at once at both ends, or one of them waits for octets that went into nothing and is told long after.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from random import Random
from typing import Any, TypeVar

from openwmi.base.error import Unreachable
from openwmi.base.status import HResult

P = TypeVar("P", bound=asyncio.Protocol)

HIGH_WATER = 1 << 14


class RoughNetwork:
    """One server, at any address.

    Args:
        random: decides everything.
        accept: makes the protocol of the server's end.

    Attributes:
        broken: how many connections broke or were refused; 0: nothing may fail.
        calm: nothing breaks any more.
    """

    def __init__(self, random: Random, accept: Callable[[], asyncio.Protocol]) -> None:
        self._random = random
        self._accept = accept
        self._slowness = random.choice([0.0, 0.01, 1.0])
        self._danger = random.choice([0.0, 0.3, 0.9])
        self._chunk = random.choice([1 << 16, 1000, 37])
        self._ports = 49152
        self.broken = 0
        self.calm = False

    async def connect(
        self, protocol: Callable[[], P], host: str, port: int, timeout: float
    ) -> tuple[asyncio.BaseTransport, P]:
        """As openwmi.net's."""
        await asyncio.sleep(self.delay())
        if self._breaks(0.2):
            raise Unreachable(HResult.RPC_S_SERVER_UNAVAILABLE, f"{host}: no luck")
        self._ports += 1
        here, there = ("192.0.2.100", self._ports), (host, port)
        client, server = protocol(), self._accept()
        near, far = RoughTransport(self, client, here, there), RoughTransport(self, server, there, here)
        near.other, far.other = far, near
        if self._breaks(1.0):
            self._random.choice([near, far]).fuse = self._random.randrange(1, 40_000)
        server.connection_made(far)
        client.connection_made(near)
        return near, client

    def delay(self) -> float:
        return self._random.random() * self._slowness

    def pieces(self, data: bytes) -> list[bytes]:
        """Of any size, and not so many that it is the sender who is slow: servers cut those."""
        size = max(self._random.randrange(1, self._chunk + 1), len(data) // 10)
        return [data[at : at + size] for at in range(0, len(data), size)]

    def break_(self, transport: RoughTransport) -> None:
        """The connection is no more. What this end had sent is lost, and the ends hear of it sooner or later."""
        self.broken += 1
        late = self._random.choice([0.0, 0.0, 30.0])
        for end in self._random.sample([transport, transport.other], 2):
            end.lose_later(self.delay() + late, ConnectionResetError("broken"))

    def _breaks(self, likely: float) -> bool:
        breaks = not self.calm and self._random.random() < self._danger * likely
        self.broken += breaks
        return breaks


class RoughTransport(asyncio.Transport):
    """One end. `fuse`: after so many octets that it sends, the connection breaks."""

    other: RoughTransport

    def __init__(self, network: RoughNetwork, protocol: asyncio.Protocol, here: Any, there: Any) -> None:
        super().__init__({"sockname": here, "peername": there})
        self._network = network
        self._protocol = protocol
        self._loop = asyncio.get_running_loop()
        self._arriving: list[bytes | None] = []  # None: the other end has closed
        self._timer: asyncio.TimerHandle | None = None
        self._reading = True
        self._closing = self._lost = self._silent = False
        self._buffered = 0
        self._paused = False
        self.fuse: int | None = None

    def write(self, data: bytes | bytearray | memoryview) -> None:
        """Part of asyncio.WriteTransport."""
        if self._closing or self._silent or not data:
            return
        octets = bytes(data)
        if self.fuse is not None:
            if len(octets) >= self.fuse:
                octets, self._silent = octets[: self.fuse - 1], True
                self._network.break_(self)
            else:
                self.fuse -= len(octets)
        self._buffered += len(octets)
        self.other._arriving += self._network.pieces(octets)
        self.other._go_on()
        if self._buffered > HIGH_WATER and not self._paused:
            self._paused = True
            self._protocol.pause_writing()

    def get_write_buffer_size(self) -> int:
        """Part of asyncio.WriteTransport."""
        return self._buffered

    def pause_reading(self) -> None:
        """Part of asyncio.ReadTransport."""
        self._reading = False

    def resume_reading(self) -> None:
        """Part of asyncio.ReadTransport."""
        self._reading = True
        self._go_on()

    def is_closing(self) -> bool:
        """Part of asyncio.BaseTransport."""
        return self._closing

    def close(self) -> None:
        """Part of asyncio.BaseTransport."""
        if not self._closing:
            self._closing = True
            if not self._silent:
                self.other._arriving.append(None)
                self.other._go_on()
            self.lose_later(0, None)

    def abort(self) -> None:
        """Part of asyncio.WriteTransport."""
        self.close()

    def lose_later(self, seconds: float, error: Exception | None) -> None:
        """The connection is lost, after a while."""
        self._silent = True
        self._loop.call_later(seconds, self._lose, error)

    def _go_on(self) -> None:
        if self._timer is None and self._arriving and self._reading and not self._lost:
            self._timer = self._loop.call_later(self._network.delay(), self._arrive)

    def _arrive(self) -> None:
        self._timer = None
        if self._lost or not self._reading:
            return
        piece = self._arriving.pop(0)
        if piece is None:
            self._lose(None)
            return
        self.other._taken(len(piece))
        if not self._closing:
            self._protocol.data_received(piece)
        self._go_on()

    def _taken(self, count: int) -> None:
        self._buffered -= count
        if self._paused and self._buffered < HIGH_WATER // 4 and not self._closing:
            self._paused = False
            self._protocol.resume_writing()

    def _lose(self, error: Exception | None) -> None:
        if self._lost:
            return
        self._lost = self._closing = self._silent = True
        if self._timer is not None:
            self._timer.cancel()
        self._arriving.clear()
        self._protocol.connection_lost(error)
