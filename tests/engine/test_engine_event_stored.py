"""What other programs write, compared while this process writes as well: each order of the two that can be."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Sequence
from typing import Any

import pytest

from openwmi.engine.events.stored import Learner, StoredInstances
from openwmi.engine.events.structure import StoredClasses, StoredNamespaces
from openwmi.model import CimClass, CimInstance, CimType, Property, Qualifier, Type, qualifier_set
from openwmi.repository import Interest, Layers, Note, Repository
from openwmi.repository.transaction import Changes, Transaction
from openwmi.wql import ALL_CLASSES, ClassScope

SPACE = "root"
KEY = qualifier_set(Qualifier("key"))
LAMP = CimClass(
    "Lamp",
    properties=(Property("Name", Type(CimType.STRING), qualifiers=KEY), Property("Watts", Type(CimType.UINT8))),
    namespace=SPACE,
)


class Shared(Repository):
    """In memory, with a second program that is made up: what it writes is not noted, and leaves a rumour."""

    def __init__(self) -> None:
        super().__init__("HOST1", Layers([]))
        self.late: list[Note] = []
        self.meanwhile: Callable[[], object] = lambda: None
        self.learner: Learner | None = None
        self.watch({SPACE: Interest(None, True, True)}, self._noted)

    def _noted(self, changes: Changes) -> None:
        self.late += changes.notes

    async def settled(self) -> None:
        """What this process has written is known when it ends; here, no sooner."""
        self.meanwhile()
        self.deliver()

    def deliver(self) -> None:
        notes, self.late = self.late, []
        for note in notes:
            assert self.learner is not None
            self.learner.learn(note)

    async def by_others(self, change: Callable[[Transaction], object]) -> None:
        before = self.late
        self.late = []
        await self.write(change)
        self.late = before
        self.rumours += 1


def put(name: str, watts: int) -> Callable[[Transaction], object]:
    instance = LAMP.instance({"Name": name, "Watts": watts})

    def change(transaction: Transaction) -> None:
        draft = transaction.namespace(SPACE)
        class_ = draft.find("Lamp")
        assert class_ is not None
        there = draft.instance(class_, {"Name": name})
        draft.put_instance(CimInstance(class_, instance.values_), there)

    return change


def at_once(writing: Coroutine[Any, Any, object]) -> None:
    """In memory a write waits for nothing."""
    with pytest.raises(StopIteration):
        writing.send(None)


def put_class(class_: CimClass) -> Callable[[Transaction], object]:
    return lambda transaction: transaction.namespace(SPACE).put_class(class_)


async def shared(make: Callable[[Shared], Learner]) -> tuple[Shared, Learner]:
    repository = Shared()
    await repository.by_others(put_class(LAMP))
    repository.learner = watched = make(repository)
    assert list(await watched.changes()) == []
    return repository, watched


def shown(notes: Sequence[Note]) -> list[str]:
    return [f"{_one(note.before)} > {_one(note.after)}" for note in notes]


def _one(what: object) -> str:
    if isinstance(what, CimInstance):
        return f"{what['Name']}={what['Watts']}"
    return what.name if isinstance(what, CimClass) else str(what or "-")


@pytest.fixture(
    params=[ClassScope(trees=("Lamp",)), ClassScope(names=("lamp",)), ALL_CLASSES], ids=["tree", "name", "all"]
)
def instances(request: pytest.FixtureRequest) -> Callable[[Shared], Learner]:
    return lambda repository: StoredInstances(repository, SPACE, request.param)


async def test_what_others_write(instances: Callable[[Shared], Learner]) -> None:
    repository, watched = await shared(instances)
    await repository.by_others(put("a", 1))
    assert shown(await watched.changes()) == ["- > a=1"]
    await repository.by_others(put("a", 2))
    assert shown(await watched.changes()) == ["a=1 > a=2"]
    assert shown(await watched.changes()) == []


async def test_without_a_rumour_nobody_looks(instances: Callable[[Shared], Learner]) -> None:
    repository, watched = await shared(instances)
    await repository.by_others(put("a", 1))
    repository.rumours -= 1
    assert shown(await watched.changes()) == []


async def test_what_is_read_before_it_was_told(instances: Callable[[Shared], Learner]) -> None:
    """A commit can be read a moment before the loop hears of it."""
    repository, watched = await shared(instances)
    await repository.write(put("mine", 1))
    repository.rumours += 1
    assert shown(await watched.changes()) == []
    assert shown(await watched.changes()) == []


async def test_what_is_written_behind_what_was_read(instances: Callable[[Shared], Learner]) -> None:
    repository, watched = await shared(instances)
    await repository.by_others(put("theirs", 1))
    repository.meanwhile = lambda: at_once(repository.write(put("mine", 1)))
    assert shown(await watched.changes()) == ["- > theirs=1"]
    repository.meanwhile = lambda: None
    assert shown(await watched.changes()) == []


async def test_both_write_the_same_and_theirs_came_last(instances: Callable[[Shared], Learner]) -> None:
    repository, watched = await shared(instances)
    await repository.write(put("a", 1))
    await repository.by_others(put("a", 2))
    assert shown(await watched.changes()) == [], "it cannot be told from what was written here"
    assert shown(await watched.changes()) == ["a=1 > a=2"], "but the next time"
    assert shown(await watched.changes()) == []


async def test_both_write_the_same_and_ours_came_last(instances: Callable[[Shared], Learner]) -> None:
    repository, watched = await shared(instances)
    await repository.by_others(put("a", 2))
    await repository.write(put("a", 1))
    repository.deliver()
    assert shown(await watched.changes()) == []


async def test_what_is_there_at_first_may_be_new() -> None:
    repository = Shared()
    await repository.by_others(put_class(LAMP))
    await repository.by_others(put("a", 1))
    repository.learner = watched = StoredInstances(repository, SPACE, ClassScope(trees=("Lamp",)), as_new=True)
    assert shown(await watched.changes()) == ["- > a=1"]
    assert shown(await watched.changes()) == []


async def test_classes_of_both() -> None:
    repository, watched = await shared(lambda repository: StoredClasses(repository, SPACE))
    await repository.by_others(put_class(LAMP.derive("Theirs")))
    await repository.write(put_class(LAMP.derive("Mine")))
    repository.deliver()
    assert shown(await watched.changes()) == ["- > Theirs"]
    await repository.write(put_class(LAMP.derive("Mine", [Property("X", Type(CimType.UINT8))])))
    repository.rumours += 1
    assert shown(await watched.changes()) == [], "it was read before it was told"
    await repository.by_others(lambda transaction: transaction.namespace(SPACE).delete_class("Theirs"))
    assert shown(await watched.changes()) == ["Theirs > -"]
    repository.rumours += 1
    assert shown(await watched.changes()) == []


async def test_a_class_that_is_written_behind_what_was_read() -> None:
    repository, watched = await shared(lambda repository: StoredClasses(repository, SPACE))
    repository.meanwhile = lambda: at_once(repository.write(put_class(LAMP.derive("Mine"))))
    repository.rumours += 1
    assert shown(await watched.changes()) == []
    repository.meanwhile = lambda: None
    repository.rumours += 1
    assert shown(await watched.changes()) == [], "only now it has been read"


async def test_classes_below_one_that_was_written_here_change_with_it() -> None:
    repository, watched = await shared(lambda repository: StoredClasses(repository, SPACE))
    await repository.by_others(put_class(LAMP.derive("Below")))
    assert shown(await watched.changes()) == ["- > Below"]
    wider = CimClass("Lamp", properties=(*LAMP.properties, Property("X", Type(CimType.UINT8))), namespace=SPACE)
    await repository.write(
        lambda transaction: transaction.namespace(SPACE).put_class(
            wider, [wider.derive("Below", [Property("Y", Type(CimType.UINT8))])]
        )
    )
    repository.deliver()
    repository.rumours += 1
    assert shown(await watched.changes()) == []


async def test_namespaces_of_both() -> None:
    repository, watched = await shared(lambda repository: StoredNamespaces(repository, SPACE))
    await repository.by_others(lambda transaction: transaction.create_namespace(r"root\Theirs"))
    await repository.write(lambda transaction: transaction.create_namespace(r"root\Mine"))
    await repository.by_others(lambda transaction: transaction.create_namespace(r"root\Theirs\Within"))
    repository.deliver()
    assert shown(await watched.changes()) == ["- > Theirs"]
    await repository.by_others(lambda transaction: transaction.delete_namespace(r"root\mine"))
    assert shown(await watched.changes()) == ["Mine > -"]
    assert shown(await watched.changes()) == []
