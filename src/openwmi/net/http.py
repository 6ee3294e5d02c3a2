"""Requests and responses of HTTP, as values, and where they go. It knows nothing of SOAP, nor of connections."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from urllib.parse import urlsplit

from openwmi.base.error import WbemError
from openwmi.base.status import WbemStatus

Headers = tuple[tuple[str, str], ...]

Pieces = AsyncIterator[bytes]
"""A body that is read, or made, while it travels."""

PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True)
class Url:
    """Where a request goes. `host` may be an address of IPv6 with the interface that it is good for, `fe80::1%eth0`."""

    secure: bool
    host: str
    port: int
    target: str = "/"

    @property
    def authority(self) -> str:
        """The field Host: what the interfaces are called here is nobody else's business."""
        host = self.host.partition("%")[0]
        host = f"[{host}]" if ":" in host else host
        return host if self.port == PORTS["https" if self.secure else "http"] else f"{host}:{self.port}"


@dataclass(frozen=True, slots=True)
class Request:
    """A request. The names of the headers that came are in lower case.

    Attributes:
        pieces: where the body is not `body`: gives it out in pieces. What is sent may have to be sent again, so that it
            is asked for once for each time.
        principal: of one that came: who has logged in, where clients have to.
        scheme: by which scheme he did, in lower case; empty where the gate did not say.
        certificate: that by which its client said by TLS who it is, in DER; empty where it did not.
    """

    method: str
    target: str
    headers: Headers = ()
    body: bytes = b""
    pieces: Callable[[], Pieces] | None = None
    principal: str = ""
    scheme: str = ""
    certificate: bytes = b""

    def header(self, name: str) -> str:
        """The value of one; empty if there is none."""
        return header_in(self.headers, name)


@dataclass(frozen=True, slots=True)
class Response:
    """A response. The names of the headers that came are in lower case; `pieces` is as with a request."""

    status: int
    headers: Headers = ()
    body: bytes = b""
    pieces: Callable[[], Pieces] | None = None

    def header(self, name: str) -> str:
        """The value of one; empty if there is none."""
        return header_in(self.headers, name)


def parse_url(text: str) -> Url:
    """An absolute URL of HTTP. WbemError(INVALID_PARAMETER)."""
    try:
        parts = urlsplit(text)
        secure, host, port = parts.scheme == "https", parts.hostname, parts.port or PORTS[parts.scheme]
        if not host or not text.isascii() or not text.isprintable() or " " in text or "@" in parts.netloc:
            raise ValueError("it has no host, or characters that none has")
    except (ValueError, KeyError) as error:
        raise WbemError(
            WbemStatus.INVALID_PARAMETER, f"{text!r} is no address of HTTP, such as http://192.0.2.1:5357/: {error}"
        ) from None
    return Url(secure, host.replace("%25", "%"), port, (parts.path or "/") + (f"?{parts.query}" if parts.query else ""))


def format_url(url: Url) -> str:
    """The same as a text again."""
    host = f"[{url.host.replace('%', '%25')}]" if ":" in url.host else url.host
    return f"{'https' if url.secure else 'http'}://{host}:{url.port}{url.target}"


def header_in(headers: Headers, name: str) -> str:
    """The value of the first header of that name, in lower case; empty if there is none."""
    return next((value for known, value in headers if known == name), "")
