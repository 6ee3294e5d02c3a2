"""From layers and the user's file: which namespaces there are, and the schema of one."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final
from zlib import crc32

from openwmi.repository.damage import damaged
from openwmi.repository.layers import Layers
from openwmi.repository.schema import Entry, Schema, Stored

if TYPE_CHECKING:
    from openwmi.repository.database import Database

ABSENT: Final = 0
"""States of a class: the file knows its number alone, the class is in a layer below."""
DEFINED: Final = 1
"""The class is in the file."""
DELETED: Final = 2
"""The class is in a layer below, and was deleted."""

_CLASSES = (
    "SELECT id, folded, name, superclass, state, record, layout, checksum FROM class WHERE namespace = ? ORDER BY id"
)


def namespaces(layers: Layers, database: Database | None) -> dict[str, tuple[str, int | None]]:
    """Folded name -> (name, number in the file), each after those that it is in."""
    found: dict[str, tuple[str, int | None]] = {key: (name, None) for key, name in layers.namespaces().items()}
    if database is not None:
        for number, folded, name in database.rows("SELECT id, folded, name FROM namespace"):
            found[folded] = (found[folded][0] if folded in found else name, number)
    return dict(sorted(found.items(), key=lambda item: item[0].split("\\")))


def schema(
    namespace: tuple[str, int | None],
    server: str,
    layers: Layers,
    database: Database | None,
    file: Path | None = None,
) -> Schema:
    """The classes of a namespace, given as (name, number in the file): those of the layers under those of the file."""
    name, number = namespace
    made = Schema(name, server, file, number)
    rows: list[tuple[int, str, str, str | None, int, bytes | None, str | None, int]] = []
    if database is not None and number is not None:
        rows = database.rows(_CLASSES, number)
    gone = {folded for _, folded, _, _, state, *_ in rows if state == DELETED}
    for folded, (class_name, superclass, layer) in layers.classes(name).items():
        if folded not in gone:
            made.put(Entry(class_name, superclass, layer=layer))
    for id_, folded, class_name, superclass, state, record, layout, check in rows:
        if class_checksum(folded, class_name, superclass, state, record, layout) != check:
            raise damaged(file, f"in what it has of the class {name}:{class_name!r}")
        if state == DEFINED:
            made.put(Entry(class_name, superclass, record))
        if state == DEFINED or (state == ABSENT and class_name in made):
            made.keep(class_name, Stored(id_, layout))
    return made


def class_checksum(
    folded: str, name: str, superclass: str | None, state: int, record: bytes | None, layout: str | None
) -> int:
    """Of a row of the table of classes."""
    head = "\0".join((folded, name, superclass or "", str(state), layout or ""))
    return crc32(record or b"", crc32(head.encode("utf-8", "surrogatepass")))
