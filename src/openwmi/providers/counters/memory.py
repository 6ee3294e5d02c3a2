"""Win32_PerfRawData_PerfOS_Memory and its formatted values, from /proc/meminfo and /proc/vmstat.

Page win32-perfformatteddata-perfos-memory. Of a container they are those of the machine that it is on.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cached_property
from typing import TypeAlias

from openwmi.engine.provider import Request
from openwmi.providers.counting import TIMES, Counted, FormattedProvider, Instant, RawProvider, formatted
from openwmi.providers.host import Host
from openwmi.providers.reading import Null, Reads, Table

MEMINFO = "/proc/meminfo"
VMSTAT = "/proc/vmstat"


class Memory(Counted):
    """That of a host, at one look."""

    def __init__(self, host: Host) -> None:
        super().__init__(Instant(host))
        self._host = host

    def octets(self, *names: str) -> int:
        """The sum of these lines of /proc/meminfo. LookupError."""
        return sum(int(self._amounts[name].removesuffix(" kB")) * 1024 for name in names)

    def pages(self, name: str) -> int:
        """A line of /proc/meminfo in pages. LookupError."""
        return self.octets(name) // self._host.kernel.page_size

    def events(self, *names: str) -> int:
        """The sum of these lines of /proc/vmstat, its lower 32 bits. LookupError."""
        return sum(int(self._events[name]) for name in names) & 0xFFFFFFFF

    @cached_property
    def _amounts(self) -> dict[str, str]:
        return self._host.fields(MEMINFO)

    @cached_property
    def _events(self) -> dict[str, str]:
        return self._host.fields(VMSTAT, " ")


Read: TypeAlias = Callable[[Memory], object]


def _amount(*names: str) -> Reads[Memory]:
    return Reads(f"{MEMINFO} {' + '.join(names)}, in octets", lambda memory: memory.octets(*names))


def _events(*names: str, words: str = "") -> Reads[Memory]:
    source = f"{VMSTAT} {' + '.join(names)}, its lower 32 bits{words}"
    return Reads(source, lambda memory: memory.events(*names))


def _file_cache(memory: Memory) -> int:
    """Octets; what processes share is counted as cached, too, but is of no file."""
    return memory.octets("Cached", "Buffers") - memory.octets("Shmem")


_NOT_APART = Null("Linux counts page faults, and those that read a disk, and no other kinds apart")
_NEVER_PAGED = Null("the kernel's own memory is never paged out")
_NO_LISTS = Null("Linux has no list of pages by priority")
_CACHE = Reads(f"{MEMINFO} Cached + Buffers - Shmem, in octets", _file_cache)
_SWAP = "; of swap areas alone, since pages of files are not counted apart"

TABLE: Table[Memory] = {
    **TIMES,
    "Caption": Null("there is one instance, which needs no name"),
    "Description": Null("there is one instance, which needs no name"),
    "Name": Null("there is one instance, which needs no name"),
    "AvailableBytes": _amount("MemAvailable"),
    "AvailableKBytes": Reads(f"{MEMINFO} MemAvailable, in KiB", lambda it: it.octets("MemAvailable") >> 10),
    "AvailableMBytes": Reads(f"{MEMINFO} MemAvailable, in MiB", lambda it: it.octets("MemAvailable") >> 20),
    "CacheBytes": _CACHE,
    "CacheBytesPeak": Null("Linux does not keep it"),
    "CacheFaultsPersec": _NOT_APART,
    "CommitLimit": _amount("CommitLimit"),
    "CommittedBytes": _amount("Committed_AS"),
    "DemandZeroFaultsPersec": _NOT_APART,
    "FreeAndZeroPageListBytes": _amount("MemFree"),
    "FreeSystemPageTableEntries": Null("they are not limited"),
    "LongTermAverageStandbyCacheLifetimes": _NO_LISTS,
    "ModifiedPageListBytes": _amount("Dirty"),
    "PageFaultsPersec": _events("pgfault"),
    "PageReadsPersec": _events("pgmajfault"),
    "PagesInputPersec": _events("pswpin", words=_SWAP),
    "PagesOutputPersec": _events("pswpout", words=_SWAP),
    "PagesPersec": _events("pswpin", "pswpout", words=_SWAP),
    "PageWritesPersec": Null("Linux counts the pages that it writes, and not how many at once"),
    "PercentCommittedBytesInUse": Reads(f"{MEMINFO} Committed_AS of CommitLimit", lambda it: it.pages("Committed_AS")),
    "PercentCommittedBytesInUse_Base": Reads(f"{MEMINFO} CommitLimit, in pages", lambda it: it.pages("CommitLimit")),
    "PoolNonpagedAllocs": Null("Linux does not count them"),
    "PoolNonpagedBytes": _amount("Slab"),
    "PoolPagedAllocs": _NEVER_PAGED,
    "PoolPagedBytes": _NEVER_PAGED,
    "PoolPagedResidentBytes": _NEVER_PAGED,
    "StandbyCacheCoreBytes": _NO_LISTS,
    "StandbyCacheNormalPriorityBytes": _NO_LISTS,
    "StandbyCacheReserveBytes": _NO_LISTS,
    "SystemCacheResidentBytes": _CACHE,
    "SystemCodeResidentBytes": _NEVER_PAGED,
    "SystemCodeTotalBytes": _NEVER_PAGED,
    "SystemDriverResidentBytes": _NEVER_PAGED,
    "SystemDriverTotalBytes": _NEVER_PAGED,
    "TransitionFaultsPersec": _NOT_APART,
    "TransitionPagesRePurposedPersec": _NO_LISTS,
    "WriteCopiesPersec": _NOT_APART,
}


class RawMemoryProvider(RawProvider[Memory]):
    """The one instance; none where there is no /proc/meminfo."""

    cim_class = "Win32_PerfRawData_PerfOS_Memory"
    table = TABLE

    def samples(self, request: Request) -> Iterator[Memory]:  # noqa: ARG002 - as of any provider
        if self.host.exists(MEMINFO):
            yield Memory(self.host)


class MemoryProvider(FormattedProvider[Memory]):
    """Octets, and events a second."""

    cim_class = "Win32_PerfFormattedData_PerfOS_Memory"
    raw = RawMemoryProvider
    table = formatted(RawMemoryProvider)
