"""IWbemCallResult: a call with one result that goes on while its client does something else ([MS-WMI] 3.1.4.5).

It is only for the one who made the call. That is ours; the document has such a check for enumerators alone.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from openwmi.base.status import WbemStatus
from openwmi.dcom import Exporter, Served
from openwmi.interfaces import (
    GetCallStatusReply,
    GetResultObjectReply,
    GetResultServicesReply,
    GetResultStringReply,
    IWbemCallResult,
    IWbemServices,
)
from openwmi.operation import Operation
from openwmi.pointers import object_pointer
from openwmi.session import Session
from openwmi.session.asking import answer
from openwmi.session.modes import Gives, seconds

TIMEDOUT = WbemStatus.TIMEDOUT


class CallResult(Served, IWbemCallResult):
    """What a method returned in ppCallResult. Letting it go leaves the call alone: what it does is done.

    Args:
        exporter: hands out references.
        operation: the call, which has started.
        gives: what it brings besides its status.
        services: the face of a namespace that was opened.
        give_back: ends what the call takes of its user's allowance.
    """

    tied = False
    foreign = WbemStatus.ACCESS_DENIED

    def __init__(
        self,
        exporter: Exporter,
        operation: Operation[Any],
        gives: Gives,
        services: Callable[[Session], Served],
        give_back: Callable[[], None],
    ) -> None:
        self._exporter = exporter
        self._operation = operation
        self._gives = gives
        self._make_services = services
        self._services: Served | None = None
        self._give_back = give_back
        if gives is not Gives.OBJECT:  # then there is no more to hold than a path
            operation.results.when_finished(give_back)

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
        if self._services is None:
            self._services = self._make_services(session)
        return GetResultServicesReply(self._exporter.export(self._services, IWbemServices))

    async def GetCallStatus(self, lTimeout: int) -> GetCallStatusReply:
        # [MS-WMI] speaks of an operation that "is finished successfully" there; clients ask it of those that failed.
        if not await self._ended(lTimeout):
            return GetCallStatusReply(0, TIMEDOUT)
        return GetCallStatusReply(int(self._operation.results.status))

    def released(self) -> None:
        if self._gives is Gives.OBJECT:
            self._operation.results.when_finished(self._give_back)  # until then it is a call under way
        self._operation.close()

    async def _ended(self, timeout: int) -> bool:
        await self._operation.status(seconds(timeout))
        return self._operation.results.finished

    def _answer(self, wanted: Gives) -> Any:
        return answer(self._operation.results, self._gives, wanted)
