"""Services of systemd and modules of the kernel: values, methods with their codes, and what belongs to what."""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Callable, Mapping
from typing import Any

import pytest
from tests.providers.trees import FOLDER

from openwmi.base.error import WbemError
from openwmi.base.status import WbemStatus
from openwmi.engine import Engine
from openwmi.engine.provider import MethodCall, Request
from openwmi.engine.registration import shipped_class
from openwmi.providers.hardware.computer import ComputerSystemProvider
from openwmi.providers.host import Host, Kernel, RecordedBus, SilentBusError
from openwmi.providers.reading import HostProvider
from openwmi.providers.services.driver import SystemDriverProvider
from openwmi.providers.services.service import DependentServiceProvider, ServiceProvider, SystemServicesProvider
from openwmi.session import Namespace

Make = Callable[..., Host]
Asking = Callable[..., Request]
Rows = Callable[..., dict[str, Mapping[str, Any]]]
Call = Callable[..., Any]

MANAGER = "org.freedesktop.systemd1.Manager"


@pytest.fixture
def rows(asking: Asking) -> Rows:
    def read(provider: HostProvider[Any], *names: str, **equalities: object) -> dict[str, Mapping[str, Any]]:
        class_ = shipped_class(str(provider.cim_class))
        found = list(provider.instances(asking(class_, *names, **equalities)))
        for row in found:
            class_.instance(row)
        return {str(row["Name"]): row for row in found}

    return read


@pytest.fixture
def call(asking: Asking) -> Call:
    """`call(function, name, **inputs)`: what a method of Win32_Service returns."""

    def made(function: Callable[[MethodCall], Any], name: str | None, **inputs: object) -> Any:
        keys = None if name is None else {"Name": name}
        return function(MethodCall(asking("Win32_Service"), keys, inputs))["ReturnValue"]

    return made


def bus_of(name: str, **members: object) -> str:
    """The recorded bus of a host, with other answers of systemd's manager."""
    text = (FOLDER / f"{name}.host").read_text(encoding="utf-8")
    found = re.search(r"^== @bus\n((?:(?!== ).*\n?)*)", text, re.MULTILINE)
    assert found is not None
    recorded = json.loads(found[1])
    recorded["org.freedesktop.systemd1"]["/org/freedesktop/systemd1"][MANAGER].update(members)
    return f"== @bus\n{json.dumps(recorded)}\n"


def done(host: Host) -> list[tuple[str, tuple[object, ...]]]:
    """What was called to change something."""
    assert isinstance(host.bus, RecordedBus)
    asked = ("ListUnits", "ListUnitFiles", "LoadUnit", "GetUnit")
    return [(name.rpartition(".")[2], given) for name, given in host.bus.calls if not name.endswith(asked)]


# --------------------------------------------------------------------------------------------------------------- values


def test_services_of_a_laptop(host: Make, rows: Rows) -> None:
    found = rows(ServiceProvider(host("laptop")))
    assert {name: (row["State"], row["StartMode"], row["Status"]) for name, row in found.items()} == {
        "NetworkManager": ("Running", "Auto", "OK"),
        "NetworkManager-wait-online": ("Running", "Auto", "OK"),
        "apt-daily": ("Stopped", "Manual", "OK"),
        "bluetooth": ("Stopped", "Manual", "OK"),
        "cups": ("Stopped", "Auto", "Error"),
        "debug-shell": ("Stopped", "Disabled", "OK"),
        "getty@tty1": ("Running", "Auto", "OK"),
        "ssh": ("Running", "Auto", "OK"),
    }
    expected = {
        "Caption": "OpenBSD Secure Shell server",
        "DisplayName": "OpenBSD Secure Shell server",
        "SystemName": "thinbook",
        "PathName": "/usr/sbin/sshd -D",
        "ProcessId": 702,
        "StartName": "root",
        "Started": True,
        "AcceptStop": True,
        "AcceptPause": False,
        "ExitCode": 0,
        "ServiceSpecificExitCode": 0,
        "ServiceType": "Own Process",
        "DelayedAutoStart": False,
    }
    assert {name: found["ssh"][name] for name in expected} == expected
    cups = found["cups"]
    assert (cups["ExitCode"], cups["ServiceSpecificExitCode"], cups["ProcessId"]) == (1066, 1, 0)
    assert (cups["AcceptStop"], cups["Started"]) == (False, False)


