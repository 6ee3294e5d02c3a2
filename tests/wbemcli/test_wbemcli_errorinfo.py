"""GetErrorInfo: what is known of this thread's last failure (the SDK, "Retrieving an Error Code")."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

from tests.wbemcli.services_fakes import LIMIT, Recorder, failing, scripted, served, things

from openwmi.base.error import WbemError
from openwmi.base.status import HResult, WbemStatus
from openwmi.blocking.com.out import OUT
from openwmi.model import CimClass
from openwmi.session.failure import EXTENDED_STATUS
from openwmi.wbemcli.classobject import IWbemClassObject
from openwmi.wbemcli.errorinfo import GetErrorInfo, IErrorInfo, SetErrorInfo, extended_status

NOTHING = (1, None)


def _last() -> dict[str, Any]:
    hr, info = GetErrorInfo(0)
    assert hr == 0
    assert info is not None
    hr, extended = info.QueryInterface(IWbemClassObject)
    assert hr == 0
    assert extended is not None
    assert extended.Get("__CLASS")[1] == "__ExtendedStatus"
    names = ("StatusCode", "Operation", "ParameterInfo", "ProviderName")
    return {name: extended.Get(name)[1] for name in names}


def test_a_failure_is_there_once() -> None:
    GetErrorInfo()
    assert GetErrorInfo() == NOTHING
    assert served().GetObject("Demo_Dial.Name='none'")[0] == WbemStatus.NOT_FOUND
    assert _last() == {
        "StatusCode": WbemStatus.NOT_FOUND,
        "Operation": "GetObject",
        "ParameterInfo": "Demo_Dial.Name='none'",
        "ProviderName": "Windows Management",
    }
    assert GetErrorInfo() == NOTHING


def test_what_kind_of_thing_it_is() -> None:
    served().ExecQuery("WQL", "SELECT * FROM Demo_None")
    _, info = GetErrorInfo()
    assert isinstance(info, IErrorInfo)
    assert info.GetSource() == (0, "Windows Management")
    _, text = info.GetDescription()
    assert text is not None
    assert "Demo_None" in text
    assert info.GetHelpFile() == (0, None)
    assert info.GetHelpContext() == (0, 0)
    _, guid = info.GetGUID()
    assert guid is not None
    assert guid.int == 0
    assert info.QueryInterface(IErrorInfo) == (0, info)
    assert info.QueryInterface("00000000-0000-0000-0000-000000000001") == (HResult.E_NOINTERFACE, None)


def test_each_method_is_named_with_what_it_was_asked() -> None:
    services = scripted()
    context: Any = object()
    path, query = "Demo_Dial.Name='a'", "SELECT * FROM A"
    new = IWbemClassObject(CimClass("Demo_New", namespace=r"root\cimv2"))
    row = IWbemClassObject(things(1)[0])
    calls: dict[str, tuple[Callable[[], object], str | None]] = {
        "GetObject": (lambda: services.GetObject(path, 0, context), path),
        "PutClass": (lambda: services.PutClass(new, 0, context), "Demo_New"),
        "PutInstance": (lambda: services.PutInstance(row, 0, context), "Demo_Thing"),
        "DeleteClass": (lambda: services.DeleteClass("A", 0, context), "A"),
        "DeleteInstance": (lambda: services.DeleteInstance(path, 0, context), path),
        "CreateClassEnum": (lambda: services.CreateClassEnum(None, 0, context), None),
        "CreateInstanceEnum": (lambda: services.CreateInstanceEnum("A", 0, context), "A"),
        "ExecQuery": (lambda: services.ExecQuery("WQL", query, 0, context), query),
        "ExecQueryAsync": (lambda: services.ExecQueryAsync("WQL", query, 0, context, Recorder()), query),
        "ExecNotificationQuery": (lambda: services.ExecNotificationQuery("WQL", query, 0x30, context), query),
        "ExecMethod": (lambda: services.ExecMethod(path, "Do", 0, context), path),
        "OpenNamespace": (lambda: services.OpenNamespace("below", 0, context), "below"),
        "CancelAsyncCall": (lambda: services.CancelAsyncCall(None), None),
        "QueryObjectSink": (lambda: services.QueryObjectSink(1), None),
    }
    for method, (call, parameter) in calls.items():
        call()
        assert _last() == {
            "StatusCode": WbemStatus.INVALID_PARAMETER,
            "Operation": method,
            "ParameterInfo": parameter,
            "ProviderName": "Windows Management",
        }


def test_it_is_that_of_the_call_also_where_the_failure_is_seen_later() -> None:
    steps = failing(WbemStatus.PROVIDER_FAILURE)
    _, each = scripted(*steps).ExecQuery("WQL", "SELECT * FROM A", 0x30)
    assert each is not None
    assert each.Next(-1, 1)[0] == WbemStatus.PROVIDER_FAILURE
    assert (last := _last())["Operation"] == "ExecQuery"
    assert last["ParameterInfo"] == "SELECT * FROM A"
    _, _, result = scripted(*steps, single=True).GetObject("A=@", 0x10, None, None, OUT)
    assert result is not None
    assert result.GetCallStatus(-1)[0] == 0
    assert GetErrorInfo() == NOTHING, "that call succeeded"
    assert result.GetResultObject(0)[0] == WbemStatus.PROVIDER_FAILURE
    assert (last := _last())["Operation"] == "GetObject"
    assert last["ParameterInfo"] == "A=@"


def test_what_the_provider_said_comes_first() -> None:
    error = WbemError(
        WbemStatus.PROVIDER_FAILURE,
        "it broke",
        extended={"ProviderName": "Demo", "Description": "a wire is loose", "StatusCode": 5, "Colour": "red"},
    )
    _, _, _ = scripted(error, single=True).GetObject("A=@")
    _, info = GetErrorInfo()
    assert info is not None
    assert info.GetSource() == (0, "Demo")
    extended = extended_status(info.error_)
    told = {name: extended.Get(name)[1] for name in ("ProviderName", "Description", "StatusCode", "Operation")}
    assert told == {
        "ProviderName": "Demo",
        "Description": "a wire is loose",
        "StatusCode": 5,
        "Operation": "GetObject",
    }


def test_each_thread_has_its_own() -> None:
    found: list[Any] = []
    served().GetObject("Demo_None")
    thread = threading.Thread(target=lambda: found.append(GetErrorInfo()), daemon=True)
    thread.start()
    thread.join(LIMIT)
    assert found == [NOTHING]
    assert _last()["StatusCode"] == WbemStatus.NOT_FOUND


def test_an_asynchronous_failure_leaves_none() -> None:
    """The SDK: "WMI does not deliver the error object through GetErrorInfo for an asynchronous call"."""
    sink = Recorder()
    assert served().GetObjectAsync("Demo_None", 0, None, sink) == 0
    assert sink.wait() == WbemStatus.NOT_FOUND
    assert GetErrorInfo() == NOTHING
    assert sink.heard[-1][4].Get("ParameterInfo")[1] == "Demo_None"


def test_put_back() -> None:
    served().GetObject("Demo_None")
    _, info = GetErrorInfo()
    assert SetErrorInfo(0, info) == 0
    assert _last()["ParameterInfo"] == "Demo_None"
    assert SetErrorInfo(0, info) == 0
    assert SetErrorInfo(0, None) == 0
    assert GetErrorInfo() == NOTHING
    assert GetErrorInfo(1)[0] == WbemStatus.INVALID_PARAMETER
    assert SetErrorInfo(1) == WbemStatus.INVALID_PARAMETER


def test_the_class_is_the_one_that_every_namespace_has() -> None:
    _, face, _ = served().GetObject("__ExtendedStatus")
    assert face is not None
    shipped = face.model_
    assert isinstance(shipped, CimClass)
    assert [(each.name, each.type.cim) for each in EXTENDED_STATUS.properties] == [
        (each.name, each.type.cim) for each in shipped.properties
    ]
    assert (EXTENDED_STATUS.superclass, EXTENDED_STATUS.derivation) == (shipped.superclass, shipped.derivation)
