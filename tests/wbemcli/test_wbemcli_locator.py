"""IWbemLocator.ConnectServer (the SDK's page; real Windows where it says more), and the functions of COM around it."""

from __future__ import annotations

import platform
import threading
import uuid
from pathlib import Path
from typing import Any

import pytest
from tests.wbemcli.services_fakes import CIMV2, LIMIT, Dials, Gate, Recorder, Script, scripted, served

from openwmi.base.limits import LOCALES_CHARS, NAMESPACE_CHARS
from openwmi.base.status import HResult, LocalStatus, WbemStatus
from openwmi.blocking.com.unknown import IUnknown
from openwmi.wbemcli import identifiers
from openwmi.wbemcli.com import (
    CLASSES,
    COAUTHIDENTITY,
    COINIT_APARTMENTTHREADED,
    COINIT_MULTITHREADED,
    CoCreateInstance,
    CoInitialize,
    CoInitializeEx,
    CoInitializeSecurity,
    CoSetProxyBlanket,
    CoUninitialize,
    IUnsecuredApartment,
)
from openwmi.wbemcli.context import IWbemContext
from openwmi.wbemcli.locator import IWbemLocator
from openwmi.wbemcli.services import IWbemServices

OK, INVALID_PARAMETER = 0, int(WbemStatus.INVALID_PARAMETER)


def _connect(*arguments: Any, **named: Any) -> tuple[int, IWbemServices | None]:
    return IWbemLocator(providers=[Dials()]).ConnectServer(*arguments, **named)


def test_who_connects_and_how() -> None:
    for resource in (CIMV2, "ROOT/CIMV2", rf"\\.\{CIMV2}", f"//{platform.node()}/root/cimv2"):
        hr, services = _connect(resource, None, None, "MS_409", 0, None, None)
        assert hr == OK
        assert isinstance(services, IWbemServices)
        assert services.GetObject("Demo_Dial")[0] == OK


def test_no_credentials_within_a_machine() -> None:
    """The SDK: "Do not specify strUser, strPassword, or strAuthority when making a connection to a local namespace"."""
    for given in ({"strUser": "me"}, {"strPassword": "secret"}, {"strAuthority": "NTLMDOMAIN:DOM"}):
        assert _connect(CIMV2, **given) == (LocalStatus.LOCAL_CREDENTIALS, None)
    assert _connect(CIMV2, "", "", "", 0, "")[0] == OK
    assert _connect(r"\\far\root\cimv2", "me", "secret") == (HResult.RPC_S_SERVER_UNAVAILABLE, None)


@pytest.mark.parametrize("locale", ["MS_409", "ms_0409", "en-US", "de", "", None])
def test_locales(locale: str | None) -> None:
    """[MS-WMI] 2.2.29."""
    hr, services = _connect(CIMV2, strLocale=locale)
    assert hr == OK
    assert services is not None


@pytest.mark.parametrize("locale", ["english, please", "MS_", "MS_xyz", "e", "en_US", "en-" + "US-" * LOCALES_CHARS, 5])
def test_what_is_no_locale(locale: Any) -> None:
    """The SDK: "If an invalid locale is specified, then the method returns WBEM_E_INVALID_PARAMETER"."""
    assert _connect(CIMV2, strLocale=locale) == (INVALID_PARAMETER, None)


def test_arguments_that_are_none() -> None:
    assert _connect(None) == (INVALID_PARAMETER, None)
    assert _connect(5) == (INVALID_PARAMETER, None)
    assert _connect(CIMV2, pCtx=object()) == (INVALID_PARAMETER, None)
    assert _connect("r" * (NAMESPACE_CHARS + 1)) == (WbemStatus.QUOTA_VIOLATION, None)
    for flags in (0x80, 0x40, 0x100, 0x1C0):
        assert _connect(CIMV2, lSecurityFlags=flags)[0] == OK
    for flags in (0x1, 0x20, 0x280, -1):
        assert _connect(CIMV2, lSecurityFlags=flags) == (INVALID_PARAMETER, None)


