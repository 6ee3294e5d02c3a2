"""Lanes: how many are served at once, who gives its place to others, and what is closed when nobody is left."""

from __future__ import annotations

import asyncio
from itertools import pairwise

import pytest
from tests.wsd.events import SinkServer, tide

from openwmi.base.fault import LocalProtocolError
from openwmi.net.http import Request, Response, parse_url
from openwmi.net.http_client import HttpClient
from openwmi.net.http_server import HttpServer
from openwmi.soap import (
    DPWS_2006,
    DPWS_2009,
    EndpointReference,
    QName,
    SoapFault,
    action_not_supported,
    decode,
    destination_unreachable,
    encode_fault,
    endpoint_unavailable,
    not_understood,
)
from openwmi.testing import MemoryNetwork
from openwmi.wsd.eventing.delivery import Deliveries, Lane
from openwmi.wsd.eventing.eventmessage import Destination, EventMessage

ACTION = "urn:x/Event"


class Letter:
    def __init__(self, text: object) -> None:
        self.message = EventMessage(ACTION, tide(text), (DPWS_2006,))
        self.landings = 0

    def landed(self) -> None:
        self.landings += 1


class Post:
    """A device that sends, with room for two at once and two slow ones."""

    def __init__(self) -> None:
        self.web = MemoryNetwork()
        self.http = HttpClient(connect=self.web.connect)
        self.deliveries = Deliveries(self.http, at_once=2, slow=2)
        self.lost: list[str] = []

    async def sink(self, number: int) -> tuple[SinkServer, Lane]:
        sink = await SinkServer(self.web, f"192.0.2.{number}").listen()
        destination = Destination(EndpointReference(sink.url), DPWS_2006)
        lane = Lane(parse_url(sink.url), destination, self.lost.append)
        self.deliveries.open(lane)
        return sink, lane

    def send(self, lane: Lane, text: object) -> Letter:
        letter = Letter(text)
        self.deliveries.send(lane, letter)
        return letter


async def test_so_many_at_once() -> None:
    post = Post()
    made = [await post.sink(number) for number in range(10)]
    for sink, lane in made:
        sink.gate.clear()
        post.send(lane, 1)
    await asyncio.sleep(0.1)
    assert post.http.open_connections == 2
    await asyncio.sleep(0.5)  # two are slow, and two others have their places
    assert post.http.open_connections == 4
    await asyncio.sleep(3)  # now all are
    assert post.http.open_connections == 2
    for sink, _ in made:
        sink.gate.set()
    await asyncio.sleep(5)
    assert [sink.told for sink, _ in made] == [["1"]] * 10
    assert post.lost == []


async def test_those_that_are_gone_hold_up_the_others_once() -> None:
    post = Post()
    gone = [await post.sink(number) for number in range(8)]
    for sink, _ in gone:
        sink.gate.clear()
    sink, lane = await post.sink(200)
    for _, each in gone:
        post.send(each, 0)
    post.send(lane, 1)
    await asyncio.sleep(2.1)  # two at once, half a second each
    assert sink.told == ["1"]
    for number in range(2, 100):
        for _, each in gone:
            post.send(each, number)
        post.send(lane, number)
        await asyncio.sleep(0.01)
    assert sink.told == [*map(str, range(1, 100))]
    await asyncio.sleep(30)
    assert len(post.lost) == 8
    assert all("within 30 s" in each for each in post.lost)


async def test_who_shares_an_address_waits_for_its_connections_without_losing_time() -> None:
    post = Post()
    post.deliveries = Deliveries(post.http)
    sink, first = await post.sink(1)
    lanes = [first, *(Lane(first.url, first.where, post.lost.append) for _ in range(19))]
    for lane in lanes[1:]:
        post.deliveries.open(lane)
    sink.gate.clear()
    for number, lane in enumerate(lanes):
        post.send(lane, number)
    await asyncio.sleep(29)
    assert post.http.open_connections == 8
    await asyncio.sleep(2)
    assert len(post.lost) == 8
    sink.gate.set()
    await asyncio.sleep(1)
    assert sorted(sink.told, key=int) == [*map(str, range(8, 20))]
    assert len(post.lost) == 8


