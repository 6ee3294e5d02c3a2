"""ObjectArray, [MS-WMI] 2.2.14: its headers, its packets, and what the two ends remember."""

from dataclasses import replace
from struct import pack, unpack_from
from uuid import UUID

import pytest

from openwmi.base.fault import LocalProtocolError, RemoteProtocolError
from openwmi.model import CimClass, CimInstance, CimType, Property, Type
from openwmi.wmio import ObjectArrayDecoder, ObjectArrayEncoder, ObjectType, PacketType, encode_object

CLASS = CimClass("A", properties=(Property("N", Type(CimType.UINT32)),), server="SRV1", namespace=r"root\cimv2")
OTHER = CimClass("B", properties=(Property("T", Type(CimType.STRING)),))
NAME = UUID("00112233-4455-6677-8899-aabbccddeeff")


def row(number: int, cls: CimClass = CLASS) -> CimInstance:
    return CimInstance(cls, (number,))


def test_the_headers_of_an_array() -> None:
    encoder = ObjectArrayEncoder(PacketType.NEXT, new_guid=lambda: NAME)
    array = encoder.encode([row(1)])
    body = len(array) - 46
    assert array[:26] == pack("<I8sIIIBB", 0, b"WBEMDATA", 0x1A, body + 20, 0, 1, 1)
    assert array[26:34] == pack("<II", 8, body + 12)
    assert array[34:46] == pack("<III", 12, body, 1)
    assert ObjectArrayEncoder(PacketType.INDICATE).encode([])[25] == 0


def test_the_first_instance_carries_its_class_and_the_next_does_not() -> None:
    encoder = ObjectArrayEncoder(new_guid=lambda: NAME)
    first, second = encoder.packet(row(1)), encoder.packet(row(2))
    unit = encode_object(row(1))[8:]
    assert (
        first
        == pack("<IIB", 9, len(unit) + 24, ObjectType.INSTANCE) + pack("<II", 24, len(unit)) + NAME.bytes_le + unit
    )
    size = len(second) - 33
    assert second[:33] == pack("<IIB", 9, size + 24, 3) + pack("<II", 24, size) + NAME.bytes_le
    decoration = b"\x06\0SRV1\0\0root\\cimv2\0"
    assert second[33:].startswith(decoration)
    # EncodingLength, InstanceFlags, InstanceClassName, NdTable, ValueTable, no qualifiers, heap with the name
    assert second[33 + len(decoration) :] == pack("<IBIBIIBI", 26, 0, 0, 0, 2, 4, 1, 0x80000003) + b"\0A\0"


def test_a_class_object_is_a_packet_of_its_own_kind() -> None:
    packet = ObjectArrayEncoder().packet(OTHER)
    unit = encode_object(OTHER)[8:]
    assert packet == pack("<IIBII", 9, len(unit) + 8, ObjectType.CLASS, 8, len(unit)) + unit


def test_an_array_can_be_filled_by_octets() -> None:
    encoder, decoder = ObjectArrayEncoder(), ObjectArrayDecoder()
    rows = [row(number) for number in range(10)]
    packets = list(map(encoder.packet, rows))
    assert decoder.decode(encoder.array(packets[:3])) == rows[:3]
    assert decoder.decode(encoder.array(packets[3:])) == rows[3:]


def test_classes_are_told_apart_by_identity() -> None:
    """A projection has the name of its class, and an equal class may come from another query."""
    encoder, decoder = ObjectArrayEncoder(), ObjectArrayDecoder()
    rows = [row(1), row(2, replace(CLASS)), row(3), CimInstance(OTHER, ("x",)), row(4)]
    array = encoder.encode(rows)
    assert decoder.decode(array) == rows
    assert kinds(array) == [2, 2, 3, 2, 3]


def kinds(array: bytes) -> list[int]:
    found, at = [], 46
    while at < len(array):
        _, size, kind = unpack_from("<IIB", array, at)
        found.append(kind)
        at += 9 + size
    return found


def test_instances_share_the_class_that_was_sent_once() -> None:
    encoder, decoder = ObjectArrayEncoder(), ObjectArrayDecoder()
    found = [*decoder.decode(encoder.encode([row(1), row(2)])), *decoder.decode(encoder.encode([row(3)]))]
    assert all(isinstance(each, CimInstance) for each in found)
    assert len({id(each.class_) for each in found if isinstance(each, CimInstance)}) == 1


def test_a_later_instance_may_be_from_elsewhere() -> None:
    """The decoration is every instance's own, although the class is not."""
    encoder = ObjectArrayEncoder()
    array = encoder.encode([row(1), row(2)])
    at = array.rindex(b"\0SRV1\0")
    elsewhere = array[:at] + b"\0SRV2\0" + array[at + 6 :]
    found = ObjectArrayDecoder().decode(elsewhere)
    assert [each["__SERVER"] for each in found] == ["SRV1", "SRV2"]


def test_undecorated() -> None:
    encoder = ObjectArrayEncoder(decorated=False)
    found = ObjectArrayDecoder().decode(encoder.encode([row(1), row(2)]))
    assert [(each["N"], each["__SERVER"]) for each in found] == [(1, None), (2, None)]


@pytest.mark.parametrize(
    ("at", "octets"),
    [
        (0, b"\1"),
        (4, b"w"),
        (12, b"\x1b"),
        (24, b"\2"),
        (26, b"\7"),
        (34, b"\7"),
        (42, b"\2"),
        (46, b"\10"),
        (54, b"\4"),
    ],
)
def test_headers_that_lie(at: int, octets: bytes) -> None:
    array = ObjectArrayEncoder().encode([row(1)])
    with pytest.raises(RemoteProtocolError):
        ObjectArrayDecoder().decode(array[:at] + octets + array[at + 1 :])


def test_what_cannot_be_sent_is_ours_to_answer_for() -> None:
    with pytest.raises(LocalProtocolError, match=r"A\.N"):
        ObjectArrayEncoder().encode([CimInstance(CLASS, ("text",))])


def test_an_instance_that_fails_has_not_told_its_class() -> None:
    encoder = ObjectArrayEncoder()
    with pytest.raises(LocalProtocolError):
        encoder.packet(CimInstance(CLASS, ("text",)))
    assert ObjectArrayDecoder().decode(encoder.encode([row(1)])) == [row(1)]
