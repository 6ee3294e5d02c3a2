"""A class that came over the wire goes back as it came: [MS-WMIO] 2.3.4 has servers reject an altered one."""

import json
from dataclasses import replace
from pathlib import Path
from struct import pack

import pytest

from openwmi.model import CimClass, CimInstance, CimType, Method, Property, Qualifier, Type, qualifier_set
from openwmi.wmio import ObjectArrayDecoder, ObjectArrayEncoder, decode_object, encode_object

STRING = Type(CimType.STRING)
CLASS = CimClass("C", properties=(Property("P", STRING, "default"), Property("Q", STRING)), methods=(Method("M"),))


def decoded_class(octets: bytes) -> CimClass:
    found = decode_object(octets)
    assert isinstance(found, CimClass)
    return found


def decoded_instance(octets: bytes) -> CimInstance:
    found = decode_object(octets)
    assert isinstance(found, CimInstance)
    return found


def with_slack(instance: bytes, slack: bytes) -> bytes:
    """An undecorated EncodingUnit whose class part has something more in its heap and behind it."""
    size = int.from_bytes(instance[9:13], "little")
    part = pack("<I", size + len(slack)) + instance[13 : 9 + size] + slack
    return pack("<II", 0x12345678, len(instance) + len(slack) - 8) + instance[8:9] + part + instance[9 + size :]


@pytest.mark.parametrize("number", ["000", "001", "003", "005", "015", "016"])
def test_windows_classes_go_back_as_they_came(shared: Path, number: str) -> None:
    """Up to what lies behind the object: nothing says that it is part of it."""
    octets = (shared / "vectors" / "wmio" / f"{number}.bin").read_bytes()
    index = {each["file"]: each for each in json.loads((shared / "vectors" / "wmio" / "index.json").read_text())}
    again = encode_object(decode_object(octets))
    assert again[8:] == octets[8 : len(octets) - index[f"{number}.bin"]["trailing_octets_after_block"]]


def test_an_instance_goes_back_with_the_class_part_that_it_had() -> None:
    octets = with_slack(encode_object(CLASS.instance({"Q": "x"}), decorated=False), b"remains of a heap")
    found = decoded_instance(octets)
    assert encode_object(found, decorated=False) == octets
    changed = encode_object(found.replace_(Q="another"), decorated=False)
    assert changed.count(b"remains of a heap") == 1
    assert decoded_instance(changed)["Q"] == "another"


def test_so_does_an_instance_that_is_made_from_a_received_class() -> None:
    octets = encode_object(replace(CLASS, qualifiers=qualifier_set(Qualifier("Long", "x" * 9, STRING))))
    cls = decoded_class(octets.replace(b"\0xxxxxxxxx\0", b"\0xxx\0xxxxx\0"))
    assert cls.qualifiers["Long"].value == "xxx"
    assert b"\0xxx\0xxxxx\0" in encode_object(cls.instance())
    assert b"\0xxx\0xxxxx\0" in ObjectArrayEncoder().encode([cls.instance()])


def test_random_padding_of_methods_goes_back_and_a_changed_class_is_encoded_anew() -> None:
    octets = encode_object(CLASS)
    head = pack("<HH", 1, 0)
    random = octets.replace(head, pack("<HH", 1, 0xABCD))
    assert random != octets
    cls = decoded_class(random)
    assert encode_object(cls) == random
    assert encode_object(replace(cls, name="C")) == octets
    assert encode_object(cls, parent=None) == random


def test_values_where_the_class_part_has_them() -> None:
    """A value table with a gap: instances have the gap, too, and their plans read across it."""
    unit = encode_object(CimInstance(CLASS, ("a", "b")), decorated=False)
    # NdTable + ValueTable of the class part: 1 + 8 octets become 1 + 8 + 3, and Q moves on by 3.
    at = unit.index(pack("<I", 9), 13)
    unit = unit[:at] + pack("<I", 12) + unit[at + 4 :]
    info = pack("<IHI", 8, 1, 4)
    unit = unit.replace(info, pack("<IHI", 8, 1, 7))
    part_end = 9 + int.from_bytes(unit[9:13], "little")
    part, body = unit[9:part_end], unit[part_end:]
    defaults = body_of_defaults(part)
    part = part[:defaults] + b"\0\0\0" + part[defaults:]
    part = pack("<I", len(part)) + part[4:]
    body = pack("<I", len(body) + 3) + body[4:14] + b"\0\0\0" + body[14:]
    gapped = pack("<IIB", 0x12345678, 1 + len(part) + len(body), 2) + part + body
    found = decoded_instance(gapped)
    assert found.values_ == ("a", "b")
    assert encode_object(found, decorated=False) == gapped
    rows = [found.replace_(P=str(number)) for number in range(200)]
    assert ObjectArrayDecoder().decode(ObjectArrayEncoder().encode(rows)) == rows


def body_of_defaults(part: bytes) -> int:
    """Where the slot of the second default begins in a class part without qualifiers."""
    lookup = 13 + 4 + 4
    return lookup + 4 + 8 * int.from_bytes(part[lookup : lookup + 4], "little") + 1 + 4
