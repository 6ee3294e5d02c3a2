"""The NTLM acceptor, against pyspnego as the client and against messages made here by hand."""

from __future__ import annotations

import hmac
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass

import pytest
import spnego
from hypothesis import given
from hypothesis import strategies as st

from openwmi.base.error import AccessDenied
from openwmi.base.fault import LocalProtocolError, RemoteProtocolError
from openwmi.security import (
    LoginRefused,
    NtlmAcceptor,
    NtlmContext,
    NtlmInitiator,
    ServerNames,
    User,
    nt_hash,
    ntlm_acceptor,
)
from openwmi.security.ntlm_crypto import hmac_md5, proof, rc4, response_key, session_base_key
from openwmi.security.ntlm_message import (
    Authenticate,
    AvId,
    Challenge,
    Negotiate,
    NtlmFlags,
    decode_av_pairs,
    encode_av_pairs,
)

NAMES = ServerNames("SRV1", "DOM", "srv1.dom.example", "dom.example")
NOW = 133_000_000_000_000_000
OFFER = (
    NtlmFlags.UNICODE
    | NtlmFlags.REQUEST_TARGET
    | NtlmFlags.SIGN
    | NtlmFlags.SEAL
    | NtlmFlags.NTLM
    | NtlmFlags.ALWAYS_SIGN
    | NtlmFlags.EXTENDED_SESSION_SECURITY
    | NtlmFlags.TARGET_INFO
    | NtlmFlags.KEY_128
    | NtlmFlags.KEY_EXCHANGE
)


class Users:
    """One user, by any domain."""

    def lookup(self, domain: str, name: str, computer: str) -> User | None:
        assert computer == "SRV1"
        return User("DOM", "me", nt_hash("Passw0rd")) if name.lower() == "me" else None


def acceptor() -> NtlmAcceptor:
    return NtlmAcceptor(Users(), NAMES, lambda: NOW, lambda count: bytes(range(1, count + 1)))


@dataclass
class HandMade:
    """A client that makes its messages as it likes."""

    user: str = "me"
    domain: str = "DOM"
    key_domain: str = "DOM"
    password: str = "Passw0rd"
    flags: NtlmFlags = OFFER
    mic: bool = False
    session_key: bytes = bytes(16)
    payload_offset: int = 88
    change_response: Callable[[bytes], bytes] = bytes
    change_message: Callable[[bytes], bytes] = bytes

    def authenticate(self, negotiate: bytes, challenge_octets: bytes) -> bytes:
        challenge = Challenge.decode(challenge_octets)
        pairs = decode_av_pairs(challenge.target_info)
        if self.mic:
            pairs[AvId.FLAGS] = (2).to_bytes(4, "little")
        blob = b"\1\1" + bytes(6) + pairs[AvId.TIMESTAMP] + b"client!!" + bytes(4) + encode_av_pairs(pairs)
        key = response_key(nt_hash(self.password), self.user, self.key_domain)
        given_proof = proof(key, challenge.challenge, blob)
        base = session_base_key(key, given_proof)
        encrypted = rc4(base, self.session_key)
        texts = [text.encode("utf-16-le") for text in (self.domain, self.user, "HOST")]
        values = [b"", self.change_response(given_proof + blob), *texts, encrypted]
        fields, payload = b"", b""
        for value in values:
            fields += len(value).to_bytes(2, "little") * 2
            fields += (self.payload_offset + len(payload)).to_bytes(4, "little")
            payload += value
        head = b"NTLMSSP\0" + b"\3\0\0\0" + fields + int(self.flags).to_bytes(4, "little")
        message = head.ljust(self.payload_offset, b"\0") + payload
        if self.mic:
            exported = self.session_key if self.flags & NtlmFlags.KEY_EXCHANGE else base
            mic = hmac_md5(exported, negotiate + challenge_octets + message)
            message = message[:72] + mic + message[88:]
        return self.change_message(message)

    def log_in(self, offer: NtlmFlags = OFFER) -> NtlmContext:
        server, negotiate = acceptor(), Negotiate(offer).encode()
        challenge = server.step(negotiate)
        assert challenge.context is None
        step = server.step(self.authenticate(negotiate, challenge.token))
        assert isinstance(step.context, NtlmContext)
        assert step.token == b""
        return step.context


