"""A service's events: who subscribes is told, in order, until it has unsubscribed, run out, or is gone."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from functools import partial
from random import Random

import pytest
from tests.wsd.devices import THEIRS
from tests.wsd.events import FALLEN, RISEN, SinkServer, Watching, tide

from openwmi.base.error import WbemError
from openwmi.base.eventing_limits import EVENTING_BACKLOG
from openwmi.base.limits import SOAP_ENVELOPE_OCTETS
from openwmi.base.status import WbemStatus
from openwmi.net.http import Request, parse_url
from openwmi.net.http_client import HttpClient
from openwmi.soap import (
    DPWS_2006,
    DPWS_2009,
    EndpointReference,
    EndStatus,
    Fragment,
    Headers,
    Part,
    Profile,
    QName,
    Refusal,
    decode,
    encode,
)
from openwmi.soap import eventing as e
from openwmi.wsd import Faulted, Service

PROFILES = [DPWS_2006, DPWS_2009]


@pytest.fixture
async def watching() -> AsyncIterator[Watching]:
    async with Watching() as made:
        yield made


async def refused(watching: Watching, action: str, body: Part, to: EndpointReference | None = None) -> Refusal | None:
    with pytest.raises(Faulted) as caught:
        await watching.ask(action, body, to=to)
    return Refusal.of(caught.value.fault)


@pytest.mark.parametrize("profile", PROFILES)
async def test_an_event_comes_to_who_has_subscribed(watching: Watching, profile: Profile) -> None:
    sink = await watching.sink()
    mine = Fragment.parse("<m:Mine xmlns:m='urn:m'>7</m:Mine>")
    said = await watching.subscribe(
        sink, notify_to=EndpointReference(sink.url, (mine,)), profile=profile, expires=timedelta(minutes=5)
    )
    assert said.expires == timedelta(minutes=5)
    assert said.manager.address == watching.host.url(watching.service)
    await watching.service.signal(RISEN, tide("high"))
    (message,) = sink.came
    assert message.profile is profile
    assert message.headers.action == RISEN
    assert message.headers.to == sink.url
    assert message.headers.message_id.startswith("urn:uuid:")
    (header,) = message.headers.others
    assert header.name == mine.name
    assert ("IsReferenceParameter" in header.text) == (profile is DPWS_2009)
    assert message.name == QName("http://vendor.example/Tide", "Tide")


async def test_only_what_was_asked_for(watching: Watching) -> None:
    all_of_it, fallen = await watching.sink(), await watching.sink("192.0.2.9")
    await watching.subscribe(all_of_it)
    await watching.subscribe(fallen, actions=(FALLEN, "urn:none"))
    await watching.service.signal(RISEN, tide(1))
    await watching.service.signal(FALLEN, tide(2))
    assert all_of_it.told == ["1", "2"]
    assert fallen.told == ["2"]


async def test_events_come_in_order_and_each_once(watching: Watching) -> None:
    sinks = [await watching.sink(f"192.0.2.{20 + number}") for number in range(5)]
    for sink in sinks:
        await watching.subscribe(sink)
    signals = [watching.service.signal(RISEN, tide(number)) for number in range(200)]
    for signal in signals:
        await signal
    for sink in sinks:
        assert sink.told == [*map(str, range(200))]
        assert len({each.headers.message_id for each in sink.came}) == 200


async def test_an_event_without_subscribers_or_with_an_empty_body(watching: Watching) -> None:
    await watching.service.signal(RISEN, tide(1))
    sink = await watching.sink()
    await watching.subscribe(sink)
    await watching.service.signal(RISEN)
    assert sink.came[0].body is None


async def test_what_cannot_be_signalled(watching: Watching) -> None:
    with pytest.raises(WbemError, match="sends no event") as caught:
        watching.service.signal("urn:none", None)
    assert caught.value.status == WbemStatus.INVALID_PARAMETER
    sink = await watching.sink()
    await watching.subscribe(sink)
    for body in (b"\xff", tide("x" * SOAP_ENVELOPE_OCTETS)):
        with pytest.raises(WbemError, match="cannot be sent"):
            await watching.service.signal(RISEN, body)
    with pytest.raises(WbemError, match="on no device"):
        Service("urn:x/lonely", events=(RISEN,)).signal(RISEN)


@pytest.mark.parametrize("profile", PROFILES)
async def test_a_subscription_is_renewed_and_ended(watching: Watching, profile: Profile) -> None:
    sink = await watching.sink()
    said = await watching.subscribe(sink, expires=timedelta(seconds=60), profile=profile)
    ask = partial(watching.ask, to=said.manager, profile=profile)
    await asyncio.sleep(20)
    status = e.GetStatusResponse.parse(await ask(e.GET_STATUS, e.GetStatus()))
    assert status.expires in {timedelta(seconds=39), timedelta(seconds=40)}
    renewed = await ask(e.RENEW, e.Renew(timedelta(seconds=100)))
    assert renewed.headers.action == e.RENEW_RESPONSE
    assert e.RenewResponse.parse(renewed).expires == timedelta(seconds=100)
    await asyncio.sleep(99)
    await watching.service.signal(RISEN, tide(1))
    answer = await ask(e.UNSUBSCRIBE, e.Unsubscribe())
    assert answer.headers.action == e.UNSUBSCRIBE_RESPONSE
    assert answer.body is None
    await watching.service.signal(RISEN, tide(2))
    assert sink.told == ["1"]
    assert sink.ends == []


async def test_a_subscription_runs_out(watching: Watching) -> None:
    sink = await watching.sink()
    said = await watching.subscribe(sink, expires=timedelta(seconds=10), end=True)
    await asyncio.sleep(9.9)
    await watching.service.signal(RISEN, tide(1))
    await asyncio.sleep(0.2)
    await watching.service.signal(RISEN, tide(2))
    assert sink.told == ["1"]
    assert sink.ends == []  # that is no unexpected end
    assert await refused(watching, e.RENEW, e.Renew(), said.manager) is Refusal.UNABLE_TO_RENEW
    assert await refused(watching, e.GET_STATUS, e.GetStatus(), said.manager) is Refusal.INVALID_MESSAGE
    assert await refused(watching, e.UNSUBSCRIBE, e.Unsubscribe(), said.manager) is Refusal.INVALID_MESSAGE


async def test_a_moment_is_told_by_the_wall(watching: Watching) -> None:
    sink = await watching.sink()
    said = await watching.subscribe(sink, expires=datetime.now(UTC) + timedelta(seconds=1000))
    assert isinstance(said.expires, timedelta)
    assert 900 < said.expires.total_seconds() <= 1000


async def test_a_message_that_comes_twice_subscribes_once(watching: Watching) -> None:
    sink = await watching.sink()
    wanted = e.Subscribe(EndpointReference(sink.url), expires=timedelta(minutes=1))
    url = parse_url(watching.host.url(watching.service))

    async def post(name: str, peer: str = THEIRS) -> e.SubscribeResponse:
        octets = encode(DPWS_2006, Headers(e.SUBSCRIBE, name), wanted)
        request = Request("POST", url.target, (("Content-Type", "application/soap+xml"),), octets)
        async with HttpClient(connect=partial(watching.web.connect, source=peer)) as http:
            return e.SubscribeResponse.parse(decode((await http.send(url, request, timeout=5, limit=1 << 15)).body))

    first, again, another, unnamed = [await post(name) for name in ("urn:m:1", "urn:m:1", "urn:m:2", "")]
    assert again.manager == first.manager
    long = [await post(f"urn:m:{'x' * 300}") for _ in range(2)]  # such a name is not remembered
    managers = {each.manager.parameters[0].text for each in (first, another, unnamed, await post(""), *long)}
    assert len(managers) == 6
    await watching.service.signal(RISEN, tide(1))
    assert sink.told == ["1"] * 6
    await watching.ask(e.UNSUBSCRIBE, e.Unsubscribe(), to=first.manager)
    assert (await post("urn:m:1")).manager != first.manager


async def test_a_program_that_counts_its_messages_begins_anew(watching: Watching) -> None:
    """So a message that is called as one before is no copy where it asks for something else."""
    sink, later = await watching.sink(), await watching.sink()
    url = parse_url(watching.host.url(watching.service))

    async def post(to: SinkServer, *actions: str) -> e.SubscribeResponse:
        wanted = e.Subscribe(EndpointReference(to.url), actions=actions or None)
        octets = encode(DPWS_2006, Headers(e.SUBSCRIBE, "urn:m:1"), wanted)
        request = Request("POST", url.target, (("Content-Type", "application/soap+xml"),), octets)
        async with HttpClient(connect=partial(watching.web.connect, source=THEIRS)) as http:
            return e.SubscribeResponse.parse(decode((await http.send(url, request, timeout=5, limit=1 << 15)).body))

    first, second = await post(sink), await post(later)
    assert second.manager != first.manager
    assert (await post(later)).manager == second.manager
    await watching.ask(e.UNSUBSCRIBE, e.Unsubscribe(), to=first.manager)
    assert (await post(later)).manager == second.manager
    assert (await post(later, RISEN)).manager != second.manager
    await watching.service.signal(FALLEN, tide(1))
    assert sink.told == []
    assert later.told == ["1"]


async def test_what_is_refused(watching: Watching) -> None:
    sink = await watching.sink()
    to = EndpointReference(sink.url)
    for wanted, refusal in (
        (e.Subscribe(to, actions=("urn:none",)), Refusal.FILTER_ACTION_NOT_SUPPORTED),
        (e.Subscribe(to, expires=timedelta()), Refusal.INVALID_EXPIRATION_TIME),
        (e.Subscribe(EndpointReference("http://192.0.2.66/")), None),
        (e.Subscribe(to, EndpointReference("http://192.0.2.66/")), None),
    ):
        assert await refused(watching, e.SUBSCRIBE, wanted) is refusal
    assert await refused(watching, e.SUBSCRIBE, e.Renew()) is Refusal.INVALID_MESSAGE
    assert await refused(watching, e.RENEW, e.Renew()) is Refusal.UNABLE_TO_RENEW
    await watching.service.signal(RISEN, tide(1))
    assert sink.came == []


async def test_so_many_of_one_machine_and_no_more(watching: Watching) -> None:
    sink = await watching.sink()
    for _ in range(256):
        await watching.subscribe(sink)
    wanted = e.Subscribe(EndpointReference(sink.url))
    assert await refused(watching, e.SUBSCRIBE, wanted) is Refusal.EVENT_SOURCE_UNABLE_TO_PROCESS
    await watching.subscribe(await watching.sink("192.0.2.9"))


async def test_a_service_without_events_has_no_subscribers(watching: Watching) -> None:
    watching.service = Service("urn:x/quiet")
    watching.host.add(watching.service)
    with pytest.raises(Faulted, match="ActionNotSupported"):
        await watching.subscribe(await watching.sink())


async def test_one_that_is_slow_holds_up_nobody(watching: Watching) -> None:
    slow, quick = await watching.sink(), await watching.sink("192.0.2.9")
    for sink in (slow, quick):
        await watching.subscribe(sink)
    slow.gate.clear()
    signals = [watching.service.signal(RISEN, tide(number)) for number in range(3)]
    await asyncio.sleep(1)
    assert quick.told == ["0", "1", "2"]
    assert slow.told == []
    assert await signals[0].status(0) == WbemStatus.TIMEDOUT
    slow.gate.set()
    await signals[2]
    assert slow.told == ["0", "1", "2"]


async def test_one_that_is_gone_loses_its_own_subscription_loudly(
    watching: Watching, caplog: pytest.LogCaptureFixture
) -> None:
    gone, other = await watching.sink(), await watching.sink("192.0.2.9")
    ends = await SinkServer(watching.web).listen()
    subscribed = e.Subscribe(EndpointReference(gone.url), EndpointReference(ends.url))
    said = e.SubscribeResponse.parse(await watching.ask(e.SUBSCRIBE, subscribed))
    await watching.subscribe(other)
    await gone.server.close()
    began = asyncio.get_running_loop().time()
    with caplog.at_level(logging.WARNING, "openwmi.wsd"):
        await watching.service.signal(RISEN, tide(1))
    assert asyncio.get_running_loop().time() - began == pytest.approx(30, abs=0.1)
    (record,) = caplog.records
    assert f"{THEIRS} lost its subscription to the events of urn:x/tide" in record.getMessage()
    await asyncio.sleep(1)
    (end,) = ends.ends
    assert end.status == EndStatus.DELIVERY_FAILURE
    assert end.manager == said.manager
    await watching.service.signal(RISEN, tide(2))
    assert other.told == ["1", "2"]
    assert await refused(watching, e.RENEW, e.Renew(), said.manager) is Refusal.UNABLE_TO_RENEW


async def test_a_break_of_some_seconds_loses_nothing(watching: Watching) -> None:
    sink = await watching.sink()
    await watching.subscribe(sink)
    port = int(sink.url.split(":")[2].split("/")[0])
    await sink.server.close()
    signals = [watching.service.signal(RISEN, tide(number)) for number in range(3)]
    await asyncio.sleep(10)
    await sink.listen(port)
    for signal in signals:
        await signal
    assert sink.told == ["0", "1", "2"]


async def test_what_is_not_taken_is_sent_again(watching: Watching) -> None:
    sink = await watching.sink()
    await watching.subscribe(sink)
    sink.status = 503
    signal = watching.service.signal(RISEN, tide(1))
    await asyncio.sleep(1)
    sink.status = 202
    await signal
    await watching.service.signal(RISEN, tide(2))
    assert sink.told == ["1", "2"]


@pytest.mark.parametrize("status", [400, 404, 301])
async def test_a_sink_that_wants_no_more(watching: Watching, status: int) -> None:
    sink = await watching.sink()
    said = await watching.subscribe(sink)
    sink.status = status
    began = asyncio.get_running_loop().time()
    await watching.service.signal(RISEN, tide(1))
    assert asyncio.get_running_loop().time() - began < 1
    assert await refused(watching, e.RENEW, e.Renew(), said.manager) is Refusal.UNABLE_TO_RENEW


async def test_a_sink_that_is_too_far_behind(watching: Watching) -> None:
    sink = await watching.sink()
    await watching.subscribe(sink)
    sink.gate.clear()
    signals = [watching.service.signal(RISEN, tide(number)) for number in range(EVENTING_BACKLOG + 1)]
    for signal in signals:
        await signal
    assert asyncio.get_running_loop().time() < 1
    assert sink.told == []


async def test_nothing_comes_after_the_answer_to_unsubscribe(watching: Watching) -> None:
    sink = await watching.sink()
    said = await watching.subscribe(sink)
    sink.gate.clear()
    signals = [watching.service.signal(RISEN, tide(number)) for number in range(5)]
    await asyncio.sleep(0.1)
    asked = asyncio.create_task(watching.ask(e.UNSUBSCRIBE, e.Unsubscribe(), to=said.manager))
    await asyncio.sleep(0.1)
    assert not asked.done()
    sink.gate.set()
    await asked
    assert sink.told == ["0"]  # which was on its way
    await signals[4]
    await watching.service.signal(RISEN, tide(5))
    await asyncio.sleep(60)
    assert sink.told == ["0"]


async def test_a_sink_that_answers_nothing_can_unsubscribe(watching: Watching) -> None:
    sink = await watching.sink()
    said = await watching.subscribe(sink)
    sink.gate.clear()
    signal = watching.service.signal(RISEN, tide(1))
    await asyncio.sleep(0.1)
    await watching.ask(e.UNSUBSCRIBE, e.Unsubscribe(), to=said.manager)
    assert asyncio.get_running_loop().time() < 2
    await signal


async def test_cancelling_a_signal_takes_nothing_back(watching: Watching) -> None:
    sink = await watching.sink()
    await watching.subscribe(sink)
    sink.gate.clear()
    signal = watching.service.signal(RISEN, tide(1))
    signal.cancel()
    with pytest.raises(WbemError, match="cancelled"):
        await signal
    sink.gate.set()
    await watching.service.signal(RISEN, tide(2))
    assert sink.told == ["1", "2"]


async def test_a_device_that_ends_says_so() -> None:
    async with Watching() as watching:
        sink, silent = await watching.sink(), await watching.sink("192.0.2.9")
        said = await watching.subscribe(sink, end=True)
        await watching.subscribe(silent)
        signal = watching.service.signal(RISEN, tide(1))
        await watching.host.stop()
        await signal
        await watching.service.signal(RISEN, tide("nobody hears it"))
        assert sink.told == ["1"]
        (end,) = sink.ends
        assert (end.status, end.manager) == (EndStatus.SOURCE_SHUTTING_DOWN, said.manager)
        assert silent.told == ["1"]
        assert silent.ends == []
        await watching.host.start()  # and nobody has subscribed to anything
        await watching.service.signal(RISEN, tide(2))
        assert sink.told == ["1"]
        await watching.subscribe(sink)
        await watching.service.signal(RISEN, tide(3))
        assert sink.told == ["1", "3"]


async def test_a_device_ends_in_time_whoever_is_gone() -> None:
    async with Watching() as watching:
        sink = await watching.sink()
        await watching.subscribe(sink, end=True)
        sink.gate.clear()
        signal = watching.service.signal(RISEN, tide(1))
        began = asyncio.get_running_loop().time()
        await watching.host.stop()
        assert asyncio.get_running_loop().time() - began < 4
        await signal


async def test_a_service_that_is_retired_says_so(watching: Watching) -> None:
    sink = await watching.sink()
    await watching.subscribe(sink, end=True)
    await watching.host.retire(watching.service)
    assert [each.status for each in sink.ends] == [EndStatus.SOURCE_CANCELING]
    with pytest.raises(WbemError, match="on no device"):
        watching.service.signal(RISEN)


async def test_a_sink_elsewhere_that_the_owner_allows() -> None:
    async with Watching(sinks=["192.0.2.64/26"]) as watching:
        elsewhere = await watching.sink("192.0.2.66")
        await watching.subscribe(elsewhere, peer=THEIRS)
        await watching.service.signal(RISEN, tide(1))
        assert elsewhere.told == ["1"]


async def test_a_service_that_is_retired_while_somebody_unsubscribes(watching: Watching) -> None:
    sink = await watching.sink()
    said = await watching.subscribe(sink)
    sink.gate.clear()
    signal = watching.service.signal(RISEN, tide(1))
    await asyncio.sleep(0.1)
    asked = asyncio.create_task(watching.ask(e.UNSUBSCRIBE, e.Unsubscribe(), to=said.manager))
    await asyncio.sleep(0.1)
    await watching.host.retire(watching.service)
    with pytest.raises(Faulted, match="EndpointUnavailable"):
        await asked
    await signal
    assert watching.outward.open_connections == 0


@pytest.mark.parametrize("seed", range(20))
async def test_whatever_happens_order_is_kept_and_nothing_lost_or_late(seed: int) -> None:
    chance = Random(seed)
    async with Watching() as watching:
        sinks = [await watching.sink(f"192.0.2.{20 + number}") for number in range(8)]
        managers = [(await watching.subscribe(sink)).manager for sink in sinks]
        expected: dict[int, list[str]] = {number: [] for number in range(8)}
        ended: dict[int, int] = {}
        for turn in range(60):
            number = chance.randrange(8)
            what = chance.choice(["signal", "signal", "pause", "stall", "go on", "busy", "leave"])
            if what == "signal":
                watching.service.signal(RISEN, tide(turn))
                for each in expected.keys() - ended.keys():
                    expected[each].append(str(turn))
            elif what == "pause":
                await asyncio.sleep(chance.random())
            elif what == "stall":
                sinks[number].gate.clear()
            elif what == "busy":
                sinks[number].status = 503
            elif what == "go on":
                sinks[number].gate.set()
                sinks[number].status = 202
            elif number not in ended and chance.random() < 0.3:
                manager = managers[number]
                await watching.ask(e.UNSUBSCRIBE, e.Unsubscribe(), peer=sinks[number].host, to=manager)
                sinks[number].gate.set()
                sinks[number].status = 202
                await asyncio.sleep(0)
                ended[number] = len(sinks[number].told)
        for sink in sinks:
            sink.gate.set()
            sink.status = 202
        await asyncio.sleep(20)
        for number, sink in enumerate(sinks):
            told = [*dict.fromkeys(sink.told)]  # one that was sent again may come twice, under the same name
            if number in ended:
                assert told == expected[number][: len(told)]
                assert len(sink.told) <= ended[number] + 1  # that which it had when it stalled
            else:
                assert told == expected[number]


async def test_nonsense_is_answered_with_faults_and_sends_nothing(
    watching: Watching, caplog: pytest.LogCaptureFixture
) -> None:
    sink = await watching.sink()
    said = await watching.subscribe(sink)
    wanted = e.Subscribe(EndpointReference(sink.url), EndpointReference(sink.url), timedelta(hours=1), (RISEN,))
    parts = ((e.SUBSCRIBE, wanted), (e.RENEW, e.Renew(timedelta(hours=1))), (e.UNSUBSCRIBE, e.Unsubscribe()))
    headers = said.manager.headers(DPWS_2006)
    messages = [encode(DPWS_2006, Headers(action, "urn:m", others=headers), part) for action, part in parts]
    url = parse_url(watching.host.url(watching.service))
    chance = Random(7)
    statuses = set()
    async with HttpClient(connect=partial(watching.web.connect, source=THEIRS)) as http:
        for turn in range(300):
            octets = bytearray(messages[turn % 2])
            for _ in range(chance.randint(1, 3)):
                octets[chance.randrange(len(octets))] = chance.choice(b"<>/&'\"= PT-:x\x00\xff")
            request = Request("POST", url.target, (("Content-Type", "application/soap+xml"),), bytes(octets))
            statuses.add((await http.send(url, request, timeout=5, limit=1 << 15)).status)
    assert statuses <= {200, 400, 500}
    assert {200, 400} <= statuses
    assert [record for record in caplog.records if record.levelno >= logging.ERROR] == []
