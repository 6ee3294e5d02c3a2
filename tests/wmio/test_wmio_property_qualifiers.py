"""Qualifiers of single properties of an instance, [MS-WMIO] 2.2.65, and defaults of parameters, 2.3.3."""

from struct import pack

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.wmio.made import instances, qualifiers

from openwmi.base.case import NameMap
from openwmi.base.fault import LocalProtocolError, RemoteProtocolError
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
from openwmi.wmio import ObjectArrayDecoder, ObjectArrayEncoder, decode_object, encode_object

STRING, SINT32 = Type(CimType.STRING), Type(CimType.SINT32)
TEST = Qualifier("test")
# That of [MS-WMIO] 3: Id is of the parent, and the PropertyLookupTable is Array, Data1, Data2, Id.
CLASS = CimClass(
    "MyClass",
    derivation=("Base",),
    properties=(
        Property("Id", SINT32, origin="Base"),
        Property("Data1", STRING),
        Property("Data2", STRING, "defaultValue"),
        Property("Array", Type(CimType.UINT32, array=True)),
    ),
)
ROW = (123, "StringField", "defaultValue", (1, 2, 3))


def decoded(octets: bytes) -> CimInstance:
    found = decode_object(octets)
    assert isinstance(found, CimInstance)
    return found


def test_the_example_of_the_document() -> None:
    """[test] Data1 = "StringField": one set for each property, in the order of the lookup table."""
    obj = CimInstance(CLASS, ROW, property_qualifiers=NameMap({"Data1": qualifier_set(TEST)}))
    octets = encode_object(obj)
    at = octets.index(pack("<I", 15))
    name = int.from_bytes(octets[at + 4 : at + 8], "little")
    assert octets[at - 9 : at] == pack("<IBI", 4, 2, 4)
    assert octets[at : at + 23] == pack("<IIBI", 15, name, 0, 11) + b"\xff\xff" + pack("<II", 4, 4)
    found = decoded(octets)
    assert found.own_property_qualifiers_ == obj.own_property_qualifiers_
    assert not found.own_qualifiers_
    assert found.values_ == ROW
    assert encode_object(found) == octets


def test_sets_that_are_all_empty_are_none() -> None:
    obj = CimInstance(CLASS, ROW, property_qualifiers=NameMap({"Data1": qualifier_set()}))
    assert encode_object(obj) == encode_object(CimInstance(CLASS, ROW))
    octets = encode_object(CimInstance(CLASS, ROW, property_qualifiers=NameMap({"Id": qualifier_set(TEST)})))
    assert list(decoded(octets).own_property_qualifiers_) == ["Id"], "an empty set is not listed"


def test_names_have_no_case_and_must_be_of_the_class() -> None:
    obj = CimInstance(CLASS, ROW, property_qualifiers=NameMap({"DATA1": qualifier_set(TEST)}))
    assert list(decoded(encode_object(obj)).own_property_qualifiers_) == ["Data1"]
    with pytest.raises(LocalProtocolError, match="qualifiers on Data3, which is no property of it"):
        encode_object(CimInstance(CLASS, ROW, property_qualifiers=NameMap({"Data3": qualifier_set(TEST)})))


def test_flavors_that_nobody_knows_are_kept_there_too() -> None:
    odd = Qualifier("odd", "value", STRING, Flavor(0x0C | Flavor.ORIGIN_PROPAGATED))
    obj = CimInstance(CLASS, ROW, qualifier_set(odd), NameMap({"Id": qualifier_set(odd), "Array": qualifier_set(TEST)}))
    found = decoded(encode_object(obj))
    assert list(found.own_qualifiers_.values()) == [odd]
    assert found.own_property_qualifiers_ == obj.own_property_qualifiers_


@pytest.mark.no_cover  # other tests show that each line is run
@given(instances(1), qualifiers(), st.data())
def test_what_goes_out_comes_back(obj: CimInstance, own: NameMap[Qualifier], data: st.DataObject) -> None:
    names = data.draw(st.lists(st.sampled_from(list(obj) or [""]), unique=True)) if list(obj) else []
    sets = NameMap({name: data.draw(qualifiers().filter(bool)) for name in names})
    sent = CimInstance(obj.class_, obj.values_, own, sets)
    octets = encode_object(sent)
    found = decoded(octets)
    assert (found, found.own_qualifiers_, found.own_property_qualifiers_) == (sent, own, sets)
    assert encode_object(found) == octets
    [first, second] = ObjectArrayDecoder().decode(ObjectArrayEncoder().encode([sent, sent]))
    assert first == second == sent
    assert isinstance(second, CimInstance)
    assert second.own_property_qualifiers_ == sets


def test_sets_that_end_too_early() -> None:
    octets = encode_object(CimInstance(CLASS, ROW, property_qualifiers=NameMap({"Data1": qualifier_set(TEST)})))
    at = octets.index(pack("<I", 15))
    for length in (0x7FFFFFFF, 16, 14):
        with pytest.raises(RemoteProtocolError):
            decode_object(octets[:at] + pack("<I", length) + octets[at + 4 :])


# ---------------------------------------------------------------------------------------------------------- parameters


def test_defaults_of_parameters() -> None:
    """They are the defaults of the properties of __PARAMETERS."""
    parameters = (
        Parameter("Reason", Type(CimType.UINT32), is_in=True, id=0, default=7),
        Parameter("Comment", STRING, is_in=True, is_out=True, id=1, default="none"),
        Parameter("Force", Type(CimType.BOOLEAN), is_in=True, id=2, default=False),
        Parameter("Names", Type(CimType.STRING, array=True), is_in=True, id=3, default=("a", "б")),
        Parameter("Status", SINT32, is_out=True, id=4, default=-1),
        Parameter("Nothing", SINT32, is_in=True, id=5),
    )
    cls = CimClass("C", methods=(Method("Do", parameters, Type(CimType.UINT32)),))
    found = decode_object(encode_object(cls))
    assert found == cls
    assert isinstance(found, CimClass)
    assert [each.default for each in found.method("Do").parameters] == [7, "none", False, ("a", "б"), -1, None]
