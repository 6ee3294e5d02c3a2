"""Win32_BIOS, Win32_BaseBoard, Win32_SystemEnclosure and Win32_ComputerSystemProduct, which are SMBIOS's."""

from collections.abc import Callable
from typing import Any

import pytest

from openwmi.engine.provider import Request
from openwmi.engine.registration import shipped_class
from openwmi.providers.hardware.bios import BiosProvider
from openwmi.providers.hardware.board import BaseBoardProvider
from openwmi.providers.hardware.enclosure import SystemEnclosureProvider
from openwmi.providers.hardware.firmware import Part
from openwmi.providers.hardware.product import ComputerSystemProductProvider
from openwmi.providers.host import Host, Kernel
from openwmi.providers.reading import HostProvider

Make = Callable[..., Host]
Asking = Callable[..., Request]
Rows = Callable[..., list[dict[str, Any]]]

ALL = [BiosProvider, BaseBoardProvider, SystemEnclosureProvider, ComputerSystemProductProvider]
DMI = "== /sys/firmware/dmi/tables/DMI smbios\n"
NO_TABLE = DMI  # as it is for whoever is not root
NO_ENTRY = "== /sys/firmware/dmi/tables/smbios_entry_point\n"


@pytest.fixture
def rows(asking: Asking) -> Rows:
    """`rows(BiosProvider, host, *names)`: each checked against its class."""

    def read(provider: type[HostProvider[Part]], host: Host, *names: str) -> list[dict[str, Any]]:
        class_ = shipped_class(str(provider.cim_class))
        found = [dict(row) for row in provider(host).instances(asking(class_, *names))]
        for row in found:
            class_.instance(row)
        return found

    return read


def said(row: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in row.items() if value is not None}


@pytest.mark.parametrize("provider", ALL)
def test_without_smbios_there_is_none(provider: type[HostProvider[Part]], rows: Rows, host: Make) -> None:
    assert rows(provider, host("container")) == []
    assert rows(provider, Host("/no/such/root", kernel=Kernel("n", "6.1"))) == []


@pytest.mark.parametrize("provider", ALL)
@pytest.mark.parametrize("name", ["laptop", "cloud", "server"])
def test_each_is_found_by_its_key(name: str, provider: type[HostProvider[Part]], asking: Asking, host: Make) -> None:
    made, request = provider(host(name)), asking(provider.cim_class)
    (row,) = made.instances(request)
    keys = {key: row[key] for key in shipped_class(str(provider.cim_class)).keys}
    assert None not in keys.values()
    assert made.get(request, keys) == row


# ------------------------------------------------------------------------------------------------------------- BIOS


def test_the_bios_of_a_laptop(rows: Rows, host: Make) -> None:
    (row,) = rows(BiosProvider, host("laptop"))
    version = "N2XET38W (1.28 )"
    characteristics = [4, 7, 9, 10, 11, 12, 15, 16, 17, *range(19, 31), 32, 33]
    assert said(row) == {
        **dict.fromkeys(("Caption", "Description", "Name", "SoftwareElementID", "Version"), version),
        "SMBIOSBIOSVersion": version,
        "BIOSVersion": [version],
        "Status": "OK",
        "Manufacturer": "LENOVO",
        "SerialNumber": "PF3EXMPL",
        "SoftwareElementState": 3,
        "TargetOperatingSystem": 0,
        "PrimaryBIOS": True,
        "BiosCharacteristics": characteristics,
        "CurrentLanguage": "en|US|iso8859-1",
        "InstallableLanguages": 2,
        "ListOfLanguages": ["en|US|iso8859-1", "de|DE|iso8859-1"],
        "ReleaseDate": row["ReleaseDate"],
        "EmbeddedControllerMajorVersion": 1,
        "EmbeddedControllerMinorVersion": 12,
        "SMBIOSPresent": True,
        "SMBIOSMajorVersion": 3,
        "SMBIOSMinorVersion": 3,
        "SystemBiosMajorVersion": 1,
        "SystemBiosMinorVersion": 28,
    }
    assert str(row["ReleaseDate"]) == "20231102000000.000000+000"


