"""Several connections to one exporter: when there are how many, in which group, by which way."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from tests.dcom.fakes import HOST, ME, PORT, ILamp, OctetsReply, SwitchReply, World, lit, world

from openwmi.base import limits
from openwmi.base.error import Unreachable, WbemError
from openwmi.base.guid import Guid
from openwmi.base.status import WbemStatus
from openwmi.dcom import Channel, ErrorInformation, Means, Pool, Route, Served, proxy
from openwmi.dcom.caller import causality
from openwmi.dcom.remote import RemoteExporter
from openwmi.interfaces import IObjectExporter, IUnknown, call
from openwmi.ndr import HRESULT
from openwmi.net import Address
from openwmi.orpc import Bindings, ErrorInfo, ObjRefCustom, OxidEntry, objref
from openwmi.rpc import RpcAssociation, SyntaxId
from openwmi.security import NtlmInitiator

IPID = Guid("6d6d1f5a-6a0e-4a1c-9d3c-1b7c1c1d00bb")


def pool_of(made: World, size: int = 8) -> Pool:
    return Pool(lambda group: Means(lambda: NtlmInitiator(*ME), connect=made.network.connect).open(WHERE, group), size)


WHERE = Address(HOST, PORT)


@pytest.fixture
def exclusive(monkeypatch: pytest.MonkeyPatch) -> None:
    """No server takes several calls at once."""
    monkeypatch.setattr(RpcAssociation, "multiplexed", property(lambda _: False))


async def lamp_of(made: World, pool: Pool) -> ILamp:
    channel = await made.channel()
    _, std = await lit(channel)
    channel.close()
    return proxy(ILamp, pool, std.ipid)


async def test_one_connection_is_enough_where_it_takes_several_calls() -> None:
    async with world() as made:
        pool = pool_of(made)
        lamp = await lamp_of(made, pool)
        waiting = [asyncio.ensure_future(lamp.Wait()) for _ in range(5)]
        assert await lamp.Switch(1) == SwitchReply(0)
        assert len(pool) == 1
        for call_ in waiting:
            call_.cancel()
        await asyncio.wait(waiting)
        assert await lamp.Switch(0) == SwitchReply(1)
        pool.close()


async def test_so_many_calls_on_one_connection_and_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "POOL_CALLS", 2)
    async with world() as made:
        pool = pool_of(made, size=2)
        lamp = await lamp_of(made, pool)
        await lamp.Switch(1)
        waiting = [asyncio.ensure_future(lamp.Wait()) for _ in range(4)]
        late = asyncio.ensure_future(lamp.Switch(0))
        await asyncio.sleep(1)
        assert [channel.load for channel in pool._channels] == [2, 2]
        assert (made.lamps[0].waiting, made.lamps[0].on) == (4, 1)
        waiting[0].cancel()
        assert await asyncio.wait_for(late, 1) == SwitchReply(1)
        pool.close()
        ended = await asyncio.gather(*waiting, return_exceptions=True)
        assert [type(each) for each in ended] == [asyncio.CancelledError] + [Unreachable] * 3


async def test_a_call_that_waits_holds_up_no_other(exclusive: None) -> None:
    async with world() as made:
        pool = pool_of(made, size=3)
        lamp = await lamp_of(made, pool)
        waiting = [asyncio.ensure_future(lamp.Wait()) for _ in range(2)]
        for _ in range(50):
            await asyncio.sleep(0)
        assert await lamp.Switch(1) == SwitchReply(0)
        assert len(pool) == 3
        assert {channel.group for channel in pool._channels} == {pool._channels[0].group} != {0}
        answers = await asyncio.gather(*(lamp.Shine(number) for number in range(20)))  # they take turns
        assert answers == [OctetsReply(number, bytes(number)) for number in range(20)]
        assert len(pool) == 3
        for call_ in waiting:
            call_.cancel()  # ends its connection, and no other
        await asyncio.wait(waiting)
        assert await lamp.Switch(0) == SwitchReply(1)
        assert len(pool) == 1
        pool.close()


async def test_calls_that_begin_together_share_what_is_opened(exclusive: None) -> None:
    async with world() as made:
        pool = pool_of(made)
        lamp = await lamp_of(made, pool)
        await asyncio.gather(*(lamp.Switch(1) for _ in range(30)))
        assert len(pool) <= 8
        assert len(made.endpoint.groups) == 1
        pool.close()


async def test_a_lost_connection_fails_what_is_open_at_once_and_is_replaced() -> None:
    async with world() as made:
        pool = pool_of(made)
        lamp = await lamp_of(made, pool)
        waiting = [asyncio.ensure_future(lamp.Wait()) for _ in range(5)]
        await lamp.Switch(1)
        made.connections[-1]._transport.abort()
        done = await asyncio.gather(*waiting, return_exceptions=True)
        assert all(isinstance(each, Unreachable) for each in done)
        # Its group has ended, and with it what was tied to it alone; the lamp lives by its pings.
        assert await lamp.Switch(0) == SwitchReply(1)
        pool.close()


async def test_whoever_waits_for_no_answer_is_told_of_the_end_too(exclusive: None) -> None:
    async with world() as made:
        pool = pool_of(made)
        lamp = await lamp_of(made, pool)
        ends: list[bool] = []
        pool.watch(ends.append)
        waiting = [asyncio.ensure_future(lamp.Wait()) for _ in range(2)]
        await asyncio.sleep(1)
        assert pool._channels[0].ends == ("192.0.2.100", HOST)
        for call_ in waiting:
            call_.cancel()  # ends its connection
        await asyncio.wait(waiting)
        assert ends == [False], "the last of them was given up on this side"
        waiting = [asyncio.ensure_future(lamp.Wait()) for _ in range(2)]
        await asyncio.sleep(1)
        made.endpoint.cut_all()
        await asyncio.wait(waiting)
        assert ends == [False, True]
        await lamp.Switch(0)
        pool.close()
        assert len(ends) == 2


async def test_what_is_held_over_lost_connections_is_not_given_back() -> None:
    """Nobody connects for that; it may not even be the same server."""
    async with world() as made:
        channel = await made.channel()
        _, std = await lit(channel)
        channel.close()
        exporter = RemoteExporter(made.exporter.entry(HOST), pool_of(made))
        lamp = exporter.proxy(ILamp, await exporter.adopt(std))
        assert await lamp.Switch(1) == SwitchReply(0)
        for connection in made.connections:
            connection.cut()
        await asyncio.sleep(1)
        before = len(made.connections)
        await exporter.close()
        assert (len(exporter), len(made.connections)) == (0, before)
        assert made.lamps[0].released_times == 0


async def test_a_group_that_has_ended_is_not_asked_for_twice(monkeypatch: pytest.MonkeyPatch, exclusive: None) -> None:
    async with world() as made:
        pool = pool_of(made)
        lamp = await lamp_of(made, pool)
        await lamp.Switch(1)
        monkeypatch.setattr(Channel, "group", property(lambda channel: 4711))
        waiting = asyncio.ensure_future(lamp.Wait())
        await asyncio.sleep(0)
        with pytest.raises(WbemError):  # the server knows no such group, and there is another connection
            await lamp.Switch(0)
        waiting.cancel()
        await asyncio.wait([waiting])
        pool.close()


async def test_late_answers_are_counted() -> None:
    async with world() as made:
        pool = pool_of(made)
        lamp = await lamp_of(made, pool)
        await lamp.Switch(1)
        held = made.lamps[0]
        answer = asyncio.get_running_loop().create_future()

        async def slow(on: int) -> SwitchReply:
            await asyncio.shield(answer)
            return SwitchReply(on)

        held.Switch = slow  # type: ignore[method-assign]
        asking = asyncio.ensure_future(lamp.Switch(1))
        await asyncio.sleep(1)
        asking.cancel()
        await asyncio.wait([asking])
        answer.set_result(None)
        await asyncio.sleep(1)
        assert pool.late == 1
        for channel in pool._channels:
            channel.close()
        pool._forget_closed()
        assert pool.late == 1


async def test_a_pool_that_was_closed() -> None:
    async with world() as made:
        pool = pool_of(made)
        lamp = await lamp_of(made, pool)
        opening = asyncio.ensure_future(lamp.Switch(1))
        await asyncio.sleep(0)
        pool.close()
        with pytest.raises(Unreachable):
            await opening
        with pytest.raises(Unreachable, match="on this side"):
            await lamp.Switch(1)
        assert len(pool) == 0


def entry(*hosts: str, port: int = 49152) -> OxidEntry:
    return OxidEntry(1, Bindings.tcp(hosts, port), IPID)


@pytest.mark.parametrize(
    ("only", "ways"),
    [
        (None, ["srv1", "192.0.2.1", "2001:db8::1"]),
        ("192.0.2.1", ["192.0.2.1"]),
        ("behind.nat.example", ["behind.nat.example"]),
    ],
)
def test_which_ways_are_tried(only: str | None, ways: list[str]) -> None:
    route = Route(entry("srv1", "192.0.2.1", "2001:db8::1"), Means(), only=only)
    assert route.ways == [Address(host, 49152) for host in ways]


def test_no_more_ways_are_tried_than_a_machine_has() -> None:
    assert len(Route(entry(*(f"host{number}" for number in range(100))), Means()).ways) == limits.BINDINGS_TRIED


async def test_the_way_that_worked_is_tried_first_the_next_time() -> None:
    async with world() as made:
        tried: list[str] = []

        async def connect(protocol: Any, host: str, port: int, timeout: float) -> Any:
            tried.append(host)
            return await made.network.connect(protocol, host, port, timeout)

        route = Route(entry("srv1", "192.0.2.77", HOST, port=PORT), Means(connect=connect))
        for _ in range(2):
            channel = await route.open()
            assert await proxy(IObjectExporter, channel).ServerAlive() == 0
            channel.close()
        assert tried == ["srv1", "192.0.2.77", HOST, HOST]
        with pytest.raises(Unreachable, match=r"no way to exporter 0000000000000001: .*srv1.*; .*192\.0\.2\.77"):
            await Route(entry("srv1", "192.0.2.77", port=PORT), Means(connect=connect)).open()
        with pytest.raises(Unreachable, match="no TCP address"):
            await Route(OxidEntry(1, Bindings.tcp([HOST]), IPID), Means(connect=connect)).open()


class IChain(IUnknown, iid="6d6d1f5a-6a0e-4a1c-9d3c-1b7c1c1d0021"):
    """Calls on."""

    @call(3)
    async def Call(self) -> HRESULT:  # type: ignore[empty-body]  # a declaration has none
        """Another one, as a consequence."""

    @call(4)
    async def Fail(self) -> HRESULT:  # type: ignore[empty-body]  # a declaration has none
        """With something to say."""


class Chain(Served, IChain):
    def __init__(self, following: IChain | None, information: bytes = b"") -> None:
        self.following = following
        self.information = information
        self.cids: list[Guid] = []

    async def Call(self) -> int:
        self.cids.append(causality())
        return 0 if self.following is None else await self.following.Call()

    async def Fail(self) -> int:
        raise WbemError(WbemStatus.NOT_FOUND, "not sent") from ErrorInformation(self.information)


async def served(made: World, chain: Chain, channel: Channel) -> IChain:
    reference = objref.decode(made.exporter.publish(chain, IChain, HOST))
    assert not isinstance(reference, ObjRefCustom)
    return proxy(IChain, channel, reference.std.ipid)


async def test_calls_that_cause_each_other_say_so() -> None:
    async with world() as made:
        made.endpoint.interfaces |= {SyntaxId(IChain.iid)}
        channel = await made.channel()
        last = Chain(None)
        first = Chain(await served(made, last, channel))
        outer = await served(made, first, channel)
        await outer.Call()
        await outer.Call()
        assert first.cids == last.cids
        assert len(set(first.cids)) == 2
        assert causality() not in first.cids
        channel.close()


@pytest.mark.parametrize("sent", [True, False])
async def test_what_a_server_has_to_say_of_a_failure(sent: bool) -> None:
    info = ErrorInfo(IChain.iid, "Lamps", "the lamp\nis broken")
    async with world() as made:
        made.endpoint._explain = _said
        made.endpoint.interfaces |= {SyntaxId(IChain.iid)}
        channel = await made.channel()
        await (await served(made, Chain(None), channel)).Call()
        if sent:
            made.endpoint.groups.note(channel.group)
        for octets, text in ((info.encode(), "the lamp?is broken"), (objref.encode(ObjRefCustom(IPID, IPID, b"")), "")):
            with pytest.raises(WbemError) as failed:
                await (await served(made, Chain(None, octets), channel)).Fail()
            assert failed.value.status == WbemStatus.NOT_FOUND
            cause = failed.value.__cause__
            assert (isinstance(cause, ErrorInformation) and cause.reference == octets) is sent
            assert (failed.value.message == text) is (sent and bool(text))
        with pytest.raises(WbemError):
            await (await served(made, Chain(None, b"rubbish"), channel)).Fail()
        channel.close()


def _said(error: WbemError) -> bytes | None:
    cause = error.__cause__
    return cause.reference if isinstance(cause, ErrorInformation) else None
