"""A query with ASSOCIATORS OF or REFERENCES OF from its tree to its results."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Iterable
from contextlib import aclosing

from openwmi.base.error import WbemError
from openwmi.base.limits import PROVIDER_BATCH, PROVIDER_BATCH_SECONDS
from openwmi.base.status import WbemStatus
from openwmi.engine.associations.objects import Found, Objects
from openwmi.engine.associations.results import Endpoints, Link, References, has_qualifier
from openwmi.engine.associations.roles import Classes, facts_of
from openwmi.engine.associations.schema import schema_associations
from openwmi.engine.associations.target import Target
from openwmi.engine.associations.ways import Ways
from openwmi.model import CimInstance
from openwmi.wql import AssociatorsOf, ReferencesOf


async def traverse(query: AssociatorsOf | ReferencesOf, objects: Objects) -> AsyncGenerator[list[Found], None]:
    """What the query finds, in batches as it is found; no batch is empty.

    Errors: NOT_FOUND if the source does not exist, and whatever getting it raises; INVALID_CLASS.
    """
    _check_classes(query, objects.classes)
    if query.schema_only:
        if classes := schema_associations(query, objects.classes):
            yield list(classes)
        return
    source = await objects.get(query.path, keys_only=True)
    if source is None:
        raise WbemError(WbemStatus.NOT_FOUND, f"there is no {query.path} to find associations of")
    ways = Ways(query, source, objects.classes)
    target = Target(source, objects.classes, objects.namespace)
    results = References(query) if isinstance(query, ReferencesOf) else Endpoints(query, objects)
    clock = asyncio.get_running_loop().time
    async with aclosing(_links(query, ways, target, objects)) as batches:
        async for batch in batches:
            found: list[Found] = []
            since = clock()
            for link in batch:
                found += await results.of(link)
                if found and (len(found) >= PROVIDER_BATCH or clock() - since > PROVIDER_BATCH_SECONDS):
                    yield found
                    found, since = [], clock()
            if found:
                yield found


async def _links(
    query: AssociatorsOf | ReferencesOf, ways: Ways, target: Target, objects: Objects
) -> AsyncGenerator[list[Link], None]:
    """The associations that refer to the source: the stored ones, then those of the providers that may have some."""
    paths = target.paths()
    for page in objects.stored_references(paths):
        if found := _linking(page, ways, target):
            yield found
    for class_ in objects.provided.referring_to(target.object):
        known = ways.of(class_)
        if not known or (isinstance(query, ReferencesOf) and not has_qualifier(class_, query.required_qualifier)):
            continue
        roles = [class_.names[way.near.position] for way in known]
        async with aclosing(objects.instances(class_, roles, paths[0], ways.properties(class_))) as batches:
            async for batch in batches:
                if found := _linking(batch, ways, target):
                    yield found
                    if query.class_defs_only and isinstance(query, ReferencesOf):
                        break  # all others are of the same class


def _linking(instances: Iterable[CimInstance], ways: Ways, target: Target) -> list[Link]:
    links: list[Link] = []
    for instance in instances:
        store = instance.store_
        hits = [way for way in ways.of(instance.class_) if target.is_meant(store[way.near.position])]
        if len(hits) == 1:
            links.append(Link(instance, hits[0].far))
        elif hits:
            links.append(Link(instance, tuple({role: None for way in hits for role in way.far})))
    return links


def _check_classes(query: AssociatorsOf | ReferencesOf, classes: Classes) -> None:
    """INVALID_CLASS for a name in the conditions that no class has."""
    if isinstance(query, AssociatorsOf) and query.assoc_class and classes.find(query.assoc_class) is None:
        raise WbemError(WbemStatus.INVALID_CLASS, f"AssocClass: there is no class {query.assoc_class} here")
    if query.result_class is None or classes.find(query.result_class) is not None:
        return
    if isinstance(query, AssociatorsOf) and not query.schema_only:
        for class_ in classes.derived(None, deep=True):
            if any(role.elsewhere for role in facts_of(class_).roles):
                return
    raise WbemError(WbemStatus.INVALID_CLASS, f"ResultClass: there is no class {query.result_class} here")
