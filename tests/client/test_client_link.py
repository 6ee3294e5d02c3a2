"""The way to a machine: who shares it, how long it lasts, and by which name it is asked for."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import cast

import pytest
from tests.client.fakes import THINGS, world
from tests.client.trips import Trips

from openwmi.base import limits
from openwmi.base.error import Unreachable, WbemError
from openwmi.base.status import WbemStatus
from openwmi.client import Credentials, open_session
from openwmi.client.link import resource_of
from openwmi.interfaces import CallResultReply, GetObjectReply
from openwmi.model import CimClass
from openwmi.ndr import Cell
from openwmi.net import Address
from openwmi.operation import LOCAL, CallFlags
from openwmi.security import nt_hash
from openwmi.testing import WmiServer

EVENT = "class Demo_Event : __ExtrinsicEvent { string Text; };"
WAITING = 30


async def test_it_is_kept_by_pings() -> None:
    """An hour in which nothing is asked: neither end forgets the other."""
    async with world() as there, there.entered() as ns:
        await asyncio.sleep(3600)
        assert (await ns.get("Demo_Thing='one'")).Size == 1
        assert len(there.server.sessions) == 1


async def test_it_is_shared_and_ends_with_the_last() -> None:
    async with world() as there:
        trips = Trips(there.network.connect)
        async with there.entered("root", connect=trips.connect) as root:
            ns = await root.namespace("cimv2")
            again = await root.namespace("cimv2")
            assert len(trips.transports) == 2
            await again.close()
            await again.close()
        assert (await ns.get("Demo_Thing='one'")).Size == 1
        await ns.close()
        assert all(transport.is_closing() for transport in trips.transports)


async def test_a_language_is_a_login_of_its_own() -> None:
    async with world() as there, there.entered() as ns:
        for _ in range(2):
            assert (await ns.options(locale="ms_409").get("Demo_Thing='one'")).Size == 1
        assert len(there.server.sessions) == 2


@pytest.mark.parametrize("login_too", [False, True])
async def test_what_is_gone_over_there_is_asked_for_anew(login_too: bool) -> None:
    async with world() as there:
        session = await there.enter()
        waiting = session.events("SELECT * FROM __TimerEvent", None, LOCAL)
        await waiting.started()
        entered = await session.link.reach(session.namespace, "")
        await entered.exporter.release(entered.ipid)
        if login_too:
            await entered.exporter.release(entered.login._login)
        rows = await session.query("SELECT * FROM Demo_Thing", None, LOCAL)
        assert len(rows) == 3
        assert len(there.server.sessions) == 2
        assert waiting.results.finished is login_too, "what goes on is left alone, where that is possible"
        await session.close()


async def test_many_at_once_log_in_once() -> None:
    async with world() as there, there.entered() as ns:
        there.server.disconnect()
        await asyncio.sleep(0.1)
        found = await asyncio.gather(*[ns.get("Demo_Thing='one'") for _ in range(50)])
        assert [one.Size for one in found] == [1] * 50
        assert len(there.server.sessions) == 2


async def test_an_answer_without_what_was_asked_for() -> None:
    async with world() as there:
        session = await there.enter()
        with pytest.raises(WbemError) as failure:
            await session.get("", LOCAL)
        assert failure.value.status == WbemStatus.INVALID_OBJECT_PATH

        async def nothing(*_: object) -> GetObjectReply:
            return GetObjectReply(None, None)

        (await session.link.reach(session.namespace, "")).services.__dict__["GetObject"] = nothing
        with pytest.raises(Unreachable, match="brought no object"):
            await session.get("Demo_Thing", LOCAL)
        await session.close()


async def test_a_put_of_which_too_little_is_said() -> None:
    """Neither how it ended, nor, of an instance whose key the server makes, what its path is."""
    async with world() as there:
        session = await there.enter()
        thing = cast(CimClass, await session.get("Demo_Thing", LOCAL))

        async def nothing(*_: object) -> CallResultReply:
            return CallResultReply(Cell(None))

        (await session.link.reach(session.namespace, "")).services.__dict__["PutInstance"] = nothing
        with pytest.raises(Unreachable, match="its path was not said"):
            await session.put(thing.instance(), LOCAL)
        later = replace(LOCAL, flags=CallFlags.RETURN_IMMEDIATELY)
        with pytest.raises(Unreachable, match=r"nothing came that tells.*the outcome is unknown"):
            await session.put(thing.instance({"Name": "x"}), later)
        await session.close()


async def test_over_ipv6() -> None:
    try:
        server = WmiServer(THINGS, host="::1")
        async with server:
            session = await open_session(
                r"root\cimv2",
                where=Address(server.host, server.port),
                credentials=Credentials(server.user, nt_hash=nt_hash(server.password)),
            )
            assert len(await session.query("SELECT * FROM Demo_Thing", None, LOCAL)) == 3
            await session.close()
    except (OSError, WbemError) as error:
        if "::1" in str(error):
            pytest.skip(f"no IPv6 here: {error}")
        raise


async def test_calls_that_wait_are_spread_over_connections(monkeypatch: pytest.MonkeyPatch) -> None:
    """Subscriptions, each of which waits for its next event; and a call beside them."""
    monkeypatch.setattr(limits, "POOL_CALLS", 8)
    async with world(THINGS, EVENT) as there:
        trips = Trips(there.network.connect)
        async with there.entered(connect=trips.connect) as ns:
            class_ = await ns.get("Demo_Event")
            waiting = [ns.events("SELECT * FROM Demo_Event") for _ in range(WAITING)]
            for each in waiting:
                await each.started()
            await asyncio.sleep(1)
            assert 1 + WAITING / 8 <= len(trips.transports) <= 1 + limits.POOL_CONNECTIONS
            assert (await ns.get("Demo_Thing='one'")).Size == 1
            await ns.emit(class_.instance({"Text": "heard"}))
            for each in waiting:
                assert [event.Text for event in await each.next(1, timeout=5)] == ["heard"]
                each.close()
            assert len(there.server.sessions) == 1


def test_what_is_asked_for() -> None:
    assert resource_of("srv1", r"root\cimv2") == r"\\srv1\root\cimv2"
    assert resource_of("192.0.2.1", r"root\cimv2") == r"\\192.0.2.1\root\cimv2"
    assert resource_of("fe80::1%eth0", r"root\cimv2") == r"\\.\root\cimv2", "Windows' paths have no such hosts"
