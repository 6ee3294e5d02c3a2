"""The network in memory behaves as TCP does, as far as a protocol can tell."""

from __future__ import annotations

import asyncio

import pytest

from openwmi.base.error import Unreachable
from openwmi.net import Address
from openwmi.testing import MemoryNetwork

SERVER = Address("192.0.2.1", 135)


class Recorder(asyncio.Protocol):
    """Remembers what it was told."""

    def __init__(self) -> None:
        self.told: list[object] = []
        self.received: list[bytes] = []
        self.lost = asyncio.Event()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        self.received.append(data)

    def eof_received(self) -> None:
        self.told.append("eof")

    def pause_writing(self) -> None:
        self.told.append("pause")

    def resume_writing(self) -> None:
        self.told.append("resume")

    def connection_lost(self, exc: Exception | None) -> None:
        self.told.append(type(exc) if exc else "lost")
        self.lost.set()


async def joined(chunk: int = 1 << 16) -> tuple[Recorder, Recorder]:
    """A client and a server."""
    network = MemoryNetwork(chunk)
    servers: list[Recorder] = []

    def accept() -> Recorder:
        servers.append(Recorder())
        return servers[-1]

    await network.listen(accept, SERVER)
    _, client = await network.connect(Recorder, *SERVER)
    return client, servers[0]


async def test_each_end_knows_both_addresses() -> None:
    client, server = await joined()
    assert client.transport.get_extra_info("peername") == tuple(SERVER)
    assert server.transport.get_extra_info("sockname") == tuple(SERVER)
    assert server.transport.get_extra_info("peername") == client.transport.get_extra_info("sockname")
    assert server.transport.get_extra_info("peername")[0] == "192.0.2.100"


async def test_octets_arrive_in_order_and_never_from_within_write() -> None:
    client, server = await joined(chunk=2)
    client.transport.write(b"abc")
    client.transport.write(b"de")
    server.transport.write(b"x")
    assert server.received == []
    await asyncio.sleep(1)
    assert server.received == [b"ab", b"cd", b"e"]
    assert client.received == [b"x"]


async def test_a_reader_that_pauses_makes_the_writer_pause() -> None:
    client, server = await joined()
    server.transport.pause_reading()
    for _ in range(4):
        client.transport.write(bytes(50_000))
        await asyncio.sleep(0)
    assert client.told == ["pause"]
    assert client.transport.get_write_buffer_size() > 0
    await asyncio.sleep(1)
    assert server.received == []
    server.transport.resume_reading()
    await asyncio.sleep(1)
    assert client.told == ["pause", "resume"]
    assert sum(map(len, server.received)) == 200_000


async def test_close_sends_what_was_written() -> None:
    client, server = await joined(chunk=1)
    client.transport.write(b"bye")
    client.transport.close()
    client.transport.write(b"too late")
    assert client.transport.is_closing()
    await server.lost.wait()
    assert b"".join(server.received) == b"bye"
    assert (client.told, server.told) == (["lost"], ["eof", "lost"])


async def test_abort_drops_what_was_written() -> None:
    client, server = await joined()
    client.transport.write(b"never")
    client.transport.abort()
    await server.lost.wait()
    assert server.received == []
    assert (client.told, server.told) == (["lost"], [ConnectionResetError])


async def test_an_end_that_is_closing_waits_for_a_slow_reader_until_it_is_aborted() -> None:
    client, server = await joined()
    server.transport.pause_reading()
    client.transport.write(bytes(200_000))
    client.transport.close()
    await asyncio.sleep(60)
    assert not client.lost.is_set()
    client.transport.abort()
    await client.lost.wait()


async def test_what_is_written_to_a_closed_end_is_lost() -> None:
    client, server = await joined()
    server.transport.close()
    await client.lost.wait()
    client.transport.write(b"?")
    await asyncio.sleep(1)
    assert server.received == []
    assert client.told == ["eof", "lost"]


async def test_ports() -> None:
    network = MemoryNetwork()
    port = await network.listen(Recorder, SERVER)
    free = await network.listen(Recorder, Address("192.0.2.1", 0))
    assert free.address.port not in {0, port.address.port}
    with pytest.raises(OSError, match="in use"):
        await network.listen(Recorder, SERVER)
    transport, _ = await network.connect(Recorder, *SERVER, source="198.51.100.7")
    assert transport.get_extra_info("sockname")[0] == "198.51.100.7"
    await port.close()
    with pytest.raises(Unreachable, match=r"192\.0\.2\.1:135"):
        await network.connect(Recorder, *SERVER)
