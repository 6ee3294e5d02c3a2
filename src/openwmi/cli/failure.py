"""A failure as the one line that a person reads: the status, what, where, and what to do."""

from __future__ import annotations

import sys
from typing import Final

from openwmi.base.error import Unreachable, WbemError
from openwmi.base.status import HResult, WbemStatus, describe
from openwmi.cli.values import one_line

DONE, FAILED, USAGE, NO_ENTRY, INTERRUPTED = 0, 1, 2, 3, 130
"""Exit statuses."""

OPERATION_CHARS = 120

# What to do, where the command line knows more about that than whoever found the failure.
_ADVICE: Final[dict[int, str]] = {
    WbemStatus.INVALID_CLASS: "'openwmi classes' lists the classes",
    WbemStatus.INVALID_METHOD: "'openwmi describe CLASS' lists the methods",
    WbemStatus.INVALID_METHOD_PARAMETERS: "'openwmi describe CLASS' lists the parameters",
    WbemStatus.INVALID_OBJECT_PATH: "a path looks like 'Win32_Process.Handle=\"1\"' or 'Win32_OperatingSystem=@'",
    WbemStatus.METHOD_NOT_IMPLEMENTED: "'openwmi describe CLASS' says which methods work",
}


_SILENT: Final = {HResult.RPC_S_SERVER_UNAVAILABLE, WbemStatus.TIMED_OUT}
_UNANSWERED: Final = (
    "is it on, and do the firewalls between let TCP 135 through, and the ports of its objects (Windows: 49152-65535)?"
)


class NoEntry(Exception):  # noqa: N818 - it is what happened
    """The other machine was not reached, or does not let the caller in."""

    def __init__(self, error: WbemError) -> None:
        super().__init__(str(error))
        self.error = error


class SomeFailed(Exception):  # noqa: N818 - it is what happened
    """Not all of several machines answered; what was wrong with each has been said.

    Attributes:
        status: the exit status that this comes to.
    """

    def __init__(self, status: int) -> None:
        super().__init__(f"exit status {status}")
        self.status = status


def exit_status(error: Exception) -> int:
    """What a failure comes to."""
    if isinstance(error, NoEntry | Unreachable):
        return NO_ENTRY
    return FAILED if isinstance(error, WbemError) else USAGE


def line_of(error: WbemError | NoEntry) -> str:
    """Such as `WBEM_E_INVALID_CLASS (0x80041010): there is no X; 'openwmi classes' lists … [query …]`.

    The call is left out where the message has its text already.
    """
    if isinstance(error, NoEntry):
        error = error.error
        silent = error.status in _SILENT and not error.message.startswith("no address is known")
        advice = _UNANSWERED if silent else None
    else:
        advice = _ADVICE.get(int(error.status))
    parts = [f"{describe(error.status)}: {error.message}"]
    if advice is not None:
        parts.append(f"; {advice}")
    operation = " ".join((error.operation or "").split())
    if operation and operation.partition(" ")[2] not in " ".join(error.message.split()):
        cut = operation if len(operation) <= OPERATION_CHARS else f"{operation[: OPERATION_CHARS - 3]}..."
        parts.append(f" [{cut}]")
    return one_line("".join(parts))


def complain(line: str) -> None:
    """A line on standard error, if there is one."""
    if sys.stderr is None:
        return
    try:
        print(line, file=sys.stderr)
    except (OSError, ValueError):
        return  # closed, so nobody wants to know
