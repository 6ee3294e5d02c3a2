"""IWbemCallResult: which getter answers for which call, and how long it waits ([MS-WMI] 3.1.4.5, the SDK's pages)."""

from __future__ import annotations

import gc
import select
import sys
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from tests.wbemcli import wire
from tests.wbemcli.services_fakes import LIMIT, Gate, Script, failing, in_threads, numbers, scripted, served, things

from openwmi.base.status import WbemStatus
from openwmi.blocking.com.out import OUT
from openwmi.blocking.runner import runner
from openwmi.model import CimClass, ObjectPath
from openwmi.operation import LOCAL
from openwmi.session import Session
from openwmi.wbemcli.classobject import IWbemClassObject
from openwmi.wbemcli.com import COAUTHIDENTITY, CoSetProxyBlanket
from openwmi.wbemcli.constants import WBEM_FLAG_RETURN_IMMEDIATELY, WBEM_INFINITE
from openwmi.wbemcli.services import IWbemCallResult, IWbemServices

NOW = WBEM_FLAG_RETURN_IMMEDIATELY
OK, TIMEDOUT, INVALID_OPERATION = 0, int(WbemStatus.TIMEDOUT), int(WbemStatus.INVALID_OPERATION)
NOT_FOUND = int(WbemStatus.NOT_FOUND)
GETTERS = ("GetResultObject", "GetResultString", "GetResultServices")

CLASS = IWbemClassObject(CimClass("Demo_New", namespace=r"root\cimv2"))

# How each of the seven calls is made with a ppCallResult, and what it gives.
CALLS: dict[str, tuple[Callable[[IWbemServices, int], tuple[Any, ...]], Any, str | None]] = {
    "GetObject": (lambda svc, flags: svc.GetObject("A=@", flags, None, None, OUT), things(1)[0], "GetResultObject"),
    "ExecMethod": (
        lambda svc, flags: svc.ExecMethod("A=@", "Do", flags, None, None, None, OUT),
        things(1)[0],
        "GetResultObject",
    ),
    "PutInstance": (
        lambda svc, flags: svc.PutInstance(IWbemClassObject(things(1)[0]), flags, None, OUT),
        ObjectPath.parse('A.K="x"'),
        "GetResultString",
    ),
    "PutClass": (lambda svc, flags: svc.PutClass(CLASS, flags, None, OUT), ObjectPath.parse("A"), None),
    "DeleteClass": (lambda svc, flags: svc.DeleteClass("A", flags, None, OUT), None, None),
    "DeleteInstance": (lambda svc, flags: svc.DeleteInstance("A=@", flags, None, OUT), None, None),
    "OpenNamespace": (
        lambda svc, flags: svc.OpenNamespace("demo", flags, None, None, OUT),
        Script(),
        "GetResultServices",
    ),
}
each_call = pytest.mark.parametrize("method", CALLS)
on_either_face = pytest.mark.usefixtures("face")