def test_the_challenge_says_what_it_must() -> None:
    challenge = Challenge.decode(acceptor().step(Negotiate(OFFER | NtlmFlags.VERSION).encode()).token)
    assert challenge.challenge == bytes(range(1, 9))
    assert challenge.target_name == "SRV1"
    assert challenge.flags & OFFER == OFFER
    assert challenge.flags & (NtlmFlags.TARGET_TYPE_SERVER | NtlmFlags.VERSION)
    pairs = decode_av_pairs(challenge.target_info)
    assert {AvId(kind): value.decode("utf-16-le") for kind, value in pairs.items() if kind != AvId.TIMESTAMP} == {
        AvId.NB_DOMAIN_NAME: "DOM",
        AvId.NB_COMPUTER_NAME: "SRV1",
        AvId.DNS_DOMAIN_NAME: "dom.example",
        AvId.DNS_COMPUTER_NAME: "srv1.dom.example",
    }
    assert int.from_bytes(pairs[AvId.TIMESTAMP], "little") == NOW


def test_only_what_is_offered_and_known_is_granted() -> None:
    challenge = Challenge.decode(acceptor().step(Negotiate(OFFER | 0x100 | NtlmFlags.LM_KEY).encode()).token)
    assert not challenge.flags & (0x100 | NtlmFlags.LM_KEY | NtlmFlags.KEY_56 | NtlmFlags.VERSION)


@pytest.mark.parametrize("missing", [NtlmFlags.UNICODE, NtlmFlags.EXTENDED_SESSION_SECURITY, NtlmFlags.KEY_128])
def test_weak_offers_are_refused(missing: NtlmFlags) -> None:
    with pytest.raises(LoginRefused, match=f"without {missing.name}"):
        acceptor().step(Negotiate(OFFER & ~missing).encode())


@pytest.mark.parametrize("mic", [False, True])
@pytest.mark.parametrize("flags", [OFFER, OFFER & ~NtlmFlags.KEY_EXCHANGE])
def test_a_login_and_what_it_protects(mic: bool, flags: NtlmFlags) -> None:
    server = HandMade(mic=mic, flags=flags).log_in()
    assert server.principal == "DOM\\me"


def test_no_version_and_no_mic_the_payload_begins_at_64() -> None:
    assert HandMade(payload_offset=64).log_in().principal == "DOM\\me"


def test_names_are_compared_without_regard_to_case_and_keep_the_spelling_of_the_file() -> None:
    assert HandMade(user="ME").log_in().principal == "DOM\\me"


def test_a_client_that_leaves_the_domain_out_of_the_key() -> None:
    assert HandMade(key_domain="").log_in().principal == "DOM\\me"


def flip(octets: bytes, at: int) -> bytes:
    return octets[:at] + bytes((octets[at] ^ 1,)) + octets[at + 1 :]


@pytest.mark.parametrize(
    ("client", "words"),
    [
        (HandMade(password="passw0rd"), "unknown user or wrong password"),
        (HandMade(user="you"), "unknown user or wrong password"),
        (HandMade(user="you", password=""), "unknown user or wrong password"),
        (HandMade(change_response=lambda response: flip(response, 0)), "unknown user or wrong password"),
        (HandMade(change_response=lambda response: flip(response, 30)), "unknown user or wrong password"),
        (HandMade(change_response=lambda response: response[:24]), "only NTLMv2"),
        (HandMade(change_response=lambda response: b""), "only NTLMv2"),
        (HandMade(user="", domain=""), "anonymous"),
        (HandMade(user="", change_response=lambda response: b""), "anonymous"),
        (HandMade(mic=True, change_message=lambda message: flip(message, 80)), "were changed"),
        (HandMade(flags=OFFER & ~NtlmFlags.KEY_128), "went back"),
    ],
)
def test_refused(client: HandMade, words: str) -> None:
    with pytest.raises(LoginRefused, match=words) as caught:
        client.log_in()
    assert isinstance(caught.value, AccessDenied)
    assert "Passw0rd" not in str(caught.value)
    assert nt_hash("Passw0rd").hex() not in str(caught.value)


