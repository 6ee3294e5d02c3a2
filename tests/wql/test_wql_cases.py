"""Runs the cases of the text files beside this one; select.test says how to read them."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from openwmi.base.error import WbemError
from openwmi.base.status import WbemStatus
from openwmi.model import CimClass, CimDateTime, CimInstance, CimType, Property, Type
from openwmi.wql import (
    Query,
    SchemaQuery,
    Select,
    compile_class_filter,
    compile_filter,
    compile_row_filter,
    format,  # noqa: A004
    parse,
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


@dataclass
class Case:
    suite: Suite
    title: str
    query: list[str] = field(default_factory=list)
    rows: list[str] | None = None
    text: str = ""
    error: str = ""


def read(path: Path) -> Suite:
    suite = Suite(path.stem)
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        word, _, rest = line.partition(" ")
        case = suite.cases[-1] if suite.cases else None
        if not line or word == "#":
            continue
        if word == "class":
            suite.class_name = rest
        elif word == "row":
            suite.rows.append([cell.strip() for cell in rest.split("|")])
        elif word == "case":
            suite.cases.append(Case(suite, rest))
        elif word == "rows" and case:
            case.rows = rest.split()
        elif word == "text" and case:
            case.text = rest
        elif word == "error" and case:
            case.error = rest
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
    outcomes = [case.rows is not None, bool(case.text), bool(case.error)]
    assert text
    assert outcomes.count(True) == 1, "a case wants rows, a text or an error"
    if case.error:
        status, _, message = case.error.partition(" ")
        with pytest.raises(WbemError) as caught:
            answers(case.suite, parse(text), make_class)
        assert caught.value.status is WbemStatus[status]
        assert message in caught.value.message
        return
    for query in (parse(text), parse(format(parse(text)))):
        if case.text:
            assert format(query) == case.text
            continue
        for answer in answers(case.suite, query, make_class):
            assert answer == case.rows


def answers(suite: Suite, query: Query, make_class: Callable[..., CimClass]) -> list[list[str]]:
    """What each of the filters finds."""
    if isinstance(query, SchemaQuery):
        classes = [embedded_class(cells[0], ()) for cells in suite.rows]
        return [[found.name for found in compile_class_filter(query)(classes)]]
    if not isinstance(query, Select):
        return []
    keys = tuple((name, type_) for name, type_, key in suite.properties if key)
    others = tuple((name, type_) for name, type_, key in suite.properties if not key)
    class_ = make_class(suite.class_name, keys, others)
    types = [type_ for _, type_ in keys + others]
    rows = [
        class_.row({name: value(type_, cell) for name, type_, cell in zip(class_.names, types, cells, strict=True)})
        for cells in suite.rows
    ]
    instances = [CimInstance(class_, row) for row in rows]
    return [
        [str(row[0]) for row in compile_row_filter(query, class_)(rows)],
        [str(found.store_[0]) for found in compile_filter(query, class_)(instances)],
    ]
