"""What has to be sent, and when: delays, and the copies of SOAP-over-UDP (appendix I of each version)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from heapq import heappop, heappush
from itertools import count
from random import Random

from openwmi.net.datagram import Endpoint
from openwmi.net.interfaces import Interface
from openwmi.soap import Timing


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A datagram to be sent now, by that interface."""

    data: bytes
    to: Endpoint
    interface: Interface


@dataclass(slots=True, eq=False)
class Posted:
    """A datagram that waits for its moment.

    Attributes:
        forms: what may be sent, the best first: an answer that is too long for its asker has a shorter one.
        asker: who is answered; None for what nobody asked for.
        copies: how many will follow the first.
        wait: seconds until the next of them; 0 before the first.
        expires: when nobody waits for it any more.
    """

    forms: tuple[bytes, ...]
    to: Endpoint
    interface: Interface
    copies: int
    expires: float
    asker: str | None = None
    wait: float = field(default=0.0)


Choose = Callable[[Posted], bytes | None]
"""Which form goes out; None for none of them."""


class Outbox:
    """A heap of them, by time. Never more than `limit`: what comes then is not sent.

    Args:
        timing: how copies follow each other.
        chance: for delays.
        limit: how many may wait.
    """

    def __init__(self, timing: Timing, chance: Random, limit: int) -> None:
        self._timing = timing
        self._chance = chance
        self._limit = limit
        self._waiting: list[tuple[float, int, Posted]] = []
        self._number = count()

    def __len__(self) -> int:
        return len(self._waiting)

    def post(self, when: float, posted: Posted) -> bool:
        """Whether there was room for it."""
        if len(self._waiting) >= self._limit:
            return False
        heappush(self._waiting, (when, next(self._number), posted))
        return True

    def deadline(self) -> float | None:
        """When `due` has something next."""
        return self._waiting[0][0] if self._waiting else None

    def due(self, now: float, choose: Choose) -> list[Outgoing]:
        """What has to be sent by now. However late it is asked, each goes out once, and its copy some time later."""
        found = []
        ready = []
        while self._waiting and self._waiting[0][0] <= now:
            ready.append(heappop(self._waiting)[2])
        for posted in ready:
            if now > posted.expires:
                continue
            data = choose(posted)
            if data is not None:
                found.append(Outgoing(data, posted.to, posted.interface))
            if posted.copies > 0:
                posted.copies -= 1
                heappush(self._waiting, (now + self._next_wait(posted), next(self._number), posted))
        return found

    def drop(self, unwanted: Callable[[Posted], bool]) -> None:
        """Forgets some."""
        self._waiting = [entry for entry in self._waiting if not unwanted(entry[2])]
        self._waiting.sort()

    def _next_wait(self, posted: Posted) -> float:
        timing = self._timing
        if not posted.wait:
            posted.wait = self._chance.uniform(timing.min_delay, timing.max_delay)
        else:
            posted.wait = min(2 * posted.wait, timing.upper_delay)
        return posted.wait
