"""Whatever comes in: an object or a RemoteProtocolError, in time that grows with the octets and not with their lies."""

import random
from collections.abc import Iterator
from pathlib import Path
from struct import pack

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openwmi.base import limits
from openwmi.base.fault import RemoteProtocolError
from openwmi.model import (
    CimClass,
    CimDateTime,
    CimInstance,
    CimType,
    Method,
    Parameter,
    Property,
    Qualifier,
    Type,
    qualifier_set,
)
from openwmi.wmio import ObjectArrayDecoder, ObjectArrayEncoder, PacketType, decode_object, encode_object, object_block

STRING, OBJECT = Type(CimType.STRING), Type(CimType.OBJECT)
STRINGS, OBJECTS = Type(CimType.STRING, array=True), Type(CimType.OBJECT, array=True)


def decodes(octets: bytes) -> bool:
    """Whether it is an object; and then it can be sent on."""
    try:
        found = decode_object(octets)
    except RemoteProtocolError:
        return False
    assert encode_object(found)
    return True


def sample() -> CimInstance:
    """An instance with something of everything."""
    inner = CimClass("Inner", properties=(Property("Text", STRING),), server="S", namespace="root").instance(
        {"Text": "Ж"}
    )
    values = {
        "S": "text",
        "W": "текст",
        "N": None,
        "B": True,
        "D": CimDateTime.parse("20240131120000.000000+060"),
        "C": "ж",
        "R": 1.5,
        "L": ("a", "б", ""),
        "U": (1, 2, 3),
        "O": inner,
        "A": (inner, inner),
    }
    cims = [
        CimType.STRING, CimType.STRING, CimType.UINT8, CimType.BOOLEAN, CimType.DATETIME, CimType.CHAR16,
        CimType.REAL64, CimType.STRING, CimType.UINT16, CimType.OBJECT, CimType.OBJECT,
    ]  # fmt: skip
    properties = tuple(
        Property(name, Type(cim, isinstance(value, tuple)), value, qualifier_set(Qualifier("read")))
        for (name, value), cim in zip(values.items(), cims, strict=True)
    )
    cls = CimClass("Sample", derivation=("Parent", "Top"), properties=properties, server="SRV", namespace="root")
    return CimInstance(cls, cls.defaults, qualifier_set(Qualifier("own", "value", STRING)))


def sample_class() -> CimClass:
    parameters = (
        Parameter("First", STRING, is_in=True, is_out=False, id=0),
        Parameter("Both", OBJECT, is_in=True, is_out=True, id=1),
    )
    method = Method("Do", parameters, Type(CimType.UINT32), qualifier_set(Qualifier("static")))
    return CimClass("Sample", derivation=("Parent",), properties=(Property("P", STRING, "x"),), methods=(method,))


def subjects(shared: Path) -> Iterator[bytes]:
    yield encode_object(sample())
    yield encode_object(sample_class())
    for number in ("001", "002", "003", "015"):
        yield (shared / "vectors" / "wmio" / f"{number}.bin").read_bytes()


def test_truncated_at_every_length(shared: Path) -> None:
    for octets in subjects(shared):
        whole = [length for length in range(len(octets) + 1) if decodes(octets[:length])]
        # Slack at the end may be missing; what lies before it may not.
        assert whole == list(range(whole[0], len(octets) + 1))


@pytest.mark.parametrize("mask", [0xFF, 0x01, 0x80])
def test_every_octet_flipped(shared: Path, mask: int) -> None:
    for octets in subjects(shared):
        outcomes = {decodes(octets[:at] + bytes((octets[at] ^ mask,)) + octets[at + 1 :]) for at in range(len(octets))}
        assert outcomes == {True, False}


@pytest.mark.parametrize("seed", range(4))
def test_octets_overwritten_at_random(shared: Path, seed: int) -> None:
    source = random.Random(seed)
    for octets in subjects(shared):
        for _ in range(150):
            changed = bytearray(octets)
            for _ in range(source.randrange(1, 6)):
                at = source.randrange(8, len(changed) - 4)
                changed[at : at + 4] = pack("<I", source.choice([0, 1, at, len(octets), 0x7FFFFFFF, 0xFFFFFFFF]))
            decodes(bytes(changed))


