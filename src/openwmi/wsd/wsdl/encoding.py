"""Values -> XML: shapes compiled to functions that append pieces of text, with prefixes that are settled beforehand.

What does not fit is a LocalProtocolError that names class and field. See `decoding` for the other way.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import count
from typing import Any as Value
from typing import Final, NoReturn

from openwmi.base.fault import LocalProtocolError
from openwmi.soap import QName
from openwmi.soap.namespaces import PREFIXES, XML
from openwmi.soap.writer import escape
from openwmi.soap.xop import NAMESPACE as XOP
from openwmi.soap.xop import href_of
from openwmi.wsd.attachments import Outbound
from openwmi.wsd.wsdl import simple as simples
from openwmi.wsd.wsdl.shapes import (
    Any,
    Attribute,
    Element,
    Fragment,
    Group,
    Nil,
    Particle,
    Repeated,
    Simple,
    Struct,
    inside,
    may_be_empty,
)

INSTANCE: Final = "http://www.w3.org/2001/XMLSchema-instance"

_QUOTES: Final = str.maketrans({'"': "&quot;", "\n": "&#10;", "\t": "&#9;"})


class Out(list[str]):
    """The pieces of a document, and what travels beside it; None where everything has to be in it."""

    __slots__ = ("attachments",)

    def __init__(self, attachments: list[Outbound] | None) -> None:
        super().__init__()
        self.attachments = attachments


Put = Callable[[Value, Out], None]


@dataclass(slots=True)
class Encoders:
    """Makes each function once.

    Args:
        structs, classes, enums: by the names of classes.
    """

    structs: Mapping[str, Struct]
    classes: Mapping[str, type]
    enums: Mapping[str, type[StrEnum]]
    new_id: Callable[[], str]
    _prefixes: dict[str, str] = field(default_factory=lambda: {XML: "xml"})
    _contents: dict[str, _Content] = field(default_factory=dict)
    _waiting: list[str] = field(default_factory=list)

    def message(self, element: Element) -> Callable[[Value, list[Outbound] | None], bytes]:
        """Writes an element that stands for itself."""
        put = self._value(element, element.name.local)
        self._make_waiting()
        spaces = self._spaces(element)
        opened = f"<{self.tag(element.name)}"

        def encode(value: Value, attachments: list[Outbound] | None) -> bytes:
            out = Out(attachments)
            put(value, out)
            if not isinstance(value, Fragment):  # which is complete in itself
                out[0] = f"{opened}{spaces}{out[0][len(opened) :]}"
            return "".join(out).encode()

        return encode

    def tag(self, name: QName) -> str:
        """With its prefix."""
        if not name.namespace:
            return name.local
        prefix = self._prefixes.get(name.namespace)
        if prefix is None:
            prefix = PREFIXES.get(name.namespace, "")
            taken = set(self._prefixes.values())
            if not prefix or prefix in taken:
                prefix = next(each for each in map("n{}".format, count(1)) if each not in taken)
            self._prefixes[name.namespace] = prefix
        return f"{prefix}:{name.local}"

    def _spaces(self, element: Element) -> str:
        """Declares what the element and all that it may hold need; others bring their own."""
        used: dict[str, None] = {}
        seen: set[str] = set()
        waiting: list[Element | Struct] = [element]
        while waiting:
            each = waiting.pop()
            if isinstance(each, Element):
                used[each.name.namespace] = None
                if each.nillable:
                    used[INSTANCE] = None
                keys = [each.type] if isinstance(each.type, str) else []
            else:
                parts = [part for part, _ in inside(each.content)]
                waiting += [part for part in parts if isinstance(part, Element)]
                used.update(dict.fromkeys(attribute.name.namespace for attribute in each.attributes))
                keys = [part.type for part in parts if isinstance(part, Repeated)]
            for key in keys:
                heirs = self.heirs(key)
                if heirs:
                    used[INSTANCE] = None
                waiting += [self.structs[one] for one in (key, *heirs) if one not in seen]
                seen.update((key, *heirs))
                used.update(dict.fromkeys(name.namespace for name in (self.structs[one].name for one in heirs) if name))
        self.tag(QName(INSTANCE, "nil"))
        wanted = (space for space in used if space not in {"", XML})
        return "".join(f' xmlns:{self.tag(QName(space, "x")).partition(":")[0]}="{_quoted(space)}"' for space in wanted)

    def heirs(self, key: str) -> list[str]:
        """The classes that extend it, at whatever distance."""
        own = [name for name, struct in self.structs.items() if struct.base == key]
        return own + [each for name in own for each in self.heirs(name)]

    # One element.

    def _value(self, element: Element, where: str) -> Put:
        """Writes one of them, with its value or without."""
        tag = self.tag(element.name)
        if element.type is None:
            put = _put_fragment(element.name, where)
        elif isinstance(element.type, str):
            put = self._struct(element.type, tag, where)
        else:
            put = self._text(element.type, tag, where)
        if not element.nillable:
            return put
        nil = f'<{tag} {self.tag(QName(INSTANCE, "nil"))}="true"/>'

        def put_nillable(value: Value, out: Out) -> None:
            if value is None or value is Nil.NIL:
                out.append(nil)
            else:
                put(value, out)

        return put_nillable

    def _text(self, simple: Simple, tag: str, where: str) -> Put:
        if simples.is_binary(simple):
            return self._binary(tag, where)
        if simples.has_names(simple):
            return self._names(simple, tag, where)
        text = simples.compile_simple(simple, self.enums).format
        start, end = f"<{tag}>", f"</{tag}>"

        def put(value: Value, out: Out) -> None:
            try:
                out.append(f"{start}{text(value)}{end}")
            except LocalProtocolError as error:
                _refuse(where, error)

        return put

    def _names(self, simple: Simple, tag: str, where: str) -> Put:
        """Names with namespaces need prefixes, which are declared on the element."""
        text = simples.compile_simple(simple, self.enums).format

        def put(value: Value, out: Out) -> None:
            try:
                words, spaces = _prefixed(text(value))
            except LocalProtocolError as error:
                _refuse(where, error)
            out.append(f"<{tag}{spaces}>{words}</{tag}>")

        return put

    def _binary(self, tag: str, where: str) -> Put:
        def put(value: Value, out: Out) -> None:
            out.append(f"<{tag}>")
            self.put_octets(value, out, where)
            out.append(f"</{tag}>")

        return put

    def put_octets(self, value: Value, out: Out, where: str) -> None:
        """In base64; or beside the document, where it may have something there (XOP)."""
        if isinstance(value, bytes):
            if out.attachments is None:
                out.append(base64.b64encode(value).decode())
                return
            value = Outbound(self.new_id(), value)
        if not isinstance(value, Outbound):
            _refuse(where, _wanted("bytes or Outbound", value))
        if out.attachments is None:
            _refuse(where, "there is no place for an attachment here: give its octets")
        if value not in out.attachments:
            out.attachments.append(value)
        out.append(f'<xop:Include xmlns:xop="{XOP}" href="{href_of(value.content_id)}"/>')

    # Structs.

    def _struct(self, key: str, tag: str, where: str) -> Put:
        """With the class that is declared, or one that extends it, which then says so (`xsi:type`)."""
        class_ = self.classes[key]
        own = self._content(key)
        heirs = {self.classes[each]: each for each in self.heirs(key)}
        is_abstract = self.structs[key].abstract
        type_tag = self.tag(QName(INSTANCE, "type"))

        def put(value: Value, out: Out) -> None:
            if type(value) is class_ and not is_abstract:
                own.put(value, out, tag, "")
                return
            heir = heirs.get(type(value))
            name = None if heir is None else self.structs[heir].name
            if heir is None or name is None or self.structs[heir].abstract:
                _refuse(
                    where, _wanted(class_.__name__ if not is_abstract else f"what extends {class_.__name__}", value)
                )
            content = self._content(heir)
            self._make_waiting()
            content.put(value, out, tag, f' {type_tag}="{self.tag(name)}"')

        return put

    def _content(self, key: str) -> _Content:
        """It is made later: structs may hold themselves, and each other in rings of any length."""
        if key not in self._contents:
            self._contents[key] = _Content()
            self._waiting.append(key)
        return self._contents[key]

    def _make_waiting(self) -> None:
        while self._waiting:
            key = self._waiting.pop()
            self._contents[key].make(self, self.structs[key])

    # Content.

    def particle(self, particle: Particle, key: str, *, optional: bool = False) -> Put:
        """Writes those fields of a struct that belong there. `optional`: in a group that may be missing."""
        if isinstance(particle, Group):
            return self._group(particle, key, optional=optional or particle.optional or particle.kind == "choice")
        where = f"{key}.{particle.field}"
        if isinstance(particle, Repeated):
            content = self._content(particle.type)
            return _each(
                particle.field, _bare(content, self.classes[particle.type], where), particle.least, particle.most, where
            )
        one = self._value(particle, where) if isinstance(particle, Element) else _put_any(particle, where)
        if particle.is_many:
            return _each(particle.field, one, particle.least, particle.most, where)
        return _single(particle, one, where, optional=optional)

    def _group(self, group: Group, key: str, *, optional: bool) -> Put:
        puts = [self.particle(each, key, optional=optional) for each in group.particles]
        filled = [_filled(each) for each in group.particles]
        if group.kind == "choice":
            return _choice(group, puts, filled, key)

        def put(value: Value, out: Out) -> None:
            for each in puts:
                each(value, out)

        if not group.optional:
            return puts[0] if len(puts) == 1 else put

        def put_optional(value: Value, out: Out) -> None:
            if any(each(value) for each in filled):
                put(value, out)

        return put_optional

    def attribute(self, attribute: Attribute, key: str) -> Callable[[Value], str]:
        """Writes it, with a blank before it."""
        start = f' {self.tag(attribute.name)}="'
        text = simples.compile_simple(attribute.type, self.enums).format
        name, where = attribute.field, f"{key}.{attribute.field}"
        has_names = simples.has_names(attribute.type)

        def put(value: Value) -> str:
            found = getattr(value, name)
            if found is None:
                if attribute.required:
                    _refuse(where, "it must have a value")
                return ""
            try:
                words, spaces = _prefixed(text(found)) if has_names else (text(found), "")
            except LocalProtocolError as error:
                _refuse(where, error)
            return f'{spaces}{start}{words.translate(_QUOTES)}"'

        return put


class _Content:
    """Writes an element with the fields of one class."""

    __slots__ = ("_attributes", "_elements", "_is_open", "_text")

    def make(self, encoders: Encoders, struct: Struct) -> None:
        self._attributes = [encoders.attribute(each, struct.key) for each in struct.attributes]
        self._is_open = struct.any_attributes
        self._text: Put | None = None
        if struct.text is not None:
            where = f"{struct.key}.value"
            if simples.is_binary(struct.text):
                self._text = lambda value, out: encoders.put_octets(value.value, out, where)
            else:
                self._text = _put_text(simples.compile_simple(struct.text, encoders.enums).format, where)
        self._elements = encoders.particle(struct.content, struct.key) if struct.content.particles else None

    def put(self, value: Value, out: Out, tag: str, start: str) -> None:
        """The whole element. `start` is what its tag begins with."""
        attributes = "".join([start, *(each(value) for each in self._attributes)]) if self._attributes else start
        if self._is_open:
            attributes += _others(value.attributes_)
        if self._text is None and self._elements is None:
            out.append(f"<{tag}{attributes}/>")
            return
        out.append(f"<{tag}{attributes}>")
        self.put_inside(value, out)
        out.append(f"</{tag}>")

    def put_inside(self, value: Value, out: Out) -> None:
        """What it holds."""
        if self._elements is not None:
            self._elements(value, out)
        if self._text is not None:
            self._text(value, out)


def _put_text(text: Callable[[Value], str], where: str) -> Put:
    def put(value: Value, out: Out) -> None:
        try:
            out.append(text(value.value))
        except LocalProtocolError as error:
            _refuse(where, error)

    return put


def _bare(content: _Content, class_: type, where: str) -> Put:
    def put(value: Value, out: Out) -> None:
        if type(value) is not class_:
            _refuse(where, _wanted(class_.__name__, value))
        content.put_inside(value, out)

    return put


def _single(particle: Element | Any, one: Put, where: str, *, optional: bool) -> Put:
    name = particle.field
    is_optional = particle.least == 0
    takes_none = isinstance(particle, Element) and particle.nillable and not optional

    def put(value: Value, out: Out) -> None:
        found = getattr(value, name)
        if found is not None or (takes_none and not is_optional):
            one(found, out)
        elif not is_optional:
            _refuse(where, "it must have a value")

    return put


def _each(name: str, one: Put, least: int, most: int | None, where: str) -> Put:
    def put(value: Value, out: Out) -> None:
        found = getattr(value, name)
        if not isinstance(found, tuple | list):
            _refuse(where, _wanted("tuple", found))
        if len(found) < least or (most is not None and len(found) > most):
            _refuse(
                where,
                f"it has {len(found)} values, where {least} to {'any number' if most is None else most} are allowed",
            )
        for each in found:
            one(each, out)

    return put


def _filled(particle: Particle) -> Callable[[Value], bool]:
    """Whether a struct has anything for it."""
    empty = {each.field: () if isinstance(each, Repeated) or each.is_many else None for each, _ in inside(particle)}

    def filled(value: Value) -> bool:
        return any(getattr(value, name) != nothing for name, nothing in empty.items())

    return filled


def _choice(group: Group, puts: list[Put], filled: list[Callable[[Value], bool]], key: str) -> Put:
    names = ", ".join(each.field for each, _ in inside(group))
    empty = next((index for index, each in enumerate(group.particles) if may_be_empty(each)), None)

    def put(value: Value, out: Out) -> None:
        chosen = [each for each, is_there in zip(puts, filled, strict=True) if is_there(value)]
        if len(chosen) > 1:
            _refuse(key, f"only one of {names} may have a value")
        if chosen:
            chosen[0](value, out)
        elif empty is None and not group.optional:
            _refuse(key, f"one of {names} must have a value")

    return put


def _put_fragment(name: QName, where: str) -> Put:
    def put(value: Value, out: Out) -> None:
        if not isinstance(value, Fragment) or value.name != name:
            _refuse(where, _wanted(f"Fragment of {name}", value))
        out.append(value.text)

    return put


def _put_any(particle: Any, where: str) -> Put:
    def put(value: Value, out: Out) -> None:
        if not isinstance(value, Fragment) or not particle.takes(value.name.namespace):
            _refuse(where, _wanted("Fragment of a namespace that may stand there", value))
        out.append(value.text)

    return put


def _others(attributes: tuple[tuple[str, str], ...]) -> str:
    """Attributes that the schema leaves open, by their names `{namespace}local`."""
    pieces = []
    for number, (text, value) in enumerate(attributes):
        try:
            name = QName.parse(text)
        except ValueError as error:
            raise LocalProtocolError(str(error)) from None
        space = f' xmlns:a{number}="{_quoted(name.namespace)}"' if name.namespace else ""
        pieces.append(f'{space} {f"a{number}:" if name.namespace else ""}{name.local}="{_quoted(value)}"')
    return "".join(pieces)


def _prefixed(text: str) -> tuple[str, str]:
    """Names `{namespace}local`, escaped: with prefixes, and the declarations of those."""
    spaces: dict[str, str] = {}
    words = []
    for word in simples.words(text):
        namespace, brace, local = word.rpartition("}")
        prefix = spaces.setdefault(namespace[1:], f"q{len(spaces)}") if brace else ""
        words.append(f"{prefix}:{local}" if brace else local)
    return " ".join(words), "".join(f' xmlns:{prefix}="{space.translate(_QUOTES)}"' for space, prefix in spaces.items())


def _quoted(text: str) -> str:
    return escape(text).translate(_QUOTES)


def _wanted(what: str, value: Value) -> str:
    return f"{what} is wanted, and not {value!r:.80}"


def _refuse(where: str, why: object) -> NoReturn:
    raise LocalProtocolError(f"{where}: {why}") from None
