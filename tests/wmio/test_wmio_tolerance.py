"""What real Windows sends although the document says otherwise, and what the document allows and nobody expects."""

from struct import pack

import pytest

from openwmi.base.fault import RemoteProtocolError
from openwmi.model import CimClass, CimInstance, CimType, Flavor, Property, Qualifier, Type, qualifier_set
from openwmi.wmio import decode_object, encode_object

STRING, UINT32, STRINGS = Type(CimType.STRING), Type(CimType.UINT32), Type(CimType.STRING, array=True)


def decoded(octets: bytes) -> CimInstance:
    found = decode_object(octets)
    assert isinstance(found, CimInstance)
    return found


def class_part_of(cls: CimClass) -> bytes:
    octets = encode_object(cls.instance(), decorated=False)
    return octets[9 : 9 + int.from_bytes(octets[9:13], "little")]


def unit(class_part: bytes, body: bytes) -> bytes:
    """An EncodingUnit, undecorated, of a class part and what follows it."""
    return pack("<IIB", 0x12345678, 1 + len(class_part) + len(body), 2) + class_part + body


def instance(flags: bytes, table: bytes, heap: bytes, *, sets: bytes = b"\4\0\0\0\1") -> bytes:
    """What follows a class part, by hand."""
    size = 9 + len(flags) + len(table) + len(sets) + 4 + len(heap)
    return pack("<IBI", size, 0, 0) + flags + table + sets + pack("<I", len(heap) | 0x80000000) + heap


ONE = CimClass("C", properties=(Property("P", STRING), Property("N", UINT32, 7)))
CLASS_PART = class_part_of(ONE)


def test_windows_the_length_of_the_object_may_be_too_large() -> None:
    octets = encode_object(ONE.instance({"P": "x"}))
    assert decoded(octets[:4] + pack("<I", 0x7FFFFFFF) + octets[8:])["P"] == "x"
    assert decoded(octets + b"rubbish")["P"] == "x"


def test_windows_slack_follows_the_heap_of_a_class_and_of_an_instance() -> None:
    """Zeros in the heap, and rubbish behind it within the part's length."""
    body = instance(b"\0", pack("<II", 3, 5), b"\0C\0" + b"\0text\0" + b"garbage")
    class_part = pack("<I", len(CLASS_PART) + 9) + CLASS_PART[4:] + b"more junk"
    body = pack("<I", len(body) + 4) + body[4:] + b"junk"
    assert decoded(unit(class_part, body)).values_ == ("text", 5)


def test_windows_an_empty_qualifier_set_may_be_zero_long() -> None:
    body = instance(b"\0", pack("<II", 3, 5), b"\0C\0\0text\0", sets=b"\0\0\0\0\1")
    assert decoded(unit(CLASS_PART, body)).values_ == ("text", 5)


def test_the_null_flag_decides_and_not_the_value() -> None:
    """0xFFFFFFFF is a number, and a default is one whatever stands in its slot."""
    heap = b"\0C\0\0text\0"
    assert decoded(unit(CLASS_PART, instance(b"\0", pack("<Ii", 3, -1), heap))).values_ == ("text", 0xFFFFFFFF)
    assert decoded(unit(CLASS_PART, instance(b"\x04", pack("<II", 3, 5), heap))).values_ == ("text", None)
    assert decoded(unit(CLASS_PART, instance(b"\x08", pack("<Ii", 3, -1), heap))).values_ == ("text", 7)
    assert decoded(unit(CLASS_PART, instance(b"\x0f", pack("<II", 3, 5), heap))).values_ == (None, None)


def test_a_reference_of_all_ones_is_null_too() -> None:
    body = instance(b"\0", pack("<II", 0xFFFFFFFF, 5), b"\0C\0")
    assert decoded(unit(CLASS_PART, body)).values_ == (None, 5)


def test_unused_bits_of_the_null_table_may_be_anything() -> None:
    body = instance(b"\xf0", pack("<II", 3, 5), b"\0C\0\0text\0")
    assert decoded(unit(CLASS_PART, body)).values_ == ("text", 5)


