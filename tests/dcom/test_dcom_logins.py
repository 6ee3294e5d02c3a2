"""Logins of a connection that take time: another thread's, another machine's, or kept back since others failed."""

from __future__ import annotations

import asyncio
import gc
import threading
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
from tests.dcom.fakes import HOST, ME, NAMES, PORT, ILamp, SwitchReply, Users, World, lit, world

from openwmi.base import limits
from openwmi.base.error import AccessDenied, Unreachable, WbemError
from openwmi.base.fault import RemoteProtocolError
from openwmi.dcom import Channel, Connection, proxy
from openwmi.interfaces import IObjectExporter
from openwmi.rpc import AuthLevel, AuthOffer, AuthType, RpcAssociation, SyntaxId
from openwmi.rpc.call import Auth3
from openwmi.rpc.header import Verifier
from openwmi.rpc.pdu import encode
from openwmi.security import LoginRefused, Logins, NtlmContext, NtlmInitiator, Step, Throttle, negotiate
from openwmi.security.spnego import NTLM, Answer, Offer
from openwmi.testing import FakeClockLoop

KINDS = Channel, Connection, Logins, NtlmContext, NtlmInitiator, RpcAssociation
"""What each connection has of its own, at either end."""


def fake_clock(story: Callable[[], Any]) -> None:
    with asyncio.Runner(loop_factory=FakeClockLoop) as runner:
        runner.run(story())


class Slow(Logins):
    """Every login goes to another thread."""

    def blocks(self, request: Any) -> bool:
        return True

    def check(self, request: Any) -> Any:
        assert threading.current_thread() is not threading.main_thread()
        return super().check(request)


class Far(NtlmInitiator):
    """As if its tokens came from another machine."""

    blocks = True

    def __init__(self, failure: Exception | None = None, at: bytes = b"") -> None:
        super().__init__(*ME, "DOM")
        self._failure = failure
        self._at = at

    def step(self, token: bytes = b"") -> Step:
        assert threading.current_thread() is not threading.main_thread()
        if self._failure is not None and bool(token) is bool(self._at):
            raise self._failure
        return super().step(token)


async def opened(made: World, login: Any, level: AuthLevel = AuthLevel.PRIVACY) -> Channel:
    return await Channel.open(HOST, PORT, login=login, level=level, connect=made.network.connect)


@pytest.mark.parametrize("level", [AuthLevel.INTEGRITY, AuthLevel.PRIVACY])
@pytest.mark.parametrize("chunk", [1 << 16, 1])
async def test_both_ends_log_in_from_other_threads(level: AuthLevel, chunk: int) -> None:
    async with world(chunk) as made:
        made.endpoint.logins = lambda peer: Slow(Users(), NAMES, peer=peer)
        channel = await opened(made, Far(), level)
        lamp, _ = await lit(channel)
        assert await lamp.Switch(1) == SwitchReply(0)
        channel.close()


async def test_negotiate_over_a_channel() -> None:
    async with world() as made:
        channel = await opened(made, negotiate(HOST, *ME, "DOM", kerberos=False))
        lamp, _ = await lit(channel)
        assert await lamp.Switch(1) == SwitchReply(0)
        channel.close()


@pytest.mark.parametrize("at", [b"", b"later"])
@pytest.mark.parametrize(
    ("failure", "kind", "text"),
    [
        (LoginRefused(None, "no ticket"), AccessDenied, "the login failed: no ticket"),
        (RemoteProtocolError("rubbish"), Unreachable, "broke the protocol: rubbish"),
        (KeyError("a secret"), Unreachable, "this is a bug"),
    ],
)
async def test_a_login_that_fails_in_another_thread(
    at: bytes, failure: Exception, kind: type[WbemError], text: str, caplog: pytest.LogCaptureFixture
) -> None:
    async with world() as made:
        channel = await opened(made, Far(failure, at))
        with pytest.raises(kind, match=text):
            await lit(channel)
        assert channel.closed
        assert "a secret" not in caplog.text


async def test_a_login_that_fails_at_once() -> None:
    class Poor(NtlmInitiator):
        def step(self, token: bytes = b"") -> Step:
            raise LoginRefused(None, "no password")

    async with world() as made:
        channel = await opened(made, Poor(*ME))
        with pytest.raises(AccessDenied, match="no password"):
            await lit(channel)


