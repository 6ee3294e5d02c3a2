"""Configurations of interfaces: addresses, gateways, leases of DHCP, names, and settings of the kernel."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from ipaddress import ip_address, ip_interface, ip_network
from typing import Any

import pytest

from openwmi.engine.provider import Request
from openwmi.engine.registration import shipped_class
from openwmi.providers.host import Host, Kernel, RecordedBus
from openwmi.providers.host.routing import Address, Link, Route, Routing
from openwmi.providers.network.configuration import NetworkAdapterConfigurationProvider
from openwmi.providers.network.interface import Network
from openwmi.providers.network.lease import Lease, is_configured_by_dhcp, lease_of
from openwmi.providers.network.resolver import Resolver, resolver

Make = Callable[..., Host]
Asking = Callable[..., Request]
Rows = Callable[..., dict[int, Mapping[str, Any]]]

NAME = "Win32_NetworkAdapterConfiguration"


@pytest.fixture
def rows(asking: Asking) -> Rows:
    """`rows(host)`: by Index, each checked by the class."""

    def make(host: Host) -> dict[int, Mapping[str, Any]]:
        found: list[Mapping[str, Any]] = list(NetworkAdapterConfigurationProvider(host).instances(asking(NAME)))
        for row in found:
            shipped_class(NAME).instance(row)
        return {row["Index"]: row for row in found}

    return make


class Made(Routing):
    """Tables that were given."""

    def __init__(self, links: Any, addresses: Any = (), routes: Any = ()) -> None:
        super().__init__()
        self._links, self._addresses, self._routes = links, addresses, routes


def machine(*addresses: Address, routes: tuple[Route, ...] = (), flags: str = "UP") -> Host:
    """One with the interface 5, and no files."""
    links = (Link(5, "x", flags=frozenset(flags.split())),)
    return Host("/no/such/root", kernel=Kernel("n", "6.1"), routing=Made(links, addresses, routes))


def test_wireless_with_a_lease_of_network_manager(host: Make, rows: Rows) -> None:
    laptop = host("laptop")
    row = rows(laptop)[3]
    expected = {
        "InterfaceIndex": 3,
        "Caption": "[00000003] Wi-Fi 6 AX201",
        "Description": "Wi-Fi 6 AX201",
        "ServiceName": "iwlwifi",
        "MACAddress": "02:00:5E:10:00:02",
        "MTU": 1500,
        "IPEnabled": True,
        "IPAddress": ("192.0.2.37", "2001:db8:1:0:5e10:2ff:fe00:2", "fe80::5e10:2ff:fe00:2"),
        "IPSubnet": ("255.255.255.0", "64", "64"),
        "DefaultIPGateway": ("192.0.2.1", "fe80::1"),
        "GatewayCostMetric": (600, 600),
        "IPConnectionMetric": 600,
        "IPUseZeroBroadcast": False,
        "DHCPEnabled": True,
        "DHCPServer": "192.0.2.1",
        "DHCPLeaseExpires": laptop.local_time(int(laptop.now()) + 82345),
        "DHCPLeaseObtained": laptop.local_time(int(laptop.now()) + 82345 - 86400),
        "DNSHostName": "thinbook",
        "DNSDomain": "home.example",
        "DNSDomainSuffixSearchOrder": ("home.example", "example.org"),
        "DNSServerSearchOrder": ("192.0.2.1", "2001:db8:1::1"),
        "DatabasePath": "/etc",
        "DefaultTTL": 64,
        "IGMPLevel": 2,
        "KeepAliveInterval": 75_000,
        "KeepAliveTime": 7_200_000,
        "PMTUBHDetectEnabled": False,
        "PMTUDiscoveryEnabled": True,
        "TcpMaxConnectRetransmissions": 6,
        "TcpMaxDataRetransmissions": 15,
        "TcpUseRFC1122UrgentPointer": False,
        "SettingID": None,
        "TcpWindowSize": None,
        "IPXEnabled": None,
        "WINSPrimaryServer": None,
        "IPFilterSecurityEnabled": None,
    }
    assert {name: row[name] for name in expected} == expected


def test_interfaces_without_an_address(host: Make, rows: Rows) -> None:
    for row in (rows(host("laptop"))[2], rows(host("server"))[2], rows(host("server"))[3]):
        assert row["IPEnabled"] is False
        empty = ("IPAddress", "IPSubnet", "DefaultIPGateway", "GatewayCostMetric", "IPConnectionMetric", "DHCPEnabled")
        assert [row[name] for name in empty] == [None] * len(empty)
        assert [row[name] for name in ("DNSHostName", "DNSDomain", "DNSServerSearchOrder")] == [None] * 3


def test_a_lease_of_networkd_and_names_behind_a_stub(host: Make, rows: Rows) -> None:
    cloud = host("cloud")
    row = rows(cloud)[2]
    assert (row["DHCPEnabled"], row["DHCPServer"], row["DNSDomain"]) == (True, "192.0.2.254", "internal.example")
    assert row["DHCPLeaseExpires"] == cloud.local_time(int(cloud.now()) + 3222)
    assert row["DHCPLeaseObtained"] == cloud.local_time(int(cloud.now()) + 3222 - 3600)
    assert row["DNSServerSearchOrder"] == ("192.0.2.1",)  # not the stub of systemd-resolved
    assert row["IPSubnet"] == ("255.255.255.255", "64")
    assert row["IPUseZeroBroadcast"] is None
    assert row["DefaultTTL"] is None  # there is no /proc/sys/net


def test_no_ipv6_and_no_lease(host: Make, rows: Rows) -> None:
    row = rows(host("container"))[7]
    assert (row["IPAddress"], row["IPSubnet"]) == (("198.51.100.2",), ("255.255.255.0",))
    assert (row["DefaultIPGateway"], row["GatewayCostMetric"]) == (("198.51.100.1",), (0,))
    names = ("DHCPEnabled", "DHCPServer", "DHCPLeaseExpires", "DHCPLeaseObtained", "DNSDomain")
    assert [row[name] for name in names] == [False, None, None, None, None]
    assert row["DNSDomainSuffixSearchOrder"] == ()
    assert row["DNSHostName"] == "f3a9c0de1234"


def test_udhcpc_leaves_its_number_alone(host: Make, rows: Rows) -> None:
    row = rows(host("container", "== /run/udhcpc.eth0.pid\n31\n"))[7]
    assert (row["DHCPEnabled"], row["DHCPLeaseExpires"], row["DHCPServer"]) == (True, None, None)


def test_a_bond_and_its_vlan(host: Make, rows: Rows) -> None:
    found = rows(host("server"))
    assert list(found) == [2, 3, 6, 7]
    assert (found[6]["DefaultIPGateway"], found[6]["DNSHostName"]) == (("192.0.2.1", "2001:db8:2::1"), "db1")
    assert (found[7]["IPSubnet"], found[7]["DefaultIPGateway"], found[7]["IPConnectionMetric"]) == (
        ("255.255.255.128",),
        None,
        400,
    )
    assert found[7]["MTU"] == 9000


def test_a_host_without_files(rows: Rows) -> None:
    row = rows(machine(Address(5, ip_interface("192.0.2.5/24"))))[5]
    assert (row["IPEnabled"], row["IPAddress"], row["DHCPEnabled"], row["DNSHostName"]) == (
        True,
        ("192.0.2.5",),
        False,
        "n",
    )
    nothing = ("DNSDomain", "DNSDomainSuffixSearchOrder", "DNSServerSearchOrder", "IGMPLevel", "KeepAliveTime")
    assert [row[name] for name in nothing] == [None] * len(nothing)
    assert rows(Host("/no/such/root", kernel=Kernel("n", "6.1"))) == {}


def test_gateways_the_cheapest_first_and_each_once(rows: Rows) -> None:
    everything = ip_network("0.0.0.0/0")
    gateway, other = ip_address("192.0.2.1"), ip_address("192.0.2.2")
    routes = (
        Route(5, everything, other, metric=300),
        Route(5, everything, gateway, metric=200),
        Route(5, everything, gateway, metric=100),
        Route(5, ip_network("::/0"), ip_address("fe80::1"), metric=1024),
        Route(5, ip_network("198.51.100.0/24"), ip_address("192.0.2.9"), metric=5),
        Route(6, everything, ip_address("192.0.2.77")),
        Route(None, everything, kind="unreachable"),
    )
    row = rows(machine(routes=routes))[5]
    assert row["DefaultIPGateway"] == ("192.0.2.1", "192.0.2.2", "fe80::1")
    assert row["GatewayCostMetric"] == (100, 300, 1024)
    assert row["IPConnectionMetric"] == 5
    row = rows(machine(routes=(Route(5, everything, gateway, metric=70_000),)))[5]
    assert (row["DefaultIPGateway"], row["GatewayCostMetric"], row["IPConnectionMetric"]) == (
        ("192.0.2.1",),
        None,
        70_000,
    )


def test_what_is_switched_off_is_not_enabled(rows: Rows) -> None:
    row = rows(machine(Address(5, ip_interface("192.0.2.5/24")), flags="BROADCAST"))[5]
    assert (row["IPEnabled"], row["IPAddress"], row["DNSHostName"]) == (False, ("192.0.2.5",), None)


def test_a_broadcast_address_of_zeros(rows: Rows) -> None:
    address = Address(5, ip_interface("192.0.2.5/24"), ip_address("192.0.2.0"))  # type: ignore[arg-type]  # it is of IPv4
    assert rows(machine(address))[5]["IPUseZeroBroadcast"] is True


def test_the_kernel_is_asked_in_its_own_units(host: Make, rows: Rows) -> None:
    settings = {"tcp_mtu_probing": 1, "ip_no_pmtu_disc": 1, "tcp_stdurg": 1, "ip_default_ttl": 128}
    sections = [f"== /proc/sys/net/ipv4/{name}\n{value}\n" for name, value in settings.items()]
    row = rows(host("laptop", *sections))[3]
    assert [row[name] for name in ("PMTUBHDetectEnabled", "PMTUDiscoveryEnabled", "TcpUseRFC1122UrgentPointer")] == [
        True,
        False,
        True,
    ]
    assert row["DefaultTTL"] == 128


def test_only_what_is_wanted_is_read(asking: Asking) -> None:
    class Alone(Made):
        def addresses(self) -> Any:
            raise AssertionError

    found = Host("/no/such/root", kernel=Kernel("n", "6.1"), routing=Alone((Link(5, "x"),)))
    provider = NetworkAdapterConfigurationProvider(found)
    assert list(provider.instances(asking(NAME, "MTU"))) == [{"Index": 5, "MTU": 0}]
    assert provider.get(asking(NAME, "MTU"), {"Index": 6}) is None


# -------------------------------------------------------------------------------------------------------------- leases

DHCLIENT = """\
lease {
  interface "ens4";
  fixed-address 192.0.2.9;
  expire 2 2024/04/30 11:00:00;
}
lease {
  interface "ens4";
  fixed-address 192.0.2.10;
  option subnet-mask 255.255.255.0;
  option dhcp-lease-time 7200;
  option dhcp-server-identifier 192.0.2.253;
  option domain-name "other.example";
  renew 3 2024/05/01 12:00:00;
  expire 3 2024/05/01 13:00:00;
}
lease {
  interface "ens9";
  fixed-address 192.0.2.10;
  expire never;
}
"""


@pytest.mark.parametrize(
    "path",
    ["/var/lib/dhcp/dhclient.ens4.leases", "/var/lib/dhclient/dhclient--ens4.lease", "/var/lib/dhcp/dhclient.leases"],
)
def test_a_lease_of_dhclient(path: str, host: Make, rows: Rows) -> None:
    cloud = host("cloud", f"== {path}\n{DHCLIENT}", "== /run/systemd/netif/leases/2\n")
    row = rows(cloud)[2]
    assert (row["DHCPServer"], row["DNSDomain"]) == ("192.0.2.253", "other.example")
    assert (str(row["DHCPLeaseObtained"]), str(row["DHCPLeaseExpires"])) == (
        "20240501110000.000000+000",
        "20240501130000.000000+000",
    )


def test_times_of_dhclient(host: Make) -> None:
    def expires(text: str) -> float | None:
        body = f'lease {{\n interface "ens4";\n fixed-address 192.0.2.10;\n expire {text};\n}}\n'
        cloud = host("cloud", f"== /var/lib/dhcp/dhclient.leases\n{body}", "== /run/systemd/netif/leases/2\n")
        found = lease_of(Network(cloud).interfaces[0])
        assert found is not None
        return found.expires

    assert [expires(text) for text in ("epoch 1714568400", "never", "3 2024/05/01 13:00:00")] == [
        1714568400.0,
        None,
        1714568400.0,
    ]


def test_a_lease_of_long_ago_does_not_count(host: Make, rows: Rows) -> None:
    cloud = host("cloud", "== /run/systemd/netif/leases/2\nADDRESS=192.0.2.99\nSERVER_ADDRESS=192.0.2.7\nLIFETIME=9\n")
    row = rows(cloud)[2]
    assert (row["DHCPEnabled"], row["DHCPServer"], row["DHCPLeaseObtained"]) == (True, None, None)
    assert row["DHCPLeaseExpires"] == cloud.local_time(int(cloud.now()) + 3222)  # the kernel knows


def test_a_lease_for_ever(host: Make) -> None:
    cloud = host("cloud", "== /run/systemd/netif/leases/2\nADDRESS=192.0.2.10\nLIFETIME=4294967295\n")
    assert lease_of(Network(cloud).interfaces[0]) == Lease("192.0.2.10")


def test_a_lease_that_network_manager_tells_on_the_bus(host: Make, asking: Asking) -> None:
    manager, device, config = "org.freedesktop.NetworkManager", "/org/Devices/3", "/org/DHCP4Config/1"
    options = {
        "ip_address": "192.0.2.37",
        "dhcp_server_identifier": "192.0.2.3",
        "dhcp_lease_time": "3600",
        "expiry": "1700003000",
        "domain_name": "wlan.example",
    }
    bus = RecordedBus(
        {
            manager: {
                "/org/freedesktop/NetworkManager": {manager: {'GetDeviceByIpIface("wlp0s20f3")': [device]}},
                device: {f"{manager}.Device": {"Dhcp4Config": config}},
                config: {f"{manager}.DHCP4Config": {"Options": options}},
            }
        }
    )
    laptop = host("laptop")
    (file,) = laptop.names("/var/lib/NetworkManager")
    changed = host("laptop", f"== /var/lib/NetworkManager/{file}\nADDRESS=192.0.2.37\n".replace("ADDRESS", "OLD"))
    asked = Host(changed.root, kernel=changed.kernel, routing=changed.routing, bus=bus)
    found = lease_of(Network(asked).interfaces[1])
    assert found == Lease("192.0.2.37", "192.0.2.3", "wlan.example", 3600, 1700003000.0)
    assert lease_of(Network(changed).interfaces[1]) is None  # nor is there a bus
    assert is_configured_by_dhcp(Network(changed).interfaces[1])
    wanted = asking(NAME, "DHCPServer")
    assert [row["DHCPServer"] for row in NetworkAdapterConfigurationProvider(asked).instances(wanted)] == [
        None,
        "192.0.2.3",
        None,
    ]


def test_what_network_manager_alone_knows_is_null_while_it_is_silent(
    host: Make, asking: Asking, caplog: pytest.LogCaptureFixture
) -> None:
    manager = "org.freedesktop.NetworkManager"
    silent = {"GetDeviceByIpIface(*)": {"error": "openwmi.Silent"}}
    laptop = host("laptop")
    (file,) = laptop.names("/var/lib/NetworkManager")
    changed = host("laptop", f"== /var/lib/NetworkManager/{file}\nOLD=192.0.2.37\n")
    bus = RecordedBus({manager: {"/org/freedesktop/NetworkManager": {manager: silent}}})
    asked = Host(changed.root, kernel=changed.kernel, routing=changed.routing, bus=bus)
    with caplog.at_level(logging.WARNING, "openwmi.providers"):
        found = list(NetworkAdapterConfigurationProvider(asked).instances(asking(NAME, "DHCPServer", "IPAddress")))
    assert [row["DHCPServer"] for row in found] == [None, None, None]
    assert any(row["IPAddress"] for row in found)
    assert caplog.messages == ["Win32_NetworkAdapterConfiguration.DHCPServer: openwmi.Silent: recorded: NULL"]


# --------------------------------------------------------------------------------------------------------------- names


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("nameserver 192.0.2.1\n", Resolver(("192.0.2.1",), (), "")),
        ("# no\n; no\nnameserver\noptions x\n\n", Resolver((), (), "")),
        ("domain a.example\n", Resolver((), ("a.example",), "a.example")),
        ("domain a.example\nsearch b.example c.example\n", Resolver((), ("b.example", "c.example"), "a.example")),
        ("search .\nnameserver 127.0.0.53\n", Resolver(("127.0.0.53",), (), "")),
        ("nameserver fe80::1%eth0  # router\n", Resolver(("fe80::1%eth0",), (), "")),
    ],
)
def test_the_file_of_the_resolver(text: str, expected: Resolver, host: Make) -> None:
    assert resolver(host("container", f"== /etc/resolv.conf\n{text}")) == expected


def test_no_file_of_a_resolver() -> None:
    with pytest.raises(FileNotFoundError):
        resolver(Host("/no/such/root", kernel=Kernel("n", "6.1")))
