"""Counters of processors, memory, the system and interfaces: raw values, and what two looks make of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from openwmi.base.limits import COUNTER_SECONDS
from openwmi.engine import Engine
from openwmi.engine.provider import Request
from openwmi.engine.registration import shipped_class
from openwmi.providers.counters import PROVIDERS
from openwmi.providers.counters.interface import InterfaceProvider, RawInterfaceProvider
from openwmi.providers.counters.memory import MemoryProvider, RawMemoryProvider
from openwmi.providers.counters.processor import ProcessorProvider, RawProcessorProvider
from openwmi.providers.counters.system import RawSystemProvider, SystemProvider
from openwmi.providers.counting import KINDS, RawProvider
from openwmi.providers.host import Host, Kernel
from openwmi.providers.reading import HostProvider, Reads
from openwmi.session import Namespace

Make = Callable[..., Host]
Asking = Callable[..., Request]
Rows = Callable[..., dict[Any, Mapping[str, Any]]]

HOSTS = ("laptop", "cloud", "container", "server")
NOWHERE = Host("/no/such/root", kernel=Kernel("n", "6.1"))

RAW = (RawProcessorProvider, RawMemoryProvider, RawSystemProvider, RawInterfaceProvider)
FORMATTED = (ProcessorProvider, MemoryProvider, SystemProvider, InterfaceProvider)


@pytest.fixture
def rows(asking: Asking) -> Rows:
    """`rows(provider, "Name", …)`: by Name, each checked by its class."""

    def read(provider: HostProvider[Any], *names: str, **equalities: object) -> dict[Any, Mapping[str, Any]]:
        class_ = shipped_class(str(provider.cim_class))
        found = list(provider.instances(asking(class_, *names, **equalities)))
        for row in found:
            class_.instance(row)
        return {row.get("Name"): row for row in found}

    return read


def write(host: Host, path: str, text: str) -> None:
    Path(host.root + path).write_text(text, encoding="ascii")


def later(host: Host, seconds: float) -> None:
    """Lets time go by."""
    before = float((host.read("/proc/uptime") or "").split()[0])
    write(host, "/proc/uptime", f"{before + seconds:.2f} 0.00\n")


# ------------------------------------------------------------------------------------------------------------ all alike


@pytest.mark.parametrize("name", HOSTS)
@pytest.mark.parametrize("provider", [*RAW, *FORMATTED])
def test_every_host_has_rows(name: str, provider: type[HostProvider[Any]], host: Make, rows: Rows) -> None:
    assert rows(provider(host(name)))


@pytest.mark.parametrize("class_name", PROVIDERS)
def test_nothing_is_known_of_no_host(class_name: str, rows: Rows) -> None:
    module, provider = PROVIDERS[class_name]
    made = getattr(__import__(module, fromlist=[provider]), provider)(NOWHERE)
    assert rows(made) == {}


@pytest.mark.parametrize("class_name", PROVIDERS)
def test_every_property_has_its_column_and_every_type_its_formula(class_name: str) -> None:
    module, provider = PROVIDERS[class_name]
    kind = getattr(__import__(module, fromlist=[provider]), provider)
    class_ = shipped_class(class_name)
    assert [p.name for p in class_.properties if p.name not in kind.table] == []
    types = {
        int(str(p.qualifiers["CounterType"].value))
        for p in class_.properties
        if "CounterType" in p.qualifiers and not p.name.endswith("_Base")
    }
    assert types <= KINDS.keys()
    assert issubclass(kind, RawProvider) == ("RawData" in class_name)


@pytest.mark.parametrize("provider", RAW)
def test_timestamps(provider: type[RawProvider[Any]], host: Make, rows: Rows) -> None:
    for row in rows(provider(host("laptop"))).values():
        assert row["Timestamp_PerfTime"] == 2_604_345_600_000
        assert row["Timestamp_Sys100NS"] == row["Timestamp_Object"] == 133_444_736_002_500_000  # 2023-11-14 22:13:20.25
        assert {row[name] for name in row if name.startswith("Frequency_")} == {10_000_000}


def test_formatted_rows_have_no_timestamps(host: Make, rows: Rows) -> None:
    (row,) = rows(SystemProvider(host("laptop"))).values()
    assert {row[name] for name in row if name.startswith(("Timestamp_", "Frequency_"))} == {None}


# ----------------------------------------------------------------------------------------------------------- processors


def test_raw_processors_of_a_laptop(host: Make, rows: Rows) -> None:
    found = rows(RawProcessorProvider(host("laptop")))
    assert list(found) == [*map(str, range(8)), "_Total"]
    one = found["1"]
    expected = {
        "PercentUserTime": (51537 + 150) * 100_000,
        "PercentPrivilegedTime": (12337 + 387) * 100_000,
        "PercentIdleTime": (5153750 + 675) * 100_000,
        "PercentProcessorTime": (5153750 + 675) * 100_000,
        "PercentInterruptTime": 0,
        "PercentDPCTime": 387 * 100_000,
        "InterruptsPersec": 4000 + 11 + 6000001,
        "DPCsQueuedPersec": 2000000,
        "DPCRate": None,
        "C1TransitionsPersec": 50001,
        "C2TransitionsPersec": 60001,
        "C3TransitionsPersec": 70001,
        "PercentC1Time": 701000 * 10,
        "PercentC2Time": 9001000 * 10,
        "PercentC3Time": 30000001000 * 10,
    }
    assert {name: one[name] for name in expected} == expected
    assert found["2"]["C1TransitionsPersec"] is None  # without its states nobody knows
    total = found["_Total"]
    assert (total["InterruptsPersec"], total["DPCsQueuedPersec"]) == (49382716, 32921810)
    assert total["PercentIdleTime"] == (5153750 + 675) * 100_000
    assert total["PercentC1Time"] is None


def test_all_states_of_all_processors(host: Make, rows: Rows) -> None:
    stat = "== /proc/stat\ncpu 4 0 0 0\ncpu0 100 0 0 300 0 0 0\ncpu1 300 0 0 100 0 0 0\nintr 4294967301 1\n"
    total = rows(RawProcessorProvider(host("laptop", stat)))["_Total"]
    assert (total["PercentUserTime"], total["PercentIdleTime"]) == (200 * 100_000, 200 * 100_000)
    assert (total["C1TransitionsPersec"], total["PercentC1Time"]) == (100001, 700500 * 10)
    assert total["InterruptsPersec"] == 5  # the property has 32 bits
    assert total["DPCsQueuedPersec"] == 2 * 2000000 + 100


@pytest.mark.parametrize("name", ["cloud", "container", "server"])
def test_what_a_hypervisor_hides_is_null(name: str, host: Make, rows: Rows) -> None:
    found = rows(RawProcessorProvider(host(name)))
    assert {row["PercentC1Time"] for row in found.values()} == {None}
    assert {row["InterruptsPersec"] for key, row in found.items() if key != "_Total"} == {None}
    assert len(found) == (65 if name == "server" else 3)


def busy(user: int, system: int, idle: int, interrupts: int) -> str:
    return f"cpu {user} 0 {system} {idle} 0 0 0 0\ncpu0 {user} 0 {system} {idle} 0 0 0 0\nintr {interrupts} 0\n"


def test_two_looks_make_percentages(host: Make, rows: Rows) -> None:
    made = host("cloud", "== /proc/stat\n" + busy(1000, 500, 9000, (1 << 32) - 100))
    provider = ProcessorProvider(made)
    first = rows(provider)["0"]
    assert {name for name, value in first.items() if value is not None} == {"Name"}
    later(made, 10)
    write(made, "/proc/stat", busy(1600, 600, 9300, 900))
    second = rows(provider)
    assert {name: value for name, value in second["_Total"].items() if value is not None} == {
        "Name": "_Total",
        "PercentUserTime": 60,
        "PercentPrivilegedTime": 10,
        "PercentIdleTime": 30,
        "PercentProcessorTime": 70,
        "PercentInterruptTime": 0,
        "PercentDPCTime": 0,
        "InterruptsPersec": 100,  # it began again at 2 ** 32
    }
    assert second["0"]["PercentProcessorTime"] == 70


def test_percentages_end_at_100_and_0(host: Make, rows: Rows) -> None:
    made = host("cloud", "== /proc/stat\n" + busy(0, 0, 1000, 0))
    provider = ProcessorProvider(made)
    rows(provider)
    later(made, 1)
    write(made, "/proc/stat", busy(102, 0, 998, 0))
    row = rows(provider)["_Total"]
    assert (row["PercentUserTime"], row["PercentProcessorTime"], row["PercentIdleTime"]) == (100, 100, 0)


def test_many_who_ask_at_once_all_see_a_second(host: Make, rows: Rows) -> None:
    made = host("cloud", "== /proc/stat\n" + busy(0, 0, 0, 0))
    provider = ProcessorProvider(made)
    rows(provider, "PercentUserTime")
    later(made, 2)
    write(made, "/proc/stat", busy(100, 0, 100, 0))
    assert rows(provider, "PercentUserTime")["0"]["PercentUserTime"] == 50
    later(made, 0.1)
    write(made, "/proc/stat", busy(105, 0, 105, 0))
    assert rows(provider, "PercentUserTime")["0"]["PercentUserTime"] == 50
    assert rows(provider, "PercentIdleTime")["0"]["PercentIdleTime"] is None  # others' looks are not ours


def test_the_same_instant_twice_has_no_rates(host: Make, rows: Rows) -> None:
    provider = ProcessorProvider(host("cloud"))
    rows(provider)
    assert rows(provider)["0"]["PercentUserTime"] is None


def test_the_first_who_asks_gets_numbers(host: Make, rows: Rows) -> None:
    """Two looks are taken, once: a second request has the first one's to compare with."""
    made = host("cloud", "== /proc/stat\n" + busy(0, 0, 0, 0))
    waited: list[float] = []

    def pause(seconds: float) -> None:
        waited.append(seconds)
        later(made, seconds)
        write(made, "/proc/stat", busy(5, 0, 15, 0))

    made.pause = pause
    provider = ProcessorProvider(made)
    assert rows(provider, "PercentUserTime")["_Total"] == {"Name": "_Total", "PercentUserTime": 25}
    assert rows(provider, "PercentUserTime")["0"]["PercentUserTime"] == 25
    assert waited == [COUNTER_SECONDS]
    rows(provider, "Name")  # nothing of it is a rate
    assert rows(SystemProvider(made), "Processes")
    assert len(waited) == 1


