"""Other people's programs, each a process of its own in its own environment; the programs are in `peers`."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from tests.interop.peer import python_with

PEERS = Path(__file__).parent / "peers"

Ask = Callable[[object], Any]


def printed(package: str, program: str, *arguments: object) -> str:
    """What a program prints, once it has ended."""
    done = subprocess.run(_command(package, program, *arguments), check=True, stdout=subprocess.PIPE, text=True)
    return done.stdout


@contextmanager
def answering(package: str, program: str) -> Iterator[Ask]:
    """A program that answers: a line of JSON in, a line of JSON out."""
    with subprocess.Popen(
        _command(package, program), stdin=subprocess.PIPE, stdout=subprocess.PIPE, encoding="utf-8"
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        requests, answers = process.stdin, process.stdout

        def ask(request: object) -> Any:
            requests.write(json.dumps(request) + "\n")
            requests.flush()
            answer = answers.readline()
            if not answer:
                raise SystemExit(f"{program} is gone")
            return json.loads(answer)

        try:
            yield ask
        finally:
            process.kill()


def _command(package: str, program: str, *arguments: object) -> list[str]:
    try:
        python = python_with(package)
    except pytest.skip.Exception as missing:
        raise SystemExit(f"{missing}: `make bench` installs it") from None
    return [python, str(PEERS / program), *map(str, arguments)]