@given(st.binary(max_size=200))
def test_any_octets(octets: bytes) -> None:
    decodes(octets)
    decodes(pack("<II", 0x12345678, len(octets)) + octets)
    with pytest.raises(RemoteProtocolError):
        ObjectArrayDecoder().decode(octets)


def test_an_array_truncated_and_flipped() -> None:
    row = sample()
    array = ObjectArrayEncoder().encode([row, row, sample_class()])
    for length in range(len(array)):
        with pytest.raises(RemoteProtocolError):
            ObjectArrayDecoder().decode(array[:length])
    for at in range(len(array)):
        try:
            ObjectArrayDecoder().decode(array[:at] + bytes((array[at] ^ 0xFF,)) + array[at + 1 :])
        except RemoteProtocolError:
            continue


# ------------------------------------------------------------------------------------ small messages, much to be read


def test_properties_that_share_a_string() -> None:
    """A thousand references to one string of 100 KB would be 100 MB."""
    cls = CimClass("Many", properties=tuple(Property(f"P{number:03}", STRING) for number in range(1000)))
    long = "x" * 100_000
    octets = encode_object(CimInstance(cls, (long, *["y"] * 999)))
    start = octets.rindex(pack("<I", len("Many") + 2))  # the reference of the first one
    shared = octets[:start] + octets[start : start + 4] * 1000 + octets[start + 4000 :]
    assert decodes(octets)
    with pytest.raises(RemoteProtocolError, match="share"):
        decode_object(shared)


def test_elements_that_share_a_string() -> None:
    cls = CimClass("Many", properties=(Property("Texts", STRINGS),))
    octets = encode_object(CimInstance(cls, (("x" * 100_000, *["y"] * 999),)))
    start = octets.rindex(pack("<I", 1000)) + 4
    shared = octets[:start] + octets[start : start + 4] * 1000 + octets[start + 4000 :]
    assert decodes(octets)
    with pytest.raises(RemoteProtocolError, match="share"):
        decode_object(shared)


def test_objects_that_share_an_object() -> None:
    """Two references a level make 2**32 objects of thirty-two levels."""
    cls = CimClass("Box", properties=(Property("Inner", OBJECTS),))
    box = CimInstance(cls, ((),))
    octets = encode_object(box, decorated=False)[8:]
    for _ in range(limits.WMIO_DEPTH):
        # An array of two, both of which are the one object that follows.
        heap = pack("<III", 2, 17, 17) + pack("<I", len(octets)) + octets
        octets = with_heap(box, heap)
    with pytest.raises(RemoteProtocolError, match="share"):
        decode_object(pack("<II", 0x12345678, len(octets)) + octets)


def with_heap(box: CimInstance, items: bytes) -> bytes:
    """The block of a Box whose heap is its name (5 octets) and these items."""
    block = encode_object(CimInstance(box.class_, ((),)), decorated=False)[8:]
    name = b"\0Box\0"
    head = block[: block.rindex(name)]
    start = head.rindex(pack("<IBI", *instance_head(block)))
    head = head[:-4] + pack("<I", (len(name) + len(items)) | 0x80000000)
    size = len(head) - start + len(name) + len(items)
    return head[:start] + pack("<I", size) + head[start + 4 :] + name + items


def instance_head(block: bytes) -> tuple[int, int, int]:
    """EncodingLength, InstanceFlags and InstanceClassName of a block that is a class part and an instance."""
    start = 1 + int.from_bytes(block[1:5], "little")
    return len(block) - start, 0, 0


