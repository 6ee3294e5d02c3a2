"""The GUIDs that DCOM assigns ([MS-DCOM] 1.9), and the two custom marshalers of WMI, known here by name only."""

from __future__ import annotations

from typing import Final

from openwmi.base.guid import Guid


def _system(number: int) -> Guid:
    """`0000xxxx-0000-0000-c000-000000000046`, the range that COM keeps for itself."""
    return Guid(f"{number:08x}-0000-0000-c000-000000000046")


IID_IUnknown: Final = _system(0x000)
IID_IClassFactory: Final = _system(0x001)
IID_IRemUnknown: Final = _system(0x131)
IID_IRemUnknown2: Final = _system(0x143)
IID_IRemoteSCMActivator: Final = _system(0x1A0)
IID_IActivationPropertiesIn: Final = _system(0x1A2)
IID_IActivationPropertiesOut: Final = _system(0x1A3)
IID_IContext: Final = _system(0x1C0)
IID_IActivation: Final = Guid("4d9f4ab8-7d1c-11cf-861e-0020af6e7c57")
IID_IObjectExporter: Final = Guid("99fcfec4-5260-101b-bbcb-00aa0021347a")

# What an activation properties BLOB may hold (2.2.22.2).
CLSID_ServerLocationInfo: Final = _system(0x1A4)
CLSID_ActivationContextInfo: Final = _system(0x1A5)
CLSID_SecurityInfo: Final = _system(0x1A6)
CLSID_ScmRequestInfo: Final = _system(0x1AA)
CLSID_InstantiationInfo: Final = _system(0x1AB)
CLSID_InstanceInfo: Final = _system(0x1AD)
CLSID_ScmReplyInfo: Final = _system(0x1B6)
CLSID_SpecialSystemProperties: Final = _system(0x1B9)
CLSID_PropsOutInfo: Final = _system(0x339)  # the same number as CLSID_ActivationPropertiesOut

# Unmarshalers named by an OBJREF_CUSTOM.
CLSID_ErrorObject: Final = _system(0x31B)
CLSID_ContextMarshaler: Final = _system(0x33B)
CLSID_ActivationPropertiesIn: Final = _system(0x338)
CLSID_ActivationPropertiesOut: Final = _system(0x339)

# Formats of an ORPC_EXTENT (2.2.21).
CLSID_ERROR_EXTENSION: Final = _system(0x31C)
CLSID_CONTEXT_EXTENSION: Final = _system(0x334)

# [MS-WMI] 2.2.4 and 2.2.13: what these marshalers put into an OBJREF_CUSTOM is opaque here.
IID_IWbemClassObject: Final = Guid("dc12a681-737f-11cf-884d-00aa004b2e24")
CLSID_WbemClassObject: Final = Guid("4590f812-1d3a-11d0-891f-00aa004b2e24")
IID_IWbemContext: Final = Guid("44aca674-e8fc-11d0-a07c-00c04fb68820")
CLSID_WbemContext: Final = Guid("674b6698-ee92-11d0-ad71-00c04fd8fdff")

# [MS-WMI] 1.9: what a client of WMI activates.
CLSID_WbemLevel1Login: Final = Guid("8bc3f05e-d86b-11d0-a075-00c04fb68820")
