"""SPNEGO's messages: round trips, what others send, and octets that nobody meant."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st
from spnego._spnego import NegState, NegTokenInit, NegTokenResp

from openwmi.base.cursor import Reader
from openwmi.base.fault import RemoteProtocolError
from openwmi.security import der
from openwmi.security.spnego import KERBEROS, MS_KERBEROS, NTLM, SPNEGO, Answer, Negotiation, Offer

NAMES = st.sampled_from([KERBEROS, MS_KERBEROS, NTLM, SPNEGO, der.encode_oid("2.999.16384.1")])
OFFERS = st.builds(Offer, st.lists(NAMES, min_size=1, max_size=32).map(tuple), st.binary(), st.binary())
ANSWERS = st.builds(
    Answer, st.none() | st.sampled_from(Negotiation), st.just(b"") | NAMES, st.binary(max_size=300), st.binary()
)


@given(OFFERS)
def test_offers_come_back(offer: Offer) -> None:
    assert Offer.decode(offer.encode()) == offer


@given(ANSWERS)
def test_answers_come_back(answer: Answer) -> None:
    assert Answer.decode(answer.encode()) == answer


@given(st.one_of(OFFERS, ANSWERS), st.data())
def test_truncated_and_damaged_ones_are_refused_or_mean_something(message: Offer | Answer, data: st.DataObject) -> None:
    octets = bytearray(message.encode())
    with pytest.raises(RemoteProtocolError):
        type(message).decode(bytes(octets[: data.draw(st.integers(0, len(octets) - 1))]))
    octets[data.draw(st.integers(0, len(octets) - 1))] ^= 1 << data.draw(st.integers(0, 7))
    with contextlib.suppress(RemoteProtocolError):
        type(message).decode(bytes(octets))


@given(st.binary(max_size=64))
def test_rubbish_is_refused_or_means_something(octets: bytes) -> None:
    for kind in (Offer, Answer):
        with contextlib.suppress(RemoteProtocolError):
            kind.decode(octets)


def test_what_pyspnego_writes_and_reads() -> None:
    names = ["1.2.840.48018.1.2.2", "1.2.840.113554.1.2.2", "1.3.6.1.4.1.311.2.2.10"]
    theirs = NegTokenInit(mech_types=names, mech_token=b"token", mech_list_mic=b"mic").pack()
    ours = Offer((MS_KERBEROS, KERBEROS, NTLM), b"token", b"mic")
    assert Offer.decode(theirs) == ours
    assert ours.encode() == theirs
    answer = NegTokenResp(
        neg_state=NegState.request_mic, supported_mech=names[2], response_token=b"token", mech_list_mic=b"mic"
    ).pack()
    assert Answer.decode(answer) == Answer(Negotiation.REQUEST_MIC, NTLM, b"token", b"mic")
    assert Answer.decode(answer).encode() == answer


@pytest.mark.parametrize(
    ("octets", "problem"),
    [
        (der.encode(der.APPLICATION, KERBEROS), "another mechanism"),
        (Offer((NTLM,) * 33).encode(), "33 mechanisms"),
        (Offer(()).encode(), "0 mechanisms"),
        (b"\x60\x80", "form 0x80"),
        (b"\x60\x85\0\0\0\0\1", "form 0x85"),
        (b"\x60\x84\xff\xff\xff\xff", "wanted"),
        (Offer((NTLM,)).encode() + b"\0", "left over"),
    ],
)
def test_offers_that_are_none(octets: bytes, problem: str) -> None:
    with pytest.raises(RemoteProtocolError, match=problem):
        Offer.decode(octets)


@pytest.mark.parametrize(
    ("fields", "problem"),
    [
        ([(0, der.encode(der.ENUMERATED, b"\x07"))], "negState 7"),
        ([(2, b""), (1, b"")], "out of place"),
        ([(2, b""), (2, b"")], "out of place"),
        ([(31, b"")], "out of place"),
        ([(2, der.encode(der.OID, b""))], "0x06 where 0x04"),
    ],
)
def test_answers_that_are_none(fields: list[tuple[int, bytes]], problem: str) -> None:
    inner = der.encode(der.SEQUENCE, *(der.encode(0xA0 + number, value) for number, value in fields))
    with pytest.raises(RemoteProtocolError, match=problem):
        Answer.decode(der.encode(der.context(1), inner))


@pytest.mark.parametrize("size", [0, 1, 127, 128, 255, 256, 65_536])
def test_lengths(size: int) -> None:
    octets = der.encode(der.OCTETS, bytes(size))
    assert der.decode_one(octets, der.OCTETS) == bytes(size)
    assert der.decode(Reader(octets + b"more"), der.OCTETS) == bytes(size)


def test_object_identifiers() -> None:
    assert NTLM.hex() == "060a2b06010401823702020a"
    assert MS_KERBEROS.hex() == "06092a864882f712010202"
