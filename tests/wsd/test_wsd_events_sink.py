"""Subscriptions from the side of who hears: how one is renewed, what it outlasts, and how it ends."""

from __future__ import annotations

import asyncio
import gc
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from tests.wsd.sources import ACTION, FORGOTTEN, Hearing, Source, body, hearing

from openwmi.base.error import Timeout, Unreachable, WbemError
from openwmi.base.status import WbemStatus
from openwmi.soap import DPWS_2006, PROFILES, Fragment, QName, SoapFault
from openwmi.soap import eventing as wse
from openwmi.soap.moment import Expires
from openwmi.wsd.eventing import subscription as made
from openwmi.wsd.eventing.happenings import (
    Ended,
    ExpirationRefused,
    Notification,
    RenewalFailed,
    RenewalRefused,
    Renewed,
    SubscriptionEnded,
)

R = wse.Refusal


@pytest.mark.parametrize("profile", PROFILES)
async def test_events_come_in_order_and_leaving_tells_the_source(profile: Any) -> None:
    source = await Source(profile).start()
    async with made.subscribe(source.endpoint(), ACTION, at=source.receiver) as events:
        await events.started()
        assert events.actions == (ACTION,)
        asked = source.subscribes[0]
        assert (asked.actions, asked.expires, asked.end_to) == ((ACTION,), timedelta(minutes=10), asked.notify_to)
        for number in range(3):
            assert await source.tell(body(number)) == (202, None)
        found = [await anext(events) for _ in range(3)]
        assert [each.body is not None and each.body.text for each in found] == ["0", "1", "2"]
        assert {(type(each), each.action) for each in found} == {(Notification, ACTION)}
    _, last = source.asked[-1]
    assert (last.headers.action, last.headers.to) == (wse.UNSUBSCRIBE, f"{source.url}/manager")
    assert wse.identifier_of(last) == "the one"
    assert len(source.receiver) == 0
    await source.aclose()


# Renewal.


async def test_it_is_renewed_in_the_middle_of_its_life_until_it_is_let_go(source: Source) -> None:
    heard = await hearing(source)
    await asyncio.sleep(100)
    assert source.times(wse.RENEW) == pytest.approx([30, 60, 90])
    assert heard.kinds() == [Renewed] * 3
    assert (heard.told[0].actions, heard.told[0].lease.expires) == ((ACTION,), timedelta(minutes=1))
    assert source.asked[-1][1].headers.to == f"{source.url}/manager"
    await heard.events.aclose()
    await asyncio.sleep(100)
    assert len(source.times(wse.RENEW)) == 3


async def test_one_that_lasts_for_ever_is_checked_each_hour(source: Source) -> None:
    source.lease = None
    heard = await hearing(source, expires=None)
    await asyncio.sleep(2 * 3600 + 1)
    assert source.times(wse.RENEW) == pytest.approx([3600, 7200])
    heard.events.close()


async def test_who_wants_no_renewals_has_none_sent_for_one_that_lasts_for_ever(source: Source) -> None:
    source.lease = None
    heard = await hearing(source, renew=False)
    await asyncio.sleep(3 * 3600)
    assert source.times(wse.RENEW) == []
    assert await source.tell(body(1)) == (202, None)
    assert await heard.texts(1) == ["1"]
    source.lease = timedelta(seconds=60)
    assert (await heard.events.renew()).expires == timedelta(seconds=60), "unless by himself"
    assert [each async for each in heard.events] == []
    assert asyncio.get_running_loop().time() == pytest.approx(3 * 3600 + 60)
    assert len(source.times(wse.RENEW)) == 1


async def test_a_break_of_the_network_is_outlasted(source: Source) -> None:
    heard = await hearing(source)
    await asyncio.sleep(29)
    await source.stop()
    await asyncio.sleep(25)
    await source.start()
    await asyncio.sleep(6)
    assert heard.kinds() == [Renewed]
    assert await source.tell(body(1)) == (202, None)
    assert await heard.texts(1) == ["1"]
    heard.events.close()


async def test_a_source_that_answers_too_late_is_asked_again_while_there_is_time(source: Source) -> None:
    heard = await hearing(source)
    source.mute = True
    await asyncio.sleep(46)
    source.mute = False
    await asyncio.sleep(12)
    assert heard.kinds() == [Renewed]
    assert source.times(wse.RENEW)[0] == pytest.approx(30)
    heard.events.close()


