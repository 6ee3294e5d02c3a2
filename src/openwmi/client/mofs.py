"""MOF compiled for another machine: read here, looked up there, and put there step by step, as no call does it.

The wire has no way to store all or nothing: what is wrong with a text is found before anything is put, but what the
server refuses leaves what stood before it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence
from functools import partial
from typing import TypeAlias

from openwmi.base.case import fold
from openwmi.base.error import WbemError
from openwmi.base.status import WbemStatus
from openwmi.engine.mofload import parse_mof
from openwmi.model import CimClass
from openwmi.mof import (
    ClassDeclaration,
    Declaration,
    DeleteClass,
    DeleteInstance,
    InstanceDeclaration,
    MofError,
    Phase,
    PutClass,
    PutInstance,
    resolve,
    split,
)
from openwmi.session import MofText

Step: TypeAlias = PutClass | PutInstance | DeleteClass | DeleteInstance
Find: TypeAlias = Callable[[str, str], Awaitable[CimClass | None]]
"""(namespace, class) -> the class that is there, or None."""
CarryOut: TypeAlias = Callable[[Step], Awaitable[None]]

LOOKED_UP_AT_ONCE = 16


class Compiler:
    """Compiles texts for one namespace of one machine.

    Args:
        namespace: where what is declared goes until a pragma names another.
        servers: what the machine is called.
        find: looks up a class there.
    """

    def __init__(self, namespace: str, servers: Sequence[str], find: Find) -> None:
        self._namespace = namespace
        self._servers = servers
        self._find = find
        self._known: dict[tuple[str, str], CimClass | None] = {}

    async def steps(self, mof: MofText) -> list[Step]:
        """What a text asks for, in this order. MofError, where it cannot be."""
        declarations = await parse_mof(mof)
        await self._look_up((self._namespace, name) for name in _named(declarations))
        while True:
            missing: set[tuple[str, str]] = set()
            try:
                compilation = resolve(declarations, partial(self._look, missing), self._namespace, self._servers)
            except WbemError:
                if not missing:
                    raise
            if not missing:
                break
            await self._look_up(missing)
        parts = (compilation,) if compilation.amendment is None else split(compilation, compilation.amendment)
        return [step for part in parts for step in part.steps]

    async def check(self, mofs: Sequence[MofText]) -> tuple[WbemError, ...]:
        """What is wrong with texts, each after those before it that are sound; the server's own rules are not asked."""
        problems = []
        for mof in mofs:
            try:
                steps = await self.steps(mof)
            except MofError as problem:
                problems.append(problem)
                continue
            for step in steps:
                if isinstance(step, PutClass):
                    self._known[_key(step.namespace, step.class_.name)] = step.class_
                elif isinstance(step, DeleteClass):
                    self._known[_key(step.namespace, step.class_name)] = None
        return tuple(problems)

    def _look(self, missing: set[tuple[str, str]], namespace: str, name: str) -> CimClass | None:
        key = _key(namespace, name)
        if key not in self._known:
            missing.add((namespace, name))
            return None
        return self._known[key]

    async def _look_up(self, names: Iterable[tuple[str, str]]) -> None:
        turn = asyncio.Semaphore(LOOKED_UP_AT_ONCE)

        async def look_up(namespace: str, name: str) -> None:
            async with turn:
                self._known[_key(namespace, name)] = await self._find(namespace, name)

        unknown = {_key(*each): each for each in names if _key(*each) not in self._known}
        try:
            async with asyncio.TaskGroup() as group:
                for each in unknown.values():
                    group.create_task(look_up(*each))
        except ExceptionGroup as several:  # the first failure ends the others: it is the one to tell
            raise several.exceptions[0] from None


async def carry_out(steps: Sequence[Step], one: CarryOut) -> None:
    """Makes the calls, one after the other. MofError says at which place, and that what stood before it is done."""
    for done, step in enumerate(steps):
        try:
            await one(step)
        except WbemError as error:
            if error.status == WbemStatus.NOT_FOUND and not getattr(step, "must_exist", True):
                continue
            problem = f"{error.message} (what stands before it, {done} of {len(steps)}, has been stored)"
            raise MofError(int(error.status), problem if done else error.message, step.place, Phase.STORING) from error


def _named(declarations: Iterable[Declaration]) -> set[str]:
    """The classes that a text speaks of."""
    named: dict[str, str] = {}
    for each in declarations:
        if isinstance(each, ClassDeclaration):
            named[fold(each.name)] = each.name  # which may be there already, and then is updated
            if each.superclass is not None:
                named[fold(each.superclass)] = each.superclass
        elif isinstance(each, InstanceDeclaration):
            named[fold(each.class_name)] = each.class_name
    return set(named.values())


def _key(namespace: str, name: str) -> tuple[str, str]:
    return fold(namespace), fold(name)
