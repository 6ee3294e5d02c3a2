"""What the pages in docs/ say is what happens: their Python runs, and their drawings are those of the code as it is."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from textwrap import indent

import pytest
from tools.diagrams import PAGE, drawn

ROOT = Path(__file__).parents[1]
BLOCKS = re.findall(r"^```python\n(.*?)^```$", PAGE.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE)

# What stands around each program: a sink that it may name, and the proof that it came to an end.
WITH_ASYNCIO = """
import asyncio
import openwmi

ended = asyncio.Event()

class Ending(openwmi.Sink):
    async def set_status(self, status, error):
        assert status == 0
        ended.set()

async def main():
    sink = Ending()
{program}
    assert system.Caption

asyncio.run(main())
"""
BLOCKING = """
import threading
import openwmi

ended = threading.Event()

class Ending(openwmi.Sink):
    def set_status(self, status, error):
        assert status == 0
        ended.set()

sink = Ending()
{program}
assert system.Caption
"""
BY_THE_HEADER = """
import threading
from openwmi import wbemcli

ended = threading.Event()

class Ending(wbemcli.IWbemObjectSink):
    def Indicate(self, lObjectCount, apObjArray):
        self.caption = apObjArray[0].Get("Caption")[1]
        return wbemcli.S_OK

    def SetStatus(self, lFlags, hResult, strParam, pObjParam):
        assert hResult == 0
        ended.set()
        return wbemcli.S_OK

sink = Ending()
{program}
assert sink.caption == system.Get("Caption")[1]
"""


def test_the_drawings_are_those_of_the_code() -> None:
    page = PAGE.read_text(encoding="utf-8")
    assert page.count("<!-- drawn: ") == 4
    assert drawn(page) == page, "run `python -m tools.diagrams`"


@pytest.mark.parametrize(
    ("number", "around", "margin"), [(0, WITH_ASYNCIO, "    "), (1, BLOCKING, ""), (2, BY_THE_HEADER, "")]
)
def test_each_program_runs(number: int, around: str, margin: str) -> None:
    assert len(BLOCKS) == 3
    program = around.format(program=indent(BLOCKS[number], margin))
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", program], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
