"""An entry of a log, whichever log it is in."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class LogEntry:
    """See the module; None is what the log does not say.

    Attributes:
        log: the name of the log.
        number: which entry of it.
        generated: when it happened, as a POSIX time stamp.
        written: when it came to the log.
        computer: where it happened.
        source: the program.
        message: its text.
        severity: of syslog(3): 0 is an emergency, 7 is for debugging.
        uid: whose process it was.
    """

    log: str
    number: int
    generated: float | None
    written: float | None
    computer: str | None
    source: str | None
    message: str
    severity: int | None = None
    uid: int | None = None
