"""The units of systemd that the page 'Run it for real' gives, read by systemd itself."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest
from tests.cli.test_cli_page import UNITS


def test_systemd_understands_the_units(tmp_path: Path) -> None:
    analyze = shutil.which("systemd-analyze")
    if analyze is None:
        pytest.skip("this machine has no systemd-analyze")
    paths = []
    for name, text in UNITS:
        path = tmp_path / name
        path.write_text(text.replace("/usr/local/bin/openwmi", "/bin/true").replace("User=openwmi", "User=root"))
        paths.append(str(path))
    done = subprocess.run([analyze, "verify", "--man=no", *paths], capture_output=True, text=True, check=False)
    complaints = [line for line in done.stderr.splitlines() if "openwmi" in line]
    assert complaints == []
