"""Asynchronous calls as the wire has them: a server calls sinks of ours ([MS-WMI] 3.2.4.1, 3.2.4.2.9)."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from functools import partial
from typing import Any

import pytest
from tests.client.calledback import Client, called_back, turns
from tests.client.remote import Hearing, remote
from tests.dcom.fakes import HOST
from tests.server.devices import Devices
from tests.server.fakes import ALL, Things, things
from tests.server.sinks import THERE

from openwmi.base import limits
from openwmi.base.error import AccessDenied, NotFound, Unreachable, WbemError
from openwmi.base.status import HResult, WbemStatus
from openwmi.client.wiresink import WireSink
from openwmi.dcom import dispatch as dispatching
from openwmi.dcom import endpoint
from openwmi.net import Address
from openwmi.operation import Operation
from openwmi.server.services import Services
from openwmi.server.sinks import ClientSink

QUERY = ("ExecQueryAsync", "WQL", ALL)


def under_way(client: Client) -> int:
    """Asynchronous calls, as the server counts them."""
    return len(client.made.server._shared.calls)


async def until(client: Client, count: int) -> None:
    """So many are under way there, before any time has passed."""
    for _ in range(2000):
        if under_way(client) == count:
            return
        await asyncio.sleep(0)
    raise AssertionError(f"{under_way(client)} calls are under way, and not {count}")


async def test_objects_then_one_final_status() -> None:
    async with called_back(Things(things(*range(1000)))) as client:
        rows = await client.call(*QUERY)
        assert [each.Size for each in rows] == list(range(1000))
        got = await client.call("GetObjectAsync", "Demo_Thing.Name='thing 3'", single=True)
        assert got.Size == 3
        await until(client, 0)
        assert client.pushing._sinks == {}
        assert client.pushing.made == 3, "one of them to find out whether it can be done"


async def test_a_failure_comes_with_what_the_server_says_of_it() -> None:
    async with called_back(Things(things(1))) as client:
        call = client.call("GetObjectAsync", "Demo_Thing.Name='none'", single=True)
        await call.started()
        with pytest.raises(NotFound) as caught:
            await call
        assert caught.value.extended is not None
        assert caught.value.extended["Operation"] == "GetObjectAsync"
        with pytest.raises(WbemError) as caught_too:
            await client.call("ExecQueryAsync", "SQL", "SELECT").started()
        assert caught_too.value.status == WbemStatus.INVALID_QUERY_TYPE, "which the method returned itself"
        await turns()
        assert client.pushing._sinks == {}


async def test_a_server_that_brings_more_than_the_one_object(monkeypatch: pytest.MonkeyPatch) -> None:
    """It fills no memory, and the first one is it."""
    indicate = ClientSink.indicate

    async def again(sink: ClientSink, objects: Any) -> None:
        for _ in range(5):
            await indicate(sink, [*objects] * 20)

    async with called_back(Things(things(1, 2))) as client:
        assert await client.ready()
        monkeypatch.setattr(ClientSink, "indicate", again)
        begun: list[Any] = []
        begin = client.pushing.begin

        async def noting(*arguments: Any) -> Any:
            begun.append(await begin(*arguments))
            return begun[-1]

        monkeypatch.setattr(client.pushing, "begin", noting)
        got = await client.call("GetObjectAsync", "Demo_Thing.Name='thing 2'", single=True)
        assert got.Size == 2
        assert [len(each._found) for each in begun] == [1]


async def test_a_server_that_brings_none(monkeypatch: pytest.MonkeyPatch) -> None:
    async def nothing(*_: object) -> None:
        """Not a word."""

    async with remote(Things(things(1)), callbacks="require") as made:
        sink = Hearing()
        monkeypatch.setattr(ClientSink, "indicate", nothing)
        made.ns.with_sink(sink).get("Demo_Thing.Name='thing 1'")
        assert await sink.final() == HResult.RPC_S_CALL_FAILED
        assert "brought no object" in str(sink.errors[0])


async def test_services_that_are_gone_are_entered_anew(caplog: pytest.LogCaptureFixture) -> None:
    """The server has forgotten us: nothing was carried out, so the call is made again."""
    async with remote(Things(things(1, 2)), callbacks="require") as made:
        for export in list(made.server._exporter._table._exports.values()):
            if type(export.object).__name__ == "Services":
                made.server._exporter.withdraw(export.object)
        sink = Hearing()
        made.ns.with_sink(sink).query(ALL)
        assert await sink.final() == WbemStatus.NO_ERROR
        assert len(sink.objects) == 2
    assert "semisynchronously" not in caplog.text


# ---------------------------------------------------------------------------------------------- where it cannot be done


async def test_a_server_that_calls_nobody(caplog: pytest.LogCaptureFixture) -> None:
    async with called_back(Things(things(1)), anonymous=False) as client:
        assert [await client.ready("never"), await client.ready("auto"), await client.ready("auto")] == [False] * 3
        with pytest.raises(AccessDenied, match="has no account to log in here with"):
            await client.ready("require")
    said = [each.getMessage() for each in caplog.records if "semisynchronously" in each.getMessage()]
    assert len(said) == 1
    assert f"{HOST} cannot call us back" in said[0]


async def test_a_host_that_cannot_be_called(caplog: pytest.LogCaptureFixture) -> None:
    async with called_back(Things(things(1))) as client:
        taken = await client.made.network.listen(asyncio.Protocol, Address(THERE, 135))
        client.hosts._open_port = _refusing
        assert await client.ready() is False
        with pytest.raises(Unreachable, match="a resolver at"):
            await client.ready("require")
        await taken.close()
    assert "openwmi resolver --listen" in caplog.text


async def test_a_server_that_finds_no_way_to_us(monkeypatch: pytest.MonkeyPatch) -> None:
    """A router with one address for many: the server sees that address, and nobody answers there."""
    async with called_back(Things(things(1)), address="192.0.2.200") as client:
        assert await client.ready() is False
        with pytest.raises(Unreachable, match=r"finds no way to port 135 of 192\.0\.2\.100"):
            await client.ready("require")


async def test_a_server_whose_packets_are_dropped_on_the_way_to_us() -> None:
    """It tries for as long as it likes, and answers only then; a caller has not so much time."""

    async def nowhere(*_: object) -> Any:
        await asyncio.sleep(20)
        raise Unreachable(HResult.RPC_S_SERVER_UNAVAILABLE, "did not answer within 20 s")

    async with called_back(Things(things(1))) as client:
        policy = client.made.server._shared.callbacks.policy
        client.made.server._shared.callbacks.policy = replace(policy, connect=nowhere)
        before = asyncio.get_running_loop().time()
        assert await client.ready() is False
        assert asyncio.get_running_loop().time() - before == limits.CALLBACK_PROOF_SECONDS
        await asyncio.sleep(30)
        assert client.pushing._sinks == {}


async def test_a_server_that_says_yes_and_never_calls(monkeypatch: pytest.MonkeyPatch) -> None:
    """As Windows does, which calls with a login that we cannot verify, or not at all."""

    async def silent(*_: object) -> None:
        await asyncio.Event().wait()

    async with called_back(Things(things(1))) as client:
        with monkeypatch.context() as patch:
            patch.setattr(ClientSink, "indicate", silent)
            before = asyncio.get_running_loop().time()
            assert await client.ready() is False
            assert asyncio.get_running_loop().time() - before == limits.CALLBACK_PROOF_SECONDS
        with pytest.raises(Unreachable, match="has not called for 5 s"):
            await client.ready("require")
        await asyncio.sleep(limits.CANCEL_SECONDS)
        assert client.pushing._sinks == {}, "it is not waited for any more"


async def test_a_server_that_calls_from_another_address_than_its_own() -> None:
    """One with several: which of them another machine uses is not ours to believe."""
    async with called_back(Things(things(1))) as client:
        policy = client.made.server._shared.callbacks.policy
        elsewhere = partial(client.made.network.connect, source="192.0.2.2")
        client.made.server._shared.callbacks.policy = replace(policy, connect=elsewhere)
        assert await client.ready() is False
        with pytest.raises(Unreachable, match=r"192\.0\.2\.2 wanted to call, and was refused: only 192\.0\.2\.1"):
            await client.ready("require")


async def _refusing(*_: object) -> Any:
    raise WbemError(WbemStatus.ACCESS_DENIED, "cannot listen: Permission denied")


# ----------------------------------------------------------------------------------------------------------- cancelling


class Counting:
    """Counts calls of the wire, and answers to them, from when it is told."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.calls: list[str] = []
        dispatch = dispatching.dispatch

        async def counting(interface: Any, target: Any, request: Any, **named: Any) -> bytes:
            self.calls.append(interface.calls[request.opnum].name)
            return await dispatch(interface, target, request, **named)

        monkeypatch.setattr(endpoint, "dispatch", counting)


