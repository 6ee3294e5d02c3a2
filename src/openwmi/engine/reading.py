"""The verbs that read, over a View: each puts what it finds into the results of its call."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import aclosing
from typing import Any

from openwmi.base.error import WbemError
from openwmi.base.status import WbemStatus
from openwmi.engine.finding import check_part, find, only, part_of
from openwmi.engine.paths import located
from openwmi.engine.selection import Selection
from openwmi.engine.sources import Source
from openwmi.engine.view import View
from openwmi.model import CimClass, CimInstance
from openwmi.operation import CallFlags, ResultSet
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


async def query(
    view: View,
    text: str,
    parameters: Mapping[str, object] | None,
    results: ResultSet[Any],
) -> None:
    """What a query of any kind selects."""
    asked = parse(text, parameters)
    results.begin()
    if isinstance(asked, Select):
        await _select(view, asked, results)
    elif isinstance(asked, SchemaQuery):
        scope = class_lookup(asked)
        await results.put(compile_class_filter(asked)(scope.classes(view.reader.schema)))
    else:
        await _traverse(view, asked, results)


async def _select(view: View, asked: Select, results: ResultSet[Any]) -> None:
    locatable = CallFlags.ENSURE_LOCATABLE in view.context.flags
    class_ = view.find(asked.class_name, WbemStatus.INVALID_CLASS)
    if CallFlags.PROTOTYPE in view.context.flags:
        await results.put([prototype(asked, class_, locatable=locatable)])
        return
    # What does not fit this class is an error even if nothing is there to look at.
    check_part(class_, view.context)
    own = Selection(asked, class_, locatable=locatable)
    for concrete, source in view.sources_of(class_, deep=CallFlags.DIRECT_READ not in view.context.flags):
        selection = own if concrete is class_ else Selection(asked, concrete, locatable=locatable)
        if not selection.impossible:
            await _pour(view, source, selection, results, asked_for=concrete is class_)


async def instances(view: View, class_name: str, deep: bool, results: ResultSet[CimInstance]) -> None:
    """The instances of a class, with those of derived classes if `deep`."""
    results.begin()
    class_ = view.find(class_name, WbemStatus.INVALID_CLASS)
    check_part(class_, view.context)
    deep = deep and CallFlags.DIRECT_READ not in view.context.flags
    for concrete, source in view.sources_of(class_, deep=deep):
        await _pour(view, source, Selection(None, concrete), results, asked_for=concrete is class_)


async def classes(view: View, superclass: str | None, deep: bool, results: ResultSet[CimClass]) -> None:
    """The classes below one, or those without a superclass; all the way down if `deep`."""
    results.begin()
    class_ = None if superclass is None else view.find(superclass, WbemStatus.INVALID_CLASS)
    await results.put(list(view.reader.derived(class_, deep=deep)))


async def _pour(view: View, source: Source, selection: Selection, results: ResultSet[Any], *, asked_for: bool) -> None:
    """What a source has.

    A derived class whose provider lists none, such as one of all files, is no reason to have none of the others.
    """
    results.waits_for = source.waits_for
    part = part_of(selection, view.context)
    try:
        async with aclosing(source.select(selection)) as batches:
            async for found in batches:
                if found:
                    results.waits_for = "whoever reads the results"
                    await results.put(found if part is None else [only(each, part) for each in found])
                    results.waits_for = source.waits_for
    except WbemError as error:
        if asked_for or error.status != WbemStatus.PROVIDER_NOT_CAPABLE:
            raise


async def _traverse(view: View, asked: AssociatorsOf | ReferencesOf, results: ResultSet[Any]) -> None:
    from openwmi.engine.associations import traverse  # noqa: PLC0415 - few programs ask so, and each start would pay
    from openwmi.engine.linked import Linked  # noqa: PLC0415 - the same

    results.waits_for = "the associations"
    async with aclosing(traverse(asked, Linked(view))) as batches:
        async for found in batches:
            await results.put(found)
