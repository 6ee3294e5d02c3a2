"""Services over a real message bus: a dbus-daemon, and a stand-in for systemd that speaks with its signatures."""

from __future__ import annotations

import asyncio
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from openwmi.engine import Engine
from openwmi.providers.host import Host, Kernel
from openwmi.providers.host.systembus import SystemBus
from openwmi.providers.services.service import DependentServiceProvider, ServiceProvider
from openwmi.session import Namespace

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="systemd is of Linux")

NAME = "org.freedesktop.systemd1"
PATH = "/org/freedesktop/systemd1/unit"

UNITS = [
    ["ssh.service", "Secure shell", "loaded", "active", "running", "", f"{PATH}/ssh", 0, "", "/"],
    ["late.service", "Waits for ssh", "loaded", "inactive", "dead", "", f"{PATH}/late", 0, "", "/"],
]
FILES = [["/lib/systemd/system/ssh.service", "enabled"], ["/lib/systemd/system/late.service", "disabled"]]


def answers() -> dict[tuple[str, str, str], tuple[str, list[Any]]]:
    """Path, member and first argument -> signature and out-arguments."""
    from dbus_fast import Variant

    manager = "/org/freedesktop/systemd1"
    command = ["/usr/sbin/sshd", ["/usr/sbin/sshd", "-D"], False, 0, 0, 0, 0, 0, 0, 0]
    service = {
        "MainPID": Variant("u", 702),
        "ExecMainStatus": Variant("i", 0),
        "User": Variant("s", ""),
        "ExecStart": Variant("a(sasbttttuii)", [command]),
    }
    unit = {"CanStop": Variant("b", True), "RequiredBy": Variant("as", [])}
    needs = {"CanStop": Variant("b", True), "Requires": Variant("as", ["ssh.service", "basic.target"])}
    return {
        (manager, "ListUnits", ""): ("a(ssssssouso)", [UNITS]),
        (manager, "ListUnitFiles", ""): ("a(ss)", [FILES]),
        (manager, "StartUnit", "late.service"): ("o", ["/org/freedesktop/systemd1/job/1"]),
        (manager, "StopUnit", "ssh.service"): ("o", ["/org/freedesktop/systemd1/job/2"]),
        (manager, "EnableUnitFiles", "['late.service']"): ("ba(sss)", [True, []]),
        (manager, "Reload", ""): ("", []),
        (f"{PATH}/ssh", "GetAll", f"{NAME}.Unit"): ("a{sv}", [unit]),
        (f"{PATH}/ssh", "GetAll", f"{NAME}.Service"): ("a{sv}", [service]),
        (f"{PATH}/late", "GetAll", f"{NAME}.Unit"): ("a{sv}", [needs]),
    }


@pytest.fixture
def address(tmp_path: Path) -> Iterator[str]:
    """A bus of its own."""
    if shutil.which("dbus-daemon") is None:
        pytest.skip("dbus-daemon is not installed")
    command = ["dbus-daemon", "--session", "--nofork", f"--address=unix:path={tmp_path}/bus", "--print-address"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as daemon:
        assert daemon.stdout is not None
        yield daemon.stdout.readline().strip()
        daemon.terminate()


@pytest.fixture
def host(address: str) -> Iterator[Host]:
    """A host with that bus, on which somebody answers for systemd."""
    pytest.importorskip("dbus_fast")
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    bus = asyncio.run_coroutine_threadsafe(_serve(address), loop).result(10)
    ours = SystemBus(address)
    yield Host("/no/such/root", kernel=Kernel("n", "6.1"), bus=ours)
    ours.close()
    asyncio.run_coroutine_threadsafe(_end(bus), loop).result(10)
    loop.call_soon_threadsafe(loop.stop)
    thread.join(10)
    loop.close()


async def _serve(address: str) -> Any:
    from dbus_fast import Message, MessageType
    from dbus_fast.aio import MessageBus

    known = answers()

    def answer(message: Message) -> Message | None:
        if message.message_type is not MessageType.METHOD_CALL or message.path is None:
            return None
        first = str(message.body[0]) if message.body else ""
        found = known.get((message.path, str(message.member), first))
        if found is None:
            return Message.new_error(message, "org.freedesktop.DBus.Error.AccessDenied", "it is not in the table")
        return Message.new_method_return(message, *found)

    bus = await MessageBus(address).connect()
    bus.add_message_handler(answer)
    await bus.request_name(NAME)
    return bus


async def _end(bus: Any) -> None:
    bus.disconnect()
    await bus.wait_for_disconnect()


async def test_services_over_a_bus(host: Host) -> None:
    ns = Namespace(Engine("HOST1", [ServiceProvider(host), DependentServiceProvider(host)]).session(r"root\cimv2"))
    late, ssh = await ns.query("SELECT * FROM Win32_Service")
    assert (ssh.Name, ssh.State, ssh.StartMode, ssh.ProcessId) == ("ssh", "Running", "Auto", 702)
    assert (ssh.PathName, ssh.StartName, ssh.AcceptStop) == ("/usr/sbin/sshd -D", "root", True)
    assert (late.Name, late.State, late.StartMode, late.ProcessId) == ("late", "Stopped", "Manual", None)
    (link,) = await ns.query("SELECT * FROM Win32_DependentService")
    assert str(link.Antecedent).endswith('"ssh"')
    codes = [
        (await ns.call(str(service.path_), name, **inputs)).ReturnValue
        for service, name, inputs in (
            (late, "StartService", {}),
            (ssh, "StartService", {}),
            (ssh, "StopService", {}),
            (late, "StopService", {}),
            (late, "ChangeStartMode", {"StartMode": "Automatic"}),
            (ssh, "ChangeStartMode", {"StartMode": "Disabled"}),
        )
    ]
    assert codes == [0, 10, 0, 6, 0, 2]