async def test_cancel(monkeypatch: pytest.MonkeyPatch) -> None:
    """CancelAsyncCall to the final SetStatus, with the callback path open: at most five round trips."""
    gate = asyncio.Event()
    source = Things(things(1, 2), gate)
    async with called_back(source) as client:
        call = client.call(*QUERY)
        assert [each.Size for each in await call.next(2)] == [1, 2]
        counted = Counting(monkeypatch)
        statuses: list[int] = []
        set_status = WireSink.SetStatus

        async def noting(sink: WireSink, lFlags: int, hResult: int, *rest: Any) -> int:
            statuses.append(hResult)
            return await set_status(sink, lFlags, hResult, *rest)

        monkeypatch.setattr(WireSink, "SetStatus", noting)
        call.cancel()
        assert await call.status() == WbemStatus.CALL_CANCELLED, "nobody waits for the server"
        await until(client, 0)
        await turns()
        assert counted.calls[: counted.calls.index("SetStatus") + 1] == ["CancelAsyncCall", "SetStatus"]
        assert len(counted.calls) <= 5
        assert statuses == [WbemStatus.CALL_CANCELLED]
        assert source.reading == 0
        assert client.pushing._sinks == {}
        assert client.made.server._shared.allowances.sinks.open == {}


async def test_cancel_before_the_server_has_taken_the_call(monkeypatch: pytest.MonkeyPatch) -> None:
    gate = asyncio.Event()
    ask = Services.ExecQueryAsync

    async def slow(*arguments: Any) -> int:
        await gate.wait()
        return await ask(*arguments)

    async with called_back(Things(things(1), asyncio.Event())) as client:
        assert await client.ready()
        monkeypatch.setattr(Services, "ExecQueryAsync", slow)
        call = client.call(*QUERY)
        await turns()
        call.cancel()
        await turns()
        assert (under_way(client), len(client.pushing._sinks)) == (0, 1)
        gate.set()
        await until(client, 1)
        await until(client, 0)
        await turns()
        assert client.pushing._sinks == {}


