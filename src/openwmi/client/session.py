"""The verbs of a session, carried out by another machine ([MS-WMI] 3.2.4.1, IWbemServices)."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any, Final, TypeVar

from openwmi.base.case import fold
from openwmi.base.error import NotFound, WbemError
from openwmi.base.fault import RemoteProtocolError
from openwmi.base.guid import Guid
from openwmi.base.status import WbemStatus
from openwmi.client.enumerating import Rows
from openwmi.client.failures import UNKNOWN, in_words, undecided
from openwmi.client.link import Entered, Link
from openwmi.client.pushed import EVERYWHERE, Mode, Push, PushedCall, Said
from openwmi.client.results import Answered, Ask, Out, result_of
from openwmi.client.waiting import BEGUN_MILLISECONDS, in_time
from openwmi.dcom import RemoteExporter
from openwmi.interfaces import EnumReply, IWbemObjectSink
from openwmi.model import ChangeFlag, CimClass, CimInstance, ObjectPath
from openwmi.model.parameters import PARAMETERS, input_class
from openwmi.mof import DeleteClass, PutClass, PutInstance
from openwmi.ndr import Cell
from openwmi.operation import CallContext, CallFlags, Operation, ResultSet
from openwmi.pointers import object_pointer, pointed_object, values_pointer
from openwmi.session import MofText, Session
from openwmi.session.arguments import checked_inputs, find_method
from openwmi.session.modes import RULES, SHALLOW
from openwmi.wql import EventQuery, Query, parse, parse_event
from openwmi.wql import format as format_wql

if TYPE_CHECKING:
    from openwmi.client.mofs import Compiler, Step

T = TypeVar("T")
Work = Callable[[ResultSet[T]], Coroutine[Any, Any, T | None]]

STALE: Final = frozenset(
    {
        WbemStatus.INVALID_METHOD,
        WbemStatus.INVALID_METHOD_PARAMETERS,
        WbemStatus.METHOD_DISABLED,
        WbemStatus.METHOD_NOT_IMPLEMENTED,
    }
)
"""What a call of a method fails with, and is not carried out, where its class is not what it was."""

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
        self.callbacks = callbacks
        self._locale = locale
        self._under_way: set[ResultSet[Any]] = set()
        self._closing: set[asyncio.Task[None]] = set()
        self._closed = False
        self._known: dict[tuple[str, str], CimClass] = {}
        link.hold(namespace)

    # Reading.

    def get(self, path: str, context: CallContext) -> Operation[CimClass | CimInstance]:
        async def ask(entered: Entered, flags: int, out: Out, result: Out) -> Answered:
            reply = await entered.services.GetObject(path, flags, values_pointer(context.values), out, result)
            return reply.ppObject, reply.ppCallResult

        async def work(results: ResultSet[Any]) -> CimClass | CimInstance:
            if not path:
                ObjectPath.parse(path)  # which says so; over the wire it would be a class without a name
            pushed = await self._push(partial(Push, "GetObjectAsync", (path,)), context, results)
            if pushed is not None:
                return pushed.one
            return _found(await self._one("GetObject", ask, context, results))

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
            reference = await self._one("OpenNamespace", ask, context, results)
            locale = context.locale or self._locale
            await self.link.opened(opened, locale, reference)
            session = RemoteSession(self.link, opened, locale, self.callbacks)
            results.when_finished(partial(self._unless_taken, results, session))
            return session

        return self._started(work, f"namespace {name}", context, single=True)

    # Doing and changing.

    def call(
        self, path: str, method: str, inputs: Mapping[str, object], context: CallContext
    ) -> Operation[CimInstance]:
        async def work(results: ResultSet[CimInstance]) -> CimInstance:
            known = self._key(ObjectPath.parse(path).class_name) in self._known
            try:
                return await self._called(path, method, inputs, context, results)
            except WbemError as error:
                if not known or error.status not in STALE:
                    raise
            self._forget_classes()  # it may have changed since it was asked for
            return await self._called(path, method, inputs, context, results)

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
                return await self._put(what, context, flags, results)
            return await self._put_several(what, context, flags, results)

        name = (
            what.class_.name if isinstance(what, CimInstance) else what.name if isinstance(what, CimClass) else "list"
        )
        return self._started(work, f"put {name}", context, single=True)

    def delete(self, path: str, context: CallContext) -> Operation[None]:
        async def work(results: ResultSet[None]) -> None:
            await self._delete(path, context, results)

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
            await self._ask(context, ask)

        return self._started(work, "emit", context, single=True)

    def load_mof(self, mof: MofText, context: CallContext) -> Operation[tuple[ObjectPath, ...]]:
        """See Session; but where the server refuses something, what stands before it has been put."""

        async def work(results: ResultSet[tuple[ObjectPath, ...]]) -> tuple[ObjectPath, ...]:
            from openwmi.client.mofs import carry_out  # noqa: PLC0415 - few programs compile anything

            results.begin()
            paths: list[ObjectPath] = []
            steps = await (await self._compiler(context)).steps(mof)
            await carry_out(steps, partial(self._step, mof, context, results, paths))
            return tuple(paths)

        return self._started(work, f"load_mof {mof.name}".rstrip(), context, single=True)

    def check_mof(self, mofs: Sequence[MofText], context: CallContext) -> Operation[tuple[WbemError, ...]]:
        """See Session; what only the server could say against a text is not found."""

        async def work(results: ResultSet[tuple[WbemError, ...]]) -> tuple[WbemError, ...]:
            results.begin()
            return await (await self._compiler(context)).check(mofs)

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
            if await self._push(push, context, results) is not None:
                return
            rows = await self._ask(context, begin)
            results.begin()
            await (rows.pump_events(results) if endless else rows.pump(results))

        return self._started(work, name, context, keep=CallFlags.FORWARD_ONLY not in context.flags)

    async def _one(
        self,
        method: str,
        ask: Ask,
        context: CallContext,
        results: ResultSet[Any],
        *,
        changes: bool = False,
        more: int = 0,
        namespace: str | None = None,
    ) -> Any:
        """The result of a call that has one, in the way that its caller wants it; see `results`."""
        rule = RULES[method]
        flags = int(context.flags & rule.flags) | more

        async def carry_out(entered: Entered) -> Any:
            if changes:  # not before: until there is somebody to ask, nothing has been asked
                results.aftermath = UNKNOWN
            return await result_of(entered, rule, ask, flags, results)

        try:
            return await self._ask(context, carry_out, namespace)
        except WbemError as error:
            if not results.aftermath or undecided(error) is error:
                raise
            raise undecided(error) from error

    async def _called(
        self,
        path: str,
        method: str,
        inputs: Mapping[str, object],
        context: CallContext,
        results: ResultSet[CimInstance],
    ) -> CimInstance:
        given = await self._in_parameters(path, method, inputs, context)
        push = partial(Push, "ExecMethodAsync", (path, method), (given,))
        pushed = await self._push(push, context, results, changes=True)
        if pushed is not None:
            return _outputs(pushed.object)

        async def ask(entered: Entered, flags: int, out: Out, result: Out) -> Answered:
            values = values_pointer(context.values)
            reply = await entered.services.ExecMethod(path, method, flags, values, given, out, result)
            return reply.ppOutParams, reply.ppCallResult

        found = await self._one("ExecMethod", ask, context, results, changes=True)
        return _outputs(None if found is None else pointed_object(found, "ppOutParams"))

    async def _push(
        self,
        push: Callable[[], Push],
        context: CallContext,
        results: ResultSet[Any],
        *,
        changes: bool = False,
        namespace: str | None = None,
    ) -> Said | None:
        """What the server has told our sink; None where no sink is to hear it, or the server cannot call one."""
        if not context.pushed or self.callbacks == "never":
            return None
        wanted = push()

        async def begin(entered: Entered) -> PushedCall | None:
            pushing = entered.login.pushing
            if not await pushing.ready(entered.services, self.callbacks):
                return None
            if changes:  # as in `_one`
                results.aftermath = UNKNOWN
            return await pushing.begin(entered.services, partial(wanted.ask, entered.services, context), results)

        try:
            call = await self._ask(context, begin, namespace)
            if call is None:
                return None
            if not results.began and not results.finished:
                results.begin()
            return await call.outcome()
        except WbemError as error:
            if not results.aftermath or undecided(error) is error:
                raise
            raise undecided(error) from error

    async def _put(
        self,
        what: CimClass | CimInstance,
        context: CallContext,
        flags: ChangeFlag,
        results: ResultSet[Any],
        namespace: str | None = None,
    ) -> ObjectPath:
        pointer = object_pointer(what)
        method = "PutClass" if isinstance(what, CimClass) else "PutInstance"
        known = what.path_
        push = partial(Push, f"{method}Async", (pointer,), flags=int(flags))

        async def ask(entered: Entered, flags: int, _: Out, result: Out) -> Answered:
            if result is None and known is None:
                result = Cell(None)  # the server makes a key: only it knows the path
            verb = getattr(entered.services, method)
            return None, (await verb(pointer, flags, values_pointer(context.values), result)).ppCallResult

        try:
            pushed = await self._push(push, context, results, changes=True, namespace=namespace)
            if pushed is not None:
                said = pushed.text
            else:
                said = await self._one(
                    method, ask, context, results, changes=True, more=int(flags), namespace=namespace
                )
        finally:
            if isinstance(what, CimClass):
                self._forget_classes()
        return await self._stored(what, said, context, namespace)

    async def _stored(
        self, what: CimClass | CimInstance, said: str | None, context: CallContext, namespace: str | None
    ) -> ObjectPath:
        """The path of what was put; `said`: what the server says that it is, where only it knows."""
        if what.path_ is None and not said:
            raise RemoteProtocolError("the instance was put, and its path was not said")
        path = what.path_ or ObjectPath.parse(said or "")
        server = path.server
        if server is None:
            with suppress(WbemError):  # it has been put, whatever becomes of this question
                server = (await self._class(EVERYWHERE, context)).server or None
        return replace(path, server=server, namespace=namespace or self.namespace)

    async def _put_several(
        self,
        what: Sequence[CimClass | CimInstance],
        context: CallContext,
        flags: ChangeFlag,
        results: ResultSet[Any],
    ) -> tuple[ObjectPath, ...]:
        paths: list[ObjectPath] = []
        for each in what:
            try:
                paths.append(await self._put(each, context, flags, results))
            except WbemError as error:
                if not paths:
                    raise
                text = f"{error.message} (the {len(paths)} of {len(what)} before it have been put)"
                raise WbemError(error.status, text, extended=error.extended) from error.__cause__
        return tuple(paths)

    async def _delete(
        self, path: str, context: CallContext, results: ResultSet[None], namespace: str | None = None
    ) -> None:
        parsed = ObjectPath.parse(path)
        method = "DeleteClass" if parsed.is_class else "DeleteInstance"
        # A class is deleted by its name: what else the path says has to be true of this namespace.
        named = parsed.class_name if parsed.is_class and self._is_here(parsed) else path
        push = partial(Push, f"{method}Async", (named,))

        async def ask(entered: Entered, flags: int, _: Out, result: Out) -> Answered:
            verb = getattr(entered.services, method)
            return None, (await verb(named, flags, values_pointer(context.values), result)).ppCallResult

        try:
            if await self._push(push, context, results, changes=True, namespace=namespace) is None:
                await self._one(method, ask, context, results, changes=True, namespace=namespace)
        finally:
            if parsed.is_class:
                self._forget_classes()

    async def _step(
        self, mof: MofText, context: CallContext, results: ResultSet[Any], paths: list[ObjectPath], step: Step
    ) -> None:
        """One step of a text that was compiled; what was put is added to `paths`."""
        if isinstance(step, PutClass):
            flags = step.flags or mof.class_flags
            paths.append(await self._put(step.class_, context, flags, results, step.namespace))
        elif isinstance(step, PutInstance):
            flags = step.flags or mof.instance_flags
            paths.append(await self._put(step.instance, context, flags, results, step.namespace))
        else:
            path = step.class_name if isinstance(step, DeleteClass) else str(step.path)
            await self._delete(path, context, results, step.namespace)

    async def _compiler(self, context: CallContext) -> Compiler:
        from openwmi.client.mofs import Compiler  # noqa: PLC0415 - few programs compile anything

        async def find(namespace: str, name: str) -> CimClass | None:
            try:
                return await self._class(name, context, namespace)
            except NotFound as error:
                if error.status == WbemStatus.INVALID_NAMESPACE and name.startswith("__"):
                    # A namespace that the text itself creates will have the classes of the system, as any has.
                    return await self._class(name, context, "root")
                return None

        system = await find(self.namespace, EVERYWHERE)
        servers = (self.link.where.host, "" if system is None else system.server)
        return Compiler(self.namespace, servers, find)

    async def _in_parameters(
        self, path: str, name: str, inputs: Mapping[str, object], context: CallContext
    ) -> bytes | None:
        """The in-parameters of a method, as an instance of their class; NULL where it has none."""
        class_ = await self._class(ObjectPath.parse(path).class_name, context)
        method = find_method(class_, name)
        checked = checked_inputs(class_, method, inputs)
        declared = input_class(method)
        return None if declared is None else object_pointer(declared.instance(checked))

    async def _class(self, name: str, context: CallContext, namespace: str | None = None) -> CimClass:
        """A class of a namespace, asked for once, unless there is something wrong with it."""
        key = self._key(name, namespace)
        known = self._known.get(key)
        if known is not None:
            return known

        async def ask(entered: Entered) -> CimClass | CimInstance:
            reply = await entered.services.GetObject(name, 0, None, Cell(None), None)
            return _found(None if reply.ppObject is None else reply.ppObject.value)

        found = await self._ask(context, ask, namespace)
        if not isinstance(found, CimClass):
            raise WbemError(WbemStatus.INVALID_CLASS, f"{name} is no class")
        self._known[key] = found
        return found

    def _key(self, name: str, namespace: str | None = None) -> tuple[str, str]:
        return fold(namespace or self.namespace), fold(name)

    def _forget_classes(self) -> None:
        """One has changed, or may have, and those derived from it with it; that of the system does not."""
        system = fold(EVERYWHERE)
        self._known = {key: known for key, known in self._known.items() if key[1] == system}

    def _unless_taken(self, results: ResultSet[Session], opened: RemoteSession) -> None:
        if results.error is not None:  # it was given up in the last moment, and nobody else knows of it
            closing = asyncio.ensure_future(opened.close())
            self._closing.add(closing)
            closing.add_done_callback(self._closing.discard)

    def _named(self, class_name: str) -> str:
        if not class_name:
            raise WbemError(WbemStatus.INVALID_CLASS, f"{self.namespace} has no class without a name")
        return class_name

    def _is_here(self, path: ObjectPath) -> bool:
        return path.server is None and (path.namespace is None or fold(path.namespace) == fold(self.namespace))

    async def _ask(
        self, context: CallContext, call: Callable[[Entered], Awaitable[T]], namespace: str | None = None
    ) -> T:
        with in_words(self.link.where):
            return await self.link.ask(namespace or self.namespace, context.locale or self._locale, call)

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


def _found(pointer: bytes | None) -> CimClass | CimInstance:
    """The object that a call brings."""
    if pointer is None:
        raise RemoteProtocolError("the call succeeded, and brought no object")
    return pointed_object(pointer, "what was found")


def _outputs(found: CimClass | CimInstance | None) -> CimInstance:
    return found if isinstance(found, CimInstance) else CimClass(PARAMETERS).instance({})


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
