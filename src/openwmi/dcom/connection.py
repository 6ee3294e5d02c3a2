"""One connection of a server: octets to calls, calls to tasks, replies to octets ([MS-RPCE] 3.3).

The association does the protocol. What is decided here is what costs memory and time: how much is read, how many calls
run, what becomes of them when their client goes away.
"""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import Callable, Container, Sequence
from contextvars import copy_context
from functools import partial
from typing import Any, Final, NamedTuple, Protocol, cast

from openwmi.base import limits
from openwmi.base.fault import RemoteProtocolError
from openwmi.base.origin import origin
from openwmi.base.record import log_bug, printable
from openwmi.base.status import HResult
from openwmi.dcom.caller import Caller, context_of
from openwmi.dcom.dispatch import Fault
from openwmi.dcom.eager import begin
from openwmi.dcom.ends import Ends
from openwmi.dcom.tokens import WORKERS
from openwmi.net import acknowledge
from openwmi.rpc import (
    AssociationGroups,
    CallCancelled,
    CallOrphaned,
    ConnectionClosed,
    FaultStatus,
    RequestReceived,
    Role,
    RpcAssociation,
    SyntaxId,
    TokenNeeded,
)

log = logging.getLogger("openwmi.dcom")

CALLS_AT_ONCE: Final = 64
"""Calls of one read that are begun before the loop turns to others: some milliseconds."""
ANSWERS_TOGETHER: Final = 64 << 10
"""Octets of answers that wait for each other: then they are sent, so that a client that takes none is noticed."""


class TokenAnswerer(Protocol):
    """What answers for the logins of one connection; see openwmi.security."""

    @property
    def auth_types(self) -> Container[int]: ...
    def blocks(self, request: Any, /) -> bool: ...
    def check(self, request: Any, /) -> Any: ...
    def settle(self, association: Any, verdict: Any, /) -> bool: ...


class Endpoint(Protocol):
    """What a connection asks of the endpoint that it came in at."""

    @property
    def interfaces(self) -> frozenset[SyntaxId]: ...
    @property
    def transfers(self) -> Sequence[SyntaxId]: ...
    @property
    def groups(self) -> AssociationGroups: ...
    @property
    def logins(self) -> Callable[[str], TokenAnswerer]: ...
    @property
    def familiar(self) -> Container[str]: ...
    @property
    def untaken(self) -> Counter[str]: ...
    def admit(self, connection: Any, /) -> bool: ...
    def leave(self, connection: Any, group: int, /) -> None: ...
    async def answer(self, request: RequestReceived, caller: Caller, /, *, header_signing: bool) -> bytes: ...


class _Open(NamedTuple):
    """A call that is being carried out, and how long its stub is."""

    task: asyncio.Task[None]
    octets: int


