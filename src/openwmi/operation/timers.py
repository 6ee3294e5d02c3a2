"""One timer source per loop: time-outs are put into ticks, and the loop is asked for one timer per tick in use.

A hundred thousand calls with a deadline cost a dict entry each and a handful of loop timers. A time-out comes at most
one tick late and never early. The time is the loop's, so that a loop with a fake clock moves all of them.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable
from typing import Protocol
from weakref import WeakKeyDictionary, ref

TICKS_PER_SECOND = 128
FAR_SECONDS = 1e12
"""Later than this is as good as never, and has a number of a tick."""


class Expiring(Protocol):
    """What waits for a tick: a Timer, or a call itself, which then needs no object more."""

    def expire(self) -> None:
        """Its time has come."""
        ...


class Timer:
    """A callback at a tick, until it has run or is cancelled."""

    __slots__ = ("_tick", "callback")

    def __init__(self, tick: Tick, callback: Callable[[], object]) -> None:
        self._tick = tick
        self.callback = callback
        tick.waiting[self] = None

    def expire(self) -> None:
        """Runs the callback."""
        self.callback()

    def cancel(self) -> None:
        """The callback will not run. Harmless when it has run."""
        self._tick.drop(self)


class Timers:
    """The ticks of one loop. Use `Timers.of(loop)`; only on the loop's thread."""

    __slots__ = ("_loop", "_ticks")

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = ref(loop)  # the registry below is keyed by the loop: a strong one would keep it for ever
        self._ticks: dict[int, Tick] = {}

    @classmethod
    def of(cls, loop: asyncio.AbstractEventLoop) -> Timers:
        """The loop's only instance."""
        timers = _timers.get(loop)
        if timers is None:
            timers = _timers[loop] = cls(loop)
        return timers

    def __len__(self) -> int:
        """How many ticks there are on which something waits."""
        return len(self._ticks)

    def call_at(self, when: float, callback: Callable[[], object]) -> Timer:
        """Runs `callback` at the first tick that is not before `when` (seconds on the loop's clock)."""
        return Timer(self._tick(when), callback)

    def enter(self, when: float, waiting: Expiring) -> Tick:
        """The same with `waiting.expire`. What it returns is told by `drop` when that is not wanted any more."""
        tick = self._tick(when)
        tick.waiting[waiting] = None
        return tick

    def _tick(self, when: float) -> Tick:
        number = math.ceil(min(when, FAR_SECONDS) * TICKS_PER_SECOND)
        tick = self._ticks.get(number)
        if tick is None:
            loop = self._loop()
            assert loop is not None, "a timer is only asked for on its running loop"
            tick = self._ticks[number] = Tick(loop, self._ticks, number)
        return tick


class Tick:
    """What waits for one tick; without anything it is dropped, so that a far deadline that was met leaves nothing."""

    __slots__ = ("_handle", "_number", "_ticks", "waiting")

    def __init__(self, loop: asyncio.AbstractEventLoop, ticks: dict[int, Tick], number: int) -> None:
        self.waiting: dict[Expiring, None] = {}
        self._ticks = ticks
        self._number = number
        self._handle = loop.call_at(number / TICKS_PER_SECOND, self._fire)

    def drop(self, timer: Expiring) -> None:
        """It waits no more. Harmless when it does not."""
        if timer in self.waiting:
            del self.waiting[timer]
            if not self.waiting and self._ticks.get(self._number) is self:
                del self._ticks[self._number]
                self._handle.cancel()

    def _fire(self) -> None:
        del self._ticks[self._number]
        while self.waiting:  # a callback may cancel another of the same tick, so no snapshot
            timer, _ = self.waiting.popitem()
            timer.expire()


_timers: WeakKeyDictionary[asyncio.AbstractEventLoop, Timers] = WeakKeyDictionary()
