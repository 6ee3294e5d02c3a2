"""Random changes against a plain oracle: a subscriber gets exactly the events that it says, in its order."""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from collections.abc import Callable
from itertools import count
from pathlib import Path
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.engine.event_cases import NAMESPACE, Fans, shown
from tests.engine.test_engine_events import engine_of

from openwmi.base.error import WbemError
from openwmi.model import CimInstance
from openwmi.operation import Operation
from openwmi.session import Namespace
from openwmi.testing import FakeClockLoop

MOF = """
    class Demo_Base { [key] string Name; uint32 Watts; };
    class Demo_Lamp : Demo_Base { };
    class Demo_Spot : Demo_Lamp { uint8 Angle; };
    class Demo_Desk { [key] string Name; };
"""
CLASSES = ("Demo_Base", "Demo_Lamp", "Demo_Spot", "Demo_Desk")
BELOW = {"Demo_Base": {"Demo_Base", "Demo_Lamp", "Demo_Spot"}, "Demo_Lamp": {"Demo_Lamp", "Demo_Spot"}}
NAMES = ("a", "b", "C")
State = dict[tuple[str, str], int | None]

puts = st.tuples(st.sampled_from(CLASSES), st.sampled_from(NAMES), st.sampled_from([None, 1, 2]))
steps = st.one_of(
    st.tuples(st.just("put"), st.lists(puts, min_size=1, max_size=4)),
    st.tuples(st.just("mof"), st.lists(puts, min_size=1, max_size=4)),
    st.tuples(st.just("part"), puts),
    st.tuples(st.just("delete"), st.tuples(st.sampled_from(CLASSES), st.sampled_from(NAMES))),
    st.tuples(st.just("failing"), st.lists(puts, min_size=1, max_size=3)),
    st.tuples(st.just("class"), st.sampled_from(CLASSES[1:3])),
)


class Oracle:
    """What is stored, and what has happened to it."""

    def __init__(self) -> None:
        self.state: State = {}
        self.log: list[tuple[str, str, int | None, int | None]] = []

    def put(self, class_: str, name: str, watts: int | None) -> None:
        key = self.owner(class_, name)
        if key not in self.state:
            self.log.append(("Creation", class_, None, watts))
        elif self.state[key] != watts:
            self.log.append(("Modification", class_, self.state[key], watts))
        self.state[key] = watts

    def allows(self, class_: str, name: str) -> bool:
        """Classes below one with keys cannot have instances with the same keys."""
        return class_ == "Demo_Desk" or all(
            (other, name) not in self.state for other in BELOW["Demo_Base"] if other != class_
        )

    def owner(self, class_: str, name: str) -> tuple[str, str]:
        return class_, name

    def delete(self, class_: str, name: str) -> bool:
        for each in (class_, *sorted(BELOW.get(class_, {class_}) - {class_})):
            if (each, name) in self.state:
                self.log.append(("Deletion", each, None, self.state.pop((each, name))))
                return True
        return False

    def drop(self, class_: str) -> None:
        """The class and all below it, the lowest first, each instance by its key."""
        for each in ("Demo_Spot", "Demo_Lamp", "Demo_Base"):
            if each in BELOW.get(class_, {class_}):
                for key in sorted((key for key in self.state if key[0] == each), key=lambda key: key[1].lower()):
                    self.log.append(("Deletion", each, None, self.state.pop(key)))

    def events(self, root: str, kinds: str, over: int | None) -> list[tuple[str, str, int | None, int | None]]:
        return [
            entry
            for entry in self.log
            if entry[1] in BELOW.get(root, {root})
            and entry[0] in kinds
            and (over is None or (entry[3] is not None and entry[3] > over))
        ]


SUBSCRIBERS: list[tuple[str, str, int | None, str]] = [
    ("Demo_Base", "Creation Modification Deletion", None, "__InstanceOperationEvent"),
    ("Demo_Lamp", "Creation Modification Deletion", None, "__InstanceOperationEvent"),
    ("Demo_Desk", "Creation Modification Deletion", None, "__InstanceOperationEvent"),
    ("Demo_Base", "Creation", None, "__InstanceCreationEvent"),
    ("Demo_Lamp", "Modification", 1, "__InstanceModificationEvent"),
    ("Demo_Lamp", "Deletion", 0, "__InstanceDeletionEvent"),
]