def test_a_look_that_was_just_now_is_waited_for(host: Make, rows: Rows) -> None:
    made = host("cloud", "== /proc/stat\n" + busy(0, 0, 0, 0))
    provider = ProcessorProvider(made)
    rows(provider, "PercentUserTime")
    later(made, 0.05)
    waited: list[float] = []

    def pause(seconds: float) -> None:
        waited.append(seconds)
        later(made, seconds)
        write(made, "/proc/stat", busy(10, 0, 10, 0))

    made.pause = pause
    assert rows(provider, "PercentUserTime")["0"]["PercentUserTime"] == 50
    assert waited == [pytest.approx(COUNTER_SECONDS - 0.05)]


def test_without_uptime_nobody_waits(host: Make, rows: Rows) -> None:
    made = host("cloud", "== /proc/uptime\n")
    made.pause = lambda seconds: pytest.fail(f"it waited for {seconds}")
    assert rows(ProcessorProvider(made))["0"]["PercentUserTime"] is None


def test_a_processor_that_is_new_has_no_rates(host: Make, rows: Rows) -> None:
    made = host("cloud", "== /proc/stat\n" + busy(0, 0, 0, 0))
    provider = ProcessorProvider(made)
    rows(provider)
    later(made, 1)
    write(made, "/proc/stat", busy(10, 0, 90, 0) + "cpu1 0 0 0 0 0 0 0 0\n")
    found = rows(provider)
    assert (found["0"]["PercentUserTime"], found["1"]["PercentUserTime"]) == (10, None)
    assert found["_Total"]["PercentUserTime"] is None  # what it was before was the mean of one


