"""Servers that lead a client astray: to other machines, to calls made twice, to many logins, to waits without end."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from typing import Any, cast

import pytest
from tests.client.fakes import THINGS, world
from tests.client.test_client_exclusive import Deaf

from openwmi.base.error import AccessDenied, NotFound, Timeout, Unreachable, WbemError
from openwmi.base.guid import Guid
from openwmi.base.limits import OPEN_SECONDS, SILENT_SECONDS
from openwmi.base.status import HResult, WbemStatus
from openwmi.client import Credentials, RemoteSession
from openwmi.client.waiting import BEGUN_MILLISECONDS
from openwmi.interfaces import EnumReply, IWbemServices, OpenNamespaceReply
from openwmi.ndr import Cell
from openwmi.operation import LOCAL, CallFlags
from openwmi.orpc import Bindings, ObjRefCustom, ObjRefHandler, ObjRefStandard, OxidEntry, StdObjRef, objref
from openwmi.session import Namespace

LATER = CallFlags.RETURN_IMMEDIATELY
NAMESPACE = 'instance of __Namespace { Name = "below"; };'


async def test_nobody_goes_where_a_server_says() -> None:
    """Neither the login nor a call gets to another machine than the one that was named."""
    async with world() as there:
        exporter = there.server._server.endpoint._exporter
        entry = exporter.entry
        ports = [445, there.server.port]

        def elsewhere(host: str) -> OxidEntry:
            found: OxidEntry = entry(host)
            strings = [each for port in ports for each in Bindings.tcp(["192.0.2.66", host], port).strings]
            return OxidEntry(found.oxid, Bindings(tuple(strings)), found.ipid_rem_unknown, found.authn_hint)

        exporter.entry = elsewhere  # type: ignore[method-assign]  # a lie
        asked: list[str] = []

        async def connect(protocol: Callable[[], Any], host: str, port: int, timeout: float, /) -> tuple[Any, Any]:
            asked.append(host)
            return await there.network.connect(protocol, host, port)

        async with there.entered(connect=connect) as ns:
            assert len(await ns.query("SELECT * FROM Demo_Thing")) == 3
        ports = [445]
        with pytest.raises(Unreachable, match="no way to exporter"):
            await there.enter(connect=connect)
        assert set(asked) == {there.server.host}


@pytest.mark.parametrize(
    ("flags", "fault"),
    [
        (LATER, {"call": "GetCallStatus"}),  # the call was taken, and what tells of it is gone
        (LATER, {"call": "GetResultObject"}),
        (CallFlags.NONE, {"of": "Demo_Thing", "method": "Grow"}),  # it is the method that says so
    ],
)
async def test_what_was_taken_is_not_asked_for_again(flags: CallFlags, fault: dict[str, Any]) -> None:
    grown: list[int] = []

    def grow(_: Any, inputs: Any) -> int:
        grown.append(inputs["By"])
        return 0

    methods = {"Demo_Thing.Grow": grow}
    async with world(THINGS, methods=methods) as there, there.entered() as face:
        ns = face.options(flags=flags)
        await ns.call("Demo_Thing='one'", "Grow", By=1)
        failing = there.server.fault(error=HResult.RPC_E_DISCONNECTED, **fault)
        with pytest.raises(Unreachable) as failure:
            await ns.call("Demo_Thing='one'", "Grow", By=2)
        assert failing.seen == 1
        assert grown in ([1, 2], [1])
        assert ("unknown" in failure.value.message) is (flags == LATER)


async def test_who_waits_for_a_login_that_fails_makes_no_other() -> None:
    """The password was changed meanwhile: one attempt is no reason to lock the account, fifty are."""
    async with world() as there, Namespace(await there.enter()) as ns:
        link = cast(RemoteSession, ns._session).link
        wrong = Credentials(there.credentials.user, "another")
        link._means = replace(link._means, login=wrong.login(there.server.host))
        there.server.disconnect()
        await asyncio.sleep(0.1)
        opened: list[str] = []
        connect = link._means.connect

        async def counted(protocol: Callable[[], Any], host: str, port: int, timeout: float, /) -> tuple[Any, Any]:
            opened.append(host)
            return await connect(protocol, host, port, timeout)

        link._means = replace(link._means, connect=counted)
        waiting = [ns.get("Demo_Thing='one'") for _ in range(50)]
        for each in waiting:
            with pytest.raises(AccessDenied):
                await each
        assert len(opened) == 1
        assert len({id(each.results.error) for each in waiting}) == len(waiting), "each has an error of its own"
        failed = link._failed
        with pytest.raises(AccessDenied):
            await ns.get("Demo_Thing='one'")
        assert link._failed is not failed, "who comes later tries again"


async def test_a_namespace_that_is_never_entered() -> None:
    async with world() as there:
        await there.server.namespace("root\\cimv2").load_mof(NAMESPACE)
        async with there.entered() as ns:
            clock = asyncio.get_running_loop().time
            began = clock()
            there.server.fault(call="NTLMLogin", delay=3600.0)
            with pytest.raises(Timeout, match="did not let us in within 60 s"):
                await ns.options(locale="ms_407").get("Demo_Thing='one'")
            assert clock() - began == pytest.approx(OPEN_SECONDS, abs=0.1)
            there.server.no_faults()
            assert (await ns.options(locale="ms_407").get("Demo_Thing='one'")).Size == 1


@pytest.mark.parametrize("timeout", [5.0, 300.0])
async def test_whoever_says_how_long_a_login_may_take_is_heard(timeout: float) -> None:
    """Also where that is longer than it may take otherwise, and where a login has to be made anew."""
    clock = asyncio.get_running_loop().time
    async with world() as there, there.entered(timeout=timeout) as ns:
        there.server.fault(call="NTLMLogin", delay=3600.0)
        there.server.disconnect()
        await asyncio.sleep(0.1)
        for attempt in (ns.get("Demo_Thing='one'"), there.enter(timeout=timeout)):
            began = clock()
            with pytest.raises(Timeout, match=f"did not let us in within {timeout:g} s"):
                await attempt
            assert clock() - began == pytest.approx(timeout, abs=0.2)


@pytest.mark.parametrize("call", ["ExecQuery", "GetObject", "ExecNotificationQuery"])
async def test_a_call_that_is_never_begun(call: str) -> None:
    async with world() as there:
        network = Deaf(there.network.connect)
        async with there.entered(connect=network.connect) as face:
            ns = face.options(flags=LATER)
            clock = asyncio.get_running_loop().time
            verbs: dict[str, Callable[[], Any]] = {
                "ExecQuery": lambda: ns.query("SELECT * FROM Demo_Thing"),
                "GetObject": lambda: ns.get("Demo_Thing='one'"),
                "ExecNotificationQuery": lambda: ns.events("SELECT * FROM __InstanceCreationEvent"),
            }
            network.deaf = True
            began = clock()
            with pytest.raises(Unreachable, match="was to answer within 60 s"):
                async with asyncio.timeout(600):
                    await verbs[call]()
            assert clock() - began == pytest.approx(BEGUN_MILLISECONDS / 1000 + SILENT_SECONDS, abs=1)


async def test_a_failure_of_another_namespace_is_its_own() -> None:
    async with world() as there:
        session = await there.enter()
        there.server.disconnect()
        await asyncio.sleep(0.1)
        missing = asyncio.ensure_future(session.link.reach(r"root\nowhere", ""))
        found = asyncio.ensure_future(session.get("Demo_Thing='one'", LOCAL).status())
        with pytest.raises(NotFound):
            await missing
        assert await found == WbemStatus.NO_ERROR
        await session.close()


async def test_a_namespace_at_an_exporter_that_is_never_found() -> None:
    elsewhere = objref.encode(ObjRefStandard(IWbemServices.iid, STD, Bindings.tcp(["192.0.2.1"], None)))

    async def lying(*_: object) -> OpenNamespaceReply:
        return OpenNamespaceReply(Cell(elsewhere), None)

    async with world() as there, there.entered() as ns:
        session = cast(RemoteSession, ns._session)
        (await session.link.reach(session.namespace, "")).services.__dict__["OpenNamespace"] = lying
        there.server.fault(call="ResolveOxid2", delay=3600.0)
        began = asyncio.get_running_loop().time()
        with pytest.raises(Unreachable, match="let us wait for 30 s"):
            await ns.namespace("below")
        assert asyncio.get_running_loop().time() - began == pytest.approx(SILENT_SECONDS, abs=0.1)


STD = StdObjRef(0, 5, 1, 2, Guid(int=3))
STRANGE: dict[str, bytes | None] = {
    "by value": objref.encode(ObjRefCustom(IWbemServices.iid, Guid(int=4), b"data")),
    "by a handler": objref.encode(
        ObjRefHandler(IWbemServices.iid, STD, Guid(int=4), Bindings.tcp(["192.0.2.66"], None))
    ),
    "no reference": b"MEOW",
    "nothing": None,
}


@pytest.mark.parametrize("octets", STRANGE.values(), ids=STRANGE)
async def test_an_object_of_a_kind_that_nobody_calls(octets: bytes | None) -> None:
    """Nobody is asked where it is, and nothing of this machine is made to read it."""

    async def lying(*_: object) -> EnumReply:
        return EnumReply(octets)

    async with world() as there, Namespace(await there.enter()) as ns:
        session = cast(RemoteSession, ns._session)
        (await session.link.reach(session.namespace, "")).services.__dict__["ExecQuery"] = lying
        with pytest.raises(WbemError) as failure:
            await ns.query("SELECT * FROM Demo_Thing")
        assert failure.value.status in {HResult.E_NOINTERFACE, HResult.RPC_S_CALL_FAILED}


async def test_services_of_a_namespace_that_was_closed_are_given_back() -> None:
    async with world() as there, there.entered("root") as root:
        held = there.server._server._exporter._table._exports
        await root.get("__SystemClass")
        before = len(held)
        async with await root.namespace("cimv2") as ns:
            assert (await ns.get("Demo_Thing='one'")).Size == 1
            assert len(held) == before + 1
            async with await root.namespace("cimv2"):
                await asyncio.sleep(1)
                assert len(held) == before + 1, "those that came first do for both"
        await asyncio.sleep(1)
        assert len(held) == before
