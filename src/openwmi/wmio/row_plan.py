"""A decoder of instances made for one class and one NULL pattern: looks an instance over, and keeps its octets.

What it takes is what nearly every instance is: no qualifiers of its own, every string in the heap, no two references to
one item, no objects. Everything else it leaves to `instance`, which says what is wrong if anything is.

Why a row can then be read without care: every reference to a string is within the heap. Where it points to a zero
octet, the flag of Latin-1, the string ends in the heap, since there is a zero octet behind the last of them, if only
the heap's own last. No two references are equal, and such a string ends at the next zero octet, so no two of them
overlap: together they are no longer than the heap. Strings in UTF-16 were followed to their ends. These end in the heap
and are together no longer than it, and so are the arrays.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Mapping, Sequence
from itertools import compress
from operator import itemgetter
from struct import Struct
from typing import Any, TypeAlias

from openwmi.base import limits
from openwmi.base.case import fold
from openwmi.model import BareInstance, CimClass, CimInstance, CimType, Property, Type, Value, qualifier_set
from openwmi.wmio import cim_type, lazy_instance, values
from openwmi.wmio.heap import LENGTH_BIT, WireObject
from openwmi.wmio.instance_fields import HEAD_SIZE, NO_SETS
from openwmi.wmio.lazy_instance import Convert, RowShape, Unpack, narrow_text
from openwmi.wmio.row_source import SHORT, RowSource

# The octets, where an instance begins, where its part ends, and its class -> it; None if it is not of the usual kind.
MakeInstance: TypeAlias = Callable[[bytes, int, int, CimClass], "CimInstance | None"]

# Decodes packets of an ObjectArray one after the other, as long as they are of one class and decoration and there is a
# plan for them: the octets, where the first packet is, where the array ends, how many there are, the list to which the
# instances go, and the plans of the class for other NULL patterns, by NdTable -> where the first other packet is.
Walk: TypeAlias = Callable[[bytes, int, int, int, list[WireObject], Mapping[bytes, MakeInstance]], int]


class RowPlan:
    """The decoder.

    Attributes:
        row: decodes one instance, wherever it is.
    """

    __slots__ = ("_fixed", "_flags", "_make_walk", "_namespace", "_source", "_wide", "row")

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
        self._source = source
        self._flags = flags
        self._fixed = fixed
        self._wide: type[CimInstance] | None = None
        self._namespace: dict[str, Any] = _NAMES | {
            "FLAGS": flags,
            "HEAP": source.heap,
            "examine": self._examine,
            "unpack_checked": Struct(f"<5xI{len(flags)}x{source.checked}5sI").unpack_from,
            "unpack_slots": Struct("<" + source.slots).unpack_from,
        }
        self._namespace |= {f"K{place}": value for place, value in fixed.items()}
        self._namespace |= {
            f"read_array{place}": _array_converter(properties[place].type, source.heap, _no_text)
            for place in source.arrays
        }
        usual = source.heap if not any(value is not None for value in fixed.values()) else None
        shape = RowShape(flags, tuple(offsets), usual)
        self._namespace["Narrow"] = self._kind("LazyInstance", source.values, narrow_text(source.heap), shape)
        self.row: MakeInstance = self._define(source.row)
        self._make_walk: Callable[..., Walk] = self._define(source.make_walk)

    def walk(self, prefix: bytes, cls: CimClass) -> Walk:
        """For packets of this class, whose GUID, ObjectFlags and decoration are the prefix.

        A packet is a WBEM_DATAPACKET_OBJECT with a WBEMOBJECT_INSTANCE_NOCLASS ([MS-WMI] 2.2.14.1, 2.2.14.4). Each
        of its lengths says the others.
        """
        source, begin = self._source, _PACKET.size + len(prefix)
        unpack = Struct(f"<{begin + 4}sxI{len(self._flags)}s{source.checked}5sI").unpack_from
        return self._make_walk(unpack, begin, _Heads(prefix, HEAD_SIZE + len(self._flags) + source.heap), cls)

    def _define(self, text: Callable[[], str]) -> Any:
        """The function of this name that the text defines."""
        exec(compile(text(), "<row plan>", "exec"), self._namespace)  # noqa: S102 - see row_source
        return self._namespace[text.__name__]

    def _kind(
        self, title: str, values: Callable[[], str], text: Convert, shape: RowShape | None = None
    ) -> type[CimInstance]:
        """The class of instances; `text` is what reads a string of theirs."""
        source = self._source
        readers = tuple(
            [
                (_constant(self._fixed[place]), 0, None)
                if place in self._fixed
                else (cim_type.slot_layout(prop.type).unpack_from, offset, _converter(prop.type, source.heap, text))
                for place, (prop, offset) in enumerate(zip(source.properties, source.offsets, strict=True))
            ]
        )
        names = [prop.name for prop in source.properties]
        # As they are declared, and as they are compared.
        by_name = dict(zip([*map(fold, names), *names], readers * 2, strict=True))
        narrow = None if shape is None else text
        return lazy_instance.kind(title, by_name, readers, self._define(values), shape, narrow, source.heap)

    def _examine(self, data: bytes, heap: int, stop: int, references: Sequence[int]) -> type[CimInstance] | None:
        """The class of an instance whose strings are not as usual; None if something is wrong with them."""
        wide = _is_wide(data, heap, stop, references)
        if not wide:
            found: type[CimInstance] | None = None if wide is None else self._namespace["Narrow"]
            return found
        if self._wide is None:
            text = _wide_text(self._source.heap)
            self._namespace["read_wide"] = text
            self._namespace["wide_texts"] = lambda references, _text, _index, octets: tuple(
                [text(octets, each) for each in references]
            )
            self._wide = self._kind("WideInstance", self._source.wide_values, text)
        return self._wide


def price(live: int, arrays: int) -> int:
    """Octets that the plan of so many values takes, of which so many are arrays."""
    return (1 << 14) + 800 * live + 1600 * arrays


class _Heads(dict[int, bytes]):
    """What a packet begins with, its EncodingLength the last, by the HeapLength at its end; made when asked for.

    One comparison for seven fields. IndexError for what is no HeapLength.
    """

    def __init__(self, prefix: bytes, fixed: int) -> None:
        """`fixed` are the octets of an instance without its heap."""
        super().__init__()
        self._prefix = prefix
        self._fixed = fixed - LENGTH_BIT

    def __missing__(self, heap_length: int) -> bytes:
        length = heap_length + self._fixed
        size = length + len(self._prefix) - 16
        if heap_length < LENGTH_BIT or size + 24 > 0xFFFFFFFF:
            raise IndexError
        head = _PACKET.pack(9, size + 24, _INSTANCE_NO_CLASS, 24, size) + self._prefix + _U32.pack(length)
        if len(self) * len(head) < limits.WMIO_HEADS_OCTETS:
            self[heap_length] = head
        return head


# WBEM_DATAPACKET_OBJECT: dwSizeOfHeader, dwSizeOfData, bObjectType; WBEMOBJECT_INSTANCE_NOCLASS: dwSizeOfHeader,
# dwSizeOfData. The GUID, ObjectFlags and decoration, and EncodingLength are behind these.
_PACKET, _U32 = Struct("<IIBII"), Struct("<I")
_INSTANCE_NO_CLASS = 3

_at = bytes.__getitem__
_find = bytes.find
_u32 = _U32.unpack_from
_SHORT = [Struct(f"<{count}I").unpack_from for count in range(SHORT)]


def _constant(value: Value) -> Unpack:
    row = (value,)
    return lambda _octets, _offset: row


def _converter(type_: Type, heap: int, text: Convert) -> Convert | None:
    """What makes a value of a slot; `heap` is where the heap begins in a row."""
    if type_.array:
        return _array_converter(type_, heap, text)
    if cim_type.is_text(type_):
        return (lambda octets, slot: values.datetime(text(octets, slot))) if type_.cim is CimType.DATETIME else text
    return _PLAIN_CONVERTERS.get(type_.cim)


_PLAIN_CONVERTERS: dict[CimType, Convert] = {
    CimType.BOOLEAN: lambda _, slot: slot != values.FALSE,
    CimType.CHAR16: lambda _, slot: chr(slot),
}


def _array_converter(type_: Type, heap: int, text: Convert) -> Convert:
    letter, convert = cim_type.element(type_), _converter(Type(type_.cim), heap, text)

    def array(octets: bytes, reference: int) -> Value:
        (count,) = _u32(octets, heap + reference)
        slots = struct.unpack_from(f"<{count}{letter}", octets, heap + reference + 4)
        return slots if convert is None else tuple([convert(octets, slot) for slot in slots])

    return array


def _no_text(_octets: bytes, _reference: int) -> Value:
    raise AssertionError("arrays of strings are read otherwise")


def _wide_text(heap: int) -> Convert:
    """For rows in which some strings are in UTF-16."""
    narrow = narrow_text(heap)

    def text(octets: bytes, reference: int) -> Value:
        start = reference + heap
        if not _at(octets, start):
            return narrow(octets, reference)
        end = _wide_end(octets, start + 1, None)
        return octets[start + 1 : end].decode("utf-16-le", "surrogatepass")

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
    flags = itemgetter(*references, 0)(octets) if references else ()
    size, wide = 0, False
    for reference in compress(references, flags):
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


def _references(octets: bytes, at: int, stop: int | None = None) -> tuple[int, ...]:
    """The elements of an array. IndexError if it ends behind `stop`."""
    (count,) = _u32(octets, at)
    if stop is not None and at + 4 + 4 * count > stop:
        raise IndexError
    return _SHORT[count](octets, at + 4) if count < SHORT else struct.unpack_from(f"<{count}I", octets, at + 4)


def _texts(references: Sequence[int], text: str, index: Callable[[str, int], int], _octets: bytes) -> tuple[str, ...]:
    """Strings in the text of a row's heap without its first octet."""
    return tuple([text[each : index("\0", each)] for each in references])


# What generated functions use, whatever the class is.
# Windows: an empty InstanceQualifierSet may say that it is 0 octets long instead of 4.
_NAMES: dict[str, Any] = {
    "BareInstance": BareInstance,
    "SHORT": _SHORT,
    "NOTHING": qualifier_set(),
    "NO_QUALIFIERS": (bytes((4, 0, 0, 0, NO_SETS)), bytes((0, 0, 0, 0, NO_SETS))),
    "StructError": struct.error,
    "decode": _decode,
    "moment": values.datetime,
    "octets_at": _at,
    "pick": itemgetter,
    "references": _references,
    "texts": _texts,
    "unpack_u32": _u32,
}
