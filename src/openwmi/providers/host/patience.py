"""Waiting for what may never answer: a file system of another machine, a service behind D-Bus.

Each question runs on a daemon thread of its own, which nobody waits for longer than agreed. Who asks the same thing
while it is asked gets the same answer. One that hangs is remembered: whoever asks it then is told at once, and no
second thread is spent on it.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any, Generic, TypeVar

from openwmi.base.limits import HOST_HUNG, HOST_SECONDS

T = TypeVar("T")


class SilentError(OSError):
    """A source did not answer in time. It is an OSError, so that it is NULL like everything that cannot be read."""


class Answer(Generic[T]):
    """The answer to one question that runs already; several can be begun before the first is waited for."""

    def __init__(self, future: Future[T], what: str, until: float, seconds: float) -> None:
        self._future = future
        self._what = what
        self._until = until
        self._seconds = seconds

    @property
    def is_due(self) -> bool:
        """Whether it may still come in time."""
        return time.monotonic() < self._until

    def get(self) -> T:
        """What the function returned, or raised. SilentError where it is not there in time."""
        try:
            return self._future.result(max(0.0, self._until - time.monotonic()))
        except TimeoutError:
            if self._future.done():
                raise  # it is the function's own
            raise SilentError(f"{self._what} did not answer within {self._seconds:g} s") from None


class Patience:
    """Asks questions, each with its deadline."""

    def __init__(self, seconds: float = HOST_SECONDS) -> None:
        self._seconds = seconds
        self._lock = threading.Lock()
        self._hung: dict[str, Answer[Any]] = {}

    def ask(self, function: Callable[[], T], what: str, seconds: float | None = None) -> Answer[T]:
        """Begins to ask.

        Args:
            function: blocks, for ever at worst. It gets a thread of its own.
            what: the source in words, such as `statvfs of /mnt/nfs`. It names the question: two of the same name
                have the same answer, and while it hangs there is no second.
            seconds: how long it may take, instead of the usual.
        """
        seconds = self._seconds if seconds is None else seconds
        future: Future[T] = Future()
        answer = Answer(future, what, time.monotonic() + seconds, seconds)
        with self._lock:
            known: Answer[T] | None = self._hung.get(what)
            if known is not None and known.is_due:
                return known
            if known is not None or len(self._hung) >= HOST_HUNG:
                why = "has not answered before" if known is not None else "is not asked, since too much hangs"
                future.set_exception(SilentError(f"{what} {why}"))
                return answer
            self._hung[what] = answer
        thread = threading.Thread(target=self._run, args=(function, what, future), name="host", daemon=True)
        thread.start()
        return answer

    def _run(self, function: Callable[[], T], what: str, future: Future[T]) -> None:
        try:
            found = function()
        except BaseException as error:  # noqa: BLE001 - whatever it is goes to whoever waits
            self._forget(what)
            future.set_exception(error)
        else:
            self._forget(what)
            future.set_result(found)

    def _forget(self, what: str) -> None:
        with self._lock:
            self._hung.pop(what, None)
