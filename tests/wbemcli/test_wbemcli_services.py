"""IWbemServices, method by method, over a namespace ([MS-WMI] 3.1.4.3, the SDK's page of each)."""

from __future__ import annotations

import inspect
import threading
from collections.abc import Callable
from typing import Any

import pytest
from tests.wbemcli.services_fakes import LIMIT, Dials, Recorder, Script, in_threads, scripted, served, things

from openwmi.base.fault import LocalProtocolError
from openwmi.base.limits import CLASS_NAME_CHARS, OBJECT_PATH_CHARS, QUERY_CHARS
from openwmi.base.status import WbemStatus
from openwmi.blocking.com.out import OUT, wanted
from openwmi.blocking.runner import runner
from openwmi.interfaces import IWbemServices as Declared
from openwmi.model import ChangeFlag
from openwmi.session.modes import RULES, Results
from openwmi.wbemcli.classobject import IWbemClassObject
from openwmi.wbemcli.constants import (
    CIM_STRING,
    CIM_UINT32,
    WBEM_FLAG_CREATE_ONLY,
    WBEM_FLAG_FORWARD_ONLY,
    WBEM_FLAG_RETURN_IMMEDIATELY,
    WBEM_FLAG_SHALLOW,
    WBEM_FLAG_UPDATE_ONLY,
    WBEM_INFINITE,
)
from openwmi.wbemcli.services import IWbemServices

NOW, FORWARD = WBEM_FLAG_RETURN_IMMEDIATELY, WBEM_FLAG_FORWARD_ONLY
OK, INVALID_PARAMETER = 0, int(WbemStatus.INVALID_PARAMETER)
NOT_FOUND, QUOTA = int(WbemStatus.NOT_FOUND), int(WbemStatus.QUOTA_VIOLATION)
THING = IWbemClassObject(things(1)[0])
THING_CLASS = IWbemClassObject(things(1)[0].class_)


def names(services: IWbemServices, text: str) -> list[Any]:
    """What a query finds."""
    hr, each = services.ExecQuery("WQL", text)
    assert (hr, each is None) == (OK, False), hex(hr)
    assert each is not None
    return [one.Get("Name")[1] for one in each.Next(WBEM_INFINITE, 1000)[1]]


def new_class(services: IWbemServices, name: str = "Demo_Lamp") -> IWbemClassObject:
    """A class with a key, as the SDK's "Creating a Class" makes one."""
    hr, made, _ = services.GetObject(None)
    assert hr == OK
    assert made is not None
    assert made.Put("__CLASS", 0, name, 0) == OK
    assert made.Put("Name", 0, None, CIM_STRING) == OK
    assert made.Put("Watts", 0, None, CIM_UINT32) == OK
    _, qualifiers = made.GetPropertyQualifierSet("Name")
    assert qualifiers is not None
    assert qualifiers.Put("key", True, 0) == OK
    return made


def lamp(services: IWbemServices, name: str, watts: int | None = None) -> IWbemClassObject:
    _, class_, _ = services.GetObject("Demo_Lamp")
    assert class_ is not None
    _, made = class_.SpawnInstance(0)
    assert made is not None
    assert [made.Put("Name", 0, name), made.Put("Watts", 0, watts)] == [OK, OK]
    return made


# The header.


# wbemcli.h has a name of its own for the class of CreateInstanceEnum, where [MS-WMI] says strSuperClass.
RENAMED = {"CreateInstanceEnum": "strFilter", "CreateInstanceEnumAsync": "strFilter"}
OUTS = {"ppEnum", "ppResponseHandler"}


@pytest.mark.parametrize("method", [*RULES, "CancelAsyncCall", "QueryObjectSink"])
def test_parameters_have_the_headers_names_and_order(method: str) -> None:
    declared = [name for name in inspect.signature(getattr(Declared, method)).parameters if name not in OUTS]
    found = list(inspect.signature(getattr(IWbemServices, method)).parameters)
    declared = [RENAMED.get(method, name) if name == "strSuperClass" else name for name in declared]
    assert found == declared


@pytest.mark.parametrize("method", RULES)
def test_so_many_out_parameters(method: str) -> None:
    """A failure: the HRESULT, and None for each of them."""
    outs = {"OpenNamespace": 2, "GetObject": 2, "ExecMethod": 2}
    expected = 0 if method.endswith("Async") else outs.get(method, 1)
    required = [
        None
        for parameter in inspect.signature(getattr(IWbemServices, method)).parameters.values()
        if parameter.name not in {"self", "lFlags"}
    ]
    arguments: list[Any] = [*required[: -1 if method.endswith("Async") else None]]
    position = list(inspect.signature(getattr(IWbemServices, method)).parameters).index("lFlags") - 1
    arguments.insert(position, 0x40000)
    if method.endswith("Async"):
        arguments.append(Recorder())
    result = getattr(scripted(), method)(*arguments)
    if expected:
        hr, *rest = result
        assert rest == [None] * expected
    else:
        hr = result
    assert hr == INVALID_PARAMETER


