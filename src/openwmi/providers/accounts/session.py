"""Win32_LogonSession, Win32_LoggedOnUser and Win32_SessionProcess. Pages of the same names.

Sessions are those of systemd-logind, which keeps a file for each; where it does not run, the lines of utmp(5). A host
with neither has none that it knows of. A user whom only a directory knows has a session, and its path leads to no
Win32_UserAccount.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from operator import itemgetter

from openwmi.base.error import WbemError
from openwmi.engine.provider import Request
from openwmi.model import ObjectPath
from openwmi.providers.host import Host
from openwmi.providers.reading import HostProvider, Null, Reads, Table, path_to

SESSIONS = "/run/systemd/sessions"
UTMP = "/run/utmp"


@dataclass(frozen=True, slots=True)
class Session:
    """Somebody who has logged on.

    Attributes:
        name: which session it is.
        user: the account.
        service: the service that asked PAM, such as `sshd`; empty where nobody noted it.
        kind: the LogonType; None where it is not known.
        started: microseconds since 1970; None where they are not known.
        state: of logind: opening, online, active, closing.
        audit: the session's number in /proc/PID/sessionid, as text; empty where it has none.
        leader: the process that began it.
    """

    host: Host
    name: str
    user: str
    service: str
    kind: int | None
    started: int | None
    state: str
    audit: str
    leader: int


def sessions(host: Host) -> list[Session]:
    """Of logind, else of utmp."""
    if host.is_dir("/run/systemd/system") and host.is_dir(SESSIONS):
        files = [(name, host.assignments(f"{SESSIONS}/{name}")) for name in host.names(SESSIONS) if "." not in name]
        return [_of_logind(host, name, found) for name, found in files if found.get("USER")]
    return list(_of_utmp(host))


def _of_logind(host: Host, name: str, found: Mapping[str, str]) -> Session:
    started = found.get("REALTIME", "")
    leader = found.get("LEADER", "")
    return Session(
        host,
        name,
        found["USER"],
        found.get("SERVICE", ""),
        _kind(found),
        int(started) if started.isdecimal() else None,
        found.get("STATE", ""),
        name if name.isdecimal() else "",  # logind names a session by its number in the audit, if it has one
        int(leader) if leader.isdecimal() else 0,
    )


def _kind(found: Mapping[str, str]) -> int | None:
    """LogonType: by who asks (background, the user's own manager), from where, and whether there is a terminal."""
    class_, is_remote = found.get("CLASS", ""), found.get("REMOTE") == "1"
    if class_.startswith("background"):
        return _BATCH if found.get("SERVICE", "").startswith(("cron", "atd")) else _SERVICE
    if class_.startswith("manager"):
        return _SERVICE
    if is_remote and not found.get("TTY") and found.get("TYPE", "unspecified") == "unspecified":
        return _NETWORK
    if class_.startswith(("user", "greeter", "lock-screen")):
        return _REMOTE_INTERACTIVE if is_remote else _INTERACTIVE
    return None


_INTERACTIVE, _NETWORK, _BATCH, _SERVICE, _REMOTE_INTERACTIVE = 2, 3, 4, 5, 10
_STATES = {"opening": "Starting", "online": "OK", "active": "OK", "closing": "Stopping"}

# utmp(5) of Linux: type, process, terminal, its end, user, host; then exit state, session, seconds and microseconds.
_ENTRY = struct.Struct("=h2xi32s4s32s256s4xiII16x20x")
_LONG_ENTRY = struct.Struct("=h2xi32s4s32s256s4xqqq16x20x4x")
# The others with 64 bits write it as their elder siblings with 32 bits do.
_LONG_MACHINES = {"aarch64", "loongarch64"}
_USER_PROCESS = 7
_NO_AUDIT = {"", "0", str(0xFFFFFFFF)}


def _of_utmp(host: Host) -> Iterator[Session]:
    """Each line with a user; the session is known by the process that began it."""
    data = host.octets(UTMP) or b""
    entry = _LONG_ENTRY if host.kernel.machine in _LONG_MACHINES else _ENTRY
    for at in range(0, len(data) - entry.size + 1, entry.size):
        kind, pid, _, _, user, origin, _, seconds, micro = entry.unpack_from(data, at)
        name = user.rstrip(b"\0").decode("utf-8", "replace")
        if kind != _USER_PROCESS or not name:
            continue
        audit = (host.read(f"/proc/{pid}/sessionid") or "").strip()
        kind = _REMOTE_INTERACTIVE if origin.strip(b"\0") and not origin.startswith(b":") else _INTERACTIVE
        started = seconds * 1_000_000 + micro
        yield Session(host, str(pid), name, "", kind, started, "active", "" if audit in _NO_AUDIT else audit, pid)


TABLE: Table[Session] = {
    "Caption": Null("sessions have numbers, and no names"),
    "Description": Null("as Caption"),
    "InstallDate": Null("see StartTime"),
    "Name": Null("as Caption"),
    "Status": Reads("logind's STATE: OK, Starting or Stopping; OK in utmp", lambda of: _STATES.get(of.state)),
    "StartTime": Reads(
        "logind's REALTIME, or utmp's time; NULL where logind did not note it",
        lambda of: None if of.started is None else of.host.local_time(of.started / 1e6),
    ),
    "AuthenticationPackage": Reads(
        "logind's SERVICE, the configuration of PAM that let the user in; NULL in utmp", lambda of: of.service or None
    ),
    "LogonId": Reads("the session's name in /run/systemd/sessions; in utmp its first process", lambda of: of.name),
    "LogonType": Reads(
        "logind's CLASS, TYPE and REMOTE, or utmp's host: Interactive, Network, Batch, Service or RemoteInteractive",
        lambda of: of.kind,
    ),
}

USER: dict[str, Reads[tuple[str, str]]] = {
    "Antecedent": Reads("the session's user, as Win32_UserAccount", itemgetter(0)),
    "Dependent": Reads("as Win32_LogonSession", itemgetter(1)),
}

PROCESS: dict[str, Reads[tuple[str, str]]] = {
    "Antecedent": Reads("the scope in /proc/PID/cgroup, else /proc/PID/sessionid", itemgetter(0)),
    "Dependent": Reads("as Win32_Process", itemgetter(1)),
}


class LogonSessionProvider(HostProvider[Session]):
    """Who is logged on."""

    cim_class = "Win32_LogonSession"
    table = TABLE

    def samples(self, request: Request) -> list[Session]:  # noqa: ARG002 - as of any provider
        return sessions(self.host)


class LoggedOnUserProvider(HostProvider[tuple[str, str]]):
    """Sessions and their users."""

    cim_class = "Win32_LoggedOnUser"
    table = USER

    def samples(self, request: Request) -> Iterator[tuple[str, str]]:
        domain = self.host.kernel.node
        for session in sessions(self.host):
            yield (
                path_to(request, "Win32_UserAccount", Domain=domain, Name=session.user),
                path_to(request, "Win32_LogonSession", LogonId=session.name),
            )


class SessionProcessProvider(HostProvider[tuple[str, str]]):
    """Sessions and their processes."""

    cim_class = "Win32_SessionProcess"
    table = PROCESS

    def samples(self, request: Request) -> Iterator[tuple[str, str]]:
        """For one process only that one is looked at."""
        known = sessions(self.host)
        if not known:
            return
        names = {session.name for session in known}
        others = {session.audit: session.name for session in known if session.audit}
        leaders = {session.leader: session.name for session in known}
        wanted = _handle(request.equalities.get("Dependent"))
        for pid in self.host.pids():
            if wanted is not None and str(pid) != wanted:
                continue
            name = _scope(self.host, pid)
            if name not in names:
                name = others.get((self.host.read(f"/proc/{pid}/sessionid") or "").strip()) or leaders.get(pid)
            if name is not None:
                yield (
                    path_to(request, "Win32_LogonSession", LogonId=name),
                    path_to(request, "Win32_Process", Handle=str(pid)),
                )


def _scope(host: Host, pid: int) -> str | None:
    """The session that systemd has put a process into, by its cgroup: of version 2, or systemd's own of version 1."""
    found = _SCOPE.search(host.read(f"/proc/{pid}/cgroup") or "")
    return found[1] if found else None


_SCOPE = re.compile(r"^\d+:(?:name=systemd)?:/.*?/session-([^/.]+)\.scope(?:/|$)", re.MULTILINE)


def _handle(path: object) -> str | None:
    """The process that a path names; None if it names none."""
    try:
        keys = ObjectPath.parse(str(path)).keys if path is not None else None
    except WbemError:
        return None
    return str(keys[0][1]) if keys else None
