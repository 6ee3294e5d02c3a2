"""WMI servers for other people's clients: `openwmi serve` as a process, and a server in this one."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path

from openwmi.engine import Engine
from openwmi.net import Address, parse_address
from openwmi.security import Acceptor, ServerNames, UsersFile, add_user
from openwmi.server import Server

DOMAIN, USER, PASSWORD = "WORKGROUP", "me", "Passw0rd"
NAMESPACE = "//./root/cimv2"


@dataclass(frozen=True, slots=True)
class Command:
    """A running `openwmi serve`.

    Attributes:
        address: where it listens.
        log: what it wrote to standard error.
        pid: of its process.
    """

    address: Address
    log: Path
    pid: int


@contextmanager
def command(folder: Path, listen: str = "127.0.0.1:0") -> Iterator[Command]:
    """Runs `openwmi serve` with one user, whom `openwmi users` added. It ends with SIGTERM, in peace."""
    users, log = folder / "users", folder / "log"
    run("users", "add", str(users), f"{DOMAIN}\\{USER}", password=PASSWORD)
    with log.open("w") as errors:
        process = subprocess.Popen(
            [sys.executable, "-m", "openwmi", "serve", "--listen", listen, "--users", str(users), "--verbose"],
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
        )
    assert process.stdout is not None
    try:
        line = process.stdout.readline().strip()
        assert line, log.read_text()
        yield Command(parse_address(line, 0), log, process.pid)
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            status = process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            raise
        finally:
            process.stdout.close()
    assert (status, "Traceback" in log.read_text()) == (0, False), log.read_text()


def run(*arguments: str, password: str = "") -> str:
    """What an `openwmi` command printed."""
    done = subprocess.run(
        [sys.executable, "-m", "openwmi", *arguments],
        env=os.environ | {"OPENWMI_PASSWORD": password},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@asynccontextmanager
async def in_process(
    engine: Engine, users: Path, names: ServerNames | None = None, kerberos: Callable[[], Acceptor] | None = None
) -> AsyncIterator[tuple[Server, int]]:
    """A server in this process, and its port: what it holds can be seen."""
    add_user(users, f"{DOMAIN}\\{USER}", PASSWORD)
    server = Server(engine, UsersFile(users), names, kerberos=kerberos)
    try:
        yield server, (await server.listen(Address("127.0.0.1", 0))).port
    finally:
        await server.close()
