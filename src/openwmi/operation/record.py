"""What the log says of code that failed: what kind of exception, and where.

Neither its text nor the lines of source: a sink that makes a call of its own may have a query or a path in either.
"""

from __future__ import annotations

import logging
import traceback

log = logging.getLogger("openwmi.operation")


def log_failure(what: str, error: BaseException) -> None:
    """`what` such as "a sink of query failed"."""
    frames = traceback.extract_tb(error.__traceback__, limit=-FRAMES_SHOWN)
    where = "".join(f'\n  File "{frame.filename}", line {frame.lineno}, in {frame.name}' for frame in frames)
    log.error("%s: %s%s", what, type(error).__name__, where)


FRAMES_SHOWN = 50
"""The innermost ones: a recursion that does not end has a thousand."""
