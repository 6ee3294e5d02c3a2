"""Presentation contexts and association groups."""

from __future__ import annotations

from openwmi.base.guid import Guid
from openwmi.rpc import NDR, NDR64, AssociationGroups, BindFeatures, ContextOutcome, RejectReason, SyntaxId
from openwmi.rpc.bind import ContextElement, ContextResult
from openwmi.rpc.negotiation import negotiate
from openwmi.rpc.syntax import features_syntax

KNOWN = SyntaxId(Guid("000001a0-0000-0000-c000-000000000046"))
OTHER = SyntaxId(Guid("f309ad18-d86a-11d0-a075-00c04fb68820"))
STRANGE = SyntaxId(Guid("99fcfec4-5260-101b-bbcb-00aa0021347a"))
FEATURES = features_syntax(BindFeatures(3))
ACCEPTED = ContextResult(ContextOutcome.ACCEPTANCE, 0, NDR)


def rejected(reason: RejectReason) -> ContextResult:
    return ContextResult(ContextOutcome.PROVIDER_REJECTION, reason)


def test_as_windows_binds() -> None:
    # NDR, NDR64 and the features, each as a context of its own; winmgmt answers with reason 2 to NDR64.
    asked = tuple(ContextElement(number, KNOWN, (syntax,)) for number, syntax in enumerate((NDR, NDR64, FEATURES)))
    agreed = negotiate(asked, {KNOWN}, {})
    assert agreed.results == (
        ACCEPTED,
        rejected(RejectReason.TRANSFER_SYNTAXES_NOT_SUPPORTED),
        ContextResult(ContextOutcome.NEGOTIATE_ACK, 3),
    )
    assert agreed.accepted == {0: KNOWN}
    assert agreed.features == BindFeatures(3)


def test_unknown_interface_unknown_version() -> None:
    asked = (ContextElement(0, STRANGE, (NDR,)), ContextElement(1, SyntaxId(KNOWN.uuid, 1), (NDR,)))
    agreed = negotiate(asked, {KNOWN}, {})
    assert agreed.results == (rejected(RejectReason.ABSTRACT_SYNTAX_NOT_SUPPORTED),) * 2
    assert (agreed.accepted, agreed.features) == ({}, None)


def test_several_transfer_syntaxes_in_one_context() -> None:
    assert negotiate((ContextElement(5, KNOWN, (NDR64, NDR)),), {KNOWN}, {}).results == (ACCEPTED,)
    assert negotiate((ContextElement(5, KNOWN, ()),), {KNOWN}, {}).accepted == {}


def test_a_context_id_keeps_its_interface() -> None:
    again = negotiate((ContextElement(0, KNOWN, (NDR,)),), {KNOWN, OTHER}, {0: KNOWN})
    assert again.results == (ACCEPTED,)
    other = negotiate((ContextElement(0, OTHER, (NDR,)),), {KNOWN, OTHER}, {0: KNOWN})
    assert other.results == (rejected(RejectReason.NOT_SPECIFIED),)
    twice = (ContextElement(1, KNOWN, (NDR,)), ContextElement(1, OTHER, (NDR,)))
    assert negotiate(twice, {KNOWN, OTHER}, {}).accepted == {1: KNOWN}


def test_groups_belong_to_one_machine_and_live_as_long_as_their_connections() -> None:
    groups = AssociationGroups()
    first, second = groups.join(0, "192.0.2.1"), groups.join(0, "192.0.2.1")
    assert first
    assert second
    assert first != second
    assert groups.join(first, "192.0.2.1") == first
    assert groups.join(first, "192.0.2.2") is None
    assert groups.join(77, "192.0.2.1") is None
    groups.leave(first)
    assert groups.join(first, "192.0.2.1") == first
    groups.leave(first)
    groups.leave(first)
    assert groups.join(first, "192.0.2.1") is None
    groups.leave(second)
    assert len(groups) == 0
