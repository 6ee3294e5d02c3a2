"""The journal of systemd: journalctl(1) of this machine, or a recording of what it would say.

Entries are mappings from the names of fields to texts, or to lists where a field is there twice or is no text
("Journal JSON Format"). They come with the newest first, each when somebody asks for it: who wants ten reads ten.
"""

from __future__ import annotations

import json
import math
import os
import re
import selectors
from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import closing
from typing import Protocol

from openwmi.base.limits import HOST_SECONDS

Entry = Mapping[str, object]


class Journal(Protocol):
    """See the module."""

    def entries(self, since: float | None = None, until: float | None = None) -> Iterator[Entry]:
        """All, or those that were written between these POSIX times, the newest first; to the second."""

    def entry(self, number: int) -> Entry | None:
        """The one with this number, which is sequential in the journal that is written now."""


class RecordedJournal:
    """Entries that were given, the oldest first, as a file has them."""

    def __init__(self, entries: Sequence[Entry]) -> None:
        self._entries = entries

    def entries(self, since: float | None = None, until: float | None = None) -> Iterator[Entry]:
        first, last = (0 if since is None else int(since)), (math.inf if until is None else int(until) + 1)
        for entry in reversed(self._entries):
            written = str(entry.get("__REALTIME_TIMESTAMP"))
            if not written.isdecimal() or first <= int(written) / 1e6 <= last:
                yield entry

    def entry(self, number: int) -> Entry | None:
        return next((each for each in self._entries if number_of(each) == number), None)


class LiveJournal:
    """Asks journalctl, which is started without a shell and ended when nobody reads on.

    Args:
        command: the program, and what precedes the arguments that are its own.
        seconds: how long it may be silent.
    """

    def __init__(self, command: Sequence[str] = ("journalctl",), seconds: float = HOST_SECONDS) -> None:
        self._command = (*command, "--output=json", "--all", "--no-pager", "--quiet")
        self._seconds = seconds

    def entries(self, since: float | None = None, until: float | None = None) -> Iterator[Entry]:
        bounds = [] if since is None else [f"--since=@{max(0, int(since))}"]
        bounds += [] if until is None else [f"--until=@{max(0, int(until) + 1)}"]
        return self._ask("--reverse", *bounds)

    def entry(self, number: int) -> Entry | None:
        """A cursor is made of the identity of a sequence, which the newest entry tells, and the number in it."""
        with closing(self._ask("--reverse", "--lines=1")) as newest:
            sequence = _SEQUENCE.match(str(next(newest, {}).get("__CURSOR", "")))
        if sequence is None:
            return None
        with closing(self._ask(f"--cursor={sequence[0]};i={number:x}", "--lines=1")) as found:
            entry = next(found, None)
        return entry if entry is not None and number_of(entry) == number else None

    def _ask(self, *arguments: str) -> Generator[Entry]:
        import subprocess  # noqa: PLC0415 - who asks no journal pays for none

        try:
            program = subprocess.Popen(  # noqa: S603 - a fixed program, and arguments that are ours
                [*self._command, *arguments],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                env={"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C"},
            )
        except FileNotFoundError:
            return
        try:
            for line in self._lines(program.stdout.fileno() if program.stdout else -1):
                entry = json.loads(line)
                if isinstance(entry, dict):
                    yield entry
        finally:
            program.kill()
            program.communicate()

    def _lines(self, descriptor: int) -> Iterator[bytes]:
        """TimeoutError, which is an OSError, where nothing comes."""
        rest = b""
        with selectors.DefaultSelector() as selector:
            selector.register(descriptor, selectors.EVENT_READ)
            while True:
                if not selector.select(self._seconds):
                    raise TimeoutError(f"{self._command[0]} has been silent for {self._seconds} s")
                found = os.read(descriptor, _CHUNK)
                if not found:
                    return
                *lines, rest = (rest + found).split(b"\n")
                yield from lines


def number_of(entry: Entry) -> int | None:
    """The sequential number of an entry; None where its cursor has none."""
    found = _NUMBER.search(str(entry.get("__CURSOR", "")))
    return int(found[1], 16) if found else None


_CHUNK = 1 << 16
_NUMBER = re.compile(r"(?:^|;)i=([0-9a-f]+)")
_SEQUENCE = re.compile(r"s=[0-9a-f]+")
