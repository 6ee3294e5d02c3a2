"""One whole PDU <-> octets, for every type that there is ([C706] 12.6, [MS-RPCE] 2.2.2)."""

from __future__ import annotations

from typing import Final, TypeAlias

from openwmi.base.cursor import Reader, Writer
from openwmi.base.fault import LocalProtocolError, RemoteProtocolError
from openwmi.rpc.bind import AlterContext, AlterContextResp, Bind, BindAck, BindNak
from openwmi.rpc.call import Auth3, CoCancel, Fault, Orphaned, Request, Response, Shutdown
from openwmi.rpc.header import (
    HEADER,
    HEADER_SIZE,
    LITTLE_ENDIAN,
    TRAILER_SIZE,
    VERSION,
    PduType,
    Verifier,
    body_end,
    decode_header,
    decode_verifier,
)

Pdu: TypeAlias = (
    Bind
    | BindAck
    | BindNak
    | AlterContext
    | AlterContextResp
    | Auth3
    | Request
    | Response
    | Fault
    | CoCancel
    | Orphaned
    | Shutdown
)

_CLASSES: Final[dict[PduType, type[Pdu]]] = {
    kind.TYPE: kind
    for kind in (
        Bind,
        BindAck,
        BindNak,
        AlterContext,
        AlterContextResp,
        Auth3,
        Request,
        Response,
        Fault,
        CoCancel,
        Orphaned,
        Shutdown,
    )
}


def decode(octets: bytes) -> Pdu:
    """Exactly one PDU, neither more nor fewer octets. Nothing but RemoteProtocolError comes out of bad ones.

    The stub of an encrypted fragment comes out as it went in: unsealing is the state machine's work.
    """
    header = decode_header(octets)
    auth = decode_verifier(octets, header)
    kind = _CLASSES.get(header.type)
    if kind is None:
        raise RemoteProtocolError(f"PDU type {header.type} has no layout")
    return kind.decode(header, Reader(octets, HEADER_SIZE, body_end(header)), auth)


def encode(pdu: Pdu) -> bytes:
    """A PDU as it travels, its verifier behind it as given.

    The sec_trailer is aligned to 4 octets by padding, which the verifier's `pad_length` then tells, whatever it was.
    Requests and responses that are protected are not made here, for their padding is part of what is protected.
    """
    writer = Writer()
    writer.zeros(HEADER_SIZE)
    pdu.encode(writer)
    auth_length = 0
    if pdu.auth is not None:
        at = len(writer)
        writer.align(4)
        auth = pdu.auth
        writer.octets(Verifier(auth.type, auth.level, auth.context_id, b"", len(writer) - at).encode_trailer())
        writer.octets(auth.value)
        auth_length = len(auth.value)
        if not auth_length:
            raise LocalProtocolError("a verifier without a token cannot be told from no verifier")
    length = len(writer)
    if length > 0xFFFF:
        raise LocalProtocolError(f"a PDU of {length} octets: its length field ends at 65,535")
    writer.data[:HEADER_SIZE] = HEADER.pack(
        *VERSION, pdu.TYPE, pdu.flags, LITTLE_ENDIAN, length, auth_length, pdu.call_id
    )
    return bytes(writer)


__all__ = ["TRAILER_SIZE", "Pdu", "decode", "encode"]
