"""From layers and the user's file: which namespaces there are, and the schema of one."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final, cast

from openwmi.repository import rows
from openwmi.repository.damage import damaged
from openwmi.repository.layers import Layers
from openwmi.repository.schema import Entry, Named, Names, Schema, Stored

if TYPE_CHECKING:
    from openwmi.repository.database import Database

ABSENT: Final = 0
"""States of a class: the file knows its number alone, the class is in a layer below."""
DEFINED: Final = 1
"""The class is in the file."""
DELETED: Final = 2
"""The class is in a layer below, and was deleted."""


def namespaces(layers: Layers, database: Database | None) -> Names:
    """Of the layers and of the file, each after those that it is in. CRITICAL_ERROR."""
    found: Names = {key: (name, None) for key, name in layers.namespaces().items()}
    if database is not None:
        for number, folded, name, check in database.rows(rows.NAMESPACES):
            if not rows.fits(check, rows.namespace_checksum, number, folded, name):
                raise damaged(database.file, f"in what it has of the namespace {name!r}")
            found[folded] = (found[folded][0] if folded in found else name, number)
    return dict(sorted(found.items(), key=lambda item: item[0].split("\\")))


def schema(
    namespace: Named,
    server: str,
    layers: Layers,
    database: Database | None,
    file: Path | None = None,
) -> Schema:
    """The classes of a namespace: those of the layers under those of the file. CRITICAL_ERROR."""
    name, number = namespace
    made = Schema(name, server, file, number)
    found = [] if database is None or number is None else _classes(database, name, number)
    gone = {folded for _, _, folded, _, _, state, *_ in found if state == DELETED}
    for folded, (class_name, superclass, layer) in layers.classes(name).items():
        if folded not in gone:
            made.put(Entry(class_name, superclass, layer=layer))
    for id_, _, _, class_name, superclass, state, record, layout in found:
        if state == DEFINED:
            made.put(Entry(class_name, superclass, record))
        if state == DEFINED or (state == ABSENT and class_name in made):
            made.keep(class_name, Stored(id_, layout))
    return made


_Row = tuple[int, int, str, str, str | None, int, bytes | None, str | None]


def _classes(database: Database, namespace: str, number: int) -> list[_Row]:
    """The rows of the table of classes, without their checksums."""
    found = []
    for *fields, check in database.rows(f"{rows.CLASSES} WHERE namespace = ? ORDER BY id", number):
        state, record = fields[5], fields[6]
        if not rows.fits(check, rows.class_checksum, *fields) or (state == DEFINED) != (record is not None):
            raise damaged(database.file, f"in what it has of the class {namespace}:{fields[3]!r}")
        found.append(cast(_Row, tuple(fields)))
    return found
