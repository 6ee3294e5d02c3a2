"""The library's components of schemas -> shapes. Names of classes and fields are chosen here.

Content that comes once becomes fields of its struct, whatever groups it stands in: what may be missing is optional.
A group that may come more than once becomes a tuple of structs. An element that others may stand for is a choice among
them. An element of mixed content, or of any type, is kept as it came.
"""

from __future__ import annotations

import keyword
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any as Component
from typing import Final

from openwmi.base.error import WbemError
from openwmi.base.status import WbemStatus
from openwmi.base.wsdl_limits import WSDL_PARTICLES
from openwmi.soap import QName
from openwmi.wsd.wsdl.documents import SCHEMA
from openwmi.wsd.wsdl.schema import where
from openwmi.wsd.wsdl.shapes import (
    Any,
    Attribute,
    Element,
    Facets,
    Group,
    Particle,
    Repeated,
    Simple,
    Struct,
    field_names,
)
from openwmi.wsd.wsdl.texts import TEXTS

_XS: Final = f"{{{SCHEMA}}}"
_LISTS: Final = {"NMTOKENS": "NMTOKEN", "IDREFS": "IDREF", "ENTITIES": "ENTITY"}
_FACETS: Final = {
    "length": "length",
    "minLength": "min_length",
    "maxLength": "max_length",
    "minInclusive": "least",
    "maxInclusive": "most",
    "minExclusive": "above",
    "maxExclusive": "below",
    "totalDigits": "digits",
    "fractionDigits": "fraction",
}
_NUMBERS: Final = {"length", "min_length", "max_length", "digits", "fraction"}
# Names that a generated module has already, or that every dataclass has.
RESERVED: Final = {
    "Any", "Attribute", "Binary", "Call", "ContractService", "Decimal", "Duration", "Element", "Facets", "Fragment",
    "GeneratedProxy", "Group", "IWSDAsyncCallback", "IWSDAsyncResult", "Nil", "None", "NotImplementedError", "NS",
    "Operation", "PortType", "Proxy", "QName", "Repeated", "Simple", "StrEnum", "Subscribing", "Subscription", "TYPES",
    "TypeAlias", "Types", "Unpack", "WsdlOperation", "bool", "bytes", "dataclass", "date", "datetime", "float", "int",
    "object", "str", "time", "tuple",
}  # fmt: skip


