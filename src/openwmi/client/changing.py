"""What changes another machine: objects that are put and deleted there, and methods that are called.

Each says so to whoever waits for it: where the answer is lost, the outcome is unknown.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from functools import partial
from typing import Any, Final

from openwmi.base.case import fold
from openwmi.base.error import WbemError
from openwmi.base.fault import RemoteProtocolError
from openwmi.base.status import WbemStatus
from openwmi.client.asking import Asking
from openwmi.client.link import Entered
from openwmi.client.pushed import EVERYWHERE, Push
from openwmi.client.results import Answered, Out
from openwmi.model import ChangeFlag, CimClass, CimInstance, ObjectPath
from openwmi.model.parameters import PARAMETERS, input_class
from openwmi.ndr import Cell
from openwmi.operation import CallContext, ResultSet
from openwmi.pointers import object_pointer, pointed_object, values_pointer
from openwmi.session.arguments import checked_inputs, find_method

STALE: Final = frozenset(
    {
        WbemStatus.INVALID_METHOD,
        WbemStatus.INVALID_METHOD_PARAMETERS,
        WbemStatus.METHOD_DISABLED,
        WbemStatus.METHOD_NOT_IMPLEMENTED,
    }
)
"""What a call of a method fails with, and is not carried out, where its class is not what it was."""


async def call(
    asking: Asking,
    path: str,
    method: str,
    inputs: Mapping[str, object],
    context: CallContext,
    results: ResultSet[CimInstance],
) -> CimInstance:
    """The out-parameters of a method. Its class is asked for again where it may have changed since it last was."""
    known = asking.knows(ObjectPath.parse(path).class_name)
    try:
        return await _called(asking, path, method, inputs, context, results)
    except WbemError as error:
        if not known or error.status not in STALE:
            raise
    asking.forget_classes()  # it may have changed since it was asked for
    return await _called(asking, path, method, inputs, context, results)


async def put(
    asking: Asking,
    what: CimClass | CimInstance,
    context: CallContext,
    flags: ChangeFlag,
    results: ResultSet[Any],
    namespace: str | None = None,
) -> ObjectPath:
    """The path of what was put, with the server and the namespace in it."""
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
        pushed = await asking.push(push, context, results, changes=True, namespace=namespace)
        if pushed is not None:
            said = pushed.text
        else:
            said = await asking.one(method, ask, context, results, changes=True, more=int(flags), namespace=namespace)
    finally:
        if isinstance(what, CimClass):
            asking.forget_classes()
    return await _stored(asking, what, said, context, namespace)


async def put_several(
    asking: Asking,
    what: Sequence[CimClass | CimInstance],
    context: CallContext,
    flags: ChangeFlag,
    results: ResultSet[Any],
) -> tuple[ObjectPath, ...]:
    """Their paths. The error of one says how many before it have been put."""
    paths: list[ObjectPath] = []
    for each in what:
        try:
            paths.append(await put(asking, each, context, flags, results))
        except WbemError as error:
            if not paths:
                raise
            text = f"{error.message} (the {len(paths)} of {len(what)} before it have been put)"
            raise WbemError(error.status, text, extended=error.extended) from error.__cause__
    return tuple(paths)


async def delete(
    asking: Asking, path: str, context: CallContext, results: ResultSet[Any], namespace: str | None = None
) -> None:
    """A class or an instance, as the path says."""
    parsed = ObjectPath.parse(path)
    method = "DeleteClass" if parsed.is_class else "DeleteInstance"
    # A class is deleted by its name: what else the path says has to be true of this namespace.
    named = parsed.class_name if parsed.is_class and _is_in(asking.namespace, parsed) else path
    push = partial(Push, f"{method}Async", (named,))

    async def ask(entered: Entered, flags: int, _: Out, result: Out) -> Answered:
        verb = getattr(entered.services, method)
        return None, (await verb(named, flags, values_pointer(context.values), result)).ppCallResult

    try:
        if await asking.push(push, context, results, changes=True, namespace=namespace) is None:
            await asking.one(method, ask, context, results, changes=True, namespace=namespace)
    finally:
        if parsed.is_class:
            asking.forget_classes()


async def _called(
    asking: Asking,
    path: str,
    method: str,
    inputs: Mapping[str, object],
    context: CallContext,
    results: ResultSet[CimInstance],
) -> CimInstance:
    given = await _in_parameters(asking, path, method, inputs, context)
    push = partial(Push, "ExecMethodAsync", (path, method), (given,))
    pushed = await asking.push(push, context, results, changes=True)
    if pushed is not None:
        return _outputs(pushed.object)

    async def ask(entered: Entered, flags: int, out: Out, result: Out) -> Answered:
        values = values_pointer(context.values)
        reply = await entered.services.ExecMethod(path, method, flags, values, given, out, result)
        return reply.ppOutParams, reply.ppCallResult

    found = await asking.one("ExecMethod", ask, context, results, changes=True)
    return _outputs(None if found is None else pointed_object(found, "ppOutParams"))


async def _in_parameters(
    asking: Asking, path: str, name: str, inputs: Mapping[str, object], context: CallContext
) -> bytes | None:
    """The in-parameters of a method, as an instance of their class; NULL where it has none."""
    class_ = await asking.class_(ObjectPath.parse(path).class_name, context)
    method = find_method(class_, name)
    checked = checked_inputs(class_, method, inputs)
    declared = input_class(method)
    return None if declared is None else object_pointer(declared.instance(checked))


def _outputs(found: CimClass | CimInstance | None) -> CimInstance:
    return found if isinstance(found, CimInstance) else CimClass(PARAMETERS).instance({})


async def _stored(
    asking: Asking, what: CimClass | CimInstance, said: str | None, context: CallContext, namespace: str | None
) -> ObjectPath:
    """The path of what was put; `said`: what the server says that it is, where only it knows."""
    if what.path_ is None and not said:
        raise RemoteProtocolError("the instance was put, and its path was not said")
    path = what.path_ or ObjectPath.parse(said or "")
    server = path.server
    if server is None:
        with suppress(WbemError):  # it has been put, whatever becomes of this question
            server = (await asking.class_(EVERYWHERE, context)).server or None
    return replace(path, server=server, namespace=namespace or asking.namespace)


def _is_in(namespace: str, path: ObjectPath) -> bool:
    return path.server is None and (path.namespace is None or fold(path.namespace) == fold(namespace))
