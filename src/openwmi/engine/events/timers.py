"""Timers: `__IntervalTimerInstruction` and `__AbsoluteTimerInstruction`, whose `__TimerEvent` they cause.

From the SDK's pages of these classes and "Creating a Timer Event with __TimerInstruction". The timers of a namespace
run while somebody is subscribed who hears them: no event that nobody hears is made. What that leaves open:

- An interval begins when the timer is first heard of; one whose instruction is written again begins anew.
- NumFirings is 1, and more if the process could not fire in time, or the events waited for their reader. "If
  SkipIfPassed is set to TRUE, that information is discarded": it is 1 then.
- An absolute timer whose time has passed, or that nobody heard who asked for it, fires for the first who does, unless
  SkipIfPassed is TRUE. It fires once; another process does not know of that.
- An instruction without a time, or with an open one (`*`), is ignored, and so is an interval of 0.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from datetime import datetime
from math import floor
from typing import Final, Protocol, TypeAlias

from openwmi.base.case import NameMap, fold
from openwmi.base.error import WbemError
from openwmi.base.limits import EVENT_CLOCK_SECONDS, EVENT_TIMER_SECONDS
from openwmi.model import CimDateTime, CimInstance
from openwmi.repository import Note

INSTRUCTION: Final = "__TimerInstruction"
Fire = Callable[[str, int], bool]
"""Is given the identifier of a timer and its NumFirings; whether anybody heard it."""
Once: TypeAlias = tuple[str, str]
"""The identifier of an absolute timer, folded, and its time."""

log = logging.getLogger("openwmi.engine")


class Timers:
    """The timers of one namespace.

    Args:
        fire: makes the event.
        wall: the date and time, aware of its offset.
        fired: the absolute timers that have fired, which outlives this.
    """

    def __init__(self, fire: Fire, wall: Callable[[], datetime], fired: set[Once]) -> None:
        self._fire = fire
        self._wall = wall
        self._running: dict[str, _Timer] = {}
        self._fired = fired
        self._unheard: dict[str, Callable[[], object]] = {}

    def learn(self, note: Note) -> None:
        """An instruction has come, changed or gone."""
        what = note.what
        if not isinstance(what, CimInstance) or not what.isa_(INSTRUCTION):
            return
        timer_id = str(what["TimerId"])
        self._unheard.pop(fold(timer_id), None)
        running = self._running.pop(fold(timer_id), None)
        if running is not None:
            running.stop()
        if note.after is not None:
            started = self._started(timer_id, what)
            if started is not None:
                self._running[fold(timer_id)] = started

    def offer(self) -> None:
        """Somebody has begun to listen, who may hear what nobody heard."""
        for fire in tuple(self._unheard.values()):
            fire()

    def stop(self) -> None:
        """Nobody hears them any more."""
        for timer in self._running.values():
            timer.stop()
        self._running.clear()
        self._unheard.clear()

    def _started(self, timer_id: str, instruction: CimInstance) -> _Timer | None:
        skips = instruction["SkipIfPassed"] is True
        values = NameMap(instruction.to_dict_())
        milliseconds = values.get("IntervalBetweenEvents")
        if isinstance(milliseconds, int) and milliseconds > 0:
            return _Interval(milliseconds / 1000, lambda count: self._fire(timer_id, 1 if skips else count))
        due = values.get("EventDateTime")
        moment = _moment(due)
        if moment is None:
            log.warning("a timer that says no time, or an open one, is ignored")
            return None
        once = fold(timer_id), str(due)
        if once in self._fired or (skips and moment < self._wall()):
            return None

        def fire() -> None:
            if self._fire(timer_id, 1):
                self._fired.add(once)
                self._unheard.pop(once[0], None)
            elif not skips:
                self._unheard[once[0]] = fire

        return _Absolute(moment, self._wall, fire)


class _Timer(Protocol):
    def stop(self) -> None: ...


class _Interval:
    """Fires again and again; what could not be fired in time is counted."""

    def __init__(self, seconds: float, fire: Callable[[int], object]) -> None:
        self._loop = asyncio.get_running_loop()
        self._seconds = seconds
        self._fire = fire
        self._began = self._loop.time()
        self._fired = 0
        self._handle = self._loop.call_at(self._due, self._tick)

    @property
    def _due(self) -> float:
        """Of the next firing; counted from the beginning, so that being late does not add up."""
        return max(self._began + (self._fired + 1) * self._seconds, self._loop.time() + EVENT_TIMER_SECONDS)

    def stop(self) -> None:
        self._handle.cancel()

    def _tick(self) -> None:
        elapsed = (self._loop.time() - self._began) / self._seconds
        count = max(1, floor(elapsed + _ROUNDING) - self._fired)
        self._fired += count
        self._handle = self._loop.call_at(self._due, self._tick)
        self._fire(count)


_ROUNDING: Final = 1e-6
"""Of an interval: a firing that is due now must not be lost by the last digit of a float."""


class _Absolute:
    """Fires once. The clock of the machine may be set meanwhile, so that it is looked at again and again."""

    def __init__(self, moment: datetime, wall: Callable[[], datetime], fire: Callable[[], object]) -> None:
        self._loop = asyncio.get_running_loop()
        self._moment = moment
        self._wall = wall
        self._fire = fire
        self._handle = self._loop.call_later(self._left(), self._look)

    def stop(self) -> None:
        self._handle.cancel()

    def _left(self) -> float:
        return min(max((self._moment - self._wall()).total_seconds(), 0.0), EVENT_CLOCK_SECONDS)

    def _look(self) -> None:
        left = self._left()
        if left > 0:
            self._handle = self._loop.call_later(left, self._look)
        else:
            self._fire()


def _moment(value: object) -> datetime | None:
    if not isinstance(value, CimDateTime):
        return None
    try:
        return value.to_datetime()
    except WbemError:
        return None
