"""The stores of instances that no plan was made for: each keeps its octets, and decodes a value when asked.

Everything that a peer can get wrong was looked at when the instance came in.
"""

from __future__ import annotations

from collections.abc import Iterator
from struct import Struct

from openwmi.model import CimType, Property, Value
from openwmi.wmio import cim_type, heap, nd_table, values
from openwmi.wmio.heap import DecodeBlock, Decoding, HeapReader
from openwmi.wmio.instance_layout import InstanceLayout

_U32 = Struct("<I")


class LazyRow:
    """The values of one instance.

    Attributes:
        data: its octets, or those of the outermost object that it is in.
        layout: of its class.
        tail: where the qualifiers of the instance are, behind its value table.
    """

    __slots__ = ("_flags", "_heap", "_table", "data", "layout")

    def __init__(self, layout: InstanceLayout, flags: bytes, data: bytes, table: int, items: int) -> None:
        """`flags` are those of the properties. `table` and `items` say where the NdTable begins, behind
        InstanceClassName, and the heap, behind HeapLength.
        """
        self.layout = layout
        self.data = data
        self._flags = flags
        self._table = table
        self._heap = items

    def __len__(self) -> int:
        return len(self._flags)

    def __getitem__(self, place: int) -> Value:
        return self._value(place, self.layout.properties[place], None)

    def __iter__(self) -> Iterator[Value]:
        return iter(self.values_())

    def values_(self) -> tuple[Value, ...]:
        """All values, in declaration order."""
        items = self.items()
        return tuple([self._value(place, prop, items) for place, prop in enumerate(self.layout.properties)])

    @property
    def tail(self) -> int:
        return self._table + self.layout.size

    def items(self) -> HeapReader:
        """The heap."""
        [size], [name] = _U32.unpack_from(self.data, self._heap - 4), _U32.unpack_from(self.data, self._table - 4)
        end = self._heap + (size & ~heap.LENGTH_BIT)
        return HeapReader(self.data, self._heap, end, self._decoding(), name)

    def _value(self, place: int, prop: Property, items: HeapReader | None) -> Value:
        flag, layout = self._flags[place], self.layout
        if flag:
            return None if flag & nd_table.IS_NULL else prop.default
        at = self._table + layout.flags_size + layout.offsets[place]
        (slot,) = cim_type.slot_layout(prop.type).unpack_from(self.data, at)
        return values.decode(prop.type, slot, items or self.items())

    def _decoding(self) -> Decoding:
        return heap.CHECKED


class BlockRow(LazyRow):
    """One whose qualifiers may have objects for values, which `block` decodes."""

    __slots__ = ("_block",)

    def __init__(
        self, layout: InstanceLayout, flags: bytes, data: bytes, table: int, items: int, block: DecodeBlock
    ) -> None:
        super().__init__(layout, flags, data, table, items)
        self._block = block

    def _decoding(self) -> Decoding:
        return heap.checked(self._block)


class ObjectRow(BlockRow):
    """One that has objects for values. Each is made once."""

    __slots__ = ("_objects",)

    def __init__(
        self,
        layout: InstanceLayout,
        flags: bytes,
        data: bytes,
        table: int,
        items: int,
        block: DecodeBlock,
        objects: dict[int, Value],
    ) -> None:
        """`objects` are those that were made already, by place."""
        super().__init__(layout, flags, data, table, items, block)
        self._objects = objects

    def _value(self, place: int, prop: Property, items: HeapReader | None) -> Value:
        if prop.type.cim is not CimType.OBJECT:
            return super()._value(place, prop, items)
        found = self._objects.get(place)
        if found is None:
            found = super()._value(place, prop, items)
            if found is not None:
                found = self._objects.setdefault(place, found)
        return found
