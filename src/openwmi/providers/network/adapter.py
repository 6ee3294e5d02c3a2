"""Win32_NetworkAdapter of this host, from rtnetlink, /sys/class/net and udev. Page win32-networkadapter.

Every interface but loopback is one. Index, InterfaceIndex and DeviceID are the kernel's number of it, here and in
Win32_NetworkAdapterConfiguration; what people call it is NetConnectionID.
"""

from __future__ import annotations

from collections.abc import Iterable

from openwmi.engine.provider import Request
from openwmi.model import CimDateTime
from openwmi.providers.network.interface import Interface, Network
from openwmi.providers.reading import HostProvider, Null, Reads, Table, always

TYPES = (
    "Ethernet 802.3",
    "Token Ring 802.5",
    "Fiber Distributed Data Interface (FDDI)",
    "Wide Area Network (WAN)",
    "LocalTalk",
    "Ethernet using DIX header format",
    "ARCNET",
    "ARCNET (878.2)",
    "ATM",
    "Wireless",
    "Infrared Wireless",
    "Bpc",
    "CoWan",
    "1394",
)
"""AdapterType by AdapterTypeID."""

_WIRELESS = 9
_OF_HARDWARE = {
    1: 0,  # Ethernet
    7: 6,  # ARCNET
    19: 8,  # ATM
    24: 13,  # IEEE 1394
    512: 3,  # PPP
    773: 4,  # LocalTalk
    774: 2,  # FDDI
    783: 10,  # IrDA
    800: 1,  # Token Ring
    801: _WIRELESS,
    802: _WIRELESS,
    803: _WIRELESS,
}
"""AdapterTypeID by the kernel's ARPHRD_…"""


def _type(interface: Interface) -> int | None:
    """Windows: Wi-Fi calls itself Ethernet there, since its drivers pretend to be that."""
    if interface.is_wireless:
        return _WIRELESS
    found = interface.hardware_type
    return (0 if interface.link.medium == "ether" else None) if found is None else _OF_HARDWARE.get(found)


def _type_name(interface: Interface) -> str | None:
    found = _type(interface)
    return None if found is None else TYPES[found]


_DISCONNECTED, _CONNECTING, _CONNECTED, _NOT_PRESENT, _NO_MEDIUM, _OTHER = 0, 1, 2, 4, 7, 13
_OF_STATE = {
    "NOTPRESENT": _NOT_PRESENT,
    "DOWN": _NO_MEDIUM,
    "LOWERLAYERDOWN": _NO_MEDIUM,
    "TESTING": _OTHER,
    "DORMANT": _CONNECTING,
    "UP": _CONNECTED,
}


def _connection(interface: Interface) -> int:
    """NetConnectionStatus, from the words of RFC 2863. Many that carry traffic never say more than UNKNOWN."""
    state = interface.link.state
    if not interface.is_up:
        return _NOT_PRESENT if state == "NOTPRESENT" else _DISCONNECTED
    return _OF_STATE.get(state, _CONNECTED if "LOWER_UP" in interface.link.flags else _NO_MEDIUM)


_MEGABIT = 1_000_000


def _speed(interface: Interface) -> int | None:
    """Bits per second. -1, or 2^32 - 1, is the kernel's word for unknown."""
    found = interface.host.number(f"{interface.folder}/speed") if interface.folder else None
    return found * _MEGABIT if found is not None and 0 < found < 0xFFFFFFFF else None


def _reset(interface: Interface) -> CimDateTime | None:
    boot = interface.host.boot_time()
    return None if boot is None else interface.host.local_time(boot)


def caption(interface: Interface) -> str:
    """`[00000002] eth0`, as Windows writes it."""
    return f"[{interface.link.index:08}] {interface.label}"


_MANAGER = Null("it belongs to the device manager of Windows")
_ERRORS = Null("Linux keeps no last error of a device")
_NOT_TOLD = Null("the kernel does not tell")
_STATE = "the link's flag UP"

