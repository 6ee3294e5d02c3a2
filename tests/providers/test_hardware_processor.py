"""Win32_Processor: sockets as the kernel counts them, beside what the firmware says; how busy they are."""

import threading
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from openwmi.base.limits import COUNTER_SECONDS
from openwmi.engine.provider import Request
from openwmi.engine.registration import shipped_class
from openwmi.providers.hardware.load import Load, percentage
from openwmi.providers.hardware.processor import ProcessorProvider
from openwmi.providers.hardware.processors import numbers, packages
from openwmi.providers.host import Host, Kernel

Make = Callable[..., Host]
Asking = Callable[..., Request]
Rows = Callable[..., list[dict[str, Any]]]

WIN32_PROCESSOR = shipped_class("Win32_Processor")
DMI = "== /sys/firmware/dmi/tables/DMI smbios\n"
ARM = """== @kernel
{"node": "board", "release": "6.6", "machine": "aarch64"}
== /proc/cpuinfo
processor	: 0
BogoMIPS	: 108.00
Features	: fp asimd
CPU implementer	: 0x41
CPU architecture: 8
CPU part	: 0xd08

processor	: 1
CPU implementer	: 0x41
CPU architecture: 8

Hardware	: BCM2835
Model		: Raspberry Pi 4 Model B Rev 1.4
== /sys/devices/system/cpu/cpu0/topology/physical_package_id
-1
== /sys/devices/system/cpu/cpu1/topology/physical_package_id
-1
== /sys/devices/system/cpu/cpu0/topology/thread_siblings_list
0
== /sys/devices/system/cpu/cpu1/topology/thread_siblings_list
1
== /sys/devices/system/cpu/cpu0/cpufreq/scaling_cur_freq
600000
== /sys/devices/system/cpu/cpu1/cpufreq/cpuinfo_max_freq
1800000
"""
CACHE = "== /sys/devices/system/cpu/cpu{0}/cache/index2/{1}\n{2}\n"


@pytest.fixture
def rows(asking: Asking) -> Rows:
    """`rows(host, *names)`: each checked against the class."""

    def read(host: Host, *names: str) -> list[dict[str, Any]]:
        found = [dict(row) for row in ProcessorProvider(host).instances(asking(WIN32_PROCESSOR, *names))]
        for row in found:
            WIN32_PROCESSOR.instance(row)
        return found

    return read


def test_the_processor_of_a_laptop(rows: Rows, host: Make) -> None:
    (row,) = rows(host("laptop"))
    assert {name: value for name, value in row.items() if value is not None} == {
        **dict.fromkeys(("Caption", "Description"), "Intel64 Family 6 Model 140 Stepping 1"),
        "Name": "11th Gen Intel(R) Core(TM) i5-1135G7 @ 2.40GHz",
        "DeviceID": "CPU0",
        "Status": "OK",
        "Availability": 3,
        "CreationClassName": "Win32_Processor",
        "StatusInfo": 3,
        "SystemCreationClassName": "Win32_ComputerSystem",
        "SystemName": "thinbook",
        "AddressWidth": 64,
        "DataWidth": 64,
        "CurrentClockSpeed": 2401,
        "MaxClockSpeed": 4200,
        "Family": 205,
        "Role": "CPU",
        "Stepping": "1",
        "UpgradeMethod": 1,
        "Architecture": 9,
        "AssetTag": "None",
        "Characteristics": 252,
        "CpuStatus": 1,
        "CurrentVoltage": 8,
        "ExtClock": 100,
        "L2CacheSize": 5120,
        "L3CacheSize": 8192,
        "Level": 6,
        "Manufacturer": "GenuineIntel",
        "NumberOfCores": 4,
        "NumberOfEnabledCore": 4,
        "NumberOfLogicalProcessors": 8,
        "PartNumber": "None",
        "ProcessorId": "BFEBFBFF000806C1",
        "ProcessorType": 3,
        "Revision": 0x8C01,
        "SecondLevelAddressTranslationExtensions": True,
        "SerialNumber": "None",
        "SocketDesignation": "U3E1",
        "ThreadCount": 8,
        "Version": "Model 140, Stepping 1",
        "VirtualizationFirmwareEnabled": True,
        "VMMonitorModeExtensions": True,
    }


