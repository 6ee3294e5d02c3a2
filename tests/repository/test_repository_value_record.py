"""Rows of values go into a record and come out again; whatever else is in a record is damage, and said to be."""

from __future__ import annotations

import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.repository.made import VALUES, classes, names, qualifier_sets, typed

from openwmi.base.case import NameMap
from openwmi.base.error import WbemError
from openwmi.base.fault import LocalProtocolError
from openwmi.base.status import WbemStatus
from openwmi.model import (
    CimClass,
    CimDateTime,
    CimInstance,
    CimInterval,
    CimType,
    Flavor,
    Method,
    Property,
    Qualifier,
    Qualifiers,
    Type,
    Value,
    qualifier_set,
)
from openwmi.repository.value_record import RowCodec, dumps, loads, plain, value

POINT = CimDateTime.parse("20240131120000.000000+060")
OPEN = CimDateTime.parse("20240131******.******+***")
SPAN = CimInterval.parse("00000001000000.000000:000")

# Of each type: what reading must give as it was, with the extremes of its range.
EXACT: list[tuple[str, Value]] = [
    *[(f"sint{bits}", edge) for bits in (8, 16, 32, 64) for edge in (-(1 << bits - 1), 0, (1 << bits - 1) - 1)],
    *[(f"uint{bits}", edge) for bits in (8, 16, 32, 64) for edge in (0, (1 << bits) - 1)],
    *[(real, edge) for real in ("real32", "real64") for edge in (0.0, -0.0, 0.5, -1.0, math.inf, -math.inf)],
    ("real64", 5e-324),
    ("real64", 1.7976931348623157e308),
    ("boolean", True),
    ("boolean", False),
    ("string", ""),
    ("string", 'é\u2028\U0001f600"\\\n'),
    ("string", "\ud800"),
    ("string", "]\n,["),
    ("char16", "\0"),
    ("char16", "\uffff"),
    ("char16", "\udc00"),
    ("ref", '\\\\h\\root:A.B="c"'),
    ("datetime", POINT),
    ("datetime", OPEN),
    ("datetime", SPAN),
]


def codec(*types: str) -> RowCodec:
    return RowCodec(row_class(*types))


def row_class(*types: str) -> CimClass:
    return CimClass("X", properties=tuple(Property(f"P{at}", Type.parse(text)) for at, text in enumerate(types)))


def same(one: Value, other: Value) -> bool:
    """Equal to the last bit and letter, where `==` would let 1 be True and one instant be another's text."""
    return type(one) is type(other) and repr(one) == repr(other)


@pytest.mark.parametrize(("text", "given"), EXACT, ids=repr)
def test_every_value_of_every_type(text: str, given: Value) -> None:
    rows = codec(text, f"{text}[]")
    for row in [(given, (given, given)), (None, None), (given, ()), (None, (given, None))]:
        data = rows.encode(row)
        assert data.isascii()
        for found, own, _ in [rows.decode(data), *rows.decode_many([data, data])]:
            assert not own
            assert same(found, row)


@pytest.mark.parametrize("real", ["real32", "real64"])
def test_nan(real: str) -> None:
    rows = codec(real, f"{real}[]")
    data = rows.encode((math.nan, (math.nan,)))
    for (one, (other,)), *_ in [rows.decode(data), *rows.decode_many([data])]:
        assert math.isnan(one)
        assert math.isnan(other)


@given(st.lists(typed(), min_size=1, max_size=6), qualifier_sets(), st.integers(0, 3))
def test_any_row(row: list[tuple[Type, Value]], own: object, others: int) -> None:
    made = CimClass("X", properties=tuple(Property(f"P{at}", type_) for at, (type_, _) in enumerate(row)))
    values = tuple([each for _, each in row])
    rows = RowCodec(made)
    with_own = rows.encode(values, own)  # type: ignore[arg-type]  # hypothesis says no more of it
    assert rows.decode(with_own) == (values, own, None)
    data = rows.encode(values)
    assert rows.decode_many([data] * others) == [(values, qualifier_set(), None)] * others
    assert rows.decode_many([data, with_own, data]) == [
        (values, each, None) for each in (qualifier_set(), own, qualifier_set())
    ]
    for type_, each in row:
        assert value(type_, json.loads(json.dumps(plain(each)))) == each


def test_a_row_need_not_be_a_tuple() -> None:
    class Store:
        def __len__(self) -> int:
            return 2

        def __getitem__(self, at: int) -> Value:
            return (1, "a")[at]

    rows = codec("uint8", "string")
    assert rows.decode(rows.encode(Store())) == ((1, "a"), qualifier_set(), None)  # type: ignore[arg-type]  # as lazy stores are


