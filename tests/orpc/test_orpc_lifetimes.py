"""ExportTable and its ping sets against a model that keeps plain lists and counts everything anew, on a fake clock."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from openwmi.base.guid import Guid
from openwmi.base.limits import PING_PERIOD_SECONDS as PERIOD
from openwmi.base.limits import PING_TIMEOUT_SECONDS as TIMEOUT
from openwmi.base.status import HResult
from openwmi.orpc import ExportTable, Lifetime, Reference, StdObjRef

IIDS = [Guid(int=number) for number in (0xA, 0xB, 0xC)]
things = st.sampled_from(["pen", "cup", "key"])
principals = st.sampled_from(["ada", "ada", "ada", "ada", "eve"])  # a call by the wrong one ends at once
connections = st.sampled_from([None, None, 1, 2])
counts = st.sampled_from([1, 1, 1, 2, 2, 0, 6])  # 2 come with a reference
indexes = st.integers(0, 63)  # which of those that there are, counted from the newest, around and around


@dataclass
class Held:
    """What the model knows of an export. `idle` is when its time began to run; None while a set holds it, or ever."""

    thing: str
    principal: str
    lifetime: Lifetime
    oid: int
    used: float
    idle: float | None
    connections: set[int] = field(default_factory=set)
    counts: dict[Guid, int] = field(default_factory=dict)  # by IPID


@dataclass
class Pinger:
    principal: str
    sequence: int
    pinged: float
    oids: set[int]


class Lifetimes(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.table: ExportTable[str] = ExportTable(Random(1).randbytes)
        self.now = 0.0
        self.held: list[Held] = []
        self.pingers: dict[int, Pinger] = {}
        self.owners: dict[Guid, str] = {}  # every IPID that there ever was
        self.references: list[StdObjRef] = []  # all that were ever handed out, and sets likewise
        self.sets: list[int] = []

    # ------------------------------------------------------------------------------------------------------ the model

    def reference(self, index: int) -> StdObjRef:
        return self.references[-1 - index % len(self.references)]

    def find(self, ipid: Guid, principal: str) -> Held | None:
        return next((held for held in self.held if ipid in held.counts and held.principal == principal), None)

    def drop(self, *gone: Held) -> list[str]:
        """Takes them out; the things that no one has any more, sorted."""
        self.held = [held for held in self.held if held not in gone]
        left = {held.thing for held in self.held}
        return sorted({held.thing for held in gone} - left)

    def is_pinged(self, oid: int) -> bool:
        return any(oid in pinger.oids for pinger in self.pingers.values())

    def keep(self, held: Held) -> None:
        held.idle = self.now if held.lifetime is Lifetime.PINGED and not self.is_pinged(held.oid) else None

    # ------------------------------------------------------------------------------------------------------ the rules

    @rule(
        thing=things,
        iid=st.sampled_from(IIDS),
        who=principals,
        connection=connections,
        noping=st.booleans(),
    )
    def export(self, thing: str, iid: Guid, who: str, connection: int | None, noping: bool) -> None:
        lifetime = Lifetime.NOPING if noping and connection is not None else Lifetime.PINGED
        std = self.table.export(thing, iid, IIDS, who, self.now, connection=connection, lifetime=lifetime, refs=2)
        held = next((held for held in self.held if (held.thing, held.principal) == (thing, who)), None)
        if held is None:
            held = Held(thing, who, lifetime, std.oid, self.now, None)
            self.held.append(held)
            self.keep(held)
        assert std.oid == held.oid
        assert std.noping is (held.lifetime is Lifetime.NOPING)
        held.used = self.now
        if connection is not None:
            held.connections.add(connection)
        held.counts[std.ipid] = held.counts.get(std.ipid, 0) + 2
        self.owners[std.ipid] = who
        self.references.append(std)

    @precondition(lambda self: self.references)
    @rule(index=indexes, iid=st.sampled_from(IIDS), who=principals, refs=counts)
    def query(self, index: int, iid: Guid, who: str, refs: int) -> None:
        std = self.reference(index)
        held = self.find(std.ipid, who)
        results = self.table.query_interface(std.ipid, refs, [iid], who, self.now)
        assert (results is None) is (held is None)
        if results is None or held is None:
            return
        held.used = self.now
        found = results[0].std
        held.counts[found.ipid] = held.counts.get(found.ipid, 0) + refs
        self.owners[found.ipid] = who
        self.references.append(found)

    @precondition(lambda self: self.references)
    @rule(index=indexes, who=principals, refs=counts)
    def add_ref(self, index: int, who: str, refs: int) -> None:
        std = self.reference(index)
        held = self.find(std.ipid, who)
        (status,) = self.table.add_ref([Reference(std.ipid, refs)], who, self.now)
        assert status == (HResult.S_OK if held else HResult.CO_E_OBJNOTREG)
        if held:
            held.counts[std.ipid] += refs
            held.used = self.now

    @precondition(lambda self: self.references)
    @rule(wanted=st.lists(st.tuples(indexes, counts), max_size=3), who=principals)
    def release(self, wanted: list[tuple[int, int]], who: str) -> None:
        batch = [(self.reference(index), refs) for index, refs in wanted]
        gone: list[str] = []
        unknown: list[Guid] = []
        excess: list[Guid] = []
        for std, refs in batch:
            held = self.find(std.ipid, who)
            if held is None:
                unknown.append(std.ipid)
                continue
            if refs > held.counts[std.ipid]:
                excess.append(std.ipid)
            held.used = self.now
            held.counts[std.ipid] = max(0, held.counts[std.ipid] - refs)
            if not held.counts[std.ipid]:
                del held.counts[std.ipid]
                if not any(held.counts.values()):
                    gone += self.drop(held)
        released = self.table.release([Reference(std.ipid, refs) for std, refs in batch], who, self.now)
        assert released.gone == tuple(gone)
        assert released.unknown == tuple(unknown)
        assert released.excess == tuple(excess)

    @precondition(lambda self: self.references)
    @rule(index=indexes, who=principals)
    def call(self, index: int, who: str) -> None:
        std = self.reference(index)
        held = self.find(std.ipid, who)
        interface = self.table.lookup(std.ipid, who, self.now)
        assert (interface.object if interface else None) == (held.thing if held else None)
        if held:
            held.used = self.now

    @precondition(lambda self: self.references)
    @rule(wanted=st.lists(indexes, min_size=1, max_size=3), who=principals)
    def new_set(self, wanted: list[int], who: str) -> None:
        oids = [self.reference(index).oid for index in wanted]
        reply = self.table.pings.complex_ping(0, 1, oids, (), principal=who, now=self.now)
        assert reply.status == HResult.S_OK
        self.pingers[reply.set_id] = Pinger(who, 1, self.now, set())
        self.take_in(self.pingers[reply.set_id], set(oids))
        self.sets.append(reply.set_id)

    def take_in(self, pinger: Pinger, oids: set[int]) -> None:
        for held in self.held:
            if held.oid in oids:
                pinger.oids.add(held.oid)
                held.idle = None

    @precondition(lambda self: self.sets)
    @rule(
        index=indexes,
        step=st.sampled_from([-1, 0, 1, 1, 1]),
        add=st.lists(indexes, max_size=2),
        delete=st.lists(indexes, max_size=2),
        who=principals,
    )
    def complex_ping(self, index: int, step: int, add: list[int], delete: list[int], who: str) -> None:
        set_id = self.sets[-1 - index % len(self.sets)]
        pinger = self.pingers.get(set_id)
        sequence = (pinger.sequence if pinger else 5) + step
        adding, deleting = ([self.reference(index).oid for index in indexes] for indexes in (add, delete))
        reply = self.table.pings.complex_ping(set_id, sequence & 0xFFFF, adding, deleting, principal=who, now=self.now)
        assert reply.set_id == set_id
        if pinger is None or pinger.principal != who:
            assert reply.status == HResult.RPC_E_INVALID_SET
            return
        if step < 0:
            assert reply.status == HResult.S_OK
            return
        there = {held.oid for held in self.held} | pinger.oids
        assert reply.status == (HResult.S_OK if there.issuperset(adding) else HResult.RPC_E_INVALID_OID)
        pinger.sequence, pinger.pinged = sequence, self.now
        self.take_in(pinger, set(adding))
        released = pinger.oids & set(deleting)
        pinger.oids -= released
        for held in self.held:
            if held.oid in released and not self.is_pinged(held.oid):
                held.idle = self.now

    @precondition(lambda self: self.sets)
    @rule(index=indexes, who=principals)
    def simple_ping(self, index: int, who: str) -> None:
        set_id = self.sets[-1 - index % len(self.sets)]
        pinger = self.pingers.get(set_id)
        status = self.table.pings.simple_ping(set_id, who, self.now)
        if pinger is None or pinger.principal != who:
            assert status == HResult.RPC_E_INVALID_SET
        else:
            assert status == HResult.S_OK
            pinger.pinged = self.now

    @rule(connection=st.sampled_from([1, 2]))
    def disconnect(self, connection: int) -> None:
        gone: list[Held] = []
        for held in self.held:
            if connection in held.connections:
                held.connections.remove(connection)
                if held.connections:
                    continue
                if held.lifetime is Lifetime.NOPING:
                    gone.append(held)
                else:
                    self.keep(held)
        assert sorted(self.table.disconnect(connection, self.now)) == self.drop(*gone)

    @rule(thing=things)
    def withdraw(self, thing: str) -> None:
        had = [held for held in self.held if held.thing == thing]
        assert self.table.withdraw(thing) is bool(had)
        self.drop(*had)

    @rule(seconds=st.sampled_from([1.0, 1.0, 10.0, PERIOD - 1, PERIOD, 2 * PERIOD, TIMEOUT - 1, TIMEOUT]))
    def let_time_pass(self, seconds: float) -> None:
        self.now += seconds
        ended = {key: pinger for key, pinger in self.pingers.items() if pinger.pinged <= self.now - TIMEOUT}
        for key in ended:
            del self.pingers[key]
        orphans = {oid for pinger in ended.values() for oid in pinger.oids if not self.is_pinged(oid)}
        gone: list[Held] = []
        for held in self.held:
            if held.oid in orphans or (held.idle is not None and held.idle <= self.now - TIMEOUT):
                unused = self.now - held.used >= PERIOD
                if held.lifetime is Lifetime.PINGED and not held.connections and unused:
                    gone.append(held)
                else:
                    self.keep(held)
        assert sorted(self.table.expire(self.now)) == self.drop(*gone)

    # ---------------------------------------------------------------------------------------------- what holds always

    @invariant()
    def reachable_are_exactly_those_of_the_model(self) -> None:
        assert len(self.table) == len(self.held)
        for ipid, owner in self.owners.items():
            held = self.find(ipid, owner)
            other = "eve" if owner == "ada" else "ada"
            assert self.table.add_ref([Reference(ipid, 0)], other, self.now) == (HResult.CO_E_OBJNOTREG,)
            if held is None:
                assert self.table.lookup(ipid, owner, self.now) is None
            else:
                interface = self.table.lookup(ipid, owner, held.used)
                assert interface is not None
                assert (interface.object, interface.public) == (held.thing, held.counts[ipid])

    @invariant()
    def the_deadline_is_the_next_that_can_become_due(self) -> None:
        times = [pinger.pinged for pinger in self.pingers.values()]
        times += [held.idle for held in self.held if held.idle is not None]
        assert self.table.deadline() == (min(times) + TIMEOUT if times else None)

    def teardown(self) -> None:
        everything = sorted({held.thing for held in self.held})
        assert sorted(self.table.close()) == everything
        self.table.expire(self.now + TIMEOUT)
        assert self.table.deadline() is None
        for state in (self.table, self.table.pings):
            assert [name for name, value in vars(state).items() if isinstance(value, dict) and value] == []


Lifetimes.TestCase.settings = settings(max_examples=150, stateful_step_count=50, deadline=None)
TestLifetimes = pytest.mark.no_cover(Lifetimes.TestCase)  # other tests show that each line is run


def step(machine: Lifetimes, random: Random) -> None:
    """One step, as likely as in a day of a busy server, where hypothesis looks for what is unlikely."""
    who, thing, iid = random.choice(["ada"] * 9 + ["eve"]), random.choice("abcdef"), random.choice(IIDS)
    index = random.randrange(12)
    few = [random.randrange(12) for _ in range(random.randrange(4))]
    choices: list[tuple[int, Callable[[], None]]] = [
        (6, lambda: machine.export(thing, iid, who, random.choice([None, None, 1, 2]), noping=False)),
        (1, lambda: machine.export(thing, iid, who, random.choice([1, 2]), noping=True)),
        (8, lambda: machine.let_time_pass(random.choice([1.0, 10.0, 60.0, PERIOD, PERIOD]))),
        (1, lambda: machine.let_time_pass(TIMEOUT - 1)),
        (1, lambda: machine.disconnect(random.choice([1, 2]))),
    ]
    if machine.references:
        choices += [
            (3, lambda: machine.query(index, iid, who, random.randrange(3))),
            (2, lambda: machine.add_ref(index, who, 1)),
            (4, lambda: machine.release([(each, random.randrange(4)) for each in few], who)),
            (6, lambda: machine.call(index, who)),
            (2, lambda: machine.new_set(few, who)),
        ]
    if machine.sets:
        choices += [
            (6, lambda: machine.complex_ping(random.randrange(3), random.choice([-1, 0, 1, 1]), few[:2], few[2:], who)),
            (6, lambda: machine.simple_ping(random.randrange(3), who)),
        ]
    weights, actions = zip(*choices, strict=True)
    random.choices(actions, weights)[0]()


@pytest.mark.parametrize("seed", range(20))
def test_long_walks(seed: int) -> None:
    random = Random(seed)
    machine = Lifetimes()
    for _ in range(1000):
        step(machine, random)
        machine.the_deadline_is_the_next_that_can_become_due()
        if len(machine.owners) > 400:
            break
    machine.reachable_are_exactly_those_of_the_model()
    machine.teardown()
