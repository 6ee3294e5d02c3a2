"""Files and folders by name and by folder; names that are odd; folders that hang; copying, deleting and renaming."""

from __future__ import annotations

import errno
import os
import shutil
import socket
import stat
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from openwmi.base.error import WbemError
from openwmi.base.status import WbemStatus
from openwmi.engine import Engine
from openwmi.engine.provider import MethodCall, Request
from openwmi.engine.registration import shipped_class
from openwmi.providers.host import Host, Kernel
from openwmi.providers.storage.datafile import DataFileProvider, DirectoryProvider
from openwmi.providers.storage.file import split
from openwmi.session import Namespace

Make = Callable[..., Host]
Asking = Callable[..., Request]
Within = Callable[..., list[str]]

MOUNTS = "== /proc/self/mountinfo\n1 0 8:1 / / rw - ext4 /dev/sda1 rw\n2 1 0:9 / /nfs rw - nfs4 a:/b rw\n"


@pytest.fixture
def tree(tmp_path: Path) -> Host:
    """A host with a few files on a disk, and an NFS mount."""
    for name, text in {"etc/hosts": "127.0.0.1\n", "etc/.hidden": "", "etc/a.tar.gz": "xx", "nfs/f.txt": "y"}.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text, encoding="ascii")
    (tmp_path / "etc/conf.d").mkdir()
    (tmp_path / "proc/self").mkdir(parents=True)
    (tmp_path / "proc/self/mountinfo").write_text(MOUNTS.partition("\n")[2], encoding="ascii")
    return Host(str(tmp_path), kernel=Kernel("node1", "6.1"), seconds=5)


@pytest.fixture
def within(asking: Asking) -> Within:
    """`within(provider, host, Path="/etc/")`: the names of what is there."""

    def names(provider: Any, host: Host, **equalities: object) -> list[str]:
        rows = provider(host).instances(asking(provider.cim_class, "Name", **equalities))
        return [row["Name"] for row in rows]

    return names


@pytest.fixture
def get(asking: Asking) -> Callable[..., Any]:
    """`get(provider, host, name)`: all that is known of one, checked by its class."""

    def found(provider: Any, host: Host, name: object) -> Any:
        row = provider(host).get(asking(provider.cim_class), {"Name": name})
        return None if row is None else shipped_class(provider.cim_class).instance(row)

    return found


@pytest.fixture
def call(tree: Host, asking: Asking) -> Callable[..., Any]:
    """`call("Delete", "/etc/hosts")`: what a method of a file returns."""

    def code(name: str, path: str | None, **inputs: object) -> Any:
        provider = DataFileProvider(tree)
        function = {"Copy": provider.copy, "Delete": provider.delete_file, "Rename": provider.rename}[name]
        keys = None if path is None else {"Name": path}
        return function(MethodCall(asking("CIM_DataFile"), keys, inputs))["ReturnValue"]

    return code


def test_a_file(tree: Host, get: Callable[..., Any]) -> None:
    path = Path(tree.root) / "etc/hosts"
    path.chmod(0o640)
    os.utime(path, (1_700_000_001, 1_700_000_000.5))
    row = get(DataFileProvider, tree, "/etc/hosts")
    expected = {
        "Caption": "/etc/hosts",
        "Name": "/etc/hosts",
        "Drive": "",
        "Path": "/etc/",
        "FileName": "hosts",
        "Extension": "",
        "FileSize": 10,
        "FileType": "regular file",
        "FSName": "ext4",
        "CSName": "node1",
        "CreationClassName": "CIM_LogicalFile",
        "Hidden": False,
        "Readable": True,
        "Writeable": True,
        "Status": "OK",
        "AccessMask": None,
        "Version": None,
    }
    assert {name: row[name] for name in expected} == expected
    assert str(row.LastModified) == "20231114221320.500000+000"
    assert str(row.LastAccessed) == "20231114221321.000000+000"
    assert row.CreationDate == row.InstallDate


def test_a_folder(tree: Host, get: Callable[..., Any]) -> None:
    row = get(DirectoryProvider, tree, "/etc/conf.d")
    assert (row.Path, row.FileName, row.Extension) == ("/etc/", "conf", "d")
    assert (row.FileType, row.FileSize, row.FSName) == ("directory", None, "ext4")
    root = get(DirectoryProvider, tree, "/")
    assert (root.Name, root.Path, root.FileName, root.Extension) == ("/", "/", "", "")


