"""What a query says about rows before any is fetched. Which keys are looked up stands in plan.test."""

from __future__ import annotations

from collections.abc import Callable
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openwmi.base.error import WbemError
from openwmi.base.limits import QUERY_KEY_LOOKUPS
from openwmi.base.status import WbemStatus
from openwmi.model import CimClass, CimDateTime, CimInstance, CimType, Flavor, Qualifier, Type, qualifier_set
from openwmi.wql import (
    And,
    Comparison,
    Expression,
    IsNull,
    Not,
    Operator,
    Or,
    Plan,
    Select,
    compile_filter,
    key_filter,
    parse_select,
    plan,
    prototype,
    selected,
)

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


def where(class_: CimClass, condition: str) -> Plan:
    return plan(parse_select(f"SELECT * FROM X WHERE {condition}"), class_)


def keys(class_: CimClass, condition: str) -> list[dict[str, object]] | None:
    found = where(class_, condition).lookups
    return None if found is None else [dict(keys) for keys in found]


# Equalities


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
        ("(__CLASS = 'Y' OR Name = 'a') AND __GENUS = 2", {"Name": "a"}),
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
    found = dict(where(process, condition).equalities)
    assert found == expected
    assert {name: type(value) for name, value in found.items()} == {n: type(v) for n, v in expected.items()}


def test_without_where_nothing_is_fixed_and_nothing_filtered(process: CimClass) -> None:
    made = plan(parse_select("SELECT * FROM Win32_Process"), process)
    assert (made.impossible, made.filter, made.lookups, made.properties) == (False, None, None, None)
    assert len(made.equalities) == 0
    assert made.shown is process
    assert made.shape is None


def test_names_are_found_without_regard_to_case(process: CimClass) -> None:
    assert where(process, "name = 'a'").equalities["NAME"] == "a"


# Bounds


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ("ProcessId > 3 AND 9 >= ProcessId AND ProcessId > 2", {"ProcessId": (3, 9)}),
        ("NOT (ProcessId < 3 OR ProcessId > 9)", {"ProcessId": (3, 9)}),
        ("ProcessId < 9 AND ProcessId = 4", {"ProcessId": (4, 4)}),
        ("Ratio >= 0.5 AND Ratio < 300 AND ProcessId < '0x10'", {"Ratio": (0.5, 300), "ProcessId": (None, 16)}),
        ("Started > '20240131120000.000000+060'", {"Started": (CimDateTime("20240131110000.000000+000"), None)}),
        ("Started < '20240131******.000000+060'", {}),
        ("Started < '00000001000000.000000:000'", {}),
        ("Started < '20230231000000.000000+000'", {}),
        ("ProcessId > 3 OR ProcessId < 1", {}),
        ("ProcessId <> 3 AND On = TRUE AND Name > 'a' AND Handle = '4' AND __PROPERTY_COUNT > 3", {}),
    ],
)
def test_bounds(make_class: MakeClass, condition: str, expected: dict[str, object]) -> None:
    types = (
        ("Name", CimType.STRING),
        ("ProcessId", CimType.UINT32),
        ("On", CimType.BOOLEAN),
        ("Ratio", CimType.REAL64),
        ("Started", CimType.DATETIME),
    )
    class_ = make_class("Win32_Process", keys=(("Handle", CimType.STRING),), others=types)
    assert dict(where(class_, condition).bounds) == expected


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ("Name = 'a' OR Name = 'b'", [{"Name": "a"}, {"Name": "b"}]),
        ("(Name = 'a' OR ProcessId = 3) AND On = TRUE", [{"Name": "a", "On": True}, {"ProcessId": 3, "On": True}]),
        ("Name = 'a'", [{"Name": "a"}]),
        ("Name = 'a' OR ProcessId > 3", []),
        ("ProcessId > 3 OR ProcessId = 300000000000", []),
        ("NOT (Name = 'a' OR Name = 'b')", []),
        (" OR ".join(f"Name = '{n}'" for n in range(QUERY_KEY_LOOKUPS + 1)), []),
    ],
)
def test_choices(process: CimClass, condition: str, expected: list[dict[str, object]]) -> None:
    assert [dict(each) for each in where(process, condition).choices] == expected