@pytest.mark.parametrize(
    "client", [HandMade(user="you"), HandMade(password="guess"), HandMade(key_domain=""), HandMade()]
)
def test_whoever_it_is_the_same_work_is_done(client: HandMade, monkeypatch: pytest.MonkeyPatch) -> None:
    """An unknown user, a wrong password, and a right one of either form: nobody is told apart by how long it takes."""
    done: list[tuple[str, int]] = []

    def watch(module: object, name: str) -> None:
        real = getattr(module, name)

        def counted(*arguments: bytes) -> object:
            done.append((name, len(arguments[-1])))
            return real(*arguments)

        monkeypatch.setattr(module, name, counted)

    for name in ("response_key", "session_base_key", "proof"):
        watch(ntlm_acceptor, name)
    watch(hmac, "compare_digest")
    server, negotiate = acceptor(), Negotiate(OFFER).encode()
    message = client.authenticate(negotiate, server.step(negotiate).token)
    with nullcontext() if (client.user, client.password) == ("me", "Passw0rd") else pytest.raises(LoginRefused):
        server.step(message)
    names = [name for name, _ in done]
    assert names == ["response_key", "session_base_key", "proof", "compare_digest"] * 2


def test_the_hash_that_stands_for_an_unknown_user_lets_nobody_in(monkeypatch: pytest.MonkeyPatch) -> None:
    client = HandMade(user="you")
    monkeypatch.setitem(globals(), "nt_hash", lambda password: bytes(16))
    server, negotiate = acceptor(), Negotiate(OFFER).encode()
    message = client.authenticate(negotiate, server.step(negotiate).token)
    with pytest.raises(LoginRefused, match="unknown user or wrong password"):
        server.step(message)


def test_a_downgraded_negotiate_shows_in_the_mic() -> None:
    client, server = HandMade(mic=True), acceptor()
    sent = Negotiate(OFFER).encode()
    arrived = Negotiate(OFFER & ~NtlmFlags.SEAL).encode()
    challenge = server.step(arrived).token
    with pytest.raises(LoginRefused, match="were changed"):
        server.step(client.authenticate(sent, challenge))


@pytest.mark.parametrize(
    "client",
    [
        HandMade(session_key=bytes(8)),
        HandMade(change_response=lambda response: response[:30]),
        HandMade(change_message=lambda message: message[:60]),
        HandMade(change_message=lambda message: message[:-1]),
        HandMade(change_message=lambda message: b"x" + message[1:]),
        HandMade(change_message=lambda message: message[:8] + b"\2" + message[9:]),
        HandMade(mic=True, payload_offset=64, change_message=lambda message: message[:60]),
    ],
)
def test_messages_that_are_none(client: HandMade) -> None:
    with pytest.raises(RemoteProtocolError):
        client.log_in()


def test_a_strangers_name_stays_on_one_line_of_the_log() -> None:
    with pytest.raises(LoginRefused) as caught:
        HandMade(user="evil\nWARNING all is well\x1b[2J" + "x" * 500).log_in()
    assert "evil?WARNING all is well?[2Jxxx" in str(caught.value)
    assert len(str(caught.value)) < 200


def test_an_exchange_is_for_one_login() -> None:
    server, negotiate = acceptor(), Negotiate(OFFER).encode()
    message = HandMade().authenticate(negotiate, server.step(negotiate).token)
    server.step(message)
    with pytest.raises(LocalProtocolError, match="is over"):
        server.step(message)


