"""Signing and sealing: two ends stay in step, and nothing that was changed, repeated or reordered passes."""

from __future__ import annotations

import hashlib
import hmac
import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openwmi.base.fault import RemoteProtocolError
from openwmi.security import NtlmContext
from openwmi.security.ntlm_crypto import SessionKeys
from openwmi.security.ntlm_message import NtlmFlags

KEY = bytes(range(16))
FLAGS = NtlmFlags.EXTENDED_SESSION_SECURITY | NtlmFlags.KEY_128 | NtlmFlags.KEY_EXCHANGE


def ends(flags: NtlmFlags = FLAGS) -> tuple[NtlmContext, NtlmContext]:
    return NtlmContext("me", KEY, flags, server=False), NtlmContext("me", KEY, flags, server=True)


@given(st.lists(st.tuples(st.booleans(), st.booleans(), st.binary(max_size=80), st.binary(max_size=80)), max_size=8))
def test_both_directions_stay_in_step(messages: list[tuple[bool, bool, bytes, bytes]]) -> None:
    client, server = ends()
    for to_server, sealed, head, body in messages:
        sender, receiver = (client, server) if to_server else (server, client)
        pdu = head + body + b"trailer!"
        start, end = len(head), len(head) + len(body)
        if sealed:
            hidden, token = sender.seal(pdu, start, end, sign_header=True)
            assert len(hidden) == len(body)
            travelled = pdu[:start] + hidden + pdu[end:]
            assert receiver.unseal(travelled, start, end, token, sign_header=False) == body
        else:
            token = sender.sign(pdu, start, end, sign_header=False)
            receiver.verify(pdu, start, end, token, sign_header=True)
        assert len(token) == sender.signature_size(sealed=sealed) == 16


def test_the_token_is_an_hmac_over_all_of_the_pdu() -> None:
    # Without key exchange the checksum is not scrambled, so that it can be computed here by the standard library.
    client, _ = ends(NtlmFlags.EXTENDED_SESSION_SECURITY | NtlmFlags.KEY_128)
    signing = SessionKeys.derive(KEY, FLAGS).client_signing
    for sequence, pdu in enumerate([b"header body trailer", b"long" * 1000, b"header body trailer"]):
        token = client.sign(pdu, 7, 11, sign_header=False)
        number = sequence.to_bytes(4, "little")
        checksum = hmac.new(signing, number + pdu, hashlib.md5).digest()[:8]
        assert token == b"\1\0\0\0" + checksum + number


@pytest.mark.parametrize("place", [0, 5, 12, 18])
def test_a_changed_octet_anywhere(place: int) -> None:
    client, server = ends()
    pdu = b"head" + b"the body" + b"trailer"
    hidden, token = client.seal(pdu, 4, 12, sign_header=False)
    travelled = bytearray(pdu[:4] + hidden + pdu[12:])
    travelled[place] ^= 1
    with pytest.raises(RemoteProtocolError, match="does not fit"):
        server.unseal(bytes(travelled), 4, 12, token, sign_header=False)


@pytest.mark.parametrize("place", [0, 4, 11, 12, 15])
def test_a_changed_token(place: int) -> None:
    client, server = ends()
    token = bytearray(client.sign(b"pdu", 0, 3, sign_header=False))
    token[place] ^= 0x80
    with pytest.raises(RemoteProtocolError, match="does not fit"):
        server.verify(b"pdu", 0, 3, bytes(token), sign_header=False)


@pytest.mark.parametrize("place", [0, 4, 11, 12, 15])
@pytest.mark.parametrize("flags", [FLAGS, FLAGS & ~NtlmFlags.KEY_EXCHANGE])
def test_a_changed_token_of_a_sealed_pdu(flags: NtlmFlags, place: int) -> None:
    client, server = ends(flags)
    hidden, token = client.seal(b"head" + b"the body", 4, 12, sign_header=False)
    assert server.unseal(b"head" + hidden, 4, 12, token, sign_header=False) == b"the body"
    hidden, token = client.seal(b"head" + b"the body", 4, 12, sign_header=False)
    changed = bytearray(token)
    changed[place] ^= 0x80
    with pytest.raises(RemoteProtocolError, match="does not fit"):
        server.unseal(b"head" + hidden, 4, 12, bytes(changed), sign_header=False)


@pytest.mark.parametrize("flags", [FLAGS, FLAGS & ~NtlmFlags.KEY_EXCHANGE])
def test_long_and_short_ones_in_turn(flags: NtlmFlags) -> None:
    client, server = ends(flags)
    for size in (3000, 4, 900, 985, 986, 987, 3000, 0, 5840):
        pdu = b"head" + bytes(range(256)) * (size // 256) + bytes(size % 256) + b"trailer!"
        hidden, token = client.seal(pdu, 4, 4 + size, sign_header=False)
        assert server.unseal(b"head" + hidden + b"trailer!", 4, 4 + size, token, sign_header=False) == pdu[4:-8]


@pytest.mark.parametrize("token", [b"", b"\1\0\0\0", bytes(15), bytes(17)])
def test_a_token_of_another_length(token: bytes) -> None:
    with pytest.raises(RemoteProtocolError):
        ends()[1].verify(b"pdu", 0, 3, token, sign_header=False)
    for flags in (FLAGS, FLAGS & ~NtlmFlags.KEY_EXCHANGE):
        with pytest.raises(RemoteProtocolError, match="does not fit"):
            ends(flags)[1].unseal(b"pdu", 0, 3, token, sign_header=False)


def test_repeated_reordered_and_reflected() -> None:
    client, server = ends()
    first, second = (client.sign(b"pdu", 0, 3, sign_header=False) for _ in range(2))
    server.verify(b"pdu", 0, 3, first, sign_header=False)
    with pytest.raises(RemoteProtocolError):
        server.verify(b"pdu", 0, 3, first, sign_header=False)
    client, server = ends()
    with pytest.raises(RemoteProtocolError):
        server.verify(b"pdu", 0, 3, second, sign_header=False)
    client, _ = ends()
    with pytest.raises(RemoteProtocolError):
        client.verify(b"pdu", 0, 3, client.sign(b"pdu", 0, 3, sign_header=False), sign_header=False)


def test_keys_are_not_shown() -> None:
    client, _ = ends()
    assert repr(client) == "NtlmContext('me')"
    assert KEY.hex() not in repr(SessionKeys.derive(KEY, FLAGS))
    with pytest.raises(TypeError):
        pickle.dumps(client)
