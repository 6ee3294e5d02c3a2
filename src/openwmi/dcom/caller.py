"""Who makes the call that is being carried out: COM's CoGetCallContext, for methods of exported objects."""

from __future__ import annotations

import uuid
from collections.abc import Hashable
from contextvars import Context, ContextVar, copy_context
from typing import NamedTuple

from openwmi.base.fault import LocalProtocolError
from openwmi.base.guid import Guid
from openwmi.rpc import AuthLevel


class Caller(NamedTuple):
    """The client of one call.

    Attributes:
        principal: who logged in, such as `DOM\\me`; None for nobody.
        level: how the call was protected.
        peer: the address it came from.
        host: our address that it came to, so that references lead back by the way that works.
        connection: what objects that are handed out are tied to: the association group.
        impersonation: how far the server may act as the caller: an RPC_C_IMP_LEVEL; 0 for nobody.
    """

    principal: str | None
    level: AuthLevel
    peer: str
    host: str
    connection: Hashable
    impersonation: int = 0


_CAUSALITY: ContextVar[Guid] = ContextVar("openwmi.dcom.causality")
_CALLER: ContextVar[Caller] = ContextVar("openwmi.dcom.caller")
_ALONE: ContextVar[Context] = ContextVar("openwmi.dcom.caller_alone")


def current_caller() -> Caller:
    """The caller, in a task that carries out a call; LocalProtocolError elsewhere."""
    caller = _CALLER.get(None)
    if caller is None:
        raise LocalProtocolError("there is no caller: no call is being carried out here")
    return caller


def context_of(caller: Caller) -> Context:
    """What calls of a caller are carried out in: each in a copy of it."""
    alone = copy_context()
    alone.run(_CALLER.set, caller)
    context = alone.copy()
    context.run(_ALONE.set, alone)
    return context


def callers_own() -> Context:
    """A context that knows the caller, and nothing of the call: for what goes on when that was answered.

    A call that others make of it later is no consequence of the one that began it ([MS-DCOM] 1.3.5).
    """
    alone = _ALONE.get(None)
    return copy_context() if alone is None else alone


def causality() -> Guid:
    """What calls made from here carry: that of the call that is being carried out, as they are its consequence."""
    return _CAUSALITY.get(None) or uuid.uuid4()


def set_causality(cid: Guid) -> None:
    """For the task that carries out a call: what its request said ([MS-DCOM] 1.3.5)."""
    _CAUSALITY.set(cid)
