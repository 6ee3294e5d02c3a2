"""A decoder of instances made for one class and one NULL pattern: looks an instance over, and keeps its octets.

What it takes is what nearly every instance is: no qualifiers of its own, every string in the heap, no two references to
one item, no objects. Everything else it leaves to `null_pattern`, which says what is wrong if anything is.

Why a row can then be read without care: every reference to a string is within the heap. Where it points to a zero
octet, the flag of Latin-1, the string ends in the heap, since there is a zero octet behind the last of them, if only
the heap's own last. No two references are equal, and such a string ends at the next zero octet, so no two of them
overlap: together they are no longer than the heap. Strings in UTF-16 were followed to their ends. These end in the heap
and are together no longer than it, and so are the arrays.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator, Mapping, Sequence
from operator import itemgetter
from struct import Struct
from typing import Any, NamedTuple, TypeAlias

from openwmi.model import CimType, Property, Store, Type, Value
from openwmi.wmio import cim_type, values
from openwmi.wmio.heap import LENGTH_BIT
from openwmi.wmio.instance_fields import HEAD_SIZE, NO_SETS
from openwmi.wmio.row_source import SHORT, RowSource

# The octets, where an instance begins, and where its part ends -> its row; None if it is not of the usual kind.
MakeRow: TypeAlias = Callable[[bytes, int, int], "Store | None"]

# Decodes packets of an ObjectArray one after the other, as long as they are of one class and decoration and there is a
# plan for them: the octets, where the first packet is, where the array ends, how many there are, what takes a row, and
# the plans of the class for other NULL patterns, by NdTable -> where the first other packet is, and how many are left.
Walk: TypeAlias = Callable[[bytes, int, int, int, Callable[[Store], object], Mapping[bytes, MakeRow]], tuple[int, int]]


class RowShape(NamedTuple):
    """How the octets of a row without UTF-16 lie, which are the value table, and behind it the heap, as they came.

    A row has it as its attribute `shape`.
    """

    flags: bytes
    offsets: tuple[int, ...]
    heap: int | None  # where the heap begins; None if a flag says that a value is the class's default


class RowPlan:
    """The decoder.

    Attributes:
        row: decodes one instance, wherever it is.
    """

    __slots__ = ("_flags", "_make_walk", "_source", "row")

    def __init__(
        self,
        properties: Sequence[Property],
        offsets: Sequence[int],
        size: int,
        flags: bytes,
        fixed: dict[int, Value],
    ) -> None:
        """`flags` is the NdTable as it comes, `size` that of it and the value table together; `offsets` count from
        behind it and ascend; `fixed` has the values that the flags say.
        """
        source = RowSource(properties, offsets, size, flags)
        wide = _wide_text(source.heap)
        namespace: dict[str, Any] = {
            "FLAGS": flags,
            "HEAP": source.heap,
            "KIND": b"\3\x18\0\0\0",  # bObjectType: WBEMOBJECT_INSTANCE_NOCLASS; dwSizeOfHeader of that
            "NO_QUALIFIERS": _NO_QUALIFIERS,
            "SHORT": _SHORT,
            "StructError": struct.error,
            "decode": _decode,
            "moment": values.datetime,
            "octets_at": _at,
            "pick": itemgetter,
            "read_wide": wide,
            "unpack_checked": Struct(f"<5xI{len(flags)}x{source.checked}5sI").unpack_from,
            "unpack_from": struct.unpack_from,
            "unpack_slots": Struct("<" + source.slots).unpack_from,
            "unpack_u32": _u32,
        }
        namespace |= {f"K{place}": value for place, value in fixed.items()}
        namespace |= {
            f"read_array{place}": _array_converter(properties[place].type, source.heap, wide) for place in source.arrays
        }
        exec(compile(source.text(), "<row plan>", "exec"), namespace)  # noqa: S102 - see row_source
        narrow = _narrow_text(source.heap)
        usual = source.heap if not any(value is not None for value in fixed.values()) else None
        for name, text, read_all in (("NarrowRow", narrow, "values"), ("WideRow", wide, "wide_values")):
            readers = [
                (_constant(fixed[place]), 0, None)
                if place in fixed
                else (
                    cim_type.slot_layout(prop.type).unpack_from,
                    offsets[place],
                    _converter(prop.type, source.heap, text),
                )
                for place, prop in enumerate(properties)
            ]
            shape = RowShape(flags, tuple(offsets), usual) if text is narrow else None
            namespace[name] = _row_type(name, readers, namespace[read_all], shape, narrow, source.heap + 1)
        kinds = {False: namespace["NarrowRow"], True: namespace["WideRow"], None: None}
        namespace["examine"] = lambda *row: kinds[_is_wide(*row)]
        self.row: MakeRow = namespace["row"]
        self._make_walk: Callable[..., Walk] = namespace["make_walk"]
        self._source = source
        self._flags = flags

    def walk(self, prefix: bytes) -> Walk:
        """For packets whose class GUID, ObjectFlags and decoration these are.

        A packet is a WBEM_DATAPACKET_OBJECT with a WBEMOBJECT_INSTANCE_NOCLASS ([MS-WMI] 2.2.14.1, 2.2.14.4). Each
        of its lengths says the others.
        """
        source, flags = self._source, self._flags
        unpack = Struct(f"<II5sI{len(prefix)}sIxI{len(flags)}s{source.checked}5sI").unpack_from
        to_heap_length = LENGTH_BIT - (HEAD_SIZE + len(flags) + source.heap)
        return self._make_walk(unpack, prefix, 17 + len(prefix), to_heap_length, len(prefix) - 16)


_Unpack: TypeAlias = Callable[[Any, int], tuple[Any, ...]]
_Convert: TypeAlias = Callable[[bytes, Any], Value]
_Text: TypeAlias = Callable[[bytes, int], str]

_at = _slice = bytes.__getitem__
_find = bytes.find
_u32 = Struct("<I").unpack_from
_SHORT = [Struct(f"<{count}I").unpack_from for count in range(SHORT)]


# InstanceQualifierSet without any. Windows: an empty set may say that it is 0 octets long instead of 4.
_NO_QUALIFIERS = (bytes((4, 0, 0, 0, NO_SETS)), bytes((0, 0, 0, 0, NO_SETS)))


def _row_type(
    name: str,
    readers: Sequence[tuple[_Unpack, int, _Convert | None]],
    read_all: Callable[[bytes], tuple[Value, ...]],
    shape: RowShape | None,
    narrow: _Text,
    first: int,
) -> Callable[[bytes], Store]:
    """The store of such instances: their value table and what follows it.

    It is the octets itself and does not just hold them: a third less memory than two objects, and less to collect.
    """

    def getitem(self: bytes, place: int) -> Value:
        unpack, offset, convert = readers[place]
        (slot,) = unpack(self, offset)
        if convert is None:
            return slot
        if convert is narrow:  # once more what that does, as strings are asked for most
            slot += first
            return _slice(self, slice(slot, _find(self, 0, slot))).decode("latin-1")
        return convert(self, slot)

    def every(self: bytes) -> Iterator[Value]:
        return iter(read_all(self))

    count = len(readers)
    members: dict[str, object] = {"__getitem__": getitem, "__iter__": every, "__len__": lambda _: count}
    members |= {"__slots__": (), "shape": shape, "values_": read_all}
    made: Callable[[bytes], Store] = type(name, (bytes,), members)
    return made


def _constant(value: Value) -> _Unpack:
    row = (value,)
    return lambda _octets, _offset: row


def _converter(type_: Type, heap: int, text: _Text) -> _Convert | None:
    """What makes a value of a slot; `heap` is where the heap begins in a row."""
    if type_.array:
        return _array_converter(type_, heap, text)
    if cim_type.is_text(type_):
        return (lambda octets, slot: values.datetime(text(octets, slot))) if type_.cim is CimType.DATETIME else text
    return _PLAIN_CONVERTERS.get(type_.cim)


_PLAIN_CONVERTERS: dict[CimType, _Convert] = {
    CimType.BOOLEAN: lambda _, slot: slot != values.FALSE,
    CimType.CHAR16: lambda _, slot: chr(slot),
}


def _array_converter(type_: Type, heap: int, text: _Text) -> _Convert:
    letter, convert = cim_type.element(type_), _converter(Type(type_.cim), heap, text)

    def array(octets: bytes, reference: int) -> Value:
        (count,) = _u32(octets, heap + reference)
        slots = struct.unpack_from(f"<{count}{letter}", octets, heap + reference + 4)
        return slots if convert is None else tuple([convert(octets, slot) for slot in slots])

    return array


def _narrow_text(heap: int) -> _Text:
    first = heap + 1

    def text(octets: bytes, reference: int) -> str:
        start = reference + first
        return _slice(octets, slice(start, _find(octets, 0, start))).decode("latin-1")

    return text


def _wide_text(heap: int) -> _Text:
    """For rows in which some strings are in UTF-16."""
    narrow = _narrow_text(heap)

    def text(octets: bytes, reference: int) -> str:
        start = reference + heap
        if not _at(octets, start):
            return narrow(octets, reference)
        end = _wide_end(octets, start + 1, None)
        return _slice(octets, slice(start + 1, end)).decode("utf-16-le", "surrogatepass")

    return text


def _wide_end(octets: bytes, start: int, stop: int | None) -> int:
    """Where two zero octets are that are one character; -1 if nowhere before `stop`."""
    end = _find(octets, b"\0\0", start, stop)
    while end >= 0 and (end - start) % 2:  # a high octet and the next low one
        end = _find(octets, b"\0\0", end + 1, stop)
    return end


def _is_wide(data: bytes, heap: int, stop: int, references: Sequence[int]) -> bool | None:
    """Whether any of the strings is in UTF-16; None if something is wrong with them. IndexError may say so, too."""
    if len({*references}) != len(references):
        return None
    octets = data[heap : stop - 1]
    size, wide = 0, False
    for reference in references:
        if octets[reference]:
            wide = True
            start = heap + reference + 1
            end = _wide_end(data, start, stop)
            size += end + 2 - start
            if octets[reference] != 1 or end < 0 or size > stop - heap:
                return None
    if data[stop - 1] and data.find(0, heap + max(references, default=-1) + 1, stop) < 0:
        return None
    return wide


def _decode(octets: bytes) -> str:
    return bytes.decode(octets, "latin-1")
