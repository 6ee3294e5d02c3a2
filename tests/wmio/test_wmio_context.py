"""IWbemContext on the wire: [MS-WMI] 2.2.13.1 to 2.2.13.4."""

from collections.abc import Callable
from struct import pack
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.wmio.examined import kind
from tests.wmio.made import TEXTS, VALUES, classes, instances

from openwmi.base import limits
from openwmi.base.case import fold
from openwmi.base.fault import LocalProtocolError, RemoteProtocolError
from openwmi.engine.extensions import put_properties, requested_properties
from openwmi.model import ChangeFlag, CimClass, CimType, Property, Type
from openwmi.operation import CallContext
from openwmi.wmio import ARRAY, VariantType, decode_context, decode_object, encode_context, encode_object

NAME = UUID("00112233-4455-6677-8899-aabbccddeeff")
HEAD = pack("<I", 1) + NAME.bytes_le


def text(value: str) -> bytes:
    return pack("<I", len(value)) + value.encode("utf-16-le")


def buffer(*properties: bytes) -> bytes:
    return HEAD + pack("<I", len(properties)) + b"".join(properties)


def prop(type_: int, value: bytes, *, name: str = "N", flags: int = 0) -> bytes:
    return text(name) + pack("<IH", flags, type_) + value


# Transcribed from the tables of 2.2.13.2 and 2.2.13.4: the type, its octets, what they say.
SCALARS = [
    (VariantType.NULL, b"", None),
    (VariantType.I1, b"\xff" + bytes(7), -1),
    (VariantType.UI1, b"\xff" + bytes(7), 255),
    (VariantType.I2, b"\xfe\xff" + bytes(6), -2),
    (VariantType.UI2, b"\xfe\xff" + bytes(6), 65534),
    (VariantType.I4, b"\xfd\xff\xff\xff" + bytes(4), -3),
    (VariantType.UI4, b"\xff\xff\xff\xff" + bytes(4), 4294967295),
    (VariantType.R4, pack("<f", 1.5) + bytes(4), 1.5),
    (VariantType.R8, pack("<d", 0.1), 0.1),
    (VariantType.BOOL, b"\xff\xff" + bytes(6), True),
    (VariantType.BOOL, bytes(8), False),
    (VariantType.BSTR, text("MS_409"), "MS_409"),
    (VariantType.BSTR, text(""), ""),
    (VariantType.BSTR, text("Ж\U0001f600"[:1]), "Ж"),
]
ARRAYS = [
    (VariantType.NULL, pack("<II", 2, 0), (None, None)),
    (VariantType.I1, pack("<IIbb", 2, 1, -1, 2), (-1, 2)),
    (VariantType.UI1, pack("<IIBB", 2, 1, 255, 2), (255, 2)),
    (VariantType.I2, pack("<IIhh", 2, 2, -1, 2), (-1, 2)),
    (VariantType.UI2, pack("<IIHH", 2, 2, 65535, 2), (65535, 2)),
    (VariantType.I4, pack("<IIii", 2, 4, -1, 2), (-1, 2)),
    (VariantType.UI4, pack("<III", 1, 4, 4294967295), (4294967295,)),
    (VariantType.R4, pack("<IIf4xf4x", 2, 8, 1.5, -2), (1.5, -2.0)),
    (VariantType.R8, pack("<IId", 1, 8, 0.1), (0.1,)),
    (VariantType.BOOL, pack("<IIHH", 2, 2, 0xFFFF, 0), (True, False)),
    (VariantType.BSTR, pack("<II", 2, 8) + text("Name") + text(""), ("Name", "")),
    (VariantType.BSTR, pack("<II", 0, 8), ()),
]
EVERY = [*SCALARS, *[(kind | ARRAY, octets, value) for kind, octets, value in ARRAYS]]


@pytest.mark.parametrize(("type_", "octets", "value"), EVERY)
def test_each_type_of_the_document(type_: int, octets: bytes, value: Any) -> None:
    whole = buffer(prop(type_, octets))
    found = decode_context(whole)
    assert list(found.items()) == [("N", value)]
    assert type(found["N"]) is type(value)
    assert encode_context(found, types={"n": type_}, request=NAME) == whole


def test_every_type_is_among_them() -> None:
    assert {type_ & ~ARRAY for type_, *_ in EVERY} | {VariantType.UNKNOWN} == set(VariantType)


def test_objects() -> None:
    """2.2.4: the buffer of IWbemClassObject is an EncodingUnit."""
    cls = CimClass("C", properties=(Property("P", Type(CimType.STRING)),), server="S", namespace="root")
    one = cls.instance({"P": "x"})
    unit = encode_object(one)
    whole = buffer(
        prop(VariantType.UNKNOWN, unit, name="One"),
        prop(VariantType.UNKNOWN | ARRAY, pack("<II", 2, 8) + unit + encode_object(cls), name="Two"),
        prop(VariantType.I4, bytes(8), name="After"),
    )
    found = decode_context(whole)
    assert dict(found) == {"One": one, "Two": (one, cls), "After": 0}
    assert encode_context(found, request=NAME) == whole


