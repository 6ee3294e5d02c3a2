"""Win32_Process: each value of processes that the test knows, against what the system itself says of them."""

import os
import platform
import shlex
import subprocess
import sys
import threading
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import psutil
import pytest

from openwmi.engine.provider import Request
from openwmi.engine.registration import shipped_class
from openwmi.model import CimDateTime
from openwmi.providers.host import Host
from openwmi.providers.host.identity import os_name
from openwmi.providers.processes.process import ProcessProvider

Ask = Callable[..., Request]
Child = subprocess.Popen[bytes]

linux = pytest.mark.skipif(sys.platform != "linux", reason="what is expected is read from /proc")

WIN32_PROCESS = shipped_class("Win32_Process")

NO_COUNTERPART = {
    "InstallDate",
    "MaximumWorkingSetSize",
    "MinimumWorkingSetSize",
    "OtherOperationCount",
    "OtherTransferCount",
    "PeakPageFileUsage",
    "PrivatePageCount",
    "QuotaNonPagedPoolUsage",
    "QuotaPagedPoolUsage",
    "QuotaPeakNonPagedPoolUsage",
    "QuotaPeakPagedPoolUsage",
    "Status",
    "TerminationDate",
    "WindowsVersion",
}


def row_of(pid: int, request: Request) -> dict[str, object]:
    row = ProcessProvider().get(request, {"Handle": str(pid)})
    assert row is not None
    return dict(row)


def proc(pid: int, name: str) -> str:
    return Path(f"/proc/{pid}/{name}").read_text(encoding="utf-8")


def test_who_it_is(still: Child, ask: Ask) -> None:
    row = row_of(still.pid, ask())
    assert {name: row[name] for name in ("Handle", "ProcessId", "ParentProcessId")} == {
        "Handle": str(still.pid),
        "ProcessId": still.pid,
        "ParentProcessId": os.getpid(),
    }
    assert row["Name"] == row["Caption"] == row["Description"] == "тихий"
    assert row["CreationClassName"] == "Win32_Process"
    assert (row["CSCreationClassName"], row["CSName"]) == ("Win32_ComputerSystem", platform.node())
    assert (row["OSCreationClassName"], row["OSName"]) == ("Win32_OperatingSystem", os_name(Host()))


def test_its_command_line_can_be_typed_again(still: Child, ask: Ask) -> None:
    row = row_of(still.pid, ask())
    assert isinstance(still.args, list)
    assert shlex.split(str(row["CommandLine"])) == [os.fspath(argument) for argument in still.args]
    assert str(row["CommandLine"]).endswith("""'два слова' 'it'"'"'s' ''""")
    assert row["ExecutablePath"] == os.path.realpath(sys.executable)


def test_when_it_was_made(still: Child, ask: Ask) -> None:
    made = row_of(still.pid, ask())["CreationDate"]
    assert isinstance(made, CimDateTime)
    expected = psutil.Process(still.pid).create_time()
    assert abs(made.to_datetime().timestamp() - expected) < 1e-5
    assert made.to_datetime().utcoffset() == made.to_datetime().astimezone().utcoffset()


def test_what_it_uses(still: Child, ask: Ask) -> None:
    row, process = row_of(still.pid, ask()), psutil.Process(still.pid)
    assert row["WorkingSetSize"] == process.memory_info().rss
    assert row["VirtualSize"] == process.memory_info().vms
    assert row["KernelModeTime"] == round(process.cpu_times().system * 10**7)
    assert row["UserModeTime"] == round(process.cpu_times().user * 10**7)
    assert row["ThreadCount"] == 1
    assert row["HandleCount"] == process.num_fds() >= 3
    assert row["ExecutionState"] == 8  # stopped


@linux
def test_what_linux_counts(still: Child, ask: Ask) -> None:
    row = row_of(still.pid, ask())
    kilobytes = dict(line.split(":") for line in proc(still.pid, "status").splitlines())
    assert row["PeakVirtualSize"] == int(kilobytes["VmPeak"].split()[0]) * 1024
    assert row["PeakWorkingSetSize"] == int(kilobytes["VmHWM"].split()[0])
    assert row["PageFileUsage"] == int(kilobytes["VmSwap"].split()[0])
    fields = proc(still.pid, "stat").rpartition(")")[2].split()
    assert row["PageFaults"] == int(fields[7]) + int(fields[9]) > 0


@linux
def test_what_it_read_and_wrote(still: Child, ask: Ask) -> None:
    row = row_of(still.pid, ask())
    io = dict(line.split(": ") for line in proc(still.pid, "io").splitlines())
    assert row["ReadOperationCount"] == int(io["syscr"]) > 0
    assert row["ReadTransferCount"] == int(io["rchar"]) > 0
    assert row["WriteOperationCount"] == int(io["syscw"]) == 1
    assert row["WriteTransferCount"] == int(io["wchar"]) == 1  # the line with which it said that it was there


@linux
def test_the_session_is_that_of_the_login(still: Child, ask: Ask) -> None:
    session = Path(f"/proc/{still.pid}/sessionid")
    number = int(session.read_text(encoding="ascii")) if session.exists() else 2**32 - 1
    assert row_of(still.pid, ask())["SessionId"] == (None if number == 2**32 - 1 else number)


