"""What calls carry as interface pointers: there and back, and what is none."""

from __future__ import annotations

import pytest

from openwmi.base.error import WbemError
from openwmi.base.status import WbemStatus
from openwmi.model import CimClass, CimType, Property, Qualifier, Type, qualifier_set
from openwmi.orpc import ErrorInfo
from openwmi.pointers import (
    failure_pointer,
    object_pointer,
    pointed_failure,
    pointed_object,
    pointed_values,
    values_pointer,
)

LAMP = CimClass(
    "Demo_Lamp", properties=(Property("Name", Type(CimType.STRING), qualifiers=qualifier_set(Qualifier("key"))),)
)
BULB = LAMP.instance({"Name": "bulb"})


def test_objects() -> None:
    assert pointed_object(object_pointer(BULB), "x") == BULB
    assert pointed_object(object_pointer(LAMP), "x").keys == ("Name",)


def test_values() -> None:
    values = {"Name": "Лампа", "On": True, "Names": ("a", "b"), "Count": 7, "Nothing": None}
    pointer = values_pointer(values)
    assert pointer is not None
    assert dict(pointed_values(pointer)) == values
    assert values_pointer({}) is None


def test_failures() -> None:
    error = WbemError(WbemStatus.NOT_FOUND, "no lamp of that name", operation="get Demo_Lamp='x'")
    said = pointed_failure(failure_pointer(error))
    assert said == {
        "StatusCode": int(WbemStatus.NOT_FOUND),
        "Description": "no lamp of that name",
        "Operation": "get",
        "ParameterInfo": "Demo_Lamp='x'",
        "ProviderName": "Windows Management",
    }


@pytest.mark.parametrize(
    "pointer", [b"", b"\0" * 40, ErrorInfo(description="x").encode()], ids=["empty", "zeros", "other"]
)
def test_what_is_none(pointer: bytes) -> None:
    assert pointed_failure(pointer) is None
    with pytest.raises(WbemError, match="pCtx is no context") as failure:
        pointed_values(pointer)
    assert failure.value.status == WbemStatus.INVALID_CONTEXT
    with pytest.raises(WbemError, match="pInst is no object") as failure:
        pointed_object(pointer, "pInst")
    assert failure.value.status == WbemStatus.INVALID_OBJECT


def test_a_class_is_no_failure() -> None:
    assert pointed_failure(object_pointer(LAMP)) is None
    with pytest.raises(WbemError, match="must not be NULL"):
        pointed_object(None, "pInst")
