"""Win32_Process asks the system for nothing that nobody reads: counted on hosts that are made up."""

from collections import Counter
from collections.abc import Callable, Iterator

import pytest

from openwmi.engine.provider import Request
from openwmi.providers.host import Host
from openwmi.providers.processes.process import ProcessProvider

Ask = Callable[..., Request]
Make = Callable[..., Host]
Watch = Callable[..., tuple[ProcessProvider, Counter[str]]]

PID = "702"


@pytest.fixture
def watch(host: Make, monkeypatch: pytest.MonkeyPatch) -> Watch:
    """`watch(*sections)`: the provider of the laptop, and the files that it has read, counted."""

    def made(*sections: str) -> tuple[ProcessProvider, Counter[str]]:
        laptop = host("laptop", *sections)
        asked: Counter[str] = Counter()
        load = laptop.load
        monkeypatch.setattr(laptop, "load", lambda path: (asked.update([path]), load(path))[1])
        return ProcessProvider(laptop), asked

    return made


def proc(name: str, text: str, pid: str = PID, form: str = "") -> str:
    return f"== /proc/{pid}/{name} {form}\n{text}\n"


@pytest.mark.parametrize(
    ("wanted", "files"),
    [
        (["Handle"], []),
        (["ProcessId", "CreationClassName", "CSName"], []),
        (["name"], ["stat"]),
        (["NAME", "Caption", "ParentProcessId", "ThreadCount", "KernelModeTime"], ["stat"]),
        (["PageFileUsage", "PeakWorkingSetSize", "PeakVirtualSize"], ["status"]),
        (["ReadTransferCount", "WriteOperationCount"], ["io"]),
        (["CommandLine"], ["cmdline"]),
        (["WorkingSetSize", "VirtualSize"], ["statm"]),
        (["SessionId"], ["sessionid"]),
        (["Status", "WindowsVersion", "PrivatePageCount", "ExecutablePath", "HandleCount"], []),
    ],
)
def test_only_what_is_read_is_asked_for(wanted: list[str], files: list[str], ask: Ask, watch: Watch) -> None:
    provider, asked = watch()
    rows = [row for row in provider.instances(ask(*wanted)) if row["Handle"] == PID]
    assert len(rows) == 1  # the key is always there
    assert {path: n for path, n in asked.items() if f"/{PID}/" in path} == {f"/proc/{PID}/{name}": 1 for name in files}


def test_one_instance_is_looked_up_and_no_other(ask: Ask, watch: Watch) -> None:
    provider, asked = watch()
    assert provider.get(ask("Name", "ParentProcessId"), {"Handle": PID}) == {
        "Handle": PID,
        "Name": "sshd",
        "ParentProcessId": 1,
    }
    assert asked == {f"/proc/{PID}/status": 1, f"/proc/{PID}/stat": 1}


def test_a_row_that_cannot_match_is_given_up(asking: Callable[..., Request], watch: Watch) -> None:
    provider, asked = watch()
    request = asking("Win32_Process", "CommandLine", "Name", Name="SSHD")
    (row,) = provider.instances(request)
    assert (row["Handle"], row["Name"]) == (PID, "sshd")
    assert asked[f"/proc/{PID}/cmdline"] == 1
    assert asked["/proc/1420/stat"] == 1
    assert asked["/proc/1420/cmdline"] == 0


def test_what_must_not_be_read_is_null_and_the_rest_is_there(ask: Ask, watch: Watch) -> None:
    provider, _ = watch(f"== /proc/{PID}/io dir\n", f"== /proc/{PID}/exe dir\n")
    row = provider.get(ask("Name", "ExecutablePath", "ReadTransferCount", "ThreadCount"), {"Handle": PID})
    assert row == {"Handle": PID, "Name": "sshd", "ExecutablePath": None, "ReadTransferCount": None, "ThreadCount": 1}


