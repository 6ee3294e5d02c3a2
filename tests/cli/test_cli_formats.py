"""What each format makes of each kind of value."""

from __future__ import annotations

import csv
import io
import json
import math

import pytest
from tests.cli.fakes import EVERY_VALUE, AllTypes, Command, Machine, Rows

ALL = "SELECT * FROM Test_AllTypes"
NASTY = 'a\x1b[31m\nb\x9b\x7f\u202e\u2028,"é中'


def test_json_has_every_type(openwmi: Command) -> None:
    printed = openwmi("query", ALL, "--format", "json")
    assert (printed.status, printed.err) == (0, "")
    assert json.loads(printed.out) == [
        {
            "__CLASS": "Test_AllTypes",
            "Name": "a",
            "Big": 18446744073709551615,
            "Small": -9223372036854775808,
            "Yes": True,
            "Real": 0.5,
            "When": "2026-01-31T12:00:00+01:00",
            "Span": "P1DT2H30M0.5S",
            "Letter": "x",
            "Path": 'Test_Robot.Name="Bob"',
            "Part": {"__CLASS": "Test_Part", "Size": 3, "Label": 'a "b", c', "Odd": None},
            "Numbers": [1, 2],
            "Texts": ["x, y", "z"],
            "Nothing": None,
            "Empty": "",
        }
    ]
    assert "18446744073709551615" in printed.out


@pytest.mark.parametrize(("real", "text"), [(math.nan, "NaN"), (math.inf, "Infinity"), (-math.inf, "-Infinity")])
def test_json_stays_json_with_reals_that_are_not_finite(
    openwmi: Command, machine: Machine, real: float, text: str
) -> None:
    part = EVERY_VALUE["Part"].replace_(Odd=real)  # type: ignore[attr-defined]  # an instance, by the table
    machine.providers = (AllTypes({"Name": "a", "Real": real, "Part": part}),)

    def refuse(constant: str) -> object:
        raise AssertionError(f"{constant} is no JSON")

    row = json.loads(openwmi("query", ALL, "--format", "jsonl").out, parse_constant=refuse)
    assert (row["Real"], row["Part"]["Odd"]) == (text, text)
    assert f"{text}," in openwmi("query", ALL, "--format", "csv").out


def test_a_date_that_is_open_keeps_its_own_form(openwmi: Command, machine: Machine) -> None:
    machine.providers = (AllTypes({"Name": "a", "When": "****0131120000.000000+060"}),)
    assert json.loads(openwmi("query", ALL).out)["When"] == "****0131120000.000000+060"


def test_json_of_nothing_is_an_empty_array(openwmi: Command) -> None:
    assert openwmi("query", f"{ALL} WHERE Name = 'z'", "--format", "json").out == "[]\n"


def test_json_lines_are_the_default_where_nobody_looks(openwmi: Command) -> None:
    lines = openwmi("query", "SELECT * FROM Test_Robot").out.splitlines()
    assert [json.loads(line)["Name"] for line in lines] == ["Bob", "Ada", "Eve"]


def test_list(openwmi: Command) -> None:
    out = openwmi("query", ALL, "--format", "list").out
    assert out.splitlines() == [
        "Name    : a",
        "Big     : 18446744073709551615",
        "Small   : -9223372036854775808",
        "Yes     : TRUE",
        "Real    : 0.5",
        "When    : 2026-01-31T12:00:00+01:00",
        "Span    : P1DT2H30M0.5S",
        "Letter  : x",
        'Path    : Test_Robot.Name="Bob"',
        r'Part    : Test_Part {Size=3, Label="a \"b\", c"}',
        "Numbers : {1, 2}",
        'Texts   : {"x, y", "z"}',
        "Nothing :",
        "Empty   :",
    ]


def test_list_separates_objects(openwmi: Command) -> None:
    out = openwmi("query", "SELECT Name FROM Test_Robot", "--format", "list").out
    assert out == "Name : Bob\n\nName : Ada\n\nName : Eve\n"


def test_table(openwmi: Command) -> None:
    out = openwmi("query", "SELECT Name, Age FROM Test_Robot", "--format", "table").out
    assert out == "Name  Age\n----  ---\nBob     7\nAda\nEve    12\n"


