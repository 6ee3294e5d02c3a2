"""Two ends over a network that is slow, comes in pieces and breaks: a thousand seeds, under the fake clock.

Whatever happens, each call ends: with its own answer, carried out once, or with an error that the network explains; and
in the end nothing is left of it at either end.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable
from random import Random

import pytest
from tests.dcom.fakes import CLSID_LAMP, HOST, ME, PORT, ILamp, Lamp, OctetsReply, World, nothing_left
from tests.dcom.rough import RoughNetwork

from openwmi.base import limits
from openwmi.base.error import Unreachable, WbemError
from openwmi.dcom import Machine, Means
from openwmi.net import Address
from openwmi.rpc import AuthLevel
from openwmi.security import Initiator, NtlmInitiator, negotiate
from openwmi.testing import FakeClockLoop

SEEDS, AT_ONCE = 1000, 50
CALLS = 12
LONGEST = 3600.0
"""Seconds, of which a simulation takes a few hundred where a server waits for who is gone."""


class Counting(Lamp):
    """Takes a while, and counts what it did."""

    random: Random
    done: Counter[int]

    async def Shine(self, size: int) -> OctetsReply:
        self.done[size] += 1
        await asyncio.sleep(self.random.random())
        return OctetsReply(size, bytes(size))


async def simulate(seed: int) -> tuple[int, int]:
    """How many calls were answered, and how many failed."""
    random = Random(seed)
    done: Counter[int] = Counter()
    outcome: Counter[str] = Counter()
    async with nothing_left():
        world = World(1 << 16)
        network = RoughNetwork(random, world.accept)

        def lamp() -> Lamp:
            made = Counting(world)
            made.random, made.done = random, done
            return made

        world.classes._factories[CLSID_LAMP] = lamp
        level = random.choice([AuthLevel.INTEGRITY, AuthLevel.PRIVACY])
        ways: list[Callable[[], Initiator]] = [
            lambda: NtlmInitiator(*ME, "DOM"),
            lambda: negotiate(HOST, *ME, "DOM", kerberos=False),
        ]
        means = Means(random.choice(ways), level, 60.0, network.connect)
        async with asyncio.timeout(LONGEST):
            try:
                machine = await Machine.open(Address(HOST, PORT), means)
            except Unreachable:
                assert network.broken
            else:
                await use(machine, random, network, done, outcome)
            await asyncio.sleep(3 * limits.PING_TIMEOUT_SECONDS)
        assert len(world.exporter) == 0
        assert [lamp.released_times for lamp in world.lamps] == [1] * len(world.lamps)
        assert all(count == 1 for count in done.values())
        await world.endpoint.close()
        world.exporter.close()
        await asyncio.sleep(120)
        assert len(world.endpoint) == len(world.endpoint.groups) == 0
    return outcome["answered"], outcome["failed"]


async def use(
    machine: Machine, random: Random, network: RoughNetwork, done: Counter[int], outcome: Counter[str]
) -> None:
    try:
        exporter, (ipid,) = await machine.activate(CLSID_LAMP, ILamp)
    except WbemError:
        assert network.broken
        await machine.close()
        return
    assert ipid is not None
    lamp = exporter.proxy(ILamp, ipid)

    async def one(size: int) -> None:
        await asyncio.sleep(random.random() * 3)
        try:
            async with asyncio.timeout(random.choice([None, None, 0.5])):
                answer = await lamp.Shine(size)
        except TimeoutError:
            outcome["abandoned"] += 1
        except WbemError:
            assert network.broken
            outcome["failed"] += 1
        else:
            assert (len(answer.octets), done[size]) == (size, 1)
            outcome["answered"] += 1

    sizes = random.sample(range(20_000), CALLS)
    await asyncio.gather(*map(one, sizes))
    assert outcome.total() == CALLS
    await machine.close()
    network.calm = True


@pytest.mark.no_cover  # other tests show that each line is run; here it would cost minutes
@pytest.mark.parametrize("first", range(0, SEEDS, AT_ONCE))
def test_no_answer_is_lost_or_doubled_and_nothing_is_left(first: int) -> None:
    answered = failed = 0
    for seed in range(first, first + AT_ONCE):
        with asyncio.Runner(loop_factory=FakeClockLoop) as runner:
            try:
                good, bad = runner.run(simulate(seed))
            except BaseException as error:
                error.add_note(f"seed {seed}")
                raise
        answered, failed = answered + good, failed + bad
    assert answered > CALLS  # and not all of them fell victim to the network
    assert failed