async def test_through_queries(host: Make) -> None:
    made = host("cloud", "== /proc/stat\n" + busy(0, 0, 0, 0))
    engine = Engine("HOST1", [ProcessorProvider(made), RawProcessorProvider(made), MemoryProvider(made)])
    ns = Namespace(engine.session(r"root\cimv2"))
    query = "SELECT PercentUserTime FROM Win32_PerfFormattedData_PerfOS_Processor WHERE Name = '_Total'"
    assert [row.PercentUserTime for row in await ns.query(query)] == [None]
    later(made, 1)
    write(made, "/proc/stat", busy(25, 0, 75, 0))
    assert [row.PercentUserTime for row in await ns.query(query)] == [25]
    raw = await ns.get("Win32_PerfRawData_PerfOS_Processor.Name='_TOTAL'")
    assert (raw.Name, raw.PercentUserTime) == ("_Total", 2_500_000)
    assert (await ns.get("Win32_PerfFormattedData_PerfOS_Memory=@")).AvailableMBytes > 0


# --------------------------------------------------------------------------------------------------------------- memory


def test_memory_of_a_laptop(host: Make, rows: Rows) -> None:
    (row,) = rows(RawMemoryProvider(host("laptop"))).values()
    expected = {
        "AvailableBytes": 9876544 * 1024,
        "AvailableKBytes": 9876544,
        "AvailableMBytes": 9645,
        "CacheBytes": (6023456 + 312456 - 301172) * 1024,
        "SystemCacheResidentBytes": (6023456 + 312456 - 301172) * 1024,
        "CommitLimit": 16472048 * 1024,
        "CommittedBytes": 8387495 * 1024,
        "FreeAndZeroPageListBytes": 3211264 * 1024,
        "ModifiedPageListBytes": 412 * 1024,
        "PageFaultsPersec": 912345678,
        "PageReadsPersec": 45678,
        "PagesInputPersec": 120,
        "PagesOutputPersec": 340,
        "PagesPersec": 460,
        "PercentCommittedBytesInUse": 8387495 // 4,
        "PercentCommittedBytesInUse_Base": 16472048 // 4,
        "PoolNonpagedBytes": 752932 * 1024,
        "Name": None,
    }
    assert {name: row[name] for name in expected} == expected


