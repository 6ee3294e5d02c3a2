"""Events by the header's names: ExecNotificationQuery, its asynchronous kind, QueryObjectSink ([MS-WMI] 3.1.4.3)."""

from __future__ import annotations

from typing import Any

import pytest
from tests.wbemcli.services_fakes import LIMIT, Recorder, served

from openwmi.base.status import WbemStatus
from openwmi.blocking.runner import runner
from openwmi.operation import LOCAL
from openwmi.session import MofText
from openwmi.wbemcli.classobject import IWbemClassObject
from openwmi.wbemcli.constants import (
    WBEM_FLAG_FORWARD_ONLY,
    WBEM_FLAG_RETURN_IMMEDIATELY,
    WBEM_FLAG_SEND_STATUS,
    WBEM_STATUS_COMPLETE,
    WBEM_STATUS_PROGRESS,
)
from openwmi.wbemcli.enumerator import IEnumWbemClassObject
from openwmi.wbemcli.services import IWbemServices

SEMISYNC = WBEM_FLAG_RETURN_IMMEDIATELY | WBEM_FLAG_FORWARD_ONLY
OK, TIMEDOUT, INVALID_PARAMETER = 0, int(WbemStatus.TIMEDOUT), int(WbemStatus.INVALID_PARAMETER)
MILLISECONDS = int(LIMIT * 1000)

WORLD = """
class Demo_Bell : __ExtrinsicEvent { string Who; uint32 Times; };
class Demo_Lamp { [key] string Name; uint32 Watts; };
"""
RINGS = "SELECT * FROM Demo_Bell"
LAMPS = "SELECT * FROM __InstanceCreationEvent WITHIN 1 WHERE TargetInstance ISA 'Demo_Lamp'"


@pytest.fixture
def services() -> IWbemServices:
    made = served()
    runner().complete(made._session.load_mof, MofText(WORLD), LOCAL)
    return made


def spawn(services: IWbemServices, class_name: str, **values: Any) -> IWbemClassObject:
    _, class_, _ = services.GetObject(class_name)
    assert class_ is not None
    _, made = class_.SpawnInstance(0)
    assert made is not None
    for name, value in values.items():
        assert made.Put(name, 0, value) == OK
    return made


def subscribe(services: IWbemServices, text: str = RINGS) -> IEnumWbemClassObject:
    hr, each = services.ExecNotificationQuery("WQL", text, SEMISYNC)
    assert hr == OK
    assert each is not None
    return each


def test_events_that_a_program_sends(services: IWbemServices) -> None:
    """3.1.4.3.3: to "all WMI clients whose notification query satisfies the event objects"."""
    some, others = subscribe(services), subscribe(services, RINGS + " WHERE Times > 1")
    hr, bell = services.QueryObjectSink(0)
    assert hr == OK
    assert bell is not None
    rings = [spawn(services, "Demo_Bell", Who=who, Times=times) for who, times in (("me", 1), ("you", 2))]
    assert bell.Indicate(2, rings) == OK
    hr, objects, count = some.Next(MILLISECONDS, 2)
    assert (hr, count, [each.Get("Who")[1] for each in objects]) == (OK, 2, ["me", "you"])
    hr, objects, count = others.Next(MILLISECONDS, 1)
    assert (hr, count, [each.Get("Who")[1] for each in objects]) == (OK, 1, ["you"])
    assert some.Next(0, 1) == (TIMEDOUT, [], 0)
    assert bell.SetStatus(WBEM_STATUS_COMPLETE, 0, None, None) == OK
    assert bell.SetStatus(WBEM_STATUS_PROGRESS, 0, None, None) == OK
    assert bell.SetStatus(5, 0, None, None) == INVALID_PARAMETER


def test_what_a_program_cannot_send(services: IWbemServices) -> None:
    _, bell = services.QueryObjectSink(0)
    assert bell is not None
    _, class_, _ = services.GetObject("Demo_Bell")
    assert class_ is not None
    lamp = spawn(services, "Demo_Lamp", Name="hall")
    assert bell.Indicate(0, []) == OK
    assert bell.Indicate(2, [lamp]) == INVALID_PARAMETER
    assert bell.Indicate(1, [None]) == INVALID_PARAMETER  # type: ignore[list-item]
    assert bell.Indicate(1, [class_]) == WbemStatus.INVALID_OBJECT
    assert bell.Indicate(1, [lamp]) == WbemStatus.NOT_EVENT_CLASS


