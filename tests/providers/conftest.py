"""What the tests of the built-in providers share: requests, and children whose every value is known."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from openwmi.base.case import fold
from openwmi.engine.provider import MethodCall, Request
from openwmi.operation import CallContext
from openwmi.providers.schema.process import WIN32_PROCESS

WAITER = "import sys; print(flush=True); sys.stdin.read()"
"""Says that it is there, then waits until its input ends."""


@pytest.fixture
def ask() -> Callable[..., Request]:
    """`ask(*names)`: a request for these properties of Win32_Process; for all, if none is named."""

    def request(*names: str) -> Request:
        return Request(CallContext(), WIN32_PROCESS, frozenset(map(fold, names)) if names else None)

    return request


@pytest.fixture
def call(ask: Callable[..., Request]) -> Callable[..., MethodCall]:
    """`call(pid, **inputs)`: a call of a method of Win32_Process; of the class, where the process ID is None."""

    def method_call(pid: object, **inputs: object) -> MethodCall:
        return MethodCall(ask(), None if pid is None else {"Handle": str(pid)}, inputs)

    return method_call


@pytest.fixture
def spawn_python(tmp_path: Path) -> Iterator[Callable[..., subprocess.Popen[bytes]]]:
    """`spawn_python(name, *arguments, code=…)`: a Python under that name, which has said that it is there."""
    children: list[subprocess.Popen[bytes]] = []

    def spawn(name: str, *arguments: str, code: str = WAITER) -> subprocess.Popen[bytes]:
        program = tmp_path / name
        program.symlink_to(os.path.realpath(sys.executable))
        command: list[str | Path] = [program, "-I", "-S", "-c", code, *arguments]
        child = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        children.append(child)
        assert child.stdout is not None
        child.stdout.readline()
        return child

    yield spawn
    for child in children:
        child.kill()
        child.communicate()


@pytest.fixture
def still(spawn_python: Callable[..., subprocess.Popen[bytes]]) -> subprocess.Popen[bytes]:
    """A child that is stopped, so that nothing of it changes while it is looked at."""
    child = spawn_python("тихий", "два слова", "it's", "")
    child.send_signal(signal.SIGSTOP)
    os.waitpid(child.pid, os.WUNTRACED)
    return child


@pytest.fixture
def zombie() -> Iterator[subprocess.Popen[bytes]]:
    """A child that has ended and that nobody has waited for."""
    child = subprocess.Popen([sys.executable, "-I", "-S", "-c", ""])
    os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
    yield child
    child.wait()
