"""The common header of every connection-oriented PDU ([C706] 12.6.3.1, [MS-RPCE] 2.2.2) and the sec_trailer at its end.

Only little-endian, ASCII and IEEE data representation is spoken; another one is refused by name. Knows no PDU's body.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from struct import Struct
from typing import Final, NamedTuple

from openwmi.base.fault import RemoteProtocolError


class PduType(IntEnum):
    """The PDUs of connection-oriented RPC; other numbers are of the datagram kind."""

    REQUEST = 0
    RESPONSE = 2
    FAULT = 3
    BIND = 11
    BIND_ACK = 12
    BIND_NAK = 13
    ALTER_CONTEXT = 14
    ALTER_CONTEXT_RESP = 15
    AUTH3 = 16
    SHUTDOWN = 17
    CO_CANCEL = 18
    ORPHANED = 19

    __hash__ = int.__hash__  # an Enum's own is of its name, and takes a microsecond for each fragment


class PduFlags:
    """pfc_flags. Bit 0x04 has two names: the PDU's type says which of them is meant ([MS-RPCE] 2.2.2.3).

    Plain numbers, and no IntFlag: each fragment asks for several of them, and an IntFlag takes a microsecond to answer.
    """

    NONE: Final = 0
    FIRST: Final = 0x01
    LAST: Final = 0x02
    SUPPORT_HEADER_SIGN: Final = 0x04  # bind, bind_ack, alter_context, alter_context_resp, auth3
    PENDING_CANCEL: Final = 0x04  # all others
    CONC_MPX: Final = 0x10
    DID_NOT_EXECUTE: Final = 0x20
    MAYBE: Final = 0x40
    OBJECT_UUID: Final = 0x80


WHOLE: Final = PduFlags.FIRST | PduFlags.LAST
HEADER_SIZE: Final = 16
TRAILER_SIZE: Final = 8
LITTLE_ENDIAN: Final = b"\x10\0\0\0"
VERSION: Final = (5, 0)

HEADER: Final = Struct("<BBBB4sHHI")
"""rpc_vers, rpc_vers_minor, PTYPE, pfc_flags, packed_drep, frag_length, auth_length, call_id"""
_CHECKED: Final = Struct("<2sBB2s2xHHI")
"""The same as it is checked: both halves of the version together, and what counts of the representation."""
_VERSION: Final = bytes(VERSION)
_REPRESENTATION: Final = LITTLE_ENDIAN[:2]
_LENGTHS: Final = Struct("<HH")
TRAILER: Final = Struct("<BBBBI")
"""auth_type, auth_level, auth_pad_length, auth_reserved, auth_context_id"""


class Header(NamedTuple):
    """The 16 octets that all PDUs begin with. Lengths are octets; `fragment_length` counts the whole PDU."""

    type: PduType
    flags: int
    fragment_length: int
    auth_length: int
    call_id: int


@dataclass(frozen=True, slots=True)
class Verifier:
    """sec_trailer and authentication token ([MS-RPCE] 2.2.2.11-12).

    `type` and `level` are as the peer wrote them; what they may be is the state machine's question. `pad_length` is
    the padding in front of it, which belongs to the PDU's body.
    """

    type: int
    level: int
    context_id: int
    value: bytes
    pad_length: int = 0

    def encode_trailer(self) -> bytes:
        """The eight octets in front of the token."""
        return TRAILER.pack(self.type, self.level, self.pad_length, 0, self.context_id)


def peek_header(octets: bytes | bytearray, at: int = 0) -> Header | None:
    """The header of the PDU that begins at `at`, though its rest be missing; None while there are fewer than 16 octets.

    RemoteProtocolError at once where the version, the data representation or the length cannot be right, so that a
    stranger who speaks another protocol is not waited for.
    """
    if len(octets) - at >= HEADER_SIZE:
        version, number, flags, representation, length, auth_length, call_id = _CHECKED.unpack_from(octets, at)
        kind = _TYPES.get(number)
        least = HEADER_SIZE + TRAILER_SIZE + auth_length if auth_length else HEADER_SIZE
        if version == _VERSION and representation == _REPRESENTATION and length >= least and kind is not None:
            return Header(kind, flags, length, auth_length, call_id)
    _complain(octets[at : at + HEADER_SIZE])
    return None


def decode_header(octets: bytes) -> Header:
    """The header of one whole PDU; `octets` is exactly that PDU."""
    header = peek_header(octets)
    if header is None or header.fragment_length != len(octets):
        length = None if header is None else header.fragment_length
        raise RemoteProtocolError(f"frag_length is {length}, the PDU has {len(octets)} octets")
    return header


def decode_verifier(octets: bytes, header: Header) -> Verifier | None:
    """What the PDU's end says about its protection; None without a sec_trailer."""
    if not header.auth_length:
        return None
    at = header.fragment_length - header.auth_length - TRAILER_SIZE
    kind, level, pad_length, _, context_id = TRAILER.unpack_from(octets, at)
    return Verifier(kind, level, context_id, octets[at + TRAILER_SIZE :], pad_length)


def body_end(header: Header) -> int:
    """Where the body, with its padding, ends: at the sec_trailer or at the end of the PDU."""
    return header.fragment_length - (header.auth_length + TRAILER_SIZE if header.auth_length else 0)


def _complain(octets: bytes | bytearray) -> None:
    """Says what is wrong with what there is of a header; nothing may be, if it is not whole."""
    known = len(octets)
    if known >= 1 and octets[0] != VERSION[0]:
        raise RemoteProtocolError(f"not DCE/RPC version 5: begins with octet {octets[0]:#04x}")
    if known >= 2 and octets[1] != VERSION[1]:
        raise RemoteProtocolError(f"DCE/RPC version 5.{octets[1]}: only 5.0 is spoken")
    if known >= 5 and octets[4] != LITTLE_ENDIAN[0]:
        raise RemoteProtocolError(f"data representation {octets[4]:#04x}: only little-endian ASCII (0x10) is spoken")
    if known >= 6 and octets[5] != LITTLE_ENDIAN[1]:
        raise RemoteProtocolError(f"floating-point representation {octets[5]}: only IEEE (0) is spoken")
    if known < HEADER_SIZE:
        return
    kind, length, auth_length = octets[2], *_LENGTHS.unpack_from(octets, 8)
    least = HEADER_SIZE + (TRAILER_SIZE + auth_length if auth_length else 0)
    if length < least:
        raise RemoteProtocolError(f"frag_length {length} where the PDU has at least {least} octets")
    raise RemoteProtocolError(f"PDU type {kind} does not exist on a connection")


_TYPES: Final = {int(kind): kind for kind in PduType}
