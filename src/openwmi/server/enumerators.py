"""Enumerators: a cursor of an Operation, read over the wire ([MS-WMI] 3.1.4.4, 3.1.4.6, 3.1.4.7)."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

from openwmi.base import limits
from openwmi.base.error import WbemError
from openwmi.base.guid import Guid
from openwmi.base.status import WbemStatus
from openwmi.dcom import Exporter, Served, partial
from openwmi.interfaces import (
    CloneReply,
    GetSmartEnumReply,
    IEnumWbemClassObject,
    IWbemFetchSmartEnum,
    IWbemWCOSmartEnum,
    NextReply,
    SmartNextReply,
)
from openwmi.model import CimClass, CimInstance
from openwmi.operation import Cursor
from openwmi.server.objects import object_pointer
from openwmi.wmio import ObjectArrayEncoder

Row = CimInstance | CimClass
Rows = Cursor[CimInstance] | Cursor[CimClass]
GiveBack = Callable[[], None]
Allow = Callable[[], GiveBack]

STEP = 64
"""Objects that are taken from the cursor and encoded at one go, before other clients have their turn."""

BLOCK_OCTETS = 64
"""What an object costs in a reply besides its own octets."""


@partial
class Enumerator(Served, IEnumWbemClassObject, IWbemFetchSmartEnum):
    """IEnumWbemClassObject. It shares its place with the smart enumerators that were fetched from it.

    Args:
        exporter: hands out references.
        cursor: of the call whose objects are read.
        allow: takes one more from the user's allowance of result sets; what it returns gives it back.
        held: the same, of this cursor, which was taken from the allowance before.
        rewindable: whether the caller asked for an enumerator that can go back.
    """

    tied = False  # a well-known client forgets one with each query

    def __init__(self, exporter: Exporter, cursor: Rows, allow: Allow, held: GiveBack, *, rewindable: bool) -> None:
        self._exporter = exporter
        self._cursor = cursor
        self._allow = allow
        self._give_back = held
        self._rewindable = rewindable
        self._read_to_the_end = False
        self._users = 1
        self._turn = asyncio.Lock()  # calls of one enumerator are carried out one after the other (3.1.4.4.3)

    async def Reset(self) -> int:
        self._check_rewindable("reset")
        async with self._turn:
            self._cursor.reset()
        return WbemStatus.NO_ERROR

    async def Next(self, lTimeout: int, uCount: int) -> NextReply:
        pointers, status = await self.take(lTimeout, uCount, object_pointer)
        return NextReply(tuple(pointers), len(pointers), status)

    async def Clone(self) -> CloneReply:
        self._check_rewindable("cloned")
        async with self._turn:
            held = self._allow()
            try:
                clone = Enumerator(self._exporter, self._cursor.clone(), self._allow, held, rewindable=True)
            except WbemError:
                held()
                raise
            try:
                return CloneReply(self._exporter.export(clone, IEnumWbemClassObject))
            except WbemError:
                clone.released()
                raise

    async def Skip(self, lTimeout: int, nCount: int) -> int:
        return await self._read(lTimeout, nCount, lambda _: True) if nCount else WbemStatus.NO_ERROR

    async def GetSmartEnum(self) -> GetSmartEnumReply:
        pointer = self._exporter.export(SmartEnumerator(self), IWbemWCOSmartEnum)
        self._users += 1
        return GetSmartEnumReply(pointer)

    async def take(self, timeout: int, count: int, encode: Callable[[Row], bytes]) -> tuple[list[bytes], WbemStatus]:
        """The next `count` objects, encoded, or those that there are when the time (in milliseconds) is over.

        A reply has an end, too: where objects are many and large, TIMEDOUT says that there are more.
        """
        encoded: list[bytes] = []
        octets = 0

        def use(rows: Sequence[Row]) -> bool:
            nonlocal octets
            new = [encode(row) for row in rows]
            encoded.extend(new)
            octets += sum(map(len, new)) + BLOCK_OCTETS * len(new)
            return octets <= limits.REPLY_OCTETS

        return encoded, await self._read(timeout, count, use)

    def released(self) -> None:
        self._users -= 1
        if not self._users:
            self._let_go()

    async def _read(self, timeout: int, count: int, use: Callable[[Sequence[Row]], bool]) -> WbemStatus:
        """Passes `count` objects to `use`, some at a time, until that says that it is enough. The status of the reply.

        A failure after some objects waits for the next call, so that none of them is lost.
        """
        loop = asyncio.get_running_loop()
        until = None if timeout < 0 else loop.time() + timeout / 1000  # WBEM_INFINITE arrives as -1
        try:
            async with asyncio.timeout_at(until):
                await self._turn.acquire()
        except TimeoutError:
            return WbemStatus.TIMEDOUT
        try:
            if self._read_to_the_end:
                return WbemStatus.FALSE
            left = count
            while True:
                seconds = None if until is None else max(0.0, until - loop.time())
                try:
                    batch = await self._cursor.next(min(left, STEP), seconds)
                except WbemError:
                    if left == count:
                        raise
                    return WbemStatus.TIMEDOUT
                enough = not use(batch)
                left -= len(batch)
                if batch.status is WbemStatus.FALSE and not self._rewindable:
                    self._read_to_the_end = True
                    self._let_go()
                if batch.status is not WbemStatus.NO_ERROR or not left:
                    return batch.status
                if enough:
                    return WbemStatus.TIMEDOUT
                await asyncio.sleep(0)
        finally:
            self._turn.release()

    def _let_go(self) -> None:
        self._cursor.close()
        self._give_back()

    def _check_rewindable(self, verb: str) -> None:
        if not self._rewindable:
            raise WbemError(WbemStatus.INVALID_OPERATION, f"an enumerator of a forward-only call cannot be {verb}")


class SmartEnumerator(Served, IWbemWCOSmartEnum):
    """IWbemWCOSmartEnum: the same place in the same objects, as ObjectArrays that describe each class once.

    What has been described is known for each proxyGUID, since a client that has several proxies describes to each.
    """

    tied = False

    def __init__(self, enumerator: Enumerator) -> None:
        self._enumerator = enumerator
        self._encoders: dict[Guid, ObjectArrayEncoder] = {}

    async def Next(self, proxyGUID: Guid, lTimeout: int, uCount: int) -> SmartNextReply:
        encoder = self._encoder(proxyGUID)
        try:
            packets, status = await self._enumerator.take(lTimeout, uCount, encoder.packet)
        except BaseException:
            # Classes that were described in what is not sent now would be taken for known: so all are described again.
            self._encoders.pop(proxyGUID, None)
            raise
        if not packets:
            return SmartNextReply(0, 0, None, status)
        buffer = encoder.array(packets)
        return SmartNextReply(len(packets), len(buffer), buffer, status)

    def released(self) -> None:
        self._enumerator.released()

    def _encoder(self, proxy: Guid) -> ObjectArrayEncoder:
        encoder = self._encoders.get(proxy)
        if encoder is None:
            if len(self._encoders) >= limits.SMART_PROXIES:
                raise WbemError(
                    WbemStatus.QUOTA_VIOLATION, f"{limits.SMART_PROXIES} proxies read this enumerator already"
                )
            encoder = self._encoders[proxy] = ObjectArrayEncoder()
        return encoder
