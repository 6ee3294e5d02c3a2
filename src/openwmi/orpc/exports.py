"""The exporter's tables: which objects are reachable from outside, by whom, and for how long ([MS-DCOM] 3.1.1).

Pure state, as `openwmi.orpc.pings`, which it asks: `now` in seconds on a clock that only grows, `random(n)` gives n
octets that nobody can guess. Objects are opaque and compared by identity. Methods that may end the last reference to an
object return what is gone, for its owner to close.

An object is collected when references are left over, and yet no client pings it, nobody used it for a while, no call
of it is under way and no connection that it is tied to is open. Some clients never ping; some close a connection and
keep what they got over it.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import Enum
from functools import lru_cache
from typing import Final, Generic, TypeAlias, TypeVar

from openwmi.base import guid, limits
from openwmi.base.error import WbemError
from openwmi.base.fault import LocalProtocolError
from openwmi.base.guid import Guid
from openwmi.base.status import HResult
from openwmi.orpc.objref import SORF_NOPING, StdObjRef
from openwmi.orpc.pings import PingSets
from openwmi.orpc.wellknown import IID_IUnknown

T = TypeVar("T")

PUBLIC_REFS: Final = 5  # what comes with a reference that is handed out (3.1.1.5.1)

Principal: TypeAlias = Hashable


class _Anyone(Enum):
    ANYONE = "anyone"


ANYONE: Final = _Anyone.ANYONE  # the principal of an export that every caller may use, even one without a name


class Lifetime(Enum):
    """What keeps an export alive besides references."""

    PINGED = "pinged"  # pings, recent use, or the connection that it is tied to, if it is tied to one
    NOPING = "noping"  # its connection alone: the client is told not to ping
    PERMANENT = "permanent"  # nothing: it stays until it is withdrawn, whatever is released


@dataclass(frozen=True, slots=True)
class Reference:
    """One element of RemAddRef or RemRelease ([MS-DCOM] 2.2.23)."""

    ipid: Guid
    public: int = 1
    private: int = 0


@dataclass(frozen=True, slots=True)
class QueryResult:
    """One element of RemQueryInterface's answer (2.2.24): `std` is all zeros where `status` is not 0."""

    status: HResult
    std: StdObjRef


@dataclass(frozen=True, slots=True)
class Released(Generic[T]):
    """What RemRelease did.

    Attributes:
        gone: the objects whose last reference this was.
        unknown: IPIDs that are not there for this caller, such as those released before.
        excess: IPIDs that were released more often than they were given out.
    """

    gone: tuple[T, ...] = ()
    unknown: tuple[Guid, ...] = ()
    excess: tuple[Guid, ...] = ()


NO_REFERENCE: Final = StdObjRef(0, 0, 0, 0, guid.NULL)


class Interface(Generic[T]):
    """An entry of the IPID table. To be read only.

    Private counts need no client beside them: one principal alone may use the entry.

    Attributes:
        number: the IPID's: a Guid takes more than the rest of the entry, and is made in no time.
    """

    __slots__ = ("export", "iid", "next", "number", "private", "public")

    def __init__(self, number: int, iid: Guid, export: Export[T]) -> None:
        self.number = number
        self.iid = iid
        self.export = export
        self.public = 0
        self.private = 0
        self.next = export.interfaces

    @property
    def ipid(self) -> Guid:
        return Guid(int=self.number)

    @property
    def object(self) -> T:
        return self.export.object


class Export(Generic[T]):
    """An entry of the OID table: an object as one principal sees it. To be read only.

    A hundred thousand calls that wait are as many entries: so there is no table within it. Nearly all have one
    interface; what there is besides hangs on the first.
    """

    __slots__ = (
        *("connections", "iids", "interfaces", "lifetime"),
        *("object", "oid", "principal", "used"),
    )

    def __init__(
        self, oid: int, obj: T, iids: frozenset[Guid], principal: Principal, lifetime: Lifetime, now: float
    ) -> None:
        self.oid = oid
        self.object = obj
        self.iids = iids
        self.principal = principal
        self.lifetime = lifetime
        self.used = now
        self.interfaces: Interface[T] | None = None  # the first; each has the next
        self.connections: frozenset[Hashable] = _NO_CONNECTIONS

    def interface(self, iid: Guid) -> Interface[T] | None:
        """The entry of an interface that was handed out."""
        return next((each for each in self.entries() if each.iid == iid), None)

    def entries(self) -> Iterator[Interface[T]]:
        """Those of the interfaces that were handed out."""
        interface = self.interfaces
        while interface is not None:
            yield interface
            interface = interface.next

    def drop(self, interface: Interface[T]) -> None:
        """One less."""
        if self.interfaces is interface:
            self.interfaces = interface.next
            return
        before = next(each for each in self.entries() if each.next is interface)
        before.next = interface.next

    @property
    def referenced(self) -> bool:
        return any(interface.public or interface.private for interface in self.entries())


