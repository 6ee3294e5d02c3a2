"""Awaiting a forward-only call: all its objects at once, in turns with everything else, and nothing left behind."""

from __future__ import annotations

import asyncio
import gc
import weakref

import pytest

from openwmi.base.error import WbemError
from openwmi.base.limits import STREAM_BACKLOG
from openwmi.base.status import WbemStatus
from openwmi.operation import Operation, ResultSet, StreamResults
from openwmi.operation import cursor as cursor_module


async def _long(results: ResultSet[int]) -> None:
    for number in range(STREAM_BACKLOG * 10):
        await results.put([number])


async def test_a_long_stream_is_gathered_and_others_have_their_turns() -> None:
    turns = 0

    async def count() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    other = asyncio.create_task(count())
    assert await Operation.start(_long) == list(range(STREAM_BACKLOG * 10))
    assert turns >= 10
    other.cancel()


async def test_one_that_was_full_before_it_was_awaited_goes_on() -> None:
    operation = Operation.start(_long)
    assert await operation.status(timeout=1) == WbemStatus.TIMEDOUT
    assert len(await operation) == STREAM_BACKLOG * 10


async def test_a_failure_behind_many_objects_is_raised() -> None:
    async def failing(results: ResultSet[int]) -> None:
        await _long(results)
        raise WbemError(WbemStatus.PROVIDER_FAILURE, "it broke off")

    with pytest.raises(WbemError, match="broke off"):
        await Operation.start(failing)


async def test_giving_up_cancels_it_and_its_reader_is_gone() -> None:
    async def endless(results: ResultSet[int]) -> None:
        while True:
            await results.put([0])

    operation = Operation.start(endless)
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0):
            await operation
    assert operation.results.status == WbemStatus.CALL_CANCELLED
    assert isinstance(operation.results, StreamResults)
    assert operation.results._flow.reader is None


async def test_what_was_awaited_is_gone_with_its_last_name_and_posts_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    posted: list[object] = []
    monkeypatch.setattr(cursor_module, "let_go", posted.append)
    gc.collect()
    gc.disable()
    try:
        operation = Operation.start(_long)
        await operation
        results, gone = operation.results, weakref.ref(operation)
        del operation
        await asyncio.sleep(0)
        assert gone() is None
        assert results not in posted
    finally:
        gc.enable()
