"""What goes out comes back: generated classes and instances of every type, with every pattern of NULLs."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from openwmi.base.case import fold
from openwmi.base.fault import LocalProtocolError
from openwmi.model import (
    CimClass,
    CimDateTime,
    CimInstance,
    CimInterval,
    CimType,
    Flavor,
    Method,
    Parameter,
    Property,
    Qualifier,
    Qualifiers,
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
)
from openwmi.wmio.heap import HeapWriter

TEXTS = st.text(st.characters(blacklist_characters="\0", blacklist_categories=()), max_size=12)
NAMES = st.sampled_from(
    "A b Cc D_1 eE Name name2 Straße Ж ЖЖ Ā key read write volatile provider dynamic cimwin32 DWORD CIMTYPE2".split()
)

VALUES: dict[CimType, st.SearchStrategy[Any]] = {
    CimType.SINT8: st.integers(-(2**7), 2**7 - 1),
    CimType.UINT8: st.integers(0, 2**8 - 1),
    CimType.SINT16: st.integers(-(2**15), 2**15 - 1),
    CimType.UINT16: st.integers(0, 2**16 - 1),
    CimType.SINT32: st.integers(-(2**31), 2**31 - 1),
    CimType.UINT32: st.integers(0, 2**32 - 1) | st.sampled_from([0, 2**32 - 1]),
    CimType.SINT64: st.integers(-(2**63), 2**63 - 1),
    CimType.UINT64: st.integers(0, 2**64 - 1),
    CimType.REAL32: st.floats(width=32, allow_nan=False),
    CimType.REAL64: st.floats(allow_nan=False),
    CimType.BOOLEAN: st.booleans(),
    CimType.STRING: TEXTS,
    CimType.REFERENCE: TEXTS,
    CimType.CHAR16: st.characters(max_codepoint=0xFFFF, blacklist_categories=()),
    CimType.DATETIME: st.datetimes(min_value=datetime(1, 1, 2), timezones=st.just(UTC)).map(CimDateTime.from_datetime)  # noqa: DTZ001
    | st.integers(0, 10**15).map(CimInterval)
    | st.just(CimDateTime.parse("20240131******.******+***")),
}


def types(*, objects: bool) -> st.SearchStrategy[Type]:
    cims = st.sampled_from([cim for cim in CimType if objects or cim is not CimType.OBJECT])
    return st.builds(_type, cims, st.booleans(), st.none() | NAMES)


def _type(cim: CimType, array: bool, name: str | None) -> Type:
    return Type(cim, array, name if cim in (CimType.OBJECT, CimType.REFERENCE) else None)


def values(type_: Type, depth: int) -> st.SearchStrategy[Any]:
    one = objects(depth - 1) if type_.cim is CimType.OBJECT else VALUES[type_.cim]
    return st.lists(one, max_size=3).map(tuple) if type_.array else one


def objects(depth: int) -> st.SearchStrategy[CimInstance | CimClass]:
    return instances(depth) | classes(depth, methods=False)


@st.composite
def qualifiers(draw: st.DrawFn) -> Qualifiers:
    found = []
    for name in draw(st.lists(NAMES, max_size=2, unique_by=fold)):
        type_ = draw(types(objects=False).filter(lambda type_: type_.class_name is None))
        nothing = st.none() if type_.array or type_.cim is CimType.STRING else st.nothing()
        found.append(Qualifier(name, draw(values(type_, 0) | nothing), type_, Flavor(draw(st.integers(0, 255)))))
    return qualifier_set(*found)


@st.composite
def methods(draw: st.DrawFn, name: str, chain: list[str]) -> Method:
    names = draw(st.lists(NAMES, max_size=3, unique_by=fold))
    parameters = []
    for position, each in enumerate(names):
        is_in, is_out = draw(st.sampled_from([(True, False), (False, True), (True, True)]))
        parameters.append(Parameter(each, draw(types(objects=True)), draw(qualifiers()), is_in, is_out, position))
    returns = draw(st.none() | st.just(Type(CimType.UINT32)))
    return Method(name, tuple(parameters), returns, draw(qualifiers()), draw(st.sampled_from(chain)))


@st.composite
def classes(draw: st.DrawFn, depth: int, *, methods: bool = True) -> CimClass:
    chain = draw(st.lists(NAMES, min_size=1, max_size=3, unique_by=fold))  # the topmost class first
    properties = []
    for name in draw(st.lists(NAMES, max_size=6, unique_by=fold)):
        type_ = draw(types(objects=depth > 0))
        default = draw(st.none() | values(type_, depth)) if draw(st.booleans()) else None
        properties.append(
            Property(name, type_, default, draw(qualifiers()), draw(st.sampled_from(chain)), draw(st.booleans()))
        )
    own = [draw(_methods(name, chain)) for name in draw(st.lists(NAMES, max_size=2 if methods else 0, unique_by=fold))]
    return CimClass(
        chain[-1],
        derivation=tuple(reversed(chain[:-1])),
        properties=tuple(properties),
        methods=tuple(own),
        qualifiers=draw(qualifiers()),
        server=draw(st.sampled_from(["", "SRV1", "сервер"])),
        namespace=draw(st.sampled_from(["", r"root\cimv2"])),
    )


_methods = methods


@st.composite
def instances(draw: st.DrawFn, depth: int) -> CimInstance:
    cls = draw(classes(depth, methods=False))
    row = tuple(draw(st.none() | values(prop.type, depth)) for prop in cls.properties)
    return CimInstance(cls, row, draw(qualifiers()) if draw(st.booleans()) else qualifier_set())


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
    assert [type(value) for value in found.values_] == [type(value) for value in obj.values_], "0 is not False"
    assert found.class_ == obj.class_
    assert found.own_qualifiers_ == obj.own_qualifiers_
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
    narrow, wide = compiled.build(obj.class_, object_block.encode_embedded)
    expected = instance.encode(obj.class_, obj.values_, (), HeapWriter(object_block.encode_embedded))
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
