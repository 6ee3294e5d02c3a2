"""DUALSTRINGARRAY in both of its forms."""

from __future__ import annotations

from struct import pack

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.orpc.orpc_values import bindings, truncated

from openwmi.base.fault import LocalProtocolError, RemoteProtocolError
from openwmi.ndr import decode, encode
from openwmi.orpc import Bindings, DualStringArray, SecurityBinding, StringBinding

SAMPLE = Bindings(
    (StringBinding.tcp("10.0.0.1", 5000), StringBinding.tcp("srv1", 5000)),
    (SecurityBinding(10, ""), SecurityBinding(9, "host/srv1")),
)


@given(bindings)
def test_round_trip_of_the_packet_form(value: Bindings) -> None:
    assert Bindings.decode(value.encode()) == value


@given(bindings)
def test_round_trip_of_the_ndr_form(value: Bindings) -> None:
    octets = encode(DualStringArray, value.array)
    array, end = decode(DualStringArray, octets)
    assert end == len(octets)
    assert array.bindings == value
    assert octets[4:] == value.encode()  # the same, after the count of the array


@pytest.mark.parametrize(("characters", "kept"), [(507, True), (508, False), (10_000, False)])
def test_what_is_long_is_read_and_not_kept(characters: int, kept: bool) -> None:
    """A stranger's octets: a few of the longest would be megabytes."""
    value = Bindings.tcp(["x" * characters])
    octets = value.encode()
    assert (len(octets) - 4 <= 1024) == kept
    first, second = Bindings.decode(octets), Bindings.decode(octets)
    assert first == second == value
    assert (first is second) == kept


def test_what_came_long_ago_is_not_kept() -> None:
    octets = Bindings.tcp(["10.0.0.1"]).encode()
    first = Bindings.decode(octets)
    for number in range(1000):
        Bindings.decode(Bindings.tcp([f"host{number}"]).encode())
    assert Bindings.decode(octets) == first
    assert Bindings.decode(octets) is not first


def test_the_same_octets_in_other_sections_say_something_else() -> None:
    octets = bytes.fromhex("0a00 ffff 4200 0000 0000")
    as_strings, as_securities = (Bindings.decode(pack("<HH", 5, offset) + octets) for offset in (5, 0))
    assert (len(as_strings.strings), as_strings.securities) == (1, ())
    assert (as_securities.strings, as_securities.securities) == ((), (SecurityBinding(10, "B"),))


def test_the_layout() -> None:
    value = Bindings((StringBinding(7, "A[1]"),), (SecurityBinding(10, "B"),))
    assert value.encode() == bytes.fromhex(
        "0c000700"  # 12 USHORTs, the security bindings after 7
        "0700 4100 5b00 3100 5d00 0000"
        "0000"
        "0a00 ffff 4200 0000"
        "0000"
    )


def test_the_smallest_array_is_the_documents() -> None:
    """2.2.19.1: wNumEntries 4, wSecurityOffset 2, then four zeros."""
    assert Bindings().encode() == bytes.fromhex("04000200 0000000000000000")
    assert Bindings.decode(bytes.fromhex("04000200 0000000000000000")) == Bindings()


@pytest.mark.parametrize(
    "octets",
    [
        "00000000",  # nothing at all
        "01000100 0000",  # only the terminator of the string bindings
        "03000300 0700 4100 0000",  # no terminator, and no security bindings
        "06000400 0700 4100 0000 0000 0000 0000",  # an array that ends in more zeros than it must
    ],
)
def test_arrays_that_others_may_write(octets: str) -> None:
    assert Bindings.decode(bytes.fromhex(octets)).securities == ()


@pytest.mark.parametrize(
    ("octets", "why"),
    [
        ("02000300 00000000", "security bindings at 3"),
        ("03000300 0700 4100 4200", "has no end"),
        ("04000300 0700 4100 4200 0000", "has no end"),  # its end is in the other section
        ("04000200 0000 0000 0a00 ffff", "has no end"),
        ("03000200 0000 0000 0a00", "2 octets wanted"),
        ("04000200 0000 0000 0000 0000 00", "left over"),
    ],
)
def test_arrays_that_contradict_themselves(octets: str, why: str) -> None:
    with pytest.raises(RemoteProtocolError, match=why):
        Bindings.decode(bytes.fromhex(octets))


def test_truncated_at_each_length() -> None:
    for octets in truncated(SAMPLE.encode()):
        with pytest.raises(RemoteProtocolError):
            Bindings.decode(octets)


@given(st.binary(max_size=60))
def test_any_octets_decode_or_are_refused(octets: bytes) -> None:
    try:
        value = Bindings.decode(octets)
    except RemoteProtocolError:
        return
    assert Bindings.decode(value.encode()) == value


@given(st.lists(st.integers(0, 0xFFFF), max_size=20), st.integers(0, 30))
def test_any_array_of_a_call_is_read_or_refused(units: list[int], security_offset: int) -> None:
    try:
        value = DualStringArray(len(units), security_offset, tuple(units)).bindings
    except RemoteProtocolError:
        return
    assert value.array.bindings == value


@pytest.mark.parametrize(
    "value",
    [
        Bindings((StringBinding(0, "a"),)),
        Bindings((StringBinding(0x10000, "a"),)),
        Bindings((StringBinding(7, "a\0b"),)),
        Bindings((), (SecurityBinding(0, "a"),)),
        Bindings((), (SecurityBinding(10, "a", -1),)),
        Bindings(tuple(StringBinding(7, "x" * 100) for _ in range(700))),
    ],
    ids=["tower 0", "tower too large", "NUL", "service 0", "authorization", "too many"],
)
def test_what_cannot_be_sent(value: Bindings) -> None:
    with pytest.raises(LocalProtocolError):
        value.encode()
    with pytest.raises(LocalProtocolError):
        _ = value.array


@pytest.mark.parametrize(
    ("address", "host", "endpoint", "port"),
    [
        ("srv1", "srv1", None, None),
        ("srv1[49152]", "srv1", "49152", 49152),
        ("fe80::1%eth0[135]", "fe80::1%eth0", "135", 135),
        ("[::1][135]", "[::1]", "135", 135),
        ("[::1]", "[::1]", None, None),
        ("srv1[\\pipe\\epmapper]", "srv1", "\\pipe\\epmapper", None),
        ("srv1[]", "srv1", "", None),
        ("srv1[0]", "srv1", "0", None),
        ("srv1[65536]", "srv1", "65536", None),
        ("srv1[٣]", "srv1", "٣", None),
        ("srv1[" + "9" * 5000 + "]", "srv1", "9" * 5000, None),
        ("", "", None, None),
    ],
)
def test_host_and_endpoint(address: str, host: str, endpoint: str | None, port: int | None) -> None:
    binding = StringBinding(7, address)
    assert (binding.host, binding.endpoint, binding.port) == (host, endpoint, port)


def test_bindings_of_a_host() -> None:
    """The order is kept, since clients take the first that they can use; a host comes once."""
    assert [binding.address for binding in Bindings.tcp(["10.0.0.1", "srv1", "10.0.0.1"], 135).strings] == [
        "10.0.0.1[135]",
        "srv1[135]",
    ]
    assert Bindings.tcp(["srv1"]).strings == (StringBinding(7, "srv1"),)
