"""`openwmi watch`: events as rows, in each mode, until somebody has enough."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from typing import Self

import pytest
from tests.cli.fakes import Command, Machine, Printed, Rows

from openwmi.base.error import WbemError
from openwmi.base.status import WbemStatus
from openwmi.cli import main
from openwmi.engine import Row

ROOT = Path(__file__).parents[2]
ROBOTS = "SELECT * FROM __InstanceCreationEvent WITHIN 0.01 WHERE TargetInstance ISA 'Test_Robot'"
SHELVES = "SELECT * FROM __InstanceOperationEvent WITHIN 0.1 WHERE TargetInstance ISA 'Demo_Shelf'"


def one_more_each_time(at_once: int = 1, failing: tuple[int, ...] = ()) -> Rows:
    """Nobody at first, and then more robots with each poll; some polls fail."""
    polls = count()

    def rows() -> Iterator[Row]:
        poll = next(polls)
        if poll in failing:
            raise WbemError(WbemStatus.PROVIDER_FAILURE, "the password is 1234")
        return iter([{"Name": f"r{number}", "Age": 7} for number in range(poll * at_once)])

    return Rows(rows)


@pytest.fixture
def robots(machine: Machine) -> Machine:
    machine.providers = (one_more_each_time(),)
    return machine


def complaints(printed: Printed) -> str:
    """What was said, but that this machine is busy."""
    return "".join(line for line in printed.err.splitlines(keepends=True) if "takes longer than" not in line)


def names(printed: str) -> list[str]:
    return [json.loads(line)["TargetInstance"]["Name"] for line in printed.splitlines()]


@pytest.mark.parametrize("mode", ["sync", "semisync", "async"])
def test_each_mode_prints_the_same_events(openwmi: Command, robots: Machine, mode: str) -> None:
    printed = openwmi("watch", ROBOTS, "--count", "3", "--mode", mode)
    assert (printed.status, complaints(printed)) == (0, "")
    assert names(printed.out) == ["r0", "r1", "r2"]
    first = json.loads(printed.out.splitlines()[0])
    assert first.pop("TIME_CREATED") > 130_000_000_000_000_000
    assert first == {
        "__CLASS": "__InstanceCreationEvent",
        "SECURITY_DESCRIPTOR": None,
        "TargetInstance": {"__CLASS": "Test_Robot", "Name": "r0", "Age": 7},
    }


@pytest.mark.parametrize("mode", ["sync", "semisync", "async"])
def test_no_more_than_were_asked_for(openwmi: Command, machine: Machine, mode: str) -> None:
    machine.providers = (one_more_each_time(at_once=1000),)
    printed = openwmi("watch", ROBOTS, "--count", "5", "--mode", mode)
    assert (printed.status, len(names(printed.out))) == (0, 5)


def test_the_columns_that_were_named(openwmi: Command, robots: Machine) -> None:
    query = ROBOTS.replace("*", "__CLASS, TargetInstance")
    printed = openwmi("watch", query, "--count", "1", "--format", "list")
    assert printed.out == '__CLASS        : __InstanceCreationEvent\nTargetInstance : Test_Robot {Name="r0", Age=7}\n'


def test_lists_and_csv_say_what_has_happened(openwmi: Command, robots: Machine) -> None:
    lines = openwmi("watch", ROBOTS, "--count", "2", "--format", "list").out.splitlines()
    assert lines[0] == "__CLASS             : __InstanceCreationEvent"
    robots.providers = (one_more_each_time(),)
    lines = openwmi("watch", ROBOTS, "--count", "2", "--format", "csv").out.splitlines()
    assert lines[0] == "__CLASS,SECURITY_DESCRIPTOR,TIME_CREATED,TargetInstance"
    assert lines[1].startswith("__InstanceCreationEvent,,")


def test_json_is_one_array_and_mof_is_mof(openwmi: Command, robots: Machine) -> None:
    found = json.loads(openwmi("watch", ROBOTS, "--count", "2", "--format", "json").out)
    assert [each["TargetInstance"]["Name"] for each in found] == ["r0", "r1"]
    robots.providers = (one_more_each_time(),)
    printed = openwmi("watch", ROBOTS, "--count", "1", "--format", "mof")
    assert printed.out.startswith("instance of __InstanceCreationEvent\n{\n")


def test_there_is_no_table(openwmi: Command) -> None:
    assert openwmi("watch", ROBOTS, "--format", "table").status == 2
    assert openwmi("watch", ROBOTS, "--count", "0").status == 2


def test_the_end_of_the_time_is_an_end(openwmi: Command, machine: Machine) -> None:
    printed = openwmi("watch", "SELECT * FROM __TimerEvent", "--timeout", "0.2")
    assert printed == (0, "", "")
    printed = openwmi("watch", "SELECT * FROM __TimerEvent", "--timeout", "0.2", "--format", "json")
    assert printed == (0, "[]\n", "")


def test_fewer_than_asked_for_in_that_time_are_a_failure(openwmi: Command, machine: Machine) -> None:
    printed = openwmi("watch", "SELECT * FROM __TimerEvent", "--timeout", "0.2", "--count", "1")
    assert printed.status == 1
    assert printed.err.startswith("WBEM_E_TIMED_OUT")
    assert "waiting for events" in printed.err


def test_a_first_poll_that_takes_too_long_is_one_as_well(machine: Machine) -> None:
    command = [sys.executable, "-m", "tests.cli.interrupted", "watch", ROBOTS, "--timeout", "0.3"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False, cwd=ROOT)
    assert done.returncode == 1
    assert "waiting for Test_Robot" in done.stderr.splitlines()[-1]


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("SELECT", "WBEM_E_INVALID_QUERY"),
        ("SELECT * FROM Test_Robot", "WBEM_E_NOT_EVENT_CLASS"),
        ("SELECT * FROM __Nothing", "WBEM_E_INVALID_CLASS"),
        (ROBOTS.replace("WITHIN 0.01 ", ""), "WBEM_E_REGISTRATION_TOO_PRECISE"),
        ("SELECT * FROM __InstanceCreationEvent WITHIN 1", "WBEM_E_REGISTRATION_TOO_BROAD"),
        ("SELECT * FROM __TimerEvent GROUP WITHIN 5", "WBEM_E_NOT_SUPPORTED"),
    ],
)
@pytest.mark.parametrize("mode", ["sync", "semisync", "async"])
def test_a_query_that_cannot_be_watched_is_one_line(openwmi: Command, query: str, status: str, mode: str) -> None:
    printed = openwmi("watch", query, "--mode", mode)
    assert (printed.status, printed.out) == (1, "")
    assert printed.err.startswith(f"{status} (0x")
    assert printed.err.count("\n") == 1


def test_a_poll_that_fails_is_said_and_the_watch_goes_on(openwmi: Command, machine: Machine) -> None:
    machine.providers = (one_more_each_time(failing=(2, 3)),)
    printed = openwmi("watch", ROBOTS, "--count", "4")
    assert names(printed.out) == ["r0", "r1", "r2", "r3"]
    assert complaints(printed) == "the poll of Test_Robot failed: WBEM_E_PROVIDER_FAILURE (0x80041004); it goes on\n"


# ---------------------------------------------------------------------------------------------- as a program of its own


class Watch:
    """`openwmi watch` that runs beside the test."""

    def __init__(self, folder: Path, *arguments: str) -> None:
        command = [sys.executable, "-m", "openwmi", "watch", SHELVES, "--repository", "repository.db", *arguments]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=folder)

    def line(self) -> str:
        assert self.process.stdout is not None
        return self.process.stdout.readline()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.process.kill()
        self.process.communicate()


def until_seen(openwmi: Command, watch: Watch) -> str:
    """Nobody says when it has begun: so a shelf is put again and again, until it is seen."""
    seen: list[str] = []
    reading = threading.Thread(target=lambda: seen.append(watch.line()))
    reading.start()
    for width in range(1000):
        assert openwmi("put", "Demo_Shelf", "Name=x", f"Width={width}").status == 0
        reading.join(0.2)
        if not reading.is_alive():
            return seen[0]
    raise AssertionError("it is never seen")


def test_what_another_program_writes(openwmi: Command, shelves: Path) -> None:
    with Watch(shelves) as watch:
        event = json.loads(until_seen(openwmi, watch))
        assert event["TargetInstance"]["Name"] == "x"
        assert openwmi("delete", "Demo_Shelf='a'").status == 0
        while event["__CLASS"] != "__InstanceDeletionEvent":
            event = json.loads(watch.line())
        assert event["TargetInstance"]["Name"] == "a"


@pytest.mark.parametrize("format_", ["jsonl", "json"])
def test_ctrl_c_ends_it_quietly(openwmi: Command, shelves: Path, format_: str) -> None:
    with Watch(shelves, "--format", format_) as watch:
        first = until_seen(openwmi, watch)
        watch.process.send_signal(signal.SIGINT)
        assert watch.process.wait(30) == 130
        assert watch.process.stdout is not None
        assert watch.process.stderr is not None
        rest = watch.process.stdout.read()
        assert watch.process.stderr.read().strip() == ""
        if format_ == "json":
            assert json.loads(first + rest), "and what was written is whole"


def test_it_ends_when_nobody_reads_any_more(openwmi: Command, shelves: Path) -> None:
    """As `| head -1` does: it does not wait for one more event."""
    with Watch(shelves, "--count", "1000") as watch:
        until_seen(openwmi, watch)
        assert watch.process.stdout is not None
        assert watch.process.stderr is not None
        watch.process.stdout.close()
        assert watch.process.wait(30) == 0
        assert watch.process.stderr.read() == ""


def test_a_pipe_that_was_closed_before_the_first_event(
    robots: Machine, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    for mode in ("sync", "semisync", "async"):
        reading, writing = os.pipe()
        os.close(reading)
        with os.fdopen(writing, "w", encoding="utf-8") as pipe, monkeypatch.context() as patch:
            patch.setattr(sys, "stdout", pipe)
            assert main(["watch", ROBOTS.replace("0.01", "0.1"), "--mode", mode]) == 0
    assert capfd.readouterr().err == ""
