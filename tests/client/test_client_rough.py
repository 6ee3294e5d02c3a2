"""Servers whose answers are cut short, changed or made up: a failure with a reason, and never anything else."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from random import Random
from typing import Any

import pytest
from tests.client.fakes import THINGS, World, world

from openwmi.base.error import AccessDenied, WbemError
from openwmi.base.status import WbemStatus
from openwmi.operation import CallFlags
from openwmi.session import Namespace

GROWN: dict[str, Any] = {"Demo_Thing.Grow": lambda keys, inputs: 0}
CREATED = "SELECT * FROM __InstanceCreationEvent WITHIN 1 WHERE TargetInstance ISA 'Demo_Thing'"

Spoil = Callable[[bytes], bytes]


def changed(seed: int) -> Spoil:
    def spoil(stub: bytes) -> bytes:
        random, octets = Random(f"{seed}"), bytearray(stub)
        for _ in range(random.choice([1, 4, 64])):
            if octets:
                octets[random.randrange(len(octets))] = random.randrange(256)
        return bytes(octets)

    return spoil


def cut(length: int) -> Spoil:
    return lambda stub: stub[:length]


SPOILERS: list[Spoil] = [
    *map(cut, (0, 7, 36)),
    lambda stub: stub[:-1],
    lambda stub: stub[:8] + b"\xff" * (len(stub) - 8),
    lambda stub: stub + stub,
    *map(changed, range(3)),
]


async def asked(ns: Namespace) -> None:
    """One of each kind of call."""
    await ns.query("SELECT * FROM Demo_Thing")
    one = await ns.get("Demo_Thing='one'")
    await ns.call("Demo_Thing='one'", "Grow", By=1)
    later = ns.options(flags=CallFlags.RETURN_IMMEDIATELY)
    await later.put(one)
    await later.get("Demo_Thing='one'")
    async with ns.events(CREATED) as events:
        await events.started()
        await events.next(1, timeout=0.01)
    await (await ns.namespace("below")).close()


class Spoiling:
    """Makes the server's so-manieth answer another one."""

    def __init__(self, there: World) -> None:
        self.at, self.count, self.spoil = 0, 0, cut(0)
        self._answer = there.server._server.endpoint.answer
        there.server._server.endpoint.answer = self.answer  # type: ignore[method-assign]  # so that it is spoiled

    async def answer(self, *arguments: Any, **named: Any) -> bytes:
        stub = await self._answer(*arguments, **named)
        self.count += 1
        return self.spoil(stub) if self.count == self.at else stub


@pytest.mark.parametrize("spoil", SPOILERS, ids=map(str, range(len(SPOILERS))))
async def test_each_answer_in_turn(spoil: Spoil, caplog: pytest.LogCaptureFixture) -> None:
    async with world(THINGS, methods=GROWN) as there:
        await there.server.namespace("root\\cimv2").load_mof('instance of __Namespace { Name = "below"; };')
        spoiling, failures = Spoiling(there), 0
        while True:
            spoiling.at, spoiling.count, spoiling.spoil = spoiling.at + 1, 0, spoil
            try:
                async with asyncio.timeout(600), there.entered() as ns:
                    await asked(ns)
            except WbemError:
                failures += 1
            if spoiling.count < spoiling.at:
                break
        assert spoiling.at > 20
        assert failures or spoil is SPOILERS[5], "who adds something does no harm"
        assert not [record for record in caplog.records if record.exc_info], "no bug is in the log"


async def test_rights_that_end_at_each_call_in_turn(caplog: pytest.LogCaptureFixture) -> None:
    """From then on the server denies everything but that it is let go: each time that is what we are told, and soon."""
    async with world(THINGS, methods=GROWN) as there:
        await there.server.namespace("root\\cimv2").load_mof('instance of __Namespace { Name = "below"; };')
        endpoint = there.server._server.endpoint
        last, count, denied = 0, 0, 0

        async def before(call: str) -> None:
            nonlocal count
            if call not in {"RemRelease", "SimplePing", "ComplexPing"}:
                count += 1
                if count > last:
                    raise WbemError(WbemStatus.ACCESS_DENIED, "no more")

        endpoint._before = before
        while True:
            last, count = last + 1, 0
            with contextlib.suppress(AccessDenied):
                async with asyncio.timeout(60), there.entered() as ns:
                    await asked(ns)
                break
            denied += 1
        assert denied == last - 1 > 15
        assert not [record for record in caplog.records if record.exc_info], "no bug is in the log"