# Keys


def test_a_class_without_keys_has_no_lookup(make_class: MakeClass) -> None:
    singleton = make_class("Win32_OS", keys=(), others=(("Name", CimType.STRING),))
    assert keys(singleton, "Name = 'a'") is None
    assert keys(singleton, "__RELPATH = 'Win32_OS=@'") is None


def test_lookups_are_bounded(process: CimClass) -> None:
    several = " OR ".join(f"Handle = '{n}'" for n in range(QUERY_KEY_LOOKUPS))
    assert len(keys(process, several) or []) == QUERY_KEY_LOOKUPS
    assert keys(process, f"{several} OR Handle = 'x'") is None
    assert keys(process, f"({several} OR Handle = 'x') AND Handle = 'y'") == [{"Handle": "y"}]
    assert keys(process, f"({several}) AND (Handle = '1' OR Handle = 'y')") is not None
    assert where(process, f"({several}) AND Handle = 'y'").impossible


def test_keys_that_have_many_spellings_are_looked_up_one_by_one(make_class: MakeClass) -> None:
    """Two spellings of one path would find the same instance twice; nor do they exclude each other."""
    link = make_class("Link", keys=(("To", CimType.REFERENCE), ("At", CimType.DATETIME)))
    at = "At = '20240131120000.000000+060'"
    again = "At = '20240131110000.000000+000'"
    path, same = "To = 'X=\"4\"'", "To = 'X.K=\"4\"'"
    assert [keys["To"] for keys in keys(link, f"{at} AND {path}") or []] == ['X="4"']
    assert keys(link, f"{at} AND ({path} OR {same})") is None
    assert not where(link, f"{at} AND {again} AND {path} AND {same}").impossible


def test_keys_in_a_path_are_of_their_types(make_class: MakeClass) -> None:
    types = (("On", CimType.BOOLEAN), ("Letter", CimType.CHAR16), ("Long", CimType.UINT64), ("To", CimType.REFERENCE))
    class_ = make_class("Mixed", keys=types)
    row = {"On": True, "Letter": "x", "Long": 2**64 - 1, "To": 'X.K="a\\b"'}
    instance = class_.instance(row)
    for name in ("__PATH", "__RELPATH"):
        query = Select(None, "Mixed", Comparison(name, Operator.EQUAL, str(instance[name])))
        assert [dict(keys) for keys in plan(query, class_).lookups or ()] == [row]
        assert compile_filter(query, class_)([instance]) == [instance]


_ORDERS = [Operator.EQUAL, Operator.LESS, Operator.GREATER_OR_EQUAL]
numbers, texts = st.integers(0, 3), st.sampled_from(["a", "A", "b", "c"])
leaves: st.SearchStrategy[Expression] = st.one_of(
    st.builds(Comparison, st.just("Name"), st.sampled_from([Operator.EQUAL, Operator.UNEQUAL]), texts),
    st.builds(Comparison, st.just("Number"), st.sampled_from(_ORDERS), numbers),
    st.builds(Comparison, st.just("__CLASS"), st.just(Operator.EQUAL), st.sampled_from(["Pair", "Other"])),
    st.builds(Comparison, st.just("__SUPERCLASS"), st.just(Operator.LIKE), st.just("%")),
    st.builds(
        lambda name, number: Comparison("__RELPATH", Operator.EQUAL, f'pair.Name="{name}",Number={number}'),
        texts,
        numbers,
    ),
    st.just(IsNull("Text")),
)
expressions = st.recursive(
    leaves,
    lambda inner: (
        st.builds(lambda terms: And(tuple(terms)), st.lists(inner, min_size=2, max_size=3))
        | st.builds(lambda terms: Or(tuple(terms)), st.lists(inner, min_size=2, max_size=3))
        | st.builds(Not, inner)
    ),
    max_leaves=8,
)


