"""A server that is slow to take what a client asks: the client keeps little of it, and loses none."""

from __future__ import annotations

import asyncio

import pytest
from tests.dcom.fakes import ILamp
from tests.dcom.scripted import scripted

from openwmi.base.error import Unreachable
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
