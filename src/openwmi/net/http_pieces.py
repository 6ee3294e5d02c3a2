"""A body of HTTP that is read while it comes: what is not read yet is bounded, and the sender is made to wait."""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque
from collections.abc import AsyncIterator, Callable
from functools import partial

from openwmi.base.error import Timeout, WbemError
from openwmi.base.limits import (
    HTTP_LINGER_SECONDS,
    HTTP_PIECES_LEAST_OCTETS,
    HTTP_PIECES_OCTETS,
    HTTP_STALLED_SECONDS,
)
from openwmi.base.status import WbemStatus
from openwmi.operation.timers import Timers


class Inflow(AsyncIterator[bytes]):
    """The pieces of one body, for one reader at a time.

    Args:
        pause, resume: make the sender wait, and go on.
        abandon: ends the connection: nobody wants the rest.
        patience: seconds in which HTTP_PIECES_LEAST_OCTETS have to come while somebody waits for them.

    Raises, from reading: Timeout where the sender says nothing, or next to nothing, for so long; whatever `fail` is
    given.
    """

    def __init__(
        self,
        pause: Callable[[], object],
        resume: Callable[[], object],
        abandon: Callable[[], object],
        *,
        patience: float = HTTP_STALLED_SECONDS,
    ) -> None:
        self._patience = patience
        self._loop = asyncio.get_running_loop()
        self._pause = pause
        self._resume = resume
        self._abandon = abandon
        self._pieces: deque[bytes] = deque()
        self._octets = 0
        self._paused = False
        self._dropping = False
        self._ended = False
        self._error: WbemError | None = None
        self._waiter: asyncio.Future[None] | None = None
        self._since = self._loop.time()  # when the octets that are counted here began to come
        self._lately = 0

    @property
    def over(self) -> bool:
        """Whether nothing more comes."""
        return self._ended or self._error is not None

    def feed(self, piece: bytes) -> None:
        """The next of them."""
        if self.over or not piece:
            return
        if self._dropping:
            self._octets += len(piece)
            if self._octets >= HTTP_PIECES_OCTETS:
                self.close()
            return
        self._pieces.append(piece)
        self._octets += len(piece)
        self._lately += len(piece)
        if self._octets >= HTTP_PIECES_OCTETS and not self._paused:
            self._paused = True
            self._pause()
        self._wake()

    def end(self) -> None:
        """There are no more."""
        self._ended = True
        self._wake()

    def fail(self, error: WbemError) -> None:
        """There will be no more, though there should be."""
        if not self.over:
            self._error = error
            self._wake()

    def close(self) -> None:
        """Nobody reads the rest. Harmless when repeated, and when all has come."""
        self._pieces.clear()
        if not self.over:
            self._error = WbemError(WbemStatus.CALL_CANCELLED, "its reader did not want the rest of a body")
            self._wake()
            self._abandon()

    def drop(self) -> None:
        """What was wanted is here. A rest that is short and comes soon is passed over; any other is as with `close`."""
        self._pieces.clear()
        if not self.over:
            self._dropping = True
            self._octets = 0
            Timers.of(self._loop).call_at(self._loop.time() + HTTP_LINGER_SECONDS, self.close)
            if self._paused:
                self._paused = False
                self._resume()

    def forget(self) -> None:
        """The same from a finalizer, on whatever thread."""
        with contextlib.suppress(RuntimeError):  # the loop has ended
            self._loop.call_soon_threadsafe(self.close)

    def __aiter__(self) -> Inflow:
        return self

    async def __anext__(self) -> bytes:
        while not self._pieces:
            if self._error is not None:
                raise self._error.with_traceback(None)
            if self._ended:
                raise StopAsyncIteration
            await self._more()
        piece = self._pieces.popleft()
        self._octets -= len(piece)
        if self._paused and self._octets <= HTTP_PIECES_OCTETS // 2:
            self._paused = False
            self._since, self._lately = self._loop.time(), 0  # the sender had to wait
            self._resume()
        return piece

    async def _more(self) -> None:
        """Waits for something to happen, as long as the sender may take."""
        now = self._loop.time()
        if self._lately >= HTTP_PIECES_LEAST_OCTETS or now < self._since:
            self._since, self._lately = now, 0
        waiter = self._waiter = self._loop.create_future()
        timer = Timers.of(self._loop).call_at(max(now, self._since + self._patience), partial(self._stalled, waiter))
        try:
            await waiter
        finally:
            timer.cancel()
            self._waiter = None

    def _stalled(self, waiter: asyncio.Future[None]) -> None:
        if waiter.done():
            return
        if self._lately >= HTTP_PIECES_LEAST_OCTETS:
            self._wake()
            return
        text = f"the sender of a body sent {self._lately} octets in {self._patience:g} s"
        self._error = Timeout(WbemStatus.TIMED_OUT, text)
        self._abandon()
        self._wake()

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)


class Brake:
    """Lets a writer wait while its transport has more than it can send: part of an asyncio.Protocol."""

    __slots__ = ("_free", "_lost")

    def __init__(self) -> None:
        self._free: asyncio.Future[None] | None = None
        self._lost = False

    def pause(self) -> None:
        """There is too much."""
        self._free = asyncio.get_running_loop().create_future()

    def resume(self) -> None:
        """There is room."""
        free, self._free = self._free, None
        if free is not None and not free.done():
            free.set_result(None)

    def lose(self) -> None:
        """The connection is no more."""
        self._lost = True
        self.resume()

    async def wait(self) -> None:
        """Returns when there is room. ConnectionResetError."""
        if self._free is not None:
            await self._free
        if self._lost:
            raise ConnectionResetError
