"""Win32_PhysicalMemory and Win32_PhysicalMemoryArray: SMBIOS types 16, 17 and 20 in the numbers of CIM."""

from collections.abc import Callable
from typing import Any

import pytest

from openwmi.engine import Engine
from openwmi.engine.provider import Request
from openwmi.engine.registration import shipped_class
from openwmi.model import CimInstance
from openwmi.providers.hardware.memory import PhysicalMemoryProvider
from openwmi.providers.hardware.memoryarray import PhysicalMemoryArrayProvider
from openwmi.providers.host import Host, Kernel
from openwmi.session import Namespace

Make = Callable[..., Host]
Asking = Callable[..., Request]
Device = Callable[..., dict[str, Any]]

DMI = "== /sys/firmware/dmi/tables/DMI smbios\n"
MEMORY, ARRAY = shipped_class("Win32_PhysicalMemory"), shipped_class("Win32_PhysicalMemoryArray")


def device_octets(**values: int) -> str:
    """A type 17 of version 3.3: DDR4, 8 GB, 3200 MT/s, but for the fields that are given by their offsets."""
    body = bytearray(0x5C)
    usual = {"x0C": 8192, "x0E": 9, "x12": 0x1A, "x13": 0x80, "x15": 3200, "x20": 2933}
    for name, value in {**usual, **values}.items():
        offset, size = int(name[1:3], 16), {0x0E: 1, 0x12: 1, 0x1C: 4, 0x54: 4, 0x58: 4}.get(int(name[1:3], 16), 2)
        body[offset : offset + size] = value.to_bytes(size, "little")
    return f"{DMI}type 17 handle 0x0040\n {body[4:].hex(' ')}\n"


@pytest.fixture
def device(asking: Asking, host: Make) -> Device:
    """`device(x0C=0x7FFF, …)`: what the class says of a device whose fields at these offsets are such."""

    def read(**values: int) -> dict[str, Any]:
        (row,) = PhysicalMemoryProvider(host("laptop", device_octets(**values))).instances(asking(MEMORY))
        MEMORY.instance(row)
        return dict(row)

    return read


def test_the_memory_of_a_laptop(asking: Asking, host: Make) -> None:
    first, second = PhysicalMemoryProvider(host("laptop")).instances(asking(MEMORY))
    assert {name: value for name, value in MEMORY.instance(first).to_dict_().items() if value is not None} == {
        **dict.fromkeys(("Caption", "Description", "Name"), "Physical Memory"),
        "CreationClassName": "Win32_PhysicalMemory",
        "Tag": "Physical Memory 0",
        "Manufacturer": "Samsung",
        "PartNumber": "M471A1K43EB1-CWE",
        "SerialNumber": "00000000",
        "BankLabel": "BANK 0",
        "DeviceLocator": "ChannelA-DIMM0",
        "Capacity": 8 << 30,
        "FormFactor": 12,
        "MemoryType": 26,
        "SMBIOSMemoryType": 26,
        "TypeDetail": 128,
        "DataWidth": 64,
        "TotalWidth": 64,
        "Attributes": 1,
        "Speed": 3200,
        "ConfiguredClockSpeed": 3200,
        "ConfiguredVoltage": 1200,
        "MaxVoltage": 1200,
        "MinVoltage": 1200,
        "InterleavePosition": 1,
        "PositionInRow": 1,
        "InterleaveDataDepth": 1,
    }
    assert (second["Tag"], second["DeviceLocator"]) == ("Physical Memory 1", "ChannelB-DIMM0")
    assert (second["PositionInRow"], second["InterleavePosition"], second["InterleaveDataDepth"]) == (None, 2, 0)


def test_the_memory_of_a_server_is_in_its_sockets(asking: Asking, host: Make) -> None:
    rows = [
        *PhysicalMemoryProvider(host("server")).instances(asking(MEMORY, "Capacity", "DeviceLocator", "TotalWidth"))
    ]
    assert [row["DeviceLocator"] for row in rows] == [f"{board}{at}" for board in "AB" for at in range(1, 9)]
    assert [row["Tag"] for row in rows][7:9] == ["Physical Memory 7", "Physical Memory 12"]
    assert {(row["Capacity"], row["TotalWidth"]) for row in rows} == {(32 << 30, 72)}


