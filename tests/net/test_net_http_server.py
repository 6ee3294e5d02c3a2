"""A server of HTTP among clients that are slow, greedy, wrong or gone."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import cast

import pytest

from openwmi.base.limits import (
    HTTP_CONNECTIONS,
    HTTP_CONNECTIONS_PER_PEER,
    HTTP_IDLE_SECONDS,
    HTTP_LINGER_SECONDS,
    HTTP_REQUEST_SECONDS,
    HTTP_STALLED_SECONDS,
)
from openwmi.net import Address
from openwmi.net.http import Request, Response
from openwmi.net.http_server import HttpServer
from openwmi.testing import MemoryNetwork

HERE = Address("192.0.2.1", 5357)
ASKED = b"POST /%s HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nhi"


class Client(asyncio.Protocol):
    """Keeps what it hears."""

    def __init__(self) -> None:
        self.heard = b""
        self.news = asyncio.Event()
        self.ended: asyncio.Future[float] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        self.heard += data
        self.news.set()

    def connection_lost(self, exc: Exception | None) -> None:
        self.ended.set_result(asyncio.get_running_loop().time())

    async def until(self, octets: bytes) -> None:
        while octets not in self.heard:
            self.news.clear()
            await self.news.wait()


class Served:
    """A server that answers each request with its path, and clients of it."""

    def __init__(self) -> None:
        self.network = MemoryNetwork()
        self.server = HttpServer(self.answer, limit=100)
        self.seen: list[tuple[Request, Address, Address]] = []
        self.may_answer = asyncio.Event()
        self.may_answer.set()
        self.body = b""

    async def answer(self, request: Request, peer: Address, local: Address) -> Response:
        self.seen.append((request, peer, local))
        await self.may_answer.wait()
        if request.target == "/trouble":
            raise RuntimeError("whatever went wrong")
        return Response(200, (), self.body or request.target.encode())

    async def client(self, source: str = "192.0.2.7") -> Client:
        _, client = await self.network.connect(Client, *HERE, source=source)
        return client


@pytest.fixture
async def served() -> AsyncIterator[Served]:
    async with serving() as one:
        yield one


@asynccontextmanager
async def serving() -> AsyncIterator[Served]:
    served = Served()
    await served.server.listen(HERE, listen_with=served.network.listen)
    yield served
    await served.server.close()


async def test_requests_on_one_connection(served: Served) -> None:
    client = await served.client()
    client.transport.write(ASKED % b"1" + ASKED % b"2")
    await client.until(b"/2")
    client.transport.write(ASKED % b"3")
    await client.until(b"/3")
    assert client.heard.count(b"HTTP/1.1 200 OK\r\n") == 3
    assert [(request.body, peer.host, local) for request, peer, local in served.seen] == [
        (b"hi", "192.0.2.7", HERE)
    ] * 3


async def test_a_request_in_pieces(served: Served) -> None:
    client = await served.client()
    for at in range(len(ASKED % b"1")):
        client.transport.write((ASKED % b"1")[at : at + 1])
        await asyncio.sleep(0.01)
    await client.until(b"/1")


async def test_who_says_so_is_let_go(served: Served) -> None:
    client = await served.client()
    client.transport.write(b"GET /1 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
    await client.ended
    assert client.heard.endswith(b"/1")


async def test_who_wants_to_be_told_to_go_on(served: Served) -> None:
    client = await served.client()
    client.transport.write(b"POST /1 HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n")
    await client.until(b"HTTP/1.1 100 \r\n\r\n")
    client.transport.write(b"hi")
    await client.until(b"/1")


async def test_a_handler_that_fails(served: Served, caplog: pytest.LogCaptureFixture) -> None:
    client = await served.client()
    client.transport.write(ASKED % b"trouble" + ASKED % b"2")
    await client.until(b"/2")
    assert client.heard.startswith(b"HTTP/1.1 500 Internal Server Error\r\n")
    assert "could not be answered" in caplog.text


async def test_too_much_is_refused_before_it_comes(served: Served) -> None:
    client = await served.client()
    client.transport.write(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 101\r\n\r\n")
    await client.ended
    assert client.heard.startswith(b"HTTP/1.1 413 ")
    assert served.seen == []


async def test_who_says_nothing_is_cut_off(served: Served) -> None:
    client = await served.client()
    assert await client.ended == HTTP_REQUEST_SECONDS


async def test_who_speaks_slowly_is_cut_off(served: Served) -> None:
    """However often there is another octet."""
    client = await served.client()
    for octet in ASKED % b"1" * 10:
        if client.ended.done():
            break
        client.transport.write(bytes([octet]))
        await asyncio.sleep(1)
    assert await client.ended == pytest.approx(HTTP_REQUEST_SECONDS, abs=1)
    assert client.heard == b""


async def test_who_asks_slowly_after_a_request(served: Served) -> None:
    client = await served.client()
    client.transport.write(ASKED % b"1" + ASKED[:10])
    await client.until(b"/1")
    assert await client.ended == pytest.approx(HTTP_REQUEST_SECONDS, abs=0.1)


async def test_who_has_nothing_more_to_ask_is_waited_for(served: Served) -> None:
    client = await served.client()
    client.transport.write(ASKED % b"1")
    await client.until(b"/1")
    assert await client.ended == pytest.approx(HTTP_IDLE_SECONDS, abs=0.1)


async def test_who_does_not_take_the_response_is_cut_off(served: Served) -> None:
    served.body = bytes(1 << 20)
    client = await served.client()
    client.transport.pause_reading()
    client.transport.write(ASKED % b"1")
    await asyncio.sleep(HTTP_STALLED_SECONDS + 1)
    client.transport.resume_reading()
    assert await client.ended <= HTTP_STALLED_SECONDS + 2
    assert len(client.heard) < len(served.body)


async def test_who_takes_it_in_time_is_not(served: Served) -> None:
    served.body = bytes(1 << 18)
    client = await served.client()
    client.transport.pause_reading()
    client.transport.write(ASKED % b"1")
    await asyncio.sleep(HTTP_STALLED_SECONDS / 2)
    client.transport.resume_reading()
    await client.until(served.body)
    client.transport.write(ASKED % b"2")
    await asyncio.sleep(HTTP_IDLE_SECONDS / 2)
    assert len(served.seen) == 2


async def test_a_handler_takes_its_time(served: Served) -> None:
    """The limits are the client's: meanwhile it owes nothing."""
    served.may_answer.clear()
    client = await served.client()
    client.transport.write(ASKED % b"1")
    await asyncio.sleep(10 * HTTP_IDLE_SECONDS)
    served.may_answer.set()
    await client.until(b"/1")


