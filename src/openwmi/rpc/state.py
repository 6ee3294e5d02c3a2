"""The states of an association and the PDUs that each of them takes ([MS-RPCE] 3.3.2, 3.3.3, figures 18 and 20)."""

from __future__ import annotations

from enum import Enum
from typing import Final

from openwmi.rpc.header import PduType


class Role(Enum):
    """Which end of the connection this is."""

    CLIENT = "client"
    SERVER = "server"

    __hash__ = object.__hash__  # each is itself alone; an Enum's own takes a microsecond for each fragment


class State(Enum):
    """How far the connection has come."""

    ESTABLISHED = "established"  # the transport is there, nothing was negotiated
    BINDING = "binding"  # client: waits for a bind_ack
    BOUND = "bound"  # context negotiated; further legs and contexts may follow
    ALTERING = "altering"  # client: waits for an alter_context_resp
    CLOSED = "closed"  # the peer is gone, or we are
    FAILED = "failed"  # the peer broke the protocol

    __hash__ = object.__hash__


ENDED: Final = frozenset({State.CLOSED, State.FAILED})

ALLOWED: Final[dict[tuple[Role, State], frozenset[PduType]]] = {
    (Role.SERVER, State.ESTABLISHED): frozenset({PduType.BIND}),
    (Role.SERVER, State.BOUND): frozenset(
        {PduType.ALTER_CONTEXT, PduType.AUTH3, PduType.REQUEST, PduType.CO_CANCEL, PduType.ORPHANED}
    ),
    (Role.CLIENT, State.ESTABLISHED): frozenset(),
    (Role.CLIENT, State.BINDING): frozenset({PduType.BIND_ACK, PduType.BIND_NAK, PduType.FAULT}),
    (Role.CLIENT, State.ALTERING): frozenset(
        {PduType.ALTER_CONTEXT_RESP, PduType.BIND_NAK, PduType.FAULT, PduType.RESPONSE, PduType.SHUTDOWN}
    ),
    (Role.CLIENT, State.BOUND): frozenset({PduType.RESPONSE, PduType.FAULT, PduType.SHUTDOWN}),
}
