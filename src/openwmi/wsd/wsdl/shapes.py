"""What messages look like, as plain data: the part of XML Schema that says how a value becomes XML and back.

    Simple      a text, and the values that it may stand for
    Element, Any, Group, Repeated      what may stand in an element, in which order and how often
    Attribute, Struct                  an element that holds others: a dataclass

The names of classes stand for structs and enumerations, so that a type may hold itself. A schema is read into these
(`shaping`); a generated module says them itself; codecs are made of them (`codec`).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum

from openwmi.soap import Fragment, QName

__all__ = [
    "Any",
    "Attribute",
    "Element",
    "Fragment",
    "Group",
    "Nil",
    "Particle",
    "Repeated",
    "Simple",
    "Struct",
    "field_names",
    "inside",
    "may_be_empty",
]


class Nil(Enum):
    """An optional element that is there and says that it has no value (`xsi:nil`); None is one that is not there."""

    NIL = "nil"


@dataclass(frozen=True, slots=True, kw_only=True)
class Facets:
    """What restricts a simple type (XML Schema part 2, 4.3), as the schema writes it.

    Attributes:
        values: the enumeration.
        patterns: the text must match one of each.
        least, most, above, below: minInclusive, maxInclusive, minExclusive, maxExclusive.
        digits, fraction: totalDigits, fractionDigits.
    """

    values: tuple[str, ...] = ()
    patterns: tuple[tuple[str, ...], ...] = ()
    length: int | None = None
    min_length: int | None = None
    max_length: int | None = None
    least: str | None = None
    most: str | None = None
    above: str | None = None
    below: str | None = None
    digits: int | None = None
    fraction: int | None = None


NO_FACETS = Facets()


@dataclass(frozen=True, slots=True)
class Simple:
    """A text: of a built-in type (`string`, `int`), a list of `item`, or one of `members`.

    Attributes:
        enum: the class of its enumeration.
        space: what becomes of white space, where the built-in type does not say it.
    """

    base: str = ""
    facets: Facets = NO_FACETS
    enum: str = ""
    space: str = ""
    item: Simple | None = None
    members: tuple[Simple, ...] = ()


@dataclass(frozen=True, slots=True)
class Element:
    """An element of one name.

    Attributes:
        type: of a text; or the class of a struct; None for anything, which is kept as a Fragment.
        field: where its value stands.
        least, most: how often it comes; None is any number of times. More than once is a tuple.
        default: what an empty one means.
    """

    name: QName
    type: Simple | str | None
    field: str
    least: int = 1
    most: int | None = 1
    nillable: bool = False
    default: str | None = None

    @property
    def is_many(self) -> bool:
        """Whether its values are a tuple."""
        return self.most != 1


@dataclass(frozen=True, slots=True)
class Any:
    """Elements of any name (`xs:any`), as Fragments.

    Attributes:
        namespaces: which; `##any` is all of them.
        but: those that it must not be of, where it says all others.
    """

    field: str
    namespaces: tuple[str, ...] = ("##any",)
    but: tuple[str, ...] = ()
    least: int = 1
    most: int | None = 1

    @property
    def is_many(self) -> bool:
        """Whether its values are a tuple."""
        return self.most != 1

    def takes(self, namespace: str) -> bool:
        """Whether an element of that namespace may stand there."""
        return namespace not in self.but and ("##any" in self.namespaces or namespace in self.namespaces)


@dataclass(frozen=True, slots=True)
class Repeated:
    """A group that comes more than once: a tuple of structs without elements of their own."""

    field: str
    type: str
    least: int = 1
    most: int | None = 1


@dataclass(frozen=True, slots=True)
class Group:
    """`sequence`, `choice` or `all`. Its fields are those of the struct around it."""

    kind: str
    particles: tuple[Particle, ...] = ()
    optional: bool = False


Particle = Element | Any | Repeated | Group


@dataclass(frozen=True, slots=True)
class Attribute:
    """An attribute of an element."""

    name: QName
    type: Simple
    field: str
    required: bool = False
    default: str | None = None


@dataclass(frozen=True, slots=True)
class Struct:
    """An element that holds others, or has attributes.

    Attributes:
        key: the name of its class.
        name: of its type, by which `xsi:type` calls it.
        text: what it holds instead of elements, in the field `value`.
        any_attributes: whether it may have others, in the field `attributes_`.
        base: the class that it extends.
    """

    key: str
    content: Group = Group("sequence")
    attributes: tuple[Attribute, ...] = ()
    text: Simple | None = None
    name: QName | None = None
    base: str = ""
    abstract: bool = False
    any_attributes: bool = False


def inside(particle: Particle, *, optional: bool = False) -> Iterator[tuple[Element | Any | Repeated, bool]]:
    """What stands in it, in order, and whether it may be missing from a struct that is right."""
    if not isinstance(particle, Group):
        yield particle, optional or particle.least == 0
        return
    for each in particle.particles:
        yield from inside(each, optional=optional or particle.optional or particle.kind == "choice")


def field_names(struct: Struct) -> tuple[str, ...]:
    """The fields of its class, in order."""
    return (
        *(("value",) if struct.text is not None else ()),
        *(each.field for each, _ in inside(struct.content)),
        *(each.field for each in struct.attributes),
        *(("attributes_",) if struct.any_attributes else ()),
    )


def may_be_empty(particle: Particle) -> bool:
    """Whether nothing at all may stand for it."""
    if not isinstance(particle, Group):
        return particle.least == 0
    if particle.kind == "choice":
        return particle.optional or any(map(may_be_empty, particle.particles))
    return particle.optional or all(map(may_be_empty, particle.particles))
