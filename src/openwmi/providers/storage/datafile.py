"""CIM_DataFile and Win32_Directory: files and folders by name, or those of one folder.

Pages cim-datafile and win32-directory.

Name is the path as it is, from the root, with `/` between: `/etc/hosts`. Nothing is made lower-case, and only the exact
spelling is found, since two files may differ in case alone. As on Windows, Drive + Path + FileName + "." + Extension
is the Name: Drive is always empty, since paths begin with no drive; Path is the folder with a `/` at both ends; of
`.profile`, which begins with its only point, all is the FileName. Which logical disk it is on is not part of a name;
FSName has the type of its file system.

A link is what it leads to, and is not listed if that is nothing. What is no folder is a CIM_DataFile: devices and
sockets, too. The disk is never walked: a query has to name a file, or a folder by its Path. Every look at a file is a
question that may remain without an answer; a folder that a mount shows is known to be one all the same.
"""

from __future__ import annotations

import stat
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from functools import partial

from openwmi.base.case import fold
from openwmi.base.error import WbemError
from openwmi.base.status import WbemStatus
from openwmi.engine.provider import MethodCall, Request, Row, method
from openwmi.providers.host import SilentError, text
from openwmi.providers.reading import GoneError, HostProvider, Null, Reads, Table, always
from openwmi.providers.storage import filechange
from openwmi.providers.storage.file import LOCAL_SECONDS, File, looked_at, split
from openwmi.providers.storage.mounts import Mounts

AT_ONCE = 512
"""How many files of a folder one question is about."""


def _status(file: File) -> str:
    """Of a file that does not answer, or is not there any more, nothing is known: it raises."""
    _ = file.facts
    return "OK"


def _born(file: File) -> object:
    born = file.facts.born
    return None if born is None else file.host.local_time(born)


def _kind(file: File) -> str:
    """As stat(1) says it."""
    if file.is_folder:
        return "directory"
    return _KINDS.get(stat.S_IFMT(file.status.st_mode), "unknown")


_KINDS = {
    stat.S_IFREG: "regular file",
    stat.S_IFCHR: "character special file",
    stat.S_IFBLK: "block special file",
    stat.S_IFIFO: "fifo",
    stat.S_IFSOCK: "socket",
}


def _file_system(file: File) -> str | None:
    mount = file.mounts.of(file.path)
    return mount.kind if mount else None


def _allows(mask: int) -> Callable[[File], bool]:
    return lambda file: file.status.st_mode & mask != 0


_ATTRIBUTE = Null("it is an attribute of FAT and NTFS")
_STAT = "stat(2)"

# Windows: CreationClassName is that of the ancestor for files and folders alike.
TABLE: Table[File] = {
    "Caption": Reads("as Name", lambda file: file.name),
    "Description": Reads("as Name", lambda file: file.name),
    "InstallDate": Reads("as CreationDate", _born),
    "Name": Reads("the path from the root", lambda file: file.name),
    "Status": Reads("OK, if stat(2) answers", _status),
    "AccessMask": Null("it depends on who asks"),
    "Archive": _ATTRIBUTE,
    "Compressed": _ATTRIBUTE,
    "CompressionMethod": _ATTRIBUTE,
    "CreationClassName": always("CIM_LogicalFile"),
    "CreationDate": Reads("statx(2) birth time; NULL where the file system did not note it", _born),
    "CSCreationClassName": always("Win32_ComputerSystem"),
    "CSName": Reads("uname(2) nodename", lambda file: file.host.kernel.node),
    "Drive": Reads("empty: paths begin with no drive", lambda _: ""),
    "EightDotThreeFileName": Null("it belongs to Windows"),
    "Encrypted": _ATTRIBUTE,
    "EncryptionMethod": _ATTRIBUTE,
    "Extension": Reads("Name: what follows the last point of its last part", lambda file: file.parts[1]),
    "FileName": Reads("Name: its last part without Extension", lambda file: file.parts[0]),
    "FileSize": Reads(f"{_STAT} st_size; NULL for folders", lambda it: None if it.is_folder else it.status.st_size),
    "FileType": Reads(f"{_STAT} st_mode, in the words of stat(1)", _kind),
    "FSCreationClassName": always("Win32_FileSystem"),
    "FSName": Reads("/proc/self/mountinfo: the type of the file system that the path is on", _file_system),
    "Hidden": Reads("whether its last part begins with a point", lambda it: it.name.rpartition("/")[2].startswith(".")),
    "InUseCount": Null("it takes a look at all processes"),
    "LastAccessed": Reads(f"{_STAT} st_atime", lambda file: file.host.local_time(file.status.st_atime)),
    "LastModified": Reads(f"{_STAT} st_mtime", lambda file: file.host.local_time(file.status.st_mtime)),
    "Path": Reads("Name: its folder, with a / at both ends", lambda file: file.folder),
    "Readable": Reads(f"{_STAT} st_mode: whether any account may read it", _allows(0o444)),
    "System": _ATTRIBUTE,
    "Writeable": Reads(f"{_STAT} st_mode: whether any account may write it", _allows(0o222)),
}


DATA_FILE: Table[File] = {
    **TABLE,
    "Manufacturer": Null("files of this system do not say it"),
    "Version": Null("files of this system do not say it"),
}


