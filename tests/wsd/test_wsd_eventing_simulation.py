"""A device that tells events, and programs that follow them, over a network that is slow and breaks, with clocks that
are set, machines that sleep, and either end switched off and on: a thousand seeds, under the fake clock.

Whatever happens: a subscription gives out what its source told to it, in order, each once, with nothing left out in
between; what the source takes for delivered was given out; after Unsubscribe nothing is. Who is still subscribed when
all is calm again has heard everything. Nothing is left at either end.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Awaitable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from math import inf
from random import Random
from typing import Any

import pytest
from tests.dcom.fakes import nothing_left
from tests.wsd.devices import ADDRESS, OURS, URL
from tests.wsd.rough import RoughMachine, RoughRoads

from openwmi.base.error import WbemError
from openwmi.base.eventing_limits import EVENTING_DELIVERY_SECONDS
from openwmi.net import Address
from openwmi.net.http import parse_url
from openwmi.net.http_client import HttpClient
from openwmi.soap import DPWS_2006, DPWS_2009
from openwmi.testing import FakeClockLoop, MemoryLink
from openwmi.wsd import Computer, Endpoint, Host, Notification, Receiver, Service, Subscription
from openwmi.wsd.eventing.subscriber import Subscriber

SEEDS, AT_ONCE = 1000, 50
RISEN = "http://vendor.example/Tide/Risen"
CLIENTS = 2
SECONDS = 90.0
"""How long things happen."""
LONGEST = 180
"""Seconds that a subscription is granted at most. After half of that, one that was lost is known to be."""
SETTLED = 4 * EVENTING_DELIVERY_SECONDS
"""How long it takes until an event has come wherever it can, or its subscription is lost."""
DAY = datetime(2026, 1, 31, 12, tzinfo=UTC)


@dataclass(slots=True, eq=False)
class Followed:
    """A subscription, and what came of it.

    Attributes:
        path: where its events go, by which the source knows it.
        until: whether it was asked for until a moment.
        heard: what it gave out.
        left: when it was let go, or its time was over; `gone`: nothing may come of it any more.
        ended: why there is no more.
        hurried: whether what it gave out was taken at once.
    """

    subscription: Subscription[int]
    path: str
    until: bool
    hurried: bool
    heard: list[int] = field(default_factory=list)
    left: float = inf
    gone: bool = False
    ended: WbemError | None = None
    reading: asyncio.Future[None] | None = None


class World:
    """Both ends, and what happened."""

    def __init__(self, seed: int) -> None:
        self.random = Random(seed)
        self.loop: Any = asyncio.get_running_loop()
        self.roads = RoughRoads(self.random)
        self.profile = self.random.choice([DPWS_2006, DPWS_2009])
        self.link = MemoryLink(Random(seed))
        self.jumped = dict.fromkeys(range(-1, CLIENTS), timedelta(0))
        self.disturbed = self.clocks_set = False
        self.told: defaultdict[str, list[int]] = defaultdict(list)
        self.landed: dict[int, float] = {}
        self.closed: dict[str, float] = {}
        self.followed: list[Followed] = []
        self.number = 0

    def wall(self, whose: int) -> datetime:
        """What time it is, as one machine has it."""
        return DAY + timedelta(seconds=self.loop.time()) + self.jumped[whose]

    @property
    def excused(self) -> bool:
        """Whether anything has happened by which a subscription may end."""
        return self.disturbed or bool(self.roads.broken)

    async def start_device(self) -> None:
        self.machine = RoughMachine(self.roads, OURS)
        self.service = Service("tide", events=(RISEN,))
        self.host = Host(
            ADDRESS,
            Computer("tide").metadata(ADDRESS),
            instance=1,
            listen=Address(OURS, 5357),
            profiles=(self.profile,),
            services=[self.service],
            http=HttpClient(connect=self.machine.connect),
            network=self.link.machine(f"{OURS}/24"),
            listen_with=self.machine.listen,
        )
        outlet = self.host._services._outlet
        outlet.wall = lambda: self.wall(-1)
        for name in ("close", "finish"):
            setattr(outlet.deliveries, name, self._noted(getattr(outlet.deliveries, name)))
        await self.host.start()

    def _noted(self, over: Any) -> Any:
        """The same, and it is noted when the source has done with a subscription."""

        def noting(lane: Any, *how: Any, **more: Any) -> Any:
            self.closed.setdefault(lane.url.target, self.loop.time())
            return over(lane, *how, **more)

        return noting

    async def stop_device(self) -> None:
        await self.host.stop()
        assert self.host._services._outlet.deliveries._given is not None
        await self.host._services._outlet.deliveries._given.aclose()

    def signal(self) -> None:
        """Something has happened: all who are subscribed are told."""
        source: Any = self.service.source
        now, number = self.loop.time(), self.number
        self.number += 1
        for each in source._subscriptions.of(RISEN):
            if each.ends > now:
                self.told[each.sink.lane.url.target].append(number)
        operation = self.service.signal(RISEN, f'<t:Risen xmlns:t="urn:tide">{number}</t:Risen>'.encode())
        operation.add_done_callback(lambda _: self.landed.setdefault(number, self.loop.time()))


async def tide(world: World) -> None:
    """The device's side of it."""
    chance = world.random
    while world.loop.time() < SECONDS:
        await asyncio.sleep(chance.random() * 15)
        for _ in range(chance.choice([1, 1, 1, 8])):
            world.signal()
        match chance.randrange(40):
            case 0:
                world.disturbed = True
                await world.stop_device()
                await asyncio.sleep(chance.random() * 20)
                await world.start_device()
            case 1:
                world.disturbed = True
                world.machine.switch_off()
                await world.stop_device()  # of which nobody hears
                await asyncio.sleep(chance.random() * 20)
                await world.start_device()
            case 2:  # everything sleeps: clocks go on, and nobody has done anything meanwhile
                world.disturbed = True
                world.loop._selector_of_time.now += chance.choice([1, 20, 4000])
            case 3 | 4 | 5:
                world.clocks_set = True
                whose = chance.randrange(-1, CLIENTS)
                world.jumped[whose] += timedelta(seconds=chance.choice([-90_000, -30, 30, 90_000]))


