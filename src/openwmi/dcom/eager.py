"""Coroutines that take their first step at once: only one that has to wait becomes a task.

Most calls never wait. For them a task, and a turn of the loop until it begins, would cost more than what they do.
asyncio has that from Python 3.12 on (`eager_start`), and here it is for 3.11 as well.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Generator
from contextvars import Context
from typing import Any, TypeVar

T = TypeVar("T")


def begin(
    coroutine: Coroutine[Any, Any, None], loop: asyncio.AbstractEventLoop, context: Context
) -> asyncio.Task[None] | None:
    """Takes the first step, in this context; the task that takes the others, or None if there are none.

    Called by the loop. Within a task nothing can be begun, and it all becomes a task, as it does without this.
    """
    if asyncio.current_task(loop) is not None:
        return loop.create_task(coroutine, context=context)
    first: Any = _First()
    # asyncio's own functions for those who bring tasks of another kind ("Extending", in its documentation).
    asyncio._enter_task(loop, first)  # noqa: SLF001
    try:
        awaited = context.run(coroutine.send, None)
    except (StopIteration, asyncio.CancelledError):
        return None
    finally:
        asyncio._leave_task(loop, first)  # noqa: SLF001
    task = loop.create_task(_Rest(coroutine, awaited), context=context)
    first.go_on(task)
    return task


class _First:
    """What asyncio.current_task() is in the first step. Whoever keeps it, a timeout, say, reaches the task by it."""

    __slots__ = ("_requests", "_task")

    def __init__(self) -> None:
        self._task: asyncio.Task[None] | None = None
        self._requests = 0

    def go_on(self, task: asyncio.Task[None]) -> None:
        self._task = task
        for _ in range(self._requests):
            task.cancel()

    def done(self) -> bool:
        return self._task is not None and self._task.done()

    def cancel(self, msg: object = None) -> bool:
        if self._task is not None:
            return self._task.cancel(msg)
        self._requests += 1
        return True

    def cancelling(self) -> int:
        return self._requests if self._task is None else self._task.cancelling()

    def uncancel(self) -> int:
        if self._task is not None:
            return self._task.uncancel()
        self._requests = max(self._requests - 1, 0)
        return self._requests


class _Rest(Coroutine[Any, Any, T]):
    """A coroutine that has taken its first step and waits: the task is given first what it waits for."""

    __slots__ = ("_awaited", "_coroutine", "_taken")

    def __init__(self, coroutine: Coroutine[Any, Any, T], awaited: Any) -> None:
        self._coroutine = coroutine
        self._awaited = awaited
        self._taken = False

    def send(self, value: Any) -> Any:
        if self._taken:
            return self._coroutine.send(value)
        return self._take()

    def throw(self, *error: Any) -> Any:
        # A task that is cancelled before it took this over: what is waited for is cancelled, as by any other task.
        if not self._taken and self._awaited is not None and self._awaited.cancel():
            return self._take()
        self._taken = True
        return self._coroutine.throw(*error)

    def close(self) -> None:
        self._coroutine.close()

    def __await__(self) -> Generator[Any, Any, T]:
        return self._coroutine.__await__()

    def _take(self) -> Any:
        self._taken = True
        awaited, self._awaited = self._awaited, None
        return awaited
