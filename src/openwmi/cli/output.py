"""Rows on standard output, in the format that was asked for."""

from __future__ import annotations

import sys
import textwrap
from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Final

from openwmi.cli.failure import complain
from openwmi.cli.layout import Column, fitting, write_columns
from openwmi.cli.records import (
    HOST,
    Picker,
    Record,
    class_document,
    class_record,
    is_implemented,
    kind_of,
    member_records,
    signature,
)
from openwmi.cli.stream import Out
from openwmi.cli.values import json_of, mof_shown, one_line, raw_text, text_of
from openwmi.model import CimClass, CimInstance

ROW_FORMATS: Final = ("table", "list", "json", "jsonl", "csv")
FORMATS: Final = (*ROW_FORMATS, "mof")
"""MOF has classes and instances, and nothing for other rows."""
TABLE_OR_LIST: Final = "table or list"
"""What is easier to read on a terminal: a table if its columns fit."""


class Writer(ABC):
    """Writes rows as they come; `close` writes what only the end can show.

    Attributes:
        count: how many rows there were.
        shows_rows: whether rows appear on a terminal before `close`.
        hosted: whether each row carries the machine that it is of.
    """

    gathers = False
    """Whether rows are kept until `close`."""

    def __init__(self, out: Out, columns: Sequence[str] | None = None, *, hosted: bool = False) -> None:
        self.out = out
        self.count = 0
        self.hosted = hosted
        self.shows_rows = out.is_terminal and not self.gathers
        self.columns = columns
        self._picker = Picker(columns)

    def write(self, objects: Sequence[CimInstance | CimClass | Record], host: str | None = None) -> None:
        """More rows, of this machine. ClosedPipe, CannotWrite."""
        for row in objects:
            self.count += 1
            self._object(row, host)
        if not self.gathers:
            self.out.flush()

    def describe(self, class_: CimClass, host: str | None = None) -> None:
        """A class with its properties and methods."""
        if host is not None:
            self.out.write(f"{one_line(host)}:\n")
        _describe(self.out, class_)

    def note(self, text: str) -> None:
        """Something for a person who waits at a terminal, and for nobody else."""
        if self.out.is_terminal and sys.stderr is not None and sys.stderr.isatty():
            complain(text)

    def line(self, text: str) -> None:
        """A line that is no row."""
        self.out.write(one_line(text) + "\n")

    def close(self) -> None:
        """There are no more rows."""
        self._end()
        self.out.flush()

    def _object(self, row: CimInstance | CimClass | Record, host: str | None) -> None:
        if isinstance(row, CimClass):
            record = class_record(row)
        else:
            record = self._picker.record(row) if isinstance(row, CimInstance) else row
        self._row(record if host is None else record.of(host))

    @abstractmethod
    def _row(self, record: Record) -> None:
        """One more."""

    @abstractmethod
    def _end(self) -> None:
        """What is left to write."""


class Properties(Writer):
    """One property a line, an empty line between objects."""

    def _row(self, record: Record) -> None:
        if self.count > 1:
            self.out.write("\n")
        width = max(map(len, record.values), default=0)
        for name, value in record.values.items():
            self.out.write(f"{name:<{width}} : {text_of(value)}".rstrip() + "\n")

    def _end(self) -> None:
        """All is written."""


class Table(Writer):
    """Columns. The rows are collected, since the last one may be the widest.

    On a terminal cells are cut so that a row is a line, and columns that have no room are left out, which is said.
    """

    gathers = True

    def __init__(
        self, out: Out, columns: Sequence[str] | None = None, *, hosted: bool = False, or_list: bool = False
    ) -> None:
        super().__init__(out, columns, hosted=hosted)
        self._or_list = or_list
        self._records: list[Record] = []

    def _row(self, record: Record) -> None:
        self._records.append(record)

    def _end(self) -> None:
        if not self._records:
            return
        columns = [self._column(name) for name in dict.fromkeys(name for row in self._records for name in row.values)]
        width = self.out.width
        widths = [column.width for column in columns] if width is None else fitting(columns, width)
        if widths is None and self._or_list:
            Properties(self.out).write(self._records)
            return
        shown = len(columns)
        while widths is None:  # only on a terminal
            shown -= 1
            widths = [width or 0] if not shown else fitting(columns[:shown], width or 0)
        write_columns(self.out, columns[: max(shown, 1)], widths)
        if shown < len(columns):
            self.out.flush()
            hidden = f"{len(columns) - shown} of {len(columns)} columns have no room"
            complain(f"{hidden}: name those that you want after SELECT, or use --format list")

    def _column(self, name: str) -> Column:
        values = [row.values.get(name) for row in self._records]
        given = [value for value in values if value is not None]
        number = bool(given) and all(isinstance(v, int | float) and not isinstance(v, bool) for v in given)
        return Column(name, [self.out.showable(text_of(value)) for value in values], number=number)