class Shapes:
    """Shapes of the types that messages use, by the names of their classes.

    Attributes:
        structs: each by the name of its class, a base before what extends it.
        enums: the values of each enumeration, by the name of its class.
    """

    def __init__(self, maps: Component) -> None:
        self.structs: dict[str, Struct] = {}
        self.enums: dict[str, tuple[str, ...]] = {}
        self._maps = maps
        self._elements = 0
        self._heirs_of: dict[int, list[Component]] | None = None
        self._keys: dict[int, str] = {}
        self._kept: list[Component] = []  # so that no id is used twice
        self._waiting: list[Component] = []
        self._taken: set[str] = set(RESERVED)

    def message(self, name: QName) -> Element | None:
        """A global element, as the body of a message; None if there is none."""
        found = self._maps.elements.get(_clark(name))
        if found is None:
            return None
        element = self._element(found, "value")
        self._build_waiting()
        return element

    # Types.

    def _type(self, type_: Component, name: str) -> Simple | str | None:
        """Of an element of that name."""
        if type_.is_simple():
            return self.simple(type_, name)
        if type_.mixed or type_.name == f"{_XS}anyType":
            return None
        if id(type_) not in self._keys:
            wanted = _local(type_.name) or f"{name[:1].upper()}{name[1:]}"
            self._keys[id(type_)] = self._name(wanted)
            self._kept.append(type_)
            self._waiting.append(type_)
        return self._keys[id(type_)]

    def _build_waiting(self) -> None:
        """Types hold each other in rings of any length: so they wait here for their turn."""
        while self._waiting:
            self._struct(self._waiting.pop())

    def _struct(self, type_: Component) -> None:
        key = self._keys[id(type_)]
        if key in self.structs:
            return
        base = ""
        parent = type_.base_type
        if type_.derivation == "extension" and not parent.is_simple() and parent.name != f"{_XS}anyType":
            base = str(self._type(parent, key) or "")
            if base:
                self._struct(parent)  # a base comes first
        inherited = self.structs.get(base)
        namer = _Fields() if inherited is None else _Fields(field_names(inherited))
        text = None
        content = Group("sequence")
        if type_.has_simple_content():
            text = self.simple(type_.content, f"{key}Value")
            namer.name("value")
        elif not type_.is_empty():
            content = self._content(type_, inherited, namer, key)
        attributes, others = self._attributes(type_.attributes, inherited, namer, key)
        self.structs[key] = Struct(
            key,
            content,
            attributes,
            text,
            QName.parse(type_.name) if type_.name else None,
            base,
            bool(type_.abstract),
            others,
        )
        for derived in self._derived(type_):
            self._type(derived, _local(derived.name))

    def _content(self, type_: Component, inherited: Struct | None, namer: _Fields, key: str) -> Group:
        """That of the base comes first, with the names that it has there."""
        parent, content = type_.base_type, type_.content
        if inherited is not None and not parent.is_empty():
            if content is parent.content:
                return inherited.content
            if len(content) > 0 and content[0] is parent.content:
                return Group(
                    "sequence", (inherited.content, *(self._particle(each, namer, key) for each in content[1:]))
                )
        group = self._particle(content, namer, key)
        return group if isinstance(group, Group) else Group("sequence", (group,))

    def _derived(self, type_: Component) -> Iterable[Component]:
        """Global types that `xsi:type` may put in its place."""
        if self._heirs_of is None:
            self._heirs_of = {}
            for each in self._maps.types.values():
                if not isinstance(each, tuple) and each.is_complex() and each.base_type is not None:
                    self._heirs_of.setdefault(id(each.base_type), []).append(each)
        return self._heirs_of.get(id(type_), ()) if type_.name else ()

    def _attributes(
        self, group: Mapping[str | None, Component], inherited: Struct | None, namer: _Fields, key: str
    ) -> tuple[tuple[Attribute, ...], bool]:
        before = {} if inherited is None else {str(each.name): each for each in inherited.attributes}
        found: list[Attribute] = []
        for name, each in group.items():
            if name is None or each.use == "prohibited":
                continue
            if name in before:
                found.append(before[name])
                continue
            type_ = self.simple(each.type, f"{key}{_local(name)}")
            if each.fixed is not None:
                type_ = replace(type_, facets=replace(type_.facets, values=(each.fixed,)), enum="")
            default = each.fixed if each.fixed is not None else each.default
            field = namer.name(_local(name))
            found.append(Attribute(QName.parse(name), type_, field, each.use == "required", default))
        return tuple(found), None in group

    def simple(self, type_: Component, name: str = "") -> Simple:
        """A simple type; an enumeration without a name of its own gets that one."""
        local = _local(type_.name) if type_.name and type_.name.startswith(_XS) else ""
        if local in _LISTS:
            return Simple(item=Simple(_LISTS[local]), facets=Facets(min_length=1))
        if local:
            return Simple(local if local in TEXTS else "string")
        if hasattr(type_, "member_types"):
            return Simple(members=tuple(self.simple(each, name) for each in type_.member_types))
        if hasattr(type_, "item_type"):
            return Simple(item=self.simple(type_.item_type, name))
        base = self.simple(type_.base_type, name)
        restricted = replace(base, facets=_facets(type_, base.facets), space=_space(type_) or base.space)
        own = _values(type_)
        if own and base.base and TEXTS[base.base].types == (str,):
            return replace(restricted, enum=self._enum(type_, own, name))
        return replace(restricted, enum="") if own else restricted

    def _enum(self, type_: Component, values: tuple[str, ...], name: str) -> str:
        if id(type_) not in self._keys:
            chosen = _local(type_.name) or f"{name[:1].upper()}{name[1:]}"
            self._keys[id(type_)] = self._name(f"{chosen}Value" if chosen in self._taken else chosen)
            self._kept.append(type_)
            self.enums[self._keys[id(type_)]] = values
        return self._keys[id(type_)]

    # Content.

    def _particle(self, component: Component, namer: _Fields, key: str) -> Particle:
        if hasattr(component, "model"):
            return self._group(component, namer, key)
        most = component.max_occurs
        if not hasattr(component, "nillable"):
            namespaces, but = _namespaces(component)
            return Any(namer.name("any_"), namespaces, but, component.min_occurs, most)
        heirs = [] if component.ref is None else self._heirs(component.ref)
        if not heirs:
            return self._element(component, namer.name(_local(component.name)), component.min_occurs, most)
        if most != 1:
            return self._repeated(key, _local(component.name), namer, component, lambda own: self._choice(heirs, own))
        return replace(self._choice(heirs, namer), optional=component.min_occurs == 0)

    def _group(self, component: Component, namer: _Fields, key: str) -> Particle:
        members = [each for each in component if each.max_occurs != 0]
        if component.max_occurs == 1 or not members:
            return self._plain(component, members, namer, key)
        if len(members) == 1 and members[0].max_occurs == members[0].min_occurs == 1 and hasattr(members[0], "model"):
            inner = members[0]  # a reference to a group
            return self._repeated(
                key,
                _local(inner.name) or inner.model,
                namer,
                component,
                lambda own: self._plain(inner, list(inner), own, key),
            )
        if (
            len(members) == 1
            and hasattr(members[0], "nillable")
            and members[0].max_occurs == members[0].min_occurs == 1
        ):
            inner = members[0]
            if inner.ref is None or not self._heirs(inner.ref):
                name = namer.name(_local(inner.name))
                return self._element(inner, name, component.min_occurs, component.max_occurs)
        named = _local(component.name) or component.model
        return self._repeated(key, named, namer, component, lambda own: self._plain(component, members, own, key))

    def _plain(self, component: Component, members: list[Component], namer: _Fields, key: str) -> Group:
        particles = tuple(self._particle(each, namer, key) for each in members)
        return Group(component.model, particles, component.min_occurs == 0)

    def _repeated(self, key: str, name: str, namer: _Fields, component: Component, content: Component) -> Repeated:
        own = self._name(f"{key}{name[:1].upper()}{name[1:]}")
        group = content(_Fields())
        self.structs[own] = Struct(own, replace(group, optional=False))
        return Repeated(namer.name(f"{name}_list"), own, component.min_occurs, component.max_occurs)

    def _choice(self, elements: list[Component], namer: _Fields) -> Group:
        return Group("choice", tuple(self._element(each, namer.name(_local(each.name))) for each in elements))

    def _heirs(self, head: Component) -> list[Component]:
        """The elements that may stand where the head stands, itself among them; nothing if it is alone."""
        found, waiting = [head], [head]
        while waiting:
            for each in self._maps.substitution_groups.get(waiting.pop().name, ()):
                if each not in found:
                    found.append(each)
                    waiting.append(each)
        if len(found) == 1:
            return []
        return sorted((each for each in found if not each.abstract), key=lambda each: str(each.name))

    def _element(self, component: Component, field: str, least: int = 1, most: int | None = 1) -> Element:
        self._elements += 1
        if self._elements > WSDL_PARTICLES:  # each of many may stand for each of many
            text = f"{where(component)}: its types have more than {WSDL_PARTICLES} elements, written out"
            raise WbemError(WbemStatus.INVALID_PARAMETER, text)
        head = component if component.ref is None else component.ref
        type_ = self._type(head.type, _local(head.name))
        default = head.default if head.fixed is None else head.fixed
        if head.fixed is not None and isinstance(type_, Simple):
            type_ = replace(type_, facets=replace(type_.facets, values=(head.fixed,)), enum="")
        return Element(QName.parse(component.name), type_, field, least, most, bool(head.nillable), default)

    def _name(self, wanted: str) -> str:
        """For a class: one that is free."""
        name = base = identifier(wanted)
        number = 2
        while name in self._taken:
            name, number = f"{base}{number}", number + 1
        self._taken.add(name)
        return name


