"""One call: its stub, its answer, and everything that may be wrong with it."""

from __future__ import annotations

import logging

import pytest
from tests.dcom.fakes import ILamp, INothing, IShade, Lamp, OctetsReply, Refused, SwitchReply, standard, world

from openwmi import ndr
from openwmi.base import guid
from openwmi.base.guid import Guid
from openwmi.base.status import HResult, WbemStatus
from openwmi.dcom.dispatch import dispatch
from openwmi.interfaces import IObjectExporter, IRemUnknown2
from openwmi.ndr import NDR20, NdrReader, NdrWriter, codec
from openwmi.orpc import ERROR_EXTENSION, ComVersion, OrpcThat, OrpcThis
from openwmi.rpc import NDR, NDR64, AuthLevel, FaultStatus, RequestReceived, SyntaxId, VerificationTrailer
from openwmi.rpc.verification import CLIENT_SUPPORT_HEADER_SIGNING

THIS = OrpcThis.of(Guid("6d6d1f5a-6a0e-4a1c-9d3c-1b7c1c1d00ff"))


def this() -> bytes:
    writer = NdrWriter()
    codec(OrpcThis).encode(writer, THIS)
    return bytes(writer)


async def test_a_call_is_carried_out() -> None:
    async with world() as made:
        client = await made.enter()
        lamp = await client.activate(ILamp)
        assert await client.call(ILamp, "Switch", 1, target=lamp.ipid) == SwitchReply(0)
        assert await client.call(ILamp, "Switch", 0, target=lamp.ipid) == SwitchReply(1)
        assert await client.call(ILamp, "Shine", 20_000, target=lamp.ipid) == OctetsReply(20_000, bytes(20_000))


async def test_a_failure_is_an_answer_of_zeros_and_the_status() -> None:
    async with world() as made:
        client = await made.enter()
        lamp = await client.activate(ILamp)
        answer = await client.call(ILamp, "Switch", 2, target=lamp.ipid)
        assert answer == SwitchReply(0, WbemStatus.INVALID_PARAMETER)


@pytest.mark.parametrize("transfer", [NDR, NDR64], ids=["NDR", "NDR64"])
@pytest.mark.parametrize(
    ("on", "said", "heard"), [(1, b"x", None), (2, None, None), (2, b"x", b"x"), (2, *[b"x" * 999] * 2)]
)
async def test_what_an_answer_begins_with(transfer: SyntaxId, on: int, said: bytes | None, heard: bytes | None) -> None:
    """What there is to say of a failure, and nothing else; in the syntax of the request."""
    syntax = NDR20 if transfer is NDR else ndr.NDR64
    switch, writer = ILamp.calls[3], NdrWriter(syntax)
    codec(OrpcThis, syntax).encode(writer, THIS)
    switch.encode_request(writer, [on])
    request = RequestReceived(
        1, 0, SyntaxId(ILamp.iid), 3, None, bytes(writer), AuthLevel.INTEGRITY, "me", None, transfer
    )
    async with world() as made:
        stub = await dispatch(ILamp, Lamp(made), request, header_signing=False, explain=lambda _: said)
    reader = NdrReader(stub, syntax=syntax)
    that = codec(OrpcThat, syntax).decode(reader)
    assert that.extension(ERROR_EXTENSION) == heard
    status = WbemStatus.NO_ERROR if on == 1 else WbemStatus.INVALID_PARAMETER
    assert (switch.decode_reply(reader), reader.remaining) == (SwitchReply(0, status), 0)


async def test_a_failure_is_logged_without_its_text(caplog: pytest.LogCaptureFixture) -> None:
    """Which may hold the text of a query or the path of an object."""
    caplog.set_level(logging.DEBUG, "openwmi.dcom")
    async with world() as made:
        client = await made.enter()
        lamp = await client.activate(ILamp)
        await client.call(ILamp, "Switch", 2, target=lamp.ipid)
    assert "ILamp.Switch: WBEM_E_INVALID_PARAMETER (0x80041008)" in caplog.messages
    assert "on or off" not in caplog.text


async def test_a_call_that_nobody_implements() -> None:
    async with world() as made:
        client = await made.enter()
        lamp = await client.activate(ILamp)
        assert (await client.call(ILamp, "Melt", target=lamp.ipid)).hresult == HResult.E_NOTIMPL


async def test_a_bug_is_a_fault_and_in_the_log_without_what_the_caller_gave(caplog: pytest.LogCaptureFixture) -> None:
    async with world() as made:
        client = await made.enter()
        lamp = await client.activate(ILamp)
        with pytest.raises(Refused) as caught:
            await client.call(ILamp, "Break", target=lamp.ipid)
        assert (caught.value.status, caught.value.executed) == (HResult.RPC_E_SERVERFAULT, True)
        assert await client.call(ILamp, "Switch", 1, target=lamp.ipid) == SwitchReply(0)
    (record,) = [record for record in caplog.records if record.levelno >= logging.ERROR]
    assert "ILamp.Break failed: KeyError" in record.getMessage()
    assert "fakes.py" in record.getMessage()
    assert "secret" not in caplog.text


