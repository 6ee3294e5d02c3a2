"""One connection: however its octets come, whatever becomes of its calls, and when its other end misbehaves."""

from __future__ import annotations

import asyncio
import logging
from typing import Any
from unittest.mock import Mock

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.dcom.fakes import HOST, ME, PORT, YOU, Client, ILamp, OctetsReply, Refused, SwitchReply, World, world

from openwmi.base import limits
from openwmi.base.guid import Guid
from openwmi.base.status import HResult
from openwmi.dcom import connection, current_caller
from openwmi.dcom.caller import causality
from openwmi.interfaces import Interface, IObjectExporter
from openwmi.ndr import NdrWriter, codec
from openwmi.orpc import OrpcThis
from openwmi.rpc import AuthLevel, AuthType, FaultStatus
from openwmi.rpc.call import CoCancel, Orphaned
from openwmi.rpc.pdu import encode
from openwmi.security.mechanism import IDENTIFY, IMPERSONATE
from openwmi.testing import FakeClockLoop

THIS = OrpcThis.of(Guid("6d6d1f5a-6a0e-4a1c-9d3c-1b7c1c1d00ff"))


def stub(interface: type[Interface], name: str, *arguments: Any) -> tuple[int, bytes]:
    """The opnum and the octets of a request."""
    declared = next(each for each in interface.calls.values() if each.name == name)
    writer = NdrWriter()
    if interface.orpc:
        codec(OrpcThis).encode(writer, THIS)
    declared.encode_request(writer, arguments)
    return declared.opnum, bytes(writer)


async def unprotected(made: World) -> tuple[Client, Guid]:
    """A client at a level at which requests carry no token, and a lamp's IPID."""
    made.endpoint._levels = dict.fromkeys(made.endpoint._levels, AuthLevel.CONNECT) | {ILamp.iid: AuthLevel.CONNECT}
    client = await made.enter(level=AuthLevel.CONNECT)
    lamp = await client.activate(ILamp)
    return client, lamp.ipid


@pytest.mark.parametrize("level", [AuthLevel.INTEGRITY, AuthLevel.PRIVACY])
async def test_octet_by_octet(level: AuthLevel) -> None:
    async with world(chunk=1) as made:
        client = await made.enter(level=level)
        lamp = await client.activate(ILamp)
        assert await client.call(ILamp, "Switch", 1, target=lamp.ipid) == SwitchReply(0)
        assert await client.call(ILamp, "Shine", 10_000, target=lamp.ipid) == OctetsReply(10_000, bytes(10_000))


async def test_several_logins_on_one_connection() -> None:
    async with world() as made:
        client = await made.enter()
        await client.bind(ILamp, user=ME, level=AuthLevel.PRIVACY, auth_context=7)
        lamp = await client.activate(ILamp)
        for context in (0, 7, 0, 7):
            assert await client.call(ILamp, "Switch", 1, target=lamp.ipid, auth_context=context)