def test_an_embedded_controller_that_is_none(rows: Rows, host: Make) -> None:
    (row,) = rows(BiosProvider, host("server"), "EmbeddedControllerMajorVersion", "EmbeddedControllerMinorVersion")
    assert (row["EmbeddedControllerMajorVersion"], row["EmbeddedControllerMinorVersion"]) == (None, None)


def test_the_bios_for_who_is_not_root(rows: Rows, host: Make) -> None:
    """The table and the serial number are for root alone; the rest is for everybody."""
    secret = "== /sys/class/dmi/id/product_serial\n"
    (row,) = rows(BiosProvider, host("laptop", NO_TABLE, NO_ENTRY, secret))
    assert (row["Name"], row["Manufacturer"], row["SerialNumber"]) == ("N2XET38W (1.28 )", "LENOVO", None)
    assert str(row["ReleaseDate"]) == "20231102000000.000000+000"
    assert (row["SystemBiosMajorVersion"], row["SystemBiosMinorVersion"]) == (1, 28)
    assert (row["EmbeddedControllerMajorVersion"], row["EmbeddedControllerMinorVersion"]) == (1, 12)
    assert {row[name] for name in ("SMBIOSMajorVersion", "CurrentLanguage", "ListOfLanguages")} == {None}
    assert row["BiosCharacteristics"] is None


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("12/31/98", "19981231000000.000000+000"),
        ("02/29/2024", "20240229000000.000000+000"),
        ("13/01/2020", None),
        ("2020-01-02", None),
        ("", None),
    ],
)
def test_the_date_of_a_bios(text: str, expected: str | None, rows: Rows, host: Make) -> None:
    made = host("laptop", NO_TABLE, f"== /sys/class/dmi/id/bios_date\n{text}\n")
    (row,) = rows(BiosProvider, made, "ReleaseDate")
    assert (row["ReleaseDate"] and str(row["ReleaseDate"])) == expected


def test_a_bios_that_says_little(rows: Rows, host: Make) -> None:
    """A structure of version 2.0, and a vendor's bit; the key is empty where there is no version."""
    table = f"{DMI}type 0 handle 0x0000\n 00 00 00 E0 00 00 08 00 00 00 00 01 00 80\n"
    old = "== /sys/firmware/dmi/tables/smbios_entry_point hex\n5f 53 4d 5f 00 1f 02 00\n"
    kept = [f"== /sys/class/dmi/id/{name}\n" for name in ("bios_version", "bios_vendor", "bios_date", "bios_release")]
    (row,) = rows(BiosProvider, host("cloud", table, old, *kept))
    assert (row["Name"], row["Version"], row["Caption"], row["Manufacturer"]) == ("", "", None, None)
    assert row["BiosCharacteristics"] == [3, 40, 63]
    assert (row["SMBIOSMajorVersion"], row["SMBIOSMinorVersion"], row["SystemBiosMajorVersion"]) == (2, 0, None)


# ------------------------------------------------------------------------------------------------------------ boards


def test_the_board_of_a_laptop(rows: Rows, host: Make) -> None:
    (row,) = rows(BaseBoardProvider, host("laptop"))
    assert said(row) == {
        **dict.fromkeys(("Caption", "Description", "Name", "Tag"), "Base Board"),
        "Status": "OK",
        "CreationClassName": "Win32_BaseBoard",
        "PoweredOn": True,
        "Manufacturer": "LENOVO",
        "Product": "20XXS3KT00",
        "Version": "SDK0J40697 WIN",
        "SerialNumber": "L1HF1AB00C1",
        "HotSwappable": False,
        "Removable": False,
        "Replaceable": True,
        "HostingBoard": True,
        "RequiresDaughterBoard": False,
        "ConfigOptions": ["JP2: 1-2 clears the CMOS"],
    }


