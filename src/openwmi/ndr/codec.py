"""What the rest of the project uses: `codec(T)`, and the same for the parameters of a call.

A codec is compiled once per type and syntax. Whatever octets it is fed, RemoteProtocolError is all that it raises, and
for values that do not fit their declaration LocalProtocolError.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import Any, Final, Generic, TypeVar, overload

from openwmi.base.fault import LocalProtocolError
from openwmi.ndr.compiler import check_names, compile_hint
from openwmi.ndr.node import Node, no_scope
from openwmi.ndr.pointer import CellNode, PointerNode
from openwmi.ndr.scalar import ScalarNode
from openwmi.ndr.stream import NdrReader, NdrWriter
from openwmi.ndr.syntax import NDR20, Syntax
from openwmi.ndr.types import Cell

T = TypeVar("T")

_MISFITS: Final = (AttributeError, TypeError, ValueError)
"""What a value that does not fit its declaration makes Python raise."""


class Codec(Generic[T]):
    """Encodes and decodes values of one type, each as a parameter of its own."""

    __slots__ = ("_node", "name")

    def __init__(self, name: str, node: Node) -> None:
        self.name = name
        self._node = node

    def encode(self, writer: NdrWriter, value: T) -> None:
        """Appends the value; LocalProtocolError if it is not what the declaration says."""
        try:
            self._node.put_whole(writer, value, no_scope)
        except _MISFITS as error:
            raise LocalProtocolError(f"{self.name}: {error}") from error

    def decode(self, reader: NdrReader) -> T:
        """Reads one value; the reader stands behind it afterwards. RemoteProtocolError."""
        value: T = self._node.get_whole(reader)
        return value

    def zero(self) -> T:
        """Every pointer NULL, every number 0, every text empty."""
        value: T = self._node.zero(no_scope)
        return value


@overload
def codec(hint: type[T], syntax: Syntax = NDR20) -> Codec[T]: ...
@overload
def codec(hint: object, syntax: Syntax = NDR20) -> Codec[Any]: ...
def codec(hint: object, syntax: Syntax = NDR20) -> Codec[Any]:
    """The codec of a structure or an alias; TypeError if its declaration cannot travel."""
    return _codec(hint, syntax)


@overload
def encode(hint: type[T], value: T, syntax: Syntax = NDR20) -> bytes: ...
@overload
def encode(hint: object, value: Any, syntax: Syntax = NDR20) -> bytes: ...
def encode(hint: object, value: Any, syntax: Syntax = NDR20) -> bytes:
    """One value alone -> octets."""
    writer = NdrWriter(syntax)
    _codec(hint, syntax).encode(writer, value)
    return bytes(writer)


@overload
def decode(hint: type[T], octets: bytes, offset: int = 0, syntax: Syntax = NDR20) -> tuple[T, int]: ...
@overload
def decode(hint: object, octets: bytes, offset: int = 0, syntax: Syntax = NDR20) -> tuple[Any, int]: ...
def decode(hint: object, octets: bytes, offset: int = 0, syntax: Syntax = NDR20) -> tuple[Any, int]:
    """Octets -> one value, and the offset behind it. Alignment counts from `octets[0]`."""
    reader = NdrReader(octets, offset, syntax=syntax)
    return _codec(hint, syntax).decode(reader), reader.offset


class Parameters:
    """The parameters of a call in one direction: whole values one after the other.

    Attributes:
        names: in the order of the wire.
    """

    __slots__ = ("_nodes", "_sized", "_where", "names")

    def __init__(self, where: str, hints: Mapping[str, object], given: Mapping[str, object], syntax: Syntax) -> None:
        """`given`: the hints of the parameters in the other direction, whose values size_is may name as well."""
        self.names = tuple(hints)
        self._where = where
        self._nodes = tuple(compile_hint(hint, syntax, f"{where}.{name}") for name, hint in hints.items())
        self._sized = tuple((at, node) for at, node in enumerate(self._nodes) if node.names)
        if self._sized:
            beside = {name: compile_hint(hint, syntax, f"{where}.{name}") for name, hint in given.items()}
            beside.update(zip(self.names, self._nodes, strict=True))
            numbers = [name for name, node in beside.items() if isinstance(node, ScalarNode)]
            check_names(zip(self.names, self._nodes, strict=True), numbers, where)

    def encode(self, writer: NdrWriter, values: Sequence[Any], given: Mapping[str, Any]) -> None:
        """Appends the values, in the order of `names`. LocalProtocolError."""
        try:
            scope = self._scope(values, given) if self._sized else no_scope
            for node, value in zip(self._nodes, values, strict=True):
                node.put_whole(writer, value, scope)
        except _MISFITS as error:
            raise LocalProtocolError(f"{self._where}: {error}") from error

    def decode(self, reader: NdrReader, given: Mapping[str, Any] | None) -> list[Any]:
        """Reads the values. RemoteProtocolError.

        `given`: the values of the other direction; None if they are not known, so that nothing is compared with them.
        """
        values = [node.get_whole(reader) for node in self._nodes]
        if self._sized:
            self._check(values, given)
        return values

    def zero(self, given: Mapping[str, Any]) -> list[Any]:
        """The values of a call that failed: numbers 0, pointers NULL; what came in as well goes back as it came.

        An array has the length that its size_is gives it, since the receiver has memory of that length.
        """
        values: dict[str, Any] = {}
        later: list[tuple[str, Node]] = []
        for name, node in zip(self.names, self._nodes, strict=True):
            if name in given:
                values[name] = _returned(node, given[name])
            elif node.names:
                later.append((name, node))
            else:
                values[name] = node.zero(no_scope)
        scope = {**given, **values}.__getitem__
        values.update((name, node.zero(scope)) for name, node in later)
        return [values[name] for name in self.names]

    def _check(self, values: Sequence[Any], given: Mapping[str, Any] | None) -> None:
        known = {**(given or {}), **dict(zip(self.names, values, strict=True))}
        for at, node in self._sized:
            if node.names <= known.keys():
                node.check(values[at], known.__getitem__)

    def _scope(self, values: Sequence[Any], given: Mapping[str, Any]) -> Callable[[str], Any]:
        return {**given, **dict(zip(self.names, values, strict=True))}.__getitem__


@cache
def _codec(hint: object, syntax: Syntax) -> Codec[Any]:
    name = hint.__qualname__ if isinstance(hint, type) else str(hint)
    node = compile_hint(hint, syntax, name)
    check_names([("", node)], (), name)
    return Codec(name, node)


def _returned(node: Node, value: Any) -> Any:
    """An in-out parameter of a failed call. A cell that was given stays, but with nothing in it."""
    if value is not None and isinstance(node, PointerNode) and isinstance(node.pointee, CellNode):
        return Cell(None)
    return value
