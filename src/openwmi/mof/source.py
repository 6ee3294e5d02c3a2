"""A text and its name, and places in it for people. Who reads files is not known here."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias


@dataclass(frozen=True, slots=True)
class Place:
    """Where something stands: lines and columns count from 1, and a column is a character."""

    file: str
    line: int
    column: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}" if self.file else f"line {self.line}, column {self.column}"


@dataclass(frozen=True, slots=True)
class Source:
    """One MOF text. Its name is what an include in it is relative to; it may be empty."""

    name: str
    text: str

    def place(self, offset: int) -> Place:
        """The place of a character; counted when it is asked for, since most places never are."""
        start = self.text.rfind("\n", 0, offset) + 1
        return Place(self.name, self.text.count("\n", 0, offset) + 1, offset - start + 1)


Include: TypeAlias = Callable[[str, str], Source]
"""(what the include names, the name of the text that it stands in) -> what to read there. OSError, UnicodeError or
WbemError if there is nothing."""
