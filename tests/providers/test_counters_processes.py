"""Counters of processes, the threads, and which system the processes are of."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from openwmi.engine import Engine
from openwmi.engine.provider import Request
from openwmi.engine.registration import shipped_class
from openwmi.providers.hardware.computer import ComputerSystemProvider
from openwmi.providers.host import Host, Kernel
from openwmi.providers.processes.counters import ProcessCounterProvider, RawProcessProvider
from openwmi.providers.processes.process import ProcessProvider
from openwmi.providers.processes.thread import SystemProcessesProvider, ThreadProvider
from openwmi.providers.reading import GoneError, HostProvider, Reads
from openwmi.session import Namespace

Make = Callable[..., Host]
Asking = Callable[..., Request]
Rows = Callable[..., list[Mapping[str, Any]]]

HOSTS = ("laptop", "cloud", "container", "server")


@pytest.fixture
def rows(asking: Asking) -> Rows:
    def read(provider: HostProvider[Any], *names: str, **equalities: object) -> list[Mapping[str, Any]]:
        class_ = shipped_class(str(provider.cim_class))
        found = list(provider.instances(asking(class_, *names, **equalities)))
        for row in found:
            class_.instance(row)
        return found

    return read


def by_name(found: list[Mapping[str, Any]]) -> dict[str, Mapping[str, Any]]:
    return {str(row["Name"]): row for row in found}


def write(host: Host, path: str, text: str) -> None:
    target = Path(host.root + path)
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(text, encoding="ascii")


def stat(pid: int, user: int, system: int, *, name: str = "work", born: int = 100, policy: str = "0 0") -> str:
    return (
        f"{pid} ({name}) S 1 {pid} {pid} 0 -1 0 10 0 2 0 {user} {system} 0 0 20 0 4 0 {born} 4096000 10 "
        f"18446744073709551615 0 0 0 0 0 0 0 0 0 0 0 0 17 0 {policy} 0 0 0\n"
    )


# --------------------------------------------------------------------------------------------------------- raw counters


@pytest.mark.parametrize("name", HOSTS)
def test_names_are_of_one_each(name: str, host: Make, rows: Rows) -> None:
    made = host(name)
    for provider in (RawProcessProvider(made), ProcessCounterProvider(made)):
        names = [row["Name"] for row in rows(provider)]
        assert len(names) == len(set(names)) == len(made.pids()) + 1
        assert names[-1] == "_Total"


def test_several_with_one_name(host: Make, rows: Rows) -> None:
    found = by_name(rows(RawProcessProvider(host("server")), "Name", "IDProcess"))
    assert (found["postgres"]["IDProcess"], found["postgres#1"]["IDProcess"]) == (4100, 4711)
    assert found["_Total"]["IDProcess"] is None


def test_a_process_of_a_laptop(host: Make, rows: Rows) -> None:
    manager = by_name(rows(RawProcessProvider(host("laptop"))))["NetworkManager"]
    expected = {
        "IDProcess": 688,
        "CreatingProcessID": 1,
        "ThreadCount": 3,
        "HandleCount": 8,
        "PriorityBase": 8,
        "PercentUserTime": 1400 * 100_000,
        "PercentPrivilegedTime": 620 * 100_000,
        "PercentProcessorTime": 2020 * 100_000,
        "PageFaultsPersec": 902,
        "VirtualBytes": 347078656,
        "VirtualBytesPeak": 339456 * 1024,
        "WorkingSet": 5120 * 4096,
        "WorkingSetPeak": 20736 * 1024,
        "WorkingSetPrivate": (5120 - 2560) * 4096,
        "PrivateBytes": 1706 * 4096,
        "PageFileBytes": 0,
        "IOReadBytesPersec": 4608000,
        "IOWriteBytesPersec": 512000,
        "IODataBytesPersec": 5120000,
        "IOReadOperationsPersec": 56000,
        "IODataOperationsPersec": 71400,
        "IOOtherBytesPersec": None,
        "PoolPagedBytes": None,
    }
    assert {name: manager[name] for name in expected} == expected
    assert manager["Timestamp_Object"] - manager["ElapsedTime"] == 2_604_345_600_000 - 17 * 10_000_000


def test_a_kernel_thread_has_no_memory_of_its_own(host: Make, rows: Rows) -> None:
    row = by_name(rows(RawProcessProvider(host("laptop"))))["kthreadd"]
    assert (row["WorkingSet"], row["WorkingSetPeak"], row["PageFileBytes"]) == (0, None, None)
    assert row["IOReadBytesPersec"] is None


def test_all_processes(host: Make, rows: Rows) -> None:
    found = rows(RawProcessProvider(host("laptop")))
    *each, total = found
    for name in ("ThreadCount", "PercentProcessorTime", "WorkingSet", "WorkingSetPeak", "PrivateBytes"):
        assert total[name] == sum(row[name] or 0 for row in each)
    assert total["IOReadBytesPersec"] is None  # of some of them it is not known
    assert total["ElapsedTime"] is total["PriorityBase"] is total["CreatingProcessID"] is None


def test_one_that_ends_is_left_out_of_all(host: Make, asking: Asking) -> None:
    made = host("container")
    write(made, "/proc/90/stat", stat(90, 0, 0))
    write(made, "/proc/90/statm", "1000 100 10 0 0 500 0\n")
    provider = RawProcessProvider(made)
    *each, total = provider.samples(asking("Win32_PerfRawData_PerfProc_Process"))
    for name in ("stat", "statm"):
        Path(made.root, "proc", "90", name).unlink()
    column = provider.table["VirtualBytes"]
    assert isinstance(column, Reads)
    with pytest.raises(GoneError):
        column.read(next(it for it in each if it.name == "work"))
    assert column.read(total) == sum(int(str(column.read(it))) for it in each if it.name != "work")


# ------------------------------------------------------------------------------------------------------------ two looks


def test_percent_of_a_processor(host: Make, rows: Rows) -> None:
    made = host("container", "== /proc/uptime\n1000.00 0\n")
    write(made, "/proc/90/stat", stat(90, 1000, 0))
    provider = ProcessCounterProvider(made)
    first = by_name(rows(provider))["work"]
    assert (first["PercentProcessorTime"], first["ElapsedTime"], first["IDProcess"]) == (None, 999, 90)
    write(made, "/proc/uptime", "1010.00 0\n")
    write(made, "/proc/90/stat", stat(90, 2500, 250))
    found = by_name(rows(provider))
    work = found["work"]
    assert (work["PercentUserTime"], work["PercentPrivilegedTime"], work["PercentProcessorTime"]) == (150, 25, 175)
    assert (work["ElapsedTime"], work["ThreadCount"], work["PageFaultsPersec"]) == (1009, 4, 0)
    assert found["_Total"]["PercentProcessorTime"] == 175


def test_looks_follow_the_process_and_not_its_name(host: Make, rows: Rows) -> None:
    made = host("container", "== /proc/uptime\n1000.00 0\n")
    write(made, "/proc/90/stat", stat(90, 0, 0))
    write(made, "/proc/91/stat", stat(91, 5000, 0))
    provider = ProcessCounterProvider(made)
    rows(provider)
    write(made, "/proc/uptime", "1010.00 0\n")
    (Path(made.root) / "proc/90/stat").unlink()
    write(made, "/proc/91/stat", stat(91, 5500, 0))
    write(made, "/proc/92/stat", stat(92, 5500, 0))
    found = by_name(rows(provider))
    assert (found["work"]["IDProcess"], found["work"]["PercentProcessorTime"]) == (91, 50)
    assert (found["work#1"]["IDProcess"], found["work#1"]["PercentProcessorTime"]) == (92, None)


def test_another_process_of_the_same_number(host: Make, rows: Rows) -> None:
    made = host("container", "== /proc/uptime\n1000.00 0\n")
    write(made, "/proc/90/stat", stat(90, 0, 0))
    provider = ProcessCounterProvider(made)
    rows(provider)
    write(made, "/proc/uptime", "1010.00 0\n")
    write(made, "/proc/90/stat", stat(90, 500, 0, born=100_500))
    assert by_name(rows(provider))["work"]["PercentProcessorTime"] is None


def test_one_that_has_ended_takes_nothing_from_the_rates_of_all(host: Make, rows: Rows) -> None:
    made = host("container", "== /proc/uptime\n1000.00 0\n")
    write(made, "/proc/90/stat", stat(90, 0, 0))
    write(made, "/proc/91/stat", stat(91, 90_000, 0).replace(" 10 0 2 0 ", " 100000 0 2 0 "))
    provider = ProcessCounterProvider(made)
    rows(provider)
    write(made, "/proc/uptime", "1000.20 0\n")
    (Path(made.root) / "proc/91/stat").unlink()
    write(made, "/proc/90/stat", stat(90, 5, 5).replace(" 10 0 2 0 ", " 40 0 2 0 "))
    write(made, "/proc/92/stat", stat(92, 5, 0))
    found = by_name(rows(provider))
    assert (found["work"]["PageFaultsPersec"], found["work"]["PercentProcessorTime"]) == (150, 50)
    assert (found["_Total"]["PageFaultsPersec"], found["_Total"]["PercentProcessorTime"]) == (150 + 60, 75)


@pytest.mark.parametrize("faults", [0, 2**31 + 20, 2**30 + 2**29])
def test_a_counter_that_went_back_has_no_rate(faults: int, host: Make, rows: Rows) -> None:
    made = host("container", "== /proc/uptime\n1000.00 0\n")
    write(made, "/proc/90/stat", stat(90, 0, 0))
    provider = ProcessCounterProvider(made)
    rows(provider)
    write(made, "/proc/uptime", "1000.20 0\n")
    write(made, "/proc/90/stat", stat(90, 0, 0).replace(" 10 0 2 0 ", f" {faults} 0 0 0 "))
    assert by_name(rows(provider))["work"]["PageFaultsPersec"] is None


# -------------------------------------------------------------------------------------------------------------- threads


@pytest.mark.parametrize("name", HOSTS)
def test_threads_of_every_host(name: str, host: Make, rows: Rows) -> None:
    made = host(name)
    found = rows(ThreadProvider(made))
    folders = list(Path(made.root, "proc").glob("[0-9]*/task/*"))
    assert {(row["ProcessHandle"], row["Handle"]) for row in found} == {(path.parts[-3], path.name) for path in folders}


def test_a_thread_of_a_laptop(host: Make, rows: Rows) -> None:
    found = rows(ThreadProvider(host("laptop")), ProcessHandle="688")
    assert [row["Handle"] for row in found] == ["688", "689", "690"]
    expected = {
        "Name": "NetworkManager",
        "Caption": "NetworkManager",
        "CreationClassName": "Win32_Thread",
        "ProcessCreationClassName": "Win32_Process",
        "CSName": "thinbook",
        "OSName": "Debian GNU/Linux 12 (bookworm)",
        "ElapsedTime": 6720,
        "UserModeTime": 46_600_000,
        "KernelModeTime": 20_600_000,
        "Priority": 8,
        "PriorityBase": 8,
        "ExecutionState": 4,
        "ThreadState": 5,
        "ThreadWaitReason": None,
        "StartAddress": None,
    }
    assert {name: found[1][name] for name in expected} == expected


@pytest.mark.parametrize(("policy", "priority"), [("1 1", 16), ("99 1", 31), ("99 2", 31), ("0 3", 8), ("50 0", 8)])
def test_priorities(policy: str, priority: int, host: Make, rows: Rows) -> None:
    made = host("container")
    write(made, "/proc/90/task/95/stat", stat(95, 0, 0, policy=policy))
    (row,) = rows(ThreadProvider(made), ProcessHandle="90")
    assert row["Priority"] == row["PriorityBase"] == priority


@pytest.mark.parametrize(
    ("state", "execution", "thread"), [("R", 3, 2), ("D", 4, 5), ("T", 6, 5), ("Z", 1, 4), ("?", None, None)]
)
def test_states(state: str, execution: int | None, thread: int | None, host: Make, rows: Rows) -> None:
    made = host("container")
    write(made, "/proc/90/task/90/stat", stat(90, 0, 0, name="a) b").replace(") S ", f") {state} "))
    (row,) = rows(ThreadProvider(made), ProcessHandle="90")
    assert (row["Name"], row["ExecutionState"], row["ThreadState"]) == ("a) b", execution, thread)


def test_one_thread_looks_at_one_process(host: Make, asking: Asking, monkeypatch: pytest.MonkeyPatch) -> None:
    made = host("laptop")
    monkeypatch.setattr(made, "pids", lambda: pytest.fail("all processes were listed"))
    write(made, "/proc/689/status", "Name: x\nTgid: 688\n")
    provider = ThreadProvider(made)
    request = asking("Win32_Thread", "Name")
    found = provider.get(request, {"Handle": "689", "ProcessHandle": "688"})
    assert found == {"Handle": "689", "ProcessHandle": "688", "Name": "NetworkManager"}
    for handle, process in (("689", "689"), ("0689", "688"), ("1", "688"), ("x", "688"), ("77", "77")):
        assert provider.get(request, {"Handle": handle, "ProcessHandle": process}) is None
    assert [row["Handle"] for row in provider.instances(asking("Win32_Thread", "Handle", Handle="689"))] == ["689"]


def test_a_thread_that_has_ended_has_no_row(host: Make, rows: Rows) -> None:
    made = host("container")
    (Path(made.root) / "proc/90/task/95").mkdir(parents=True)
    assert rows(ThreadProvider(made), ProcessHandle="90") == []


def test_a_thread_of_this_process(asking: Asking) -> None:
    mine = str(threading.get_native_id())
    (row,) = ThreadProvider().instances(asking("Win32_Thread", Handle=mine))
    assert row["ExecutionState"] == 3


# --------------------------------------------------------------------------------------------------------- associations


def space_of(host: Host) -> Namespace:
    kinds = (ComputerSystemProvider, ProcessProvider, SystemProcessesProvider, ThreadProvider)
    return Namespace(Engine("HOST1", [kind(host) for kind in kinds]).session(r"root\cimv2"))


@pytest.mark.parametrize("name", HOSTS)
async def test_every_end_of_an_association_is_there(name: str, host: Make) -> None:
    made = host(name)
    ns = space_of(made)
    links = await ns.query("SELECT * FROM Win32_SystemProcesses")
    assert len(links) == len(made.pids())
    for link in links:
        assert (await ns.get(link.PartComponent)).Handle
        assert (await ns.get(link.GroupComponent)).Name == made.kernel.node
        assert (await ns.get(str(link.path_))).PartComponent == link.PartComponent


async def test_the_system_of_a_process(host: Make) -> None:
    ns = space_of(host("laptop"))
    (system,) = await ns.query("ASSOCIATORS OF {Win32_Process.Handle='702'}")
    assert system.Name == "thinbook"
    processes = await ns.query(
        "ASSOCIATORS OF {Win32_ComputerSystem.Name='thinbook'} WHERE AssocClass=Win32_SystemProcesses"
    )
    assert "702" in {process.Handle for process in processes}
    (link,) = await ns.query("REFERENCES OF {Win32_Process.Handle='702'}")
    assert str(link.PartComponent).endswith('Win32_Process.Handle="702"')


def test_no_host_has_none(asking: Asking) -> None:
    nowhere = Host("/no/such/root", kernel=Kernel("n", "6.1"))
    for provider in (ThreadProvider(nowhere), SystemProcessesProvider(nowhere)):
        assert list(provider.instances(asking(str(provider.cim_class)))) == []
    odd = asking("Win32_SystemProcesses", PartComponent="no path at all = ")
    assert list(SystemProcessesProvider().instances(odd)) == []
