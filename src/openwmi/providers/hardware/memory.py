"""Win32_PhysicalMemory of this host, from SMBIOS types 17 and 20: of each device that is there one instance.

Page win32-physicalmemory. A socket without memory has no instance; Win32_PhysicalMemoryArray counts the sockets.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from openwmi.engine.provider import Request
from openwmi.providers.hardware.firmware import Firmware, Part, number, string
from openwmi.providers.hardware.smbios import NOTHING, Structure
from openwmi.providers.reading import HostProvider, Null, Reads, Table, always

DEVICE, MAPPED = 17, 20
_SIZE, _EXTENDED_SIZE, _FORM_FACTOR, _TYPE = 0x0C, 0x1C, 0x0E, 0x12
_UNKNOWN_SIZE, _SIZE_IS_EXTENDED, _IN_KILOBYTES = 0xFFFF, 0x7FFF, 0x8000

_FORM_FACTORS = dict(enumerate((1, 0, 7, 2, 1, 3, 4, 6, 8, 9, 1, 11, 12, 13, 8), start=1))
"""DSP0134 7.18.1 -> the numbers of CIM, which this class has up to 23: an FB-DIMM, the last here, is a DIMM."""

_TYPES = dict(enumerate((1, 0, 2, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22), start=1)) | {
    0x18: 24,
    0x19: 25,
    0x1A: 26,
}
"""DSP0134 7.18.2 -> the numbers of CIM, which end with DDR4."""

_OTHER = 1


class Device(Part):
    """One memory device, with what the table says of its addresses."""

    def __init__(self, part: Part, mapped: Structure) -> None:
        super().__init__(part.firmware, part.structure, part.index)
        self.mapped = mapped


def _capacity(device: Device) -> int | None:
    """Octets; the firmware counts megabytes, or kilobytes where it says so."""
    size = device.number(_SIZE, 2)
    if size is None or size == _UNKNOWN_SIZE:
        return None
    if size == _SIZE_IS_EXTENDED:
        megabytes = device.number(_EXTENDED_SIZE, 4)
        return None if megabytes is None else (megabytes & 0x7FFFFFFF) << 20
    return (size & 0x7FFF) << 10 if size & _IN_KILOBYTES else size << 20


def _mapped(numbers: Mapping[int, int], offset: int) -> Callable[[Device], int | None]:
    def read(device: Device) -> int | None:
        found = device.number(offset)
        return None if found is None else numbers.get(found, _OTHER)

    return read


def _speed(offset: int, extended: int) -> Callable[[Device], int | None]:
    """Millions of transfers in a second; 0 is unknown, and a speed that two octets cannot hold stands elsewhere."""

    def read(device: Device) -> int | None:
        found = device.number(offset, 2)
        return device.number(extended, 4) if found == 0xFFFF else found

    return read


def _address(offset: int) -> Callable[[Device], int | None]:
    def read(device: Device) -> int | None:
        found = device.mapped.byte(offset)
        return None if found == 0xFF else found

    return read


_SPEED = _speed(0x15, 0x54)
_TOLD = Null("the firmware does not tell it")

TABLE: Table[Device] = {
    "Caption": always("Physical Memory"),
    "Description": always("Physical Memory"),
    "InstallDate": _TOLD,
    "Name": always("Physical Memory"),
    "Status": _TOLD,
    "CreationClassName": always("Win32_PhysicalMemory"),
    "Manufacturer": string("type 17, Manufacturer", 0x17),
    "Model": _TOLD,
    "OtherIdentifyingInfo": _TOLD,
    "PartNumber": string("type 17, Part Number", 0x1A),
    "PoweredOn": _TOLD,
    "SerialNumber": string("type 17, Serial Number", 0x18),
    "SKU": _TOLD,
    "Tag": Reads(
        "the order of SMBIOS type 17, empty sockets counted: Physical Memory 0, …",
        lambda device: f"Physical Memory {device.index}",
    ),
    "Version": _TOLD,
    "HotSwappable": _TOLD,
    "Removable": _TOLD,
    "Replaceable": _TOLD,
    "FormFactor": Reads("SMBIOS type 17, Form Factor, as CIM counts them", _mapped(_FORM_FACTORS, _FORM_FACTOR)),
    "BankLabel": string("type 17, Bank Locator", 0x11),
    "Capacity": Reads("SMBIOS type 17, Size or Extended Size; NULL where it is not known", _capacity),
    "DataWidth": number("type 17, Data Width", 0x0A, 2, 0xFFFF),
    "InterleavePosition": Reads("SMBIOS type 20, Interleave Position; NULL without it", _address(0x11)),
    "MemoryType": Reads(
        "SMBIOS type 17, Memory Type, as CIM counts them: 1 for all that it has not", _mapped(_TYPES, _TYPE)
    ),
    "PositionInRow": Reads("SMBIOS type 20, Partition Row Position; NULL without it", _address(0x10)),
    # Windows: what the firmware says, in MHz, whatever the unit of the class.
    "Speed": Reads("SMBIOS type 17, Speed, in MHz; NULL where it is not known", lambda device: _SPEED(device) or None),
    "TotalWidth": number("type 17, Total Width", 0x08, 2, 0xFFFF),
    "Attributes": number("type 17, Attributes", 0x1B),
    "ConfiguredClockSpeed": Reads(
        "SMBIOS type 17, Configured Memory Speed; 0 where it is not known, NULL without it", _speed(0x20, 0x58)
    ),
    "ConfiguredVoltage": number("type 17, Configured Voltage", 0x26, 2),
    "DeviceLocator": string("type 17, Device Locator", 0x10),
    "InterleaveDataDepth": Reads("SMBIOS type 20, Interleaved Data Depth; NULL without it", _address(0x12)),
    "MaxVoltage": number("type 17, Maximum Voltage", 0x24, 2),
    "MinVoltage": number("type 17, Minimum Voltage", 0x22, 2),
    "SMBIOSMemoryType": number("type 17, Memory Type", _TYPE),
    "TypeDetail": number("type 17, Type Detail", 0x13, 2),
}


class PhysicalMemoryProvider(HostProvider[Device]):
    """The memory devices that are there."""

    cim_class = "Win32_PhysicalMemory"
    table = TABLE

    def samples(self, request: Request) -> Iterator[Device]:  # noqa: ARG002 - as of any provider
        firmware = Firmware(self.host)
        mapped: dict[int | None, Structure] = {}
        for each in firmware.structures.of(MAPPED):
            mapped.setdefault(each.word(0x0C), each)
        for part in firmware.parts(DEVICE):
            if part.number(_SIZE, 2):
                yield Device(part, mapped.get(part.structure.handle, NOTHING))
