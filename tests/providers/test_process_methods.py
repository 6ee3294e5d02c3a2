"""Win32_Process.Create, Terminate and GetOwner: what they do to real processes, and their return codes."""

import json
import os
import pwd
import shlex
import signal
import stat
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from openwmi.base.error import NotFound, WbemError
from openwmi.base.status import WbemStatus
from openwmi.engine.provider import MethodCall, MethodTable
from openwmi.engine.registration import shipped_class
from openwmi.providers.host import Host
from openwmi.providers.processes.process import ProcessProvider

Call = Callable[..., MethodCall]
Make = Callable[..., Host]
Child = subprocess.Popen[bytes]

WIN32_PROCESS, WIN32_PROCESS_STARTUP = shipped_class("Win32_Process"), shipped_class("Win32_ProcessStartup")

# What a new process tells of itself, down the pipe that it is given.
REPORT = """
import json, os, sys
told = {
    "arguments": sys.argv[2:], "directory": os.getcwd(), "environment": dict(os.environ), "nice": os.nice(0),
    "pid": os.getpid(), "session": os.getsid(0), "group": os.getpgid(0),
    "open": {fd: os.readlink(f"/dev/fd/{fd}") if sys.platform == "linux" else "" for fd in range(64) if is_open(fd)},
}
with open(sys.argv[1], "w") as pipe:
    json.dump(told, pipe)
"""
IS_OPEN = """
def is_open(fd):
    import os
    try:
        os.fstat(fd)
    except OSError:
        return False
    return True
"""

linux = pytest.mark.skipif(sys.platform != "linux", reason="open files are read from /proc")
unprivileged = pytest.mark.skipif(os.geteuid() == 0, reason="root may do everything: needs an ordinary user")


@pytest.fixture
def pipe(tmp_path: Path) -> Path:
    path = tmp_path / "pipe"
    os.mkfifo(path)
    return path


@pytest.fixture(autouse=True)
def _reaped() -> Iterator[None]:
    """Whatever a test starts has ended and is reaped before the next test."""
    yield
    reap()


def reap() -> None:
    for thread in threading.enumerate():
        if thread.name == "reaper":
            thread.join(timeout=60)
            assert not thread.is_alive()


def reporting(pipe: Path, *arguments: str) -> str:
    return shlex.join([sys.executable, "-I", "-S", "-c", IS_OPEN + REPORT, str(pipe), *arguments])


def create(call: Call, **inputs: object) -> dict[str, Any]:
    given = {"CommandLine": None, "CurrentDirectory": None, "ProcessStartupInformation": None, **inputs}
    return dict(ProcessProvider().create(call(None, **given)))


def start_and_listen(call: Call, pipe: Path, *arguments: str, **inputs: object) -> dict[str, Any]:
    out = create(call, CommandLine=reporting(pipe, *arguments), **inputs)
    assert out["ReturnValue"] == 0
    told: dict[str, Any] = json.loads(pipe.read_text(encoding="utf-8"))
    assert told["pid"] == out["ProcessId"] > 0
    return told


def test_the_arguments_arrive_as_they_were_quoted(call: Call, pipe: Path) -> None:
    told = start_and_listen(call, pipe, "два слова", "it's", "", "$HOME;*|&", "a\nb")
    assert told["arguments"] == ["два слова", "it's", "", "$HOME;*|&", "a\nb"]


def test_it_leads_a_session_of_its_own(call: Call, pipe: Path) -> None:
    told = start_and_listen(call, pipe)
    assert told["session"] == told["group"] == told["pid"]


@linux
def test_it_inherits_no_open_file(call: Call, pipe: Path, tmp_path: Path) -> None:
    with (tmp_path / "secret").open("w") as secret:
        os.set_inheritable(secret.fileno(), True)
        told = start_and_listen(call, pipe)
    assert told["open"] == {"0": "/dev/null", "1": "/dev/null", "2": "/dev/null"}


def test_it_starts_in_the_given_directory(call: Call, pipe: Path, tmp_path: Path) -> None:
    assert start_and_listen(call, pipe, CurrentDirectory=str(tmp_path))["directory"] == os.path.realpath(tmp_path)
    assert start_and_listen(call, pipe, CurrentDirectory=None)["directory"] == str(Path.cwd())


