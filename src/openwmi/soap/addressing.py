"""WS-Addressing, of August 2004 and 1.0: who a message is for, what it wants, and what it answers.

The two differ in namespaces, which a profile has; `ReferenceProperties` is the older one's alone.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from openwmi.base.fault import LocalProtocolError, RemoteProtocolError
from openwmi.base.limits import DPWS_URI_OCTETS, SOAP_HEADERS
from openwmi.soap import namespaces as ns
from openwmi.soap.fragment import Fragment, keep
from openwmi.soap.markup import Element, name_of, text_of
from openwmi.soap.name import QName
from openwmi.soap.profile import BY_ADDRESSING, PROFILES, Profile
from openwmi.soap.writer import Writer

LARGEST_NUMBER: Final = (1 << 32) - 1
DIGITS: Final = 10


@dataclass(frozen=True, slots=True)
class EndpointReference:
    """Where something is, or what it is called for ever (`urn:uuid:…`).

    Attributes:
        address: the URI.
        parameters: what has to be sent along as headers: reference parameters and, before, properties.
    """

    address: str
    parameters: tuple[Fragment, ...] = ()

    @classmethod
    def parse(cls, element: Element, profile: Profile) -> EndpointReference:
        """An element of this type, whatever its name."""
        address = ""
        parameters: list[Element] = []
        for child in element:
            if child.tag == f"{{{profile.addressing}}}Address":
                address = uri_of(child)
            elif child.tag in _PARAMETERS:
                parameters += child
        if not address or len(parameters) > SOAP_HEADERS:
            raise RemoteProtocolError(f"no address in {element.tag}, or more than {SOAP_HEADERS} parameters")
        return cls(address, tuple(map(keep, parameters)))

    def format(self, writer: Writer, namespace: str = "", local: str = "EndpointReference") -> None:
        """As an element of that name."""
        addressing = writer.profile.addressing
        writer.open(namespace or addressing, local)
        writer.text(addressing, "Address", checked_uri(self.address))
        if self.parameters:
            writer.open(addressing, "ReferenceParameters")
            writer.fragments(self.parameters)
            writer.close(addressing, "ReferenceParameters")
        writer.close(namespace or addressing, local)

    def headers(self, profile: Profile) -> tuple[Fragment, ...]:
        """Its parameters as headers of what is sent there: WS-Addressing 1.0 marks them (its SOAP Binding, 3.3)."""
        if profile.addressing != ns.WSA_2005:
            return self.parameters
        marked = []
        for each in self.parameters:
            element = each.element()
            element.set(f"{{{ns.WSA_2005}}}IsReferenceParameter", "true")
            marked.append(keep(element))
        return tuple(marked)


@dataclass(frozen=True, slots=True)
class AppSequence:
    """WS-Discovery's header that tells an older message from a newer one (2005: 4.4; 1.1: appendix).

    Attributes:
        instance: grows each time that the service loses its state.
        number: grows with each message of the sequence.
        sequence: a URI; None is a sequence, too.
    """

    instance: int
    number: int
    sequence: str | None = None


@dataclass(frozen=True, slots=True)
class Headers:
    """The headers of one message.

    Attributes:
        action: what it wants.
        message_id: what it is called; empty where it has no name.
        to: who it is for; empty where that is left open.
        relates_to: the message that it answers.
        reply_to, fault_to, source: where answers go, and where it came from; None is whoever sent it.
        app_sequence: where it stands among the messages of a service.
        large_metadata: whether metadata in the answer may be longer than an envelope.
        others: headers that have no place here; those of an endpoint's parameters among them.
        not_understood: those of them that must be understood.
    """

    action: str
    message_id: str = ""
    to: str = ""
    relates_to: str = ""
    reply_to: EndpointReference | None = None
    fault_to: EndpointReference | None = None
    source: EndpointReference | None = None
    app_sequence: AppSequence | None = None
    large_metadata: bool = False
    others: tuple[Fragment, ...] = ()
    not_understood: tuple[QName, ...] = ()

    def is_anonymous(self, profile: Profile) -> bool:
        """Whether answers go to whoever sent it, and to nobody else (DPWS R0031)."""
        return all(each is None or each.address == profile.anonymous for each in (self.reply_to, self.fault_to))

    def format(self, writer: Writer) -> None:
        """All of them, one after the other."""
        profile = writer.profile
        addressing = profile.addressing
        for local, text in (
            ("To", self.to),
            ("Action", self.action),
            ("MessageID", self.message_id),
            ("RelatesTo", self.relates_to),
        ):
            if text:
                writer.text(addressing, local, checked_uri(text))
        for local, endpoint in (("From", self.source), ("ReplyTo", self.reply_to), ("FaultTo", self.fault_to)):
            if endpoint is not None:
                endpoint.format(writer, addressing, local)
        if self.app_sequence is not None:
            _format_sequence(self.app_sequence, writer)
        if self.large_metadata:
            writer.text(ns.LARGE_METADATA, "LargeMetadataSupport", "")
        writer.fragments(self.others)

    @classmethod
    def parse(cls, header: Element | None, expected: Profile | None) -> tuple[Headers, Profile]:
        """The headers, and the profile that they are of; `expected` where they do not say."""
        profile: Profile | None = None
        found: dict[str, Element] = {}
        others: list[Element] = []
        for child in () if header is None else header:
            field = _FIELDS.get(str(child.tag))
            if field is None or (field == "relates_to" and not _is_reply(child)):
                others.append(child)
                if len(others) > SOAP_HEADERS:
                    raise RemoteProtocolError(f"more than {SOAP_HEADERS} headers that are not known")
                continue
            if field in found:
                raise RemoteProtocolError(f"two headers {child.tag}")
            found[field] = child
            if field == "action":
                profile = BY_ADDRESSING[child.tag[1:].partition("}")[0]]
        profile = profile or expected
        if profile is None:
            raise RemoteProtocolError("no header Action of an addressing that is known")
        values: dict[str, Any] = {field: _PARSERS[field](child, profile) for field, child in found.items()}
        if others:
            values["not_understood"] = tuple(name_of(child) for child in others if _is_demanded(child))
            values["others"] = tuple(keep(child) for child in others)
        return cls(**{"action": "", **values}), profile


def uri_of(element: Element) -> str:
    """A URI. RemoteProtocolError for one that is too long, or has white space in it."""
    text = text_of(element)
    if is_long(text) or len(text.split()) > 1:
        raise RemoteProtocolError(f"{element.tag} holds no URI, or one of more than {DPWS_URI_OCTETS} octets")
    return text


def is_long(uri: str) -> bool:
    """Whether DPWS has a limit below it."""
    return len(uri) > DPWS_URI_OCTETS or (not uri.isascii() and len(uri.encode(errors="replace")) > DPWS_URI_OCTETS)


def checked_uri(text: str) -> str:
    """The same for what we send. LocalProtocolError."""
    if is_long(text) or len(text.split()) != 1 or text != text.strip():
        raise LocalProtocolError(f"a URI is one word of at most {DPWS_URI_OCTETS} octets, not {text[:80]!r}")
    return text


def parse_number(text: str) -> int:
    """A whole number from 0 to 2^32 - 1."""
    text = text.strip().lstrip("+")
    if not (text.isascii() and text.isdecimal() and len(text) <= DIGITS and int(text) <= LARGEST_NUMBER):
        raise RemoteProtocolError(f"{text[:80]!r} is no number from 0 to {LARGEST_NUMBER}")
    return int(text)


def _parse_sequence(element: Element, _: Profile) -> AppSequence:
    instance, number = element.get("InstanceId"), element.get("MessageNumber")
    if instance is None or number is None:
        raise RemoteProtocolError("AppSequence needs InstanceId and MessageNumber")
    return AppSequence(parse_number(instance), parse_number(number), element.get("SequenceId"))


def _format_sequence(sequence: AppSequence, writer: Writer) -> None:
    attributes = {"InstanceId": str(sequence.instance), "MessageNumber": str(sequence.number)}
    if sequence.sequence is not None:
        attributes["SequenceId"] = sequence.sequence
    writer.text(writer.profile.discovery, "AppSequence", "", attributes)


def _is_demanded(element: Element) -> bool:
    """Whether we have to understand the header: only if it is meant for whoever receives it (SOAP 1.2 part 1, 2.4)."""
    return element.get(_MUST_UNDERSTAND) in {"1", "true"} and element.get(_ROLE, "") in _OUR_ROLES


def _is_reply(element: Element) -> bool:
    """A message may relate to others in other ways, as the Hello of a proxy does."""
    kind = element.get("RelationshipType")
    return kind is None or kind.rpartition(":" if "/" not in kind else "/")[2].lower() == "reply"


_MUST_UNDERSTAND: Final = f"{{{ns.SOAP}}}mustUnderstand"
_ROLE: Final = f"{{{ns.SOAP}}}role"
_OUR_ROLES: Final = {"", f"{ns.SOAP}/role/next", f"{ns.SOAP}/role/ultimateReceiver"}
_PARAMETERS: Final = {
    f"{{{profile.addressing}}}{local}"
    for profile in PROFILES
    for local in ("ReferenceParameters", "ReferenceProperties")
}
_PARSERS: Final[dict[str, Callable[[Element, Profile], object]]] = {
    **dict.fromkeys(("action", "message_id", "to", "relates_to"), lambda element, _: uri_of(element)),
    **dict.fromkeys(("reply_to", "fault_to", "source"), EndpointReference.parse),
    "app_sequence": _parse_sequence,
    "large_metadata": lambda _, __: True,
}
_LOCALS: Final = {
    "Action": "action",
    "MessageID": "message_id",
    "To": "to",
    "RelatesTo": "relates_to",
    "ReplyTo": "reply_to",
    "FaultTo": "fault_to",
    "From": "source",
}
_FIELDS: Final = {
    f"{{{ns.LARGE_METADATA}}}LargeMetadataSupport": "large_metadata",
    **{f"{{{profile.discovery}}}AppSequence": "app_sequence" for profile in PROFILES},
    **{f"{{{each.addressing}}}{local}": field for each in PROFILES for local, field in _LOCALS.items()},
}
