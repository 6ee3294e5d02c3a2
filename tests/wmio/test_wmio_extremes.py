"""What is rare, large or empty: qualifiers of every type, classes of nothing and of a lot, objects in everything."""

from __future__ import annotations

from dataclasses import replace
from struct import pack, unpack_from

import pytest

from openwmi.base import limits
from openwmi.base.case import NameMap
from openwmi.base.fault import LocalProtocolError, RemoteProtocolError
from openwmi.model import (
    CimClass,
    CimDateTime,
    CimInstance,
    CimType,
    Flavor,
    Method,
    Parameter,
    Property,
    Qualifier,
    Type,
    Value,
    qualifier_set,
)
from openwmi.wmio import ObjectArrayDecoder, ObjectArrayEncoder, decode_object, encode_object

STRING, UINT8, OBJECT = Type(CimType.STRING), Type(CimType.UINT8), Type(CimType.OBJECT)
INNER = CimClass("Inner", properties=(Property("N", UINT8),)).instance({"N": 7})
SPECIAL: dict[CimType, Value] = {
    CimType.STRING: "ж",
    CimType.REFERENCE: "Inner.N=7",
    CimType.DATETIME: CimDateTime("20240131120000.000000+060"),
    CimType.BOOLEAN: True,
    CimType.CHAR16: "K",
    CimType.REAL32: 1.5,
    CimType.REAL64: -2.5,
    CimType.OBJECT: INNER,
}


def told() -> list[Qualifier]:
    """A qualifier of each type, an array of each, and an empty one; all flavors among them."""
    found = []
    for number, cim in enumerate(CimType):
        value = SPECIAL.get(cim, 7)
        flavor = Flavor(number * 17)
        found += [
            Qualifier(f"q{cim.name}", value, Type(cim), flavor),
            Qualifier(f"a{cim.name}", (value, value), Type(cim, array=True), flavor),
            Qualifier(f"e{cim.name}", (), Type(cim, array=True), flavor),
        ]
    return found


TOLD = qualifier_set(*told())


def again(obj: CimInstance | CimClass) -> CimInstance | CimClass:
    return decode_object(encode_object(obj))


def test_qualifiers_of_every_type_wherever_there_are_any() -> None:
    parameter = Parameter("A", OBJECT, TOLD, is_in=True, id=0)
    properties = Property("P", STRING, "default", TOLD), Property("O", OBJECT, INNER, TOLD)
    cls = CimClass("C", properties=properties, methods=(Method("M", (parameter,), STRING, TOLD),), qualifiers=TOLD)
    assert again(cls) == cls


@pytest.mark.parametrize("value", [INNER, None])
def test_qualifiers_of_every_type_on_an_instance(value: Value) -> None:
    """Whether it has other objects or not: theirs are decoded when asked for, too."""
    cls = CimClass("C", properties=(Property("P", STRING), Property("O", OBJECT)))
    obj = CimInstance(cls, ("x", value), TOLD, NameMap({"P": TOLD}))
    found = again(obj)
    assert isinstance(found, CimInstance)
    assert (found.P, found["O"]) == ("x", value)
    assert (found, found.own_qualifiers_) == (obj, TOLD)
    found = again(obj)
    assert isinstance(found, CimInstance)
    assert found.own_property_qualifiers_ == NameMap({"p": TOLD})
    assert encode_object(found) == encode_object(obj)


@pytest.mark.no_cover  # other tests show that each line is run
@pytest.mark.parametrize("count", [0, 1, 4, 5, 10_000])
def test_as_many_properties_as_there_are(count: int) -> None:
    types = [STRING if place % 2 else UINT8 for place in range(count)]
    cls = CimClass("C", properties=tuple(Property(f"P{place}", type_) for place, type_ in enumerate(types)))
    row = CimInstance(cls, tuple("x" if type_ is STRING else 7 for type_ in types))
    nothing = CimInstance(cls, (None,) * count)
    assert again(cls) == cls
    assert again(row) == row
    rows = [row, nothing] * (40 if count < 10 else 2)
    assert ObjectArrayDecoder().decode(ObjectArrayEncoder().encode(rows)) == rows


@pytest.mark.no_cover  # other tests show that each line is run
def test_more_properties_than_their_number_can_say() -> None:
    """DeclarationOrder has 16 bits."""
    cls = CimClass("C", properties=tuple(Property(f"P{place}", UINT8) for place in range(0x10001)))
    with pytest.raises(LocalProtocolError):
        encode_object(cls)


