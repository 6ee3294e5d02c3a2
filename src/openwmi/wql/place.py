"""Errors that say where in the text of a query they are: line, column and the line itself."""

from __future__ import annotations

from openwmi.base.error import WbemError
from openwmi.base.status import WbemStatus

_EXCERPT_CHARS = 72


def invalid_query(text: str, offset: int, problem: str) -> WbemError:
    """WbemError(INVALID_QUERY) for `problem` at `offset` of `text`; a tree built by hand has no text and no place.

    INVALID_QUERY for bad syntax as well as for bad meaning: [MS-WMI] 2.2.11 would give syntax UNPARSABLE_QUERY, but the
    sections of the methods themselves (3.1.4.3.18 to 3.1.4.3.21) say that a query that is not syntactically valid MUST
    fail with INVALID_QUERY, and so does Windows in ExecQuery.
    """
    if offset < 0 or not text:
        return WbemError(WbemStatus.INVALID_QUERY, problem)
    line = text.count("\n", 0, offset) + 1
    start = text.rfind("\n", 0, offset) + 1
    column = offset - start + 1
    where = f"line {line}, column {column}" if "\n" in text else f"column {column}"
    return WbemError(WbemStatus.INVALID_QUERY, f"{where}: {problem}, in: {_excerpt(text, start, offset)}")


def shown(text: str, *, whole: bool = False) -> str:
    """A piece of a query for a message: short, unless `whole`, and without characters that a terminal would act on."""
    cut = text if whole or len(text) <= _EXCERPT_CHARS else text[: _EXCERPT_CHARS - 1] + "…"
    return "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in cut)


def _excerpt(text: str, start: int, offset: int) -> str:
    """The line that begins at `start`, or as much of it around `offset` as fits."""
    end = text.find("\n", offset)
    end = len(text) if end < 0 else end
    first = max(start, min(offset - _EXCERPT_CHARS // 2, end - _EXCERPT_CHARS))
    before = "…" if first > start else ""
    return before + shown(text[first : min(end, first + _EXCERPT_CHARS + 1)].rstrip())
