"""Interfaces: Ethernet, Wi-Fi, a bond with its VLAN, a bridge, a veth; their association with configurations."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pytest

from openwmi.engine import Engine
from openwmi.engine.provider import Request
from openwmi.engine.registration import shipped_class
from openwmi.providers.host import Host, Kernel
from openwmi.providers.host.routing import Link, Routing
from openwmi.providers.network.adapter import TYPES, NetworkAdapterProvider
from openwmi.providers.network.configuration import NetworkAdapterConfigurationProvider
from openwmi.providers.network.interface import Interface, Network
from openwmi.providers.network.setting import NetworkAdapterSettingProvider
from openwmi.session import Namespace

Make = Callable[..., Host]
Asking = Callable[..., Request]
Rows = Callable[..., dict[str, Mapping[str, Any]]]


@pytest.fixture
def adapters(asking: Asking) -> Rows:
    """`adapters(host)`: the rows by the name of the interface, each checked by the class."""

    def rows(host: Host) -> dict[str, Mapping[str, Any]]:
        found: list[Mapping[str, Any]] = list(NetworkAdapterProvider(host).instances(asking("Win32_NetworkAdapter")))
        for row in found:
            shipped_class("Win32_NetworkAdapter").instance(row)
        return {row["NetConnectionID"]: row for row in found}

    return rows


class Links(Routing):
    """Interfaces alone, and how often somebody asked for addresses."""

    def __init__(self, *links: Link) -> None:
        super().__init__()
        self._links = links
        self.asked = 0

    def addresses(self) -> Any:
        self.asked += 1
        return super().addresses()


def test_ethernet_without_a_cable(host: Make, adapters: Rows) -> None:
    row = adapters(host("laptop"))["enp0s31f6"]
    expected = {
        "DeviceID": "2",
        "Index": 2,
        "InterfaceIndex": 2,
        "Name": "Ethernet Connection (13) I219-V",
        "ProductName": "Ethernet Connection (13) I219-V",
        "Description": "Ethernet Connection (13) I219-V",
        "Caption": "[00000002] Ethernet Connection (13) I219-V",
        "Manufacturer": "Intel Corporation",
        "ServiceName": "e1000e",
        "MACAddress": "02:00:5E:10:00:01",
        "PermanentAddress": None,
        "AdapterType": "Ethernet 802.3",
        "AdapterTypeID": 0,
        "PhysicalAdapter": True,
        "NetEnabled": True,
        "NetConnectionStatus": 7,
        "StatusInfo": 3,
        "Speed": None,
        "Installed": True,
        "MaxNumberControlled": 0,
        "SystemName": "thinbook",
        "SystemCreationClassName": "Win32_ComputerSystem",
        "CreationClassName": "Win32_NetworkAdapter",
        "GUID": None,
        "NetworkAddresses": None,
        "MaxSpeed": None,
        "PNPDeviceID": None,
    }
    assert {name: row[name] for name in expected} == expected


def test_wireless_and_bridge(host: Make, adapters: Rows) -> None:
    laptop = host("laptop")
    rows = adapters(laptop)
    assert list(rows) == ["enp0s31f6", "wlp0s20f3", "docker0"]  # loopback is no adapter
    wireless, bridge = rows["wlp0s20f3"], rows["docker0"]
    assert (wireless["AdapterType"], wireless["AdapterTypeID"]) == ("Wireless", 9)
    assert (wireless["NetConnectionStatus"], wireless["Speed"], wireless["ServiceName"]) == (2, None, "iwlwifi")
    assert (bridge["PhysicalAdapter"], bridge["ServiceName"], bridge["NetConnectionStatus"]) == (False, "bridge", 7)
    assert (bridge["Name"], bridge["ProductName"], bridge["Caption"]) == ("docker0", None, "[00000004] docker0")
    boot = laptop.boot_time()
    assert boot is not None
    assert wireless["TimeOfLastReset"] == laptop.local_time(boot)


def test_a_bond_its_members_and_its_vlan(host: Make, adapters: Rows) -> None:
    rows = adapters(host("server"))
    assert {name: (row["ServiceName"], row["PhysicalAdapter"], row["Speed"]) for name, row in rows.items()} == {
        "eno1": ("ixgbe", True, 10_000_000_000),
        "eno2": ("ixgbe", True, 10_000_000_000),
        "bond0": ("bond", False, 20_000_000_000),
        "bond0.100": ("vlan", False, 20_000_000_000),
    }
    assert {row["MACAddress"] for row in rows.values()} == {"02:00:5E:40:00:01"}
    assert [rows[name]["PermanentAddress"] for name in ("eno2", "bond0")] == ["02:00:5E:40:00:02", None]


def test_virtual_machine_and_container(host: Make, adapters: Rows) -> None:
    paravirtual = adapters(host("cloud"))["ens4"]
    assert (paravirtual["PhysicalAdapter"], paravirtual["ServiceName"], paravirtual["Speed"]) == (
        True,
        "virtio_net",
        None,  # -1 in /sys
    )
    veth = adapters(host("container"))["eth0"]
    assert (veth["DeviceID"], veth["PhysicalAdapter"], veth["ServiceName"], veth["Speed"]) == (
        "7",
        False,
        "veth",
        10_000_000_000,
    )


def test_what_a_device_on_usb_calls_itself(host: Make, adapters: Rows) -> None:
    device = "/sys/devices/pci0000:00/0000:00:14.0/usb2/2-1"
    laptop = host(
        "laptop",
        f"== {device}/product\nUSB 10/100/1000 LAN \n== {device}/manufacturer\nRealtek\n== {device}/2-1:1.0/x\n\n",
        "== /sys/class/net/docker0/device -> ../../../pci0000:00/0000:00:14.0/usb2/2-1/2-1:1.0\n",
    )
    row = adapters(laptop)["docker0"]
    assert (row["Name"], row["ProductName"], row["Manufacturer"]) == (
        "USB 10/100/1000 LAN",
        "USB 10/100/1000 LAN",
        "Realtek",
    )
    assert row["PhysicalAdapter"] is True


@pytest.mark.parametrize(
    ("state", "flags", "status"),
    [
        ("UP", {"UP", "LOWER_UP"}, 2),
        ("UNKNOWN", {"UP", "LOWER_UP"}, 2),
        ("UNKNOWN", {"UP"}, 7),
        ("DOWN", {"UP"}, 7),
        ("LOWERLAYERDOWN", {"UP"}, 7),
        ("DORMANT", {"UP", "LOWER_UP"}, 1),
        ("TESTING", {"UP", "LOWER_UP"}, 13),
        ("NOTPRESENT", {"UP"}, 4),
        ("NOTPRESENT", set(), 4),
        ("DOWN", set(), 0),
        ("UNKNOWN", {"LOWER_UP"}, 0),
    ],
)
def test_the_state_of_a_connection(state: str, flags: set[str], status: int, adapters: Rows) -> None:
    link = Link(5, "x", flags=frozenset(flags), state=state)
    row = adapters(Host("/no/such/root", kernel=Kernel("n", "6.1"), routing=Links(link)))["x"]
    assert row["NetConnectionStatus"] == status
    assert (row["NetEnabled"], row["StatusInfo"]) == (("UP" in flags), 3 if "UP" in flags else 4)


@pytest.mark.parametrize(
    ("number", "kind", "name"),
    [
        (1, 0, "Ethernet 802.3"),
        (774, 2, "Fiber Distributed Data Interface (FDDI)"),
        (512, 3, "Wide Area Network (WAN)"),
        (24, 13, "1394"),
        (803, 9, "Wireless"),
        (65534, None, None),
    ],
)
def test_the_kind_of_hardware(number: int, kind: int | None, name: str | None, host: Make, adapters: Rows) -> None:
    row = adapters(host("cloud", f"== /sys/devices/pci0000:00/0000:00:04.0/virtio1/net/ens4/type\n{number}\n"))["ens4"]
    assert (row["AdapterTypeID"], row["AdapterType"]) == (kind, name)


def test_the_words_are_those_of_the_class() -> None:
    qualifiers = shipped_class("Win32_NetworkAdapter").property("AdapterTypeID").qualifiers
    assert qualifiers["Values"].value == TYPES


@pytest.mark.parametrize("address", ["", "00:00:00:00:00:00", "c0:00:02:01", "80:00:02:08" + ":00" * 16])
def test_what_is_no_mac_address(address: str, adapters: Rows) -> None:
    link = Link(5, "x", medium="none", address=address)
    row = adapters(Host("/no/such/root", kernel=Kernel("n", "6.1"), routing=Links(link)))["x"]
    assert (row["MACAddress"], row["PermanentAddress"]) == (None, None)


@pytest.mark.parametrize("speed", ["-1", "0", "4294967295", "fast"])
def test_speeds_that_are_none(speed: str, host: Make, adapters: Rows) -> None:
    changed = f"== /sys/devices/virtual/net/eth0/speed\n{speed}\n"
    assert adapters(host("container", changed))["eth0"]["Speed"] is None


def test_the_files_of_another_interface_with_that_name_are_not_read(host: Make, adapters: Rows) -> None:
    """/sys may show the interfaces of another name space."""
    row = adapters(host("laptop", "== /sys/devices/pci0000:00/0000:00:1f.6/net/enp0s31f6/ifindex\n12\n"))["enp0s31f6"]
    assert (row["PhysicalAdapter"], row["ServiceName"], row["ProductName"], row["Speed"]) == (None, None, None, None)
    assert (row["AdapterTypeID"], row["MACAddress"]) == (0, "02:00:5E:10:00:01")


def test_only_what_is_wanted_is_read(asking: Asking) -> None:
    links = Links(Link(5, "x"))
    provider = NetworkAdapterProvider(Host("/no/such/root", kernel=Kernel("n", "6.1"), routing=links))
    assert list(provider.instances(asking("Win32_NetworkAdapter", "NetEnabled"))) == [
        {"DeviceID": "5", "NetEnabled": False}
    ]
    assert links.asked == 0


def test_a_host_of_which_nothing_is_known(adapters: Rows) -> None:
    assert adapters(Host("/no/such/root", kernel=Kernel("n", "6.1"))) == {}


def test_by_its_key(host: Make, asking: Asking) -> None:
    provider = NetworkAdapterProvider(host("server"))
    found = provider.get(asking("Win32_NetworkAdapter", "NetConnectionID"), {"DeviceID": "6"})
    assert found is not None
    assert found["NetConnectionID"] == "bond0"
    assert provider.get(asking("Win32_NetworkAdapter"), {"DeviceID": "60"}) is None


def test_interfaces_know_their_tables(host: Make) -> None:
    bond = next(each for each in Network(host("server")).interfaces if each.link.name == "bond0")
    assert isinstance(bond, Interface)
    assert [str(each.interface) for each in bond.addresses] == [
        "192.0.2.20/24",
        "2001:db8:2::20/64",
        "fe80::5eff:fe40:1/64",
    ]
    assert [str(each.network) for each in bond.routes] == ["0.0.0.0/0", "192.0.2.0/24", "::/0"]


@pytest.mark.parametrize("name", ["laptop", "cloud", "container", "server"])
async def test_each_adapter_leads_to_its_configuration_and_back(name: str, host: Make) -> None:
    machine = host(name)
    providers = (NetworkAdapterProvider, NetworkAdapterConfigurationProvider, NetworkAdapterSettingProvider)
    engine = Engine("HOST1", [provider(machine) for provider in providers])
    async with Namespace(engine.session(r"root\cimv2")) as ns:
        adapters = await ns.query("SELECT * FROM Win32_NetworkAdapter")
        assert len(await ns.query("SELECT * FROM Win32_NetworkAdapterSetting")) == len(adapters) > 0
        for adapter in adapters:
            (link,) = await ns.references(adapter.path_, result_class="Win32_NetworkAdapterSetting")
            assert await ns.get(link.Element) == adapter
            assert await ns.get(link.path_) == link
            (found,) = await ns.associators(adapter.path_, assoc_class="Win32_NetworkAdapterSetting")
            assert (found.Index, found.InterfaceIndex, found.MACAddress, found.Caption) == (
                adapter.Index,
                adapter.InterfaceIndex,
                adapter.MACAddress,
                adapter.Caption,
            )
            (back,) = await ns.associators(found.path_, result_class="Win32_NetworkAdapter")
            assert back == adapter
