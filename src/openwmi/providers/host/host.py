"""One host: this machine, or the files and recordings that stand for another kind of machine in a test.

Whatever a provider wants to know comes from here, so that a tree of files (`root`) is all that a test has to make up.
What cannot be a file is a strategy that is passed in: the message bus, the routing tables, the clock. A provider asks a
Host and never the `os`, `time`, `platform`, `pwd`, `socket` or `psutil` of this process.
"""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime, tzinfo
from functools import cached_property
from struct import Struct
from typing import TYPE_CHECKING, NamedTuple, TypeVar

from openwmi.base.limits import HOST_SECONDS
from openwmi.model import CimDateTime
from openwmi.providers.host.bus import Bus, RecordedBus
from openwmi.providers.host.files import Files
from openwmi.providers.host.kernel import Kernel
from openwmi.providers.host.patience import Answer, Patience

if TYPE_CHECKING:
    from openwmi.providers.host.journal import Journal
    from openwmi.providers.host.ping import Ping
    from openwmi.providers.host.routing import Routing

T = TypeVar("T")


class Space(NamedTuple):
    """What statvfs(3) says of a file system, in octets and inodes; `available` is what ordinary users may use."""

    block_size: int
    total: int
    free: int
    available: int
    files: int
    name_length: int


class Host(Files):
    """See the module; the functions of `Files` read below its root.

    Args:
        root: the folder that stands for `/`.
        kernel: what system calls say: the name of the machine, who we are, sizes. Given with every root but `/`.
        bus: the system bus. Without it that of this machine, and none for another root.
        routing: the tables of rtnetlink. Without it those of this machine, and empty ones for another root.
        journal: the journal of systemd. Without it that of this machine, and an empty one for another root.
        ping: the echoes of other hosts. Without it this machine asks them, and another root asks nobody.
        clock: POSIX time, in seconds.
        pause: lets seconds go by. Without it time does, and for another root it stands still.
        space: stands in for statvfs(3): the path -> Space. Without it the real one, below the root.
        seconds: how long one source may take to answer.

    Attributes:
        is_live: whether it is this machine.
        system: `Linux` or `Darwin`.
        pause: lets seconds go by, not on the loop; None where time stands still.
    """

    def __init__(
        self,
        root: str = "/",
        *,
        kernel: Kernel | None = None,
        bus: Bus | None = None,
        routing: Routing | None = None,
        journal: Journal | None = None,
        ping: Ping | None = None,
        clock: Callable[[], float] = time.time,
        pause: Callable[[float], None] | None = None,
        space: Callable[[str], Space] | None = None,
        seconds: float = HOST_SECONDS,
    ) -> None:
        super().__init__(root)
        self.is_live = not self.root
        self._kernel = kernel
        self.system = self.kernel.system
        self._bus = bus
        self._routing = routing
        self._journal = journal
        self._ping = ping
        self._clock = clock
        self.pause = pause or (time.sleep if self.is_live else None)
        self._space = space or self._statvfs
        self._patience = Patience(seconds)

    @property
    def kernel(self) -> Kernel:
        """What system calls say, now: whoever reads several of its values keeps it."""
        return self._kernel or Kernel.of_this_machine()

    # ------------------------------------------------------------------------------------------------- slow sources

    def ask(self, function: Callable[[], T], what: str, seconds: float | None = None) -> Answer[T]:
        """Begins to ask what may hang. `Answer.get` waits no longer than agreed; then it raises SilentError: NULL."""
        return self._patience.ask(function, what, seconds)

    def bounded(self, function: Callable[[], T], what: str, seconds: float | None = None) -> T:
        """`ask`, and waits for the answer. SilentError, or what the function raises."""
        return self.ask(function, what, seconds).get()

    def space(self, path: str) -> Answer[Space]:
        """Asks the file system that is mounted at a path how much room it has. Begin with all, then get each."""
        return self.ask(lambda: self._space(path), f"statvfs of {path}")

    @cached_property
    def bus(self) -> Bus:
        """The system bus; calls over it end by themselves."""
        if self._bus is not None:
            return self._bus
        if not self.is_live or self.system != "Linux":
            return RecordedBus({})
        from openwmi.providers.host.systembus import SystemBus  # noqa: PLC0415 - who asks no service pays for none

        return SystemBus()

    @cached_property
    def routing(self) -> Routing:
        """Interfaces, addresses and routes, as the kernel has them."""
        if self._routing is not None:
            return self._routing
        from openwmi.providers.host.routing import LiveRouting, Routing  # noqa: PLC0415 - of networks alone

        return LiveRouting() if self.is_live and self.system == "Linux" else Routing()

    @cached_property
    def journal(self) -> Journal:
        """What systemd-journald has written down."""
        if self._journal is not None:
            return self._journal
        from openwmi.providers.host.journal import LiveJournal, RecordedJournal  # noqa: PLC0415 - of logs alone

        return LiveJournal() if self.is_live and self.system == "Linux" else RecordedJournal(())

    @cached_property
    def ping(self) -> Ping:
        """Echoes of other hosts, and their names."""
        if self._ping is not None:
            return self._ping
        from openwmi.providers.host.ping import LivePing, Ping  # noqa: PLC0415 - of Win32_PingStatus alone

        return LivePing() if self.is_live and self.system == "Linux" else Ping()

    # -------------------------------------------------------------------------------------------------------- times

    def now(self) -> float:
        """POSIX time, in seconds."""
        return self._clock()

    def local_time(self, timestamp: float) -> CimDateTime:
        """A POSIX time stamp as a CIM datetime, with the offset that this host had or will have at that time."""
        return CimDateTime.from_datetime(self.local(timestamp))

    def local(self, timestamp: float) -> datetime:
        """A POSIX time stamp in the host's zone."""
        return datetime.fromtimestamp(timestamp, UTC).astimezone(self.zone)

    @cached_property
    def zone(self) -> tzinfo | None:
        """The zone of the files below another root; None stands for that of this process, which TZ may have set."""
        if self.is_live:
            return None
        from zoneinfo import ZoneInfo  # noqa: PLC0415 - for tests alone

        try:
            with open(self.root + "/etc/localtime", "rb") as file:  # noqa: PTH123 - root is a text
                return ZoneInfo.from_file(file)
        except (OSError, ValueError):
            return UTC

    def boot_time(self) -> float | None:
        """When the kernel was started, as a POSIX time stamp."""
        if self.system != "Linux":
            import psutil  # noqa: PLC0415 - on macOS alone

            return psutil.boot_time()
        found = next((line for line in self.lines("/proc/stat") if line.startswith("btime ")), "")
        return float(found.split()[1]) if found else None

    def uptime(self) -> float | None:
        """Seconds since the kernel was started, as processes see them: it never goes back, whatever the clock does."""
        if self.is_live:
            return time.clock_gettime(getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC))
        found = (self.read("/proc/uptime") or "").split()
        return float(found[0]) if found else None

    def birth_time(self, path: str) -> float | None:
        """When a file or folder was made, as a POSIX time stamp; None where the file system did not note it."""
        if sys.platform != "linux":
            made: float = getattr(self.status(path), "st_birthtime", 0.0)
            return made if made > 0 else None
        return _statx_birth(self.root + path)

    # ---------------------------------------------------------------------------------------------------- processes

    def pids(self) -> list[int]:
        """The processes, by number."""
        if self.system != "Linux":
            import psutil  # noqa: PLC0415 - on macOS alone

            return sorted(psutil.pids())
        try:
            names = os.listdir(self.root + "/proc")  # noqa: PTH208 - a Path for each would cost more than its row
        except OSError:
            return []
        return sorted([int(name) for name in names if name.isdecimal()])

    def account(self, uid: int) -> str | None:
        """The name of the account with this number, from the name service or, below another root, /etc/passwd."""
        if self.is_live:
            from pwd import getpwuid  # noqa: PLC0415 - for those who ask

            try:
                return getpwuid(uid).pw_name
            except KeyError:
                return None
        entries = [line.split(":") for line in self.lines("/etc/passwd")]
        return next((entry[0] for entry in entries if len(entry) > 2 and entry[2] == str(uid)), None)

    def kill(self, pid: int) -> None:
        """Ends a process of this machine at once. ProcessLookupError, PermissionError."""
        if not self.is_live:
            raise PermissionError(f"process {pid} is of another machine")
        os.kill(pid, signal.SIGKILL)

    # ------------------------------------------------------------------------------------------------------ helpers

    def _statvfs(self, path: str) -> Space:
        found = os.statvfs(self.root + path)
        size = found.f_frsize
        return Space(
            size,
            found.f_blocks * size,
            found.f_bfree * size,
            found.f_bavail * size,
            found.f_files,
            found.f_namemax,
        )


