"""The pythonic namespace: its verbs and what they ask a session, and its views."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from tests.session.fakes import RecordingSession, things

from openwmi.base.error import Timeout, WbemError
from openwmi.base.status import WbemStatus
from openwmi.model import ObjectPath
from openwmi.operation import CallContext, CallFlags, ResultSet
from openwmi.session import Namespace


async def _nothing(_: ResultSet[Any]) -> None:
    """A call that succeeds without objects."""


async def _hang(results: ResultSet[Any]) -> None:
    results.begin()
    await asyncio.Event().wait()


@pytest.fixture
def session() -> RecordingSession:
    return RecordingSession(_nothing)


@pytest.fixture
def ns(session: RecordingSession) -> Namespace:
    return Namespace(session)


async def test_what_each_verb_asks(ns: Namespace, session: RecordingSession) -> None:
    await ns.get("A=@")
    await ns.get(path=ObjectPath.parse("a.B='c'"))
    await ns.query("SELECT * FROM A")
    await ns.query("SELECT * FROM A WHERE B = :b AND C = :c", b=1, c=None)
    await ns.instances("A")
    await ns.instances(class_name="A", deep=False)
    await ns.classes()
    await ns.classes("A", deep=False)
    await ns.call("A=@", "Do")
    await ns.call(ObjectPath.parse("A=@"), "Do", With=2)
    await ns.events("SELECT * FROM A WITHIN :b", b=1)
    (one, two) = things(2)
    await ns.emit(one)
    await ns.emit(iter([one, two]))
    assert session.asked == [
        ("get", "A=@"),
        ("get", 'a.B="c"'),
        ("query", "SELECT * FROM A", {}),
        ("query", "SELECT * FROM A WHERE B = :b AND C = :c", {"b": 1, "c": None}),
        ("instances", "A", True),
        ("instances", "A", False),
        ("classes", None, True),
        ("classes", "A", False),
        ("call", "A=@", "Do", {}),
        ("call", "A=@", "Do", {"With": 2}),
        ("events", "SELECT * FROM A WITHIN :b", {"b": 1}),
        ("emit", one),
        ("emit", (one, two)),
    ]
    assert set(session.contexts) == {CallContext(flags=CallFlags.FORWARD_ONLY)}


async def test_no_parameter_has_a_name_that_is_taken(ns: Namespace, session: RecordingSession) -> None:
    names: dict[str, object] = {"self": 1, "path": 2, "method": 3, "text": 4, "parameters": 5, "timeout": 6, "flags": 7}
    await ns.query("…", **names)
    await ns.call("A", "Do", **names)
    await ns.events("…", **names)
    assert [asked[-1] for asked in session.asked] == [names, names, names]
    assert set(session.contexts) == {CallContext(flags=CallFlags.FORWARD_ONLY)}, "and none of them is an option"


# ------------------------------------------------------------------------------------------------------------ options


async def test_a_view_leaves_the_namespace_as_it_was(ns: Namespace, session: RecordingSession) -> None:
    view = ns.options(locale="ms_409")
    await view.classes()
    await ns.classes()
    assert [context.locale for context in session.contexts] == ["ms_409", ""]
    assert view.name == ns.name == r"root\demo"
    assert repr(view) == r"<namespace root\demo>"


@pytest.mark.parametrize("sink", [None, 5, object()])
async def test_what_is_no_sink_is_refused(ns: Namespace, session: RecordingSession, sink: Any) -> None:
    with pytest.raises(WbemError) as raised:
        ns.with_sink(sink)
    assert raised.value.status == WbemStatus.INVALID_PARAMETER
    assert "openwmi.Sink" in raised.value.message


@pytest.mark.parametrize("timeout", ["5", float("nan"), True, [5]])
def test_a_timeout_is_a_number(ns: Namespace, timeout: Any) -> None:
    with pytest.raises(WbemError, match="a timeout is a number of seconds, and this is ") as raised:
        ns.options(timeout=timeout)
    assert raised.value.status == WbemStatus.INVALID_PARAMETER
    assert f"{timeout!r} ({type(timeout).__name__})" in raised.value.message


@pytest.mark.parametrize("path", [None, 5, b"A=@"])
async def test_a_path_is_a_path(ns: Namespace, session: RecordingSession, path: Any) -> None:
    for ask in (ns.get, lambda path: ns.call(path, "Method")):
        with pytest.raises(WbemError, match="a path is a str or an ObjectPath, and this is ") as raised:
            await ask(path)
        assert raised.value.status == WbemStatus.INVALID_PARAMETER
        assert repr(path) in raised.value.message
    assert session.contexts == []


@pytest.mark.parametrize("given", [5, b"A"])
async def test_names_and_objects_are_what_they_should_be(ns: Namespace, session: RecordingSession, given: Any) -> None:
    """Or a mistake in the caller's program would be logged as one of ours, or be told of in other words."""
    for ask in (ns.instances, ns.classes, lambda name: ns.call("A", name), ns.namespace, ns.put, ns.emit):
        with pytest.raises(WbemError, match=r" is a(n)? \w+( or a \w+)?, and this is ") as raised:
            await ask(given)
        assert raised.value.status == WbemStatus.INVALID_PARAMETER
    assert session.contexts == []


