"""What `check` says of rows that are whole for themselves and do not fit each other; and files in still places."""

from __future__ import annotations

import asyncio
import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path
from zlib import crc32

import pytest
from tests.repository.lamps import COUNTLESS, LAMP, NAMESPACE, fill, lamp, put, put_class, repository

from openwmi.base.error import WbemError
from openwmi.base.status import WbemStatus
from openwmi.repository import class_record, maintenance, rows
from openwmi.repository.database import Database
from openwmi.repository.opening import Still, _copied_aside, _reading, open_reading
from openwmi.repository.transaction import Transaction

Edit = Callable[[sqlite3.Connection], object]


def write(file: Path, change: Callable[[Transaction], object]) -> None:
    where = repository(file)
    try:
        asyncio.run(where.write(change))
    finally:
        where.close()


@pytest.fixture
def file(tmp_path: Path) -> Path:
    write(tmp_path / "repository.db", lambda transaction: fill(transaction, 5))
    write(tmp_path / "repository.db", lambda transaction: put_class(transaction, LAMP.derive("Below")))
    return tmp_path / "repository.db"


def class_row(name: str, **fields: object) -> Edit:
    """Changes a row of the table of classes, and its checksum with it."""

    def edit(connection: sqlite3.Connection) -> None:
        for field, value in fields.items():
            connection.execute(f"UPDATE class SET {field} = ? WHERE name = ?", (value, name))
        named = fields.get("name", name)
        (*found, _) = connection.execute(f"{rows.CLASSES} WHERE name = ?", (named,)).fetchone()
        connection.execute("UPDATE class SET checksum = ? WHERE id = ?", (rows.class_checksum(*found), found[0]))

    return edit


def instance_row(name: str, key: bytes, body: bytes, layout: str | None = None) -> Edit:
    """Writes a row of the table of instances."""

    def edit(connection: sqlite3.Connection) -> None:
        number, known = connection.execute("SELECT id, layout FROM class WHERE name = ?", (name,)).fetchone()
        check = crc32(body, crc32(key, rows.row_seed(number, layout or known)))
        connection.execute("INSERT OR REPLACE INTO instance VALUES (?, ?, ?, ?)", (number, key, body, check))

    return edit


def reference_row(target: bytes, key: bytes) -> Edit:
    def edit(connection: sqlite3.Connection) -> None:
        (number,) = connection.execute("SELECT id FROM class WHERE name = 'Link'").fetchone()
        check = rows.reference_checksum(target, number, key)
        connection.execute("INSERT INTO reference VALUES (?, ?, ?, ?)", (target, number, key, check))

    return edit


def of_none(connection: sqlite3.Connection) -> None:
    class_row("Below", layout=None)(connection)
    instance_row("Below", b"l1", b'["l1",1,null]')(connection)


def derived_from(name: str) -> Edit:
    """Lamp below this one, which Below makes a circle of two."""
    record = class_record.encode(type(LAMP)("Lamp", superclass=name), None)
    return class_row("Lamp", superclass=name, record=record)


SHIPPED = "__Namespace"


def deleted_above(connection: sqlite3.Connection) -> None:
    """A class below a shipped one that was deleted."""
    (number,) = connection.execute("SELECT id FROM namespace").fetchone()
    fields = (99, number, SHIPPED.lower(), SHIPPED, None, 2, None, None)
    connection.execute("INSERT INTO class VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", (*fields, rows.class_checksum(*fields)))
    record = class_record.encode(type(LAMP)("Below", superclass=SHIPPED), None)
    class_row("Below", superclass=SHIPPED, record=record)(connection)


@pytest.mark.parametrize(
    ("edit", "words"),
    [
        (class_row("Lamp", state=2), "in what it has of the class"),
        (class_row("Lamp", state=7, record=None), "in a state that no class has"),
        (class_row("Lamp", record=None), "in what it has of the class"),
        (class_row("Lamp", folded="lump"), "in a state that no class has"),
        (class_row("Lamp", record=b"[1]"), "the class root\\cimv2:Lamp cannot be made"),
        (class_row("Lamp", record=class_record.encode(COUNTLESS, None)), "has the record of Countless"),
        (class_row("Below", record=class_record.encode(LAMP.derive("Below", LAMP.properties[:1]), LAMP)), ""),
        (class_row("Lamp", layout="[[1]]"), "damaged|laid out|instance"),
        (class_row("Below", layout="[[1]]"), "how its instances are laid out cannot be read"),
        (deleted_above, "which was deleted"),
        (derived_from("Lamp"), "Lamp is derived from itself"),
        (derived_from("Below"), "is derived from itself"),
        (derived_from("__Nobody"), "derived from __Nobody, which does not exist"),
        (instance_row("Lamp", b"l1", b'["l2",1,null]'), "other keys than those by which it is found"),
        (instance_row("Lamp", b"l1", b"[null,1,null]"), "other keys than those by which it is found"),
        (instance_row("Lamp", b"l1", b'["l1"]'), "stored record"),
        (of_none, "of a class that has none"),
        (reference_row(b"x", b"y"), "of an instance that is not there"),
    ],
)
def test_what_does_not_fit(file: Path, edit: Edit, words: str) -> None:
    assert maintenance.check(file) == []
    connection = sqlite3.connect(file)
    with connection:
        edit(connection)
    connection.close()
    found = maintenance.check(file)
    assert [each for each in found if any(word in each for word in words.split("|"))] or (not words and found == [])
    assert all("\n" not in each for each in found)


