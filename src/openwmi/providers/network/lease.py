"""Leases of DHCP, from where their clients keep them: systemd-networkd, NetworkManager, dhclient.

A file may be of a lease of long ago, so that it counts only if its address is on the interface now. When a lease ends
is what the kernel counts down, since a client tells it with each renewal.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from openwmi.providers.host import BusError, Host, SilentError
from openwmi.providers.network.interface import Interface


@dataclass(frozen=True, slots=True)
class Lease:
    """What a client noted of a lease.

    Attributes:
        address: that was leased.
        server: who leased it.
        domain: what the server calls the network.
        seconds: how long it was given for; None for ever.
        expires: when it ends, as a POSIX time stamp, where the file says that.
    """

    address: str
    server: str | None = None
    domain: str | None = None
    seconds: int | None = None
    expires: float | None = None


def lease_of(interface: Interface) -> Lease | None:
    """The lease that an interface has its address from; None where no client can be read that has one."""
    host = interface.host
    mine = {str(each.interface.ip) for each in interface.addresses if each.interface.version == 4}
    if not mine:
        return None
    for path in _files(interface):
        found = _dhclient(host, path, interface.link.name) if "dhclient" in path else _assigned(host, path)
        if found is not None and found.address in mine:
            return found
    asked = _network_manager(interface) if _is_dynamic(interface) else None
    return asked if asked is not None and asked.address in mine else None


def is_configured_by_dhcp(interface: Interface) -> bool:
    """Whether a client of DHCP has left something in the kernel's tables, or is udhcpc, which leaves nothing there."""
    return (
        any(route.protocol == "dhcp" and route.network.version == 4 for route in interface.routes)
        or _is_dynamic(interface)
        or any(interface.host.exists(f"/run/udhcpc{dash}{interface.link.name}.pid") for dash in ".-")
    )


def end_of(interface: Interface, lease: Lease | None) -> float | None:
    """When the lease of its address ends, as a POSIX time stamp of whole seconds."""
    if lease is not None and lease.expires is not None:
        return lease.expires
    left = [
        each.valid_seconds
        for each in interface.addresses
        if each.interface.version == 4
        and each.valid_seconds is not None
        and (lease is None or str(each.interface.ip) == lease.address)
    ]
    return int(interface.host.now()) + left[0] if left else None


def _is_dynamic(interface: Interface) -> bool:
    return any(each.is_dynamic for each in interface.addresses if each.interface.version == 4)


_DHCLIENT = ("/var/lib/dhcp", "/var/lib/dhclient", "/var/lib/NetworkManager")


def _files(interface: Interface) -> Iterator[str]:
    host, name = interface.host, interface.link.name
    yield f"/run/systemd/netif/leases/{interface.link.index}"
    for file in host.names("/var/lib/NetworkManager"):
        if file.startswith("internal-") and file.endswith(f"-{name}.lease"):
            yield f"/var/lib/NetworkManager/{file}"
    for folder in _DHCLIENT:
        for file in host.names(folder):
            if re.fullmatch(r"dhclient(?!6).*\.leases?", file):
                yield f"{folder}/{file}"


_FOR_EVER = 0xFFFFFFFF


def _assigned(host: Host, path: str) -> Lease | None:
    """A file of `NAME=value` lines, as systemd-networkd and NetworkManager write."""
    found = host.assignments(path)
    if "ADDRESS" not in found:
        return None
    return Lease(
        found["ADDRESS"],
        found.get("SERVER_ADDRESS"),
        found.get("DOMAINNAME"),
        _seconds(found.get("LIFETIME", "")),
    )


def _seconds(text: str) -> int | None:
    return int(text) if text.isdecimal() and int(text) < _FOR_EVER else None


def _dhclient(host: Host, path: str, name: str) -> Lease | None:
    """dhclient.leases(5): the last lease of an interface is the one that counts."""
    found = None
    for block in re.finditer(r"^lease\s*\{(.*?)^\}", host.read(path) or "", re.MULTILINE | re.DOTALL):
        values = {key: text.strip().strip('"') for key, text in _STATEMENT.findall(block[1])}
        if values.get("interface") == name and "fixed-address" in values:
            found = values
    if found is None:
        return None
    return Lease(
        found["fixed-address"],
        found.get("dhcp-server-identifier"),
        found.get("domain-name"),
        _seconds(found.get("dhcp-lease-time", "")),
        _instant(found.get("expire", "")),
    )


_STATEMENT = re.compile(r"^\s*(?:option\s+)?([\w-]+)\s+([^;]+);", re.MULTILINE)


def _instant(text: str) -> float | None:
    """`4 2026/11/19 12:30:00`, in UTC, or `epoch 1700000000`; None for `never`."""
    if text.startswith("epoch "):
        return float(text.split()[1])
    try:
        return datetime.strptime(text[2:], "%Y/%m/%d %H:%M:%S").replace(tzinfo=UTC).timestamp()
    except ValueError:
        return None


_MANAGER = "org.freedesktop.NetworkManager"
_NOTHING = ("", "/")


def _network_manager(interface: Interface) -> Lease | None:
    """Of its newer versions, whose files have no more than the address."""
    bus = interface.host.bus
    try:
        (device,) = bus.call(
            _MANAGER, "/org/freedesktop/NetworkManager", _MANAGER, "GetDeviceByIpIface", "s", interface.link.name
        )
        path = bus.properties(_MANAGER, device, f"{_MANAGER}.Device").get("Dhcp4Config", "")
        options = bus.properties(_MANAGER, path, f"{_MANAGER}.DHCP4Config")["Options"] if path not in _NOTHING else {}
    except SilentError:
        raise  # nobody knows whether there is one
    except (BusError, LookupError, ValueError):
        return None
    return _of_options({name: str(value) for name, value in options.items()})


def _of_options(options: Mapping[str, str]) -> Lease | None:
    """As dhclient called them."""
    if "ip_address" not in options:
        return None
    expiry = options.get("expiry", "")
    return Lease(
        options["ip_address"],
        options.get("dhcp_server_identifier"),
        options.get("domain_name"),
        _seconds(options.get("dhcp_lease_time", "")),
        float(expiry) if expiry.isdecimal() else None,
    )
