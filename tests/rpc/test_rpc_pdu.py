"""Every PDU, there and back; bad octets give RemoteProtocolError and nothing else."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openwmi.base.fault import LocalProtocolError, RemoteProtocolError
from openwmi.base.guid import Guid
from openwmi.rpc import pdu
from openwmi.rpc.bind import AlterContext, AlterContextResp, Bind, BindAck, BindNak, ContextElement, ContextResult
from openwmi.rpc.call import Auth3, CoCancel, Fault, Orphaned, Request, Response, Shutdown
from openwmi.rpc.header import WHOLE, PduFlags, Verifier, peek_header
from openwmi.rpc.syntax import BindFeatures, SyntaxId, features_of, features_syntax

u8, u16, u32 = st.integers(0, 0xFF), st.integers(0, 0xFFFF), st.integers(0, 0xFFFFFFFF)
syntaxes = st.builds(SyntaxId, st.uuids(allow_nil=True), u16, u16)
elements = st.builds(ContextElement, u16, syntaxes, st.lists(syntaxes, max_size=3).map(tuple))
results = st.builds(ContextResult, u16, u16, syntaxes)
values = st.binary(min_size=1, max_size=40)
# Padding is what encode makes it, so a verifier's pad_length is compared apart.
verifiers = st.none() | st.builds(Verifier, u8, u8, u32, values)
bind_fields = (u32, st.lists(elements, max_size=4).map(tuple), u16, u16, u32, verifiers)
ack_fields = (
    u32,
    st.lists(results, max_size=4).map(tuple),
    u16,
    u16,
    u32,
    st.text("0123456789", max_size=5),
    verifiers,
)
pdus = st.one_of(
    st.builds(Bind, *bind_fields),
    st.builds(AlterContext, *bind_fields),
    st.builds(BindAck, *ack_fields),
    st.builds(AlterContextResp, *ack_fields),
    st.builds(BindNak, u32, u16, st.lists(st.tuples(u8, u8), max_size=3).map(tuple)),
    st.builds(Auth3, u32, verifiers),
    st.builds(CoCancel, u32, verifiers),
    st.builds(Orphaned, u32, verifiers),
    st.builds(Shutdown, u32),
    st.builds(Request, u32, u16, u16, st.binary(max_size=60), st.none(), u32, verifiers),
    st.builds(
        Request,
        u32,
        u16,
        u16,
        st.binary(max_size=60),
        st.uuids(),
        u32,
        verifiers,
        st.just(WHOLE | PduFlags.OBJECT_UUID),
    ),
    st.builds(Response, u32, u16, st.binary(max_size=60), u8, u32, verifiers),
    st.builds(Fault, u32, u16, u32, u8),
)


def without_padding(message: pdu.Pdu) -> dict[str, object]:
    fields = {name: getattr(message, name) for name in message.__dataclass_fields__ if name != "TYPE"}
    auth = fields["auth"]
    if isinstance(auth, Verifier):
        fields["auth"] = Verifier(auth.type, auth.level, auth.context_id, auth.value)
    return fields


@given(pdus)
def test_round_trip(message: pdu.Pdu) -> None:
    octets = pdu.encode(message)
    again = pdu.decode(octets)
    assert type(again) is type(message)
    assert without_padding(again) == without_padding(message)
    assert pdu.encode(again) == octets
    header = peek_header(octets)
    assert header is not None
    assert header.fragment_length == len(octets)


@given(pdus, st.data())
def test_truncated_with_a_length_that_agrees(message: pdu.Pdu, data: st.DataObject) -> None:
    octets = pdu.encode(message)
    cut = data.draw(st.integers(0, len(octets) - 1))
    short = bytearray(octets[:cut])
    with pytest.raises(RemoteProtocolError):
        pdu.decode(bytes(short))
    if cut >= 16:
        short[8:10] = cut.to_bytes(2, "little")
        decodes_or_refuses(bytes(short))


@given(pdus, st.integers(0), st.integers(1, 255))
def test_one_octet_changed(message: pdu.Pdu, where: int, change: int) -> None:
    octets = bytearray(pdu.encode(message))
    octets[where % len(octets)] ^= change
    decodes_or_refuses(bytes(octets))


@given(st.binary(max_size=200), st.sampled_from(range(20)))
def test_any_body(body: bytes, kind: int) -> None:
    length = 16 + len(body)
    decodes_or_refuses(bytes((5, 0, kind, 3, 16, 0, 0, 0)) + length.to_bytes(2, "little") + bytes(6) + body)


@given(st.binary(max_size=64))
def test_any_octets(octets: bytes) -> None:
    decodes_or_refuses(octets)


def decodes_or_refuses(octets: bytes) -> None:
    try:
        message = pdu.decode(octets)
    except RemoteProtocolError:
        return
    assert pdu.encode(message), "what decodes can be written again"


@pytest.mark.parametrize(
    ("octets", "words"),
    [
        ("04", "begins with octet 0x04"),
        ("0501", "version 5.1: only 5.0"),
        ("474554202f20", "begins with octet 0x47"),
        ("0500000300000000", "data representation 0x00"),
        ("0500000311000000", "data representation 0x11"),
        ("0500000310010000", "floating-point representation 1"),
        ("05000003100000000f00000001000000", "frag_length 15"),
        ("05000003100000001800040001000000", "frag_length 24"),
    ],
)
def test_foreign_headers_are_refused_as_soon_as_they_are_seen(octets: str, words: str) -> None:
    with pytest.raises(RemoteProtocolError, match=words):
        peek_header(bytes.fromhex(octets))


@pytest.mark.parametrize("kind", [1, 4, 7, 20, 255])
def test_datagram_pdus_are_refused(kind: int) -> None:
    with pytest.raises(RemoteProtocolError, match="PDU type"):
        pdu.decode(bytes((5, 0, kind, 3, 16, 0, 0, 0, 16, 0, 0, 0, 1, 0, 0, 0)))


def test_a_token_is_padded_to_four_and_says_so() -> None:
    octets = pdu.encode(Request(1, 0, 4, b"abcde", auth=Verifier(10, 5, 7, b"T" * 16)))
    assert octets[24:32] == b"abcde\0\0\0"
    assert octets[32:40] == bytes((10, 5, 3, 0, 7, 0, 0, 0))
    message = pdu.decode(octets)
    assert isinstance(message, Request)
    assert message.stub == b"abcde"


def test_padding_longer_than_the_body_is_refused() -> None:
    octets = bytearray(pdu.encode(Request(1, 0, 4, b"abcd", auth=Verifier(10, 5, 7, b"T" * 16))))
    octets[30] = 5
    with pytest.raises(RemoteProtocolError, match="auth_pad_length 5 in a body of 4"):
        pdu.decode(bytes(octets))


def test_what_cannot_be_sent_is_our_fault() -> None:
    with pytest.raises(LocalProtocolError, match="without a token"):
        pdu.encode(Auth3(1, Verifier(10, 5, 0, b"")))
    with pytest.raises(LocalProtocolError, match="65,535"):
        pdu.encode(Response(1, 0, bytes(0x10000)))


def test_a_bind_nak_may_end_after_its_reason() -> None:
    # Windows: some leave the versions out.
    octets = bytes.fromhex("05000d03100000001200000001000000") + b"\x08\0"
    assert pdu.decode(octets) == BindNak(1, 8, ())


def test_stub_data_of_a_fault_is_ignored() -> None:
    octets = bytearray(pdu.encode(Fault(9, 1, 0x80010108)) + b"more")
    octets[8] += 4
    assert pdu.decode(bytes(octets)) == Fault(9, 1, 0x80010108)


@given(st.sampled_from(list(BindFeatures)))
def test_features_hide_in_a_transfer_syntax(features: BindFeatures) -> None:
    assert features_of(features_syntax(features)) == features


def test_windows_offers_its_features_so() -> None:
    offered = SyntaxId(Guid("6cb71c2c-9812-4540-0300-000000000000"), 1)
    assert features_of(offered) == features_of(features_syntax(BindFeatures(3))) == BindFeatures(3)
    assert features_of(SyntaxId(Guid("6cb71c2c-9812-4540-ff00-000000000000"), 1)) == BindFeatures(3)
    assert features_of(SyntaxId(offered.uuid, 2)) is None