def test_the_memory_of_a_virtual_machine(asking: Asking, host: Make) -> None:
    (row,) = PhysicalMemoryProvider(host("cloud")).instances(asking(MEMORY))
    assert (row["Capacity"], row["MemoryType"], row["FormFactor"], row["Speed"]) == (4 << 30, 9, 8, None)
    assert (row["DataWidth"], row["TotalWidth"], row["BankLabel"]) == (None, None, None)
    assert (row["ConfiguredVoltage"], row["InterleavePosition"]) == (0, None)


@pytest.mark.parametrize("made", [None, "container"])
def test_without_smbios_nothing_is_known(made: str | None, asking: Asking, host: Make) -> None:
    source = host(made) if made else Host("/no/such/root", kernel=Kernel("n", "6.1"))
    assert [*PhysicalMemoryProvider(source).instances(asking(MEMORY))] == []
    assert [*PhysicalMemoryArrayProvider(source).instances(asking(ARRAY))] == []


@pytest.mark.parametrize(
    ("size", "extended", "octets"),
    [
        (1, 0, 1 << 20),
        (0x7FFE, 0, 0x7FFE << 20),
        (0x8200, 0, 0x200 << 10),
        (0x7FFF, 131072, 128 << 30),
        (0x7FFF, 0x80000001, 1 << 20),
        (0xFFFF, 0, None),
    ],
)
def test_how_large_it_is(size: int, extended: int, octets: int | None, device: Device) -> None:
    assert device(x0C=size, x1C=extended)["Capacity"] == octets


@pytest.mark.parametrize(
    ("speed", "extended", "expected"), [(3200, 9, 3200), (0, 0, None), (0xFFFF, 70_000, 70_000), (0xFFFF, 0, None)]
)
def test_how_fast_it_is(speed: int, extended: int, expected: int | None, device: Device) -> None:
    """Zero is "not known" of the property that has no such word, and stays of the one whose page has it."""
    row = device(x15=speed, x54=extended, x20=speed, x58=extended)
    assert (row["Speed"], row["ConfiguredClockSpeed"]) == (expected, expected or 0)


# What the specification calls it, its number, and CIM's; the names are those of the class's own value map.
FORMS = [(0x02, 0), (0x03, 7), (0x04, 2), (0x05, 1), (0x06, 3), (0x07, 4), (0x08, 6), (0x09, 8), (0x0A, 9), (0x0C, 11)]
FORMS += [(0x01, 1), (0x0B, 1), (0x0D, 12), (0x0E, 13), (0x0F, 8), (0x10, 1), (0x11, 1), (0xEE, 1)]
TYPES = [
    (0x01, 1),
    (0x02, 0),
    (0x03, 2),
    (0x04, 6),
    (0x05, 7),
    (0x06, 8),
    (0x07, 9),
    (0x08, 10),
    (0x09, 11),
    (0x0A, 12),
]
TYPES += [(0x0F, 17), (0x11, 19), (0x12, 20), (0x13, 21), (0x14, 22), (0x18, 24), (0x1A, 26), (0x22, 1), (0x15, 1)]


@pytest.mark.parametrize(("smbios", "cim"), FORMS)
def test_form_factors(smbios: int, cim: int, device: Device) -> None:
    assert device(x0E=smbios)["FormFactor"] == cim


@pytest.mark.parametrize(("smbios", "cim"), TYPES)
def test_types_of_memory(smbios: int, cim: int, device: Device) -> None:
    row = device(x12=smbios)
    assert (row["MemoryType"], row["SMBIOSMemoryType"]) == (cim, smbios)


