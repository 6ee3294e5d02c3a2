"""impacket's example program `wmiquery.py`, as its users start it."""

from __future__ import annotations

import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from tests.interop.peer import PEERS, python_with
from tests.interop.serving import DOMAIN, PASSWORD, USER, Command, command

PORT = 135
HOSTS = [f"127.0.0.{number}" for number in range(1, 9)]


@contextmanager
def reachable(folder: Path) -> Iterator[Command]:
    """`openwmi serve` at port 135, which the program wants; at another where it cannot be had."""
    host = free_host()
    with command(folder, f"{host}:{PORT}" if host else "127.0.0.1:0") as served:
        yield served


def free_host() -> str | None:
    """An address of this machine whose port 135 can be had."""
    return next(filter(_is_free, HOSTS), None)


def wmiquery(
    served: Command, folder: Path, *queries: str, options: tuple[str, ...] = (), password: str = PASSWORD
) -> list[str]:
    """What it prints: its banner, each query and what comes of it. Blanks around lines are left out."""
    python = python_with("impacket")
    script = Path(python).with_name("wmiquery.py")
    if not script.exists():
        pytest.skip("impacket's wmiquery.py is not beside OPENWMI_PEER_PYTHON")
    host, port = served.address
    at_135 = port == PORT
    target = f"{DOMAIN}/{USER}:{password}@{host}" + ("" if at_135 else f"[{port}]")
    file = folder / "questions.wql"
    file.write_text("".join(f"{query}\n" for query in queries), encoding="utf-8")
    start = [python, str(script)] if at_135 else [python, str(PEERS / "wmiquery.py"), str(script)]
    done = subprocess.run(
        [*start, "-file", str(file), *options, target],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        encoding="utf-8",
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    return [line.strip() for line in done.stdout.splitlines()]


def _is_free(host: str) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, PORT))
        except OSError:
            return False
        return True
