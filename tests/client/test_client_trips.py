"""How many round trips a caller waits for; where the other machine is far away, nothing else counts."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from typing import Any

import pytest
from tests.client.fakes import THINGS, world
from tests.client.remote import trips_of_a_cancel
from tests.client.trips import Trips

from openwmi.dcom.channel import Connect
from openwmi.operation import CallFlags

ROUND_TRIP = 1.0
ALL = "SELECT * FROM Demo_Thing"


async def test_the_first_row() -> None:
    async with world() as there:
        trips = Trips(there.network.connect)
        async with there.entered(connect=trips.connect) as ns:
            async for _ in (rows := ns.query(ALL)):
                break
            rows.close()
            assert trips.count <= 10, "cold, with NTLM, and both connections"
            await ns.get("Demo_Thing")  # whatever was still to be said has been
            before = trips.count
            assert len(await ns.query(ALL)) == 3
            assert trips.count - before <= 4 + 1, "warm, to the last row; and the release that nobody waits for"


async def test_calls_with_one_result() -> None:
    async with world(methods={"Demo_Thing.Grow": lambda keys, inputs: 0}) as there:
        trips = Trips(there.network.connect)
        async with there.entered(connect=trips.connect) as ns:
            before = trips.count

            async def asked(count: int) -> None:
                nonlocal before
                assert trips.count - before == count
                before = trips.count

            one = await ns.get("Demo_Thing='one'")
            await asked(1)
            await ns.put(one.replace_(Size=7))
            await asked(1)
            await ns.call("Demo_Thing='one'", "Grow", By=1)
            await asked(2)  # its class, and the call
            await ns.call("Demo_Thing='one'", "Grow", By=1)
            await asked(1)
            await ns.delete("Demo_Thing='one'")
            await asked(1)
            later = ns.options(flags=CallFlags.RETURN_IMMEDIATELY)
            await later.get("Demo_Thing='two'")
            await asked(4)  # the call, its status, its object; and the release that nobody waits for


@pytest.mark.parametrize("heard", [True, False], ids=["after the first objects", "before any"])
async def test_from_cancelling_to_the_last_word(heard: bool) -> None:
    """CancelAsyncCall, SetStatus, and what releases the sink; with the path of the server's calls open."""
    assert 2 <= await trips_of_a_cancel(heard=heard) <= 5


class Far:
    """A network on which whatever is said arrives half a second later."""

    def __init__(self, connect: Connect) -> None:
        self._connect = connect

    async def connect(self, protocol: Callable[[], Any], host: str, port: int, timeout: float, /) -> tuple[Any, Any]:
        await asyncio.sleep(ROUND_TRIP)
        transport, made = await self._connect(protocol, host, port, timeout)
        transport.write, made.data_received = _later(transport.write), _later(made.data_received)
        return transport, made


def _later(say: Callable[[bytes], object]) -> Callable[[bytes], None]:
    said: deque[bytes] = deque()

    def later(data: bytes) -> None:
        said.append(bytes(data))
        # Timers that are due at the same time have no order.
        asyncio.get_running_loop().call_later(ROUND_TRIP / 2, lambda: say(said.popleft()))

    return later


async def test_far_away() -> None:
    """The same, by the clock; and many rows come at the speed of the line, not of its round trips."""
    rows = {"Demo_Many": lambda: [{"Name": str(number)} for number in range(20_000)]}
    async with world(THINGS, "class Demo_Many { [key] string Name; };", rows=rows) as there:
        clock = asyncio.get_running_loop().time
        began = clock()
        async with there.entered(connect=Far(there.network.connect).connect) as ns:
            async for _ in (things := ns.query(ALL)):
                break
            assert clock() - began == pytest.approx(10 * ROUND_TRIP)
            things.close()
            await asyncio.sleep(10)
            began = clock()
            async for _ in (things := ns.query(ALL)):
                break
            assert clock() - began == pytest.approx(4 * ROUND_TRIP)
            things.close()
            began = clock()
            assert len(await ns.query("SELECT * FROM Demo_Many")) == 20_000
            assert clock() - began <= 14 * ROUND_TRIP
            await asyncio.sleep(10)
