"""Win32_SystemEnclosure of this host, from SMBIOS type 3. Page win32-systemenclosure."""

from __future__ import annotations

from collections.abc import Iterator

from openwmi.engine.provider import Request
from openwmi.providers.hardware.firmware import Firmware, Part, flag, number, string
from openwmi.providers.reading import HostProvider, Null, Reads, Table, always

ENCLOSURE = 3
_TYPE, _HEIGHT, _ELEMENTS, _ELEMENT_OCTETS = 0x05, 0x11, 0x13, 0x14
_UNIT = 1.75
"""Inches of one U, the unit of racks."""


def chassis_type(part: Part) -> int | None:
    """As the class counts them, and the specification: 9 is a laptop. 0 is none of them."""
    found = part.number(_TYPE)
    if found is None:
        kept = part.firmware.kept("chassis_type")
        found = int(kept) if kept and kept.isdecimal() and part.index == 0 else None
    return found & 0x7F or None if found is not None else None


def sku(part: Part) -> str | None:
    """Stands after as many elements as the structure says that it contains."""
    elements, octets = part.number(_ELEMENTS), part.number(_ELEMENT_OCTETS)
    if elements is None or octets is None:
        return None
    return part.text(_ELEMENT_OCTETS + 1 + elements * octets)


def _types(part: Part) -> list[int] | None:
    found = chassis_type(part)
    return None if found is None else [found]


def _height(part: Part) -> float | None:
    units = part.number(_HEIGHT)
    return units * _UNIT if units else None


_TOLD = Null("the firmware does not tell it")

TABLE: Table[Part] = {
    "Caption": always("System Enclosure"),
    "Description": always("System Enclosure"),
    "InstallDate": _TOLD,
    "Name": always("System Enclosure"),
    "Status": Null("the firmware tells only how it was at the last start: see Win32_ComputerSystem"),
    "CreationClassName": always("Win32_SystemEnclosure"),
    "Manufacturer": string("type 3, Manufacturer", 0x04, "chassis_vendor"),
    "Model": _TOLD,
    "OtherIdentifyingInfo": _TOLD,
    "PartNumber": _TOLD,
    "PoweredOn": always(True),
    "SerialNumber": string("type 3, Serial Number", 0x07, "chassis_serial"),
    "SKU": Reads("SMBIOS type 3, SKU Number; NULL without it", sku),
    "Tag": Reads("the order of SMBIOS type 3: System Enclosure 0, …", lambda part: f"System Enclosure {part.index}"),
    "Version": string("type 3, Version", 0x06, "chassis_version"),
    "Depth": _TOLD,
    "Height": Reads("SMBIOS type 3, Height, times 1.75; NULL without it", _height),
    "HotSwappable": _TOLD,
    "Removable": _TOLD,
    "Replaceable": _TOLD,
    "Weight": _TOLD,
    "Width": _TOLD,
    "AudibleAlarm": _TOLD,
    "BreachDescription": _TOLD,
    "CableManagementStrategy": _TOLD,
    "LockPresent": flag("type 3, Type, bit 7", _TYPE, 7),
    "SecurityBreach": _TOLD,
    "ServiceDescriptions": _TOLD,
    "ServicePhilosophy": _TOLD,
    "VisibleAlarm": _TOLD,
    "ChassisTypes": Reads("SMBIOS type 3, Type, else /sys/class/dmi/id/chassis_type; NULL without it", _types),
    "CurrentRequiredOrProduced": _TOLD,
    "HeatGeneration": _TOLD,
    "NumberOfPowerCords": number("type 3, Number of Power Cords", 0x12, 1, 0),
    "TypeDescriptions": _TOLD,
    "SecurityStatus": number("type 3, Security Status", 0x0C),
    "SMBIOSAssetTag": string("type 3, Asset Tag Number", 0x08, "chassis_asset_tag"),
}


class SystemEnclosureProvider(HostProvider[Part]):
    """The cases that the machine is in."""

    cim_class = "Win32_SystemEnclosure"
    table = TABLE

    def samples(self, request: Request) -> Iterator[Part]:  # noqa: ARG002 - as of any provider
        yield from Firmware(self.host).parts(ENCLOSURE, "chassis_vendor", "chassis_type")
