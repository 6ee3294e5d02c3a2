"""Hosts that are test data: unpacks a file of `tests/providers/hosts`, whose README says what may be in one."""

from __future__ import annotations

import json
import re
import sqlite3
import struct
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

from openwmi.providers.host import Host, Kernel, RecordedBus, Space
from openwmi.providers.host.journal import RecordedJournal
from openwmi.providers.host.ping import Ping
from openwmi.providers.host.routing import Routing

FOLDER = Path(__file__).parent / "hosts"
NAMES = tuple(sorted(path.stem for path in FOLDER.glob("*.host")))


def open_host(name: str, folder: Path, **changes: str) -> Host:
    """The host of that name, unpacked below `folder`; `changes` are files in its text's form, over those it has."""
    return unpacked((FOLDER / f"{name}.host").read_text(encoding="utf-8"), folder, **changes)


def unpacked(text: str, folder: Path, **changes: str) -> Host:
    """The host that a text describes; a section given twice counts the last time."""
    sections = dict(_sections(text))
    sections.update(_sections("".join(changes.values())))
    recorded: dict[str, Any] = {}
    for path, (form, body) in sections.items():
        if path.startswith("@"):
            recorded[path[1:]] = json.loads(body)
        else:
            _write(folder, path, form, body)
    clock = recorded.get("clock", 1_700_000_000.25)
    space = {path: Space(*values) for path, values in recorded.get("space", {}).items()}
    return Host(
        str(folder),
        kernel=Kernel.of_recording(recorded["kernel"]),
        bus=RecordedBus(recorded.get("bus", {})),
        routing=Routing(recorded.get("routing")),
        journal=RecordedJournal(recorded.get("journal", [])),
        ping=Ping(recorded.get("ping")),
        clock=lambda: clock,
        space=lambda path: _space(space, path),
        seconds=0.05,
    )


def _space(known: dict[str, Space], path: str) -> Space:
    if path not in known:
        raise FileNotFoundError(2, "there is no such file system in @space", path)
    return known[path]


def _sections(text: str) -> Iterator[tuple[str, tuple[str, str]]]:
    """Path -> form, and what is in it."""
    for found in re.finditer(r"^== (\S+) ?(.*)\n((?:(?!== ).*\n?)*)", text, re.MULTILINE):
        yield found[1], (found[2], found[3])


def _write(folder: Path, path: str, form: str, body: str) -> None:
    target = folder / path.lstrip("/")
    if form == "dir":
        target.mkdir(parents=True, exist_ok=True)
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    if form.startswith("-> "):
        leads = form[3:].strip()
        target.unlink(missing_ok=True)
        # An absolute link stays below the root; Host.link takes the root off again.
        target.symlink_to(f"{folder}{leads}" if leads.startswith("/") else leads)
        return
    target.unlink(missing_ok=True)
    target.write_bytes(_FORMS[form](body))


def _text(body: str) -> bytes:
    return body.encode("utf-8", "surrogateescape")


def _unended(body: str) -> bytes:
    return _text(body.removesuffix("\n"))


def _nul(body: str) -> bytes:
    return _text(body).replace(b"\n", b"\0")


def _smbios(body: str) -> bytes:
    """Structures of SMBIOS: a head `type 4 handle 0x0004`, lines of hex for what follows it, and strings in quotes."""
    found = []
    for each in re.split(r"^(?=type )", body, flags=re.MULTILINE):
        head = re.match(r"type (\d+) handle (\w+)\n", each)
        if head is None:
            continue
        formatted = bytes.fromhex("".join(re.findall(r"^ *((?:[0-9A-Fa-f]{2} ?)+)$", each[head.end() :], re.MULTILINE)))
        strings = [string.encode() for string in re.findall(r'^ *"(.*)"$', each, re.MULTILINE)]
        found.append(struct.pack("<BBH", int(head[1]), 4 + len(formatted), int(head[2], 0)) + formatted)
        found.append(b"".join(string + b"\0" for string in strings) + (b"\0" if strings else b"\0\0"))
    return b"".join(found)


def _tzif(body: str) -> bytes:
    """The least file of zoneinfo: one type that is never changed, and the rule from then on (RFC 9636)."""
    head = struct.pack(">4sc15x6I", b"TZif", b"2", 0, 0, 0, 0, 1, 4)
    kind = struct.pack(">iBB4s", 0, 0, 0, b"UTC\0")
    return head + kind + head + kind + b"\n" + body.strip().encode("ascii") + b"\n"


def _rpmdb(body: str) -> bytes:
    """A list of packages, each with values by the numbers of their tags: a text, a number, or texts by language."""
    with closing(sqlite3.connect(":memory:")) as database:
        database.execute("CREATE TABLE Packages (hnum INTEGER PRIMARY KEY AUTOINCREMENT, blob BLOB NOT NULL)")
        headers = [(rpm_header({int(tag): value for tag, value in each.items()}),) for each in json.loads(body)]
        database.executemany("INSERT INTO Packages (blob) VALUES (?)", headers)
        database.commit()
        return database.serialize()


def rpm_header(tags: dict[int, Any]) -> bytes:
    """The header of a package of rpm."""
    index, store = b"", b""
    for tag, value in tags.items():
        if isinstance(value, int):
            store += bytes(-len(store) % 4)
            kind, count, data = 4, 1, struct.pack(">I", value)
        else:
            texts = [value] if isinstance(value, str) else value
            kind, count = 6 if isinstance(value, str) else 9, len(texts)
            data = b"".join(each.encode() + b"\0" for each in texts)
        index += struct.pack(">IIII", tag, kind, len(store), count)
        store += data
    return struct.pack(">II", len(tags), len(store)) + index + store


_FORMS = {
    "": _text,
    "unended": _unended,
    "nul": _nul,
    "hex": lambda body: bytes.fromhex("".join(body.split())),
    "smbios": _smbios,
    "tzif": _tzif,
    "rpmdb": _rpmdb,
}
