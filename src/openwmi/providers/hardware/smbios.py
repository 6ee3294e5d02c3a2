"""The table of SMBIOS: octets -> structures, and what stands in one at an offset. DMTF DSP0134, chapter 6.

A table is written by firmware and may be anything: what is cut, overlaps or points beyond its end is not there, and
nothing here raises for it. No class of Win32 is known here; offsets are those of the specification.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from openwmi.base.limits import SMBIOS_OCTETS

END_OF_TABLE = 127


@dataclass(frozen=True, slots=True)
class Structure:
    """One structure of the table.

    Attributes:
        kind: its type, 0 is the BIOS.
        handle: what other structures call it by.
        formatted: its octets with the header, so that offsets are those of the specification.
        texts: its strings, each but the last with a NUL after it.
    """

    kind: int
    handle: int
    formatted: bytes
    texts: bytes = b""

    def byte(self, offset: int) -> int | None:
        """One octet; None where the structure is too short, as those of older versions are."""
        return self.number(offset, 1)

    def word(self, offset: int) -> int | None:
        """Two octets, likewise."""
        return self.number(offset, 2)

    def number(self, offset: int, size: int) -> int | None:
        """That many octets, likewise."""
        found = self.formatted[offset : offset + size]
        return int.from_bytes(found, "little") if len(found) == size else None

    def text(self, offset: int) -> str | None:
        """The string whose number is at the offset; None where there is none, or it is blank."""
        number = self.byte(offset)
        if not number or not self.texts:
            return None
        # The number is one octet, so that a part past the 255th is never asked for.
        parts = self.texts.split(b"\0", 255)
        return _shown(parts[number - 1]) if number <= len(parts) else None

    @property
    def strings(self) -> tuple[str, ...]:
        """All of them, the blank ones left out."""
        return tuple(filter(None, map(_shown, self.texts.split(b"\0"))))


NOTHING = Structure(END_OF_TABLE, 0xFFFF, b"")
"""A structure that has no value at any offset: stands for one that is not in the table."""


class Structures:
    """The structures of a table, by type and by handle; those of one type stay in their order."""

    def __init__(self, octets: bytes) -> None:
        self._kinds: dict[int, list[Structure]] = {}
        self._handles: dict[int, Structure] = {}
        for each in decode_structures(octets[:SMBIOS_OCTETS]):
            self._kinds.setdefault(each.kind, []).append(each)
            self._handles.setdefault(each.handle, each)

    def of(self, kind: int) -> Sequence[Structure]:
        return self._kinds.get(kind, ())

    def first(self, kind: int) -> Structure:
        return next(iter(self.of(kind)), NOTHING)

    def at(self, handle: int | None) -> Structure:
        """The one with this handle, the first of several. None, and a handle that nothing has, give NOTHING."""
        return NOTHING if handle is None else self._handles.get(handle, NOTHING)


def decode_structures(octets: bytes) -> Iterator[Structure]:
    """The structures up to the end, its mark, or the first thing that can be none. It is linear in the octets."""
    at = 0
    while len(octets) - at >= _HEADER.size:
        kind, length, handle = _HEADER.unpack_from(octets, at)
        texts = at + length
        if length < _HEADER.size or texts > len(octets):
            return
        end = octets.find(b"\0\0", texts)
        if end < 0:  # of a table that is cut, the last string may be, too
            yield Structure(kind, handle, octets[at:texts], octets[texts:].rpartition(b"\0")[0])
            return
        yield Structure(kind, handle, octets[at:texts], octets[texts:end])
        if kind == END_OF_TABLE:
            return
        at = end + 2


def decode_version(entry_point: bytes) -> tuple[int, int] | None:
    """Major and minor version of the specification that a table follows, out of its entry point of either form."""
    if entry_point.startswith(b"_SM3_") and len(entry_point) > 8:
        return entry_point[7], entry_point[8]
    if entry_point.startswith(b"_SM_") and len(entry_point) > 7:
        return entry_point[6], entry_point[7]
    return None


def shown(text: str) -> str | None:
    """What firmware wrote, with U+FFFD for what is no text; blanks around it stay, and blanks alone are nothing."""
    return _CONTROL.sub("\ufffd", text) if text.strip(_BLANKS) else None


_HEADER = struct.Struct("<BBH")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_BLANKS = " \t"


def _shown(found: bytes) -> str | None:
    return shown(found.decode("utf-8", "replace"))