async def test_who_leaves_during_a_login_leaves_nothing() -> None:
    loop, begun, release = asyncio.get_running_loop(), asyncio.Event(), threading.Event()

    class Stuck(Slow):
        def check(self, request: Any) -> Any:
            loop.call_soon_threadsafe(begun.set)
            release.wait(20)
            return super().check(request)

    async with world() as made:
        made.endpoint.logins = lambda peer: Stuck(Users(), NAMES, peer=peer)
        channel = await opened(made, NtlmInitiator(*ME, "DOM"))
        call = asyncio.ensure_future(lit(channel))
        await begun.wait()
        await asyncio.sleep(0)
        assert not made.connections[0]._transport.is_reading()  # nothing piles up meanwhile
        channel.close()
        with pytest.raises(WbemError):
            await call
        release.set()
        await made.connections[0].wait_closed()


async def test_a_kdc_that_never_answers_holds_up_nobody_else() -> None:
    """More logins hang than there are threads for them: each call ends in its time, and others log in meanwhile."""
    release = threading.Event()

    class Hung(Far):
        def step(self, token: bytes = b"") -> Step:
            release.wait(20)
            raise LoginRefused(None, "no KDC answers")

    async with world() as made:
        channels = [
            await Channel.open(HOST, PORT, login=Hung(), timeout=0.05, connect=made.network.connect)
            for _ in range(limits.LOGIN_THREADS + 2)
        ]
        calls = [asyncio.ensure_future(lit(channel)) for channel in channels]
        other = await opened(made, NtlmInitiator(*ME, "DOM"))
        lamp, _ = await lit(other)
        for call in calls:
            with pytest.raises(Unreachable, match="did not answer"):
                await call
        assert await lamp.Switch(1) == SwitchReply(0)
        other.close()
        release.set()
        later = await opened(made, Far())
        await lit(later)  # the threads are free again
        later.close()


def test_guessers_wait_longer_and_longer() -> None:
    async def story() -> None:
        loop = asyncio.get_running_loop()
        throttle = Throttle()
        async with world() as made:
            made.endpoint.logins = lambda peer: Logins(Users(), NAMES, peer=peer, throttle=throttle, clock=loop.time)

            async def seconds(user: str, password: str) -> float:
                began = loop.time()
                channel = await Channel.open(
                    HOST, PORT, login=NtlmInitiator(user, password, "DOM"), timeout=60, connect=made.network.connect
                )
                try:
                    await lit(channel)
                except AccessDenied:
                    assert password != ME[1]
                channel.close()
                return loop.time() - began

            assert await seconds(*ME) == 0
            assert [await seconds("me", f"guess {number}") for number in range(7)] == [0, 0, 0, 0.5, 1, 2, 4]
            assert await seconds("you", "hidden") == 0
            assert await seconds(*ME) == 4  # it would be told apart from a guess otherwise
            assert await seconds(*ME) == 0

    fake_clock(story)


def test_a_login_with_too_many_before_it_is_not_answered(caplog: pytest.LogCaptureFixture) -> None:
    """Neither a right one nor a wrong one; and those that were not answered hold up nobody later."""

    async def story() -> None:
        caplog.set_level("INFO")
        loop = asyncio.get_running_loop()
        throttle = Throttle()
        async with world() as made:
            made.endpoint.logins = lambda peer: Logins(Users(), NAMES, peer=peer, throttle=throttle, clock=loop.time)
            for _ in range(10):
                throttle.failed("192.0.2.100", "DOM\\me", loop.time())

            async def enter(password: str) -> float:
                began = loop.time()
                channel = await Channel.open(
                    HOST, PORT, login=NtlmInitiator("me", password, "DOM"), timeout=60, connect=made.network.connect
                )
                try:
                    await lit(channel)
                finally:
                    channel.close()
                return loop.time() - began

            guesses = [asyncio.ensure_future(enter("guess")) for _ in range(50)]
            await asyncio.sleep(1)
            for password in (ME[1], "guess"):
                with pytest.raises(Unreachable):
                    await enter(password)
                assert loop.time() == 1
            assert caplog.text.count("too many logins") == 45
            failures = Counter(map(type, await asyncio.gather(*guesses, return_exceptions=True)))
            assert failures == {AccessDenied: 7, Unreachable: 43}
            assert await enter(ME[1]) == 8

    fake_clock(story)


