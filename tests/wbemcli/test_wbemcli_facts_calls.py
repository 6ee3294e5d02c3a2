"""What real Windows was seen to do, and what its documents say, fact by fact: methods, sinks, call results, writing."""

from __future__ import annotations

import time
from struct import unpack_from

from tests.wbemcli.faces import (
    CIMV2,
    INFINITE,
    INVALID_OPERATION,
    INVALID_PARAMETER,
    NOT_FOUND,
    NOW,
    OK,
    SEMISYNC,
    Face,
    query,
    row,
)
from tests.wbemcli.services_fakes import LIMIT, Gate, Recorder, failing

from openwmi.base.status import WbemStatus
from openwmi.blocking.com.out import OUT
from openwmi.blocking.runner import runner
from openwmi.operation import LOCAL
from openwmi.session import MofText
from openwmi.wbemcli import constants as c
from openwmi.wbemcli.classobject import IWbemClassObject
from openwmi.wbemcli.services import IWbemServices

# Methods.


def _create(services: IWbemServices, command: str | None) -> IWbemClassObject:
    _, class_, _ = services.GetObject("Win32_Process")
    assert class_ is not None
    hr, signature, _ = class_.GetMethod("Create", 0)
    assert signature is not None
    _, given = signature.SpawnInstance(0)
    assert given is not None
    if command is not None:
        assert given.Put("CommandLine", 0, command) == OK
    hr, told, _ = services.ExecMethod("Win32_Process", "Create", 0, None, given)
    assert hr == OK
    assert told is not None
    return told


@row(35)
def test_processes_are_started(face: Face) -> None:
    _, services = face.locator().ConnectServer(CIMV2)
    assert services is not None
    assert _create(services, None).Get("ReturnValue")[1] == 21
    unknown = _create(services, "a-program-that-nobody-has")
    assert unknown.Get("ReturnValue")[1] == 9
    assert unknown.Get("ProcessId")[1:3] == (None, c.CIM_UINT32)
    started = _create(services, "true")
    assert started.Get("ReturnValue")[1] == 0
    process = started.Get("ProcessId")[1]
    assert isinstance(process, int)
    assert process > 0


@row(41)
def test_the_security_descriptor_of_a_namespace(svc: IWbemServices) -> None:
    """That who is no administrator may not ask is shown in tests/server/test_server_services.py."""
    hr, one, _ = svc.GetObject("__SystemSecurity=@")
    assert hr == OK
    assert one is not None
    hr, out, _ = svc.ExecMethod(one.Get("__RELPATH")[1], "GetSD")
    assert hr == OK
    assert out is not None
    assert out.Get("ReturnValue")[1] == 0
    octets = bytes(out.Get("SD")[1])
    revision, control, owner, group, sacl = unpack_from("<BxHIII", octets)
    assert (revision, control & 0x8000, sacl) == (1, 0x8000, 0)
    administrators = bytes.fromhex("01 02 000000000005 20000000 20020000")
    assert [octets[at : at + 16] for at in (owner, group)] == [administrators] * 2


# Sinks and call results.


@row(42)
def test_no_sink(svc: IWbemServices) -> None:
    assert svc.ExecQueryAsync("WQL", "SELECT * FROM Win32_Process", 0, None, None) == INVALID_PARAMETER
    assert svc.CancelAsyncCall(None) == INVALID_PARAMETER


@row(43)
def test_asked_and_cancelled(face: Face, svc: IWbemServices) -> None:
    """S_OK, S_OK, and one final SetStatus, whether the call had ended or not."""
    gate, sink = Gate(), Recorder()
    services = face.scripted(gate)
    assert services.ExecQueryAsync("WQL", "SELECT * FROM Win32_Process", 0, None, sink) == OK
    assert services.CancelAsyncCall(sink) == OK
    assert sink.wait() == WbemStatus.CALL_CANCELLED
    ended = Recorder()
    assert svc.ExecQueryAsync("WQL", "SELECT * FROM Win32_LogicalDisk", 0, None, ended) == OK
    svc.CancelAsyncCall(ended)
    assert ended.wait() in (OK, WbemStatus.CALL_CANCELLED)


@row(45)
def test_a_sink_of_events_is_held_until_it_is_cancelled(svc: IWbemServices) -> None:
    sink = Recorder()
    text = "SELECT * FROM __InstanceCreationEvent WITHIN 1 WHERE TargetInstance ISA 'Win32_LogicalDisk'"
    assert svc.ExecNotificationQueryAsync("wql", text, 0, None, sink) == OK
    assert sink.AddRef() == 3
    assert sink.Release() == 2
    assert svc.CancelAsyncCall(sink) == OK
    assert sink.wait() == WbemStatus.CALL_CANCELLED
    assert [call[0] for call in sink.heard] == ["SetStatus"]


@row(46)
def test_what_cannot_start_does_not_touch_its_sink(face: Face) -> None:
    sink = Recorder()
    services = face.scripted(*failing(WbemStatus.ACCESS_DENIED, at_start=True))
    assert services.ExecQueryAsync("WQL", "SELECT * FROM A", 0, None, sink) == WbemStatus.ACCESS_DENIED
    assert services.ExecQueryAsync("WQL", None, 0, None, sink) == INVALID_PARAMETER
    assert (sink.heard, sink.AddRef()) == ([], 2)


@row(47)
def test_at_once_without_a_call_result(svc: IWbemServices) -> None:
    assert svc.GetObject("Win32_Process", NOW, None, OUT, None) == (INVALID_PARAMETER, None, None)


