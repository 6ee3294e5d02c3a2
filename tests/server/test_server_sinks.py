"""Asynchronous calls: the client's sink is called by DCOM ([MS-WMI] 3.1.1.1.3, 3.1.4.3.2, 3.2.4.1)."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from tests.dcom.fakes import ME, YOU, standard
from tests.server.devices import SETTING, Devices
from tests.server.fakes import (
    ALL,
    INFINITE,
    RETURN_IMMEDIATELY,
    SEMISYNC,
    Enumerator,
    Things,
    pointed,
    things,
    wmi,
)
from tests.server.sinks import PORT, ClientHost, RecordingSink, failing, with_sinks

from openwmi.base import limits
from openwmi.base.error import WbemError
from openwmi.base.status import HResult, WbemStatus
from openwmi.engine.local import LocalSession
from openwmi.interfaces import IWbemObjectSink
from openwmi.net import Address
from openwmi.operation import CallContext, Operation
from openwmi.pointers import object_pointer
from openwmi.rpc import AuthLevel
from openwmi.server.callbacks import Callbacks

OK, CANCELLED = 0, WbemStatus.CALL_CANCELLED
NEW_STYLE = WbemStatus.NEW_STYLE
SEND_STATUS = 0x80
SET = SETTING.instance({"Name": "x", "Level": 1})

# The ten, what they are called with, and what their sink hears of.
ASYNC: dict[str, tuple[tuple[Any, ...], int, str | None]] = {
    "GetObjectAsync": (("Demo_Device.Name='east'", 0, None), 1, None),
    "PutClassAsync": ((object_pointer(SETTING), 0, None), 0, None),
    "DeleteClassAsync": (("Demo_Setting", 0, None), 0, None),
    "CreateClassEnumAsync": (("Demo_Setting", 0, None), 0, None),
    "PutInstanceAsync": ((object_pointer(SET), 0, None), 0, 'Demo_Setting.Name="x"'),
    "DeleteInstanceAsync": (("Demo_Setting='y'", 0, None), 0, None),
    "CreateInstanceEnumAsync": (("Demo_Thing", 0, None), 3, None),
    "ExecQueryAsync": (("WQL", ALL, 0, None), 3, None),
    "ExecMethodAsync": (("Demo_Device", "Count", 0, None, None), 1, None),
}
EVENTS = "SELECT * FROM __InstanceCreationEvent WITHIN 1 WHERE TargetInstance ISA 'Demo_Setting'"


def numbers(*objects: Any) -> list[int]:
    return [each.Size for each in objects]


@pytest.mark.parametrize("method", ASYNC)
async def test_objects_then_one_final_status(method: str) -> None:
    arguments, count, text = ASYNC[method]
    async with with_sinks(Devices(), Things(things(1, 2, 3))) as (made, host):
        services = await made.enter()
        await services.put(SETTING)
        await services.put(SETTING.instance({"Name": "y"}))
        sink = RecordingSink()
        assert await services.call(method, *arguments, host.sink(sink)) == OK
        await sink.finished.wait()
        await asyncio.sleep(1)
        assert len(sink.objects) == count
        # "When the reported operation status is success, the client MUST set the pObjParam parameter to NULL."
        assert (sink.final.status, sink.final.text, sink.final.object) == (OK, text, None)
        # "After calling SetStatus with final status information, the client MUST release the IWbemObjectSink".
        assert [each.public for each in host.exporter.given_back] == [5]
        assert len(made.server._shared.calls) == 0
        assert made.server._shared.allowances.sinks.open == {}


@pytest.mark.parametrize("method", [*ASYNC, "ExecNotificationQueryAsync"])
async def test_no_sink_and_what_is_none(method: str) -> None:
    arguments = ASYNC[method][0] if method in ASYNC else ("WQL", EVENTS, 0, None)
    async with with_sinks(Devices(), Things(things(1))) as (made, _):
        services = await made.enter()
        for sink in (None, b"", b"nonsense", object_pointer(SET)):
            assert await services.call(method, *arguments, sink) == WbemStatus.INVALID_PARAMETER
            assert await services.call("CancelAsyncCall", sink) == WbemStatus.INVALID_PARAMETER


async def test_what_could_not_start_never_touches_its_sink() -> None:
    """3.1.1.1.3; a user who may not write, flags that are none, and a query that is in no language."""
    async with with_sinks(Devices(), Things(things(1))) as (made, host):
        services = await made.enter(user=YOU)
        sink = RecordingSink()
        for method, arguments, status in (
            ("PutClassAsync", (object_pointer(SETTING), 0, None), WbemStatus.ACCESS_DENIED),
            ("ExecMethodAsync", ("Demo_Device", "Count", 0, None, None), WbemStatus.ACCESS_DENIED),
            ("ExecQueryAsync", ("WQL", ALL, 0x10, None), WbemStatus.INVALID_PARAMETER),
            ("ExecQueryAsync", ("SQL", ALL, 0, None), WbemStatus.INVALID_QUERY_TYPE),
        ):
            assert await services.call(method, *arguments, host.sink(sink)) == status
        await asyncio.sleep(1)
        assert sink.heard == []
        assert made.server._shared.allowances.sinks.open == {}
        assert len(made.server._shared.calls) == 0


@pytest.mark.parametrize(
    ("text", "status"),
    [("SELECT", WbemStatus.INVALID_QUERY), ("SELECT * FROM Demo_Nothing", WbemStatus.INVALID_CLASS)],
)
async def test_a_failure_is_told_with_what_is_known_of_it(text: str, status: WbemStatus) -> None:
    async with with_sinks(Things(things(1))) as (made, host):
        services = await made.enter()
        sink = RecordingSink()
        assert await services.call("ExecQueryAsync", "WQL", text, 0, None, host.sink(sink)) == OK
        await sink.finished.wait()
        told = sink.final.object
        assert sink.final.status == status
        assert (told["__CLASS"], told.StatusCode, told.Operation) == ("__ExtendedStatus", status, "ExecQueryAsync")
        assert told.ParameterInfo == text


@pytest.mark.parametrize("style", [OK, NEW_STYLE])
async def test_object_arrays_for_who_knows_them_and_never_at_first(style: int) -> None:
    count = 3 * limits.SINK_BATCH
    async with with_sinks(Things(things(*range(count)))) as (made, host):
        services = await made.enter()
        sink = RecordingSink(style)
        assert await services.call("ExecQueryAsync", "WQL", ALL, 0, None, host.sink(sink)) == OK
        await sink.finished.wait()
        assert numbers(*sink.objects) == list(range(count))
        indicated = [each.packed for each in sink.heard if each.name == "Indicate"]
        assert indicated == [False] + [style == NEW_STYLE] * (len(indicated) - 1)
        assert len(indicated) >= 3
        assert sink.most == 1


async def test_who_does_not_understand_an_object_array_gets_pointers_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """It said WBEM_S_NEW_STYLE, and what it takes for one looks otherwise: nothing is lost."""
    monkeypatch.setattr(IWbemObjectSink.calls[3], "_packed", b"")
    count = 3 * limits.SINK_BATCH
    arrays: list[bytes] = []
    async with with_sinks(Things(things(*range(count)))) as (made, host):
        services = await made.enter()
        sink = RecordingSink(answers=[NEW_STYLE] * 9)
        monkeypatch.setattr(IWbemObjectSink.calls[3], "encode_request", _packing(IWbemObjectSink.calls[3], arrays))
        assert await services.call("ExecQueryAsync", "WQL", ALL, 0, None, host.sink(sink)) == OK
        await sink.finished.wait()
        assert numbers(*sink.objects) == list(range(count))
        assert (any(each.packed for each in sink.heard), len(arrays)) == (False, 1)


def _packing(call: Any, arrays: list[bytes]) -> Any:
    """Encodes ObjectArrays for a receiver that cannot decode them."""
    encode = call.encode_request

    def both(writer: Any, arguments: Any) -> None:
        if isinstance(arguments[-1], bytes):
            arrays.append(arguments[-1])
            writer.octets(arguments[-1])
        else:
            encode(writer, arguments)

    return both


@pytest.mark.parametrize("login", [None, ME])
async def test_large_objects_come_in_several_indicates(login: tuple[str, str] | None) -> None:
    name = "n" * (limits.INDICATE_OCTETS // 8)
    rows = [{"Name": f"{number}{name}", "Size": number} for number in range(20)]
    async with with_sinks(Things(rows), login=login) as (made, host):
        services = await made.enter()
        sink = RecordingSink(NEW_STYLE)
        assert await services.call("ExecQueryAsync", "WQL", ALL, 0, None, host.sink(sink)) == OK
        await sink.finished.wait()
        assert numbers(*sink.objects) == list(range(20))
        sizes = [len(each.objects) for each in sink.heard if each.objects]
        assert (sizes[0], max(sizes)) == (1, 1 if login is None else 8)


async def test_cancelled_by_the_sink_however_it_is_marshaled() -> None:
    """3.1.4.3.2: each call of that sink, and no others; one final status each, after a callback that is running."""
    async with with_sinks(Things(things(1), asyncio.Event())) as (made, host):
        services, other = await made.enter(), await made.enter("root/cimv2")
        gate = asyncio.Event()
        sink, second = RecordingSink(gate=gate), RecordingSink()
        for each in (services, other):
            assert await each.call("ExecQueryAsync", "WQL", ALL, 0, None, host.sink(sink)) == OK
        assert await services.call("ExecQueryAsync", "WQL", ALL, 0, None, host.sink(second)) == OK
        await asyncio.sleep(1)
        assert len(made.server._shared.calls) == 3
        assert await other.call("CancelAsyncCall", host.sink(sink)) == OK
        await asyncio.sleep(1)
        assert [each.name for each in sink.heard] == ["Indicate", "Indicate"]
        gate.set()
        await asyncio.sleep(1)
        assert [(each.name, each.status) for each in sink.heard[2:]] == [("SetStatus", CANCELLED)] * 2
        assert [each.name for each in second.heard] == ["Indicate"]
        assert await services.call("CancelAsyncCall", host.sink(sink)) == WbemStatus.NOT_FOUND
        assert await services.call("CancelAsyncCall", host.sink(second)) == OK
        await second.finished.wait()
        await asyncio.sleep(1)
        # All that came with any of the references was given back: five with each.
        given: dict[Any, int] = {}
        for back in host.exporter.given_back:
            given[back.ipid] = given.get(back.ipid, 0) + back.public
        assert sorted(given.values()) == [10, 15]


@pytest.mark.parametrize("status", [WbemStatus.ACCESS_DENIED, WbemStatus.INVALID_QUERY, None])
async def test_a_client_that_is_lost_before_its_call_has_started(
    status: WbemStatus | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What cannot start then leaves nothing; what can goes on, and its sink hears of it."""
    gate = asyncio.Event()

    def query(_: object, __: str, ___: object, context: CallContext) -> Operation[Any]:
        async def work(results: Any) -> None:
            await gate.wait()
            if status is not None:
                raise WbemError(status, "so it was written")

        return Operation.start(work, "query", context=context)

    async with with_sinks(Things(things(1))) as (made, host):
        services = await made.enter()
        monkeypatch.setattr(LocalSession, "query", query)
        sink = RecordingSink()
        asked = asyncio.create_task(services.call("ExecQueryAsync", "WQL", ALL, 0, None, host.sink(sink)))
        await asyncio.sleep(1)
        assert not asked.done()
        services.client.transport.abort()
        with pytest.raises(ConnectionError):
            await asked
        gate.set()
        await asyncio.sleep(1)
        expected = [] if status is WbemStatus.ACCESS_DENIED else [status or OK]
        assert [each.status for each in sink.heard] == expected
        assert (len(made.server._shared.calls), len(host.exporter.given_back)) == (0, 1)
        assert made.server._shared.allowances.sinks.open == {}


