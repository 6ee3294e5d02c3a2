"""Proxies: what a method returns and raises, references that are released, and a sink that is called back."""

from __future__ import annotations

import asyncio
from typing import Annotated, NamedTuple

import pytest
from tests.dcom.fakes import (
    HOST,
    NAMES,
    PORT,
    ILamp,
    IShade,
    OctetsReply,
    SwitchReply,
    Users,
    lit,
    nothing_left,
    standard,
    world,
)

from openwmi.base.error import Unreachable, WbemError
from openwmi.base.fault import LocalProtocolError, RemoteProtocolError
from openwmi.base.guid import Guid
from openwmi.base.status import HResult, WbemStatus
from openwmi.dcom import Endpoint, Exporter, Resolver, Served, current_caller, proxy, reach, resolve
from openwmi.interfaces import IObjectExporter, IRemUnknown2, IUnknown, IWbemObjectSink, RemInterfaceRef, call
from openwmi.ndr import HRESULT, U32, NdrReader, NdrWriter, SizeIs, codec
from openwmi.net import Address
from openwmi.orpc import OUR_VERSION, ObjRefStandard, OrpcThat, OrpcThis, objref
from openwmi.rpc import AuthLevel
from openwmi.security import Logins
from openwmi.testing import MemoryNetwork

IPID = Guid("6d6d1f5a-6a0e-4a1c-9d3c-1b7c1c1d00bb")


class FewReply(NamedTuple):
    returned: U32
    numbers: Annotated[tuple[U32, ...], SizeIs("returned")]
    hresult: HRESULT = 0


class IFew(IUnknown, iid="6d6d1f5a-6a0e-4a1c-9d3c-1b7c1c1d0009"):
    """An enumeration."""

    @call(3)
    async def Next(self, count: U32) -> FewReply:  # type: ignore[empty-body]  # a declaration has none
        """Up to so many."""


class Canned:
    """Answers every call with these octets, and remembers how it was made."""

    def __init__(self, *stubs: bytes) -> None:
        self.stubs = list(stubs)
        self.version = OUR_VERSION
        self.asked: list[tuple[Guid, int, bytes, Guid | None]] = []

    async def request(self, interface: Guid, opnum: int, stub: bytes, target: Guid | None) -> bytes:
        self.asked.append((interface, opnum, stub, target))
        return self.stubs.pop(0)


def reply(*words: int) -> bytes:
    """ORPCTHAT, and words behind it."""
    writer = NdrWriter()
    codec(OrpcThat).encode(writer, OrpcThat())
    return bytes(writer) + b"".join(word.to_bytes(4, "little") for word in words)


async def test_a_call_names_its_interface_its_number_its_object_and_its_causality() -> None:
    channel = Canned(reply(0, 0), reply(0, 0))
    lamp = proxy(ILamp, channel, IPID)
    assert await lamp.Switch(7) == SwitchReply(0)
    assert await lamp.Switch(8) == SwitchReply(0)
    causalities = set()
    for number, (interface, opnum, stub, target) in enumerate(channel.asked):
        reader = NdrReader(stub)
        causalities.add(codec(OrpcThis).decode(reader).cid)
        assert (interface, opnum, target, reader.u32()) == (ILamp.iid, 3, IPID, 7 + number)
    assert len(causalities) == 2


async def test_plain_rpc_has_no_header_and_no_object() -> None:
    channel = Canned(bytes(4))
    assert await proxy(IObjectExporter, channel).ServerAlive() == 0
    assert channel.asked == [(IObjectExporter.iid, 3, b"", None)]


@pytest.mark.parametrize("hresult", [0, WbemStatus.FALSE, WbemStatus.TIMEDOUT])
async def test_a_success_with_a_meaning_is_in_the_reply(hresult: int) -> None:
    assert await proxy(IFew, Canned(reply(1, 1, 42, hresult))).Next(5) == FewReply(1, (42,), hresult)
    assert await proxy(ILamp, Canned(reply(hresult))).Wait() == hresult


@pytest.mark.parametrize("hresult", [WbemStatus.INVALID_PARAMETER, HResult.E_NOTIMPL, 0xFFFFFFFF])
async def test_a_failure_is_raised_and_says_which_call_it_was(hresult: int) -> None:
    with pytest.raises(WbemError) as caught:
        await proxy(ILamp, Canned(reply(0, hresult))).Switch(2)
    assert (caught.value.status, caught.value.operation) == (hresult, "ILamp.Switch")


@pytest.mark.parametrize("size", range(len(reply(3, 0))))
async def test_a_reply_that_was_cut_off(size: int) -> None:
    with pytest.raises(RemoteProtocolError):
        await proxy(ILamp, Canned(reply(3, 0)[:size])).Switch(1)


async def test_arguments_that_do_not_fit_are_not_sent() -> None:
    channel = Canned()
    with pytest.raises(LocalProtocolError):
        await proxy(ILamp, channel).Switch(-1)
    with pytest.raises(LocalProtocolError):
        await proxy(ILamp, channel).Switch()  # type: ignore[call-arg]  # which a type checker sees
    assert channel.asked == []


