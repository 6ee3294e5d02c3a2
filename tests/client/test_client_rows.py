"""Rows of another machine: how they come, whoever gives them, and whoever reads them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any, cast

import pytest
from tests.client.fakes import THINGS, world

from openwmi.base.status import WbemStatus
from openwmi.client.enumerating import (
    BATCH_OCTETS,
    FIRST_MILLISECONDS,
    FIRST_ROWS,
    LEAST_MOST_ROWS,
    MOST_ROWS,
    Pace,
)
from openwmi.client.waiting import POLL_MILLISECONDS
from openwmi.engine import Provider, Request, Row
from openwmi.model import CimClass, CimType, Property, Qualifier, Type, qualifier_set
from openwmi.operation import CallFlags, Operation, State

SLOW = CimClass(
    "Demo_Slow", properties=(Property("Id", Type(CimType.UINT32), qualifiers=qualifier_set(Qualifier("key"))),)
)
ALL = "SELECT * FROM Demo_Slow"
EVENT = "class Demo_Event : __ExtrinsicEvent { string Text; };"


class Slow(Provider):
    """Gives rows with a rest before each.

    Attributes:
        given: how many it has given.
    """

    cim_class = SLOW

    def __init__(self, rows: int, rest: float) -> None:
        self.rows, self.rest, self.given = rows, rest, 0

    async def instances(self, request: Request) -> AsyncIterator[Row]:
        for number in range(self.rows):
            await asyncio.sleep(self.rest)
            self.given += 1
            yield {"Id": number}


async def test_rows_that_come_slowly_are_not_held_back() -> None:
    clock = asyncio.get_running_loop().time
    async with world(Slow(40, 0.3)) as there, there.entered() as ns:
        began, number = clock(), 0
        async for row in ns.query(ALL):
            assert row.Id == number
            number += 1
            assert clock() - began <= 0.3 * number + 1.3
        assert number == 40


async def test_a_reader_that_rests_makes_the_server_wait() -> None:
    slow = Slow(100_000, 0)
    async with world(slow) as there, there.entered() as ns:
        rows = ns.query(ALL)
        async for _ in rows:
            break
        await asyncio.sleep(5)
        assert slow.given < 30_000
        given = slow.given
        await asyncio.sleep(60)
        assert slow.given == given
        rows.close()
        await asyncio.sleep(1)
        assert slow.given == given


async def test_kept_rows_are_kept_here() -> None:
    async with world(Slow(100, 0)) as there, there.entered() as ns:
        rows = ns.options(keep=True).query(ALL)
        assert [row.Id for row in await rows] == list(range(100))
        assert rows.state is State.FINISHED
        rows.reset()
        assert [row.Id for row in await rows.next(3)] == [0, 1, 2]
        rows.close()


def test_the_pace() -> None:
    pace = Pace()
    asked = []
    for _ in range(5):
        asked.append(pace.count)
        pace.saw(pace.count, pace.count * 100, 0)
    assert asked == [FIRST_ROWS, 80, 640, BATCH_OCTETS // 100, BATCH_OCTETS // 100]
    pace.saw(10, BATCH_OCTETS * 10, 0)
    assert pace.count == LEAST_MOST_ROWS, "however large they are"
    for _ in range(5):
        pace.saw(pace.count, 1, 0)
    assert pace.count == MOST_ROWS, "and however small"
    pace.saw(7, 100, WbemStatus.TIMEDOUT)
    assert (pace.count, pace.milliseconds) == (7, FIRST_MILLISECONDS), "no more than came in that time"
    waits = []
    for _ in range(6):
        pace.saw(0, 0, WbemStatus.TIMEDOUT)
        waits.append(pace.milliseconds)
    assert waits == [1000, 2000, 4000, 8000, POLL_MILLISECONDS, POLL_MILLISECONDS]
    assert pace.count == 1, "the first that there is"
    pace.saw(1, 100, 0)
    assert (pace.count, pace.milliseconds) == (8, FIRST_MILLISECONDS)


async def test_enumerators_are_given_back_however_their_reading_ends() -> None:
    async with world(Slow(3, 1.0)) as there, there.entered() as ns:
        held = there.server._server._exporter._table._exports
        await ns.query("SELECT * FROM __SystemClass")
        await asyncio.sleep(1)
        before = len(held)
        assert len(await ns.query(ALL)) == 3
        await asyncio.sleep(1)
        assert len(held) == before
        for seconds in (0.0, 0.5, 1.5):
            rows = ns.query(ALL)
            await rows.started()
            await asyncio.sleep(seconds)
            rows.cancel()
            await asyncio.sleep(10)
            assert len(held) == before, seconds


@pytest.mark.parametrize("kind", ["query", "events", "get", "put", "namespace", "emit"])
async def test_what_is_given_up_at_any_time_leaves_nothing_over_there(kind: str) -> None:
    """Cancelled one turn of the loop later each time: also where the answer is on its way."""
    async with world(THINGS, EVENT) as there, there.entered() as ns, there.entered("root") as root:
        held = there.server._server._exporter._table._exports
        event = cast(CimClass, await ns.get("Demo_Event")).instance({"Text": "x"})
        later = ns.options(flags=CallFlags.RETURN_IMMEDIATELY)
        begin: dict[str, Callable[[], Operation[Any]]] = {
            "query": lambda: ns.query("SELECT * FROM Demo_Thing"),
            "events": lambda: ns.events("SELECT * FROM __InstanceCreationEvent WHERE TargetInstance ISA 'Demo_Thing'"),
            "get": lambda: later.get("Demo_Thing='one'"),
            "put": lambda: later.put(one),
            "namespace": lambda: root.namespace("default"),
            "emit": lambda: ns.emit(event),
        }
        one = await ns.get("Demo_Thing='one'")
        await ns.query("SELECT * FROM __SystemClass")
        await asyncio.sleep(1)
        before = len(held)
        for turns in range(60):
            operation = begin[kind]()
            for _ in range(turns):
                await asyncio.sleep(0)
            operation.cancel()
            if await operation.status() == 0 and kind == "namespace":
                await (await operation).close()
            await asyncio.sleep(10)
            assert len(held) == before, turns
