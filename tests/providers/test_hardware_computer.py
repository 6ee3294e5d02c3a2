"""Win32_ComputerSystem: the machine, its case, its network, who is at it."""

import sys
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import psutil
import pytest
from tests.providers.truths import hardware as truths

from openwmi.engine import Engine
from openwmi.engine.provider import Provider, Request
from openwmi.engine.registration import shipped_class
from openwmi.model import CimInstance
from openwmi.providers.catalogue import builtin
from openwmi.providers.hardware import PROVIDERS
from openwmi.providers.hardware.computer import ComputerSystemProvider
from openwmi.providers.hardware.machine import machine
from openwmi.providers.hardware.processor import ProcessorProvider
from openwmi.providers.host import Host, Kernel
from openwmi.providers.reading import HostProvider
from openwmi.session import Namespace

Make = Callable[..., Host]
Asking = Callable[..., Request]
Values = Callable[..., dict[str, Any]]

WIN32_COMPUTER_SYSTEM = shipped_class("Win32_ComputerSystem")
DMI = "== /sys/firmware/dmi/tables/DMI smbios\n"
PROFILE = "== /sys/firmware/acpi/pm_profile\n{0}\n"
SAMBA = "== /etc/samba/smb.conf\n{0}\n"


@pytest.fixture
def values(asking: Asking) -> Values:
    """`values(host, *names)`: these properties of the only instance, or all, checked against the class."""

    def read(host: Host, *names: str) -> dict[str, Any]:
        (row,) = ComputerSystemProvider(host).instances(asking(WIN32_COMPUTER_SYSTEM, *names))
        WIN32_COMPUTER_SYSTEM.instance(row)
        return dict(row)

    return read


def test_a_laptop(values: Values, host: Make) -> None:
    row = values(host("laptop"))
    assert {name: value for name, value in row.items() if value is not None} == {
        **dict.fromkeys(("Caption", "Name", "DNSHostName"), "thinbook"),
        "Status": "OK",
        "CreationClassName": "Win32_ComputerSystem",
        "PowerManagementSupported": True,
        "ResetCapability": 5,
        "AdminPasswordStatus": 1,
        "FrontPanelResetStatus": 2,
        "KeyboardPasswordStatus": 2,
        "PowerOnPasswordStatus": 0,
        "AutomaticResetBootOption": False,
        "BootupState": "Normal boot",
        "BootStatus": [0],
        "ChassisBootupState": 3,
        "ChassisSKUNumber": "Not Specified",
        "PowerSupplyState": 3,
        "ThermalState": 3,
        "CurrentTimeZone": 60,
        "DaylightInEffect": False,
        "EnableDaylightSavingsTime": True,
        "DomainRole": 0,
        "PartOfDomain": False,
        "HypervisorPresent": False,
        "Manufacturer": "LENOVO",
        "Model": "20XXS3KT00",
        "NumberOfLogicalProcessors": 8,
        "NumberOfProcessors": 1,
        "OEMStringArray": ["Example OEM string", "https://example.org/support"],
        "PCSystemType": 2,
        "PCSystemTypeEx": 2,
        "SystemFamily": "ThinkPad X13 Gen 2i",
        "SystemSKUNumber": "LENOVO_MT_20XX_BU_Think_FM_ThinkPad X13 Gen 2i",
        "SystemType": "x64-based PC",
        "TotalPhysicalMemory": 16166888 * 1024,
        "UserName": "thinbook\\anna",
        "WakeUpType": 6,
    }