def test_the_locale_and_the_context_go_with_each_call() -> None:
    context = IWbemContext()
    context.SetValue("Colour", 0, "red")
    _, services = _connect(CIMV2, strLocale="MS_407", pCtx=context)
    assert services is not None
    services._session = session = Script()
    more = IWbemContext()
    more.SetValue("Size", 0, 3)
    assert services.ExecQuery("WQL", "SELECT * FROM A")[0] == OK
    assert services.ExecQuery("WQL", "SELECT * FROM A", 0, more)[0] == OK
    assert services.GetObject("A", 0, object()) == (INVALID_PARAMETER, None, None)  # type: ignore[arg-type]
    first, second = session.contexts
    assert (first.locale, dict(first.values)) == ("MS_407", {"Colour": "red"})
    assert (second.locale, dict(second.values)) == ("MS_407", {"Colour": "red", "Size": 3})


def test_interfaces() -> None:
    services = served()
    for face, iid in (
        (IWbemLocator(), identifiers.IID_IWbemLocator),
        (services, identifiers.IID_IWbemServices),
        (services.ExecQuery("WQL", "SELECT * FROM Demo_Dial")[1], identifiers.IID_IEnumWbemClassObject),
        (services.QueryObjectSink(0)[1], identifiers.IID_IWbemObjectSink),
    ):
        assert face is not None
        assert face.QueryInterface(iid) == (OK, face)
        assert face.QueryInterface(identifiers.IID_IUnknown) == (OK, face)
        assert face.QueryInterface(uuid.uuid4()) == (HResult.E_NOINTERFACE, None)


# COM.


def test_connections_of_one_locator_see_the_same(tmp_path: Path) -> None:
    for locator in (IWbemLocator(providers=[Dials()]), IWbemLocator(repository=tmp_path / "kept.db")):
        (_, first), (_, root) = locator.ConnectServer(CIMV2), locator.ConnectServer("root")
        assert first is not None
        assert root is not None
        _, class_, _ = root.GetObject("__NAMESPACE")
        assert class_ is not None
        _, made = class_.SpawnInstance(0)
        assert made is not None
        assert made.Put("Name", 0, "Demo") == OK
        assert root.PutInstance(made)[0] == OK
        hr, opened = locator.ConnectServer(r"root\demo")
        assert hr == OK
        assert opened is not None


def test_an_instance_of_a_class() -> None:
    hr, locator = CoCreateInstance(identifiers.CLSID_WbemLocator, None, 1, identifiers.IID_IWbemLocator)
    assert hr == OK
    assert isinstance(locator, IWbemLocator)
    assert locator.Release() == 0
    assert CoCreateInstance(identifiers.CLSID_WbemContext, riid=IWbemContext)[0] == OK
    assert isinstance(CoCreateInstance(str(identifiers.CLSID_WbemContext))[1], IWbemContext)


@pytest.mark.parametrize("clsid", CLASSES)
def test_each_class(clsid: uuid.UUID) -> None:
    hr, made = CoCreateInstance(clsid)
    assert hr == OK
    assert isinstance(made, IUnknown)
    assert made.AddRef() == 2


def test_what_is_no_class() -> None:
    locator = identifiers.CLSID_WbemLocator
    assert CoCreateInstance(uuid.uuid4()) == (HResult.REGDB_E_CLASSNOTREG, None)
    assert CoCreateInstance(locator, IUnknown()) == (HResult.CLASS_E_NOAGGREGATION, None)
    assert CoCreateInstance(locator, riid=identifiers.IID_IWbemContext) == (HResult.E_NOINTERFACE, None)


def test_a_stub_of_a_sink_is_the_sink() -> None:
    """As programs do that port MSDN's example of receiving events: the stub is passed, and cancelled."""
    hr, apartment = CoCreateInstance(identifiers.CLSID_UnsecuredApartment, riid=IUnsecuredApartment)
    assert isinstance(apartment, IUnsecuredApartment)
    sink = Recorder()
    hr, stub = apartment.CreateObjectStub(sink)
    assert (hr, stub) == (OK, sink)
    assert stub is not None
    hr, stub_sink = stub.QueryInterface(identifiers.IID_IWbemObjectSink)
    services = scripted(Gate())
    assert services.ExecQueryAsync("WQL", "SELECT * FROM A", 0, None, stub_sink) == OK  # type: ignore[arg-type]
    assert services.CancelAsyncCall(stub_sink) == OK  # type: ignore[arg-type]
    assert sink.wait() == WbemStatus.CALL_CANCELLED
    assert apartment.CreateObjectStub(None) == (HResult.E_POINTER, None)


