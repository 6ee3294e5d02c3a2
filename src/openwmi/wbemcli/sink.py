"""IWbemObjectSink: what an asynchronous call tells of its objects and its end ([MS-WMI] 3.1.4.2, the SDK's pages).

A program derives from it; openwmi calls it. Each call is heard in order on a thread of the sink's own, so a callback
may block, and may call WMI, CancelAsyncCall included.
"""

from __future__ import annotations

import inspect
import os
from collections.abc import Hashable, Sequence
from typing import Any

from openwmi.base.error import WbemError
from openwmi.base.status import SEVERITY, HResult, WbemStatus, describe
from openwmi.blocking.com.unknown import S_OK, IUnknown
from openwmi.operation import CallTable, Progress, Sink
from openwmi.session.asking import progress_words, result_string
from openwmi.session.modes import Gives
from openwmi.wbemcli.classobject import IWbemClassObject
from openwmi.wbemcli.constants import WBEM_STATUS_COMPLETE, WBEM_STATUS_PROGRESS
from openwmi.wbemcli.errorinfo import extended_status
from openwmi.wbemcli.origin import NOWHERE, Origin


class IWbemObjectSink(IUnknown, iid="7c857801-7381-11cf-884d-00aa004b2e24"):
    """Derive from this and override what you want to hear, with ordinary methods.

    One callback runs at a time for each call. One that raises, returns a failure, or takes more than 30 seconds,
    cancels its call. After the final SetStatus the sink is released, and hears no more of that call.
    """

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        for name in ("Indicate", "SetStatus"):
            if inspect.iscoroutinefunction(getattr(cls, name)):
                raise TypeError(f"{cls.__name__}.{name} is an ordinary method, on a thread of its own: no `async def`")

    def Indicate(self, lObjectCount: int, apObjArray: Sequence[IWbemClassObject]) -> int | None:
        """The next objects, at least one. Returns WBEM_S_NO_ERROR, for which None stands as well."""
        return S_OK

    def SetStatus(
        self, lFlags: int, hResult: int, strParam: str | None, pObjParam: IWbemClassObject | None
    ) -> int | None:
        """How the call ended, once; or, where it was made with WBEM_FLAG_SEND_STATUS, how far it has come.

        Args:
            lFlags: WBEM_STATUS_COMPLETE or WBEM_STATUS_PROGRESS: a value, and no bits.
            hResult: of the call; with WBEM_STATUS_PROGRESS what is done in its low word, of how much in its high word.
            strParam: of a PutInstanceAsync the path of the instance; of progress what is going on.
            pObjParam: of a failure an `__ExtendedStatus`.
        """
        return S_OK


class Relay(Sink[Any]):
    """An IWbemObjectSink as a sink of an operation.

    Args:
        sink: what is called.
        origin: the call.
    """

    def __init__(self, sink: IWbemObjectSink, origin: Origin = NOWHERE) -> None:
        self._sink = sink
        self._origin = origin

    @property
    def identity(self) -> Hashable:
        return id(self._sink)

    def indicate(self, objects: Sequence[Any]) -> None:
        faces = [self._origin.face(each) for each in objects]
        _check(self._sink.Indicate(len(faces), faces))

    def set_progress(self, progress: Progress) -> None:
        _check(self._sink.SetStatus(WBEM_STATUS_PROGRESS, progress_words(progress), progress.text or None, None))

    def set_status(self, status: WbemStatus | HResult | int, error: WbemError | None) -> None:
        self._end(status, error, None)

    def _end(self, status: WbemStatus | HResult | int, error: WbemError | None, path: str | None) -> None:
        # "When the reported operation status is success, the client MUST set the pObjParam parameter to NULL."
        told = None if error is None else extended_status(self._origin.noted(error))
        try:
            _check(self._sink.SetStatus(WBEM_STATUS_COMPLETE, int(status), path, told))
        finally:
            self._sink.Release()


class PutRelay(Relay):
    """The same for a call whose result is no object: a path, which comes with the final status, or nothing."""

    def __init__(self, sink: IWbemObjectSink, origin: Origin, gives: Gives) -> None:
        super().__init__(sink, origin)
        self._gives = gives
        self._path: str | None = None

    async def indicate(self, objects: Sequence[Any]) -> None:  # type: ignore[override]  # either kind will do
        if self._gives is Gives.STRING:
            self._path = result_string(objects[-1])

    def set_status(self, status: WbemStatus | HResult | int, error: WbemError | None) -> None:
        self._end(status, error, self._path if error is None else None)


CALLS = CallTable()
"""All asynchronous calls of this process: CancelAsyncCall finds a sink whichever IWbemServices it was given to."""

if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=CALLS.forget)


def checked_sink(sink: IWbemObjectSink | None) -> IWbemObjectSink:
    """INVALID_PARAMETER for NULL, and for what is no sink."""
    given: object = sink
    if isinstance(given, IWbemObjectSink):
        return given
    raise WbemError(
        WbemStatus.INVALID_PARAMETER, f"a sink must be given, of a class derived from IWbemObjectSink, not {given!r}"
    )


def _check(returned: object) -> None:
    if isinstance(returned, int) and returned & SEVERITY:
        raise WbemError(returned, f"the sink returned {describe(returned)}")
