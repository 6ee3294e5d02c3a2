"""Win32_Process asks the system for nothing that nobody reads: counted with processes that are made up."""

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, nullcontext
from typing import Any, cast

import psutil
import pytest

from openwmi.engine.provider import Request
from openwmi.providers.process import ProcessProvider, ProcessTable

Ask = Callable[..., Request]


class FakeProcess:
    """Answers every call of psutil.Process from `values`, counts it, and raises those that are exceptions."""

    def __init__(self, pid: int, calls: Counter[str], values: dict[str, Any]) -> None:
        self.pid = pid
        self._calls = calls
        self._values = values

    def oneshot(self) -> AbstractContextManager[None]:
        return nullcontext()

    def __getattr__(self, name: str) -> Callable[[], Any]:
        if name not in self._values:
            raise AttributeError(name)

        def answer() -> Any:
            self._calls[name] += 1
            value = self._values[name]
            if isinstance(value, Exception):
                raise value
            return value

        return answer


class FakeTable:
    """Processes by ID, and the count of what was asked of them."""

    def __init__(self, **values: Any) -> None:
        self.calls: Counter[str] = Counter()
        self.values: dict[int, dict[str, Any]] = {4: values}
        self.files: dict[str, str] = {}

    def provider(self) -> ProcessProvider:
        table = ProcessTable(
            pids=lambda: sorted(self.values), exists=self.values.__contains__, open=self._open, read_file=self._read
        )
        return ProcessProvider(table)

    def _open(self, pid: int) -> psutil.Process:
        self.calls["open"] += 1
        if "gone" in self.values[pid]:
            raise psutil.NoSuchProcess(pid)
        return cast(psutil.Process, FakeProcess(pid, self.calls, self.values[pid]))

    def _read(self, pid: int, name: str) -> str | None:
        self.calls[f"/proc/{name}"] += 1
        return self.files.get(name)


@pytest.mark.parametrize(
    ("wanted", "asked"),
    [
        (["Handle"], set()),
        (["ProcessId", "CreationClassName", "CSName", "OSName"], set()),
        (["name"], {"name"}),
        (["NAME", "Caption"], {"name"}),
        (["ThreadCount", "HandleCount"], {"num_threads", "num_fds"}),
        (["PageFileUsage", "PeakWorkingSetSize", "PeakVirtualSize"], {"/proc/status"}),
        (["PageFaults"], {"/proc/stat"}),
        (["Status", "WindowsVersion", "PrivatePageCount"], set()),
    ],
)
def test_only_what_is_read_is_asked_for(wanted: list[str], asked: set[str], ask: Ask) -> None:
    table = FakeTable(name="a", num_threads=2, num_fds=3, cmdline=["a"], exe="/a")
    rows = list(table.provider().instances(ask(*wanted)))
    assert len(rows) == 1
    assert set(table.calls) == asked | {"open"}
    assert rows[0]["Handle"] == "4"  # the key is always there


def test_files_are_read_once_a_row(ask: Ask) -> None:
    table = FakeTable()
    table.files["status"] = "Name:\ta\nVmPeak:\t     300 kB\nVmHWM:\t     200 kB\nVmSwap:\t     100 kB\n"
    (row,) = table.provider().instances(ask("PageFileUsage", "PeakWorkingSetSize", "PeakVirtualSize"))
    assert (row["PageFileUsage"], row["PeakWorkingSetSize"], row["PeakVirtualSize"]) == (100, 200, 300 * 1024)
    assert table.calls["/proc/status"] == 1


def test_one_instance_is_looked_up_and_no_other(ask: Ask) -> None:
    table = FakeTable(name="a")
    table.values[5] = {"name": "b"}
    row = table.provider().get(ask("Name"), {"Handle": "5"})
    assert row == {"Handle": "5", "Name": "b"}
    assert table.calls == {"open": 1, "name": 1}


def test_what_is_denied_is_null_and_the_rest_is_there(ask: Ask) -> None:
    table = FakeTable(name="a", num_fds=psutil.AccessDenied(4), exe=psutil.AccessDenied(4), num_threads=2)
    (row,) = table.provider().instances(ask("Name", "HandleCount", "ExecutablePath", "ThreadCount"))
    assert row == {"Handle": "4", "Name": "a", "HandleCount": None, "ExecutablePath": None, "ThreadCount": 2}


def test_what_the_system_fails_to_say_is_null(ask: Ask) -> None:
    table = FakeTable(exe=OSError(5, "Input/output error"), cmdline=psutil.ZombieProcess(4), io_counters=RuntimeError())
    (row,) = table.provider().instances(ask("ExecutablePath", "CommandLine", "ReadTransferCount"))
    assert row == {"Handle": "4", "ExecutablePath": None, "CommandLine": None, "ReadTransferCount": None}


def test_counters_that_the_kernel_does_not_keep_are_null(ask: Ask) -> None:
    (row,) = FakeTable().provider().instances(ask("ReadTransferCount", "WriteOperationCount"))
    assert row == {"Handle": "4", "ReadTransferCount": None, "WriteOperationCount": None}


def test_a_process_that_ends_meanwhile_leaves_no_row(ask: Ask) -> None:
    table = FakeTable(name="a")
    table.values[3] = {"gone": True}
    table.values[5] = {"name": psutil.NoSuchProcess(5)}
    table.values[6] = {"name": "c"}
    rows = list(table.provider().instances(ask("Name")))
    assert [row["Handle"] for row in rows] == ["4", "6"]
    assert table.provider().get(ask("Name"), {"Handle": "5"}) is None


def test_rows_come_one_by_one(ask: Ask) -> None:
    """Whoever reads one row of ten thousand has asked for one process."""
    table = FakeTable(name="a")
    table.values.update({pid: {"name": "b"} for pid in range(10, 20)})
    rows = table.provider().instances(ask("Name"))
    assert isinstance(rows, Iterator)
    next(rows)
    assert table.calls["open"] == 1


def test_a_command_line_that_was_written_over_has_no_nul(ask: Ask) -> None:
    """No string of WMI can hold one; psutil may leave it inside of an argument."""
    (row,) = FakeTable(cmdline=["a\0b", "c d"]).provider().instances(ask("CommandLine"))
    assert row["CommandLine"] == "a b 'c d'"


def test_page_faults_wrap_at_32_bits(ask: Ask) -> None:
    table = FakeTable()
    table.files["stat"] = f"4 (a) b) S 1 1 1 0 -1 4194304 {2**32 - 1} 7 3 7"
    (row,) = table.provider().instances(ask("PageFaults"))
    assert row["PageFaults"] == 2


@pytest.mark.parametrize(("text", "session"), [("7\n", 7), ("4294967295", None), ("", None), ("no", None)])
def test_sessions(text: str, session: int | None, ask: Ask) -> None:
    table = FakeTable()
    table.files["sessionid"] = text
    (row,) = table.provider().instances(ask("SessionId"))
    assert row["SessionId"] == session


@pytest.mark.parametrize("text", ["", "4 (a", "4 (a) S 1 1"])
def test_a_stat_file_that_is_cut_off_is_null(text: str, ask: Ask) -> None:
    table = FakeTable()
    table.files["stat"] = text
    (row,) = table.provider().instances(ask("PageFaults"))
    assert row["PageFaults"] is None