class Connection(asyncio.Protocol):
    """Made by an endpoint for each connection.

    Attributes:
        peer: the address it came from.
        origin: who is behind it, as far as limits go.
        group: its association group; 0 before the bind.
    """

    def __init__(self, endpoint: Endpoint) -> None:
        self._endpoint = endpoint
        self._calls: dict[int, _Open] = {}
        self._octets = 0  # of the stubs of these calls, which are kept as long as they run
        self._at_once = 0  # how many more calls are begun before the loop has its turn; 0 outside of `_pump`
        self._unsent = 0  # octets of answers
        self._untaken: Counter[str] = Counter()  # those of long ones, by user, of which some are not sent yet
        self._flushing: asyncio.Handle | None = None  # what is to be sent is, at the end of this turn of the loop
        self._login_timer: asyncio.TimerHandle | None = None
        self._patience: asyncio.TimerHandle | None = None  # with a client that does not take what it is sent
        self._whole_timer: asyncio.TimerHandle | None = None  # until a PDU that has begun has to be whole
        self._late_verdict: asyncio.TimerHandle | None = None  # a login whose answer is kept back
        self._writable = asyncio.Event()
        self._writable.set()
        self._lost = asyncio.Event()
        self._ending = False
        self.peer = self.origin = ""
        self.group = 0
        self._handlers: dict[type[object], Callable[[Any], object]] = {
            TokenNeeded: self._on_token,
            RequestReceived: self._on_request,
            CallCancelled: self._on_cancel,
            CallOrphaned: self._on_cancel,
            ConnectionClosed: lambda _: self.close(),
        }

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Part of asyncio.Protocol."""
        self._transport = cast(asyncio.Transport, transport)
        self._host, self.peer = Ends.of(transport)
        self.origin = origin(self.peer)
        sockname = transport.get_extra_info("sockname")
        self._logins = self._endpoint.logins(self.peer)
        self._caller: Caller | None = None
        self._context = copy_context()  # of the calls of that caller
        familiar = self.peer in self._endpoint.familiar
        self._association = RpcAssociation(
            Role.SERVER,
            interfaces=self._endpoint.interfaces,
            transfers=self._endpoint.transfers,
            auth_types=self._logins.auth_types,
            groups=self._endpoint.groups,
            peer=self.peer,
            endpoint=str(sockname[1]) if isinstance(sockname, tuple) else "",
            familiar=familiar,
        )
        self._loop = asyncio.get_running_loop()
        if not self._endpoint.admit(self):
            self._transport.abort()
            return
        if not familiar:
            self._login_timer = self._loop.call_later(limits.LOGIN_SECONDS, self._no_login)

    def data_received(self, data: bytes) -> None:
        """Part of asyncio.Protocol."""
        self._association.receive(data)
        self._pump()
        self._watch_sender()

    def eof_received(self) -> None:
        """Part of asyncio.Protocol. A client that closes its side waits for nothing more."""
        self._association.receive(b"")
        self._pump()

    def connection_lost(self, _: Exception | None) -> None:
        """Part of asyncio.Protocol."""
        self._stop()
        self._be_patient(None)
        self._all_taken()
        self._lost.set()
        group, self.group = self.group, 0
        self._endpoint.leave(self, group)

    def pause_writing(self) -> None:
        """Part of asyncio.Protocol. A client that does not read its answers asks nothing more."""
        self._writable.clear()
        self._choose_reading()
        if not self._ending:
            self._be_patient(limits.STALLED_SECONDS, self._transport.get_write_buffer_size())

    def resume_writing(self) -> None:
        """Part of asyncio.Protocol."""
        self._writable.set()
        if not self._ending:
            self._be_patient(None)
            self._choose_reading()
        if self._association.unsent:
            self._flush_together()

    def close(self) -> None:
        """Ends the connection from our side: what was said is sent, unless the client is slow to take it."""
        if self._stop():
            self._be_patient(limits.CLOSE_SECONDS)
            self._choose_reading()
            self._flush()

    def cut(self) -> None:
        """Ends the connection at once: what was said and not sent yet is lost."""
        self._transport.abort()

    @property
    def under_way(self) -> list[asyncio.Task[None]]:
        """The calls that are being carried out."""
        return [call.task for call in self._calls.values()]

    async def wait_closed(self) -> None:
        """Returns when the connection is no more, and no call of it."""
        await self._lost.wait()
        if self._calls:
            await asyncio.wait(self.under_way)

    def _stop(self) -> bool:
        """No more calls; whether this is the first time that this is said."""
        self._stop_login_timer()
        for timer in (self._whole_timer, self._late_verdict):
            if timer is not None:
                timer.cancel()
        self._whole_timer = self._late_verdict = None
        for call_id in self._calls:
            self._cancel(call_id)
        self._association.close()
        ending, self._ending = self._ending, True
        return not ending

    def _stop_login_timer(self) -> None:
        if self._login_timer is not None:
            self._login_timer.cancel()
            self._login_timer = None

    def _be_patient(self, seconds: float | None, waiting: int = 0) -> None:
        """Cuts the connection if fewer than `waiting` octets have not left it by then."""
        if self._patience is not None:
            self._patience.cancel()
            self._patience = None
        if seconds is not None:
            self._patience = self._loop.call_later(seconds, self._lose_patience, seconds, waiting)

    def _lose_patience(self, seconds: float, waiting: int) -> None:
        left = self._transport.get_write_buffer_size()
        if left < waiting:
            self._be_patient(seconds, left)
            return
        log.info("%s: the connection is cut: %d octets were not taken for %g s", self.peer, left, seconds)
        self._transport.abort()

    def _pump(self) -> None:
        self._at_once = CALLS_AT_ONCE
        try:
            while (event := self._association.next_event()) is not None:
                self._handlers[type(event)](event)
        except RemoteProtocolError as error:
            log.warning("%s: the connection is closed: %s", self.peer, printable(error))
        except Exception as error:  # noqa: BLE001 - a bug that one client meets must not be the loop's
            log_bug(log, f"the connection of {self.peer} failed", error)
            self._association.close()
        self._at_once = 0
        self.group = self._association.group or self.group
        self._flush()

    def _flush(self) -> None:
        self._unsent = 0
        if self._flushing is not None:
            self._flushing.cancel()
            self._flushing = None
        association = self._association
        if association.closed and not self._ending:
            self.close()  # and comes here again
            return
        if self._transport.is_closing():
            return
        if association.unsent:
            try:
                piece = association.data_to_send(limits.RPC_SENT_AT_ONCE)
            except Exception as error:  # noqa: BLE001 - whatever it is, it is the security provider's
                self._cannot_protect(error)
                return
            self._transport.write(piece)
        if association.unsent:
            if self._writable.is_set():
                self._flush_together()  # others have their turn before
            return
        if self._untaken:
            self._all_taken()
        if self._ending:
            self._transport.close()

    def _flush_together(self) -> None:
        """Sends what there is at the end of this turn of the loop, so that answers which are ready share a write."""
        if self._flushing is None:
            self._flushing = self._loop.call_soon(self._flush)

    def _choose_reading(self) -> None:
        """Reads on, unless the client does not take its answers, a login of it has yet to be answered, or all ends."""
        if self._transport.is_closing():
            return
        if self._writable.is_set() and not self._association.waiting and not self._ending:
            self._transport.resume_reading()
        else:
            self._transport.pause_reading()

    def _watch_sender(self) -> None:
        """A PDU that has begun is to be whole soon: it is memory, and whoever sends it slowly wants to keep it so."""
        if not self._association.partial or self._ending:
            if self._whole_timer is not None:
                self._whole_timer.cancel()
                self._whole_timer = None
        elif self._whole_timer is None:
            whole = self._association.whole
            self._whole_timer = self._loop.call_later(limits.FRAGMENT_SECONDS, self._cut_slow_sender, whole)

    def _cut_slow_sender(self, whole: int) -> None:
        self._whole_timer = None
        if self._association.whole != whole:  # that one came, and this is another one that has begun
            self._watch_sender()
            return
        log.info("%s: the connection is cut: what it sends is not whole after %g s", self.peer, limits.FRAGMENT_SECONDS)
        self._transport.abort()

    def _on_token(self, event: TokenNeeded) -> None:
        if not self._logins.blocks(event):
            self._judged(event, self._logins.check(event))
            return
        checked = WORKERS.run(self._logins.check, event)
        checked.add_done_callback(partial(self._checked, event))
        self._choose_reading()

    def _checked(self, event: TokenNeeded, checked: asyncio.Future[Any]) -> None:
        """The verdict came from another thread."""
        error = checked.exception()
        if self._ending:
            return
        if error is not None:
            log_bug(log, f"a login from {self.peer} failed", error)
            self.close()
            return
        self._judged(event, checked.result())
        self._go_on()

    def _judged(self, event: TokenNeeded, verdict: Any) -> None:
        if not verdict.delay:
            self._settle(event, verdict)
            return
        if verdict.delay > limits.LOGIN_SECONDS:  # whether it was right or wrong
            log.info("%s: the connection is closed: too many logins from there wait for their answers", self.peer)
            self.close()
            return
        self._late_verdict = self._loop.call_later(verdict.delay, self._settle_late, event, verdict)
        self._choose_reading()

    def _settle_late(self, event: TokenNeeded, verdict: Any) -> None:
        self._late_verdict = None
        self._settle(event, verdict)
        self._go_on()

    def _settle(self, event: TokenNeeded, verdict: Any) -> None:
        if self._logins.settle(self._association, verdict) and verdict.step.context is not None:
            self._stop_login_timer()
        if not event.reply:
            # An auth3 has no answer, and well-known clients send their request right behind it, held back until it is
            # acknowledged: each login of theirs would take 40 ms longer.
            acknowledge(self._transport)

    def _go_on(self) -> None:
        """What came behind a token that is answered now."""
        if not self._association.waiting:
            self._pump()
        self._choose_reading()
        self._watch_sender()

    def _on_request(self, request: RequestReceived) -> None:
        if self._octets + len(request.stub) > limits.CONNECTION_REQUEST_OCTETS:
            self._association.send_fault(request.call_id, FaultStatus.SERVER_TOO_BUSY, executed=False)
            return
        self._octets += len(request.stub)
        carried_out = self._carry_out(request, self._caller_of(request))
        context = self._context.copy()
        if self._at_once and self._writable.is_set():
            task = begin(carried_out, self._loop, context)
            self._at_once = max(self._at_once - 1, 0)
            if task is None:
                return
        else:
            task = self._loop.create_task(carried_out, context=context)
        self._calls[request.call_id] = _Open(task, len(request.stub))
        if self._ending:  # its first step has ended the connection
            self._cancel(request.call_id)

    def _on_cancel(self, event: CallCancelled | CallOrphaned) -> None:
        if event.call_id in self._calls:
            self._cancel(event.call_id)

    def _cancel(self, call_id: int) -> None:
        task = self._calls[call_id].task
        task.cancel()
        task.add_done_callback(partial(self._end_unbegun, call_id))

    def _end_unbegun(self, call_id: int, task: asyncio.Task[None]) -> None:
        """A task that is cancelled before its first step takes none."""
        call = self._calls.get(call_id)
        if call is not None and call.task is task:
            self._fail(call_id, FaultStatus.CANCELLED, executed=False)
            self._forget(call_id, call.octets)

    def _forget(self, call_id: int, octets: int) -> None:
        self._calls.pop(call_id, None)  # one that has ended with its first step was never there
        self._octets -= octets

    async def _carry_out(self, request: RequestReceived, caller: Caller) -> None:
        call_id = request.call_id
        try:
            if not self._writable.is_set():
                await self._writable.wait()
            stub = await self._endpoint.answer(request, caller, header_signing=self._association.header_signing)
        except asyncio.CancelledError:
            self._fail(call_id, FaultStatus.CANCELLED, executed=True)
            raise
        except Fault as fault:
            log.debug("%s: fault 0x%08X: %s", self.peer, fault.status, printable(fault))
            self._fail(call_id, fault.status, executed=fault.executed)
        except Exception as error:  # noqa: BLE001 - whatever it is, the client is told that it is our fault
            log_bug(log, f"{self.peer}: call {request.opnum} of {request.interface} failed", error)
            self._fail(call_id, HResult.RPC_E_SERVERFAULT, executed=True)
        else:
            self._respond(call_id, stub, caller)
        finally:
            self._forget(call_id, len(request.stub))

    def _caller_of(self, request: RequestReceived) -> Caller:
        """One for all calls that are the same caller's: what goes on after its call keeps its caller."""
        last, group = self._caller, self._association.group or self.group
        if (
            last is None
            or last.principal != request.principal
            or last.level != request.level
            or last.connection != group
            or last.impersonation != request.impersonation
        ):
            last = Caller(request.principal, request.level, self.peer, self._host, group, request.impersonation)
            self._caller, self._context = last, context_of(last)
        return last

    def _respond(self, call_id: int, stub: bytes, caller: Caller) -> None:
        if self._association.closed:
            return
        try:
            self._association.send_response(call_id, stub)
        except Exception as error:  # noqa: BLE001 - whatever it is, it is the security provider's
            self._cannot_protect(error)
        else:
            if len(stub) >= ANSWERS_TOGETHER and caller.principal is not None:
                for untaken in (self._untaken, self._endpoint.untaken):
                    untaken[caller.principal] += len(stub)
            self._answered(len(stub))

    def _all_taken(self) -> None:
        """What was answered has been sent, or never will be."""
        for principal, octets in self._untaken.items():
            self._endpoint.untaken[principal] -= octets
            if not self._endpoint.untaken[principal]:
                del self._endpoint.untaken[principal]
        self._untaken.clear()

    def _cannot_protect(self, error: Exception) -> None:
        """The client would wait for this answer for ever, and those behind it would have the wrong tokens."""
        log_bug(log, f"an answer to {self.peer} could not be protected", error)
        self.cut()

    def _fail(self, call_id: int, status: int, *, executed: bool) -> None:
        if not self._association.closed:
            self._association.send_fault(call_id, status, executed=executed)
            self._answered(0)

    def _answered(self, octets: int) -> None:
        """A single answer goes at once, and one of many with those of the calls that end as it does."""
        self._unsent += octets
        if self._at_once and self._unsent < ANSWERS_TOGETHER:
            return  # `_pump` sends it when it is through with what came
        if len(self._calls) > 1 and not self._at_once:
            self._flush_together()
        else:
            self._flush()

    def _no_login(self) -> None:
        self._login_timer = None
        log.info("%s: the connection is closed: nobody logged in for %g s", self.peer, limits.LOGIN_SECONDS)
        self.close()
