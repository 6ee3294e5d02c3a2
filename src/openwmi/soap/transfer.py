"""Asking for metadata, and giving it: WS-Transfer's Get, the only one of its verbs that DPWS has (R2044, R2045); of
services by GetMetadata of WS-MetadataExchange, too.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import replace
from typing import Final

from openwmi.base.fault import RemoteProtocolError
from openwmi.base.limits import SOAP_ENVELOPE_OCTETS
from openwmi.soap import namespaces as ns
from openwmi.soap.addressing import EndpointReference, Headers
from openwmi.soap.envelope import Message, encode
from openwmi.soap.fault import SENDER, SoapFault, fault_action
from openwmi.soap.markup import elements, text_of
from openwmi.soap.metadata import Metadata
from openwmi.soap.profile import Profile
from openwmi.soap.writer import Writer

GET: Final = f"{ns.TRANSFER}/Get"
GET_RESPONSE: Final = f"{ns.TRANSFER}/GetResponse"
GET_METADATA: Final = f"{ns.MEX}/GetMetadata/Request"
GET_METADATA_RESPONSE: Final = f"{ns.MEX}/GetMetadata/Response"


def encode_get(profile: Profile, to: str, message_id: str, *, large: bool = True) -> bytes:
    """A request for the metadata of `to`, a device's `urn:uuid:…` or a service's address.

    With `large` the answer may be longer than an envelope otherwise is (the header LargeMetadataSupport of Windows 7).
    """
    reply_to = EndpointReference(profile.anonymous)
    headers = Headers(GET, message_id, to, reply_to=reply_to, large_metadata=large)
    return encode(profile, headers)


class GetMetadata:
    """The body of the other request, for all sections there are: some services answer that alone."""

    def format(self, writer: Writer) -> None:
        """As the body of a message."""
        writer.open(writer.profile.mex, "GetMetadata")
        writer.close(writer.profile.mex, "GetMetadata")


def encode_get_metadata(profile: Profile, to: str, message_id: str) -> bytes:
    """The same request by WS-MetadataExchange."""
    reply_to = EndpointReference(profile.anonymous)
    return encode(profile, Headers(GET_METADATA, message_id, to, reply_to=reply_to, large_metadata=True), GetMetadata())


def is_no_answer_to_get(fault: SoapFault) -> bool:
    """Whether who answers Get so may know GetMetadata alone. sdc11073's say no more than that it was wrong."""
    return fault.code == SENDER and (fault.subcode is None or fault.subcode.local == "ActionNotSupported")


def encode_get_response(request: Message, metadata: Metadata, message_id: str) -> bytes:
    """The answer to either request. To a client that cannot take more than 32,767 octets, as many hosted services as
    fit are told, and only sections of DPWS.
    """
    profile = request.profile
    action = GET_RESPONSE
    if request.headers.action == GET_METADATA:
        action = GET_METADATA_RESPONSE
        metadata = _wanted(request, metadata)
    headers = Headers(action, message_id, profile.anonymous, request.headers.message_id)
    whole = encode(profile, headers, metadata)
    if len(whole) <= SOAP_ENVELOPE_OCTETS or request.headers.large_metadata:
        return whole
    metadata = replace(metadata, others=())  # sections that are the device's own, such as a WSDL, are the first to go

    def octets(hosted: int) -> int:
        return len(encode(profile, headers, _with_hosted(metadata, hosted)))

    fitting = bisect_right(range(len(metadata.hosted) + 1), SOAP_ENVELOPE_OCTETS, key=octets) - 1
    return encode(profile, headers, _with_hosted(metadata, max(0, fitting)))


def decode_get_response(message: Message) -> Metadata:
    """What it says. RemoteProtocolError for any other message."""
    if message.headers.action not in _RESPONSES or message.body is None:
        raise RemoteProtocolError(f"no metadata, but {message.headers.action[:200]!r}")
    return Metadata.parse(message.body, message.profile)


def encode_fault(request: Message, fault: SoapFault, message_id: str) -> bytes:
    """An answer that says why there is no other."""
    profile = request.profile
    headers = Headers(fault_action(profile, fault), message_id, profile.anonymous, request.headers.message_id)
    return encode(profile, headers, fault)


def fault_of(message: Message) -> SoapFault | None:
    """The fault that the message holds, if it does."""
    if message.body is None or message.body.tag != f"{{{ns.SOAP}}}Fault":
        return None
    return SoapFault.parse(message.body)


_RESPONSES: Final = {GET_RESPONSE, GET_METADATA_RESPONSE, ""}


def _wanted(request: Message, metadata: Metadata) -> Metadata:
    """The sections of a service that GetMetadata asks for, by their dialect, their identifier, or both."""
    body, profile = request.body, request.profile
    if body is None:
        return metadata
    dialect, identifier = (
        next((text_of(each) for each in elements(body, profile.mex, name)), "") for name in ("Dialect", "Identifier")
    )
    related = dialect in {"", f"{profile.devprof}/Relationship"} and not identifier
    others = tuple(
        each for each in metadata.others if dialect in {"", each.dialect} and identifier in {"", each.identifier}
    )
    return Metadata(relationships=metadata.relationships if related else (), others=others)


def _with_hosted(metadata: Metadata, count: int) -> Metadata:
    """With the first so many hosted services; relationships and hosts stay."""
    kept = []
    for each in metadata.relationships:
        kept.append(replace(each, hosted=each.hosted[:count]))
        count -= len(kept[-1].hosted)
    return replace(metadata, relationships=tuple(kept))
