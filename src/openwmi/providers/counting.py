"""Win32_PerfRawData_* and Win32_PerfFormattedData_*: counters as they are, and what is calculated from two looks.

Page wmi-performance-counter-types of the documentation has the formulas; the qualifier CounterType of a property says
which one is its. A class of formatted data has its table made out of that of its raw data.

Rates need two looks. The first request for some properties takes both, COUNTER_SECONDS apart, on the provider's thread;
the next ones are compared with a look that was at least a second ago, so that many who ask at once all see a second.
Windows: there the first answer is 0, which is not true.

A timestamp counts 100 ns. The time between two looks is that of Timestamp_PerfTime, since the clock may be set.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import ClassVar, Generic, TypeAlias, TypeVar

from openwmi.base.case import fold
from openwmi.base.limits import COUNTER_SECONDS
from openwmi.engine.provider import Request, Row
from openwmi.engine.registration import shipped_class
from openwmi.model import CimClass, CimType
from openwmi.providers.host import Host
from openwmi.providers.reading import Column, HostProvider, Null, Reads, RowReader, Table, always

SECOND = 10_000_000
"""In units of 100 ns."""

EPOCH = 11_644_473_600
"""Seconds from 1601, when Windows begins to count, to 1970."""


class Instant:
    """When one look at a host began.

    Attributes:
        since_start: 100 ns since the kernel was started; None where nothing tells.
        filetime: 100 ns since 1601, in UTC.
    """

    def __init__(self, host: Host) -> None:
        uptime = host.uptime()
        self.since_start = None if uptime is None else round(uptime * SECOND)
        self.filetime = filetime(host.now())


def filetime(timestamp: float) -> int:
    """POSIX time as Windows counts it: 100 ns since 1601."""
    return round(timestamp * SECOND) + EPOCH * SECOND


class Counted:
    """What a row of raw data is made of; derive.

    Attributes:
        at: when this look began; the same for all rows of an answer.
        identity: what stays the same from look to look, and differs between two things that had one name.
    """

    def __init__(self, at: Instant, identity: Hashable = "") -> None:
        self.at = at
        self.identity = identity


C = TypeVar("C", bound=Counted)

TIMES: Table[Counted] = {
    "Frequency_Object": always(SECOND),
    "Frequency_PerfTime": always(SECOND),
    "Frequency_Sys100NS": always(SECOND),
    "Timestamp_Object": Reads("as Timestamp_Sys100NS", lambda it: it.at.filetime),
    "Timestamp_PerfTime": Reads("clock_gettime(2) CLOCK_BOOTTIME, in 100 ns", lambda it: it.at.since_start),
    "Timestamp_Sys100NS": Reads("the clock, in 100 ns since 1601", lambda it: it.at.filetime),
}
"""The columns that all raw classes have."""


class RawProvider(HostProvider[C]):
    """A class of raw data; its samples are made anew for each request."""


# ---------------------------------------------------------------------------------------------------- formatted values


@dataclass(frozen=True, slots=True)
class Look:
    """Raw rows, by the identities of what they are about."""

    at: Instant
    rows: Mapping[Hashable, Row]


@dataclass(frozen=True, slots=True)
class Pair:
    """What a row of formatted data is made of: one thing now, and at the look that it is compared with.

    Attributes:
        now, before: raw rows; `before` is None for what is new, and where there is no look to compare with.
        elapsed: 100 ns between the two; None where there is but one.
    """

    now: Row
    before: Row | None = None
    elapsed: int | None = None

    def number(self, name: str) -> int:
        """A raw value now. LookupError where it is NULL."""
        return _number(self.now, name)

    def grown(self, name: str, modulus: int | None = None) -> int:
        """By how much a raw value has grown; one with fewer bits than 64 may have begun again at 0. LookupError."""
        if self.before is None:
            raise LookupError("it was not there before")
        grown = _number(self.now, name) - _number(self.before, name)
        return grown % modulus if modulus else grown

    @property
    def span(self) -> int:
        """100 ns between the looks, more than none. LookupError."""
        if not self.elapsed or self.elapsed < 0:
            raise LookupError("no time has gone by")
        return self.elapsed


Formula: TypeAlias = Callable[[Pair, str, int | None], int]


def _rate(pair: Pair, name: str, modulus: int | None) -> int:
    """A counter of 32 bits that seems to have grown by half of what it can say has rather gone back."""
    grown = pair.grown(name, modulus)
    if grown < 0 or (modulus and grown >= modulus // 2):
        raise LookupError("the counter began again")
    rate = round(grown * SECOND / pair.span)
    if modulus and rate >= modulus:
        raise LookupError("the counter has not as many bits")
    return rate


def _timer(pair: Pair, name: str, modulus: int | None) -> int:
    return max(0, round(100 * pair.grown(name, modulus) / pair.span))


def _inverse_timer(pair: Pair, name: str, modulus: int | None) -> int:
    # The kernel's counts of idle time may go back a little.
    return min(100, max(0, round(100 - 100 * pair.grown(name, modulus) / pair.span)))


def _queue_length(pair: Pair, name: str, modulus: int | None) -> int:
    return max(0, round(pair.grown(name, modulus) / pair.span))


def _precise_timer(pair: Pair, name: str, modulus: int | None) -> int:
    grown, base = pair.grown(name, modulus), pair.grown(f"{name}_Base")
    if base <= 0:
        raise LookupError("no time has gone by")
    return max(0, round(100 * grown / base))


def _average(pair: Pair, name: str, modulus: int | None) -> int:
    """0 where nothing was done, as the page says."""
    grown, base = pair.grown(name, modulus), pair.grown(f"{name}_Base", _MODULUS)
    if grown < 0:
        raise LookupError("the counter began again")
    return round(grown / base) if base else 0


def _average_timer(pair: Pair, name: str, modulus: int | None) -> int:
    grown, base = pair.grown(name, modulus), pair.grown(f"{name}_Base", _MODULUS)
    return round(grown / SECOND / base) if base else 0


def _fraction(pair: Pair, name: str, modulus: int | None) -> int:
    del modulus
    base = pair.number(f"{name}_Base")
    if not base:
        raise LookupError("it is a part of nothing")
    return round(100 * pair.number(name) / base)


def _elapsed(pair: Pair, name: str, modulus: int | None) -> int:
    del modulus
    return max(0, pair.number("Timestamp_Object") - pair.number(name)) // SECOND


def _as_it_is(pair: Pair, name: str, modulus: int | None) -> int:
    del modulus
    return pair.number(name)


@dataclass(frozen=True, slots=True)
class _Kind:
    """A counter type: its formula, and how the source of the raw value goes on where it is used."""

    formula: Formula
    words: str = ""
    has_base: bool = False
    needs_two: bool = True


_SINCE = "; NULL of what is new"

KINDS: Mapping[int, _Kind] = {
    0x00010000: _Kind(_as_it_is, needs_two=False),  # PERF_COUNTER_RAWCOUNT
    0x00010100: _Kind(_as_it_is, needs_two=False),  # PERF_COUNTER_LARGE_RAWCOUNT
    0x00550500: _Kind(_queue_length, f", how many at a time{_SINCE}"),  # PERF_COUNTER_100NS_QUEUELEN_TYPE
    0x10410400: _Kind(_rate, f", a second{_SINCE}"),  # PERF_COUNTER_COUNTER
    0x10410500: _Kind(_rate, f", a second{_SINCE}"),  # PERF_COUNTER_BULK_COUNT
    0x20020400: _Kind(_fraction, ", in percent", has_base=True, needs_two=False),  # PERF_RAW_FRACTION
    0x20510500: _Kind(_timer, f", in percent of the time{_SINCE}"),  # PERF_100NSEC_TIMER
    0x20570500: _Kind(_precise_timer, f", in percent of the time{_SINCE}", has_base=True),  # PERF_PRECISION_100NS_TIMER
    0x21510500: _Kind(_inverse_timer, f", the rest to 100 percent{_SINCE}"),  # PERF_100NSEC_TIMER_INV
    0x30020400: _Kind(_average_timer, f", seconds of each{_SINCE}", has_base=True),  # PERF_AVERAGE_TIMER
    0x30240500: _Kind(_elapsed, ", in seconds until now", needs_two=False),  # PERF_ELAPSED_TIME
    0x40020500: _Kind(_average, f", of each{_SINCE}", has_base=True),  # PERF_AVERAGE_BULK
}
"""Counter type -> how it is calculated. Those of bases are not here, since nobody shows a base."""

_MODULUS = 1 << 32


def formatted(raw: type[RawProvider[C]]) -> Table[Pair]:
    """The table of a formatted class, from that of its raw class."""
    class_ = shipped_class(str(raw.cim_class))
    table: dict[str, Column[Pair]] = {name: Null("the values are formatted already") for name in TIMES}
    for name, column in raw.table.items():
        if name not in TIMES and not name.endswith("_Base"):
            table[name] = _cooked(class_, name, column)
    return table


def _cooked(class_: CimClass, name: str, column: Column[C]) -> Column[Pair]:
    if isinstance(column, Null):
        return column
    kind = _kind(class_, name)
    if kind is None:
        return Reads(column.source, lambda pair: pair.now[name])
    modulus = _MODULUS if class_.property(name).type.cim is CimType.UINT32 else None
    return Reads(column.source + kind.words, lambda pair: kind.formula(pair, name, modulus))


def _kind(class_: CimClass, name: str) -> _Kind | None:
    counter_type = class_.property(name).qualifiers.get("CounterType")
    return None if counter_type is None else KINDS[int(str(counter_type.value))]


class FormattedProvider(HostProvider[Pair], Generic[C]):
    """A class of formatted data; derive, and name the raw one.

    Attributes:
        raw: the provider of the raw data.
    """

    raw: ClassVar[type[RawProvider]]  # type: ignore[type-arg]  # no class variable can be of a class's own type variable

    def __init__(self, host: Host | None = None) -> None:
        super().__init__(host)
        self._raw: RawProvider[C] = self.raw(self.host)
        self._raw_class = shipped_class(str(self._raw.cim_class))
        self._history = History()

    def samples(self, request: Request) -> Iterator[Pair]:
        names, rates = self._raw_names(request)
        asked = Request(request.context, self._raw_class, frozenset(map(fold, names)))
        look = self._look(asked)
        if look is None:
            return
        before = self._history.compared(frozenset(rates), look) if rates else None
        wait = _missing(before, look.at) if rates else 0
        if wait > 0 and self.host.pause is not None:
            self.host.pause(wait)
            look = self._look(asked)
            if look is None:
                return
            before = self._history.compared(frozenset(rates), look)
        elapsed = _between(before, look.at)
        for identity, row in look.rows.items():
            yield Pair(row, self.earlier(identity, look, before) if before else None, elapsed)

    def earlier(self, identity: Hashable, now: Look, before: Look) -> Row | None:  # noqa: ARG002 - of each by itself
        """The raw row that the one of `now` is compared with; None where there was none."""
        return before.rows.get(identity)

    def _look(self, asked: Request) -> Look | None:
        """None where there is nothing."""
        reader = RowReader(self._raw, asked, filtering=False)
        at: Instant | None = None
        rows: dict[Hashable, Row] = {}
        for sample in self._raw.samples(asked):
            at = at or sample.at
            row = reader.row(sample)
            if row is not None:
                rows[sample.identity] = row
        return None if at is None else Look(at, rows)

    def _raw_names(self, request: Request) -> tuple[list[str], list[str]]:
        """What must be read of the raw data for a request, and what of that is compared with an earlier look."""
        names, rates = [], []
        for name in self.table:
            if name not in self._raw.table or not (request.wants(name) or name in request.equalities):
                continue
            kind = _kind(self._raw_class, name)
            needed = [name]
            if kind and kind.has_base:
                needed.append(f"{name}_Base")
            if kind and kind.formula is _elapsed:
                needed.append("Timestamp_Object")
            names += needed
            if kind and kind.needs_two:
                rates += needed
        return names, rates


class History:
    """The looks that the next ones are compared with, apart for each set of properties; safe for threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._kept: OrderedDict[Hashable, tuple[Look | None, Look]] = OrderedDict()

    def compared(self, names: Hashable, now: Look) -> Look | None:
        """The look at the same properties that this one is compared with; None for the first."""
        with self._lock:
            before, last = self._kept.get(names, (None, None))
            if last is None:
                self._kept[names] = (None, now)
                if len(self._kept) > _SHAPES:
                    self._kept.popitem(last=False)
                return None
            self._kept.move_to_end(names)
            if (_between(last, now.at) or 0) >= SECOND:
                self._kept[names] = (last, now)
                return last
            return before or last


_SHAPES = 16  # sets of properties that are asked for in turn: more than a monitor has, and little memory


def _between(before: Look | None, at: Instant) -> int | None:
    if before is None or at.since_start is None or before.at.since_start is None:
        return None
    return at.since_start - before.at.since_start


def _missing(before: Look | None, at: Instant) -> float:
    """Seconds until there is a rate to speak of; 0 where there is one, or never will be."""
    if at.since_start is None:
        return 0
    between = _between(before, at) or 0
    return max(0.0, COUNTER_SECONDS - between / SECOND)


def _number(row: Row, name: str) -> int:
    found = row.get(name)
    if not isinstance(found, int):
        raise LookupError(f"{name} is not known")
    return found


def added(numbers: Iterable[int | None], missing: int | None = None) -> int | None:
    """The sum; what is not known counts as `missing`, and makes the sum unknown where that is None."""
    total: int | None = None
    for number in numbers:
        each = missing if number is None else number
        if each is None:
            return None
        total = each + (total or 0)
    return total
