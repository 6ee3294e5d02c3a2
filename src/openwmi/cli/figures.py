"""What a server has done since it began, in numbers: for a terminal, for people who ask, and for Prometheus.

No name of a user and no address is in any of it, so that it can be shown to whoever may connect.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator

from openwmi import __version__
from openwmi.base.status import lookup
from openwmi.server import Ended

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"


class Figures:
    """Counts.

    Args:
        connections: how many are open now.
        clock: seconds that go on evenly.
        wall: seconds since 1970.

    Attributes:
        sessions: that are open now.
        all_sessions: that ever began.
        refused: logins.
        calls: that have ended, by method and status.
        seconds, objects: of these calls together, by method.
        failures: those of the calls that came to a bad end.
    """

    def __init__(
        self,
        connections: Callable[[], int] = lambda: 0,
        clock: Callable[[], float] = time.monotonic,
        wall: Callable[[], float] = time.time,
    ) -> None:
        self.connections = connections
        self._clock = clock
        self._began = clock()
        self._began_at = wall()
        self.sessions = self.all_sessions = self.refused = self.failures = 0
        self.calls: Counter[tuple[str, int]] = Counter()
        self.seconds: dict[str, float] = {}
        self.objects: Counter[str] = Counter()
        self.total = 0
        self._last = (self._began, 0)

    def count(self, call: Ended) -> None:
        """One more call."""
        self.total += 1
        self.failures += call.failed
        self.calls[call.method, call.status] += 1
        self.seconds[call.method] = self.seconds.get(call.method, 0.0) + call.seconds
        self.objects[call.method] += call.objects

    @property
    def uptime(self) -> float:
        """Seconds."""
        return self._clock() - self._began

    def rate(self) -> float:
        """Calls a second since this was asked last."""
        (then, before), now = self._last, self._clock()
        self._last = now, self.total
        return (self.total - before) / (now - then) if now > then else 0.0

    def line(self) -> str:
        """Such as `2 sessions, 1,204 calls, 3 failed, 12.4 calls/s`."""
        sessions = "1 session" if self.sessions == 1 else f"{self.sessions:,} sessions"
        calls = "1 call" if self.total == 1 else f"{self.total:,} calls"
        return f"{sessions}, {calls}, {self.failures:,} failed, {self.rate():.1f} calls/s"

    def fields(self) -> dict[str, object]:
        """The sums, for a record."""
        return {
            "uptime": round(self.uptime, 3),
            "connections": self.connections(),
            "sessions": self.sessions,
            "all_sessions": self.all_sessions,
            "refused": self.refused,
            "calls": self.total,
            "failures": self.failures,
            "objects": self.objects.total(),
        }

    def table(self) -> str:
        """For people: the sums, and a line for each method and how its calls ended."""
        sums = f"up {self.uptime:,.0f} s, {self.connections():,} connections, {self.sessions:,} sessions"
        lines = [
            f"{sums} of {self.all_sessions:,} ever, {self.refused:,} logins refused, {self.total:,} calls",
            f"{'method':<28}{'calls':>12}{'mean ms':>12}{'objects':>14}  ended with",
        ]
        for method, count in sorted(self._by_method().items()):
            mean = self.seconds[method] / count * 1000
            ends = ", ".join(f"{status_name(status)} {times:,}" for status, times in sorted(self._ends(method)))
            lines.append(f"{method:<28}{count:>12,}{mean:>12,.2f}{self.objects[method]:>14,}  {ends}")
        return "\n".join(lines)

    def prometheus(self) -> str:
        """Prometheus' text format, 0.0.4."""
        return "".join(f"{line}\n" for line in self._lines())

    def _lines(self) -> Iterator[str]:
        for name, kind, said, value in (
            ("start_time_seconds", "gauge", "When the server began, in seconds since 1970.", self._began_at),
            ("connections", "gauge", "Connections that are open.", self.connections()),
            ("sessions", "gauge", "Sessions that are open: users in a namespace.", self.sessions),
            ("sessions_total", "counter", "Sessions that ever began.", self.all_sessions),
            ("logins_refused_total", "counter", "Logins that were refused.", self.refused),
        ):
            yield from _header(name, kind, said)
            yield f"openwmi_{name} {value}"
        yield from _header("info", "gauge", "The version, as a label.")
        yield f'openwmi_info{{version="{__version__}"}} 1'
        yield from _header("calls_total", "counter", "Calls that have ended, by method of IWbemServices and status.")
        for (method, status), times in sorted(self.calls.items()):
            yield f'openwmi_calls_total{{method="{method}",status="{status_name(status)}"}} {times}'
        yield from _header("call_seconds", "summary", "From a request to the end of its call.")
        for method, times in sorted(self._by_method().items()):
            yield f'openwmi_call_seconds_sum{{method="{method}"}} {self.seconds[method]:.6f}'
            yield f'openwmi_call_seconds_count{{method="{method}"}} {times}'
        yield from _header("objects_total", "counter", "Objects that calls gave.")
        for method in sorted(self.seconds):
            yield f'openwmi_objects_total{{method="{method}"}} {self.objects[method]}'

    def _by_method(self) -> Counter[str]:
        counted: Counter[str] = Counter()
        for (method, _), times in self.calls.items():
            counted[method] += times
        return counted

    def _ends(self, method: str) -> Iterator[tuple[int, int]]:
        return ((status, times) for (name, status), times in self.calls.items() if name == method)


def status_name(status: int) -> str:
    """Such as WBEM_E_NOT_FOUND; the number where it has no name."""
    known = lookup(status)
    return f"0x{status & 0xFFFFFFFF:08X}" if known is None else known.symbol


def _header(name: str, kind: str, said: str) -> Iterator[str]:
    yield f"# HELP openwmi_{name} {said}"
    yield f"# TYPE openwmi_{name} {kind}"
