"""Counters of processors, memory, disks, interfaces and processes, and threads, beside ps, vmstat, free and /proc."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from tests.providers.truth import Truth

Lines = dict[str, list[str]]

TICK = 10_000_000 // os.sysconf("SC_CLK_TCK")
PAGE = os.sysconf("SC_PAGE_SIZE")
LOW = 0xFFFFFFFF
MEBIBYTE = 1 << 20


def of_proc_stat(text: str) -> Mapping[str, list[int]]:
    """By the number of the processor."""
    lines = [line.split() for line in text.splitlines() if line.startswith("cpu")]
    return {line[0][3:]: [int(part) for part in line[1:]] for line in lines if line[0] != "cpu"}


def of_totals(text: str) -> Mapping[str, Lines]:
    """The lines of /proc/stat, as one record."""
    return {"": {line.split()[0]: line.split()[1:] for line in text.splitlines() if line}}


def of_all_processors(text: str) -> Mapping[str, Lines]:
    return {"_Total": of_totals(text)[""]}


def of_vmstat(text: str) -> Mapping[str, dict[str, int]]:
    """`  123456 K total memory`: by the words."""
    pairs = [line.split(None, 1) for line in text.splitlines()]
    return {"": {words.strip(): int(number) for number, words in pairs}}


def of_free(text: str) -> Mapping[str, dict[str, int]]:
    """The lines `Mem:` and `Comm:` by the heads of the columns."""
    heads, *lines = text.splitlines()
    names = heads.split()
    return {
        "": {f"{line.split()[0]}{n}": int(v) for line in lines for n, v in zip(names, line.split()[1:], strict=False)}
    }


def of_net_dev(text: str) -> Mapping[str, list[int]]:
    lines = [line.partition(":") for line in text.splitlines()[2:]]
    return {name.strip(): [int(part) for part in rest.split()] for name, _, rest in lines}


def root_of_diskstats(text: str) -> Mapping[str, list[int]]:
    """The device that `/` is on."""
    device = Path("/").stat().st_dev
    wanted = [str(os.major(device)), str(os.minor(device))]
    found = next((line.split() for line in text.splitlines() if line.split()[:2] == wanted), None)
    return {"/": [int(part) for part in found[3:]]} if found else {}


def of_df(text: str) -> Mapping[str, list[int]]:
    lines = [line.rsplit(None, 3) for line in text.splitlines()[1:]]
    return {line[3]: [int(part) for part in line[1:3]] for line in lines}


PROCESS = ("pid", "ppid", "nlwp", "ni", "vsz", "rss", "etimes")
THREAD = ("pid", "tid", "cls", "rtprio", "ni", "comm")


def of_processes(text: str) -> Mapping[str, dict[str, str]]:
    rows = [dict(zip(PROCESS, line.split(), strict=True)) for line in text.splitlines()]
    return {row["pid"]: row for row in rows}


def of_threads(text: str) -> Mapping[str, dict[str, str]]:
    rows = [dict(zip(THREAD, line.split(None, len(THREAD) - 1), strict=True)) for line in text.splitlines()]
    return {row["tid"]: row for row in rows}


def of_number(text: str) -> Mapping[str, list[str]]:
    return {"": text.splitlines()}


def priority(it: dict[str, str]) -> object:
    """8 is the base priority of niceness 0, and 16 to 31 are of real time."""
    if it["cls"] in ("FF", "RR"):
        return 16 + int(it["rtprio"]) * 15 // 99
    nice = int(it["ni"]) if it["ni"] != "-" else 0
    steps = ((15, 4), (5, 6), (-4, 8), (-9, 10), (-19, 13))
    return next((base for least, base in steps if nice >= least), 24)


def ticks(*fields: int) -> Callable[[list[int]], int]:
    return lambda it: sum(it[field] for field in fields) * TICK


def low(name: str) -> Callable[[Any], int]:
    return lambda it: int(it[name][0]) & LOW


def octets(name: str) -> Callable[[dict[str, int]], int]:
    return lambda it: it[name]


def column(*fields: int, factor: int = 1, mask: int = -1) -> Callable[[list[int]], int]:
    return lambda it: sum(it[field] for field in fields) * factor & mask


SOME = 256 << 20
"""What the memory in use may go up and down by between two looks, in octets."""

TABLES = [
    Truth(
        "Win32_PerfRawData_PerfOS_Processor",
        ("cat", "/proc/stat"),
        of_proc_stat,
        {
            "PercentUserTime": ticks(0, 1),
            "PercentPrivilegedTime": ticks(2, 5, 6),
            "PercentIdleTime": ticks(3, 4),
            "PercentProcessorTime": ticks(3, 4),
            "PercentInterruptTime": ticks(5),
            "PercentDPCTime": ticks(6),
        },
        key="Name",
        moves=dict.fromkeys(
            (
                *("PercentUserTime", "PercentPrivilegedTime", "PercentIdleTime"),
                *("PercentProcessorTime", "PercentInterruptTime", "PercentDPCTime"),
            ),
            TICK,
        ),
        subset=True,
    ),
    Truth(
        "Win32_PerfRawData_PerfOS_Processor",
        ("cat", "/proc/stat"),
        of_all_processors,
        {"InterruptsPersec": low("intr"), "DPCsQueuedPersec": low("softirq")},
        key="Name",
        moves={"InterruptsPersec": 0, "DPCsQueuedPersec": 0},
        where="Name = '_Total'",
    ),
    Truth(
        "Win32_PerfRawData_PerfOS_System",
        ("cat", "/proc/stat"),
        of_totals,
        {"ContextSwitchesPersec": low("ctxt")},
        moves={"ContextSwitchesPersec": 0},
    ),
    Truth(
        "Win32_PerfFormattedData_PerfOS_System",
        ("cat", "/proc/uptime"),
        of_number,
        {"SystemUpTime": lambda it: int(float(it[0].split()[0]))},
        moves={"SystemUpTime": 1},
    ),
    Truth(
        "Win32_PerfFormattedData_PerfOS_System",
        ("ps", "-A", "-o", "pid="),
        of_number,
        {"Processes": len},
        moves={"Processes": 8},
    ),
    Truth(
        "Win32_PerfFormattedData_PerfOS_System",
        ("ps", "-A", "-L", "-o", "tid="),
        of_number,
        {"Threads": len},
        moves={"Threads": 32},
    ),
    Truth(
        "Win32_PerfRawData_PerfOS_Memory",
        ("vmstat", "-s"),
        of_vmstat,
        {
            "PagesInputPersec": lambda it: it["pages swapped in"] & LOW,
            "PagesOutputPersec": lambda it: it["pages swapped out"] & LOW,
            "FreeAndZeroPageListBytes": lambda it: it["K free memory"] * 1024,
        },
        moves={"PagesInputPersec": 0, "PagesOutputPersec": 0, "FreeAndZeroPageListBytes": SOME},
    ),
    Truth(
        "Win32_PerfFormattedData_PerfOS_Memory",
        ("free", "-b", "-v"),
        of_free,
        {
            "AvailableBytes": octets("Mem:available"),
            "AvailableKBytes": lambda it: it["Mem:available"] // 1024,
            "AvailableMBytes": lambda it: it["Mem:available"] // MEBIBYTE,
            "CommitLimit": octets("Comm:total"),
            "CommittedBytes": octets("Comm:used"),
            "PercentCommittedBytesInUse": lambda it: round(100 * it["Comm:used"] / it["Comm:total"]),
        },
        moves={
            "AvailableBytes": SOME,
            "AvailableKBytes": SOME >> 10,
            "AvailableMBytes": SOME >> 20,
            "CommittedBytes": SOME,
            "PercentCommittedBytesInUse": 4,
        },
    ),
    Truth(
        "Win32_PerfRawData_PerfOS_Memory",
        ("cat", "/proc/vmstat"),
        of_totals,
        {"PageFaultsPersec": low("pgfault"), "PageReadsPersec": low("pgmajfault")},
        moves={"PageFaultsPersec": 0, "PageReadsPersec": 0},
    ),
    Truth(
        "Win32_PerfRawData_Tcpip_NetworkInterface",
        ("cat", "/proc/net/dev"),
        of_net_dev,
        {
            "BytesReceivedPersec": column(0),
            "BytesSentPersec": column(8),
            "BytesTotalPersec": column(0, 8),
            "PacketsReceivedPersec": column(1),
            "PacketsSentPersec": column(9),
            "PacketsPersec": column(1, 9),
            "PacketsReceivedErrors": column(2),
            "PacketsOutboundErrors": column(10),
            "PacketsOutboundDiscarded": column(11),
        },
        key="Name",
        moves=dict.fromkeys(
            (
                *("BytesReceivedPersec", "BytesSentPersec", "BytesTotalPersec"),
                *("PacketsReceivedPersec", "PacketsSentPersec", "PacketsPersec"),
            ),
            0,
        ),
    ),
    Truth(
        "Win32_PerfRawData_PerfDisk_LogicalDisk",
        ("cat", "/proc/diskstats"),
        root_of_diskstats,
        {
            "DiskReadsPersec": column(0, mask=LOW),
            "DiskWritesPersec": column(4, mask=LOW),
            "DiskTransfersPersec": column(0, 4, mask=LOW),
            "DiskReadBytesPersec": column(2, factor=512),
            "DiskWriteBytesPersec": column(6, factor=512),
            "DiskBytesPersec": column(2, 6, factor=512),
            "AvgDiskReadQueueLength": column(3, factor=10_000),
            "AvgDiskWriteQueueLength": column(7, factor=10_000),
            "PercentDiskReadTime": column(3, factor=10_000),
            "PercentDiskWriteTime": column(7, factor=10_000),
        },
        key="Name",
        moves=dict.fromkeys(
            (
                *("DiskReadsPersec", "DiskWritesPersec", "DiskTransfersPersec", "DiskReadBytesPersec"),
                *("DiskWriteBytesPersec", "DiskBytesPersec", "AvgDiskReadQueueLength", "AvgDiskWriteQueueLength"),
                *("PercentDiskReadTime", "PercentDiskWriteTime"),
            ),
            0,
        ),
        where="Name = '/'",
    ),
    Truth(
        "Win32_PerfFormattedData_PerfDisk_LogicalDisk",
        ("df", "-B1", "--output=source,avail,size,target", "/"),
        of_df,
        {
            "FreeMegabytes": lambda it: it[0] >> 20,
            "PercentFreeSpace": lambda it: round(100 * (it[0] >> 20) / (it[1] >> 20)),
        },
        key="Name",
        moves={"FreeMegabytes": 64, "PercentFreeSpace": 1},
        where="Name = '/'",
    ),
    Truth(
        "Win32_PerfFormattedData_PerfProc_Process",
        ("ps", "-A", "-o", ",".join(f"{name}=" for name in PROCESS)),
        of_processes,
        {
            "CreatingProcessID": lambda it: int(it["ppid"]),
            "ElapsedTime": lambda it: int(it["etimes"]),
            "ThreadCount": lambda it: int(it["nlwp"]),
            "VirtualBytes": lambda it: int(it["vsz"]) * 1024,
            "WorkingSet": lambda it: int(it["rss"]) * 1024,
        },
        key="IDProcess",
        moves={"ElapsedTime": 1, "ThreadCount": 8, "VirtualBytes": 1 << 30, "WorkingSet": SOME},
        subset=True,
    ),
    Truth(
        "Win32_Thread",
        ("ps", "-A", "-L", "-o", ",".join(f"{name}=" for name in THREAD)),
        of_threads,
        {
            "ProcessHandle": lambda it: it["pid"],
            "PriorityBase": priority,
        },
        key="Handle",
        subset=True,
    ),
    Truth(  # workers of the kernel change their names
        "Win32_Thread",
        ("ps", "-L", "-p", str(os.getpid()), "-o", ",".join(f"{name}=" for name in THREAD)),
        of_threads,
        {"Name": lambda it: it["comm"], "Caption": lambda it: it["comm"]},
        key="Handle",
        subset=True,
        where=f"ProcessHandle = '{os.getpid()}'",
    ),
]
