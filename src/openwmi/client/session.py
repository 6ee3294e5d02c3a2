"""The verbs of a session, carried out by another machine ([MS-WMI] 3.2.4.1, IWbemServices)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any, Final, TypeVar

from openwmi.base.error import WbemError
from openwmi.base.guid import Guid
from openwmi.base.status import WbemStatus
from openwmi.client import changing
from openwmi.client.asking import Asking, found_object
from openwmi.client.enumerating import Rows
from openwmi.client.failures import in_words
from openwmi.client.link import Entered, Link
from openwmi.client.pushed import Mode, Push
from openwmi.client.results import Answered, Out
from openwmi.client.waiting import BEGUN_MILLISECONDS, in_time
from openwmi.dcom import RemoteExporter
from openwmi.interfaces import EnumReply, IWbemObjectSink
from openwmi.model import ChangeFlag, CimClass, CimInstance, ObjectPath
from openwmi.operation import CallContext, CallFlags, Operation, ResultSet
from openwmi.pointers import object_pointer, values_pointer
from openwmi.session import MofText, Session
from openwmi.session.asking import close_unless_taken
from openwmi.session.modes import RULES, SHALLOW
from openwmi.wql import EventQuery, Query, parse, parse_event
from openwmi.wql import format as format_wql

T = TypeVar("T")
Work = Callable[[ResultSet[T]], Coroutine[Any, Any, T | None]]

SEMISYNCHRONOUS: Final = CallFlags.RETURN_IMMEDIATELY | CallFlags.FORWARD_ONLY


class RemoteSession(Session):
    """One namespace of one machine. Made by `open_session`.

    Args:
        link: the way there.
        namespace: such as `root\\cimv2`.
        locale: preferred languages, where a call does not say so itself.
        callbacks: whether asynchronous calls have the server call us back.
    """

    def __init__(self, link: Link, namespace: str, locale: str = "", callbacks: Mode = "auto") -> None:
        super().__init__(namespace)
        self.link = link
        self._asking = Asking(link, namespace, locale, callbacks)
        self._under_way: set[ResultSet[Any]] = set()
        self._closed = False
        link.hold(namespace)

    # Reading.

    def get(self, path: str, context: CallContext) -> Operation[CimClass | CimInstance]:
        async def ask(entered: Entered, flags: int, out: Out, result: Out) -> Answered:
            reply = await entered.services.GetObject(path, flags, values_pointer(context.values), out, result)
            return reply.ppObject, reply.ppCallResult

        async def work(results: ResultSet[Any]) -> CimClass | CimInstance:
            if not path:
                ObjectPath.parse(path)  # which says so; over the wire it would be a class without a name
            pushed = await self._asking.push(partial(Push, "GetObjectAsync", (path,)), context, results)
            if pushed is not None:
                return pushed.one
            return found_object(await self._asking.one("GetObject", ask, context, results))

        return self._started(work, f"get {path}", context, single=True)

    def query(self, text: str, parameters: Mapping[str, object] | None, context: CallContext) -> Operation[Any]:
        flags = _flags("ExecQuery", context)

        def push() -> Push:
            return Push("ExecQueryAsync", ("WQL", _bound(text, parameters, parse)))

        async def ask(entered: Entered) -> EnumReply:
            asked = _bound(text, parameters, parse)
            return await entered.services.ExecQuery("WQL", asked, flags, values_pointer(context.values))

        return self._many(ask, push, f"query {text}", context)

    def instances(self, class_name: str, *, deep: bool, context: CallContext) -> Operation[CimInstance]:
        shallow = 0 if deep else SHALLOW
        flags = _flags("CreateInstanceEnum", context) | shallow

        def push() -> Push:
            return Push("CreateInstanceEnumAsync", (self._named(class_name),), flags=shallow)

        async def ask(entered: Entered) -> EnumReply:
            self._named(class_name)
            return await entered.services.CreateInstanceEnum(class_name, flags, values_pointer(context.values))

        return self._many(ask, push, f"instances of {class_name}", context)

    def classes(self, superclass: str | None, *, deep: bool, context: CallContext) -> Operation[CimClass]:
        shallow = 0 if deep else SHALLOW
        flags = _flags("CreateClassEnum", context) | shallow

        def of() -> str:
            # Over the wire no name is that of all, too.
            return "" if superclass is None else self._named(superclass)

        def push() -> Push:
            return Push("CreateClassEnumAsync", (of(),), flags=shallow)

        async def ask(entered: Entered) -> EnumReply:
            return await entered.services.CreateClassEnum(of(), flags, values_pointer(context.values))

        name = "classes" if superclass is None else f"classes derived from {superclass}"
        return self._many(ask, push, name, context)

    def events(
        self, text: str, parameters: Mapping[str, object] | None, context: CallContext
    ) -> Operation[CimInstance]:
        flags = _flags("ExecNotificationQuery", context)

        def push() -> Push:
            return Push("ExecNotificationQueryAsync", ("WQL", _bound(text, parameters, parse_event)))

        async def ask(entered: Entered) -> EnumReply:
            asked = _bound(text, parameters, parse_event)
            return await entered.services.ExecNotificationQuery("WQL", asked, flags, values_pointer(context.values))

        forgotten = replace(context, flags=context.flags | CallFlags.FORWARD_ONLY)
        return self._many(ask, push, f"events {text}", forgotten, endless=True)

    def open_namespace(self, name: str, context: CallContext) -> Operation[Session]:
        within = name.replace("/", "\\")  # interchangeable, as in connect

        async def ask(entered: Entered, flags: int, out: Out, result: Out) -> Answered:
            reply = await entered.services.OpenNamespace(within, flags, None, out, result)
            return reply.ppWorkingNamespace, reply.ppResult

        async def work(results: ResultSet[Session]) -> Session:
            if not within:
                raise WbemError(WbemStatus.INVALID_NAMESPACE, f"a namespace below {self.namespace} has a name")
            opened = f"{self.namespace}\\{within}"
            reference = await self._asking.one("OpenNamespace", ask, context, results)
            locale = context.locale or self._asking.locale
            await self.link.opened(opened, locale, reference)
            session = RemoteSession(self.link, opened, locale, self._asking.callbacks)
            results.when_finished(partial(close_unless_taken, results, session))
            return session

        return self._started(work, f"namespace {name}", context, single=True)

    # Doing and changing.

    def call(
        self, path: str, method: str, inputs: Mapping[str, object], context: CallContext
    ) -> Operation[CimInstance]:
        async def work(results: ResultSet[CimInstance]) -> CimInstance:
            return await changing.call(self._asking, path, method, inputs, context, results)

        return self._started(work, f"call {path} {method}", context, single=True)

    def put(
        self,
        what: CimClass | CimInstance | Sequence[CimClass | CimInstance],
        context: CallContext,
        flags: ChangeFlag = ChangeFlag.CREATE_OR_UPDATE,
    ) -> Operation[Any]:
        """See Session; but of several, those before one that fails have been put: the wire has no other way."""

        async def work(results: ResultSet[Any]) -> ObjectPath | tuple[ObjectPath, ...]:
            if isinstance(what, CimClass | CimInstance):
                return await changing.put(self._asking, what, context, flags, results)
            return await changing.put_several(self._asking, what, context, flags, results)

        name = (
            what.class_.name if isinstance(what, CimInstance) else what.name if isinstance(what, CimClass) else "list"
        )
        return self._started(work, f"put {name}", context, single=True)

    def delete(self, path: str, context: CallContext) -> Operation[None]:
        async def work(results: ResultSet[None]) -> None:
            await changing.delete(self._asking, path, context, results)

        return self._started(work, f"delete {path}", context, single=True)

    def emit(self, event: CimInstance | Sequence[CimInstance], context: CallContext) -> Operation[None]:
        async def work(results: ResultSet[None]) -> None:
            events = (event,) if isinstance(event, CimInstance) else tuple(event)
            pointers = tuple(object_pointer(each) for each in events)

            async def asked(entered: Entered) -> tuple[RemoteExporter, Guid]:
                reply = await entered.services.QueryObjectSink(0)
                return await entered.login.machine.adopt(reply.ppResponseHandler or b"")

            async def ask(entered: Entered) -> None:
                login = entered.login
                exporter, sink = await login.brought(in_time(asked(entered)), lambda found: login.let_go(*found))
                try:
                    if pointers:
                        await exporter.proxy(IWbemObjectSink, sink).Indicate(len(pointers), pointers)
                finally:
                    entered.login.let_go(exporter, sink)

            results.begin()
            await self._asking.ask(context, ask)

        return self._started(work, "emit", context, single=True)

    def load_mof(self, mof: MofText, context: CallContext) -> Operation[tuple[ObjectPath, ...]]:
        """See Session; but where the server refuses something, what stands before it has been put."""

        async def work(results: ResultSet[tuple[ObjectPath, ...]]) -> tuple[ObjectPath, ...]:
            from openwmi.client.mofs import load  # noqa: PLC0415 - few programs compile anything

            results.begin()
            return await load(self._asking, mof, context, results)

        return self._started(work, f"load_mof {mof.name}".rstrip(), context, single=True)

    def check_mof(self, mofs: Sequence[MofText], context: CallContext) -> Operation[tuple[WbemError, ...]]:
        """See Session; what only the server could say against a text is not found."""

        async def work(results: ResultSet[tuple[WbemError, ...]]) -> tuple[WbemError, ...]:
            from openwmi.client.mofs import check  # noqa: PLC0415 - few programs compile anything

            results.begin()
            return await check(self._asking, mofs, context)

        return self._started(work, "check_mof", context, single=True)

    async def close(self) -> None:
        if self._closed:
            return
        self._closed = True
        for results in list(self._under_way):
            results.cancel()
        await self.link.release(self.namespace)

    # What the verbs have in common.

    def _many(
        self,
        ask: Callable[[Entered], Awaitable[EnumReply]],
        push: Callable[[], Push],
        name: str,
        context: CallContext,
        *,
        endless: bool = False,
    ) -> Operation[Any]:
        """Rows, semisynchronously and forward only on the wire: what is kept, is kept here."""

        async def asked(entered: Entered) -> Rows:
            return await Rows.of(entered, (await ask(entered)).ppEnum)

        async def begin(entered: Entered) -> Rows:
            return await entered.login.brought(in_time(asked(entered), BEGUN_MILLISECONDS), Rows.let_go)

        async def work(results: ResultSet[Any]) -> None:
            if await self._asking.push(push, context, results) is not None:
                return
            rows = await self._asking.ask(context, begin)
            results.begin()
            await (rows.pump_events(results) if endless else rows.pump(results))

        return self._started(work, name, context, keep=CallFlags.FORWARD_ONLY not in context.flags)

    def _named(self, class_name: str) -> str:
        if not class_name:
            raise WbemError(WbemStatus.INVALID_CLASS, f"{self.namespace} has no class without a name")
        return class_name

    def _started(
        self, work: Work[T], name: str, context: CallContext, *, single: bool = False, keep: bool = False
    ) -> Operation[T]:
        operation = Operation.start(partial(self._told, work), name, single=single, keep=keep, context=context)
        results = operation.results
        if not results.finished:
            self._under_way.add(results)
            results.when_finished(partial(self._under_way.discard, results))
        return operation

    async def _told(self, work: Work[T], results: ResultSet[T]) -> T | None:
        """The work; what becomes of it in the caller's words."""
        if self._closed:
            raise WbemError(
                WbemStatus.INVALID_OPERATION, f"the connection to {self.namespace} was closed: connect again"
            )
        with in_words(self.link.where):
            return await work(results)


def _flags(method: str, context: CallContext) -> int:
    """Those of the caller's flags that a call with many results takes; how it returns is not theirs to say."""
    return int(context.flags & RULES[method].flags | SEMISYNCHRONOUS)


def _bound(
    text: str,
    parameters: Mapping[str, object] | None,
    parse_query: Callable[[str, Mapping[str, object] | None], Query | EventQuery],
) -> str:
    """The text of a query with its parameters as constants; without any as it is: theirs may be a wider WQL."""
    if parameters:
        return format_wql(parse_query(text, parameters))
    if ":" in text or not text:
        try:
            parse_query(text, {})
        except WbemError as error:
            if error.status == WbemStatus.INVALID_PARAMETER:  # a parameter without a value, or nothing at all
                raise
    return text