def test_objects_of_every_kind_in_arrays() -> None:
    box = CimClass("Box", properties=(Property("All", Type(CimType.OBJECT, array=True)),))
    inside = CimInstance(box, ((INNER, None, INNER.class_),))
    obj = CimInstance(
        box, ((INNER, None, CimClass("Empty"), inside, CimInstance(box, (None,)), CimInstance(box, ((),))),)
    )
    found = again(obj)
    assert found == obj
    assert isinstance(found, CimInstance)
    assert found["All"] is found["All"]
    assert found["All"][3]["All"][2] == INNER.class_


@pytest.mark.parametrize("text", ["x", "x" * limits.WMIO_OBJECT_KEPT], ids=["small", "large"])
def test_objects_in_one_another_as_deep_as_they_may_be(text: str) -> None:
    box = CimClass("Box", properties=(Property("Inner", OBJECT), Property("Text", STRING)))
    obj = CimInstance(box, (None, text))
    for _ in range(limits.WMIO_DEPTH):
        obj = CimInstance(box, (obj, text))
    octets = encode_object(obj)
    found = decode_object(octets)
    assert isinstance(found, CimInstance)
    assert found["Inner"] is found["Inner"]
    assert found == obj
    assert encode_object(found) == octets


def test_a_value_that_no_encoder_can_send_is_named() -> None:
    """By the general one, whichever was tried before."""
    cls = CimClass("C", properties=(Property("Text", STRING), Property("Number", UINT8)))
    encoder = ObjectArrayEncoder()
    encoder.encode([CimInstance(cls, ("x", 1))] * limits.WMIO_COMPILE_AFTER)
    for text in ("x", "ж"):
        with pytest.raises(LocalProtocolError, match=r"C\.Number: 256 is no uint8"):
            encoder.encode([CimInstance(cls, (text, 256))])


def test_a_class_from_many_places() -> None:
    """What is known of its part is known once; where it is from is told apart."""
    cls = CimClass("C", properties=(Property("Text", STRING),))
    for _ in range(2):
        for number in range(limits.WMIO_CLASS_PARTS + 3):
            there = replace(cls, server=f"SRV{number}", namespace="root")
            found = again(there.instance({"Text": "x"}))
            assert (found["__SERVER"], found["Text"]) == (there.server, "x")


def test_a_signature_is_a_class_or_nothing() -> None:
    qualifiers = qualifier_set(Qualifier("Q", INNER, OBJECT))
    method = Method("M", (Parameter("A", STRING, is_in=True, id=0),), None, qualifiers)
    octets = encode_object(CimClass("C", methods=(method,)), decorated=False)
    # MethodName, MethodFlags and padding, MethodOrigin, MethodQualifiers, InputSignature, OutputSignature, HeapLength
    at = octets.index(pack("<HH", 1, 0)) + 4
    own, inputs = unpack_from("<12xII", octets, at)
    value = at + 28 + own + 4 + 9  # behind the set's length, and a qualifier's name, flavor and type

    def with_inputs(reference: int) -> bytes:
        return octets[: at + 16] + pack("<I", reference) + octets[at + 20 :]

    assert with_inputs(inputs) == octets
    found = decode_object(with_inputs(0xFFFFFFFF))
    assert isinstance(found, CimClass)
    assert found.method("M").parameters == ()
    (instance,) = unpack_from("<I", octets, value)
    with pytest.raises(RemoteProtocolError, match="the signature of a method is an instance"):
        decode_object(with_inputs(instance))


def test_an_object_as_the_default_of_a_property() -> None:
    """In the class, and in instances that say that their value is the default."""
    cls = CimClass("C", properties=(Property("O", OBJECT, INNER), Property("L", Type(CimType.OBJECT, True), (INNER,))))
    found = again(cls)
    assert isinstance(found, CimClass)
    assert found.defaults == (INNER, (INNER,))
    octets = encode_object(CimInstance(cls, (None, None)), decorated=False)
    flags = octets.rindex(b"\0C\0") - 9 - 8 - 1
    assert octets[flags] == 0b0101
    by_default = decode_object(octets[:flags] + b"\x0a" + octets[flags + 1 :])
    assert isinstance(by_default, CimInstance)
    assert by_default.values_ == (INNER, (INNER,))
