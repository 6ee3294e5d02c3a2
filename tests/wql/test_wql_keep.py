"""What is made of a query is kept where its text comes again, and never taken for what is made of another."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from openwmi.base.error import WbemError
from openwmi.base.limits import QUERY_TEXT_KEPT_CHARS, QUERY_TEXTS_KEPT
from openwmi.model import CimClass, CimType
from openwmi.wql import (
    Comparison,
    Operator,
    SchemaQuery,
    Select,
    class_lookup,
    compile_class_filter,
    parse,
    parse_select,
    plan,
)

MakeClass = Callable[..., CimClass]

TEXT = "SELECT * FROM Kept WHERE A = 1"


@pytest.fixture
def class_(make_class: MakeClass) -> CimClass:
    return make_class("Kept", keys=(("A", CimType.UINT8),), others=(("B", CimType.BOOLEAN),))


def test_a_text_is_parsed_once() -> None:
    assert parse(TEXT) is parse(TEXT)
    assert parse(TEXT, {}) == parse(TEXT)
    assert parse("ASSOCIATORS OF {A=1}") is parse("ASSOCIATORS OF {A=1}")


def test_texts_with_values_and_long_ones_are_not_kept() -> None:
    text = "SELECT * FROM Kept WHERE A = :a"
    one, other = parse_select(text, {"a": 1}), parse_select(text, {"a": 2})
    assert one.where != other.where
    assert not one.kept
    long = TEXT + " " * QUERY_TEXT_KEPT_CHARS
    assert parse(long) is not parse(long)
    assert not parse_select(long).kept


def test_they_are_forgotten_in_time() -> None:
    first = parse(TEXT)
    for number in range(QUERY_TEXTS_KEPT):
        parse(f"SELECT * FROM C{number}")
    assert parse(TEXT) == first
    assert parse(TEXT) is not first


def test_errors_are_not_kept() -> None:
    for _ in range(2):
        with pytest.raises(WbemError, match="column 1: expected SELECT"):
            parse("SELEKT")
        with pytest.raises(WbemError, match="the parameter :a has no value"):
            parse("SELECT * FROM X WHERE a = :a")
        with pytest.raises(WbemError, match="given: none"):
            parse("SELECT * FROM X WHERE a = :a", {})


def test_a_plan_is_made_once_for_each_class(class_: CimClass, make_class: MakeClass) -> None:
    query = parse_select(TEXT)
    assert plan(query, class_) is plan(query, class_)
    assert plan(query, class_) is not plan(query, class_, locatable=True)
    other = make_class("Kept", keys=(("A", CimType.STRING),))
    assert [dict(keys) for keys in plan(query, class_).lookups or ()] == [{"A": 1}]
    assert [dict(keys) for keys in plan(query, other).lookups or ()] == [{"A": "1"}]


def test_a_tree_built_by_hand_is_planned_each_time(class_: CimClass) -> None:
    query = Select(None, "Kept", Comparison("A", Operator.EQUAL, 1))
    assert plan(query, class_) is not plan(query, class_)


def test_what_equals_a_kept_query_is_another_one(class_: CimClass) -> None:
    """1 equals TRUE in Python, and so do the trees."""
    query = parse_select("SELECT * FROM Kept WHERE B = 1")
    other = replace(query, where=Comparison("B", Operator.EQUAL, 2))
    for changed in (other, replace(query, where=Comparison("B", Operator.EQUAL, True))):
        assert plan(changed, class_) is not plan(query, class_)
    assert plan(other, class_).equalities != plan(query, class_).equalities


def test_schema_queries_are_kept_as_well() -> None:
    query = parse("SELECT * FROM meta_class WHERE __CLASS = 'X'")
    assert isinstance(query, SchemaQuery)
    assert class_lookup(query) is class_lookup(query)
    assert compile_class_filter(query) is compile_class_filter(query)
    assert class_lookup(replace(query, where=None)) != class_lookup(query)


def test_the_class_of_the_results_is_one_for_all_values(class_: CimClass, make_class: MakeClass) -> None:
    """So that what was compiled to encode it is found again."""
    one, other = (parse_select("SELECT B FROM Kept WHERE A = :a", {"a": a}) for a in (1, 2))
    assert plan(one, class_).shown is plan(other, class_).shown
    again = make_class("Kept", keys=(("A", CimType.UINT8),), others=(("B", CimType.BOOLEAN),))
    assert again == class_
    assert plan(one, again).shown is not plan(one, class_).shown
