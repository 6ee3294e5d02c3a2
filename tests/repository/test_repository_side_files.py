"""Files beside the repository that have the names of ours and are somebody else's: none of them is lost."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from openwmi.base.error import WbemError
from openwmi.base.status import WbemStatus
from openwmi.repository.lock import Lock
from openwmi.repository.opening import beside


def refused(file: Path, *words: str) -> None:
    with pytest.raises(WbemError) as caught:
        Lock(file).acquire(0)
    assert caught.value.status == WbemStatus.ACCESS_DENIED
    assert all(word in caught.value.message for word in (str(file) + ".lock", "another repository", *words))


@pytest.mark.parametrize("content", [b"precious\n", b"12\n34\n", b"7" * 33, b"\n\n", b" 12\n", bytes(5)])
def test_a_lock_leaves_a_file_of_something_else(tmp_path: Path, content: bytes) -> None:
    file, other = tmp_path / "repository.db", tmp_path / "repository.db.lock"
    other.write_bytes(content)
    refused(file, "something else")
    assert other.read_bytes() == content
    other.unlink()
    lock = Lock(file)
    lock.acquire(0)
    lock.release()


@pytest.mark.parametrize("content", [b"", b"12", b"4194304\n"])
def test_a_lock_that_was_left_is_taken(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "repository.db.lock").write_bytes(content)
    lock = Lock(tmp_path / "repository.db")
    lock.acquire(0)
    assert (tmp_path / "repository.db.lock").read_text() == f"{os.getpid()}\n"
    lock.release()


@pytest.mark.parametrize("content", [b"precious", b"", b"12\n", None])
def test_a_lock_follows_no_link(tmp_path: Path, content: bytes | None) -> None:
    target = tmp_path / "precious"
    if content is not None:
        target.write_bytes(content)
    (tmp_path / "repository.db.lock").symlink_to(target)
    refused(tmp_path / "repository.db", "link")
    assert (target.read_bytes() if target.exists() else None) == content


def test_a_lock_is_no_pipe(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "repository.db.lock")
    refused(tmp_path / "repository.db", "no file")


def test_a_new_file_takes_the_place_of_no_other(tmp_path: Path) -> None:
    file, victim = tmp_path / "repository.db", tmp_path / "victim"
    victim.write_text("precious")
    with beside(file) as first:
        pass
    names = [first.with_name(first.name + suffix) for suffix in ("", "-wal", "-journal")]
    for each in names:
        file.unlink(missing_ok=True)
        each.symlink_to(victim)
        with beside(file) as new:
            assert new != first
            new.write_text("new")
        assert file.read_text() == "new"
        assert each.is_symlink()
        each.unlink()
    first.write_text("left")
    with beside(file) as new:
        assert not new.read_bytes()
    assert (victim.read_text(), first.read_text()) == ("precious", "left")
