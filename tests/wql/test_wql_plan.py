"""What a query says about rows before any is fetched."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from openwmi.base.error import WbemError
from openwmi.base.status import WbemStatus
from openwmi.model import CimClass, CimType
from openwmi.wql import equalities, key_lookup, parse_select, referenced, selected

MakeClass = Callable[..., CimClass]


@pytest.fixture(scope="module")
def process(make_class: MakeClass) -> CimClass:
    return make_class(
        "Win32_Process",
        keys=(("Handle", CimType.STRING),),
        others=(
            ("Name", CimType.STRING),
            ("ProcessId", CimType.UINT32),
            ("On", CimType.BOOLEAN),
            ("Ratio", CimType.REAL64),
        ),
    )


@pytest.fixture(scope="module")
def account(make_class: MakeClass) -> CimClass:
    return make_class(
        "Win32_Account",
        keys=(("Domain", CimType.STRING), ("Number", CimType.UINT16)),
        others=(("Sid", CimType.STRING),),
    )


def fixed(class_: CimClass, condition: str) -> dict[str, object]:
    return dict(equalities(parse_select(f"SELECT * FROM X WHERE {condition}"), class_))


def keys(class_: CimClass, condition: str) -> dict[str, object] | None:
    found = key_lookup(parse_select(f"SELECT * FROM X WHERE {condition}"), class_)
    return None if found is None else dict(found)


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ("name = 'SSHD'", {"Name": "SSHD"}),
        ("Name = 'sshd' AND ProcessId = '4' AND On = 1", {"Name": "sshd", "ProcessId": 4, "On": True}),
        ("ProcessId = 4.0", {"ProcessId": 4}),
        ("Ratio = 4", {"Ratio": 4.0}),
        ("Handle = 4", {"Handle": "4"}),
        ("4 = ProcessId", {"ProcessId": 4}),
        ("Name LIKE 'sshd'", {"Name": "sshd"}),
        ("NOT (Name <> 'sshd' OR NOT ProcessId = 4)", {"Name": "sshd", "ProcessId": 4}),
        ("(Name = 'a' AND ProcessId = 1) AND (On = FALSE)", {"Name": "a", "ProcessId": 1, "On": False}),
        ("ProcessId = 1 AND ProcessId = 2", {"ProcessId": 1}),
        ("Name = 'a' OR ProcessId = 1", {}),
        ("Name = 'a' AND (ProcessId = 1 OR ProcessId = 2)", {"Name": "a"}),
        ("NOT Name = 'a'", {}),
        ("Name LIKE 'a%'", {}),
        ("Name IS NULL AND Name = NULL", {}),
        ("ProcessId > 3 AND ProcessId <= 4", {}),
        ("ProcessId = -1", {}),
        ("ProcessId = 1.5", {}),
        ("On = 2", {}),
        ("__CLASS = 'Win32_Process'", {}),
    ],
)
def test_equalities(process: CimClass, condition: str, expected: dict[str, object]) -> None:
    found = fixed(process, condition)
    assert found == expected
    assert {name: type(value) for name, value in found.items()} == {n: type(v) for n, v in expected.items()}


def test_without_where_nothing_is_fixed(process: CimClass) -> None:
    assert len(equalities(parse_select("SELECT * FROM Win32_Process"), process)) == 0
    assert key_lookup(parse_select("SELECT * FROM Win32_Process"), process) is None


def test_names_are_found_without_regard_to_case(process: CimClass) -> None:
    assert equalities(parse_select("SELECT * FROM X WHERE name = 'a'"), process)["NAME"] == "a"


def test_a_key_that_is_fixed_can_be_looked_up(process: CimClass) -> None:
    assert keys(process, "handle = '4' AND Name LIKE 'a%'") == {"Handle": "4"}
    assert keys(process, "Name = 'a'") is None
    assert keys(process, "Handle = '4' OR Handle = '5'") is None
    assert keys(process, "Handle > '4'") is None


def test_all_keys_must_be_fixed(account: CimClass) -> None:
    assert keys(account, "Number = 0x10 AND Domain = 'D'") == {"Domain": "D", "Number": 16}
    assert keys(account, "Domain = 'D'") is None
    assert keys(account, "Domain = 'D' AND Number = 70000") is None


def test_a_class_without_keys_has_no_lookup(make_class: MakeClass) -> None:
    singleton = make_class("Win32_OS", keys=(), others=(("Name", CimType.STRING),))
    assert keys(singleton, "Name = 'a'") is None


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("SELECT * FROM X WHERE Name = 'a'", None),
        ("SELECT name FROM X", {"Name"}),
        (
            "SELECT Name, Name FROM X WHERE NOT (processid = 1 OR On IS NULL) AND 2 < Ratio",
            {"Name", "ProcessId", "On", "Ratio"},
        ),
        ("SELECT Name, __CLASS FROM X WHERE __GENUS = 2", {"Name"}),
        ("SELECT __RELPATH FROM X", {"Handle"}),
        ("SELECT Name FROM X WHERE __path LIKE '%4%'", {"Name", "Handle"}),
    ],
)
def test_referenced(process: CimClass, text: str, expected: set[str] | None) -> None:
    assert referenced(parse_select(text), process) == expected


@pytest.fixture(scope="module")
def event(make_class: MakeClass) -> CimClass:
    others = (("Target", CimType.OBJECT), ("Other", CimType.OBJECT), ("Text", CimType.STRING))
    return make_class("Demo_Event", keys=(("Id", CimType.UINT32),), others=others)


def test_of_embedded_objects_the_objects_are_needed(event: CimClass) -> None:
    condition = "Other.Name = 'a' AND Other ISA 'Y' AND Id = 5"
    query = parse_select(f"SELECT Target.Name, Text FROM X WHERE {condition}")
    assert sorted(referenced(query, event) or ()) == ["Id", "Other", "Target", "Text"]
    assert keys(event, condition) == {"Id": 5}
    assert fixed(event, "Target.Id = 5") == {}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("SELECT * FROM X", None),
        ("SELECT b, A FROM X", ("b", "A")),
        ("SELECT B.a, A, b.C, a.d, __PATH FROM X", ("B", "A", "__PATH")),
    ],
)
def test_selected(text: str, expected: tuple[str, ...] | None) -> None:
    assert selected(parse_select(text)) == expected


def test_unknown_names_are_found_by_all_three(process: CimClass) -> None:
    query = parse_select("SELECT Nome FROM X WHERE Handle = '4'")
    for ask in (equalities, key_lookup, referenced):
        with pytest.raises(WbemError, match="did you mean 'Name'") as caught:
            ask(query, process)
        assert caught.value.status is WbemStatus.INVALID_QUERY