@pytest.mark.parametrize(
    ("name", "parts"),
    [
        ("hosts", ("hosts", "")),
        ("a.tar.gz", ("a.tar", "gz")),
        (".profile", (".profile", "")),
        (".a.b", (".a", "b")),
        ("a.", ("a.", "")),
        ("...", ("...", "")),
        ("..x", ("..x", "")),
        ("", ("", "")),
    ],
)
def test_the_parts_of_a_name_make_it_again(name: str, parts: tuple[str, str]) -> None:
    assert split(name) == parts
    assert parts[0] + ("." + parts[1] if parts[1] else "") == name


def test_a_file_is_no_folder(tree: Host, get: Callable[..., Any]) -> None:
    assert get(DataFileProvider, tree, "/etc") is None
    assert get(DirectoryProvider, tree, "/etc/hosts") is None


@pytest.mark.parametrize(
    "name",
    ["/etc/HOSTS", "/etc/nothing", "etc/hosts", "/etc/", "//etc/hosts", "/etc/./hosts", "/etc/x/../hosts", "", 4],
)
def test_only_the_one_spelling_is_found(name: object, tree: Host, get: Callable[..., Any]) -> None:
    assert get(DataFileProvider, tree, name) is None


def test_names_that_are_no_paths(tree: Host, get: Callable[..., Any]) -> None:
    assert get(DataFileProvider, tree, "/etc/hosts\0") is None
    assert get(DataFileProvider, tree, "/etc/hosts/x") is None
    assert get(DataFileProvider, tree, "/etc/" + "x" * 300) is None


def test_what_is_in_a_folder(tree: Host, within: Within) -> None:
    assert within(DataFileProvider, tree, Path="/etc/") == ["/etc/.hidden", "/etc/a.tar.gz", "/etc/hosts"]
    assert within(DirectoryProvider, tree, Path="/etc/") == ["/etc/conf.d"]
    assert within(DirectoryProvider, tree, Path="/") == ["/etc", "/nfs", "/proc"]
    assert within(DataFileProvider, tree, Path="/nfs/", Drive="") == ["/nfs/f.txt"]
    assert within(DataFileProvider, tree, Path="/etc/", Extension="GZ") == ["/etc/a.tar.gz"]
    assert within(DataFileProvider, tree, Path="/etc/", FileName="hosts", Extension="") == ["/etc/hosts"]
    assert within(DataFileProvider, tree, Name="/etc/hosts") == ["/etc/hosts"]
    assert within(DataFileProvider, tree, Name="/etc/none") == []


@pytest.mark.parametrize("path", ["/etc", "etc/", "/none/", "/etc/hosts/", "/etc//", "/../etc/", ""])
def test_what_is_no_folder_has_nothing_in_it(path: str, tree: Host, within: Within) -> None:
    assert within(DataFileProvider, tree, Path=path) == []


def test_files_are_looked_at_only_if_their_name_fits(
    tree: Host, within: Within, monkeypatch: pytest.MonkeyPatch
) -> None:
    status, asked = Host.status, list[str]()

    def watched(self: Host, path: str) -> os.stat_result:
        asked.append(path)
        return status(self, path)

    monkeypatch.setattr(Host, "status", watched)
    assert within(DataFileProvider, tree, Path="/etc/", FileName="hosts") == ["/etc/hosts"]
    assert asked == ["/etc/hosts"]


def test_many_files(tree: Host, within: Within) -> None:
    for number in range(1300):
        (Path(tree.root) / f"nfs/{number}").touch()
    names = within(DataFileProvider, tree, Path="/nfs/")
    assert (len(names), names[0], names[-2], names[-1]) == (1301, "/nfs/0", "/nfs/1299", "/nfs/f.txt")


@pytest.mark.parametrize("provider", [DataFileProvider, DirectoryProvider])
@pytest.mark.parametrize("equal", [{}, {"Extension": "txt"}, {"Drive": ""}])
def test_the_disk_is_never_walked(provider: Any, equal: dict[str, object], tree: Host, within: Within) -> None:
    with pytest.raises(WbemError, match='WHERE Path = "/etc/"') as caught:
        within(provider, tree, **equal)
    assert caught.value.status == WbemStatus.PROVIDER_NOT_CAPABLE


