"""Where a repository lies, and who else is there: locks, rights, full disks, files that come and go."""

from __future__ import annotations

import asyncio
import os
import resource
import shutil
import sqlite3
import stat
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest
from tests.repository.children import beside, in_child
from tests.repository.lamps import LAMP, NAMESPACE, fill, lamp, put, put_class, repository, watts

from openwmi.base.error import WbemError
from openwmi.base.status import WbemStatus
from openwmi.model import CimInstance
from openwmi.repository import maintenance
from openwmi.repository.lock import Lock
from openwmi.repository.opening import VERSION, open_writing
from openwmi.repository.transaction import Transaction

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="children are forked")
COUNT = 20
SOUND = {f"l{number}": number for number in range(COUNT)}


@pytest.fixture
def public() -> Iterator[Path]:
    """A folder that others may look into."""
    folder = Path(tempfile.mkdtemp(prefix="openwmi-test-"))
    folder.chmod(0o755)
    yield folder
    for each in (folder, *folder.rglob("*")):
        if each.is_dir():
            each.chmod(0o755)
    shutil.rmtree(folder)


def make(file: Path) -> Path:
    write(file, lambda transaction: fill(transaction, COUNT))
    return file


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


def put_value(value: int, transaction: Transaction) -> None:
    put(transaction, lamp("new", value))


def put_new(transaction: Transaction) -> None:
    put(transaction, lamp("new", 7))


def refused(file: Path, status: WbemStatus, words: str = "") -> None:
    for do in (lambda: read(file), lambda: write(file, put_new)):
        with pytest.raises(WbemError) as caught:
            do()
        assert caught.value.status == status
        assert str(file) in caught.value.message
        assert words in caught.value.message


# ---------------------------------------------------------------------------------------------- what is no repository


def test_a_text_file(tmp_path: Path) -> None:
    file = tmp_path / "text"
    file.write_text("a letter to a friend\n" * 100)
    before = file.read_bytes()
    refused(file, WbemStatus.CRITICAL_ERROR, "is no repository")
    assert file.read_bytes() == before
    assert maintenance.check(file) != []


def test_an_empty_file(tmp_path: Path) -> None:
    file = tmp_path / "empty"
    file.touch()
    refused(file, WbemStatus.CRITICAL_ERROR, "empty")


def test_a_folder(tmp_path: Path) -> None:
    refused(tmp_path, WbemStatus.INVALID_PARAMETER, "is no file")


def test_a_file_where_a_folder_should_be(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    file = tmp_path / "file" / "repository.db"
    with pytest.raises(WbemError, match="no folder"):
        read(file)
    with pytest.raises(WbemError, match="cannot be written"):
        write(file, put_new)


def test_the_database_of_another_program(tmp_path: Path) -> None:
    file = tmp_path / "other.db"
    other = sqlite3.connect(file)
    other.executescript(
        "PRAGMA journal_mode = WAL; CREATE TABLE friend (name TEXT); INSERT INTO friend VALUES ('Ann');"
    )
    other.close()
    refused(file, WbemStatus.INVALID_PARAMETER, "another program")
    for do in (maintenance.check, maintenance.compact):
        with pytest.raises(WbemError, match="another program"):
            do(file)
    saved = make(tmp_path / "mine.db")
    with pytest.raises(WbemError, match="another program"):
        maintenance.restore(file, saved)
    other = sqlite3.connect(file)
    assert other.execute("SELECT name FROM friend").fetchall() == [("Ann",)]
    other.close()


def test_one_of_a_later_release(tmp_path: Path) -> None:
    file = make(tmp_path / "repository.db")
    other = sqlite3.connect(file)
    other.execute(f"PRAGMA user_version = {VERSION + 1}")
    other.close()
    refused(file, WbemStatus.NOT_SUPPORTED, "later openwmi")
    with pytest.raises(WbemError, match="later openwmi"):
        maintenance.check(file)


def test_nothing_is_there_until_the_first_write(tmp_path: Path) -> None:
    file = tmp_path / "deep" / "below" / "repository.db"
    assert read(file) == {}
    assert not (tmp_path / "deep").exists()
    where = repository(file)
    asyncio.run(where.write(lambda transaction: fill(transaction, COUNT)))
    old = os.umask(0)
    try:
        assert watts(where) == SOUND
        for each in file.parent.iterdir():
            assert stat.S_IMODE(each.stat().st_mode) == 0o600, each
        assert {each.name for each in file.parent.iterdir()} >= {"repository.db", "repository.db-wal"}
    finally:
        os.umask(old)
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700
    where.close()
    assert sorted(each.name for each in file.parent.iterdir()) == ["repository.db", "repository.db.lock"]


# ------------------------------------------------------------------------------------------------------- two programs


def test_another_program_is_writing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Lock.acquire, "__defaults__", (0.05, lambda: None))
    file = make(tmp_path / "repository.db")

    def hold() -> object:
        lock = Lock(file)
        lock.acquire()
        database = open_writing(file)
        database.begin()
        return lock, database

    with beside(hold) as process:
        assert read(file) == SOUND
        saved = tmp_path / "saved.db"
        maintenance.backup(file, saved)
        for do in (
            lambda: write(file, put_new),
            lambda: maintenance.compact(file),
            lambda: maintenance.restore(file, saved),
        ):
            with pytest.raises(WbemError, match=f"written by process {process}:") as caught:
                do()
            assert caught.value.status == WbemStatus.SERVER_TOO_BUSY
    write(file, put_new)  # a lock ends with its process
    assert read(file) == SOUND | {"new": 7}


