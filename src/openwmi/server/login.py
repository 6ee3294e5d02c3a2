"""IWbemLevel1Login: a user who has logged in gets the services of a namespace ([MS-WMI] 3.1.4.1, 3.1.4.8)."""

from __future__ import annotations

import logging

from openwmi.base import limits
from openwmi.base.error import WbemError
from openwmi.base.record import printable
from openwmi.base.status import HResult, WbemStatus
from openwmi.dcom import Served, current_caller
from openwmi.interfaces import (
    EstablishPositionReply,
    IWbemLevel1Login,
    IWbemLoginClientID,
    IWbemLoginClientIDEx,
    IWbemServices,
    NTLMLoginReply,
    RequestChallengeReply,
    WBEMLoginReply,
)
from openwmi.model import parse_namespace
from openwmi.server.contexts import Contexts
from openwmi.server.observing import Observation
from openwmi.server.services import Services
from openwmi.server.shared import Shared

log = logging.getLogger("openwmi.server")


class Level1Login(Served, IWbemLevel1Login, IWbemLoginClientID, IWbemLoginClientIDEx):
    """Activated by a client, one for each login.

    Args:
        shared: of the server.
        observation: where somebody looks at the sessions.
    """

    def __init__(self, shared: Shared, observation: Observation | None = None) -> None:
        self._shared = shared
        self._observation = observation

    async def EstablishPosition(self, reserved1: str | None, reserved2: int) -> EstablishPositionReply:
        return EstablishPositionReply(1)  # Windows: always 1

    async def RequestChallenge(self, reserved1: str | None, reserved2: str | None) -> RequestChallengeReply:
        raise WbemError(WbemStatus.NOT_SUPPORTED, "RequestChallenge is of a way to log in that is gone: use NTLMLogin")

    async def WBEMLogin(
        self, reserved1: str | None, reserved2: bytes | None, reserved3: int, reserved4: bytes | None
    ) -> WBEMLoginReply:
        raise WbemError(HResult.E_NOTIMPL, "WBEMLogin is of a way to log in that is gone: use NTLMLogin")

    async def NTLMLogin(
        self,
        wszNetworkResource: str | None,
        wszPreferredLocale: str | None,
        lFlags: int,
        pCtx: bytes | None,
    ) -> NTLMLoginReply:
        if wszNetworkResource is None or lFlags:
            raise WbemError(WbemStatus.INVALID_PARAMETER, "NTLMLogin wants a namespace, and no flags")
        if len(wszNetworkResource) > limits.NAMESPACE_CHARS:
            raise WbemError(
                WbemStatus.QUOTA_VIOLATION, f"the path of a namespace has at most {limits.NAMESPACE_CHARS} characters"
            )
        if len(wszPreferredLocale or "") > limits.LOCALES_CHARS:
            raise WbemError(
                WbemStatus.QUOTA_VIOLATION, f"the list of languages has at most {limits.LOCALES_CHARS} characters"
            )
        # Whatever name the client calls this server by has led it here: an alias, an address behind a translator.
        _, namespace = parse_namespace(wszNetworkResource)
        caller = current_caller()
        session = self._shared.opened(self._shared.open_namespace(namespace))
        kind = Services
        if self._observation is None:
            log.info("%s from %s is in %s", caller.principal, caller.peer, session.namespace)
        else:
            session, kind = self._observation.of(session, caller)
        services = kind(self._shared, session, Contexts(caller.principal or "", wszPreferredLocale or ""))
        return NTLMLoginReply(self._shared.exported(services, IWbemServices))

    async def SetClientInfo(self, wszClientMachine: str | None, lClientProcId: int, lReserved: int) -> int:
        caller = current_caller()
        log.debug("%s is process %d of %s", caller.peer, lClientProcId, printable(wszClientMachine))
        # Clients that cannot take error information do not say who they are, either.
        self._shared.takes_more(caller.connection)
        return WbemStatus.NO_ERROR

    async def SetClientInfoEx(
        self,
        wszClientMachine: str | None,
        wszClientMachineFQDN: str | None,
        lClientProcId: int,
        ClientProcessCreationTime: int,
        lReserved: int,
    ) -> int:
        return await self.SetClientInfo(wszClientMachine, lClientProcId, lReserved)
