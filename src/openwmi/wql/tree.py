"""What a query says, as values: the syntax of [MS-WMI] 2.2.1.1 without the text, and without knowledge of any class.

Places in the text travel along for error messages, and take no part in comparing two trees: a tree that was written
by hand equals the one that its text parses to.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from typing import TypeAlias

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
class IsNull:
    """`property IS NULL`, also written `property = NULL`."""

    property: str
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


Expression: TypeAlias = Comparison | IsNull | Not | And | Or


@dataclass(frozen=True, slots=True)
class Select:
    """`SELECT columns FROM class_name WHERE where`.

    Attributes:
        columns: the names of the select list as they were written, in order; None for `*`.
        class_name: the class whose instances, and those of its derived classes, are asked for.
        where: what an instance must fulfil; None where there is no WHERE.
        text: what this was parsed from, "" if it was built by hand.
        offsets: where each column stands in the text.
    """

    columns: tuple[str, ...] | None
    class_name: str
    where: Expression | None = None
    text: str = field(default="", compare=False, repr=False)
    offsets: tuple[int, ...] = field(default=(), compare=False, repr=False)
