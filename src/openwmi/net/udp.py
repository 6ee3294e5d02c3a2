"""Datagrams on every interface of this machine at once, by IPv4 and IPv6, to and from the group of discovery.

Each address that is sent from has sockets of its own, so that it is always known where a datagram came in and where one
goes. Sockets come and go with the interfaces. Nothing leaves the link: the hop limit is 1.

The group's port is shared with whoever else on this machine listens to it. A datagram that was sent to that port alone
may then reach one of them only, which is why nobody should count on it.
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import ipaddress
import logging
import os
import socket
import struct
import sys
from collections.abc import Callable, Collection, Sequence
from functools import partial
from typing import Final, NamedTuple

from openwmi.base.error import WbemError
from openwmi.base.limits import DATAGRAM_RECEIVE_OCTETS, DATAGRAM_SEND_OCTETS
from openwmi.base.record import log_bug
from openwmi.base.status import WbemStatus
from openwmi.net.datagram import (
    DISCOVERY_PORT,
    GROUP_V4,
    GROUP_V6,
    Datagram,
    DatagramReceiver,
    DatagramTransport,
    Endpoint,
)
from openwmi.net.interfaces import Interface, InterfaceWatch, IpAddress, list_interfaces

log = logging.getLogger("openwmi.net")

# Linux hands a group's datagrams to every socket that is bound to it, whichever interface that one joined it on, unless
# it is told not to. Python has no names for the two options.
IP_MULTICAST_ALL, IPV6_MULTICAST_ALL = 49, 29
GROUPS_ARE_ADDRESSES: Final = sys.platform != "win32"
"""Whether a socket can be bound to a group, and so hears nothing else."""

Listing = Callable[[], tuple[Interface, ...]]


class UdpNetwork:
    """This machine's network, as a DatagramNetwork.

    Args:
        versions: of IP.
        port: the group's.
        listing: what finds the interfaces.
    """

    def __init__(
        self,
        versions: Collection[int] = (4, 6),
        port: int = DISCOVERY_PORT,
        listing: Listing = list_interfaces,
    ) -> None:
        self._versions = versions
        self._port = port
        self._listing = listing

    async def open(
        self, receiver: DatagramReceiver, *, names: Collection[str] | None = None, group: bool = False
    ) -> DatagramTransport:
        """Part of DatagramNetwork. The receiver is told of the interfaces when they change, and not of the first ones.

        WbemError(INVALID_PARAMETER) for a name of no interface that is up, WbemError(FAILED) where no socket could be
        opened.
        """
        transport = _UdpTransport(receiver, names, self._versions, self._port if group else 0, self._port)
        try:
            await transport.open(self._listing)
        except BaseException:
            transport.close()
            raise
        return transport


class _Place(NamedTuple):
    """What sockets are bound to."""

    number: int
    address: IpAddress


class _UdpTransport:
    def __init__(
        self,
        receiver: DatagramReceiver,
        names: Collection[str] | None,
        versions: Collection[int],
        listen_port: int,
        group_port: int,
    ) -> None:
        self._receiver = receiver
        self._names = names
        self._versions = versions
        self._listen_port = listen_port
        self._group_port = group_port
        self._open: dict[_Place, _Sockets] = {}
        self._watch: InterfaceWatch | None = None
        self._turn = asyncio.Lock()
        self._tasks: set[asyncio.Task[None]] = set()
        self._closed = False

    @property
    def interfaces(self) -> tuple[Interface, ...]:
        return tuple({sockets.interface.index: sockets.interface for sockets in self._open.values()}.values())

    async def open(self, listing: Listing) -> None:
        self._watch = InterfaceWatch(self._interfaces_changed, listing)
        found = self._watch.interfaces
        missing = sorted({*(self._names or ())} - {one.name for one in found})
        if missing:
            there = ", ".join(one.name for one in found) or "none"
            raise WbemError(WbemStatus.INVALID_PARAMETER, f"no interface {missing[0]} is up here: there are {there}")
        failures = await self._follow(found)
        if failures and not self._open:
            raise WbemError(WbemStatus.FAILED, failures[0])
        _warn(failures)

    def send(self, data: bytes, to: Endpoint, interface: Interface) -> None:
        there = ipaddress.ip_address(to.host)
        for place, sockets in self._open.items():
            if place.number == interface.index and place.address.version == there.version:
                sockets.send(data, to, first=there.is_multicast)

    def close(self) -> None:
        self._closed = True
        if self._watch is not None:
            self._watch.close()
        for task in self._tasks:
            task.cancel()
        for sockets in self._open.values():
            sockets.close()
        self._open.clear()

    def _interfaces_changed(self, interfaces: tuple[Interface, ...]) -> None:
        task = asyncio.get_running_loop().create_task(self._tell(interfaces))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _tell(self, interfaces: tuple[Interface, ...]) -> None:
        async with self._turn:
            before = self.interfaces
            _warn(await self._follow(interfaces))
            if self.interfaces != before and not self._closed:
                self._receiver.interfaces_changed(self.interfaces)

    async def _follow(self, interfaces: Sequence[Interface]) -> list[str]:
        """Opens and closes sockets, until they are those of the interfaces; returns what could not be done."""
        wanted = dict(self._places(interfaces))
        for place in [place for place in self._open if place not in wanted]:
            self._open.pop(place).close()
        failures = []
        for place, interface in wanted.items():
            if place in self._open:
                self._open[place].interface = interface
                continue
            sockets = _Sockets(place, interface, self._receiver)
            try:
                await sockets.open(self._listen_port)
            except OSError as error:
                sockets.close()
                failures.append(f"{_reason(error, self._group_port)}, at {interface.name} ({place.address})")
            except BaseException:
                sockets.close()
                raise
            else:
                self._open[place] = sockets
        return failures

    def _places(self, interfaces: Sequence[Interface]) -> list[tuple[_Place, Interface]]:
        chosen = [
            one
            for one in interfaces
            if one.multicast and (not one.loopback if self._names is None else one.name in self._names)
        ]
        pairs = [(one, one.address_for(version)) for one in chosen for version in self._versions]
        return [(_Place(one.index, address), one) for one, address in pairs if address is not None]


class _Sockets:
    """The sockets of an address: one that speaks first, and where the group is listened to, one for it and one that
    answers.

    Answers leave from the group's own port, as those of Windows do: firewalls are told to let that one in.
    """

    def __init__(self, place: _Place, interface: Interface, receiver: DatagramReceiver) -> None:
        self._place = place
        self.interface = interface
        self._receiver = receiver
        self._transports: list[asyncio.DatagramTransport] = []

    async def open(self, listen_port: int) -> None:
        """OSError; `close` then closes what was opened."""
        await self._add(_bound(self._place, str(self._place.address), 0), multicast=False)
        if listen_port:
            await self._add(_bound(self._place, str(self._place.address), listen_port), multicast=False)
            await self._add(_joined(self._place, listen_port), multicast=True)

    def send(self, data: bytes, to: Endpoint, *, first: bool) -> None:
        """`first` is whether nobody has asked for it."""
        transport = self._transports[0] if first or len(self._transports) == 1 else self._transports[1]
        if _waiting(transport) > DATAGRAM_SEND_OCTETS:
            return  # the network takes no more, and nobody waits for what is old by then
        six = self._place.address.version == 6
        transport.sendto(data, (to.host, to.port, 0, self._place.number) if six else tuple(to))

    def close(self) -> None:
        for transport in self._transports:
            transport.close()

    def received(self, data: bytes, source: Endpoint, *, multicast: bool) -> None:
        try:
            self._receiver.datagram_received(Datagram(data, source, self.interface, multicast))
        except Exception as error:  # noqa: BLE001 - one datagram does not end the others
            log_bug(log, "a datagram could not be handled", error)

    async def _add(self, sock: socket.socket, *, multicast: bool) -> None:
        make = partial(_Receiver, self, multicast)
        transport, _ = await asyncio.get_running_loop().create_datagram_endpoint(make, sock=sock)
        self._transports.append(transport)


class _Receiver(asyncio.DatagramProtocol):
    def __init__(self, sockets: _Sockets, multicast: bool) -> None:
        self._sockets = sockets
        self._multicast = multicast

    def datagram_received(self, data: bytes, addr: tuple[str | int, ...]) -> None:
        host, port = str(addr[0]), int(addr[1])
        self._sockets.received(data, Endpoint(host.partition("%")[0], port), multicast=self._multicast)

    def error_received(self, exc: Exception) -> None:
        """Somebody is not there, or the interface went: what was sent is lost."""
        log.debug("%s: %s", self._sockets.interface.name, exc)


def _waiting(transport: asyncio.DatagramTransport) -> int:
    """Octets that were not sent yet. Those of asyncio can say, though the base class promises nothing."""
    size: int = getattr(transport, "get_write_buffer_size", int)()
    return size


def _bound(place: _Place, host: str, port: int) -> socket.socket:
    """A socket that sends by that interface alone, to the group or to whoever is on the link."""
    six = place.address.version == 6
    sock = socket.socket(socket.AF_INET6 if six else socket.AF_INET, socket.SOCK_DGRAM)
    try:
        sock.setblocking(False)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, DATAGRAM_RECEIVE_OCTETS)
        if six:
            sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
            sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_IF, place.number)
            sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_HOPS, 1)
            sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_UNICAST_HOPS, 1)
        else:
            sock.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, place.address.packed)
            sock.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_TTL, 1)
            sock.setsockopt(socket.IPPROTO_IP, socket.IP_TTL, 1)
        _bind(sock, (host, port, 0, place.number) if six else (host, port), shared=port != 0)
    except BaseException:
        sock.close()
        raise
    return sock


def _joined(place: _Place, port: int) -> socket.socket:
    """A socket that hears what is sent to the group there."""
    six = place.address.version == 6
    group = GROUP_V6 if six else GROUP_V4
    packed = ipaddress.ip_address(group).packed
    sock = _bound(place, group if GROUPS_ARE_ADDRESSES else "", port)
    try:
        if six:
            sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_JOIN_GROUP, packed + struct.pack("@I", place.number))
        else:
            interface = struct.pack("@i", place.number) if sys.platform == "linux" else b""
            sock.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, packed + place.address.packed + interface)
        if sys.platform == "linux":
            level, option = (socket.IPPROTO_IPV6, IPV6_MULTICAST_ALL) if six else (socket.IPPROTO_IP, IP_MULTICAST_ALL)
            with contextlib.suppress(OSError):  # kernels before 4.20 have no such option for IPv6
                sock.setsockopt(level, option, 0)
    except BaseException:
        sock.close()
        raise
    return sock


def _bind(sock: socket.socket, where: tuple[str | int, ...], *, shared: bool) -> None:
    """Shared with programs that allow it.

    Those of a port that is shared by SO_REUSEPORT are given a datagram in turn, on Linux even what was sent to the
    group, by whichever interface it came. So it is used only where somebody else has not left another way.
    """
    if not shared:
        sock.bind(where)
        return
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        sock.bind(where)
    except OSError as error:
        reuse_port = getattr(socket, "SO_REUSEPORT", None)
        if error.errno != errno.EADDRINUSE or reuse_port is None:
            raise
        sock.setsockopt(socket.SOL_SOCKET, reuse_port, 1)
        sock.bind(where)


def _warn(failures: Sequence[str]) -> None:
    for failure in failures:
        log.warning("%s", failure)


def _reason(error: OSError, port: int) -> str:
    if error.errno == errno.EADDRINUSE:
        return f"UDP port {port} is held by a program that does not share it"
    return os.strerror(error.errno) if error.errno else str(error)
