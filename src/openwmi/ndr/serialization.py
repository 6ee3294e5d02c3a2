"""Type serialization version 1 ([MS-RPCE] 2.2.6): one constructed type in a stream of its own, outside of any call.

Sixteen octets stand before the type: the common header (version, little-endian, length of the header, filler), then the
private header (length of the type with its padding, filler). Alignment starts anew behind them.
"""

from __future__ import annotations

from struct import Struct
from typing import Any, Final, TypeVar, overload

from openwmi.base.cursor import Reader
from openwmi.base.fault import RemoteProtocolError
from openwmi.ndr.codec import codec
from openwmi.ndr.stream import NdrReader, NdrWriter

T = TypeVar("T")

_HEADERS: Final = Struct("<BBHIII")
_VERSION, _LITTLE_ENDIAN, _COMMON_SIZE = 1, 0x10, 8
_FILLER: Final = 0xCCCCCCCC
_ALIGNMENT: Final = 8


@overload
def encode_type(hint: type[T], value: T) -> bytes: ...
@overload
def encode_type(hint: object, value: Any) -> bytes: ...
def encode_type(hint: object, value: Any) -> bytes:
    """A value of a constructed type -> headers, type, zeros up to a multiple of 8 octets."""
    writer = NdrWriter()
    codec(hint).encode(writer, value)
    writer.align(_ALIGNMENT)
    return _HEADERS.pack(_VERSION, _LITTLE_ENDIAN, _COMMON_SIZE, _FILLER, len(writer), 0) + bytes(writer)


@overload
def decode_type(hint: type[T], octets: bytes, offset: int = 0) -> tuple[T, int]: ...
@overload
def decode_type(hint: object, octets: bytes, offset: int = 0) -> tuple[Any, int]: ...
def decode_type(hint: object, octets: bytes, offset: int = 0) -> tuple[Any, int]:
    """The value that starts at `offset`, and the offset behind its padding. RemoteProtocolError.

    What stands between the end of the type and the length in the header is not looked at, whatever it is and however
    much: 2.2.6.2 asks for padding up to a multiple of 8, other senders put more there.
    """
    reader = Reader(octets, offset)
    version, endianness, size, _, length, _ = reader.unpack(_HEADERS)
    if (version, endianness, size) != (_VERSION, _LITTLE_ENDIAN, _COMMON_SIZE):
        raise RemoteProtocolError(
            f"not a little-endian type serialization 1 at offset {offset}: {version} 0x{endianness:02x} {size}"
        )
    return codec(hint).decode(NdrReader(reader.octets(length))), reader.offset
