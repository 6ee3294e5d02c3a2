"""`openwmi put`: instances from the command line and from rows, whole and in part."""

from __future__ import annotations

import io
import json
import sys
from pathlib import Path
from typing import Any

import pytest
from tests.cli.fakes import Command, Terminal

MODES = ["sync", "semisync", "async"]
ALL = "SELECT * FROM Demo_Shelf"


def found(openwmi: Command, path: str) -> dict[str, Any]:
    printed = openwmi("get", path)
    assert printed.err == ""
    values: dict[str, Any] = json.loads(printed.out)
    return values


def pipe(monkeypatch: pytest.MonkeyPatch, text: str | bytes) -> None:
    octets = text if isinstance(text, bytes) else text.encode()
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(octets)))


# --------------------------------------------------------------------------------------------------------- one instance


@pytest.mark.parametrize("mode", MODES)
def test_a_new_instance(openwmi: Command, shelves: Path, mode: str) -> None:
    printed = openwmi("put", "Demo_Shelf", "name=c", "Owner=null", "Numbers=1", "Numbers=2", "--mode", mode)
    assert printed == (0, 'Demo_Shelf.Name="c"\n', "")
    values = found(openwmi, "Demo_Shelf='c'")
    assert (values["Owner"], values["Numbers"], values["Width"], values["Made"]) == ("null", [1, 2], 10, None)


@pytest.mark.parametrize("target", [("Demo_Shelf", "Name=a"), ("Demo_Shelf.Name='a'",), ('demo_shelf="A"',)])
def test_what_is_not_named_stays(openwmi: Command, shelves: Path, target: tuple[str, ...]) -> None:
    assert openwmi("put", *target, "Owner=me") == (0, 'Demo_Shelf.Name="a"\n', "")
    values = found(openwmi, "Demo_Shelf='a'")
    assert (values["Owner"], values["Texts"]) == ("me", ["x", "y"])
    openwmi("put", *target, "Owner:=null", "Texts:=[]")
    values = found(openwmi, "Demo_Shelf='a'")
    assert (values["Owner"], values["Texts"]) == (None, [])


def test_every_type(openwmi: Command, shelves: Path) -> None:
    before = found(openwmi, "Demo_Shelf.Name='b \"q\"'")
    pairs = [f"{name}:={json.dumps(value)}" for name, value in before.items() if name not in {"__CLASS", "Name"}]
    assert openwmi("put", "Demo_Shelf.Name='d'", *pairs).status == 0
    assert found(openwmi, "Demo_Shelf='d'") == {**before, "Name": "d"}


def test_an_object_of_any_class(openwmi: Command, shelves: Path) -> None:
    assert openwmi("put", "Demo_Shelf='a'", 'Any={"__CLASS": "Demo_Part", "Size": 3}').status == 0
    assert found(openwmi, "Demo_Shelf='a'")["Any"] == {"__CLASS": "Demo_Part", "Size": 3, "Label": None}


def test_a_path_names_an_instance_of_a_derived_class(openwmi: Command, shelves: Path) -> None:
    openwmi("put", "Demo_Deep", "Name=e", "Depth=3")
    assert openwmi("put", "Demo_Shelf='e'", "Depth=4").out == 'Demo_Deep.Name="e"\n'
    assert found(openwmi, "Demo_Deep='e'")["Depth"] == 4


def test_a_singleton_and_a_key_that_is_made_up(openwmi: Command, shelves: Path) -> None:
    assert openwmi("put", "Demo_Clock", "Time=noon").out == "Demo_Clock=@\n"
    assert openwmi("put", "Demo_Clock=@", "Time=one").out == "Demo_Clock=@\n"
    assert found(openwmi, "Demo_Clock=@")["Time"] == "one"
    assert openwmi("put", "Demo_Shelf", "Width=1").out.startswith('Demo_Shelf.Name="{')


