"""Who calls, in which language and with what: the context of a call, from its wire form."""

from __future__ import annotations

from collections.abc import Mapping

from openwmi.dcom import Caller, current_caller
from openwmi.operation import NO_VALUES, CallContext, CallFlags, Impersonation
from openwmi.pointers import pointed_values
from openwmi.rpc import AuthLevel


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
            return self._made(flags, caller, pointed_values(pCtx))
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
