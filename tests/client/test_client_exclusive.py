"""Servers that take one call at a time on a connection, as Windows does, and servers that have gone silent."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from tests.client.fakes import THINGS, world
from tests.client.trips import Trips

from openwmi.base.error import Timeout, Unreachable
from openwmi.base.limits import OPEN_SECONDS
from openwmi.client.waiting import POLL_MILLISECONDS
from openwmi.operation import CallFlags
from openwmi.rpc import client as rpc_client
from openwmi.rpc.header import PduFlags

ALL = "SELECT * FROM Demo_Thing"
SLOW = "class Demo_Slow { [key] string Name; };"
CREATED = "SELECT * FROM __InstanceCreationEvent WHERE TargetInstance ISA 'Demo_Thing'"


@pytest.fixture
def exclusive(monkeypatch: pytest.MonkeyPatch) -> None:
    """Several calls at once are not agreed upon."""
    monkeypatch.setattr(rpc_client, "PduFlags", type("Flags", (PduFlags,), {"CONC_MPX": 0}))


async def test_one_call_at_a_time(exclusive: None) -> None:
    async with world() as there:
        trips = Trips(there.network.connect)
        async with there.entered(connect=trips.connect) as ns:
            assert len(await ns.query(ALL)) == 3
            assert len(trips.transports) == 2, "one to the resolver, one for all calls"
            assert trips.count <= 13
            found = await asyncio.gather(*[ns.query(ALL) for _ in range(20)])
            assert [len(rows) for rows in found] == [3] * 20
            assert len(trips.transports) <= 1 + 8
            assert len(there.server.sessions) == 1


async def test_what_is_given_up_takes_no_connection_with_it(exclusive: None) -> None:
    """Rows and events wait for a time of their own, and are then let go; what waits without one is cut off."""
    async with world(THINGS, SLOW, rows={"Demo_Slow": list}) as there, there.entered() as ns:
        there.server.fault(of="Demo_Slow", delay=20.0)
        events, rows = ns.events(CREATED), ns.query("SELECT * FROM Demo_Slow")
        await events.started()
        await rows.started()
        await asyncio.sleep(1)
        events.cancel()
        rows.close()
        assert len(await ns.query(ALL)) == 3
        await asyncio.sleep(POLL_MILLISECONDS / 1000)
        assert len(await ns.query(ALL)) == 3
        assert len(there.server.sessions) == 1
        assert {call.method for call in there.server.calls} == {"ExecNotificationQuery", "ExecQuery"}
        slow = ns.get("Demo_Thing='one'")
        there.server.fault(of="Demo_Thing", delay=20.0)
        await slow
        slow = ns.get("Demo_Thing='one'")
        await slow.started()
        await asyncio.sleep(1)
        slow.cancel()
        there.server.no_faults()
        assert len(await ns.query(ALL)) == 3
        await asyncio.sleep(20)


class Deaf:
    """A network on which the server hears no more from when it is told to."""

    def __init__(self, connect: Callable[..., Any]) -> None:
        self._connect = connect
        self.deaf = False

    async def connect(self, protocol: Callable[[], Any], host: str, port: int, timeout: float, /) -> tuple[Any, Any]:
        transport, made = await self._connect(protocol, host, port, timeout)
        write = transport.write
        transport.write = lambda data: None if self.deaf else write(data)
        return transport, made


async def test_a_server_that_goes_silent() -> None:
    async with world(THINGS, SLOW, rows={"Demo_Slow": list}) as there:
        network = Deaf(there.network.connect)
        async with there.entered(connect=network.connect) as ns:
            there.server.fault(of="Demo_Slow", delay=20.0)
            later = ns.options(flags=CallFlags.RETURN_IMMEDIATELY)
            waiting = [ns.events(CREATED), ns.query("SELECT * FROM Demo_Slow"), later.get("Demo_Slow='x'")]
            for each in waiting:
                await each.started()
            network.deaf = True
            for each in waiting:
                await each.status(60)
                assert isinstance(each.results.error, Unreachable), each.name
                assert "was to answer within" in each.results.error.message
            with pytest.raises(TimeoutError):
                await ns.options(timeout=3).get("Demo_Thing='one'")


async def test_a_server_that_never_answers() -> None:
    async with world() as there:
        network = Deaf(there.network.connect)
        network.deaf = True
        began = asyncio.get_running_loop().time()
        with pytest.raises((Unreachable, Timeout), match=r"answer|within"):
            await there.enter(connect=network.connect, timeout=3)
        assert asyncio.get_running_loop().time() - began == pytest.approx(3, abs=0.1)
        there.server.fault(call="RemoteCreateInstance", delay=3600.0)
        network.deaf = False
        with pytest.raises(Timeout, match="did not let us in within 60 s"):
            await there.enter(connect=network.connect)
        assert asyncio.get_running_loop().time() - began == pytest.approx(3 + OPEN_SECONDS, abs=0.1)
