"""What a client holds of other exporters' objects: how many references to which interface ([MS-DCOM] 3.2.1).

Pure state; the counts are given back by RemRelease, and the OIDs are what is pinged.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from openwmi.base.guid import Guid
from openwmi.orpc.exports import Reference
from openwmi.orpc.objref import StdObjRef


@dataclass(slots=True)
class _Entry:
    oid: int
    pinged: bool
    refs: int = 0


class HeldReferences:
    """The references to objects of one exporter."""

    def __init__(self) -> None:
        self._entries: dict[Guid, _Entry] = {}

    def __len__(self) -> int:
        """How many interfaces are held."""
        return len(self._entries)

    def add(self, std: StdObjRef) -> int:
        """A reference came; how many the client has of this interface now. 0: it has to ask for some."""
        entry = self._entries.setdefault(std.ipid, _Entry(std.oid, not std.noping))
        entry.refs += std.public_refs
        return entry.refs

    def added(self, ipid: Guid, refs: int) -> None:
        """RemAddRef gave so many more."""
        self._entries[ipid].refs += refs

    def remove(self, ipids: Iterable[Guid]) -> tuple[Reference, ...]:
        """These are not needed any more: what RemRelease is to be told. Those that are gone already are left out."""
        gone = [(ipid, self._entries.pop(ipid)) for ipid in dict.fromkeys(ipids) if ipid in self._entries]
        return tuple(Reference(ipid, entry.refs) for ipid, entry in gone if entry.refs)

    def clear(self) -> tuple[Reference, ...]:
        """All of them."""
        return self.remove(list(self._entries))

    @property
    def pinged(self) -> frozenset[int]:
        """The OIDs of the objects that live by pings."""
        return frozenset(entry.oid for entry in self._entries.values() if entry.pinged)
