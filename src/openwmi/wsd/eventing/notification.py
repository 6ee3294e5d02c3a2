"""One event as it goes to many sinks: written once, with gaps for what each of them is told differently."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from typing import Final

from openwmi.base.fault import LocalProtocolError
from openwmi.base.limits import SOAP_ENVELOPE_OCTETS
from openwmi.soap import EndpointReference, Fragment, Headers, Part, Profile, QName, encode
from openwmi.soap.addressing import checked_uri
from openwmi.soap.writer import escape


class Destination:
    """An endpoint, as messages to it name it.

    Attributes:
        profile: the versions that are spoken there.
        to: its address, and `headers` its parameters, both as octets of XML.
    """

    __slots__ = ("headers", "profile", "to")

    def __init__(self, endpoint: EndpointReference, profile: Profile) -> None:
        self.profile = profile
        self.to = escape(checked_uri(endpoint.address)).encode()
        self.headers = "".join(each.text for each in endpoint.headers(profile)).encode()


class Notification:
    """A message that nobody answers, for any number of destinations.

    Args:
        action: what it is.
        body: the element in its body, or that as octets.
        profiles: in which it may have to be written. LocalProtocolError for what cannot be sent.
    """

    __slots__ = ("_written",)

    def __init__(self, action: str, body: Part | bytes | None, profiles: Iterable[Profile]) -> None:
        self._written = {each: _written(action, body, each) for each in profiles}

    def octets(self, where: Destination, message_id: str) -> bytes:
        """As it goes there."""
        start, before_id, before_headers, rest = self._written[where.profile]
        return b"".join((start, where.to, before_id, message_id.encode(), before_headers, where.headers, rest))


def _written(action: str, body: Part | bytes | None, profile: Profile) -> tuple[bytes, bytes, bytes, bytes]:
    headers = Headers(action, _ID, _TO, others=(Fragment(QName("", "_"), _HEADERS),))
    octets = encode(profile, headers, body)
    if len(octets) > SOAP_ENVELOPE_OCTETS:
        raise LocalProtocolError(f"an event has {len(octets)} octets, where sinks take {SOAP_ENVELOPE_OCTETS}")
    start, octets = octets.split(_TO.encode(), 1)
    before_id, octets = octets.split(_ID.encode(), 1)
    before_headers, rest = octets.split(_HEADERS.encode(), 1)
    return start, before_id, before_headers, rest


# What stands in the gaps. Nobody else can know them; and headers come before what somebody else has written.
_TO: Final = f"urn:to:{uuid.uuid4()}"
_ID: Final = f"urn:id:{uuid.uuid4()}"
_HEADERS: Final = f"headers:{uuid.uuid4()}"
