"""IWbemServices: one user's calls on one namespace ([MS-WMI] 3.1.4.3)."""

from __future__ import annotations

import functools
from collections.abc import Mapping

from openwmi.base.error import WbemError
from openwmi.base.fault import RemoteProtocolError
from openwmi.base.status import WbemStatus
from openwmi.dcom import Exporter, Served, partial
from openwmi.interfaces import EnumReply, IEnumWbemClassObject, IWbemServices
from openwmi.operation import NO_VALUES, CallContext, CallFlags, Enumeration
from openwmi.orpc import ObjRefCustom, objref
from openwmi.orpc.wellknown import CLSID_WbemContext
from openwmi.server.allowance import Allowance
from openwmi.server.enumerators import Enumerator
from openwmi.session import Session
from openwmi.session.asking import checked_query
from openwmi.session.modes import RULES
from openwmi.wmio import decode_context


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
        text = checked_query(strQueryLanguage, strQuery)
        flags = RULES["ExecQuery"].read(lFlags).flags
        values = _values(pCtx)
        forward_only = CallFlags.FORWARD_ONLY in flags
        if CallFlags.RETURN_IMMEDIATELY not in flags:
            flags &= ~CallFlags.FORWARD_ONLY  # a synchronous call gathers before it returns
        held = self._allow()
        operation = self._session.query(text, None, self._context(flags, values))
        try:
            await operation.started()
            if CallFlags.RETURN_IMMEDIATELY not in flags:
                await operation.status()
                operation.results.check()
            rows = Enumeration(operation, rewindable=not forward_only)
            enumerator = Enumerator(self._exporter, rows, self._allow, held)
            return EnumReply(self._exporter.export(enumerator, IEnumWbemClassObject))
        except BaseException:
            operation.close()
            held()
            raise

    def _context(self, flags: CallFlags, values: Mapping[str, object]) -> CallContext:
        return CallContext(principal=self._principal, locale=self._locale, flags=flags, values=values)


def _values(pCtx: bytes | None) -> Mapping[str, object]:
    """What the caller says by name: the IWbemContext that comes with a call, by value ([MS-WMI] 2.2.13).

    INVALID_CONTEXT if it is none. The document has that status for a context that lacks something; the SDK for one that
    is not valid.
    """
    if pCtx is None:
        return NO_VALUES
    try:
        reference = objref.decode(pCtx)
        if isinstance(reference, ObjRefCustom) and reference.clsid == CLSID_WbemContext:
            return decode_context(reference.data)
        problem = "it is not custom marshaled, or by somebody else"
    except RemoteProtocolError as error:
        problem = str(error)
    raise WbemError(WbemStatus.INVALID_CONTEXT, f"pCtx is no context: {problem}")
