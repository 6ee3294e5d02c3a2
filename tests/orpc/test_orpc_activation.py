"""Activation: the BLOB of properties, requests as several clients write them, and the replies that they need.

`requests.json` holds the stubs that released clients made when they were run; nothing in it is secret or personal.
"""

from __future__ import annotations

import json
from pathlib import Path
from struct import pack_into, unpack_from

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.orpc.orpc_values import bindings, contexts, exporters, guids, results, truncated, u16, u32, versions

from openwmi.base.fault import LocalProtocolError, RemoteProtocolError
from openwmi.base.guid import Guid
from openwmi.base.status import HResult
from openwmi.ndr import NDR20, InterfacePointer, NdrReader, Parameters, encode_type
from openwmi.orpc import (
    OUR_VERSION,
    ActivationProperties,
    ActivationReply,
    ActivationRequest,
    Bindings,
    Context,
    InterfaceResult,
    ObjRefCustom,
    ObjRefStandard,
    OrpcThis,
    OxidEntry,
    SecurityBinding,
    StdObjRef,
    objref,
)
from openwmi.orpc.blob import CustomHeader
from openwmi.orpc.properties import (
    ActivationContextInfoData,
    CoServerInfo,
    InstanceInfoData,
    InstantiationInfoData,
    LocationInfoData,
    Property,
    PropsOutInfo,
    RemoteReplyScmInfo,
    RemoteRequestScmInfo,
    ScmReplyInfoData,
    ScmRequestInfoData,
    SecurityInfoData,
    SpecialPropertiesData,
    SpecialPropertiesDataAlternate,
    UnknownProperty,
)
from openwmi.orpc.wellknown import (
    CLSID_ActivationPropertiesIn,
    CLSID_ActivationPropertiesOut,
    IID_IActivationPropertiesIn,
    IID_IActivationPropertiesOut,
    IID_IUnknown,
)

LEVEL1_CLSID = Guid("8bc3f05e-d86b-11d0-a075-00c04fb68820")
LEVEL1_IID = Guid("f309ad18-d86a-11d0-a075-00c04fb68820")
PEERS = json.loads((Path(__file__).parent / "requests.json").read_text())
ACTIVATIONS = [peer for peer in PEERS if peer["method"] != "RemoteActivation"]

NO_LOCATION = LocationInfoData()
WANTED = InstantiationInfoData(LEVEL1_CLSID, 20, 0, 0, 1, 0, (LEVEL1_IID,), 88, OUR_VERSION)
REQUEST = ActivationRequest(LEVEL1_CLSID, (LEVEL1_IID,), context=b"context", server_name="srv1")
REPLY = ActivationReply(
    (
        InterfaceResult(
            LEVEL1_IID, 0, ObjRefStandard(LEVEL1_IID, StdObjRef(0, 5, 1, 2, Guid(int=3)), Bindings.tcp(["srv1"]))
        ),
        InterfaceResult(IID_IUnknown, HResult.E_NOINTERFACE),
    ),
    OxidEntry(1, Bindings.tcp(["10.0.0.1", "srv1"], 49152, [SecurityBinding(10)]), Guid(int=4)),
)

