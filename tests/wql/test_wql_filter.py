"""Compiled filters against an evaluator that walks the tree row by row with the three values of the logic."""

from __future__ import annotations

import operator
from collections.abc import Callable, Sequence
from dataclasses import replace
from types import CodeType
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from openwmi.base.case import fold
from openwmi.base.error import WbemError
from openwmi.base.limits import QUERY_CHARS, QUERY_DEPTH
from openwmi.base.status import WbemStatus
from openwmi.model import CimClass, CimDateTime, CimInstance, CimType
from openwmi.wql import (
    And,
    Comparison,
    Expression,
    Isa,
    IsNull,
    Not,
    Operator,
    Or,
    Relation,
    Select,
    compile_filter,
    compile_row_filter,
    format,  # noqa: A004
    parse_select,
)
from openwmi.wql import compiler as compiler_module

MakeClass = Callable[..., CimClass]
Row = tuple[object, ...]

PROPERTIES = (
    ("Id", CimType.UINT32),
    ("Small", CimType.SINT8),
    ("Big", CimType.UINT64),
    ("Real", CimType.REAL64),
    ("On", CimType.BOOLEAN),
    ("Text", CimType.STRING),
    ("Born", CimType.DATETIME),
)
DATES = tuple(
    CimDateTime.parse(text)
    for text in (
        "20240131120000.000000+060",
        "20240131110000.000000+000",
        "20250101000000.000000-300",
        "20240131******.******+***",
    )
)


@pytest.fixture(scope="module")
def thing(make_class: MakeClass) -> CimClass:
    return make_class("Thing", PROPERTIES[:1], PROPERTIES[1:])


@pytest.fixture(scope="module")
def outer(make_class: MakeClass) -> CimClass:
    return make_class("Outer", (("Id", CimType.UINT32),), (("Inner", CimType.OBJECT),))


# The evaluator: None is unknown.

COMPARE: dict[Operator, Callable[[Any, Any], bool]] = {
    Operator.EQUAL: operator.eq,
    Operator.UNEQUAL: operator.ne,
    Operator.LESS: operator.lt,
    Operator.GREATER: operator.gt,
    Operator.LESS_OR_EQUAL: operator.le,
    Operator.GREATER_OR_EQUAL: operator.ge,
}


def truth(node: Expression, row: dict[str, Any]) -> bool | None:
    match node:
        case Isa() | Relation():
            raise AssertionError("no property here is an object")
        case IsNull(name):
            return row[name] is None
        case Not(operand):
            inner = truth(operand, row)
            return None if inner is None else not inner
        case And(terms):
            values = [truth(term, row) for term in terms]
            return False if False in values else None if None in values else True
        case Or(terms):
            values = [truth(term, row) for term in terms]
            return True if True in values else None if None in values else False
        case Comparison(name, relation, constant):
            return None if row[name] is None else compare(name, row[name], relation, constant)


def compare(name: str, value: Any, relation: Operator, constant: Any) -> bool | None:
    match name:
        case "Text" if relation is Operator.LIKE:
            return like(fold(value), fold(constant))
        case "Text":
            return COMPARE[relation](fold(value), fold(str(constant)))
        case "Born":
            try:
                return COMPARE[relation](value, CimDateTime.parse(constant))
            except WbemError:
                return None
        case "On":
            constant = {"TRUE": 1, "FALSE": 0, -1: 1}.get(constant, constant)
    if isinstance(constant, str):
        constant = float(constant) if "." in constant else int(constant, 0)
    return COMPARE[relation](value, constant)


def like(value: str, pattern: str) -> bool:
    """For patterns of letters, `%` and `_` only."""
    if not pattern:
        return not value
    if pattern[0] == "%":
        return any(like(value[start:], pattern[1:]) for start in range(len(value) + 1))
    return bool(value) and pattern[0] in ("_", value[0]) and like(value[1:], pattern[1:])


# What it is fed with

