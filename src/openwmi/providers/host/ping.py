"""Echoes of other hosts: ICMP of this machine (RFC 792, RFC 4443), or a recording of who answers.

The kernel lets groups of users send echoes without being root (`net.ipv4.ping_group_range`); where it does not, a raw
socket is tried, which needs CAP_NET_RAW. Errors come from the queue of the socket (ip(7), IP_RECVERR).
"""

from __future__ import annotations

import errno
import ipaddress
import os
import select
import socket
import struct
import time
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from enum import Enum, auto
from typing import Any


class Outcome(Enum):
    """What became of an echo request."""

    ANSWERED = auto()
    SILENT = auto()
    NET_UNREACHABLE = auto()
    HOST_UNREACHABLE = auto()
    PROTOCOL_UNREACHABLE = auto()
    PORT_UNREACHABLE = auto()
    NO_RESOURCES = auto()
    BAD_OPTION = auto()
    TOO_BIG = auto()
    BAD_ROUTE = auto()
    EXPIRED = auto()
    EXPIRED_REASSEMBLY = auto()
    PARAMETER_PROBLEM = auto()
    SOURCE_QUENCH = auto()
    BAD_DESTINATION = auto()
    FAILED = auto()


@dataclass(frozen=True, slots=True)
class Probe:
    """An echo request.

    Attributes:
        address: of IPv4 or IPv6; no name.
        size: octets of data.
        seconds: how long to wait for an answer.
        hops: how many routers may pass it on.
        service: the octet of the type of service, or the traffic class.
        is_whole: whether routers must not cut it up.
    """

    address: str
    size: int = 32
    seconds: float = 1.0
    hops: int = 80
    service: int = 0
    is_whole: bool = False


@dataclass(frozen=True, slots=True)
class Echo:
    """What came back.

    Attributes:
        outcome: what became of it.
        address: who answered: the one that was asked, or a router on the way; empty where nobody did.
        size: octets of data in an answer.
        seconds: from the request to the answer.
        hops: how many more routers the answer could have passed.
        is_intact: whether the data came back as they were sent.
    """

    outcome: Outcome
    address: str = ""
    size: int | None = None
    seconds: float | None = None
    hops: int | None = None
    is_intact: bool | None = None


class UnresolvedError(OSError):
    """A name without an address; `is_temporary` if it may have one later."""

    def __init__(self, name: str, *, is_temporary: bool = False) -> None:
        super().__init__(f"{name} has no address")
        self.is_temporary = is_temporary


class Ping:
    """A recording: `names` with their addresses, and the `echoes` of addresses; without one nothing may be sent."""

    def __init__(self, recorded: Mapping[str, Any] | None = None) -> None:
        self._names: Mapping[str, str] = (recorded or {}).get("names", {})
        self._echoes: Mapping[str, Mapping[str, Any]] | None = (recorded or {}).get("echoes")

    def resolve(self, name: str) -> str:
        """The address that would be asked. UnresolvedError."""
        try:
            return str(ipaddress.ip_address(name))
        except ValueError:
            if name not in self._names:
                raise UnresolvedError(name) from None
            return self._names[name]

    def name_of(self, address: str) -> str:
        """The name of an address; empty where it has none."""
        return next((name for name, known in self._names.items() if known == address), "")

    def echo(self, probe: Probe) -> Echo:
        """Asks, and waits. PermissionError, where this process must not."""
        if self._echoes is None:
            raise PermissionError(errno.EPERM, "nothing is sent from this host")
        found = dict(self._echoes.get(probe.address, {"outcome": "SILENT"}))
        outcome = Outcome[found.pop("outcome", "ANSWERED")]
        if outcome is Outcome.ANSWERED:
            found = {"address": probe.address, "size": probe.size, "is_intact": True} | found
        return Echo(outcome, **found)


class LivePing(Ping):
    """The sockets and the names of this machine."""

    def resolve(self, name: str) -> str:
        try:
            found = socket.getaddrinfo(name, None, type=socket.SOCK_DGRAM)
        except (socket.gaierror, ValueError) as error:
            raise UnresolvedError(name, is_temporary=getattr(error, "errno", 0) == socket.EAI_AGAIN) from None
        return socket.getnameinfo(found[0][4], socket.NI_NUMERICHOST)[0]

    def name_of(self, address: str) -> str:
        try:
            return socket.getnameinfo((address, 0), socket.NI_NAMEREQD)[0]
        except OSError:
            return ""

    def echo(self, probe: Probe) -> Echo:
        if probe.size > _MOST_DATA:
            return Echo(Outcome.TOO_BIG)
        if probe.hops not in _HOPS or probe.service not in _SERVICES:
            return Echo(Outcome.BAD_OPTION)
        try:
            family, _, _, _, target = socket.getaddrinfo(probe.address, None, flags=socket.AI_NUMERICHOST)[0]
        except socket.gaierror:
            return Echo(Outcome.BAD_DESTINATION)
        protocol = _PROTOCOLS[family]
        sender, is_raw = _open(family, protocol)
        with closing(sender):
            sender.setblocking(False)
            _set(sender, protocol, probe)
            return _Exchange(sender, protocol, probe, is_raw=is_raw).run(target)