def test_a_process_that_ends_meanwhile_leaves_no_row(ask: Ask, host: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    made = host("laptop")
    monkeypatch.setattr(made, "pids", lambda: [1, 4711, 702])
    rows = list(ProcessProvider(made).instances(ask("Name")))
    assert [row["Handle"] for row in rows] == ["1", "702"]
    assert [row["Handle"] for row in ProcessProvider(made).instances(ask("CommandLine"))] == ["1", "702"]
    assert ProcessProvider(made).get(ask("Name"), {"Handle": "4711"}) is None


def test_rows_come_one_by_one(ask: Ask, watch: Watch) -> None:
    """Whoever reads one row of ten thousand has asked for one process."""
    provider, asked = watch()
    rows = provider.instances(ask("Name"))
    assert isinstance(rows, Iterator)
    next(rows)
    assert asked == {"/proc/1/stat": 1}


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("a\nb c\n\nit's", "a 'b c' '' 'it'\"'\"'s'"),
        ("sshd: anna [priv] ", "sshd: anna '[priv]' ''"),
    ],
)
def test_command_lines(written: str, shown: str, ask: Ask, watch: Watch) -> None:
    provider, _ = watch(proc("cmdline", written, form="nul"))
    row = provider.get(ask("CommandLine"), {"Handle": PID})
    assert row is not None
    assert row["CommandLine"] == shown


def test_a_command_line_that_was_written_over_has_no_nul(ask: Ask, watch: Watch) -> None:
    """No string of WMI can hold one."""
    provider, _ = watch(f"== /proc/{PID}/cmdline hex\n61 00 62 20 63\n")
    row = provider.get(ask("CommandLine"), {"Handle": PID})
    assert row is not None
    assert row["CommandLine"] == "a b c"


def test_page_faults_wrap_at_32_bits(ask: Ask, watch: Watch) -> None:
    stat = f"702 (a) b) S 1 1 1 0 -1 4194304 {2**32 - 1} 7 3 7 " + "0 " * 12
    provider, _ = watch(proc("stat", stat))
    row = provider.get(ask("PageFaults", "Name"), {"Handle": PID})
    assert row == {"Handle": PID, "Name": "a) b", "PageFaults": 2}


@pytest.mark.parametrize(("text", "session"), [("7", 7), ("4294967295", None), ("", None), ("no", None)])
def test_sessions(text: str, session: int | None, ask: Ask, watch: Watch) -> None:
    provider, _ = watch(proc("sessionid", text))
    assert provider.get(ask("SessionId"), {"Handle": PID}) == {"Handle": PID, "SessionId": session}


@pytest.mark.parametrize("text", ["", "702 (a", "702 (a) S 1 1"])
def test_a_stat_file_that_is_cut_off_is_null(text: str, ask: Ask, watch: Watch) -> None:
    provider, _ = watch(proc("stat", text))
    assert provider.get(ask("PageFaults"), {"Handle": PID}) == {"Handle": PID, "PageFaults": None}


def test_a_name_that_the_kernel_cut_off(ask: Ask, watch: Watch) -> None:
    provider, _ = watch(
        proc("stat", "702 (a-very-long-nam) S 1"), proc("cmdline", "/usr/bin/a-very-long-name\n-x", form="nul")
    )
    assert provider.get(ask("Name"), {"Handle": PID}) == {"Handle": PID, "Name": "a-very-long-name"}


def test_the_processes_of_a_laptop(ask: Ask, watch: Watch) -> None:
    rows = {row["Handle"]: row for row in watch()[0].instances(ask())}
    firefox, zombie, kernel = rows["2210"], rows["2300"], rows["2"]
    assert (firefox["Name"], firefox["Priority"], firefox["ThreadCount"]) == ("Web Content (x)", 6, 2)
    assert firefox["CommandLine"] == "/usr/lib/firefox-esr/firefox-esr -contentproc -childID 3 'über uns'"
    assert (firefox["ExecutablePath"], firefox["HandleCount"]) == ("/usr/lib/firefox-esr/firefox-esr", 12)
    assert (firefox["UserModeTime"], firefox["KernelModeTime"]) == (930_000_000, 110_000_000)
    assert (firefox["WorkingSetSize"], firefox["SessionId"]) == (61000 * 4096, 2)
    assert str(firefox["CreationDate"]) == "20231111230840.000000+060"
    assert (zombie["ExecutionState"], zombie["CommandLine"], zombie["ReadTransferCount"]) == (7, None, None)
    assert (kernel["CommandLine"], kernel["ExecutablePath"], kernel["PageFileUsage"]) == (None, None, None)
