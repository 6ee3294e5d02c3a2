"""The exporter: objects of this process that clients hold, and the calls for them ([MS-DCOM] 3.1.1).

`openwmi.orpc` keeps the tables; here are the objects, and the timer that collects what nobody holds.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import lru_cache

from openwmi.base.error import WbemError
from openwmi.base.guid import Guid
from openwmi.base.record import log_bug
from openwmi.base.status import HResult, WbemStatus
from openwmi.dcom.caller import Caller, current_caller
from openwmi.dcom.remunknown import RemUnknown
from openwmi.dcom.served import Foreign, Served, interfaces_of
from openwmi.interfaces import Interface, IRemUnknown2, RemQiResult
from openwmi.orpc import (
    ANYONE,
    Bindings,
    ExportTable,
    Lifetime,
    ObjRefStandard,
    OxidEntry,
    PingReply,
    PingSets,
    Reference,
    SecurityBinding,
    objref,
)
from openwmi.rpc import AuthLevel

log = logging.getLogger("openwmi.dcom")

NTLM = SecurityBinding(10)

MOMENT_SECONDS = 0.01


class Exporter:
    """One exporter, which clients find by its OXID.

    Args:
        names: of this machine, that clients may reach it by; the address that a client used is told first in any case.
        port: where its calls come in.
        random: octets that nobody can guess.
        securities: the security providers that clients are told of.
        hint: the least level of authentication that they are told of: an RPC_C_AUTHN_LEVEL.
        pings: where several exporters share a resolver: the resolver's, or what tells it.
    """

    def __init__(
        self,
        names: Iterable[str],
        port: Callable[[], int],
        random: Callable[[int], bytes] = secrets.token_bytes,
        *,
        securities: tuple[SecurityBinding, ...] = (NTLM,),
        hint: int = AuthLevel.INTEGRITY,
        pings: PingSets | None = None,
    ) -> None:
        self._names = tuple(names)
        self._port = port
        self._securities = tuple(securities)
        self._hint = hint
        self._loop = asyncio.get_running_loop()
        self._timer: asyncio.TimerHandle | None = None
        self._closed = False
        self._lately = self._loop.time()
        self._pings = PingSets(random) if pings is None else pings
        self._table: ExportTable[Served] = ExportTable(random, self._pings)
        self._ipid_rem_unknown = self._table.export(
            RemUnknown(self), IRemUnknown2.iid, interfaces_of(RemUnknown), ANYONE, 0, lifetime=Lifetime.PERMANENT
        ).ipid

    def __len__(self) -> int:
        """How many objects clients hold."""
        return len(self._table) - 1

    def __contains__(self, obj: object) -> bool:
        """Whether a client holds it."""
        return obj in self._table

    def entry(self, host: str) -> OxidEntry:
        """What a resolver says of this exporter to a client that reached it at `host`."""
        bindings = Bindings.tcp((host, *self._names), self._port(), self._securities)
        return OxidEntry(self._table.oxid, bindings, self._ipid_rem_unknown, self._hint)

    def resolver(self, host: str) -> Bindings:
        """Where the OXID is resolved; the port is the well-known one (2.2.19.3)."""
        return _resolver((host, *self._names), self._securities)

    def export(self, obj: Served, interface: type[Interface]) -> bytes:
        """An OBJREF for the caller whose call is being carried out, and for nobody else."""
        return objref.encode(self.reference(obj, interface.iid))

    def reference(self, obj: Served, iid: Guid) -> ObjRefStandard:
        """The same, not yet octets. WbemError(E_OUTOFMEMORY) if the caller holds too much."""
        if self._closed:
            raise WbemError(WbemStatus.SHUTTING_DOWN, "the server is shutting down")
        caller = current_caller()
        std = self._table.export(
            obj,
            iid,
            interfaces_of(type(obj)),
            caller.principal,
            self._moment(),
            connection=caller.connection if obj.tied else None,
            refs=1,  # and not five, as Windows gives: well-known clients release one, and would leave four for ever
        )
        self.watch()
        return ObjRefStandard(iid, std, self.resolver(caller.host))

    def publish(self, obj: Served, interface: type[Interface], host: str, *, kept: bool = True) -> bytes:
        """An OBJREF for whoever gets hold of it, such as a sink's: servers call back under names of their own.

        It lives until `withdraw`, or unless it is `kept`, until nobody holds and pings it any more. `host` is the
        address by which the other side reaches us.
        """
        std = self._table.export(
            obj,
            interface.iid,
            interfaces_of(type(obj)),
            ANYONE,
            self._loop.time(),
            lifetime=Lifetime.PERMANENT if kept else Lifetime.PINGED,
        )
        self.watch()
        return objref.encode(ObjRefStandard(interface.iid, std, self.resolver(host)))

    def withdraw(self, obj: Served) -> None:
        """Nobody reaches the object any more."""
        self._table.withdraw(obj)

    @contextmanager
    def calling(self, ipid: Guid, caller: Caller) -> Iterator[tuple[Served, type[Interface]] | None]:
        """The object and the interface that a call is for, while it lasts; None if the caller holds no such."""
        found = self._table.lookup(ipid, caller.principal, self._loop.time())
        if found is None:
            yield self._as_foreign(ipid)
            return
        self._table.enter(found)
        try:
            yield found.object, self._interface(found.object, found.iid)
        finally:
            self._table.leave(found, self._loop.time())

    def _as_foreign(self, ipid: Guid) -> tuple[Served, type[Interface]] | None:
        found = self._table.anybodys(ipid)
        if found is None or found.object.foreign is None:
            return None
        return Foreign(found.object.foreign), self._interface(found.object, found.iid)

    def disconnect(self, connection: object) -> None:
        """The last connection of an association group is gone."""
        _let_go(self._table.disconnect(connection, self._loop.time()))
        self.watch()

    def close(self) -> None:
        """Nothing can be called any more."""
        self._closed = True
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        _let_go(self._table.close())

    def query_interface(self, ipid: Guid, refs: int, iids: Sequence[Guid]) -> tuple[RemQiResult, ...] | None:
        """For IRemUnknown. None if there is no such object."""
        caller, now = current_caller(), self._loop.time()
        found = self._table.lookup(ipid, caller.principal, now)
        connection = caller.connection if found is not None and found.object.tied else None
        results = self._table.query_interface(ipid, refs, iids, caller.principal, now, connection=connection)
        return None if results is None else tuple(RemQiResult(result.status, result.std) for result in results)

    def add_ref(self, references: Iterable[Reference]) -> tuple[HResult, ...]:
        """For IRemUnknown: a result each."""
        return self._table.add_ref(references, current_caller().principal, self._loop.time())

    def release(self, references: Iterable[Reference]) -> None:
        """For IRemUnknown. Releasing twice is harmless: well-known clients do."""
        _let_go(self._table.release(references, current_caller().principal, self._loop.time()).gone)

    def simple_ping(self, set_id: int) -> HResult:
        """For IObjectExporter: what the set holds is still in use."""
        return self._pings.simple_ping(set_id, current_caller().principal, self._loop.time())

    def complex_ping(self, set_id: int, sequence: int, add: Iterable[int], delete: Iterable[int]) -> PingReply:
        """For IObjectExporter: makes a set (0) or changes one, and pings it."""
        principal, now = current_caller().principal, self._loop.time()
        reply = self._pings.complex_ping(set_id, sequence, add, delete, principal=principal, now=now)
        self.watch()  # a set has an end of its own, whether or not it holds anything
        return reply

    def _interface(self, obj: Served, iid: Guid) -> type[Interface]:
        declared: Mapping[Guid, type[Interface]] = interfaces_of(type(obj))
        return declared.get(iid, Served)

    def reclaim(self, oids: Iterable[int]) -> None:
        """The resolver, another process, says that nobody pings these any more."""
        _let_go(self._table.reclaim(oids, self._loop.time()))

    def watch(self) -> None:
        """Sets the timer for what may be collected next."""
        due = self._table.deadline()
        if due is None or self._closed or (self._timer is not None and self._timer.when() <= due):
            return
        if self._timer is not None:
            self._timer.cancel()
        self._timer = self._loop.call_at(due, self._collect)

    def _moment(self) -> float:
        """The time, to MOMENT_SECONDS: all who are given something within it share the one number."""
        now = self._loop.time()
        if now - self._lately >= MOMENT_SECONDS:
            self._lately = now
        return self._lately

    def _collect(self) -> None:
        self._timer = None
        _let_go(self._table.expire(self._loop.time()))
        self.watch()


@lru_cache(maxsize=64)
def _resolver(hosts: tuple[str, ...], securities: tuple[SecurityBinding, ...]) -> Bindings:
    """It is part of each reference that is handed out, and all clients reach this machine by few of its addresses."""
    return Bindings.tcp(hosts, None, securities)


def _let_go(objects: Iterable[Served]) -> None:
    for obj in objects:
        try:
            obj.released()
        except Exception as error:  # noqa: BLE001 - whatever it is, the other objects must be let go as well
            log_bug(log, f"{type(obj).__name__}.released failed", error)
