"""Clients that vanish at each moment of each step, from the bind to the pings: nothing of theirs is left."""

from __future__ import annotations

import asyncio
import gc
import re
from collections.abc import Iterator
from contextlib import suppress
from types import FunctionType, ModuleType
from uuid import uuid4

import pytest
from tests.dcom.fakes import HOST, ME, PORT, Client, standard
from tests.server.fakes import ALL, RETURN_IMMEDIATELY, Services, Things, Wmi, things
from tests.server.sinks import THERE, ClientHost, RecordingSink, with_sinks
from tests.server.test_server_lost import PING_TIME, by_sink, left

from openwmi.base import limits
from openwmi.base.fault import LocalProtocolError
from openwmi.interfaces import IObjectExporter, IRemoteSCMActivator, IRemUnknown2, IWbemLevel1Login
from openwmi.orpc.wellknown import CLSID_WbemLevel1Login
from openwmi.rpc import AuthLevel
from openwmi.security import User, nt_hash
from openwmi.server.host import OBJECTS

TURNS = 24
"""Of the loop: each step that ends has ended by then."""


class Going:
    """A client on its way, a step at a time."""

    before = ("bind", "activate", "enter", "query")
    """What comes before any other."""

    def __init__(self, made: Wmi, host: ClientHost, client: Client, user: tuple[str, str] = ME) -> None:
        self.made = made
        self.host = host
        self.client = client
        self.user = user

    async def bind(self) -> None:
        interfaces = (IRemoteSCMActivator, IObjectExporter, IRemUnknown2, *OBJECTS)
        await self.client.bind(*interfaces, user=self.user, level=AuthLevel.INTEGRITY)

    async def activate(self) -> None:
        login = await self.client.activate(IWbemLevel1Login, clsid=CLSID_WbemLevel1Login)
        self.login, self.oid = login.ipid, login.oid

    async def enter(self) -> None:
        ask = "//./root/cimv2", None, 0, None
        reply = await self.client.call(IWbemLevel1Login, "NTLMLogin", *ask, target=self.login)
        self.services = Services(self.client, standard(reply.ppNamespace).ipid)

    async def query(self) -> None:
        self.enumerator = await self.services.query(ALL, RETURN_IMMEDIATELY)

    async def wait(self) -> None:
        await self.enumerator.next(1000)

    async def fetch(self) -> None:
        while True:
            await self.enumerator.next(1)

    async def query_at_once(self) -> None:
        await self.services.query(ALL, 0)

    async def push(self) -> None:
        sink = self.host.sink(RecordingSink())
        assert await self.services.call("ExecQueryAsync", "WQL", ALL, 0, None, sink) == 0

    async def ping(self) -> None:
        made = await self.client.call(IObjectExporter, "ComplexPing", 0, 1, 1, 0, (self.oid,), None)
        while True:
            assert await self.client.call(IObjectExporter, "SimplePing", made.pSetId) == 0


@pytest.mark.no_cover  # many rounds, which tracing makes several times as long
@pytest.mark.parametrize("step", [*Going.before, "wait", "fetch", "query_at_once", "push", "ping"])
async def test_a_client_that_vanishes_at_any_moment_of_a_step(step: str) -> None:
    provider = Things(things(*range(100)), asyncio.Event())
    async with with_sinks(provider) as (made, host):
        for turns in range(TURNS):
            _, client = await made.network.connect(Client, HOST, PORT)
            going = Going(made, host, client)
            for each in Going.before:
                if each == step:
                    break
                await getattr(going, each)()
            task = asyncio.ensure_future(getattr(going, step)())
            for _ in range(turns):
                await asyncio.sleep(0)
            client.transport.close() if turns % 2 else client.transport.abort()
            with suppress(ConnectionError, LocalProtocolError):  # by then it may ask on a closed connection
                await task
        assert task.done()
        await host.shut()
        await asyncio.sleep(2 * PING_TIME)
        assert (set(left(made).values()), provider.reading) == ({0}, 0)


@pytest.mark.parametrize("turns", range(0, TURNS, 4))
async def test_a_machine_that_vanishes_while_it_is_pinged(turns: int) -> None:
    provider = Things(things(1), asyncio.Event())
    async with with_sinks(provider) as (made, host):
        services = await made.enter()
        await by_sink(made, host, services)
        await asyncio.sleep(limits.PING_PERIOD_SECONDS)
        for _ in range(turns):
            await asyncio.sleep(0)
        services.client.transport.abort()
        await host.shut()
        await asyncio.sleep(PING_TIME)
        assert (set(left(made).values()), provider.reading) == ({0}, 0)


class Guests:
    """Whoever calls himself one."""

    def lookup(self, domain: str, name: str, computer: str) -> User | None:
        return User("DOM", name, nt_hash("open")) if name.startswith("guest") else None


def texts_of(root: object) -> Iterator[str]:
    """All that an object holds on to, but for what is the loop's or the program's own."""
    seen: set[int] = set()
    kept: list[object] = [root]
    for each in kept:
        if id(each) not in seen and not isinstance(each, OTHERS):
            seen.add(id(each))
            if isinstance(each, str):
                yield each
            kept += gc.get_referents(each)
            if isinstance(each, dict):  # the collector passes over keys that are texts
                kept += each


OTHERS = (type, ModuleType, FunctionType, asyncio.AbstractEventLoop, asyncio.Future)


async def test_a_server_forgets_users_and_addresses_that_are_gone() -> None:
    provider = Things(things(1, 2), asyncio.Event())
    async with with_sinks(provider, address=THERE) as (made, host):
        made.server._users = Guests()
        for number in range(10):
            _, client = await made.network.connect(Client, HOST, PORT, source=f"198.51.100.{number}")
            going = Going(made, host, client, (f"guest{number}", "open"))
            for step in (*Going.before, "push"):
                await getattr(going, step)()
            enumerator = going.enumerator
            await (await (await enumerator.clone()).smart(made)).next(uuid4(), 1)
            await client.call(IObjectExporter, "ComplexPing", 0, 1, 1, 0, (going.oid,), None)
        assert {"guest3", "198.51.100.3"} <= set(re.findall(GUEST, " ".join(texts_of(made.server))))
        for connection in list(made.server.endpoint._connections):
            connection._transport.abort()
        await host.shut()
        await asyncio.sleep(2 * PING_TIME)
        provider.calls.clear()
        gc.collect()
        assert re.findall(GUEST, " ".join(texts_of(made.server))) == []


GUEST = r"guest[0-9]|198\.51\.100\.[0-9]"
