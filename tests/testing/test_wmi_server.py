"""A server for tests: what it holds, who may do what, and what goes wrong where."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from functools import partial
from typing import Any

import pytest
from tests.cli.visitor import delete
from tests.dcom.fakes import ME, Client, nothing_left, standard
from tests.server.fakes import Enumerator, Services
from tests.server.sinks import ClientHost, RecordingSink

from openwmi.base.error import WbemError
from openwmi.base.fault import LocalProtocolError
from openwmi.base.status import HResult, WbemStatus
from openwmi.engine import Provider, Request, Row
from openwmi.interfaces import IRemoteSCMActivator, IRemUnknown2, IWbemLevel1Login
from openwmi.model import ChangeFlag, CimClass, CimType, Property, Qualifier, Type, qualifier_set
from openwmi.orpc.wellknown import CLSID_WbemLevel1Login
from openwmi.rpc import AuthLevel
from openwmi.security import NtlmInitiator
from openwmi.server import CallbackPolicy
from openwmi.server.host import OBJECTS
from openwmi.session import Namespace
from openwmi.testing import Fault, MemoryNetwork, WmiServer
from openwmi.testing.faults import Faults, FaultyEngine

LAMP = """
class Demo_Thing { [key] string Name; uint32 Size; [Implemented] uint32 Grow([in] uint32 By, [out] uint32 Now); };
instance of Demo_Thing { Name = "one"; Size = 1; };
instance of Demo_Thing { Name = "two"; Size = 2; };
"""
ONLY_CLASS = LAMP.partition("instance")[0]
ALL = "SELECT * FROM Demo_Thing"
USERS = {"me": "secret", "you": "hidden"}


@asynccontextmanager
async def serving(*contents: Any, **options: Any) -> AsyncIterator[tuple[WmiServer, Callable[..., Any]]]:
    """A server in memory, and what connects to it."""
    network = options.pop("network", None) or MemoryNetwork()
    options = {"users": USERS, **options}
    async with nothing_left(), WmiServer(*contents, network=network, host="192.0.2.1", port=135, **options) as server:

        async def enter(user: str = "me") -> Services:
            _, client = await network.connect(Client, "192.0.2.1", 135)
            return await entered(client, user)

        yield server, enter


async def entered(client: Client, user: str = "me") -> Services:
    await client.bind(IRemoteSCMActivator, IRemUnknown2, *OBJECTS, user=(user, USERS[user]))
    login = await client.activate(IWbemLevel1Login, clsid=CLSID_WbemLevel1Login)
    reply = await client.call(IWbemLevel1Login, "NTLMLogin", "root/cimv2", None, 0, None, target=login.ipid)
    if reply.hresult:
        raise WbemError(reply.hresult, "the login failed")
    return Services(client, standard(reply.ppNamespace).ipid)


async def sizes(services: Services, text: str = ALL) -> list[int]:
    enumerator: Enumerator = await services.query(text)
    found, status = await enumerator.next()
    assert status == WbemStatus.FALSE, hex(status)
    return sorted(found)


# ------------------------------------------------------------------------------------------------------- what it holds

THING = CimClass(
    "Demo_Thing",
    properties=(
        Property("Name", Type(CimType.STRING), qualifiers=qualifier_set(Qualifier("key"))),
        Property("Size", Type(CimType.UINT32)),
    ),
)


class Things(Provider):
    cim_class = THING

    def instances(self, request: Request) -> Iterable[Row]:
        return [{"Name": "one", "Size": 1}, {"Name": "two", "Size": 2}]


ONE, TWO = (THING.instance({"Name": name, "Size": size}) for name, size in (("one", 1), ("two", 2)))


@pytest.mark.parametrize(
    ("contents", "options"),
    [
        ((LAMP,), {}),
        ((THING, ONE, TWO), {}),
        ((Things(),), {}),
        ((THING,), {"rows": {"demo_thing": lambda: [{"Name": "one", "Size": 1}, {"Name": "two", "Size": 2}]}}),
        ((LAMP,), {"methods": {"Demo_Thing.Grow": lambda keys, inputs: 0}}),
    ],
    ids=["MOF", "objects", "a provider", "a function", "MOF beside a method"],
)
async def test_it_holds_what_it_is_given(contents: tuple[Any, ...], options: dict[str, Any]) -> None:
    async with serving(*contents, **options) as (server, enter):
        assert await sizes(await enter()) == [1, 2]
        assert [(call.method, call.status, call.objects) for call in server.calls] == [("ExecQuery", 0, 2)]
        assert [visit.user for visit in server.sessions] == ["me"]


async def test_a_function_is_asked_each_time() -> None:
    rows: list[Row] = []
    async with serving(ONLY_CLASS, rows={"Demo_Thing": lambda: rows}) as (_, enter):
        services = await enter()
        assert await sizes(services) == []
        rows.append({"Name": "three", "Size": 3})
        assert await sizes(services) == [3]


async def test_functions_for_methods() -> None:
    def grow(keys: Any, inputs: Any) -> Row | int:
        return {"ReturnValue": 7, "Now": len(keys["Name"]) + inputs["By"]} if inputs["By"] else 5

    async with serving(LAMP, methods={"Demo_Thing.Grow": grow}) as (server, _):
        ns = server.namespace()
        grown = await ns.call("Demo_Thing.Name='two'", "Grow", By=40)
        assert (grown.ReturnValue, grown.Now) == (7, 43)
        assert (await ns.call("Demo_Thing.Name='two'", "Grow", By=0)).ReturnValue == 5


def test_a_function_for_no_class() -> None:
    with pytest.raises(WbemError, match="a function serves 'Demo_Nothing', and no class of that name was given"):
        WmiServer(rows={"Demo_Nothing": list})


async def test_what_its_owner_changes_is_seen() -> None:
    async with serving(LAMP) as (server, enter):
        services = await enter()
        ns = server.namespace()
        await ns.load_mof('instance of Demo_Thing { Name = "three"; Size = 3; };')
        await ns.delete("Demo_Thing.Name='one'")
        assert await sizes(services) == [2, 3]


async def test_instances_of_a_class_with_methods_can_be_written() -> None:
    async with serving(LAMP, methods={"Demo_Thing.Grow": lambda keys, inputs: 0}) as (server, enter):
        ns = server.namespace()
        await ns.put(THING.instance({"Name": "THREE", "Size": 3}))
        await ns.put(THING.instance({"Name": "ONE", "Size": 4}), properties=["Size"])
        await ns.delete("Demo_Thing.Name='TWO'")
        assert await sizes(await enter()) == [3, 4]
        for flags, name, status in (
            (ChangeFlag.CREATE_ONLY, "one", WbemStatus.ALREADY_EXISTS),
            (ChangeFlag.UPDATE_ONLY, "four", WbemStatus.NOT_FOUND),
        ):
            with pytest.raises(WbemError) as caught:
                await ns.put(THING.instance({"Name": name}), flags=flags)
            assert caught.value.status == status
        with pytest.raises(WbemError):
            await ns.delete("Demo_Thing.Name='two'")


async def test_all_users_are_administrators_unless_some_are_named() -> None:
    for admins, status in ((None, WbemStatus.NOT_FOUND), (["me"], WbemStatus.ACCESS_DENIED)):
        async with serving(LAMP, admins=admins) as (_, enter):
            assert await delete(await enter(), "Demo_Nothing") == WbemStatus.NOT_FOUND
            assert await delete(await enter("you"), "Demo_Nothing") == status


@pytest.mark.parametrize(
    ("policy", "callers"),
    [
        (None, set()),
        (CallbackPolicy(anonymous=True), {(None, AuthLevel.NONE)}),
        (CallbackPolicy(partial(NtlmInitiator, *ME, "DOM")), {(r"DOM\me", AuthLevel.PRIVACY)}),
    ],
    ids=["not at all", "anonymously", "with a login"],
)
async def test_sinks_are_called_as_it_is_told(
    policy: CallbackPolicy | None, callers: set[tuple[str | None, AuthLevel]]
) -> None:
    network, sink = MemoryNetwork(), RecordingSink()
    async with serving(LAMP, network=network, callbacks=policy) as (server, enter):
        there = ClientHost(network)
        await there.open()
        services = await enter()
        status = await services.call("ExecQueryAsync", "WQL", ALL, 0, None, there.sink(sink))
        if policy is None:
            assert (status, sink.heard) == (WbemStatus.ACCESS_DENIED, [])
        else:
            await sink.finished.wait()
            assert (status, sorted(each.Size for each in sink.objects), sink.final.status) == (0, [1, 2], 0)
        assert set(sink.callers) == callers
        assert sink.peers == ({server.host} if callers else set()), "a client may look where its callbacks come from"
        await there.shut()


# ------------------------------------------------------------------------------------------------------ what goes wrong


async def test_a_call_of_the_wire_fails_the_second_time() -> None:
    async with serving(LAMP) as (server, enter):
        fault = server.fault(call="ExecQuery", number=2, error=WbemStatus.OUT_OF_MEMORY)
        services = await enter()
        replies = [(await services.exec_query()).hresult for _ in range(3)]
        assert replies == [0, WbemStatus.OUT_OF_MEMORY, 0]
        assert fault.seen == 3
        server.no_faults()
        assert (await services.exec_query()).hresult == 0
        assert fault.seen == 3


async def test_a_login_can_fail_and_an_activation_too() -> None:
    async with serving(LAMP) as (server, enter):
        server.fault(call="NTLMLogin", number=1, error=WbemStatus.SHUTTING_DOWN)
        with pytest.raises(WbemError) as caught:
            await enter()
        assert caught.value.status == WbemStatus.SHUTTING_DOWN
        server.fault(call="RemoteCreateInstance", error=HResult.E_ACCESSDENIED)
        with pytest.raises(Exception, match="0x80070005"):
            await enter()


async def test_a_connection_breaks_at_a_call() -> None:
    async with serving(LAMP) as (server, enter):
        services, other = await enter(), await enter("you")
        enumerator = await services.query()
        server.fault(call="Next", disconnect=True)
        with pytest.raises(ConnectionError):
            await enumerator.next()
        server.no_faults()
        assert await sizes(other) == [1, 2]


async def test_a_delay_is_there_and_a_client_that_waits_less_asks_again() -> None:
    loop = asyncio.get_running_loop()
    async with serving(LAMP) as (server, enter):
        server.fault(of="demo_thing", delay=30)
        services = await enter()
        began = loop.time()
        enumerator = await services.query()
        assert loop.time() == began
        assert await enumerator.next(timeout=1000) == ([], WbemStatus.TIMEDOUT)
        assert (await enumerator.next())[1] == WbemStatus.FALSE
        assert loop.time() - began == 30


@pytest.mark.parametrize(("after", "came"), [(0, 0), (1, 1), (2, 2), (9, 2)])
async def test_rows_come_before_the_failure(after: int, came: int) -> None:
    async with serving(LAMP) as (server, enter):
        server.fault(of="Demo_Thing", rows=after, error=WbemError(WbemStatus.PROVIDER_FAILURE, "the disk burns"))
        services = await enter()
        enumerator = await services.query()
        if came:
            assert len((await enumerator.next())[0]) == came
        assert (await enumerator.next())[1] == WbemStatus.PROVIDER_FAILURE


async def test_a_connection_breaks_between_rows() -> None:
    async with serving(LAMP) as (server, enter):
        services = await enter()
        server.fault(of="Demo_Thing", rows=1, delay=5, disconnect=True)
        enumerator = await services.query()
        assert await enumerator.next(1) == ([1], 0)
        with pytest.raises(ConnectionError):
            await enumerator.next(1)


CALLS: dict[str, Callable[[Any], Any]] = {
    "get": lambda ns: ns.get("Demo_Thing.Name='one'"),
    "the class": lambda ns: ns.get("Demo_Thing"),
    "instances": lambda ns: ns.instances("Demo_Thing"),
    "derived": lambda ns: ns.classes("Demo_Thing"),
    "query": lambda ns: ns.query("select Name from DEMO_THING where Size > 1"),
    "references": lambda ns: ns.query("REFERENCES OF {Demo_Thing.Name='one'}"),
    "put": lambda ns: ns.put(ONE),
    "put a class": lambda ns: ns.put(THING),
    "delete": lambda ns: ns.delete("Demo_Thing.Name='one'"),
    "call": lambda ns: ns.call("Demo_Thing.Name='one'", "Grow", By=1),
}


@pytest.mark.parametrize("call", CALLS)
async def test_whatever_names_the_class(call: str) -> None:
    async with serving(LAMP) as (server, _):
        server.fault(of="Demo_Thing", error=WbemStatus.UNEXPECTED)
        server.fault(of="Demo_Other", error=WbemStatus.CRITICAL_ERROR)
        ns = through_the_faults(server)
        with pytest.raises(WbemError) as caught:
            await CALLS[call](ns)
        assert caught.value.status == WbemStatus.UNEXPECTED
        assert len(await ns.query("SELECT * FROM __NAMESPACE")) >= 0


def through_the_faults(server: WmiServer) -> Any:
    faults: Faults = server._faults
    faults._cut = lambda: lambda: None  # nobody calls over a wire
    return Namespace(FaultyEngine(server._engine, faults).session(r"root\cimv2"))


async def test_one_method_fails_and_the_others_of_the_class_do_not() -> None:
    async with serving(LAMP, methods={"Demo_Thing.Grow": lambda keys, inputs: 0}) as (server, _):
        server.fault(of="Demo_Thing", method="grow", error=WbemStatus.METHOD_DISABLED)
        ns = through_the_faults(server)
        assert len(await ns.query(ALL)) == 2
        with pytest.raises(WbemError) as caught:
            await ns.call("Demo_Thing.Name='one'", "Grow", By=1)
        assert caught.value.status == WbemStatus.METHOD_DISABLED


@pytest.mark.parametrize("given", [{}, {"call": "Next", "of": "X"}, {"call": "Next", "rows": 1}])
def test_a_fault_is_in_one_place(given: dict[str, Any]) -> None:
    with pytest.raises(LocalProtocolError, match="give"):
        Fault(**given)


# ------------------------------------------------------------------------------------------- a thread of its own, TCP


def test_it_runs_beside_a_client_that_blocks() -> None:
    with WmiServer(LAMP, users=USERS) as server:
        assert (server.host, server.user, server.password, server.domain) == ("127.0.0.1", "me", "secret", "")
        server.load('instance of Demo_Thing { Name = "three"; Size = 3; };')
        server.put(THING.instance({"Name": "four", "Size": 4}))
        server.delete("Demo_Thing.Name='one'")

        async def look() -> None:
            _, client = await asyncio.get_running_loop().create_connection(Client, server.host, server.port)
            services = await entered(client)
            assert await sizes(services) == [2, 3, 4]
            await asyncio.to_thread(server.disconnect)
            await client.closed.wait()

        asyncio.run(look())
        with pytest.raises(LocalProtocolError, match="use load, put and delete"):
            server.namespace()
    assert "openwmi.testing" not in {thread.name for thread in threading.enumerate()}


def test_what_cannot_begin_leaves_no_thread() -> None:
    with pytest.raises(WbemError), WmiServer(LAMP, host="192.0.2.1"):
        pass
    with pytest.raises(LocalProtocolError, match="async with"), WmiServer(LAMP, network=MemoryNetwork()):
        pass
    with pytest.raises(LocalProtocolError, match="nobody could log in"):
        WmiServer(LAMP, users={})
    assert "openwmi.testing" not in {thread.name for thread in threading.enumerate()}