def test_a_server_has_two(rows: Rows, host: Make) -> None:
    names = (
        "SocketDesignation",
        "NumberOfCores",
        "NumberOfLogicalProcessors",
        "L2CacheSize",
        "Family",
        "MaxClockSpeed",
    )
    first, second = rows(host("server"), *names)
    assert [first[name] for name in ("DeviceID", *names)] == ["CPU0", "CPU1", 16, 32, 16384, 179, 3700]
    # The firmware's word for the second, whose frequency the kernel of this host does not set.
    assert [second[name] for name in ("DeviceID", *names)] == ["CPU1", "CPU2", 16, 32, 16384, 179, 4000]


def test_a_virtual_machine(rows: Rows, host: Make) -> None:
    """Caches out of the kernel, since this firmware has no word of them; voltages that are not told."""
    (row,) = rows(host("cloud"))
    assert (row["Family"], row["OtherFamilyDescription"]) == (1, "Intel(R) Xeon(R) CPU @ 2.00GHz")
    assert (row["L2CacheSize"], row["L3CacheSize"]) == (1024, 39424)
    assert (row["CurrentVoltage"], row["VoltageCaps"], row["ExtClock"]) == (None, None, None)
    assert (row["NumberOfCores"], row["NumberOfLogicalProcessors"], row["ThreadCount"]) == (1, 2, 2)
    assert (row["VMMonitorModeExtensions"], row["MaxClockSpeed"]) == (False, 2000)


def test_a_container(rows: Rows, host: Make) -> None:
    """What the firmware would say is not known; what the kernel says, is."""
    (row,) = rows(host("container"))
    assert (row["Name"], row["Manufacturer"]) == ("AMD EPYC 7B13", "AuthenticAMD")
    assert (row["Description"], row["Revision"]) == ("AMD64 Family 25 Model 1 Stepping 0", 0x0100)
    assert (row["NumberOfEnabledCore"], row["ThreadCount"], row["CpuStatus"]) == (1, 2, 1)
    unknown = ("Family", "ProcessorId", "SocketDesignation", "UpgradeMethod", "SerialNumber", "OtherFamilyDescription")
    assert {row[name] for name in unknown} == {None}


def test_a_board_of_arm(rows: Rows, host: Make) -> None:
    (row,) = rows(host("container", ARM))
    assert (row["Architecture"], row["AddressWidth"], row["DataWidth"]) == (12, 64, 64)
    assert (row["Manufacturer"], row["Name"], row["Description"], row["Level"]) == ("ARM", "Cortex-A72", None, 8)
    assert (row["NumberOfCores"], row["NumberOfLogicalProcessors"]) == (2, 2)
    assert (row["CurrentClockSpeed"], row["MaxClockSpeed"]) == (600, 1800)
    flags = ("VMMonitorModeExtensions", "VirtualizationFirmwareEnabled", "Revision", "Version", "Stepping")
    assert {row[name] for name in flags} == {None}


@pytest.mark.parametrize(
    ("implementer", "part", "maker", "name"),
    [
        ("0x41", "0xD0C", "ARM", "Neoverse-N1"),
        ("0x41", "0xfff", "ARM", None),
        ("0x51", "0xd08", "Qualcomm", None),
        ("0x99", "0xd08", None, None),
    ],
)
def test_numbers_of_arm(
    implementer: str, part: str, maker: str | None, name: str | None, rows: Rows, host: Make
) -> None:
    lines = f"processor: 0\nCPU implementer: {implementer}\nCPU part: {part}\n"
    (row,) = rows(host("container", f"== /proc/cpuinfo\n{lines}"), "Manufacturer", "Name")
    assert (row["Manufacturer"], row["Name"]) == (maker, name)


