"""Other people's decoders of objects: questions in JSON to a process of their own, which ends with the last answer."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from openwmi.model import CimClass, CimInstance
from openwmi.wmio import encode_object

PEERS = Path(__file__).parent / "peers"


def ask(package: str, *questions: dict[str, Any]) -> list[Any]:
    """The answers of peers/wmio_*.py, one a question; skips the test if the package is not there."""
    python = os.environ.get("OPENWMI_PEER_PYTHON") or sys.executable
    if subprocess.run([python, "-c", f"import {package}"], capture_output=True, check=False).returncode:
        pytest.skip(f"{package} is not installed for OPENWMI_PEER_PYTHON, or for this Python")
    done = subprocess.run(
        [python, str(PEERS / f"wmio_{package}.py")],
        input="\n".join(map(json.dumps, questions)) + "\n",
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    answers = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(answers) == len(questions), done.stderr
    return answers


def unit(obj: CimInstance | CimClass, *, decorated: bool = True) -> dict[str, Any]:
    """What an object is, as a question."""
    return {"unit": encode_object(obj, decorated=decorated).hex()}
