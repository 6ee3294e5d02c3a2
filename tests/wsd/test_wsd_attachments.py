"""Attachments, streamed both ways, in memory and over TCP, with readers and writers that are slow, gone or wrong."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from functools import partial

import pytest
from tests.wsd.devices import World

from openwmi.base.error import NotFound, Timeout, Unreachable, WbemError
from openwmi.base.limits import ATTACHMENTS_HELD_OCTETS, HTTP_PIECES_OCTETS, HTTP_STALLED_SECONDS
from openwmi.base.status import WbemStatus
from openwmi.net.http_client import HttpClient
from openwmi.wsd import Call, Endpoint, Outbound, Reply, Service

PUT, GET, ECHO, STUCK = "urn:x/Put", "urn:x/Get", "urn:x/Echo", "urn:x/Stuck"
BODY = b'<x:File xmlns:x="urn:x"/>'
PIECE = bytes(range(256)) * 64


def source(count: int, made: list[int] | None = None) -> Outbound:
    async def pieces() -> AsyncIterator[bytes]:
        for number in range(count):
            if made is not None:
                made.append(number)
            yield PIECE

    return Outbound("big@x", pieces, "image/png")


class Files(Service):
    def __init__(self) -> None:
        super().__init__("files", actions={PUT: self.put, GET: self.get, ECHO: self.echo, STUCK: self.stuck})
        self.count = 3
        self.made: list[int] = []
        self.received: list[bytes] = []

    async def put(self, call: Call) -> bytes:
        async for attachment in call.attachments:
            self.received.append(await attachment.read())
        return BODY

    def get(self, call: Call) -> None:
        call.respond(BODY, attachments=[source(self.count, self.made), Outbound("small@x", b"little")])

    def echo(self, call: Call) -> None:
        """Sends each piece back as it comes."""
        call.respond(BODY, attachments=[Outbound("back@x", lambda: call.attachments["big@x"])])

    async def stuck(self, call: Call) -> bytes:
        return BODY  # without a look at what came


Served = Callable[[], AbstractAsyncContextManager[tuple[Files, Endpoint, HttpClient]]]


@asynccontextmanager
async def serving(*, tcp: bool = False) -> AsyncIterator[tuple[Files, Endpoint, HttpClient]]:
    service = Files()
    world = World(tcp=tcp, services=[service])
    async with world.host, world.http() as http:
        yield service, Endpoint(world.host.url(service), http=http), http


@pytest.fixture(params=[False, True], ids=["memory", "tcp"])
def files(request: pytest.FixtureRequest) -> Served:
    return partial(serving, tcp=request.param)


async def test_there(files: Served) -> None:
    async with files() as (service, endpoint, _):
        for _ in range(2):
            await endpoint.two_way(PUT, BODY, attachments=[source(20), Outbound("b@x", b"")])
        assert service.received == [PIECE * 20, b""] * 2


async def test_back(files: Served) -> None:
    async with files() as (_, endpoint, http):
        for _ in range(2):
            reply: Reply = await endpoint.two_way(GET, BODY)
            assert await reply.attachments["big@x"].read() == PIECE * 3
            assert reply.attachments["big@x"].content_type == "image/png"
            assert await reply.attachments["small@x"].read() == b"little"
            with pytest.raises(NotFound):
                await reply.attachments["none@x"].read()
            assert reply.attachments.over
        assert http.opened == 1  # the connection was kept


async def test_both_at_once(files: Served) -> None:
    async with files() as (_, endpoint, _):
        reply: Reply = await endpoint.two_way(ECHO, BODY, attachments=[source(200)])
        assert await reply.attachments["back@x"].read() == PIECE * 200


# Those about time and about what is under way are in memory alone: TCP keeps megabytes, and has no fake clock.


async def test_who_reads_slowly_makes_the_other_side_wait() -> None:
    async with serving() as (service, endpoint, _):
        service.count = 1000
        reply: Reply = await endpoint.two_way(GET, BODY)
        await asyncio.sleep(1)
        most = 4 * HTTP_PIECES_OCTETS // len(PIECE)
        assert len(service.made) <= most
        octets = 0
        async for piece in reply.attachments["big@x"]:
            octets += len(piece)
        assert octets == 1000 * len(PIECE)


async def test_out_of_order(files: Served) -> None:
    async with files() as (service, endpoint, _):
        reply: Reply = await endpoint.two_way(GET, BODY)
        assert await reply.attachments["small@x"].read() == b"little"
        assert await reply.attachments["big@x"].read() == PIECE * 3
        service.count = 2 * ATTACHMENTS_HELD_OCTETS // len(PIECE)
        reply = await endpoint.two_way(GET, BODY)
        with pytest.raises(WbemError, match="big@x first") as caught:
            await reply.attachments["small@x"].read()
        assert caught.value.status == WbemStatus.QUOTA_VIOLATION
        reply.attachments["big@x"].close()
        assert await reply.attachments["small@x"].read() == b"little"


async def test_two_readers() -> None:
    async with serving() as (service, endpoint, _):
        service.count = 2 * ATTACHMENTS_HELD_OCTETS // len(PIECE)
        reply: Reply = await endpoint.two_way(GET, BODY)

        async def slowly() -> int:
            octets = 0
            async for piece in reply.attachments["big@x"]:
                octets += len(piece)
                await asyncio.sleep(0.01)
            return octets

        big, small = await asyncio.gather(slowly(), reply.attachments["small@x"].read())
        assert (big, small) == (2 * ATTACHMENTS_HELD_OCTETS, b"little")


async def test_those_that_nobody_wants() -> None:
    async with serving() as (service, endpoint, http):
        service.count = 1000
        reply: Reply = await endpoint.two_way(GET, BODY)
        reply.attachments.close()
        with pytest.raises(WbemError, match="let go"):
            await reply.attachments["big@x"].read()
        operation = endpoint.two_way(GET, BODY)
        reply = await operation
        operation.cancel()
        assert reply.attachments.over
        await endpoint.two_way(GET, BODY)  # and nobody looks at what it gave
        del reply, operation
        gc.collect()
        await asyncio.sleep(1)
        assert http.open_connections == 0
        assert len(service.made) < 100


async def test_one_that_is_too_long(files: Served) -> None:
    async with files() as (_, endpoint, _):
        reply: Reply = await endpoint.two_way(GET, BODY)
        with pytest.raises(WbemError, match="read it in pieces"):
            await reply.attachments["big@x"].read(100)


async def test_a_source_that_fails(files: Served) -> None:
    async def broken() -> AsyncIterator[bytes]:
        yield PIECE
        raise OSError("the disk is gone")

    async with files() as (service, endpoint, _):
        with pytest.raises(WbemError, match="the disk is gone"):
            await endpoint.two_way(PUT, BODY, attachments=[Outbound("a@x", broken)])
        assert service.received == []


async def test_one_that_nobody_reads_is_answered_all_the_same(files: Served) -> None:
    async with files() as (_, endpoint, _):
        reply = await endpoint.two_way(STUCK, BODY, attachments=[source(1000)])
        assert reply.message.body is not None


async def test_a_sender_that_stops() -> None:
    async def stops() -> AsyncIterator[bytes]:
        yield PIECE
        await asyncio.sleep(3 * HTTP_STALLED_SECONDS)

    async with serving() as (_, endpoint, _):
        with pytest.raises(Unreachable):
            await endpoint.two_way(PUT, BODY, attachments=[Outbound("a@x", stops)])
        assert asyncio.get_running_loop().time() == pytest.approx(HTTP_STALLED_SECONDS, abs=0.1)


async def test_the_deadline_is_of_the_envelope() -> None:
    async with serving() as (_, endpoint, _):
        with pytest.raises(Timeout):
            await endpoint.two_way(PUT, BODY, attachments=[Outbound("a@x", _slow)], timeout=3)


async def _slow() -> AsyncIterator[bytes]:
    while True:
        yield PIECE
        await asyncio.sleep(0.5)


@pytest.mark.parametrize("name", ["", "two words", "<a>", "a\r\nX: y", "\u00e9"])
async def test_names_that_cannot_be(name: str) -> None:
    async with serving() as (_, endpoint, _):
        with pytest.raises(WbemError) as caught:
            await endpoint.two_way(PUT, BODY, attachments=[Outbound(name, b"")])
        assert caught.value.status == WbemStatus.INVALID_PARAMETER
