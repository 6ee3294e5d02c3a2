"""Negotiate: agreeing on a mechanism, and the proof of the list; against ourselves and against pyspnego."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import spnego
from spnego.iov import BufferType
from tests.security.fakes import Wire

from openwmi.base.fault import LocalProtocolError, RemoteProtocolError
from openwmi.rpc import AuthLevel, AuthType, BindRefused, NakReason
from openwmi.security import (
    AUTH_TYPE_KERBEROS,
    AUTH_TYPE_NEGOTIATE,
    Acceptor,
    Initiator,
    LoginRefused,
    Logins,
    NegotiateAcceptor,
    NegotiateInitiator,
    NtlmAcceptor,
    NtlmContext,
    NtlmInitiator,
    ServerNames,
    Step,
    User,
    negotiate,
    nt_hash,
)
from openwmi.security.spnego import KERBEROS, MS_KERBEROS, NTLM, Answer, Negotiation, Offer

NAMES = ServerNames.of_host("srv1.example")
PASSWORD = "Passw0rd"
LEVELS = [AuthLevel.CONNECT, AuthLevel.PKT, AuthLevel.INTEGRITY, AuthLevel.PRIVACY]


class Users:
    def lookup(self, domain: str, name: str, computer: str) -> User | None:
        return User("DOM", "me", nt_hash(PASSWORD)) if name == "me" else None


class Toy:
    """A mechanism of so many legs that trusts everybody, at both ends."""

    account = "toy"
    auth_type = 99
    blocks = False

    def __init__(self, legs: int = 1, refuses: str = "") -> None:
        self.legs = legs
        self.refuses = refuses

    def step(self, token: bytes = b"") -> Step:
        if self.refuses:
            raise LoginRefused(None, self.refuses)
        self.legs -= 1
        return Step(b"toy", None if self.legs > 0 else ToyContext())


class ToyContext(NtlmContext):
    """Has MICs that anybody can make."""

    principal = "toy"
    impersonation = 3

    def __init__(self) -> None:
        pass

    def make_mic(self, data: bytes) -> bytes:
        return data[::-1]

    def check_mic(self, data: bytes, mic: bytes) -> None:
        if mic != data[::-1]:
            raise RemoteProtocolError("does not fit")


def ntlm() -> NtlmAcceptor:
    return NtlmAcceptor(Users(), NAMES, lambda: 0)


def acceptor(**more: Callable[[], Acceptor]) -> NegotiateAcceptor:
    kinds: dict[bytes, Callable[[], Acceptor]] = {NTLM: ntlm}
    if "kerberos" in more:
        kinds[KERBEROS] = more["kerberos"]
    return NegotiateAcceptor(kinds)


def run(client: Initiator, server: Acceptor) -> tuple[Step, Step, list[bytes]]:
    """Both ends until both are done; their last steps, and all tokens."""
    ours = Step(b"")
    tokens = []
    theirs = client.step()
    while theirs.token:
        tokens.append(theirs.token)
        ours = server.step(theirs.token)
        if not ours.token:
            break
        tokens.append(ours.token)
        theirs = client.step(ours.token)
    return theirs, ours, tokens


@pytest.mark.parametrize("level", LEVELS)
def test_ntlm_within_negotiate_at_every_level(level: AuthLevel) -> None:
    wire = Wire(Logins(Users(), NAMES))
    wire.login(negotiate("srv1", "me", PASSWORD, "DOM", kerberos=False), level)
    for size in (0, 5, 20_000):
        assert wire.call(bytes(size)) == bytes(size) + b" DOM\\me"
    # Six legs: the last two prove the list.
    assert [end for end, _ in wire.tokens] == ["client", "server", "client", "server"]
    last = Answer.decode(wire.tokens[-1][1])
    assert (last.state, len(last.mic)) == (Negotiation.ACCEPTED, 16)


def test_several_logins_of_several_kinds_on_one_connection() -> None:
    wire = Wire(Logins(Users(), NAMES))
    wire.login(negotiate("srv1", "me", PASSWORD, kerberos=False), AuthLevel.PKT, 0)
    wire.login(NtlmInitiator("me", PASSWORD), AuthLevel.PRIVACY, 1)
    wire.login(negotiate("srv1", "me", PASSWORD, kerberos=False), AuthLevel.INTEGRITY, 79232)
    for context_id in (0, 79232, 1, 0, 1):
        assert wire.call(b"hi", context_id) == b"hi DOM\\me"


def test_a_wrong_password_is_refused_before_the_proof() -> None:
    wire = Wire(Logins(Users(), NAMES))
    *_, refused = wire.login(negotiate("srv1", "me", "guessed", kerberos=False), AuthLevel.PRIVACY)
    assert isinstance(refused, BindRefused)
    assert refused.fault


def test_pyspnego_logs_in_to_us_and_both_protect_alike() -> None:
    peer = spnego.client("DOM\\me", PASSWORD, protocol="negotiate", options=spnego.NegotiateOptions.use_negotiate)
    server, answer = acceptor(), Step(b"")
    while (token := peer.step(answer.token or None)) and answer.context is None:
        answer = server.step(token)
    assert peer.complete
    assert isinstance(answer.context, NtlmContext)
    assert answer.context.principal == "DOM\\me"
    for number in range(3):  # the numbers of both directions, and their streams, go on as pyspnego's do
        kinds = (
            (BufferType.sign_only, b"head"),
            b"body %d" % number,
            (BufferType.sign_only, b"tail"),
            BufferType.header,
        )
        sealed = peer.wrap_iov(kinds).buffers
        body, signature = sealed[1].data or b"", sealed[3].data or b""
        clear = answer.context.unseal(b"head" + body + b"tail", 4, 4 + len(body), signature, sign_header=True)
        assert clear == b"body %d" % number
        mine, signature = answer.context.seal(b"headBODYtail", 4, 8, sign_header=True)
        back = peer.unwrap_iov(
            ((BufferType.sign_only, b"head"), mine, (BufferType.sign_only, b"tail"), (BufferType.header, signature))
        )
        assert back.buffers[1].data == b"BODY"


def test_we_log_in_to_pyspnego(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "users").write_text(f"DOM:me:{PASSWORD}\n")
    monkeypatch.setenv("NTLM_USER_FILE", str(tmp_path / "users"))
    peer = spnego.server(protocol="negotiate", options=spnego.NegotiateOptions.use_negotiate)
    client = negotiate("srv1", "me", PASSWORD, "DOM", kerberos=False)
    step = client.step()
    while step.token:
        step = client.step(peer.step(step.token) or b"")
    assert peer.complete
    assert isinstance(step.context, NtlmContext)
    signed = step.context.sign(b"message", 0, 7, sign_header=True)
    peer.verify(b"message", signed)
    with pytest.raises(LocalProtocolError):
        client.step(b"")


def test_plain_ntlm_under_the_name_of_negotiate() -> None:
    _, ours, _ = run(NtlmInitiator("me", PASSWORD, "DOM"), acceptor())
    assert ours.context is not None
    assert ours.context.principal == "DOM\\me"


@pytest.mark.parametrize("legs", [1, 2, 3])
def test_the_first_choice_is_taken_and_proved(legs: int) -> None:
    server = acceptor(kerberos=lambda: Toy(legs))
    offer = Offer((MS_KERBEROS, KERBEROS, NTLM), b"first")
    answers = [Answer.decode((step := server.step(offer.encode())).token)]
    while step.context is None:
        last = len(answers) == legs - 1
        step = server.step(Answer(token=b"more", mic=offer.list[::-1] if last else b"").encode())
        answers.append(Answer.decode(step.token))
    assert answers[0].mechanism == MS_KERBEROS
    assert {answer.mechanism for answer in answers[1:]} <= {b""}
    assert [answer.state for answer in answers] == [*[Negotiation.INCOMPLETE] * (legs - 1), Negotiation.ACCEPTED]
    assert answers[-1].mic == (offer.list[::-1] if legs > 1 else b"")


def test_a_list_that_was_changed_on_its_way_is_found_out() -> None:
    server = acceptor(kerberos=lambda: Toy(2))
    server.step(Offer((KERBEROS,), b"first").encode())
    with pytest.raises(LoginRefused, match="changed on its way"):
        server.step(Answer(token=b"more", mic=Offer((MS_KERBEROS, KERBEROS)).list[::-1]).encode())


def test_another_choice_has_to_be_proved() -> None:
    """The client would have liked Kerberos; somebody between could have made it so that the server does not."""
    server = acceptor()
    client = NegotiateInitiator([(KERBEROS, lambda: Toy(2)), (NTLM, lambda: NtlmInitiator("me", PASSWORD))])
    theirs, ours, tokens = run(client, server)
    assert theirs.context is not None
    assert ours.context is not None
    first = Answer.decode(tokens[1])
    assert (first.state, first.mechanism, first.token) == (Negotiation.REQUEST_MIC, NTLM, b"")
    assert Answer.decode(tokens[-1]).mic

    unproved = acceptor()
    unproved.step(Offer((KERBEROS, NTLM), b"toy").encode())
    plain = NtlmInitiator("me", PASSWORD)
    challenge = Answer.decode(unproved.step(Answer(token=plain.step().token).encode()).token)
    step = unproved.step(Answer(token=plain.step(challenge.token).token).encode())
    assert Answer.decode(step.token).state is Negotiation.REQUEST_MIC
    assert step.context is None
    with pytest.raises(LoginRefused, match="did not prove"):
        unproved.step(Answer().encode())
    with pytest.raises(RemoteProtocolError, match="has finished"):
        unproved.step(Answer(token=b"another").encode())


def test_a_server_that_does_not_prove_its_choice() -> None:
    client = NegotiateInitiator([(KERBEROS, lambda: Toy(2)), (NTLM, Toy)])
    client.step()
    client.step(Answer(Negotiation.REQUEST_MIC, NTLM).encode())
    client.step(Answer(Negotiation.INCOMPLETE, b"", b"token").encode())
    with pytest.raises(RemoteProtocolError, match="did not prove"):
        client.step(Answer(Negotiation.ACCEPTED).encode())


@pytest.mark.parametrize(
    ("answers", "problem"),
    [
        ([Answer(Negotiation.REJECTED)], "none of the mechanisms"),
        ([Answer(Negotiation.INCOMPLETE, NTLM, b"x")], "was not offered"),
        ([Answer(Negotiation.INCOMPLETE, KERBEROS)], "has no token"),
        ([Answer(Negotiation.ACCEPTED, KERBEROS, b"x")], "before it saw the last token"),
        ([Answer(Negotiation.INCOMPLETE, KERBEROS, b"x"), Answer(Negotiation.INCOMPLETE)], "all was said"),
        ([Answer(Negotiation.INCOMPLETE, KERBEROS, b"x"), Answer(Negotiation.INCOMPLETE, b"", b"y")], "has finished"),
        ([Answer(Negotiation.INCOMPLETE, KERBEROS, b"x", b"wrong")], "does not fit"),
    ],
)
def test_servers_that_cannot_be_right(answers: list[Answer], problem: str) -> None:
    client = NegotiateInitiator([(KERBEROS, lambda: Toy(2))])
    client.step()
    with pytest.raises((RemoteProtocolError, LoginRefused), match=problem):
        for answer in answers:
            client.step(answer.encode())


@pytest.mark.parametrize(
    ("tokens", "problem"),
    [
        ([Offer((MS_KERBEROS,), b"x").encode()], "no mechanism"),
        ([Offer((NTLM,), b"x").encode()], "shorter|wanted|signature"),
        ([Offer((KERBEROS, NTLM), b"x").encode(), Answer(Negotiation.REJECTED).encode()], "given up"),
        ([b""], "wanted"),
        ([b"rubbish"], "0x72"),
        ([Offer((NTLM,)).encode(), b"rubbish"], "0x72"),
    ],
)
def test_clients_that_cannot_be_right(tokens: list[bytes], problem: str) -> None:
    server = acceptor()
    with pytest.raises((RemoteProtocolError, LoginRefused), match=problem):
        for token in tokens:
            server.step(token)


def test_a_client_that_sends_no_token_with_its_offer_is_asked_for_one() -> None:
    server = acceptor()
    asked = Answer.decode(server.step(Offer((NTLM,)).encode()).token)
    assert (asked.state, asked.mechanism) == (Negotiation.INCOMPLETE, NTLM)
    client = NtlmInitiator("me", PASSWORD)
    challenge = Answer.decode(server.step(Answer(token=client.step().token).encode()).token)
    finished = server.step(Answer(token=client.step(challenge.token).token).encode())
    assert Answer.decode(finished.token) == Answer(Negotiation.ACCEPTED)
    assert finished.context is not None
    assert server.account == "\\me"


def test_a_mechanism_that_cannot_begin_is_not_offered() -> None:
    client = NegotiateInitiator([(KERBEROS, lambda: Toy(refuses="no ticket")), (NTLM, Toy)])
    assert Offer.decode(client.step().token).mechanisms == (NTLM,)
    with pytest.raises(LoginRefused, match="no ticket"):
        NegotiateInitiator([(KERBEROS, lambda: Toy(refuses="no ticket"))]).step()
    with pytest.raises(LocalProtocolError, match="no mechanism"):
        NegotiateInitiator([]).step()


def test_what_is_answered_for_is_what_there_is() -> None:
    assert Logins(Users(), NAMES).auth_types == {AuthType.WINNT, AUTH_TYPE_NEGOTIATE}
    assert Logins(Users(), NAMES, kerberos=Toy).auth_types >= {AUTH_TYPE_KERBEROS}
    wire = Wire(Logins(Users(), NAMES))
    toy = Toy()
    toy.auth_type = AUTH_TYPE_KERBEROS
    assert wire.login(toy, AuthLevel.PRIVACY) == [BindRefused(NakReason.AUTHENTICATION_TYPE_NOT_RECOGNIZED, False)]
