"""XML -> values: shapes compiled to functions that read elements. See `encoding` for the other way.

What does not fit is a RemoteProtocolError that names the element, its line, and what was expected. Attributes that the
schema does not know are passed over, as extensions are.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any as Value
from typing import Final, NoReturn, Protocol

from openwmi.base.fault import RemoteProtocolError
from openwmi.soap import QName
from openwmi.soap.fragment import keep
from openwmi.soap.markup import Element as Node
from openwmi.soap.markup import name_of
from openwmi.soap.xop import included
from openwmi.wsd.wsdl import simple as simples
from openwmi.wsd.wsdl.documents import line_of
from openwmi.wsd.wsdl.encoding import INSTANCE
from openwmi.wsd.wsdl.shapes import (
    Any,
    Attribute,
    Element,
    Group,
    Nil,
    Particle,
    Repeated,
    Simple,
    Struct,
    may_be_empty,
)

_NIL: Final = f"{{{INSTANCE}}}nil"
_TYPE: Final = f"{{{INSTANCE}}}type"
_TRUE: Final = {"true", "1"}


class Beside(Protocol):
    """What came beside an envelope, by content id. KeyError for what did not."""

    def __getitem__(self, content_id: str, /) -> Value: ...


Read = Callable[[Node, Beside], Value]
Take = Callable[[list[Node], int, dict[str, Value], Node, Beside], int]
"""Reads from the children at that place on, into fields; gives the place behind what it took."""


@dataclass(frozen=True, slots=True)
class _Part:
    """Something of a content.

    Attributes:
        take: reads it, as often as it may come.
        starts: whether an element may begin it.
    """

    take: Take
    starts: Callable[[Node], bool]


@dataclass(slots=True)
class Decoders:
    """Makes each function once.

    Args:
        structs, classes, enums: by the names of classes.
        heirs: the classes that extend one.
    """

    structs: Mapping[str, Struct]
    classes: Mapping[str, type]
    enums: Mapping[str, type[StrEnum]]
    heirs: Callable[[str], list[str]]
    _structs: dict[str, _Struct] = field(default_factory=dict)
    _waiting: list[str] = field(default_factory=list)

    def message(self, element: Element) -> Read:
        """Reads an element that stands for itself."""
        read = self.value(element, None)
        self._make_waiting()
        return read

    def value(self, element: Element, nil: Value) -> Read:
        """Reads one of them; `nil` is what one without a value gives."""
        read = self._plain(element)
        if not element.nillable:
            return read

        def read_nillable(node: Node, beside: Beside) -> Value:
            return nil if node.get(_NIL, "").strip() in _TRUE else read(node, beside)

        return read_nillable

    def _plain(self, element: Element) -> Read:
        if element.type is None:
            return lambda node, _: keep(node)
        if isinstance(element.type, str):
            return self._typed(element.type)
        return self._text(element.type, element.default)

    def _text(self, simple: Simple, default: str | None) -> Read:
        read = self._octets if simples.is_binary(simple) else _reader(simple, self.enums)
        if default is None:
            return read

        def read_default(node: Node, beside: Beside) -> Value:
            if not node.text and not len(node):
                node.text = default
            return read(node, beside)

        return read_default

    @staticmethod
    def _octets(node: Node, beside: Beside) -> Value:
        """Those in base64, or what came beside the envelope."""
        if not len(node):
            return _BASE64(node, beside)
        try:
            content_id = included(node)
        except RemoteProtocolError as error:
            refuse(node, str(error))
        if content_id is None:
            refuse(node, "it holds elements where octets in base64, or a reference to an attachment, are expected")
        try:
            return beside[content_id]
        except KeyError:
            refuse(node, f"there is no attachment {content_id[:80]!r}")

    def _typed(self, key: str) -> Read:
        """A struct, or what extends it and says so."""
        own = self.struct(key)
        heirs = self.heirs(key)
        names = {self.structs[each].name: each for each in heirs}
        is_abstract = self.structs[key].abstract
        if not heirs and not is_abstract:
            return own.read

        def read(node: Node, beside: Beside) -> Value:
            said = node.get(_TYPE)
            if said is None and not is_abstract:
                return own.read(node, beside)
            name = None if said is None else _qname(said, node)
            if name is not None and name == self.structs[key].name and not is_abstract:
                return own.read(node, beside)
            if name is None or name not in names or self.structs[names[name]].abstract:
                refuse(node, f"its type {name} is none of {', '.join(map(str, names))[:200]}")
            heir = self.struct(names[name])
            self._make_waiting()
            return heir.read(node, beside)

        return read

    def struct(self, key: str) -> _Struct:
        """What reads a struct. It is made later: structs may hold themselves, and each other in rings."""
        if key not in self._structs:
            self._structs[key] = _Struct()
            self._waiting.append(key)
        return self._structs[key]

    def _make_waiting(self) -> None:
        while self._waiting:
            key = self._waiting.pop()
            self._structs[key].make(self, self.structs[key], self.classes[key])

    # Content.

    def particle(self, particle: Particle, *, optional: bool) -> _Part:
        """What reads it. `optional`: in a group that may be missing."""
        if isinstance(particle, Group):
            return self._group(particle, optional=optional or particle.optional or particle.kind == "choice")
        if isinstance(particle, Any):
            return _many(
                particle, lambda node: particle.takes(name_of(node).namespace), lambda node, _: keep(node), "an element"
            )
        if isinstance(particle, Repeated):
            return self._repeated(particle)
        tag = str(particle.name)
        read = self.value(particle, Nil.NIL if not particle.is_many and (optional or particle.least == 0) else None)
        if particle.is_many:
            return _many(particle, lambda node: node.tag == tag, read, tag)
        return _one(particle, tag, read)

    def _repeated(self, particle: Repeated) -> _Part:
        struct = self.struct(particle.type)

        def take(nodes: list[Node], at: int, fields: dict[str, Value], parent: Node, beside: Beside) -> int:
            found: list[Value] = []
            while (
                at < len(nodes) and struct.starts(nodes[at]) and (particle.most is None or len(found) < particle.most)
            ):
                value, behind = struct.take(nodes, at, parent, beside)
                if behind == at:
                    break
                found.append(value)
                at = behind
            if len(found) < particle.least:
                if not struct.may_be_empty:
                    refuse(parent, f"a group comes {len(found)} times, and at least {particle.least} are expected")
                found += [struct.take([], 0, parent, beside)[0]] * (particle.least - len(found))
            if found:
                fields[particle.field] = tuple(found)
            return at

        return _Part(take, struct.starts)

    def _group(self, group: Group, *, optional: bool) -> _Part:
        parts = [self.particle(each, optional=optional) for each in group.particles]

        def starts(node: Node) -> bool:
            return _starts(group, parts, node)

        if group.kind == "choice":
            return _Part(_choice(group, parts), starts)
        if group.kind == "all":
            return _Part(_all(group, parts), starts)

        def take(nodes: list[Node], at: int, fields: dict[str, Value], parent: Node, beside: Beside) -> int:
            if group.optional and not (at < len(nodes) and starts(nodes[at])):
                return at
            for part in parts:
                at = part.take(nodes, at, fields, parent, beside)
            return at

        return _Part(take, starts)

    def attribute(self, attribute: Attribute) -> Callable[[Node, dict[str, Value]], None]:
        """Reads one into its field."""
        tag, name = str(attribute.name), attribute.field
        codec = simples.compile_simple(attribute.type, self.enums)
        has_names = simples.has_names(attribute.type)

        def read(node: Node, fields: dict[str, Value]) -> None:
            text = node.get(tag, attribute.default)
            if text is None:
                if attribute.required:
                    refuse(node, f"it has no attribute {attribute.name}")
                return
            try:
                fields[name] = codec.parse(_resolved(text, node) if has_names else text)
            except ValueError as error:
                refuse(node, f"its attribute {attribute.name}: {error}")

        return read


class _Struct:
    """Reads an element into a dataclass."""

    __slots__ = ("_attributes", "_class", "_known", "_part", "_text", "may_be_empty")

    def make(self, decoders: Decoders, struct: Struct, class_: type) -> None:
        self._class = class_
        self._attributes = [decoders.attribute(each) for each in struct.attributes]
        self._known = {_NIL, _TYPE, *(str(each.name) for each in struct.attributes)} if struct.any_attributes else None
        self._text = None if struct.text is None else decoders._text(struct.text, None)  # noqa: SLF001 - its own class
        self._part = decoders.particle(struct.content, optional=False)
        self.may_be_empty = may_be_empty(struct.content)

    def starts(self, node: Node) -> bool:
        """Whether an element may begin what it holds."""
        return self._part.starts(node)

    def take(self, nodes: list[Node], at: int, parent: Node, beside: Beside) -> tuple[Value, int]:
        """One without an element of its own, and the place behind it."""
        fields: dict[str, Value] = {}
        at = self._part.take(nodes, at, fields, parent, beside)
        return self._class(**fields), at

    def read(self, node: Node, beside: Beside) -> Value:
        """One that is an element."""
        fields: dict[str, Value] = {}
        for attribute in self._attributes:
            attribute(node, fields)
        if self._known is not None:
            known = self._known
            others = [(str(name), str(text)) for name, text in node.attrib.items()]
            fields["attributes_"] = tuple(each for each in others if each[0] not in known)
        if self._text is not None:
            fields["value"] = self._text(node, beside)
            return self._class(**fields)
        nodes = [child for child in node if is_element(child)]
        at = self._part.take(nodes, 0, fields, node, beside)
        if at < len(nodes):
            refuse(nodes[at], f"it is not expected there in {node.tag}")
        return self._class(**fields)


def refuse(node: Node, why: str) -> NoReturn:
    """RemoteProtocolError, which says where."""
    line = f", line {line_of(node)}" if line_of(node) else ""
    raise RemoteProtocolError(f"{node.tag}{line}: {why}") from None


def is_element(node: Node) -> bool:
    """Whether it is no comment, and no instruction."""
    tag: object = node.tag
    return isinstance(tag, str)


def _reader(simple: Simple, enums: Mapping[str, type[StrEnum]]) -> Read:
    parse = simples.compile_simple(simple, enums).parse
    has_names = simples.has_names(simple)

    def read(node: Node, _: Beside) -> Value:
        text = node.text or ""
        if len(node):
            text = _joined(node)
        try:
            return parse(_resolved(text, node) if has_names else text)
        except ValueError as error:
            refuse(node, str(error))

    return read


_BASE64: Final = _reader(Simple("base64Binary"), {})


def _joined(node: Node) -> str:
    """A text that comments stand in."""
    if any(is_element(child) for child in node):
        refuse(node, "it holds elements where a text is expected")
    return (node.text or "") + "".join(child.tail or "" for child in node)


def _qname(text: str, node: Node) -> QName:
    prefix, colon, local = text.strip().rpartition(":")
    return QName(node.nsmap.get(prefix if colon else None) or "", local)


def _resolved(text: str, node: Node) -> str:
    """Names with their namespaces instead of prefixes."""
    spaces = node.nsmap
    found = []
    for word in simples.words(text):
        prefix, colon, local = word.rpartition(":")
        space = spaces.get(prefix if colon else None)
        if space is None and colon:
            raise ValueError(f"the prefix of {word[:80]!r} is not declared")
        found.append(f"{{{space}}}{local}" if space else local)
    return " ".join(found)


def _one(element: Element, tag: str, read: Read) -> _Part:
    name, is_optional = element.field, element.least == 0

    def take(nodes: list[Node], at: int, fields: dict[str, Value], parent: Node, beside: Beside) -> int:
        if at < len(nodes) and nodes[at].tag == tag:
            fields[name] = read(nodes[at], beside)
            return at + 1
        if not is_optional:
            _missing(nodes, at, parent, tag)
        return at

    return _Part(take, lambda node: node.tag == tag)


def _many(particle: Element | Any, starts: Callable[[Node], bool], read: Read, what: str) -> _Part:
    name, least, most = particle.field, particle.least, particle.most
    is_many = particle.is_many

    def take(nodes: list[Node], at: int, fields: dict[str, Value], parent: Node, beside: Beside) -> int:
        found: list[Value] = []
        while at < len(nodes) and (most is None or len(found) < most) and starts(nodes[at]):
            found.append(read(nodes[at], beside))
            at += 1
        if len(found) < least:
            _missing(nodes, at, parent, what)
        if is_many:
            fields[name] = tuple(found)
        elif found:
            fields[name] = found[0]
        return at

    return _Part(take, starts)


def _missing(nodes: list[Node], at: int, parent: Node, what: str) -> NoReturn:
    if at < len(nodes):
        refuse(nodes[at], f"{what} is expected there in {parent.tag}")
    refuse(parent, f"{what} is missing at its end")


def _choice(group: Group, parts: list[_Part]) -> Take:
    is_required = not group.optional and not any(map(may_be_empty, group.particles))
    names = ", ".join(each.name.local if isinstance(each, Element) else "…" for each in group.particles)

    def take(nodes: list[Node], at: int, fields: dict[str, Value], parent: Node, beside: Beside) -> int:
        if at < len(nodes):
            for part in parts:
                if part.starts(nodes[at]):
                    return part.take(nodes, at, fields, parent, beside)
        if is_required:
            _missing(nodes, at, parent, f"one of {names}"[:200])
        return at

    return take


def _all(group: Group, parts: list[_Part]) -> Take:
    """Each at most once, in any order (XML Schema part 1, 3.8.6)."""
    optional = [may_be_empty(each) for each in group.particles]

    def take(nodes: list[Node], at: int, fields: dict[str, Value], parent: Node, beside: Beside) -> int:
        left = dict(enumerate(parts))
        first = at
        while at < len(nodes):
            found = next((index for index, part in left.items() if part.starts(nodes[at])), None)
            if found is None:
                break
            at = left.pop(found).take(nodes, at, fields, parent, beside)
        if group.optional and at == first:
            return at
        for index, part in left.items():
            if not optional[index]:
                part.take([], 0, fields, parent, beside)  # which says what is missing
        return at

    return take


def _starts(group: Group, parts: list[_Part], node: Node) -> bool:
    for each, part in zip(group.particles, parts, strict=True):
        if part.starts(node):
            return True
        if group.kind == "sequence" and not may_be_empty(each):
            return False
    return False
