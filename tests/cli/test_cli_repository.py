"""`openwmi repository`, and what commands say about a repository that cannot be used."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from tests.cli.fakes import Command, Machine

from openwmi.repository.lock import Lock

NAMES = "SELECT Name FROM Demo_Shelf"


@pytest.fixture
def here(shelves: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("OPENWMI_REPOSITORY", "repository.db")
    return shelves


def test_a_sound_one(openwmi: Command, here: Path) -> None:
    assert openwmi("repository", "check") == (0, "", "repository.db is sound\n")
    assert openwmi("repository", "check", "--repository", str(here / "repository.db")).status == 0


def test_a_damaged_one(openwmi: Command, here: Path) -> None:
    octets = bytearray((here / "repository.db").read_bytes())
    at = octets.find(b"Demo_Deep")
    octets[at : at + 9] = b"Demo_Dark"
    for file in here.glob("repository.db*"):
        file.unlink(missing_ok=True)
    (here / "repository.db").write_bytes(octets)
    printed = openwmi("repository", "check")
    assert (printed.status, printed.out) == (1, "")
    assert all("repository.db" in line for line in printed.err.splitlines())
    assert openwmi("repository", "backup", "saved.db").err.startswith("WBEM_E_CRITICAL_ERROR")
    assert not (here / "saved.db").exists()


def test_saved_and_restored(openwmi: Command, here: Path) -> None:
    before = openwmi("query", NAMES).out
    assert openwmi("repository", "backup", "saved.db") == (0, "", "repository.db is saved in saved.db\n")
    openwmi("delete", "Demo_Shelf='a'")
    assert openwmi("query", NAMES).out != before
    assert openwmi("repository", "restore", "saved.db") == (0, "", "repository.db is now what saved.db is\n")
    assert openwmi("query", NAMES).out == before


def test_what_is_there_is_only_replaced_where_that_is_said(openwmi: Command, here: Path) -> None:
    (here / "saved.db").write_text("mine", encoding="utf-8")
    assert openwmi("repository", "backup", "saved.db").err.startswith("WBEM_E_ALREADY_EXISTS")
    assert (here / "saved.db").read_text(encoding="utf-8") == "mine"
    assert openwmi("repository", "backup", "saved.db", "--overwrite").status == 0
    assert openwmi("repository", "check", "--repository", "saved.db").status == 0


def test_one_that_cannot_be_opened_is_put_aside(openwmi: Command, here: Path) -> None:
    openwmi("repository", "backup", "saved.db")
    for file in here.glob("repository.db*"):
        file.unlink(missing_ok=True)
    (here / "repository.db").write_bytes((here / "saved.db").read_bytes()[:5000])
    printed = openwmi("repository", "restore", "saved.db")
    assert printed.status == 0
    assert printed.err.startswith("repository.db is now what saved.db is; the damaged one is kept as ")
    assert "Demo_Shelf" in openwmi("query", NAMES).out


def test_compact(openwmi: Command, here: Path) -> None:
    openwmi("delete", "Demo_Shelf", "--recursive")
    printed = openwmi("repository", "compact")
    assert printed.status == 0
    before, after = (int(word.replace(",", "")) for word in printed.err.split() if word[0].isdigit())
    assert before >= after == (here / "repository.db").stat().st_size


@pytest.mark.parametrize(
    "command",
    [("check",), ("compact",), ("backup", "saved.db"), ("restore", "missing.db")],
)
def test_one_that_is_not_there(openwmi: Command, here: Path, command: tuple[str, ...]) -> None:
    file = () if command[0] == "restore" else ("--repository", "missing.db")
    printed = openwmi("repository", *command, *file)
    assert (printed.status, printed.out) == (1, "")
    assert printed.err.startswith("WBEM_E_NOT_FOUND")
    assert printed.err.count("\n") == 1
    assert not (here / "missing.db").exists()


@pytest.mark.no_cover  # other tests show that each line is run
def test_somebody_else_writes(openwmi: Command, here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("openwmi.repository.lock.REPOSITORY_LOCK_SECONDS", 0.01)
    lock = Lock(here / "repository.db")
    lock.acquire()
    for command in (("put", "Demo_Shelf", "Name=x"), ("delete", "Demo_Shelf='a'"), ("mof", "compile", "shelves.mof")):
        printed = openwmi(*command)
        assert (printed.status, printed.out) == (1, "")
        assert f"is being written by process {os.getpid()}: try again later" in printed.err
        assert printed.err.count("\n") == 1
    assert openwmi("query", NAMES).status == 0
    assert openwmi("mof", "check", "shelves.mof").status == 0
    assert openwmi("repository", "backup", "saved.db").status == 0
    lock.release()
    assert openwmi("put", "Demo_Shelf", "Name=x").status == 0


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_where_nothing_can_be_written(openwmi: Command, machine: Machine, tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir(mode=0o500)
    machine.repository = home / "openwmi" / "repository.db"
    assert openwmi("query", "SELECT * FROM Test_Robot").status == 0
    printed = openwmi("put", "__NAMESPACE", "Name=x", "--namespace", "root")
    assert (printed.status, printed.out) == (1, "")
    assert printed.err.startswith("WBEM_E_ACCESS_DENIED")
    assert "name another with --repository" in printed.err


@pytest.mark.parametrize("what", ["folder", "text"])
def test_what_is_no_repository(openwmi: Command, machine: Machine, tmp_path: Path, what: str) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "text").write_text("x" * 5000, encoding="utf-8")
    printed = openwmi("query", "SELECT * FROM Test_Robot", "--repository", str(tmp_path / what))
    assert (printed.status, printed.out) == (1, "")
    assert "name another" in printed.err
    assert printed.err.count("\n") == 1
