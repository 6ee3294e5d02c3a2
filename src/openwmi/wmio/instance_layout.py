"""How the instances of one class lie in their value tables ([MS-WMIO] 2.2.26, 2.2.29, 2.2.56): the geometry, and the
plan for each NULL pattern.

The class part decides it: where each value stands, how large the table is, and in which order sets of qualifiers come.
A class from a peer may have so many properties that only numbers are kept of them, and no object for each.
"""

from __future__ import annotations

from array import array
from collections.abc import Mapping, Sequence
from struct import Struct
from typing import Protocol

from openwmi.base import limits
from openwmi.model import Property
from openwmi.wmio import cim_type, nd_table, seam
from openwmi.wmio.instance_fields import HEAD, TAIL
from openwmi.wmio.null_pattern import NullPattern


class Owner(Protocol):
    """What has the properties, or makes them when asked."""

    @property
    def properties(self) -> tuple[Property, ...]: ...


class InstanceLayout:
    """The value table of a class.

    Attributes:
        kinds: the type of each property, in declaration order, as `cim_type.encode` has it.
        offsets: where the value of each stands, behind the NdTable.
        size: octets of the table, NdTable included.
        flags_size: octets of the NdTable.
        lookup: the places of the properties in the order of the PropertyLookupTable.
        in_order: whether the values stand in declaration order, gaps or not, so that one `struct` layout reads all.
    """

    __slots__ = (
        "_octets", "_owner", "_patterns", "_rows", "flags_size", "in_order", "kinds", "lookup", "offsets", "size",
    )  # fmt: skip

    def __init__(self, kinds: array[int], offsets: array[int], size: int, lookup: array[int], owner: Owner) -> None:
        """Every value lies in the table. `owner` has the properties, in declaration order."""
        self._owner = owner
        self.kinds = kinds
        self.offsets = offsets
        self.size = size
        self.lookup = lookup
        self.flags_size = nd_table.size(len(kinds))
        self.in_order = self._is_in_order()
        # Neither of the two, as long as there are few instances: a peer could send as many classes.
        self._patterns: dict[bytes, NullPattern] | None = None
        self._rows: dict[bytes, seam.MakeInstance] | None = None
        self._octets = 0

    @property
    def properties(self) -> tuple[Property, ...]:
        return self._owner.properties

    @property
    def whole(self) -> Struct:
        """The `struct` layout of an instance without qualifiers of its own, up to its heap: HEAD (EncodingLength,
        InstanceFlags, InstanceClassName), NdTable, one field per slot, TAIL (QualifierSet::EncodingLength,
        InstPropQualSetFlag, HeapLength). The values are in order.
        """
        parts, end = [], 0
        for kind, offset in zip(self.kinds, self.offsets, strict=True):
            layout = cim_type.slot_layout(cim_type.decode(kind))
            parts.append(f"{offset - end}x{layout.format[1:]}")
            end = offset + layout.size
        return Struct(f"<{HEAD}{self.flags_size}s{''.join(parts)}{self.size - self.flags_size - end}x{TAIL}")

    def table(self, slots: Sequence[bytes]) -> bytes:
        """Encoded slots in declaration order -> the ValueTable; gaps become zeros."""
        if self.in_order and sum(map(len, slots)) == self.size - self.flags_size:
            return b"".join(slots)
        table = bytearray(self.size - self.flags_size)
        for slot, offset in zip(slots, self.offsets, strict=True):
            table[offset : offset + len(slot)] = slot
        return bytes(table)

    @property
    def rows(self) -> Mapping[bytes, seam.MakeInstance]:
        """Of the plans that were made, by NdTable, what decodes one instance."""
        return self._rows or {}

    def pattern(self, flags: bytes, size: int = 0) -> NullPattern:
        """What there is to do with instances whose NdTable is this, one of which has so many octets.

        A class sees few of them; a peer could show thousands. They are kept as far as instances take as much as they.
        """
        patterns = self._patterns or {}
        pattern = patterns.get(flags)
        self._octets += size
        if pattern is None:
            pattern = NullPattern(self.kinds, nd_table.decode(flags, len(self.kinds)))
            price = limits.WMIO_PLAN_PRICE * (_PATTERN + 6 * len(self.kinds))
            if (len(patterns) + 1) * price <= self._octets:
                if len(patterns) >= limits.WMIO_NULL_PATTERNS:
                    patterns = {each: known for each, known in patterns.items() if known.plan is not None}
                patterns[flags] = pattern
                self._patterns = patterns
        return pattern

    def known_plan(self, flags: bytes) -> seam.Plan | None:
        """The decoder that was made for an NdTable."""
        pattern = self._patterns.get(flags) if self._patterns else None
        return None if pattern is None else pattern.plan

    def plan(self, flags: bytes, pattern: NullPattern, size: int) -> seam.Plan | None:
        """The decoder made for an NdTable, once that was seen often enough; this time with so many octets."""
        if pattern.plan is not None or not self.in_order or not self.kinds:
            return pattern.plan
        rows = self._rows or {}
        if len(rows) < limits.WMIO_PLANS and pattern.deserves_plan(size):
            fixed = pattern.fixed(self.properties)
            pattern.plan = seam.USED.plan(self.properties, self.offsets, self.size, flags, fixed)
            rows[flags] = pattern.plan.row
            self._rows = rows
        return pattern.plan

    def _is_in_order(self) -> bool:
        end = 0
        for kind, offset in zip(self.kinds, self.offsets, strict=True):
            if offset < end:
                return False
            end = offset + cim_type.slot_layout(cim_type.decode(kind)).size
        return True


# Octets that a NullPattern takes, without its properties.
_PATTERN = 400
