"""IWbemServices: the 23 calls on a namespace, by the header's names ([MS-WMI] 3.1.4.3; the SDK's page of each).

    synchronous         svc.GetObject("Win32_Process.Handle='4'")           -> (hr, object, None)
    semisynchronous     svc.GetObject(path, WBEM_FLAG_RETURN_IMMEDIATELY, None, None, OUT)
                                                                            -> (hr, None, IWbemCallResult)
                        svc.ExecQuery("WQL", text, WBEM_FLAG_RETURN_IMMEDIATELY | WBEM_FLAG_FORWARD_ONLY)
                                                                            -> (hr, IEnumWbemClassObject)
    asynchronous        svc.GetObjectAsync(path, 0, None, sink)             -> hr; the sink hears the rest

A method returns its HRESULT, alone or in front of the out parameters in the header's order; a failure is never raised.
What is passed as `OUT` or NULL is said in `openwmi.blocking.com.out`. Each method may be called on any thread, also on
that of a sink's callback. The flags of each method are a table, `openwmi.session.modes`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from functools import partial
from typing import Any, Final
from weakref import finalize

from openwmi.base.error import NotFound, WbemError
from openwmi.base.status import WbemStatus
from openwmi.blocking.com.calling import com_method, require, require_no_flags
from openwmi.blocking.com.out import OUT, Out
from openwmi.blocking.com.unknown import S_OK, IUnknown
from openwmi.blocking.runner import Runner, runner
from openwmi.model import CimClass, CimInstance
from openwmi.operation import LOCAL, NO_VALUES, CallContext, CallFlags
from openwmi.session import Session, methods
from openwmi.session.methods import Verb
from openwmi.session.modes import RULES
from openwmi.wbemcli.callresult import CallResult
from openwmi.wbemcli.calls import Call, service_method
from openwmi.wbemcli.classobject import IWbemClassObject
from openwmi.wbemcli.context import IWbemContext
from openwmi.wbemcli.enumerator import IEnumWbemClassObject
from openwmi.wbemcli.origin import Origin, parameter_info
from openwmi.wbemcli.sink import CALLS, IWbemObjectSink, Relay, checked_sink

Flags = int
Object = IWbemClassObject | None
Sink = IWbemObjectSink | None
Context = IWbemContext | None


class IWbemServices(IUnknown, iid="9556dc99-828c-11cf-a37e-00aa003240c7"):
    """One namespace, for one caller. IWbemLocator.ConnectServer and OpenNamespace return it.

    Args:
        session: the verbs, in process or over the wire.
        caller: who calls, in which language, and what goes with each call.
        login: who logged in at another machine, whose connection ends with the last that came of this; None in process.

    Attributes:
        principal_: who calls from here on; see CoSetProxyBlanket.
        login_: as above.
    """

    def __init__(self, session: Session, caller: CallContext = LOCAL, login: str | None = None) -> None:
        self._session = session
        self._locale = caller.locale
        self._values = caller.values
        self._contexts: dict[CallFlags, CallContext] = {}
        self._principal = caller.principal
        self._runner = runner()  # of this process: in the child of a fork it says that it is another's
        self.login_ = login
        if login is not None:
            # Enumerators, call results, sinks and objects hold what they came from: this is gone when they are.
            finalize(self, self._runner.post, _closed, session).atexit = False

    @property
    def principal_(self) -> str:
        """Who calls from here on; see CoSetProxyBlanket."""
        return self._principal

    @principal_.setter
    def principal_(self, principal: str) -> None:
        self._principal = principal
        self._contexts = {}

    # Namespaces, sinks.

    @service_method(2)
    def OpenNamespace(
        self,
        strNamespace: str | None,
        lFlags: Flags = 0,
        pCtx: Context = None,
        ppWorkingNamespace: Out = OUT,
        ppResult: Out = None,
    ) -> tuple[int, IWbemServices | None, IWbemCallResult | None]:
        """(hresult, ppWorkingNamespace, ppResult): a namespace below this one, such as `cimv2` from `root`.

        pCtx is reserved. A path that begins with a slash is absolute, and refused.
        """
        verb = methods.opening(self._session, strNamespace, has_context=pCtx is not None)
        call = self._call("OpenNamespace", lFlags, pCtx, strNamespace)
        session, result = _one(call, verb, ppWorkingNamespace, ppResult)
        return S_OK, None if session is None else IWbemServices(session, call.context, self.login_), result

    @service_method()
    def CancelAsyncCall(self, pSink: Sink) -> int:
        """Cancels every call under way that tells this sink, and returns at once.

        The sink then hears nothing but one final SetStatus(WBEM_E_CALL_CANCELLED), after a callback that is running.
        WBEM_E_INVALID_PARAMETER for NULL, WBEM_E_NOT_FOUND for a sink that no call under way tells.

        MSDN wants it called outside of the sink's callbacks; here it may be called there as well.
        """
        self._runner.check()
        CALLS.cancel_aside(Relay(checked_sink(pSink)), self._runner.post)
        return S_OK

    @service_method(1)
    def QueryObjectSink(self, lFlags: Flags = 0) -> tuple[int, IWbemObjectSink | None]:
        """(hresult, ppResponseHandler): a sink to whose Indicate extrinsic events are given, for all who subscribed."""
        require_no_flags(lFlags)
        return S_OK, EventSink(self._session, self._context(CallFlags.NONE, None), self._runner)

    # Objects.

    @service_method(2)
    def GetObject(
        self,
        strObjectPath: str | None = None,
        lFlags: Flags = 0,
        pCtx: Context = None,
        ppObject: Out = OUT,
        ppCallResult: Out = None,
    ) -> tuple[int, IWbemClassObject | None, IWbemCallResult | None]:
        """(hresult, ppObject, ppCallResult): the class or the instance at a path; without one an empty class."""
        verb = methods.getting(self._session, strObjectPath)
        call = self._call("GetObject", lFlags, pCtx, strObjectPath)
        found, result = _one(call, verb, ppObject, ppCallResult)
        return S_OK, None if found is None else call.origin.face(found), result

    @service_method()
    def GetObjectAsync(self, strObjectPath: str | None, lFlags: Flags, pCtx: Context, pResponseHandler: Sink) -> int:
        """As GetObject; the object goes to the sink."""
        verb = methods.getting(self._session, strObjectPath)
        return self._call("GetObjectAsync", lFlags, pCtx, strObjectPath).pushed(verb, pResponseHandler)

    # Classes.

    @service_method(1)
    def PutClass(
        self, pObject: Object, lFlags: Flags = 0, pCtx: Context = None, ppCallResult: Out = None
    ) -> tuple[int, IWbemCallResult | None]:
        """(hresult, ppCallResult): creates or updates a class."""
        verb = methods.putting(self._session, model_of(pObject), CimClass)
        return S_OK, _one(self._call("PutClass", lFlags, pCtx, pObject), verb, OUT, ppCallResult)[1]

    @service_method()
    def PutClassAsync(self, pObject: Object, lFlags: Flags, pCtx: Context, pResponseHandler: Sink) -> int:
        """As PutClass; the sink hears how it ended."""
        verb = methods.putting(self._session, model_of(pObject), CimClass)
        return self._call("PutClassAsync", lFlags, pCtx, pObject).pushed(verb, pResponseHandler)

    @service_method(1)
    def DeleteClass(
        self, strClass: str | None, lFlags: Flags = 0, pCtx: Context = None, ppCallResult: Out = None
    ) -> tuple[int, IWbemCallResult | None]:
        """(hresult, ppCallResult): deletes a class, its instances, and all that is derived from it."""
        verb = methods.deleting_class(self._session, strClass)
        return S_OK, _one(self._call("DeleteClass", lFlags, pCtx, strClass), verb, OUT, ppCallResult)[1]

    @service_method()
    def DeleteClassAsync(self, strClass: str | None, lFlags: Flags, pCtx: Context, pResponseHandler: Sink) -> int:
        """As DeleteClass; the sink hears how it ended."""
        verb = methods.deleting_class(self._session, strClass)
        return self._call("DeleteClassAsync", lFlags, pCtx, strClass).pushed(verb, pResponseHandler)

    @service_method(1)
    def CreateClassEnum(
        self, strSuperclass: str | None = None, lFlags: Flags = 0, pCtx: Context = None
    ) -> tuple[int, IEnumWbemClassObject | None]:
        """(hresult, ppEnum): the classes below one, all the way down or (WBEM_FLAG_SHALLOW) the next generation.

        Without a superclass: all classes, or those that have none.
        """
        verb = methods.classes(self._session, strSuperclass)
        return S_OK, self._call("CreateClassEnum", lFlags, pCtx, strSuperclass).many(verb)

    @service_method()
    def CreateClassEnumAsync(
        self, strSuperclass: str | None, lFlags: Flags, pCtx: Context, pResponseHandler: Sink
    ) -> int:
        """As CreateClassEnum; the classes go to the sink."""
        verb = methods.classes(self._session, strSuperclass)
        return self._call("CreateClassEnumAsync", lFlags, pCtx, strSuperclass).pushed(verb, pResponseHandler)

    # Instances.

    @service_method(1)
    def PutInstance(
        self, pInst: Object, lFlags: Flags = 0, pCtx: Context = None, ppCallResult: Out = None
    ) -> tuple[int, IWbemCallResult | None]:
        """(hresult, ppCallResult): creates or updates an instance; GetResultString of the latter is its path."""
        verb = methods.putting(self._session, model_of(pInst), CimInstance)
        return S_OK, _one(self._call("PutInstance", lFlags, pCtx, pInst), verb, OUT, ppCallResult)[1]

    @service_method()
    def PutInstanceAsync(self, pInst: Object, lFlags: Flags, pCtx: Context, pResponseHandler: Sink) -> int:
        """As PutInstance; the sink hears how it ended, and the path."""
        verb = methods.putting(self._session, model_of(pInst), CimInstance)
        return self._call("PutInstanceAsync", lFlags, pCtx, pInst).pushed(verb, pResponseHandler)

    @service_method(1)
    def DeleteInstance(
        self, strObjectPath: str | None, lFlags: Flags = 0, pCtx: Context = None, ppCallResult: Out = None
    ) -> tuple[int, IWbemCallResult | None]:
        """(hresult, ppCallResult): deletes the instance at a path."""
        verb = methods.deleting_instance(self._session, strObjectPath)
        return S_OK, _one(self._call("DeleteInstance", lFlags, pCtx, strObjectPath), verb, OUT, ppCallResult)[1]

    @service_method()
    def DeleteInstanceAsync(
        self, strObjectPath: str | None, lFlags: Flags, pCtx: Context, pResponseHandler: Sink
    ) -> int:
        """As DeleteInstance; the sink hears how it ended."""
        verb = methods.deleting_instance(self._session, strObjectPath)
        return self._call("DeleteInstanceAsync", lFlags, pCtx, strObjectPath).pushed(verb, pResponseHandler)

    @service_method(1)
    def CreateInstanceEnum(
        self, strFilter: str | None, lFlags: Flags = 0, pCtx: Context = None
    ) -> tuple[int, IEnumWbemClassObject | None]:
        """(hresult, ppEnum): the instances of a class, and (without WBEM_FLAG_SHALLOW) of those derived from it."""
        verb = methods.instances(self._session, strFilter)
        return S_OK, self._call("CreateInstanceEnum", lFlags, pCtx, strFilter).many(verb)

    @service_method()
    def CreateInstanceEnumAsync(
        self, strFilter: str | None, lFlags: Flags, pCtx: Context, pResponseHandler: Sink
    ) -> int:
        """As CreateInstanceEnum; the instances go to the sink."""
        verb = methods.instances(self._session, strFilter)
        return self._call("CreateInstanceEnumAsync", lFlags, pCtx, strFilter).pushed(verb, pResponseHandler)

    # Queries.

    @service_method(1, about=1)
    def ExecQuery(
        self, strQueryLanguage: str | None, strQuery: str | None, lFlags: Flags = 0, pCtx: Context = None
    ) -> tuple[int, IEnumWbemClassObject | None]:
        """(hresult, ppEnum): what a query in WQL selects."""
        verb = methods.querying(self._session, strQueryLanguage, strQuery)
        return S_OK, self._call("ExecQuery", lFlags, pCtx, strQuery).many(verb)

    @service_method(about=1)
    def ExecQueryAsync(
        self,
        strQueryLanguage: str | None,
        strQuery: str | None,
        lFlags: Flags,
        pCtx: Context,
        pResponseHandler: Sink,
    ) -> int:
        """As ExecQuery; what is found goes to the sink."""
        verb = methods.querying(self._session, strQueryLanguage, strQuery)
        return self._call("ExecQueryAsync", lFlags, pCtx, strQuery).pushed(verb, pResponseHandler)

    @service_method(1, about=1)
    def ExecNotificationQuery(
        self, strQueryLanguage: str | None, strQuery: str | None, lFlags: Flags, pCtx: Context = None
    ) -> tuple[int, IEnumWbemClassObject | None]:
        """(hresult, ppEnum): events as they happen, until the enumerator is released.

        lFlags must have WBEM_FLAG_RETURN_IMMEDIATELY and WBEM_FLAG_FORWARD_ONLY: the events never end.
        """
        verb = methods.notifying(self._session, strQueryLanguage, strQuery)
        return S_OK, self._call("ExecNotificationQuery", lFlags, pCtx, strQuery).many(verb)

    @service_method(about=1)
    def ExecNotificationQueryAsync(
        self,
        strQueryLanguage: str | None,
        strQuery: str | None,
        lFlags: Flags,
        pCtx: Context,
        pResponseHandler: Sink,
    ) -> int:
        """As ExecNotificationQuery; events go to the sink until CancelAsyncCall. There is no SetStatus but of an error.

        WBEM_FLAG_SEND_STATUS is allowed, and has no effect.
        """
        verb = methods.notifying(self._session, strQueryLanguage, strQuery)
        return self._call("ExecNotificationQueryAsync", lFlags, pCtx, strQuery).pushed(verb, pResponseHandler)

    # Methods.

    @service_method(2)
    def ExecMethod(
        self,
        strObjectPath: str | None,
        strMethodName: str | None,
        lFlags: Flags = 0,
        pCtx: Context = None,
        pInParams: Object = None,
        ppOutParams: Out = OUT,
        ppCallResult: Out = None,
    ) -> tuple[int, IWbemClassObject | None, IWbemCallResult | None]:
        """(hresult, ppOutParams, ppCallResult): runs a method of an instance, or a static one of a class.

        What the method returns is ReturnValue of ppOutParams; a ReturnValue other than 0 is no failure of this call.
        """
        verb = self._method(strObjectPath, strMethodName, pInParams)
        call = self._call("ExecMethod", lFlags, pCtx, strObjectPath)
        found, result = _one(call, verb, ppOutParams, ppCallResult)
        return S_OK, None if found is None else call.origin.face(found), result

    @service_method()
    def ExecMethodAsync(
        self,
        strObjectPath: str | None,
        strMethodName: str | None,
        lFlags: Flags,
        pCtx: Context,
        pInParams: Object,
        pResponseHandler: Sink,
    ) -> int:
        """As ExecMethod; what it returned goes to the sink. Cancelling it does not stop the provider."""
        verb = self._method(strObjectPath, strMethodName, pInParams)
        return self._call("ExecMethodAsync", lFlags, pCtx, strObjectPath).pushed(verb, pResponseHandler)

    # What the methods have in common.

    def _call(self, method: str, flags: int, context: Context, argument: object) -> Call:
        asked = RULES[method].read(flags)
        origin = Origin(method, parameter_info(argument), self._superclass)
        return Call(origin, asked, self._context(asked.flags, context), self._runner, self.login_)

    def _context(self, flags: CallFlags, given: Context) -> CallContext:
        if given is None:
            known = self._contexts.get(flags)
            if known is None:
                known = CallContext(self._principal, self._locale, flags=flags, values=self._values)
                self._contexts[flags] = known
            return known
        require(isinstance(given, IWbemContext), f"pCtx is an IWbemContext, or NULL, and not {given!r}")
        values = {**self._values, **given.values_} if self._values is not NO_VALUES else given.values_
        return CallContext(self._principal, self._locale, flags=flags, values=values)

    def _superclass(self, name: str) -> CimClass | None:
        try:
            found = self._runner.complete(self._session.get, name, self._context(CallFlags.NONE, None))
        except NotFound:
            return None
        return found if isinstance(found, CimClass) else None

    def _method(self, path: str | None, method: str | None, given: Object) -> Verb:
        return methods.calling(self._session, path, method, None if given is None else model_of(given))


class IWbemCallResult(CallResult[IWbemServices], iid="44aca675-e8fc-11d0-a07c-00c04fb68820"):
    """A call with one result that goes on: the methods and their rules stand with `CallResult`."""

    def _opened(self, session: Session, caller: CallContext) -> IWbemServices:
        return IWbemServices(session, caller, self.login_)


class EventSink(IWbemObjectSink):
    """What QueryObjectSink returns: the one sink that openwmi implements and a program calls ([MS-WMI] 3.1.4.3.3)."""

    def __init__(self, session: Session, context: CallContext, runs_on: Runner) -> None:
        self._session = session
        self._context = context
        self._runner = runs_on  # that of the services, so that after a fork it says whose these are

    @service_method()
    def Indicate(self, lObjectCount: int, apObjArray: Sequence[IWbemClassObject]) -> int:
        """Gives events of classes derived from `__ExtrinsicEvent` to all who subscribed to them, all or none."""
        require(lObjectCount == len(apObjArray), f"{lObjectCount} objects were announced, and {len(apObjArray)} given")
        events = [model_of(each) for each in apObjArray]
        for each in events:
            if not isinstance(each, CimInstance):
                raise WbemError(WbemStatus.INVALID_OBJECT, f"an event is an instance, and this is {each!r}")
        if events:
            self._runner.complete(partial(self._session.emit, events, self._context))
        return S_OK

    @com_method()
    def SetStatus(self, lFlags: int, hResult: int, strParam: str | None = None, pObjParam: Object = None) -> int:
        """Has no effect. "Any other DWORD value … MUST be treated as not valid" ([MS-WMI] 3.1.4.2.2)."""
        require(lFlags in (0, 2), f"lFlags is WBEM_STATUS_COMPLETE or WBEM_STATUS_PROGRESS, and not {lFlags!r}")
        return S_OK


def model_of(given: object) -> Any:
    """The immutable object behind a face. INVALID_PARAMETER for NULL, and for what is no face."""
    if isinstance(given, IWbemClassObject):
        return given.model_
    raise WbemError(WbemStatus.INVALID_PARAMETER, f"an IWbemClassObject was expected, and not {given!r}")


def _one(call: Call, verb: Verb, out: Out, call_result: Out) -> tuple[Any, IWbemCallResult | None]:
    found, operation = call.one(verb, out, call_result)
    if operation is None:
        return found, None
    return None, IWbemCallResult(operation, RULES[call.origin.method].gives, call.origin, call.login)


def _closed(session: Session) -> None:
    """On the loop's thread: what was held of a session there is given back."""
    task = asyncio.ensure_future(session.close())
    _CLOSING.add(task)
    task.add_done_callback(_CLOSING.discard)


_CLOSING: Final[set[asyncio.Future[None]]] = set()
"""Tasks, which the loop itself would let go of."""
