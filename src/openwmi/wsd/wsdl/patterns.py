"""Patterns of simple types (XML Schema part 2, appendix F): how long one may take, and what Python calls it.

A pattern may come from a stranger's device, and Python's engine tries one way after the other: `(a+)+` takes for ever.
So the ways that there are at most are counted, and a pattern that has too many of them for a value is not looked at.
It must not know of types.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

from openwmi.base.wsdl_limits import WSDL_PATTERN_STEPS

Check = Callable[[str], bool]

_TOO_MANY: Final = WSDL_PATTERN_STEPS + 1
_QUANTITY: Final = re.compile(r"\{(\d{1,9})(,?)(\d{0,9})\}")
_RANGES: Final = {"?": (0, 1), "*": (0, None), "+": (1, None)}


def compile_pattern(pattern: str, python: Callable[[str], str]) -> Check:
    """Whether a text is matched. True for what would take too long to say.

    Args:
        pattern: as the schema has it.
        python: makes a pattern of Python's of it.
    """
    compiled = re.compile(python(pattern))

    def check(text: str) -> bool:
        return ways(pattern, len(text)) * (len(text) + 1) > WSDL_PATTERN_STEPS or compiled.search(text) is not None

    return check


def ways(pattern: str, length: int) -> int:
    """In how many ways at most a text of that length can be taken apart; a number above the limit stands for all."""
    total, _ = _choice(pattern, 0, length)
    return total


def _choice(pattern: str, at: int, length: int) -> tuple[int, int]:
    """Alternatives, up to the end or the parenthesis that closes them."""
    total, branch = 0, 1
    while at < len(pattern) and pattern[at] != ")":
        if pattern[at] == "|":
            total, branch, at = total + branch, 1, at + 1
            continue
        inner, at = _atom(pattern, at, length)
        least, most, at = _quantity(pattern, at, length)
        branch = min(branch * _repeated(inner, least, most), _TOO_MANY)
    return min(total + branch, _TOO_MANY), at


def _atom(pattern: str, at: int, length: int) -> tuple[int, int]:
    if pattern[at] == "(":
        inner, at = _choice(pattern, at + 1, length)
        return inner, at + 1
    if pattern[at] == "[":
        return 1, _end_of_class(pattern, at)
    if pattern[at] == "\\":
        if pattern[at + 1 : at + 3] in {"p{", "P{"}:
            return 1, pattern.index("}", at) + 1
        return 1, at + 2
    return 1, at + 1


def _end_of_class(pattern: str, at: int) -> int:
    """Behind its bracket; one may be taken from another (`[a-z-[aeiou]]`)."""
    depth = 0
    while at < len(pattern):
        char = pattern[at]
        depth += (char == "[") - (char == "]")
        at += 2 if char == "\\" else 1
        if not depth:
            break
    return at


def _quantity(pattern: str, at: int, length: int) -> tuple[int, int, int]:
    char = pattern[at : at + 1]
    if char in _RANGES:
        least, most = _RANGES[char]
        return least, length if most is None else most, at + 1
    found = _QUANTITY.match(pattern, at)
    if found is None:
        return 1, 1, at
    least = int(found[1])
    most = int(found[3]) if found[3] else length if found[2] else least
    return least, most, found.end()


def _repeated(inner: int, least: int, most: int) -> int:
    """Each number of times, and each time in each way."""
    counts = max(most - least, 0) + 1
    if inner == 1:
        return min(counts, _TOO_MANY)
    if most > 17:  # two ways that many times are too many already
        return _TOO_MANY
    return min(counts * int(inner**most), _TOO_MANY)
