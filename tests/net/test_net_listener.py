"""Where to listen, and what is said when that cannot be."""

from __future__ import annotations

import asyncio
import errno
import socket
import sys
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.net.sockets import seconds_until_lost

from openwmi.base.error import AccessDenied, WbemError
from openwmi.base.status import WbemStatus
from openwmi.net import Address, acknowledge, listen, listen_at, parse_address
from openwmi.net.listener import QUICK


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("127.0.0.1", ("127.0.0.1", 135)),
        ("127.0.0.1:0", ("127.0.0.1", 0)),
        ("host1.example.org:65535", ("host1.example.org", 65535)),
        ("[::1]:1135", ("::1", 1135)),
        ("[::1]", ("::1", 135)),
        ("::1", ("::1", 135)),
        ("127.0.0.1:00135", ("127.0.0.1", 135)),
        ("*:5357", ("", 5357)),
        ("*", ("", 135)),
    ],
)
def test_addresses(text: str, address: tuple[str, int]) -> None:
    assert parse_address(text, 135) == address


@pytest.mark.parametrize(
    "text",
    [
        "",
        ":135",
        "host:",
        "host:65536",
        "host:-1",
        "host:+1",
        "host: 1",
        "host:1_0",
        "host:١",
        "host:http",
        "host:" + "9" * 5000,
        "1:2:3",
        "[::1",
        "[::1]135",
        "[]:135",
        "[::1]:",
        "host\0:135",
        "ho\nst:135",
    ],
)
def test_what_is_no_address(text: str) -> None:
    with pytest.raises(WbemError) as caught:
        parse_address(text, 135)
    assert caught.value.status == WbemStatus.INVALID_PARAMETER
    assert "127.0.0.1:135" in str(caught.value)
    assert "\n" not in str(caught.value)


@given(st.text(max_size=30))
def test_no_text_does_more_than_be_refused(text: str) -> None:
    try:
        address = parse_address(text, 135)
    except WbemError as error:
        assert error.status == WbemStatus.INVALID_PARAMETER
    else:
        assert parse_address(str(address), 1) == address


