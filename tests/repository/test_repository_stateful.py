"""The repository against plain dicts: whatever is done in whatever order, both have the same."""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from tests.repository.lamps import KEY, LAYERS, QUICK

from openwmi.base.case import fold
from openwmi.model import CimClass, CimDateTime, CimInstance, CimType, ObjectPath, Property, Type
from openwmi.repository import Reader, Repository, maintenance
from openwmi.repository.transaction import Draft, Transaction

SPACES = [r"root\cimv2", r"root\one", r"root\one\two"]
# The key of each class has another type; the keys of one that refers are paths.
KEYS: dict[str, tuple[CimType, list[Any]]] = {
    "Text": (CimType.STRING, ["", "a", "A", "b=c", 'Text.K="a"', "é", "x" * 300, "\ud800"]),
    "Whole": (CimType.SINT64, [0, -1, 2**63 - 1, -(2**63), 10, 9]),
    "Truth": (CimType.BOOLEAN, [True, False]),
    "Letter": (CimType.CHAR16, ["a", "A", "\uffff"]),
    "When": (CimType.DATETIME, [CimDateTime.parse(f"2024013112000{number}.000000+060") for number in range(3)]),
    "Ref": (
        CimType.REFERENCE,
        ['Text.K="a"', 'text.k="A"', r'\\.\root\cimv2:Text.K="a"', r'root\one:Text.K="a"', "Whole.K=10", "no path"],
    ),
}
EXTRA: dict[str, tuple[CimType, list[Any]]] = {
    "Number": (CimType.UINT8, [None, 0, 255]),
    "Words": (CimType.STRING, [None, "", "words"]),
}
VALUES = ["Note", "Link"]
EXTRAS: list[tuple[str, ...]] = [(), ("Number",), ("Words",), ("Words", "Number")]
LINKS: list[str | None] = [None, *KEYS["Ref"][1][:-1]]
Classes = dict[str, tuple[tuple[str, ...], dict[Any, dict[str, Any]]]]
Model = dict[str, Classes]
"""Namespace -> class -> (names of the properties that it has beyond those of all, rows by their keys)."""


def made(space: str, name: str, extra: tuple[str, ...], parent: CimClass | None = None) -> CimClass:
    more = [Property(each, Type(EXTRA[each][0])) for each in extra]
    if parent is not None:
        return parent.derive(name, more)
    own = [
        Property("K", Type(KEYS[name][0]), qualifiers=KEY),
        Property("Note", Type(CimType.STRING)),
        Property("Link", Type(CimType.REFERENCE)),
    ]
    return CimClass(name, properties=(*own, *more), namespace=space, server="here")


def same(name: str, key: Any, space: str) -> Any:
    """Keys that are the same object."""
    if name.startswith("Ref"):
        return aim(key, space)
    return fold(key) if isinstance(key, str) else str(key)


def aim(text: str, space: str) -> Any:
    """What a reference means."""
    if text == "no path":
        return text
    path = ObjectPath.parse(text)
    assert path.keys is not None
    return fold(path.namespace or space), fold(path.class_name), fold(str(path.keys[0][1]))


class UndoneError(Exception):
    pass