def test_the_names_of_the_numbers_are_the_same_words() -> None:
    """Both lists were written by hand: those that two documents call alike must be alike here."""
    named = dict(zip(range(24), MEMORY.property("FormFactor").qualifiers["Values"].value, strict=False))
    assert [named[cim] for smbios, cim in FORMS if smbios in {2, 3, 9, 0x0C, 0x0D}] == [
        *("Unknown", "SIMM", "DIMM", "RIMM", "SODIMM"),
    ]
    types = MEMORY.property("MemoryType").qualifiers["Values"].value
    assert [types[cim] for smbios, cim in TYPES if smbios in {2, 3, 6, 9, 0x0F, 0x13}] == [
        *("Unknown", "DRAM", "SRAM", "Flash", "SDRAM", "DDR2"),
    ]


def test_a_structure_of_an_old_version_ends_early(asking: Asking, host: Make) -> None:
    old = f'{DMI}type 17 handle 0x0040\n 08 00 FE FF 40 00 40 00 00 02 09 00 01 02 0F 04 00\n "A" "B"\n'
    (row,) = PhysicalMemoryProvider(host("laptop", old)).instances(asking(MEMORY))
    assert (row["Capacity"], row["MemoryType"], row["TypeDetail"]) == (512 << 20, 17, 4)
    late = ("Speed", "Manufacturer", "ConfiguredClockSpeed", "MaxVoltage", "Attributes")
    assert {row[name] for name in late} == {None}


# -------------------------------------------------------------------------------------------------------- the array


def array_of(asking: Asking, made: Host) -> dict[str, Any]:
    (row,) = PhysicalMemoryArrayProvider(made).instances(asking(ARRAY))
    ARRAY.instance(row)
    return dict(row)


def test_the_arrays(asking: Asking, host: Make) -> None:
    row = array_of(asking, host("server"))
    assert {name: value for name, value in row.items() if value is not None} == {
        **dict.fromkeys(("Caption", "Description", "Name"), "Physical Memory Array"),
        "CreationClassName": "Win32_PhysicalMemoryArray",
        "Tag": "Physical Memory Array 0",
        "Location": 3,
        "Use": 3,
        "MemoryErrorCorrection": 6,
        "MemoryDevices": 24,
        "MaxCapacity": 1536 << 20,
        "MaxCapacityEx": 1536 << 20,
    }
    assert array_of(asking, host("laptop"))["MaxCapacityEx"] == 32 << 20


@pytest.mark.parametrize(("smbios", "cim"), [(0x01, 1), (0x03, 3), (0x0A, 10), (0xA0, 11), (0xA3, 14), (0xA4, 1)])
def test_where_an_array_is(smbios: int, cim: int, asking: Asking, host: Make) -> None:
    table = f"{DMI}type 16 handle 0x0001\n {smbios:02X} 03 03 00 00 00 02 FE FF 02 00\n"
    assert array_of(asking, host("laptop", table))["Location"] == cim


@pytest.mark.parametrize(
    ("rest", "short", "whole"),
    [
        ("00 00 00 80 FE FF 02 00 00 00 00 00 00 02 00 00", 2 << 30, 2 << 30),
        ("00 00 00 80 FE FF 02 00 00 00 00 00 00 08 00 00", None, 8 << 30),
        ("00 00 00 80 FE FF 02 00", None, None),
        ("00 00 00 00 FE FF 02 00", 0, 0),
    ],
)
def test_how_much_an_array_takes(rest: str, short: int | None, whole: int | None, asking: Asking, host: Make) -> None:
    """Kilobytes; what they are too many for has another place, in octets."""
    row = array_of(asking, host("laptop", f"{DMI}type 16 handle 0x0001\n 03 03 03 {rest}\n"))
    assert (row["MaxCapacity"], row["MaxCapacityEx"]) == (short, whole)


async def test_through_queries(host: Make) -> None:
    made = host("server")
    engine = Engine("HOST1", [PhysicalMemoryProvider(made), PhysicalMemoryArrayProvider(made)])
    ns = Namespace(engine.session(r"root\cimv2"))
    found = await ns.query("SELECT Capacity FROM Win32_PhysicalMemory WHERE DeviceLocator = 'b3'")
    assert [each.Capacity for each in found] == [32 << 30]
    one = await ns.get("Win32_PhysicalMemory.Tag='Physical Memory 12'")
    assert isinstance(one, CimInstance)
    assert one.DeviceLocator == "B1"
