"""Asynchronous calls over the wire: the server calls a sink of ours with what it finds ([MS-WMI] 3.2.4.2.9).

Whether a server can call us nobody knows before it has: routers, packet filters and the server's own policy all have a
word in it. So the first asynchronous call over a connection is one for a class that every server has, and only when
that has come are others made. Where it does not come, calls are made semisynchronously, or fail, as the caller wants.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Final, Literal, NamedTuple, TypeVar

from openwmi.base import limits
from openwmi.base.error import NotFound, Unreachable, WbemError
from openwmi.base.fault import RemoteProtocolError
from openwmi.base.record import printable
from openwmi.base.status import SEVERITY, HResult, WbemStatus
from openwmi.client.failures import GONE, LOST
from openwmi.client.sinkhost import SinkHost, SinkHosts
from openwmi.client.waiting import BEGUN_MILLISECONDS, in_time
from openwmi.client.wiresink import WireSink
from openwmi.dcom.ends import Ends
from openwmi.interfaces import IWbemServices
from openwmi.model import CimClass, CimInstance
from openwmi.operation import LOCAL, CallContext, ResultSet
from openwmi.pointers import values_pointer
from openwmi.session.modes import RULES

log = logging.getLogger("openwmi.client")

T = TypeVar("T")

Mode = Literal["auto", "require", "never"]
Ask = Callable[[bytes], Coroutine[Any, Any, int]]
"""Makes the …Async call of a method, with a reference to the sink."""

BROKEN: Final = GONE | LOST
"""What says nothing of sinks: it is the way of all calls to the server that is broken."""

EVERYWHERE: Final = "__SystemClass"
"""A class that every namespace of every server has; it also says what the server calls itself."""


_REFUSED: Final = "it has no account to log in here with, and may not call without (serve --anonymous-callbacks)"
_UNREACHABLE: Final = "it finds no way to port 135 of {here}, or to the port that is named there"
_WHY: Final = {
    int(WbemStatus.ACCESS_DENIED): _REFUSED,
    int(HResult.E_ACCESSDENIED): _REFUSED,
    int(HResult.RPC_S_SERVER_UNAVAILABLE): _UNREACHABLE,
    int(HResult.RPC_E_INVALID_OXID): "the resolver at port 135 of {here} is another one",
}
"""What the statuses mean that a call with a sink fails with, when it is the sink's fault."""


@dataclass(frozen=True, slots=True)
class Push:
    """An asynchronous method of IWbemServices, and what it is asked with.

    Attributes:
        method: its name.
        before, after: its arguments before lFlags, and between pCtx and the sink.
        flags: that the caller's flags do not have.
    """

    method: str
    before: tuple[Any, ...]
    after: tuple[Any, ...] = ()
    flags: int = 0

    async def ask(self, services: IWbemServices, context: CallContext, sink: bytes) -> int:
        """Makes the call: what it returns."""
        flags = int(context.flags & RULES[self.method].flags) | self.flags
        values = values_pointer(context.values)
        answer: int = await getattr(services, self.method)(*self.before, flags, values, *self.after, sink)
        return answer


