"""Faults of SOAP 1.2 (part 1, 5.4), and those that WS-Addressing, WS-Discovery and DPWS give names to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from openwmi.base.fault import RemoteProtocolError
from openwmi.soap import namespaces as ns
from openwmi.soap.fragment import Fragment, keep
from openwmi.soap.markup import Element, elements, resolve_qnames, text_of
from openwmi.soap.name import QName
from openwmi.soap.profile import Profile
from openwmi.soap.writer import Writer

SENDER: Final = "Sender"
RECEIVER: Final = "Receiver"
MUST_UNDERSTAND: Final = "MustUnderstand"


@dataclass(frozen=True, slots=True)
class SoapFault:
    """Why a message was not carried out.

    Attributes:
        code: `Sender`, `Receiver`, `MustUnderstand`, `VersionMismatch` or `DataEncodingUnknown`.
        subcode: what exactly, by the text that knows of it.
        reason: for people, in the language `language`.
        detail: whatever else the sender knows.
    """

    code: str
    subcode: QName | None = None
    reason: str = ""
    detail: tuple[Fragment, ...] = ()
    language: str = "en"

    @classmethod
    def parse(cls, element: Element) -> SoapFault:
        """The element soap:Fault."""
        code = next(elements(element, ns.SOAP, "Code"), None)
        if code is None:
            raise RemoteProtocolError("a fault without a code")
        subcode = next(elements(code, ns.SOAP, "Subcode"), None)
        reason = next(elements(element, ns.SOAP, "Reason"), None)
        text = None if reason is None else next(elements(reason, ns.SOAP, "Text"), None)
        detail = next(elements(element, ns.SOAP, "Detail"), None)
        return cls(
            _value(code).local,
            None if subcode is None else _value(subcode),
            "" if text is None else text_of(text),
            () if detail is None else tuple(keep(child) for child in detail),
            "en" if text is None else text.get(_LANGUAGE, "en"),
        )

    def format(self, writer: Writer) -> None:
        """As the body of a message."""
        writer.open(ns.SOAP, "Fault")
        writer.open(ns.SOAP, "Code")
        writer.qnames(ns.SOAP, "Value", (QName(ns.SOAP, self.code),))
        if self.subcode is not None:
            writer.open(ns.SOAP, "Subcode")
            writer.qnames(ns.SOAP, "Value", (self.subcode,))
            writer.close(ns.SOAP, "Subcode")
        writer.close(ns.SOAP, "Code")
        writer.open(ns.SOAP, "Reason")
        writer.text(ns.SOAP, "Text", self.reason, {"xml:lang": self.language})
        writer.close(ns.SOAP, "Reason")
        if self.detail:
            writer.open(ns.SOAP, "Detail")
            writer.fragments(self.detail)
            writer.close(ns.SOAP, "Detail")
        writer.close(ns.SOAP, "Fault")


def action_not_supported(profile: Profile, action: str) -> SoapFault:
    """Nobody here knows what to do with it."""
    return _sender(profile.addressing, "ActionNotSupported", f"The action {action} cannot be processed here.")


def destination_unreachable(profile: Profile, address: str) -> SoapFault:
    """There is nothing of that name."""
    return _sender(profile.addressing, "DestinationUnreachable", f"There is no {address} here.")


def endpoint_unavailable(profile: Profile) -> SoapFault:
    """It exists, and cannot answer just now."""
    subcode = QName(profile.addressing, "EndpointUnavailable")
    return SoapFault(RECEIVER, subcode, "The endpoint cannot process messages at this time.")


def invalid_header(profile: Profile, local: str) -> SoapFault:
    """A header of WS-Addressing says what it must not."""
    return _sender(profile.addressing, profile.invalid_header, f"The header {local} is not valid here.")


def missing_header(profile: Profile, local: str) -> SoapFault:
    """A header of WS-Addressing is needed and not there."""
    return _sender(profile.addressing, profile.missing_header, f"The header {local} is required.")


def rule_not_supported(profile: Profile, rules: tuple[str, ...]) -> SoapFault:
    """A Probe wants scopes to be matched by a rule that is not known here; those that are."""
    listed = Fragment.parse(
        f'<wsd:SupportedMatchingRules xmlns:wsd="{profile.discovery}">{" ".join(rules)}</wsd:SupportedMatchingRules>'
    )
    subcode = QName(profile.discovery, "MatchingRuleNotSupported")
    return SoapFault(SENDER, subcode, "The rule for matching scopes is not supported.", (listed,))


def not_understood(names: tuple[QName, ...]) -> SoapFault:
    """Headers that must be understood, and are not."""
    return SoapFault(MUST_UNDERSTAND, None, f"Not understood: {', '.join(map(str, names))}"[:1000])


def fault_action(profile: Profile, fault: SoapFault) -> str:
    """The action of a message that holds the fault."""
    if fault.subcode is not None and fault.subcode.namespace == profile.discovery:
        return profile.action("fault")
    if fault.subcode is not None and fault.subcode.namespace == ns.EVENTING:
        return f"{ns.EVENTING}/fault"
    if fault.subcode is not None and fault.subcode.namespace != profile.addressing:
        return f"{profile.devprof}/fault"
    return profile.addressing_fault


def _sender(namespace: str, local: str, reason: str) -> SoapFault:
    return SoapFault(SENDER, QName(namespace, local), reason)


def _value(element: Element) -> QName:
    value = next(elements(element, ns.SOAP, "Value"), None)
    names = () if value is None else resolve_qnames(value, 1)
    if not names:
        raise RemoteProtocolError("a fault whose code has no value")
    return names[0]


_LANGUAGE: Final = f"{{{ns.XML}}}lang"
