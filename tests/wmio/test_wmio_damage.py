"""What decoding costs grows with the octets, for honest objects, crafted ones and damaged ones alike."""

import pytest
from tests.wmio import seeds
from tests.wmio.growing import SHAPES, memory, operations, use

from openwmi.base import limits

SEEDS = dict(seeds.all_of_them())


@pytest.fixture(autouse=True)
def nothing_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    """Class parts are decoded anew each time."""
    monkeypatch.setattr(limits, "WMIO_CLASS_PART_BYTES", 0)


@pytest.mark.parametrize("shape", SHAPES)
def test_four_times_the_octets_are_four_times_the_work(shape: str) -> None:
    small, large = SHAPES[shape](150), SHAPES[shape](600)
    use(small)  # what is made once, is made
    assert operations(large) <= 1.2 * len(large) / len(small) * operations(small)


# An instance keeps its octets, so that a value costs nothing before it is asked for. What is asked for is an object of
# Python: the shortest string takes fifty bytes, its place in a tuple eight, a qualifier of seventeen octets 250.
LAZY = ("a long text", "a long text of another script", "an array of texts", "an array of numbers", "many rows")


@pytest.mark.parametrize("shape", LAZY)
def test_values_that_nobody_asked_for_take_less_than_four_times_their_octets(shape: str) -> None:
    octets = SHAPES[shape](1000)
    use(octets)
    assert memory(octets) <= 4 * len(octets)


@pytest.mark.parametrize("shape", SHAPES)
def test_nothing_takes_more_than_twenty_bytes_per_octet(shape: str) -> None:
    """Everything read and held. No peer makes a message expensive: the crafted shapes take no more than honest ones."""
    octets = SHAPES[shape](600)
    use(octets)
    assert memory(octets, use) <= 20 * len(octets) + 50_000  # frames of Python, thirty objects deep, and their watchers


@pytest.mark.parametrize("name", ["array", "context", "small 0", "small 16", "001", "002", "016"])
def test_damage_never_takes_four_times_the_memory(name: str) -> None:
    """Cut at every octet, and every octet changed, read as far as it can be."""
    if name not in SEEDS:
        pytest.skip("../shared is not there")
    octets = SEEDS[name]
    use(octets)
    whole = memory(octets, use)
    worst = max(memory(changed, use) for at in range(len(octets)) for changed in damaged(octets, at))
    assert worst <= 4 * whole


def damaged(octets: bytes, at: int) -> tuple[bytes, bytes]:
    return octets[:at], octets[:at] + bytes((octets[at] ^ 0xFF,)) + octets[at + 1 :]
