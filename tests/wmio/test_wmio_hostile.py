"""Whatever comes in: an object or a RemoteProtocolError, in time that grows with the octets and not with their lies."""

import random
from struct import pack

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.wmio import seeds
from tests.wmio.examined import is_sound
from tests.wmio.seeds import sample

from openwmi.base import limits
from openwmi.base.fault import RemoteProtocolError
from openwmi.model import (
    CimClass,
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


SEEDS = dict(seeds.all_of_them())


@pytest.mark.parametrize("name", SEEDS)
def test_truncated_at_every_length(name: str) -> None:
    octets = SEEDS[name]
    whole = [length for length in range(len(octets) + 1) if is_sound(octets[:length])]
    # Slack at the end may be missing; what lies before it may not.
    assert whole == list(range(whole[0], len(octets) + 1))


@pytest.mark.no_cover  # other tests show that each line is run
@pytest.mark.parametrize("name", SEEDS)
def test_every_octet_flipped(name: str) -> None:
    """One bit of each, one after the other."""
    octets = SEEDS[name]
    outcomes = {is_sound(flipped(octets, at, 1 << at % 8)) for at in range(len(octets))}
    assert outcomes == {True, False}


@pytest.mark.no_cover  # other tests show that each line is run
@pytest.mark.parametrize("name", SEEDS)
def test_octets_flipped_for_what_is_made_for_one_class(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is made at once, which takes long for each octet of a class that changes: every fifth of these has to do. The
    instances are in the second halves.
    """
    monkeypatch.setattr(limits, "WMIO_PLAN_AFTER", 1)
    monkeypatch.setattr(limits, "WMIO_COMPILE_AFTER", 1)
    octets = SEEDS[name]
    places = [at for at in range(len(octets)) if at % 5 == 0 or at >= len(octets) // 2]
    outcomes = {is_sound(flipped(octets, at, 0xFF)) for at in places}
    assert outcomes == {True, False}


def flipped(octets: bytes, at: int, mask: int) -> bytes:
    return octets[:at] + bytes((octets[at] ^ mask,)) + octets[at + 1 :]


@pytest.mark.parametrize("name", SEEDS)
def test_octets_overwritten_at_random(name: str) -> None:
    source = random.Random(name)
    octets = SEEDS[name]
    for _ in range(200):
        changed = bytearray(octets)
        for _ in range(source.randrange(1, 6)):
            at = source.randrange(8, len(changed) - 4)
            changed[at : at + 4] = pack("<I", source.choice([0, 1, at, len(octets), 0x7FFFFFFF, 0xFFFFFFFF]))
        is_sound(bytes(changed))


@given(st.binary(max_size=200))
def test_any_octets(octets: bytes) -> None:
    is_sound(octets)
    is_sound(pack("<II", 0x12345678, len(octets)) + octets)
    with pytest.raises(RemoteProtocolError):
        ObjectArrayDecoder().decode(octets)


# ------------------------------------------------------------------------------------ small messages, much to be read


def test_properties_that_share_a_string() -> None:
    """A thousand references to one string of 100 KB would be 100 MB."""
    cls = CimClass("Many", properties=tuple(Property(f"P{number:03}", STRING) for number in range(1000)))
    long = "x" * 100_000
    octets = encode_object(CimInstance(cls, (long, *["y"] * 999)))
    start = octets.rindex(pack("<I", len("Many") + 2))  # the reference of the first one
    shared = octets[:start] + octets[start : start + 4] * 1000 + octets[start + 4000 :]
    assert is_sound(octets)
    with pytest.raises(RemoteProtocolError, match="share"):
        decode_object(shared)


def test_elements_that_share_a_string() -> None:
    cls = CimClass("Many", properties=(Property("Texts", STRINGS),))
    octets = encode_object(CimInstance(cls, (("x" * 100_000, *["y"] * 999),)))
    start = octets.rindex(pack("<I", 1000)) + 4
    shared = octets[:start] + octets[start : start + 4] * 1000 + octets[start + 4000 :]
    assert is_sound(octets)
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
    assert is_sound(octets)
    with pytest.raises(RemoteProtocolError):
        decode_object(shared)


def test_methods_that_share_a_signature() -> None:
    parameters = (Parameter("P" * 5000, STRING, is_in=True, is_out=False, id=0),)
    methods = [Method("M000", parameters), *[Method(f"M{number:03}") for number in range(1, 500)]]
    octets = encode_object(CimClass("Many", methods=tuple(methods)))
    table = octets.index(pack("<HH", 500, 0)) + 4
    description = octets[table : table + 24]
    shared = octets[:table] + description * 500 + octets[table + 24 * 500 :]
    assert is_sound(octets)
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
    rows = [CimClass(name).instance() for name in "abc"]
    for limit in ("WMIO_CLASSES_SENT", "WMIO_SMALL_CLASSES"):
        with monkeypatch.context() as patch:
            patch.setattr(limits, limit, 2)
            assert ObjectArrayDecoder().decode(ObjectArrayEncoder().encode(rows[:2])) == rows[:2]
            with pytest.raises(RemoteProtocolError, match=r"\b2 (classes|small)"):
                ObjectArrayDecoder().decode(ObjectArrayEncoder().encode(rows))
