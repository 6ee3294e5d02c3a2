"""The two transfer syntaxes as data: what NDR ([C706] 14) and NDR64 ([MS-RPCE] 2.2.5) do differently.

Nothing else in this room asks which syntax it is: counts and referents are `word`s, the rest is in these fields.
"""

from __future__ import annotations

from dataclasses import dataclass
from struct import Struct
from typing import Final

from openwmi.base.guid import Guid


@dataclass(frozen=True, slots=True, eq=False)  # there are two, and they are keys of every codec
class Syntax:
    """One transfer syntax.

    Attributes:
        name: for people.
        uuid, version: how a presentation context names it.
        word: counts, offsets and referents, little-endian; they are aligned to their size.
        enumeration: `struct` letter of an IDL `enum` without v1_enum.
        padded: a structure of fixed size ends at a multiple of its alignment ([MS-RPCE] 2.2.5.3.4.1), and a union and
            its arm start at a multiple of the largest alignment of all arms (2.2.5.3.4.4).
    """

    name: str
    uuid: Guid
    version: int
    word: Struct
    enumeration: str
    padded: bool


NDR20: Final = Syntax("NDR", Guid("8a885d04-1ceb-11c9-9fe8-08002b104860"), 2, Struct("<I"), "H", padded=False)
NDR64: Final = Syntax("NDR64", Guid("71710533-beba-4937-8319-b5dbef9ccc36"), 1, Struct("<Q"), "i", padded=True)
