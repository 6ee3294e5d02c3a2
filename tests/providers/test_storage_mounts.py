"""Which mounts names lead to, which file systems they show, and whose names are odd."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from openwmi.providers.host import Host, Kernel, text
from openwmi.providers.storage.mounts import MOUNTINFO, Mounts, unescaped

Mounted = Callable[..., Mounts]

ROOT = "1 0 8:1 / / rw - ext4 /dev/sda1 rw"


@pytest.fixture
def mounted(tmp_path: Path) -> Mounted:
    """`mounted(line, …)`: the mounts of a host whose mountinfo has these lines, as text or octets."""

    def make(*lines: str | bytes, files: tuple[str, ...] = (), seconds: float = 5) -> Mounts:
        path = Path(f"{tmp_path}{MOUNTINFO}")
        path.parent.mkdir(parents=True)
        path.write_bytes(b"".join((each if isinstance(each, bytes) else each.encode()) + b"\n" for each in lines))
        for name in files:
            file = tmp_path / name.lstrip("/")
            file.parent.mkdir(parents=True, exist_ok=True)
            file.touch()
        return Mounts(Host(str(tmp_path), kernel=Kernel("n", "6.1"), seconds=seconds))

    return make


def points(mounts: Mounts) -> list[str]:
    return [text(each.main.point) for each in mounts.file_systems()]


def test_a_line(mounted: Mounted) -> None:
    (mount,) = mounted(r"36 35 98:0 /a\134b /mnt\040x ro,noatime shared:1 master:2 - ext4 /dev/sd\011a rw,quota").all
    assert (mount.number, mount.parent, mount.device, mount.root) == (36, 35, "98:0", "/a\\b")
    assert (mount.point, mount.kind, mount.source) == ("/mnt x", "ext4", "/dev/sd\ta")
    assert (mount.options, mount.super_options) == (frozenset({"ro", "noatime"}), frozenset({"rw", "quota"}))
    assert mount.is_read_only


@pytest.mark.parametrize("line", ["", "1 0 8:1 / /", "a 0 8:1 / / rw - ext4 x rw", "1 0 8:1 / / rw - ext4", "x - y z"])
def test_a_line_that_is_none(line: str, mounted: Mounted) -> None:
    assert [mount.point for mount in mounted(line, ROOT).all] == ["/"]


def test_names_that_are_no_text_can_be_opened_and_shown(mounted: Mounted) -> None:
    mounts = mounted(ROOT, rb"2 1 8:2 / /\303\244\040b\377 rw - ext4 /dev/sda2 rw")
    (_, odd) = mounts.all
    assert os.fsencode(odd.point) == b"/\xc3\xa4 b\xff"
    assert points(mounts) == ["/", "/ä b�"]
    assert unescaped(rb"\0409\1344\9") == r" 9\4\9"


def test_what_keeps_no_files_is_no_disk(mounted: Mounted) -> None:
    lines = [
        f"{at} 1 0:{at} / /{kind} rw - {kind} {kind} rw"
        for at, kind in enumerate(
            ("proc", "sysfs", "devtmpfs", "cgroup2", "autofs", "nsfs", "fuse.portal", "fuse.gvfsd-fuse", "ramfs"), 2
        )
    ]
    mounts = mounted(ROOT, *lines, "20 1 0:20 / /t rw - tmpfs t rw", "21 1 0:21 / /s rw - fuse.sshfs a:/ rw")
    assert points(mounts) == ["/", "/t", "/s"]
    assert [mount.is_local for mount in mounts.folders] == [True, True, False]


def test_a_bind_is_the_same_file_system(mounted: Mounted) -> None:
    mounts = mounted(
        "2 1 8:1 /srv/www /var/www rw - ext4 /dev/sda1 rw",
        ROOT,
        "3 1 8:1 / /a rw - ext4 /dev/sda1 rw",
        files=("/var/www/x",),
    )
    (only,) = mounts.file_systems()
    assert [mount.point for mount in only.mounts] == ["/", "/a", "/var/www"]


def test_a_folder_that_is_bound_without_the_rest_is_seen_there(mounted: Mounted) -> None:
    """As in a container, that sees no more of a disk."""
    mounts = mounted(
        "1 0 0:60 / / rw - overlay overlay rw",
        "2 1 8:1 /volumes/a /data rw - ext4 /dev/sda1 rw",
        "3 1 8:1 /hosts /etc/hosts rw - ext4 /dev/sda1 rw",
        "4 1 8:2 /resolv.conf /etc/resolv.conf rw - ext4 /dev/sda2 rw",
        files=("/data/x", "/etc/hosts", "/etc/resolv.conf"),
    )
    assert points(mounts) == ["/", "/data"]


def test_what_is_bound_of_another_machine_is_asked_and_not_waited_for(
    mounted: Mounted, monkeypatch: pytest.MonkeyPatch
) -> None:
    ended, is_dir = threading.Event(), Host.is_dir
    lines = [f"{at} 1 0:{at} /sub /n{at} rw - nfs4 nas:/x rw" for at in (2, 3)]
    mounts = mounted(ROOT, *lines, files=("/n3",), seconds=0.05)

    def wait(self: Host, path: str) -> bool:
        return is_dir(self, path) if path != "/n2" else ended.wait(60)

    monkeypatch.setattr(Host, "is_dir", wait)
    assert points(mounts) == ["/", "/n2"]  # the other one is a file
    ended.set()


def test_subvolumes_are_disks_and_one_volume(mounted: Mounted) -> None:
    mounts = mounted(
        "1 0 0:30 /@ / rw - btrfs /dev/sda2 rw,subvolid=256,subvol=/@",
        "2 1 0:30 /@home /home rw - btrfs /dev/sda2 rw,subvolid=257,subvol=/@home",
        "3 1 0:30 /@/srv /mnt/srv rw - btrfs /dev/sda2 rw,subvolid=256,subvol=/@",
        files=("/mnt/srv/x",),
    )
    assert points(mounts) == ["/", "/home"]
    (volume,) = mounts.volumes()
    assert [mount.point for mount in volume.mounts] == ["/", "/home", "/mnt/srv"]


def test_what_is_covered_is_not_seen(mounted: Mounted) -> None:
    mounts = mounted(
        ROOT,
        "2 1 8:2 / /a rw - ext4 /dev/sda2 rw",
        "3 2 8:3 / /a/b rw - ext4 /dev/sda3 rw",
        "4 2 8:4 / /a rw - ext4 /dev/sda4 rw",  # on top of 2, and so over 3
        "5 1 8:5 / /c/d rw - ext4 /dev/sda5 rw",
        "6 5 8:6 / /c/d/e rw - ext4 /dev/sda6 rw",
        "7 1 8:7 / /c rw - ext4 /dev/sda7 rw",  # above 5, and so over 5 and 6
        "8 7 8:8 / /c/d rw - ext4 /dev/sda8 rw",
        "9 1 8:9 / /ab rw - ext4 /dev/sda9 rw",
    )
    assert [mount.source for mount in mounts.all] == [f"/dev/sda{number}" for number in (1, 4, 7, 8, 9)]


def test_the_root_is_on_that_of_the_start(mounted: Mounted) -> None:
    mounts = mounted(
        "1 1 0:2 / / rw - rootfs rootfs rw", "2 1 8:1 / / rw - ext4 /dev/sda1 rw", "3 2 8:2 / /a rw - xfs s rw"
    )
    assert [mount.kind for mount in mounts.all] == ["ext4", "xfs"]


def test_a_root_that_is_on_itself(mounted: Mounted) -> None:
    assert points(mounted("1 1 8:1 / / rw - ext4 /dev/sda1 rw")) == ["/"]


def test_which_mount_a_path_is_on(mounted: Mounted) -> None:
    mounts = mounted(ROOT, "2 1 8:2 / /srv rw - ext4 /dev/sda2 rw")
    found = {path: mounts.of(path) for path in ("/", "/srv", "/srv/a/b", "/srvx", "/etc/x")}
    assert {path: mount and mount.point for path, mount in found.items()} == {
        "/": "/",
        "/srv": "/srv",
        "/srv/a/b": "/srv",
        "/srvx": "/",
        "/etc/x": "/",
    }


def test_no_host_no_mounts() -> None:
    mounts = Mounts(Host("/no/such/root", kernel=Kernel("n", "6.1")))
    assert (mounts.all, mounts.file_systems(), mounts.of("/etc")) == ((), [], None)


def test_thousands_of_mounts_are_looked_through_once(mounted: Mounted) -> None:
    lines = [f"{at} 1 0:{at} / /var/lib/x/{at}/merged rw - overlay overlay rw" for at in range(2, 4000)]
    assert len(mounted(ROOT, *lines).file_systems()) == 3999
