"""IWSDAttachment: octets that travel beside a message (wsdattachment.h), streamed both ways.

an answer's     IWSDInboundAttachment.of_(event, content_id): Read until S_FALSE, or `async for` on any event loop
a request's     WSDCreateOutboundAttachment(), given along with a call, then Write, Write, Close
"""

from __future__ import annotations

import asyncio
import threading
from collections import deque
from collections.abc import AsyncIterator
from typing import Any, Final, Self
from uuid import uuid4

from openwmi.base.error import WbemError
from openwmi.base.status import HResult
from openwmi.blocking.com.unknown import IUnknown
from openwmi.blocking.runner import runner
from openwmi.wsd import Outbound
from openwmi.wsdclient.calling import argument, given_up, on_loop, running_loop, wsd_method
from openwmi.wsdclient.statuses import ERROR_INVALID_OPERATION, HRESULT_FROM_WIN32, S_FALSE, S_OK
from openwmi.wsdclient.structures import WSD_EVENT

READ_OCTETS: Final = 1 << 16
WAITING_OCTETS: Final = 1 << 18
"""What may have been written and not sent yet: then Write waits."""


class IWSDAttachment(IUnknown, iid="5d55a616-9df8-4b09-b156-9ba351a48b76"):
    """Either of the two."""


class IWSDInboundAttachment(IWSDAttachment, iid="5bd6ca65-233c-4fb8-9f7a-2641619655c9"):
    """One that came. Over octets as they come.

    Args:
        pieces: the octets.
        loop: where they come; None is the loop of the blocking faces.
    """

    def __init__(self, pieces: AsyncIterator[bytes], loop: asyncio.AbstractEventLoop | None = None) -> None:
        self._pieces: AsyncIterator[bytes] | None = pieces
        self._loop = loop
        self._rest = b""
        self._over = False

    @classmethod
    def of_(cls, event: WSD_EVENT, content_id: str) -> IWSDInboundAttachment:
        """The attachment of that name of a message that came; `xop:Include` in its body has the name, after `cid:`."""
        assert event.Soap is not None, "an event with a message"
        issuer: Any = event.MessageParameters  # of an endpoint of a program's own loop they come there
        return cls(event.Soap.attachments_[content_id.removeprefix("cid:")], getattr(issuer, "loop_", None))

    @wsd_method(2)
    def Read(self, dwBytesToRead: int = READ_OCTETS) -> tuple[int, bytes | None, int | None]:
        """(hresult, pBuffer, pdwNumberOfBytesRead): up to so many octets, as soon as there are any.

        S_FALSE at the end, with none. E_INVALIDARG for a number that is none; E_ABORT after Close.
        """
        argument(dwBytesToRead > 0, "at least one octet must be asked for")
        if self._pieces is None:
            raise given_up("the attachment was closed")
        while not self._rest and not self._over:
            if self._loop is None or runner().owns(self._loop):
                self._keep(runner().run(self._next))
            elif self._loop is running_loop():
                raise WbemError(HResult.E_FAIL, "Read waits, and its event loop runs on this thread: use `async for`")
            else:
                self._keep(asyncio.run_coroutine_threadsafe(self._next(), self._loop).result())
        found, self._rest = self._rest[:dwBytesToRead], self._rest[dwBytesToRead:]
        return (S_OK if found else S_FALSE), found, len(found)

    @wsd_method()
    def Close(self) -> int:
        """Nobody wants the rest."""
        pieces, self._pieces = self._pieces, None
        close = getattr(pieces, "close", None)
        if close is not None:
            on_loop(self._loop, close)
        return S_OK

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> bytes:
        """The octets that came next, and nobody is blocked. WbemError: E_ABORT after Close, or why there are none."""
        if self._pieces is None:
            raise given_up("the attachment was closed")
        theirs = runner().loop if self._loop is None else self._loop
        while not self._rest and not self._over:
            if running_loop() is theirs:
                self._keep(await self._next())
            else:
                self._keep(await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(self._next(), theirs)))
        found, self._rest = self._rest, b""
        if not found:
            raise StopAsyncIteration
        return found

    def _keep(self, piece: bytes | None) -> None:
        self._over = piece is None
        self._rest = piece or b""

    async def _next(self) -> bytes | None:
        assert self._pieces is not None
        return await anext(self._pieces, None)


