"""How many round trips a caller waits for; where the other machine is far away, nothing else counts."""

from __future__ import annotations

import pytest
from tests.client.fakes import world
from tests.client.remote import trips_of_a_cancel
from tests.client.trips import Trips

from openwmi.operation import CallFlags

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
