"""Coroutines whose first step is taken at once: they end, wait, are cancelled and time out as tasks do."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from contextvars import ContextVar, copy_context
from typing import Any

import pytest

from openwmi.dcom.eager import begin

NAME: ContextVar[str] = ContextVar("openwmi.tests.name", default="nobody")


async def on_the_loop(do: Callable[[], Any]) -> Any:
    """What it returns, called by the loop and by no task."""
    loop = asyncio.get_running_loop()
    made = loop.create_future()

    def call() -> None:
        try:
            made.set_result(do())
        except Exception as error:  # noqa: BLE001 - whatever it is
            made.set_exception(error)

    loop.call_soon(call)
    return await made


async def begun(coroutine: Coroutine[Any, Any, None]) -> asyncio.Task[None] | None:
    loop = asyncio.get_running_loop()
    task = await on_the_loop(lambda: begin(coroutine, loop, copy_context()))
    assert asyncio.current_task() is not None
    assert task is None or isinstance(task, asyncio.Task)
    return task


async def test_what_never_waits_is_over_at_once_and_leaves_nothing() -> None:
    seen = []

    async def work() -> None:
        NAME.set("me")
        seen.append(NAME.get())

    before = asyncio.all_tasks()
    assert await begun(work()) is None
    assert (seen, NAME.get()) == (["me"], "nobody")
    assert asyncio.all_tasks() == before


async def test_what_waits_goes_on_as_a_task_in_the_same_context() -> None:
    gate: asyncio.Future[str] = asyncio.get_running_loop().create_future()
    seen = []

    async def work() -> None:
        NAME.set("me")
        seen.append(await gate)
        await asyncio.sleep(0)
        seen.append(NAME.get())

    task = await begun(work())
    assert task is not None
    gate.set_result("open")  # before the task has looked at it
    await task
    assert seen == ["open", "me"]


async def test_a_timeout_that_begins_with_the_first_step() -> None:
    outcome = []

    async def work() -> None:
        try:
            async with asyncio.timeout(5):
                await asyncio.get_running_loop().create_future()
        except TimeoutError:
            outcome.append("late")
        async with asyncio.timeout(5):
            await asyncio.sleep(1)
        outcome.append("in time")

    task = await begun(work())
    assert task is not None
    await task
    assert outcome == ["late", "in time"]
    assert task.cancelling() == 0


async def test_a_task_group_in_the_first_step() -> None:
    async def fail() -> None:
        raise ValueError

    async def work() -> None:
        with pytest.raises(ExceptionGroup):
            async with asyncio.TaskGroup() as group:
                group.create_task(fail())
                await asyncio.get_running_loop().create_future()

    task = await begun(work())
    assert task is not None
    await task


async def test_cancelled_before_the_task_has_begun() -> None:
    awaited: asyncio.Future[None] = asyncio.get_running_loop().create_future()
    seen = []

    async def work() -> None:
        try:
            await awaited
        except asyncio.CancelledError:
            seen.append("cancelled")
            raise

    loop = asyncio.get_running_loop()

    def do() -> Any:
        task = begin(work(), loop, copy_context())
        assert task is not None
        task.cancel()
        return task

    task = await on_the_loop(do)
    with pytest.raises(asyncio.CancelledError):
        await task
    assert (seen, awaited.cancelled(), task.cancelled()) == (["cancelled"], True, True)


async def test_cancelled_while_it_only_gives_way() -> None:
    loop = asyncio.get_running_loop()

    def do() -> Any:
        task = begin(asyncio.sleep(0), loop, copy_context())
        assert task is not None
        task.cancel()
        return task

    with pytest.raises(asyncio.CancelledError):
        await (await on_the_loop(do))


async def test_one_that_cancels_itself() -> None:
    seen = []

    async def work() -> None:
        mine = asyncio.current_task()
        assert mine is not None
        assert (mine.cancelling(), mine.cancel(), mine.cancelling(), mine.uncancel()) == (0, True, 1, 0)
        mine.cancel()
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            seen.append((mine.cancelling(), mine.uncancel()))
        mine.cancel()
        await asyncio.sleep(60)

    task = await begun(work())
    assert task is not None
    with pytest.raises(asyncio.CancelledError):
        await task
    assert seen == [(1, 0)]


async def test_cancelled_by_itself_at_once() -> None:
    async def work() -> None:
        raise asyncio.CancelledError

    assert await begun(work()) is None


async def test_what_it_raises_comes_out_and_nothing_is_left_running() -> None:
    async def work() -> None:
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        await begun(work())
    assert await on_the_loop(asyncio.current_task) is None


async def test_within_a_task_all_of_it_is_another_task() -> None:
    seen = []

    async def work() -> None:
        seen.append(asyncio.current_task())

    task = begin(work(), asyncio.get_running_loop(), copy_context())
    assert task is not None
    assert seen == []
    await task
    assert seen == [task]
