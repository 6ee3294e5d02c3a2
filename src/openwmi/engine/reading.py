"""The verbs that read, over a View: each puts what it finds into the results of its call."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Mapping, Sequence
from contextlib import aclosing
from typing import Any

from openwmi.base.error import WbemError
from openwmi.base.status import WbemStatus
from openwmi.engine.finding import Part, check_part, find, only, part_of
from openwmi.engine.hosting import Values
from openwmi.engine.paths import located
from openwmi.engine.selection import Selection, selection_of
from openwmi.engine.sources import Source
from openwmi.engine.view import View
from openwmi.model import CimClass, CimInstance
from openwmi.operation import CallContext, CallFlags, ResultSet
from openwmi.wql import (
    AssociatorsOf,
    ReferencesOf,
    SchemaQuery,
    Select,
    class_lookup,
    compile_class_filter,
    parse,
    prototype,
)


async def get(
    view: View,
    text: str,
    results: ResultSet[Any],
) -> CimClass | CimInstance:
    """The class or instance at a path."""
    path = located(text, view.server, view.namespace)
    results.begin()
    if path.is_class:
        return view.find(path.class_name, WbemStatus.NOT_FOUND)
    found = await find(view, path, results)
    if found is None:
        raise WbemError(WbemStatus.NOT_FOUND, f"there is no {path.relative}")
    return found


def query(
    view: View,
    text: str,
    parameters: Mapping[str, object] | None,
    results: ResultSet[Any],
) -> Coroutine[Any, Any, None]:
    """What a query of any kind selects."""
    asked = parse(text, parameters)
    results.begin()
    if isinstance(asked, Select):
        return _select(view, asked, results)
    if isinstance(asked, SchemaQuery):
        scope = class_lookup(asked)
        return results.put(compile_class_filter(asked)(scope.classes(view.reader.schema)))
    return _traverse(view, asked, results)


def _select(view: View, asked: Select, results: ResultSet[Any]) -> Coroutine[Any, Any, None]:
    locatable = CallFlags.ENSURE_LOCATABLE in view.context.flags
    class_ = view.find(asked.class_name, WbemStatus.INVALID_CLASS)
    if CallFlags.PROTOTYPE in view.context.flags:
        return results.put([prototype(asked, class_, locatable=locatable)])
    # What does not fit this class is an error even if nothing is there to look at.
    check_part(class_, view.context)
    # A Selection is changed by a part that is asked for, and by nothing else.
    select = Selection if view.context.values else selection_of
    own = select(asked, class_, locatable)

    def selected(concrete: CimClass) -> Selection:
        return own if concrete is class_ else select(asked, concrete, locatable)

    return _pour_all(view, class_, selected, results, deep=CallFlags.DIRECT_READ not in view.context.flags)


def instances(view: View, class_name: str, deep: bool, results: ResultSet[CimInstance]) -> Coroutine[Any, Any, None]:
    """The instances of a class, with those of derived classes if `deep`."""
    results.begin()
    class_ = view.find(class_name, WbemStatus.INVALID_CLASS)
    check_part(class_, view.context)
    deep = deep and CallFlags.DIRECT_READ not in view.context.flags
    return _pour_all(view, class_, lambda concrete: Selection(None, concrete), results, deep=deep)


async def classes(view: View, superclass: str | None, deep: bool, results: ResultSet[CimClass]) -> None:
    """The classes below one, or those without a superclass; all the way down if `deep`."""
    results.begin()
    class_ = None if superclass is None else view.find(superclass, WbemStatus.INVALID_CLASS)
    await results.put(list(view.reader.derived(class_, deep=deep)))


def _pour_all(
    view: View, class_: CimClass, selected: Callable[[CimClass], Selection], results: ResultSet[Any], *, deep: bool
) -> Coroutine[Any, Any, None]:
    """What the sources of a class have, one after the other."""
    sources = list(view.sources_of(class_, deep=deep))
    if len(sources) == 1 and sources[0][0] is class_:  # as with most classes: nothing waits but the source itself
        return _pour(view.context, sources[0][1], selected(class_), results)
    return _pour_each(view.context, class_, sources, selected, results)


async def _pour_each(
    context: CallContext,
    class_: CimClass,
    sources: Sequence[tuple[CimClass, Source]],
    selected: Callable[[CimClass], Selection],
    results: ResultSet[Any],
) -> None:
    for concrete, source in sources:
        try:
            await _pour(context, source, selected(concrete), results)
        except WbemError as error:
            # A derived class whose provider lists none, such as one of all files, is no reason to have none of the
            # others.
            if concrete is class_ or error.status != WbemStatus.PROVIDER_NOT_CAPABLE:
                raise


def _pour(
    context: CallContext, source: Source, selection: Selection, results: ResultSet[Any]
) -> Coroutine[Any, Any, None]:
    if selection.impossible:
        return results.put(())
    results.waits_for = source.waits_for
    part = part_of(selection, context)
    return source.pour(selection, _Results(results, selection) if part is None else _Parts(results, selection, part))


class _Results:
    """The results of a call, as one source has them."""

    __slots__ = ("_results", "_selection")

    def __init__(self, results: ResultSet[Any], selection: Selection) -> None:
        self._results = results
        self._selection = selection

    def put(self, rows: list[Values]) -> Coroutine[Any, Any, None]:
        return self.show(self._selection.pick(rows))

    async def show(self, found: list[CimInstance]) -> None:
        if found:
            await self._results.put(found)


class _Parts(_Results):
    """The same of a part of each instance."""

    __slots__ = ("_part",)

    def __init__(self, results: ResultSet[Any], selection: Selection, part: Part) -> None:
        super().__init__(results, selection)
        self._part = part

    async def show(self, found: list[CimInstance]) -> None:
        await super().show([only(each, self._part) for each in found])


async def _traverse(view: View, asked: AssociatorsOf | ReferencesOf, results: ResultSet[Any]) -> None:
    from openwmi.engine.associations import traverse  # noqa: PLC0415 - few programs ask so, and each start would pay
    from openwmi.engine.linked import Linked  # noqa: PLC0415 - the same

    results.waits_for = "the associations"
    async with aclosing(traverse(asked, Linked(view))) as batches:
        async for found in batches:
            await results.put(found)
