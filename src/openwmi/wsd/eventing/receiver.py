"""Where notifications come in: one server of HTTP for all subscriptions of a program.

Each subscription has a path of its own that nobody can guess; what comes to another one is answered with a fault, and
counted. A message is answered when its subscription has taken it, so that a slow reader makes the source wait.
"""

from __future__ import annotations

import asyncio
import logging
import ssl
from collections import Counter
from collections.abc import Awaitable, Callable
from http import HTTPStatus
from typing import Final, Self
from uuid import uuid4
from weakref import WeakKeyDictionary

from openwmi.base.record import printable
from openwmi.net.http import Request, Response, Url, parse_url
from openwmi.net.http_server import EVERY_ADDRESS, HttpServer, Listen
from openwmi.net.listener import Address
from openwmi.net.route import own_address
from openwmi.operation import tasks
from openwmi.soap import Message, SoapFault, destination_unreachable, not_understood
from openwmi.soap.fault import SENDER
from openwmi.wsd.addresses import format_xaddr
from openwmi.wsd.attachments import Attachments
from openwmi.wsd.intake import faulted, streamed, taken_in

log = logging.getLogger("openwmi.wsd")

LINGER_SECONDS = 0.5

Take = Callable[[Message, Attachments], Awaitable[SoapFault | None]]
"""Takes a message, and returns when it has; with a fault, it has not."""


class Receiver:
    """Listens as long as a subscription needs it, and a moment longer. Use it on one loop.

    Args:
        listen: where; without a host at every address of this machine. None is a free port of each address from which
            a source is reached.
        tls: to be told things by HTTPS; it says whether sources need a certificate, and whose are trusted.
        admit: says of the address of a host whether it may tell us anything. None: all that know a path may.
        listen_with: what opens ports, where it is not this machine.

    Attributes:
        refused: why messages were not taken, and how many: `unknown` (no subscription has that path, or it has not
            asked for that), `malformed` (as messages, or as what was asked for), `forbidden`.
    """

    def __init__(
        self,
        listen: Address | None = None,
        *,
        tls: ssl.SSLContext | None = None,
        admit: Callable[[str], bool] | None = None,
        listen_with: Listen | None = None,
    ) -> None:
        self.refused: Counter[str] = Counter()
        self._listen = listen
        self._tls = tls
        self._admit = admit
        self._listen_with = listen_with
        self._server = HttpServer(self._answer, streams=self._streamed)
        self._where: dict[str, Address] = {}
        self._opening = asyncio.Lock()
        self._expected: dict[str, Take] = {}
        self._lingers = False

    @classmethod
    def shared(cls) -> Receiver:
        """That of the running loop, for all who bring none of their own."""
        loop = asyncio.get_running_loop()
        receiver = _shared.get(loop)
        if receiver is None:
            receiver = _shared[loop] = cls()
        return receiver

    def __len__(self) -> int:
        """How many subscriptions expect something."""
        return len(self._expected)

    async def expect(self, source: Url, take: Take) -> str:
        """An address of HTTP that the source can reach; each message that comes there is given to `take`.

        Unreachable where there is no way to the source; and what `openwmi.net.listen` raises.
        """
        path = f"/{uuid4().hex}"
        self._expected[path] = take  # before anything is waited for: or others might close it meanwhile
        try:
            where = await self._listening(source)
        except BaseException:
            self._drop(path)
            raise
        return format_xaddr("http" if self._tls is None else "https", where.host, where.port, path)

    def forget(self, url: str) -> None:
        """Nothing is expected there any more. Harmless when repeated."""
        self._drop(parse_url(url).target)

    async def aclose(self) -> None:
        """It listens no more: what its subscriptions are sent from now on they do not get. Harmless when repeated."""
        self._expected.clear()
        await self._close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()

    async def _listening(self, source: Url) -> Address:
        """Where the source reaches us."""
        wanted = self._listen
        host = wanted.host if wanted is not None else ""
        if not host:
            host = await own_address(source.host, source.port)
        at = Address(host, 0) if wanted is None else wanted
        async with self._opening:
            found = self._where.get(at.host)
            if found is None:
                found = await self._server.listen(at, tls=self._tls, listen_with=self._listen_with)
                self._where[at.host] = found
        return Address(host, found.port) if found.host == EVERY_ADDRESS or not at.host else found

    def _drop(self, path: str) -> None:
        self._expected.pop(path, None)
        if not self._expected and self._where and not self._lingers:
            self._lingers = True
            tasks.run(asyncio.get_running_loop(), self._linger())

    async def _linger(self) -> None:
        """Closes a while after nobody expects anything any more, so that what was said last is answered."""
        try:
            await asyncio.sleep(LINGER_SECONDS)
        finally:
            self._lingers = False
            await self._close()

    async def _close(self) -> None:
        """Unless somebody has come meanwhile: it opens again for whoever comes later."""
        async with self._opening:
            if not self._expected:
                if _shared.get(asyncio.get_running_loop()) is self:
                    del _shared[asyncio.get_running_loop()]
                self._where.clear()
                await self._server.close()

    async def _answer(self, request: Request, peer: Address, _: Address) -> Response:
        if self._admit is not None and not self._admit(peer.host):
            self.refused["forbidden"] += 1
            return Response(HTTPStatus.FORBIDDEN)
        came = await taken_in(request, peer.host)
        if isinstance(came, Response):
            self.refused["malformed"] += 1
            return came
        message, attachments = came
        fault = await self._take(request.target.partition("?")[0], message, attachments)
        if fault is not None:
            attachments.close()
            no_sense = fault.code == SENDER and fault.subcode is None  # the others say what it is that is not here
            self.refused["malformed" if no_sense else "unknown"] += 1
            log.debug("%s told something that is not taken: %s", peer.host, printable(fault.reason))
            return faulted(message, fault)
        await attachments.finished()
        return Response(HTTPStatus.ACCEPTED)

    async def _take(self, path: str, message: Message, attachments: Attachments) -> SoapFault | None:
        headers = message.headers
        if headers.not_understood:
            return not_understood(headers.not_understood)
        take = self._expected.get(path)
        if take is None:
            return destination_unreachable(message.profile, headers.to or path)
        return await take(message, attachments)

    def _streamed(self, head: Request) -> int:
        return streamed(head) if head.target.partition("?")[0] in self._expected else 0


_shared: Final[WeakKeyDictionary[asyncio.AbstractEventLoop, Receiver]] = WeakKeyDictionary()
