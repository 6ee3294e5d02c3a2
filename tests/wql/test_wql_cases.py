"""Runs the cases of the text files beside this one; select.test says how to read them."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from openwmi.base.case import fold
from openwmi.base.error import WbemError
from openwmi.base.status import WbemStatus
from openwmi.model import CimClass, CimDateTime, CimInstance, CimType, ObjectPath, Property, Type
from openwmi.wql import (
    Plan,
    Query,
    SchemaQuery,
    Select,
    class_lookup,
    class_scope,
    compile_class_filter,
    compile_filter,
    compile_row_filter,
    format,  # noqa: A004
    parse,
    parse_event,
    plan,
    prototype,
)

FILES = sorted(Path(__file__).parent.glob("*.test"))


@dataclass
class Suite:
    """A file: a class as it is declared, its rows as they are written, and the cases."""

    name: str
    class_name: str = ""
    properties: list[tuple[str, Type, bool]] = field(default_factory=list)
    rows: list[list[str]] = field(default_factory=list)
    cases: list[Case] = field(default_factory=list)
    roles: frozenset[str] | None = None


@dataclass
class Case:
    suite: Suite
    title: str
    query: list[str] = field(default_factory=list)
    rows: list[str] | None = None
    parameters: dict[str, object] | None = None
    text: str = ""
    error: str = ""
    plan: str = ""
    order: str = ""
    scope: str = ""


def read(path: Path) -> Suite:
    suite = Suite(path.stem)
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        word, _, rest = line.partition(" ")
        case = suite.cases[-1] if suite.cases else None
        if not line or word == "#":
            continue
        if word == "class":
            suite.class_name = rest
        elif word == "events":
            suite.roles = frozenset(map(fold, rest.split()))
        elif word == "row":
            suite.rows.append([cell.strip() for cell in rest.split("|")])
        elif word == "case":
            suite.cases.append(Case(suite, rest))
        elif word == "rows" and case:
            case.rows = rest.split()
        elif word == "with" and case:
            name, _, given = rest.partition(" ")
            case.parameters = {**(case.parameters or {}), name: json.loads(given)}
        elif word in ("text", "plan", "order", "scope", "error") and case:
            setattr(case, word, rest)
        elif line.startswith("    ") and case:
            case.query.append(line[4:])
        elif line.startswith("    "):
            *key, type_, name = line.split()
            suite.properties.append((name, Type.parse(type_), key == ["key"]))
        else:
            raise AssertionError(f"{path.name}:{number}: {line}")
    return suite


def value(type_: Type, cell: str) -> object:
    if cell == "NULL":
        return None
    if type_.array:
        return tuple(value(Type(type_.cim), part) for part in cell.strip("{}").split(",") if part)
    if type_.cim is CimType.OBJECT:
        name, _, properties = cell.partition("{")
        return embedded(name, json.loads("{" + properties))
    if type_.cim in (CimType.REAL32, CimType.REAL64):
        return float(cell)
    if type_.cim is CimType.BOOLEAN:
        return {"TRUE": True, "FALSE": False}[cell]
    if re.search("INT", type_.cim.name):
        return int(cell)
    return json.loads(cell) if cell.startswith('"') else cell


JSON_TYPES = {str: CimType.STRING, int: CimType.UINT32, bool: CimType.BOOLEAN, dict: CimType.OBJECT}


def embedded(ancestry: str, values: dict[str, Any]) -> CimInstance:
    """A property's name may say what no JSON does: `Born datetime`, `Tags string[]`."""
    made: dict[str, tuple[Type, object]] = {}
    for key, given in values.items():
        name, _, kind = key.partition(" ")
        type_ = Type.parse(kind) if kind else Type(JSON_TYPES[type(given)])
        if isinstance(given, dict):
            given = embedded(name, given)  # noqa: PLW2901 - its own class is named like the property
        elif type_.cim is CimType.DATETIME:
            given = CimDateTime.parse(given)  # noqa: PLW2901
        made[name] = type_, given
    class_ = embedded_class(ancestry, tuple(Property(name, type_) for name, (type_, _) in made.items()))
    return class_.instance({name: given for name, (_, given) in made.items()})


def embedded_class(ancestry: str, properties: tuple[Property, ...]) -> CimClass:
    name, *derivation = (part.strip() for part in ancestry.split(":"))
    return CimClass(name, derivation=tuple(derivation), properties=properties, namespace="root\\cimv2", server="server")


def all_cases() -> Iterator[object]:
    for path in FILES:
        for case in read(path).cases:
            yield pytest.param(case, id=f"{path.stem}: {case.title}")


@pytest.mark.parametrize("case", list(all_cases()))
def test_case(case: Case, make_class: Callable[..., CimClass]) -> None:
    text = "\n".join(case.query)
    outcomes = [case.rows is not None, *map(bool, (case.text, case.error, case.plan, case.order, case.scope))]
    assert text
    assert any(outcomes), "a case wants rows, a text, a plan, an order, a scope or an error"
    if case.suite.roles is not None:
        event_case(case, text, make_class)
        return
    if case.error:
        status, _, message = case.error.partition(" ")
        with pytest.raises(WbemError) as caught:
            answers(case.suite, parse(text, case.parameters), make_class)
        assert caught.value.status is WbemStatus[status]
        assert message in caught.value.message
        return
    query = parse(text, case.parameters)
    for one in (query, parse(format(query))):
        if case.text:
            assert format(one) == case.text
        if case.plan:
            assert planned(one, declared(case.suite, make_class)) == case.plan
        if case.order:
            assert isinstance(one, Select)
            assert orders(prototype(one, declared(case.suite, make_class))) == case.order
        for answer in answers(case.suite, one, make_class):
            assert case.rows is None or answer == case.rows


