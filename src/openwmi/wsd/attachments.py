"""What travels beside an envelope: octets of any length, each with a name by which the envelope refers to it.

They are read while the rest of the message still comes, and made while it is sent. Nothing is kept of them but what was
read out of order, up to a limit; who reads slowly makes the other side wait.
"""

from __future__ import annotations

import asyncio
import uuid
from collections import deque
from collections.abc import AsyncIterable, AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from typing import Final

from openwmi.base.error import NotFound, WbemError
from openwmi.base.fault import LocalProtocolError, RemoteProtocolError
from openwmi.base.limits import ATTACHMENT_OCTETS, ATTACHMENTS_HELD_OCTETS
from openwmi.base.status import WbemStatus
from openwmi.net.http_pieces import Inflow
from openwmi.soap.mime import (
    MULTIPART,
    SOAP_XML,
    XOP,
    Event,
    MimeReader,
    PartEnded,
    PartHead,
    encode_end,
    encode_head,
    format_media_type,
    parse_media_type,
)

Source = bytes | Callable[[], AsyncIterable[bytes]]


@dataclass(frozen=True, slots=True)
class Outbound:
    """One that is sent.

    Attributes:
        content_id: its name in the envelope, without `cid:`; one word, such as `image@example.org`.
        source: its octets, or what gives them out in pieces: it is asked once for each time that they are sent.
        content_type: what they are.
    """

    content_id: str
    source: Source
    content_type: str = "application/octet-stream"

    async def pieces(self) -> AsyncIterator[bytes]:
        """Its octets."""
        if isinstance(self.source, bytes):
            yield self.source
            return
        async for piece in self.source():
            yield piece


class Attachment(AsyncIterator[bytes]):
    """One that came. Iterate over it for its octets, or `read` it whole.

    Attributes:
        content_id, content_type: as it came; the type is known once it has begun to come.
    """

    def __init__(self, all_of_them: Attachments, content_id: str) -> None:
        self.content_id = content_id
        self.content_type = ""
        self.pieces: deque[bytes] = deque()
        self.began = self.ended = False
        self.wanted = True
        self.reading = False
        self._all = all_of_them

    def __aiter__(self) -> Attachment:
        return self

    async def __anext__(self) -> bytes:
        self.reading = True
        while not self.pieces:
            if self.ended or not self.wanted:
                raise StopAsyncIteration
            await self._all.advance(self)
        return self._all.taken(self.pieces.popleft())

    async def begun(self) -> str:
        """Returns its type once it has begun to come. NotFound."""
        while not self.began:
            await self._all.advance(self)
        return self.content_type

    async def read(self, limit: int = ATTACHMENT_OCTETS) -> bytes:
        """All of it. WbemError(QUOTA_VIOLATION) where it has more than `limit` octets."""
        octets = bytearray()
        async for piece in self:
            octets += piece
            if len(octets) > limit:
                text = f"the attachment {self.content_id} has more than {limit} octets: read it in pieces"
                raise WbemError(WbemStatus.QUOTA_VIOLATION, text)
        return bytes(octets)

    def close(self) -> None:
        """Nobody wants the rest: it is passed over. Harmless when repeated."""
        self.wanted = False
        while self.pieces:
            self._all.taken(self.pieces.popleft())


