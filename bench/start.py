"""How long the command line takes, as a whole process: whoever writes a shell loop pays it each time."""

from __future__ import annotations

import subprocess
import sys
from functools import partial
from pathlib import Path

from bench.figure import Figure, Goal, in_turns

QUERY = [str(Path(sys.executable).with_name("openwmi")), "query", "SELECT Caption FROM Win32_OperatingSystem"]
IMPORTS = "import asyncio, sqlite3, psutil"


def start() -> tuple[float, float]:
    run = partial(subprocess.run, check=True, stdout=subprocess.DEVNULL)
    ours, peer = in_turns(lambda: run(QUERY), lambda: run([sys.executable, "-c", IMPORTS]))
    return ours * 1e3, peer * 1e3


FIGURES = [Figure("openwmi query, from start to exit", f'python -c "{IMPORTS}"', "ms", Goal("<=", 3), start)]
