"""Pointers ([C706] 14.3.10-12): a referent in place, and what it points at later.

The values of referents mean nothing but NULL or not, except for full pointers, where equal ones are the same thing.
"""

from __future__ import annotations

from typing import Any

from openwmi.ndr.node import Node, Scope, ours, theirs
from openwmi.ndr.stream import NdrReader, NdrWriter
from openwmi.ndr.syntax import Syntax
from openwmi.ndr.types import Cell


class PointerNode(Node):
    """`[unique]`: NULL, which is None, or the only pointer to its pointee."""

    __slots__ = ("pointee",)

    def __init__(self, pointee: Node, syntax: Syntax) -> None:
        super().__init__(syntax.word.size, syntax.word.size, has_pointees=True, names=pointee.names)
        self.pointee = pointee

    def put(self, writer: NdrWriter, value: Any, scope: Scope) -> None:
        writer.referent(value is not None)

    def put_pointees(self, writer: NdrWriter, value: Any, scope: Scope) -> None:
        if value is not None:
            self.pointee.put_whole(writer, value, scope)

    def get(self, reader: NdrReader, maximum: int) -> Any:
        return reader.word()

    def get_pointees(self, reader: NdrReader, raw: Any) -> Any:
        return self.pointee.get_whole(reader) if raw else None

    def check(self, value: Any, scope: Scope) -> None:
        if value is not None:
            self.pointee.check(value, scope)

    def zero(self, scope: Scope) -> Any:
        return None


class RefNode(PointerNode):
    """`[ref]` inside of a structure or array: never NULL."""

    __slots__ = ()

    def put(self, writer: NdrWriter, value: Any, scope: Scope) -> None:
        ours(value is not None, "a reference pointer cannot be NULL")
        writer.referent(True)

    def get(self, reader: NdrReader, maximum: int) -> Any:
        referent = reader.word()
        theirs(referent != 0, f"a reference pointer is NULL before offset {reader.offset}")
        return referent

    def zero(self, scope: Scope) -> Any:
        return self.pointee.zero(scope)


class FullNode(PointerNode):
    """`[ptr]`: a referent seen before is the pointee seen before. We write each pointee out, which is allowed.

    `form` is the declaration of the pointee: what was seen as one thing cannot be taken for another.
    """

    __slots__ = ("form",)

    def __init__(self, pointee: Node, syntax: Syntax, form: object) -> None:
        super().__init__(pointee, syntax)
        self.form = form

    def get_pointees(self, reader: NdrReader, raw: Any) -> Any:
        if not raw:
            return None
        if raw not in reader.pointees:
            reader.pointees[raw] = self.form, self.pointee.get_whole(reader)
        form, value = reader.pointees[raw]
        theirs(form == self.form, f"referent 0x{raw:x} is one thing here and was another before")
        return value


class CellNode(Node):
    """What a pointer to a pointer points at: the inner pointer, whose pointee follows it at once."""

    __slots__ = ("inner",)

    def __init__(self, inner: Node) -> None:
        super().__init__(inner.alignment, inner.least, has_pointees=inner.has_pointees, names=inner.names)
        self.inner = inner

    def put(self, writer: NdrWriter, value: Any, scope: Scope) -> None:
        self.inner.put(writer, value.value, scope)

    def put_pointees(self, writer: NdrWriter, value: Any, scope: Scope) -> None:
        self.inner.put_pointees(writer, value.value, scope)

    def get(self, reader: NdrReader, maximum: int) -> Any:
        raw = self.inner.get(reader, maximum)
        return raw if self.has_pointees else Cell(raw)

    def get_pointees(self, reader: NdrReader, raw: Any) -> Any:
        return Cell(self.inner.get_pointees(reader, raw))

    def check(self, value: Any, scope: Scope) -> None:
        self.inner.check(value.value, scope)

    def zero(self, scope: Scope) -> Any:
        return Cell(self.inner.zero(scope))
