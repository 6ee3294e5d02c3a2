"""How much of something a user may leave open, of which each may hold a lot, and nothing else counts it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping

from openwmi.base import limits
from openwmi.base.error import WbemError
from openwmi.base.status import WbemStatus


class Allowance:
    """Shared by all connections of a server.

    Args:
        limit: how many one user may have; read when one is taken.
        advice: what there are, and what to do.

    Attributes:
        open: how many each user has.
    """

    def __init__(self, limit: Callable[[], int], advice: str) -> None:
        self._limit = limit
        self._advice = advice
        self._open: Counter[str] = Counter()

    @property
    def open(self) -> Mapping[str, int]:
        return self._open

    def take(self, principal: str) -> Callable[[], None]:
        """One more; what is returned gives it back, once. QUOTA_VIOLATION where there are too many."""
        limit = self._limit()
        if self._open[principal] >= limit:
            raise WbemError(WbemStatus.QUOTA_VIOLATION, f"{limit} {self._advice}")
        self._open[principal] += 1
        return _Held(self._open, principal)


class _Held:
    """One that was taken. Called, it is given back, once."""

    __slots__ = ("_open", "_principal")

    def __init__(self, open_: Counter[str], principal: str) -> None:
        self._open: Counter[str] | None = open_
        self._principal = principal

    def __call__(self) -> None:
        open_, self._open = self._open, None
        if open_ is not None:
            open_[self._principal] -= 1
            if not open_[self._principal]:
                del open_[self._principal]


class Allowances:
    """Those of one server.

    Attributes:
        enumerators: result sets; each may hold the rows of a whole class.
        results: calls that an IWbemCallResult will tell of.
        sinks: calls whose results go to sinks.
    """

    def __init__(self) -> None:
        self.enumerators = Allowance(
            lambda: limits.ENUMERATORS_PER_PRINCIPAL,
            "enumerators with results are open: read them to the end, or release some",
        )
        self.results = Allowance(
            lambda: limits.CALL_RESULTS_PER_PRINCIPAL,
            "calls are under way or have results that nobody released: wait for some, and release them",
        )
        self.sinks = Allowance(
            lambda: limits.ASYNC_CALLS_PER_PRINCIPAL, "asynchronous calls are under way: wait for some, or cancel them"
        )
