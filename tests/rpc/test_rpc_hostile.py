"""Every door of DCE/RPC and DCOM with what nobody meant to send: cut at each length, each bit turned, and rubbish."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.rpc.examined import DOORS, READERS, is_sound, seeds

SEEDS = [octets for _, octets in seeds() if len(octets) < 1000]


@pytest.mark.parametrize(("name", "octets"), seeds())
def test_seeds_are_taken(name: str, octets: bytes) -> None:
    assert is_sound(octets)
    assert not is_sound(octets[:1])


@pytest.mark.parametrize("octets", SEEDS[:10])
def test_cut_at_each_length(octets: bytes) -> None:
    for size in range(2, len(octets)):
        is_sound(octets[:size])


@given(st.sampled_from(SEEDS), st.data())
@settings(max_examples=300)
def test_bits_turned(seed: bytes, data: st.DataObject) -> None:
    octets = bytearray(seed)
    for _ in range(data.draw(st.integers(1, 4))):
        octets[data.draw(st.integers(0, len(octets) - 1))] ^= 1 << data.draw(st.integers(0, 7))
    is_sound(bytes(octets))


@given(st.integers(0, len(DOORS) - 1), st.integers(0, max(255, len(READERS))), st.binary(max_size=200))
@settings(max_examples=300)
def test_rubbish(door: int, how: int, octets: bytes) -> None:
    is_sound(bytes((door, how & 0xFF)) + octets)