def test_formatted_memory(host: Make, rows: Rows) -> None:
    made = host("laptop")
    provider = MemoryProvider(made)
    (first,) = rows(provider).values()
    assert (first["PercentCommittedBytesInUse"], first["AvailableMBytes"], first["PageFaultsPersec"]) == (
        51,
        9645,
        None,
    )
    later(made, 4)
    write(made, "/proc/vmstat", "pgfault 912346678\npgmajfault 45678\npswpin 160\n")
    (second,) = rows(provider).values()
    assert (second["PageFaultsPersec"], second["PageReadsPersec"], second["PagesInputPersec"]) == (250, 0, 10)
    assert second["PagesOutputPersec"] is None  # the line is not there any more
    assert "PercentCommittedBytesInUse_Base" not in second


def test_a_limit_of_nothing_has_no_percentage(host: Make, rows: Rows) -> None:
    made = host("cloud", "== /proc/meminfo\nCommitted_AS: 4 kB\nCommitLimit: 0 kB\nMemFree: none\n")
    (row,) = rows(MemoryProvider(made)).values()
    assert (row["PercentCommittedBytesInUse"], row["FreeAndZeroPageListBytes"]) == (None, None)


# --------------------------------------------------------------------------------------------------------------- system


@pytest.mark.parametrize("name", ["laptop", "server"])
def test_the_system(name: str, host: Make, rows: Rows) -> None:
    made = host(name)
    folders = [path for path in Path(made.root, "proc").iterdir() if path.name.isdecimal()]
    (row,) = rows(RawSystemProvider(made)).values()
    assert row["Processes"] == len(folders)
    assert row["Threads"] == sum(len(list((path / "task").iterdir())) for path in folders)
    assert row["Timestamp_Object"] - row["SystemUpTime"] == 2_604_345_600_000
    assert row["ContextSwitchesPersec"] == int((made.fields("/proc/stat", " "))["ctxt"]) & 0xFFFFFFFF
    assert row["ProcessorQueueLength"] == 0


