"""The rules about keys, singletons and abstract classes: the SDK's "Key Qualifier" and [MS-WMI] 3.1.4.3.7."""

from __future__ import annotations

import pytest

from openwmi.base.error import WbemError
from openwmi.base.limits import CLASS_KEYS
from openwmi.base.status import WbemStatus
from openwmi.model import (
    CimClass,
    CimType,
    Property,
    Qualifier,
    Qualifiers,
    Type,
    abstract_problem,
    key_problem,
    key_value_problem,
    qualifier_set,
)

STRING = Type(CimType.STRING)
NONE = qualifier_set()
ABSTRACT, SINGLETON = qualifier_set(Qualifier("abstract")), qualifier_set(Qualifier("singleton"))


def class_(name: str, *properties: Property, qualifiers: Qualifiers = NONE) -> CimClass:
    return CimClass(name, properties=properties, qualifiers=qualifiers)


def key(name: str = "Id", type_: Type = STRING, value: object = True) -> Property:
    return Property(name, type_, qualifiers=qualifier_set(Qualifier("Key", value)))


KEYED, KEYLESS = class_("Keyed", key(), Property("Other", STRING)), class_("Keyless", Property("Id", STRING))
PURE = class_("Pure", Property("Id", STRING), qualifiers=ABSTRACT)
ONE = class_("One", Property("Id", STRING), qualifiers=SINGLETON)
ABSTRACT_KEYED = class_("AbstractKeyed", key(), qualifiers=ABSTRACT)


@pytest.mark.parametrize(
    ("made", "parent"),
    [
        (KEYED, None),
        (KEYLESS, None),
        (PURE, None),
        (ONE, None),
        (class_("Many", key("A", Type(CimType.UINT32)), key("B", Type(CimType.REFERENCE)), key("C")), None),
        (class_("Odd", key("A", Type(CimType.DATETIME)), key("B", Type(CimType.BOOLEAN))), None),
        (class_("Char", key("A", Type(CimType.CHAR16))), None),
        (KEYED.derive("Derived", [Property("More", STRING), Property("id", STRING, "default")]), KEYED),
        (KEYLESS.derive("Derived"), KEYLESS),
        (PURE.derive("Derived", [key()]), PURE),
        (PURE.derive("Derived", [key("New")]), PURE),
        (ONE.derive("Derived"), ONE),
        (PURE.derive("Derived", qualifiers=SINGLETON), PURE),
        (ABSTRACT_KEYED.derive("Win32_OperatingSystem", qualifiers=SINGLETON), ABSTRACT_KEYED),
    ],
)
def test_a_class_that_keeps_the_rules(made: CimClass, parent: CimClass | None) -> None:
    assert key_problem(made, parent) is None


@pytest.mark.parametrize(
    ("made", "parent", "message"),
    [
        (class_("A", key(type_=Type(CimType.STRING, True))), None, "A.Id cannot be a key: it is an array"),
        (class_("A", key(type_=Type(CimType.REAL32))), None, "A.Id cannot be a key: it is a real number"),
        (class_("A", key(type_=Type(CimType.REAL64))), None, "A.Id cannot be a key: it is a real number"),
        (class_("A", key(type_=Type(CimType.OBJECT))), None, "A.Id cannot be a key: it is an embedded object"),
        (class_("A", key(value=False)), None, "A.Id has Key(False), and the only value of Key is TRUE"),
        (class_("A", key(value=None)), None, "A.Id has Key(None), and the only value of Key is TRUE"),
        (
            KEYED.derive("A", [key("Second")]),
            KEYED,
            "A.Second cannot become a key: Keyed has its keys already (Id)",
        ),
        (
            KEYED.derive("A", [key("other")]),
            KEYED,
            "A.Other cannot become a key: Keyed has its keys already (Id)",
        ),
        (
            ABSTRACT_KEYED.derive("A", [key("Second")]),
            ABSTRACT_KEYED,
            "A.Second cannot become a key: AbstractKeyed has its keys already (Id)",
        ),
        (
            KEYLESS.derive("A", [key()]),
            KEYLESS,
            "A.Id cannot become a key: Keyless has none, and is not abstract",
        ),
        (ONE.derive("A", [key()]), ONE, "A.Id cannot become a key: One has none, and is not abstract"),
    ],
)
def test_a_key_that_cannot_be_one(made: CimClass, parent: CimClass | None, message: str) -> None:
    problem = key_problem(made, parent)
    assert problem is not None
    assert (problem.status, problem.message) == (WbemStatus.CANNOT_BE_KEY, message)


