"""QualifierSet and Qualifier ([MS-WMIO] 2.2.59-2.2.64), and the CIMTYPE qualifier that every property carries.

The model says a property's type by its Type, so CIMTYPE is made on the way out and read on the way in; only a CIMTYPE
that says something else than the type does is kept as a qualifier.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from struct import Struct, calcsize
from struct import pack as struct_pack

from openwmi.base.cursor import Reader
from openwmi.model import CimType, Flavor, Qualifier, Type
from openwmi.wmio import cim_type, dictionary, values
from openwmi.wmio.heap import NULL, HeapReader, HeapWriter

CIMTYPE = "CIMTYPE"
STRING = Type(CimType.STRING)
_HEAD = Struct("<IBI")  # QualifierName, QualifierFlavor, QualifierType
_EMPTY = 4


def skip(reader: Reader) -> Reader:
    """Moves on behind a QualifierSet; returns a reader of its qualifiers, for `decode` once the heap is known."""
    size = reader.u32()
    # Windows: an empty set may say that it is 0 octets long instead of 4.
    start = reader.skip(max(size, _EMPTY) - _EMPTY)
    return Reader(reader.data, start, reader.offset)


def decode(reader: Reader, heap: HeapReader) -> list[Qualifier]:
    """The qualifiers up to the end of the reader, in their order."""
    found = []
    heap.decoding.spend(reader.remaining)
    while reader.remaining:
        name_reference, flavor, number = reader.unpack(_HEAD)
        name = heap.required(name_reference)
        type_ = cim_type.decode(number)
        (slot,) = reader.unpack(cim_type.slot_layout(type_))
        found.append(Qualifier(name, values.decode(type_, slot, heap), type_, Flavor(flavor)))
    return found


def check(reader: Reader, heap: HeapReader) -> None:
    """The errors of `decode`."""
    heap.decoding.spend(reader.remaining)
    while reader.remaining:
        name_reference, _, number = reader.unpack(_HEAD)
        heap.check_required(name_reference)
        type_ = cim_type.decode(number)
        values.check(type_, reader.unpack(cim_type.slot_layout(type_))[0], heap)


def encode(qualifiers: Iterable[Qualifier], heap: HeapWriter, what: str) -> bytes:
    """The set, whose names and values go to the heap at once."""
    return _encode(list(map(_sendable, qualifiers)), heap, what)


def encode_item(qualifiers: Iterable[Qualifier], heap: HeapWriter, what: str, before: bytes = b"") -> int:
    """The set as an item of the heap, behind the octets `before`, in front of its names and values."""
    chosen = list(map(_sendable, qualifiers))
    size = _EMPTY + sum(_HEAD.size + calcsize("<" + cim_type.slot(qualifier.type)) for qualifier in chosen)
    reference = heap.reserve(len(before) + size)
    heap.fill(reference, before + _encode(chosen, heap, what))
    return reference


def split_cimtype(qualifiers: list[Qualifier], type_: Type) -> tuple[list[Qualifier], Type]:
    """The qualifiers of a property as decoded -> those that are not just its type in words, and its full type."""
    place, text = next(_cimtypes(qualifiers), (-1, None))
    full = cim_type.with_cimtype(type_, text)
    if text is not None and text == cim_type.format_cimtype(full):
        return qualifiers[:place] + qualifiers[place + 1 :], full
    return qualifiers, full


def join_cimtype(qualifiers: Iterable[Qualifier], type_: Type, *, inherited: bool) -> list[Qualifier]:
    """The qualifiers of a property as they are sent, CIMTYPE first."""
    own = list(qualifiers)
    if any(_cimtypes(own)):
        return own
    flavor = Flavor.PROPAGATE_TO_INSTANCE | Flavor.PROPAGATE_TO_DERIVED_CLASS
    if inherited:
        flavor |= Flavor.ORIGIN_PROPAGATED
    return [Qualifier(CIMTYPE, cim_type.format_cimtype(type_), STRING, flavor), *own]


def _cimtypes(qualifiers: list[Qualifier]) -> Iterator[tuple[int, str]]:
    for place, qualifier in enumerate(qualifiers):
        if qualifier.name.upper() == CIMTYPE and isinstance(qualifier.value, str):
            yield place, qualifier.value


def _encode(qualifiers: list[Qualifier], heap: HeapWriter, what: str) -> bytes:
    octets = bytearray(_EMPTY)
    for qualifier in qualifiers:
        # Windows: `[Key]` of a MOF is `key` on the wire, and well-known clients look for that.
        name = heap.name(dictionary.usual(qualifier.name))
        octets += _HEAD.pack(name, int(qualifier.flavor) & 0xFF, cim_type.encode(qualifier.type))
        if qualifier.value is None:
            octets += struct_pack("<I", NULL)
        else:
            octets += values.pack(qualifier.type, qualifier.value, heap, f"qualifier {qualifier.name} of {what}")
    octets[:_EMPTY] = len(octets).to_bytes(_EMPTY, "little")
    return bytes(octets)


def _sendable(qualifier: Qualifier) -> Qualifier:
    """A NULL of a number has no wire form: it goes as a NULL string."""
    if qualifier.value is not None or cim_type.is_reference(qualifier.type):
        return qualifier
    return Qualifier(qualifier.name, None, STRING, qualifier.flavor)
