"""Enumerators: an Enumeration of an Operation, read over the wire ([MS-WMI] 3.1.4.4, 3.1.4.6, 3.1.4.7)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, ClassVar

from openwmi.base import limits
from openwmi.base.error import WbemError
from openwmi.base.guid import Guid
from openwmi.base.status import WbemStatus
from openwmi.dcom import Served, current_caller
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
from openwmi.operation import Cursor, Enumeration, ResultSet
from openwmi.pointers import object_pointer
from openwmi.server.shared import Shared
from openwmi.session.modes import Gives, seconds
from openwmi.wmio import ObjectArrayEncoder

Row = CimInstance | CimClass
Rows = Enumeration[CimInstance] | Enumeration[CimClass]
Place = Rows | ResultSet[Any]

STEP = 64
"""Objects that are encoded at one go, before other clients have their turn."""

PIECE = 8
"""Objects of these that are taken from the cursor together: a reply may get so many longer than it should."""

BLOCK_OCTETS = 64
"""What an object costs in a reply besides its own octets."""


class Enumerator(Served, IEnumWbemClassObject, IWbemFetchSmartEnum):
    """IEnumWbemClassObject. It shares its place with the smart enumerators that were fetched from it.

    It takes of its user's allowance, and gives that back itself.

    Args:
        shared: of the server.
        place: in the call's objects; of its results, which are held from here on, the first one.
        principal: whose it is.
    """

    __slots__ = ("_place", "_principal", "_shared", "_users")

    tied = False  # a well-known client forgets one with each query
    foreign = WbemStatus.ACCESS_DENIED  # 3.1.4.4.1-5, ClientSecurityContext

    rewindable: ClassVar[bool] = True
    """Whether its caller asked for one that can go back."""

    def __init__(self, shared: Shared, place: Place, principal: str) -> None:
        self._shared = shared
        self._place = place
        self._principal: str | None = principal  # None: given back
        self._users = 1

    async def Reset(self) -> int:
        await self._rows.reset()
        return WbemStatus.NO_ERROR

    async def Next(self, lTimeout: int, uCount: int) -> NextReply:
        pointers, status = await self.take(lTimeout, uCount, object_pointer)
        return NextReply(tuple(pointers), len(pointers), status)

    async def NextAsync(self, uCount: int, pSink: bytes | None) -> int:
        if pSink is None:
            raise WbemError(WbemStatus.INVALID_PARAMETER, "a sink must be given, and this is NULL")
        if not uCount:
            return WbemStatus.FALSE
        rows = self._rows  # its client may let go of it while the sink is looked for
        sink = await self._shared.sink(pSink, Gives.OBJECT, "NextAsync")
        try:
            return rows.next_async(uCount, sink, self._shared.calls)
        except BaseException:
            sink.let_go()
            raise

    async def Clone(self) -> CloneReply:
        rows = await self._rows.clone()
        try:
            self._shared.allowances.enumerators.enter(rows.principal)
        except WbemError:
            rows.close()
            raise
        clone = Enumerator(self._shared, rows, rows.principal)
        return CloneReply(self._shared.exported(clone, IEnumWbemClassObject))

    async def Skip(self, lTimeout: int, nCount: int) -> int:
        status = await self._rows.skip(nCount, seconds(lTimeout))
        self._read_on(status)
        return status

    async def GetSmartEnum(self) -> GetSmartEnumReply:
        pointer = self._shared.exporter.export(SmartEnumerator(self), IWbemWCOSmartEnum)
        self._users += 1
        return GetSmartEnumReply(pointer)

    async def take(self, timeout: int, count: int, encode: Callable[[Row], bytes]) -> tuple[list[bytes], WbemStatus]:
        """The next `count` objects, encoded, or those that there are when the time (in milliseconds) is over.

        A reply has an end, too: where objects are many and large, or other replies of this user have yet to be taken,
        TIMEDOUT says that there are more.
        """
        encoded: list[bytes] = []
        octets = 0
        principal, replies = current_caller().principal or "", self._shared.allowances.replies

        def use(rows: Sequence[Row]) -> bool:
            nonlocal octets
            new = [encode(row) for row in rows]
            encoded.extend(new)
            more = sum(map(len, new)) + BLOCK_OCTETS * len(new)
            octets += more
            return replies.grow(principal, more) and octets <= limits.REPLY_OCTETS

        try:
            status = await self._rows.read(count, seconds(timeout), use, STEP, PIECE)
        finally:
            replies.made(principal, octets)
        self._read_on(status)
        return encoded, status

    def released(self) -> None:
        self._users -= 1
        if not self._users:
            place = self._place
            place.release() if isinstance(place, ResultSet) else place.close()
            self._give_back()

    @property
    def _rows(self) -> Rows:
        """Its place, once somebody wants to move it: until then there is nothing to take turns for."""
        place = self._place
        if isinstance(place, ResultSet):
            place = self._place = Enumeration(Cursor.taking_over(place), rewindable=self.rewindable)
        return place

    def _give_back(self) -> None:
        principal, self._principal = self._principal, None
        if principal is not None:
            self._shared.allowances.enumerators.leave(principal)

    def _read_on(self, status: WbemStatus) -> None:
        if status is WbemStatus.FALSE and not self._rows.rewindable:  # then its objects are gone
            self._give_back()


class ForwardOnlyEnumerator(Enumerator):
    """One that cannot go back: a hundred thousand may wait, and a class of their own costs each of them nothing."""

    __slots__ = ()

    rewindable = False


class SmartEnumerator(Served, IWbemWCOSmartEnum):
    """IWbemWCOSmartEnum: the same place in the same objects, as ObjectArrays that describe each class once.

    What has been described is known for each proxyGUID, since a client that has several proxies describes to each.
    """

    tied = False
    foreign = WbemStatus.ACCESS_DENIED

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
