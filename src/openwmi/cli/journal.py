"""The log of `openwmi serve`, on standard error: one line a record, whatever strangers sent, and no flood of them.

As text, or as JSON for programs: an object a line, whose keys mean the same for ever. Each has `time`, `level`, `event`
and `message`; which others it has depends on the event, and "Run it for real" (docs) lists them. An event of none of
these kinds is "log", of the room that `logger` names.
"""

from __future__ import annotations

import json
import logging
import select
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import TextIO

from openwmi.base import limits
from openwmi.cli.failure import complain
from openwmi.cli.values import one_line

FORMAT = "%(asctime)s %(levelname)s %(name)s: %(message)s"
LOGS = ("text", "json")

log = logging.getLogger("openwmi.serve")

Say = Callable[[str, str], None]
"""Tells whoever started the program something: the event, and the text of it."""


def set_up(level: int, kind: str = "text") -> Say:
    """Sends the records of this process to standard error, as text or as JSON; returns what speaks beside them."""
    handler = StandardError()
    handler.setFormatter(OneLine(FORMAT) if kind == "text" else JsonLine())
    handler.addFilter(Flood())
    logging.basicConfig(handlers=[handler], level=level)
    logging.getLogger("asyncio").setLevel(logging.WARNING)
    return _complain if kind == "text" else _record


def _complain(event: str, text: str) -> None:  # noqa: ARG001 - people read what it says
    complain(text)


def _record(event: str, text: str) -> None:
    note(logging.INFO, event, text)


def note(level: int, event: str, text: str, **fields: object) -> None:
    """A record of an event. `fields`: what programs read of it."""
    log.log(level, "%s", text, extra={"event": event, "fields": fields})


class StandardError(logging.StreamHandler[TextIO]):
    """Writes to standard error as it is now: a terminal's last line may be in use by something else (see `live`).

    What reads it may have stopped, as a pipe does that is full: nobody waits for that, and the next line that can be
    written says how many are missing.
    """

    def __init__(self) -> None:
        logging.Handler.__init__(self)
        self._missing = 0

    @property
    def stream(self) -> TextIO:  # type: ignore[override]  # it is set by nobody
        return sys.stderr

    def emit(self, record: logging.LogRecord) -> None:
        """Part of logging.Handler."""
        if not _takes_more(self.stream):
            self._missing += 1
            return
        missing, self._missing = self._missing, 0
        if missing:
            text = "standard error was not read: %d records before this one are missing"
            super().emit(log.makeRecord(log.name, logging.WARNING, __file__, 0, text, (missing,), None))
        super().emit(record)


def _takes_more(stream: TextIO) -> bool:
    """Whether a line can be written without waiting for whoever reads it; so for what no system call knows."""
    try:
        descriptor = stream.fileno()
    except (AttributeError, OSError, ValueError):
        return True
    if not hasattr(select, "poll"):
        return True
    asked = select.poll()
    asked.register(descriptor, select.POLLOUT)
    return bool(asked.poll(0))


class OneLine(logging.Formatter):
    """What strangers sent may be in a record: none of it acts on a terminal, or looks like a record of its own."""

    def format(self, record: logging.LogRecord) -> str:
        first, *more = super().format(record).split("\n")
        return "\n".join([one_line(first), *(f"    {one_line(line)}" for line in more)])


class JsonLine(logging.Formatter):
    """A record as an object: `time` in UTC, `level`, `event`, `message`, what the event has, and `traceback`."""

    def format(self, record: logging.LogRecord) -> str:
        event = getattr(record, "event", "log")
        fields = getattr(record, "fields", {})
        said: dict[str, object] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "event": event,
            "message": record.getMessage(),
            **fields,
        }
        if event == "log":
            said["logger"] = record.name
        if record.exc_info:
            said["traceback"] = self.formatException(record.exc_info)
        return json.dumps(said)  # in ASCII: nothing of it acts on a terminal


KEPT = frozenset({"session_began", "session_ended"})
"""Events of which none is held back: only who has logged in makes one, and who was here is to be told in full."""


class Flood(logging.Filter):
    """Lets so many records of a kind through in a period; the first of the next one says how many were held back.

    Anybody who can connect can have a line written, such as that a login was refused: not a full disk of them. Records
    are of a kind that one line of the code made, or that are of one event.
    """

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        super().__init__()
        self._now = now
        self._began: dict[tuple[str, int], float] = {}
        self._counts: dict[tuple[str, int], int] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        event = getattr(record, "event", None)
        if event in KEPT:
            return True
        kind = (record.pathname, record.lineno) if event is None else (str(event), 0)
        now = self._now()
        if now - self._began.get(kind, float("-inf")) >= limits.LOG_PERIOD_SECONDS:
            held_back = self._counts.get(kind, 0) - limits.LOG_RECORDS
            if held_back > 0:
                record.msg = f"{record.getMessage()} (and {held_back} more like it before)"
                record.args = ()
            self._began[kind], self._counts[kind] = now, 0
        self._counts[kind] += 1
        return self._counts[kind] <= limits.LOG_RECORDS
