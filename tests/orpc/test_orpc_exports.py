"""The exporter's tables, case by case."""

from __future__ import annotations

from itertools import permutations
from random import Random

import pytest

from openwmi.base import limits
from openwmi.base.error import WbemError
from openwmi.base.fault import LocalProtocolError
from openwmi.base.guid import Guid
from openwmi.base.limits import PING_PERIOD_SECONDS as PERIOD
from openwmi.base.limits import PING_TIMEOUT_SECONDS as TIMEOUT
from openwmi.base.status import HResult
from openwmi.orpc import (
    ANYONE,
    NO_REFERENCE,
    SORF_NOPING,
    ExportTable,
    Lifetime,
    QueryResult,
    Reference,
    Released,
    StdObjRef,
)
from openwmi.orpc.wellknown import IID_IRemUnknown, IID_IRemUnknown2, IID_IUnknown

A, B, C = Guid(int=0xA), Guid(int=0xB), Guid(int=0xC)  # interfaces


class Thing:
    """An object to export; two of them are never equal, and they need not be hashable."""

    __hash__ = None  # type: ignore[assignment]  # the point of it

    def __eq__(self, other: object) -> bool:
        return True


@pytest.fixture
def table() -> ExportTable[Thing]:
    return ExportTable(Random(1).randbytes)


def export(
    table: ExportTable[Thing], thing: Thing, iid: Guid = A, principal: str = "ada", now: float = 0.0
) -> StdObjRef:
    return table.export(thing, iid, [A, B], principal, now)


def same(found: tuple[Thing, ...], *wanted: Thing) -> bool:
    return [id(thing) for thing in found] == [id(thing) for thing in wanted]


def test_a_reference_leads_to_the_object(table: ExportTable[Thing]) -> None:
    thing = Thing()
    std = export(table, thing)
    assert (std.flags, std.public_refs, std.oxid) == (0, 5, table.oxid)
    interface = table.lookup(std.ipid, "ada", 1.0)
    assert interface is not None
    assert interface.object is thing
    assert (interface.iid, interface.export.oid, interface.public) == (A, std.oid, 5)
    assert table.lookup(Guid(int=1), "ada", 1.0) is None


def test_an_object_is_one_object_however_often_it_is_handed_out(table: ExportTable[Thing]) -> None:
    thing = Thing()
    first, again, other = export(table, thing), export(table, thing), export(table, thing, B)
    assert again == first
    assert other.oid == first.oid
    assert other.ipid != first.ipid
    interface = table.lookup(first.ipid, "ada", 0.0)
    assert interface is not None
    assert interface.public == 10
    assert export(table, Thing()).oid != first.oid  # equal is not the same


def test_numbers_cannot_be_guessed_and_are_never_null() -> None:
    octets = iter([bytes(8), b"\1" * 8, b"\2" * 8, bytes(16), b"\3" * 16, b"\2" * 8, b"\4" * 8, b"\3" * 16, b"\5" * 16])
    table: ExportTable[Thing] = ExportTable(lambda count: next(octets))
    assert table.oxid == 0x0101010101010101
    first, second = export(table, Thing()), export(table, Thing())
    assert (first.oid, second.oid) == (0x0202020202020202, 0x0404040404040404)
    assert (first.ipid.bytes, second.ipid.bytes) == (b"\3" * 16, b"\5" * 16)


def test_nobody_else_reaches_an_object(table: ExportTable[Thing]) -> None:
    """Not by call, query, count or release: to others it is not there."""
    thing = Thing()
    std = export(table, thing)
    for other in ("eve", "", None, ANYONE):
        assert table.lookup(std.ipid, other, 0.0) is None
        assert table.query_interface(std.ipid, 5, [B], other, 0.0) is None
        assert table.add_ref([Reference(std.ipid)], other, 0.0) == (HResult.CO_E_OBJNOTREG,)
        assert table.release([Reference(std.ipid, 5)], other, 0.0) == Released(unknown=(std.ipid,))
        assert table.receive(std, other, 0.0) is None
    interface = table.lookup(std.ipid, "ada", 0.0)
    assert interface is not None
    assert interface.public == 5


def test_an_object_that_two_principals_see_has_two_numbers(table: ExportTable[Thing]) -> None:
    thing = Thing()
    mine, theirs = export(table, thing), export(table, thing, principal="eve")
    assert mine.oid != theirs.oid
    assert mine.ipid != theirs.ipid
    assert len(table) == 2
    assert table.release([Reference(mine.ipid, 5)], "ada", 0.0).gone == ()  # the other one still has it
    assert table.lookup(theirs.ipid, "eve", 0.0) is not None
    assert same(table.release([Reference(theirs.ipid, 5)], "eve", 0.0).gone, thing)


