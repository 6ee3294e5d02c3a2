"""DCE/RPC over a connection, both ends, without I/O ([C706] 9-13, [MS-RPCE]).

`RpcAssociation` is one end of one connection. Octets go in by `receive`; `next_event` says what they mean; `send_…` and
the answers to tokens append to what `data_to_send` gives. A server's driver, whole:

    groups = rpc.AssociationGroups()                                             # one for each endpoint

    async def serve(reader, writer):
        association = rpc.RpcAssociation(rpc.Role.SERVER, interfaces=INTERFACES, groups=groups, peer=host)
        logins = security.Logins(users, names, peer=host)
        try:
            while not association.closed:
                association.receive(await reader.read(65536))                    # b"": the peer closed
                while (event := association.next_event()) is not None:
                    match event:
                        case rpc.TokenNeeded(): logins.answer(association, event)
                        case rpc.RequestReceived(): association.send_response(event.call_id, answer(event))
                writer.write(association.data_to_send())
        except RemoteProtocolError as error:                                     # next_event: the peer broke the rules
            log.warning("%s: %s", host, error)
        finally:
            association.close()
            writer.write(association.data_to_send())                             # a last fault may be in it
            writer.close()

- A call may be answered later and in any order, once: `send_response(call_id, stub)` or `send_fault(call_id, status,
  executed=…)`; write `data_to_send()` after it. Protection is applied in that call, so octets must be written in the
  order in which they are taken out.
- `RequestReceived`: `interface`, `opnum`, `object` (the IPID), `stub`, and whose it is: `level`, `principal`. Level
  NONE is nobody's. Whether that is enough for an interface is the driver's to say: fault ACCESS_DENIED,
  executed=False. `stub` may go on behind the parameters: `check_trailer(request, consumed,
  header_signing=association.header_signing)` compares a verification trailer there.
- `CallCancelled`: answer soon. `CallOrphaned`: stop; an answer is dropped. `ConnectionClosed` is the last event.
- `TokenNeeded`: nothing more is parsed until `accept_token(auth_context_id, token, context)` or `refuse_token(…)`;
  while `association.waiting`, stop reading, and call `next_event` again after the answer.
- A client: `bind([interface], auth=AuthOffer(type, level, token)) -> [context_id]`, then BindAccepted or BindRefused
  and TokenNeeded; `alter_context`; `send_request(context_id, opnum, stub, target=ipid, auth_context_id=…) -> call_id`,
  then ResponseReceived or FaultReceived; `abandon(call_id)` where nobody waits any longer.

This package makes no token and knows no algorithm: a `SecurityContext` comes with `accept_token`.
"""

from openwmi.rpc.association import RpcAssociation
from openwmi.rpc.bind import ContextOutcome, ContextResult, NakReason, RejectReason
from openwmi.rpc.client import AuthOffer
from openwmi.rpc.event import (
    BindAccepted,
    BindRefused,
    CallCancelled,
    CallOrphaned,
    ConnectionClosed,
    Event,
    FaultReceived,
    RequestReceived,
    ResponseReceived,
    TokenNeeded,
)
from openwmi.rpc.group import AssociationGroups
from openwmi.rpc.protection import AuthLevel, AuthType, SecurityContext
from openwmi.rpc.state import Role, State
from openwmi.rpc.status import FaultStatus
from openwmi.rpc.syntax import NDR, NDR64, BindFeatures, SyntaxId
from openwmi.rpc.tower import Tower
from openwmi.rpc.verification import VerificationTrailer, check_trailer, find_trailer

__all__ = [
    "NDR",
    "NDR64",
    "AssociationGroups",
    "AuthLevel",
    "AuthOffer",
    "AuthType",
    "BindAccepted",
    "BindFeatures",
    "BindRefused",
    "CallCancelled",
    "CallOrphaned",
    "ConnectionClosed",
    "ContextOutcome",
    "ContextResult",
    "Event",
    "FaultReceived",
    "FaultStatus",
    "NakReason",
    "RejectReason",
    "RequestReceived",
    "ResponseReceived",
    "Role",
    "RpcAssociation",
    "SecurityContext",
    "State",
    "SyntaxId",
    "TokenNeeded",
    "Tower",
    "VerificationTrailer",
    "check_trailer",
    "find_trailer",
]