async def test_each_call_is_its_own_login_s_whichever_came_before_it_on_the_connection(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with world() as made:
        client = await made.enter()
        for context, (user, level) in enumerate(((YOU, AuthLevel.INTEGRITY), (ME, AuthLevel.PRIVACY)), 1):
            await client.bind(ILamp, user=user, level=level, auth_context=context)
        mine = (await client.activate(ILamp)).ipid
        slots = made.connections[0]._association._link.slots
        heard = []

        async def switch(on: int) -> SwitchReply:
            heard.append(current_caller())
            return SwitchReply(on)

        monkeypatch.setattr(made.lamps[0], "Switch", switch)
        await client.call(ILamp, "Switch", 1, target=mine, auth_context=0)
        with pytest.raises(Refused) as caught:
            await client.call(ILamp, "Switch", 1, target=mine, auth_context=1)
        assert caught.value.status == HResult.RPC_E_DISCONNECTED
        for context in (0, 2, 0, 2):
            await client.call(ILamp, "Switch", 1, target=mine, auth_context=context)
        monkeypatch.setattr(slots[2].context, "impersonation", IDENTIFY)
        await client.call(ILamp, "Switch", 1, target=mine, auth_context=2)
        told = [(each.principal, each.level, each.impersonation) for each in heard]
        low, high = ("DOM\\me", AuthLevel.INTEGRITY, IMPERSONATE), ("DOM\\me", AuthLevel.PRIVACY, IMPERSONATE)
        assert told == [low, low, high, low, high, ("DOM\\me", AuthLevel.PRIVACY, IDENTIFY)]


async def test_a_call_that_waits_keeps_what_its_request_said_whatever_is_asked_meanwhile(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with world() as made:
        client = await made.enter()
        lamp = (await client.activate(ILamp)).ipid
        gate, told = asyncio.Event(), []

        async def wait() -> int:
            await gate.wait()
            told.append(causality())
            return 0

        monkeypatch.setattr(made.lamps[0], "Wait", wait)
        answer = client.ask(ILamp, *stub(ILamp, "Wait"), target=lamp)[1]
        await client.call(ILamp, "Switch", 1, target=lamp)
        gate.set()
        await answer
        assert told == [THIS.cid]


async def test_the_end_of_a_login_is_acknowledged_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """It has no answer: well-known clients would wait 40 ms to send the request behind it."""
    acknowledged: list[object] = []
    monkeypatch.setattr("openwmi.dcom.connection.acknowledge", acknowledged.append)
    async with world() as made:
        client = await made.enter()
        await client.bind(ILamp, user=ME, level=AuthLevel.PRIVACY, auth_context=7)
        await client.activate(ILamp)
    assert len(acknowledged) == 2


async def test_calls_are_answered_as_they_end_and_not_as_they_came() -> None:
    async with world() as made:
        client = await made.enter()
        lamp = await client.activate(ILamp)
        slow = client.ask(ILamp, *stub(ILamp, "Wait"), target=lamp.ipid)[1]
        quick = [client.ask(ILamp, *stub(ILamp, "Switch", 1), target=lamp.ipid)[1] for _ in range(20)]
        await asyncio.gather(*quick)
        assert not slow.done()
        assert made.lamps[0].waiting == 1


async def test_so_many_calls_at_once_and_no_more() -> None:
    async with world() as made:
        client = await made.enter()
        lamp = await client.activate(ILamp)
        for _ in range(limits.RPC_OPEN_CALLS):
            client.ask(ILamp, *stub(ILamp, "Wait"), target=lamp.ipid)
        with pytest.raises(Refused) as caught:
            await client.call(ILamp, "Switch", 1, target=lamp.ipid)
        assert caught.value.status == FaultStatus.SERVER_TOO_BUSY
        assert made.lamps[0].waiting == limits.RPC_OPEN_CALLS


async def test_so_much_in_the_calls_at_once_and_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "CONNECTION_REQUEST_OCTETS", 10_000)
    async with world() as made:
        client, lamp = await unprotected(made)
        opnum, octets = stub(ILamp, "Wait")
        number, answer = client.ask(ILamp, opnum, octets + bytes(9_000), target=lamp)
        with pytest.raises(Refused) as caught:
            await client.request(ILamp, opnum, octets + bytes(2_000), target=lamp)
        assert (caught.value.status, caught.value.executed) == (FaultStatus.SERVER_TOO_BUSY, False)
        assert await client.call(ILamp, "Switch", 1, target=lamp) == SwitchReply(0)
        client.transport.write(encode(CoCancel(number)))
        with pytest.raises(Refused):
            await answer
        for _ in range(3):
            assert await client.call(ILamp, "Switch", 1, target=lamp, tail=bytes(9_000)) == SwitchReply(1)


async def test_a_call_that_is_cancelled_is_answered() -> None:
    async with world() as made:
        client, lamp = await unprotected(made)
        number, answer = client.ask(ILamp, *stub(ILamp, "Wait"), target=lamp)
        await asyncio.sleep(1)
        client.transport.write(encode(CoCancel(number)))
        with pytest.raises(Refused) as caught:
            await answer
        assert (caught.value.status, caught.value.executed) == (FaultStatus.CANCELLED, True)
        assert made.lamps[0].cancelled == 1
        assert await client.call(ILamp, "Switch", 1, target=lamp) == SwitchReply(0)


@pytest.mark.parametrize("at_once", [0, 1])
async def test_a_call_that_is_cancelled_as_it_comes_is_answered(at_once: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "CALLS_AT_ONCE", at_once)  # none: it is cancelled before it begins
    async with world() as made:
        client, lamp = await unprotected(made)
        number, answer = client.ask(ILamp, *stub(ILamp, "Wait"), target=lamp)
        client.transport.write(encode(CoCancel(number)))  # arrives with the request
        with pytest.raises(Refused) as caught:
            await answer
        assert (caught.value.status, caught.value.executed) == (FaultStatus.CANCELLED, bool(at_once))
        assert (made.lamps[0].waiting, made.lamps[0].cancelled) == (0, at_once)
        assert made.connections[0]._association.pending == ()


@pytest.mark.parametrize("at_once", [0, 2, 64])
async def test_calls_that_come_together_are_all_answered(at_once: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "CALLS_AT_ONCE", at_once)
    async with world() as made:
        client, lamp = await unprotected(made)
        asked = [client.ask(ILamp, *stub(ILamp, "Switch", number % 2), target=lamp)[1] for number in range(9)]
        assert len({await answer for answer in asked}) == 2  # the lamp was on, or it was off
        assert (made.connections[0]._calls, made.connections[0]._octets) == ({}, 0)


@pytest.mark.parametrize("rests", [False, True])
async def test_of_what_comes_at_once_so_many_are_begun_before_others_have_their_turn(
    rests: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And no more once the client is slow to take the answers."""
    monkeypatch.setattr(connection, "CALLS_AT_ONCE", 3)
    async with world() as made:
        client, lamp = await unprotected(made)
        seen = []

        async def wait() -> int:
            seen.append(isinstance(asyncio.current_task(), asyncio.Task))
            if rests and len(seen) == 1:
                made.connections[0].pause_writing()
            return 0

        monkeypatch.setattr(made.lamps[0], "Wait", wait)
        answers = [client.ask(ILamp, *stub(ILamp, "Wait"), target=lamp)[1] for _ in range(5)]
        await asyncio.sleep(1)
        assert len(seen) == (1 if rests else 5)
        made.connections[0].resume_writing()
        await asyncio.gather(*answers)
        assert seen == ([False] + [True] * 4 if rests else [False] * 3 + [True] * 2)


@pytest.mark.parametrize(("together", "writes"), [(1 << 16, 1), (9_000, 3)])
async def test_long_answers_do_not_wait_for_each_other(
    together: int, writes: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection, "ANSWERS_TOGETHER", together)
    async with world() as made:
        client, lamp = await unprotected(made)
        transport = made.connections[0]._transport
        write = Mock(wraps=transport.write)
        monkeypatch.setattr(transport, "write", write)
        asked = [client.ask(ILamp, *stub(ILamp, "Shine", 5_000), target=lamp)[1] for _ in range(5)]
        for answer in asked:
            await answer
        assert write.call_count == writes


@pytest.mark.parametrize("reads", [True, False])
async def test_a_long_answer_goes_in_pieces_and_no_faster_than_it_is_read(
    reads: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with world() as made:
        client, lamp = await unprotected(made)
        transport = made.connections[0]._transport
        write = Mock(wraps=transport.write)
        monkeypatch.setattr(transport, "write", write)
        if reads:
            transport.set_write_buffer_limits(1 << 30)  # as if the network took all of it at once
        else:
            client.transport.pause_reading()
        size = 5 * limits.RPC_SENT_AT_ONCE
        answer = client.ask(ILamp, *stub(ILamp, "Shine", size), target=lamp)[1]
        if not reads:
            await asyncio.sleep(1)
            assert 0 < transport.get_write_buffer_size() < 2 * limits.RPC_SENT_AT_ONCE
            client.transport.resume_reading()
        assert len(await asyncio.wait_for(answer, 1)) > size
        pieces = [len(each.args[0]) for each in write.call_args_list]
        assert len(pieces) >= 5
        assert max(pieces) < limits.RPC_SENT_AT_ONCE + 2 * 5840


async def test_a_call_that_ends_its_connection_and_waits_is_cancelled() -> None:
    async with world() as made:
        client, lamp = await unprotected(made)
        wait, cut = made.lamps[0].Wait, made.connections[0].close

        async def cut_and_wait() -> int:
            cut()
            return await wait()

        made.lamps[0].Wait = cut_and_wait  # type: ignore[method-assign]
        with pytest.raises(ConnectionError):
            await client.call(ILamp, "Wait", target=lamp)
        await made.connections[0].wait_closed()
        assert (made.lamps[0].waiting, made.lamps[0].cancelled) == (0, 1)


async def test_a_call_that_is_given_up_is_not_answered() -> None:
    async with world() as made:
        client, lamp = await unprotected(made)
        number, answer = client.ask(ILamp, *stub(ILamp, "Wait"), target=lamp)
        await asyncio.sleep(1)
        client.transport.write(encode(Orphaned(number)))
        assert await client.call(ILamp, "Switch", 1, target=lamp) == SwitchReply(0)
        assert (made.lamps[0].waiting, made.lamps[0].cancelled) == (0, 1)
        assert not answer.done()
        assert made.connections[0]._association.pending == ()


async def test_cancelling_what_there_is_not_is_harmless() -> None:
    async with world() as made:
        client, lamp = await unprotected(made)
        client.transport.write(encode(CoCancel(77)) + encode(Orphaned(78)))
        assert await client.call(ILamp, "Switch", 1, target=lamp) == SwitchReply(0)


@pytest.mark.parametrize("how", ["close", "abort"])
async def test_what_a_client_asked_for_ends_when_it_vanishes(how: str) -> None:
    async with world() as made:
        client = await made.enter()
        lamp = await client.activate(ILamp)
        client.ask(ILamp, *stub(ILamp, "Wait"), target=lamp.ipid)
        await asyncio.sleep(1)
        assert made.lamps[0].waiting == 1
        getattr(client.transport, how)()
        await asyncio.sleep(1)
        assert (made.lamps[0].waiting, made.lamps[0].cancelled) == (0, 1)
        assert len(made.endpoint) == 0


async def flood(made: World) -> Client:
    """A client that asks for much and reads nothing."""
    client = await made.enter()
    lamp = await client.activate(ILamp)
    client.transport.pause_reading()
    for _ in range(10):
        client.ask(ILamp, *stub(ILamp, "Shine", 100_000), target=lamp.ipid)
        await asyncio.sleep(0.1)
    client.ask(ILamp, *stub(ILamp, "Switch", 1), target=lamp.ipid)
    await asyncio.sleep(1)
    return client


async def test_a_client_that_does_not_read_is_not_read_from() -> None:
    async with world() as made:
        client = await flood(made)
        transport = made.connections[0]._transport
        assert not transport.is_reading()
        assert transport.get_write_buffer_size() < 300_000
        assert made.lamps[0].on == 0, "its last question was not read"
        client.transport.resume_reading()
        await asyncio.sleep(limits.STALLED_SECONDS * 2)
        assert made.lamps[0].on == 1
        assert not client.closed.is_set()


async def test_a_client_that_reads_nothing_for_a_long_time_is_cut(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "openwmi.dcom")
    async with world() as made:
        client = await flood(made)
        await asyncio.sleep(limits.STALLED_SECONDS * 2 + 1)
        assert client.closed.is_set()
        assert len(made.endpoint) == 0
        assert "were not taken" in caplog.text


async def test_a_client_that_reads_slowly_is_let_be() -> None:
    async with world(chunk=2000) as made:
        client = await flood(made)
        for _ in range(10):
            client.transport.resume_reading()
            await asyncio.sleep(0)
            await asyncio.sleep(0)
            client.transport.pause_reading()
            await asyncio.sleep(limits.STALLED_SECONDS * 0.9)
        assert not client.closed.is_set()


async def test_closing_waits_a_moment_for_a_client_that_does_not_read() -> None:
    async with world() as made:
        client = await flood(made)
        loop = asyncio.get_running_loop()
        before = loop.time()
        await made.endpoint.close()
        assert loop.time() - before == pytest.approx(limits.CLOSE_SECONDS)
        await client.closed.wait()


async def begun(write: Mock) -> None:
    """Until something of the answers has been written."""
    for _ in range(100):
        if write.called:
            return
        await asyncio.sleep(0)
    pytest.fail("nothing is answered")


@pytest.mark.parametrize(("reads", "calls"), [(True, 3), (False, 1)])
async def test_long_answers_of_a_connection_that_is_closed_go_in_pieces(
    reads: bool, calls: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with world() as made:
        client, lamp = await unprotected(made)
        closing = made.connections[0]
        write = Mock(wraps=closing._transport.write)
        monkeypatch.setattr(closing._transport, "write", write)
        if reads:
            closing._transport.set_write_buffer_limits(1 << 30)  # as if the network took all of it at once
        else:
            client.transport.pause_reading()
        size = 3 * limits.RPC_SENT_AT_ONCE
        answers = [client.ask(ILamp, *stub(ILamp, "Shine", size), target=lamp)[1] for _ in range(calls)]
        await begun(write)
        before = write.call_count
        closing.close()
        assert write.call_count == before + 1, "the loop has its turn"
        client.transport.write(b"garbage, which is not even looked at")
        if not reads:
            await asyncio.sleep(1)
            assert closing._transport.get_write_buffer_size() < 3 * limits.RPC_SENT_AT_ONCE
            client.transport.resume_reading()
        assert [len(each) > size for each in await asyncio.wait_for(asyncio.gather(*answers), 1)] == [True] * calls
        await asyncio.wait_for(client.closed.wait(), 1)
        assert max(len(each.args[0]) for each in write.call_args_list) < limits.RPC_SENT_AT_ONCE + 2 * 5840


async def test_a_client_that_broke_the_protocol_is_not_heard_any_more(caplog: pytest.LogCaptureFixture) -> None:
    async with world() as made:
        client, lamp = await unprotected(made)
        made.connections[0]._transport.set_write_buffer_limits(1 << 30)  # as if the network took all of it at once
        client.ask(ILamp, *stub(ILamp, "Shine", 20 * limits.RPC_SENT_AT_ONCE), target=lamp)
        for _ in range(10):
            client.transport.write(b"garbage, garbage")
            await asyncio.sleep(0)
        assert not client.closed.is_set(), "there is more to send"
        await asyncio.wait_for(client.closed.wait(), limits.CLOSE_SECONDS)
        assert caplog.text.count("the connection is closed") == 1


async def test_a_client_that_is_gone_is_sent_nothing_more(monkeypatch: pytest.MonkeyPatch) -> None:
    async with world() as made:
        client, lamp = await unprotected(made)
        closing = made.connections[0]
        write = Mock(wraps=closing._transport.write)
        monkeypatch.setattr(closing._transport, "write", write)
        client.ask(ILamp, *stub(ILamp, "Shine", 5 * limits.RPC_SENT_AT_ONCE), target=lamp)
        await begun(write)
        closing.close()
        client.transport.abort()
        await asyncio.wait_for(closing.wait_closed(), 1)
        assert sum(len(each.args[0]) for each in write.call_args_list) < 4 * limits.RPC_SENT_AT_ONCE


async def test_a_client_that_broke_the_protocol_and_reads_nothing_is_cut() -> None:
    async with world() as made:
        client = await flood(made)
        client.transport.write(b"garbage, garbage")
        client.transport.resume_reading()
        await client.closed.wait()
        assert len(made.endpoint) == 0


async def test_garbage_is_logged_and_the_connection_closed(caplog: pytest.LogCaptureFixture) -> None:
    async with world() as made:
        client = await made.connect()
        client.transport.write(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        await client.closed.wait()
        (record,) = [each for each in caplog.records if each.levelno >= logging.WARNING]
        assert "192.0.2.100: the connection is closed" in record.getMessage()
        assert "\n" not in record.getMessage()


@pytest.mark.parametrize("blocks", [False, True])
async def test_a_bug_that_one_client_meets_ends_its_connection_alone(
    caplog: pytest.LogCaptureFixture, blocks: bool
) -> None:
    class Broken:
        auth_types = (AuthType.WINNT,)

        def blocks(self, request: Any) -> bool:
            return blocks

        def check(self, request: Any) -> Any:
            raise KeyError(f"a secret of {request.auth_context_id}")

        def settle(self, association: Any, verdict: Any) -> bool:
            raise AssertionError

    async with world() as made:
        good = await made.enter()
        made.endpoint.logins = lambda _: Broken()
        client = await made.connect()
        with pytest.raises(ConnectionError):
            await client.bind(ILamp, user=ME)
        what = "a login from" if blocks else "the connection of"
        assert f"{what} 192.0.2.100 failed: KeyError" in caplog.text
        await good.activate(ILamp)


def fail(*_: object, **__: object) -> None:
    raise KeyError("a secret")


@pytest.mark.parametrize("size", [1_000, 3 * limits.RPC_SENT_AT_ONCE])
async def test_an_answer_that_cannot_be_protected_ends_its_connection(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch, size: int
) -> None:
    async with world() as made:
        client = await made.enter()
        lamp = await client.activate(ILamp)
        shine, begun = made.lamps[0].Shine, asyncio.Event()

        async def shine_later(size: int) -> OctetsReply:
            begun.set()
            await asyncio.sleep(1)
            return await shine(size)

        made.lamps[0].Shine = shine_later  # type: ignore[method-assign]
        answer = client.ask(ILamp, *stub(ILamp, "Shine", size), target=lamp.ipid)[1]
        await begun.wait()
        (slot,) = made.connections[0]._association._link.slots.values()
        monkeypatch.setattr(slot.context, "sign", fail)
        with pytest.raises(ConnectionError):
            await asyncio.wait_for(answer, 60)
        assert "an answer to 192.0.2.100 could not be protected: KeyError" in caplog.text
        assert "a secret" not in caplog.text
        await made.connections[0].wait_closed()


async def test_an_answer_that_cannot_be_protected_ends_a_connection_that_is_closed(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with world() as made:
        client = await made.enter()
        lamp = await client.activate(ILamp)
        closing = made.connections[0]
        client.transport.pause_reading()
        client.ask(ILamp, *stub(ILamp, "Shine", 5 * limits.RPC_SENT_AT_ONCE), target=lamp.ipid)
        await asyncio.sleep(1)
        (slot,) = closing._association._link.slots.values()
        monkeypatch.setattr(slot.context, "sign", fail)
        closing.close()
        assert "an answer to 192.0.2.100 could not be protected: KeyError" in caplog.text
        await asyncio.wait_for(closing.wait_closed(), 1)


class _Silent(asyncio.Protocol):
    """Collects nothing."""


def serve_octets(octets: bytes) -> None:
    async def run() -> None:
        async with world() as made:
            transport, _ = await made.network.connect(_Silent, HOST, PORT)
            transport.write(octets)
            await asyncio.sleep(limits.LOGIN_SECONDS + limits.CLOSE_SECONDS + 1)
            assert len(made.endpoint) == 0

    with asyncio.Runner(loop_factory=FakeClockLoop) as runner:
        runner.run(run())


@settings(max_examples=60)
@given(st.binary(max_size=200))
def test_no_octets_do_more_than_end_their_connection(octets: bytes) -> None:
    serve_octets(octets)


@settings(max_examples=60)
@given(data=st.data())
def test_nor_do_octets_that_look_right_at_first(data: st.DataObject) -> None:
    kind = data.draw(st.sampled_from([0, 2, 11, 14, 16, 18, 19]))
    body = data.draw(st.binary(max_size=120))
    auth = data.draw(st.sampled_from([0, 0, 8, 16, 60]))
    header = bytes([5, 0, kind, 3, 16, 0, 0, 0]) + (16 + len(body)).to_bytes(2, "little") + auth.to_bytes(2, "little")
    serve_octets(header + data.draw(st.binary(min_size=4, max_size=4)) + body)


async def test_a_question_before_the_bind() -> None:
    async with world() as made:
        client = await made.connect()
        client.transport.write(encode(CoCancel(1)))
        await client.closed.wait()
        assert len(made.endpoint) == 0


async def test_strangers_may_not_send_much() -> None:
    async with world() as made:
        client = await made.connect()
        await client.bind(IObjectExporter)
        with pytest.raises(Refused) as caught:
            await client.request(IObjectExporter, 3, bytes(limits.RPC_ANONYMOUS_REQUEST_OCTETS + 1))
        assert caught.value.status == FaultStatus.ACCESS_DENIED
        assert await client.call(IObjectExporter, "ServerAlive") == 0


async def test_from_an_address_that_is_familiar_nobody_needs_to_log_in() -> None:
    """As a server calls back: it may be silent for as long as it likes, and say as much as with a login."""
    async with world() as made:
        made.endpoint.familiar = {"192.0.2.100"}
        client = await made.connect()
        await client.bind(IObjectExporter)
        await asyncio.sleep(limits.LOGIN_SECONDS + limits.CLOSE_SECONDS + 1)
        with pytest.raises(Refused) as caught:
            await client.request(IObjectExporter, 99, bytes(limits.RPC_ANONYMOUS_REQUEST_OCTETS + 1))
        assert caught.value.status == FaultStatus.OP_RANGE_ERROR, "it was looked at"
        with pytest.raises(Refused) as caught:
            await client.request(IObjectExporter, 3, bytes(limits.RPC_REQUEST_OCTETS + 1))
        assert caught.value.status == FaultStatus.ACCESS_DENIED
