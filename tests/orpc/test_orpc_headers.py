"""ORPCTHIS, ORPCTHAT, their extensions, and versions."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.orpc.orpc_values import guids, truncated, u32, versions

from openwmi.base.error import WbemError
from openwmi.base.fault import LocalProtocolError, RemoteProtocolError
from openwmi.base.guid import Guid
from openwmi.base.status import HResult
from openwmi.ndr import decode, encode
from openwmi.orpc import OUR_VERSION, ComVersion, OrpcExtent, OrpcExtentArray, OrpcThat, OrpcThis
from openwmi.orpc.wellknown import CLSID_CONTEXT_EXTENSION, CLSID_ERROR_EXTENSION

CID = Guid("93db879a-5aeb-4f84-97be-637a19b65b22")
extents = st.builds(OrpcExtent.of, guids, st.binary(max_size=20))
arrays = st.none() | st.lists(extents, min_size=1, max_size=4).map(OrpcExtentArray.of)


@given(st.builds(OrpcThis, versions, u32, u32, guids, arrays))
def test_round_trip_of_this(this: OrpcThis) -> None:
    octets = encode(OrpcThis, this)
    assert decode(OrpcThis, octets) == (this, len(octets))


@given(st.builds(OrpcThat, u32, arrays))
def test_round_trip_of_that(that: OrpcThat) -> None:
    octets = encode(OrpcThat, that)
    assert decode(OrpcThat, octets) == (that, len(octets))


def test_what_ours_say() -> None:
    assert encode(OrpcThis, OrpcThis.of(CID)) == bytes.fromhex("05000700 00000000 00000000") + CID.bytes_le + bytes(4)
    assert encode(OrpcThat, OrpcThat()) == bytes(8)  # some clients fail on any extension


def test_extensions_are_found_by_their_format() -> None:
    """Padding is cut off, and the NULL that makes their number even is passed over."""
    array = OrpcExtentArray.of([OrpcExtent.of(CLSID_ERROR_EXTENSION, b"error")])
    that, _ = decode(OrpcThat, encode(OrpcThat, OrpcThat(0, array)))
    assert that.extension(CLSID_ERROR_EXTENSION) == b"error"
    assert that.extension(CLSID_CONTEXT_EXTENSION) is None
    assert that.extensions is not None
    assert [extent.data for extent in that.extensions.extents] == [b"error\0\0\0"]
    assert that.extensions.extent is not None
    assert len(that.extensions.extent) == 2
    assert OrpcThis.of(CID).extension(CLSID_ERROR_EXTENSION) is None


def test_an_array_of_extensions_by_its_octets() -> None:
    """The pointer, the array's structure, the pointer to pointers, each extent with its size in front (2.2.13.1-2)."""
    octets = bytes.fromhex(
        "01000000 00000200"  # flags, extensions
        "01000000 00000000 04000200"  # size, reserved, extent
        "02000000 08000200 00000000"  # two pointers, the second NULL
        "08000000"  # the conformant array of the extent
        "1c03000000000000c000000000000046 03000000 6162630000000000"
    )
    that, end = decode(OrpcThat, octets)
    assert end == len(octets)
    assert that.extension(CLSID_ERROR_EXTENSION) == b"abc"
    assert encode(OrpcThat, that) == octets


def test_no_extension_is_a_null_pointer() -> None:
    with pytest.raises(LocalProtocolError):
        OrpcExtentArray.of([])


def test_a_size_that_lies_is_refused() -> None:
    octets = bytearray(encode(OrpcThat, OrpcThat(0, OrpcExtentArray.of([OrpcExtent.of(CID, bytes(8))]))))
    octets[-12] = 9  # 9 octets would need an array of 16
    with pytest.raises(RemoteProtocolError):
        decode(OrpcThat, bytes(octets))


def test_truncated_at_each_length() -> None:
    array = OrpcExtentArray.of([OrpcExtent.of(CID, b"x"), OrpcExtent.of(CID, b"y" * 9), OrpcExtent.of(CID, b"")])
    for octets in truncated(encode(OrpcThis, OrpcThis(OUR_VERSION, 0, 0, CID, array))):
        with pytest.raises(RemoteProtocolError):
            decode(OrpcThis, octets)
    for octets in truncated(encode(OrpcThat, OrpcThat(0, array))):
        with pytest.raises(RemoteProtocolError):
            decode(OrpcThat, octets)


@pytest.mark.parametrize(
    ("version", "accepted"),
    [((5, 1), True), ((5, 6), True), ((5, 7), True), ((5, 8), False), ((4, 7), False), ((6, 0), False)],
)
def test_versions_that_we_serve(version: tuple[int, int], accepted: bool) -> None:
    assert OUR_VERSION.accepts(ComVersion(*version)) is accepted


def test_versions_are_negotiated_downwards() -> None:
    assert OUR_VERSION.negotiate(ComVersion(5, 6)) == ComVersion(5, 6)
    assert OUR_VERSION.negotiate(ComVersion(5, 9)) == OUR_VERSION
    with pytest.raises(WbemError, match=r"COM 6\.0") as caught:
        OUR_VERSION.negotiate(ComVersion(6, 0))
    assert caught.value.status == HResult.RPC_E_VERSION_MISMATCH