def test_the_formatted_system(host: Make, rows: Rows) -> None:
    made = host("cloud", "== /proc/stat\ncpu 0\ncpu0 0\nctxt 4294967290\nprocs_running 4\n")
    provider = SystemProvider(made)
    (first,) = rows(provider).values()
    assert (first["SystemUpTime"], first["ProcessorQueueLength"]) == (int(made.uptime() or 0), 3)
    later(made, 2)
    write(made, "/proc/stat", "cpu 0\ncpu0 0\nctxt 4\nprocs_running 0\n")
    (second,) = rows(provider, "ContextSwitchesPersec", "ProcessorQueueLength").values()
    assert second == {"ContextSwitchesPersec": None, "ProcessorQueueLength": 0}  # the first look at just these
    (third,) = rows(provider).values()
    assert third["ContextSwitchesPersec"] == 5


def test_without_uptime_the_boot_time_says_it(host: Make, rows: Rows) -> None:
    (row,) = rows(RawSystemProvider(host("laptop", "== /proc/uptime\n"))).values()
    assert (row["SystemUpTime"], row["Timestamp_PerfTime"]) == (133_442_136_000_000_000, None)


# ----------------------------------------------------------------------------------------------------------- interfaces


def test_interfaces_of_a_laptop(host: Make, rows: Rows) -> None:
    found = rows(RawInterfaceProvider(host("laptop")))
    assert list(found) == ["lo", "enp0s31f6", "wlp0s20f3", "docker0"]
    wireless = found["wlp0s20f3"]
    expected = {
        "BytesReceivedPersec": 3987654321,
        "BytesSentPersec": 456789012,
        "BytesTotalPersec": 3987654321 + 456789012,
        "PacketsReceivedPersec": 3456789,
        "PacketsSentPersec": 1987654,
        "PacketsPersec": 3456789 + 1987654,
        "PacketsReceivedDiscarded": 0,
        "PacketsReceivedErrors": 0,
        "PacketsOutboundDiscarded": 0,
        "PacketsOutboundErrors": 0,
        "PacketsReceivedUnicastPersec": None,
        "CurrentBandwidth": None,
    }
    assert {name: wireless[name] for name in expected} == expected


def test_bandwidth_in_bits_a_second(host: Make, rows: Rows) -> None:
    found = rows(RawInterfaceProvider(host("server")), "CurrentBandwidth")
    assert found["eno1"]["CurrentBandwidth"] == 10_000_000_000
    assert found["lo"]["CurrentBandwidth"] is None
    down = host("cloud", "== /sys/devices/pci0000:00/0000:00:04.0/virtio1/net/ens4/speed\n-1\n")
    assert rows(RawInterfaceProvider(down))["ens4"]["CurrentBandwidth"] is None


ROUTING = '{{"links": [{{"ifindex": 2, "ifname": "e0", "stats64": {{"rx": {{"bytes": {}}}, "tx": {{"bytes": {}}}}}}}]}}'


def test_formatted_interfaces(host: Make, rows: Rows, monkeypatch: pytest.MonkeyPatch) -> None:
    made = host("cloud", "== @routing\n" + ROUTING.format(1000, 70))
    provider = InterfaceProvider(made)
    rows(provider)
    later(made, 2)
    after = host("cloud", "== @routing\n" + ROUTING.format(5000, 60))
    monkeypatch.setitem(made.__dict__, "routing", after.routing)
    row = rows(provider)["e0"]
    assert (row["BytesReceivedPersec"], row["BytesTotalPersec"]) == (2000, 1995)
    assert row["BytesSentPersec"] is None  # it began again: 64 bits do not overflow
    assert row["PacketsPersec"] is None


@pytest.mark.parametrize("provider", FORMATTED)
def test_a_formatted_table_speaks_of_what_is_new(provider: type[HostProvider[Any]]) -> None:
    sources = [column.source for column in provider.table.values() if isinstance(column, Reads)]
    assert any("NULL of what is new" in source for source in sources)


def test_the_uptime_of_this_machine_never_goes_back() -> None:
    host = Host()
    first, second = host.uptime(), host.uptime()
    assert first is not None
    assert second is not None
    assert 0 < first <= second
    assert NOWHERE.uptime() is None
