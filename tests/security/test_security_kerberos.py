"""Kerberos, by itself and within Negotiate, with tickets of a real KDC that the tests start."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from tests.security.fakes import Wire
from tests.security.kdc import ENCRYPTIONS, USER, running_kdc

from openwmi.base.fault import LocalProtocolError, RemoteProtocolError
from openwmi.rpc import AuthLevel, BindRefused, TokenNeeded
from openwmi.security import (
    Initiator,
    KerberosAcceptor,
    KerberosContext,
    KerberosInitiator,
    LoginRefused,
    Logins,
    ServerNames,
    User,
    UsersFile,
    cached_principal,
    negotiate,
    nt_hash,
)
from openwmi.security.kerberos import load
from openwmi.security.spnego import KERBEROS, MS_KERBEROS, NTLM, Answer, Negotiation, Offer

NAMES = ServerNames.of_host("srv1.example")
LEVELS = [AuthLevel.CONNECT, AuthLevel.PKT, AuthLevel.INTEGRITY, AuthLevel.PRIVACY]


@pytest.fixture(scope="module", params=ENCRYPTIONS[:1])
def kdc(request: pytest.FixtureRequest) -> Iterator[Any]:
    """A realm, in the environment of this process while it is used."""
    with running_kdc(request.param) as made:
        yield made


class Users:
    def lookup(self, domain: str, name: str, computer: str) -> User | None:
        return User("DOM", "me", nt_hash("secret")) if name == "me" else None


def wire(kdc: Any, admits: Callable[[str], bool] = USER.__eq__) -> Wire:
    return Wire(Logins(Users(), NAMES, peer="192.0.2.9", kerberos=partial(KerberosAcceptor, admits, kdc.keytab)))


def by_itself(kdc: Any) -> Initiator:
    return KerberosInitiator(kdc.hostname)


def within_negotiate(kdc: Any) -> Initiator:
    return negotiate(kdc.hostname)


WAYS = pytest.mark.parametrize("way", [by_itself, within_negotiate], ids=lambda way: way.__name__)


@WAYS
@pytest.mark.parametrize("level", LEVELS)
def test_calls_at_every_level(kdc: Any, way: Callable[[Any], Initiator], level: AuthLevel) -> None:
    ends = wire(kdc)
    ends.login(way(kdc), level)
    for size in (0, 1, 16, 20_000):
        assert ends.call(bytes(size)) == bytes(size) + f" {USER}".encode()
    assert ends.client.header_signing is ends.server.header_signing is (level >= AuthLevel.INTEGRITY)


@pytest.mark.parametrize("kdc", ENCRYPTIONS, indirect=True)
@pytest.mark.parametrize("header_signing", [False, True])
def test_fragments_with_keys_of_every_kind(kdc: Any, header_signing: bool) -> None:
    client, server = KerberosInitiator(kdc.hostname), KerberosAcceptor(USER.__eq__, kdc.keytab)
    third = client.step(server.step(client.step().token).token)
    theirs, ours = third.context, server.step(third.token).context
    assert isinstance(theirs, KerberosContext)
    assert isinstance(ours, KerberosContext)
    assert repr(ours) == f"KerberosContext({USER!r})"
    pdu = b"header--" + bytes(range(64)) + b"trailer-"
    for sender, receiver in ((theirs, ours), (ours, theirs)) * 2:
        token = sender.sign(pdu, 8, 72, sign_header=header_signing)
        assert len(token) == sender.signature_size(sealed=False)
        receiver.verify(pdu, 8, 72, token, sign_header=header_signing)
        body, token = sender.seal(pdu, 8, 72, sign_header=header_signing)
        assert len(token) == sender.signature_size(sealed=True)
        assert body != pdu[8:72]
        sealed = pdu[:8] + body + pdu[72:]
        assert receiver.unseal(sealed, 8, 72, token, sign_header=header_signing) == pdu[8:72]


@pytest.mark.parametrize("header_signing", [False, True])
@pytest.mark.parametrize("at", [2, 40, 75])
def test_a_changed_octet_is_noticed_where_it_is_protected(kdc: Any, header_signing: bool, at: int) -> None:
    client, server = KerberosInitiator(kdc.hostname), KerberosAcceptor(USER.__eq__, kdc.keytab)
    third = client.step(server.step(client.step().token).token)
    theirs, ours = third.context, server.step(third.token).context
    assert theirs is not None
    assert ours is not None
    pdu = b"header--" + bytes(range(64)) + b"trailer-"
    body, token = theirs.seal(pdu, 8, 72, sign_header=header_signing)
    sealed = bytearray(pdu[:8] + body + pdu[72:])
    sealed[at] ^= 1
    if header_signing or at == 40:
        with pytest.raises(RemoteProtocolError, match="seal does not fit"):
            ours.unseal(bytes(sealed), 8, 72, token, sign_header=header_signing)
    else:
        assert ours.unseal(bytes(sealed), 8, 72, token, sign_header=header_signing) == pdu[8:72]
    with pytest.raises(RemoteProtocolError, match="signature does not fit"):
        ours.verify(pdu, 8, 72, theirs.sign(bytes(80), 8, 72, sign_header=header_signing), sign_header=header_signing)


def test_what_was_only_signed_is_not_taken_for_sealed(kdc: Any) -> None:
    client, server = KerberosInitiator(kdc.hostname), KerberosAcceptor(USER.__eq__, kdc.keytab)
    third = client.step(server.step(client.step().token).token)
    ours = server.step(third.token).context
    assert isinstance(third.context, KerberosContext)
    assert ours is not None
    raw = third.context._raw
    kind = raw.IOVBufferType
    iov = raw.IOV((kind.header, True, None), (kind.data, b"in clear"), std_layout=False)
    raw.wrap_iov(third.context._context, iov, False)
    with pytest.raises(RemoteProtocolError, match="signed only"):
        ours.unseal(iov[1].value, 0, 8, iov[0].value, sign_header=False)


@pytest.mark.parametrize("kdc", [ENCRYPTIONS[0], ENCRYPTIONS[3]], indirect=True)
@pytest.mark.parametrize("sealed", [False, True])
def test_repeated_reordered_and_left_out(kdc: Any, sealed: bool) -> None:
    client, server = KerberosInitiator(kdc.hostname), KerberosAcceptor(USER.__eq__, kdc.keytab)
    third = client.step(server.step(client.step().token).token)
    theirs, ours = third.context, server.step(third.token).context
    assert theirs is not None
    assert ours is not None
    pdu = b"header--" + bytes(range(64)) + b"trailer-"
    sent = [
        theirs.seal(pdu, 8, 72, sign_header=True) if sealed else (pdu[8:72], theirs.sign(pdu, 8, 72, sign_header=True))
        for _ in range(3)
    ]

    def take(number: int) -> None:
        body, token = sent[number]
        check = ours.unseal if sealed else ours.verify
        check(pdu[:8] + body + pdu[72:], 8, 72, token, sign_header=True)

    take(0)
    for number in (0, 2, 1, 1):
        with pytest.raises(RemoteProtocolError, match="does not fit"):
            take(number)


@pytest.mark.parametrize("missing", ["replay_detection", "out_of_sequence_detection"])
def test_a_login_under_which_calls_could_be_repeated_is_refused(kdc: Any, missing: str) -> None:
    client, server = KerberosInitiator(kdc.hostname), KerberosAcceptor(USER.__eq__, kdc.keytab)
    gssapi = load()
    need = gssapi.RequirementFlag
    flags = need.dce_style | need.mutual_authentication | need.replay_detection | need.out_of_sequence_detection
    client._begin = lambda gssapi: gssapi.SecurityContext(  # type: ignore[method-assign]
        name=gssapi.Name(client._target, gssapi.NameType.hostbased_service),
        mech=gssapi.MechType.kerberos,
        usage="initiate",
        flags=flags & ~need[missing],
    )
    third = client.step(server.step(client.step().token).token)
    with pytest.raises(LoginRefused, match="without an order of messages"):
        server.step(third.token)


def test_the_legs_are_those_of_windows(kdc: Any) -> None:
    """bind(AP-REQ), bind_ack(AP-REP), alter_context(AP-REP, proof), alter_context_resp(proof)."""
    ends = wire(kdc)
    ends.login(negotiate(kdc.hostname, "user", kdc.password("user"), "EXAMPLE.ORG"), AuthLevel.PRIVACY)
    (_, first), (_, second), (_, third), (_, fourth) = ends.tokens
    offer = Offer.decode(first)
    assert offer.mechanisms == (MS_KERBEROS, KERBEROS, NTLM)
    assert offer.token[0] == 0x6E  # an AP-REQ without GSS-API's frame
    reply = Answer.decode(second)
    assert (reply.state, reply.mechanism, reply.token[0], reply.mic) == (
        Negotiation.INCOMPLETE,
        MS_KERBEROS,
        0x6F,
        b"",
    )
    last = Answer.decode(third)
    assert (last.state, last.token[0], len(last.mic) > 0) == (None, 0x6F, True)
    end = Answer.decode(fourth)
    assert (end.state, end.token, len(end.mic) > 0) == (Negotiation.ACCEPTED, b"", True)


@WAYS
def test_who_is_not_among_the_users_stays_outside(
    kdc: Any, way: Callable[[Any], Initiator], caplog: pytest.LogCaptureFixture
) -> None:
    ends = wire(kdc, lambda principal: False)
    events = ends.login(way(kdc), AuthLevel.PRIVACY)
    assert isinstance(events[-1], BindRefused)
    (record,) = caplog.records
    assert f"{USER} has a ticket, and is not among the users" in record.getMessage()
    assert "192.0.2.9" in record.getMessage()


def test_the_users_file_says_who_may(kdc: Any, tmp_path: Path) -> None:
    file = tmp_path / "users"
    file.touch(0o600)
    file.write_text(f"# by ticket\n{USER}\nDOM\\me:{nt_hash('secret').hex()}\n")
    users = UsersFile(file)
    assert users.admits(USER)
    assert not users.admits(USER.lower())
    assert not users.admits("me@EXAMPLE.ORG")
    assert len(users) == 1
    assert users.lookup("EXAMPLE.ORG", "user", "SRV1") is None  # it is no account of NTLM
    assert users.lookup("", USER, "SRV1") is None
    logins = Logins(users, NAMES, kerberos=partial(KerberosAcceptor, users.admits, kdc.keytab))
    ends = Wire(logins)
    ends.login(KerberosInitiator(kdc.hostname, USER, kdc.password("user")), AuthLevel.PRIVACY)
    assert ends.call(b"") == f" {USER}".encode()


def test_who_has_no_ticket_offers_ntlm_alone(kdc: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KRB5CCNAME", "FILE:/nowhere")
    ends = wire(kdc)
    ends.login(negotiate(kdc.hostname, "me", "secret", "DOM"), AuthLevel.PRIVACY)
    assert ends.call(b"") == b" DOM\\me"
    with pytest.raises(LoginRefused, match="Kerberos, as host@"):
        KerberosInitiator(kdc.hostname).step()
    with pytest.raises(LoginRefused, match="Kerberos, as host@"):
        negotiate(kdc.hostname).step()


def test_whose_tickets_the_cache_holds(kdc: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    assert cached_principal() == USER
    monkeypatch.setenv("KRB5CCNAME", "FILE:/nowhere")
    assert cached_principal() is None
    monkeypatch.setitem(sys.modules, "gssapi", None)  # the extra is not installed
    assert cached_principal() is None


def test_a_server_without_kerberos_gets_ntlm_and_proves_it(kdc: Any) -> None:
    ends = Wire(Logins(Users(), NAMES))
    initiator = negotiate(kdc.hostname, "me", "secret", "DOM")
    # The ticket is the user's own; the password is an account's of that server.
    initiator._mechanisms[0] = (KERBEROS, lambda: KerberosInitiator(kdc.hostname))
    ends.login(initiator, AuthLevel.PRIVACY)
    assert ends.call(b"") == b" DOM\\me"
    assert Answer.decode(ends.tokens[1][1]).state is Negotiation.REQUEST_MIC


@pytest.mark.parametrize(
    "initiator",
    [
        lambda kdc: KerberosInitiator(kdc.hostname, USER, "wrong"),
        lambda kdc: KerberosInitiator(kdc.hostname, "nobody@EXAMPLE.ORG", "wrong"),
        lambda kdc: KerberosInitiator("no-such-host.example"),
        lambda kdc: KerberosInitiator(kdc.hostname, "other@EXAMPLE.ORG"),
    ],
)
def test_tickets_that_are_not_given(kdc: Any, initiator: Callable[[Any], KerberosInitiator]) -> None:
    with pytest.raises(LoginRefused, match="Kerberos, as host@") as refused:
        initiator(kdc).step()
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize("token", [b"", b"rubbish", b"\x6e\x82\xff\xff", b"NTLMSSP\0"])
def test_tokens_that_are_none(kdc: Any, token: bytes) -> None:
    acceptor = KerberosAcceptor(USER.__eq__, kdc.keytab)
    with pytest.raises(LoginRefused, match="Kerberos: "):
        acceptor.step(token)
    with pytest.raises(LocalProtocolError):
        acceptor.step(token)


def test_a_server_whose_answer_is_wrong(kdc: Any) -> None:
    initiator = KerberosInitiator(kdc.hostname)
    initiator.step()
    with pytest.raises(LoginRefused):
        initiator.step(b"rubbish")


def test_a_login_is_over_when_it_is_over(kdc: Any) -> None:
    client, server = KerberosInitiator(kdc.hostname), KerberosAcceptor(USER.__eq__, kdc.keytab)
    server.step(client.step(server.step(client.step().token).token).token)
    assert server.account == USER
    with pytest.raises(LocalProtocolError):
        server.step(b"")
    with pytest.raises(LocalProtocolError):
        client.step(b"")


def test_what_may_take_long_says_so(kdc: Any) -> None:
    logins = Logins(Users(), NAMES, kerberos=partial(KerberosAcceptor, USER.__eq__, kdc.keytab))
    asked = [TokenNeeded(0, kind, AuthLevel.PRIVACY, b"") for kind in (9, 10, 16)]
    assert [logins.blocks(each) for each in asked] == [True, False, True]
    assert not any(map(Logins(Users(), NAMES).blocks, asked))
    assert KerberosInitiator("").blocks
    assert negotiate("").blocks
    assert not negotiate("", "me", "secret", kerberos=False).blocks
