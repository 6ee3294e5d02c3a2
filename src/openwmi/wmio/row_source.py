"""The source of a row plan: functions that look instances of one class and NULL pattern over, and read them at once.

Properties are places (v0, v1, …) in it, numbers are the geometry, and that is all that comes from a class.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from struct import calcsize
from typing import Final, NamedTuple

from openwmi.model import CimType, Property
from openwmi.wmio import cim_type, nd_table
from openwmi.wmio.heap import LENGTH_BIT
from openwmi.wmio.instance_fields import HEAD_SIZE, TAIL_SIZE


class RowSource:
    """The live properties of a NULL pattern by what is done with them, and where everything is.

    Attributes:
        properties, offsets: of the class, in declaration order.
        live: the places of those whose flags are clear.
        arrays: of those, the places of arrays.
        heap: where the heap begins in the octets of a row, which begin with the value table.
        checked, slots: the `struct` letters of a value table: of references that are looked at, and of live values.
    """

    def __init__(self, properties: Sequence[Property], offsets: Sequence[int], size: int, flags: bytes) -> None:
        self.properties = properties
        self.offsets = offsets
        self.live = [place for place, flag in enumerate(nd_table.decode(flags, len(properties))) if not flag]
        self.texts = [place for place in self.live if cim_type.is_text(properties[place].type)]
        self.arrays = [place for place in self.live if properties[place].type.array]
        self.text_arrays = [place for place in self.arrays if cim_type.has_texts(properties[place].type)]
        self.flags_size = len(flags)
        table = size - self.flags_size
        self.heap = table + TAIL_SIZE
        self.checked = _letters(properties, offsets, table, sorted([*self.texts, *self.arrays]))
        self.slots = _letters(properties, offsets, table, self.live)

    # Each of these defines a function of its name; `row_plan` has the names that it uses. They are compiled one by one,
    # since compiling takes a hundred times as much memory as there is text.

    # ------------------------------------------------------------------------------------------------ to look it over

    def row(self) -> str:
        table = HEAD_SIZE + self.flags_size
        lines = [
            "def row(data, start, end, cls):",
            "    try:",
            f"        name, {_names(self._references)}own, size = unpack_checked(data, start)",
            f"        heap = start + {table + self.heap}",
            f"        last = size - {LENGTH_BIT + 1}",
            "        stop = heap + last + 1",
            "        if own not in NO_QUALIFIERS or last < -1 or stop > end:",
            "            return None",
            *_indented(2, self._check("return None")),
            *_indented(2, _made(f"start + {table}")),
            "        return made",
            "    except (IndexError, StructError):",
            "        return None",
        ]
        return "\n".join(lines)

    def make_walk(self) -> str:
        """`heads` are the octets that a packet begins with, up to its EncodingLength, by its HeapLength."""
        table = HEAD_SIZE + self.flags_size
        lines = [
            "def make_walk(unpack, begin, heads, cls):",
            f"    table = begin + {table}",
            f"    items = table + {self.heap}",
            "    def walk(data, at, end, left, found, others):",
            "        other_end = -1",  # of an instance of another pattern: two together end the walk
            "        try:",
            "            while left:",
            f"                head, name, flags, {_names(self._references)}own, size = unpack(data, at)",
            "                if head != heads[size] or own not in NO_QUALIFIERS:",
            "                    break",
            "                heap = at + items",
            f"                last = size - {LENGTH_BIT + 1}",
            "                stop = heap + last + 1",
            "                if stop > end:",
            "                    break",
            "                if flags != FLAGS:",
            "                    make = others.get(flags)",
            "                    made = make and make(data, at + begin, stop, cls)",
            "                    if made is None or at == other_end:",
            "                        break",
            "                    found.append(made)",
            "                    at = other_end = stop",
            "                    left -= 1",
            "                    continue",
            *_indented(4, self._check("break")),
            *_indented(4, _made("at + table")),
            "                found.append(made)",
            "                at = stop",
            "                left -= 1",
            "        except (IndexError, StructError):",
            "            pass",
            "        return at",
            "    return walk",
        ]
        return "\n".join(lines)

    @property
    def _references(self) -> list[int]:
        return sorted([*self.texts, *self.arrays])

    def _check(self, fail: str) -> list[str]:
        """What must be true of the references; `fail` is what is done if it is not. `last` is that to the last octet
        of the heap. Says the Kind of the row.
        """
        lines = [line for place in self.arrays for line in self._array(place)]
        if self.arrays:
            ends = [f"v{place} + n{place} > last or v{place} == name" for place in self.arrays]
            sizes = " + ".join(f"n{place}" for place in self.arrays)
            lines += [f"if {' or '.join(ends)} or {sizes} + {len(self.arrays) - 1} > last:", f"    {fail}"]
        lines.append("Kind = Narrow")
        if not self.texts and not self.text_arrays:
            return lines
        scalars = [f"v{place}" for place in self.texts]
        more = [f"*m{place}" for place in self.text_arrays]
        # References that rise, as most encoders write them, are not equal. Python chains comparisons slower than this.
        lines.append("octets = data[heap:stop]")
        rising = [f"{one} < {other}" for one, other in pairwise([*scalars, "last"])]
        flags = f"pick({', '.join([*scalars, 'last'])})(octets) != {(0,) * (len(scalars) + 1)}"
        if scalars:
            lines += [f"if {' and '.join(rising)}:", f"    odd = {flags}", "else:", "    odd = True"]
        else:
            lines.append("odd = octets[last] != 0")
        if more:
            lines += [
                f"before = {scalars[-1] if scalars else -1}",
                f"for each in {more[0][1:] if len(more) == 1 else '(' + ', '.join(more) + ')'}:",
                "    if each <= before or octets[each]:",
                "        odd = True",
                "        break",
                "    before = each",
                "if odd or before >= last:",
            ]
        else:
            lines.append("if odd:")
        return [
            *lines,
            f"    Kind = examine(data, heap, stop, ({', '.join([*scalars, *more])},))",
            "    if Kind is None:",
            f"        {fail}",
        ]

    def _array(self, place: int) -> list[str]:
        """What says how far it is to the last octet of an array, and which strings it refers to."""
        element = calcsize("<" + cim_type.element(self.properties[place].type))
        lines = [f"[count] = unpack_u32(data, heap + v{place})", f"n{place} = 3 + {element} * count"]
        if place in self.text_arrays:
            short = f"SHORT[count](data, heap + v{place} + 4)"
            lines.append(f"m{place} = {short} if count < {SHORT} else references(data, heap + v{place}, stop)")
        return lines

    # ------------------------------------------------------------------------------------------------ to read all of it

    def values(self) -> str:
        """Of a row without UTF-16."""
        return self._values("values", _NARROW)

    def wide_values(self) -> str:
        """Of one with it: the flag of each string is looked at."""
        return self._values("wide_values", _ANY)

    def _values(self, name: str, reading: _Reading) -> str:
        lines = [f"def {name}(octets):"]
        if self.live:
            lines.append(f"    {_names(self.live)} = unpack_slots(octets)")
        if self.texts or self.text_arrays:
            # Without the first octet of the heap: then a reference is where a string's characters begin.
            lines += [f"    text = decode(octets)[{self.heap + 1}:]", "    index = text.index"]
        for place in self.live:
            value = self._value(place, reading)
            if value:
                lines.append(f"    v{place} = {value}")
        live = set(self.live)
        every = "".join(f"{'v' if place in live else 'K'}{place}, " for place in range(len(self.properties)))
        return "\n".join([*lines, f"    return ({every})"])

    def _value(self, place: int, reading: _Reading) -> str:
        """What a slot is made; empty if it is the value."""
        v, type_ = f"v{place}", self.properties[place].type
        moment = type_.cim is CimType.DATETIME
        if cim_type.has_texts(type_):
            found = f"{reading.texts}(references(octets, {self.heap} + {v}), text, index, octets)"
            return f"tuple(map(moment, {found}))" if moment else found
        if type_.array:
            return f"read_array{place}(octets, {v})"
        if cim_type.is_text(type_):
            found = reading.text.format(v)
            return f"moment({found})" if moment else found
        return {CimType.BOOLEAN: f"{v} != 0", CimType.CHAR16: f"chr({v})"}.get(type_.cim, "")


# Arrays of fewer references have their `struct` layouts ready: those of WMI are rarely longer.
SHORT: Final = 16


class _Reading(NamedTuple):
    """How strings are read: what one at the reference {0} is in the text of a row's heap, and what reads those of an
    array.
    """

    text: str
    texts: str


_NARROW = _Reading('text[{0}:index("\\0", {0})]', "texts")
_ANY = _Reading(f"({_NARROW.text} if octets_at(octets, {{0}} + HEAP) == 0 else read_wide(octets, {{0}}))", "wide_texts")


def _made(table: str) -> list[str]:
    """An instance of the octets from `table` on."""
    return [
        "made = BareInstance()",
        "made.class_ = cls",
        f"made.store_ = data[{table}:stop]",
        "made._qualifiers = NOTHING",
        "made.__class__ = Kind",
    ]


def _names(places: Sequence[int]) -> str:
    return "".join(f"v{place}, " for place in places)


def _indented(depth: int, lines: Sequence[str]) -> list[str]:
    return [depth * "    " + line for line in lines]


def _letters(properties: Sequence[Property], offsets: Sequence[int], size: int, wanted: Sequence[int]) -> str:
    """The wanted slots of a value table of so many octets, and pads for the others."""
    parts, end = [], 0
    for place in wanted:
        letter = cim_type.slot(properties[place].type)
        parts.append(f"{offsets[place] - end}x{letter}")
        end = offsets[place] + calcsize("<" + letter)
    return "".join(parts) + f"{size - end}x"
