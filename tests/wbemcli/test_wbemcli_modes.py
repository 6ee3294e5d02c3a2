"""Each behaviour in each mode it has: waited for, held and asked later, told to a sink. What comes of it is the same.

[MS-WMI] 3.1.4.2.2: the status that a sink hears "MUST be the same HRESULT that the WMI client gets from the matching
synchronous operation"; 3.1.1.1.2.1: an enumerator "MUST return the same result set"; 3.1.4.5: each getter "the error
code that the original method would have returned in its synchronous version".
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from tests.wbemcli.services_fakes import LIMIT, Dials, Recorder, served

from openwmi.base.status import WbemStatus
from openwmi.blocking.com.out import OUT
from openwmi.session.modes import RULES, Gives, Results
from openwmi.wbemcli.classobject import IWbemClassObject
from openwmi.wbemcli.constants import (
    CIM_STRING,
    CIM_UINT32,
    WBEM_FLAG_CREATE_ONLY,
    WBEM_FLAG_FORWARD_ONLY,
    WBEM_FLAG_PROTOTYPE,
    WBEM_FLAG_RETURN_IMMEDIATELY,
    WBEM_FLAG_SHALLOW,
    WBEM_FLAG_UPDATE_ONLY,
    WBEM_INFINITE,
)
from openwmi.wbemcli.enumerator import IEnumWbemClassObject
from openwmi.wbemcli.services import IWbemServices

NOW, FORWARD, SHALLOW = WBEM_FLAG_RETURN_IMMEDIATELY, WBEM_FLAG_FORWARD_ONLY, WBEM_FLAG_SHALLOW
OK = 0


@dataclass(frozen=True)
class Outcome:
    """What came of a call: its status, its objects by name, its string; and whether it brought services."""

    status: int
    objects: tuple[Any, ...] = ()
    string: str | None = None
    services: bool = False


# How a method is called: its name, the arguments before lFlags, the flags, and those behind pCtx.
Asked = tuple[str, tuple[Any, ...], int, tuple[Any, ...]]


def synchronous(services: IWbemServices, asked: Asked) -> Outcome:
    method, before, flags, behind = asked
    hr, *outs = getattr(services, method)(*before, flags, None, *behind)
    if RULES[method].results is Results.MANY:
        return _read(hr, outs[0])
    first = outs[0] if len(outs) == 2 else None
    if isinstance(first, IWbemServices):
        return Outcome(hr, services=True)
    return Outcome(hr, () if first is None else (_name(first),))


def forward_only(services: IWbemServices, asked: Asked) -> Outcome:
    method, before, flags, behind = asked
    return synchronous(services, (method, before, flags | FORWARD, behind))


def semisynchronous(services: IWbemServices, asked: Asked, flag: int = NOW) -> Outcome:
    method, before, flags, behind = asked
    rule = RULES[method]
    if rule.results is Results.MANY:
        return _read(*getattr(services, method)(*before, flags | flag, None, *behind))
    pointers: dict[str, Any] = {"ppResult" if method == "OpenNamespace" else "ppCallResult": OUT}
    if method == "GetObject":
        pointers["ppObject"] = None
    hr, *outs = getattr(services, method)(*before, flags | flag, None, *behind, **pointers)
    result = outs[-1]
    if result is None:
        return Outcome(hr)
    assert (hr, outs[:-1]) in ((OK, []), (OK, [None]))
    hr, status = result.GetCallStatus(WBEM_INFINITE)
    assert hr == OK
    found = {
        Gives.OBJECT: result.GetResultObject(0),
        Gives.STRING: result.GetResultString(0),
        Gives.SERVICES: result.GetResultServices(0),
    }
    for gives, (hr, given) in found.items():
        expected = status if gives is rule.gives or status != OK else WbemStatus.INVALID_OPERATION
        assert hr == expected
        assert (given is None) == (hr != OK)
    given = found[Gives.OBJECT][1]
    return Outcome(
        status,
        () if given is None else (_name(given),),
        found[Gives.STRING][1],
        found[Gives.SERVICES][1] is not None,
    )


def streamed(services: IWbemServices, asked: Asked) -> Outcome:
    return semisynchronous(services, asked, NOW | FORWARD)


def by_pointer_alone(services: IWbemServices, asked: Asked) -> Outcome:
    return semisynchronous(services, asked, 0)


def asynchronous(services: IWbemServices, asked: Asked) -> Outcome:
    method, before, flags, behind = asked
    sink = Recorder()
    hr = getattr(services, f"{method}Async")(*before, flags, None, *behind, sink)
    if hr != OK:
        assert sink.heard == []
        return Outcome(hr)
    status = sink.wait()
    return Outcome(status, tuple(map(_name, sink.objects)), sink.heard[-1][3])


def pulled_by_a_sink(services: IWbemServices, asked: Asked) -> Outcome:
    """A semisynchronous call, whose enumerator tells a sink (NextAsync)."""
    method, before, flags, behind = asked
    hr, each = getattr(services, method)(*before, flags | NOW, None, *behind)
    if each is None:
        return Outcome(hr)
    found: list[Any] = []
    while True:
        sink = Recorder()
        assert each.NextAsync(2, sink) == OK
        status = sink.wait()
        found += map(_name, sink.objects)
        if status != OK:
            return Outcome(OK if status == WbemStatus.FALSE else status, tuple(found))


def _read(hr: int, each: IEnumWbemClassObject | None) -> Outcome:
    if each is None:
        return Outcome(hr)
    found: list[Any] = []
    while True:
        hr, objects, _ = each.Next(WBEM_INFINITE, 2)
        found += map(_name, objects)
        if hr not in (OK, WbemStatus.TIMEDOUT):
            return Outcome(OK if hr == WbemStatus.FALSE else hr, tuple(found))


def _name(found: IWbemClassObject) -> Any:
    """What tells objects apart: the key of an instance, the name of a class, what a method returned."""
    for name in ("Name", "ReturnValue"):
        hr, value, *_ = found.Get(name)
        if hr == OK and value is not None:
            return value
    return found.Get("__CLASS")[1]


Mode = Callable[[IWbemServices, Asked], Outcome]
ONE: list[Mode] = [synchronous, semisynchronous, asynchronous]
MANY: list[Mode] = [synchronous, forward_only, semisynchronous, streamed, asynchronous, pulled_by_a_sink]


def get(path: str | None) -> Asked:
    return "GetObject", (path,), 0, ()


def query(text: str, flags: int = 0, language: str = "WQL") -> Asked:
    return "ExecQuery", (language, text), flags, ()


def instances(name: str, flags: int = 0) -> Asked:
    return "CreateInstanceEnum", (name,), flags, ()


def classes(name: str | None, flags: int = 0) -> Asked:
    return "CreateClassEnum", (name,), flags, ()


def call(path: str, method: str) -> Asked:
    return "ExecMethod", (path, method), 0, (None,)


def delete(path: str) -> Asked:
    return "DeleteInstance" if "=" in path else "DeleteClass", (path,), 0, ()


DIALS = ("east", "north", "west")

READING: dict[str, tuple[Asked, Outcome]] = {
    "an instance": (get("Demo_Dial.Name='east'"), Outcome(OK, ("east",))),
    "a class": (get("Demo_Dial"), Outcome(OK, ("Demo_Dial",))),
    "a class, whatever the case": (get("DEMO_dial"), Outcome(OK, ("Demo_Dial",))),
    "a path without a key's name": (get('Demo_Dial="west"'), Outcome(OK, ("west",))),
    "an empty class": (get(""), Outcome(OK, (None,))),
    "no instance": (get("Demo_Dial.Name='none'"), Outcome(WbemStatus.NOT_FOUND)),
    "no class": (get("Demo_None"), Outcome(WbemStatus.NOT_FOUND)),
    "no instance of no class": (get("Demo_None.Name='x'"), Outcome(WbemStatus.NOT_FOUND)),
    "no path": (get("Demo_Dial.Name="), Outcome(WbemStatus.INVALID_OBJECT_PATH)),
    "another namespace": (get(r"\\.\root\none:Demo_Dial"), Outcome(WbemStatus.INVALID_NAMESPACE)),
    "keys that do not fit": (get("Demo_Dial.Colour='red'"), Outcome(WbemStatus.INVALID_OBJECT_PATH)),
    "a static method": (call("Demo_Dial", "Count"), Outcome(OK, (3,))),
    "a method of an instance": (call("Demo_Dial.Name='east'", "Turn"), Outcome(OK, (0,))),
    "a method of no instance": (call("Demo_Dial.Name='none'", "Turn"), Outcome(WbemStatus.NOT_FOUND)),
    "no method": (call("Demo_Dial", "None"), Outcome(WbemStatus.INVALID_METHOD)),
    "a method that is disabled": (call("Demo_Dial", "Forget"), Outcome(WbemStatus.METHOD_DISABLED)),
    "a method that fails": (call("Demo_Dial", "Break"), Outcome(WbemStatus.PROVIDER_FAILURE)),
    "a method without an instance": (call("Demo_Dial", "Turn"), Outcome(WbemStatus.INVALID_METHOD_PARAMETERS)),
}

LISTING: dict[str, tuple[Asked, Outcome | None]] = {
    "all": (query("SELECT * FROM Demo_Dial"), Outcome(OK, DIALS)),
    "some": (query("SELECT * FROM Demo_Dial WHERE Reading > 1"), Outcome(OK, DIALS[1:])),
    "none": (query("SELECT * FROM Demo_Dial WHERE Reading > 100"), Outcome(OK)),
    "another language's name": (query("SELECT * FROM Demo_Dial", language="wql"), Outcome(OK, DIALS)),
    "another language": (query("SELECT * FROM Demo_Dial", language="SQL"), Outcome(WbemStatus.INVALID_QUERY_TYPE)),
    "no query": (query("SELECT"), Outcome(WbemStatus.INVALID_QUERY)),
    "a query of no class": (query("SELECT * FROM Demo_None"), Outcome(WbemStatus.INVALID_CLASS)),
    "a query of no property": (query("SELECT Colour FROM Demo_Dial"), Outcome(WbemStatus.INVALID_QUERY)),
    "a prototype": (query("SELECT * FROM Demo_Dial", WBEM_FLAG_PROTOTYPE), Outcome(OK, ("Demo_Dial",))),
    "a query of classes": (
        query("SELECT * FROM meta_class WHERE __this ISA 'Demo_Dial'"),
        Outcome(OK, ("Demo_Dial",)),
    ),
    "flags that are none": (query("SELECT * FROM Demo_Dial", 0x40000), Outcome(WbemStatus.INVALID_PARAMETER)),
    "instances": (instances("Demo_Dial"), Outcome(OK, DIALS)),
    "instances of that class alone": (instances("Demo_Dial", SHALLOW), Outcome(OK, DIALS)),
    "instances of no class": (instances("Demo_None"), Outcome(WbemStatus.INVALID_CLASS)),
    "instances of what is no name": (instances("Demo Dial"), Outcome(WbemStatus.INVALID_CLASS)),
    "derived classes": (classes("__Event", SHALLOW), None),  # what they are is the schema's
    "no derived classes": (classes("Demo_Dial"), Outcome(OK)),
    "classes below no class": (classes("Demo_None"), Outcome(WbemStatus.INVALID_CLASS)),
}


@pytest.fixture(scope="module")
def services() -> IWbemServices:
    """For what changes nothing but readings."""
    return served()


@pytest.mark.parametrize("mode", ONE, ids=lambda mode: mode.__name__)
@pytest.mark.parametrize("behaviour", READING)
def test_one_result(services: IWbemServices, behaviour: str, mode: Mode) -> None:
    asked, expected = READING[behaviour]
    assert mode(services, asked) == expected


@pytest.mark.parametrize("mode", MANY, ids=lambda mode: mode.__name__)
@pytest.mark.parametrize("behaviour", LISTING)
def test_many_results(services: IWbemServices, behaviour: str, mode: Mode) -> None:
    asked, expected = LISTING[behaviour]
    found = mode(services, asked)
    if expected is None:
        assert found == synchronous(services, asked)
        assert len(found.objects) > 3
    else:
        assert found == expected


# What changes something. Each mode gets a namespace of its own.


def _lamp_class(services: IWbemServices) -> IWbemClassObject:
    _, made, _ = services.GetObject("")
    assert made is not None
    made.Put("__CLASS", 0, "Demo_Lamp")
    made.Put("Name", 0, None, CIM_STRING)
    made.Put("Watts", 0, None, CIM_UINT32)
    _, qualifiers = made.GetPropertyQualifierSet("Name")
    assert qualifiers is not None
    qualifiers.Put("key", True, 0)
    return made


def _lamp(services: IWbemServices, watts: int | None) -> IWbemClassObject:
    _, class_, _ = services.GetObject("Demo_Lamp")
    assert class_ is not None
    _, made = class_.SpawnInstance(0)
    assert made is not None
    made.Put("Name", 0, "hall")
    made.Put("Watts", 0, watts)
    return made


def _story(services: IWbemServices) -> Iterator[tuple[Asked, Outcome | None]]:
    """What is done one after the other, and what comes of it."""
    yield ("PutClass", (_lamp_class(services),), 0, ()), Outcome(OK)
    yield ("PutClass", (_lamp_class(services),), WBEM_FLAG_CREATE_ONLY, ()), Outcome(WbemStatus.ALREADY_EXISTS)
    yield ("PutClass", (_lamp_class(services),), WBEM_FLAG_UPDATE_ONLY, ()), Outcome(OK)
    yield ("PutInstance", (_lamp(services, 40),), WBEM_FLAG_UPDATE_ONLY, ()), Outcome(WbemStatus.NOT_FOUND)
    yield ("PutInstance", (_lamp(services, 40),), 0, ()), Outcome(OK, string='Demo_Lamp.Name="hall"')
    yield ("PutInstance", (_lamp(services, 60),), WBEM_FLAG_CREATE_ONLY, ()), Outcome(WbemStatus.ALREADY_EXISTS)
    yield (
        ("PutInstance", (_lamp(services, 60),), WBEM_FLAG_UPDATE_ONLY, ()),
        Outcome(OK, string='Demo_Lamp.Name="hall"'),
    )
    yield get("Demo_Lamp.Name='hall'"), Outcome(OK, ("hall",))
    yield ("PutInstance", (_lamp(services, 60),), 3, ()), Outcome(WbemStatus.INVALID_PARAMETER)
    yield ("PutInstance", (None,), 0, ()), Outcome(WbemStatus.INVALID_PARAMETER)
    yield delete("Demo_Lamp.Name='hall'"), Outcome(OK)
    yield delete("Demo_Lamp.Name='hall'"), Outcome(WbemStatus.NOT_FOUND)
    yield delete("Demo_Lamp"), Outcome(OK)
    yield delete("Demo_Lamp"), Outcome(WbemStatus.NOT_FOUND)
    yield delete("Demo_None.Name='x'"), Outcome(WbemStatus.NOT_FOUND)
    yield ("DeleteClass", (None,), 0, ()), Outcome(WbemStatus.INVALID_PARAMETER)
    yield delete("__SystemClass"), None  # refused, and how is the engine's


@pytest.mark.parametrize("mode", [*ONE, by_pointer_alone], ids=lambda mode: mode.__name__)
def test_what_is_written(mode: Mode) -> None:
    services, reference = served(), served()
    for (asked, expected), (as_well, _) in zip(_story(services), _story(reference), strict=True):
        found, waited_for = mode(services, asked), synchronous(reference, as_well)
        assert found.status == waited_for.status, asked
        if expected is None:
            assert found.status & 0x80000000
        elif mode is synchronous or asked[0] == "GetObject":
            assert found == Outcome(expected.status, expected.objects), asked
        else:
            assert found == expected, asked


@pytest.mark.parametrize("mode", [synchronous, semisynchronous, by_pointer_alone], ids=lambda mode: mode.__name__)
def test_a_namespace(mode: Mode) -> None:
    """There is no asynchronous OpenNamespace."""
    services = served()
    _, class_, _ = services.GetObject("__NAMESPACE")
    assert class_ is not None
    _, made = class_.SpawnInstance(0)
    assert made is not None
    made.Put("Name", 0, "Demo")
    assert services.PutInstance(made)[0] == OK
    for name, expected in (
        ("Demo", Outcome(OK, services=True)),
        ("none", Outcome(WbemStatus.INVALID_NAMESPACE)),
        ("", Outcome(WbemStatus.INVALID_PARAMETER)),
        (r"\\.\root", Outcome(WbemStatus.INVALID_PARAMETER)),
    ):
        assert mode(services, ("OpenNamespace", (name,), 0, ())) == expected


@pytest.mark.parametrize("mode", [semisynchronous, asynchronous], ids=lambda mode: mode.__name__)
def test_cancelling_a_call_with_one_result(mode: Mode) -> None:
    """What is cancelled ends for its caller. There is no cancelling what one waits for, but with its thread."""
    dials = Dials()
    services = served(dials)
    if mode is asynchronous:
        sink = Recorder()
        assert services.ExecMethodAsync("Demo_Dial", "Wait", 0, None, None, sink) == OK
        assert services.CancelAsyncCall(sink) == OK
        assert sink.wait() == WbemStatus.CALL_CANCELLED
    else:
        hr, _, result = services.ExecMethod("Demo_Dial", "Wait", NOW, None, None, None, OUT)
        assert hr == OK
        assert result is not None
        assert result.GetCallStatus(0) == (WbemStatus.TIMEDOUT, None)
        assert result.Release() == 0
    dials.gate.open()
    assert dials.waited.wait(LIMIT), "the provider is not told, and runs to its end"
