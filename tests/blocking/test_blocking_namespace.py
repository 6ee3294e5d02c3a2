"""The verbs without asyncio: that they are those of the async API, ask the same, and give what is asked for."""

from __future__ import annotations

import asyncio
import inspect
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from tests.blocking.fakes import SECONDS, in_threads
from tests.engine.fakes import KEY, UINT32, Rows
from tests.session.fakes import RecordingSession, things
from tools import blocking as tool

import openwmi
from openwmi import ChangeFlag, NotFound, ObjectPath, Sink, Timeout, Unreachable, WbemError
from openwmi.base.fault import LocalProtocolError
from openwmi.base.status import HResult, WbemStatus
from openwmi.blocking import Begin, Namespace, Operation
from openwmi.blocking.runner import Runner
from openwmi.locator import connect as async_connect
from openwmi.model import CimClass, Property
from openwmi.operation import CallFlags, ResultSet
from openwmi.session import Namespace as AsyncNamespace

THINGS = things(3)
NUMBERED = CimClass("Demo_Numbered", properties=(Property("Number", UINT32, qualifiers=KEY),), namespace=r"root\cimv2")

# Verb, what it is asked with, and whether it has many results.
ASKED: list[tuple[str, tuple[Any, ...], dict[str, Any], bool]] = [
    ("get", ("Demo_Thing=@",), {}, False),
    ("get", (ObjectPath.parse("Demo_Thing.Number=3"),), {"properties": ["Number"]}, False),
    ("query", ("SELECT * FROM Demo_Thing WHERE Number = :number",), {"number": 3}, True),
    ("query", ("SELECT :self, :verb, :text, :function",), {"self": 1, "verb": 2, "text": 3, "function": 4}, True),
    ("instances", ("Demo_Thing",), {"deep": False}, True),
    ("classes", (), {}, True),
    ("classes", ("Demo_Thing",), {"deep": False}, True),
    ("associators", ("Demo_Thing.Number=3",), {"result_class": "Demo_Thing", "keys_only": True}, True),
    ("references", ("Demo_Thing.Number=3",), {"role": "Part", "class_defs_only": True}, True),
    ("call", ("Demo_Thing.Number=3", "Count"), {"To": 7, "self": 8, "path": 9}, False),
    ("put", (THINGS[0],), {}, False),
    ("put", (THINGS,), {"flags": ChangeFlag.CREATE_ONLY}, False),
    ("put", (THINGS[0],), {"properties": ["Number"]}, False),
    ("delete", ("Demo_Thing.Number=3",), {}, False),
    ("emit", (THINGS[0],), {}, False),
    ("emit", (THINGS,), {}, False),
    ("load_mof", ("class A {};",), {"class_flags": ChangeFlag.CREATE_ONLY}, False),
    ("check_mof", (["class A {};", "class B {};"],), {"instance_flags": ChangeFlag.UPDATE_ONLY}, False),
]
VERBS = {*tool.ONE, *tool.MANY, *tool.ENDLESS, *tool.OTHERS}


async def _three(results: ResultSet[Any]) -> Any:
    """What is many and what is one."""
    if results.single:
        return THINGS[0]
    await results.put(THINGS)
    return None


class Heard(Sink[Any]):
    """Keeps what it hears, and on which threads."""

    def __init__(self) -> None:
        self.objects: list[Any] = []
        self.status: object = None
        self.threads: set[str] = set()
        self.over = threading.Event()

    def indicate(self, objects: Sequence[Any]) -> None:
        self.threads.add(threading.current_thread().name)
        self.objects.extend(objects)

    def set_status(self, status: WbemStatus | HResult | int, error: WbemError | None) -> None:
        self.status = status
        self.over.set()


@pytest.fixture
def session() -> RecordingSession:
    return RecordingSession(_three)


@pytest.fixture
def ns(own: Runner, session: RecordingSession) -> Namespace:
    return Namespace(AsyncNamespace(session), own)


# -------------------------------------------------------------------------------------------------- as the async API is


def test_the_generated_module_is_that_of_the_async_api() -> None:
    assert tool.generated() == tool.GENERATED.read_text(encoding="utf-8"), "run `python -m tools.blocking`"


def test_a_verb_of_which_nobody_said_how_many_results_it_has_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tool, "MANY", ("query",))
    with pytest.raises(ValueError, match=r"associators, references|instances, classes"):
        tool.generated()


