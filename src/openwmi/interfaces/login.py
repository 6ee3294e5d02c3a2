"""Logging in to a namespace, and the two interfaces by which a client says who it is ([MS-WMI] 3.1.4.1, 3.1.4.8)."""

# A declaration has no body.
# mypy: disable-error-code="empty-body"

from __future__ import annotations

from typing import Annotated, NamedTuple, TypeAlias

from openwmi.interfaces.declaration import call
from openwmi.interfaces.unknown import IUnknown
from openwmi.ndr import HRESULT, I32, LPWSTR, U32, InterfacePointer, LengthIs, SizeIs, Unique
from openwmi.ndr.types import Scalar

# [MS-DTYP] 2.3.3: two numbers of 32 bits, the lower first; here as one number of 100 nanoseconds since 1601.
FILETIME: TypeAlias = Annotated[int, Scalar("Q", 4)]


class EstablishPositionReply(NamedTuple):
    LocaleVersion: U32
    hresult: HRESULT = 0


class RequestChallengeReply(NamedTuple):
    reserved3: Annotated[bytes, SizeIs(16), LengthIs(16)]
    hresult: HRESULT = 0


class WBEMLoginReply(NamedTuple):
    reserved5: InterfacePointer
    hresult: HRESULT = 0


class NTLMLoginReply(NamedTuple):
    ppNamespace: InterfacePointer
    hresult: HRESULT = 0


class IWbemLevel1Login(IUnknown, iid="f309ad18-d86a-11d0-a075-00c04fb68820"):
    """[MS-WMI] 3.1.4.1: what a client activates first."""

    @call(3)
    async def EstablishPosition(self, reserved1: LPWSTR, reserved2: U32) -> EstablishPositionReply:
        """3.1.4.1.1."""

    @call(4)
    async def RequestChallenge(self, reserved1: LPWSTR, reserved2: LPWSTR) -> RequestChallengeReply:
        """3.1.4.1.2."""

    @call(5)
    async def WBEMLogin(
        self,
        reserved1: LPWSTR,
        reserved2: Unique[Annotated[bytes, SizeIs(16), LengthIs(16)]],
        reserved3: I32,
        reserved4: InterfacePointer,
    ) -> WBEMLoginReply:
        """3.1.4.1.3."""

    @call(6)
    async def NTLMLogin(
        self,
        wszNetworkResource: LPWSTR,
        wszPreferredLocale: LPWSTR,
        lFlags: I32,
        pCtx: InterfacePointer,
    ) -> NTLMLoginReply:
        """3.1.4.1.4: the IWbemServices of a namespace."""


class IWbemLoginClientID(IUnknown, iid="d4781cd6-e5d3-44df-ad94-930efe48a887"):
    """[MS-WMI] 3.1.4.8."""

    @call(3)
    async def SetClientInfo(self, wszClientMachine: LPWSTR, lClientProcId: I32, lReserved: I32) -> HRESULT:
        """3.1.4.8.1."""


class IWbemLoginClientIDEx(IUnknown, iid="9f6c78ef-fce5-42fa-abea-3e7df91921dc"):
    """Windows: in no document. Clients of today ask for it after IWbemLoginClientID, and call it where it is there.

    Its layout was read off what they send; the names of the parameters are Wireshark's.
    """

    @call(3)
    async def SetClientInfoEx(
        self,
        wszClientMachine: LPWSTR,
        wszClientMachineFQDN: LPWSTR,
        lClientProcId: I32,
        ClientProcessCreationTime: FILETIME,
        lReserved: I32,
    ) -> HRESULT:
        """The computer, its full name, and the process, of which a number alone says little after it has ended."""
