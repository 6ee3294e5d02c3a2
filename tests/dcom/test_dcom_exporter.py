"""Objects that clients hold: by whom, and for how long."""

from __future__ import annotations

import asyncio
import logging
from typing import Any

import pytest
from tests.dcom.fakes import (
    HOST,
    ME,
    YOU,
    Client,
    ILamp,
    INothing,
    IShade,
    Lamp,
    Refused,
    SwitchReply,
    World,
    standard,
    world,
)

from openwmi.base import limits
from openwmi.base.guid import Guid
from openwmi.base.status import HResult
from openwmi.dcom import Exporter
from openwmi.interfaces import IRemUnknown, IRemUnknown2, IUnknown, RemInterfaceRef
from openwmi.orpc import NO_REFERENCE, SecurityBinding
from openwmi.rpc import AuthLevel

NOBODY = Guid("6d6d1f5a-6a0e-4a1c-9d3c-1b7c1c1d00aa")


async def query(client: Client, made: World, ipid: Guid, *interfaces: type[IUnknown], refs: int = 1) -> Any:
    iids = tuple(each.iid for each in interfaces)
    return await client.call(IRemUnknown2, "RemQueryInterface", ipid, refs, len(iids), iids, target=made.rem_unknown)


async def test_more_interfaces_of_an_object() -> None:
    async with world() as made:
        client = await made.enter()
        lamp = await client.activate(ILamp)
        reply = await query(client, made, lamp.ipid, IShade, INothing, ILamp, IUnknown, refs=3)
        assert reply.hresult == HResult.S_OK
        shade, nothing, same, unknown = reply.ppQIResults
        assert (shade.hResult, shade.std.oid, shade.std.public_refs) == (0, lamp.oid, 3)
        assert (nothing.hResult, nothing.std) == (HResult.E_NOINTERFACE, NO_REFERENCE)
        assert same.std.ipid == lamp.ipid
        assert unknown.std.ipid not in {lamp.ipid, shade.std.ipid}
        assert await client.call(IShade, "Draw", target=shade.std.ipid) == 0


async def test_references_say_how_to_prove_oneself_where_they_are_resolved() -> None:
    """Each exporter in its own words, to each client by the address that it came to."""
    negotiate, kerberos = SecurityBinding(9), SecurityBinding(16, "host/lamps")
    one, other = (Exporter(["lamps"], lambda: 1, securities=each) for each in ((negotiate, kerberos), (kerberos,)))
    hosts = [string.host for string in one.resolver("10.0.0.1").strings]
    assert (hosts, one.resolver("10.0.0.1").securities) == (["10.0.0.1", "lamps"], (negotiate, kerberos))
    assert other.resolver("10.0.0.1").securities == (kerberos,)
    assert [string.host for string in other.resolver("10.0.0.2").strings] == ["10.0.0.2", "lamps"]


async def test_none_of_the_interfaces() -> None:
    async with world() as made:
        client = await made.enter()
        lamp = await client.activate(ILamp)
        reply = await query(client, made, lamp.ipid, INothing)
        assert reply.hresult == HResult.E_NOINTERFACE
        assert [result.hResult for result in reply.ppQIResults] == [HResult.E_NOINTERFACE]


async def test_interfaces_of_an_object_that_there_is_not() -> None:
    async with world() as made:
        client = await made.enter()
        reply = await query(client, made, NOBODY, ILamp)
        assert (reply.ppQIResults, reply.hresult) == (None, HResult.RPC_E_INVALID_OBJECT)


async def test_the_second_way_to_ask_gives_whole_references() -> None:
    async with world() as made:
        client = await made.enter()
        lamp = await client.activate(ILamp)
        iids = (IShade.iid, INothing.iid)
        ask = "RemQueryInterface2"
        reply = await client.call(IRemUnknown2, ask, lamp.ipid, 2, iids, target=made.rem_unknown)
        assert reply.phr == (0, HResult.E_NOINTERFACE)
        assert reply.ppMIF[1] is None
        assert await client.call(IShade, "Draw", target=standard(reply.ppMIF[0]).ipid) == 0
        reply = await client.call(IRemUnknown2, ask, NOBODY, 2, iids, target=made.rem_unknown)
        assert (reply.ppMIF, reply.hresult) == ((None, None), HResult.RPC_E_INVALID_OBJECT)
        assert set(reply.phr) == {HResult.RPC_E_INVALID_OBJECT}


async def test_the_older_interface_is_served_by_the_same_object() -> None:
    async with world() as made:
        client = await made.enter(IRemUnknown)
        lamp = await client.activate(ILamp)
        assert (
            await client.call(
                IRemUnknown, "RemRelease", 1, (RemInterfaceRef(lamp.ipid, 1, 0),), target=made.rem_unknown
            )
            == 0
        )
        assert made.lamps[0].released_times == 1


async def test_references_are_counted() -> None:
    async with world() as made:
        client = await made.enter()
        lamp = await client.activate(ILamp)
        more = (RemInterfaceRef(lamp.ipid, 2, 0), RemInterfaceRef(NOBODY, 1, 0))
        reply = await client.call(IRemUnknown2, "RemAddRef", 2, more, target=made.rem_unknown)
        assert reply.pResults == (0, HResult.CO_E_OBJNOTREG)
        await client.release(made.rem_unknown, lamp.ipid, count=lamp.public_refs)
        assert made.lamps[0].released_times == 0
        await client.release(made.rem_unknown, lamp.ipid, count=2)
        assert made.lamps[0].released_times == 1
        assert len(made.exporter) == 0


