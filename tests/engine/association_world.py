"""Objects for association queries, declared in MOF and kept in lists: what is asked of them is written down."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Iterable, Iterator, Sequence
from dataclasses import replace

from openwmi.base.case import fold
from openwmi.base.error import WbemError
from openwmi.base.status import WbemStatus
from openwmi.engine.associations import AssociationClasses, traverse
from openwmi.model import CimClass, CimInstance, ObjectPath
from openwmi.mof import parse as parse_mof
from openwmi.mof import resolve
from openwmi.wql import AssociatorsOf, ReferencesOf
from openwmi.wql import parse as parse_query

SERVER, NAMESPACE = "HOST1", r"root\cimv2"


class World:
    """One namespace; what providers serve is in it like the rest, and named by `provided`.

    Attributes:
        got: the paths that were asked for, the source's first.
        asked: of each provider that was asked: the class, the references, the properties.
        closed: how many of these generators were closed or ran out.
        page: how many stored instances come at once.
        delay: how many seconds getting an object takes.
        paths: by which paths stored references were looked for.
    """

    def __init__(
        self, mof: str, provided: Iterable[str] = (), namespace: str = NAMESPACE, beside: World | None = None
    ) -> None:
        compiled = resolve(parse_mof(mof), lambda _, __: None, namespace)
        self.namespace = namespace
        self.known = {fold(class_.name): replace(class_, server=SERVER) for class_ in compiled.classes}
        self.all = [
            CimInstance(self.known[fold(one.class_.name)], one.values_, one.own_qualifiers_)
            for one in compiled.instances
        ]
        self._served = {fold(name) for name in provided}
        self.provided = AssociationClasses([self.known[name] for name in self._served])
        self._beside = beside
        self.got: list[str] = []
        self.asked: list[tuple[str, list[str], frozenset[str] | None]] = []
        self.closed = 0
        self.paths: list[str] = []
        self.page = 2
        self.delay = 0.0
        self.refuses: dict[str, WbemStatus] = {}

    @property
    def classes(self) -> World:
        return self

    def find(self, name: str) -> CimClass | None:
        return self.known.get(fold(name))

    def derived(self, class_: CimClass | None, *, deep: bool) -> Iterator[CimClass]:
        for each in self.known.values():
            if each.superclass is None if class_ is None else fold(each.superclass or "") == fold(class_.name):
                yield each
                if deep:
                    yield from self.derived(each, deep=True)

    async def get(self, path: ObjectPath, *, keys_only: bool) -> CimInstance | CimClass | None:
        self.got.append(f"{path}{' keys' if keys_only else ''}")
        await asyncio.sleep(self.delay)
        if fold(path.class_name) in self.refuses:
            raise WbemError(self.refuses[fold(path.class_name)], "refused by the test")
        if path.server not in (None, ".", SERVER):
            raise WbemError(WbemStatus.INVALID_NAMESPACE, "that is another machine")
        if path.namespace is not None and fold(path.namespace) != fold(self.namespace):
            if self._beside is None:
                raise WbemError(WbemStatus.INVALID_NAMESPACE, "there is no other namespace")
            return await self._beside.get(path, keys_only=keys_only)
        if path.is_class:
            return self.find(path.class_name)
        return next((one for one in self.all if _is_at(one, path)), None)

    def stored_references(self, paths: Sequence[ObjectPath]) -> Iterable[Sequence[CimInstance]]:
        """All that is stored, which is more than is asked for."""
        self.paths = [str(path.relative) for path in paths]
        stored = [one for one in self.all if fold(one.class_.name) not in self._served]
        for start in range(0, len(stored), self.page):
            yield stored[start : start + self.page]

    async def instances(
        self, class_: CimClass, roles: Sequence[str], target: ObjectPath, properties: frozenset[str] | None
    ) -> AsyncGenerator[Sequence[CimInstance], None]:
        assert target.server == SERVER
        self.asked.append((class_.name, list(roles), properties))
        try:
            for one in self.all:
                if one.class_ is class_:
                    yield [one]
        finally:
            self.closed += 1


def _is_at(one: CimInstance, path: ObjectPath) -> bool:
    if not one.isa_(path.class_name) or path.singleton is not one.class_.is_singleton:
        return False
    if path.singleton:
        return True
    keys = {fold(name or one.class_.keys[0]): fold(str(value)) for name, value in path.keys or ()}
    return keys == {fold(key): fold(str(one[key])) for key in one.class_.keys}


async def batches(world: World, query: str) -> list[list[str]]:
    """What the query finds, as short paths, batch by batch."""
    tree = parse_query(query)
    assert isinstance(tree, AssociatorsOf | ReferencesOf)
    return [[str(one.path_ and one.path_.relative) for one in batch] async for batch in traverse(tree, world)]


async def found(world: World, query: str) -> list[str]:
    """The same in one list."""
    return [path for batch in await batches(world, query) for path in batch]


async def objects(world: World, query: str) -> list[CimInstance | CimClass]:
    """The objects themselves."""
    tree = parse_query(query)
    assert isinstance(tree, AssociatorsOf | ReferencesOf)
    return [one async for batch in traverse(tree, world) for one in batch]


async def status(world: World, query: str) -> WbemStatus:
    """With which the query fails."""
    try:
        await found(world, query)
    except WbemError as error:
        assert isinstance(error.status, WbemStatus)
        return error.status
    raise AssertionError("the query did not fail")
