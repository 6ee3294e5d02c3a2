"""IWbemServices: one user's calls on one namespace ([MS-WMI] 3.1.4.3).

Which flags a method takes and how it answers stands in `openwmi.session.modes`, what it runs in
`openwmi.session.methods`; here each meets the wire. RPC's cells say what the client wants: one for each out parameter
that it did not pass NULL for.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

from openwmi.base.error import WbemError
from openwmi.base.status import WbemStatus
from openwmi.dcom import Served, callers_own, current_caller
from openwmi.interfaces import (
    CallResultReply,
    EnumReply,
    ExecMethodReply,
    GetObjectReply,
    IEnumWbemClassObject,
    IWbemCallResult,
    IWbemObjectSink,
    IWbemServices,
    OpenNamespaceReply,
    QueryObjectSinkReply,
)
from openwmi.model import CimClass, CimInstance
from openwmi.ndr import Cell
from openwmi.operation import CallContext, CallFlags, Operation, start_apart
from openwmi.pointers import object_pointer, pointed_object
from openwmi.server.callresult import CallResult
from openwmi.server.contexts import Contexts
from openwmi.server.enumerators import Enumerator, ForwardOnlyEnumerator
from openwmi.server.shared import Shared
from openwmi.server.sinks import EventSink
from openwmi.session import Session, methods
from openwmi.session.asking import push
from openwmi.session.methods import Verb
from openwmi.session.modes import RULES, CallRule

Text = str | None
Pointer = bytes | None
Out = Cell[Pointer] | None

READING = frozenset({"GetObject", "OpenNamespace"})
"""Calls with one result that end with the client who waits for them; what the others do is done."""


class Services(Served, IWbemServices):
    """What NTLMLogin and OpenNamespace return.

    Args:
        shared: of the server.
        session: the namespace.
        contexts: who calls.
    """

    def __init__(self, shared: Shared, session: Session, contexts: Contexts) -> None:
        self._shared = shared
        self._session = session
        self._contexts = contexts

    # Namespaces, sinks.

    async def OpenNamespace(
        self, strNamespace: Text, lFlags: int, pCtx: Pointer, ppWorkingNamespace: Out, ppResult: Out
    ) -> OpenNamespaceReply:
        verb = methods.opening(self._session, strNamespace, has_context=pCtx is not None)
        found, result = await self._one("OpenNamespace", verb, lFlags, None, ppResult, ppWorkingNamespace is not None)
        services = None if found is None else self._shared.exported(self.opened(found), IWbemServices)
        return OpenNamespaceReply(_cell(services), result)

    async def CancelAsyncCall(self, pSink: Pointer) -> int:
        self._shared.calls.cancel(self._shared.callbacks.named(pSink, current_caller()))
        return WbemStatus.NO_ERROR

    async def QueryObjectSink(self, lFlags: int) -> QueryObjectSinkReply:
        if lFlags:
            raise WbemError(WbemStatus.INVALID_PARAMETER, f"lFlags is reserved here and must be 0, not {lFlags}")
        await self._session.emit((), self._context(CallFlags.NONE))  # which says whether the caller may
        sink = EventSink(self._session, self._contexts, self._shared.check_running)
        return QueryObjectSinkReply(self._shared.exporter.export(sink, IWbemObjectSink))

    # Objects.

    async def GetObject(
        self, strObjectPath: Text, lFlags: int, pCtx: Pointer, ppObject: Out, ppCallResult: Out
    ) -> GetObjectReply:
        verb = methods.getting(self._session, strObjectPath)
        found, result = await self._one("GetObject", verb, lFlags, pCtx, ppCallResult, ppObject is not None)
        return GetObjectReply(_object(found), result)

    async def PutClass(self, pObject: Pointer, lFlags: int, pCtx: Pointer, ppCallResult: Out) -> CallResultReply:
        verb = methods.putting(self._session, pointed_object(pObject, "pObject"), CimClass)
        return CallResultReply((await self._one("PutClass", verb, lFlags, pCtx, ppCallResult))[1])

    async def DeleteClass(self, strClass: Text, lFlags: int, pCtx: Pointer, ppCallResult: Out) -> CallResultReply:
        verb = methods.deleting_class(self._session, strClass)
        return CallResultReply((await self._one("DeleteClass", verb, lFlags, pCtx, ppCallResult))[1])

    async def PutInstance(self, pInst: Pointer, lFlags: int, pCtx: Pointer, ppCallResult: Out) -> CallResultReply:
        verb = methods.putting(self._session, pointed_object(pInst, "pInst"), CimInstance)
        return CallResultReply((await self._one("PutInstance", verb, lFlags, pCtx, ppCallResult))[1])

    async def DeleteInstance(
        self, strObjectPath: Text, lFlags: int, pCtx: Pointer, ppCallResult: Out
    ) -> CallResultReply:
        verb = methods.deleting_instance(self._session, strObjectPath)
        return CallResultReply((await self._one("DeleteInstance", verb, lFlags, pCtx, ppCallResult))[1])

    async def ExecMethod(
        self,
        strObjectPath: Text,
        strMethodName: Text,
        lFlags: int,
        pCtx: Pointer,
        pInParams: Pointer,
        ppOutParams: Out,
        ppCallResult: Out,
    ) -> ExecMethodReply:
        verb = self._method(strObjectPath, strMethodName, pInParams)
        found, result = await self._one("ExecMethod", verb, lFlags, pCtx, ppCallResult, ppOutParams is not None)
        return ExecMethodReply(_object(found), result)

    # Enumerations and queries.

    async def CreateClassEnum(self, strSuperclass: Text, lFlags: int, pCtx: Pointer) -> EnumReply:
        return await self._many("CreateClassEnum", methods.classes(self._session, strSuperclass), lFlags, pCtx)

    async def CreateInstanceEnum(self, strSuperClass: Text, lFlags: int, pCtx: Pointer) -> EnumReply:
        return await self._many("CreateInstanceEnum", methods.instances(self._session, strSuperClass), lFlags, pCtx)

    async def ExecQuery(self, strQueryLanguage: Text, strQuery: Text, lFlags: int, pCtx: Pointer) -> EnumReply:
        verb = methods.querying(self._session, strQueryLanguage, strQuery)
        return await self._many("ExecQuery", verb, lFlags, pCtx)

    async def ExecNotificationQuery(
        self, strQueryLanguage: Text, strQuery: Text, lFlags: int, pCtx: Pointer
    ) -> EnumReply:
        verb = methods.notifying(self._session, strQueryLanguage, strQuery)
        return await self._many("ExecNotificationQuery", verb, lFlags, pCtx)

    # The same, told to a sink.

    async def GetObjectAsync(self, strObjectPath: Text, lFlags: int, pCtx: Pointer, pResponseHandler: Pointer) -> int:
        verb = methods.getting(self._session, strObjectPath)
        return await self._pushed("GetObjectAsync", verb, lFlags, pCtx, pResponseHandler, strObjectPath)

    async def PutClassAsync(self, pObject: Pointer, lFlags: int, pCtx: Pointer, pResponseHandler: Pointer) -> int:
        verb = methods.putting(self._session, pointed_object(pObject, "pObject"), CimClass)
        return await self._pushed("PutClassAsync", verb, lFlags, pCtx, pResponseHandler)

    async def DeleteClassAsync(self, strClass: Text, lFlags: int, pCtx: Pointer, pResponseHandler: Pointer) -> int:
        verb = methods.deleting_class(self._session, strClass)
        return await self._pushed("DeleteClassAsync", verb, lFlags, pCtx, pResponseHandler, strClass)

    async def PutInstanceAsync(self, pInst: Pointer, lFlags: int, pCtx: Pointer, pResponseHandler: Pointer) -> int:
        verb = methods.putting(self._session, pointed_object(pInst, "pInst"), CimInstance)
        return await self._pushed("PutInstanceAsync", verb, lFlags, pCtx, pResponseHandler)

    async def DeleteInstanceAsync(
        self, strObjectPath: Text, lFlags: int, pCtx: Pointer, pResponseHandler: Pointer
    ) -> int:
        verb = methods.deleting_instance(self._session, strObjectPath)
        return await self._pushed("DeleteInstanceAsync", verb, lFlags, pCtx, pResponseHandler, strObjectPath)

    async def CreateClassEnumAsync(
        self, strSuperclass: Text, lFlags: int, pCtx: Pointer, pResponseHandler: Pointer
    ) -> int:
        verb = methods.classes(self._session, strSuperclass)
        return await self._pushed("CreateClassEnumAsync", verb, lFlags, pCtx, pResponseHandler, strSuperclass)

    async def CreateInstanceEnumAsync(
        self, strSuperClass: Text, lFlags: int, pCtx: Pointer, pResponseHandler: Pointer
    ) -> int:
        verb = methods.instances(self._session, strSuperClass)
        return await self._pushed("CreateInstanceEnumAsync", verb, lFlags, pCtx, pResponseHandler, strSuperClass)

    async def ExecQueryAsync(
        self, strQueryLanguage: Text, strQuery: Text, lFlags: int, pCtx: Pointer, pResponseHandler: Pointer
    ) -> int:
        verb = methods.querying(self._session, strQueryLanguage, strQuery)
        return await self._pushed("ExecQueryAsync", verb, lFlags, pCtx, pResponseHandler, strQuery)

    async def ExecNotificationQueryAsync(
        self, strQueryLanguage: Text, strQuery: Text, lFlags: int, pCtx: Pointer, pResponseHandler: Pointer
    ) -> int:
        verb = methods.notifying(self._session, strQueryLanguage, strQuery)
        return await self._pushed("ExecNotificationQueryAsync", verb, lFlags, pCtx, pResponseHandler, strQuery)

    async def ExecMethodAsync(
        self,
        strObjectPath: Text,
        strMethodName: Text,
        lFlags: int,
        pCtx: Pointer,
        pInParams: Pointer,
        pResponseHandler: Pointer,
    ) -> int:
        verb = self._method(strObjectPath, strMethodName, pInParams)
        return await self._pushed("ExecMethodAsync", verb, lFlags, pCtx, pResponseHandler, strObjectPath)

    # What the methods have in common.

    def _method(self, path: Text, method: Text, given: Pointer) -> Verb:
        inputs = None if given is None else pointed_object(given, "pInParams")
        return methods.calling(self._session, path, method, inputs)

    @property
    def shared(self) -> Shared:
        return self._shared

    def opened(self, session: Session) -> Services:
        return Services(self._shared, self._shared.opened(session), self._contexts)

    def give_back_result(self) -> None:
        self._shared.allowances.results.leave(self._principal)

    async def _one(
        self, method: str, verb: Verb, lFlags: int, pCtx: Pointer, call_result: Out, has_out: bool = True
    ) -> tuple[Any, Out]:
        """(the result, or None if it is not wanted; None), or (None, the IWbemCallResult)."""
        rule = RULES[method]
        asked = rule.read(lFlags)
        context = self._context(asked.flags, pCtx)
        if rule.by_call_result(asked, call_result=call_result is not None, out=has_out):
            return None, await self._by_call_result(rule, partial(verb, context, asked))
        operation = verb(context, asked)
        try:
            await operation.status()
            operation.results.check()
            return (operation.results.whole() if has_out else None), None
        except asyncio.CancelledError:
            if method in READING:
                operation.cancel()
            raise
        finally:
            operation.close()

    async def _by_call_result(self, rule: CallRule, verb: Callable[[], Operation[Any]]) -> Out:
        self._shared.allowances.results.enter(self._principal)
        start_apart(callers_own())
        try:
            operation = await _begun(verb)
        except BaseException:
            self.give_back_result()
            raise
        made = CallResult(self, operation.hand_over(), rule.gives)
        return Cell(self._shared.exported(made, IWbemCallResult))

    async def _many(self, method: str, verb: Verb, lFlags: int, pCtx: Pointer) -> EnumReply:
        """An enumerator over what a call brings; over all of it, unless it was told to return at once."""
        asked = RULES[method].read(lFlags)
        context = self._context(asked.flags, pCtx)
        forward_only = CallFlags.FORWARD_ONLY in asked.flags
        at_once = CallFlags.RETURN_IMMEDIATELY in asked.flags
        if forward_only and not at_once:  # a synchronous call gathers before it returns
            context = replace(context, flags=context.flags & ~CallFlags.FORWARD_ONLY)
        self._shared.allowances.enumerators.enter(self._principal)
        if at_once:
            start_apart(callers_own())
        try:
            operation = await _begun(partial(verb, context, asked), to_the_end=not at_once)
        except BaseException:
            self._shared.allowances.enumerators.leave(self._principal)
            raise
        kind = ForwardOnlyEnumerator if forward_only else Enumerator
        made = kind(self._shared, operation.hand_over(), self._principal)
        return EnumReply(self._shared.exported(made, IEnumWbemClassObject))

    async def _pushed(
        self, method: str, verb: Verb, lFlags: int, pCtx: Pointer, handler: Pointer, about: Text = None
    ) -> int:
        """Everything that the call brings, and its end, goes to the sink."""
        rule = RULES[method]
        asked = rule.read(lFlags)
        # Nothing is read twice, and a slow sink has its producer wait.
        context = self._context(asked.flags | CallFlags.FORWARD_ONLY, pCtx)
        sink = await self._shared.sink(handler, rule.gives, method, about or "")

        async def start() -> None:
            try:
                await push(verb(context, asked), sink, self._shared.calls, runs_on=rule.runs_on)
            except BaseException:
                sink.let_go()
                raise

        # Where the connection is lost meanwhile, the call goes on, and its sink hears of it or is let go.
        await asyncio.shield(self._shared.callbacks.run(start()))
        return WbemStatus.NO_ERROR

    def _context(self, flags: CallFlags, pCtx: Pointer = None) -> CallContext:
        """Of a call that is taken. SHUTTING_DOWN, INVALID_CONTEXT."""
        self._shared.check_running()
        return self._contexts.of(flags, pCtx)

    @property
    def _principal(self) -> str:
        return self._contexts.principal


async def _begun(verb: Callable[[], Operation[Any]], *, to_the_end: bool = False) -> Operation[Any]:
    """A call that has started, or ended. Raises what it could not start for, or failed with."""
    operation = verb()
    try:
        await operation.started()
        if to_the_end:
            await operation.status()
            operation.results.check()
    except BaseException:
        operation.close()
        raise
    return operation


def _cell(pointer: Pointer) -> Out:
    return None if pointer is None else Cell(pointer)


def _object(found: Any) -> Out:
    return None if found is None else Cell(object_pointer(found))
