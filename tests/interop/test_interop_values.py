"""Values of every CIM type, the greatest and the least, NULL, 0, "" and False, as other people's clients read them.

A provider of this test serves them. Each row is looked at twice: as it came over the wire, where it has to be what the
provider gave, and as the client understands it, where it can: see the functions at the end for what each makes of it.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.interop.peer import CLIENTS, logged_in
from tests.interop.serving import in_process

from openwmi.engine import Engine, Provider, Request, Row
from openwmi.model import (
    CimClass,
    CimDateTime,
    CimInstance,
    CimInterval,
    CimType,
    Property,
    Qualifier,
    Type,
    qualifier_set,
)

INTEGERS = {
    f"{'U' if least == 0 else 'S'}int{bits}": (CimType[f"{'U' if least == 0 else 'S'}INT{bits}"], least, greatest)
    for bits in (8, 16, 32, 64)
    for least, greatest in ((0, 2**bits - 1), (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1))
}
MOMENT, INTERVAL = CimDateTime.parse("20240131120000.123456+060"), CimInterval.parse("99999999235959.999999:000")
INNER = CimClass("Inner", properties=(Property("Name", Type(CimType.STRING)), Property("N", Type(CimType.UINT32))))

# Property -> type and the values of three rows besides the row of NULLs: the least, the greatest, and those that are
# nothing and yet not NULL.
COLUMNS: dict[str, tuple[Type, object, object, object]] = {
    **{name: (Type(cim), least, greatest, 0) for name, (cim, least, greatest) in INTEGERS.items()},
    "Real32": (Type(CimType.REAL32), -1.5, 2.0**127, 0.0),
    "Real64": (Type(CimType.REAL64), -(10.0**300), 0.1, 0.0),
    "Boolean": (Type(CimType.BOOLEAN), True, True, False),
    "Letter": (Type(CimType.CHAR16), "A", "Я", "0"),
    "Text": (Type(CimType.STRING), "plain", 'процесс "№ 1" \\ \U0001f552', ""),
    "Latin": (Type(CimType.STRING), "é", "x" * 70000, ""),
    "Moment": (Type(CimType.DATETIME), MOMENT, INTERVAL, CimInterval.parse("00000000000000.000000:000")),
    "Path": (Type(CimType.REFERENCE, class_name="Inner"), 'Inner.Name="a"', r"\\S\root:Inner.Name='b'", "Inner=@"),
    "Object": (
        Type(CimType.OBJECT, class_name="Inner"),
        INNER.instance({"Name": "имя", "N": 1}),
        INNER.instance({"Name": "two", "N": 2**32 - 1}),
        INNER.instance({}),
    ),
}
ARRAYS: dict[str, tuple[Type, object, object, object]] = {
    f"{name}s": (Type(type_.cim, array=True, class_name=type_.class_name), (least,), (least, greatest, nothing), ())
    for name, (type_, least, greatest, nothing) in COLUMNS.items()
}
ALL = COLUMNS | ARRAYS
VALUES = CimClass(
    "Test_Values",
    properties=(
        Property("Id", Type(CimType.STRING), qualifiers=qualifier_set(Qualifier("key"))),
        *(Property(name, type_) for name, (type_, *_) in ALL.items()),
    ),
)
ROWS: dict[str, dict[str, object]] = {
    "least": {name: column[1] for name, column in ALL.items()},
    "greatest": {name: column[2] for name, column in ALL.items()},
    "nothing": {name: column[3] for name, column in ALL.items()},
    "NULL": dict.fromkeys(ALL),
}
WAYS: list[tuple[str, dict[str, object]]] = [
    ("impacket", {}),
    ("aiowmi", {"smart": True}),
    ("aiowmi", {"smart": False}),
]


class ValuesProvider(Provider):
    cim_class = VALUES

    def instances(self, request: Request) -> Iterator[Row]:
        return ({"Id": name, **values} for name, values in ROWS.items())


@pytest.fixture
async def values_port(tmp_path: Path) -> AsyncIterator[int]:
    async with in_process(Engine("SRV1", [ValuesProvider()]), tmp_path / "users") as (_, port):
        yield port


@pytest.mark.parametrize(("package", "how"), WAYS)
async def test_every_value_of_every_type_goes_over_the_wire(
    package: str, how: dict[str, object], values_port: int
) -> None:
    async with logged_in(package, values_port) as client:
        found = await client.instances("SELECT * FROM Test_Values", **how)
    assert [(prop.name, prop.type) for prop in found[0].class_.properties] == [
        (prop.name, prop.type) for prop in VALUES.properties
    ]
    assert (found[0]["__SERVER"], found[0]["__NAMESPACE"]) == ("SRV1", r"root\cimv2")
    for row, (name, values) in zip(found, ROWS.items(), strict=True):
        # repr, because False == 0 and True == 1 and 1 == 1.0.
        assert repr(row.to_dict_()) == repr(VALUES.instance({"Id": name, **values}).to_dict_())


@pytest.mark.parametrize(("package", "how"), WAYS)
async def test_every_value_that_a_client_understands(package: str, how: dict[str, object], values_port: int) -> None:
    show, cannot = SHOWN[package]
    columns = [name for name, (type_, *_) in ALL.items() if not cannot(type_)]
    assert len(columns) > len(INTEGERS) * 2
    async with logged_in(package, values_port) as client:
        found = await client.values(f"SELECT Id, {', '.join(columns)} FROM Test_Values", **how)
    assert [row["Id"] for row in found] == list(ROWS)
    shown = {(row["Id"], name): row[name] for row in found for name in columns}
    expected = {(row, name): show(ALL[name][0], ROWS[row][name]) for row, name in shown}
    assert {cell: value for cell, value in shown.items() if value != expected[cell]} == {}


@pytest.mark.parametrize("package", CLIENTS)
async def test_null_is_found_by_is_null_and_by_nothing_else(package: str, values_port: int) -> None:
    async with logged_in(package, values_port) as client:
        for column, zero in (("Uint32", "0"), ("Text", "''"), ("Boolean", "FALSE")):
            null = await client.values(f"SELECT Id FROM Test_Values WHERE {column} IS NULL")
            nothing = await client.values(f"SELECT Id FROM Test_Values WHERE {column} = {zero}")
            assert [row["Id"] for row in null] == ["NULL"]
            assert "nothing" in [row["Id"] for row in nothing]
            assert "NULL" not in [row["Id"] for row in nothing]
        greatest = await client.values("SELECT Id FROM Test_Values WHERE Uint32 = 4294967295")
        assert [row["Id"] for row in greatest] == ["greatest"]


def shown_by_impacket(type_: Type, value: Any) -> Any:
    if isinstance(value, CimInstance):
        return {name: shown_by_impacket(value.class_.property(name).type, value[name]) for name in value}
    if isinstance(value, tuple):
        return [AS_NUMBERS.get(type_.cim, lambda each: shown_by_impacket(ITEM, each))(each) for each in value]
    if isinstance(value, bool):
        return str(value)
    if isinstance(value, CimDateTime | CimInterval):
        return str(value)
    if type_.cim is CimType.CHAR16 and value is not None:
        return ord(value)
    return None if value == ALL_ONES else value


def not_for_impacket(type_: Type) -> bool:
    """It fails on reals; of arrays of texts that are no strings it shows where they stand."""
    return type_.cim in {CimType.REAL32, CimType.REAL64} or is_array_of_places(type_)


def shown_by_aiowmi(type_: Type, value: Any) -> Any:
    if isinstance(value, tuple):
        return [AS_NUMBERS.get(type_.cim, lambda each: shown_by_aiowmi(ITEM, each))(each) for each in value]
    if isinstance(value, CimDateTime):
        return value.to_datetime().isoformat()
    if isinstance(value, CimInterval):
        return value.to_timedelta().total_seconds()
    if isinstance(value, str) and not is_latin(value):
        return ord(value) if type_.cim is CimType.CHAR16 else ""
    if value is None or value == ALL_ONES:
        return NOTHING[type_.array, type_.cim in TEXTS]
    return ord(value) if type_.cim is CimType.CHAR16 else value


def not_for_aiowmi(type_: Type) -> bool:
    """It fails on embedded objects; the rest as above."""
    return type_.cim is CimType.OBJECT or is_array_of_places(type_)


def is_array_of_places(type_: Type) -> bool:
    return type_.array and type_.cim in {CimType.DATETIME, CimType.REFERENCE}


def is_latin(text: str) -> bool:
    return all(ord(character) < 256 for character in text)


ALL_ONES = 2**32 - 1
ITEM = Type(CimType.STRING)
TEXTS = {CimType.STRING, CimType.DATETIME, CimType.REFERENCE}
NOTHING: dict[tuple[bool, bool], object] = {(True, True): [], (True, False): [], (False, True): "", (False, False): 0}
AS_NUMBERS: dict[CimType, Callable[[Any], Any]] = {
    **{cim: lambda each: each for cim, _, _ in INTEGERS.values()},
    CimType.BOOLEAN: lambda each: 0xFFFF if each else 0,
    CimType.CHAR16: ord,
}
"""How both show the elements of arrays."""

SHOWN = {"impacket": (shown_by_impacket, not_for_impacket), "aiowmi": (shown_by_aiowmi, not_for_aiowmi)}