def test_a_server(values: Values, host: Make) -> None:
    row = values(host("server"))
    assert (row["Name"], row["DNSHostName"], row["DomainRole"]) == ("db1.example.org", "db1", 2)
    assert (row["NumberOfProcessors"], row["NumberOfLogicalProcessors"], row["PCSystemType"]) == (2, 64, 4)
    assert (row["CurrentTimeZone"], row["DaylightInEffect"]) == (-240, True)
    assert (row["BootupState"], row["AutomaticResetBootOption"]) == ("Fail-safe boot", True)
    assert row["PowerManagementSupported"] is False
    # Nobody is at it: one is logged on from afar, and one session is of no person.
    assert row["UserName"] is None
    assert (row["AutomaticResetCapability"], row["BootOptionOnLimit"], row["BootOptionOnWatchDog"]) == (True, 3, 1)
    assert (row["ResetCount"], row["ResetLimit"], row["PauseAfterReset"]) == (-1, 3, 300_000)


def test_virtual_machines(values: Values, host: Make) -> None:
    names = (
        "HypervisorPresent",
        "PCSystemType",
        "DomainRole",
        "Model",
        "TotalPhysicalMemory",
        "EnableDaylightSavingsTime",
    )
    row = values(host("cloud"), *names)
    assert [row[name] for name in names] == [True, None, None, "Google Compute Engine", 4018120 << 10, False]
    # What the container may use is less; what there is, is this.
    row = values(host("container"), *names)
    assert [row[name] for name in names] == [True, None, None, None, 4018120 << 10, False]


def test_a_host_that_says_nothing(values: Values) -> None:
    row = values(Host("/no/such/root", kernel=Kernel("n", "6.1", machine="vax")))
    assert {name: value for name, value in row.items() if value is not None} == {
        **dict.fromkeys(("Caption", "Name", "DNSHostName"), "n"),
        "Status": "OK",
        "CreationClassName": "Win32_ComputerSystem",
        "CurrentTimeZone": 0,
        "DaylightInEffect": False,
        "EnableDaylightSavingsTime": False,
        "SystemType": "Unknown",
    }


def test_a_mac(values: Values) -> None:
    made = Host("/no/such/root", kernel=Kernel("mac", "23.5.0", machine="arm64", system="Darwin"))
    row = values(made, "TotalPhysicalMemory", "NumberOfLogicalProcessors", "NumberOfProcessors", "SystemType")
    assert (row["NumberOfLogicalProcessors"], row["NumberOfProcessors"]) == (psutil.cpu_count(), 1)
    assert (row["TotalPhysicalMemory"], row["SystemType"]) == (psutil.virtual_memory().total, "ARM64-based PC")


def test_the_same_for_who_is_not_root(values: Values, host: Make) -> None:
    row = values(host("laptop", DMI))
    assert (row["Manufacturer"], row["Model"], row["PCSystemType"]) == ("LENOVO", "20XXS3KT00", 2)
    assert (row["SystemFamily"], row["WakeUpType"], row["ThermalState"]) == ("ThinkPad X13 Gen 2i", None, None)


# ------------------------------------------------------------------------------------------------------- the machine


@pytest.mark.parametrize(
    ("profile", "chassis", "plain", "extended"),
    [
        ("1", 10, 1, 1),
        ("8", 10, 2, 8),
        ("0", 10, 2, 2),
        ("0", 1, 0, 0),
        ("9", 3, 1, 1),
        ("x", 23, 4, 4),
        ("", 30, 2, 8),
        ("", 24, 1, 1),
        ("", 12, None, None),
        ("", 0, None, None),
    ],
)
def test_what_it_is_made_for(
    profile: str, chassis: int, plain: int | None, extended: int | None, values: Values, host: Make
) -> None:
    table = f"{DMI}type 3 handle 0x0003\n 00 {chassis:02X} 00 00 00\n"
    kept = "== /sys/class/dmi/id/chassis_type\n\n"
    row = values(host("cloud", table, kept, PROFILE.format(profile)), "PCSystemType", "PCSystemTypeEx")
    assert (row["PCSystemType"], row["PCSystemTypeEx"]) == (plain, extended)


