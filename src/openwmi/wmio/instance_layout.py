"""How the instances of one class lie in their value tables ([MS-WMIO] 2.2.26, 2.2.29, 2.2.56): the geometry, and the
plan for each NULL pattern.

The class part decides it: where each value stands, how large the table is, and in which order sets of qualifiers come.
"""

from __future__ import annotations

from collections.abc import Sequence
from struct import Struct

from openwmi.base import limits
from openwmi.base.fault import RemoteProtocolError
from openwmi.model import Property
from openwmi.wmio import cim_type, nd_table, seam
from openwmi.wmio.instance_fields import HEAD, TAIL
from openwmi.wmio.null_pattern import NullPattern


class InstanceLayout:
    """The value table of a class.

    Attributes:
        properties: of the class, in declaration order.
        offsets: where the value of each stands, behind the NdTable.
        size: octets of the table, NdTable included.
        flags_size: octets of the NdTable.
        lookup: the places of the properties in the order of the PropertyLookupTable.
        rows: of the plans that were made, by NdTable, what decodes one instance.
        in_order: whether the values stand in declaration order, gaps or not, so that one `struct` layout reads all.
        whole: that layout for an instance without qualifiers of its own, up to its heap: HEAD (EncodingLength,
            InstanceFlags, InstanceClassName), NdTable, one field per slot, TAIL (QualifierSet::EncodingLength,
            InstPropQualSetFlag, HeapLength). None if they are not in order.
    """

    __slots__ = (
        "_patterns", "_slots", "flags_size", "in_order", "lookup", "offsets", "properties", "rows", "size", "whole",
    )  # fmt: skip

    def __init__(
        self, properties: Sequence[Property], offsets: Sequence[int], size: int, lookup: Sequence[int]
    ) -> None:
        """RemoteProtocolError if a value does not lie in the table."""
        self.properties = tuple(properties)
        self.offsets = tuple(offsets)
        self.size = size
        self.lookup = tuple(lookup)
        self.flags_size = nd_table.size(len(self.properties))
        room = size - self.flags_size
        layouts = [cim_type.slot_layout(prop.type) for prop in properties]
        if any(offset + layout.size > room for layout, offset in zip(layouts, offsets, strict=True)):
            raise RemoteProtocolError(f"a value lies outside of a value table of {size} octets")
        slots = _packed(layouts, offsets, room)
        self._slots = [(layout, self.flags_size + offset) for layout, offset in zip(layouts, offsets, strict=True)]
        self.in_order = slots is not None
        self.whole = Struct(f"<{HEAD}{self.flags_size}s{slots}{TAIL}") if slots is not None else None
        self._patterns: dict[bytes, NullPattern] = {}
        self.rows: dict[bytes, seam.MakeRow] = {}

    @property
    def count(self) -> int:
        return len(self.properties)

    def table(self, slots: Sequence[bytes]) -> bytes:
        """Encoded slots in declaration order -> the ValueTable; gaps become zeros."""
        if self.in_order and sum(map(len, slots)) == self.size - self.flags_size:
            return b"".join(slots)
        table = bytearray(self.size - self.flags_size)
        for slot, offset in zip(slots, self.offsets, strict=True):
            table[offset : offset + len(slot)] = slot
        return bytes(table)

    def pattern(self, flags: bytes) -> NullPattern:
        """What there is to do with instances whose NdTable is this. A class sees few of them; a peer could show
        thousands.
        """
        pattern = self._patterns.get(flags)
        if pattern is None:
            pattern = NullPattern(self.properties, self._slots, nd_table.decode(flags, self.count))
            if self.count <= limits.WMIO_COMPILED_PROPERTIES:
                if len(self._patterns) >= limits.WMIO_NULL_PATTERNS:
                    self._patterns.clear()
                self._patterns[flags] = pattern
        return pattern

    def known_plan(self, flags: bytes) -> seam.Plan | None:
        """The decoder that was made for an NdTable."""
        pattern = self._patterns.get(flags)
        return None if pattern is None else pattern.plan

    def plan(self, flags: bytes, pattern: NullPattern) -> seam.Plan | None:
        """The decoder made for an NdTable, once that was seen often enough to pay for one."""
        if pattern.plan is None and self.in_order and not pattern.objects:
            pattern.seen += 1
            if pattern.seen == limits.WMIO_PLAN_AFTER and len(self.rows) < limits.WMIO_PLANS and self.properties:
                pattern.plan = seam.USED.plan(self.properties, self.offsets, self.size, flags, pattern.fixed)
                self.rows[flags] = pattern.plan.row
        return pattern.plan


def _packed(layouts: Sequence[Struct], offsets: Sequence[int], room: int) -> str | None:
    """The slots as one `struct` layout with their gaps, if there is one."""
    parts, end = [], 0
    for layout, offset in zip(layouts, offsets, strict=True):
        if offset < end:
            return None
        parts.append(f"{offset - end}x{layout.format[1:]}")
        end = offset + layout.size
    return "".join(parts) + f"{room - end}x"
