"""Hints -> nodes: reads declarations once, and refuses those that cannot travel with a TypeError that says where.

The marks of an `Annotated` apply from the inside out, so the last mark is the outermost form.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import fields, is_dataclass
from struct import calcsize
from types import NoneType, UnionType
from typing import Annotated, Any, Final, NoReturn, Union, get_args, get_origin, get_type_hints

from openwmi.ndr.array import ArrayNode, Each, Elements, Octets, Pointers, Scalars
from openwmi.ndr.node import Node
from openwmi.ndr.pointer import CellNode, FullNode, PointerNode, RefNode
from openwmi.ndr.scalar import ScalarNode, guid_node
from openwmi.ndr.structure import StructureNode
from openwmi.ndr.syntax import Syntax
from openwmi.ndr.text import BstrNode, InterfaceNode, StringNode
from openwmi.ndr.types import Cell, Fixed, LengthIs, Mark, Scalar, SizeIs, SwitchIs
from openwmi.ndr.union import UnionNode

_FIXED_FORMS: Final[dict[Mark, Callable[[Syntax], Node]]] = {
    Mark.GUID: lambda _: guid_node(),
    Mark.ENUM: lambda syntax: ScalarNode(syntax.enumeration, calcsize(syntax.enumeration)),
    Mark.WIDE_STRING: lambda syntax: StringNode(syntax, wide=True),
    Mark.STRING: lambda syntax: StringNode(syntax, wide=False),
    Mark.BSTR: BstrNode,
    Mark.INTERFACE: lambda _: InterfaceNode(),
}
_POINTERS: Final = frozenset({Mark.UNIQUE, Mark.REF, Mark.FULL})

_structures: dict[tuple[type, Syntax], StructureNode] = {}


def compile_hint(hint: object, syntax: Syntax, where: str) -> Node:
    """The node of a parameter, or of a value that stands alone. `where` names it in the TypeError if it cannot."""
    node = _Compiler(syntax, where).node(hint)
    if isinstance(node, RefNode):  # [C706] 14.3.11.1: the referent of a top-level [ref] is not written
        raise TypeError(f"{where}: a reference pointer that is in nothing does not travel: declare what it points at")
    return node


def check_names(nodes: Iterable[tuple[str, Node]], known: Iterable[str], where: str) -> None:
    """TypeError unless the fields that size_is and its like name are there, and are integers."""
    beside = set(known)
    for name, node in nodes:
        for missing in sorted(node.names - beside):
            raise TypeError(f"{where}.{name}: there is no {missing} beside it to take a number from")


class _Compiler:
    """Compiles one hint for one syntax; `where` is for errors, `outer` are the structures that are being compiled."""

    def __init__(self, syntax: Syntax, where: str, outer: tuple[type, ...] = ()) -> None:
        self.syntax = syntax
        self.where = where
        self.outer = outer

    def node(self, hint: object) -> Node:
        if get_origin(hint) is Annotated:
            base, *marks = get_args(hint)
            return self._marked(base, marks)
        if get_origin(hint) is Cell:
            (inner,) = get_args(hint)
            return CellNode(self._inline(inner, "a cell"))
        if isinstance(hint, type) and is_dataclass(hint):
            return self._structure(hint)
        return self._refuse(f"{hint} has no form on the wire")

    def _marked(self, base: Any, marks: list[Any]) -> Node:
        *inner, mark = marks
        if isinstance(mark, Fixed | SizeIs | LengthIs):
            return self._array(base, marks)
        if isinstance(mark, Mark) and mark in _POINTERS:
            pointee = Annotated[(base, *inner)] if inner else base
            return self._pointer(mark, pointee)
        if inner:
            self._refuse(f"{mark} cannot be combined with {inner}")
        if isinstance(mark, Scalar):
            return ScalarNode(mark.letter, mark.alignment, 0.0 if mark.letter in "fd" else 0)
        if isinstance(mark, SwitchIs):
            return self._union(mark)
        if isinstance(mark, Mark):
            return _FIXED_FORMS[mark](self.syntax)
        return self._refuse(f"{mark!r} says nothing about the wire")

    def _pointer(self, mark: Mark, hint: Any) -> Node:
        if get_origin(hint) in (Union, UnionType):
            rest = [arg for arg in get_args(hint) if arg is not NoneType]
            if len(rest) != 1:
                self._refuse(f"a pointer to one of {rest}: declare a union")
            (hint,) = rest
        pointee = self.node(hint)
        if isinstance(pointee, PointerNode | BstrNode):
            self._refuse("a pointer to a pointer: put a Cell between them, so that their NULLs stay two things")
        if mark is Mark.FULL:
            return FullNode(pointee, self.syntax, hint)
        return RefNode(pointee, self.syntax) if mark is Mark.REF else PointerNode(pointee, self.syntax)

    def _array(self, base: Any, marks: list[Any]) -> Node:
        sizes = [mark for mark in marks if isinstance(mark, Fixed | SizeIs)]
        lengths = [mark for mark in marks if isinstance(mark, LengthIs)]
        if len(sizes) != 1 or len(lengths) > 1 or len(sizes) + len(lengths) != len(marks):
            self._refuse(f"an array has one Fixed or SizeIs, and at most one LengthIs, not {marks}")
        return ArrayNode(self._elements(base), sizes[0], lengths[0] if lengths else None, self.syntax)

    def _elements(self, base: Any) -> Elements:
        if base is bytes:
            return Octets(ScalarNode("B", 1))
        if get_origin(base) is not tuple or get_args(base)[1:] != (Ellipsis,):
            self._refuse(f"an array is bytes or tuple[T, ...], not {base}")
        element = self._inline(get_args(base)[0], "an array")
        if isinstance(element, ScalarNode):
            return Scalars(element)
        nullable = isinstance(element, PointerNode) and not isinstance(element, RefNode)
        return Pointers(element) if nullable else Each(element)

    def _union(self, mark: SwitchIs) -> Node:
        arms = {case: None if hint is None else self._inline(hint, "a union") for case, hint in mark.arms}
        return UnionNode(mark.discriminant, ScalarNode(mark.letter, calcsize(mark.letter)), arms, self.syntax)

    def _inline(self, hint: object, what: str) -> Node:
        node = self.node(hint)
        if node.conformant:
            self._refuse(f"{what} cannot hold something conformant: point at it")
        return node

    def _structure(self, cls: type) -> StructureNode:
        if cls in self.outer:
            self._refuse(f"{cls.__name__} contains itself")
        if (cls, self.syntax) not in _structures:
            inside = _Compiler(self.syntax, cls.__qualname__, (*self.outer, cls))
            _structures[cls, self.syntax] = inside.fields_of(cls)
        return _structures[cls, self.syntax]

    def fields_of(self, cls: type) -> StructureNode:
        """The node of a dataclass."""
        hints = get_type_hints(cls, include_extras=True)
        names = [field.name for field in fields(cls) if field.init]
        if not names or len(names) != len(fields(cls)):
            self._refuse("a structure has fields, and all of them are in its __init__")
        nodes = [(name, _Compiler(self.syntax, f"{self.where}.{name}", self.outer).node(hints[name])) for name in names]
        for name, node in nodes[:-1]:
            if node.conformant:
                self._refuse(f"{name} is conformant, and only the last field can be")
        numbers = [name for name, node in nodes if isinstance(node, ScalarNode)]
        check_names(nodes, numbers, self.where)
        return StructureNode(cls, nodes, self.syntax)

    def _refuse(self, text: str) -> NoReturn:
        raise TypeError(f"{self.where}: {text}")