async def test_a_sink_of_somebody_else_is_another_one() -> None:
    async with with_sinks(Things(things(1), asyncio.Event())) as (made, host):
        mine, yours = await made.enter(user=ME), await made.enter(user=YOU)
        sink = RecordingSink()
        reference = host.sink(sink)
        assert await mine.call("ExecQueryAsync", "WQL", ALL, 0, None, reference) == OK
        assert await yours.call("CancelAsyncCall", reference) == WbemStatus.NOT_FOUND
        assert await mine.call("CancelAsyncCall", reference) == OK
        await sink.finished.wait()


async def test_a_method_that_is_cancelled_runs_on() -> None:
    devices = Devices()
    async with with_sinks(devices) as (made, host):
        services = await made.enter()
        sink = RecordingSink()
        reference = host.sink(sink)
        assert await services.call("ExecMethodAsync", "Demo_Device", "Wait", 0, None, None, reference) == OK
        await asyncio.sleep(1)
        assert await services.call("CancelAsyncCall", reference) == OK
        await sink.finished.wait()
        assert (sink.final.status, devices.waiting) == (CANCELLED, 1)
        devices.gate.set()
        await asyncio.sleep(1)
        assert devices.waited == 1


@pytest.mark.parametrize("answer", [int(WbemStatus.FAILED), failing(), RuntimeError("broken")])
async def test_a_sink_that_fails_hears_no_more_but_the_end(answer: int | Exception) -> None:
    """3.2.4.1.1: CallCancelled, the final result WBEM_E_CALL_CANCELLED, and the entry is removed."""
    provider = Things(things(*range(300)), asyncio.Event())
    async with with_sinks(provider) as (made, host):
        services = await made.enter()
        sink = RecordingSink(answers=[answer])
        assert await services.call("ExecQueryAsync", "WQL", ALL, 0, None, host.sink(sink)) == OK
        await sink.finished.wait()
        await asyncio.sleep(1)
        assert [(each.name, each.status) for each in sink.heard] == [("Indicate", 0), ("SetStatus", CANCELLED)]
        assert (provider.reading, len(made.server._shared.calls)) == (0, 0)


