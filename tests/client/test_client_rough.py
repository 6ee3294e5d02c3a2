"""Servers whose answers are cut short, changed, made up, late or lost: a failure with a reason, and nothing else."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from random import Random
from typing import Any

import pytest
from tests.client.fakes import THINGS, World, bugs, world
from tests.client.remote import Hearing

from openwmi.base.error import WbemError
from openwmi.base.status import HResult, WbemStatus
from openwmi.client import sinkhost
from openwmi.operation import CallFlags, Operation
from openwmi.server import CallbackPolicy
from openwmi.session import Namespace

GROWN: dict[str, Any] = {"Demo_Thing.Grow": lambda keys, inputs: 0}
CREATED = "SELECT * FROM __InstanceCreationEvent WITHIN 1 WHERE TargetInstance ISA 'Demo_Thing'"
MOF = 'class Demo_New : Demo_Thing { Demo_Thing Other; }; instance of Demo_New { Name = "new"; };'
LATE = 3600.0
"""Seconds that an answer comes later than anybody waits."""

MISSED = {HResult.RPC_S_CALL_FAILED, WbemStatus.TIMED_OUT}
"""What a call fails with whose answer does not come."""

Spoil = Callable[[bytes], bytes]
Story = Callable[[Namespace], Awaitable[None]]


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


SPOILERS: dict[str, Spoil] = {
    "nothing": cut(0),
    "a header": cut(7),
    "little": cut(36),
    "all but one": lambda stub: stub[:-1],
    "ones": lambda stub: stub[:8] + b"\xff" * (len(stub) - 8),
    "more": lambda stub: stub + stub,
    **{f"changed {seed}": changed(seed) for seed in range(3)},
}


async def reading(ns: Namespace) -> None:
    """One of each kind of call but those below."""
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


async def changing(ns: Namespace) -> None:
    """Classes and what is compiled here."""
    await ns.load_mof(MOF)
    thing = await ns.get("Demo_Thing")
    for each in (ns, ns.options(flags=CallFlags.RETURN_IMMEDIATELY)):
        await each.put(thing.derive("Demo_Small"))
        await each.delete("Demo_Small")


async def called_back(ns: Namespace) -> None:
    """Calls whose results a sink hears."""
    small = (await ns.get("Demo_Thing")).derive("Demo_Small")
    await heard(ns, lambda it: it.query("SELECT * FROM Demo_Thing"))
    await heard(ns, lambda it: it.put(small))
    await heard(ns, lambda it: it.delete("Demo_Small"))
    await heard(ns, lambda it: it.call("Demo_Thing='one'", "Grow", By=1))
    sink = Hearing()
    await ns.with_sink(sink).events(CREATED).started()
    ns.cancel_calls(sink)
    await sink.final()


STORIES: dict[str, Story] = {each.__name__: each for each in (reading, changing, called_back)}
each_story = pytest.mark.parametrize("story", STORIES.values(), ids=STORIES)


async def heard(ns: Namespace, make: Callable[[Namespace], Operation[Any]]) -> Hearing:
    """A call with a sink, which hears one final status if the call has started; and raises that if it is a failure."""
    sink = Hearing()
    try:
        await make(ns.with_sink(sink)).started()
    except WbemError:
        assert not sink.statuses
        raise
    if await sink.final() and sink.errors[0] is not None:
        raise sink.errors[0]
    return sink


@contextlib.asynccontextmanager
async def rough(caplog: pytest.LogCaptureFixture) -> AsyncIterator[World]:
    """A server that calls sinks, too."""
    async with world(THINGS, methods=GROWN, callbacks=CallbackPolicy(anonymous=True)) as there:
        await there.server.namespace("root\\cimv2").load_mof('instance of __Namespace { Name = "below"; };')
        yield there
    assert bugs(caplog) == []
    assert not [record for record in caplog.records if record.levelname == "ERROR"], "nobody has failed unseen"


class Spoiling:
    """Makes the server's so-manieth message another one: an answer, or a call of a sink."""

    def __init__(self, there: World, monkeypatch: pytest.MonkeyPatch) -> None:
        self.at, self.count, self.spoil = 0, 0, cut(0)
        self._answer = there.server._server.endpoint.answer
        there.server._server.endpoint.answer = self.answer  # type: ignore[method-assign]  # so that it is spoiled
        hear = sinkhost._Closed.answer

        async def hearing(host: Any, request: Any, *arguments: Any, **named: Any) -> bytes:
            return await hear(host, request._replace(stub=self._said(request.stub)), *arguments, **named)

        monkeypatch.setattr(sinkhost._Closed, "answer", hearing)

    async def answer(self, *arguments: Any, **named: Any) -> bytes:
        return self._said(await self._answer(*arguments, **named))

    def _said(self, stub: bytes) -> bytes:
        self.count += 1
        return self.spoil(stub) if self.count == self.at else stub


@pytest.mark.no_cover  # many rounds, which tracing makes several times as long
@each_story
@pytest.mark.parametrize("spoil", SPOILERS)
async def test_each_answer_in_turn(
    story: Story, spoil: str, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with rough(caplog) as there:
        spoiling, failures = Spoiling(there, monkeypatch), 0
        while True:
            spoiling.at, spoiling.count, spoiling.spoil = spoiling.at + 1, 0, SPOILERS[spoil]
            try:
                async with asyncio.timeout(600), there.entered() as ns:
                    await story(ns)
            except WbemError:
                failures += 1
            if spoiling.count < spoiling.at:
                break
        assert spoiling.at > 15
        assert failures or spoil == "more", "who adds something does no harm"


@pytest.mark.no_cover  # many rounds, which tracing makes several times as long
@each_story
async def test_rights_that_end_at_each_call_in_turn(story: Story, caplog: pytest.LogCaptureFixture) -> None:
    """From then on the server denies everything but that it is let go: each time that is what we are told, and soon."""
    async with rough(caplog) as there:
        last, count, denied = 0, 0, 0

        async def before(call: str) -> None:
            nonlocal count
            if call not in {"RemRelease", "SimplePing", "ComplexPing"}:
                count += 1
                if count > last:
                    raise WbemError(WbemStatus.ACCESS_DENIED, "no more")

        there.server._server.endpoint._before = before
        while True:
            last, count = last + 1, 0
            try:
                async with asyncio.timeout(60), there.entered() as ns:
                    await story(ns)
                break
            except WbemError as error:
                assert error.status == WbemStatus.ACCESS_DENIED
                denied += 1
        assert denied == last - 1 >= 10


@pytest.mark.no_cover  # many rounds, which tracing makes several times as long
@each_story
@pytest.mark.parametrize("how", ["lost", "late"])
async def test_one_answer_that_does_not_come(story: Story, how: str, caplog: pytest.LogCaptureFixture) -> None:
    """Lost with its connection, it is missed at once; late, when our time is over. What comes then does no harm."""
    async with rough(caplog) as there:
        at, count, failures = 0, 0, 0
        clock = asyncio.get_running_loop().time

        async def before(call: str) -> None:
            nonlocal count
            count += 1
            if count == at:
                if how == "lost":
                    there.server.disconnect()
                await asyncio.sleep(LATE if how == "late" else 0)

        there.server._server.endpoint._before = before
        while True:
            at, count, began = at + 1, 0, clock()
            try:
                async with there.entered(timeout=20) as ns:
                    await story(ns.options(timeout=20))
            except WbemError as error:
                assert error.status in MISSED
                failures += 1
            assert clock() - began < (5 if how == "lost" else 120), f"at call {at}"
            if count < at:
                break
        assert failures > 5
        await asyncio.sleep(LATE)
