"""`openwmi.connect`: which texts mean this machine, which mean none, and what comes of them."""

from __future__ import annotations

import asyncio
import re
import sys
from platform import node
from typing import Any

import pytest

import openwmi
from openwmi import blocking, client
from openwmi.base.error import NotFound, Unreachable, WbemError
from openwmi.base.status import HResult, WbemStatus
from openwmi.client import Credentials
from openwmi.engine import Provider, Request, Row
from openwmi.locator import connection
from openwmi.locator.remote import Remote
from openwmi.model import CimClass, CimType, Property, Qualifier, Type, qualifier_set
from openwmi.net import Address
from openwmi.testing import WmiServer

HOST = connection.this_host()
OTHERS = WbemStatus.INVALID_PARAMETER


class Dial(Provider):
    """The one dial of a made-up machine."""

    cim_class = CimClass(
        "Demo_Dial",
        properties=(Property("Shows", Type(CimType.STRING)),),
        qualifiers=qualifier_set(Qualifier("singleton")),
    )

    def instances(self, request: Request) -> list[Row]:
        return [{"Shows": "twelve"}]


@pytest.mark.parametrize(
    "text",
    [
        "root/cimv2",
        r"root\cimv2",
        r"ROOT\CimV2",
        "//./root/cimv2",
        r"\\.\root\cimv2",
        r"\\.\root/cimv2",
        r"\\localhost\root\cimv2",
        "//LocalHost/root/cimv2",
        rf"\\{HOST}\root\cimv2",
        f"//{HOST.upper()}/root/cimv2",
        f"//{node()}/root/cimv2",
    ],
)
async def test_a_namespace_of_this_machine(text: str) -> None:
    async with openwmi.connect(text, providers=[Dial()]) as ns:
        assert ns.name == r"root\cimv2"
        dial = await ns.get("Demo_Dial=@")
        assert (dial.Shows, dial["__SERVER"]) == ("twelve", HOST)


async def test_the_default_is_cimv2() -> None:
    async with openwmi.connect(providers=[Dial()]) as ns:
        assert ns.name == r"root\cimv2"


@pytest.mark.parametrize("text", ["root", "//./root", r"\\.\ROOT"])
async def test_the_topmost_namespace(text: str) -> None:
    async with openwmi.connect(text, providers=[Dial()]) as ns:
        assert ns.name == "root"


@pytest.mark.parametrize(
    ("text", "status", "said"),
    [
        # Facts of real Windows.
        ("", WbemStatus.INVALID_NAMESPACE, "'' is no namespace"),
        ("\\", WbemStatus.INVALID_NAMESPACE, "is no namespace"),
        (r"\\.", WbemStatus.INVALID_NAMESPACE, "is no namespace"),
        (r"\ROOT", WbemStatus.INVALID_NAMESPACE, "is no namespace"),
        (r"\\.\NONE", WbemStatus.INVALID_NAMESPACE, r"there is no namespace 'NONE' here: there are root, root\cimv2"),
        ("NONE", WbemStatus.INVALID_NAMESPACE, "there is no namespace 'NONE' here"),
        (r"ROOT\NONE", WbemStatus.INVALID_NAMESPACE, "there is no namespace"),
        (r"ROOT\\CIMV2", WbemStatus.INVALID_NAMESPACE, "single slashes"),
        ("ROOT\\CIMV2\\", WbemStatus.INVALID_NAMESPACE, "single slashes"),
        (r"\\\.\ROOT", WbemStatus.INVALID_PARAMETER, "3 slashes"),
        # Another machine.
        (r"\\other\root\cimv2", OTHERS, "other is another machine, and has providers and a repository of its own"),
        ("//srv1.example.com/root/cimv2", OTHERS, "srv1.example.com is another machine"),
        (r"\\ROOT", OTHERS, "ROOT is another machine"),
        (r"\\.ROOT", OTHERS, ".ROOT is another machine"),
        ("//192.0.2.1/root", OTHERS, "192.0.2.1 is another machine"),
    ],
)
async def test_what_cannot_be_connected_to(text: str, status: WbemStatus | HResult, said: str) -> None:
    connection = openwmi.connect(text, providers=[Dial()])
    with pytest.raises(WbemError, match=re.escape(said)) as caught:
        await connection
    assert caught.value.status == status
    with pytest.raises(WbemError, match=re.escape(said)):
        await connection.__aenter__()


