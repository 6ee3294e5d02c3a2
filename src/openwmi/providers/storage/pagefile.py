"""Win32_PageFileUsage: the swap areas, files and partitions alike, from /proc/swaps (proc(5)).

Page win32-pagefileusage.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from openwmi.engine.provider import Request
from openwmi.providers.host import Host, text
from openwmi.providers.reading import HostProvider, Null, Reads, Table, always
from openwmi.providers.storage.device import named
from openwmi.providers.storage.mounts import unescaped

_MEGABYTE = 1024
"""Kilobytes."""


@dataclass(frozen=True, slots=True)
class SwapArea:
    """A line of /proc/swaps.

    Attributes:
        host: where it is.
        path: of the device or the file.
        is_file: which of both.
        size, used: kilobytes.
    """

    host: Host
    path: str
    is_file: bool
    size: int
    used: int


def swap_areas(host: Host) -> Iterator[SwapArea]:
    """Those in use."""
    for line in (host.octets("/proc/swaps") or b"").splitlines()[1:]:
        fields = line.split()
        if len(fields) == 5 and fields[2].isdigit() and fields[3].isdigit():
            yield SwapArea(host, unescaped(fields[0]), fields[1] == b"file", int(fields[2]), int(fields[3]))


def _name(area: SwapArea) -> str:
    return text(area.path)


def _made(area: SwapArea) -> object:
    born = (
        area.host.bounded(lambda: area.host.birth_time(area.path), f"statx of {_name(area)}") if area.is_file else None
    )
    return None if born is None else area.host.local_time(born)


TABLE: Table[SwapArea] = {
    "Caption": Reads("as Name", _name),
    "Description": Reads("as Name", _name),
    "InstallDate": Reads("statx(2) birth time of a file; NULL for partitions", _made),
    "Name": Reads("/proc/swaps Filename", _name),
    "Status": Null("the kernel does not tell"),
    "AllocatedBaseSize": Reads("/proc/swaps Size", lambda area: area.size // _MEGABYTE),
    "CurrentUsage": Reads("/proc/swaps Used", lambda area: area.used // _MEGABYTE),
    "PeakUsage": Null("the kernel does not keep it"),
    "TempPageFile": always(False),  # "created because no other was": Linux makes none by itself
}


class PageFileUsageProvider(HostProvider[SwapArea]):
    """The swap areas."""

    cim_class = "Win32_PageFileUsage"
    table = TABLE

    def samples(self, request: Request) -> Iterable[SwapArea]:  # noqa: ARG002 - as of any provider
        return swap_areas(self.host)

    def find(self, request: Request, keys: Mapping[str, object]) -> SwapArea | None:
        return named(self.samples(request), keys["Name"], _name)
