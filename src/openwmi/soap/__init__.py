"""SOAP 1.2 as devices speak it: envelopes, WS-Addressing, faults, metadata of DPWS; bytes in, values out, and back.

    profile      the two sets of versions that go together, as data
    markup       XML that strangers sent, made harmless: no document types, no entities, limits on all
    writer       XML that we send, with the prefixes that literal-minded peers expect
    addressing   headers; envelope: what holds them; fault: what may stand in place of an answer
    metadata     ThisModel, ThisDevice, Relationship; transfer: how they are asked for
    eventing     subscriptions and what becomes of them; moment: until when
    mime         messages of several parts; xop: elements that stand for a part
    fragment     what nobody here has a class for, kept as it came

Needs lxml (the extra `wsd`). It must not know how envelopes travel, nor who has found or
subscribed to what.
"""

from openwmi.soap.addressing import AppSequence, EndpointReference, Headers
from openwmi.soap.envelope import CONTENT_TYPE, Message, decode, encode
from openwmi.soap.eventing import EndStatus, Refusal, Refused
from openwmi.soap.fault import (
    SoapFault,
    action_not_supported,
    destination_unreachable,
    endpoint_unavailable,
    invalid_header,
    missing_header,
    not_understood,
    rule_not_supported,
)
from openwmi.soap.fragment import Fragment
from openwmi.soap.markup import DATAGRAM, ENVELOPE, LARGE_METADATA, Limits
from openwmi.soap.metadata import (
    LocalizedText,
    Metadata,
    Relationship,
    Section,
    Service,
    ThisDevice,
    ThisModel,
    localized,
    plain,
)
from openwmi.soap.moment import Expires
from openwmi.soap.name import QName
from openwmi.soap.profile import DPWS_2006, DPWS_2009, PROFILES, Profile, Timing
from openwmi.soap.transfer import (
    GET,
    GET_METADATA,
    GET_METADATA_RESPONSE,
    GET_RESPONSE,
    GetMetadata,
    decode_get_response,
    encode_fault,
    encode_get,
    encode_get_metadata,
    encode_get_response,
    fault_of,
    is_no_answer_to_get,
)
from openwmi.soap.writer import Part, Writer
from openwmi.soap.xop import Include, included

__all__ = [
    "CONTENT_TYPE",
    "DATAGRAM",
    "DPWS_2006",
    "DPWS_2009",
    "ENVELOPE",
    "GET",
    "GET_METADATA",
    "GET_METADATA_RESPONSE",
    "GET_RESPONSE",
    "LARGE_METADATA",
    "PROFILES",
    "AppSequence",
    "EndStatus",
    "EndpointReference",
    "Expires",
    "Fragment",
    "GetMetadata",
    "Headers",
    "Include",
    "Limits",
    "LocalizedText",
    "Message",
    "Metadata",
    "Part",
    "Profile",
    "QName",
    "Refusal",
    "Refused",
    "Relationship",
    "Section",
    "Service",
    "SoapFault",
    "ThisDevice",
    "ThisModel",
    "Timing",
    "Writer",
    "action_not_supported",
    "decode",
    "decode_get_response",
    "destination_unreachable",
    "encode",
    "encode_fault",
    "encode_get",
    "encode_get_metadata",
    "encode_get_response",
    "endpoint_unavailable",
    "fault_of",
    "included",
    "invalid_header",
    "is_no_answer_to_get",
    "localized",
    "missing_header",
    "not_understood",
    "plain",
    "rule_not_supported",
]
