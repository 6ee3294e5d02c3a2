"""The sink that a server calls, called as servers do and as they do not ([MS-WMI] 3.1.4.2, 3.2.4.1)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from typing import Any

import pytest
from tests.client.calledback import turns
from tests.dcom.fakes import HOST, nothing_left
from tests.server.fakes import THING
from tests.server.sinks import THERE

from openwmi.base import limits
from openwmi.base.error import AccessDenied, Timeout, Unreachable, WbemError
from openwmi.base.status import HResult, WbemStatus
from openwmi.client import wiresink
from openwmi.client.sinkhost import SinkHosts
from openwmi.client.wiresink import Outcome, WireSink
from openwmi.dcom import Caller, Channel, proxy
from openwmi.dcom.ends import Ends
from openwmi.interfaces import IWbemObjectSink
from openwmi.orpc import ObjRefStandard, objref
from openwmi.pointers import failure_pointer, object_pointer
from openwmi.rpc import AuthLevel
from openwmi.testing import MemoryNetwork
from openwmi.wmio import ObjectArrayEncoder, PacketType

ENDS = Ends(THERE, HOST)
THINGS = [THING.instance({"Name": f"thing {number}", "Size": number}) for number in range(4)]
COMPLETE, PROGRESS = 0, 2


class Listener:
    """What a sink was told. `room`: what each of its objects waits for."""

    def __init__(self) -> None:
        self.sizes: list[int] = []
        self.progress: list[tuple[int, int, str]] = []
        self.room = asyncio.Event()
        self.room.set()
        self.sink = WireSink(HOST, self.take, lambda *said: self.progress.append(said))

    async def take(self, objects: Sequence[Any]) -> None:
        self.sizes += [each.Size for each in objects]
        await self.room.wait()


class World:
    """A sink, and a server that was given it."""

    def __init__(self) -> None:
        self.network = MemoryNetwork()
        self.listener = Listener()
        self.hosts = SinkHosts(open_port=self.network.listen)

    async def open(self) -> None:
        self.host = await self.hosts.hold(ENDS)
        reference = objref.decode(self.host.publish(self.listener.sink))
        assert isinstance(reference, ObjRefStandard)
        assert [(each.host, each.port) for each in reference.resolver.strings] == [(THERE, None)]
        self.ipid = reference.std.ipid

    async def caller(self, source: str = HOST) -> Any:
        """The sink, as whoever is at that address sees it."""

        async def connect(protocol: Any, host: str, port: int, timeout: float) -> Any:
            return await self.network.connect(protocol, host, port, source=source)

        self.channel = await Channel.open(THERE, 135, connect=connect)
        return proxy(IWbemObjectSink, self.channel, self.ipid)


@asynccontextmanager
async def world() -> AsyncGenerator[World, None]:
    async with nothing_left():
        made = World()
        await made.open()
        yield made
        made.channel.close()
        await made.hosts.release(made.host, ENDS)
        assert made.hosts._hosts == {}


def pointers(*numbers: int) -> tuple[bytes, ...]:
    return tuple(object_pointer(THINGS[number]) for number in numbers)


async def test_objects_one_by_one_and_then_packed_or_not() -> None:
    """2.2.14, 3.1.4.2.1: "MUST support subsequent calls … by using both"."""
    async with world() as made:
        server, listener = await made.caller(), made.listener
        assert await server.Indicate(2, pointers(0, 1)) == WbemStatus.NEW_STYLE
        encoder = ObjectArrayEncoder(PacketType.INDICATE)
        assert await server.Indicate(1, encoder.encode(THINGS[2:3])) == WbemStatus.NO_ERROR
        assert await server.Indicate(1, pointers(1)) == WbemStatus.NEW_STYLE
        assert await server.Indicate(2, encoder.encode(THINGS[2:])) == WbemStatus.NO_ERROR, "its class is known"
        assert listener.sizes == [0, 1, 2, 1, 2, 3]
        assert await server.SetStatus(PROGRESS, 0x0064_0021, "a\tthird", None) == WbemStatus.NO_ERROR
        assert await server.SetStatus(COMPLETE, WbemStatus.NO_ERROR, "A.K=1", None) == WbemStatus.NO_ERROR
        assert listener.progress == [(0x21, 0x64, "a?third")], "and it acts on no terminal"
        assert listener.sink.ended.result() == Outcome(0, "A.K=1", None)


async def test_nothing_follows_the_final_status() -> None:
    async with world() as made:
        server = await made.caller()
        error = WbemError(WbemStatus.NOT_FOUND, "there is none", operation="GetObjectAsync A")
        await server.SetStatus(COMPLETE, error.status, None, failure_pointer(error))
        for call in (
            server.Indicate(1, pointers(0)),
            server.SetStatus(COMPLETE, 0, None, None),
            server.SetStatus(PROGRESS, 0, None, None),
        ):
            with pytest.raises(WbemError) as caught:
                await call
            assert caught.value.status == WbemStatus.CALL_CANCELLED
        said = made.listener.sink.ended.result()
        assert (said.status, said.failure["Description"]) == (WbemStatus.NOT_FOUND, "there is none")
        assert (made.listener.sizes, made.listener.progress) == ([], [])


async def test_a_status_that_is_none() -> None:
    async with world() as made:
        server = await made.caller()
        with pytest.raises(WbemError) as caught:
            await server.SetStatus(1, 0, None, None)
        assert caught.value.status == WbemStatus.INVALID_PARAMETER
        assert not made.listener.sink.ended.done()


@pytest.mark.parametrize(
    "objects",
    [
        (None,),
        (b"nonsense",),
        (object_pointer(THINGS[0])[:-9],),
        ObjectArrayEncoder(PacketType.INDICATE).encode(THINGS)[:-9],
        b"\0\0\0\0WBEMDATA",
    ],
    ids=["NULL", "nonsense", "cut", "packed and cut", "a mere signature"],
)
async def test_an_object_that_is_none_fails_the_call(objects: Any) -> None:
    """3.2.4: "the results MUST be ignored and the requested operation MUST be considered as failed"."""
    async with world() as made:
        server = await made.caller()
        with pytest.raises(WbemError) as caught:
            await server.Indicate(1, objects)
        assert caught.value.status == WbemStatus.INVALID_OBJECT, "so that the server ends it as well"
        with pytest.raises(Unreachable, match="sent an object that is none"):
            made.listener.sink.ended.result()
        assert made.listener.sizes == []


async def test_a_server_waits_for_room_but_not_until_it_gives_up() -> None:
    async with world() as made:
        server, listener = await made.caller(), made.listener
        listener.room.clear()
        loop = asyncio.get_running_loop()
        before = loop.time()
        first = asyncio.ensure_future(server.Indicate(1, pointers(0)))
        await turns()
        assert not first.done()
        listener.room.set()
        await first
        assert loop.time() == before
        listener.room.clear()
        await server.Indicate(1, pointers(1))
        assert loop.time() - before == limits.INDICATE_ANSWER_SECONDS < limits.SINK_CALLBACK_SECONDS
        assert listener.sizes == [0, 1], "and nothing is lost"


async def test_calls_that_come_together_are_heard_in_their_order() -> None:
    """A server makes one call of a sink at a time (3.2.4.1.1); what another one does costs no object."""
    async with world() as made:
        server, listener = await made.caller(), made.listener
        listener.room.clear()
        calls = [asyncio.ensure_future(server.Indicate(1, pointers(number))) for number in range(3)]
        calls.append(asyncio.ensure_future(server.SetStatus(COMPLETE, 0, None, None)))
        await turns()
        assert listener.sizes == [0]
        assert not listener.sink.ended.done()
        listener.room.set()
        await asyncio.gather(*calls)
        assert listener.sizes == [0, 1, 2]
        assert listener.sink.ended.done()


async def test_only_the_server_that_was_given_it_calls_it() -> None:
    async with world() as made:
        with pytest.raises(Unreachable):
            await (await made.caller("192.0.2.66")).Indicate(1, pointers(0))
        other = Ends(THERE, "192.0.2.2")
        assert await made.hosts.hold(other) is made.host
        intruder = await made.caller("192.0.2.2")  # another server, that somehow knows the IPID
        for call in (intruder.Indicate(1, pointers(0)), intruder.SetStatus(COMPLETE, 0, None, None)):
            with pytest.raises(AccessDenied):
                await call
        made.channel.close()
        await made.hosts.release(made.host, other)
        assert await (await made.caller()).Indicate(1, pointers(0)) == WbemStatus.NEW_STYLE
        assert made.listener.sizes == [0]


async def test_a_sink_that_was_withdrawn_is_not_there() -> None:
    async with world() as made:
        server = await made.caller()
        made.host.withdraw(made.listener.sink)
        with pytest.raises(WbemError) as caught:
            await server.Indicate(1, pointers(0))
        assert caught.value.status == HResult.RPC_E_DISCONNECTED


@pytest.mark.parametrize(("level", "taken"), [(AuthLevel.PKT, False), (AuthLevel.INTEGRITY, True)])
async def test_a_login_counts_where_it_protects_the_call(
    monkeypatch: pytest.MonkeyPatch, level: AuthLevel, taken: bool
) -> None:
    """Below that whoever sits on the wire makes calls of a login that is another one's."""
    monkeypatch.setattr(wiresink, "current_caller", lambda: Caller("srv1$", level, "192.0.2.66", THERE, 1))
    sink = WireSink(HOST, Listener().take, lambda *_: None)
    if taken:
        assert await sink.SetStatus(COMPLETE, 0, None, None) == WbemStatus.NO_ERROR
    else:
        with pytest.raises(AccessDenied):
            await sink.SetStatus(COMPLETE, 0, None, None)
    assert sink.ended.done() is taken


async def test_a_call_that_ran_out_of_time_takes_nothing_more() -> None:
    """Its Timeout is no lack of room."""
    async with world() as made:
        server = await made.caller()

        async def late(_: Sequence[Any]) -> None:
            raise Timeout(None, "its deadline has passed")

        made.listener.sink._take = late
        with pytest.raises(WbemError) as failure:
            await server.Indicate(1, pointers(0))
        assert failure.value.status == WbemStatus.TIMED_OUT
