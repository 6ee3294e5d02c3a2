"""The packages of rpm(8), out of its database in SQLite: a row for each, which is the package's header.

The form of a header is in rpm's own documentation ("RPM V4 Package format", "Header Structure"). The older databases
(Berkeley DB, ndb) are not read: distributions that are maintained have SQLite. The file is only ever read.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from contextlib import closing
from urllib.parse import quote

from openwmi.providers.host import Host
from openwmi.providers.software.package import INSTALLED, Package, unknown

DATABASES = ("/usr/lib/sysimage/rpm/rpmdb.sqlite", "/var/lib/rpm/rpmdb.sqlite")
"""Where it is since it was moved for systems with snapshots, and where it is elsewhere."""


def packages(host: Host) -> Iterator[Package]:
    """All of them but for keys, which rpm keeps among them. OSError for a database that cannot be read."""
    for path in DATABASES:
        if host.exists(path):
            for header in _headers(host.root + path):
                found = decode_header(header)
                if found.get(_NAME) != "gpg-pubkey":
                    yield _package(found)
            return


def decode_header(data: bytes) -> dict[int, str | int]:
    """The values of the tags that are read here; of a text in several languages the first. ValueError."""
    if len(data) < _HEAD.size:
        raise ValueError("a header of rpm is longer")
    count, size = _HEAD.unpack_from(data)
    store = _HEAD.size + count * _ENTRY.size
    if count > _MAX_ENTRIES or store + size > len(data):
        raise ValueError("a header of rpm is cut off")
    found: dict[int, str | int] = {}
    for at in range(_HEAD.size, store, _ENTRY.size):
        tag, kind, offset, _ = _ENTRY.unpack_from(data, at)
        if tag not in _TAGS or tag in found:
            continue
        start, end = store + offset, store + size
        if kind == _INT32 and offset + 4 <= size:
            found[tag] = int.from_bytes(data[start : start + 4], "big")
        elif kind in _TEXTS and offset < size:
            found[tag] = data[start:end].partition(b"\0")[0].decode("utf-8", "replace")
        else:
            raise ValueError(f"tag {tag} of a header of rpm is of type {kind} at {offset} of {size}")
    return found


def _package(found: dict[int, str | int]) -> Package:
    def text(tag: int) -> str:
        return str(found.get(tag, ""))

    name, epoch = text(_NAME), f"{found[_EPOCH]}:" if _EPOCH in found else ""
    installed = found.get(_INSTALLED)
    return Package(
        f"{name}.{text(_ARCHITECTURE)}",
        name,
        f"{epoch}{text(_VERSION)}-{text(_RELEASE)}",
        text(_VENDOR),
        text(_SUMMARY),
        text(_URL),
        INSTALLED,
        (lambda: float(installed)) if isinstance(installed, int) else unknown,
    )


def _headers(file: str) -> Iterator[bytes]:
    import sqlite3  # noqa: PLC0415 - only systems with rpm pay for it

    def rows(how: str) -> list[tuple[bytes]]:
        with closing(sqlite3.connect(f"file:{quote(file)}?{how}", uri=True, timeout=0)) as database:
            return database.execute("SELECT blob FROM Packages ORDER BY hnum").fetchall()

    try:
        try:
            found = rows("mode=ro")
        except sqlite3.OperationalError:
            # Who may not write beside it cannot take part in its log; without that it is what was last written back.
            found = rows("mode=ro&immutable=1")
    except sqlite3.Error as error:
        raise OSError(f"{file}: {error}") from error
    return (bytes(blob) for (blob,) in found)


_HEAD = struct.Struct(">II")
_ENTRY = struct.Struct(">IIII")
_MAX_ENTRIES = 1 << 16
_INT32, _TEXTS = 4, {6, 8, 9}  # a text, an array of texts, a text in several languages
_NAME, _VERSION, _RELEASE, _EPOCH, _SUMMARY = 1000, 1001, 1002, 1003, 1004
_INSTALLED, _VENDOR, _URL, _ARCHITECTURE = 1008, 1011, 1020, 1022
_TAGS = {_NAME, _VERSION, _RELEASE, _EPOCH, _SUMMARY, _INSTALLED, _VENDOR, _URL, _ARCHITECTURE}
