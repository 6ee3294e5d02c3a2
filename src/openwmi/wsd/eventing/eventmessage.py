"""One event as it goes to many sinks: written once, with gaps for what each of them is told differently."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from functools import lru_cache
from typing import Final

from openwmi.base.fault import LocalProtocolError
from openwmi.base.limits import SOAP_ENVELOPE_OCTETS
from openwmi.soap import EndpointReference, Fragment, Headers, Part, Profile, QName, encode
from openwmi.soap.addressing import checked_uri
from openwmi.soap.writer import escape

_Pieces = tuple[bytes, bytes, bytes, bytes]


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

    def is_same(self, other: Destination) -> bool:
        """Whether messages to both are the same."""
        return (self.profile, self.to, self.headers) == (other.profile, other.to, other.headers)


class EventMessage:
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


def _written(action: str, body: Part | bytes | None, profile: Profile) -> _Pieces:
    if isinstance(body, bytes):
        start, before_id, before_headers, before_body, end = _frame(action, profile)
        try:
            body.decode()
        except UnicodeDecodeError:
            raise LocalProtocolError("an element that is not in UTF-8") from None
        rest = b"".join((before_body, body, end))
    else:
        start, before_id, before_headers, rest = _split(encode(profile, _gaps(action), body))
    octets = len(start) + len(before_id) + len(before_headers) + len(rest)
    if octets > SOAP_ENVELOPE_OCTETS:
        raise LocalProtocolError(f"an event has {octets} octets, where sinks take {SOAP_ENVELOPE_OCTETS}")
    return start, before_id, before_headers, rest


@lru_cache(256)
def _frame(action: str, profile: Profile) -> tuple[bytes, ...]:
    """What all events of an action have in common, but for the body."""
    *pieces, rest = _split(encode(profile, _gaps(action), _BODY))
    return (*pieces, *rest.split(_BODY, 1))


def _gaps(action: str) -> Headers:
    return Headers(action, _ID, _TO, others=(Fragment(QName("", "_"), _HEADERS),))


def _split(octets: bytes) -> _Pieces:
    start, octets = octets.split(_TO.encode(), 1)
    before_id, octets = octets.split(_ID.encode(), 1)
    before_headers, rest = octets.split(_HEADERS.encode(), 1)
    return start, before_id, before_headers, rest


# What stands in the gaps. Nobody else can know them; and headers come before what somebody else has written.
_TO: Final = f"urn:to:{uuid.uuid4()}"
_ID: Final = f"urn:id:{uuid.uuid4()}"
_HEADERS: Final = f"headers:{uuid.uuid4()}"
_BODY: Final = f"body:{uuid.uuid4()}".encode()