texts = st.text("abAB_ %", max_size=4)
values = {
    "Small": st.integers(-128, 127),
    "Big": st.integers(0, 2**64 - 1) | st.sampled_from([0, 2**53, 2**53 + 1, 2**64 - 1]),
    "Real": st.floats(allow_nan=False) | st.sampled_from([0.0, 0.5, 1.0]),
    "On": st.booleans(),
    "Text": texts,
    "Born": st.sampled_from(DATES),
}
rows = st.lists(
    st.tuples(st.integers(0, 9), *(st.none() | values[name] for name, _ in PROPERTIES[1:])), min_size=1, max_size=8
)
numbers = st.integers(-300, 300) | st.sampled_from(
    [2**53, 2**53 + 1, 2**64 - 1, 2**70, 0.5, 1.0, -1e300, "7", "0x7f", "0.5", True]
)
constants = {
    "Small": numbers,
    "Big": numbers,
    "Real": numbers,
    "On": st.sampled_from([True, False, 1, 0, -1, 2, 0.5, "TRUE", "FALSE", "1", "0"]),
    "Text": texts | st.integers(0, 9),
    "Born": st.sampled_from([str(date) for date in DATES]),
}
order = [relation for relation in Operator if relation is not Operator.LIKE]
equality = [Operator.EQUAL, Operator.UNEQUAL]


def comparisons(name: str) -> st.SearchStrategy[Expression]:
    relations = st.sampled_from(equality if name == "On" else order)
    return st.builds(Comparison, st.just(name), relations, constants[name])


leaves: st.SearchStrategy[Expression] = st.one_of(
    *(comparisons(name) for name in constants),
    st.builds(Comparison, st.just("Text"), st.just(Operator.LIKE), st.text("abAB_%", max_size=6)),
    st.builds(IsNull, st.sampled_from(list(constants))),
)


def several(terms: st.SearchStrategy[Expression]) -> st.SearchStrategy[tuple[Expression, ...]]:
    return st.lists(terms, min_size=2, max_size=3).map(tuple)


conditions = st.recursive(
    leaves,
    lambda inner: st.builds(And, several(inner)) | st.builds(Or, several(inner)) | st.builds(Not, inner),
    max_leaves=8,
)


@settings(max_examples=300)
@given(conditions, rows)
def test_a_compiled_filter_is_the_evaluator(thing: CimClass, condition: Expression, rows: list[Row]) -> None:
    query = Select(None, "Thing", condition)
    names = [name for name, _ in PROPERTIES]
    expected = [row for row in rows if truth(condition, dict(zip(names, row, strict=True))) is True]
    assert compile_row_filter(query, thing)(rows) == expected
    instances = [CimInstance(thing, row) for row in rows]
    assert [instance.store_ for instance in compile_filter(query, thing)(instances)] == expected
    assert compile_row_filter(parse_select(format(query)), thing)(rows) == expected


def inside(node: Expression) -> Expression:
    """The same about the properties of an embedded object."""
    match node:
        case And(terms) | Or(terms):
            return type(node)(tuple(map(inside, terms)))
        case Not(operand):
            return Not(inside(operand))
        case IsNull() | Comparison() | Isa():
            return replace(node, property=f"Inner.{node.property}")
        case Relation():
            raise AssertionError("no two properties are compared here")


@given(conditions, rows)
def test_in_an_embedded_object_it_is_the_evaluator_as_well(
    thing: CimClass, outer: CimClass, condition: Expression, rows: list[Row]
) -> None:
    names = [name for name, _ in PROPERTIES]
    wanted = [truth(condition, dict(zip(names, row, strict=True))) is True for row in rows]
    events: list[Row] = [(number, CimInstance(thing, row)) for number, row in enumerate(rows)]
    query = Select(None, "Outer", inside(condition))
    expected = [event for event, fits in zip(events, wanted, strict=True) if fits]
    assert compile_row_filter(query, outer)(events) == expected
    assert compile_row_filter(parse_select(format(query)), outer)(events) == expected


