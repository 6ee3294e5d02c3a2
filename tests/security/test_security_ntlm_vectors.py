"""The NTLMv2 examples of [MS-NLMP] 4.2.4, to the last octet."""

from __future__ import annotations

import pytest

from openwmi.base.fault import RemoteProtocolError
from openwmi.security import NtlmContext, nt_hash
from openwmi.security.ntlm_crypto import SessionKeys, hmac_md5, proof, rc4, response_key, session_base_key
from openwmi.security.ntlm_message import Authenticate, AvId, Challenge, NtlmFlags, decode_av_pairs, encode_av_pairs


def octets(text: str) -> bytes:
    return bytes.fromhex(text)


CHALLENGE = octets("0123456789abcdef")
CLIENT_CHALLENGE = octets("aa" * 8)
RANDOM_SESSION_KEY = octets("55" * 16)
FLAGS = NtlmFlags(0xE28A8233)
TARGET_INFO = octets("02000c0044006f006d00610069006e0001000c0053006500720076006500720000000000")
TEMP = octets("01010000000000000000000000000000") + CLIENT_CHALLENGE + bytes(4) + TARGET_INFO + bytes(4)
PROOF = octets("68cd0ab851e51c96aabc927bebef6a1c")
CHALLENGE_MESSAGE = (
    octets(
        "4e544c4d5353500002000000"
        "0c000c0038000000"
        "33828ae2"
        "0123456789abcdef"
        "0000000000000000"
        "2400240044000000"
        "060070170000000f"
        "530065007200760065007200"
    )
    + TARGET_INFO
)
AUTHENTICATE_MESSAGE = octets(
    "4e544c4d5353500003000000" "180018006c000000" "5400540084000000" "0c000c0048000000" "0800080054000000"
    "100010005c000000" "10001000d8000000" "358288e2" "0501280a0000000f"
    "44006f006d00610069006e00" "5500730065007200" "43004f004d0050005500540045005200"
    "86c35097ac9cec102554764a57cccc19aaaaaaaaaaaaaaaa"
) + PROOF + TEMP + octets("c5dad2544fc9799094ce1ce90bc9d03e")  # fmt: skip


def test_the_nt_hash() -> None:
    assert nt_hash("Password").hex() == "a4f49c406510bdcab6824ee7c30fd852"


def test_response_key_proof_and_session_keys() -> None:
    key = response_key(nt_hash("Password"), "User", "Domain")
    assert key == octets("0c868a403bfd7a93a3001ef22ef02e3f")
    assert proof(key, CHALLENGE, TEMP) == PROOF
    base = session_base_key(key, PROOF)
    assert base == octets("8de40ccadbc14a82f15cb0ad0de95ca3")
    assert rc4(base, RANDOM_SESSION_KEY) == octets("c5dad2544fc9799094ce1ce90bc9d03e")
    lm_response = hmac_md5(key, CHALLENGE + CLIENT_CHALLENGE) + CLIENT_CHALLENGE
    assert lm_response == Authenticate.decode(AUTHENTICATE_MESSAGE).lm_response


def test_the_challenge_message() -> None:
    message = Challenge.decode(CHALLENGE_MESSAGE)
    assert message == Challenge(FLAGS, CHALLENGE, "Server", TARGET_INFO)
    again = message.encode()
    assert again[:48] + again[56:] == CHALLENGE_MESSAGE[:48] + CHALLENGE_MESSAGE[56:], "but for the version"


def test_target_info() -> None:
    pairs: dict[int, bytes] = {
        AvId.NB_DOMAIN_NAME: "Domain".encode("utf-16-le"),
        AvId.NB_COMPUTER_NAME: "Server".encode("utf-16-le"),
    }
    assert decode_av_pairs(TARGET_INFO) == pairs
    assert encode_av_pairs(pairs) == TARGET_INFO


def test_the_authenticate_message() -> None:
    message = Authenticate.decode(AUTHENTICATE_MESSAGE)
    assert (message.domain, message.user, message.workstation) == ("Domain", "User", "COMPUTER")
    assert message.flags == 0xE2888235
    assert message.nt_response == PROOF + TEMP
    assert message.session_key == octets("c5dad2544fc9799094ce1ce90bc9d03e")
    assert PROOF.hex() not in repr(message)


def test_sealing_keys_and_a_sealed_message() -> None:
    keys = SessionKeys.derive(RANDOM_SESSION_KEY, FLAGS)
    assert keys.client_sealing == octets("59f600973cc4960a25480a7c196e4c58")
    assert keys.client_signing == octets("4788dc861b4782f35d43fd98fe1a2d39")
    client = NtlmContext("Domain\\User", RANDOM_SESSION_KEY, FLAGS, server=False)
    server = NtlmContext("Domain\\User", RANDOM_SESSION_KEY, FLAGS, server=True)
    plain = "Plaintext".encode("utf-16-le")
    sealed, token = client.seal(plain, 0, len(plain), sign_header=False)
    assert sealed == octets("54e50165bf1936dc996020c1811b0f06fb5f")
    assert token == octets("010000007fb38ec5c55d497600000000")
    assert server.unseal(sealed, 0, len(sealed), token, sign_header=False) == plain


@pytest.mark.parametrize(
    ("flags", "sealing"),
    [
        # MD5 of 16, 7 and 5 octets of the key and the magic text.
        (NtlmFlags.KEY_128, "59f600973cc4960a25480a7c196e4c58"),
        (NtlmFlags.KEY_56, None),
        (NtlmFlags.NONE, None),
    ],
)
def test_weaker_keys_are_other_keys(flags: NtlmFlags, sealing: str | None) -> None:
    keys = SessionKeys.derive(RANDOM_SESSION_KEY, flags)
    assert (keys.client_sealing.hex() == "59f600973cc4960a25480a7c196e4c58") is (sealing is not None)
    assert keys.client_signing == octets("4788dc861b4782f35d43fd98fe1a2d39")


def test_without_extended_session_security_nothing_is_protected() -> None:
    with pytest.raises(RemoteProtocolError, match="extended session security"):
        NtlmContext("me", RANDOM_SESSION_KEY, NtlmFlags.KEY_128, server=True)
