"""What a way to log in is, whichever it is: tokens in, tokens out, and in the end a context that protects what follows.

NTLM and Kerberos are mechanisms, and Negotiate is one that agrees on another.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Protocol

AUTH_TYPE_NEGOTIATE: Final = 9
AUTH_TYPE_NTLM: Final = 10
AUTH_TYPE_KERBEROS: Final = 16
"""DCE/RPC's security providers ([MS-RPCE] 2.2.1.1.7)."""


IDENTIFY: Final = 2
IMPERSONATE: Final = 3
DELEGATE: Final = 4
"""RPC_C_IMP_LEVEL: how far a client lets a server act as itself ([MS-RPCE] 2.2.1.1.9)."""


class Context(Protocol):
    """A finished login. `openwmi.rpc` says what its calls for PDUs mean (SecurityContext)."""

    principal: str
    impersonation: int

    def signature_size(self, *, sealed: bool) -> int: ...
    def sign(self, pdu: bytes, start: int, end: int, *, sign_header: bool) -> bytes: ...
    def seal(self, pdu: bytes, start: int, end: int, *, sign_header: bool) -> tuple[bytes, bytes]: ...
    def verify(self, pdu: bytes, start: int, end: int, token: bytes, *, sign_header: bool) -> None: ...
    def unseal(self, pdu: bytes, start: int, end: int, token: bytes, *, sign_header: bool) -> bytes: ...

    def make_mic(self, data: bytes) -> bytes:
        """The proof that a list of mechanisms came from us; before the first PDU, and at most once."""
        ...

    def check_mic(self, data: bytes, mic: bytes) -> None:
        """The same of the peer: RemoteProtocolError where it does not fit."""
        ...


@dataclass(frozen=True, slots=True)
class Step:
    """What an exchange gives back: a token for the peer, and the context once the login is complete."""

    token: bytes
    context: Context | None = None


class Acceptor(Protocol):
    """The server's end of one login.

    Attributes:
        account: who wants to log in, as far as the tokens have said it; for the log, and to slow guessers down.
    """

    @property
    def account(self) -> str: ...

    def step(self, token: bytes) -> Step:
        """The next token of the client. LoginRefused, RemoteProtocolError: both end the login."""
        ...


class Initiator(Protocol):
    """The client's end of one login.

    Attributes:
        auth_type: its number among DCE/RPC's security providers.
        blocks: whether a step may wait for another machine, so that it is to be made in a thread of its own.
    """

    auth_type: int
    blocks: bool

    def step(self, token: bytes = b"") -> Step:
        """The first token, and then what follows the server's. RemoteProtocolError, LoginRefused."""
        ...