class Program:
    """One that follows the tide, on a machine of its own."""

    def __init__(self, world: World, number: int) -> None:
        self.world = world
        self.number = number
        self._until = False
        self._switch_on()

    def _switch_on(self) -> None:
        host = f"192.0.2.{100 + self.number}"
        self.machine = RoughMachine(self.world.roads, host)
        self.http = HttpClient(connect=self.machine.connect)
        self.receiver = Receiver(Address(host, 0), listen_with=self.machine.listen)

    async def live(self) -> None:
        chance, world = self.world.random, self.world
        while world.loop.time() < SECONDS:
            await asyncio.sleep(chance.random() * 10)
            endpoint = Endpoint(f"{URL}/tide", http=self.http, profile=world.profile)
            self._until = chance.random() < 0.2
            subscription = self._subscribe(endpoint)
            try:
                await subscription.started()
            except WbemError as error:
                assert world.excused or world.clocks_set, error
                continue
            path = parse_url(subscription._subscriber._url).target
            followed = Followed(subscription, path, self._until, chance.random() < 0.8)
            world.followed.append(followed)
            followed.reading = reading = asyncio.ensure_future(self._read(followed))
            with suppress(TimeoutError):
                async with asyncio.timeout(chance.random() * 100):
                    await asyncio.shield(reading)
            if world.loop.time() < SECONDS and not reading.done():
                await self._let_go(followed)
                await reading

    def _subscribe(self, endpoint: Endpoint) -> Subscription[int]:
        chance, world = self.world.random, self.world
        seconds = timedelta(seconds=chance.choice([120, LONGEST] if world.roads.slow else [30, LONGEST]))
        expires = world.wall(self.number) + seconds if self._until else seconds
        return Subscription(
            Subscriber(
                endpoint,
                [RISEN],
                self.receiver,
                number_in,
                expires=expires,
                renew=True,
                on_status=None,
                wall=lambda: world.wall(self.number),
            )
        )

    async def _read(self, followed: Followed) -> None:
        chance, world = self.world.random, self.world
        try:
            async for number in followed.subscription:
                assert not followed.gone, "given out after Unsubscribe had returned"
                followed.heard.append(number)
                if not followed.hurried:
                    await asyncio.sleep(chance.random() * 3)
        except WbemError as error:
            # Of a moment that is over by another's clock nobody is given any time.
            excused = world.excused or (world.clocks_set and followed.until)
            assert excused or followed.left is not inf, error
            followed.ended = error
        else:
            followed.left = min(followed.left, world.loop.time())

    async def _let_go(self, followed: Followed) -> None:
        chance, world = self.world.random, self.world
        followed.left = world.loop.time()
        match chance.randrange(4):
            case 0 | 1:
                with suppress(WbemError):
                    await followed.subscription.unsubscribe()
                followed.gone = True
            case 2:
                self._cancel(followed)
            case 3:
                world.disturbed = True
                self.machine.switch_off()
                self._cancel(followed)
                await self.close()
                self._switch_on()

    def _cancel(self, followed: Followed) -> None:
        """What has ended already is read to its end."""
        followed.gone = not followed.subscription.results.finished
        followed.subscription.cancel()

    async def close(self) -> None:
        await self.receiver.aclose()
        await self.http.aclose()


