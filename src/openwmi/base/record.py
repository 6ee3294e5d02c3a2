"""What may stand in a log: strangers' words made harmless, and failures without what a caller gave.

Names and texts of a peer may hold anything: line ends that would forge a line of the log, codes that a terminal obeys,
megabytes. The text of an exception, and a line of somebody's source, may hold a password or a query.
"""

from __future__ import annotations

import logging
import traceback

SHOWN_CHARS = 200
FRAMES_SHOWN = 50
"""The innermost ones: a recursion that does not end has a thousand."""


def printable(text: object, chars: int = SHOWN_CHARS) -> str:
    """A stranger's words, fit for one line of a log: at most so many characters, and none that acts on a terminal."""
    shown = str(text)
    cut = shown if len(shown) <= chars else f"{shown[:chars]}…"
    return "".join(char if char.isprintable() else "?" for char in cut)


def log_bug(log: logging.Logger, what: object, error: BaseException) -> None:
    """An error that nobody foresaw: its type and where it came from. `what` is such as "a sink of query failed"."""
    frames = traceback.extract_tb(error.__traceback__, limit=-FRAMES_SHOWN)
    where = "".join(f'\n  File "{frame.filename}", line {frame.lineno}, in {frame.name}' for frame in frames)
    log.error("%s: %s%s", printable(what), type(error).__name__, where)