def test_types_that_differ_from_object_to_object(outer: CimClass, make_class: MakeClass) -> None:
    """Each is compared as what it is, also after objects of another type."""
    kinds = [
        (CimType.UINT8, 7),
        (CimType.STRING, "7"),
        (CimType.UINT8, 8),
        (CimType.REAL64, 7.0),
        (CimType.BOOLEAN, True),
    ]
    events: list[Row] = [
        (number, CimInstance(make_class("X", (), (("A", type_),)), (value,)))
        for number, (type_, value) in enumerate(kinds)
    ]
    events.append((9, "no object"))
    assert select(outer, "Inner.A = '7'", events) == [0, 1, 3]
    assert select(outer, "Inner.A = '7'", [*reversed(events)]) == [3, 1, 0]
    assert select(outer, "Inner ISA 'x'", events) == [0, 1, 2, 3, 4]


def test_a_class_can_be_an_embedded_object(thing: CimClass, outer: CimClass) -> None:
    events: list[Row] = [(1, thing), (2, CimInstance(thing, thing.defaults))]
    assert select(outer, "Inner ISA 'Thing' AND Inner.__GENUS = 1 AND Inner.Text IS NULL", events) == [1]


# Rows and functions

ROWS: list[Row] = [(number, number, None, None, None, None, None) for number in range(6)]


def where(condition: str) -> Expression:
    tree = parse_select(f"SELECT * FROM X WHERE {condition}").where
    assert tree is not None
    return tree


def select(class_: CimClass, condition: str, rows: Sequence[Row]) -> list[object]:
    picked = compile_row_filter(parse_select(f"SELECT * FROM X WHERE {condition}"), class_)(rows)
    return [row[0] for row in picked]


def test_without_where_all_rows_come_out_in_a_new_list(thing: CimClass) -> None:
    rows = [(1, 2, 3, None, None, None, None)]
    assert compile_row_filter(parse_select("SELECT * FROM Thing"), thing)(rows) == rows
    assert compile_row_filter(parse_select("SELECT * FROM Thing"), thing)(rows) is not rows
    assert compile_filter(parse_select("SELECT Id FROM Thing"), thing)(iter([])) == []


class LazyRow:
    """A store that counts which values were asked for."""

    def __init__(self, values: Row) -> None:
        self.values = values
        self.asked: list[int] = []

    def __getitem__(self, index: int) -> object:
        self.asked.append(index)
        return self.values[index]

    def __len__(self) -> int:
        return len(self.values)


def test_a_lazy_row_is_asked_once_per_test_and_not_further_than_needed(thing: CimClass) -> None:
    row = LazyRow((1, 5, None, None, True, "a", None))
    pick = compile_row_filter(parse_select("SELECT * FROM Thing WHERE Small > 7 AND Text = 'a'"), thing)
    assert pick([row]) == []
    assert row.asked == [1]
    pick = compile_row_filter(parse_select("SELECT * FROM Thing WHERE Small > 3 AND Text = 'A'"), thing)
    assert pick([row]) == [row]
    assert row.asked == [1, 1, 5]


def test_a_real_that_is_not_a_number_has_no_order(thing: CimClass) -> None:
    rows = [(1, None, None, float("nan"), None, None, None)]
    assert select(thing, "Real < 1 OR Real >= 1 OR NOT Real < 1 OR Real = 1", rows) == []
    assert select(thing, "Real <> 1 AND Real IS NOT NULL", rows) == [1]


def test_text_is_folded_as_names_are(thing: CimClass) -> None:
    for text in ("ÄÖ", "ß", "İ", "ΟΔΟΣ", "\u212a", "ǅ"):
        rows = [(1, None, None, None, None, text, None)]
        for other in (text, text.lower(), text.upper(), text.swapcase()):
            query = Select(None, "Thing", Comparison("Text", Operator.EQUAL, other))
            assert bool(compile_row_filter(query, thing)(rows)) is (fold(text) == fold(other))


