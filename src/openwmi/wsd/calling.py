"""One message of SOAP over HTTP, and the one that answers it."""

from __future__ import annotations

import os
import secrets
import ssl
import uuid
from http import HTTPStatus
from typing import Final, Self

from openwmi.base.error import AccessDenied, WbemError
from openwmi.base.fault import RemoteProtocolError
from openwmi.base.status import WbemStatus
from openwmi.net.http import Request, Response, parse_url
from openwmi.net.http_client import Connect, exchange
from openwmi.net.http_login import Authenticator
from openwmi.soap import CONTENT_TYPE, ENVELOPE, Limits, Message, Profile, QName, SoapFault, decode, fault_of
from openwmi.soap.namespaces import SOAP

ENVELOPE_TYPE = f"{CONTENT_TYPE}; charset=utf-8"
FAULT = QName(SOAP, "Fault")


class Faulted(WbemError):  # noqa: N818 - it is what happened
    """The other side answered with a fault; or, raised by a service of ours, it is to be answered with one.

    Attributes:
        fault: which.
        envelope: the message that it came in; None where it is still to be sent.
    """

    fault: SoapFault
    envelope: Message | None = None

    @classmethod
    def of(cls, fault: SoapFault, who: str = "the service", envelope: Message | None = None) -> Self:
        """With a text that says so."""
        made = cls(WbemStatus.FAILED, f"{who} answered with the fault {fault.subcode or fault.code}: {fault.reason}")
        made.fault = fault
        made.envelope = envelope
        return made


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
    authenticator: Authenticator | None = None,
) -> Message:
    """Sends an envelope to an address, and reads the one that answers it.

    Args:
        url: of HTTP or HTTPS.
        octets, message_id: the envelope, and what it is called.
        profile: of the answer, where that does not say it.
        timeout: seconds for all of it.
        limits: how much the answer may be.
        tls, connect, authenticator: see `openwmi.net.http_client.exchange`.

    Raises: Unreachable; Timeout; Faulted; WbemError(FAILED) for what is no answer.
    """
    where = parse_url(url)
    request = Request("POST", where.target, (("Content-Type", ENVELOPE_TYPE),), octets)
    response = await exchange(
        where,
        request,
        timeout=timeout,
        limit=limits.octets,
        tls=tls,
        connect=connect,
        authenticator=authenticator,
    )
    return read_answer(url, response, message_id, limits, profile)


def read_answer(url: str, response: Response, message_id: str, limits: Limits, profile: Profile) -> Message:
    """The message that answers `message_id`. Faulted; WbemError(FAILED)."""
    message = read_message(url, response, limits, profile)
    check_fault(url, message)
    if message.headers.relates_to not in {message_id, ""}:
        raise WbemError(WbemStatus.FAILED, f"{url} answered another message than the one that it was sent")
    return message


def read_message(url: str, response: Response, limits: Limits, profile: Profile) -> Message:
    """The message in a response, which may be a fault. AccessDenied; WbemError(FAILED)."""
    if response.status in {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN} and not response.body:
        raise AccessDenied(WbemStatus.ACCESS_DENIED, f"{url} answers only who logs in, or is known to it")
    try:
        message = decode(response.body, limits, profile) if response.body else None
    except RemoteProtocolError as error:
        message, why = None, str(error)
        packed = response.header("content-encoding")
        if packed:
            why = f"it is in {packed[:40]!r}, which nobody asked for"
    else:
        why = "there is no body"
    if message is None or (response.status != HTTPStatus.OK and message.name != FAULT):
        raise WbemError(WbemStatus.FAILED, f"{url} answered with no message of SOAP, but HTTP {response.status}: {why}")
    return message


def check_fault(url: str, message: Message) -> None:
    """Faulted, if it holds one."""
    try:
        fault = fault_of(message)
    except RemoteProtocolError as error:
        raise WbemError(WbemStatus.FAILED, f"{url} answered with a fault that makes no sense: {error}") from None
    if fault is not None:
        raise Faulted.of(fault, url, message)


def new_message_id() -> str:
    """What a message is called."""
    return uuid.uuid4().urn


def new_message_number() -> int:
    """The same for those who keep many: what `message_name` makes a name of takes a quarter of it."""
    return int.from_bytes(os.urandom(8)) >> 4


def message_name(number: int) -> str:
    """What a message with that number is called."""
    return uuid.UUID(int=_OURS | number, version=4).urn


_OURS: Final = secrets.randbits(68) << 60
"""What the messages of this process have in common; by the other 60 bits no two of them are one."""
