"""What every compiled type can do. A tree of nodes is a codec; nothing here is public outside of this room.

The order on the wire ([C706] 14.3.12.3) is had by two passes in each direction: first the place itself (`put`, `get`),
where a pointer leaves its referent, then what the pointers point at (`put_pointees`, `get_pointees`), depth first in
the order of the pointers. So `get` returns something raw, which `get_pointees` makes the value of.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any

from openwmi.base.fault import LocalProtocolError, RemoteProtocolError
from openwmi.ndr.stream import NdrReader, NdrWriter

# The value of the field or parameter with this name, beside the one that is being coded: for size_is and its like.
Scope = Callable[[str], Any]


def no_scope(name: str) -> Any:
    """The scope of a value that stands alone. The compiler never lets a name come here."""
    raise AssertionError(f"{name} is looked up outside of a structure")


class Node(ABC):
    """One compiled type. Values are `Any` here: the node is what knows their type.

    Attributes:
        alignment: of its first octet.
        least: it takes at least so many octets, which bounds the counts that a peer may announce.
        conformant: a maximum count stands before it, or before the outermost structure that it ends.
        has_pointees: the second pass has something to do.
        names: the fields or parameters beside it that it asks its scope for.
    """

    __slots__ = ("alignment", "conformant", "has_pointees", "least", "names")

    def __init__(
        self,
        alignment: int,
        least: int,
        *,
        conformant: bool = False,
        has_pointees: bool = False,
        names: frozenset[str] = frozenset(),
    ) -> None:
        self.alignment = alignment
        self.least = least
        self.conformant = conformant
        self.has_pointees = has_pointees
        self.names = names

    @abstractmethod
    def put(self, writer: NdrWriter, value: Any, scope: Scope) -> None:
        """Writes the place itself, aligned; its maximum count is already there."""

    def put_pointees(self, writer: NdrWriter, value: Any, scope: Scope) -> None:
        """Writes what the pointers in it point at. Only called if `has_pointees`."""

    @abstractmethod
    def get(self, reader: NdrReader, maximum: int) -> Any:
        """Reads the place itself. `maximum` is its maximum count if it is conformant, else 0."""

    def get_pointees(self, reader: NdrReader, raw: Any) -> Any:
        """Reads what the pointers in it point at; returns the value. Only called if `has_pointees`."""
        return raw

    def maximum(self, value: Any, scope: Scope) -> int:
        """The maximum count that stands before the value. Only called if `conformant`."""
        raise AssertionError(f"{type(self).__name__} is not conformant")

    def check(self, value: Any, scope: Scope) -> None:
        """RemoteProtocolError if a decoded value disagrees with those beside it. Only called if `names`."""

    @abstractmethod
    def zero(self, scope: Scope) -> Any:
        """The value with every pointer NULL and every number 0; arrays have the length that the scope says."""

    def put_whole(self, writer: NdrWriter, value: Any, scope: Scope) -> None:
        """Writes a parameter, a pointee, a value that stands alone."""
        if self.conformant:
            writer.word(self.maximum(value, scope))
        self.put(writer, value, scope)
        if self.has_pointees:
            self.put_pointees(writer, value, scope)

    def get_whole(self, reader: NdrReader) -> Any:
        """Reads a parameter, a pointee, a value that stands alone."""
        raw = self.get(reader, reader.word() if self.conformant else 0)
        return self.get_pointees(reader, raw) if self.has_pointees else raw


def ours(holds: bool, text: str) -> None:
    """LocalProtocolError unless it holds."""
    if not holds:
        raise LocalProtocolError(text)


def theirs(holds: bool, text: str) -> None:
    """RemoteProtocolError unless it holds."""
    if not holds:
        raise RemoteProtocolError(text)
