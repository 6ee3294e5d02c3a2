"""How long the command line takes, as a whole process: whoever writes a shell loop pays it each time."""

from __future__ import annotations

import os
import subprocess
import sys
from functools import partial
from pathlib import Path

from bench.figure import Figure, Goal, in_turns

QUERY = [str(Path(sys.executable).with_name("openwmi")), "query", "SELECT Caption FROM Win32_OperatingSystem"]
IMPORTS = "import asyncio, sqlite3, psutil"


def start() -> tuple[float, float]:
    # An installed package has its bytecode; a shell that keeps Python from writing any would measure the compiler.
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    run = partial(subprocess.run, check=True, stdout=subprocess.DEVNULL, env=environment)
    ours, peer = in_turns(lambda: run(QUERY), lambda: run([sys.executable, "-c", IMPORTS]))
    return ours * 1e3, peer * 1e3


FIGURES = [Figure("openwmi query, from start to exit", f'python -c "{IMPORTS}"', "ms", Goal("<=", 3), start)]