def test_the_second_message_cannot_come_first() -> None:
    with pytest.raises(RemoteProtocolError, match="message 3 where message 1"):
        acceptor().step(b"NTLMSSP\0\3\0\0\0" + bytes(60))


@given(st.binary(max_size=200))
def test_any_first_message(octets: bytes) -> None:
    refuses_or_answers(acceptor(), octets)
    refuses_or_answers(acceptor(), b"NTLMSSP\0\1\0\0\0" + octets)


@given(st.binary(max_size=300), st.integers(0, 300), st.booleans())
def test_any_second_message(octets: bytes, cut: int, replace: bool) -> None:
    server, negotiate = acceptor(), Negotiate(OFFER).encode()
    good = HandMade(mic=True).authenticate(negotiate, server.step(negotiate).token)
    refuses_or_answers(server, octets if replace else good[:cut] + octets + good[cut + len(octets) :])


def refuses_or_answers(server: NtlmAcceptor, octets: bytes) -> None:
    try:
        server.step(octets)
    except (RemoteProtocolError, LoginRefused):
        return


@given(st.dictionaries(st.integers(1, 0xFFFF), st.binary(max_size=20), max_size=5))
def test_av_pairs_round_trip(pairs: dict[int, bytes]) -> None:
    octets = encode_av_pairs(pairs)
    assert decode_av_pairs(octets) == pairs
    with pytest.raises(RemoteProtocolError):
        decode_av_pairs(octets[:-3])


@pytest.mark.parametrize(("user", "domain"), [("me", "DOM"), ("ME", "WORKGROUP"), ("me", "")])
def test_pyspnego_logs_in_through_our_initiator(user: str, domain: str) -> None:
    server, client = acceptor(), NtlmInitiator(user, "Passw0rd", domain)
    third = client.step(server.step(client.step().token).token)
    accepted = server.step(third.token)
    assert third.context is not None
    assert accepted.context is not None
    pdu = b"header stub trailer"
    hidden, token = third.context.seal(pdu, 7, 11, sign_header=True)
    assert accepted.context.unseal(pdu[:7] + hidden + pdu[11:], 7, 11, token, sign_header=True) == b"stub"
    hidden, token = accepted.context.seal(pdu, 7, 11, sign_header=True)
    assert third.context.unseal(pdu[:7] + hidden + pdu[11:], 7, 11, token, sign_header=True) == b"stub"


def test_pyspnego_itself_verifies_and_unseals_ours() -> None:
    server = acceptor()
    client = spnego.client("DOM\\me", "Passw0rd", protocol="ntlm", options=spnego.NegotiateOptions.use_ntlm)
    message = client.step(server.step(client.step() or b"").token) or b""
    assert Authenticate.decode(message).user == "me"
    context = server.step(message).context
    assert context is not None
    context.verify(b"signed", 0, 6, client.sign(b"signed"), sign_header=True)
    client.verify(b"signed", context.sign(b"signed", 0, 6, sign_header=True))
    wrapped = client.wrap(b"sealed").data
    assert context.unseal(wrapped[16:], 0, 6, wrapped[:16], sign_header=True) == b"sealed"
    hidden, token = context.seal(b"sealed", 0, 6, sign_header=True)
    assert client.unwrap(token + hidden).data == b"sealed"


def test_pyspnego_with_a_wrong_password() -> None:
    server, client = acceptor(), NtlmInitiator("me", "wrong", "DOM")
    with pytest.raises(LoginRefused):
        server.step(client.step(server.step(client.step().token).token).token)


def test_a_server_that_answers_an_initiator_with_rubbish() -> None:
    client = NtlmInitiator("me", "Passw0rd")
    client.step()
    with pytest.raises(RemoteProtocolError, match="not understood"):
        client.step(b"NTLMSSP\0\2\0\0\0rubbish")


def test_an_initiator_is_for_one_login() -> None:
    server, client = acceptor(), NtlmInitiator("me", "Passw0rd", "DOM")
    client.step(server.step(client.step().token).token)
    with pytest.raises(LocalProtocolError, match="is over"):
        client.step(b"more")