def test_a_path_alone_creates_or_changes_nothing(openwmi: Command, shelves: Path) -> None:
    before = found(openwmi, "Demo_Shelf='a'")
    assert openwmi("put", "Demo_Shelf='a'").out == 'Demo_Shelf.Name="a"\n'
    assert found(openwmi, "Demo_Shelf='a'") == before
    assert openwmi("put", "Demo_Shelf='new'").out == 'Demo_Shelf.Name="new"\n'
    assert found(openwmi, "Demo_Shelf='new'")["Width"] == 10


@pytest.mark.parametrize(
    ("arguments", "status"),
    [
        (("Demo_Shelf", "Name=a", "--create-only"), "WBEM_E_ALREADY_EXISTS"),
        (("Demo_Shelf='a'", "Width=1", "--create-only"), "WBEM_E_ALREADY_EXISTS"),
        (("Demo_Shelf", "Name=new", "--update-only"), "WBEM_E_NOT_FOUND"),
        (("Demo_Shelf='new'", "Width=1", "--update-only"), "WBEM_E_NOT_FOUND"),
        (("Demo_Shelf", "Nme=x"), "WBEM_E_NOT_FOUND"),
        (("Nowhere", "Name=x"), "WBEM_E_NOT_FOUND"),
        (("Nowhere='x'", "Name=x"), "WBEM_E_NOT_FOUND"),
        (("Demo_Shelf.Nme='a'", "Width=1"), "WBEM_E_INVALID_OBJECT_PATH"),
        (("Demo_Shelf.Nme='a'", "Width=1", "--create-only"), "WBEM_E_INVALID_OBJECT_PATH"),
        (("Demo_Shelf.", "Width=1"), "WBEM_E_INVALID_OBJECT_PATH"),
        ((r"root\default:Demo_Shelf='a'", "Width=1"), "WBEM_E_INVALID_NAMESPACE"),
        (("Demo_Shelf.Name='a'", 'Any={"__CLASS": "Demo_Shelf=1"}'), "WBEM_E_INVALID_CLASS"),
        (("Test_Robot.Name='Bob'", "Age=8"), "WBEM_E_PROVIDER_NOT_CAPABLE"),
        (("Demo_StandsOn", "Lower=x"), "WBEM_E_"),
        (("--file", "missing.json"), "WBEM_E_INVALID_PARAMETER"),
    ],
)
def test_a_put_that_fails_is_one_line(openwmi: Command, shelves: Path, arguments: tuple[str, ...], status: str) -> None:
    before = openwmi("query", ALL).out
    printed = openwmi("put", *arguments)
    assert (printed.status, printed.out) == (1, "")
    assert printed.err.startswith(status)
    assert printed.err.count("\n") == 1
    assert openwmi("query", ALL).out == before


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("Demo_Shelf", "Name=a", "--create-only", "--update-only"), "exclude each other"),
        (("Demo_Shelf", "Name=a", "--file", "x.json"), "exclude each other"),
        (("Demo_Shelf='a'", "Name=b"), "Name is a key, and the path says already what it is"),
        (("Demo_Shelf", "Name=a", "Width=x"), "Width is a uint16, which 'x' is not"),
        (("Demo_Shelf", "Name=a", f"Width:={'9' * 5000}"), "as JSON, it has a number of too many digits"),
        (("Demo_Shelf", "Name=a", 'Part={"size": 1, "Size": 2}'), "'size' and 'Size' are the same name"),
        (("Demo_Shelf", "Name=a", "Any={}"), 'say which it is with "__CLASS"'),
        (("Demo_Shelf", "Name=a", "--format", "json"), "No such option"),
    ],
)
def test_a_put_that_is_wrong_usage(openwmi: Command, shelves: Path, arguments: tuple[str, ...], said: str) -> None:
    printed = openwmi("put", *arguments)
    assert (printed.status, printed.out) == (2, "")
    assert said in printed.err


def test_namespaces(openwmi: Command, shelves: Path) -> None:
    new = ("put", "__NAMESPACE", "Name=demo", "--namespace", "root")
    assert openwmi(*new).out == '__NAMESPACE.Name="demo"\n'
    assert openwmi(*new).status == 0
    assert openwmi(*new, "--create-only").err.startswith("WBEM_E_ALREADY_EXISTS")
    assert openwmi("classes", "--namespace", "root/demo") == (0, "", "")


