"""One process as psutil tells of it, for systems that have no proc(5). The same words as LinuxProcess."""

from __future__ import annotations

from functools import cached_property

import psutil

from openwmi.providers.processes.linux import Surroundings
from openwmi.providers.reading import GoneError


class MacProcess:
    """A process by its number. GoneError."""

    # What this system does not tell.
    page_faults = login_session = private_size = private_resident_size = None
    is_kernel_thread = False

    def __init__(self, around: Surroundings, pid: int) -> None:
        self.around = around
        self.pid = pid

    @property
    def name(self) -> str:
        return str(self._ask("name") or "")

    @property
    def state(self) -> str:
        return _LETTERS.get(str(self._ask("status")), "")

    @property
    def parent(self) -> object:
        return self._ask("ppid")

    @property
    def user_seconds(self) -> float:
        return float(getattr(self._ask("cpu_times"), "user", 0.0))

    @property
    def system_seconds(self) -> float:
        return float(getattr(self._ask("cpu_times"), "system", 0.0))

    @property
    def nice(self) -> object:
        return self._ask("nice")

    @property
    def threads(self) -> object:
        return self._ask("num_threads")

    @property
    def started(self) -> float:
        return float(str(self._ask("create_time")))

    @property
    def born(self) -> float:
        """In seconds after the kernel was started."""
        return self.started - self.around.boot_time

    @property
    def virtual_size(self) -> object:
        return getattr(self._ask("memory_info"), "vms", None)

    @property
    def resident_size(self) -> object:
        return getattr(self._ask("memory_info"), "rss", None)

    @property
    def owner(self) -> int | None:
        return getattr(self._ask("uids"), "real", None)

    @property
    def arguments(self) -> list[str]:
        found = self._ask("cmdline")
        return list(found) if isinstance(found, list) else []

    @property
    def program(self) -> str | None:
        return str(self._ask("exe") or "") or None

    @property
    def handles(self) -> object:
        return self._ask("num_fds")

    @property
    def is_process(self) -> bool:
        return psutil.pid_exists(self.pid)

    def memory(self, field: str) -> int | None:  # noqa: ARG002 - as of a LinuxProcess
        return None

    def counter(self, name: str) -> int | None:  # noqa: ARG002 - likewise
        return None

    @cached_property
    def _process(self) -> psutil.Process:
        try:
            return psutil.Process(self.pid)
        except psutil.NoSuchProcess:
            raise GoneError from None

    def _ask(self, function: str) -> object:
        try:
            found: object = getattr(self._process, function)()
        except (psutil.AccessDenied, psutil.ZombieProcess):
            return None
        except psutil.NoSuchProcess:
            raise GoneError from None
        return found


_LETTERS = {
    psutil.STATUS_RUNNING: "R",
    psutil.STATUS_SLEEPING: "S",
    psutil.STATUS_IDLE: "I",
    psutil.STATUS_STOPPED: "T",
    psutil.STATUS_ZOMBIE: "Z",
}
