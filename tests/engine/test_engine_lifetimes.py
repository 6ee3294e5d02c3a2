"""When nobody wants a call's results any more: its provider is told, at once, on a thread of its own."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Iterator

import pytest
from tests.engine.fakes import LAMP, LAMPS, Lamps, Rows, names, serve

from openwmi.base.error import WbemError
from openwmi.base.status import WbemStatus
from openwmi.engine import MethodCall, Provider, Request, Row, method
from openwmi.engine.pulling import Puller
from openwmi.operation import Operation, State, Workers

A_MINUTE = 60


class Source:
    """An endless generator that says when it was closed and on which thread."""

    def __init__(self, *, stuck_after: int = 1_000_000, closing: BaseException | None = None) -> None:
        self.stuck_after = stuck_after
        self.closing = closing
        self.go_on = threading.Event()
        self.stuck = threading.Event()
        self.closed = threading.Event()
        self.closed_on = ""
        self.given = 0

    def rows(self, _: Request | None = None) -> Iterator[Row]:
        try:
            while True:
                if self.given == self.stuck_after:
                    self.stuck.set()
                    self.go_on.wait(A_MINUTE)
                yield {"Name": str(self.given)}
                self.given += 1
        finally:
            self.closed_on = threading.current_thread().name
            self.closed.set()
            if self.closing is not None:
                raise self.closing


async def _until(event: threading.Event) -> None:
    assert await Workers("waiting", 1).run(event.wait, A_MINUTE)  # a thread that the fake clock knows of


@pytest.mark.parametrize("end", [Operation.cancel, Operation.close])
async def test_ending_a_call_closes_the_generator_on_a_thread_of_the_provider(
    end: object,
) -> None:
    source = Source()
    call = serve(Lamps(source.rows)).instances("Demo_Lamp")
    assert len(await call.next(10)) == 10
    assert callable(end)
    end(call)
    await _until(source.closed)
    assert source.closed_on == "openwmi-provider-Lamps"
    assert source.given < 2000, "it did not run on: its backlog was full"


async def test_a_generator_that_is_busy_is_closed_at_its_next_row() -> None:
    source = Source(stuck_after=5)
    call = serve(Lamps(source.rows)).instances("Demo_Lamp")
    await _until(source.stuck)
    call.cancel()
    assert await call.status() == WbemStatus.CALL_CANCELLED, "which does not wait for the provider"
    assert not source.closed.is_set()
    await asyncio.sleep(0.01)  # the call's task hears of it
    source.go_on.set()
    await _until(source.closed)
    assert source.closed_on == "openwmi-provider-Lamps"
    assert source.given == 5


async def test_leaving_the_loop_over_the_rows_closes_the_generator() -> None:
    source = Source()
    async with serve(Lamps(source.rows)).query("SELECT * FROM Demo_Lamp") as call:
        async for lamp in call:
            if lamp.Name == "7":
                break
    await _until(source.closed)


async def test_a_time_out_of_asyncio_closes_the_generator() -> None:
    source = Source(stuck_after=5)
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(3):
            await serve(Lamps(source.rows)).instances("Demo_Lamp")
    source.go_on.set()
    await _until(source.closed)


async def test_a_generator_that_fails_when_it_is_closed_is_only_logged(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    source, logged = Source(closing=OSError("a secret")), threading.Event()
    monkeypatch.setattr(caplog.handler, "flush", logged.set)  # which a handler does after each record
    call = serve(Lamps(source.rows)).instances("Demo_Lamp")
    await call.next(10)
    call.cancel()
    await _until(logged)
    assert caplog.records[0].getMessage().startswith("provider Lamps of Demo_Lamp failed: OSError\n")
    assert "a secret" not in caplog.text


async def test_an_asynchronous_generator_is_closed_as_well() -> None:
    closed = asyncio.Event()

    class Endless(Provider):
        cim_class = LAMP

        async def instances(self, request: Request) -> AsyncIterator[Row]:
            try:
                for number in range(1_000_000):
                    yield {"Name": str(number)}
            finally:
                closed.set()

    call = serve(Endless()).instances("Demo_Lamp")
    await call.next(10)
    call.cancel()
    await asyncio.wait_for(closed.wait(), 1)


async def test_a_cancelled_coroutine_hears_of_it() -> None:
    heard = asyncio.Event()

    class Waiting(Provider):
        cim_class = LAMP

        @method("Add")
        async def add(self, call: MethodCall) -> Row:
            try:
                await asyncio.Event().wait()
            except asyncio.CancelledError:
                heard.set()
                raise
            return {}

    call = serve(Waiting()).call("Demo_Lamp", "Add")
    assert await call.status(timeout=1) == WbemStatus.TIMEDOUT
    call.cancel()
    await asyncio.wait_for(heard.wait(), 1)
    with pytest.raises(WbemError) as caught:
        await call
    assert caught.value.status == WbemStatus.CALL_CANCELLED


async def test_closing_the_session_cancels_what_is_under_way() -> None:
    source = Source(stuck_after=3)
    ns = serve(Lamps(source.rows))
    view = ns.options(timeout=100)
    calls = [ns.instances("Demo_Lamp"), view.query("SELECT * FROM Demo_Lamp"), view.get("Demo_Lamp='nowhere'")]
    assert len(await calls[0].next(3)) == 3
    done = ns.classes()
    assert len(await done) > 0
    await ns.close()
    assert [await call.status() for call in calls] == [WbemStatus.CALL_CANCELLED] * 3
    assert await done.status() == WbemStatus.NO_ERROR, "what has ended is left alone"
    await view.close()
    source.go_on.set()
    await _until(source.closed)


async def test_a_closed_session_takes_no_more_calls() -> None:
    provider = Rows(LAMP, LAMPS)
    ns = serve(provider)
    await ns.close()
    for call in (
        ns.instances("Demo_Lamp"),
        ns.get("Demo_Lamp='hall'"),
        ns.options(locale="x").call("Demo_Lamp", "Add"),
    ):
        with pytest.raises(WbemError, match="was closed: connect again") as caught:
            await call.started()
        assert caught.value.status == WbemStatus.INVALID_OPERATION
    assert provider.requests == []


async def test_another_session_is_not_concerned() -> None:
    source = Source(stuck_after=3)
    ns = serve(Lamps(source.rows))
    one, other = ns, serve(Lamps(source.rows))
    call = other.instances("Demo_Lamp")
    await one.close()
    assert names(await call.next(3)) == ["0", "1", "2"]
    assert call.state is State.RUNNING
    call.cancel()
    source.go_on.set()
    await _until(source.closed)


# ------------------------------------------------------------------------------------------------- the puller alone


def test_a_puller_that_was_stopped_before_it_began_makes_nothing() -> None:
    made: list[int] = []
    puller: Puller[int] = Puller(lambda: made, lambda error: pytest.fail(str(error)))
    assert not puller.stop(), "there is nothing to close"
    puller.take()
    assert (puller.taken(), puller.ended, puller.error) == ([], False, None)


def test_a_puller_hands_out_each_row_once() -> None:
    puller = Puller(lambda: iter(range(250)), lambda error: pytest.fail(str(error)))
    found: list[int] = []
    takes = 0
    while not puller.ended:
        puller.take()
        takes += 1
        found += puller.taken()
    assert found == list(range(250))
    assert takes >= 3
    assert not puller.stop(), "it has come to its end"


def test_a_puller_in_a_hurry_ends_with_the_next_row() -> None:
    source = Source(stuck_after=3)
    puller = Puller(source.rows, lambda error: pytest.fail(str(error)))
    taking = threading.Thread(target=puller.take)
    taking.start()
    assert source.stuck.wait(A_MINUTE)
    assert len(puller.hurry()) == 3
    source.go_on.set()
    taking.join(A_MINUTE)
    assert len(puller.taken()) == 1
    assert puller.stop(), "somebody has to close it"
    puller.close()
    assert source.closed.is_set()