def test_a_number_in_a_path_for_a_key_that_is_a_text(openwmi: Command, shelves: Path) -> None:
    assert openwmi("put", "Demo_Shelf=5", "Width=1").out == 'Demo_Shelf.Name="5"\n'


def test_another_repository(openwmi: Command, shelves: Path) -> None:
    assert openwmi("mof", "compile", "shelves.mof", "--repository", "other.db").status == 0
    openwmi("put", "Demo_Shelf", "Name=there", "--repository", "other.db")
    assert openwmi("get", "Demo_Shelf='there'", "--repository", "other.db").status == 0
    assert openwmi("get", "Demo_Shelf='there'").status == 1


# ----------------------------------------------------------------------------------------------------------------- rows


@pytest.mark.parametrize("format_", ["json", "jsonl"])
@pytest.mark.parametrize("mode", MODES)
def test_rows_come_back_as_they_were_printed(
    openwmi: Command, shelves: Path, monkeypatch: pytest.MonkeyPatch, format_: str, mode: str
) -> None:
    printed = openwmi("query", ALL, "--format", format_).out
    openwmi("delete", "Demo_Shelf='a'", "Demo_Shelf='b \"q\"'")
    pipe(monkeypatch, printed)
    put = openwmi("put", "--mode", mode)
    assert put == (0, 'Demo_Shelf.Name="a"\nDemo_Shelf.Name="b \\"q\\""\n', "")
    assert openwmi("query", ALL, "--format", format_).out == printed


MOMENTS = [
    "20260131120000.000000+060",
    "20260131120000.000001-720",
    "20260131120000.120000+840",
    "00010101000000.000000+060",
    "20260131******.******+***",
    "20260131120000.******+***",
    "20260131120000.123***+000",
    "20260131120000.000000+***",
    "20260131000000.000000+000",
    "20260131000000.000000-000",
    "202601********.******+***",
    "2026**********.******+***",
    "****0131120000.000000+000",
    "20260230120000.000000+000",
    "00000101000000.000000+000",
]


@pytest.mark.parametrize("moment", MOMENTS)
def test_every_moment_comes_back_as_it_was_stored(
    openwmi: Command, shelves: Path, monkeypatch: pytest.MonkeyPatch, moment: str
) -> None:
    (shelves / "made.mof").write_text(f'instance of Demo_Shelf {{ Name = "m"; Made = "{moment}"; }};', encoding="utf-8")
    openwmi("mof", "compile", "made.mof")
    before = openwmi("get", "Demo_Shelf='m'", "--format", "mof").out
    assert moment in before
    printed = openwmi("get", "Demo_Shelf='m'", "--format", "jsonl").out
    openwmi("delete", "Demo_Shelf='m'")
    pipe(monkeypatch, printed)
    assert openwmi("put") == (0, 'Demo_Shelf.Name="m"\n', "")
    assert openwmi("get", "Demo_Shelf='m'", "--format", "mof").out == before


def test_moments_that_are_exact_are_in_iso_8601(openwmi: Command, shelves: Path) -> None:
    for given, shown in [(MOMENTS[1], "2026-01-31T12:00:00.000001-12:00"), (MOMENTS[4], MOMENTS[4])]:
        openwmi("put", "Demo_Shelf='m'", f"Made={given}")
        assert found(openwmi, "Demo_Shelf='m'")["Made"] == shown


def test_rows_from_a_file_keep_what_they_do_not_have(openwmi: Command, shelves: Path) -> None:
    rows = [{"Name": "a", "Width": 3, "__PATH": "…"}, {"Name": "new"}]
    (shelves / "rows.json").write_text(json.dumps(rows, indent=2), encoding="utf-8-sig")
    assert openwmi("put", "Demo_Shelf", "--file", "rows.json").status == 0
    values = found(openwmi, "Demo_Shelf='a'")
    assert (values["Width"], values["Texts"]) == (3, ["x", "y"])
    assert found(openwmi, "Demo_Shelf='new'")["Width"] == 10