@pytest.mark.parametrize("name", ["cloud", "server"])
def test_services_of_others(name: str, host: Make, rows: Rows) -> None:
    found = rows(ServiceProvider(host(name)))
    assert found
    assert None not in {row["State"] for row in found.values()}


def test_without_systemd_there_are_none(host: Make, rows: Rows) -> None:
    for made in (host("container"), Host("/no/such/root", kernel=Kernel("n", "6.1"))):
        for provider in (ServiceProvider(made), SystemDriverProvider(made)):
            assert rows(provider) == {}


@pytest.mark.parametrize("member", ["ListUnits()", "ListUnitFiles()"])
def test_systemd_that_refuses_is_a_failure(member: str, host: Make, rows: Rows) -> None:
    refusal = {member: {"error": "org.freedesktop.DBus.Error.AccessDenied"}}
    with pytest.raises(WbemError, match="AccessDenied"):
        rows(ServiceProvider(host("laptop", bus_of("laptop", **refusal))))


def test_what_is_installed_and_not_loaded(host: Make, rows: Rows) -> None:
    files = [
        ["/usr/lib/systemd/system/nginx.service", "disabled"],
        ["/usr/lib/systemd/system/getty@.service", "enabled"],
        ["/usr/lib/systemd/system/www.service", "alias"],
        ["/usr/lib/systemd/system/some.socket", "enabled"],
    ]
    gone = [["lost.service", "lost.service", "not-found", "inactive", "dead", "", "/lost", 0, "", "/"]]
    bus = bus_of("cloud", **{"ListUnits()": [gone], "ListUnitFiles()": [files]})
    found = rows(ServiceProvider(host("cloud", bus)))
    assert list(found) == ["nginx"]
    assert (found["nginx"]["State"], found["nginx"]["StartMode"]) == ("Stopped", "Manual")
    assert found["nginx"]["DisplayName"]  # systemd loads it to be asked


def test_only_what_is_wanted_is_asked(host: Make, rows: Rows, monkeypatch: pytest.MonkeyPatch) -> None:
    made = host("laptop")
    monkeypatch.setattr(made.bus, "properties", lambda *_: pytest.fail("a unit was asked"))
    found = rows(ServiceProvider(made), "Name", "State", "StartMode", "DisplayName", "Started")
    assert found["cups"]["StartMode"] == "Auto"


