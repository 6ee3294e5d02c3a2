"""IWSDAsyncResult: a call of a device that goes on while its caller does something else.

Here is all of it but its name, which stands beside IWSDEndpointProxy, since each of the two gives the other.

It is a face of an `Operation`'s results, and keeps nothing of them: whether the call has ended, how, and with what, it
looks up there.
The same call may be polled, waited for, heard of, awaited and aborted, by several at once.

Microsoft's pages leave nine things open. Here it is so, each shown by a test of that name:

    U1  a callback or a handle that is set when the call has ended is called, or set, at once; a callback is called once
    U2  Abort ends the call: the handle is set, the callback comes once, GetEvent returns E_ABORT; an answer that comes
        later is dropped
    U3  Abort may be called from within a callback, its own too
    U4  each call has a deadline, on a clock that nobody sets; WSDET_RESPONSE_TIMEOUT when it passes
    U5  a fault belongs to the call that it came for (`fault_`); GetFaultInfo of the endpoint is the last one
    U6  no End waits: E_FAIL before the end, whichever End it is; `await` waits, and blocks nobody
    U7  what blocks has a form that does not
    U8  the state that was set last counts; the callback gets the one of when the call ended
    U9  `error_` says why a call failed, as an exception that is of its kind
"""

from __future__ import annotations

import asyncio
from collections.abc import Generator
from threading import Lock
from typing import Any, Final, Generic, TypeVar

from openwmi.base.error import WbemError
from openwmi.base.status import HResult, WbemStatus
from openwmi.blocking.com.failure import set_error
from openwmi.blocking.com.unknown import IUnknown
from openwmi.operation import Operation, ResultSet, WaitHandle, let_go
from openwmi.soap import SoapFault
from openwmi.wsdclient.callbacks import IWSDAsyncCallback, Notice
from openwmi.wsdclient.calling import argument, given_up, on_loop, running_loop, soon_on_loop, wsd_method
from openwmi.wsdclient.events import event_of, fault_of
from openwmi.wsdclient.statuses import S_FALSE, S_OK
from openwmi.wsdclient.structures import WSD_EVENT, WSD_OPERATION

E = TypeVar("E", bound=IUnknown)

ABORTED: Final = WbemStatus.CALL_CANCELLED


