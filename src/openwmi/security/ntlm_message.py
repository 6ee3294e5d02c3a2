"""NTLM's three messages and their AV pairs <-> octets ([MS-NLMP] 2.2). Layouts only, no cryptography.

Payload fields may stand anywhere behind the fixed part, and overlap: each is only checked to lie within the message.
The Version and MIC of an AUTHENTICATE may be missing, since its payload may begin at offset 64 ([MS-NLMP] note 12).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import IntEnum, IntFlag
from struct import Struct
from typing import Final

from openwmi.base.cursor import Reader, Writer
from openwmi.base.fault import RemoteProtocolError

SIGNATURE: Final = b"NTLMSSP\0"
CHALLENGE_SIZE: Final = 8
MIC_OFFSET: Final = 72
MIC_SIZE: Final = 16
VERSION: Final = bytes((10, 0)) + (20348).to_bytes(2, "little") + bytes((0, 0, 0, 15))
"""A VERSION structure, "for debugging purposes only": some Windows, NTLM revision 15."""


class NtlmFlags(IntFlag):
    """NEGOTIATE flags, [MS-NLMP] 2.2.2.5; those that nothing here depends on are left out."""

    NONE = 0
    UNICODE = 0x00000001
    OEM = 0x00000002
    REQUEST_TARGET = 0x00000004
    SIGN = 0x00000010
    SEAL = 0x00000020
    DATAGRAM = 0x00000040
    LM_KEY = 0x00000080
    NTLM = 0x00000200
    ANONYMOUS = 0x00000800
    ALWAYS_SIGN = 0x00008000
    TARGET_TYPE_DOMAIN = 0x00010000
    TARGET_TYPE_SERVER = 0x00020000
    EXTENDED_SESSION_SECURITY = 0x00080000
    IDENTIFY = 0x00100000
    TARGET_INFO = 0x00800000
    VERSION = 0x02000000
    KEY_128 = 0x20000000
    KEY_EXCHANGE = 0x40000000
    KEY_56 = 0x80000000


class AvId(IntEnum):
    """What an AV pair holds, [MS-NLMP] 2.2.2.1."""

    EOL = 0
    NB_COMPUTER_NAME = 1
    NB_DOMAIN_NAME = 2
    DNS_COMPUTER_NAME = 3
    DNS_DOMAIN_NAME = 4
    DNS_TREE_NAME = 5
    FLAGS = 6
    TIMESTAMP = 7
    SINGLE_HOST = 8
    TARGET_NAME = 9
    CHANNEL_BINDINGS = 10


MIC_PROVIDED: Final = 0x00000002
"""Bit of AvId.FLAGS: the AUTHENTICATE has a MIC."""

_HEADER: Final = Struct("<8sI")
_FIELD: Final = Struct("<HHI")


def decode_av_pairs(octets: bytes) -> dict[int, bytes]:
    """AV pairs up to their end mark, which has to be there; what follows it is dropped. The first of two counts."""
    reader = Reader(octets)
    pairs: dict[int, bytes] = {}
    while (kind := reader.u16()) != AvId.EOL:
        pairs.setdefault(kind, reader.octets(reader.u16()))
    return pairs


def encode_av_pairs(pairs: Mapping[int, bytes]) -> bytes:
    """The pairs in the mapping's order, and the end mark."""
    writer = Writer()
    for kind, value in pairs.items():
        writer.u16(kind)
        writer.u16(len(value))
        writer.octets(value)
    writer.u32(AvId.EOL)
    return bytes(writer)


@dataclass(frozen=True, slots=True)
class Negotiate:
    """NEGOTIATE_MESSAGE, [MS-NLMP] 2.2.1.1. The names in its payload are of no use to a server, and are not read."""

    flags: NtlmFlags

    @classmethod
    def decode(cls, octets: bytes) -> Negotiate:
        reader = _open(octets, 1)
        return cls(NtlmFlags(reader.u32()))

    def encode(self) -> bytes:
        writer = Writer()
        writer.pack(_HEADER, SIGNATURE, 1)
        writer.u32(self.flags)
        writer.zeros(16)
        writer.octets(VERSION if self.flags & NtlmFlags.VERSION else bytes(8))
        return bytes(writer)


@dataclass(frozen=True, slots=True)
class Challenge:
    """CHALLENGE_MESSAGE, [MS-NLMP] 2.2.1.2. `target_info` are AV pairs, encoded."""

    flags: NtlmFlags
    challenge: bytes
    target_name: str
    target_info: bytes

    _FIXED = 56

    @classmethod
    def decode(cls, octets: bytes) -> Challenge:
        reader = _open(octets, 2)
        name = _payload(octets, reader)
        flags = NtlmFlags(reader.u32())
        challenge = reader.octets(CHALLENGE_SIZE)
        reader.skip(8)
        return cls(flags, challenge, _text(name, flags), _payload(octets, reader))

    def encode(self) -> bytes:
        name = self.target_name.encode("utf-16-le")
        writer = Writer()
        writer.pack(_HEADER, SIGNATURE, 2)
        writer.pack(_FIELD, len(name), len(name), self._FIXED)
        writer.u32(self.flags)
        writer.octets(self.challenge)
        writer.zeros(8)
        info = self.target_info
        writer.pack(_FIELD, len(info), len(info), self._FIXED + len(name))
        writer.octets(VERSION if self.flags & NtlmFlags.VERSION else bytes(8))
        writer.octets(name)
        writer.octets(info)
        return bytes(writer)


@dataclass(frozen=True, slots=True)
class Authenticate:
    """AUTHENTICATE_MESSAGE, [MS-NLMP] 2.2.1.3. Its secrets are proofs and keys, so they are not shown."""

    flags: NtlmFlags
    domain: str
    user: str
    workstation: str
    lm_response: bytes = field(repr=False)
    nt_response: bytes = field(repr=False)
    session_key: bytes = field(repr=False)

    @classmethod
    def decode(cls, octets: bytes) -> Authenticate:
        reader = _open(octets, 3)
        lm_response, nt_response, domain, user, workstation, key = (_payload(octets, reader) for _ in range(6))
        flags = NtlmFlags(reader.u32())
        return cls(
            flags, _text(domain, flags), _text(user, flags), _text(workstation, flags), lm_response, nt_response, key
        )


def _open(octets: bytes, kind: int) -> Reader:
    reader = Reader(octets)
    signature, number = reader.unpack(_HEADER)
    if signature != SIGNATURE:
        raise RemoteProtocolError("not an NTLM message: its signature is missing")
    if number != kind:
        raise RemoteProtocolError(f"NTLM message {number} where message {kind} has its turn")
    return reader


def _payload(octets: bytes, reader: Reader) -> bytes:
    """The octets that a field of the fixed part points to; a length of 0 makes its offset meaningless."""
    length, _, offset = reader.unpack(_FIELD)
    if not length:
        return b""
    if offset + length > len(octets):
        raise RemoteProtocolError(f"an NTLM field at {offset}, {length} octets, in a message of {len(octets)}")
    return octets[offset : offset + length]


def _text(octets: bytes, flags: NtlmFlags) -> str:
    if not flags & NtlmFlags.UNICODE:
        return octets.decode("latin-1")
    try:
        return octets.decode("utf-16-le", "surrogatepass")
    except UnicodeDecodeError as error:
        raise RemoteProtocolError(f"a name that is not UTF-16: {error.reason}") from None