async def test_a_server_that_never_says_its_last_word(monkeypatch: pytest.MonkeyPatch) -> None:
    async def silent(*_: object) -> None:
        await asyncio.Event().wait()

    async with called_back(Things(things(1), asyncio.Event())) as client:
        call = client.call(*QUERY)
        assert len(await call.next(1)) == 1
        with monkeypatch.context() as patch:
            patch.setattr(ClientSink, "set_status", silent)
            call.cancel()
            assert await call.status() == WbemStatus.CALL_CANCELLED
            assert len(client.pushing._sinks) == 1
            await asyncio.sleep(limits.CANCEL_SECONDS + 1)
            assert client.pushing._sinks == {}, "and is not listened to any more"


async def test_a_call_that_was_cancelled_takes_nothing_more(monkeypatch: pytest.MonkeyPatch) -> None:
    """A server that does not hear of it is told by its next Indicate."""

    async def deaf(*_: object) -> int:
        await asyncio.Event().wait()
        return 0

    gate = asyncio.Event()
    source = Things(things(1), gate, things(2))
    async with called_back(source) as client:
        call = client.call(*QUERY)
        assert len(await call.next(1)) == 1
        monkeypatch.setattr(Services, "CancelAsyncCall", deaf)
        call.cancel()
        gate.set()
        await until(client, 0)
        assert source.reading == 0
        assert call.results.total == 1


async def test_many_calls_side_by_side() -> None:
    async with called_back(Things(things(*range(50)))) as client:
        found = await asyncio.gather(*(client.call(*QUERY) for _ in range(30)))
        assert {len(each) for each in found} == {50}
        await until(client, 0)
        assert client.pushing._sinks == {}


# --------------------------------------------------------------------------------------------------------- what is lost


async def ended_at_once(call: Operation[Any]) -> None:
    before = asyncio.get_running_loop().time()
    with pytest.raises(Unreachable, match="was lost"):
        await call
    assert asyncio.get_running_loop().time() - before <= 0.1


async def test_a_server_that_dies_while_its_calls_are_waited_for() -> None:
    devices = Devices()
    async with called_back(Things(things(1), asyncio.Event()), devices) as client:
        calls = [client.call(*QUERY), client.call("ExecMethodAsync", "Demo_Device", "Wait", single=True)]
        await calls[0].started()
        await calls[1].started()
        client.made.server.endpoint.cut_all()
        for call in calls:
            await ended_at_once(call)
        assert client.pushing._sinks == {}
        devices.gate.set()  # for what a method does goes on


async def test_a_connection_of_ours_that_was_given_up_is_not_the_servers_end(monkeypatch: pytest.MonkeyPatch) -> None:
    gate = asyncio.Event()
    async with called_back(Things(things(1), gate, things(2))) as client:
        call = client.call(*QUERY)
        assert len(await call.next(1)) == 1
        client.pushing.ended(lost=False)
        await turns()
        gate.set()
        assert [each.Size for each in await call.next(1)] == [2]


