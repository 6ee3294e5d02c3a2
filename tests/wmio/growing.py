"""Objects of any size, honest and crafted, and what it costs to decode them: operations and memory, not time."""

from __future__ import annotations

import sys
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from struct import pack
from types import FrameType
from typing import Any

from tests.wmio.examined import decoded, read

import openwmi
from openwmi.model import CimClass, CimInstance, CimType, Method, Parameter, Property, Qualifier, Type, qualifier_set
from openwmi.wmio import ObjectArrayEncoder, encode_context
from openwmi.wmio import encode_object as encode

STRING, STRINGS, UINT8 = Type(CimType.STRING), Type(CimType.STRING, array=True), Type(CimType.UINT8)
OBJECT, OBJECTS = Type(CimType.OBJECT), Type(CimType.OBJECT, array=True)

# Where the code is that is counted: the package, and what it generates.
OURS = (str(Path(openwmi.__file__).parent), "<")


def one(type_: Type, value: object) -> bytes:
    """An instance with one value."""
    return encode(CimInstance(CimClass("C", properties=(Property("P", type_),)), (value,)))


def wide(count: int, type_: Type = STRING, value: object = "x", name: str = "C") -> CimInstance:
    cls = CimClass(name, properties=tuple(Property(f"P{number}", type_, value) for number in range(count)))
    return CimInstance(cls, cls.defaults)


def inherited(count: int) -> bytes:
    """As many ancestors as properties, one of each."""
    names = [f"A{number}" for number in range(count)]
    properties = tuple(Property(f"P{number}", UINT8, origin=name) for number, name in enumerate(names))
    return encode(CimClass("C", derivation=tuple(names), properties=properties))


def methods(count: int) -> bytes:
    parameters = (Parameter("P", STRING, is_in=True, is_out=True, id=0),)
    return encode(CimClass("C", methods=tuple(Method(f"M{number}", parameters) for number in range(count))))


def rows(count: int) -> bytes:
    cls = CimClass("C", properties=(Property("S", STRING), Property("L", STRINGS)))
    return ObjectArrayEncoder().encode([cls.instance({"S": "x" * number, "L": ("a",)}) for number in range(count)])


def array(objects: list[CimInstance | CimClass]) -> bytes:
    return ObjectArrayEncoder(decorated=False).encode(objects)


NUMBER = CimClass("N", properties=(Property("P", UINT8),))
EIGHT = CimClass("E", properties=tuple(Property(f"P{number}", UINT8) for number in range(8)))


def pattern(number: int) -> dict[str, object]:
    """Values of EIGHT, of which those are NULL whose bits are set."""
    return {f"P{bit}": None if number >> bit & 1 else 1 for bit in range(8)}


def overlapping(count: int) -> bytes:
    """Objects in an array, one behind the other, each of which says that all that follows is its own heap, too."""
    offsets, rest = overlaid(count, b"")
    room = 3 + 4 + 4 * count  # the name of the class, and the array
    items = b"\0C\0" + pack(f"<I{count}I", count, *[room + len(rest) - each for each in offsets]) + rest
    outer = encode(CimInstance(CimClass("C", properties=(Property("P", OBJECTS),)), ((),)), decorated=False)
    return with_instance(outer, pack("<BI", 0, 3), items)


def overlapping_few(size: int) -> bytes:
    """Three objects for values, each of which says that a long text behind them is in its heap."""
    offsets, rest = overlaid(3, b"x" * 20 * size)
    cls = CimClass("C", properties=tuple(Property(f"P{number}", OBJECT) for number in range(3)))
    outer = encode(CimInstance(cls, (None,) * 3), decorated=False)
    table = pack("<B3I", 0, *[3 + len(rest) - each for each in offsets])
    return with_instance(outer, table, b"\0C\0" + rest)


def with_instance(unit: bytes, table: bytes, items: bytes) -> bytes:
    """An EncodingUnit with another NdTable and ValueTable, and other items in its heap."""
    start = 9 + int.from_bytes(unit[9:13], "little")
    size = 9 + len(table) + 9 + len(items)
    body = pack("<IBI", size, 0, 0) + table + pack("<IBI", 4, 1, len(items) | 0x80000000) + items
    return unit[:4] + pack("<I", start - 8 + len(body)) + unit[8:start] + body