def test_pointers() -> None:
    assert (wanted("p", OUT), wanted("p", None), repr(OUT)) == (True, False, "OUT")
    services = scripted(things(1)[0], single=True)
    for given in (True, False, 0, object()):
        assert services.GetObject("A=@", NOW, None, None, given) == (INVALID_PARAMETER, None, None)  # type: ignore[arg-type]
    assert services.GetObject("A=@", 0, None, None) == (OK, None, None)
    assert services.GetObject("A=@", NOW) == (INVALID_PARAMETER, None, None)
    hr, found, result = services.GetObject("A=@", 0, None, OUT, OUT)
    assert (hr, found is None, result) == (OK, False, None)


def test_a_call_on_the_loops_own_thread_is_a_mistake() -> None:
    services = scripted(things(1)[0], single=True)
    with pytest.raises(LocalProtocolError):
        runner().call(services.GetObject, "A=@")


# What a session is asked.


ASKED: list[tuple[Callable[[IWbemServices], Any], tuple[Any, ...]]] = [
    (lambda svc: svc.GetObject("A.K=1"), ("get", "A.K=1")),
    (lambda svc: svc.GetObjectAsync("A.K=1", 0, None, Recorder()), ("get", "A.K=1")),
    (lambda svc: svc.PutClass(THING_CLASS), ("put", THING_CLASS.model_, ChangeFlag(0))),
    (lambda svc: svc.PutClass(THING_CLASS, 0x42), ("put", THING_CLASS.model_, ChangeFlag(0x42))),
    (lambda svc: svc.PutInstance(THING, 0x20001), ("put", THING.model_, ChangeFlag.UPDATE_ONLY)),
    (lambda svc: svc.PutInstanceAsync(THING, 2, None, Recorder()), ("put", THING.model_, ChangeFlag.CREATE_ONLY)),
    (lambda svc: svc.DeleteClass("A"), ("delete", "A")),
    (lambda svc: svc.DeleteInstance("A=@"), ("delete", "A=@")),
    (lambda svc: svc.CreateClassEnum(), ("classes", None, True)),
    (lambda svc: svc.CreateClassEnum("", WBEM_FLAG_SHALLOW), ("classes", None, False)),
    (lambda svc: svc.CreateClassEnumAsync("A", 1, None, Recorder()), ("classes", "A", False)),
    (lambda svc: svc.CreateInstanceEnum("A"), ("instances", "A", True)),
    (lambda svc: svc.CreateInstanceEnum("A", WBEM_FLAG_SHALLOW), ("instances", "A", False)),
    (lambda svc: svc.ExecQuery("wql", "SELECT"), ("query", "SELECT", None)),
    (lambda svc: svc.ExecNotificationQuery("WQL", "SELECT", NOW | FORWARD), ("events", "SELECT", None)),
    (lambda svc: svc.ExecNotificationQueryAsync("WQL", "SELECT", 0, None, Recorder()), ("events", "SELECT", None)),
    (lambda svc: svc.ExecMethod("A=@", "Do", 0, None, THING), ("call", "A=@", "Do", {"Number": 0})),
    (lambda svc: svc.ExecMethod("A=@", "Do"), ("call", "A=@", "Do", {})),
    (lambda svc: svc.OpenNamespace("below/that"), ("open_namespace", "below/that")),
]


@pytest.mark.parametrize(("call", "expected"), ASKED)
def test_what_reaches_the_session(call: Callable[[IWbemServices], Any], expected: tuple[Any, ...]) -> None:
    session = Script(lambda results: results.began or results.begin())
    call(IWbemServices(session))
    assert session.asked == [expected]


def test_flags_that_reach_the_session() -> None:
    """Gathered means kept; pushed means forgotten as it is read."""
    session = Script(lambda results: results.began or results.begin())
    services = IWbemServices(session)
    services.ExecQuery("WQL", "SELECT", 0x20330)
    services.ExecQuery("WQL", "SELECT", 0x20)
    services.ExecQueryAsync("WQL", "SELECT", 0x80, None, Recorder())
    services.ExecNotificationQueryAsync("WQL", "SELECT", 0x80, None, Recorder())
    assert [int(context.flags) for context in session.contexts] == [0x20330, 0, 0xA0, 0x20]


