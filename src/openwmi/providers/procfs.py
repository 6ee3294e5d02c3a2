"""What Linux says of a process and psutil does not pass on: proc(5).

Elsewhere, and for a process that has ended or is not ours to ask, every answer is None. It knows no CIM property.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from functools import cached_property

ReadFile = Callable[[int, str], str | None]
"""(process ID, name of the file) -> its text, or None."""


def read_file(pid: int, name: str) -> str | None:
    """`/proc/<pid>/<name>` of this host."""
    if sys.platform != "linux":
        return None
    try:
        # A Path would cost as much as the reading itself, and there are three such files a process.
        with open(f"/proc/{pid}/{name}", encoding="ascii", errors="replace") as file:  # noqa: PTH123
            return file.read()
    except OSError:
        return None


class ProcFiles:
    """The files of one process; each is read when first asked for, and once."""

    def __init__(self, pid: int, read: ReadFile = read_file) -> None:
        self._pid = pid
        self._read = read

    def kilobytes(self, field: str) -> int | None:
        """A field of `status` that is an amount of memory, such as VmHWM. Kernel threads have none."""
        return self._memory.get(field)

    @property
    def page_faults(self) -> int | None:
        """Minor and major page faults of all its threads; not those of its children."""
        return None if self._stat is None else int(self._stat[_MINOR_FAULTS]) + int(self._stat[_MAJOR_FAULTS])

    @property
    def is_kernel_thread(self) -> bool:
        return self._stat is not None and bool(int(self._stat[_FLAGS]) & _PF_KTHREAD)

    @property
    def login_session(self) -> int | None:
        """The number that the kernel gave the login under which the process was started; None for the system's own."""
        found = self._read(self._pid, "sessionid")
        number = int(found) if found and found.strip().isdigit() else _NO_SESSION
        return None if number == _NO_SESSION else number

    @cached_property
    def _memory(self) -> dict[str, int]:
        return {name: int(value) for name, value in _KILOBYTES.findall(self._read(self._pid, "status") or "")}

    @cached_property
    def _stat(self) -> list[str] | None:
        """The fields of `stat` behind the name, which is in parentheses and may hold blanks and parentheses itself."""
        fields = (self._read(self._pid, "stat") or "").rpartition(")")[2].split()
        return fields if len(fields) > _MAJOR_FAULTS else None


_KILOBYTES = re.compile(r"^(\w+):\s+(\d+) kB$", re.MULTILINE)
_NO_SESSION = 0xFFFFFFFF
_PF_KTHREAD = 0x00200000

# Positions in `stat`, counted from the state, which is field 3 of proc(5).
_FLAGS, _MINOR_FAULTS, _MAJOR_FAULTS = 6, 7, 9
