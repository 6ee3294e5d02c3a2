"""A machine made up for the tests of the command line, and what a command printed about it."""

from __future__ import annotations

import io
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

from openwmi.base.error import WbemError
from openwmi.base.status import WbemStatus
from openwmi.engine import Engine, MethodCall, Provider, Request, Row, method
from openwmi.model import (
    CimClass,
    CimDateTime,
    CimInterval,
    CimType,
    Method,
    Parameter,
    Property,
    Qualifier,
    Qualifiers,
    Type,
    parse_namespace,
)
from openwmi.session import Namespace

NAMESPACE = r"root\cimv2"
UINT32 = Type(CimType.UINT32)


def flags(*names: str) -> Qualifiers:
    return Qualifiers({name: Qualifier(name, True, Type(CimType.BOOLEAN)) for name in names})


def prop(name: str, type_: str, *qualifiers: str) -> Property:
    return Property(name, Type.parse(type_), qualifiers=flags(*qualifiers))


def given(name: str, type_: str, at: int) -> Parameter:
    return Parameter(name, Type.parse(type_), is_in=True, id=at)


THING = CimClass(
    "Test_Thing", namespace=NAMESPACE, qualifiers=flags("Abstract"), properties=(prop("Name", "string", "Key"),)
)
PART = CimClass(
    "Test_Part", namespace=NAMESPACE, properties=(prop("Size", "uint8"), prop("Label", "string"), prop("Odd", "real64"))
)
ALL_TYPES = THING.derive(
    "Test_AllTypes",
    (
        prop("Big", "uint64"),
        prop("Small", "sint64"),
        prop("Yes", "boolean"),
        prop("Real", "real64"),
        prop("When", "datetime"),
        prop("Span", "datetime"),
        prop("Letter", "char16"),
        prop("Path", "ref:Test_Thing"),
        prop("Part", "object:Test_Part"),
        prop("Numbers", "uint16[]"),
        prop("Texts", "string[]"),
        prop("Nothing", "string"),
        prop("Empty", "string"),
    ),
)
GIVEN = (
    ("Text", "string"),
    ("Number", "sint16"),
    ("Flag", "boolean"),
    ("Real", "real64"),
    ("When", "datetime"),
    ("Numbers", "uint8[]"),
    ("Part", "object:Test_Part"),
)
ROBOT = THING.derive(
    "Test_Robot",
    (prop("Age", "uint8"),),
    (
        Method(
            "Say",
            (
                *(given(name, type_, at) for at, (name, type_) in enumerate(GIVEN)),
                Parameter("Heard", Type(CimType.STRING), is_out=True, id=len(GIVEN)),
            ),
            UINT32,
            flags("Static", "Implemented"),
        ),
        Method("Rest", (), UINT32, flags("Implemented")),
        Method("Fly", (), None),
    ),
)
LONER = CimClass("Test_Loner", namespace=NAMESPACE, qualifiers=flags("Singleton"), properties=(prop("Name", "string"),))

EVERY_VALUE: Row = {
    "Name": "a",
    "Big": 2**64 - 1,
    "Small": -(2**63),
    "Yes": True,
    "Real": 0.5,
    "When": CimDateTime("20260131120000.000000+060"),
    "Span": CimInterval.parse("00000001023000.500000:000"),
    "Letter": "x",
    "Path": 'Test_Robot.Name="Bob"',
    "Part": PART.instance({"Size": 3, "Label": 'a "b", c'}),
    "Numbers": (1, 2),
    "Texts": ("x, y", "z"),
    "Empty": "",
}