def test_what_this_system_does_not_have_is_null(still: Child, ask: Ask) -> None:
    row = row_of(still.pid, ask())
    assert {name for name in NO_COUNTERPART if row.get(name) is not None} == set()
    assert set(row) | NO_COUNTERPART == {declared.name for declared in WIN32_PROCESS.properties}


@pytest.mark.parametrize(("nice", "priority"), [(0, 8), (6, 6), (19, 4)])
def test_its_priority(still: Child, ask: Ask, nice: int, priority: int) -> None:
    if os.geteuid() and nice < psutil.Process().nice():
        pytest.skip("these tests run with a nice value that only root may take back")
    psutil.Process(still.pid).nice(nice)
    assert row_of(still.pid, ask())["Priority"] == priority


def test_this_process(ask: Ask) -> None:
    row = row_of(os.getpid(), ask())
    assert row["ParentProcessId"] == os.getppid()
    assert row["ExecutionState"] == 3  # it runs while it asks
    assert isinstance(row["CreationDate"], CimDateTime)
    assert row["ThreadCount"] == psutil.Process().num_threads()


def test_a_zombie_is_a_row_of_what_is_left(zombie: Child, ask: Ask) -> None:
    row = row_of(zombie.pid, ask())
    assert (row["ProcessId"], row["ParentProcessId"], row["ExecutionState"]) == (zombie.pid, os.getpid(), 7)
    assert {row[name] for name in ("CommandLine", "ExecutablePath", "PeakWorkingSetSize", "PageFileUsage")} == {None}
    assert zombie.returncode is None  # looking at it has not reaped it


def test_one_that_has_ended_is_none(zombie: Child, ask: Ask) -> None:
    zombie.wait()
    assert ProcessProvider().get(ask(), {"Handle": str(zombie.pid)}) is None


@pytest.mark.parametrize("handle", ["", "x", "-1", "+1", "01", " 1", "1 ", "1_0", "1.0", "٤", "4294967296", "9" * 4000])
def test_only_the_spelling_of_a_handle_counts(handle: str, ask: Ask) -> None:
    assert ProcessProvider().get(ask(), {"Handle": handle}) is None


def test_a_thread_is_no_process(ask: Ask) -> None:
    """Linux answers to the ID of a thread in /proc, too."""
    told, done, ids = threading.Event(), threading.Event(), list[int]()

    def run() -> None:
        ids.append(threading.get_native_id())
        told.set()
        done.wait()

    thread = threading.Thread(target=run)
    thread.start()
    told.wait()
    try:
        assert ids[0] != os.getpid()
        assert ProcessProvider().get(ask(), {"Handle": str(ids[0])}) is None
    finally:
        done.set()
        thread.join()


def test_enumeration_finds_each_of_them(still: Child, zombie: Child, ask: Ask) -> None:
    rows = {row["Handle"]: row for row in ProcessProvider().instances(ask())}
    assert {str(still.pid), str(zombie.pid), str(os.getpid()), "1"} <= set(rows)
    assert rows[str(still.pid)]["Name"] == "тихий"
    for row in rows.values():
        WIN32_PROCESS.instance(row)  # each value is of its property's type


@linux
def test_octets_that_are_no_text_do_not_break_a_row(tmp_path: Path, ask: Ask) -> None:
    """A name in another encoding: Unicode has no place for it, and no wire could carry Python's lone surrogates."""
    program = tmp_path / os.fsdecode(b"\xf1\xee\xed")
    program.symlink_to(os.path.realpath(sys.executable))
    code = "import sys; print(flush=True); sys.stdin.read()"
    command: list[Path | str | bytes] = [program, "-I", "-S", "-c", code, b"\xff"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as child:
        assert child.stdout is not None
        child.stdout.readline()
        row = row_of(child.pid, ask())
    assert row["Name"] == "\ufffd\ufffd\ufffd"
    assert str(row["CommandLine"]).endswith("'\ufffd'")
    str(row).encode("utf-16-le")


def test_the_date_keeps_its_microseconds() -> None:
    made = Host().local_time(1_700_000_000.123456).to_datetime()
    assert made.timestamp() == pytest.approx(1_700_000_000.123456, abs=1e-6)
    assert isinstance(made.utcoffset(), timedelta)


def test_a_program_that_is_called_deleted(host: Callable[..., Host], ask: Ask) -> None:
    stat = "== /proc/90/stat\n90 (tool) S 1 90 90 0 -1 0 0 0 0 0 0 0 0 0 20 0 1 0 100 0 0\n"
    made = host("container", stat, "== /proc/90/exe -> /opt/tool (deleted)\n")
    for program in ("/opt/tool", "/opt/tool (deleted)"):
        rows = ProcessProvider(made).instances(ask("Handle", "ExecutablePath"))
        assert {row["Handle"]: row["ExecutablePath"] for row in rows}["90"] == program
        Path(made.root, "opt").mkdir(exist_ok=True)
        Path(made.root, "opt/tool (deleted)").touch()
