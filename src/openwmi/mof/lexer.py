r"""The words of a MOF text: one regular expression cuts it, and small readers give constants their values.

DSP0004 annex A and the WMI SDK's "Numbers" and "Strings". It never fails: what is no word becomes a token of kind
"junk", and the parser complains when it gets there. Strings that follow each other are one token, as they are one
value; a Description is often fifty lines.
"""

from __future__ import annotations

import re
from math import isfinite
from typing import Final

from openwmi.base.limits import MOF_NUMBER_CHARS

_NAME = r"[A-Za-z_\u0080-\U0010ffff][A-Za-z_0-9\u0080-\U0010ffff]*+"
# No group here is repeated possessively: Python before 3.11.5 matches that wrongly. Each repeat can be read in one
# way only, so that trying again costs nothing much.
_STRING = r'"[^"\\\n]*+(?:\\.[^"\\\n]*+)*"'

_TOKEN = re.compile(
    rf"""(?: \s++ | //[^\n]*+ | /\*[^*]*+\*++(?:[^/*][^*]*+\*++)*/ )*
       (?: (?P<name> {_NAME} )
         | (?P<mark> [\[\](){{}},;:=|] )
         | (?P<string> {_STRING}(?:\s*+{_STRING})* )
         | (?P<number> [-+]?\.?[0-9](?:[eE][-+](?=[0-9])|[.0-9A-Za-z_\u0080-\U0010ffff])* )
         | (?P<alias> \$ (?:{_NAME})? )
         | (?P<char> '(?!')[^'\\\n]*+(?:\\.[^'\\\n]*+)*' )
         | (?P<directive> \#[ \t]*+[A-Za-z]*+ )
         | (?P<end> \Z )
         | (?P<junk> /\* | . ) )""",
    re.VERBOSE | re.DOTALL,
)
_NUMBER = re.compile(
    r"""(?P<hex> [-+]?0[xX][0-9a-fA-F]++ )
      | (?P<binary> [-+]?[01]++[bB] )
      | (?P<octal> [-+]?0[0-7]++ )
      | (?P<decimal> [-+]?(?:0|[1-9][0-9]*+) )
      | (?P<real> [-+]?(?:[0-9]++\.[0-9]*+|\.[0-9]++|[0-9]++(?=[eE]))(?:[eE][-+]?[0-9]++)? )""",
    re.VERBOSE,
)
_BASES: Final = {"hex": 16, "binary": 2, "octal": 8, "decimal": 10}
_PIECE = re.compile(_STRING, re.DOTALL)
_ESCAPE = re.compile(r"\\(?:[xX]([0-9a-fA-F]{1,4})|(.))", re.DOTALL)
_ESCAPED: Final = {"b": "\b", "t": "\t", "n": "\n", "f": "\f", "r": "\r", '"': '"', "'": "'", "\\": "\\"}
_SURROGATE = re.compile("[\ud800-\udfff]")

# Kinds, texts and offsets stand in lists of their own: a large schema has a million words.
Words = tuple[list[str], list[str], list[int]]


def tokenize(text: str) -> Words:
    """The kinds, texts and offsets of all words, up to and with the first that is "junk"; the last is of kind "end"."""
    kinds: list[str] = []
    texts: list[str] = []
    offsets: list[int] = []
    for match in _TOKEN.finditer(text):
        kind = match.lastgroup or "junk"
        kinds.append(kind)
        texts.append(match[kind])
        offsets.append(match.start(kind))
        if kind == "junk":
            break
    if not kinds or kinds[-1] != "end":
        kinds.append("end")
        texts.append("")
        offsets.append(len(text))
    return kinds, texts, offsets


def number(text: str) -> int | float | None:
    """The value of a number; None if `text` is none, or is too large to make sense."""
    match = _NUMBER.fullmatch(text)
    if match is None or len(text) > MOF_NUMBER_CHARS:
        return None
    kind = match.lastgroup or ""
    if kind == "real":
        real = float(text)
        return real if isfinite(real) else None
    return int(text[:-1] if kind == "binary" else text, _BASES[kind])


def unquote(text: str) -> str | int:
    r"""What a string or character means, its pieces joined; or the offset of the first escape that there is not.

    `\x` has one to four digits and is one UTF-16 code unit: two of them may be one character.
    """
    if "\\" not in text:
        return text[1:-1] if text[0] == "'" else "".join(text.split('"')[1::2])
    if text[0] == "'":
        pieces = [(1, text[1:-1])]
    else:
        pieces = [(match.start() + 1, match[0][1:-1]) for match in _PIECE.finditer(text)]
    for start, piece in pieces:
        for match in _ESCAPE.finditer(piece) if "\\" in piece else ():
            if match[1] is None and match[2] not in _ESCAPED:
                return start + match.start()
    joined = "".join([_ESCAPE.sub(_meaning, piece) for _, piece in pieces])
    return _paired(joined) if _SURROGATE.search(joined) else joined


def _meaning(match: re.Match[str]) -> str:
    return chr(int(match[1], 16)) if match[1] else _ESCAPED[match[2]]


def _paired(text: str) -> str:
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "surrogatepass")