@pytest.mark.parametrize(
    ("call", "status"),
    [
        (lambda svc: svc.GetObject("A" * (OBJECT_PATH_CHARS + 1)), QUOTA),
        (lambda svc: svc.GetObject(5), INVALID_PARAMETER),
        (lambda svc: svc.PutClass(None), INVALID_PARAMETER),
        (lambda svc: svc.PutClass(THING), WbemStatus.INVALID_OBJECT),
        (lambda svc: svc.PutClass(IWbemClassObject()), WbemStatus.INCOMPLETE_CLASS),
        (lambda svc: svc.PutInstance(None), INVALID_PARAMETER),
        (lambda svc: svc.PutInstance(THING_CLASS), WbemStatus.INVALID_OBJECT),
        (lambda svc: svc.PutInstance(things(1)[0]), INVALID_PARAMETER),
        (lambda svc: svc.PutInstance(THING, 3), INVALID_PARAMETER),
        (lambda svc: svc.PutClass(THING_CLASS, 0x60), INVALID_PARAMETER),
        (lambda svc: svc.DeleteClass(None), INVALID_PARAMETER),
        (lambda svc: svc.DeleteClass("A.K=1"), WbemStatus.INVALID_CLASS),
        (lambda svc: svc.DeleteClass("A" * (CLASS_NAME_CHARS + 1)), QUOTA),
        # [MS-WMI] 3.1.1.2: deleting with WBEM_FLAG_USE_AMENDED_QUALIFIERS.
        (lambda svc: svc.DeleteClass("A", 0x20000), INVALID_PARAMETER),
        (lambda svc: svc.DeleteInstance(None), INVALID_PARAMETER),
        (lambda svc: svc.DeleteInstance("A"), WbemStatus.INVALID_OBJECT_PATH),
        (lambda svc: svc.DeleteInstance("A.K='" + "x" * OBJECT_PATH_CHARS + "'"), QUOTA),
        (lambda svc: svc.CreateClassEnum("A" * (CLASS_NAME_CHARS + 1)), QUOTA),
        (lambda svc: svc.CreateInstanceEnum(None), INVALID_PARAMETER),
        (lambda svc: svc.CreateInstanceEnum("A" * (CLASS_NAME_CHARS + 1)), QUOTA),
        (lambda svc: svc.ExecQuery("WQL", "S" * (QUERY_CHARS + 1)), QUOTA),
        (lambda svc: svc.ExecNotificationQuery("WQL", "SELECT", NOW), INVALID_PARAMETER),
        (lambda svc: svc.ExecNotificationQuery("WQL", "SELECT", 0), INVALID_PARAMETER),
        (lambda svc: svc.ExecNotificationQuery("SQL", "SELECT", NOW | FORWARD), WbemStatus.INVALID_QUERY_TYPE),
        (lambda svc: svc.ExecMethod(None, "Do"), INVALID_PARAMETER),
        (lambda svc: svc.ExecMethod("A=@", None), INVALID_PARAMETER),
        (lambda svc: svc.ExecMethod("A=@", "Do", 0, None, THING_CLASS), WbemStatus.INVALID_METHOD_PARAMETERS),
        (lambda svc: svc.ExecMethod("A=@", "Do", 0, None, things(1)[0]), INVALID_PARAMETER),
        # 3.1.4.3.22: ppOutParams "MUST NOT be NULL upon input" of a call that is waited for.
        (lambda svc: svc.ExecMethod("A=@", "Do", 0, None, None, None), INVALID_PARAMETER),
        (lambda svc: svc.QueryObjectSink(1), INVALID_PARAMETER),
    ],
)
def test_what_does_not_reach_the_session(call: Callable[[IWbemServices], tuple[Any, ...]], status: int) -> None:
    session = Script()
    hr, *outs = call(IWbemServices(session))
    assert hr == status
    assert set(outs) == {None}
    assert session.asked == []


# Over a namespace.


