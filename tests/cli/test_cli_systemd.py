"""Started by a service manager: its sockets are used, and it is told what becomes of the server."""

from __future__ import annotations

import asyncio
import os
import select
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from tests.cli.visitor import entered

from openwmi.base.error import WbemError
from openwmi.base.status import WbemStatus
from openwmi.cli.systemd import Manager
from openwmi.security import add_user

WAIT_SECONDS = 30

# What systemd does before it executes a program.
STARTED = """
import os, sys
given = [int(number) for number in sys.argv.pop(1).split(",") if number]
for at, number in enumerate(given):
    os.dup2(number, 100 + at)
for at in range(len(given)):
    os.dup2(100 + at, 3 + at)
os.environ.update(LISTEN_PID=str(os.getpid()), LISTEN_FDS=str(len(given)))
os.execv(sys.executable, [sys.executable, "-m", "openwmi", *sys.argv[1:]])
"""


class Listening:
    """Where a service manager listens to its services."""

    def __init__(self, address: str) -> None:
        self.address = address
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.settimeout(WAIT_SECONDS)
        self._socket.bind(f"\0{address[1:]}" if address.startswith("@") else address)

    def hear(self) -> str:
        return self._socket.recv(4096).decode()

    def hear_until(self, text: str) -> list[str]:
        heard = [self.hear()]
        while heard[-1] != text:
            heard.append(self.hear())
        return heard

    def hears_nothing(self) -> bool:
        return not select.select([self._socket], [], [], 0)[0]

    def close(self) -> None:
        self._socket.close()


@pytest.fixture(params=["in a folder", "abstract"])
def listening(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Listening]:
    name = str(tmp_path / "notify") if request.param == "in a folder" else f"@openwmi-test-{os.getpid()}"
    made = Listening(name)
    yield made
    made.close()


def test_what_it_is_told(listening: Listening) -> None:
    environment = {"NOTIFY_SOCKET": listening.address, "WATCHDOG_USEC": "3000000", "HOME": "/"}
    manager = Manager(environment)
    assert environment == {"HOME": "/"}, "they are for this process, and for none that it starts"
    assert (manager.told, manager.watchdog, manager.sockets) == (True, 1.5, [])
    manager.ready()
    manager.status("2 sessions")
    manager.alive()
    manager.stopping()
    assert [listening.hear() for _ in range(4)] == ["READY=1", "STATUS=2 sessions", "WATCHDOG=1", "STOPPING=1"]


def test_without_one_nothing_is_done() -> None:
    manager = Manager({})
    manager.ready()
    assert (manager.told, manager.watchdog, manager.sockets) == (False, None, [])


def test_one_that_is_gone_stops_nobody(tmp_path: Path) -> None:
    Manager({"NOTIFY_SOCKET": str(tmp_path / "nothing")}).ready()


@pytest.mark.parametrize(
    ("usec", "pid", "seconds"),
    [("2000000", str(os.getpid()), 1.0), ("2000000", "1", None), ("x", "", None), ("0", "", None)],
    ids=["me", "another", "no number", "never"],
)
def test_whether_somebody_waits_for_a_sign_of_life(usec: str, pid: str, seconds: float | None) -> None:
    assert Manager({"WATCHDOG_USEC": usec, "WATCHDOG_PID": pid}).watchdog == seconds


def variables(count: int, names: str = "", pid: int | None = None) -> dict[str, str]:
    found = {"LISTEN_PID": str(pid or os.getpid()), "LISTEN_FDS": str(count)}
    return {**found, "LISTEN_FDNAMES": names} if names else found


def test_sockets_that_were_opened_for_it() -> None:
    first, second = socket.create_server(("127.0.0.1", 0)), socket.create_server(("127.0.0.1", 0))
    # The descriptors of a test are what is free: two that follow each other are made so.
    start = 200
    os.dup2(first.fileno(), start)
    os.dup2(second.fileno(), start + 1)
    manager = Manager(variables(2, "objects"), start)
    assert [(opened.name, opened.socket.getsockname()) for opened in manager.sockets] == [
        ("objects", first.getsockname()),
        ("", second.getsockname()),
    ]
    assert not os.get_inheritable(start)
    for each in (first, second, *(opened.socket for opened in manager.sockets)):
        each.close()


def test_sockets_of_another_process_are_left_alone() -> None:
    assert Manager(variables(3, pid=1)).sockets == []


def test_what_is_no_socket_that_listens_for_tcp() -> None:
    reading, writing = os.pipe()
    near, far = socket.socketpair()
    try:
        for descriptor in (reading, near.fileno(), 999_999):
            with pytest.raises(WbemError, match=f"descriptor {descriptor}, from the service manager") as caught:
                Manager(variables(1), descriptor)
            assert caught.value.status == WbemStatus.INVALID_PARAMETER
    finally:
        os.close(reading)
        os.close(writing)
        near.close()
        far.close()


@contextmanager
def started(
    sockets: list[socket.socket], listening: Listening, *arguments: str, **variables: str
) -> Iterator[subprocess.Popen[str]]:
    numbers = [each.fileno() for each in sockets]
    process = subprocess.Popen(
        [sys.executable, "-c", STARTED, ",".join(map(str, numbers)), *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        pass_fds=numbers,
        env=os.environ | {"NOTIFY_SOCKET": listening.address} | variables,
    )
    with process:
        try:
            yield process
        finally:
            if process.poll() is None:
                process.kill()


def test_a_server_on_sockets_of_the_service_manager(tmp_path: Path) -> None:
    """Clients may connect before it runs; objects and figures are where the names say."""
    users = str(tmp_path / "users")
    add_user(users, "me", "secret")
    listening = Listening(str(tmp_path / "notify"))
    wmi, objects, figures = sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(3)]
    early = socket.create_connection(wmi.getsockname())
    arguments = "serve", "--users", users, "--repository", str(tmp_path / "repository")
    named = {"LISTEN_FDNAMES": "openwmi.socket:objects:metrics", "WATCHDOG_USEC": "20000000"}
    with started(sockets, listening, *arguments, **named) as process:
        assert listening.hear() == "READY=1"
        assert {listening.hear(), listening.hear()} == {
            "WATCHDOG=1",
            "STATUS=0 sessions, 0 calls, 0 failed, 0.0 calls/s",
        }
        assert process.stdout is not None
        assert process.stdout.readline() == f"127.0.0.1:{wmi.getsockname()[1]}\n"
        asyncio.run(visit(wmi.getsockname()[1], objects.getsockname()[1], figures.getsockname()[1]))
        process.send_signal(signal.SIGTERM)
        assert listening.hear_until("STOPPING=1")
        _, err = process.communicate(timeout=WAIT_SECONDS)
        assert (process.returncode, "Traceback" in err) == (0, False), err
    assert f"figures at http://127.0.0.1:{figures.getsockname()[1]}/metrics" in err
    for each in (early, *sockets):
        each.close()
    listening.close()


async def visit(wmi: int, objects: int, figures: int) -> None:
    for port in (wmi, objects):
        async with entered(port):
            pass
    reader, writer = await asyncio.open_connection("127.0.0.1", figures)
    writer.write(b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n")
    answer = (await reader.read()).decode()
    writer.close()
    assert answer.startswith("HTTP/1.1 200 OK\r\n")
    assert "\nopenwmi_sessions_total 2\n" in answer
