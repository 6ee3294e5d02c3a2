r"""The patterns of LIKE ([MS-WMI] 2.2.1.1; the SDK's "LIKE Operator"), as the cheapest test that does the same.

`%` is any text, `_` any one character, `[…]` one character of a set: `[abc]`, a range `[a-f]` or `[a=f]`, all but
those after a caret `[^a-f]`. A set ends at its first `]`, and `%`, `_`, `[` are literal inside; so is a `-` or `=` at
its end, and a caret that ends it: `[^]`. There is no escape character in a pattern: `[_]` is an underscore. A backslash
is doubled all the same, because the string around the pattern wants it ("PCI\\%"), and stands for itself here.

Both sides are folded as for `=`. A regular expression is made only where text functions will not do, and of parts
between two `%` the first that fits is kept for good (an atomic group), so that the time is at most the length of the
value times that of the pattern, however many `%` there are.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum

from openwmi.base.case import fold


class Shape(Enum):
    """How a folded value is tested."""

    PREFIX = "prefix"
    SUFFIX = "suffix"
    INFIX = "infix"
    REGEX = "regex"


@dataclass(frozen=True, slots=True)
class Pattern:
    """A pattern, understood.

    Attributes:
        shape: which test.
        text: the folded text that the value begins with, ends with or contains; for REGEX the expression that it
            matches from the start.
    """

    shape: Shape
    text: str


class BadPatternError(ValueError):
    """The text says what is wrong with a pattern."""


def has_wildcards(pattern: str) -> bool:
    """Whether any character has a meaning of its own; if none has, LIKE is the same as `=`."""
    return any(c in pattern for c in "%_[")


def parse_pattern(pattern: str) -> Pattern:
    """Raises BadPatternError for a set without an end, an empty set and a range that runs backwards."""
    parts = [_Part()]
    for match in _UNIT.finditer(fold(pattern)):
        unit = match[0]
        if match.lastgroup == "any":
            parts.append(_Part())
        elif match.lastgroup == "set" and len(unit) > len("[x]"):
            parts[-1].add(_set(unit))
        elif unit == "_":
            parts[-1].add(".")
        elif unit == "[":
            raise BadPatternError("a set has no end, or no characters; a bracket itself is written [[]")
        else:
            parts[-1].add_literal(unit[1] if match.lastgroup == "set" else unit)
    match [part.text for part in parts]:
        case [str(text), ""]:
            return Pattern(Shape.PREFIX, text)
        case ["", str(text)]:
            return Pattern(Shape.SUFFIX, text)
        case ["", str(text), ""]:
            return Pattern(Shape.INFIX, text)
    return Pattern(Shape.REGEX, _regex(parts))


_UNIT = re.compile(r"(?P<any>%++)|(?P<set>\[[^\]]++\])|.", re.DOTALL)


class _Part:
    """What stands between two `%`: an expression for each character, and the text, as long as it is nothing else."""

    def __init__(self) -> None:
        self.units: list[str] = []
        self.text: str | None = ""

    def __str__(self) -> str:
        return "".join(self.units)

    def add(self, unit: str) -> None:
        self.units.append(unit)
        self.text = None

    def add_literal(self, character: str) -> None:
        self.units.append(re.escape(character))
        self.text = None if self.text is None else self.text + character


def _regex(parts: list[_Part]) -> str:
    first, *inner = parts
    if not inner:
        return rf"(?s:{first})\Z"
    *middle, last = inner
    expression = f"{first}{''.join(f'(?>.*?{part})' for part in middle)}"
    if last.units:  # there is room for it, and it stands at the very end
        expression += f"(?=.{{{len(last.units)}}}).*+(?<={last})"
    return f"(?s:{expression})"


def _set(unit: str) -> str:
    """The regular expression of one set, given with its brackets."""
    body = unit[1:-1]
    wanted: list[str] = []
    unwanted: list[str] = []
    into, at = wanted, 0
    while at < len(body):
        if body[at] == "^" and into is wanted and at + 1 < len(body):
            into, at = unwanted, at + 1
        elif body[at + 1 : at + 2] in ("-", "=") and at + 2 < len(body):
            low, high = body[at], body[at + 2]
            if low > high:
                raise BadPatternError(f"the range {body[at : at + 3]} runs backwards")
            into.append(f"{re.escape(low)}-{re.escape(high)}")
            at += 3
        else:
            into.append(re.escape(body[at]))
            at += 1
    if not unwanted:
        return f"[{''.join(wanted)}]"
    without = f"[^{''.join(unwanted)}]"
    return f"(?:[{''.join(wanted)}]|{without})" if wanted else without