def test_an_old_machine_of_32_bits(rows: Rows, host: Make) -> None:
    old = (
        '== @kernel\n{{"node": "old", "release": "4.19", "machine": "i686"}}\n'
        "== /proc/cpuinfo\nprocessor\t: 0\nvendor_id\t: GenuineIntel\ncpu family\t: 6\nmodel\t: 8\n"
        "model name\t: Pentium III  (Coppermine)\nstepping\t: 10\ncpu MHz\t\t: 0.000\nflags\t\t: fpu {}\n"
    )
    names = ("Architecture", "AddressWidth", "DataWidth", "Caption", "Name", "CurrentClockSpeed", "NumberOfCores")
    (row,) = rows(host("container", old.format("mmx")), *names)
    del row["DeviceID"]
    assert tuple(row[name] for name in names) == (
        *(0, 32, 32, "x86 Family 6 Model 8 Stepping 10", "Pentium III (Coppermine)", None, 1),
    )
    (row,) = rows(host("container", old.format("lm")), *names)
    assert (row["DataWidth"], row["AddressWidth"]) == (64, 32)


def test_without_a_list_of_processors_the_firmware_counts(rows: Rows, host: Make) -> None:
    """Its sockets without a processor are none, nor is what is no central one."""
    none = ["== /proc/cpuinfo\n", "== /sys/devices/system/cpu/online\n"]
    first, second = rows(host("server", *none))
    assert (first["Name"], second["DeviceID"]) == ("Intel(R) Xeon(R) Gold 6130 CPU @ 2.10GHz", "CPU1")
    assert (first["NumberOfCores"], first["ThreadCount"], first["NumberOfLogicalProcessors"]) == (16, 32, None)
    assert (first["CurrentClockSpeed"], first["MaxClockSpeed"], first["LoadPercentage"]) == (2100, 4000, None)
    assert (first["Manufacturer"], first["CpuStatus"], first["Stepping"]) == ("Intel", 1, None)
    table = "".join(
        f"type 4 handle 0x000{at}\n 00 {kind} 02 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 {status}\n"
        for at, (kind, status) in enumerate([("03", "00"), ("04", "41"), ("03", "44")])
    )
    (row,) = rows(host("server", *none, DMI + table))
    assert (row["CpuStatus"], row["Family"], row["SocketDesignation"]) == (4, 2, None)


def test_a_mac(rows: Rows) -> None:
    made = Host("/no/such/root", kernel=Kernel("mac", "23.5.0", machine="arm64", system="Darwin"))
    (row,) = rows(made)
    assert (row["NumberOfLogicalProcessors"], row["NumberOfCores"]) == (
        psutil.cpu_count(),
        psutil.cpu_count(logical=False),
    )
    assert (row["Architecture"], row["SystemName"], row["LoadPercentage"], row["Name"]) == (12, "mac", None, None)


def test_where_nothing_is_said_there_is_none(rows: Rows) -> None:
    assert rows(Host("/no/such/root", kernel=Kernel("n", "6.1"))) == []


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    lines=st.lists(
        st.tuples(
            st.sampled_from(
                ["processor", "physical id", "core id", "cpu family", "model", "stepping", "cpu MHz", "flags", ""]
            ),
            st.sampled_from(["0", "1", "-1", "6", "9" * 30, "1e999", "x", "", "٣", "\n"]),
        ),
        max_size=12,
    )
)
def test_lines_of_anything_break_nothing(lines: list[tuple[str, str]], rows: Rows, anything: Host) -> None:
    Path(f"{anything.root}/proc/cpuinfo").write_text("".join(f"{name}\t: {value}\n" for name, value in lines))
    for row in rows(anything):
        assert row["DeviceID"].startswith("CPU")


@pytest.fixture
def anything(host: Make) -> Host:
    """A host whose /proc/cpuinfo is there to be changed."""
    return host("container")