async def test_a_sink_that_takes_thirty_seconds() -> None:
    provider, loop = Things(things(1), asyncio.Event()), asyncio.get_running_loop()
    async with with_sinks(provider) as (made, host):
        services = await made.enter()
        sink = RecordingSink(gate=asyncio.Event())
        began = loop.time()
        assert await services.call("ExecQueryAsync", "WQL", ALL, 0, None, host.sink(sink)) == OK
        await sink.finished.wait()
        assert loop.time() - began == pytest.approx(30, abs=0.5)
        assert (sink.final.status, provider.reading) == (CANCELLED, 0)


async def test_a_client_that_vanishes_while_its_sink_is_called() -> None:
    provider = Things(*[things(*range(200))] * 5, asyncio.Event())
    async with with_sinks(provider) as (made, host):
        services = await made.enter()
        sink = RecordingSink(gate=asyncio.Event())
        assert await services.call("ExecQueryAsync", "WQL", ALL, 0, None, host.sink(sink)) == OK
        await asyncio.sleep(1)
        for connection in list(host.endpoint._connections):
            connection._transport.abort()
        for each in host.ports:
            await each.close()
        await asyncio.sleep(60)
        assert (provider.reading, len(made.server._shared.calls)) == (0, 0)
        assert made.server._shared.allowances.sinks.open == {}


