"""Each state with each event, played against the code: it does what the tables of `states` say, and nothing else."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from itertools import product

import pytest
from tests.operation.fakes import turn

from openwmi.base.clock import Deadline
from openwmi.base.error import WbemError
from openwmi.base.fault import LocalProtocolError
from openwmi.base.limits import SINK_CALLBACK_SECONDS
from openwmi.base.status import HResult, WbemStatus
from openwmi.operation import CallContext, Delivery, KeptResults, Operation, ResultSet, SingleResult, Sink, State
from openwmi.operation.states import CALL, SINK, SinkState

CALL_AFTER = {(step.before, step.event): step.after for step in CALL}
SINK_AFTER = {(step.before, step.event): step for step in SINK}


async def _put(results: ResultSet[int]) -> None:
    await results.put([1])


CALL_EVENTS: Mapping[str, Callable[[ResultSet[int]], Awaitable[None] | None]] = {
    "begin": lambda results: results.begin(),
    "put": _put,
    "finish": lambda results: results.finish(),
    "fail": lambda results: results.fail(WbemError(WbemStatus.FAILED, "broken")),
    "cancel": lambda results: results.cancel(),
    "deadline": lambda results: results.expire(),
}


def _in_state(state: State, kind: type[ResultSet[int]]) -> ResultSet[int]:
    results = kind("a test", CallContext())
    if state is State.RUNNING:
        results.begin()
    elif state is State.FINISHED:
        results.finish()
    assert results.state is state
    return results


@pytest.mark.parametrize("kind", [KeptResults, SingleResult])
@pytest.mark.parametrize(("state", "event"), list(product(State, CALL_EVENTS)))
async def test_a_call_does_what_its_table_says(kind: type[ResultSet[int]], state: State, event: str) -> None:
    results = _in_state(state, kind)
    expected = CALL_AFTER.get((state, event))
    try:
        done = CALL_EVENTS[event](results)
        if done is not None:
            await done
    except LocalProtocolError:
        assert expected is None, f"{event} is refused in {state}"
    assert results.state is (expected or state)


def test_the_tables_name_every_state() -> None:
    assert {step.before for step in CALL} | {step.after for step in CALL} == set(State)
    assert {step.before for step in SINK} | {step.after for step in SINK} == set(SinkState)
    assert len(CALL_AFTER) == len(CALL)
    assert len(SINK_AFTER) == len(SINK)


class _Patient(Sink[int]):
    """Stays in each callback until it is told how that ends."""

    def __init__(self) -> None:
        self.heard: list[str] = []
        self.inside = False
        self.leave: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    async def indicate(self, objects: Sequence[int]) -> None:
        await self._stay("Indicate")

    async def set_status(self, status: WbemStatus | HResult | int, error: WbemError | None) -> None:
        cancelled = ", CALL_CANCELLED" if status == WbemStatus.CALL_CANCELLED else ""
        await self._stay(f"SetStatus(COMPLETE{cancelled})")

    async def _stay(self, name: str) -> None:
        self.heard.append(name)
        self.leave = asyncio.get_running_loop().create_future()
        self.inside = True
        try:
            await self.leave
        finally:
            self.inside = False


class _Played:
    """A delivery in a state, and what can happen to it there."""

    def __init__(self) -> None:
        self.sink = _Patient()
        self.results: KeptResults[int] = KeptResults("a test", CallContext())
        self.delivery: Delivery[int] = Operation(self.results).deliver(self.sink)

    async def reach(self, state: SinkState) -> None:
        for event in ROADS[state]:
            await self.happen(event)

    async def happen(self, event: str) -> None:
        match event:
            case "the call could not start":
                self.results.fail(WbemError(WbemStatus.INVALID_QUERY, "no"))
            case "the call runs":
                self.results.begin()
            case "objects or progress":
                await self.results.put([1])
            case "the call ends":
                self.results.finish()
            case "cancel":
                self.delivery.cancel()
            case "the sink returns":
                self.sink.leave.set_result(None)
            case "the sink fails, or takes 30 s":
                self.sink.leave.set_exception(ValueError("the sink is broken"))
            case _:
                raise AssertionError(event)
        await turn()

    @property
    def state(self) -> SinkState:
        if self.delivery._task.done():
            return SinkState.GONE
        if not self.results.began and not self.results.finished:
            return SinkState.UNTOUCHED
        if self.delivery.final_status_sent:
            return SinkState.ENDING
        if self.sink.inside:
            return SinkState.CANCELLED if self.results.cancelled else SinkState.CALLING
        return SinkState.IDLE


ROADS: Mapping[SinkState, Sequence[str]] = {
    SinkState.UNTOUCHED: (),
    SinkState.IDLE: ("the call runs",),
    SinkState.CALLING: ("the call runs", "objects or progress"),
    SinkState.CANCELLED: ("the call runs", "objects or progress", "cancel"),
    SinkState.ENDING: ("the call runs", "the call ends"),
    SinkState.GONE: ("the call runs", "the call ends", "the sink returns"),
}


@pytest.mark.parametrize(("state", "event"), list(SINK_AFTER))
async def test_a_delivery_does_what_its_table_says(state: SinkState, event: str) -> None:
    played = _Played()
    await played.reach(state)
    assert played.state is state
    before = len(played.sink.heard)

    await played.happen(event)

    step = SINK_AFTER[state, event]
    assert played.state is step.after
    if "SetStatus(COMPLETE" in step.note:
        assert played.sink.heard[before:] == [step.note]
    elif step.after is SinkState.CALLING:
        assert played.sink.heard[before:] == ["Indicate"]
    else:
        assert played.sink.heard[before:] == []
    played.results.cancel()
    if not played.sink.leave.done():
        played.sink.leave.set_result(None)


@pytest.mark.parametrize("state", [SinkState.CALLING, SinkState.CANCELLED])
async def test_half_a_minute_is_as_good_as_a_failure(state: SinkState) -> None:
    played = _Played()
    await played.reach(state)
    until = Deadline.after(asyncio.get_running_loop().time(), SINK_CALLBACK_SECONDS)
    await asyncio.sleep((until.at or 0) - asyncio.get_running_loop().time())
    await turn()
    assert played.state is SinkState.ENDING
    assert played.sink.heard[-1] == "SetStatus(COMPLETE, CALL_CANCELLED)"
    played.sink.leave.set_result(None)
    await played.delivery
