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
        self.enter(principal)
        return _Held(self, principal)

    def enter(self, principal: str) -> None:
        """One more, without anything that gives it back. QUOTA_VIOLATION."""
        limit = self._limit()
        if self._open[principal] >= limit:
            raise WbemError(WbemStatus.QUOTA_VIOLATION, f"{limit} {self._advice}")
        self._open[principal] += 1

    def leave(self, principal: str) -> None:
        """One less."""
        self._open[principal] -= 1
        if not self._open[principal]:
            del self._open[principal]


class _Held:
    """One that was taken. Called, it is given back, once."""

    __slots__ = ("_allowance", "_principal")

    def __init__(self, allowance: Allowance, principal: str) -> None:
        self._allowance: Allowance | None = allowance
        self._principal = principal

    def __call__(self) -> None:
        allowance, self._allowance = self._allowance, None
        if allowance is not None:
            allowance.leave(self._principal)


class Replies:
    """How many octets of replies with many objects each user has waiting.

    Args:
        untaken: how many of a user's are made, and lie here because no client takes them.
    """

    def __init__(self, untaken: Callable[[str], int]) -> None:
        self._untaken = untaken
        self._making: Counter[str] = Counter()

    def __len__(self) -> int:
        """How many users have some in the making."""
        return len(self._making)

    def grow(self, principal: str, octets: int) -> bool:
        """A reply in the making has so many more; whether it may have more still."""
        self._making[principal] += octets
        return self._making[principal] + self._untaken(principal) <= limits.REPLIES_OCTETS

    def made(self, principal: str, octets: int) -> None:
        """A reply that had grown by so many is made, or will not be."""
        self._making[principal] -= octets
        if not self._making[principal]:
            del self._making[principal]


class Allowances:
    """Those of one server.

    Args:
        untaken: how many octets of a user's answers no client has taken yet.

    Attributes:
        replies: what replies with many objects take.
        enumerators: result sets; each may hold the rows of a whole class.
        results: calls that an IWbemCallResult will tell of.
        sinks: calls whose results go to sinks.
    """

    def __init__(self, untaken: Callable[[str], int]) -> None:
        self.replies = Replies(untaken)
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