class IWSDOutboundAttachment(IWSDAttachment, iid="aa302f8d-5a22-4ba5-b392-aa8486f4c15d"):
    """One that is sent while it is written. Give it to a call first: Write waits while nobody takes the octets.

    Attributes:
        content_id_: the name by which the body refers to it.
    """

    def __init__(self, content_type: str = "application/octet-stream") -> None:
        self.content_id_ = f"{uuid4()}@openwmi"
        self._type = content_type
        self._changed = threading.Condition()
        self._pieces: deque[bytes] = deque()
        self._waiting = 0
        self._written = self._ended = self._aborted = self._gone = False
        self._wake: tuple[asyncio.AbstractEventLoop, asyncio.Event] | None = None

    @wsd_method(1)
    def Write(self, pBuffer: bytes) -> tuple[int, int | None]:
        """(hresult, pdwNumberOfBytesWritten): adds octets. E_ABORT after Close or Abort, or when the call has ended."""
        argument(isinstance(pBuffer, bytes | bytearray | memoryview), f"{type(pBuffer).__name__} is no octets")
        piece = bytes(pBuffer)
        with self._changed:
            self._changed.wait_for(lambda: self._waiting < WAITING_OCTETS or self._over)
            if self._over:
                raise given_up("nothing can be written to an attachment that was closed, or whose call has ended")
            self._written = True
            self._pieces.append(piece)
            self._waiting += len(piece)
        self._ring()
        return S_OK, len(piece)

    @wsd_method()
    def Close(self) -> int:
        """There is nothing more to write. ERROR_INVALID_OPERATION before the first Write, if only of no octets."""
        self._begun("Close")
        self._end()
        return S_OK

    @wsd_method()
    def Abort(self) -> int:
        """The rest is not sent, and the call that it belongs to fails. ERROR_INVALID_OPERATION as above."""
        self._begun("Abort")
        with self._changed:
            self._aborted = True
        self._end()
        return S_OK

    @property
    def outbound_(self) -> Outbound:
        """As `openwmi.wsd` sends it."""
        return Outbound(self.content_id_, self._sent, self._type)

    def _begun(self, what: str) -> None:
        if not self._written:
            raise WbemError(HRESULT_FROM_WIN32(ERROR_INVALID_OPERATION), f"{what} is not valid before the first Write")

    @property
    def _over(self) -> bool:
        return self._ended or self._gone

    def _end(self) -> None:
        with self._changed:
            self._ended = True
            self._changed.notify_all()
        self._ring()

    def _ring(self) -> None:
        wake = self._wake
        if wake is not None:
            wake[0].call_soon_threadsafe(wake[1].set)

    async def _sent(self) -> AsyncIterator[bytes]:
        event = asyncio.Event()
        self._wake = asyncio.get_running_loop(), event
        try:
            while True:
                event.clear()
                with self._changed:
                    piece = self._pieces.popleft() if self._pieces else None
                    if piece is not None:
                        self._waiting -= len(piece)
                        self._changed.notify_all()
                    ended, aborted = self._ended, self._aborted
                if aborted:
                    raise given_up("the attachment was aborted by whoever wrote it")
                if piece is not None:
                    yield piece
                elif ended:
                    return
                else:
                    await event.wait()
        finally:
            with self._changed:
                self._gone = True
                self._changed.notify_all()


@wsd_method(1)
def WSDCreateOutboundAttachment() -> tuple[int, IWSDOutboundAttachment | None]:
    """(hresult, ppAttachment)."""
    return S_OK, IWSDOutboundAttachment()


def as_outbound(attachment: Any) -> Any:
    """What a call sends, of either kind."""
    return attachment.outbound_ if isinstance(attachment, IWSDOutboundAttachment) else attachment
