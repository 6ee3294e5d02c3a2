"""Connecting, and what is said when nobody answers."""

from __future__ import annotations

import asyncio
import socket
from typing import Any

import pytest
from tests.net.sockets import seconds_until_lost

from openwmi.base.error import Unreachable
from openwmi.base.limits import PING_PERIOD_SECONDS
from openwmi.net import Address, connect, listen, look_up


class Closer(asyncio.Protocol):
    """Closes what it is given."""

    def __init__(self) -> None:
        self.lost = asyncio.Event()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        transport.close()

    def connection_lost(self, exc: Exception | None) -> None:
        self.lost.set()


async def test_a_connection() -> None:
    accepted = Closer()
    listener = await listen(lambda: accepted, Address("127.0.0.1", 0))
    _, client = await connect(Closer, *listener.address, 5.0)
    await client.lost.wait()
    await accepted.lost.wait()
    await listener.close()


async def test_a_machine_that_is_gone_is_noticed() -> None:
    """By whoever only waits to hear something: two minutes, and not the two hours of the system."""
    listener = await listen(asyncio.Protocol, Address("127.0.0.1", 0))
    transport, _ = await connect(asyncio.Protocol, *listener.address, 5.0)
    opened = transport.get_extra_info("socket")
    assert seconds_until_lost(opened) == PING_PERIOD_SECONDS
    if hasattr(socket, "TCP_USER_TIMEOUT"):
        assert opened.getsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT) == 1000 * PING_PERIOD_SECONDS
    transport.close()
    await listener.close()


async def test_nothing_listens_there() -> None:
    listener = await listen(asyncio.Protocol, Address("127.0.0.1", 0))
    await listener.close()
    with pytest.raises(Unreachable, match=rf"127\.0\.0\.1:{listener.address.port}: Connection refused"):
        await connect(asyncio.Protocol, *listener.address, 5.0)


async def test_nobody_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    async def wait(*_: Any, **__: Any) -> None:
        await asyncio.get_running_loop().create_future()

    monkeypatch.setattr(asyncio.get_running_loop(), "create_connection", wait)
    with pytest.raises(Unreachable, match=r"192\.0\.2\.1:135 did not answer within 0\.01 s"):
        await connect(asyncio.Protocol, "192.0.2.1", 135, 0.01)


async def test_a_host_that_nobody_knows(monkeypatch: pytest.MonkeyPatch) -> None:
    async def fail(*_: Any, **__: Any) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(asyncio.get_running_loop(), "create_connection", fail)
    with pytest.raises(Unreachable, match="no address is known for nowhere"):
        await connect(asyncio.Protocol, "nowhere.invalid", 135, 5.0)


async def test_the_addresses_of_a_name(monkeypatch: pytest.MonkeyPatch) -> None:
    async def known(host: str, port: object, **_: Any) -> list[Any]:
        assert (host, port) == ("box", None)
        return [(0, 0, 0, "", ("192.0.2.7", 0)), (0, 0, 0, "", ("fe80::7%2", 0, 0, 2)), (0, 0, 0, "", ("192.0.2.7", 0))]

    monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", known)
    assert await look_up("box", 5.0) == ("192.0.2.7", "fe80::7%2")


@pytest.mark.parametrize(
    "failure", [None, socket.gaierror(socket.EAI_NONAME, "Name or service not known"), UnicodeError("label too long")]
)
async def test_a_name_without_addresses(monkeypatch: pytest.MonkeyPatch, failure: Exception | None) -> None:
    async def fail(*_: Any, **__: Any) -> None:
        if failure is not None:
            raise failure
        await asyncio.get_running_loop().create_future()

    monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", fail)
    assert await look_up("box", 0.01) == ()