def overlaid(count: int, rest: bytes) -> tuple[list[int], bytes]:
    """Objects in front of some octets, each of which takes all that follows for its heap: how far before the end each
    begins, and all octets.
    """
    inner = encode(CimInstance(CimClass("I", properties=(Property("P", STRING),)), ("x",)), decorated=False)
    part = inner[9 : 9 + int.from_bytes(inner[9:13], "little")]
    offsets: list[int] = []
    for _ in range(count):
        heap = 6 + len(rest)
        tail = pack("<IBIBIIBI", 23 + heap, 0, 0, 0, 3, 4, 1, heap | 0x80000000) + b"\0I\0\0x\0"
        rest = pack("<IB", 1 + len(part) + 23 + heap, 2) + part + tail + rest
        offsets.insert(0, len(rest))
    return offsets, rest


def nested(size: int) -> bytes:
    """Thirty objects in one another, around a long text."""
    cls = CimClass("Box", properties=(Property("Inner", OBJECT), Property("T", STRING)))
    found: CimInstance | None = None
    for _ in range(30):
        found = CimInstance(cls, (found, "x" * size if found is None else "y"))
    assert found is not None
    return encode(found)


def crossed(size: int) -> bytes:
    """UTF-16 with a pair of zeros in every character, across the border of two."""
    return one(STRINGS, ("Ā\x01" * size, "ж"))


# What grows by a number, and how many octets about a unit of it takes.
SHAPES: dict[str, Callable[[int], bytes]] = {
    "a long text": lambda size: one(STRING, "x" * 20 * size),
    "a long text of another script": lambda size: one(STRING, "ж" * 20 * size),
    "zeros that end nothing": crossed,
    "an array of texts": lambda size: one(STRINGS, tuple(f"text {number}" for number in range(size))),
    "an array of numbers": lambda size: one(Type(CimType.UINT8, True), (7,) * 20 * size),
    "an array of objects": lambda size: one(
        OBJECTS, (CimClass("I", properties=(Property("P", UINT8),)).instance(),) * size
    ),
    "objects in one another": nested,
    "objects that overlap": overlapping,
    "a few objects that overlap": overlapping_few,
    "an instance of many properties": lambda size: encode(wide(size)),
    "a class of many properties": lambda size: encode(wide(size).class_),
    "a class of many numbers": lambda size: encode(wide(size, UINT8, 7).class_),
    "many ancestors": inherited,
    "many qualifiers": lambda size: encode(
        CimClass("C", qualifiers=qualifier_set(*[Qualifier(f"Q{number}", "x", STRING) for number in range(size)]))
    ),
    "many methods": methods,
    "many rows": rows,
    "rows of nothing": lambda size: array([CimClass("C").instance()] * size),
    "rows with qualifiers": lambda size: array(
        [CimInstance(NUMBER, (1,), qualifier_set(Qualifier("q", 1, UINT8)))] * size
    ),
    "rows of many NULL patterns": lambda size: array([EIGHT.instance(pattern(number)) for number in range(size)]),
    "many classes in one array": lambda size: array([CimClass(f"C{number}") for number in range(size)]),
    "many classes with instances": lambda size: array(
        [wide(8, UINT8, 7, f"C{number}") for number in range(size // 30) for _ in range(30)]
    ),
    "a context of names": lambda size: encode_context({"N": tuple(f"text {number}" for number in range(size))}),
}


def use(octets: bytes) -> None:
    """Decodes and reads everything, or is refused."""
    read(decoded(octets) or ())


def operations(octets: bytes) -> int:
    """Calls, of Python and of C, while the octets are decoded and read; and text that is decoded, by 64 octets."""
    count = 0

    def profile(frame: FrameType, event: str, argument: Any) -> None:
        nonlocal count
        if not frame.f_code.co_filename.startswith(OURS):
            return
        count += 1
        if event == "c_call" and argument.__name__ == "decode":
            count += len(argument.__self__) // 64

    sys.setprofile(profile)
    try:
        use(octets)
    finally:
        sys.setprofile(None)
    return count


def takes_at_most(limit: float, octets: bytes, what: Callable[[bytes], object] = decoded) -> bool:
    """Whether no more than `limit` bytes are in use at once while `what` works on the octets, its result held.

    Once in three times is enough: what other threads and the collector take meanwhile is theirs.
    """
    return any(peak(octets, what) <= limit for _ in range(3))


def peak(octets: bytes, what: Callable[[bytes], object] = decoded) -> int:
    """The greatest number of bytes in use at once, of all threads."""
    tracemalloc.start()
    try:
        held = what(octets)
        most = tracemalloc.get_traced_memory()[1]
        del held
    finally:
        tracemalloc.stop()
    return most