def test_it_inherits_the_environment_without_our_secrets(
    call: Call, pipe: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("OPENWMI_PASSWORD", "NOTIFY_SOCKET", "LISTEN_FDS", "WATCHDOG_USEC", "MARK"):
        monkeypatch.setenv(name, "1")
    told = start_and_listen(call, pipe)["environment"]
    assert told["MARK"] == "1"
    assert told["PATH"] == os.environ["PATH"]
    assert {"OPENWMI_PASSWORD", "NOTIFY_SOCKET", "LISTEN_FDS", "WATCHDOG_USEC"} & set(told) == set()


def test_the_given_environment_replaces_ours(call: Call, pipe: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MARK", "1")
    startup = WIN32_PROCESS_STARTUP.instance({"EnvironmentVariables": ["A=b=c", "D="]})
    told = start_and_listen(call, pipe, ProcessStartupInformation=startup)["environment"]
    assert (told["A"], told["D"]) == ("b=c", "")
    assert "MARK" not in told


def test_a_program_is_found_by_our_search_path(
    call: Call, pipe: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "только-здесь").symlink_to(os.path.realpath(sys.executable))
    monkeypatch.setenv("PATH", str(tmp_path))
    startup = WIN32_PROCESS_STARTUP.instance({"EnvironmentVariables": ["PATH=/nowhere"]})
    line = shlex.join(["только-здесь", *shlex.split(reporting(pipe))[1:]])
    out = create(call, CommandLine=line, ProcessStartupInformation=startup)
    assert out["ReturnValue"] == 0
    assert json.loads(pipe.read_text(encoding="utf-8"))["environment"]["PATH"] == "/nowhere"


def test_the_priority_class_is_a_niceness(call: Call, spawn_python: Callable[..., Child]) -> None:
    """Read from outside, since the process may look at itself before it is set."""
    startup = WIN32_PROCESS_STARTUP.instance({"PriorityClass": 64})
    line = shlex.join([sys.executable, "-I", "-S", "-c", "import signal; signal.pause()"])
    out = create(call, CommandLine=line, ProcessStartupInformation=startup)
    assert psutil.Process(out["ProcessId"]).nice() == 19
    os.kill(out["ProcessId"], signal.SIGKILL)


def test_a_priority_that_this_account_may_not_give_is_left_out(
    call: Call, pipe: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[int] = []

    def refuse(which: int, who: int, nice: int) -> None:
        asked.append(nice)
        raise PermissionError

    monkeypatch.setattr(os, "setpriority", refuse)
    startup = WIN32_PROCESS_STARTUP.instance({"PriorityClass": 256})
    assert start_and_listen(call, pipe, ProcessStartupInformation=startup)["nice"] == os.nice(0)
    assert asked == [-20]


def test_no_zombie_stays(call: Call, pipe: Path) -> None:
    pid = start_and_listen(call, pipe)["pid"]
    reap()
    assert not psutil.pid_exists(pid)


@pytest.mark.parametrize("line", [None, "", "   ", "\t\n"])
def test_without_a_command_line_it_is_21(call: Call, line: str | None) -> None:
    assert create(call, CommandLine=line) == {"ReturnValue": 21, "ProcessId": None}


@pytest.mark.parametrize("line", ["a 'b", 'a "b', "a\\", "/bin/sh a\0b", "/bin/sh \ud800"])
def test_a_command_line_that_cannot_be_one_is_21(call: Call, line: str) -> None:
    assert create(call, CommandLine=line) == {"ReturnValue": 21, "ProcessId": None}


@pytest.mark.parametrize("line", ["no-such-program", "/no/such/program", "./no-such", "/dev/null/x", "C:\\notepad.exe"])
def test_an_unknown_file_is_9(call: Call, line: str) -> None:
    assert create(call, CommandLine=line) == {"ReturnValue": 9, "ProcessId": None}


@pytest.mark.parametrize("directory", ["/no/such/directory", "/dev/null"])
def test_a_directory_that_is_not_there_is_9(call: Call, directory: str) -> None:
    out = create(call, CommandLine=shlex.quote(sys.executable), CurrentDirectory=directory)
    assert out == {"ReturnValue": 9, "ProcessId": None}


def test_a_file_that_must_not_be_run_is_2(call: Call, tmp_path: Path) -> None:
    program = tmp_path / "program"
    program.write_text("#!/bin/sh\n", encoding="ascii")
    assert create(call, CommandLine=str(program)) == {"ReturnValue": 2, "ProcessId": None}


def test_what_must_not_be_run_is_not_in_the_search_path(
    call: Call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "program").write_text("#!/bin/sh\n", encoding="ascii")
    monkeypatch.setenv("PATH", str(tmp_path))
    assert create(call, CommandLine="program") == {"ReturnValue": 9, "ProcessId": None}


def test_a_file_that_is_no_program_is_8(call: Call, tmp_path: Path) -> None:
    program = tmp_path / "program"
    program.write_bytes(b"\0\1\2\3")
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    assert create(call, CommandLine=str(program)) == {"ReturnValue": 8, "ProcessId": None}


@pytest.mark.parametrize(
    "values",
    [
        {"CreateFlags": 4},  # Create_Suspended: it would run
        {"CreateFlags": 1 | 16},
        {"PriorityClass": 33},
        {"EnvironmentVariables": ["A"]},
        {"EnvironmentVariables": ["=b"]},
    ],
)
def test_what_it_would_not_do_is_21(call: Call, values: dict[str, object]) -> None:
    startup = WIN32_PROCESS_STARTUP.instance(values)
    out = create(call, CommandLine=shlex.quote(sys.executable), ProcessStartupInformation=startup)
    assert out == {"ReturnValue": 21, "ProcessId": None}


def test_settings_of_another_class_are_21(call: Call) -> None:
    startup = WIN32_PROCESS.instance({"Handle": "4"})
    out = create(call, CommandLine=shlex.quote(sys.executable), ProcessStartupInformation=startup)
    assert out == {"ReturnValue": 21, "ProcessId": None}


def test_terminate_does_not_ask(call: Call, spawn_python: Callable[..., Child]) -> None:
    stubborn = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); print(flush=True); signal.pause()"
    child = spawn_python("упрямый", code=stubborn)
    assert ProcessProvider().terminate(call(child.pid, Reason=3)) == {"ReturnValue": 0}
    assert child.wait() == -signal.SIGKILL


def test_terminate_ends_what_create_began(call: Call) -> None:
    line = shlex.join([sys.executable, "-I", "-S", "-c", "import signal; signal.pause()"])
    pid = create(call, CommandLine=line)["ProcessId"]
    assert ProcessProvider().terminate(call(pid, Reason=None)) == {"ReturnValue": 0}
    reap()
    assert not psutil.pid_exists(pid)


@unprivileged
def test_terminating_somebody_elses_process_is_2(call: Call) -> None:
    theirs = next(pid for pid in psutil.pids() if pid > 1 and psutil.Process(pid).uids().real != os.getuid())
    assert ProcessProvider().terminate(call(theirs, Reason=None)) == {"ReturnValue": 2}


@pytest.mark.parametrize("pid", [1, 2, 15])
def test_the_first_process_and_kernel_threads_are_never_terminated(
    pid: int, call: Call, host: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The kernel takes the signal and drops it: 0 would be a lie."""
    made = host("laptop")
    monkeypatch.setattr(made, "kill", lambda pid: pytest.fail("nobody may signal this one"))
    assert ProcessProvider(made).terminate(call(pid, Reason=None)) == {"ReturnValue": 2}


def test_owner_is_the_account_and_this_host(call: Call, still: Child) -> None:
    out = ProcessProvider().get_owner(call(still.pid))
    assert out == {"User": pwd.getpwuid(os.getuid()).pw_name, "Domain": os.uname().nodename, "ReturnValue": 0}


@pytest.mark.parametrize(
    ("name", "domain", "user"), [("DOM\\anna", "DOM", "anna"), ("anna", "thinbook", "anna"), (None, "thinbook", "1000")]
)
def test_a_domain_that_the_name_service_gives(
    name: str | None, domain: str, user: str, call: Call, host: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = host("laptop")
    monkeypatch.setattr(made, "account", lambda uid: name)
    out = ProcessProvider(made).get_owner(call(1420))
    assert out == {"User": user, "Domain": domain, "ReturnValue": 0}


def test_what_is_denied_is_2(call: Call, host: Make) -> None:
    assert ProcessProvider(host("laptop")).terminate(call(1420, Reason=None)) == {"ReturnValue": 2}
    unnamed = host("laptop", "== /proc/1420/status\nTgid:\t1420\n")
    assert ProcessProvider(unnamed).get_owner(call(1420)) == {"ReturnValue": 2}


@pytest.mark.parametrize("name", ["Terminate", "GetOwner"])
def test_a_process_that_is_not_there_is_not_found(call: Call, zombie: Child, name: str) -> None:
    zombie.wait()
    with pytest.raises(NotFound, match=f'Handle="{zombie.pid}"'):
        run(ProcessProvider(), name, call(zombie.pid, Reason=None))


def test_nor_is_one_that_ends_meanwhile(call: Call, host: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    made = host("laptop")

    def ended(pid: int) -> None:
        raise ProcessLookupError

    monkeypatch.setattr(made, "kill", ended)
    with pytest.raises(NotFound, match='Handle="1420"'):
        ProcessProvider(made).terminate(call(1420, Reason=None))


@pytest.mark.parametrize("name", ["Terminate", "GetOwner"])
def test_the_class_has_no_owner_and_no_end(call: Call, name: str) -> None:
    with pytest.raises(WbemError) as caught:
        run(ProcessProvider(), name, call(None, Reason=None))
    assert caught.value.status == WbemStatus.INVALID_METHOD_PARAMETERS


def test_what_is_declared_implemented_is_what_is_served() -> None:
    served = MethodTable(ProcessProvider)
    declared = {method.name: "Implemented" in method.qualifiers for method in WIN32_PROCESS.methods}
    assert {name: served.find(name) is not None for name in declared} == declared


def run(provider: ProcessProvider, name: str, method_call: MethodCall) -> Any:
    function = MethodTable(ProcessProvider).find(name)
    assert function is not None
    return function(provider, method_call)
