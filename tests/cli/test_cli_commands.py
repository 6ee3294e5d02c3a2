"""The commands, their modes, and what they say when something fails."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tests.cli.fakes import Command, Machine, Rows, two_and_a_failure

from openwmi.base.error import WbemError
from openwmi.base.status import WbemStatus
from openwmi.cli import main
from openwmi.cli.commands import COMMANDS

MODES = ["sync", "semisync", "async"]
NAMES = "SELECT Name FROM Test_Robot"


@pytest.mark.parametrize("mode", MODES)
def test_each_mode_prints_the_same(openwmi: Command, mode: str) -> None:
    printed = openwmi("query", NAMES, "--mode", mode, "--format", "csv")
    assert printed == (0, "Name\nBob\nAda\nEve\n", "")
    assert '"Eve"' in openwmi("get", "Test_Robot='eve'", "--mode", mode).out
    assert '"ReturnValue": 21' in openwmi("call", "Test_Robot='Bob'", "Rest", "--mode", mode).out


@pytest.mark.parametrize("mode", MODES)
def test_thousands_of_rows(openwmi: Command, machine: Machine, mode: str) -> None:
    machine.providers = (Rows(lambda: ({"Name": str(n)} for n in range(3500))),)
    lines = openwmi("query", NAMES, "--mode", mode).out.splitlines()
    assert [json.loads(line)["Name"] for line in lines] == [str(n) for n in range(3500)]


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize(
    ("command", "status"),
    [
        (("query", "SELEC"), "WBEM_E_INVALID_QUERY"),
        (("query", "SELECT * FROM Nowhere"), "WBEM_E_INVALID_CLASS"),
        (("query", "SELECT Nme FROM Test_Robot"), "WBEM_E_INVALID_QUERY"),
        (("get", "Test_Robot.Name='Zoe'"), "WBEM_E_NOT_FOUND"),
        (("get", "Test_Robot.Name="), "WBEM_E_INVALID_OBJECT_PATH"),
        (("call", "Test_Robot", "Shout"), "WBEM_E_INVALID_METHOD"),
        (("call", "Test_Robot", "Say", "Loud=1"), "WBEM_E_INVALID_METHOD_PARAMETERS"),
        (("call", "Test_Robot='Bob'", "Fly"), "WBEM_E_METHOD_NOT_IMPLEMENTED"),
        (("classes", "Nowhere"), "WBEM_E_INVALID_CLASS"),
        (("describe", "Nowhere"), "WBEM_E_NOT_FOUND"),
        (("classes", "--namespace", "root/nowhere"), "WBEM_E_INVALID_NAMESPACE"),
    ],
)
def test_a_failure_is_one_line(openwmi: Command, command: tuple[str, ...], status: str, mode: str) -> None:
    printed = openwmi(*command, "--mode", mode)
    assert (printed.status, printed.out) == (1, "")
    assert printed.err.startswith(f"{status} (0x")
    assert printed.err.count("\n") == 1


def test_a_failure_says_what_to_do(openwmi: Command) -> None:
    assert "'openwmi classes' lists the classes" in openwmi("query", "SELECT * FROM Nowhere").err
    assert "did you mean 'Name'?" in openwmi("query", "SELECT Nme FROM Test_Robot").err


@pytest.mark.parametrize("format_", ["table", "list", "json", "jsonl", "csv", "mof"])
def test_a_query_for_classes(openwmi: Command, format_: str) -> None:
    printed = openwmi("query", "SELECT * FROM meta_class WHERE __this ISA 'Test_Robot'", "--format", format_)
    assert printed.status == 0
    assert "Test_Robot" in printed.out
    assert "Test_AllTypes" not in printed.out


def test_the_call_is_named_once(openwmi: Command) -> None:
    """The message of a query's error quotes the query already."""
    assert openwmi("query", "SELECT * FROM Test_Robot WHERE").err.count("FROM Test_Robot WHERE") == 1
    assert "[instances" not in openwmi("get", "Test_Robot='Zoe'").err
    long = openwmi("query", f"SELECT * FROM Nowhere WHERE Name = '{'x' * 500}'").err
    assert "[query SELECT * FROM Nowhere" in long
    assert len(long) < 300


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("format_", ["table", "list", "json", "jsonl", "csv"])
def test_what_came_before_a_failure_is_shown(openwmi: Command, machine: Machine, mode: str, format_: str) -> None:
    machine.providers = (Rows(two_and_a_failure),)
    printed = openwmi("query", NAMES, "--mode", mode, "--format", format_)
    assert printed.status == 1
    assert "Bob" in printed.out
    assert "Ada" in printed.out
    assert printed.err.count("\n") == 1
    assert r"the third one is not for you:\nask its owner" in printed.err
    if format_ == "json":
        assert len(json.loads(printed.out)) == 2