@pytest.mark.parametrize(
    ("kind", "scope", "found"), [("Battery", "", 2), ("Battery", "Device", None), ("Mains", "", None)]
)
def test_a_battery_makes_it_mobile(kind: str, scope: str, found: int | None, values: Values, host: Make) -> None:
    """But not that of a mouse."""
    supply = "== /sys/class/power_supply/X/{}\n{}\n"
    made = host("container", supply.format("type", kind), supply.format("scope", scope))
    assert values(made, "PCSystemType")["PCSystemType"] == found


@pytest.mark.parametrize(
    ("name", "architecture", "bits", "words"),
    [
        ("x86_64", 9, 64, "x64-based PC"),
        ("i686", 0, 32, "X86-based PC"),
        ("aarch64", 12, 64, "ARM64-based PC"),
        ("armv7l", 5, 32, "ARM-based PC"),
        ("armv8l", 5, 32, "ARM-based PC"),
        ("mips64el", 1, 64, "MIPS-based PC"),
        ("mips", 1, 32, "MIPS-based PC"),
        ("alpha", 2, 64, "Alpha-based PC"),
        ("ppc64le", 3, 64, "Power PC"),
        ("ppc", 3, 32, "Power PC"),
        ("ia64", 6, 64, "64-bit Intel PC"),
        ("sh4", None, 32, "SH-x PC"),
        ("riscv64", None, 64, "Unknown"),
        ("s390", None, 32, "Unknown"),
        ("vax", None, None, "Unknown"),
    ],
)
def test_machines(name: str, architecture: int | None, bits: int | None, words: str) -> None:
    found = machine(name)
    assert (found.architecture, found.bits, found.system_type) == (architecture, bits, words)


@pytest.mark.parametrize(
    ("sections", "found"),
    [
        (["== /sys/hypervisor/type\nxen\n"], True),
        (["== /proc/device-tree/hypervisor/compatible nul\nlinux,kvm\n"], True),
        (["== /sys/class/dmi/id/sys_vendor\nQEMU\n"], True),
        (["== /sys/class/dmi/id/sys_vendor\nAmpere\n"], None),
        (["== /proc/cpuinfo\nprocessor: 0\nflags: fpu\n"], False),
        (["== /proc/cpuinfo\nprocessor: 0\nflags: fpu hypervisor\n"], True),
        ([], None),
    ],
)
def test_signs_of_a_hypervisor(sections: list[str], found: bool | None, values: Values, host: Make) -> None:
    made = host("container", "== /proc/cpuinfo\nprocessor: 0\nFeatures: fp\n", *sections)
    assert values(made, "HypervisorPresent")["HypervisorPresent"] is found


def test_a_device_tree(values: Values, host: Make) -> None:
    tree = (
        "== /proc/device-tree/model nul\nRaspberry Pi 4 Model B Rev 1.4\n"
        "== /proc/device-tree/compatible nul\nraspberrypi,4-model-b\nbrcm,bcm2711\n"
    )
    row = values(host("container", tree), "Manufacturer", "Model")
    assert (row["Manufacturer"], row["Model"]) == ("raspberrypi", "Raspberry Pi 4 Model B Rev 1.4")


@pytest.mark.parametrize(("octet", "capability"), [("00", 3), ("01", 4), ("02", 5), ("03", 2)])
def test_the_button_that_resets(octet: str, capability: int, values: Values, host: Make) -> None:
    row = values(host("cloud", f"{DMI}type 24 handle 0x0001\n {octet}\n"), "ResetCapability", "AdminPasswordStatus")
    assert (row["ResetCapability"], row["AdminPasswordStatus"]) == (capability, 0)


def test_counts_of_resets_that_no_number_of_the_class_can_hold(values: Values, host: Make) -> None:
    table = f"{DMI}type 23 handle 0x0001\n 00 00 80 FF 7F FF FF FF FF\n"
    row = values(host("cloud", table), "ResetCount", "ResetLimit", "PauseAfterReset", "AutomaticResetCapability")
    assert (row["ResetCount"], row["ResetLimit"], row["PauseAfterReset"]) == (None, 0x7FFF, -1)
    assert row["AutomaticResetCapability"] is False


