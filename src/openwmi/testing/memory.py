"""A network in memory: connections between asyncio protocols, without sockets, in the order that the loop gives.

    network = MemoryNetwork()
    port = await network.listen(server_protocol_factory, Address("192.0.2.1", 135))
    transport, client = await network.connect(client_protocol_factory, "192.0.2.1", 135)

What one end writes, the other end is given by the loop later, never from within `write`. An end that does not read
makes the other one wait, as with TCP: first what is on its way fills up, then the writer's own buffer.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from itertools import count
from typing import Any, TypeVar

from openwmi.base.error import Unreachable
from openwmi.base.status import HResult
from openwmi.net import Address

P = TypeVar("P", bound=asyncio.Protocol)

HIGH_WATER = 1 << 16
"""Octets that a transport keeps before its protocol is told to pause."""

WINDOW = 1 << 16
"""Octets that are on their way to an end which does not read."""


class MemoryPort:
    """An open port, as openwmi.net's Listener is one."""

    def __init__(self, ports: dict[Address, Callable[[], asyncio.Protocol]], address: Address) -> None:
        self._ports = ports
        self.address = address

    async def close(self) -> None:
        """Takes no more connections; those that are open stay open."""
        self._ports.pop(self.address, None)


class MemoryNetwork:
    """Hosts by any name, and their ports.

    Args:
        chunk: the most octets that are delivered at once; 1 is octet by octet.
    """

    def __init__(self, chunk: int = 1 << 16) -> None:
        self.chunk = chunk
        self._ports: dict[Address, Callable[[], asyncio.Protocol]] = {}
        self._free = count(49152)

    async def listen(self, protocol: Callable[[], asyncio.Protocol], address: Address) -> MemoryPort:
        """Opens a port; port 0 is any free one. OSError if it is open."""
        if not address.port:
            address = Address(address.host, next(self._free))
        if address in self._ports:
            raise OSError(f"{address} is in use")
        self._ports[address] = protocol
        return MemoryPort(self._ports, address)

    async def connect(
        self,
        protocol: Callable[[], P],
        host: str,
        port: int,
        timeout: float = 0,  # noqa: ARG002 - openwmi.net's has it; here the answer is known at once
        *,
        source: str = "192.0.2.100",
    ) -> tuple[MemoryTransport, P]:
        """A connection from the address `source`. Unreachable where nothing listens."""
        there = Address(host, port)
        accept = self._ports.get(there)
        if accept is None:
            raise Unreachable(HResult.RPC_S_SERVER_UNAVAILABLE, f"{there}: Connection refused")
        client, server = protocol(), accept()
        here = Address(source, next(self._free))
        up, down = _Pipe(), _Pipe()
        near = MemoryTransport(client, down, up, {"sockname": here, "peername": there}, self.chunk)
        far = MemoryTransport(server, up, down, {"sockname": there, "peername": here}, self.chunk)
        server.connection_made(far)
        client.connection_made(near)
        return near, client


class _Pipe:
    """One direction of a connection.

    Attributes:
        octets: on their way.
        ended: its writer has closed; what is on its way still arrives.
        broken: its reader is gone: nobody takes what is written.
        reset: its writer is gone, and with it what was on its way.
    """

    def __init__(self) -> None:
        self.octets = bytearray()
        self.ended = self.broken = self.reset = False
        self.wake_reader: Callable[[], None] = lambda: None
        self.wake_writer: Callable[[], None] = lambda: None


class MemoryTransport(asyncio.Transport):
    """One end of a connection. `MemoryNetwork.connect` makes it."""

    def __init__(
        self, protocol: asyncio.Protocol, reads: _Pipe, writes: _Pipe, extra: Mapping[str, Address], chunk: int
    ) -> None:
        super().__init__({name: tuple(address) for name, address in extra.items()})
        self._loop = asyncio.get_running_loop()
        self._protocol = protocol
        self._chunk = chunk
        self._reads = reads
        self._writes = writes
        reads.wake_reader = writes.wake_writer = self._wake
        self._buffer = bytearray()  # written, and not on its way yet
        self._reading = True
        self._paused = False
        self._closing = False
        self._lost = False
        self._high, self._low = HIGH_WATER, HIGH_WATER // 4
        self._turn: asyncio.Handle | None = None

    def write(self, data: bytes | bytearray | memoryview[Any]) -> None:
        """Part of asyncio.WriteTransport."""
        if self._closing:
            return
        self._buffer += data
        self._wake()
        if len(self._buffer) > self._high and not self._paused:
            self._paused = True
            self._protocol.pause_writing()

    def get_write_buffer_size(self) -> int:
        """Part of asyncio.WriteTransport."""
        return len(self._buffer)

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None:
        """Part of asyncio.WriteTransport."""
        self._high = HIGH_WATER if high is None else high
        self._low = self._high // 4 if low is None else low

    def pause_reading(self) -> None:
        """Part of asyncio.ReadTransport."""
        self._reading = False

    def resume_reading(self) -> None:
        """Part of asyncio.ReadTransport."""
        self._reading = True
        self._wake()

    def is_reading(self) -> bool:
        """Part of asyncio.ReadTransport."""
        return self._reading and not self._closing

    def can_write_eof(self) -> bool:
        """Part of asyncio.WriteTransport: a connection is closed as a whole."""
        return False

    def is_closing(self) -> bool:
        """Part of asyncio.BaseTransport."""
        return self._closing

    def close(self) -> None:
        """Part of asyncio.BaseTransport: what was written is still sent, if the other end takes it."""
        self._closing = True
        self._wake()

    def abort(self) -> None:
        """Part of asyncio.WriteTransport: what was written is lost, and the other end is told at once."""
        self._buffer.clear()
        self._writes.octets.clear()
        self._writes.reset = True
        self.close()

    def _wake(self) -> None:
        if self._turn is None and not self._lost:
            self._turn = self._loop.call_soon(self._move)

    def _move(self) -> None:
        """One step: something is sent, something is received, or the connection ends."""
        self._turn = None
        if self._reads.reset:
            self._lose(None if self._closing else ConnectionResetError("the other end was aborted"))
            return
        self._send()
        if self._closing and not self._buffer:
            self._lose(None)
        elif self.is_reading():
            self._receive()

    def _send(self) -> None:
        pipe = self._writes
        if pipe.broken:
            self._buffer.clear()
        room = WINDOW - len(pipe.octets)
        if room > 0 and self._buffer:
            pipe.octets += self._buffer[:room]
            del self._buffer[:room]
            pipe.wake_reader()
        if self._paused and len(self._buffer) <= self._low and not self._closing:
            self._paused = False
            self._protocol.resume_writing()

    def _receive(self) -> None:
        pipe = self._reads
        if pipe.octets:
            data = bytes(pipe.octets[: self._chunk])
            del pipe.octets[: self._chunk]
            pipe.wake_writer()
            self._wake()
            self._protocol.data_received(data)
        elif pipe.ended:
            self._protocol.eof_received()
            self.close()

    def _lose(self, error: Exception | None) -> None:
        self._lost = self._closing = True
        self._writes.ended = self._reads.broken = True
        self._writes.wake_reader()
        self._reads.wake_writer()
        self._protocol.connection_lost(error)
