"""A client of HTTP, and servers that are late, wrong or gone."""

from __future__ import annotations

import asyncio
from typing import cast

import pytest

from openwmi.base.error import Timeout, Unreachable, WbemError
from openwmi.base.status import WbemStatus
from openwmi.net import Address
from openwmi.net.http import Request, Response, parse_url
from openwmi.net.http_client import exchange
from openwmi.net.http_server import HttpServer
from openwmi.testing import MemoryNetwork

HERE = Address("192.0.2.1", 5357)
URL = parse_url("http://192.0.2.1:5357/device")
ASKED = Request("POST", "/device", (), b"who")


class Server(asyncio.Protocol):
    """Answers whatever it hears with the same octets."""

    def __init__(self, octets: bytes, *, close: bool = False) -> None:
        self.octets = octets
        self.close = close
        self.ended = asyncio.Event()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        self.transport.write(self.octets)
        if self.close:
            self.transport.close()

    def connection_lost(self, exc: Exception | None) -> None:
        self.ended.set()


async def asked(server: Server, *, timeout: float = 5) -> Response:
    network = MemoryNetwork()
    await network.listen(lambda: server, HERE)
    try:
        return await exchange(URL, ASKED, timeout=timeout, limit=100, connect=network.connect)
    finally:
        await server.ended.wait()  # whatever came of it, the connection is let go


async def test_a_server_of_ours() -> None:
    async def answer(request: Request, peer: Address, local: Address) -> Response:
        return Response(200, (), request.body + b"/" + request.target.encode())

    network = MemoryNetwork()
    server = HttpServer(answer)
    await server.listen(HERE, listen_with=network.listen)
    response = await exchange(URL, ASKED, timeout=5, limit=100, connect=network.connect)
    assert (response.status, response.body) == (200, b"who//device")
    await server.close()


async def test_a_response_that_ends_with_its_connection() -> None:
    assert (await asked(Server(b"HTTP/1.0 200 OK\r\n\r\nabc", close=True))).body == b"abc"


async def test_octets_after_the_response() -> None:
    assert (await asked(Server(b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nabc"))).body == b"a"


async def test_one_that_does_not_answer() -> None:
    with pytest.raises(Timeout, match=r"192\.0\.2\.1:5357 did not answer within 5 s"):
        await asked(Server(b""))
    with pytest.raises(Timeout):
        await asked(Server(b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nab"))


async def test_one_that_hangs_up() -> None:
    with pytest.raises(WbemError, match="the connection ended before the response did"):
        await asked(Server(b"", close=True))


async def test_one_that_is_cut_off() -> None:
    class Rude(Server):
        def data_received(self, data: bytes) -> None:
            self.transport.abort()

    with pytest.raises(Unreachable, match="was lost"):
        await asked(Rude(b""))


@pytest.mark.parametrize(
    "octets", [b"nonsense\r\n\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: 101\r\n\r\n", b"HTTP/1.1 200 OK\r\n\r\n" * 99]
)
async def test_one_that_makes_no_sense(octets: bytes) -> None:
    with pytest.raises(WbemError, match=r"^WBEM_E_FAILED .*192\.0\.2\.1:5357") as caught:
        await asked(Server(octets))
    assert caught.value.status == WbemStatus.FAILED


async def test_one_that_never_comes_to_the_point() -> None:
    with pytest.raises(WbemError, match="more than 100 responses before the response"):
        await asked(Server(b"HTTP/1.1 100 Continue\r\n\r\n" * 101))


async def test_nobody_listens() -> None:
    with pytest.raises(Unreachable, match="refused"):
        await exchange(URL, ASKED, timeout=5, limit=100, connect=MemoryNetwork().connect)
