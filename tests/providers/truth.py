"""What another tool of this machine says of it, beside what its Win32_* classes say, in the same second.

A family of providers has its tables in `tests/providers/truths/<family>.py`, as `TABLES`; an interop test runs them
all. The tool is asked before and after: what it says twice alike must be the value, and what moved must have it in
between. Where it knows of no instance there must be none. A datetime is compared as a POSIX time stamp.
"""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from openwmi.model import CimDateTime
from openwmi.session import Namespace

Record = Any
"""What a tool says of one thing, in whatever form its reader made of it."""


@dataclass(frozen=True)
class Comparison:
    """What came out.

    Attributes:
        differences: `Class.Property of key: ours, and theirs before and after`, for each that differs.
        same: the properties that some instance has, and as the tool says.
    """

    differences: list[str]
    same: set[str]


@dataclass(frozen=True)
class Truth:
    """A tool, and the properties of one class that it tells.

    Attributes:
        class_name: the class.
        command: the tool and its arguments; no shell is involved.
        read: its answer -> record by key; a class with one instance has the key "".
        values: property -> what it must be, out of a record.
        key: the property that is the key of `read`; empty for a class with one instance.
        moves: properties that change between two looks, with how far beyond both they may be.
        subset: whether the class may have instances that the tool does not speak of.
        environment: what is set for the tool, beside LC_ALL=C.
        where: which instances are asked for, as in WQL; empty for all.
    """

    class_name: str
    command: tuple[str, ...]
    read: Callable[[str], Mapping[str, Record]]
    values: Mapping[str, Callable[[Record], object]]
    key: str = ""
    moves: Mapping[str, float] = field(default_factory=dict)
    subset: bool = False
    environment: Mapping[str, str] = field(default_factory=dict)
    where: str = ""

    def __str__(self) -> str:
        return f"{self.class_name} {' '.join(self.command)}"

    def ask(self) -> Mapping[str, Record]:
        """What the tool says now; skips where it is not installed."""
        if shutil.which(self.command[0]) is None:
            pytest.skip(f"{self.command[0]} is not installed")
        environment = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C", **self.environment}
        done = subprocess.run(self.command, capture_output=True, text=True, check=True, timeout=30, env=environment)
        return self.read(done.stdout)

    async def compared(self, ns: Namespace) -> Comparison:
        """Asks both."""
        before = self.ask()
        names = [*self.values, *([self.key] if self.key and self.key not in self.values else [])]
        where = f" WHERE {self.where}" if self.where else ""
        rows = [row async for row in ns.query(f"SELECT {', '.join(names)} FROM {self.class_name}{where}")]
        after = self.ask()
        ours = {str(row[self.key]) if self.key else "": row for row in rows}
        stayed = before.keys() & after.keys()
        if not self.key and not stayed:
            return Comparison([], set())  # the tool knows nothing of this machine, which may have what others have not
        found = [f"{self.class_name} {key!r} is not there" for key in sorted(stayed - ours.keys())]
        if not self.subset:
            more = sorted(ours.keys() - before.keys() - after.keys())
            found += [f"{self.class_name} {key!r} is not known to {self.command[0]}" for key in more]
        same: set[str] = set()
        for key in sorted(stayed & ours.keys()):
            found += self._differing(ours[key], key, before[key], after[key], same)
        return Comparison(found, same)

    def _differing(self, row: Any, key: str, before: Record, after: Record, same: set[str]) -> Iterator[str]:
        for name, expected in self.values.items():
            value, first, last = _plain(row[name]), expected(before), expected(after)
            if value not in (first, last) and not _between(value, first, last, self.moves.get(name)):
                yield f"{self.class_name}.{name} of {key!r}: {value!r}, and {self.command[0]} says {first!r}, {last!r}"
            elif value is not None:
                same.add(name)


def tables() -> list[Truth]:
    """Those of all families."""
    names = sorted(path.stem for path in (Path(__file__).parent / "truths").glob("[a-z]*.py"))
    return [table for name in names for table in import_module(f"tests.providers.truths.{name}").TABLES]


def _plain(value: Any) -> Any:
    return value.to_datetime().timestamp() if isinstance(value, CimDateTime) else value


def _between(value: Any, first: Any, last: Any, beyond: float | None) -> bool:
    if beyond is None or value is None or first is None or last is None:
        return False
    return bool(min(first, last) - beyond <= value <= max(first, last) + beyond)
