"""The client's side of NTLM, by pyspnego; signing and sealing stay ours. The only module that imports pyspnego."""

from __future__ import annotations

import logging

import spnego
from spnego.exceptions import SpnegoError

from openwmi.base.fault import LocalProtocolError, RemoteProtocolError
from openwmi.security.mechanism import AUTH_TYPE_NTLM, Step
from openwmi.security.ntlm_context import NtlmContext
from openwmi.security.ntlm_message import Authenticate

# At DEBUG pyspnego logs whole tokens, from which a password can be guessed: it may, but not because a program turned
# its own log up.
if logging.getLogger("spnego").level == logging.NOTSET:
    logging.getLogger("spnego").setLevel(logging.INFO)


class NtlmInitiator:
    """One login, as a client. `step(b"")` gives the NEGOTIATE; the server's CHALLENGE then completes it.

    Args:
        user: the account's name.
        password: in clear, for pyspnego.
        domain: the account's domain; "" leaves the choice to the server.
        nt_hash: of the password, instead of it.
    """

    auth_type: int = AUTH_TYPE_NTLM
    blocks: bool = False

    def __init__(self, user: str, password: str, domain: str = "", *, nt_hash: bytes | None = None) -> None:
        self._finished = False
        self._principal = f"{domain}\\{user}" if domain else user
        known = spnego.NTLMHash(username=self._principal, nt_hash=nt_hash.hex()) if nt_hash else None
        self._context = spnego.client(
            self._principal if known is None else known,
            password if known is None else None,
            service="host",
            protocol="ntlm",
            options=spnego.NegotiateOptions.use_ntlm,
            context_req=spnego.ContextReq.integrity | spnego.ContextReq.confidentiality,
        )

    def step(self, token: bytes = b"") -> Step:
        """RemoteProtocolError where the server's token is not good, or not strong enough."""
        if self._finished:
            raise LocalProtocolError("this NTLM exchange is over")
        try:
            out = self._context.step(token or None) or b""
        except (SpnegoError, ValueError) as error:
            raise RemoteProtocolError(f"the server's NTLM token was not understood: {error}") from error
        self._finished = self._context.complete
        if not self._finished:
            return Step(out)
        # What was agreed on stands in the last message, and nowhere in pyspnego's interface.
        flags = Authenticate.decode(out).flags
        return Step(out, NtlmContext(self._principal, self._context.session_key, flags, server=False))
