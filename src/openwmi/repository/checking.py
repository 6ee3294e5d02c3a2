"""All of a repository looked through: what SQLite says, the checksums, and whether its parts fit each other.

Of a class whose superclass is neither in the file nor shipped, since a provider brings it, less can be known.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace

from openwmi.base.case import fold
from openwmi.base.error import WbemError
from openwmi.model import CimClass, CimType, Value
from openwmi.repository import class_record, loading, rows
from openwmi.repository.database import Database
from openwmi.repository.keys import KeyPlan
from openwmi.repository.layers import Layers
from openwmi.repository.schema import Schema
from openwmi.repository.shipped import ShippedLayer
from openwmi.repository.table import layout_of, older_class
from openwmi.repository.value_record import RowCodec

_SHOWN = 1000
_STATES = {loading.ABSENT, loading.DEFINED, loading.DELETED}


def problems(database: Database) -> Iterator[str]:
    """What is wrong, a line each; the first thousand."""
    database.run("BEGIN")  # all of it as it is at one moment
    try:
        for number, problem in enumerate(_problems(database)):
            if number == _SHOWN:
                yield "and more"
                return
            yield problem
    except WbemError as error:
        yield error.message
    finally:
        database.roll_back()


def _problems(database: Database) -> Iterator[str]:
    damaged = False
    for (found,) in database.rows("PRAGMA integrity_check(100)"):
        if found != "ok":
            damaged = True
            yield " ".join(str(found).split())
    for each in rows.damage(database):
        damaged = True
        yield each
    if damaged:
        return  # what does not fit then is no news
    layers = Layers([ShippedLayer.load()])
    spaces = {
        number: loading.schema((name, number), "", layers, database, database.file)
        for number, _, name, _ in database.rows(rows.NAMESPACES)
    }
    known: dict[int, _Kept] = {}
    for number, namespace, folded, name, superclass, state, record, layout, _ in database.rows(rows.CLASSES):
        schema = spaces[namespace]
        where = f"the class {schema.namespace}:{name}"
        yield from _class_problems(schema, layers, where, (folded, name, superclass, state, record))
        try:
            known[number] = _Kept(where, schema, name, layout)
        except (WbemError, ValueError, TypeError, LookupError):
            yield f"{where}: how its instances are laid out cannot be read"
    yield from _row_problems(database, known)
    yield from _index_problems(database, known)


def _class_problems(
    schema: Schema, layers: Layers, where: str, row: tuple[str, str, str | None, int, bytes | None]
) -> Iterator[str]:
    folded, name, superclass, state, record = row
    if state not in _STATES or (record is not None) != (state == loading.DEFINED) or fold(name) != folded:
        yield f"{where} is in a state that no class has"
    elif record is not None:
        try:
            own, above, _ = class_record.read(record)
            if (own, above) != (name, superclass):
                yield f"{where} has the record of {own}, derived from {above}"
            schema.find(name)
        except WbemError as error:
            yield f"{where} cannot be made: {error.message}"
        if superclass is not None and _is_deleted(schema, layers, superclass):
            yield f"{where} is derived from {superclass}, which was deleted"
        elif superclass is not None and superclass.startswith("__") and superclass not in schema:
            yield f"{where} is derived from {superclass}, which does not exist"  # no provider brings one of that name


def _is_deleted(schema: Schema, layers: Layers, name: str) -> bool:
    """Whether a class that is not there is shipped: a provider may bring any other."""
    return name not in schema and fold(name) in layers.classes(schema.namespace)


class _Kept:
    """The instances of a class, as far as can be known how they are kept."""

    def __init__(self, where: str, schema: Schema, name: str, layout: str | None) -> None:
        self.where = where
        try:
            class_ = schema.find(name)
        except WbemError:
            class_ = None  # which was said already
        older = CimClass(name) if layout is None else older_class(layout)
        if class_ is None or layout != layout_of(class_):
            class_ = replace(older, namespace=schema.namespace)
        self.has_rows = layout is not None
        self._class = class_
        self._codec = RowCodec(class_)
        self._plans: dict[str, KeyPlan] = {}
        self._references = self._plan("").references
        self._keys = bool(class_.keys) and not any(
            class_.property(key).type.cim is CimType.REFERENCE for key in class_.keys
        )

    def decode(self, body: bytes) -> tuple[Value, ...]:
        return self._codec.decode(body)[0]

    def is_misplaced(self, key: bytes, values: tuple[Value, ...]) -> bool:
        """Whether the key is not that of the values, as far as it can be known."""
        if not self._keys:
            return False
        try:
            return self._plan("").of_row(values) != key
        except (AttributeError, TypeError):
            return True  # a key without a value

    def targets(self, values: tuple[Value, ...]) -> list[set[bytes]]:
        """What an instance refers to, as the index may have it: the machine may have had any of the names in it."""
        if not self._references:
            return [set()]
        texts = [values[place] for place in self._references]
        servers = {"", *re.findall(r"[\\/]{2}([^\\/]+)[\\/]", repr(texts).replace("\\\\", "\\"))}
        return [self._plan(server).targets(values) for server in sorted(servers)]

    def _plan(self, server: str) -> KeyPlan:
        found = self._plans.get(server)
        if found is None:
            found = self._plans[server] = KeyPlan(replace(self._class, server=server))
        return found


def _row_problems(database: Database, known: dict[int, _Kept]) -> Iterator[str]:
    """Instances that cannot be read, that are in a wrong place, or that the index of references lacks."""
    for number, key, body, _ in rows.instances(database):
        kept = known.get(number)
        if kept is None or not kept.has_rows:
            yield f"there is an instance ({rows.shown(key)}) of a class that has none"
            continue
        where = f"{kept.where}: the instance {rows.shown(key)}"
        try:
            values = kept.decode(body)
        except WbemError as error:
            yield f"{where}: {error.message}"
            continue
        if kept.is_misplaced(key, values):
            yield f"{where} has other keys than those by which it is found"
        lacking = [_lacking(database, each, number, key) for each in kept.targets(values)]
        if all(lacking):
            yield f"{where}: the index of references lacks that to {rows.shown(lacking[0])}"


def _lacking(database: Database, targets: Iterable[bytes], number: int, key: bytes) -> bytes | None:
    for each in sorted(targets):
        if database.row(_REFERENCE, each, number, key) is None:
            return each
    return None


_REFERENCE = "SELECT 1 FROM reference WHERE target = ? AND class = ? AND key = ?"
_INSTANCE = "SELECT body FROM instance WHERE class = ? AND key = ?"


def _index_problems(database: Database, known: dict[int, _Kept]) -> Iterator[str]:
    """References that no instance has."""
    for target, number, key, _ in rows.references(database):
        kept = known.get(number)
        found = None if kept is None else database.row(_INSTANCE, number, key)
        if kept is None or found is None:
            yield f"the index of references has one to {rows.shown(target)} of an instance that is not there"
            continue
        try:
            targets = kept.targets(kept.decode(found[0]))
        except WbemError:
            continue  # which was said already
        if not any(target in each for each in targets):
            where = f"{kept.where}: the instance {rows.shown(key)}"
            yield f"{where}: the index of references has one to {rows.shown(target)} that is not there"