def test_blanks_are_nothing(rows: Rows, host: Make) -> None:
    (row,) = rows(BaseBoardProvider, host("cloud"), "Version", "Product")
    assert row == {"Tag": "Base Board", "Version": None, "Product": "Google Compute Engine"}


def test_of_two_boards_each_has_its_own(rows: Rows, host: Make) -> None:
    boards = "".join(
        f'type 2 handle 0x000{number}\n 01 02 00 00 00 {flags}\n "Maker {number}"\n "Board {number}"\n'
        for number, flags in ((2, "01"), (3, "1E"))
    )
    options = 'type 12 handle 0x0009\n 01\n "J1"\n'
    first, second = rows(BaseBoardProvider, host("server", DMI + boards + options))
    assert (first["Tag"], first["Manufacturer"], first["ConfigOptions"]) == ("Base Board", "Maker 2", ["J1"])
    assert (second["Tag"], second["Product"], second["ConfigOptions"]) == ("Base Board 1", "Board 3", None)
    # What the kernel kept is of the first.
    assert (first["Version"], second["Version"]) == ("A05", None)
    flags = ("HostingBoard", "RequiresDaughterBoard", "Removable", "Replaceable", "HotSwappable")
    assert [first[name] for name in flags] == [True, False, False, False, False]
    assert [second[name] for name in flags] == [False, True, True, True, True]


def test_the_board_for_who_is_not_root(rows: Rows, host: Make) -> None:
    (row,) = rows(BaseBoardProvider, host("server", NO_TABLE))
    assert (row["Tag"], row["Product"], row["Version"], row["HostingBoard"]) == ("Base Board", "0923K0", "A05", None)


def test_what_no_wire_could_carry_is_replaced(rows: Rows, host: Make) -> None:
    made = host(
        "server", NO_TABLE, "== /sys/class/dmi/id/board_name\nX\x01Y \n", "== /sys/class/dmi/id/board_version\n \n"
    )
    (row,) = rows(BaseBoardProvider, made, "Product", "Version")
    assert (row["Product"], row["Version"]) == ("X\ufffdY ", None)


# -------------------------------------------------------------------------------------------------------- enclosures


def test_the_case_of_a_server(rows: Rows, host: Make) -> None:
    (row,) = rows(SystemEnclosureProvider, host("server"))
    assert said(row) == {
        **dict.fromkeys(("Caption", "Description", "Name"), "System Enclosure"),
        "Tag": "System Enclosure 0",
        "CreationClassName": "Win32_SystemEnclosure",
        "PoweredOn": True,
        "Manufacturer": "Dell Inc.",
        "SerialNumber": "EXMPL02",
        "SKU": "SKU=NotProvided;ModelName=PowerEdge R740",
        "Height": 3.5,
        "LockPresent": False,
        "ChassisTypes": [23],
        "NumberOfPowerCords": 2,
        "SecurityStatus": 3,
    }


def test_a_case_with_a_lock_and_elements_before_its_number(rows: Rows, host: Make) -> None:
    case = "type 3 handle 0x0003\n 00 8A 00 00 00 03 03 03 04 00 00 00 00 00 00 02 03 01 02 03 04 05 06 01\n"
    (row,) = rows(SystemEnclosureProvider, host("laptop", f'{DMI}{case} "SKU 1"\n'))
    assert (row["ChassisTypes"], row["LockPresent"], row["SKU"], row["SecurityStatus"]) == ([10], True, "SKU 1", 4)
    assert (row["Height"], row["NumberOfPowerCords"]) == (None, None)
    short = "type 3 handle 0x0003\n 00 00 00 00 00\n"
    (row,) = rows(SystemEnclosureProvider, host("laptop", DMI + short), "ChassisTypes", "LockPresent", "SKU", "Height")
    assert row == {
        "Tag": "System Enclosure 0",
        "ChassisTypes": None,
        "LockPresent": False,
        "SKU": None,
        "Height": None,
    }


