"""Two machines on one cable: network namespaces of Linux, and programs that run in them. Needs root and `ip`."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path

import pytest

OPENWMI = (sys.executable, "-m", "openwmi")
PEERS = Path(__file__).parent / "peers"
LONGEST = 30
"""Seconds that something may take which takes ten at most."""

_numbers = count(1)


@dataclass(frozen=True, slots=True)
class Machine:
    """A namespace with one interface.

    Attributes:
        name: of the namespace.
        interface: its end of the cable.
        address: of IPv4, on it.
    """

    name: str
    interface: str
    address: str

    def ip(self, *arguments: str) -> str:
        """What `ip` does there."""
        return _ip("-n", self.name, *arguments)

    def make(self) -> None:
        """The test is skipped where that is forbidden."""
        _ip("netns", "add", self.name)

    def remove(self) -> None:
        """Harmless where it was never made."""
        subprocess.run(["ip", "netns", "del", self.name], capture_output=True, check=False)

    async def until_up(self, interface: str) -> None:
        """Returns when the interface has a carrier."""
        async with asyncio.timeout(LONGEST):
            while "LOWER_UP" not in self.ip("link", "show", "dev", interface):  # noqa: ASYNC110 - nothing tells
                await asyncio.sleep(0.05)

    def run(self, *command: str, state: Path | None = None) -> str:
        """What a program there printed. It has to succeed."""
        done = subprocess.run(
            self._inside(command), capture_output=True, text=True, timeout=LONGEST, check=False, env=_environment(state)
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    @asynccontextmanager
    async def running(self, *command: str, state: Path | None = None) -> AsyncIterator[Program]:
        """A program there; it is told to end when it is not needed any more, and then has to do so in peace."""
        process = await asyncio.create_subprocess_exec(
            *self._inside(command),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env=_environment(state),
        )
        program = Program(process)
        try:
            yield program
        finally:
            await program.end()

    def _inside(self, command: tuple[str, ...]) -> list[str]:
        return ["ip", "netns", "exec", self.name, *command]


class Program:
    """A running one. Attributes: said: the lines that it has printed so far, errors among them."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process
        self.said: list[str] = []

    async def until(self, text: str) -> str:
        """The next line that has this text."""
        assert self._process.stdout is not None
        try:
            async with asyncio.timeout(LONGEST):
                while line := (await self._process.stdout.readline()).decode():
                    self.said.append(line)
                    if text in line:
                        return line
        except TimeoutError:
            raise AssertionError(f"{text!r} did not come:\n{''.join(self.said)}") from None
        raise AssertionError(f"{text!r} did not come, and it has ended:\n{''.join(self.said)}")

    def kill(self) -> None:
        """It has no time to say anything."""
        self._process.kill()

    async def end(self) -> None:
        """Its input ends, and it is sent SIGTERM."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        if self._process.returncode is None:
            self._process.send_signal(signal.SIGTERM)
        try:
            async with asyncio.timeout(LONGEST):
                self.said.append((await self._process.stdout.read()).decode())
                await self._process.wait()
        except TimeoutError:
            self._process.kill()
            await self._process.wait()
            raise


@contextmanager
def cable(*, ipv6: bool = True) -> Iterator[tuple[Machine, Machine]]:
    """Two machines; the test is skipped where there can be none."""
    if shutil.which("ip") is None or os.geteuid() != 0:
        pytest.skip("network namespaces need root, and the command ip")
    number = f"{os.getpid()}-{next(_numbers)}"
    machines = [Machine(f"openwmi-{number}-{end}", f"ow{end}{number}"[:15], f"10.77.0.{end}") for end in (1, 2)]
    try:
        for machine in machines:
            machine.make()
            # Addresses are good at once: nobody else is on this cable who could have the same.
            for where in ("all", "default"):
                settings = f"/proc/sys/net/ipv6/conf/{where}"
                machine.run("sh", "-c", f"echo 0 >{settings}/accept_dad; echo {int(not ipv6)} >{settings}/disable_ipv6")
        one, other = machines
        ends = ("type", "veth", "peer", "name", other.interface, "netns", other.name)
        one.ip("link", "add", one.interface, *ends)
        for machine in machines:
            machine.ip("addr", "add", f"{machine.address}/24", "dev", machine.interface)
            machine.ip("link", "set", "lo", "up")
            machine.ip("link", "set", machine.interface, "up")
            machine.ip("route", "add", "224.0.0.0/4", "dev", machine.interface)
        yield one, other
    finally:
        for machine in machines:
            machine.remove()


def _ip(*arguments: str) -> str:
    done = subprocess.run(["ip", *arguments], capture_output=True, text=True, check=False)
    if done.returncode and "Operation not permitted" in done.stderr:
        pytest.skip("network namespaces are forbidden here")
    assert done.returncode == 0, f"ip {' '.join(arguments)}: {done.stderr}"
    return done.stdout


def _environment(state: Path | None) -> dict[str, str]:
    return os.environ | {"PYTHONUNBUFFERED": "1"} | ({} if state is None else {"STATE_DIRECTORY": str(state)})
