"""From a reference to a channel: resolvers that are dead, lie or know nothing, and addresses that lead nowhere."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from typing import TypeVar

import pytest
from tests.dcom.fakes import HOST, ME, PORT, ILamp, World, lit, world
from tests.dcom.scripted import Script

from openwmi.base import limits
from openwmi.base.error import Unreachable, WbemError
from openwmi.base.status import HResult
from openwmi.dcom import proxy, reach, resolve
from openwmi.interfaces import IObjectExporter
from openwmi.net import Address
from openwmi.orpc import Bindings, ObjRefStandard, OxidEntry, StdObjRef, StringBinding
from openwmi.orpc.bindings import TOWER_TCP
from openwmi.rpc import AuthLevel
from openwmi.rpc.bind import Bind
from openwmi.security import NtlmInitiator
from openwmi.testing import MemoryTransport

DEAD, SILENT, ODD = "192.0.2.66", "192.0.2.67", "192.0.2.68"
NAMED_PIPE = StringBinding(0x0F, r"\\host1[\PIPE\epmapper]")

P = TypeVar("P", bound=asyncio.Protocol)


class Way:
    """Connects as the network does, and remembers where to; the silent machine takes all the time that there is."""

    def __init__(self, made: World) -> None:
        self._network = made.network
        self.tried: list[tuple[str, int]] = []

    async def connect(
        self, protocol: Callable[[], P], host: str, port: int, timeout: float
    ) -> tuple[MemoryTransport, P]:
        self.tried.append((host, port))
        if host == SILENT:
            await asyncio.sleep(timeout)
            raise Unreachable(HResult.RPC_S_SERVER_UNAVAILABLE, f"{host} did not answer within {timeout:g} s")
        return await self._network.connect(protocol, host, port, timeout)


def reference(made: World, *hosts: str | StringBinding, oxid: int | None = None) -> ObjRefStandard:
    """As a lamp's, but with the resolver at these hosts."""
    strings = tuple(StringBinding.tcp(host) if isinstance(host, str) else host for host in hosts)
    known = made.exporter.entry(HOST).oxid
    std = StdObjRef(0, 1, known if oxid is None else oxid, 1, made.rem_unknown)
    return ObjRefStandard(ILamp.iid, std, Bindings(strings))


async def test_a_resolver_tells_where_its_exporter_is() -> None:
    async with world() as made:
        way = Way(made)
        found = await resolve(reference(made, HOST), connect=way.connect)
        assert found == made.exporter.entry(HOST)
        assert way.tried == [(HOST, PORT)]


async def test_the_first_that_answers_is_asked() -> None:
    async with world() as made:
        way, loop = Way(made), asyncio.get_running_loop()
        asked = reference(made, NAMED_PIPE, DEAD, SILENT, HOST, ODD)
        assert await resolve(asked, timeout=4, connect=way.connect) == made.exporter.entry(HOST)
        assert way.tried == [(DEAD, PORT), (SILENT, PORT), (HOST, PORT)]
        assert loop.time() == 4


async def test_none_answers() -> None:
    async with world() as made:
        with pytest.raises(Unreachable) as caught:
            await resolve(reference(made, DEAD, SILENT, oxid=0xABC), timeout=4, connect=Way(made).connect)
        assert caught.value.message.startswith("no resolver of exporter 0000000000000abc: 192.0.2.66:135: ")
        assert f"; {SILENT} did not answer within 4 s" in caught.value.message


@pytest.mark.parametrize("hosts", [(), (NAMED_PIPE,)])
async def test_no_tcp_address(hosts: tuple[StringBinding, ...]) -> None:
    async with world() as made:
        with pytest.raises(Unreachable, match="it has no TCP address"):
            await resolve(reference(made, *hosts), connect=made.network.connect)


async def test_an_exporter_that_the_resolver_does_not_know() -> None:
    async with world() as made:
        way = Way(made)
        with pytest.raises(WbemError) as caught:
            await resolve(reference(made, HOST, DEAD, oxid=1), connect=way.connect)
        assert caught.value.status == HResult.RPC_E_INVALID_OXID
        assert not isinstance(caught.value, Unreachable)
        assert way.tried == [(HOST, PORT)]


