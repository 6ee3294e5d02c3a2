"""How long a login is kept waiting after others have failed: so that guessing takes years, and mistyping half a second.

Pure state; the time is an argument, in seconds on a clock that only grows. Nobody is ever locked out.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from openwmi.base import limits
from openwmi.base.case import fold

_NOBODY_IN_PARTICULAR: Final = ""


@dataclass(slots=True)
class _Failures:
    count: int
    latest: float


class Throttle:
    """The failures of all connections of a server.

    A login waits for those of the same account from the same address: twice as long after each. Who tries account after
    account waits as well, once that is more than the misspellings of an office behind one address. A login that
    succeeds waits as long as one that fails, or a guesser would know the answer by its not coming.
    """

    def __init__(self) -> None:
        self._failures: dict[tuple[str, str], _Failures] = {}

    def __len__(self) -> int:
        return len(self._failures)

    def failed(self, peer: str, account: str, now: float) -> None:
        """One more login of this account, from this address, was refused."""
        who = fold(account)
        if not who or not self._current(peer, who, now):
            self._count(peer, _NOBODY_IN_PARTICULAR, now)
        if who:
            self._count(peer, who, now)

    def delay(self, peer: str, account: str, now: float) -> float:
        """Seconds that the answer to a login is to be kept back, whatever it is."""
        own = self._current(peer, fold(account), now) if account else 0
        others = self._current(peer, _NOBODY_IN_PARTICULAR, now) - limits.LOGIN_ACCOUNTS_FREE
        steps = max(own, others)
        if steps <= 0:
            return 0.0
        doubled = limits.LOGIN_DELAY_SECONDS * 2 ** (min(steps, 32) - 1)
        return float(min(limits.LOGIN_DELAY_LONGEST_SECONDS, doubled))

    def _current(self, peer: str, who: str, now: float) -> int:
        found = self._failures.get((peer, who))
        if found is None:
            return 0
        if now - found.latest > limits.LOGIN_FORGOTTEN_SECONDS:
            del self._failures[peer, who]
            return 0
        return found.count

    def _count(self, peer: str, who: str, now: float) -> None:
        count = self._current(peer, who, now) + 1
        self._failures.pop((peer, who), None)  # so that the dictionary is in the order of the latest failures
        self._failures[peer, who] = _Failures(count, now)
        while len(self._failures) > limits.LOGIN_FAILURES_KEPT:
            del self._failures[next(iter(self._failures))]
