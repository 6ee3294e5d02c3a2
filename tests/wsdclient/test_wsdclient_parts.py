"""Addresses, parameters of messages, attachments, statuses: what needs no device."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator
from uuid import UUID

import pytest

from openwmi import wsdclient as w
from openwmi.base.error import WbemError
from openwmi.blocking.runner import runner
from openwmi.net import Address
from openwmi.soap import DPWS_2006, Headers, QName, decode, encode, encode_fault, fault_of
from openwmi.wsd import Call
from openwmi.wsdclient.attachments import WAITING_OCTETS, as_outbound
from openwmi.wsdclient.serving import Request


@pytest.mark.parametrize(
    ("text", "secure", "host", "port", "path"),
    [
        ("http://192.0.2.1:5357/x", w.S_FALSE, "192.0.2.1", 5357, "/x"),
        ("https://box/", w.S_OK, "box", 443, "/"),
        ("HTTP://box", w.S_FALSE, "box", 80, "/"),
        ("http://[fe80::1%eth0]:1/", w.S_FALSE, "fe80::1%eth0", 1, "/"),
    ],
)
def test_an_address_of_http(text: str, secure: int, host: str, port: int, path: str) -> None:
    address = w.WSDCreateHttpAddress()[1]
    assert address is not None
    assert address.Deserialize(text) == w.S_OK
    assert address.GetSecure() == secure
    assert address.GetTransportAddress() == (w.S_OK, host)
    assert address.GetTransportAddressEx(True) == (w.S_OK, host.partition("%")[0])
    assert address.GetPort() == (w.S_OK, port)
    assert address.GetPath() == (w.S_OK, path)
    _, again = address.Serialize()
    other = w.IWSDHttpAddress()
    assert other.Deserialize(again) == w.S_OK
    assert other.Serialize() == address.Serialize()
    assert "%" not in str(address.Serialize(None, True)[1])
    assert address.Serialize(3) == (w.E_ABORT, None)


@pytest.mark.parametrize("text", ["ftp://x/", "http://x:99999/", "http://[::1/", "x" * 9000, "soap.udp://x"])
def test_what_is_no_address_of_http(text: str) -> None:
    assert w.IWSDHttpAddress().Deserialize(text) == w.E_INVALIDARG


def test_the_parts_of_an_address_of_http() -> None:
    address = w.IWSDHttpAddress()
    assert [address.SetSecure(True), address.SetTransportAddress("box:1"), address.SetPath("a")] == [0, 0, 0]
    assert address.Serialize() == (w.S_OK, "https://box:1/a")
    assert address.SetPort(0x10000) == address.SetTransportAddress("a/b") == w.E_INVALIDARG
    assert address.SetPath(None) == address.SetTransportAddress(None) == w.E_INVALIDARG
    assert address.SetTransportAddress("fe80::1") == w.S_OK
    assert address.Serialize() == (w.S_OK, "https://[fe80::1]:80/a")
    assert w.IWSDAddress().Deserialize("x") == w.E_INVALIDARG
    assert w.IWSDAddress().Serialize() == (w.S_OK, "")


def test_how_much_room_an_address_takes_and_which_port_it_keeps() -> None:
    address = w.IWSDHttpAddress()
    assert [address.SetTransportAddress("box:8080"), address.SetSecure(True)] == [w.S_OK, w.S_OK]
    text = "https://box:8080/"
    assert address.Serialize(len(text)) == (w.E_ABORT, None), "with the character that ends it"
    assert address.Serialize(len(text) + 1) == (w.S_OK, text)
    assert address.SetPort(443) == address.SetSecure(False) == w.S_OK
    assert address.GetPort() == (w.S_OK, 80)


def test_an_address_of_udp() -> None:
    address = w.WSDCreateUdpAddress()[1]
    assert address is not None
    assert address.Deserialize("239.255.255.250:3702") == w.S_OK
    assert address.Serialize() == (w.S_OK, "soap.udp://239.255.255.250:3702")
    assert address.Deserialize("soap.udp://192.0.2.1:5") == w.S_OK
    assert address.GetSockaddr() == (w.S_OK, ("192.0.2.1", 5))
    assert address.SetSockaddr(("192.0.2.2", 6)) == w.S_OK
    assert (address.SetSockaddr(("box", 6)), address.GetSockaddr()) == (0x80072726, (0, ("192.0.2.2", 6)))
    assert address.SetAlias(None) == w.E_POINTER
    assert (address.GetExclusive(), address.SetExclusive(True), address.GetExclusive()) == (w.S_FALSE, 0, w.S_OK)
    assert (address.SetMessageType(w.TWO_WAY), address.GetMessageType()) == (0, (0, w.TWO_WAY))
    assert (address.SetTTL(4), address.GetTTL()) == (0, (0, 4))
    assert address.SetMessageType(7) == address.SetTTL(256) == w.E_INVALIDARG
    assert (address.SetAlias(UUID(int=5)), address.GetAlias()) == (0, (0, UUID(int=5)))


def test_parameters_of_messages() -> None:
    for make in (w.WSDCreateHttpMessageParameters, w.WSDCreateUdpMessageParameters):
        parameters = make()[1]
        assert isinstance(parameters, w.IWSDMessageParameters)
        assert parameters.GetLocalAddress() == parameters.GetRemoteAddress() == (w.E_ABORT, None)
        assert parameters.GetLowerParameters() == (w.E_NOTIMPL, None)
        address = w.IWSDHttpAddress()
        assert parameters.SetLocalAddress(address) == parameters.SetRemoteAddress(address) == w.S_OK
        assert parameters.GetLocalAddress() == parameters.GetRemoteAddress() == (w.S_OK, address)
        assert parameters.SetLocalAddress(None) == parameters.SetRemoteAddress(None) == w.E_POINTER


def test_an_address_that_is_given_out_is_held_by_whoever_has_it() -> None:
    class Counted(w.IWSDHttpAddress):
        released = 0

        def _released(self) -> None:
            self.released += 1

    address = Counted()
    parameters = w.IWSDMessageParameters(address)
    assert parameters.GetLocalAddress() == (w.S_OK, address)
    address.Release()
    assert address.released == 0
    address.Release()
    assert address.released == 1


def test_parameters_of_datagrams() -> None:
    parameters = w.IWSDUdpMessageParameters()
    wanted = w.WSDUdpRetransmitParams(0, 4, 50, 100, 250)
    assert (parameters.SetRetransmitParams(wanted), parameters.GetRetransmitParams()) == (0, (0, wanted))
    assert parameters.SetRetransmitParams(None) == w.E_INVALIDARG
    assert parameters.SetRetransmitParams(w.WSDUdpRetransmitParams(0, 4, 500, 100, 250)) == w.E_INVALIDARG
    assert parameters.SetRetransmitParams(w.WSDUdpRetransmitParams(0, 257)) == w.E_INVALIDARG
    assert parameters.SetRetransmitParams(w.WSDUdpRetransmitParams(0, 256)) == w.S_OK


def test_parameters_of_http() -> None:
    parameters = w.IWSDHttpMessageParameters()
    for name in ("InboundHttpHeaders", "OutboundHttpHeaders", "ID"):
        setter, getter = getattr(parameters, f"Set{name}"), getattr(parameters, f"Get{name}")
        assert (getter(), setter("x"), getter(), setter(None)) == ((w.E_FAIL, None), 0, (0, "x"), w.E_INVALIDARG)
    assert (parameters.SetContext("c"), parameters.GetContext()) == (0, (0, "c"))
    assert (parameters.Clear(), parameters.GetID(), parameters.GetContext()) == (0, (w.E_FAIL, None), (w.E_FAIL, None))


def test_faults_that_are_made() -> None:
    hr, fault = w.WSDGenerateFault("Sender", "{urn:x}SoldOut", "there is none", "<left xmlns='urn:x'>0</left>")
    assert hr == w.S_OK
    assert fault is not None
    assert (fault.code, fault.subcode, fault.reason) == ("Sender", QName("urn:x", "SoldOut"), "there is none")
    message = decode(encode_fault(decode(encode(DPWS_2006, Headers("urn:a", "urn:b"), None)), fault, "urn:c"))
    assert fault_of(message) == fault
    code, reasons = QName("http://www.w3.org/2003/05/soap-envelope", "Receiver"), [w.WSD_LOCALIZED_STRING("weg", "de")]
    hr, fault = w.WSDGenerateFaultEx(code, None, reasons)
    assert hr == w.S_OK
    assert fault is not None
    assert (fault.code, fault.subcode, fault.reason, fault.language) == ("Receiver", None, "weg", "de")
    for made in (
        w.WSDGenerateFault(None, None, "why"),
        w.WSDGenerateFault("Mine", None, "why"),
        w.WSDGenerateFault("Sender"),
        w.WSDGenerateFault("Sender", "x:y", "why"),
        w.WSDGenerateFault("Sender", None, "why", "text"),
        w.WSDGenerateFaultEx(None, None, reasons),
        w.WSDGenerateFaultEx(code),
        w.WSDGenerateFaultEx(code, None, []),
    ):
        assert made == (w.E_INVALIDARG, None)


async def test_who_asks() -> None:
    message, here = decode(encode(DPWS_2006, Headers("urn:a", "urn:b"), None)), Address("127.0.0.1", 1)
    asked = Request(Call(message, here, here, principal="D\\u", scheme="ntlm", certificate=b"der"))
    hr, certificate = asked.QueryInterface(w.IWSDSSLClientCertificate)
    assert hr == w.S_OK
    assert certificate is not None
    assert (certificate.GetClientCertificate(), certificate.GetMappedAccessToken()) == ((0, b"der"), (w.S_FALSE, None))
    hr, account = asked.QueryInterface(w.IWSDHttpAuthParameters)
    assert account is not None
    assert (account.GetClientAccessToken(), account.GetAuthType()) == (
        (0, "D\\u"),
        (0, w.WSD_SECURITY_HTTP_AUTH_SCHEME_NTLM),
    )
    for scheme, answer in (("negotiate", (0, w.WSD_SECURITY_HTTP_AUTH_SCHEME_NEGOTIATE)), ("", (w.E_FAIL, None))):
        assert w.IWSDHttpAuthParameters("D\\u", scheme).GetAuthType() == answer
    for face in (w.IWSDSSLClientCertificate, w.IWSDHttpAuthParameters):
        assert Request(Call(message, here, here)).QueryInterface(face)[0] != w.S_OK
    assert asked.QueryInterface(w.IWSDMessageParameters) == (w.S_OK, asked)


async def _pieces() -> AsyncIterator[bytes]:
    for piece in (b"abc", b"", b"defg"):
        yield piece


def test_an_attachment_that_came() -> None:
    attachment = w.IWSDInboundAttachment(_pieces())
    assert attachment.Read(0) == (w.E_INVALIDARG, None, None)
    assert [attachment.Read(2) for _ in range(5)] == [
        (w.S_OK, b"ab", 2),
        (w.S_OK, b"c", 1),
        (w.S_OK, b"de", 2),
        (w.S_OK, b"fg", 2),
        (w.S_FALSE, b"", 0),
    ]
    assert attachment.Close() == w.S_OK
    assert attachment.Read(2) == (w.E_ABORT, None, None)


def test_one_that_is_closed_lets_go_of_what_comes() -> None:
    class Pieces:
        closed = 0

        def __aiter__(self) -> Pieces:
            return self

        async def __anext__(self) -> bytes:
            return b"octets"

        def close(self) -> None:
            assert runner().on_its_thread
            self.closed += 1

    pieces = Pieces()
    attachment = w.IWSDInboundAttachment(pieces)
    assert attachment.Read(3) == (w.S_OK, b"oct", 3)
    assert [attachment.Close(), attachment.Close()] == [w.S_OK, w.S_OK]
    assert pieces.closed == 1
    assert attachment.Read(3) == (w.E_ABORT, None, None)


async def test_one_that_is_read_without_blocking() -> None:
    """U7: on the loop where it comes, and on any other."""
    for loop in (None, asyncio.get_running_loop()):
        attachment = w.IWSDInboundAttachment(_pieces(), loop)
        assert [piece async for piece in attachment] == [b"abc", b"defg"]
        assert [piece async for piece in attachment] == []
        assert attachment.Close() == w.S_OK
        with pytest.raises(WbemError, match="was closed"):
            await anext(attachment)
    attachment = w.IWSDInboundAttachment(_pieces(), asyncio.get_running_loop())
    assert attachment.Read(2) == (w.E_FAIL, None, None), "it would wait for itself"
    assert await asyncio.to_thread(attachment.Read, 2) == (w.S_OK, b"ab", 2)
    assert [piece async for piece in attachment] == [b"c", b"defg"]


def test_an_attachment_that_is_written_while_it_is_sent() -> None:
    _, attachment = w.WSDCreateOutboundAttachment()
    assert attachment is not None
    unwritten = w.HRESULT_FROM_WIN32(w.ERROR_INVALID_OPERATION)
    assert attachment.Abort() == attachment.Close() == unwritten, "before the first Write"
    outbound = as_outbound(attachment)
    assert outbound.content_id == attachment.content_id_
    assert as_outbound("another") == "another"

    async def read() -> bytes:
        return b"".join([piece async for piece in outbound.pieces()])

    sending = asyncio.run_coroutine_threadsafe(read(), runner().loop)
    piece = bytes(WAITING_OCTETS // 2)
    for _ in range(6):  # more than may wait
        assert attachment.Write(piece) == (w.S_OK, len(piece))
    assert attachment.Close() == w.S_OK
    assert len(sending.result(5)) == 6 * len(piece)
    assert attachment.Write(b"x") == (w.E_ABORT, None)
    assert attachment.Write("x") == (w.E_INVALIDARG, None)  # type: ignore[arg-type]  # the point


def test_who_writes_is_let_go_when_nobody_takes_it_any_more() -> None:
    attachment = w.IWSDOutboundAttachment()
    outbound = attachment.outbound_
    written: list[int] = []

    def write() -> None:
        while attachment.Write(bytes(WAITING_OCTETS))[0] == w.S_OK:
            written.append(1)

    async def give_up() -> None:
        pieces = outbound.pieces()
        await anext(pieces)
        source = outbound.source
        assert callable(source)
        await pieces.aclose()  # type: ignore[attr-defined]  # it is a generator

    writer = threading.Thread(target=write, daemon=True)  # else one that is not let go would hold the process
    writer.start()
    runner().run(give_up)
    writer.join(5)
    assert not writer.is_alive()
    assert written


def test_who_writes_waits_while_nobody_takes_it() -> None:
    attachment = w.IWSDOutboundAttachment()
    outbound = attachment.outbound_
    assert attachment.Write(bytes(WAITING_OCTETS)) == (w.S_OK, WAITING_OCTETS)
    written: list[tuple[int, int | None]] = []
    writer = threading.Thread(target=lambda: written.append(attachment.Write(b"x")), daemon=True)
    writer.start()
    writer.join(0.02)
    assert written == []
    pieces = outbound.pieces()

    async def piece() -> bytes:
        return await anext(pieces)

    assert len(runner().run(piece)) == WAITING_OCTETS
    writer.join(5)
    assert written == [(w.S_OK, 1)]
    assert runner().run(piece) == b"x"
    assert attachment.Close() == w.S_OK


def test_an_aborted_attachment_fails_its_call() -> None:
    attachment = w.IWSDOutboundAttachment()
    assert attachment.Write(b"x") == (w.S_OK, 1)
    assert attachment.Abort() == w.S_OK

    async def read() -> None:
        async for _ in attachment.outbound_.pieces():
            pass

    with pytest.raises(Exception, match="aborted by whoever wrote it"):
        runner().run(read)


def test_statuses() -> None:
    assert w.HRESULT_FROM_WIN32(0) == 0
    assert w.HRESULT_FROM_WIN32(w.ERROR_TIMEOUT) == 0x800705B4
    assert w.HRESULT_FROM_WIN32(w.E_FAIL) == w.E_FAIL
    assert w.SUCCEEDED(w.S_FALSE)
    assert w.FAILED(w.E_ABORT)
    w.WSDFreeLinkedMemory(None)
