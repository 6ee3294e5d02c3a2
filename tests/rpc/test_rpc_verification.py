"""Verification trailers: there and back, and what they catch."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openwmi.base.fault import RemoteProtocolError
from openwmi.base.guid import Guid
from openwmi.rpc import (
    NDR,
    NDR64,
    AuthLevel,
    RequestReceived,
    SyntaxId,
    VerificationTrailer,
    check_trailer,
    find_trailer,
)
from openwmi.rpc.verification import SIGNATURE, RequestHeader

FIRST = SyntaxId(Guid("000001a0-0000-0000-c000-000000000046"))
SECOND = SyntaxId(Guid("f309ad18-d86a-11d0-a075-00c04fb68820"))
REQUEST = RequestReceived(3, 1, FIRST, 4, None, b"", AuthLevel.INTEGRITY, "DOM\\me", 0)
HEADER = RequestHeader(0, b"\x10\0\0\0", 3, 1, 4)

u8, u16, u32 = st.integers(0, 0xFF), st.integers(0, 0xFFFF), st.integers(0, 0xFFFFFFFF)
syntaxes = st.builds(SyntaxId, st.uuids(), u16, u16)
headers = st.builds(RequestHeader, u8, st.binary(min_size=4, max_size=4), u32, u16, u16)
pairs = st.tuples(syntaxes, syntaxes) | st.just((None, None))
trailers = st.builds(
    lambda bits, pair, header: VerificationTrailer(bits, pair[0], pair[1], header),
    st.none() | u32,
    pairs,
    st.none() | headers,
).filter(lambda trailer: trailer != VerificationTrailer())


@given(trailers, st.binary(max_size=9), st.binary(max_size=5))
def test_round_trip_behind_a_stub(trailer: VerificationTrailer, stub: bytes, padding: bytes) -> None:
    assert find_trailer(stub + padding + trailer.encode(), len(stub)) == trailer


@given(trailers, st.data())
def test_truncated(trailer: VerificationTrailer, data: st.DataObject) -> None:
    octets = trailer.encode()
    cut = data.draw(st.integers(0, len(octets) - 1))
    with pytest.raises(RemoteProtocolError):
        VerificationTrailer.decode(octets[:cut])


@given(st.binary(max_size=60))
def test_any_commands(octets: bytes) -> None:
    try:
        VerificationTrailer.decode(SIGNATURE + octets)
    except RemoteProtocolError:
        return


def checked(trailer: VerificationTrailer, *, header_signing: bool = True) -> None:
    check_trailer(REQUEST._replace(stub=b"stub" + trailer.encode()), 4, header_signing=header_signing)


def test_what_fits_passes() -> None:
    checked(VerificationTrailer(1, FIRST, NDR, HEADER))
    checked(VerificationTrailer(0xFFFFFFFE), header_signing=False)
    check_trailer(REQUEST._replace(stub=b"stub and junk"), 4, header_signing=False)


@pytest.mark.parametrize(
    ("trailer", "words"),
    [
        (VerificationTrailer(1), "header signing"),
        (VerificationTrailer(None, SECOND, NDR), "made for f309ad18"),
        (VerificationTrailer(None, FIRST, NDR64), "made for 000001a0"),
        (VerificationTrailer(header=replace(HEADER, opnum=5)), "header of the request"),
    ],
)
def test_what_does_not_fit_is_caught(trailer: VerificationTrailer, words: str) -> None:
    with pytest.raises(RemoteProtocolError, match=words):
        checked(trailer, header_signing=False)


def test_unknown_commands() -> None:
    known = VerificationTrailer(1).encode()[8:]
    assert VerificationTrailer.decode(SIGNATURE + b"\x09\0\x04\0????" + known) == VerificationTrailer(1)
    with pytest.raises(RemoteProtocolError, match="command 9 must be processed"):
        VerificationTrailer.decode(SIGNATURE + b"\x09\x80\x04\0????" + known)


@pytest.mark.parametrize("level", [AuthLevel.PKT, AuthLevel.INTEGRITY, AuthLevel.PRIVACY])
def test_the_first_request_of_each_context_is_vouched_for(kit: Any, level: AuthLevel) -> None:
    pair = kit.pair.bound(level)
    first, (second,) = 0, pair.client.alter_context([kit.second])
    pair.pump()
    trailers = []
    for context_id in (first, first, second, second):
        pair.client.send_request(context_id, 1, b"12345", auth_context_id=7, vouch=True)
        ((request,), _) = pair.pump()
        check_trailer(request, 5, header_signing=pair.server.header_signing)
        trailers.append(find_trailer(request.stub, 5))
        assert len(request.stub) % 4 == 0 or trailers[-1] is None
        pair.server.send_response(request.call_id, b"")
        pair.pump()
    protected = level >= AuthLevel.INTEGRITY
    assert trailers == [
        VerificationTrailer(1, kit.first, NDR) if protected else None,
        None,
        VerificationTrailer(None, kit.second, NDR) if protected else None,
        None,
    ]
