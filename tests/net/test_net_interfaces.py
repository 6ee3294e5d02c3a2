"""The interfaces of this machine, and how their changes are told."""

from __future__ import annotations

import asyncio
import errno
import ipaddress
import os
import socket
import sys
from types import SimpleNamespace
from typing import cast

import psutil
import pytest

from openwmi.base.limits import INTERFACES_POLLED_SECONDS
from openwmi.net import interfaces, netlink
from openwmi.net.interfaces import Interface, InterfaceWatch, list_interfaces


def interface(*addresses: str, index: int = 2) -> Interface:
    return Interface(index, f"eth{index}", tuple(map(ipaddress.ip_interface, addresses)))


BOTH = interface("192.0.2.1/24", "198.51.100.1/25", "2001:db8::1/64", "fe80::1/64")


@pytest.mark.parametrize(
    ("peer", "reached"),
    [
        ("192.0.2.200", True),
        ("198.51.100.5", True),
        ("198.51.100.200", False),
        ("203.0.113.1", False),
        ("2001:db8::99", True),
        ("2001:db8:1::99", False),
        ("fe80::99", True),
    ],
)
def test_who_is_on_the_link(peer: str, reached: bool) -> None:
    assert BOTH.reaches(ipaddress.ip_address(peer)) == reached


def test_no_address_of_a_version_reaches_nobody_of_it() -> None:
    assert not interface("192.0.2.1/24").reaches(ipaddress.ip_address("fe80::99"))
    assert not interface("fe80::1/64").reaches(ipaddress.ip_address("192.0.2.1"))


@pytest.mark.parametrize(
    ("peer", "own"),
    [
        ("192.0.2.200", "192.0.2.1"),
        ("198.51.100.5", "198.51.100.1"),
        ("203.0.113.1", "192.0.2.1"),
        ("2001:db8::99", "2001:db8::1"),
        ("fe80::99", "fe80::1"),
        ("2001:db8:1::99", "fe80::1"),
    ],
)
def test_the_address_that_a_peer_is_told(peer: str, own: str) -> None:
    assert str(BOTH.address_towards(ipaddress.ip_address(peer))) == own


def test_an_interface_without_such_an_address() -> None:
    assert interface("192.0.2.1/24").address_for(6) is None
    assert interface("2001:db8::1/64").address_for(6) == ipaddress.ip_address("2001:db8::1")


def test_the_list_has_the_loopback() -> None:
    loopbacks = [each for each in list_interfaces() if each.loopback]
    assert any(str(own.ip) == "127.0.0.1" for each in loopbacks for own in each.addresses)
    assert [each.index for each in list_interfaces()] == sorted(each.index for each in list_interfaces())


def test_without_the_kernels_list(monkeypatch: pytest.MonkeyPatch) -> None:
    names = [name for _, name in socket.if_nameindex()]
    family = socket.AF_INET
    given = {name: [SimpleNamespace(family=family, address="192.0.2.1", netmask="255.255.255.0")] for name in names}
    given["gone0"] = given["down0"] = []
    stats = {name: SimpleNamespace(isup=name != "down0", flags="up,multicast") for name in given}
    monkeypatch.setattr(psutil, "net_if_addrs", lambda: given)
    monkeypatch.setattr(psutil, "net_if_stats", lambda: stats)

    def forbidden(*_: object) -> socket.socket:
        raise PermissionError

    monkeypatch.setattr(socket, "socket", forbidden)
    own = (ipaddress.ip_interface("192.0.2.1/24"),)
    expected = {(index, name, own, True, False) for index, name in socket.if_nameindex()}
    assert {(i.index, i.name, i.addresses, i.multicast, i.loopback) for i in list_interfaces()} == expected


@pytest.mark.parametrize(
    ("family", "address", "netmask", "expected"),
    [
        (socket.AF_INET, "192.0.2.1", None, "192.0.2.1/32"),
        (socket.AF_INET6, "fe80::1%eth0", "ffff:ffff:ffff:ffff::", "fe80::1/64"),
        (socket.AF_INET6, "fe80::1", None, "fe80::1/128"),
        (socket.AF_INET, "nonsense", None, None),
        (-1, "00:00:5e:00:53:01", None, None),
    ],
)
def test_addresses_of_psutil(family: int, address: str, netmask: str | None, expected: str | None) -> None:
    found = interfaces._from_psutil(family, address, netmask)
    assert (None if found is None else str(found)) == expected


