"""IWbemContext's wire form, IWbemContextBuffer ([MS-WMI] 2.2.13.1-2.2.13.4): what a caller says by name <-> a mapping.

The OBJREF_CUSTOM around it (CLSID_WbemContext) belongs to orpc; what the names mean is for those who carry a call out.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import IntEnum
from struct import Struct, calcsize, iter_unpack, pack
from struct import error as struct_error
from typing import Any, Final

from openwmi.base import guid, limits
from openwmi.base.case import NameMap
from openwmi.base.cursor import Reader, Writer
from openwmi.base.fault import LocalProtocolError, RemoteProtocolError
from openwmi.model import CimClass, CimInstance
from openwmi.wmio import encoding_unit
from openwmi.wmio.heap import WireObject

Scalar = int | float | bool | str | WireObject | None
ContextValue = Scalar | tuple[Scalar, ...]


class VariantType(IntEnum):
    """PropertyType: those of [MS-OAUT] 2.2.7 that 2.2.13.2 lists."""

    NULL = 1
    I2 = 2
    I4 = 3
    R4 = 4
    R8 = 5
    BSTR = 8
    BOOL = 11
    UNKNOWN = 13
    I1 = 16
    UI1 = 17
    UI2 = 18
    UI4 = 19


ARRAY: Final = 0x2000

_NUMBERS = {
    VariantType.I1: "b",
    VariantType.UI1: "B",
    VariantType.I2: "h",
    VariantType.UI2: "H",
    VariantType.I4: "i",
    VariantType.UI4: "I",
    VariantType.R4: "f",
    VariantType.R8: "d",
    VariantType.BOOL: "H",
}
_TRUE = 0xFFFF
_SCALAR = 8  # octets of a number that stands alone
_POINTER = 8  # ElementSize of strings and objects: 64-bit Windows says 8, 32-bit Windows 4 (notes 4 and 5)
_TYPE = Struct("<IH")  # PropertyFlags, which are ignored, and PropertyType
_ARRAY = Struct("<II")  # ElementCount, ElementSize
_UNIT = Struct("<II")  # Signature, ObjectEncodingLength


def decode_context(octets: bytes | bytearray | memoryview) -> NameMap[ContextValue]:
    """IWbemContextBuffer -> its values by name: int, float, bool, str, objects, None for VT_NULL, tuples for arrays.

    A name that comes twice has the last value, as IWbemContext::SetValue would have it. What follows the last property
    is ignored, since an OBJREF may be larger than what it carries.

    Raises:
        RemoteProtocolError: the octets are no such thing. Nothing else is raised.
    """
    reader = Reader(octets)
    if reader.remaining > limits.CONTEXT_OCTETS:
        raise RemoteProtocolError(f"a context of {reader.remaining} octets: {limits.CONTEXT_OCTETS} at most")
    reader.skip(reader.u32() * guid.SIZE)
    start, count, nulls = reader.offset, reader.u32(), 0
    if count > limits.CONTEXT_VALUES:
        raise RemoteProtocolError(f"a context of {count} values: {limits.CONTEXT_VALUES} at most")
    for _ in range(count):
        nulls += _check_property(reader)
        if nulls > limits.CONTEXT_VALUES:  # they take no octets, so that nothing else bounds them
            raise RemoteProtocolError(f"a context of {nulls} NULLs: {limits.CONTEXT_VALUES} at most")
    return _Context(reader.data[start : reader.offset])


def encode_context(
    values: Mapping[str, object],
    *,
    types: Mapping[str, int] | None = None,
    request: guid.Guid = guid.NULL,
) -> bytes:
    """Values by name -> IWbemContextBuffer.

    Args:
        values: of the types that `decode_context` gives; a list is as good as a tuple.
        types: VariantType, | ARRAY, of values that are not to be of the usual type, which is VT_I4 for an integer,
            VT_UI4 for a larger one, VT_R8 for a float, VT_ARRAY | VT_BSTR for an array of nothing.
        request: the GUID that the buffer begins with. The document does not say what it is for.

    Raises:
        LocalProtocolError: a value that no type of the document can hold, or more than any receiver of ours takes.
    """
    chosen = NameMap(types or {})
    writer = Writer()
    writer.u32(1)
    writer.guid(request)
    writer.u32(len(values))
    nulls = 0
    for name, value in values.items():
        try:
            type_ = chosen[name] if name in chosen else _type_of(value)
            writer.octets(_encode_string(name) + _TYPE.pack(0, type_) + _encode_value(type_, value))
            nulls += len(value) if type_ == ARRAY | VariantType.NULL and isinstance(value, tuple | list) else 0
        except (struct_error, OverflowError, TypeError, ValueError, AttributeError) as error:
            raise LocalProtocolError(f"context value {name}: {value!r} cannot be sent: {error}") from None
    if len(writer) > limits.CONTEXT_OCTETS or max(len(values), nulls) > limits.CONTEXT_VALUES:
        raise LocalProtocolError(f"a context of {len(values)} values and {len(writer)} octets is too large")
    return bytes(writer)


# -------------------------------------------------------------------------------------------------------------- decode


class _Context(NameMap[ContextValue]):
    """Values of which none is made before one is asked for: those of an array take ten times its octets."""

    __slots__ = ("_octets",)

    def __init__(self, octets: bytes) -> None:
        """The count of the values, and these, which were looked over."""
        self._octets = octets

    def __getattr__(self, name: str) -> Any:
        if name != "_items":
            raise AttributeError(f"NameMap has no attribute {name!r}", name=name, obj=self)
        reader = Reader(self._octets)
        super().__init__([_decode_property(reader) for _ in range(reader.u32())])
        return self._items


def _check_property(reader: Reader) -> int:
    """The errors of `_decode_property`. The NULLs of an array of NULLs."""
    reader.skip(2 * reader.u32())
    type_, is_array = _decode_type(reader)
    if not is_array:
        _skip(reader, type_, _SCALAR)
        return 0
    count, size = _decode_array_head(reader, type_)
    if type_ in _NUMBERS:
        reader.skip(count * size)
    elif type_ is not VariantType.NULL:
        for _ in range(count):
            _skip(reader, type_, 0)
    return count if type_ is VariantType.NULL else 0


def _skip(reader: Reader, type_: VariantType, size: int) -> None:
    """A value that is no array; `size` is that of a number."""
    if type_ in _NUMBERS:
        reader.skip(size)
    elif type_ is VariantType.BSTR:
        reader.skip(2 * reader.u32())
    elif type_ is VariantType.UNKNOWN:
        _decode_object(reader)


def _decode_property(reader: Reader) -> tuple[str, ContextValue]:
    name = _decode_string(reader)
    type_, is_array = _decode_type(reader)
    if not is_array:
        if type_ in _NUMBERS:
            return name, _decode_numbers(type_, reader.octets(_SCALAR), _SCALAR)[0]
        return name, _decode_other(reader, type_)
    count, size = _decode_array_head(reader, type_)
    if type_ in _NUMBERS:
        return name, _decode_numbers(type_, reader.octets(count * size), size)
    return name, tuple([_decode_other(reader, type_) for _ in range(count)])


def _decode_type(reader: Reader) -> tuple[VariantType, bool]:
    """The type of a value or an element, and whether it is an array."""
    _, number = reader.unpack(_TYPE)
    try:
        return VariantType(number & ~ARRAY), bool(number & ARRAY)
    except ValueError:
        raise RemoteProtocolError(f"a context value of VARIANT type {number:#x}") from None


def _decode_array_head(reader: Reader, type_: VariantType) -> tuple[int, int]:
    """ElementCount and ElementSize of an IWbemContextArray (2.2.13.4)."""
    count, size = reader.unpack(_ARRAY)
    if type_ in _NUMBERS:
        natural = calcsize("<" + _NUMBERS[type_])
        # The document has real32 take 8 octets in an array; the arrays of Automation have 4, so either may come.
        if size != natural and not (type_ is VariantType.R4 and size == _SCALAR):
            raise RemoteProtocolError(f"an array of {type_.name} with elements of {size} octets: {natural} expected")
    return count, size


def _decode_numbers(type_: VariantType, octets: bytes, size: int) -> tuple[Scalar, ...]:
    """Numbers at the beginning of elements of `size` octets."""
    letter = _NUMBERS[type_]
    numbers = iter_unpack(f"<{letter}{size - calcsize('<' + letter)}x", octets)
    if type_ is VariantType.BOOL:
        return tuple(number != 0 for (number,) in numbers)
    return tuple(number for (number,) in numbers)


def _decode_other(reader: Reader, type_: VariantType) -> Scalar:
    if type_ is VariantType.BSTR:
        return _decode_string(reader)
    if type_ is VariantType.UNKNOWN:
        return _decode_object(reader)
    return None


def _decode_string(reader: Reader) -> str:
    """IWbemContextString (2.2.13.3). Half of a surrogate pair passes, as everywhere."""
    return reader.octets(2 * reader.u32()).decode("utf-16-le", "surrogatepass")


def _decode_object(reader: Reader) -> WireObject:
    """The buffer of IWbemClassObject (2.2.4), an EncodingUnit, which knows its own length."""
    start = reader.offset
    _, size = reader.unpack(_UNIT)
    reader.skip(min(size, reader.remaining))
    return encoding_unit.decode_object(reader.data[start : reader.offset])


# -------------------------------------------------------------------------------------------------------------- encode


def _type_of(value: object) -> int:
    """The usual type of a value."""
    if isinstance(value, tuple | list):
        types = {_type_of(each) for each in value}
        if types == {VariantType.I4, VariantType.UI4} and min(value) >= 0:
            types = {VariantType.UI4}
        if len(types) > 1 or any(type_ & ARRAY for type_ in types):
            raise ValueError("an array has values of one type")
        return ARRAY | next(iter(types), VariantType.BSTR)
    if isinstance(value, int) and not isinstance(value, bool):
        return VariantType.I4 if -(1 << 31) <= value < 1 << 31 else VariantType.UI4
    for kind, type_ in _USUAL.items():
        if isinstance(value, kind):
            return type_
    raise TypeError(f"no VARIANT type for {type(value).__name__}")


_USUAL: dict[type, VariantType] = {
    bool: VariantType.BOOL,
    float: VariantType.R8,
    str: VariantType.BSTR,
    type(None): VariantType.NULL,
    CimInstance: VariantType.UNKNOWN,
    CimClass: VariantType.UNKNOWN,
}


def _encode_value(number: int, value: object) -> bytes:
    type_ = VariantType(number & ~ARRAY)
    if not number & ARRAY:
        return _encode_one(type_, value).ljust(_SCALAR if type_ in _NUMBERS else 0, b"\0")
    if not isinstance(value, tuple | list):
        raise TypeError("an array is a tuple or a list")
    elements = [_encode_one(type_, each) for each in value]
    size = 0 if type_ is VariantType.NULL else _POINTER
    if type_ in _NUMBERS:
        size = _SCALAR if type_ is VariantType.R4 else calcsize("<" + _NUMBERS[type_])
        elements = [each.ljust(size, b"\0") for each in elements]
    return _ARRAY.pack(len(elements), size) + b"".join(elements)


def _encode_one(type_: VariantType, value: object) -> bytes:
    if type_ in _NUMBERS:
        if isinstance(value, bool) is not (type_ is VariantType.BOOL):
            raise TypeError("True and False are VT_BOOL, and nothing else is")
        return pack("<" + _NUMBERS[type_], (_TRUE if value else 0) if type_ is VariantType.BOOL else value)
    if type_ is VariantType.BSTR and isinstance(value, str):
        return _encode_string(value)
    if type_ is VariantType.UNKNOWN and isinstance(value, CimInstance | CimClass):
        return encoding_unit.encode_object(value)
    if type_ is VariantType.NULL and value is None:
        return b""
    raise TypeError(f"a value of VT_{type_.name} expected")


def _encode_string(text: str) -> bytes:
    octets = text.encode("utf-16-le", "surrogatepass")
    return pack("<I", len(octets) // 2) + octets