async def test_views_add_up(ns: Namespace, session: RecordingSession) -> None:
    await ns.options(locale="ms_409").options(timeout=5).options(flags=CallFlags.DIRECT_READ).options().classes()
    (context,) = session.contexts
    assert (context.locale, context.deadline.at) == ("ms_409", 5)
    assert context.flags == CallFlags.DIRECT_READ | CallFlags.FORWARD_ONLY


async def test_the_time_of_each_call_begins_with_it(ns: Namespace, session: RecordingSession) -> None:
    view = ns.options(timeout=5)
    await view.classes()
    await asyncio.sleep(7)
    await view.classes()
    assert [context.deadline.at for context in session.contexts] == [5, 12]


@pytest.mark.parametrize("seconds", [0, -3, 2.5])
async def test_a_call_ends_when_its_time_is_over(seconds: float) -> None:
    with pytest.raises(Timeout, match="did not end by its deadline"):
        await Namespace(RecordingSession(_hang)).options(timeout=seconds).get("A=@")
    assert asyncio.get_running_loop().time() == pytest.approx(max(0, seconds), abs=0.05)


async def test_keeping_is_chosen_apart_from_the_flags(ns: Namespace, session: RecordingSession) -> None:
    kept, forward = ns.options(keep=True), ns.options(keep=True).options(keep=False)
    sent = CallFlags.SEND_STATUS
    for view in (
        *(kept, kept.options(flags=sent), ns.options(flags=sent, keep=True)),
        *(forward, ns.options(flags=sent), kept.options(flags=sent | CallFlags.FORWARD_ONLY)),
    ):
        await view.classes()
    forward_only = [CallFlags.FORWARD_ONLY in context.flags for context in session.contexts]
    assert forward_only == [False] * 3 + [True] * 3
    assert [CallFlags.SEND_STATUS in context.flags for context in session.contexts] == [False, True, True] * 2


async def test_kept_results_can_be_read_again() -> None:
    async def some(results: ResultSet[Any]) -> None:
        await results.put(things(3))

    ns = Namespace(RecordingSession(some))
    kept = ns.options(keep=True).query("…")
    assert await kept == await kept == things(3)
    once = ns.query("…")
    assert await once.next(2) == things(2)
    with pytest.raises(WbemError) as caught:
        await once
    assert caught.value.status == WbemStatus.INVALID_OPERATION


# ------------------------------------------------------------------------------------------------------------- its end


@pytest.mark.parametrize("turns", range(12))
async def test_a_namespace_that_nobody_gets_is_closed(turns: int) -> None:
    """The call is given up at whatever moment: before it was opened, or when it was and nobody has it yet."""
    made: list[RecordingSession] = []

    async def opening(results: ResultSet[Any]) -> RecordingSession:
        await asyncio.sleep(0)
        session = RecordingSession(_nothing)
        made.append(session)

        def unless_taken() -> None:
            if results.error is not None:  # as with every session: what it opens for nobody it closes itself
                session.closed += 1

        results.when_finished(unless_taken)
        return session

    operation = Namespace(RecordingSession(opening)).namespace("inner")
    for _ in range(turns):
        await asyncio.sleep(0)
    operation.cancel()
    cancelled = await operation.status() is WbemStatus.CALL_CANCELLED
    await asyncio.sleep(1)
    assert [each.closed for each in made] == [1 if cancelled else 0] * len(made)
    assert cancelled or made


async def test_leaving_it_closes_the_session(session: RecordingSession) -> None:
    async with Namespace(session) as ns:
        assert isinstance(ns, Namespace)
        assert session.closed == 0
    assert session.closed == 1
    await ns.options(timeout=1).close()
    assert session.closed == 2, "it is one connection for every view"