def test_the_values_of_the_table_go_as_the_table_says() -> None:
    """2.2.13 and 3.1.4.3.14: what Windows knows, and of which type it has to be."""
    values = {
        "__ProviderArchitecture": 64,
        "__RequiredArchitecture": True,
        "__MI_DESTINATIONOPTIONS_UI_LOCALE": "MS_409",
        "__CorrelationId": "{00112233-4455-6677-8899-AABBCCDDEEFF}",
        "__PUT_EXT_PROPERTIES": ["Name", "Size"],
        "Nothing": None,
    }
    expected = buffer(
        prop(3, pack("<i4x", 64), name="__ProviderArchitecture"),
        prop(11, b"\xff\xff" + bytes(6), name="__RequiredArchitecture"),
        prop(8, text("MS_409"), name="__MI_DESTINATIONOPTIONS_UI_LOCALE"),
        prop(8, text("{00112233-4455-6677-8899-AABBCCDDEEFF}"), name="__CorrelationId"),
        prop(0x2008, pack("<II", 2, 8) + text("Name") + text("Size"), name="__PUT_EXT_PROPERTIES"),
        prop(1, b"", name="Nothing"),
    )
    assert encode_context(values, request=NAME) == expected
    assert decode_context(expected) == decode_context(encode_context(values))


SCALAR = st.none() | st.booleans() | st.integers(-(2**31), 2**32 - 1) | st.floats(allow_nan=False) | TEXTS
ONE_KIND = [
    st.none(),
    st.booleans(),
    VALUES[CimType.SINT32],
    VALUES[CimType.UINT32],
    st.floats(allow_nan=False),
    TEXTS,
    instances(1) | classes(0),
]
VALUE = SCALAR | instances(1) | classes(1) | st.one_of([st.lists(each, max_size=3).map(tuple) for each in ONE_KIND])


@given(st.lists(st.tuples(TEXTS, VALUE), max_size=5, unique_by=lambda each: fold(each[0])).map(dict))
def test_what_goes_out_comes_back(values: dict[str, Any]) -> None:
    octets = encode_context(values)
    found = decode_context(octets)
    assert dict(found) == values
    assert list(map(kind, found.values())) == list(map(kind, values.values()))
    assert encode_context(found) == octets


def test_six_values_that_are_not_the_same() -> None:
    values = {"a": None, "b": 0, "c": 4294967295, "d": "", "e": False, "f": ()}
    found = decode_context(encode_context(values))
    assert [(type(value), value) for value in found.values()] == [(type(value), value) for value in values.values()]


def test_names_have_no_case_and_the_last_value_counts() -> None:
    found = decode_context(
        buffer(prop(3, bytes(8), name="one"), prop(1, b"", name="Two"), prop(8, text("x"), name="ONE"))
    )
    assert list(found.items()) == [("one", "x"), ("Two", None)]
    assert found["tWO"] is None


