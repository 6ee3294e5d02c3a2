"""References to objects, in all their forms."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.orpc.orpc_values import references, truncated

from openwmi.base.fault import LocalProtocolError, RemoteProtocolError
from openwmi.base.guid import Guid
from openwmi.ndr import InterfacePointer, decode, encode
from openwmi.orpc import (
    Bindings,
    ObjRef,
    ObjRefCustom,
    ObjRefExtended,
    ObjRefHandler,
    ObjRefStandard,
    StdObjRef,
    objref,
)
from openwmi.orpc.wellknown import CLSID_WbemClassObject, IID_IUnknown, IID_IWbemClassObject

STD = StdObjRef(0x1000, 5, 0x0102030405060708, 0x1112131415161718, Guid("00000001-0002-0003-0405-060708090a0b"))
BINDINGS = Bindings.tcp(["10.0.0.1"])
SAMPLES: list[ObjRef] = [
    ObjRefStandard(IID_IUnknown, STD, BINDINGS),
    ObjRefHandler(IID_IUnknown, STD, CLSID_WbemClassObject, BINDINGS),
    ObjRefExtended(IID_IUnknown, STD, BINDINGS, CLSID_WbemClassObject, b"ctx"),
    ObjRefCustom(IID_IWbemClassObject, CLSID_WbemClassObject, b"opaque"),
]
HEADER = "4d454f57 01000000 0000000000000000c000000000000046"
STD_OCTETS = "00100000 05000000 0807060504030201 1817161514131211 01000000 0200 0300 0405060708090a0b"
ARRAY_OCTETS = "0d000b00 0700 3100 3000 2e00 3000 2e00 3000 2e00 3100 0000 0000 0000 0000"


@given(references)
def test_round_trip(reference: ObjRef) -> None:
    assert objref.decode(objref.encode(reference)) == reference


@given(references)
def test_through_an_interface_pointer(reference: ObjRef) -> None:
    octets = encode(InterfacePointer, objref.encode(reference))
    assert decode(InterfacePointer, octets) == (objref.encode(reference), len(octets))


def test_the_layout_of_standard_and_handler() -> None:
    assert objref.encode(SAMPLES[0]) == bytes.fromhex(HEADER + STD_OCTETS + ARRAY_OCTETS)
    handler = HEADER.replace("57 01", "57 02") + STD_OCTETS + CLSID_WbemClassObject.bytes_le.hex() + ARRAY_OCTETS
    assert objref.encode(SAMPLES[1]) == bytes.fromhex(handler)


def test_the_layout_of_extended() -> None:
    clsid = CLSID_WbemClassObject.bytes_le.hex()
    octets = HEADER.replace("57 01", "57 08") + STD_OCTETS + "5659534e" + ARRAY_OCTETS + "01000000 5659534e"
    octets += clsid + "03000000 08000000" + b"ctx".hex() + "0000000000"
    assert objref.encode(SAMPLES[2]) == bytes.fromhex(octets)


def test_the_layout_of_an_object_by_value() -> None:
    """The field that the document calls reserved counts 8 octets more than there are, as Windows writes it."""
    octets = "4d454f57 04000000 81a612dc7f73cf11884d00aa004b2e24"  # IID_IWbemClassObject
    octets += "12f890453a1dd011891f00aa004b2e24 00000000 0e000000" + b"opaque".hex()
    assert objref.encode(SAMPLES[3]) == bytes.fromhex(octets)


@given(st.uuids(), st.uuids(), st.binary())
def test_objects_by_value_of_which_there_are_many(iid: Guid, clsid: Guid, data: bytes) -> None:
    assert objref.encode_by_value(iid, clsid, data) == objref.encode(ObjRefCustom(iid, clsid, data))


@pytest.mark.parametrize("size", [0, 6, 0xFFFFFFFF])
def test_the_size_in_an_object_by_value_is_not_relied_on(size: int) -> None:
    reference = ObjRefCustom(IID_IWbemClassObject, CLSID_WbemClassObject, b"opaque", size)
    found = objref.decode(objref.encode(reference))
    assert found == reference
    assert isinstance(found, ObjRefCustom)
    assert found.data == b"opaque"


def test_noping() -> None:
    assert STD.noping
    assert not StdObjRef(0, 5, 1, 2, STD.ipid).noping


@pytest.mark.parametrize("reference", SAMPLES, ids=lambda reference: type(reference).__name__)
def test_truncated_at_each_length(reference: ObjRef) -> None:
    fixed = 48 if isinstance(reference, ObjRefCustom) else None  # what comes after is all data
    for octets in truncated(objref.encode(reference)[:fixed]):
        with pytest.raises(RemoteProtocolError):
            objref.decode(octets)


@pytest.mark.parametrize("reference", SAMPLES[:3], ids=lambda reference: type(reference).__name__)
def test_octets_after_a_reference_are_not_looked_at(reference: ObjRef) -> None:
    assert objref.decode(objref.encode(reference) + b"\xaa\xbb") == reference


@given(st.sampled_from(SAMPLES), st.integers(min_value=0), st.integers(1, 255))
def test_a_changed_octet_is_read_or_refused(reference: ObjRef, at: int, change: int) -> None:
    octets = bytearray(objref.encode(reference))
    octets[at % len(octets)] ^= change
    try:
        found = objref.decode(bytes(octets))
    except RemoteProtocolError:
        return
    assert objref.decode(objref.encode(found)) == found


@pytest.mark.parametrize(
    ("octets", "why"),
    [
        ("4d454f58" + HEADER[8:], "begins with"),
        (HEADER[:9] + "03000000" + HEADER[17:], "of kind 0x00000003"),
        (HEADER[:9] + "00000000" + HEADER[17:], "of kind 0x00000000"),
        (HEADER[:18] + "00" * 16, "IID is NULL"),
    ],
    ids=["signature", "two kinds", "no kind", "no IID"],
)
def test_what_is_no_reference(octets: str, why: str) -> None:
    with pytest.raises(RemoteProtocolError, match=why):
        objref.decode(bytes.fromhex(octets + STD_OCTETS + ARRAY_OCTETS))


@pytest.mark.parametrize(
    ("at", "octets", "why"),
    [(64, "00", "Signature1"), (-40, "02", "nElms"), (-36, "00", "Signature2"), (-12, "09", "in 9|of 3 octets in 9")],
)
def test_an_extended_reference_that_contradicts_itself(at: int, octets: str, why: str) -> None:
    broken = bytearray(objref.encode(SAMPLES[2]))
    broken[at] = int(octets, 16)
    with pytest.raises(RemoteProtocolError, match=why):
        objref.decode(bytes(broken))


def test_a_count_that_does_not_fit_cannot_be_sent() -> None:
    with pytest.raises(LocalProtocolError):
        objref.encode(ObjRefStandard(IID_IUnknown, StdObjRef(0, 1 << 32, 1, 1, STD.ipid), BINDINGS))