class AsyncResult(IUnknown, Generic[E]):
    """What a Begin method returned in ppResult. It may be used by several threads at once.

    Letting it go leaves the call alone: what it does is done, and a callback that was set is called.
    """

    __slots__ = ("_endpoint", "_kind", "_references", "_results", "_watch")

    def __init__(
        self,
        operation: Operation[Any],
        endpoint: E | None = None,
        kind: WSD_OPERATION | None = None,
        callback: IWSDAsyncCallback | None = None,
        state: Any = None,
    ) -> None:
        """On the thread of the operation's loop.

        Args:
            operation: the call. It is closed: what there is of it is here from now on.
            endpoint: who made it.
            kind: which operation of a port type it is.
            callback, state: as SetCallback sets them.
        """
        self._references = 1
        self._results = operation.hand_over()
        self._endpoint = endpoint
        self._kind = kind
        self._watch: _Watch | None = None  # most are waited for, or looked at, and hold nothing for that
        if state is not None:
            self._watch = _Watch(state)
        if callback is not None:
            callback.AddRef()
            self._set_callback(callback, state)

    def __del__(self) -> None:
        try:
            results = self._results
        except AttributeError:  # its construction failed
            return
        let_go(results)

    @wsd_method()
    def SetCallback(self, pCallback: IWSDAsyncCallback | None, pAsyncState: Any = None) -> int:
        """Has a callback called when the operation has ended, in place of one that was set before. E_INVALIDARG: NULL.

        If it has ended, that is at once. The callback is released when this object is.
        """
        argument(
            isinstance(pCallback, IWSDAsyncCallback),
            f"pCallback is of a class derived from IWSDAsyncCallback, not {pCallback!r}",
        )
        assert pCallback is not None
        pCallback.AddRef()
        before = on_loop(self._results.loop, self._set_callback, pCallback, pAsyncState)
        if before is not None:
            before.Release()
        return S_OK

    @wsd_method()
    def SetWaitHandle(self, hWaitHandle: WaitHandle | None) -> int:
        """Has a handle set when the operation has ended, in place of one before; at once if it has. E_INVALIDARG: NULL.

        It may be closed at any time. A `threading.Event` will do as well.
        """
        argument(callable(getattr(hWaitHandle, "set", None)), f"hWaitHandle is a WaitHandle, and not {hWaitHandle!r}")
        on_loop(self._results.loop, self._set_handle, hWaitHandle)
        return S_OK

    @wsd_method()
    def HasCompleted(self) -> int:
        """S_OK if the operation has ended, well or not; S_FALSE while it has not. It troubles nobody."""
        return S_OK if self._over else S_FALSE

    @wsd_method(1)
    def GetAsyncState(self) -> tuple[int, Any]:
        """(hresult, ppAsyncState): the state that was set last."""
        return S_OK, held(None if self._watch is None else self._watch.state)

    @wsd_method()
    def Abort(self) -> int:
        """Ends the operation, and returns when its callback has. S_OK, whether it had ended or not.

        From within that callback, and on the event loop's thread, it returns at once.
        """
        results = self._results
        if running_loop() is results.loop:
            self._abort(pool=True)
            return S_OK
        aside = self._abort_aside()
        if aside is not None:
            aside.finish()
        notice = on_loop(results.loop, self._abort)
        while notice is not None:
            earlier = notice.earlier
            notice.finish()
            notice = earlier
        return S_OK

    @wsd_method(1)
    def GetEvent(self) -> tuple[int, WSD_EVENT | None]:
        """(hresult, pEvent): what became of the operation. E_FAIL before its end, E_ABORT after Abort: no event."""
        return S_OK, self._event()

    @wsd_method(1)
    def GetEndpointProxy(self) -> tuple[int, E | None]:
        """(hresult, ppEndpoint): the endpoint that made the call. E_ABORT where it was made by none."""
        if self._endpoint is None:
            raise given_up("no endpoint made this call")
        return S_OK, held(self._endpoint)

    # Not in the header.

    @property
    def operation_(self) -> Operation[Any]:
        """What this is a face of, to be awaited, or asked. It belongs to its loop."""
        return Operation(self._results)

    @property
    def results_(self) -> ResultSet[Any]:
        """What became of it, to be looked at from any thread."""
        return self._results

    @property
    def error_(self) -> WbemError | None:
        """Why the operation failed; None if it did not, or has not ended."""
        watch = self._watch
        if watch is not None and watch.aborted is not None:
            return watch.aborted
        return self._results.error if self._over else None

    @property
    def fault_(self) -> SoapFault | None:
        """The fault that came in place of an answer, to this call and to no other."""
        return fault_of(self.error_)

    def wait_handle_(self) -> WaitHandle:
        """A handle of its own that the end sets, for select and poll; set if it has ended. Close it when done."""
        handle = WaitHandle()
        on_loop(self._results.loop, self._results.when_finished, handle.set)
        return handle

    def __await__(self) -> Generator[Any, None, tuple[int, WSD_EVENT | None]]:
        """Waits for the end, on any event loop, and gives what GetEvent does. Cancelling who waits aborts the call."""
        results = self._results
        mine = asyncio.get_running_loop()
        try:
            while not results.finished:
                if mine is results.loop:
                    yield from results.ending()
                else:
                    yield from self._ending_for(mine)
        except asyncio.CancelledError:
            on_loop(results.loop, self._abort, True)
            raise
        return self.GetEvent()

    def _event(self) -> WSD_EVENT:
        results = self._results
        if not self._over:
            raise WbemError(HResult.E_FAIL, "the operation has not ended: wait for it, or have it call you back")
        error = self.error_
        if error is None:
            return event_of(None, results.whole(), self._kind, self._endpoint)
        _ = results.status  # which notes that somebody has seen it
        if error.status == ABORTED:
            raise given_up("the operation was aborted")
        set_error(error)
        return event_of(error, None, self._kind, self._endpoint)

    def _ending_for(self, loop: asyncio.AbstractEventLoop) -> asyncio.Future[None]:
        """A future of another loop."""
        future = loop.create_future()

        def ended() -> None:
            loop.call_soon_threadsafe(settle)

        def settle() -> None:
            if not future.done():
                future.set_result(None)

        on_loop(self._results.loop, self._results.when_finished, ended)
        return future

    def _released(self) -> None:
        watch = self._watch
        if watch is not None and watch.callback is not None and self._over:  # else it will be called yet
            callback, watch.callback = watch.callback, None
            callback.Release()

    @property
    def _over(self) -> bool:
        """Whether the operation has ended for those who hold this: the loop may have to hear of it yet."""
        watch = self._watch
        return self._results.finished if watch is None or watch.ended is None else watch.ended

    def _abort_aside(self) -> Notice | None:
        """Ends the operation here, and has the loop hear of that meanwhile: what this thread is to tell.

        To wake the loop first, and to be woken by it, would take ten times as long. None where nobody is to be told, or
        it has ended.
        """
        watch = self._watch
        if watch is None:
            return None
        with watch.guard:
            callback, handle = watch.callback, watch.handle
            if watch.ended is not False or callback is None or not Notice.on_thread(callback.AsyncOperationComplete):
                return None
            # In this order: who looks without the guard takes what has ended so for aborted.
            watch.aborted = WbemError(ABORTED, "the call was cancelled", operation=self._results.name or None)
            watch.ended, watch.handle = True, None
            notice = watch.notice = Notice(callback.AsyncOperationComplete, self, watch.state)
        if handle is not None:
            handle.set()
        soon_on_loop(self._results.loop, self._abort)
        return notice

    # On the loop's thread.

    def _set_callback(self, callback: IWSDAsyncCallback, state: Any) -> IWSDAsyncCallback | None:
        watch = self._watched()
        with watch.guard:
            before = watch.callback
            watch.callback, watch.state = callback, state
            over = self._over  # who aborts from now on tells this callback, and nobody else does
        if over:
            self._notify(watch, pool=True)
        return before

    def _set_handle(self, handle: WaitHandle) -> None:
        watch = self._watched()
        with watch.guard:
            watch.handle = handle
            over = self._over
        if over:
            handle.set()

    def _watched(self) -> _Watch:
        """Who is to hear of the end; that is heard of here from now on."""
        watch = self._watch
        if watch is None:
            watch = self._watch = _Watch(None)
        if watch.ended is None and not self._results.finished:
            watch.ended = False
            self._results.when_finished(self._ended)
        return watch

    def _abort(self, pool: bool = False) -> Notice | None:
        """Ends the operation; what is left to be waited for. With `pool`, nobody will wait."""
        results, watch = self._results, self._watch
        if not results.finished:
            results.ignore_cancel(self._ended)
            results.cancel()
            if watch is not None:
                self._ended(pool)
        return None if watch is None else watch.notice

    def _ended(self, pool: bool = True) -> None:
        watch = self._watch
        assert watch is not None, "nobody else asked to hear of it"
        with watch.guard:
            if watch.ended:
                return
            watch.ended = True
            handle, watch.handle = watch.handle, None
        if handle is not None:
            handle.set()
        if watch.callback is not None:
            self._notify(watch, pool)

    def _notify(self, watch: _Watch, pool: bool) -> None:
        assert watch.callback is not None
        notice = Notice(watch.callback.AsyncOperationComplete, self, watch.state)
        if watch.notice is not None and not watch.notice.over:
            notice.earlier = watch.notice
        watch.notice = notice
        notice.post(self._results.loop, pool=pool)


class _Watch:
    """Who hears of the end of a call.

    Attributes:
        guard: for the moments in which it is decided who tells of the end: the loop, or a thread that aborts.
        ended: whether somebody does; None where nobody is to hear of it.
        aborted: what it ended with where it was such a thread, of which the loop may have to hear yet.
    """

    __slots__ = ("aborted", "callback", "ended", "guard", "handle", "notice", "state")

    def __init__(self, state: Any) -> None:
        self.state = state
        self.guard = Lock()
        self.ended: bool | None = None
        self.aborted: WbemError | None = None
        self.callback: IWSDAsyncCallback | None = None
        self.handle: WaitHandle | None = None
        self.notice: Notice | None = None


def held(face: Any) -> Any:
    """What is given out has one more reference, if it has any."""
    if isinstance(face, IUnknown):
        face.AddRef()
    return face