def _on_a_new_thread(work: Any) -> Any:
    found: list[Any] = []
    thread = threading.Thread(target=lambda: found.append(work()), daemon=True)
    thread.start()
    thread.join(LIMIT)
    return found[0]


def test_a_thread_is_set_up() -> None:
    def work() -> list[Any]:
        return [
            CoInitializeEx(None, COINIT_MULTITHREADED),
            CoInitializeEx(None, COINIT_MULTITHREADED | 0x4),
            CoInitializeEx(None, COINIT_APARTMENTTHREADED),
            [CoUninitialize() for _ in range(2)],  # type: ignore[func-returns-value]  # as in C++
            CoInitialize(),
            [CoUninitialize() for _ in range(2)],  # type: ignore[func-returns-value]  # once too often
            CoInitializeEx(5),
            CoInitializeEx(None, 0x100),
        ]

    invalid = HResult.E_INVALIDARG
    expected = [OK, 1, HResult.RPC_E_CHANGED_MODE, [None, None], OK, [None, None], invalid, invalid]
    assert _on_a_new_thread(work) == expected
    assert _on_a_new_thread(work) == expected


def test_a_process_is_secured_once() -> None:
    def work() -> list[Any]:
        CoInitializeEx()
        secured = [CoInitializeSecurity(), CoInitializeSecurity(None, -1, None, None, 0, 3, None, 0, None)]
        CoUninitialize()
        CoInitializeEx()
        again = CoInitializeSecurity(pReserved1=1), CoInitializeSecurity()
        CoUninitialize()
        return [*secured, *again]

    too_late = HResult.RPC_E_TOO_LATE
    assert _on_a_new_thread(work) == [OK, too_late, HResult.E_INVALIDARG, OK]


def test_as_whom_a_proxy_calls() -> None:
    """As with COM, each proxy is told by itself: a call's enumerator goes on as the one who made the call."""
    session = Script(Gate())
    services = IWbemServices(session)
    me = COAUTHIDENTITY("me", "DOM", "secret")
    assert "secret" not in repr(me)
    assert CoSetProxyBlanket(services, 10, 0, None, 3, 3, me, 0) == OK
    hr, each = services.ExecQuery("WQL", "SELECT * FROM A", 0x30)
    assert hr == OK
    assert session.contexts[-1].principal == r"DOM\me"
    assert each is not None
    assert each.Next(0, 1)[0] == WbemStatus.TIMEDOUT
    assert CoSetProxyBlanket(each) == OK
    assert each.Next(0, 1)[0] == WbemStatus.ACCESS_DENIED
    assert COAUTHIDENTITY("me").principal == "me"
    for no_proxy in (None, IWbemLocator(), IWbemContext()):
        assert CoSetProxyBlanket(no_proxy) == HResult.E_NOINTERFACE


def test_services_of_a_namespace_below() -> None:
    hr, root = IWbemLocator(providers=[Dials()]).ConnectServer("root")
    assert root is not None
    hr, below, result = root.OpenNamespace("cimv2")
    assert (hr, result) == (OK, None)
    assert below is not None
    assert below.GetObject("Demo_Dial")[0] == OK
    for name in (r"\\.\root\cimv2", "/cimv2", "", None):
        assert root.OpenNamespace(name) == (INVALID_PARAMETER, None, None)
    assert root.OpenNamespace("none") == (WbemStatus.INVALID_NAMESPACE, None, None)
    assert root.OpenNamespace("cimv2", 0, IWbemContext()) == (INVALID_PARAMETER, None, None)
    assert scripted().OpenNamespace("x", 0, None, None) == (INVALID_PARAMETER, None, None)