def test_a_provider_that_breaks_is_one_line_too(openwmi: Command, machine: Machine) -> None:
    """What the library logs about it is for those who asked for a log."""

    def broken() -> None:
        raise ZeroDivisionError("by design")

    machine.providers = (Rows(broken),)  # type: ignore[arg-type]  # the point of the test
    printed = openwmi("query", NAMES)
    assert printed.status == 1
    assert printed.err.startswith("WBEM_E_PROVIDER_FAILURE")
    assert printed.err.count("\n") == 1


@pytest.mark.parametrize(
    ("refusal", "asked", "status"),
    [
        (WbemStatus.ACCESS_DENIED, ["--namespace", "//srv1/root/cimv2", "--user", "me"], 3),
        (WbemStatus.ACCESS_DENIED, ["--host", "srv1", "--user", "me"], 3),
        (WbemStatus.ACCESS_DENIED, [], 1),
        (WbemStatus.TRANSPORT_FAILURE, [], 3),
        (WbemStatus.NOT_SUPPORTED, [], 1),
        (WbemStatus.TIMED_OUT, [], 1),
        (WbemStatus.TRANSPORT_FAILURE, ["--host", "srv1", "--user", "me"], 3),
        (WbemStatus.TIMED_OUT, ["--host", "srv1", "--user", "me"], 3),
        (WbemStatus.INVALID_NAMESPACE, ["--host", "srv1", "--user", "me"], 1),
    ],
)
def test_who_cannot_get_in_leaves_with_3(
    openwmi: Command,
    machine: Machine,
    monkeypatch: pytest.MonkeyPatch,
    refusal: WbemStatus,
    asked: list[str],
    status: int,
) -> None:
    """Nobody logs in to this machine itself: what is denied there is a file."""
    monkeypatch.setenv("OPENWMI_PASSWORD", "secret")
    machine.refusal = WbemError(refusal, "not today")
    printed = openwmi("query", NAMES, *asked)
    assert printed.status == status
    advice = "; is it on, and " if "--host" in asked and refusal == WbemStatus.TIMED_OUT else "\n"
    assert printed.err.startswith(f"{refusal.symbol} (0x{refusal:08X}): not today{advice}")
    assert printed.err.count("\n") == 1