def test_a_program_that_knows_no_lock_is_writing(tmp_path: Path) -> None:
    file = make(tmp_path / "repository.db")
    other = sqlite3.connect(file, isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    assert read(file) == SOUND
    with pytest.raises(WbemError, match="locked by another program") as caught:
        write(file, put_new)
    assert caught.value.status == WbemStatus.SERVER_TOO_BUSY
    assert maintenance.check(file) == []
    other.execute("ROLLBACK")
    other.close()
    write(file, put_new)


async def test_what_another_program_wrote_is_seen_at_once(tmp_path: Path) -> None:
    file = tmp_path / "repository.db"
    where = repository(file)
    assert watts(where) == {}
    in_child(lambda: make(file))
    assert watts(where) == SOUND
    reader = where.reader(NAMESPACE)
    assert reader.get(LAMP, {"Name": "l3"}) == lamp("l3", 3)
    in_child(lambda: write(file, lambda transaction: put(transaction, lamp("l3", 33))))
    assert where.reader(NAMESPACE).get(LAMP, {"Name": "l3"}) == lamp("l3", 33)
    in_child(lambda: write(file, lambda transaction: transaction.namespace(NAMESPACE).delete_class("Link")))
    assert where.reader(NAMESPACE).find("Link") is None
    where.close()


async def test_a_file_that_goes_and_one_that_comes(tmp_path: Path) -> None:
    file = in_child(lambda: make(tmp_path / "repository.db"))
    in_child(lambda: write(make(tmp_path / "other.db"), lambda transaction: put(transaction, lamp("l1", 100))))
    where = repository(file)
    assert watts(where) == SOUND
    (tmp_path / "other.db").replace(file)
    assert watts(where)["l1"] == 100
    file.unlink()
    assert watts(where) == {}
    await where.write(lambda transaction: put_class(transaction, LAMP))
    await where.write(put_new)
    assert watts(where) == {"new": 7}
    file.unlink()
    await where.write(lambda transaction: fill(transaction, COUNT))  # and not into what nobody can find any more
    where.close()
    assert read(file) == SOUND
    assert maintenance.check(file) == []


def test_the_log_of_a_file_that_is_gone_is_not_taken_for_that_of_a_new_one(tmp_path: Path) -> None:
    file = tmp_path / "repository.db"
    where = repository(file)
    asyncio.run(where.write(lambda transaction: fill(transaction, COUNT)))
    for name in ("repository.db-wal", "repository.db-shm"):
        shutil.copyfile(tmp_path / name, tmp_path / f"kept-{name}")
    where.close()
    file.unlink()
    for name in ("repository.db-wal", "repository.db-shm"):
        (tmp_path / f"kept-{name}").replace(tmp_path / name)
    write(file, lambda transaction: put_class(transaction, LAMP))
    assert read(file) == {}
    assert maintenance.check(file) == []


def test_a_link_to_a_repository_has_the_same_lock(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Lock.acquire, "__defaults__", (0.05, lambda: None))
    file = make(tmp_path / "repository.db")
    (tmp_path / "link.db").symlink_to(file)

    def hold() -> Lock:
        lock = Lock(file)
        lock.acquire()
        return lock

    with beside(hold), pytest.raises(WbemError, match="written by process"):
        write(tmp_path / "link.db", put_new)
    write(tmp_path / "link.db", put_new)
    assert read(file)["new"] == 7


# ------------------------------------------------------------------------------------------------------------- rights


def test_a_home_that_is_read_only(public: Path) -> None:
    file = make(public / "repository.db")
    _close_off(public)
    assert in_child(lambda: read(file), nobody=True) == SOUND
    with pytest.raises(WbemError) as caught:
        in_child(lambda: write(file, put_new), nobody=True)
    assert caught.value.status == WbemStatus.ACCESS_DENIED
    assert str(file) in caught.value.message
    assert in_child(lambda: maintenance.check(file), nobody=True) == []


def test_a_read_only_home_with_a_log(public: Path) -> None:
    """As a program leaves it that was killed, or one that still runs."""
    home, left = (
        public / "home",
        public / "left",
    )  # two, since what is closed off is so for an ordinary user's test, too
    home.mkdir()
    left.mkdir()
    file = home / "repository.db"
    where = repository(file)
    asyncio.run(where.write(lambda transaction: fill(transaction, COUNT)))
    _close_off(home)
    assert in_child(lambda: read(file), nobody=True) == SOUND
    for suffix in ("", "-wal"):
        shutil.copyfile(f"{file}{suffix}", left / f"repository.db{suffix}")
    where.close()
    _close_off(left)
    assert in_child(lambda: read(left / "repository.db"), nobody=True) == SOUND


def test_a_home_that_is_read_only_for_one_is_written_by_another(public: Path) -> None:
    file = make(public / "repository.db")
    _close_off(public)
    ready, said = os.pipe()
    go, goes = os.pipe()

    def watch() -> list[dict[str, int]]:
        where = repository(file)
        found = [watts(where)]
        for _ in range(4):
            os.write(said, b"+")
            os.read(go, 1)
            found.append(watts(where))
        return found

    if os.geteuid():
        pytest.skip("needs two users")
    child = os.fork()
    if not child:
        try:
            found = in_child(watch, nobody=True)
            expected = [SOUND, SOUND | {"new": 1}, SOUND | {"new": 2}, SOUND | {"new": 2}, SOUND | {"new": 3}]
            os._exit(0 if found == expected else 1)
        finally:
            os._exit(2)
    where = repository(file)
    for number in range(1, 5):
        os.read(ready, 1)
        if number == 3:
            where.close()
            public.chmod(0o755)
        else:
            value = min(number, 3)
            asyncio.run(where.write(partial(put_value, value)))
            for each in public.iterdir():
                each.chmod(0o644)
        os.write(goes, b"+")
    where.close()
    for end in (ready, said, go, goes):
        os.close(end)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


def test_a_folder_that_nobody_may_look_into(public: Path) -> None:
    inner = public / "inner"
    inner.mkdir()
    file = make(inner / "repository.db")
    inner.chmod(0)
    with pytest.raises(WbemError) as caught:
        in_child(lambda: read(file), nobody=True)
    assert caught.value.status == WbemStatus.ACCESS_DENIED
    assert str(file) in caught.value.message


def _close_off(folder: Path) -> None:
    for each in folder.iterdir():
        if each.is_file():
            each.chmod(0o444)
    folder.chmod(0o555)


# --------------------------------------------------------------------------------------------------------- full disks


def _fill_up(file: Path) -> tuple[int, int]:
    """Puts until nothing fits any more; how that was said, and how many were told to be there."""
    where = repository(file)

    async def run() -> tuple[int, int]:
        for number in range(10_000):
            try:
                await where.write(partial(put_wide, number))
            except WbemError as error:
                assert str(file) in error.message
                assert len(watts(where)) == COUNT + number
                return int(error.status), number
        raise AssertionError("it never came to an end")

    try:
        return asyncio.run(run())
    finally:
        where.close()


def put_wide(number: int, transaction: Transaction) -> None:
    put(transaction, wide(number))


def wide(number: int) -> CimInstance:
    return lamp(f"n{number}").replace_(Room="x" * 2000)


def _full_after(file: Path) -> None:
    assert maintenance.check(file) == []
    before = read(file)
    write(file, put_new)
    assert read(file) == before | {"new": 7}


def test_a_file_that_must_not_grow(tmp_path: Path) -> None:
    file = make(tmp_path / "repository.db")

    def limited() -> tuple[int, int]:
        resource.setrlimit(resource.RLIMIT_FSIZE, (400_000, resource.RLIM_INFINITY))
        return _fill_up(file)

    status, number = in_child(limited)
    assert status in {WbemStatus.CRITICAL_ERROR, WbemStatus.OUT_OF_DISK_SPACE}
    assert 10 < number < 200
    assert len(read(file)) == COUNT + number
    _full_after(file)


def test_a_backup_that_does_not_fit(tmp_path: Path) -> None:
    file = make(tmp_path / "repository.db")
    write(file, lambda transaction: put(transaction, *map(wide, range(20))))

    def limited() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (40_000, resource.RLIM_INFINITY))
        maintenance.backup(file, tmp_path / "saved.db")

    with pytest.raises(WbemError):
        in_child(limited)
    assert sorted(each.name for each in tmp_path.iterdir()) == ["repository.db", "repository.db.lock"]


