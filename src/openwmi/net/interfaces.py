"""The network interfaces of this machine, and whatever becomes of them while somebody looks.

Linux tells of each change (rtnetlink); elsewhere the list is taken again every few seconds.
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import ipaddress
import logging
import os
import socket
import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass

import psutil

from openwmi.base.limits import INTERFACES_POLLED_SECONDS, INTERFACES_SETTLE_SECONDS
from openwmi.net import netlink

log = logging.getLogger("openwmi.net")

IpAddress = ipaddress.IPv4Address | ipaddress.IPv6Address
IpInterface = ipaddress.IPv4Interface | ipaddress.IPv6Interface

DATAGRAM = 1 << 16


@dataclass(frozen=True, slots=True)
class Interface:
    """A network interface that is up.

    Attributes:
        index: its number, which IPv6 calls a scope.
        name: `eth0`.
        addresses: with their subnets; those that can be used, in the system's order.
        multicast: whether datagrams can be sent to groups there.
        loopback: whether nobody but this machine hears it.
    """

    index: int
    name: str
    addresses: tuple[IpInterface, ...] = ()
    multicast: bool = True
    loopback: bool = False

    def reaches(self, address: IpAddress) -> bool:
        """Whether the address is on a subnet of this interface, or good for one link alone."""
        if address.version == 6 and address.is_link_local:
            return any(own.version == 6 for own in self.addresses)
        return any(own.version == address.version and address in own.network for own in self.addresses)

    def address_for(self, version: int) -> IpAddress | None:
        """The address to be known by: the first of IPv4; of IPv6 the link's own before all others."""
        own = [address.ip for address in self.addresses if address.version == version]
        return next((address for address in own if version == 6 and address.is_link_local), own[0] if own else None)

    def address_towards(self, peer: IpAddress) -> IpAddress | None:
        """The address to be known by to one peer, which may not reach another: the one on its own subnet, if any."""
        if not (peer.version == 6 and peer.is_link_local):
            for own in self.addresses:
                if own.version == peer.version and peer in own.network:
                    return own.ip
        return self.address_for(peer.version)


def list_interfaces() -> tuple[Interface, ...]:
    """Those that are up and have a carrier, in the order of their numbers. It waits for nothing but the kernel."""
    if sys.platform == "linux":
        with contextlib.suppress(OSError):  # forbidden, as in some sandboxes: what is left does without
            return _listed_by_kernel()
    return _listed_by_psutil()


class InterfaceWatch:
    """Calls `changed(interfaces)` whenever the list has become another one. `interfaces` is the list as it is.

    Several changes in one moment are told as one: an interface comes with a name, a carrier and some addresses.
    """

    def __init__(
        self,
        changed: Callable[[tuple[Interface, ...]], object],
        listing: Callable[[], tuple[Interface, ...]] = list_interfaces,
    ) -> None:
        self._changed = changed
        self._listing = listing
        self._loop = asyncio.get_running_loop()
        self._socket = _open_news()
        self._timer: asyncio.TimerHandle | None = None
        if self._socket is not None:
            self._loop.add_reader(self._socket, self._read)
        self.interfaces = listing()
        if self._socket is None:
            self._look_again(INTERFACES_POLLED_SECONDS)

    def close(self) -> None:
        """Nothing is told any more."""
        if self._timer is not None:
            self._timer.cancel()
        if self._socket is not None:
            self._loop.remove_reader(self._socket)
            self._socket.close()
            self._socket = None

    def _read(self) -> None:
        """What the news say is looked up again as a whole: nothing is lost where some were (ENOBUFS)."""
        assert self._socket is not None
        try:
            self._socket.recv(DATAGRAM)
        except BlockingIOError:
            return
        except OSError as error:
            if error.errno != errno.ENOBUFS:
                log.warning("changes of network interfaces are not told any more: %s", error)
                self._loop.remove_reader(self._socket)
        if self._timer is None:
            self._look_again(INTERFACES_SETTLE_SECONDS)

    def _look_again(self, seconds: float) -> None:
        self._timer = self._loop.call_later(seconds, self._look)

    def _look(self) -> None:
        self._timer = None
        if self._socket is None:
            self._look_again(INTERFACES_POLLED_SECONDS)
        found = self._listing()
        if found != self.interfaces:
            self.interfaces = found
            self._changed(found)


