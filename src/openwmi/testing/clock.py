"""An asyncio loop on a fake clock: when nothing can happen, time jumps to the next timer.

A test that waits for thirty seconds takes none. Sockets and threads work: while a worker thread has a job, the clock
stands still for a moment of real time to let it finish, and jumps only then.
"""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import Mapping
from typing import Any

from openwmi.operation import Workers

GRACE_SECONDS = 0.25
"""Real time that a busy worker thread is given before the clock jumps over it."""


class FakeClockLoop(asyncio.SelectorEventLoop):
    """Use it as a loop factory: `asyncio.Runner(loop_factory=FakeClockLoop)`. `time()` starts at 0."""

    def __init__(self) -> None:
        self._selector_of_time = _JumpingSelector()
        super().__init__(self._selector_of_time)

    def time(self) -> float:
        """Seconds that the clock has jumped in all."""
        return self._selector_of_time.now


class _JumpingSelector(selectors.BaseSelector):
    """The default selector, but where it would sleep until the next timer, `now` becomes that time."""

    def __init__(self) -> None:
        self._real = selectors.DefaultSelector()
        self.now = 0.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        # Asked before the sockets are: a thread that ends in between has woken the loop by then.
        # The loop has one socket of its own, for that.
        alone = not Workers.jobs_under_way and len(self._real.get_map()) <= 1
        ready = self._real.select(0)
        if ready or timeout == 0:
            return ready
        if timeout is None:
            if alone:
                raise RuntimeError("deadlock: every task waits, and there is no timer, socket or thread to wake one")
            return self._real.select(None)
        if not alone:
            ready = self._real.select(GRACE_SECONDS)
        if not ready:
            self.now += timeout
        return ready

    def register(self, fileobj: Any, events: int, data: Any = None) -> selectors.SelectorKey:
        return self._real.register(fileobj, events, data)

    def unregister(self, fileobj: Any) -> selectors.SelectorKey:
        return self._real.unregister(fileobj)

    def modify(self, fileobj: Any, events: int, data: Any = None) -> selectors.SelectorKey:
        return self._real.modify(fileobj, events, data)

    def get_map(self) -> Mapping[Any, selectors.SelectorKey]:
        return self._real.get_map()

    def close(self) -> None:
        self._real.close()
