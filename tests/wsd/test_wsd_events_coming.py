"""Subscriptions from the side of who hears: what is refused, what is taken, in which order, and how often."""

from __future__ import annotations

import asyncio

import pytest
from tests.wsd.sources import ACTION, Hearing, Source, body, hearing

from openwmi.base.error import Unreachable, WbemError
from openwmi.base.fault import RemoteProtocolError
from openwmi.base.status import WbemStatus
from openwmi.soap import DPWS_2006, SoapFault
from openwmi.soap import eventing as wse
from openwmi.wsd import Outbound
from openwmi.wsd.eventing.happenings import (
    ExpirationRefused,
    FilterRefused,
    Notification,
    Renewed,
    SubscriptionEnded,
    SubscriptionRefused,
)

R = wse.Refusal


# What is refused.


@pytest.mark.parametrize(
    ("refusal", "kind"),
    [
        (R.FILTERING_NOT_SUPPORTED, FilterRefused),
        (R.FILTERING_REQUESTED_UNAVAILABLE, FilterRefused),
        (R.FILTER_ACTION_NOT_SUPPORTED, FilterRefused),
        (R.INVALID_EXPIRATION_TIME, ExpirationRefused),
        (R.UNSUPPORTED_EXPIRATION_TYPE, ExpirationRefused),
        (R.EVENT_SOURCE_UNABLE_TO_PROCESS, SubscriptionRefused),
        (R.DELIVERY_MODE_REQUESTED_UNAVAILABLE, SubscriptionRefused),
        (R.INVALID_MESSAGE, SubscriptionRefused),
    ],
)
async def test_what_a_source_refuses_has_a_type(source: Source, refusal: R, kind: type) -> None:
    source.faults[wse.SUBSCRIBE] = refusal.fault(DPWS_2006)
    heard = Hearing(source)
    with pytest.raises(kind) as caught:
        await heard.events.started()
    assert type(caught.value) is kind
    assert isinstance(caught.value, SubscriptionRefused)
    assert caught.value.refusal is refusal
    assert (len(source.receiver), heard.told) == (0, [])


async def test_no_source_and_no_sense(source: Source) -> None:
    await source.stop()
    with pytest.raises(Unreachable):
        await Hearing(source).events.started()
    await source.start()
    with pytest.raises(WbemError) as caught:
        await Hearing(source, actions=["not one word"]).events.started()
    assert caught.value.status == WbemStatus.INVALID_PARAMETER
    source.faults[wse.SUBSCRIBE] = SoapFault("Sender", None, "no")
    with pytest.raises(WbemError, match="no"):
        await Hearing(source).events.started()
    assert len(source.receiver) == 0


async def test_what_is_not_taken_is_faulted_and_counted(source: Source) -> None:
    def decode(notification: Notification) -> str:
        if notification.body is None or notification.body.text == "bad":
            raise RemoteProtocolError("no number")
        return notification.body.text or ""

    heard = await hearing(source, decode=decode)
    status, fault = await source.tell(body(0), "urn:x/Other")
    assert (status, fault is not None) == (400, True)
    status, fault = await source.tell(b'<x:Changed xmlns:x="urn:x">bad</x:Changed>')
    assert (status, fault) == (400, SoapFault("Sender", reason="no number"))
    assert await source.tell(body(1), f"{ACTION}/More") == (202, None), "a filter means what begins with it, too"
    url = source.subscribes[0].notify_to.address
    status, fault = await source.tell(body(0), to=f"{url[:-1]}{'1' if url[-1] == '0' else '0'}")
    assert status == 400
    assert source.receiver.refused == {"unknown": 2, "malformed": 1}
    assert await heard.events.next() == ["1"]
    heard.events.close()


# Order, room, and what comes twice.


async def test_a_notification_may_be_quicker_than_the_answer(source: Source) -> None:
    async def at_once() -> None:
        assert await source.tell(body(0)) == (202, None)

    source.before_answer = at_once
    heard = await hearing(source)
    source.before_answer = None
    assert await heard.texts(1) == ["0"]
    await asyncio.sleep(31)
    assert heard.kinds() == [Renewed]
    heard.events.close()