class Json(Writer):
    """One array."""

    def _row(self, record: Record) -> None:
        self.out.write(("[\n" if self.count == 1 else ",\n") + _json(self.out, record))

    def describe(self, class_: CimClass, host: str | None = None) -> None:
        self.write([class_document(class_)], host)

    def _end(self) -> None:
        self.out.write("\n]\n" if self.count else "[]\n")


class JsonLines(Writer):
    """An object a line."""

    def _row(self, record: Record) -> None:
        self.out.write(_json(self.out, record) + "\n")

    def _end(self) -> None:
        """All is written."""

    def describe(self, class_: CimClass, host: str | None = None) -> None:
        self.write([class_document(class_)], host)


class Csv(Writer):
    """A line of names, then a line a row (RFC 4180, with the line ends of this system).

    NULL is an empty field, an empty text is `""`. Texts are whole, line ends included; on a terminal they are made
    visible. The names are the first row's: rows of other classes show what they have of them.
    """

    _names: Sequence[str] | None = None

    def describe(self, class_: CimClass, host: str | None = None) -> None:
        self.write(member_records(class_), host)

    def _row(self, record: Record) -> None:
        if self._names is None:
            self._head(list(record.values))
        self._line([record.values.get(name) for name in self._names or ()])

    def _end(self) -> None:
        if self._names is None and self.columns:
            self._head([HOST, *self.columns] if self.hosted else self.columns)

    def _head(self, names: Sequence[str]) -> None:
        self._names = names
        self._line(names)

    def _line(self, values: Sequence[object]) -> None:
        fields = [_csv_field(value, visible=self.out.is_terminal) for value in values]
        # A line that is empty is skipped by whoever reads it, and with it the row: the only NULL becomes an empty text.
        self.out.write(('""' if fields == [""] else ",".join(fields)) + "\n")


class Mof(Writer):
    """A declaration an object, each as if nothing stood before it."""

    def describe(self, class_: CimClass, host: str | None = None) -> None:
        self.write([class_], host)

    def _object(self, row: CimInstance | CimClass | Record, host: str | None) -> None:
        from openwmi.mof import format as format_mof  # noqa: PLC0415 - the other formats do without

        if isinstance(row, Record):
            raise AssertionError("a command whose rows are no objects offers MOF")
        text = format_mof(row)
        if host is not None:
            text = f"// {one_line(host)}\n{text}"
        self.out.write(("\n" if self.count > 1 else "") + mof_shown(text, ascii_only=not self.out.knows_unicode))

    def _row(self, record: Record) -> None:
        raise AssertionError(f"{record} is no object")

    def _end(self) -> None:
        """All is written."""


def writer_for(name: str, out: Out, columns: Sequence[str] | None = None, *, hosted: bool = False) -> Writer:
    """The writer of a format that shows these columns; all, in the class's order, where none are given."""
    if name == TABLE_OR_LIST:
        return Table(out, columns, hosted=hosted, or_list=True)
    return _WRITERS[name](out, columns, hosted=hosted)


_WRITERS: Final[dict[str, type[Writer]]] = {
    "table": Table,
    "list": Properties,
    "json": Json,
    "jsonl": JsonLines,
    "csv": Csv,
    "mof": Mof,
}


def _json(out: Out, record: Record) -> str:
    kind = {} if record.class_name is None else {"__CLASS": record.class_name}
    return json_of({**kind, **record.values}, ascii_only=not out.knows_unicode)


def _csv_field(value: object, *, visible: bool) -> str:
    if value is None:
        return ""
    text = text_of(value) if visible else raw_text(value)
    if not text or text != text.strip() or any(mark in text for mark in ',"\r\n'):
        doubled = text.replace('"', '""')
        return f'"{doubled}"'
    return text


def _describe(out: Out, class_: CimClass) -> None:
    kind = kind_of(class_)
    width = out.width or 10_000
    title = " : ".join((class_.name, *class_.derivation)) + (f"  ({kind})" if kind else "")
    out.write(_wrapped(title, width, "  ") + "\n\n")
    properties = class_.properties
    if properties:
        columns = [
            Column("Property", [p.name for p in properties]),
            Column("Type", [str(p.type) for p in properties]),
            Column("Key", ["key" if p.is_key else "" for p in properties]),
            Column("From", [p.origin for p in properties]),
        ]
        write_columns(out, columns, fitting(columns, width) or [column.width for column in columns])
    for at, method in enumerate(class_.methods):
        ending = "" if is_implemented(method) else "  (not implemented)"
        out.write(("\n" if not at else "") + _wrapped(signature(method) + ending, width, "    ") + "\n")


def _wrapped(text: str, width: int, indent: str) -> str:
    return textwrap.fill(text, width, subsequent_indent=indent, break_on_hyphens=False, break_long_words=False)
