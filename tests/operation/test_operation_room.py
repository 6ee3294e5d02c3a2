"""A producer that cannot wait: it adds, and sees for itself whether there is room."""

from __future__ import annotations

import asyncio

import pytest

from openwmi.base.error import WbemError
from openwmi.base.fault import LocalProtocolError
from openwmi.base.limits import STREAM_BACKLOG
from openwmi.base.status import WbemStatus
from openwmi.operation import Operation, StreamResults


async def test_what_is_added_is_there_at_once() -> None:
    operation: Operation[int] = Operation(StreamResults("numbers"))
    operation.results.add([1, 2])
    assert await operation.next(5, timeout=0) == [1, 2]
    assert operation.results.began


async def test_adding_never_waits_and_tells_when_it_should() -> None:
    results: StreamResults[int] = StreamResults("numbers")
    operation: Operation[int] = Operation(results)
    seen = []
    for more in (range(STREAM_BACKLOG - 1), range(3)):
        results.add(more)
        seen.append(results.full)
    await operation.next(3)
    assert [*seen, results.full] == [False, True, False]


async def test_a_set_may_have_another_room() -> None:
    results: StreamResults[int] = StreamResults("numbers")
    operation: Operation[int] = Operation(results)
    results.room = 3
    results.add([1, 2, 3])
    assert results.full
    producer = asyncio.ensure_future(results.put([4]))
    await asyncio.sleep(1)
    assert not producer.done()
    assert await operation.next(2) == [1, 2]
    await producer
    assert await operation.next(5, timeout=0) == [3, 4]


async def test_whoever_waits_for_more_than_there_is_room_for_gets_it() -> None:
    results: StreamResults[int] = StreamResults("numbers")
    operation: Operation[int] = Operation(results)
    results.room = 2
    reader = asyncio.ensure_future(operation.next(5))
    await asyncio.sleep(0)
    results.add([1, 2, 3])
    assert not results.full
    results.add([4, 5])
    assert await reader == [1, 2, 3, 4, 5]


@pytest.mark.parametrize(
    ("added", "put", "read", "culprit"),
    [
        (0, 0, 0, "the lamps"),
        (1, 0, 0, "the lamps"),  # which nobody has read, and there is room
        (2, 0, 0, "the lamps"),  # there is none, and the producer has not asked for it
        (2, 2, 0, "whoever reads the results"),
        (2, 2, 4, "the lamps"),
        (2, 2, 3, "the lamps"),
    ],
)
async def test_out_of_time_it_waits_for_its_reader_only_while_a_producer_does(
    added: int, put: int, read: int, culprit: str
) -> None:
    results: StreamResults[int] = StreamResults("numbers")
    operation: Operation[int] = Operation(results)
    results.room, results.waits_for = 2, "the lamps"
    results.add(range(added))
    producers = [asyncio.ensure_future(results.put([number])) for number in range(put)]
    await asyncio.sleep(0)
    if read:
        await operation.next(read)
    results.expire()
    for producer in producers:
        await producer
    with pytest.raises(WbemError, match=f"waiting for {culprit}"):
        results.check()


async def test_nothing_is_added_behind_the_end() -> None:
    results: StreamResults[int] = StreamResults("numbers")
    operation: Operation[int] = Operation(results)
    results.finish()
    with pytest.raises(LocalProtocolError):
        results.add([1])
    cancelled: StreamResults[int] = StreamResults("numbers")
    Operation(cancelled).cancel()
    with pytest.raises(WbemError) as caught:
        cancelled.add([1])
    assert caught.value.status == WbemStatus.CALL_CANCELLED
    assert await operation.next(1) == []
