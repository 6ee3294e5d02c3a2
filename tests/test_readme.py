"""What README.md says is what happens: its Python runs, its commands exist and do what they are shown to do."""

from __future__ import annotations

import os
import re
import shlex
import signal
import subprocess
import sys
from pathlib import Path
from textwrap import indent

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```(\w*)\n(.*?)^```$", README, re.DOTALL | re.MULTILINE)
PYTHON = [text for language, text in BLOCKS if language == "python"]
SHELL = "".join(text for language, text in BLOCKS if not language)
COMMANDS = re.findall(r"^openwmi .*$", SHELL, re.MULTILINE)
ASKING = [line for line in COMMANDS if not re.match(r"openwmi (serve|users|wsd)\b|.* --hosts? ", line)]
"""Those about this machine; tests/test_other_machines.py has those about others."""
SERVING = [line for line in COMMANDS if re.match(r"openwmi (serve|users)\b", line)]
DEVICES = [line for line in COMMANDS if line.startswith("openwmi wsd ")]

AROUND_A_SNIPPET = """
import asyncio
import openwmi

class Counting(openwmi.Sink):
    seen = 0
    async def indicate(self, objects):
        self.seen += len(objects)
    async def set_status(self, status, error):
        ended.set()

async def main():
    global ended
    ended, sink = asyncio.Event(), Counting()
    async with openwmi.connect() as ns:
{snippet}
        await ended.wait()
        assert 0 < len(rows) <= 10 and status in {{0, 0x40004}} and sink.seen > len(rows)

asyncio.run(main())
"""


def test_the_program_runs() -> None:
    program, *_ = PYTHON
    assert len([line for line in program.splitlines() if line]) <= 10
    done = _python("-c", program)
    assert "up since" in done.stdout
    assert any(line.split()[0].isdecimal() for line in done.stdout.splitlines()[1:]), "no process named python*"


def test_the_snippet_runs() -> None:
    _, snippet, *_ = PYTHON
    _python("-c", AROUND_A_SNIPPET.format(snippet=indent(snippet, 8 * " ")))


def test_the_snippet_of_events_runs() -> None:
    (snippet,) = (text for text in PYTHON if "ns.events" in text)
    around = (
        "import asyncio, openwmi\nasync def main():\n    async with openwmi.connect() as ns:\n{}\nasyncio.run(main())"
    )
    _python("-c", around.format(indent(f"{snippet}assert batch.status in {{0, 0x40004}}", 8 * " ")))


def test_the_program_without_asyncio_runs() -> None:
    (program,) = (text for text in PYTHON if "openwmi.blocking" in text)
    _python("-c", f"{program}\nassert system.Caption and 0 < len(first) <= 10 and len(rows) >= 1")


def test_each_command_answers() -> None:
    """In their order, since what one puts the next one finds."""
    for command in ASKING:
        done = _python("-m", *shlex.split(command))
        if re.match(r"openwmi (mof compile|delete|repository)\b", command):
            assert done.stdout == "", command  # no rows: what was done is said beside them
        else:
            assert done.stdout.strip(), command
            assert done.stderr == "", command


def test_the_server_is_set_up_and_serves(tmp_path: Path) -> None:
    add, serve = map(shlex.split, SERVING)
    serve[serve.index("--listen") + 1] = "127.0.0.1:0"
    environment = {**os.environ, "OPENWMI_PASSWORD": "a long one"}
    subprocess.run([sys.executable, "-m", *add], cwd=tmp_path, env=environment, check=True, capture_output=True)
    with subprocess.Popen(
        [sys.executable, "-m", *serve], cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as server:
        assert server.stdout is not None
        assert re.fullmatch(r"127\.0\.0\.1:\d+\n", server.stdout.readline())
        server.send_signal(signal.SIGTERM)
        server.communicate(timeout=30)
    assert server.returncode == 0


def test_the_commands_about_devices_are_there() -> None:
    """What they find depends on the network: tests/interop asks other people's programs."""
    assert len(DEVICES) == 6
    for command in DEVICES:
        words = [word for word in shlex.split(command) if not word.startswith(("-", "http"))]
        done = _python("-m", *words[: 4 if "host" in words else 3], "--help")
        assert all(word in done.stdout for word in shlex.split(command) if word.startswith("--")), command


def _python(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, *arguments]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stderr
    return done
