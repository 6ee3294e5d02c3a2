"""A failure as the one line that a person reads: the status, what, where, and what to do."""

from __future__ import annotations

import sys
from typing import Final

from openwmi.base.error import AccessDenied, WbemError
from openwmi.base.status import WbemStatus, describe
from openwmi.cli.values import one_line

OPERATION_CHARS = 120

# What to do, where the command line knows more about that than whoever found the failure.
_ADVICE: Final[dict[int, str]] = {
    WbemStatus.INVALID_CLASS: "'openwmi classes' lists the classes",
    WbemStatus.INVALID_METHOD: "'openwmi describe CLASS' lists the methods",
    WbemStatus.INVALID_METHOD_PARAMETERS: "'openwmi describe CLASS' lists the parameters",
    WbemStatus.INVALID_OBJECT_PATH: "a path looks like 'Win32_Process.Handle=\"1\"' or 'Win32_OperatingSystem=@'",
    WbemStatus.METHOD_NOT_IMPLEMENTED: "'openwmi describe CLASS' says which methods work",
}


class LoginRefused(Exception):  # noqa: N818 - it is what happened
    """The other side knows the caller and lets nobody of that name in, or does not know the caller."""

    def __init__(self, error: AccessDenied) -> None:
        super().__init__(str(error))
        self.error = error


def line_of(error: WbemError) -> str:
    """Such as `WBEM_E_INVALID_CLASS (0x80041010): there is no X; 'openwmi classes' lists … [query …]`.

    The call is left out where the message has its text already.
    """
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
