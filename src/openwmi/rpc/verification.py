"""The verification trailer behind the stub of a request ([MS-RPCE] 2.2.2.13).

It repeats under protection what the header says without it. It is looked for behind the last parameter, so whoever
decoded the stub says where that was. Clients that send none are the rule, and padding or junk without one is no error.
"""

from __future__ import annotations

from dataclasses import dataclass
from struct import Struct
from typing import Final

from openwmi.base.cursor import Reader, Writer
from openwmi.base.fault import RemoteProtocolError
from openwmi.rpc.event import RequestReceived
from openwmi.rpc.header import LITTLE_ENDIAN, PduType
from openwmi.rpc.syntax import SyntaxId

SIGNATURE: Final = bytes.fromhex("8ae3137102f43671")

_BITMASK_1, _PCONTEXT, _HEADER2 = 1, 2, 3
_TYPE_MASK, _END, _MUST_PROCESS = 0x3FFF, 0x4000, 0x8000
CLIENT_SUPPORT_HEADER_SIGNING: Final = 0x00000001
_COMMAND: Final = Struct("<HH")
_HEADER2_LAYOUT: Final = Struct("<BBH4sIHH")


@dataclass(frozen=True, slots=True)
class RequestHeader:
    """rpc_sec_vt_header2: fields of the request's own header."""

    type: int
    data_representation: bytes
    call_id: int
    context_id: int
    opnum: int


@dataclass(frozen=True, slots=True)
class VerificationTrailer:
    """The commands that there were; None for those that were not."""

    bits: int | None = None
    interface: SyntaxId | None = None
    transfer: SyntaxId | None = None
    header: RequestHeader | None = None

    @classmethod
    def decode(cls, octets: bytes) -> VerificationTrailer:
        """From the first octet of the signature. A command that must be known and is not is a RemoteProtocolError."""
        reader = Reader(octets)
        if reader.octets(len(SIGNATURE)) != SIGNATURE:
            raise RemoteProtocolError("not a verification trailer: its signature is missing")
        bits: int | None = None
        interface = transfer = None
        header: RequestHeader | None = None
        command = 0
        while not command & _END:
            command, length = reader.unpack(_COMMAND)
            kind = command & _TYPE_MASK
            with reader.restrict(length):
                if kind == _BITMASK_1:
                    bits = reader.u32()
                elif kind == _PCONTEXT:
                    interface, transfer = SyntaxId.decode(reader), SyntaxId.decode(reader)
                elif kind == _HEADER2:
                    number, _, _, representation, call_id, context_id, opnum = reader.unpack(_HEADER2_LAYOUT)
                    header = RequestHeader(number, representation, call_id, context_id, opnum)
                elif command & _MUST_PROCESS:
                    raise RemoteProtocolError(f"verification command {kind} must be processed, and is not known")
                else:
                    reader.rest()
        return cls(bits, interface, transfer, header)

    def encode(self) -> bytes:
        commands: list[tuple[int, bytes]] = []
        if self.bits is not None:
            commands.append((_BITMASK_1, self.bits.to_bytes(4, "little")))
        if self.interface is not None and self.transfer is not None:
            writer = Writer()
            self.interface.encode(writer)
            self.transfer.encode(writer)
            commands.append((_PCONTEXT, bytes(writer)))
        if self.header is not None:
            head = self.header
            fields = head.type, 0, 0, head.data_representation, head.call_id, head.context_id, head.opnum
            commands.append((_HEADER2, _HEADER2_LAYOUT.pack(*fields)))
        out = bytearray(SIGNATURE)
        for index, (kind, body) in enumerate(commands, 1):
            out += _COMMAND.pack(kind | (_END if index == len(commands) else 0), len(body)) + body
        return bytes(out)


def find_trailer(stub: bytes, consumed: int) -> VerificationTrailer | None:
    """The trailer behind the first `consumed` octets of a request's stub; None where there is none."""
    at = stub.find(SIGNATURE, consumed)
    return None if at < 0 else VerificationTrailer.decode(stub[at:])


def check_trailer(request: RequestReceived, consumed: int, *, header_signing: bool) -> None:
    """Compares a request with its trailer, if it has one.

    `header_signing` is the association's. RemoteProtocolError says what differs: then the request is answered with
    fault ACCESS_DENIED and not carried out.
    """
    trailer = find_trailer(request.stub, consumed)
    if trailer is None:
        return
    if trailer.bits is not None and trailer.bits & CLIENT_SUPPORT_HEADER_SIGNING and not header_signing:
        raise RemoteProtocolError("the client asked for header signing, and its bind arrived without that")
    if trailer.interface is not None and (trailer.interface, trailer.transfer) != (request.interface, request.transfer):
        raise RemoteProtocolError(f"the request was made for {trailer.interface} and arrived for {request.interface}")
    head = trailer.header
    expected = RequestHeader(PduType.REQUEST, LITTLE_ENDIAN, request.call_id, request.context_id, request.opnum)
    if head is not None and head != expected:
        raise RemoteProtocolError("the header of the request was changed on its way")
