"""How busy processors are, from two looks at /proc/stat. The first who asks waits COUNTER_SECONDS for the second; for
others it is the next one.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping

from openwmi.base.limits import COUNTER_SECONDS
from openwmi.providers.host import Host

Ticks = Mapping[int, tuple[int, int]]
"""Logical processor -> how long it was busy, and how long it was there, since the start."""


class Load:
    """Keeps the look that the next one is compared with; safe for threads.

    That is one of at least a second ago as soon as there is one, so that many who ask at once all see a second.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._before: Ticks = {}
        self._last: Ticks = {}

    def look(self, host: Host) -> Ticks:
        """What came to each since the look before; nothing for one that was off or is new."""
        found = self._look(host)
        came = max((there for _, there in found.values()), default=0) / host.kernel.ticks
        if came >= COUNTER_SECONDS or host.pause is None:
            return found
        host.pause(COUNTER_SECONDS - came)
        return self._look(host)

    def _look(self, host: Host) -> Ticks:
        now, second = ticks(host), host.kernel.ticks
        with self._lock:
            is_old = any(there >= second for _, there in _since(self._last, now).values())
            before = self._last if is_old or not self._before else self._before
            if is_old or not self._last:
                self._before, self._last = self._last, now
        return _since(before, now)


def percentage(of: Ticks, numbers: Iterable[int]) -> int | None:
    """Of these together, 0 to 100; None until something is known of them."""
    found = [of[number] for number in numbers if number in of]
    busy, there = sum(each[0] for each in found), sum(each[1] for each in found)
    return round(100 * busy / there) if there else None


def ticks(host: Host) -> Ticks:
    """Now. Waiting for a disk is being idle; what another virtual machine took is not."""
    found = {}
    for line in host.lines("/proc/stat"):
        name, *parts = line.split()
        if name.startswith("cpu") and name[3:].isdecimal() and len(parts) > _IOWAIT:
            # The last two, of guests, are in the first two already.
            times = [int(part) for part in parts[:_GUEST]]
            there = sum(times)
            found[int(name[3:])] = (there - times[_IDLE] - times[_IOWAIT], there)
    return found


_IDLE, _IOWAIT, _GUEST = 3, 4, 8


def _since(before: Ticks, now: Ticks) -> Ticks:
    changes = {
        number: (busy - before[number][0], there - before[number][1])
        for number, (busy, there) in now.items()
        if number in before
    }
    # The kernel's counts of idle time may go back a little.
    return {number: (min(max(busy, 0), there), there) for number, (busy, there) in changes.items() if there > 0}