async def test_nor_is_it_forgotten_where_the_server_has_gone_meanwhile() -> None:
    async with called_back(Things(things(1), asyncio.Event())) as client:
        call = client.call(*QUERY)
        assert len(await call.next(1)) == 1
        await client.made.server.close()
        client.pushing.ended(lost=False)
        with pytest.raises(Unreachable):
            await call.next(1)


async def test_a_connection_that_is_closed_while_it_is_tried_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """By another call, that has found it lost: whoever waits is let go, and tries the next one."""

    async def silent(*_: object) -> None:
        await asyncio.Event().wait()

    async with remote(Things(things(1, 2))) as made:
        with monkeypatch.context() as patch:
            patch.setattr(ClientSink, "indicate", silent)
            sink = Hearing()
            made.ns.with_sink(sink).query(ALL)
            await turns(200)
        login = made.session.link._login
        await made.session.link._drop()
        assert await sink.final() == WbemStatus.NO_ERROR
        assert len(sink.objects) == 2
        assert made.session.link._login is not login
        assert made.pushed == 2


async def test_a_server_that_lets_the_first_sink_go(monkeypatch: pytest.MonkeyPatch) -> None:
    tried = asyncio.Event()

    async def silent(*_: object) -> None:
        tried.set()
        await asyncio.Event().wait()

    async with called_back(Things(things(1))) as client:
        monkeypatch.setattr(ClientSink, "indicate", silent)
        ready = asyncio.ensure_future(client.ready())
        await tried.wait()
        await turns()
        (sink,) = client.pushing._sinks
        sink.released()
        with pytest.raises(Unreachable, match="has let go of the sink"):
            await ready
        assert client.pushing._sinks == {}


async def test_closing_while_the_server_says_no_last_word(monkeypatch: pytest.MonkeyPatch) -> None:
    async def silent(*_: object) -> None:
        await asyncio.Event().wait()

    async with called_back(Things(things(1), asyncio.Event())) as client:
        call = client.call(*QUERY)
        assert len(await call.next(1)) == 1
        monkeypatch.setattr(ClientSink, "set_status", silent)
        await client.pushing.close()
        with pytest.raises(Unreachable, match="was lost"):
            await call.next(1)


async def test_closing_ends_what_is_under_way() -> None:
    source = Things(things(1), asyncio.Event())
    async with called_back(source) as client:
        call = client.call(*QUERY)
        assert len(await call.next(1)) == 1
        call.cancel()
        other = client.call(*QUERY)
        await until(client, 2)
        await client.close()
        assert source.reading == 0
        assert await other.status() == WbemStatus.CALL_CANCELLED
        await client.open()


async def test_nobody_knows_what_a_change_has_done_that_was_cancelled(monkeypatch: pytest.MonkeyPatch) -> None:
    async def silent(*_: object) -> None:
        await asyncio.Event().wait()

    async with remote(Things(things(1)), callbacks="require") as made:
        first = Hearing()
        made.ns.with_sink(first).query(ALL)
        assert await first.final() == WbemStatus.NO_ERROR
        with monkeypatch.context() as patch:
            patch.setattr(ClientSink, "set_status", silent)
            sink = Hearing()
            call = made.ns.with_sink(sink).delete("Demo_Nothing")
            await call.started()
            call.cancel()
            assert await sink.final() == WbemStatus.CALL_CANCELLED
            assert "the outcome is unknown" in str(sink.errors[0])
            await asyncio.sleep(limits.CANCEL_SECONDS + 1)


async def test_nor_where_it_was_cancelled_before_the_server_had_taken_it(monkeypatch: pytest.MonkeyPatch) -> None:
    gate, asked = asyncio.Event(), asyncio.Event()
    ask = Services.DeleteInstanceAsync

    async def slow(*arguments: Any) -> int:
        asked.set()
        await gate.wait()
        return await ask(*arguments)

    async with remote(Things(things(1)), callbacks="require") as made:
        monkeypatch.setattr(Services, "DeleteInstanceAsync", slow)
        call = made.ns.with_sink(Hearing()).delete("Demo_Nothing.Name='x'")
        await asked.wait()
        call.cancel()
        gate.set()
        with pytest.raises(WbemError, match="the outcome is unknown"):
            await call


async def test_what_was_lost_before_it_was_asked_has_changed_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    tried = asyncio.Event()

    async def silent(*_: object) -> None:
        tried.set()
        await asyncio.Event().wait()

    async with remote(Things(things(1)), callbacks="require") as made:
        monkeypatch.setattr(ClientSink, "indicate", silent)
        call = made.ns.with_sink(Hearing()).delete("Demo_Nothing.Name='x'")
        await tried.wait()
        made.server.endpoint.cut_all()
        with pytest.raises(Unreachable) as failure:
            await call
        assert "unknown" not in failure.value.message