def test_a_list_of_another_form(rows: Rows, host: Make) -> None:
    """As on s390, whose lines begin with `processor 0:`: then it is who is on that counts."""
    other = "== /proc/cpuinfo\nvendor_id       : IBM/S390\nprocessor 0: version = FF,  machine = 8561\n"
    (row,) = rows(host("cloud", other, "== /sys/devices/system/cpu/online\n0,2-3\n"))
    assert (row["NumberOfLogicalProcessors"], row["Manufacturer"]) == (3, "Google")
    assert (row["Stepping"], row["VMMonitorModeExtensions"], row["DataWidth"]) == (None, None, 64)


def test_counts_that_do_not_fit_an_octet(rows: Rows, host: Make) -> None:
    body = bytearray(0x30)
    body[0x05], body[0x06], body[0x11], body[0x18] = 3, 0xFE, 0x06, 0x41
    body[0x23:0x26] = b"\xff\xff\xff"
    body[0x28:0x30] = bytes.fromhex("18 01 00 01 F0 00 00 02")
    made = host("cloud", f"{DMI}type 4 handle 0x0001\n {body[4:].hex(' ')}\n", "== /proc/cpuinfo\n")
    (row,) = rows(Host(made.root, kernel=Kernel("n", "6.1", machine="sh4")))
    assert (row["Family"], row["NumberOfEnabledCore"], row["ThreadCount"]) == (0x118, 240, 512)
    assert (row["CurrentVoltage"], row["VoltageCaps"], row["Architecture"]) == (None, 6, None)


@pytest.mark.parametrize(
    ("size", "longer", "kilobytes"),
    [
        ("00 04", "", 1024),
        ("00 84", "", 65536),
        ("FF FF", "00 00 10 00", 1 << 20),
        ("FF FF", "00 00 01 80", 64 << 16),
    ],
)
def test_sizes_of_caches(size: str, longer: str, kilobytes: int, rows: Rows, host: Make) -> None:
    cache = f"type 7 handle 0x0009\n 00 81 01 00 00 {size} 00 00 00 00 00 00 00 00 00 00 00 00 {longer}\n"
    socket = bytearray(0x30)
    socket[0x05], socket[0x18], socket[0x1C] = 3, 0x41, 9
    table = f"{DMI}{cache}type 4 handle 0x0001\n {socket[4:].hex(' ')}\n"
    (row,) = rows(host("container", table, CACHE.format(0, "level", 9)), "L2CacheSize")
    assert row["L2CacheSize"] == kilobytes
    # What the kernel says of each processor goes before.
    (row,) = rows(host("container", table), "L2CacheSize")
    assert row["L2CacheSize"] == 512


def test_caches_that_several_share_count_once(host: Make) -> None:
    changes = [
        CACHE.format(at, name, value)
        for at, (size, shared) in enumerate([("512K", "0-1"), ("512K", "0-1"), ("2048K", "2"), ("odd", "3")])
        for name, value in (("level", 2), ("size", size), ("shared_cpu_list", shared))
    ]
    cpus = "".join(f"processor\t: {at}\n\n" for at in range(5))
    (package,) = packages(host("container", f"== /proc/cpuinfo\n{cpus}", *changes))
    assert package.cache_kilobytes(2) == (512 + 2048, False)
    assert package.cache_kilobytes(4) == (None, False)


@pytest.mark.parametrize(
    ("text", "found"),
    [("0-2,8", {0, 1, 2, 8}), ("5", {5}), ("", set()), ("x", set()), ("1-", set()), ("0-99999999999", set())],
)
def test_lists_of_processors(text: str, found: set[int]) -> None:
    assert numbers(text) == found


# -------------------------------------------------------------------------------------------------------------- load


def stat(*processors: tuple[int, int]) -> str:
    """/proc/stat with so many ticks of work and of rest for each."""
    lines = [f"cpu{at} {busy} 0 0 {idle} 0 0 0 0 7 0" for at, (busy, idle) in enumerate(processors)]
    return "\n".join(["cpu  1 2 3 4", *lines, "intr 5", "btime 6", ""])


@pytest.fixture
def looks(host: Make) -> tuple[Host, Callable[[str], None]]:
    """A host, and what sets its /proc/stat."""
    made = host("laptop")
    path = Path(f"{made.root}/proc/stat")

    def show(text: str) -> None:
        path.write_text(text, encoding="ascii")

    return made, show


