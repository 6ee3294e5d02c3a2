"""An instance keeps its octets and decodes a property when asked; what is wrong with them is found before."""

import copy
import gc
import pickle
import sys
import tracemalloc
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from struct import pack
from threading import Barrier

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.wmio.made import instances

from openwmi.base import limits
from openwmi.base.fault import RemoteProtocolError
from openwmi.model import CimClass, CimDateTime, CimInstance, CimType, Property, Type
from openwmi.wmio import (
    ObjectArrayDecoder,
    ObjectArrayEncoder,
    class_image,
    class_part,
    codec,
    decode_object,
    encode_object,
)

STRING, UINT32, OBJECT = Type(CimType.STRING), Type(CimType.UINT32), Type(CimType.OBJECT)
CLASS = CimClass(
    "Lazy",
    properties=(
        Property("Name", STRING),
        Property("Id", UINT32),
        Property("When", Type(CimType.DATETIME)),
        Property("On", Type(CimType.BOOLEAN)),
        Property("Letter", Type(CimType.CHAR16)),
        Property("Names", Type(CimType.STRING, array=True)),
        Property("Ids", Type(CimType.UINT16, array=True)),
        Property("Other", STRING),
    ),
)
WHEN = CimDateTime("20240131120000.000000+060")
ROW = ("a name", 5, WHEN, False, "K", ("one", "two"), (1, 2, 3), "other")
MANY = limits.WMIO_PLAN_AFTER + 2


def received(*rows: tuple[object, ...], times: int = 1) -> list[CimInstance]:
    """Instances of CLASS as one conversation gives them."""
    decoder = ObjectArrayDecoder()
    found = decoder.decode(ObjectArrayEncoder().encode([CimInstance(CLASS, row) for row in rows * times]))
    return [each for each in found if isinstance(each, CimInstance)]


@pytest.mark.parametrize("number", [0, MANY - 1], ids=["before there is a plan", "by a plan"])
@pytest.mark.parametrize("name", ["a name", "имя", "", "ÿ", "\ud800"])
def test_one_value_after_the_other_and_all_at_once(number: int, name: str) -> None:
    row = (name, *ROW[1:])
    found = received(row, times=MANY)[number]
    assert not isinstance(found.store_, tuple)
    assert [found[each] for each in reversed(CLASS.names)] == list(reversed(row))
    assert found.values_ == row
    assert list(found.store_) == list(row)  # type: ignore[call-overload]  # as any sequence
    assert len(found.store_) == len(row)
    assert [type(value) for value in found.values_] == [type(value) for value in row]
    with pytest.raises(IndexError):
        found.store_[len(row)]


def test_what_is_made_of_a_received_instance() -> None:
    found = received(ROW, times=MANY)[-1]
    assert found == CimInstance(CLASS, ROW)
    assert hash(found) == hash(CimInstance(CLASS, ROW))
    assert found.replace_(Id=6)["Id"] == 6
    assert pickle.loads(pickle.dumps(found)) == found
    assert encode_object(found) == encode_object(CimInstance(CLASS, ROW))


@pytest.mark.parametrize("number", [0, MANY - 1], ids=["before there is a plan", "by a plan"])
def test_names_of_every_kind(number: int) -> None:
    found = received(ROW, times=MANY)[number]
    assert (found.Name, found.name, found["NAME"], found["nAme"]) == ("a name",) * 4
    assert (found["__CLASS"], found.__PROPERTY_COUNT) == ("Lazy", 8)
    assert found.path_ is None
    with pytest.raises(AttributeError, match="Lazy has no property 'Nam'; did you mean 'Name'"):
        found.Nam  # noqa: B018 - there is none
    with pytest.raises(KeyError, match="Lazy has no property 'Nam'"):
        found["Nam"]
    with pytest.raises(AttributeError, match="never changes"):
        found.Name = "another"
    with pytest.raises(AttributeError, match="never changes"):
        del found.Name


