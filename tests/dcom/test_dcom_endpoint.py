"""Who may call what, and how many may come."""

from __future__ import annotations

import asyncio
import logging
import uuid

import pytest
from tests.dcom.fakes import CLSID_LAMP, HOST, ME, PORT, YOU, Client, ILamp, IShade, Refused, SwitchReply, world

from openwmi.base import limits
from openwmi.base.status import HResult
from openwmi.interfaces import IActivation, IObjectExporter, IRemoteSCMActivator, IRemUnknown2
from openwmi.orpc import OrpcThis
from openwmi.rpc import AuthLevel, FaultStatus


@pytest.mark.parametrize(
    ("level", "refused"),
    [
        (AuthLevel.CONNECT, True),
        (AuthLevel.PKT, True),
        (AuthLevel.INTEGRITY, False),
        (AuthLevel.PRIVACY, False),
    ],
)
async def test_activation_and_objects_want_integrity(level: AuthLevel, refused: bool) -> None:
    async with world() as made:
        lamp = await (await made.enter()).activate(ILamp)
        client = await made.connect()
        await client.bind(IRemoteSCMActivator, ILamp, IActivation, user=ME, level=level)
        if refused:
            plain = OrpcThis.of(uuid.uuid4()), CLSID_LAMP, None, None, 2, 0, 1, (ILamp.iid,), 1, (7,)
            for attempt in (
                client.activate(ILamp),
                client.call(ILamp, "Switch", 1, target=lamp.ipid),
                client.call(IActivation, "RemoteActivation", *plain),
            ):
                with pytest.raises(Refused) as caught:
                    await attempt
                assert (caught.value.status, caught.value.executed) == (FaultStatus.ACCESS_DENIED, False)
            assert (len(made.lamps), made.lamps[0].on) == (1, 0)
        else:
            await client.activate(ILamp)
            assert await client.call(ILamp, "Switch", 1, target=lamp.ipid) == SwitchReply(0)


@pytest.mark.parametrize(("level", "refused"), [(AuthLevel.CONNECT, True), (AuthLevel.PKT, False)])
async def test_references_are_released_from_packet_level_upwards(level: AuthLevel, refused: bool) -> None:
    async with world() as made:
        lamp = await (await made.enter()).activate(ILamp)
        client = await made.connect()
        await client.bind(IRemUnknown2, user=ME, level=level)
        if refused:
            with pytest.raises(Refused):
                await client.release(made.rem_unknown, lamp)
        else:
            assert await client.release(made.rem_unknown, lamp) == 0
        assert made.lamps[0].released_times == (0 if refused else 1)


async def test_whoever_has_not_logged_in_may_only_resolve() -> None:
    async with world() as made:
        lamp = await (await made.enter()).activate(ILamp)
        client = await made.connect()
        await client.bind(IObjectExporter, IRemoteSCMActivator, IActivation, IRemUnknown2, ILamp)
        assert await client.call(IObjectExporter, "ServerAlive") == 0
        with pytest.raises(Refused) as caught:
            await client.activate(ILamp)
        assert caught.value.status == FaultStatus.ACCESS_DENIED
        with pytest.raises(Refused) as caught:
            await client.release(made.rem_unknown, lamp)
        assert caught.value.status == FaultStatus.ACCESS_DENIED
        with pytest.raises(Refused) as caught:
            await client.call(ILamp, "Switch", 1, target=lamp.ipid)
        assert caught.value.status == HResult.RPC_E_DISCONNECTED
        assert made.lamps[0].released_times == 0


async def test_a_wrong_password() -> None:
    async with world() as made:
        client = await made.connect()
        await client.bind(IRemoteSCMActivator, user=("me", "guessed"))
        with pytest.raises(Refused) as caught:
            await client.activate(ILamp)
        assert caught.value.status == FaultStatus.ACCESS_DENIED


