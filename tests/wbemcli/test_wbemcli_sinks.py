"""Asynchronous calls: one callback at a time, one final status, cancelling ([MS-WMI] 3.1.1.1.3, 3.1.4.3.2, 3.2.4.1)."""

from __future__ import annotations

import gc
import logging
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any
from weakref import ref

import pytest
from tests.wbemcli import ourclient, wire
from tests.wbemcli.services_fakes import LIMIT, Gate, Recorder, Script, failing, in_threads, numbers, scripted, things

from openwmi.base.limits import SINK_BATCH
from openwmi.base.status import WbemStatus
from openwmi.blocking.runner import Runner, runner
from openwmi.model import CimClass, ObjectPath
from openwmi.operation import LOCAL, ResultSet
from openwmi.operation import delivery as delivering
from openwmi.wbemcli.classobject import IWbemClassObject
from openwmi.wbemcli.constants import WBEM_FLAG_SEND_STATUS, WBEM_STATUS_COMPLETE, WBEM_STATUS_PROGRESS
from openwmi.wbemcli.services import IWbemServices
from openwmi.wbemcli.sink import CALLS, IWbemObjectSink

OK, CANCELLED, INVALID_PARAMETER = 0, int(WbemStatus.CALL_CANCELLED), int(WbemStatus.INVALID_PARAMETER)
CLASS = IWbemClassObject(CimClass("Demo_New", namespace=r"root\cimv2"))
INSTANCE = IWbemClassObject(things(1)[0])

Call = Callable[[IWbemServices, Any, int], int]


class Lagging:
    """A runner that is told of things, and has not done them yet."""

    def __init__(self, inner: Runner) -> None:
        self.check = inner.check

    def post(self, function: Callable[[], object]) -> None:
        """Never gets to it."""


# The ten, and what they are called with.
ASYNC: dict[str, Call] = {
    "GetObjectAsync": lambda svc, sink, flags: svc.GetObjectAsync("A=@", flags, None, sink),
    "PutClassAsync": lambda svc, sink, flags: svc.PutClassAsync(CLASS, flags, None, sink),
    "DeleteClassAsync": lambda svc, sink, flags: svc.DeleteClassAsync("A", flags, None, sink),
    "CreateClassEnumAsync": lambda svc, sink, flags: svc.CreateClassEnumAsync(None, flags, None, sink),
    "PutInstanceAsync": lambda svc, sink, flags: svc.PutInstanceAsync(INSTANCE, flags, None, sink),
    "DeleteInstanceAsync": lambda svc, sink, flags: svc.DeleteInstanceAsync("A=@", flags, None, sink),
    "CreateInstanceEnumAsync": lambda svc, sink, flags: svc.CreateInstanceEnumAsync("A", flags, None, sink),
    "ExecQueryAsync": lambda svc, sink, flags: svc.ExecQueryAsync("WQL", "SELECT * FROM A", flags, None, sink),
    "ExecNotificationQueryAsync": lambda svc, sink, flags: svc.ExecNotificationQueryAsync(
        "WQL", "SELECT * FROM __TimerEvent", flags, None, sink
    ),
    "ExecMethodAsync": lambda svc, sink, flags: svc.ExecMethodAsync("A=@", "Do", flags, None, None, sink),
}
SINGLE = {"GetObjectAsync", "ExecMethodAsync"}
SILENT = {"PutClassAsync", "DeleteClassAsync", "PutInstanceAsync", "DeleteInstanceAsync"}
each_call = pytest.mark.parametrize("method", ASYNC)
on_either_face = pytest.mark.usefixtures("face")