@pytest.mark.parametrize("order", list(permutations(("ada", "bob", "eve"))), ids=" ".join)
def test_whoever_of_several_lets_an_object_go_the_others_have_it(
    table: ExportTable[Thing], order: tuple[str, str, str]
) -> None:
    thing = Thing()
    held = {who: export(table, thing, principal=who) for who in ("ada", "bob", "eve")}
    for who, left in zip(order, (2, 1, 0), strict=True):
        assert same(table.release([Reference(held[who].ipid, 5)], who, 0.0).gone, *[thing][left:])
        assert len(table) == left
        for other in order[3 - left :]:
            assert export(table, thing, principal=other).oid == held[other].oid
            table.release([Reference(held[other].ipid, 5)], other, 0.0)
    assert not table.withdraw(thing)


@pytest.mark.parametrize("order", list(permutations((A, B, C))), ids=lambda order: "".join(f"{i.int:X}" for i in order))
def test_interfaces_are_let_go_in_any_order(table: ExportTable[Thing], order: tuple[Guid, Guid, Guid]) -> None:
    thing = Thing()
    held = {iid: table.export(thing, iid, [A, B, C], "ada", 0.0).ipid for iid in (A, B, C)}
    for left, iid in zip((2, 1, 0), order, strict=True):
        assert same(table.release([Reference(held[iid], 5)], "ada", 0.0).gone, *[thing][left:])
        assert [each for each in order if table.lookup(held[each], "ada", 0.0)] == list(order[3 - left :])
    assert len(table) == 0


def test_what_is_for_anyone(table: ExportTable[Thing]) -> None:
    std = table.export(Thing(), A, [A], ANYONE, 0.0)
    assert all(table.lookup(std.ipid, who, 0.0) is not None for who in ("ada", "eve", None))


def test_the_last_release_ends_an_object(table: ExportTable[Thing]) -> None:
    """All counts of all interfaces: those that came with the reference, those queried and those added."""
    thing = Thing()
    std = export(table, thing)
    results = table.query_interface(std.ipid, 2, [B], "ada", 0.0)
    assert results is not None
    other = results[0].std
    assert table.add_ref([Reference(std.ipid, 1, 1)], "ada", 0.0) == (HResult.S_OK,)
    assert table.release([Reference(std.ipid, 6)], "ada", 0.0) == Released()
    assert table.lookup(std.ipid, "ada", 0.0) is not None  # a private count is left
    assert table.release([Reference(std.ipid, 0, 1)], "ada", 0.0) == Released()
    assert table.lookup(std.ipid, "ada", 0.0) is None
    assert same(table.release([Reference(other.ipid, 2)], "ada", 0.0).gone, thing)
    assert len(table) == 0
    assert table.deadline() is None


def test_releases_come_in_batches_twice_and_too_many(table: ExportTable[Thing]) -> None:
    first, second = Thing(), Thing()
    one, two = export(table, first), export(table, second)
    stranger = Guid(int=99)
    released = table.release([Reference(one.ipid, 6), Reference(stranger, 1), Reference(two.ipid, 5)], "ada", 0.0)
    assert same(released.gone, first, second)
    assert (released.unknown, released.excess) == ((stranger,), (one.ipid,))
    assert table.release([Reference(one.ipid, 5)], "ada", 0.0) == Released(unknown=(one.ipid,))


def test_more_private_counts_than_there_are(table: ExportTable[Thing]) -> None:
    std = export(table, Thing())
    thing = table.lookup(std.ipid, "ada", 0.0)
    assert thing is not None
    assert table.release([Reference(std.ipid, 0, 1)], "ada", 0.0) == Released(excess=(std.ipid,))
    assert table.lookup(std.ipid, "ada", 0.0) is thing
    assert table.release([Reference(std.ipid, std.public_refs)], "ada", 0.0) == Released((thing.object,))


def test_counts_as_large_as_they_come(table: ExportTable[Thing]) -> None:
    """None comes round to 0, whatever a client adds and takes away."""
    std, most = export(table, Thing()), 0xFFFFFFFF
    assert table.add_ref([Reference(std.ipid, most, most)] * 3, "ada", 0.0) == (HResult.S_OK,) * 3
    assert table.release([Reference(std.ipid, most, most)] * 3, "ada", 0.0) == Released()
    (gone,) = table.release([Reference(std.ipid, most, most)], "ada", 0.0).gone
    assert table.add_ref([Reference(std.ipid, 1)], "ada", 0.0) == (HResult.CO_E_OBJNOTREG,)
    assert len(table) == 0
    assert gone is not None