def test_load_is_known_from_the_second_look_on(asking: Asking, looks: tuple[Host, Callable[[str], None]]) -> None:
    made, show = looks
    provider, request = ProcessorProvider(made), asking(WIN32_PROCESSOR, "LoadPercentage")

    def load() -> object:
        (row,) = provider.instances(request)
        return row["LoadPercentage"]

    show(stat(*[(100, 900)] * 8))
    assert load() is None
    assert load() is None  # no time has passed
    show(stat(*[(130, 970)] * 8))
    assert load() == 30
    show(stat(*[(130, 1370)] * 8))
    assert load() == 0
    show("")
    assert load() is None


def test_the_first_who_asks_waits_a_moment(looks: tuple[Host, Callable[[str], None]]) -> None:
    made, show = looks
    waited: list[float] = []

    def pause(seconds: float) -> None:
        waited.append(seconds)
        show(stat((110, 1030)))

    show(stat((100, 1000)))
    made.pause = pause
    load = Load()
    assert percentage(load.look(made), [0]) == 25
    assert percentage(load.look(made), [0]) == 25
    assert waited == [COUNTER_SECONDS]


def test_who_asks_often_sees_a_second_and_not_an_instant(looks: tuple[Host, Callable[[str], None]]) -> None:
    made, show = looks
    load = Load()
    seen = []
    for busy, idle in [(0, 0), (100, 0), (110, 0), (110, 40), (110, 95), (120, 95)]:
        show(stat((busy, 1000 + idle)))
        seen.append(percentage(load.look(made), [0]))
    # At 100, all since 0; at 110 and 150, since 0, too, the last look being of less than a second ago; at 205, since
    # 100; then since 100 again.
    assert seen == [None, 100, 100, 73, 10, 17]


def test_each_socket_has_its_own_load(asking: Asking, host: Make) -> None:
    made = host("server")
    path = Path(f"{made.root}/proc/stat")
    provider, request = ProcessorProvider(made), asking(WIN32_PROCESSOR, "LoadPercentage")
    second = {*range(16, 32), *range(48, 64)}
    for busy in (0, 50):
        text = stat(*[(busy if at in second else 0, 1000 + (0 if at in second else 2 * busy)) for at in range(64)])
        path.write_text(text, encoding="ascii")
        found = [row["LoadPercentage"] for row in provider.instances(request)]
    assert found == [0, 100]


def test_counts_that_go_back_are_no_error() -> None:
    assert percentage({0: (0, 0)}, [0]) is None
    assert percentage({0: (5, 10), 1: (0, 10)}, [0, 1, 9]) == 25
    assert percentage({}, [0]) is None


def test_many_may_look_at_once(looks: tuple[Host, Callable[[str], None]]) -> None:
    made, show = looks
    load = Load()
    show(stat((0, 0)))
    load.look(made)
    show(stat((50, 150)))
    seen: list[int | None] = []
    threads = [threading.Thread(target=lambda: seen.append(percentage(load.look(made), [0]))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert set(seen) == {25}


# ------------------------------------------------------------------------------------------------------ what is read


@pytest.mark.parametrize(
    ("wanted", "sources"),
    [
        ("Status", {"/proc/cpuinfo"}),
        ("NumberOfCores", {"/proc/cpuinfo"}),
        ("LoadPercentage", {"/proc/cpuinfo", "/proc/stat"}),
        ("SocketDesignation", {"/proc/cpuinfo", "/sys/firmware/dmi/tables/DMI"}),
    ],
)
def test_only_what_is_wanted_is_read(
    wanted: str, sources: set[str], rows: Rows, host: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: Counter[str] = Counter()
    made = host("server")
    load = made.load
    monkeypatch.setattr(made, "load", lambda path: (asked.update([path]), load(path))[1])
    assert len(rows(made, wanted)) == 2
    assert asked == dict.fromkeys(sources, 1)
