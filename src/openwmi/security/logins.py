"""The logins of one connection: one acceptor for each security context, stepped as its tokens come.

It speaks with an association through what both of them have, and knows nothing of PDUs.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final, Protocol

from openwmi.base.error import WbemError
from openwmi.base.fault import RemoteProtocolError
from openwmi.security import spnego
from openwmi.security.mechanism import (
    AUTH_TYPE_KERBEROS,
    AUTH_TYPE_NEGOTIATE,
    AUTH_TYPE_NTLM,
    Acceptor,
    Context,
    Step,
)
from openwmi.security.names import ServerNames
from openwmi.security.negotiate import NegotiateAcceptor
from openwmi.security.ntlm_acceptor import NtlmAcceptor, UserLookup
from openwmi.security.throttle import Throttle

log = logging.getLogger("openwmi.security")

_EPOCH: Final = datetime(1601, 1, 1, tzinfo=UTC)


class TokenRequest(Protocol):
    """What is asked: a token came for this context."""

    @property
    def auth_context_id(self) -> int: ...
    @property
    def auth_type(self) -> int: ...
    @property
    def token(self) -> bytes: ...


class TokenSink(Protocol):
    """Who asks, and gets the answer."""

    def accept_token(self, auth_context_id: int, token: bytes, context: Context | None, /) -> None: ...
    def refuse_token(self, auth_context_id: int, /) -> None: ...


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of one token.

    Attributes:
        auth_context_id: whose it is.
        step: the answer; None where the login is refused.
        delay: seconds to keep it back, where it says whether a password was right.
        account: whose failures are forgotten once it is told.
    """

    auth_context_id: int
    step: Step | None
    delay: float = 0.0
    account: str = ""


class Logins:
    """Answers for one connection.

    Args:
        users: who may log in.
        names: what this machine says of itself.
        peer: where the connection came from, for the log.
        now: the date and time, aware of its offset.
        kerberos: makes what accepts a Kerberos login; None where there is no Kerberos.
        throttle: the failures of all connections of the server.
        clock: the seconds that the throttle counts.

    Attributes:
        auth_types: the security providers that are answered for.
    """

    def __init__(
        self,
        users: UserLookup,
        names: ServerNames,
        *,
        peer: str = "",
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        kerberos: Callable[[], Acceptor] | None = None,
        throttle: Throttle | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._users = users
        self._names = names
        self._peer = peer
        self._now = now
        self._throttle = Throttle() if throttle is None else throttle
        self._clock = clock
        inner: dict[bytes, Callable[[], Acceptor]] = {spnego.NTLM: self._ntlm}
        self._kinds: dict[int, Callable[[], Acceptor]] = {AUTH_TYPE_NTLM: self._ntlm}
        if kerberos is not None:
            inner[spnego.KERBEROS] = self._kinds[AUTH_TYPE_KERBEROS] = kerberos
        self._kinds[AUTH_TYPE_NEGOTIATE] = lambda: NegotiateAcceptor(inner)
        self._has_kerberos = kerberos is not None
        self.auth_types = frozenset(self._kinds)
        self._acceptors: dict[int, Acceptor] = {}

    def answer(self, association: TokenSink, request: TokenRequest) -> bool:
        """Steps the login that the token belongs to, and tells the association; False if it was refused.

        At once, and in this thread: for drivers that may block and keep nobody waiting. Others take `check`, in a
        thread of its own where `blocks` says so, and after the verdict's delay `settle`.
        """
        return self.settle(association, self.check(request))

    def blocks(self, request: TokenRequest) -> bool:
        """Whether `check` may read files, or wait for another machine."""
        return self._has_kerberos and request.auth_type != AUTH_TYPE_NTLM

    def check(self, request: TokenRequest) -> Verdict:
        """Steps the login that the token belongs to; one token of a connection at a time.

        A refusal is logged with its reason, which the peer does not get.
        """
        key = request.auth_context_id
        acceptor = self._acceptors.pop(key, None) or self._kinds[request.auth_type]()
        peer = self._peer or "an unnamed peer"
        known = acceptor.account
        try:
            step = acceptor.step(request.token)
        except (RemoteProtocolError, WbemError) as error:
            now = self._clock()
            self._throttle.failed(self._peer, acceptor.account, now)
            delay = self._throttle.delay(self._peer, acceptor.account, now)
            said = {"event": "login_refused", "fields": {"peer": self._peer}}  # for logs that programs read
            log.warning("login from %s refused: %s", peer, error, extra=said)
            return Verdict(key, None, delay)
        # Whose proof has just been found right waits as with a wrong one, though a last leg may be missing yet.
        waits = acceptor.account != known
        delay = self._throttle.delay(self._peer, acceptor.account, self._clock()) if waits else 0.0
        if step.context is None:
            self._acceptors[key] = acceptor
            return Verdict(key, step, delay)
        log.debug("%s logged in from %s", step.context.principal, peer)
        return Verdict(key, step, delay, acceptor.account)

    def settle(self, association: TokenSink, verdict: Verdict) -> bool:
        """Tells the association; False if the login was refused."""
        if verdict.step is None:
            association.refuse_token(verdict.auth_context_id)
            return False
        if verdict.step.context is not None:
            # Not before: who guesses and waits for no answer would see the right guess by the next one's quick refusal.
            self._throttle.succeeded(self._peer, verdict.account)
        association.accept_token(verdict.auth_context_id, verdict.step.token, verdict.step.context)
        return True

    def _ntlm(self) -> NtlmAcceptor:
        return NtlmAcceptor(self._users, self._names, self._filetime)

    def _filetime(self) -> int:
        return (self._now() - _EPOCH) // timedelta(microseconds=1) * 10
