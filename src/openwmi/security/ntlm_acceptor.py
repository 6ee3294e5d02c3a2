"""The server's side of NTLM ([MS-NLMP] 3.2.5.1): NTLMv2 only, the proof computed over the octets received.

LM and NTLMv1 responses, anonymous logins and sessions without extended session security and 128-bit keys are refused.
An unknown user costs the same work as a known one, and is refused with the same words to the peer: none.
"""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Callable
from typing import Final, Protocol

from openwmi.base.fault import LocalProtocolError, RemoteProtocolError
from openwmi.base.record import printable
from openwmi.security.mechanism import Step
from openwmi.security.names import ServerNames
from openwmi.security.ntlm_context import NtlmContext
from openwmi.security.ntlm_crypto import KEY_SIZE, PROOF_SIZE, hmac_md5, proof, rc4, response_key, session_base_key
from openwmi.security.ntlm_message import (
    CHALLENGE_SIZE,
    MIC_OFFSET,
    MIC_PROVIDED,
    MIC_SIZE,
    Authenticate,
    AvId,
    Challenge,
    Negotiate,
    NtlmFlags,
    decode_av_pairs,
    encode_av_pairs,
)
from openwmi.security.refusal import LoginRefused
from openwmi.security.users import User

SUPPORTED: Final = (
    NtlmFlags.UNICODE
    | NtlmFlags.SIGN
    | NtlmFlags.SEAL
    | NtlmFlags.EXTENDED_SESSION_SECURITY
    | NtlmFlags.VERSION
    | NtlmFlags.KEY_128
    | NtlmFlags.KEY_EXCHANGE
    | NtlmFlags.KEY_56
    | NtlmFlags.IDENTIFY
)
ALWAYS: Final = (
    NtlmFlags.REQUEST_TARGET
    | NtlmFlags.NTLM
    | NtlmFlags.ALWAYS_SIGN
    | NtlmFlags.TARGET_TYPE_SERVER
    | NtlmFlags.TARGET_INFO
)
REQUIRED: Final = NtlmFlags.UNICODE | NtlmFlags.EXTENDED_SESSION_SECURITY | NtlmFlags.KEY_128

NTLMV1_RESPONSE_SIZE: Final = 24
SHOWN_CHARS: Final = 80
_NOBODY: Final = bytes(KEY_SIZE)
"""Stands for the hash of a user whom there is not, so that the same work is done; it lets nobody in."""

CLIENT_CHALLENGE_FIXED: Final = 28
"""Octets of NTLMv2_CLIENT_CHALLENGE in front of its AV pairs ([MS-NLMP] 2.2.2.7)."""


class UserLookup(Protocol):
    """Where an acceptor finds users; `UsersFile` is one."""

    def lookup(self, domain: str, name: str, computer: str) -> User | None: ...