def test_another_machine_cannot_be_reached(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENWMI_PASSWORD", "secret")
    assert main(("query", NAMES, "--namespace", "//srv1.invalid/root/cimv2", "--user", "me")) == 3
    printed = capsys.readouterr()
    assert printed.out == ""
    assert "(0x800706BA): " in printed.err
    assert "srv1.invalid" in printed.err


@pytest.mark.parametrize(
    "command",
    [
        (),
        ("quary",),
        ("query",),
        ("query", NAMES, "--mode", "slow"),
        ("query", NAMES, "--format", "xml"),
        ("namespaces", "--format", "mof"),
        ("query", NAMES, "--timeout", "0"),
        ("query", NAMES, "--timeout", "soon"),
        ("query", NAMES, "--timeout", "nan"),
        ("get",),
        ("call", "Test_Robot"),
        ("call", "Test_Robot", "Say", "Text"),
        ("call", "Test_Robot", "Say", "=x"),
        ("describe", "Test_Robot.Name='Bob'"),
    ],
)
def test_wrong_usage_is_2(openwmi: Command, command: tuple[str, ...]) -> None:
    printed = openwmi(*command)
    assert (printed.status, printed.out) == (2, "")
    assert "Usage: openwmi" in printed.err or "Error: " in printed.err


def test_get(openwmi: Command) -> None:
    assert json.loads(openwmi("get", "Test_Loner=@").out) == {"__CLASS": "Test_Loner", "Name": "alone"}
    assert openwmi("get", r"\\TESTHOST\root\cimv2:Test_Robot.Name='Bob'", "--format", "csv").out == "Name,Age\nBob,7\n"


def test_get_of_a_class_describes_it(openwmi: Command) -> None:
    assert openwmi("get", "Test_Robot", "--format", "list").out == openwmi("describe", "Test_Robot").out


def test_call_a_value_that_is_no_success(openwmi: Command) -> None:
    assert openwmi("call", "Test_Robot.Name='Bob'", "Rest", "--format", "list") == (0, "ReturnValue : 21\n", "")


def test_call_with_a_class_in_another_namespace(openwmi: Command) -> None:
    assert "connect to root\\other" in openwmi("call", r"root\other:Test_Robot='Bob'", "Rest").err


def test_classes(openwmi: Command) -> None:
    lines = openwmi("classes", "--format", "csv").out.splitlines()
    assert [line for line in lines if not line.startswith(("CIM_", "Win32_", "StdRegProv"))] == [
        "Class,Superclass,Kind",
        "Test_AllTypes,Test_Thing,",
        "Test_Loner,,singleton",
        "Test_Part,,",
        "Test_Robot,Test_Thing,",
        "Test_Thing,,abstract",
    ]
    derived = openwmi("classes", "test_thing").out.splitlines()
    assert [json.loads(line)["Class"] for line in derived] == ["Test_AllTypes", "Test_Robot"]


def test_classes_of_the_system(openwmi: Command) -> None:
    all_ = openwmi("classes", "--system", "--format", "csv").out
    assert "__NAMESPACE,__SystemClass,\n" in all_
    assert "Test_Part,,\n" in all_
    below = openwmi("classes", "__Event", "--format", "csv").out
    assert "__InstanceCreationEvent,__InstanceOperationEvent,\n" in below
    assert "Test_" not in below


def test_namespaces(openwmi: Command, shelves: Path) -> None:
    for name, where in (("Demo", "root"), ("below", "root/demo")):
        assert openwmi("put", "__NAMESPACE", f"Name={name}", "--namespace", where).status == 0
    flat = openwmi("namespaces", "--format", "csv").out.splitlines()
    assert flat == ["Namespace", "root\\cimv2", "root\\default", "root\\Demo", "root\\subscription"]
    for mode in MODES:
        deep = openwmi("namespaces", "--recursive", "--mode", mode).out.splitlines()
        assert [json.loads(line)["Namespace"] for line in deep] == [*flat[1:4], "root\\Demo\\below", flat[4]]
    assert openwmi("namespaces", "--namespace", "root/cimv2") == (0, "", "")


def test_describe(openwmi: Command) -> None:
    assert openwmi("describe", "test_robot").out.splitlines() == [
        "Test_Robot : Test_Thing",
        "",
        "Property  Type    Key  From",
        "--------  ------  ---  ----------",
        "Name      string  key  Test_Thing",
        "Age       uint8        Test_Robot",
        "",
        "static uint32 Say(in string Text, in sint16 Number, in boolean Flag, in real64 Real, in datetime When, "
        "in uint8[] Numbers, in object:Test_Part Part, out string Heard)",
        "uint32 Rest()",
        "void Fly()  (not implemented)",
    ]


def test_describe_for_programs(openwmi: Command) -> None:
    (described,) = json.loads(openwmi("describe", "Test_Robot", "--format", "json").out)
    assert described["properties"][0] == {"name": "Name", "type": "string", "key": True, "origin": "Test_Thing"}
    assert [method["name"] for method in described["methods"]] == ["Say", "Rest", "Fly"]
    rows = openwmi("describe", "Test_Robot", "--format", "csv").out.splitlines()
    assert rows[1] == "property,Name,string,TRUE,Test_Thing"
    assert rows[-1] == "method,Fly,void,FALSE,Test_Robot"


def test_version(openwmi: Command) -> None:
    assert openwmi("--version").out.startswith("openwmi ")


@pytest.mark.parametrize("command", ["query", "get", "put", "delete", "call", "classes", "describe", "associators"])
def test_help_shows_examples(openwmi: Command, command: str) -> None:
    printed = openwmi(command, "--help")
    assert printed.status == 0
    assert f"\n  Examples:\n    openwmi {'describe' if command == 'call' else command}" in printed.out
    assert "\\b" not in printed.out
    assert max(map(len, printed.out.splitlines())) <= 80


def test_help_lists_the_commands(openwmi: Command) -> None:
    printed = openwmi("--help")
    assert printed.status == 0
    for name, (_, line) in COMMANDS.items():
        assert name in printed.out
        assert line in printed.out


@pytest.mark.parametrize("command", COMMANDS)
def test_each_command_can_be_loaded(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([command, "--help"]) == 0
    assert f"Usage: openwmi {command}" in capsys.readouterr().out


def test_ctrl_c_is_130(openwmi: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    async def interrupted(namespace: str, *, repository: Path | None) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("openwmi.cli.running.connect", interrupted)
    printed = openwmi("query", NAMES)
    assert (printed.status, printed.out, printed.err.strip()) == (130, "", "")
