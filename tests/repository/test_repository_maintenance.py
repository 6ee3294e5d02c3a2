"""Saving, restoring and compacting: what others see of it, what becomes of a damaged file, what is refused."""

from __future__ import annotations

import asyncio
import os
import sqlite3
import stat
import threading
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest
from tests.repository.lamps import NAMESPACE, cim_class, delete, fill, lamp, put, put_class, repository, watts

from openwmi.base.error import WbemError
from openwmi.base.status import WbemStatus
from openwmi.model import CimType, Property, Qualifier, Type, qualifier_set
from openwmi.repository import GivenLayer, Layers, Repository, maintenance
from openwmi.repository.database import Database
from openwmi.repository.transaction import Transaction

COUNT = 30
SOUND = {f"l{number}": number for number in range(COUNT)}


@pytest.fixture
def file(tmp_path: Path) -> Path:
    write(tmp_path / "repository.db", lambda transaction: fill(transaction, COUNT))
    return tmp_path / "repository.db"


def write(file: Path, change: Callable[[Transaction], object]) -> None:
    where = repository(file)
    try:
        asyncio.run(where.write(change))
    finally:
        where.close()


def read(file: Path) -> dict[str, int]:
    where = repository(file)
    try:
        return watts(where)
    finally:
        where.close()


def refused(status: WbemStatus, words: str, do: Callable[..., object], *arguments: object, **more: object) -> None:
    with pytest.raises(WbemError) as caught:
        do(*arguments, **more)
    assert caught.value.status == status
    assert words in caught.value.message


def test_a_backup_is_one_file_for_its_owner_alone(file: Path, tmp_path: Path) -> None:
    saved = tmp_path / "deep" / "saved.db"
    maintenance.backup(file, saved)
    assert [each.name for each in saved.parent.iterdir()] == ["saved.db"]
    assert stat.S_IMODE(saved.stat().st_mode) == 0o600
    assert read(saved) == SOUND
    assert maintenance.check(saved) == []


def test_what_a_backup_does_not_do(file: Path, tmp_path: Path) -> None:
    saved = tmp_path / "saved.db"
    maintenance.backup(file, saved)
    write(file, lambda transaction: put(transaction, lamp("l1", 99)))
    refused(WbemStatus.ALREADY_EXISTS, str(saved), maintenance.backup, file, saved)
    maintenance.backup(file, saved, overwrite=True)
    assert read(saved)["l1"] == 99
    refused(WbemStatus.INVALID_PARAMETER, "in itself", maintenance.backup, file, file, overwrite=True)
    refused(WbemStatus.INVALID_PARAMETER, "no file", maintenance.backup, file, tmp_path, overwrite=True)
    refused(WbemStatus.NOT_FOUND, "no repository", maintenance.backup, tmp_path / "none", tmp_path / "new")
    where = repository(saved)
    asyncio.run(where.write(lambda transaction: put(transaction, lamp("l1", 100))))
    refused(WbemStatus.INVALID_PARAMETER, "in use", maintenance.backup, file, saved, overwrite=True)
    where.close()
    assert read(saved)["l1"] == 100
    assert not (tmp_path / "new").exists()


def test_a_backup_while_another_writes_is_of_one_moment(file: Path, tmp_path: Path) -> None:
    stop = threading.Event()
    counts: list[int] = []

    def all_alike(number: int, transaction: Transaction) -> None:
        put(transaction, *[lamp(name, number) for name in SOUND])

    def work() -> None:
        where = repository(file)
        with asyncio.Runner() as runner:
            while not stop.is_set():
                counts.append(len(counts))
                runner.run(where.write(partial(all_alike, len(counts))))
        where.close()

    write(file, partial(all_alike, 0))
    thread = threading.Thread(target=work)
    thread.start()
    try:
        for number in range(8):
            saved = tmp_path / f"saved{number}.db"
            maintenance.backup(file, saved)
            found = read(saved)
            assert found.keys() == SOUND.keys()
            assert len(set(found.values())) == 1
    finally:
        stop.set()
        thread.join(30)
    assert len(counts) > 1