@pytest.mark.parametrize("manner", ["never answers the bind", "never answers the call", "dies", "talks nonsense"])
async def test_a_resolver_that_misbehaves_is_passed_over(manner: str) -> None:
    async with world() as made:
        script = Script()
        await made.network.listen(lambda: script, Address(ODD, PORT))
        asked = asyncio.ensure_future(resolve(reference(made, ODD, HOST), timeout=4, connect=made.network.connect))
        if manner == "never answers the bind":
            await script.hear(Bind)
        else:
            await script.bound()
            if manner == "dies":
                script.transport.abort()
            elif manner == "talks nonsense":
                await script.reply(b"\xff\xff\xff\xff" * 3)
        assert await asked == made.exporter.entry(HOST)
        assert asyncio.get_running_loop().time() == (4 if manner.startswith("never") else 0)
        await script.lost.wait()


async def test_a_caller_who_waits_no_longer() -> None:
    async with world() as made:
        script = Script()
        await made.network.listen(lambda: script, Address(ODD, PORT))
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(1):
                await resolve(reference(made, ODD, HOST), timeout=4, connect=made.network.connect)
        await script.lost.wait()
        assert asyncio.get_running_loop().time() == 1


async def test_a_reference_sends_nobody_to_thousands_of_addresses() -> None:
    async with world() as made:
        way = Way(made)
        hosts = [f"198.51.100.{number}" for number in range(200)]
        with pytest.raises(Unreachable):
            await resolve(reference(made, *hosts), connect=way.connect)
        assert way.tried == [(host, PORT) for host in hosts[: limits.BINDINGS_TRIED]]


async def test_the_words_of_a_reference_cannot_forge_a_line_of_the_log() -> None:
    async with world() as made:
        with pytest.raises(Unreachable) as caught:
            await resolve(reference(made, "x\r\n\x1b[31mforged"), connect=made.network.connect)
        assert caught.value.message.isprintable()


def entry(made: World, *strings: StringBinding) -> OxidEntry:
    return replace(made.exporter.entry(HOST), bindings=Bindings(strings))


async def test_an_exporter_is_reached_by_the_first_address_that_answers() -> None:
    async with world() as made:
        way = Way(made)
        to = entry(
            made,
            NAMED_PIPE,
            StringBinding(TOWER_TCP, HOST),  # an exporter's address has a port
            StringBinding(TOWER_TCP, f"{HOST}[epmapper]"),
            StringBinding.tcp(DEAD, 49152),
            StringBinding.tcp(SILENT, 49152),
            StringBinding.tcp(HOST, PORT),
        )
        channel = await reach(to, login=NtlmInitiator(*ME), level=AuthLevel.PRIVACY, timeout=3, connect=way.connect)
        lamp, _ = await lit(channel)
        assert (await lamp.Switch(1)).hresult == 0
        assert way.tried == [(DEAD, 49152), (SILENT, 49152), (HOST, PORT)]
        assert asyncio.get_running_loop().time() == 3
        channel.close()


async def test_an_exporter_is_reached_without_a_login() -> None:
    async with world() as made:
        channel = await reach(made.exporter.entry(HOST), connect=made.network.connect)
        assert await proxy(IObjectExporter, channel).ServerAlive() == 0
        channel.close()


@pytest.mark.parametrize(
    ("strings", "said"),
    [
        ((), "it has no TCP address"),
        ((StringBinding.tcp(HOST),), "it has no TCP address"),
        ((StringBinding.tcp(DEAD, 1), StringBinding.tcp(DEAD, 2)), rf"{DEAD}:1: .*; {DEAD}:2: "),
    ],
)
async def test_an_exporter_that_cannot_be_reached(strings: tuple[StringBinding, ...], said: str) -> None:
    async with world() as made:
        with pytest.raises(Unreachable, match=f"no way to exporter [0-9a-f]{{16}}: {said}"):
            await reach(entry(made, *strings), connect=made.network.connect)


async def test_a_reference_leads_a_server_to_nobody_but_its_caller() -> None:
    async with world() as made:
        way = Way(made)
        elsewhere = reference(made, DEAD, SILENT, NAMED_PIPE, HOST)
        assert await resolve(elsewhere, connect=way.connect, only=HOST) == made.exporter.entry(HOST)
        to = entry(made, StringBinding.tcp(DEAD, 22), StringBinding.tcp(SILENT, PORT), StringBinding.tcp(DEAD, PORT))
        (await reach(to, connect=way.connect, only=HOST)).close()
        assert {host for host, _ in way.tried} == {HOST}
        with pytest.raises(Unreachable):
            await resolve(reference(made, HOST), connect=way.connect, only=DEAD)
        with pytest.raises(Unreachable):
            await reach(entry(made, StringBinding.tcp(HOST, PORT)), connect=way.connect, only=DEAD)
        assert way.tried[-2:] == [(DEAD, 135), (DEAD, PORT)]
