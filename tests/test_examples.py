"""Every example runs, says something that can be read, and complains about nothing."""

import os
import platform
import re
import subprocess
import sys
from pathlib import Path

import pytest

EXAMPLES = sorted((Path(__file__).parents[1] / "examples").glob("*.py"))

# What each must have said, in this order.
SAYS = {
    "demo": (
        r"openwmi \S+ on " + re.escape(platform.node()[:57]),
        r"1\. Synchronous",
        r"\S, kernel \d",
        r"2\. Semisynchronous",
        r"result\.\n   WBEM_S_TIMEDOUT \(0x00040004\): +0 objects so far\n",
        r"\n   WBEM_S_NO_ERROR \(0x00000000\): +[1-9]\d* objects\n",
        r"3\. Asynchronous",
        r"Indicate: 1 object, the first a Win32_ComputerSystem",
        r"CancelAsyncCall",
        r"SetStatus: WBEM_E_CALL_CANCELLED \(0x80041032\)",
        r"after (?P<came>\d+) objects? of the (?P<full>\d+) that",
        r"4\. By the names",
        r"GetObject: WBEM_S_NO_ERROR \(0x00000000\), and an IWbemCallResult",
        r"GetCallStatus: plStatus WBEM_S_NO_ERROR \(0x00000000\)",
        r"GetResultObject: \S",
        r"5\. Events",
        r"Create returned 0: process (?P<born>\d+)",
        r"__InstanceCreationEvent: sleep, process (?P=born)",
        r"ProcessId +Threads +Memory +Name",
        r"\n +\d+ +\d* +[\d.,]+ MB  \S",
    ),
    "own_provider": ("Hall", "Cellar", "Switch returned 0", 'Home_Lamp.Room="Cellar": 6.5 W', "WBEM_E_NOT_FOUND"),
    "query": (r"\d+ \S",),
    "sink": ("Indicate: tick 1", "WBEM_S_TIMEDOUT", "cancel", "SetStatus: WBEM_E_CALL_CANCELLED"),
    "threads": (
        "Win32_OperatingSystem=@: <",
        "Win32_Process: <class",
        r"[123] processes so far",
        r"most threads: \d+ of \S",
    ),
    # Without Microsoft's samples beside the project there is nothing to show.
    "wsd_contracts": (r"MSFT: 41\.0\n\d+ files, demo.*octets, and they say .*fault: there is no|give the folder of",),
    "terminate": ('started Win32_Process.Handle="', "'sleep 60'", "it belongs to", "Terminate returned 0"),
}


def test_each_example_is_known() -> None:
    assert {path.stem for path in EXAMPLES} == set(SAYS)


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.stem)
def test_it_runs(example: Path, tmp_path: Path) -> None:
    """In an empty folder, without a terminal, with warnings on, its text in no line too long for one."""
    command = [sys.executable, "-W", "error", str(example)]
    done = subprocess.run(
        command, cwd=tmp_path, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    said = re.search(".*?".join(f"(?:{pattern})" for pattern in SAYS[example.stem]), done.stdout, re.DOTALL)
    assert said is not None, done.stdout
    if example.stem == "demo":
        assert max(map(len, done.stdout.splitlines())) <= 80
        assert done.stdout.count("Indicate: ") == 1
        assert 0 < int(said["came"]) < int(said["full"]), "it was cancelled before all of them had come"


def test_the_demo_in_a_terminal_without_unicode(tmp_path: Path) -> None:
    demo = next(path for path in EXAMPLES if path.stem == "demo")
    environment = {**os.environ, "PYTHONIOENCODING": "ascii"}
    done = subprocess.run(
        [sys.executable, str(demo)], cwd=tmp_path, capture_output=True, timeout=60, check=False, env=environment
    )
    assert (done.returncode, done.stderr) == (0, b"")
