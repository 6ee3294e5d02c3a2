"""The routes of IPv4: whose they are, where they lead, and those that are none."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from ipaddress import ip_address, ip_network
from typing import Any

import pytest

from openwmi.engine import Engine
from openwmi.engine.provider import Request
from openwmi.engine.registration import shipped_class
from openwmi.providers.host import Host, Kernel
from openwmi.providers.host.routing import Route, Routing
from openwmi.providers.network.route import RouteProvider
from openwmi.session import Namespace

Make = Callable[..., Host]
Rows = Callable[..., list[Mapping[str, Any]]]

NAME = "Win32_IP4RouteTable"
ANY = "0.0.0.0"  # noqa: S104 - a network, and a next hop that is none


@pytest.fixture
def routes(asking: Callable[..., Request]) -> Rows:
    """`routes(host)`: the rows, each checked by the class."""

    def make(host: Host) -> list[Mapping[str, Any]]:
        found = list(RouteProvider(host).instances(asking(NAME)))
        for row in found:
            shipped_class(NAME).instance(row)
        return found

    return make


def made(*given: Route) -> Host:
    class Made(Routing):
        def routes(self) -> tuple[Route, ...]:
            return given

    return Host("/no/such/root", kernel=Kernel("n", "6.1"), routing=Made())


def where(row: Mapping[str, Any]) -> tuple[object, ...]:
    return tuple(row[name] for name in ("Destination", "Mask", "NextHop", "InterfaceIndex"))


def test_every_value(host: Make, routes: Rows) -> None:
    (row,) = (row for row in routes(host("laptop")) if row["Destination"] == ANY)
    assert row == {
        "Destination": ANY,
        "Mask": ANY,
        "NextHop": "192.0.2.1",
        "InterfaceIndex": 3,
        "Caption": ANY,
        "Name": ANY,
        "Description": f"{ANY} - {ANY} - 192.0.2.1",
        "Type": 4,
        "Protocol": 3,
        "Metric1": 600,
        "Metric2": -1,
        "Metric3": -1,
        "Metric4": -1,
        "Metric5": -1,
        "Information": "0.0",
        "Age": None,
        "InstallDate": None,
        "Status": None,
    }


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        (
            "cloud",
            {(ANY, ANY, "192.0.2.1", 2), ("192.0.2.1", "255.255.255.255", ANY, 2)},
        ),
        (
            "container",
            {(ANY, ANY, "198.51.100.1", 7), ("198.51.100.0", "255.255.255.0", ANY, 7)},
        ),
        (
            "server",
            {
                (ANY, ANY, "192.0.2.1", 6),
                ("192.0.2.0", "255.255.255.0", ANY, 6),
                ("198.51.100.0", "255.255.255.128", ANY, 7),
                ("203.0.113.0", "255.255.255.0", "198.51.100.1", 7),
            },
        ),
    ],
)
def test_routes_of_ipv4_alone(name: str, expected: set[tuple[object, ...]], host: Make, routes: Rows) -> None:
    assert {where(row) for row in routes(host(name))} == expected


@pytest.mark.parametrize(
    ("protocol", "number"),
    [("kernel", 2), ("boot", 3), ("static", 3), ("dhcp", 3), ("redirect", 4), ("ospf", 13), ("bgp", 14), ("bird", 1)],
)
def test_who_made_a_route(protocol: str, number: int, routes: Rows) -> None:
    (row,) = routes(made(Route(5, ip_network("192.0.2.0/24"), protocol=protocol)))
    assert (row["Protocol"], row["Type"]) == (number, 3)


def test_of_two_that_differ_in_their_metric_the_cheaper(routes: Rows) -> None:
    gateway, network = ip_address("192.0.2.1"), ip_network("0.0.0.0/0")
    found = routes(
        made(
            Route(5, network, gateway, metric=600),
            Route(5, network, gateway, metric=100),
            Route(6, network, gateway, metric=200),
        )
    )
    assert [(row["InterfaceIndex"], row["Metric1"]) for row in found] == [(5, 100), (6, 200)]


def test_what_leads_nowhere_is_left_out(routes: Rows) -> None:
    network = ip_network("192.0.2.0/24")
    given = (
        Route(None, network, kind="blackhole"),
        Route(1, network, kind="unreachable"),
        Route(1, ip_network("::/0")),
    )
    assert routes(made(*given)) == []
    assert routes(Host("/no/such/root", kernel=Kernel("n", "6.1"))) == []


def test_a_metric_that_is_too_large(routes: Rows) -> None:
    (row,) = routes(made(Route(5, ip_network("192.0.2.0/24"), metric=0xFFFFFFFF)))
    assert row["Metric1"] is None


def test_several_next_hops_are_several_routes(routes: Rows) -> None:
    links = [{"ifindex": 2, "ifname": "a"}, {"ifindex": 3, "ifname": "b"}]
    hops = [{"gateway": "192.0.2.1", "dev": "a", "weight": 1}, {"gateway": "198.51.100.1", "dev": "b", "weight": 1}]
    table = Routing(
        {"links": links, "routes": [{"dst": "default", "protocol": "static", "metric": 7, "nexthops": hops}]}
    )
    found = routes(Host("/no/such/root", kernel=Kernel("n", "6.1"), routing=table))
    assert [(*where(row), row["Metric1"]) for row in found] == [
        (ANY, ANY, "192.0.2.1", 2, 7),
        (ANY, ANY, "198.51.100.1", 3, 7),
    ]


async def test_by_path_and_by_query(host: Make) -> None:
    async with Namespace(Engine("HOST1", [RouteProvider(host("server"))]).session(r"root\cimv2")) as ns:
        (route,) = await ns.query(f"SELECT * FROM {NAME} WHERE Destination = '203.0.113.0'")
        assert route.NextHop == "198.51.100.1"
        assert await ns.get(route.path_) == route
