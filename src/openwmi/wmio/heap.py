"""Heap, HeapItem and HeapRef ([MS-WMIO] 2.2.66-2.2.69), and what one decoding may spend on them.

Items may stand in any order with rubbish between them (2.3.4), so nothing here ever walks a heap: a reference is
followed or nothing is read. How the objects inside a heap look is passed in; this module must not know it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, TypeAlias

from openwmi.base import limits
from openwmi.base.cursor import Reader, Writer
from openwmi.base.fault import LocalProtocolError, RemoteProtocolError
from openwmi.model import CimClass, CimInstance
from openwmi.wmio import dictionary, encoded_string

WireObject = CimInstance | CimClass
DecodeBlock: TypeAlias = "Callable[[Reader, Decoding], WireObject]"

NULL = dictionary.NULL
LENGTH_BIT = 0x80000000


class Decoding:
    """One call of a decoder: how deep it is, how much it may still read, and how it reads an object inside a heap.

    Items of a heap must not be shared (2.2.66), so following all references reads every octet about once. Who points a
    thousand references at one item makes a small message large; `spend` stops that.

    Attributes:
        block: decodes an object inside a heap.
        depth: how many objects this one is in.
        keeps: how many octets of them may be in objects that are kept with what they are in.
        spent: the octets that were read, and read again.
        trusts: whether all was looked at before.
    """

    __slots__ = ("_limit", "block", "depth", "keeps", "spent")

    trusts = False

    def __init__(self, size: int, block: DecodeBlock) -> None:
        self.block = block
        self._limit = size * limits.WMIO_HEAP_READS + limits.WMIO_HEAP_FREE
        self.spent = 0
        self.depth = 0
        self.keeps = size

    def spend(self, octets: int) -> None:
        self.spent += octets
        if self.spent > self._limit:
            raise RemoteProtocolError("the references of a heap share their items")

    def embedded(self, reader: Reader) -> WireObject | None:
        """ObjectEncodingLength and ObjectBlock (2.2.70, 2.2.71); None if the length is zero. The reader moves on behind
        what of the block was read, whatever the length says.
        """
        size = reader.u32()
        if size == 0:
            return None
        if self.depth >= limits.WMIO_DEPTH:
            raise RemoteProtocolError(f"objects nested deeper than {limits.WMIO_DEPTH}")
        self.spend(4)
        inner = Reader(reader.data, reader.offset, min(reader.offset + size, reader.end))
        self.depth += 1
        try:
            return self.block(inner, self)
        finally:
            self.depth -= 1
            reader.offset = inner.offset


class _Checked(Decoding):
    """Of what was looked at before: it costs what it costs."""

    __slots__ = ()

    trusts = True

    def spend(self, octets: int) -> None:
        self.spent += octets


def checked(block: DecodeBlock) -> Decoding:
    """To decode once more what was decoded before without an error."""
    return _Checked(0, block)


def _no_object(_reader: Reader, _decoding: Decoding) -> WireObject:
    raise AssertionError("what has objects has a decoding of its own, since that knows how deep it is")


CHECKED: Final[Decoding] = checked(_no_object)
"""The same of what has no objects in it."""


class HeapReader:
    """The octets `data[start:end]`, addressed by references that count from `start`.

    Attributes:
        name: the reference to the class's name, in the heap of an instance: no array and no object can be there.
    """

    __slots__ = ("data", "decoding", "end", "name", "start")

    def __init__(self, data: bytes, start: int, end: int, decoding: Decoding, name: int = NULL) -> None:
        self.name = name
        self.data = data
        self.start = start
        self.end = end
        self.decoding = decoding

    def item(self, reference: int) -> Reader:
        """A reader from the item on to the end of the heap."""
        if reference > self.end - self.start:
            raise RemoteProtocolError(f"heap reference {reference:#x}: the heap has {self.end - self.start} octets")
        return Reader(self.data, self.start + reference, self.end)

    def string(self, reference: int) -> str | None:
        """An Encoded-String or a word of the dictionary; None for the NULL reference."""
        if reference & dictionary.FLAG:
            return None if reference == NULL else dictionary.decode(reference)
        offset = self.start + reference
        text, after = encoded_string.decode(self.data, offset, self.end)
        self.decoding.spend(after - offset)
        return text

    def check(self, reference: int) -> None:
        """The errors of `string`, without the string: it costs the same to keep later."""
        if reference & dictionary.FLAG:
            if reference != NULL:
                dictionary.decode(reference)
            return
        offset = self.start + reference
        self.decoding.spend(encoded_string.skip(self.data, offset, self.end) - offset)

    def required(self, reference: int) -> str:
        """A string that must be there."""
        text = self.string(reference)
        if text is None:
            raise RemoteProtocolError("a name is NULL")
        return text

    def check_required(self, reference: int) -> None:
        """The errors of `required`."""
        if reference == NULL:
            raise RemoteProtocolError("a name is NULL")
        self.check(reference)


class HeapWriter:
    """Collects items; every method returns the reference to what it added."""

    __slots__ = ("_base", "_block", "_items")

    def __init__(self, block: Callable[[WireObject], bytes], base: int = 0) -> None:
        """`block` encodes an object; the first item gets the reference `base`."""
        self._base = base
        self._block = block
        self._items = bytearray()

    def octets(self) -> bytes:
        """The items as they lie, without HeapLength."""
        return bytes(self._items)

    def item(self, octets: bytes) -> int:
        reference = self._base + len(self._items)
        self._items += octets
        return reference

    def reserve(self, size: int) -> int:
        """Room for an item whose parts refer to items behind it; `fill` puts it there."""
        return self.item(bytes(size))

    def fill(self, reference: int, octets: bytes | bytearray) -> None:
        at = reference - self._base
        self._items[at : at + len(octets)] = octets

    def string(self, text: str) -> int:
        return self.item(encoded_string.encode(text))

    def name(self, text: str) -> int:
        """The name of a property or qualifier, by the dictionary if it has the word.

        Windows: names only, as here, although 2.2.80 asks for every string. Peers could not read the others.
        """
        reference = dictionary.encode(text)
        return self.string(text) if reference is None else reference

    def object(self, value: WireObject | None) -> int:
        """ObjectEncodingLength and ObjectBlock; the length alone, zero, for None."""
        block = b"" if value is None else self._block(value)
        return self.item(len(block).to_bytes(4, "little") + block)

    def encode(self, writer: Writer) -> None:
        """Appends HeapLength and the items."""
        if len(self._items) >= LENGTH_BIT:
            raise LocalProtocolError(f"a heap of {len(self._items)} octets: its length has 31 bits")
        writer.u32(len(self._items) | LENGTH_BIT)
        writer.octets(self._items)


def decode(reader: Reader, decoding: Decoding, name: int = NULL) -> HeapReader:
    """HeapLength and the items; the reader moves on behind them. `name` as in HeapReader."""
    size = reader.u32() & ~LENGTH_BIT
    start = reader.skip(size)
    return HeapReader(reader.data, start, reader.offset, decoding, name)
