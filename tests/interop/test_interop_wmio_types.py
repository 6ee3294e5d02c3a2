"""Every type and every way of being NULL, encoded by us, read by impacket and aiowmi: they agree where they are right.

What each of them reads wrongly is listed with the reason, and what it reads then is tested too: where a newer release
reads it rightly, the row goes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import product
from typing import Any

import pytest
from tests.interop.asking import ask, unit

from openwmi.model import (
    CimClass,
    CimDateTime,
    CimInstance,
    CimType,
    Method,
    Parameter,
    Property,
    Qualifier,
    Type,
    qualifier_set,
)

STRING, UINT32 = Type(CimType.STRING), Type(CimType.UINT32)
INNER = CimClass("Inner", properties=(Property("Text", STRING),)).instance({"Text": "x"})
REALS = (CimType.REAL32, CimType.REAL64)
TEXTS = (CimType.STRING, CimType.DATETIME, CimType.REFERENCE)
CRASH = {"crash": True}

VALUES: dict[CimType, tuple[Any, ...]] = {
    CimType.SINT8: (-7, 0, -128, 127),
    CimType.UINT8: (200, 0, 255),
    CimType.SINT16: (-300, 0, -1),
    CimType.UINT16: (300, 0, 65535),
    CimType.SINT32: (-70000, 0, -1),
    CimType.UINT32: (70000, 0, 4294967295),
    CimType.SINT64: (-(2**62), 0, -1),
    CimType.UINT64: (2**63 + 1, 0, 2**64 - 1),
    CimType.REAL32: (1.5, 0.0),
    CimType.REAL64: (0.1, 0.0),
    CimType.BOOLEAN: (True, False),
    CimType.CHAR16: ("K", "\0", "Ж", "\uffff"),
    CimType.STRING: ("text", "", "é", "имя", "日本", "\U0001f600", "aĀ", "'\"\\"),
    CimType.REFERENCE: (r'\\S\root:C.K="1"', "имя"),
    CimType.DATETIME: (CimDateTime.parse("20240131120000.123456+060"),),
    CimType.OBJECT: (INNER,),
}


@dataclass(frozen=True)
class Case:
    """One property, its value, whether it is NULL over a default, and whether it is inherited."""

    type: Type
    value: Any
    default: Any = None
    inherited: bool = False

    def __str__(self) -> str:
        over = "" if self.default is None else f" over {self.default!r}"
        return f"{'inherited ' if self.inherited else ''}{self.type} {self.value!r}{over}"

    def build(self) -> CimInstance:
        """Between two others, which are read rightly only if it takes as many octets as it should."""
        middle = Property("P", self.type, self.default, origin="Base" if self.inherited else "")
        cls = CimClass(
            "C", derivation=("Base",), properties=(Property("Before", STRING), middle, Property("After", UINT32))
        )
        return cls.instance({"Before": "here", "P": self.value, "After": 7})

    @property
    def number(self) -> bool:
        return not self.type.array and self.type.cim not in (*TEXTS, CimType.OBJECT)


def cases() -> Iterator[Case]:
    for cim, inherited in product(CimType, (False, True)):
        values = VALUES[cim]
        for value in (*values, None):
            yield Case(Type(cim), value, inherited=inherited)
        yield Case(Type(cim), None, values[0], inherited)
        yield Case(Type(cim), values[0], values[-1], inherited)
        array = Type(cim, array=True)
        for many in ((), (values[0],), values, None):
            yield Case(array, many, inherited=inherited)
        yield Case(array, None, values, inherited)
        yield Case(array, (), values, inherited)


CASES = list(cases())


@dataclass(frozen=True)
class Fault:
    """What a peer reads wrongly: of which cases, and what it reads then."""

    why: str
    of: Callable[[Case], bool]
    reads: Callable[[Case], Any]


def references(case: Case) -> Any:
    """Some numbers: the places of the elements in the heap."""
    return [ANY] * len(case.value)


class Like:
    """Equal to whatever is as described."""

    def __init__(self, test: Callable[[object], bool]) -> None:
        self.test = test

    def __eq__(self, other: object) -> bool:
        return self.test(other)

    __hash__ = None  # type: ignore[assignment]  # nobody puts it into a set


ANY = Like(lambda _: True)
NOT_NULL = Like(lambda value: value is not None)
# All ones, as 2.2.74 has them fill the slot of a default that there is not.
NO_VALUES = {
    Type(CimType.UINT8): "255",
    Type(CimType.UINT16): "65535",
    Type(CimType.CHAR16): "65535",
    Type(CimType.UINT64): str(2**64 - 1),
    Type(CimType.BOOLEAN): "True",
}


def is_wide(value: Any) -> bool:
    return isinstance(value, str) and not value.isascii() and max(value) > "ÿ"


def is_negative(value: Any) -> bool:
    return isinstance(value, int) and value < 0


IMPACKET = [
    Fault(
        "it takes any real that is not NULL, and a default that is one, for a reference",
        lambda case: not case.type.array and case.type.cim in REALS and (case.value, case.default) != (None, None),
        lambda _: CRASH,
    ),
    Fault(
        "it takes all ones for NULL, whatever the NdTable says",
        lambda case: case.type == UINT32 and case.value == 4294967295,
        lambda _: None,
    ),
    Fault(
        "an inherited value that is NULL it reads from the class, and NoValue there is NULL for a few types only",
        lambda case: case.inherited and case.value is None and case.default is None and case.type in NO_VALUES,
        lambda case: NO_VALUES[case.type],
    ),
    Fault(
        "and where the class has a default, too; of the numbers it takes those that are negative for NULL",
        lambda case: (
            case.inherited and case.value is None and case.default is not None and not is_negative(case.default)
        ),
        lambda _: NOT_NULL,
    ),
    Fault(
        "it reads the elements of boolean[] as words",
        lambda case: case.type == Type(CimType.BOOLEAN, array=True) and bool(case.value),
        lambda case: [65535 if each else 0 for each in case.value],
    ),
    Fault(
        "it does not follow the references of datetime[] and reference[]",
        lambda case: case.type.array and case.type.cim in (CimType.DATETIME, CimType.REFERENCE) and bool(case.value),
        references,
    ),
]
AIOWMI = [
    Fault(
        "it never looks at the NdTable: a number that is NULL is 0",
        lambda case: case.number and case.value is None,
        lambda case: False if case.type.cim is CimType.BOOLEAN else 0,
    ),
    Fault(
        "nor does it for text, which is empty where it is NULL",
        lambda case: not case.type.array and case.type.cim in TEXTS and case.value is None,
        lambda _: "",
    ),
    Fault("and arrays", lambda case: case.type.array and case.value is None, lambda _: []),
    Fault(
        "it takes all ones for 0",
        lambda case: case.type == UINT32 and case.value == 4294967295,
        lambda _: 0,
    ),
    Fault("it cannot read objects", lambda case: case.type.cim is CimType.OBJECT and bool(case.value), lambda _: ANY),
    Fault(
        "it looks for the end of UTF-16 from the beginning of the heap on, so that only a first string is not empty",
        lambda case: not case.type.array and case.type.cim in TEXTS and is_wide(case.value),
        lambda _: "",
    ),
    Fault(
        "it reads the elements of boolean[] as words",
        lambda case: case.type == Type(CimType.BOOLEAN, array=True) and bool(case.value),
        lambda case: [65535 if each else 0 for each in case.value],
    ),
    Fault(
        "it does not follow the references of datetime[] and reference[], nor of an inherited string[]",
        lambda case: (
            case.type.array
            and bool(case.value)
            and (
                case.type.cim in (CimType.DATETIME, CimType.REFERENCE)
                or (case.inherited and case.type.cim is CimType.STRING)
            )
        ),
        references,
    ),
    Fault(
        "of string[] it reads one string after the other, and none of them as UTF-16",
        lambda case: case.type == Type(CimType.STRING, array=True) and len(case.value or ()) > 1,
        lambda case: ["text", "", *[ANY] * (len(case.value) - 2)],
    ),
]


def in_json(value: Any, package: str) -> Any:
    """A value as the peer shows it if it reads it rightly."""
    if isinstance(value, tuple):
        # The elements of char16[] are numbers for both, as a char16 is.
        return [in_json(each, package) for each in value]
    if isinstance(value, bool):
        return str(value) if package == "impacket" else value
    if isinstance(value, CimDateTime):
        return str(value) if package == "impacket" else value.isoformat()
    return value


def expected(case: Case, faults: list[Fault], package: str) -> Any:
    for fault in faults:
        if fault.of(case):
            return fault.reads(case)
    if case.type.cim is CimType.CHAR16:
        values = case.value if isinstance(case.value, tuple) else (case.value,)
        numbers = [each if each is None else ord(each) for each in values]
        return numbers if isinstance(case.value, tuple) else numbers[0]
    return in_json(case.value, package)


def text_within(value: Any) -> Any:
    """What impacket finds in an object -> the object, if it is the one that was sent."""
    if isinstance(value, list):
        return [text_within(each) for each in value]
    if not isinstance(value, dict):
        return value
    inside = value.get("properties")
    return (
        INNER
        if inside and inside["Text"]["value"] == "x"
        else {name: text_within(each) for name, each in value.items()}
    )


@pytest.mark.parametrize(("package", "faults"), [("impacket", IMPACKET), ("aiowmi", AIOWMI)])
def test_every_type_in_an_instance(package: str, faults: list[Fault]) -> None:
    found = ask(package, *[unit(case.build()) for case in CASES])
    wrong = []
    for case, answer in zip(CASES, found, strict=True):
        right = expected(case, faults, package)
        if "crash" in answer:
            if right is not CRASH and right is not ANY:
                wrong.append(f"{case}: {answer}")
            continue
        values = {name: each["value"] for name, each in answer.get("properties", answer).items() if name}
        if text_within(values) != {"Before": "here", "P": right, "After": 7}:
            wrong.append(f"{case}: {values}, not {right!r}")
    assert wrong == []


@pytest.mark.parametrize("faults", [IMPACKET, AIOWMI], ids=["impacket", "aiowmi"])
def test_every_fault_has_its_cases(faults: list[Fault]) -> None:
    assert [fault.why for fault in faults if not any(map(fault.of, CASES))] == []


def test_aiowmi_reads_no_class() -> None:
    """It takes whatever comes for an instance."""
    [found] = ask("aiowmi", unit(CimClass("C", properties=(Property("P", STRING),))))
    assert "crash" in found


def test_impacket_reads_the_defaults_of_a_class() -> None:
    """It shows all of them as text."""
    kinds = [(Type(cim), VALUES[cim][0]) for cim in CimType if cim not in (*REALS, CimType.OBJECT)]
    kinds += [(Type(cim, array=True), VALUES[cim]) for cim in CimType if cim is CimType.STRING or cim < 8 or cim > 15]
    kinds = [each for each in kinds if not (each[0].array and each[0].cim in (CimType.DATETIME, CimType.REFERENCE))]
    # A default that is negative it takes for NULL.
    kinds = [(type_, 7 if is_negative(value) else value) for type_, value in kinds]
    properties = tuple(Property(f"P{number}", type_, value) for number, (type_, value) in enumerate(kinds))
    [found] = ask("impacket", unit(CimClass("C", properties=properties)))
    for prop in properties:
        keyword = "ref:object" if prop.type.cim is CimType.REFERENCE else prop.type.cim.keyword
        assert found["properties"][prop.name] == {
            "type": prop.type.cim | (0x2000 if prop.type.array else 0),
            "value": str(expected(Case(prop.type, prop.default), IMPACKET, "impacket")),
            "qualifiers": {"CIMTYPE": keyword},
        }


SIX = (
    Property("S", STRING),
    Property("D", STRING, "default"),
    Property("B", Type(CimType.BOOLEAN)),
    Property("N", Type(CimType.SINT32), 5),
    Property("L", Type(CimType.STRING, array=True)),
    Property("U", UINT32),
)
SOME = {"S": "", "D": "x", "B": False, "N": 0, "L": (), "U": 0}


def test_every_pattern_of_nulls() -> None:
    """Six properties, sixty-four instances. aiowmi knows none of these NULLs, but must not lose its place."""
    cls = CimClass("C", properties=SIX)
    rows = [
        {name: SOME[name] if chosen else None for name, chosen in zip(SOME, pattern, strict=True)}
        for pattern in product((True, False), repeat=6)
    ]
    questions = [unit(CimInstance(cls, tuple(row.values()))) for row in rows]
    for row, found in zip(rows, ask("impacket", *questions), strict=True):
        values = {name: each["value"] for name, each in found["properties"].items()}
        assert values == {name: in_json(value, "impacket") for name, value in row.items()}
    empty = {"S": "", "D": "", "B": False, "N": 0, "L": [], "U": 0}
    for row, found in zip(rows, ask("aiowmi", *questions), strict=True):
        values = {name: each["value"] for name, each in found.items() if name}
        assert values == empty | {name: in_json(value, "aiowmi") for name, value in row.items() if value is not None}


SCRIPTS = ("é", "ÿþ", "имя", "日本", "\U0001f600", "'\"\\", "x" * 300)


@pytest.mark.parametrize("text", SCRIPTS, ids=lambda text: text[:3])
def test_names_of_any_script(text: str) -> None:
    """aiowmi leaves out a property whose name is not Latin-1."""
    described = qualifier_set(Qualifier("About", text, STRING))
    cls = CimClass(text, derivation=(text + "2",), properties=(Property(text, STRING, qualifiers=described),))
    questions = unit(cls.instance({text: text})), unit(cls)
    for found in ask("impacket", *questions):
        assert found["name"].split(" : ") == [text, text + "2"]
        assert found["properties"][text]["qualifiers"]["About"] == text
    [found] = ask("aiowmi", questions[0])
    assert [each["value"] for name, each in found.items() if name] == ([text] if max(text) < "Ā" else [])


def test_impacket_reads_parameters_of_every_type() -> None:
    kinds = [Type(cim, array) for cim in CimType for array in (False, True)]
    parameters = tuple(
        Parameter(f"P{number}", type_, is_in=number % 3 < 2, is_out=number % 3 > 0, id=number)
        for number, type_ in enumerate(kinds)
    )
    [found] = ask("impacket", unit(CimClass("C", methods=(Method("M", parameters, UINT32),))))
    expected_types = {each.name: each.type.cim | (0x2000 if each.type.array else 0) for each in parameters} | {
        "ReturnValue": 19
    }
    assert found["methods"]["M"]["types"] == expected_types
    assert found["methods"]["M"]["in"] == [each.name for each in parameters if each.is_in]
    assert found["methods"]["M"]["out"] == [*[each.name for each in parameters if each.is_out], "ReturnValue"]