@pytest.mark.parametrize(("index", "word"), [(0, '"'), (1, "key"), (2, ""), (9, "DWORD")])
def test_a_value_may_be_a_word_of_the_dictionary(index: int, word: str) -> None:
    """2.2.80 asks for it. We send text, since impacket and aiowmi cannot read it."""
    body = instance(b"\0", pack("<II", 0x80000000 | index, 5), b"\0C\0")
    assert decoded(unit(CLASS_PART, body))["P"] == word


def test_strings_of_an_array_may_lie_anywhere() -> None:
    cls = CimClass("C", properties=(Property("A", STRINGS),))
    class_part = class_part_of(cls)
    heap = b"\0C\0" + b"\0second\0" + pack("<III", 2, 23, 3) + b"\0first\0"
    assert decoded(unit(class_part, instance(b"\0", pack("<I", 11), heap)))["A"] == ("first", "second")


def test_values_may_stand_in_any_order() -> None:
    """ValueTableOffset is followed, not guessed: here the two slots change places."""
    info = pack("<IHII", 8, 0, 0, 0), pack("<IHII", 19, 1, 4, 0)
    class_part = CLASS_PART.replace(info[0], pack("<IHII", 8, 0, 4, 0)).replace(info[1], pack("<IHII", 19, 1, 0, 0))
    assert class_part != CLASS_PART
    class_part = class_part.replace(pack("<iI", -1, 7), pack("<Ii", 7, -1))
    found = decoded(unit(class_part, instance(b"\0", pack("<II", 5, 3), b"\0C\0\0text\0")))
    assert found.values_ == ("text", 5)
    assert found.class_.defaults == (None, 7)


def test_qualifiers_of_an_instance_and_of_its_properties() -> None:
    """2.2.65: flag 2, one set per property in the order of the lookup table. The model keeps those of the instance."""
    test = pack("<I", 15) + pack("<IBI", 9, 0, 11) + b"\xff\xff"  # the example of 3.1
    own = pack("<I", 17) + pack("<IBI", 9, 3, 19) + pack("<I", 42)
    body = instance(b"\0", pack("<II", 3, 5), b"\0C\0\0text\0\0test\0", sets=own + b"\2" + test + b"\4\0\0\0")
    found = decoded(unit(CLASS_PART, body))
    assert found.values_ == ("text", 5)
    assert list(found.own_qualifiers_.values()) == [Qualifier("test", 42, UINT32, Flavor(3))]
    with pytest.raises(RemoteProtocolError, match="InstPropQualSetFlag 3"):
        decode_object(unit(CLASS_PART, instance(b"\0", pack("<II", 3, 5), b"\0C\0\0text\0", sets=b"\4\0\0\0\3")))


def test_flavors_that_nobody_knows_are_kept() -> None:
    qualifier = Qualifier("Q", 1, UINT32, Flavor(0x0C))
    cls = CimClass("C", qualifiers=qualifier_set(qualifier))
    assert decode_object(encode_object(cls)) == cls


def test_a_cimtype_that_says_something_else_is_kept() -> None:
    cimtype = Qualifier("CIMTYPE", "uint32 or so", STRING, Flavor(3))
    cls = CimClass("C", properties=(Property("P", UINT32, qualifiers=qualifier_set(cimtype)),))
    octets = encode_object(cls)
    assert octets.count(b"uint32 or so") == 1
    assert decode_object(octets) == cls
    usual = CimClass("C", properties=(Property("P", UINT32),))
    assert encode_object(usual).count(b"\0uint32\0") == 1
    found = decode_object(encode_object(usual))
    assert isinstance(found, CimClass)
    assert not found.property("P").qualifiers, "what the type says is no qualifier in the model"


def test_windows_padding_of_methods_is_random() -> None:
    octets = encode_object(CimClass("C"))
    assert octets.count(pack("<IHHI", 12, 0, 0, 0x80000000)) == 2
    random = octets.replace(pack("<IHHI", 12, 0, 0, 0x80000000), pack("<IHHI", 12, 0, 0xABCD, 0x80000000))
    assert decode_object(random) == CimClass("C")


def test_a_number_that_is_null_as_a_qualifier_becomes_a_null_string() -> None:
    """It has no wire form of its own."""
    cls = CimClass("C", qualifiers=qualifier_set(Qualifier("Q", None, UINT32)))
    found = decode_object(encode_object(cls))
    assert isinstance(found, CimClass)
    assert found.qualifiers["Q"] == Qualifier("Q", None, STRING)
