"""Rows on standard output, in the format that was asked for."""

from __future__ import annotations

import csv
import json
import sys
from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from typing import TextIO

from openwmi.cli.values import plain, text_of
from openwmi.model import CimClass, CimInstance

FORMATS = ("table", "list", "json", "jsonl", "csv")

Row = CimInstance | CimClass


class Writer(ABC):
    """Writes rows as they come; `close` writes what only the end can show."""

    def __init__(self, out: TextIO) -> None:
        self.out = out

    @abstractmethod
    def write(self, rows: Sequence[Row]) -> None:
        """More rows."""

    def close(self) -> None:
        """There are no more rows."""
        self.out.flush()

    def describe(self, class_: CimClass) -> None:
        """A class, as its properties and methods."""
        self.write([class_])


class Table(Writer):
    """Columns as wide as they need be. The rows are collected, since the last one may be the widest."""

    def __init__(self, out: TextIO) -> None:
        super().__init__(out)
        self._rows: list[Row] = []

    def write(self, rows: Sequence[Row]) -> None:
        self._rows.extend(rows)

    def close(self) -> None:
        if self._rows:
            names = _columns(self._rows)
            _print_table(self.out, names, [[text_of(_value(row, name)) for name in names] for row in self._rows])
        super().close()

    def describe(self, class_: CimClass) -> None:
        parents = " : ".join((class_.name, *class_.derivation))
        self.out.write(f"{parents}\n\n")
        rows = [[p.name, str(p.type), "key" if p.name in class_.keys else "", p.origin] for p in class_.properties]
        _print_table(self.out, ["Property", "Type", "", "Origin"], rows)
        for method in class_.methods:
            parameters = ", ".join(
                f"{'in' if p.is_in else 'out'} {p.type} {p.name}" for p in (*method.inputs, *method.outputs)
            )
            static = "static " if method.static else ""
            self.out.write(f"\n{static}{method.returns or 'void'} {method.name}({parameters})")
        self.out.write("\n" if class_.methods else "")


class Properties(Writer):
    """One property a line, an empty line between objects."""

    def __init__(self, out: TextIO) -> None:
        super().__init__(out)
        self._first = True

    def write(self, rows: Sequence[Row]) -> None:
        for row in rows:
            if not self._first:
                self.out.write("\n")
            self._first = False
            names = _columns([row])
            width = max(map(len, names), default=0)
            for name in names:
                value = _value(row, name)
                if value is not None:
                    self.out.write(f"{name:<{width}} : {text_of(value)}\n")


class Json(Writer):
    """One array."""

    def __init__(self, out: TextIO) -> None:
        super().__init__(out)
        self._separator = "[\n"

    def write(self, rows: Sequence[Row]) -> None:
        for row in rows:
            self.out.write(self._separator + json.dumps(plain(row), ensure_ascii=False))
            self._separator = ",\n"

    def close(self) -> None:
        self.out.write("[]\n" if self._separator == "[\n" else "\n]\n")
        super().close()


class JsonLines(Writer):
    """An object a line."""

    def write(self, rows: Sequence[Row]) -> None:
        for row in rows:
            self.out.write(json.dumps(plain(row), ensure_ascii=False) + "\n")
        self.out.flush()


class Csv(Writer):
    """A header of the first row's properties, then a line a row; NULL is an empty field."""

    def __init__(self, out: TextIO) -> None:
        super().__init__(out)
        self._csv = csv.writer(out)
        self._names: list[str] | None = None

    def write(self, rows: Sequence[Row]) -> None:
        for row in rows:
            if self._names is None:
                self._names = _columns([row])
                self._csv.writerow(self._names)
            self._csv.writerow([text_of(_value(row, name)) for name in self._names])


_WRITERS: dict[str, type[Writer]] = {"table": Table, "list": Properties, "json": Json, "jsonl": JsonLines, "csv": Csv}


def writer_for(name: str | None) -> Writer:
    """The writer of that name to standard output; without a name a table on a terminal, else JSON lines."""
    chosen = name or ("table" if sys.stdout.isatty() else "jsonl")
    return _WRITERS[chosen](sys.stdout)


def _columns(rows: Iterable[Row]) -> list[str]:
    names: dict[str, None] = {}
    for row in rows:
        names.update(dict.fromkeys(("Class", "Superclass") if isinstance(row, CimClass) else row.class_.names))
    return list(names)


def _value(row: Row, name: str) -> object:
    if isinstance(row, CimClass):
        return row.name if name == "Class" else row.superclass
    return row[name] if name in row else None


def _print_table(out: TextIO, names: list[str], rows: list[list[str]]) -> None:
    widths = [max(len(name), *(len(row[i]) for row in rows)) if rows else len(name) for i, name in enumerate(names)]
    out.writelines("  ".join(f"{cell:<{width}}" for cell, width in zip(line, widths, strict=True)).rstrip() + "\n" for line in (names, ["-" * width for width in widths], *rows))
