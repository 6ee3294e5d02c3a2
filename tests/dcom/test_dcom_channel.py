"""The client's end of a connection: calls at once and in turn, given up, refused, and cut off."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Coroutine
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.dcom.fakes import (
    HOST,
    ME,
    PORT,
    ILamp,
    INothing,
    IShade,
    OctetsReply,
    SwitchReply,
    lit,
    nothing_left,
    world,
)
from tests.dcom.scripted import ACCEPTED, REJECTED, Script, scripted

from openwmi.base import limits
from openwmi.base.error import AccessDenied, Unreachable, WbemError
from openwmi.base.guid import Guid
from openwmi.base.status import HResult
from openwmi.dcom import Channel, proxy
from openwmi.interfaces import IObjectExporter, IRemUnknown2
from openwmi.rpc import (
    AuthLevel,
    AuthType,
    ContextOutcome,
    ContextResult,
    FaultStatus,
    NakReason,
)
from openwmi.rpc.bind import AlterContext, Bind, BindAck, BindNak
from openwmi.rpc.call import CoCancel, Fault, Orphaned, Request, Response, Shutdown
from openwmi.rpc.header import WHOLE, Verifier
from openwmi.security import NtlmInitiator
from openwmi.testing import FakeClockLoop

LOGGED_IN = [AuthLevel.CONNECT, AuthLevel.PKT, AuthLevel.INTEGRITY, AuthLevel.PRIVACY]
WHERE = f"{HOST}:{PORT}"


def begin(*calls: Coroutine[Any, Any, Any]) -> list[asyncio.Task[Any]]:
    return [asyncio.ensure_future(each) for each in calls]


async def settled() -> None:
    """Everything has happened that can without a timer."""
    for _ in range(20):
        await asyncio.sleep(0)


def ask(channel: Channel, stub: bytes = b"", interface: Guid = ILamp.iid) -> Coroutine[Any, Any, bytes]:
    return channel.request(interface, 3, stub, None)


async def failure(call: Awaitable[Any]) -> WbemError:
    with pytest.raises(WbemError) as caught:
        await call
    return caught.value


# ------------------------------------------------------------------------------------------------- with a real server


async def test_without_a_login() -> None:
    async with world() as made:
        channel = await made.channel(None)
        assert (await proxy(IObjectExporter, channel).ServerAlive2()).hresult == 0
        with pytest.raises(AccessDenied, match=rf"{WHERE} answered with fault 0x00000005"):
            await lit(channel)
        assert await proxy(IObjectExporter, channel).ServerAlive() == 0
        channel.close()


@pytest.mark.parametrize("level", LOGGED_IN)
@pytest.mark.parametrize("chunk", [1, 1 << 16])
async def test_with_a_login_at_each_level(level: AuthLevel, chunk: int) -> None:
    async with world(chunk) as made:
        made.endpoint._levels = dict.fromkeys(made.endpoint._levels, AuthLevel.CONNECT) | {ILamp.iid: level}
        channel = await made.channel(level=level)
        lamp, _ = await lit(channel)
        assert await lamp.Switch(1) == SwitchReply(0)
        assert await lamp.Shine(20_000) == OctetsReply(20_000, bytes(20_000))
        channel.close()


async def test_several_interfaces_and_each_is_bound_once() -> None:
    async with world() as made:
        channel = await made.channel()
        lamp, reference = await lit(channel)
        unknown = proxy(IRemUnknown2, channel, made.rem_unknown)
        queried = await unknown.RemQueryInterface(reference.ipid, 1, 1, (IShade.iid,))
        assert queried.ppQIResults is not None
        shade = proxy(IShade, channel, queried.ppQIResults[0].std.ipid)
        for _ in range(3):
            assert (await lamp.Switch(1), await shade.Draw()) == (SwitchReply(1 if _ else 0), 0)
        assert len(channel._contexts) == 4
        channel.close()


async def test_calls_at_once() -> None:
    async with world() as made:
        channel = await made.channel()
        lamp, _ = await lit(channel)
        (slow,) = begin(lamp.Wait())
        replies = await asyncio.gather(*(lamp.Shine(size) for size in range(30)))
        assert [reply.size for reply in replies] == list(range(30))
        assert not slow.done()
        channel.close()
        assert isinstance(await failure(slow), Unreachable)


async def test_the_first_calls_at_once_log_in_once() -> None:
    async with world() as made:
        channel = await made.channel()
        activated = await asyncio.gather(*(lit(channel) for _ in range(5)))
        switched = await asyncio.gather(*(lamp.Switch(1) for lamp, _ in activated))
        assert switched == [SwitchReply(0)] * 5
        assert len(made.connections) == 1
        channel.close()


@pytest.mark.parametrize("level", LOGGED_IN)
async def test_a_call_that_is_given_up_leaves_the_channel_as_it_was(level: AuthLevel) -> None:
    async with world() as made:
        made.endpoint._levels = dict.fromkeys(made.endpoint._levels, AuthLevel.CONNECT) | {ILamp.iid: level}
        channel = await made.channel(level=level)
        lamp, _ = await lit(channel)
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(5):
                await lamp.Wait()
        assert await lamp.Switch(1) == SwitchReply(0)
        assert channel._replies == {}
        assert (made.lamps[0].cancelled, channel.late, channel._association.abandoned) == (1, 1, 0)
        channel.close()


async def test_a_bug_of_the_server_is_a_fault_and_no_lost_connection() -> None:
    async with world() as made:
        channel = await made.channel()
        lamp, _ = await lit(channel)
        error = await failure(lamp.Break())
        assert (error.status, isinstance(error, Unreachable)) == (HResult.RPC_E_SERVERFAULT, False)
        assert await lamp.Switch(1) == SwitchReply(0)
        channel.close()


@pytest.mark.parametrize("user", [("me", "wrong"), ("nobody", "secret")])
async def test_a_login_that_is_refused(user: tuple[str, str]) -> None:
    async with world() as made:
        channel = await made.channel(user)
        for _ in range(2):
            error = await failure(lit(channel))
            assert isinstance(error, AccessDenied)
            assert WHERE in error.message
        assert made.lamps == []
        channel.close()


async def test_an_interface_that_is_refused() -> None:
    async with world() as made:
        made.endpoint.interfaces -= {each for each in made.endpoint.interfaces if each.uuid == INothing.iid}
        for bound_before in (False, True):
            channel = await made.channel()
            if bound_before:
                await lit(channel)
            for _ in range(2):
                error = await failure(proxy(INothing, channel).Nothing())
                assert error.status == HResult.E_NOINTERFACE
                assert f"{WHERE} does not serve interface {INothing.iid}" in error.message
            lamp, _ = await lit(channel)
            assert await lamp.Switch(0) == SwitchReply(0)
            channel.close()


async def test_the_server_ends_with_calls_open() -> None:
    async with world() as made:
        channel = await made.channel()
        lamp, _ = await lit(channel)
        calls = begin(*(lamp.Wait() for _ in range(5)))
        await settled()
        assert made.lamps[0].waiting == 5
        await made.endpoint.close()
        errors = [await failure(each) for each in calls]
        assert {type(error) for error in errors} == {Unreachable}
        assert len(set(map(id, errors))) == 5  # each caller may write its own call into its own
        assert isinstance(await failure(lamp.Switch(1)), Unreachable)
        assert asyncio.get_running_loop().time() == 0


async def test_close_with_calls_open() -> None:
    async with world() as made:
        channel = await made.channel()
        lamp, _ = await lit(channel)
        calls = begin(lamp.Wait(), lamp.Wait())
        await settled()
        channel.close()
        channel.close()
        for each in calls:
            with pytest.raises(Unreachable, match=f"{WHERE}: the connection was closed on this side"):
                await each
        with pytest.raises(Unreachable, match="closed on this side"):
            await lamp.Switch(1)
        await settled()
        assert (made.lamps[0].cancelled, len(made.endpoint)) == (2, 0)


# ---------------------------------------------------------------------------------------- with a server by the script


async def test_calls_wait_for_their_turn_where_the_server_takes_one_at_a_time() -> None:
    async with scripted() as (server, channel):
        calls = begin(*(ask(channel, bytes([number])) for number in range(4)))
        await server.bound(flags=WHOLE)
        for number in range(4):
            request = await server.hear(Request)
            await settled()
            assert (request.stub, server.unheard) == (bytes([number]), 0)
            server.say(Response(request.call_id, request.context_id, request.stub * 2))
        assert await asyncio.gather(*calls) == [bytes([number]) * 2 for number in range(4)]


async def test_a_call_that_waits_for_its_turn_is_given_up_and_the_others_go_on() -> None:
    async with scripted() as (server, channel):
        first, second, third = begin(ask(channel, b"1"), ask(channel, b"2"), ask(channel, b"3"))
        await server.bound(flags=WHOLE)
        await settled()
        second.cancel()
        assert (await server.reply(b"one")).stub == b"1"
        assert (await server.reply(b"three")).stub == b"3"
        assert (await first, await third) == (b"one", b"three")
        assert second.cancelled()


async def test_a_call_that_is_given_up_ends_a_channel_that_has_no_other() -> None:
    async with scripted() as (server, channel):
        first, second = begin(ask(channel), ask(channel))
        await server.bound(flags=WHOLE)
        await server.hear(Request)
        first.cancel()
        with pytest.raises(Unreachable, match="this server takes no other one"):
            await second
        assert first.cancelled()
        assert channel._cancelling == {}


async def test_late_answers_to_calls_that_were_given_up() -> None:
    async with scripted() as (server, channel):
        first, second, third = begin(ask(channel, b"1"), ask(channel, b"2"), ask(channel, b"3"))
        await server.bound()
        requests = [await server.hear(Request) for _ in range(3)]
        first.cancel()
        second.cancel()
        assert [(await server.hear(CoCancel)).call_id for _ in range(2)] == [each.call_id for each in requests[:2]]
        server.say(Response(requests[0].call_id, 0, b"late"))
        server.say(Fault(requests[1].call_id, 0, FaultStatus.CANCELLED))
        server.say(Response(requests[2].call_id, 0, b"in time"))
        assert await third == b"in time"
        assert channel.late == 2
        await asyncio.sleep(limits.CANCEL_SECONDS)
        assert (server.unheard, channel._cancelling) == (0, {})


async def test_the_server_is_told_of_a_call_that_was_given_up_if_it_wants_to_be() -> None:
    granted = ContextResult(ContextOutcome.NEGOTIATE_ACK, 3)
    async with scripted() as (server, channel):
        (call,) = begin(ask(channel))
        bind = await server.hear(Bind)
        server.agree(bind, ACCEPTED, granted)
        request = await server.hear(Request)
        began = asyncio.get_running_loop().time()
        call.cancel()
        assert (await server.hear(CoCancel)).call_id == request.call_id
        assert (await server.hear(Orphaned)).call_id == request.call_id
        assert asyncio.get_running_loop().time() == began + limits.CANCEL_SECONDS
        server.say(Response(request.call_id, 0, b"crossed it on its way"))
        await settled()
        assert (channel.late, channel.closed) == (1, False)


async def test_a_server_that_answers_no_call_that_was_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "RPC_OPEN_CALLS", 3)
    async with scripted() as (server, channel):
        (kept,) = begin(ask(channel))
        await server.bound()
        for _ in range(4):
            (given_up,) = begin(ask(channel))
            await settled()
            given_up.cancel()
        with pytest.raises(Unreachable, match="3 calls were given up"):
            await kept


async def test_an_answer_and_a_cancel_at_once() -> None:
    async with scripted() as (server, channel):
        (call,) = begin(ask(channel))
        await server.bound()
        await server.reply(b"")
        for _ in range(10):
            if not channel._association.pending:
                call.cancel()
                break
            await asyncio.sleep(0)
        with pytest.raises(asyncio.CancelledError):
            await call
        assert channel._failure is None


@pytest.mark.parametrize("login", [None, ME])
async def test_a_server_that_never_answers_the_bind(login: tuple[str, str] | None) -> None:
    loop = asyncio.get_running_loop()
    async with scripted(login and NtlmInitiator(*login)) as (server, channel):
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(3):
                await ask(channel)
        assert loop.time() == 3
        calls = begin(ask(channel), ask(channel, interface=IShade.iid))
        for each in calls:
            with pytest.raises(Unreachable, match=f"{WHERE}: it did not answer for 10 s, though the connection"):
                await each
        assert loop.time() == 10
        await server.lost.wait()


async def test_a_bind_that_nobody_waits_for_is_of_use_to_the_next() -> None:
    async with scripted() as (server, channel):
        (given_up,) = begin(ask(channel))
        bind = await server.hear(Bind)
        given_up.cancel()
        (next_one,) = begin(ask(channel, b"next"))
        await settled()
        server.agree(bind)
        assert (await server.reply(b"done")).stub == b"next"
        assert await next_one == b"done"
        assert given_up.cancelled()


async def test_a_second_bind_that_is_given_up_harms_no_call() -> None:
    async with scripted() as (server, channel):
        (first,) = begin(ask(channel))
        await server.bound()
        request = await server.hear(Request)
        (second,) = begin(ask(channel, interface=IShade.iid))
        alter = await server.hear(AlterContext)
        second.cancel()
        (third,) = begin(ask(channel, b"3"))
        await settled()
        assert server.unheard == 0  # nothing can be sent before the alter_context is answered
        server.say(Response(request.call_id, 0, b"first"))
        assert await first == b"first"
        server.agree(alter)
        await server.reply(b"third")
        assert await third == b"third"


@pytest.mark.parametrize(
    ("reason", "kind"),
    [
        (NakReason.AUTHENTICATION_TYPE_NOT_RECOGNIZED, AccessDenied),
        (NakReason.INVALID_CHECKSUM, AccessDenied),
        (NakReason.TEMPORARY_CONGESTION, Unreachable),
        (NakReason.NOT_SPECIFIED, Unreachable),
    ],
)
async def test_a_bind_that_is_refused(reason: NakReason, kind: type[WbemError]) -> None:
    async with scripted(NtlmInitiator(*ME)) as (server, channel):
        calls = begin(ask(channel), ask(channel, interface=IShade.iid))
        server.say(BindNak((await server.hear(Bind)).call_id, reason))
        for each in calls:
            error = await failure(each)
            assert type(error) is kind
            assert f"reason 0x{reason:X}" in error.message


async def test_a_second_bind_that_is_refused_is_the_end_of_that_interface_alone() -> None:
    async with scripted() as (server, channel):
        first, second = begin(ask(channel), ask(channel, interface=IShade.iid))
        await server.bound()
        request = await server.hear(Request)
        server.say(Fault((await server.hear(AlterContext)).call_id, 0, FaultStatus.ACCESS_DENIED))
        for call in (second, ask(channel, interface=IShade.iid)):
            with pytest.raises(AccessDenied, match=f"{WHERE}: the server refused .*fault 0x5"):
                await call
        server.say(Response(request.call_id, 0, b"first"))
        assert await first == b"first"


async def test_a_server_that_does_not_answer_the_login() -> None:
    async with scripted(NtlmInitiator(*ME)) as (server, channel):
        (call,) = begin(ask(channel))
        await server.bound()
        with pytest.raises(AccessDenied, match="the server did not answer the login"):
            await call


@settings(max_examples=40, deadline=None)
@given(token=st.binary(min_size=1, max_size=80) | st.binary(max_size=90).map(b"NTLMSSP\0\2\0\0\0".__add__))
def test_a_server_that_answers_the_login_with_anything(token: bytes) -> None:
    async def story() -> None:
        async with scripted(NtlmInitiator(*ME)) as (server, channel):
            (call,) = begin(ask(channel))
            bind = await server.hear(Bind)
            verifier = Verifier(AuthType.WINNT, AuthLevel.INTEGRITY, 0, token)
            server.say(BindAck(bind.call_id, (ACCEPTED, REJECTED), 5840, 5840, 1, auth=verifier))
            await settled()
            server.transport.abort()
            assert isinstance(await failure(call), Unreachable)

    with asyncio.Runner(loop_factory=FakeClockLoop) as runner:
        runner.run(story())


async def test_a_login_with_a_bug(caplog: pytest.LogCaptureFixture) -> None:
    secret = "of the token"

    class Faulty:
        auth_type: int = AuthType.WINNT
        blocks = False

        def step(self, token: bytes = b"") -> Any:
            if token:
                raise KeyError(secret)
            return NtlmInitiator(*ME).step()

    async with scripted(Faulty()) as (server, channel):
        (call,) = begin(ask(channel))
        bind = await server.hear(Bind)
        verifier = Verifier(AuthType.WINNT, AuthLevel.INTEGRITY, 0, b"token")
        with caplog.at_level(logging.ERROR):
            server.say(BindAck(bind.call_id, (REJECTED, REJECTED), 5840, 5840, 1, auth=verifier))
            with pytest.raises(Unreachable, match="this is a bug"):
                await call
        assert f"the channel to {WHERE} failed: KeyError" in caplog.text
        assert secret not in caplog.text


@pytest.mark.parametrize(
    ("status", "hresult"),
    [
        (FaultStatus.ACCESS_DENIED, HResult.E_ACCESSDENIED),
        (HResult.RPC_E_SERVERFAULT, HResult.RPC_E_SERVERFAULT),
        (HResult.RPC_E_DISCONNECTED, HResult.RPC_E_DISCONNECTED),
        (FaultStatus.BAD_STUB_DATA, 0x800706F7),
        (FaultStatus.OP_RANGE_ERROR, 0x800706D1),
        (FaultStatus.SERVER_TOO_BUSY, 0x800706BB),
        (FaultStatus.REMOTE_NO_MEMORY, HResult.E_OUTOFMEMORY),
        (0x1C00FFFF, HResult.E_FAIL),
        (0, HResult.E_FAIL),
    ],
)
async def test_a_fault_is_an_hresult(status: int, hresult: int) -> None:
    async with scripted() as (server, channel):
        (call,) = begin(ask(channel))
        await server.bound()
        server.say(Fault((await server.hear(Request)).call_id, 0, status))
        error = await failure(call)
        assert (error.status, f"fault 0x{status:08X}" in error.message) == (hresult, True)
        assert isinstance(error, Unreachable) is (hresult == HResult.RPC_E_DISCONNECTED)
        (call,) = begin(ask(channel))
        await server.reply(b"still there")
        assert await call == b"still there"


@pytest.mark.parametrize("how", ["closes", "aborts"])
@pytest.mark.parametrize("when", ["before the bind", "amid the bind", "amid calls"])
async def test_a_server_that_dies(how: str, when: str) -> None:
    async with scripted() as (server, channel):
        calls = []
        if when != "before the bind":
            calls = begin(ask(channel), ask(channel), ask(channel, interface=IShade.iid))
        if when == "amid calls":
            await server.bound()
        await settled()
        server.transport.abort() if how == "aborts" else server.transport.close()
        await settled()
        assert [each.done() for each in calls] == [True] * len(calls)
        for each in (*calls, ask(channel)):
            with pytest.raises(Unreachable, match=f"{WHERE}: the connection was lost: the "):
                await each
        assert asyncio.get_running_loop().time() == 0


async def test_the_reason_of_a_reset_is_told() -> None:
    async with scripted() as (_, channel):
        channel.connection_lost(ConnectionResetError(104, "Connection reset by peer"))
        with pytest.raises(Unreachable, match=f"{WHERE}: the connection was lost: Connection reset by peer$"):
            await ask(channel)


@pytest.mark.parametrize(
    "garbage", [b"HTTP/1.1 400 Bad Request\r\n\r\n", bytes(64), b"\5\0\xff\3\x10\0\0\0" + bytes(40)]
)
@pytest.mark.parametrize("bound", [False, True])
async def test_garbage_of_the_server_ends_the_channel(garbage: bytes, bound: bool) -> None:
    async with scripted(chunk=7) as (server, channel):
        calls = begin(ask(channel), ask(channel))
        if bound:
            await server.bound()
            await server.hear(Request)
        server.transport.write(garbage)
        for each in (*calls, ask(channel)):
            with pytest.raises(Unreachable, match=f"{WHERE}: the server broke the protocol"):
                await each
        await server.lost.wait()


async def test_an_answer_to_a_call_that_was_not_made_ends_the_channel() -> None:
    async with scripted() as (server, channel):
        (call,) = begin(ask(channel))
        await server.bound()
        await server.hear(Request)
        server.say(Response(4711, 0, b""), Response(4712, 0, b""))
        with pytest.raises(Unreachable, match="a response to call 4711, which was not made"):
            await call


async def test_a_server_that_would_like_to_be_rid_of_us_is_still_asked() -> None:
    async with scripted() as (server, channel):
        (call,) = begin(ask(channel))
        await server.bound()
        server.say(Shutdown(0))
        await server.reply(b"yes")
        assert await call == b"yes"


async def test_a_server_that_does_not_read_does_not_keep_a_channel_that_is_closed() -> None:
    async with scripted() as (server, channel):
        (call,) = begin(ask(channel, bytes(1 << 20)))
        await server.bound()
        server.transport.pause_reading()
        await settled()
        assert channel._transport.get_write_buffer_size() > 0
        channel.close()
        with pytest.raises(Unreachable):
            await call
        await settled()
        assert channel._transport.get_write_buffer_size() == 0
        server.transport.resume_reading()


# --------------------------------------------------------------------------------------------------------- connecting


async def test_nothing_listens() -> None:
    async with world() as made:
        with pytest.raises(Unreachable, match=r"192\.0\.2\.1:1: Connection refused"):
            await Channel.open(HOST, 1, connect=made.network.connect)


async def test_nobody_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    async def wait(*_: Any, **__: Any) -> None:
        await asyncio.get_running_loop().create_future()

    loop = asyncio.get_running_loop()
    monkeypatch.setattr(loop, "create_connection", wait)
    async with nothing_left():
        with pytest.raises(Unreachable, match=r"192\.0\.2\.1:135 did not answer within 3 s"):
            await Channel.open(HOST, PORT, timeout=3)
        assert loop.time() == 3
        with pytest.raises(TimeoutError) as caught:
            async with asyncio.timeout(1):
                await Channel.open(HOST, PORT, timeout=3)
        assert not isinstance(caught.value, WbemError)  # the caller's own limit, and not the network's
        assert loop.time() == 4


async def test_over_a_socket() -> None:
    """The way of connecting that is used where no other is given."""
    script = Script()
    server = await asyncio.get_running_loop().create_server(lambda: _Plain(script), "127.0.0.1", 0)
    channel = await Channel.open(*server.sockets[0].getsockname(), timeout=5)
    (call,) = begin(ask(channel))
    await script.bound()
    await script.reply(b"over a socket")
    assert await call == b"over a socket"
    channel.close()
    await script.lost.wait()
    server.close()


class _Plain(asyncio.Protocol):
    """The script over a transport of asyncio's own."""

    def __init__(self, script: Script) -> None:
        self.data_received = script.data_received  # type: ignore[method-assign]  # handed on as it is
        self.connection_lost = script.connection_lost  # type: ignore[method-assign]  # likewise
        self._script = script

    def connection_made(self, transport: Any) -> None:
        self._script.transport = transport
