"""`with_sink` of a namespace of another machine: the asynchronous calls of the wire, and what stands in for them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from tests.client.remote import WIRES, Hearing, Remote, remote
from tests.server.devices import SETTING, Devices
from tests.server.fakes import ALL, Things, things

from openwmi.base import limits
from openwmi.base.error import AccessDenied, Unreachable, WbemError
from openwmi.base.status import HResult, WbemStatus
from openwmi.model import CimClass, ObjectPath
from openwmi.operation import CallFlags, Operation
from openwmi.server.sinks import ClientSink
from openwmi.session import Namespace

EVENTS = "SELECT * FROM __InstanceCreationEvent WITHIN 1 WHERE TargetInstance ISA 'Demo_Setting'"
on_each_wire = pytest.mark.parametrize("wire", WIRES)


NEW = SETTING.instance({"Name": "new", "Level": 5})
ANOTHER = CimClass("Demo_Another", properties=SETTING.properties, namespace=SETTING.namespace)

# What each verb brings to its sink. CreateInstanceEnumAsync and the others are all behind one of these.
CALLS: dict[str, tuple[Callable[[Namespace], Operation[Any]], Any]] = {
    "get": (lambda ns: ns.get("Demo_Device.Name='east'"), ["east"]),
    "get a class": (lambda ns: ns.get("Demo_Device"), ["Demo_Device"]),
    "query": (lambda ns: ns.query("SELECT * FROM Demo_Thing WHERE Size > :size", size=1), ["thing 2", "thing 3"]),
    "instances": (lambda ns: ns.instances("Demo_Thing"), ["thing 1", "thing 2", "thing 3"]),
    "classes": (lambda ns: ns.classes("Demo_Setting", deep=False), []),
    "call": (lambda ns: ns.call("Demo_Device", "Count"), [2]),
    "put": (lambda ns: ns.put(NEW), [ObjectPath.parse(r'\\HOST1\root\cimv2:Demo_Setting.Name="new"')]),
    "put a class": (lambda ns: ns.put(ANOTHER), [ObjectPath.parse(r"\\HOST1\root\cimv2:Demo_Another")]),
    "delete": (lambda ns: ns.delete("Demo_Setting.Name='old'"), []),
    "delete a class": (lambda ns: ns.delete("Demo_Setting"), []),
}


def named(found: Any) -> Any:
    """What is compared of an object."""
    if isinstance(found, ObjectPath):
        return found
    return found.name if isinstance(found, CimClass) else found["ReturnValue" if "ReturnValue" in found else "Name"]


async def prepared(made: Remote) -> None:
    await made.ns.put(SETTING)
    await made.ns.put(SETTING.instance({"Name": "old"}))


@on_each_wire
@pytest.mark.parametrize("verb", CALLS)
async def test_objects_then_one_final_status(verb: str, wire: str) -> None:
    make, expected = CALLS[verb]
    async with remote(Devices(), Things(things(1, 2, 3)), wire=wire, callbacks="require") as made:
        await prepared(made)
        sink = Hearing()
        call = make(made.ns.with_sink(sink))
        assert await sink.final() == WbemStatus.NO_ERROR
        assert [named(each) for each in sink.objects] == expected
        assert await call.status() == WbemStatus.NO_ERROR
        assert made.pushed == 2, "it was made with a sink on the wire"
        assert len(made.session.calls) == 0


@on_each_wire
async def test_events_until_they_are_cancelled(wire: str) -> None:
    async with remote(Devices(), wire=wire, callbacks="require") as made:
        await prepared(made)
        sink = Hearing()
        call = made.ns.with_sink(sink).events(EVENTS)
        await call.started()
        await made.ns.put(NEW)
        await sink.heard.wait()
        assert [each.TargetInstance.Name for each in sink.objects] == ["new"]
        made.ns.cancel_calls(sink)
        assert await sink.final() == WbemStatus.CALL_CANCELLED
        await until(lambda: made.under_way == 0)
        await made.ns.put(SETTING.instance({"Name": "unheard"}))
        assert len(sink.objects) == 1


@pytest.mark.parametrize("verb", CALLS)
async def test_where_nobody_can_call_back_the_same_face_does_without(
    verb: str, caplog: pytest.LogCaptureFixture
) -> None:
    make, expected = CALLS[verb]
    async with remote(Devices(), Things(things(1, 2, 3)), anonymous=False) as made:
        await prepared(made)
        for _ in range(2):
            sink = Hearing()
            await make(made.ns.with_sink(sink)).status()
            await sink.final()
            if not sink.statuses[0]:
                assert [named(each) for each in sink.objects] == expected
        assert made.pushed == 0
    said = [
        each.getMessage() for each in caplog.records if each.name == "openwmi.client" and each.levelname == "WARNING"
    ]
    assert [each.partition(":")[0] for each in said] == ["asynchronous calls are made semisynchronously"], "once"


async def test_never_asks_nobody(caplog: pytest.LogCaptureFixture) -> None:
    async with remote(Things(things(1, 2)), callbacks="never") as made:
        sink = Hearing()
        made.ns.with_sink(sink).query(ALL)
        assert (await sink.final(), len(sink.objects), made.pushed) == (WbemStatus.NO_ERROR, 2, 0)
        assert made.hosts._hosts == {}
    assert "semisynchronously" not in caplog.text


async def test_require_says_what_to_do() -> None:
    async with remote(Things(things(1)), callbacks="require", anonymous=False) as made:
        sink = Hearing()
        with pytest.raises(AccessDenied, match=r"cannot call us back: .*anonymous-callbacks.*callbacks='auto'"):
            await made.ns.with_sink(sink).query(ALL).started()
        assert sink.statuses == [], "it never started"
        assert len(await made.ns.query(ALL)) == 1


async def test_a_failure_is_the_servers() -> None:
    async with remote(Things(things(1)), callbacks="require") as made:
        sink = Hearing()
        made.ns.with_sink(sink).get("Demo_Thing.Name='none'")
        assert await sink.final() == WbemStatus.NOT_FOUND
        (error,) = sink.errors
        assert error is not None
        assert error.extended is not None
        assert error.extended["Operation"] == "GetObjectAsync"
        assert (error.message, error.operation) == (error.extended["Description"], "get Demo_Thing.Name='none'")
        with pytest.raises(WbemError) as caught:
            await made.ns.with_sink(sink).query("SELECT * FROM Demo_Thing WHERE Size > :none", other=1).started()
        assert caught.value.status == WbemStatus.INVALID_PARAMETER


async def test_progress_for_who_asks() -> None:
    async with remote(Devices(), Things(things(1)), callbacks="require") as made:
        sink = Hearing()
        made.ns.options(flags=CallFlags.SEND_STATUS).with_sink(sink).query(ALL)
        assert await sink.final() == WbemStatus.NO_ERROR


@on_each_wire
async def test_a_slow_sink_has_the_server_wait(wire: str) -> None:
    """What is on its way is bounded: a backlog here, one Indicate on the wire, a backlog there."""
    gate, given = asyncio.Event(), 0

    def counted() -> Any:
        nonlocal given
        for row in things(*range(20_000)):
            given += 1
            yield row

    async with remote(Things(counted()), wire=wire, callbacks="require") as made:
        sink = Hearing(gate)
        call = made.ns.with_sink(sink).query(ALL)
        await sink.heard.wait()
        for _ in range(300):
            await asyncio.sleep(0)
        assert given < 3000
        gate.set()
        assert await sink.final() == WbemStatus.NO_ERROR
        assert [each.Size for each in sink.objects] == list(range(20_000))
        assert await call.status() == WbemStatus.NO_ERROR


@on_each_wire
async def test_the_server_is_killed_while_a_sink_waits(wire: str) -> None:
    devices = Devices()
    async with remote(Things(things(1), asyncio.Event()), devices, wire=wire, callbacks="require") as made:
        sink, other = Hearing(), Hearing()
        made.ns.with_sink(sink).query(ALL)
        await sink.heard.wait()
        waiting = made.ns.with_sink(other).call("Demo_Device", "Wait")
        await waiting.started()
        loop = asyncio.get_running_loop()
        before = loop.time()
        made.server.endpoint.cut_all()
        assert await sink.final() == HResult.RPC_S_CALL_FAILED
        assert await other.final() == HResult.RPC_S_CALL_FAILED
        assert loop.time() - before <= 0.1
        assert isinstance(sink.errors[0], Unreachable)
        assert "outcome is unknown" in str(other.errors[0])
        # What comes later makes a new connection, and calls back.
        third = Hearing()
        made.ns.with_sink(third).get("Demo_Device.Name='east'")
        assert await third.final() == WbemStatus.NO_ERROR
        devices.gate.set()  # what a method does goes on


async def until(true: Callable[[], bool]) -> None:
    """It becomes true, without time."""
    for _ in range(2000):
        if true():
            return
        await asyncio.sleep(0)
    raise AssertionError("it has not become true")


async def test_a_deadline_ends_the_call_there_too() -> None:
    source = Things(things(1), asyncio.Event())
    async with remote(source, callbacks="require") as made:
        sink = Hearing()
        made.ns.options(timeout=10).with_sink(sink).query(ALL)
        assert await sink.final() == WbemStatus.TIMED_OUT
        await until(lambda: made.under_way == 0)
        assert source.reading == 0


@on_each_wire
async def test_closing_tells_each_sink_and_the_server(wire: str) -> None:
    source = Things(things(1), asyncio.Event())
    async with remote(source, wire=wire, callbacks="require") as made:
        sinks = [Hearing() for _ in range(5)]
        for sink in sinks:
            made.ns.with_sink(sink).query(ALL)
            await sink.heard.wait()
        await made.ns.close()
        assert [await sink.final() for sink in sinks] == [WbemStatus.CALL_CANCELLED] * 5
        assert (source.reading, made.under_way) == (0, 0)


async def test_one_sink_for_many_calls_is_cancelled_in_all_of_them() -> None:
    async with remote(Things(things(1), asyncio.Event()), callbacks="require") as made:
        sink, other = Hearing(), Hearing()
        calls = [made.ns.with_sink(each).query(ALL) for each in (sink, sink, other)]
        for call in calls:
            await call.started()
        made.ns.cancel_calls(sink)
        statuses = [await call.status(timeout=1) for call in calls]
        assert statuses == [WbemStatus.CALL_CANCELLED, WbemStatus.CALL_CANCELLED, WbemStatus.TIMEDOUT]
        await until(lambda: made.under_way == 1)


async def test_a_sink_waits_for_hours() -> None:
    """The server pings what it holds."""
    async with remote(Devices(), callbacks="require") as made:
        await prepared(made)
        sink = Hearing()
        call = made.ns.with_sink(sink).events(EVENTS)
        await call.started()
        await asyncio.sleep(3600)
        await made.ns.put(NEW)
        await sink.heard.wait()
        made.ns.cancel_calls(sink)
        assert await sink.final() == WbemStatus.CALL_CANCELLED


async def test_a_server_that_lets_go_of_a_sink_without_a_word(monkeypatch: pytest.MonkeyPatch) -> None:
    async def silent(*_: Any) -> int:
        return 0

    async with remote(Things(things(1, 2)), callbacks="require") as made:
        sink = Hearing()
        made.ns.with_sink(sink).query(ALL)
        assert await sink.final() == WbemStatus.NO_ERROR
        sink = Hearing()
        with monkeypatch.context() as patch:
            patch.setattr(ClientSink, "_call", silent)
            made.ns.with_sink(sink).query(ALL)
            assert await sink.final() == HResult.RPC_S_CALL_FAILED
        assert "has let go of the sink" in str(sink.errors[0])


async def test_a_server_that_does_not_ping_a_sink_any_more() -> None:
    """As one does that was switched off: TCP may not notice."""
    async with remote(Things(things(1), asyncio.Event()), callbacks="require") as made:
        sink = Hearing()
        made.ns.with_sink(sink).query(ALL)
        await sink.heard.wait()
        for host in made.server._shared.callbacks._hosts.values():
            assert host._pinging is not None
            host._pinging.cancel()
        loop = asyncio.get_running_loop()
        before = loop.time()
        assert await sink.final() == HResult.RPC_S_CALL_FAILED
        assert loop.time() - before <= 2 * limits.PING_TIMEOUT_SECONDS
