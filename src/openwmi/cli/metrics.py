"""`--metrics`: a port at which Prometheus, or a browser, gets a server's figures; as much of HTTP as that takes."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import cast

from openwmi.base import limits
from openwmi.cli.figures import CONTENT_TYPE

END = b"\r\n\r\n"


class Metrics:
    """What listens: `await listen(Metrics(figures.prometheus), address)`. One answer a connection."""

    def __init__(self, text: Callable[[], str]) -> None:
        self._text = text
        self._open: set[_Asked] = set()

    def __call__(self) -> asyncio.Protocol:
        return _Asked(self._open, self._text)

    def close(self) -> None:
        """Ends the connections."""
        for asked in list(self._open):
            asked.cut()


class _Asked(asyncio.Protocol):
    """A connection."""

    def __init__(self, open_: set[_Asked], text: Callable[[], str]) -> None:
        self._open = open_
        self._text = text
        self._head = b""
        self._timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Part of asyncio.Protocol."""
        self._transport = cast(asyncio.Transport, transport)
        if len(self._open) >= limits.METRICS_CONNECTIONS:
            transport.close()
            return
        self._open.add(self)
        self._timer = asyncio.get_running_loop().call_later(limits.METRICS_SECONDS, self.cut)

    def data_received(self, data: bytes) -> None:
        """Part of asyncio.Protocol."""
        self._head += data
        if END in self._head:
            self._transport.write(self._answer())
            self._transport.close()
            self._head = b""
        elif len(self._head) > limits.METRICS_REQUEST_OCTETS:
            self.cut()

    def connection_lost(self, _: Exception | None) -> None:
        """Part of asyncio.Protocol."""
        self._open.discard(self)
        if self._timer is not None:
            self._timer.cancel()

    def cut(self) -> None:
        self._transport.abort()

    def _answer(self) -> bytes:
        method, target, *_ = (*self._head.split(b"\r\n", 1)[0].split(b" "), b"", b"")
        if method not in {b"GET", b"HEAD"}:
            return _response("405 Method Not Allowed", "GET is what there is.\n", b"Allow: GET, HEAD\r\n")
        if target.split(b"?", 1)[0] != b"/metrics":
            return _response("404 Not Found", "The figures are at /metrics.\n")
        return _response("200 OK", self._text(), body=method == b"GET")


def _response(status: str, text: str, more: bytes = b"", *, body: bool = True) -> bytes:
    octets = text.encode()
    head = f"HTTP/1.1 {status}\r\nContent-Type: {CONTENT_TYPE}\r\nContent-Length: {len(octets)}\r\n"
    return head.encode() + more + b"Connection: close\r\n\r\n" + (octets if body else b"")
