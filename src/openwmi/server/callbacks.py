"""Where the server is a client: the exporters of its clients' sinks, reached, held and pinged ([MS-DCOM] 3.2.4.1.2).

A sink comes as a reference, with the address of the resolver that knows its exporter. Whoever holds a login could name
any address there, so that only the one from which the call came is asked and called, unless the server was told of
another. What is held is pinged; where nobody answers the pings for as long as DCOM waits, the calls end.
"""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import Callable, Coroutine, Hashable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from openwmi import net
from openwmi.base import limits
from openwmi.base.error import Unreachable, WbemError
from openwmi.base.fault import RemoteProtocolError
from openwmi.base.guid import Guid
from openwmi.base.record import printable
from openwmi.base.status import HResult, WbemStatus
from openwmi.dcom import Caller, Channel, Ladder, Means, Pinger, Pool, RemoteExporter, Route, proxy, resolve
from openwmi.dcom.channel import Connect, Initiator
from openwmi.dcom.resolution import RESOLVER_PORT
from openwmi.interfaces import IObjectExporter, IWbemObjectSink
from openwmi.net import Address
from openwmi.operation import CallTable, Sink
from openwmi.orpc import OUR_VERSION, ObjRefCustom, ObjRefStandard, OxidEntry, StdObjRef, objref
from openwmi.rpc import AuthLevel

log = logging.getLogger("openwmi.server")

LEVELS = (AuthLevel.PRIVACY, AuthLevel.INTEGRITY, AuthLevel.PKT, AuthLevel.CONNECT)
"""With a login, in this order (note 16 of [MS-WMI])."""


@dataclass(frozen=True, slots=True)
class CallbackPolicy:
    """How sinks are called.

    Attributes:
        login: who calls them: makes a login for each connection; None where the server has no account for that. Every
            user of the server gets to see its NTLM responses: an account with a long password, that may do nothing.
        anonymous: whether they are called without a login where there is none, or none that they take: then anybody on
            the way can read the objects (AllowAnonymousCallback, which is off at first in Windows as well).
        address: the host where all sinks are, instead of the one that each call comes from.
        connect: how connections are opened; tests give another way than TCP.
    """

    login: Callable[[], Initiator] | None = None
    anonymous: bool = False
    address: str | None = None
    connect: Connect = net.connect


class Callbacks:
    """The sinks of one server's clients.

    Args:
        policy: how they are called.
        calls: the calls that tell them.
    """

    def __init__(self, policy: CallbackPolicy, calls: CallTable) -> None:
        self.policy = policy
        self._calls = calls
        self._hosts: dict[str, _Host] = {}
        self._idle: dict[_Exporter, None] = {}  # in the order in which they became so
        self._tasks: set[asyncio.Task[None]] = set()
        self._closed = False

    async def hold(self, pointer: bytes | None, caller: Caller) -> HeldSink:
        """The sink that a client passed, held until it is released; its resolver is asked where it is.

        INVALID_PARAMETER for NULL, and for what is no sink; ACCESS_DENIED where this server may call none;
        Unreachable, RPC_E_INVALID_OXID where there is none.
        """
        std, resolver = _sink(pointer)
        if self.policy.login is None and not self.policy.anonymous:
            raise WbemError(
                WbemStatus.ACCESS_DENIED,
                "this server has no account to call sinks with, and does not call them without: ask semisynchronously",
            )
        host = self._host(self.policy.address or caller.peer)
        exporter = await host.exporter(caller.principal or "", resolver)
        try:
            await exporter.hold(std)
        finally:
            exporter.busy -= 1
            exporter.close_if_idle()
        return HeldSink(exporter, std, identity(std, caller))

    def named(self, pointer: bytes | None, caller: Caller) -> Sink[Any]:
        """A sink that a client names, as CancelAsyncCall does. INVALID_PARAMETER for NULL, and for what is no sink."""
        std, _ = _sink(pointer)
        host = self._hosts.get(self.policy.address or caller.peer)
        if host is not None:
            host.heard_of(caller.principal or "", std)
        return NamedSink(identity(std, caller))

    async def close(self) -> None:
        """Sinks are not called any more; returns when nothing of that is left."""
        self._closed = True
        for host in list(self._hosts.values()):
            host.close()
        self._hosts.clear()
        await self._calls.settled()
        while self._tasks:
            await asyncio.wait(self._tasks)

    def run(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        """Something that nobody waits for, such as giving back a reference to a client that may be gone."""
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._ended)
        return task

    def cancel(self, key: Hashable) -> None:
        """Nobody answers for the sink any more."""
        if key in self._calls:
            self._calls.cancel(NamedSink(key))

    def idles(self, exporter: _Exporter) -> None:
        """It is kept for the next call. Where there are many such, the one that has been kept longest is not."""
        self._idle[exporter] = None
        if len(self._idle) > limits.CALLBACK_IDLE:
            next(iter(self._idle)).close()

    def works(self, exporter: _Exporter) -> None:
        """It is not kept for that any more."""
        del self._idle[exporter]

    def forget(self, host: _Host) -> None:
        if self._hosts.get(host.name) is host:
            del self._hosts[host.name]

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled():
            task.exception()  # whoever waits has it; nobody may wait any more

    def _host(self, name: str) -> _Host:
        if self._closed:
            raise WbemError(WbemStatus.SHUTTING_DOWN, "the server is shutting down")
        host = self._hosts.get(name)
        if host is None:
            host = self._hosts[name] = _Host(self, name)
        return host


