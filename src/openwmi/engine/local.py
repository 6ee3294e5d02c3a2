"""A session in process: each verb a producer of objects, cut by what it asks for."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Mapping
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
from openwmi.model import CimClass, CimInstance, ObjectPath
from openwmi.operation import CallContext, CallFlags, Operation, ResultSet
from openwmi.session import Session
from openwmi.wql import parse

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

    def get(self, path: str, context: CallContext) -> Operation[CimClass | CimInstance]:
        return self._one(partial(self._get, path, context), f"get {path}", context)

    def query(self, text: str, parameters: Mapping[str, object] | None, context: CallContext) -> Operation[CimInstance]:
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
        for results in list(self._under_way):
            results.cancel()

    async def _get(
        self, text: str, context: CallContext, results: ResultSet[CimClass | CimInstance]
    ) -> CimClass | CimInstance:
        path = located(ObjectPath.parse(text), self._server, self._schema.namespace)
        results.begin()
        class_ = self._schema.find(path.class_name, WbemStatus.NOT_FOUND)
        if path.is_class:
            return class_
        for concrete in self._concrete(class_, deep=True):
            results.waits_for = str(self._hosts[fold(concrete.name)])
            request = Request(context, concrete)
            values = await self._hosts[fold(concrete.name)].get(request, checked_keys(path, concrete))
            if values is not None:
                return CimInstance(concrete, values)
        checked_keys(path, class_)  # a path that cannot be right says so, rather than that nothing was found
        raise WbemError(WbemStatus.NOT_FOUND, f"there is no {path.relative}")

    async def _query(
        self,
        text: str,
        parameters: Mapping[str, object] | None,
        context: CallContext,
        results: ResultSet[CimInstance],
    ) -> None:
        query = parse(text, parameters)
        results.begin()
        class_ = self._schema.find(query.class_name, WbemStatus.INVALID_CLASS)
        Selection(query, class_)  # what is wrong for the class that was asked for is an error, not an empty answer
        for concrete in self._concrete(class_, deep=True):
            await self._select(Selection(query, concrete), context, results)

    async def _instances(
        self, class_name: str, deep: bool, context: CallContext, results: ResultSet[CimInstance]
    ) -> None:
        results.begin()
        class_ = self._schema.find(class_name, WbemStatus.INVALID_CLASS)
        for concrete in self._concrete(class_, deep=deep):
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
        path = located(ObjectPath.parse(text), self._server, self._schema.namespace)
        class_ = self._schema.find(path.class_name, WbemStatus.NOT_FOUND)
        method = find_method(class_, name)
        arguments = checked_inputs(class_, method, inputs)
        keys = None if path.is_class else checked_keys(path, class_)
        if keys is None and not method.static:
            raise WbemError(
                WbemStatus.INVALID_METHOD_PARAMETERS,
                f"{class_.name}.{method.name} is not static: call it on an instance, such as {class_.name}.{_example(class_)}",
            )
        results.begin()
        host = self._hosts.get(fold(class_.name))
        if host is None:
            raise WbemError(WbemStatus.PROVIDER_NOT_CAPABLE, f"no provider runs methods of {class_.name}")
        results.waits_for = str(host)
        row = await host.call(method.name, MethodCall(Request(context, class_), keys, arguments))
        return checked_outputs(class_, method, row, str(host))

    async def _select(self, selection: Selection, context: CallContext, results: ResultSet[CimInstance]) -> None:
        host = self._hosts[fold(selection.cim_class.name)]
        results.waits_for = str(host)
        request = Request(context, selection.cim_class, selection.properties)
        if selection.keys is not None:
            values = await host.get(request, selection.keys)
            await results.put(selection.pick([] if values is None else [values]))
            return
        async for rows in host.instances(request):
            await results.put(selection.pick(rows))

    def _concrete(self, class_: CimClass, *, deep: bool) -> list[CimClass]:
        """The class and those derived from it, as far as a provider serves them."""
        classes = [class_, *(self._schema.derived(class_, deep=True) if deep else ())]
        return [class_ for class_ in classes if fold(class_.name) in self._hosts]

    def _one(self, work: Work[T], name: str, context: CallContext) -> Operation[T]:
        return self._watched(Operation.start(work, name, single=True, context=context))

    def _many(self, work: Work[T], name: str, context: CallContext) -> Operation[T]:
        keep = CallFlags.FORWARD_ONLY not in context.flags
        return self._watched(Operation.start(work, name, keep=keep, context=context))

    def _watched(self, operation: Operation[T]) -> Operation[T]:
        results = operation.results
        self._under_way.add(results)
        results.when_finished(partial(self._under_way.discard, results))
        return operation


def _example(class_: CimClass) -> str:
    return ",".join(f"{key}=…" for key in class_.keys)
