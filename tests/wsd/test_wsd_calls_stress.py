"""Many calls at random: answered, faulted, late, cancelled, out of time, cut off. Each ends once.

Under the fake clock and with a seed, so that a run that fails can be run again.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from random import Random

import pytest
from tests.wsd.devices import World

from openwmi.base.error import Timeout, Unreachable, WbemError
from openwmi.base.status import WbemStatus
from openwmi.operation import Operation
from openwmi.soap import SoapFault
from openwmi.wsd import Call, Endpoint, Faulted, Outbound, Reply, Service

ANY = "urn:x/Any"
BODY = b'<x:Any xmlns:x="urn:x"/>'
OCTETS = bytes(70_000)
CALLS = 1500


class Moody(Service):
    """Does what chance has it do."""

    def __init__(self, chance: Random, world: list[World]) -> None:
        super().__init__("moody", actions={ANY: self.any})
        self.chance = chance
        self.world = world
        self.later: list[Call] = []

    async def any(self, call: Call) -> bytes | None:
        await asyncio.sleep(self.chance.random() * 0.1)
        kind = self.chance.randrange(8)
        if kind == 0:
            raise Faulted.of(SoapFault("Receiver", None, "by chance"))
        if kind == 1:
            call.later()
            asyncio.get_running_loop().call_later(self.chance.random() * 4, call.respond, BODY)
            return None
        if kind == 2:
            call.respond(BODY, attachments=[Outbound("a@x", OCTETS), Outbound("b@x", OCTETS)])
            return None
        if kind == 3:
            connections = sorted(self.world[0].host._server._connections, key=lambda each: each._peer)
            self.chance.choice(connections).abort()
        async for attachment in call.attachments:
            if self.chance.random() < 0.5:
                assert await attachment.read() == OCTETS
        return BODY


async def one(endpoint: Endpoint, chance: Random, ends: Counter[str]) -> None:
    """One call, until it has ended, and its attachments."""
    await asyncio.sleep(chance.random() * 20)
    attachments = [Outbound("c@x", OCTETS)] if chance.random() < 0.2 else []
    operation: Operation[Reply] = endpoint.two_way(
        ANY, BODY, attachments=attachments, timeout=chance.choice([1, 2, 60])
    )
    heard: list[object] = []
    operation.add_done_callback(heard.append)
    if chance.random() < 0.2:
        asyncio.get_running_loop().call_later(chance.random() * 0.3, operation.cancel)
    try:
        reply = await operation
        async for attachment in reply.attachments:
            if chance.random() < 0.7:
                assert await attachment.read() == OCTETS
        ends["answered"] += 1
    except Faulted:
        ends["faulted"] += 1
    except Timeout:
        ends["out of time"] += 1
    except Unreachable:
        ends["cut off"] += 1
    except WbemError as error:
        assert error.status in {WbemStatus.CALL_CANCELLED, WbemStatus.FAILED}, error
        ends["cancelled"] += 1
    assert heard == [operation]


@pytest.mark.no_cover  # many rounds, which tracing makes several times as long
@pytest.mark.parametrize("seed", range(2))
async def test_each_ends_once(seed: int) -> None:
    chance = Random(seed)
    worlds: list[World] = []
    service = Moody(chance, worlds)
    world = World(services=[service])
    worlds.append(world)
    ends: Counter[str] = Counter()
    before = len(asyncio.all_tasks())
    async with world.host, world.http() as http:
        endpoint = Endpoint(world.host.url(service), http=http)
        await asyncio.gather(*(one(endpoint, chance, ends) for _ in range(CALLS // 2)))
        await asyncio.sleep(100)
        assert http.open_connections == 0
        assert world.host._server._connections == set()
        assert len(asyncio.all_tasks()) <= before + 3  # the device's own
    assert sum(ends.values()) == CALLS // 2
    assert set(ends) == {"answered", "faulted", "out of time", "cut off", "cancelled"}
