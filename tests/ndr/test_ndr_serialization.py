"""Type serialization version 1, [MS-RPCE] 2.2.6."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from openwmi.base.fault import RemoteProtocolError
from openwmi.ndr import LPWSTR, U32, U64, decode_type, encode_type


@dataclass(frozen=True, slots=True)
class Location:
    name: LPWSTR
    process: U32


OCTETS = bytes.fromhex(
    "01 10 0800 cccccccc 18000000 00000000"  # both headers
    "00000200 05000000 02000000 00000000 02000000 6100 0000"  # referent, number, the string: 24 octets
)


def test_headers_and_padding() -> None:
    assert encode_type(Location, Location("a", 5)) == OCTETS
    assert decode_type(Location, OCTETS) == (Location("a", 5), len(OCTETS))
    padded = encode_type(Location, Location("abc", 5))
    assert len(padded) == 16 + 32
    assert padded[8:12] == bytes.fromhex("20000000")
    assert padded.endswith(b"c\0\0\0" + b"\0" * 4)


def test_alignment_starts_anew_wherever_the_type_stands() -> None:
    blob = b"123" + encode_type(U64, 7) + OCTETS
    first, offset = decode_type(U64, blob, 3)
    second, end = decode_type(Location, blob, offset)
    assert (first, second, end) == (7, Location("a", 5), len(blob))


def test_fillers_are_ignored_and_so_is_what_the_length_covers_behind_the_type() -> None:
    other = bytearray(OCTETS)
    other[4:8] = b"\xfa" * 4
    other[8] += 8
    other[12:16] = b"\xfa" * 4
    other += b"\xfa" * 8 + b"next"
    assert decode_type(Location, bytes(other)) == (Location("a", 5), len(other) - 4)


@pytest.mark.parametrize("header", ["02100800", "01000800", "01100900", "00100800"])
def test_other_versions_and_byte_orders_are_refused(header: str) -> None:
    with pytest.raises(RemoteProtocolError, match="type serialization 1"):
        decode_type(Location, bytes.fromhex(header) + OCTETS[4:])


def test_truncated_at_each_length() -> None:
    for size in range(len(OCTETS)):
        with pytest.raises(RemoteProtocolError):
            decode_type(Location, OCTETS[:size])


def test_a_length_that_is_too_small_is_noticed() -> None:
    short = bytearray(OCTETS)
    short[8] -= 8
    with pytest.raises(RemoteProtocolError):
        decode_type(Location, bytes(short))