def test_a_class_and_its_instances_come_and_go() -> None:
    """Facts 55: values go round, then WBEM_E_NOT_FOUND each time."""
    services = served()
    assert services.PutClass(new_class(services)) == (OK, None)
    for name in ("hall", "attic"):
        assert services.PutInstance(lamp(services, name, 40)) == (OK, None)
    assert names(services, "SELECT Name FROM Demo_Lamp") == ["attic", "hall"]
    _, found, _ = services.GetObject("Demo_Lamp.Name='hall'")
    assert found is not None
    assert found.Put("Watts", 0, 60) == OK
    assert services.PutInstance(found, WBEM_FLAG_CREATE_ONLY) == (WbemStatus.ALREADY_EXISTS, None)
    assert services.PutInstance(found, WBEM_FLAG_UPDATE_ONLY) == (OK, None)
    _, found, _ = services.GetObject("Demo_Lamp.Name='hall'")
    assert found is not None
    assert found.Get("Watts")[1] == 60
    assert services.PutInstance(lamp(services, "cellar"), WBEM_FLAG_UPDATE_ONLY) == (NOT_FOUND, None)
    assert services.DeleteInstance("Demo_Lamp.Name='hall'") == (OK, None)
    assert services.GetObject("Demo_Lamp.Name='hall'") == (NOT_FOUND, None, None)
    assert services.DeleteInstance("Demo_Lamp.Name='hall'") == (NOT_FOUND, None)
    assert services.DeleteClass("Demo_Lamp") == (OK, None)
    assert services.DeleteClass("Demo_Lamp") == (NOT_FOUND, None)
    assert services.GetObject("Demo_Lamp") == (NOT_FOUND, None, None)


def test_a_face_is_a_copy_of_its_own() -> None:
    """What Put changes is written by PutInstance, and nothing before."""
    services = served()
    services.PutClass(new_class(services))
    services.PutInstance(lamp(services, "hall", 40))
    _, first, _ = services.GetObject("Demo_Lamp.Name='hall'")
    _, second, _ = services.GetObject("Demo_Lamp.Name='hall'")
    assert first is not None
    assert second is not None
    first.Put("Watts", 0, 99)
    assert second.Get("Watts")[1] == 40
    assert services.GetObject("Demo_Lamp.Name='hall'")[1].Get("Watts")[1] == 40  # type: ignore[union-attr]


def test_an_empty_class() -> None:
    """3.1.4.3.4: "If the parameter is NULL, the server MUST return an empty CIM Object"."""
    services = served()
    for path in (None, ""):
        hr, found, _ = services.GetObject(path)
        assert hr == OK
        assert found is not None
        assert found.Get("__CLASS")[1] in (None, "")
        hr, _, result = services.GetObject(path, NOW, None, None, OUT)
        assert result is not None
        assert result.GetResultObject(WBEM_INFINITE)[0] == OK
        sink = Recorder()
        assert services.GetObjectAsync(path, 0, None, sink) == OK
        assert sink.wait() == OK
        assert len(sink.objects) == 1
    assert services.PutClass(IWbemClassObject())[0] == WbemStatus.INCOMPLETE_CLASS
    assert services.PutClass(new_class(services, "_Demo"))[0] == WbemStatus.INVALID_OPERATION
    assert services.PutClass(new_class(services, "Demo_"))[0] == WbemStatus.INVALID_OBJECT


def test_a_derived_class_forgets_its_override() -> None:
    """Delete of an override asks for the superclass, through the services that the class came from."""
    services = served()
    services.PutClass(new_class(services))
    _, lamp_class, _ = services.GetObject("Demo_Lamp")
    assert lamp_class is not None
    _, derived = lamp_class.SpawnDerivedClass(0)
    assert derived is not None
    derived.Put("__CLASS", 0, "Demo_SpotLamp")
    derived.Put("Watts", 0, 20)
    assert services.PutClass(derived) == (OK, None)
    _, each = services.CreateClassEnum("Demo_Lamp")
    assert each is not None
    _, (found,), _ = each.Next(WBEM_INFINITE, 5)
    assert found.Get("Watts")[1] == 20
    assert found.Delete("Watts") == WbemStatus.FALSE + 0x40001  # WBEM_S_RESET_TO_DEFAULT
    assert found.Get("Watts")[1] is None


