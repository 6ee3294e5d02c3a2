"""Somebody at a pseudo terminal: waits for what a program shows, and types."""

from __future__ import annotations

import os
import pty
import select
import subprocess
import sys
from types import TracebackType
from typing import Self

WAIT_SECONDS = 30
# A program that asks for a password opens the terminal that it belongs to, and not its standard input. What runs in the
# background of a shell ignores Ctrl-C, and so does what it starts.
BELONG = """
import fcntl, os, runpy, signal, sys, termios
signal.signal(signal.SIGINT, signal.default_int_handler)
os.setsid()
fcntl.ioctl(0, termios.TIOCSCTTY, 0)
sys.argv[0] = "openwmi"
runpy.run_module("openwmi", run_name="__main__", alter_sys=True)
"""


class Typist:
    """`with Typist("users", "add", …) as typist:` runs a command; `shown` is what the terminal shows of it."""

    def __init__(self, *arguments: str) -> None:
        self._terminal, theirs = pty.openpty()
        environment = {name: value for name, value in os.environ.items() if name != "OPENWMI_PASSWORD"}
        self.process = subprocess.Popen(
            [sys.executable, "-c", BELONG, *arguments], stdin=theirs, stdout=theirs, stderr=theirs, env=environment
        )
        os.close(theirs)
        self._shown = b""
        self._read = 0

    @property
    def shown(self) -> str:
        return self._shown.decode(errors="replace").replace("\r\n", "\n")

    def expect(self, text: str) -> None:
        """Until the terminal shows this, behind what was expected before."""
        while (found := self._shown.find(text.encode(), self._read)) < 0:
            assert self._more(), f"it ended without {text!r}: {self.shown!r}"
        self._read = found + len(text)

    def enter(self, text: str | bytes) -> None:
        os.write(self._terminal, text if isinstance(text, bytes) else text.encode())

    def end(self) -> int:
        """The exit status."""
        while self._more():
            continue
        return self.process.wait(WAIT_SECONDS)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        os.close(self._terminal)
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()

    def _more(self) -> bool:
        ready, _, _ = select.select([self._terminal], [], [], WAIT_SECONDS)
        assert ready, f"nothing more came: {self.shown!r}"
        try:
            data = os.read(self._terminal, 65536)
        except OSError:
            return False  # Linux's way to say that the other end was closed
        self._shown += data
        return bool(data)
