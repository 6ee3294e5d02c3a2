"""EncodedValue and Encoded-Array ([MS-WMIO] 2.2.71-2.2.75, 2.2.79): a slot of a value table <-> a Python value.

A slot is never asked whether it is NULL: the NdTable says that. Only a reference can say it as well, by 0xFFFFFFFF.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from typing import Any

from openwmi.base import limits
from openwmi.base.cursor import Reader
from openwmi.base.error import WbemError
from openwmi.base.fault import LocalProtocolError, RemoteProtocolError
from openwmi.model import CimDateTime, CimInterval, CimType, Type, Value
from openwmi.wmio import cim_type
from openwmi.wmio.heap import NULL, HeapReader, HeapWriter

Slot = int | float

TRUE, FALSE = 0xFFFF, 0


def decode(type_: Type, slot: Slot, heap: HeapReader) -> Value:
    """The value behind a slot that is not NULL."""
    if type_.array:
        return _decode_array(type_, int(slot), heap)
    convert = _DECODERS.get(type_.cim)
    return slot if convert is None else convert(slot, heap)


def check(type_: Type, slot: Slot, heap: HeapReader) -> Value:
    """The errors of `decode`. The value, if it is an object whose octets take as much as it, to be kept; or None."""
    if type_.array:
        return _check_array(type_, int(slot), heap)
    return _check_one(type_, int(slot), heap) if cim_type.is_reference(type_) else None


def encode(type_: Type, value: Value, heap: HeapWriter) -> Slot:
    """The slot of a value that is not None; what does not fit inline goes to the heap."""
    if type_.array:
        return _encode_array(type_, value, heap)
    convert = _ENCODERS.get(type_.cim)
    return value if convert is None else convert(value, heap)


def pack(type_: Type, value: Value, heap: HeapWriter, what: str) -> bytes:
    """The octets of a slot; None becomes the NULL reference or zeros. `what` names the value in errors."""
    layout = "<" + cim_type.slot(type_)
    try:
        return struct.pack(layout, 0 if value is None else encode(type_, value, heap))
    except (struct.error, TypeError, ValueError, OverflowError, AttributeError) as error:
        raise LocalProtocolError(f"{what}: {value!r} is no {type_}: {error}") from None


def unpack(type_: Type, table: Reader, offset: int) -> Slot:
    """The slot at `offset` of a value table."""
    layout = cim_type.slot_layout(type_)
    if offset + layout.size > table.remaining:
        raise RemoteProtocolError(f"value at offset {offset} of a value table of {table.remaining} octets")
    slot: Slot = layout.unpack_from(table.data, table.offset + offset)[0]
    return slot


def is_plain(type_: Type) -> bool:
    """Whether a value, or an element, is a number that stands in its slot as it is."""
    return type_.cim not in _ENCODERS


def datetime(text: str) -> Value:
    """A datetime; the text itself if it is none, since a provider's bad value must not cost the whole reply."""
    try:
        return CimInterval.parse(text) if text[21:22] == ":" else CimDateTime(text)
    except WbemError:
        return text


def _decode_array(type_: Type, reference: int, heap: HeapReader) -> Value:
    if _is_null(reference, heap):
        return None
    elements = _elements(type_, reference, heap)
    letter = cim_type.element(type_)
    count = elements.remaining // struct.calcsize("<" + letter)
    slots = struct.unpack_from(f"<{count}{letter}", elements.data, elements.offset)
    convert = _DECODERS.get(type_.cim)
    return slots if convert is None else tuple(convert(slot, heap) for slot in slots)


def _check_one(type_: Type, reference: int, heap: HeapReader) -> Value:
    if type_.cim is not CimType.OBJECT:
        heap.check(reference)
    elif not _is_null(reference, heap):
        item, decoding = heap.item(reference), heap.decoding
        start, found = item.offset, decoding.embedded(item)
        size = item.offset - start
        if limits.WMIO_OBJECT_KEPT <= size <= decoding.keeps:
            decoding.keeps -= size
            return found
    return None


def _check_array(type_: Type, reference: int, heap: HeapReader) -> None:
    if _is_null(reference, heap):
        return
    elements, of_one = _elements(type_, reference, heap), Type(type_.cim)
    if cim_type.is_reference(of_one):
        while elements.remaining:
            _check_one(of_one, elements.u32(), heap)


def _elements(type_: Type, reference: int, heap: HeapReader) -> Reader:
    """A reader of the elements of an Encoded-Array."""
    reader = heap.item(reference)
    size = reader.u32() * struct.calcsize("<" + cim_type.element(type_))
    heap.decoding.spend(4 + size)
    return Reader(reader.data, reader.skip(size), reader.offset)


def _encode_array(type_: Type, values: Value, heap: HeapWriter) -> int:
    """ArrayCount, then the slots, then what they refer to: in this order, since peers count on it."""
    count = len(values)
    letter = cim_type.element(type_)
    reference = heap.reserve(4 + count * struct.calcsize("<" + letter))
    convert = _ENCODERS.get(type_.cim)
    slots = values if convert is None else [convert(value, heap) for value in values]
    heap.fill(reference, struct.pack(f"<I{count}{letter}", count, *slots))
    return reference


def _decode_datetime(slot: Any, heap: HeapReader) -> Value:
    text = heap.string(slot)
    return None if text is None else datetime(text)


def _decode_object(slot: Any, heap: HeapReader) -> Value:
    return None if _is_null(slot, heap) else heap.decoding.embedded(heap.item(slot))


def _is_null(reference: int, heap: HeapReader) -> bool:
    # impacket says that an array is NULL by the reference 0 alone, where the name of the class is.
    return reference in (NULL, heap.name)


def _encode_bool(value: Any, _: HeapWriter) -> int:
    return TRUE if value else FALSE


def _encode_char(value: Any, _: HeapWriter) -> int:
    return ord(value)


def _encode_string(value: Any, heap: HeapWriter) -> int:
    return NULL if value is None else heap.string(value)


def _encode_datetime(value: Any, heap: HeapWriter) -> int:
    return NULL if value is None else heap.string(str(value))


def _encode_object(value: Any, heap: HeapWriter) -> int:
    return NULL if value is None else heap.object(value)


# What is not in these two is a number, inline and unchanged. None, in an array, is the NULL reference.
_DECODERS: dict[CimType, Callable[[Any, HeapReader], Value]] = {
    CimType.BOOLEAN: lambda slot, _: slot != FALSE,
    CimType.CHAR16: lambda slot, _: chr(slot),
    CimType.STRING: lambda slot, heap: heap.string(slot),
    CimType.REFERENCE: lambda slot, heap: heap.string(slot),
    CimType.DATETIME: _decode_datetime,
    CimType.OBJECT: _decode_object,
}
_ENCODERS: dict[CimType, Callable[[Any, HeapWriter], int]] = {
    CimType.BOOLEAN: _encode_bool,
    CimType.CHAR16: _encode_char,
    CimType.STRING: _encode_string,
    CimType.REFERENCE: _encode_string,
    CimType.DATETIME: _encode_datetime,
    CimType.OBJECT: _encode_object,
}
