"""Rows that were written when their class was another one: in the file, or in a layer below it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.repository.lamps import KEY, NAMESPACE, STRING, UINT32, put, put_class

from openwmi.base.case import NameMap, fold
from openwmi.base.error import WbemError
from openwmi.base.fault import LocalProtocolError
from openwmi.base.status import WbemStatus
from openwmi.model import (
    CimClass,
    CimDateTime,
    CimInstance,
    CimInterval,
    CimType,
    ObjectPath,
    Property,
    Qualifier,
    Type,
    qualifier_set,
)
from openwmi.repository import GivenLayer, Layers, Repository, maintenance
from openwmi.repository.keys import KeyPlan, target
from openwmi.repository.schema import Entry, Schema
from openwmi.repository.table import Mismatch, Table, layout_of

REFERENCE = Type(CimType.REFERENCE)


def thing(
    *properties: Property, name: str = "Thing", parent: CimClass | None = None, namespace: str = NAMESPACE
) -> CimClass:
    if parent is not None:
        return parent.derive(name, properties)
    return CimClass(
        name, properties=(Property("K", STRING, qualifiers=KEY), *properties), namespace=namespace, server="here"
    )


def opened(file: Path | None, *below: CimClass) -> Repository:
    return Repository("here", Layers([GivenLayer(below or [CimClass("Other", namespace=NAMESPACE)])]), file)


def row(where: Repository, key: str = "a", name: str = "Thing") -> dict[str, Any] | None:
    reader = where.reader(NAMESPACE)
    class_ = reader.find(name)
    assert class_ is not None
    found = reader.get(class_, {"K": key})
    paged = reader.page(class_, None, 100)[0]
    assert found is None or found in paged
    return None if found is None else found.to_dict_()


BEFORE = thing(Property("A", UINT32), Property("B", STRING), Property("Away", REFERENCE))
CHANGES = [
    (thing(Property("A", UINT32)), {"K": "a", "A": 7}),
    (thing(Property("B", STRING), Property("a", UINT32)), {"K": "a", "B": "b", "a": 7}),
    (thing(Property("A", Type(CimType.UINT8)), Property("New", UINT32, 5)), {"K": "a", "A": 7, "New": 5}),
    (thing(Property("A", STRING, "seven")), {"K": "a", "A": "seven"}),
    (thing(Property("A", UINT32), Property("B", Type(CimType.STRING, True), ("x",))), {"K": "a", "A": 7, "B": ("x",)}),
]


@pytest.mark.parametrize(("after", "wanted"), CHANGES)
async def test_a_class_that_was_put_anew(tmp_path: Path, after: CimClass, wanted: dict[str, Any]) -> None:
    where = opened(tmp_path / "repository.db")
    await where.write(lambda transaction: put_class(transaction, BEFORE))
    await where.write(
        lambda transaction: put(transaction, BEFORE.instance({"K": "a", "A": 7, "B": "b", "Away": "X.K=1"}))
    )
    assert len(where.reader(NAMESPACE).referring([ObjectPath.parse("X.K=1")])) == 1
    await where.write(lambda transaction: put_class(transaction, after))
    assert row(where) == wanted
    assert where.reader(NAMESPACE).referring([ObjectPath.parse("X.K=1")]) == []
    where.close()
    assert maintenance.check(tmp_path / "repository.db") == []


@pytest.mark.parametrize(("after", "wanted"), CHANGES)
def test_a_class_that_became_another_below_the_file(tmp_path: Path, after: CimClass, wanted: dict[str, Any]) -> None:
    """As with a later release: rows are read as they are, and written anew before others come."""
    file = tmp_path / "repository.db"
    first = opened(file, BEFORE)
    asyncio.run(
        first.write(
            lambda transaction: put(transaction, BEFORE.instance({"K": "a", "A": 7, "B": "b", "Away": "X.K=1"}))
        )
    )
    first.close()
    second = opened(file, after)
    assert row(second) == wanted
    second.close()
    assert maintenance.check(file) == []
    third = opened(file, after)
    asyncio.run(third.write(lambda transaction: put(transaction, after.instance({"K": "b"}))))
    assert row(third) == wanted
    assert row(third, "b") == {**dict.fromkeys(after.names), **after.instance({"K": "b"}).to_dict_()}
    assert third.reader(NAMESPACE).referring([ObjectPath.parse("X.K=1")]) == []
    third.close()
    assert maintenance.check(file) == []
    fourth = opened(file, BEFORE)
    kept = row(fourth)
    assert kept is not None
    assert kept["K"] == "a"
    fourth.close()


async def test_a_class_whose_properties_stay_keeps_its_rows_as_they_are(tmp_path: Path) -> None:
    where = opened(tmp_path / "repository.db")
    await where.write(lambda transaction: put_class(transaction, BEFORE))
    await where.write(lambda transaction: put(transaction, BEFORE.instance({"K": "a", "A": 7})))
    described = CimClass(
        "Thing",
        properties=(
            BEFORE.properties[0],
            Property("A", UINT32, 3, qualifier_set(Qualifier("Description", "new", STRING))),
        ),
        namespace=NAMESPACE,
        server="here",
    )
    described = thing(*described.properties[1:], *BEFORE.properties[2:])
    written: list[int] = []

    def change(transaction: Any) -> None:
        put_class(transaction, described)
        written.append(len(transaction.changes.rows))

    await where.write(change)
    assert written == [0]
    assert row(where) == {"K": "a", "A": 7, "B": None, "Away": None}
    where.close()


@pytest.mark.parametrize("names", [("K", "Second"), ("Second",)])
async def test_keys_that_the_rows_cannot_have(tmp_path: Path, names: Sequence[str]) -> None:
    """A key without a value, and rows that would be one: the class stays as it was."""
    where = opened(tmp_path / "repository.db")
    await where.write(lambda transaction: put_class(transaction, BEFORE))
    await where.write(lambda transaction: put(transaction, *[BEFORE.instance({"K": each, "A": 7}) for each in "ab"]))
    default = None if len(names) > 1 else "same"
    keys = [Property(each, STRING, default if each == "Second" else None, KEY) for each in names]
    other = CimClass("Thing", properties=tuple(keys), namespace=NAMESPACE, server="here")
    with pytest.raises(WbemError) as caught:
        await where.write(lambda transaction: put_class(transaction, other))
    assert caught.value.status == WbemStatus.CLASS_HAS_INSTANCES
    assert row(where, "b") == {"K": "b", "A": 7, "B": None, "Away": None}
    where.close()


async def test_derived_classes_change_with_theirs(tmp_path: Path) -> None:
    where = opened(tmp_path / "repository.db")
    below = thing(Property("C", UINT32), name="Below", parent=BEFORE)
    await where.write(lambda transaction: put_class(transaction, BEFORE, [below]))
    await where.write(lambda transaction: put(transaction, below.instance({"K": "a", "A": 7, "C": 8})))
    after = CHANGES[1][0]
    below = thing(Property("C", UINT32), name="Below", parent=after)
    await where.write(lambda transaction: put_class(transaction, after, [below]))
    assert row(where, name="Below") == {"K": "a", "B": None, "a": 7, "C": 8}
    reader = where.reader(NAMESPACE)
    found = reader.instance(after, {"K": "A"})
    assert found is not None
    assert found.class_.name == "Below"
    assert [each.name for each in reader.derived(None, deep=True) if each.name in {"Thing", "Below"}] == [
        "Thing",
        "Below",
    ]
    where.close()


async def test_qualifiers_of_an_instance_and_of_its_properties_are_kept(tmp_path: Path) -> None:
    own = qualifier_set(Qualifier("Mine"))
    sets = NameMap({"A": qualifier_set(Qualifier("From", "there", STRING)), "B": own})
    where = opened(tmp_path / "repository.db")
    await where.write(lambda transaction: put_class(transaction, BEFORE))
    one = CimInstance(BEFORE, BEFORE.row({"K": "a", "A": 7}), own, sets)
    await where.write(lambda transaction: transaction.namespace(NAMESPACE).put_whole(BEFORE, [one]))
    for after, kept in ((None, sets), (CHANGES[0][0], NameMap({"A": sets["A"]}))):
        if after is not None:
            await where.write(lambda transaction, after=after: put_class(transaction, after))  # type: ignore[misc]  # bound early
        reader = where.reader(NAMESPACE)
        class_ = reader.find("Thing")
        assert class_ is not None
        for found in (reader.get(class_, {"K": "a"}), reader.page(class_, None, 9)[0][0]):
            assert found is not None
            assert found.own_qualifiers_ == own
            assert found.own_property_qualifiers_ == kept
    where.close()


async def test_an_instance_of_a_class_that_is_not_the_one_here(tmp_path: Path) -> None:
    where = opened(tmp_path / "repository.db")
    await where.write(lambda transaction: put_class(transaction, BEFORE))
    await where.write(lambda transaction: put(transaction, BEFORE.instance({"K": "a"})))
    other = CHANGES[0][0]
    with pytest.raises(LocalProtocolError, match="is not what Thing is"):
        await where.write(
            lambda transaction: transaction.namespace(NAMESPACE).put_instance(other.instance({"K": "b"}), None)
        )
    assert row(where, "b") is None
    where.close()


def test_a_row_is_bound_to_its_class_and_layout() -> None:
    from zlib import crc32

    one = Table(BEFORE, 1, layout_of(BEFORE), None)
    key, body = b"a", one.encode(BEFORE.instance({"K": "a"}))
    good = (key, body, crc32(body, crc32(key, one.seed)))
    assert one.decode(*good) == BEFORE.instance({"K": "a"})
    for other in (Table(BEFORE, 2, layout_of(BEFORE), None), one.older(layout_of(CHANGES[0][0]))):
        with pytest.raises(Mismatch):
            other.decode(*good)
        with pytest.raises(Mismatch):
            other.decode_many([good])
    for wrong in (("a", body, good[2]), (key, None, good[2]), (key, body, None), (key, body, good[2] + 1)):
        with pytest.raises(Mismatch):
            one.decode(*wrong)
        with pytest.raises(Mismatch):
            one.decode_many([good, wrong])  # type: ignore[list-item]  # damage makes anything of a field
    assert "k\\xff" not in one.damaged(b"k\xff").message
    assert json.loads(layout_of(BEFORE))[0] == ["K", int(CimType.STRING), 0]


# --------------------------------------------------------------------------------------------------------------- keys


@pytest.mark.parametrize(
    ("cim", "same", "other"),
    [
        (CimType.STRING, ["a", "A"], ["b", "a ", "", "é"]),
        (CimType.CHAR16, ["a", "A"], ["b"]),
        (CimType.SINT64, [1], [-1, 10, 2**63 - 1]),
        (CimType.BOOLEAN, [True], [False]),
        (
            CimType.DATETIME,
            [CimDateTime.parse("20240131120000.000000+060")],
            [CimInterval.parse("00000001000000.000000:000")],
        ),
        (
            CimType.REFERENCE,
            ['A.K="x"', 'a.k="X"', r'\\.\root\cimv2:A.K="x"', r'\\HERE\ROOT\cimv2:A.k="x"', r'root\cimv2:A="x"'],
            ['A.K="y"', r'root\other:A.K="x"', r'\\there\root\cimv2:A.K="x"', "A", "A=@", "no path"],
        ),
    ],
)
def test_keys_that_are_the_same_and_others(cim: CimType, same: list[Any], other: list[Any]) -> None:
    class_ = CimClass("C", properties=(Property("K", Type(cim), qualifiers=KEY),), namespace=NAMESPACE, server="here")
    plan = KeyPlan(class_)
    octets = {plan.of_keys({"K": each}) for each in same}
    assert len(octets) == 1
    assert {plan.of_row((each,)) for each in same} == octets
    others = {plan.of_keys({"K": each}) for each in other}
    assert len(others) == len(other)
    assert octets & others == set()


texts = st.text(max_size=5) | st.sampled_from(['"', "\\", ",", '["a","b"]', "\ud800", "", "a=b"])


@given(st.lists(st.tuples(texts, texts), min_size=2, max_size=2))
def test_several_keys_are_never_taken_for_others(rows: list[tuple[str, str]]) -> None:
    class_ = CimClass(
        "C",
        properties=tuple(Property(each, STRING, qualifiers=KEY) for each in ("b", "A")),
        namespace="root",
        server="s",
    )
    one, two = (KeyPlan(class_).of_row(each) for each in rows)
    assert (one == two) == ([fold(each) for each in rows[0]] == [fold(each) for each in rows[1]])
    assert one == KeyPlan(class_).of_keys({"A": rows[0][1], "b": rows[0][0]})


@given(texts.filter(lambda each: "\ud800" not in each))
def test_a_path_and_a_reference_are_the_same_target(text: str) -> None:
    path = ObjectPath(None, None, "C", (("K", text),))
    class_ = CimClass("R", properties=(Property("To", REFERENCE),), namespace="root", server="s")
    assert KeyPlan(class_).targets((str(path),)) == {target(path, "root", "s")}
    assert KeyPlan(class_).targets((rf"\\S\ROOT:{path}",)) == {target(path, "root", "s")}
    assert KeyPlan(class_).targets((None,)) == set()


def test_an_association_of_associations() -> None:
    inner = ObjectPath(None, None, "Link", (("From", 'A.K="x"'), ("To", 'B.K="y"')))
    spelt = ObjectPath(None, None, "LINK", (("to", r'\\.\root:b.k="Y"'), ("FROM", r'root:a.K="X"')))
    assert target(inner, "root", "s") == target(spelt, "root", "s")


# ------------------------------------------------------------------------------------------------------------- schema


def test_a_copy_of_a_schema_is_another_one() -> None:
    schema = Schema(NAMESPACE, "here")
    where = Layers([GivenLayer([BEFORE, thing(name="Below", parent=BEFORE)])])
    for name, superclass, layer in where.classes(NAMESPACE).values():
        schema.put(Entry(name, superclass, layer=layer))
    twin = schema.copy()
    twin.remove("below")
    twin.put(Entry("Alone", None), thing(name="Alone"))
    assert sorted(schema.names()) == ["Below", "Thing"]
    assert sorted(twin.names()) == ["Alone", "Thing"]
    assert [each.name for each in schema.derived(BEFORE, deep=False)] == ["Below"]
    assert list(twin.below("THING")) == []
    assert twin.find("Below") is None
    assert "alone" in twin
    assert schema.find("BELOW") is schema.find("below")


def test_a_class_whose_superclass_is_not_there() -> None:
    schema = Schema(NAMESPACE, "here")
    schema.put(Entry("Orphan", "Nobody", b"[]"))
    schema.put(Entry("Round", "Robin", b"[]"))
    schema.put(Entry("Robin", "Round", b"[]"))
    schema.put(Entry("Below", "Robin", b"[]"))
    assert schema.find("Orphan") is None
    for each in ("Round", "Robin", "Below"):
        with pytest.raises(WbemError, match=r"damaged.*derived from itself"):
            schema.find(each)
    assert list(schema.derived(None, deep=True)) == []


def test_classes_of_the_file_and_of_a_layer_that_are_derived_from_each_other() -> None:
    """Neither is damaged."""
    schema = Schema(NAMESPACE, "here")
    schema.put(Entry("Below", "Thing", b"[]"))
    schema.put(Entry("Thing", "Below", layer=GivenLayer([BEFORE])))
    assert [schema.find(each) for each in ("Below", "Thing")] == [None] * 2


def test_a_class_that_moves_to_another_parent_is_found_there() -> None:
    schema = Schema(NAMESPACE, "here")
    one, two = thing(name="One"), thing(name="Two")
    for each in (one, two):
        schema.put(Entry(each.name, None), each)
    for parent in (one, two):
        schema.put(Entry("Below", parent.name), thing(name="Below", parent=parent))
    assert list(schema.below("One")) == []
    assert list(schema.below("Two")) == ["below"]
