"""Runs commands in process against a machine that is made up."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.cli.fakes import SHELVES, Command, Machine, Printed

from openwmi.cli import main


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch) -> Iterator[Machine]:
    """What the commands connect to; a test may give it other providers."""
    made = Machine()
    monkeypatch.setattr("openwmi.cli.running.connect", made.connect)
    yield made
    made.close()


@pytest.fixture
def openwmi(machine: Machine, capsys: pytest.CaptureFixture[str]) -> Command:
    """`openwmi("query", "SELECT …")` -> exit status, standard output, standard error."""

    def run(*arguments: str) -> Printed:
        status = main(arguments)
        machine.close()
        return Printed(status, *capsys.readouterr())

    return run


@pytest.fixture
def shelves(openwmi: Command, machine: Machine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine that keeps what is put, with shelves; the folder that the commands run in."""
    monkeypatch.chdir(tmp_path)
    machine.repository = tmp_path / "repository.db"
    (tmp_path / "shelves.mof").write_text(SHELVES, encoding="utf-8")
    assert openwmi("mof", "compile", "shelves.mof").status == 0
    return tmp_path
