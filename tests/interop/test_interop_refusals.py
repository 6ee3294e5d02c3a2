"""What other people's clients are told when something cannot be: by their own names for it, and at the right call."""

from __future__ import annotations

import pytest
from tests.interop.peer import CLIENTS, PeerError, logged_in, peer

# impacket shows the status of the fault, access denied; aiowmi shows this for a fault of any kind.
REFUSED = {"impacket": "rpc_s_access_denied", "aiowmi": "RPC_S_SEC_PKG_ERROR"}
SYNCHRONOUS, SEMISYNCHRONOUS = 0, 0x30
INIT = "SELECT Name FROM Win32_Process WHERE Handle = '1'"


@pytest.mark.parametrize("package", CLIENTS)
@pytest.mark.parametrize(
    "given",
    [
        {"password": "guessed"},
        {"password": "passw0rd"},
        {"password": ""},
        {"user": "nobody"},
        {"user": "юзер"},
        {"user": ""},
        {"user": "", "password": "", "domain": ""},
        {"domain": "ELSEWHERE"},
    ],
    ids=["password", "case", "no password", "user", "script", "no user", "anonymous", "domain"],
)
async def test_a_login_is_refused(package: str, given: dict[str, object], port: int) -> None:
    async with peer(package, port) as client:
        with pytest.raises(PeerError, match=REFUSED[package]):
            await client.login(**given)


@pytest.mark.parametrize("package", CLIENTS)
async def test_names_of_users_and_domains_have_no_case(package: str, port: int) -> None:
    """And where the client names no domain, or this machine, the only user of the name is meant."""
    for given in ({"user": "ME"}, {"domain": "workgroup"}, {"domain": ""}, {"domain": "."}):
        async with logged_in(package, port, **given) as client:
            assert len(await client.instances(INIT)) == 1


@pytest.mark.parametrize(
    ("namespace", "name"),
    [
        ("//./root/nothing", "WBEM_E_INVALID_NAMESPACE"),
        ("//./root/" + "x" * 9000, "WBEM_E_QUOTA_VIOLATION"),
    ],
    ids=["unknown", "long"],
)
async def test_a_namespace_that_impacket_cannot_have(namespace: str, name: str, port: int) -> None:
    async with peer("impacket", port) as client:
        with pytest.raises(PeerError, match=name):
            await client.login(namespace=namespace)


async def test_a_namespace_that_aiowmi_cannot_have(port: int) -> None:
    """It logs in to the namespace when it asks, and keeps its connection when it could not."""
    async with logged_in("aiowmi", port) as client:
        with pytest.raises(PeerError, match="WBEM_E_INVALID_NAMESPACE"):
            await client.do("query", text=INIT, namespace="root/nothing")
        assert len(await client.instances(INIT)) == 1


@pytest.mark.parametrize(
    "namespace", [r"root\cimv2", r"\\127.0.0.1\root\cimv2", "//127.0.0.1/ROOT/CimV2", "//alias.example/root/cimv2"]
)
async def test_spellings_of_a_namespace(namespace: str, port: int) -> None:
    async with logged_in("impacket", port, namespace=namespace) as client:
        assert len(await client.instances(INIT)) == 1


@pytest.mark.parametrize("package", CLIENTS)
async def test_a_query_that_is_no_wql_fails_at_once(package: str, port: int) -> None:
    """Semisynchronous or not, on one connection that outlives them all."""
    queries = {
        "SELECT": "WBEM_E_INVALID_QUERY",
        "nonsense": "WBEM_E_INVALID_QUERY",
        "SELECT * FROM Win32_Process WHERE": "WBEM_E_INVALID_QUERY",
        "": "WBEM_E_INVALID_PARAMETER",
        f"SELECT * FROM Win32_Process WHERE Name = '{'x' * 20000}'": "WBEM_E_QUOTA_VIOLATION",
    }
    async with logged_in(package, port) as client:
        for text, name in queries.items():
            for flags in (SEMISYNCHRONOUS, SYNCHRONOUS):
                with pytest.raises(PeerError, match=name):
                    await client.do("query", text=text, flags=flags)
        assert len(await client.instances(INIT)) == 1


@pytest.mark.parametrize("package", CLIENTS)
async def test_a_query_of_what_is_not_there_fails_at_its_first_row(package: str, port: int) -> None:
    """A synchronous one when it is asked; a semisynchronous one has been accepted by then."""
    queries = {
        "SELECT * FROM Win32_Nothing": "WBEM_E_INVALID_CLASS",
        "SELECT * FROM Класс": "WBEM_E_INVALID_CLASS",
        "SELECT Имя FROM Win32_Process": "WBEM_E_INVALID_QUERY",
        "SELECT Nothing FROM Win32_Process": "WBEM_E_INVALID_QUERY",
        "SELECT Name FROM Win32_Process WHERE Nothing = 1": "WBEM_E_INVALID_QUERY",
        "SELECT Name FROM Win32_Process WHERE ProcessId = 'one'": "WBEM_E_INVALID_QUERY",
    }
    async with logged_in(package, port) as client:
        for text, name in queries.items():
            with pytest.raises(PeerError, match=name):
                await client.do("query", text=text, flags=SYNCHRONOUS)
            await client.do("query", text=text, flags=SEMISYNCHRONOUS)
            with pytest.raises(PeerError, match=name):
                await client.do("next")
        assert len(await client.instances(INIT)) == 1
