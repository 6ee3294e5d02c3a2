"""A repository as its users have it: in memory, in a file, or in a file that is opened anew to see what was written."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

import openwmi
from openwmi.base.error import WbemError
from openwmi.base.status import HResult, MofStatus, WbemStatus
from openwmi.engine import Provider
from openwmi.model import CimClass, CimInstance
from openwmi.operation import Operation, Sink
from openwmi.session import Namespace

NAMESPACE = r"root\cimv2"
KINDS = ("memory", "file", "reopened")


class Place:
    """Where a test writes.

    Attributes:
        file: None is memory.
    """

    def __init__(self, kind: str, folder: Path) -> None:
        self.kind = kind
        self.file = None if kind == "memory" else folder / "repository.db"
        self._providers: tuple[Provider, ...] = ()

    async def open(self, mof: str = "", *providers: Provider, namespace: str = NAMESPACE) -> Namespace:
        """A connection of its own, to a namespace that has what is in the MOF."""
        self._providers = providers
        ns = await openwmi.connect(namespace, providers=providers, repository=self.file)
        if mof:
            await ns.load_mof(mof)
        return ns

    async def seen(self, ns: Namespace) -> Namespace:
        """The namespace for somebody who comes when all is written: where there is a file, through another engine."""
        if self.kind != "reopened":
            return ns
        return await openwmi.connect(ns.name, providers=self._providers, repository=self.file)


class Kept(Sink[Any]):
    """Keeps what it hears."""

    def __init__(self) -> None:
        self.objects: list[Any] = []
        self.statuses: list[WbemStatus | HResult | int] = []
        self.errors: list[WbemError | None] = []

    async def indicate(self, objects: Sequence[Any]) -> None:
        self.objects += objects

    async def set_status(self, status: WbemStatus | HResult | int, error: WbemError | None) -> None:
        self.statuses.append(status)
        self.errors.append(error)


MODES = ("await", "next", "sink")


async def called(mode: str, ns: Namespace, verb: str, *arguments: Any, **named: Any) -> list[Any]:
    """What the verb gives, as a list, by one of the three ways to call it. Raises its failure."""
    if mode == "sink":
        sink = Kept()
        operation = getattr(ns.with_sink(sink), verb)(*arguments, **named)
        await operation.status()
        while not sink.statuses:
            await operation.results.loop.create_task(_pause())
        assert len(sink.statuses) == 1
        if sink.errors[0] is not None:
            assert sink.errors[0].status == sink.statuses[0]
            raise sink.errors[0]
        return sink.objects
    operation = getattr(ns, verb)(*arguments, **named)
    if mode == "next":
        found: list[Any] = []
        while batch := await operation.next(7):
            found += batch
        assert await operation.status() == WbemStatus.NO_ERROR
        return found
    result = await operation
    return [] if result is None else result if isinstance(result, list) else [result]


async def _pause() -> None:
    pass


async def everything(ns: Namespace) -> tuple[object, ...]:
    """All that is stored in a namespace: its classes, their instances with their qualifiers, its namespaces."""
    classes: list[CimClass] = await ns.classes()
    instances: list[object] = []
    for class_ in classes:
        if not class_.name.startswith("__"):
            instances += [_whole(each) for each in await _instances(ns, class_)]
    spaces = [str(each["Name"]) for each in await ns.instances("__NAMESPACE")]
    return sorted(classes, key=lambda each: each.name), instances, sorted(spaces)


@asynccontextmanager
async def refuses(ns: Namespace, status: WbemStatus | MofStatus, *words: str) -> AsyncIterator[None]:
    """What is done inside fails with this status, names all of these words, and changes nothing."""
    before = await everything(ns)
    with pytest.raises(WbemError) as caught:
        yield
    assert caught.value.status == status, caught.value
    for word in words:
        assert word in caught.value.message, caught.value
    assert await everything(ns) == before


def relpaths(objects: Sequence[CimInstance | CimClass]) -> list[str]:
    """Which ones these are, sorted."""
    return sorted(str(each["__RELPATH"]) for each in objects)


async def _instances(ns: Namespace, class_: CimClass) -> list[CimInstance]:
    operation: Operation[Any] = ns.instances(class_.name, deep=False)
    try:
        found: list[CimInstance] = await operation
    except WbemError:
        return []  # dynamic, and nobody can list them
    return found


def _whole(instance: CimInstance) -> object:
    return (
        instance["__RELPATH"],
        instance.class_,
        instance.values_,
        dict(instance.own_qualifiers_),
        {name: dict(each) for name, each in instance.own_property_qualifiers_.items()},
    )
