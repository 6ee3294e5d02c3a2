"""How long a login is kept waiting after others have failed: so that guessing takes years, and mistyping half a second.

Pure state; the time is an argument, in seconds on a clock that only grows. Nobody is locked out for longer than others
go on guessing, from the same address. Logins are looked at on several threads at once, and failures that run into each
other must not be forgotten.
"""

from __future__ import annotations

from dataclasses import dataclass
from threading import Lock
from typing import Final

from openwmi.base import limits
from openwmi.base.case import fold
from openwmi.base.origin import origin

_NOBODY_IN_PARTICULAR: Final = ""


@dataclass(slots=True)
class _Failures:
    count: int
    latest: float
    busy: float = 0.0  # until when answers are kept back already


class Throttle:
    """The failures of all connections of a server.

    A login waits for those of the same account from the same address: twice as long after each, and one after the
    other, or a guesser would open a hundred connections. Who tries account after account waits as well, once that is
    more than the misspellings of an office behind one address. A login that succeeds waits as long as one that fails,
    or a guesser would know the answer by its not coming; then its account has a clean slate.
    """

    def __init__(self) -> None:
        self._failures: dict[tuple[str, str], _Failures] = {}
        self._lock = Lock()

    def __len__(self) -> int:
        return len(self._failures)

    def failed(self, peer: str, account: str, now: float) -> None:
        """One more login of this account, from this address, was refused."""
        peer, who = origin(peer), fold(account)
        with self._lock:
            if not who or not self._current(peer, who, now):
                self._count(peer, _NOBODY_IN_PARTICULAR, now)
            if who:
                self._count(peer, who, now)

    def succeeded(self, peer: str, account: str) -> None:
        """Who knows the password only mistyped it. Not to be said before the login has been answered."""
        with self._lock:
            self._failures.pop((origin(peer), fold(account)), None)

    def delay(self, peer: str, account: str, now: float) -> float:
        """Seconds that the answer to a login is to be kept back, whatever it is. Asked once for each.

        More than LOGIN_SECONDS: there are so many before it that it must not be answered at all, and holds up no other.
        """
        peer, who = origin(peer), fold(account)
        with self._lock:
            return self._delay(peer, who, now)

    def _delay(self, peer: str, who: str, now: float) -> float:
        own = self._current(peer, who, now) - limits.LOGIN_FAILURES_FREE if who else 0
        others = self._current(peer, _NOBODY_IN_PARTICULAR, now) - limits.LOGIN_ACCOUNTS_FREE
        steps = max(own, others)
        if steps <= 0:
            return 0.0
        doubled = limits.LOGIN_DELAY_SECONDS * 2 ** (min(steps, 32) - 1)
        found = self._failures[peer, who if own >= others else _NOBODY_IN_PARTICULAR]
        until = max(now, found.busy) + float(min(limits.LOGIN_DELAY_LONGEST_SECONDS, doubled))
        if until - now <= limits.LOGIN_SECONDS:
            found.busy = until
        return until - now

    def _current(self, peer: str, who: str, now: float) -> int:
        found = self._failures.get((peer, who))
        if found is None:
            return 0
        if now - found.latest > limits.LOGIN_FORGOTTEN_SECONDS:
            del self._failures[peer, who]
            return 0
        return found.count

    def _count(self, peer: str, who: str, now: float) -> None:
        self._current(peer, who, now)
        found = self._failures.pop((peer, who), _Failures(0, now))  # and in again: in the order of the latest failures
        found.count, found.latest = found.count + 1, now
        self._failures[peer, who] = found
        while len(self._failures) > limits.LOGIN_FAILURES_KEPT:
            del self._failures[next(iter(self._failures))]