@given(where=expressions)
def test_nothing_that_matches_is_missed(make_class: MakeClass, where: Expression) -> None:
    class_ = make_class("Pair", keys=(("Name", CimType.STRING), ("Number", CimType.UINT8)), others=(("Text", STRING),))
    rows = [(name, number, text) for name, number, text in product("abc", range(4), ("x", None))]
    query = Select(("Name",), "Pair", where)
    made = plan(query, class_)
    matching = compile_filter(query, class_)([CimInstance(class_, row) for row in rows])
    assert [found.store_ for found in matching] == list(rows if made.filter is None else made.filter(rows))
    if made.impossible:
        assert matching == []
    if made.lookups is not None:
        looked_up = [(str(keys["Name"]).lower(), keys["Number"]) for keys in made.lookups]
        assert len(set(looked_up)) == len(looked_up)
        assert {(found["Name"], found["Number"]) for found in matching} <= set(looked_up)
    for found in matching:
        assert all(str(found[name]).lower() == str(value).lower() for name, value in made.equalities.items())
        for name, (least, greatest) in made.bounds.items():
            assert least is None or found[name] >= least
            assert greatest is None or found[name] <= greatest
        assert not made.choices or any(
            all(str(found[name]).lower() == str(value).lower() for name, value in each.items()) for each in made.choices
        )


STRING = CimType.STRING


def test_a_filter_of_keys_does_what_a_query_does(make_class: MakeClass) -> None:
    types = (
        ("Text", CimType.STRING),
        ("Letter", CimType.CHAR16),
        ("Number", CimType.UINT8),
        ("On", CimType.BOOLEAN),
        ("At", CimType.DATETIME),
        ("To", CimType.REFERENCE),
    )
    class_ = make_class("Mixed", keys=types)
    spellings = (
        ("ΣΑΣ", "x", 1, True, "20240131120000.000000+060", 'X="4"'),
        ("σασ", "X", 1, True, "20240131110000.000000+000", 'X.K="4"'),
        ("b", "y", 2, False, "00000001000000.000000:000", "no path"),
    )
    rows = [class_.row(dict(zip(class_.names, row, strict=True))) for row in spellings]
    nothing = (None,) * len(types)
    for at, row in enumerate(rows):
        for name, value in zip(class_.names, row, strict=True):
            alike = [rows[2]] if at == 2 else rows[:2]
            assert key_filter(class_, {name: value})([*rows, nothing]) == alike
        assert key_filter(class_, dict(zip(class_.names, row, strict=True)))([nothing, *rows]) == alike


# What is fetched and shown


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("SELECT * FROM X WHERE Name = 'a'", None),
        ("SELECT name FROM X", ["handle", "name"]),
        (
            "SELECT Name, Name FROM X WHERE NOT (processid = 1 OR On IS NULL) AND 2 < Ratio",
            ["handle", "name", "on", "processid", "ratio"],
        ),
        ("SELECT Name, __CLASS FROM X WHERE __GENUS = 2", ["handle", "name"]),
        ("SELECT Name FROM X WHERE __CLASS = 'Win32_Process' OR Ratio = 1", ["handle", "name"]),
        ("SELECT __RELPATH FROM X", ["handle"]),
        ("SELECT Name FROM X WHERE __path LIKE '%4%'", ["handle", "name"]),
    ],
)
def test_properties(process: CimClass, text: str, expected: list[str] | None) -> None:
    found = plan(parse_select(text), process).properties
    assert (None if found is None else sorted(found)) == expected


