"""Interfaces, addresses and routes of a host: rtnetlink(7) of this machine, or a recording in the JSON of `ip -j`.

Names are iproute2's: what `ip -d -s link`, `ip addr` and `ip route` print is what is here.
"""

from __future__ import annotations

import ipaddress
import os
import socket
import struct
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

IpAddress = ipaddress.IPv4Address | ipaddress.IPv6Address


@dataclass(frozen=True, slots=True)
class Link:
    """An interface.

    Attributes:
        index: its number.
        name: `eth0`.
        kind: what made it, if the kernel did: `bridge`, `vlan`, `bond`, `veth`; empty for hardware.
        medium: `ether`, `loopback`, `none`, …
        address, permanent_address: of its hardware, with colons; empty where there is none.
        flags: `UP`, `LOWER_UP`, `BROADCAST`, `LOOPBACK`, `MULTICAST`, `POINTOPOINT`, `RUNNING`.
        state: `UP`, `DOWN`, `UNKNOWN`, `DORMANT`, …
        mtu: in octets.
        master: the number of the bridge or bond that it belongs to.
        under: the number of the interface that carries it (a VLAN's).
        counters: `rx_bytes`, `rx_packets`, `rx_errors`, `rx_dropped`, `multicast`, `tx_bytes`, …
    """

    index: int
    name: str
    kind: str = ""
    medium: str = "ether"
    address: str = ""
    permanent_address: str = ""
    flags: frozenset[str] = frozenset()
    state: str = "UNKNOWN"
    mtu: int = 0
    master: int | None = None
    under: int | None = None
    counters: Mapping[str, int] = field(default_factory=dict, hash=False)


@dataclass(frozen=True, slots=True)
class Address:
    """An address of an interface.

    Attributes:
        index: of the interface.
        interface: the address with its prefix.
        broadcast: of IPv4, where there is one.
        scope: `global`, `link`, `host`, …
        is_dynamic: whether it was assigned for a time, as by DHCP or by a router.
        valid_seconds, preferred_seconds: how long it stays; None for ever.
    """

    index: int
    interface: ipaddress.IPv4Interface | ipaddress.IPv6Interface
    broadcast: ipaddress.IPv4Address | None = None
    scope: str = "global"
    is_dynamic: bool = False
    valid_seconds: int | None = None
    preferred_seconds: int | None = None


@dataclass(frozen=True, slots=True)
class Route:
    """A route of the main table; one with several next hops is as many routes.

    Attributes:
        index: of the interface that it leads to; None for those that lead nowhere.
        network: where to; `0.0.0.0/0` or `::/0` by default.
        gateway: the next hop; None where the network is on the link.
        protocol: who made it: `kernel`, `boot`, `static`, `dhcp`, `ra`, `bird`, …
        scope: `global`, `link`, `host`.
        kind: `unicast`, `blackhole`, `unreachable`, …
        metric: the less the better; 0 where there is none.
        source: the address to use, if it says so.
    """

    index: int | None
    network: ipaddress.IPv4Network | ipaddress.IPv6Network
    gateway: IpAddress | None = None
    protocol: str = "boot"
    scope: str = "global"
    kind: str = "unicast"
    metric: int = 0
    source: IpAddress | None = None


class Routing:
    """What a recording has: `links`, `addresses` and `routes`, each as `ip -j` prints it; nothing without one."""

    def __init__(self, recorded: Mapping[str, Any] | None = None) -> None:
        recorded = recorded or {}
        self._links = tuple(map(_recorded_link, recorded.get("links", ())))
        self._addresses = tuple(each for item in recorded.get("addresses", ()) for each in _recorded_addresses(item))
        numbers = {link.name: link.index for link in self._links}
        masters = {item["ifname"]: item for item in recorded.get("links", ())}
        self._links = tuple(_related(link, masters[link.name], numbers) for link in self._links)
        self._routes = tuple(each for item in recorded.get("routes", ()) for each in _recorded_routes(item, numbers))

    def links(self) -> Sequence[Link]:
        """The interfaces, in the order of their numbers. OSError."""
        return self._links

    def addresses(self) -> Sequence[Address]:
        """The addresses of all interfaces, in the kernel's order. OSError."""
        return self._addresses

    def routes(self) -> Sequence[Route]:
        """The routes of the main table, of both families. OSError."""
        return self._routes


