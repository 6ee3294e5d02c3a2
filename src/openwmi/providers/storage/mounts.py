"""The mounts of this host, from /proc/self/mountinfo (proc(5)), and the file systems that they show.

Paths keep octets that are not UTF-8 as Python does (surrogates), so that they can be opened; whoever shows one makes
text of it. A mount that another one covers is left out, since no name leads there. No CIM class is known here.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from openwmi.providers.host import Answer, Host, SilentError, text

MOUNTINFO = "/proc/self/mountinfo"

NETWORK = frozenset(
    (
        "9p afs beegfs ceph cifs coda fuse.blobfuse fuse.blobfuse2 fuse.ceph fuse.cephfs fuse.curlftpfs fuse.davfs "
        "fuse.gcsfuse fuse.glusterfs fuse.goofys fuse.juicefs fuse.rclone fuse.s3fs fuse.sshfs fuse.vmhgfs-fuse gfs2 "
        "glusterfs gpfs lustre ncpfs nfs nfs4 ocfs2 orangefs prl_fs smb3 smbfs vboxsf virtiofs"
    ).split()
)
"""File systems whose files another machine keeps, the one that runs a virtual machine included."""

RAM = frozenset({"tmpfs"})

LOCAL = frozenset({"aufs", "bcachefs", "btrfs", "overlay", "zfs", "fuse.mergerfs", "fuse.unionfs", "ubifs", "jffs2"})
"""File systems that keep files on this machine though their device number is of no block device."""

_NO_FILES = frozenset({"fuse.gvfsd-fuse", "fuse.portal", "fuse.lxcfs", "fuse.fusectl"})


@dataclass(frozen=True, slots=True)
class Mount:
    """A line of mountinfo.

    Attributes:
        number, parent: of this mount, and of the one that it is mounted on.
        device: major and minor number of the file system, `254:1`.
        root: what of the file system is seen: `/`, or the folder or file that is bound, or the subvolume.
        point: where it is seen.
        options: of this mount.
        kind: the type of the file system, `ext4`.
        source: the device, or what stands for it: `/dev/sda1`, `nas:/export`.
        super_options: of the file system.
    """

    number: int
    parent: int
    device: str
    root: str
    point: str
    options: frozenset[str]
    kind: str
    source: str
    super_options: frozenset[str]

    @property
    def subvolume(self) -> str:
        """Of btrfs; empty for all others."""
        if self.kind != "btrfs":
            return ""
        return next((each[7:] for each in self.super_options if each.startswith("subvol=")), "/")

    @property
    def is_whole(self) -> bool:
        """Whether all of a file system, or of a subvolume, is seen: then it is a folder without a doubt."""
        return self.root in ("/", self.subvolume)

    @property
    def is_block(self) -> bool:
        return not self.device.startswith("0:")

    @property
    def is_network(self) -> bool:
        return self.kind in NETWORK

    @property
    def is_local(self) -> bool:
        """Whether asking it cannot take longer than a disk does."""
        return not self.is_network and (self.is_block or self.kind in RAM | LOCAL) and not self.kind.startswith("fuse")

    @property
    def keeps_files(self) -> bool:
        """Whether it is storage, and no window into the kernel such as proc."""
        if self.is_block or self.kind in NETWORK or self.kind in RAM or self.kind in LOCAL:
            return True
        return self.kind.startswith("fuse.") and self.kind not in _NO_FILES

    @property
    def is_read_only(self) -> bool:
        return "ro" in self.options or "ro" in self.super_options


@dataclass(frozen=True, slots=True)
class FileSystem:
    """What one or more mounts show: a file system, of btrfs a subvolume.

    Attributes:
        mounts: the first of them is the main one: all of it, at the shortest path.
    """

    mounts: tuple[Mount, ...]

    @property
    def main(self) -> Mount:
        return self.mounts[0]


class Mounts:
    """The mounts that names lead to, in the order of the kernel."""

    def __init__(self, host: Host) -> None:
        self._host = host
        self.all = tuple(_seen([*_parse(host.octets(MOUNTINFO) or b"")]))

    @cached_property
    def at(self) -> Mapping[str, Mount]:
        """By the folder that they are seen in."""
        return {mount.point: mount for mount in self.all}

    def of(self, path: str) -> Mount | None:
        """The mount that a path is on, links not followed."""
        while True:
            found = self.at.get(path)
            if found is not None or path == "/":
                return found
            path = path.rpartition("/")[0] or "/"

    def far(self, path: str) -> Mount | None:
        """The first mount that may not answer on the way to a path, links followed; None where all of it is near.

        Nothing far is touched to find it out.
        """
        parts, here, links = path.split("/"), "", 0
        while parts:
            part = parts.pop(0)
            if part in ("", "."):
                continue
            if part == "..":
                here = here.rpartition("/")[0]
                continue
            step = f"{here}/{part}"
            mount = self.of(step)
            if mount is not None and not mount.is_local:
                return mount
            leads = self._host.link(step) if links < _LINKS else None
            if leads is None:
                here = step
                continue
            links += 1
            parts = [*leads.split("/"), *parts]
            here = "" if leads.startswith("/") else here
        return None

    @cached_property
    def folders(self) -> tuple[Mount, ...]:
        """Those that keep files and are seen as folders: a file may be mounted, too, as containers do."""
        found = [mount for mount in self.all if mount.keeps_files]
        # All are asked before the first is waited for. Which is silent is not a file of this host's, so a folder.
        asked = {m.number: self._ask(m.point) for m in found if not m.is_whole and not m.is_local}
        return tuple([m for m in found if m.is_whole or self._is_folder(m, asked.get(m.number))])

    def file_systems(self) -> list[FileSystem]:
        """Each once, as df(1) has them, however often it is seen: subvolumes of btrfs one by one."""
        return _grouped(self.folders, lambda mount: (mount.device, mount.subvolume))

    def volumes(self) -> list[FileSystem]:
        """Each once, all subvolumes of one btrfs together."""
        return _grouped(self.folders, lambda mount: (mount.device, ""))

    def _is_folder(self, mount: Mount, answer: Answer[bool] | None) -> bool:
        if answer is None:
            return self._host.is_dir(mount.point)
        try:
            return answer.get()
        except SilentError:
            return True

    def _ask(self, point: str) -> Answer[bool]:
        return self._host.ask(lambda: self._host.is_dir(point), f"whether {text(point)} is a folder")


_LINKS = 40  # on one path: with more the kernel says ELOOP


def _grouped(mounts: Iterable[Mount], key: Callable[[Mount], tuple[str, str]]) -> list[FileSystem]:
    found: dict[tuple[str, str], list[Mount]] = {}
    for mount in mounts:
        found.setdefault(key(mount), []).append(mount)
    return [FileSystem(tuple(sorted(each, key=_rank))) for each in found.values()]


def _rank(mount: Mount) -> tuple[bool, int, str]:
    return not mount.is_whole, len(mount.point), mount.point


def _parse(octets: bytes) -> Iterator[Mount]:
    """A line is `36 35 98:0 /root /point rw,noatime shared:1 - ext4 /dev/root rw`, with any tags before `-`."""
    for line in octets.split(b"\n"):
        before, found, after = line.partition(b" - ")
        head, tail = before.split(b" "), after.split(b" ")
        if not found or len(head) < 6 or len(tail) < 2 or not head[0].isdigit() or not head[1].isdigit():
            continue
        kind, source, super_options = (*tail, b"")[:3]
        yield Mount(
            int(head[0]),
            int(head[1]),
            unescaped(head[2]),
            unescaped(head[3]),
            unescaped(head[4]),
            frozenset(unescaped(head[5]).split(",")),
            unescaped(kind),
            unescaped(source),
            frozenset(unescaped(super_options).split(",")),
        )


def unescaped(octets: bytes) -> str:
    """A name as /proc writes it, where `\\040` is a blank: a path that can be opened."""
    return os.fsdecode(_OCTAL.sub(lambda found: bytes((int(found[1], 8),)), octets))


_OCTAL = re.compile(rb"\\([0-3][0-7]{2})")


def _seen(mounts: Sequence[Mount]) -> Iterator[Mount]:
    """Those that no later mount covers, at the same place or above it."""
    by_number = {mount.number: mount for mount in mounts}
    children: dict[tuple[int, str], int] = {}
    for order, mount in enumerate(mounts):
        children[mount.parent, mount.point] = order

    def is_covered(mount: Mount, order: int) -> bool:
        """By a later one on the same parent, at its place or above it, up to where the parent is."""
        parent = by_number.get(mount.parent)
        path, top = mount.point, "/" if parent is None else parent.point
        while True:
            if children.get((mount.parent, path), -1) > order:
                return True
            if path in ("/", top):
                return False
            path = path.rpartition("/")[0] or "/"

    hidden: set[int] = set()
    for order, mount in enumerate(mounts):
        stacked = children.get((mount.number, mount.point), order) != order
        if mount.parent != mount.number and is_covered(mount, order):  # the first root of all is on itself
            hidden.add(mount.number)
        elif not stacked and not _on_hidden(mount, by_number, hidden):
            yield mount


def _on_hidden(mount: Mount, by_number: Mapping[int, Mount], hidden: set[int]) -> bool:
    """Whether one of those that it is mounted on is covered."""
    for _ in range(len(by_number)):
        if mount.parent in hidden:
            return True
        above = by_number.get(mount.parent)
        if above is None or above is mount:
            return False
        mount = above
    return False
