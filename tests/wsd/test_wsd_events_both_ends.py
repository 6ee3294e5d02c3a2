"""Subscriptions of ours to services of ours, in both profiles: what one end says the other understands."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any, cast

import pytest
from tests.wsd.devices import THEIRS
from tests.wsd.events import FALLEN, RISEN, Watching, tide

from openwmi.base.error import WbemError
from openwmi.base.fault import RemoteProtocolError
from openwmi.base.status import WbemStatus
from openwmi.net import Address
from openwmi.net.http_client import HttpClient
from openwmi.soap import PROFILES, Profile
from openwmi.wsd import (
    Endpoint,
    ExpirationRefused,
    FilterRefused,
    Notification,
    Receiver,
    RenewalRefused,
    Subscription,
    SubscriptionEnded,
    subscribe,
)


class Both(Watching):
    """The device, and a machine that subscribes to it."""

    def __init__(self, profile: Profile, **host: Any) -> None:
        super().__init__(**host)
        self.profile = profile
        self.ours = HttpClient(connect=cast(Any, partial(self.web.connect, source=THEIRS)))
        self.receiver = Receiver(Address(THEIRS, 0), listen_with=self.web.listen)

    def subscribe(self, *actions: str, **how: Any) -> Subscription[Notification]:  # type: ignore[override]  # as it is called here
        endpoint = Endpoint(self.host.url(self.service), profile=self.profile, http=self.ours)
        return subscribe(endpoint, actions or (RISEN, FALLEN), at=self.receiver, **how)

    async def __aexit__(self, *_: object) -> None:
        await super().__aexit__()
        await self.receiver.aclose()
        await self.ours.aclose()


@pytest.fixture(params=PROFILES, ids=["2006", "2009"])
async def both(request: pytest.FixtureRequest) -> AsyncIterator[Both]:
    async with Both(request.param) as made:
        yield made


def text(event: Notification) -> str | None:
    return None if event.body is None else event.body.text


async def test_events_come_in_order_and_none_after_it_was_left(both: Both) -> None:
    async with both.subscribe() as events, both.subscribe(FALLEN) as other:
        await events.started()
        await other.started()
        for number in range(20):
            await both.service.signal(FALLEN if number % 2 else RISEN, tide(number))
        assert [text(each) for each in await events.next(20)] == [str(number) for number in range(20)]
        assert [text(each) for each in await other.next(10)] == [str(number) for number in range(1, 20, 2)]
        await other.unsubscribe()
        await both.service.signal(FALLEN, tide("last"))
        assert text(await anext(events)) == "last"
        assert [each async for each in other] == []
    assert len(both.receiver) == 0
    assert both.receiver.refused == {}
    await both.service.signal(RISEN, tide("nobody"))
    assert both.receiver.refused == {}, "the device knows that nobody hears"


async def test_for_ten_hours_it_is_renewed(both: Both) -> None:
    told: list[Any] = []
    async with both.subscribe(on_status=told.append) as events:
        await events.started()
        await asyncio.sleep(36_100)
        await both.service.signal(RISEN, tide(1))
        assert text(await anext(events)) == "1"
    assert len(told) == 120


async def test_until_a_moment(both: Both) -> None:
    assert await both.subscribe(expires=datetime.now(UTC) + timedelta(hours=5)) == []
    assert asyncio.get_running_loop().time() == pytest.approx(5 * 3600, abs=5)


async def test_how_long_it_lasts(both: Both) -> None:
    async with both.subscribe(expires=timedelta(seconds=100), renew=False) as events:
        await events.started()
        await asyncio.sleep(40)
        assert (await events.get_status()).expires == timedelta(seconds=60)
        assert (await events.renew(timedelta(seconds=200))).expires == timedelta(seconds=200)
        await asyncio.sleep(150)
        await both.service.signal(RISEN, tide(1))
        assert text(await anext(events)) == "1"


async def test_a_device_that_ends_says_so(both: Both) -> None:
    events = both.subscribe()
    await events.started()
    await both.service.signal(RISEN, tide(1))
    await both.host.stop()
    assert text(await anext(events)) == "1"
    with pytest.raises(SubscriptionEnded) as caught:
        await anext(events)
    assert caught.value.status == WbemStatus.SHUTTING_DOWN
    await both.host.start()


async def test_a_device_that_was_switched_off_and_on_has_forgotten_it(both: Both) -> None:
    events = both.subscribe()
    await events.started()
    async with Both(both.profile) as anew:
        manager = events._subscriber._manager
        assert manager is not None
        manager._http = HttpClient(connect=cast(Any, partial(anew.web.connect, source=THEIRS)))
        with pytest.raises(SubscriptionEnded) as caught:
            await anext(events)
        assert isinstance(caught.value.__cause__, RenewalRefused)
        assert asyncio.get_running_loop().time() == pytest.approx(300, abs=1)
        await manager._http.aclose()


@pytest.mark.parametrize(
    ("action", "expires", "kind"),
    [
        ("urn:x:nothing", None, FilterRefused),
        (RISEN, timedelta(seconds=-1), ExpirationRefused),
        (RISEN, datetime(2000, 1, 1, tzinfo=UTC), ExpirationRefused),
    ],
)
async def test_what_is_refused(both: Both, action: str, expires: Any, kind: type) -> None:
    with pytest.raises(kind):
        await both.subscribe(action, expires=expires).started()


async def test_a_slow_reader_holds_up_his_own_events_alone_and_loses_none(both: Both) -> None:
    async with both.subscribe() as slow, both.subscribe() as quick:
        await slow.started()
        await quick.started()
        signals = [both.service.signal(RISEN, tide(number)) for number in range(80)]
        assert [text(each) for each in await quick.next(80)] == [str(number) for number in range(80)]
        assert asyncio.get_running_loop().time() < 1
        assert [text(each) for each in await slow.next(80)] == [str(number) for number in range(80)]
        for each in signals:
            await each


async def test_what_makes_no_sense_to_one_is_lost_to_him_alone_and_no_subscription_ends(both: Both) -> None:
    def number(event: Notification) -> int:
        try:
            return int(text(event) or "")
        except ValueError:
            raise RemoteProtocolError("no number") from None

    async with both.subscribe(decode=number) as numbers, both.subscribe() as texts:
        await numbers.started()
        await texts.started()
        signals = [both.service.signal(RISEN, tide(each)) for each in ("1", "two", "3")]
        assert [int(cast(Any, each)) for each in await numbers.next(2)] == [1, 3]
        assert [text(each) for each in await texts.next(3)] == ["1", "two", "3"]
        for each in signals:
            await each
        assert both.receiver.refused == {"malformed": 1}


async def test_one_who_reads_no_more_is_lost_in_the_end(both: Both) -> None:
    async with both.subscribe() as slow:
        await slow.started()
        for number in range(70):
            both.service.signal(RISEN, tide(number))
        await asyncio.sleep(120)
        found = [text(each) for each in await slow.next(64)]
        assert found == [str(number) for number in range(64)], "what was answered is not lost"
        with pytest.raises(WbemError) as caught:
            while True:
                await anext(slow)
        assert isinstance(caught.value, SubscriptionEnded)