optional_octets = st.none() | st.binary(max_size=20)
optional_texts = st.none() | st.text(st.characters(min_codepoint=1, max_codepoint=0xD7FF), max_size=10)
optional_numbers = st.none() | u32
i32 = st.integers(-(1 << 31), (1 << 31) - 1)
protseqs = st.lists(u16, max_size=4).map(tuple)
iid_lists = st.lists(guids, min_size=1, max_size=3).map(tuple)
known_properties: st.SearchStrategy[Property] = st.one_of(
    st.builds(
        lambda clsid, iids, flags, version: InstantiationInfoData(clsid, 20, flags, 0, len(iids), 0, iids, 88, version),
        guids,
        iid_lists,
        u32,
        versions,
    ),
    st.builds(SpecialPropertiesData, u32, i32, i32, i32, u32, guids, u32, u32, u32),
    st.builds(SpecialPropertiesDataAlternate, u32, i32, i32, i32, u32, guids, u32, u32, u32, st.tuples(*[u32] * 8)),
    st.builds(InstanceInfoData, optional_texts, u32, optional_octets, optional_octets),
    st.builds(
        lambda level, numbers: ScmRequestInfoData(None, RemoteRequestScmInfo(level, len(numbers), numbers)),
        u32,
        protseqs,
    ),
    st.builds(ActivationContextInfoData, i32, i32, u32, u32, optional_octets, optional_octets),
    st.builds(LocationInfoData, optional_texts, u32, u32, u32),
    st.builds(
        SecurityInfoData,
        u32,
        st.none() | st.builds(CoServerInfo, u32, optional_texts, optional_numbers, u32),
        optional_numbers,
    ),
    st.builds(
        lambda oxid, found, ipid, hint, version: ScmReplyInfoData(
            None, RemoteReplyScmInfo(oxid, found.array, ipid, hint, version)
        ),
        st.integers(0, 0xFFFFFFFFFFFFFFFF),
        bindings,
        guids,
        u32,
        versions,
    ),
    st.builds(
        lambda parts: PropsOutInfo(len(parts), *map(tuple, zip(*parts, strict=True))),
        st.lists(st.tuples(guids, u32, optional_octets), min_size=1, max_size=3),
    ),
)
unknown_properties = st.builds(UnknownProperty, guids.filter(lambda clsid: clsid.int >> 96), st.binary(max_size=30))
blobs = st.builds(
    ActivationProperties, st.lists(known_properties | unknown_properties, min_size=1, max_size=10).map(tuple), u32
)
requests = st.builds(
    ActivationRequest,
    guids,
    iid_lists,
    protseqs,
    u32,
    u32,
    optional_octets,
    optional_texts,
    versions,
)
replies = st.builds(ActivationReply, st.lists(results, min_size=1, max_size=3).map(tuple), exporters)


@given(blobs)
def test_round_trip_of_properties(blob: ActivationProperties) -> None:
    octets = blob.encode()
    assert ActivationProperties.decode(octets) == blob
    assert int.from_bytes(octets[:4], "little") == len(octets) - 8


@given(requests)
def test_round_trip_of_a_request(request: ActivationRequest) -> None:
    assert ActivationRequest.decode(request.encode()) == request


@given(replies)
def test_round_trip_of_a_reply(reply: ActivationReply) -> None:
    assert ActivationReply.decode(reply.encode()) == reply


@given(contexts)
def test_round_trip_of_a_context(context: Context) -> None:
    assert Context.decode(context.encode()) == context
    assert context.reference.size == len(context.encode())


@pytest.mark.parametrize("peer", ACTIVATIONS, ids=lambda peer: f"{peer['client']} {peer['method']}")
def test_requests_of_other_clients(peer: dict[str, str]) -> None:
    """Odd referents, sizes that do not count padding, filler that is not zero, padding of 0xFA and 0xAA."""
    hints: dict[str, object] = {"this": OrpcThis}
    if peer["method"] == "RemoteCreateInstance":
        hints["outer"] = InterfacePointer
    hints["properties"] = InterfacePointer
    reader = NdrReader(bytes.fromhex(peer["stub"]))
    values = dict(zip(hints, Parameters("request", hints, {}, NDR20).decode(reader, None), strict=True))
    reader.expect_end()
    assert (values["this"].version, values["this"].flags) == (OUR_VERSION, 1)
    assert values.get("outer") is None
    request = ActivationRequest.decode(values["properties"])
    assert (request.clsid, request.iids) == (LEVEL1_CLSID, (LEVEL1_IID,))
    assert (request.protseqs, request.context, request.server_name) == ((7,), None, None)
    assert request.version == OUR_VERSION


def test_our_request_has_what_windows_sends_in_its_order() -> None:
    reference = objref.decode(REQUEST.encode())
    assert isinstance(reference, ObjRefCustom)
    assert (reference.iid, reference.clsid) == (IID_IActivationPropertiesIn, CLSID_ActivationPropertiesIn)
    items = ActivationProperties.decode(reference.data).items
    assert [type(item) for item in items] == [
        SpecialPropertiesData,
        InstantiationInfoData,
        ActivationContextInfoData,
        SecurityInfoData,
        LocationInfoData,
        ScmRequestInfoData,
    ]
    assert items[1] == WANTED  # this_size among them: 88 for one interface


