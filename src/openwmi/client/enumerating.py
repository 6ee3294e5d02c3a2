"""Rows of an enumerator over there, in batches that grow, one of them on its way while its reader takes the last.

They come as ObjectArrays, which describe each class once (IWbemWCOSmartEnum, [MS-WMI] 3.1.4.7), or one object at a time
from servers that have no such thing (IEnumWbemClassObject::Next).
"""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Callable, Coroutine, Sequence
from functools import partial
from typing import Any, Final, NamedTuple

from openwmi.base.guid import Guid
from openwmi.base.status import WbemStatus
from openwmi.client.link import Entered
from openwmi.client.waiting import POLL_MILLISECONDS, in_time
from openwmi.dcom import RemoteExporter
from openwmi.interfaces import IEnumWbemClassObject, IWbemFetchSmartEnum, IWbemWCOSmartEnum
from openwmi.operation import ResultSet
from openwmi.pointers import pointed_object
from openwmi.wmio import ObjectArrayDecoder

FIRST_ROWS: Final = 10
"""Of the first batch: few, so that a reader soon has something."""
MOST_ROWS: Final = 4096
LEAST_MOST_ROWS: Final = 128
BATCH_OCTETS: Final = 1 << 18
"""What a batch grows to, where rows are not so large that 128 of them are more."""
GROWTH: Final = 8
FIRST_MILLISECONDS: Final = 500
"""How long the server gathers a first batch; a longer wait lets it hold what it has back from the reader.
While it has nothing the wait grows to POLL_MILLISECONDS."""

FALSE, TIMEDOUT = WbemStatus.FALSE, WbemStatus.TIMEDOUT


class Batch(NamedTuple):
    """What one Next brought.

    Attributes:
        rows: decodes them; each batch once, in the order in which they came.
        many: how many rows there are, as the server says.
        octets: that they came in.
        status: of the call.
    """

    rows: Callable[[], list[Any]]
    many: int
    octets: int
    status: int


class Rows:
    """One enumerator.

    Args:
        entered: the namespace that was asked.
        exporter, ipid: what the answer referred to.
    """

    def __init__(self, entered: Entered, exporter: RemoteExporter, ipid: Guid) -> None:
        self._entered = entered
        self._exporter = exporter
        self._ipid = ipid
        self._held = [ipid]
        self._pace = Pace()

    @classmethod
    async def of(cls, entered: Entered, reference: bytes | None) -> Rows:
        """What a call returned as ppEnum."""
        exporter, ipid = await entered.login.machine.adopt(reference or b"")
        return cls(entered, exporter, ipid)

    async def pump(self, results: ResultSet[Any]) -> None:
        """Puts all rows. The failure of the call behind them is raised after those that came before it."""
        following: asyncio.Task[Batch] | None = None
        try:
            read = await self._reader()
            following = self._begin(read)
            while True:
                await asyncio.wait([following])
                batch = following.result()
                following = None
                self._pace.saw(batch.many, batch.octets, batch.status)
                if batch.status != FALSE:
                    following = self._begin(read)
                    await asyncio.sleep(0)  # it is asked for, and the server makes it while we decode this one
                if rows := batch.rows():
                    await results.put(rows)
                if following is None:
                    return
        finally:
            self.let_go(following)

    async def pump_events(self, results: ResultSet[Any]) -> None:
        """Puts events as they come: waits for one, and takes those that are there by then, too."""
        waiting: asyncio.Task[Batch] | None = None
        try:
            read = await self._reader()
            while True:
                waiting = asyncio.ensure_future(read(POLL_MILLISECONDS, 1))
                await asyncio.wait([waiting])
                batch = waiting.result()
                while rows := batch.rows():
                    await results.put(rows)
                    batch = await read(0, LEAST_MOST_ROWS)
                if batch.status == FALSE:
                    return
        finally:
            self.let_go(waiting)

    def let_go(self, after: asyncio.Task[Batch] | None = None) -> None:
        """Gives back what is held by now. `after`: a Next that is under way."""
        held, self._held = self._held, []
        if held:
            self._entered.login.let_go(self._exporter, *held, after=after)

    def _begin(self, read: Callable[[int, int], Coroutine[Any, Any, Batch]]) -> asyncio.Task[Batch]:
        return asyncio.ensure_future(read(self._pace.milliseconds, self._pace.count))

    async def _reader(self) -> Callable[[int, int], Coroutine[Any, Any, Batch]]:
        reader = await self._entered.login.brought(self._opened(), lambda _: self.let_go())

        async def answered(milliseconds: int, count: int) -> Batch:
            return await in_time(reader(milliseconds, count), milliseconds)

        return answered

    async def _opened(self) -> Callable[[int, int], Coroutine[Any, Any, Batch]]:
        try:
            return await in_time(self._any_reader())
        except BaseException:
            self.let_go()  # nobody may wait any more
            raise

    async def _any_reader(self) -> Callable[[int, int], Coroutine[Any, Any, Batch]]:
        ipid = self._ipid
        (fetch,) = await self._exporter.query(ipid, IWbemFetchSmartEnum)
        if fetch is None:
            plain = self._exporter.proxy(IEnumWbemClassObject, ipid)

            async def next_plain(milliseconds: int, count: int) -> Batch:
                reply = await plain.Next(milliseconds, count)
                octets = sum(len(each or b"") for each in reply.apObjects)
                return Batch(partial(_pointed, reply.apObjects), len(reply.apObjects), octets, reply.hresult)

            return next_plain
        self._held.append(fetch)
        made = await self._exporter.proxy(IWbemFetchSmartEnum, fetch).GetSmartEnum()
        exporter, smart = await self._entered.login.machine.adopt(made.ppSmartEnum or b"")
        self._held.append(smart)
        proxy, decoder, name = exporter.proxy(IWbemWCOSmartEnum, smart), ObjectArrayDecoder(), uuid.uuid4()

        async def next_smart(milliseconds: int, count: int) -> Batch:
            reply = await proxy.Next(name, milliseconds, count)
            buffer = reply.pBuffer or b""
            rows = partial(decoder.decode, buffer) if buffer else list
            return Batch(rows, reply.puReturned, len(buffer), reply.hresult)

        return next_smart


def _pointed(pointers: Sequence[bytes | None]) -> list[Any]:
    return [pointed_object(each, "apObjects") for each in pointers]


class Pace:
    """How many rows to ask for next, and how long the server may gather them."""

    def __init__(self) -> None:
        self.count = FIRST_ROWS
        self.milliseconds = FIRST_MILLISECONDS

    def saw(self, rows: int, octets: int, status: int) -> None:
        """A batch came."""
        if status != TIMEDOUT:
            room = BATCH_OCTETS * max(rows, 1) // max(octets, 1)
            self.count = min(self.count * GROWTH, max(LEAST_MOST_ROWS, min(room, MOST_ROWS)))
            self.milliseconds = FIRST_MILLISECONDS
        elif rows:
            # It gives them slowly, or they are so large that they did not fit.
            self.count = max(rows, 1)
            self.milliseconds = FIRST_MILLISECONDS
        else:
            self.count = 1
            self.milliseconds = min(2 * self.milliseconds, POLL_MILLISECONDS)
