"""What a person at a terminal sees."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from typing import TextIO

import pytest
from tests.cli.fakes import Machine, Rows, Terminal

from openwmi.cli import main
from openwmi.cli.layout import Column, cut, fitting, width_of
from openwmi.engine import Row

Look = Callable[..., int]
Shown = Callable[..., list[str]]
ALL = "SELECT * FROM Test_AllTypes"


@pytest.fixture
def screen(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> Terminal:
    """Where standard output goes, once somebody looks."""
    monkeypatch.setenv("TERM", "xterm")
    return Terminal()


@pytest.fixture
def look(screen: Terminal, monkeypatch: pytest.MonkeyPatch) -> Look:
    """Runs a command on the screen, with standard error on another stream where one is given."""

    def run(*arguments: str, err: TextIO | None = None) -> int:
        # Here and not when the fixture is made: pytest puts its own streams in place when the test begins.
        with monkeypatch.context() as patch:
            patch.setattr(sys, "stdout", screen)
            patch.setattr(sys, "stderr", err or sys.stderr)
            return main(arguments)

    return run


@pytest.fixture
def shown(screen: Terminal, look: Look, monkeypatch: pytest.MonkeyPatch) -> Shown:
    """The lines of a terminal that is so many columns wide."""

    def show(columns: int, *arguments: str) -> list[str]:
        monkeypatch.setenv("COLUMNS", str(columns))
        assert look(*arguments) == 0
        return screen.getvalue().splitlines()

    return show


def long_rows() -> Iterator[Row]:
    yield {"Name": "x" * 500, "Age": 1}
    yield {"Name": "中" * 500, "Age": 255}


def test_a_table_is_the_default_and_fits(shown: Shown, machine: Machine) -> None:
    machine.providers = (Rows(long_rows),)
    lines = shown(40, "query", "SELECT Age, Name FROM Test_Robot")
    assert lines[0] == "Age  Name"
    assert lines[2] == f"  1  {'x' * 34}…"
    assert [width_of(line) for line in lines[1:]] == [40, 40, 40]
    assert lines[3].startswith("255  中中")
    assert lines[3].rstrip().endswith("…")


def test_what_does_not_fit_becomes_a_list(shown: Shown) -> None:
    assert shown(80, "query", ALL)[0] == "Name    : a"


def test_a_table_that_was_asked_for_leaves_columns_out_and_says_so(
    shown: Shown, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = shown(50, "query", ALL, "--format", "table")
    assert lines[0].split() == ["Name", "Big", "Small"]
    assert max(map(len, lines)) <= 50
    assert capsys.readouterr().err.startswith("11 of 14 columns have no room: name those that you want after SELECT")


@pytest.mark.parametrize("columns", [1, 5, 12, 13, 79])
def test_no_line_is_longer_than_the_terminal(shown: Shown, columns: int) -> None:
    lines = shown(columns, "query", "SELECT Name, Path, Texts FROM Test_AllTypes", "--format", "table")
    assert max(map(width_of, lines)) <= columns


def test_numbers_are_never_cut(shown: Shown) -> None:
    lines = shown(34, "query", "SELECT Big, Path FROM Test_AllTypes")
    assert lines[2] == "18446744073709551615  Test_Robot.…"


def test_describe_fits(shown: Shown) -> None:
    lines = shown(40, "describe", "Test_Robot")
    assert max(map(len, lines)) <= 40
    assert "static uint32 Say(in string Text, in" in lines


def test_get_and_call_are_lists(shown: Shown) -> None:
    assert shown(80, "get", "Test_Loner=@") == ["Name : alone"]
    assert shown(80, "call", "Test_Robot='Bob'", "Rest")[1:] == ["ReturnValue : 21"]


@pytest.mark.parametrize("format_", ["table", "list", "json", "jsonl", "csv"])
def test_no_format_sends_control_characters(shown: Shown, machine: Machine, screen: Terminal, format_: str) -> None:
    machine.providers = (Rows(lambda: iter([{"Name": "\x1b]0;title\x07\r\x9b31m\u202e"}])),)
    shown(80, "query", "SELECT Name FROM Test_Robot", "--format", format_)
    assert all(char == "\n" or char.isprintable() for char in screen.getvalue())


def test_a_terminal_without_unicode(shown: Shown, machine: Machine, screen: Terminal) -> None:
    screen.encoding = "ascii"
    machine.providers = (Rows(long_rows),)
    lines = shown(40, "query", "SELECT Age, Name FROM Test_Robot")
    assert lines[2] == f"  1  {'x' * 34}~"
    assert lines[3] == "255  " + (r"\u4e2d" * 10)[:34] + "~"


def test_an_empty_answer_is_said(screen: Terminal, look: Look) -> None:
    complaints = Terminal()
    assert look("query", f"{ALL} WHERE Name = 'z'", err=complaints) == 0
    assert (screen.getvalue(), complaints.getvalue()) == ("", "no instances match\n")


def test_an_empty_answer_in_a_pipe_is_empty(machine: Machine, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["query", f"{ALL} WHERE Name = 'z'", "--format", "table"]) == 0
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize("mode", ["sync", "semisync", "async"])
def test_progress_shows_while_rows_are_gathered(
    screen: Terminal, look: Look, machine: Machine, monkeypatch: pytest.MonkeyPatch, mode: str
) -> None:
    monkeypatch.setattr("openwmi.cli.progress.FIRST_SECONDS", 0)
    complaints = Terminal()

    def slow() -> Iterator[Row]:
        yield {"Name": "Bob"}
        assert complaints.written.wait(30)

    machine.providers = (Rows(slow),)
    assert look("query", "SELECT * FROM Test_Robot", "--mode", mode, err=complaints) == 0
    assert complaints.getvalue().startswith("\r")
    assert " in 0 s\x1b[K" in complaints.getvalue()
    assert complaints.getvalue().endswith("\r\x1b[K")
    assert "Bob" in screen.getvalue()


@pytest.mark.parametrize(("stream", "term"), [("pipe", "xterm"), ("terminal", "dumb"), ("terminal", None)])
def test_no_progress_elsewhere(look: Look, monkeypatch: pytest.MonkeyPatch, stream: str, term: str | None) -> None:
    monkeypatch.setattr("openwmi.cli.progress.FIRST_SECONDS", 0)
    complaints = Terminal()
    if stream == "pipe":
        monkeypatch.setattr(complaints, "isatty", lambda: False)
    if term is None:
        monkeypatch.delenv("TERM")
    else:
        monkeypatch.setenv("TERM", term)
    assert look("query", "SELECT * FROM Test_Robot", err=complaints) == 0
    assert complaints.getvalue() == ""


def test_no_progress_between_rows(screen: Terminal, look: Look, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("openwmi.cli.progress.FIRST_SECONDS", 0)
    assert look("query", "SELECT Name FROM Test_Robot", "--format", "list", err=screen) == 0
    assert "\r" not in screen.getvalue()


def test_rows_come_as_they_are_found(screen: Terminal, look: Look, machine: Machine) -> None:
    """The second is only made when the first has been shown."""

    def slow() -> Iterator[Row]:
        yield {"Name": "Bob"}
        assert screen.written.wait(30)
        yield {"Name": "Ada"}

    machine.providers = (Rows(slow),)
    assert look("query", "SELECT Name FROM Test_Robot", "--format", "jsonl") == 0
    assert "Ada" in screen.getvalue()


@pytest.mark.parametrize(
    ("text", "width", "shown"),
    [
        ("abc", 3, "abc"),
        ("abcd", 3, "ab…"),
        ("中中", 4, "中中"),
        ("中中", 3, "中…"),
        ("中中", 2, " …"),
        ("é́x", 2, "é́x"),
    ],
)
def test_cut(text: str, width: int, shown: str) -> None:
    assert cut(text, width, "…") == shown


def test_columns_are_cut_alike() -> None:
    columns = [Column("a", ["x" * 100]), Column("b", ["y" * 90]), Column("c", ["z"])]
    assert fitting(columns, 45) == [20, 20, 1]
    assert fitting(columns, 26) is None


def test_a_real_terminal() -> None:
    """The whole program on a pseudo terminal: a table in colour-free lines that end where the terminal does."""
    ours, theirs = pty.openpty()
    collected: list[bytes] = []
    reader = threading.Thread(target=_read_all, args=(ours, collected))
    reader.start()
    environment = {**os.environ, "COLUMNS": "60", "TERM": "xterm"}
    command = [sys.executable, "-m", "openwmi", "query", "SELECT ProcessId, Name, CommandLine FROM Win32_Process"]
    with subprocess.Popen(command, stdin=theirs, stdout=theirs, stderr=subprocess.DEVNULL, env=environment) as process:
        os.close(theirs)
        assert process.wait(60) == 0
    reader.join(60)
    os.close(ours)
    lines = b"".join(collected).decode().replace("\r\n", "\n").splitlines()
    assert lines[0].split() == ["ProcessId", "Name", "CommandLine"]
    assert len(lines) > 2
    assert max(map(width_of, lines)) <= 60


def _read_all(descriptor: int, collected: list[bytes]) -> None:
    try:
        while data := os.read(descriptor, 65536):
            collected.append(data)
    except OSError:
        return  # Linux's way to say that the other end was closed
