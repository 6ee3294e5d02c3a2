"""WSDGenerateFault and WSDGenerateFaultEx: faults for IWSDServiceMessaging::FaultRequest (wsdutil.h)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from openwmi.base.fault import LocalProtocolError
from openwmi.soap import Fragment, QName, SoapFault
from openwmi.wsdclient.calling import argument, wsd_method
from openwmi.wsdclient.statuses import S_OK
from openwmi.wsdclient.structures import WSD_LOCALIZED_STRING, WSD_SOAP_FAULT, WSDXML_NAME

CODES: Final = ("VersionMismatch", "MustUnderstand", "DataEncodingUnknown", "Sender", "Receiver")


@wsd_method(1)
def WSDGenerateFault(
    pszCode: str | None,
    pszSubCode: str | WSDXML_NAME | None = None,
    pszReason: str | None = None,
    pszDetail: str | None = None,
    pContext: Any = None,
) -> tuple[int, WSD_SOAP_FAULT | None]:
    """(hresult, ppFault). E_INVALIDARG without a code that SOAP has, or a reason.

    Args:
        pszCode: `Sender`, `Receiver`, …
        pszSubCode: a name, as text `{namespace}local`: there are no contexts here that would know its prefix.
        pszReason: for people, in English.
        pszDetail: an element of XML, since SOAP has no other.
        pContext: may be None, and counts for nothing.
    """
    argument(pszReason, "pszReason is NULL: a fault says why")
    return S_OK, _fault(pszCode, pszSubCode, WSD_LOCALIZED_STRING(pszReason or "", "en"), pszDetail)


@wsd_method(1)
def WSDGenerateFaultEx(
    pCode: WSDXML_NAME | None,
    pSubCode: WSDXML_NAME | None = None,
    pReasons: Sequence[WSD_LOCALIZED_STRING] | None = None,
    pszDetail: str | None = None,
) -> tuple[int, WSD_SOAP_FAULT | None]:
    """(hresult, ppFault): the same with names in place of texts. Of the reasons the first is sent."""
    argument(pReasons, "pReasons is NULL: a fault says why")
    assert pReasons is not None
    return S_OK, _fault(None if pCode is None else pCode.local, pSubCode, pReasons[0], pszDetail)


def _fault(
    code: str | None, subcode: str | WSDXML_NAME | None, reason: WSD_LOCALIZED_STRING, detail: str | None
) -> SoapFault:
    argument(code in CODES, f"{code!r} is no code of SOAP: {', '.join(CODES)}")
    assert code is not None
    if isinstance(subcode, str):
        argument(
            subcode.startswith("{") and "}" in subcode[1:-1], f"{subcode!r} is no subcode: give {{namespace}}local"
        )
        subcode = QName(*subcode[1:].split("}", 1))
    try:
        content = (Fragment.parse(detail),) if detail else ()
    except LocalProtocolError as error:
        argument(False, f"pszDetail is an element of XML: {error}")
    return SoapFault(code, subcode, reason.text, content, reason.language or "en")