async def test_a_name_of_this_machine_alone_is_no_namespace() -> None:
    with pytest.raises(NotFound, match="there is no namespace ''"):
        await openwmi.connect(rf"\\{HOST}")


async def test_awaited_it_is_closed_by_hand() -> None:
    ns = await openwmi.connect(providers=[Dial()])
    assert (await ns.get("Demo_Dial=@")).Shows == "twelve"
    await ns.close()
    await _is_closed(ns)


async def test_entered_it_is_closed_at_the_end_even_by_an_error() -> None:
    with pytest.raises(ZeroDivisionError):
        async with openwmi.connect(providers=[Dial()]) as ns:
            _ = 1 / 0
    await _is_closed(ns)


async def test_entered_twice_it_is_two_connections() -> None:
    connection = openwmi.connect(providers=[Dial()])
    async with connection as outer:
        async with connection as inner:
            assert inner is not outer
        await _is_closed(inner)
        assert (await outer.get("Demo_Dial=@")).Shows == "twelve"
    await _is_closed(outer)


async def test_own_providers_stand_in_place_of_the_built_in_ones() -> None:
    async with openwmi.connect(providers=[Dial()]) as ns:
        assert (await ns.get("Demo_Dial=@")).Shows == "twelve"
        with pytest.raises(openwmi.WbemError) as caught:
            await ns.query("SELECT * FROM Win32_Process")  # the class is there, and nobody who has its instances
        assert caught.value.status == openwmi.WbemStatus.PROVIDER_NOT_FOUND
    async with openwmi.connect("root", providers=iter([])) as ns:
        assert [class_ for class_ in await ns.classes() if not class_.name.startswith("__")] == []


async def test_what_is_no_provider_is_refused_when_it_is_entered() -> None:
    connection = openwmi.connect(providers=[Dial])  # type: ignore[list-item]  # a class is no provider: the point of the test
    with pytest.raises(WbemError, match="is no instance of a class derived from") as caught:
        await connection
    assert caught.value.status == WbemStatus.INVALID_PROVIDER_REGISTRATION


# -------------------------------------------------------------------------------------------------------- this machine


async def test_the_built_in_classes() -> None:
    async with openwmi.connect() as ns:
        system = await ns.get("Win32_OperatingSystem=@")
        assert system.CSName.lower() == HOST.lower()
        assert {"Win32_OperatingSystem", "Win32_Process"} <= {class_.name for class_ in await ns.classes()}


async def test_connections_of_one_loop_share_the_engine() -> None:
    assert connection.local_engine() is connection.local_engine()


def test_connections_of_two_loops_do_not() -> None:
    async def engine() -> Any:
        return connection.local_engine()

    with asyncio.Runner() as one, asyncio.Runner() as other:
        first, second = one.run(engine()), other.run(engine())
        assert first is not second
        assert one.run(engine()) is first


async def test_windows_serves_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "win32")
    with pytest.raises(WbemError, match="Windows serves its own WMI") as caught:
        await openwmi.connect()
    assert caught.value.status == WbemStatus.NOT_SUPPORTED


@pytest.mark.parametrize(("name", "host"), [("srv1", "srv1"), ("srv1.example.com", "srv1"), ("", "localhost")])
def test_a_machine_goes_by_the_first_part_of_its_name(name: str, host: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "node", lambda: name)
    assert connection.this_host() == host


async def _is_closed(ns: Any) -> None:
    with pytest.raises(WbemError) as caught:
        await ns.get("Demo_Dial=@")
    assert caught.value.status == WbemStatus.INVALID_OPERATION


@pytest.mark.parametrize(
    ("text", "host", "port", "expected"),
    [
        (r"root\cimv2", None, 135, (None, r"root\cimv2")),
        (r"\\localhost\root", None, 135, (None, "root")),
        # Whoever says how to get in wants to go there over the network.
        (r"\\localhost\root", None, 1135, ("localhost", "root")),
        ("root", "localhost", 135, ("localhost", "root")),
        (r"\\.\root", "srv1", 135, ("srv1", "root")),
        ("//SRV1/root/cimv2", "srv1", 135, ("srv1", r"root\cimv2")),
        (r"\\srv1\root", None, 135, ("srv1", "root")),
    ],
)
def test_which_machine_is_meant(text: str, host: str | None, port: int, expected: tuple[str | None, str]) -> None:
    assert connection.named_machine(text, Remote(host, port)) == expected


