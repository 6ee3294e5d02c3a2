"""The types of a contract: shapes, the classes of their values, and the codecs of messages, each made when first asked.

A generated module declares its classes (`@TYPES.struct(…)`); for a WSDL that was just read they are made here.
"""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, fields, make_dataclass
from enum import StrEnum
from functools import cached_property
from typing import Any as Value
from typing import Final, Generic, TypeVar, cast

from openwmi.base.fault import LocalProtocolError, RemoteProtocolError
from openwmi.soap import QName
from openwmi.soap.markup import Element as Node
from openwmi.soap.markup import name_of
from openwmi.wsd.attachments import Outbound
from openwmi.wsd.wsdl import simple as simples
from openwmi.wsd.wsdl.decoding import Beside, Decoders
from openwmi.wsd.wsdl.encoding import Encoders
from openwmi.wsd.wsdl.shapes import (
    Any,
    Attribute,
    Element,
    Group,
    Particle,
    Repeated,
    Simple,
    Struct,
    field_names,
    inside,
)
from openwmi.wsd.wsdl.shaping import member_names

T = TypeVar("T")
C = TypeVar("C", bound=type)

Binary = bytes | Outbound | AsyncIterable[bytes]
"""Octets of a message: in it; or beside its envelope, where those that came are read as they come."""


async def read_octets(value: Binary) -> bytes:
    """All of them, wherever they were. What came beside an envelope can be read once, and is better read in pieces."""
    if isinstance(value, Outbound):
        return b"".join([piece async for piece in value.pieces()])
    return value if isinstance(value, bytes) else b"".join([piece async for piece in value])


REQUIRED: Final = "…"
NOTHING: Final[Beside] = {}


@dataclass(frozen=True, slots=True)
class Field:
    """A field of a class, as a module says it; without a default where that is REQUIRED."""

    name: str
    annotation: str
    default: str = REQUIRED


class Codec(Generic[T]):
    """Of one message: a value <-> the element in a body.

    Attributes:
        element: its name and type.
    """

    def __init__(self, types: Types, element: Element) -> None:
        self.element = element
        self._types = types

    def __repr__(self) -> str:
        return f"<Codec of {self.element.name}>"

    @property
    def type(self) -> type:
        """Of its values: a dataclass, where the element holds others."""
        kind = self.element.type
        return self._types.classes[kind] if isinstance(kind, str) else object

    @property
    def annotation(self) -> str:
        """The same, as a module says it."""
        return one_of(self.element)

    @cached_property
    def attachments(self) -> tuple[str, ...]:
        """The fields that hold octets, which may travel beside the envelope, by their places: `Page.Image`."""
        return tuple(self._types.binaries(self.element))

    def encode(self, value: T, attachments: list[Outbound] | None = None) -> bytes:
        """The element, complete in itself. LocalProtocolError names the field that does not fit.

        Args:
            value: what it holds.
            attachments: takes the octets that go beside the envelope (MTOM); None leaves all in it, in base64.
        """
        return self._encode(value, attachments)

    def decode(self, element: Node, attachments: Beside = NOTHING) -> T:
        """What an element holds. RemoteProtocolError for any other.

        Args:
            element: of lxml.
            attachments: what came beside the envelope, by content id.
        """
        if element.tag != str(self.element.name):
            raise RemoteProtocolError(f"{name_of(element)} stands where {self.element.name} is expected")
        return cast(T, self._decode(element, attachments))

    @cached_property
    def _encode(self) -> Callable[[Value, list[Outbound] | None], bytes]:
        return self._types.encoders.message(self.element)

    @cached_property
    def _decode(self) -> Callable[[Node, Beside], Value]:
        return self._types.decoders.message(self.element)