def test_events_of_the_repository(services: IWbemServices) -> None:
    each = subscribe(services, LAMPS)
    assert each.Next(0, 1) == (TIMEDOUT, [], 0)
    assert services.PutInstance(spawn(services, "Demo_Lamp", Name="hall", Watts=40))[0] == OK
    hr, (event,), _ = each.Next(MILLISECONDS, 1)
    assert hr == OK
    assert event.Get("__CLASS")[1] == "__InstanceCreationEvent"
    target = event.Get("TargetInstance")[1]
    assert isinstance(target, IWbemClassObject)
    assert target.Get("Name")[1] == "hall"


def test_events_told_to_a_sink(services: IWbemServices) -> None:
    """3.1.4.3.21: no SetStatus but of an error; CALL_CANCELLED is how it ends. WBEM_FLAG_SEND_STATUS "is ignored"."""
    sink = Recorder()
    assert services.ExecNotificationQueryAsync("WQL", RINGS, WBEM_FLAG_SEND_STATUS, None, sink) == OK
    _, bell = services.QueryObjectSink(0)
    assert bell is not None
    assert bell.Indicate(1, [spawn(services, "Demo_Bell", Who="me")]) == OK
    assert sink.indicated.wait(LIMIT)
    assert [each.Get("Who")[1] for each in sink.objects] == ["me"]
    assert services.CancelAsyncCall(sink) == OK
    assert sink.wait() == WbemStatus.CALL_CANCELLED
    assert [call[0] for call in sink.heard] == ["Indicate", "SetStatus"]
    assert bell.Indicate(1, [spawn(services, "Demo_Bell", Who="you")]) == OK
    runner().call(lambda: None)
    assert len(sink.heard) == 2


def test_a_sink_that_sends_events_from_its_callback(services: IWbemServices) -> None:
    _, bell = services.QueryObjectSink(0)
    assert bell is not None

    class Echo(Recorder):
        def Indicate(self, lObjectCount: int, apObjArray: Any) -> int | None:
            super().Indicate(lObjectCount, apObjArray)
            assert bell is not None
            if apObjArray[0].Get("Times")[1] == 1:
                assert bell.Indicate(1, [spawn(services, "Demo_Bell", Who="echo", Times=2)]) == OK
            else:
                assert services.CancelAsyncCall(self) == OK
            return None

    sink = Echo()
    assert services.ExecNotificationQueryAsync("WQL", RINGS, 0, None, sink) == OK
    assert bell.Indicate(1, [spawn(services, "Demo_Bell", Who="me", Times=1)]) == OK
    assert sink.wait() == WbemStatus.CALL_CANCELLED
    assert [each.Get("Who")[1] for each in sink.objects] == ["me", "echo"]


@pytest.mark.parametrize(
    ("text", "status"),
    [
        ("SELECT * FROM Demo_Lamp", WbemStatus.NOT_EVENT_CLASS),
        ("SELECT * FROM Demo_None", WbemStatus.INVALID_CLASS),
        ("SELECT * FROM", WbemStatus.INVALID_QUERY),
    ],
)
def test_what_cannot_be_asked_for(services: IWbemServices, text: str, status: WbemStatus) -> None:
    """3.1.4.3.20: returned; 3.1.4.3.21: "The following validation happens asynchronously", and is told to the sink."""
    assert services.ExecNotificationQuery("WQL", text, SEMISYNC) == (status, None)
    sink = Recorder()
    assert services.ExecNotificationQueryAsync("WQL", text, 0, None, sink) == OK
    assert sink.wait() == status


def test_an_enumerator_of_events(services: IWbemServices) -> None:
    """Forward-only, without an end; NextAsync waits for what comes; Release ends it."""
    each, sink, last = subscribe(services), Recorder(), Recorder()
    assert each.Reset() == WbemStatus.INVALID_OPERATION
    assert each.Clone() == (WbemStatus.INVALID_OPERATION, None)
    assert each.NextAsync(2, sink) == OK
    assert each.NextAsync(1, last) == OK
    _, bell = services.QueryObjectSink(0)
    assert bell is not None
    assert bell.Indicate(2, [spawn(services, "Demo_Bell", Who=who) for who in ("me", "you")]) == OK
    assert sink.wait() == OK
    assert len(sink.objects) == 2
    assert each.Release() == 0
    assert last.wait() == WbemStatus.CALL_CANCELLED
