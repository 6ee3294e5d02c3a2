"""How a method of a face is written: its body raises, and its caller gets an HRESULT.

    @com_method(outs=3)
    def Get(self, wszName: str, lFlags: int = 0) -> tuple[int, Value, int | None, int | None]:
        ...
        return S_OK, value, cimtype, flavor

A body that raises WbemError, or one of the errors for which there is a status, makes the method return that HRESULT,
with None for each out parameter, and becomes this thread's last failure. What is a mistake in a program, such as too
few arguments or a blocking call on the loop's own thread, is raised.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar, cast

from openwmi.base.error import WbemError
from openwmi.base.status import WbemStatus
from openwmi.blocking.com.failure import RETURNED, hresult, set_error

P = ParamSpec("P")
R = TypeVar("R", bound="int | tuple[object, ...]")


def com_method(
    outs: int = 0, code_of: Callable[[BaseException], int] = hresult
) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Decorates a method that returns its HRESULT alone (`outs` 0), or a tuple of it and so many out parameters.

    `code_of` says which HRESULT an error is: not all headers have the same ones.
    """
    nothing = (None,) * outs

    def decorate(body: Callable[P, R]) -> Callable[P, R]:
        @wraps(body)
        def method(*arguments: P.args, **named: P.kwargs) -> R:
            try:
                return body(*arguments, **named)
            except RETURNED as error:
                set_error(error)
                code = code_of(error)
                return cast(R, (code, *nothing) if outs else code)

        vars(method)["outs_"] = outs
        return method

    return decorate


def require(condition: object, problem: str) -> None:
    """INVALID_PARAMETER with that text, unless the condition holds."""
    if not condition:
        raise WbemError(WbemStatus.INVALID_PARAMETER, problem)


def require_no_flags(flags: int) -> None:
    """INVALID_PARAMETER for any flag: where MSDN says "Reserved. This parameter must be 0 (zero)"."""
    if flags != 0:
        raise WbemError(WbemStatus.INVALID_PARAMETER, f"lFlags is reserved here and must be 0, not {flags!r}")
