"""CimType and Inherited ([MS-WMIO] 2.2.82, 2.2.31, 2.2.32), CIMTYPE texts (2.3.1, 2.3.2), and the slot of each type.

The slot is what stands inline in a value table: the number itself, or a reference into the heap (2.2.71).
"""

from __future__ import annotations

from struct import Struct

from openwmi.base.fault import RemoteProtocolError
from openwmi.model import CimType, Type

ARRAY = 0x2000
INHERITED = 0x4000
# By their numbers without Inherited and the upper 16 bits, which are not used.
_TYPES = {cim | (ARRAY if array else 0): Type(cim, array) for cim in CimType for array in (False, True)}

_SLOTS = {
    CimType.SINT8: "b",
    CimType.UINT8: "B",
    CimType.SINT16: "h",
    CimType.UINT16: "H",
    CimType.SINT32: "i",
    CimType.UINT32: "I",
    CimType.SINT64: "q",
    CimType.UINT64: "Q",
    CimType.REAL32: "f",
    CimType.REAL64: "d",
    CimType.BOOLEAN: "H",
    CimType.CHAR16: "H",
    CimType.STRING: "I",
    CimType.DATETIME: "I",
    CimType.REFERENCE: "I",
    CimType.OBJECT: "I",
}
_LAYOUTS = {letter: Struct("<" + letter) for letter in _SLOTS.values()}
_STRINGS = frozenset({CimType.STRING, CimType.DATETIME, CimType.REFERENCE})
_REFERENCED = _STRINGS | {CimType.OBJECT}
_CLASS_TYPES = frozenset({CimType.REFERENCE, CimType.OBJECT})


def encode(type_: Type, *, inherited: bool = False) -> int:
    """Type -> the number of PropertyType and QualifierType.

    The array constants of 2.2.82 are misprinted for 32 and 64 bits; its text is right: base type | 0x2000.
    """
    return type_.cim | (ARRAY if type_.array else 0) | (INHERITED if inherited else 0)


def decode(number: int) -> Type:
    """The number of PropertyType or QualifierType -> Type, without its class name; Inherited is the caller's to ask."""
    try:
        return _TYPES[number & ~INHERITED & 0xFFFF]
    except KeyError:
        raise RemoteProtocolError(f"CIM type {number:#x}") from None


def slot(type_: Type) -> str:
    """The `struct` letter of the type's slot."""
    return "I" if type_.array else _SLOTS[type_.cim]


def slot_layout(type_: Type) -> Struct:
    """The `struct` layout of the type's slot alone."""
    return _LAYOUTS[slot(type_)]


def is_reference(type_: Type) -> bool:
    """Whether the slot is a reference into the heap, so that it can be NULL by itself."""
    return type_.array or type_.cim in _REFERENCED


def is_text(type_: Type) -> bool:
    """Whether a value of the type is one string."""
    return type_.cim in _STRINGS and not type_.array


def has_texts(type_: Type) -> bool:
    """Whether a value of the type is an array of strings."""
    return type_.cim in _STRINGS and type_.array


def element(type_: Type) -> str:
    """The `struct` letter of an element of an array of this type."""
    return _SLOTS[type_.cim]


def format_cimtype(type_: Type) -> str:
    """The value of the CIMTYPE qualifier that goes with a type: "uint32", "ref:Win32_Disk", "object:Win32_Trustee"."""
    if type_.cim is CimType.REFERENCE:
        return f"ref:{type_.class_name or 'object'}"
    if type_.cim is CimType.OBJECT and type_.class_name:
        return f"object:{type_.class_name}"
    return type_.cim.keyword


def with_cimtype(type_: Type, text: str | None) -> Type:
    """The type, once its CIMTYPE qualifier is known (None: it has none)."""
    if text is None:
        # "If the CIM qualifier is omitted, the system MUST treat the DateTime type as a standard string" (2.3.1).
        return Type(CimType.STRING, type_.array) if type_.cim is CimType.DATETIME else type_
    if type_.cim not in _CLASS_TYPES:
        return type_
    kind, _, name = text.partition(":")
    if not name or (kind.lower() == "ref" and name.lower() == "object"):
        return type_
    return Type(type_.cim, type_.array, name)
