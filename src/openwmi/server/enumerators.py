"""Enumerators: a cursor of an Operation, read over the wire ([MS-WMI] 3.1.4.4, 3.1.4.6, 3.1.4.7)."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Callable

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
        rewindable: whether the caller asked for an enumerator that can go back.
    """

    def __init__(self, exporter: Exporter, cursor: Rows, *, rewindable: bool) -> None:
        self._exporter = exporter
        self._cursor = cursor
        self._rewindable = rewindable
        self._users = 1

    async def Reset(self) -> int:
        self._check_rewindable("reset")
        self._cursor.reset()
        return WbemStatus.NO_ERROR

    async def Next(self, lTimeout: int, uCount: int) -> NextReply:
        pointers, status = await self.take(lTimeout, uCount, object_pointer)
        return NextReply(tuple(pointers), len(pointers), status)

    async def Clone(self) -> CloneReply:
        self._check_rewindable("cloned")
        clone = Enumerator(self._exporter, self._cursor.clone(), rewindable=True)
        return CloneReply(self._exporter.export(clone, IEnumWbemClassObject))

    async def Skip(self, lTimeout: int, nCount: int) -> int:
        return await self._cursor.skip(nCount, seconds(lTimeout))

    async def GetSmartEnum(self) -> GetSmartEnumReply:
        self._users += 1
        return GetSmartEnumReply(self._exporter.export(SmartEnumerator(self), IWbemWCOSmartEnum))

    async def take(self, timeout: int, count: int, encode: Callable[[Row], bytes]) -> tuple[list[bytes], WbemStatus]:
        """The next `count` objects, encoded, or those that there are when the time (in milliseconds) is over.

        A reply has an end, too: where objects are many and large, TIMEDOUT says that there are more.
        """
        loop = asyncio.get_running_loop()
        limit = seconds(timeout)
        until = None if limit is None else loop.time() + limit
        encoded: list[bytes] = []
        octets = 0
        while True:
            left = None if until is None else max(0.0, until - loop.time())
            batch = await self._cursor.next(min(count - len(encoded), STEP), left)
            new = [encode(row) for row in batch]
            encoded += new
            octets += sum(map(len, new)) + BLOCK_OCTETS * len(new)
            if batch.status is not WbemStatus.NO_ERROR or len(encoded) == count:
                return encoded, batch.status
            if octets > limits.REPLY_OCTETS:
                return encoded, WbemStatus.TIMEDOUT

    def released(self) -> None:
        self._users -= 1
        if not self._users:
            self._cursor.close()

    def _check_rewindable(self, verb: str) -> None:
        if not self._rewindable:
            raise WbemError(WbemStatus.INVALID_OPERATION, f"an enumerator of a forward-only call cannot be {verb}")


class SmartEnumerator(Served, IWbemWCOSmartEnum):
    """IWbemWCOSmartEnum: the same place in the same objects, as ObjectArrays that describe each class once.

    What has been described is known for each proxyGUID, since a client that has several proxies describes to each.
    """

    def __init__(self, enumerator: Enumerator) -> None:
        self._enumerator = enumerator
        self._encoders: OrderedDict[Guid, ObjectArrayEncoder] = OrderedDict()

    async def Next(self, proxyGUID: Guid, lTimeout: int, uCount: int) -> SmartNextReply:
        encoder = self._encoder(proxyGUID)
        packets, status = await self._enumerator.take(lTimeout, uCount, encoder.packet)
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


def seconds(timeout: int) -> float | None:
    """A time-out of the wire, in milliseconds; WBEM_INFINITE arrives as -1."""
    return None if timeout < 0 else timeout / 1000
