"""Win32_PhysicalMemoryArray of this host, from SMBIOS type 16. Page win32-physicalmemoryarray."""

from __future__ import annotations

from collections.abc import Iterator

from openwmi.engine.provider import Request
from openwmi.providers.hardware.firmware import Firmware, Part, number
from openwmi.providers.reading import HostProvider, Null, Reads, Table, always

ARRAY = 16
_CAPACITY_IS_EXTENDED = 0x80000000
_LOCATIONS = {0xA0: 11, 0xA1: 12, 0xA2: 13, 0xA3: 14}
"""DSP0134 7.17.1 -> the numbers of the class, where they differ."""


def _capacity(part: Part) -> int | None:
    """Kilobytes."""
    found = part.number(0x07, 4)
    if found != _CAPACITY_IS_EXTENDED:
        return found
    octets = part.number(0x0F, 8)
    return None if octets is None else octets >> 10


def _short_capacity(part: Part) -> int | None:
    found = _capacity(part)
    return None if found is None or found > 0xFFFFFFFF else found


def _location(part: Part) -> int | None:
    """1 is "other": of a location that is known, and that the class has no number for."""
    found = part.number(0x04)
    return found if found is None or found <= max(_SAME) else _LOCATIONS.get(found, 1)


_SAME = range(11)
_CAPACITY = "SMBIOS type 16, Maximum Capacity or Extended Maximum Capacity, in kilobytes; 0 where it is not known"
_TOLD = Null("the firmware does not tell it")

TABLE: Table[Part] = {
    "Caption": always("Physical Memory Array"),
    "Description": always("Physical Memory Array"),
    "InstallDate": _TOLD,
    "Name": always("Physical Memory Array"),
    "Status": _TOLD,
    "CreationClassName": always("Win32_PhysicalMemoryArray"),
    "Manufacturer": _TOLD,
    "Model": _TOLD,
    "OtherIdentifyingInfo": _TOLD,
    "PartNumber": _TOLD,
    "PoweredOn": _TOLD,
    "SerialNumber": _TOLD,
    "SKU": _TOLD,
    "Tag": Reads(
        "the order of SMBIOS type 16: Physical Memory Array 0, …", lambda part: f"Physical Memory Array {part.index}"
    ),
    "Version": _TOLD,
    "Depth": _TOLD,
    "Height": _TOLD,
    "HotSwappable": _TOLD,
    "Removable": _TOLD,
    "Replaceable": _TOLD,
    "Weight": _TOLD,
    "Width": _TOLD,
    "Location": Reads("SMBIOS type 16, Location; NULL without it", _location),
    # Windows: kilobytes here, too, since there was a page that said bytes.
    "MaxCapacity": Reads(f"{_CAPACITY}; NULL where it is too large", _short_capacity),
    "MaxCapacityEx": Reads(_CAPACITY, _capacity),
    "MemoryDevices": number("type 16, Number of Memory Devices", 0x0D, 2),
    "MemoryErrorCorrection": number("type 16, Memory Error Correction", 0x06),
    "Use": number("type 16, Use", 0x05),
}


class PhysicalMemoryArrayProvider(HostProvider[Part]):
    """The sets of sockets that memory devices are in."""

    cim_class = "Win32_PhysicalMemoryArray"
    table = TABLE

    def samples(self, request: Request) -> Iterator[Part]:  # noqa: ARG002 - as of any provider
        yield from Firmware(self.host).parts(ARRAY)
