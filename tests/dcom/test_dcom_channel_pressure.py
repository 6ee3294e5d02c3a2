"""A server that is slow to take what a client asks: the client keeps little of it, and loses none.

And what becomes of requests that cannot be protected, or whose connection ends.
"""

from __future__ import annotations

import asyncio

import pytest
from tests.dcom.fakes import ILamp, lit, world
from tests.dcom.scripted import scripted

from openwmi.base import limits
from openwmi.base.error import Unreachable, WbemError
from openwmi.base.status import HResult
from openwmi.rpc.call import Request, Response
from openwmi.rpc.header import PduFlags

COUNT, OCTETS = 40, 200_000


async def settled() -> None:
    """Everything has happened that can without a timer."""
    for _ in range(200):
        await asyncio.sleep(0)


async def test_calls_wait_while_the_server_takes_nothing() -> None:
    async with scripted() as (server, channel):
        first = asyncio.ensure_future(channel.request(ILamp.iid, 3, b"", None))
        await server.bound()
        await server.reply(b"")
        await first
        server.transport.pause_reading()
        calls = [asyncio.ensure_future(channel.request(ILamp.iid, 3, bytes(OCTETS), None)) for _ in range(COUNT)]
        await settled()
        assert len(channel._association.pending) == 1  # and the others' octets are not made yet
        assert channel._transport.get_write_buffer_size() < 2 * OCTETS
        calls[7].cancel()
        server.transport.resume_reading()
        answers = 0
        while answers < COUNT - 1:
            request = await server.hear(Request)
            if request.flags & PduFlags.LAST:
                server.say(Response(request.call_id, request.context_id, b"done"))
                answers += 1
        done = await asyncio.gather(*calls, return_exceptions=True)
        assert [each for each in done if each != b"done"] == [done[7]]
        assert isinstance(done[7], asyncio.CancelledError)


async def test_a_call_that_is_given_up_as_its_connection_ends_leaves_nothing_behind() -> None:
    async with scripted() as (server, channel):
        calls = [asyncio.ensure_future(channel.request(ILamp.iid, 3, b"", None)) for _ in range(2)]
        await server.bound()
        await server.hear(Request)
        channel.close()
        calls[0].cancel()
        await asyncio.wait(calls)
        assert calls[0].cancelled()
        assert isinstance(calls[1].exception(), Unreachable)
        assert channel._cancelling == {}


async def test_who_waits_hears_of_the_end() -> None:
    async with scripted() as (server, channel):
        first = asyncio.ensure_future(channel.request(ILamp.iid, 3, b"", None))
        await server.bound()
        await server.reply(b"")
        await first
        server.transport.pause_reading()
        calls = [asyncio.ensure_future(channel.request(ILamp.iid, 3, bytes(OCTETS), None)) for _ in range(3)]
        await settled()
        server.transport.abort()
        for call in calls:
            with pytest.raises(Unreachable):
                await call


@pytest.mark.parametrize("size", [10, 2 * limits.RPC_SENT_AT_ONCE])
async def test_a_request_that_cannot_be_protected_ends_its_connection(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch, size: int
) -> None:
    """Those that wait hear of it, and so does whoever asked; nobody is told why but the log."""

    def fail(*_: object, **__: object) -> None:
        raise KeyError("a secret")

    async with world() as made:
        channel = await made.channel()
        lamp, std = await lit(channel)
        waits = asyncio.ensure_future(lamp.Wait())
        await settled()
        (slot,) = channel._association._link.slots.values()
        monkeypatch.setattr(slot.context, "sign", fail)
        asked = asyncio.ensure_future(channel.request(ILamp.iid, 3, bytes(size), std.ipid))
        for call in (waits, asked):
            with pytest.raises(WbemError, match="could not be protected") as failed:
                await asyncio.wait_for(call, 60)
            assert failed.value.status == HResult.RPC_S_CALL_FAILED
        assert channel.closed
        assert "a request to 192.0.2.1:135 could not be protected: KeyError" in caplog.text
        assert "a secret" not in caplog.text
