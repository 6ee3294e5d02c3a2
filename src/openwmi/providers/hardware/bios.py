"""Win32_BIOS of this host, from SMBIOS types 0 and 13. Page win32-bios. Without SMBIOS there is none."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime

from openwmi.engine.provider import Request
from openwmi.model import CimDateTime
from openwmi.providers.hardware.firmware import Firmware, Part, string
from openwmi.providers.reading import HostProvider, Null, Reads, Table, always

BIOS, SYSTEM, LANGUAGE = 0, 1, 13
_VERSION, _CHARACTERISTICS, _EXTENDED, _INSTALLABLE, _CURRENT = 0x05, 0x0A, 0x12, 0x04, 0x15


def _version(part: Part) -> str | None:
    return part.text(_VERSION, "bios_version")


def _key(part: Part) -> str:
    """The version where it is a key, which cannot be NULL."""
    return _version(part) or ""


def _versions(part: Part) -> list[str] | None:
    found = _version(part)
    return None if found is None else [found]


def _serial_number(part: Part) -> str | None:
    return part.firmware.part(SYSTEM).text(0x07, "product_serial")


def _release_date(part: Part) -> CimDateTime | None:
    """Midnight of the day, `11/02/2023`; a year of two digits is of the last century (DSP0134 7.1)."""
    found = re.fullmatch(r"(\d\d)/(\d\d)/(\d\d|\d{4})", (part.text(0x08, "bios_date") or "").strip())
    if found is None:
        return None
    month, day, year = map(int, found.groups())
    return CimDateTime.from_datetime(datetime(year if year > 99 else 1900 + year, month, day, tzinfo=UTC))


def _characteristics(part: Part) -> list[int] | None:
    """The numbers of the bits; 32 to 39 are those of the first extension octet, as the class has them."""
    bits = part.number(_CHARACTERISTICS, 8)
    if bits is None:
        return None
    extended = part.number(_EXTENDED) or 0
    bits = bits & ~(0xFF << 32) | extended << 32
    return [bit for bit in range(64) if bits >> bit & 1]


def _release(offset: int, name: str, position: int) -> Callable[[Part], int | None]:
    """One number of a release such as 1.28; 255 is none."""

    def read(part: Part) -> int | None:
        found = part.number(offset)
        if found is None:
            found = int((part.firmware.kept(name) or "").split(".")[position])
        return None if found == 0xFF else found

    return read


def _specification(position: int) -> Callable[[Part], int | None]:
    def read(part: Part) -> int | None:
        version = part.firmware.version
        return None if version is None else version[position]

    return read


def _languages(part: Part) -> list[str] | None:
    return [*part.firmware.part(LANGUAGE).structure.strings] or None


_NAME = "SMBIOS type 0, BIOS Version, else /sys/class/dmi/id/bios_version"
_RELEASE = "SMBIOS type 0, {0} Release, else /sys/class/dmi/id/{1}; NULL where it has none"
_BIOS = _RELEASE.format("System BIOS", "bios_release")
_CONTROLLER = _RELEASE.format("Embedded Controller Firmware", "ec_firmware_release")
_ENTRY = "the entry point of SMBIOS; NULL if it must not be read"
_TOLD = Null("the firmware does not tell it")

TABLE: Table[Part] = {
    "Caption": Reads(f"{_NAME}; NULL without it", _version),
    "Description": Reads("as Caption", _version),
    "InstallDate": _TOLD,
    "Name": Reads(_NAME, _key),
    "Status": always("OK"),
    "BuildNumber": _TOLD,
    "CodeSet": _TOLD,
    "IdentificationCode": _TOLD,
    "LanguageEdition": _TOLD,
    "Manufacturer": string("type 0, Vendor", 0x04, "bios_vendor"),
    "OtherTargetOS": Null("the target is none of the others"),
    # Windows: the number of the machine, since a BIOS has none of its own.
    "SerialNumber": Reads(
        "SMBIOS type 1, Serial Number, else /sys/class/dmi/id/product_serial; NULL without it", _serial_number
    ),
    "SoftwareElementID": Reads("as Name", _key),
    "SoftwareElementState": always(3),  # running
    "TargetOperatingSystem": always(0),  # unknown: it is for none
    # Windows: out of the registry, where the words of ACPI's tables stand before it.
    "Version": Reads("as Name", _key),
    "PrimaryBIOS": always(True),
    "BiosCharacteristics": Reads(
        "SMBIOS type 0, BIOS Characteristics and the first octet of its extension; NULL without them", _characteristics
    ),
    "BIOSVersion": Reads("as Caption", _versions),
    "CurrentLanguage": Reads(
        "SMBIOS type 13, Current Language; NULL without it",
        lambda part: part.firmware.part(LANGUAGE).text(_CURRENT),
    ),
    "EmbeddedControllerMajorVersion": Reads(_CONTROLLER, _release(0x16, "ec_firmware_release", 0)),
    "EmbeddedControllerMinorVersion": Reads(_CONTROLLER, _release(0x17, "ec_firmware_release", 1)),
    "InstallableLanguages": Reads(
        "SMBIOS type 13, Installable Languages; NULL without it",
        lambda part: part.firmware.part(LANGUAGE).number(_INSTALLABLE),
    ),
    "ListOfLanguages": Reads("SMBIOS type 13, its strings; NULL without them", _languages),
    "ReleaseDate": Reads(
        "SMBIOS type 0, BIOS Release Date, else /sys/class/dmi/id/bios_date; NULL without it", _release_date
    ),
    "SMBIOSBIOSVersion": Reads("as Caption", _version),
    "SMBIOSMajorVersion": Reads(_ENTRY, _specification(0)),
    "SMBIOSMinorVersion": Reads(_ENTRY, _specification(1)),
    "SMBIOSPresent": always(True),  # else there is no instance
    "SystemBiosMajorVersion": Reads(_BIOS, _release(0x14, "bios_release", 0)),
    "SystemBiosMinorVersion": Reads(_BIOS, _release(0x15, "bios_release", 1)),
}


class BiosProvider(HostProvider[Part]):
    """The BIOS, or the UEFI that speaks for one."""

    cim_class = "Win32_BIOS"
    table = TABLE

    def samples(self, request: Request) -> Iterator[Part]:  # noqa: ARG002 - as of any provider
        found = Firmware(self.host).parts(BIOS, "bios_version", "bios_vendor", "bios_date")
        yield from [*found][:1]
