"""The logins of one connection: one acceptor for each security context, stepped as its tokens come.

It speaks with an association through what both of them have, and knows nothing of PDUs.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Final, Protocol

from openwmi.base.error import WbemError
from openwmi.base.fault import RemoteProtocolError
from openwmi.security.names import ServerNames
from openwmi.security.ntlm_acceptor import NtlmAcceptor, UserLookup
from openwmi.security.ntlm_context import NtlmContext

log = logging.getLogger("openwmi.security")

_EPOCH: Final = datetime(1601, 1, 1, tzinfo=UTC)


class TokenRequest(Protocol):
    """What is asked: a token came for this context."""

    @property
    def auth_context_id(self) -> int: ...
    @property
    def token(self) -> bytes: ...


class TokenSink(Protocol):
    """Who asks, and gets the answer."""

    def accept_token(self, auth_context_id: int, token: bytes, context: NtlmContext | None, /) -> None: ...
    def refuse_token(self, auth_context_id: int, /) -> None: ...


class Logins:
    """Answers for one connection.

    Args:
        users: who may log in.
        names: what this machine says of itself.
        peer: where the connection came from, for the log.
        now: the date and time, aware of its offset.
    """

    def __init__(
        self,
        users: UserLookup,
        names: ServerNames,
        *,
        peer: str = "",
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._users = users
        self._names = names
        self._peer = peer
        self._now = now
        self._acceptors: dict[int, NtlmAcceptor] = {}

    def answer(self, association: TokenSink, request: TokenRequest) -> bool:
        """Steps the login that the token belongs to, and tells the association; False if it was refused.

        A refusal is logged with its reason, which the peer does not get.
        """
        key = request.auth_context_id
        acceptor = self._acceptors.pop(key, None) or NtlmAcceptor(self._users, self._names, self._filetime)
        try:
            step = acceptor.step(request.token)
        except (RemoteProtocolError, WbemError) as error:
            log.warning("login from %s refused: %s", self._peer or "an unnamed peer", error)
            association.refuse_token(key)
            return False
        if step.context is None:
            self._acceptors[key] = acceptor
        else:
            log.debug("%s logged in from %s", step.context.principal, self._peer or "an unnamed peer")
        association.accept_token(key, step.token, step.context)
        return True

    def _filetime(self) -> int:
        return (self._now() - _EPOCH) // timedelta(microseconds=1) * 10
