"""Win32_SystemDriver of this host: the modules that are loaded into the kernel.

Page win32-systemdriver. Drivers that the kernel was built with have no module, and are not here.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cached_property

from openwmi.engine.provider import Request
from openwmi.providers.host import Host
from openwmi.providers.reading import HostProvider, Null, Reads, Table, always

MODULES = "/proc/modules"


class Files:
    """Where modules of a host are, for one answer."""

    def __init__(self, host: Host) -> None:
        self.host = host
        self.kernel = host.kernel

    @cached_property
    def paths(self) -> Mapping[str, str]:
        """Name -> file, from modules.dep; the kernel writes every name with `_`."""
        folder = f"/lib/modules/{self.kernel.release}"
        found = {}
        for line in self.host.lines(f"{folder}/modules.dep"):
            path = line.partition(":")[0]
            name = path.rpartition("/")[2].partition(".ko")[0].replace("-", "_")
            found[name] = path if path.startswith("/") else f"{folder}/{path}"
        return found


class Module:
    """A line of /proc/modules: name, size, how many use it, by whom, state."""

    def __init__(self, files: Files, line: str) -> None:
        self.files = files
        self._fields = line.split()

    @property
    def name(self) -> str:
        return self._fields[0]

    @property
    def state(self) -> str:
        return self._fields[4]

    @property
    def is_used(self) -> bool:
        """Whether it cannot be unloaded; `-` is in kernels that unload none."""
        return self._fields[2] != "0" or "[permanent]" in self._fields[3]

    @property
    def path(self) -> str | None:
        return self.files.paths.get(self.name)


_STATES = {"Live": "Running", "Loading": "Start Pending", "Unloading": "Stop Pending"}
_STATUS = {"Live": "OK", "Loading": "Starting", "Unloading": "Stopping"}


def _type(module: Module) -> str | None:
    if module.path is None:
        return None
    return "File System Driver" if "/kernel/fs/" in module.path else "Kernel Driver"


_NAME = f"{MODULES}, the name"

TABLE: Table[Module] = {
    "Caption": Reads(_NAME, lambda it: it.name),
    "Description": Reads(_NAME, lambda it: it.name),
    "InstallDate": Null("the kernel does not keep it"),
    "Name": Reads(_NAME, lambda it: it.name),
    "Status": Reads(f"{MODULES}, the state: OK, Starting or Stopping", lambda it: _STATUS.get(it.state)),
    "CreationClassName": always("Win32_SystemDriver"),
    "Started": Reads(f"{MODULES}, the state", lambda it: it.state == "Live"),
    "StartMode": Null("a module is loaded when something needs it, and no record says what that was"),
    "SystemCreationClassName": always("Win32_ComputerSystem"),
    "SystemName": Reads("uname(2) nodename", lambda it: it.files.kernel.node),
    "AcceptPause": always(False),
    "AcceptStop": Reads(f"{MODULES}: whether nothing uses it", lambda it: it.state == "Live" and not it.is_used),
    "DesktopInteract": always(False),
    "DisplayName": Reads(_NAME, lambda it: it.name),
    "ErrorControl": Null("the kernel goes on, whatever a module does"),
    "ExitCode": Null("a module that failed is not loaded"),
    "PathName": Reads("/lib/modules/RELEASE/modules.dep; NULL where that does not have it", lambda it: it.path),
    "ServiceSpecificExitCode": Null("a module that failed is not loaded"),
    "ServiceType": Reads("File System Driver for a file in kernel/fs; NULL where PathName is", _type),
    "StartName": Null("modules run as the kernel"),
    "State": Reads(f"{MODULES}, the state", lambda it: _STATES.get(it.state, "Unknown")),
    "TagId": Null("modules are not ordered"),
}


class SystemDriverProvider(HostProvider[Module]):
    """The modules, those loaded last first, as lsmod has them."""

    cim_class = "Win32_SystemDriver"
    table = TABLE

    def samples(self, request: Request) -> Iterator[Module]:  # noqa: ARG002 - as of any provider
        files = Files(self.host)
        for line in self.host.lines(MODULES):
            if len(line.split()) > 4:
                yield Module(files, line)
