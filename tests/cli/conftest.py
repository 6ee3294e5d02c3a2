"""Runs commands in process against a machine that is made up."""

from __future__ import annotations

import pytest
from tests.cli.fakes import Command, Machine, Printed

from openwmi.cli import main


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch) -> Machine:
    """What the commands connect to; a test may give it other providers."""
    made = Machine()
    monkeypatch.setattr("openwmi.cli.running.connect", made.connect)
    return made


@pytest.fixture
def openwmi(machine: Machine, capsys: pytest.CaptureFixture[str]) -> Command:
    """`openwmi("query", "SELECT …")` -> exit status, standard output, standard error."""

    def run(*arguments: str) -> Printed:
        status = main(arguments)
        return Printed(status, *capsys.readouterr())

    return run