async def test_a_source_that_is_gone_is_noticed_when_the_time_is_over(source: Source) -> None:
    heard = await hearing(source)
    await source.tell(body(1))
    await source.stop()
    assert await heard.texts(1) == ["1"]
    error = await heard.ended()
    assert 55 < asyncio.get_running_loop().time() <= 60
    assert isinstance(error, SubscriptionEnded)
    assert (error.end, type(error.__cause__), heard.kinds()) == (None, Unreachable, [RenewalFailed, Ended])
    assert heard.told[0].error is error.__cause__
    assert heard.told[1].error is error


async def test_a_source_that_does_not_answer_is_too(source: Source) -> None:
    heard = await hearing(source)
    source.mute = True
    error = await heard.ended()
    assert isinstance(error.__cause__, Timeout)
    assert 55 < asyncio.get_running_loop().time() <= 60


@pytest.mark.parametrize(
    ("fault", "says_goodbye"),
    [
        (FORGOTTEN, False),
        (R.UNABLE_TO_RENEW.fault(DPWS_2006), True),
        (SoapFault("Sender", None, "what?"), True),
    ],
)
async def test_a_source_that_does_not_renew_it_ends_it(source: Source, fault: SoapFault, says_goodbye: bool) -> None:
    heard = await hearing(source)
    source.faults[wse.RENEW] = fault
    error = await heard.ended()
    assert asyncio.get_running_loop().time() == pytest.approx(30)
    assert heard.kinds() == [RenewalFailed, Ended]
    assert isinstance(error.__cause__, RenewalRefused) == (fault.subcode is not None)
    assert fault.reason in str(error)
    await asyncio.sleep(1)
    assert len(source.times(wse.UNSUBSCRIBE)) == says_goodbye
    assert len(source.receiver) == 0


@pytest.mark.parametrize(
    "fault",
    [
        SoapFault("Receiver", None, "busy"),
        SoapFault("Sender", QName(DPWS_2006.addressing, "EndpointUnavailable"), "come back later"),
    ],
)
async def test_a_source_that_is_busy_is_asked_again(source: Source, fault: SoapFault) -> None:
    heard = await hearing(source)
    source.faults[wse.RENEW] = fault
    await asyncio.sleep(33)
    del source.faults[wse.RENEW]
    await asyncio.sleep(10)
    assert heard.kinds() == [Renewed]
    heard.events.close()


async def test_what_is_told_of_its_state_may_fail(source: Source, caplog: pytest.LogCaptureFixture) -> None:
    def fail(event: object) -> None:
        raise ValueError("secret")

    events = made.subscribe(source.endpoint(), ACTION, at=source.receiver, on_status=fail)
    await asyncio.sleep(70)
    assert len(source.times(wse.RENEW)) == 2
    assert "secret" not in caplog.text
    assert "ValueError" in caplog.text
    events.close()


# Renewed and asked by hand.


async def test_by_hand_it_is_renewed_and_asked_how_long_it_lasts(source: Source) -> None:
    source.as_asked = True
    heard = await hearing(source)
    events = heard.events
    assert events.lease is not None
    assert events.lease.expires == timedelta(minutes=10)
    extra = Fragment.parse('<v:More xmlns:v="urn:v"/>')
    source.others = (extra,)
    lease = await events.renew(timedelta(seconds=20), others=(extra,))
    assert (lease, lease.expires) == (events.lease, timedelta(seconds=20))
    assert wse.Renew.parse(source.asked[-1][1]).others == (extra,)
    assert lease.others == wse.RenewResponse.parse(lease.message).others == (extra,)
    source.lease = timedelta(seconds=16)
    assert (await events.get_status(others=(extra,))).expires == timedelta(seconds=16)
    await asyncio.sleep(9)
    assert source.times(wse.RENEW) == pytest.approx([0, 8]), "in the middle of what the source said last"
    assert wse.Renew.parse(source.asked[-1][1]).expires == timedelta(seconds=20), "as it was asked for last"
    assert heard.kinds() == [Renewed], "nobody has to be told of what he asked for"
    events.close()


async def test_by_hand_and_by_itself_it_is_renewed_one_after_the_other(source: Source) -> None:
    heard = await hearing(source)

    async def slowly() -> None:
        source.before_answer = None
        await asyncio.sleep(5)

    source.before_answer = slowly
    await asyncio.sleep(31)
    lease = await heard.events.renew(timedelta(seconds=20))
    first, second = source.times(wse.RENEW)
    assert second - first == pytest.approx(5, abs=0.1)
    assert lease is heard.events.lease
    heard.events.close()