async def test_the_resolver_is_asked_when_the_call_starts_and_by_the_callers_address() -> None:
    async with with_sinks(Things(things(1))) as (made, host):
        services = await made.enter()
        sink = RecordingSink()
        reference = host.sink(sink)
        await host.shut()
        status = await services.call("ExecQueryAsync", "WQL", ALL, 0, None, reference)
        assert status == HResult.RPC_S_SERVER_UNAVAILABLE
        again = ClientHost(made.network)
        await again.open()
        status = await services.call("ExecQueryAsync", "WQL", ALL, 0, None, reference)
        assert status == HResult.RPC_E_INVALID_OXID  # another exporter lives there now
        assert (again.resolved, sink.heard) == (1, [])
        assert made.server._shared.callbacks._hosts == {}
        await again.shut()


async def test_no_other_address_is_called() -> None:
    """Whatever bindings the reference names: here the sink is on another machine than its caller."""
    async with with_sinks(Things(things(1)), address="192.0.2.77") as (made, host):
        services = await made.enter()
        reference = host.sink(RecordingSink())
        status = await services.call("ExecQueryAsync", "WQL", ALL, 0, None, reference)
        assert (status, host.resolved) == (HResult.RPC_S_SERVER_UNAVAILABLE, 0)


async def test_nor_where_the_resolver_of_the_caller_says_that_the_sink_is() -> None:
    """It is asked at the caller's address, and names another machine of the network as its exporter's."""
    async with with_sinks(Things(things(1))) as (made, host):
        services = await made.enter()
        knocked: list[str] = []

        def elsewhere() -> asyncio.Protocol:
            knocked.append("here")
            return asyncio.Protocol()

        victim = await made.network.listen(elsewhere, Address("192.0.2.66", PORT))
        entry = host.exporter.entry("192.0.2.66")
        host.exporter.entry = lambda host: entry  # type: ignore[method-assign]
        sink = RecordingSink()
        assert await services.call("ExecQueryAsync", "WQL", ALL, 0, None, host.sink(sink)) == OK
        await sink.finished.wait()  # by the address where the call came from
        assert (host.resolved, knocked) == (1, [])
        await victim.close()


