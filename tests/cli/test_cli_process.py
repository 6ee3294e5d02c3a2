"""The program as a whole: pipes, signals, encodings, and how fast it starts."""

from __future__ import annotations

import io
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from tests.cli.fakes import Command, Machine, Rows

from openwmi.cli import main
from openwmi.cli.failure import complain

ROOT = Path(__file__).parents[2]
QUERY = "SELECT Name FROM Win32_Process"
OS = "SELECT Caption FROM Win32_OperatingSystem"
# What a query never needs; each would be felt at every start.
SPARED = {"csv", "cryptography", "rich", "spnego", "sqlite3", "unittest"}


def run(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "openwmi", *arguments],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        env={**os.environ, **environment},
    )


def test_as_a_module() -> None:
    done = run("query", OS, "--format", "csv")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("Caption\n")
    assert len(done.stdout.splitlines()) == 2


@pytest.mark.parametrize("format_", ["table", "list", "json", "jsonl", "csv"])
@pytest.mark.parametrize("mode", ["sync", "semisync", "async"])
def test_a_pipe_that_was_closed_before_the_first_row(
    machine: Machine, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], format_: str, mode: str
) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    with os.fdopen(writing, "w", encoding="utf-8") as pipe:
        monkeypatch.setattr(sys, "stdout", pipe)
        assert main(["query", "SELECT * FROM Test_Thing", "--format", format_, "--mode", mode]) == 0
    assert capfd.readouterr().err == ""


@pytest.mark.parametrize("format_", ["table", "jsonl"])
def test_a_reader_that_has_enough(format_: str) -> None:
    """As `| head -1` does. What is in flight when the pipe closes is the whole answer or a part of it."""
    command = [sys.executable, "-m", "openwmi", "query", "SELECT * FROM Win32_Process", "--format", format_]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        assert process.stdout.readline()
        process.stdout.close()
        complaints = process.stderr.read()
        assert (process.wait(60), complaints) == (0, b"")


def test_a_reader_that_never_read() -> None:
    command = [sys.executable, "-m", "openwmi", "query", QUERY]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        complaints = process.stderr.read()
        assert (process.wait(60), complaints) == (0, b"")


def test_a_reader_that_wants_no_help() -> None:
    ends = os.pipe()
    os.close(ends[0])
    done = subprocess.run(
        [sys.executable, "-m", "openwmi", "--help"], stdout=ends[1], stderr=subprocess.PIPE, timeout=60, check=False
    )
    os.close(ends[1])
    assert (done.returncode, done.stderr) == (0, b"")


@pytest.mark.parametrize("mode", ["sync", "semisync", "async"])
@pytest.mark.parametrize("format_", ["table", "jsonl"])
def test_ctrl_c_while_a_provider_hangs(mode: str, format_: str) -> None:
    command = [sys.executable, "-m", "tests.cli.interrupted"]
    command += ["query", "SELECT Name FROM Test_Robot", "--mode", mode, "--format", format_]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=ROOT, start_new_session=True
    ) as process:
        assert process.stderr is not None
        assert process.stderr.readline() == "hanging\n"
        process.send_signal(signal.SIGINT)
        _, complaints = process.communicate(timeout=30)
    assert process.returncode == 130
    assert complaints.strip() == ""


@pytest.mark.parametrize("mode", ["sync", "semisync", "async"])
def test_a_timeout_while_a_provider_hangs(mode: str) -> None:
    command = [sys.executable, "-m", "tests.cli.interrupted"]
    command += ["query", "SELECT Name FROM Test_Robot", "--mode", mode, "--timeout", "0.3"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False, cwd=ROOT)
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1].startswith("WBEM_E_TIMED_OUT")
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("format_", ["table", "list", "json", "jsonl", "csv"])
def test_an_encoding_that_cannot_show_it(machine: Machine, monkeypatch: pytest.MonkeyPatch, format_: str) -> None:
    machine.providers = (Rows(lambda: iter([{"Name": "é中\ud83d"}])),)
    octets = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(octets, encoding="ascii"))
    assert main(["query", "SELECT Name FROM Test_Robot", "--format", format_]) == 0
    escaped = rb"\u00e9\u4e2d\ud83d" if format_.startswith("json") else rb"\xe9\u4e2d\ud83d"
    assert escaped in octets.getvalue()


@pytest.mark.parametrize("environment", [{"LC_ALL": "C"}, {"PYTHONIOENCODING": "ascii"}, {"PYTHONUTF8": "0"}])
def test_other_encodings(environment: dict[str, str]) -> None:
    for arguments in (["query", QUERY, "--format", "table"], ["query", "SELECT é FROM Ünbekannt"], ["--help"]):
        done = run(*arguments, **environment)
        assert done.returncode in {0, 1}
        assert "Traceback" not in done.stderr


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
def test_a_full_disk_is_said() -> None:
    with Path("/dev/full").open("w", encoding="utf-8") as full:
        command = [sys.executable, "-m", "openwmi", "query", QUERY]
        done = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, text=True, timeout=60, check=False)
    assert done.returncode == 1
    assert done.stderr == "standard output cannot be written to: No space left on device\n"


def test_without_standard_output(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    said = io.StringIO()
    monkeypatch.setattr(sys, "stdout", None)
    monkeypatch.setattr(sys, "stderr", said)
    assert main(["query", QUERY]) == 1
    assert said.getvalue() == "standard output is closed: give the rows somewhere to go\n"


def test_without_standard_error(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(sys, "stderr", None)
    complain("nobody hears this")
    closed = io.StringIO()
    closed.close()
    monkeypatch.setattr(sys, "stderr", closed)
    complain("nor this")
    assert capsys.readouterr().out == ""


def test_a_start_loads_no_more_than_it_needs() -> None:
    program = f"import sys; from openwmi.cli import main; main(['query', {OS!r}]); print(*sys.modules, file=sys.stderr)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=True)
    loaded = set(done.stderr.split())
    assert "openwmi.cli.query" in loaded
    assert loaded & SPARED == set()
    others = {
        "openwmi.cli.get",
        "openwmi.cli.call",
        "openwmi.cli.serve",
        "openwmi.mof",
        "openwmi.rpc",
        "openwmi.server",
    }
    assert loaded & others == set()


def test_help_loads_no_command() -> None:
    program = "import sys; from openwmi.cli import main; main(['--help']); print(*sys.modules, file=sys.stderr)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=True)
    assert {name for name in done.stderr.split() if name in {"asyncio", "psutil", "openwmi.cli.query"}} == set()


def test_ctrl_c_while_modules_load(monkeypatch: pytest.MonkeyPatch, openwmi: Command) -> None:
    def interrupted(arguments: object) -> int:
        raise KeyboardInterrupt

    monkeypatch.setattr("openwmi.cli.commands.run", interrupted)
    assert openwmi("query", QUERY) == (130, "", "")
