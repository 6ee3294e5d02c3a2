"""What is written together: changes of classes, instances and namespaces, which happen all or not at all.

A transaction runs on the thread that writes and sees its own changes. Nothing is checked here but that what is written
can be read again: what may be written is for the engine to say.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TypeVar
from zlib import crc32

from openwmi.base.case import NameMap, fold
from openwmi.base.error import WbemError
from openwmi.base.fault import LocalProtocolError
from openwmi.base.status import WbemStatus
from openwmi.model import CimClass, CimInstance
from openwmi.repository import class_record
from openwmi.repository.database import Database
from openwmi.repository.layers import Layers
from openwmi.repository.loading import ABSENT, DEFINED, DELETED
from openwmi.repository.noting import NO_INTEREST, NO_INTERESTS, Interests, Note
from openwmi.repository.reader import Reader
from openwmi.repository.rows import class_checksum, namespace_checksum, reference_checksum
from openwmi.repository.schema import Entry, Named, Names, Schema, Stored
from openwmi.repository.table import Table, layout_of

T = TypeVar("T")


@dataclass(slots=True)
class Changes:
    """What a transaction has changed, for those who keep things in memory.

    Attributes:
        schemas: the new ones by the folded names of their namespaces; None for one that was deleted.
        rows: (number of the class, key) of instances that were written or deleted.
        names: the namespaces, if they are others now.
        notes: what somebody wants to be told of, in the order in which it was done.
    """

    schemas: dict[str, Schema | None] = field(default_factory=dict)
    rows: set[tuple[int, bytes]] = field(default_factory=set)
    names: Names | None = None
    notes: list[Note] = field(default_factory=list)

    def add(self, later: Changes) -> None:
        """Takes in what happened after these."""
        self.notes += later.notes
        self.schemas.update(later.schemas)
        self.rows |= later.rows
        self.names = self.names if later.names is None else later.names


class Transaction:
    """See the module.

    Args:
        database: on which a transaction of SQLite is open.
        names: the namespaces as they are.
        schema: (folded namespace, its name and number) -> its schema as it is.
        layers: what lies below the file.
        interests: of which changes notes are to be taken.
    """

    def __init__(
        self,
        database: Database,
        names: Names,
        schema: Callable[[str, Named], Schema],
        layers: Layers,
        interests: Interests = NO_INTERESTS,
    ) -> None:
        self.database = database
        self.changes = Changes()
        self.layers = layers
        self.interests = interests
        self._names = names
        self._schema = schema
        self._drafts: dict[str, Draft] = {}

    def namespace(self, name: str) -> Draft:
        """A namespace to be changed. INVALID_NAMESPACE."""
        folded = fold(name)
        draft = self._drafts.get(folded)
        if draft is None:
            if folded not in self.names:
                raise WbemError(WbemStatus.INVALID_NAMESPACE, f"there is no namespace {name!r} here")
            draft = self._drafts[folded] = Draft(self, self._schema(folded, self.names[folded]))
        return draft

    def has(self, name: str) -> bool:
        """Whether there is a namespace of that name."""
        return fold(name) in self.names

    def is_given(self, name: str) -> bool:
        """Whether a namespace is always there, because a layer below has it."""
        return fold(name) in self.layers.namespaces()

    @property
    def names(self) -> Names:
        """The namespaces, with the changes so far."""
        return self._names if self.changes.names is None else self.changes.names

    def create_namespace(self, name: str) -> None:
        """A namespace within one that exists. ALREADY_EXISTS, INVALID_NAMESPACE."""
        folded = fold(name)
        if folded in self.names:
            raise WbemError(WbemStatus.ALREADY_EXISTS, f"there is a namespace {self.names[folded][0]} already")
        above = folded.rpartition("\\")[0]
        if above not in self.names:
            raise WbemError(WbemStatus.INVALID_NAMESPACE, f"there is no namespace {above!r} to create {name} in")
        self._add(folded, name)
        self._note(name, new=True)

    def delete_namespace(self, name: str) -> None:
        """A namespace and all within it. INVALID_NAMESPACE."""
        folded = fold(name)
        if folded not in self.names:
            raise WbemError(WbemStatus.INVALID_NAMESPACE, f"there is no namespace {name!r} here")
        self._note(self.names[folded][0], new=False)
        going = [each for each in self.names if each == folded or each.startswith(folded + "\\")]
        for each in going:
            number = self.names[each][1]
            self._drafts.pop(each, None)
            self.changes.schemas[each] = None
            if number is None:
                continue
            own = "IN (SELECT id FROM class WHERE namespace = ?)"
            self.database.run(f"DELETE FROM instance WHERE class {own}", number)  # noqa: S608 - no text from outside
            self.database.run(f"DELETE FROM reference WHERE class {own}", number)  # noqa: S608 - likewise
            self.database.run("DELETE FROM class WHERE namespace = ?", number)
            self.database.run("DELETE FROM namespace WHERE id = ?", number)
        self.changes.names = {each: value for each, value in self.names.items() if each not in going}

    def number(self, schema: Schema) -> int:
        """Of a namespace, which the file gets to know by that."""
        if schema.number is None:
            folded = fold(schema.namespace)
            schema.number = self._add(folded, schema.namespace)
        return schema.number

    def _note(self, name: str, *, new: bool) -> None:
        """A namespace within another one comes or goes."""
        above, _, child = name.rpartition("\\")
        if self.interests.get(fold(above), NO_INTEREST).namespaces:
            self.changes.notes.append(Note(above, None if new else child, child if new else None))

    def _add(self, folded: str, name: str) -> int:
        number = self.database.run("INSERT INTO namespace (folded, name, checksum) VALUES (?, ?, 0)", folded, name)
        assert number is not None
        check = namespace_checksum(number, folded, name)
        self.database.run("UPDATE namespace SET checksum = ? WHERE id = ?", check, number)
        self.changes.names = {**self.names, folded: (name, number)}
        return number


class Draft(Reader):
    """One namespace inside a transaction: what a Reader can see, and what can be changed."""

    __slots__ = ("_copied", "_interest", "_notes", "_run", "_transaction")

    def __init__(self, transaction: Transaction, schema: Schema) -> None:
        super().__init__(schema, transaction.database)
        self._interest = transaction.interests.get(fold(schema.namespace), NO_INTEREST)
        self._notes = transaction.changes.notes
        self._transaction = transaction
        self._copied = False
        self._run = transaction.database.run

    # --------------------------------------------------------------------------------------------------------- classes

    def put_class(self, class_: CimClass, derived: Iterable[CimClass] = ()) -> None:
        """Writes a class, complete and in this namespace; `derived`, ancestors first, is what becomes of those below.

        Rows of instances are written anew where the properties have become others. It is noted as one change, of the
        class itself ([MS-WMI] 3.1.4.3.6), if it is another one then.
        """
        if self._interest.classes:
            before = self.schema.find(class_.name)
            if before != class_:
                self._notes.append(Note(self.namespace, before, class_))
        self._change()
        # Read before anything changes: what was stored of a derived class need not be a class below the new one.
        changing = [(each, self._rows_to_move(each)) for each in (class_, *derived)]
        for each, rows in changing:
            self._put(each, rows)

    def delete_class(self, name: str, *, along: bool = False) -> None:
        """A class that nothing is derived from any more, and its instances.

        They are noted, each for itself, and then the class, unless it goes `along` with one that it is derived from:
        "the server MUST generate a __ClassDeletionEvent" ([MS-WMI] 3.1.4.3.8) means one for a call.
        """
        self._note_deletion(name, along)
        self._change()
        entry, stored = self.schema.entry(name), self.schema.stored(name)
        assert entry is not None
        if stored is not None:
            self._empty(stored.id)
        if fold(name) in self._transaction.layers.classes(self.namespace):
            self._write(Entry(entry.name, entry.superclass), None, DELETED)
        elif stored is not None:
            self._run("DELETE FROM class WHERE id = ?", stored.id)
        self.schema.remove(name)

    def _note_deletion(self, name: str, along: bool) -> None:
        interest = self._interest
        if interest is NO_INTEREST or (class_ := self.schema.find(name)) is None:
            return
        if interest.covers(class_) and self.has_instances(class_):
            self._notes += [Note(self.namespace, each, None) for each in self._all_rows(class_)]
        if interest.classes and not along:
            self._notes.append(Note(self.namespace, class_, None))

    def _put(self, class_: CimClass, rows: list[CimInstance]) -> None:
        schema, name = self.schema, class_.name
        parent = None if class_.superclass is None else schema.find(class_.superclass)
        record, layout = class_record.encode(class_, parent), layout_of(class_)
        stored, entry = schema.stored(name), schema.entry(name)
        if entry is None or entry.superclass != class_.superclass or self._record(entry) != record:
            entry = Entry(name, class_.superclass, record)
            stored = Stored(self._write(entry, layout), layout)
        elif stored is not None and stored.layout != layout:
            stored = Stored(self._write(entry, layout), layout)
        schema.put(entry, class_)
        if stored is not None:
            schema.keep(name, stored)
        if rows:
            self._write_anew(class_, rows)

    def _record(self, entry: Entry) -> bytes:
        if entry.record is not None:
            return entry.record
        assert entry.layer is not None
        return entry.layer.record(self.namespace, entry.name)

    def _rows_to_move(self, class_: CimClass) -> list[CimInstance]:
        """Instances of a class that is going to be this one, if they have to be written anew for that."""
        before = self.schema.find(class_.name) if class_.name in self.schema else None
        if before is None or not self.has_instances(before):
            return []
        stored = self.schema.stored(class_.name)
        same_keys = set(map(fold, before.keys)) == set(map(fold, class_.keys))
        if same_keys and stored is not None and stored.layout == layout_of(class_):
            return []
        return self._all_rows(before)

    def _all_rows(self, class_: CimClass) -> list[CimInstance]:
        found, after = self.page(class_, None, _REWRITTEN)
        while after is not None:
            more, after = self.page(class_, after, _REWRITTEN)
            found += more
        return found

    def _write_anew(self, class_: CimClass, rows: Iterable[CimInstance]) -> None:
        table = self.schema.table(class_)
        assert table is not None
        self._empty(table.id)
        seen: set[bytes] = set()
        for row in rows:
            instance = carried(row, class_)
            if any(instance[key] is None for key in class_.keys):
                raise _homeless(row, class_, "a key has no value")
            key = table.keys.of_row(instance.values_)
            if key in seen:
                raise _homeless(row, class_, "another has the same keys")
            seen.add(key)
            self._insert(table, instance, None)

    def _empty(self, number: int) -> None:
        """Deletes the instances of a class."""
        if self._transaction.database.row("SELECT 1 FROM instance WHERE class = ?", number) is None:
            return  # nor are there references, which no index finds by the class that refers
        self._run("DELETE FROM instance WHERE class = ?", number)
        self._run("DELETE FROM reference WHERE class = ?", number)

    def _write(self, entry: Entry, layout: str | None, state: int | None = None) -> int:
        """The row of a class; its number."""
        if state is None:
            state = ABSENT if entry.record is None else DEFINED
        namespace, folded = self._transaction.number(self.schema), fold(entry.name)
        fields = namespace, folded, entry.name, entry.superclass, state, entry.record, layout
        self._run(_WRITE_CLASS, *fields)
        number: int = self._transaction.database.row(_CLASS_NUMBER, namespace, folded)[0]
        self._run("UPDATE class SET checksum = ? WHERE id = ?", class_checksum(number, *fields), number)
        return number

    # ------------------------------------------------------------------------------------------------------- instances

    def put_instance(self, instance: CimInstance, before: CimInstance | None) -> None:
        """Writes an instance of a class of this namespace; `before` is the one that it replaces.

        It is noted if it is another one then.
        """
        self._insert(self._writable(instance.class_), instance, before)
        if self._interest is not NO_INTEREST and instance != before and self._interest.covers(instance.class_):
            self._notes.append(Note(self.namespace, before, instance))

    def put_whole(self, class_: CimClass, instances: Sequence[CimInstance]) -> None:
        """Writes instances of one class, which has no references, over those that there may be."""
        table = self._writable(class_)
        number, seed, key_of, encode = table.id, table.seed, table.keys.of_row, table.encode
        rows = []
        for instance in instances:
            key, body = key_of(instance.values_), encode(instance)
            rows.append((number, key, body, crc32(body, crc32(key, seed))))
        if self._interest is not NO_INTEREST and self._interest.covers(class_):
            self._note_puts(table, [key for _, key, _, _ in rows], instances)
        self._transaction.database.run_many(_WRITE_INSTANCE, rows)
        self._transaction.changes.rows.update([(number, key) for _, key, _, _ in rows])

    def _note_puts(self, table: Table, keys: Sequence[bytes], instances: Sequence[CimInstance]) -> None:
        """Of instances that are going to be written, some maybe twice."""
        known: dict[bytes, CimInstance | None] = {}
        for key, instance in zip(keys, instances, strict=True):
            before = known[key] if key in known else self._row(table, key)
            known[key] = instance
            if instance != before:
                self._notes.append(Note(self.namespace, before, instance))

    def delete_instance(self, instance: CimInstance) -> None:
        """An instance that is there."""
        if self._interest is not NO_INTEREST and self._interest.covers(instance.class_):
            self._notes.append(Note(self.namespace, instance, None))
        table = self._writable(instance.class_)
        key = table.keys.of_row(instance.values_)
        self._run("DELETE FROM instance WHERE class = ? AND key = ?", table.id, key)
        self._unrefer(table, key, table.keys.targets(instance.values_) if table.keys.references else ())
        self._transaction.changes.rows.add((table.id, key))

    def _insert(self, table: Table, instance: CimInstance, before: CimInstance | None) -> None:
        values = instance.values_
        key, body = table.keys.of_row(values), table.encode(instance)
        transaction = self._transaction
        self._run(_WRITE_INSTANCE, table.id, key, body, crc32(body, crc32(key, table.seed)))
        transaction.changes.rows.add((table.id, key))
        if not table.keys.references:
            return
        now = table.keys.targets(values)
        then = set() if before is None else table.keys.targets(before.values_)
        for each in now - then:
            check = reference_checksum(each, table.id, key)
            self._run("INSERT OR IGNORE INTO reference VALUES (?, ?, ?, ?)", each, table.id, key, check)
        self._unrefer(table, key, then - now)

    def _unrefer(self, table: Table, key: bytes, targets: Iterable[bytes]) -> None:
        for each in targets:
            self._run("DELETE FROM reference WHERE target = ? AND class = ? AND key = ?", each, table.id, key)

    def _writable(self, class_: CimClass) -> Table:
        """The table of a class, which the file gets to know by that, with rows of one layout."""
        stored = self.schema.stored(class_.name)
        if stored is None or stored.layout is None:
            self._change()
            entry = self.schema.entry(class_.name)
            assert entry is not None
            layout = layout_of(class_)
            self.schema.keep(class_.name, Stored(self._write(entry, layout), layout))
        table = self.schema.table(class_)
        assert table is not None
        if table.stale:
            self._put_layout(class_, table)
            table = self.schema.table(class_)
            assert table is not None
        return table

    def _put_layout(self, class_: CimClass, table: Table) -> None:
        """The class came to be another one below the file: its rows are written anew before others are added."""
        now = self.schema.find(class_.name)
        if now is None or layout_of(now) != table.layout:
            raise LocalProtocolError(f"{class_!r} is not what {class_.name} is in {self.namespace}")
        self._change()
        rows = self._all_rows(now)
        entry = self.schema.entry(class_.name)
        assert entry is not None
        self._write(entry, table.layout)
        self.schema.keep(class_.name, Stored(table.id, table.layout))
        self._write_anew(now, rows)

    def _change(self) -> None:
        """From here on the schema is one of our own."""
        if not self._copied:
            self.schema = self.schema.copy()
            self._copied = True
            self._transaction.changes.schemas[fold(self.namespace)] = self.schema


def carried(instance: CimInstance, class_: CimClass) -> CimInstance:
    """The instance as one of `class_`, which its own class has become: values that still fit, and defaults."""
    row = list(class_.defaults)
    for place, each in enumerate(class_.properties):
        at = instance.class_.positions.get(fold(each.name))
        if at is not None:
            with suppress(WbemError):
                row[place] = each.type.check(instance.values_[at])
    kept = [(name, each) for name, each in instance.own_property_qualifiers_.items() if name in class_]
    return CimInstance(class_, tuple(row), instance.own_qualifiers_, NameMap(kept))


def _homeless(instance: CimInstance, class_: CimClass, why: str) -> WbemError:
    return WbemError(
        WbemStatus.CLASS_HAS_INSTANCES,
        f"{instance!r} cannot be one of {class_.name} as that would be now, {why}: delete or change it first",
    )


_REWRITTEN = 1000

_WRITE_CLASS = """
INSERT INTO class (namespace, folded, name, superclass, state, record, layout, checksum) VALUES (?, ?, ?, ?, ?, ?, ?, 0)
ON CONFLICT (namespace, folded) DO UPDATE SET name = excluded.name, superclass = excluded.superclass,
    state = excluded.state, record = excluded.record, layout = excluded.layout
"""
_CLASS_NUMBER = "SELECT id FROM class WHERE namespace = ? AND folded = ?"
_WRITE_INSTANCE = "INSERT OR REPLACE INTO instance VALUES (?, ?, ?, ?)"
