"""The transcript in README: impacket's `wmiquery.py` asks `openwmi serve`.

`python -m tests.interop.transcript` writes it, and a test compares it with what happens.
Its values are those of every Linux: a process that it starts itself, and what the system is.
"""

from __future__ import annotations

import subprocess
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.interop.serving import DOMAIN, PASSWORD, USER
from tests.interop.wmiquery import reachable, wmiquery

README = Path(__file__).parents[2] / "README.md"
BEGIN, END = "<!-- transcript -->\n", "<!-- end of transcript -->\n"

SLEEP = "sleep 86399"
QUERIES = (
    f"SELECT Name, CommandLine, ThreadCount, TerminationDate FROM Win32_Process WHERE CommandLine = '{SLEEP}'",
    "SELECT OSType, Primary, CSCreationClassName FROM Win32_OperatingSystem",
    "SELECT Name FROM Win32_Process WHERE ProcessId > 'many'",
    "SELECT * FROM Win32_Nothing",
)


def transcript() -> str:
    """The block, as it stands between the two comments."""
    with (
        TemporaryDirectory() as name,
        reachable(folder := Path(name)) as served,
        subprocess.Popen(SLEEP.split()) as sleep,
    ):
        try:
            printed = wmiquery(served, folder, *QUERIES)
        finally:
            sleep.kill()
    lines = [
        "```console",
        f"$ {SLEEP} &",
        "$ sudo openwmi serve --users users.txt --listen 127.0.0.1:135 &",
        "127.0.0.1:135",
        f"$ wmiquery.py -file questions.wql '{DOMAIN}/{USER}:{PASSWORD}@127.0.0.1'",
        *printed,
        "```",
    ]
    return "".join(f"{line}\n" for line in lines)


def written() -> str:
    """The block that README has."""
    _, begin, rest = README.read_text(encoding="utf-8").partition(BEGIN)
    block, end, _ = rest.partition(END)
    assert begin, f"README.md has no {BEGIN}"
    assert end, f"README.md has no {END}"
    return block


def main() -> None:
    before, begin, rest = README.read_text(encoding="utf-8").partition(BEGIN)
    _, end, after = rest.partition(END)
    README.write_text(before + begin + transcript() + end + after, encoding="utf-8")


if __name__ == "__main__":
    main()
