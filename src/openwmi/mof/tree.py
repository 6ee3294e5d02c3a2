"""What a MOF text declares, as it declares it: no class has been looked up, and no value has its type yet.

Every node has `at`, the offset of its first word in the text of its declaration's `source`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from openwmi.model import Flavor, Type
from openwmi.mof.source import Source


@dataclass(frozen=True, slots=True)
class Char:
    """A character in single quotes."""

    text: str


@dataclass(frozen=True, slots=True)
class Alias:
    """`$name` in the place of a value, or as the name of a class or instance. The name has its dollar sign."""

    name: str
    at: int


@dataclass(frozen=True, slots=True)
class QualifierUse:
    """`name(value) : flavors`.

    Attributes:
        value: what stands in the parentheses or braces; `given` is False where nothing does.
        flavors: the keywords, in lower case.
    """

    name: str
    value: Literal
    given: bool
    flavors: tuple[str, ...]
    at: int


@dataclass(frozen=True, slots=True)
class PropertyDeclaration:
    """`[qualifiers] type name[size] = value;`.

    Attributes:
        size: what stands between the brackets of an array, if anything does.
        value: None is NULL, which no value at all is as well.
        value_at: where it stands.
    """

    name: str
    type: Type
    qualifiers: tuple[QualifierUse, ...]
    size: int | None
    value: Literal
    value_at: int
    at: int


@dataclass(frozen=True, slots=True)
class MethodDeclaration:
    """`[qualifiers] type name(parameters);`. `returns` is None for void. Parameters look like properties."""

    name: str
    returns: Type | None
    qualifiers: tuple[QualifierUse, ...]
    parameters: tuple[PropertyDeclaration, ...]
    at: int


@dataclass(frozen=True, slots=True)
class ClassDeclaration:
    """`[qualifiers] class name as $alias : superclass { … };`."""

    source: Source
    name: str
    superclass: str | None
    superclass_at: int
    alias: Alias | None
    qualifiers: tuple[QualifierUse, ...]
    properties: tuple[PropertyDeclaration, ...]
    methods: tuple[MethodDeclaration, ...]
    at: int


@dataclass(frozen=True, slots=True)
class Assignment:
    """`[qualifiers] name = value;` in an instance. `given` is False where there is no value, only qualifiers."""

    name: str
    qualifiers: tuple[QualifierUse, ...]
    value: Literal
    given: bool
    value_at: int
    at: int


@dataclass(frozen=True, slots=True)
class InstanceDeclaration:
    """`[qualifiers] instance of class_name as $alias { … };`."""

    source: Source
    class_name: str
    class_name_at: int
    alias: Alias | None
    qualifiers: tuple[QualifierUse, ...]
    assignments: tuple[Assignment, ...]
    at: int


Literal: TypeAlias = (
    bool | int | float | str | Char | Alias | InstanceDeclaration | ClassDeclaration | tuple["Literal", ...] | None
)
"""A value as it is written: None is NULL, a tuple stood in braces."""


@dataclass(frozen=True, slots=True)
class QualifierDeclaration:
    """`Qualifier name : type = default, Scope(…), Flavor(…);`, or Windows' `Qualifier name : flavors;`.

    Attributes:
        type: None in the second form, which says nothing but flavors.
        scopes: in lower case; empty stands for all.
        flavor: of each later use that does not say otherwise.
    """

    source: Source
    name: str
    type: Type | None
    default: Literal
    scopes: tuple[str, ...]
    flavor: Flavor
    at: int


@dataclass(frozen=True, slots=True)
class Pragma:
    """`#pragma name(arguments)`. The name is in lower case; an include has been followed and is none of these."""

    source: Source
    name: str
    arguments: tuple[str, ...]
    at: int


Declaration: TypeAlias = ClassDeclaration | InstanceDeclaration | QualifierDeclaration | Pragma