def test_other_threads_see_all_values_or_make_them(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever asks while the values are being made, as another thread can at any moment."""
    found, seen = decode_context(encode_context({"A": 1, "B": 2})), []

    def ask(name: str) -> str:
        monkeypatch.undo()
        seen.append(dict(found))
        return fold(name)

    monkeypatch.setattr("openwmi.base.case.fold", ask)
    assert found["a"] == 1
    assert seen == [{"A": 1, "B": 2}]


def test_what_is_ignored() -> None:
    """Flags, the octets of a scalar behind its value, the GUIDs, ElementSize of strings, and what follows."""
    value = pack("<h", 5) + b"junk!!"
    assert decode_context(buffer(prop(2, value, flags=0xFFFFFFFF)))["N"] == 5
    assert decode_context(buffer(prop(11, b"\1\0junkjk")))["N"] is True
    assert decode_context(buffer(prop(0x2008, pack("<II", 1, 4) + text("x"))) + b"slack")["N"] == ("x",)
    assert decode_context(buffer(prop(0x2004, pack("<IIf", 1, 4, 1.5))))["N"] == (1.5,)
    body = prop(8, text("x"))
    assert decode_context(pack("<II", 0, 1) + body) == decode_context(pack("<I32xI", 2, 1) + body)


@pytest.mark.parametrize(
    "octets",
    [
        b"",
        pack("<I", 0xFFFFFFFF),
        buffer()[:-1],
        HEAD + pack("<I", 1),
        HEAD + pack("<I", limits.CONTEXT_VALUES + 1) + b"\0" * 20_000,
        buffer(prop(0, b"")),
        buffer(prop(20, bytes(8))),
        buffer(prop(0x4003, bytes(8))),
        buffer(prop(0x2000, bytes(8))),
        buffer(prop(3, bytes(7))),
        buffer(prop(8, pack("<I", 0x80000000))),
        buffer(prop(8, pack("<I", 2) + b"abc")),
        buffer(prop(0x2003, pack("<III", 1, 2, 0))),
        buffer(prop(0x2003, pack("<III", 1, 0, 0))),
        buffer(prop(0x2003, pack("<II", 0x40000000, 4))),
        buffer(prop(0x2008, pack("<II", 0xFFFFFFFF, 8))),
        buffer(prop(0x2001, pack("<II", 0xFFFFFFFF, 0))),
        buffer(*[prop(0x2001, pack("<II", limits.CONTEXT_VALUES, 0), name=str(number)) for number in range(2)]),
        buffer(prop(13, bytes(8))),
        buffer(prop(8, text("x" * limits.CONTEXT_OCTETS))),
    ],
    ids=lambda octets: octets[:64].hex(),
)
def test_what_is_no_context(octets: bytes) -> None:
    with pytest.raises(RemoteProtocolError):
        decode_context(octets)


@pytest.mark.parametrize(
    ("value", "type_"),
    [
        (1 << 32, None),
        (-(1 << 31) - 1, None),
        (b"octets", None),
        ((1, "a"), None),
        ((1, None), None),
        ((True, 1), None),
        ((-1, 1 << 31), None),
        (((1,),), None),
        (300, VariantType.UI1),
        (1.5, VariantType.I4),
        (True, VariantType.I4),
        (1, VariantType.BOOL),
        (1e39, VariantType.R4),
        ("x", VariantType.NULL),
        (None, VariantType.BSTR),
        ("x", VariantType.UNKNOWN),
        (1, VariantType.I4 | ARRAY),
        ((1,), VariantType.I4),
        (1, 20),
        ("x" * limits.CONTEXT_OCTETS, None),
    ],
)
def test_what_cannot_be_sent_is_ours_to_answer_for(value: Any, type_: int | None) -> None:
    with pytest.raises(LocalProtocolError):
        encode_context({"N": value}, types={} if type_ is None else {"N": type_})


def test_not_more_values_than_a_receiver_takes() -> None:
    values = {str(number): None for number in range(limits.CONTEXT_VALUES + 1)}
    with pytest.raises(LocalProtocolError, match="too large"):
        encode_context(values)
    with pytest.raises(LocalProtocolError, match="too large"):
        encode_context({"N": (None,) * (limits.CONTEXT_VALUES + 1)})


def test_it_is_what_a_call_takes() -> None:
    """The engine reads partial puts and gets from such a mapping as from any other."""
    names = {"__PUT_EXTENSIONS": True, "__PUT_EXT_PROPERTIES": ["Size"], "__PUT_EXT_ATOMIC": False}
    context = CallContext(values=decode_context(encode_context(names)))
    assert put_properties(context.values, ChangeFlag.UPDATE_ONLY) == ("Size",)
    cls = CimClass("C", properties=(Property("Name", Type(CimType.STRING)), Property("Size", Type(CimType.UINT32))))
    names = {"__GET_EXTENSIONS": True, "__GET_EXT_CLIENT_REQUEST": True, "__GET_EXT_PROPERTIES": ["size"]}
    assert requested_properties(decode_context(encode_context(names)), cls) == ("Size",)


def whole() -> bytes:
    cls = CimClass("C", properties=(Property("P", Type(CimType.STRING)),), server="S", namespace="root")
    properties = [
        prop(type_, octets, name=f"N{place}") for place, (type_, octets, _) in enumerate([*EVERY, *EVERY[::-1]])
    ]
    return buffer(prop(VariantType.UNKNOWN, encode_object(cls.instance({"P": "x"})), name="O"), *properties)


def test_truncated_at_every_length() -> None:
    octets = whole()
    for length in range(len(octets)):
        with pytest.raises(RemoteProtocolError):
            decode_context(octets[:length])
    assert len(decode_context(octets)) == 1 + 2 * len(EVERY)


@pytest.mark.parametrize("change", [lambda octet: octet ^ 0xFF, lambda octet: octet ^ 1, lambda octet: octet ^ 0x20])
def test_every_octet_flipped(change: Callable[[int], int]) -> None:
    octets = whole()
    outcomes = set()
    for at in range(len(octets)):
        try:
            decode_context(octets[:at] + bytes((change(octets[at]),)) + octets[at + 1 :])
            outcomes.add(True)
        except RemoteProtocolError:
            outcomes.add(False)
    assert outcomes == {True, False}


@given(st.binary(max_size=120))
def test_any_octets(octets: bytes) -> None:
    for attempt in (octets, buffer(octets), buffer(prop(3, bytes(8)), octets)):
        try:
            decode_context(attempt)
        except RemoteProtocolError:
            continue


def test_an_object_may_say_that_it_is_larger_than_it_is() -> None:
    """ObjectEncodingLength of the last one, as where an object comes alone."""
    unit = encode_object(CimClass("C").instance())
    larger = unit[:4] + pack("<I", len(unit) + 50) + unit[8:]
    assert decode_context(buffer(prop(13, larger)))["N"] == decode_object(unit)
