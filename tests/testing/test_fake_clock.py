"""FakeClockLoop: time jumps when nothing can happen, and only then."""

from __future__ import annotations

import asyncio
import socket
import threading
import time
from collections.abc import Coroutine
from typing import Any, TypeVar

import pytest

from openwmi.operation import Workers
from openwmi.testing import FakeClockLoop

T = TypeVar("T")


def run(main: Coroutine[Any, Any, T]) -> T:
    with asyncio.Runner(loop_factory=FakeClockLoop) as runner:
        return runner.run(main)


def test_the_clock_begins_at_zero_and_jumps_to_each_timer_in_turn() -> None:
    async def main() -> list[float]:
        loop = asyncio.get_running_loop()
        times = [loop.time()]

        async def sleep(seconds: float) -> None:
            await asyncio.sleep(seconds)
            times.append(loop.time())

        await asyncio.gather(*(sleep(seconds) for seconds in (3600, 0.5, 86400, 7)))
        return times

    began = time.monotonic()
    assert run(main()) == pytest.approx([0, 0.5, 7, 3600, 86400])
    assert time.monotonic() - began < 60, "no real time passes"


def test_the_clock_stands_still_while_something_is_ready() -> None:
    async def main() -> float:
        asyncio.get_running_loop().call_later(1, lambda: None)
        for _ in range(1000):
            await asyncio.sleep(0)
        return asyncio.get_running_loop().time()

    assert run(main()) == 0


def test_a_deadlock_is_said_instead_of_waited_for() -> None:
    async def main() -> None:
        await asyncio.Event().wait()

    loop = FakeClockLoop()
    task = loop.create_task(main())
    with pytest.raises(RuntimeError, match="deadlock"):
        loop.run_until_complete(task)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        loop.run_until_complete(task)
    loop.close()


def test_a_busy_thread_is_given_time_before_the_clock_jumps() -> None:
    release = threading.Event()

    async def main() -> tuple[bool, float]:
        loop = asyncio.get_running_loop()
        loop.call_later(1000, lambda: None)
        workers = Workers("graced", 1)
        future = workers.run(release.wait, 10)
        loop.call_soon(release.set)
        found = await future
        workers.close()
        return found, loop.time()

    assert run(main()) == (True, 0)


def test_a_thread_that_hangs_does_not_stop_the_clock() -> None:
    release = threading.Event()

    async def main() -> float:
        loop = asyncio.get_running_loop()
        workers = Workers("hung", 1)
        future = workers.run(release.wait, 10)
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(30):
                await asyncio.shield(future)
        passed = loop.time()
        release.set()
        await future
        workers.close()
        return passed

    assert run(main()) == pytest.approx(30)


def test_a_thread_that_works_is_no_deadlock() -> None:
    release = threading.Event()

    async def main() -> bool:
        workers = Workers("working", 1)
        future = workers.run(release.wait, 10)
        threading.Timer(0.01, release.set).start()
        found = await future
        workers.close()
        return found

    assert run(main())


def test_sockets_work_and_are_no_deadlock() -> None:
    async def main() -> bytes:
        loop = asyncio.get_running_loop()
        left, right = socket.socketpair()
        with left, right:
            left.setblocking(False)
            right.setblocking(False)
            threading.Timer(0.01, right.send, [b"hello"]).start()
            return await loop.sock_recv(left, 10)

    assert run(main()) == b"hello"
