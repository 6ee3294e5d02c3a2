"""Win32_PerfRawData_PerfOS_Processor and its formatted values: the logical processors, and all of them.

Page win32-perfformatteddata-perfos-processor. `_Total` has the mean of the times, so that its percentages go to 100,
and the sum of what is counted. What another virtual machine took is busy; waiting for a disk is being idle.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cached_property
from typing import TypeAlias

from openwmi.engine.provider import Request
from openwmi.providers.counting import (
    SECOND,
    TIMES,
    Counted,
    FormattedProvider,
    Instant,
    Pair,
    RawProvider,
    added,
    formatted,
)
from openwmi.providers.host import Host
from openwmi.providers.reading import Null, Reads, Table

CPUS = "/sys/devices/system/cpu"
TOTAL = "_Total"


class Machine:
    """What all processors of one look have in common; each file is read once."""

    def __init__(self, host: Host) -> None:
        self.host = host
        self.at = Instant(host)

    @cached_property
    def stat(self) -> Mapping[str, list[int]]:
        """/proc/stat."""
        lines = [line.split() for line in self.host.lines("/proc/stat")]
        return {line[0]: [int(part) for part in line[1:]] for line in lines if line}

    @cached_property
    def numbers(self) -> list[int]:
        """The processors that are on."""
        return sorted(int(name[3:]) for name in self.stat if re.fullmatch(r"cpu\d+", name))

    @cached_property
    def interrupts(self) -> Mapping[int, int]:
        return _columns(self.host.lines("/proc/interrupts"))

    @cached_property
    def softirqs(self) -> Mapping[int, int]:
        return _columns(self.host.lines("/proc/softirqs"))


def _columns(lines: Sequence[str]) -> Mapping[int, int]:
    """A table with a column of each processor -> the sums; a line with fewer numbers is about none of them."""
    if not lines:
        return {}
    numbers = [int(name[3:]) for name in lines[0].split() if name.startswith("CPU")]
    sums = dict.fromkeys(numbers, 0)
    for line in lines[1:]:
        counts = line.partition(":")[2].split()[: len(numbers)]
        if len(counts) == len(numbers) and all(count.isdecimal() for count in counts):
            for number, count in zip(numbers, counts, strict=True):
                sums[number] += int(count)
    return sums


class Processors(Counted):
    """One logical processor, or all.

    Attributes:
        machine: that it is of.
        numbers: of those that it stands for.
        is_total: whether it stands for all.
    """

    def __init__(self, machine: Machine, numbers: Sequence[int], *, is_total: bool = False) -> None:
        self.machine = machine
        self.numbers = numbers
        self.is_total = is_total
        self.name = TOTAL if is_total else str(numbers[0])
        super().__init__(machine.at, (self.name, *numbers))  # all of others than before are another mean

    def time(self, *fields: int) -> int:
        """The mean of these fields of /proc/stat, in 100 ns."""
        lines = [self.machine.stat[f"cpu{number}"] for number in self.numbers]
        ticks = sum(line[field] for line in lines for field in fields if field < len(line))
        return ticks * SECOND // self.machine.host.kernel.ticks // len(self.numbers)

    @property
    def interrupts(self) -> int:
        if self.is_total and "intr" in self.machine.stat:
            return self.machine.stat["intr"][0]
        return sum(self.machine.interrupts[number] for number in self.numbers)

    @property
    def softirqs(self) -> int:
        if self.is_total and "softirq" in self.machine.stat:
            return self.machine.stat["softirq"][0]
        return sum(self.machine.softirqs[number] for number in self.numbers)

    def asleep(self, depth: int, attribute: str) -> int | None:
        """`usage` or `time` of the states of a depth, of all processors together."""
        return added(self._asleep(number, depth, attribute) for number in self.numbers)

    def _asleep(self, number: int, depth: int, attribute: str) -> int | None:
        host, folder = self.machine.host, f"{CPUS}/cpu{number}/cpuidle"
        states = [f"{folder}/{name}" for name in host.names(folder) if name.startswith("state")]
        found = {state: _STATE.match(host.read(f"{state}/name") or "") for state in states}
        depths = {state: min(int(match[1]), _DEEPEST) for state, match in found.items() if match}
        if not depths:
            return None
        return added([host.number(f"{state}/{attribute}") for state in depths if depths[state] == depth] or [0])


_STATE = re.compile(r"C([1-9])")
_DEEPEST = 3

_USER, _NICE, _SYSTEM, _IDLE, _IOWAIT, _IRQ, _SOFTIRQ = range(7)

Read: TypeAlias = Callable[[Processors], object]


def _transitions(depth: int) -> Read:
    return lambda it: it.asleep(depth, "usage")


def _slept(depth: int) -> Read:
    """100 ns, the mean."""

    def read(it: Processors) -> int | None:
        microseconds = it.asleep(depth, "time")
        return None if microseconds is None else microseconds * 10 // len(it.numbers)

    return read


_IDLE_STATES = f"{CPUS}/cpuN/cpuidle, the states that are named"
_WITHOUT = "; NULL where the hypervisor or the firmware shows none"

TABLE: Table[Processors] = {
    **TIMES,
    "Caption": Null("there is no text beside the name"),
    "Description": Null("there is no text beside the name"),
    "Name": Reads('/proc/stat: the number of the processor; "_Total" for all', lambda it: it.name),
    "C1TransitionsPersec": Reads(f"{_IDLE_STATES} C1…: usage{_WITHOUT}", _transitions(1)),
    "C2TransitionsPersec": Reads(f"{_IDLE_STATES} C2…: usage{_WITHOUT}", _transitions(2)),
    "C3TransitionsPersec": Reads(f"{_IDLE_STATES} C3 and deeper: usage{_WITHOUT}", _transitions(3)),
    "DPCRate": Null("Linux does not count softirqs from tick to tick of its clock"),
    "DPCsQueuedPersec": Reads(
        "/proc/softirqs, its lower 32 bits; of _Total /proc/stat softirq", lambda it: it.softirqs & 0xFFFFFFFF
    ),
    "InterruptsPersec": Reads(
        "/proc/interrupts, its lower 32 bits; of _Total /proc/stat intr", lambda it: it.interrupts & 0xFFFFFFFF
    ),
    "PercentC1Time": Reads(f"{_IDLE_STATES} C1…: time{_WITHOUT}", _slept(1)),
    "PercentC2Time": Reads(f"{_IDLE_STATES} C2…: time{_WITHOUT}", _slept(2)),
    "PercentC3Time": Reads(f"{_IDLE_STATES} C3 and deeper: time{_WITHOUT}", _slept(3)),
    "PercentDPCTime": Reads("/proc/stat softirq, in 100 ns", lambda it: it.time(_SOFTIRQ)),
    "PercentIdleTime": Reads("/proc/stat idle + iowait, in 100 ns", lambda it: it.time(_IDLE, _IOWAIT)),
    "PercentInterruptTime": Reads("/proc/stat irq, in 100 ns", lambda it: it.time(_IRQ)),
    # Windows: what interrupts and DPCs took is privileged time, too.
    "PercentPrivilegedTime": Reads(
        "/proc/stat system + irq + softirq, in 100 ns", lambda it: it.time(_SYSTEM, _IRQ, _SOFTIRQ)
    ),
    # Windows: the raw value is the time in which the processor was idle; the formula takes it from the whole.
    "PercentProcessorTime": Reads("/proc/stat idle + iowait, in 100 ns", lambda it: it.time(_IDLE, _IOWAIT)),
    "PercentUserTime": Reads("/proc/stat user + nice, in 100 ns", lambda it: it.time(_USER, _NICE)),
}


class RawProcessorProvider(RawProvider[Processors]):
    """Each that is on, and _Total."""

    cim_class = "Win32_PerfRawData_PerfOS_Processor"
    table = TABLE

    def samples(self, request: Request) -> Iterator[Processors]:  # noqa: ARG002 - as of any provider
        machine = Machine(self.host)
        for number in machine.numbers:
            yield Processors(machine, [number])
        if machine.numbers:
            yield Processors(machine, machine.numbers, is_total=True)


def _at_most_all(table: Table[Pair]) -> Table[Pair]:
    """The kernel counts by ticks, so that two looks a second apart may show 101 percent of it."""
    return {name: _limited(column) if name.startswith("Percent") else column for name, column in table.items()}


def _limited(column: Reads[Pair] | Null) -> Reads[Pair] | Null:
    if isinstance(column, Null):
        return column
    read = column.read
    return Reads(column.source, lambda pair: min(100, int(str(read(pair)))))


class ProcessorProvider(FormattedProvider[Processors]):
    """In percent, and a second."""

    cim_class = "Win32_PerfFormattedData_PerfOS_Processor"
    raw = RawProcessorProvider
    table = _at_most_all(formatted(RawProcessorProvider))
