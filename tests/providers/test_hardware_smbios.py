"""The table of SMBIOS: what is in it is read, and what is broken in it breaks nothing."""

import struct
import time
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from openwmi.base.limits import SMBIOS_OCTETS
from openwmi.engine.provider import Request
from openwmi.providers.catalogue import builtin
from openwmi.providers.hardware import PROVIDERS
from openwmi.providers.hardware.smbios import (
    NOTHING,
    Structure,
    Structures,
    decode_structures,
    decode_version,
)
from openwmi.providers.host import Host
from openwmi.providers.reading import HostProvider

Make = Callable[..., Host]
Asking = Callable[..., Request]

END = struct.pack("<BBH", 127, 4, 0xFEFF) + b"\0\0"

TEXTS = st.lists(st.text("ab °", min_size=1).map(str.encode), max_size=4)
STRUCTURES = st.lists(
    st.builds(
        lambda kind, handle, body, texts: Structure(
            kind, handle, struct.pack("<BBH", kind, 4 + len(body), handle) + body, b"\0".join(texts)
        ),
        st.integers(0, 126),
        st.integers(0, 0xFFFF),
        st.binary(max_size=40),
        TEXTS,
    ),
    max_size=6,
)


def encoded(*structures: Structure) -> bytes:
    return b"".join(each.formatted + (each.texts + b"\0\0" if each.texts else b"\0\0") for each in structures)


@given(STRUCTURES)
def test_what_is_written_is_read(structures: list[Structure]) -> None:
    assert [*decode_structures(encoded(*structures))] == structures
    assert [*decode_structures(encoded(*structures) + END + b"\xff" * 9)][:-1] == structures


@given(STRUCTURES, st.data())
def test_of_a_table_that_is_cut_the_whole_structures_stay(structures: list[Structure], data: st.DataObject) -> None:
    table = encoded(*structures)
    for length in range(len(table)):
        found = [*decode_structures(table[:length])]
        assert found[:-1] == structures[: max(len(found) - 1, 0)]
        if found:
            last, whole = found[-1], structures[len(found) - 1]
            assert (last.formatted, whole.texts.startswith(last.texts)) == (whole.formatted, True)


@settings(max_examples=300)
@given(st.binary(max_size=400))
def test_no_octets_are_an_error(octets: bytes) -> None:
    structures = Structures(octets)
    for kind in range(256):
        for each in structures.of(kind):
            assert structures.at(each.handle).handle == each.handle
            assert len(each.strings) <= len(octets)
            assert all(each.text(offset) != "" for offset in range(64))
            assert each.number(0, 300) is None
    decode_version(octets)


@pytest.mark.parametrize(
    "table",
    [
        b"\x01\x00\x00\x00" * 9,  # no length, which would never end
        b"\x01\x03\x00\x00\0\0",  # shorter than its own header
        b"\x01\xff\x00\x00" + b"\0" * 99,  # longer than the table
        b"\x01\x04\x00",
        b"",
    ],
)
def test_what_can_be_no_structure_ends_the_table(table: bytes) -> None:
    first = encoded(Structure(2, 7, struct.pack("<BBH", 2, 4, 7), b"x"))
    assert [each.handle for each in decode_structures(first + table)] == [7]
    assert Structures(table).first(1) is NOTHING


@pytest.mark.parametrize(
    "unit",
    [
        b"\x11\x04\x01\x00\0\0",
        b"\x11\x05\x01\x00\x01a\0\0",
        b"\x11\x04\x01\x00" + b"a\0" * 40 + b"\0",
        b"\x11\x04\x01\x00" + b"a" * 99,
    ],
)
def test_a_large_table_takes_no_longer_than_it_is_large(unit: bytes) -> None:
    """A megabyte of the worst takes a second at most; were each structure to look at all of it, hours."""
    begun = time.perf_counter()
    structures = Structures(unit * (2 * SMBIOS_OCTETS // len(unit)))
    assert sum(len(each.formatted) for each in structures.of(17)) <= SMBIOS_OCTETS
    assert structures.of(17)[-1].text(4) in {"a", None}
    assert time.perf_counter() - begun < 20


def test_texts() -> None:
    body = bytes([1, 2, 3, 4, 5, 0, 9, 255])
    structure = Structure(1, 0, struct.pack("<BBH", 1, 12, 0) + body, b" x \0   \0caf\xe9\0a\x07b\0" + "ß".encode())
    assert [structure.text(4 + at) for at in range(8)] == [" x ", None, "caf\ufffd", "a\ufffdb", "ß", None, None, None]
    assert structure.text(12) is None
    assert structure.strings == (" x ", "caf\ufffd", "a\ufffdb", "ß")


def test_numbers_are_there_or_not() -> None:
    structure = Structure(1, 0, bytes.fromhex("01 07 00 00 10 20 30"))
    assert (structure.byte(4), structure.word(5), structure.number(4, 3)) == (0x10, 0x3020, 0x302010)
    assert (structure.byte(7), structure.word(6), structure.number(4, 4)) == (None, None, None)


def test_of_two_with_one_handle_the_first_counts() -> None:
    twice = encoded(Structure(7, 5, bytes.fromhex("07 05 05 00 01")), Structure(7, 5, bytes.fromhex("07 05 05 00 02")))
    structures = Structures(twice)
    assert structures.at(5).byte(4) == 1
    assert structures.at(6) is structures.at(None) is NOTHING


@pytest.mark.parametrize(
    ("entry_point", "version"),
    [
        (b"_SM3_\xae\x18\x03\x05\x01", (3, 5)),
        (b"_SM_\xae\x1f\x02\x08\x00", (2, 8)),
        (b"_SM3_\xae\x18\x03", None),
        (b"_SM_\xae", None),
        (b"_DMI_", None),
    ],
)
def test_the_version_is_in_the_entry_point(entry_point: bytes, version: tuple[int, int] | None) -> None:
    assert decode_version(entry_point) == version


@pytest.mark.parametrize("class_name", PROVIDERS)
@pytest.mark.parametrize("seed", range(4))
def test_a_table_of_anything_breaks_no_class(class_name: str, seed: int, asking: Asking, host: Make) -> None:
    """A quarter of the octets of a true table are set to something else, one after the other."""
    (provider,) = [each.load() for each in builtin() if each.class_name == class_name]
    made = host("laptop")
    table = made.octets("/sys/firmware/dmi/tables/DMI")
    assert table
    changed = bytearray(table)
    assert isinstance(provider, HostProvider)
    provider.host = made
    made.octets = lambda path: (  # type: ignore[method-assign]  # as if the firmware had written it
        bytes(changed) if path.endswith("/DMI") else Host.octets(made, path)
    )
    request = asking(class_name)
    for at in range(seed, len(table), 16):
        for value in (0, 4, 0xFF):
            changed[at] = value
            for row in provider.instances(request):
                request.cim_class.instance(row)
        changed[at] = table[at]
