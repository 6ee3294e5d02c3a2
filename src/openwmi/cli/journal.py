"""The log of `openwmi serve`, on standard error: one line a record, whatever strangers sent, and no flood of them."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable

from openwmi.base import limits
from openwmi.cli.values import one_line

FORMAT = "%(asctime)s %(levelname)s %(name)s: %(message)s"


def set_up(level: int) -> None:
    """Sends the records of this process to standard error."""
    handler = logging.StreamHandler()
    handler.setFormatter(OneLine(FORMAT))
    handler.addFilter(Flood())
    logging.basicConfig(handlers=[handler], level=level)
    logging.getLogger("asyncio").setLevel(logging.WARNING)


class OneLine(logging.Formatter):
    """What strangers sent may be in a record: none of it acts on a terminal, or looks like a record of its own."""

    def format(self, record: logging.LogRecord) -> str:
        first, *more = super().format(record).split("\n")
        return "\n".join([one_line(first), *(f"    {one_line(line)}" for line in more)])


class Flood(logging.Filter):
    """Lets so many records of a kind through in a period; the first of the next one says how many were held back.

    Anybody who can connect can have a line written, such as that a login was refused: not a full disk of them. Records
    are of a kind that one line of the code made.
    """

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        super().__init__()
        self._now = now
        self._began: dict[tuple[str, int], float] = {}
        self._counts: dict[tuple[str, int], int] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        kind = record.pathname, record.lineno
        now = self._now()
        if now - self._began.get(kind, float("-inf")) >= limits.LOG_PERIOD_SECONDS:
            held_back = self._counts.get(kind, 0) - limits.LOG_RECORDS
            if held_back > 0:
                record.msg = f"{record.getMessage()} (and {held_back} more like it before)"
                record.args = ()
            self._began[kind], self._counts[kind] = now, 0
        self._counts[kind] += 1
        return self._counts[kind] <= limits.LOG_RECORDS