def test_all_rows_or_none(openwmi: Command, shelves: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pipe(monkeypatch, '{"Name": "n1"}\n{"Name": "a"}\n')
    printed = openwmi("put", "Demo_Shelf", "--create-only")
    assert printed.err.startswith("WBEM_E_ALREADY_EXISTS")
    assert openwmi("get", "Demo_Shelf='n1'").status == 1


@pytest.mark.parametrize("text", ["", "[]", "\n\n"])
def test_no_rows(openwmi: Command, shelves: Path, monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    pipe(monkeypatch, text)
    assert openwmi("put", "--file", "-") == (0, "", "")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('{"Name": "x"}\n\n{"Name": }', "standard input:3: as JSON, Expecting value"),
        ('{"Name": "x"}\n[1]', "standard input:2, element 0: a row is a JSON object"),
        ("5", "standard input:1: a row is a JSON object"),
        ('\n{"Name": "x", "Width": "w"}', "standard input:2: Demo_Shelf.Width is a uint16, which 'w' is not"),
        ('{"Name": "x", "Width": 70000}', "standard input:1: Demo_Shelf.Width: uint16 takes"),
        ('{"Name": "x", "Part": {"Size": true}}', "Part: Demo_Part.Size: uint8 takes"),
        ('{"Name": "x", "Nme": 1}', "standard input:1: Demo_Shelf has no property 'Nme'"),
        ('[{"Name": "x"}, {"Width": 1}]', "standard input:1, element 1: Demo_Shelf.Name is a key"),
        ('{"__CLASS": "Nowhere"}', "has no class Nowhere"),
        ('{"__CLASS": 5}', 'standard input:1 says no "__CLASS"'),
        (
            '\n{"Name": "x",\n"Width": ' + "9" * 5000 + "}",
            "standard input:2: as JSON, it has a number of too many digits",
        ),
        ('\n{"Name": "x", "name": "y"}', "standard input:2: 'Name' and 'name' are the same name"),
        ('{"Name": "x", "Part": {"Size": 1, "Size": 2}}', "standard input:1: 'Size' and 'Size' are the same name"),
        (
            '{"Name": "x", "Made": "2026-01-31"}',
            "standard input:1: Demo_Shelf.Made is a datetime, which '2026-01-31' is",
        ),
        (
            '{"Name": "x", "Made": "2026-01-31T12:00"}',
            "not: it says no offset from UTC: write 2026-01-31T12:00:00+00:00",
        ),
        ("[" * 100_000, "standard input:1: this JSON nests too deep"),
        (b"\xff\xfe\x00", "standard input is no text in UTF-8"),
    ],
)
def test_what_is_wrong_with_a_row(
    openwmi: Command, shelves: Path, monkeypatch: pytest.MonkeyPatch, text: str | bytes, said: str
) -> None:
    pipe(monkeypatch, text)
    printed = openwmi("put", "Demo_Shelf")
    assert (printed.status, printed.out) == (1, "")
    assert said in printed.err
    assert printed.err.count("\n") == 1


def test_rows_without_a_class(openwmi: Command, shelves: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pipe(monkeypatch, '{"Name": "x"}')
    assert 'standard input:1 says no "__CLASS": name the class before the rows' in openwmi("put").err


@pytest.mark.parametrize("target", [(), ("Demo_Shelf",)])
def test_nobody_is_waited_for_at_a_terminal(
    openwmi: Command, shelves: Path, monkeypatch: pytest.MonkeyPatch, target: tuple[str, ...]
) -> None:
    monkeypatch.setattr(sys, "stdin", Terminal())
    printed = openwmi("put", *target)
    assert printed.status == 2
    assert "nothing to put: give" in printed.err


def test_standard_input_is_closed(openwmi: Command, shelves: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", None)
    printed = openwmi("put")
    assert printed.status == 2
    assert "standard input is closed" in printed.err