def test_a_request_needs_no_more_than_what_to_make() -> None:
    octets = wrapped_request(ActivationProperties((WANTED,)))
    assert ActivationRequest.decode(octets) == ActivationRequest(LEVEL1_CLSID, (LEVEL1_IID,))


def test_our_reply_has_what_clients_take_by_position() -> None:
    """Interfaces first, the exporter second, a header of exactly 112 octets, and sizes that add up."""
    reference = objref.decode(REPLY.encode())
    assert isinstance(reference, ObjRefCustom)
    assert (reference.iid, reference.clsid) == (IID_IActivationPropertiesOut, CLSID_ActivationPropertiesOut)
    assert [type(item) for item in ActivationProperties.decode(reference.data).items] == [
        PropsOutInfo,
        ScmReplyInfoData,
    ]
    total_size, header_size = unpack_from("<II", reference.data, 24)
    sizes = unpack_from("<II", reference.data, 112)
    assert header_size == 112
    assert total_size == 112 + sum(sizes) == len(reference.data) - 8
    assert not any(size % 8 for size in sizes)


def test_the_older_form_of_special_properties() -> None:
    """Windows 2000 to Server 2003: 80 octets instead of 88, and both are accepted."""
    old = SpecialPropertiesDataAlternate(1, 0, 0, 0, 5, Guid(int=1), 2, 3, 4, (5,) * 8)
    octets = ActivationProperties((old, SpecialPropertiesData())).encode()
    assert ActivationProperties.decode(octets).items == (old, SpecialPropertiesData())


def test_properties_are_found_by_type() -> None:
    blob = ActivationProperties((NO_LOCATION, WANTED))
    assert blob.find(InstantiationInfoData) is WANTED
    assert blob.find(PropsOutInfo) is None


def wrapped_request(blob: ActivationProperties) -> bytes:
    return objref.encode(ObjRefCustom(IID_IActivationPropertiesIn, CLSID_ActivationPropertiesIn, blob.encode()))


def wrapped_reply(*items: Property) -> bytes:
    blob = ActivationProperties(items).encode()
    return objref.encode(ObjRefCustom(IID_IActivationPropertiesOut, CLSID_ActivationPropertiesOut, blob))


SCM = ScmReplyInfoData(None, RemoteReplyScmInfo(1, Bindings().array, Guid(int=1), 5, OUR_VERSION))
MADE = PropsOutInfo(1, (LEVEL1_IID,), (HResult.E_NOINTERFACE,), (None,))


@pytest.mark.parametrize(
    ("octets", "why"),
    [
        (REQUEST.encode(), "OBJREF_CUSTOM of 00000339"),
        (objref.encode(ObjRefStandard(LEVEL1_IID, StdObjRef(0, 5, 1, 2, Guid(int=3)), Bindings())), "OBJREF_CUSTOM"),
        (wrapped_reply(MADE), "without an exporter"),
        (wrapped_reply(SCM), "without interfaces"),
        (wrapped_reply(MADE, ScmReplyInfoData(None, None)), "without an exporter"),
        (
            wrapped_reply(MADE, ScmReplyInfoData(None, RemoteReplyScmInfo(1, None, Guid(int=1), 5, OUR_VERSION))),
            "without an exporter",
        ),
        (wrapped_reply(PropsOutInfo(1, (LEVEL1_IID,), None, (None,)), SCM), "of no interfaces"),
        (wrapped_reply(PropsOutInfo(0, (), (), ()), SCM), "of no interfaces"),
        (wrapped_reply(PropsOutInfo(1, (LEVEL1_IID,), (0,), (None,)), SCM), "without one"),
        (wrapped_reply(PropsOutInfo(1, (LEVEL1_IID,), (0x80004002,), (b"MEOW",)), SCM), "with one"),
    ],
    ids=[
        "a request",
        "no properties",
        "no exporter",
        "no interfaces",
        "an exporter that is NULL",
        "an exporter nowhere",
        "results that are NULL",
        "no interface at all",
        "success with nothing",
        "failure with a reference",
    ],
)
def test_what_is_no_reply(octets: bytes, why: str) -> None:
    with pytest.raises(RemoteProtocolError, match=why):
        ActivationReply.decode(octets)


