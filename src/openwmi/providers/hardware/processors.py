"""The processors as the kernel knows them: which logical ones are on, and which package and core each is of.

From /proc/cpuinfo, whose lines differ from architecture to architecture, and the folders of topology and caches in
/sys/devices/system/cpu. No CIM class is known here.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from types import MappingProxyType

from openwmi.providers.host import Host

CPU = "/sys/devices/system/cpu"
NO_FIELDS: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Logical:
    """One processor as a scheduler counts them.

    Attributes:
        number: from 0; those that are off leave gaps.
        fields: its lines of /proc/cpuinfo.
    """

    number: int
    fields: Mapping[str, str]


class Package:
    """What is in one socket.

    Attributes:
        logicals: the logical processors that are on; none, where nothing is known but that it is there.
        fields: those of the first.
    """

    def __init__(self, host: Host, logicals: Sequence[Logical] = ()) -> None:
        self.host = host
        self.logicals = logicals
        self.fields = logicals[0].fields if logicals else NO_FIELDS

    @cached_property
    def flags(self) -> frozenset[str] | None:
        """What it can do, in words of x86; None for other processors."""
        if "flags" not in self.fields:
            return None
        return frozenset(f"{self.fields['flags']} {self.fields.get('vmx flags', '')}".split())

    @property
    def name(self) -> str | None:
        """For people, in whatever line an architecture has it."""
        found = next((self.fields[name] for name in _NAMES if self.fields.get(name)), "")
        return " ".join(found.split()) or None

    def cores(self) -> int | None:
        """The cores that are on."""
        if not self.logicals:
            return None
        numbered = {each.fields.get("core id") for each in self.logicals}
        if None not in numbered:
            return len(numbered)
        siblings = {self.host.read(f"{CPU}/cpu{each.number}/topology/thread_siblings_list") for each in self.logicals}
        if None not in siblings:
            return len(siblings)
        return _number(self.fields.get("cpu cores"))

    def megahertz(self) -> int | None:
        """How fast the first logical processor runs."""
        kilohertz = self._frequency("scaling_cur_freq")
        return self._told_megahertz() if kilohertz is None else round(kilohertz / 1000)

    def most_megahertz(self) -> int | None:
        """How fast the fastest of them can run; None where the kernel does not set the frequency."""
        found = [self.host.number(f"{CPU}/cpu{each.number}/cpufreq/cpuinfo_max_freq") for each in self.logicals]
        return max((round(each / 1000) for each in found if each), default=None)

    def cache_kilobytes(self, level: int) -> tuple[int | None, bool]:
        """All caches of a level together, and whether the kernel told those of each logical processor.

        A cache is looked at by the first processor that shares it.
        """
        seen: set[int] = set()
        total = 0
        for each in self.logicals:
            if each.number not in seen:
                for size, shared in self._caches(each.number, level):
                    total += size
                    seen |= shared
        return total or None, seen.issuperset(each.number for each in self.logicals)

    def _caches(self, number: int, level: int) -> list[tuple[int, set[int]]]:
        host, folder = self.host, f"{CPU}/cpu{number}/cache"
        found = []
        for name in host.names(folder):
            size = host.read(f"{folder}/{name}/size") or ""
            if host.number(f"{folder}/{name}/level") == level and re.fullmatch(r"\d+K", size):
                shared = numbers(host.read(f"{folder}/{name}/shared_cpu_list") or "")
                found.append((int(size[:-1]), shared or {number}))
        return found

    def _frequency(self, name: str) -> int | None:
        return self.host.number(f"{CPU}/cpu{self.logicals[0].number}/cpufreq/{name}") if self.logicals else None

    def _told_megahertz(self) -> int | None:
        told = self.fields.get("cpu MHz") or self.fields.get("clock") or ""
        found = re.match(r"\d{1,6}(\.\d+)?", told)
        return round(float(found[0])) or None if found else None


def packages(host: Host) -> list[Package]:
    """Those of the host, in the order of their numbers; none where it says nothing."""
    found: dict[int, list[Logical]] = {}
    for each in _of_mac() if host.system == "Darwin" else _logicals(host):
        found.setdefault(_package(host, each), []).append(each)
    return [Package(host, found[number]) for number in sorted(found)]


def numbers(text: str) -> set[int]:
    """A list as the kernel writes it, `0-3,8`; what is none is empty."""
    found: set[int] = set()
    for part in text.split(","):
        ends = re.fullmatch(r"\s*(\d{1,6})(?:-(\d{1,6}))?\s*", part)
        if ends is None:
            return set()
        found.update(range(int(ends[1]), int(ends[2] or ends[1]) + 1))
    return found


_NAMES = ("model name", "cpu model", "cpu", "uarch")


def _logicals(host: Host) -> list[Logical]:
    found: dict[int, Logical] = {}
    for block in (host.read("/proc/cpuinfo") or "").split("\n\n"):
        pairs = (line.partition(":") for line in block.splitlines())
        fields = {name.strip(): value.strip() for name, given, value in pairs if given}
        number = _number(fields.get("processor"))
        if number is not None:
            found.setdefault(number, Logical(number, fields))
    if not found:
        found = {number: Logical(number, NO_FIELDS) for number in numbers(host.read(f"{CPU}/online") or "")}
    return [found[number] for number in sorted(found)]


def _package(host: Host, logical: Logical) -> int:
    """-1, which is "unknown" to the kernel, is one package as 0 is."""
    found = _number(logical.fields.get("physical id"))
    if found is None:
        found = host.number(f"{CPU}/cpu{logical.number}/topology/physical_package_id")
    return max(found or 0, 0)


def _number(text: str | None) -> int | None:
    return int(text) if text and text.isdecimal() else None


def _of_mac() -> list[Logical]:
    import psutil  # noqa: PLC0415 - on macOS alone

    fields = {"cpu cores": str(psutil.cpu_count(logical=False) or "")}
    return [Logical(number, fields) for number in range(psutil.cpu_count() or 0)]
