"""The vocabulary of declarations: how a field says its form on the wire ([C706] 14, [MS-RPCE] 2.2.4, [MS-OAUT] 2.2.23).

Each alias is `Annotated[<what Python sees>, <a mark>]`; the marks are plain data that `compiler` turns into codecs, and
anything else that reads declarations (tests, documentation) may read them too.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Annotated, Any, Generic, TypeAlias, TypeVar
from uuid import UUID

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Scalar:
    """A number: its `struct` letter, and its alignment, which a structure of numbers read as one may have smaller."""

    letter: str
    alignment: int


class Mark(Enum):
    """Forms without parameters."""

    GUID = "GUID"
    ENUM = "enum"
    UNIQUE = "[unique] pointer"
    REF = "[ref] pointer inside of a structure or array"
    FULL = "[ptr] pointer"
    WIDE_STRING = "[string] wchar_t"
    STRING = "[string] char"
    BSTR = "BSTR"
    INTERFACE = "MInterfacePointer"


@dataclass(frozen=True, slots=True)
class Fixed:
    """An array of `count` elements, always."""

    count: int


@dataclass(frozen=True, slots=True)
class SizeIs:
    """`[size_is(size)]`: a conformant array. `size` is a constant, or the name of a field or parameter beside it.

    With `multiple_of`, the array has that number rounded up, as in `[size_is((size+7)&~7)]`.
    """

    size: int | str
    multiple_of: int = 1

    def rounded(self, size: int) -> int:
        return -(-size // self.multiple_of) * self.multiple_of


@dataclass(frozen=True, slots=True)
class LengthIs:
    """`[length_is(length)]` beside SizeIs or Fixed: a varying array, of which only the first elements travel."""

    length: int | str


@dataclass(frozen=True, slots=True)
class SwitchIs:
    """`[switch_is(discriminant)]`: a non-encapsulated union; what Python sees is an `Arm`.

    With "" for the discriminant it is an encapsulated union, `union switch (long case)`: its case is in it alone.

    `arms` are pairs of a case and the hint of its value, which is None for an empty arm. `letter` is the `struct`
    letter of the discriminant's type, `long` unless another is given.
    """

    discriminant: str
    arms: tuple[tuple[int, object], ...]
    letter: str = "i"


@dataclass(frozen=True, slots=True)
class Arm:
    """The value of a union: which case it is, and that case's value."""

    case: int
    value: Any


@dataclass(frozen=True, slots=True)
class Cell(Generic[T]):
    """What a pointer to a pointer points at, so that the NULL of the outer and of the inner one stay two things."""

    value: T


U8: TypeAlias = Annotated[int, Scalar("B", 1)]
U16: TypeAlias = Annotated[int, Scalar("H", 2)]
U32: TypeAlias = Annotated[int, Scalar("I", 4)]
U64: TypeAlias = Annotated[int, Scalar("Q", 8)]
I8: TypeAlias = Annotated[int, Scalar("b", 1)]
I16: TypeAlias = Annotated[int, Scalar("h", 2)]
I32: TypeAlias = Annotated[int, Scalar("i", 4)]
I64: TypeAlias = Annotated[int, Scalar("q", 8)]
REAL32: TypeAlias = Annotated[float, Scalar("f", 4)]
REAL64: TypeAlias = Annotated[float, Scalar("d", 8)]
ENUM: TypeAlias = Annotated[int, Mark.ENUM]
HRESULT: TypeAlias = U32
GUID: TypeAlias = Annotated[UUID, Mark.GUID]

Unique = Annotated[T | None, Mark.UNIQUE]
Ref = Annotated[T, Mark.REF]
Full = Annotated[T | None, Mark.FULL]

WSTR: TypeAlias = Annotated[str, Mark.WIDE_STRING]
STR: TypeAlias = Annotated[str, Mark.STRING]
LPWSTR: TypeAlias = Unique[WSTR]
BSTR: TypeAlias = Annotated[str | None, Mark.BSTR]

MInterfacePointer: TypeAlias = Annotated[bytes, Mark.INTERFACE]
InterfacePointer: TypeAlias = Unique[MInterfacePointer]
