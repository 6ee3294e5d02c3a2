"""Commands that ask other machines, over TCP: rows that carry their host, failures told for each, and how it ends."""

from __future__ import annotations

import csv
import io
import json
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path

import pytest
from tests.cli.fakes import Printed
from tests.cli.servers import PROGRAM

from openwmi.base.status import WbemStatus
from openwmi.cli import main
from openwmi.testing import WmiServer

MOF = """
class Demo_Lamp { [key] string Name; uint32 Watts; };
class Demo_Bell { [key] string Name; [Implemented] uint32 Ring([in] uint8 Times, [out] string Sound); };
class Demo_Clock { [key] string Name; uint32 Ticks; };
instance of Demo_Lamp { Name = "desk"; Watts = 11; };
instance of Demo_Bell { Name = "door"; };
"""
LAMPS = "SELECT Name, Watts FROM Demo_Lamp"
CHANGES = "SELECT * FROM __InstanceModificationEvent WITHIN 0.02 WHERE TargetInstance ISA 'Demo_Clock'"


def a_server(host: str = "127.0.0.1") -> WmiServer:
    """Its clock shows something else each time that somebody looks."""
    ticks = count()
    return WmiServer(
        MOF,
        rows={"Demo_Clock": lambda: [{"Name": "wall", "Ticks": next(ticks)}]},
        methods={"Demo_Bell.Ring": lambda keys, given: {"ReturnValue": 0, "Sound": "ding"}},
        host=host,
    )


@pytest.fixture
def server() -> Iterator[WmiServer]:
    with a_server() as served:
        yield served


@pytest.fixture
def two() -> Iterator[list[WmiServer]]:
    with a_server() as one, a_server() as other:
        yield [one, other]


class Asking:
    """`ask("query", …)`: as the user of the test servers."""

    def __init__(self, capsys: pytest.CaptureFixture[str]) -> None:
        self._capsys = capsys

    def __call__(self, *arguments: str, user: str = r"WORKGROUP\tester") -> Printed:
        status = main((*arguments, "--user", user))
        return Printed(status, *self._capsys.readouterr())