def test_others_see_what_was_restored(file: Path, tmp_path: Path) -> None:
    saved = tmp_path / "saved.db"
    maintenance.backup(file, saved)
    write(file, lambda transaction: transaction.namespace(NAMESPACE).delete_class("Lamp"))
    write(file, lambda transaction: transaction.create_namespace(r"root\later"))
    looking = repository(file)
    assert watts(looking) == {}
    assert r"root\later" in looking.namespaces()
    mark = file.stat().st_ino
    assert maintenance.restore(file, saved) is None
    assert file.stat().st_ino == mark
    assert watts(looking) == SOUND
    assert r"root\later" not in looking.namespaces()
    asyncio.run(looking.write(lambda transaction: put(transaction, lamp("l1", 5))))
    assert watts(looking) == SOUND | {"l1": 5}
    looking.close()
    assert read(saved) == SOUND
    assert maintenance.check(file) == []


def test_a_repository_that_is_not_there_is_restored(file: Path, tmp_path: Path) -> None:
    new = tmp_path / "deep" / "new.db"
    assert maintenance.restore(new, file) is None
    assert read(new) == SOUND
    assert stat.S_IMODE(new.stat().st_mode) == 0o600


@pytest.mark.parametrize("octets", [b"a text\n" * 1000, b"", b"SQLite format 3\0" + b"\xff" * 8000])
def test_a_file_that_cannot_be_opened_is_put_aside(file: Path, tmp_path: Path, octets: bytes) -> None:
    broken = tmp_path / "broken.db"
    for number in (1, 2):
        broken.write_bytes(octets)
        aside = maintenance.restore(broken, file)
        assert aside == tmp_path / f"broken.db.damaged-{number}"
        assert aside.read_bytes() == octets
        assert read(broken) == SOUND


def test_a_file_that_is_damaged_somewhere_is_written_over(file: Path, tmp_path: Path) -> None:
    saved = tmp_path / "saved.db"
    maintenance.backup(file, saved)
    octets = bytearray(file.read_bytes())
    octets[4096 * 3 : 4096 * 6] = os.urandom(4096 * 3)
    file.write_bytes(octets)
    assert maintenance.check(file) != []
    assert maintenance.restore(file, saved) is None
    assert maintenance.check(file) == []
    assert read(file) == SOUND


def test_a_log_that_is_damaged_goes_aside_with_its_file(file: Path, tmp_path: Path) -> None:
    saved, left = tmp_path / "saved.db", tmp_path / "left.db"
    maintenance.backup(file, saved)
    where = repository(file)
    for number in range(5):
        asyncio.run(where.write(partial(_put, number)))
    left.write_bytes(file.read_bytes())
    log = bytearray((tmp_path / "repository.db-wal").read_bytes())
    where.close()
    log[100] ^= 1
    (tmp_path / "left.db-wal").write_bytes(log)
    assert ["left.db-wal" in each for each in maintenance.check(left)] == [True]
    refused(WbemStatus.CRITICAL_ERROR, "left.db-wal", maintenance.compact, left)
    aside = maintenance.restore(left, saved)
    assert aside is not None
    assert aside.with_name(aside.name + "-wal").read_bytes() == log
    assert read(left) == SOUND


def _put(number: int, transaction: Transaction) -> None:
    put(transaction, lamp("l1", number))