class Types:
    """Those of one contract.

    Attributes:
        structs, classes, enums: by the names of classes.
    """

    def __init__(self) -> None:
        self.structs: dict[str, Struct] = {}
        self.classes: dict[str, type] = {}
        self.enums: dict[str, type[StrEnum]] = {}

    # What a module declares.

    def struct(
        self,
        *content: Particle,
        attributes: tuple[Attribute, ...] = (),
        text: Simple | None = None,
        name: QName | None = None,
        base: str = "",
        abstract: bool = False,
        any_attributes: bool = False,
    ) -> Callable[[C], C]:
        """Says what elements of a dataclass look like. See `Struct`; several contents are a sequence."""

        def declare(class_: C) -> C:
            key = class_.__name__
            group = content[0] if len(content) == 1 else None
            whole = group if isinstance(group, Group) else Group("sequence", content)
            struct = Struct(key, whole, attributes, text, name, base, abstract, any_attributes)
            wanted, found = set(field_names(struct)), {each.name for each in fields(class_)}
            if wanted != found:
                raise LocalProtocolError(f"{key} has the fields {sorted(found)}, and its shape {sorted(wanted)}")
            self.structs[key], self.classes[key] = struct, class_
            return class_

        return declare

    def enum(self, class_: type[StrEnum]) -> type[StrEnum]:
        """Says that a simple type has these values."""
        self.enums[class_.__name__] = class_
        return class_

    def codec(self, element: Element) -> Codec[Value]:
        """Of a message."""
        return Codec(self, element)

    # What a WSDL declares.

    def make(self, structs: Mapping[str, Struct], enums: Mapping[str, Sequence[str]]) -> None:
        """Classes for those that have none."""
        for name, values in enums.items():
            members = member_names(values)
            self.enums[name] = cast("type[StrEnum]", StrEnum(name, list(members.items())))
        self.structs.update(structs)
        for key, struct in structs.items():
            bases = (self.classes[struct.base],) if struct.base else ()
            made = []
            for each in own_fields(struct, self.structs):
                if each.default == REQUIRED:
                    made.append((each.name, each.annotation))
                else:
                    made.append((each.name, each.annotation, field(default=self._default(each, struct))))  # type: ignore[arg-type] # either form is taken
            self.classes[key] = make_dataclass(
                key, made, bases=bases, frozen=True, slots=True, kw_only=True, namespace={"__doc__": describe(struct)}
            )

    def _default(self, each: Field, struct: Struct) -> Value:
        for attribute in struct.attributes:
            if attribute.field == each.name and attribute.default is not None:
                return simples.compile_simple(attribute.type, self.enums).parse(attribute.default)
        return () if each.default == "()" else None

    # What is made of both.

    @cached_property
    def encoders(self) -> Encoders:
        """What writes."""
        return Encoders(self.structs, self.classes, self.enums, _new_content_id)

    @cached_property
    def decoders(self) -> Decoders:
        """What reads."""
        return Decoders(self.structs, self.classes, self.enums, self.encoders.heirs)

    def binaries(self, element: Element) -> list[str]:
        """Where in a message octets may stand that travel beside the envelope."""
        if isinstance(element.type, Simple):
            return [element.name.local] if simples.is_binary(element.type) else []
        found: list[str] = []
        waiting: list[tuple[str, str]] = [(element.type, element.name.local)] if element.type else []
        seen: set[str] = set()
        while waiting:
            key, path = waiting.pop(0)
            if key in seen:
                continue
            seen.add(key)
            struct = self.structs[key]
            if struct.text is not None and simples.is_binary(struct.text):
                found.append(path)
            for part, _ in inside(struct.content):
                if isinstance(part, Repeated):
                    waiting.append((part.type, path))
                elif isinstance(part, Element) and isinstance(part.type, str):
                    waiting.append((part.type, f"{path}.{part.name.local}"))
                elif isinstance(part, Element) and isinstance(part.type, Simple) and simples.is_binary(part.type):
                    found.append(f"{path}.{part.name.local}")
        return found


def own_fields(struct: Struct, structs: Mapping[str, Struct]) -> list[Field]:
    """Those that its class adds to the one that it extends, in order."""
    inherited = set(field_names(structs[struct.base])) if struct.base else set()
    found: list[Field] = []
    if struct.text is not None:
        found.append(Field("value", _text(struct.text)))
    for part, optional in inside(struct.content):
        found.append(Field(part.field, *_annotated(part, optional=optional)))
    for each in struct.attributes:
        kind = simples.annotation(each.type)
        if each.default is not None:
            found.append(Field(each.field, kind, each.default))
        else:
            found.append(Field(each.field, kind) if each.required else Field(each.field, f"{kind} | None", "None"))
    if struct.any_attributes:
        found.append(Field("attributes_", "tuple[tuple[str, str], ...]", "()"))
    return [each for each in found if each.name not in inherited]


def one_of(particle: Element | Any | Repeated) -> str:
    """The type of one value of it."""
    if isinstance(particle, Any) or particle.type is None:
        return "Fragment"
    return particle.type if isinstance(particle.type, str) else _text(particle.type)


def _text(simple: Simple) -> str:
    return "Binary" if simples.is_binary(simple) else simples.annotation(simple)


def _annotated(part: Element | Any | Repeated, *, optional: bool) -> tuple[str, str]:
    kind = one_of(part)
    nillable = isinstance(part, Element) and part.nillable
    if isinstance(part, Repeated) or part.is_many:
        return f"tuple[{kind}{' | None' if nillable else ''}, ...]", "()"
    if optional:
        return f"{kind}{' | Nil' if nillable else ''} | None", "None"
    return (f"{kind} | None" if nillable else kind), REQUIRED


def describe(struct: Struct) -> str:
    """A line about it."""
    return f"The type {struct.name}." if struct.name is not None else f"What an element {struct.key} holds."


def _new_content_id() -> str:
    return f"{uuid.uuid4()}@openwmi"