TABLE: Table[Interface] = {
    "DeviceID": Reads("as Index, as a text", lambda it: str(it.link.index)),
    "Index": Reads("as InterfaceIndex", lambda it: it.link.index),
    "InterfaceIndex": Reads("rtnetlink: the number of the interface", lambda it: it.link.index),
    "NetConnectionID": Reads("rtnetlink: the name of the interface", lambda it: it.link.name),
    "CreationClassName": always("Win32_NetworkAdapter"),
    "SystemCreationClassName": always("Win32_ComputerSystem"),
    "SystemName": Reads("uname(2) nodename", lambda it: it.host.kernel.node),
    "Installed": always(True),
    "MaxNumberControlled": always(0),
    "NetEnabled": Reads(_STATE, lambda it: it.is_up),
    "NetConnectionStatus": Reads(
        "the link's flags UP and LOWER_UP, and its operational state: 0 is switched off, 1 waits for something such as "
        "keys of Wi-Fi, 7 has no carrier",
        _connection,
    ),
    "StatusInfo": Reads(f"{_STATE}: 3 is enabled, 4 disabled", lambda it: 3 if it.is_up else 4),
    "MACAddress": Reads("the link's address; NULL where it has none of 48 bits", lambda it: it.hardware_address),
    "PermanentAddress": Reads(
        "the link's permanent address; NULL where the kernel knows none", lambda it: it.permanent_address
    ),
    "PhysicalAdapter": Reads(
        "whether /sys/class/net/NAME/device is there; NULL without /sys", lambda it: it.is_physical
    ),
    "AdapterType": Reads("as AdapterTypeID, in words", _type_name),
    "AdapterTypeID": Reads(
        "/sys/class/net/NAME/type, phy80211, wireless; NULL for what the page has no word for, such as tunnels", _type
    ),
    "Speed": Reads(
        "/sys/class/net/NAME/speed, in bits per second; NULL for Wi-Fi, without a carrier, and for most that are made "
        "by software",
        _speed,
    ),
    "ServiceName": Reads(
        "the driver, at the end of /sys/class/net/NAME/device/driver, else the link's kind: bond, vlan, veth",
        lambda it: it.driver,
    ),
    "ProductName": Reads(
        "udev ID_MODEL_FROM_DATABASE, else what a USB device calls itself; NULL without udev, or hardware",
        lambda it: it.product,
    ),
    "Manufacturer": Reads("udev ID_VENDOR_FROM_DATABASE; NULL likewise", lambda it: it.vendor),
    "Name": Reads("as ProductName, else as NetConnectionID", lambda it: it.label),
    "Description": Reads("as Name", lambda it: it.label),
    "Caption": Reads("Index and Name", caption),
    "TimeOfLastReset": Reads("/proc/stat btime: on Windows, too, it is when the system was started", _reset),
    "AutoSense": _NOT_TOLD,
    "MaxSpeed": _NOT_TOLD,
    "NetworkAddresses": Null("Windows does not fill it in, either: see Win32_NetworkAdapterConfiguration"),
    "GUID": Null("Linux has no such name of a connection"),
    "InstallDate": Null("nobody notes it"),
    "Status": _NOT_TOLD,
    "Availability": _MANAGER,
    "ConfigManagerErrorCode": _MANAGER,
    "ConfigManagerUserConfig": _MANAGER,
    "PNPDeviceID": _MANAGER,
    "ErrorCleared": _ERRORS,
    "ErrorDescription": _ERRORS,
    "LastErrorCode": _ERRORS,
    "PowerManagementCapabilities": _NOT_TOLD,
    "PowerManagementSupported": _NOT_TOLD,
}


class NetworkAdapterProvider(HostProvider[Interface]):
    """The interfaces."""

    cim_class = "Win32_NetworkAdapter"
    table = TABLE

    def samples(self, request: Request) -> Iterable[Interface]:  # noqa: ARG002 - as of any provider
        return Network(self.host).interfaces
