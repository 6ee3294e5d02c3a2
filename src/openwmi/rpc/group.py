"""Association groups: the connections of one client process to one endpoint ([MS-RPCE] 3.3.1.1.1, 3.3.1.5.7)."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(slots=True)
class _Group:
    peer: str
    connections: int
    noted: bool = False


class AssociationGroups:
    """The table of associations of a server, shared by the connections of an endpoint. It lives as long as they do."""

    def __init__(self) -> None:
        self._groups: dict[int, _Group] = {}
        self._last = 0

    def __len__(self) -> int:
        return len(self._groups)

    def join(self, group: int, peer: str) -> int | None:
        """Adds a connection from the machine `peer` to a group, or to a new one where `group` is 0.

        Returns the group's number; None where there is no such group, or it belongs to another machine.
        """
        if group == 0:
            return self._create(peer)
        found = self._groups.get(group)
        if found is None or found.peer != peer:
            return None
        found.connections += 1
        return group

    def leave(self, group: int) -> None:
        """Takes one connection out; the last one takes the group with it."""
        found = self._groups[group]
        found.connections -= 1
        if not found.connections:
            del self._groups[group]

    def note(self, group: object) -> None:
        """Remembers something of this group, for whoever wants to know it of its later calls."""
        found = self._groups.get(group) if isinstance(group, int) else None
        if found is not None:
            found.noted = True

    def noted(self, group: object) -> bool:
        """Whether it was."""
        found = self._groups.get(group) if isinstance(group, int) else None
        return found is not None and found.noted

    def _create(self, peer: str) -> int:
        number = self._last % 0xFFFFFFFF + 1
        while number in self._groups:
            number = number % 0xFFFFFFFF + 1
        self._last = number
        self._groups[number] = _Group(peer, 1)
        return number