async def test_one_exporter_is_resolved_once_while_it_is_used() -> None:
    async with with_sinks(Things(things(1))) as (made, host):
        services = await made.enter()
        for _ in range(5):
            sink = RecordingSink()
            assert await services.call("ExecQueryAsync", "WQL", ALL, 0, None, host.sink(sink)) == OK
            await sink.finished.wait()
        assert host.resolved == 1
        await asyncio.sleep(limits.CALLBACK_IDLE_SECONDS + 1)
        assert made.server._shared.callbacks._hosts == {}
        assert len(host.endpoint) == 0


async def test_without_a_policy_no_sink_is_called() -> None:
    async with wmi(Things(things(1))) as made:
        host = ClientHost(made.network)
        services = await made.enter()
        reference = host.sink(RecordingSink())
        status = await services.call("ExecQueryAsync", "WQL", ALL, 0, None, reference)
        assert status == WbemStatus.ACCESS_DENIED
        await host.shut()


@pytest.mark.parametrize(
    ("login", "anonymous", "least", "level"),
    [
        (ME, False, AuthLevel.PRIVACY, AuthLevel.PRIVACY),
        (ME, True, AuthLevel.NONE, AuthLevel.PRIVACY),
        (("stranger", "secret"), True, AuthLevel.NONE, AuthLevel.NONE),
        (("stranger", "secret"), False, AuthLevel.NONE, None),
        (None, True, AuthLevel.NONE, AuthLevel.NONE),
        (None, True, AuthLevel.PKT, None),
    ],
)
async def test_the_ladder_of_levels(
    login: tuple[str, str] | None, anonymous: bool, least: AuthLevel, level: AuthLevel | None
) -> None:
    """3.1.1.1.3 and note 16: PKT_PRIVACY first, a level lower at each try, NONE only where that is allowed."""
    async with with_sinks(Things(things(1)), login=login, anonymous=anonymous, least=least) as (made, host):
        services = await made.enter()
        sink = RecordingSink()
        assert await services.call("ExecQueryAsync", "WQL", ALL, 0, None, host.sink(sink)) == OK
        await asyncio.sleep(120)
        assert len(made.server._shared.calls) == 0
        assert [each[1] for each in sink.callers] == ([] if level is None else [level] * 2)


async def test_sinks_are_pinged_as_long_as_they_are_held() -> None:
    async with with_sinks(Things(things(1), asyncio.Event())) as (made, host):
        services = await made.enter()
        sink = RecordingSink()
        reference = host.sink(sink)
        assert await services.call("ExecQueryAsync", "WQL", ALL, 0, None, reference) == OK
        await asyncio.sleep(3.5 * limits.PING_PERIOD_SECONDS)
        assert host.exporter.pinged == [(standard(reference).oid,)]
        assert host.exporter.simple == 2
        assert await services.call("CancelAsyncCall", reference) == OK
        await asyncio.sleep(2 * limits.PING_PERIOD_SECONDS)
        assert host.exporter.simple == 2


async def test_a_quiet_subscription_of_a_client_that_vanished_ends_after_the_ping_time() -> None:
    async with with_sinks(Things(things(1))) as (made, host):
        services = await made.enter()
        await services.put(SETTING)
        sink = RecordingSink()
        assert await services.call("ExecNotificationQueryAsync", "WQL", EVENTS, 0, None, host.sink(sink)) == OK
        await asyncio.sleep(1)
        assert len(made.server._shared.calls) == 1
        services.client.transport.abort()
        await host.shut()
        await asyncio.sleep(limits.PING_PERIOD_SECONDS)
        assert len(made.server._shared.calls) == 1
        await asyncio.sleep(limits.PING_TIMEOUT_SECONDS)
        assert (len(made.server._shared.calls), made.server._shared.callbacks._hosts) == (0, {})