def _open_news() -> socket.socket | None:
    if sys.platform != "linux":
        return None
    try:
        opened = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW | socket.SOCK_CLOEXEC, socket.NETLINK_ROUTE)
    except OSError:
        return None
    try:
        opened.bind((0, netlink.GROUPS))
    except OSError:
        opened.close()
        return None
    opened.setblocking(False)
    return opened


def _listed_by_kernel() -> tuple[Interface, ...]:
    if sys.platform != "linux":
        return ()
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW | socket.SOCK_CLOEXEC, socket.NETLINK_ROUTE) as kernel:
        kernel.settimeout(1)
        links = _ask(kernel, netlink.GET_LINK, 1)
        addresses = _ask(kernel, netlink.GET_ADDRESS, 2)
    return from_netlink([*links, *addresses])


def _ask(kernel: socket.socket, kind: int, sequence: int) -> list[netlink.Link | netlink.LinkAddress]:
    kernel.send(netlink.encode_listing(kind, sequence))
    found: list[netlink.Link | netlink.LinkAddress] = []
    while True:
        for message in netlink.decode(kernel.recv(DATAGRAM)):
            if not isinstance(message, netlink.End):
                found.append(message)
            elif message.error:
                raise OSError(message.error, os.strerror(message.error))
            else:
                return found


def from_netlink(messages: Iterable[netlink.Link | netlink.LinkAddress]) -> tuple[Interface, ...]:
    """The interfaces that the kernel's messages describe."""
    links: list[netlink.Link] = []
    addresses: dict[int, list[IpInterface]] = {}
    for message in messages:
        if isinstance(message, netlink.Link):
            links.append(message)
        elif message.usable:
            addresses.setdefault(message.index, []).append(message.address)
    return tuple(
        Interface(
            link.index,
            link.name,
            tuple(addresses.get(link.index, ())),
            multicast=bool(link.flags & (netlink.MULTICAST | netlink.LOOPBACK)),
            loopback=bool(link.flags & netlink.LOOPBACK),
        )
        for link in sorted(links, key=lambda link: link.index)
        if link.flags & netlink.UP and link.flags & netlink.RUNNING
    )


def _listed_by_psutil() -> tuple[Interface, ...]:
    stats = psutil.net_if_stats()
    found = []
    for name, addresses in psutil.net_if_addrs().items():
        if name not in stats or not stats[name].isup:
            continue
        flags = set((getattr(stats[name], "flags", "") or "").split(","))
        given = [_from_psutil(each.family, each.address, each.netmask) for each in addresses]
        own = tuple(address for address in given if address is not None)
        loopback = "loopback" in flags or any(address.ip.is_loopback for address in own)
        # Where the system says nothing of it, an interface is taken to have groups: whoever tries will see.
        multicast = loopback or "multicast" in flags or flags == {""}
        with contextlib.suppress(OSError):  # gone in the meantime
            found.append(Interface(socket.if_nametoindex(name), name, own, multicast, loopback))
    return tuple(sorted(found, key=lambda interface: interface.index))


def _from_psutil(family: int, address: str, netmask: str | None) -> IpInterface | None:
    try:
        if family == socket.AF_INET:
            return ipaddress.IPv4Interface((address, netmask or "255.255.255.255"))
        if family == socket.AF_INET6:
            bits = 128 if netmask is None else int(ipaddress.IPv6Address(netmask)).bit_count()
            return ipaddress.IPv6Interface((address.partition("%")[0], bits))
    except ValueError:
        return None
    return None
