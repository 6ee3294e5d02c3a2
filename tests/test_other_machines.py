"""What README.md and docs/another-machine.md say of other machines is what happens: their commands and Python run."""

from __future__ import annotations

import asyncio
import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from textwrap import indent
from typing import Any

import pytest
from tests.cli.servers import ANYWHERE, port_of, serving

import openwmi
from openwmi.cli import main
from openwmi.locator import this_host
from openwmi.security import add_user

ROOT = Path(__file__).parents[1]
TEXTS = [(ROOT / name).read_text(encoding="utf-8") for name in ("README.md", "docs/another-machine.md")]
BLOCKS = [block for text in TEXTS for block in re.findall(r"^```(\w*)\n(.*?)^```$", text, re.DOTALL | re.MULTILINE)]
COMMANDS = [
    line
    for language, text in BLOCKS
    if not language
    for line in text.splitlines()
    if re.match(r"openwmi (?!wsd|serve).*(--hosts? |//srv1)", line)
]
PYTHON = [text for language, text in BLOCKS if language == "python" and "srv1" in text]
SECRET = "a long one"


@pytest.fixture(scope="module")
def there(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """The port of a machine that two names stand for; in the folder of the test, who logs in and a list of hosts."""
    folder = tmp_path_factory.mktemp("other")
    users = folder / "users.txt"
    add_user(users, r"DOM\me", SECRET)
    arguments = ("--users", str(users), "--admin", r"DOM\me", "--listen", ANYWHERE)
    with serving(*arguments, "--repository", str(folder / "there.db")) as (_, line):
        yield port_of(line)


@pytest.fixture
def folder(there: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    login = tmp_path / "login.txt"
    login.write_text(f"username = me\npassword = {SECRET}\ndomain = DOM\n", encoding="utf-8")
    login.chmod(0o600)
    (tmp_path / "hosts.txt").write_text(f"127.0.0.1:{there}  # upstairs\nlocalhost:{there}\n", encoding="utf-8")
    return tmp_path


@pytest.mark.parametrize("command", COMMANDS)
def test_each_command_answers(command: str, there: int, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    name = re.search(r"Win32_ComputerSystem.Name='(\w+)'", command)
    at = {"srv1": f"127.0.0.1:{there}", "srv2": f"localhost:{there}"}
    words = []
    for word in shlex.split(command)[1:]:
        if word == "//srv1/root/cimv2":
            words += ["//127.0.0.1/root/cimv2", "--port", str(there)]
        else:
            words.append(at.get(word, word))
    if name is not None:
        words[words.index(f"Win32_ComputerSystem.Name={name[1]}")] = f"Win32_ComputerSystem.Name='{this_host()}'"
    status = main(words)
    printed = capsys.readouterr()
    assert (status, printed.err) == (0, ""), printed
    assert printed.out.strip()
    several = command.count("--host ") > 1 or "--hosts" in command
    assert ("__HOST" in printed.out) == several


def test_there_are_commands() -> None:
    assert len(COMMANDS) >= 12
    assert len(PYTHON) == 3


@pytest.mark.parametrize("program", PYTHON)
def test_the_python_runs(program: str, there: int) -> None:
    for name, value in (('host="srv1"', f'host="127.0.0.1", port={there}'), ("srv1", "127.0.0.1")):
        program = program.replace(name, value)
    program = program.replace("IWbemLocator()", f"IWbemLocator(port={there})")
    known: dict[str, Any] = {"secret": SECRET, "openwmi": openwmi}
    if "await" not in program:
        exec(program, known)  # noqa: S102 - it is our own page
        assert known["system"].Get("Caption")[1]
        return
    exec(f"async def main():\n{indent(program, '    ')}    return system", known)  # noqa: S102 - the same
    assert asyncio.run(known["main"]()).Caption
