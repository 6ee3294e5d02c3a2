"""What a face of a session is asked with, checked before a call starts; and how a call with one result is answered.

The same for every face, over the wire or not ([MS-WMI] 3.1.4.3, 3.1.4.5); which flags go with which call is in `modes`.
"""

from __future__ import annotations

import asyncio
from functools import partial
from typing import Any, Protocol

from openwmi.base.clock import NEVER
from openwmi.base.error import WbemError
from openwmi.base.limits import CLASS_NAME_CHARS, OBJECT_PATH_CHARS, QUERY_CHARS
from openwmi.base.status import WbemStatus
from openwmi.model import CimClass, ObjectPath
from openwmi.operation import CallTable, Operation, Progress, ResultSet, Sink, State, tasks
from openwmi.operation.results import EVERYTHING
from openwmi.session.modes import Gives, returned_at_once

WORD = 0xFFFF


def checked_query(language: str | None, text: str | None) -> str:
    """The text of a query in WQL. INVALID_PARAMETER, INVALID_QUERY_TYPE, QUOTA_VIOLATION."""
    language, text = checked_text("a query language", language), checked_text("a query", text)
    if language.upper() != "WQL":
        raise WbemError(WbemStatus.INVALID_QUERY_TYPE, f"the query language is WQL, not {language}")
    return _within(QUERY_CHARS, "a query", text)


def checked_path(path: str | None) -> str:
    """The path of an object. INVALID_PARAMETER, QUOTA_VIOLATION."""
    return _within(OBJECT_PATH_CHARS, "an object path", checked_text("an object path", path))


def checked_class_name(name: str | None) -> str:
    """The name of a class. INVALID_PARAMETER, QUOTA_VIOLATION; INVALID_CLASS for what is no name."""
    name = _within(CLASS_NAME_CHARS, "the name of a class", checked_text("the name of a class", name))
    try:
        is_class = ObjectPath.parse(name).is_class
    except WbemError:
        is_class = False
    if not is_class:
        raise WbemError(WbemStatus.INVALID_CLASS, f"{name!r} is not the name of a class")
    return name


def checked_instance_path(path: str | None) -> str:
    """The path of an instance. INVALID_PARAMETER, QUOTA_VIOLATION; INVALID_OBJECT_PATH for the name of a class.

    "The CIM path MUST contain the class name and the value of the key properties" ([MS-WMI] 3.1.4.3.14): or a call that
    deletes an instance would delete a class.
    """
    path = checked_path(path)
    if ObjectPath.parse(path).is_class:
        raise WbemError(WbemStatus.INVALID_OBJECT_PATH, f"{path!r} is a class, and not the path of an instance")
    return path


def checked_text(what: str, text: str | None) -> str:
    """INVALID_PARAMETER for NULL, for nothing, and for what is no text."""
    if not isinstance(text, str) or not text:
        raise WbemError(WbemStatus.INVALID_PARAMETER, f"{what} must be given, as text, and this is {text!r}")
    return text


def empty_class() -> Operation[CimClass]:
    """What a get without a path gives: a class without a name, to be filled ([MS-WMI] 3.1.4.3.4, strObjectPath)."""

    async def work(results: ResultSet[CimClass]) -> CimClass:
        results.begin()
        return CimClass("")

    return Operation.start(work, "get", single=True)


def answer(results: ResultSet[Any], gives: Gives, wanted: Gives) -> Any:
    """What a getter of IWbemCallResult gives of a call that has ended; or the failure of the call is raised.

    INVALID_OPERATION where calls of that kind leave nothing for this getter: [MS-WMI] 3.1.4.5.2 says so for a string,
    and no code for the others.
    """
    results.check()
    found = results.whole() if wanted is gives else None
    if found is None:
        raise WbemError(
            WbemStatus.INVALID_OPERATION,
            f"{results.kind} gives {gives.value}, and not {wanted.value}",
            operation=results.name or None,
        )
    return result_string(found) if wanted is Gives.STRING else found


def result_string(path: ObjectPath) -> str:
    """What GetResultString gives of a put, and SetStatus as strParam.

    Windows: the path within the namespace. System.Management sets it as a RelativePath, which no other path can be.
    """
    return str(path.relative)


def progress_words(progress: Progress) -> int:
    """What SetStatus says of progress: LOWORD: done, HIWORD: of how much; larger numbers in proportion."""
    done, total = max(0, progress.done), max(0, progress.total)
    if max(done, total) > WORD:
        scale = max(done, total)
        done, total = done * WORD // scale, total * WORD // scale
    return total << 16 | done


class Closing(Protocol):
    """What has to be closed, such as an opened namespace."""

    async def close(self) -> None: ...


def close_unless_taken(results: ResultSet[Any], opened: Closing) -> None:
    """Once a call has ended: what it opened is closed if it was given up in the last moment, since nobody has it."""
    if results.error is not None:
        tasks.run(results.loop, opened.close())


async def push(operation: Operation[Any], sink: Sink[Any], table: CallTable, *, runs_on: bool = False) -> None:
    """Hands a call that was just started over to its sink: the whole of an asynchronous method.

    Args:
        operation: the call.
        sink: what hears of it.
        table: where it can be cancelled by its sink.
        runs_on: whether the call itself goes on when it is cancelled there.

    Raises what the method returns itself; the sink has then not been touched ([MS-WMI] 3.1.1.1.3). What [MS-WMI] wants
    told to the sink although the call has not begun goes there.
    """
    if runs_on:
        operation = Operation.start(
            partial(_look_on, operation), operation.name, single=True, context=operation.results.context
        )
    results = operation.results
    operation.deliver(sink, table)
    try:
        while results.state is State.STARTING:
            await results.wait(0, NEVER)
        if results.began:
            return
        refusal = _refusal(results)
    finally:
        operation.close()  # not before: the delivery holds the results of a call that has begun, and of no other
    told: Operation[Any] = Operation.start(partial(_fail, refusal), results.name, single=True, context=results.context)
    told.deliver(sink, table)
    told.close()


def _within(limit: int, what: str, text: str) -> str:
    if len(text) > limit:
        raise WbemError(WbemStatus.QUOTA_VIOLATION, f"{what} has at most {limit} characters, and this has {len(text)}")
    return text


def _refusal(results: ResultSet[Any]) -> WbemError:
    """Why a call has not begun, for its sink; raised if the method returns it itself."""
    try:
        results.check()
    except WbemError as error:
        if returned_at_once(error.status):
            raise
        return error
    raise AssertionError("a call that has not begun has failed")


async def _fail(error: WbemError, results: ResultSet[Any]) -> None:
    results.begin()
    raise error


async def _look_on(operation: Operation[Any], results: ResultSet[Any]) -> Any:
    """What another call with one result brings, without being that call: it may end earlier."""
    try:
        await _watch(operation, results)
    except asyncio.CancelledError:
        if operation.results.aftermath:  # it is another machine that goes on with it, and need not tell us any more
            operation.cancel()
        raise
    operation.results.check()
    return operation.results.whole()


async def _watch(operation: Operation[Any], results: ResultSet[Any]) -> None:
    await operation.started()
    results.begin()
    seen: Progress | None = None
    while True:
        progress = operation.progress
        if progress is not None and progress is not seen:
            seen = progress
            results.report(progress.done, progress.total, progress.text)
        if operation.results.finished:
            break
        await operation.results.wait(EVERYTHING, NEVER)
