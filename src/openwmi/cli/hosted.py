"""A command's output where its rows come from one machine, or from several: then they carry their host."""

from __future__ import annotations

from collections.abc import Sequence

from openwmi.cli.failure import complain
from openwmi.cli.output import Writer
from openwmi.cli.records import Record
from openwmi.cli.stream import Out
from openwmi.cli.values import one_line
from openwmi.model import CimClass, CimInstance


class HostWriter:
    """What one machine has to say, to a writer that it may share with others.

    Args:
        writer: where rows go.
        host: the machine, where rows are to carry it.

    Attributes:
        out: where the writer writes.
        columns: what it shows, None for all.
        count: how many rows this machine had.
    """

    def __init__(self, writer: Writer, host: str | None) -> None:
        self.out: Out = writer.out
        self.columns = writer.columns
        self.count = 0
        self._writer = writer
        self._host = host

    def write(self, objects: Sequence[CimInstance | CimClass | Record]) -> None:
        """More rows. ClosedPipe, CannotWrite."""
        self.count += len(objects)
        self._writer.write(objects, self._host)

    def describe(self, class_: CimClass) -> None:
        """A class with its properties and methods."""
        self.count += 1
        self._writer.describe(class_, self._host)

    def note(self, text: str) -> None:
        """Something for a person who waits at a terminal, and for nobody else."""
        self._writer.note(self._told(text))

    def line(self, text: str) -> None:
        """A line that is no row."""
        self._writer.line(text)

    def say(self, text: str) -> None:
        """A line on standard error: what was done."""
        complain(one_line(self._told(text)))

    def _told(self, text: str) -> str:
        return text if self._host is None else f"{self._host}: {text}"
