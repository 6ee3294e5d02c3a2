"""Names: equal without regard to case, kept as they were spelled."""

import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openwmi.base.case import NameMap, fold

NAMES = st.text(min_size=1, max_size=8)
ASCII_NAMES = st.text("aAbB_1", min_size=1, max_size=3)


@pytest.mark.no_cover  # other tests show that each line is run
@given(NAMES)
def test_fold_is_idempotent(name: str) -> None:
    assert fold(fold(name)) == fold(name)


@given(NAMES, NAMES)
def test_fold_looks_at_each_character_alone(left: str, right: str) -> None:
    assert fold(left + right) == fold(left) + fold(right)


@pytest.mark.parametrize(
    ("left", "right"), [("Win32_Process", "WIN32_PROCESS"), ("Größe", "GRÖSSE".replace("SS", "ß")), ("ΣΑΣ", "σασ")]
)
def test_equal_names(left: str, right: str) -> None:
    assert fold(left) == fold(right)


@pytest.mark.parametrize(("left", "right"), [("Straße", "Strasse"), ("a", "á"), ("a_b", "ab")])
def test_different_names(left: str, right: str) -> None:
    assert fold(left) != fold(right)


def test_lookup_ignores_case_and_keeps_the_spelling_and_order() -> None:
    names = NameMap({"ProcessId": 1, "Name": 2})
    assert names["PROCESSID"] == 1
    assert names.get("name") == 2
    assert "processId" in names
    assert "Handle" not in names
    assert not names.__contains__(7)
    assert list(names) == ["ProcessId", "Name"]
    assert names.spelling("processid") == "ProcessId"
    assert len(names) == 2
    assert repr(names) == "NameMap({'ProcessId': 1, 'Name': 2})"


def test_a_missing_name_is_a_key_error_that_gives_it_as_asked() -> None:
    with pytest.raises(KeyError, match="'Handle'"):
        NameMap({"Name": 2})["Handle"]
    assert NameMap({"Name": 2}).get("Handle") is None


def test_a_name_given_twice_keeps_its_first_place_and_takes_the_last_value() -> None:
    names = NameMap([("Name", 1), ("Handle", 2), ("NAME", 3)])
    assert list(names.items()) == [("Name", 3), ("Handle", 2)]


def test_equality_ignores_case_and_order_and_sees_values() -> None:
    names = NameMap({"Name": 1, "Handle": 2})
    assert names == NameMap({"HANDLE": 2, "NAME": 1})
    assert hash(names) == hash(NameMap({"HANDLE": 2, "NAME": 1}))
    assert names != NameMap({"Name": 1, "Handle": 3})
    assert names != NameMap({"Name": 1})
    assert names != {"Name": 1, "Handle": 2}


def test_it_cannot_be_changed() -> None:
    names = NameMap({"Name": 1})
    with pytest.raises(TypeError):
        names["Name"] = 2  # type: ignore[index]  # the point of the test
    with pytest.raises(AttributeError):
        names.extra = 2  # type: ignore[attr-defined]  # the point of the test


def test_it_survives_pickling() -> None:
    names = NameMap({"Name": 1, "Handle": 2})
    copy = pickle.loads(pickle.dumps(names))
    assert copy == names
    assert copy["NAME"] == 1


@given(st.dictionaries(ASCII_NAMES, st.integers()))
def test_it_agrees_with_a_dict_of_folded_names(items: dict[str, int]) -> None:
    model = {fold(name): value for name, value in items.items()}
    names = NameMap(items)
    assert len(names) == len(model)
    assert {fold(name): value for name, value in names.items()} == model
    assert NameMap(names) == names
