"""IWbemLevel1Login and its neighbours ([MS-WMI] 3.1.4.1, 3.1.4.8)."""

from __future__ import annotations

import logging

import pytest
from tests.dcom.fakes import HOST, ME, PORT, YOU, Client, Refused, standard
from tests.server.fakes import Services, Things, wmi

from openwmi.base import limits
from openwmi.base.status import HResult, WbemStatus
from openwmi.interfaces import (
    IRemUnknown2,
    IWbemLevel1Login,
    IWbemLoginClientID,
    IWbemLoginClientIDEx,
    IWbemServices,
)
from openwmi.net import Address
from openwmi.orpc.wellknown import CLSID_WbemLevel1Login
from openwmi.rpc import AuthLevel


async def namespace_status(namespace: str | None, locale: str | None = None, flags: int = 0) -> int:
    async with wmi() as made:
        client, login = await made.login()
        reply = await client.call(IWbemLevel1Login, "NTLMLogin", namespace, locale, flags, None, target=login)
        assert (reply.ppNamespace is None) == bool(reply.hresult)
        return int(reply.hresult)


@pytest.mark.parametrize(
    "namespace",
    [
        r"\\.\ROOT", r"\/.\ROOT", r"//.\ROOT", r"\\./ROOT", "//./ROOT", "ROOT", r"ROOT\CIMV2", "root/cimv2",
        r"\\host1\root\cimv2", "//192.0.2.1/root/CimV2", r"\\an.alias.of.it\root\cimv2", r"\\[::1]\root\cimv2",
    ],
)  # fmt: skip
async def test_namespaces(namespace: str) -> None:
    assert await namespace_status(namespace) == WbemStatus.NO_ERROR


@pytest.mark.parametrize(
    "namespace",
    [
        "", "\\", r"\\", r"\\.", r"\ROOT", r"\\.\NONE", "NONE", r"ROOT\NONE", r"ROOT\\CIMV2", "ROOT\\CIMV2\\",
        "\\\\.\\", "root\ncimv2", r"\\host1",
    ],
)  # fmt: skip
async def test_namespaces_that_there_are_not(namespace: str) -> None:
    assert await namespace_status(namespace) == WbemStatus.INVALID_NAMESPACE


@pytest.mark.parametrize(
    ("namespace", "locale", "flags", "status"),
    [
        (r"\\\.\ROOT", None, 0, WbemStatus.INVALID_PARAMETER),
        (None, None, 0, WbemStatus.INVALID_PARAMETER),
        ("root", None, 1, WbemStatus.INVALID_PARAMETER),
        ("root", None, -1, WbemStatus.INVALID_PARAMETER),
        ("r" * limits.NAMESPACE_CHARS, None, 0, WbemStatus.INVALID_NAMESPACE),
        ("r" * (limits.NAMESPACE_CHARS + 1), None, 0, WbemStatus.QUOTA_VIOLATION),
        ("root", "ms_409,en-US,en", 0, WbemStatus.NO_ERROR),
        ("root", "x" * limits.LOCALES_CHARS, 0, WbemStatus.NO_ERROR),
        ("root", "x" * (limits.LOCALES_CHARS + 1), 0, WbemStatus.QUOTA_VIOLATION),
    ],
)
async def test_parameters(namespace: str | None, locale: str | None, flags: int, status: WbemStatus) -> None:
    assert await namespace_status(namespace, locale, flags) == status


async def test_ways_of_the_past() -> None:
    async with wmi() as made:
        client, login = await made.login()
        reply = await client.call(IWbemLevel1Login, "EstablishPosition", None, 0, target=login)
        assert tuple(reply) == (1, 0)
        reply = await client.call(IWbemLevel1Login, "RequestChallenge", None, None, target=login)
        assert reply.hresult == WbemStatus.NOT_SUPPORTED
        reply = await client.call(IWbemLevel1Login, "WBEMLogin", None, None, 0, None, target=login)
        assert reply.hresult == HResult.E_NOTIMPL


