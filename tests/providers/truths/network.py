"""Interfaces, their configuration and routes beside ip, and beside /proc/sys/net."""

from __future__ import annotations

import ipaddress
import json
import platform
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from tests.providers.truth import Truth

Node = dict[str, Any]

LINK = ("ip", "-j", "-d", "link", "show")
ADDRESS = ("ip", "-j", "-d", "addr", "show")
ROUTE = ("ip", "-j", "-d", "-4", "route", "show")
ANY = "0.0.0.0"  # noqa: S104 - a network, and a next hop that is none

_MAC = re.compile(r"[0-9a-f]{2}(:[0-9a-f]{2}){5}")


def adapters_in(text: str) -> Mapping[str, Node]:
    return {str(link["ifindex"]): link for link in json.loads(text) if "LOOPBACK" not in link["flags"]}


def path_to(class_name: str, key: str) -> str:
    """As a reference writes it."""
    return f"\\\\{platform.node()}\\root\\cimv2:{class_name}.{key}"


def of_links(text: str) -> Mapping[str, Node]:
    """Interface by the path of its adapter."""
    return {path_to("Win32_NetworkAdapter", f'DeviceID="{key}"'): link for key, link in adapters_in(text).items()}


def mac(link: Node) -> str | None:
    address = link.get("address", "")
    return address.upper() if _MAC.fullmatch(address) and address.strip("0:") else None


def connection(link: Node) -> int:
    if "UP" not in link["flags"]:
        return 0
    words = {"UP": 2, "DOWN": 7, "LOWERLAYERDOWN": 7, "DORMANT": 1, "TESTING": 13, "NOTPRESENT": 4}
    return words.get(link["operstate"], 2 if "LOWER_UP" in link["flags"] else 7)


def addresses(link: Node) -> list[Node]:
    return sorted(link["addr_info"], key=lambda each: each["family"])


def listed(of_address: Callable[[Node], str]) -> Callable[[Node], tuple[str, ...] | None]:
    return lambda link: tuple(map(of_address, addresses(link))) or None


def subnet(address: Node) -> str:
    if address["family"] == "inet6":
        return str(address["prefixlen"])
    return str(ipaddress.ip_network(f"{ANY}/{address['prefixlen']}").netmask)


def target(route: Node) -> str:
    found = ANY if route["dst"] == "default" else route["dst"]
    return str(found.partition("/")[0])


def mask(route: Node) -> str:
    return str(ipaddress.ip_network(f"{ANY}/0" if route["dst"] == "default" else route["dst"]).netmask)


def described(route: Node) -> str:
    return f"{target(route)} - {mask(route)} - {route.get('gateway', ANY)}"


def of_routes(text: str) -> Mapping[str, Node]:
    """By Description, which has all keys but the interface; one over two interfaces is left to other tests."""
    routes = [each for each in json.loads(text) if each.get("type", "unicast") == "unicast" and "dev" in each]
    names = [described(each) for each in routes]
    return {described(each): each for each in routes if names.count(described(each)) == 1}


def made_by(route: Node) -> int:
    words = {"kernel": 2, "boot": 3, "static": 3, "dhcp": 3, "redirect": 4, "rip": 8, "isis": 9, "ospf": 13, "bgp": 14}
    return words.get(route.get("protocol", "boot"), 1)


SETTINGS: Mapping[str, tuple[str, Callable[[int], object]]] = {
    "DefaultTTL": ("ip_default_ttl", int),
    "KeepAliveInterval": ("tcp_keepalive_intvl", lambda found: found * 1000),
    "KeepAliveTime": ("tcp_keepalive_time", lambda found: found * 1000),
    "PMTUBHDetectEnabled": ("tcp_mtu_probing", bool),
    "PMTUDiscoveryEnabled": ("ip_no_pmtu_disc", lambda found: found in (0, 3)),
    "TcpMaxConnectRetransmissions": ("tcp_syn_retries", int),
    "TcpMaxDataRetransmissions": ("tcp_retries2", int),
    "TcpUseRFC1122UrgentPointer": ("tcp_stdurg", bool),
}


def set_to(name: str) -> Callable[[list[str]], object]:
    file, convert = SETTINGS[name]
    at = [of for of, _ in SETTINGS.values()].index(file)
    return lambda record: convert(int(record[at]))


def of_settings(text: str) -> Mapping[str, list[str]]:
    """They are said of each interface but loopback, whose type is 772."""
    folders = Path("/sys/class/net").glob("*/type")
    numbers = [file.with_name("ifindex").read_text().strip() for file in folders if file.read_text() != "772\n"]
    return dict.fromkeys(numbers, text.split())


TABLES = [
    Truth(
        "Win32_NetworkAdapter",
        LINK,
        adapters_in,
        {
            "Index": lambda link: link["ifindex"],
            "InterfaceIndex": lambda link: link["ifindex"],
            "NetConnectionID": lambda link: link["ifname"],
            "MACAddress": mac,
            "NetEnabled": lambda link: "UP" in link["flags"],
            "StatusInfo": lambda link: 3 if "UP" in link["flags"] else 4,
            "NetConnectionStatus": connection,
            "PhysicalAdapter": lambda link: "parentdev" in link,
            "SystemName": lambda _: platform.node(),
        },
        key="DeviceID",
    ),
    Truth(
        "Win32_NetworkAdapterConfiguration",
        ADDRESS,
        adapters_in,
        {
            "InterfaceIndex": lambda link: link["ifindex"],
            "MACAddress": mac,
            "MTU": lambda link: link["mtu"],
            "IPEnabled": lambda link: "UP" in link["flags"] and bool(link["addr_info"]),
            "IPAddress": listed(lambda each: str(each["local"])),
            "IPSubnet": listed(subnet),
        },
        key="Index",
    ),
    Truth(
        "Win32_NetworkAdapterConfiguration",
        ("cat", *(f"/proc/sys/net/ipv4/{file}" for file, _ in SETTINGS.values())),
        of_settings,
        {name: set_to(name) for name in SETTINGS},
        key="Index",
    ),
    Truth(
        "Win32_NetworkAdapterSetting",
        LINK,
        of_links,
        {"Setting": lambda link: path_to("Win32_NetworkAdapterConfiguration", f"Index={link['ifindex']}")},
        key="Element",
    ),
    Truth(
        "Win32_IP4RouteTable",
        ROUTE,
        of_routes,
        {
            "Destination": target,
            "Mask": mask,
            "NextHop": lambda route: route.get("gateway", ANY),
            "Metric1": lambda route: route.get("metric", 0),
            "Type": lambda route: 4 if "gateway" in route else 3,
            "Protocol": made_by,
            "Caption": target,
            "Name": target,
        },
        key="Description",
        subset=True,
    ),
]
