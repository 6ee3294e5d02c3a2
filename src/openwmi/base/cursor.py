"""A bounded cursor over octets, and its counterpart that appends: the one vocabulary of every binary format here.

A Reader never goes past its end, and `restrict` makes an end for a sub-structure: what is left over there is an error,
so that a length that lies is noticed where it lies. Integers are little-endian, as in all of the formats that use it.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from contextlib import contextmanager
from struct import Struct
from typing import Any

from openwmi.base import guid
from openwmi.base.fault import LocalProtocolError, RemoteProtocolError

_U8, _U16, _U32, _U64 = Struct("<B"), Struct("<H"), Struct("<I"), Struct("<Q")
_I8, _I16, _I32, _I64 = Struct("<b"), Struct("<h"), Struct("<i"), Struct("<q")


class Reader:
    """Reads forward through `data[offset:end]`. Every failure is a RemoteProtocolError that names the offset."""

    __slots__ = ("data", "end", "offset")

    def __init__(self, data: bytes | bytearray | memoryview, offset: int = 0, end: int | None = None) -> None:
        self.data = data if isinstance(data, bytes) else bytes(data)
        size = len(self.data)
        self.end = size if end is None else end
        self.offset = offset
        if not 0 <= offset <= self.end <= size:
            raise RemoteProtocolError(f"range {offset}..{self.end} lies outside of {len(self.data)} octets")

    @property
    def remaining(self) -> int:
        return self.end - self.offset

    def skip(self, count: int) -> int:
        """Moves on by `count` octets; returns the offset before."""
        start = self.offset
        if count < 0 or count > self.end - start:
            raise RemoteProtocolError(f"{count} octets wanted at offset {start}, {self.end - start} there")
        self.offset = start + count
        return start

    def octets(self, count: int) -> bytes:
        start = self.skip(count)
        return self.data[start : self.offset]

    def rest(self) -> bytes:
        """All that remains."""
        return self.octets(self.end - self.offset)

    def align(self, boundary: int, origin: int = 0) -> None:
        """Skips to the next multiple of `boundary`, counted from `origin`."""
        if missing := -(self.offset - origin) % boundary:
            self.skip(missing)

    def unpack(self, layout: Struct) -> tuple[Any, ...]:
        """Several fields in one step, by a compiled `struct.Struct`."""
        start, size = self.offset, layout.size
        if size > self.end - start:
            self.skip(size)
        self.offset = start + size
        return layout.unpack_from(self.data, start)

    def _one(self, layout: Struct) -> Any:
        return layout.unpack_from(self.data, self.skip(layout.size))[0]

    def u8(self) -> int:
        return int(self._one(_U8))

    def u16(self) -> int:
        return int(self._one(_U16))

    def u32(self) -> int:
        return int(self._one(_U32))

    def u64(self) -> int:
        return int(self._one(_U64))

    def i8(self) -> int:
        return int(self._one(_I8))

    def i16(self) -> int:
        return int(self._one(_I16))

    def i32(self) -> int:
        return int(self._one(_I32))

    def i64(self) -> int:
        return int(self._one(_I64))

    def guid(self) -> guid.Guid:
        return guid.decode(self.octets(guid.SIZE))

    @contextmanager
    def restrict(self, size: int) -> Iterator[None]:
        """Within the block only the next `size` octets can be read, and all of them must be."""
        outer, start = self.end, self.offset
        self.skip(size)
        self.offset, self.end = start, start + size
        try:
            yield
            self.expect_end()
        finally:
            self.end = outer

    def expect_end(self) -> None:
        if self.offset != self.end:
            raise RemoteProtocolError(f"{self.end - self.offset} octets left over at offset {self.offset}")


class Writer:
    """Appends to a growing buffer; `bytes(writer)` is the result."""

    __slots__ = ("data",)

    def __init__(self) -> None:
        self.data = bytearray()

    def __bytes__(self) -> bytes:
        return bytes(self.data)

    def __len__(self) -> int:
        return len(self.data)

    def octets(self, value: bytes | bytearray | memoryview) -> None:
        self.data += value

    def zeros(self, count: int) -> None:
        self.data += bytes(count)

    def align(self, boundary: int, origin: int = 0) -> None:
        """Zeros up to the next multiple of `boundary`, counted from `origin`."""
        if missing := -(len(self.data) - origin) % boundary:
            self.zeros(missing)

    def pack(self, layout: Struct, *values: Any) -> None:
        """Several fields in one step, by a compiled `struct.Struct`."""
        try:
            self.data += layout.pack(*values)
        except (struct.error, OverflowError) as error:
            raise _misfit(layout, values, error) from None

    def u8(self, value: int) -> None:
        self.data += _packed(_U8, value)

    def u16(self, value: int) -> None:
        self.data += _packed(_U16, value)

    def u32(self, value: int) -> None:
        self.data += _packed(_U32, value)

    def u64(self, value: int) -> None:
        self.data += _packed(_U64, value)

    def i8(self, value: int) -> None:
        self.data += _packed(_I8, value)

    def i16(self, value: int) -> None:
        self.data += _packed(_I16, value)

    def i32(self, value: int) -> None:
        self.data += _packed(_I32, value)

    def i64(self, value: int) -> None:
        self.data += _packed(_I64, value)

    def guid(self, value: guid.Guid) -> None:
        self.data += guid.encode(value)

    def reserve_u32(self) -> int:
        """Room for a number that is known later; returns its offset, for `patch_u32`."""
        at = len(self.data)
        self.data += b"\0\0\0\0"
        return at

    def patch_u32(self, at: int, value: int) -> None:
        self.data[at : at + 4] = _packed(_U32, value)


def _packed(layout: Struct, *values: Any) -> bytes:
    try:
        return layout.pack(*values)
    except (struct.error, OverflowError) as error:
        raise _misfit(layout, values, error) from None


def _misfit(layout: Struct, values: tuple[Any, ...], error: Exception) -> LocalProtocolError:
    """An OverflowError is of a float that is too large."""
    return LocalProtocolError(f"{values!r} does not fit {layout.format}: {error}")
