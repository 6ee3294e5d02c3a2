"""Who calls, in which language and with what: the context of a call, from its wire form."""

from __future__ import annotations

from collections.abc import Mapping

from openwmi.base.error import WbemError
from openwmi.base.fault import RemoteProtocolError
from openwmi.base.status import WbemStatus
from openwmi.dcom import Caller, current_caller
from openwmi.operation import NO_VALUES, CallContext, CallFlags, Impersonation
from openwmi.orpc import ObjRefCustom, objref
from openwmi.orpc.wellknown import CLSID_WbemContext
from openwmi.rpc import AuthLevel
from openwmi.wmio import decode_context


class Contexts:
    """Those of one user's calls on one namespace.

    Args:
        principal: who logged in.
        locale: the languages that the user prefers, first one first, such as `ms_409,en-US`.
    """

    def __init__(self, principal: str, locale: str) -> None:
        self.principal = principal
        self._locale = locale
        self._known: dict[tuple[int, AuthLevel, int], CallContext] = {}  # those without values: few flags, few levels

    def of(self, flags: CallFlags, pCtx: bytes | None = None) -> CallContext:
        """The context of the call that is being carried out. INVALID_CONTEXT for a pCtx that is none."""
        caller = current_caller()
        if pCtx is not None:
            return self._made(flags, caller, _values(pCtx))
        key = int(flags), caller.level, caller.impersonation
        known = self._known.get(key)
        if known is None:
            known = self._known[key] = self._made(flags, caller, NO_VALUES)
        return known

    def _made(self, flags: CallFlags, caller: Caller, values: Mapping[str, object]) -> CallContext:
        return CallContext(
            self.principal,
            self._locale,
            flags=flags,
            values=values,
            impersonation=Impersonation(caller.impersonation),
            encrypted=caller.level >= AuthLevel.PRIVACY,
        )


def _values(pCtx: bytes) -> Mapping[str, object]:
    """What the caller says by name: the IWbemContext that comes with a call, by value ([MS-WMI] 2.2.13).

    INVALID_CONTEXT if it is none. The document has that status for a context that lacks something; the SDK for one that
    is not valid.
    """
    try:
        reference = objref.decode(pCtx)
        if isinstance(reference, ObjRefCustom) and reference.clsid == CLSID_WbemContext:
            return decode_context(reference.data)
        problem = "it is not custom marshaled, or by somebody else"
    except RemoteProtocolError as error:
        problem = str(error)
    raise WbemError(WbemStatus.INVALID_CONTEXT, f"pCtx is no context: {problem}")
