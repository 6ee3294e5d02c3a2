"""Bits that a disk got wrong, ends that are missing: an answer is right, or it is an error that names the file."""

from __future__ import annotations

import random
import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.repository.lamps import LAYERS, LINK, NAMESPACE, fill, lamp, path, put, repository

from openwmi.base.error import WbemError
from openwmi.base.limits import REPOSITORY_CHECKED_PAGES
from openwmi.model import CimInstance, ObjectPath
from openwmi.repository import Reader, Repository, maintenance
from openwmi.repository.reader import Hot

COUNT = 120
PAGE = 4096
Answers = dict[str, object]
_CLASSES = ("Lamp", "Link")


def answers(where: Repository) -> Answers:
    """All that can be asked: classes, instances by page and by key, references."""
    reader = where.reader(NAMESPACE)
    found: Answers = {
        "namespaces": where.namespaces(),
        "classes": {name: reader.find(name) for name in ("Lamp", "Link")},
    }
    for name in _CLASSES:
        class_ = reader.find(name)
        if class_ is None:
            continue
        rows: list[CimInstance] = []
        after: bytes | None = None
        while True:
            more, after = reader.page(class_, after, 50)
            rows += more
            if after is None:
                break
        found[name] = {str(each.path_): each.to_dict_() for each in rows}
        if name == "Lamp":
            for number in range(COUNT):
                one = reader.get(class_, {"Name": f"l{number}"})
                found[f"get {number}"] = None if one is None else one.to_dict_()
    for number in range(COUNT):
        referring = reader.referring([ObjectPath.parse(path(f"l{number}"))])
        found[f"to {number}"] = sorted(str(each.path_) for each in referring)
    return found


def ask(file: Path) -> Answers:
    where = repository(file)
    try:
        return answers(where)
    finally:
        where.close()


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small repository; the tests work on copies."""
    return _made(tmp_path_factory.mktemp("sound"), "")


@pytest.fixture(scope="module")
def big(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One that is too big to be looked through when it is opened."""
    file = _made(tmp_path_factory.mktemp("big"), "x" * 9000)
    assert file.stat().st_size > REPOSITORY_CHECKED_PAGES * PAGE
    return file


def _made(folder: Path, room: str) -> Path:
    import asyncio

    async def make() -> None:
        where = repository(file)
        await where.write(lambda transaction: fill(transaction, COUNT))
        lamps = [lamp(f"l{number}", number).replace_(Room=room + str(number)) for number in range(COUNT)]
        await where.write(lambda transaction: put(transaction, *lamps))
        where.close()

    file = folder / "repository.db"
    asyncio.run(make())
    return file


@pytest.fixture
def copy(tmp_path: Path) -> Callable[[Path], Path]:
    def make(of: Path) -> Path:
        for suffix in ("", "-wal", "-shm", "-journal"):
            (tmp_path / f"copy.db{suffix}").unlink(missing_ok=True)
        return Path(shutil.copyfile(of, tmp_path / "copy.db"))

    return make


def check_answers(file: Path, right: Answers) -> bool:
    """Whether it was answered; whatever else is no answer has to name the file."""
    try:
        found = ask(file)
    except WbemError as error:
        assert str(file) in error.message
        assert "\n" not in error.message
        return False
    assert found == right
    return True


def test_truncated_at_many_lengths(sound: Path, copy: Callable[[Path], Path]) -> None:
    chance = random.Random(1)
    right, size = ask(sound), sound.stat().st_size
    lengths = {0, 1, 15, 16, 99, 100, 101, 512, size - 1, *range(PAGE, size, PAGE)}
    for length in sorted(lengths | {chance.randrange(size) for _ in range(60)}):
        file = copy(sound)
        with file.open("r+b") as opened:
            opened.truncate(length)
        assert not check_answers(file, right), length
        assert length == 0 or maintenance.check(file), length


def test_a_bit_in_the_head_of_the_file(sound: Path, copy: Callable[[Path], Path]) -> None:
    right = ask(sound)
    answered = [_flip_and_ask(sound, copy, at, bit, right) for at in range(100) for bit in (at % 8, (at * 5 + 3) % 8)]
    assert 0 < sum(answered) < len(answered)  # some octets there are counters, and some nobody needs


@pytest.mark.no_cover  # other tests show that each line is run
def test_a_bit_anywhere_in_a_small_repository(sound: Path, copy: Callable[[Path], Path]) -> None:
    chance = random.Random(2)
    right, octets = ask(sound), sound.read_bytes()
    places = [(at, chance.randrange(8)) for at in _places(octets, chance)]
    answered = [_flip_and_ask(sound, copy, at, bit, right) for at, bit in places]
    assert len(places) > 600
    assert answered.count(False) > 200


def _places(octets: bytes, chance: random.Random) -> list[int]:
    """Of each page its head, where its rows begin, and some of the rows; more where something is."""
    found = []
    for start in range(0, len(octets), PAGE):
        begin = start + (100 if start == 0 else 0)
        found += [begin + offset for offset in range(8)] + [chance.randrange(begin + 8, begin + 60) for _ in range(6)]
        used = [start + at for at in range(PAGE) if octets[start + at]]
        found += chance.sample(used, min(len(used), 14))
    return found


