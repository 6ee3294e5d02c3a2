"""IWbemCallResult: a call with one result that goes on while its client does something else ([MS-WMI] 3.1.4.5).

It is only for the one who made the call. That is ours; the document has such a check for enumerators alone.
"""

from __future__ import annotations

from typing import Any, Protocol

from openwmi.base.status import WbemStatus
from openwmi.dcom import Served
from openwmi.interfaces import (
    GetCallStatusReply,
    GetResultObjectReply,
    GetResultServicesReply,
    GetResultStringReply,
    IWbemCallResult,
    IWbemServices,
)
from openwmi.operation import ResultSet
from openwmi.pointers import object_pointer
from openwmi.server.shared import Shared
from openwmi.session import Session
from openwmi.session.asking import answer
from openwmi.session.modes import Gives, seconds

TIMEDOUT = WbemStatus.TIMEDOUT


class Calling(Protocol):
    """Whoever makes such calls: the services of a namespace, to their user."""

    @property
    def shared(self) -> Shared: ...

    def opened(self, session: Session) -> Served:
        """The face of a namespace that was opened."""

    def give_back_result(self) -> None:
        """A call takes no more of the user's allowance."""


class CallResult(Served, IWbemCallResult):
    """What a method returned in ppCallResult. Letting it go leaves the call alone: what it does is done.

    It takes of its user's allowance, and gives that back itself.

    Args:
        caller: made it.
        results: of the call, which has started; held from here on.
        gives: what it brings besides its status.
    """

    __slots__ = ("_caller", "_counts", "_gives", "_results", "_services")

    tied = False
    foreign = WbemStatus.ACCESS_DENIED

    def __init__(self, caller: Calling, results: ResultSet[Any], gives: Gives) -> None:
        self._caller = caller
        self._results = results
        self._gives = gives
        self._services: Served | None = None
        self._counts = True
        if gives is not Gives.OBJECT:  # then there is no more to hold than a path
            results.when_finished(self._give_back)

    async def GetResultObject(self, lTimeout: int) -> GetResultObjectReply:
        if not await self._ended(lTimeout):
            return GetResultObjectReply(None, TIMEDOUT)
        return GetResultObjectReply(object_pointer(self._answer(Gives.OBJECT)))

    async def GetResultString(self, lTimeout: int) -> GetResultStringReply:
        if not await self._ended(lTimeout):
            return GetResultStringReply(None, TIMEDOUT)
        return GetResultStringReply(self._answer(Gives.STRING))

    async def GetResultServices(self, lTimeout: int) -> GetResultServicesReply:
        if not await self._ended(lTimeout):
            return GetResultServicesReply(None, TIMEDOUT)
        session = self._answer(Gives.SERVICES)
        shared, services = self._caller.shared, self._services
        # What its client has let go has ended, and does not begin again.
        if services is None or services not in shared.exporter:
            services = self._caller.opened(session)
            pointer = shared.exported(services, IWbemServices)
            self._services = services
            return GetResultServicesReply(pointer)
        return GetResultServicesReply(shared.exporter.export(services, IWbemServices))

    async def GetCallStatus(self, lTimeout: int) -> GetCallStatusReply:
        # [MS-WMI] speaks of an operation that "is finished successfully" there; clients ask it of those that failed.
        if not await self._ended(lTimeout):
            return GetCallStatusReply(0, TIMEDOUT)
        return GetCallStatusReply(int(self._results.status))

    def released(self) -> None:
        if self._gives is Gives.OBJECT:
            self._results.when_finished(self._give_back)  # until then it is a call under way
        self._results.release()

    def _give_back(self) -> None:
        if self._counts:
            self._counts = False
            self._caller.give_back_result()

    async def _ended(self, timeout: int) -> bool:
        return await self._results.ended(seconds(timeout))

    def _answer(self, wanted: Gives) -> Any:
        return answer(self._results, self._gives, wanted)
