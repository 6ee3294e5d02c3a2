"""All of DCOM over IPv6, with sockets of this machine."""

from __future__ import annotations

import asyncio
import socket

import pytest
from tests.dcom.fakes import CLSID_LAMP, HOST, ME, ILamp, SwitchReply, World, nothing_left

from openwmi import net
from openwmi.base.error import WbemError
from openwmi.dcom import Machine, Means
from openwmi.net import Address
from openwmi.orpc.bindings import TOWER_TCP
from openwmi.security import NtlmInitiator


async def test_an_object_is_activated_found_and_called() -> None:
    """By the address that the client used."""
    if not socket.has_ipv6:
        pytest.skip("this Python knows no IPv6")
    async with nothing_left():
        made = World(1 << 16)
        try:
            listener = await net.listen(made.accept, Address("::1", 0))
        except WbemError:
            pytest.skip("this machine has no IPv6")
        made.exporter._port = lambda: listener.address.port
        machine = await Machine.open(
            Address("::1", listener.address.port), Means(lambda: NtlmInitiator(*ME, "DOM"), connect=net.connect)
        )
        exporter, (ipid,) = await machine.activate(CLSID_LAMP, ILamp)
        assert ipid is not None
        assert await exporter.proxy(ILamp, ipid).Switch(1) == SwitchReply(0)
        entry = await machine._resolve(made.exporter.entry(HOST).oxid)
        first = entry.bindings.strings[0]
        assert (first.tower, first.host, first.port) == (TOWER_TCP, "::1", listener.address.port)
        assert {(each.peer, each.origin) for each in made.connections} == {("::1", "::/64")}
        await machine.close()
        await listener.close()
        await made.endpoint.close()
        made.exporter.close()
        await asyncio.sleep(0)
