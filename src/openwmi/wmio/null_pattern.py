"""What there is to do with the instances of a class that have the same NdTable ([MS-WMIO] 2.2.26, 2.2.27), and the
store of one of them.

Everything that a peer can get wrong is looked at when an instance comes in (`NullPattern.check`), so that reading a
value later cannot fail. This takes every class and every value; `row_plan` is made for one class and for common values.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from struct import Struct

from openwmi.model import CimType, Property, Value
from openwmi.wmio import cim_type, heap, nd_table, seam, values
from openwmi.wmio.heap import HeapReader

_U32 = Struct("<I")
_CONVERTED = frozenset({CimType.BOOLEAN, CimType.CHAR16})


class NullPattern:
    """The properties of a class by what their flags say.

    Attributes:
        flags: of each property, in declaration order.
        fixed: the places of NULLs and of the class's defaults, and these.
        converted: the places of all others that are no plain numbers.
        objects: those of them that are objects, or arrays of objects.
        seen: how many instances of it were decoded without a plan.
        plan: the decoder that was made for it.
    """

    __slots__ = ("_layouts", "_properties", "converted", "fixed", "flags", "objects", "plan", "seen")

    def __init__(self, properties: Sequence[Property], layouts: Sequence[tuple[Struct, int]], flags: bytes) -> None:
        """`layouts` say where the slots are, counted from the NdTable."""
        self._properties = properties
        self._layouts = layouts
        self.flags = flags
        self.fixed = {
            place: None if flag & nd_table.IS_NULL else prop.default
            for place, (prop, flag) in enumerate(zip(properties, flags, strict=True))
            if flag
        }
        self.converted = tuple(
            place
            for place, prop in enumerate(properties)
            if place not in self.fixed and (cim_type.is_reference(prop.type) or prop.type.cim in _CONVERTED)
        )
        self.objects = tuple(place for place in self.converted if properties[place].type.cim is CimType.OBJECT)
        self.seen = 0
        self.plan: seam.Plan | None = None

    def __len__(self) -> int:
        return len(self._properties)

    def decode(self, data: bytes, table: int, items: HeapReader) -> dict[int, Value]:
        """Looks at everything in the NdTable + ValueTable at `table` and in the heap; returns the objects by place.

        RemoteProtocolError where a value could not be read.
        """
        found = {}
        for place in self.converted:
            layout, offset = self._layouts[place]
            type_, slot = self._properties[place].type, layout.unpack_from(data, table + offset)[0]
            if type_.cim is CimType.OBJECT:
                found[place] = values.decode(type_, slot, items)
            else:
                values.check(type_, slot, items)
        return found

    def value(self, place: int, data: bytes, table: int, items: HeapReader) -> Value:
        """The value of one property, which is no object."""
        if place in self.fixed:
            return self.fixed[place]
        layout, offset = self._layouts[place]
        return values.decode(self._properties[place].type, layout.unpack_from(data, table + offset)[0], items)


class LazyRow:
    """The values of one instance, each decoded when asked for.

    The octets are the instance's own, or, where it has objects for values, the whole message: they lie in it, too, and
    are not copied for each level.
    """

    __slots__ = ("_data", "_heap", "_objects", "_pattern", "_table")

    def __init__(self, pattern: NullPattern, data: bytes, table: int, items: int, objects: dict[int, Value]) -> None:
        """`table` and `items` say where the NdTable begins, behind InstanceClassName, and the heap, behind HeapLength.
        `objects` are what `pattern.decode` found.
        """
        self._pattern = pattern
        self._data = data
        self._table = table
        self._heap = items
        self._objects = objects or None

    def __len__(self) -> int:
        return len(self._pattern)

    def __getitem__(self, place: int) -> Value:
        if self._objects is not None and place in self._objects:
            return self._objects[place]
        return self._pattern.value(place, self._data, self._table, self._items())

    def __iter__(self) -> Iterator[Value]:
        return iter(self.values_())

    def values_(self) -> tuple[Value, ...]:
        """All values, in declaration order."""
        items = self._items()
        objects = self._objects or {}
        return tuple(
            [
                objects[place] if place in objects else self._pattern.value(place, self._data, self._table, items)
                for place in range(len(self))
            ]
        )

    def _items(self) -> HeapReader:
        [size], [name] = _U32.unpack_from(self._data, self._heap - 4), _U32.unpack_from(self._data, self._table - 4)
        end = self._heap + (size & ~heap.LENGTH_BIT)
        return HeapReader(self._data, self._heap, end, heap.CHECKED, name)
