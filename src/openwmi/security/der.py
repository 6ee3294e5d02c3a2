"""What SPNEGO needs of ASN.1's distinguished encoding ([X.690]): tags of one octet, definite lengths.

Whatever octets come, RemoteProtocolError is all that comes out. Nothing here knows what the values mean.
"""

from __future__ import annotations

from typing import Final

from openwmi.base.cursor import Reader
from openwmi.base.fault import RemoteProtocolError

OCTETS: Final = 0x04
OID: Final = 0x06
ENUMERATED: Final = 0x0A
SEQUENCE: Final = 0x30
APPLICATION: Final = 0x60
LONGEST_LENGTH: Final = 4


def context(number: int) -> int:
    """The tag of `[number]`, explicit."""
    return 0xA0 | number


def encode(tag: int, *parts: bytes) -> bytes:
    """One value of these octets."""
    body = b"".join(parts)
    size = len(body)
    if size < 0x80:
        return bytes((tag, size)) + body
    length = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes((tag, 0x80 | len(length))) + length + body


def decode(reader: Reader, tag: int) -> bytes:
    """The content of the next value, which has to have this tag."""
    found = reader.u8()
    if found != tag:
        raise RemoteProtocolError(f"tag 0x{found:02x} where 0x{tag:02x} has its turn, before offset {reader.offset}")
    return _content(reader)


def decode_fields(octets: bytes) -> dict[int, bytes]:
    """The members `[n]` of a SEQUENCE's content, each at most once and in rising order; content of each by its n."""
    reader = Reader(octets)
    fields: dict[int, bytes] = {}
    while reader.remaining:
        number = reader.u8() - context(0)
        if not 0 <= number < 0x1F or (fields and number <= max(fields)):
            raise RemoteProtocolError(f"member [{number}] is out of place before offset {reader.offset}")
        fields[number] = _content(reader)
    return fields


def decode_one(octets: bytes, tag: int) -> bytes:
    """The content of the one value that these octets are."""
    reader = Reader(octets)
    content = decode(reader, tag)
    reader.expect_end()
    return content


def encode_oid(text: str) -> bytes:
    """`1.3.6.1` -> an OBJECT IDENTIFIER."""
    first, second, *rest = map(int, text.split("."))
    out = bytearray()
    for arc in (40 * first + second, *rest):
        groups = [arc & 0x7F]
        while arc := arc >> 7:
            groups.append(0x80 | arc & 0x7F)
        out += bytes(reversed(groups))
    return encode(OID, bytes(out))


def _content(reader: Reader) -> bytes:
    length = reader.u8()
    if length == 0x80 or length > 0x80 + LONGEST_LENGTH:
        raise RemoteProtocolError(f"a length of form 0x{length:02x} before offset {reader.offset}")
    if length > 0x80:
        length = int.from_bytes(reader.octets(length & 0x7F), "big")
    return reader.octets(length)
