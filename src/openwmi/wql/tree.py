"""What a query says, as values: the syntax of [MS-WMI] 2.2.1.1 without the text, and without knowledge of any class.

A property is named by its name, or by a path into an embedded object: `TargetInstance.Name`.

Places in the text travel along for error messages, and take no part in comparing two trees: a tree that was written
by hand equals the one that its text parses to.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from typing import TypeAlias

from openwmi.model import ObjectPath

Constant: TypeAlias = str | int | float | bool
"""A constant as it was written. Dates, references and paths are text; what they mean depends on the property."""

NOWHERE = -1
"""The offset of what stands in no text."""


class Operator(Enum):
    """How a property is compared with a constant; the value is the spelling."""

    EQUAL = "="
    UNEQUAL = "<>"
    LESS = "<"
    GREATER = ">"
    LESS_OR_EQUAL = "<="
    GREATER_OR_EQUAL = ">="
    LIKE = "LIKE"


@dataclass(frozen=True, slots=True)
class Comparison:
    """`property operator constant`; a constant that was written on the left has changed sides, and the operator too."""

    property: str
    operator: Operator
    constant: Constant
    offset: int = field(default=NOWHERE, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Relation:
    """`property operator other`, two properties of one event: `TargetInstance.State <> PreviousInstance.State`.

    Only notification queries have it, and never with LIKE. The grammar ([MS-WMI] 2.2.1.2) has constants alone there.
    Windows: takes it, and many programs ask so for the changes of one property.
    """

    property: str
    operator: Operator
    other: str
    offset: int = field(default=NOWHERE, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class IsNull:
    """`property IS NULL`, also written `property = NULL`."""

    property: str
    offset: int = field(default=NOWHERE, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Isa:
    """`property ISA "class_name"`: the object in a property is of this class, or of one derived from it."""

    property: str
    class_name: str
    offset: int = field(default=NOWHERE, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Not:
    """`NOT operand`; also IS NOT NULL, `<> NULL` and NOT LIKE, which are nothing else."""

    operand: Expression


@dataclass(frozen=True, slots=True)
class And:
    """All of two or more terms."""

    terms: tuple[Expression, ...]


@dataclass(frozen=True, slots=True)
class Or:
    """At least one of two or more terms."""

    terms: tuple[Expression, ...]


Leaf: TypeAlias = Comparison | IsNull | Isa
Expression: TypeAlias = Leaf | Relation | Not | And | Or


@dataclass(frozen=True, slots=True)
class Select:
    """`SELECT columns FROM class_name WHERE where`.

    Attributes:
        columns: the names of the select list as they were written, in order; None for `*`.
        class_name: the class whose instances, and those of its derived classes, are asked for.
        where: what an instance must fulfil; None where there is no WHERE.
        text: what this was parsed from, "" if it was built by hand.
        offsets: where each column stands in the text.
        kept: whether `parse` keeps this tree for its text, so that what is made of it is worth keeping, too.
    """

    columns: tuple[str, ...] | None
    class_name: str
    where: Expression | None = None
    text: str = field(default="", compare=False, repr=False)
    offsets: tuple[int, ...] = field(default=(), compare=False, repr=False)
    kept: bool = field(default=False, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Group:
    """`GROUP WITHIN within BY by HAVING having`: one event that stands for all of so many seconds.

    Attributes:
        within: seconds from the first event on.
        by: one for each value of these properties.
        having: what the event that stands for them must fulfil, a condition on `NumberOfEvents`.
    """

    within: float
    by: tuple[str, ...] = ()
    having: Expression | None = None


@dataclass(frozen=True, slots=True)
class EventQuery:
    """A notification query ([MS-WMI] 2.2.1.2): `SELECT … FROM class WITHIN within WHERE … GROUP WITHIN …`.

    Attributes:
        select: which events of which class, and what of them; events are the instances here.
        within: seconds after which changes that nobody tells of must have been found; None where there is no WITHIN.
        group: None where there is no GROUP.
    """

    select: Select
    within: float | None = None
    group: Group | None = None


META_CLASS = "meta_class"
"""What stands in place of a class where classes themselves are asked for."""


@dataclass(frozen=True, slots=True)
class SchemaQuery:
    """`SELECT * FROM meta_class WHERE where`: classes, by their system properties and by `__this`, the class itself."""

    where: Expression | None = None
    text: str = field(default="", compare=False, repr=False)
    kept: bool = field(default=False, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class AssociatorsOf:
    """`ASSOCIATORS OF {path} WHERE …`: what associations link to an object.

    Attributes:
        path: the object; a class if `schema_only`.
        assoc_class: the association is of this class, or of one derived from it.
        result_class: so is what is found.
        role: the association refers to the object by this property,
        result_role: and by this one to what is found.
        required_assoc_qualifier: the association's class has this qualifier.
        required_qualifier: the class of what is found has it.
        keys_only: only the keys of what is found are filled in.
        class_defs_only: the classes of what is found are the result.
        schema_only: classes that may be linked to the class `path`, by what association classes declare.
    """

    path: ObjectPath
    assoc_class: str | None = None
    result_class: str | None = None
    role: str | None = None
    result_role: str | None = None
    required_assoc_qualifier: str | None = None
    required_qualifier: str | None = None
    keys_only: bool = False
    class_defs_only: bool = False
    schema_only: bool = False
    text: str = field(default="", compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class ReferencesOf:
    """`REFERENCES OF {path} WHERE …`: the associations that refer to an object, which are themselves the result.

    Attributes as for AssociatorsOf; what is found is the association.
    """

    path: ObjectPath
    result_class: str | None = None
    role: str | None = None
    required_qualifier: str | None = None
    keys_only: bool = False
    class_defs_only: bool = False
    schema_only: bool = False
    text: str = field(default="", compare=False, repr=False)


Query: TypeAlias = Select | SchemaQuery | AssociatorsOf | ReferencesOf
"""Any statement that is no event query."""