@pytest.mark.parametrize("at_once", [1, 256])
async def test_who_is_closed_while_it_waits_for_a_connection_gives_its_turn_on(at_once: int) -> None:
    """Also where it has its turn, and waits for a place."""
    post = Post()
    post.http = HttpClient(connect=post.web.connect, connections=1)
    post.deliveries = Deliveries(post.http, at_once=at_once)
    sink, first = await post.sink(1)
    other, there = await post.sink(2)
    lanes = [first, *(Lane(first.url, first.where, post.lost.append) for _ in range(4))]
    for lane in lanes[1:]:
        post.deliveries.open(lane)
    sink.gate.clear()
    other.gate.clear()
    for number, lane in enumerate(lanes):
        post.send(lane, number)
    post.send(there, 0)
    await asyncio.sleep(0.6)  # who comes first is slow, and another has its place
    for lane in lanes[1:3]:
        post.deliveries.close(lane)
    sink.gate.set()
    await asyncio.sleep(0.1)
    post.deliveries.close(lanes[3])
    other.gate.set()
    await asyncio.sleep(5)
    assert sink.told == ["0", "3", "4"][:: 1 if at_once > 1 else 2]
    assert not post.deliveries._held
    assert not post.deliveries._busy
    assert post.lost == []


async def test_one_that_has_caught_up_is_not_slow_any_more() -> None:
    post = Post()
    sink, lane = await post.sink(1)
    sink.gate.clear()
    letter = post.send(lane, 1)
    await asyncio.sleep(29)
    sink.gate.set()
    await asyncio.sleep(0.1)
    assert letter.landings == 1
    assert lane.attempts == 0
    sink.gate.clear()
    post.send(lane, 2)
    await asyncio.sleep(29)
    sink.gate.set()
    await asyncio.sleep(1)
    assert sink.told == ["1", "2"]
    assert post.lost == []


async def test_each_cargo_lands_once_whatever_becomes_of_it() -> None:
    post = Post()
    _, lane = await post.sink(1)
    letters = [post.send(lane, number) for number in range(3)]
    post.deliveries.close(lane)
    post.deliveries.close(lane)
    letters.append(post.send(lane, 3))
    await asyncio.sleep(1)
    assert [each.landings for each in letters] == [1] * 4
    assert post.lost == []


async def test_a_client_of_http_that_was_closed() -> None:
    post = Post()
    _, lane = await post.sink(1)
    await post.http.aclose()
    post.send(lane, 1)
    await asyncio.sleep(31)
    assert len(post.lost) == 1


async def test_one_last_word_is_not_repeated() -> None:
    post = Post()
    sink, _ = await post.sink(1)
    await sink.server.close()
    destination = Destination(EndpointReference(sink.url), DPWS_2006)
    lane = Lane(parse_url(sink.url), destination, post.lost.append, once=True)
    post.deliveries.open(lane)
    post.send(lane, 1)
    await asyncio.sleep(0.1)
    assert len(post.lost) == 1


async def test_what_is_not_taken_is_sent_again_at_growing_intervals_as_the_same_message() -> None:
    post = Post()
    sink, lane = await post.sink(1)
    asked: list[tuple[float, str]] = []

    async def answer(request: Request, *_: object) -> Response:
        asked.append((asyncio.get_running_loop().time(), decode(request.body).headers.message_id))
        return Response(503)

    await sink.server.close()
    sink.server = HttpServer(answer)
    await sink.listen(lane.url.port)
    post.send(lane, 1)
    await asyncio.sleep(60)
    assert len(post.lost) == 1
    times, names = zip(*asked, strict=True)
    pauses = [round(after - before, 1) for before, after in pairwise(times)]
    assert pauses[:5] == [0.2, 0.5, 1.0, 2.0, 4.0]
    assert set(pauses[5:]) == {4.0}
    assert times[-1] - times[0] <= 30
    assert len(set(names)) == 1


