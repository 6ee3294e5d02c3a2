"""docs/run-it-for-real.md: its commands run, its units are understood, and its events have the keys that it lists."""

from __future__ import annotations

import asyncio
import json
import os
import re
import shlex
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from tests.cli.servers import serving
from tests.cli.visitor import delete, entered

from openwmi.security import add_user

PAGE = (Path(__file__).parents[2] / "docs/run-it-for-real.md").read_text(encoding="utf-8")
COMMANDS = [
    shlex.split(line)[2:]
    for block in re.findall(r"^```console\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE)
    for line in block.splitlines()
]
UNITS = re.findall(r"^`/etc/systemd/system/([\w.]+)`.*?^```ini\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE)
TABLE = PAGE.partition("| event | when | keys |\n|---|---|---|\n")[2].partition("\n\n")[0]
EVENTS = {
    name.strip(): {key.strip() for key in keys.split(",")} - {""}
    for name, _, keys in (line.strip("|").split("|") for line in TABLE.splitlines())
}
COMMON = {"time", "level", "event", "message"}


def free(text: str) -> str:
    """The same address at any free port."""
    return re.sub(r":\d+$", ":0", text)


def test_the_commands_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    *before, (name, *arguments) = COMMANDS
    assert [command[:2] for command in before] == [["users", "add"], ["users", "add"], ["users", "list"]]
    for command in before:
        done = subprocess.run(
            [sys.executable, "-m", "openwmi", *command],
            env=os.environ | {"OPENWMI_PASSWORD": "Passw0rd"},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
    assert name == "serve"
    with serving(*map(free, arguments), "--repository", "repository.db") as (process, line):
        socket.create_connection(("127.0.0.1", int(line.rpartition(":")[2]))).close()
        process.send_signal(signal.SIGTERM)
        _, err = process.communicate(timeout=30)
    assert process.returncode == 0
    assert r"WORKGROUP\boss may write and call methods" in err
    assert "/metrics" in err


async def be_refused_and_fail(port: int) -> None:
    async with entered(port) as services:
        await delete(services, "Demo_Nothing")
    with pytest.raises(Exception, match="0x"):
        async with entered(port, ("me", "wrong")):
            pass


def test_the_keys_of_each_event(tmp_path: Path) -> None:
    users = str(tmp_path / "users")
    add_user(users, "me", "secret")
    options = "--users", users, "--listen", "127.0.0.1:0", "--metrics", "127.0.0.1:0", "--log", "json"
    with serving(*options, "--repository", str(tmp_path / "repository")) as (process, line):
        asyncio.run(be_refused_and_fail(int(line.rpartition(":")[2])))
        process.send_signal(signal.SIGUSR1)
        process.send_signal(signal.SIGTERM)
        _, err = process.communicate(timeout=30)
    seen = set()
    for each in map(json.loads, err.splitlines()):
        assert each.keys() - COMMON == EVENTS[each["event"]]
        seen.add(each["event"])
    assert set(EVENTS) - seen == {"stopping", "log"}


def test_the_units_are_understood(tmp_path: Path) -> None:
    assert [name for name, _ in UNITS] == ["openwmi.socket", "openwmi.service"]
    _, service = UNITS[1]
    (start,) = re.findall(r"^ExecStart=(.*)$", service, re.MULTILINE)
    users = str(tmp_path / "users")
    add_user(users, "me", "secret")
    _, name, *arguments = shlex.split(start.replace("/etc/openwmi/users", users))
    with serving(*arguments, "--listen", "127.0.0.1:0", name=name) as (_, line):
        assert line.startswith("127.0.0.1:")