def test_table_in_a_pipe_is_never_cut(openwmi: Command, machine: Machine) -> None:
    machine.providers = (Rows(lambda: iter([{"Name": "x" * 5000}])),)
    assert "x" * 5000 in openwmi("query", "SELECT * FROM Test_Robot", "--format", "table").out


def test_table_aligns_what_is_wide(openwmi: Command, machine: Machine) -> None:
    machine.providers = (Rows(lambda: iter([{"Name": "中文", "Age": 1}, {"Name": "abcde", "Age": 2}])),)
    out = openwmi("query", "SELECT * FROM Test_Robot", "--format", "table").out
    assert out.splitlines()[2:] == ["中文     1", "abcde    2"]


def test_csv_can_be_read_back(openwmi: Command) -> None:
    out = openwmi("query", ALL, "--format", "csv").out
    (row,) = csv.DictReader(io.StringIO(out))
    assert (row["Big"], row["Yes"], row["Texts"]) == ("18446744073709551615", "TRUE", '{"x, y", "z"}')


def test_csv_tells_null_from_an_empty_text(openwmi: Command) -> None:
    out = openwmi("query", "SELECT Name, Nothing, Empty FROM Test_AllTypes", "--format", "csv").out
    assert out == 'Name,Nothing,Empty\na,,""\n'


def test_csv_loses_no_row(openwmi: Command) -> None:
    out = openwmi("query", "SELECT Age FROM Test_Robot", "--format", "csv").out
    assert [row for row in csv.reader(io.StringIO(out)) if row] == [["Age"], ["7"], [""], ["12"]]


def test_csv_of_nothing_has_its_header(openwmi: Command) -> None:
    assert openwmi("query", "SELECT Age, Name FROM Test_Robot WHERE Age = 1", "--format", "csv").out == "Age,Name\n"


@pytest.mark.parametrize("format_", ["table", "list", "json", "jsonl", "csv"])
def test_columns_come_as_they_were_named(openwmi: Command, format_: str) -> None:
    """And in the spelling of the class, each once."""
    out = openwmi("query", "SELECT age, NAME, Age FROM Test_Robot", "--format", format_).out
    assert out.index("Age") < out.index("Name")
    assert "NAME" not in out


def test_system_properties_can_be_named(openwmi: Command) -> None:
    row = json.loads(openwmi("query", "SELECT Age, __RELPATH, __class FROM Test_Robot WHERE Name='Bob'").out)
    assert row == {"__CLASS": "Test_Robot", "Age": 7, "__RELPATH": 'Test_Robot.Name="Bob"'}


def test_rows_of_several_classes(openwmi: Command) -> None:
    """Each has its own properties; a table has the columns of all."""
    rows = [json.loads(line) for line in openwmi("query", "SELECT * FROM Test_Thing").out.splitlines()]
    assert {row["__CLASS"] for row in rows} == {"Test_AllTypes", "Test_Robot"}
    assert {"Age", "Big"} <= set(openwmi("query", "SELECT * FROM Test_Thing", "--format", "table").out.split())


@pytest.mark.parametrize("format_", ["table", "list"])
def test_no_control_character_is_left_raw(openwmi: Command, machine: Machine, format_: str) -> None:
    machine.providers = (Rows(lambda: iter([{"Name": NASTY}])),)
    out = openwmi("query", "SELECT Name FROM Test_Robot", "--format", format_).out
    assert r'a\x1b[31m\nb\x9b\x7f\u202e\u2028,"é中' in out
    assert all(char == "\n" or char.isprintable() for char in out)


def test_json_is_clean_and_exact(openwmi: Command, machine: Machine) -> None:
    machine.providers = (Rows(lambda: iter([{"Name": NASTY}, {"Name": "half \ud83d"}])),)
    out = openwmi("query", "SELECT Name FROM Test_Robot").out
    assert [json.loads(line)["Name"] for line in out.splitlines()] == [NASTY, "half \ud83d"]
    assert all(char == "\n" or char.isprintable() for char in out)


def test_csv_in_a_pipe_is_exact(openwmi: Command, machine: Machine) -> None:
    machine.providers = (Rows(lambda: iter([{"Name": NASTY}])),)
    out = openwmi("query", "SELECT Name FROM Test_Robot", "--format", "csv").out
    assert list(csv.reader(io.StringIO(out))) == [["Name"], [NASTY]]