@pytest.mark.parametrize(
    ("status", "fault", "seconds"),
    [
        (400, SoapFault("Sender", None, "no number"), None),
        (400, action_not_supported(DPWS_2006, ACTION), None),
        (500, SoapFault("Sender", None, "as some write it"), None),
        (400, destination_unreachable(DPWS_2006, "urn:x"), 0),
        (400, destination_unreachable(DPWS_2009, "urn:x"), 0),
        (404, SoapFault("Sender", None, "sdc11073 says it so"), 0),
        (400, None, 0),
        (500, endpoint_unavailable(DPWS_2006), 30),
        (500, not_understood((QName("urn:x", "Signed"),)), 30),
        (500, None, 30),
    ],
)
async def test_a_fault_for_one_event_is_the_end_of_that_event_alone(
    status: int, fault: SoapFault | None, seconds: float | None
) -> None:
    """After how many seconds a sink is given up that answers so; None where it is not."""
    post = Post()
    sink, lane = await post.sink(1)
    came: list[str] = []

    async def answer(request: Request, *_: object) -> Response:
        message = decode(request.body)
        assert message.body is not None
        came.append(message.body.text or "")
        if came[-1] != "1":
            return Response(202)
        return Response(status, body=b"<no/>" if fault is None else encode_fault(message, fault, "urn:x:1"))

    await sink.server.close()
    sink.server = HttpServer(answer)
    await sink.listen(lane.url.port)
    letters = [post.send(lane, number) for number in range(3)]
    await asyncio.sleep(29)
    assert len(post.lost) == (seconds == 0)
    await asyncio.sleep(2)
    assert len(post.lost) == (seconds is not None)
    assert [each.landings for each in letters] == [1] * 3
    assert "".join(came) == "012" if seconds is None else "2" not in came
    assert (came.count("1") > 1) == (seconds == 30), "what may succeed later is sent again"


async def test_what_nobody_needs_any_more_is_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    post = Post()
    monkeypatch.setattr("openwmi.wsd.eventing.delivery.HttpClient", lambda **_: post.http)
    post.deliveries = Deliveries()
    sink, lane = await post.sink(1)
    other = Lane(lane.url, lane.where, post.lost.append)
    post.deliveries.open(other)
    for each in (lane, other):
        post.send(each, 1)
    await asyncio.sleep(0.1)
    assert sink.told == ["1", "1"]
    assert post.http.open_connections == 2
    post.deliveries.close(lane)
    assert post.http.open_connections == 2
    post.deliveries.close(other)
    await asyncio.sleep(0)
    assert post.http.open_connections == 0
    assert not post.http._places
    await post.deliveries.aclose()
    await post.deliveries.aclose()


def test_an_event_is_written_as_if_for_each() -> None:
    message = EventMessage(ACTION, tide("a"), (DPWS_2006,))
    octets = message.octets(Destination(EndpointReference("http://x.example/?a=1&b=2"), DPWS_2006), "urn:m")
    assert b"<wsa:To>http://x.example/?a=1&amp;b=2</wsa:To>" in octets
    assert b"<wsa:MessageID>urn:m</wsa:MessageID></soap:Header>" in octets
    with pytest.raises(LocalProtocolError):
        Destination(EndpointReference("two words"), DPWS_2006)


async def test_many_sinks_of_one_machine_that_are_gone_take_no_place_from_a_slow_one_of_another() -> None:
    """It would lose its subscription for theirs: its 30 s go on while it waits."""
    post = Post()
    slow, ours = await post.sink(2)
    slow.gate.clear()

    async def answers_late() -> None:
        while len(slow.came) < 6:
            await asyncio.sleep(1)
            slow.gate.set()
            await asyncio.sleep(0)
            slow.gate.clear()

    answering = asyncio.create_task(answers_late())
    for second in range(40):
        if second % 5 == 0:
            gone, theirs = await post.sink(1)
            gone.gate.clear()
            post.send(theirs, 1)
        if second in range(5, 11):
            post.send(ours, second)
        await asyncio.sleep(1)
    assert slow.told == [str(second) for second in range(5, 11)]
    await answering
    await asyncio.sleep(40)
    assert post.lost == ["it has not taken an event within 30 s"] * 8
    assert not post.deliveries._slow_of
