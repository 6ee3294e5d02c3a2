"""What the tests of the built-in providers share: hosts, requests, and children whose every value is known."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from tests.providers.trees import open_host

from openwmi.base.case import fold
from openwmi.engine.provider import MethodCall, Request
from openwmi.engine.registration import shipped_class
from openwmi.model import CimClass
from openwmi.operation import CallContext
from openwmi.providers.host import Host

WAITER = "import sys; print(flush=True); sys.stdin.read()"
"""Says that it is there, then waits until its input ends."""

WIN32_PROCESS = shipped_class("Win32_Process")


@pytest.fixture
def host(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Host]:
    """`host("laptop", "== /etc/hostname\\nother\\n")`: a made-up host, and sections that differ from it."""

    def make(name: str, *sections: str) -> Host:
        changes = {str(at): section for at, section in enumerate(sections)}
        return open_host(name, tmp_path_factory.mktemp(name), **changes)

    return make


@pytest.fixture
def asking() -> Callable[..., Request]:
    """`asking("Win32_BIOS", "Name", Version="1")`: a request for these properties, of instances with these values."""

    def request(class_name: str | CimClass, *names: str, **equalities: object) -> Request:
        class_ = class_name if isinstance(class_name, CimClass) else shipped_class(class_name)
        properties = frozenset(map(fold, names)) if names else None
        return Request(CallContext(), class_, properties, equalities)

    return request


@pytest.fixture
def ask(asking: Callable[..., Request]) -> Callable[..., Request]:
    """`ask(*names)`: a request for these properties of Win32_Process; for all, if none is named."""
    return lambda *names: asking(WIN32_PROCESS, *names)


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
