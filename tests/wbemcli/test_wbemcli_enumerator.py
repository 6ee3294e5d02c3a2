"""IEnumWbemClassObject ([MS-WMI] 3.1.4.4, the SDK's pages); its rules themselves are tested with the Enumeration."""

from __future__ import annotations

import gc
import sys
import threading
import weakref
from collections.abc import Iterator, Sequence
from typing import Any

import pytest
from tests.wbemcli import wire
from tests.wbemcli.services_fakes import (
    LIMIT,
    Gate,
    Recorder,
    Script,
    failing,
    in_threads,
    numbers,
    scripted,
    served,
    things,
)

from openwmi.base.status import WbemStatus
from openwmi.blocking.runner import runner
from openwmi.operation import LOCAL
from openwmi.wbemcli.classobject import IWbemClassObject
from openwmi.wbemcli.com import COAUTHIDENTITY, CoSetProxyBlanket
from openwmi.wbemcli.constants import WBEM_FLAG_FORWARD_ONLY, WBEM_FLAG_RETURN_IMMEDIATELY, WBEM_INFINITE
from openwmi.wbemcli.enumerator import IEnumWbemClassObject
from openwmi.wbemcli.services import IWbemServices
from openwmi.wbemcli.sink import CALLS

NOW, FORWARD = WBEM_FLAG_RETURN_IMMEDIATELY, WBEM_FLAG_FORWARD_ONLY
MODES = {"synchronous": 0, "synchronous, forward-only": FORWARD, "semisynchronous": NOW, "both": NOW | FORWARD}
OK, FALSE, TIMEDOUT = 0, 1, int(WbemStatus.TIMEDOUT)
INVALID_PARAMETER, INVALID_OPERATION = int(WbemStatus.INVALID_PARAMETER), int(WbemStatus.INVALID_OPERATION)
ALL = "SELECT * FROM Demo_Thing"

each_mode = pytest.mark.parametrize("flags", MODES.values(), ids=MODES)


on_either_face = pytest.mark.usefixtures("face")


