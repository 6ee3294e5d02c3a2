"""What logging in over HTTP is (RFC 9110, 11), whichever way: challenges of a server, what answers them, and who asks.

The ways themselves are not here: a client and a server are given them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final, Protocol

from openwmi.net.http import Request, Response, Url

_WORD: Final = r"[!#$%&'*+.^_`|~0-9A-Za-z-]+"
_SCHEME: Final = re.compile(rf"[\s,]*({_WORD})(?!\s*=[^=\s,])(?=[\s,]|$)")
_TOKEN: Final = re.compile(r"[ ]+([0-9A-Za-z._~+/-]+=*)[ ]*(?=,|$)")
_PARAMETER: Final = re.compile(rf'[\s,]*({_WORD})\s*=\s*(?:"((?:[^"\\]|\\.)*)"|({_WORD}))')


@dataclass(frozen=True, slots=True)
class Challenge:
    """One way in that a server offers: `scheme` in lower case, and a token or parameters, their names in lower case."""

    scheme: str
    token: str = ""
    parameters: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Credentials:
    """What a client says of itself.

    Attributes:
        value: of the field Authorization; empty to say nothing.
        last: whether that is all: before, a request is not worth sending with what belongs to it.
    """

    value: str
    last: bool = True


class Login(Protocol):
    """A client's login on one connection.

    Attributes:
        blocks: whether `answer` may wait for another machine, so that it is called in a thread of its own.
    """

    blocks: bool

    def answer(self, url: Url, request: Request, challenges: tuple[Challenge, ...]) -> Credentials | None:
        """What to send with a request: unasked, without challenges; None where none of them can be met."""
        ...


class Authenticator(Protocol):
    """What logs a client in. It is shared by all connections."""

    def login(self, url: Url) -> Login:
        """Of a new connection."""
        ...


class Door(Protocol):
    """A server's side of the logins on one connection.

    Attributes:
        scheme: by which scheme who was let in has logged in, in lower case: `negotiate`.
    """

    scheme: str

    async def admit(self, request: Request) -> str | Response:
        """Who asks; or the response that tells him to log in first."""
        ...


class Gate(Protocol):
    """What a server lets clients in by."""

    def __call__(self, peer: str, secure: bool, /) -> Door: ...


def parse_challenges(values: Iterable[str]) -> tuple[Challenge, ...]:
    """The values of the fields WWW-Authenticate, each of one challenge or several. What makes no sense is left out."""
    found: list[Challenge] = []
    for value in values:
        at = 0
        while (scheme := _SCHEME.match(value, at)) is not None:
            at = scheme.end()
            token = _TOKEN.match(value, at)
            if token is not None:
                found.append(Challenge(scheme[1].lower(), token[1]))
                at = token.end()
                continue
            parameters: dict[str, str] = {}
            while (one := _PARAMETER.match(value, at)) is not None:
                quoted = one[2]
                text = one[3] if quoted is None else re.sub(r"\\(.)", r"\1", quoted)
                parameters.setdefault(one[1].lower(), text)
                at = one.end()
            found.append(Challenge(scheme[1].lower(), "", parameters))
    return tuple(found)
