"""Dates are compared as the model compares them, also where that is done faster by their texts."""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openwmi.base.error import WbemError
from openwmi.model import CimDateTime, CimInterval, ObjectPath
from openwmi.wql.predicate import date_test, path_test
from openwmi.wql.tree import Operator

RELATIONS: list[tuple[Operator, Callable[[Any, Any], bool]]] = [
    (Operator.EQUAL, operator.eq),
    (Operator.UNEQUAL, operator.ne),
    (Operator.LESS, operator.lt),
    (Operator.GREATER, operator.gt),
    (Operator.LESS_OR_EQUAL, operator.le),
    (Operator.GREATER_OR_EQUAL, operator.ge),
]

dates = st.builds(
    "".join,
    st.tuples(
        st.sampled_from(["0000", "0001", "2024", "2025", "****"]),
        st.sampled_from(["01", "02", "11", "**"]),
        st.sampled_from(["01", "28", "29", "30", "31", "**"]),
        st.sampled_from(["000000", "235959", "******"]),
        st.sampled_from([".000000", ".999999", ".9*****"]),
        st.sampled_from(["+000", "+060", "-300", "+***"]),
    ),
).map(CimDateTime.parse)


@pytest.mark.parametrize(("relation", "compare"), RELATIONS)
@given(value=dates, wanted=dates)
def test_dates(
    relation: Operator, compare: Callable[[Any, Any], bool], value: CimDateTime, wanted: CimDateTime
) -> None:
    try:
        expected = compare(value, wanted)
    except WbemError:
        expected = False
    assert date_test(relation, wanted)(value) is expected


@pytest.mark.parametrize(("relation", "compare"), RELATIONS)
@given(value=st.integers(0, 3), wanted=st.integers(0, 3))
def test_intervals(relation: Operator, compare: Callable[[Any, Any], bool], value: int, wanted: int) -> None:
    assert date_test(relation, CimInterval(wanted))(CimInterval(value)) is compare(value, wanted)


@pytest.mark.parametrize("relation", [relation for relation, _ in RELATIONS])
def test_a_date_and_an_interval_are_nothing_to_each_other(relation: Operator) -> None:
    date, interval = CimDateTime.parse("20240131120000.000000+060"), CimInterval(0)
    assert not date_test(relation, date)(interval)
    assert not date_test(relation, interval)(date)


@given(st.text(max_size=20))
def test_whatever_a_reference_holds_it_is_the_object_or_not(text: str) -> None:
    wanted = ObjectPath.parse('Win32_Process.Handle="4"')
    assert path_test(Operator.EQUAL, wanted)(text) is not path_test(Operator.UNEQUAL, wanted)(text)
