"""A process's end of the registry: its exporter is found through the resolver of its machine, another process."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, cast

from openwmi import net
from openwmi.base import limits
from openwmi.base.error import Unreachable
from openwmi.base.record import printable
from openwmi.dcom.exporter import Exporter
from openwmi.dcom.registry import RegistryError, line, numbers
from openwmi.orpc import OxidEntry, PingSets

log = logging.getLogger("openwmi.dcom")

OIDS_A_LINE = 1000


class ForwardedPings(PingSets):
    """For an exporter whose objects another process's resolver hears of: it waits for nothing by itself."""

    def __init__(self) -> None:
        super().__init__(bytes)
        self.oids: dict[int, bool] = {}  # whether each is collected
        self.link: _Link | None = None

    def add(self, oid: int, now: float, *, collect: bool = True) -> None:  # noqa: ARG002 - the resolver has its own clock
        self.oids[oid] = collect
        if self.link is not None:
            self.link.say({"add": [f"{oid:x}"], "collect": collect})

    def discard(self, oid: int) -> None:
        if self.oids.pop(oid, None) is not None and self.link is not None:
            self.link.say({"discard": [f"{oid:x}"]})

    def deadline(self) -> float | None:
        return None

    def expire(self, now: float) -> tuple[int, ...]:  # noqa: ARG002 - of any ping sets
        return ()


class Registration:
    """Keeps an exporter known to the resolver, and makes it known again where the resolver was gone.

    Args:
        exporter: made with `pings`.
        pings: what the resolver is told of.
        path: the resolver's socket.
        names: of this machine, that clients may reach the exporter by.
        connect: how the socket is opened; tests give another way.
    """

    def __init__(
        self,
        exporter: Exporter,
        pings: ForwardedPings,
        path: Path,
        names: tuple[str, ...] = (),
        *,
        connect: Callable[[Callable[[], _Link], Path], Awaitable[tuple[Any, _Link]]] = net.connect_unix,
    ) -> None:
        self._connect = connect
        self._exporter = exporter
        self._pings = pings
        self._path = path
        self._names = names
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Unreachable if there is no resolver now."""
        link = await self._introduce()
        self._task = asyncio.get_running_loop().create_task(self._keep(link))

    async def close(self) -> None:
        """The resolver forgets the exporter."""
        link, self._pings.link = self._pings.link, None
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait([self._task])
        if link is not None:
            link.close()

    async def _introduce(self) -> _Link:
        _, link = await self._connect(lambda: _Link(self._exporter), self._path)
        entry: OxidEntry = self._exporter.entry("localhost")
        port = entry.bindings.strings[0].port
        link.say(
            {
                "oxid": f"{entry.oxid:x}",
                "ipid": str(entry.ipid_rem_unknown),
                "port": port,
                "names": list(self._names),
                "hint": entry.authn_hint,
            }
        )
        for collect in (True, False):
            oids = [f"{oid:x}" for oid, collected in self._pings.oids.items() if collected is collect]
            for at in range(0, len(oids), OIDS_A_LINE):
                link.say({"add": oids[at : at + OIDS_A_LINE], "collect": collect})
        self._pings.link = link
        return link

    async def _keep(self, link: _Link) -> None:
        while True:
            await link.lost.wait()
            self._pings.link = None
            log.warning("the resolver of this machine is gone: callbacks of new servers will not come")
            while self._pings.link is None:
                await asyncio.sleep(limits.REGISTRY_RETRY_SECONDS)
                try:
                    link = await self._introduce()
                except Unreachable as error:
                    log.debug("%s", printable(error.message))


class _Link(asyncio.Protocol):
    """The connection. Attributes: lost: set when it is no more."""

    def __init__(self, exporter: Exporter) -> None:
        self._exporter = exporter
        self._buffer = b""
        self.lost = asyncio.Event()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Part of asyncio.Protocol."""
        self._transport = cast(asyncio.Transport, transport)

    def connection_lost(self, _: Exception | None) -> None:
        """Part of asyncio.Protocol."""
        self.lost.set()

    def data_received(self, data: bytes) -> None:
        """Part of asyncio.Protocol."""
        *lines, self._buffer = (self._buffer + data).split(b"\n")
        try:
            for each in lines:
                self._exporter.reclaim(numbers(json.loads(each)["due"]))
        except RegistryError as error:
            log.warning("the resolver of this machine makes no sense: %s", printable(error))
            self.close()

    def say(self, said: dict[str, Any]) -> None:
        if not self._transport.is_closing():
            self._transport.write(line(said))

    def close(self) -> None:
        self._transport.close()
