"""What is asked for, kept and shown of one class's rows; the plan itself is tested with the queries."""

from __future__ import annotations

import pytest
from tests.engine.fakes import CLOCK, DESK, LAMP, LAMPS, PAIR

from openwmi.base.error import WbemError
from openwmi.engine.selection import Selection
from openwmi.model import CimInstance
from openwmi.operation import CallContext
from openwmi.wql import parse_select

ROWS = [LAMP.row(row) for row in LAMPS]


def selected(text: str, *, locatable: bool = False) -> Selection:
    return Selection(parse_select(text), LAMP, locatable=locatable)


def shown(selection: Selection) -> list[dict[str, object]]:
    return [dict(one.to_dict_()) for one in selection.pick(ROWS)]


def system(one: CimInstance, *names: str) -> list[object]:
    return [one[name] for name in names]


def test_without_a_query_all_is_wanted() -> None:
    selection = Selection(None, LAMP)
    assert (selection.properties, selection.lookups, selection.keys, selection.impossible) == (None, None, None, False)
    assert len(selection.equalities) == 0
    assert [one.store_ for one in selection.pick(ROWS)] == ROWS


def test_a_query_picks_and_shows() -> None:
    selection = selected("SELECT Watts, Name FROM Demo_Lamp WHERE On = FALSE OR Watts IS NULL")
    assert shown(selection) == [{"Name": "attic", "Watts": 60}, {"Name": "Cellar", "Watts": None}]
    assert selection.properties == frozenset({"name", "watts", "on"})
    assert selection.keys is None


def test_a_key_that_is_fixed_is_looked_up_and_the_rest_is_filtered() -> None:
    selection = selected("SELECT Name FROM Demo_Lamp WHERE Name = 'ATTIC' AND Watts > 50")
    assert dict(selection.keys or {}) == {"Name": "ATTIC"}
    assert dict(selection.equalities) == {"Name": "ATTIC"}
    assert shown(selection) == [{"Name": "attic"}]
    assert [one["Name"] for one in selection.pick([LAMP.row({"Name": "attic", "Watts": 10})])] == []


def test_several_keys_are_several_look_ups() -> None:
    selection = selected("SELECT Name FROM Demo_Lamp WHERE Name = 'attic' OR Name = 'hall'")
    assert [dict(keys) for keys in selection.lookups or ()] == [{"Name": "attic"}, {"Name": "hall"}]
    assert selection.keys is None
    assert shown(selection) == [{"Name": "hall"}, {"Name": "attic"}]


@pytest.mark.parametrize("condition", ["__CLASS = 'Demo_Desk'", "Name = 'a' AND Name = 'b'", "__DYNASTY LIKE 'X%'"])
def test_what_cannot_match_says_so(condition: str) -> None:
    selection = selected(f"SELECT * FROM Demo_Element WHERE {condition}")
    assert selection.impossible
    assert selection.keys is None
    assert selection.pick(ROWS) == []


def test_one_query_is_another_selection_for_each_class() -> None:
    query = parse_select("SELECT * FROM Demo_Element WHERE __CLASS = 'Demo_Desk' AND __SUPERCLASS = 'Demo_Element'")
    assert [Selection(query, class_).impossible for class_ in (LAMP, DESK)] == [True, False]


# Windows, of `SELECT AdapterRAM FROM Win32_VideoController` and of `SELECT *`: which system properties are NULL.


def test_without_its_keys_an_object_has_no_place() -> None:
    (one, *_) = selected("SELECT Watts FROM Demo_Lamp").pick(ROWS)
    assert system(one, "__PATH", "__NAMESPACE", "__RELPATH", "__SERVER") == [None] * 4
    assert system(one, "__CLASS", "__GENUS", "__PROPERTY_COUNT") == ["Demo_Lamp", 2, 1]


def test_an_object_that_is_whole_has_all_system_properties() -> None:
    (one, *_) = selected("SELECT * FROM Demo_Lamp").pick(ROWS)
    assert system(one, "__RELPATH", "__NAMESPACE") == ['Demo_Lamp.Name="hall"', r"root\cimv2"]
    assert system(one, "__CLASS", "__GENUS", "__PROPERTY_COUNT") == ["Demo_Lamp", 2, 4]
    assert system(one, "__DERIVATION", "__SUPERCLASS", "__DYNASTY") == [("Demo_Element",), *["Demo_Element"] * 2]


def test_a_locatable_object_has_its_place_and_its_keys() -> None:
    selection = selected("SELECT Watts FROM Demo_Lamp WHERE On = TRUE", locatable=True)
    (one,) = selection.pick(ROWS)
    assert system(one, "__RELPATH", "__NAMESPACE") == ['Demo_Lamp.Name="hall"', r"root\cimv2"]
    assert one.to_dict_() == {"Name": "hall", "Watts": 40}
    assert selection.properties == frozenset({"name", "watts", "on"})


def test_a_path_and_a_query_find_the_same() -> None:
    selection = Selection.of_keys(LAMP, {"Name": "HALL"})
    assert (selection.keys, selection.lookups, selection.properties) == ({"Name": "HALL"}, ({"Name": "HALL"},), None)
    assert [one["Name"] for one in selection.pick(ROWS)] == ["hall"]
    assert [one["Name"] for one in selection.pick(ROWS[:1])] == ["hall"]
    assert selection.pick(ROWS[1:]) == []


def test_a_row_that_was_found_by_its_keys_can_be_shown_as_it_is() -> None:
    assert [one.store_ for one in Selection.of_keys(LAMP, {"Name": "x"}).show(ROWS[:1])] == ROWS[:1]
    (one,) = selected("SELECT Watts FROM Demo_Lamp WHERE Name = 'x'").show(ROWS[:1])
    assert one.to_dict_() == {"Watts": 40}


def test_all_keys_count() -> None:
    rows = [PAIR.row({"Left": left, "Right": right}) for left in "ab" for right in (1, 2)]
    (one,) = Selection.of_keys(PAIR, {"Left": "B", "Right": 1}).pick(rows)
    assert one["__RELPATH"] == 'Demo_Pair.Left="b",Right=1'


def test_a_singleton_has_no_keys_and_is_found() -> None:
    selection = Selection.of_keys(CLOCK, {})
    assert selection.keys == {}
    (one,) = selection.pick([CLOCK.row({"Time": "now"})])
    assert one["__RELPATH"] == "Demo_Clock=@"


def test_a_query_that_does_not_fit_is_refused() -> None:
    with pytest.raises(WbemError, match="Demo_Lamp has no property 'Wats'; did you mean 'Watts'"):
        selected("SELECT Wats FROM Demo_Lamp")


def test_what_a_call_says_by_name_is_not_kept_longer_than_the_call() -> None:
    selection = selected("SELECT * FROM Demo_Lamp")
    plain, telling = CallContext("me"), CallContext("me", values={"Wanted": "much"})
    assert selection.request(plain) is selection.request(plain)
    assert selection.request(telling) is not selection.request(telling)
    assert selection.request(telling).context is telling
