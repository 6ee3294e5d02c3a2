"""What a server answers to the presentation contexts of a bind or alter_context ([MS-RPCE] 3.3.1.5.3, 3.3.1.5.6)."""

from __future__ import annotations

from collections.abc import Container, Mapping
from dataclasses import dataclass

from openwmi.rpc.bind import ContextElement, ContextOutcome, ContextResult, RejectReason
from openwmi.rpc.syntax import ALL_FEATURES, NDR, BindFeatures, SyntaxId, features_of


@dataclass(frozen=True, slots=True)
class Negotiation:
    """`results` answer the elements in order; `accepted` are the new contexts; `features` None: none were offered."""

    results: tuple[ContextResult, ...]
    accepted: dict[int, SyntaxId]
    features: BindFeatures | None


def negotiate(
    elements: tuple[ContextElement, ...], interfaces: Container[SyntaxId], known: Mapping[int, SyntaxId]
) -> Negotiation:
    """NDR is the one transfer syntax: an element that does not offer it is rejected, and the client falls back.

    A context id that is taken stays with its interface: to name it again for the same one is no change, as the later
    legs of a security exchange do it.
    """
    results: list[ContextResult] = []
    accepted: dict[int, SyntaxId] = {}
    features: BindFeatures | None = None
    for element in elements:
        offered = features_of(element.transfers[0]) if len(element.transfers) == 1 else None
        taken = accepted.get(element.context_id, known.get(element.context_id))
        if offered is not None:
            features = offered & ALL_FEATURES
            results.append(ContextResult(ContextOutcome.NEGOTIATE_ACK, int(features)))
        elif element.abstract not in interfaces:
            results.append(_rejected(RejectReason.ABSTRACT_SYNTAX_NOT_SUPPORTED))
        elif NDR not in element.transfers:
            results.append(_rejected(RejectReason.TRANSFER_SYNTAXES_NOT_SUPPORTED))
        elif taken is not None and taken != element.abstract:
            results.append(_rejected(RejectReason.NOT_SPECIFIED))
        else:
            accepted[element.context_id] = element.abstract
            results.append(ContextResult(ContextOutcome.ACCEPTANCE, 0, NDR))
    return Negotiation(tuple(results), accepted, features)


def _rejected(reason: RejectReason) -> ContextResult:
    return ContextResult(ContextOutcome.PROVIDER_REJECTION, reason)
