"""A session in process: each verb a producer of objects, cut by what it asks for."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Mapping
from contextlib import aclosing
from functools import partial
from typing import Any, TypeVar

from openwmi.base.case import fold
from openwmi.base.error import WbemError
from openwmi.base.status import WbemStatus
from openwmi.engine.catalog import Schema
from openwmi.engine.hosting import ProviderHost
from openwmi.engine.invocation import checked_inputs, checked_outputs, find_method
from openwmi.engine.paths import checked_keys, located
from openwmi.engine.provider import MethodCall, Request
from openwmi.engine.selection import Selection
from openwmi.model import CimClass, CimInstance
from openwmi.operation import CallContext, CallFlags, Operation, ResultSet
from openwmi.session import Session
from openwmi.wql import AssociatorsOf, ReferencesOf, SchemaQuery, compile_class_filter, parse

T = TypeVar("T")
Work = Callable[[ResultSet[T]], Coroutine[Any, Any, T | None]]


class LocalSession(Session):
    """The verbs over one namespace's classes and providers. `Engine.session` makes it."""

    def __init__(self, server: str, schema: Schema, hosts: Mapping[str, ProviderHost]) -> None:
        super().__init__(schema.namespace)
        self._server = server
        self._schema = schema
        self._hosts = hosts
        self._under_way: set[ResultSet[Any]] = set()
        self._closed = False

    def get(self, path: str, context: CallContext) -> Operation[CimClass | CimInstance]:
        return self._one(partial(self._get, path, context), f"get {path}", context)

    def query(self, text: str, parameters: Mapping[str, object] | None, context: CallContext) -> Operation[Any]:
        return self._many(partial(self._query, text, parameters, context), f"query {text}", context)

    def instances(self, class_name: str, *, deep: bool, context: CallContext) -> Operation[CimInstance]:
        return self._many(partial(self._instances, class_name, deep, context), f"instances of {class_name}", context)

    def classes(self, superclass: str | None, *, deep: bool, context: CallContext) -> Operation[CimClass]:
        name = "classes" if superclass is None else f"classes derived from {superclass}"
        return self._many(partial(self._classes, superclass, deep), name, context)

    def call(
        self, path: str, method: str, inputs: Mapping[str, object], context: CallContext
    ) -> Operation[CimInstance]:
        return self._one(partial(self._call, path, method, inputs, context), f"call {path} {method}", context)

    async def close(self) -> None:
        self._closed = True
        for results in list(self._under_way):
            results.cancel()

    async def _get(
        self, text: str, context: CallContext, results: ResultSet[CimClass | CimInstance]
    ) -> CimClass | CimInstance:
        path = located(text, self._server, self._schema.namespace)
        results.begin()
        class_ = self._schema.find(path.class_name, WbemStatus.NOT_FOUND)
        if path.is_class:
            return class_
        checked_keys(path, class_)  # a path that cannot be right says so, rather than that nothing was found
        for concrete in self._served(class_, deep=True):
            try:
                keys = checked_keys(path, concrete)
            except WbemError:
                continue  # a derived class that has become a singleton, say: none of its instances has this path
            found = await self._find(Selection.of_keys(concrete, keys), context, results)
            if found:
                return found[0]
        raise WbemError(WbemStatus.NOT_FOUND, f"there is no {path.relative}")

    async def _query(
        self,
        text: str,
        parameters: Mapping[str, object] | None,
        context: CallContext,
        results: ResultSet[Any],
    ) -> None:
        query = parse(text, parameters)
        if isinstance(query, AssociatorsOf | ReferencesOf):
            raise WbemError(WbemStatus.NOT_SUPPORTED, "ASSOCIATORS OF and REFERENCES OF are not served here yet")
        results.begin()
        if isinstance(query, SchemaQuery):
            await results.put(compile_class_filter(query)(self._schema.derived(None, deep=True)))
            return
        class_ = self._schema.find(query.class_name, WbemStatus.INVALID_CLASS)
        asked = Selection(query, class_)  # what does not fit this class is an error even if nothing is there to look at
        for concrete in self._served(class_, deep=True):
            await self._select(asked if concrete is class_ else Selection(query, concrete), context, results)

    async def _instances(
        self, class_name: str, deep: bool, context: CallContext, results: ResultSet[CimInstance]
    ) -> None:
        results.begin()
        class_ = self._schema.find(class_name, WbemStatus.INVALID_CLASS)
        for concrete in self._served(class_, deep=deep):
            await self._select(Selection(None, concrete), context, results)

    async def _classes(self, superclass: str | None, deep: bool, results: ResultSet[CimClass]) -> None:
        results.begin()
        class_ = None if superclass is None else self._schema.find(superclass, WbemStatus.INVALID_CLASS)
        await results.put(list(self._schema.derived(class_, deep=deep)))

    async def _call(
        self,
        text: str,
        name: str,
        inputs: Mapping[str, object],
        context: CallContext,
        results: ResultSet[CimInstance],
    ) -> CimInstance:
        path = located(text, self._server, self._schema.namespace)
        class_ = self._schema.find(path.class_name, WbemStatus.NOT_FOUND)
        method = find_method(class_, name)
        arguments = checked_inputs(class_, method, inputs)
        keys = None if path.is_class else checked_keys(path, class_)
        if keys is None and not method.static:
            raise WbemError(
                WbemStatus.INVALID_METHOD_PARAMETERS,
                f"{class_.name}.{method.name} is not static: call it on an instance, such as {_example(class_)}",
            )
        results.begin()
        host = self._hosts.get(fold(class_.name))
        if host is None:
            raise WbemError(WbemStatus.PROVIDER_NOT_CAPABLE, f"no provider runs methods of {class_.name}")
        results.waits_for = str(host)
        row = await host.call(method.name, MethodCall(Request(context, class_), keys, arguments))
        return checked_outputs(class_, method, row, host)

    async def _select(self, selection: Selection, context: CallContext, results: ResultSet[CimInstance]) -> None:
        if selection.keys is not None:
            await results.put(await self._find(selection, context, results))
            return
        host = self._hosts[fold(selection.cim_class.name)]
        results.waits_for = str(host)
        async with aclosing(host.instances(Request(context, selection.cim_class, selection.properties))) as batches:
            async for rows in batches:
                results.waits_for = "whoever reads the results"
                await results.put(selection.pick(rows))
                results.waits_for = str(host)

    async def _find(self, selection: Selection, context: CallContext, results: ResultSet[Any]) -> list[CimInstance]:
        """The one instance with the keys of the selection, if it matches: a list of one or none."""
        host = self._hosts[fold(selection.cim_class.name)]
        results.waits_for = str(host)
        request = Request(context, selection.cim_class, selection.properties)
        if host.looks_up and selection.keys is not None:
            values = await host.get(request, selection.keys)
            return selection.pick([] if values is None else [values])
        async with aclosing(host.instances(request)) as batches:
            async for rows in batches:
                if found := selection.pick(rows):
                    return found[:1]
        return []

    def _served(self, class_: CimClass, *, deep: bool) -> list[CimClass]:
        """The class if it has a provider, and those derived from it whose providers have instances to give.

        One that has methods alone refuses when it is asked for instances of its own class, not of its ancestors.
        """
        found = [class_] if fold(class_.name) in self._hosts else []
        for derived in self._schema.derived(class_, deep=True) if deep else ():
            host = self._hosts.get(fold(derived.name))
            if host is not None and (host.enumerates or host.looks_up):
                found.append(derived)
        return found

    def _one(self, work: Work[T], name: str, context: CallContext) -> Operation[T]:
        return self._started(work, name, context, single=True)

    def _many(self, work: Work[T], name: str, context: CallContext) -> Operation[T]:
        return self._started(work, name, context, keep=CallFlags.FORWARD_ONLY not in context.flags)

    def _started(
        self, work: Work[T], name: str, context: CallContext, *, single: bool = False, keep: bool = False
    ) -> Operation[T]:
        work = self._refused if self._closed else work
        operation = Operation.start(work, name, single=single, keep=keep, context=context)
        results = operation.results
        self._under_way.add(results)
        results.when_finished(partial(self._under_way.discard, results))
        return operation

    async def _refused(self, _: ResultSet[Any]) -> None:
        raise WbemError(WbemStatus.INVALID_OPERATION, f"the connection to {self.namespace} was closed: connect again")


def _example(class_: CimClass) -> str:
    return f"{class_.name}=@" if class_.is_singleton else f"{class_.name}.{','.join(f'{key}=…' for key in class_.keys)}"
