"""What the firmware says of the machine: the table of SMBIOS, else the few values that the kernel kept of it.

The table is for root alone; /sys/class/dmi/id, which has the first structure's strings, is for everybody but for the
serial numbers. Machines without SMBIOS, most of ARM, have a device tree, which knows a model and a serial number.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cached_property

from openwmi.providers.hardware.smbios import NOTHING, Structure, Structures, decode_version, shown
from openwmi.providers.host import Host
from openwmi.providers.reading import Reads

TABLES = "/sys/firmware/dmi/tables/"
KEPT = "/sys/class/dmi/id/"
DEVICE_TREE = "/proc/device-tree/"


class Firmware:
    """The firmware of a host; it is read when the first value of it is wanted."""

    def __init__(self, host: Host) -> None:
        self.host = host

    @cached_property
    def structures(self) -> Structures:
        """None of any type where there is no table, or it must not be read."""
        return Structures(self.host.octets(TABLES + "DMI") or b"")

    @cached_property
    def version(self) -> tuple[int, int] | None:
        """Of the specification of SMBIOS."""
        return decode_version(self.host.octets(TABLES + "smbios_entry_point") or b"")

    def kept(self, name: str) -> str | None:
        """What the kernel kept under a name of /sys/class/dmi/id, else the device tree's like; None if blank."""
        found = self.host.read(KEPT + name)
        if found is None:
            found = self._planted(name)
        return None if found is None else shown(found)

    def part(self, kind: int) -> Part:
        """The first structure of a type; a part without values where there is none."""
        return Part(self, self.structures.first(kind), 0)

    def parts(self, kind: int, *names: str) -> Iterator[Part]:
        """Of each structure of a type; without any of them one, if the kernel kept a value under one of these names."""
        found: Sequence[Structure] = self.structures.of(kind)
        if not found and any(self.kept(name) for name in names):
            found = [NOTHING]
        for index, structure in enumerate(found):
            yield Part(self, structure, index)

    def _planted(self, name: str) -> str | None:
        found = self.host.read(DEVICE_TREE + _PLANTED[name]) if name in _PLANTED else None
        if found is None or name != "sys_vendor":
            return found
        # `raspberrypi,4-model-b`, and after a NUL what it is compatible with
        vendor, given, _ = found.partition(",")
        return vendor if given else None


class Part:
    """One structure, as a sample for tables.

    Attributes:
        firmware: all of it.
        structure: NOTHING where only the kernel's few values are known.
        index: of its type, from 0.
    """

    def __init__(self, firmware: Firmware, structure: Structure, index: int) -> None:
        self.firmware = firmware
        self.structure = structure
        self.index = index

    def text(self, offset: int, name: str = "") -> str | None:
        """A string of the structure; else, of the first one, what the kernel kept under that name."""
        found = self.structure.text(offset)
        return self.firmware.kept(name) if found is None and name and self.index == 0 else found

    def number(self, offset: int, size: int = 1) -> int | None:
        return self.structure.number(offset, size)


def string(what: str, offset: int, name: str = "") -> Reads[Part]:
    """A column with a string of SMBIOS: `string("type 2, Product", 0x05, "board_name")`."""
    return Reads(_source(what, name), lambda part: part.text(offset, name))


def number(what: str, offset: int, size: int = 1, *unknown: int) -> Reads[Part]:
    """A column with a number of SMBIOS, as it is there; NULL for those that mean that it is not known."""

    def read(part: Part) -> int | None:
        found = part.number(offset, size)
        return None if found in unknown else found

    return Reads(_source(what), read)


def flag(what: str, offset: int, bit: int) -> Reads[Part]:
    """A column with one bit of SMBIOS."""

    def read(part: Part) -> bool | None:
        found = part.number(offset)
        return None if found is None else bool(found >> bit & 1)

    return Reads(_source(what), read)


_PLANTED = {"product_name": "model", "product_serial": "serial-number", "sys_vendor": "compatible"}


def _source(what: str, name: str = "") -> str:
    return f"SMBIOS {what}{f', else {KEPT}{name}' if name else ''}; NULL without it"