@pytest.fixture(params=["in process", "over the wire"])
def face(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """What holds for either face: `openwmi.wbemcli` itself, and the server's, asked by proxies in memory."""
    if request.param == "over the wire":
        this = sys.modules[__name__]
        monkeypatch.setattr(this, "scripted", lambda *steps, principal="": wire.wired(Script(*steps)))
        monkeypatch.setattr(this, "IEnumWbemClassObject", wire.WireEnumerator)
    yield request.param
    wire.WireLocator.close_all()


def enumerator(services: IWbemServices, flags: int = NOW) -> IEnumWbemClassObject:
    hr, found = services.ExecQuery("WQL", ALL, flags)
    assert hr == OK
    assert found is not None
    return found


def following(each: IEnumWbemClassObject, count: int, timeout: int = WBEM_INFINITE) -> tuple[int, list[int]]:
    """The status, and which things they are."""
    hr, objects, returned = each.Next(timeout, count)
    assert returned == len(objects)
    return hr, numbers(objects)


# Next.


@on_either_face
@each_mode
def test_as_many_as_asked_for_then_fewer_then_none(flags: int) -> None:
    """3.1.4.4.2: NO_ERROR "with the requested number", FALSE "with the available" ones when the call has finished."""
    each = enumerator(scripted(things(5)), flags)
    assert following(each, 2) == (OK, [0, 1])
    assert following(each, 3) == (OK, [2, 3, 4])
    assert following(each, 1) == (FALSE, [])
    assert following(each, 1) == (FALSE, [])
    assert following(enumerator(scripted(things(3)), flags), 5) == (FALSE, [0, 1, 2])


@on_either_face
@pytest.mark.parametrize("flags", [NOW, NOW | FORWARD])
def test_what_there_is_when_the_time_is_over(flags: int) -> None:
    """3.1.4.4.2: WBEM_S_TIMEDOUT, with the objects so far; asked again for ever, nothing is lost."""
    gate = Gate()
    each = enumerator(scripted(things(2), gate, things(3)), flags)
    assert gate.reached.wait(LIMIT)
    assert following(each, 5, 0) == (TIMEDOUT, [0, 1])
    for timeout in (0, 0, 1, 20):
        assert following(each, 5, timeout) == (TIMEDOUT, [])
    gate.open()
    assert following(each, 5) == (FALSE, [0, 1, 2])


@on_either_face
def test_what_is_there_does_not_wait() -> None:
    gate = Gate()
    each = enumerator(scripted(things(2), gate))
    assert following(each, 2) == (OK, [0, 1])
    gate.open()


@each_mode
@pytest.mark.parametrize(
    ("timeout", "count"), [(WBEM_INFINITE, 0), (-2, 1), (0x80000000, 1), (None, 1), (True, 1), (0, "1")]
)
def test_numbers_that_are_none(flags: int, timeout: Any, count: Any) -> None:
    each = enumerator(scripted(things(3)), flags)
    assert each.Next(timeout, count) == (INVALID_PARAMETER, [], 0)
    assert following(each, 3) == (OK, [0, 1, 2])


@on_either_face
@pytest.mark.parametrize("flags", [NOW, NOW | FORWARD])
def test_a_failure_comes_after_the_objects_before_it(flags: int) -> None:
    """3.1.4.4.2: "If the original semisynchronous operation fails, the server MUST return the error code"."""
    each = enumerator(scripted(things(2), *failing(WbemStatus.PROVIDER_FAILURE)[1:]), flags)
    assert following(each, 1) == (OK, [0])
    assert following(each, 5) == (TIMEDOUT, [1])
    for _ in range(2):
        assert following(each, 5) == (WbemStatus.PROVIDER_FAILURE, [])


@on_either_face
@pytest.mark.parametrize("flags", [0, FORWARD])
def test_a_synchronous_call_that_fails_returns_no_enumerator(flags: int) -> None:
    """3.1.1.1.1: "The server MUST complete the requested operation before returning"."""
    services = scripted(things(2), *failing(WbemStatus.PROVIDER_FAILURE)[1:])
    assert services.ExecQuery("WQL", ALL, flags) == (WbemStatus.PROVIDER_FAILURE, None)


@on_either_face
@pytest.mark.parametrize("flags", [0, FORWARD])
def test_a_synchronous_call_gathers_before_it_returns(flags: int) -> None:
    gate = Gate()
    services, found = scripted(things(2), gate, things(1)), threading.Event()
    each: list[IEnumWbemClassObject] = []

    def ask() -> None:
        each.append(enumerator(services, flags))
        found.set()

    thread = threading.Thread(target=ask, daemon=True)
    thread.start()
    assert gate.reached.wait(LIMIT)
    assert not found.is_set()
    gate.open()
    assert found.wait(LIMIT)
    assert following(each[0], 5, 0) == (FALSE, [0, 1, 0])


@on_either_face
@each_mode
def test_a_call_that_could_not_start(flags: int) -> None:
    """3.1.1.1.2: the error, and no enumerator."""
    services = scripted(*failing(WbemStatus.INVALID_QUERY, at_start=True))
    assert services.ExecQuery("WQL", ALL, flags) == (WbemStatus.INVALID_QUERY, None)


# Back, aside, ahead.


@on_either_face
@pytest.mark.parametrize("flags", [0, NOW])
def test_back_to_the_beginning(flags: int) -> None:
    """3.1.4.4.1."""
    each = enumerator(scripted(things(3)), flags)
    for _ in range(2):
        assert following(each, 5) == (FALSE, [0, 1, 2])
        assert each.Reset() == OK
    assert following(each, 1) == (OK, [0])


@on_either_face
@pytest.mark.parametrize("flags", [FORWARD, NOW | FORWARD])
def test_forward_only(flags: int) -> None:
    """3.1.4.4.1, 3.1.4.4.4: Reset and Clone are WBEM_E_INVALID_OPERATION, at any time."""
    each = enumerator(scripted(things(3)), flags)
    for _ in range(3):
        assert each.Reset() == INVALID_OPERATION
        assert each.Clone() == (INVALID_OPERATION, None)
        each.Next(WBEM_INFINITE, 2)
    assert following(each, 1) == (FALSE, [])


@pytest.mark.parametrize("flags", [0, NOW])
def test_clones_share_one_set(flags: int) -> None:
    """3.1.4.4.4: same set, same place, and places of their own from there on."""
    session = Script(things(4))
    each = enumerator(IWbemServices(session, LOCAL), flags)
    assert following(each, 1) == (OK, [0])
    hr, clone = each.Clone()
    assert hr == OK
    assert clone is not None
    assert following(each, 5) == (FALSE, [1, 2, 3])
    assert each.Release() == 0
    assert following(clone, 2) == (OK, [1, 2])
    assert clone.Reset() == OK
    assert following(clone, 5) == (FALSE, [0, 1, 2, 3])
    assert len(session.asked) == 1


@on_either_face
@each_mode
def test_passing_over(flags: int) -> None:
    """3.1.4.4.5: FALSE past the end."""
    each = enumerator(scripted(things(300)), flags)
    assert each.Skip(WBEM_INFINITE, 0) == OK
    assert each.Skip(WBEM_INFINITE, 298) == OK
    assert following(each, 1) == (OK, [298])
    assert each.Skip(WBEM_INFINITE, 2) == FALSE
    assert each.Skip(0, 1) == FALSE
    assert each.Skip(-2, 1) == INVALID_PARAMETER


@on_either_face
def test_passing_over_takes_its_time() -> None:
    gate = Gate()
    each = enumerator(scripted(things(2), gate, things(3)))
    assert each.Skip(20, 3) == TIMEDOUT
    gate.open()
    assert following(each, 5) == (FALSE, [0, 1, 2])


# NextAsync.


@on_either_face
@each_mode
def test_next_async(flags: int) -> None:
    """3.1.4.4.3: NO_ERROR at once; Indicate, then SetStatus(NO_ERROR), or FALSE with fewer than asked for."""
    each = enumerator(scripted(things(5)), flags)
    sinks = [Recorder() for _ in range(4)]
    assert [each.NextAsync(2, sink) for sink in sinks] == [OK] * 4
    assert [sink.wait() for sink in sinks] == [OK, OK, FALSE, FALSE]
    assert [numbers(sink.objects) for sink in sinks] == [[0, 1], [2, 3], [4], []]
    assert [call[0] for call in sinks[3].heard] == ["SetStatus"]
    assert following(each, 1) == (FALSE, [])


@on_either_face
def test_next_async_of_nothing_and_of_nobody() -> None:
    """3.1.4.4.3: "If the uCount parameter value is zero, the server MUST return WBEM_S_FALSE"."""
    each, sink = enumerator(scripted(things(5))), Recorder()
    assert each.NextAsync(0, sink) == FALSE
    assert each.NextAsync(1, None) == INVALID_PARAMETER
    assert each.NextAsync(1, object()) == INVALID_PARAMETER  # type: ignore[arg-type]
    assert each.NextAsync(0, None) == INVALID_PARAMETER
    assert following(each, 1) == (OK, [0])
    assert (sink.heard, sink.AddRef()) == ([], 2)


@pytest.mark.parametrize("count", [-1, True, "1", 1.5, None])
def test_no_number_of_objects(count: Any) -> None:
    each, sink = enumerator(scripted(things(5))), Recorder()
    assert each.NextAsync(count, sink) == INVALID_PARAMETER
    assert each.Skip(0, count) == INVALID_PARAMETER
    assert each.Skip(0, 0) == OK
    assert following(each, 5) == (OK, [0, 1, 2, 3, 4])
    assert (sink.heard, sink.AddRef()) == ([], 2)


@on_either_face
def test_next_async_waits_and_next_waits_for_it() -> None:
    gate = Gate()
    each, sink = enumerator(scripted(things(1), gate, things(3)), NOW | FORWARD), Recorder()
    assert each.NextAsync(3, sink) == OK
    assert following(each, 1, 20) == (TIMEDOUT, [])
    gate.open()
    assert following(each, 1) == (OK, [2])
    assert sink.wait() == OK
    assert numbers(sink.objects) == [0, 0, 1]


@on_either_face
def test_next_async_of_a_call_that_fails() -> None:
    each, sink = enumerator(scripted(things(2), *failing(WbemStatus.PROVIDER_FAILURE)[1:])), Recorder()
    assert each.NextAsync(5, sink) == OK
    assert sink.wait() == WbemStatus.PROVIDER_FAILURE
    assert numbers(sink.objects) == [0, 1]
    told = sink.heard[-1][4]
    assert told.Get("StatusCode", 0)[1] == WbemStatus.PROVIDER_FAILURE


@on_either_face
def test_an_enumerator_is_used_in_its_own_callback() -> None:
    found: list[Any] = []

    class Nosy(Recorder):
        def Indicate(self, lObjectCount: int, apObjArray: Sequence[IWbemClassObject]) -> int | None:
            found.append(following(each, 1))
            found.append(each.Reset())
            found.append(each.Clone()[0])
            found.append(each.NextAsync(1, other))
            return super().Indicate(lObjectCount, apObjArray)

    each, sink, other = enumerator(scripted(things(5))), Nosy(), Recorder()
    assert each.NextAsync(2, sink) == OK
    assert [sink.wait(), other.wait()] == [OK, OK]
    assert found == [(OK, [2]), OK, OK, OK]
    assert numbers(other.objects) == [0]


@on_either_face
def test_a_delivery_is_cancelled_by_its_sink_and_the_enumeration_goes_on() -> None:
    gate, services = Gate(), None
    services = scripted(gate, things(3))
    each, sink = enumerator(services), Recorder()
    assert each.NextAsync(1, sink) == OK
    assert services.CancelAsyncCall(sink) == OK
    assert sink.wait() == WbemStatus.CALL_CANCELLED
    gate.open()
    assert following(each, 3) == (OK, [0, 1, 2])


@on_either_face
def test_what_waits_ends_with_the_enumerator() -> None:
    gate = Gate()
    each, sink = enumerator(scripted(gate)), Recorder()
    assert each.NextAsync(1, sink) == OK
    assert each.Release() == 0
    assert sink.wait() == WbemStatus.CALL_CANCELLED


# Principals, threads, ends.


@each_mode
def test_another_principal(flags: int) -> None:
    """3.1.4.4: WBEM_E_ACCESS_DENIED for any but the ClientSecurityContext of the call."""
    each = enumerator(scripted(things(3), principal=r"DOM\me"), flags)
    assert following(each, 1) == (OK, [0])
    sink = Recorder()
    for other in (None, COAUTHIDENTITY("you", "DOM")):
        assert CoSetProxyBlanket(each, pAuthInfo=other) == OK
        denied = WbemStatus.ACCESS_DENIED
        assert following(each, 1) == (denied, [])
        assert [each.Reset(), each.Skip(0, 1), each.NextAsync(1, sink), each.Clone()] == [denied] * 3 + [(denied, None)]
    assert sink.AddRef() == 2
    assert CoSetProxyBlanket(each, pAuthInfo=COAUTHIDENTITY("me", "DOM")) == OK
    assert following(each, 1) == (OK, [1])


@on_either_face
@each_mode
def test_many_threads_share_the_objects_of_one_enumerator(flags: int) -> None:
    """3.1.4.4.3: "The server MUST serialize execution" of its calls."""
    count = 2000
    each = enumerator(scripted(*(things(1) for _ in range(count))), flags)
    found: list[int] = []

    def take(number: int) -> None:
        status = OK
        while status == OK:
            status, more = following(each, number + 1)
            found.extend(more)

    assert in_threads(6, take) == []
    assert len(found) == count


@each_mode
def test_reading_to_the_end_and_letting_go_says_nothing(flags: int, caplog: pytest.LogCaptureFixture) -> None:
    for _ in range(20):
        each = enumerator(scripted(things(1)), flags)
        assert following(each, 1) == (OK, [0])
        assert following(each, 1) == (FALSE, [])
        assert each.Release() == 0
    runner().call(lambda: None)
    assert caplog.messages == []


@pytest.mark.parametrize("flags", [0, FORWARD])
def test_what_was_gathered_is_let_go_at_once(flags: int) -> None:
    each = enumerator(scripted(things(3)), flags)
    gathered = weakref.ref(each._rows._cursor)
    assert each.Next(0, 2)[2] == 2
    assert each.Release() == 0
    assert each.Next(0, 1) == (INVALID_OPERATION, [], 0), "it has no reference left"
    assert each.Release() == 0
    del each
    gc.collect()
    runner().call(gc.collect)
    assert gathered() is None


@pytest.mark.parametrize("flags", [NOW, NOW | FORWARD])
@pytest.mark.parametrize("how", ["Release", "del"])
def test_what_nobody_reads_ends(flags: int, how: str) -> None:
    """The SDK, "Making a Semisynchronous Call with C++": Release "results in WMI canceling the delivery"."""
    gate = Gate()
    session = Script(things(2), gate)
    each = enumerator(IWbemServices(session, LOCAL), flags)
    assert gate.reached.wait(LIMIT)
    assert session.under_way == 1
    if how == "Release":
        assert each.Release() == 0
        assert following(each, 1)[0] == INVALID_OPERATION
    del each
    gc.collect()
    for _ in range(5):
        runner().call(lambda: None)
    assert session.under_way == 0


def test_a_clone_keeps_the_call() -> None:
    gate = Gate()
    session = Script(things(2), gate)
    each = enumerator(IWbemServices(session, LOCAL), NOW)
    _, clone = each.Clone()
    assert clone is not None
    each.Release()
    runner().call(lambda: None)
    assert session.under_way == 1
    gate.open()
    assert following(clone, 5) == (FALSE, [0, 1])


def test_over_a_real_namespace() -> None:
    services = served()
    before = len(CALLS)
    for flags in MODES.values():
        hr, each = services.CreateInstanceEnum("Demo_Dial", flags)
        assert hr == OK
        assert each is not None
        hr, objects, _ = each.Next(WBEM_INFINITE, 10)
        assert hr == FALSE
        assert [one.Get("Name", 0)[1] for one in objects] == ["east", "north", "west"]
    sink = Recorder()
    _, each = services.CreateInstanceEnum("Demo_Dial", NOW | FORWARD)
    assert each is not None
    assert each.NextAsync(2, sink) == OK
    assert sink.wait() == OK
    for _ in range(5):
        runner().call(lambda: None)
    assert len(CALLS) == before
