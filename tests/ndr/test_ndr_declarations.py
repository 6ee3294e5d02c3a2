"""What cannot travel is said: of a declaration with a TypeError that names it, of a value with a LocalProtocolError."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated, Any, TypeAlias

import pytest

from openwmi.base.fault import LocalProtocolError
from openwmi.ndr import (
    BSTR,
    GUID,
    LPWSTR,
    NDR64,
    STR,
    U16,
    U32,
    U64,
    WSTR,
    Arm,
    Cell,
    Fixed,
    InterfacePointer,
    LengthIs,
    Parameters,
    Ref,
    SizeIs,
    SwitchIs,
    Unique,
    codec,
    encode,
)
from openwmi.ndr.syntax import NDR20
from openwmi.ndr.types import Mark

InOut: TypeAlias = Unique[Cell[InterfacePointer]]
PointerToPointer: TypeAlias = Annotated[LPWSTR | None, Mark.UNIQUE]
PointerToBstr: TypeAlias = Unique[BSTR]
ReferenceToPointer: TypeAlias = Ref[InterfacePointer]
Reference: TypeAlias = Ref[U32]


@dataclass(frozen=True, slots=True)
class Counted:
    count: U16
    items: Annotated[tuple[U16, ...], SizeIs("count")]


@dataclass(frozen=True, slots=True)
class Held:
    number: Ref[U32]


CellOfConformant: TypeAlias = Cell[Counted]


@dataclass(frozen=True, slots=True)
class PlainInt:
    fine: U32
    number: int


@dataclass(frozen=True, slots=True)
class NotLast:
    count: U16
    items: Annotated[tuple[U16, ...], SizeIs("count")]
    after: U32


@dataclass(frozen=True, slots=True)
class NoSuchCount:
    items: Annotated[tuple[U16, ...], SizeIs("count")]


@dataclass(frozen=True, slots=True)
class CountIsText:
    count: BSTR
    items: Annotated[tuple[U16, ...], SizeIs("count")]


@dataclass(frozen=True, slots=True)
class Endless:
    next: Unique[Endless]


@dataclass(frozen=True, slots=True)
class Empty:
    pass


@dataclass(frozen=True, slots=True)
class Hidden:
    number: U32 = field(init=False)


class NoDataclass:
    number: U32


@pytest.mark.parametrize(
    ("hint", "says"),
    [
        (PlainInt, r"PlainInt\.number: <class 'int'> has no form"),
        (NotLast, "NotLast: items is conformant, and only the last field can be"),
        (NoSuchCount, r"NoSuchCount\.items: there is no count beside it"),
        (CountIsText, r"CountIsText\.items: there is no count beside it"),
        (Endless, r"Endless\.next: Endless contains itself"),
        (Empty, "Empty: a structure has fields"),
        (Hidden, "Hidden: a structure has fields, and all of them are in its __init__"),
        (NoDataclass, "NoDataclass.* has no form"),
        (int, "has no form"),
        (Annotated[int, "four octets"], "'four octets' says nothing about the wire"),
        (Annotated[GUID, Mark.UNIQUE, Mark.GUID], "cannot be combined"),
        (PointerToPointer, "put a Cell between"),
        (PointerToBstr, "put a Cell between"),
        (ReferenceToPointer, "put a Cell between"),
        (Annotated[U32 | STR | None, Mark.UNIQUE], "declare a union"),
        (Reference, "declare what it points at"),
        (Annotated[tuple[Counted, ...], SizeIs(1)], "an array cannot hold something conformant"),
        (Annotated[tuple[WSTR, ...], Fixed(1)], "an array cannot hold something conformant"),
        (CellOfConformant, "a cell cannot hold something conformant"),
        (Annotated[Arm, SwitchIs("kind", ((0, WSTR),))], "a union cannot hold something conformant"),
        (Annotated[list[U32], SizeIs(1)], r"an array is bytes or tuple\[T, \.\.\.\]"),
        (Annotated[tuple[U32, U32], Fixed(2)], r"an array is bytes or tuple\[T, \.\.\.\]"),
        (Annotated[tuple[U32, ...], LengthIs(1)], "an array has one Fixed or SizeIs"),
        (Annotated[tuple[U32, ...], Fixed(1), SizeIs(1)], "an array has one Fixed or SizeIs"),
        (Annotated[tuple[U32, ...], SizeIs("n")], "there is no n beside it"),
    ],
)
def test_declarations_that_cannot_travel(hint: Any, says: str) -> None:
    with pytest.raises(TypeError, match=says):
        codec(hint)


def test_parameters_may_name_only_integers_of_the_call() -> None:
    items = Annotated[tuple[U32, ...], SizeIs("n")]
    Parameters("f", {"items": items, "n": U32}, {}, NDR20)
    Parameters("f", {"items": items}, {"n": U32}, NDR64)
    for hints, beside in (({"items": items}, {}), ({"items": items}, {"n": BSTR}), ({"items": items}, {"m": U32})):
        with pytest.raises(TypeError, match=r"f\.items: there is no n beside it"):
            Parameters("f", hints, beside, NDR20)


@pytest.mark.parametrize(
    ("hint", "value"),
    [
        (U32, -1),
        (U32, 2**32),
        (U32, None),
        (U32, "1"),
        (U16, 1.5),
        (GUID, b"\0" * 16),
        (GUID, None),
        (WSTR, None),
        (WSTR, b"abc"),
        (WSTR, "a\0b"),
        (STR, "Жук"),
        (BSTR, 5),
        (InterfacePointer, "MEOW"),
        (Held, Held(None)),  # type: ignore[arg-type]  # the wrong value is the point
        (InOut, b"MEOW"),
        (Counted, Counted(3, (1, 2))),
        (Counted, Counted(2, None)),  # type: ignore[arg-type]  # the wrong value is the point
        (Counted, None),
        (Annotated[tuple[U16, ...], SizeIs(2)], (1,)),
        (Annotated[tuple[U16, ...], Fixed(2)], (1, 2, 3)),
        (Annotated[tuple[U16, ...], SizeIs(1), LengthIs(2)], (1, 2)),
        (Annotated[tuple[U16, ...], SizeIs(3), LengthIs(2)], (1,)),
        (Annotated[bytes, Fixed(2)], 17),
    ],
)
def test_values_that_do_not_fit(hint: Any, value: Any) -> None:
    with pytest.raises(LocalProtocolError):
        encode(hint, value)


@dataclass(frozen=True, slots=True)
class Choice:
    kind: U32
    info: Annotated[Arm, SwitchIs("kind", ((0, None), (1, U64)))]


@pytest.mark.parametrize("value", [Choice(0, Arm(1, 5)), Choice(2, Arm(2, 5)), Choice(1, Arm(1, None))])
def test_arms_that_do_not_fit(value: Choice) -> None:
    with pytest.raises(LocalProtocolError):
        encode(Choice, value)


def test_zero_has_the_sizes_that_the_request_gave_and_gives_back_what_came_in() -> None:
    given = {"n": 2, "both": 7, "cell": Cell(b"in"), "no_cell": None}
    hints: dict[str, object] = {"n": U32, "both": U32, "cell": InOut, "no_cell": InOut}
    results: dict[str, object] = {
        "both": U32,
        "array": Annotated[tuple[U32, ...], SizeIs("n")],
        "cell": InOut,
        "no_cell": InOut,
        "length": U32,
        "window": Annotated[tuple[U16, ...], SizeIs("n"), LengthIs("length")],
        "id": GUID,
    }
    out = Parameters("f", results, hints, NDR20)
    zero = dict(zip(out.names, out.zero(given), strict=True))
    assert zero.pop("id").int == 0
    assert zero == {"both": 7, "array": (0, 0), "cell": Cell(None), "no_cell": None, "length": 0, "window": ()}