async def test_by_hand_what_a_source_refuses_changes_nothing(source: Source) -> None:
    heard = await hearing(source)
    source.faults = {wse.RENEW: R.INVALID_EXPIRATION_TIME.fault(DPWS_2006), wse.GET_STATUS: FORGOTTEN}
    with pytest.raises(ExpirationRefused):
        await heard.events.renew(timedelta(days=1000))
    with pytest.raises(RenewalRefused):
        await heard.events.get_status()
    assert heard.told == []
    assert heard.events.results.error is None
    heard.events.close()


async def test_by_hand_there_is_nothing_to_renew_before_or_after(source: Source) -> None:
    heard = Hearing(source)
    with pytest.raises(WbemError, match="not begun"):
        await heard.events.renew()
    await heard.events.started()
    await heard.events.unsubscribe()
    with pytest.raises(WbemError, match="has ended"):
        await heard.events.get_status()
    await heard.events.unsubscribe()
    assert len(source.times(wse.UNSUBSCRIBE)) == 1


# Moments.


def wall(moment: str) -> datetime:
    return datetime.fromisoformat(f"2026-01-01T{moment}").replace(tzinfo=UTC)


async def test_until_a_moment_it_is_renewed_and_then_ends_well(source: Source) -> None:
    until = datetime.now(UTC) + timedelta(seconds=100)
    heard = await hearing(source, expires=until)
    assert source.subscribes[0].expires == until
    assert await heard.events == []
    assert asyncio.get_running_loop().time() == pytest.approx(100, abs=1)
    assert source.times(wse.RENEW) == pytest.approx([30, 60], abs=1)
    assert len(source.receiver) == 0


async def test_until_a_moment_that_was_granted_whole_it_is_not_renewed(source: Source) -> None:
    """On a slow network the source counts from later than we do: what is left over is no time that is missing."""
    source.lease = timedelta(seconds=97)

    async def late() -> None:
        await asyncio.sleep(5)

    source.before_answer = late
    heard = await hearing(source, expires=datetime.now(UTC) + timedelta(seconds=100))
    assert await heard.events == []
    assert asyncio.get_running_loop().time() == pytest.approx(100, abs=1)
    assert source.times(wse.RENEW) == []


