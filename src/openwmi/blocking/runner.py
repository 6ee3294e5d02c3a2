"""One event loop on a thread of its own, for callers that have none: what the blocking faces stand on.

A thread hands a job over and waits for it with a bare lock. No task is made where a plain function will do, and no
future where the end of an Operation will: that, and waking the loop only when it sleeps (`watch`), is what makes a
round trip several times cheaper than that of `asyncio.run_coroutine_threadsafe`.

What would be cheaper still is not done: a waiting thread that runs the loop itself, and saves both changes of threads.
A KeyboardInterrupt in the main thread could then strike in the midst of the engine.
"""

from __future__ import annotations

import asyncio
import atexit
import logging
import os
import threading
from collections.abc import Callable, Coroutine
from contextlib import suppress
from functools import partial
from threading import get_ident
from time import monotonic
from typing import Any, Final, TypeVar

from openwmi.base.fault import LocalProtocolError
from openwmi.base.limits import EXIT_SECONDS, FORK_SECONDS, KEYBOARD_SECONDS
from openwmi.blocking.jobs import Call, Completion, Ending, Pause, Posted, Run, Waited
from openwmi.blocking.thread import LoopThread
from openwmi.operation import Operation, ResultSet

T = TypeVar("T")

log = logging.getLogger("openwmi.blocking")