def test_links_are_what_they_lead_to(tree: Host, get: Callable[..., Any], within: Within) -> None:
    etc = Path(tree.root) / "etc"
    (etc / "link").symlink_to("hosts")
    (etc / "dir").symlink_to("conf.d")
    (etc / "broken").symlink_to("nothing")
    assert get(DataFileProvider, tree, "/etc/link").FileSize == 10
    assert get(DirectoryProvider, tree, "/etc/dir").FileType == "directory"
    assert get(DataFileProvider, tree, "/etc/broken") is None
    assert within(DataFileProvider, tree, Path="/etc/", FileName="link") == ["/etc/link"]
    assert within(DirectoryProvider, tree, Path="/etc/") == ["/etc/conf.d", "/etc/dir"]
    assert "/etc/broken" not in within(DataFileProvider, tree, Path="/etc/")


def test_what_is_neither_a_file_nor_a_folder_is_a_file(tree: Host, get: Callable[..., Any], tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(os.path.relpath(tmp_path / "sock"))
        kinds = {name: get(DataFileProvider, tree, name).FileType for name in ("/pipe", "/sock")}
    assert kinds == {"/pipe": "fifo", "/sock": "socket"}


def test_odd_names(tree: Host, get: Callable[..., Any], within: Within) -> None:
    folder = Path(os.fsdecode(os.fsencode(tree.root) + b"/etc/d\xff"))
    folder.mkdir()
    for name in (b"a b", "größe.txt".encode(), b"new\nline", b"x\xfe.y", b'quote"\\'):
        (folder / os.fsdecode(name)).touch()
    found = within(DataFileProvider, tree, Path="/etc/d\ufffd/")
    assert set(found) == {f"/etc/d\ufffd/{name}" for name in ("a b", "größe.txt", "new\nline", "x\ufffd.y", 'quote"\\')}
    assert [get(DataFileProvider, tree, name).Name for name in found] == found
    assert get(DataFileProvider, tree, "/etc/d\ufffd/none\ufffd") is None
    assert within(DataFileProvider, tree, Path="/etc/e\ufffd/") == []


# ------------------------------------------------------------------------------------------------------- what hangs


@pytest.fixture
def hung(tree: Host, monkeypatch: pytest.MonkeyPatch) -> Iterator[Host]:
    """The same host, whose NFS server does not answer."""
    ended, status, names = threading.Event(), Host.status, Host.names

    def wait(path: str) -> None:
        if path.startswith("/nfs"):
            ended.wait(60)

    def slow_status(self: Host, path: str) -> os.stat_result:
        wait(path)
        return status(self, path)

    def slow_names(self: Host, path: str) -> list[str]:
        wait(path)
        return names(self, path)

    monkeypatch.setattr(Host, "status", slow_status)
    monkeypatch.setattr(Host, "names", slow_names)
    yield Host(tree.root, kernel=tree.kernel, seconds=0.05)
    ended.set()


def test_what_hangs_hangs_alone(hung: Host, get: Callable[..., Any], within: Within) -> None:
    assert within(DirectoryProvider, hung, Path="/") == ["/etc", "/nfs", "/proc"]
    folder = get(DirectoryProvider, hung, "/nfs")
    assert (folder.Name, folder.FileType, folder.LastModified, folder.Status) == ("/nfs", "directory", None, None)


def test_of_what_hangs_nobody_knows_whether_it_is_there(hung: Host, get: Callable[..., Any], within: Within) -> None:
    with pytest.raises(WbemError, match=r"statx of /nfs/f\.txt did not answer") as caught:
        get(DataFileProvider, hung, "/nfs/f.txt")
    assert caught.value.status == WbemStatus.PROVIDER_TIMED_OUT
    with pytest.raises(WbemError, match="the names in /nfs/ did not answer"):
        within(DataFileProvider, hung, Path="/nfs/")


def test_an_odd_name_on_what_hangs(hung: Host, get: Callable[..., Any]) -> None:
    with pytest.raises(WbemError, match="the names in /nfs/ did not answer"):
        get(DataFileProvider, hung, "/nfs/\ufffd")


def test_a_link_to_what_hangs_is_left_out(
    hung: Host, within: Within, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    for name, leads in {
        "remote": "../nfs/f.txt",
        "round": "round",
        "via": "./conf.d/../remote",
        "near": "hosts",
    }.items():
        (Path(hung.root) / "etc" / name).symlink_to(leads)
    status = Host.status

    def follow(self: Host, path: str) -> os.stat_result:
        return status(self, "/nfs/f.txt" if path in ("/etc/remote", "/etc/via") else path)

    monkeypatch.setattr(Host, "status", follow)
    assert within(DataFileProvider, hung, Path="/etc/") == [
        "/etc/.hidden",
        "/etc/a.tar.gz",
        "/etc/hosts",
        "/etc/near",
    ]
    assert [message.partition(" (")[0] for message in caplog.messages] == [
        "CIM_DataFile: stat of 2 files from /etc/remote to /etc/via"
    ]


def test_a_folder_of_many_links(tree: Host, within: Within) -> None:
    """More of them than questions that may be open at once."""
    for number in range(600):
        (Path(tree.root) / f"etc/conf.d/{number}").symlink_to("../hosts")
    assert len(within(DataFileProvider, tree, Path="/etc/conf.d/")) == 600


def test_names_that_are_shown_alike_are_none(tree: Host, get: Callable[..., Any]) -> None:
    """Rather none than the wrong one, since it may be deleted."""
    for name in (b"x\xfe", b"x\xff"):
        (Path(tree.root) / os.fsdecode(name)).touch()
    assert get(DataFileProvider, tree, "/x\ufffd") is None
    (Path(tree.root) / "x\ufffd").write_text("mine", encoding="ascii")
    assert get(DataFileProvider, tree, "/x\ufffd").FileSize == 4


# ---------------------------------------------------------------------------------------------------------- methods


def test_delete(tree: Host, call: Callable[..., Any]) -> None:
    path = Path(tree.root) / "etc/hosts"
    (path.parent / "link").symlink_to("a.tar.gz")
    assert call("Delete", "/etc/hosts") == 0
    assert not path.exists()
    assert call("Delete", "/etc/link") == 0
    assert (path.parent / "a.tar.gz").exists()
    with pytest.raises(WbemError, match="there is no such file") as caught:
        call("Delete", "/etc/hosts")
    assert caught.value.status == WbemStatus.NOT_FOUND
    with pytest.raises(WbemError, match="there is no such file"):
        call("Delete", "/etc/conf.d")


def test_a_method_needs_a_file(call: Callable[..., Any]) -> None:
    with pytest.raises(WbemError, match="needs an instance") as caught:
        call("Delete", None)
    assert caught.value.status == WbemStatus.INVALID_METHOD_PARAMETERS


def test_rename(tree: Host, call: Callable[..., Any]) -> None:
    etc = Path(tree.root) / "etc"
    assert call("Rename", "/etc/hosts", FileName="/etc/conf.d/hosts.old") == 0
    assert ((etc / "conf.d/hosts.old").read_text(encoding="ascii"), (etc / "hosts").exists()) == ("127.0.0.1\n", False)
    assert call("Rename", "/etc/conf.d/hosts.old", FileName="/etc/a.tar.gz") == 10
    assert (etc / "a.tar.gz").read_text(encoding="ascii") == "xx"
    assert call("Rename", "/etc/conf.d/hosts.old", FileName="/none/x") == 21


@pytest.mark.parametrize("method", ["Rename", "Copy"])
@pytest.mark.parametrize("to", [None, "hosts", "/etc/../x", "", "/etc/"])
def test_a_new_name_has_to_be_a_whole_one(method: str, to: str | None, call: Callable[..., Any]) -> None:
    assert call(method, "/etc/hosts", FileName=to) == 21


def test_where_there_are_no_hard_links(tree: Host, call: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise OSError(errno.EPERM, "FAT has none")

    monkeypatch.setattr(os, "link", refuse)
    assert call("Rename", "/etc/hosts", FileName="/etc/a.tar.gz") == 10
    assert call("Rename", "/etc/hosts", FileName="/etc/new") == 0
    assert tree.names("/etc") == [".hidden", "a.tar.gz", "conf.d", "new"]


@pytest.mark.parametrize(
    ("number", "code"),
    [(errno.EXDEV, 13), (errno.EACCES, 2), (errno.EROFS, 2), (errno.EBUSY, 15), (errno.EIO, 8), (errno.ENOSPC, 8)],
)
def test_codes(number: int, code: int, call: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> None:
        raise OSError(number, "made up")

    for name in ("unlink", "link", "rename"):
        monkeypatch.setattr(os, name, fail)
    assert call("Delete", "/etc/hosts") == code
    assert call("Rename", "/etc/hosts", FileName="/etc/x") == code


def test_copy(tree: Host, call: Callable[..., Any]) -> None:
    etc = Path(tree.root) / "etc"
    (etc / "hosts").chmod(0o4640)
    assert call("Copy", "/etc/hosts", FileName="/etc/hosts.2") == 0
    assert (etc / "hosts.2").read_text(encoding="ascii") == (etc / "hosts").read_text(encoding="ascii")
    assert stat.S_IMODE((etc / "hosts.2").stat().st_mode) & ~0o640 == 0
    assert call("Copy", "/etc/hosts", FileName="/etc/a.tar.gz") == 10
    assert (etc / "a.tar.gz").read_text(encoding="ascii") == "xx"
    os.mkfifo(etc / "pipe")
    assert call("Copy", "/etc/pipe", FileName="/etc/pipe.2") == 9


def test_half_a_copy_is_none(tree: Host, call: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(source: Any, target: Any, _: int) -> None:
        target.write(source.read(3))
        raise OSError(errno.ENOSPC, "full")

    monkeypatch.setattr(shutil, "copyfileobj", fail)
    assert call("Copy", "/etc/hosts", FileName="/etc/hosts.2") == 8
    assert not (Path(tree.root) / "etc/hosts.2").exists()


# ------------------------------------------------------------------------------------------------- through the engine


async def test_queries(tree: Host) -> None:
    ns = Namespace(Engine("HOST1", [DataFileProvider(tree), DirectoryProvider(tree)]).session(r"root\cimv2"))
    both = await ns.query("SELECT Name, FileSize FROM CIM_DataFile WHERE Name = '/etc/hosts' OR Name = '/nfs/f.txt'")
    assert [(row.Name, row.FileSize) for row in both] == [("/etc/hosts", 10), ("/nfs/f.txt", 1)]
    packed = await ns.query("SELECT * FROM CIM_DataFile WHERE Path = '/etc/' AND FileSize > 1 AND Extension = 'gz'")
    assert [row.Name for row in packed] == ["/etc/a.tar.gz"]
    assert await ns.query("SELECT * FROM CIM_DataFile WHERE Drive = 'c:' AND Path = '/etc/'") == []
    some = await ns.query("SELECT * FROM CIM_DataFile WHERE Path = '/nfs/' OR Path = '/etc/' AND Extension = 'gz'")
    assert [row.Name for row in some] == ["/nfs/f.txt", "/etc/a.tar.gz"]
    some = await ns.query("SELECT * FROM CIM_DataFile WHERE Path = '/nfs/' OR Path = '/NFS/' OR Name = '/nfs/f.txt'")
    assert [row.Name for row in some] == ["/nfs/f.txt"]
    with pytest.raises(WbemError, match="for those of a folder"):
        await ns.query("SELECT * FROM CIM_DataFile WHERE Path = '/nfs/' OR FileSize = 1 AND Name > 'a'")
    done = await ns.call('CIM_DataFile.Name="/etc/hosts"', "Rename", FileName="/etc/hosts.old")
    assert done.ReturnValue == 0
    with pytest.raises(WbemError, match="is not listed as a whole"):
        await ns.query("SELECT * FROM Win32_Directory")


def test_a_host_that_says_nothing(within: Within, get: Callable[..., Any]) -> None:
    nowhere = Host("/no/such/root", kernel=Kernel("n", "6.1"))
    assert within(DataFileProvider, nowhere, Path="/") == []
    assert get(DirectoryProvider, nowhere, "/") is None


async def test_half_of_a_pair_of_utf16_is_no_name(tree: Host) -> None:
    ns = Namespace(Engine("HOST1", [DataFileProvider(tree)]).session(r"root\cimv2"))
    assert await ns.query("SELECT * FROM CIM_DataFile WHERE Name = '/etc/\ud800'") == []
    assert await ns.query("SELECT * FROM CIM_DataFile WHERE Path = '/\ud800/'") == []
    done = await ns.call('CIM_DataFile.Name="/etc/hosts"', "Copy", FileName="/etc/\ud800")
    assert done.ReturnValue == 21
