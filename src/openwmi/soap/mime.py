"""multipart/related (RFC 2387), as MTOM and SOAP with Attachments use it: octets in, parts out, and back.

    reader = MimeReader(boundary); for event in reader.receive(octets): …        PartHead, then octets, then PART_ENDED
    encode_head(boundary, head), octets, encode_end(boundary)

The first part is the envelope. Parts come as they are (binary, RFC 2045 section 6): what needs decoding is refused, and
so are parts within parts. It does not know how they travel.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from openwmi.base.fault import LocalProtocolError, RemoteProtocolError
from openwmi.base.limits import MIME_HEAD_OCTETS, MIME_PARTS, MIME_PREAMBLE_OCTETS

MULTIPART: Final = "multipart/related"
XOP: Final = "application/xop+xml"
SOAP_XML: Final = "application/soap+xml"

BOUNDARY_CHARS: Final = 70  # RFC 2046, 5.1.1
PADDING_OCTETS: Final = 64

_WORD: Final = r"[!#$%&'*+.^_`|~0-9A-Za-z-]+"
_PARAMETER: Final = re.compile(rf';\s*({_WORD})\s*=\s*(?:"((?:[^"\\]|\\.)*)"|({_WORD}))\s*')
_MEDIA_TYPE: Final = re.compile(rf"\s*({_WORD}/{_WORD})\s*")
_BOUNDARY: Final = re.compile(r"[0-9A-Za-z'()+_,./:=? -]{0,69}[0-9A-Za-z'()+_,./:=?-]")
_CONTENT_ID: Final = re.compile(r"[!-;=?-~]{1,256}")
_TYPE: Final = re.compile(r"[ -~]{1,512}")
_AS_IT_IS: Final = {"", "binary", "8bit", "7bit"}


@dataclass(frozen=True, slots=True)
class MediaType:
    """A Content-Type: `type/subtype` and the names of parameters in lower case."""

    essence: str
    parameters: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class PartHead:
    """What is said of a part. `content_id` is without its angle brackets; empty where there is none."""

    content_id: str
    content_type: str = "application/octet-stream"


class PartEnded:
    """The end of a part."""


PART_ENDED: Final = PartEnded()

Event = PartHead | bytes | PartEnded


def parse_media_type(text: str) -> MediaType:
    """RemoteProtocolError."""
    found = _MEDIA_TYPE.match(text)
    if found is None:
        raise RemoteProtocolError(f"{text[:80]!r} is no type of content")
    at, parameters = found.end(), {}
    while at < len(text) and (one := _PARAMETER.match(text, at)) is not None:
        quoted = one[2]
        parameters[one[1].lower()] = one[3] if quoted is None else re.sub(r"\\(.)", r"\1", quoted)
        at = one.end()
    if text[at:].strip("; \t"):
        raise RemoteProtocolError(f"{text[:80]!r} is no type of content")
    return MediaType(found[1].lower(), parameters)


def boundary_of(media_type: MediaType) -> str:
    """Of a multipart/related. RemoteProtocolError."""
    boundary = media_type.parameters.get("boundary", "")
    if media_type.essence != MULTIPART or not _BOUNDARY.fullmatch(boundary):
        raise RemoteProtocolError("it has no boundary that separates parts")
    return boundary


def format_media_type(boundary: str, start: str) -> str:
    """Of a message of MTOM (its section 3.2) whose envelope is the part of that content id."""
    return f'{MULTIPART}; type="{XOP}"; boundary="{boundary}"; start="<{start}>"; start-info="{SOAP_XML}"'


def encode_head(boundary: str, head: PartHead) -> bytes:
    """What separates a part from the one before it, and its head. LocalProtocolError."""
    if not _CONTENT_ID.fullmatch(head.content_id) or not _TYPE.fullmatch(head.content_type):
        raise LocalProtocolError(f"no head of a part can hold {head.content_id[:80]!r} of {head.content_type[:80]!r}")
    return (
        f"\r\n--{boundary}\r\nContent-Type: {head.content_type}\r\nContent-Transfer-Encoding: binary\r\n"
        f"Content-ID: <{head.content_id}>\r\n\r\n"
    ).encode("ascii")


def encode_end(boundary: str) -> bytes:
    """What follows the last part."""
    return f"\r\n--{boundary}--\r\n".encode("ascii")


class MimeReader:
    """Takes a message apart as it comes, and keeps no more of it than the length of a boundary, or of a head.

    Args:
        media_type: the message's; its `start`, where there is one, must be the first part.

    Attributes:
        ended: whether the end was there. What follows it is passed over.
    """

    def __init__(self, media_type: MediaType) -> None:
        self._delimiter = b"\r\n--" + boundary_of(media_type).encode("ascii")
        self._start = media_type.parameters.get("start", "").strip("<>")
        self._buffer = bytearray(b"\r\n")  # the first delimiter needs no line before it
        self._parts = -1  # one more with each delimiter; before the first there is the preamble
        self._preamble = 0
        self._amid = True  # within a part's octets or the preamble's, not its head
        self.ended = False

    def receive(self, octets: bytes) -> list[Event]:
        """The next octets; none means that there are no more. RemoteProtocolError."""
        if self.ended:
            return []
        if not octets:
            raise RemoteProtocolError("a message of several parts that ends before its last boundary")
        self._buffer += octets
        found: list[Event] = []
        more = True
        while more:
            more = self._body(found) if self._amid else self._head(found)
        return found

    def _body(self, found: list[Event]) -> bool:
        """Octets up to a delimiter; whether it is there."""
        buffer, delimiter = self._buffer, self._delimiter
        at = buffer.find(delimiter)
        if at < 0:
            self._give(len(buffer) - len(delimiter) + 1, found)
            return False
        after = at + len(delimiter)
        line = buffer.find(b"\r\n", after, after + PADDING_OCTETS + 2)
        closing = buffer[after : after + 2] == b"--"
        if not closing and line < 0:
            if len(buffer) - after < PADDING_OCTETS + 2:
                self._give(at, found)
                return False
            raise RemoteProtocolError("a boundary between parts is not followed by the end of its line")
        if not closing and buffer[after:line].strip(b" \t"):
            self._give(after, found)  # a line of the part that only begins like a boundary
            return True
        self._give(at, found)
        if self._parts >= 0:
            found.append(PART_ENDED)
        self._parts += 1
        if closing:
            if not self._parts:
                raise RemoteProtocolError("a message of several parts that has none")
            self.ended = True
            buffer.clear()
            return False
        if self._parts > MIME_PARTS:
            raise RemoteProtocolError(f"more than {MIME_PARTS} parts")
        self._amid = False
        del buffer[: len(delimiter) + line - after]  # its end of line begins the head, which may be empty
        return True

    def _give(self, count: int, found: list[Event]) -> None:
        if count <= 0:
            return
        if self._parts >= 0:
            found.append(bytes(self._buffer[:count]))
        else:
            self._preamble += count
            if self._preamble > MIME_PREAMBLE_OCTETS:
                raise RemoteProtocolError("a long text before the first part")
        del self._buffer[:count]

    def _head(self, found: list[Event]) -> bool:
        """All lines of a head; whether they are there."""
        end = self._buffer.find(b"\r\n\r\n")
        if end < 0:
            if len(self._buffer) > MIME_HEAD_OCTETS:
                raise RemoteProtocolError(f"the head of a part has more than {MIME_HEAD_OCTETS} octets")
            return False
        if end > MIME_HEAD_OCTETS:
            raise RemoteProtocolError(f"the head of a part has more than {MIME_HEAD_OCTETS} octets")
        head = _parse_head(bytes(self._buffer[2:end]) if end else b"")
        if not self._parts and self._start and head.content_id != self._start:
            raise RemoteProtocolError("the first part is not the envelope")
        del self._buffer[: end + 2]  # the part's own delimiter may follow at once
        if not self._buffer.startswith(self._delimiter):
            del self._buffer[:2]
        self._amid = True
        found.append(head)
        return True


def _parse_head(octets: bytes) -> PartHead:
    lines = re.sub(rb"\r\n[ \t]+", b" ", octets).split(b"\r\n") if octets else []
    fields: dict[str, str] = {}
    for line in lines:
        name, colon, value = line.decode("latin-1").partition(":")
        if not colon or not re.fullmatch(_WORD, name):
            raise RemoteProtocolError(f"{name[:80]!r} is no line of a head")
        if fields.setdefault(name.lower(), value.strip()) != value.strip():
            raise RemoteProtocolError(f"two of {name[:80]} in the head of a part")
    if fields.get("content-transfer-encoding", "").lower() not in _AS_IT_IS:
        raise RemoteProtocolError("a part that is not as it is, but encoded")
    kind = fields.get("content-type", "application/octet-stream")
    if kind.lower().startswith("multipart/"):
        raise RemoteProtocolError("parts within a part")
    content_id = fields.get("content-id", "")
    if content_id.startswith("<") and content_id.endswith(">"):
        content_id = content_id[1:-1]
    return PartHead(content_id, kind)