def query(root: str, over: int | None, event: str) -> str:
    condition = "" if over is None else f" AND TargetInstance.Watts > {over}"
    return f"SELECT * FROM {event} WHERE TargetInstance ISA '{root}'{condition}"


def seen(event: CimInstance) -> tuple[str, str, int | None, int | None]:
    kind = event.class_.name.removeprefix("__Instance").removesuffix("Event")
    target: Any = event.TargetInstance
    before: Any = event.PreviousInstance if "PreviousInstance" in event.class_ else None
    return kind, target.class_.name, None if before is None else watts(before), watts(target)


def watts(instance: CimInstance) -> int | None:
    value = instance["Watts"] if "Watts" in instance.class_ else None
    assert value is None or isinstance(value, int)
    return value


async def play(ns: Namespace, oracle: Oracle, verb: str, what: Any) -> None:
    if verb in ("put", "mof", "failing"):
        wanted = []
        trial = Oracle()
        trial.state = dict(oracle.state)
        for class_, name, value in what:
            if trial.allows(class_, name):
                given = None if class_ == "Demo_Desk" else value
                trial.put(class_, name, given)
                wanted.append((class_, name, given))
        await write(ns, verb, wanted)
        if verb != "failing":
            for each in wanted:
                oracle.put(*each)
    elif verb == "part":
        class_, name, value = what
        if class_ != "Demo_Desk" and (class_, name) in oracle.state:
            await ns.put((await ns.get(class_)).instance({"Name": name, "Watts": value}), properties=["Watts"])
            oracle.put(class_, name, value)
    elif verb == "delete":
        try:
            await ns.delete(f'{what[0]}.Name="{what[1].lower()}"')
            assert oracle.delete(*what)
        except WbemError:
            assert not oracle.delete(*what)
    else:
        await ns.delete(what)
        oracle.drop(what)
        await ns.load_mof(MOF)


async def write(ns: Namespace, verb: str, wanted: list[tuple[str, str, int | None]]) -> None:
    if verb == "put":
        await ns.put([(await ns.get(class_)).instance(values(name, value)) for class_, name, value in wanted])
        return
    text = "".join(
        f'instance of {class_} {{ Name = "{name}"; {f"Watts = {value};" if class_ != "Demo_Desk" and value else ""} }};'
        for class_, name, value in wanted
    )
    if verb == "failing":
        with pytest.raises(WbemError):
            await ns.load_mof(text + "instance of Demo_Desk { };\ninstance of Demo_Nothing { };")
    elif text:
        await ns.load_mof(text)


def values(name: str, value: int | None) -> dict[str, object]:
    return {"Name": name} if value is None else {"Name": name, "Watts": value}


@pytest.mark.parametrize("kept", ["memory", "file"])
@given(script=st.lists(steps, max_size=12))
@settings(max_examples=25)
def test_exactly_the_events_of_an_oracle(kept: str, script: list[tuple[str, Any]]) -> None:
    folder = Path(tempfile.mkdtemp(prefix="openwmi-test-"))

    async def story() -> None:
        engine = engine_of(file=None if kept == "memory" else folder / "repository.db")
        ns, oracle = Namespace(engine.session(NAMESPACE)), Oracle()
        await ns.load_mof(MOF)
        watching = [ns.events(query(root, over, event)) for root, _, over, event in SUBSCRIBERS]
        for events in watching:
            await events.started()
        for verb, what in script:
            await play(ns, oracle, verb, what)
        for events, (root, kinds, over, _) in zip(watching, SUBSCRIBERS, strict=True):
            found = [seen(event) for event in await events.next(1000, timeout=0)]
            assert found == oracle.events(root, kinds, over)
            events.close()
        await asyncio.sleep(0)
        engine.close()

    try:
        with asyncio.Runner(loop_factory=FakeClockLoop) as runner:
            runner.run(story())
    finally:
        shutil.rmtree(folder)


# ------------------------------------------------------------------------------------------------------------- mirrors


def mirror(state: dict[str, Any], event: CimInstance) -> None:
    """Makes a copy of what is watched by nothing but its events."""
    target: Any = event.TargetInstance
    if event.class_.name == "__InstanceDeletionEvent":
        state.pop(target["Name"].lower(), None)
    else:
        state[target["Name"].lower()] = target.to_dict_()