class Attachments(AsyncIterator[Attachment]):
    """Those of a message that came: by name, `attachments[content_id]`, or one after the other.

    Reading one may raise Timeout and Unreachable, as a call does; WbemError(FAILED) for what is no message of several
    parts; NotFound for one that never came; WbemError(QUOTA_VIOLATION) where too much came before it that nobody has
    read. Who does not want them closes them: the connection ends then, unless all has come.
    """

    def __init__(self, content_type: str = "", inflow: Inflow | None = None, limit: int = 0) -> None:
        self._inflow = inflow
        self._reader = None if inflow is None else MimeReader(parse_media_type(content_type))
        self._limit = limit
        self._root = bytearray()
        self._rooted = self._reader is None
        self._error: WbemError | None = None
        self._parts: dict[str, Attachment] = {}
        self._order: deque[Attachment] = deque()
        self._current: Attachment | None = None  # which comes just now
        self._given: Attachment | None = None  # by iteration
        self._held = 0
        self._turn: asyncio.Lock | None = None
        self._room: asyncio.Future[None] | None = None
        self._finished: asyncio.Future[None] | None = None

    @property
    def over(self) -> bool:
        """Whether all of them are here, or no more will come."""
        return self._error is not None or self._reader is None or self._reader.ended

    def __getitem__(self, content_id: str) -> Attachment:
        """The one of that name, whether or not it has come; reading it tells."""
        found = self._parts.get(content_id)
        if found is None:
            found = self._parts[content_id] = Attachment(self, content_id)
        return found

    def __aiter__(self) -> Attachments:
        return self

    async def __anext__(self) -> Attachment:
        """The next that comes; the octets of those before it that nobody has read are passed over."""
        if self._given is not None and not self._given.reading:
            self._given.close()
        while not self._order:
            if self.over:
                if self._error is not None:
                    raise self._error.with_traceback(None)
                raise StopAsyncIteration
            await self.advance(None)
        self._given = self._order.popleft()
        return self._given

    async def root(self) -> bytes:
        """The envelope. RemoteProtocolError; and what reading raises."""
        while not self._rooted:
            await self.advance(None)
        octets, self._root = bytes(self._root), bytearray()
        return octets

    async def finished(self) -> None:
        """Returns when all of them are here, or no more will come."""
        if not self.over:
            self._finished = self._finished or asyncio.get_running_loop().create_future()
            await asyncio.shield(self._finished)

    def close(self) -> None:
        """Nobody wants the rest. Harmless when repeated."""
        if not self.over:
            self._error = WbemError(WbemStatus.CALL_CANCELLED, "the attachments of this message were let go")
        if self._inflow is not None:
            self._inflow.close()
        self._finish()

    def _finish(self) -> None:
        if self._finished is not None and not self._finished.done() and self.over:
            self._finished.set_result(None)

    def __del__(self) -> None:
        inflow = self._inflow
        if inflow is not None and not inflow.over:
            inflow.forget()

    def taken(self, piece: bytes) -> bytes:
        """Somebody has read that."""
        self._held -= len(piece)
        if self._room is not None and not self._room.done():
            self._room.set_result(None)
        return piece

    async def advance(self, reader: Attachment | None) -> None:
        """Reads on, until something has come that `reader` waits for, or anything where it is None."""
        if self._turn is None:
            self._turn = asyncio.Lock()
        async with self._turn:
            if reader is not None and (reader.pieces or reader.ended):
                return
            if self._error is not None:
                raise self._error.with_traceback(None)
            if self._reader is None or self._reader.ended:
                name = "" if reader is None else reader.content_id
                raise NotFound(WbemStatus.NOT_FOUND, f"the message has no attachment {name!r}")
            await self._has_room(reader)
            try:
                await self._advance(self._reader)
            finally:
                self._finish()

    async def _has_room(self, reader: Attachment | None) -> None:
        """What somebody else reads just now will be read; what nobody reads would only grow."""
        while self._held >= ATTACHMENTS_HELD_OCTETS:
            held = [each for each in self._parts.values() if each.pieces and each is not reader]
            if not any(each.reading for each in held):
                names = ", ".join(each.content_id for each in held)[:200]
                text = f"read {names} first, or close it: more than {ATTACHMENTS_HELD_OCTETS} octets of it wait"
                raise WbemError(WbemStatus.QUOTA_VIOLATION, text)
            self._room = asyncio.get_running_loop().create_future()
            await self._room

    async def _advance(self, reader: MimeReader) -> None:
        assert self._inflow is not None, "what is read comes from there"
        try:
            piece = await anext(self._inflow, b"")
            for event in reader.receive(piece):
                self._take(event)
        except RemoteProtocolError as error:
            self._error = WbemError(WbemStatus.FAILED, f"what came is no message of several parts: {error}")
            self._inflow.close()
            raise self._error from None
        except WbemError as error:
            self._error = error
            raise
        if reader.ended:
            self._inflow.drop()  # what may stand after the last part is nobody's

    def _take(self, event: Event) -> None:
        if isinstance(event, PartHead):
            if self._rooted:
                self._begin(event)
            else:
                _check_root(event)
        elif isinstance(event, PartEnded):
            self._rooted = True
            if self._current is not None:
                self._current.ended = True
        elif not self._rooted:
            self._root += event
            if len(self._root) > self._limit:
                raise RemoteProtocolError(f"its envelope has more than {self._limit} octets")
        elif self._current is not None and self._current.wanted:
            self._current.pieces.append(event)
            self._held += len(event)

    def _begin(self, head: PartHead) -> None:
        found = self[head.content_id]
        if found.began:
            raise RemoteProtocolError(f"two attachments {head.content_id[:80]!r}")
        found.began = True
        found.content_type = head.content_type
        self._current = found
        self._order.append(found)


NONE: Final = Attachments()


def new_boundary() -> str:
    """What separates the parts of a message: no octets of theirs are like it but by a chance of 2^-128."""
    return f"openwmi-{uuid.uuid4().hex}"


def is_multipart(content_type: str) -> bool:
    """Whether a message comes with attachments, by its Content-Type."""
    return content_type.partition(";")[0].strip().lower() == MULTIPART


def arrived(content_type: str, pieces: AsyncIterator[bytes], limit: int) -> Attachments:
    """Those of a message that has begun to come; `root` gives its envelope, of `limit` octets at most.

    RemoteProtocolError.
    """
    assert isinstance(pieces, Inflow), "what comes is an inflow"
    try:
        return Attachments(content_type, pieces, limit)
    except RemoteProtocolError:
        pieces.close()
        raise


def outflow(envelope: bytes, attachments: Sequence[Outbound]) -> tuple[str, Callable[[], AsyncIterator[bytes]]]:
    """The Content-Type of a message with attachments, and what gives out its octets. LocalProtocolError."""
    boundary = new_boundary()
    start = f"envelope@{boundary}"
    head = encode_head(boundary, PartHead(start, f'{XOP}; charset=utf-8; type="{SOAP_XML}"'))
    heads = [encode_head(boundary, PartHead(each.content_id, each.content_type)) for each in attachments]
    if len({each.content_id for each in attachments}) < len(attachments):
        raise LocalProtocolError("two attachments of the same name")

    async def pieces() -> AsyncIterator[bytes]:
        yield head.removeprefix(b"\r\n") + envelope
        for begun, each in zip(heads, attachments, strict=True):
            yield begun
            async for piece in each.pieces():
                yield piece
        yield encode_end(boundary)

    return format_media_type(boundary, start), pieces


def _check_root(head: PartHead) -> None:
    if parse_media_type(head.content_type).essence not in {XOP, SOAP_XML}:
        raise RemoteProtocolError(f"its first part is no envelope, but {head.content_type[:80]!r}")