class LiveRouting(Routing):
    """The kernel's own tables, asked anew each time."""

    def links(self) -> Sequence[Link]:
        found = [_decode_link(body) for body in _dump(_GET_LINK, struct.pack("=BxHiII", 0, 0, 0, 0, 0))]
        return tuple(sorted(found, key=lambda link: link.index))

    def addresses(self) -> Sequence[Address]:
        found = [_decode_address(body) for body in _dump(_GET_ADDRESS, bytes(8))]
        return tuple(each for each in found if each is not None)

    def routes(self) -> Sequence[Route]:
        return tuple(each for body in _dump(_GET_ROUTE, bytes(12)) for each in _decode_routes(body))


# ------------------------------------------------------------------------------------------------------------ rtnetlink

_GET_LINK, _GET_ADDRESS, _GET_ROUTE = 18, 22, 26
_ERROR, _DONE = 2, 3
_REQUEST_DUMP = 0x301
_HEADER = struct.Struct("=IHHII")
_LINK = struct.Struct("=BxHiII")
_ADDRESS = struct.Struct("=BBBBI")
_ROUTE = struct.Struct("=BBBBBBBBI")
_ATTRIBUTE = struct.Struct("=HH")
_HOP = struct.Struct("=HBBi")
_RECEIVED = 1 << 18
_FOR_EVER = 0xFFFFFFFF
_MAIN_TABLE = 254
_DYNAMIC = 0x80  # IFA_F_PERMANENT, which is the contrary

_FLAGS = {
    "UP": 0x1,
    "BROADCAST": 0x2,
    "LOOPBACK": 0x8,
    "POINTOPOINT": 0x10,
    "RUNNING": 0x40,
    "NOARP": 0x80,
    "PROMISC": 0x100,
    "MASTER": 0x400,
    "SLAVE": 0x800,
    "MULTICAST": 0x1000,
    "LOWER_UP": 0x10000,
}
_MEDIA = {1: "ether", 772: "loopback", 65534: "none", 512: "ppp", 768: "ipip", 776: "sit", 778: "gre", 32: "infiniband"}
_STATES = ("UNKNOWN", "NOTPRESENT", "DOWN", "LOWERLAYERDOWN", "TESTING", "DORMANT", "UP")
_SCOPES = {0: "global", 200: "site", 253: "link", 254: "host", 255: "nowhere"}
_KINDS = {
    1: "unicast",
    2: "local",
    3: "broadcast",
    4: "anycast",
    5: "multicast",
    6: "blackhole",
    7: "unreachable",
    8: "prohibit",
    9: "throw",
}
_PROTOCOLS = {
    1: "redirect",
    2: "kernel",
    3: "boot",
    4: "static",
    9: "ra",
    12: "bird",
    16: "dhcp",
    42: "babel",
    186: "bgp",
    187: "isis",
    188: "ospf",
    189: "rip",
    192: "eigrp",
}
# struct rtnl_link_stats64, from its beginning.
_COUNTERS = (
    "rx_packets",
    "tx_packets",
    "rx_bytes",
    "tx_bytes",
    "rx_errors",
    "tx_errors",
    "rx_dropped",
    "tx_dropped",
    "multicast",
    "collisions",
)


