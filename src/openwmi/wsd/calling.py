"""One message of SOAP over HTTP, and the one that answers it."""

from __future__ import annotations

import ssl
import uuid
from http import HTTPStatus

from openwmi.base.error import WbemError
from openwmi.base.fault import RemoteProtocolError
from openwmi.base.status import WbemStatus
from openwmi.net.http import Request, parse_url
from openwmi.net.http_client import Connect, exchange
from openwmi.soap import CONTENT_TYPE, ENVELOPE, Limits, Message, Profile, SoapFault, decode, fault_of

ENVELOPE_TYPE = f"{CONTENT_TYPE}; charset=utf-8"


class Faulted(WbemError):  # noqa: N818 - it is what happened
    """The other side answered with a fault, which is `fault`."""

    fault: SoapFault


async def call(
    url: str,
    octets: bytes,
    message_id: str,
    *,
    profile: Profile,
    timeout: float,
    limits: Limits = ENVELOPE,
    tls: ssl.SSLContext | None = None,
    connect: Connect | None = None,
) -> Message:
    """Sends an envelope to an address, and reads the one that answers it.

    Args:
        url: of HTTP or HTTPS.
        octets, message_id: the envelope, and what it is called.
        profile: of the answer, where that does not say it.
        timeout: seconds for all of it.
        limits: how much the answer may be.
        tls, connect: see `openwmi.net.http_client.exchange`.

    Raises: Unreachable; Timeout; Faulted; WbemError(FAILED) for what is no answer.
    """
    where = parse_url(url)
    request = Request("POST", where.target, (("Content-Type", ENVELOPE_TYPE),), octets)
    response = await exchange(where, request, timeout=timeout, limit=limits.octets, tls=tls, connect=connect)
    try:
        message = decode(response.body, limits, profile) if response.body else None
    except RemoteProtocolError as error:
        message, why = None, str(error)
    else:
        why = "there is no body"
    fault = None if message is None else fault_of(message)
    if message is None or (response.status != HTTPStatus.OK and fault is None):
        raise WbemError(WbemStatus.FAILED, f"{url} answered with no message of SOAP, but HTTP {response.status}: {why}")
    if fault is not None:
        raised = Faulted(
            WbemStatus.FAILED, f"{url} answered with the fault {fault.subcode or fault.code}: {fault.reason}"
        )
        raised.fault = fault
        raise raised
    if message.headers.relates_to not in {message_id, ""}:
        raise WbemError(WbemStatus.FAILED, f"{url} answered another message than the one that it was sent")
    return message


def new_message_id() -> str:
    """What a message is called."""
    return uuid.uuid4().urn
