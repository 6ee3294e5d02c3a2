"""What docs/without-asyncio.md shows is what happens: its programs run."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from openwmi.blocking import Operation

PAGE = (Path(__file__).parents[2] / "docs" / "without-asyncio.md").read_text(encoding="utf-8")
PROGRAMS = re.findall(r"^```python\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE)
SAYS = (r"\n.* knows \d+ classes\n$", r"^it has ended: (0|WbemStatus\.NO_ERROR)\n$")


@pytest.mark.parametrize("number", range(len(PROGRAMS)))
def test_each_program_runs(number: int) -> None:
    command = [sys.executable, "-W", "error", "-c", PROGRAMS[number]]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stderr) == (0, ""), done.stderr
    assert re.search(SAYS[number], done.stdout), done.stdout


def test_the_table_has_each_method_of_an_operation() -> None:
    table = "".join(line.split("|")[1] for line in PAGE.splitlines() if line.startswith("| `"))
    named = set(re.findall(r"\w+", table))
    public = {name for name in dir(Operation) if not name.startswith("_")}
    assert public - named <= {"name", "position", "progress", "state"}
