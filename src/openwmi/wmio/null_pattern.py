"""What there is to do with the instances of a class that have the same NdTable ([MS-WMIO] 2.2.26, 2.2.27).

This takes every class and every value; `row_plan` is made for one class and for common values.
"""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from struct import Struct

from openwmi.base import limits
from openwmi.model import CimType, Property, Value
from openwmi.wmio import cim_type, nd_table, seam, values
from openwmi.wmio.heap import HeapReader

_REFERENCE = Struct("<I").unpack_from


class NullPattern:
    """The properties of a class by what their flags say.

    Attributes:
        flags: of each property, in declaration order.
        checked: the places of all values that refer to something in the heap.
        objects: whether there are objects among them, or arrays of objects.
        plan: the decoder that was made for it.
    """

    __slots__ = ("_count", "_octets", "_price", "checked", "flags", "objects", "plan")

    def __init__(self, kinds: Sequence[int], flags: bytes) -> None:
        """`kinds` are the types of the properties, as `cim_type.encode` has them."""
        self.flags = flags
        live = (place for place, flag in enumerate(flags) if not flag)
        self.checked = array("I", (place for place in live if cim_type.is_reference(cim_type.decode(kinds[place]))))
        self.objects = any(cim_type.decode(kinds[place]).cim is CimType.OBJECT for place in self.checked)
        self.plan: seam.Plan | None = None
        self._count = 0
        self._octets = 0
        arrays = sum(not flag and cim_type.decode(kind).array for kind, flag in zip(kinds, flags, strict=True))
        self._price = seam.USED.price(flags.count(0), arrays)

    def fixed(self, properties: Sequence[Property]) -> dict[int, Value]:
        """The places of NULLs and of the class's defaults, and these."""
        return {
            place: None if flag & nd_table.IS_NULL else prop.default
            for place, (prop, flag) in enumerate(zip(properties, self.flags, strict=True))
            if flag
        }

    def deserves_plan(self, size: int) -> bool:
        """Whether instances were decoded often enough to pay for a plan, of which this one has so many octets."""
        self._count += 1
        self._octets += size
        return (
            not self.objects
            and self._count >= limits.WMIO_PLAN_AFTER
            and self._octets >= limits.WMIO_PLAN_PRICE * self._price
            and self._price <= limits.WMIO_PLAN_OCTETS
        )

    def check(
        self, kinds: Sequence[int], offsets: Sequence[int], data: bytes, slots: int, items: HeapReader
    ) -> dict[int, Value]:
        """Looks at everything in the ValueTable at `slots` and in the heap, so that reading a value later cannot fail.
        Objects worth to be kept, by place.

        RemoteProtocolError where a value could not be read.
        """
        found = {}
        for place in self.checked:
            (slot,) = _REFERENCE(data, slots + offsets[place])
            value = values.check(cim_type.decode(kinds[place]), slot, items)
            if value is not None:
                found[place] = value
        return found
