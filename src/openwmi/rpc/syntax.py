"""Interface and transfer syntaxes: p_syntax_id_t ([C706] 12.6.3.1), and the bind-time features hidden in one.

[MS-RPCE] 2.2.2.14-15, 3.3.1.5.3. Knows nothing of what an interface does.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntFlag
from typing import Final

from openwmi.base import guid
from openwmi.base.cursor import Reader, Writer


@dataclass(frozen=True, slots=True)
class SyntaxId:
    """An interface or a transfer syntax: a UUID and a version."""

    uuid: guid.Guid
    major: int = 0
    minor: int = 0

    def __str__(self) -> str:
        return f"{self.uuid} v{self.major}.{self.minor}"

    @classmethod
    def decode(cls, reader: Reader) -> SyntaxId:
        return cls(reader.guid(), reader.u16(), reader.u16())

    def encode(self, writer: Writer) -> None:
        writer.guid(self.uuid)
        writer.u16(self.major)
        writer.u16(self.minor)


NULL_SYNTAX: Final = SyntaxId(guid.NULL)
NDR: Final = SyntaxId(guid.parse("8a885d04-1ceb-11c9-9fe8-08002b104860"), 2)
NDR64: Final = SyntaxId(guid.parse("71710533-beba-4937-8319-b5dbef9ccc36"), 1)


class BindFeatures(IntFlag):
    """BindTimeFeatureNegotiationBitmask, [MS-RPCE] 2.2.2.14."""

    NONE = 0
    SECURITY_CONTEXT_MULTIPLEXING = 0x01
    KEEP_CONNECTION_ON_ORPHAN = 0x02


ALL_FEATURES: Final = BindFeatures.SECURITY_CONTEXT_MULTIPLEXING | BindFeatures.KEEP_CONNECTION_ON_ORPHAN

_PREFIX: Final = guid.encode(guid.parse("6cb71c2c-9812-4540-0000-000000000000"))[:8]


def features_of(transfer: SyntaxId) -> BindFeatures | None:
    """The features that a transfer syntax of a bind offers, unknown bits dropped; None for an ordinary syntax."""
    octets = guid.encode(transfer.uuid)
    if octets[:8] != _PREFIX or (transfer.major, transfer.minor) != (1, 0):
        return None
    return BindFeatures(octets[8] & int(ALL_FEATURES))


def features_syntax(features: BindFeatures) -> SyntaxId:
    """The transfer syntax by which a client offers `features`."""
    return SyntaxId(guid.decode(_PREFIX + int(features).to_bytes(8, "little")), 1)
