"""What a server answers to the presentation contexts of a bind or alter_context ([MS-RPCE] 3.3.1.5.3, 3.3.1.5.6)."""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass

from openwmi.rpc.bind import ContextElement, ContextOutcome, ContextResult, RejectReason
from openwmi.rpc.syntax import ALL_FEATURES, NDR, BindFeatures, SyntaxId, features_of


@dataclass(frozen=True, slots=True)
class Negotiation:
    """`results` answer the elements in order; `features` None: none were offered.

    `accepted` are the new contexts: their interfaces; `transfers` how their stubs are written.
    """

    results: tuple[ContextResult, ...]
    accepted: dict[int, SyntaxId]
    features: BindFeatures | None
    transfers: dict[int, SyntaxId]


def negotiate(
    elements: tuple[ContextElement, ...],
    interfaces: Container[SyntaxId],
    known: Mapping[int, SyntaxId],
    spoken: Sequence[SyntaxId] = (NDR,),
    transfers: Mapping[int, SyntaxId] | None = None,
) -> Negotiation:
    """`spoken` are the transfer syntaxes, best first: an element that offers none of them is rejected.

    A context id that is taken stays with its interface: to name it again for the same one is no change, as the later
    legs of a security exchange do it.
    """
    results: list[ContextResult] = []
    accepted: dict[int, SyntaxId] = {}
    written: dict[int, SyntaxId] = {}
    features: BindFeatures | None = None
    for element in elements:
        offered = features_of(element.transfers[0]) if len(element.transfers) == 1 else None
        taken = accepted.get(element.context_id, known.get(element.context_id))
        if offered is not None:
            features = offered & ALL_FEATURES
            results.append(ContextResult(ContextOutcome.NEGOTIATE_ACK, int(features)))
        elif element.abstract not in interfaces:
            results.append(_rejected(RejectReason.ABSTRACT_SYNTAX_NOT_SUPPORTED))
        elif (transfer := next((each for each in spoken if each in element.transfers), None)) is None:
            results.append(_rejected(RejectReason.TRANSFER_SYNTAXES_NOT_SUPPORTED))
        elif taken is not None and (
            taken != element.abstract
            or transfer != written.get(element.context_id, (transfers or {}).get(element.context_id, transfer))
        ):
            results.append(_rejected(RejectReason.NOT_SPECIFIED))
        else:
            accepted[element.context_id] = element.abstract
            written[element.context_id] = transfer
            results.append(ContextResult(ContextOutcome.ACCEPTANCE, 0, transfer))
    return Negotiation(tuple(results), accepted, features, written)


def _rejected(reason: RejectReason) -> ContextResult:
    return ContextResult(ContextOutcome.PROVIDER_REJECTION, reason)
