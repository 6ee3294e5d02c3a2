"""A link in memory does to datagrams what links do."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from random import Random

import pytest

from openwmi.net.datagram import DISCOVERY_PORT, GROUP_V4, GROUP_V6, Datagram, Endpoint
from openwmi.net.interfaces import Interface
from openwmi.testing import MemoryLink, interface

GROUP = Endpoint(GROUP_V4, DISCOVERY_PORT)


class Receiver:
    """Keeps what it is told."""

    def __init__(self) -> None:
        self.heard: list[Datagram] = []
        self.changes: list[Sequence[Interface]] = []

    def datagram_received(self, datagram: Datagram) -> None:
        self.heard.append(datagram)

    def interfaces_changed(self, interfaces: Sequence[Interface]) -> None:
        self.changes.append(interfaces)


async def test_to_the_group_and_to_one() -> None:
    link = MemoryLink()
    device, client, far = Receiver(), Receiver(), Receiver()
    here = await link.machine("192.0.2.1/24", "fe80::1/64").open(device, group=True)
    there = await link.machine("192.0.2.2/24", "fe80::2/64").open(client)
    await link.machine("198.51.100.1/24").open(far, group=True)
    (by,) = there.interfaces
    there.send(b"who", GROUP, by)
    assert device.heard == []
    await asyncio.sleep(0)
    (asked,) = device.heard
    assert (asked.data, asked.source.host, asked.multicast) == (b"who", "192.0.2.2", True)
    assert len(far.heard) == 1
    here.send(b"me", asked.source, asked.interface)
    there.send(b"six", Endpoint(GROUP_V6, DISCOVERY_PORT), by)
    await asyncio.sleep(0)
    assert [(each.data, each.source) for each in client.heard] == [(b"me", Endpoint("192.0.2.1", DISCOVERY_PORT))]
    assert device.heard[-1].source.host == "fe80::2"
    assert len(far.heard) == 1
    assert [data for *_, data in link.sent] == [b"who", b"me", b"six"]


async def test_after_the_end() -> None:
    link = MemoryLink()
    device, client = Receiver(), Receiver()
    here = await link.machine("192.0.2.1/24").open(device, group=True)
    there = await link.machine("192.0.2.2/24").open(client)
    by = there.interfaces[0]
    there.send(b"on its way", GROUP, by)
    here.close()
    there.close()
    there.close()
    there.send(b"late", GROUP, by)
    await asyncio.sleep(0)
    assert device.heard == []
    assert len(link.sent) == 1


async def test_interfaces_change() -> None:
    link = MemoryLink()
    machine = link.machine("192.0.2.1/24")
    receiver, other = Receiver(), Receiver()
    transport = await machine.open(receiver)
    await machine.open(other, names=["eth9"])
    changed = interface("192.0.2.9/24")
    machine.become(changed)
    machine.become(changed)
    assert receiver.changes == [(changed,)]
    assert transport.interfaces == (changed,)
    assert other.changes == []


@pytest.mark.parametrize(("loss", "doubled", "heard"), [(0, 0, 1000), (1, 0, 0), (0, 1, 2000), (0.5, 0, 500)])
async def test_chance(loss: float, doubled: float, heard: int) -> None:
    link = MemoryLink(Random(1), loss=loss, doubled=doubled, delay=0.5)
    receiver = Receiver()
    await link.machine("192.0.2.1/24").open(receiver, group=True)
    there = await link.machine("192.0.2.2/24").open(Receiver())
    for number in range(1000):
        there.send(str(number).encode(), GROUP, there.interfaces[0])
    await asyncio.sleep(1)
    assert abs(len(receiver.heard) - heard) <= (50 if 0 < loss < 1 else 0)
    numbers = [int(each.data) for each in receiver.heard]
    assert numbers != sorted(numbers) or not heard