@pytest.mark.parametrize(
    ("words", "state"),
    [
        ("ro quiet", "Normal boot"),
        ("ro single", "Fail-safe boot"),
        ("ro emergency", "Fail-safe boot"),
        ("", "Normal boot"),
    ],
)
def test_how_it_was_started(words: str, state: str, values: Values, host: Make) -> None:
    assert values(host("cloud", f"== /proc/cmdline\n{words}\n"), "BootupState")["BootupState"] == state


@pytest.mark.parametrize(
    ("clock", "rule", "expected"),
    [
        (1720000000, "CET-1CEST,M3.5.0,M10.5.0/3", (120, True, True)),
        (1705000000, "NZST-12NZDT,M9.5.0,M4.1.0/3", (780, True, True)),
        (1720000000, "NZST-12NZDT,M9.5.0,M4.1.0/3", (720, False, True)),
        (1720000000, "IST-5:30", (330, False, False)),
    ],
)
def test_the_clock(clock: int, rule: str, expected: tuple[int, bool, bool], values: Values, host: Make) -> None:
    made = host("laptop", f"== @clock\n{clock}\n", f"== /etc/localtime tzif\n{rule}\n")
    row = values(made, "CurrentTimeZone", "DaylightInEffect", "EnableDaylightSavingsTime")
    assert (row["CurrentTimeZone"], row["DaylightInEffect"], row["EnableDaylightSavingsTime"]) == expected


# ------------------------------------------------------------------------------------------------------- the network


MEMBER = "[global]\n workgroup = example\n Security = ADS\n realm = AD.EXAMPLE.ORG\n[homes]\n workgroup = other"
PRIMARY = "[global]\n; a comment\nworkgroup=example\nserver   role = Classic Primary Domain Controller"
SSSD = "== /etc/sssd/sssd.conf\n[sssd]\ndomains = ad.example.org\n[domain/ad.example.org]\nid_provider = {0}\n{1}\n"


@pytest.mark.parametrize(
    ("sections", "member", "domain", "workgroup", "role"),
    [
        ([SAMBA.format(MEMBER)], True, "ad.example.org", None, 3),
        ([SAMBA.format("[global]\nworkgroup = example")], False, "EXAMPLE", "EXAMPLE", 2),
        ([SAMBA.format(PRIMARY)], True, "EXAMPLE", None, 5),
        ([SAMBA.format("[global]\nserver role = DC\nrealm = AD.X")], True, "ad.x", None, None),
        ([SAMBA.format("[global]\nsecurity = domain\nworkgroup = x")], True, "X", None, 3),
        ([SSSD.format("ad", "")], True, "ad.example.org", None, 3),
        ([SSSD.format("ipa", "ipa_domain = ipa.example.org")], True, "ipa.example.org", None, 3),
        ([SSSD.format("ldap", "")], False, None, None, 2),
        (["== /etc/ipa/default.conf\n[global]\ndomain = ipa.example.org\n"], True, "ipa.example.org", None, 3),
        (["== /etc/sssd/conf.d dir\n"], False, None, None, 2),
        ([], False, None, None, 2),
    ],
)
def test_domains_and_workgroups(
    sections: list[str], member: bool, domain: str, workgroup: str, role: int | None, values: Values, host: Make
) -> None:
    made = host("server", SAMBA.format(""), *sections)
    row = values(made, "PartOfDomain", "Domain", "Workgroup", "DomainRole")
    assert (row["PartOfDomain"], row["Domain"], row["Workgroup"], row["DomainRole"]) == (
        member,
        domain,
        workgroup,
        role,
    )


