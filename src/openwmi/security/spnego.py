"""SPNEGO's two messages <-> octets ([RFC4178] 4.2, [MS-SPNG] 2.2). Layouts only: nothing is decided."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import Final

from openwmi.base.cursor import Reader
from openwmi.base.fault import RemoteProtocolError
from openwmi.security import der

SPNEGO: Final = der.encode_oid("1.3.6.1.5.5.2")
NTLM: Final = der.encode_oid("1.3.6.1.4.1.311.2.2.10")
KERBEROS: Final = der.encode_oid("1.2.840.113554.1.2.2")
MS_KERBEROS: Final = der.encode_oid("1.2.840.48018.1.2.2")
"""Kerberos with a bit cut off ([MS-SPNG] 3.1.5.2): it means the same, and Windows names it first."""

MECHANISMS_MOST: Final = 32
"""Mechanisms in one list; Windows names five."""


class Negotiation(IntEnum):
    """negState."""

    ACCEPTED = 0
    INCOMPLETE = 1
    REJECTED = 2
    REQUEST_MIC = 3


@dataclass(frozen=True, slots=True)
class Offer:
    """NegTokenInit. `mechanisms` are OIDs as they are encoded, best first; `token` is one for the first of them."""

    mechanisms: tuple[bytes, ...]
    token: bytes = b""
    mic: bytes = b""

    @classmethod
    def decode(cls, octets: bytes) -> Offer:
        """With its frame. The hints of Windows' servers ([MS-SPNG] 2.2.1) are dropped."""
        reader = Reader(der.decode_one(octets, der.APPLICATION))
        if der.encode(der.OID, der.decode(reader, der.OID)) != SPNEGO:
            raise RemoteProtocolError("a token of another mechanism than SPNEGO")
        fields = der.decode_fields(der.decode_one(der.decode(reader, der.context(0)), der.SEQUENCE))
        reader.expect_end()
        names = Reader(der.decode_one(fields.get(0, b""), der.SEQUENCE))
        mechanisms: list[bytes] = []
        while names.remaining:
            mechanisms.append(der.encode(der.OID, der.decode(names, der.OID)))
        if not 0 < len(mechanisms) <= MECHANISMS_MOST:
            raise RemoteProtocolError(f"an offer of {len(mechanisms)} mechanisms")
        return cls(tuple(mechanisms), _octets(fields, 2), _octets(fields, 3))

    def encode(self) -> bytes:
        fields = [der.encode(der.context(0), self.list)]
        fields += [
            der.encode(der.context(number), der.encode(der.OCTETS, value))
            for number, value in ((2, self.token), (3, self.mic))
            if value
        ]
        inner = der.encode(der.context(0), der.encode(der.SEQUENCE, *fields))
        return der.encode(der.APPLICATION, SPNEGO, inner)

    @property
    def list(self) -> bytes:
        """MechTypeList, which the MICs are over."""
        return der.encode(der.SEQUENCE, *self.mechanisms)


@dataclass(frozen=True, slots=True)
class Answer:
    """NegTokenResp, which both sides send after the offer. `state` None: it is left out, as clients may."""

    state: Negotiation | None = None
    mechanism: bytes = b""
    token: bytes = b""
    mic: bytes = b""

    @classmethod
    def decode(cls, octets: bytes) -> Answer:
        fields = der.decode_fields(der.decode_one(der.decode_one(octets, der.context(1)), der.SEQUENCE))
        state: Negotiation | None = None
        if 0 in fields:
            number = int.from_bytes(der.decode_one(fields[0], der.ENUMERATED), "big")
            if number not in Negotiation.__members__.values():
                raise RemoteProtocolError(f"negState {number} does not exist")
            state = Negotiation(number)
        mechanism = der.encode(der.OID, der.decode_one(fields[1], der.OID)) if 1 in fields else b""
        return cls(state, mechanism, _octets(fields, 2), _octets(fields, 3))

    def encode(self) -> bytes:
        fields = []
        if self.state is not None:
            fields.append(der.encode(der.context(0), der.encode(der.ENUMERATED, bytes((self.state,)))))
        if self.mechanism:
            fields.append(der.encode(der.context(1), self.mechanism))
        fields += [
            der.encode(der.context(number), der.encode(der.OCTETS, value))
            for number, value in ((2, self.token), (3, self.mic))
            if value
        ]
        return der.encode(der.context(1), der.encode(der.SEQUENCE, *fields))


def _octets(fields: dict[int, bytes], number: int) -> bytes:
    return der.decode_one(fields[number], der.OCTETS) if number in fields else b""
