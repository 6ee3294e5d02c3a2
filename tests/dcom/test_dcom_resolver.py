"""IObjectExporter: what anybody may ask."""

from __future__ import annotations

import asyncio

from tests.dcom.fakes import HOST, ME, YOU, Client, ILamp, World, world

from openwmi.base import guid, limits
from openwmi.interfaces import IObjectExporter
from openwmi.orpc import OUR_VERSION, ComVersion
from openwmi.orpc.bindings import TOWER_TCP
from openwmi.rpc import AuthLevel

INVALID_OXID, INVALID_SET = 0x776, 0x778


async def stranger(made: World) -> Client:
    client = await made.connect()
    await client.bind(IObjectExporter)
    return client


async def pinger(made: World, user: tuple[str, str] = ME) -> Client:
    client = await made.connect()
    await client.bind(IObjectExporter, user=user, level=AuthLevel.CONNECT)
    return client


async def test_whether_a_server_is_there() -> None:
    async with world() as made:
        client = await stranger(made)
        assert await client.call(IObjectExporter, "ServerAlive") == 0
        reply = await client.call(IObjectExporter, "ServerAlive2")
        assert (reply.pComVersion, reply.hresult) == (OUR_VERSION, 0)
        strings = reply.ppdsaOrBindings.bindings.strings
        assert [(each.host, each.port) for each in strings] == [(HOST, None), ("host1.example.org", None)]


async def test_where_an_exporter_is() -> None:
    async with world() as made:
        client = await stranger(made)
        entry = made.exporter.entry(HOST)
        reply = await client.call(IObjectExporter, "ResolveOxid2", entry.oxid, 1, (TOWER_TCP,))
        assert (reply.pipidRemUnknown, reply.pAuthnHint, reply.hresult) == (made.rem_unknown, AuthLevel.INTEGRITY, 0)
        first = reply.ppdsaOxidBindings.bindings.strings[0]
        assert (first.host, first.port) == (HOST, 135)
        reply = await client.call(IObjectExporter, "ResolveOxid", entry.oxid, 1, (TOWER_TCP,))
        assert (reply.pipidRemUnknown, reply.hresult) == (made.rem_unknown, 0)


async def test_an_exporter_that_is_not_here() -> None:
    async with world() as made:
        client = await stranger(made)
        reply = await client.call(IObjectExporter, "ResolveOxid2", 4711, 0, ())
        assert (reply.ppdsaOxidBindings, reply.pipidRemUnknown, reply.hresult) == (None, guid.NULL, INVALID_OXID)
        assert reply.pComVersion == ComVersion(0, 0)
        reply = await client.call(IObjectExporter, "ResolveOxid", 4711, 0, ())
        assert (reply.ppdsaOxidBindings, reply.hresult) == (None, INVALID_OXID)


async def test_pings_keep_objects_when_the_connection_is_gone() -> None:
    async with world() as made:
        client = await made.enter()
        lamp = await client.activate(ILamp)
        client.transport.close()
        pings = await pinger(made)
        reply = await pings.call(IObjectExporter, "ComplexPing", 0, 1, 1, 0, (lamp.oid,), None)
        assert reply.hresult == 0
        for _ in range(10):
            await asyncio.sleep(limits.PING_PERIOD_SECONDS)
            assert await pings.call(IObjectExporter, "SimplePing", reply.pSetId) == 0
        assert made.lamps[0].released_times == 0
        await asyncio.sleep(limits.PING_TIMEOUT_SECONDS + 1)
        assert made.lamps[0].released_times == 1
        assert await pings.call(IObjectExporter, "SimplePing", reply.pSetId) == INVALID_SET


async def test_an_object_that_is_taken_out_of_the_set_ends() -> None:
    async with world() as made:
        client = await made.enter()
        lamp = await client.activate(ILamp)
        client.transport.close()
        pings = await pinger(made)
        made_set = await pings.call(IObjectExporter, "ComplexPing", 0, 1, 1, 0, (lamp.oid,), None)
        changed = await pings.call(IObjectExporter, "ComplexPing", made_set.pSetId, 2, 0, 1, None, (lamp.oid,))
        assert (changed.pSetId, changed.hresult) == (made_set.pSetId, 0)
        await asyncio.sleep(limits.PING_TIMEOUT_SECONDS + 1)
        assert made.lamps[0].released_times == 1


async def test_a_set_belongs_to_its_user() -> None:
    async with world() as made:
        mine, yours, nobodys = await pinger(made, ME), await pinger(made, YOU), await stranger(made)
        reply = await mine.call(IObjectExporter, "ComplexPing", 0, 0, 0, 0, None, None)
        assert reply.pSetId
        for client in (yours, nobodys):
            assert await client.call(IObjectExporter, "SimplePing", reply.pSetId) == INVALID_SET
            changed = await client.call(IObjectExporter, "ComplexPing", reply.pSetId, 1, 0, 0, None, None)
            assert changed.hresult == INVALID_SET
        assert await mine.call(IObjectExporter, "SimplePing", reply.pSetId) == 0


async def test_sets_end_even_where_there_is_no_object() -> None:
    """Else whoever made a thousand could make no more of them, ever."""
    async with world() as made:
        client = await pinger(made)
        reply = await client.call(IObjectExporter, "ComplexPing", 0, 0, 0, 0, None, None)
        assert await client.call(IObjectExporter, "SimplePing", reply.pSetId) == 0
        assert made.exporter._pings._sets
        await asyncio.sleep(limits.PING_TIMEOUT_SECONDS + 1)
        assert not made.exporter._pings._sets


async def test_a_set_that_is_left_when_the_server_ends_sets_no_timer() -> None:
    async with world() as made:
        client = await pinger(made)
        await client.call(IObjectExporter, "ComplexPing", 0, 0, 0, 0, None, None)
        made.exporter.close()
        client.transport.close()
        await asyncio.sleep(1)
        assert len(made.endpoint) == 0
        assert made.exporter._timer is None
