"""What a thread hands to the loop, and how it hears what came of it.

A job starts on the loop's thread and is done when its lock is free: the thread that waits holds nothing else. Whatever
is raised belongs to that thread. One that gives up has its job abandoned, on the loop's thread as well, so that nothing
here is ever done by two threads at once.
"""

from __future__ import annotations

import asyncio
import logging
import threading
from abc import ABC, abstractmethod
from collections.abc import Callable, Coroutine
from typing import Any

from openwmi.base.error import WbemError
from openwmi.base.record import log_bug
from openwmi.base.status import WbemStatus
from openwmi.operation import Operation, ResultSet
from openwmi.operation.results import EVERYTHING

log = logging.getLogger("openwmi.blocking")


class Job(ABC):
    """Anything that is done on the loop's thread."""

    __slots__ = ()

    @abstractmethod
    def start(self) -> None:
        """On the loop's thread. Nothing is raised here."""

    @abstractmethod
    def refuse(self, error: BaseException, /) -> None:
        """It will not start."""


class Posted(Job):
    """A function for whose end nobody waits."""

    __slots__ = ("_arguments", "_function")

    def __init__(self, function: Callable[..., object], arguments: tuple[Any, ...]) -> None:
        self._function = function
        self._arguments = arguments

    def start(self) -> None:
        try:
            self._function(*self._arguments)
        except BaseException as error:  # noqa: BLE001 - nobody waits for it, and the loop goes on
            log_bug(log, "a function that was posted to the loop failed", error)

    def refuse(self, _: BaseException, /) -> None:
        """Nobody hears of it: what is posted lets go of things, and they are gone with the loop."""


class Waited(Job):
    """Something for which a thread waits.

    Attributes:
        done: a lock that is held until there is a result, an error, or the thread need not wait any more.
    """

    __slots__ = ("_error", "_result", "abandoned", "done")

    def __init__(self) -> None:
        self.abandoned = False
        self._result: Any = None
        self._error: BaseException | None = None
        self.done = threading.Lock()
        self.done.acquire()

    def refuse(self, error: BaseException, /) -> None:
        self._error = error
        self.done.release()

    def outcome(self) -> Any:
        """The result, or the error is raised. Once, on the thread that waited."""
        if self._error is None:
            return self._result
        try:
            raise self._error
        finally:
            self._error = None  # else the error holds this frame, and this frame the error

    def abandon(self) -> None:
        """On the loop's thread: nobody waits any more."""
        self.abandoned = True


class Call(Waited):
    """A plain function."""

    __slots__ = ("_arguments", "_function")

    def __init__(self, function: Callable[..., Any], arguments: tuple[Any, ...]) -> None:
        super().__init__()
        self._function = function
        self._arguments = arguments

    def start(self) -> None:
        if self.abandoned:
            return
        try:
            self._result = self._function(*self._arguments)
        except BaseException as error:  # noqa: BLE001 - it belongs to the one who waits
            self._error = error
        self.done.release()


class Run(Waited):
    """A coroutine, as a task."""

    __slots__ = ("_arguments", "_function", "_task")

    def __init__(self, function: Callable[..., Coroutine[Any, Any, Any]], arguments: tuple[Any, ...]) -> None:
        super().__init__()
        self._function = function
        self._arguments = arguments
        self._task: asyncio.Task[Any] | None = None

    def start(self) -> None:
        if self.abandoned:
            return
        try:
            self._task = asyncio.get_running_loop().create_task(self._function(*self._arguments))
        except BaseException as error:  # noqa: BLE001 - it belongs to the one who waits
            self.refuse(error)
        else:
            self._task.add_done_callback(self._ended)

    def abandon(self) -> None:
        super().abandon()
        if self._task is not None:
            self._task.cancel()

    def _ended(self, task: asyncio.Task[Any]) -> None:
        if task.cancelled():
            # Not asyncio's error, which the caller knows nothing of: the loop ends, or the coroutine cancelled itself.
            self._error = WbemError(WbemStatus.CALL_CANCELLED, "the task that ran the call was cancelled")
        else:
            self._error = task.exception()
            self._result = None if self._error is not None else task.result()
        self._task = None  # it holds the error, whose frames hold this
        self.done.release()


class Completion(Waited):
    """A function that starts an operation, to its end: what awaiting it gives.

    No task waits for it. A forward-only stream is read where its backlog is full, and what remains at its end.
    """

    __slots__ = ("_arguments", "_found", "_function", "_operation", "_under_way")

    def __init__(
        self,
        function: Callable[..., Operation[Any]],
        arguments: tuple[Any, ...],
        under_way: set[ResultSet[Any]],
    ) -> None:
        super().__init__()
        self._function = function
        self._arguments = arguments
        self._under_way = under_way
        self._operation: Operation[Any] | None = None
        self._found: list[Any] | None = None

    def start(self) -> None:
        if self.abandoned:
            return
        try:
            self._operation = operation = self._function(*self._arguments)
        except BaseException as error:  # noqa: BLE001 - it belongs to the one who waits
            self.refuse(error)
            return
        results = operation.results
        if not results.rewindable:
            self._found = []
            results.when_full(self._read)
        self._under_way.add(results)
        results.when_finished(self._ended)

    def abandon(self) -> None:
        super().abandon()
        if self._operation is not None:
            self._operation.cancel()

    def _read(self) -> None:
        assert self._operation is not None
        assert self._found is not None
        self._found += self._operation.results.read(len(self._found), EVERYTHING)

    def _ended(self) -> None:
        assert self._operation is not None
        results = self._operation.results
        self._under_way.discard(results)
        try:
            results.check()
            if self._found is None:
                self._result = results.whole()
            else:
                self._read()
                self._result = self._found
        except BaseException as error:  # noqa: BLE001 - the same
            self._error = error
        self._operation.close()
        self._operation = None  # the same
        self.done.release()


class Ending(Waited):
    """The end of an operation that runs already."""

    __slots__ = ("_results",)

    def __init__(self, results: ResultSet[Any]) -> None:
        super().__init__()
        self._results = results

    def start(self) -> None:
        self._results.when_finished(self.done.release)

    def abandon(self) -> None:
        self._results.ignore_cancel(self.done.release)


class Pause(Job):
    """Holds the loop's thread.

    Attributes:
        reached: a lock that is free once it holds.
        over: is to be released by whoever wants it to go on.
    """

    __slots__ = ("over", "reached")

    def __init__(self) -> None:
        self.reached, self.over = threading.Lock(), threading.Lock()
        self.reached.acquire()
        self.over.acquire()

    def start(self) -> None:
        self.reached.release()
        self.over.acquire()

    def refuse(self, _: BaseException, /) -> None:
        self.reached.release()
