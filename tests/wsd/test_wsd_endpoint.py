"""Calling a service: answers, faults, time-outs, cancelling; over a network in memory, and over TCP."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator
from typing import Any

import pytest
from tests.wsd.devices import Answering, World

from openwmi.base.error import Timeout, Unreachable, WbemError
from openwmi.base.fault import LocalProtocolError
from openwmi.base.status import WbemStatus
from openwmi.net import Address
from openwmi.net.http import Request, Response
from openwmi.net.http_client import HttpClient
from openwmi.net.http_server import HttpServer
from openwmi.soap import Fragment, QName, SoapFault
from openwmi.testing import MemoryNetwork
from openwmi.wsd import Call, Endpoint, Faulted, Service

ECHO, LATER, FAULT, NEVER, WRONG, QUIET = (f"urn:x/{name}" for name in "Echo Later Fault Never Wrong Quiet".split())
BODY = b'<x:Say xmlns:x="urn:x">hello</x:Say>'


class Echo(Service):
    """Answers with what it is sent, sooner or later."""

    def __init__(self, service_id: str = "urn:x/echo") -> None:
        super().__init__(
            service_id,
            types=(QName("urn:x", "Echo"),),
            actions={
                ECHO: self.echo,
                LATER: self.later,
                FAULT: self.fault,
                NEVER: self.never,
                WRONG: self.wrong,
                QUIET: self.quiet,
            },
        )
        self.calls: list[Call] = []

    async def echo(self, call: Call) -> bytes:
        self.calls.append(call)
        assert call.message.body is not None
        return Fragment.parse(f"<x:Said xmlns:x='urn:x'>{call.message.body.text}</x:Said>").text.encode()

    def later(self, call: Call) -> None:
        call.later()
        self.calls.append(call)

    def fault(self, call: Call) -> None:
        raise Faulted.of(SoapFault("Sender", QName("urn:x", "No"), "because"))

    async def never(self, call: Call) -> None:
        await asyncio.Event().wait()

    async def wrong(self, call: Call) -> None:
        raise RuntimeError("whatever went wrong")

    def quiet(self, call: Call) -> None:
        self.calls.append(call)


class Calling:
    """A device with such a service, and who calls it."""

    def __init__(self, **host: Any) -> None:
        self.service = Echo()
        self.world = World(services=[self.service], **host)
        self.http = self.world.http()

    @property
    def endpoint(self) -> Endpoint:
        return Endpoint(self.world.host.url(self.service), http=self.http)


@pytest.fixture(params=[False, True], ids=["memory", "tcp"])
async def calling(request: pytest.FixtureRequest) -> AsyncIterator[Calling]:
    made = Calling(tcp=request.param)
    async with made.world.host, made.http:
        yield made


async def test_a_call_and_its_answer(calling: Calling) -> None:
    for _ in range(2):
        reply = await calling.endpoint.two_way(ECHO, BODY, reply_action=f"{ECHO}Response")
        assert reply.message.name == QName("urn:x", "Said")
        assert reply.message.body is not None
        assert reply.message.body.text == "hello"
    assert len({call.peer for call in calling.service.calls}) == 1  # one connection


async def test_an_answer_that_comes_later(calling: Calling) -> None:
    operation = calling.endpoint.two_way(LATER, BODY)
    assert await operation.status(1) == WbemStatus.TIMEDOUT
    (call,) = calling.service.calls
    thread = threading.Thread(target=call.respond, args=(None,), kwargs={"action": "urn:x/done"})
    thread.start()
    thread.join()
    reply = await operation
    assert (reply.message.headers.action, reply.message.body) == ("urn:x/done", None)
    with pytest.raises(LocalProtocolError):
        call.respond(None)


async def test_a_fault(calling: Calling) -> None:
    with pytest.raises(Faulted, match="because") as caught:
        await calling.endpoint.two_way(FAULT, None)
    assert caught.value.fault.subcode == QName("urn:x", "No")
    assert caught.value.envelope is not None


async def test_a_service_that_fails(calling: Calling, caplog: pytest.LogCaptureFixture) -> None:
    with pytest.raises(Faulted, match="EndpointUnavailable"):
        await calling.endpoint.two_way(WRONG, None)
    assert "handler" in caplog.text


async def test_one_that_nobody_answers(calling: Calling) -> None:
    assert await calling.endpoint.one_way(QUIET, BODY) is None
    assert len(calling.service.calls) == 1
    with pytest.raises(Faulted, match="ActionNotSupported"):
        await calling.endpoint.one_way("urn:x/Other", BODY)


async def test_no_answer_in_time(calling: Calling) -> None:
    loop = asyncio.get_running_loop()
    began = loop.time()
    with pytest.raises(Timeout):
        await calling.endpoint.two_way(NEVER, None, timeout=7)
    assert loop.time() - began == pytest.approx(7, abs=0.1)


async def test_a_call_that_is_cancelled(calling: Calling) -> None:
    operation = calling.endpoint.two_way(LATER, None)
    await operation.status(1)
    operation.cancel()
    with pytest.raises(WbemError) as caught:
        await operation
    assert caught.value.status == WbemStatus.CALL_CANCELLED
    (call,) = calling.service.calls
    await asyncio.sleep(0.1)
    call.respond(None)
    assert call.dropped


async def test_nobody_is_there() -> None:
    calling = Calling()
    with pytest.raises(Unreachable):
        await calling.endpoint.two_way(ECHO, BODY)


@pytest.mark.parametrize("body", [b"", b"nonsense", b"<x/>"])
async def test_what_is_no_answer(body: bytes) -> None:
    world = World()
    device = Answering(world.web, body)
    await device.listen()
    async with HttpClient(connect=world.web.connect) as http:
        with pytest.raises(WbemError, match="no message of SOAP") as caught:
            await Endpoint("http://192.0.2.7/", http=http).two_way(ECHO, None)
        assert caught.value.status == WbemStatus.FAILED
    await device.server.close()


async def test_an_answer_that_is_packed() -> None:
    """Nobody asked for that, and a few octets could be any number of them."""
    web = MemoryNetwork()

    async def serve(request: Request, peer: Address, local: Address) -> Response:
        return Response(200, (("Content-Encoding", "gzip"),), b"\x1f\x8b\x08")

    server = HttpServer(serve)
    await server.listen(Address("192.0.2.1", 80), listen_with=web.listen)
    async with HttpClient(connect=web.connect) as http:
        with pytest.raises(WbemError, match="it is in 'gzip', which nobody asked for"):
            await Endpoint("http://192.0.2.1/", http=http).two_way(ECHO, BODY)
    await server.close()


async def test_what_cannot_be_sent(calling: Calling) -> None:
    with pytest.raises(WbemError, match="URI") as caught:
        await calling.endpoint.two_way("two words", None)
    assert caught.value.status == WbemStatus.INVALID_PARAMETER


async def test_many_at_once(calling: Calling) -> None:
    operations = [calling.endpoint.two_way(ECHO, BODY) for _ in range(50)]
    for operation in operations:
        await operation
    assert 1 < len({call.peer for call in calling.service.calls}) <= calling.http.connections