def test_query_interface(table: ExportTable[Thing]) -> None:
    """One interface that has an IPID already, a new one, IUnknown which all have, and one that is not there."""
    std = export(table, Thing())
    results = table.query_interface(std.ipid, 3, [A, B, IID_IUnknown, C], "ada", 0.0)
    assert results is not None
    assert [result.status for result in results] == [0, 0, 0, HResult.E_NOINTERFACE]
    assert results[3] == QueryResult(HResult.E_NOINTERFACE, NO_REFERENCE)
    assert results[0].std == StdObjRef(0, 3, std.oxid, std.oid, std.ipid)
    assert len({result.std.ipid for result in results}) == 4
    interface = table.lookup(std.ipid, "ada", 0.0)
    assert interface is not None
    assert interface.public == 8
    assert table.query_interface(Guid(int=1), 3, [A], "ada", 0.0) is None


def test_a_queried_interface_without_counts_keeps_nothing(table: ExportTable[Thing]) -> None:
    thing = Thing()
    std = export(table, thing)
    results = table.query_interface(std.ipid, 0, [B], "ada", 0.0)
    assert results is not None
    assert same(table.release([Reference(std.ipid, 5)], "ada", 0.0).gone, thing)
    assert table.lookup(results[0].std.ipid, "ada", 0.0) is None


def test_the_remote_unknown_stays(table: ExportTable[Thing]) -> None:
    """By one IPID, for every caller, whatever is released."""
    unknown = Thing()
    interfaces = [IID_IRemUnknown, IID_IRemUnknown2]
    std = table.export(unknown, IID_IRemUnknown2, interfaces, ANYONE, 0.0, lifetime=Lifetime.PERMANENT, connection=1)
    assert table.disconnect(1, 0.0) == ()
    assert table.release([Reference(std.ipid, 50)], "ada", 0.0) == Released(excess=(std.ipid,))
    assert table.deadline() is None
    assert table.expire(1e6) == ()
    assert table.lookup(std.ipid, None, 1e6) is not None
    set_id = table.pings.complex_ping(0, 1, [std.oid], (), principal="ada", now=1e6).set_id
    assert set_id
    assert table.expire(2e6) == ()
    assert table.lookup(std.ipid, None, 2e6) is not None
    assert table.withdraw(unknown)
    assert table.lookup(std.ipid, None, 2e6) is None


def test_what_nobody_pings_is_collected(table: ExportTable[Thing]) -> None:
    thing = Thing()
    std = export(table, thing, now=10.0)
    assert table.deadline() == 10.0 + TIMEOUT
    assert table.expire(10.0 + TIMEOUT - 1) == ()
    assert same(table.expire(10.0 + TIMEOUT), thing)
    assert table.lookup(std.ipid, "ada", 400.0) is None
    assert table.deadline() is None


def test_what_is_pinged_stays(table: ExportTable[Thing]) -> None:
    thing = Thing()
    std = export(table, thing)
    set_id = table.pings.complex_ping(0, 1, [std.oid], (), principal="ada", now=0.0).set_id
    for minute in range(2, 60, 2):
        assert table.pings.simple_ping(set_id, "ada", 60.0 * minute) == HResult.S_OK
        assert table.expire(60.0 * minute) == ()
    assert same(table.expire(60.0 * 58 + TIMEOUT), thing)


def test_what_was_used_lately_gets_another_term(table: ExportTable[Thing]) -> None:
    thing = Thing()
    std = export(table, thing)
    table.lookup(std.ipid, "ada", TIMEOUT - PERIOD + 1)
    assert table.expire(TIMEOUT) == ()
    assert table.deadline() == 2 * TIMEOUT
    assert same(table.expire(2 * TIMEOUT), thing)


def test_a_call_that_takes_long_keeps_its_object(table: ExportTable[Thing]) -> None:
    """Its client may be gone without a word, and not ping: what it has asked for still goes on."""
    thing = Thing()
    std = export(table, thing)
    found = table.lookup(std.ipid, "ada", 0.0)
    assert found is not None
    table.enter(found)
    now = 0.0
    for _ in range(3):
        now += TIMEOUT
        assert table.expire(now) == ()
    table.leave(found, now)
    assert table.expire(now + TIMEOUT) == (thing,)


def test_what_a_call_of_has_just_ended_was_used_lately(table: ExportTable[Thing]) -> None:
    thing = Thing()
    std = export(table, thing)
    found = table.lookup(std.ipid, "ada", 0.0)
    assert found is not None
    table.enter(found)
    table.enter(found)
    table.leave(found, 1.0)
    assert table.expire(TIMEOUT) == ()  # the other call goes on
    table.leave(found, 2 * TIMEOUT - PERIOD + 1)
    assert table.expire(2 * TIMEOUT) == ()
    assert same(table.expire(3 * TIMEOUT), thing)


