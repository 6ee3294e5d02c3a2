"""Win32_NTEventlogFile of this host: the files of the logs that Win32_NTLogEvent reads."""

from __future__ import annotations

import os
from collections.abc import Iterator
from functools import cached_property

from openwmi.base.limits import LOG_COUNTED_OCTETS
from openwmi.engine.provider import Request
from openwmi.model import CimDateTime
from openwmi.providers.host import Host
from openwmi.providers.logs import journal, syslog
from openwmi.providers.reading import HostProvider, Null, Reads, Table, always


class LogFile:
    """The file of a log."""

    def __init__(self, host: Host, log: str, path: str) -> None:
        self.host = host
        self.log = log
        self.path = path

    @cached_property
    def status(self) -> os.stat_result:
        return self.host.status(self.path)

    @property
    def folder(self) -> str:
        return self.path.rpartition("/")[0] + "/"

    @property
    def name(self) -> str:
        return self.path.rpartition("/")[2]

    @property
    def created(self) -> CimDateTime | None:
        born = self.host.birth_time(self.path)
        return None if born is None else self.host.local_time(born)

    @property
    def is_readable(self) -> bool:
        try:
            self.host.stream(self.path).close()
        except PermissionError:
            return False
        return True

    @property
    def records(self) -> int | None:
        if self.log == journal.NAME or self.status.st_size > LOG_COUNTED_OCTETS:
            return None
        return syslog.count(self.host, self.log)


_ROTATED = Null("logrotate(8) and journald have rules of their own")
_DOS = Null("it is of the file systems of Windows")

TABLE: Table[LogFile] = {
    "Caption": Reads("as Name", lambda of: of.path),
    "Description": Reads("as Name", lambda of: of.path),
    "InstallDate": Reads("as CreationDate", lambda of: of.created),
    "Name": Reads("the path of the file", lambda of: of.path),
    "Status": always("OK"),
    "AccessMask": _DOS,
    "Archive": _DOS,
    "Compressed": _DOS,
    "CompressionMethod": _DOS,
    "CreationClassName": always("Win32_NTEventlogFile"),
    "CreationDate": Reads("statx(2) stx_btime; NULL where the file system does not note it", lambda of: of.created),
    "CSCreationClassName": always("Win32_ComputerSystem"),
    "CSName": Reads("uname(2) nodename", lambda of: of.host.kernel.node),
    "Drive": _DOS,
    "EightDotThreeFileName": _DOS,
    "Encrypted": _DOS,
    "EncryptionMethod": _DOS,
    "Extension": Reads("the name behind its last dot", lambda of: of.name.rpartition(".")[2] if "." in of.name else ""),
    "FileName": Reads("the name without the extension", lambda of: of.name.rpartition(".")[0] or of.name),
    "FileSize": Reads("stat(2) st_size", lambda of: of.status.st_size),
    "FileType": Null("types are not registered"),
    "FSCreationClassName": always("Win32_FileSystem"),
    "FSName": Null("see Win32_Volume"),
    "Hidden": always(False),
    "InUseCount": Null("it is not kept"),
    "LastAccessed": Reads("stat(2) st_atime", lambda of: of.host.local_time(of.status.st_atime)),
    "LastModified": Reads("stat(2) st_mtime", lambda of: of.host.local_time(of.status.st_mtime)),
    "Path": Reads("the folder of the file", lambda of: of.folder),
    "Readable": Reads("whether this process may read it", lambda of: of.is_readable),
    "System": _DOS,
    "Writeable": Null("it is for syslogd and journald to write"),
    "Manufacturer": Null("files have none"),
    "Version": Null("files have none"),
    "LogfileName": Reads("the name of the file in /var/log, or `journal`", lambda of: of.log),
    "MaxFileSize": _ROTATED,
    "NumberOfRecords": Reads(
        "its entries, if it is no larger than 64 MiB; NULL for the journal", lambda of: of.records
    ),
    "OverwriteOutDated": _ROTATED,
    "OverWritePolicy": _ROTATED,
    "Sources": Null("programs do not register to write to a log"),
}


class EventlogFileProvider(HostProvider[LogFile]):
    """The files of syslog that are there, and that which journald writes."""

    cim_class = "Win32_NTEventlogFile"
    table = TABLE

    def samples(self, request: Request) -> Iterator[LogFile]:  # noqa: ARG002 - as of any provider
        for log in syslog.logs(self.host):
            yield LogFile(self.host, log, f"{syslog.FOLDER}/{log}")
        path = journal.file(self.host)
        if path is not None:
            yield LogFile(self.host, journal.NAME, path)