async def drained(events: Operation[CimInstance], state: dict[str, Any]) -> list[CimInstance]:
    found = await events.next(10_000, timeout=0)
    for event in found:
        mirror(state, event)
    return found


@given(rounds=st.lists(st.dictionaries(st.sampled_from("abcde"), st.integers(0, 2), max_size=5), max_size=8))
@settings(max_examples=25)
def test_polls_tell_each_difference_once(rounds: list[dict[str, int]]) -> None:
    async def story() -> None:
        fans = Fans()
        fans.rows = [{"Name": "a", "Speed": 0}, {"Name": "x", "Speed": 7}]
        events = Namespace(engine_of(fans).session(NAMESPACE)).events(
            "SELECT * FROM __InstanceOperationEvent WITHIN 1 WHERE TargetInstance ISA 'Demo_Fan'"
        )
        await events.started()
        state: dict[str, Any] = {row["Name"]: row["Speed"] for row in fans.rows}  # type: ignore[misc]  # names are text
        for each in rounds:
            fans.rows = [{"Name": name, "Speed": speed} for name, speed in each.items()]
            await asyncio.sleep(1)
            expected = {
                *(("Creation", name) for name in each.keys() - state.keys()),
                *(("Deletion", name) for name in state.keys() - each.keys()),
                *(("Modification", name) for name in each.keys() & state.keys() if each[name] != state[name]),
            }
            await asyncio.sleep(0.01)
            found = [(seen_kind(e), str(e.TargetInstance["Name"])) for e in await events.next(100, timeout=0)]
            assert (len(found), set(found)) == (len(expected), expected)
            state = dict(each)
        events.close()
        await asyncio.sleep(0)

    with asyncio.Runner(loop_factory=FakeClockLoop) as runner:
        runner.run(story())


def seen_kind(event: CimInstance) -> str:
    return event.class_.name.removeprefix("__Instance").removesuffix("Event")


@pytest.mark.no_cover  # other tests show that each line is run
@pytest.mark.parametrize("seed", range(4))
async def test_a_mirror_of_what_two_programs_write(seed: int, tmp_path: Path) -> None:
    """Whatever is written by whom at whatever time: in the end the events have told it all, and nothing twice."""
    random, numbers = Random(seed), count()
    file = tmp_path / "repository.db"
    own, other = engine_of(file=file), engine_of(file=file)
    ns, theirs = Namespace(own.session(NAMESPACE)), Namespace(other.session(NAMESPACE))
    await ns.load_mof("class Demo_Lamp { [key] string Name; uint32 Watts; };")
    events = ns.events("SELECT * FROM __InstanceOperationEvent WITHIN 0.5 WHERE TargetInstance ISA 'Demo_Lamp'")
    await events.started()
    state: dict[str, Any] = {}
    told: list[CimInstance] = []
    writing: list[asyncio.Task[None]] = []

    async def once(where: Namespace, engine: Callable[[], None]) -> None:
        name, value = random.choice("abcdef"), next(numbers)
        if random.random() < 0.3:
            try:
                await where.delete(f'Demo_Lamp.Name="{name}"')
            except WbemError:
                return
        else:
            await where.put((await where.get("Demo_Lamp")).instance({"Name": name, "Watts": value}))
        if where is theirs and random.random() < 0.7:
            engine()

    for _ in range(150):
        writing.append(asyncio.ensure_future(once(random.choice([ns, theirs]), other.close)))
        await asyncio.sleep(random.choice([0, 0, 0.01, 0.2, 3]))
        if random.random() < 0.2:
            told += await drained(events, state)
    await asyncio.gather(*writing)
    other.close()
    await asyncio.sleep(10)
    told += await drained(events, state)
    assert {name: each["Watts"] for name, each in state.items()} == {
        each["Name"].lower(): each["Watts"] for each in await ns.instances("Demo_Lamp")
    }, f"seed {seed}: {[shown(event) for event in told]}"
    each_value = [watts(event.TargetInstance) for event in told if seen_kind(event) != "Deletion"]
    assert len(each_value) == len(set(each_value)), f"seed {seed}: what was written once was told twice"
    assert {seen_kind(event) for event in told} == {"Creation", "Modification", "Deletion"}
    await asyncio.sleep(10)
    assert await events.next(1, timeout=0) == [], f"seed {seed}"
    events.close()
    await asyncio.sleep(0.01)
    own.close()
