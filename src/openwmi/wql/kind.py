"""What the types of CIM have in common for a query: the operators that they have, and what a constant means to them.

A constant takes the type of the property ([MS-WMI] 2.2.1.1; Windows: `Availability = '3'` compares numbers). One that
the type cannot hold, such as 300 for a uint8, is no error: it stays what it is, and compares as one expects.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from struct import Struct

from openwmi.base.error import WbemError
from openwmi.model import CimDateTime, CimInterval, CimType, ObjectPath, Type, parse_datetime
from openwmi.wql.lexer import number
from openwmi.wql.place import shown
from openwmi.wql.tree import Constant, Operator


class Form(Enum):
    """How values are compared."""

    PLAIN = "as they are"
    FOLDED = "without regard to case"
    DATE = "as instants or spans of time"
    PATH = "as object paths"


@dataclass(frozen=True, slots=True)
class Kind:
    """A family of types.

    Attributes:
        what: for messages.
        operators: those that apply; IS NULL always does.
        form: how values are compared.
        coerce: the value that a constant is for this type. ValueError if it can be none.
    """

    what: str
    operators: frozenset[Operator]
    form: Form
    coerce: Callable[[Constant, Type], object]


def _to_number(constant: Constant, type_: Type) -> int | float:
    value = number(constant.strip()) if isinstance(constant, str) else constant
    if value is None:
        raise ValueError(f"'{shown(str(constant))}' is no number")
    if type_.cim is CimType.REAL32:
        return _single(value)
    whole = isinstance(value, bool) or (isinstance(value, float) and value.is_integer())
    return int(value) if whole and type_.cim is not CimType.REAL64 else value


def _single(value: int | float) -> float:
    """The number that a real32 holds for it, or itself if that is none."""
    try:
        (rounded,) = _REAL32.unpack(_REAL32.pack(value))
    except OverflowError:
        return value
    return float(rounded)


def _to_boolean(constant: Constant, type_: Type) -> bool | int | float:
    """1 and -1 are TRUE (the SDK has both), 0 is FALSE; any other number equals neither."""
    if isinstance(constant, str) and constant.strip().upper() in _TRUTH:
        return _TRUTH[constant.strip().upper()]
    value = _to_number(constant, type_)
    return _TRUTH_OF_NUMBERS.get(value, value)


def _to_text(constant: Constant, _: Type) -> str:
    """An integer is its decimal digits, so that `Handle = 4` means what it seems to; others have many spellings."""
    if isinstance(constant, bool | float):
        raise ValueError("write the text in quotes")
    return str(constant)


def _to_character(constant: Constant, type_: Type) -> str:
    """A number is the code of a character; below the first and above the last it sorts as it should."""
    if isinstance(constant, int) and not isinstance(constant, bool):
        return "" if constant < 0 else chr(min(constant, _ABOVE_ALL))
    return _to_text(constant, type_)


def _to_datetime(constant: Constant, _: Type) -> CimDateTime | CimInterval:
    if not isinstance(constant, str):
        raise ValueError("write yyyymmddHHMMSS.mmmmmm+UUU or ddddddddHHMMSS.mmmmmm:000 in quotes")
    try:
        return parse_datetime(constant)
    except WbemError as error:
        if len(constant) == _CIM_CHARS:
            raise ValueError(error.message) from None
        # Windows: takes the forms of the SDK's "WQL-Supported Date Formats", in the locale and time zone of its own.
        raise ValueError(f"{error.message}: {_ONE_MOMENT}") from None


def _to_path(constant: Constant, _: Type) -> ObjectPath:
    if not isinstance(constant, str):
        raise ValueError("write the object path in quotes")
    try:
        return ObjectPath.parse(constant)
    except WbemError as error:
        raise ValueError(error.message) from None


_CIM_CHARS = 25
_ONE_MOMENT = (
    "dates and times in other forms are different moments from one locale and time zone to the next, "
    "so write one such as 20231005000000.000000+000"
)
_REAL32 = Struct("<f")
_TRUTH = {"TRUE": True, "FALSE": False}
_TRUTH_OF_NUMBERS: dict[int | float, bool] = {0: False, 1: True, -1: True}
_ABOVE_ALL = 0x10FFFF

_EQUALITY = frozenset({Operator.EQUAL, Operator.UNEQUAL})
_ORDER = frozenset(Operator) - {Operator.LIKE}

UNCOMPARABLE = Kind("an object", frozenset(), Form.PLAIN, _to_text)
"""Arrays and embedded objects: they can be NULL, and nothing else is asked."""

_A_NUMBER = Kind("a number", _ORDER, Form.PLAIN, _to_number)
_NUMBERS = "SINT8 UINT8 SINT16 UINT16 SINT32 UINT32 SINT64 UINT64 REAL32 REAL64".split()
KINDS = {CimType[name]: _A_NUMBER for name in _NUMBERS} | {
    CimType.BOOLEAN: Kind("a boolean", _EQUALITY, Form.PLAIN, _to_boolean),
    CimType.STRING: Kind("text", frozenset(Operator), Form.FOLDED, _to_text),
    CimType.CHAR16: Kind("a character", _ORDER, Form.FOLDED, _to_character),
    CimType.DATETIME: Kind("a datetime", _ORDER, Form.DATE, _to_datetime),
    CimType.REFERENCE: Kind("a reference", _EQUALITY, Form.PATH, _to_path),
}
"""The kind of each scalar type; what is not here is UNCOMPARABLE."""