async def test_events_go_to_the_sink_until_it_is_cancelled() -> None:
    async with with_sinks(Things(things(1))) as (made, host):
        services = await made.enter()
        await services.put(SETTING)
        sink = RecordingSink()
        reference = host.sink(sink)
        assert await services.call("ExecNotificationQueryAsync", "WQL", EVENTS, SEND_STATUS, None, reference) == OK
        for name in "abc":
            await asyncio.sleep(2)
            await services.put(SETTING.instance({"Name": name}))
        await asyncio.sleep(2)
        assert [each.TargetInstance.Name for each in sink.objects] == ["a", "b", "c"]
        assert {each.name for each in sink.heard} == {"Indicate"}
        assert await services.call("CancelAsyncCall", reference) == OK
        await sink.finished.wait()
        assert sink.final.status == CANCELLED


async def test_so_many_calls_and_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "ASYNC_CALLS_PER_PRINCIPAL", 2)
    async with with_sinks(Things(things(1), asyncio.Event())) as (made, host):
        services = await made.enter()
        references = [host.sink(RecordingSink()) for _ in range(3)]
        found = [await services.call("ExecQueryAsync", "WQL", ALL, 0, None, each) for each in references]
        assert found == [OK, OK, WbemStatus.QUOTA_VIOLATION]
        assert await services.call("CancelAsyncCall", references[0]) == OK
        await asyncio.sleep(1)
        assert await services.call("ExecQueryAsync", "WQL", ALL, 0, None, references[2]) == OK


async def test_a_server_that_is_closed_leaves_nothing() -> None:
    async with with_sinks(Things(things(1), asyncio.Event())) as (made, host):
        services = await made.enter()
        for _ in range(3):
            assert await services.call("ExecQueryAsync", "WQL", ALL, 0, None, host.sink(RecordingSink())) == OK
        await asyncio.sleep(1)


async def test_a_server_that_stops_tells_its_sinks() -> None:
    async with with_sinks(Things(things(1), asyncio.Event())) as (made, host):
        services = await made.enter()
        await services.put(SETTING)
        sinks = [RecordingSink() for _ in range(3)]
        for sink, (method, text) in zip(
            sinks, [("ExecQueryAsync", ALL)] * 2 + [("ExecNotificationQueryAsync", EVENTS)], strict=True
        ):
            assert await services.call(method, "WQL", text, 0, None, host.sink(sink)) == OK
        enumerator = await services.query()
        later = RecordingSink()
        assert await enumerator.call("NextAsync", 5, host.sink(later)) == OK
        await asyncio.sleep(1)
        await made.server.stop(5)
        assert [each.final.status for each in (*sinks, later)] == [CANCELLED] * 4


# NextAsync.


async def test_next_async_gives_so_many_at_a_time() -> None:
    """3.1.4.4.3: Indicate, then SetStatus(NO_ERROR), or FALSE where they were the last."""
    async with with_sinks(Things(things(*range(5)))) as (made, host):
        enumerator = await (await made.enter()).query(ALL, RETURN_IMMEDIATELY)
        sinks = [RecordingSink() for _ in range(3)]
        for sink in sinks:
            assert await enumerator.call("NextAsync", 3, host.sink(sink)) == OK
        for sink, wanted in zip(
            sinks, (([0, 1, 2], OK), ([3, 4], WbemStatus.FALSE), ([], WbemStatus.FALSE)), strict=True
        ):
            await sink.finished.wait()
            assert (numbers(*sink.objects), sink.final.status) == wanted
        assert await enumerator.call("Reset") == OK
        assert await enumerator.next(2) == ([0, 1], OK)


async def test_next_async_that_asks_for_nothing_or_has_no_sink() -> None:
    async with with_sinks(Things(things(1))) as (made, host):
        enumerator = await (await made.enter()).query()
        sink = RecordingSink()
        assert await enumerator.call("NextAsync", 0, host.sink(sink)) == WbemStatus.FALSE
        assert await enumerator.call("NextAsync", 1, None) == WbemStatus.INVALID_PARAMETER
        assert await enumerator.call("NextAsync", 1, b"nonsense") == WbemStatus.INVALID_PARAMETER
        await asyncio.sleep(1)
        assert (sink.heard, host.resolved) == ([], 0)


