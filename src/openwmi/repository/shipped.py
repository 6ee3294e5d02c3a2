"""The classes that come with the package: one text file of class records, compiled from MOF by `tools/schema.py`.

Its first line is an index in JSON: for each namespace a list of [class, superclass, offset, length], ancestors first.
The namespace `*` has what every namespace has. The other lines are records of class_record, one each; offsets count
octets from the second line. Nothing is decoded until it is asked for, and no instance is here.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Final, TypeAlias

from openwmi.base.case import fold
from openwmi.base.error import WbemError
from openwmi.base.status import WbemStatus

EVERYWHERE: Final = "*"
LAYER: Final = Path(__file__).parents[1] / "schema" / "layer.jsonl"

_Entry: TypeAlias = tuple[str, str | None, int, int]
_Entries: TypeAlias = dict[str, _Entry]


class ShippedLayer:
    """What `load` gives."""

    def __init__(self, index: dict[str, list[Any]], text: bytes, start: int) -> None:
        """`start` is where the second line is; `text` is not cut, since a copy costs more than all the rest."""
        self._text = text
        self._start = start
        self._namespaces = tuple([name for name in index if name != EVERYWHERE])
        self._lists = {fold(name): entries for name, entries in index.items()}
        self._found: dict[str, _Entries] = {}

    @classmethod
    def load(cls, path: Path = LAYER) -> ShippedLayer:
        """Errors: CRITICAL_ERROR if the file is not there or was not made by the tool."""
        try:
            text = path.read_bytes()
            start = text.find(b"\n") + 1
            index = json.loads(text[:start])
            if not isinstance(index, dict) or not all(isinstance(entries, list) for entries in index.values()):
                raise ValueError("its first line is no index")
        except (OSError, ValueError, RecursionError) as error:
            raise _broken(f"{path}: {error}") from None
        return cls(index, text, start)

    def namespaces(self) -> tuple[str, ...]:
        """Those that exist even where they have no class of their own."""
        return self._namespaces

    def classes(self, namespace: str) -> list[tuple[str, str | None]]:
        """(name, superclass) of each class of a namespace, ancestors first. Any namespace has the system classes."""
        return [(name, superclass) for name, superclass, _, _ in self._entries(namespace).values()]

    def record(self, namespace: str, name: str) -> bytes:
        """What `class_record.encode` made of a class. KeyError where there is none."""
        _, _, offset, length = self._entries(namespace)[fold(name)]
        return self._text[self._start + offset : self._start + offset + length]

    def _entries(self, namespace: str) -> _Entries:
        """By folded name; made when a namespace is first asked about."""
        key = fold(namespace) if fold(namespace) in self._lists else EVERYWHERE
        found = self._found.get(key)
        if found is None:
            lists = [self._lists.get(EVERYWHERE, []), self._lists.get(key, []) if key != EVERYWHERE else []]
            try:
                found = {fold(entry[0]): _entry(*entry) for entries in lists for entry in entries}
            except (TypeError, AttributeError, LookupError):
                raise _broken(f"the index of {namespace} is damaged") from None
            self._found[key] = found
        return found


def _entry(name: str, superclass: str | None, offset: int, length: int) -> _Entry:
    return name, superclass, offset, length


def _broken(problem: str) -> WbemError:
    return WbemError(
        WbemStatus.CRITICAL_ERROR, f"the classes that come with openwmi cannot be read ({problem}): install it again"
    )