@pytest.fixture
def ask(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Asking:
    monkeypatch.setenv("OPENWMI_PASSWORD", "Passw0rd")
    monkeypatch.chdir(tmp_path)
    return Asking(capsys)


def name_of(server: WmiServer) -> str:
    return f"{server.host}:{server.port}"


def at(*servers: WmiServer | str) -> list[str]:
    names = [name_of(each) if isinstance(each, WmiServer) else each for each in servers]
    return [word for name in names for word in ("--host", name)]


@contextmanager
def nobody() -> Iterator[str]:
    """A port that is taken and where nobody listens."""
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        yield f"127.0.0.1:{bound.getsockname()[1]}"


@contextmanager
def silence() -> Iterator[str]:
    """Somebody who takes connections and says nothing."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        yield f"127.0.0.1:{listening.getsockname()[1]}"


@pytest.mark.parametrize("mode", ["sync", "semisync", "async"])
def test_each_mode_gives_the_same_rows(ask: Asking, server: WmiServer, mode: str) -> None:
    printed = ask("query", LAMPS, *at(server), "--mode", mode)
    assert (printed.status, printed.out) == (0, '{"__CLASS": "Demo_Lamp", "Name": "desk", "Watts": 11}\n')


def test_each_command(ask: Asking, server: WmiServer) -> None:
    """With a single host they print what they print of this machine."""
    here = at(server)
    Path("more.mof").write_text("class Demo_Fan { [key] string Name; };", encoding="utf-8")
    assert json.loads(ask("get", "Demo_Lamp.Name='desk'", *here).out)["Watts"] == 11
    assert ask("put", "Demo_Lamp", "Name=hall", "Watts=60", *here).out == 'Demo_Lamp.Name="hall"\n'
    assert ask("put", "Demo_Lamp.Name='hall'", "Watts=40", *here).status == 0
    assert ask("query", f"{LAMPS} WHERE Watts = 40", *here, "--format", "csv").out == "Name,Watts\nhall,40\n"
    assert json.loads(ask("call", "Demo_Bell.Name='door'", "Ring", "Times=2", *here).out)["Sound"] == "ding"
    assert ask("call", "Demo_Bell.Name='door'", "Ring", "Times=many", *here).status == 2
    assert "Demo_Bell" in ask("classes", *here).out
    assert "uint8 Times" in ask("describe", "Demo_Bell", *here).out
    assert '"root\\\\cimv2"' in ask("namespaces", *here).out
    assert ask("associators", "Demo_Lamp.Name='hall'", *here) == (0, "", "")
    assert ask("mof", "compile", "more.mof", *here).err == "more.mof: 1 class stored\n"
    assert "class Demo_Fan" in ask("mof", "export", "Demo_Fan", *here).out
    assert ask("delete", "Demo_Lamp.Name='hall'", "Demo_Fan", *here).status == 0
    gone = ask("get", "Demo_Lamp.Name='hall'", *here)
    assert (gone.status, gone.err.startswith("WBEM_E_NOT_FOUND (0x80041002): ")) == (1, True)


def test_rows_carry_their_host_in_every_format(ask: Asking, two: list[WmiServer]) -> None:
    hosts = {name_of(each) for each in two}
    for format_ in ("json", "jsonl"):
        printed = ask("query", LAMPS, *at(*two), "--format", format_)
        rows = json.loads(printed.out) if format_ == "json" else [json.loads(line) for line in printed.out.splitlines()]
        assert {row.pop("__HOST") for row in rows} == hosts
        assert rows == [{"__CLASS": "Demo_Lamp", "Name": "desk", "Watts": 11}] * 2
    table = ask("query", LAMPS, *at(*two), "--format", "table").out.splitlines()
    assert table[0].split() == ["__HOST", "Name", "Watts"]
    assert {line.split()[0] for line in table[2:]} == hosts
    listed = ask("query", LAMPS, *at(*two), "--format", "list").out.split("\n\n")
    assert {block.splitlines()[0].removeprefix("__HOST : ") for block in listed} == hosts
    rows = list(csv.DictReader(io.StringIO(ask("query", LAMPS, *at(*two), "--format", "csv").out)))
    assert {row["__HOST"] for row in rows} == hosts
    mof = ask("query", LAMPS, *at(*two), "--format", "mof").out
    assert {line.removeprefix("// ") for line in mof.splitlines() if line.startswith("//")} == hosts
    nothing = ask("query", f"{LAMPS} WHERE Watts = 1", *at(*two), "--format", "csv")
    assert nothing.out == "__HOST,Name,Watts\n"


def test_what_is_no_row_names_its_host(ask: Asking, two: list[WmiServer]) -> None:
    hosts = [name_of(each) for each in two]
    described = ask("describe", "Demo_Bell", *at(*two)).out
    assert all(f"{host}:\nDemo_Bell" in described for host in hosts)
    put = ask("put", "Demo_Lamp", "Name=hall", *at(*two)).out
    assert sorted(put.splitlines()) == sorted(rf'\\{host}\root\cimv2:Demo_Lamp.Name="hall"' for host in hosts)
    Path("bad.mof").write_text("class {", encoding="utf-8")
    checked = ask("mof", "check", "bad.mof", *at(*two))
    assert (checked.status, sorted(line.split(": ")[0] for line in checked.err.splitlines())) == (1, sorted(hosts))
    assert ask("mof", "export", "Demo_Lamp", "-o", "x", *at(*two)).status == 2
    exported = ask("mof", "export", "Demo_Lamp", *at(*two)).out
    assert all(f"// {host}\n" in exported for host in hosts)


def test_rows_with_a_host_can_be_put_again(ask: Asking, two: list[WmiServer], monkeypatch: pytest.MonkeyPatch) -> None:
    rows = ask("query", LAMPS, *at(*two)).out
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(rows.encode())))
    printed = ask("put", *at(two[0]))
    assert (printed.status, printed.out) == (0, 'Demo_Lamp.Name="desk"\n' * 2)


def test_one_of_three_is_dead(ask: Asking, two: list[WmiServer]) -> None:
    with nobody() as dead:
        printed = ask("query", LAMPS, *at(two[0], dead, two[1]))
        assert printed.status == 3
        assert {json.loads(line)["__HOST"] for line in printed.out.splitlines()} == {name_of(each) for each in two}
        failure, count = printed.err.splitlines()
        assert failure.startswith(
            f"{dead}: RPC_S_SERVER_UNAVAILABLE (0x800706BA): {dead}: Connection refused; is it on"
        )
        assert count == "1 of 3 hosts failed"
        alone = ask("query", LAMPS, *at(dead, dead.replace("127.0.0.1", "localhost")), "--format", "json")
        assert (alone.status, alone.out) == (3, "")


def test_failures_are_told_in_the_order_of_the_hosts(ask: Asking, two: list[WmiServer]) -> None:
    two[1].fault(call="ExecQuery", error=WbemStatus.ACCESS_DENIED)
    with nobody() as dead:
        printed = ask("query", "SELECT * FROM Demo_None", *at(two[0], dead, two[1]))
    assert (printed.status, printed.out) == (3, "")
    lines = printed.err.splitlines()
    assert [line.split(": ")[0] for line in lines[:-1]] == [name_of(two[0]), dead, name_of(two[1])]
    assert [line.split()[1] for line in lines[:-1]] == [
        "WBEM_E_INVALID_CLASS",
        "RPC_S_SERVER_UNAVAILABLE",
        "WBEM_E_ACCESS_DENIED",
    ]
    assert lines[-1] == "3 of 3 hosts failed"
    assert ask("query", "SELECT * FROM Demo_None", *at(*two)).status == 1
    assert ask("call", "Demo_Bell.Name='door'", "Ring", "Times=many", *at(*two)).status == 2


def test_hosts_from_a_file(ask: Asking, two: list[WmiServer]) -> None:
    """Each once; rows carry their host, though the file names only one."""
    one, other = map(name_of, two)
    Path("hosts").write_text(f"# lamps\n\n{one}  # upstairs\n{one}\n", encoding="utf-8")
    printed = ask("query", LAMPS, "--hosts", "hosts")
    assert [json.loads(line)["__HOST"] for line in printed.out.splitlines()] == [one]
    printed = ask("query", LAMPS, "--hosts", "hosts", "--host", other, "--at-once", "1")
    assert [json.loads(line)["__HOST"] for line in printed.out.splitlines()] == [other, one]


def test_no_more_than_that_at_the_same_time(ask: Asking) -> None:
    """Names of one machine: with a limit of one each begins when the one before has ended."""
    with a_server("0.0.0.0") as everywhere:  # noqa: S104 - five addresses of this machine
        names = [f"127.0.0.{number}:{everywhere.port}" for number in range(1, 6)]
        printed = ask("query", LAMPS, *at(*names), "--at-once", "1")
        assert [json.loads(line)["__HOST"] for line in printed.out.splitlines()] == names


def test_who_does_not_get_in(ask: Asking, server: WmiServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENWMI_PASSWORD", "hidden")
    printed = ask("query", LAMPS, *at(server))
    assert (printed.status, printed.out) == (3, "")
    assert "refused the login of WORKGROUP\\tester: the name or the password is wrong" in printed.err
    assert printed.err.count("\n") == 1
    assert "hidden" not in printed.err
    monkeypatch.undo()
    monkeypatch.setenv("OPENWMI_PASSWORD", "Passw0rd")
    closed = ask("query", LAMPS, *at(server), "--namespace", "root/none")
    assert (closed.status, closed.err) == (
        1,
        "WBEM_E_INVALID_NAMESPACE (0x8004100E): 127.0.0.1 has no namespace root\\none\n",
    )


def test_a_machine_that_says_nothing(ask: Asking) -> None:
    with silence() as silent:
        printed = ask("query", LAMPS, *at(silent), "--timeout", "0.1")
    assert printed.status == 3
    assert f"{silent} did not let us in within 0.1 s; is it on" in printed.err


def test_a_connection_that_is_lost(ask: Asking, server: WmiServer) -> None:
    server.fault(call="ExecQuery", disconnect=True)
    printed = ask("query", LAMPS, *at(server))
    assert (printed.status, printed.out) == (3, "")
    assert printed.err.startswith("RPC_S_CALL_FAILED (0x800706BE): ")
    assert printed.err.count("\n") == 1


# ---------------------------------------------------------------------------------------------------------------- watch


@contextmanager
def watching(*arguments: str) -> Iterator[subprocess.Popen[str]]:
    """A process of its own, which has told of something."""
    command = [sys.executable, "-c", PROGRAM, "watch", CHANGES, "--user", "tester", *arguments]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdout=pipe, stderr=pipe, text=True, start_new_session=True) as process:
        try:
            yield process
        finally:
            if process.poll() is None:
                process.kill()


@pytest.mark.parametrize("mode", ["sync", "semisync", "async"])
def test_events_in_each_mode(ask: Asking, server: WmiServer, mode: str) -> None:
    printed = ask("watch", CHANGES, *at(server), "--mode", mode, "--count", "2")
    assert printed.status == 0
    events = [json.loads(line) for line in printed.out.splitlines()]
    first, second = (event["TargetInstance"]["Ticks"] for event in events)
    assert first < second
    assert "__HOST" not in events[0]


def test_events_of_several_hosts(ask: Asking, two: list[WmiServer]) -> None:
    """All are watched, whatever --at-once says, and --count is of all together; one that fails is told of at once."""
    with nobody() as dead:
        printed = ask("watch", CHANGES, *at(*two, dead), "--count", "40", "--at-once", "1")
    assert printed.status == 3
    hosts = [json.loads(line)["__HOST"] for line in printed.out.splitlines()]
    assert len(hosts) == 40
    assert set(hosts) == {name_of(each) for each in two}
    assert [line.split(": ")[0] for line in printed.err.splitlines()] == [dead, "1 of 3 hosts failed"]


def test_ctrl_c_leaves_what_was_written_whole(ask: Asking, two: list[WmiServer]) -> None:
    with watching(*at(*two), "--format", "json") as process:
        assert process.stdout is not None
        assert process.stderr is not None
        begun = process.stdout.readline() + process.stdout.readline()
        process.send_signal(signal.SIGINT)
        rest = process.stdout.read()
        assert (process.wait(30), process.stderr.read().strip()) == (130, "")
    assert json.loads(begun + rest)[0]["__HOST"] in {name_of(each) for each in two}


def test_a_reader_that_goes_away(ask: Asking, two: list[WmiServer]) -> None:
    with watching(*at(*two)) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.readline()
        process.stdout.close()
        assert process.wait(30) == 0
        assert process.stderr.read() == ""


def test_a_watch_whose_server_dies(ask: Asking) -> None:
    with a_server() as served:
        served.fault(call="Next", number=2, disconnect=True)
        printed = ask("watch", CHANGES, *at(served), "--timeout", "10")
    assert printed.status == 3
    assert printed.err.startswith("RPC_S_CALL_FAILED (0x800706BE): ")
    assert printed.err.count("\n") == 1
