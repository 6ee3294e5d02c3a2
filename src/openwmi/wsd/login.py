"""Logging in over HTTP: Negotiate and NTLM ([MS-NLMP], RFC 4559), Digest (RFC 7616), Basic (RFC 7617).

    HttpClient(authenticator=Account("me", "…"))           a client's
    Host(…, gate=LoginGate(users, names))                  a device's: Negotiate and NTLM

Negotiate and NTLM log a connection in, and what follows on it needs no more; so that either end keeps it.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
import hashlib
import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from itertools import count
from typing import Any, Final

from openwmi.base.error import WbemError
from openwmi.base.fault import ProtocolError
from openwmi.net.http import Request, Response, Url
from openwmi.net.http_login import Challenge, Credentials, Door, Login
from openwmi.operation import Workers
from openwmi.security import (
    AUTH_TYPE_NEGOTIATE,
    AUTH_TYPE_NTLM,
    Initiator,
    Logins,
    ServerNames,
    Throttle,
    UserLookup,
    negotiate,
)

SCHEMES: Final = ("negotiate", "ntlm", "digest", "basic")
"""The best first. Which of them a client uses is the first here that the server offers."""


class Account:
    """Who a client is.

    Args:
        user, password, domain: of the account; without a user whoever the Kerberos cache is of.
        schemes: by which of SCHEMES it may log in.
        clear: whether a password may be sent in clear (Basic) without TLS.
        kerberos: whether Negotiate may ask a KDC.
        cnonce: makes the client's part of a digest.
    """

    def __init__(
        self,
        user: str = "",
        password: str = "",
        domain: str = "",
        *,
        schemes: Sequence[str] = SCHEMES,
        clear: bool = False,
        kerberos: bool = True,
        cnonce: Callable[[], str] = lambda: secrets.token_hex(16),
    ) -> None:
        self.user = user
        self.password = password
        self.domain = domain
        self.schemes = tuple(schemes)
        self.clear = clear
        self.kerberos = kerberos
        self.cnonce = cnonce
        self.known: dict[tuple[bool, str, int], _Digest | _Basic] = {}
        """What worked before, so that it need not be asked for."""

    def login(self, url: Url) -> Login:  # noqa: ARG002 - where it goes is said with each request
        """Part of Authenticator."""
        return _Login(self)

    def initiator(self, scheme: str, url: Url) -> Initiator:
        """The mechanism of a login by tokens."""
        if scheme == "negotiate":
            return negotiate(url.host, self.user, self.password, self.domain, kerberos=self.kerberos)
        from openwmi.security import NtlmInitiator  # noqa: PLC0415 - pyspnego is loaded by those who need it

        return NtlmInitiator(self.user, self.password, self.domain)


class _Login:
    """On one connection."""

    def __init__(self, account: Account) -> None:
        self.blocks = account.kerberos and "negotiate" in account.schemes
        self._account = account
        self._initiator: Initiator | None = None
        self._scheme = ""
        self._tried = ""

    def answer(self, url: Url, request: Request, challenges: tuple[Challenge, ...]) -> Credentials | None:
        """Part of Login."""
        key = url.secure, url.host, url.port
        if not challenges:
            known = self._account.known.get(key)
            return Credentials("" if known is None else known.credentials(request))
        if self._initiator is not None:
            mine = next((each for each in challenges if each.scheme == self._scheme and each.token), None)
            return None if mine is None else self._step(self._initiator, mine)
        usable = [each for scheme in self._account.schemes for each in challenges if each.scheme == scheme]
        for challenge in usable:
            if challenge.scheme == "ntlm" and not self._account.password:
                continue
            if challenge.scheme in {"negotiate", "ntlm"}:
                self._scheme = challenge.scheme
                self._initiator = self._account.initiator(challenge.scheme, url)
                found = self._step(self._initiator, challenge)  # the mechanism may have nothing to begin with
                if found is not None:
                    return found
                self._initiator = None
                continue
            made = self._known(challenge, url)
            if made is not None:
                self._account.known[key] = made
                return Credentials(made.credentials(request))
        self._account.known.pop(key, None)
        return None

    def _step(self, initiator: Initiator, challenge: Challenge) -> Credentials | None:
        try:
            step = initiator.step(base64.b64decode(challenge.token, validate=True))
        except (ProtocolError, WbemError, binascii.Error):
            return None
        token = base64.b64encode(step.token).decode("ascii")
        return Credentials(
            f"{challenge.scheme.title() if self._scheme != 'ntlm' else 'NTLM'} {token}", bool(step.context)
        )

    def _known(self, challenge: Challenge, url: Url) -> _Digest | _Basic | None:
        """What answers a challenge that needs no connection; the same is not answered twice."""
        account = self._account
        again = self._tried == challenge.scheme and challenge.parameters.get("stale", "").lower() != "true"
        self._tried = challenge.scheme
        if again or not account.user:
            return None
        if challenge.scheme == "basic":
            return _Basic(account.user, account.password) if url.secure or account.clear else None
        return _Digest.of(account, challenge)


@dataclass(frozen=True, slots=True)
class _Basic:
    user: str
    password: str

    def credentials(self, request: Request) -> str:  # noqa: ARG002 - they are the same for every request
        return f"Basic {base64.b64encode(f'{self.user}:{self.password}'.encode()).decode('ascii')}"


_HASHES: Final[dict[str, Callable[[bytes], Any]]] = {
    "MD5": lambda octets: hashlib.md5(octets, usedforsecurity=False),
    "SHA-256": hashlib.sha256,
}


class _Digest:
    """Answers with one nonce; it counts how often (RFC 7616, 3.4)."""

    def __init__(self, account: Account, parameters: dict[str, str], algorithm: str) -> None:
        self._account = account
        self._given = parameters
        self._algorithm = algorithm
        self._count = count(1)

    @classmethod
    def of(cls, account: Account, challenge: Challenge) -> _Digest | None:
        """None for a challenge that we cannot meet."""
        given = dict(challenge.parameters)
        algorithm = given.get("algorithm", "MD5").upper()
        quality = [each.strip() for each in given.get("qop", "").split(",")]
        unsafe = any('"' in text or "\\" in text or not text.isprintable() for text in given.values())
        if algorithm not in _HASHES or not ({"auth", ""} & {*quality}) or "nonce" not in given or unsafe:
            return None
        given["qop"] = "auth" if "auth" in quality else ""
        return cls(account, given, algorithm)

    def credentials(self, request: Request) -> str:
        """For that request."""
        user, given = self._account.user, self._given
        realm, nonce = given.get("realm", ""), given["nonce"]
        first = self._hash(f"{user}:{realm}:{self._account.password}")
        second = self._hash(f"{request.method}:{request.target}")
        fields = {"username": user, "realm": realm, "nonce": nonce, "uri": request.target}
        if given["qop"]:
            number, own = f"{next(self._count):08x}", self._account.cnonce()
            fields["response"] = self._hash(f"{first}:{nonce}:{number}:{own}:auth:{second}")
            fields["cnonce"] = own
            plain = f", algorithm={self._algorithm}, qop=auth, nc={number}"
        else:
            fields["response"] = self._hash(f"{first}:{nonce}:{second}")
            plain = f", algorithm={self._algorithm}"
        if "opaque" in given:
            fields["opaque"] = given["opaque"]
        return f"Digest {', '.join(f'{name}={_quoted(text)}' for name, text in fields.items())}{plain}"

    def _hash(self, text: str) -> str:
        digest: str = _HASHES[self._algorithm](text.encode()).hexdigest()
        return digest


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


@dataclass(frozen=True, slots=True)
class _Token:
    """What came, as `Logins` wants it."""

    auth_type: int
    token: bytes
    auth_context_id: int = 0


class LoginGate:
    """What lets clients of a device in: by Negotiate or NTLM, and the users of a file.

    Args:
        users: who may log in.
        names: what this machine says of itself.
    """

    def __init__(self, users: UserLookup, names: ServerNames) -> None:
        self._users = users
        self._names = names
        self._throttle = Throttle()
        self._workers = Workers("openwmi-http-login", 4)

    def __call__(self, peer: str, secure: bool) -> Door:  # noqa: ARG002 - it is the same with TLS and without
        """Part of Gate."""
        clock = asyncio.get_running_loop().time
        logins = Logins(self._users, self._names, peer=peer, throttle=self._throttle, clock=clock)
        return _Door(logins, self._workers)


_TYPES: Final = {"ntlm": AUTH_TYPE_NTLM, "negotiate": AUTH_TYPE_NEGOTIATE}
_NAMES: Final = {"ntlm": "NTLM", "negotiate": "Negotiate"}


class _Door:
    def __init__(self, logins: Logins, workers: Workers) -> None:
        self._logins = logins
        self._workers = workers
        self._principal = ""
        self.scheme = ""

    async def admit(self, request: Request) -> str | Response:
        """Part of Door."""
        given = request.header("authorization")
        if not given and self._principal:
            return self._principal
        scheme, _, text = given.partition(" ")
        kind = _TYPES.get(scheme.lower())
        try:
            token = base64.b64decode(text.strip(), validate=True) if kind is not None else b""
        except binascii.Error:
            token = b""
        if kind is None or not token:
            return _unauthorized("Negotiate", "NTLM")
        verdict = await self._workers.run(self._logins.check, _Token(kind, token))
        if verdict.delay:
            await asyncio.sleep(verdict.delay)
        if verdict.step is None:
            self._principal = ""
            return _unauthorized("Negotiate", "NTLM")
        if verdict.step.context is None:
            answer = base64.b64encode(verdict.step.token).decode("ascii")
            return _unauthorized(f"{_NAMES[scheme.lower()]} {answer}")
        self._principal, self.scheme = verdict.step.context.principal, scheme.lower()
        return self._principal


def _unauthorized(*ways: str) -> Response:
    return Response(HTTPStatus.UNAUTHORIZED, tuple(("WWW-Authenticate", way) for way in ways))
