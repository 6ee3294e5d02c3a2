"""Sinks: the client's, which the server calls, and the server's, to which a client gives events ([MS-WMI] 3.1.4.2)."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from typing import Any

from openwmi.base import limits
from openwmi.base.error import WbemError
from openwmi.base.fault import RemoteProtocolError
from openwmi.base.status import HResult, WbemStatus
from openwmi.dcom import Served
from openwmi.interfaces import IWbemObjectSink
from openwmi.model import CimClass, CimInstance
from openwmi.operation import CallFlags, Progress, Sink
from openwmi.pointers import object_pointer, pointed_object
from openwmi.server.callbacks import HeldSink
from openwmi.server.contexts import Contexts
from openwmi.session import Session
from openwmi.session.asking import progress_words, result_string
from openwmi.session.failure import extended_status, noted
from openwmi.session.modes import Gives
from openwmi.wmio import ObjectArrayDecoder, ObjectArrayEncoder, PacketType

COMPLETE, PROGRESS = 0, 2
"""WBEM_STATUS_TYPE ([MS-WMI] 3.1.4.2.2)."""

BAD_STUB = 0x800706F7
"""RPC_X_BAD_STUB_DATA: the other side did not understand a request, and has done nothing."""


class ClientSink(Sink[Any]):
    """A client's sink, as that of one call.

    Args:
        held: it.
        gives: what the call brings.
        method: of IWbemServices; for what is said of failures.
        parameter: what that was asked with.
        give_back: ends what the call takes of its user's allowance.
    """

    def __init__(
        self, held: HeldSink, gives: Gives, method: str, parameter: str, give_back: Callable[[], None]
    ) -> None:
        self._held = held
        self._gives = gives
        self._method = method
        self._parameter = parameter
        self._give_back = give_back
        self._path: str | None = None
        self._encoder: ObjectArrayEncoder | None = None  # once the sink has said that it knows ObjectArrays
        self._called = False
        self._plain = False  # it said so, and did not understand one

    @property
    def identity(self) -> Hashable:
        return self._held.identity

    async def indicate(self, objects: Sequence[Any]) -> None:
        if self._gives is Gives.STRING:
            self._path = result_string(objects[-1])
            return
        if self._gives is not Gives.OBJECT:
            return
        left = list(objects)
        while left:
            left = left[await self._indicate(left) :]

    async def set_progress(self, progress: Progress) -> None:
        await self._call(self._held.proxy.SetStatus, PROGRESS, progress_words(progress), progress.text or None, None)

    async def set_status(self, status: WbemStatus | HResult | int, error: WbemError | None) -> None:
        # "When the reported operation status is success, the client MUST set the pObjParam parameter to NULL."
        told = None if error is None else object_pointer(extended_status(noted(error, self._method, self._parameter)))
        path = self._path if error is None else None
        try:
            await self._call(self._held.proxy.SetStatus, COMPLETE, int(status), path, told)
        finally:
            self.let_go()

    def is_news(self) -> bool:
        return self._held.is_news()

    def let_go(self) -> None:
        """The sink is released, and hears no more of this call."""
        self._held.release()
        self._give_back()

    async def _indicate(self, objects: Sequence[CimInstance | CimClass]) -> int:
        """The first of these objects, as many as one Indicate takes: their number."""
        if self._encoder is None:
            pointers = _some(objects, object_pointer, self._room)
            answer = await self._call(self._held.proxy.Indicate, len(pointers), tuple(pointers))
            if answer == WbemStatus.NEW_STYLE and not self._plain:
                self._encoder = ObjectArrayEncoder(PacketType.INDICATE)
            self._called = True
            return len(pointers)
        packets = _some(objects, self._encoder.packet, self._room)
        try:
            await self._call(self._held.proxy.Indicate, len(packets), self._encoder.array(packets))
        except WbemError as error:
            if error.status != BAD_STUB:
                raise
            self._encoder, self._plain = None, True
            return 0
        return len(packets)

    @property
    def _room(self) -> int:
        """Octets for one Indicate. At which level the first one arrives, nobody knows before."""
        anonymous = not self._called or self._held.anonymous
        return limits.ANONYMOUS_INDICATE_OCTETS if anonymous else limits.INDICATE_OCTETS

    async def _call(self, callback: Callable[..., Any], *arguments: object) -> int:
        try:
            answer: int = await callback(*arguments)
        except RemoteProtocolError as error:
            raise WbemError(HResult.RPC_S_CALL_FAILED, f"the sink's answer makes no sense: {error}") from None
        return answer


class EventSink(Served, IWbemObjectSink):
    """What QueryObjectSink returns ([MS-WMI] 3.1.4.3.3): its events go to all who subscribed to them.

    Args:
        session: the namespace.
        contexts: who gives the events.
        check: raises what no more events are taken for.
    """

    def __init__(self, session: Session, contexts: Contexts, check: Callable[[], None]) -> None:
        self._session = session
        self._contexts = contexts
        self._check = check
        self._decoder = ObjectArrayDecoder()

    async def Indicate(self, lObjectCount: int, apObjArray: tuple[bytes | None, ...] | bytes) -> int:
        self._check()
        if isinstance(apObjArray, bytes):
            events = self._unpacked(apObjArray)
        else:
            events = [pointed_object(each, "apObjArray") for each in apObjArray]
        for each in events:
            if not isinstance(each, CimInstance):
                raise WbemError(WbemStatus.INVALID_OBJECT, f"an event is an instance, and this is {each!r}")
        if events:
            await self._session.emit(
                [each for each in events if isinstance(each, CimInstance)], self._contexts.of(CallFlags.NONE)
            )
        # How clients send ObjectArrays is not documented well enough to ask them for any (WBEM_S_NEW_STYLE).
        return WbemStatus.NO_ERROR

    async def SetStatus(self, lFlags: int, hResult: int, strParam: str | None, pObjParam: bytes | None) -> int:
        # "Any other DWORD value … MUST be treated as not valid"; of the others there is nothing to do here.
        if lFlags not in {COMPLETE, PROGRESS}:
            raise WbemError(WbemStatus.INVALID_PARAMETER, f"lFlags is {COMPLETE} or {PROGRESS}, and not {lFlags}")
        return WbemStatus.NO_ERROR

    def _unpacked(self, octets: bytes) -> Sequence[CimInstance | CimClass]:
        try:
            return self._decoder.decode(octets)
        except RemoteProtocolError as error:
            raise WbemError(WbemStatus.INVALID_OBJECT, f"apObjArray is no ObjectArray: {error}") from None


def _some(
    objects: Sequence[CimInstance | CimClass], encode: Callable[[CimInstance | CimClass], bytes], room: int
) -> list[bytes]:
    """The first objects, encoded: at least one, and the last may be more than there is room for."""
    encoded: list[bytes] = []
    octets = 0
    for each in objects:
        encoded.append(encode(each))
        octets += len(encoded[-1])
        if octets >= room:
            break
    return encoded