def event_case(case: Case, text: str, make_class: Callable[..., CimClass]) -> None:
    assert case.suite.roles is not None
    class_ = declared(case.suite, make_class)
    if case.error:
        status, _, message = case.error.partition(" ")
        with pytest.raises(WbemError) as caught:
            class_scope(parse_event(text, case.parameters).select, class_, case.suite.roles)
        assert caught.value.status is WbemStatus[status]
        assert message in caught.value.message
        return
    query = parse_event(text, case.parameters)
    for one in (query, parse_event(format(query))):
        assert one == query
        if case.text:
            assert format(one) == case.text
        found = class_scope(one.select, class_, case.suite.roles)
        parts = [*found.names, *(f"tree({root})" if root else "all" for root in found.trees)]
        assert not case.scope or " ".join(parts) == case.scope
        assert case.rows is None or answers(case.suite, one.select, make_class)[0] == case.rows


def declared(suite: Suite, make_class: Callable[..., CimClass]) -> CimClass:
    keys = tuple((name, type_) for name, type_, key in suite.properties if key)
    others = tuple((name, type_) for name, type_, key in suite.properties if not key)
    return make_class(suite.class_name, keys, others)


def answers(suite: Suite, query: Query, make_class: Callable[..., CimClass]) -> list[list[str]]:
    """What each of the filters finds. None of them finds what the plan says cannot match."""
    if isinstance(query, SchemaQuery):
        classes = FakeSchema([embedded_class(cells[0], ()) for cells in suite.rows])
        pick, scope = compile_class_filter(query), class_lookup(query)
        found = [found.name for found in pick(classes.derived(None, deep=True))]
        assert sorted(found.name for found in pick(scope.classes(classes))) == sorted(found)
        return [found]
    if not isinstance(query, Select):
        return []
    class_ = declared(suite, make_class)
    types = [declaration.type for declaration in class_.properties]
    rows = [
        class_.row({name: value(type_, cell) for name, type_, cell in zip(class_.names, types, cells, strict=True)})
        for cells in suite.rows
    ]
    instances = [CimInstance(class_, row) for row in rows]
    matching = compile_filter(query, class_)(instances)
    check_plan(plan(query, class_), matching)
    return [
        [str(row[0]) for row in compile_row_filter(query, class_)(rows)],
        [str(found.store_[0]) for found in matching],
    ]


class FakeSchema:
    """The classes of a namespace, each after the one that it derives from; some ancestors may be missing."""

    def __init__(self, classes: list[CimClass]) -> None:
        self.classes = classes

    def find(self, name: str, /) -> CimClass | None:
        return next((class_ for class_ in self.classes if fold(class_.name) == fold(name)), None)

    def derived(self, class_: CimClass | None, /, *, deep: bool) -> Iterator[CimClass]:
        for found in self.classes:
            if class_ is None:
                wanted = deep or found.superclass is None
            else:
                wanted = found is not class_ and (found.isa_(class_.name) if deep else found.superclass == class_.name)
            if wanted:
                yield found

    def names(self) -> list[str]:
        return [class_.name for class_ in self.classes]


def check_plan(plan: Plan, matching: list[CimInstance]) -> None:
    """What it says is true of all that match."""
    if plan.impossible:
        assert matching == []
    for found in matching:
        assert {name: folded(found[name]) for name in plan.equalities} == {
            name: folded(wanted) for name, wanted in plan.equalities.items()
        }
        if plan.lookups is not None:
            keys = [{name: folded(wanted) for name, wanted in keys.items()} for keys in plan.lookups]
            assert keys.count({name: folded(found[name]) for name in found.class_.keys}) == 1
    assert plan.lookups != () or plan.impossible


def folded(value: object) -> object:
    """As WQL compares it; a path by what it leads to."""
    if not isinstance(value, str):
        return value
    try:
        path = ObjectPath.parse(value)
    except WbemError:
        return fold(value)
    single = path.keys is not None and len(path.keys) == 1
    return (fold(path.class_name), fold(str(path.keys[0][1]))) if single and path.keys else path.relative


def planned(query: Query, class_: CimClass) -> str:
    """A plan in a line, as the text files write it."""
    if isinstance(query, SchemaQuery):
        scope = class_lookup(query)
        parts = [*scope.names, *(f"below({root or ''})" for root in scope.parents)]
        parts += [f"tree({root})" if root else "by name" if scope.by_name else "all" for root in scope.trees]
        return " ".join(parts) or "never"
    assert isinstance(query, Select)
    made = plan(query, class_)
    if made.impossible:
        return "never"
    if made.lookups is None:
        return "scan" if made.filter else "all"
    return " | ".join(",".join(f"{name}={wanted}" for name, wanted in keys.items()) for keys in made.lookups)


def orders(class_: CimClass) -> str:
    """The properties of a prototype and where they stand."""
    parts = [(member.name, member.qualifiers.get("order")) for member in class_.properties]
    return " ".join(f"{name}={','.join(map(str, order.value))}" if order else name for name, order in parts)