class Changing:
    """A machine whose interfaces are set by the test, and the news that it has of them."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, *, news: bool) -> None:
        self.now: tuple[Interface, ...] = ()
        self.told: asyncio.Queue[tuple[Interface, ...]] = asyncio.Queue()
        self.kernel, other = socket.socketpair(type=socket.SOCK_DGRAM)
        other.setblocking(False)
        monkeypatch.setattr(interfaces, "_open_news", lambda: other if news else None)
        if not news:
            other.close()

    def watch(self) -> InterfaceWatch:
        return InterfaceWatch(self.told.put_nowait, lambda: self.now)


async def test_a_change_that_the_kernel_tells(monkeypatch: pytest.MonkeyPatch) -> None:
    machine = Changing(monkeypatch, news=True)
    watch = machine.watch()
    assert not watch.interfaces
    machine.kernel.send(b"a link")
    machine.now = (BOTH,)
    machine.kernel.send(b"an address")
    assert await asyncio.wait_for(machine.told.get(), 5) == (BOTH,)
    assert watch.interfaces == (BOTH,)
    watch.close()
    machine.kernel.close()
    assert machine.told.empty()


async def test_news_of_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Such as an address whose lifetime was renewed."""
    machine = Changing(monkeypatch, news=True)
    watch = machine.watch()
    watch._look()
    assert machine.told.empty()
    watch.close()
    machine.kernel.close()


async def test_where_nothing_is_told_it_is_looked_up(monkeypatch: pytest.MonkeyPatch) -> None:
    machine = Changing(monkeypatch, news=False)
    loop = asyncio.get_running_loop()
    asked: list[float] = []

    def at_once(delay: float, callback: object, *_: object) -> asyncio.TimerHandle:
        asked.append(delay)
        return loop.call_at(loop.time() + 3600, lambda: None)

    monkeypatch.setattr(loop, "call_later", at_once)
    watch = machine.watch()
    machine.now = (BOTH,)
    watch._look()
    assert machine.told.get_nowait() == (BOTH,)
    assert asked == [INTERFACES_POLLED_SECONDS, INTERFACES_POLLED_SECONDS]
    watch.close()
    machine.kernel.close()


@pytest.mark.skipif(sys.platform != "linux", reason="Linux alone tells")
async def test_the_kernel_may_be_asked() -> None:
    opened = interfaces._open_news()
    assert opened is not None
    opened.close()


@pytest.mark.parametrize(("number", "goes_on"), [(errno.ENOBUFS, True), (errno.EAGAIN, True), (errno.EBADF, False)])
async def test_news_that_were_lost(
    monkeypatch: pytest.MonkeyPatch, number: int, goes_on: bool, caplog: pytest.LogCaptureFixture
) -> None:
    """More than the kernel kept: everything is looked up again, so that nothing is missed."""
    machine = Changing(monkeypatch, news=True)
    watch = machine.watch()
    news = watch._socket
    assert news is not None

    class Failing:
        def recv(self, _: int) -> bytes:
            raise OSError(number, os.strerror(number))

        def __getattr__(self, name: str) -> object:
            return getattr(news, name)

    watch._socket = cast(socket.socket, Failing())
    watch._read()
    watch._read()
    assert ("not told any more" in caplog.text) == (not goes_on)
    machine.now = (BOTH,)
    watch._look()
    assert machine.told.qsize() == 1
    watch.close()
    machine.kernel.close()


@pytest.mark.skipif(sys.platform != "linux", reason="Linux alone tells")
@pytest.mark.parametrize("refused", ["socket", "bind"])
async def test_a_system_that_forbids_to_listen(monkeypatch: pytest.MonkeyPatch, refused: str) -> None:
    """As some sandboxes do."""

    def forbid(*_: object) -> None:
        raise PermissionError

    if refused == "bind":
        monkeypatch.setattr(socket.socket, "bind", forbid)
    else:
        monkeypatch.setattr(socket, "socket", forbid)
    assert interfaces._open_news() is None


def test_a_kernel_that_answers_with_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    """What psutil knows is used then."""
    monkeypatch.setattr(netlink, "decode", lambda _: iter([netlink.End(errno.EPERM)]))
    assert any(each.loopback for each in list_interfaces())
