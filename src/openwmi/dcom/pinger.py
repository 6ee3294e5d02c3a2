"""Pings: tells a resolver, every two minutes, which of its machine's objects we still hold ([MS-DCOM] 3.2.6.1)."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import Final

from openwmi.base import limits
from openwmi.base.error import WbemError
from openwmi.base.fault import RemoteProtocolError
from openwmi.base.record import printable
from openwmi.base.status import HResult
from openwmi.interfaces import IObjectExporter
from openwmi.orpc import error_status

log = logging.getLogger("openwmi.dcom")

_NO_SET: Final = error_status(HResult.RPC_E_INVALID_SET)
_NO_OBJECT: Final = error_status(HResult.RPC_E_INVALID_OID)


class Pinger:
    """One ping set of one resolver, kept as long as the pinger is.

    Args:
        resolver: where to ping.
        held: the OIDs of the objects that are held now.
    """

    def __init__(self, resolver: IObjectExporter, held: Callable[[], frozenset[int]]) -> None:
        self._resolver = resolver
        self._held = held
        self._set_id = 0
        self._sequence = 0
        self._told: frozenset[int] = frozenset()
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Pings in two minutes for the first time: until then the server keeps what it has just handed out."""
        if self._task is None:
            self._task = asyncio.get_running_loop().create_task(self._go_on())

    async def close(self) -> None:
        """No more pings: what is held by nobody else goes within six minutes."""
        task, self._task = self._task, None
        if task is not None:
            task.cancel()
            await asyncio.wait([task])

    async def ping(self) -> None:
        """Tells what has changed, or that nothing has. WbemError, RemoteProtocolError: then the next ping tells it."""
        held = self._held()
        if self._set_id and held == self._told:
            status = await self._resolver.SimplePing(self._set_id)
        elif held or self._set_id:
            status = await self._tell(held)
        else:
            return
        if status == _NO_SET:  # the resolver has begun anew, or we were silent for too long
            self._set_id, self._told = 0, frozenset()
            status = await self._tell(held)
        # What was given back while its ping was under way is not known there any more: so it should be.
        if status and not (status == _NO_OBJECT and held - self._held()):
            log.warning("a ping was answered with error %d", status)

    async def _tell(self, held: frozenset[int]) -> int:
        add, delete = tuple(sorted(held - self._told)), tuple(sorted(self._told - held))
        self._sequence = self._sequence % 0xFFFF + 1
        reply = await self._resolver.ComplexPing(
            self._set_id, self._sequence, len(add), len(delete), add or None, delete or None
        )
        if reply.hresult != _NO_SET:
            self._set_id, self._told = reply.pSetId, held
        return reply.hresult

    async def _go_on(self) -> None:
        while True:
            await asyncio.sleep(limits.PING_PERIOD_SECONDS)
            try:
                async with asyncio.timeout(limits.SILENT_SECONDS):
                    await self.ping()
            except (WbemError, RemoteProtocolError, TimeoutError) as error:
                log.warning("a ping failed: %s", printable(error) or "nobody answered it")