async def test_what_comes_twice_is_taken_once(source: Source) -> None:
    heard = await hearing(source)
    for _ in range(2):
        assert await source.tell(body(1), name="urn:m:same") == (202, None)
    await source.tell(body(2))
    assert await heard.texts(2) == ["1", "2"]
    heard.events.close()


async def test_a_copy_is_known_however_much_has_come(source: Source) -> None:
    heard = await hearing(source)
    for number in range(70):
        assert await source.tell(body(number), name=f"urn:m:{number}:own") == (202, None)
        assert await heard.texts(1) == [str(number)]
    for number in range(6, 70):
        assert await source.tell(body(number), name=f"urn:m:{number}:own") == (202, None)
    await source.tell(body("next"))
    assert await heard.texts(1) == ["next"]
    await source.tell(body("again"), name="urn:m:5:own")
    await source.tell(body("last"))
    assert await heard.texts(1) == ["again"], "so many are remembered, and no more"
    heard.events.close()


async def test_a_slow_reader_makes_the_source_wait_and_loses_nothing(source: Source) -> None:
    heard = await hearing(source)
    telling = [asyncio.ensure_future(source.tell(body(number))) for number in range(70)]
    await asyncio.sleep(10)
    assert sum(each.done() for each in telling) == 64, "as many as there is room for are answered"
    gone = telling.pop()
    gone.cancel()
    texts = await heard.texts(69)
    assert texts == [str(number) for number in range(69)]
    assert await asyncio.gather(*telling) == [(202, None)] * 69
    heard.events.close()


async def test_whoever_waits_for_room_hears_that_there_will_be_none(source: Source) -> None:
    heard = await hearing(source)
    telling = [asyncio.ensure_future(source.tell(body(number))) for number in range(66)]
    await asyncio.sleep(1)
    heard.events.cancel()
    assert sorted([(await each)[0] for each in telling]) == [202] * 64 + [400] * 2


async def test_what_has_waited_for_room_is_given_out_before_the_end(source: Source) -> None:
    heard = await hearing(source)
    telling = [asyncio.ensure_future(source.tell(body(number))) for number in range(66)]
    await asyncio.sleep(1)
    ending = asyncio.ensure_future(source.end())
    await asyncio.sleep(1)
    assert await heard.texts(66) == [*map(str, range(66))]
    assert [(await each)[0] for each in telling] == [202] * 66
    assert await ending == 202
    assert isinstance(await heard.ended(), SubscriptionEnded)


async def test_what_comes_beside_is_read_before_the_next_event(source: Source) -> None:
    heard = await hearing(source)
    beside = [Outbound("a@x", b"octets" * 100_000)]
    first = asyncio.ensure_future(source.tell(body(1), beside=beside))
    event = await anext(heard.events)
    assert await event.attachments["a@x"].read() == b"octets" * 100_000
    assert await first == (202, None)
    second = asyncio.ensure_future(source.tell(body(2), beside=beside))
    assert (await anext(heard.events)).body.text == "2"
    assert not second.done(), "nobody has read it yet"
    waiting = asyncio.ensure_future(anext(heard.events))
    await asyncio.wait([second], timeout=5)
    assert second.done(), "who asks for the next will not"
    waiting.cancel()


async def test_a_source_that_closes_a_connection_is_asked_once(source: Source) -> None:
    """Of two subscriptions nobody would know the first."""

    async def again() -> None:
        source.before_answer = None
        await source.stop()
        await source.start()

    async def cut() -> None:
        restart = asyncio.ensure_future(again())
        await asyncio.shield(restart)

    first = await hearing(source)
    assert await first.events.get_status() is not None, "its connection is kept"
    source.before_answer = cut
    with pytest.raises(Unreachable):
        await Hearing(source).events.started()
    assert len(source.subscribes) == 2
    first.events.close()
