"""Tasks that run to their end although nobody holds them."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any

_under_way: set[asyncio.Task[Any]] = set()


def run(loop: asyncio.AbstractEventLoop, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
    """Starts `work` as a task of its own.

    A loop holds what it is going to run only weakly: a task that waits for something which nobody else knows of would
    be collected in the middle, and neither its sink nor its log would hear of it.
    """
    task = loop.create_task(work)
    _under_way.add(task)
    task.add_done_callback(_under_way.discard)
    return task
