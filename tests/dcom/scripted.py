"""A server that says what a test tells it to, and nothing else."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import TypeVar, cast

from tests.dcom.fakes import HOST, PORT, nothing_left

from openwmi.dcom import Channel
from openwmi.dcom.channel import Initiator
from openwmi.net import Address
from openwmi.rpc import NDR, ContextOutcome, ContextResult, RejectReason
from openwmi.rpc.bind import AlterContext, AlterContextResp, Bind, BindAck
from openwmi.rpc.call import Request, Response
from openwmi.rpc.header import WHOLE, PduFlags, peek_header
from openwmi.rpc.pdu import Pdu, decode, encode
from openwmi.testing import MemoryNetwork, MemoryTransport

ACCEPTED = ContextResult(ContextOutcome.ACCEPTANCE, 0, NDR)
REJECTED = ContextResult(ContextOutcome.PROVIDER_REJECTION, RejectReason.ABSTRACT_SYNTAX_NOT_SUPPORTED)
MULTIPLEXED = WHOLE | PduFlags.CONC_MPX

D = TypeVar("D")


class Script(asyncio.Protocol):
    """One connection of it."""

    def __init__(self) -> None:
        self._octets = bytearray()
        self._heard: asyncio.Queue[Pdu] = asyncio.Queue()
        self.lost = asyncio.Event()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, MemoryTransport)
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        self._octets += data
        while (header := peek_header(self._octets)) is not None and header.fragment_length <= len(self._octets):
            self._heard.put_nowait(decode(bytes(self._octets[: header.fragment_length])))
            del self._octets[: header.fragment_length]

    def connection_lost(self, exc: Exception | None) -> None:
        self.lost.set()

    async def hear(self, kind: type[D]) -> D:
        """The next PDU, which is of this type."""
        heard = await self._heard.get()
        assert type(heard) is kind
        return cast(D, heard)

    @property
    def unheard(self) -> int:
        """The PDUs that came and were not asked for."""
        return self._heard.qsize()

    def say(self, *pdus: Pdu) -> None:
        for each in pdus:
            self.transport.write(encode(each))

    def agree(self, bind: Bind, *results: ContextResult, flags: int = MULTIPLEXED) -> None:
        """Answers a bind or an alter_context; where no results are given, interfaces are accepted, and no features."""
        kind = AlterContextResp if isinstance(bind, AlterContext) else BindAck
        usual = tuple(ACCEPTED if each.transfers == (NDR,) else REJECTED for each in bind.contexts)
        self.say(kind(bind.call_id, results or usual, 5840, 5840, 1, flags=flags))

    async def bound(self, flags: int = MULTIPLEXED) -> None:
        """Accepts the first bind."""
        self.agree(await self.hear(Bind), flags=flags)

    async def reply(self, stub: bytes) -> Request:
        """Answers the next request."""
        request = await self.hear(Request)
        self.say(Response(request.call_id, request.context_id, stub))
        return request


@asynccontextmanager
async def scripted(
    login: Initiator | None = None, timeout: float = 10, chunk: int = 1 << 16
) -> AsyncGenerator[tuple[Script, Channel], None]:
    """Both ends of a connection. In the end nothing may be left of it."""
    async with nothing_left():
        network, script = MemoryNetwork(chunk), Script()
        await network.listen(lambda: script, Address(HOST, PORT))
        channel = await Channel.open(HOST, PORT, login=login, timeout=timeout, connect=network.connect)
        yield script, channel
        channel.close()
        await script.lost.wait()