class _FileProvider(HostProvider[File]):
    """Of files or of folders.

    Attributes:
        folders: of which of both.
    """

    folders: bool

    def samples(self, request: Request) -> Iterator[File]:
        seen: set[str] = set()
        for each in request.choices or (request.equalities,):
            for file in self._chosen(replace(request, equalities=each)):
                if file.path not in seen:
                    seen.add(file.path)
                    yield file

    def _chosen(self, request: Request) -> Iterator[File]:
        named, folder = request.equalities.get("Name"), request.equalities.get("Path")
        if isinstance(named, str):
            found = self.find(request, {"Name": named})
            yield from () if found is None else (found,)
        elif isinstance(folder, str):
            yield from self._within(request, folder)
        else:
            raise WbemError(
                WbemStatus.PROVIDER_NOT_CAPABLE,
                f"{self.cim_class} is not listed as a whole, since that would read all disks: ask for one by its Name, "
                'or for those of a folder: WHERE Path = "/etc/"',
            )

    def find(self, request: Request, keys: Mapping[str, object]) -> File | None:
        name = keys["Name"]
        if not isinstance(name, str) or not filechange.is_path(name):
            return None
        path = self._spelt(name)
        dated = request.wants("CreationDate", "InstallDate")
        found = None if path is None else File(self.host, Mounts(self.host), path, dated=dated)
        try:
            return found if found is not None and found.is_folder == self.folders else None
        except SilentError as error:
            raise _silent(self.cim_class, error) from error
        except (OSError, GoneError):
            return None

    def _within(self, request: Request, folder: str) -> Iterator[File]:
        """What is in a folder, and has the FileName and the Extension that are asked for."""
        inner = folder.rstrip("/") or "/"
        if not folder.endswith("/") or not filechange.is_path(inner) or (path := self._spelt(inner)) is None:
            return
        host, mounts = self.host, Mounts(self.host)
        seconds = LOCAL_SECONDS if mounts.far(path) is None else None
        names = self._names(path, folder, seconds)
        wanted = [name for name in names if _matches(request, text(name))]
        dated = request.wants("CreationDate", "InstallDate")
        for at in range(0, len(wanted), AT_ONCE):
            some = wanted[at : at + AT_ONCE]
            for file in looked_at(host, mounts, path, some, str(self.cim_class), dated=dated):
                if _is(file, folder=self.folders):
                    yield file

    def _names(self, path: str, shown: str, seconds: float | None) -> list[str]:
        """What is in a folder. WbemError(PROVIDER_TIMED_OUT)."""
        try:
            return self.host.bounded(partial(self.host.names, path), f"the names in {text(shown)}", seconds)
        except SilentError as error:
            raise _silent(self.cim_class, error) from error

    def _spelt(self, name: str) -> str | None:
        """The path that can be opened; names that are not UTF-8 are found by how they are shown, if that is one."""
        if "\ufffd" not in name:
            return name
        path = ""
        for part in name.split("/")[1:]:
            folder = path or "/"
            names = self._names(folder, f"{folder}/", None)
            found = [part] if part in names else [each for each in names if text(each) == part]
            if len(found) != 1:
                return None
            path += "/" + found[0]
        return path


def _is(file: File, *, folder: bool) -> bool:
    """Whether it is of the kind that is wanted; what did not answer is of none, but for what is mounted."""
    return file.is_known and file.is_folder == folder


def _matches(request: Request, name: str) -> bool:
    """Whether a name may have the FileName and the Extension that are asked for."""
    for wanted, found in zip(("FileName", "Extension"), split(name), strict=True):
        value = request.equalities.get(wanted)
        if isinstance(value, str) and fold(value) != fold(found):
            return False
    return True


def _silent(class_name: object, error: SilentError) -> WbemError:
    return WbemError(WbemStatus.PROVIDER_TIMED_OUT, f"{class_name}: {error}")


class DataFileProvider(_FileProvider):
    """Files, and whatever else is no folder; Copy, Delete and Rename."""

    cim_class = "CIM_DataFile"
    table = DATA_FILE
    folders = False

    @method("Copy")
    def copy(self, call: MethodCall) -> Row:
        """Copies a regular file; one that is there is not written over."""
        return {"ReturnValue": filechange.copy(self.host, self._path(call), call.inputs["FileName"])}

    @method("Delete")
    def delete_file(self, call: MethodCall) -> Row:
        """Deletes it; of a link the link."""
        return {"ReturnValue": filechange.delete(self.host, self._path(call))}

    @method("Rename")
    def rename(self, call: MethodCall) -> Row:
        """Gives it another name on the same file system; one that is there is not written over."""
        return {"ReturnValue": filechange.rename(self.host, self._path(call), call.inputs["FileName"])}

    def _path(self, call: MethodCall) -> str:
        """Of the file that a method is called on. WbemError(INVALID_METHOD_PARAMETERS, NOT_FOUND)."""
        if call.keys is None:
            raise WbemError(
                WbemStatus.INVALID_METHOD_PARAMETERS,
                f'{self.cim_class}: the method needs an instance, such as {self.cim_class}.Name="/tmp/a"',
            )
        found = self.find(call.request, call.keys)
        if found is None:
            raise WbemError(WbemStatus.NOT_FOUND, f'{self.cim_class}.Name="{call.keys["Name"]}": there is no such file')
        return found.path


class DirectoryProvider(_FileProvider):
    """Folders."""

    cim_class = "Win32_Directory"
    table = TABLE
    folders = True