def _dump(kind: int, body: bytes) -> Iterator[bytes]:
    """The bodies of all messages that the kernel answers with. OSError."""
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW | socket.SOCK_CLOEXEC, socket.NETLINK_ROUTE) as kernel:  # type: ignore[attr-defined,unused-ignore]  # Linux alone
        kernel.settimeout(1)
        kernel.send(_HEADER.pack(_HEADER.size + len(body), kind, _REQUEST_DUMP, 1, 0) + body)
        while True:
            octets = kernel.recv(_RECEIVED)
            at = 0
            while len(octets) - at >= _HEADER.size:
                length, what, *_ = _HEADER.unpack_from(octets, at)
                if what == _DONE or length < _HEADER.size:
                    return
                found = octets[at + _HEADER.size : at + length]
                if what == _ERROR:
                    number = -struct.unpack_from("=i", found)[0]
                    raise OSError(number, os.strerror(number))
                yield found
                at += length + 3 & ~3


def _attributes(octets: bytes) -> dict[int, bytes]:
    found = {}
    at = 0
    while len(octets) - at >= _ATTRIBUTE.size:
        length, kind = _ATTRIBUTE.unpack_from(octets, at)
        if length < _ATTRIBUTE.size:
            break
        found[kind & 0x3FFF] = octets[at + _ATTRIBUTE.size : at + length]
        at += length + 3 & ~3
    return found


def _decode_link(body: bytes) -> Link:
    _, medium, index, flags, _ = _LINK.unpack_from(body)
    given = _attributes(body[_LINK.size :])
    details = _attributes(given.get(18, b""))  # IFLA_LINKINFO
    counters = given.get(23, b"")[: 8 * len(_COUNTERS)]  # IFLA_STATS64
    return Link(
        index,
        _text(given.get(3)),
        _text(details.get(1)),
        _MEDIA.get(medium, str(medium)),
        given.get(1, b"").hex(":"),
        given.get(54, b"").hex(":"),  # IFLA_PERM_ADDRESS
        frozenset(name for name, bit in _FLAGS.items() if flags & bit),
        _STATES[given.get(16, b"\0")[0] % len(_STATES)],
        _number(given.get(4)) or 0,
        _number(given.get(10)),
        _number(given.get(5)),
        dict(zip(_COUNTERS, struct.unpack(f"={len(counters) // 8}Q", counters), strict=False)),
    )


def _decode_address(body: bytes) -> Address | None:
    family, prefix, flags, scope, index = _ADDRESS.unpack_from(body)
    given = _attributes(body[_ADDRESS.size :])
    octets = given.get(2) or given.get(1)  # IFA_LOCAL is ours; between two points IFA_ADDRESS is the other end
    if octets is None or family not in {socket.AF_INET, socket.AF_INET6}:
        return None
    flags = _number(given.get(8)) or flags
    broadcast = given.get(4)
    preferred, valid = struct.unpack_from("=II", given.get(6, struct.pack("=II", _FOR_EVER, _FOR_EVER)))
    return Address(
        index,
        ipaddress.ip_interface((octets, prefix)),
        ipaddress.IPv4Address(broadcast) if broadcast and len(broadcast) == 4 else None,
        _SCOPES.get(scope, str(scope)),
        not flags & _DYNAMIC,
        None if valid == _FOR_EVER else valid,
        None if preferred == _FOR_EVER else preferred,
    )


def _decode_routes(body: bytes) -> Iterator[Route]:
    """One, or as many as it has next hops."""
    family, prefix, _, _, table, protocol, scope, kind, _ = _ROUTE.unpack_from(body)
    given = _attributes(body[_ROUTE.size :])
    if (_number(given.get(15)) or table) != _MAIN_TABLE or family not in {socket.AF_INET, socket.AF_INET6}:
        return
    width = 4 if family == socket.AF_INET else 16
    source = given.get(7)
    for index, gateway in _next_hops(given):
        yield Route(
            index,
            ipaddress.ip_network((given.get(1, bytes(width)), prefix), strict=False),
            None if gateway is None else ipaddress.ip_address(gateway),
            _PROTOCOLS.get(protocol, str(protocol)),
            _SCOPES.get(scope, str(scope)),
            _KINDS.get(kind, str(kind)),
            _number(given.get(6)) or 0,
            None if source is None else ipaddress.ip_address(source),
        )