class HeldSink:
    """A client's sink.

    Attributes:
        proxy: it.
        identity: by which it is known when it is named again.
    """

    def __init__(self, exporter: _Exporter, std: StdObjRef, key: Hashable) -> None:
        self._exporter: _Exporter | None = exporter
        self._host = exporter.host
        self._std = std
        self.identity = key
        self.proxy = exporter.proxy(std.ipid)
        exporter.keys[key] += 1

    @property
    def anonymous(self) -> bool:
        """Whether it is called, or may have to be, without a login."""
        return self._exporter is None or self._exporter.anonymous

    def is_news(self) -> bool:
        """Whether the log is to say that it has failed; not if it just spoke of another one of its machine."""
        return self._host.is_news()

    def release(self) -> None:
        """It is not called any more. Harmless when repeated; nobody waits for the client."""
        exporter, self._exporter = self._exporter, None
        if exporter is not None:
            exporter.keys[self.identity] -= 1
            if not exporter.keys[self.identity]:
                del exporter.keys[self.identity]
            exporter.release(self._std.ipid)


class NamedSink(Sink[Any]):
    """No more than the name of a sink."""

    def __init__(self, key: Hashable) -> None:
        self._key = key

    @property
    def identity(self) -> Hashable:
        return self._key


class _Host:
    """A machine where sinks are: its exporters, and the pings that keep them."""

    def __init__(self, callbacks: Callbacks, name: str) -> None:
        self.name = name
        self.callbacks = callbacks
        self._exporters: dict[tuple[str, int], _Exporter] = {}
        self._means = Means(connect=callbacks.policy.connect)
        self._channel: Channel | None = None
        self.version = OUR_VERSION
        self._resolver = proxy(IObjectExporter, self)
        self._pinger = Pinger(self._resolver, self._held)
        self._pinging: asyncio.Task[None] | None = None
        self._said: float | None = None  # when the log last heard of a sink here

    async def exporter(self, principal: str, reference: ObjRefStandard) -> _Exporter:
        """The exporter of a reference, busy once more."""
        key = principal, reference.std.oxid
        exporter = self._exporters.get(key)
        if exporter is None:
            exporter = self._exporters[key] = _Exporter(self, key)
        exporter.busy += 1
        try:
            await exporter.found(reference)
        except BaseException:
            exporter.busy -= 1
            exporter.close_if_idle()
            raise
        if self._pinging is None:
            self._pinging = self.callbacks.run(self._go_on())
        return exporter

    def heard_of(self, principal: str, std: StdObjRef) -> None:
        """The client marshaled a sink that may be held once more: the references that came with it are given back."""
        exporter = self._exporters.get((principal, std.oxid))
        if exporter is not None:
            exporter.add(std)

    def is_news(self) -> bool:
        """Whether a failure of a sink here is to be logged: one as long as its machine may take to be given up."""
        now = asyncio.get_running_loop().time()
        if self._said is not None and now - self._said <= limits.PING_TIMEOUT_SECONDS:
            return False
        self._said = now
        return True

    def forget(self, exporter: _Exporter) -> None:
        if self._exporters.get(exporter.key) is exporter:
            del self._exporters[exporter.key]
        if not self._exporters:
            self.close()
            self.callbacks.forget(self)

    def close(self) -> None:
        exporters, self._exporters = list(self._exporters.values()), {}
        for exporter in exporters:
            exporter.close()
        if self._pinging is not None:
            self._pinging.cancel()
            self._pinging = None
        if self._channel is not None:
            self._channel.close()

    async def request(self, interface: Guid, opnum: int, stub: bytes, target: Guid | None) -> bytes:
        """Carries the pings: over another connection where the last one was closed meanwhile."""
        if self._channel is None or self._channel.closed:
            self._channel = await self._means.open(Address(self.name, RESOLVER_PORT))
        return await self._channel.request(interface, opnum, stub, target)

    def _held(self) -> frozenset[int]:
        return frozenset().union(*(each.pinged for each in self._exporters.values()))

    async def _go_on(self) -> None:
        silent = 0.0
        while silent < limits.PING_TIMEOUT_SECONDS:
            await asyncio.sleep(limits.PING_PERIOD_SECONDS)
            try:
                async with asyncio.timeout(limits.SILENT_SECONDS):  # a machine may hang with its connection open
                    if self._held():
                        await self._pinger.ping()
                    else:
                        await self._resolver.ServerAlive()
                silent = 0.0
            except (WbemError, RemoteProtocolError, TimeoutError) as error:
                silent += limits.PING_PERIOD_SECONDS
                said = printable(error) or "nobody answered it"
                log.info("a ping of the sinks at %s failed: %s", self.name, said)
        self.is_news()  # this is; what follows from it is not
        log.warning("the sinks at %s are given up: it has not answered for %g s", self.name, silent)
        self._pinging = None
        for exporter in list(self._exporters.values()):
            exporter.give_up()


