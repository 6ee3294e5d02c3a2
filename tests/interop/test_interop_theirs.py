"""impacket's own tests of WMI and DCOM against our server, where OPENWMI_IMPACKET names a checkout of impacket.

They are not part of its releases. They want port 135; those of WMI a class Win32_Process that starts notepad.exe, which
a provider of ours claims to do; those of DCOM CLSID_EventSystem. What is marked there as failing may fail, and so does
test_comev, which wants the type library of a COM+ event system.
"""

from __future__ import annotations

import asyncio
import os
import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from tests.interop import eventsystem
from tests.interop.peer import python_with
from tests.interop.processes import Processes, Services
from tests.interop.serving import DOMAIN, PASSWORD, USER
from tests.interop.wmiquery import PORT, free_host

from openwmi.engine import Engine
from openwmi.net import Address
from openwmi.security import UsersFile, add_user
from openwmi.server import Server

CONFIGURATION = """[TCPTransport]
servername = {host}
machine = {host}
username = {user}
password = {password}
hashes =
aesKey256 =
aesKey128 =
domain = {domain}
machineuser =
machineuserhashes =
"""
# Their dependencies are where impacket is installed, and pytest is where these tests run.
PROGRAM = """
import sys
sys.path.insert(0, ".")
sys.path.append(sys.argv.pop(1))
import pytest
sys.exit(pytest.main())
"""
# Of release 0.13.1 and of what came after it. Of WMI two are marked there as failing, of DCOM four as skipped.
PASSED = 12
DCOM_PASSED = 12


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[tuple[Server, Processes]]:
    """Its user may write."""
    users = tmp_path / "users"
    add_user(users, f"{DOMAIN}\\{USER}", PASSWORD)
    processes = Processes()
    server = Server(Engine("SRV1", [processes, Services()]), UsersFile(users), admins=[f"{DOMAIN}\\{USER}"])
    yield server, processes
    await server.close()


async def test_their_tests_of_wmi(server: tuple[Server, Processes], tmp_path: Path) -> None:
    checkout, host = needed()
    await server[0].listen(Address(host, PORT))
    status, counts, printed = await theirs(checkout, "tests/SMB_RPC/test_wmi.py", host, tmp_path)
    assert status == 0, printed
    assert counts.get("passed", 0) >= PASSED, printed
    assert "WMI Session Error" not in printed  # which one of them prints and goes on
    assert server[1].running == {}
    assert server[1].ended == [1]


async def test_their_tests_of_dcom(tmp_path: Path) -> None:
    checkout, host = needed()
    async with eventsystem.serving(Address(host, PORT)):
        _, counts, printed = await theirs(checkout, "tests/dcerpc/test_dcomrt.py", host, tmp_path)
    assert counts.get("passed", 0) >= DCOM_PASSED, printed
    assert re.findall(r"^FAILED \S+::(\w+)", printed, re.MULTILINE) == ["test_comev"], printed
    assert "errors" not in counts, printed


def needed() -> tuple[str, str]:
    """The checkout, and an address whose port 135 can be had; the test is skipped where there is none."""
    checkout, host = os.environ.get("OPENWMI_IMPACKET"), free_host()
    if not checkout:
        pytest.skip("OPENWMI_IMPACKET names no checkout of impacket")
    if host is None:
        pytest.skip(f"they want port {PORT}, which cannot be had here")
    return checkout, host


async def theirs(checkout: str, suite: str, host: str, folder: Path) -> tuple[int | None, dict[str, int], str]:
    """Their exit status, how many had which outcome, and what they printed."""
    configuration = folder / "dcetests.cfg"
    configuration.write_text(CONFIGURATION.format(host=host, user=USER, password=PASSWORD, domain=DOMAIN))
    process = await asyncio.create_subprocess_exec(
        python_with("impacket"),
        "-c",
        PROGRAM,
        str(Path(pytest.__file__).parents[1]),
        suite,
        f"--remote-config={configuration}",
        "-rA",
        "-p",
        "no:cacheprovider",
        cwd=checkout,
        env=os.environ | {"PYTHONDONTWRITEBYTECODE": "1"},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    printed = (await process.communicate())[0].decode()
    counts = {what: int(number) for number, what in re.findall(r"(\d+) (\w+)", printed.splitlines()[-1])}
    return process.returncode, counts, printed
