"""One resolver for the exporters of several processes, over a Unix socket."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from random import Random
from typing import Any, TypeVar

import pytest
from tests.dcom.fakes import HOST, NAMES, PORT, ILamp, Lamp, SwitchReply, Users, World, world

from openwmi.base import limits
from openwmi.base.error import Unreachable
from openwmi.base.guid import Guid
from openwmi.base.status import HResult
from openwmi.dcom import Endpoint, Exporter, ForwardedPings, Registration, Registry, Resolver, proxy, reach, resolve
from openwmi.interfaces import IObjectExporter
from openwmi.net import Address
from openwmi.orpc import ObjRefStandard, error_status, objref
from openwmi.security import Logins, NtlmInitiator

OBJECTS = 49152
PATH, SOCKET = Path("/run/somewhere"), Address("the same machine", 1)
P = TypeVar("P", bound=asyncio.Protocol)
IPID = Guid("6d6d1f5a-6a0e-4a1c-9d3c-1b7c1c1d00bb")


async def at_socket(made: World, protocol: Callable[[], P], _: Path) -> tuple[Any, P]:
    return await made.network.connect(protocol, *SOCKET)


class Process:
    """One that serves objects, at a port of its own, and no resolver."""

    def __init__(self, made: World, number: int) -> None:
        self.pings = ForwardedPings()
        self.port = OBJECTS + number
        self.exporter = Exporter([NAMES.dns_computer], lambda: self.port, pings=self.pings)
        self.endpoint = Endpoint(self.exporter, [], [ILamp], lambda peer: Logins(Users(), NAMES, peer=peer))
        names = (NAMES.dns_computer,)
        self.registration = Registration(self.exporter, self.pings, PATH, names, connect=partial(at_socket, made))
        self.made = made

    async def start(self) -> None:
        await self.made.network.listen(self.endpoint, Address(HOST, self.port))
        await self.registration.start()

    async def close(self) -> None:
        await self.registration.close()
        await self.endpoint.close()
        self.exporter.close()


@asynccontextmanager
async def resolving(made: World) -> AsyncIterator[Registry]:
    registry = Registry(Random(1).randbytes)
    exporter = Exporter([NAMES.dns_computer], lambda: PORT, pings=registry.pings)
    registry.changed = exporter.watch
    made.endpoint._services[IObjectExporter.iid] = Resolver(exporter, registry)
    listener = await made.network.listen(registry, SOCKET)
    yield registry
    await listener.close()
    exporter.close()


async def settled(registry: Registry, count: int) -> None:
    async with asyncio.timeout(1000):
        while len(registry) != count:  # noqa: ASYNC110 - nothing tells
            await asyncio.sleep(1)


async def test_objects_of_other_processes_are_found_and_called() -> None:
    async with world() as made, resolving(made) as registry:
        processes = [Process(made, number) for number in range(2)]
        for process in processes:
            await process.start()
        await settled(registry, 2)
        for process in processes:
            lamp = Lamp(made)
            reference = objref.decode(process.exporter.publish(lamp, ILamp, HOST))
            assert isinstance(reference, ObjRefStandard)
            entry = await resolve(reference, connect=made.network.connect, only=HOST)
            assert entry.oxid == process.exporter.entry("").oxid
            assert {binding.port for binding in entry.bindings.strings} == {process.port}
            channel = await reach(entry, login=NtlmInitiator("me", "secret"), connect=made.network.connect, only=HOST)
            assert await proxy(ILamp, channel, reference.std.ipid).Switch(1) == SwitchReply(0)
            channel.close()
        await processes[0].close()
        await settled(registry, 1)
        asking = await made.channel(user=None)
        reply = await proxy(IObjectExporter, asking).ResolveOxid2(processes[0].exporter.entry("").oxid, 1, (7,))
        asking.close()
        assert reply.hresult == error_status(HResult.RPC_E_INVALID_OXID)
        await processes[1].close()
        await settled(registry, 0)


async def test_what_nobody_pings_is_told_to_whom_it_belongs() -> None:
    async with world() as made, resolving(made) as registry:
        process = Process(made, 0)
        await process.start()
        await settled(registry, 1)
        told: list[int] = []
        process.exporter.reclaim = told.extend  # type: ignore[method-assign,assignment]  # to see it
        for oid in (1, 2, 3):
            process.pings.add(oid, 0)
        process.pings.add(4, 0, collect=False)
        process.pings.discard(3)
        await asyncio.sleep(1)
        asking = await made.channel()
        resolver = proxy(IObjectExporter, asking)
        made_set = await resolver.ComplexPing(0, 1, 1, 0, (1,), None)
        for _ in range(8):
            await asyncio.sleep(60)
            await resolver.SimplePing(made_set.pSetId)
        assert told == [2]
        asking.close()
        await asyncio.sleep(2 * limits.PING_TIMEOUT_SECONDS)
        assert sorted(told) == [1, 2]
        await process.close()


async def test_a_resolver_that_comes_back_is_told_everything_again(caplog: pytest.LogCaptureFixture) -> None:
    async with world() as made:
        process = Process(made, 0)
        with pytest.raises(Unreachable):
            await process.start()
        made.network._ports.pop(Address(HOST, process.port))
        async with resolving(made) as first:
            await process.start()
            process.pings.add(1, 0)
            await settled(first, 1)
            for owner in set(first._processes.values()):
                owner._transport.abort()
        await asyncio.sleep(20)
        assert "the resolver of this machine is gone" in caplog.text
        async with resolving(made) as second:
            await settled(second, 1)
            assert 1 in second.owners
            await process.close()
            await settled(second, 0)


def said(**changed: Any) -> bytes:
    return json.dumps({"oxid": "1", "ipid": str(IPID), "port": 1, "names": [], "hint": 5} | changed).encode() + b"\n"


@pytest.mark.parametrize(
    "octets",
    [
        b"rubbish\n",
        b"[]\n",
        b"[" * 100_000 + b"\n",
        b"x" * (limits.REGISTRY_LINE_OCTETS + 1),
        said(oxid="0"),
        said(oxid="g"),
        said(oxid="1" * 17),
        said(port=0),
        said(ipid="x"),
        said(hint=7),
        said(names=["x"] * 17),
        said(names=["a\0b"]),
        said(names=["\ud800"]),
        said(names=["x" * 256]),
        said(port=float("inf")),
        said() + b'{"add": ["-1"], "collect": true}\n',
        said() + b'{"add": ["7"], "collect": true}\n',
        said() + b"{}\n",
    ],
)
async def test_who_makes_no_sense_is_let_go(octets: bytes, caplog: pytest.LogCaptureFixture) -> None:
    async with world() as made, resolving(made) as registry:
        process = Process(made, 0)
        await process.start()
        process.pings.add(7, 0)
        await settled(registry, 1)

        class Client(asyncio.Protocol):
            lost = False

            def connection_lost(self, _: Exception | None) -> None:
                self.lost = True

        transport, client = await made.network.connect(Client, *SOCKET)
        transport.write(octets)
        async with asyncio.timeout(100):
            while not client.lost:  # noqa: ASYNC110 - nothing tells
                await asyncio.sleep(1)
        assert "makes no sense" in caplog.text
        assert len(registry) == 1
        assert 7 in registry.owners
        await process.close()
        await settled(registry, 0)


async def test_nobody_takes_the_exporter_of_another(caplog: pytest.LogCaptureFixture) -> None:
    async with world() as made, resolving(made) as registry:
        process = Process(made, 0)
        await process.start()
        await settled(registry, 1)
        transport, _ = await made.network.connect(asyncio.Protocol, *SOCKET)
        transport.write(said(oxid=f"{process.exporter.entry('').oxid:x}"))
        await asyncio.sleep(1)
        assert "is somebody else's" in caplog.text
        assert len(registry) == 1
        await process.close()
        await settled(registry, 0)


async def test_nobody_takes_the_objects_of_the_resolver_s_own_exporter(caplog: pytest.LogCaptureFixture) -> None:
    """They would never be collected, or be told as due to whom they do not belong to."""
    async with world() as made, resolving(made) as registry:
        registry.pings.add(7, 0)
        transport, _ = await made.network.connect(asyncio.Protocol, *SOCKET)
        transport.write(said() + b'{"add": ["7"], "collect": false}\n')
        await asyncio.sleep(1)
        assert "object 0000000000000007 is somebody else's" in caplog.text
        assert (len(registry), registry.owners) == (0, {})
        assert registry.pings.knows(7)
        assert registry.pings.deadline() == limits.PING_TIMEOUT_SECONDS
        registry.pings.discard(7)


async def test_so_many_processes_and_objects_and_no_more(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(limits, "REGISTRY_PROCESSES", 2)
    monkeypatch.setattr(limits, "REGISTRY_OIDS", 2)
    async with world() as made, resolving(made) as registry:
        links = []
        for number in (1, 2, 3):
            transport, _ = await made.network.connect(asyncio.Protocol, *SOCKET)
            transport.write(said(oxid=f"{number:x}"))
            await asyncio.sleep(1)
            links.append(transport)
        assert "cannot share the resolver: 2 do" in caplog.text
        assert (len(registry), links[2].is_closing()) == (2, True)
        links[0].write(b'{"add": ["7", "8", "7"], "collect": true}\n')
        links[1].write(b'{"add": ["9", "a", "b"], "collect": true}\n')
        await asyncio.sleep(1)
        assert "one too many" in caplog.text
        assert (len(registry), set(registry.owners)) == (1, {7, 8})
        again, _ = await made.network.connect(asyncio.Protocol, *SOCKET)
        again.write(said(oxid="4"))
        await settled(registry, 2)
        for transport in (links[0], again):
            transport.abort()
        await settled(registry, 0)
        assert registry.pings.deadline() is None