def test_a_connection_keeps_what_is_tied_to_it(table: ExportTable[Thing]) -> None:
    """Several clients never ping; with their connection open they lose nothing."""
    thing = Thing()
    std = table.export(thing, A, [A, B], "ada", 0.0, connection="first")
    table.query_interface(std.ipid, 1, [B], "ada", 0.0, connection="second")
    assert table.expire(TIMEOUT) == ()
    assert table.disconnect("first", TIMEOUT) == ()
    assert table.expire(2 * TIMEOUT) == ()
    assert table.disconnect("second", 2 * TIMEOUT) == ()
    assert table.disconnect("second", 2 * TIMEOUT) == ()
    assert table.expire(3 * TIMEOUT - 1) == ()  # from there on it lives by pings
    assert same(table.expire(3 * TIMEOUT), thing)


def test_an_object_that_is_not_pinged_ends_with_its_connection(table: ExportTable[Thing]) -> None:
    thing = Thing()
    std = table.export(thing, A, [A], "ada", 0.0, connection=1, lifetime=Lifetime.NOPING)
    assert std.flags == SORF_NOPING
    table.export(thing, A, [A], "ada", 0.0, connection=2, lifetime=Lifetime.NOPING)
    assert table.deadline() is None
    assert table.expire(1e6) == ()
    assert table.disconnect(1, 1e6) == ()
    assert same(table.disconnect(2, 1e6), thing)
    assert table.lookup(std.ipid, "ada", 1e6) is None


def test_pinging_what_need_not_be_pinged_does_no_harm(table: ExportTable[Thing]) -> None:
    std = table.export(Thing(), A, [A], "ada", 0.0, connection=1, lifetime=Lifetime.NOPING)
    table.pings.complex_ping(0, 1, [std.oid], (), principal="ada", now=0.0)
    assert table.expire(TIMEOUT) == ()
    assert table.lookup(std.ipid, "ada", TIMEOUT) is not None
    assert table.deadline() is None


def test_withdraw_and_close(table: ExportTable[Thing]) -> None:
    first, second = Thing(), Thing()
    one = table.export(first, A, [A], "ada", 0.0, connection=1)
    export(table, first, principal="eve")
    two = export(table, second)
    assert table.withdraw(first)
    assert not table.withdraw(first)
    assert table.lookup(one.ipid, "ada", 0.0) is None
    assert table.disconnect(1, 0.0) == ()
    assert same(table.close(), second)
    assert table.lookup(two.ipid, "ada", 0.0) is None
    assert len(table) == 0
    assert table.deadline() is None


def test_a_reference_of_our_own_comes_back(table: ExportTable[Thing]) -> None:
    """3.1.1.5.3: its counts are taken back, and the object is there for the call that brought it."""
    thing = Thing()
    std = export(table, thing)
    received = table.receive(StdObjRef(0, 2, std.oxid, std.oid, std.ipid), "ada", 0.0)
    assert received is not None
    assert received[0] is thing
    assert received[1] == Released()
    received = table.receive(StdObjRef(0, 3, std.oxid, std.oid, std.ipid), "ada", 0.0)
    assert received is not None
    assert same(received[1].gone, thing)
    assert table.receive(std, "ada", 0.0) is None


def test_a_reference_to_another_exporter_is_not_ours(table: ExportTable[Thing]) -> None:
    std = export(table, Thing())
    assert table.receive(StdObjRef(0, 1, std.oxid ^ 1, std.oid, std.ipid), "ada", 0.0) is None


def test_objects_of_one_principal_are_limited(table: ExportTable[Thing], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "EXPORTS_PER_PRINCIPAL", 2)
    first = export(table, Thing())
    export(table, Thing())
    with pytest.raises(WbemError, match="2 objects") as caught:
        export(table, Thing())
    assert caught.value.status == HResult.E_OUTOFMEMORY
    export(table, Thing(), principal="eve")
    table.release([Reference(first.ipid, 5)], "ada", 0.0)
    export(table, Thing())


def test_misuse(table: ExportTable[Thing]) -> None:
    thing = Thing()
    with pytest.raises(LocalProtocolError, match="count"):
        table.export(thing, A, [A], "ada", 0.0, refs=0)
    with pytest.raises(LocalProtocolError, match="connection"):
        table.export(thing, A, [A], "ada", 0.0, lifetime=Lifetime.NOPING)
    with pytest.raises(LocalProtocolError, match="no interface"):
        table.export(thing, C, [A], "ada", 0.0)
    assert len(table) == 0


def test_two_exporters_share_a_resolver() -> None:
    one: ExportTable[Thing] = ExportTable(Random(1).randbytes)
    two: ExportTable[Thing] = ExportTable(Random(2).randbytes, one.pings)
    first, second = Thing(), Thing()
    export(one, first)
    export(two, second)
    due = one.pings.expire(TIMEOUT)
    assert len(due) == 2
    assert same(one.reclaim(due, TIMEOUT), first)
    assert same(two.reclaim(due, TIMEOUT), second)
