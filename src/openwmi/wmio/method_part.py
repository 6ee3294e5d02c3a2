"""MethodsPart ([MS-WMIO] 2.2.38-2.2.52, 2.2.70): the methods of a class, each with two classes for its parameters."""

from __future__ import annotations

from collections.abc import Sequence
from struct import Struct

from openwmi.base.cursor import Reader, Writer
from openwmi.base.fault import RemoteProtocolError
from openwmi.model import (
    CimClass,
    CimInstance,
    Flavor,
    Method,
    input_class,
    method_from_classes,
    output_class,
    qualifier_set,
)
from openwmi.wmio import heap, origin, qualifiers
from openwmi.wmio.heap import Decoding, HeapReader, HeapWriter
from openwmi.wmio.unique_names import UniqueNames

_HEADER = Struct("<IHH")  # EncodingLength, MethodCount, MethodCountPadding
# MethodName, MethodFlags, MethodPadding, MethodOrigin, MethodQualifiers, InputSignature, OutputSignature
_DESCRIPTION = Struct("<IB3xIIII")


def encode(cls: CimClass, items: HeapWriter) -> bytes:
    """The methods of a class -> its methods part. `items` is an empty heap."""
    names = origin.chain(cls.name, cls.derivation)
    writer = Writer()
    writer.pack(_HEADER, 0, len(cls.methods), 0)
    for method in cls.methods:
        index, inherited = origin.encode(names, method.origin)
        writer.pack(
            _DESCRIPTION,
            items.string(method.name),
            Flavor.ORIGIN_PROPAGATED if inherited else 0,
            index,
            *_encode_items(cls, method, items),
        )
    items.encode(writer)
    writer.patch_u32(0, len(writer))
    return bytes(writer)


def check(reader: Reader, decoding: Decoding) -> None:
    """The errors of `decode`."""
    descriptions, items = _fields(reader, decoding)
    decoding.spend(descriptions.remaining)
    names = UniqueNames()
    while descriptions.remaining:
        name, _, _, own, inputs, outputs = descriptions.unpack(_DESCRIPTION)
        names.add(items.required(name))
        if own != heap.NULL:
            qualifiers.check(qualifiers.skip(items.item(own)), items)
        _decode_signature(inputs, items)
        _decode_signature(outputs, items)
    names.check("method")


def decode(reader: Reader, names: Sequence[str], decoding: Decoding) -> tuple[Method, ...]:
    """The methods at the reader, which moves on behind them, slack included.

    `names` are the classes from the topmost one down to the class itself.
    """
    descriptions, items = _fields(reader, decoding)
    found = []
    while descriptions.remaining:
        found.append(_decode_method(descriptions, names, items))
    return tuple(found)


def _fields(reader: Reader, decoding: Decoding) -> tuple[Reader, HeapReader]:
    """The MethodDescriptions, and the heap."""
    size = int.from_bytes(reader.data[reader.offset : reader.offset + 4], "little")
    start = reader.skip(size)
    body = Reader(reader.data, start, reader.offset)
    _, count, _ = body.unpack(_HEADER)  # Windows: the padding is random
    descriptions_start = body.skip(count * _DESCRIPTION.size)
    descriptions = Reader(body.data, descriptions_start, body.offset)
    return descriptions, heap.decode(body, decoding)


def _encode_items(cls: CimClass, method: Method, items: HeapWriter) -> tuple[int, int, int]:
    """MethodQualifiers, InputSignature and OutputSignature. A signature without parameters has the length zero."""
    input_reference, output_reference = items.object(input_class(method)), items.object(output_class(method))
    what = f"{cls.name}.{method.name}"
    return qualifiers.encode_item(method.qualifiers.values(), items, what), input_reference, output_reference


def _decode_method(descriptions: Reader, names: Sequence[str], items: HeapReader) -> Method:
    name, flags, index, own, inputs, outputs = descriptions.unpack(_DESCRIPTION)
    found = [] if own == heap.NULL else qualifiers.decode(qualifiers.skip(items.item(own)), items)
    return method_from_classes(
        items.required(name),
        _decode_signature(inputs, items),
        _decode_signature(outputs, items),
        qualifier_set(*found),
        origin.decode(names, index, inherited=bool(flags & Flavor.ORIGIN_PROPAGATED)),
    )


def _decode_signature(reference: int, items: HeapReader) -> CimClass | None:
    if reference == heap.NULL:
        return None
    signature = items.decoding.embedded(items.item(reference))
    if isinstance(signature, CimInstance):
        raise RemoteProtocolError("the signature of a method is an instance: a class expected")
    return signature
