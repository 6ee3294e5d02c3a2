"""The checksums of rows: SQLite has none, and an octet that a disk got wrong must not become somebody's value.

Each row is bound to where it belongs, so that one that SQLite finds in a wrong place is known, too: an instance to the
number of its class, and to the list of properties under which it was written.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any
from zlib import crc32

from openwmi.repository.damage import damaged

if TYPE_CHECKING:
    from openwmi.repository.database import Database

NAMESPACES = "SELECT id, folded, name, checksum FROM namespace"
CLASSES = "SELECT id, namespace, folded, name, superclass, state, record, layout, checksum FROM class"
_INSTANCES = (
    "SELECT class, key, body, checksum FROM instance WHERE (class, key) > (?, ?) ORDER BY class, key LIMIT 1000"
)
_REFERENCES = (
    "SELECT target, class, key, checksum FROM reference"
    " WHERE (target, class, key) > (?, ?, ?) ORDER BY target, class, key LIMIT 1000"
)


def namespace_checksum(number: int, folded: str, name: str) -> int:
    """Of a row of the table of namespaces."""
    return crc32("\0".join((str(number), folded, name)).encode("utf-8", "surrogatepass"))


def class_checksum(
    number: int,
    namespace: int,
    folded: str,
    name: str,
    superclass: str | None,
    state: int,
    record: bytes | None,
    layout: str | None,
) -> int:
    """Of a row of the table of classes."""
    head = "\0".join((str(number), str(namespace), folded, name, superclass or "", str(state), layout or ""))
    return crc32(record or b"", crc32(head.encode("utf-8", "surrogatepass")))


def row_seed(number: int, layout: str | None) -> int:
    """Where the checksum of an instance begins, which is `crc32(body, crc32(key, seed))`."""
    return crc32(f"{number}\0{layout}".encode("utf-8", "surrogatepass"))


def reference_checksum(target: bytes, number: int, key: bytes) -> int:
    """Of a row of the table of references."""
    return crc32(key, crc32(b"%d\0" % number, crc32(target)))


def fits(check: object, checksum: Callable[..., int], *fields: object) -> bool:
    """Whether a row has the checksum that it should have; damage may have made values of other types of its fields."""
    try:
        return check == checksum(*fields)
    except (TypeError, AttributeError):
        return False


def damage(database: Database) -> Iterator[str]:
    """What is not as it was written, row by row: each a few words that say where."""
    namespaces: set[object] = set()
    for *fields, check in database.rows(NAMESPACES):
        namespaces.add(fields[0])
        if not fits(check, namespace_checksum, *fields):
            yield f"in what it has of the namespace {fields[2]!r}"
    seeds: dict[object, int] = {}
    for *fields, check in database.rows(CLASSES):
        number, namespace, _, name, *_, layout = fields
        if not fits(check, class_checksum, *fields):
            yield f"in what it has of the class {name!r}"
        elif namespace not in namespaces:
            yield f"the class {name!r} is in no namespace"
        else:
            seeds[number] = row_seed(number, layout)
    for number, key, body, check in instances(database):
        if number not in seeds:
            yield f"an instance is of no class that is readable ({number}: {shown(key)})"
        elif not fits(check, _instance_checksum, seeds[number], key, body):
            yield f"in an instance of the class with the number {number} ({shown(key)})"
    for target, number, key, check in references(database):
        if not fits(check, reference_checksum, target, number, key):
            yield f"in the index of references, to {shown(target)}"


def instances(database: Database) -> Iterator[tuple[int, bytes, bytes, int]]:
    """(number of the class, key, body, checksum) of all, a class after the other."""
    return _all(database, _INSTANCES, (-1, b""), slice(2))


def references(database: Database) -> Iterator[tuple[bytes, int, bytes, int]]:
    """(target, number of the class that refers, key, checksum) of all."""
    return _all(database, _REFERENCES, (b"", -1, b""), slice(3))


def shown(octets: object) -> str:
    """A key or a target in a message."""
    text = octets.decode("utf-8", "replace") if isinstance(octets, bytes) else repr(octets)
    return ascii(text[:80])


def _instance_checksum(seed: int, key: bytes, body: bytes) -> int:
    return crc32(body, crc32(key, seed))


def _all(database: Database, statement: str, at: tuple[Any, ...], place: slice) -> Iterator[Any]:
    """In pages by key; damage must not make that turn in a circle."""
    while page := database.rows(statement, *at):
        yield from page
        before, at = at, tuple(page[-1][place])
        if not fits(True, at.__gt__, before):
            raise damaged(database.file, "and its rows are out of order")
