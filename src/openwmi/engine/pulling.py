"""Takes rows out of a blocking iterator, on a thread, for a loop that must not wait for it.

It must not know what a row is, nor whose it is.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from typing import Generic, TypeVar

from openwmi.base.limits import PROVIDER_BATCH, PROVIDER_BATCH_SECONDS

T = TypeVar("T")


class Puller(Generic[T]):
    """An iterator that is made, advanced and closed on threads, and in no two of them at once.

    Args:
        function: makes what is iterated over. Called by the first `take`.
        report: is told what `close` of the iterator raised, when nobody waits for rows any more.

    Attributes:
        error: what the iterator raised; the rows before it are still there.
        ended: whether there are no more rows.
    """

    def __init__(self, function: Callable[[], Iterable[T]], report: Callable[[BaseException], object]) -> None:
        self.error: BaseException | None = None
        self.ended = False
        self._function = function
        self._report = report
        self._iterator: Iterator[T] | None = None
        self._rows: deque[T] = deque()  # appended to on one thread and emptied on another: both are atomic
        self._lock = threading.Lock()
        self._busy = self._hurried = self._stopped = False

    # On a thread.

    def take(self) -> None:
        """Gets the next rows, as many as come in a moment."""
        if not self._begin():
            return
        try:
            self.ended = self._advance()
        except BaseException as error:  # noqa: BLE001 - whatever it is belongs to the one who asked, not to this thread
            self.error, self.ended = error, True
        if not self._end():
            self.close()

    def close(self) -> None:
        """Closes the iterator, if it is a generator."""
        try:
            getattr(self._iterator, "close", lambda: None)()
        except BaseException as error:  # noqa: BLE001 - the same
            self._report(error)

    # On the loop.

    def taken(self) -> list[T]:
        """The rows that have come since this was asked last."""
        return [self._rows.popleft() for _ in range(len(self._rows))]

    def hurry(self) -> list[T]:
        """Those of a `take` that is too slow to be waited for, which will end with its next row."""
        self._hurried = True
        return self.taken()

    def stop(self) -> bool:
        """No more rows are wanted. Whether `close` must be called, on a thread: else a `take` under way does it."""
        with self._lock:
            self._stopped = True
            return self._iterator is not None and not self._busy and not self.ended

    def _begin(self) -> bool:
        """Whether rows are still wanted."""
        with self._lock:
            self._busy, self._hurried = not self._stopped, False
            return self._busy

    def _end(self) -> bool:
        """Whether the iterator can be left as it is."""
        with self._lock:
            self._busy = False
            return self.ended or not self._stopped

    def _advance(self) -> bool:
        """Whether the end was reached."""
        if self._iterator is None:
            self._iterator = iter(self._function())
        until = time.monotonic() + PROVIDER_BATCH_SECONDS
        for count, row in enumerate(self._iterator, 1):
            self._rows.append(row)
            if self._hurried or self._stopped or count >= PROVIDER_BATCH or time.monotonic() >= until:
                return False
        return True