def test_all_public_names_are_there_with_the_same_parameters() -> None:
    public = {name for name in vars(AsyncNamespace) if not name.startswith("_")}
    assert public == VERBS | {*tool.VIEWS, *tool.CALLS, "name"}
    assert public | {"begin"} == {name for name in dir(Namespace) if not name.startswith("_")}
    assert public - set(tool.CALLS) == {name for name in dir(Begin) if not name.startswith("_")}
    for face in (Namespace, Begin):
        for name in public & set(dir(face)) - {"name"}:
            theirs = inspect.signature(getattr(AsyncNamespace, name)).parameters
            assert inspect.signature(getattr(face, name)).parameters == theirs, name
    assert inspect.signature(openwmi.blocking.connect).parameters == inspect.signature(async_connect).parameters


@pytest.mark.parametrize(
    ("verb", "given", "named", "many"), ASKED, ids=lambda value: value if isinstance(value, str) else ""
)
def test_a_verb_asks_the_session_what_the_async_one_asks(
    ns: Namespace, session: RecordingSession, verb: str, given: tuple[Any, ...], named: dict[str, Any], many: bool
) -> None:
    waited = getattr(ns, verb)(*given, **named)
    begun = getattr(ns.begin, verb)(*given, **named)

    async def asked() -> Any:
        return await getattr(AsyncNamespace(session), verb)(*given, **named)

    assert begun.result(SECONDS) == ns._runner.run(asked) == (THINGS if many else THINGS[0])
    assert waited == (None if verb in {"delete", "emit"} else begun.result())
    assert session.asked[0] == session.asked[1] == session.asked[2]
    assert session.contexts[0] == session.contexts[1] == session.contexts[2]


def test_each_verb_is_asked() -> None:
    assert {verb for verb, *_ in ASKED} == VERBS - {"namespace", "events"}


# ----------------------------------------------------------------------------------------------- what is particular


def test_events_have_begun_when_they_are_returned(own: Runner) -> None:
    async def work(results: ResultSet[Any]) -> None:
        await asyncio.sleep(0)
        results.begin()
        await results.put(THINGS)
        await asyncio.sleep(SECONDS)

    async def refused(_: ResultSet[Any]) -> None:
        raise WbemError(WbemStatus.NOT_EVENT_CLASS, "no event")

    ns = Namespace(AsyncNamespace(RecordingSession(work)), own)
    with ns.events("SELECT * FROM Demo_Event WHERE Number = :number", number=3) as events:
        assert events._asked.results.began
        assert next(events) == THINGS[0]
        assert events.next(5, timeout=0.01) == THINGS[1:]
    with pytest.raises(WbemError, match="no event"):
        Namespace(AsyncNamespace(RecordingSession(refused)), own).events("SELECT")
    with pytest.raises(WbemError, match="no event"):
        Namespace(AsyncNamespace(RecordingSession(refused)), own).begin.events("SELECT").result()


def test_options_are_a_view(ns: Namespace, session: RecordingSession) -> None:
    view = ns.options(timeout=SECONDS, locale="ms_409", flags=CallFlags.SEND_STATUS, context={"a": 1})
    view.get("Demo_Thing=@")
    view.begin.options(keep=True).query("SELECT").result()
    ns.get("Demo_Thing=@")
    first, second, third = session.contexts
    assert (first.locale, second.locale, third.locale) == ("ms_409", "ms_409", "")
    assert first.flags == CallFlags.SEND_STATUS | CallFlags.FORWARD_ONLY
    assert second.flags == CallFlags.SEND_STATUS
    assert (dict(second.values), dict(third.values)) == ({"a": 1}, {})
    assert first.deadline.at is not None
    assert third.deadline.at is None
    assert ns.options(keep=True).query("SELECT") == THINGS


def test_the_time_of_options_is_that_of_the_call(own: Runner) -> None:
    async def never(_: ResultSet[Any]) -> None:
        await asyncio.sleep(SECONDS)

    ns = Namespace(AsyncNamespace(RecordingSession(never)), own)
    for attempt in (ns.options(timeout=0.01).get, ns.options(timeout=0.01).query):
        with pytest.raises(Timeout, match="deadline"):
            attempt("Demo_Thing=@")


def test_what_is_wrong_with_the_arguments_is_raised_at_once(ns: Namespace, session: RecordingSession) -> None:
    for attempt in (
        lambda: ns.get(3),  # type: ignore[arg-type]  # what is wrong with it is the point, in each of them
        lambda: ns.begin.get(3),  # type: ignore[arg-type]  # the same
        lambda: ns.put(3),  # type: ignore[arg-type]  # the same
        lambda: ns.put([3]),  # type: ignore[list-item]  # the same
        lambda: ns.options(timeout="a"),  # type: ignore[arg-type]  # the same
    ):
        with pytest.raises(WbemError, check=lambda error: error.status is WbemStatus.INVALID_PARAMETER):
            attempt()
    assert session.asked == []