@row(48)
def test_a_missing_object_semisynchronously(svc: IWbemServices) -> None:
    hr, _, result = svc.GetObject("Win32_Service.Name='none'", NOW, None, None, OUT)
    assert hr == OK
    assert result is not None
    assert result.GetCallStatus(INFINITE) == (OK, NOT_FOUND)
    assert result.GetResultObject(INFINITE) == (NOT_FOUND, None)


@row(49)
def test_no_string_but_of_a_put(svc: IWbemServices) -> None:
    _, _, result = svc.GetObject("Win32_Process", NOW, None, None, OUT)
    assert result is not None
    assert result.GetResultString(INFINITE) == (INVALID_OPERATION, None)


def _loaded(face: Face, mof: str) -> IWbemServices:
    """The services of a namespace in memory that holds this."""
    hr, services = face.locator(providers=[]).ConnectServer(CIMV2)
    assert hr == OK
    assert services is not None
    runner().complete(services._session.load_mof, MofText(mof), LOCAL)
    return services


ONE_KEY = 'class Demo_One { [key] string K; string V; }; instance of Demo_One { K = "a"; V = "1"; };'


@row(50, 51, 55)
def test_written_and_deleted(face: Face) -> None:
    services = _loaded(face, ONE_KEY)
    _, one, _ = services.GetObject("Demo_One.K='a'")
    assert one is not None
    assert one.Put("V", 0, "2") == OK
    hr, result = services.PutInstance(one, NOW, None, OUT)
    assert result is not None
    assert result.GetResultString(INFINITE) == (OK, 'Demo_One.K="a"')
    assert services.GetObject("Demo_One.K='a'")[1].Get("V")[1] == "2"  # type: ignore[union-attr]
    assert services.DeleteInstance("Demo_One.K='a'")[0] == OK
    assert services.GetObject("Demo_One.K='a'")[0] == NOT_FOUND
    assert services.DeleteClass("Demo_One")[0] == OK
    assert services.GetObject("Demo_One")[0] == NOT_FOUND
    assert services.DeleteClass("Demo_One")[0] == NOT_FOUND
    hr, result = services.DeleteClass("Demo_One", NOW, None, OUT)
    assert hr == OK
    assert result is not None
    assert result.GetCallStatus(INFINITE) == (OK, NOT_FOUND)


@row(56)
def test_a_namespace_comes_and_goes(face: Face) -> None:
    _, root = face.locator(providers=[]).ConnectServer("root")
    assert root is not None
    _, class_, _ = root.GetObject("__namespace")
    assert class_ is not None
    _, made = class_.SpawnInstance(0)
    assert made is not None
    made.Put("Name", 0, "X")
    assert root.PutInstance(made)[0] == OK
    assert root.GetObject("__namespace.Name='X'")[1].Get("Name")[1] == "X"  # type: ignore[union-attr]
    assert root.DeleteInstance("__namespace.Name='X'")[0] == OK
    assert root.GetObject("__namespace.Name='X'")[0] == NOT_FOUND


LINKED = """
class Class1 { [key] string MyKey; };
class Class3 { [key] string Class3Key; };
class Class4 { [key] string Class4Key; };
[Association] class AssocA { [key] Class1 ref Left; [key] Class4 ref Right; };
[Association] class AssocB { [key] Class3 ref Left; [key] Class4 ref Right; };
instance of Class1 { MyKey = "One1"; };
instance of Class1 { MyKey = "One2"; };
instance of Class3 { Class3Key = "Three2"; };
instance of Class4 { Class4Key = "Four1"; };
instance of AssocA { Left = "Class1.MyKey=\\"One2\\""; Right = "Class4.Class4Key=\\"Four1\\""; };
instance of AssocB { Left = "Class3.Class3Key=\\"Three2\\""; Right = "Class4.Class4Key=\\"Four1\\""; };
"""


@row(57)
def test_related_objects(face: Face) -> None:
    services = _loaded(face, LINKED)
    for text, class_name in (
        ("ASSOCIATORS OF {Class3.Class3Key='Three2'}", "Class4"),
        ("REFERENCES OF {Class1.MyKey='One2'}", "AssocA"),
    ):
        hr, objects = query(services, text)
        assert (hr, [each.Get("__CLASS")[1] for each in objects]) == (OK, [class_name])


TIMER = 'instance of __IntervalTimerInstruction { TimerId = "MyEvent"; IntervalBetweenEvents = 100; };'
TICKS = "SELECT * FROM __TimerEvent WHERE TimerID = 'MyEvent'"


@row(58)
def test_timers(face: Face) -> None:
    services = _loaded(face, TIMER)
    hr, each = services.ExecNotificationQuery("WQL", TICKS, SEMISYNC)
    assert hr == OK
    assert each is not None
    sink = Recorder()
    assert services.ExecNotificationQueryAsync("WQL", TICKS, 0, None, sink) == OK
    began = time.monotonic()
    hr, (event,), count = each.Next(5000, 1)
    assert (hr, count, event.Get("TimerID")[1]) == (OK, 1, "MyEvent")
    assert sink.indicated.wait(LIMIT)
    assert time.monotonic() - began < 5
    assert {one.Get("TimerID")[1] for one in sink.objects} == {"MyEvent"}
    assert services.CancelAsyncCall(sink) == OK
    assert sink.wait() == WbemStatus.CALL_CANCELLED
    assert each.Release() == 0
