"""Disks, partitions, volumes and files beside lsblk, df, findmnt, stat and /proc/swaps."""

from __future__ import annotations

import json
import platform
import re
from collections.abc import Iterator, Mapping
from typing import Any

from tests.providers.truth import Truth

Node = dict[str, Any]

LSBLK = ("lsblk", "-J", "-b", "-o", "KNAME,PATH,TYPE,SIZE,START,LOG-SEC,MODEL,REV,HCTL,RO,RM,MOUNTPOINTS,FSTYPE")

MADE_UP = re.compile(r"(zram|ram|nbd|loop|dm-|md|sr|fd)\d")
"""What lsblk has for disks, too, though no hardware is behind it, or none that is a disk."""


def path_to(class_name: str, key: str, value: str) -> str:
    """As a reference writes it."""
    return f'\\\\{platform.node()}\\root\\cimv2:{class_name}.{key}="{value}"'


def disks_in(text: str) -> list[Node]:
    return [
        node for node in json.loads(text)["blockdevices"] if node["type"] == "disk" and not MADE_UP.match(node["kname"])
    ]


def parts_of(disk: Node) -> list[Node]:
    """Its partitions, or itself where it is mounted as a whole."""
    parts = [child for child in disk.get("children", ()) if child["type"] == "part"]
    whole = [disk] if any(disk["mountpoints"]) or disk.get("children") or disk["fstype"] else []
    return parts or whole


def of_disks(text: str) -> Mapping[str, Node]:
    return {disk["path"]: disk for disk in disks_in(text)}


def of_scsi(text: str) -> Mapping[str, Node]:
    return {path: disk for path, disk in of_disks(text).items() if disk["hctl"]}


def of_parts(text: str) -> Mapping[str, Node]:
    return {part["path"]: part | {"disk": disk["path"]} for disk in disks_in(text) for part in parts_of(disk)}


def of_links(text: str) -> Mapping[str, Node]:
    """Partition by the path of it, as the association writes it."""
    return {path_to("Win32_DiskPartition", "DeviceID", path): part for path, part in of_parts(text).items()}


def of_mounted(text: str) -> Mapping[str, Node]:
    """Partition by the path of the logical disk on it."""
    mounted = {node["path"]: list(filter(None, node["mountpoints"])) for node in of_parts(text).values()}
    return {
        path_to("Win32_LogicalDisk", "DeviceID", min(points, key=len)): of_parts(text)[path]
        for path, points in mounted.items()
        if any(point.startswith("/") for point in points)
    }


def starts_at(part: Node) -> int:
    return int(part.get("start") or 0) * 512


def of_df(text: str) -> Mapping[str, Node]:
    """A line each under a heading, the mount point last, since it may hold blanks."""
    names = ("fstype", "size", "avail", "target")
    rows = [dict(zip(names, line.split(None, 3), strict=True)) for line in text.splitlines()[1:]]
    return {row["target"]: row for row in rows if row["size"] != "0"}


def of_findmnt(text: str) -> Mapping[str, Node]:
    """Each file system at its first place."""
    found: dict[str, Node] = {}
    for node in json.loads(text)["filesystems"]:
        if "[" not in node["source"] and node["maj:min"] not in {each["maj:min"] for each in found.values()}:
            found[node["target"]] = node
    return found


def of_points(text: str) -> Mapping[str, str]:
    paths = [path_to("Win32_Directory", "Name", node["target"]) for node in json.loads(text)["filesystems"]]
    return {path: path for path in paths}


def of_statvfs(text: str) -> Mapping[str, list[str]]:
    return {"/": text.split()}


def of_stat(text: str) -> Mapping[str, Node]:
    names = ("name", "size", "kind", "accessed", "modified", "born", "mode")
    rows = [dict(zip(names, line.split("|"), strict=True)) for line in text.splitlines()]
    return {row["name"]: row for row in rows}


def of_swaps(text: str) -> Mapping[str, list[str]]:
    return {line.split()[0]: line.split() for line in text.splitlines()[1:]}


def born(record: Node) -> float | None:
    """Nothing is 0 there."""
    return float(record["born"]) or None


def stat_of(class_name: str, *paths: str) -> Iterator[Truth]:
    yield Truth(
        class_name,
        ("stat", "-L", "-c", "%n|%s|%F|%.9X|%.9Y|%.9W|%a", *paths),
        of_stat,
        {
            "CreationDate": born,
            "InstallDate": born,
            "FileSize": lambda it: None if it["kind"] == "directory" else int(it["size"]),
            "FileType": lambda it: it["kind"],
            "LastAccessed": lambda it: float(it["accessed"]),
            "LastModified": lambda it: float(it["modified"]),
            "Readable": lambda it: int(it["mode"], 8) & 0o444 != 0,
            "Writeable": lambda it: int(it["mode"], 8) & 0o222 != 0,
        },
        key="Name",
        moves=dict.fromkeys(("CreationDate", "InstallDate", "LastAccessed", "LastModified"), 0.00001),
        where=" OR ".join(f'Name = "{path}"' for path in paths),
    )