@pytest.mark.parametrize(
    ("text", "how", "said"),
    [
        ("//srv2/root", {"host": "srv1"}, "on srv2, and the host is srv1"),
        ("root", {"host": ""}, "a host is a name or an address"),
        ("root", {"host": "srv1", "port": 0}, "a port is a number from 1"),
        ("root", {"host": "srv1", "port": "135"}, "a port is a number from 1"),
        ("root", {"host": "srv1", "callbacks": "maybe"}, "callbacks is one of"),
        ("root", {"host": "srv1", "timeout": 0}, "a timeout is a number of seconds above 0"),
        ("root", {"host": "srv1", "timeout": "5"}, "a timeout is a number of seconds above 0"),
        ("root", {"host": "srv1", "timeout": float("nan")}, "a timeout is a number of seconds above 0"),
        ("root", {"user": "me", "password": "x"}, "opened as who you are"),
        ("root", {"port": 1135}, "opened as who you are"),
        (
            "root",
            {"host": "srv1", "user": "me", "password": "x", "nt_hash": "00" * 16},
            "stands in place of the password",
        ),
        ("root", {"host": "srv1", "user": "me", "nt_hash": "00" * 15}, "an NT hash is 32 hexadecimal digits"),
        ("root", {"host": "srv1", "user": "me", "nt_hash": bytes(15)}, "an NT hash has 16 octets"),
        (
            "root",
            {"host": "srv1", "user": "me", "nt_hash": bytes(16), "kerberos": True},
            "for NTLM, and not for Kerberos",
        ),
        ("root", {"host": "srv1", "password": "x"}, "give the user, too"),
        ("root", {"host": "srv1", "kerberos": False}, "NTLM needs a user and a password"),
        ("root", {"host": "srv1", "kerberos": "maybe"}, '"auto", True or False'),
        ("root", {"host": "srv1", "repository": "x"}, "a repository of its own"),
    ],
)
async def test_what_cannot_be_meant_together(text: str, how: dict[str, Any], said: str) -> None:
    with pytest.raises(WbemError, match=re.escape(said)) as caught:
        await openwmi.connect(text, **how)
    assert caught.value.status == WbemStatus.INVALID_PARAMETER


async def test_a_machine_that_is_not_there() -> None:
    with pytest.raises(Unreachable, match=r"127\.0\.0\.1:1"):
        await openwmi.connect(host="127.0.0.1", port=1, user="me", password="x")


async def test_all_that_is_said_of_another_machine_gets_there(monkeypatch: pytest.MonkeyPatch) -> None:
    told: dict[str, Any] = {}

    async def open_session(namespace: str, **how: Any) -> Any:
        told.update(how, namespace=namespace)
        raise Unreachable(HResult.RPC_S_SERVER_UNAVAILABLE, "not today")

    monkeypatch.setattr(client, "open_session", open_session)
    how: dict[str, Any] = {"port": 1135, "user": r"DOM\me", "nt_hash": "0a" * 16, "kerberos": False}
    with pytest.raises(Unreachable, match="not today"):
        await openwmi.connect("//srv1/root", **how, timeout=3, callbacks="never")
    assert told == {
        "namespace": "root",
        "where": Address("srv1", 1135),
        "credentials": Credentials(r"DOM\me", nt_hash=b"\n" * 16, kerberos=False),
        "timeout": 3,
        "callbacks": "never",
    }


async def test_another_machine() -> None:
    """By each of the two ways to name it."""
    async with WmiServer("class Demo_Thing { [key] string Name; };") as server:
        how: dict[str, Any] = {"port": server.port, "user": server.user, "password": server.password}
        names: list[dict[str, Any]] = [{"host": server.host}, {"namespace": rf"\\{server.host}\root\cimv2"}]
        for named in names:
            async with openwmi.connect(**named, **how) as ns:
                assert ns.name == r"root\cimv2"
                assert (await ns.get("Demo_Thing")).keys == ("Name",)


def test_another_machine_without_asyncio() -> None:
    with WmiServer('class Demo_Thing { [key] string Name; }; instance of Demo_Thing { Name = "one"; };') as server:
        how: dict[str, Any] = {"port": server.port, "user": server.user, "password": server.password}
        with blocking.connect(host=server.host, **how) as ns:
            assert [each.Name for each in ns.query("SELECT * FROM Demo_Thing")] == ["one"]
            call = ns.begin.get("Demo_Thing='one'")
            assert call.result(timeout=10).Name == "one"
