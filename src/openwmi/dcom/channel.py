"""A client's connection to one exporter or resolver: calls to octets, octets to replies ([MS-RPCE] 3.3.2).

Interfaces are bound when they are first called. Unless the server allows several, one call is open at a time.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine, Sequence
from functools import partial
from typing import Any, Final, NamedTuple, Protocol, TypeVar, cast

from openwmi import net
from openwmi.base import limits
from openwmi.base.error import WbemError
from openwmi.base.fault import LocalProtocolError, RemoteProtocolError
from openwmi.base.guid import Guid
from openwmi.base.record import log_bug, printable
from openwmi.base.status import HResult
from openwmi.dcom.ends import Ends
from openwmi.dcom.tokens import WORKERS
from openwmi.orpc import OUR_VERSION, ComVersion
from openwmi.rpc import (
    AuthLevel,
    AuthOffer,
    BindAccepted,
    BindRefused,
    FaultReceived,
    FaultStatus,
    NakReason,
    ResponseReceived,
    Role,
    RpcAssociation,
    State,
    SyntaxId,
    TokenNeeded,
)

log = logging.getLogger("openwmi.dcom")

CONNECT_SECONDS = 10.0

_FAULTS: Final[dict[int, int]] = {
    FaultStatus.CANCELLED: 0x8007071A,  # RPC_S_CALL_CANCELLED
    FaultStatus.REMOTE_NO_MEMORY: HResult.E_OUTOFMEMORY,
    FaultStatus.OP_RANGE_ERROR: 0x800706D1,  # RPC_S_PROCNUM_OUT_OF_RANGE
    FaultStatus.UNKNOWN_INTERFACE: 0x800706B5,  # RPC_S_UNKNOWN_IF
    FaultStatus.PROTOCOL_ERROR: 0x800706C0,  # RPC_S_PROTOCOL_ERROR
    FaultStatus.SERVER_TOO_BUSY: 0x800706BB,  # RPC_S_SERVER_TOO_BUSY
    FaultStatus.UNSUPPORTED_TYPE: 0x800706C4,  # RPC_S_UNSUPPORTED_TYPE
}
"""DCE's own statuses as Windows gives them to its callers. None of them says that the server cannot be reached."""

_LOGIN_REFUSED: Final = {NakReason.AUTHENTICATION_TYPE_NOT_RECOGNIZED, NakReason.INVALID_CHECKSUM}

P = TypeVar("P", bound=asyncio.Protocol)


class Connect(Protocol):
    """How a connection is opened; `openwmi.net.connect` is one. Raises Unreachable."""

    def __call__(
        self, protocol: Callable[[], P], host: str, port: int, timeout: float, /
    ) -> Coroutine[Any, Any, tuple[Any, P]]: ...


class Initiator(Protocol):
    """The client's end of one login; see openwmi.security."""

    auth_type: int
    blocks: bool

    def step(self, token: bytes = b"", /) -> Any: ...


class _Failure(NamedTuple):
    """Kept as it is and not as an exception: each caller that it is raised for gets one of its own."""

    status: int
    text: str

    def error(self) -> WbemError:
        return WbemError(self.status, self.text)


