"""docs/testing.md as the suite of somebody else, with impacket as its client, in an environment that has both."""

from __future__ import annotations

import os
import re
import subprocess
import sysconfig
from pathlib import Path

from tests.interop.peer import python_with

ROOT = Path(__file__).parents[2]
CONFTEST, SUITE, _ = re.findall(
    r"^```python\n(.*?)^```$", (ROOT / "docs/testing.md").read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE
)


def test_a_suite_with_impacket(tmp_path: Path) -> None:
    (tmp_path / "conftest.py").write_text(CONFTEST)
    (tmp_path / "test_disks.py").write_text(SUITE)
    ours = os.pathsep.join((str(ROOT / "src"), sysconfig.get_path("purelib"), sysconfig.get_path("platlib")))
    done = subprocess.run(
        [
            python_with("impacket"),
            "-m",
            "pytest",
            "-q",
            "-p",
            "no:cacheprovider",
            "-p",
            "no:asyncio",
            "--rootdir",
            str(tmp_path),
        ],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": ours},
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"{SUITE.count('def test_')} passed" in done.stdout