class _Fields:
    """Names of the fields of one struct."""

    def __init__(self, taken: Iterable[str] = ()) -> None:
        self._taken = set(taken)

    def name(self, wanted: str) -> str:
        """One that is free, as much like that as can be."""
        name = base = identifier(wanted)
        number = 2
        while name in self._taken:
            name, number = f"{base}_{number}", number + 1
        self._taken.add(name)
        return name


def member_names(values: Iterable[str]) -> dict[str, str]:
    """What the members of an enumeration are called: name -> value."""
    namer = _Fields()
    return {namer.name(_member(value)): value for value in values}


def _member(value: str) -> str:
    # What an enumeration of text has already: methods of str, and what Enum keeps for itself.
    name = identifier(value)
    if name.startswith("_"):
        name = f"n{name}"
    return f"{name}_" if hasattr(str, name) or name in {"name", "value", "mro"} else name


def identifier(text: str) -> str:
    """A name of Python, as much like the text as can be."""
    name = "".join(char if f"a{char}".isidentifier() else "_" for char in text) or "_"
    if not name[0].isidentifier():
        name = f"_{name}"
    if name.startswith("__"):
        name = f"n{name}"
    return f"{name}_" if keyword.iskeyword(name) else name


def _local(name: str | None) -> str:
    return (name or "").rpartition("}")[2]


def _clark(name: QName) -> str:
    return str(name)


def _values(type_: Component) -> tuple[str, ...]:
    """The enumeration that the type itself has, as it is written."""
    facet = type_.facets.get(f"{_XS}enumeration")
    return () if facet is None else tuple(each.get("value", "") for each in facet)


def _space(type_: Component) -> str:
    facet = type_.facets.get(f"{_XS}whiteSpace")
    return "" if facet is None else str(facet.value)


def _facets(type_: Component, base: Facets) -> Facets:
    """Those of the base, and over them the type's own."""
    own: dict[str, Component] = {}
    for name, field in _FACETS.items():
        facet = type_.facets.get(f"{_XS}{name}")
        if facet is not None:
            text = facet.elem.get("value", "").strip()
            own[field] = int(text) if field in _NUMBERS else text
    pattern = type_.facets.get(f"{_XS}pattern")
    if pattern is not None:
        own["patterns"] = (*base.patterns, tuple(each.get("value", "") for each in pattern))
    values = _values(type_)
    if values:
        own["values"] = values
    return replace(base, **own) if own else base


def _namespaces(wildcard: Component) -> tuple[tuple[str, ...], tuple[str, ...]]:
    target = wildcard.schema.target_namespace
    if "##other" in wildcard.namespace:
        return ("##any",), (target, "")
    special = {"##local": "", "##targetNamespace": target}
    return tuple(sorted(special.get(each, each) for each in wildcard.namespace)), ()