@pytest.mark.parametrize("copied", [copy.copy, copy.deepcopy, lambda obj: pickle.loads(pickle.dumps(obj))])
@pytest.mark.parametrize(("number", "name"), [(0, "a name"), (MANY - 1, "a name"), (MANY - 1, "имя")])
def test_a_copy_is_an_ordinary_instance(copied: Callable[[CimInstance], CimInstance], number: int, name: str) -> None:
    found = received((name, *ROW[1:]), times=MANY)[number]
    again = copied(found)
    assert type(again) is CimInstance
    assert again == found == CimInstance(CLASS, (name, *ROW[1:]))


def test_a_store_is_the_same_whoever_asks_for_it() -> None:
    """Rows are told apart by the identity of their stores."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    count = 4
    try:
        with ThreadPoolExecutor(count) as threads:
            for found in received(ROW, times=MANY + 100)[MANY:]:
                start = Barrier(count)

                def ask(found: CimInstance = found, start: Barrier = start) -> object:
                    start.wait()
                    return found.store_

                stores = [each.result() for each in [threads.submit(ask) for _ in range(count)]]
                assert {id(store) for store in stores} == {id(found.store_)}
                assert (found.Name, found.store_[0], found.values_) == ("a name", "a name", ROW)
    finally:
        sys.setswitchinterval(before)


def test_what_becomes_of_the_message_does_not_matter() -> None:
    encoder = ObjectArrayEncoder()
    octets = bytearray(encoder.encode([CimInstance(CLASS, ROW)] * MANY))
    for message in (octets, memoryview(octets)):
        found = ObjectArrayDecoder().decode(message)
        kept = bytes(octets)
        octets[:] = bytes(len(octets))
        assert [each["Name"] for each in found] == ["a name"] * MANY
        octets[:] = kept
    unit = bytearray(encode_object(CLASS))
    cls = decode_object(unit)
    unit[:] = bytes(len(unit))
    assert cls == CLASS


def test_nothing_is_left_of_what_nobody_holds() -> None:
    class_part._parts.clear()
    gc.collect()
    before = len(class_image._sources), len(codec._codecs)
    for number in range(limits.WMIO_CLASS_PARTS + 10):
        cls = decode_object(encode_object(CimClass(f"C{number}", properties=(Property("P", STRING),))))
        assert isinstance(cls, CimClass)
        assert decode_object(encode_object(cls.instance({"P": "x"})))["P"] == "x"
    del cls
    gc.collect()
    assert len(class_part._parts) <= limits.WMIO_CLASS_PARTS
    class_part._parts.clear()
    gc.collect()
    assert len(class_image._sources) <= before[0]
    assert len(codec._codecs) <= before[1]


def test_a_kept_instance_takes_little_more_than_its_octets() -> None:
    encoder, decoder = ObjectArrayEncoder(), ObjectArrayDecoder()
    rows = [CimInstance(CLASS, (f"name {number}", number, *ROW[2:])) for number in range(1000)]
    decoder.decode(encoder.encode(rows[:MANY]))
    packets = [encoder.packet(row) for row in rows]
    array = encoder.array(packets)
    tracemalloc.start()
    kept = decoder.decode(array)
    octets, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    head = 33 + 3  # the packet's, and the object's
    assert octets <= sum(len(packet) - head + 120 for packet in packets)
    assert kept == rows


def test_an_instance_does_not_keep_the_message() -> None:
    decoder = ObjectArrayDecoder()
    rows = [CimInstance(CLASS, ("x" * 10_000, *ROW[1:])), *[CimInstance(CLASS, ROW)] * MANY]
    array = ObjectArrayEncoder().encode(rows)
    tracemalloc.start()
    before, _ = tracemalloc.get_traced_memory()
    kept = decoder.decode(bytes(bytearray(array)))[-1]
    after, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert kept == rows[-1]
    assert after - before < 100_000


def test_objects_inside_are_there_at_once() -> None:
    box = CimClass("Box", properties=(Property("Inner", OBJECT), Property("Name", STRING)))
    inner = CimInstance(CLASS, ROW)
    found = decode_object(encode_object(CimInstance(box, (inner, "outer"))))
    assert isinstance(found, CimInstance)
    assert found["Inner"] is found["Inner"]
    assert found.values_ == (inner, "outer")
    assert (found["Name"], found["Inner"]["Name"]) == ("outer", "a name")


# ---------------------------------------------------------------------------------------- what is wrong is found before


def damaged(array: bytes, find: bytes, replacement: bytes) -> bytes:
    """The array with something else in its last instance."""
    at = array.rindex(find)
    return array[:at] + replacement + array[at + len(find) :]


@pytest.mark.parametrize("slot", [0, 8, 16, 20, 26], ids=["Name", "When", "Names", "Ids", "Other"])
@pytest.mark.parametrize("reference", [0x7FFFFFFF, 1, 0x8000000B, -1], ids=["beyond", "no flag", "no word", "last"])
@pytest.mark.parametrize("times", [1, MANY])
def test_a_reference_to_nothing(slot: int, reference: int, times: int) -> None:
    array = ObjectArrayEncoder().encode([CimInstance(CLASS, ROW)] * times)
    at, table = find_table(array)
    size = len(array) - at - len(table) - 9
    reference = size - 1 if reference < 0 else reference
    changed = array[: at + slot] + pack("<I", reference) + array[at + slot + 4 :]
    with pytest.raises(RemoteProtocolError):
        ObjectArrayDecoder().decode(changed)


def find_table(array: bytes) -> tuple[int, bytes]:
    """Where the value table of the last instance of ROW is, and it."""
    size = 4 + 4 + 4 + 2 + 2 + 4 + 4 + 4
    at = array.rindex(b"\0Lazy\0") - 9 - size
    return at, array[at : at + size]


@pytest.mark.parametrize("times", [1, MANY])
@pytest.mark.parametrize(
    ("find", "replacement"),
    [
        (b"\0a name\0", b"\2a name\0"),  # a flag that is none
        (pack("<IH", 3, 1), pack("<IH", 0x7FFF, 1)),  # more elements than there is room for
        (b"\0two\0", b"\2two\0"),  # the flag of an element
    ],
)
def test_an_item_that_is_none(find: bytes, replacement: bytes, times: int) -> None:
    array = ObjectArrayEncoder().encode([CimInstance(CLASS, ROW)] * times)
    at = array.rindex(find)
    with pytest.raises(RemoteProtocolError):
        ObjectArrayDecoder().decode(array[:at] + replacement + array[at + len(find) :])


@pytest.mark.parametrize("times", [1, MANY])
@pytest.mark.parametrize("text", ["text", "текст"])
def test_a_string_without_an_end(text: str, times: int) -> None:
    cls = CimClass("C", properties=(Property("P", STRING),))
    array = ObjectArrayEncoder().encode([CimInstance(cls, (text,))] * times)
    with pytest.raises(RemoteProtocolError, match="no end"):
        ObjectArrayDecoder().decode(array[:-1] + b"x")


@given(instances(1), st.integers(0, 2**32 - 1), st.data())
def test_no_reading_fails_that_decoding_allowed(obj: CimInstance, number: int, data: st.DataObject) -> None:
    """Four octets anywhere in the last of many instances become something else."""
    encoder = ObjectArrayEncoder()
    packets = [encoder.packet(obj) for _ in range(MANY)]
    last = packets.pop()
    at = data.draw(st.integers(33, max(33, len(last) - 4)))
    array = encoder.array([*packets, last[:at] + pack("<I", number)[: len(last) - at] + last[at + 4 :]])
    decoder = ObjectArrayDecoder()
    try:
        found = decoder.decode(array)[-1]
    except RemoteProtocolError:
        return
    assert isinstance(found, CimInstance)
    one_by_one = tuple(found[name] for name in found)
    assert repr(one_by_one) == repr(found.values_)