def text(value: str) -> str:
    """A text of this system as Unicode: octets that are not in its encoding become U+FFFD.

    Python keeps such octets as lone surrogates, which no wire of WMI can carry.
    """
    return value.encode("utf-8", "surrogateescape").decode("utf-8", "replace")


def decode_birth(answer: bytes) -> float | None:
    """The birth time in an answer of statx(2), as a POSIX time stamp; None where it is not there, or was left at 0."""
    mask, seconds, nanoseconds = _STATX.unpack_from(answer)
    return seconds + nanoseconds / 1e9 if mask & _STATX_BTIME and seconds > 0 else None


# statx(2): the folder that a relative path starts from, what is asked for, and where the answer stands.
_AT_FDCWD = -100
_STATX_BTIME = 0x800
_STATX_OCTETS = 256
_STATX = Struct("=I 76x q I")  # the mask of what was answered, and stx_btime


def _statx_birth(path: str) -> float | None:
    """The C library's statx(2); Python's os.stat does not tell the birth time on Linux."""
    import ctypes  # noqa: PLC0415 - for one value

    statx = getattr(ctypes.CDLL(None), "statx", None)
    if statx is None:
        return None
    answer = ctypes.create_string_buffer(_STATX_OCTETS)
    if statx(_AT_FDCWD, os.fsencode(path), 0, _STATX_BTIME, answer) != 0:
        return None
    return decode_birth(answer.raw)
