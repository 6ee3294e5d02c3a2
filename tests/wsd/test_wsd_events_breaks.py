"""Subscriptions over a network that breaks and comes back, by chance: no event twice, none out of order, none after it
was left; and none is lost while the source has not lost the subscription.
"""

from __future__ import annotations

import asyncio
from datetime import timedelta
from functools import partial
from random import Random
from typing import Any

import pytest
from tests.wsd.devices import OURS, THEIRS
from tests.wsd.events import RISEN, Watching, tide

from openwmi.base.error import Unreachable, WbemError
from openwmi.base.status import WbemStatus
from openwmi.net import Address
from openwmi.net.http_client import HttpClient
from openwmi.testing import MemoryNetwork
from openwmi.wsd import Endpoint, Notification, Receiver, SubscriptionEnded, subscribe

SECONDS = 240


class Network:
    """Connections in memory that are cut while it is down."""

    def __init__(self, web: MemoryNetwork) -> None:
        self.web = web
        self.up = True
        self.open: list[asyncio.Transport] = []

    async def connect(self, protocol: Any, host: str, port: int, timeout: float, *, source: str) -> Any:
        if not self.up:
            raise Unreachable(WbemStatus.TRANSPORT_FAILURE, "the network is down")
        made = await self.web.connect(protocol, host, port, timeout, source=source)
        self.open.append(made[0])
        return made

    def cut(self) -> None:
        self.up = False
        for each in self.open:
            each.abort()
        self.open.clear()


class Story:
    """One device, one subscription, and a network that has breaks of up to so many seconds."""

    def __init__(self, seed: int, breaks: float) -> None:
        self.chance = Random(seed)
        self.breaks = breaks
        self.device = Watching()
        self.network = Network(self.device.web)
        connect: Any = self.network.connect
        self.device.outward._connect = partial(connect, source=OURS)
        self.http = HttpClient(connect=partial(connect, source=THEIRS))
        self.receiver = Receiver(Address(THEIRS, 0), listen_with=self.device.web.listen)
        self.heard: list[int] = []
        self.told: list[Any] = []
        self.said = 0
        self.ended: WbemError | None = None
        self.left = False

    async def tell(self) -> None:
        while True:
            await asyncio.sleep(self.chance.expovariate(2))
            self.device.service.signal(RISEN, tide(self.said))
            self.said += 1

    async def shake(self) -> None:
        while True:
            await asyncio.sleep(self.chance.expovariate(1 / 40))
            self.network.cut()
            await asyncio.sleep(self.chance.uniform(0, self.breaks))
            self.network.up = True

    async def hear(self, events: Any) -> None:
        try:
            async for event in events:
                assert not self.left, "nothing comes once Unsubscribe has returned"
                assert isinstance(event, Notification)
                assert event.body is not None
                self.heard.append(int(event.body.text or ""))
        except SubscriptionEnded as error:
            self.ended = error

    async def run(self) -> None:
        async with self.device:
            endpoint = Endpoint(self.device.host.url(self.device.service), http=self.http)
            how: Any = {"at": self.receiver, "expires": timedelta(seconds=60), "on_status": self.told.append}
            events = subscribe(endpoint, RISEN, **how)
            await events.started()
            tasks = [asyncio.ensure_future(each) for each in (self.tell(), self.shake(), self.hear(events))]
            await asyncio.sleep(SECONDS)
            tasks[1].cancel()
            self.network.up = True
            await asyncio.sleep(40)
            tasks[0].cancel()
            await asyncio.sleep(1)
            if self.ended is None:
                await events.unsubscribe()
                self.left = True
                await self.device.service.signal(RISEN, tide(self.said))
                await asyncio.sleep(1)
            await tasks[2]
            await asyncio.wait(tasks)
        await self.receiver.aclose()
        await self.http.aclose()


async def played(seed: int, breaks: float) -> Story:
    story = Story(seed, breaks)
    await story.run()
    lost = story.ended is not None
    assert story.heard == list(range(len(story.heard))), "each, once, in order"
    assert lost or len(story.heard) == story.said
    return story


@pytest.mark.parametrize("seed", range(3))
async def test_a_network_with_short_breaks_loses_nothing(seed: int) -> None:
    story = await played(seed, 10)
    assert story.ended is None
    assert {type(each).__name__ for each in story.told} == {"Renewed"}


@pytest.mark.parametrize("seed", range(3))
async def test_a_network_with_long_breaks_loses_subscriptions_and_says_so(seed: int) -> None:
    story = await played(seed, 120)
    assert [type(each).__name__ for each in story.told[-2:]] == ["RenewalFailed", "Ended"] or story.ended is None