class Pushing:
    """The asynchronous calls of one connection.

    Args:
        ends: of the connection.
        hosts: where sinks are called.

    Attributes:
        made: how many calls were made with a sink.
    """

    def __init__(self, ends: Ends, hosts: SinkHosts) -> None:
        self._ends = ends
        self._hosts = hosts
        self._host: SinkHost | None = None
        self._proof: asyncio.Task[None] | None = None
        self._sinks: dict[WireSink, IWbemServices] = {}
        self._cancelling: set[WireSink] = set()
        self._tasks: set[asyncio.Task[Any]] = set()
        self._closed = False
        self.made = 0

    async def ready(self, services: IWbemServices, mode: Mode) -> bool:
        """Whether the server calls us back. With "require" the reason why not is raised."""
        if mode == "never":
            return False
        try:
            await self.proved(services)
        except WbemError as error:
            if error.status in BROKEN:
                raise
            if mode == "require":
                text = f"{error.message}; callbacks='auto' would do without"
                raise WbemError(error.status, text, extended=error.extended) from None
            return False
        return True

    async def proved(self, services: IWbemServices) -> None:
        """The server calls us back, or WbemError says why not; the first who asks finds out.

        Where it does not, the log says so, once.
        """
        self._check_open()
        if self._proof is None:
            self._proof = self._run(self._prove(services))
        proof = self._proof
        await asyncio.wait([proof])  # which others wait for, too
        self._check_open()
        try:
            proof.result()
        except WbemError as error:
            if error.status in BROKEN:
                self._proof = None
                raise
            raise WbemError(error.status, error.message, extended=error.extended) from None  # each has one of its own

    async def begin(self, services: IWbemServices, ask: Ask, results: ResultSet[Any]) -> PushedCall:
        """Makes a call; `ready` has said yes. Raises what the method itself returns: the call has then not begun."""
        found: list[CimInstance | CimClass] = []

        async def keep(objects: Sequence[Any]) -> None:
            if results.error is not None:
                raise results.error
            found.extend(objects[: 1 - len(found)])  # a server that sends more than there can be fills no memory

        sink = WireSink(self._ends.there, keep if results.single else results.put, results.report)
        return PushedCall(found, await self._asked(services, sink, ask), self, services)

    def lost(self) -> None:
        """The server, or the way to it, is gone: no final status will come any more."""
        text = f"the connection to {self._ends.there} was lost before the call had ended"
        for sink in list(self._sinks):
            sink.fail(Unreachable(HResult.RPC_S_CALL_FAILED, text))

    def ended(self, lost: bool) -> None:
        """No connection to the server is left, as dcom's Pool.watch says it."""
        if lost:
            self.lost()
        elif self._sinks:  # a call was given up with its connection: is the server still there?
            self._run(self._look())

    async def close(self) -> None:
        """Ends what is under way, and gives the server a while to hear of it."""
        if self._proof is not None:
            self._proof.cancel()
        for sink, services in list(self._sinks.items()):
            self.cancel(services, sink)
        self._closed = True
        if self._tasks:
            await asyncio.wait(list(self._tasks), timeout=limits.CLOSE_SECONDS)
        for task in list(self._tasks):
            task.cancel()
        self.lost()
        host, self._host = self._host, None
        if host is not None:
            await self._hosts.release(host, self._ends)

    async def _prove(self, services: IWbemServices) -> None:
        """Raises why the server cannot call us back."""
        try:
            if self._host is None:  # else this is not the first attempt
                self._host = await self._hosts.hold(self._ends)
            self._host.stranger = ""
            sink = WireSink(self._ends.there, _drop, lambda *_: None)
            try:
                # All of it: a server whose way to us is cut tries for as long as it likes before it answers.
                async with asyncio.timeout(limits.CALLBACK_PROOF_SECONDS):
                    call = Push("GetObjectAsync", (EVERYWHERE,))
                    await self._asked(services, sink, partial(call.ask, services, LOCAL))
                    await asyncio.shield(sink.ended)
            except TimeoutError:
                self.cancel(services, sink)
                raise WbemError(
                    WbemStatus.TRANSPORT_FAILURE,
                    f"it has not called for {limits.CALLBACK_PROOF_SECONDS:g} s: a packet filter or a router may be in"
                    " between, or it does not call those whom it cannot log in to",
                ) from None
            except WbemError:
                self.forget(sink)
                raise
            self.forget(sink)
        except (WbemError, RemoteProtocolError) as error:
            status = error.status if isinstance(error, WbemError) else WbemStatus.TRANSPORT_FAILURE
            if status in BROKEN:
                raise
            reason = f"{self._ends.there} cannot call us back: {self._why(error)}"
            log.warning("asynchronous calls are made semisynchronously: %s", reason)
            raise WbemError(status, reason) from None

    def _why(self, error: WbemError | RemoteProtocolError) -> str:
        """A server says little more than a status, which is also that of other troubles."""
        text = error.message if isinstance(error, WbemError) else str(error)
        why = _WHY.get(int(error.status), "") if isinstance(error, WbemError) else ""
        stranger = "" if self._host is None else self._host.stranger
        parts = [
            printable(text),
            why.format(here=self._ends.here),
            f"{stranger} wanted to call, and was refused: only {self._ends.there} was given a sink" if stranger else "",
        ]
        return "; ".join(filter(None, parts))

    async def _asked(self, services: IWbemServices, sink: WireSink, ask: Ask) -> WireSink:
        """The sink, once the server has taken the call."""
        self._check_open()
        assert self._host is not None, "it is held since somebody asked whether we are ready"
        reference = self._host.publish(sink)
        self._sinks[sink] = services
        # Not with whoever waits for it: a call that the server has taken has to be cancelled there.
        asking = self._run(in_time(ask(reference), BEGUN_MILLISECONDS))
        try:
            await asyncio.shield(asking)
        except asyncio.CancelledError:
            self.cancel(services, sink, asking)
            raise
        except BaseException:
            self.forget(sink)
            raise
        self.made += 1
        return sink

    def _check_open(self) -> None:
        if self._closed:
            raise WbemError(HResult.RPC_E_DISCONNECTED, f"the connection to {self._ends.there} was closed on this side")

    def cancel(self, services: IWbemServices, sink: WireSink, asking: asyncio.Task[int] | None = None) -> None:
        """CancelAsyncCall, for which nobody waits; the sink is there until the server has said its last word."""
        if sink in self._cancelling:
            return
        if self._closed:
            self.forget(sink)
        else:
            self._cancelling.add(sink)
            self._run(self._cancel(services, sink, asking))

    def forget(self, sink: WireSink) -> None:
        """The server has said its last word, or nobody wants to hear it."""
        self._sinks.pop(sink, None)
        self._cancelling.discard(sink)
        if self._host is not None:
            self._host.withdraw(sink)

    async def _cancel(self, services: IWbemServices, sink: WireSink, asking: asyncio.Task[int] | None) -> None:
        try:
            async with asyncio.timeout(limits.CANCEL_SECONDS):
                if asking is not None:
                    await asking
                if self._host is not None:
                    await services.CancelAsyncCall(self._host.publish(sink))
                    await asyncio.shield(sink.ended)  # for which another may wait, too
        except NotFound:
            pass  # it has just ended
        except (WbemError, RemoteProtocolError, TimeoutError) as error:
            log.debug("a call of %s was not cancelled there: %s", self._ends.there, printable(error))
        finally:
            self.forget(sink)

    async def _look(self) -> None:
        services = next(iter(self._sinks.values()), None)
        try:
            if services is not None:
                await services.CancelAsyncCall(None)  # of nothing: INVALID_PARAMETER
        except Unreachable as error:
            log.info("%s is gone: %s", self._ends.there, printable(error.message))
            self.lost()
        except (WbemError, RemoteProtocolError):
            pass  # it has answered

    def _run(self, work: Coroutine[Any, Any, T]) -> asyncio.Task[T]:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._done)
        return task

    def _done(self, task: asyncio.Task[Any]) -> None:
        self._tasks.discard(task)
        if not task.cancelled():
            task.exception()  # whoever waits has it; nobody may wait any more


