"""A session in process: each verb an Operation that runs over the namespace as it is when the verb is called."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Mapping, Sequence
from dataclasses import replace
from functools import lru_cache, partial
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar

from openwmi.base.case import fold
from openwmi.base.error import WbemError
from openwmi.base.limits import QUERY_TEXT_KEPT_CHARS
from openwmi.base.status import WbemStatus
from openwmi.engine import reading
from openwmi.engine.access import Access, Right
from openwmi.engine.invocation import carry_out
from openwmi.engine.paths import checked_keys, located
from openwmi.engine.provider import MethodCall, Request
from openwmi.engine.security import telling
from openwmi.engine.selection import REQUESTS_KEPT
from openwmi.engine.view import Hosts, View
from openwmi.model import ChangeFlag, CimClass, CimInstance, ObjectPath
from openwmi.operation import CallContext, CallFlags, Group, Operation, ResultSet
from openwmi.repository import Repository
from openwmi.session import MofText, Session
from openwmi.session.arguments import checked_inputs, find_method

if TYPE_CHECKING:  # most programs subscribe to nothing
    from openwmi.engine.events import Hub

T = TypeVar("T")
Work = Callable[[ResultSet[T]], Coroutine[Any, Any, T | None]]


class LocalSession(Session):
    """The verbs over one namespace's classes, instances and providers. `Engine.session` makes it."""

    def __init__(
        self,
        repository: Repository,
        hosts: Hosts,
        hub: Callable[[], Hub],
        namespace: str,
        access: Access | None = None,
    ) -> None:
        """INVALID_NAMESPACE."""
        super().__init__(repository.reader(namespace).namespace)
        self._repository = repository
        self._hosts = hosts
        self._hub = hub
        self._access = access
        self._under_way: Group[ResultSet[Any]] = Group()
        self._requests: dict[tuple[int, int], Request] = {}
        self._closed = False

    def get(self, path: str, context: CallContext) -> Operation[CimClass | CimInstance]:
        def work(results: ResultSet[Any]) -> Coroutine[Any, Any, CimClass | CimInstance]:
            return reading.get(self._view(context), path, results)

        return self._one(work, f"get {path}", context)

    def query(self, text: str, parameters: Mapping[str, object] | None, context: CallContext) -> Operation[Any]:
        def work(results: ResultSet[Any]) -> Coroutine[Any, Any, None]:
            return reading.query(self._view(context), text, parameters, results)

        return self._many(work, f"query {text}", context)

    def instances(self, class_name: str, *, deep: bool, context: CallContext) -> Operation[CimInstance]:
        def work(results: ResultSet[CimInstance]) -> Coroutine[Any, Any, None]:
            return reading.instances(self._view(context), class_name, deep, results)

        return self._many(work, f"instances of {class_name}", context)

    def classes(self, superclass: str | None, *, deep: bool, context: CallContext) -> Operation[CimClass]:
        def work(results: ResultSet[CimClass]) -> Coroutine[Any, Any, None]:
            return reading.classes(self._view(context), superclass, deep, results)

        name = "classes" if superclass is None else f"classes derived from {superclass}"
        return self._many(work, name, context)

    def call(
        self, path: str, method: str, inputs: Mapping[str, object], context: CallContext
    ) -> Operation[CimInstance]:
        work = partial(self._call, path, method, inputs, context)
        return self._one(work, f"call {path} {method}", context, Right.METHOD_EXECUTE)

    def put(
        self,
        what: CimClass | CimInstance | Sequence[CimClass | CimInstance],
        context: CallContext,
        flags: ChangeFlag = ChangeFlag.CREATE_OR_UPDATE,
    ) -> Operation[Any]:
        async def work(results: ResultSet[Any]) -> ObjectPath | tuple[ObjectPath, ...]:
            from openwmi.engine import writing  # noqa: PLC0415 - most programs only read, and load no SQLite

            results.begin()
            objects = (what,) if isinstance(what, CimClass | CimInstance) else what
            paths = await writing.put(self._repository, self._view(context), objects, flags, results)
            return paths[0] if isinstance(what, CimClass | CimInstance) else paths

        name = (
            what.class_.name if isinstance(what, CimInstance) else what.name if isinstance(what, CimClass) else "list"
        )
        return self._one(work, f"put {name}", context, Right.FULL_WRITE)

    def delete(self, path: str, context: CallContext) -> Operation[None]:
        async def work(results: ResultSet[None]) -> None:
            from openwmi.engine import writing  # noqa: PLC0415 - the same

            results.begin()
            await writing.delete(self._repository, self._view(context), path, results)

        return self._one(work, f"delete {path}", context, Right.FULL_WRITE)

    def events(
        self, text: str, parameters: Mapping[str, object] | None, context: CallContext
    ) -> Operation[CimInstance]:
        async def work(results: ResultSet[CimInstance]) -> None:
            await self._hub().subscribe(self._view(context), text, parameters, results)

        # "This flag is ignored" ([MS-WMI] 3.1.4.3.21, SEND_STATUS); and no rewinding, which would keep every event.
        flags = context.flags & ~CallFlags.SEND_STATUS | CallFlags.FORWARD_ONLY
        return self._many(work, f"events {text}", replace(context, flags=flags))

    def emit(self, event: CimInstance | Sequence[CimInstance], context: CallContext) -> Operation[None]:
        async def work(results: ResultSet[None]) -> None:
            results.begin()
            events = (event,) if isinstance(event, CimInstance) else event
            self._hub().emit(self._view(context), events)

        return self._one(work, "emit", context, Right.FULL_WRITE)

    def open_namespace(self, name: str, context: CallContext) -> Operation[Session]:
        async def work(_: ResultSet[Session]) -> Session:
            within = name.replace("/", "\\")  # interchangeable, as in connect
            return LocalSession(self._repository, self._hosts, self._hub, f"{self.namespace}\\{within}", self._access)

        return self._one(work, f"namespace {name}", context)

    def load_mof(self, mof: MofText, context: CallContext) -> Operation[tuple[ObjectPath, ...]]:
        async def work(results: ResultSet[tuple[ObjectPath, ...]]) -> tuple[ObjectPath, ...]:
            from openwmi.engine import mofload  # noqa: PLC0415 - the same

            results.begin()
            results.waits_for = "the repository"
            return await mofload.load_mof(self._repository, self.namespace, mof, self._is_provided, context)

        return self._one(work, f"load_mof {mof.name}".rstrip(), context, Right.FULL_WRITE)

    def check_mof(self, mofs: Sequence[MofText], context: CallContext) -> Operation[tuple[WbemError, ...]]:
        async def work(results: ResultSet[tuple[WbemError, ...]]) -> tuple[WbemError, ...]:
            from openwmi.engine import mofload  # noqa: PLC0415 - the same

            results.begin()
            return await mofload.check_mof(self._repository, self.namespace, mofs, self._is_provided, context)

        return self._one(work, "check_mof", context)

    async def close(self) -> None:
        self._closed = True
        for results in self._under_way:
            results.cancel()

    def _call(
        self, text: str, name: str, inputs: Mapping[str, object], context: CallContext, results: ResultSet[CimInstance]
    ) -> Coroutine[Any, Any, CimInstance]:
        """A call of a method, begun; what waits has no more than it needs from here on."""
        view = self._view(context)
        path = located(text, view.server, view.namespace)
        class_ = view.find(path.class_name, WbemStatus.NOT_FOUND)
        method = find_method(class_, name)
        arguments = checked_inputs(class_, method, inputs)
        keys = None if path.is_class else checked_keys(path, class_)
        if keys is None and not method.static:
            raise WbemError(
                WbemStatus.INVALID_METHOD_PARAMETERS,
                f"{class_.name}.{method.name} is not static: call it on an instance, such as {_example(class_)}",
            )
        results.begin()
        host = view.sources.host(class_.name)
        if host is None:
            told = telling(class_, method, self._access, context)
            if told is not None:
                return told
            raise WbemError(WbemStatus.PROVIDER_NOT_CAPABLE, f"no provider runs methods of {class_.name}")
        results.waits_for = str(host)
        return carry_out(host, method, MethodCall(self._request(context, class_), keys, arguments))

    def _request(self, context: CallContext, class_: CimClass) -> Request:
        """Calls of the same caller share it, which has nothing else to say."""
        if context.values:  # they may be much, and come with one call only
            return Request(context, class_)
        if len(self._requests) >= REQUESTS_KEPT:
            self._requests.clear()
        key = id(context), id(class_)  # which the request keeps from being another's
        request = self._requests.get(key)
        if request is None:
            request = self._requests[key] = Request(context, class_)
        return request

    def _view(self, context: CallContext) -> View:
        return View(self._repository, self._hosts, self.namespace, context)

    def _is_provided(self, namespace: str, class_name: str) -> bool:
        return fold(class_name) in self._hosts(namespace)

    def _one(self, work: Work[T], name: str, context: CallContext, wanted: Right = Right.ENABLE) -> Operation[T]:
        return self._started(work, name, context, wanted, single=True)

    def _many(self, work: Work[T], name: str, context: CallContext) -> Operation[T]:
        return self._started(work, name, context, Right.ENABLE, keep=CallFlags.FORWARD_ONLY not in context.flags)

    def _started(
        self,
        work: Work[T],
        name: str,
        context: CallContext,
        wanted: Right,
        *,
        single: bool = False,
        keep: bool = False,
    ) -> Operation[T]:
        refusal = self._refusal(context, wanted)
        if refusal is not None:
            work = partial(_refuse, refusal)
        return Operation.start(work, _shared(name), single=single, keep=keep, context=context, group=self._under_way)

    def _refusal(self, context: CallContext, wanted: Right) -> WbemError | None:
        if self._closed:
            return WbemError(
                WbemStatus.INVALID_OPERATION, f"the connection to {self.namespace} was closed: connect again"
            )
        return None if self._access is None else self._access.refusal(context, wanted, self.namespace)


def _shared(name: str) -> str:
    """A monitor's calls are the same ones again and again, and many of them may wait: one text does for all.

    `sys.intern` is not for what strangers write: there are versions of Python that keep that for ever.
    """
    return _kept(name) if len(name) <= QUERY_TEXT_KEPT_CHARS else name


@lru_cache(maxsize=1024)
def _kept(name: str) -> str:
    return name


def _refuse(error: WbemError, _: ResultSet[Any]) -> NoReturn:
    raise error


def _example(class_: CimClass) -> str:
    return f"{class_.name}=@" if class_.is_singleton else f"{class_.name}.{','.join(f'{key}=…' for key in class_.keys)}"
