"""`openwmi serve` while it runs: administrators, its log, its figures, and its end."""

from __future__ import annotations

import asyncio
import json
import signal
import socket
import subprocess
import sys
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from tests.cli.fakes import Command, Terminal
from tests.cli.servers import ANYWHERE, port_of, serving
from tests.cli.typist import Typist
from tests.cli.visitor import delete, entered
from tests.dcom.fakes import ME, YOU
from tests.server.fakes import Enumerator

from openwmi.base.status import WbemStatus
from openwmi.cli.live import Live
from openwmi.cli.systemd import Manager
from openwmi.interfaces import IWbemServices
from openwmi.orpc import ObjRefStandard, objref
from openwmi.security import add_user
from openwmi.testing import FakeClockLoop

EVENTS = "SELECT * FROM __InstanceCreationEvent WITHIN 600 WHERE TargetInstance ISA 'Win32_Process'"
SEMISYNC = 0x30


@pytest.fixture
def serve(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[str, ...]:
    """Arguments of a server for two users."""
    monkeypatch.chdir(tmp_path)
    for user, password in (ME, YOU):
        add_user("users.txt", user, password)
    return "--users", "users.txt", "--listen", ANYWHERE, "--repository", "repository.db"


def log_of(process: subprocess.Popen[str]) -> list[dict[str, Any]]:
    _, err = process.communicate(timeout=30)
    return [json.loads(line) for line in err.splitlines()]


# ---------------------------------------------------------------------------------------------------- administrators


async def may_delete(port: int) -> list[int]:
    found = []
    for user in (ME, YOU):
        async with entered(port, user) as services:
            found.append(await delete(services, "Demo_Nothing"))
    return found


def test_administrators_write_and_others_read(serve: tuple[str, ...]) -> None:
    with serving(*serve, "--admin", "ME", "--log", "json") as (process, line):
        assert asyncio.run(may_delete(port_of(line))) == [WbemStatus.NOT_FOUND, WbemStatus.ACCESS_DENIED]
        process.send_signal(signal.SIGTERM)
        log = log_of(process)
    assert log[0]["event"] == "serving"
    assert "; whoever logs in may read, and me may write and call methods, which run as " in log[0]["message"]
    denied = [(each["user"], each["status"]) for each in log if each["event"] == "call_failed"]
    assert denied == [("me", "WBEM_E_NOT_FOUND"), ("you", "WBEM_E_ACCESS_DENIED")]


@pytest.mark.parametrize("admin", ["nobody", "OTHER\\me", "me@EXAMPLE.ORG"])
def test_an_administrator_has_to_be_a_user(openwmi: Command, serve: tuple[str, ...], admin: str) -> None:
    done = openwmi("serve", *serve, "--admin", admin)
    assert (done.status, done.out) == (2, "")
    assert "is no user of users.txt" in " ".join(done.err.split()) or "is not a user name" in done.err


# --------------------------------------------------------------------------------------------------------- what it does


async def visit_and_wait(port: int, process: subprocess.Popen[str]) -> int:
    """One call that is refused, and one that the end of the server cancels: its status."""
    async with entered(port) as services:
        assert (await services.exec_query("SELECT", SEMISYNC)).hresult == WbemStatus.INVALID_QUERY
        reply = await services.client.call(
            IWbemServices, "ExecNotificationQuery", "WQL", EVENTS, SEMISYNC, None, target=services.ipid
        )
        reference = objref.decode(reply.ppEnum)
        assert isinstance(reference, ObjRefStandard)
        waiting = asyncio.create_task(Enumerator(services.client, reference.std.ipid).next())
        await services.exec_query("SELECT * FROM Win32_OperatingSystem", SEMISYNC, "SQL")
        process.send_signal(signal.SIGUSR1)
        process.send_signal(signal.SIGTERM)
        return (await waiting)[1]


def test_a_log_for_programs_from_the_first_to_the_last_line(serve: tuple[str, ...]) -> None:
    with serving(*serve, "--log", "json", "--metrics", ANYWHERE, "--object-port", "0") as (process, line):
        assert asyncio.run(visit_and_wait(port_of(line), process)) == WbemStatus.CALL_CANCELLED
        log = log_of(process)
    assert process.returncode == 0
    assert [each["event"] for each in log if each["event"] not in {"call_failed", "figures"}] == [
        "metrics",
        "serving",
        "session_began",
        "session_ended",
    ]
    assert {(each["call"], each["status"]) for each in log if each["event"] == "call_failed"} == {
        ("ExecQuery", "WBEM_E_INVALID_QUERY"),
        ("ExecQuery", "WBEM_E_INVALID_QUERY_TYPE"),
    }
    (figures,) = (each for each in log if each["event"] == "figures")
    assert (figures["calls"], figures["failures"], figures["sessions"]) == (2, 2, 1)
    assert "ExecQuery" in figures["message"]
    assert (log[-1]["event"], log[-1]["calls"], log[-1]["failures"]) == ("session_ended", 3, 2)
    assert not any("SELECT" in json.dumps(each) for each in log)


def test_figures_on_request_as_text(serve: tuple[str, ...]) -> None:
    with serving(*serve) as (process, _):
        process.send_signal(signal.SIGUSR1)
        assert process.stderr is not None
        said = [process.stderr.readline() for _ in range(3)]
    assert "up 0 s, 0 connections, 0 sessions of 0 ever, 0 logins refused, 0 calls" in said[1]
    assert said[2].split()[:2] == ["method", "calls"]


def test_a_port_for_figures_that_is_taken(openwmi: Command, serve: tuple[str, ...]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        done = openwmi("serve", *serve, "--metrics", f"127.0.0.1:{taken.getsockname()[1]}")
    assert (done.status, done.out) == (1, "")
    assert "is in use" in done.err


def test_a_person_at_a_terminal_sees_how_it_does(serve: tuple[str, ...]) -> None:
    with Typist("serve", *serve) as typist:
        typist.expect("0 sessions, 0 calls, 0 failed, 0.0 calls/s")
        port = port_of(next(line for line in typist.shown.splitlines() if line.startswith("127.0.0.1:")))
        asyncio.run(delete_one(port))
        typist.expect("DeleteClass failed")
        typist.expect("1 call, 1 failed")
        typist.enter("\x03")
        assert typist.end() == 130
    assert "\x1b[?25h" in typist.shown, "the cursor is back"


async def delete_one(port: int) -> None:
    async with entered(port) as services:
        await delete(services, "Demo_Nothing")


# ------------------------------------------------------------------------------------------------------ in this process


@pytest.mark.parametrize(("number", "status"), [(signal.SIGTERM, 0), (signal.SIGINT, 130)])
@pytest.mark.parametrize("log", ["text", "json"])
def test_it_begins_and_ends(
    openwmi: Command,
    serve: tuple[str, ...],
    monkeypatch: pytest.MonkeyPatch,
    number: signal.Signals,
    status: int,
    log: str,
) -> None:
    """And leaves the signals as they were."""
    handlers = signal.getsignal(signal.SIGTERM), signal.getsignal(signal.SIGINT)

    def ready(_: Manager) -> None:
        loop = asyncio.get_running_loop()
        loop.call_soon(signal.raise_signal, signal.SIGUSR1)
        loop.call_soon(signal.raise_signal, number)

    monkeypatch.setattr(Manager, "ready", ready)
    monkeypatch.setattr("logging.basicConfig", lambda **_: None)
    if handlers[1] == signal.SIG_IGN:
        pytest.skip("this run is in the background of a shell, and ignores Ctrl-C")
    done = openwmi("serve", *serve, "--metrics", ANYWHERE, "--object-port", "0", "--admin", "me", "--log", log)
    assert (done.status, done.out.startswith("127.0.0.1:")) == (status, True)
    assert (signal.getsignal(signal.SIGTERM), signal.getsignal(signal.SIGINT)) == handlers


async def watch(seconds: float) -> None:
    numbers = count(1)
    with Live(lambda: f"line {next(numbers)}"):
        await asyncio.sleep(seconds)
        sys.stderr.write("above it\n")


@pytest.mark.parametrize("term", ["xterm", "dumb"])
def test_a_line_that_goes_on(monkeypatch: pytest.MonkeyPatch, term: str) -> None:
    screen = Terminal()
    monkeypatch.setattr(sys, "stderr", screen)
    monkeypatch.setenv("TERM", term)
    with asyncio.Runner(loop_factory=FakeClockLoop) as runner:
        runner.run(watch(2.5))
    shown = screen.getvalue()
    assert [number for number in range(1, 9) if f"line {number}" in shown] == ([1, 2, 3] if term == "xterm" else [])
    assert "above it" in shown
    assert sys.stderr is screen


# -------------------------------------------------------------------------------------------------------------- the end

SLOW = """
import asyncio
from openwmi.cli.journal import set_up
from openwmi.cli.listening import Service
from openwmi.cli.stream import standard_output
from openwmi.cli.systemd import Manager
from openwmi.net import Address

class Server:
    async def listen(self, address, *, open_port=None):
        return address

    async def close(self):
        print("closed", flush=True)

async def stop(seconds):
    print("to stop in", seconds, flush=True)
    await asyncio.sleep(5 if "{end}" == "second signal" else 0.6)

service = Service(Server(), standard_output(), set_up(20), Manager(), stop=stop)
asyncio.run(service.run(Address("localhost", 1), "at {{}}".format))
"""


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
@pytest.mark.parametrize("end", ["in time", "second signal"])
def test_an_end_that_takes_long_is_explained_and_can_be_cut_short(end: str, number: signal.Signals) -> None:
    program = "import signal; signal.signal(signal.SIGINT, signal.default_int_handler)\n" + SLOW.format(end=end)
    with subprocess.Popen(
        [sys.executable, "-c", program], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        assert process.stdout.readline() == "localhost:1\n"
        process.send_signal(number)
        assert process.stdout.readline() == "to stop in 10.0\n"
        assert process.stderr.readline() == "at localhost:1\n"
        assert process.stderr.readline().startswith("stopping: waiting for those whose calls are cancelled")
        if end == "second signal":
            process.send_signal(number)
        out, err = process.communicate(timeout=30)
    if end == "second signal":
        assert (process.returncode, out, err) == (-number, "", "")
    else:
        assert (out, process.returncode == 0) == ("closed\n", number == signal.SIGTERM)
