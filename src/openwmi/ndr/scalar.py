"""Values of fixed size: numbers, enumerations and GUIDs ([C706] 14.2, A.2)."""

from __future__ import annotations

from collections.abc import Callable
from struct import Struct
from typing import Any

from openwmi.base import guid
from openwmi.ndr.node import Node, Scope
from openwmi.ndr.stream import NdrReader, NdrWriter


class ScalarNode(Node):
    """One value in one `struct` letter. Structures and arrays take the letters and pack many values at once.

    Attributes:
        letter: the `struct` letter, or a count and a letter.
        encode, decode: from and to the value that `struct` takes; None if it takes the value itself.
    """

    __slots__ = ("decode", "encode", "layout", "letter", "none")

    def __init__(
        self,
        letter: str,
        alignment: int,
        none: Any = 0,
        encode: Callable[[Any], Any] | None = None,
        decode: Callable[[Any], Any] | None = None,
    ) -> None:
        self.layout = Struct(f"<{letter}")
        super().__init__(alignment, self.layout.size)
        self.letter = letter
        self.none = none
        self.encode = encode
        self.decode = decode

    def put(self, writer: NdrWriter, value: Any, scope: Scope) -> None:
        writer.align(self.alignment)
        writer.pack(self.layout, value if self.encode is None else self.encode(value))

    def get(self, reader: NdrReader, maximum: int) -> Any:
        reader.align(self.alignment)
        (raw,) = reader.unpack(self.layout)
        return raw if self.decode is None else self.decode(raw)

    def zero(self, scope: Scope) -> Any:
        return self.none


def guid_node() -> ScalarNode:
    """A GUID is a structure whose first field is 32 bits wide; that is all that alignment sees of it."""
    return ScalarNode("16s", 4, guid.NULL, guid.encode, guid.decode)