def test_a_class_without_properties_has_rows() -> None:
    rows = codec()
    assert rows.decode_many([rows.encode(()), rows.encode(())]) == [((), qualifier_set(), None)] * 2


def test_the_own_qualifiers_of_an_instance() -> None:
    own = qualifier_set(
        Qualifier("A"),
        Qualifier("B", ("x", "y"), Type(CimType.STRING, True), Flavor.AMENDED | Flavor.PROPAGATE_TO_INSTANCE),
        Qualifier("C", None, Type(CimType.SINT32), Flavor(0x400)),
    )
    rows = codec("uint8")
    (row, found, _) = rows.decode(rows.encode((1,), own))
    assert (row, found) == ((1,), own)
    assert list(found) == ["A", "B", "C"]


@given(qualifier_sets(), st.dictionaries(names, qualifier_sets(), min_size=1, max_size=3))
def test_the_qualifiers_on_the_properties_of_an_instance(own: Qualifiers, sets: dict[str, Qualifiers]) -> None:
    rows = codec("uint8")
    data = rows.encode((1,), own, NameMap(sets))
    assert rows.decode(data) == ((1,), own, NameMap(sets))
    assert rows.decode_many([data, rows.encode((2,))]) == [((1,), own, NameMap(sets)), ((2,), qualifier_set(), None)]
    inner = CimClass("Inner", properties=(Property("V", Type(CimType.UINT8)),))
    outer = codec("object")
    ((found,), *_) = outer.decode(outer.encode((CimInstance(inner, (1,), own, NameMap(sets)),)))
    assert isinstance(found, CimInstance)
    assert (found.own_qualifiers_, found.own_property_qualifiers_) == (own, NameMap(sets))


# ----------------------------------------------------------------------------------------------------- embedded objects


def test_embedded_objects_bring_their_classes() -> None:
    inner = CimClass("In", "Base", ("Base", "Top"), (Property("N", Type(CimType.UINT8), 7, origin="Top"),), server="s")
    outer = CimClass("Out", properties=(Property("I", Type(CimType.OBJECT)), Property("W", Type(CimType.DATETIME))))
    own = qualifier_set(Qualifier("Mine", "q", Type(CimType.STRING)))
    made = CimInstance(outer, (CimInstance(inner, (3,), own), OPEN))
    rows = codec("object", "object[]", "object:In")
    data = rows.encode((made, (made, inner, made), None))
    for (one, several, nothing), *_ in [rows.decode(data), rows.decode_many([data])[0]]:
        assert (one, several, nothing) == (made, (made, inner, made), None)
        assert one.class_ == outer
        assert one.I.class_ == inner
        assert one.I.own_qualifiers_ == own
        assert several[1].server == "s"


@pytest.mark.no_cover  # other tests show that each line is run
@given(classes())
def test_any_embedded_class(class_: CimClass) -> None:
    rows = codec("object")
    ((found,), *_) = rows.decode(rows.encode((class_,)))
    assert found == class_
    ((instance,), *_) = rows.decode(rows.encode((class_.instance(),)))
    assert (instance.class_, instance.values_) == (class_, class_.defaults)


def test_a_projected_class_stays_projected() -> None:
    whole = CimClass(
        "A",
        properties=(
            Property("K", Type(CimType.UINT8), qualifiers=qualifier_set(Qualifier("key"))),
            Property("V", Type(CimType.UINT8)),
        ),
        methods=(Method("M"),),
    )
    rows = codec("object")
    ((found,), *_) = rows.decode(rows.encode((whole.project(["V"]),)))
    assert found == whole.project(["V"])
    assert found.lost_keys


def test_objects_do_not_nest_without_end() -> None:
    holder = row_class("object")
    made: Value = None
    for _ in range(2000):
        made = CimInstance(holder, (made,))
    with pytest.raises(WbemError) as caught:
        codec("object").encode((made,))
    assert caught.value.status is WbemStatus.QUOTA_VIOLATION


def test_what_is_no_value_is_a_bug_of_ours() -> None:
    with pytest.raises(LocalProtocolError, match="a set is no value"):
        codec("string").encode(({1},))
    with pytest.raises(LocalProtocolError, match="2 properties, and the row has 1 value"):
        codec("string", "string").encode(("a",))


# --------------------------------------------------------------------------------------------------------------- damage


