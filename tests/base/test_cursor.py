"""The cursors: what was written is read back, nothing is read past an end, nothing is left over unseen."""

from collections.abc import Callable
from struct import Struct
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openwmi.base.cursor import Reader, Writer
from openwmi.base.fault import LocalProtocolError, RemoteProtocolError

UNSIGNED = {"u8": 8, "u16": 16, "u32": 32, "u64": 64}
SIGNED = {"i8": 8, "i16": 16, "i32": 32, "i64": 64}
LAYOUT = Struct("<IHB")


def _bounds() -> list[tuple[str, int, int]]:
    unsigned = [(name, 0, (1 << bits) - 1) for name, bits in UNSIGNED.items()]
    return unsigned + [(name, -(1 << bits - 1), (1 << bits - 1) - 1) for name, bits in SIGNED.items()]


def _fields() -> st.SearchStrategy[list[tuple[str, int]]]:
    return st.lists(
        st.one_of([st.tuples(st.just(name), st.integers(least, most)) for name, least, most in _bounds()]), max_size=8
    )


def _read(reader: Reader, fields: list[tuple[str, int]]) -> list[tuple[str, int]]:
    return [(name, getattr(reader, name)()) for name, _ in fields]


def _written(fields: list[tuple[str, int]]) -> bytes:
    writer = Writer()
    for name, value in fields:
        getattr(writer, name)(value)
    assert len(writer) == len(bytes(writer))
    return bytes(writer)


@given(_fields())
def test_integers_come_back(fields: list[tuple[str, int]]) -> None:
    reader = Reader(_written(fields))
    assert _read(reader, fields) == fields
    reader.expect_end()


@given(_fields())
def test_truncated_at_each_length(fields: list[tuple[str, int]]) -> None:
    whole = _written(fields)
    for length in range(len(whole)):
        reader = Reader(whole[:length])
        with pytest.raises(RemoteProtocolError, match="wanted at offset"):
            _read(reader, fields)
        assert reader.offset <= length


@pytest.mark.parametrize(("name", "least", "most"), _bounds())
def test_an_integer_that_does_not_fit_is_our_fault(name: str, least: int, most: int) -> None:
    writer = Writer()
    for value in (least - 1, most + 1):
        with pytest.raises(LocalProtocolError, match=str(value)):
            getattr(writer, name)(value)
    assert bytes(writer) == b""


def test_integers_are_little_endian() -> None:
    assert _written([("u32", 0x01020304), ("i16", -2)]) == bytes.fromhex("04030201feff")


@pytest.mark.parametrize("kind", [bytes, bytearray, memoryview])
def test_it_reads_any_buffer(kind: Callable[[bytes], bytes]) -> None:
    reader = Reader(kind(b"abcd"))
    assert reader.octets(3) == b"abc"
    assert type(reader.rest()) is bytes


def test_a_range_of_a_larger_buffer() -> None:
    reader = Reader(b"abcdef", 2, 4)
    assert reader.remaining == 2
    assert reader.rest() == b"cd"
    with pytest.raises(RemoteProtocolError, match="1 octets wanted at offset 4, 0 there"):
        reader.u8()


@pytest.mark.parametrize(("offset", "end"), [(-1, 3), (3, 2), (0, 7), (7, 7)])
def test_a_range_outside_of_the_buffer(offset: int, end: int) -> None:
    with pytest.raises(RemoteProtocolError, match="lies outside of 6 octets"):
        Reader(b"abcdef", offset, end)


@pytest.mark.parametrize("count", [-1, 5, 1 << 40])
def test_counts_that_lie(count: int) -> None:
    reader = Reader(b"abcd")
    for read in (reader.skip, reader.octets):
        with pytest.raises(RemoteProtocolError):
            read(count)
    assert reader.offset == 0


def test_several_fields_in_one_step() -> None:
    writer = Writer()
    writer.pack(LAYOUT, 1, 2, 3)
    assert Reader(bytes(writer)).unpack(LAYOUT) == (1, 2, 3)
    for length in range(LAYOUT.size):
        with pytest.raises(RemoteProtocolError):
            Reader(bytes(writer)[:length]).unpack(LAYOUT)


@pytest.mark.parametrize(("layout", "value"), [("<f", 1e300), ("<H", 70_000), ("<H", "text"), ("<H", 1.5)])
def test_a_field_that_does_not_fit_is_our_fault(layout: str, value: object) -> None:
    with pytest.raises(LocalProtocolError, match="does not fit"):
        Writer().pack(Struct(layout), value)


@given(st.integers(0, 20), st.sampled_from([1, 2, 4, 8]), st.integers(0, 8))
def test_both_ends_align_alike(length: int, boundary: int, origin: int) -> None:
    writer = Writer()
    writer.octets(b"x" * length)
    writer.align(boundary, origin)
    aligned = bytes(writer)
    assert (len(aligned) - origin) % boundary == 0
    assert aligned == b"x" * length + bytes(len(aligned) - length)
    assert len(aligned) - length < boundary
    reader = Reader(aligned)
    reader.skip(length)
    reader.align(boundary, origin)
    reader.expect_end()


def test_aligning_past_the_end() -> None:
    reader = Reader(b"abc", 1)
    with pytest.raises(RemoteProtocolError):
        reader.align(4)


def test_guids() -> None:
    writer = Writer()
    writer.guid(UUID("00112233-4455-6677-8899-aabbccddeeff"))
    assert bytes(writer).hex() == "33221100554477668899aabbccddeeff"
    assert Reader(bytes(writer)).guid() == UUID("00112233-4455-6677-8899-aabbccddeeff")
    for length in range(16):
        with pytest.raises(RemoteProtocolError):
            Reader(bytes(writer)[:length]).guid()


def test_a_length_that_is_known_later() -> None:
    writer = Writer()
    writer.u8(1)
    length = writer.reserve_u32()
    writer.octets(memoryview(b"abc"))
    writer.patch_u32(length, 3)
    assert bytes(writer) == b"\x01\x03\x00\x00\x00abc"
    with pytest.raises(LocalProtocolError):
        writer.patch_u32(length, 1 << 32)


def test_restrict_bounds_what_is_read() -> None:
    reader = Reader(b"abcdef")
    with reader.restrict(4):
        assert reader.remaining == 4
        with reader.restrict(1):
            assert reader.rest() == b"a"
        assert reader.rest() == b"bcd"
    assert reader.rest() == b"ef"


def test_restrict_does_not_let_out() -> None:
    reader = Reader(b"abcdef")
    with pytest.raises(RemoteProtocolError, match="5 octets wanted"), reader.restrict(4):
        reader.octets(5)


def test_restrict_notices_what_is_left_over() -> None:
    reader = Reader(b"abcdef")
    with pytest.raises(RemoteProtocolError, match="1 octets left over at offset 3"), reader.restrict(4):
        reader.octets(3)


@pytest.mark.parametrize("size", [-1, 7])
def test_restrict_to_more_than_there_is(size: int) -> None:
    reader = Reader(b"abcdef")
    with pytest.raises(RemoteProtocolError), reader.restrict(size):
        raise AssertionError("the block must not be entered")


def test_restrict_is_lifted_after_an_error_too() -> None:
    reader = Reader(b"abcdef")
    with pytest.raises(ValueError, match="of the block"), reader.restrict(4):
        raise ValueError("of the block")
    assert reader.rest() == b"abcdef"


def test_left_over_octets_are_an_error() -> None:
    reader = Reader(b"ab")
    with pytest.raises(RemoteProtocolError, match="2 octets left over at offset 0"):
        reader.expect_end()