def test_of_embedded_objects_the_objects_are_needed(make_class: MakeClass) -> None:
    others = (("Target", CimType.OBJECT), ("Other", CimType.OBJECT), ("Text", CimType.STRING))
    event = make_class("Demo_Event", keys=(("Id", CimType.UINT32),), others=others)
    condition = "Other.Name = 'a' AND Other ISA 'Y' AND Id = 5"
    made = plan(parse_select(f"SELECT Target.Name, Text FROM X WHERE {condition}"), event)
    assert sorted(made.properties or ()) == ["id", "other", "target", "text"]
    assert made.shown.names == ("Target", "Text")
    assert keys(event, condition) == [{"Id": 5}]
    assert dict(where(event, "Target.Id = 5").equalities) == {}


def test_rows_take_the_shape_of_the_select_list(process: CimClass) -> None:
    row = process.row({"Handle": "4", "Name": "init", "ProcessId": 1})
    for text, expected in (
        ("SELECT ProcessId, name FROM X", ("init", 1)),
        ("SELECT Ratio FROM X", (None,)),
        ("SELECT __CLASS FROM X", ()),
    ):
        made = plan(parse_select(text), process)
        assert made.shape is not None
        assert made.shape(row) == expected
        assert len(made.shown.names) == len(expected)


def test_locatable_results_have_their_keys(process: CimClass) -> None:
    query = parse_select("SELECT Name FROM X")
    with_keys = plan(query, process, locatable=True)
    assert with_keys.shown.names == ("Handle", "Name")
    assert not with_keys.shown.lost_keys
    assert plan(query, process).shown.names == ("Name",)
    everything = parse_select("SELECT * FROM X")
    assert plan(everything, process, locatable=True).shown is process


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


def test_unknown_names_are_found(process: CimClass) -> None:
    query = parse_select("SELECT Nome FROM X WHERE Handle = '4'")
    for ask in (plan, prototype):
        with pytest.raises(WbemError, match="did you mean 'Name'") as caught:
            ask(query, process)
        assert caught.value.status is WbemStatus.INVALID_QUERY


# Prototypes; the positions stand in prototype.test


def test_a_prototype_says_what_it_is(process: CimClass) -> None:
    made = prototype(parse_select("SELECT Name, Handle, NAME FROM X WHERE On = TRUE"), process)
    order = made.property("Name").qualifiers["Order"]
    assert order == Qualifier("Order", (0, 2), Type(CimType.SINT32, array=True), Flavor(0))
    assert made.property("Handle").is_key
    assert (made.projected, made.lost_keys) == (True, False)
    assert prototype(parse_select("SELECT Name FROM X"), process).lost_keys
    assert prototype(parse_select("SELECT Name FROM X"), process, locatable=True).names == ("Handle", "Name")


def test_the_prototype_of_everything_is_the_class_with_positions(process: CimClass) -> None:
    derived = process.derive("Win32_Other", qualifiers=qualifier_set(Qualifier("dynamic")))
    made = prototype(parse_select("SELECT * FROM X"), derived)
    assert (made.projected, made.names, made.derivation) == (False, derived.names, ("Win32_Process",))
    assert (made.qualifiers, made.server, made.namespace) == (derived.qualifiers, "server", "root\\cimv2")


@pytest.mark.parametrize(
    ("names", "derivation"),
    [("Name", ()), ("Name, __DYNASTY", ("Win32_Process",)), ("__superclass", ("Win32_Process",))],
)
def test_a_prototype_has_ancestors_if_asked(process: CimClass, names: str, derivation: tuple[str, ...]) -> None:
    derived = process.derive("Win32_Other")
    made = prototype(parse_select(f"SELECT {names} FROM X"), derived)
    assert made.derivation == derivation


def test_a_prototype_is_refused_for_a_wrong_where(process: CimClass) -> None:
    with pytest.raises(WbemError, match="no property 'Nome'"):
        prototype(parse_select("SELECT * FROM X WHERE Nome = 1"), process)