# ----------------------------------------------------------------------------------------------------------------- ICMP

_MOST_DATA = 65500
"""What Windows sends at most; a datagram of IPv4 holds seven more."""

_HOPS, _SERVICES = range(1, 256), range(256)

_HEAD = struct.Struct(">BBHHH")
_ERROR = struct.Struct("=IBBBBII")
_ANCILLARY = 512
_AT_ONCE = 64
_PATTERN = b"abcdefghijklmnopqrstuvw"
_DISCOVER, _WHOLE = 0, 2  # IP_PMTUDISC_DONT and IP_PMTUDISC_DO
_LOCAL = 1  # SO_EE_ORIGIN_LOCAL

_UNREACHABLE = {
    0: Outcome.NET_UNREACHABLE,
    1: Outcome.HOST_UNREACHABLE,
    2: Outcome.PROTOCOL_UNREACHABLE,
    3: Outcome.PORT_UNREACHABLE,
    4: Outcome.TOO_BIG,
    5: Outcome.BAD_ROUTE,
    6: Outcome.NET_UNREACHABLE,
    7: Outcome.HOST_UNREACHABLE,
    9: Outcome.NET_UNREACHABLE,
    11: Outcome.NET_UNREACHABLE,
    13: Outcome.NET_UNREACHABLE,
}
_UNREACHABLE_6 = {0: Outcome.NET_UNREACHABLE, 1: Outcome.NET_UNREACHABLE, 4: Outcome.PORT_UNREACHABLE}
_TIME = {0: Outcome.EXPIRED, 1: Outcome.EXPIRED_REASSEMBLY}

_ERRNO = {
    errno.ENETUNREACH: Outcome.NET_UNREACHABLE,
    errno.EHOSTUNREACH: Outcome.HOST_UNREACHABLE,
    errno.EMSGSIZE: Outcome.TOO_BIG,
    errno.ENOBUFS: Outcome.NO_RESOURCES,
    errno.ENOMEM: Outcome.NO_RESOURCES,
    errno.EINVAL: Outcome.BAD_DESTINATION,
    errno.EACCES: Outcome.BAD_DESTINATION,  # a broadcast address
}


@dataclass(frozen=True, slots=True)
class _Protocol:
    """The numbers of ICMP, or of that of IPv6."""

    number: int
    level: int
    request: int
    reply: int
    hops: int
    service: int
    discover: int
    errors: int
    tell_hops: int
    told_hops: int


_PROTOCOLS = {
    socket.AF_INET: _Protocol(
        socket.IPPROTO_ICMP, socket.IPPROTO_IP, 8, 0, socket.IP_TTL, socket.IP_TOS, 10, 11, 12, socket.IP_TTL
    ),
    socket.AF_INET6: _Protocol(
        58, socket.IPPROTO_IPV6, 128, 129, socket.IPV6_UNICAST_HOPS, socket.IPV6_TCLASS, 23, 25, 51, 52
    ),
}


def outcome_of(kind: int, code: int, *, is_6: bool) -> Outcome:
    """What an error of ICMP, or of ICMPv6, says of the request that it is about."""
    if is_6:
        if kind == 1:
            return _UNREACHABLE_6.get(code, Outcome.HOST_UNREACHABLE)
        if kind == 3:
            return _TIME.get(code, Outcome.FAILED)
        return {2: Outcome.TOO_BIG, 4: Outcome.PARAMETER_PROBLEM}.get(kind, Outcome.FAILED)
    if kind == 3:
        return _UNREACHABLE.get(code, Outcome.HOST_UNREACHABLE)
    if kind == 11:
        return _TIME.get(code, Outcome.FAILED)
    return {4: Outcome.SOURCE_QUENCH, 12: Outcome.PARAMETER_PROBLEM}.get(kind, Outcome.FAILED)


def echo_of_error(octets: bytes, *, is_6: bool) -> Echo:
    """A struct sock_extended_err, and the address of whoever sent the error as a sockaddr behind it."""
    if len(octets) < _ERROR.size:
        return Echo(Outcome.FAILED)
    number, origin, kind, code, *_ = _ERROR.unpack_from(octets)
    if origin == _LOCAL:
        return Echo(_ERRNO.get(number, Outcome.FAILED))
    at, width = (_ERROR.size + 8, 16) if is_6 else (_ERROR.size + 4, 4)
    offender = octets[at : at + width]
    address = str(ipaddress.ip_address(offender)) if len(offender) == width else ""
    return Echo(outcome_of(kind, code, is_6=is_6), address)


