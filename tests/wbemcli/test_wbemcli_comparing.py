"""IWbemClassObject::CompareTo, flag by flag."""

from collections.abc import Callable
from dataclasses import replace

import pytest
from tests.wbemcli.objects_fakes import DEVICE, PUMP, pump

from openwmi.base.case import NameMap
from openwmi.model import (
    CimClass,
    CimInstance,
    CimType,
    Flavor,
    Method,
    Parameter,
    Property,
    Qualifier,
    Type,
    qualifier_set,
)
from openwmi.wbemcli import (
    WBEM_COMPARISON_INCLUDE_ALL,
    WBEM_E_INVALID_PARAMETER,
    WBEM_FLAG_IGNORE_CASE,
    WBEM_FLAG_IGNORE_CLASS,
    WBEM_FLAG_IGNORE_DEFAULT_VALUES,
    WBEM_FLAG_IGNORE_FLAVOR,
    WBEM_FLAG_IGNORE_OBJECT_SOURCE,
    WBEM_FLAG_IGNORE_QUALIFIERS,
    WBEM_S_DIFFERENT,
    WBEM_S_SAME,
    IWbemClassObject,
)

Object = CimClass | CimInstance
EVERY_FLAG = 0x3F


def compared(mine: Object, theirs: Object, flags: int = WBEM_COMPARISON_INCLUDE_ALL) -> int:
    hr = IWbemClassObject(mine).CompareTo(flags, IWbemClassObject(theirs))
    assert IWbemClassObject(theirs).CompareTo(flags, IWbemClassObject(mine)) == hr
    return hr


def with_qualifier(class_: CimClass, qualifier: Qualifier) -> CimClass:
    return replace(class_, qualifiers=qualifier_set(*class_.qualifiers.values(), qualifier))


def with_property(class_: CimClass, name: str, change: Callable[[Property], Property]) -> CimClass:
    return replace(class_, properties=tuple(change(each) if each.name == name else each for each in class_.properties))


def in_place(instance: CimInstance, class_: CimClass) -> CimInstance:
    return CimInstance(class_, instance.values_)


ELSEWHERE = replace(PUMP, namespace=r"root\other")
LABELLED = with_qualifier(PUMP, Qualifier("Label", "Red", Type(CimType.STRING)))
LABELLED_RED = with_qualifier(PUMP, Qualifier("LABEL", "RED", Type(CimType.STRING)))
LABELLED_FOR_ALL = with_qualifier(
    PUMP, Qualifier("Label", "Red", Type(CimType.STRING), Flavor.PROPAGATE_TO_DERIVED_CLASS)
)
OTHER_DEFAULT = with_property(PUMP, "Count", lambda each: replace(each, default=6))
OTHER_TYPE = with_property(PUMP, "Count", lambda each: replace(each, type=Type(CimType.UINT16)))
OTHER_METHODS = replace(PUMP, methods=PUMP.methods[:1])
OTHER_SIGNATURE = replace(PUMP, methods=(PUMP.methods[0], Method("Set", (), Type(CimType.SINT32))))
OTHER_PARAMETER = replace(
    PUMP,
    methods=(
        PUMP.methods[0],
        replace(PUMP.methods[1], parameters=(Parameter("Pace", Type(CimType.UINT32)), *PUMP.methods[1].parameters[1:])),
    ),
)
OF_PARAMETER = qualifier_set(Qualifier("Unit", "rpm", Type(CimType.STRING)))
QUALIFIED_PARAMETER = replace(
    PUMP,
    methods=(
        PUMP.methods[0],
        replace(
            PUMP.methods[1],
            parameters=(
                replace(PUMP.methods[1].parameters[0], qualifiers=OF_PARAMETER),
                *PUMP.methods[1].parameters[1:],
            ),
        ),
    ),
)
REORDERED = replace(PUMP, properties=PUMP.properties[::-1])
QUALIFIED = CimInstance(PUMP, pump().store_, qualifier_set(Qualifier("Source")))
QUALIFIED_COUNT = CimInstance(
    PUMP, pump().store_, property_qualifiers=NameMap({"Count": qualifier_set(Qualifier("Exact"))})
)


