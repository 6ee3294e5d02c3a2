"""Requests and responses cut into fragments and put together again ([C706] 12.6.2, [MS-RPCE] 2.2.2.6, 2.2.2.11)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from struct import Struct
from typing import Final

from openwmi.base import guid
from openwmi.base.fault import LocalProtocolError
from openwmi.rpc.header import LITTLE_ENDIAN, TRAILER, TRAILER_SIZE, VERSION, PduFlags, PduType
from openwmi.rpc.protection import AuthLevel, Slot, protect

_PREFIX: Final = Struct("<BBBB4sHHIIHH")
"""The common header and what request and response have behind it."""

TRAILER_ALIGNMENT: Final = 16


@dataclass(slots=True)
class Incoming:
    """A request or response of which not all fragments are there."""

    context_id: int
    opnum: int
    object: guid.Guid | None
    slot: Slot | None
    parts: list[bytes] = field(default_factory=list)
    size: int = 0

    def append(self, stub: bytes) -> None:
        self.parts.append(stub)
        self.size += len(stub)

    def stub(self) -> bytes:
        return self.parts[0] if len(self.parts) == 1 else b"".join(self.parts)


@dataclass(frozen=True, slots=True)
class Message:
    """A whole request or response to send. `extra` is the opnum of a request, and 0 in a response."""

    type: PduType
    call_id: int
    context_id: int
    extra: int
    stub: bytes
    target: bytes = b""
    slot: Slot | None = None


def fragments(message: Message, max_transmit: int, *, sign_header: bool) -> Iterator[bytes]:
    """The PDUs of a message, in order, none of them longer than `max_transmit` octets.

    They have to be sent in this order, since each token depends on those before it. `alloc_hint` is what is left, this
    fragment included, as Windows has it.
    """
    stub, slot = message.stub, message.slot
    protected = slot is not None and slot.protects
    token_size = 0
    if slot is not None and slot.context is not None and protected:
        token_size = slot.context.signature_size(sealed=slot.level is AuthLevel.PRIVACY)
    overhead = _PREFIX.size + len(message.target) + (TRAILER_SIZE + token_size if protected else 0)
    capacity = (max_transmit - overhead) // TRAILER_ALIGNMENT * TRAILER_ALIGNMENT
    if capacity <= 0:
        raise LocalProtocolError(f"fragments of {max_transmit} octets have no room for a stub")
    target_flag = PduFlags.OBJECT_UUID if message.target else PduFlags.NONE
    start = _PREFIX.size + len(message.target)
    offset, total = 0, len(stub)
    while True:
        chunk = stub[offset : offset + capacity]
        flags = target_flag | (0 if offset else PduFlags.FIRST) | (PduFlags.LAST if offset + len(chunk) == total else 0)
        pad = -len(chunk) % TRAILER_ALIGNMENT if protected else 0
        prefix = _PREFIX.pack(
            *VERSION,
            message.type,
            flags,
            LITTLE_ENDIAN,
            overhead + len(chunk) + pad,
            token_size,
            message.call_id,
            total - offset,
            message.context_id,
            message.extra,
        )
        if protected and slot is not None:
            trailer = TRAILER.pack(slot.type, slot.level, pad, 0, slot.context_id)
            pdu = b"".join((prefix, message.target, chunk, bytes(pad), trailer))
            yield protect(pdu, start, slot, sign_header=sign_header)
        else:
            yield b"".join((prefix, message.target, chunk))
        offset += len(chunk)
        if offset == total:
            return
