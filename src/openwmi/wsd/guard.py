"""What keeps a device from being used against others, and from being kept busy: what is remembered is bounded.

Discovery answers strangers over UDP, who may not be who they say. So nobody is sent much more than came from his
address, copies are answered once, and each source, and all together, have a rate.
"""

from __future__ import annotations

from collections import OrderedDict

from openwmi.base.limits import (
    DISCOVERY_ALL_ANSWERS,
    DISCOVERY_ALL_ANSWERS_PER_SECOND,
    DISCOVERY_ALL_READS,
    DISCOVERY_ALL_READS_PER_SECOND,
    DISCOVERY_AMPLIFICATION,
    DISCOVERY_ANSWERS,
    DISCOVERY_ANSWERS_PER_SECOND,
    DISCOVERY_CREDIT_OCTETS,
    DISCOVERY_CREDIT_SECONDS,
    DISCOVERY_READS,
    DISCOVERY_READS_PER_SECOND,
    DISCOVERY_SEEN,
    DISCOVERY_SOURCES,
)

KILOBYTE = 1024


class Seen:
    """The last messages by their names: whether one is a copy."""

    def __init__(self, limit: int = DISCOVERY_SEEN) -> None:
        self._limit = limit
        self._names: OrderedDict[str, None] = OrderedDict()

    def __len__(self) -> int:
        return len(self._names)

    def before(self, name: str) -> bool:
        """Whether it was asked for before; from now on it was."""
        known = name in self._names
        if known:
            self._names.move_to_end(name)
        else:
            self._names[name] = None
            if len(self._names) > self._limit:
                self._names.popitem(last=False)
        return known


class Bucket:
    """So many at once, and then so many a second."""

    __slots__ = ("_filled", "_left", "_per_second", "_size")

    def __init__(self, size: float, per_second: float, now: float) -> None:
        self._size = self._left = size
        self._per_second = per_second
        self._filled = now

    def take(self, now: float, cost: float = 1) -> bool:
        """Whether there are so many left. A clock that goes back gives nothing and takes nothing."""
        self._left = min(self._size, self._left + max(0.0, now - self._filled) * self._per_second)
        self._filled = now
        if self._left < cost:
            return False
        self._left -= cost
        return True


class _Source:
    __slots__ = ("answers", "credit", "heard", "reads")

    def __init__(self, now: float) -> None:
        self.reads = Bucket(DISCOVERY_READS, DISCOVERY_READS_PER_SECOND, now)
        self.answers = Bucket(DISCOVERY_ANSWERS, DISCOVERY_ANSWERS_PER_SECOND, now)
        self.credit = 0.0
        self.heard = now


class Guard:
    """The accounts of all sources."""

    def __init__(self, limit: int = DISCOVERY_SOURCES) -> None:
        self._limit = limit
        self._sources: OrderedDict[str, _Source] = OrderedDict()
        self._reads: Bucket | None = None
        self._answers: Bucket | None = None

    def __len__(self) -> int:
        return len(self._sources)

    def may_read(self, host: str, now: float, octets: int = 0) -> bool:
        """Whether a datagram from there, of so many octets, is worth looking into."""
        source = self._sources.get(host)
        if source is None:
            source = self._sources[host] = _Source(now)
            if len(self._sources) > self._limit:
                self._sources.popitem(last=False)
        else:
            self._sources.move_to_end(host)
        if self._reads is None:
            self._reads = Bucket(DISCOVERY_ALL_READS, DISCOVERY_ALL_READS_PER_SECOND, now)
        cost = max(1, octets / KILOBYTE)
        return source.reads.take(now, cost) and self._reads.take(now, cost)

    def received(self, host: str, octets: int, now: float) -> None:
        """A message came from there that makes sense."""
        source = self._sources.get(host)
        if source is not None:
            if abs(now - source.heard) > DISCOVERY_CREDIT_SECONDS:
                source.credit = 0.0
            source.heard = now
            source.credit = min(DISCOVERY_CREDIT_OCTETS, source.credit + octets * DISCOVERY_AMPLIFICATION)

    def may_answer(self, host: str, now: float) -> bool:
        """Whether one more answer goes there."""
        source = self._sources.get(host)
        if source is None or not source.answers.take(now):
            return False
        if self._answers is None:
            self._answers = Bucket(DISCOVERY_ALL_ANSWERS, DISCOVERY_ALL_ANSWERS_PER_SECOND, now)
        return self._answers.take(now)

    def is_worth(self, host: str, octets: int) -> bool:
        """Whether so many octets may go there."""
        source = self._sources.get(host)
        return source is not None and source.credit >= octets

    def may_send(self, host: str, octets: int) -> bool:
        """Whether so many octets may go there; if so, they are gone."""
        source = self._sources.get(host)
        if source is None or source.credit < octets:
            return False
        source.credit -= octets
        return True
