"""Clients that vanish at each moment of each step, from the bind to the pings: nothing of theirs is left."""

from __future__ import annotations

import asyncio
from contextlib import suppress

import pytest
from tests.dcom.fakes import HOST, ME, PORT, Client, standard
from tests.server.fakes import ALL, RETURN_IMMEDIATELY, Services, Things, Wmi, things
from tests.server.sinks import ClientHost, RecordingSink, with_sinks
from tests.server.test_server_lost import PING_TIME, by_sink, left

from openwmi.base import limits
from openwmi.base.fault import LocalProtocolError
from openwmi.interfaces import IObjectExporter, IRemoteSCMActivator, IRemUnknown2, IWbemLevel1Login
from openwmi.orpc.wellknown import CLSID_WbemLevel1Login
from openwmi.rpc import AuthLevel
from openwmi.server.host import OBJECTS

TURNS = 24
"""Of the loop: each step that ends has ended by then."""


class Going:
    """A client on its way, a step at a time."""

    before = ("bind", "activate", "enter", "query")
    """What comes before any other."""

    def __init__(self, made: Wmi, host: ClientHost, client: Client) -> None:
        self.made = made
        self.host = host
        self.client = client

    async def bind(self) -> None:
        interfaces = (IRemoteSCMActivator, IObjectExporter, IRemUnknown2, *OBJECTS)
        await self.client.bind(*interfaces, user=ME, level=AuthLevel.INTEGRITY)

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
