"""CIM types, and what Python values each of them takes ([MS-WMIO] 2.2.82 for the numbers, DSP0004 5.2 for the ranges).

How a value looks on a wire or in a text is not known here.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import IntEnum
from operator import index
from struct import Struct
from typing import Any, Final, TypeAlias

from openwmi.base.error import WbemError
from openwmi.base.status import WbemStatus
from openwmi.model.cimobject import CimObject
from openwmi.model.moment import CimDateTime, CimInterval, parse_datetime
from openwmi.model.path import NAME, ObjectPath

Value: TypeAlias = Any
"""The value of a property: None for NULL, bool, int, float, str, CimDateTime, CimInterval, CimInstance, CimClass, or a
tuple of one of these."""


class CimType(IntEnum):
    """[MS-WMIO] 2.2.82."""

    SINT16 = 2
    SINT32 = 3
    REAL32 = 4
    REAL64 = 5
    STRING = 8
    BOOLEAN = 11
    OBJECT = 13
    SINT8 = 16
    UINT8 = 17
    UINT16 = 18
    UINT32 = 19
    SINT64 = 20
    UINT64 = 21
    DATETIME = 101
    REFERENCE = 102
    CHAR16 = 103

    @property
    def keyword(self) -> str:
        """How MOF and the CIMTYPE qualifier spell it."""
        return "ref" if self is CimType.REFERENCE else self.name.lower()


@dataclass(frozen=True, slots=True)
class Type:
    """The type of a property, parameter or qualifier.

    Attributes:
        cim: the scalar type.
        array: whether it is an array of that.
        class_name: the class of a reference or of an embedded object, where it is declared.
    """

    cim: CimType
    array: bool = False
    class_name: str | None = None

    @classmethod
    def parse(cls, text: str) -> Type:
        """`uint32`, `string[]`, `ref:CIM_Disk`, `object:Win32_X` -> Type. INVALID_CIM_TYPE for anything else."""
        found = _TEXT.fullmatch(text)
        cim = _BY_KEYWORD.get(found["keyword"].lower()) if found else None
        if found is None or cim is None or (found["class"] and cim not in _NAMES_A_CLASS):
            raise WbemError(
                WbemStatus.INVALID_CIM_TYPE, f"{text!r} is no CIM type; there are {', '.join(sorted(_BY_KEYWORD))}"
            )
        return cls(cim, bool(found["array"]), found["class"])

    def __str__(self) -> str:
        class_name = f":{self.class_name}" if self.class_name else ""
        return f"{self.cim.keyword}{class_name}{'[]' if self.array else ''}"

    def check(self, value: object) -> Value:
        """The value as this type has it: members of enumerations become plain, sequences tuples, datetimes CimDateTime,
        object paths text, and a real32 the nearest number that has one. None passes, being NULL.

        TYPE_MISMATCH says what was expected and what was given.
        """
        if value is None:
            return None
        check = _CHECKS[self.cim]
        if not self.array:
            return check(self, value)
        if isinstance(value, bytes | bytearray | memoryview):
            value = tuple(value)
        elif isinstance(value, str) or not isinstance(value, Sequence):
            raise self.mismatch(value, "a list or tuple")
        return tuple([self._check_element(check, at, element) for at, element in enumerate(value)])

    def mismatch(self, value: object, expected: str) -> WbemError:
        """The TYPE_MISMATCH for a value that this type does not take."""
        return WbemError(WbemStatus.TYPE_MISMATCH, f"{self} takes {expected}, and this is {shown(value)}")

    def _check_element(self, check: _Check, position: int, element: object) -> Value:
        try:
            if element is None:
                # An array has no room for it ([MS-WMIO] 2.2.79), and MOF none either (WBEMMOF_E_NULL_ARRAY_ELEM).
                raise self.mismatch(element, "no NULL among its elements")
            return check(self, element)
        except WbemError as error:
            raise WbemError(error.status, f"element {position}: {error.message}") from None


def shown(value: object) -> str:
    """A value in a message, with its type: not too long, and whatever its class makes of being shown."""
    kind = type(value).__name__
    try:
        text = repr(value)
    except Exception:  # noqa: BLE001 - this is code of whoever gave the value
        return f"one that cannot be shown ({kind})"
    return f"{text if len(text) <= 60 else text[:60] + '…'} ({kind})"


def _range(bits: int, signed: bool) -> tuple[int, int]:
    return (-(1 << bits - 1), (1 << bits - 1) - 1) if signed else (0, (1 << bits) - 1)


INTEGER_RANGES: Final = {
    CimType.SINT8: _range(8, True),
    CimType.UINT8: _range(8, False),
    CimType.SINT16: _range(16, True),
    CimType.UINT16: _range(16, False),
    CimType.SINT32: _range(32, True),
    CimType.UINT32: _range(32, False),
    CimType.SINT64: _range(64, True),
    CimType.UINT64: _range(64, False),
}
"""The least and the greatest value of each type of integers."""

_Check: TypeAlias = Callable[[Type, object], Value]

_NAMES_A_CLASS = frozenset({CimType.REFERENCE, CimType.OBJECT})
_BY_KEYWORD = {cim.keyword: cim for cim in CimType}
_TEXT = re.compile(rf"(?P<keyword>\w+)(?::(?P<class>{NAME}))?(?P<array>\[\])?")


def _integer(low: int, high: int) -> _Check:
    expected = f"an integer from {low} to {high}"

    def check(type_: Type, value: object) -> int:
        number = value if type(value) is int else _plain_integer(type_, value, expected)
        if not low <= number <= high:
            raise type_.mismatch(value, expected)
        return number

    return check


def _plain_integer(type_: Type, value: Any, expected: str) -> int:
    if isinstance(value, bool):
        raise type_.mismatch(value, expected)
    try:
        return int(index(value))
    except TypeError:
        raise type_.mismatch(value, expected) from None


_REAL32 = Struct("<f")


def _real64(type_: Type, value: object) -> float:
    if type(value) is float:
        return value
    if isinstance(value, bool) or not isinstance(value, float | int):
        raise type_.mismatch(value, "a number")
    try:
        return float(value)
    except OverflowError:
        raise type_.mismatch(value, "a number of double precision") from None


def _real32(type_: Type, value: object) -> float:
    number = _real64(type_, value)
    try:
        # Rounded here and not on its way out, so that what was put equals what is read back.
        return float(_REAL32.unpack(_REAL32.pack(number))[0])
    except OverflowError:
        raise type_.mismatch(value, "a number of single precision") from None


def _boolean(type_: Type, value: object) -> bool:
    if value is True or value is False:
        return value
    raise type_.mismatch(value, "True or False")


def _string(type_: Type, value: object) -> str:
    if not isinstance(value, str):
        raise type_.mismatch(value, "a str")
    if "\0" in value:
        # DSP0004 5.2.2; WMI ends a string there, so that the rest would silently be lost.
        raise type_.mismatch(value, "a str without NUL")
    return value if type(value) is str else str.__str__(value)


def _char16(type_: Type, value: object) -> str:
    if isinstance(value, str) and len(value) == 1 and value <= "\uffff":
        return value if type(value) is str else str.__str__(value)
    raise type_.mismatch(value, "a str of one UTF-16 code unit")


def _datetime(type_: Type, value: object) -> CimDateTime | CimInterval:
    if isinstance(value, CimDateTime | CimInterval):
        return value
    if isinstance(value, datetime):
        return CimDateTime.from_datetime(value)
    if isinstance(value, timedelta):
        return CimInterval.from_timedelta(value)
    if isinstance(value, str):
        return parse_datetime(value)
    raise type_.mismatch(value, "a CimDateTime, CimInterval, datetime, timedelta or their text")


def _reference(type_: Type, value: object) -> str:
    if isinstance(value, ObjectPath):
        return str(value)
    if isinstance(value, CimObject):
        if value.path_ is None:
            raise type_.mismatch(value, "an object that has a path (its keys are not all set)")
        return str(value.path_)
    if isinstance(value, str):
        return _string(type_, value)
    raise type_.mismatch(value, "an object path")


def _object(type_: Type, value: object) -> CimObject:
    if not isinstance(value, CimObject):
        raise type_.mismatch(value, "a CimInstance or CimClass")
    if type_.class_name and not value.isa_(type_.class_name):
        raise type_.mismatch(value, f"an object of {type_.class_name} or of a class derived from it")
    return value


_CHECKS: dict[CimType, _Check] = {
    **{cim: _integer(*limits) for cim, limits in INTEGER_RANGES.items()},
    CimType.REAL32: _real32,
    CimType.REAL64: _real64,
    CimType.BOOLEAN: _boolean,
    CimType.STRING: _string,
    CimType.DATETIME: _datetime,
    CimType.REFERENCE: _reference,
    CimType.CHAR16: _char16,
    CimType.OBJECT: _object,
}
