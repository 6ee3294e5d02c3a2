"""A message of SOAP out of a request of HTTP, and the response that holds the one that answers it, or says why not."""

from __future__ import annotations

import logging
from http import HTTPStatus
from typing import Final

from openwmi.base.error import WbemError
from openwmi.base.fault import RemoteProtocolError
from openwmi.base.limits import HTTP_STREAM_OCTETS, SOAP_ENVELOPE_OCTETS
from openwmi.net.http import Request, Response
from openwmi.soap import CONTENT_TYPE, Message, SoapFault, decode, encode_fault
from openwmi.wsd.attachments import NONE, Attachments, arrived, is_multipart
from openwmi.wsd.calling import ENVELOPE_TYPE, new_message_id

log = logging.getLogger("openwmi.wsd")


def streamed(head: Request) -> int:
    """How many octets a request with attachments may have; 0 for one that is read whole."""
    return HTTP_STREAM_OCTETS if is_multipart(head.header("content-type")) else 0


async def taken_in(request: Request, peer: str) -> tuple[Message, Attachments] | Response:
    """The message of a request, and what comes beside it; else how it is refused."""
    refused = _refusal(request)
    if refused is not None:
        return refused
    octets, attachments = request.body, NONE
    try:
        if request.pieces is not None:
            attachments = arrived(request.header("content-type"), request.pieces(), SOAP_ENVELOPE_OCTETS)
            octets = await attachments.root()
        return decode(octets), attachments
    except (RemoteProtocolError, WbemError) as error:
        log.debug("%s sent what is no message of SOAP: %s", peer, error)
        return Response(HTTPStatus.BAD_REQUEST)


def faulted(request: Message, fault: SoapFault) -> Response:
    """The answer that holds a fault."""
    return response(encode_fault(request, fault, new_message_id()), fault)


def response(octets: bytes, fault: SoapFault | None = None) -> Response:
    """An envelope as a response of HTTP; which status a fault has is said in SOAP 1.2 part 2, 7.5.2.2."""
    status = HTTPStatus.OK
    if fault is not None:
        status = HTTPStatus.BAD_REQUEST if fault.code == "Sender" else HTTPStatus.INTERNAL_SERVER_ERROR
    return Response(status, _SOAP, octets)


def _refusal(request: Request) -> Response | None:
    """Why it cannot be a message of SOAP, by its head alone."""
    if request.method != "POST":
        return Response(HTTPStatus.METHOD_NOT_ALLOWED, (("Allow", "POST"),))
    content_type = request.header("content-type")
    essence = content_type.partition(";")[0].strip().lower()
    if essence != CONTENT_TYPE and not (request.pieces is not None and is_multipart(content_type)):
        return Response(HTTPStatus.UNSUPPORTED_MEDIA_TYPE)
    return None


_SOAP: Final = (("Content-Type", ENVELOPE_TYPE),)
