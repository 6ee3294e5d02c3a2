"""How the instances of a decoded class lie in their value tables: NdTable and ValueTable -> values.

[MS-WMIO] 2.2.26, 2.2.29, 2.2.56. This is the hot part of every reply. It decodes all values at once; a lazy store can
take its place behind `values`. A compiled twin would replace this module and `compiled`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from struct import Struct

from openwmi.base import limits
from openwmi.base.fault import RemoteProtocolError
from openwmi.model import CimType, Property, Type, Value
from openwmi.wmio import cim_type, nd_table, values
from openwmi.wmio.heap import HeapReader

HEAD, TAIL = "IBI", "IBI"


class InstanceLayout:
    """The value table of a class.

    Attributes:
        count: properties.
        size: octets of the table, NdTable included.
        whole: an instance without qualifiers of its own, up to its heap: HEAD (EncodingLength, InstanceFlags,
            InstanceClassName), NdTable, one field per slot, TAIL (QualifierSet::EncodingLength, InstPropQualSetFlag,
            HeapLength). None if the slots overlap or are out of order.
    """

    __slots__ = ("_flags_size", "_patterns", "_properties", "_single", "count", "size", "whole")

    def __init__(self, properties: Sequence[Property], offsets: Sequence[int], size: int) -> None:
        self.count = len(properties)
        self.size = size
        self._properties = properties
        self._flags_size = nd_table.size(self.count)
        self._patterns: dict[bytes, _Pattern] = {}
        letters = [cim_type.slot(prop.type) for prop in properties]
        room = size - self._flags_size
        self._single = [(Struct("<" + letter), offset) for letter, offset in zip(letters, offsets, strict=True)]
        if any(offset + layout.size > room for layout, offset in self._single):
            raise RemoteProtocolError(f"a value lies outside of a value table of {size} octets")
        slots = _packed(letters, offsets, room)
        self.whole = None if slots is None else Struct(f"<{HEAD}{self._flags_size}s{slots}{TAIL}")

    def slots(self, table: bytes) -> tuple[bytes, list[values.Slot]]:
        """NdTable + ValueTable, `size` octets -> the NdTable and the slots in declaration order."""
        start = self._flags_size
        return table[:start], [layout.unpack_from(table, start + offset)[0] for layout, offset in self._single]

    def values(self, flags: bytes, found: list[Value], heap: HeapReader) -> tuple[Value, ...]:
        """An NdTable and the slots in declaration order -> the values."""
        pattern = self._patterns.get(flags)
        if pattern is None:
            pattern = self._pattern(flags)
        if pattern.strings:
            _decode_strings(pattern.strings, found, heap)
        for place, type_ in pattern.others:
            found[place] = values.decode(type_, found[place], heap)
        for place, value in pattern.fixed:
            found[place] = value
        return tuple(found)

    def _pattern(self, flags: bytes) -> _Pattern:
        strings, others, fixed = [], [], []
        for place, (prop, flag) in enumerate(zip(self._properties, nd_table.decode(flags, self.count), strict=True)):
            type_ = prop.type
            if flag:
                fixed.append((place, None if flag & nd_table.IS_NULL else prop.default))
            elif cim_type.is_text(type_):
                strings.append((place, type_.cim is CimType.DATETIME))
            elif type_.array or type_.cim in _CONVERTED:
                others.append((place, type_))
        pattern = _Pattern(tuple(strings), tuple(others), tuple(fixed))
        if self.count <= limits.WMIO_COMPILED_PROPERTIES:
            if len(self._patterns) >= limits.WMIO_NULL_PATTERNS:
                self._patterns.clear()
            self._patterns[flags] = pattern
        return pattern


# Scalars that are neither plain numbers nor strings.
_CONVERTED = frozenset({CimType.BOOLEAN, CimType.CHAR16, CimType.OBJECT})


@dataclass(frozen=True, slots=True)
class _Pattern:
    """What is to be done with the slots of an instance whose NdTable looks like this. A class sees few of them."""

    strings: tuple[tuple[int, bool], ...]  # place, and whether it is a datetime
    others: tuple[tuple[int, Type], ...]
    fixed: tuple[tuple[int, Value], ...]  # NULLs and the class's defaults


def _decode_strings(strings: tuple[tuple[int, bool], ...], found: list[Value], heap: HeapReader) -> None:
    # One decoding of the whole heap, then slices of it, instead of one decoding per string.
    text = heap.data[heap.start : heap.end].decode("latin-1")
    size = len(text)
    spent = 0
    for place, is_datetime in strings:
        reference = found[place]
        end = text.find("\0", reference + 1) if reference < size and text[reference] == "\0" else -1
        if end >= 0:
            value: Value = text[reference + 1 : end]
            spent += end - reference
            if spent > size:  # they share their octets: is that still within what may be read?
                heap.decoding.spend(spent)
                spent = 0
        else:
            value = heap.string(reference)
        found[place] = values.datetime(value) if is_datetime and value is not None else value
    heap.decoding.spend(spent)


def _packed(letters: Sequence[str], offsets: Sequence[int], room: int) -> str | None:
    """The slots as one `struct` layout with their gaps, if there is one."""
    parts, end = [], 0
    for letter, offset in zip(letters, offsets, strict=True):
        if offset < end:
            return None
        parts.append(f"{offset - end}x{letter}" if offset > end else letter)
        end = offset + Struct("<" + letter).size
    return "".join(parts) + f"{room - end}x"
