"""Requests and responses cut into fragments and put together again ([C706] 12.6.2, [MS-RPCE] 2.2.2.6, 2.2.2.11)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from struct import Struct
from typing import Final, NamedTuple

from openwmi.base import guid
from openwmi.base.fault import LocalProtocolError
from openwmi.rpc.header import LITTLE_ENDIAN, TRAILER, TRAILER_SIZE, VERSION, PduFlags, PduType
from openwmi.rpc.protection import Slot, protect

_PREFIX: Final = Struct("<BBBB4sHHIIHH")
"""The common header and what request and response have behind it."""

TRAILER_ALIGNMENT: Final = 16


@dataclass(slots=True)
class Incoming:
    """A request or response of which not all fragments are there.

    Takes no more memory than what came, be it in fragments of one octet, or of none.
    """

    context_id: int
    opnum: int
    object: guid.Guid | None
    slot: Slot | None
    begun: bool = False
    _stub: bytes | bytearray = b""

    @property
    def size(self) -> int:
        return len(self._stub)

    def append(self, stub: bytes) -> None:
        self.begun = True
        if not self._stub:
            self._stub = stub
        elif isinstance(self._stub, bytearray):
            self._stub += stub
        else:
            self._stub = bytearray(self._stub + stub)

    def take(self) -> bytes:
        """The stub, which is not kept."""
        stub, self._stub = bytes(self._stub), b""
        return stub


class Message(NamedTuple):
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
    fragment included, as Windows has it. Each is made and protected when it is taken.
    """
    kind, call_id, context_id, extra, stub, target, slot = message
    protecting = slot if slot is not None and slot.protects else None
    token_size = 0 if protecting is None else protecting.token_size
    start = _PREFIX.size + len(target)
    overhead = start if protecting is None else start + TRAILER_SIZE + token_size
    capacity = (max_transmit - overhead) // TRAILER_ALIGNMENT * TRAILER_ALIGNMENT
    if capacity <= 0:
        raise LocalProtocolError(f"fragments of {max_transmit} octets have no room for a stub")
    flags = PduFlags.FIRST | PduFlags.OBJECT_UUID if target else PduFlags.FIRST
    offset, total = 0, len(stub)
    while True:
        chunk = stub[offset : offset + capacity]
        if offset + len(chunk) == total:
            flags |= PduFlags.LAST
        pad = 0 if protecting is None else -len(chunk) % TRAILER_ALIGNMENT
        prefix = _PREFIX.pack(
            *VERSION,
            kind,
            flags,
            LITTLE_ENDIAN,
            overhead + len(chunk) + pad,
            token_size,
            call_id,
            total - offset,
            context_id,
            extra,
        )
        if protecting is None:
            yield b"".join((prefix, target, chunk))
        else:
            trailer = TRAILER.pack(protecting.type, protecting.level, pad, 0, protecting.context_id)
            pdu = b"".join((prefix, target, chunk, bytes(pad), trailer))
            yield protect(pdu, start, protecting, sign_header=sign_header)
        if flags & PduFlags.LAST:
            return
        offset += len(chunk)
        flags &= ~PduFlags.FIRST
