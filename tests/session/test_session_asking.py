"""Asynchronous methods and call results, for whatever face asks ([MS-WMI] 3.1.1.1.3, 3.1.4.5)."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Sequence
from functools import partial
from typing import Any

import pytest

from openwmi.base.error import AccessDenied, WbemError
from openwmi.base.status import HResult, WbemStatus
from openwmi.model import ObjectPath
from openwmi.operation import CallContext, CallFlags, CallTable, Operation, Progress, ResultSet, Sink
from openwmi.session.asking import answer, empty_class, push
from openwmi.session.modes import Gives, returned_at_once


class Heard(Sink[Any]):
    """Writes down what it hears."""

    def __init__(self) -> None:
        self.objects: list[Any] = []
        self.statuses: list[int] = []
        self.progress: list[Progress] = []
        self.ended = asyncio.Event()

    async def indicate(self, objects: Sequence[Any]) -> None:
        self.objects += objects

    async def set_progress(self, progress: Progress) -> None:
        self.progress.append(progress)

    async def set_status(self, status: WbemStatus | HResult | int, error: WbemError | None) -> None:
        self.statuses.append(int(status))
        self.ended.set()


async def _refuse(status: WbemStatus, _: ResultSet[Any]) -> None:
    raise WbemError(status, "no")


async def test_what_is_pushed() -> None:
    async def work(results: ResultSet[int]) -> None:
        await results.put([1, 2])

    sink, table = Heard(), CallTable()
    await push(Operation.start(work), sink, table)
    await sink.ended.wait()
    assert (sink.objects, sink.statuses) == ([1, 2], [WbemStatus.NO_ERROR])
    await asyncio.sleep(0)
    assert len(table) == 0


@pytest.mark.parametrize("status", [WbemStatus.ACCESS_DENIED, WbemStatus.INVALID_PARAMETER, WbemStatus.QUOTA_VIOLATION])
async def test_what_is_looked_at_before_it_starts_is_returned(status: WbemStatus) -> None:
    """3.1.1.1.3: the error is returned, the sink neither kept nor called."""
    sink, table = Heard(), CallTable()
    with pytest.raises(WbemError) as caught:
        await push(Operation.start(partial(_refuse, status)), sink, table)
    assert caught.value.status == status
    await asyncio.sleep(60)
    assert (sink.statuses, len(table)) == ([], 0)


@pytest.mark.parametrize(
    "status", [WbemStatus.INVALID_QUERY, WbemStatus.INVALID_OBJECT_PATH, WbemStatus.NOT_EVENT_CLASS]
)
async def test_what_is_looked_at_asynchronously_is_told(status: WbemStatus, caplog: pytest.LogCaptureFixture) -> None:
    """3.1.4.3.5, 3.1.4.3.19, 3.1.4.3.21: "The following validation happens asynchronously"."""
    assert not returned_at_once(status)
    sink, table = Heard(), CallTable()
    await push(Operation.start(partial(_refuse, status), "query SELECT"), sink, table)
    await sink.ended.wait()
    assert (sink.objects, sink.statuses) == ([], [status])
    await asyncio.sleep(0)
    assert len(table) == 0
    gc.collect()
    assert caplog.text == "", "the sink saw the failure: the log need not say that nobody did"


async def test_a_pushed_call_is_cancelled_by_its_sink() -> None:
    async def work(results: ResultSet[int]) -> None:
        results.begin()
        await asyncio.Event().wait()

    sink, table = Heard(), CallTable()
    await push(Operation.start(work), sink, table)
    table.cancel(sink)
    await sink.ended.wait()
    assert sink.statuses == [WbemStatus.CALL_CANCELLED]


async def _path(_: ResultSet[Any]) -> ObjectPath:
    return ObjectPath.parse(r"\\.\root\cimv2:A.K=1")


async def test_a_call_that_runs_on() -> None:
    """Of a method "only the client end of the call is canceled" (the SDK's page of CancelAsyncCall)."""
    go_on, done = asyncio.Event(), asyncio.Event()

    async def work(results: ResultSet[str]) -> str:
        results.report(1, 2, "so far")
        results.begin()
        await go_on.wait()
        results.report(2, 2, "all")
        done.set()
        return "made"

    context = CallContext(flags=CallFlags.SEND_STATUS)
    sink, other, table = Heard(), Heard(), CallTable()
    for each in (sink, other):
        await push(Operation.start(work, single=True, context=context), each, table, runs_on=True)
    table.cancel(sink)
    await sink.ended.wait()
    assert (sink.statuses, sink.objects) == ([WbemStatus.CALL_CANCELLED], [])
    go_on.set()
    await other.ended.wait()
    assert (other.objects, other.statuses) == (["made"], [WbemStatus.NO_ERROR])
    assert [each.text for each in other.progress] == ["so far", "all"]
    await done.wait()
    for status in (WbemStatus.ACCESS_DENIED, WbemStatus.INVALID_METHOD):
        refused: Operation[Any] = Operation.start(partial(_refuse, status), single=True)
        late = Heard()
        if status is WbemStatus.ACCESS_DENIED:
            with pytest.raises(AccessDenied):
                await push(refused, late, table, runs_on=True)
        else:
            await push(refused, late, table, runs_on=True)
            await late.ended.wait()
            assert late.statuses == [status]


async def test_getters() -> None:
    """3.1.4.5.1-3: what the call gives, its failure, or INVALID_OPERATION."""

    async def work(_: ResultSet[str]) -> str:
        return "found"

    call = Operation.start(work, "get A", single=True)
    await call.status()
    assert answer(call.results, Gives.OBJECT, Gives.OBJECT) == "found"
    failed: Operation[Any] = Operation.start(partial(_refuse, WbemStatus.NOT_FOUND), single=True)
    await failed.status()
    put: Operation[Any] = Operation.start(_path, "put A", single=True)
    await put.status()
    assert answer(put.results, Gives.STRING, Gives.STRING) == "A.K=1", "System.Management wants it within the namespace"
    nothing: Operation[None] = Operation.start(lambda _: asyncio.sleep(0), "delete A", single=True)
    await nothing.status()
    for results, gives, wanted, status in (
        (call.results, Gives.OBJECT, Gives.STRING, WbemStatus.INVALID_OPERATION),
        (call.results, Gives.OBJECT, Gives.SERVICES, WbemStatus.INVALID_OPERATION),
        (nothing.results, Gives.NOTHING, Gives.OBJECT, WbemStatus.INVALID_OPERATION),
        (nothing.results, Gives.STRING, Gives.STRING, WbemStatus.INVALID_OPERATION),
        (failed.results, Gives.OBJECT, Gives.OBJECT, WbemStatus.NOT_FOUND),
        (failed.results, Gives.OBJECT, Gives.STRING, WbemStatus.NOT_FOUND),
    ):
        with pytest.raises(WbemError) as caught:
            answer(results, gives, wanted)
        assert caught.value.status == status


async def test_an_empty_class() -> None:
    found = await empty_class()
    assert (found.name, found.properties, found.superclass) == ("", (), None)
