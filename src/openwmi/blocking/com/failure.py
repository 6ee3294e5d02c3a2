"""What a failure is here: an HRESULT, and what is remembered of it for the thread that met it.

COM keeps one error object for each thread, which GetErrorInfo hands out once. `openwmi.wbemcli.errorinfo` makes that
object; here is only where the failure waits for it.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from typing import Any

from openwmi.base.error import WbemError, from_exception
from openwmi.base.fault import RemoteProtocolError
from openwmi.base.status import WbemStatus


class _ThreadState(threading.local):
    failure: tuple[int, str, str | None, Mapping[str, Any] | None] | None = None


_thread = _ThreadState()

RETURNED = (WbemError, OSError, MemoryError, NotImplementedError, RemoteProtocolError)
"""The errors that a face returns as an HRESULT. Any other is a mistake in a program, and is raised."""


def hresult(error: BaseException) -> int:
    """The HRESULT of whatever was raised, unsigned; WBEM_E_FAILED where the table of errors has none."""
    if isinstance(error, RemoteProtocolError):
        return int(WbemStatus.TRANSPORT_FAILURE)
    return int(from_exception(error).status)


def set_error(error: BaseException) -> None:
    """Makes this the last failure of the calling thread. What it says is kept, and not the frames that it came from."""
    if isinstance(error, WbemError):
        _thread.failure = (int(error.status), error.message, error.operation, error.extended)
    else:
        _thread.failure = (hresult(error), str(error), None, None)


def take_error() -> WbemError | None:
    """The last failure of the calling thread, which is forgotten with that, as GetErrorInfo does."""
    failure, _thread.failure = _thread.failure, None
    if failure is None:
        return None
    status, message, operation, extended = failure
    return WbemError(status, message, operation=operation, extended=extended)


def clear_error() -> None:
    """Forgets the last failure of the calling thread."""
    _thread.failure = None