class Channel(asyncio.Protocol):
    """Made by `Channel.open`.

    Attributes:
        version: of COM, that was agreed upon with the server.
        ends: the addresses of both ends.
        lost: whether it was the network or the server that ended it.
        on_end: is called when it ends, whoever ends it.
    """

    def __init__(
        self,
        where: str,
        login: Initiator | None,
        level: AuthLevel,
        timeout: float,
        group: int = 0,
        also: Sequence[Guid] = (),
    ) -> None:
        self._where = where
        self._group = group
        self._also = also
        self.version: ComVersion = OUR_VERSION
        self.ends = Ends("", "")
        self.lost = False
        self.on_end: Callable[[Channel], object] = _nothing
        self._login = login
        self._level = level
        self._timeout = timeout
        self._association = RpcAssociation(Role.CLIENT)
        self._turn = asyncio.Lock()
        self._load = 0
        self._contexts: dict[Guid, int | _Failure] = {}
        self._asked: dict[Guid, int] = {}  # the interfaces that were bound last, and their contexts
        self._binding: asyncio.Future[None] | None = None  # until the server has answered that
        self._overdue: asyncio.TimerHandle | None = None
        self._replies: dict[int, asyncio.Future[bytes]] = {}
        self._cancelling: dict[int, asyncio.TimerHandle] = {}  # until a call that was given up is orphaned
        self._flushing: asyncio.Handle | None = None  # what is to be sent is, at the end of this turn of the loop
        self._writable = asyncio.Event()  # unless the server is slow to take what it was sent
        self._writable.set()
        self._failure: _Failure | None = None
        self._handlers: dict[type[object], Callable[[Any], object]] = {
            BindAccepted: self._on_bound,
            BindRefused: self._on_refused,
            TokenNeeded: self._on_token,
            ResponseReceived: self._on_response,
            FaultReceived: self._on_fault,
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
        connect: Connect = net.connect,
        group: int = 0,
        also: Sequence[Guid] = (),
    ) -> Channel:
        """Connects; logs in with the first call. Unreachable.

        Args:
            host, port: the exporter, or the resolver.
            login: who calls; None for nobody.
            level: how calls are protected where somebody does.
            timeout: seconds to connect; and then the most that the server may take to answer a bind.
            connect: how connections are opened; tests give another way than TCP.
            group: the association group to join, of another connection to the same place; 0 for a new one.
            also: interfaces that are bound together with the one that is called first: each saves a round trip later.
        """
        made = partial(cls, f"{host}:{port}", login, level, timeout, group, also)
        _, channel = await connect(made, host, port, timeout)
        return channel

    @property
    def group(self) -> int:
        """The association group; 0 before the first call, and after the end."""
        return self._association.group

    @property
    def late(self) -> int:
        """How many answers came to calls that were given up, and were dropped."""
        return self._association.late

    @property
    def closed(self) -> bool:
        return self._failure is not None

    @property
    def load(self) -> int:
        """How many calls are open on it, or wait for their turn."""
        return self._load

    @property
    def multiplexed(self) -> bool:
        """Whether several calls may be open at once; known after the first."""
        return self._association.multiplexed

    async def bound(self, interface: Guid) -> None:
        """Logs in and binds the interface, without a call. Raises what `request` does."""
        async with self._turn:
            await self._bound(interface)

    async def request(self, interface: Guid, opnum: int, stub: bytes, target: Guid | None) -> bytes:
        """One call: the stub of its reply. Cancelling the task abandons the call.

        WbemError: E_ACCESSDENIED where the login or the call was refused, E_NOINTERFACE where the interface was, the
        HRESULT of a fault, Unreachable where the connection ended.
        """
        self._load += 1
        call_id = 0
        try:
            context = self._contexts.get(interface)
            at_once = self._binding is None and self._writable.is_set() and self._association.multiplexed
            if isinstance(context, int) and at_once:
                call_id = self._ask(context, opnum, stub, target)
            else:
                async with self._turn:
                    context = await self._bound(interface)
                    if not self._writable.is_set():
                        await self._writable.wait()
                    call_id = self._ask(context, opnum, stub, target)
                    if not self._association.multiplexed:
                        return await self._replies[call_id]
            return await self._replies[call_id]
        except asyncio.CancelledError:
            if call_id:
                self._abandon(call_id)
            raise
        finally:
            self._load -= 1
            self._replies.pop(call_id, None)

    def _ask(self, context: int, opnum: int, stub: bytes, target: Guid | None) -> int:
        """Sends a request: at once if it is the only one, or long, and with others that are made in this turn."""
        if self._failure is not None:
            raise self._failure.error()
        auth = None if self._login is None else 0
        try:
            call_id = self._association.send_request(
                context, opnum, stub, target=target, auth_context_id=auth, vouch=True
            )
        except LocalProtocolError:
            raise
        except Exception as error:  # noqa: BLE001 - whatever it is, it is the security provider's
            raise self._cannot_protect(error) from None
        loop = asyncio.get_running_loop()
        self._replies[call_id] = loop.create_future()
        if self._load == 1 or len(stub) > limits.RPC_FRAGMENT:
            self._flush()
        elif self._flushing is None:
            self._flushing = loop.call_soon(self._flush)
        return call_id

    def close(self) -> None:
        """Ends the connection; calls that are open fail."""
        self._end("the connection was closed on this side")

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Part of asyncio.Protocol."""
        self._transport = cast(asyncio.Transport, transport)
        self.ends = Ends.of(transport)

    def data_received(self, data: bytes) -> None:
        """Part of asyncio.Protocol."""
        self._association.receive(data)
        self._pump()

    def connection_lost(self, exc: Exception | None) -> None:
        """Part of asyncio.Protocol."""
        self.lost = not self.closed
        reason = getattr(exc, "strerror", None) or exc or "the server closed it"
        self._end(f"the connection was lost: {reason}")

    def pause_writing(self) -> None:
        """Part of asyncio.Protocol. What else is to be asked waits: it would only be kept in memory."""
        self._writable.clear()

    def resume_writing(self) -> None:
        """Part of asyncio.Protocol."""
        self._writable.set()

    async def _bound(self, interface: Guid) -> int:
        """The interface's context, once a request can be sent.

        A bind goes on though the call that began it be cancelled: nothing can be sent before it is answered, and
        whoever calls next has a use for it.
        """
        while True:
            if self._failure is not None:
                raise self._failure.error()
            if self._binding is None:
                context = self._contexts.get(interface)
                if isinstance(context, int):
                    return context
                if context is not None:
                    raise context.error()
                self._bind(interface)
            if self._binding is not None:
                await asyncio.wait([self._binding])

    def _bind(self, interface: Guid) -> None:
        loop = asyncio.get_running_loop()
        self._binding = loop.create_future()
        self._overdue = loop.call_later(
            self._timeout, self._end, f"it did not answer for {self._timeout:g} s, though the connection is there"
        )
        if self._association.state is not State.ESTABLISHED:
            (context,) = self._association.alter_context([SyntaxId(interface)])
            self._asked = {interface: context}
            self._flush()
        elif self._login is None:
            self._open(interface, None)
        else:
            self._step(b"", partial(self._open_with, interface))

    def _open_with(self, interface: Guid, step: Any) -> None:
        assert self._login is not None, "it made the step"
        self._open(interface, AuthOffer(self._login.auth_type, self._level, step.token))

    def _open(self, interface: Guid, offer: AuthOffer | None) -> None:
        interfaces = list(dict.fromkeys((interface, *self._also)))
        contexts = self._association.bind([SyntaxId(each) for each in interfaces], auth=offer, group=self._group)
        self._asked = dict(zip(interfaces, contexts, strict=True))
        self._flush()

    def _step(self, token: bytes, then: Callable[[Any], None]) -> None:
        """The next step of the login; in a thread of its own where it may ask another machine."""
        assert self._login is not None, "only a login has steps"
        if self._login.blocks:
            made = WORKERS.run(self._login.step, token)
            made.add_done_callback(partial(self._stepped, then))
            return
        try:
            step = self._login.step(token)
        except WbemError as error:
            self._end(f"the login failed: {printable(error.message)}", HResult.E_ACCESSDENIED)
            return
        then(step)

    def _stepped(self, then: Callable[[Any], None], made: asyncio.Future[Any]) -> None:
        error = made.exception()
        if self._failure is not None:
            return
        if isinstance(error, WbemError):
            self._end(f"the login failed: {printable(error.message)}", HResult.E_ACCESSDENIED)
        elif isinstance(error, RemoteProtocolError):
            self._end(f"the server broke the protocol: {printable(error)}")
        elif error is not None:
            log_bug(log, f"the login to {self._where} failed", error)
            self._end("the login could not be worked out: this is a bug, and the log says where")
        else:
            then(made.result())
            self._pump()

    def _bind_is_answered(self) -> None:
        if self._overdue is not None:
            self._overdue.cancel()
            self._overdue = None
        if self._binding is not None:
            self._binding.set_result(None)
            self._binding = None

    def _abandon(self, call_id: int) -> None:
        if self._failure is not None or call_id not in self._association.pending:
            return
        self._association.abandon(call_id)
        self._flush()
        if not self._association.multiplexed:
            self._end("a call was given up, and this server takes no other one before it has answered")
        elif self._association.abandoned > limits.RPC_OPEN_CALLS:
            self._end(f"{limits.RPC_OPEN_CALLS} calls were given up, and it answers none of them")
        else:
            self._cancelling[call_id] = asyncio.get_running_loop().call_later(
                limits.CANCEL_SECONDS, self._orphan, call_id
            )

    def _orphan(self, call_id: int) -> None:
        del self._cancelling[call_id]
        self._association.orphan(call_id)
        self._flush()

    def _pump(self) -> None:
        try:
            while self._failure is None and (event := self._association.next_event()) is not None:
                self._handlers[type(event)](event)
        except RemoteProtocolError as error:
            self._end(f"the server broke the protocol: {printable(error)}")
        except Exception as error:  # noqa: BLE001 - a bug that one server meets must not be the loop's
            log_bug(log, f"the channel to {self._where} failed", error)
            self._end("what the server sent could not be worked out: this is a bug, and the log says where")
        self._flush()
        # Not amid a login of several legs, nor while a token is made for the next of them.
        if self._binding is not None and self._association.state is State.BOUND and not self._association.waiting:
            self._bind_is_answered()

    def _flush(self) -> None:
        if self._flushing is not None:
            self._flushing.cancel()
            self._flushing = None
        try:
            data = self._association.data_to_send()
        except Exception as error:  # noqa: BLE001 - whatever it is, it is the security provider's
            self._cannot_protect(error)
            return
        if data and not self._transport.is_closing():
            self._transport.write(data)

    def _cannot_protect(self, error: Exception) -> WbemError:
        """Half of the request may be there, and those behind it would have the wrong tokens."""
        log_bug(log, f"a request to {self._where} could not be protected", error)
        self._end("a request could not be protected: this is a bug, and the log says where")
        assert self._failure is not None, "it has ended"
        return self._failure.error()

    def _on_bound(self, event: BindAccepted) -> None:
        for (interface, context), result in zip(self._asked.items(), event.results, strict=False):  # features come last
            refused = _Failure(HResult.E_NOINTERFACE, f"{self._where} does not serve interface {interface}")
            self._contexts[interface] = context if result.accepted else refused

    def _on_refused(self, event: BindRefused) -> None:
        status: int = HResult.RPC_S_CALL_FAILED
        if event.fault:
            status = _hresult(event.reason)
        elif event.reason in _LOGIN_REFUSED:
            status = HResult.E_ACCESSDENIED
        word = "fault" if event.fault else "reason"
        text = f"the server refused the login or the interface ({word} 0x{event.reason:X})"
        if self._association.state is State.ESTABLISHED:
            self._end(text, status)
        else:
            for interface in self._asked:
                self._contexts[interface] = _Failure(status, f"{self._where}: {text}")

    def _on_token(self, event: TokenNeeded) -> None:
        assert self._login is not None, "only a login is answered with a token"
        if not event.token:
            self._end("the server did not answer the login", HResult.E_ACCESSDENIED)
            return
        self._step(event.token, partial(self._answer_token, event.auth_context_id))

    def _answer_token(self, auth_context_id: int, step: Any) -> None:
        self._association.accept_token(auth_context_id, step.token, step.context)

    def _on_response(self, event: ResponseReceived) -> None:
        reply = self._replies.get(event.call_id)
        if reply is not None and not reply.done():
            reply.set_result(event.stub)

    def _on_fault(self, event: FaultReceived) -> None:
        reply = self._replies.get(event.call_id)
        if reply is not None and not reply.done():
            text = f"{self._where} answered with fault 0x{event.status:08X}"
            reply.set_exception(WbemError(_hresult(event.status), text))

    def _end(self, text: str, status: int = HResult.RPC_S_CALL_FAILED) -> None:
        if self._failure is not None:
            return
        self._failure = _Failure(status, f"{self._where}: {text}")
        for reply in self._replies.values():
            if not reply.done():
                reply.set_exception(self._failure.error())
        for timer in self._cancelling.values():
            timer.cancel()
        self._cancelling.clear()
        self._bind_is_answered()
        self._writable.set()
        self._association.close()
        self._transport.abort()  # nobody waits for what was not sent yet, and a server may never take it
        self.on_end(self)


def _nothing(_: Channel) -> None:
    """Nobody wants to know."""


def _hresult(status: int) -> int:
    """A fault's status as an HRESULT: it may be one, or a Win32 code, or one of DCE's own."""
    if status & 0x80000000:
        return status
    if 0 < status < 0x10000:
        return 0x80070000 | status
    return _FAULTS.get(status, HResult.E_FAIL)
