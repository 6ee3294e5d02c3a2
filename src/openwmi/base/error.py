"""WbemError, and the one table between statuses and exceptions, in both directions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Self, cast

from openwmi.base.status import SEVERITY, HResult, WbemStatus, describe, lookup


class WbemError(Exception):
    """A management call failed.

    `WbemError(WbemStatus.NOT_FOUND, …)` makes the class that the table gives for the status, here NotFound, so that
    callers may catch Python's own kinds (LookupError, PermissionError, TimeoutError, ConnectionError) as well.

    Attributes:
        status: the failure: a WbemStatus, an HResult, or a plain unsigned int that is in neither list.
        message: what, where and what to do, in one line.
        operation: the call that failed, such as "query SELECT * FROM Win32_Process"; None until a call adds it.
        extended: the values of the `__ExtendedStatus` object that came with the failure, or None.
    """

    default_status: ClassVar[WbemStatus] = WbemStatus.FAILED

    status: WbemStatus | HResult | int
    message: str
    operation: str | None
    extended: Mapping[str, Any] | None

    def __new__(cls, status: int | None = None, *_: object, **__: object) -> Self:
        chosen = _CLASS_OF_STATUS.get(int(status) & 0xFFFFFFFF, cls) if cls is WbemError and status is not None else cls
        layout = OSError if issubclass(chosen, OSError) else Exception  # the two differ in memory
        return cast(Self, layout.__new__(chosen))

    def __init__(
        self,
        status: int | None = None,
        message: str = "",
        *,
        operation: str | None = None,
        extended: Mapping[str, Any] | None = None,
    ) -> None:
        code = int(self.default_status if status is None else status) & 0xFFFFFFFF
        if not code & SEVERITY:
            raise ValueError(f"{describe(code)} is not a failure")
        super().__init__()
        known = lookup(code)
        self.status = code if known is None else known
        self.message = message or (known.text if known is not None else "a failure without a name")
        self.operation = operation
        self.extended = extended

    def __str__(self) -> str:
        where = f" [{self.operation}]" if self.operation else ""
        return f"{describe(self.status)}: {self.message}{where}"

    def __repr__(self) -> str:
        return f"{type(self).__name__}({describe(self.status)}, {self.message!r})"

    def __reduce__(self) -> tuple[Any, ...]:
        return _restore, (int(self.status), self.message, self.operation, self.extended)


class NotFound(WbemError, LookupError):  # noqa: N818 - the name is part of the public API
    """The object, class or namespace does not exist."""

    default_status = WbemStatus.NOT_FOUND


class AccessDenied(WbemError, PermissionError):  # noqa: N818 - the name is part of the public API
    """The caller has no right to do this, or the login was refused."""

    default_status = WbemStatus.ACCESS_DENIED


class Timeout(WbemError, TimeoutError):  # noqa: N818 - the name is part of the public API
    """The call did not end by its deadline."""

    default_status = WbemStatus.TIMED_OUT


class Unreachable(WbemError, ConnectionError):  # noqa: N818 - the name is part of the public API
    """The other machine cannot be reached, or the connection to it was lost."""

    default_status = WbemStatus.TRANSPORT_FAILURE


_CLASS_OF_STATUS: dict[int, type[WbemError]] = {
    WbemStatus.NOT_FOUND: NotFound,
    WbemStatus.INVALID_NAMESPACE: NotFound,
    WbemStatus.INVALID_CLASS: NotFound,
    WbemStatus.ACCESS_DENIED: AccessDenied,
    WbemStatus.PRIVILEGE_NOT_HELD: AccessDenied,
    WbemStatus.ENCRYPTED_CONNECTION_REQUIRED: AccessDenied,
    HResult.E_ACCESSDENIED: AccessDenied,
    WbemStatus.TIMED_OUT: Timeout,
    WbemStatus.PROVIDER_TIMED_OUT: Timeout,
    WbemStatus.TRANSPORT_FAILURE: Unreachable,
    HResult.RPC_S_SERVER_UNAVAILABLE: Unreachable,
    HResult.RPC_S_CALL_FAILED: Unreachable,
    HResult.RPC_E_DISCONNECTED: Unreachable,
}

# The other direction, for exceptions that are not ours: first match wins, so the narrow ones stand first.
_STATUS_OF_CLASS: tuple[tuple[type[BaseException], WbemStatus], ...] = (
    (PermissionError, WbemStatus.ACCESS_DENIED),
    (TimeoutError, WbemStatus.TIMED_OUT),
    (ConnectionError, WbemStatus.TRANSPORT_FAILURE),
    (MemoryError, WbemStatus.OUT_OF_MEMORY),
    (NotImplementedError, WbemStatus.NOT_SUPPORTED),
)


def from_exception(error: BaseException) -> WbemError:
    """The WbemError for whatever was raised: itself, or one with the status of the table (FAILED if it has none)."""
    if isinstance(error, WbemError):
        return error
    status = next((status for kind, status in _STATUS_OF_CLASS if isinstance(error, kind)), WbemStatus.FAILED)
    return WbemError(status, f"{type(error).__name__}: {error}" if str(error) else type(error).__name__)


def _restore(status: int, message: str, operation: str | None, extended: Mapping[str, Any] | None) -> WbemError:
    return WbemError(status, message, operation=operation, extended=extended)
