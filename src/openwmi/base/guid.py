"""GUIDs: `uuid.UUID`, in the packet form of [MS-DTYP] 2.3.4.2 (three little-endian fields, then eight octets)."""

from __future__ import annotations

import re
from struct import Struct
from typing import Final
from uuid import UUID

from openwmi.base.fault import RemoteProtocolError

Guid = UUID
SIZE = 16
NULL = UUID(int=0)

# By its number it takes a sixth less time than UUID needs to make one of its octets: each call brings some new ones.
_FIELDS: Final = Struct("<IHH8s")

_TEXT = re.compile(r"(\{)?[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}(?(1)\})", re.IGNORECASE | re.ASCII)


def decode(octets: bytes) -> Guid:
    """16 octets -> GUID."""
    if len(octets) != SIZE:
        raise RemoteProtocolError(f"a GUID has 16 octets, not {len(octets)}")
    first, second, third, rest = _FIELDS.unpack(octets)
    return UUID(int=first << 96 | second << 80 | third << 64 | int.from_bytes(rest, "big"))


def encode(guid: Guid) -> bytes:
    """GUID -> 16 octets."""
    return guid.bytes_le


def parse(text: str) -> Guid:
    """`{8bc3f05e-…}` or the same without braces -> GUID. ValueError names the text."""
    if _TEXT.fullmatch(text) is None:  # `UUID` itself lets through braces, hyphens and underscores anywhere
        raise ValueError(f"not a GUID: {text!r}")
    return UUID(text)
