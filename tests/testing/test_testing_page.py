"""docs/testing.md: its suite is found, its fixture works from another folder, and its program runs."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
CONFTEST, SUITE, PROGRAM = re.findall(
    r"^```python\n(.*?)^```$", (ROOT / "docs/testing.md").read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE
)

# The suite's client is tried by the tests with other programs; here is what needs none.
PLAIN = """
import socket

def test_each_has_its_own(wmi_server):
    first = wmi_server("class Acme_Disk { [key] string Name; };", users={"me": "secret"})
    second = wmi_server(rows={"Win32_Process": lambda: []})
    assert (first.user, second.user, second.domain) == ("me", "tester", "WORKGROUP")
    for server in (first, second):
        socket.create_connection((server.host, server.port)).close()
"""


def test_the_program_runs() -> None:
    done = subprocess.run([sys.executable, "-W", "error", "-c", PROGRAM], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_a_suite_of_somebody_else_has_the_fixture(tmp_path: Path) -> None:
    (tmp_path / "conftest.py").write_text(CONFTEST)
    (tmp_path / "test_plain.py").write_text(PLAIN)
    options = "-q", "-W", "error", "-p", "no:cacheprovider", "-p", "no:asyncio", "--rootdir", str(tmp_path)
    command = [sys.executable, "-m", "pytest", *options]
    done = subprocess.run(command, cwd=tmp_path, env=os.environ, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
    assert "1 passed" in done.stdout


def test_the_suite_of_the_page_is_one() -> None:
    compile(SUITE, "test_disks.py", "exec")
    assert SUITE.count("\ndef test_") == 6