def test_lookups_that_share_their_property() -> None:
    qualifiers = qualifier_set(Qualifier("Long", "x" * 50_000, STRING))
    first = Property("A0000", STRING, qualifiers=qualifiers)
    rest = [Property(f"P{number:04}", STRING) for number in range(1000)]
    octets = encode_object(CimInstance(CimClass("Many", properties=(first, *rest)), (None,) * 1001))
    table = octets.index(pack("<I", 1001)) + 4
    lookup = octets[table : table + 8]
    shared = octets[:table] + lookup * 1001 + octets[table + 8 * 1001 :]
    assert decodes(octets)
    with pytest.raises(RemoteProtocolError):
        decode_object(shared)


def test_methods_that_share_a_signature() -> None:
    parameters = (Parameter("P" * 5000, STRING, is_in=True, is_out=False, id=0),)
    methods = [Method("M000", parameters), *[Method(f"M{number:03}") for number in range(1, 500)]]
    octets = encode_object(CimClass("Many", methods=tuple(methods)))
    table = octets.index(pack("<HH", 500, 0)) + 4
    description = octets[table : table + 24]
    shared = octets[:table] + description * 500 + octets[table + 24 * 500 :]
    assert decodes(octets)
    with pytest.raises(RemoteProtocolError, match="share"):
        decode_object(shared)


def test_deeper_than_anything_that_is_sent() -> None:
    cls = CimClass("Box", properties=(Property("Inner", OBJECT),))
    box = CimInstance(cls, (None,))
    for _ in range(limits.WMIO_DEPTH + 1):
        box = CimInstance(cls, (box,))
    block = object_block.encode(box, decorated=False)
    with pytest.raises(RemoteProtocolError, match="nested deeper"):
        decode_object(pack("<II", 0x12345678, len(block)) + block)


def test_a_class_wider_than_any() -> None:
    """It gets no encoder of its own, however often it is sent, and no plan for its NULLs."""
    count = limits.WMIO_COMPILED_PROPERTIES + 1
    cls = CimClass("Wide", properties=tuple(Property(f"P{number}", Type(CimType.UINT8)) for number in range(count)))
    rows = [CimInstance(cls, (None,) * count), CimInstance(cls, (0,) * count)] * limits.WMIO_COMPILE_AFTER
    assert ObjectArrayDecoder().decode(ObjectArrayEncoder().encode(rows)) == rows


# --------------------------------------------------------------------------------------------- single contradictions


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        (0, pack("<I", 0x12345679), "signature"),
        (8, b"\x03", "either a class or an instance"),
        (8, b"\x00", "either a class or an instance"),
    ],
)
def test_heads_that_are_none(field: int, value: bytes, message: str) -> None:
    octets = encode_object(sample())
    with pytest.raises(RemoteProtocolError, match=message):
        decode_object(octets[:field] + value + octets[field + len(value) :])


def test_two_properties_of_one_name() -> None:
    cls = CimClass("X", properties=(Property("Aa", STRING), Property("Ab", STRING)))
    octets = encode_object(cls, decorated=False).replace(b"\0Ab\0", b"\0Aa\0")
    with pytest.raises(RemoteProtocolError, match="twice"):
        decode_object(octets)


def test_an_instance_of_a_class_that_was_never_sent() -> None:
    encoder = ObjectArrayEncoder(PacketType.INDICATE)
    encoder.encode([sample()])
    later = ObjectArrayEncoder.encode(encoder, [sample(), sample()])
    assert len(ObjectArrayDecoder().decode(later)) == 2, "two classes of one name, each with its own"
    row = sample()
    encoder.encode([row])
    with pytest.raises(RemoteProtocolError, match="never sent"):
        ObjectArrayDecoder().decode(encoder.encode([row]))


def test_more_classes_than_anybody_has(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "WMIO_CLASSES_SENT", 2)
    rows = [CimClass(name).instance() for name in "abc"]
    assert ObjectArrayDecoder().decode(ObjectArrayEncoder().encode(rows[:2])) == rows[:2]
    with pytest.raises(RemoteProtocolError, match="more than 2 classes"):
        ObjectArrayDecoder().decode(ObjectArrayEncoder().encode(rows))