async def test_a_client_that_goes_ends_its_request(served: Served) -> None:
    served.may_answer.clear()
    client = await served.client()
    client.transport.write(ASKED % b"1")
    await asyncio.sleep(0.01)
    assert len(served.seen) == 1
    client.transport.abort()
    await asyncio.sleep(0.01)
    assert len([await served.client() for _ in range(HTTP_CONNECTIONS_PER_PEER)]) == HTTP_CONNECTIONS_PER_PEER


async def test_connections_of_one_address(served: Served) -> None:
    clients = [await served.client() for _ in range(HTTP_CONNECTIONS_PER_PEER)]
    one_more = await served.client()
    assert await one_more.ended == 0
    other = await served.client("192.0.2.8")
    other.transport.write(ASKED % b"1")
    await other.until(b"/1")
    clients[0].transport.close()
    await asyncio.sleep(0.01)
    again = await served.client()
    again.transport.write(ASKED % b"2")
    await again.until(b"/2")


async def test_connections_in_all(served: Served) -> None:
    for number in range(HTTP_CONNECTIONS):
        await served.client(f"192.0.2.{number}")
    one_more = await served.client("198.51.100.1")
    assert await one_more.ended == 0


async def test_closing_ends_every_connection() -> None:
    async with serving() as served:
        clients = [await served.client() for _ in range(3)]
        clients[0].transport.write(ASKED % b"1")
        await clients[0].until(b"/1")
    for client in clients:
        assert await client.ended == 0


# ---------------------------------------------------------------------------------------------------------- in pieces


class Pieces(Served):
    """One that is given bodies in pieces, and may answer before it has them."""

    def __init__(self) -> None:
        super().__init__()
        self.server = HttpServer(self.answer, limit=100, streams=lambda _: 1 << 20)
        self.reads = True
        self.fails = False

    async def answer(self, request: Request, peer: Address, local: Address) -> Response:
        assert request.pieces is not None
        octets = [piece async for piece in request.pieces()] if self.reads else []
        return Response(200, (), b"%d" % len(b"".join(octets)), self.send if self.fails else None)

    async def send(self) -> AsyncIterator[bytes]:
        yield b"abc"
        raise RuntimeError("whatever went wrong")


BEGUN = b"POST /1 HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"


@asynccontextmanager
async def in_pieces() -> AsyncIterator[tuple[Pieces, Client]]:
    served = Pieces()
    await served.server.listen(HERE, listen_with=served.network.listen)
    yield served, await served.client()
    await served.server.close()


async def test_a_body_in_pieces() -> None:
    async with in_pieces() as (_, client):
        for _ in range(2):
            client.heard = b""
            client.transport.write(BEGUN)
            for _ in range(3):
                client.transport.write(b"3\r\nabc\r\n")
                await asyncio.sleep(1)
            client.transport.write(b"0\r\n\r\n")
            await client.until(b"\r\n9")


async def test_an_answer_before_the_end_of_the_request_can_be_heard() -> None:
    async with in_pieces() as (served, client):
        served.reads = False
        client.transport.write(BEGUN)
        await client.until(b"\r\n0")
        for _ in range(10):
            client.transport.write(b"3\r\nabc\r\n")
            await asyncio.sleep(0.1)
        assert not client.ended.done()
        assert await client.ended == pytest.approx(HTTP_LINGER_SECONDS, abs=0.1)


async def test_a_response_that_cannot_be_finished_ends_its_connection(caplog: pytest.LogCaptureFixture) -> None:
    async with in_pieces() as (served, client):
        served.fails = True
        client.transport.write(BEGUN + b"0\r\n\r\n")
        await client.ended
        assert client.heard.endswith(b"3\r\nabc\r\n")
        assert "could not be sent" in caplog.text


async def test_who_asks_much_at_once_waits(served: Served) -> None:
    served.may_answer.clear()
    client = await served.client()
    client.transport.write(ASKED % b"0")
    await asyncio.sleep(0.1)
    for number in range(1000):
        client.transport.write(ASKED % b"%d" % number)
    await asyncio.sleep(1)
    assert len(served.seen) == 1
    served.may_answer.set()
    await client.until(b"/999")
    assert len(served.seen) == 1001
