"""One process as proc(5) tells of it, each file read when a property of it is first wanted, and once.

What must not be read is None, and so is what a kernel thread or a zombie does not have. A process that has ended is a
GoneError. Times are in seconds, memory in octets.
"""

from __future__ import annotations

import re
import time
from functools import cached_property

from openwmi.providers.host import Host
from openwmi.providers.host.identity import os_name
from openwmi.providers.reading import GoneError


class Surroundings:
    """What all processes of one answer have in common; each asked for once."""

    def __init__(self, host: Host) -> None:
        self.host = host
        self.kernel = host.kernel

    @cached_property
    def boot_time(self) -> float:
        found = self.host.boot_time()
        if found is None:
            raise ValueError("/proc/stat has no btime")
        return found

    @cached_property
    def os_name(self) -> str:
        return os_name(self.host)


class LinuxProcess:
    """A process by its number."""

    def __init__(self, around: Surroundings, pid: int) -> None:
        self.around = around
        self.pid = pid

    # ------------------------------------------------------------------------------------------------ /proc/<pid>/stat

    @cached_property
    def name(self) -> str:
        """As the kernel has it; where that cut it off, and the command line goes on alike, whole."""
        short = self._stat[0].decode("utf-8", "replace")
        if len(self._stat[0]) < _COMM and not short.endswith("\ufffd"):
            return short
        program = self.arguments[0].rpartition("/")[2] if self.arguments else ""
        return program if program.startswith(short.rstrip("\ufffd")) and program else short

    @property
    def state(self) -> str:
        """The letter."""
        return self._stat[1].decode("ascii")

    @property
    def parent(self) -> int:
        return int(self._stat[2])

    @property
    def is_kernel_thread(self) -> bool:
        return bool(int(self._stat[7]) & _PF_KTHREAD)

    @property
    def page_faults(self) -> int | None:
        """Minor and major page faults of all its threads; not those of its children."""
        return int(self._stat[8]) + int(self._stat[10])

    @property
    def user_seconds(self) -> float:
        return int(self._stat[12]) / self.around.kernel.ticks

    @property
    def system_seconds(self) -> float:
        return int(self._stat[13]) / self.around.kernel.ticks

    @property
    def nice(self) -> int:
        return int(self._stat[17])

    @property
    def threads(self) -> int:
        return int(self._stat[18])

    @property
    def started(self) -> float:
        """As a POSIX time stamp."""
        return self.born + self.around.boot_time

    @property
    def born(self) -> float:
        """When it was started, in seconds after the kernel was: it tells two processes of one number apart."""
        return int(self._stat[20]) / self.around.kernel.ticks

    # ------------------------------------------------------------------------------------------------- the other files

    def memory(self, field: str) -> int | None:
        """A field of `status` that is an amount of memory, such as VmHWM."""
        value = self._status.get(field, "").removesuffix(" kB")
        return int(value) * 1024 if value.isdecimal() else None

    @property
    def virtual_size(self) -> int | None:
        return self._pages(0)

    @property
    def resident_size(self) -> int | None:
        """Of `statm`: the number in `stat` is behind by what the processors have not added up yet."""
        return self._pages(1)

    @property
    def private_size(self) -> int | None:
        """What it may write to and shares with nobody, whether it did or not."""
        return self._pages(5)

    @property
    def private_resident_size(self) -> int | None:
        """What of that is in memory."""
        resident, shared = self._pages(1), self._pages(2)
        return None if resident is None or shared is None else max(0, resident - shared)

    @property
    def owner(self) -> int | None:
        """The number of its real user."""
        found = self._status.get("Uid", "").split()
        return int(found[0]) if found else None

    def counter(self, name: str) -> int | None:
        """A line of `io`: octets or calls. It is told to whoever may trace the process."""
        value = self._io.get(name)
        return None if value is None else int(value)

    @cached_property
    def arguments(self) -> list[str]:
        """The command line, as it was given or as the process wrote over it."""
        found = self._load("cmdline") or b""
        if not found and self._is_beginning:
            time.sleep(_EXEC_SECONDS)
            found = self._load("cmdline") or b""
        if not found:
            return []
        separator = b"\0" if found.endswith(b"\0") else b" "
        parts = found.removesuffix(separator).split(separator)
        if separator == b"\0" and len(parts) == 1 and b" " in found:
            parts = parts[0].split(b" ")  # a process that wrote over it put blanks where the NULs were
        return [piece.decode("utf-8", "replace") for part in parts for piece in part.split(b"\0")]

    @property
    def program(self) -> str | None:
        """The file that it runs, also where that was deleted since. OSError."""
        host = self.around.host
        found = host.link(f"/proc/{self.pid}/exe")
        if found is None or not found.endswith(_DELETED):
            return found
        is_called_so = host.bounded(lambda: host.exists(found), f"the program {found}")
        return found if is_called_so else found.removesuffix(_DELETED)

    @property
    def handles(self) -> int | None:
        """How many files it has open."""
        return self.around.host.count(f"/proc/{self.pid}/fd")

    @property
    def login_session(self) -> int | None:
        """The number that the kernel gave the login under which the process was started; None for the system's own."""
        found = self._load("sessionid")
        number = int(found) if found else _NO_SESSION
        return None if number == _NO_SESSION else number

    @property
    def is_process(self) -> bool:
        """Whether it is one now; proc(5) answers to the number of a thread, too."""
        return self.around.host.exists(f"/proc/{self.pid}/status") and self._status.get("Tgid") == str(self.pid)

    @cached_property
    def _stat(self) -> list[bytes]:
        """The name, which is in parentheses and may hold blanks and parentheses itself, and the fields behind it."""
        return stat(self.around.host, f"/proc/{self.pid}/stat")

    @property
    def _is_beginning(self) -> bool:
        """Whether it may be between two programs: for some microseconds of execve(2) there is no command line."""
        host = self.around.host
        return host.is_live and self.state != "Z" and not self.is_kernel_thread and host.now() - self.started < 1

    @cached_property
    def _statm(self) -> list[bytes]:
        return (self._load("statm") or b"").split()

    def _pages(self, field: int) -> int | None:
        return int(self._statm[field]) * self.around.kernel.page_size if self._statm else None

    @cached_property
    def _status(self) -> dict[str, str]:
        return dict(_FIELD.findall((self._load("status") or b"").decode("utf-8", "replace")))

    @cached_property
    def _io(self) -> dict[str, str]:
        return dict(_FIELD.findall((self._load("io") or b"").decode("ascii", "replace")))

    def _load(self, name: str) -> bytes | None:
        host = self.around.host
        try:
            return host.load(f"/proc/{self.pid}/{name}")
        except (FileNotFoundError, ProcessLookupError):
            if not host.exists(f"/proc/{self.pid}/stat"):
                raise GoneError from None
            return None
        except OSError:
            return None


def stat(host: Host, path: str) -> list[bytes]:
    """The name in a `stat` of a process or a thread, and the fields behind it. GoneError, OSError."""
    try:
        found = host.load(path)
    except (FileNotFoundError, ProcessLookupError):
        raise GoneError from None
    name, _, rest = found.rpartition(b")")
    return [name.partition(b"(")[2], *rest.split()]


_EXEC_SECONDS = 0.005
_DELETED = " (deleted)"
_COMM = 15  # TASK_COMM_LEN, without the NUL
_FIELD = re.compile(r"^(\w+):[ \t]*(.*?)$", re.MULTILINE)
_NO_SESSION = 0xFFFFFFFF
_PF_KTHREAD = 0x00200000
