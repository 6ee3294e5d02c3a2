"""What goes out comes back: generated classes and instances of every type, with every pattern of NULLs."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.wmio.examined import kind
from tests.wmio.made import classes, instances

from openwmi.base.fault import LocalProtocolError
from openwmi.model import (
    CimClass,
    CimInstance,
    CimType,
    Flavor,
    Property,
    Qualifier,
    Type,
    qualifier_set,
)
from openwmi.wmio import (
    ObjectArrayDecoder,
    ObjectArrayEncoder,
    compiled,
    decode_object,
    encode_object,
    instance,
    object_block,
    property_table,
)
from openwmi.wmio.heap import HeapWriter


@given(classes(2))
def test_a_class(cls: CimClass) -> None:
    octets = encode_object(cls)
    found = decode_object(octets)
    assert found == cls
    assert encode_object(found) == octets


@given(instances(2))
def test_an_instance(obj: CimInstance) -> None:
    octets = encode_object(obj)
    found = decode_object(octets)
    assert isinstance(found, CimInstance)
    assert found == obj
    assert list(map(kind, found.values_)) == list(map(kind, obj.values_)), "0 is not False"
    assert found.class_ == obj.class_
    assert found.own_qualifiers_ == obj.own_qualifiers_
    assert found.own_property_qualifiers_ == obj.own_property_qualifiers_
    assert encode_object(found) == octets


@given(classes(1))
def test_without_decoration_nothing_says_where_an_object_is_from(cls: CimClass) -> None:
    assert decode_object(encode_object(cls, decorated=False)) == replace(cls, server="", namespace="")


@given(st.lists(instances(1) | classes(1), max_size=4), st.data())
def test_an_array(objects: list[CimInstance | CimClass], data: st.DataObject) -> None:
    """Each object twice, in two arrays: the second time without its class."""
    encoder, decoder = ObjectArrayEncoder(), ObjectArrayDecoder()
    assert decoder.decode(encoder.encode(objects)) == objects
    again = data.draw(st.permutations(objects))
    assert decoder.decode(encoder.encode(again)) == again


@given(instances(1).filter(lambda obj: bool(obj.class_.properties)))
def test_the_compiled_encoders_write_what_the_general_one_does(obj: CimInstance) -> None:
    layout = property_table.layout(obj.class_)
    narrow, wide = compiled.build(obj.class_, object_block.encode_embedded, layout.whole)
    expected = instance.encode(obj.class_, obj.values_, (), HeapWriter(object_block.encode_embedded), layout)
    assert wide(obj.values_) == expected
    try:
        assert narrow(obj.values_) == expected
    except compiled.WIDE:
        assert any(not is_latin(value) for value in [obj.class_.name, *obj.values_])


def is_latin(value: object) -> bool:
    return not isinstance(value, str) or all(ord(character) < 256 for character in value)


@settings(max_examples=20)
@given(instances(1), st.integers(60, 70))
def test_it_makes_no_difference_how_often_a_class_was_sent(obj: CimInstance, times: int) -> None:
    first = encode_object(obj)
    assert all(encode_object(obj) == first for _ in range(times))


@pytest.mark.parametrize("text", ["a\0b", "\0", "a\0", "\0\0\0", "a\0ж", "ж\0b"])
def test_nor_where_a_text_has_a_nul_in_it(text: str) -> None:
    """It ends there for all who read it, so that nothing behind it is sent."""
    cls = CimClass("C", properties=(Property("A", Type(CimType.STRING)), Property("B", Type(CimType.STRING))))
    octets = {encode_object(CimInstance(cls, (text, "x"))) for _ in range(70)}
    assert octets == {encode_object(CimInstance(cls, (text.partition("\0")[0], "x")))}


def test_six_things_that_are_not_the_same() -> None:
    """NULL, 0, 4294967295, "", False and an empty array, in one instance and over every default."""
    uint32, string, boolean = Type(CimType.UINT32), Type(CimType.STRING), Type(CimType.BOOLEAN)
    array = Type(CimType.UINT32, array=True)
    cls = CimClass(
        "X",
        properties=(
            Property("A", uint32, 5), Property("B", uint32), Property("C", uint32), Property("D", string, "x"),
            Property("E", string), Property("F", boolean, True), Property("G", boolean), Property("H", array, (1,)),
            Property("I", array), Property("J", uint32, 7),
        ),
    )  # fmt: skip
    row = (None, 0, 4294967295, "", None, False, None, (), None, 7)
    found = decode_object(encode_object(CimInstance(cls, row)))
    assert isinstance(found, CimInstance)
    assert found.values_ == row
    assert [type(value) for value in found.values_] == [type(value) for value in row]


def test_a_projection_is_a_class_with_fewer_properties() -> None:
    names = ("Handle", "Name", "ProcessId")
    cls = CimClass(
        "Win32_Process",
        derivation=("CIM_Process",),
        properties=(
            Property("Handle", Type(CimType.STRING), qualifiers=qualifier_set(Qualifier("key")), origin="CIM_Process"),
            Property("Name", Type(CimType.STRING), origin="CIM_Process"),
            Property("ProcessId", Type(CimType.UINT32)),
        ),
        namespace=r"root\cimv2",
        server="SRV1",
    )
    some = cls.project(names[1:])
    found = decode_object(encode_object(some.instance({"Name": "init", "ProcessId": 1})))
    assert isinstance(found, CimInstance)
    assert found.to_dict_() == {"Name": "init", "ProcessId": 1}
    assert found["__PROPERTY_COUNT"] == 2
    assert found.path_ is None
    assert found["__DYNASTY"] is None, "an inherited property without ancestors tells that they were left out"
    prototype = decode_object(encode_object(some))
    assert isinstance(prototype, CimClass)
    assert (prototype.projected, prototype.lost_keys, prototype.names) == (True, True, names[1:])


def test_the_class_without_a_name() -> None:
    """What GetObject("") gives: something to make a class from."""
    assert decode_object(encode_object(CimClass(""))) == CimClass("")


def test_a_class_says_its_parent_as_well_as_it_knows_it() -> None:
    base = CimClass("Base", properties=(Property("Id", Type(CimType.UINT32), qualifiers=qualifier_set(KEY)),))
    cls = base.derive("Derived", [Property("Data", Type(CimType.STRING))])
    assert encode_object(cls, parent=base) == encode_object(cls), "all that Base has came down"
    with pytest.raises(LocalProtocolError, match="Other is not the superclass of Derived"):
        encode_object(cls, parent=CimClass("Other"))


KEY = Qualifier("key", flavor=Flavor.PROPAGATE_TO_DERIVED_CLASS | Flavor.PROPAGATE_TO_INSTANCE)


@pytest.mark.parametrize(
    ("type_", "value"),
    [
        (Type(CimType.UINT32), -1),
        (Type(CimType.UINT8), 256),
        (Type(CimType.UINT32), "1"),
        (Type(CimType.STRING), 1),
        (Type(CimType.STRING, True), ("a", 1)),
        (Type(CimType.CHAR16), "ab"),
        (Type(CimType.CHAR16), "\U0001f600"),
        (Type(CimType.REAL32), 1e39),
        (Type(CimType.OBJECT), 1),
        (Type(CimType.UINT16, True), 5),
    ],
    ids=repr,
)
def test_a_value_of_another_type_is_ours_to_answer_for(type_: Type, value: object) -> None:
    cls = CimClass("Class", properties=(Property("Prop", type_),))
    for _ in range(70):  # by the general encoder first, then by that of the class
        with pytest.raises(LocalProtocolError, match=r"Class\.Prop"):
            encode_object(CimInstance(cls, (value,)))


def test_too_few_values_are_ours_to_answer_for() -> None:
    cls = CimClass("Class", properties=(Property("Prop", Type(CimType.STRING)),))
    for _ in range(70):
        with pytest.raises(LocalProtocolError, match="0 values for the 1 properties of Class"):
            encode_object(CimInstance(cls, ()))


def test_objects_may_nest_but_not_for_ever() -> None:
    cls = CimClass("Box", properties=(Property("Inner", Type(CimType.OBJECT)),))
    box = CimInstance(cls, (None,))
    for _ in range(32):
        box = CimInstance(cls, (box,))
    assert decode_object(encode_object(box)) == box
    with pytest.raises(LocalProtocolError, match="nested deeper than 32"):
        encode_object(CimInstance(cls, (box,)))


def test_a_bad_datetime_comes_in_as_its_text() -> None:
    cls = CimClass("Class", properties=(Property("When", Type(CimType.DATETIME)),))
    for text in ("00000000000000.000000+000", "20240131120000.1234567+060", "", "yesterday"):
        found = decode_object(encode_object(CimInstance(cls, (text,))))
        assert isinstance(found, CimInstance)
        assert found["When"] == text


def test_no_name_of_a_class_stops_its_encoder() -> None:
    for name in ("\ud800", "'", '"', "Ж", "{0}", "a b"):
        obj = CimClass(name, properties=(Property(name, Type(CimType.STRING)),)).instance({name: name})
        octets = {encode_object(obj) for _ in range(70)}
        assert len(octets) == 1
        assert decode_object(octets.pop()) == obj