def test_what_is_not_restored(file: Path, tmp_path: Path) -> None:
    saved = tmp_path / "saved.db"
    refused(WbemStatus.NOT_FOUND, "saved.db", maintenance.restore, file, saved)
    refused(WbemStatus.INVALID_PARAMETER, "itself", maintenance.restore, file, file)
    maintenance.backup(file, saved)
    other = sqlite3.connect(saved)
    other.execute("UPDATE instance SET checksum = checksum + 1")
    other.commit()
    other.close()
    refused(WbemStatus.CRITICAL_ERROR, "saved.db", maintenance.restore, file, saved)
    refused(WbemStatus.CRITICAL_ERROR, "saved.db", maintenance.backup, saved, tmp_path / "of damage.db")
    refused(WbemStatus.CRITICAL_ERROR, "saved.db", maintenance.compact, saved)
    assert not (tmp_path / "of damage.db").exists()
    assert read(file) == SOUND


def test_compacting_gives_back_what_is_not_needed(file: Path) -> None:
    def many(transaction: Transaction) -> None:
        put(transaction, *[lamp(f"n{number}").replace_(Room="x" * 500) for number in range(2000)])

    def none(transaction: Transaction) -> None:
        for number in range(2000):
            delete(transaction, lamp("x").class_, Name=f"n{number}")

    write(file, many)
    write(file, none)
    looking = repository(file)
    assert watts(looking) == SOUND
    before, after = maintenance.compact(file)
    assert after < before / 5
    assert after == file.stat().st_size
    assert watts(looking) == SOUND
    looking.close()
    assert read(file) == SOUND
    refused(WbemStatus.NOT_FOUND, "no repository", maintenance.compact, file.with_name("none"))
    refused(WbemStatus.NOT_FOUND, "no repository", maintenance.check, file.with_name("none"))
    assert not file.with_name("none.lock").exists()


def test_a_class_below_one_that_a_provider_brings_is_no_problem(tmp_path: Path) -> None:
    file = tmp_path / "repository.db"
    base = cim_class("Provided", Property("K", Type(CimType.STRING), qualifiers=qualifier_set(Qualifier("key"))))
    where = Repository("here", Layers([GivenLayer([base])]), file)

    def change(transaction: Transaction) -> None:
        below = base.derive("Below", [Property("To", Type(CimType.REFERENCE))])
        put_class(transaction, below)
        put(transaction, below.instance({"K": "a", "To": r'\\elsewhere\root\cimv2:Below.K="a"'}))

    asyncio.run(where.write(change))
    where.close()
    assert maintenance.check(file) == []


def test_a_machine_that_got_another_name_has_a_sound_repository(tmp_path: Path) -> None:
    file = tmp_path / "repository.db"
    where = repository(file)

    def change(transaction: Transaction) -> None:
        fill(transaction, 2)
        link = transaction.namespace(NAMESPACE).find("Link")
        assert link is not None
        put(transaction, link.instance({"From": r'\\HERE\root\cimv2:Lamp.Name="l0"', "To": r'\\there\root:X.Y="z"'}))

    asyncio.run(where.write(change))
    where.close()
    assert maintenance.check(file) == []


async def test_a_commit_that_fails_leaves_all_as_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    where = repository(tmp_path / "repository.db")
    await where.write(lambda transaction: fill(transaction, COUNT))
    commit = Database.commit

    def fail(self: Database) -> None:
        raise WbemError(WbemStatus.CRITICAL_ERROR, "the disk is gone")

    def change(transaction: Transaction) -> None:
        put_class(transaction, cim_class("Later"))
        transaction.create_namespace(r"root\later")
        put(transaction, lamp("l1", 99))

    monkeypatch.setattr(Database, "commit", fail)
    results = await asyncio.gather(*[where.write(each) for each in (change, partial(_put, 5))], return_exceptions=True)
    assert ["gone" in str(each) for each in results] == [True, True]
    monkeypatch.setattr(Database, "commit", commit)
    assert watts(where) == SOUND
    assert where.reader(NAMESPACE).find("Later") is None

    def look(transaction: Transaction) -> bool:
        return transaction.has(r"root\later") or transaction.namespace(NAMESPACE).find("Later") is not None

    assert await where.write(look) is False
    where.close()
