"""HRESULTs as Microsoft's pages have them: a row for each situation that a page names, and that needs no device.

A page is that of a method, nf-<header>-<interface>-<method>, or of a function: what it says in "Return value" and in
its remarks. An out parameter that is NULL has no row: there are none. Nor has E_OUTOFMEMORY.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from openwmi import wsdclient as w
from openwmi.soap import QName
from openwmi.wsdclient import constants

Row = tuple[str, str, Callable[[], Any], int]
LONG = "x" * (constants.WSD_MAX_TEXT_LENGTH + 1)
URN = "urn:uuid:00000000-0000-0000-0000-000000000001"
HTTPS, OTHER = "https://127.0.0.1:5358/", "https://127.0.0.1:5359/"
BAD, POINTER, ABORT, FAIL = w.E_INVALIDARG, w.E_POINTER, w.E_ABORT, w.E_FAIL
UNSTARTED = w.HRESULT_FROM_WIN32(w.ERROR_INVALID_OPERATION)


def checked(rows: list[Row]) -> pytest.MarkDecorator:
    """As parameters of a test. Each names a method that there is."""
    for page, *_ in rows:
        face, _, method = page.partition("::")
        assert callable(getattr(getattr(w, face), method or "__call__")), page
    return pytest.mark.parametrize(
        ("situation", "hr"), [(each[2], each[3]) for each in rows], ids=[f"{each[0]} {each[1]}" for each in rows]
    )


def returned(answer: Any) -> int:
    """The HRESULT of what a method returned."""
    hr = answer[0] if isinstance(answer, tuple) else answer
    return int(hr)


# ------------------------------------------------------------------------------------- addresses, parameters: wsdbase.h


HEADERS = w.IWSDHttpMessageParameters


def http(text: str = "") -> w.IWSDHttpAddress:
    address = w.IWSDHttpAddress()
    assert not text or address.Deserialize(text) == w.S_OK
    return address


@checked(
    [
        ("IWSDAddress::Deserialize", "NULL", lambda: http().Deserialize(None), BAD),
        ("IWSDAddress::Deserialize", "too long", lambda: http().Deserialize(f"http://x/{LONG}"), BAD),
        ("IWSDAddress::Deserialize", "no address", lambda: http().Deserialize("ftp://x/"), BAD),
        ("IWSDAddress::Deserialize", "an address", lambda: http().Deserialize("http://x/"), w.S_OK),
        ("IWSDAddress::Serialize", "no room", lambda: http("http://x/").Serialize(3), ABORT),
        ("IWSDAddress::Serialize", "room", lambda: http("http://x/").Serialize(30), w.S_OK),
        ("IWSDTransportAddress::GetTransportAddress", "not set", lambda: http().GetTransportAddress(), w.S_FALSE),
        (
            "IWSDTransportAddress::GetTransportAddressEx",
            "not set",
            lambda: http().GetTransportAddressEx(True),
            w.S_FALSE,
        ),
        ("IWSDTransportAddress::GetTransportAddressEx", "set", lambda: http(HTTPS).GetTransportAddressEx(True), w.S_OK),
        ("IWSDTransportAddress::SetTransportAddress", "NULL", lambda: http().SetTransportAddress(None), BAD),
        ("IWSDTransportAddress::SetTransportAddress", "too long", lambda: http().SetTransportAddress(LONG), BAD),
        ("IWSDTransportAddress::SetTransportAddress", "no address", lambda: http().SetTransportAddress("a/b"), BAD),
        ("IWSDHttpAddress::SetPath", "too long", lambda: http().SetPath(LONG), BAD),
        ("IWSDHttpAddress::GetSecure", "with TLS", lambda: http(HTTPS).GetSecure(), w.S_OK),
        ("IWSDHttpAddress::GetSecure", "without", lambda: http("http://x/").GetSecure(), w.S_FALSE),
        ("IWSDUdpAddress::SetSockaddr", "NULL", lambda: w.IWSDUdpAddress().SetSockaddr(None), BAD),
        ("IWSDUdpAddress::SetSockaddr", "a name", lambda: w.IWSDUdpAddress().SetSockaddr(("box", 1)), 0x80072726),
        ("IWSDUdpAddress::SetSockaddr", "no port", lambda: w.IWSDUdpAddress().SetSockaddr(("::1", -1)), 0x80072726),
        ("IWSDUdpAddress::SetSockaddr", "one", lambda: w.IWSDUdpAddress().SetSockaddr(("fe80::1%eth0", 1)), w.S_OK),
        ("IWSDUdpAddress::GetSockaddr", "not set", lambda: w.IWSDUdpAddress().GetSockaddr(), FAIL),
        ("IWSDUdpAddress::SetTTL", "above 255", lambda: w.IWSDUdpAddress().SetTTL(256), BAD),
        ("IWSDUdpAddress::GetExclusive", "it is not", lambda: w.IWSDUdpAddress().GetExclusive(), w.S_FALSE),
        ("IWSDMessageParameters::GetLowerParameters", "always", lambda: HEADERS().GetLowerParameters(), w.E_NOTIMPL),
        (
            "IWSDHttpMessageParameters::SetInboundHttpHeaders",
            "long",
            lambda: HEADERS().SetInboundHttpHeaders(LONG),
            BAD,
        ),
        ("IWSDHttpMessageParameters::GetInboundHttpHeaders", "none", lambda: HEADERS().GetInboundHttpHeaders(), FAIL),
        (
            "IWSDHttpMessageParameters::SetOutboundHttpHeaders",
            "long",
            lambda: HEADERS().SetOutboundHttpHeaders(LONG),
            BAD,
        ),
        ("IWSDHttpMessageParameters::GetOutboundHttpHeaders", "none", lambda: HEADERS().GetOutboundHttpHeaders(), FAIL),
        ("IWSDHttpMessageParameters::SetID", "NULL", lambda: HEADERS().SetID(None), BAD),
        ("IWSDHttpMessageParameters::SetID", "too long", lambda: HEADERS().SetID(LONG), BAD),
        ("IWSDHttpMessageParameters::GetID", "not set", lambda: HEADERS().GetID(), FAIL),
        ("IWSDHttpMessageParameters::GetContext", "not set", lambda: HEADERS().GetContext(), FAIL),
        ("IWSDHttpMessageParameters::Clear", "always", lambda: HEADERS().Clear(), w.S_OK),
    ]
)
def test_addresses_and_parameters(situation: Callable[[], Any], hr: int) -> None:
    assert returned(situation()) == hr


# ------------------------------------------------------------------------------------------- wsdattachment.h, wsdutil.h


@checked(
    [
        ("IWSDOutboundAttachment::Close", "before Write", lambda: w.IWSDOutboundAttachment().Close(), UNSTARTED),
        ("IWSDOutboundAttachment::Abort", "before Write", lambda: w.IWSDOutboundAttachment().Abort(), UNSTARTED),
        ("IWSDOutboundAttachment::Write", "NULL", lambda: w.IWSDOutboundAttachment().Write(None), BAD),  # type: ignore[arg-type]  # the point
        ("WSDGenerateFault", "no code", lambda: w.WSDGenerateFault(None, None, "why"), BAD),
        ("WSDGenerateFault", "no reason", lambda: w.WSDGenerateFault("Sender"), BAD),
        ("WSDGenerateFaultEx", "no code", lambda: w.WSDGenerateFaultEx(None, None, [w.WSD_LOCALIZED_STRING("x")]), BAD),
        ("WSDGenerateFaultEx", "no reasons", lambda: w.WSDGenerateFaultEx(QName("", "Sender")), BAD),
    ]
)
def test_attachments_and_faults(situation: Callable[[], Any], hr: int) -> None:
    assert returned(situation()) == hr