def _next_hops(given: Mapping[int, bytes]) -> Iterator[tuple[int | None, bytes | None]]:
    """The interface and the gateway; of each, where RTA_MULTIPATH has several."""
    several = given.get(9, b"")
    at = 0
    while len(several) - at >= _HOP.size:
        length, _, _, index = _HOP.unpack_from(several, at)
        if length < _HOP.size:
            break
        yield index, _attributes(several[at + _HOP.size : at + length]).get(5)
        at += length + 3 & ~3
    if not several:
        yield _number(given.get(4)), given.get(5)


def _number(octets: bytes | None) -> int | None:
    return None if octets is None or len(octets) != 4 else int(struct.unpack("=I", octets)[0])


def _text(octets: bytes | None) -> str:
    return (octets or b"").rstrip(b"\0").decode("utf-8", "replace")


# ----------------------------------------------------------------------------------------------------------- recordings


def _recorded_link(item: Mapping[str, Any]) -> Link:
    stats = item.get("stats64", {})
    counters = {
        f"{way}_{name}": count
        for way in ("rx", "tx")
        for name, count in stats.get(way, {}).items()
        if name in {"bytes", "packets", "errors", "dropped"}
    }
    counters["multicast"] = stats.get("rx", {}).get("multicast", 0)
    counters["collisions"] = stats.get("tx", {}).get("collisions", 0)
    return Link(
        item["ifindex"],
        item["ifname"],
        item.get("linkinfo", {}).get("info_kind", ""),
        item.get("link_type", "ether"),
        item.get("address", ""),
        item.get("permaddr", ""),
        frozenset(item.get("flags", ())),
        item.get("operstate", "UNKNOWN"),
        item.get("mtu", 0),
        counters=counters,
    )


def _related(link: Link, item: Mapping[str, Any], numbers: Mapping[str, int]) -> Link:
    """A recording names the master and the link below, where the kernel gives numbers."""
    if "master" not in item and "link" not in item:
        return link
    values = {name: getattr(link, name) for name in link.__dataclass_fields__}
    values.update(master=numbers.get(item.get("master", "")), under=numbers.get(item.get("link", "")))
    return Link(**values)


def _recorded_addresses(item: Mapping[str, Any]) -> Iterator[Address]:
    for each in item.get("addr_info", ()):
        broadcast = each.get("broadcast")
        valid, preferred = each.get("valid_life_time", _FOR_EVER), each.get("preferred_life_time", _FOR_EVER)
        yield Address(
            item["ifindex"],
            ipaddress.ip_interface(f"{each['local']}/{each['prefixlen']}"),
            ipaddress.IPv4Address(broadcast) if broadcast else None,
            each.get("scope", "global"),
            bool(each.get("dynamic")),
            None if valid == _FOR_EVER else valid,
            None if preferred == _FOR_EVER else preferred,
        )


def _recorded_routes(item: Mapping[str, Any], numbers: Mapping[str, int]) -> Iterator[Route]:
    for hop in item.get("nexthops", [{}]):
        yield _recorded_route({**item, **hop}, numbers)


def _recorded_route(item: Mapping[str, Any], numbers: Mapping[str, int]) -> Route:
    gateway, source = item.get("gateway"), item.get("prefsrc")
    target = item["dst"]
    if target == "default":
        target = "::/0" if ":" in (gateway or "") else "0.0.0.0/0"
    return Route(
        numbers.get(item.get("dev", "")),
        ipaddress.ip_network(target),
        None if gateway is None else ipaddress.ip_address(gateway),
        item.get("protocol", "boot"),
        item.get("scope", "global"),
        item.get("type", "unicast"),
        item.get("metric", 0),
        None if source is None else ipaddress.ip_address(source),
    )
