"""How fragments are signed and sealed ([MS-RPCE] 2.2.2.11, 3.3.1.5.2.2): which octets, not by which algorithm.

The algorithm is a SecurityContext's, which a login made and which is handed to the association. It gets the whole PDU
up to its token, since NTLM with extended session security signs all of that, whether or not PFC_SUPPORT_HEADER_SIGN was
negotiated; a mechanism that must know (Kerberos) is told.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum, IntEnum
from typing import Final, Protocol

from openwmi.rpc.header import TRAILER_SIZE


class AuthType(IntEnum):
    """Security providers, [MS-RPCE] 2.2.1.1.7; those that nobody here speaks are left out."""

    NONE = 0
    NEGOTIATE = 9
    WINNT = 10
    KERBEROS = 16


class AuthLevel(IntEnum):
    """Authentication levels, [MS-RPCE] 2.2.1.1.8, in rising order. CALL never comes out: it is PKT."""

    NONE = 1
    CONNECT = 2
    CALL = 3
    PKT = 4
    INTEGRITY = 5
    PRIVACY = 6


ODD_LEGS: Final = frozenset({AuthType.WINNT})
"""Providers whose exchange ends with an auth3 ([MS-RPCE] 2.2.1.1.7)."""

_LEVELS: Final = {
    0: AuthLevel.CONNECT,  # RPC_C_AUTHN_LEVEL_DEFAULT
    2: AuthLevel.CONNECT,
    3: AuthLevel.PKT,  # "CALL MUST be processed as PKT"
    4: AuthLevel.PKT,
    5: AuthLevel.INTEGRITY,
    6: AuthLevel.PRIVACY,
}


def level_of(number: int) -> AuthLevel | None:
    """The level that a sec_trailer names, as it is to be treated; None where there is no such level."""
    return _LEVELS.get(number)


class SecurityContext(Protocol):
    """What a finished login leaves behind, one for each connection and login. `openwmi.security` makes them.

    `pdu` is the PDU in clear up to its token, `pdu[start:end]` its body with padding. Calls come in the order of the
    wire, each direction for itself. A token that does not fit is a RemoteProtocolError.
    """

    @property
    def principal(self) -> str:
        """Who logged in, such as `DOM\\user`."""
        ...

    @property
    def impersonation(self) -> int:
        """How far the client lets the server act as itself: an RPC_C_IMP_LEVEL."""
        ...

    def signature_size(self, *, sealed: bool) -> int:
        """Octets of a token, the same for all fragments."""
        ...

    def sign(self, pdu: bytes, start: int, end: int, *, sign_header: bool) -> bytes:
        """The token for a PDU to send."""
        ...

    def seal(self, pdu: bytes, start: int, end: int, *, sign_header: bool) -> tuple[bytes, bytes]:
        """The encrypted body, and the token."""
        ...

    def verify(self, pdu: bytes, start: int, end: int, token: bytes, *, sign_header: bool) -> None:
        """Checks a received PDU's token."""
        ...

    def unseal(self, pdu: bytes, start: int, end: int, token: bytes, *, sign_header: bool) -> bytes:
        """The body in clear, its token checked."""
        ...


class SlotState(Enum):
    """How far the login of a security context has come."""

    PENDING = "pending"
    READY = "ready"
    REFUSED = "refused"


@dataclass(slots=True, eq=False)
class Slot:
    """One row of a connection's table of security contexts ([MS-RPCE] 3.3.1.1.2).

    Attributes:
        protects: whether requests and responses carry a token: from PKT upwards.
        seals: whether their bodies are encrypted.
        token_size: octets of that token, once the login is complete.
    """

    context_id: int
    type: int
    level: AuthLevel
    state: SlotState = SlotState.PENDING
    context: SecurityContext | None = None
    signs_header: bool = False  # whether its own first leg asked for that
    protects: bool = field(init=False)
    seals: bool = field(init=False)
    token_size: int = 0

    def __post_init__(self) -> None:
        self.protects = self.level >= AuthLevel.PKT
        self.seals = self.level is AuthLevel.PRIVACY

    def complete(self, context: SecurityContext) -> None:
        """The login is finished."""
        self.context = context
        self.state = SlotState.READY
        self.token_size = context.signature_size(sealed=self.seals) if self.protects else 0

    def signing(self, connection: bool) -> bool:
        """Whether headers are signed: from INTEGRITY upwards where the connection has it, below where asked for."""
        return connection and (self.signs_header or self.level >= AuthLevel.INTEGRITY)

    def matches(self, type_: int, level: int) -> bool:
        """Whether a later PDU names the same provider and level as the first leg did."""
        return type_ == self.type and (level == self.level or level_of(level) == self.level)


def unprotect(octets: bytes, start: int, end: int, slot: Slot, *, sign_header: bool) -> bytes:
    """The body of a received PDU, checked and in clear, with its padding: what is between `start` and `end`."""
    context, behind = slot.context, end + TRAILER_SIZE
    assert context is not None, "only a finished login protects"
    if slot.seals:
        return context.unseal(octets[:behind], start, end, octets[behind:], sign_header=sign_header)
    context.verify(octets[:behind], start, end, octets[behind:], sign_header=sign_header)
    return octets[start:end]


def protect(pdu: bytes, start: int, slot: Slot, *, sign_header: bool) -> bytes:
    """The octets to send for a PDU that is whole but for its token; its lengths already count the token."""
    context, end = slot.context, len(pdu) - TRAILER_SIZE
    assert context is not None, "only a finished login protects"
    if slot.seals:
        body, token = context.seal(pdu, start, end, sign_header=sign_header)
        return b"".join((pdu[:start], body, pdu[end:], token))
    return pdu + context.sign(pdu, start, end, sign_header=sign_header)