@pytest.fixture(params=["in process", "over the wire"])
def face(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """What holds for either face: `openwmi.wbemcli` itself, and the server's, asked by proxies in memory."""
    if request.param == "over the wire":
        this = sys.modules[__name__]
        monkeypatch.setattr(this, "IWbemCallResult", wire.WireCallResult)
        monkeypatch.setattr(this, "IWbemServices", wire.WireServices)
        monkeypatch.setattr(
            this, "scripted", lambda *steps, single=False, principal="": wire.wired(Script(*steps, single=single))
        )
    yield request.param
    wire.WireLocator.close_all()


def _begun(method: str, *steps: Any, flags: int = NOW, principal: str = "") -> IWbemCallResult:
    hr, *outs = CALLS[method][0](scripted(*steps, single=True, principal=principal), flags)
    assert hr == OK
    *others, result = outs
    assert others in ([], [None])
    assert isinstance(result, IWbemCallResult)
    return result


def _expected(method: str, getter: str) -> bool:
    return CALLS[method][2] == getter


@on_either_face
@each_call
def test_the_getter_that_answers_and_the_others(method: str) -> None:
    """3.1.4.5.1-3 and the remarks on the SDK's page of GetCallStatus; 3.1.4.5.2: INVALID_OPERATION without a string."""
    found = CALLS[method][1]
    result = _begun(method, *([] if found is None else [found]))
    assert result.GetCallStatus(WBEM_INFINITE) == (OK, OK)
    for getter in GETTERS:
        for timeout in (WBEM_INFINITE, 0, -1, 5000):
            hr, given = getattr(result, getter)(timeout)
            if not _expected(method, getter):
                assert (hr, given) == (INVALID_OPERATION, None)
            elif getter == "GetResultObject":
                assert hr == OK
                assert given.model_ == found
            elif getter == "GetResultString":
                assert (hr, given) == (OK, 'A.K="x"')
            else:
                assert hr == OK
                assert isinstance(given, IWbemServices)


@each_call
def test_a_handle_that_select_can_wait_for(method: str) -> None:
    """Not in the header."""
    found = CALLS[method][1]
    with _begun(method, *([] if found is None else [found])).wait_handle_() as handle:
        assert select.select([handle], [], [], 10) == ([handle], [], [])


@on_either_face
@each_call
def test_time_outs(method: str) -> None:
    """WBEM_S_TIMEDOUT with NULL, as often as one asks; 0 polls; then the result. "The client is allowed to retry"."""
    gate, found = Gate(), CALLS[method][1]
    result = _begun(method, gate, *([] if found is None else [found]))
    for timeout in (0, 0, 1, 20):
        assert result.GetCallStatus(timeout) == (TIMEDOUT, None)
        for getter in GETTERS:
            assert getattr(result, getter)(timeout) == (TIMEDOUT, None)
    gate.open()
    assert result.GetCallStatus(WBEM_INFINITE) == (OK, OK)
    assert result.GetCallStatus(0) == (OK, OK)
    for getter in GETTERS:
        assert getattr(result, getter)(0)[0] == (OK if _expected(method, getter) else INVALID_OPERATION)


@on_either_face
@each_call
def test_a_call_that_failed(method: str) -> None:
    """GetCallStatus: WBEM_S_NO_ERROR, and the failure in plStatus; each getter: what the synchronous call returns."""
    result = _begun(method, *failing(WbemStatus.NOT_FOUND))
    assert result.GetCallStatus(WBEM_INFINITE) == (OK, NOT_FOUND)
    for getter in GETTERS:
        assert getattr(result, getter)(WBEM_INFINITE) == (NOT_FOUND, None)


@on_either_face
@each_call
def test_a_call_that_could_not_start(method: str) -> None:
    """3.1.1.1.2: the error is returned, and "MUST NOT return … IWbemCallResult"."""
    for flags in (NOW, 0):
        steps = failing(WbemStatus.ACCESS_DENIED, at_start=True)
        hr, *outs = CALLS[method][0](scripted(*steps, single=True), flags)
        assert hr == WbemStatus.ACCESS_DENIED
        assert set(outs) == {None}


@on_either_face
@each_call
def test_it_goes_on_while_its_caller_does_something_else(method: str) -> None:
    gate = Gate()
    result = _begun(method, gate)
    assert gate.reached.wait(LIMIT)
    gate.open()
    assert result.GetCallStatus(WBEM_INFINITE) == (OK, OK)


@on_either_face
@each_call
def test_a_pointer_without_the_flag(method: str) -> None:
    """ppCallResult delivers "regardless whether WBEM_FLAG_RETURN_IMMEDIATELY is set", and nothing is waited for."""
    gate, found = Gate(), CALLS[method][1]
    result = _begun(method, gate, *([] if found is None else [found]), flags=0)
    assert result.GetCallStatus(0) == (TIMEDOUT, None)
    gate.open()
    assert result.GetCallStatus(WBEM_INFINITE) == (OK, OK)


@on_either_face
def test_an_object_is_a_copy() -> None:
    """3.1.4.5.1: "a logical copy of the CIM object"."""
    result = _begun("GetObject", things(1)[0])
    _, first = result.GetResultObject(WBEM_INFINITE)
    _, second = result.GetResultObject(WBEM_INFINITE)
    assert first is not None
    assert second is not None
    assert first.Put("Number", 0, 7, 0) == OK
    assert numbers([first, second]) == [7, 0]


def test_services_are_the_same_each_time() -> None:
    result = _begun("OpenNamespace", Script())
    (_, first), (_, second) = result.GetResultServices(WBEM_INFINITE), result.GetResultServices(0)
    assert first is second
    assert first is not None
    assert [first.Release(), first.Release()] == [1, 0]


@pytest.mark.parametrize("timeout", [-2, 0x80000000, "soon", None, True])
def test_times_that_are_none(timeout: Any) -> None:
    gate = Gate()
    result = _begun("GetObject", gate)
    for getter in (*GETTERS, "GetCallStatus"):
        assert getattr(result, getter)(timeout) == (WbemStatus.INVALID_PARAMETER, None)
    gate.open()


def test_another_principal() -> None:
    """[MS-WMI] checks enumerators alone (3.1.4.4); the same holds here for call results."""
    result = _begun("GetObject", things(1)[0], principal=r"DOM\me")
    assert result.GetCallStatus(WBEM_INFINITE) == (OK, OK)
    assert CoSetProxyBlanket(result, pAuthInfo=COAUTHIDENTITY("you", "DOM")) == OK
    for getter in (*GETTERS, "GetCallStatus"):
        assert getattr(result, getter)(0) == (WbemStatus.ACCESS_DENIED, None)
    assert CoSetProxyBlanket(result, pAuthInfo=COAUTHIDENTITY("ME", "dom")) == OK
    assert result.GetCallStatus(0) == (OK, OK)


@on_either_face
def test_polled_and_waited_for_by_many_threads() -> None:
    gate = Gate()
    result = _begun("GetObject", gate, things(1)[0])
    found: list[Any] = []
    waiting = threading.Semaphore(0)

    def poll(number: int) -> None:
        if number == 0:
            for _ in range(7):
                assert waiting.acquire(timeout=LIMIT)
            gate.open()
        hr, _ = result.GetCallStatus(0)
        waiting.release()
        while hr == TIMEDOUT:
            hr, _ = result.GetCallStatus(5 if number % 2 else WBEM_INFINITE)
        found.append(result.GetResultObject(0))

    assert in_threads(8, poll) == []
    assert [hr for hr, _ in found] == [OK] * 8
    assert len({id(each) for _, each in found}) == 8


def test_what_is_let_go_goes_on() -> None:
    """A delete that nobody waits for any more is done all the same."""
    gate = Gate()
    session = Script(gate, single=True)
    hr, result = IWbemServices(session, LOCAL).DeleteInstance("A=@", NOW, None, OUT)
    assert hr == OK
    assert result is not None
    assert result.Release() == 0
    del result
    gc.collect()
    runner().call(lambda: None)
    assert session.under_way == 1
    gate.open()


@on_either_face
def test_a_put_gives_the_path_over_a_real_namespace() -> None:
    """3.1.4.5.2: "which MUST lead to the CIM instance that was created"."""
    svc = served()
    hr, class_, _ = svc.GetObject("")
    assert hr == OK
    assert class_ is not None
    class_.Put("__CLASS", 0, "Demo_Lamp", 0)
    class_.Put("Name", 0, None, 8)
    _, qualifiers = class_.GetPropertyQualifierSet("Name")
    assert qualifiers is not None
    qualifiers.Put("key", True, 0)
    hr, result = svc.PutClass(class_, NOW, None, OUT)
    assert result is not None
    assert result.GetCallStatus(WBEM_INFINITE) == (OK, OK)
    assert result.GetResultString(0) == (INVALID_OPERATION, None)
    _, stored, _ = svc.GetObject("Demo_Lamp")
    assert stored is not None
    _, lamp = stored.SpawnInstance(0)
    assert lamp is not None
    lamp.Put("Name", 0, "hall", 0)
    hr, result = svc.PutInstance(lamp, NOW, None, OUT)
    assert result is not None
    hr, path = result.GetResultString(WBEM_INFINITE)
    assert hr == OK
    hr, found, _ = svc.GetObject(path)
    assert hr == OK
    assert found is not None
    assert found.Get("Name", 0)[1] == "hall"
    assert isinstance(svc._session, Session)
