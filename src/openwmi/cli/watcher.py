"""Who looks at a server that `openwmi serve` runs: counts, and a line of the log for each session and each failure."""

from __future__ import annotations

import logging
from collections.abc import Callable

from openwmi.base.status import describe
from openwmi.cli.figures import Figures, status_name
from openwmi.cli.journal import note
from openwmi.server import Ended, Visit


class Watcher:
    """An observer of a server.

    Args:
        figures: where it counts.
        clock: the loop's.
    """

    def __init__(self, figures: Figures, clock: Callable[[], float]) -> None:
        self._figures = figures
        self._clock = clock

    def session_began(self, visit: Visit) -> None:
        self._figures.sessions += 1
        self._figures.all_sessions += 1
        note(logging.INFO, "session_began", f"{_who(visit)} logged in", **_fields(visit))

    def session_ended(self, visit: Visit) -> None:
        self._figures.sessions -= 1
        seconds = self._clock() - visit.began
        text = (
            f"{_who(visit)} left after {seconds:.1f} s: {visit.calls:,} calls, {visit.failures:,} failed, "
            f"{visit.objects:,} objects"
        )
        counts = {"calls": visit.calls, "failures": visit.failures, "objects": visit.objects}
        note(logging.INFO, "session_ended", text, **_fields(visit), seconds=round(seconds, 3), **counts)

    def call_ended(self, visit: Visit, call: Ended) -> None:
        self._figures.count(call)
        if call.failed:
            text = f"{_who(visit)}: {call.method} failed after {call.seconds:.3f} s: {describe(call.status)}"
            named = {"call": call.method, "status": status_name(call.status), "code": call.status & 0xFFFFFFFF}
            note(logging.INFO, "call_failed", text, **_fields(visit), **named, seconds=round(call.seconds, 6))

    def login_refused(self, peer: str) -> None:  # noqa: ARG002 - openwmi.security has logged it, and why
        self._figures.refused += 1


def _who(visit: Visit) -> str:
    return f"session {visit.number}, {visit.user} from {visit.peer} in {visit.namespace}"


def _fields(visit: Visit) -> dict[str, object]:
    return {"session": visit.number, "user": visit.user, "peer": visit.peer, "namespace": visit.namespace}
