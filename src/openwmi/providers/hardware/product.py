"""Win32_ComputerSystemProduct of this host, from SMBIOS type 1 or the device tree. Page win32-computersystemproduct."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator

from openwmi.engine.provider import Request
from openwmi.providers.hardware.firmware import Firmware, Part, string
from openwmi.providers.reading import HostProvider, Reads, Table, always

SYSTEM = 1
_UUID = slice(0x08, 0x18)


def _key(offset: int, name: str) -> Callable[[Part], str]:
    """A string where it is a key, which cannot be NULL."""
    return lambda part: part.text(offset, name) or ""


def _uuid(part: Part) -> str | None:
    """With the first fields little-endian from version 2.6 on (DSP0134 7.2.1); all zeros or all ones is none."""
    octets = part.structure.formatted[_UUID]
    if len(octets) < 16:
        kept = part.firmware.kept("product_uuid")
        return None if kept is None else str(uuid.UUID(kept)).upper()
    if octets in (bytes(16), b"\xff" * 16):
        return None
    old = (part.firmware.version or (3, 0)) < (2, 6)
    return str(uuid.UUID(bytes=octets) if old else uuid.UUID(bytes_le=octets)).upper()


_KEPT = "SMBIOS type 1, {0}, else /sys/class/dmi/id/{1}{2}; empty without it"

TABLE: Table[Part] = {
    "Caption": always("Computer System Product"),
    "Description": always("Computer System Product"),
    "IdentifyingNumber": Reads(
        _KEPT.format("Serial Number", "product_serial", " or the device tree's serial-number"),
        _key(0x07, "product_serial"),
    ),
    "Name": Reads(
        _KEPT.format("Product Name", "product_name", " or the device tree's model"), _key(0x05, "product_name")
    ),
    "SKUNumber": string("type 1, SKU Number", 0x19, "product_sku"),
    "Vendor": string("type 1, Manufacturer", 0x04, "sys_vendor"),
    "Version": Reads(_KEPT.format("Version", "product_version", ""), _key(0x06, "product_version")),
    "UUID": Reads("SMBIOS type 1, UUID, else /sys/class/dmi/id/product_uuid; NULL without it", _uuid),
}


class ComputerSystemProductProvider(HostProvider[Part]):
    """The product that the machine was sold as."""

    cim_class = "Win32_ComputerSystemProduct"
    table = TABLE

    def samples(self, request: Request) -> Iterator[Part]:  # noqa: ARG002 - as of any provider
        found = Firmware(self.host).parts(SYSTEM, "product_name", "sys_vendor")
        yield from [*found][:1]