@pytest.mark.parametrize(
    "items",
    [
        (NO_LOCATION,),
        (InstantiationInfoData(LEVEL1_CLSID, 20, 0, 0, 0, 0, (), 72, OUR_VERSION),),
        (InstantiationInfoData(LEVEL1_CLSID, 20, 0, 0, 1, 0, None, 72, OUR_VERSION),),
        (InstantiationInfoData(LEVEL1_CLSID, 20, 0, 0, 0x8001, 0, (LEVEL1_IID,) * 0x8001, 72, OUR_VERSION),),
    ],
    ids=["nothing to make", "no interface", "interfaces that are NULL", "too many interfaces"],
)
def test_what_is_no_request(items: tuple[Property, ...]) -> None:
    with pytest.raises(RemoteProtocolError, match="names no interface"):
        ActivationRequest.decode(wrapped_request(ActivationProperties(items)))


@pytest.mark.parametrize("count", [0, 11])
def test_a_blob_holds_one_to_ten_properties(count: int) -> None:
    with pytest.raises(LocalProtocolError):
        ActivationProperties((NO_LOCATION,) * count).encode()


@pytest.mark.parametrize(
    ("offset", "value", "why"),
    [
        (0, 0x10000, "octets wanted"),  # dwSize
        (28, 0, "longer than its 0 octets"),  # headerSize
        (28, 0xFFFFFFFF, "octets wanted"),
        (40, 11, "."),  # cIfs
        (116, 0xFFFFFFFF, "octets wanted"),  # the second of the sizes
        (116, 16, "."),  # too short for what it is the size of
    ],
)
def test_a_blob_that_contradicts_itself(offset: int, value: int, why: str) -> None:
    octets = bytearray(ActivationProperties((NO_LOCATION, NO_LOCATION)).encode())
    pack_into("<I", octets, offset, value)
    with pytest.raises(RemoteProtocolError, match=why):
        ActivationProperties.decode(bytes(octets))


@pytest.mark.parametrize(
    ("clsids", "sizes"), [((), ()), (None, (16,)), ((LEVEL1_CLSID,), None)], ids=["none", "no CLSIDs", "no sizes"]
)
def test_a_header_without_properties(clsids: tuple[Guid, ...] | None, sizes: tuple[int, ...] | None) -> None:
    count = len(clsids or sizes or ())
    header = encode_type(CustomHeader, CustomHeader(80, 80, 0, 2, count, Guid(int=0), clsids, sizes, None))
    octets = len(header).to_bytes(4, "little") + bytes(4) + header
    with pytest.raises(RemoteProtocolError, match=f"of {count} properties"):
        ActivationProperties.decode(octets)


def test_truncated_at_each_length() -> None:
    """Shorter in the OBJREF, so that each inner length is checked too."""
    for octets in truncated(REQUEST.encode()):
        with pytest.raises(RemoteProtocolError):
            ActivationRequest.decode(octets)
    for octets in truncated(REPLY.encode()):
        with pytest.raises(RemoteProtocolError):
            ActivationReply.decode(octets)
    for octets in truncated(Context(Guid(int=1), (), 0).encode()):
        with pytest.raises(RemoteProtocolError):
            Context.decode(octets)


@given(st.integers(min_value=0), st.integers(1, 255))
def test_a_changed_octet_is_read_or_refused(at: int, change: int) -> None:
    request, reply = bytearray(REQUEST.encode()), bytearray(REPLY.encode())
    request[at % len(request)] ^= change
    reply[at % len(reply)] ^= change
    for decode, octets in ((ActivationRequest.decode, request), (ActivationReply.decode, reply)):
        try:
            decode(bytes(octets))
        except RemoteProtocolError:
            continue


@pytest.mark.parametrize(
    ("offset", "octets", "why"),
    [
        (0, b"\2", "version"),
        (20, b"\4", "flags 0x4"),
        (28, b"\1", "1 extents"),
        (40, b"\xff", "255 context properties"),
    ],
)
def test_a_context_that_is_none(offset: int, octets: bytes, why: str) -> None:
    broken = bytearray(Context(Guid(int=1)).encode())
    broken[offset : offset + 1] = octets
    with pytest.raises(RemoteProtocolError, match=why):
        Context.decode(bytes(broken))
