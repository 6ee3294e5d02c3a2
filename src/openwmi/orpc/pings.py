"""Ping sets: how a resolver learns that the clients of an object are gone ([MS-DCOM] 3.1.2.1, 3.1.2.5.1, 3.1.2.6).

Pure state. `now` is in seconds on a clock that only grows, `random(n)` gives n octets that nobody can guess. The owner
asks `deadline()` when to call `expire(now)`. Objects are numbers (OIDs) here; what they are, and whether somebody used
one lately, `openwmi.orpc.exports` knows.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass, field
from itertools import islice, takewhile
from typing import TypeVar

from openwmi.base import limits
from openwmi.base.status import HResult

V = TypeVar("V")


@dataclass(frozen=True, slots=True)
class PingReply:
    """ComplexPing's answer. The set is 0 if none was made. `error_status(status)` is what goes on the wire."""

    status: HResult
    set_id: int
    backoff_factor: int = 0


@dataclass(slots=True)
class _PingSet:
    principal: Hashable
    sequence: int
    pinged: float
    oids: set[int] = field(default_factory=set)


class PingSets:
    """The SETID table and the resolver's OID table.

    An OID that no set holds is due `PING_TIMEOUT_SECONDS` after it was added, or after the last set let it go: a client
    that dies before its first ping leaves nothing behind. Both tables stay in the order of their deadlines, since all
    wait equally long: what is touched moves to the end.
    """

    def __init__(self, random: Callable[[int], bytes]) -> None:
        self._random = random
        self._sets: dict[int, _PingSet] = {}
        self._holders: dict[int, int] = {}  # OID -> how many sets hold it; 0 for what is not collected
        self._idle: dict[int, float] = {}  # OID that no set holds -> since when
        self._of_principal: dict[Hashable, int] = {}  # how many sets each has

    def add(self, oid: int, now: float, *, collect: bool = True) -> None:
        """A new OID, or one that was due and is still in use: its time begins again if no set holds it.

        One that is not collected may be pinged, and is never due for want of pings.
        """
        self._idle.pop(oid, None)
        if not collect:
            self._holders.setdefault(oid, 0)
        elif not self._holders.get(oid):
            self._idle[oid] = now

    def discard(self, oid: int) -> None:
        """The object is gone. Sets may still name it: their owner will delete it, or stop pinging."""
        self._holders.pop(oid, None)
        self._idle.pop(oid, None)

    def complex_ping(
        self,
        set_id: int,
        sequence: int,
        add: Iterable[int],
        delete: Iterable[int],
        *,
        principal: Hashable,
        now: float,
    ) -> PingReply:
        """IObjectExporter::ComplexPing (3.1.2.5.1.3). Set 0 makes a new one.

        RPC_E_INVALID_SET for a set that is not there or belongs to another principal; E_OUTOFMEMORY beyond a limit.
        RPC_E_INVALID_OID if an OID to be added to a set is not known, which the rest of the call does not suffer from:
        a client may add what was just released together with what it goes on using.
        """
        if set_id:
            found = self._sets.get(set_id)
            if found is None or found.principal != principal:
                return PingReply(HResult.RPC_E_INVALID_SET, set_id)
            if _is_older(sequence, found.sequence):
                return PingReply(HResult.S_OK, set_id)
            found.sequence = sequence
            self._touch(found, set_id, now)
            return PingReply(self._update(found, add, delete, now), set_id)
        if self._of_principal.get(principal, 0) >= limits.PING_SETS_PER_PRINCIPAL:
            return PingReply(HResult.E_OUTOFMEMORY, 0)
        set_id = self._new_id()
        self._sets[set_id] = created = _PingSet(principal, sequence, now)
        self._of_principal[principal] = self._of_principal.get(principal, 0) + 1
        status = self._update(created, add, (), now)
        return PingReply(HResult.S_OK if status == HResult.RPC_E_INVALID_OID else status, set_id)

    def simple_ping(self, set_id: int, principal: Hashable, now: float) -> HResult:
        """IObjectExporter::SimplePing (3.1.2.5.1.2)."""
        found = self._sets.get(set_id)
        if found is None or found.principal != principal:
            return HResult.RPC_E_INVALID_SET
        self._touch(found, set_id, now)
        return HResult.S_OK

    def knows(self, oid: int) -> bool:
        """Whether it was added, and is not gone."""
        return oid in self._holders or oid in self._idle

    def holds(self, oid: int) -> bool:
        """Whether a client pings the object."""
        return self._holders.get(oid, 0) > 0

    def deadline(self) -> float | None:
        """When `expire` has something to do; None while there is nothing that could become due."""
        firsts = [found.pinged for found in islice(self._sets.values(), 1)] + list(islice(self._idle.values(), 1))
        return min(firsts) + limits.PING_TIMEOUT_SECONDS if firsts else None

    def expire(self, now: float) -> tuple[int, ...]:
        """Ends the sets that were not pinged in time. Returns the OIDs that are due: nobody pings them.

        They are forgotten here. If an object was used lately, its OID is to be added again (3.1.1.6.2).
        """
        # Added up as `deadline` does: subtracted, what is due might not be by its last bit, and be asked for for ever.
        wait = limits.PING_TIMEOUT_SECONDS
        due: list[int] = []
        for set_id, found in _until(self._sets, lambda found: found.pinged + wait <= now):
            del self._sets[set_id]
            self._forget_set_of(found.principal)
            due += [oid for oid in found.oids if self._release(oid)]
        due += [oid for oid, _ in _until(self._idle, lambda since: since + wait <= now)]
        for oid in due:
            self.discard(oid)
        return tuple(due)

    def _update(self, found: _PingSet, add: Iterable[int], delete: Iterable[int], now: float) -> HResult:
        status = HResult.S_OK
        for oid in add:
            if oid in found.oids:
                continue
            if not self.knows(oid):
                status = HResult.RPC_E_INVALID_OID
            elif len(found.oids) >= limits.PING_SET_OIDS:
                status = HResult.E_OUTOFMEMORY
                break
            else:
                found.oids.add(oid)
                self._holders[oid] = self._holders.get(oid, 0) + 1
                self._idle.pop(oid, None)
        for oid in delete:
            if oid in found.oids:
                found.oids.remove(oid)
                if self._release(oid):
                    self._idle[oid] = now
        return status

    def _release(self, oid: int) -> bool:
        """One set less holds the OID; whether it was the last."""
        held = self._holders.get(oid)
        if not held:
            return False
        if held > 1:
            self._holders[oid] = held - 1
            return False
        del self._holders[oid]
        return True

    def _touch(self, found: _PingSet, set_id: int, now: float) -> None:
        found.pinged = now
        self._sets[set_id] = self._sets.pop(set_id)

    def _forget_set_of(self, principal: Hashable) -> None:
        self._of_principal[principal] -= 1
        if not self._of_principal[principal]:
            del self._of_principal[principal]

    def _new_id(self) -> int:
        while not (set_id := int.from_bytes(self._random(8), "little")) or set_id in self._sets:
            pass
        return set_id


def _until(table: dict[int, V], due: Callable[[V], bool]) -> list[tuple[int, V]]:
    """The entries that are due: they stand first."""
    return list(takewhile(lambda entry: due(entry[1]), table.items()))


def _is_older(sequence: int, known: int) -> bool:
    """Whether a ping was overtaken by a later one.

    The number has 16 bits: a client that changes its set every two minutes comes back to 0 after three months, and the
    document's plain comparison would then ignore it until its objects are gone. So it is compared around the circle.
    """
    return 0 < (known - sequence) & 0xFFFF < 0x8000