class Said(NamedTuple):
    """What a server has said of a call that has succeeded.

    Attributes:
        object: of a call with one result; the objects of others are in their results.
        text: of a put the path of the instance.
    """

    object: CimInstance | CimClass | None
    text: str | None

    @property
    def one(self) -> CimInstance | CimClass:
        """The object, where there has to be one. RemoteProtocolError."""
        if self.object is None:
            raise RemoteProtocolError("the call has succeeded, and brought no object")
        return self.object


class PushedCall:
    """A call that the server has taken."""

    def __init__(
        self, found: list[CimInstance | CimClass], sink: WireSink, pushing: Pushing, services: IWbemServices
    ) -> None:
        self._found = found
        self._sink = sink
        self._pushing = pushing
        self._services = services

    async def outcome(self) -> Said:
        """Waits for the final status: WbemError if it is a failure. Cancelling the task cancels the call."""
        try:
            said = await asyncio.shield(self._sink.ended)
        except asyncio.CancelledError:
            self._pushing.cancel(self._services, self._sink)
            raise
        except WbemError:
            self._pushing.forget(self._sink)
            raise
        self._pushing.forget(self._sink)
        if said.status & SEVERITY:
            raise WbemError(said.status, operation="IWbemObjectSink.SetStatus", extended=said.failure)
        return Said(self._found[0] if self._found else None, said.text)


async def _drop(_: Sequence[Any]) -> None:
    """Nobody wants the objects."""