async def test_guessing_ends_the_connection() -> None:
    async with world() as made:
        client = await made.connect()
        with pytest.raises(ConnectionError):
            for number in range(limits.RPC_REFUSED_LOGINS + 1):
                await client.bind(ILamp, user=("me", "guessed"), auth_context=number)
        await client.closed.wait()


async def test_so_many_connections_and_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "CONNECTIONS", 3)
    monkeypatch.setattr(limits, "CONNECTIONS_PER_PEER", 2)
    async with world() as made:
        first, second = await made.connect(), await made.connect()
        third = await made.connect()
        await third.closed.wait()
        other = await made.connect(source="192.0.2.101")
        fifth = await made.connect(source="192.0.2.102")
        await fifth.closed.wait()
        assert len(made.endpoint) == 3
        first.transport.close()
        await first.closed.wait()
        await asyncio.sleep(0)
        again = await made.connect(source="192.0.2.102")
        for client in (second, other, again):
            await client.bind(IObjectExporter)
            assert await client.call(IObjectExporter, "ServerAlive") == 0


async def test_a_network_of_ipv6_is_one_client(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "CONNECTIONS_PER_PEER", 2)
    async with world() as made:
        for number in (1, 2):
            await (await made.connect(source=f"2001:db8::{number}")).bind(IObjectExporter)
        third = await made.connect(source="2001:db8::3")
        await third.closed.wait()
        await (await made.connect(source="2001:db8:0:1::3")).bind(IObjectExporter)
        assert len(made.endpoint) == 3


async def test_a_connection_without_a_login_is_closed_after_a_while(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "openwmi.dcom")
    async with world() as made:
        silent, asking, half = await made.connect(), await made.connect(), await made.connect()
        inside, idle = await made.enter(), await made.connect()
        await idle.bind(ILamp, user=YOU)
        await asking.bind(IObjectExporter)
        half.association.bind([next(iter(made.endpoint.interfaces))])
        half.flush()
        for _ in range(5):
            await asyncio.sleep(limits.LOGIN_SECONDS / 6)
            assert await asking.call(IObjectExporter, "ServerAlive") == 0
        await inside.activate(ILamp)
        await asyncio.sleep(limits.LOGIN_SECONDS)
        assert [client.closed.is_set() for client in (silent, asking, half, inside, idle)] == [True] * 3 + [False] * 2
        assert "nobody logged in" in caplog.text


async def test_a_second_connection_joins_the_group_of_the_first() -> None:
    async with world() as made:
        first = await made.enter()
        group = first.association.group
        second, stranger = await made.connect(), await made.connect(source="198.51.100.1")
        await second.bind(ILamp, user=ME, group=group)
        assert second.association.group == group
        with pytest.raises(Refused):
            await stranger.bind(ILamp, user=ME, group=group)
        unknown = await made.connect()
        with pytest.raises(Refused):
            await unknown.bind(ILamp, user=ME, group=group + 100)
        lamp = await first.activate(ILamp)
        assert await second.call(ILamp, "Switch", 1, target=lamp.ipid) == SwitchReply(0)


async def test_an_interface_that_nobody_serves_is_not_accepted() -> None:
    async with world() as made:
        client = await made.connect()
        await client.bind(IObjectExporter, IFalse)
        with pytest.raises(Exception, match="was not accepted"):
            await client.call(IFalse, "Draw")


class IFalse(IShade, iid="6d6d1f5a-6a0e-4a1c-9d3c-1b7c1c1d00cc"):
    """Not served."""


async def test_nothing_comes_in_once_it_is_closed() -> None:
    async with world() as made:
        await made.endpoint.close()
        _, late = await made.network.connect(Client, HOST, PORT)
        await late.closed.wait()
        assert asyncio.get_running_loop().time() == 0, "at once"
        assert len(made.endpoint) == 0


async def test_an_object_of_a_server_that_is_closing_is_not_made() -> None:
    async with world() as made:
        client = await made.enter()
        made.exporter.close()
        with pytest.raises(Refused):
            await client.activate(ILamp)
        assert [lamp.released_times for lamp in made.lamps] == [1]