def test_what_is_given_one_by_one_may_make_calls_itself(ns: Namespace, session: RecordingSession) -> None:
    """It runs on the caller's thread, where a call may wait."""
    ns.put(ns.get(f"Demo_Thing.Number={number}") for number in range(2))
    ns.begin.put(each for each in ns.query("SELECT")).result()
    ns.get("Demo_Thing=@", properties=(each for each in [ns.name, "Number"]))
    kinds = [asked[0] for asked in session.asked]
    assert kinds == ["get", "get", "put", "query", "put", "get"]
    assert session.asked[2][1] == (THINGS[0],) * 2
    assert tuple(session.asked[4][1]) == tuple(THINGS)


def test_a_namespace_within_is_a_blocking_one_too(own: Runner, tmp_path: Path) -> None:
    with openwmi.blocking.connect("root", repository=tmp_path / "store.db") as root:
        with root.namespace("cimv2") as within:
            assert isinstance(within, Namespace)
            assert (within.name, root.name) == (r"root\cimv2", "root")
            assert repr(within) == r"<blocking namespace root\cimv2>"
            assert within.get("__Namespace").name == "__NAMESPACE"
        with root.begin.namespace("cimv2").result(SECONDS) as within:
            assert within.name == r"root\cimv2"
        with pytest.raises(NotFound):
            root.namespace("nowhere")
        with pytest.raises(WbemError, match=r"begin\.namespace"):
            root.with_sink(Heard()).namespace("cimv2")


def test_closing_ends_it_for_all_views(ns: Namespace, session: RecordingSession) -> None:
    with ns:
        pass
    ns.options(locale="ms_407").close()
    assert session.closed == 2


# ---------------------------------------------------------------------------------------------------------------- sinks


def test_a_sink_is_called_on_a_thread_of_its_own(ns: Namespace, own: Runner) -> None:
    sink = Heard()
    view = ns.with_sink(sink)
    assert repr(view) == r"<calls of root\demo>"
    call = view.options(locale="ms_409").query("SELECT")
    assert isinstance(call, Operation)
    assert sink.over.wait(SECONDS)
    assert (sink.objects, sink.status) == (THINGS, WbemStatus.NO_ERROR)
    assert sink.threads == {"openwmi-sink-Heard"}
    with pytest.raises(WbemError, match="go to a sink"):
        call.next()
    with pytest.raises(WbemError, match="no sink"):
        ns.with_sink(3)  # type: ignore[arg-type]  # it is no sink, which is the point


def test_cancelling_by_the_sink(own: Runner) -> None:
    async def endless(results: ResultSet[Any]) -> None:
        results.begin()
        await asyncio.sleep(SECONDS)

    ns, sink = Namespace(AsyncNamespace(RecordingSession(endless)), own), Heard()
    calls = [ns.with_sink(sink).query("SELECT"), ns.begin.with_sink(sink).get("Demo_Thing=@")]
    for call in calls:
        call.started()
    ns.cancel_calls(sink)
    assert [call.status(SECONDS) for call in calls] == [WbemStatus.CALL_CANCELLED] * 2
    assert sink.over.wait(SECONDS)
    with pytest.raises(NotFound):
        ns.cancel_calls(Heard())


def test_a_sink_may_make_blocking_calls_from_its_callbacks(ns: Namespace) -> None:
    class Asking(Heard):
        def indicate(self, objects: Sequence[Any]) -> None:
            self.objects.append((ns.get("Demo_Thing=@"), ns.query("SELECT"), list(ns.begin.query("SELECT"))))

        def set_status(self, status: WbemStatus | HResult | int, error: WbemError | None) -> None:
            inner = Heard()
            ns.with_sink(inner).query("SELECT")
            assert inner.over.wait(SECONDS)
            with pytest.raises(NotFound):
                ns.cancel_calls(Heard())
            super().set_status(status, error)

    sinks = [Asking() for _ in range(20)]
    for sink in sinks:
        ns.with_sink(sink).query("SELECT")
    for sink in sinks:
        assert sink.over.wait(SECONDS), "it waits for itself"
        assert sink.objects == [(THINGS[0], THINGS, THINGS)]


