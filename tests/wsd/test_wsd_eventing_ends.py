"""How subscriptions end at their source: nothing is sent that nobody wants any more, and each end is told once."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from tests.wsd.events import RISEN, SinkServer, Watching, tide

from openwmi.base.status import WbemStatus
from openwmi.net import Address
from openwmi.net.http import Request, Response
from openwmi.soap import EndpointReference, EndStatus
from openwmi.soap import eventing as e
from openwmi.testing import FakeClockLoop
from openwmi.wsd.calling import Faulted
from openwmi.wsd.eventing.source import EventSource


@pytest.fixture
async def watching() -> AsyncIterator[Watching]:
    async with Watching() as made:
        yield made


def source_of(watching: Watching) -> EventSource:
    assert isinstance(watching.service.source, EventSource)
    return watching.service.source


async def gone(watching: Watching, ends: SinkServer) -> SinkServer:
    """A sink that takes no more, with another that is told so."""
    sink = await watching.sink()
    subscribed = e.Subscribe(EndpointReference(sink.url), EndpointReference(ends.url))
    await watching.ask(e.SUBSCRIBE, subscribed)
    sink.status = 410
    return sink


async def test_what_waits_for_a_subscription_that_has_run_out_is_not_sent(watching: Watching) -> None:
    sink = await watching.sink()
    await watching.subscribe(sink, expires=timedelta(seconds=10))
    sink.gate.clear()
    signals = [watching.service.signal(RISEN, tide(number)) for number in range(3)]
    await asyncio.sleep(10.1)
    assert [await each.status(0) for each in signals] == [WbemStatus.NO_ERROR] * 3
    sink.gate.set()
    await asyncio.sleep(40)
    assert sink.told == []
    assert source_of(watching).lost == 0


async def test_one_that_has_run_out_is_told_nothing_before_the_loop_finds_it(watching: Watching) -> None:
    """As where the machine has slept."""
    sink = await watching.sink()
    await watching.subscribe(sink, expires=timedelta(seconds=10))
    loop = asyncio.get_running_loop()
    assert isinstance(loop, FakeClockLoop)
    loop._selector_of_time.now += 10
    signal = watching.service.signal(RISEN, tide(1))
    assert len(source_of(watching)) == 1, "it is not found yet"
    assert signal.results.finished, "nothing is under way"


async def test_nobody_subscribes_to_what_has_ended(watching: Watching) -> None:
    sink = await watching.sink()
    await source_of(watching).end(EndStatus.SOURCE_CANCELING, "over")
    with pytest.raises(Faulted, match="EventSourceUnableToProcess"):
        await watching.subscribe(sink)


async def test_an_end_is_told_once_whatever_is_answered(watching: Watching) -> None:
    class Refusing(SinkServer):
        asked = 0

        async def answer(self, request: Request, peer: Address, local: Address) -> Response:
            self.asked += 1
            return Response(503)

    ends = Refusing(watching.web)
    await ends.listen()
    await gone(watching, ends)
    await watching.service.signal(RISEN, tide(1))
    assert source_of(watching).lost == 1
    await asyncio.sleep(40)
    assert ends.asked == 1
    assert not source_of(watching)._ending


async def test_a_source_that_ends_leaves_nothing_under_way(watching: Watching) -> None:
    ends = await watching.sink("192.0.2.8")
    ends.gate.clear()
    await gone(watching, ends)
    await watching.service.signal(RISEN, tide(1))
    await asyncio.sleep(0.1)
    assert watching.outward.open_connections == 2
    await source_of(watching).end(EndStatus.SOURCE_CANCELING, "over")
    await asyncio.sleep(0)
    assert watching.outward.open_connections == 1, "that which rests"
    ends.gate.set()
    await asyncio.sleep(40)
    assert ends.ends == []


async def test_who_has_unsubscribed_is_told_of_no_failure(watching: Watching) -> None:
    sink = await watching.sink()
    said = await watching.subscribe(sink, end=True)
    sink.gate.clear()
    signal = watching.service.signal(RISEN, tide(1))
    await asyncio.sleep(0.1)
    leaving = asyncio.ensure_future(watching.ask(e.UNSUBSCRIBE, e.Unsubscribe(), to=said.manager))
    await asyncio.sleep(0.1)
    sink.status = 410
    sink.gate.set()
    await leaving
    await signal
    sink.status = 202
    await asyncio.sleep(40)
    assert sink.came == []
    assert source_of(watching).lost == 0
