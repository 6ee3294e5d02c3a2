"""Datagrams to the group and back, over the loopback."""

from __future__ import annotations

import asyncio
import ipaddress
import socket
from collections.abc import Sequence
from typing import Any

import pytest

from openwmi.base.error import WbemError
from openwmi.base.limits import DATAGRAM_SEND_OCTETS
from openwmi.base.status import WbemStatus
from openwmi.net import udp
from openwmi.net.datagram import GROUP_V4, Datagram, DatagramTransport, Endpoint
from openwmi.net.interfaces import Interface, list_interfaces
from openwmi.net.udp import UdpNetwork

LOOPBACK = next(each for each in list_interfaces() if each.loopback)


class Receiver:
    """Keeps what it is told."""

    def __init__(self) -> None:
        self.datagrams: asyncio.Queue[Datagram] = asyncio.Queue()
        self.changes: asyncio.Queue[Sequence[Interface]] = asyncio.Queue()

    def datagram_received(self, datagram: Datagram) -> None:
        self.datagrams.put_nowait(datagram)
        if datagram.data == b"trouble":
            raise RuntimeError("whatever went wrong")

    def interfaces_changed(self, interfaces: Sequence[Interface]) -> None:
        self.changes.put_nowait(interfaces)

    async def next(self) -> Datagram:
        return await asyncio.wait_for(self.datagrams.get(), 5)


@pytest.fixture
def port() -> int:
    """One that nobody has; other programs of this machine may be in the group at the real one."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind(("127.0.0.1", 0))
        number: int = sock.getsockname()[1]
        return number


def network(port: int, listing: udp.Listing = list_interfaces) -> UdpNetwork:
    return UdpNetwork((4,), port, listing)


async def test_asked_in_the_group_and_answered_alone(port: int) -> None:
    host, client = Receiver(), Receiver()
    hosting = await network(port).open(host, names=["lo"], group=True)
    asking = await network(port).open(client, names=["lo"])
    assert hosting.interfaces == asking.interfaces == (LOOPBACK,)
    asking.send(b"who is there", Endpoint(GROUP_V4, port), LOOPBACK)
    asked = await host.next()
    assert (asked.data, asked.source.host, asked.interface, asked.multicast) == (
        b"who is there",
        "127.0.0.1",
        LOOPBACK,
        True,
    )
    hosting.send(b"I am", asked.source, asked.interface)
    answer = await client.next()
    assert (answer.data, answer.source, answer.multicast) == (b"I am", Endpoint("127.0.0.1", port), False)
    asking.send(b"you alone", answer.source, LOOPBACK)
    assert not (await host.next()).multicast
    for each in (hosting, asking):
        each.close()
        each.close()


async def test_the_port_is_shared(port: int) -> None:
    """And each who listens hears what is sent to the group."""
    receivers = [Receiver(), Receiver()]
    hosting = [await network(port).open(each, names=["lo"], group=True) for each in receivers]
    hosting[0].send(b"hello", Endpoint(GROUP_V4, port), LOOPBACK)
    for each in receivers:
        assert (await each.next()).data == b"hello"
    for transport in hosting:
        transport.close()


async def test_who_is_in_the_group_asks_from_a_port_of_his_own(port: int) -> None:
    """Several programs share the group's, and an answer to it reaches one of them alone."""
    one, other = Receiver(), Receiver()
    hosting = [await network(port).open(each, names=["lo"], group=True) for each in (one, other)]
    hosting[0].send(b"who is there", Endpoint(GROUP_V4, port), LOOPBACK)
    asked = await other.next()
    assert asked.source.port != port
    hosting[1].send(b"I am", asked.source, LOOPBACK)
    assert [(await one.next()).data for _ in range(2)] == [b"who is there", b"I am"]
    for each in hosting:
        each.close()


async def test_an_address_that_cannot_be_used_is_told(port: int, caplog: pytest.LogCaptureFixture) -> None:
    """And the others are used."""
    machine = Machine(second("192.0.2.77/24"), LOOPBACK)
    transport = await network(port, machine).open(Receiver(), names=["second", "lo"])
    assert transport.interfaces == (LOOPBACK,)
    assert "second (192.0.2.77)" in caplog.text
    transport.close()


@pytest.mark.skipif(not hasattr(socket, "SO_REUSEPORT"), reason="there is one way to share a port here")
async def test_a_port_that_is_shared_the_other_way(port: int) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        sock.bind(("127.0.0.1", port))
        (await network(port).open(Receiver(), names=["lo"], group=True)).close()