class Runner:
    """An event loop on a daemon thread, made at the first use. Everything here may be called on any thread.

    On the loop's own thread a call that waits would wait for itself for ever: there `run`, `complete` and `wait` raise
    LocalProtocolError. `call`, `begin` and `post` need not wait there, and work.

    Whoever waits may be interrupted (KeyboardInterrupt): `call` and `run` then give up what they started, `complete`
    cancels the operation, `wait` leaves it alone. The loop goes on in any case.

    After `close`, and in the child of a fork, all but `post` raise LocalProtocolError, and `post` does nothing.
    """

    def __init__(self) -> None:
        self._making = threading.Lock()
        self._thread: LoopThread | None = None
        self._refusal = ""
        self._leaver = 0
        self._under_way: set[ResultSet[Any]] = set()

    @property
    def loop(self) -> asyncio.AbstractEventLoop:
        """The loop, which is running."""
        return (self._thread or self._started()).loop

    @property
    def on_its_thread(self) -> bool:
        """Whether the caller is on the loop's thread, where nothing may be waited for."""
        return self._thread is not None and self._thread.ident == get_ident()

    def owns(self, loop: asyncio.AbstractEventLoop) -> bool:
        """Whether that is its loop."""
        return self._thread is not None and self._thread.loop is loop

    def call(self, function: Callable[..., T], *arguments: Any) -> T:
        """Runs a plain function on the loop's thread: its result, or what it raised."""
        thread = self._thread or self._started()
        if thread.ident == get_ident():
            return function(*arguments)
        result: T = self._wait(thread, Call(function, arguments))
        return result

    def run(self, function: Callable[..., Coroutine[Any, Any, T]], *arguments: Any) -> T:
        """Runs a coroutine on the loop to its end: its result, or what it raised."""
        result: T = self._wait(self._waitable(), Run(function, arguments))
        return result

    def post(self, function: Callable[..., object], *arguments: Any) -> None:
        """Has a plain function run on the loop's thread, soon, and does not wait. Safe in a finalizer.

        What it raises goes to the log. What was posted first runs first, before later calls of the same thread too.
        """
        if self._thread is not None or not self._refusal:
            (self._thread or self._started()).hand_over(Posted(function, arguments))

    def begin(self, function: Callable[..., Operation[T]], *arguments: Any) -> Operation[T]:
        """Runs a function that starts an operation, such as a verb of a session, and returns the operation.

        It differs from `call` at the end of the interpreter: see `keep`.
        """
        return self.call(self._begun, function, arguments)

    def keep(self, operation: Operation[Any]) -> None:
        """On the loop's thread: if it has one result, as a put has, the end of the interpreter gives it time to end.

        `begin` and `complete` see to that themselves.
        """
        results = operation.results
        if results.single and not results.finished:
            self._under_way.add(results)
            results.when_finished(partial(self._under_way.discard, results))

    def complete(self, function: Callable[..., Operation[Any]], *arguments: Any) -> Any:
        """Runs a function that starts an operation, and waits for its end: what awaiting it gives, or its failure.

        That is one round trip; nothing else may read from the operation.
        """
        return self._wait(self._waitable(), Completion(function, arguments, self._under_way))

    def do(self, job: Waited) -> Any:
        """Waits for a job of the caller's own making, as `complete` does for its own: what came of it, or its error."""
        return self._wait(self._waitable(), job)

    def wait(self, operation: Operation[Any], timeout: float | None = None) -> bool:
        """Waits for the end of an operation, so many seconds at most: whether it has ended. 0 only looks.

        The status, failure and result of one that has ended may be read on any thread, without a round trip:
        `operation.results.status`, `.check()`, and `.whole()` where it has one result.
        """
        results = operation.results
        if results.finished or (timeout is not None and timeout <= 0):
            return results.finished
        self._wait(self._waitable(), Ending(results), timeout)
        return results.finished

    def check(self) -> None:
        """LocalProtocolError where nothing can be called any more."""
        if self._refusal:
            raise LocalProtocolError(self._refusal)

    def close(self, seconds: float = EXIT_SECONDS, *, leaving: bool = False) -> None:
        """Ends the loop, for good.

        Calls with one result that are under way get so many seconds to end, since a put may not be half done; the log
        says what has not ended. All else is cut off: streams are cancelled, calls that only read too, and sinks hear
        nothing any more.

        With `leaving` it is the interpreter that ends: threads that still wait, or ask again, are daemons, which have
        nobody to tell, and are held where they are until the process is gone.
        """
        with self._making:
            thread = self._thread
            if self._refusal or (thread is not None and thread.ident == get_ident()):
                return
            self._refusal = "the event loop has ended, as it does with the interpreter"
        if thread is None:
            return
        settling = Run(self._settle, (seconds,))
        thread.hand_over(settling)
        settled = settling.done.acquire(True, seconds + 1)
        if leaving:
            self._leaver = get_ident()
        if settled:
            thread.stop(1)
        else:
            log.warning("the event loop is busy, and is left as it is: what it has to do may remain undone")

    def pause(self) -> Pause | None:
        """Holds the loop's thread at a place where it has no lock of anybody's: for a fork. None: it need not be."""
        thread = self._thread
        if thread is None or self._refusal or thread.ident == get_ident():
            return None
        pause = Pause()
        thread.hand_over(pause)
        pause.reached.acquire(True, FORK_SECONDS)
        return pause

    def disown(self) -> None:
        """In the child of a fork, where there is no thread any more."""
        self._refusal = "this was made before the process was forked: connect anew in the child"
        if self._thread is not None:
            self._thread.disown(self._refusal)

    def _wait(self, thread: LoopThread, job: Waited, timeout: float | None = None) -> Any:
        until = None if timeout is None else monotonic() + timeout
        try:
            thread.hand_over(job)
            # In slices: a signal that comes just before the lock sleeps does not wake it, and on Windows none does.
            while not job.done.acquire(True, _slice(until)):
                if until is not None and monotonic() >= until:
                    self._give_up(job)
                    return None
        except BaseException:
            self._give_up(job)
            raise
        if self._leaver:
            self._hold()
        return job.outcome()

    def _hold(self) -> None:
        """Holds every thread but the one that ends the interpreter."""
        if self._leaver != get_ident():
            for_ever = threading.Lock()
            for_ever.acquire()
            for_ever.acquire()

    def _give_up(self, job: Waited) -> None:
        job.abandoned = True
        self.post(job.abandon)

    def _waitable(self) -> LoopThread:
        thread = self._thread or self._started()
        if thread.ident == get_ident():
            raise LocalProtocolError(
                "a blocking call on the thread of the event loop would wait for itself for ever: begin a call there "
                "and be called back, or make the blocking call on another thread, as a sink's ordinary methods are"
            )
        return thread

    def _started(self) -> LoopThread:
        with self._making:
            self.check()
            if self._thread is None:
                self._thread = LoopThread()
            return self._thread

    def _begun(self, function: Callable[..., Operation[T]], arguments: tuple[Any, ...]) -> Operation[T]:
        operation = function(*arguments)
        self.keep(operation)
        return operation

    async def _settle(self, seconds: float) -> None:
        for results in list(self._under_way):
            if results.kind in _READING:
                results.cancel()
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                for results in list(self._under_way):
                    while results.single and not results.finished:
                        await results.ending()
        for results in self._under_way:
            if results.single:
                log.warning("the process ends, and %s has not ended: its outcome is unknown", results.kind)


_READING: Final = frozenset({"get", "namespace"})
"""Calls with one result that leave nothing undone when they are cut off."""


def _slice(until: float | None) -> float:
    return KEYBOARD_SECONDS if until is None else max(0.0, min(KEYBOARD_SECONDS, until - monotonic()))


def runner() -> Runner:
    """The process's own. Ask for it each time: the child of a fork has another one."""
    return _OWN[-1]


_OWN: Final = [Runner()]
"""Last the process's own; before it, in the child of a fork, those of its ancestors, whose loops nobody may touch."""

_forking = threading.local()


def _before_fork() -> None:
    _forking.pause = runner().pause()


def _after_fork() -> None:
    pause: Pause | None = _forking.__dict__.pop("pause", None)
    if pause is not None:
        pause.over.release()


def _in_the_child() -> None:
    runner().disown()
    _OWN.append(Runner())


if hasattr(os, "register_at_fork"):
    os.register_at_fork(before=_before_fork, after_in_parent=_after_fork, after_in_child=_in_the_child)
atexit.register(lambda: runner().close(leaving=True))
