"""Unions ([C706] 14.3.8, [MS-RPCE] 2.2.4.8): the discriminant, in a non-encapsulated one once more, then its arm."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from openwmi.base.fault import LocalProtocolError, RemoteProtocolError
from openwmi.ndr.node import Node, Scope, ours, theirs
from openwmi.ndr.scalar import ScalarNode
from openwmi.ndr.stream import NdrReader, NdrWriter
from openwmi.ndr.syntax import Syntax
from openwmi.ndr.types import Arm


class UnionNode(Node):
    """An `Arm`, whose case is also the value of the field or parameter `name` beside it, if that has a name."""

    __slots__ = ("arms", "block", "name", "tag")

    def __init__(self, name: str, tag: ScalarNode, arms: Mapping[int, Node | None], syntax: Syntax) -> None:
        nodes = [node for node in arms.values() if node is not None]
        largest = max((node.alignment for node in nodes), default=1)
        super().__init__(
            max(tag.alignment, largest),
            tag.least,
            has_pointees=any(node.has_pointees for node in nodes),
            names=frozenset({name} if name else ()),
        )
        self.name = name
        self.tag = tag
        self.arms = arms
        self.block = largest if syntax.padded else 1

    def put(self, writer: NdrWriter, value: Any, scope: Scope) -> None:
        if self.name:
            ours(value.case == scope(self.name), f"the arm is {value.case} where {self.name} is {scope(self.name)}")
        node = self._arm(value.case, LocalProtocolError)
        writer.align(self.block)
        self.tag.put(writer, value.case, scope)
        writer.align(self.block)
        if node is not None:
            node.put(writer, value.value, scope)

    def put_pointees(self, writer: NdrWriter, value: Any, scope: Scope) -> None:
        node = self.arms[value.case]
        if node is not None and node.has_pointees:
            node.put_pointees(writer, value.value, scope)

    def get(self, reader: NdrReader, maximum: int) -> Any:
        reader.align(self.block)
        case = self.tag.get(reader, 0)
        node = self._arm(case, RemoteProtocolError)
        reader.align(self.block)
        return Arm(case, None if node is None else node.get(reader, 0))

    def get_pointees(self, reader: NdrReader, raw: Any) -> Any:
        node = self.arms[raw.case]
        return Arm(raw.case, node.get_pointees(reader, raw.value)) if node is not None and node.has_pointees else raw

    def check(self, value: Any, scope: Scope) -> None:
        if self.name:
            theirs(value.case == scope(self.name), f"the arm is {value.case} where {self.name} is {scope(self.name)}")

    def zero(self, scope: Scope) -> Any:
        case = scope(self.name) if self.name else next(iter(self.arms))
        node = self.arms.get(case)
        return Arm(case, None if node is None else node.zero(scope))

    def _arm(self, case: int, fault: type[LocalProtocolError | RemoteProtocolError]) -> Node | None:
        if case not in self.arms:
            raise fault(f"the union{f' that {self.name} selects from' if self.name else ''} has no arm {case}")
        return self.arms[case]