class _Exporter:
    """One exporter of a machine, for one user's sinks.

    Attributes:
        host: the machine.
        busy: calls that are about to hold something here.
        keys: the sinks that calls tell, with their number.
    """

    def __init__(self, host: _Host, key: tuple[str, int]) -> None:
        self.key = key
        self.busy = 0
        self.keys: Counter[Hashable] = Counter()
        self.host = host
        self._users: Counter[Guid] = Counter()
        self._asking = asyncio.Lock()
        self._remote: RemoteExporter | None = None
        self._carrier: Ladder | None = None
        self._idle: asyncio.TimerHandle | None = None
        self._closed = False

    @property
    def pinged(self) -> frozenset[int]:
        return frozenset() if self._remote is None else self._remote.pinged

    @property
    def anonymous(self) -> bool:
        policy = self.host.callbacks.policy
        return policy.anonymous and (self._carrier is None or self._carrier.lowest)

    async def found(self, reference: ObjRefStandard) -> None:
        """Asks the resolver where it is, unless that is known. Unreachable if it was given up meanwhile."""
        async with self._asking:
            if self._remote is None:
                host = self.host
                entry = await resolve(reference, connect=host.callbacks.policy.connect, only=host.name)
                self._carrier = Ladder(_rungs(entry, host), OUR_VERSION.negotiate(entry.version))
                self._remote = RemoteExporter(entry, self._carrier)
        if self._closed:
            raise Unreachable(HResult.RPC_S_SERVER_UNAVAILABLE, f"{self.host.name} has not answered for long")

    async def hold(self, std: StdObjRef) -> None:
        assert self._remote is not None, "it was found"
        self._users[std.ipid] += 1
        self._stop_idling()
        try:
            await self._remote.adopt(std)
        except BaseException:
            self._forget(std.ipid)
            raise

    def add(self, std: StdObjRef) -> None:
        if self._remote is not None and self._users[std.ipid] and std.public_refs:
            self.host.callbacks.run(self._add(self._remote, std))

    def proxy(self, ipid: Guid) -> IWbemObjectSink:
        assert self._remote is not None, "it was found"
        return self._remote.proxy(IWbemObjectSink, ipid)

    def release(self, ipid: Guid) -> None:
        if self._forget(ipid) and self._remote is not None:
            self.host.callbacks.run(self._give_back(self._remote, ipid))
        else:
            self.close_if_idle()

    def give_up(self) -> None:
        """Its machine does not answer: what is told its sinks ends, and they are not called for it.

        Whoever comes from there later is looked for again.
        """
        self.close()
        for key in list(self.keys):
            self.host.callbacks.cancel(key)

    def close_if_idle(self) -> None:
        """Its connection is kept a while for the next call, where there is one."""
        if self.busy or +self._users or self._closed:
            return
        if self._remote is None:
            self.close()
        elif self._idle is None:
            self._idle = asyncio.get_running_loop().call_later(limits.CALLBACK_IDLE_SECONDS, self.close)
            self.host.callbacks.idles(self)

    def close(self) -> None:
        self._closed = True
        self._stop_idling()
        if self._carrier is not None:
            self._carrier.close()
        self.host.forget(self)

    def _stop_idling(self) -> None:
        if self._idle is not None:
            self._idle.cancel()
            self._idle = None
            self.host.callbacks.works(self)

    def _forget(self, ipid: Guid) -> bool:
        self._users[ipid] -= 1
        if self._users[ipid] > 0:
            return False
        del self._users[ipid]
        return True

    async def _give_back(self, remote: RemoteExporter, ipid: Guid) -> None:
        try:
            async with asyncio.timeout(limits.CLOSE_SECONDS):
                await remote.release(ipid)
        except (WbemError, RemoteProtocolError, TimeoutError) as error:
            log.debug("a sink was not given back: %s", printable(error))
        finally:
            self.close_if_idle()

    async def _add(self, remote: RemoteExporter, std: StdObjRef) -> None:
        await remote.adopt(std)  # which only counts, where references came with it


