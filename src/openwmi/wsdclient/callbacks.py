"""IWSDAsyncCallback, and how one is called: once, on a thread where it may block, and waited for by Abort.

A call of a callback is claimed before it is made: by a thread of the pool, or by an Abort that would else have to wait
for the pool. So Abort's callback comes at once, on its own thread, and threads that are all taken stop nobody.

Abort waits for a callback that another thread is in the midst of, but not for the one that it is called from, nor for
one that waits for that one in turn, however long the ring is: they would wait for ever.
"""

from __future__ import annotations

import asyncio
import inspect
import logging
import threading
from collections.abc import Callable
from contextvars import ContextVar
from typing import Any
from weakref import WeakKeyDictionary

from openwmi.base.limits import WSD_CALLBACK_THREADS
from openwmi.base.record import log_bug
from openwmi.blocking.com.unknown import IUnknown
from openwmi.operation import Workers, tasks
from openwmi.wsdclient.statuses import S_OK

log = logging.getLogger("openwmi.wsdclient")


class IWSDAsyncCallback(IUnknown, iid="a63e109d-ce72-49e2-ba98-e845f5ee1666"):
    """Derive from this, and override what you want to hear of.

    An ordinary method is called on a thread of its own kind, where it may block, and may make and abort calls. An
    `async def` runs on the event loop that the call belongs to.
    """

    def AsyncOperationComplete(self, pAsyncResult: Any, pAsyncState: Any) -> Any:
        """The operation of that IWSDAsyncResult has ended, well or not: GetEvent, or generated code's End, says how.

        What it returns is ignored; what it raises goes to the log.
        """
        return S_OK


class Notice:
    """One call of a callback, from when it is due until it has been made.

    Attributes:
        over: whether it has been made.
        waits_for: the one that its callback waits for, by Abort.
        earlier: one of the same result that was not over when this became due.
    """

    __slots__ = ("_claimed", "_function", "_result", "_state", "earlier", "over", "waits_for")

    def __init__(self, function: Callable[..., Any], result: object, state: Any) -> None:
        self._function: Callable[..., Any] | None = function
        self._result: object = result
        self._state = state
        self._claimed = False
        self.waits_for: Notice | None = None
        self.earlier: Notice | None = None
        self.over = False

    @staticmethod
    def on_thread(function: Callable[..., Any]) -> bool:
        """Whether a callback is called on a thread, and not on the loop."""
        return not inspect.iscoroutinefunction(function)

    def post(self, loop: asyncio.AbstractEventLoop, *, pool: bool) -> None:
        """On the loop's thread: has it made soon; unless `pool`, by whoever calls `finish`, if he can."""
        assert self._function is not None
        if not self.on_thread(self._function):
            self._claimed = True
            tasks.run(loop, self._make_on_loop())
        elif pool:
            _workers_of(loop).run(self.make)

    def make(self) -> None:
        """Makes the call, unless somebody else has begun to. Raises nothing."""
        if not self._claim():
            return
        assert self._function is not None
        token = _inside.set((*_inside.get(), self))
        try:
            self._function(self._result, self._state)
        except Exception as error:  # noqa: BLE001 - a program's own code, and nobody is there to tell
            log_bug(log, "AsyncOperationComplete failed", error)
        finally:
            _inside.reset(token)
            self._end()

    def finish(self) -> None:
        """Returns when the call has been made, by this thread if it had not begun; or if waiting would never end."""
        self.make()
        mine = _inside.get()
        with _changed:
            if self.over or self._leads_to(mine):
                return
            for each in mine:
                each.waits_for = self
            _Waiting.count += 1
            try:
                while not self.over:
                    _changed.wait()
            finally:
                _Waiting.count -= 1
                for each in mine:
                    each.waits_for = None

    async def _make_on_loop(self) -> None:
        assert self._function is not None
        _inside.set((*_inside.get(), self))  # of this task alone, and of the threads that it asks
        try:
            await self._function(self._result, self._state)
        except Exception as error:  # noqa: BLE001 - the same
            log_bug(log, "AsyncOperationComplete failed", error)
        finally:
            self._end()

    def _claim(self) -> bool:
        with _changed:
            if self._claimed:
                return False
            self._claimed = True
            return True

    def _leads_to(self, mine: tuple[Notice, ...]) -> bool:
        """Whether this, or what its callback waits for, and so on, is one of those."""
        notice: Notice | None = self
        while notice is not None:
            if notice in mine:
                return True
            notice = notice.waits_for
        return False

    def _end(self) -> None:
        self._function = self._result = self._state = None
        with _changed:
            self.over = True
            if _Waiting.count:
                _changed.notify_all()


class _Waiting:
    count = 0


_changed = threading.Condition()
_inside: ContextVar[tuple[Notice, ...]] = ContextVar("callbacks in whose midst this is", default=())

_pools: WeakKeyDictionary[asyncio.AbstractEventLoop, Workers] = WeakKeyDictionary()


def _workers_of(loop: asyncio.AbstractEventLoop) -> Workers:
    """Of a loop, since the child of a fork has other threads, and another loop."""
    workers = _pools.get(loop)
    if workers is None:
        workers = _pools[loop] = Workers("openwmi-wsd-callback", WSD_CALLBACK_THREADS)
    return workers