class Greeter(asyncio.Protocol):
    """Says its port, and when a client that is gone is noticed."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        seconds = seconds_until_lost(transport.get_extra_info("socket"))
        transport.write(f"{transport.get_extra_info('sockname')[1]} {seconds}".encode())
        transport.close()


async def greeting(address: Address) -> str:
    reader, writer = await asyncio.open_connection(*address)
    octets = await reader.read()
    writer.close()
    await writer.wait_closed()
    return octets.decode()


async def test_any_free_port() -> None:
    listener = await listen(Greeter, Address("127.0.0.1", 0))
    assert listener.address.port
    assert await greeting(listener.address) == f"{listener.address.port} 120"
    await listener.close()
    with pytest.raises(ConnectionRefusedError):
        await greeting(listener.address)


async def test_a_name_of_several_addresses_has_one_port(monkeypatch: pytest.MonkeyPatch) -> None:
    async def both(*_: Any, **__: Any) -> list[Any]:
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (host, 0)) for host in ("127.0.0.1", "127.0.0.2")]

    loop = asyncio.get_running_loop()
    real = loop.getaddrinfo

    async def resolve(host: Any, port: Any, **more: Any) -> list[Any]:
        if host != "both":
            return list(await real(host, port, **more))
        return [(*one[:4], (one[4][0], port)) for one in await both()]

    monkeypatch.setattr(loop, "getaddrinfo", resolve)
    listener = await listen(Greeter, Address("both", 0))
    for host in ("127.0.0.1", "127.0.0.2"):
        assert (await greeting(Address(host, listener.address.port))).endswith(" 120")
    await listener.close()


async def test_a_port_in_use() -> None:
    listener = await listen(Greeter, Address("127.0.0.1", 0))
    with pytest.raises(WbemError, match="in use") as caught:
        await listen(Greeter, listener.address)
    assert caught.value.status == WbemStatus.FAILED
    assert str(listener.address.port) in str(caught.value)
    await listener.close()


@pytest.mark.parametrize("host", ["192.0.2.77", "2001:db8::77"])
async def test_an_address_of_another_machine(host: str) -> None:
    with pytest.raises(WbemError) as caught:
        await listen(Greeter, Address(host, 0))
    assert caught.value.status == WbemStatus.FAILED


@pytest.mark.parametrize("number", [errno.EACCES, errno.EPERM])
async def test_no_right_to_a_port(monkeypatch: pytest.MonkeyPatch, number: int) -> None:
    """Said by the system in our place, since tests may run as root."""

    async def refuse(*_: Any, **__: Any) -> None:
        raise PermissionError(number, "no")

    monkeypatch.setattr(asyncio.get_running_loop(), "create_server", refuse)
    with pytest.raises(AccessDenied, match="CAP_NET_BIND_SERVICE"):
        await listen(Greeter, Address("127.0.0.1", 135))


async def test_a_name_of_no_machine() -> None:
    with pytest.raises(WbemError) as caught:
        await listen(Greeter, Address("a" * 64 + ".example", 0))
    assert caught.value.status == WbemStatus.FAILED


async def test_another_failure_of_the_system(monkeypatch: pytest.MonkeyPatch) -> None:
    async def refuse(*_: Any, **__: Any) -> None:
        raise OSError(errno.EMFILE, "no more")

    monkeypatch.setattr(asyncio.get_running_loop(), "create_server", refuse)
    with pytest.raises(WbemError, match="Too many open files"):
        await listen(Greeter, Address("127.0.0.1", 135))


@pytest.mark.skipif(QUICK is None, reason="TCP cannot be asked here to acknowledge at once")
async def test_what_gets_no_answer_is_acknowledged_at_once() -> None:
    """After an answer, the system waits for the next one, and lets the acknowledgement wait for it."""
    accepted: asyncio.Queue[Peer] = asyncio.Queue()
    listener = await listen(lambda: Peer(accepted), Address("127.0.0.1", 0))
    loop = asyncio.get_running_loop()
    with socket.create_connection(listener.address) as client:
        client.setblocking(False)
        peer = await accepted.get()
        held_back = 0
        for _ in range(20):
            await loop.sock_sendall(client, b"asks")
            await peer.heard.get()
            peer.transport.write(b"answers")
            await loop.sock_recv(client, 10)
            await loop.sock_sendall(client, b"says")
            await peer.heard.get()
            held_back += unacknowledged(client)
            acknowledge(peer.transport)
            assert unacknowledged(client) == 0
        assert held_back
        peer.transport.abort()
    acknowledge(peer.transport)  # harmless
    await listener.close()


class Peer(asyncio.Protocol):
    """Puts itself, and what it hears, into queues."""

    def __init__(self, accepted: asyncio.Queue[Peer]) -> None:
        self._accepted = accepted
        self.heard: asyncio.Queue[bytes] = asyncio.Queue()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)
        self._accepted.put_nowait(self)

    def data_received(self, data: bytes) -> None:
        self.heard.put_nowait(data)


def unacknowledged(sock: socket.socket) -> int:
    """Segments that the other end has not acknowledged: tcpi_unacked of Linux' tcp_info."""
    return int.from_bytes(sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 28)[24:28], sys.byteorder)


async def test_a_socket_that_somebody_else_opened() -> None:
    with socket.create_server(("127.0.0.1", 0)) as opened:
        port = opened.getsockname()[1]
        early = socket.create_connection(("127.0.0.1", port))
        accepted = asyncio.Event()

        class Accepting(asyncio.Protocol):
            def connection_made(self, transport: asyncio.BaseTransport) -> None:
                accepted.set()
                transport.close()

        listener = await listen_at(Accepting, Address("", 0), listening=opened)
        assert listener.address == Address("127.0.0.1", port)
        await asyncio.wait_for(accepted.wait(), 5)
        early.close()
        await listener.close()


async def test_one_that_is_accepted_when_the_port_is_closed_is_not_forgotten() -> None:
    """On a turn of the loop in which both happen; what asyncio forgets here is a ResourceWarning."""
    made = 0

    class Accepting(asyncio.Protocol):
        def connection_made(self, transport: asyncio.BaseTransport) -> None:
            nonlocal made
            made += 1
            transport.close()

    for _ in range(20):
        listener = await listen(Accepting, Address("127.0.0.1", 0))
        socket.create_connection(listener.address).close()
        await listener.close()
        for _ in range(3):
            await asyncio.sleep(0)
    assert made == 20