async def test_a_database_that_is_full(tmp_path: Path) -> None:
    file = in_child(lambda: make(tmp_path / "repository.db"))
    where = repository(file)
    await where.write(put_new)
    assert where._writer is not None
    database = where._writer.database
    assert database is not None
    database.run(f"PRAGMA max_page_count = {database.row('PRAGMA page_count')[0]}")

    def small(number: int) -> Callable[[Transaction], None]:
        return lambda transaction: put(transaction, lamp("l1", number))

    def great(transaction: Transaction) -> None:
        put(transaction, *[lamp(f"n{number}") for number in range(5000)])

    changes = [small(0), great, small(1), small(2)]
    results = await asyncio.gather(*[where.write(each) for each in changes], return_exceptions=True)
    assert isinstance(results[1], WbemError)
    assert results[1].status == WbemStatus.OUT_OF_DISK_SPACE
    assert [each for number, each in enumerate(results) if number != 1] == [None] * 3
    assert watts(where) == SOUND | {"new": 7, "l1": 2}
    database.run("PRAGMA max_page_count = 1000000")
    await where.write(great)
    assert len(watts(where)) == COUNT + 1 + 5000
    where.close()


def test_a_disk_that_is_full(tmp_path: Path) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=600k", "none", str(disk)]
    if os.geteuid() or subprocess.run(command, check=False, capture_output=True).returncode:
        pytest.skip("a small disk cannot be mounted")
    try:
        file = make(disk / "repository.db")
        status, number = in_child(lambda: _fill_up(file))
        assert status == WbemStatus.OUT_OF_DISK_SPACE
        assert 10 < number < 300
        assert len(read(file)) == COUNT + number
        with pytest.raises(WbemError) as caught:
            maintenance.backup(file, disk / "saved.db")
        assert caught.value.status == WbemStatus.OUT_OF_DISK_SPACE
        subprocess.run(["mount", "-o", "remount,size=5m", str(disk)], check=True)
        _full_after(file)
        shutil.copyfile(file, disk / "copy.db")
    finally:
        subprocess.run(["umount", str(disk)], check=True)


def test_a_first_write_that_does_not_fit_leaves_nothing(tmp_path: Path) -> None:
    file = tmp_path / "repository.db"

    def limited() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (4096, resource.RLIM_INFINITY))
        make(file)

    with pytest.raises(WbemError, match=r"repository\.db"):
        in_child(limited)
    assert [each.name for each in tmp_path.iterdir()] == ["repository.db.lock"]
    make(file)
    assert read(file) == SOUND
