"""Each verb in each of the three ways to make a call: waited for, held and polled, pushed to a sink."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Sequence
from typing import Any

import pytest
from tests.session.fakes import RecordingSession, Work, things

from openwmi.base.error import NotFound, WbemError
from openwmi.base.status import HResult, WbemStatus
from openwmi.operation import CallFlags, Operation, Progress, ResultSet, Sink
from openwmi.session import Namespace

Call = Callable[[Namespace], Operation[Any]]

VERBS: dict[str, Call] = {
    "get": lambda ns: ns.get("A=@"),
    "query": lambda ns: ns.query("SELECT * FROM A"),
    "instances": lambda ns: ns.instances("A"),
    "classes": lambda ns: ns.classes(),
    "call": lambda ns: ns.call("A=@", "Do"),
}
SINGLE = {"get", "call"}

each_verb = pytest.mark.parametrize("verb", VERBS)


class AsyncSink(Sink[Any]):
    """Hears everything, on the loop."""

    def __init__(self) -> None:
        self.heard: list[Any] = []
        self.threads: set[str] = set()

    def note(self, what: Any) -> None:
        self.heard.append(what)
        self.threads.add(threading.current_thread().name)

    async def indicate(self, objects: Sequence[Any]) -> None:
        self.note(list(objects))

    async def set_progress(self, progress: Progress) -> None:
        self.note((progress.done, progress.total))

    async def set_status(self, status: WbemStatus | HResult | int, error: WbemError | None) -> None:
        self.note(status)


class ThreadSink(AsyncSink):
    """The same on a thread of its own."""

    def indicate(self, objects: Sequence[Any]) -> None:  # type: ignore[override]  # either kind will do
        self.note(list(objects))

    def set_status(self, status: WbemStatus | HResult | int, error: WbemError | None) -> None:  # type: ignore[override]
        self.note(status)


def _work(verb: str, go_on: asyncio.Event | None = None) -> Work:
    async def work(results: ResultSet[Any]) -> Any:
        results.begin()
        if go_on is not None:
            await go_on.wait()
        if verb in SINGLE:
            return things(1)[0]
        await results.put(things(3))
        return None

    return work


async def _fail(results: ResultSet[Any]) -> None:
    results.begin()
    raise WbemError(WbemStatus.NOT_FOUND, "it is not there")


async def _refuse(_: ResultSet[Any]) -> None:
    raise WbemError(WbemStatus.INVALID_PARAMETER, "it cannot be asked")


def _expected(verb: str) -> Any:
    return things(1)[0] if verb in SINGLE else things(3)


@each_verb
async def test_synchronous(verb: str) -> None:
    assert await VERBS[verb](Namespace(RecordingSession(_work(verb)))) == _expected(verb)
    with pytest.raises(NotFound, match="it is not there"):
        await VERBS[verb](Namespace(RecordingSession(_fail)))
    with pytest.raises(WbemError, match="it cannot be asked"):
        await VERBS[verb](Namespace(RecordingSession(_refuse)))


@each_verb
async def test_object_by_object(verb: str) -> None:
    call = VERBS[verb](Namespace(RecordingSession(_work(verb))))
    assert [one async for one in call] == things(1 if verb in SINGLE else 3)


@each_verb
async def test_semisynchronous(verb: str) -> None:
    go_on = asyncio.Event()
    call = VERBS[verb](Namespace(RecordingSession(_work(verb, go_on))))
    assert await call.status(timeout=2) == WbemStatus.TIMEDOUT
    assert await call.next(1, timeout=2) == []
    await call.started()
    assert asyncio.get_running_loop().time() == pytest.approx(4, abs=0.1)
    go_on.set()
    assert await call.next(3) == things(1 if verb in SINGLE else 3)
    assert await call.status() == WbemStatus.NO_ERROR


@each_verb
async def test_semisynchronous_failures(verb: str) -> None:
    """Windows: GetCallStatus itself succeeds, whatever the status that it gives."""
    failed, refused = (VERBS[verb](Namespace(RecordingSession(work))) for work in (_fail, _refuse))
    assert await failed.status() == WbemStatus.NOT_FOUND
    await failed.started()
    assert await refused.status() == WbemStatus.INVALID_PARAMETER
    with pytest.raises(WbemError):
        await refused.started()


@each_verb
@pytest.mark.parametrize("kind", [AsyncSink, ThreadSink])
async def test_asynchronous(verb: str, kind: type[AsyncSink]) -> None:
    sink = kind()
    session = RecordingSession(_work(verb))
    call = VERBS[verb](Namespace(session).with_sink(sink))
    assert len(session.calls) == 1, "it can be cancelled by its sink from the start"
    assert await call.status() == WbemStatus.NO_ERROR
    await _delivered(session)
    assert sink.heard == [things(1 if verb in SINGLE else 3), WbemStatus.NO_ERROR]
    own = "openwmi-sink-ThreadSink"
    assert sink.threads == {own if kind is ThreadSink else threading.current_thread().name}
    await VERBS[verb](Namespace(session))
    assert [context.pushed for context in session.contexts] == [True, False], "over the wire that is another call"


@each_verb
@pytest.mark.parametrize("kind", [AsyncSink, ThreadSink])
async def test_asynchronous_failures(verb: str, kind: type[AsyncSink]) -> None:
    sink, session = kind(), RecordingSession(_fail)
    await VERBS[verb](Namespace(session).with_sink(sink)).status()
    await _delivered(session)
    assert sink.heard == [WbemStatus.NOT_FOUND]


@each_verb
async def test_a_call_that_cannot_start_never_touches_its_sink(verb: str) -> None:
    """[MS-WMI] 3.1.1.1.3."""
    sink, session = AsyncSink(), RecordingSession(_refuse)
    call = VERBS[verb](Namespace(session).with_sink(sink))
    with pytest.raises(WbemError, match="it cannot be asked"):
        await call.started()
    await _delivered(session)
    assert sink.heard == []


async def test_progress_comes_only_to_those_who_asked_for_it() -> None:
    async def work(results: ResultSet[Any]) -> None:
        results.report(1, 2)
        await results.put(things(1))

    heard = []
    for flags in (CallFlags.NONE, CallFlags.SEND_STATUS):
        sink, session = AsyncSink(), RecordingSession(work)
        Namespace(session).options(flags=flags).with_sink(sink).query("…")
        await _delivered(session)
        heard.append(sink.heard)
    assert heard == [[things(1), WbemStatus.NO_ERROR], [(1, 2), things(1), WbemStatus.NO_ERROR]]


# -------------------------------------------------------------------------------------------------------- cancellation


@each_verb
async def test_a_time_out_of_asyncio_cancels_the_call(verb: str) -> None:
    call = VERBS[verb](Namespace(RecordingSession(_work(verb, asyncio.Event()))))
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(3):
            await call
    assert await call.status() == WbemStatus.CALL_CANCELLED
    with pytest.raises(WbemError) as caught:
        await call
    assert caught.value.status == WbemStatus.CALL_CANCELLED


@each_verb
async def test_a_shield_keeps_it(verb: str) -> None:
    go_on = asyncio.Event()
    call = VERBS[verb](Namespace(RecordingSession(_work(verb, go_on))).options(keep=True))
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(3):
            await asyncio.shield(call)
    go_on.set()
    assert await call == _expected(verb)


@each_verb
async def test_cancelling_by_the_sink_ends_each_of_its_calls(verb: str) -> None:
    mine, other = AsyncSink(), AsyncSink()
    session = RecordingSession(_work(verb, asyncio.Event()))
    ns = Namespace(session)
    calls = [VERBS[verb](ns.with_sink(sink)) for sink in (mine, mine, other)]
    for call in calls:
        await call.started()
    ns.options(locale="any").cancel_calls(mine)
    assert [await call.status(timeout=0) for call in calls] == [
        WbemStatus.CALL_CANCELLED,
        WbemStatus.CALL_CANCELLED,
        WbemStatus.TIMEDOUT,
    ]
    ns.cancel_calls(other)
    await _delivered(session)
    assert (mine.heard, other.heard) == ([WbemStatus.CALL_CANCELLED] * 2, [WbemStatus.CALL_CANCELLED])
    with pytest.raises(NotFound, match="no call under way delivers to this sink"):
        ns.cancel_calls(mine)


async def test_a_blocking_sink_may_call_from_its_callback() -> None:
    """It is not on the loop's thread, so the loop goes on while it waits."""
    loop = asyncio.get_running_loop()
    session = RecordingSession(_work("query"))
    ns = Namespace(session)
    found: list[Any] = []

    class Asking(ThreadSink):
        def indicate(self, objects: Sequence[Any]) -> None:  # type: ignore[override]
            async def ask() -> Any:
                return await ns.query("…")

            found.extend(asyncio.run_coroutine_threadsafe(ask(), loop).result(60))

    ns.with_sink(Asking()).query("…")
    await _delivered(session)
    assert found == things(3)


async def _delivered(session: RecordingSession) -> None:
    """Until every sink was let go."""
    for deliveries in list(session.calls._rows.values()):
        for delivery in list(deliveries):
            await delivery
    assert len(session.calls) == 0