async def test_a_lamp_over_there() -> None:
    async with world() as made:
        channel = await made.channel()
        lamp, _ = await lit(channel)
        assert [await lamp.Switch(on) for on in (1, 0, 1)] == [SwitchReply(0), SwitchReply(1), SwitchReply(0)]
        assert await lamp.Shine(3) == OctetsReply(3, bytes(3))
        with pytest.raises(WbemError) as caught:
            await lamp.Switch(2)
        assert caught.value.status == WbemStatus.INVALID_PARAMETER
        with pytest.raises(WbemError) as caught:
            await lamp.Melt()
        assert caught.value.status == HResult.E_NOTIMPL
        other = proxy(ILamp, channel, standard((await lamp.Next()).lamp).ipid)
        assert await other.Switch(1) == SwitchReply(0)
        channel.close()


async def test_an_object_is_released_through_irem_unknown() -> None:
    async with world() as made:
        channel = await made.channel()
        lamp, reference = await lit(channel)
        unknown = proxy(IRemUnknown2, channel, made.rem_unknown)
        held = RemInterfaceRef(reference.ipid, 1, 0)
        assert (await unknown.RemAddRef(1, (held,))).pResults == (0,)
        assert await unknown.RemRelease(1, (held,)) == 0
        assert await lamp.Switch(1) == SwitchReply(0)
        assert await unknown.RemRelease(1, (held,)) == 0
        assert made.lamps[0].released_times == 1
        with pytest.raises(Unreachable) as caught:
            await lamp.Switch(1)
        assert caught.value.status == HResult.RPC_E_DISCONNECTED
        assert await unknown.RemRelease(1, (held,)) == 0  # the channel is as good as before
        channel.close()


async def test_another_interface_of_an_object() -> None:
    async with world() as made:
        channel = await made.channel()
        _, reference = await lit(channel)
        unknown = proxy(IRemUnknown2, channel, made.rem_unknown)
        found = await unknown.RemQueryInterface2(reference.ipid, 1, (IShade.iid,))
        assert await proxy(IShade, channel, standard(found.ppMIF[0]).ipid).Draw() == 0
        channel.close()


# ------------------------------------------------------------------------------------------------------ called back


class Sink(Served, IWbemObjectSink):
    """Remembers what it was told, and by whom."""

    def __init__(self) -> None:
        self.told: list[object] = []
        self.peers: set[str] = set()

    async def Indicate(self, lObjectCount: int, apObjArray: tuple[bytes | None, ...]) -> int:
        self.told.append(apObjArray)
        self.peers.add(current_caller().peer)
        return 0

    async def SetStatus(self, lFlags: int, hResult: int, strParam: str | None, pObjParam: bytes | None) -> int:
        self.told.append(hResult)
        return HResult.S_OK


async def test_a_sink_is_published_called_back_and_withdrawn() -> None:
    """The client's machine has a resolver at port 135 and an exporter elsewhere; nobody can log in there."""
    network, at = MemoryNetwork(), "192.0.2.7"
    async with nothing_left():
        exporter = Exporter([], lambda: port)
        levels = {IWbemObjectSink.iid: AuthLevel.NONE}
        endpoint = Endpoint(
            exporter, [Resolver(exporter)], [IWbemObjectSink], lambda peer: Logins(Users(), NAMES, peer=peer), levels
        )
        await network.listen(endpoint, Address(at, PORT))
        port = (await network.listen(endpoint, Address(at, 0))).address.port
        sink = Sink()
        reference = objref.decode(exporter.publish(sink, IWbemObjectSink, at))
        assert isinstance(reference, ObjRefStandard)

        found = await resolve(reference, connect=network.connect)
        assert [binding.address for binding in found.bindings.strings] == [f"{at}[{port}]"]
        channel = await reach(found, connect=network.connect)
        back = proxy(IWbemObjectSink, channel, reference.std.ipid)
        assert await back.Indicate(1, (None,)) == 0
        await asyncio.sleep(3600)  # nobody pings it, and a connection on which nobody logged in is cut
        channel = await reach(found, connect=network.connect)
        back = proxy(IWbemObjectSink, channel, reference.std.ipid)
        assert await back.SetStatus(0, WbemStatus.CALL_CANCELLED, None, None) == 0
        assert sink.told == [(None,), WbemStatus.CALL_CANCELLED]
        assert sink.peers == {"192.0.2.100"}
        exporter.withdraw(sink)
        with pytest.raises(Unreachable) as caught:
            await back.Indicate(1, (None,))
        assert caught.value.status == HResult.RPC_E_DISCONNECTED
        assert len(sink.told) == 2
        channel.close()
        await endpoint.close()
        exporter.close()


async def test_a_published_lamp_is_anybodys() -> None:
    async with world() as made:
        made.endpoint._levels = {**made.endpoint._levels, ILamp.iid: AuthLevel.NONE}
        lamp = made.classes._factory(next(iter(made.classes._factories)))()
        reference = standard(made.exporter.publish(lamp, ILamp, HOST))
        for user in (None, ("me", "secret"), ("you", "hidden")):
            channel = await made.channel(user)
            assert (await proxy(ILamp, channel, reference.ipid).Shine(1)).size == 1
            channel.close()
