"""Decoded rows of one class as columns of Apache Arrow: the octets of value tables and heaps become Arrow's buffers.

    integers, reals, booleans     Arrow's types of the same size
    string, ref, char16           string; half of a surrogate pair becomes U+FFFD, since Arrow's text is UTF-8
    datetime                      string, in the form of CIM: it may be an interval, or leave fields open
    object                        binary, an EncodingUnit for `decode_object`
    arrays                        lists of these

Rows that a plan looked over are taken as they lie; the others, in UTF-16 or with what is rare, value by value. pyarrow
is the extra `arrow` and imported when the first batch is made.
"""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module
from itertools import accumulate
from struct import Struct
from typing import Any

from openwmi.model import CimClass, CimInstance, CimType, Property, Type, Value
from openwmi.wmio import cim_type, encoding_unit
from openwmi.wmio.seam import RowShape

_ARROW = {
    CimType.SINT8: "int8",
    CimType.UINT8: "uint8",
    CimType.SINT16: "int16",
    CimType.UINT16: "uint16",
    CimType.SINT32: "int32",
    CimType.UINT32: "uint32",
    CimType.SINT64: "int64",
    CimType.UINT64: "uint64",
    CimType.REAL32: "float32",
    CimType.REAL64: "float64",
    CimType.BOOLEAN: "bool_",
    CimType.OBJECT: "binary",
}

_COUNT = Struct("<I").unpack_from


def encode(cls: CimClass, rows: Sequence[CimInstance]) -> Any:
    """Instances of one class -> a pyarrow.RecordBatch; its schema says the class as `__CLASS`, and where that is from.
    Of a class without properties it has no columns, and as many rows.

    ImportError, with what to do, if pyarrow is not there.
    """
    try:
        arrow, compute = import_module("pyarrow"), import_module("pyarrow.compute")
    except ImportError:
        raise ImportError("columns need pyarrow: install openwmi[arrow]") from None
    usual = [place for place, row in enumerate(rows) if _heap(row) is not None]
    if usual and cls.properties:
        known = set(usual)
        others = [place for place in range(len(rows)) if place not in known]
        order = arrow.array(sorted(range(len(rows)), key=[*usual, *others].__getitem__)) if others else None
    else:
        usual, others, order = [], list(range(len(rows))), None
    rest = [rows[place].values_ for place in others]
    block = _Block(arrow, compute, [rows[place] for place in usual]) if usual else None
    made = []
    for place, prop in enumerate(cls.properties):
        type_ = _type(arrow, prop.type)
        parts = [] if block is None else [block.column(place, prop, type_)]
        if rest or not parts:
            parts.append(arrow.array([_plain(prop.type, row[place]) for row in rest], type_))
        column = parts[0] if len(parts) == 1 else arrow.concat_arrays(parts)
        made.append(column if order is None else column.take(order))
    system = {"__CLASS": cls.name, "__SERVER": cls.server, "__NAMESPACE": cls.namespace}
    if not made:
        return arrow.RecordBatch.from_struct_array(
            arrow.array([{}] * len(rows), arrow.struct([]))
        ).replace_schema_metadata(system)
    fields = [arrow.field(prop.name, column.type) for prop, column in zip(cls.properties, made, strict=True)]
    return arrow.RecordBatch.from_arrays(made, schema=arrow.schema(fields, system))


