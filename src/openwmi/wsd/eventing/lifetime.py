"""How long a subscription lasts, and when it is renewed. All times are seconds of one clock, passed in.

    lifetime.grant(600, sent)       the source said so, to what was sent then
    lifetime.at                     when to renew it
    lifetime.retry(now)             that failed: False where there is no time for another attempt

It is renewed in the middle of its life. An attempt that fails for want of a network is repeated, soon and then less
often, while there is life left: so it outlasts a break that is shorter than half of it.
"""

from __future__ import annotations

from typing import Final

from openwmi.base.eventing_limits import EVENTS_CHECK_SECONDS, EVENTS_LEAST_SECONDS, EVENTS_RETRY_SECONDS

FIRST: Final = 1.0
"""After so many seconds a renewal that failed is tried again; then twice as many, and so on."""


class Lifetime:
    """Of one subscription.

    Attributes:
        ends: when it is over; None where the source keeps it for ever.
        at: when to renew it. One that is kept for ever is renewed, too, since a source may have forgotten it.
    """

    __slots__ = ("_wait", "at", "ends")

    def __init__(self, now: float) -> None:
        self.ends: float | None = None
        self.at = now
        self._wait = FIRST

    def grant(self, seconds: float | None, sent: float) -> None:
        """The source gave it so many seconds; None for ever. They are counted from when it was asked."""
        self._wait = FIRST
        if seconds is None:
            self.ends, self.at = None, sent + EVENTS_CHECK_SECONDS
        else:
            self.ends = sent + seconds
            self.at = sent + min(max(seconds / 2, EVENTS_LEAST_SECONDS), EVENTS_CHECK_SECONDS)

    def patience(self, now: float, most: float) -> float:
        """How long an answer to a renewal may take: there has to be time left for another attempt."""
        if self.ends is None:
            return most
        return min(most, max((self.ends - now) / 2, EVENTS_LEAST_SECONDS))

    def retry(self, now: float) -> bool:
        """A renewal has failed: whether there is time for another, at `at`."""
        if self.ends is None:  # from now on it counts as one that ends
            self.ends = now + EVENTS_CHECK_SECONDS
        wait = min(self._wait, max((self.ends - now) / 2, EVENTS_LEAST_SECONDS))
        self._wait = min(2 * self._wait, EVENTS_RETRY_SECONDS)
        self.at = now + wait
        return self.at < self.ends
