"""Constants of MOF as values of CIM types: what Windows' compiler converts, and what it refuses.

The WMI SDK's "Numbers", "Strings", "MOF Arrays" and "Compiling MOF Code with Floating-Point Values".
"""

from __future__ import annotations

from typing import Any, Final

from openwmi.base.error import WbemError
from openwmi.base.status import MofStatus, WbemStatus
from openwmi.model import CimType, Type, Value
from openwmi.mof.lexer import number
from openwmi.mof.tree import Char, Literal

_INTEGERS: Final = frozenset(cim for cim in CimType if "INT" in cim.name)
_LARGE: Final = frozenset({CimType.SINT64, CimType.UINT64})
_REALS: Final = frozenset({CimType.REAL32, CimType.REAL64})
_SCALARS = {cim: Type(cim) for cim in CimType}
_ARRAYS = {cim: Type(cim, True) for cim in CimType}


class UnfitError(Exception):
    """A constant that its type does not take. Who knows the place makes a MofError of it."""

    def __init__(self, status: MofStatus | WbemStatus | int, problem: str) -> None:
        super().__init__(problem)
        self.status = status
        self.problem = problem


def convert(literal: Literal | Value, type_: Type) -> Value:
    """One element or scalar as the value of a type; aliases were looked up before. Raises UnfitError.

    Real numbers are rounded for integers, numbers written out for strings, and taken as UTF-16 for char16; 64-bit
    integers may stand in quotes.
    """
    cim = type_.cim
    if cim in _INTEGERS:
        if isinstance(literal, float):
            literal = round(literal)
        elif isinstance(literal, str) and cim in _LARGE:
            value = number(literal.strip())
            literal = value if isinstance(value, int) else literal
    elif cim is CimType.CHAR16:
        if isinstance(literal, Char):
            literal = literal.text
        elif isinstance(literal, int) and not isinstance(literal, bool) and 0 <= literal <= 0xFFFF:
            literal = chr(literal)
    elif cim is CimType.STRING and isinstance(literal, int | float) and not isinstance(literal, bool):
        literal = str(literal)  # the SDK's own samples have keys that are strings, and numbers for them
    if isinstance(literal, Char):
        raise UnfitError(MofStatus.TYPE_MISMATCH, f"{type_} does not take a character in single quotes")
    try:
        return _SCALARS[cim].check(literal) if type_.class_name is None else _scalar(type_).check(literal)
    except WbemError as error:
        out_of_range = cim in _INTEGERS and isinstance(literal, int) and not isinstance(literal, bool)
        raise UnfitError(MofStatus.OUT_OF_RANGE if out_of_range else MofStatus.TYPE_MISMATCH, error.message) from None


def qualifier_value(literal: Literal, declared: Type | None) -> tuple[Value, Type]:
    """The value of a qualifier and its type. Raises UnfitError where it does not fit the type that was declared for it.

    WMI has four types for qualifiers and their arrays ([MS-WMIO] 2.2.60): string, boolean, sint32 and real64. What does
    not fit into a sint32 becomes a 64-bit integer here.
    """
    if declared is None or declared.cim is CimType.STRING:
        if type(literal) is str and "\0" not in literal and (declared is None or not declared.array):
            return literal, _STRING
        if type(literal) is tuple and (declared is None or declared.array) and _is_text(literal):
            return literal, _STRINGS
    if declared is not None and literal is not None:
        if isinstance(literal, tuple) != declared.array:
            if declared.array:
                literal = (literal,)  # Windows: has no types of qualifiers, and MOFs are written like that
            else:
                raise UnfitError(
                    MofStatus.UNEXPECTED_ARRAY_INIT, f"the qualifier is declared as {declared}, not as an array"
                )
        for element in literal if isinstance(literal, tuple) else (literal,):
            convert(element, declared)
    if isinstance(literal, tuple):
        kinds = {_kind(element) for element in literal} or {CimType.STRING}
        kind = max(kinds, key=_width)
        if len(kinds) > 1 and not kinds <= _NUMBERS:
            raise UnfitError(MofStatus.TYPE_MISMATCH, "the elements of an array are of one type")
        return tuple([_plain(element, kind) for element in literal]), _ARRAYS[kind]
    if literal is None:
        return None, declared or _SCALARS[CimType.STRING]
    kind = _kind(literal)
    return _plain(literal, kind), _SCALARS[kind]


# Nearly all are text: it has its own way through, since there are thirty thousand qualifiers in a large schema.
_STRING, _STRINGS = _SCALARS[CimType.STRING], _ARRAYS[CimType.STRING]


def _is_text(literals: tuple[Any, ...]) -> bool:
    return set(map(type, literals)) == {str} and "\0" not in "".join(literals)


_NUMBERS: Final = frozenset({CimType.SINT32, CimType.SINT64, CimType.UINT64, CimType.REAL64})
_WIDTHS: Final = {CimType.SINT32: 1, CimType.SINT64: 2, CimType.UINT64: 3, CimType.REAL64: 4}


def _width(kind: CimType) -> int:
    return _WIDTHS.get(kind, 0)


def _kind(literal: Literal) -> CimType:
    if isinstance(literal, str | Char):
        return CimType.STRING
    if isinstance(literal, bool):
        return CimType.BOOLEAN
    if isinstance(literal, int):
        if -(2**31) <= literal < 2**31:
            return CimType.SINT32
        if -(2**63) <= literal < 2**64:
            return CimType.SINT64 if literal < 2**63 else CimType.UINT64
        raise UnfitError(MofStatus.OUT_OF_RANGE, f"{literal} does not fit into 64 bits")
    if isinstance(literal, float):
        return CimType.REAL64
    raise UnfitError(
        MofStatus.ILLEGAL_CONSTANT_VALUE, "a qualifier has a string, number, boolean or array for its value"
    )


def _plain(literal: Literal, kind: CimType) -> Value:
    if isinstance(literal, Char):
        return literal.text
    return _SCALARS[kind].check(literal)


def _scalar(type_: Type) -> Type:
    return Type(type_.cim, False, type_.class_name) if type_.array else type_
