"""Structures ([C706] 14.3.6-7): frozen dataclasses, their fields in order.

Neighbouring scalars go through one `struct.Struct`, padding included. A structure that ends in a conformant array
carries the maximum count in front of itself; its own fields say what the array's `size_is` means.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from struct import Struct
from typing import Any

from openwmi.ndr.node import Node, Scope
from openwmi.ndr.scalar import ScalarNode
from openwmi.ndr.stream import NdrReader, NdrWriter
from openwmi.ndr.syntax import Syntax


@dataclass(frozen=True, slots=True)
class Run:
    """Scalars in a row: one layout, and where in it the values are not what `struct` takes."""

    names: tuple[str, ...]
    alignment: int
    layout: Struct
    encoders: tuple[tuple[int, Callable[[Any], Any]], ...]
    decoders: tuple[tuple[int, Callable[[Any], Any]], ...]

    def put(self, writer: NdrWriter, value: Any, scope: Scope) -> None:
        fields = [getattr(value, name) for name in self.names]
        for index, encode in self.encoders:
            fields[index] = encode(fields[index])
        writer.align(self.alignment)
        writer.pack(self.layout, *fields)

    def get(self, reader: NdrReader, maximum: int) -> Sequence[Any]:
        reader.align(self.alignment)
        fields = reader.unpack(self.layout)
        if not self.decoders:
            return fields
        converted = list(fields)
        for index, decode in self.decoders:
            converted[index] = decode(converted[index])
        return converted


@dataclass(frozen=True, slots=True)
class Member:
    """Any other field."""

    name: str
    node: Node

    def put(self, writer: NdrWriter, value: Any, scope: Scope) -> None:
        self.node.put(writer, getattr(value, self.name), scope)

    def get(self, reader: NdrReader, maximum: int) -> Sequence[Any]:
        return (self.node.get(reader, maximum if self.node.conformant else 0),)


class StructureNode(Node):
    """A dataclass whose fields are the given nodes, by name and in order; only the last may be conformant."""

    __slots__ = ("cls", "fields", "gap", "pointing", "sized", "steps", "tail")

    def __init__(self, cls: type, fields: Sequence[tuple[str, Node]], syntax: Syntax) -> None:
        nodes = [node for _, node in fields]
        word = syntax.word.size
        conformant = nodes[-1].conformant
        super().__init__(
            max(node.alignment for node in nodes),
            max(1, sum(node.least for node in nodes)) + word * conformant,
            conformant=conformant,
            has_pointees=any(node.has_pointees for node in nodes),
        )
        self.cls = cls
        self.fields = tuple(fields)
        self.tail = fields[-1]
        self.steps = _steps(fields, self.alignment)
        self.gap = self.alignment if syntax.padded and not conformant else 1
        self.pointing = tuple((index, name, node) for index, (name, node) in enumerate(fields) if node.has_pointees)
        self.sized = tuple((name, node) for name, node in fields if node.names)

    def put(self, writer: NdrWriter, value: Any, scope: Scope) -> None:
        own = partial(getattr, value)
        writer.align(self.alignment)
        for step in self.steps:
            step.put(writer, value, own)
        writer.align(self.gap)

    def put_pointees(self, writer: NdrWriter, value: Any, scope: Scope) -> None:
        own = partial(getattr, value)
        for _, name, node in self.pointing:
            node.put_pointees(writer, getattr(value, name), own)

    def get(self, reader: NdrReader, maximum: int) -> Any:
        reader.align(self.alignment)
        values: list[Any] = []
        for step in self.steps:
            values += step.get(reader, maximum)
        reader.align(self.gap)
        return values if self.has_pointees else self._made(values)

    def get_pointees(self, reader: NdrReader, raw: Any) -> Any:
        for index, _, node in self.pointing:
            raw[index] = node.get_pointees(reader, raw[index])
        return self._made(raw)

    def maximum(self, value: Any, scope: Scope) -> int:
        name, node = self.tail
        return node.maximum(getattr(value, name), partial(getattr, value))

    def zero(self, scope: Scope) -> Any:
        values: dict[str, Any] = {}
        waiting: list[tuple[str, Node]] = []
        for name, node in self.fields:  # numbers first: arrays may ask for those that come after them
            if node.names:
                waiting.append((name, node))
            else:
                values[name] = node.zero(scope)
        for name, node in waiting:
            values[name] = node.zero(values.__getitem__)
        return self.cls(**values)

    def _made(self, values: Sequence[Any]) -> Any:
        made = self.cls(*values)
        for name, node in self.sized:
            node.check(getattr(made, name), partial(getattr, made))
        return made


def _steps(fields: Sequence[tuple[str, Node]], alignment: int) -> tuple[Run | Member, ...]:
    """Fields -> runs and members. `at` counts from the last place that is known to be a multiple of `known`."""
    steps: list[Run | Member] = []
    names: list[str] = []
    letters: list[str] = []
    nodes: list[ScalarNode] = []
    known, at, start = alignment, 0, alignment

    def close() -> None:
        if nodes:
            steps.append(_run(names, nodes, letters, start))
        names.clear()
        letters.clear()
        nodes.clear()

    for name, node in fields:
        if not isinstance(node, ScalarNode):
            close()
            steps.append(Member(name, node))
            known, at = 1, 0
            continue
        if node.alignment > known:
            close()
            known, at = node.alignment, 0
        pad = -at % node.alignment
        if not nodes:
            start, at = (node.alignment, at + pad)
        elif pad:
            letters.append(f"{pad}x")
            at += pad
        names.append(name)
        letters.append(node.letter)
        nodes.append(node)
        at += node.least
    close()
    return tuple(steps)


def _run(names: Sequence[str], nodes: Sequence[ScalarNode], letters: Sequence[str], alignment: int) -> Run:
    return Run(
        tuple(names),
        alignment,
        Struct("<" + "".join(letters)),
        tuple((index, node.encode) for index, node in enumerate(nodes) if node.encode is not None),
        tuple((index, node.decode) for index, node in enumerate(nodes) if node.decode is not None),
    )