@pytest.mark.parametrize(("kept", "types"), [("10", [10]), ("0", None), ("x", None)])
def test_the_case_for_who_is_not_root(kept: str, types: list[int] | None, rows: Rows, host: Make) -> None:
    made = host("laptop", NO_TABLE, f"== /sys/class/dmi/id/chassis_type\n{kept}\n")
    (row,) = rows(SystemEnclosureProvider, made, "ChassisTypes", "SMBIOSAssetTag", "SKU")
    assert (row["ChassisTypes"], row["SMBIOSAssetTag"], row["SKU"]) == (types, "No Asset Information", None)


# ---------------------------------------------------------------------------------------------------------- products


def test_the_products(rows: Rows, host: Make) -> None:
    (row,) = rows(ComputerSystemProductProvider, host("laptop"))
    assert row == {
        **dict.fromkeys(("Caption", "Description"), "Computer System Product"),
        "IdentifyingNumber": "PF3EXMPL",
        "Name": "20XXS3KT00",
        "Vendor": "LENOVO",
        "Version": "ThinkPad X13 Gen 2i",
        "SKUNumber": "LENOVO_MT_20XX_BU_Think_FM_ThinkPad X13 Gen 2i",
        "UUID": "4C4C4544-0031-3310-8052-B3C04F4E3533",
    }
    (row,) = rows(ComputerSystemProductProvider, host("cloud"), "Version", "UUID")
    assert (row["Version"], row["UUID"]) == ("", "01234567-89AB-CDEF-0123-456789ABCDEF")


@pytest.mark.parametrize("octets", ["00", "FF"])
def test_a_uuid_that_is_none(octets: str, rows: Rows, host: Make) -> None:
    table = f"{DMI}type 1 handle 0x0001\n 00 00 00 00 {' '.join([octets] * 16)}\n"
    (row,) = rows(ComputerSystemProductProvider, host("laptop", table), "UUID")
    assert row["UUID"] is None


def test_a_uuid_of_old_firmware_and_one_that_the_kernel_kept(rows: Rows, host: Make) -> None:
    old = "== /sys/firmware/dmi/tables/smbios_entry_point hex\n5f 53 4d 5f 00 1f 02 05\n"
    (row,) = rows(ComputerSystemProductProvider, host("laptop", old), "UUID")
    assert row["UUID"] == "44454C4C-3100-1033-8052-B3C04F4E3533"
    (row,) = rows(ComputerSystemProductProvider, host("laptop", NO_TABLE), "UUID")
    assert row["UUID"] == "4C4C4544-0031-3310-8052-B3C04F4E3533"
    (row,) = rows(ComputerSystemProductProvider, host("laptop", NO_TABLE, "== /sys/class/dmi/id/product_uuid\n?\n"))
    assert row["UUID"] is None


def test_a_board_with_a_device_tree(rows: Rows, host: Make) -> None:
    tree = (
        "== /proc/device-tree/model nul\nRaspberry Pi 4 Model B Rev 1.4\n"
        "== /proc/device-tree/serial-number nul\n10000000abcdef01\n"
        "== /proc/device-tree/compatible nul\nraspberrypi,4-model-b\nbrcm,bcm2711\n"
    )
    (row,) = rows(ComputerSystemProductProvider, host("container", tree))
    assert (row["Name"], row["Vendor"]) == ("Raspberry Pi 4 Model B Rev 1.4", "raspberrypi")
    assert (row["IdentifyingNumber"], row["UUID"]) == ("10000000abcdef01", None)
    assert rows(BiosProvider, host("container", tree)) == []
    odd = "== /proc/device-tree/compatible nul\nsomething\n"
    (row,) = rows(ComputerSystemProductProvider, host("container", tree, odd), "Vendor")
    assert row["Vendor"] is None
