"""The words of a query: one regular expression cuts the text, and three small readers give constants their values.

[MS-WMI] 2.2.1.1 (characters, TYPED-CONSTANT) and the SDK's "WHERE Clause". WQL has no comments. It never fails: what
is no word becomes a token of kind "junk", and the parser complains when it gets there.
"""

from __future__ import annotations

import re
from math import isfinite
from typing import Final, NamedTuple

from openwmi.base.limits import QUERY_NUMBER_CHARS

# Windows: every character from U+0080 up may stand in a name, also one that is no letter (U+200C, U+FFFD).
# Said by what is left out: a set of sixty thousand characters takes milliseconds to compile, each time that it stands.
_NO_NAME = r"\x00-\-/:-@\[-\^`\{-\x7f"
_NAME = rf"[^{_NO_NAME}.0-9][^{_NO_NAME}.]*+"

# A name, or the path to a property of an embedded object. White space around the dots is in no document.
# No group here is repeated possessively: Python before 3.11.5 matches that wrongly. Each repeat can be read in one
# way only, so that trying again costs nothing much.
_PATH = rf"{_NAME}(?:\.{_NAME})*"
STRING: Final = r""" "[^"\\]*+(?:\\.[^"\\]*+)*" | '[^'\\]*+(?:\\.[^'\\]*+)*' """
"""The expression of a string (re.VERBOSE, re.DOTALL)."""

PARAMETER: Final = re.compile(f":{_NAME}")
"""A value that the caller gives."""

_TOKEN = re.compile(
    rf"""(?P<space> [ \t\r\n\f\v]++ )
       | (?P<name> {_PATH} )
       | (?P<number> [-+]?\.?[0-9](?:[eE][-+]|[^{_NO_NAME}])* )
       | (?P<string> {STRING} )
       | (?P<object> \{{ (?: [^{{}}"'] | {STRING} )* \}} )
       | (?P<operator> <= | >= | <> | != | [=<>] )
       | (?P<mark> [(),*] )
       | (?P<parameter> {PARAMETER.pattern} )
       | (?P<junk> . )""",
    re.VERBOSE | re.DOTALL,
)
_NUMBER = re.compile(
    r"""(?P<hex> [-+]?0[xX][0-9a-fA-F]++ )
      | (?P<integer> [-+]?[0-9]++ )
      | (?P<real> [-+]?(?:[0-9]++(?:\.[0-9]*+)?|\.[0-9]++)(?:[eE][-+]?[0-9]++)? )""",
    re.VERBOSE,
)
_ESCAPE = re.compile(r"\\(.)", re.DOTALL)
_ESCAPED = frozenset("\\\"'")
_BEYOND: Final[int] = 10 ** (QUERY_NUMBER_CHARS - 1)

RESERVED: Final = frozenset("SELECT FROM WHERE AND OR NOT LIKE IS NULL TRUE FALSE".split())
"""The words, in upper case, that cannot name a property or a class: with them a query would read two ways."""


class Token(NamedTuple):
    """One word: its kind (a group of the expression above, or "end"), its text, and where it begins."""

    kind: str
    text: str
    offset: int


def tokenize(text: str) -> list[Token]:
    """All words of `text`, without spaces, up to and with the first that is "junk"; and a last one of kind "end".

    Nobody gets past junk; and to go on behind a quote that does not end would take a time that grows with the square of
    the number of quotes.
    """
    tokens: list[Token] = []
    for match in _TOKEN.finditer(text):
        if match.lastgroup != "space":
            tokens.append(Token(match.lastgroup or "junk", match[0], match.start()))
        if match.lastgroup == "junk":
            break
    tokens.append(Token("end", "", len(text)))
    return tokens


def is_name(text: str) -> bool:
    """Whether `text` can name a class, a qualifier or a property in a query."""
    return re.fullmatch(_NAME, text) is not None and text.upper() not in RESERVED


def is_path(text: str) -> bool:
    """Whether `text` can name a property, be it one of an embedded object."""
    return re.fullmatch(_PATH, text) is not None and text.upper() not in RESERVED


def number(text: str) -> int | float | None:
    """The value of a decimal, hexadecimal or real number; None if `text` is none, or is too large to make sense."""
    match = _NUMBER.fullmatch(text)
    if match is None or len(text) > QUERY_NUMBER_CHARS:
        return None
    if match.lastgroup == "real":
        real = float(text)
        return real if isfinite(real) else None
    value = int(text, 16 if match.lastgroup == "hex" else 10)
    return value if writable(value) else None


def writable(value: int) -> bool:
    """Whether an integer can be written as a literal that is not too long."""
    return abs(value) < _BEYOND


def bad_escape(token: Token) -> Token | None:
    r"""The first escape in a string that WQL does not have, as a token; None if there is none.

    Windows: also in the pattern of LIKE, so that "PCI\%" is no valid query and "PCI\\%" is.
    """
    for match in _ESCAPE.finditer(token.text, 1, len(token.text) - 1):
        if match[1] not in _ESCAPED:
            return Token("junk", match[0], token.offset + match.start())
    return None


def unescape(token: Token) -> str:
    """What a string means: without its quotes, and with its escapes resolved."""
    return _ESCAPE.sub(r"\1", token.text[1:-1])
