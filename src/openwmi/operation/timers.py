"""One timer source per loop: time-outs are put into ticks, and the loop is asked for one timer per tick in use.

A hundred thousand calls with a deadline cost a dict entry each and a handful of loop timers. A time-out comes at most
one tick late and never early. The time is the loop's, so that a loop with a fake clock moves all of them.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable
from weakref import WeakKeyDictionary, ref

TICKS_PER_SECOND = 128


class Timer:
    """A callback at a tick, until it has run or is cancelled."""

    __slots__ = ("_bucket", "callback")

    def __init__(self, bucket: dict[Timer, None], callback: Callable[[], object]) -> None:
        self._bucket = bucket
        self.callback = callback
        bucket[self] = None

    def cancel(self) -> None:
        """The callback will not run. Harmless when it has run."""
        self._bucket.pop(self, None)


class Timers:
    """The ticks of one loop. Use `Timers.of(loop)`; only on the loop's thread."""

    __slots__ = ("_buckets", "_loop")

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = ref(loop)  # the registry below is keyed by the loop: a strong one would keep it for ever
        self._buckets: dict[int, dict[Timer, None]] = {}

    @classmethod
    def of(cls, loop: asyncio.AbstractEventLoop) -> Timers:
        """The loop's only instance."""
        timers = _timers.get(loop)
        if timers is None:
            timers = _timers[loop] = cls(loop)
        return timers

    def call_at(self, when: float, callback: Callable[[], object]) -> Timer:
        """Runs `callback` at the first tick that is not before `when` (seconds on the loop's clock)."""
        tick = math.ceil(when * TICKS_PER_SECOND)
        bucket = self._buckets.get(tick)
        if bucket is None:
            loop = self._loop()
            assert loop is not None, "a timer is only asked for on its running loop"
            bucket = self._buckets[tick] = {}
            loop.call_at(tick / TICKS_PER_SECOND, self._fire, tick)
        return Timer(bucket, callback)

    def _fire(self, tick: int) -> None:
        bucket = self._buckets.pop(tick)
        while bucket:  # a callback may cancel another of the same tick, so no snapshot
            timer, _ = bucket.popitem()
            timer.callback()


_timers: WeakKeyDictionary[asyncio.AbstractEventLoop, Timers] = WeakKeyDictionary()