async def test_an_object_is_let_go_once_however_often_it_is_released() -> None:
    async with world() as made:
        client = await made.enter()
        lamp, other = await client.activate(ILamp), await client.activate(ILamp)
        assert await client.release(made.rem_unknown, lamp, lamp, NOBODY, other) == 0
        assert await client.release(made.rem_unknown, lamp) == 0
        assert [each.released_times for each in made.lamps] == [1, 1]
        with pytest.raises(Refused) as caught:
            await client.call(ILamp, "Switch", 1, target=lamp.ipid)
        assert (caught.value.status, caught.value.executed) == (HResult.RPC_E_DISCONNECTED, False)


async def test_the_object_that_releases_cannot_be_released() -> None:
    async with world() as made:
        client = await made.enter()
        await client.release(made.rem_unknown, made.rem_unknown, count=100)
        lamp = await client.activate(ILamp)
        assert await client.release(made.rem_unknown, lamp) == 0


async def test_a_reference_is_good_for_nobody_else() -> None:
    async with world() as made:
        mine, yours = await made.enter(user=ME), await made.enter(user=YOU)
        lamp = await mine.activate(ILamp)
        with pytest.raises(Refused) as caught:
            await yours.call(ILamp, "Switch", 1, target=lamp.ipid)
        assert caught.value.status == HResult.RPC_E_DISCONNECTED
        assert (await query(yours, made, lamp.ipid, IShade)).hresult == HResult.RPC_E_INVALID_OBJECT
        await yours.release(made.rem_unknown, lamp)
        assert await mine.call(ILamp, "Switch", 1, target=lamp.ipid) == SwitchReply(0)


async def test_a_reference_is_good_on_another_connection_of_the_same_user() -> None:
    async with world() as made:
        first, second = await made.enter(), await made.enter()
        lamp = await first.activate(ILamp)
        assert await second.call(ILamp, "Switch", 1, target=lamp.ipid) == SwitchReply(0)


async def test_an_object_stays_while_its_connection_is_open() -> None:
    async with world() as made:
        client = await made.enter()
        lamp = await client.activate(ILamp)
        await asyncio.sleep(10 * limits.PING_TIMEOUT_SECONDS)
        assert await client.call(ILamp, "Switch", 1, target=lamp.ipid) == SwitchReply(0)


async def test_an_object_ends_some_time_after_its_last_connection() -> None:
    async with world() as made:
        client = await made.enter()
        await client.activate(ILamp)
        group = client.association.group
        second = await made.connect()
        await second.bind(IRemUnknown2, user=ME, level=AuthLevel.PKT, group=group)
        client.transport.close()
        await asyncio.sleep(2 * limits.PING_TIMEOUT_SECONDS)
        assert made.lamps[0].released_times == 0, "the group has another connection"
        second.transport.close()
        await asyncio.sleep(limits.PING_TIMEOUT_SECONDS - 1)
        assert made.lamps[0].released_times == 0
        await asyncio.sleep(2 * limits.PING_PERIOD_SECONDS)
        assert made.lamps[0].released_times == 1
        assert len(made.exporter) == 0


async def test_an_object_that_cannot_be_let_go_keeps_no_other(caplog: pytest.LogCaptureFixture) -> None:
    async with world() as made:
        client = await made.enter()
        first, second = await client.activate(ILamp), await client.activate(ILamp)
        made.trouble = True
        assert await client.release(made.rem_unknown, first, second) == 0
        made.trouble = False
        assert [lamp.released_times for lamp in made.lamps] == [1, 1]
    errors = [record.getMessage() for record in caplog.records if record.levelno >= logging.ERROR]
    assert len(errors) == 2
    assert all("Lamp.released failed: RuntimeError" in text for text in errors)


async def test_everything_is_let_go_at_the_end() -> None:
    async with world() as made:
        client = await made.enter()
        await client.activate(ILamp)
        await client.activate(ILamp)
        await made.endpoint.close()
        made.exporter.close()
        assert [lamp.released_times for lamp in made.lamps] == [1, 1]
        await client.closed.wait()


async def test_one_user_may_hold_so_many_objects_and_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "EXPORTS_PER_PRINCIPAL", 2)
    async with world() as made:
        mine, yours = await made.enter(user=ME), await made.enter(user=YOU)
        first = await mine.activate(ILamp)
        await mine.activate(ILamp)
        with pytest.raises(Refused) as caught:
            await mine.activate(ILamp)
        assert caught.value.status == HResult.E_OUTOFMEMORY
        assert [lamp.released_times for lamp in made.lamps] == [0, 0, 1], "what could not be handed out is let go"
        await yours.activate(ILamp)
        await mine.release(made.rem_unknown, first)
        await mine.activate(ILamp)


async def test_what_is_handed_out_late_has_its_whole_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Lamp, "tied", False)
    async with world() as made:
        client = await made.enter()
        await asyncio.sleep(10 * limits.PING_TIMEOUT_SECONDS)
        await client.activate(ILamp)
        await asyncio.sleep(limits.PING_TIMEOUT_SECONDS - 1)
        assert made.lamps[0].released_times == 0
        await asyncio.sleep(2)
        assert made.lamps[0].released_times == 1


@pytest.mark.parametrize("kept", [False, True])
async def test_what_is_published_and_not_kept_ends_when_nobody_pings_it(kept: bool) -> None:
    async with world() as made:
        made.exporter.publish(Lamp(made), ILamp, HOST, kept=kept)
        await asyncio.sleep(limits.PING_TIMEOUT_SECONDS + 1)
        assert (made.lamps[0].released_times, len(made.exporter)) == ((0, 1) if kept else (1, 0))
