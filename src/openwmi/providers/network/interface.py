"""The interfaces of this host: rtnetlink's links, with what /sys/class/net and udev add. No CIM class is known here."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from openwmi.providers.host import Host

if TYPE_CHECKING:
    from openwmi.providers.host.routing import Address, Link, Route


class Network:
    """One look at the tables of a host; each is asked for when somebody needs it, once."""

    def __init__(self, host: Host) -> None:
        self.host = host

    @cached_property
    def interfaces(self) -> Sequence[Interface]:
        """All but loopback, by number. OSError.

        Windows: loopback is an interface of its routes, and no adapter.
        """
        return [Interface(self, link) for link in self.host.routing.links() if "LOOPBACK" not in link.flags]

    @cached_property
    def addresses(self) -> Mapping[int, Sequence[Address]]:
        """Those of each interface, of IPv4 before those of IPv6."""
        found: defaultdict[int, list[Address]] = defaultdict(list)
        for address in sorted(self.host.routing.addresses(), key=lambda each: each.interface.version):
            found[address.index].append(address)
        return found

    @cached_property
    def routes(self) -> Mapping[int, Sequence[Route]]:
        """Those over each interface, of IPv4 first, and of each family the cheapest first."""
        found: defaultdict[int, list[Route]] = defaultdict(list)
        for route in sorted(self.host.routing.routes(), key=lambda each: (each.network.version, each.metric)):
            if route.index is not None and route.kind == "unicast":
                found[route.index].append(route)
        return found


@dataclass(frozen=True)
class Interface:
    """An interface: what the kernel tells of the link, and of the device behind it."""

    network: Network
    link: Link

    @property
    def host(self) -> Host:
        return self.network.host

    @property
    def addresses(self) -> Sequence[Address]:
        return self.network.addresses.get(self.link.index, ())

    @property
    def routes(self) -> Sequence[Route]:
        return self.network.routes.get(self.link.index, ())

    @property
    def is_up(self) -> bool:
        """Whether somebody has switched it on; a cable is another matter."""
        return "UP" in self.link.flags

    @property
    def has_ip(self) -> bool:
        """Whether it is switched on and has an address."""
        return self.is_up and bool(self.addresses)

    @cached_property
    def folder(self) -> str | None:
        """Its folder in /sys; None where there is none, or where /sys shows the interfaces of another name space."""
        path = f"/sys/class/net/{self.link.name}"
        return path if self.host.number(f"{path}/ifindex") == self.link.index else None

    @cached_property
    def device(self) -> str | None:
        """The folder of the hardware behind it; None for what the kernel made up."""
        return self.host.target(f"{self.folder}/device") if self.folder else None

    @cached_property
    def is_physical(self) -> bool | None:
        """Whether there is hardware, of a hypervisor at least; None where /sys is not to be had."""
        return None if self.folder is None else self.device is not None

    @cached_property
    def is_wireless(self) -> bool:
        return self.folder is not None and any(
            self.host.exists(f"{self.folder}/{name}") for name in ("phy80211", "wireless")
        )

    @cached_property
    def hardware_type(self) -> int | None:
        """ARPHRD_… of the kernel: 1 for Ethernet and all that looks like it."""
        return self.host.number(f"{self.folder}/type") if self.folder else None

    @cached_property
    def udev(self) -> Mapping[str, str]:
        """Its properties in the udev database; nothing where udev does not run."""
        lines = self.host.lines(f"/run/udev/data/n{self.link.index}") if self.folder else []
        return dict(line[2:].split("=", 1) for line in lines if line.startswith("E:") and "=" in line)

    @property
    def hardware_address(self) -> str | None:
        return _written(self.link.address)

    @property
    def permanent_address(self) -> str | None:
        return _written(self.link.permanent_address)

    @cached_property
    def driver(self) -> str | None:
        """The driver of its device, or else the kind of interface that the kernel made: `bridge`, `vlan`."""
        leads = self.host.link(f"{self.device}/driver") if self.device else None
        return (leads or "").rpartition("/")[2] or self.link.kind or None

    @cached_property
    def product(self) -> str | None:
        """What the device is called: in the database of hardware, or by itself on USB."""
        return self.udev.get("ID_MODEL_FROM_DATABASE") or self._usb("product")

    @cached_property
    def vendor(self) -> str | None:
        return self.udev.get("ID_VENDOR_FROM_DATABASE") or self._usb("manufacturer")

    @property
    def label(self) -> str:
        """What people know it by."""
        return self.product or self.link.name

    def _usb(self, name: str) -> str | None:
        """A text of the device on the bus, which is a folder above the interface of USB that is the adapter."""
        device = self.device or ""
        return (
            (self.host.read(f"{self.host.parent(device)}/{name}") or "").strip() or None if "/usb" in device else None
        )


def _written(address: str) -> str | None:
    """A MAC address as Windows writes it; None for all zeros, and for addresses of another length."""
    return address.upper() if _MAC.fullmatch(address) and address != "00:00:00:00:00:00" else None


_MAC = re.compile(r"[0-9a-fA-F]{2}(:[0-9a-fA-F]{2}){5}")