@pytest.mark.parametrize(
    ("text", "data"),
    [
        ("uint8", b""),
        ("uint8", b"["),
        ("uint8", b"1"),
        ("uint8", b"[]"),
        ("uint8", b"[1,[],3]"),
        ("uint8", b"[256]"),
        ("uint8", b"[-1]"),
        ("uint8", b"[true]"),
        ("uint8", b"[1.0]"),
        ("uint8", b'["1"]'),
        ("uint8", b"[" + b"9" * 5000 + b"]"),
        ("uint8", b'["\xff"]'),
        ("uint8", b"[1,[[]]]"),
        ("uint8", b'[1,[["q",1,"boolean",0]]]'),
        ("uint8", b'[1,[["q",true,"void",0]]]'),
        ("uint8", b'[1,[["q",true,"boolean",null]]]'),
        ("uint8", b'{"a":1}'),
        ("uint8[]", b"[1]"),
        ("uint8[]", b"[[256]]"),
        ("uint8[]", b"[[[1]]]"),
        ("real64", b"[1]"),
        ("real32", b"[1e300]"),
        ("boolean", b"[0]"),
        ("string", b"[1]"),
        ("string", b'[["a"]]'),
        ("string", b'"a"'),
        ("char16", b'["ab"]'),
        ("char16", b'[""]'),
        ("datetime", b'["yesterday"]'),
        ("datetime", b"[1]"),
        ("datetime", b"[[]]"),
        ("datetime", b"[{}]"),
        ("object", b"[[]]"),
        ("object", b"[[[]]]"),
        ("object", b'["X"]'),
        ("object", b'[[["A",null,[],[],[],[],"","",false]]]'),
        ("object", b'[[["A",null,[],[["P","uint8"]],[],[],"","",false,false],[]]]'),
        ("object", b'[[["A",null,[],[["P","uint8"],["p","uint8"]],[],[],"","",false,false]]]'),
        ("object", b"[" * 100_000),
    ],
)
def test_a_damaged_record(text: str, data: bytes) -> None:
    rows = codec(text)
    for read in (rows.decode, lambda each: rows.decode_many([each]), lambda each: rows.decode_many([each, each])):
        with pytest.raises(WbemError, match="the stored record of an instance of X is damaged") as caught:
            read(data)
        assert caught.value.status is WbemStatus.CRITICAL_ERROR
        assert len(str(caught.value)) < 400


def test_a_record_does_not_complete_another() -> None:
    rows = codec("uint8")
    for records in ([b"[1],[2]", b""], [b"[1", b"2]"], [b"[1],[2]"], [b"[1", b"]"], [b'"a"']):
        with pytest.raises(WbemError, match="is damaged"):
            rows.decode_many(records)


def test_a_damaged_value() -> None:
    with pytest.raises(WbemError, match=r"a value of type uint8\[\] is damaged"):
        value(Type.parse("uint8[]"), "x")


SAMPLE = RowCodec(row_class("uint8", "string[]", "datetime", "object", "real32", "char16", "boolean", "ref"))
WHOLE = SAMPLE.encode(
    (1, ("a", "b"), POINT, CimInstance(row_class("uint8", "datetime"), (1, SPAN)), 0.5, "c", True, "X=@"),
    qualifier_set(Qualifier("Q", 1, Type(CimType.SINT32))),
)


def only_damage(data: bytes) -> None:
    try:
        SAMPLE.decode(data)
    except WbemError as error:
        assert error.status is WbemStatus.CRITICAL_ERROR
    try:
        SAMPLE.decode_many([WHOLE, data])
    except WbemError as error:
        assert error.status is WbemStatus.CRITICAL_ERROR


def test_a_record_that_was_cut() -> None:
    for length in range(len(WHOLE)):
        with pytest.raises(WbemError, match="is damaged"):
            SAMPLE.decode(WHOLE[:length])


@given(st.integers(0, len(WHOLE) - 1), st.binary(max_size=3), st.integers(0, 3))
def test_a_record_that_was_changed(at: int, octets: bytes, gone: int) -> None:
    only_damage(WHOLE[:at] + octets + WHOLE[at + gone :])


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=5)
    | st.sampled_from(["uint8", "object"]),
    lambda inner: st.lists(inner, max_size=9) | st.dictionaries(st.text(max_size=3), inner, max_size=2),
    max_leaves=40,
)


@given(st.data())
def test_a_part_that_was_replaced(data: st.DataObject) -> None:
    """Damage that is JSON all the same."""
    tree = loads(WHOLE)
    place = tree
    while True:
        at = data.draw(st.integers(0, len(place) - 1))
        if type(place[at]) is not list or not place[at] or data.draw(st.booleans()):
            break
        place = place[at]
    place[at] = data.draw(JSON)
    only_damage(dumps(tree))


@given(st.binary(max_size=40) | JSON.map(lambda each: json.dumps(each).encode()))
def test_any_octets(data: bytes) -> None:
    only_damage(data)


def test_each_type_is_tried() -> None:
    assert {Type.parse(text).cim for text, _ in EXACT} | {CimType.OBJECT} == set(CimType) == {*VALUES, CimType.OBJECT}
