"""The namespaces of the web services for devices, and the prefixes that literal-minded peers expect to see.

Some look for the text `<wsa:Action>` or `wsdp:Device`, so that what is sent has these prefixes; what is received may
have any.
"""

from __future__ import annotations

from typing import Final

SOAP: Final = "http://www.w3.org/2003/05/soap-envelope"
XML: Final = "http://www.w3.org/XML/1998/namespace"

WSA_2004: Final = "http://schemas.xmlsoap.org/ws/2004/08/addressing"
WSD_2005: Final = "http://schemas.xmlsoap.org/ws/2005/04/discovery"
DPWS_2006: Final = "http://schemas.xmlsoap.org/ws/2006/02/devprof"

WSA_2005: Final = "http://www.w3.org/2005/08/addressing"
WSD_2009: Final = "http://docs.oasis-open.org/ws-dd/ns/discovery/2009/01"
DPWS_2009: Final = "http://docs.oasis-open.org/ws-dd/ns/dpws/2009/01"

MEX: Final = "http://schemas.xmlsoap.org/ws/2004/09/mex"
TRANSFER: Final = "http://schemas.xmlsoap.org/ws/2004/09/transfer"
EVENTING: Final = "http://schemas.xmlsoap.org/ws/2004/08/eventing"

# Microsoft's: what Windows' Network view looks for, its printers and scanners, Plug and Play, and long metadata.
PUB: Final = "http://schemas.microsoft.com/windows/pub/2005/07"
PRINT: Final = "http://schemas.microsoft.com/windows/2006/08/wdp/print"
SCAN: Final = "http://schemas.microsoft.com/windows/2006/08/wdp/scan"
PNPX: Final = "http://schemas.microsoft.com/windows/pnpx/2005/10"
DEVICE_FOUNDATION: Final = "http://schemas.microsoft.com/windows/2008/09/devicefoundation"
LARGE_METADATA: Final = "http://schemas.microsoft.com/windows/dpws/LargeMetadataSupport/2007/08"

PREFIXES: Final[dict[str, str]] = {
    SOAP: "soap",
    WSA_2004: "wsa",
    WSA_2005: "wsa",
    WSD_2005: "wsd",
    WSD_2009: "wsd",
    DPWS_2006: "wsdp",
    DPWS_2009: "wsdp",
    MEX: "wsx",
    TRANSFER: "wxf",
    EVENTING: "wse",
    PUB: "pub",
    PRINT: "wprt",
    SCAN: "wscn",
    PNPX: "PNPX",
    DEVICE_FOUNDATION: "df",
    LARGE_METADATA: "lms",
    "http://www.onvif.org/ver10/network/wsdl": "dn",
    "http://www.onvif.org/ver10/device/wsdl": "tds",
}
