"""The events of one subscription that nobody has read yet: EventQueue ([MS-WMI] 3.1.1, 3.1.6.1).

"If the number of rows in the EventQueue is more than EventDropLimit, return WBEM_E_QUEUE_OVERFLOW to the client": the
rows that had room are still read, then comes the error, and the subscription has ended. Nothing is dropped and kept
quiet about.

A burst is not a slow reader. What one compilation or one poll brings may be more than the limit: it waits behind the
queue, and the reader has EVENT_BURST_SECONDS to catch up. Events of timers that wait there are merged, which NumFirings
says (the SDK's "__TimerEvent"), so that they never overflow.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable

from openwmi.base.case import fold
from openwmi.base.error import WbemError
from openwmi.base.limits import EVENT_BURST, EVENT_BURST_SECONDS, EVENT_DROP_LIMIT
from openwmi.base.status import WbemStatus
from openwmi.model import CimInstance
from openwmi.operation import ResultSet, StreamResults

Shape = Callable[[CimInstance], CimInstance]
"""Makes of an event what the subscriber selected of it."""


class EventQueue:
    """See the module.

    Args:
        results: what the subscriber reads: a forward-only set.
        shape: see Shape.
    """

    def __init__(self, results: ResultSet[CimInstance], shape: Shape) -> None:
        assert isinstance(results, StreamResults), "events are forgotten as they are read"
        results.room = EVENT_DROP_LIMIT
        self._results = results
        self._shape = shape
        self._late: deque[_Late] = deque()
        self._timers: dict[str, _Late] = {}
        self._pressing = 0
        self._behind = asyncio.Event()
        self._until: float | None = None
        self._limit: asyncio.Timeout | None = None
        self._failure: WbemError | None = None

    def give(self, event: CimInstance, timer: str | None = None) -> None:
        """Adds an event; `timer` is the identifier of the timer that has fired."""
        results = self._results
        if results.finished or self._failure is not None:
            return
        if not self._late and not results.full:
            results.add((self._shape(event),))
            return
        waiting = None if timer is None else self._timers.get(fold(timer))
        if waiting is not None:
            waiting.merge(event)
            return
        late = _Late(event, None if timer is None else fold(timer))
        self._late.append(late)
        if late.timer is not None:
            self._timers[late.timer] = late
        else:
            self._press()
        self._behind.set()

    def fail(self, error: WbemError) -> None:
        """Ends the subscription."""
        if self._failure is None:
            self._failure = error
            self._hurry(self._results.loop.time())
            self._behind.set()

    async def run(self) -> None:
        """Hands on what is late as there is room for it, for as long as the subscription lives; then raises why not."""
        while True:
            await self._behind.wait()
            try:
                async with asyncio.timeout_at(self._until) as self._limit:
                    while self._late:
                        await self._results.put(())  # waits for room
                        self._hand_on()
            except TimeoutError:
                raise self._failure or _overflow(len(self._late)) from None
            if self._failure is not None:
                raise self._failure
            self._limit = self._until = None
            self._behind.clear()

    def _hand_on(self) -> None:
        while self._late and not self._results.full:
            late = self._late.popleft()
            if late.timer is None:
                self._pressing -= 1
            else:
                del self._timers[late.timer]
            self._results.add((self._shape(late.event),))
        if not self._pressing:
            self._hurry(None)

    def _press(self) -> None:
        """One more event that cannot wait for ever."""
        now = self._results.loop.time()
        self._pressing += 1
        if self._pressing == 1:
            self._hurry(now + EVENT_BURST_SECONDS)
        elif self._pressing > EVENT_BURST:
            self.fail(_overflow(len(self._late)))

    def _hurry(self, until: float | None) -> None:
        self._until = until
        if self._limit is not None and not self._limit.expired():
            self._limit.reschedule(until)


class _Late:
    """An event that waits for room."""

    __slots__ = ("event", "timer")

    def __init__(self, event: CimInstance, timer: str | None) -> None:
        self.event = event
        self.timer = timer

    def merge(self, later: CimInstance) -> None:
        """One event stands for both firings."""
        self.event = later.replace_(NumFirings=later["NumFirings"] + self.event["NumFirings"])


def _overflow(lost: int) -> WbemError:
    return WbemError(
        WbemStatus.QUEUE_OVERFLOW,
        f"events came faster than they were read: those that had room are there, and {lost} or more after them are "
        "lost. Read faster, or ask for less",
    )
