"""MOF compiled for another machine: read here, looked up there, and put there step by step, as no call does it.

The wire has no way to store all or nothing: what is wrong with a text is found before anything is put, but what the
server refuses leaves what stood before it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence
from functools import partial
from typing import Any, TypeAlias

from openwmi.base.case import fold
from openwmi.base.error import NotFound, WbemError
from openwmi.base.status import WbemStatus
from openwmi.client.asking import Asking
from openwmi.client.changing import delete, put
from openwmi.client.pushed import EVERYWHERE
from openwmi.engine.mofload import parse_mof
from openwmi.model import CimClass, ObjectPath
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
from openwmi.operation import CallContext, ResultSet
from openwmi.session import MofText

Step: TypeAlias = PutClass | PutInstance | DeleteClass | DeleteInstance
Find: TypeAlias = Callable[[str, str], Awaitable[CimClass | None]]
"""(namespace, class) -> the class that is there, or None."""

LOOKED_UP_AT_ONCE = 16


async def load(asking: Asking, mof: MofText, context: CallContext, results: ResultSet[Any]) -> tuple[ObjectPath, ...]:
    """The paths of what a text has put. MofError says at which place it failed, and how much before it is done."""
    compiler = await _compiler(asking, context)
    steps = await compiler.steps(mof)
    paths: list[ObjectPath] = []
    for done, step in enumerate(steps):
        try:
            await _carry_out(step, asking, mof, context, results, paths)
        except WbemError as error:
            if error.status == WbemStatus.NOT_FOUND and not getattr(step, "must_exist", True):
                continue
            problem = f"{error.message} (what stands before it, {done} of {len(steps)}, has been stored)"
            raise MofError(int(error.status), problem if done else error.message, step.place, Phase.STORING) from error
    return tuple(paths)


async def check(asking: Asking, mofs: Sequence[MofText], context: CallContext) -> tuple[WbemError, ...]:
    """What is wrong with texts, as far as it is found here."""
    compiler = await _compiler(asking, context)
    return await compiler.check(mofs)


async def _compiler(asking: Asking, context: CallContext) -> Compiler:
    async def find(namespace: str, name: str) -> CimClass | None:
        try:
            return await asking.class_(name, context, namespace)
        except NotFound as error:
            if error.status == WbemStatus.INVALID_NAMESPACE and name.startswith("__"):
                # A namespace that the text itself creates will have the classes of the system, as any has.
                return await asking.class_(name, context, "root")
            return None

    system = await find(asking.namespace, EVERYWHERE)
    servers = (asking.link.where.host, "" if system is None else system.server)
    return Compiler(asking.namespace, servers, find)


async def _carry_out(
    step: Step, asking: Asking, mof: MofText, context: CallContext, results: ResultSet[Any], paths: list[ObjectPath]
) -> None:
    """One call; what it puts is added to `paths`."""
    if isinstance(step, PutClass):
        flags = step.flags or mof.class_flags
        paths.append(await put(asking, step.class_, context, flags, results, step.namespace))
    elif isinstance(step, PutInstance):
        flags = step.flags or mof.instance_flags
        paths.append(await put(asking, step.instance, context, flags, results, step.namespace))
    else:
        path = step.class_name if isinstance(step, DeleteClass) else str(step.path)
        await delete(asking, path, context, results, step.namespace)


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