def test_settings_that_must_not_be_read(values: Values, host: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    made = host("server", SAMBA.format(""), SSSD.format("ad", ""))
    octets = made.octets
    monkeypatch.setattr(made, "octets", lambda path: None if "sssd" in path else octets(path))
    row = values(made, "PartOfDomain", "Domain", "DomainRole")
    assert (row["PartOfDomain"], row["Domain"], row["DomainRole"]) == (None, None, None)
    monkeypatch.setattr(made, "count", lambda _: None)
    assert values(made, "PartOfDomain")["PartOfDomain"] is None


# -------------------------------------------------------------------------------------------------------- the people


@pytest.mark.parametrize(
    ("session", "user"),
    [
        ("USER=eve\nCLASS=user\nACTIVE=1\nSEAT=seat0\n", "web-1\\eve"),
        ("USER=eve\nCLASS=user-early\nACTIVE=1\nTTY=tty3\n", "web-1\\eve"),
        ("USER=eve\nCLASS=user\nACTIVE=0\nSEAT=seat0\n", None),
        ("USER=eve\nCLASS=greeter\nACTIVE=1\nSEAT=seat0\n", None),
        ("USER=eve\nCLASS=user\nACTIVE=1\nTTY=pts/3\nREMOTE=1\n", None),
        ("CLASS=user\nACTIVE=1\nSEAT=seat0\n", None),
    ],
)
def test_who_is_at_it(session: str, user: str | None, values: Values, host: Make) -> None:
    made = host("cloud", f"== /run/systemd/sessions/7\n{session}", "== /run/systemd/sessions/9.ref\n")
    assert values(made, "UserName")["UserName"] == user


async def test_through_queries(host: Make) -> None:
    made = host("server")
    engine = Engine("HOST1", [ComputerSystemProvider(made), ProcessorProvider(made)])
    ns = Namespace(engine.session(r"root\cimv2"))
    (computer,) = await ns.query("SELECT Name, NumberOfProcessors FROM Win32_ComputerSystem")
    assert computer.NumberOfProcessors == len(await ns.query("SELECT DeviceID FROM Win32_Processor"))
    one = await ns.get(f'Win32_ComputerSystem.Name="{computer.Name}"')
    assert isinstance(one, CimInstance)
    assert one.Model == "PowerEdge R740"


@pytest.mark.skipif(sys.platform != "linux", reason="find is another one elsewhere")
@pytest.mark.parametrize("is_root", [True, False])
@pytest.mark.parametrize("name", ["laptop", "cloud", "server"])
async def test_what_the_kernel_kept_is_told(name: str, is_root: bool, host: Make) -> None:
    """On hosts that have firmware, since the machine that tests run on may have none to compare with."""
    made = host(name, *([] if is_root else [DMI]))
    ns = Namespace(Engine("HOST1", providers_of(made)).session(r"root\cimv2"))
    told = [each for each in truths.TABLES if each.command is truths.KEPT]
    assert len(told) == 5
    for each in told:
        there = replace(each, command=("find", f"{made.root}/sys/class", *truths.KEPT[2:]))
        assert (await there.compared(ns)).differences == []


def providers_of(made: Host) -> list[Provider]:
    """Those of this family, of that host."""
    loaded = [each.load() for each in builtin() if each.class_name in PROVIDERS]
    for each in loaded:
        assert isinstance(each, HostProvider)
        each.host = made
    return loaded


def test_only_what_is_wanted_is_read(values: Values, host: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    made = host("laptop")
    asked: Counter[str] = Counter()
    load = made.load
    monkeypatch.setattr(made, "load", lambda path: (asked.update([path]), load(path))[1])
    values(made, "Name", "SystemType", "Status", "Caption")
    assert asked == {}
    values(made, "TotalPhysicalMemory", "Manufacturer", "Model", "ThermalState")
    assert asked == {"/proc/meminfo": 1, "/sys/firmware/dmi/tables/DMI": 1}


@pytest.mark.skipif(not Path("/proc/meminfo").exists(), reason="what is expected is Linux's")
def test_this_machine(values: Values) -> None:
    row = values(Host())
    assert f"{row['TotalPhysicalMemory'] >> 10} kB" in Path("/proc/meminfo").read_text(encoding="ascii")
    assert row["NumberOfLogicalProcessors"] >= row["NumberOfProcessors"] >= 1
