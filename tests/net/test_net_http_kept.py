"""Connections of a client that are kept: used again, closed by either end, lost; and bodies in pieces."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import cast

import pytest

from openwmi.base.error import AccessDenied, Timeout, Unreachable, WbemError
from openwmi.base.fault import LocalProtocolError
from openwmi.base.limits import (
    HTTP_AGAIN_SECONDS,
    HTTP_ANSWER_STALLED_SECONDS,
    HTTP_KEPT_SECONDS,
    HTTP_LOGIN_STEPS,
    HTTP_PIECES_OCTETS,
)
from openwmi.base.status import WbemStatus
from openwmi.net import Address
from openwmi.net.http import Request, Response, Url, parse_url
from openwmi.net.http_client import HttpClient
from openwmi.net.http_exchange import Exchange
from openwmi.net.http_login import Authenticator, Challenge, Credentials
from openwmi.testing import MemoryNetwork

HERE = Address("192.0.2.1", 5357)
URL = parse_url("http://192.0.2.1:5357/device")
ASKED = Request("POST", "/device", (), b"who")
ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi"


class Scripted:
    """A server that answers the requests of each connection with what the script has for it, and then closes it.

    None in a script cuts the connection where an answer would have been.
    """

    def __init__(self, *scripts: list[bytes | None]) -> None:
        self.scripts = list(scripts)
        self.network = MemoryNetwork()
        self.connections: list[_Connection] = []

    @property
    def requests(self) -> list[int]:
        return [each.requests for each in self.connections]

    def connection(self) -> _Connection:
        made = _Connection(self.scripts.pop(0) if self.scripts else [])
        self.connections.append(made)
        return made

    async def client(self, connections: int = 8, authenticator: Authenticator | None = None) -> HttpClient:
        await self.network.listen(self.connection, HERE)
        return HttpClient(connect=self.network.connect, connections=connections, authenticator=authenticator)


class _Connection(asyncio.Protocol):
    def __init__(self, script: list[bytes | None]) -> None:
        self.script = script
        self.requests = 0
        self.ended = asyncio.Event()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        self.requests += 1
        said = self.script.pop(0) if self.script else b""
        if said is None:
            self.transport.abort()
        else:
            self.transport.write(said)

    def connection_lost(self, exc: Exception | None) -> None:
        self.ended.set()


async def ask(client: HttpClient, request: Request = ASKED, timeout: float = 5) -> bytes:
    return (await client.send(URL, request, timeout=timeout, limit=100)).body


async def test_one_is_used_again() -> None:
    server = Scripted([ANSWER] * 3)
    async with await server.client() as client:
        assert [await ask(client) for _ in range(3)] == [b"hi"] * 3
        assert server.requests == [3]
        assert client.open_connections == 1
    await server.connections[0].ended.wait()


async def test_one_that_turns_out_to_be_closed() -> None:
    """The request is sent once more, on a new one."""
    server = Scripted([ANSWER, None], [ANSWER, None], [ANSWER])
    async with await server.client() as client:
        assert [await ask(client) for _ in range(3)] == [b"hi"] * 3
        assert server.requests == [2, 2, 1]


async def test_a_new_one_that_is_closed_is_not_tried_again() -> None:
    server = Scripted([ANSWER, None], [None], [ANSWER])
    async with await server.client() as client:
        await ask(client)
        with pytest.raises(Unreachable):
            await ask(client)
        assert server.requests == [2, 1]


async def test_one_that_ends_late_may_have_been_worked_on() -> None:
    server = Scripted([ANSWER, b""], [ANSWER])
    async with await server.client() as client:
        await ask(client)
        asking = asyncio.create_task(ask(client, timeout=50))
        await asyncio.sleep(3 * HTTP_AGAIN_SECONDS)
        server.connections[0].transport.abort()
        with pytest.raises(Unreachable):
            await asking
        assert server.requests == [2]


async def test_once_an_octet_has_come_it_is_not_sent_again() -> None:
    class Half(Scripted):
        def connection(self) -> _Connection:
            made = super().connection()
            received = made.data_received

            def data_received(data: bytes) -> None:
                received(data)
                if made.requests > 1:
                    made.transport.close()

            made.data_received = data_received  # type: ignore[method-assign] # the same, and then it closes
            return made

    server = Half([ANSWER, b"HTTP/1.1 2"], [ANSWER])
    async with await server.client() as client:
        await ask(client)
        with pytest.raises(WbemError, match="ended before the response did"):
            await ask(client)
        assert server.requests == [2]


async def test_one_that_the_server_closes_while_nobody_asks() -> None:
    server = Scripted([ANSWER], [ANSWER])
    async with await server.client() as client:
        await ask(client)
        server.connections[0].transport.close()
        await asyncio.sleep(1)
        assert client.open_connections == 0
        await ask(client)
        assert server.requests == [1, 1]


async def test_one_that_nobody_uses_is_closed() -> None:
    server = Scripted([ANSWER] * 2)
    async with await server.client() as client:
        await ask(client)
        await asyncio.sleep(HTTP_KEPT_SECONDS - 1)
        await ask(client)
        await asyncio.sleep(HTTP_KEPT_SECONDS - 1)
        assert client.open_connections == 1
        await server.connections[0].ended.wait()
        assert asyncio.get_running_loop().time() == pytest.approx(2 * HTTP_KEPT_SECONDS - 1, abs=0.1)


async def test_the_last_digit_of_a_time_holds_nobody_up() -> None:
    """A moment plus so many seconds, and less so many again, need not be the same: that must not be asked for ever."""
    scripts: list[list[bytes | None]] = [[ANSWER] for _ in range(50)]
    server = Scripted(*scripts)
    async with await server.client() as client:
        for number in range(50):
            await asyncio.sleep(0.1 + number / 7)
            await ask(client)
            await asyncio.sleep(HTTP_KEPT_SECONDS + 1)
            assert client.open_connections == 0


async def test_a_server_that_wants_no_more() -> None:
    last = ANSWER.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n")
    server = Scripted([last], [last])
    async with await server.client() as client:
        assert [await ask(client) for _ in range(2)] == [b"hi"] * 2
        assert server.requests == [1, 1]


async def test_no_more_than_so_many() -> None:
    server = Scripted([ANSWER] * 9, [ANSWER] * 9)
    async with await server.client(connections=2) as client:
        assert await asyncio.gather(*(ask(client) for _ in range(6))) == [b"hi"] * 6
        assert sum(server.requests) == 6
        assert len(server.requests) == 2


async def test_who_waits_for_one_that_fails_gets_another() -> None:
    server = Scripted([None], [ANSWER] * 2)
    async with await server.client(connections=1) as client:
        found = await asyncio.gather(*(ask(client) for _ in range(3)), return_exceptions=True)
        assert isinstance(found[0], Unreachable)
        assert found[1:] == [b"hi", b"hi"]


async def test_nobody_listens() -> None:
    async with HttpClient(connect=MemoryNetwork().connect, connections=1) as client:
        found = await asyncio.gather(*(ask(client) for _ in range(3)), return_exceptions=True)
        assert all(isinstance(each, Unreachable) for each in found)


async def test_one_that_cannot_be_opened_in_time() -> None:
    async def never(*_: object) -> object:
        return await asyncio.Event().wait()

    async with HttpClient(connect=never, connecting=3) as client:  # type: ignore[arg-type] # it never returns
        with pytest.raises(Unreachable, match="within 3 s"):
            await ask(client, timeout=10)
        with pytest.raises(Timeout):
            await ask(client, timeout=1)


async def test_a_request_that_is_cancelled_ends_its_connection() -> None:
    server = Scripted([ANSWER, b""], [ANSWER])
    async with await server.client() as client:
        await ask(client)
        with pytest.raises(Timeout):
            await ask(client, timeout=1)
        await server.connections[0].ended.wait()
        await ask(client)
        assert server.requests == [2, 1]


async def test_cancelled_while_it_waits() -> None:
    server = Scripted([b"", ANSWER], [ANSWER])
    async with await server.client(connections=1) as client:
        tasks = [asyncio.create_task(ask(client, timeout=50)) for _ in range(3)]
        await asyncio.sleep(1)
        tasks[1].cancel()
        tasks[0].cancel()
        assert await tasks[2] == b"hi"
        assert server.requests == [1, 1]


async def test_an_answer_to_nothing() -> None:
    server = Scripted([ANSWER], [ANSWER])
    async with await server.client() as client:
        await ask(client)
        server.connections[0].transport.write(ANSWER)
        await asyncio.sleep(1)
        assert (client.open_connections, client.unasked(URL)) == (0, 1)
        await ask(client)


async def test_what_is_closed() -> None:
    server = Scripted([b""])
    client = await server.client()
    asking = asyncio.create_task(ask(client))
    await asyncio.sleep(1)
    await client.aclose()
    await client.aclose()
    with pytest.raises(Unreachable, match="was closed"):
        await asking
    with pytest.raises(LocalProtocolError):
        await ask(client)


async def test_what_cannot_be_said() -> None:
    server = Scripted([ANSWER])
    async with await server.client() as client:
        with pytest.raises(WbemError, match="cannot say") as caught:
            await ask(client, Request("POST", "/", (("X", "a\r\nY: b"),)))
        assert caught.value.status == WbemStatus.INVALID_PARAMETER


# ---------------------------------------------------------------------------------------------------------- in pieces


class InPieces(Exchange):
    __slots__ = (*Exchange.SLOTS, "_octets", "response")

    def __init__(self, octets: int) -> None:
        self._octets = octets
        self.response: asyncio.Future[Response] = asyncio.get_running_loop().create_future()

    def limit(self) -> int:
        return 100

    def streamed(self, head: Response) -> int:
        return self._octets

    def answered(self, response: Response) -> None:
        self.response.set_result(response)

    def unanswered(self, error: WbemError) -> None:
        self.response.set_exception(error)


async def streamed(server: Scripted, limit: int = 1 << 30) -> tuple[HttpClient, AsyncIterator[bytes]]:
    client = await server.client()
    exchange = InPieces(limit)
    client.begin(exchange, URL, ASKED)
    response = await exchange.response
    assert response.pieces is not None
    return client, response.pieces()


HEAD = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"


def chunk(octets: bytes) -> bytes:
    return b"%x\r\n%b\r\n" % (len(octets), octets)


async def test_a_response_in_pieces() -> None:
    server = Scripted([HEAD + chunk(b"abc")])
    client, pieces = await streamed(server)
    assert await anext(pieces) == b"abc"
    server.connections[0].transport.write(chunk(b"de") + b"0\r\n\r\n")
    assert [piece async for piece in pieces] == [b"de"]
    assert client.open_connections == 1
    await client.aclose()


@pytest.mark.parametrize("cut", [b"", b"5\r\nab", b"zz\r\n"])
async def test_one_that_is_cut_short_or_wrong(cut: bytes) -> None:
    server = Scripted([HEAD + chunk(b"abc")])
    client, pieces = await streamed(server)
    assert await anext(pieces) == b"abc"
    server.connections[0].transport.write(cut)
    server.connections[0].transport.close()
    with pytest.raises(WbemError):
        [piece async for piece in pieces]
    await asyncio.sleep(0.1)
    assert client.open_connections == 0
    await client.aclose()


async def test_one_that_is_too_long() -> None:
    server = Scripted([HEAD + chunk(bytes(50)) + chunk(bytes(51))])
    with pytest.raises(WbemError, match="longer"):
        _, pieces = await streamed(server, 100)
        [piece async for piece in pieces]


async def test_a_sender_that_stops() -> None:
    client, pieces = await streamed(Scripted([HEAD + chunk(b"abc")]))
    await anext(pieces)
    with pytest.raises(Timeout, match="octets in"):
        await anext(pieces)
    assert asyncio.get_running_loop().time() == pytest.approx(HTTP_ANSWER_STALLED_SECONDS, abs=0.1)
    assert client.open_connections == 0
    await client.aclose()


async def test_a_sender_that_trickles() -> None:
    """However often there is another octet."""
    server = Scripted([HEAD])
    client, pieces = await streamed(server)

    async def trickle() -> None:
        while True:
            server.connections[0].transport.write(chunk(b"x"))
            await asyncio.sleep(1)

    task = asyncio.create_task(trickle())
    with pytest.raises(Timeout):
        [piece async for piece in pieces]
    assert asyncio.get_running_loop().time() <= 2 * HTTP_ANSWER_STALLED_SECONDS
    task.cancel()
    await client.aclose()


async def test_a_reader_that_takes_his_time_is_not_at_fault() -> None:
    server = Scripted([HEAD + chunk(bytes(4 * HTTP_PIECES_OCTETS)) + b"0\r\n\r\n"])
    client, pieces = await streamed(server)
    octets = 0
    async for piece in pieces:
        octets += len(piece)
        await asyncio.sleep(3 * HTTP_ANSWER_STALLED_SECONDS)
    assert octets == 4 * HTTP_PIECES_OCTETS
    await client.aclose()


async def test_a_response_that_is_all_there_keeps_no_connection() -> None:
    """However much of it waits to be read."""
    server = Scripted([HEAD + chunk(bytes(HTTP_PIECES_OCTETS)) + b"0\r\n\r\n", ANSWER])
    client, pieces = await streamed(server)
    await asyncio.sleep(1)
    assert await ask(client) == b"hi"
    assert server.requests == [2]
    assert sum([len(piece) async for piece in pieces]) == HTTP_PIECES_OCTETS
    await client.aclose()


# -------------------------------------------------------------------------------------------------------------- others


class Known:
    """A login that says the same each time, or what a test wants it to."""

    def __init__(self, *said: Credentials | Exception | None, blocks: bool = False) -> None:
        self.said = list(said)
        self.blocks = blocks

    def login(self, url: Url) -> Known:
        return self

    def answer(self, url: Url, request: Request, challenges: tuple[Challenge, ...]) -> Credentials | None:
        if not challenges:
            return Credentials("")
        said = self.said.pop(0)
        if isinstance(said, Exception):
            raise said
        return said


CLOSING = b"HTTP/1.1 401 No\r\nWWW-Authenticate: X\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
AGAIN = CLOSING.replace(b"Connection: close\r\n", b"")


@pytest.mark.parametrize("blocks", [False, True])
async def test_a_server_that_wants_to_know_who_asks(blocks: bool) -> None:
    server = Scripted([AGAIN, ANSWER])
    client = await server.client(authenticator=Known(Credentials("X 1"), blocks=blocks))
    assert await ask(client) == b"hi"
    assert server.requests == [2]
    await client.aclose()


async def test_one_that_ends_the_connection_with_its_question() -> None:
    server = Scripted([CLOSING], [AGAIN, ANSWER])
    client = await server.client(authenticator=Known(Credentials("X 1"), Credentials("X 2")))
    assert await ask(client) == b"hi"
    assert server.requests == [1, 2]
    await client.aclose()


@pytest.mark.parametrize("blocks", [False, True])
async def test_a_login_that_cannot_be_made(blocks: bool) -> None:
    server = Scripted([AGAIN], [AGAIN])
    client = await server.client(authenticator=Known(None, OSError("no KDC"), blocks=blocks))
    with pytest.raises(AccessDenied):
        await ask(client)
    with pytest.raises(WbemError, match="no KDC"):
        await ask(client)
    await client.aclose()


async def test_a_server_that_never_has_enough() -> None:
    server = Scripted([AGAIN] * 20)
    client = await server.client(authenticator=Known(*[Credentials("X")] * 20))
    assert (await client.send(URL, ASKED, timeout=5, limit=100)).status == 401
    assert server.requests == [HTTP_LOGIN_STEPS + 1]
    await client.aclose()


async def test_too_many_that_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("openwmi.net.http_client.HTTP_CLIENT_WAITING", 1)
    server = Scripted([b""])
    async with await server.client(connections=1) as client:
        first = asyncio.create_task(ask(client))
        await asyncio.sleep(1)
        second = asyncio.create_task(ask(client))
        await asyncio.sleep(1)
        with pytest.raises(WbemError, match="wait for") as caught:
            await ask(client)
        assert caught.value.status == WbemStatus.QUOTA_VIOLATION
        for task in (first, second):
            task.cancel()


async def test_what_waits_when_it_is_closed() -> None:
    server = Scripted([b""])
    client = await server.client(connections=1)
    asking = [asyncio.create_task(ask(client)) for _ in range(2)]
    await asyncio.sleep(1)
    await client.aclose()
    for each in asking:
        with pytest.raises(Unreachable, match="was closed"):
            await each


async def test_a_body_in_pieces_needs_a_connection_that_is_new() -> None:
    """Another one that rests makes room for it."""
    server = Scripted([ANSWER], [ANSWER])

    async def pieces() -> AsyncIterator[bytes]:
        yield b"abc"

    async with await server.client(connections=1) as client:
        await ask(client)
        assert await ask(client, Request("POST", "/", pieces=pieces)) == b"hi"
        assert len(server.connections) == 2
        assert client.opened == 2


async def test_who_needs_a_new_one_gets_it_when_those_that_work_have_ended() -> None:
    server = Scripted([ANSWER, b""], [ANSWER])
    async with await server.client(connections=1) as client:
        await ask(client)
        first, second = asyncio.create_task(ask(client)), Once()
        await asyncio.sleep(1)
        client.begin(second, URL, ASKED, once=True)
        server.connections[0].transport.write(ANSWER)
        assert await first == b"hi"
        await asyncio.wait_for(second.ended, 1)
        assert server.requests == [2, 1]


async def test_what_is_sent_once_is_not_sent_again() -> None:
    server = Scripted([ANSWER, None], [None], [ANSWER])
    async with await server.client() as client:
        await ask(client)
        exchange = Once()
        client.begin(exchange, URL, ASKED, once=True)
        with pytest.raises(Unreachable):
            await exchange.ended
        assert server.requests == [1, 1]


class Once(Exchange):
    __slots__ = (*Exchange.SLOTS, "ended")

    def __init__(self) -> None:
        self.ended: asyncio.Future[Response] = asyncio.get_running_loop().create_future()

    def limit(self) -> int:
        return 100

    def answered(self, response: Response) -> None:
        self.ended.set_result(response)

    def unanswered(self, error: WbemError) -> None:
        self.ended.set_exception(error)