@pytest.fixture(params=["in process", "over the wire", "by our client"])
def face(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """What holds for each: `openwmi.wbemcli` itself; the server's, whose sinks are called by DCOM; and both joined."""
    wires = {"over the wire": wire.wired, "by our client": ourclient.reached}
    if request.param in wires:
        monkeypatch.setattr(
            sys.modules[__name__],
            "scripted",
            lambda *steps, single=False, principal="": wires[request.param](Script(*steps, single=single)),
        )
    yield request.param
    wire.WireLocator.close_all()


def _result(method: str) -> list[Any]:
    """The steps of a call that succeeds."""
    if method in SINGLE:
        return [things(1)[0]]
    if method in SILENT:
        return [ObjectPath.parse('A.K="x"')] if "Put" in method else []
    return [things(3)]


def _services(method: str, *steps: Any) -> IWbemServices:
    return scripted(*steps, single=method in SINGLE | SILENT)


def _settled() -> None:
    """What was posted to the loop has been done."""
    for _ in range(10):
        runner().call(lambda: None)


@on_either_face
@each_call
def test_objects_then_one_final_status(method: str) -> None:
    """3.2.4.1.1-2: Indicate until all is delivered, SetStatus(WBEM_STATUS_COMPLETE) once."""
    sink = Recorder()
    assert ASYNC[method](_services(method, *_result(method)), sink, 0) == OK
    assert sink.wait() == OK
    assert sink.heard[-1][0] == "SetStatus"
    assert numbers(sink.objects) == ([] if method in SILENT else [0] if method in SINGLE else [0, 1, 2])
    *_, flags, hr, string, extended = sink.heard[-1]
    # 3.1.4.2.2: strParam is what GetResultString gives; "When … success, the client MUST set the pObjParam to NULL".
    expected = 'A.K="x"' if method == "PutInstanceAsync" else None
    assert (flags, hr, string, extended) == (WBEM_STATUS_COMPLETE, OK, expected, None)


@each_call
def test_the_session_knows_that_a_sink_hears_of_it(method: str) -> None:
    """Over the wire that is another call."""
    session, sink = Script(*_result(method), single=method in SINGLE | SILENT), Recorder()
    assert ASYNC[method](IWbemServices(session), sink, 0) == OK
    assert sink.wait() == OK
    assert [context.pushed for context in session.contexts] == [True]


@each_call
def test_over_tcp(method: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same with sockets, in both directions."""
    reached = partial(ourclient.reached, over="TCP")
    monkeypatch.setattr(
        sys.modules[__name__], "scripted", lambda *steps, single: reached(Script(*steps, single=single))
    )
    try:
        test_objects_then_one_final_status(method)
    finally:
        wire.WireLocator.close_all()


@on_either_face
@each_call
def test_a_failure_is_told_with_what_is_known_of_it(method: str) -> None:
    """3.1.4.2.2, pObjParam: "the object MUST contain additional error information"."""
    sink = Recorder()
    assert ASYNC[method](_services(method, *failing(WbemStatus.NOT_FOUND)), sink, 0) == OK
    assert sink.wait() == WbemStatus.NOT_FOUND
    ((_, _, _, string, extended),) = sink.heard
    assert string is None
    told = {name: extended.Get(name, 0)[1] for name in ("StatusCode", "Operation", "Description", "__CLASS")}
    assert told == {
        "StatusCode": WbemStatus.NOT_FOUND,
        "Operation": method,
        "Description": "so it was written",
        "__CLASS": "__ExtendedStatus",
    }


@on_either_face
@each_call
def test_a_call_that_could_not_start(method: str) -> None:
    """3.1.1.1.3: the error is returned, the sink neither kept nor called; its count "is the same as on entry" (SDK)."""
    sink = Recorder()
    steps = failing(WbemStatus.ACCESS_DENIED, at_start=True)
    assert ASYNC[method](_services(method, *steps), sink, 0) == WbemStatus.ACCESS_DENIED
    _settled()
    assert sink.heard == []
    assert sink.AddRef() == 2


@on_either_face
@each_call
def test_no_sink(method: str) -> None:
    """3.1.4.3.5 and all others: "The parameter MUST NOT be NULL"."""
    for sink in (None, object(), IWbemObjectSink):
        assert ASYNC[method](_services(method, *_result(method)), sink, 0) == INVALID_PARAMETER


@each_call
def test_the_sink_is_held_until_the_end(method: str) -> None:
    """3.1.1.1.3: "MUST keep a reference to IWbemObjectSink"; then it "MUST release" it (3.2.4.1.2)."""
    gate, sink = Gate(), Recorder()
    released = threading.Event()
    sink._released = released.set  # type: ignore[method-assign]
    weak = ref(sink)
    assert ASYNC[method](_services(method, gate), sink, 0) == OK
    assert sink.Release() == 1
    assert sink.AddRef() == 2
    assert sink.Release() == 1
    ended = sink.ended
    del sink
    gc.collect()
    assert weak() is not None
    gate.open()
    assert ended.wait(LIMIT)
    assert released.wait(LIMIT)
    for _ in range(20):
        _settled()
        gc.collect()
        if weak() is None:
            break
    assert weak() is None


@on_either_face
@each_call
def test_callbacks_come_on_threads_of_the_sinks_own(method: str) -> None:
    sink = Recorder()
    ASYNC[method](_services(method, *_result(method)), sink, 0)
    sink.wait()
    assert sink.threads
    assert not sink.threads & {threading.get_ident(), runner().call(threading.get_ident)}


# Cancelling.


@on_either_face
@each_call
def test_cancel(method: str) -> None:
    """3.1.4.3.2: one final SetStatus(WBEM_E_CALL_CANCELLED), and nothing else."""
    gate, sink = Gate(), Recorder()
    services = _services(method, gate, *_result(method))
    assert ASYNC[method](services, sink, 0) == OK
    assert services.CancelAsyncCall(sink) == OK
    assert sink.wait() == CANCELLED
    gate.open()
    _settled()
    assert sink.statuses == [CANCELLED]
    assert sink.objects == []
    assert services.CancelAsyncCall(sink) == WbemStatus.NOT_FOUND


@on_either_face
def test_a_method_that_another_machine_runs_goes_on_there_and_is_not_told_any_more() -> None:
    gate, sink = Gate(), Recorder()
    session = Script(gate, things(1)[0], single=True)
    services = ourclient.reached(session)
    (world,) = wire.WireLocator.worlds
    try:
        assert ASYNC["ExecMethodAsync"](services, sink, 0) == OK
        assert services.CancelAsyncCall(sink) == OK
        assert sink.wait() == CANCELLED
        for _ in range(1000):
            if not runner().call(lambda: len(world.server._shared.calls)):
                break
        else:
            raise AssertionError("the server was not told")
        assert session.under_way == 1
        gate.open()
    finally:
        wire.WireLocator.close_all()


def test_cancel_of_nothing() -> None:
    """3.1.4.3.2: "MUST return an error if the interface pointer is NULL", or of no call under way."""
    services = scripted()
    assert services.CancelAsyncCall(None) == INVALID_PARAMETER
    assert services.CancelAsyncCall(object()) == INVALID_PARAMETER  # type: ignore[arg-type]
    assert services.CancelAsyncCall(Recorder()) == WbemStatus.NOT_FOUND


def test_cancel_ends_every_call_of_that_sink() -> None:
    """3.1.4.3.2: "all pending asynchronous operations … which used the pSink", through whatever services."""
    gate, sink, other = Gate(), Recorder(), Recorder()
    for method, call in ASYNC.items():
        assert call(_services(method, gate), sink, 0) == OK
    assert ASYNC["ExecQueryAsync"](scripted(gate), other, 0) == OK
    assert scripted().CancelAsyncCall(sink) == OK
    for _ in range(200):
        if len(sink.statuses) == len(ASYNC):
            break
        _settled()
    assert sink.statuses == [CANCELLED] * len(ASYNC)
    assert other.heard == []
    gate.open()
    assert other.wait() == OK


@on_either_face
def test_cancel_never_waits_and_the_status_follows_a_callback_that_runs() -> None:
    """3.1.4.3.2: "The server MUST NOT wait for any response from the client"."""
    go_on = threading.Event()

    class Slow(Recorder):
        def Indicate(self, lObjectCount: int, apObjArray: Sequence[IWbemClassObject]) -> int | None:
            super().Indicate(lObjectCount, apObjArray)
            assert go_on.wait(LIMIT)
            return 0

    gate, sink = Gate(), Slow()
    services = scripted(things(2), gate, things(3))
    assert ASYNC["ExecQueryAsync"](services, sink, 0) == OK
    assert sink.indicated.wait(LIMIT)
    assert services.CancelAsyncCall(sink) == OK
    gate.open()
    _settled()
    assert sink.statuses == []
    go_on.set()
    assert sink.wait() == CANCELLED
    assert numbers(sink.objects) == [0, 1]


def test_a_cancel_waits_for_no_loop() -> None:
    """3.1.4.3.2: neither the one who cancels nor his sink, where no callback runs."""
    gate, sink = Gate(), Recorder()
    services = scripted(things(2), gate, things(3))
    assert ASYNC["ExecQueryAsync"](services, sink, 0) == OK
    assert sink.indicated.wait(LIMIT)
    _settled()
    pause = runner().pause()
    assert pause is not None
    try:
        assert services.CancelAsyncCall(sink) == OK
        assert services.CancelAsyncCall(sink) == OK, "the call is under way until its sink has heard of it"
        assert sink.wait() == CANCELLED
    finally:
        pause.over.release()
    gate.open()
    _settled()
    assert sink.statuses == [CANCELLED]
    assert numbers(sink.objects) == [0, 1]
    assert services.CancelAsyncCall(sink) == WbemStatus.NOT_FOUND


def test_a_cancel_that_the_loop_has_not_heard_of_yet_stops_what_is_ready() -> None:
    """No Indicate begins after CancelAsyncCall has returned, although there are objects for it."""
    go_on, entered = threading.Event(), threading.Event()

    class Slow(Recorder):
        def Indicate(self, lObjectCount: int, apObjArray: Sequence[IWbemClassObject]) -> int | None:
            entered.set()
            assert go_on.wait(LIMIT)
            return super().Indicate(lObjectCount, apObjArray)

    sink = Slow()
    services = scripted(*([things(SINK_BATCH)] * 3))
    assert ASYNC["ExecQueryAsync"](services, sink, 0) == OK
    assert entered.wait(LIMIT)
    _settled()
    with pytest.MonkeyPatch.context() as late:
        late.setattr(services, "_runner", Lagging(runner()))
        assert services.CancelAsyncCall(sink) == OK
    go_on.set()
    assert sink.wait() == CANCELLED
    assert len(sink.objects) == SINK_BATCH


@on_either_face
@pytest.mark.parametrize("where", ["Indicate", "progress", "SetStatus"])
def test_a_callback_calls_wmi_and_cancels_its_own_call(where: str) -> None:
    """MSDN forbids it: "interfere with the WMI state". Here nothing hangs, and there is one final status."""
    found: list[int] = []

    class Nosy(Recorder):
        def _call(self) -> None:
            found.append(services.ExecQuery("WQL", "SELECT * FROM A", 0)[0])
            found.append(services.GetObject("")[0])
            found.append(services.CancelAsyncCall(self))

        def Indicate(self, lObjectCount: int, apObjArray: Sequence[IWbemClassObject]) -> int | None:
            if where == "Indicate":
                self._call()
            return super().Indicate(lObjectCount, apObjArray)

        def SetStatus(
            self, lFlags: int, hResult: int, strParam: str | None, pObjParam: IWbemClassObject | None
        ) -> int | None:
            if where == ("progress" if lFlags else "SetStatus"):
                self._call()
            return super().SetStatus(lFlags, hResult, strParam, pObjParam)

    services, sink = scripted(lambda results: results.report(1, 2), things(2)), Nosy()
    assert ASYNC["ExecQueryAsync"](services, sink, WBEM_FLAG_SEND_STATUS) == OK
    assert sink.wait() == (OK if where == "SetStatus" else CANCELLED)
    assert found == [OK, OK, OK]
    _settled()
    assert len(sink.statuses) == 1


@pytest.mark.parametrize("how", ["raises", "fails"])
@pytest.mark.parametrize("where", ["Indicate", "progress", "SetStatus"])
def test_a_sink_that_fails_cancels_its_call(how: str, where: str, caplog: pytest.LogCaptureFixture) -> None:
    """3.2.4.1.1-2: "If IWbemObjectSink::Indicate returns an error": WBEM_E_CALL_CANCELLED, and the entry is removed."""

    class Broken(Recorder):
        def _break(self) -> int:
            if how == "raises":
                raise RuntimeError("broken")
            return int(WbemStatus.FAILED) - (1 << 32)  # as a signed long

        def Indicate(self, lObjectCount: int, apObjArray: Sequence[IWbemClassObject]) -> int | None:
            super().Indicate(lObjectCount, apObjArray)
            return self._break() if where == "Indicate" else 0

        def SetStatus(
            self, lFlags: int, hResult: int, strParam: str | None, pObjParam: IWbemClassObject | None
        ) -> int | None:
            super().SetStatus(lFlags, hResult, strParam, pObjParam)
            return self._break() if where == ("progress" if lFlags else "SetStatus") else 0

    with caplog.at_level(logging.CRITICAL, "openwmi"):
        services, sink = scripted(lambda results: results.report(1, 2), things(300)), Broken()
        assert ASYNC["ExecQueryAsync"](services, sink, WBEM_FLAG_SEND_STATUS) == OK
        assert sink.wait() == (OK if where == "SetStatus" else CANCELLED)
        _settled()
    assert len(sink.statuses) == 1
    assert len(sink.objects) == {"Indicate": 100, "progress": 0, "SetStatus": 300}[where]


@on_either_face
def test_a_sink_that_does_not_return_loses_its_call(monkeypatch: pytest.MonkeyPatch) -> None:
    """3.1.2, sink timer: 30 seconds. That it is 30 is tested under the fake clock, with the Delivery."""
    monkeypatch.setattr(delivering, "SINK_CALLBACK_SECONDS", 0.02)
    go_on, other = threading.Event(), Recorder()

    class Hanging(Recorder):
        def Indicate(self, lObjectCount: int, apObjArray: Sequence[IWbemClassObject]) -> int | None:
            super().Indicate(lObjectCount, apObjArray)
            assert go_on.wait(LIMIT)
            return 0

    gate = Gate()
    session = Script(things(1), gate)
    sink = Hanging()
    assert ASYNC["ExecQueryAsync"](IWbemServices(session, LOCAL), sink, 0) == OK
    assert sink.indicated.wait(LIMIT)
    assert ASYNC["ExecQueryAsync"](scripted(things(2)), other, 0) == OK
    assert other.wait() == OK, "a sink that hangs delays no other"
    for _ in range(10_000):
        if not session.under_way:
            break
        _settled()
    assert session.under_way == 0, "and its call ends"
    go_on.set()


@on_either_face
def test_cancelling_from_many_threads_gives_one_status() -> None:
    for _ in range(20):
        gate, sink = Gate(), Recorder()
        services = scripted(things(3), gate)
        ASYNC["ExecQueryAsync"](services, sink, 0)
        assert in_threads(4, lambda _, to=services, which=sink: to.CancelAsyncCall(which)) == []  # type: ignore[misc]
        assert sink.wait() == CANCELLED
        gate.open()
        _settled()
        assert len(sink.statuses) == 1


# Progress.


def _report(done: int, total: int, text: str = "") -> Callable[[ResultSet[Any]], None]:
    return lambda results: results.report(done, total, text)


@on_either_face
@each_call
def test_progress_only_for_who_asks(method: str) -> None:
    """3.1.1.1.3: "as explicitly requested by a client using a WBEM_SEND_STATUS flag"; never of events (3.1.4.3.21)."""
    for flags in (0, WBEM_FLAG_SEND_STATUS):
        gate, sink = Gate(), Recorder()
        services = _services(method, _begin, _report(1, 4, "so far"), gate, *_result(method))
        assert ASYNC[method](services, sink, flags) == OK
        gate.open()
        assert sink.wait() == OK
        told = [call[1:] for call in sink.heard if call[:2] == ("SetStatus", WBEM_STATUS_PROGRESS)]
        if flags and method != "ExecNotificationQueryAsync":
            # LOWORD: done; HIWORD: of how much (the SDK's page of SetStatus).
            assert told == [(WBEM_STATUS_PROGRESS, 4 << 16 | 1, "so far", None)]
        else:
            assert told == []


@on_either_face
@pytest.mark.parametrize(
    ("done", "total", "words"),
    [(0, 0, 0), (5, 0, 5), (65535, 65535, 0xFFFFFFFF), (1 << 20, 1 << 21, 0xFFFF7FFF), (-1, -1, 0)],
)
def test_progress_in_two_words(done: int, total: int, words: int) -> None:
    gate, sink = Gate(), Recorder()
    services = scripted(_begin, _report(done, total), gate)
    assert ASYNC["ExecQueryAsync"](services, sink, WBEM_FLAG_SEND_STATUS) == OK
    for _ in range(1000):
        if sink.heard:
            break
        _settled()
    gate.open()
    assert sink.wait() == OK
    assert sink.heard[0][2] == words


def _begin(results: ResultSet[Any]) -> None:
    if not results.began:
        results.begin()


# What is no sink.


def test_a_sink_is_written_with_ordinary_methods() -> None:
    with pytest.raises(TypeError, match="no `async def`"):

        class Wrong(IWbemObjectSink):
            async def Indicate(  # type: ignore[override]
                self, lObjectCount: int, apObjArray: Sequence[IWbemClassObject]
            ) -> int:
                return 0


@on_either_face
def test_a_sink_that_overrides_nothing() -> None:
    sink = IWbemObjectSink()
    assert ASYNC["ExecQueryAsync"](scripted(things(3)), sink, 0) == OK
    assert [sink.Indicate(0, []), sink.SetStatus(0, 0, None, None)] == [OK, OK]


@on_either_face
def test_nothing_is_left() -> None:
    _settled()
    before = len(CALLS)
    sinks = [Recorder() for _ in range(50)]
    for sink in sinks:
        ASYNC["ExecQueryAsync"](scripted(things(3)), sink, 0)
    for sink in sinks:
        sink.wait()
    for _ in range(1000):
        if len(CALLS) == before:
            break
        _settled()
    assert len(CALLS) == before