@pytest.mark.parametrize("cut", [0, 1, 31, 32, 35])
async def test_a_stub_that_ends_too_early(cut: int) -> None:
    stub = (this() + bytes([1, 0, 0, 0]))[:cut]
    async with world() as made:
        client = await made.enter()
        lamp = await client.activate(ILamp)
        with pytest.raises(Refused) as caught:
            await (client.ask(ILamp, 3, stub, target=lamp.ipid))[1]
        assert (caught.value.status, caught.value.executed) == (FaultStatus.BAD_STUB_DATA, False)
        assert made.lamps[0].on == 0


async def test_an_opnum_that_there_is_not() -> None:
    async with world() as made:
        client = await made.enter()
        lamp = await client.activate(ILamp)
        for opnum in (0, 1, 2, 9, 0xFFFF):
            with pytest.raises(Refused) as caught:
                await client.request(ILamp, opnum, this(), target=lamp.ipid)
            assert caught.value.status == FaultStatus.OP_RANGE_ERROR


async def test_the_object_decides_about_the_interface_and_not_the_context() -> None:
    """A well-known client binds one interface and calls all."""
    async with world() as made:
        client = await made.enter()
        lamp = await client.activate(ILamp)
        client.contexts[ILamp.iid] = client.contexts[IShade.iid]
        assert await client.call(ILamp, "Switch", 1, target=lamp.ipid) == SwitchReply(0)


async def test_an_interface_of_objects_called_on_none() -> None:
    async with world() as made:
        client = await made.enter()
        for target in (None, guid.NULL):
            with pytest.raises(Refused) as caught:
                await client.call(ILamp, "Switch", 1, target=target)
            assert caught.value.status == FaultStatus.UNKNOWN_INTERFACE


@pytest.mark.parametrize(
    ("version", "served"),
    [((5, 7), True), ((5, 1), True), ((5, 0), True), ((5, 8), False), ((4, 7), False), ((6, 0), False)],
)
async def test_com_versions(version: tuple[int, int], served: bool) -> None:
    async with world() as made:
        client = await made.enter()
        lamp = await client.activate(ILamp)
        if served:
            assert await client.call(ILamp, "Switch", 1, target=lamp.ipid, version=ComVersion(*version))
        else:
            with pytest.raises(Refused) as caught:
                await client.call(ILamp, "Switch", 1, target=lamp.ipid, version=ComVersion(*version))
            assert caught.value.status == HResult.RPC_E_VERSION_MISMATCH
            assert made.lamps[0].on == 0


async def test_what_follows_the_parameters_is_let_be() -> None:
    async with world() as made:
        client = await made.enter()
        lamp = await client.activate(ILamp)
        for junk in (b"\0" * 4, b"\xbf" * 12, b"anything at all"):
            assert await client.call(ILamp, "Switch", 1, target=lamp.ipid, tail=junk) is not None


async def test_a_verification_trailer_is_checked() -> None:
    async with world() as made:
        client = await made.enter(INothing)
        lamp = await client.activate(ILamp)
        right = VerificationTrailer(1, SyntaxId(ILamp.iid), NDR)
        assert await client.call(ILamp, "Switch", 1, target=lamp.ipid, tail=right.encode()) == SwitchReply(0)
        wrong = VerificationTrailer(1, SyntaxId(INothing.iid), NDR)
        with pytest.raises(Refused) as caught:
            await client.call(ILamp, "Switch", 0, target=lamp.ipid, tail=wrong.encode())
        assert (caught.value.status, caught.value.executed) == (FaultStatus.ACCESS_DENIED, False)
        assert made.lamps[0].on == 1


async def test_a_bind_that_lost_its_wish_for_signed_headers_shows_in_the_trailer() -> None:
    async with world() as made:
        client = await made.enter()
        lamp = await client.activate(ILamp)
        made.connections[0]._association._link.header_signing = False  # as if somebody had taken the flag out
        client.association._link.header_signing = False
        trailer = VerificationTrailer(CLIENT_SUPPORT_HEADER_SIGNING)
        with pytest.raises(Refused) as caught:
            await client.call(ILamp, "Switch", 1, target=lamp.ipid, tail=trailer.encode())
        assert (caught.value.status, made.lamps[0].on) == (FaultStatus.ACCESS_DENIED, 0)


async def test_services_are_called_without_an_object() -> None:
    async with world() as made:
        client = await made.connect()
        await client.bind(IObjectExporter)
        assert await client.call(IObjectExporter, "ServerAlive") == 0


async def test_two_interfaces_of_one_object() -> None:
    async with world() as made:
        client = await made.enter()
        lamp = await client.activate(ILamp)
        reply = await client.call(
            IRemUnknown2, "RemQueryInterface", lamp.ipid, 1, 1, (IShade.iid,), target=made.rem_unknown
        )
        shade = reply.ppQIResults[0].std
        assert await client.call(IShade, "Draw", target=shade.ipid) == 0
        with pytest.raises(Refused):
            await client.call(ILamp, "Wait", target=shade.ipid)  # a shade has no call 4
        another = standard((await client.call(ILamp, "Next", target=lamp.ipid)).lamp)
        assert another.oid != lamp.oid
