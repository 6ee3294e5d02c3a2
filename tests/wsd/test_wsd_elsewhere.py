"""Answers that come on a connection of their own, late, twice, or for nobody."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence

import pytest
from tests.wsd.devices import OURS, World

from openwmi.base.error import Timeout, WbemError
from openwmi.base.status import WbemStatus
from openwmi.net import Address
from openwmi.net.http import Request, Response, parse_url
from openwmi.net.http_client import HttpClient
from openwmi.net.http_server import HttpServer
from openwmi.soap import DPWS_2006, Headers, Message, SoapFault, decode, encode, encode_fault
from openwmi.testing import MemoryNetwork
from openwmi.wsd import Endpoint, Faulted, Outbound
from openwmi.wsd.attachments import outflow
from openwmi.wsd.calling import ENVELOPE_TYPE

DO = "urn:x/Do"
BODY = b'<x:Do xmlns:x="urn:x"/>'
DEVICE = "192.0.2.9"


class Distant:
    """A device that says that it has a message, and answers on connections that it opens."""

    def __init__(self, web: MemoryNetwork) -> None:
        self.web = web
        self.server = HttpServer(self.take)
        self.http = HttpClient(connect=web.connect)
        self.asked: asyncio.Queue[Message] = asyncio.Queue()
        self.at_once = b""

    async def take(self, request: Request, peer: Address, local: Address) -> Response:
        message = decode(request.body)
        self.asked.put_nowait(message)
        return Response(200 if self.at_once else 202, (), self.at_once)

    async def send(self, to: Message, octets: bytes, attachments: Sequence[Outbound] = ()) -> int:
        reply_to = to.headers.reply_to
        assert reply_to is not None
        url = parse_url(reply_to.address)
        request = Request("POST", url.target, (("Content-Type", ENVELOPE_TYPE),), octets)
        if attachments:
            content_type, pieces = outflow(octets, attachments)
            request = Request("POST", url.target, (("Content-Type", content_type),), pieces=pieces)
        return (await self.http.send(url, request, timeout=50, limit=1 << 15)).status


def answer(to: Message | str) -> bytes:
    name = to if isinstance(to, str) else to.headers.message_id
    return encode(DPWS_2006, Headers(f"{DO}Response", "urn:m", relates_to=name), BODY)


class Calling:
    def __init__(self) -> None:
        self.world = World()
        self.device = Distant(self.world.web)
        self.http = HttpClient(connect=self.world.web.connect)


@pytest.fixture
async def calling() -> AsyncIterator[Calling]:
    made = Calling()
    await made.device.server.listen(Address(DEVICE, 80), listen_with=made.world.web.listen)
    async with made.world.host, made.http, made.device.http:
        yield made
    await made.device.server.close()


def endpoint(calling: Calling) -> Endpoint:
    return Endpoint(f"http://{DEVICE}/", http=calling.http, reply_to=calling.world.host)


async def test_an_answer_elsewhere(calling: Calling) -> None:
    caller = endpoint(calling)
    first, second = caller.two_way(DO, BODY), caller.two_way(DO, BODY)
    asked = [await calling.device.asked.get() for _ in range(2)]
    assert await first.status(5) == WbemStatus.TIMEDOUT
    for message in reversed(asked):
        assert await calling.device.send(message, answer(message)) == 202
    for operation, message in zip((first, second), asked, strict=True):
        reply = await operation
        assert reply.message.headers.relates_to == message.headers.message_id
    assert caller.late == 0


async def test_a_fault_elsewhere(calling: Calling) -> None:
    operation = endpoint(calling).two_way(DO, BODY)
    message = await calling.device.asked.get()
    await calling.device.send(message, encode_fault(message, SoapFault("Sender", None, "because"), "urn:m"))
    with pytest.raises(Faulted, match="because"):
        await operation


async def test_attachments_elsewhere(calling: Calling) -> None:
    operation = endpoint(calling).two_way(DO, BODY)
    message = await calling.device.asked.get()
    sending = asyncio.ensure_future(calling.device.send(message, answer(message), [Outbound("a@x", bytes(1 << 20))]))
    reply = await operation
    assert not sending.done()
    assert await reply.attachments["a@x"].read() == bytes(1 << 20)
    assert await sending == 202


async def test_those_for_nobody_are_counted(calling: Calling) -> None:
    caller = endpoint(calling)
    operation = caller.two_way(DO, BODY, timeout=3)
    message = await calling.device.asked.get()
    await calling.device.send(message, answer("urn:other"))
    await calling.device.send(message, answer(""))
    assert caller.late == 2
    with pytest.raises(Timeout):
        await operation
    await calling.device.send(message, answer(message))  # too late
    assert caller.late == 3
    operation = caller.two_way(DO, BODY)
    message = await calling.device.asked.get()
    for _ in range(3):
        await calling.device.send(message, answer(message))
    await operation
    assert caller.late == 5


async def test_one_that_answers_at_once_all_the_same(calling: Calling) -> None:
    calling.device.at_once = answer("")
    reply = await endpoint(calling).two_way(DO, BODY)
    assert reply.message.name is not None


async def test_nothing_is_expected_any_more(calling: Calling) -> None:
    caller = endpoint(calling)
    operation = caller.two_way(DO, BODY)
    message = await calling.device.asked.get()
    await caller.aclose()
    assert await calling.device.send(message, answer(message)) == 404
    with pytest.raises(WbemError) as caught:
        await operation
    assert caught.value.status == WbemStatus.CALL_CANCELLED


async def test_nobody_could_be_told_where() -> None:
    world = World(listen=Address("", 5357))
    with pytest.raises(WbemError, match="one address"):
        Endpoint(f"http://{DEVICE}/", reply_to=world.host)


async def test_two_answers_to_one_request() -> None:
    """On one connection, which is then no good any more."""
    web = MemoryNetwork()
    told = answer("")
    octets = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b" % (len(told), told)

    class Twice(asyncio.Protocol):
        def connection_made(self, transport: asyncio.BaseTransport) -> None:
            assert isinstance(transport, asyncio.Transport)
            self.transport = transport

        def data_received(self, data: bytes) -> None:
            self.transport.write(octets + octets)

    await web.listen(Twice, Address(OURS, 80))
    async with HttpClient(connect=web.connect) as http:
        caller = Endpoint(f"http://{OURS}/", http=http)
        for number in range(1, 4):
            await caller.two_way(DO, BODY)
            await asyncio.sleep(1)
            assert caller.late == http.opened == number
