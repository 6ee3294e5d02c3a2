"""The sink that a server calls for one asynchronous call of ours ([MS-WMI] 3.1.4.2, 3.2.4.1).

Objects come one by one as interface pointers; and, since it says that it knows them (WBEM_S_NEW_STYLE), packed in an
ObjectArray from the second Indicate on. What it hears goes to whoever made it; it never learns what the call was.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Final, NamedTuple

from openwmi.base import limits
from openwmi.base.error import Unreachable, WbemError
from openwmi.base.fault import RemoteProtocolError
from openwmi.base.record import printable
from openwmi.base.status import HResult, WbemStatus
from openwmi.dcom import Served, current_caller
from openwmi.dcom.ends import same_place
from openwmi.interfaces import IWbemObjectSink
from openwmi.model import CimClass, CimInstance
from openwmi.pointers import pointed_failure, pointed_object
from openwmi.rpc import AuthLevel
from openwmi.wmio import ObjectArrayDecoder

log = logging.getLogger("openwmi.client")

COMPLETE, PROGRESS = 0, 2
"""WBEM_STATUS_TYPE ([MS-WMI] 3.1.4.2.2)."""
WORD: Final = 0xFFFF


class Outcome(NamedTuple):
    """How the server says that a call has ended.

    Attributes:
        status: of the call.
        text: of a put the path of the instance.
        failure: what it says of a failure besides.
    """

    status: int
    text: str | None
    failure: Any


class WireSink(Served, IWbemObjectSink):
    """One call's.

    Args:
        server: the address that the call went to.
        take: gets the objects, and returns when there is room for more.
        report: gets progress: done, of how much, a text.

    Attributes:
        ended: the final status, or why none will come.
    """

    def __init__(
        self,
        server: str,
        take: Callable[[Sequence[CimInstance | CimClass]], Awaitable[None]],
        report: Callable[[int, int, str], object],
    ) -> None:
        self._server = server
        self._take = take
        self._report = report
        self._decoder = ObjectArrayDecoder()
        self._turn = asyncio.Lock()  # one call at a time, in the order in which they come, whatever the server does
        self.ended: asyncio.Future[Outcome] = asyncio.get_running_loop().create_future()

    async def Indicate(self, lObjectCount: int, apObjArray: tuple[bytes | None, ...] | bytes) -> int:
        self._verify()
        async with self._turn:
            self._check_open()
            packed = isinstance(apObjArray, bytes)
            try:
                objects = self._unpacked(apObjArray)
            except (RemoteProtocolError, WbemError) as error:
                # 3.2.4: "the results MUST be ignored and the requested operation MUST be considered as failed".
                text = f"{self._server} sent an object that is none: {printable(error)}"
                self.fail(WbemError(HResult.RPC_S_CALL_FAILED, text))
                raise WbemError(WbemStatus.INVALID_OBJECT, text) from None
            await self._given(objects)
        return WbemStatus.NO_ERROR if packed else WbemStatus.NEW_STYLE

    async def SetStatus(self, lFlags: int, hResult: int, strParam: str | None, pObjParam: bytes | None) -> int:
        self._verify()
        if lFlags not in {COMPLETE, PROGRESS}:
            raise WbemError(WbemStatus.INVALID_PARAMETER, f"lFlags is {COMPLETE} or {PROGRESS}, and not {lFlags}")
        async with self._turn:
            self._check_open()
            if lFlags == PROGRESS:
                self._report(hResult & WORD, hResult >> 16, printable(strParam or ""))
            else:
                failure = None if pObjParam is None else pointed_failure(pObjParam)
                self.ended.set_result(Outcome(hResult, strParam, failure))
        return WbemStatus.NO_ERROR

    def fail(self, error: WbemError) -> None:
        """No final status will come. Harmless when there is one."""
        if not self.ended.done():
            self.ended.set_exception(error)
            self.ended.exception()  # nobody may wait for it any more

    def released(self) -> None:
        """The server has released it, or does not ping it any more."""
        text = f"{self._server} has let go of the sink, and has not said how the call ended"
        self.fail(Unreachable(HResult.RPC_S_CALL_FAILED, text))

    async def _given(self, objects: Sequence[CimInstance | CimClass]) -> None:
        """Keeps the server waiting while there is no room, but not for so long that it gives the sink up."""
        try:
            async with asyncio.timeout(limits.INDICATE_ANSWER_SECONDS) as limit:
                await self._take(objects)
        except TimeoutError:
            if not limit.expired():
                raise

    def _unpacked(self, given: tuple[bytes | None, ...] | bytes) -> Sequence[CimInstance | CimClass]:
        if isinstance(given, bytes):
            return self._decoder.decode(given)
        return [pointed_object(each, "apObjArray") for each in given]

    def _verify(self) -> None:
        """Whether whoever calls is the server, as far as that can be known."""
        caller = current_caller()
        by_login = caller.principal is not None and caller.level >= AuthLevel.INTEGRITY
        if not same_place(caller.peer, self._server) and not by_login:
            log.warning("%s called a sink that %s was given: it is refused", caller.peer, self._server)
            raise WbemError(HResult.E_ACCESSDENIED, "this sink was given to somebody else")

    def _check_open(self) -> None:
        if self.ended.done():
            raise WbemError(WbemStatus.CALL_CANCELLED, "the call has ended: nothing follows its final status")