def number_in(notification: Notification) -> int:
    assert notification.body is not None
    return int(notification.body.text or "")


async def simulate(seed: int) -> tuple[int, int, int]:
    """How many events were given out, how many subscriptions ended, and how many lasted."""
    async with nothing_left(), asyncio.timeout(1e6):
        world = World(seed)
        await world.start_device()
        programs = [Program(world, number) for number in range(CLIENTS)]
        actors: list[Awaitable[None]] = [tide(world), *(program.live() for program in programs)]
        await asyncio.gather(*actors)
        world.roads.calm = True
        await asyncio.sleep(LONGEST + SETTLED)
        world.signal()
        await asyncio.sleep(SETTLED)
        ended, lasting = check(world)
        for each in lasting:
            await each.subscription.unsubscribe()
        await asyncio.gather(*(each.reading for each in world.followed if each.reading is not None))
        await world.stop_device()
        for program in programs:
            await program.close()
        await asyncio.sleep(SETTLED)
        assert world.roads.open == {}
    return sum(len(each.heard) for each in world.followed), len(ended), len(lasting)


def check(world: World) -> tuple[list[Followed], list[Followed]]:
    """See the module's text. The subscriptions that ended, and those that lasted."""
    for each in world.followed:
        if each.reading is not None and each.reading.done():
            each.reading.result()
    source: Any = world.service.source
    known = {each.sink.lane.url.target for each in source._subscriptions.of(RISEN)}
    ended = [each for each in world.followed if each.ended is not None or each.left is not inf]
    lasting = [each for each in world.followed if each not in ended]
    assert {each.path for each in lasting} == known, (lasting, known)
    for each in world.followed:
        told = world.told[each.path]
        assert each.heard == told[: len(each.heard)], "in order, each once, nothing in between left out"
        over = min(world.closed.get(each.path, inf), each.left)
        if each.hurried:
            taken = [number for number in told if world.landed.get(number, inf) < over]
            assert len(each.heard) >= len(taken), "the source takes for delivered what nobody was given"
    for each in lasting:
        assert each.heard == world.told[each.path]
        assert each.heard[-1:] == [world.number - 1]
    return ended, lasting


@pytest.mark.no_cover  # other tests show that each line is run; here it would cost minutes
@pytest.mark.parametrize("first", range(0, SEEDS, AT_ONCE))
def test_no_event_is_lost_doubled_or_late(first: int) -> None:
    heard = ended = lasting = 0
    for seed in range(first, first + AT_ONCE):
        figures = run(seed)
        heard, ended, lasting = heard + figures[0], ended + figures[1], lasting + figures[2]
    assert heard > 10 * AT_ONCE
    assert ended > AT_ONCE
    assert lasting > AT_ONCE // 4


def run(seed: int) -> tuple[int, int, int]:
    with asyncio.Runner(loop_factory=FakeClockLoop) as runner:
        try:
            return runner.run(simulate(seed))
        except BaseException as error:
            error.add_note(f"seed {seed}")
            raise


@pytest.mark.no_cover  # the same
def test_a_seed_is_the_same_again() -> None:
    assert [run(seed) for seed in range(5)] == [run(seed) for seed in range(5)]
