"""The source of a row plan: functions that look instances of one class and NULL pattern over, and read them at once.

Properties are places (v0, v1, …) in it, numbers are the geometry, and that is all that comes from a class.
"""

from __future__ import annotations

from collections.abc import Sequence
from struct import calcsize
from typing import Final

from openwmi.model import CimType, Property, Type
from openwmi.wmio import cim_type, nd_table
from openwmi.wmio.heap import LENGTH_BIT
from openwmi.wmio.instance_fields import HEAD_SIZE, TAIL_SIZE


class RowSource:
    """The live properties of a NULL pattern by what is done with them, and where everything is.

    Attributes:
        properties, live: of the class, in declaration order, and the places of those whose flags are clear.
        heap: where the heap begins in the octets of a row, which begin with the value table.
        checked, slots: the `struct` letters of a value table: of references that are looked at, and of live values.
    """

    def __init__(self, properties: Sequence[Property], offsets: Sequence[int], size: int, flags: bytes) -> None:
        self.properties = properties
        self.live = [place for place, flag in enumerate(nd_table.decode(flags, len(properties))) if not flag]
        self.texts = [place for place in self.live if cim_type.is_text(properties[place].type)]
        self.arrays = [place for place in self.live if properties[place].type.array]
        self.text_arrays = [place for place in self.arrays if cim_type.has_texts(properties[place].type)]
        self.flags_size = len(flags)
        table = size - self.flags_size
        self.heap = table + TAIL_SIZE
        self.checked = _letters(properties, offsets, table, sorted([*self.texts, *self.arrays]))
        self.slots = _letters(properties, offsets, table, self.live)

    def text(self) -> str:
        """Defines `values`, `wide_values`, `row` and `make_walk`; `row_plan` has the names that they use."""
        values = self._values("values", _NARROW), self._values("wide_values", _ANY)
        return "\n".join([*values[0], *values[1], *self._row(), *self._walk()])

    # ------------------------------------------------------------------------------------------------ to look it over

    def _row(self) -> list[str]:
        table = HEAD_SIZE + self.flags_size
        return [
            "def row(data, start, end):",
            "    try:",
            f"        name, {_names(self._references)}own, size = unpack_checked(data, start)",
            f"        size -= {LENGTH_BIT}",
            f"        heap = start + {table + self.heap}",
            "        stop = heap + size",
            "        if own not in NO_QUALIFIERS or size < 0 or stop > end:",
            "            return None",
            *_indented(2, self._check("return None")),
            f"        return Row(data[start + {table}:stop])",
            "    except (IndexError, StructError):",
            "        return None",
        ]

    def _walk(self) -> list[str]:
        table = HEAD_SIZE + self.flags_size
        head = "outer_header, outer, kind, inner, seen, length, name, flags, "
        return [
            "def make_walk(unpack, prefix, begin, to_heap_length, to_object):",
            f"    table = begin + {table}",
            f"    items = table + {self.heap}",
            "    def walk(data, at, end, left, add, others):",
            "        other_end = -1",  # of an instance of another pattern: two together end the walk
            "        try:",
            "            while left:",
            f"                {head}{_names(self._references)}own, size = unpack(data, at)",
            "                if (seen != prefix or outer_header != 9 or kind != KIND",
            "                    or own not in NO_QUALIFIERS or length + to_heap_length != size",
            "                    or length + to_object != inner or inner + 24 != outer):",
            "                    break",
            f"                size -= {LENGTH_BIT}",
            "                heap = at + items",
            "                stop = heap + size",
            "                if size < 0 or stop > end:",
            "                    break",
            "                if flags != FLAGS:",
            "                    make = others.get(flags)",
            "                    other = make and make(data, at + begin, stop)",
            "                    if other is None or at == other_end:",
            "                        break",
            "                    add(other)",
            "                    at = other_end = stop",
            "                    left -= 1",
            "                    continue",
            *_indented(4, self._check("break")),
            "                add(Row(data[at + table:stop]))",
            "                at = stop",
            "                left -= 1",
            "        except (IndexError, StructError):",
            "            pass",
            "        return at, left",
            "    return walk",
        ]

    @property
    def _references(self) -> list[int]:
        return sorted([*self.texts, *self.arrays])

    def _check(self, fail: str) -> list[str]:
        """What must be true of the references; `fail` is what is done if it is not."""
        lines = [line for place in self.arrays for line in self._check_array(place, fail)]
        if len(self.arrays) > 1:
            lines += [f"if {' + '.join(f'n{place}' for place in self.arrays)} > size:", f"    {fail}"]
        if not self.texts and not self.text_arrays:
            return [*lines, "Row = NarrowRow"]
        scalars = [f"v{place}" for place in self.texts]
        more = [f"*m{place}" for place in self.text_arrays]
        lines += ["Row = NarrowRow", "octets = data[heap:stop - 1]"]
        # References that rise, as most encoders write them, are not equal.
        if len(scalars) > 1:
            zeros = (0,) * len(scalars)
            lines.append(f"odd = pick({', '.join(scalars)})(octets) != {zeros} or not {' < '.join(scalars)}")
        else:
            lines.append(f"odd = octets[{scalars[0]}] != 0" if scalars else "odd = False")
        if more:
            lines += [
                f"last = {scalars[-1] if scalars else -1}",
                f"for each in {more[0][1:] if len(more) == 1 else '(' + ', '.join(more) + ')'}:",
                "    if each <= last or octets[each]:",
                "        odd = True",
                "        break",
                "    last = each",
            ]
        return [
            *lines,
            "if odd or data[stop - 1]:",
            f"    Row = examine(data, heap, stop, ({', '.join([*scalars, *more])},))",
            "    if Row is None:",
            f"        {fail}",
        ]

    def _check_array(self, place: int, fail: str) -> list[str]:
        element = calcsize("<" + cim_type.element(self.properties[place].type))
        lines = [
            f"[count] = unpack_u32(data, heap + v{place})",
            f"n{place} = 4 + {element} * count",
            f"if v{place} + n{place} > size or v{place} == name:",
            f"    {fail}",
        ]
        if place in self.text_arrays:
            lines.append(f"m{place} = {_references('count', f'data, heap + v{place} + 4')}")
        return lines

    # ------------------------------------------------------------------------------------------------ to read all of it

    def _values(self, name: str, text: str) -> list[str]:
        """`text` is what a string is at the reference {0}."""
        lines = [f"def {name}(octets):"]
        if self.live:
            lines.append(f"    {_names(self.live)} = unpack_slots(octets)")
        if self.texts or self.text_arrays:
            # Without the first octet of the heap: then a reference is where a string's characters begin.
            lines += [f"    text = decode(octets)[{self.heap + 1}:]", "    index = text.index"]
        for place in self.live:
            lines += _indented(1, self._value(place, text))
        live = set(self.live)
        every = "".join(f"{'v' if place in live else 'K'}{place}, " for place in range(len(self.properties)))
        return [*lines, f"    return ({every})"]

    def _value(self, place: int, text: str) -> list[str]:
        v, type_ = f"v{place}", self.properties[place].type
        if cim_type.has_texts(type_):
            found = _moment(type_, text.format("each"))
            references = _references("count", f"octets, {self.heap + 4} + {v}")
            return [
                f"[count] = unpack_u32(octets, {self.heap} + {v})",
                f"{v} = tuple([{found} for each in {references}])",
            ]
        if type_.array:
            return [f"{v} = read_array{place}(octets, {v})"]
        if cim_type.is_text(type_):
            return [f"{v} = {_moment(type_, text.format(v))}"]
        if type_.cim is CimType.BOOLEAN:
            return [f"{v} = {v} != 0"]
        return [f"{v} = chr({v})"] if type_.cim is CimType.CHAR16 else []


# A string in the text of a row's heap: of a row without UTF-16, and of one with it, where the flag is looked at.
_NARROW = 'text[{0}:index("\\0", {0})]'
_ANY = f"({_NARROW} if octets_at(octets, {{0}} + HEAP) == 0 else read_wide(octets, {{0}}))"


def _moment(type_: Type, text: str) -> str:
    return f"moment({text})" if type_.cim is CimType.DATETIME else text


def _references(count: str, where: str) -> str:
    """The elements of an array of references."""
    return f"(SHORT[{count}]({where}) if {count} < {SHORT} else unpack_from(f'<{{{count}}}I', {where}))"


# Arrays of fewer references have their `struct` layouts ready: those of WMI are rarely longer.
SHORT: Final = 16


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
