"""A View as association queries want to have it: who refers to whom, here and in other namespaces of this machine."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Iterable, Sequence
from contextlib import aclosing
from weakref import WeakKeyDictionary

from openwmi.base.case import fold
from openwmi.base.status import WbemStatus
from openwmi.engine.associations import AssociationClasses
from openwmi.engine.finding import find
from openwmi.engine.paths import own_server
from openwmi.engine.selection import Selection
from openwmi.engine.view import View
from openwmi.model import CimClass, CimInstance, ObjectPath
from openwmi.repository import Schema


class Linked:
    """The objects of a View. See `associations.Objects`, whose words these are."""

    def __init__(self, view: View) -> None:
        self._view = view
        self.namespace = view.namespace
        self.classes: Schema = view.reader.schema
        self.provided = _provided(view)

    async def get(self, path: ObjectPath, *, keys_only: bool) -> CimInstance | CimClass | None:
        view = self._view
        if path.server is not None and not own_server(path.server, view.server):
            return None
        if path.namespace is not None and fold(path.namespace) != fold(view.namespace):
            view = view.within(path.namespace)
        if path.is_class:
            return view.find(path.class_name, WbemStatus.NOT_FOUND)
        return await find(view, path, keys_only=keys_only)

    def stored_references(self, paths: Sequence[ObjectPath]) -> Iterable[Sequence[CimInstance]]:
        yield self._view.reader.referring(paths)

    async def instances(
        self, class_: CimClass, roles: Sequence[str], target: ObjectPath, properties: frozenset[str] | None
    ) -> AsyncGenerator[Sequence[CimInstance], None]:
        source = self._view.sources.of(class_)
        if source is None:
            return
        selection = Selection(None, class_)
        selection.properties = properties
        if len(roles) == 1:
            selection.equalities = {roles[0]: str(target)}
        async with aclosing(source.select(selection)) as batches:
            async for found in batches:
                yield found


_known: WeakKeyDictionary[Schema, AssociationClasses] = WeakKeyDictionary()


def _provided(view: View) -> AssociationClasses:
    """Found out once for each state of a namespace."""
    schema = view.reader.schema
    found = _known.get(schema)
    if found is None:
        # Whether a provider lists is asked of those of associations alone, since it may have to be loaded for that.
        served = [class_ for name in view.sources.hosted() if (class_ := schema.find(name)) and class_.is_association]
        found = AssociationClasses([class_ for class_ in served if view.sources.enumerates(class_.name)])
        _known[schema] = found
    return found
