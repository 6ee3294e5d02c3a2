"""Every example runs, says something that can be read, and complains about nothing."""

import os
import platform
import re
import runpy
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import pytest

FOLDER = Path(__file__).parents[1] / "examples"
EXAMPLES = sorted(FOLDER.glob("*.py"))
SHORT = sorted(FOLDER.glob("*/*.py"))

# What each must have said, in this order.
SAYS = {
    "demo": (
        r"openwmi \S+ on " + re.escape(platform.node()[:57]),
        r"1\. Synchronous",
        r"\S, kernel \d",
        r"2\. Semisynchronous",
        r"result\.\n   WBEM_S_TIMEDOUT \(0x00040004\): +0 objects so far\n",
        r"   WBEM_S_NO_ERROR \(0x00000000\): +[1-9]\d* objects\n",
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
    "wsd_events": (
        r"Added: new.txt, 7 octets\nRenamedOldName: new.txt\nRenamedNewName: old.txt\nRemoved: old.txt\n"
        r"no more events: The device is shutting down|give the folder of",
    ),
    "terminate": ('started Win32_Process.Handle="', "'sleep 60'", "it belongs to", "Terminate returned 0"),
}

# What a call returns and what its sink hears are told by two threads.
ANY_ORDER = "in any order:"
IN_THREE_WAYS = (r"^synchronous: (\S+)\n", r"semisynchronous: \1\n", r"asynchronous: \1\n", "WBEM_S_NO_ERROR")
# The same of those for one interface or mode each.
SHORT_SAYS = {
    "modes/asyncio_modes": IN_THREE_WAYS,
    "modes/blocking_modes": IN_THREE_WAYS,
    "wbemcli/asynchronous": (
        ANY_ORDER,
        "GetObjectAsync: 0x00000000",
        "Win32_OperatingSystem=@",
        "SetStatus: 0x00000000 after 1",
        "SetStatus: 0x80041002 after 0",
        "Win32_Process.Handle",
    ),
    "wbemcli/callresult": (
        "GetCallStatus: 0x00000000, plStatus 0x00000000",
        "GetResultObject: __NAMESPACE",
        'GetResultString: __NAMESPACE.Name="Demo"',
        "GetResultServices: 0x00000000, IWbemServices",
        "GetCallStatus: 0x00000000, plStatus 0x80041002; GetResultObject: 0x80041002",
    ),
    "wbemcli/classobject": ("units: bytes", "Name = 'C:', CIMTYPE 8", "Size: VT_BSTR", 'Name = "C:";'),
    "wbemcli/context": ("__PUT_EXTENSIONS", "PutInstance: 0x00000000", "7 watts, red"),
    "wbemcli/enumerator": (
        r"Next: 0x00000000, 2: (\S+) \S+\n",
        "Skip: 0x00000001",
        r"Reset: 0x00000000, and again \1\n",
        ANY_ORDER,
        "NextAsync: 0x00000000",
        r"NextAsync: [A-Z_]\w+",
        "SetStatus: 0x00000000",
    ),
    "wbemcli/errors": ("0x80041017", "Operation: ExecQuery", "ParameterInfo: SELECT", "column 14", "0x00000001"),
    "wbemcli/events": (
        "ExecNotificationQueryAsync: 0x00000000",
        "Next: 0x00000000, the postman",
        ANY_ORDER,
        "CancelAsyncCall: 0x00000000",
        "SetStatus: 0x80041032",
    ),
    "wbemcli/locator": (r"root\\cimv2: 0x00000000", r"root\\none: 0x8004100E"),
    "wbemcli/path": (
        "server 2 cimv2 Win32_Process",
        r'\\\\other\\root\\demo:Win32_Process.Handle="4"\n',
        r'^Win32_Process.Handle="4"\n',
    ),
    "wbemcli/semisynchronous": (r"[1-9]\d* processes, the first \S",),
    "wbemcli/synchronous": (
        "PutClass: 0x00000000",
        "Watts: 7",
        "DeleteInstance: 0x00000000",
        "GetObject: 0x80041002",
        "DeleteClass: 0x00000000",
    ),
}


def name(example: Path) -> str:
    """As the tables above have it."""
    return example.relative_to(FOLDER).with_suffix("").as_posix()


def test_each_example_is_known() -> None:
    assert {path.stem for path in EXAMPLES} == set(SAYS)
    assert set(map(name, SHORT)) == set(SHORT_SAYS)


@pytest.mark.parametrize("example", SHORT, ids=name)
def test_one_interface_or_mode(example: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """In this process, which has all that they need: a new one for each takes longer than they do."""
    runpy.run_path(str(example), run_name="__main__")
    said = capsys.readouterr()
    ordered, any_order = split(SHORT_SAYS[name(example)])
    pattern = ".*?".join(f"(?:{each})" for each in ordered)
    assert re.search(pattern, said.out, re.DOTALL | re.MULTILINE), said.out
    for each in any_order:
        assert re.search(each, said.out, re.MULTILINE), said.out
    assert said.err == ""


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


def test_what_the_watched_folder_tells() -> None:
    """Between two looks at it, by the number of each file, its size, and when it was changed."""
    changes = runpy.run_path(str(FOLDER / "wsd_events.py"))["changes"]
    then = {"same": (1, 5, 0), "longer": (2, 5, 0), "old": (3, 5, 0), "gone": (4, 5, 0), "swapped": (5, 5, 0)}
    before = {name: Seen(*each) for name, each in then.items()}
    now = {"same": (1, 5, 0), "longer": (2, 9, 1), "new": (3, 5, 0), "made": (7, 0, 1), "swapped": (8, 5, 1)}
    told = list(changes(before, {name: Seen(*each) for name, each in now.items()}))
    assert sorted(told[:-1]) == [
        ("Added", "made"),
        ("Modified", "longer"),
        ("Modified", "swapped"),
        ("RenamedNewName", "new"),
        ("RenamedOldName", "old"),
    ]
    assert told.index(("RenamedOldName", "old")) + 1 == told.index(("RenamedNewName", "new"))
    assert told[-1] == ("Removed", "gone")


class Seen(NamedTuple):
    """A file, as the example has it."""

    number: int
    size: int
    changed: int


def test_the_demo_in_a_terminal_without_unicode(tmp_path: Path) -> None:
    demo = next(path for path in EXAMPLES if path.stem == "demo")
    environment = {**os.environ, "PYTHONIOENCODING": "ascii"}
    done = subprocess.run(
        [sys.executable, str(demo)], cwd=tmp_path, capture_output=True, timeout=60, check=False, env=environment
    )
    lines = done.stderr.decode("ascii").splitlines()
    assert (done.returncode, [line for line in lines if not line.startswith("a poll of ")]) == (0, [])


def split(says: tuple[str, ...]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """What is said one after the other, and what is said in any order."""
    at = says.index(ANY_ORDER) if ANY_ORDER in says else len(says)
    return says[:at], says[at + 1 :]
