"""IWbemServices: one user's calls on one namespace ([MS-WMI] 3.1.4.3)."""

from __future__ import annotations

import functools

from openwmi.base import limits
from openwmi.base.error import WbemError
from openwmi.base.status import WbemStatus
from openwmi.dcom import Exporter, Served, partial
from openwmi.interfaces import EnumReply, IEnumWbemClassObject, IWbemServices
from openwmi.operation import CallContext, CallFlags
from openwmi.server.allowance import Allowance
from openwmi.server.enumerators import Enumerator
from openwmi.session import Session

# Those of [MS-WMI] 3.1.4.3.18, and ENSURE_LOCATABLE, which only the SDK's page of the call has.
QUERY_FLAGS = (
    CallFlags.PROTOTYPE
    | CallFlags.RETURN_IMMEDIATELY
    | CallFlags.FORWARD_ONLY
    | CallFlags.ENSURE_LOCATABLE
    | CallFlags.DIRECT_READ
    | CallFlags.USE_AMENDED_QUALIFIERS
)


@partial
class Services(Served, IWbemServices):
    """What NTLMLogin returns.

    Args:
        exporter: hands out references.
        session: the namespace.
        allowance: of result sets, for all users.
        principal: who logged in.
        locale: the languages that the user prefers, first one first, such as `ms_409,en-US`.
    """

    def __init__(self, exporter: Exporter, session: Session, allowance: Allowance, principal: str, locale: str) -> None:
        self._exporter = exporter
        self._allow = functools.partial(allowance.take, principal)
        self._session = session
        self._principal = principal
        self._locale = locale

    async def ExecQuery(
        self,
        strQueryLanguage: str | None,
        strQuery: str | None,
        lFlags: int,
        pCtx: bytes | None,
    ) -> EnumReply:
        if not strQueryLanguage or not strQuery:
            raise WbemError(WbemStatus.INVALID_PARAMETER, "ExecQuery wants a language, which is WQL, and a query")
        if strQueryLanguage.upper() != "WQL":
            raise WbemError(WbemStatus.INVALID_QUERY_TYPE, f"the query language is WQL, not {strQueryLanguage}")
        if len(strQuery) > limits.QUERY_CHARS:
            raise WbemError(WbemStatus.QUOTA_VIOLATION, f"a query has at most {limits.QUERY_CHARS} characters")
        flags = self._flags(lFlags, QUERY_FLAGS)
        forward_only = CallFlags.FORWARD_ONLY in flags
        if CallFlags.RETURN_IMMEDIATELY not in flags:
            flags &= ~CallFlags.FORWARD_ONLY  # a synchronous call gathers before it returns
        held = self._allow()
        operation = self._session.query(strQuery, None, self._context(flags))
        try:
            await operation.started()
            if CallFlags.RETURN_IMMEDIATELY not in flags:
                await operation.status()
                operation.results.check()
            enumerator = Enumerator(self._exporter, operation, self._allow, held, rewindable=not forward_only)
            return EnumReply(self._exporter.export(enumerator, IEnumWbemClassObject))
        except BaseException:
            operation.close()
            held()
            raise

    def _context(self, flags: CallFlags) -> CallContext:
        return CallContext(principal=self._principal, locale=self._locale, flags=flags)

    def _flags(self, value: int, allowed: CallFlags) -> CallFlags:
        unknown = value & ~int(allowed)
        if unknown:
            raise WbemError(
                WbemStatus.INVALID_PARAMETER, f"flags 0x{unknown & 0xFFFFFFFF:X} do not belong to this call"
            )
        return CallFlags(value)