async def test_a_port_that_somebody_keeps(port: int) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind(("127.0.0.1", port))
        with pytest.raises(WbemError, match=f"UDP port {port} is held by a program that does not share it") as caught:
            await network(port).open(Receiver(), names=["lo"], group=True)
    assert caught.value.status == WbemStatus.FAILED


async def test_no_such_interface(port: int) -> None:
    with pytest.raises(WbemError, match=r"no interface nope0 is up here: there are .*lo") as caught:
        await network(port).open(Receiver(), names=["nope0"])
    assert caught.value.status == WbemStatus.INVALID_PARAMETER


async def test_a_receiver_that_fails_hears_the_next_one(port: int, caplog: pytest.LogCaptureFixture) -> None:
    receiver = Receiver()
    hosting = await network(port).open(receiver, names=["lo"], group=True)
    for data in (b"trouble", b"more"):
        hosting.send(data, Endpoint(GROUP_V4, port), LOOPBACK)
    assert [(await receiver.next()).data for _ in range(2)] == [b"trouble", b"more"]
    assert "a datagram could not be handled" in caplog.text
    hosting.close()


async def test_sending_never_raises(port: int) -> None:
    """To nobody, by an interface that is not used, too much at once, after the end."""
    receiver = Receiver()
    transport = await network(port).open(receiver, names=["lo"])
    transport.send(b"nobody listens", Endpoint("127.0.0.1", port), LOOPBACK)
    transport.send(b"elsewhere", Endpoint("127.0.0.1", port), Interface(999, "eth9"))
    transport.send(b"by the other version", Endpoint("fe80::1", port), LOOPBACK)
    transport.send(bytes(100_000), Endpoint("127.0.0.1", port), LOOPBACK)
    transport.close()
    transport.send(b"late", Endpoint("127.0.0.1", port), LOOPBACK)
    assert transport.interfaces == ()


async def test_more_than_the_network_takes_is_dropped(port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    host, client = Receiver(), Receiver()
    hosting = await network(port).open(host, names=["lo"], group=True)
    asking = await network(port).open(client, names=["lo"])
    monkeypatch.setattr(udp, "_waiting", lambda _: DATAGRAM_SEND_OCTETS + 1)
    asking.send(b"too much", Endpoint(GROUP_V4, port), LOOPBACK)
    monkeypatch.undo()
    asking.send(b"enough", Endpoint(GROUP_V4, port), LOOPBACK)
    assert (await host.next()).data == b"enough"
    hosting.close()
    asking.close()


class Machine:
    """Whose interfaces the test sets."""

    def __init__(self, *interfaces: Interface) -> None:
        self.interfaces = interfaces

    def __call__(self) -> tuple[Interface, ...]:
        return self.interfaces

    async def become(self, transport: DatagramTransport, *interfaces: Interface) -> None:
        self.interfaces = interfaces
        watch: Any = transport
        watch._watch._look()


def second(*addresses: str) -> Interface:
    return Interface(LOOPBACK.index, "second", tuple(map(ipaddress.ip_interface, addresses)), loopback=False)


async def test_interfaces_come_and_go(port: int, caplog: pytest.LogCaptureFixture) -> None:
    machine = Machine()
    receiver = Receiver()
    transport = await network(port, machine).open(receiver, group=True)
    assert transport.interfaces == ()
    one = second("127.0.0.1/8")
    await machine.become(transport, one)
    assert await receiver.changes.get() == (one,)
    transport.send(b"here", Endpoint(GROUP_V4, port), one)
    assert (await receiver.next()).interface == one
    more = second("127.0.0.1/8", "127.1.0.1/32")
    await machine.become(transport, more)
    assert await receiver.changes.get() == (more,)
    transport.send(b"still", Endpoint(GROUP_V4, port), more)
    assert (await receiver.next()).interface == more
    await machine.become(transport, second("192.0.2.77/24"))
    assert await receiver.changes.get() == ()
    assert "second (192.0.2.77)" in caplog.text
    transport.close()


async def test_the_loopback_and_what_has_no_groups_are_left_out(port: int) -> None:
    alone = Interface(77, "ppp0", second("127.0.0.1/8").addresses, multicast=False)
    transport = await network(port, Machine(LOOPBACK, alone)).open(Receiver())
    assert transport.interfaces == ()
    transport.close()
