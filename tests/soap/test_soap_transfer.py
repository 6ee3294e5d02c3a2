"""Asking for metadata and giving it: both requests, what is left out where it is too long, and faults."""

from __future__ import annotations

from dataclasses import replace

import pytest

from openwmi.base.fault import RemoteProtocolError
from openwmi.base.limits import SOAP_ENVELOPE_OCTETS
from openwmi.soap import (
    DPWS_2006,
    GET_METADATA,
    GET_METADATA_RESPONSE,
    GET_RESPONSE,
    LARGE_METADATA,
    EndpointReference,
    Fragment,
    Headers,
    Message,
    Metadata,
    QName,
    Relationship,
    Section,
    Service,
    SoapFault,
    ThisDevice,
    ThisModel,
    action_not_supported,
    decode,
    decode_get_response,
    encode,
    encode_fault,
    encode_get,
    encode_get_metadata,
    encode_get_response,
    endpoint_unavailable,
    fault_of,
    is_no_answer_to_get,
    localized,
)
from openwmi.soap.markup import Element

OURS = Service((EndpointReference("urn:uuid:1"),))
FILES = Service((EndpointReference("http://192.0.2.1/files"),), (), "urn:files")
MODEL = ThisModel(localized("Acme"), localized("Printer"))
DEVICE = Metadata(MODEL, ThisDevice(localized("Printer")), (Relationship(OURS, (FILES,)),))


def section(octets: int) -> Section:
    """One of a device's own, with so many characters in texts that are not too long."""
    texts = [max(0, min(8000, octets - start)) * "x" for start in range(0, 48_000, 8000)]
    content = "".join(f"<x:Part>{each}</x:Part>" for each in texts)
    return Section("urn:x:long", "", (Fragment.parse(f"<x:Long xmlns:x='urn:x'>{content}</x:Long>"),))


def asked(*, large: bool) -> Message:
    return decode(encode_get(DPWS_2006, "urn:uuid:1", "urn:m", large=large))


def test_the_request_by_metadata_exchange() -> None:
    message = decode(encode_get_metadata(DPWS_2006, "http://192.0.2.1/x", "urn:m"))
    anonymous = EndpointReference(DPWS_2006.anonymous)
    assert message.headers == Headers(
        GET_METADATA, "urn:m", "http://192.0.2.1/x", reply_to=anonymous, large_metadata=True
    )
    assert message.name == QName(DPWS_2006.mex, "GetMetadata")


def test_what_just_fits_is_told_whole_and_one_octet_more_is_not() -> None:
    room = SOAP_ENVELOPE_OCTETS - len(encode_get_response(asked(large=False), _with(section(0)), "urn:n"))
    for more in (0, 1):
        metadata = _with(section(room + more))
        octets = encode_get_response(asked(large=False), metadata, "urn:n")
        told = decode_get_response(decode(octets))
        assert (len(octets) == SOAP_ENVELOPE_OCTETS) == (not more)
        assert told.others == (() if more else metadata.others)
        assert told.hosted == (FILES,), "sections of the device's own go first"


def test_where_not_even_a_device_fits_no_service_is_told() -> None:
    services = tuple(replace(FILES, service_id=f"urn:{each}") for each in range(3))
    kept = (Relationship(OURS, services), Relationship(None, services))
    long = Service((EndpointReference("urn:uuid:1"),), (), "urn:1", (section(40_000).content[0],))
    metadata = replace(DEVICE, relationships=(replace(kept[0], host=long), kept[1]))
    told = decode_get_response(decode(encode_get_response(asked(large=False), metadata, "urn:n"), LARGE_METADATA))
    assert told.hosted == ()
    assert told.host == long


def test_who_asks_by_metadata_exchange_for_nothing_special_is_told_all_but_of_the_device() -> None:
    """Also where there is no body, which is not as it should be."""
    metadata = _with(section(1))
    request = decode(encode_get_metadata(DPWS_2006, "http://192.0.2.1/x", "urn:m"))
    told = decode_get_response(decode(encode_get_response(request, metadata, "urn:n")))
    assert (told.hosted, told.others, told.model) == ((FILES,), metadata.others, None)
    empty = decode(encode(DPWS_2006, request.headers))
    answer = decode(encode_get_response(empty, metadata, "urn:n"))
    assert decode_get_response(answer).others == metadata.others
    assert (answer.headers.action, answer.headers.relates_to) == (GET_METADATA_RESPONSE, "urn:m")


@pytest.mark.parametrize("action", [GET_RESPONSE, GET_METADATA_RESPONSE, ""])
def test_metadata_come_with_any_of_the_actions_that_there_are(action: str) -> None:
    assert decode_get_response(Message(DPWS_2006, Headers(action), _body())).model == MODEL


@pytest.mark.parametrize("action", ["urn:x:Other", GET_METADATA])
def test_with_another_action_it_is_no_answer(action: str) -> None:
    with pytest.raises(RemoteProtocolError, match="no metadata"):
        decode_get_response(Message(DPWS_2006, Headers(action), _body()))


@pytest.mark.parametrize(
    ("fault", "asks"),
    [
        (SoapFault("Sender"), True),
        (action_not_supported(DPWS_2006, "urn:x"), True),
        (SoapFault("Sender", QName("urn:x", "Other")), False),
        (SoapFault("Receiver"), False),
        (SoapFault("Receiver", QName(DPWS_2006.addressing, "ActionNotSupported")), False),
        (endpoint_unavailable(DPWS_2006), False),
    ],
)
def test_who_does_not_know_get_may_be_asked_by_the_other(fault: SoapFault, asks: bool) -> None:
    assert is_no_answer_to_get(fault) == asks


def test_a_fault_says_which_message_it_answers() -> None:
    fault = SoapFault("Receiver", None, "out of paper")
    answer = decode(encode_fault(asked(large=True), fault, "urn:n"))
    assert fault_of(answer) == fault
    assert (answer.headers.relates_to, answer.headers.message_id) == ("urn:m", "urn:n")
    assert answer.headers.to == DPWS_2006.anonymous
    assert fault_of(asked(large=True)) is None


def _with(other: Section) -> Metadata:
    return replace(DEVICE, others=(other,))


def _body() -> Element | None:
    return decode(encode_get_response(asked(large=True), DEVICE, "urn:n")).body
