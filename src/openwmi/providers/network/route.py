"""Win32_IP4RouteTable of this host: the main table of rtnetlink. Page win32-ip4routetable; RFC 1213, ipRouteTable.

Routes that lead nowhere, such as `blackhole`, have no interface and are none here.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from openwmi.engine.provider import Request
from openwmi.providers.reading import HostProvider, Null, Reads, Table, always

if TYPE_CHECKING:
    from openwmi.providers.host.routing import Route

_OTHER, _LOCAL, _MANAGED = 1, 2, 3
_PROTOCOLS = {
    "kernel": _LOCAL,
    "boot": _MANAGED,
    "static": _MANAGED,
    "dhcp": _MANAGED,
    "redirect": 4,
    "rip": 8,
    "isis": 9,
    "ospf": 13,
    "bgp": 14,
}
"""Protocol by who made a route; what is not here is `other`."""

_DIRECT, _INDIRECT = 3, 4
_ON_LINK = "0.0.0.0"  # noqa: S104 - a next hop that is none; nothing is bound


def _target(route: Route) -> str:
    return str(route.network.network_address)


def _next(route: Route) -> str:
    """Windows: 0.0.0.0 where the network is on the link."""
    return _ON_LINK if route.gateway is None else str(route.gateway)


def _metric(route: Route) -> int | None:
    return route.metric if route.metric <= 0x7FFFFFFF else None


def _described(route: Route) -> str:
    """Windows: `0.0.0.0 - 0.0.0.0 - 192.0.2.1`."""
    return f"{_target(route)} - {route.network.netmask} - {_next(route)}"


_NOT_USED = always(-1)

TABLE: Table[Route] = {
    "Destination": Reads("rtnetlink: the network; 0.0.0.0 by default", _target),
    "Mask": Reads("rtnetlink: the length of its prefix", lambda route: str(route.network.netmask)),
    "NextHop": Reads("rtnetlink: the gateway; 0.0.0.0 where the network is on the link", _next),
    "InterfaceIndex": Reads("rtnetlink: the number of the interface", lambda route: route.index),
    "Caption": Reads("as Destination", _target),
    "Name": Reads("as Destination", _target),
    "Description": Reads("Destination, Mask and NextHop", _described),
    "Type": Reads(
        "whether there is a gateway: 3 is direct, 4 indirect",
        lambda route: _DIRECT if route.gateway is None else _INDIRECT,
    ),
    "Protocol": Reads(
        "rtnetlink: who made it; 2 is the kernel, 3 an administrator or DHCP, 1 whom the page does not name",
        lambda route: _PROTOCOLS.get(route.protocol, _OTHER),
    ),
    "Metric1": Reads("rtnetlink: the metric; 0 without one", _metric),
    "Metric2": _NOT_USED,
    "Metric3": _NOT_USED,
    "Metric4": _NOT_USED,
    "Metric5": _NOT_USED,
    "Information": always("0.0"),
    "Age": Null("the kernel does not tell"),
    "InstallDate": Null("nobody notes it"),
    "Status": Null("the kernel does not tell"),
}


class RouteProvider(HostProvider["Route"]):
    """The routes of IPv4."""

    cim_class = "Win32_IP4RouteTable"
    table = TABLE

    def samples(self, request: Request) -> Iterator[Route]:  # noqa: ARG002 - as of any provider
        """Of two that differ in their metric alone the cheaper, which is the one that is used: keys are unique."""
        seen = set()
        for route in sorted(self.host.routing.routes(), key=lambda each: each.metric):
            key = (route.network, route.gateway, route.index)
            if route.network.version == 4 and route.kind == "unicast" and route.index is not None and key not in seen:
                seen.add(key)
                yield route