def _flip_and_ask(sound: Path, copy: Callable[[Path], Path], at: int, bit: int, right: Answers) -> bool:
    file = copy(sound)
    _flip(file, at, bit)
    return check_answers(file, right)


def _flip(file: Path, at: int, bit: int) -> None:
    with file.open("r+b") as opened:
        opened.seek(at)
        (octet,) = opened.read(1)
        opened.seek(at)
        opened.write(bytes([octet ^ (1 << bit)]))


@pytest.mark.no_cover  # other tests show that each line is run
def test_a_bit_in_a_big_repository_may_hide_but_never_change_anything(big: Path, copy: Callable[[Path], Path]) -> None:
    """What is hidden then is found by `check`: looking through all of a big file takes too long for each command."""
    chance = random.Random(3)
    right, octets = ask(big), big.read_bytes()
    hidden = 0
    pages = [*chance.sample(range(0, len(octets), PAGE), 120), 0, PAGE, 2 * PAGE, 3 * PAGE, 4 * PAGE]
    places = [start + chance.choice([0, 3, 4, 5, 6, 8, 9, 10, 12, 14, 20, 60, 4000, 4090]) for start in pages]
    for at in [*places, *_inner(octets, chance)]:
        file = copy(big)
        _flip(file, at, chance.randrange(8))
        try:
            found = ask(file)
        except WbemError as error:
            assert str(file) in error.message
            continue
        if found != right:
            _nothing_new(found, right)
            assert maintenance.check(file) != []
            hidden += 1
    assert hidden < 60


def _inner(octets: bytes, chance: random.Random) -> list[int]:
    """Places in the pages that lead to others, where a bit hides most."""
    starts = [start for start in range(PAGE, len(octets), PAGE) if octets[start] in {2, 5}]
    return [start + chance.randrange(24) for start in starts for _ in range(10)]


def _nothing_new(found: object, right: object) -> None:
    """Whatever was found is right, though there may be less of it."""
    if isinstance(found, dict) and isinstance(right, dict):
        assert found.keys() <= right.keys()
        for key, value in found.items():
            if not (key == "classes" or isinstance(value, dict | list)):
                assert value is None or value == right[key]
            else:
                _nothing_new(value, right[key])
    elif isinstance(found, list) and isinstance(right, list):
        assert set(found) <= set(right)
    else:
        assert found is None or found == right


# ------------------------------------------------------------------------------------------------------------- the log


@pytest.fixture
def with_log(tmp_path: Path) -> Path:
    """A repository as a program leaves it that was killed: much is in the log alone."""
    import asyncio

    async def make() -> None:
        where = repository(tmp_path / "made.db")
        await where.write(lambda transaction: fill(transaction, COUNT))
        for number in range(COUNT):
            await where.write(lambda transaction, number=number: put(transaction, lamp(f"l{number}", 1000 + number)))  # type: ignore[misc]  # bound early
        for suffix in ("", "-wal"):
            shutil.copyfile(tmp_path / f"made.db{suffix}", tmp_path / f"left.db{suffix}")
        where.close()

    asyncio.run(make())
    return tmp_path / "left.db"


def test_a_log_that_was_left_is_read(with_log: Path) -> None:
    assert with_log.with_name("left.db-wal").stat().st_size > 100 * PAGE
    found = ask(with_log)
    assert found["get 7"] == {"Name": "l7", "Watts": 1007, "Room": None}


