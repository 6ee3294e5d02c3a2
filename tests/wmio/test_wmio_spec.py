"""The published examples once more, beside what two other implementations make of them; and what receivers must ignore.

[MS-WMIO] says of many octets that they are reserved, unused or random: an object means the same whatever they hold.
"""

import json
from pathlib import Path
from struct import pack
from typing import Any

import pytest

from openwmi.base import limits
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
from openwmi.wmio import ObjectArrayEncoder, cim_type, decode_object, encode_object

NUMBERS = ("000", "001", "002", "003", "005", "015", "016")
STRING, UINT32 = Type(CimType.STRING), Type(CimType.UINT32)

# Where they read another value than we do, and what: in each the document is on our side.
WRONG = {
    # Bit 1 of the NdTable: the value of an instance is that of its class (2.2.27). impacket has the two bits exchanged.
    ("impacket", "002", "Data2"): None,
    # Bit 0 is set for ShowWindow and not for ErrorMode; the slots, 65535 and 0, are not what says that a value is NULL.
    ("impacket", "005", "ShowWindow"): "65535",
    ("impacket", "005", "ErrorMode"): None,
    ("aiowmi", "005", "ShowWindow"): 65535,
    ("aiowmi", "005", "ErrorMode"): None,
    # NoValue (2.2.74), all ones, of a NULL that aiowmi does not look for in the NdTable.
    ("aiowmi", "000", "Id"): -1,
    ("aiowmi", "001", "Id"): -1,
    ("aiowmi", "003", "Id"): -1,
}


@pytest.fixture
def folder(shared: Path) -> Path:
    return shared / "vectors" / "wmio"