async def test_a_client_says_who_it_is(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, "openwmi.server")
    forged = "PC7\n2026-01-01 ERROR openwmi: all is lost\x1b[2J" + "x" * 10_000
    async with wmi() as made:
        client, login = await made.login()
        iids = (IWbemLoginClientID.iid, IWbemLoginClientIDEx.iid)
        found = await client.call(IRemUnknown2, "RemQueryInterface", login, 5, 2, iids, target=made.rem_unknown)
        first, second = (result.std.ipid for result in found.ppQIResults)
        assert await client.call(IWbemLoginClientID, "SetClientInfo", forged, 4711, 0, target=first) == 0
        ask = "PC7", "pc7.example.org", 4711, 133_500_000_000_000_000, 0
        assert await client.call(IWbemLoginClientIDEx, "SetClientInfoEx", *ask, target=second) == 0
        assert await client.call(IWbemLoginClientID, "SetClientInfo", None, -1, 0, target=first) == 0
    said = [record.getMessage() for record in caplog.records if "is process" in record.getMessage()]
    assert len(said) == 3
    assert all(text.isprintable() and len(text) < 300 for text in said)


async def test_a_login_is_logged_with_who_and_where_from(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "openwmi.server")
    async with wmi() as made:
        await made.enter("//./ROOT/CIMV2")
    assert [record.getMessage() for record in caplog.records if record.name == "openwmi.server"] == [
        r"DOM\me from 192.0.2.100 is in root\cimv2"
    ]


async def test_the_level_of_a_login_and_of_the_services() -> None:
    """Windows: its clients log in at PKT, and go on at PRIVACY."""
    async with wmi() as made:
        services = await made.enter()
        client = services.client
        login = await client.activate(IWbemLevel1Login, clsid=CLSID_WbemLevel1Login)
        await client.bind(IWbemLevel1Login, user=ME, level=AuthLevel.PKT, auth_context=1)
        await client.bind(IWbemServices, user=ME, level=AuthLevel.PRIVACY, auth_context=2)
        ask = "root", None, 0, None
        reply = await client.call(IWbemLevel1Login, "NTLMLogin", *ask, target=login.ipid, auth_context=1)
        ipid = standard(reply.ppNamespace).ipid
        query = IWbemServices, "ExecQuery", "WQL", "SELECT * FROM Nothing", 0x30, None
        assert (await client.call(*query, target=ipid, auth_context=2)).hresult == 0
        with pytest.raises(Refused):
            await client.call(*query, target=ipid, auth_context=1)


async def test_services_belong_to_who_logged_in() -> None:
    provider = Things()
    async with wmi(provider) as made:
        mine, yours = await made.enter(user=ME), await made.enter(user=YOU)
        with pytest.raises(Refused) as caught:
            await Services(yours.client, mine.ipid).exec_query()
        assert caught.value.status == HResult.RPC_E_DISCONNECTED
        for services in (mine, yours):
            await (await services.query()).next()
        assert [request.context.principal for request in provider.calls] == [r"DOM\me", r"DOM\you"]


async def test_the_services_outlive_the_login() -> None:
    async with wmi() as made:
        client, login = await made.login()
        reply = await client.call(IWbemLevel1Login, "NTLMLogin", "root/cimv2", "ms_409", 0, None, target=login)
        await client.release(made.rem_unknown, login)
        services = Services(client, standard(reply.ppNamespace).ipid)
        assert (await (await services.query()).next())[0] == [1, 2, 3]


async def test_a_locale_reaches_the_provider() -> None:
    provider = Things()
    async with wmi(provider) as made:
        client, login = await made.login()
        reply = await client.call(IWbemLevel1Login, "NTLMLogin", "root/cimv2", "ms_407,de", 0, None, target=login)
        await (await Services(client, standard(reply.ppNamespace).ipid).query()).next()
        assert provider.calls[0].context.locale == "ms_407,de"


async def test_a_class_that_is_not_served() -> None:
    async with wmi() as made:
        client = await made.connect()
        with pytest.raises(Refused) as caught:
            await client.activate(IWbemLevel1Login, clsid=IWbemLevel1Login.iid)
        assert caught.value.status == HResult.REGDB_E_CLASSNOTREG


async def test_two_ports() -> None:
    async with wmi() as made:
        other = await made.server.listen(Address(HOST, 0))
        assert other.port not in {0, PORT}
        _, client = await made.network.connect(Client, HOST, other.port)
        await client.bind(IWbemLevel1Login)
        assert client.association.group
