"""The VARIANT conventions of wbemcli.h: which VT_ each CIM type has, and what a VARIANT becomes that has another.

From the SDK's "Numbers", "boolean" and "DATETIME", and IWbemClassObject::Put for what is coerced. 64-bit integers are
decimal strings, uint32 is a VT_I4 of the same 32 bits, uint16 a VT_I4, sint8 a VT_I2, char16 a VT_I2 of its code.

These conventions come from what Automation can carry, and lose what the CIM type says, so they are not what the faces
speak of themselves: Get gives the value as everywhere in this package, and its CIM type beside it. Who wants the
VARIANT makes it of just these two, `to_variant(value, cimtype)`; and whatever takes a value takes a VARIANT as well.
Were it a switch on IWbemLocator, the type of what Get returns would depend on how somebody connected far away.

A plain value is tried as it is, and then as the VARIANT that a program in C++ would have for it: VT_I4 for an int,
VT_BOOL for a bool. "If the variant cannot be coerced, WBEM_E_TYPE_MISMATCH is returned."
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, TypeAlias, cast

from openwmi.base.error import WbemError
from openwmi.base.status import LocalStatus
from openwmi.blocking.com.unknown import IUnknown
from openwmi.model import INTEGER_RANGES, CimDateTime, CimInterval, CimObject, CimType, Type, Value
from openwmi.wbemcli import constants as c


@dataclass(frozen=True, slots=True)
class VARIANT:
    """A VARIANT.

    Attributes:
        vt: VT_…; an array is VT_ARRAY and the VT_ of its elements.
        value: None for VT_NULL and VT_EMPTY; int for the integers and for VT_BOOL (VARIANT_TRUE is -1); float; str; an
            IWbemClassObject for VT_UNKNOWN; a tuple of these for an array.
    """

    vt: int
    value: Any = None


def to_variant(value: Value, cimtype: int | None) -> VARIANT:
    """A value and its CIM type, both as Get returns them -> VARIANT. INVALID_PROPERTY_TYPE for no CIM type."""
    if value is None:
        return VARIANT(c.VT_NULL)
    type_ = type_of_number(cimtype or c.CIM_EMPTY)
    vt, convert = _AUTOMATION[type_.cim]
    if type_.array:
        return VARIANT(c.VT_ARRAY | vt, tuple([convert(element) for element in value]))
    return VARIANT(vt, convert(value))


def from_variant(variant: VARIANT, cimtype: int = c.CIM_EMPTY) -> Value:
    """VARIANT -> value of a CIM type, coerced to it; by default of the type that the VARIANT itself says.

    WbemError(TYPE_MISMATCH) if it cannot be coerced, WbemError(INVALID_PROPERTY_TYPE) for no CIM type.
    """
    type_ = type_of_variant(variant) if cimtype == c.CIM_EMPTY else type_of_number(cimtype)
    return None if type_ is None else cim_value(variant, type_)


# ------------------------------------------------------------------------------------------------------ for the faces


def type_of_number(cimtype: int) -> Type:
    """CIM_SINT32, CIM_STRING | CIM_FLAG_ARRAY -> Type. INVALID_PROPERTY_TYPE for what is none."""
    cim = _BY_NUMBER.get(cimtype & ~c.CIM_FLAG_ARRAY)
    if cim is None:
        raise WbemError(LocalStatus.INVALID_PROPERTY_TYPE, f"{cimtype!r} is no CIM type: use one of the CIM_ constants")
    return Type(cim, bool(cimtype & c.CIM_FLAG_ARRAY))


def number_of_type(type_: Type) -> int:
    """Type -> CIM_SINT32, CIM_STRING | CIM_FLAG_ARRAY."""
    return int(type_.cim) | c.CIM_FLAG_ARRAY if type_.array else int(type_.cim)


def type_of_variant(variant: VARIANT) -> Type | None:
    """The CIM type that something new gets whose value this is; None for NULL. INVALID_PROPERTY_TYPE if it has none."""
    vt = variant.vt & ~c.VT_ARRAY
    if variant.vt in _NOTHING:
        return None
    if vt not in _CIM_OF_VT:
        raise WbemError(LocalStatus.INVALID_PROPERTY_TYPE, f"there is no CIM type for VT_ {variant.vt}: give the type")
    return Type(_CIM_OF_VT[vt], bool(variant.vt & c.VT_ARRAY))


def as_variant(value: object) -> VARIANT:
    """The VARIANT that a program in C++ would have for a plain value. An empty list is a VT_ARRAY|VT_VARIANT."""
    if isinstance(value, VARIANT):
        return value
    if isinstance(value, list | tuple | bytes | bytearray):
        elements = tuple(value)
        kinds = {_scalar_vt(element) for element in elements}
        widest = max(kinds, key=_WIDTH.index) if kinds and kinds.issubset(_WIDTH) else None
        vt = next(iter(kinds)) if len(kinds) == 1 else c.VT_VARIANT if widest is None else widest
        return VARIANT(c.VT_ARRAY | vt, tuple([_scalar(element) for element in elements]))
    return VARIANT(_scalar_vt(value), _scalar(value))


def cim_value(value: object, type_: Type) -> Value:
    """A plain value or a VARIANT, coerced to a CIM type; None for NULL. TYPE_MISMATCH says what was expected."""
    if not isinstance(value, VARIANT):
        try:
            return type_.check(value)
        except WbemError:
            variant = as_variant(value)
            try:
                return _coerced(variant, type_)
            except WbemError:
                pass
            raise
    return _coerced(value, type_)


# ----------------------------------------------------------------------------------------------------------- coercion

_Convert: TypeAlias = Callable[[Any], Any]

_BY_NUMBER: Final = {int(cim): cim for cim in CimType}
_ILLEGAL: Final = 0xFFF  # VT_TYPEMASK: no VARIANT has it
_NOTHING: Final = frozenset({c.VT_NULL, c.VT_EMPTY})
_OBJECTS: Final = frozenset({c.VT_UNKNOWN, c.VT_DISPATCH})
_REALS: Final = frozenset({c.VT_R4, c.VT_R8})

# The 32 bits of a VT_INT are those of a VT_I4.
_CIM_OF_VT: Final = {
    c.VT_I1: CimType.SINT8,
    c.VT_UI1: CimType.UINT8,
    c.VT_I2: CimType.SINT16,
    c.VT_UI2: CimType.UINT16,
    c.VT_I4: CimType.SINT32,
    c.VT_INT: CimType.SINT32,
    c.VT_UI4: CimType.UINT32,
    c.VT_UINT: CimType.UINT32,
    c.VT_I8: CimType.SINT64,
    c.VT_UI8: CimType.UINT64,
    c.VT_R4: CimType.REAL32,
    c.VT_R8: CimType.REAL64,
    c.VT_BSTR: CimType.STRING,
    c.VT_BOOL: CimType.BOOLEAN,
    c.VT_UNKNOWN: CimType.OBJECT,
    c.VT_DISPATCH: CimType.OBJECT,
}
_INTEGERS: Final = frozenset(vt for vt, cim in _CIM_OF_VT.items() if cim in INTEGER_RANGES)
_WIDTH: Final = (c.VT_I4, c.VT_UI4, c.VT_I8, c.VT_UI8)


def _signed(bits: int) -> _Convert:
    half, whole = 1 << bits - 1, 1 << bits
    return lambda number: number - whole if number >= half else number


_signed16, _signed32 = _signed(16), _signed(32)


def _same(value: Any) -> Any:
    return value


_AUTOMATION: Final[dict[CimType, tuple[int, _Convert]]] = {
    CimType.SINT8: (c.VT_I2, _same),
    CimType.UINT8: (c.VT_UI1, _same),
    CimType.SINT16: (c.VT_I2, _same),
    CimType.UINT16: (c.VT_I4, _same),
    CimType.SINT32: (c.VT_I4, _same),
    CimType.UINT32: (c.VT_I4, _signed32),
    CimType.SINT64: (c.VT_BSTR, str),
    CimType.UINT64: (c.VT_BSTR, str),
    CimType.REAL32: (c.VT_R4, _same),
    CimType.REAL64: (c.VT_R8, _same),
    CimType.BOOLEAN: (c.VT_BOOL, lambda value: c.VARIANT_TRUE if value else c.VARIANT_FALSE),
    CimType.STRING: (c.VT_BSTR, _same),
    CimType.DATETIME: (c.VT_BSTR, str),
    CimType.REFERENCE: (c.VT_BSTR, _same),
    CimType.CHAR16: (c.VT_I2, lambda value: _signed16(ord(value))),
    CimType.OBJECT: (c.VT_UNKNOWN, _same),
}


def _scalar_vt(value: object) -> int:
    for kind, vt in _VT_OF_CLASS:
        if isinstance(value, kind):
            return vt
    if isinstance(value, int):
        return next((vt for vt in _WIDTH if _fits(value, vt)), _ILLEGAL)
    return c.VT_NULL if value is None else _ILLEGAL


_VT_OF_CLASS: Final[tuple[tuple[Any, int], ...]] = (
    (bool, c.VT_BOOL),
    (float, c.VT_R8),
    ((str, CimDateTime, CimInterval), c.VT_BSTR),
    ((CimObject, IUnknown), c.VT_UNKNOWN),
)


def _scalar(value: object) -> object:
    if isinstance(value, bool):
        return c.VARIANT_TRUE if value else c.VARIANT_FALSE
    return str(value) if isinstance(value, CimDateTime | CimInterval) else value


def _fits(number: int, vt: int) -> bool:
    low, high = INTEGER_RANGES[_CIM_OF_VT[vt]]
    return low <= number <= high


def _coerced(variant: VARIANT, type_: Type) -> Value:
    vt = variant.vt & ~c.VT_ARRAY
    if variant.vt in _NOTHING:
        return None
    if bool(variant.vt & c.VT_ARRAY) != type_.array:
        raise type_.mismatch(variant.value, "an array" if type_.array else "a value that is no array")
    if not type_.array:
        return type_.check(_element(variant.value, vt, type_))
    if not isinstance(variant.value, list | tuple):
        raise type_.mismatch(variant.value, "a list or tuple")
    element = Type(type_.cim, class_name=type_.class_name)
    if vt == c.VT_VARIANT:
        return type_.check([_coerced(as_variant(each), element) for each in variant.value])
    # Windows: arrays are not coerced ("a VT_ARRAY|VT_R8 to a property of type uint32[] will fail"). Between integers
    # each value must be one of the type.
    wanted = _AUTOMATION[type_.cim][0]
    if vt != wanted and not ({vt, wanted} <= _INTEGERS or {vt, wanted} <= _REALS or {vt, wanted} <= _OBJECTS):
        raise type_.mismatch(variant.value, "an array of the same VT_")
    return type_.check([_element(each, vt, element) for each in variant.value])


def _element(value: Any, vt: int, type_: Type) -> Value:
    """A scalar of this VT_ as a value of the type, not yet checked. TYPE_MISMATCH."""
    if vt == c.VT_BOOL and not isinstance(value, str | float):
        value = c.VARIANT_TRUE if value else c.VARIANT_FALSE
    if not _is_of_vt(value, vt):
        raise type_.mismatch(value, f"a VARIANT whose value is of its VT_ ({vt})")
    made = _COERCIONS[_AUTOMATION[type_.cim][0]](value, vt, type_)
    if made is None:
        raise type_.mismatch(value, "what can be coerced to it")
    return made


def _is_of_vt(value: object, vt: int) -> bool:
    if vt in _INTEGERS or vt == c.VT_BOOL:
        return isinstance(value, int) and not isinstance(value, bool)
    if vt in _REALS:
        return isinstance(value, float | int) and not isinstance(value, bool)
    if vt == c.VT_BSTR:
        return isinstance(value, str)
    return vt in _OBJECTS and isinstance(value, CimObject | IUnknown)


_NUMBER = re.compile(r"\s*[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?\s*", re.ASCII)
_DECIMAL = re.compile(r"[+-]?\d{1,20}", re.ASCII)


def _to_integer(value: Any, vt: int, type_: Type) -> Value:
    if type_.cim is CimType.UINT32 and vt == c.VT_I2:
        return None  # the page's exception: WBEM_E_TYPE_MISMATCH
    number = _number(value, vt)
    if number is None:
        return None
    if isinstance(number, float):
        if not abs(number) < 1 << 64:
            return None
        number = round(number)  # to even, as Automation rounds
    if type_.cim is CimType.CHAR16:
        return chr(number & 0xFFFF) if -0x8000 <= number <= 0xFFFF else None
    if number < 0 and type_.cim is CimType.UINT32 and vt in _OF_32_BITS and number >= -(1 << 31):
        return number + (1 << 32)
    if number < 0 and type_.cim is CimType.UINT8 and vt == c.VT_BOOL:
        return 0xFF
    return number


_OF_32_BITS: Final = frozenset({c.VT_I4, c.VT_INT, c.VT_BOOL})


def _to_real(value: Any, vt: int, _: Type) -> Value:
    number = _number(value, vt)
    return None if number is None else float(number)


def _to_boolean(value: Any, vt: int, _: Type) -> Value:
    if vt == c.VT_BSTR and value.lower() in _BOOLEANS:
        return _BOOLEANS[value.lower()]
    number = _number(value, vt)
    return None if number is None else bool(number)


_BOOLEANS: Final = {"true": True, "false": False}


def _to_text(value: Any, vt: int, type_: Type) -> Value:
    if vt in _OBJECTS:
        return None
    text = value if vt == c.VT_BSTR else format(value, ".15g") if vt in _REALS else str(value)
    if type_.cim not in INTEGER_RANGES:
        return text
    # "The BSTR value must be in decimal format and not hexadecimal."
    return int(text) if _DECIMAL.fullmatch(text) else None


def _to_object(value: Any, vt: int, _: Type) -> Value:
    return value if vt in _OBJECTS else None


def _number(value: Any, vt: int) -> int | float | None:
    if vt != c.VT_BSTR:
        return None if vt in _OBJECTS else cast("int | float", value)
    if not _NUMBER.fullmatch(value):
        return None
    return int(value) if _DECIMAL.fullmatch(value.strip()) else float(value)


_COERCIONS: Final[dict[int, Callable[[Any, int, Type], Value]]] = {
    c.VT_I2: _to_integer,
    c.VT_I4: _to_integer,
    c.VT_UI1: _to_integer,
    c.VT_R4: _to_real,
    c.VT_R8: _to_real,
    c.VT_BOOL: _to_boolean,
    c.VT_BSTR: _to_text,
    c.VT_UNKNOWN: _to_object,
}
