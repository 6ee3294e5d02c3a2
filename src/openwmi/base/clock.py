"""Time as a value. Nothing below `operation` asks what time it is: a clock or a deadline is passed in."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol


class Clock(Protocol):
    """Where a room gets its time from; tests pass one that they move themselves."""

    def monotonic(self) -> float:
        """Seconds that only grow, from an unspecified start: for deadlines."""
        ...

    def wall(self) -> datetime:
        """The date and time, aware of its offset: for what people read."""
        ...


@dataclass(frozen=True, slots=True)
class Deadline:
    """A point on the monotonic clock by which something must have ended; `at` None means never."""

    at: float | None = None

    @classmethod
    def after(cls, now: float, seconds: float | None) -> Deadline:
        """`seconds` from `now`; None is never, and so is infinity."""
        return cls(None if seconds is None or seconds == float("inf") else now + max(0.0, seconds))

    def remaining(self, now: float) -> float | None:
        """Seconds left, never below 0; None where there is no end."""
        return None if self.at is None else max(0.0, self.at - now)

    def passed(self, now: float) -> bool:
        return self.at is not None and now >= self.at

    def earlier(self, other: Deadline) -> Deadline:
        """Whichever of the two comes first."""
        if self.at is None or (other.at is not None and other.at < self.at):
            return other
        return self


NEVER = Deadline()
