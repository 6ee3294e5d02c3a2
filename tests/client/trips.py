"""Counts the round trips that a client waits for: each connection that is made, each time that it speaks and waits."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from openwmi.dcom.channel import Connect


class Trips:
    """Stands between a client and its network.

    Attributes:
        count: how many there were.
        transports: the client's ends of its connections.
    """

    def __init__(self, connect: Connect) -> None:
        self._connect = connect
        self.count = 0
        self.transports: list[Any] = []

    async def connect(self, protocol: Callable[[], Any], host: str, port: int, timeout: float, /) -> tuple[Any, Any]:
        self.count += 1
        made = protocol()
        await self._connect(lambda: _Counting(made, self), host, port, timeout)
        return self.transports[-1], made


class _Counting(asyncio.Protocol):
    """Passes on what comes, and hands the client a transport that counts what goes."""

    def __init__(self, inner: asyncio.Protocol, trips: Trips) -> None:
        self._inner = inner
        self._trips = trips
        self._waits = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._trips.transports.append(transport)
        write = transport.write  # type: ignore[attr-defined]  # of any stream

        def counted(data: bytes) -> None:
            if not self._waits:
                self._waits = True
                self._trips.count += 1
            write(data)

        transport.write = counted  # type: ignore[attr-defined]  # the same
        self._inner.connection_made(transport)

    def data_received(self, data: bytes) -> None:
        self._waits = False
        self._inner.data_received(data)

    def connection_lost(self, exc: Exception | None) -> None:
        self._inner.connection_lost(exc)