@pytest.mark.parametrize(
    ("given", "ends"),
    [
        (timedelta(seconds=40), 40),
        (wall("00:00:45"), 45),
        (wall("00:00:00") - timedelta(days=1), 600),  # its clock is wrong: what was asked for is believed
    ],
)
async def test_without_renewal_it_ends_well_when_the_time_is_over(
    source: Source, given: Expires, ends: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    source.lease = given
    heard = Hearing(source, renew=False)
    heard.events._subscriber._wall = lambda: wall("00:00:00")
    assert await heard.events == []
    assert asyncio.get_running_loop().time() == pytest.approx(ends)
    assert source.times(wse.RENEW) == []


async def test_a_moment_needs_a_zone(source: Source) -> None:
    with pytest.raises(WbemError) as caught:
        Hearing(source, expires=datetime(2030, 1, 1))  # noqa: DTZ001 - the point
    assert caught.value.status == WbemStatus.INVALID_PARAMETER


# How it ends.


@pytest.mark.parametrize(
    ("status", "means"),
    [
        (wse.EndStatus.SOURCE_SHUTTING_DOWN, WbemStatus.SHUTTING_DOWN),
        ("SourceShuttingDown", WbemStatus.SHUTTING_DOWN),
        (wse.EndStatus.DELIVERY_FAILURE, WbemStatus.TRANSPORT_FAILURE),
        (wse.EndStatus.SOURCE_CANCELING, WbemStatus.NOT_AVAILABLE),
        ("urn:x:enough", WbemStatus.NOT_AVAILABLE),
    ],
)
async def test_the_source_ends_it(source: Source, status: str, means: WbemStatus) -> None:
    heard = await hearing(source)
    await source.tell(body(1))
    assert await source.end(status, "for today") == 202
    assert await heard.texts(1) == ["1"], "what came before is given out"
    error = await heard.ended()
    assert isinstance(error, SubscriptionEnded)
    assert error.end is not None
    assert (error.status, error.end.reason, heard.kinds()) == (means, "for today", [Ended])
    assert await heard.events.status() == means
    assert await source.end() == 400, "once"
    await asyncio.sleep(100)
    assert source.times(wse.RENEW) == source.times(wse.UNSUBSCRIBE) == []


async def test_after_it_was_unsubscribed_nothing_comes(source: Source) -> None:
    heard = await hearing(source)
    reader = asyncio.ensure_future(anext(heard.events, None))
    await source.tell(body(1))
    first: Any = await reader
    assert first.body.text == "1"
    await source.tell(body(2))

    async def one_more() -> None:
        assert await source.tell(body(3)) == (202, None), "it is subscribed until the source has said that it is not"

    source.before_answer = one_more
    await heard.events.unsubscribe()
    source.before_answer = None
    status, fault = await source.tell(body(4))
    assert status == 400
    assert fault is not None
    assert fault.subcode is not None
    assert fault.subcode.local == "DestinationUnreachable"
    assert source.receiver.refused == {"unknown": 1}
    assert [each async for each in heard.events] == []
    assert await heard.events.status() == WbemStatus.NO_ERROR
    assert heard.told == []


@pytest.mark.parametrize("meanwhile", [False, True])
async def test_after_its_source_had_ended_it_an_unsubscribe_has_nothing_given_out_either(
    source: Source, meanwhile: bool
) -> None:
    heard = await hearing(source)
    await source.tell(body(1))
    if meanwhile:
        source.before_answer = source.end
    else:
        await source.end()
    await heard.events.unsubscribe()
    with pytest.raises(SubscriptionEnded):
        await anext(heard.events)


async def test_who_cannot_tell_the_source_that_he_leaves_has_left(source: Source) -> None:
    heard = await hearing(source)
    await source.stop()
    with pytest.raises(Unreachable):
        await heard.events.unsubscribe()
    assert [each async for each in heard.events] == []
    assert len(source.receiver) == 0


async def test_a_source_that_had_forgotten_it_is_no_reason_to_fail(source: Source) -> None:
    source.faults[wse.UNSUBSCRIBE] = FORGOTTEN
    heard = await hearing(source)
    await heard.events.unsubscribe()
    heard = await hearing(source)
    source.curt = True
    await heard.events.unsubscribe()


async def test_leaving_does_not_wait_for_a_dead_source(source: Source) -> None:
    heard = await hearing(source)
    source.mute = True
    before = asyncio.get_running_loop().time()
    await heard.events.aclose()
    assert asyncio.get_running_loop().time() - before == pytest.approx(5, abs=0.1)


@pytest.mark.parametrize("how", ["cancel", "close", "task"])
async def test_whoever_cancels_it_or_lets_it_go_unsubscribes(source: Source, how: str) -> None:
    heard = await hearing(source)
    reader = asyncio.ensure_future(anext(heard.events))
    await asyncio.sleep(1)
    if how == "task":
        reader.cancel()
        await asyncio.wait([reader])
    else:
        getattr(heard.events, how)()
        with pytest.raises(WbemError) as caught:
            await reader
        assert how == "close" or caught.value.status == WbemStatus.CALL_CANCELLED
    await asyncio.sleep(1)
    assert len(source.times(wse.UNSUBSCRIBE)) == 1
    assert len(source.receiver) == 0


async def test_whose_reading_was_cut_off_has_told_the_source_when_it_is_left(source: Source) -> None:
    """What carried it may be closed next, and the loop with it."""
    with pytest.raises(TimeoutError):
        async with (await hearing(source)).events as events, asyncio.timeout(1):
            async for _ in events:
                pass
    assert len(source.times(wse.UNSUBSCRIBE)) == 1


async def test_one_that_is_collected_unsubscribes(source: Source) -> None:
    heard = await hearing(source)
    del heard.events
    await asyncio.sleep(1)
    assert len(source.times(wse.UNSUBSCRIBE)) == 1


@pytest.mark.parametrize("how", ["cancel", "unsubscribe"])
async def test_whoever_leaves_before_he_is_answered_gives_back_what_is_granted(source: Source, how: str) -> None:
    async def late() -> None:
        await asyncio.sleep(5)

    source.before_answer = late
    heard = Hearing(source)
    await asyncio.sleep(1)
    left = getattr(heard.events, how)()
    if left is not None:
        await left
    assert len(source.receiver) == 0
    await asyncio.sleep(5)
    assert source.times(wse.UNSUBSCRIBE) == pytest.approx([5])
    source.mute = True
    complaints: list[object] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: complaints.append(context))
    heard = Hearing(source)
    await asyncio.sleep(1)
    heard.events.cancel()
    await asyncio.sleep(60)
    gc.collect()
    assert len(source.times(wse.UNSUBSCRIBE)) == 1, "what was not granted is not given back"
    assert complaints == []


async def test_an_unsubscribe_amid_a_renewal_wins(source: Source) -> None:
    heard = await hearing(source)
    source.mute = True
    await asyncio.sleep(31)
    source.mute = False
    await heard.events.unsubscribe()
    await asyncio.sleep(100)
    assert len(source.times(wse.RENEW)) == 1
    assert heard.told == []
