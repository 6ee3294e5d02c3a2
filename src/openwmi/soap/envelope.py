"""SOAP 1.2 envelopes (part 1, 5): octets <-> headers and one element of a body."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from openwmi.base.fault import RemoteProtocolError
from openwmi.soap import namespaces as ns
from openwmi.soap.addressing import Headers
from openwmi.soap.markup import ENVELOPE, Element, Limits, name_of, parse_xml
from openwmi.soap.name import QName
from openwmi.soap.profile import Profile
from openwmi.soap.writer import Part, Writer

CONTENT_TYPE: Final = "application/soap+xml"

_ENVELOPE: Final = f"{{{ns.SOAP}}}Envelope"
_HEADER: Final = f"{{{ns.SOAP}}}Header"
_BODY: Final = f"{{{ns.SOAP}}}Body"


@dataclass(frozen=True, slots=True)
class Message:
    """One that came in.

    Attributes:
        profile: which versions it speaks.
        headers: WS-Addressing's and what else there is.
        body: the first element in the body; None for an empty one.
    """

    profile: Profile
    headers: Headers
    body: Element | None

    @property
    def name(self) -> QName | None:
        """Of the element in the body."""
        return None if self.body is None else name_of(self.body)


def decode(octets: bytes, limits: Limits = ENVELOPE, expected: Profile | None = None) -> Message:
    """An envelope. RemoteProtocolError for anything else.

    Args:
        octets: UTF-8 or UTF-16.
        limits: how much of it there may be.
        expected: the profile of a message that does not say its own: the answers of some peers, and their faults.
    """
    root = parse_xml(octets, limits)
    if root.tag != _ENVELOPE:
        raise RemoteProtocolError(f"{str(root.tag)[:200]} is no envelope of SOAP 1.2")
    header: Element | None = None
    body: Element | None = None
    for child in root:
        if child.tag == _HEADER and header is None and body is None:
            header = child
        elif child.tag == _BODY and body is None:
            body = child
        else:
            raise RemoteProtocolError(f"{str(child.tag)[:200]} does not belong in an envelope, or not there")
    if body is None:
        raise RemoteProtocolError("an envelope without a body")
    headers, profile = Headers.parse(header, expected)
    return Message(profile, headers, next(iter(body), None))


def encode(profile: Profile, headers: Headers, body: Part | bytes | None = None, *, declared: bool = True) -> bytes:
    """An envelope in UTF-8, which it says unless every octet counts. LocalProtocolError for what it cannot hold.

    Octets are the element in the body as somebody else wrote it, complete in itself.
    """
    writer = Writer(profile)
    writer.open(ns.SOAP, "Header")
    headers.format(writer)
    writer.close(ns.SOAP, "Header")
    writer.open(ns.SOAP, "Body")
    if isinstance(body, bytes):
        writer.octets(body)
    elif body is not None:
        body.format(writer)
    writer.close(ns.SOAP, "Body")
    return writer.document(ns.SOAP, "Envelope", declared=declared)
