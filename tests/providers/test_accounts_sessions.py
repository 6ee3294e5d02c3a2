"""Win32_LogonSession, Win32_LoggedOnUser, Win32_SessionProcess: of logind and of utmp."""

import struct
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from tests.providers.serving import Asking, Make, bare, namespace, rows

from openwmi.providers.accounts.session import LoggedOnUserProvider, LogonSessionProvider, SessionProcessProvider
from openwmi.providers.accounts.user import UserAccountProvider
from openwmi.providers.host import Host, Kernel
from openwmi.providers.processes.process import ProcessProvider
from openwmi.session import Namespace

PROVIDERS = (LogonSessionProvider, LoggedOnUserProvider, SessionProcessProvider, UserAccountProvider, ProcessProvider)
FILE = "== /run/systemd/system dir\n== /run/systemd/sessions/9\nUSER=anna\n"


def everything(host: Host) -> Namespace:
    return namespace(*[each(host) for each in PROVIDERS])


def entry(kind: int, pid: int, user: str, origin: str, seconds: int, *, long: bool = False) -> str:
    """A line of utmp(5), in hex."""
    head = struct.pack("=h2xi32s4s32s256s4x", kind, pid, b"pts/0", b"ts/0", user.encode(), origin.encode())
    times = struct.pack("=qqq16x20x4x" if long else "=iII16x20x", 0, seconds, 250000)
    return (head + times).hex()


def utmp(host: Make, *entries: str, machine: str = "x86_64") -> Host:
    made = host("container", f"== /run/utmp hex\n{''.join(entries)}\n", "== /proc/7/sessionid unended\n5\n")
    return Host(made.root, kernel=Kernel("f3a9c0de1234", "6.8", "", machine), clock=made.now)


def test_a_session_of_logind(host: Make, asking: Asking) -> None:
    (row,) = rows(LogonSessionProvider(host("laptop")), asking)
    started = row.pop("StartTime")
    assert started.to_datetime() == datetime(2023, 11, 11, 22, 40, tzinfo=UTC)
    assert row == {
        "Caption": None,
        "Description": None,
        "InstallDate": None,
        "Name": None,
        "Status": "OK",
        "AuthenticationPackage": "login",
        "LogonId": "2",
        "LogonType": 2,
    }


def test_sessions_from_elsewhere_and_of_services(host: Make, asking: Asking) -> None:
    found = {row["LogonId"]: row for row in rows(LogonSessionProvider(host("server")), asking)}
    assert {name: row["LogonType"] for name, row in found.items()} == {"31": 10, "c1": 5}
    assert (found["31"]["StartTime"], found["31"]["AuthenticationPackage"]) == (None, None)


@pytest.mark.parametrize(
    ("lines", "kind"),
    [
        ("CLASS=user\nTYPE=x11\nREMOTE=0\n", 2),
        ("CLASS=user-early\nTYPE=tty\nTTY=tty1\n", 2),
        ("CLASS=user\nTYPE=tty\nTTY=pts/1\nREMOTE=1\n", 10),
        ("CLASS=user\nTYPE=unspecified\nREMOTE=1\n", 3),
        ("CLASS=background\nSERVICE=crond\n", 4),
        ("CLASS=background-light\nSERVICE=other\n", 5),
        ("CLASS=manager\nSERVICE=systemd-user\n", 5),
        ("CLASS=greeter\nTYPE=wayland\n", 2),
        ("CLASS=of-the-future\n", None),
        ("", None),
    ],
)
def test_kinds_of_sessions(lines: str, kind: int | None, tmp_path: Path, asking: Asking) -> None:
    (row,) = rows(LogonSessionProvider(bare(tmp_path, FILE + lines)), asking)
    assert row["LogonType"] == kind


@pytest.mark.parametrize(
    ("state", "status"), [("opening", "Starting"), ("online", "OK"), ("closing", "Stopping"), ("odd", None)]
)
def test_states_of_sessions(state: str, status: str | None, tmp_path: Path, asking: Asking) -> None:
    (row,) = rows(LogonSessionProvider(bare(tmp_path, f"{FILE}STATE={state}\n")), asking)
    assert row["Status"] == status


def test_files_that_are_no_sessions(host: Make, asking: Asking) -> None:
    made = host("cloud", "== /run/systemd/sessions/9.ref\n\n", "== /run/systemd/sessions/8\nCLASS=user\n")
    assert rows(LogonSessionProvider(made), asking) == []


