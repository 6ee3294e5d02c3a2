"""Tasks that run to their end although nobody holds them, and calls under way that somebody may end together."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Iterator
from contextvars import Context, ContextVar, copy_context
from typing import Any, Generic, TypeVar

T = TypeVar("T")

_under_way: set[asyncio.Task[Any]] = set()


def run(loop: asyncio.AbstractEventLoop, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
    """Starts `work` as a task of its own.

    A loop holds what it is going to run only weakly: a task that waits for something which nobody else knows of would
    be collected in the middle, and neither its sink nor its log would hear of it.
    """
    task = loop.create_task(work)
    hold(task)
    return task


def hold(task: asyncio.Task[Any]) -> None:
    """Keeps a task until it has ended."""
    if not task.done():
        _under_way.add(task)
        task.add_done_callback(_under_way.discard)


_APART: ContextVar[Context | None] = ContextVar("openwmi.operation.apart", default=None)


def start_apart(context: Context) -> None:
    """Calls that are started from here on run in copies of `context`, and not of the starter's.

    For one that goes on when its starter has had an answer: what belonged to the question is not kept for it.
    """
    _APART.set(context)


def context_of_call() -> Context:
    """What a call that is started here runs in."""
    apart = _APART.get()
    return copy_context() if apart is None else apart.copy()


class Group(Generic[T]):
    """Calls under way. Whoever lets go of it, it is there as long as one of them is, and holds it; of one loop."""

    __slots__ = ("_members",)

    def __init__(self) -> None:
        self._members: set[T] = set()

    def __iter__(self) -> Iterator[T]:
        return iter(list(self._members))

    def __len__(self) -> int:
        return len(self._members)

    def add(self, call: T) -> None:
        """A call begins."""
        if not self._members:
            _groups.add(self)
        self._members.add(call)

    def discard(self, call: T) -> None:
        """A call has ended. Harmless when it is not here."""
        self._members.discard(call)
        if not self._members:
            _groups.discard(self)


_groups: set[Group[Any]] = set()
