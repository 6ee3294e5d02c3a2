"""Commands that serve, as processes of their own."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

# What runs in the background of a shell ignores Ctrl-C, and so does what it starts.
PROGRAM = """
import signal
signal.signal(signal.SIGINT, signal.default_int_handler)
from openwmi.cli import main
raise SystemExit(main())
"""
ANYWHERE = "127.0.0.1:0"


@contextmanager
def serving(*arguments: str, name: str = "serve") -> Iterator[tuple[subprocess.Popen[str], str]]:
    """The process, and the first line of its standard output."""
    command = [sys.executable, "-c", PROGRAM, name, *arguments]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
    ) as process:
        try:
            assert process.stdout is not None
            yield process, process.stdout.readline()
        finally:
            if process.poll() is None:
                process.kill()


def port_of(line: str) -> int:
    return int(line.rpartition(":")[2])
