"""IWbemLocator.ConnectServer to another machine (the SDK's page), over TCP: who logs in, and the same objects."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from typing import Any

import pytest
from tests.wbemcli.services_fakes import Recorder

from openwmi.base.status import HResult, LocalStatus, WbemStatus
from openwmi.blocking.com.out import OUT
from openwmi.blocking.runner import runner
from openwmi.locator import Remote
from openwmi.testing import WmiServer
from openwmi.wbemcli import errorinfo
from openwmi.wbemcli.com import COAUTHIDENTITY, CoSetProxyBlanket
from openwmi.wbemcli.constants import (
    WBEM_FLAG_CONNECT_USE_MAX_WAIT,
    WBEM_FLAG_FORWARD_ONLY,
    WBEM_FLAG_RETURN_IMMEDIATELY,
)
from openwmi.wbemcli.locator import IWbemLocator
from openwmi.wbemcli.services import IWbemServices

OK, INVALID_PARAMETER = 0, int(WbemStatus.INVALID_PARAMETER)
PATIENT = 30_000
RESOURCE = r"\\127.0.0.1\root\cimv2"
MOF = """
class Demo_Lamp { [key] string Name; uint32 Watts; };
class Demo_Bell { [key] string Name; [Implemented] uint32 Ring([in] uint8 Times, [out] string Sound); };
instance of Demo_Lamp { Name = "desk"; Watts = 11; };
instance of Demo_Lamp { Name = "hall"; Watts = 60; };
instance of Demo_Bell { Name = "door"; };
"""


@pytest.fixture
def server() -> Iterator[WmiServer]:
    with WmiServer(MOF, methods={"Demo_Bell.Ring": lambda keys, given: {"ReturnValue": 0, "Sound": "ding"}}) as served:
        yield served


def connected(server: WmiServer, user: str | None = r"WORKGROUP\tester", *more: Any) -> IWbemServices:
    arguments = more or ("Passw0rd",)
    hr, services = IWbemLocator(port=server.port).ConnectServer(RESOURCE, user, *arguments)
    assert hr == OK
    assert services is not None
    return services


def test_who_logs_in(server: WmiServer) -> None:
    locator = IWbemLocator(port=server.port)
    for user, authority in (
        (r"WORKGROUP\tester", None),
        ("tester", ""),
        ("tester", "NTLMDOMAIN:WORKGROUP"),
        ("tester", "ntlmdomain:workgroup"),
    ):
        flags = WBEM_FLAG_CONNECT_USE_MAX_WAIT
        assert locator.ConnectServer(RESOURCE, user, "Passw0rd", "MS_409", flags, authority, None)[0] == OK
    assert locator.ConnectServer(RESOURCE, "tester", "wrong") == (HResult.E_ACCESSDENIED, None)
    assert locator.ConnectServer(RESOURCE, "tester", "") == (HResult.E_ACCESSDENIED, None)
    none = locator.ConnectServer(r"\\127.0.0.1\root\none", "tester", "Passw0rd")
    assert none == (WbemStatus.INVALID_NAMESPACE, None)
    assert IWbemLocator(port=1).ConnectServer(RESOURCE, "tester", "x") == (HResult.RPC_S_SERVER_UNAVAILABLE, None)


@pytest.mark.parametrize(
    ("user", "password", "authority"),
    [
        (r"DOM\me", "x", "NTLMDOMAIN:DOM"),  # "you must not specify the domain in two places"
        ("me@DOM", "x", "NTLMDOMAIN:DOM"),
        (None, None, "NTLMDOMAIN:DOM"),
        ("me", None, "NTLMDOMAIN:DOM"),
        ("me", "x", "NTLMDOMAIN:"),
        ("me", "x", "Kerberos:"),
        ("me", "x", "Kerberos:host/"),
        ("me", "x", "Negotiate:srv1"),
        ("me", "x", "DOM"),
        (None, "x", None),
    ],
)
def test_what_cannot_be_meant(user: str | None, password: str | None, authority: str | None) -> None:
    hr, services = IWbemLocator(port=1).ConnectServer(RESOURCE, user, password, None, 0, authority)
    assert (hr, services) == (INVALID_PARAMETER, None)


@pytest.mark.parametrize(
    ("authority", "host"),
    [
        ("Kerberos:host/srv1.example.org", "srv1.example.org"),
        ("kerberos:host/srv1.example.org@EXAMPLE.ORG", "srv1.example.org"),
        (r"Kerberos:DOM\SRV1$", "SRV1"),
        ("Kerberos:srv1", "srv1"),
    ],
)
def test_kerberos_by_the_principal_of_the_server(authority: str, host: str, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[Remote] = []

    async def refuse(self: Remote, where: str, namespace: str) -> None:
        asked.append(self)
        assert (where, namespace) == ("far", r"root\cimv2")
        raise ConnectionError

    monkeypatch.setattr(Remote, "open", refuse)
    hr, _ = IWbemLocator().ConnectServer(r"\\far\root\cimv2", "me@EXAMPLE.ORG", None, None, 0, authority)
    assert hr == WbemStatus.TRANSPORT_FAILURE
    assert asked == [Remote(user="me@EXAMPLE.ORG", kerberos=True, spn_host=host)]


def test_a_name_of_this_machine_is_in_process() -> None:
    local = r"\\localhost\root\cimv2"
    assert IWbemLocator().ConnectServer(local, "me", "x") == (LocalStatus.LOCAL_CREDENTIALS, None)
    assert IWbemLocator(port=1).ConnectServer(local, "me", "x") == (HResult.RPC_S_SERVER_UNAVAILABLE, None)


def test_the_same_objects(server: WmiServer) -> None:
    """Each mode once: waited for, by a call result, by an enumerator, to a sink; and what a method returns."""
    services = connected(server)
    hr, lamp, _ = services.GetObject("Demo_Lamp.Name='desk'")
    assert hr == OK
    assert lamp is not None
    assert lamp.Get("Watts")[:2] == (OK, 11)
    assert lamp.Put("Watts", 0, 12) == OK
    assert services.PutInstance(lamp)[0] == OK

    hr, _, result = services.GetObject("Demo_Lamp.Name='desk'", WBEM_FLAG_RETURN_IMMEDIATELY, None, None, OUT)
    assert hr == OK
    assert result is not None
    _, again = result.GetResultObject(PATIENT)
    assert again is not None
    assert again.Get("Watts")[1] == 12

    flags = WBEM_FLAG_RETURN_IMMEDIATELY | WBEM_FLAG_FORWARD_ONLY
    _, rows = services.ExecQuery("WQL", "SELECT * FROM Demo_Lamp", flags)
    assert rows is not None
    hr, found, count = rows.Next(PATIENT, 10)
    assert (hr, count) == (WbemStatus.FALSE, 2)
    assert {each.Get("Name")[1] for each in found} == {"desk", "hall"}

    sink = Recorder()
    assert services.ExecQueryAsync("WQL", "SELECT * FROM Demo_Lamp", 0, None, sink) == OK
    assert sink.wait() == OK

    _, bell, _ = services.GetObject("Demo_Bell")
    assert bell is not None
    _, inputs, _ = bell.GetMethod("Ring", 0)
    assert inputs is not None
    _, given = inputs.SpawnInstance(0)
    assert given is not None
    assert given.Put("Times", 0, 2) == OK
    hr, out, _ = services.ExecMethod("Demo_Bell.Name='door'", "Ring", 0, None, given)
    assert hr == OK
    assert out is not None
    assert out.Get("Sound")[1] == "ding"

    assert services.GetObject("Demo_None")[0] == WbemStatus.NOT_FOUND
    _, root = IWbemLocator(port=server.port).ConnectServer(r"\\127.0.0.1\root", "tester", "Passw0rd")
    assert root is not None
    _, below, _ = root.OpenNamespace("cimv2")
    assert below is not None
    assert below.GetObject("Demo_Lamp")[0] == OK


def test_as_whom_a_proxy_calls(server: WmiServer) -> None:
    """As who logged in; programs that port MSDN's example say so once more, for the services and for enumerators."""
    services = connected(server)
    me = COAUTHIDENTITY("tester", "WORKGROUP", "Passw0rd")
    for each in (None, me, COAUTHIDENTITY("TESTER"), COAUTHIDENTITY("tester", "workgroup")):
        assert CoSetProxyBlanket(services, 0xFFFFFFFF, 0xFFFFFFFF, None, 6, 3, each, 0) == OK
        _, rows = services.ExecQuery("WQL", "SELECT * FROM Demo_Lamp", 0x30)
        assert rows is not None
        assert CoSetProxyBlanket(rows, pAuthInfo=each) == OK
        assert rows.Next(PATIENT, 10)[2] == 2
    for other in (COAUTHIDENTITY("other", "WORKGROUP"), COAUTHIDENTITY("tester", "DOM")):
        assert CoSetProxyBlanket(services, pAuthInfo=other) == HResult.E_ACCESSDENIED
        assert CoSetProxyBlanket(rows, pAuthInfo=other) == HResult.E_ACCESSDENIED
    assert COAUTHIDENTITY("me", "EXAMPLE.ORG").is_user("me@example.org")


def test_the_connection_ends_with_the_last_that_came_of_it(server: WmiServer) -> None:
    """An enumerator outlives the services that it came from, as with COM."""
    services: IWbemServices | None = connected(server)
    assert services is not None
    _, rows = services.ExecQuery("WQL", "SELECT * FROM Demo_Lamp", 0x30)
    session = services._session
    assert services.Release() == 0
    services = None
    gc.collect()
    assert rows is not None
    assert rows.Next(PATIENT, 10)[2] == 2
    assert not _is_closed(session)
    rows = None
    gc.collect()
    assert _is_closed(session)


def _is_closed(session: Any) -> bool:
    async def look() -> bool:
        closed: bool = session.link.closed
        return closed

    return runner().run(look)


def test_an_error_says_what_was_wrong(server: WmiServer) -> None:
    assert IWbemLocator(port=server.port).ConnectServer(RESOURCE, "tester", "wrong")[0] == HResult.E_ACCESSDENIED
    hr, info = errorinfo.GetErrorInfo(0)
    assert hr == OK
    assert info is not None
    assert "the name or the password is wrong" in (info.GetDescription()[1] or "")
