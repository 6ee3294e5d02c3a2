"""Win32_BaseBoard of this host, from SMBIOS types 2 and 12. Page win32-baseboard."""

from __future__ import annotations

from collections.abc import Iterator

from openwmi.engine.provider import Request
from openwmi.providers.hardware.firmware import Firmware, Part, flag, string
from openwmi.providers.reading import HostProvider, Null, Reads, Table, always

BOARD, OPTIONS = 2, 12
_FEATURES = 0x09


def _tag(part: Part) -> str:
    """Windows: the first has no number."""
    return f"Base Board {part.index}" if part.index else "Base Board"


def _options(part: Part) -> list[str] | None:
    """Of the machine's only list of jumpers; no structure says which board they are on."""
    found = part.firmware.part(OPTIONS).structure.strings
    return [*found] if found and part.index == 0 else None


_TOLD = Null("the firmware does not tell it")

TABLE: Table[Part] = {
    "Caption": always("Base Board"),
    "Description": always("Base Board"),
    "InstallDate": _TOLD,
    "Name": always("Base Board"),
    "Status": always("OK"),
    "CreationClassName": always("Win32_BaseBoard"),
    "Manufacturer": string("type 2, Manufacturer", 0x04, "board_vendor"),
    "Model": _TOLD,
    "OtherIdentifyingInfo": _TOLD,
    "PartNumber": _TOLD,
    "PoweredOn": always(True),
    "SerialNumber": string("type 2, Serial Number", 0x07, "board_serial"),
    "SKU": _TOLD,
    "Tag": Reads("the order of SMBIOS type 2: Base Board, Base Board 1, …", _tag),
    "Version": string("type 2, Version", 0x06, "board_version"),
    "Depth": _TOLD,
    "Height": _TOLD,
    "HotSwappable": flag("type 2, Feature Flags, bit 4", _FEATURES, 4),
    "Removable": flag("type 2, Feature Flags, bit 2", _FEATURES, 2),
    "Replaceable": flag("type 2, Feature Flags, bit 3", _FEATURES, 3),
    "Weight": _TOLD,
    "Width": _TOLD,
    "HostingBoard": flag("type 2, Feature Flags, bit 0", _FEATURES, 0),
    "RequirementsDescription": _TOLD,
    "RequiresDaughterBoard": flag("type 2, Feature Flags, bit 1", _FEATURES, 1),
    "SlotLayout": _TOLD,
    "SpecialRequirements": _TOLD,
    "ConfigOptions": Reads("SMBIOS type 12, its strings; NULL without them", _options),
    "Product": string("type 2, Product", 0x05, "board_name"),
}


class BaseBoardProvider(HostProvider[Part]):
    """The boards that other parts of the machine are on."""

    cim_class = "Win32_BaseBoard"
    table = TABLE

    def samples(self, request: Request) -> Iterator[Part]:  # noqa: ARG002 - as of any provider
        yield from Firmware(self.host).parts(BOARD, "board_vendor", "board_name", "board_version")
