"""The octets of each form, as [C706] 14 and [MS-RPCE] 2.2.5 lay them out; written by hand from those sections."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, TypeAlias
from uuid import UUID

import pytest

from openwmi.base.fault import RemoteProtocolError
from openwmi.ndr import (
    BSTR,
    ENUM,
    GUID,
    I16,
    I32,
    LPWSTR,
    NDR20,
    NDR64,
    REAL64,
    STR,
    U8,
    U16,
    U32,
    U64,
    WSTR,
    Arm,
    Cell,
    Fixed,
    Full,
    InterfacePointer,
    LengthIs,
    MInterfacePointer,
    NdrReader,
    NdrWriter,
    Ref,
    SizeIs,
    SwitchIs,
    Syntax,
    Unique,
    codec,
    decode,
    encode,
)

InOut: TypeAlias = Unique[Cell[InterfacePointer]]
Row: TypeAlias = Unique[Annotated[bytes, SizeIs("width")]]


@dataclass(frozen=True, slots=True)
class Small:
    a: U8
    b: U16


@dataclass(frozen=True, slots=True)
class Mixed:
    a: U8
    b: U32
    c: U16
    d: U64
    small: Small
    e: U8


@dataclass(frozen=True, slots=True)
class Named:
    id: GUID
    tail: U16


@dataclass(frozen=True, slots=True)
class Counted:
    count: U16
    items: Annotated[tuple[U16, ...], SizeIs("count")]


@dataclass(frozen=True, slots=True)
class Outer:
    flag: U64
    counted: Counted


@dataclass(frozen=True, slots=True)
class Padded:
    size: U32
    data: Annotated[bytes, SizeIs("size", multiple_of=8)]


@dataclass(frozen=True, slots=True)
class Leaf:
    value: U16
    name: Unique[WSTR]


@dataclass(frozen=True, slots=True)
class Tree:
    left: Unique[Leaf]
    number: U16
    right: Unique[Leaf]


@dataclass(frozen=True, slots=True)
class Table:
    count: U32
    rows: Unique[Annotated[tuple[Unique[Leaf], ...], SizeIs("count")]]


@dataclass(frozen=True, slots=True)
class Window:
    size: U32
    length: U32
    items: Annotated[tuple[U16, ...], SizeIs("size"), LengthIs("length")]


@dataclass(frozen=True, slots=True)
class Fives:
    items: Annotated[tuple[U16, ...], Fixed(5)]
    octets: Annotated[bytes, Fixed(3)]
    after: U32


@dataclass(frozen=True, slots=True)
class Gap:  # [MS-RPCE] 4.8
    long: I32
    short: I16


@dataclass(frozen=True, slots=True)
class Choice:
    kind: I32
    info: Annotated[Arm, SwitchIs("kind", ((0, None), (1, U64), (2, Leaf)))]
    after: U8


@dataclass(frozen=True, slots=True)
class Shared:
    first: Full[Leaf]
    second: Full[Leaf]


@dataclass(frozen=True, slots=True)
class Confused:
    leaf: Full[Leaf]
    number: Full[U32]


@dataclass(frozen=True, slots=True)
class Held:
    number: Ref[U32]


@dataclass(frozen=True, slots=True)
class Rows:
    width: U32
    rows: Annotated[tuple[Row, ...], SizeIs("width")]


@dataclass(frozen=True, slots=True)
class Kinds:
    kind: ENUM
    ratio: REAL64


ID = UUID("00112233-4455-6677-8899-aabbccddeeff")
ID_OCTETS = "33221100 5544 7766 8899aabbccddeeff"
LEAF = Leaf(7, "ab")

CASES: list[tuple[str, Any, Any, str, str | None]] = [
    # name, hint, value, NDR20, NDR64 (None: the same)
    ("structure", Mixed, Mixed(1, 2, 3, 4, Small(5, 6), 7), "01000000 02000000 0300 000000000000"
     " 0400000000000000 0500 0600 07", "01000000 02000000 0300 000000000000 0400000000000000 0500 0600 07 000000"),
    ("guid", Named, Named(ID, 9), f"{ID_OCTETS} 0900", f"{ID_OCTETS} 0900 0000"),
    ("hoisted", Counted, Counted(2, (3, 4)), "02000000 0200 0300 0400", "0200000000000000 0200 0300 0400"),
    ("hoisted twice", Outer, Outer(1, Counted(1, (5,))), "01000000 00000000 0100000000000000 0100 0500",
     "0100000000000000 0100000000000000 0100 0500"),
    ("rounded", Padded, Padded(3, b"abc\0\0\0\0\0"), "08000000 03000000 6162630000000000",
     "0800000000000000 03000000 6162630000000000"),
    # the pointees come behind the structure, the nested one before its elder sister
    ("depth first", Tree, Tree(LEAF, 1, Leaf(8, "c")),
     "00000200 0100 0000 04000200"
     " 0700 0000 08000200 03000000 00000000 03000000 610062000000"
     " 0000 0800 0000 0c000200 02000000 00000000 02000000 63000000",
     "0000020000000000 0100 000000000000 0400020000000000"
     " 0700 000000000000 0800020000000000 0300000000000000 0000000000000000 0300000000000000 610062000000"
     " 0000 0800 000000000000 0c00020000000000 0200000000000000 0000000000000000 0200000000000000 63000000"),
    ("null", Tree, Tree(None, 1, None), "00000000 0100 0000 00000000",
     "0000000000000000 0100 000000000000 0000000000000000"),
    ("array of pointers", Table, Table(2, (None, Leaf(9, None))),
     "02000000 00000200 02000000 00000000 04000200 0900 0000 00000000",
     "02000000 00000000 0000020000000000 0200000000000000 0000000000000000 0400020000000000 0900 000000000000"
     " 0000000000000000"),
    ("array of NULLs", Table, Table(2, (None, None)), "02000000 00000200 02000000 00000000 00000000",
     "02000000 00000000 0000020000000000 0200000000000000 0000000000000000 0000000000000000"),
    ("window", Window, Window(4, 2, (1, 2)), "04000000 04000000 02000000 00000000 02000000 0100 0200",
     "0400000000000000 04000000 02000000 0000000000000000 0200000000000000 0100 0200"),
    ("fixed", Fives, Fives((1, 2, 3, 4, 5), b"xyz", 6), "0100 0200 0300 0400 0500 78797a 000000 06000000", None),
    ("gap", Gap, Gap(1, 2), "01000000 0200", "01000000 0200 0000"),
    ("empty arm", Choice, Choice(0, Arm(0, None), 1), "00000000 00000000 01", "00000000 00000000 00000000 00000000 01"
     " 00000000000000"),
    ("scalar arm", Choice, Choice(1, Arm(1, 5), 1), "01000000 01000000 0500000000000000 01",
     "01000000 00000000 01000000 00000000 0500000000000000 01 00000000000000"),
    ("arm with a pointer", Choice, Choice(2, Arm(2, Leaf(3, "")), 1),
     "02000000 02000000 0300 0000 00000200 01 000000 01000000 00000000 01000000 0000",
     "02000000 00000000 02000000 00000000 0300 000000000000 0000020000000000 01 00000000000000"
     " 0100000000000000 0000000000000000 0100000000000000 0000"),
    ("enum", Kinds, Kinds(3, 1.0), "0300 000000000000 000000000000f03f", "03000000 00000000 000000000000f03f"),
    ("wide string", LPWSTR, "é", "00000200 02000000 00000000 02000000 e9000000",
     "0000020000000000 0200000000000000 0000000000000000 0200000000000000 e9000000"),
    ("narrow string", STR, "é", "02000000 00000000 02000000 e900", "0200000000000000 0000000000000000"
     " 0200000000000000 e900"),
    ("null string", LPWSTR, None, "00000000", "0000000000000000"),
    ("beyond the basic plane", WSTR, "\U0001f600", "03000000 00000000 03000000 3dd800de0000", "0300000000000000"
     " 0000000000000000 0300000000000000 3dd800de0000"),
    ("lone surrogate", WSTR, "\ud800", "02000000 00000000 02000000 00d80000", "0200000000000000"
     " 0000000000000000 0200000000000000 00d80000"),
    ("bstr", BSTR, "abc", "00000200 03000000 06000000 03000000 610062006300", "0000020000000000 0300000000000000"
     " 06000000 03000000 610062006300"),
    ("empty bstr", BSTR, "", "00000200 00000000 00000000 00000000",
     "0000020000000000 0000000000000000 00000000 00000000"),
    ("null bstr", BSTR, None, "00000200 00000000 ffffffff 00000000",
     "0000020000000000 0000000000000000 ffffffff 00000000"),
    ("interface", InterfacePointer, b"MEOW!", "00000200 05000000 05000000 4d454f5721", "0000020000000000"
     " 0500000000000000 05000000 4d454f5721"),
    ("null interface", InterfacePointer, None, "00000000", "0000000000000000"),
    ("outer null", InOut, None, "00000000", "0000000000000000"),
    ("inner null", InOut, Cell(None), "00000200 00000000",
     "0000020000000000 0000000000000000"),
    ("both", InOut, Cell(b"M"), "00000200 04000200 01000000 01000000 4d",
     "0000020000000000 0400020000000000 0100000000000000 01000000 4d"),
    ("reference", Held, Held(5), "00000200 05000000", "0000020000000000 05000000"),
    ("arrays behind pointers", Rows, Rows(2, (b"ab", None)), "02000000 02000000 00000200 00000000 02000000 6162",
     "0200000000000000 02000000 00000000 0000020000000000 0000000000000000 0200000000000000 6162"),
    ("interfaces", Annotated[tuple[InterfacePointer, ...], SizeIs(3)], (b"a", None, b"bc"),
     "03000000 00000200 00000000 04000200 01000000 01000000 61 000000 02000000 02000000 6263",
     "0300000000000000 0000020000000000 0000000000000000 0400020000000000 0100000000000000 01000000 61 000000"
     " 0200000000000000 02000000 6263"),
    ("guids", Annotated[tuple[GUID, ...], SizeIs(2)], (ID, ID), f"02000000 {ID_OCTETS} {ID_OCTETS}",
     f"0200000000000000 {ID_OCTETS} {ID_OCTETS}"),
    ("structures", Annotated[tuple[Small, ...], SizeIs(2)], (Small(1, 2), Small(3, 4)), "02000000 0100 0200 0300 0400",
     "0200000000000000 0100 0200 0300 0400"),
    ("aligned elements", Annotated[tuple[U64, ...], SizeIs(1)], (1,), "01000000 00000000 0100000000000000",
     "0100000000000000 0100000000000000"),
    # the elements are aligned even where there are none
    ("no elements", Annotated[tuple[U64, ...], SizeIs(0)], (), "00000000 00000000", "0000000000000000"),
]  # fmt: skip


@pytest.mark.parametrize(("hint", "value", "ndr20", "ndr64"), [case[1:] for case in CASES], ids=[c[0] for c in CASES])
@pytest.mark.parametrize("syntax", [NDR20, NDR64], ids=["ndr20", "ndr64"])
def test_octets(hint: Any, value: Any, ndr20: str, ndr64: str | None, syntax: Syntax) -> None:
    octets = bytes.fromhex(ndr20 if syntax is NDR20 or ndr64 is None else ndr64)
    assert encode(hint, value, syntax).hex(" ", 4) == octets.hex(" ", 4)
    assert decode(hint, octets, syntax=syntax) == (value, len(octets))


@pytest.mark.parametrize(
    ("octets", "text"),
    [
        ("00000000", None),  # a NULL referent: what impacket and aiowmi send for a NULL BSTR
        ("01000000 04000000 08000000 04000000 6100620063000000", "abc"),  # the terminator counted in both sizes
        ("01000000 04000000 06000000 04000000 6100620063000000", "abc"),  # and in one
        ("01000000 03000000 08000000 03000000 610062006300", "abc"),
        ("01000000 00000000 ffffffff 00000000", None),
    ],
)
def test_bstr_of_other_senders(octets: str, text: str | None) -> None:
    data = bytes.fromhex(octets)
    assert decode(BSTR, data) == (text, len(data))


def test_a_full_pointer_seen_before_has_no_pointee_of_its_own() -> None:
    octets = bytes.fromhex("01000000 01000000 0700 0000 00000000")
    value, end = decode(Shared, octets)
    assert value == Shared(Leaf(7, None), Leaf(7, None))
    assert value.first is value.second
    assert end == len(octets)
    # written out twice, which means the same to whoever does not compare addresses
    again, _ = decode(Shared, encode(Shared, value))
    assert again == value


def test_a_string_ends_at_its_first_nul() -> None:
    octets = bytes.fromhex("05000000 00000000 05000000 6100 0000 6200 6300 0000")
    assert decode(WSTR, octets) == ("a", len(octets))


def test_values_in_one_stream_share_alignment_and_referents() -> None:
    writer = NdrWriter()
    for hint, value in ((U8, 1), (LPWSTR, "a"), (U8, 2), (LPWSTR, "b")):
        codec(hint).encode(writer, value)
    assert bytes(writer) == bytes.fromhex(
        "01000000 00000200 02000000 00000000 02000000 6100000002000000 04000200 02000000 00000000 02000000 62000000"
    )
    reader = NdrReader(bytes(writer) + b"left over")
    assert [codec(hint).decode(reader) for hint in (U8, LPWSTR, U8, LPWSTR)] == [1, "a", 2, "b"]
    assert reader.rest() == b"left over"


def test_a_reader_can_start_behind_a_header_and_still_aligns_from_its_data() -> None:
    assert decode(U32, bytes.fromhex("aabb 0000 05000000"), 2) == (5, 8)


@pytest.mark.parametrize(
    ("hint", "octets", "says"),
    [
        (Counted, "03000000 0200 0300 0400 0500", "elements where"),  # the field says 2, the array 3
        (Counted, "02000000 0300 0300 0400", "elements where"),
        (Padded, "03000000 03000000 616263", "elements where"),  # not rounded
        (Window, "01000000 01000000 02000000 00000000 02000000 0100 0200", "2 of 1 elements"),
        (Window, "04000000 04000000 02000000 01000000 02000000 0100 0200", "from 1"),
        (Window, "04000000 04000000 01000000 00000000 02000000 0100 0200", "elements where"),
        (Table, "02000000 00000200 01000000 00000000", "elements where"),
        (Choice, "03000000 03000000 01", "no arm 3"),
        (Choice, "00000000 01000000 0500000000000000 01", "where kind is 0"),
        (WSTR, "01000000 00000000 02000000 61000000", "2 of 1 characters"),
        (WSTR, "02000000 01000000 01000000 0000", "from 1"),
        (WSTR, "00000000 00000000 00000000", "0 of 0"),
        (WSTR, "01000000 00000000 01000000 6100", "without its NUL"),
        (BSTR, "01000000 02000000 06000000 03000000 610062006300", "in an array of 2"),
        (MInterfacePointer, "02000000 03000000 616263", "in an array of 2"),
        (Held, "00000000", "is NULL"),
        (Confused, "01000000 01000000 0700 0000 00000000", "was another before"),
        (Rows, "02000000 02000000 00000200 00000000 03000000 616263", "3 elements where"),
    ],
)
def test_contradictions(hint: Any, octets: str, says: str) -> None:
    with pytest.raises(RemoteProtocolError, match=says):
        decode(hint, bytes.fromhex(octets))


@pytest.mark.parametrize(
    "hint",
    [
        Annotated[tuple[U32, ...], SizeIs(0)],
        Annotated[tuple[Leaf, ...], SizeIs(0)],
        Annotated[tuple[GUID, ...], SizeIs(0)],
        Annotated[bytes, SizeIs(0)],
        MInterfacePointer,
        WSTR,
    ],
)
@pytest.mark.parametrize("syntax", [NDR20, NDR64], ids=["ndr20", "ndr64"])
def test_a_count_that_cannot_be_true_allocates_nothing(hint: Any, syntax: Syntax) -> None:
    octets = b"\xff" * 64
    with pytest.raises(RemoteProtocolError):
        decode(hint, octets, syntax=syntax)


def test_what_travels_is_no_more_than_there_is_said_to_be_room_for() -> None:
    octets = encode(Window, Window(3, 2, (7, 8)))
    said = bytearray(octets)
    said[4:8] = (1).to_bytes(4, "little")  # `size`, behind the maximum count; that one still says 3
    with pytest.raises(RemoteProtocolError, match="2 elements"):
        decode(Window, bytes(said))


@pytest.mark.parametrize(
    ("hint", "good", "bad"),
    [
        (Annotated[bytes, SizeIs(4)], "04000000 61626364", "03000000 616263"),
        (Annotated[bytes, SizeIs(3, multiple_of=4)], "04000000 61626364", "03000000 616263"),
        (Annotated[bytes, SizeIs(4), LengthIs(4)], "04000000 00000000 04000000 61626364", "04000000 00000000 00000000"),
        (Annotated[bytes, Fixed(4), LengthIs(2)], "00000000 02000000 6162", "00000000 03000000 616263"),
    ],
)
def test_a_constant_number_of_elements_is_that_number(hint: Any, good: str, bad: str) -> None:
    value, _ = decode(hint, bytes.fromhex(good))
    assert encode(hint, value) == bytes.fromhex(good)
    with pytest.raises(RemoteProtocolError, match="elements and not"):
        decode(hint, bytes.fromhex(bad))


@dataclass(frozen=True, slots=True)
class Switched:
    before: U8
    union: Annotated[Arm, SwitchIs("", ((1, U64), (2, LPWSTR), (3, None)), "H")]
    after: U8


@pytest.mark.parametrize(
    ("syntax", "arm", "octets"),
    [
        (NDR20, Arm(1, 7), "ff 00 0100 00000000 0700000000000000 ee"),
        (NDR20, Arm(3, None), "ff 00 0300 ee"),
        (NDR20, Arm(2, None), "ff 00 0200 00000000 ee"),
        (NDR64, Arm(1, 7), "ff 00000000000000 0100 000000000000 0700000000000000 ee 00000000000000"),
        (NDR64, Arm(3, None), "ff 00000000000000 0300 000000000000 ee 00000000000000"),
    ],
)
def test_an_encapsulated_union_has_its_case_in_itself(syntax: Syntax, arm: Arm, octets: str) -> None:
    value = Switched(0xFF, arm, 0xEE)
    expected = bytes.fromhex(octets)
    assert encode(Switched, value, syntax) == expected
    assert decode(Switched, expected, 0, syntax) == (value, len(expected))
    assert codec(Switched, syntax).zero() == Switched(0, Arm(1, 0), 0)


def test_an_encapsulated_union_without_that_arm() -> None:
    with pytest.raises(RemoteProtocolError, match="the union has no arm 9"):
        decode(Switched, bytes.fromhex("ff 00 0900 00000000"))
