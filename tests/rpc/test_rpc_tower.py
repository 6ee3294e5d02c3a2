"""Protocol towers: there and back, what others write, and octets that nobody meant."""

from __future__ import annotations

import ipaddress
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openwmi.base.fault import RemoteProtocolError
from openwmi.base.guid import Guid
from openwmi.rpc import NDR, NDR64, SyntaxId, Tower

u16 = st.integers(0, 0xFFFF)
SYNTAXES = st.builds(SyntaxId, st.uuids(), u16, u16)
TOWERS = st.builds(Tower, SYNTAXES, SYNTAXES, u16, st.ip_addresses(v=4))
EXAMPLE = Tower(SyntaxId(Guid("000001a0-0000-0000-c000-000000000046")), NDR, 135, ipaddress.IPv4Address("192.0.2.1"))
OCTETS = bytes.fromhex(
    "0500 1300 0d a0010000 0000 0000 c000 000000000046 0000 0200 0000"
    "1300 0d 045d888a eb1c c911 9fe8 08002b104860 0200 0200 0000"
    "0100 0b 0200 0000 0100 07 0200 0087 0100 09 0400 c0000201"
)


def test_the_layout_of_the_document() -> None:
    assert EXAMPLE.encode() == OCTETS
    assert Tower.decode(OCTETS) == EXAMPLE
    assert Tower(EXAMPLE.interface, NDR64).port == 0


@given(TOWERS)
def test_towers_come_back(tower: Tower) -> None:
    assert Tower.decode(tower.encode()) == tower


@pytest.mark.parametrize("size", range(len(OCTETS)))
def test_truncated(size: int) -> None:
    with pytest.raises(RemoteProtocolError):
        Tower.decode(OCTETS[:size])


@given(st.integers(0, len(OCTETS) - 1), st.integers(1, 255))
def test_damaged_ones_are_refused_or_mean_something(at: int, change: int) -> None:
    octets = bytearray(OCTETS)
    octets[at] ^= change
    with suppress(RemoteProtocolError):
        Tower.decode(bytes(octets))


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ("0100 09 0400 c0000201", "0100 11 0400 c0000201", "not of RPC over TCP"),
        ("0100 09 0400 c0000201", "0100 09 0300 c00002", "address of 3"),
        ("0100 07 0200 0087", "0100 07 0100 87", "port of 1"),
        ("0200 0200 0000 0100 0b", "0200 0100 00 0100 0b", "names no interface"),
    ],
)
def test_towers_of_other_kinds(old: str, new: str, problem: str) -> None:
    octets = OCTETS.replace(bytes.fromhex(old), bytes.fromhex(new))
    assert octets != OCTETS
    with pytest.raises(RemoteProtocolError, match=problem):
        Tower.decode(octets)