def test_bits_in_the_log_that_was_left(with_log: Path, tmp_path: Path) -> None:
    chance = random.Random(4)
    right = _copy_and_ask(with_log, tmp_path)
    log = with_log.with_name("left.db-wal").read_bytes()
    frame = PAGE + 24
    last = _last_commit_but_one(log, frame)
    heads = [32 + frame * number + chance.randrange(24) for number in range(0, last // frame - 1, 9)]
    places = [*range(32), *heads, *[chance.randrange(last) for _ in range(60)]]
    answered = 0
    for at in places:
        file = _copied(with_log, tmp_path)
        _flip(file.with_name("copy.db-wal"), at, chance.randrange(8))
        answered += check_answers(file, right)
        assert not answered, at
    for at in range(32, last, 37 * 1000):
        file = _copied(with_log, tmp_path)
        _flip(file.with_name("copy.db-wal"), at, 3)
        where = repository(file)
        with pytest.raises(WbemError, match=r"copy\.db"):
            _write(where)
        where.close()
        assert maintenance.check(file) != []


def _write(where: Repository) -> None:
    import asyncio

    asyncio.run(where.write(lambda transaction: put(transaction, lamp("new"))))


def _last_commit_but_one(log: bytes, frame: int) -> int:
    """Where the last change but one ends: what follows may be what a failed power supply left of a change."""
    commits = [at for at in range(32, len(log), frame) if int.from_bytes(log[at + 4 : at + 8], "big")]
    return commits[-2] + frame


def test_the_last_change_in_a_log_may_be_lost_without_a_word(with_log: Path, tmp_path: Path) -> None:
    """A change that was never acknowledged looks the same. All before it is there."""
    log = with_log.with_name("left.db-wal").read_bytes()
    file = _copied(with_log, tmp_path)
    _flip(file.with_name("copy.db-wal"), _last_commit_but_one(log, PAGE + 24) + 100, 0)
    found = ask(file)
    assert found[f"get {COUNT - 1}"] == {"Name": f"l{COUNT - 1}", "Watts": COUNT - 1, "Room": None}
    assert found[f"get {COUNT - 2}"] == {"Name": f"l{COUNT - 2}", "Watts": 1000 + COUNT - 2, "Room": None}
    assert maintenance.check(file) == []
    where = repository(file)
    _write(where)  # and can be gone on with
    where.close()
    assert maintenance.check(file) == []


def test_a_log_that_was_cut_off(with_log: Path, tmp_path: Path) -> None:
    """At any place all that was committed before is there: an end that is missing cannot be told from one to come."""
    size = with_log.with_name("left.db-wal").stat().st_size
    chance = random.Random(5)
    for length in [0, 1, 31, 32, 33, *[chance.randrange(size) for _ in range(30)]]:
        file = _copied(with_log, tmp_path)
        with file.with_name("copy.db-wal").open("r+b") as opened:
            opened.truncate(length)
        found = ask(file)
        changed = []
        for number in range(COUNT):
            got = found.get(f"get {number}")
            changed.append(isinstance(got, dict) and got["Watts"] == 1000 + number)
        assert changed == sorted(changed, reverse=True)
        assert maintenance.check(file) == []


def _copied(file: Path, folder: Path) -> Path:
    (folder / "copy.db-shm").unlink(missing_ok=True)
    for suffix in ("", "-wal"):
        shutil.copyfile(file.with_name(file.name + suffix), folder / f"copy.db{suffix}")
    return folder / "copy.db"


def _copy_and_ask(file: Path, folder: Path) -> Answers:
    return ask(_copied(file, folder))


# --------------------------------------------------------------------------------------------------------------- check


def changed(file: Path, statement: str, *arguments: object) -> list[str]:
    """What `check` finds after somebody has changed something behind our back."""
    connection = sqlite3.connect(file)
    with connection:
        connection.execute(statement, arguments)
    connection.close()
    return maintenance.check(file)


@pytest.mark.parametrize(
    ("statement", "words"),
    [
        ("UPDATE namespace SET name = 'root\\other'", "namespace"),
        ("UPDATE class SET superclass = 'Shade' WHERE name = 'Lamp'", "class 'Lamp'"),
        ("DELETE FROM namespace", "no namespace"),
        ("UPDATE instance SET body = x'5b5d' WHERE key = x'6c37'", "l7"),
        ("UPDATE instance SET class = class + 1", "instance"),
        ("DELETE FROM reference WHERE instr(target, x'3d6c37') > 0", "lacks that to"),
        ("DELETE FROM instance WHERE class = 2 AND instr(key, x'6c37') > 0", "not there"),
        ("DELETE FROM class WHERE name = 'Lamp'", "no class"),
        ("UPDATE reference SET target = target || x'41' WHERE instr(target, x'3d6c37') > 0", "index of references"),
        ("CREATE TRIGGER t AFTER INSERT ON instance BEGIN DELETE FROM instance; END", "tables"),
        ("DROP TABLE reference", "tables"),
    ],
)
def test_check_finds(sound: Path, copy: Callable[[Path], Path], statement: str, words: str) -> None:
    file = copy(sound)
    assert maintenance.check(file) == []
    found = changed(file, statement)
    assert any(words in each for each in found), found
    assert all("\n" not in each for each in found)


def test_no_answer_comes_from_rows_that_were_exchanged(sound: Path, copy: Callable[[Path], Path]) -> None:
    """Each is whole for itself, but stands in another's place."""
    file = copy(sound)
    connection = sqlite3.connect(file)
    with connection:
        ((body, check),) = connection.execute("SELECT body, checksum FROM instance WHERE key = x'6c37'")
        connection.execute("UPDATE instance SET body = ?, checksum = ? WHERE key = x'6c38'", (body, check))
    connection.close()
    with pytest.raises(WbemError, match="damaged"):
        ask(file)


def test_an_index_that_says_too_much_gives_nothing_wrong(sound: Path) -> None:
    """A reference in the index that is none is damage, and not an answer."""
    where = repository(sound)
    reader = where.reader(NAMESPACE)
    assert isinstance(reader, Reader)
    assert LINK.name in {each.class_.name for each in reader.referring([ObjectPath.parse(path("l3"))])}
    assert reader.referring([ObjectPath.parse(path("nobody"))]) == []
    where.close()
    assert LAYERS.namespaces()["root"] == "root"
    assert Hot().get((1, b"")) is None
