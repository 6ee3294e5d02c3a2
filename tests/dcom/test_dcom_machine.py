"""A client of a machine: activation, references, pings, versions; against the real server's end, in memory."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from tests.dcom.fakes import (
    CLSID_LAMP,
    HOST,
    ME,
    PORT,
    YOU,
    ILamp,
    INothing,
    IShade,
    SwitchReply,
    World,
    nothing_left,
    world,
)

from openwmi.base import limits
from openwmi.base.error import AccessDenied, Unreachable, WbemError
from openwmi.base.fault import RemoteProtocolError
from openwmi.base.guid import Guid
from openwmi.base.status import HResult
from openwmi.dcom import Machine, Means, Resolver
from openwmi.dcom import activation as activation_module
from openwmi.dcom import dispatch as dispatch_module
from openwmi.interfaces import ComplexPingReply, IObjectExporter, RemQueryInterfaceReply, ServerAlive2Reply
from openwmi.net import Address
from openwmi.orpc import ComVersion, ObjRefCustom, ObjRefStandard, StdObjRef, objref
from openwmi.security import NtlmInitiator, negotiate

IPID = Guid("6d6d1f5a-6a0e-4a1c-9d3c-1b7c1c1d00bb")


def means(made: World, user: tuple[str, str] = ME) -> Means:
    return Means(lambda: NtlmInitiator(*user, "DOM"), connect=made.network.connect)


@asynccontextmanager
async def machine(made: World, **how: Any) -> AsyncIterator[Machine]:
    opened = await Machine.open(Address(HOST, PORT), means(made, **how))
    try:
        yield opened
    finally:
        await opened.close()


async def test_an_object_from_its_activation_to_its_end() -> None:
    async with world() as made, machine(made) as there:
        exporter, (lamp, shade, nothing) = await there.activate(CLSID_LAMP, ILamp, IShade, INothing)
        assert there.ends == ("192.0.2.100", HOST)
        assert lamp is not None
        assert shade is not None
        assert nothing is None
        assert await exporter.proxy(ILamp, lamp).Switch(1) == SwitchReply(0)
        assert await exporter.proxy(IShade, shade).Draw() == 0
        more, none = await exporter.query(lamp, IShade, INothing)
        assert (more, none) == (shade, None)
        assert list(await exporter.query(lamp, INothing)) == [None]
        assert len(exporter) == 2
        await exporter.release(lamp)
        assert made.lamps[0].released_times == 0
        await exporter.release(shade, lamp)
        assert made.lamps[0].released_times == 1
        assert len(exporter) == len(made.exporter) == 0


async def test_a_server_that_tells_of_fewer_interfaces_than_it_was_asked_for() -> None:
    async def nothing(*_: object) -> RemQueryInterfaceReply:
        return RemQueryInterfaceReply(None)

    async with world() as made, machine(made) as there:
        exporter, (lamp,) = await there.activate(CLSID_LAMP, ILamp)
        assert lamp is not None
        exporter._rem_unknown.__dict__["RemQueryInterface"] = nothing
        with pytest.raises(RemoteProtocolError, match="asked for 2 interfaces, it told of 0"):
            await exporter.query(lamp, IShade, INothing)


async def test_what_is_held_is_given_back_when_the_client_ends() -> None:
    async with world() as made:
        async with machine(made) as there:
            for _ in range(3):
                await there.activate(CLSID_LAMP, ILamp)
            assert len(made.exporter) == 3
        assert len(made.exporter) == 0


async def test_who_is_cancelled_while_closing_leaves_no_connection() -> None:
    async with world() as made:
        there = await Machine.open(Address(HOST, PORT), means(made))
        exporter, _ = await there.activate(CLSID_LAMP, ILamp)
        closing = asyncio.ensure_future(there.close())
        await asyncio.sleep(0)
        closing.cancel()
        await asyncio.wait([closing])
        assert closing.cancelled()
        assert not len(exporter.pool)
        with pytest.raises(WbemError, match="closed on this side"):
            await there._channel.request(IObjectExporter.iid, 0, b"", None)


async def test_a_reference_that_came_with_an_answer() -> None:
    async with world() as made, machine(made) as there:
        exporter, (lamp,) = await there.activate(CLSID_LAMP, ILamp)
        assert lamp is not None
        other = (await exporter.proxy(ILamp, lamp).Next()).lamp
        assert other is not None
        again, ipid = await there.adopt(other)
        assert again is exporter
        assert await exporter.proxy(ILamp, ipid).Switch(1) == SwitchReply(0)
        with pytest.raises(WbemError, match="by value"):
            await there.adopt(ObjRefCustom(IPID, IPID, b""))
        reference = objref.decode(other)
        assert isinstance(reference, ObjRefStandard)
        await exporter.release(ipid)
        std = reference.std
        without = StdObjRef(0, 0, std.oxid, std.oid, std.ipid)  # no counts: it has to ask for some, and it is too late
        with pytest.raises(WbemError, match="is gone"):
            await there.adopt(ObjRefStandard(ILamp.iid, without, reference.resolver))
        await exporter.proxy(ILamp, lamp).Switch(1)
        without = StdObjRef(0, 0, std.oxid, std.oid, lamp)
        assert (await there.adopt(ObjRefStandard(ILamp.iid, without, reference.resolver)))[1] == lamp


async def test_an_exporter_that_is_not_known_yet_is_asked_for() -> None:
    async with world() as made, machine(made) as first, machine(made) as second:
        exporter, (lamp,) = await first.activate(CLSID_LAMP, ILamp)
        assert lamp is not None
        other = (await exporter.proxy(ILamp, lamp).Next()).lamp
        assert other is not None
        found, ipid = await second.adopt(other)
        assert found is not exporter
        assert await found.proxy(ILamp, ipid).Switch(1) == SwitchReply(0)
        reference = objref.decode(other)
        assert isinstance(reference, ObjRefStandard)
        nowhere = StdObjRef(0, 1, 1, 2, IPID)
        with pytest.raises(WbemError, match="knows no exporter"):
            await second.adopt(ObjRefStandard(ILamp.iid, nowhere, reference.resolver))


@pytest.mark.parametrize(
    ("clsid", "interface", "user", "status"),
    [
        (IPID, ILamp, ME, HResult.REGDB_E_CLASSNOTREG),
        (CLSID_LAMP, INothing, ME, HResult.E_NOINTERFACE),
        (CLSID_LAMP, ILamp, ("me", "wrong"), HResult.E_ACCESSDENIED),
    ],
)
async def test_activations_that_fail(clsid: Guid, interface: Any, user: tuple[str, str], status: HResult) -> None:
    async with world() as made, machine(made, user=user) as there:
        with pytest.raises(WbemError) as failed:
            await there.activate(clsid, interface)
        assert failed.value.status == status


async def test_no_object_is_reachable_by_another_principal() -> None:
    async with world() as made, machine(made) as mine, machine(made, user=YOU) as yours:
        exporter, (lamp,) = await mine.activate(CLSID_LAMP, ILamp)
        assert lamp is not None
        theirs, _ = await yours.activate(CLSID_LAMP, ILamp)
        with pytest.raises(WbemError) as failed:
            await theirs.proxy(ILamp, lamp).Switch(1)
        assert failed.value.status == HResult.RPC_E_DISCONNECTED
        with pytest.raises(WbemError):
            await theirs.query(lamp, IShade)
        await theirs.release(lamp)
        assert await exporter.proxy(ILamp, lamp).Switch(1) == SwitchReply(0)


async def test_pings_keep_what_is_held_and_nothing_else() -> None:
    async with world() as made, machine(made) as there:
        exporter, (kept,) = await there.activate(CLSID_LAMP, ILamp)
        assert kept is not None
        _, (forgotten,) = await there.activate(CLSID_LAMP, ILamp)
        assert forgotten is not None
        exporter._held.remove([forgotten])
        for lamp in made.lamps:
            lamp.tied = False  # type: ignore[misc]  # as if its client never had a connection
        made.exporter.disconnect(next(iter(made.connections)).group)
        await asyncio.sleep(3 * limits.PING_TIMEOUT_SECONDS)
        assert [lamp.released_times for lamp in made.lamps] == [0, 1]
        assert await exporter.proxy(ILamp, kept).Switch(1) == SwitchReply(0)
        await exporter.release(kept)
        await asyncio.sleep(limits.PING_PERIOD_SECONDS)
        await there.pinger.close()


class Deaf(Resolver):
    """Forgets the set now and then, and writes down what it was told."""

    def __init__(self, exporter: Any) -> None:
        super().__init__(exporter)
        self.heard: list[tuple[Any, ...]] = []
        self.forgets = 0

    async def SimplePing(self, pSetId: int) -> int:
        self.heard.append((pSetId,))
        if self.forgets:
            self.forgets -= 1
            return HResult.RPC_E_INVALID_SET & 0xFFFF
        return await super().SimplePing(pSetId)

    async def ComplexPing(self, pSetId: int, SequenceNum: int, *rest: Any) -> ComplexPingReply:
        self.heard.append((pSetId, SequenceNum, *rest))
        return await super().ComplexPing(pSetId, SequenceNum, *rest)


async def test_what_pings_say() -> None:
    async with world() as made:
        deaf = Deaf(made.exporter)
        made.endpoint._services[IObjectExporter.iid] = deaf
        async with machine(made) as there:
            await there.pinger.ping()
            assert deaf.heard == []  # nothing was ever held
            exporter, (lamp,) = await there.activate(CLSID_LAMP, ILamp)
            assert lamp is not None
            (oid,) = exporter.pinged
            await there.pinger.ping()
            await there.pinger.ping()
            (created, simple) = deaf.heard
            assert created == (0, 1, 1, 0, (oid,), None)
            deaf.forgets = 1
            await there.pinger.ping()
            assert deaf.heard[2:] == [simple, (0, 2, 1, 0, (oid,), None)]
            await exporter.release(lamp)
            await there.pinger.ping()
            assert deaf.heard[4][1:] == (3, 0, 1, None, (oid,))
            await there.pinger.ping()
            assert len(deaf.heard[5]) == 1


async def test_what_is_given_back_while_it_is_pinged_is_no_news(caplog: pytest.LogCaptureFixture) -> None:
    async with world() as made:
        deaf = Deaf(made.exporter)
        made.endpoint._services[IObjectExporter.iid] = deaf
        async with machine(made) as there:
            await there.activate(CLSID_LAMP, ILamp)
            await there.pinger.ping()
            exporter, (lamp,) = await there.activate(CLSID_LAMP, ILamp)
            assert lamp is not None
            tell = there.pinger._resolver.ComplexPing

            async def release_before(*what: Any) -> ComplexPingReply:
                await exporter.release(lamp)
                return await tell(*what)

            with pytest.MonkeyPatch.context() as patch:
                patch.setattr(there.pinger._resolver, "ComplexPing", release_before)
                await there.pinger.ping()
            assert not caplog.records
            there.pinger._held = lambda: frozenset({1})  # which is held, and not known there
            await there.pinger.ping()
            assert "a ping was answered with error 1911" in caplog.text


async def test_what_else_a_ping_is_answered_with_is_news(caplog: pytest.LogCaptureFixture) -> None:
    class Full(Deaf):
        async def ComplexPing(self, pSetId: int, SequenceNum: int, *rest: Any) -> ComplexPingReply:
            there.pinger._held = frozenset  # all was given back meanwhile
            return ComplexPingReply(1, 0, 14)

    async with world() as made:
        made.endpoint._services[IObjectExporter.iid] = Full(made.exporter)
        async with machine(made) as there:
            await there.activate(CLSID_LAMP, ILamp)
            await there.pinger.ping()
            assert "a ping was answered with error 14" in caplog.text


async def test_a_ping_that_fails_is_made_up_for(caplog: pytest.LogCaptureFixture) -> None:
    async with world() as made, machine(made) as there:
        _, (lamp,) = await there.activate(CLSID_LAMP, ILamp)
        assert lamp is not None
        network, made.network._ports = made.network._ports, {}
        for connection in made.connections:
            connection.close()
        await asyncio.sleep(limits.PING_PERIOD_SECONDS + 1)
        assert "a ping failed" in caplog.text
        made.network._ports = network
        await asyncio.sleep(limits.PING_PERIOD_SECONDS)
        assert len(made.exporter) == 1


async def test_a_ping_that_nobody_answers_does_not_end_the_others(caplog: pytest.LogCaptureFixture) -> None:
    class Mute(Deaf):
        async def ComplexPing(self, pSetId: int, SequenceNum: int, *rest: Any) -> ComplexPingReply:
            if not self.heard:
                self.heard.append((pSetId,))
                await asyncio.sleep(10 * limits.PING_TIMEOUT_SECONDS)
            return await super().ComplexPing(pSetId, SequenceNum, *rest)

    async with world() as made:
        mute = made.endpoint._services[IObjectExporter.iid] = Mute(made.exporter)
        async with machine(made) as there:
            await there.activate(CLSID_LAMP, ILamp)
            await asyncio.sleep(2 * limits.PING_PERIOD_SECONDS + limits.SILENT_SECONDS + 1)
            assert "a ping failed: nobody answered it" in caplog.text
            assert len(mute.heard) == 2


def speaking(monkeypatch: pytest.MonkeyPatch, version: ComVersion) -> None:
    """The server is of that version."""
    monkeypatch.setattr(activation_module, "OUR_VERSION", version)
    monkeypatch.setattr(dispatch_module, "OUR_VERSION", version)


@pytest.mark.parametrize("minor", [7, 6, 4, 2, 1])
@pytest.mark.parametrize("tells", [True, False])
async def test_the_newest_version_that_both_speak(monkeypatch: pytest.MonkeyPatch, minor: int, tells: bool) -> None:
    version = ComVersion(5, minor)

    class Old(Resolver):
        async def ServerAlive2(self) -> ServerAlive2Reply:
            reply = await super().ServerAlive2()
            return reply._replace(pComVersion=version) if tells else reply  # some say more than they speak

    async with world() as made:
        made.endpoint._services[IObjectExporter.iid] = Old(made.exporter)
        speaking(monkeypatch, version)
        async with machine(made) as there:
            exporter, (lamp,) = await there.activate(CLSID_LAMP, ILamp)
            assert lamp is not None
            assert there.version == version
            assert await exporter.proxy(ILamp, lamp).Switch(1) == SwitchReply(0)


async def test_a_server_from_before_server_alive_2(monkeypatch: pytest.MonkeyPatch) -> None:
    class Older(Resolver):
        async def ServerAlive2(self) -> ServerAlive2Reply:
            raise WbemError(0x800706D1, "no such call")

    async with world() as made:
        made.endpoint._services[IObjectExporter.iid] = Older(made.exporter)
        speaking(monkeypatch, ComVersion(5, 1))
        async with machine(made) as there:
            await there.activate(CLSID_LAMP, ILamp)
            assert there.version == ComVersion(5, 1)


async def test_a_version_that_nobody_speaks(monkeypatch: pytest.MonkeyPatch) -> None:
    async with world() as made:
        speaking(monkeypatch, ComVersion(5, 0))
        async with machine(made) as there:
            with pytest.raises(WbemError) as failed:
                await there.activate(CLSID_LAMP, ILamp)
            assert failed.value.status == HResult.RPC_E_VERSION_MISMATCH


async def test_the_connection_to_the_resolver_may_be_closed_meanwhile() -> None:
    async with world() as made, machine(made) as there:
        await there.activate(CLSID_LAMP, ILamp)
        there._channel.close()
        exporter, (lamp,) = await there.activate(CLSID_LAMP, ILamp)
        assert lamp is not None
        assert await exporter.proxy(ILamp, lamp).Switch(1) == SwitchReply(0)


async def test_a_server_that_is_gone_takes_nothing_back() -> None:
    async with nothing_left():
        made = World(1 << 16)
        port = await made.network.listen(made.accept, Address(HOST, PORT))
        async with machine(made) as there:
            exporter, (lamp,) = await there.activate(CLSID_LAMP, ILamp)
            assert lamp is not None
            await port.close()
            await made.endpoint.close()
            made.exporter.close()
            with pytest.raises(Unreachable):
                await exporter.proxy(ILamp, lamp).Switch(1)


async def test_a_machine_by_negotiate_and_one_that_is_not_there() -> None:
    async with world() as made:
        how = Means(lambda: negotiate(HOST, *ME, "DOM", kerberos=False), connect=made.network.connect)
        there = await Machine.open(Address(HOST, PORT), how)
        await there.activate(CLSID_LAMP, ILamp)
        await there.close()
        with pytest.raises(Unreachable):
            await Machine.open(Address("192.0.2.99", PORT), how)
        nobody = await Machine.open(Address(HOST, PORT), Means(connect=made.network.connect))
        with pytest.raises(AccessDenied):
            await nobody.activate(CLSID_LAMP, ILamp)
        await nobody.close()