def test_a_login_that_is_begun_and_never_ends_is_none(caplog: pytest.LogCaptureFixture) -> None:
    """Its last leg, which is not answered, is no last one."""

    async def story() -> None:
        caplog.set_level("INFO")
        async with world() as made:
            client = await made.connect()
            client._pump = lambda: None  # type: ignore[method-assign]  # it looks at no answer
            offer = AuthOffer(AuthType.NEGOTIATE, AuthLevel.PRIVACY, Offer((NTLM,), b"").encode())
            client.association.bind([SyntaxId(ILamp.iid)], auth=offer)
            client.flush()
            await asyncio.sleep(1)
            token = Answer(token=NtlmInitiator(*ME).step().token).encode()
            client.transport.write(encode(Auth3(1, Verifier(AuthType.NEGOTIATE, AuthLevel.PRIVACY, 0, token))))
            await asyncio.sleep(limits.LOGIN_SECONDS)
            assert client.closed.is_set()
            assert "nobody logged in for 60 s" in caplog.text

    fake_clock(story)


@pytest.mark.parametrize("level", [AuthLevel.CONNECT, AuthLevel.PRIVACY])
@pytest.mark.parametrize("kind", [lambda: NtlmInitiator(*ME, "DOM"), lambda: negotiate(HOST, *ME, kerberos=False)])
def test_who_has_logged_in_may_take_his_time(kind: Callable[[], Any], level: AuthLevel) -> None:
    async def story() -> None:
        async with world() as made:
            channel = await opened(made, kind(), level)
            await channel.bound(IObjectExporter.iid)
            await asyncio.sleep(10 * limits.LOGIN_SECONDS)
            assert await proxy(IObjectExporter, channel).ServerAlive() == 0
            channel.close()

    fake_clock(story)


@pytest.mark.parametrize("logged_in", [False, True])
def test_slow_senders_are_cut(logged_in: bool, caplog: pytest.LogCaptureFixture) -> None:
    async def story() -> None:
        loop = asyncio.get_running_loop()
        caplog.set_level("INFO")
        async with world() as made:
            client = await made.connect()
            if logged_in:
                await client.bind(ILamp, user=ME)
            pdu = b"\x05\x00\x00\x03\x10\x00\x00\x00\x00\x10\x00\x00\x09\x00\x00\x00" + bytes(4096 - 16)
            began = loop.time()
            for octet in pdu:
                if client.closed.is_set():
                    break
                client.transport.write(bytes((octet,)))
                await asyncio.sleep(1)
            assert loop.time() - began == pytest.approx(limits.FRAGMENT_SECONDS, abs=2)
            assert "is not whole after 40 s" in caplog.text

    fake_clock(story)


def test_who_sends_much_is_not_slow() -> None:
    """Each time that something arrives there is a beginning of something else at its end."""

    async def story() -> None:
        async with world() as made:
            client = await made.connect()
            await client.bind(IObjectExporter)
            client._pump = lambda: None  # type: ignore[method-assign]  # it did not ask, as far as it knows
            head = b"\x05\x00\x00\x03\x10\x00\x00\x00\x18\x00\x00\x00"
            rest = bytes(4) + b"\x00\x00\x03\x00"
            client.transport.write(head)
            for number in range(2, 57):  # and then nobody has logged in for too long
                client.transport.write(number.to_bytes(4, "little") + rest + head)
                await asyncio.sleep(1)
                assert not client.closed.is_set()
            client.transport.abort()

    fake_clock(story)


async def test_connects_and_logins_leave_nothing() -> None:
    async with world() as made:

        async def some(count: int) -> int:
            for _ in range(count):
                channel = await opened(made, NtlmInitiator(*ME, "DOM"))
                assert await proxy(IObjectExporter, channel).ServerAlive() == 0
                channel.close()
                await made.connections.pop().wait_closed()
            gc.collect()
            return sum(isinstance(each, KINDS) for each in gc.get_objects())

        before = await some(3)
        assert await some(20) <= before  # what other tests had left may be gone by now
        assert (len(made.endpoint), len(made.endpoint.groups)) == (0, 0)
