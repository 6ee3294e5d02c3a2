"""A small world to serve: lamps and desks, which are elements; a clock, of which there is one; pairs with two keys."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from openwmi.engine import Engine, Provider, Request, Row
from openwmi.model import (
    CimClass,
    CimInstance,
    CimType,
    Method,
    Parameter,
    Property,
    Qualifier,
    Type,
    qualifier_set,
)
from openwmi.session import Namespace

NAMESPACE = r"root\cimv2"
STRING, UINT32, BOOLEAN = Type(CimType.STRING), Type(CimType.UINT32), Type(CimType.BOOLEAN)
KEY = qualifier_set(Qualifier("key"))
STATIC = qualifier_set(Qualifier("static"))

ELEMENT = CimClass(
    "Demo_Element",
    properties=(Property("Name", STRING, qualifiers=KEY), Property("Note", STRING)),
    methods=(Method("Rename", (Parameter("To", STRING),), UINT32),),
    qualifiers=qualifier_set(Qualifier("abstract")),
    namespace=NAMESPACE,
)
LAMP = ELEMENT.derive(
    "Demo_Lamp",
    [Property("Watts", UINT32), Property("On", BOOLEAN)],
    [
        Method("Switch", (Parameter("On", BOOLEAN), Parameter("Who", STRING, id=1)), UINT32),
        Method("Add", (Parameter("Watts", UINT32), Parameter("Name", STRING, is_out=True, id=1)), UINT32, STATIC),
        Method("Burn", (), UINT32),
        Method("Melt", (), UINT32, qualifier_set(Qualifier("disabled"))),
    ],
)
DESK = ELEMENT.derive("Demo_Desk", [Property("Height", UINT32)])
CLOCK = CimClass(
    "Demo_Clock",
    properties=(Property("Time", STRING),),
    qualifiers=qualifier_set(Qualifier("singleton")),
    namespace=NAMESPACE,
)
PAIR = CimClass(
    "Demo_Pair",
    properties=(
        Property("Left", STRING, qualifiers=KEY),
        Property("Right", UINT32, qualifiers=KEY),
        Property("Value", STRING),
    ),
    namespace=NAMESPACE,
)

LAMPS: list[Row] = [
    {"Name": "hall", "Watts": 40, "On": True},
    {"Name": "attic", "Watts": 60, "On": False},
    {"Name": "Cellar", "Watts": None},
]


class Rows(Provider):
    """Lists rows that a test gives it, and remembers what it was asked."""

    def __init__(self, class_: CimClass, rows: Iterable[Row]) -> None:
        self.cim_class = class_  # type: ignore[misc]  # one provider class for many CIM classes
        self.rows = list(rows)
        self.requests: list[Request] = []

    def instances(self, request: Request) -> Iterable[Row]:
        self.requests.append(request)
        return list(self.rows)


class KeyedRows(Rows):
    """The same, and finds them by their keys."""

    def __init__(self, class_: CimClass, rows: Iterable[Row]) -> None:
        super().__init__(class_, rows)
        self.looked_up: list[Mapping[str, object]] = []

    def get(self, request: Request, keys: Mapping[str, object]) -> Row | None:
        self.requests.append(request)
        self.looked_up.append(dict(keys))
        wanted = {name: _folded(value) for name, value in keys.items()}
        return next((row for row in self.rows if wanted == {name: _folded(row[name]) for name in keys}), None)


class Lamps(Provider):
    """Serves lamps by whatever function a test gives it."""

    cim_class = LAMP

    def __init__(self, give: Callable[[Request], Any]) -> None:
        self._give = give

    def instances(self, request: Request) -> Iterable[Row]:
        rows: Iterable[Row] = self._give(request)
        return rows


def serve(*providers: Provider, classes: Iterable[CimClass] = (ELEMENT,), namespace: str = NAMESPACE) -> Namespace:
    """A namespace of a machine named HOST1 with these providers."""
    return Namespace(Engine("HOST1", providers, classes).session(namespace))


def names(objects: Iterable[CimInstance]) -> list[Any]:
    """Which ones they are."""
    return [one["Name"] for one in objects]


def _folded(value: object) -> object:
    return value.lower() if isinstance(value, str) else value