def test_a_key_stays_a_key() -> None:
    without = CimClass("A", "Keyed", properties=(Property("Id", STRING),))
    problem = key_problem(without, KEYED)
    assert problem is not None
    assert problem.message == "A.Id is a key of Keyed, and must stay one in a derived class"
    problem = key_problem(CimClass("A", "Keyed"), KEYED)
    assert problem is not None
    assert problem.message == "A lacks Id, which is a key of Keyed"


@pytest.mark.parametrize(
    ("made", "parent", "message"),
    [
        (
            class_("A", key(), qualifiers=SINGLETON),
            None,
            "A is a singleton, and Id is a key: one instance needs no key",
        ),
        (
            KEYED.derive("A", qualifiers=SINGLETON),
            KEYED,
            "A is a singleton, and Id is a key: one instance needs no key",
        ),
        (
            PURE.derive("A", [key()], qualifiers=SINGLETON),
            PURE,
            "A is a singleton, and Id is a key: one instance needs no key",
        ),
        (
            KEYLESS.derive("A", qualifiers=SINGLETON),
            KEYLESS,
            "A is a singleton, and Keyless, from which it derives, is none",
        ),
    ],
)
def test_what_cannot_be_a_singleton(made: CimClass, parent: CimClass | None, message: str) -> None:
    problem = key_problem(made, parent)
    assert problem is not None
    assert (problem.status, problem.message) == (WbemStatus.CANNOT_BE_SINGLETON, message)


def test_an_abstract_class_derives_from_an_abstract_one() -> None:
    """So says the SDK's "Creating a Derived Class"."""
    assert abstract_problem(PURE, None) is None
    assert abstract_problem(PURE.derive("A", qualifiers=ABSTRACT), PURE) is None
    assert abstract_problem(KEYED.derive("A"), KEYED) is None
    problem = abstract_problem(KEYED.derive("A", qualifiers=ABSTRACT), KEYED)
    assert problem is not None
    assert (problem.status, problem.message) == (
        WbemStatus.CANNOT_BE_ABSTRACT,
        "A is abstract, and Keyed, from which it derives, is not",
    )


def test_an_instance_that_can_be_stored() -> None:
    assert key_value_problem(KEYED.instance({"Id": "a b é"})) is None
    assert key_value_problem(KEYED.instance({"Id": ""})) is None
    assert key_value_problem(ONE.instance()) is None
    number = class_("A", key(type_=Type(CimType.UINT8)))
    assert key_value_problem(number.instance({"Id": 0})) is None


@pytest.mark.parametrize(
    ("problem", "status", "message"),
    [
        (key_value_problem(KEYLESS.instance()), WbemStatus.NO_KEY, "Keyless has no key"),
        (key_value_problem(KEYED.instance({"Other": "x"})), WbemStatus.NO_KEY, "Keyed.Id is a key, and is NULL"),
        (key_value_problem(KEYED.instance({"Id": "a\nb"})), WbemStatus.INVALID_OBJECT, "control characters"),
        (
            key_value_problem(class_("A", *[key(f"K{n}") for n in range(CLASS_KEYS + 1)]).instance()),
            WbemStatus.QUOTA_VIOLATION,
            "A has 257 keys; 256 are allowed",
        ),
    ],
)
def test_an_instance_that_cannot_be_stored(problem: WbemError | None, status: WbemStatus, message: str) -> None:
    assert problem is not None
    assert problem.status is status
    assert message in problem.message