class Machine(RuleBasedStateMachine):
    """One repository that writes, another that looks on and sometimes writes, too."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp(prefix="openwmi-test-", dir=QUICK))
        self.runner = asyncio.Runner()
        self.model: Model = {fold(SPACES[0]): {}}
        self.on_disk = type(self).__name__ == "OnDisk"
        self.one = self._open()
        self.two = self._open() if self.on_disk else self.one

    def _open(self) -> Repository:
        return Repository("here", LAYERS, self.folder / "repository.db" if self.on_disk else None)

    def teardown(self) -> None:
        self.one.close()
        self.two.close()
        if self.on_disk and (self.folder / "repository.db").exists():
            assert maintenance.check(self.folder / "repository.db") == []
        self.runner.close()
        shutil.rmtree(self.folder)

    def write(self, change: Callable[[Transaction], object], by_two: bool) -> None:
        self.runner.run((self.two if by_two else self.one).write(change))

    # ------------------------------------------------------------------------------------------------- what can happen

    @initialize(by_two=st.booleans())
    def begin(self, by_two: bool) -> None:
        for name, (_, keys) in KEYS.items():
            self._put_class(SPACES[0], name, (), by_two)
            self._put(
                SPACES[0], name, [{"K": each, "Note": None, "Link": LINKS[0]} for each in keys[:2]], by_two, False
            )

    def _any_class(self, data: st.DataObject) -> tuple[str, str] | None:
        there = [(space, name) for space, classes in self.model.items() for name in classes]
        return data.draw(st.sampled_from(there)) if there else None

    @rule(space=st.sampled_from(SPACES[1:]), by_two=st.booleans())
    def create_namespace(self, space: str, by_two: bool) -> None:
        if fold(space) in self.model or (space.count("\\") > 1 and fold(SPACES[1]) not in self.model):
            return
        self.write(lambda transaction: transaction.create_namespace(space.upper()), by_two)
        self.model[fold(space)] = {}

    @rule(space=st.sampled_from(SPACES[1:]), by_two=st.booleans(), again=st.booleans())
    def delete_namespace(self, space: str, by_two: bool, again: bool) -> None:
        if fold(space) not in self.model:
            return

        def change(transaction: Transaction) -> None:
            transaction.delete_namespace(space)
            if again:
                transaction.create_namespace(space)

        self.write(change, by_two)
        for each in [each for each in self.model if each == fold(space) or each.startswith(fold(space) + "\\")]:
            del self.model[each]
        if again:
            self.model[fold(space)] = {}

    @rule(
        space=st.sampled_from(SPACES),
        name=st.sampled_from(list(KEYS)),
        extra=st.sampled_from(EXTRAS),
        by_two=st.booleans(),
    )
    def put_class(self, space: str, name: str, extra: tuple[str, ...], by_two: bool) -> None:
        """A new one, or one that becomes another: what its instances had and the class has no more is gone."""
        if fold(space) in self.model:
            self._put_class(space, name, extra, by_two)

    @rule(data=st.data(), extra=st.sampled_from(EXTRAS), by_two=st.booleans())
    def change_class(self, data: st.DataObject, extra: tuple[str, ...], by_two: bool) -> None:
        chosen = self._any_class(data)
        if chosen is not None:
            self._put_class(chosen[0], chosen[1].removesuffix("Below"), extra, by_two)

    @rule(data=st.data(), by_two=st.booleans())
    def put_derived(self, data: st.DataObject, by_two: bool) -> None:
        chosen = self._any_class(data)
        if chosen is not None:
            self._put_derived(chosen[0], chosen[1].removesuffix("Below"), by_two)

    def _put_class(self, space: str, name: str, extra: tuple[str, ...], by_two: bool) -> None:
        classes = self.model[fold(space)]
        below = f"{name}Below"

        def change(transaction: Transaction) -> None:
            draft = transaction.namespace(space)
            class_ = made(draft.namespace, name, extra)
            draft.put_class(class_, [made(draft.namespace, below, (), class_)] if below in classes else ())

        self.write(change, by_two)
        for each in (name, below):
            if each == name or each in classes:
                _, rows = classes.get(each, ((), {}))
                kept = {key: {at: row.get(at) for at in ("K", *VALUES, *extra)} for key, row in rows.items()}
                classes[each] = extra, kept

    def _put_derived(self, space: str, name: str, by_two: bool) -> None:
        classes = self.model[fold(space)]
        below = f"{name}Below"

        def change(transaction: Transaction) -> None:
            draft = transaction.namespace(space)
            parent = draft.find(name)
            assert parent is not None
            draft.put_class(made(draft.namespace, below, (), parent))

        self.write(change, by_two)
        classes.setdefault(below, (classes[name][0], {}))

    @rule(data=st.data(), by_two=st.booleans())
    def delete_class(self, data: st.DataObject, by_two: bool) -> None:
        chosen = self._any_class(data)
        if chosen is None:
            return
        space, name = chosen[0], chosen[1].removesuffix("Below")

        def change(transaction: Transaction) -> None:
            draft = transaction.namespace(space)
            if f"{name}Below" in draft.schema:
                draft.delete_class(f"{name}below")
            draft.delete_class(name.upper())

        self.write(change, by_two)
        self.model[space].pop(f"{name}Below", None)
        del self.model[space][name]

    @rule(
        data=st.data(),
        note=st.sampled_from([None, "", "note"]),
        link=st.sampled_from(LINKS),
        by_two=st.booleans(),
        fails=st.sampled_from([False, False, True]),
    )
    def put(self, data: st.DataObject, note: str | None, link: str | None, by_two: bool, fails: bool) -> None:
        """Some instances at once; with `fails` all of it is undone."""
        chosen = self._any_class(data)
        if chosen is None:
            return
        space, name = chosen
        values: list[dict[str, Any]] = []
        for key in data.draw(st.lists(st.sampled_from(KEYS[name.removesuffix("Below")][1]), min_size=1, max_size=4)):
            more = {each: data.draw(st.sampled_from(EXTRA[each][1])) for each in self.model[space][name][0]}
            values.append({"K": key, "Note": note, "Link": link, **more})
        self._put(space, name, values, by_two, fails)

    def _put(self, space: str, name: str, values: list[dict[str, Any]], by_two: bool, fails: bool) -> None:
        classes = self.model[space]
        extra, rows = classes[name]
        now = rows | {same(name, each["K"], space): each for each in values}

        def change(transaction: Transaction) -> None:
            draft = transaction.namespace(space)
            class_ = draft.find(name)
            assert class_ is not None
            for each in values:
                draft.put_instance(class_.instance(each), draft.get(class_, {"K": each["K"]}))
            _equal(draft, classes | {name: (extra, now)})
            if fails:
                draft.put_class(class_.derive("Undone", [Property("Own", Type(CimType.UINT8))]))
                draft.delete_instance(class_.instance(values[0]))
                transaction.create_namespace(r"root\undone")
                raise UndoneError

        if fails:
            with pytest.raises(UndoneError):
                self.write(change, by_two)
        else:
            self.write(change, by_two)
            classes[name] = extra, now

    @rule(data=st.data(), by_two=st.booleans())
    def delete(self, data: st.DataObject, by_two: bool) -> None:
        there = [
            (space, name, key) for space, classes in self.model.items() for name in classes for key in classes[name][1]
        ]
        if not there:
            return
        space, name, key = data.draw(st.sampled_from(there))
        rows = self.model[space][name][1]

        def change(transaction: Transaction) -> None:
            draft = transaction.namespace(space)
            class_ = draft.find(name)
            assert class_ is not None
            found = draft.get(class_, {"K": rows[key]["K"]})
            assert found is not None
            draft.delete_instance(found)

        self.write(change, by_two)
        del rows[key]

    @rule(which=st.booleans(), compact=st.booleans())
    def reopen(self, which: bool, compact: bool) -> None:
        if not self.on_disk:
            return
        (self.one if which else self.two).close()
        if compact and (self.folder / "repository.db").exists():
            self.one.close()
            self.two.close()
            maintenance.compact(self.folder / "repository.db")
        if which:
            self.one = self._open()
        else:
            self.two = self._open()

    # ---------------------------------------------------------------------------------------------------- what must be

    @invariant()
    def both_are_as_the_model(self) -> None:
        for where in {id(each): each for each in (self.two, self.one)}.values():
            assert {each for each in where.namespaces() if each in map(fold, SPACES)} == self.model.keys()
            for space, classes in self.model.items():
                reader = where.reader(space)
                _equal(reader, classes)
                _check_keys(reader, classes)
                _check_references(reader, classes)


def _check_keys(reader: Reader, classes: Classes) -> None:
    """Instances one by one, which are kept when they were read lately."""
    for name, (_, rows) in classes.items():
        class_ = reader.find(name)
        assert class_ is not None
        for key in KEYS[name.removesuffix("Below")][1]:
            found = reader.get(class_, {"K": key})
            assert (None if found is None else found.to_dict_()) == rows.get(same(name, key, reader.namespace))
            if found is not None:
                assert found.class_ == class_
                assert reader.instance(class_, {"K": key}) == found


def _check_references(reader: Reader, classes: Classes) -> None:
    space = reader.namespace
    for to in LINKS[1:]:
        assert to is not None
        found = reader.referring([ObjectPath.parse(to)])
        wanted = [
            (name, same(name, row["K"], space))
            for name, (_, rows) in classes.items()
            for row in rows.values()
            if aim(to, space) in _aims(name, row, space)
        ]
        assert sorted(map(repr, wanted)) == sorted(
            [repr((each.class_.name, same(each.class_.name, each.K, space))) for each in found]
        )


def _aims(name: str, row: dict[str, Any], space: str) -> list[Any]:
    keys = [row["K"]] if name.startswith("Ref") else []
    return [aim(each, space) for each in (*keys, row["Link"]) if each is not None]


def _equal(reader: Reader | Draft, classes: Classes) -> None:
    mine = {name for name in reader.schema.names() if not name.startswith("__")}
    assert mine - {"CIM_Error"} >= classes.keys()
    assert {name for name in mine if name.removesuffix("Below") in KEYS} == classes.keys()
    for name, (extra, rows) in classes.items():
        class_ = reader.find(name)
        assert class_ is not None
        assert class_.names == ("K", *VALUES, *extra)
        found: list[CimInstance] = []
        after: bytes | None = None
        while True:
            more, after = reader.page(class_, after, 3)
            found += more
            if after is None:
                break
        assert {same(name, each.K, reader.namespace): each.to_dict_() for each in found} == rows
        assert len(found) == len(rows)
        assert reader.has_instances(class_) == bool(rows)


class OnDisk(Machine):
    """In a file that two have open."""


class InMemory(Machine):
    """In memory."""


# Other tests show that each line is run.
TestOnDisk = pytest.mark.no_cover(OnDisk.TestCase)
TestOnDisk.settings = settings(
    max_examples=25, stateful_step_count=25, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
TestInMemory = pytest.mark.no_cover(InMemory.TestCase)
TestInMemory.settings = settings(max_examples=25, stateful_step_count=25, deadline=None)