async def test_next_async_of_a_call_that_failed() -> None:
    async with with_sinks(Things(things(1), RuntimeError("broken"))) as (made, host):
        enumerator = await (await made.enter()).query(ALL, SEMISYNC)
        sink = RecordingSink()
        assert await enumerator.call("NextAsync", 9, host.sink(sink)) == OK
        await sink.finished.wait()
        assert (numbers(*sink.objects), sink.final.status) == ([1], WbemStatus.PROVIDER_FAILURE)


async def test_too_many_next_async_hold_no_sink(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("openwmi.operation.enumeration.NEXT_ASYNC_PENDING", 1)
    async with with_sinks(Things(asyncio.Event())) as (made, host):
        enumerator = await (await made.enter()).query()
        sink, second = RecordingSink(), RecordingSink()
        assert await enumerator.call("NextAsync", 1, host.sink(sink)) == OK
        assert await enumerator.call("NextAsync", 1, host.sink(second)) == WbemStatus.QUOTA_VIOLATION
        await enumerator.release(made)
        await sink.finished.wait()
        await asyncio.sleep(1)
        assert (sink.final.status, second.heard, len(host.exporter.given_back)) == (CANCELLED, [], 2)


async def test_next_async_of_an_enumerator_that_is_let_go_meanwhile(monkeypatch: pytest.MonkeyPatch) -> None:
    async with with_sinks(Things(things(1))) as (made, host):
        enumerator = await (await made.enter()).query()
        sink, hold, looked, let_go = RecordingSink(), Callbacks.hold, asyncio.Event(), asyncio.Event()

        async def hold_later(*arguments: Any) -> Any:
            looked.set()
            await let_go.wait()
            return await hold(*arguments)

        monkeypatch.setattr(Callbacks, "hold", hold_later)
        asked = asyncio.ensure_future(enumerator.call("NextAsync", 1, host.sink(sink)))
        await looked.wait()
        await enumerator.release(made)
        let_go.set()
        assert await asked == WbemStatus.INVALID_OPERATION
        await asyncio.sleep(1)
        assert (sink.heard, len(host.exporter.given_back)) == ([], 1)


# QueryObjectSink.


async def test_events_that_a_client_gives() -> None:
    """3.1.4.3.3: to all whose notification query they satisfy."""
    async with with_sinks(Things(things(1))) as (made, _):
        services = await made.enter()
        base = await services.get("__ExtrinsicEvent")
        alarm = base.derive("Demo_Alarm")
        assert await services.put(alarm) == OK
        reply = await services.call("ExecNotificationQuery", "WQL", "SELECT * FROM Demo_Alarm", SEMISYNC, None)
        enumerator = Enumerator(services.client, standard(reply.ppEnum).ipid)
        reply = await services.call("QueryObjectSink", 0)
        assert reply.hresult == OK
        sink = standard(reply.ppResponseHandler).ipid

        async def give(name: str, *arguments: Any) -> int:
            return int(await services.client.call(IWbemObjectSink, name, *arguments, target=sink))

        event = object_pointer((await services.get("Demo_Alarm")).instance({}))
        assert await give("Indicate", 2, (event, event)) == OK
        found = await enumerator.call("Next", INFINITE, 2)
        assert [pointed(each)["__CLASS"] for each in found.apObjects] == ["Demo_Alarm"] * 2
        assert await give("Indicate", 1, (object_pointer(SET),)) in {
            WbemStatus.INVALID_CLASS,
            WbemStatus.NOT_EVENT_CLASS,
        }
        assert await give("Indicate", 1, (b"nonsense",)) == WbemStatus.INVALID_OBJECT
        assert await give("Indicate", 1, (object_pointer(SETTING),)) == WbemStatus.INVALID_OBJECT
        assert await give("SetStatus", 0, 0, None, None) == OK
        assert await give("SetStatus", 1, 0, None, None) == WbemStatus.INVALID_PARAMETER


async def test_who_may_give_events() -> None:
    async with with_sinks(Things(things(1))) as (made, _):
        mine, yours = await made.enter(), await made.enter(user=YOU)
        assert (await yours.call("QueryObjectSink", 0)) == (None, WbemStatus.ACCESS_DENIED)
        assert (await mine.call("QueryObjectSink", 1)) == (None, WbemStatus.INVALID_PARAMETER)
