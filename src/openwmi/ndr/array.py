"""Arrays ([C706] 14.3.3): fixed, varying, conformant, conformant varying; of one dimension, as all of them here are.

Which counts travel is in `ArrayNode`; how the elements travel is in the kinds of `Elements`: octets are sliced, scalars
and the places of pointers go through one `struct` call, and only the rest is handled one by one.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from struct import Struct
from typing import Any

from openwmi.base import limits
from openwmi.base.fault import RemoteProtocolError
from openwmi.ndr.node import Node, Scope, ours, theirs
from openwmi.ndr.scalar import ScalarNode
from openwmi.ndr.stream import NdrReader, NdrWriter
from openwmi.ndr.syntax import Syntax
from openwmi.ndr.types import Fixed, LengthIs, SizeIs


class Elements(ABC):
    """The elements of an array, without any count. Windows: they are aligned even where there are none."""

    __slots__ = ("alignment", "has_pointees", "least", "names")

    def __init__(self, element: Node) -> None:
        self.alignment = element.alignment
        self.least = element.least
        self.has_pointees = element.has_pointees
        self.names = element.names

    @abstractmethod
    def put(self, writer: NdrWriter, values: Any, scope: Scope) -> None: ...

    def put_pointees(self, writer: NdrWriter, values: Any, scope: Scope) -> None:
        pass

    @abstractmethod
    def get(self, reader: NdrReader, count: int) -> Any: ...

    def get_pointees(self, reader: NdrReader, raw: Any) -> Any:
        return raw

    def check(self, values: Any, scope: Scope) -> None:
        pass

    @abstractmethod
    def zero(self, count: int, scope: Scope) -> Any: ...


class Octets(Elements):
    """`bytes`."""

    __slots__ = ()

    def put(self, writer: NdrWriter, values: Any, scope: Scope) -> None:
        writer.octets(values)

    def get(self, reader: NdrReader, count: int) -> Any:
        return reader.octets(count)

    def zero(self, count: int, scope: Scope) -> Any:
        return bytes(count)


class Scalars(Elements):
    """A tuple of values of fixed size."""

    __slots__ = ("element",)

    def __init__(self, element: ScalarNode) -> None:
        super().__init__(element)
        self.element = element

    def _layout(self, count: int) -> Struct:
        # A count stands before a letter that has one already (16s) only by repeating it.
        letter = self.element.letter
        return Struct(f"<{letter * count}" if len(letter) > 1 else f"<{count}{letter}")

    def put(self, writer: NdrWriter, values: Any, scope: Scope) -> None:
        writer.align(self.alignment)
        convert = self.element.encode
        writer.pack(self._layout(len(values)), *(values if convert is None else map(convert, values)))

    def get(self, reader: NdrReader, count: int) -> Any:
        reader.align(self.alignment)
        reader.expect(count, self.least)
        values = reader.unpack(self._layout(count))
        convert = self.element.decode
        return values if convert is None else tuple(map(convert, values))

    def zero(self, count: int, scope: Scope) -> Any:
        return (self.element.none,) * count


class Each(Elements):
    """A tuple of whatever else: structures, pointers."""

    __slots__ = ("element",)

    def __init__(self, element: Node) -> None:
        super().__init__(element)
        self.element = element

    def put(self, writer: NdrWriter, values: Any, scope: Scope) -> None:
        writer.align(self.alignment)
        put = self.element.put
        for value in values:
            put(writer, value, scope)

    def put_pointees(self, writer: NdrWriter, values: Any, scope: Scope) -> None:
        put = self.element.put_pointees
        for value in values:
            put(writer, value, scope)

    def get(self, reader: NdrReader, count: int) -> Any:
        reader.align(self.alignment)
        reader.expect(count, self.least)
        get = self.element.get
        return tuple([get(reader, 0) for _ in range(count)])

    def get_pointees(self, reader: NdrReader, raw: Any) -> Any:
        get = self.element.get_pointees
        return tuple([get(reader, item) for item in raw])

    def check(self, values: Any, scope: Scope) -> None:
        for value in values:
            self.element.check(value, scope)

    def zero(self, count: int, scope: Scope) -> Any:
        return tuple(self.element.zero(scope) for _ in range(count))


class Pointers(Each):
    """A tuple of pointers that may be NULL. Where all of them are, as in what failed, they are handled in one step."""

    __slots__ = ()

    def put(self, writer: NdrWriter, values: Any, scope: Scope) -> None:
        if _any(values):
            super().put(writer, values, scope)
        else:
            writer.align(self.alignment)
            writer.zeros(self.least * len(values))

    def put_pointees(self, writer: NdrWriter, values: Any, scope: Scope) -> None:
        if _any(values):
            super().put_pointees(writer, values, scope)

    def get(self, reader: NdrReader, count: int) -> Any:
        reader.align(self.alignment)
        reader.expect(count, self.least)
        return reader.unpack(Struct(f"<{count}{reader.syntax.word.format[-1]}"))

    def get_pointees(self, reader: NdrReader, raw: Any) -> Any:
        return super().get_pointees(reader, raw) if any(raw) else (None,) * len(raw)

    def check(self, values: Any, scope: Scope) -> None:
        if _any(values):
            super().check(values, scope)

    def zero(self, count: int, scope: Scope) -> Any:
        return (None,) * count


class ArrayNode(Node):
    """An array with the counts that its declaration gives it.

    Attributes:
        size: what bounds it; a Fixed array has no maximum count on the wire.
        length: None, or what says how many elements travel; then an offset of 0 and that number stand before them.
    """

    __slots__ = ("_constant", "elements", "length", "size")

    def __init__(self, elements: Elements, size: Fixed | SizeIs, length: LengthIs | None, syntax: Syntax) -> None:
        sources = (size.size if isinstance(size, SizeIs) else None, length.length if length else None)
        least = size.count * elements.least if isinstance(size, Fixed) and length is None else 0
        super().__init__(
            max(elements.alignment, syntax.word.size) if length else elements.alignment,
            least if length is None else 2 * syntax.word.size,
            conformant=isinstance(size, SizeIs),
            has_pointees=elements.has_pointees,
            names=elements.names | {name for name in sources if isinstance(name, str)},
        )
        self.elements = elements
        self.size = size
        self.length = length
        said = size.rounded(size.size) if isinstance(size, SizeIs) and isinstance(size.size, int) else None
        if length is not None:
            said = length.length if isinstance(length.length, int) else None
        self._constant = said

    def maximum(self, value: Any, scope: Scope) -> int:
        size = _limit(self.size, scope)
        if self.length is None:
            ours(len(value) == size, f"{len(value)} elements where {self.size} is {size}")
        return size

    def put(self, writer: NdrWriter, value: Any, scope: Scope) -> None:
        if self.length is not None:
            self._put_length(writer, value, scope)
        elif isinstance(self.size, Fixed):
            ours(len(value) == self.size.count, f"{len(value)} elements in an array of {self.size.count}")
        self.elements.put(writer, value, scope)

    def put_pointees(self, writer: NdrWriter, value: Any, scope: Scope) -> None:
        self.elements.put_pointees(writer, value, scope)

    def get(self, reader: NdrReader, maximum: int) -> Any:
        size = self.size.count if isinstance(self.size, Fixed) else maximum
        if self.length is not None:
            offset, actual = reader.word(), reader.word()
            if offset or actual > size:
                raise RemoteProtocolError(f"{actual} of {size} elements from {offset}, at offset {reader.offset}")
            size = actual
        if self._constant is not None and size != self._constant:
            raise RemoteProtocolError(
                f"an array of {size} elements and not {self._constant}, at offset {reader.offset}"
            )
        return self.elements.get(reader, size)

    def get_pointees(self, reader: NdrReader, raw: Any) -> Any:
        return self.elements.get_pointees(reader, raw)

    def check(self, value: Any, scope: Scope) -> None:
        # With a length, the maximum count says only how large the receiver's memory is; `get` has compared the two.
        limit = _limit(self.size, scope)
        said = limit if self.length is None else _number(self.length.length, scope)
        theirs(len(value) == said, f"an array of {len(value)} elements where {self.length or self.size} is {said}")
        theirs(said <= limit, f"an array of {said} elements where {self.size} is {limit}")
        self.elements.check(value, scope)

    def zero(self, scope: Scope) -> Any:
        count = _limit(self.size, scope) if self.length is None else _number(self.length.length, scope)
        ours(count <= limits.NDR_EMPTY_ELEMENTS, f"{count} elements with nothing in them")
        return self.elements.zero(count, scope)

    def _put_length(self, writer: NdrWriter, value: Sequence[Any], scope: Scope) -> None:
        assert self.length is not None
        length, size = _number(self.length.length, scope), _limit(self.size, scope)
        ours(len(value) == length <= size, f"{len(value)} elements where {self.length} is {length} of {size}")
        writer.word(0)
        writer.word(length)


def _any(pointees: Sequence[Any]) -> bool:
    return pointees.count(None) < len(pointees)


def _number(source: int | str, scope: Scope) -> int:
    return int(scope(source)) if isinstance(source, str) else source


def _limit(size: Fixed | SizeIs, scope: Scope) -> int:
    return size.count if isinstance(size, Fixed) else size.rounded(_number(size.size, scope))
