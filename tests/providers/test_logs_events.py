"""Win32_NTLogEvent and Win32_NTEventlogFile: the files of syslog, and the journal."""

import io
import logging
import os
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.providers.serving import Asking, Make, bare, namespace, rows

from openwmi.base.limits import LOG_LINE_OCTETS, LOG_WRITTEN_SECONDS
from openwmi.providers.host import Host, Kernel
from openwmi.providers.host.journal import LiveJournal, number_of
from openwmi.providers.logs import syslog
from openwmi.providers.logs.event import LogEventProvider
from openwmi.providers.logs.eventlogfile import EventlogFileProvider
from openwmi.providers.logs.syslog import backwards

SYSLOG = "/var/log/syslog"


def known(row: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in row.items() if value is not None}


def moment(value: Any) -> float:
    stamp: float = value.to_datetime().timestamp()
    return stamp


# ------------------------------------------------------------------------------------------------------------- files


def test_lines_of_rsyslog_newest_first(host: Make, asking: Asking) -> None:
    """The line that is still being written has no end, and is none yet."""
    found = rows(LogEventProvider(host("cloud")), asking, Logfile="SYSLOG")
    assert [row["SourceName"] for row in found] == ["kernel", "nginx", "systemd"]
    assert found[1]["Message"] == "first of three lines\n\tsecond line\nthird: line"
    times = [row.pop("TimeGenerated") for row in found]
    assert [moment(time) for time in times] == [1_714_564_800.0, 1_714_564_799.5, 1_714_564_798.25]
    assert known(found[2]) == {
        "ComputerName": "web-1",
        "Logfile": "syslog",
        "Message": "Started nginx.service - A high performance web server.",
        "RecordNumber": 1,
        "SourceName": "systemd",
    }