class _Block:
    """Rows of the usual kind. Each value stands at the same offset in all of them."""

    def __init__(self, arrow: Any, compute: Any, rows: Sequence[Any]) -> None:
        self._arrow, self._compute, self._rows = arrow, compute, rows
        first: RowShape = rows[0].shape_
        self._flags_size, heap, self._offsets = len(first.flags), first.heap, first.offsets
        self._flags = b"".join([row.shape_.flags for row in rows])
        self._tables = b"".join([row.octets_[:heap] for row in rows])
        self._stride = self._heap = heap
        heaps = [row.octets_[heap:] for row in rows]
        self._heaps = b"".join(heaps)
        self._starts = arrow.array(accumulate(map(len, heaps[:-1]), initial=0), arrow.uint64())
        self._texts: tuple[Any, Any] | None = None

    def column(self, place: int, prop: Property, type_: Any) -> Any:
        if prop.type.cim in (CimType.CHAR16, CimType.OBJECT):
            return self._arrow.array([_plain(prop.type, row[prop.name]) for row in self._rows], type_)
        if prop.type.array:
            return self._lists(place, prop.type, type_)
        return self._values(prop.type, self._numbers(place, self._slots(prop.type, type_)), self._starts)

    def _slots(self, type_: Type, final: Any) -> Any:
        """The type of the numbers that stand for values of a type, which become those of the final one."""
        if cim_type.is_text(type_):
            return self._arrow.uint32()
        return self._arrow.uint16() if type_.cim is CimType.BOOLEAN else final

    def _values(self, type_: Type, slots: Any, starts: Any) -> Any:
        """What slots say; `starts` are where the heap of each begins."""
        if cim_type.is_text(type_):
            return self._text(slots, starts)
        return self._compute.not_equal(slots, 0) if type_.cim is CimType.BOOLEAN else slots

    def _numbers(self, place: int, type_: Any) -> Any:
        """The slots of a property; those that are NULL are null."""
        size, offset = type_.bit_width // 8, self._offsets[place]
        octets = bytearray(size * len(self._rows))
        for each in range(size):
            octets[each::size] = self._tables[offset + each :: self._stride]
        buffers = [self._validity(place), self._arrow.py_buffer(octets)]
        return self._arrow.Array.from_buffers(type_, len(self._rows), buffers)

    def _validity(self, place: int) -> Any:
        """The bitmap of the rows in which a property is not NULL; None if that are all."""
        clear = self._flags[place // 4 :: self._flags_size].translate(_IS_CLEAR[place % 4])
        if 0 not in clear:
            return None
        arrow = self._arrow
        return (
            arrow.Array.from_buffers(arrow.uint8(), len(clear), [None, arrow.py_buffer(clear)])
            .cast("bool")
            .buffers()[1]
        )

    def _lists(self, place: int, type_: Type, final: Any) -> Any:
        """Arrays: an ArrayCount in the heap, and the slots of the elements behind it."""
        arrow, one = self._arrow, Type(type_.cim)
        slots = self._slots(one, final.value_type)
        size = slots.bit_width // 8
        octets, ends = [], [0]
        references = self._numbers(place, arrow.uint32()).to_pylist()
        for row, reference in zip(self._rows, references, strict=True):
            if reference is not None:
                start = self._stride + reference + 4
                (count,) = _COUNT(row.octets_, start - 4)
                octets.append(row.octets_[start : start + size * count])
                ends.append(ends[-1] + count)
            else:
                ends.append(ends[-1])
        # A list is NULL where the offset at which it begins is.
        begins = [None if reference is None else end for reference, end in zip(references, ends[:-1], strict=True)]
        elements = arrow.Array.from_buffers(slots, ends[-1], [None, arrow.py_buffer(b"".join(octets))])
        offsets = arrow.array([*begins, ends[-1]], arrow.int32())
        lists = arrow.ListArray.from_arrays(offsets, elements)
        if slots == final.value_type:
            return lists
        starts = self._starts.take(self._compute.list_parent_indices(lists))
        return arrow.ListArray.from_arrays(offsets, self._values(one, elements, starts).cast(final.value_type))

    def _text(self, references: Any, starts: Any) -> Any:
        compute = self._compute
        if self._texts is None:
            self._texts = self._split()
        counts, texts = self._texts
        return texts.take(counts.take(compute.add(references.cast("uint64"), starts))).cast("string")

    def _split(self) -> tuple[Any, Any]:
        """How many zero octets there are in all heaps up to each octet, and what stands between them.

        A string stands between its flag and its end, which are both zero: its number is the count at its flag.
        """
        arrow, compute = self._arrow, self._compute
        octets = arrow.Array.from_buffers(arrow.uint8(), len(self._heaps), [None, arrow.py_buffer(self._heaps)])
        counts = compute.cumulative_sum(compute.equal(octets, 0).cast("uint32"))
        whole = self._heaps if self._heaps.isascii() else self._heaps.decode("latin-1").encode()
        texts = compute.split_pattern(arrow.array([whole], arrow.large_binary()).cast(arrow.large_string()), "\0")
        return counts, texts.values


# What the octet of an NdTable becomes that holds a property's two bits: 1 where both are clear.
_IS_CLEAR = [bytes(not octet >> 2 * place & 3 for octet in range(256)) for place in range(4)]


def _heap(row: CimInstance) -> int | None:
    """Where the heap begins in the octets of a row of the usual kind; None for other rows."""
    shape = getattr(type(row), "shape_", None)
    return None if shape is None else shape.heap


def _type(arrow: Any, type_: Type) -> Any:
    scalar = getattr(arrow, _ARROW.get(type_.cim, "string"))()
    return arrow.list_(scalar) if type_.array else scalar


def _plain(type_: Type, value: Value) -> Value:
    """A value as pyarrow takes it."""
    if value is None or (type_.cim in _ARROW and type_.cim is not CimType.OBJECT):
        return value
    if type_.array:
        return [_plain(Type(type_.cim), each) for each in value]
    if type_.cim is CimType.OBJECT:
        return encoding_unit.encode_object(value)
    text = str(value)
    return text if text.isascii() else text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