@pytest.mark.parametrize("each", [PUMP, DEVICE, pump(), pump(Object=pump(), Numbers=(1, 2))])
def test_an_object_is_the_same_as_its_clone(each: Object) -> None:
    obj = IWbemClassObject(each)
    _, copy = obj.Clone()
    assert copy is not None
    assert obj.CompareTo(WBEM_COMPARISON_INCLUDE_ALL, copy) == WBEM_S_SAME
    assert compared(each, each, EVERY_FLAG) == WBEM_S_SAME


@pytest.mark.parametrize(
    ("mine", "theirs", "flags"),
    [
        (PUMP, ELSEWHERE, WBEM_FLAG_IGNORE_OBJECT_SOURCE),
        (pump(), in_place(pump(), ELSEWHERE), WBEM_FLAG_IGNORE_OBJECT_SOURCE),
        (PUMP, LABELLED, WBEM_FLAG_IGNORE_QUALIFIERS),
        (PUMP, QUALIFIED_PARAMETER, WBEM_FLAG_IGNORE_QUALIFIERS),
        (LABELLED, LABELLED_RED, WBEM_FLAG_IGNORE_CASE),
        (LABELLED, LABELLED_FOR_ALL, WBEM_FLAG_IGNORE_FLAVOR),
        (PUMP, OTHER_DEFAULT, WBEM_FLAG_IGNORE_DEFAULT_VALUES),
        (pump(), in_place(pump(), OTHER_TYPE), WBEM_FLAG_IGNORE_CLASS),
        (pump(), in_place(pump(), LABELLED), WBEM_FLAG_IGNORE_QUALIFIERS),
        (pump(Note="water"), pump(Note="WATER"), WBEM_FLAG_IGNORE_CASE),
        (pump(Texts=["a"]), pump(Texts=["A"]), WBEM_FLAG_IGNORE_CASE),
        (pump(Object=pump(Note="water")), pump(Object=pump(Note="WATER")), WBEM_FLAG_IGNORE_CASE),
        (pump(), QUALIFIED, WBEM_FLAG_IGNORE_QUALIFIERS),
        (pump(), QUALIFIED_COUNT, WBEM_FLAG_IGNORE_QUALIFIERS),
    ],
)
def test_what_one_flag_leaves_out(mine: Object, theirs: Object, flags: int) -> None:
    assert compared(mine, theirs) == WBEM_S_DIFFERENT
    assert compared(mine, theirs, flags) == WBEM_S_SAME
    assert compared(mine, theirs, WBEM_FLAG_IGNORE_FLAVOR & ~flags) == WBEM_S_DIFFERENT


@pytest.mark.parametrize(
    ("mine", "theirs"),
    [
        (PUMP, DEVICE),
        (PUMP, pump()),
        (PUMP, OTHER_TYPE),
        (PUMP, OTHER_METHODS),
        (PUMP, OTHER_SIGNATURE),
        (PUMP, OTHER_PARAMETER),
        (pump(), pump(Id="p2")),
        (pump(), pump(Note=None)),
        (pump(Numbers=(1,)), pump(Numbers=(1, 2))),
        (pump(Numbers=(1,)), pump(Numbers=None)),
        (pump(Object=pump()), pump(Object=PUMP)),
        (pump(Object=pump()), pump()),
    ],
)
def test_what_no_flag_leaves_out(mine: Object, theirs: Object) -> None:
    assert compared(mine, theirs) == WBEM_S_DIFFERENT
    assert compared(mine, theirs, EVERY_FLAG & ~WBEM_FLAG_IGNORE_CLASS) == WBEM_S_DIFFERENT


def test_defaults_do_not_count_for_instances_and_order_for_nobody() -> None:
    assert compared(pump(), in_place(pump(), OTHER_DEFAULT)) == WBEM_S_SAME
    assert compared(PUMP, REORDERED) == WBEM_S_SAME


def test_parameters() -> None:
    obj = IWbemClassObject(PUMP)
    assert obj.CompareTo(0, None) == WBEM_E_INVALID_PARAMETER  # type: ignore[arg-type]  # NULL
    assert obj.CompareTo(0x40, obj) == WBEM_E_INVALID_PARAMETER


def test_what_was_put_counts() -> None:
    mine, theirs = IWbemClassObject(pump()), IWbemClassObject(pump())
    mine.Put("Count", 0, 9)
    assert mine.CompareTo(0, theirs) == WBEM_S_DIFFERENT
    theirs.Put("Count", 0, 9)
    assert mine.CompareTo(0, theirs) == WBEM_S_SAME
