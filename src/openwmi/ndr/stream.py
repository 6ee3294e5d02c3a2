"""The cursors of base, with what a whole NDR stream shares: its transfer syntax, its referents, its alignment.

Alignment counts from the start of the data ([C706] 14.2.2), so a stub is written by one writer and read by one reader,
its ORPC header included.
"""

from __future__ import annotations

from typing import Any

from openwmi.base.cursor import Reader, Writer
from openwmi.base.fault import RemoteProtocolError
from openwmi.ndr.syntax import NDR20, Syntax

# Windows: the first pointer of a stream has this referent, each further one 4 more. [C706] 14.3.10 leaves the values to
# the sender; taking the same makes what we write comparable with what Windows writes.
FIRST_REFERENT = 0x00020000
REFERENT_STEP = 4


class NdrWriter(Writer):
    """A Writer that knows its syntax and numbers the pointers."""

    __slots__ = ("_referent", "syntax")

    def __init__(self, syntax: Syntax = NDR20) -> None:
        super().__init__()
        self.syntax = syntax
        self._referent = FIRST_REFERENT

    def word(self, value: int) -> None:
        """A count, an offset or a referent."""
        word = self.syntax.word
        self.align(word.size)
        self.pack(word, value)

    def referent(self, present: bool) -> None:
        """The place of a pointer: 0 for NULL, else the next number."""
        if not present:
            self.word(0)
            return
        self.word(self._referent)
        self._referent += REFERENT_STEP


class NdrReader(Reader):
    """A Reader that knows its syntax and the full pointers seen so far. `offset` tells what has been consumed."""

    __slots__ = ("pointees", "syntax")

    def __init__(
        self,
        data: bytes | bytearray | memoryview,
        offset: int = 0,
        end: int | None = None,
        syntax: Syntax = NDR20,
    ) -> None:
        super().__init__(data, offset, end)
        self.syntax = syntax
        self.pointees: dict[int, tuple[object, Any]] = {}

    def word(self) -> int:
        """A count, an offset or a referent."""
        word = self.syntax.word
        self.align(word.size)
        return int(self.unpack(word)[0])

    def expect(self, count: int, least: int) -> None:
        """RemoteProtocolError unless `count` things of at least `least` octets each fit what remains."""
        if count * least > self.remaining:
            raise RemoteProtocolError(f"{count} elements at offset {self.offset}, {self.remaining} octets there")