def checksum(octets: bytes) -> int:
    """RFC 1071."""
    octets += bytes(len(octets) % 2)
    total: int = sum(struct.unpack(f">{len(octets) // 2}H", octets))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def _open(family: int, protocol: _Protocol) -> tuple[socket.socket, bool]:
    """A socket, and whether it is raw. PermissionError."""
    try:
        return socket.socket(family, socket.SOCK_DGRAM, protocol.number), False
    except OSError:  # whatever kept it from us: a kernel without them has another error than one that forbids them
        return socket.socket(family, socket.SOCK_RAW, protocol.number), True


def _set(sender: socket.socket, protocol: _Protocol, probe: Probe) -> None:
    options = {
        protocol.hops: probe.hops,
        protocol.service: probe.service,
        protocol.discover: _WHOLE if probe.is_whole else _DISCOVER,
        protocol.errors: 1,
        protocol.tell_hops: 1,
    }
    for option, value in options.items():
        sender.setsockopt(protocol.level, option, value)


class _Exchange:
    """One request, and the wait for what comes of it."""

    def __init__(self, sender: socket.socket, protocol: _Protocol, probe: Probe, *, is_raw: bool) -> None:
        self._socket = sender
        self._protocol = protocol
        self._probe = probe
        self._is_raw = is_raw
        self._is_4 = protocol.request == 8
        self._identity, self._sequence = struct.unpack(">HH", os.urandom(4))
        self._data = (_PATTERN * (probe.size // len(_PATTERN) + 1))[: probe.size]

    def run(self, target: Any) -> Echo:
        # The kernel puts in the checksum, but not on a raw socket of IPv4.
        packet = self._packet(0)
        begun = time.monotonic()
        try:
            self._socket.sendto(self._packet(checksum(packet)) if self._is_4 else packet, target)
        except OSError as error:
            return Echo(_ERRNO.get(error.errno or 0, Outcome.FAILED))
        until = begun + self._probe.seconds
        with closing(select.epoll()) as waiting:
            waiting.register(self._socket.fileno(), select.EPOLLIN)  # errors are always told
            while (left := until - time.monotonic()) > 0:
                if not waiting.poll(left):
                    break
                for found in (*self._errors(), *self._answers(begun)):
                    return found
        return Echo(Outcome.SILENT)

    def _packet(self, total: int) -> bytes:
        return _HEAD.pack(self._protocol.request, 0, total, self._identity, self._sequence) + self._data

    def _is_ours(self, head: bytes, kind: int) -> bool:
        """The kernel has numbers of its own for what is not raw, and sorts by them."""
        if len(head) < _HEAD.size:
            return False
        found, _, _, identity, sequence = _HEAD.unpack_from(head)
        return found == kind and sequence == self._sequence and (not self._is_raw or identity == self._identity)

    def _errors(self) -> Iterator[Echo]:
        protocol = self._protocol
        for about, told, _ in self._messages(socket.MSG_ERRQUEUE):
            for level, kind, octets in told:
                if (level, kind) == (protocol.level, protocol.errors) and self._is_ours(about, protocol.request):
                    yield echo_of_error(octets, is_6=not self._is_4)

    def _answers(self, begun: float) -> Iterator[Echo]:
        protocol = self._protocol
        for octets, told, source in self._messages(0):
            seconds = time.monotonic() - begun
            hops = next(
                (
                    struct.unpack_from("=i", value)[0]
                    for level, kind, value in told
                    if (level, kind) == (protocol.level, protocol.told_hops) and len(value) >= 4
                ),
                None,
            )
            answer = octets[(octets[0] & 0x0F) * 4 :] if self._is_raw and self._is_4 and octets else octets
            if self._is_ours(answer, protocol.reply):
                data = answer[_HEAD.size :]
                yield Echo(Outcome.ANSWERED, source[0], len(data), seconds, hops, data == self._data)

    def _messages(self, flags: int) -> Iterator[tuple[bytes, list[tuple[int, int, bytes]], Any]]:
        """What waits on the socket, or in its queue of errors, now; the rest of a flood waits for the next turn."""
        for _ in range(_AT_ONCE):
            try:
                octets, told, _, source = self._socket.recvmsg(1 << 16, _ANCILLARY, flags)
            except BlockingIOError:
                return
            except OSError:  # an error that is in the queue, too
                continue
            yield octets, told, source
