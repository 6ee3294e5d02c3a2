"""`openwmi doctor` against servers over TCP."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from tests.cli.fakes import Command

from openwmi.base.status import WbemStatus
from openwmi.client.doctor import Finding, Status, Visit
from openwmi.testing import WmiServer

SYSTEM = 'class Win32_OperatingSystem { [key] string Name; }; instance of Win32_OperatingSystem { Name = "x"; };'


@pytest.fixture
def server() -> Iterator[WmiServer]:
    with WmiServer(SYSTEM) as made:
        yield made


@pytest.fixture
def arguments(server: WmiServer, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    monkeypatch.setenv("OPENWMI_PASSWORD", server.password)
    user = f"{server.domain}\\{server.user}"
    return ["doctor", "--host", server.host, "--port", str(server.port), "--user", user, "--callbacks", "never"]


def test_all_is_well(openwmi: Command, arguments: list[str]) -> None:
    printed = openwmi(*arguments)
    assert (printed.status, printed.err) == (0, "")
    lines = printed.out.splitlines()
    assert lines[0].endswith(r", root\cimv2")
    assert [line.split()[:2] for line in lines[1:3]] == [["ok", "name"], ["ok", "port"]]
    assert lines[-2].split() == ["skipped", "callbacks:", "it", "was", "told", "to", "leave", "them", "out"]
    assert lines[-1] == "15 ok, 1 skipped"
    assert max(map(len, lines)) <= 100


def test_a_check_that_fails(openwmi: Command, arguments: list[str], server: WmiServer) -> None:
    server.fault(of="Win32_OperatingSystem", error=WbemStatus.ACCESS_DENIED)
    printed = openwmi(*arguments)
    assert printed.status == 1
    assert "failed  provider" in printed.out
    assert "                      > the rights in WMI are enough" in printed.out


def test_a_login_that_is_refused(openwmi: Command, arguments: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENWMI_PASSWORD", "wrong")
    printed = openwmi(*arguments)
    assert printed.status == 3
    assert printed.out.splitlines()[-1] == "3 ok, 1 failed, 12 skipped"
    assert "  skipped               activation, objects, levels," in printed.out


def test_what_is_skipped_is_told_together_but_for_what_can_be_done(
    openwmi: Command, arguments: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    findings = [
        Finding("rights", Status.SKIPPED, "login has failed"),
        Finding("callbacks", Status.SKIPPED, "nobody can call", "let them in"),
        Finding("speed", Status.SKIPPED, "login has failed"),
    ]

    async def examine(_: Visit, tell: Callable[[Finding], object]) -> list[Finding]:
        for each in findings:
            tell(each)
        return findings

    monkeypatch.setattr("openwmi.cli.doctor.examine", examine)
    assert [line.split() for line in openwmi(*arguments).out.splitlines()[1:]] == [
        ["skipped", "callbacks", "nobody", "can", "call"],
        [">", "let", "them", "in"],
        ["skipped", "rights,", "speed:", "login", "has", "failed"],
        ["3", "skipped"],
    ]


def test_the_time_that_a_check_may_take(
    openwmi: Command, arguments: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    visits: list[Visit] = []

    async def examine(visit: Visit, _: object) -> list[Finding]:
        visits.append(visit)
        return []

    monkeypatch.setattr("openwmi.cli.doctor.examine", examine)
    openwmi(*arguments)
    openwmi(*arguments, "--timeout", "1.5")
    assert [each.timeout for each in visits] == [None, 1.5]


def test_json(openwmi: Command, arguments: list[str], server: WmiServer) -> None:
    printed = openwmi(*arguments, "--format", "json")
    document = json.loads(printed.out)
    assert printed.status == 0
    assert document["host"] == f"{server.host}:{server.port}"
    assert [each["check"] for each in document["checks"]][:3] == ["name", "port", "resolver"]


@pytest.mark.parametrize("names", [False, True])
def test_a_report(openwmi: Command, arguments: list[str], tmp_path: Path, names: bool) -> None:
    file = tmp_path / "report.json"
    assert openwmi(*arguments, "--report", str(file), *(["--names"] if names else [])).status == 0
    text = file.read_text(encoding="utf-8")
    assert len(json.loads(text)["checks"]) == 16
    assert ("tester" in text) is names
    assert ("127.0.0.1" in text) is names


def test_a_report_that_cannot_be_written(openwmi: Command, arguments: list[str], tmp_path: Path) -> None:
    printed = openwmi(*arguments, "--report", str(tmp_path / "nowhere" / "report.json"))
    assert (printed.status, printed.out) == (1, "")  # nothing is looked at before
    assert "the report cannot be written" in printed.err


def test_an_earlier_report_stays_until_there_is_another_one(
    openwmi: Command, arguments: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def given_up(*_: object) -> None:
        raise KeyboardInterrupt

    file = tmp_path / "report.json"
    file.write_text("the one before", encoding="utf-8")
    monkeypatch.setattr("openwmi.cli.doctor._examined", given_up)
    openwmi(*arguments, "--report", str(file))
    assert file.read_text(encoding="utf-8") == "the one before"


@pytest.mark.parametrize(
    "more",
    [
        ["--names"],
        ["--host", "another"],
        ["--namespace", r"\\other\root\cimv2"],
        ["--timeout", "0"],
        ["--port", "0"],
        ["--format", "mof"],
    ],
)
def test_usage(openwmi: Command, arguments: list[str], more: list[str]) -> None:
    printed = openwmi(*arguments, *more)
    assert (printed.status, printed.out) == (2, "")


def test_nobody_named_a_machine(openwmi: Command) -> None:
    printed = openwmi("doctor")
    assert printed.status == 2
    assert "--host" in printed.err


def test_a_password_is_not_waited_for(openwmi: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OPENWMI_PASSWORD", raising=False)
    printed = openwmi("doctor", "--host", "127.0.0.1", "--user", "me")
    assert printed.status == 2
    assert "no terminal" in printed.err