def test_one_that_is_silent_is_asked_once(
    host: Make, rows: Rows, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    made, asked = host("laptop"), list[str]()

    def silent(_: str, path: str, interface: str) -> Mapping[str, Any]:
        asked.append(f"{path} {interface}")
        raise SilentBusError("openwmi.Silent", "it did not answer")

    monkeypatch.setattr(made.bus, "properties", silent)
    with caplog.at_level(logging.WARNING, "openwmi.providers"):
        found = rows(ServiceProvider(made), "ProcessId", "State", "PathName")
    silence = "openwmi.Silent: it did not answer: NULL"
    assert sorted(caplog.messages) == [f"Win32_Service.PathName: {silence}", f"Win32_Service.ProcessId: {silence}"]
    assert {row["ProcessId"] for row in found.values()} == {None}
    assert found["ssh"]["State"] == "Running"
    assert len(asked) == 1
    with pytest.raises(WbemError, match="did not answer"):
        rows(DependentServiceProvider(made))


# -------------------------------------------------------------------------------------------------------------- methods


@pytest.mark.parametrize(
    ("name", "code", "calls"),
    [
        ("bluetooth", 0, [("StartUnit", ("bluetooth.service", "replace"))]),
        ("cups", 0, [("StartUnit", ("cups.service", "replace"))]),
        ("SSH", 10, []),
        ("debug-shell", 14, []),
    ],
)
def test_start(name: str, code: int, calls: list[Any], host: Make, call: Call) -> None:
    made = host("laptop")
    assert call(ServiceProvider(made).start, name) == code
    assert done(made) == calls


@pytest.mark.parametrize(
    ("name", "code", "calls"),
    [
        ("ssh", 0, [("StopUnit", ("ssh.service", "replace"))]),
        ("NetworkManager", 3, []),  # the one that waits for it runs
        ("bluetooth", 6, []),
        ("cups", 6, []),
    ],
)
def test_stop(name: str, code: int, calls: list[Any], host: Make, call: Call) -> None:
    made = host("laptop")
    assert call(ServiceProvider(made).stop, name) == code
    assert done(made) == calls


@pytest.mark.parametrize(
    ("name", "mode", "code", "calls"),
    [
        ("bluetooth", "Automatic", 0, [("EnableUnitFiles", (["bluetooth.service"], False, True)), ("Reload", ())]),
        ("ssh", "manual", 0, [("DisableUnitFiles", (["ssh.service"], False)), ("Reload", ())]),
        ("ssh", "Disabled", 0, [("MaskUnitFiles", (["ssh.service"], False, True)), ("Reload", ())]),
        (
            "debug-shell",
            "Manual",
            0,
            [
                ("UnmaskUnitFiles", (["debug-shell.service"], False)),
                ("DisableUnitFiles", (["debug-shell.service"], False)),
                ("Reload", ()),
            ],
        ),
        ("ssh", "Boot", 21, []),
        ("ssh", None, 21, []),
    ],
)
def test_change_start_mode(name: str, mode: str | None, code: int, calls: list[Any], host: Make, call: Call) -> None:
    made = host("laptop")
    assert call(ServiceProvider(made).change_start_mode, name, StartMode=mode) == code
    assert done(made) == calls


def test_a_unit_that_cannot_be_enabled(host: Make, call: Call) -> None:
    made = host("laptop", bus_of("laptop", **{"EnableUnitFiles(*)": [False, []]}))
    assert call(ServiceProvider(made).change_start_mode, "apt-daily", StartMode="Automatic") == 1


@pytest.mark.parametrize(
    ("error", "code"),
    [
        ("org.freedesktop.DBus.Error.AccessDenied", 2),
        ("org.freedesktop.DBus.Error.InteractiveAuthorizationRequired", 2),
        ("org.freedesktop.DBus.Error.NoReply", 7),
        ("openwmi.Silent", 7),
        ("org.freedesktop.systemd1.UnitMasked", 14),
        ("org.freedesktop.systemd1.LoadFailed", 8),
    ],
)
def test_refusals_are_codes(error: str, code: int, host: Make, call: Call) -> None:
    members = ("StartUnit(*)", "StopUnit(*)", "MaskUnitFiles(*)")
    provider = ServiceProvider(host("laptop", bus_of("laptop", **{member: {"error": error} for member in members})))
    assert call(provider.start, "bluetooth") == code
    assert call(provider.stop, "ssh") == code
    assert call(provider.change_start_mode, "ssh", StartMode="Disabled") == code


@pytest.mark.parametrize(("error", "code"), [("openwmi.Silent", 7), ("org.freedesktop.DBus.Error.AccessDenied", 2)])
def test_who_cannot_look_for_the_service_gets_a_code(error: str, code: int, host: Make, call: Call) -> None:
    provider = ServiceProvider(host("laptop", bus_of("laptop", **{"ListUnits()": {"error": error}})))
    for function in (provider.start, provider.stop, provider.change_start_mode):
        assert call(function, "ssh") == code


def test_no_such_service_and_no_instance(host: Make, call: Call) -> None:
    provider = ServiceProvider(host("laptop"))
    for function in (provider.start, provider.stop, provider.change_start_mode):
        with pytest.raises(WbemError) as caught:
            call(function, "nothing")
        assert caught.value.status == WbemStatus.NOT_FOUND
        with pytest.raises(WbemError) as caught:
            call(function, None)
        assert caught.value.status == WbemStatus.INVALID_METHOD_PARAMETERS


# --------------------------------------------------------------------------------------------------------- associations


def space_of(host: Host) -> Namespace:
    kinds = (ComputerSystemProvider, ServiceProvider, SystemServicesProvider, DependentServiceProvider)
    return Namespace(Engine("HOST1", [kind(host) for kind in kinds]).session(r"root\cimv2"))


@pytest.mark.parametrize("name", ["laptop", "cloud", "container", "server"])
async def test_every_end_is_there(name: str, host: Make) -> None:
    made = host(name)
    ns = space_of(made)
    services = await ns.query("SELECT Name FROM Win32_Service")
    links = await ns.query("SELECT * FROM Win32_SystemServices")
    assert len(links) == len(services)
    for link in links:
        assert (await ns.get(link.PartComponent)).SystemName == (await ns.get(link.GroupComponent)).Name
    for link in await ns.query("SELECT * FROM Win32_DependentService"):
        assert (await ns.get(link.Antecedent)).Name != (await ns.get(link.Dependent)).Name


async def test_what_needs_what(host: Make) -> None:
    ns = space_of(host("laptop"))
    (link,) = await ns.query("SELECT * FROM Win32_DependentService")
    assert str(link.Antecedent).endswith('Win32_Service.Name="NetworkManager"')
    assert str(link.Dependent).endswith('Win32_Service.Name="NetworkManager-wait-online"')
    assert link.TypeOfDependency == 3
    for name, role in (("NetworkManager", "Dependent"), ("NetworkManager-wait-online", "Antecedent")):
        query = (
            f"ASSOCIATORS OF {{Win32_Service.Name='{name}'}} WHERE AssocClass=Win32_DependentService ResultRole={role}"
        )
        assert len(await ns.query(query)) == 1
    assert await ns.query("REFERENCES OF {Win32_Service.Name='ssh'} WHERE ResultClass=Win32_DependentService") == []


async def test_through_calls(host: Make) -> None:
    made = host("laptop")
    ns = space_of(made)
    (service,) = await ns.query("SELECT * FROM Win32_Service WHERE Name = 'bluetooth'")
    result = await ns.call(str(service.path_), "StartService")
    assert result.ReturnValue == 0
    assert done(made) == [("StartUnit", ("bluetooth.service", "replace"))]


# -------------------------------------------------------------------------------------------------------------- drivers


def test_modules(host: Make, rows: Rows) -> None:
    made = host(
        "laptop",
        "== /proc/modules\ne1000e 331776 0 - Live 0x0\nnf_nat 1 2 a,b, Unloading 0x0\n"
        "xfs 9 0 [permanent], Live 0x0\nodd\n",
        "== /lib/modules/6.1.0-18-amd64/modules.dep\n"
        "kernel/drivers/net/e1000e.ko.xz: kernel/drivers/pps/pps_core.ko\nkernel/fs/xfs/xfs.ko:\n"
        "/extra/nf-nat.ko.zst:\n",
    )
    found = rows(SystemDriverProvider(made))
    assert list(found) == ["e1000e", "nf_nat", "xfs"]
    one = found["e1000e"]
    expected = {
        "State": "Running",
        "Status": "OK",
        "Started": True,
        "AcceptStop": True,
        "PathName": "/lib/modules/6.1.0-18-amd64/kernel/drivers/net/e1000e.ko.xz",
        "ServiceType": "Kernel Driver",
        "SystemName": "thinbook",
        "StartMode": None,
    }
    assert {name: one[name] for name in expected} == expected
    assert (found["nf_nat"]["State"], found["nf_nat"]["PathName"]) == ("Stop Pending", "/extra/nf-nat.ko.zst")
    assert (found["xfs"]["ServiceType"], found["xfs"]["AcceptStop"]) == ("File System Driver", False)


def test_a_module_without_its_file(host: Make, rows: Rows) -> None:
    row = rows(SystemDriverProvider(host("laptop")))["iwlwifi"]
    assert (row["PathName"], row["ServiceType"], row["AcceptStop"]) == (None, None, False)


def test_without_modules_there_are_none(host: Make, rows: Rows) -> None:
    assert rows(SystemDriverProvider(host("cloud"))) == {}
