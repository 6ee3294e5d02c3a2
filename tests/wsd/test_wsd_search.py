"""find, resolve and watch as Operations, over a link in memory under the fake clock."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Collection, Sequence
from contextlib import asynccontextmanager
from random import Random

import pytest
from tests.wsd.world import PRINTER, SCANNER, device, interface, message, urn

from openwmi.base.error import NotFound, WbemError
from openwmi.base.status import WbemStatus
from openwmi.net.datagram import Datagram, DatagramReceiver, DatagramTransport, Endpoint
from openwmi.net.interfaces import Interface
from openwmi.soap import PROFILES, Profile, QName
from openwmi.testing import MemoryLink
from openwmi.wsd import Found, Gone, Target, Updated, find, resolve, watch
from openwmi.wsd.courier import Courier
from openwmi.wsd.messages import Description, Probe, ProbeMatches, decode_discovery


@asynccontextmanager
async def plugged(
    link: MemoryLink, number: int, types: tuple[QName, ...] = (PRINTER,), profiles: Sequence[Profile] = PROFILES
) -> AsyncIterator[tuple[Target, Courier]]:
    """A device on the link."""
    target = Target(device(number, types=types), instance_id=1, chance=Random(number), profiles=profiles)
    courier = Courier(target, target.receive)
    machine = link.machine(f"192.0.2.{number}/24", f"fe80::{number}/64")
    target.start(await courier.open(machine, None, group=True), courier.now())
    courier.turn()
    try:
        yield target, courier
    finally:
        courier.close()


class Everybody:
    """A network where each Probe is answered by thousands, one after the other."""

    def __init__(self, count: int, seconds: float) -> None:
        self.count, self.seconds = count, seconds
        self.interfaces = (interface("10.0.0.1/8"),)
        self.arrived: dict[str, float] = {}
        self.open_transports = 0
        self._receiver: DatagramReceiver | None = None

    async def open(
        self, receiver: DatagramReceiver, *, names: Collection[str] | None = None, group: bool = False
    ) -> DatagramTransport:
        self._receiver = receiver
        self.open_transports += 1
        return self

    def send(self, data: bytes, to: Endpoint, interface: Interface) -> None:
        question = decode_discovery(data)
        if isinstance(question.content, Probe) and not self.arrived and question.profile is PROFILES[0]:
            loop = asyncio.get_running_loop()
            for number in range(self.count):
                when = self.seconds * (number + 1) / self.count
                loop.call_later(when, self._answer, number, question.headers.message_id)

    def close(self) -> None:
        self.open_transports -= 1

    def _answer(self, number: int, relates_to: str) -> None:
        assert self._receiver is not None
        data = message(
            ProbeMatches((Description(urn(number), (PRINTER,), (), (), 1),)), urn(number), relates_to=relates_to
        )
        self.arrived[urn(number)] = asyncio.get_running_loop().time()
        source = Endpoint(f"10.1.{number >> 8}.{number & 255}", 3702)
        self._receiver.datagram_received(Datagram(data, source, self.interfaces[0], False))


async def test_devices_stream_as_they_answer_and_the_search_ends_in_time() -> None:
    loop = asyncio.get_running_loop()
    link = MemoryLink()
    async with plugged(link, 1), plugged(link, 2, (SCANNER,)), plugged(link, 3, profiles=PROFILES[1:]):
        began = loop.time()
        times = {}
        async for found in find(network=link.machine("192.0.2.99/24", "fe80::99/64")):
            times[found.address] = loop.time() - began
            assert found.xaddrs
        assert set(times) == {urn(1), urn(2), urn(3)}
        assert all(0 < each < 6 for each in times.values())
        assert 10 <= loop.time() - began < 10.1


async def test_types_and_scopes() -> None:
    link = MemoryLink()
    machine = link.machine("192.0.2.99/24")
    async with plugged(link, 1), plugged(link, 2, (SCANNER,)):
        assert [each.address for each in await find([SCANNER], network=machine)] == [urn(2)]
        assert await find(scopes=["http://example.org/floor2"], network=machine) == []
        assert len(await find(scopes=["http://EXAMPLE.org/floor1"], network=machine)) == 2
        assert await find(scopes=["http://example.org/floor1"], match_by="strcmp0", network=machine) == []


async def test_a_search_that_is_cancelled_lets_its_sockets_go() -> None:
    network = Everybody(10, 5.0)
    call = find(network=network)
    assert (await call.next(1))[0].address == urn(0)
    call.cancel()
    assert await call.status() == WbemStatus.CALL_CANCELLED
    await asyncio.sleep(0)
    assert network.open_transports == 0


async def test_a_lossy_link_is_asked_twice() -> None:
    found = 0
    for seed in range(20):
        link = MemoryLink(Random(seed), loss=0.3, doubled=0.2, delay=0.3)
        async with plugged(link, 1), plugged(link, 2):
            found += len(await find(network=link.machine("192.0.2.99/24", "fe80::99/64")))
    assert found >= 38


@pytest.mark.no_cover  # other tests show that each line is run
async def test_ten_thousand_devices_each_seen_when_its_datagram_comes() -> None:
    loop = asyncio.get_running_loop()
    network = Everybody(10_000, 2.5)
    late = 0.0
    count = 0
    async for found in find(network=network, profiles=PROFILES[:1]):
        count += 1
        late = max(late, loop.time() - network.arrived[found.address])
    assert count == 10_000
    assert late <= 0.05


async def test_resolve() -> None:
    loop = asyncio.get_running_loop()
    link = MemoryLink()
    machine = link.machine("192.0.2.99/24")
    async with plugged(link, 1), plugged(link, 2):
        began = loop.time()
        found = await resolve(urn(2), network=machine)
        assert (found.address, found.xaddrs) == (urn(2), ("http://192.0.2.2:5357/d",))
        assert loop.time() - began < 1
        with pytest.raises(NotFound):
            await resolve(urn(3), network=machine, timeout=2.0)
        assert loop.time() - began < 4


async def test_watch_tells_of_those_that_come_change_and_go() -> None:
    link = MemoryLink()
    call = watch(network=link.machine("192.0.2.99/24"), profiles=PROFILES[:1])
    await call.started()
    async with plugged(link, 1, profiles=PROFILES[:1]) as (target, courier):
        (event,) = await call.next(1)
        assert isinstance(event, Found)
        assert event.device.address == urn(1)
        await asyncio.sleep(30)
        while events := await call.next(9, timeout=0):
            assert all(isinstance(each, Updated) for each in events)  # its addresses, which a Hello does not tell
        target.update(device(1, scopes=("urn:new",)), courier.now())
        courier.turn()
        (event,) = await call.next(1)
        assert isinstance(event, Updated)
        assert event.device.scopes == ("urn:new",)
        target.stop(courier.now())
        courier.turn()
        (event,) = await call.next(1)
        assert isinstance(event, Gone)
        await courier.emptied(5)
    call.cancel()


@pytest.mark.parametrize("rule", ["regex", "RFC2396"])
async def test_a_rule_that_nobody_knows(rule: str) -> None:
    call = find(match_by=rule, network=MemoryLink().machine("192.0.2.99/24"))
    with pytest.raises(WbemError, match="is no rule for scopes") as caught:
        await call
    assert caught.value.status == WbemStatus.INVALID_PARAMETER


async def test_a_machine_without_a_network(caplog: pytest.LogCaptureFixture) -> None:
    """It is told, and an interface that comes in time is asked on."""
    link = MemoryLink(Random(1))
    machine = link.machine()
    machine.become()
    async with plugged(link, 1), find(network=machine) as found:
        await found.status(0.1)
        assert "no network interface is up" in caplog.text
        machine.become(interface("192.0.2.8/24"))
        assert [each.address async for each in found] == [urn(1)]