def test_paths_of_rows_are_made_from_their_keys(thing: CimClass) -> None:
    rows = [(number, None, None, None, None, None, None) for number in range(3)]
    assert select(thing, "__RELPATH = 'thing.id=2'", rows) == [2]
    assert select(thing, r"__PATH LIKE '\\\\server\\root\\cimv2:%=1'", rows) == [1]


# What goes into the source


def test_no_text_of_a_query_gets_into_the_source(thing: CimClass, monkeypatch: pytest.MonkeyPatch) -> None:
    sources: list[str] = []

    def compile_and_tell(source: str) -> CodeType:
        sources.append(source)
        return compile(source, "<WQL>", "exec")

    monkeypatch.setattr(compiler_module, "_compiled_once", compile_and_tell)
    condition = "Text = 'evil\"\\\\' AND Text LIKE 'evil%_[e]' AND Small = 777 AND Big > 777.5 AND __CLASS <> 'evil'"
    compile_row_filter(parse_select(f"SELECT * FROM Thing WHERE {condition}"), thing)([])
    (source,) = sources
    assert "evil" not in source
    assert "777" not in source
    assert "Text" not in source


def test_the_source_cannot_reach_a_builtin(thing: CimClass) -> None:
    function = compile_row_filter(parse_select("SELECT * FROM Thing WHERE Small = 1"), thing)
    assert function.__globals__["__builtins__"] == {}


def test_the_same_question_with_other_constants_is_compiled_once(thing: CimClass) -> None:
    compiler_module._compiled_once.cache_clear()
    for number in range(5):
        compile_row_filter(parse_select(f"SELECT * FROM Thing WHERE Small = {number} OR Text = 'x{number}'"), thing)
    assert compiler_module._compiled_once.cache_info().misses == 1


def test_a_long_source_is_not_kept(thing: CimClass) -> None:
    compiler_module._compiled_once.cache_clear()
    condition = " OR ".join(["Small = 1"] * 500)
    assert select(thing, condition, [(1, 1, None, None, None, None, None)]) == [1]
    assert compiler_module._compiled_once.cache_info().currsize == 0


# Limits


@pytest.mark.parametrize(
    "level",
    [
        "Small = 1 AND (Small = 2 OR ",
        "Small = 1 OR (Small = 2 AND ",
        "Small = 4 OR Small = 1 AND (Small = 2 OR Small = 3 AND ",
        "(Small = 1 AND Small = 2 OR ",
        "Small = 1 OR NOT (Small = 2 AND ",
        "NOT NOT (",
    ],
)
def test_the_deepest_query_compiles(thing: CimClass, level: str) -> None:
    depth = QUERY_DEPTH // (level.count("(") + level.count("NOT"))
    condition = level * depth + "Small = 3" + ")" * depth
    assert len(condition) < QUERY_CHARS
    expected = [row for row in ROWS if truth(where(condition), {"Small": row[1]})]
    assert select(thing, condition, ROWS) == [row[0] for row in expected]


def test_the_longest_query_compiles(thing: CimClass) -> None:
    row = (1, 3, None, None, None, None, None)
    assert select(thing, " OR ".join(["Id=2"] * 1800 + ["Id=1"]), [row]) == [1]
    assert select(thing, " AND ".join(["Id=1"] * 1800), [row]) == [1]


def test_a_tree_built_by_hand_may_not_be_too_deep(thing: CimClass) -> None:
    tree: Expression = IsNull("Small")
    for _ in range(5000):
        tree = Not(tree)
    with pytest.raises(WbemError) as caught:
        compile_row_filter(Select(None, "Thing", tree), thing)
    assert caught.value.status is WbemStatus.QUOTA_VIOLATION


def test_a_tree_built_by_hand_is_checked_as_well(thing: CimClass) -> None:
    with pytest.raises(WbemError) as caught:
        compile_row_filter(Select(("Txet",), "Thing"), thing)
    assert caught.value.status is WbemStatus.INVALID_QUERY
    assert caught.value.message == "Thing has no property 'Txet'; did you mean 'Text'?"
