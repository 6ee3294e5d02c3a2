"""A client's connection to one exporter or resolver: calls to octets, octets to replies ([MS-RPCE] 3.3.2).

Interfaces are bound when they are first called. Unless the server allows several, one call is open at a time.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import Any, Protocol, cast

from openwmi.base.error import Unreachable, WbemError
from openwmi.base.fault import RemoteProtocolError
from openwmi.base.guid import Guid
from openwmi.base.status import HResult
from openwmi.net import connect
from openwmi.rpc import (
    AuthLevel,
    AuthOffer,
    AuthType,
    BindAccepted,
    BindRefused,
    ConnectionClosed,
    FaultReceived,
    ResponseReceived,
    Role,
    RpcAssociation,
    SyntaxId,
    TokenNeeded,
)

log = logging.getLogger("openwmi.dcom")

CONNECT_SECONDS = 10.0


class Initiator(Protocol):
    """The client's end of one login; see openwmi.security."""

    def step(self, token: bytes = b"", /) -> Any: ...


class Channel(asyncio.Protocol):
    """Made by `Channel.open`."""

    def __init__(self, login: Initiator | None, level: AuthLevel) -> None:
        self._association = RpcAssociation(Role.CLIENT)
        self._login = login
        self._level = level
        self._contexts: dict[Guid, int] = {}
        self._turn = asyncio.Lock()
        self._binding: asyncio.Future[BindAccepted] | None = None
        self._replies: dict[int, asyncio.Future[bytes]] = {}
        self._failure: WbemError | None = None
        self._handlers: dict[type[object], Callable[[Any], object]] = {
            BindAccepted: self._on_bound,
            BindRefused: self._on_refused,
            TokenNeeded: self._on_token,
            ResponseReceived: self._on_response,
            FaultReceived: self._on_fault,
            ConnectionClosed: lambda _: self._end("the server closed the connection"),
        }

    @classmethod
    async def open(
        cls,
        host: str,
        port: int,
        *,
        login: Initiator | None = None,
        level: AuthLevel = AuthLevel.INTEGRITY,
        timeout: float = CONNECT_SECONDS,
    ) -> Channel:
        """Connects within `timeout` seconds; logs in with the first call. Unreachable."""
        return await connect(lambda: cls(login, level), host, port, timeout)

    async def request(self, interface: Guid, opnum: int, stub: bytes, target: Guid | None) -> bytes:
        """One call: the stub of its reply. Cancelling the task abandons the call.

        WbemError: E_ACCESSDENIED where the login or the call was refused, the HRESULT of a fault, Unreachable where the
        connection ended.
        """
        async with self._turn:
            self._check()
            context = self._contexts.get(interface)
            if context is None:
                context = self._contexts[interface] = await self._bind(interface)
            auth = None if self._login is None else 0
            call_id = self._association.send_request(context, opnum, stub, target=target, auth_context_id=auth)
            reply: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()
            self._replies[call_id] = reply
            self._flush()
            try:
                return await reply
            except asyncio.CancelledError:
                if call_id in self._association.pending:
                    self._association.abandon(call_id)
                    self._flush()
                raise
            finally:
                del self._replies[call_id]

    def close(self) -> None:
        """Ends the connection; calls that are open fail."""
        self._end("the connection was closed here")

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Part of asyncio.Protocol."""
        self._transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        """Part of asyncio.Protocol."""
        self._association.receive(data)
        self._pump()

    def connection_lost(self, exc: Exception | None) -> None:
        """Part of asyncio.Protocol."""
        self._association.receive(b"")
        self._pump()
        self._end(f"the connection was lost: {exc or 'the server closed it'}")

    async def _bind(self, interface: Guid) -> int:
        loop = asyncio.get_running_loop()
        self._binding = loop.create_future()
        if self._contexts:
            (context,) = self._association.alter_context([SyntaxId(interface)])
        else:
            offer = None
            if self._login is not None:
                offer = AuthOffer(AuthType.WINNT, self._level, self._login.step().token)
            (context,) = self._association.bind([SyntaxId(interface)], auth=offer)
        self._flush()
        try:
            accepted = await self._binding
        except asyncio.CancelledError:
            self._end("nobody waited for the login to end")  # half a login is of no use to the next call
            raise
        if not accepted.results[0].accepted:
            raise WbemError(HResult.E_NOINTERFACE, f"the server does not serve interface {interface}")
        return context

    def _check(self) -> None:
        if self._failure is not None:
            raise self._failure

    def _pump(self) -> None:
        try:
            while (event := self._association.next_event()) is not None:
                self._handlers[type(event)](event)
        except RemoteProtocolError as error:
            self._end(f"the server broke the protocol: {error}")
        self._flush()

    def _flush(self) -> None:
        data = self._association.data_to_send()
        if data and not self._transport.is_closing():
            self._transport.write(data)

    def _on_bound(self, event: BindAccepted) -> None:
        if self._binding is not None and not self._binding.done():
            self._binding.set_result(event)

    def _on_refused(self, event: BindRefused) -> None:
        self._end(f"the server refused the login or the interface (reason {event.reason})", HResult.E_ACCESSDENIED)

    def _on_token(self, event: TokenNeeded) -> None:
        assert self._login is not None, "only a login is answered with a token"
        step = self._login.step(event.token)
        self._association.accept_token(event.auth_context_id, step.token, step.context)

    def _on_response(self, event: ResponseReceived) -> None:
        reply = self._replies.get(event.call_id)
        if reply is not None and not reply.done():
            reply.set_result(event.stub)

    def _on_fault(self, event: FaultReceived) -> None:
        reply = self._replies.get(event.call_id)
        if reply is not None and not reply.done():
            reply.set_exception(
                WbemError(_hresult(event.status), f"the server answered with fault 0x{event.status:08X}")
            )

    def _end(self, text: str, status: int = HResult.RPC_S_CALL_FAILED) -> None:
        if self._failure is not None:
            return
        self._failure = Unreachable(status, text) if status == HResult.RPC_S_CALL_FAILED else WbemError(status, text)
        waiting: list[asyncio.Future[Any]] = [*self._replies.values()]
        if self._binding is not None:
            waiting.append(self._binding)
        for future in waiting:
            if not future.done():
                future.set_exception(self._failure)
        self._association.close()
        self._transport.close()


def _hresult(status: int) -> int:
    """A fault's status as an HRESULT: it may be one, or a Win32 code, or one of DCE's own."""
    if status & 0x80000000:
        return status
    return 0x80070000 | status if status < 0x10000 else HResult.RPC_S_CALL_FAILED
