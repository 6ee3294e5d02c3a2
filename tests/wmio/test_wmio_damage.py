"""What decoding costs grows with the octets, for honest objects, crafted ones and damaged ones alike."""

import tracemalloc

import pytest
from tests.wmio import seeds
from tests.wmio.examined import decoded
from tests.wmio.growing import SHAPES, STRING, operations, takes_at_most, use

from openwmi.base import limits
from openwmi.model import CimClass, CimInstance, CimType, Property, Type
from openwmi.wmio import ObjectArrayDecoder, ObjectArrayEncoder
from openwmi.wmio.row_plan import price

# What measures coverage takes memory and time of its own, beside what is measured here.
pytestmark = pytest.mark.no_cover

SEEDS = dict(seeds.all_of_them())


@pytest.fixture(autouse=True)
def nothing_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    """Class parts are decoded anew each time, and what is made for a class has its price."""
    monkeypatch.setattr(limits, "WMIO_CLASS_PART_BYTES", 0)
    monkeypatch.setattr(limits, "WMIO_PLAN_PRICE", 1)


@pytest.mark.parametrize("shape", SHAPES)
def test_four_times_the_octets_are_four_times_the_work(shape: str) -> None:
    small, large = SHAPES[shape](90), SHAPES[shape](360)
    use(small)  # what is made once, is made
    assert operations(large) <= 1.2 * len(large) / len(small) * operations(small)


# ----------------------------------------------------------------------------------------------------------- memory

# A message is kept as octets, and objects are made of them when somebody asks. What there is besides, whatever comes:
# an object of Python and what it consists of for the smallest, and frames of the interpreter for each level of objects
# in one another: those come in chunks of 16 KB, of which it takes one more where the stack was deep before.
ALWAYS = 8_000
THIRTY_LEVELS = 112_000


@pytest.mark.parametrize("shape", SHAPES)
def test_decoding_takes_at_most_four_bytes_per_octet(shape: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """At any moment, with all that is kept; without decoders for one class, of which there is a test below."""
    monkeypatch.setattr(limits, "WMIO_PLAN_AFTER", 1 << 30)
    octets = SHAPES[shape](1000)
    use(octets)
    frames = THIRTY_LEVELS if shape == "objects in one another" else ALWAYS
    assert takes_at_most(4 * len(octets) + frames, octets)


@pytest.mark.parametrize("name", SEEDS)
def test_so_does_refusing_what_is_damaged(name: str) -> None:
    """Cut at an octet, and an octet changed, at two hundred places."""
    octets = SEEDS[name]
    use(octets)
    places = range(0, len(octets), 1 + len(octets) // 200)
    limit = 4 * len(octets) + ALWAYS
    assert all(takes_at_most(limit, changed) for at in places for changed in damaged(octets, at))


def damaged(octets: bytes, at: int) -> tuple[bytes, bytes]:
    return octets[:at], octets[:at] + bytes((octets[at] ^ 0xFF,)) + octets[at + 1 :]


@pytest.mark.parametrize("shape", SHAPES)
def test_everything_asked_for_takes_at_most_twenty_bytes_per_octet(shape: str) -> None:
    """The shortest string takes fifty bytes, its place in a tuple eight, a qualifier of seventeen octets 250. No peer
    makes it worse: the crafted shapes take no more than honest ones.
    """
    octets = SHAPES[shape](400)
    use(octets)
    assert takes_at_most(20 * len(octets) + THIRTY_LEVELS, octets, use)


def test_few_small_classes_of_one_conversation_are_taken() -> None:
    """Since what is kept of the smallest class takes more than a kilobyte. All together take less than a megabyte."""
    rows = [CimClass(f"C{number}").instance() for number in range(limits.WMIO_SMALL_CLASSES)]
    octets = ObjectArrayEncoder().encode(rows)
    use(octets)
    assert takes_at_most(1024 * 1024, octets)
    assert decoded(octets) is not None
    more = ObjectArrayEncoder().encode([*rows, CimClass("more").instance()])
    assert decoded(more) is None


@pytest.mark.parametrize("type_", [STRING, Type(CimType.STRING, True), Type(CimType.UINT32, True)], ids=str)
def test_a_decoder_for_one_class_is_paid_for_before_it_is_made(type_: Type) -> None:
    """By as many octets of instances. Of the widest class that gets one, making it takes 3 MB for a moment."""
    count = next(each for each in range(1, 999) if price(each + 1, type_.array * (each + 1)) > limits.WMIO_PLAN_OCTETS)
    cls = CimClass("C", properties=tuple(Property(f"P{number}", type_) for number in range(count)))
    row = CimInstance(cls, ((("x",) if type_.cim is CimType.STRING else (1,)) if type_.array else "x",) * count)
    octets = ObjectArrayEncoder().encode([row] * 250)
    kept = 2 * len(octets)
    held = ObjectArrayDecoder()
    tracemalloc.start()
    try:
        found = held.decode(octets)
        now, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert type(found[-1]).__name__ == "LazyInstance"
    assert now <= kept + limits.WMIO_PLAN_OCTETS
    assert peak <= kept + limits.WMIO_PLAN_OCTETS + 3_000_000