async def test_a_record_is_found_by_its_number_alone(host: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    cloud = host("cloud")
    ns = namespace(LogEventProvider(cloud))
    found = [(row.Logfile, row.RecordNumber, row.Message) async for row in ns.query("SELECT * FROM Win32_NTLogEvent")]
    assert len(found) == 4
    monkeypatch.setattr("openwmi.providers.logs.syslog.entries", lambda *_: pytest.fail("it read everything"))
    for log, number, message in found:
        assert (await ns.get(f'Win32_NTLogEvent.Logfile="{log}",RecordNumber={number}')).Message == message
        query = f"SELECT Message FROM Win32_NTLogEvent WHERE Logfile='{log}' AND RecordNumber={number}"
        assert [each.Message async for each in ns.query(query)] == [message]


@pytest.mark.parametrize("number", [0, 2, 5, 10**6, 2**32 - 1])
def test_no_line_begins_there(number: int, host: Make, asking: Asking) -> None:
    keys = {"Logfile": "syslog", "RecordNumber": number}
    assert LogEventProvider(host("cloud")).get(asking("Win32_NTLogEvent"), keys) is None


@pytest.mark.parametrize("keys", [{"Logfile": "none", "RecordNumber": 1}, {"Logfile": None, "RecordNumber": None}])
def test_no_such_log(keys: dict[str, object], host: Make, asking: Asking) -> None:
    assert LogEventProvider(host("cloud")).get(asking("Win32_NTLogEvent"), keys) is None


def test_lines_of_busybox_have_severities(host: Make, asking: Asking) -> None:
    found = rows(LogEventProvider(host("container")), asking)
    names = ("SourceName", "EventType", "Type")
    assert [tuple(row[name] for name in names) for row in found] == [
        ("syslogd", 2, "Warning"),
        ("redis", 1, "Error"),
        ("crond", 3, "Information"),
    ]
    assert moment(found[0]["TimeGenerated"]) == datetime(2024, 5, 1, 11, 0, 1, tzinfo=UTC).timestamp()


def test_a_time_without_a_year_is_the_last_one(host: Make, asking: Asking) -> None:
    """In May 2024 December is that of 2023; the zone is the host's."""
    found = rows(LogEventProvider(host("server")), asking)
    assert [str(row["TimeGenerated"]) for row in found] == ["20240102030405.000000-300", "20231231235959.000000-300"]


@pytest.mark.parametrize(
    ("time", "found"),
    [
        ("Feb 29 00:00:00", datetime(2020, 2, 29, tzinfo=UTC)),
        ("Nov 15 00:00:00", datetime(2023, 11, 15, tzinfo=UTC)),  # tomorrow: of a clock that is ahead
        ("Nov 16 00:00:00", datetime(2022, 11, 16, tzinfo=UTC)),
        ("Nov 31 00:00:00", None),
        ("Xyz 10 00:00:00", None),
        ("Nov 10 25:00:00", None),
        ("2023-13-01T00:00:00Z", None),
        ("2023-11-14T22:00:00.5Z", datetime(2023, 11, 14, 22, 0, 0, 500000, tzinfo=UTC)),
    ],
)
def test_times(time: str, found: datetime | None, tmp_path: Path, asking: Asking) -> None:
    (row,) = rows(LogEventProvider(bare(tmp_path, f"== {SYSLOG}\n{time} h p: m\n")), asking)
    assert (row["TimeGenerated"] and row["TimeGenerated"].to_datetime()) == found


@pytest.mark.parametrize(
    ("line", "source", "message"),
    [
        ("Nov  1 00:00:00 h p[1]: m", "p", "m"),
        ("Nov  1 00:00:00 h p: m: n", "p", "m: n"),
        ("Nov  1 00:00:00 h p m", "p", "m"),
        ("Nov  1 00:00:00 h /usr/bin/p[1]:", "/usr/bin/p", ""),
        ("Nov  1 00:00:00 h a.b[x]: m", "a.b", "m"),
    ],
)
def test_programs(line: str, source: str, message: str, tmp_path: Path, asking: Asking) -> None:
    (row,) = rows(LogEventProvider(bare(tmp_path, f"== {SYSLOG}\n{line}\n")), asking)
    assert (row["SourceName"], row["Message"]) == (source, message)


def test_what_is_no_log(tmp_path: Path, asking: Asking) -> None:
    made = bare(tmp_path, f"== {SYSLOG}\n\0\1binary\n\n", "== /var/log/messages dir\n", "== /var/log/other\nNov 1\n")
    assert rows(LogEventProvider(made), asking) == []
    assert [row["LogfileName"] for row in rows(EventlogFileProvider(made), asking, "LogfileName")] == ["syslog"]


@given(st.lists(st.binary(max_size=40).map(lambda line: line.replace(b"\n", b"")), max_size=12), st.binary(max_size=5))
def test_backwards_is_forwards_the_other_way(lines: list[bytes], last: bytes) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("openwmi.providers.logs.syslog._CHUNK", 7)
        data = b"".join(line + b"\n" for line in lines)
        found = list(backwards(io.BytesIO(data + last.replace(b"\n", b""))))
    assert [line for _, line in reversed(found)] == [line.decode("utf-8", "replace") for line in lines]
    assert all(offset == 0 or data[offset - 1 : offset] == b"\n" for offset, _ in found)
    assert len({offset for offset, _ in found}) == len(lines)


def test_a_line_that_is_too_long_is_left_out() -> None:
    long = b"x" * (LOG_LINE_OCTETS + 1)
    for data, expected in ((b"a\n%s\nb\n", ["b", "a"]), (b"%s\nb\n", ["b"]), (b"a\n%s", ["a"]), (b"%s", [])):
        assert [line for _, line in backwards(io.BytesIO(data % long))] == expected


def test_of_a_large_log_only_the_end_is_read(tmp_path: Path, asking: Asking) -> None:
    """Its last lines have numbers that do not fit; from there on it is read no further than somebody asks."""
    made = bare(tmp_path, f"== {SYSLOG}\nNov  1 00:00:00 h p: first\n")
    with (tmp_path / "var/log/syslog").open("r+b") as file:
        file.seek(2**32 - 100)
        file.write(b"\nNov  2 00:00:00 h p: the last with a number\n")
        file.seek(1 << 40)  # a hole before it: a terabyte that takes no room
        file.write(b"\nNov  3 00:00:00 h p: the last\n")
    provider = LogEventProvider(made)
    row = next(iter(provider.instances(asking("Win32_NTLogEvent"))))
    assert (row["Message"], row["RecordNumber"]) == ("the last with a number", 2**32 - 98)
    assert provider.get(asking("Win32_NTLogEvent"), {"Logfile": "syslog", "RecordNumber": 2**32 - 98}) == row
    (file_row,) = rows(EventlogFileProvider(made), asking)
    assert (file_row["NumberOfRecords"], file_row["FileSize"] > 1 << 40) == (None, True)


def test_a_pipe_in_the_place_of_a_log(tmp_path: Path, asking: Asking) -> None:
    made = bare(tmp_path, "== /var/log dir\n")
    os.mkfifo(tmp_path / "var/log/syslog")
    assert rows(LogEventProvider(made), asking) == []
    assert [row["NumberOfRecords"] for row in rows(EventlogFileProvider(made), asking)] == [None]


def test_a_log_that_must_not_be_read_keeps_no_other_back(
    host: Make, asking: Asking, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    cloud = host("cloud")

    def refuse(path: str) -> Any:
        if path.endswith("auth.log"):
            raise PermissionError(13, "Permission denied", path)
        return Host.stream(cloud, path)

    monkeypatch.setattr(cloud, "stream", refuse)
    with caplog.at_level(logging.WARNING, "openwmi.providers"):
        assert len(rows(LogEventProvider(cloud), asking)) == 3
    assert "auth.log" in caplog.text
    files = {row["LogfileName"]: row for row in rows(EventlogFileProvider(cloud), asking)}
    assert [files[name]["Readable"] for name in ("syslog", "auth.log")] == [True, False]
    assert files["auth.log"]["NumberOfRecords"] is None


# ----------------------------------------------------------------------------------------------------------- journal


def test_entries_of_the_journal(host: Make, asking: Asking) -> None:
    found = rows(LogEventProvider(host("laptop")), asking)
    assert [row["RecordNumber"] for row in found] == [0x1A2, 0x1A1, 0x1A0]
    assert [(row["SourceName"], row["Type"], row["User"]) for row in found] == [
        ("sudo", "Warning", "thinbook\\anna"),
        ("cupsd", "Error", "thinbook\\root"),
        ("kernel", "Information", None),
    ]
    times = [(moment(row["TimeGenerated"]), moment(row["TimeWritten"])) for row in found]
    assert times[2] == (1_699_999_990.0, 1_699_999_990.0005)
    assert times[1] == (1_699_999_995.25, 1_699_999_995.25)
    assert found[1]["Message"] == "müd"


HOUR = LOG_WRITTEN_SECONDS


@pytest.mark.parametrize(
    ("where", "bounds", "numbers"),
    [
        ("TimeGenerated > '20231114221310.500000+000'", (1_699_999_990.5 - HOUR, None), [0x1A2, 0x1A1]),
        ("TimeGenerated <= '20231114231310.000000+060'", (None, 1_699_999_990.0 + HOUR), [0x1A0]),
        ("TimeWritten >= '20231114221315.250000+000'", (1_699_999_995.25, None), [0x1A2, 0x1A1]),
        (
            "TimeWritten < '20231114221315.250000+000' AND NOT TimeGenerated < '20231114221310.000000+000'",
            (1_699_999_990.0 - HOUR, 1_699_999_995.25),
            [0x1A0],
        ),
        (
            "TimeGenerated = '20231114221310.000000+000'",
            (1_699_999_990.0 - HOUR, 1_699_999_990.0 + HOUR),
            [0x1A0],
        ),
        ("TimeGenerated > '20231114221316.000000+000' OR EventType = 1", (None, None), [0x1A2, 0x1A1]),
        ("TimeGenerated > '20231114******.000000+000'", (None, None), []),
        ("TimeGenerated > '20331114000000.000000+000'", (2_015_539_200.0 - HOUR, None), []),
    ],
)
async def test_times_that_are_wanted_bound_what_is_read(
    where: str,
    bounds: tuple[float | None, float | None],
    numbers: list[int],
    host: Make,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    laptop = host("laptop")
    asked: list[tuple[float | None, float | None]] = []
    entries = laptop.journal.entries

    def spy(since: float | None = None, until: float | None = None) -> Any:
        asked.append((since, until))
        return entries(since, until)

    monkeypatch.setattr(laptop.journal, "entries", spy)
    query = f"SELECT RecordNumber FROM Win32_NTLogEvent WHERE {where}"
    found = [row.RecordNumber async for row in namespace(LogEventProvider(laptop)).query(query)]
    assert (asked, found) == ([bounds], numbers)


async def test_of_a_file_what_is_much_older_is_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A clock that was wrong for a while hides nothing."""
    monkeypatch.setattr("openwmi.providers.logs.syslog.LOG_OLDER_LINES", 3)
    days = [*range(1, 10), 20, 21, 1, 2, 3, 22, 23]
    made = bare(tmp_path, f"== {SYSLOG}\n" + "".join(f"2023-11-{day:02}T00:00:00Z h p: {day}\n" for day in days))
    read: list[str] = []
    parse = syslog.parse

    def spy(*arguments: Any) -> Any:
        read.append(arguments[3])
        return parse(*arguments)

    monkeypatch.setattr("openwmi.providers.logs.syslog.parse", spy)
    query = "SELECT Message FROM Win32_NTLogEvent WHERE TimeGenerated >= '20231120000000.000000+000'"
    found = [row.Message async for row in namespace(LogEventProvider(made)).query(query)]
    assert found == ["23", "22", "21", "20"]
    assert len(read) == 7 + 4


def test_one_entry_of_the_journal(host: Make, asking: Asking) -> None:
    provider = LogEventProvider(host("laptop"))
    row = provider.get(asking("Win32_NTLogEvent", "Message"), {"Logfile": "Journal", "RecordNumber": 0x1A0})
    assert row is not None
    assert row["Message"] == "wlp0s20f3: associated"
    assert provider.get(asking("Win32_NTLogEvent"), {"Logfile": "journal", "RecordNumber": 7}) is None


@pytest.mark.parametrize(
    "entry", ["{}", '{"__CURSOR": "s=1;b=2"}', '{"__CURSOR": "s=1;i=100000000"}', '{"__CURSOR": "x"}']
)
def test_an_entry_without_a_number_is_none(entry: str, host: Make, asking: Asking) -> None:
    assert rows(LogEventProvider(host("laptop", f"== @journal\n[{entry}]\n")), asking) == []


def test_fields_that_are_odd(host: Make, asking: Asking) -> None:
    entry = '{"__CURSOR": "s=1;i=1", "MESSAGE": null, "PRIORITY": "x", "_UID": [], "__REALTIME_TIMESTAMP": "-"}'
    (row,) = rows(LogEventProvider(host("laptop", f"== @journal\n[{entry}]\n")), asking)
    assert known(row) == {"Logfile": "journal", "Message": "", "RecordNumber": 1}


JOURNALCTL = """
import json, sys
arguments = sys.argv[1:]
entries = [{"__CURSOR": f"s=ab;i={number:x}", "MESSAGE": str(number)} for number in range(1, 1001)]
cursors = [a.partition("=")[2] for a in arguments if a.startswith("--cursor=")]
assert {"--output=json", "--all", "--no-pager", "--quiet"} < set(arguments)
if cursors:
    entries = [e for e in entries if int(e["__CURSOR"][7:], 16) >= int(cursors[0].partition("i=")[2], 16)]
if "--reverse" in arguments:
    entries.reverse()
times = [float(a.partition("@")[2]) for a in arguments if a.startswith(("--since=@", "--until=@"))]
if times:
    entries = [e for e in entries if times[0] <= int(e["__CURSOR"][7:], 16) <= times[1]]
for entry in entries[: 1 if "--lines=1" in arguments else None]:
    print(json.dumps(entry), flush=True)
"""


def test_journalctl_is_asked_and_ended() -> None:
    journal = LiveJournal((sys.executable, "-I", "-S", "-c", JOURNALCTL), seconds=30)
    entries = journal.entries()
    assert [number_of(next(entries)) for _ in range(3)] == [1000, 999, 998]
    entries.close()  # type: ignore[attr-defined]  # it is a generator
    assert [len(list(journal.entries())), (journal.entry(7) or {}).get("MESSAGE")] == [1000, "7"]
    assert journal.entry(1001) is None
    assert [number_of(entry) for entry in journal.entries(996.5, 997.5)] == [998, 997, 996]


def test_journalctl_that_is_not_there_or_says_nothing() -> None:
    assert list(LiveJournal(("no-such-program",)).entries()) == []
    assert LiveJournal(("no-such-program",)).entry(1) is None
    silent = LiveJournal((sys.executable, "-I", "-S", "-c", "import sys; sys.stdout.flush(); input()"))
    assert list(silent.entries()) == []  # its input is at its end, and so is it
    with pytest.raises(TimeoutError):
        list(LiveJournal((sys.executable, "-I", "-c", "import signal; signal.pause()"), seconds=0.01).entries())


# ------------------------------------------------------------------------------------------------------------- files


def test_the_file_of_a_log(host: Make, asking: Asking) -> None:
    cloud = host("cloud")
    (row,) = rows(EventlogFileProvider(cloud), asking, LogfileName="auth.log")
    status = Path(cloud.root + "/var/log/auth.log").stat()
    assert abs(moment(row.pop("LastModified")) - status.st_mtime) < 1e-5
    row.pop("LastAccessed")
    assert row.pop("CreationDate") == row.pop("InstallDate")
    assert known(row) == {
        "Caption": "/var/log/auth.log",
        "Description": "/var/log/auth.log",
        "Name": "/var/log/auth.log",
        "Status": "OK",
        "CreationClassName": "Win32_NTEventlogFile",
        "CSCreationClassName": "Win32_ComputerSystem",
        "CSName": "web-1",
        "Extension": "log",
        "FileName": "auth",
        "FileSize": status.st_size,
        "FSCreationClassName": "Win32_FileSystem",
        "Hidden": False,
        "Path": "/var/log/",
        "Readable": True,
        "LogfileName": "auth.log",
        "NumberOfRecords": 1,
    }


def test_the_files_of_the_hosts(host: Make, asking: Asking) -> None:
    found = {
        name: [(row["FileName"], row["Extension"], row["NumberOfRecords"]) for row in rows(provider, asking)]
        for name in ("laptop", "cloud", "container", "server")
        for provider in [EventlogFileProvider(host(name))]
    }
    assert found == {
        "laptop": [("system", "journal", None)],
        "cloud": [("syslog", "", 3), ("auth", "log", 1)],
        "container": [("messages", "", 3)],
        "server": [("messages", "", 2)],
    }


@pytest.mark.parametrize("kind", [LogEventProvider, EventlogFileProvider])
def test_no_logs(kind: Any, asking: Asking) -> None:
    assert rows(kind(Host("/no/such/root", kernel=Kernel("n", "6.1"))), asking) == []