def test_a_reference_that_an_instance_does_not_have(file: Path) -> None:
    connection = sqlite3.connect(file)
    with connection:
        (key,) = connection.execute("SELECT key FROM instance JOIN class ON id = class WHERE name = 'Link'").fetchone()
        reference_row(b"\0root\\cimv2\0lamp\0=nobody", key)(connection)
    connection.close()
    assert ["that is not there" in each for each in maintenance.check(file)] == [True]


@pytest.mark.parametrize("above", ["Lamp", "Below"])
def test_a_class_that_is_derived_from_itself_is_not_read(file: Path, above: str) -> None:
    connection = sqlite3.connect(file)
    with connection:
        derived_from(above)(connection)
    connection.close()
    where = repository(file)
    for name in ("Lamp", "Below"):
        with pytest.raises(WbemError, match="damaged") as caught:
            where.reader(NAMESPACE).find(name)
        assert caught.value.status == WbemStatus.CRITICAL_ERROR
    where.close()


@pytest.mark.parametrize("body", [b'["l2",1,null]', b"[null,1,null]"])
def test_a_row_with_the_keys_of_another_is_not_got(file: Path, body: bytes) -> None:
    connection = sqlite3.connect(file)
    with connection:
        instance_row("Lamp", b"l1", body)(connection)
    connection.close()
    where = repository(file)
    reader = where.reader(NAMESPACE)
    class_ = reader.find("Lamp")
    assert class_ is not None
    with pytest.raises(WbemError, match=r"damaged.*Lamp \(l1\)") as caught:
        reader.get(class_, {"Name": "L1"})
    assert caught.value.status == WbemStatus.CRITICAL_ERROR
    assert reader.get(class_, {"Name": "l2"}) is not None
    where.close()


def test_a_thousand_problems_are_enough(file: Path) -> None:
    write(file, lambda transaction: put(transaction, *[lamp(f"n{number}") for number in range(1100)]))
    connection = sqlite3.connect(file)
    with connection:
        connection.execute("UPDATE instance SET checksum = 0")
    connection.close()
    found = maintenance.check(file)
    assert len(found) <= 1001
    assert len(found) > 0


# --------------------------------------------------------------------------------------------------------- still places


def test_a_still_file_that_somebody_writes_after_all(file: Path) -> None:
    """What was read while it was written is read again; SQLite itself takes such a file to be as it was."""
    still: Database = Still(_reading(file, "mode=ro&immutable=1"), file)
    before = still.version
    statement = "SELECT count(*) FROM instance WHERE class = 1"
    assert still.row(statement) == (5,)
    assert still.version == before
    write(file, lambda transaction: put(transaction, *[lamp(f"n{number}") for number in range(500)]))
    assert still.rows(statement) == [(505,)]
    assert still.version != before
    with pytest.raises(WbemError):
        still.row("SELECT nothing")
    write(file, lambda transaction: put(transaction, lamp("one more")))
    assert still.row(statement) == (506,)
    moved = [still.moved]
    shutil.copyfile(file, file.with_name("other.db"))
    file.with_name("other.db").replace(file)
    moved.append(still.moved)
    assert moved == [False, True]
    still.close()


def test_a_file_and_its_log_where_nothing_can_be_written(file: Path, tmp_path: Path) -> None:
    where = repository(file)
    asyncio.run(where.write(lambda transaction: put(transaction, lamp("l1", 99))))
    copy = tmp_path / "copy.db"
    for suffix in ("", "-wal"):
        shutil.copyfile(f"{file}{suffix}", f"{copy}{suffix}")
    where.close()
    connection = _copied_aside(copy)
    still = Still(connection, copy)
    assert still.row("SELECT body FROM instance WHERE key = x'6c31' AND class = 1") == (b'["l1",99,null]',)
    still.close()
    assert sorted(each.name for each in tmp_path.iterdir() if each.name.startswith("copy")) == [
        "copy.db",
        "copy.db-wal",
    ]


def test_a_place_that_cannot_be_looked_at(tmp_path: Path) -> None:
    with pytest.raises(WbemError) as caught:
        open_reading(tmp_path / ("x" * 300))
    assert caught.value.status == WbemStatus.ACCESS_DENIED
    assert open_reading(tmp_path / "none") is None
    assert NAMESPACE == r"root\cimv2"
