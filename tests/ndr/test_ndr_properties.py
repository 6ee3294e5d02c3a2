"""Whatever is encoded comes back; whatever octets come in, a value or a RemoteProtocolError comes out."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from typing import Annotated, Any
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from openwmi.base.fault import RemoteProtocolError
from openwmi.ndr import (
    BSTR,
    ENUM,
    GUID,
    I64,
    LPWSTR,
    NDR20,
    NDR64,
    REAL32,
    STR,
    U8,
    U16,
    U32,
    U64,
    Arm,
    Cell,
    Fixed,
    InterfacePointer,
    LengthIs,
    Ref,
    SizeIs,
    SwitchIs,
    Syntax,
    Unique,
    codec,
    decode,
    encode,
)

SYNTAXES = st.sampled_from([NDR20, NDR64])


@dataclass(frozen=True, slots=True)
class Inner:
    a: U8
    b: I64
    c: U16
    id: GUID
    text: BSTR


@dataclass(frozen=True, slots=True)
class Tail:
    count: U16
    a: U8
    items: Annotated[tuple[Inner, ...], SizeIs("count")]


@dataclass(frozen=True, slots=True)
class Everything:
    flag: U8
    inner: Inner
    fixed: Annotated[tuple[U16, ...], Fixed(3)]
    name: LPWSTR
    narrow: Ref[STR]
    cell: Unique[Cell[InterfacePointer]]
    octets: Unique[Annotated[bytes, SizeIs("room"), LengthIs("used")]]
    room: U32
    used: U32
    kind: ENUM
    choice: Annotated[Arm, SwitchIs("kind", ((0, None), (1, U64), (2, Inner)), "H")]
    pointers: Unique[Annotated[tuple[Unique[Inner], ...], SizeIs("flag", multiple_of=2)]]
    ratio: REAL32
    tail: Tail


def texts() -> st.SearchStrategy[str]:
    return st.text(st.characters(exclude_characters="\0"), max_size=6)  # lone surrogates among them


def numbers(bits: int) -> st.SearchStrategy[int]:
    return st.integers(0, 2**bits - 1)


INNERS = st.builds(
    Inner,
    a=numbers(8),
    b=st.integers(-(2**63), 2**63 - 1),
    c=numbers(16),
    id=st.uuids(allow_nil=True),
    text=st.none() | texts(),
)
TAILS = st.builds(lambda a, items: Tail(len(items), a, items), numbers(8), st.lists(INNERS, max_size=2).map(tuple))
ARMS = st.one_of(
    st.just(Arm(0, None)), st.builds(Arm, st.just(1), numbers(64)), st.builds(Arm, st.just(2), INNERS)
)  # fmt: skip


@st.composite
def everythings(draw: st.DrawFn) -> Everything:
    octets = draw(st.none() | st.binary(max_size=5))
    used = draw(numbers(32)) if octets is None else len(octets)
    arm = draw(ARMS)
    pointers = draw(st.none() | st.lists(st.none() | INNERS, max_size=4).filter(lambda x: len(x) % 2 == 0).map(tuple))
    return Everything(
        flag=draw(numbers(8)) if pointers is None else max(0, len(pointers) - draw(st.integers(0, 1))),
        inner=draw(INNERS),
        fixed=draw(st.tuples(*[numbers(16)] * 3)),
        name=draw(st.none() | texts()),
        narrow=draw(st.text(st.characters(max_codepoint=255, exclude_characters="\0"), max_size=4)),
        cell=draw(st.none() | st.builds(Cell, st.none() | st.binary(max_size=9))),
        octets=octets,
        room=used + draw(st.integers(0, 5)) if octets is not None else 0,
        used=used,
        kind=arm.case,
        choice=arm,
        pointers=pointers,
        ratio=draw(st.floats(width=32, allow_nan=False)),
        tail=draw(TAILS),
    )


@given(everythings(), SYNTAXES)
def test_round_trip(value: Everything, syntax: Syntax) -> None:
    octets = encode(Everything, value, syntax)
    assert decode(Everything, octets, syntax=syntax) == (value, len(octets))


@settings(max_examples=25)
@given(everythings(), SYNTAXES)
def test_truncated_at_each_length(value: Everything, syntax: Syntax) -> None:
    octets = encode(Everything, value, syntax)
    for size in range(len(octets)):
        with pytest.raises(RemoteProtocolError):
            decode(Everything, octets[:size], syntax=syntax)


@given(everythings(), SYNTAXES, st.data())
def test_flipped_bits_decode_or_are_refused_and_what_decodes_encodes(
    value: Everything, syntax: Syntax, data: st.DataObject
) -> None:
    octets = bytearray(encode(Everything, value, syntax))
    for _ in range(data.draw(st.integers(1, 3))):
        octets[data.draw(st.integers(0, len(octets) - 1))] ^= 1 << data.draw(st.integers(0, 7))
    with suppress(RemoteProtocolError):
        changed, end = decode(Everything, bytes(octets), syntax=syntax)
        assert end <= len(octets)
        # a float made of any bits may be a NaN, which equals nothing: so its octets are compared
        again = encode(Everything, changed, syntax)
        assert encode(Everything, decode(Everything, again, syntax=syntax)[0], syntax) == again


@given(st.binary(max_size=200), SYNTAXES, st.sampled_from([Everything, Tail, Inner, BSTR, InterfacePointer]))
def test_any_octets(octets: bytes, syntax: Syntax, hint: Any) -> None:
    with suppress(RemoteProtocolError):
        _, end = decode(hint, octets, syntax=syntax)
        assert end <= len(octets)


@pytest.mark.parametrize("syntax", [NDR20, NDR64], ids=["ndr20", "ndr64"])
def test_zero_can_travel(syntax: Syntax) -> None:
    zero = codec(Everything, syntax).zero()
    assert zero == Everything(
        0,
        Inner(0, 0, 0, UUID(int=0), None),
        (0, 0, 0),
        None,
        "",
        None,
        None,
        0,
        0,
        0,
        Arm(0, None),
        None,
        0.0,
        Tail(0, 0, ()),
    )
    octets = encode(Everything, zero, syntax)
    assert decode(Everything, octets, syntax=syntax) == (zero, len(octets))