SHELVES = """
class Demo_Part { uint8 Size; string Label; };
class Demo_Shelf
{
    [key] string Name; uint16 Width = 10; string Owner; datetime Made; datetime Span; boolean On; uint8 Numbers[];
    string Texts[]; Demo_Part Part; real64 Real; char16 Letter; uint64 Big; object Any;
};
class Demo_Deep : Demo_Shelf { uint8 Depth; };
[Association] class Demo_StandsOn { [key] Demo_Shelf ref Lower; [key] Demo_Shelf ref Upper; };
[Singleton] class Demo_Clock { string Time; };
instance of Demo_Shelf { Name = "a"; Texts = {"x", "y"}; };
instance of Demo_Shelf
{
    Name = "b \\"q\\""; Owner = "\\x4e2d"; Part = instance of Demo_Part { Size = 3; }; On = TRUE; Numbers = {1, 2};
    Made = "20260131120000.000000+060"; Span = "00000001023000.500000:000"; Big = 18446744073709551615; Real = 0.5;
    Letter = 'x';
};
instance of Demo_StandsOn { Lower = "Demo_Shelf.Name=\\"a\\""; Upper = "Demo_Shelf.Name=\\"b \\\\\\"q\\\\\\"\\""; };
"""


class AllTypes(Provider):
    cim_class = ALL_TYPES

    def __init__(self, *rows: Row) -> None:
        self.rows = rows or (EVERY_VALUE,)

    def instances(self, request: Request) -> Iterable[Row]:
        return self.rows


class Robots(Provider):
    cim_class = ROBOT

    def instances(self, request: Request) -> Iterable[Row]:
        return ({"Name": "Bob", "Age": 7}, {"Name": "Ada", "Age": None}, {"Name": "Eve", "Age": 12})

    @method("Say")
    def say(self, call: MethodCall) -> Row:
        return {"Heard": "; ".join(f"{n}={v!r}" for n, v in call.inputs.items() if v is not None), "ReturnValue": 0}

    @method("Rest")
    def rest(self, call: MethodCall) -> Row:
        return {"ReturnValue": 21}


class Loner(Provider):
    cim_class = LONER

    def get(self, request: Request, keys: Mapping[str, object]) -> Row:
        return {"Name": "alone"}

    def instances(self, request: Request) -> Iterable[Row]:
        return (self.get(request, {}),)


class Rows(Provider):
    """Whatever a function yields, as Test_Robot."""

    cim_class = ROBOT

    def __init__(self, function: Callable[[], Iterator[Row]]) -> None:
        self.function = function

    def instances(self, request: Request) -> Iterator[Row]:
        return self.function()


def two_and_a_failure() -> Iterator[Row]:
    yield {"Name": "Bob"}
    yield {"Name": "Ada"}
    raise WbemError(WbemStatus.ACCESS_DENIED, "the third one is not for you:\nask its owner")


class Machine:
    """Stands in for `connect`.

    Attributes:
        repository: where it keeps what is put, unless a command says so; None forgets it with the command.
    """

    def __init__(self, *providers: Provider) -> None:
        self.providers = providers or (AllTypes(), Robots(), Loner())
        self.refusal: WbemError | None = None
        self.repository: Path | None = None
        self._engine: Engine | None = None

    async def connect(self, namespace: str, *, repository: Path | None = None, **_: object) -> Namespace:
        if self.refusal is not None:
            raise self.refusal
        self.close()
        classes = (THING, PART, ALL_TYPES, ROBOT, LONER)
        self._engine = Engine("TESTHOST", self.providers, classes, repository or self.repository)
        return Namespace(self._engine.session(parse_namespace(namespace)[1]))

    def close(self) -> None:
        """Lets the file go, as the end of a process does."""
        if self._engine is not None:
            self._engine.close()
            self._engine = None


class Terminal(io.StringIO):
    """A stream that a person looks at."""

    encoding = "utf-8"

    def __init__(self) -> None:
        super().__init__()
        self.written = threading.Event()

    def isatty(self) -> bool:
        return True

    def write(self, text: str) -> int:
        self.written.set()
        return super().write(text)


class Printed(NamedTuple):
    """What a command did."""

    status: int
    out: str
    err: str


Command = Callable[..., Printed]
"""`openwmi("query", "SELECT …")`, as the fixture of that name runs it."""
