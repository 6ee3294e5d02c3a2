"""What is written into the log of what a peer said, and of what went wrong in our own code.

Names and texts of a peer may hold anything: line ends that would forge a line of the log, codes that a terminal obeys,
megabytes. Texts of exceptions may hold what a caller gave, such as a command line with a password.
"""

from __future__ import annotations

import logging
import traceback

SHOWN_CHARS = 200


def printable(text: object) -> str:
    """A stranger's words, fit for one line of a log."""
    shown = str(text)
    cut = shown if len(shown) <= SHOWN_CHARS else f"{shown[:SHOWN_CHARS]}…"
    return "".join(char if char.isprintable() else "?" for char in cut)


def log_bug(log: logging.Logger, what: object, error: BaseException) -> None:
    """An error that nobody foresaw: its type and where it came from, without its text."""
    where = "".join(traceback.format_tb(error.__traceback__)).rstrip()
    log.error("%s raised %s\n%s", printable(what), type(error).__name__, where)