FREE = 1 << 30  # octets: what programs of this very machine write and delete in between
DF = ("df", "-B1", "--output=fstype,size,avail,target", "-x", "devtmpfs", "-x", "efivarfs", "-x", "ramfs")
FINDMNT = ("findmnt", "-J", "-l", "--real", "-o", "TARGET,SOURCE,FSTYPE,OPTIONS,MAJ:MIN,LABEL,UUID")

TABLES = [
    Truth(
        "Win32_DiskDrive",
        LSBLK,
        of_disks,
        {
            "BytesPerSector": lambda it: it["log-sec"],
            "Capabilities": lambda it: (3,) + (() if it["ro"] else (4,)) + ((7,) if it["rm"] else ()),
            "MediaLoaded": lambda it: it["size"] > 0,
            "Model": lambda it: it["model"] and it["model"].strip(),
            "Name": lambda it: it["path"],
            "Partitions": lambda it: len(parts_of(it)),
            "Size": lambda it: it["size"] or None,
            "TotalSectors": lambda it: it["size"] // it["log-sec"] or None,
        },
        key="DeviceID",
    ),
    Truth(
        "Win32_DiskDrive",
        LSBLK,
        of_scsi,
        {
            "SCSIPort": lambda it: int(it["hctl"].split(":")[0]),
            "SCSIBus": lambda it: int(it["hctl"].split(":")[1]),
            "SCSITargetId": lambda it: int(it["hctl"].split(":")[2]),
            "SCSILogicalUnit": lambda it: int(it["hctl"].split(":")[3]),
        },
        key="DeviceID",
        subset=True,
    ),
    Truth(
        "Win32_DiskPartition",
        LSBLK,
        of_parts,
        {
            "Access": lambda it: 1 if it["ro"] else 3,
            "BlockSize": lambda it: it["log-sec"],
            "Name": lambda it: it["path"],
            "NumberOfBlocks": lambda it: it["size"] // it["log-sec"],
            "Size": lambda it: it["size"],
            "StartingOffset": starts_at,
        },
        key="DeviceID",
    ),
    Truth(
        "Win32_DiskDriveToDiskPartition",
        LSBLK,
        of_links,
        {"Antecedent": lambda it: path_to("Win32_DiskDrive", "DeviceID", it["disk"])},
        key="Dependent",
    ),
    Truth(
        "Win32_LogicalDiskToPartition",
        LSBLK,
        of_mounted,
        {
            "Antecedent": lambda it: path_to("Win32_DiskPartition", "DeviceID", it["path"]),
            "EndingAddress": lambda it: starts_at(it) + it["size"] - 1,
            "StartingAddress": starts_at,
        },
        key="Dependent",
        subset=True,
    ),
    Truth(
        "Win32_LogicalDisk",
        DF,
        of_df,
        {
            "Caption": lambda it: it["target"],
            "FileSystem": lambda it: it["fstype"],
            "FreeSpace": lambda it: int(it["avail"]),
            "Name": lambda it: it["target"],
            "Size": lambda it: int(it["size"]),
        },
        key="DeviceID",
        moves={"FreeSpace": FREE},
    ),
    Truth(
        "Win32_LogicalDisk",
        FINDMNT,
        of_findmnt,
        {
            "Access": lambda it: 1 if "ro" in it["options"].split(",") else 3,
            "VolumeName": lambda it: it["label"],
            "VolumeSerialNumber": lambda it: it["uuid"],
        },
        key="DeviceID",
        subset=True,
    ),
    Truth(
        "Win32_LogicalDisk",
        ("stat", "-f", "-c", "%S %b %l", "/"),
        of_statvfs,
        {
            "BlockSize": lambda it: int(it[0]),
            "MaximumComponentLength": lambda it: int(it[2]),
            "NumberOfBlocks": lambda it: int(it[1]),
        },
        key="DeviceID",
        where='DeviceID = "/"',
    ),
    Truth(
        "Win32_Volume",
        DF,
        of_df,
        {
            "BootVolume": lambda it: it["target"] == "/",
            "Capacity": lambda it: int(it["size"]),
            "FileSystem": lambda it: it["fstype"],
            "FreeSpace": lambda it: int(it["avail"]),
        },
        key="Name",
        moves={"FreeSpace": FREE},
        subset=True,
    ),
    Truth("Win32_Volume", FINDMNT, of_findmnt, {"Label": lambda it: it["label"]}, key="Name", subset=True),
    Truth("Win32_MountPoint", FINDMNT, of_points, {"Directory": str}, key="Directory", subset=True),
    Truth(
        "Win32_PageFileUsage",
        ("cat", "/proc/swaps"),
        of_swaps,
        {
            "AllocatedBaseSize": lambda it: int(it[2]) // 1024,
            "Caption": lambda it: it[0],
            "CurrentUsage": lambda it: int(it[3]) // 1024,
        },
        key="Name",
        moves={"CurrentUsage": 64},
    ),
    *stat_of("CIM_DataFile", "/etc/passwd", "/etc/os-release", "/bin/sh", "/dev/null"),
    *stat_of("Win32_Directory", "/", "/etc", "/usr", "/bin"),
]
