"""Notification queries as trees, and what they say of objects inside of events. The texts are in notification.test."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from tests.wql.test_wql_parse import expressions, properties, selects, words

from openwmi.base.error import WbemError
from openwmi.base.limits import EVENT_WITHIN, EVENT_WITHIN_LEAST, QUERY_CHARS
from openwmi.base.status import WbemStatus
from openwmi.model import CimClass, CimType, Property, Type
from openwmi.wql import (
    ALL_CLASSES,
    ClassScope,
    EventQuery,
    Group,
    Isa,
    Not,
    Select,
    check_inner_names,
    class_scope,
    format,  # noqa: A004
    parse_event,
)

ROLES = {"targetinstance"}
EVENT = CimClass("__InstanceCreationEvent", properties=(Property("TargetInstance", Type(CimType.OBJECT)),))
LAMP = CimClass("Lamp", properties=(Property("Name", Type(CimType.STRING)),))
DESK = CimClass("Desk", properties=(Property("Height", Type(CimType.UINT32)),))


def test_a_tree_has_the_parts_of_the_text() -> None:
    query = parse_event("SELECT a FROM E WITHIN 2 WHERE b ISA 'C' GROUP WITHIN 3 BY d, e.f HAVING NumberOfEvents > 1")
    assert query.select == Select(("a",), "E", Isa("b", "C"))
    assert query.within == 2.0
    assert query.group is not None
    assert (query.group.within, query.group.by) == (3.0, ("d", "e.f"))
    assert parse_event("SELECT a FROM E") == EventQuery(Select(("a",), "E"))


def test_a_text_without_parameters_is_kept_with_its_tree() -> None:
    text = "SELECT * FROM E WITHIN 2"
    assert parse_event(text) is parse_event(text)
    assert parse_event(text).select.kept
    assert not parse_event("SELECT * FROM E WITHIN :n", {"n": 2}).select.kept


@pytest.mark.parametrize(
    ("text", "parameters", "status"),
    [
        ("", None, WbemStatus.INVALID_PARAMETER),
        (None, None, WbemStatus.INVALID_PARAMETER),
        ("SELECT * FROM E" + " " * QUERY_CHARS, None, WbemStatus.QUOTA_VIOLATION),
        ("SELECT * FROM E WITHIN :n", {}, WbemStatus.INVALID_PARAMETER),
        ("SELECT * FROM E WITHIN :n", None, WbemStatus.INVALID_QUERY),
        ("SELECT * FROM E", {"n": 2}, WbemStatus.INVALID_PARAMETER),
        ("SELECT * FROM E WITHIN :n", {"n": "2"}, WbemStatus.INVALID_QUERY),
        ("SELECT * FROM E WITHIN :n", {"n": None}, WbemStatus.INVALID_QUERY),
    ],
)
def test_what_is_refused_before_any_class_is_known(text: Any, parameters: Any, status: WbemStatus) -> None:
    with pytest.raises(WbemError) as caught:
        parse_event(text, parameters)
    assert caught.value.status is status


@pytest.mark.parametrize("seconds", [0.0, -1.0, 1e10, float("inf"), float("nan")])
def test_an_interval_that_cannot_be_written(seconds: float) -> None:
    for query in (EventQuery(Select(None, "E"), seconds), EventQuery(Select(None, "E"), None, Group(seconds))):
        with pytest.raises(WbemError) as caught:
            format(query)
        assert caught.value.status is WbemStatus.INVALID_QUERY


# --------------------------------------------------------------------------------------------- the objects inside of it


def test_a_tree_built_by_hand_has_a_scope_as_well() -> None:
    assert class_scope(Select(None, "E", Isa("TargetInstance", "Lamp")), EVENT, ROLES) == ClassScope(trees=("Lamp",))
    assert class_scope(Select(None, "E", Not(Isa("TargetInstance", "Lamp"))), EVENT, ROLES) == ALL_CLASSES
    assert class_scope(Select(None, "E", Isa("targetinstance", "Lamp")), EVENT, {"other"}) == ALL_CLASSES


@pytest.mark.parametrize(
    "text",
    [
        "SELECT * FROM E WHERE TargetInstance.Name = 'x' AND TargetInstance.Height > 1",
        "SELECT TargetInstance.height FROM E",
        "SELECT * FROM E WHERE TargetInstance.__CLASS = 'Lamp' OR TargetInstance.__PATH IS NULL",
        "SELECT * FROM E WHERE Other.Depth = 3",
        "SELECT * FROM E WHERE TargetInstance ISA 'Lamp'",
    ],
)
def test_names_that_one_of_the_classes_has(text: str) -> None:
    check_inner_names(parse_event(text).select, [LAMP, DESK], ROLES)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("SELECT TargetInstance.Nmae FROM E", "column 8: Lamp has no property 'Nmae'; did you mean 'Name'?"),
        (
            "SELECT * FROM E WHERE NOT (a = 1 OR targetinstance.Depth IS NULL)",
            "column 37: Lamp has no property 'Depth'",
        ),
        ("SELECT * FROM E WHERE a = 1 AND TargetInstance.Depth.x ISA 'y'", "column 33: Lamp has no property 'Depth'"),
    ],
)
def test_names_that_none_of_the_classes_has(text: str, message: str) -> None:
    with pytest.raises(WbemError) as caught:
        check_inner_names(parse_event(text).select, [LAMP, DESK], ROLES)
    assert caught.value.status is WbemStatus.INVALID_QUERY
    assert caught.value.message.startswith(message)


def test_where_no_class_is_there_no_name_is_wrong() -> None:
    check_inner_names(parse_event("SELECT TargetInstance.Nmae FROM E").select, [], ROLES)


# ----------------------------------------------------------------------------------------------------------- properties

seconds = st.floats(EVENT_WITHIN_LEAST, EVENT_WITHIN) | st.integers(1, 4_294_967).map(float)
groups = st.builds(Group, seconds, st.lists(properties, max_size=3).map(tuple), st.none() | expressions)
events = st.builds(EventQuery, selects, st.none() | seconds, st.none() | groups)


@pytest.mark.no_cover  # other tests show that each line is run
@given(events)
@settings(max_examples=200)
@example(EventQuery(Select(("Within", "Group"), "Within"), 0.001, Group(4294967.295, ("By", "Having"))))
def test_what_is_formatted_parses_to_the_same_event_query(query: EventQuery) -> None:
    again = parse_event(format(query))
    assert again == query
    assert format(again) == format(query)


more_words = words | st.sampled_from(["WITHIN", "WITHIN 5", "GROUP WITHIN 5", "GROUP", "BY", "HAVING", "5", "0.5"])


@given(st.lists(more_words, max_size=20).map(lambda found: "SELECT * FROM E " + " ".join(found)) | st.text(max_size=50))
def test_junk_of_events_raises_nothing_but_wbem_error(text: str) -> None:
    try:
        query = parse_event(text, {"p": "x"} if ":p" in text else None)
    except WbemError:
        return
    assert parse_event(format(query)) == query