def test_methods() -> None:
    services = served()
    _, dial, _ = services.GetObject("Demo_Dial")
    assert dial is not None
    hr, signature, _ = dial.GetMethod("Turn", 0)
    assert signature is not None
    _, given = signature.SpawnInstance(0)
    assert given is not None
    given.Put("By", 0, 5)
    hr, told, result = services.ExecMethod("Demo_Dial.Name='east'", "Turn", 0, None, given)
    assert (hr, result) == (OK, None)
    assert told is not None
    assert [told.Get("Reading")[1], told.Get("ReturnValue")[1]] == [6, 0]
    assert services.ExecMethod("Demo_Dial", "Count")[1].Get("ReturnValue")[1] == 3  # type: ignore[union-attr]
    for path, method, status in (
        ("Demo_Dial.Name='none'", "Turn", WbemStatus.NOT_FOUND),
        ("Demo_Dial", "Turn", WbemStatus.INVALID_METHOD_PARAMETERS),
        ("Demo_Dial", "None", WbemStatus.INVALID_METHOD),
        ("Demo_None", "Count", WbemStatus.NOT_FOUND),
        ("Demo_Dial", "Break", WbemStatus.PROVIDER_FAILURE),
        # 3.1.4.3.22.
        ("Demo_Dial", "Forget", WbemStatus.METHOD_DISABLED),
    ):
        assert services.ExecMethod(path, method, 0, None, given if method == "Turn" else None) == (status, None, None)
    sink = Recorder()
    assert services.ExecMethodAsync("Demo_Dial.Name='east'", "Turn", 0, None, given, sink) == OK
    assert sink.wait() == OK
    assert sink.objects[0].Get("Reading")[1] == 11


def test_a_cancelled_method_runs_on() -> None:
    """3.1.4.3.2 and the SDK's page: "only the client end of the call is canceled"."""
    dials, sink = Dials(), Recorder()
    services = served(dials)
    assert services.ExecMethodAsync("Demo_Dial", "Wait", 0, None, None, sink) == OK
    assert dials.gate.reached.wait(LIMIT)
    assert services.CancelAsyncCall(sink) == OK
    assert sink.wait() == WbemStatus.CALL_CANCELLED
    assert not dials.waited.is_set()
    dials.gate.open()
    assert dials.waited.wait(LIMIT)
    assert [call[0] for call in sink.heard] == ["SetStatus"]


def test_a_namespace_of_ones_own() -> None:
    """Facts 56: `__NAMESPACE` in root: made, opened, deleted."""
    services = served()
    _, class_, _ = services.GetObject("__NAMESPACE")
    assert class_ is not None
    _, made = class_.SpawnInstance(0)
    assert made is not None
    made.Put("Name", 0, "Demo")
    assert services.PutInstance(made) == (OK, None)
    hr, below, _ = services.OpenNamespace("Demo")
    assert hr == OK
    assert below is not None
    assert below.PutClass(new_class(below)) == (OK, None)
    _, _, result = services.OpenNamespace("demo", NOW, None, None, OUT)
    assert result is not None
    hr, again = result.GetResultServices(WBEM_INFINITE)
    assert again is not None
    assert again.GetObject("Demo_Lamp")[0] == OK
    assert services.DeleteInstance("__NAMESPACE.Name='Demo'") == (OK, None)
    assert services.OpenNamespace("Demo") == (WbemStatus.INVALID_NAMESPACE, None, None)
    assert services.GetObject("__NAMESPACE.Name='Demo'") == (NOT_FOUND, None, None)


def test_partial_instances_by_a_context() -> None:
    """3.1.4.3.12: `__PUT_EXTENSIONS` and `__PUT_EXT_PROPERTIES`."""
    from openwmi.wbemcli.context import IWbemContext

    services = served()
    services.PutClass(new_class(services))
    services.PutInstance(lamp(services, "hall", 40))
    context = IWbemContext()
    context.SetValue("__PUT_EXTENSIONS", 0, True)
    context.SetValue("__PUT_EXT_PROPERTIES", 0, ["Watts"])
    context.SetValue("__PUT_EXT_CLIENT_REQUEST", 0, True)
    assert services.PutInstance(lamp(services, "hall", 60), WBEM_FLAG_UPDATE_ONLY, context) == (OK, None)
    assert services.GetObject("Demo_Lamp.Name='hall'")[1].Get("Watts")[1] == 60  # type: ignore[union-attr]


def test_services_are_used_by_many_threads() -> None:
    services = served()

    def work(number: int) -> None:
        for _ in range(20):
            assert services.GetObject("Demo_Dial.Name='east'")[0] == OK
            assert names(services, "SELECT Name FROM Demo_Dial") == ["east", "north", "west"]
            sink = Recorder()
            assert services.ExecQueryAsync("WQL", "SELECT * FROM Demo_Dial", 0, None, sink) == OK
            assert sink.wait() == OK
            assert len(sink.objects) == 3

    assert in_threads(8, work) == []
    assert threading.active_count() < 100


def test_each_kind_of_results_has_its_methods() -> None:
    kinds = {results: [name for name, rule in RULES.items() if rule.results is results] for results in Results}
    assert {results: len(found) for results, found in kinds.items()} == {
        Results.ONE: 7,
        Results.MANY: 4,
        Results.PUSHED: 10,
    }