@pytest.mark.parametrize(("machine", "long"), [("x86_64", False), ("aarch64", True)])
def test_sessions_of_utmp(machine: str, long: bool, host: Make, asking: Asking) -> None:
    entries = [
        entry(2, 1, "reboot", "6.8", 1, long=long),
        entry(7, 7, "redis", "192.0.2.9", 1_714_560_000, long=long),
        entry(7, 1, "root", ":0", 1_714_560_001, long=long),
        entry(8, 9, "gone", "", 2, long=long),
        "07000000",  # cut off
    ]
    made = utmp(host, *entries, machine=machine)
    first, second = rows(LogonSessionProvider(made), asking)
    assert (first["LogonId"], first["LogonType"], second["LogonId"], second["LogonType"]) == ("7", 10, "1", 2)
    assert first["StartTime"].to_datetime().timestamp() == 1_714_560_000.25
    assert first["AuthenticationPackage"] is None


async def test_processes_of_sessions_of_utmp(host: Make) -> None:
    made = utmp(host, entry(7, 7, "redis", "192.0.2.9", 3), entry(7, 1, "root", "", 3))
    ns = everything(made)
    pairs = [
        ((await ns.get(row.Antecedent)).LogonId, (await ns.get(row.Dependent)).Handle)
        async for row in ns.query("SELECT * FROM Win32_SessionProcess")
    ]
    assert pairs == [("1", "1"), ("7", "7")]


async def test_processes_of_a_session_by_scope_and_by_audit(host: Make) -> None:
    ns = everything(host("laptop"))
    query = 'ASSOCIATORS OF {Win32_LogonSession.LogonId="2"} WHERE AssocClass=Win32_SessionProcess'
    assert [row.Handle async for row in ns.query(query)] == ["1399", "1420", "2210", "2300"]


@pytest.mark.parametrize(
    ("cgroup", "found"),
    [
        ("0::/user.slice/user-1000.slice/session-2.scope", True),
        ("12:pids:/other\n1:name=systemd:/user.slice/user-1000.slice/session-2.scope\n0::/", True),
        ("0::/lxc/a/user.slice/user-0.slice/session-2.scope/sub", True),
        ("0::/user.slice/user-1000.slice/session-77.scope", False),
        ("4:memory:/user.slice/session-2.scope", False),
        ("0::/system.slice/ssh.service", False),
    ],
)
def test_where_a_process_is(cgroup: str, found: bool, tmp_path: Path, asking: Asking) -> None:
    two = FILE.replace("/9", "/2")
    made = bare(tmp_path, two, f"== /proc/702/cgroup\n{cgroup}\n")
    handles = [row["Dependent"] for row in rows(SessionProcessProvider(made), asking)]
    assert any('Handle="702"' in each for each in handles) == found


def test_one_process_is_looked_at_for_one(host: Make, asking: Asking, monkeypatch: pytest.MonkeyPatch) -> None:
    laptop = host("laptop")
    read: list[str] = []

    def noted(path: str) -> str | None:
        read.append(path)
        return Host.read(laptop, path)

    monkeypatch.setattr(laptop, "read", noted)
    (row,) = rows(SessionProcessProvider(laptop), asking, Dependent='\\\\.\\root\\cimv2:Win32_Process.Handle="1420"')
    assert row["Dependent"].endswith('Handle="1420"')
    assert {path.split("/")[2] for path in read if path.startswith("/proc/")} == {"1420"}
    assert rows(SessionProcessProvider(laptop), asking, Dependent="no path at all") == []


async def test_who_is_logged_on(host: Make) -> None:
    ns = everything(host("server"))
    pairs = [
        ((await ns.get(row.Antecedent)).SID, (await ns.get(row.Dependent)).LogonId)
        async for row in ns.query("SELECT * FROM Win32_LoggedOnUser")
    ]
    assert pairs == [("S-1-22-1-1000", "31"), ("S-1-22-1-26", "c1")]


@pytest.mark.parametrize("kind", PROVIDERS[:3])
def test_nobody(kind: Any, host: Make, asking: Asking) -> None:
    assert rows(kind(Host("/no/such/root", kernel=Kernel("n", "6.1"))), asking) == []
    assert rows(kind(host("container")), asking) == []
    assert rows(kind(host("cloud")), asking) == []