def identity(std: StdObjRef, caller: Caller) -> Hashable:
    """Of a sink, however often it is marshaled."""
    return std.oxid, std.oid, caller.principal


def _sink(pointer: bytes | None) -> tuple[StdObjRef, ObjRefStandard]:
    if pointer is None:
        raise WbemError(WbemStatus.INVALID_PARAMETER, "a sink must be given, and this is NULL")
    try:
        reference = objref.decode(pointer)
    except RemoteProtocolError as error:
        raise WbemError(WbemStatus.INVALID_PARAMETER, f"the sink is no reference: {error}") from None
    if isinstance(reference, ObjRefCustom) or reference.iid != IWbemObjectSink.iid:
        raise WbemError(WbemStatus.INVALID_PARAMETER, "the sink is no reference to an IWbemObjectSink")
    return reference.std, ObjRefStandard(reference.iid, reference.std, reference.resolver)


def _rungs(entry: OxidEntry, host: _Host) -> Sequence[Callable[[], Pool]]:
    policy = host.callbacks.policy
    means = [Means(policy.login, level, connect=policy.connect) for level in LEVELS if policy.login is not None]
    if policy.anonymous:
        means.append(Means(connect=policy.connect))
    return [partial(_pool, entry, each, host.name) for each in means]


def _pool(entry: OxidEntry, means: Means, only: str) -> Pool:
    return Pool(Route(entry, means, only=only).open)