_NO_CONNECTIONS: Final[frozenset[Hashable]] = frozenset()


class ExportTable(Generic[T]):
    """One exporter: its OXID, its objects, their interfaces, and the ping sets of their clients.

    An entry belongs to the principal that it was made for. To every other caller it is not there.
    """

    def __init__(self, random: Callable[[int], bytes], pings: PingSets | None = None) -> None:
        """`pings` is the resolver's, where several exporters share one."""
        self._random = random
        self.pings = PingSets(random) if pings is None else pings
        self.oxid: Final = self._number(())
        self._interfaces: dict[int, Interface[T]] = {}  # by the IPID's number
        self._exports: dict[int, Export[T]] = {}
        self._of_object: dict[int, Export[T]] = {}  # by id(): objects need not be hashable
        self._others: dict[int, Export[T]] = {}  # by OID: the same object, as the next principal sees it
        self._calls: dict[int, int] = {}  # OID -> how many calls of it are under way
        self._of_connection: dict[Hashable, set[int]] = {}
        self._of_principal: dict[Principal, int] = {}

    def __len__(self) -> int:
        """How many objects are exported; one that two principals see counts twice."""
        return len(self._exports)

    def export(
        self,
        obj: T,
        iid: Guid,
        interfaces: Iterable[Guid],
        principal: Principal,
        now: float,
        *,
        connection: Hashable | None = None,
        lifetime: Lifetime = Lifetime.PINGED,
        refs: int = PUBLIC_REFS,
    ) -> StdObjRef:
        """Hands out `refs` references to one interface of an object (3.1.1.5.1).

        Args:
            interfaces: all that the object has; IUnknown needs no mention. Given at the object's first export.
            principal: who may use the reference: the caller whom it is given to, or ANYONE.
            connection: what the export is tied to, such as an association; required where the lifetime is NOPING.

        WbemError(E_OUTOFMEMORY) if the principal has too many objects, LocalProtocolError for misuse.
        """
        if refs < 1:
            raise LocalProtocolError("a reference comes with at least one count: some clients insist")
        if lifetime is Lifetime.NOPING and connection is None:
            raise LocalProtocolError("an object that nobody pings must be tied to a connection")
        export = next((each for each in self._seen_as(obj) if each.principal == principal), None)
        iids = _one_for_all(frozenset(interfaces) | {IID_IUnknown}) if export is None else export.iids
        if iid not in iids:
            raise LocalProtocolError(f"the object has no interface {iid}")
        if export is None:
            export = self._create(obj, iids, principal, lifetime, now)
        export.used = now
        self._tie(export, connection)
        return self._hand_out(export, iid, refs)

    def lookup(self, ipid: Guid, principal: Principal, now: float) -> Interface[T] | None:
        """The entry that a call is for (3.1.1.5.4); its object counts as used. None is RPC_E_DISCONNECTED."""
        interface = self._find(ipid, principal)
        if interface is not None:
            interface.export.used = now
        return interface

    def anybodys(self, ipid: Guid) -> Interface[T] | None:
        """The entry, whoever holds it; its object does not count as used."""
        return self._interfaces.get(ipid.int)

    def enter(self, interface: Interface[T]) -> None:
        """A call of the object begins: it is not collected before the call has ended, however long that takes."""
        oid = interface.export.oid
        self._calls[oid] = self._calls.get(oid, 0) + 1

    def leave(self, interface: Interface[T], now: float) -> None:
        """The call has ended; the object counts as used."""
        oid = interface.export.oid
        self._calls[oid] -= 1
        if not self._calls[oid]:
            del self._calls[oid]
        interface.export.used = now

    def query_interface(
        self,
        ipid: Guid,
        refs: int,
        iids: Sequence[Guid],
        principal: Principal,
        now: float,
        *,
        connection: Hashable | None = None,
    ) -> tuple[QueryResult, ...] | None:
        """RemQueryInterface (3.1.1.5.6.1.1): `refs` references to each interface. None is RPC_E_INVALID_OBJECT.

        Windows: where every result is E_NOINTERFACE, the call itself returns that too.
        """
        interface = self.lookup(ipid, principal, now)
        if interface is None:
            return None
        export = interface.export
        self._tie(export, connection)
        return tuple(
            QueryResult(HResult.S_OK, self._hand_out(export, iid, refs))
            if iid in export.iids
            else QueryResult(HResult.E_NOINTERFACE, NO_REFERENCE)
            for iid in iids
        )

    def add_ref(self, references: Iterable[Reference], principal: Principal, now: float) -> tuple[HResult, ...]:
        """RemAddRef (3.1.1.5.6.1.2): a result for each reference."""
        return tuple(self._add_ref(reference, principal, now) for reference in references)

    def release(self, references: Iterable[Reference], principal: Principal, now: float) -> Released[T]:
        """RemRelease (3.1.1.5.6.1.3). Too much, or twice, does no harm and is reported."""
        gone: list[T] = []
        unknown: list[Guid] = []
        excess: list[Guid] = []
        for reference in references:
            interface = self._find(reference.ipid, principal)
            if interface is None:
                unknown.append(reference.ipid)
                continue
            if reference.public > interface.public or reference.private > interface.private:
                excess.append(reference.ipid)
            interface.export.used = now
            gone += self._release(interface, reference)
        return Released(tuple(gone), tuple(unknown), tuple(excess))

    def receive(self, std: StdObjRef, principal: Principal, now: float) -> tuple[T, Released[T]] | None:
        """A reference to an object of our own came back (3.1.1.5.3): the object, which its counts are taken from.

        None if it is not ours or not the caller's: E_NOINTERFACE.
        """
        interface = self.lookup(std.ipid, principal, now) if std.oxid == self.oxid else None
        if interface is None:
            return None
        return interface.object, self.release([Reference(std.ipid, std.public_refs)], principal, now)

    def __contains__(self, obj: object) -> bool:
        """Whether it is exported."""
        return id(obj) in self._of_object

    def withdraw(self, obj: T) -> bool:
        """The object ends by our own will: no one reaches it any more. Whether it was exported."""
        exports = list(self._seen_as(obj))
        for export in exports:
            self._remove(export)
        return bool(exports)

    def disconnect(self, connection: Hashable, now: float) -> tuple[T, ...]:
        """The connection is closed: NOPING objects that have no other are gone; others now live by pings and use."""
        gone: list[T] = []
        for oid in sorted(self._of_connection.pop(connection, ())):
            export = self._exports[oid]
            export.connections -= {connection}
            if export.connections:
                continue
            if export.lifetime is Lifetime.NOPING:
                gone += self._remove(export)
            elif export.lifetime is Lifetime.PINGED:
                self.pings.add(oid, now)
        return tuple(gone)

    def deadline(self) -> float | None:
        """When to call `expire`; None while nothing can become due."""
        return self.pings.deadline()

    def expire(self, now: float) -> tuple[T, ...]:
        """Collects what no client pings, uses or is connected to (3.1.1.6.2, 3.1.2.6)."""
        return self.reclaim(self.pings.expire(now), now)

    def reclaim(self, oids: Iterable[int], now: float) -> tuple[T, ...]:
        """The resolver says that nobody pings these. An object that is in use all the same is given another term."""
        gone: list[T] = []
        for oid in oids:
            export = self._exports.get(oid)
            if export is None:
                continue
            if export.connections or oid in self._calls or export.lifetime is not Lifetime.PINGED:
                self.pings.add(oid, now, collect=export.lifetime is Lifetime.PINGED)
            elif now - export.used < limits.PING_PERIOD_SECONDS:
                self.pings.add(oid, now)
            else:
                gone += self._remove(export)
        return tuple(gone)

    def close(self) -> tuple[T, ...]:
        """The exporter ends: every object that was exported."""
        return tuple(obj for export in list(self._exports.values()) for obj in self._remove(export))

    def _find(self, ipid: Guid, principal: Principal) -> Interface[T] | None:
        interface = self._interfaces.get(ipid.int)
        if interface is None:
            return None
        owner = interface.export.principal
        return interface if owner is ANYONE or owner == principal else None

    def _create(self, obj: T, iids: frozenset[Guid], principal: Principal, lifetime: Lifetime, now: float) -> Export[T]:
        count = self._of_principal.get(principal, 0)
        if count >= limits.EXPORTS_PER_PRINCIPAL:
            raise WbemError(HResult.E_OUTOFMEMORY, f"{count} objects are exported to one principal: release some")
        export = Export(self._number(self._exports), obj, iids, principal, lifetime, now)
        self._of_principal[principal] = count + 1
        self._exports[export.oid] = export
        other = self._of_object.get(id(obj))
        if other is not None:
            self._others[export.oid] = other
        self._of_object[id(obj)] = export
        self.pings.add(export.oid, now, collect=lifetime is Lifetime.PINGED)
        return export

    def _hand_out(self, export: Export[T], iid: Guid, refs: int) -> StdObjRef:
        interface = export.interface(iid)
        if interface is None:
            number = self._ipid()
            export.interfaces = self._interfaces[number] = interface = Interface(number, iid, export)
        interface.public += refs
        flags = SORF_NOPING if export.lifetime is Lifetime.NOPING else 0
        return StdObjRef(flags, refs, self.oxid, export.oid, interface.ipid)

    def _add_ref(self, reference: Reference, principal: Principal, now: float) -> HResult:
        interface = self.lookup(reference.ipid, principal, now)
        if interface is None:
            return HResult.CO_E_OBJNOTREG
        interface.public += reference.public
        interface.private += reference.private
        return HResult.S_OK

    def _release(self, interface: Interface[T], reference: Reference) -> tuple[T, ...]:
        export = interface.export
        interface.public = max(0, interface.public - reference.public)
        interface.private = max(0, interface.private - reference.private)
        if interface.public or interface.private or export.lifetime is Lifetime.PERMANENT:
            return ()
        del self._interfaces[interface.number]
        export.drop(interface)
        return () if export.referenced else self._remove(export)

    def _remove(self, export: Export[T]) -> tuple[T, ...]:
        """Takes the export out of every table; the object, if no other principal has it."""
        for interface in export.entries():
            del self._interfaces[interface.number]
        for connection in export.connections:
            self._of_connection[connection].discard(export.oid)
            if not self._of_connection[connection]:
                del self._of_connection[connection]
        del self._exports[export.oid]
        self._of_principal[export.principal] -= 1
        if not self._of_principal[export.principal]:
            del self._of_principal[export.principal]
        self.pings.discard(export.oid)
        return () if self._unsee(export) else (export.object,)

    def _seen_as(self, obj: T) -> Iterator[Export[T]]:
        """The entries of an object: one for each principal."""
        export = self._of_object.get(id(obj))
        while export is not None:
            yield export
            export = self._others.get(export.oid)

    def _unsee(self, export: Export[T]) -> bool:
        """One of these less; whether there are others."""
        key = id(export.object)
        after = self._others.pop(export.oid, None)
        if self._of_object[key] is not export:
            before = next(each for each in self._seen_as(export.object) if self._others.get(each.oid) is export)
            self._put_behind(before, after)
        elif after is not None:
            self._of_object[key] = after
        else:
            del self._of_object[key]
        return key in self._of_object

    def _put_behind(self, export: Export[T], other: Export[T] | None) -> None:
        if other is None:
            del self._others[export.oid]
        else:
            self._others[export.oid] = other

    def _tie(self, export: Export[T], connection: Hashable | None) -> None:
        if connection is not None and connection not in export.connections:
            export.connections |= {connection}
            self._of_connection.setdefault(connection, set()).add(export.oid)

    def _number(self, taken: Container[int]) -> int:
        """A number that is neither 0, which means none, nor taken."""
        while not (number := int.from_bytes(self._random(8), "little")) or number in taken:
            pass
        return number

    def _ipid(self) -> int:
        """The number of an IPID that is neither NULL nor taken."""
        while not (number := int.from_bytes(self._random(guid.SIZE), "big")) or number in self._interfaces:
            pass
        return number


@lru_cache(maxsize=64)
def _one_for_all(iids: frozenset[Guid]) -> frozenset[Guid]:
    """Objects of one kind share the set of their interfaces."""
    return iids