def read_by(folder: Path, number: str, package: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((folder / f"{number}.expected.json").read_text())[package]
    return found


def published(folder: Path, number: str) -> tuple[CimClass, dict[str, Any]]:
    """The class, and its defaults or an instance's values as JSON has them."""
    found = decode_object((folder / f"{number}.bin").read_bytes())
    cls = found.class_ if isinstance(found, CimInstance) else found
    values = found.values_ if isinstance(found, CimInstance) else found.defaults
    return cls, json.loads(json.dumps(dict(zip(cls.names, values, strict=True))))


@pytest.mark.parametrize("number", NUMBERS)
def test_impacket_reads_the_same(folder: Path, number: str) -> None:
    theirs = read_by(folder, number, "impacket")
    cls, values = published(folder, number)
    assert theirs["class"].split() == " : ".join((cls.name, *cls.derivation)).split()
    assert list(theirs["qualifiers"]) == list(cls.qualifiers)
    for order, prop in enumerate(cls.properties):
        found = theirs["properties"][prop.name]
        inherited = bool(prop.origin) and prop.origin != cls.name
        assert (found["type"], found["order"]) == (cim_type.encode(prop.type, inherited=inherited), order)
        assert list(found["qualifiers"]) == ["CIMTYPE", *prop.qualifiers]
        assert found["value"] == WRONG.get(("impacket", number, prop.name), values[prop.name])
    if "methods" in theirs:
        assert list(theirs["methods"]) == [method.name for method in cls.methods]
        for method in cls.methods:
            names = [each.name for each in method.outputs] + (["ReturnValue"] if method.returns else [])
            assert list(theirs["methods"][method.name]["in"]) == [each.name for each in method.inputs]
            assert list(theirs["methods"][method.name]["out"]) == names


@pytest.mark.parametrize("number", NUMBERS)
def test_aiowmi_reads_the_same(folder: Path, number: str) -> None:
    theirs = read_by(folder, number, "aiowmi")
    cls, values = published(folder, number)
    assert theirs["class"] == cls.name
    assert theirs["class_qualifiers"] == {each.name: each.value for each in cls.qualifiers.values()}
    assert theirs["order"] == {name: order for order, name in enumerate(cls.names)}
    for prop in cls.properties:
        inherited = bool(prop.origin) and prop.origin != cls.name
        assert theirs["types"][prop.name] == cim_type.encode(prop.type, inherited=inherited)
        assert list(theirs["property_qualifiers"][prop.name]) == ["CIMTYPE", *prop.qualifiers]
        found = theirs.get("values", theirs["defaults"])[prop.name]
        assert found == WRONG.get(("aiowmi", number, prop.name), values[prop.name])


def test_nothing_else_is_in_dispute(folder: Path) -> None:
    """The vectors list where impacket and a third reading differ; of each we know who is right."""
    disputed = set()
    for number in NUMBERS:
        for line in json.loads((folder / f"{number}.expected.json").read_text())["disagreements"]:
            disputed.add((number, line.partition(":")[0]))
    assert disputed == {(number, name) for package, number, name in WRONG if package == "impacket"}


def test_an_array_takes_as_many_octets_as_that_of_windows(shared: Path) -> None:
    """[MS-WMI] 4.2.3.2 prints no octets, but how many there were for one instance of TestWMI, and for two."""
    traces = json.loads((shared / "vectors" / "spec_examples.json").read_text())["ms_wmi_traces"]
    sizes = {
        field.split()[1]
        for trace in traces
        if trace["call"] == "IWbemWCOSmartEnum:Next" and "#pragma" in trace["section"]
        for field in trace["fields"]
        if field.startswith("BuffSize")
    }
    key = qualifier_set(Qualifier("key", flavor=Flavor.PROPAGATE_TO_INSTANCE | Flavor.PROPAGATE_TO_DERIVED_CLASS))
    properties = (Property("x", UINT32, qualifiers=key), Property("y", UINT32))
    cls = CimClass("TestWMI", properties=properties, server="SAI-NAV009-2", namespace=r"ROOT\cimv2\MyTest")
    rows = [cls.instance({"x": 3, "y": 5}), cls.instance({"x": 10, "y": 15})]
    ours = {str(len(ObjectArrayEncoder().encode(rows[:count]))) for count in (1, 2)}
    assert sizes - {"0"} == ours == {"307", "410"}


# ------------------------------------------------------------------------------------------------ what means nothing

CLASS = CimClass(
    "C",
    derivation=("B",),
    properties=(Property("P", STRING, "default", origin="B"), Property("N", UINT32, 7)),
    methods=(Method("M", (Parameter("X", STRING, is_in=True, is_out=False, id=0),), UINT32),),
)
INSTANCE = CLASS.instance({"P": "text", "N": None})
UNIT, CLASS_UNIT = encode_object(INSTANCE, decorated=False), encode_object(CLASS, decorated=False)
BODY = 9 + int.from_bytes(UNIT[9:13], "little")  # where the instance begins behind its class part


def patched(octets: bytes, at: int, new: bytes) -> bytes:
    assert octets[at : at + len(new)] != new, "something changes"
    return octets[:at] + new + octets[at + len(new) :]


def same(octets: bytes, as_what: CimClass | CimInstance) -> None:
    found = decode_object(octets)
    assert found == as_what
    if isinstance(found, CimInstance) and isinstance(as_what, CimInstance):
        assert found.values_ == as_what.values_
        assert found.class_ == decode_object(UNIT).class_  # type: ignore[union-attr]  # an instance, as built


@pytest.mark.parametrize("bits", [0x08, 0x20, 0x80, 0xA8])
def test_bits_of_the_object_s_flags_that_have_no_meaning(bits: int) -> None:
    same(patched(UNIT, 8, bytes((UNIT[8] | bits,))), INSTANCE)
    same(patched(CLASS_UNIT, 8, bytes((CLASS_UNIT[8] | bits,))), CLASS)


def test_flags_of_a_prototype_go_out_as_they_came() -> None:
    """0x40 without 0x10 should not be; it is kept all the same."""
    for bits in (0x10, 0x40, 0x50):
        octets = patched(CLASS_UNIT, 8, bytes((CLASS_UNIT[8] | bits,)))
        assert encode_object(decode_object(octets), decorated=False) == octets


@pytest.mark.parametrize("value", [1, 0x80, 0xFF])
def test_reserved_octets(value: int) -> None:
    """2.2.76 in the head of a class part, and InstanceFlags (2.2.54)."""
    octet = bytes((value,))
    same(patched(UNIT, 13, octet), INSTANCE)
    same(patched(UNIT, BODY + 4, octet), INSTANCE)


def test_the_length_behind_the_name_of_an_ancestor() -> None:
    """2.2.18: the names end by themselves."""
    at = UNIT.index(b"\0B\0", 22) + 3
    assert UNIT[at : at + 4] == pack("<I", 3)
    for length in (0, 1, 0xFFFFFFFF):
        same(patched(UNIT, at, pack("<I", length)), INSTANCE)


def test_the_upper_half_of_a_type() -> None:
    """2.2.82: only the lower sixteen bits are used."""
    for number in (8 | 0x4000, 19):
        at = UNIT.index(pack("<IH", number, 0 if number != 19 else 1))
        same(patched(UNIT, at + 2, b"\xad\xde"), INSTANCE)


def test_the_top_bit_of_the_length_of_a_heap() -> None:
    """2.2.66 has it always set; whether it is changes nothing about the length."""
    at = UNIT.rindex(b"\x80\0C\0")
    same(patched(UNIT, at, b"\0"), INSTANCE)


def test_flags_and_padding_of_a_method() -> None:
    """2.2.43, 2.2.44: random, for some."""
    at = CLASS_UNIT.index(pack("<HHIB3xI", 1, 0, 0, 0, 1)) + 4
    same(patched(CLASS_UNIT, at + 5, b"\xaa\xbb\xcc"), CLASS)
    same(patched(CLASS_UNIT, at + 4, b"\xdf"), CLASS)


def test_latin_text_may_come_as_utf_16() -> None:
    """2.2.78 has it compressed; a well-known client never does that."""
    wide = encode_object(CLASS.instance({"P": "Жext", "N": None}), decorated=False)
    same(patched(wide, wide.rindex(b"\1\x16\x04e\0") + 1, b"t\0"), INSTANCE)


@pytest.mark.parametrize("flavor", range(256))
def test_every_flavor_is_kept_and_sent_on(flavor: int) -> None:
    """2.2.62 and its note: bits without a meaning are ignored, not refused; those who pass an object on keep them."""
    qualifiers = qualifier_set(Qualifier("Q", "x", STRING, Flavor(flavor)))
    cls = CimClass("C", properties=(Property("P", STRING, qualifiers=qualifiers),), qualifiers=qualifiers)
    octets = encode_object(cls)
    found = decode_object(octets)
    assert found == cls
    assert isinstance(found, CimClass)
    assert int(found.qualifiers["Q"].flavor) == flavor
    assert encode_object(found) == octets


def test_room_that_nobody_uses() -> None:
    """2.3.4: heaps are sent without having been tidied up, and more octets may follow than are meant (2.2.4)."""
    longer = patched(UNIT + b"left over", 4, pack("<I", len(UNIT) + 1000))
    same(longer, INSTANCE)
    again = encode_object(decode_object(longer), decorated=False)
    assert decode_object(again) == INSTANCE


def class_part(octets: bytes) -> bytes:
    """That of an instance."""
    at = 9
    for _ in range(2 if octets[8] & 4 else 0):  # two names in Latin-1
        at = octets.index(b"\0", at + 1) + 1
    return octets[at : at + int.from_bytes(octets[at : at + 4], "little")]


@pytest.mark.parametrize("slack", [b"", b"junk", b"\0", bytes(9), b"\xff" * 5])
@pytest.mark.parametrize("many", [None, (), ("",), ("text",)], ids=repr)
def test_rubbish_behind_the_last_thing_of_a_heap(slack: bytes, many: tuple[str, ...] | None) -> None:
    """2.3.4, where the last thing is an array of nothing, or there is nothing but the name of the class."""
    cls = CimClass("C", properties=(Property("L", Type(CimType.STRING, array=True)),))
    obj = cls.instance({"L": many})
    octets = bytearray(encode_object(obj, decorated=False) + slack)
    body = 9 + int.from_bytes(octets[9:13], "little")
    heap = body + 19  # behind the head, one octet of NdTable, one slot, and the qualifiers that there are not
    for at, length in ((4, len(octets) - 8), (body, len(octets) - body), (heap, len(octets) - heap - 4 | 0x80000000)):
        octets[at : at + 4] = pack("<I", length)
    for _ in range(limits.WMIO_COMPILE_AFTER + 1):  # by the general decoder first, then by that of the class
        assert decode_object(octets) == obj


@pytest.mark.parametrize("change", [{}, {"Id": 5}, {"Data2": None, "Array": ()}], ids=["as it is", "a number", "NULL"])
def test_the_class_of_an_instance_goes_back_as_it_came(folder: Path, change: dict[str, Any]) -> None:
    """2.3.4: "objects that have this image altered MUST be rejected by the server"; free room belongs to it."""
    octets = (folder / "002.bin").read_bytes()
    found = decode_object(octets)
    assert isinstance(found, CimInstance)
    again = encode_object(found.replace_(**change))
    assert class_part(again) == class_part(octets)
    assert class_part(octets).endswith(bytes(6))
    assert decode_object(again) == found.replace_(**change)


def test_what_is_reserved_in_the_class_of_an_instance_goes_back_too() -> None:
    octets = patched(UNIT, 13, b"\x5a")
    assert class_part(encode_object(decode_object(octets), decorated=False)) == octets[9:BODY]