def test_a_sink_on_the_loop_cannot_block_and_may_begin_and_cancel(ns: Namespace) -> None:
    heard: list[Any] = []
    over = threading.Event()

    class OnTheLoop(Sink[Any]):
        async def indicate(self, objects: Sequence[Any]) -> None:
            with pytest.raises(LocalProtocolError, match="another thread"):
                ns.get("Demo_Thing=@")
            with pytest.raises(NotFound):
                ns.cancel_calls(Heard())
            heard.append(ns.begin.get("Demo_Thing=@"))

        async def set_status(self, status: WbemStatus | HResult | int, error: WbemError | None) -> None:
            heard.append(status)
            over.set()

    ns.with_sink(OnTheLoop()).query("SELECT")
    assert over.wait(SECONDS)
    call, status = heard
    assert (call.result(SECONDS), status) == (THINGS[0], WbemStatus.NO_ERROR)


# ---------------------------------------------------------------------------------------------------------- connecting


def test_connecting_to_providers_of_ones_own(own: Runner) -> None:
    desks = Rows(NUMBERED, [{"Number": 1}, {"Number": 2}])
    with openwmi.blocking.connect(providers=(each for each in [desks])) as ns:
        assert [each.Number for each in ns.query("SELECT * FROM Demo_Numbered WHERE Number > 1")] == [2]
        assert ns.get("Demo_Numbered.Number=1").Number == 1
        with pytest.raises(NotFound):
            ns.get("Demo_Numbered.Number=3")
    with pytest.raises(WbemError, match="closed"):
        ns.get("Demo_Numbered")


def test_what_is_put_is_there_for_the_async_api_too(own: Runner, tmp_path: Path) -> None:
    file = tmp_path / "store.db"
    with openwmi.blocking.connect(r"root\default", repository=file) as ns:
        ns.load_mof("class Kept { [key] string Name; uint32 Size; };")
        assert str(ns.put(ns.get("Kept").instance({"Name": "a", "Size": 1})).relative) == 'Kept.Name="a"'
        assert ns.check_mof(["class Kept2 {};", "clas"])[0].status

    async def read() -> Any:
        async with openwmi.connect(r"root\default", repository=file) as ns:
            return (await ns.get('Kept.Name="a"')).Size

    assert asyncio.run(read()) == 1
    with openwmi.blocking.connect(r"root\default", repository=file) as ns:
        ns.delete('Kept.Name="a"')
        assert ns.instances("Kept") == []


def test_events_of_a_namespace(own: Runner, tmp_path: Path) -> None:
    with openwmi.blocking.connect("root/default", repository=tmp_path / "store.db") as ns:
        ns.load_mof("class Kept { [key] string Name; }; class Rang : __ExtrinsicEvent { string Who; };")
        query = "SELECT * FROM __InstanceCreationEvent WHERE TargetInstance ISA 'Kept'"
        with ns.events(query) as made, ns.events("SELECT * FROM Rang") as rang:
            ns.put(ns.get("Kept").instance({"Name": "a"}))
            ns.emit(ns.get("Rang").instance({"Who": name}) for name in ("me", "you"))
            assert next(made).TargetInstance.Name == "a"
            assert [each.Who for each in rang.next(2, SECONDS)] == ["me", "you"]
            assert made.next(1, timeout=0.001).status is WbemStatus.TIMEDOUT
        with pytest.raises(WbemError, match="no class of events"):
            ns.events("SELECT * FROM Kept")


def test_errors_of_connecting_are_raised_at_once(own: Runner) -> None:
    with pytest.raises(Unreachable):
        openwmi.blocking.connect(r"\\elsewhere.invalid\root\cimv2")
    with pytest.raises(NotFound):
        openwmi.blocking.connect("root/nowhere")


def test_a_loop_in_the_calling_thread_is_no_obstacle(ns: Namespace) -> None:
    """As in a notebook."""

    async def cell() -> Any:
        return ns.get("Demo_Thing=@"), ns.query("SELECT"), list(ns.begin.query("SELECT"))

    assert asyncio.run(cell()) == (THINGS[0], THINGS, THINGS)


def test_one_namespace_serves_many_threads(ns: Namespace) -> None:
    def ask(number: int) -> None:
        for _ in range(50):
            assert ns.get("Demo_Thing=@") == THINGS[0]
            assert ns.query("SELECT") == THINGS
            call = ns.begin.query("SELECT")
            assert call.next(2) == THINGS[:2]
            if number % 2:
                call.close()

    in_threads(64, ask)
