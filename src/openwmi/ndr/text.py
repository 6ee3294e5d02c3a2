"""Texts: `[string]` arrays ([C706] 14.3.4), BSTR ([MS-OAUT] 2.2.23), and the octets of an interface pointer.

Wide characters are UTF-16 code units ([MS-RPCE] 2.2.4.1.1): lone surrogates, which Windows lets pass, come and go as
lone surrogates in `str`.
"""

from __future__ import annotations

from struct import Struct
from typing import Any, Final

from openwmi.base.fault import RemoteProtocolError
from openwmi.ndr.node import Node, Scope, ours, theirs
from openwmi.ndr.stream import NdrReader, NdrWriter
from openwmi.ndr.syntax import Syntax

WIDE: Final = "utf-16-le"
_LONE: Final = "surrogatepass"
_BLOB: Final = Struct("<II")
_NULL_BSTR: Final = 0xFFFFFFFF


class StringNode(Node):
    """`[string] wchar_t*` or `[string] char*`: maximum count, offset 0, actual count, characters, terminator.

    The value ends at the first NUL, as it does for a receiver in C. `char` is Latin-1, so that any octet passes.
    """

    __slots__ = ("encoding", "errors", "width")

    def __init__(self, syntax: Syntax, *, wide: bool) -> None:
        self.width = 2 if wide else 1
        self.encoding = WIDE if wide else "latin-1"
        self.errors = _LONE if wide else "strict"
        super().__init__(syntax.word.size, 2 * syntax.word.size + self.width, conformant=True)

    def maximum(self, value: Any, scope: Scope) -> int:
        return len(value.encode(self.encoding, self.errors)) // self.width + 1

    def put(self, writer: NdrWriter, value: Any, scope: Scope) -> None:
        octets = value.encode(self.encoding, self.errors)
        ours("\0" not in value, "a NUL inside of a [string] would end it there")
        writer.word(0)
        writer.word(len(octets) // self.width + 1)
        writer.octets(octets)
        writer.zeros(self.width)

    def get(self, reader: NdrReader, maximum: int) -> Any:
        offset, actual = reader.word(), reader.word()
        if offset or not 1 <= actual <= maximum:
            raise RemoteProtocolError(f"a string of {actual} of {maximum} characters from {offset}, at {reader.offset}")
        text = reader.octets(actual * self.width).decode(self.encoding, self.errors)
        theirs(text.endswith("\0"), f"a string without its NUL before offset {reader.offset}")
        return text[: text.index("\0")]

    def zero(self, scope: Scope) -> Any:
        return ""


class BstrNode(Node):
    """BSTR: a unique pointer to a FLAGGED_WORD_BLOB (cBytes, clSize, asData)."""

    __slots__ = ()

    def __init__(self, syntax: Syntax) -> None:
        super().__init__(syntax.word.size, syntax.word.size, has_pointees=True)

    def put(self, writer: NdrWriter, value: Any, scope: Scope) -> None:
        writer.referent(True)  # a NULL BSTR, too, is a pointer: to a blob that says so

    def put_pointees(self, writer: NdrWriter, value: Any, scope: Scope) -> None:
        octets = b"" if value is None else value.encode(WIDE, _LONE)
        size = len(octets) // 2
        writer.word(size)
        writer.align(4)
        writer.pack(_BLOB, _NULL_BSTR if value is None else len(octets), size)
        writer.octets(octets)

    def get(self, reader: NdrReader, maximum: int) -> Any:
        return reader.word()

    def get_pointees(self, reader: NdrReader, raw: Any) -> Any:
        if not raw:  # not what [MS-OAUT] 2.2.23.2 says of a NULL BSTR, but what other clients send
            return None
        maximum = reader.word()
        reader.align(4)
        size_bytes, size = reader.unpack(_BLOB)
        theirs(size == maximum, f"a BSTR of {size} words in an array of {maximum}, at offset {reader.offset}")
        octets = reader.octets(2 * size)
        if size_bytes == _NULL_BSTR:
            return None
        # The two sizes may differ by a terminator, and some clients count it in both: the text has none.
        return octets[: min(len(octets), size_bytes & ~1)].decode(WIDE, _LONE).rstrip("\0")

    def zero(self, scope: Scope) -> Any:
        return None


class InterfaceNode(Node):
    """MInterfacePointer ([MS-DCOM] 2.2.14): the octets of an OBJREF after their count. What is in them is not read."""

    __slots__ = ()

    def __init__(self) -> None:
        super().__init__(4, 4, conformant=True)

    def maximum(self, value: Any, scope: Scope) -> int:
        return len(value)

    def put(self, writer: NdrWriter, value: Any, scope: Scope) -> None:
        writer.align(4)
        writer.u32(len(value))
        writer.octets(value)

    def get(self, reader: NdrReader, maximum: int) -> Any:
        reader.align(4)
        count = reader.u32()
        theirs(count == maximum, f"an interface pointer of {count} octets in an array of {maximum}")
        return reader.octets(count)

    def zero(self, scope: Scope) -> Any:
        return b""
