"""Niceness of Unix and priorities of Windows: one table, read in both directions.

Windows says where a process stands by one of six classes, each with a base priority from 0 to 31, and more is more
(Win32_Process.Priority, Win32_ProcessStartup.PriorityClass). Unix has 40 steps from -20 to 19, and less is more. A
class stands here for a range of niceness, so that what is set through WMI reads back as it was set, and the niceness 0
that nearly all processes have is the base priority 8 that they have there.
"""

from __future__ import annotations

from typing import NamedTuple


class PriorityClass(NamedTuple):
    """One line of the table.

    Attributes:
        number: as PriorityClass gives it.
        base: the base priority of its processes.
        nice_from: the least niceness that counts as this class; each range ends where the line before begins.
        nice: the niceness that a process of this class gets.
    """

    number: int
    base: int
    nice_from: int
    nice: int


CLASSES = (
    PriorityClass(64, 4, 15, 19),  # Idle
    PriorityClass(16384, 6, 5, 10),  # Below_Normal
    PriorityClass(32, 8, -4, 0),  # Normal
    PriorityClass(32768, 10, -9, -5),  # Above_Normal
    PriorityClass(128, 13, -19, -10),  # High
    PriorityClass(256, 24, -20, -20),  # Realtime
)


def base_priority(nice: int) -> int:
    """Niceness -> base priority."""
    return next(line.base for line in CLASSES if nice >= line.nice_from)


def niceness(number: int) -> int | None:
    """PriorityClass -> niceness; None for a number that is none of the six."""
    return next((line.nice for line in CLASSES if line.number == number), None)
