"""Scheduled jobs: the timers of systemd, and the lines of cron."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from openwmi.base.error import WbemError
from openwmi.engine import Engine
from openwmi.engine.provider import Request
from openwmi.engine.registration import shipped_class
from openwmi.providers.host import Host, Kernel, SilentBusError
from openwmi.providers.services.cron import entries, numbers
from openwmi.providers.services.job import ScheduledJobProvider
from openwmi.session import Namespace

Make = Callable[..., Host]
Rows = Callable[[Host], list[Mapping[str, Any]]]


@pytest.fixture
def rows(asking: Callable[..., Request]) -> Rows:
    """The jobs of a host, each checked by its class."""

    def read(host: Host) -> list[Mapping[str, Any]]:
        class_ = shipped_class("Win32_ScheduledJob")
        found = list(ScheduledJobProvider(host).instances(asking(class_)))
        for row in found:
            class_.instance(row)
        return found

    return read


def test_jobs_of_a_laptop(host: Make, rows: Rows) -> None:
    timer, hourly, daily = rows(host("laptop"))
    assert (timer["Name"], timer["Description"]) == ("apt-daily.timer", "Daily apt download activities")
    assert str(timer["StartTime"]) == "20231115070000.000000+060"
    assert (timer["DaysOfWeek"], timer["DaysOfMonth"], timer["RunRepeatedly"]) == (127, None, True)
    assert (timer["Owner"], timer["JobStatus"]) == ("root", "Success")
    assert timer["Command"]
    assert (hourly["Owner"], hourly["StartTime"], hourly["DaysOfWeek"]) == ("root", None, 127)
    assert hourly["Command"] == "cd / && run-parts --report /etc/cron.hourly"
    assert str(daily["StartTime"]) == "********062500.000000+060"
    assert (daily["Name"], daily["JobStatus"], daily["InteractWithDesktop"]) == ("/etc/crontab", None, False)


@pytest.mark.parametrize(("name", "jobs"), [("cloud", 1), ("server", 1), ("container", 0)])
def test_jobs_of_others(name: str, jobs: int, host: Make, rows: Rows) -> None:
    assert len(rows(host(name))) == jobs
    assert rows(Host("/no/such/root", kernel=Kernel("n", "6.1"))) == []


def crontab(*lines: str) -> str:
    return "== /etc/crontab\n" + "\n".join(lines) + "\n"


@pytest.mark.parametrize(
    ("when", "start", "weekdays", "days"),
    [
        ("5 4 * * *", "********040500.000000+000", 127, None),
        ("5 4 * * 0", "********040500.000000+000", 64, None),
        ("5 4 * * 7", "********040500.000000+000", 64, None),
        ("5 4 * * mon-fri", "********040500.000000+000", 31, None),
        ("5 4 1,15 * *", "********040500.000000+000", None, 1 | 1 << 14),
        ("5 4 */10 * 6", "********040500.000000+000", 32, 1 | 1 << 10 | 1 << 20 | 1 << 30),
        ("*/5 * * * *", None, 127, None),
        ("@daily", "********000000.000000+000", 127, None),
        ("@weekly", "********000000.000000+000", 64, None),
        ("@monthly", "********000000.000000+000", None, 1),
        ("@reboot", None, None, None),
        ("61 25 32 1 9", None, None, None),
    ],
)
def test_when(when: str, start: str | None, weekdays: int | None, days: int | None, host: Make, rows: Rows) -> None:
    (row,) = rows(host("container", crontab(f"{when} root /bin/true  now")))
    assert (row["StartTime"] and str(row["StartTime"]), row["DaysOfWeek"], row["DaysOfMonth"]) == (
        start,
        weekdays,
        days,
    )
    assert (row["Command"], row["Owner"], row["RunRepeatedly"]) == ("/bin/true  now", "root", True)


def test_files_of_cron(host: Make) -> None:
    made = host(
        "container",
        crontab("# no", "SHELL=/bin/sh", 'MAILTO = ""', "", "1 2 3", "@never root x", "1 1 * * * root"),
        "== /etc/cron.d/e2scrub\n30 3 * * 0 root /sbin/e2scrub\n",
        "== /etc/cron.d/.placeholder\n30 3 * * 0 root hidden\n",
        "== /etc/cron.d/old.dpkg-old\n30 3 * * 0 root hidden\n",
        "== /var/spool/cron/crontabs/anna\n0 9 * * 1 backup --all\n",
        "== /etc/crontabs/root\n*/15 * * * * run-parts /etc/periodic/15min\n",
    )
    assert [(each.source, each.owner, each.command) for each in entries(made)] == [
        ("/etc/cron.d/e2scrub", "root", "/sbin/e2scrub"),
        ("/var/spool/cron/crontabs/anna", "anna", "backup --all"),
        ("/etc/crontabs/root", "root", "run-parts /etc/periodic/15min"),
    ]


@pytest.mark.parametrize("field", ["", "a", "5-1", "1-", "60", "*/0", "*/x", "1,,2", "-1"])
def test_fields_that_are_none(field: str) -> None:
    with pytest.raises(ValueError, match=r"\S"):
        numbers(field, 0, 59)


def test_fields() -> None:
    assert numbers("*", 1, 3) == {1, 2, 3}
    assert numbers("10/20", 0, 59) == {10, 30, 50}
    assert numbers("1-5/2,9", 0, 59) == {1, 3, 5, 9}


def timer(**properties: object) -> str:
    path = "/org/freedesktop/systemd1/unit/t"
    unit = ["t.timer", "A timer", "loaded", "active", "waiting", "", path, 0, "", "/"]
    manager = {"ListUnits()": [[unit]], "ListUnitFiles()": [[]], "LoadUnit(*)": ["/unit/s"]}
    objects = {
        "/org/freedesktop/systemd1": {"org.freedesktop.systemd1.Manager": manager},
        path: {"org.freedesktop.systemd1.Timer": {"Unit": "s.service", "LastTriggerUSec": 0, **properties}},
        "/unit/s": {
            "org.freedesktop.systemd1.Service": {
                "User": "anna",
                "Result": "exit-code",
                "ExecStart": [["/bin/a", ["/bin/a", "b c"]]],
            }
        },
    }
    return f"== @bus\n{json.dumps({'org.freedesktop.systemd1': objects})}\n"


@pytest.mark.parametrize(
    ("calendar", "weekdays", "days"),
    [
        ("Mon..Fri *-*-* 10:00:00", 31, None),
        ("Sat,Sun *-*-* 10:00:00", 96, None),
        ("*-*-01,15 00:00:00", None, 1 | 1 << 14),
        ("Mon *-*-1..7 00:00:00", 1, 127),
        ("*-*~1 00:00:00", None, None),
        ("Sat..Mon *-*-* 00:00:00", None, None),
    ],
)
def test_calendars(calendar: str, weekdays: int | None, days: int | None, host: Make, rows: Rows) -> None:
    (row,) = rows(host("cloud", timer(TimersCalendar=[["OnCalendar", calendar, 1]])))
    assert (row["DaysOfWeek"], row["DaysOfMonth"], row["RunRepeatedly"]) == (weekdays, days, True)
    assert (row["Command"], row["Owner"], row["JobStatus"]) == ("/bin/a 'b c'", "anna", None)


def test_timers_without_a_calendar(host: Make, rows: Rows) -> None:
    never = (1 << 64) - 1
    again = timer(TimersMonotonic=[["OnUnitActiveUSec", 1, 2]], NextElapseUSecRealtime=never, LastTriggerUSec=5)
    (row,) = rows(host("cloud", again))
    assert (row["RunRepeatedly"], row["StartTime"], row["DaysOfWeek"]) == (True, None, None)
    assert row["JobStatus"] == "Failure"
    (once,) = rows(host("cloud", timer(TimersMonotonic=[["OnBootUSec", 1, 2]], Unit="x.target")))
    assert (once["RunRepeatedly"], once["Command"], once["Owner"], once["JobStatus"]) == (False, None, None, None)


async def test_cron_has_its_jobs_where_systemd_is_silent(host: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    made = host("laptop")

    def silent(*_: object) -> object:
        raise SilentBusError("openwmi.Silent", "Manager.ListUnits did not answer within 2 s")

    monkeypatch.setattr(made.bus, "call", silent)
    ns = Namespace(Engine("HOST1", [ScheduledJobProvider(made)]).session(r"root\cimv2"))
    found = []
    with pytest.raises(WbemError, match="did not answer within 2 s"):
        async for job in ns.query("SELECT Name, JobId FROM Win32_ScheduledJob"):
            found.append(job)  # noqa: PERF401 - a comprehension would lose what came before the failure
    assert [job.Name for job in found] == ["/etc/crontab", "/etc/crontab"]
    assert (await ns.get(f"Win32_ScheduledJob.JobId={found[1].JobId}")).Name == "/etc/crontab"


async def test_a_number_stays_with_its_job(host: Make, rows: Rows) -> None:
    alone = rows(host("container", crontab("1 1 * * * root a")))
    among = rows(host("container", crontab("2 2 * * * root b", "1 1 * * * root a", "1 1 * * * root a")))
    assert among[1]["JobId"] == alone[0]["JobId"]
    assert len({row["JobId"] for row in among}) == 3
    ns = Namespace(Engine("HOST1", [ScheduledJobProvider(host("laptop"))]).session(r"root\cimv2"))
    for job in await ns.query("SELECT * FROM Win32_ScheduledJob"):
        assert (await ns.get(str(job.path_))).Command == job.Command