class NtlmAcceptor:
    """One login. Step it with the client's NEGOTIATE, then with its AUTHENTICATE.

    Args:
        users: who may log in.
        names: what the challenge says of this machine.
        now: the time as a FILETIME (100 ns since 1601), for the challenge.
        nonce: random octets; tests pass known ones.

    Attributes:
        account: who wants to log in, once the client has said it, fit for a log.
    """

    def __init__(
        self,
        users: UserLookup,
        names: ServerNames,
        now: Callable[[], int],
        nonce: Callable[[int], bytes] = secrets.token_bytes,
    ) -> None:
        self._users = users
        self._names = names
        self._now = now
        self._nonce = nonce
        self._negotiate: bytes | None = None
        self._challenge: Challenge | None = None
        self._challenge_octets = b""
        self._offered = NtlmFlags(0)
        self._finished = False
        self.account = ""

    def step(self, token: bytes) -> Step:
        """Raises RemoteProtocolError for a message that is not well formed, LoginRefused for one that fails.

        Both end this login; the peer is told no more than that.
        """
        if self._finished:
            raise LocalProtocolError("this NTLM exchange is over")
        if self._challenge is None:
            return self._answer(token)
        self._finished = True
        return Step(b"", self._check(token, self._challenge))

    def _answer(self, octets: bytes) -> Step:
        self._offered = offered = Negotiate.decode(octets).flags
        flags = (offered & SUPPORTED) | ALWAYS
        missing = REQUIRED & ~flags
        if missing:
            self._finished = True
            raise LoginRefused(None, f"NTLM without {missing.name} is too weak, and is not accepted")
        challenge = Challenge(flags, self._nonce(CHALLENGE_SIZE), self._names.computer, self._target_info())
        self._negotiate, self._challenge, self._challenge_octets = octets, challenge, challenge.encode()
        return Step(self._challenge_octets)

    def _target_info(self) -> bytes:
        names = self._names
        texts = {
            AvId.NB_DOMAIN_NAME: names.domain,
            AvId.NB_COMPUTER_NAME: names.computer,
            AvId.DNS_DOMAIN_NAME: names.dns_domain,
            AvId.DNS_COMPUTER_NAME: names.dns_computer,
        }
        pairs: dict[int, bytes] = {kind: text.encode("utf-16-le") for kind, text in texts.items()}
        pairs[AvId.TIMESTAMP] = self._now().to_bytes(8, "little")
        return encode_av_pairs(pairs)

    def _check(self, octets: bytes, challenge: Challenge) -> NtlmContext:
        message = Authenticate.decode(octets)
        who = printable(f"{message.domain}\\{message.user}", SHOWN_CHARS)
        response = message.nt_response
        self.account = who
        if not message.user:
            raise LoginRefused(None, "an anonymous NTLM login is not accepted")
        if len(response) <= NTLMV1_RESPONSE_SIZE:
            raise LoginRefused(None, f"{who}: only NTLMv2 is accepted, and this is an older response or none")
        if len(response) < PROOF_SIZE + CLIENT_CHALLENGE_FIXED:
            raise RemoteProtocolError(f"an NTLMv2 response of {len(response)} octets")
        flags = message.flags & challenge.flags
        if REQUIRED & ~flags:
            raise LoginRefused(None, f"{who}: the client went back on what was negotiated")
        user = self._users.lookup(message.domain, message.user, self._names.computer)
        key = self._verify(user, message, challenge.challenge)
        if user is None or key is None:
            raise LoginRefused(None, f"{who}: unknown user or wrong password")
        exported = _exported_key(key, message, flags)
        self._check_mic(octets, response[PROOF_SIZE:], exported, who)
        identify = bool((self._offered | message.flags) & NtlmFlags.IDENTIFY)
        return NtlmContext(user.principal, exported, flags, server=True, identify=identify)

    def _verify(self, user: User | None, message: Authenticate, challenge: bytes) -> bytes | None:
        """The SessionBaseKey where the proof is right.

        Some clients leave the domain out of the key ([MS-NLMP] 3.2.5.1.2): so both forms are tried, always.
        """
        nt_hash = user.nt_hash if user is not None else _NOBODY
        given, blob = message.nt_response[:PROOF_SIZE], message.nt_response[PROOF_SIZE:]
        found: bytes | None = None
        for domain in (message.domain, ""):
            key = response_key(nt_hash, message.user, domain)
            base = session_base_key(key, given)
            if hmac.compare_digest(proof(key, challenge, blob), given):
                found = base
        return found if user is not None else None

    def _check_mic(self, octets: bytes, client_challenge: bytes, exported: bytes, who: str) -> None:
        """The MIC over all three messages, where the client says under its proof that there is one."""
        pairs = decode_av_pairs(client_challenge[CLIENT_CHALLENGE_FIXED:])
        if not int.from_bytes(pairs.get(AvId.FLAGS, b""), "little") & MIC_PROVIDED:
            return
        end = MIC_OFFSET + MIC_SIZE
        if len(octets) < end or self._negotiate is None:
            raise RemoteProtocolError("an AUTHENTICATE that promises a MIC and ends before it")
        blank = octets[:MIC_OFFSET] + bytes(MIC_SIZE) + octets[end:]
        expected = hmac_md5(exported, self._negotiate + self._challenge_octets + blank)
        if not hmac.compare_digest(expected, octets[MIC_OFFSET:end]):
            raise LoginRefused(None, f"{who}: the messages of the login were changed on their way")


def _exported_key(base: bytes, message: Authenticate, flags: NtlmFlags) -> bytes:
    """ExportedSessionKey: with NTLMv2 the key exchange key is the session base key ([MS-NLMP] 3.4.5.1)."""
    if not flags & NtlmFlags.KEY_EXCHANGE or not flags & (NtlmFlags.SIGN | NtlmFlags.SEAL):
        return base
    if len(message.session_key) != KEY_SIZE:
        raise RemoteProtocolError(f"an encrypted session key of {len(message.session_key)} octets")
    return rc4(base, message.session_key)
