"""The pythonic face of a session: verbs with keyword arguments, views with options."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from math import isnan
from pathlib import Path
from typing import Any, Self, TypeVar

from openwmi.base.clock import NEVER, Deadline
from openwmi.base.error import WbemError
from openwmi.base.status import WbemStatus
from openwmi.model import ChangeFlag, CimClass, CimInstance, ObjectPath
from openwmi.operation import NO_VALUES, CallContext, CallFlags, Operation, ResultSet, Sink
from openwmi.session.asking import close_unless_taken
from openwmi.session.moffile import read_mof
from openwmi.session.partly import partial_get, partial_put
from openwmi.session.traversal import associators_of, references_of
from openwmi.session.verbs import Session

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class _Options:
    timeout: float | None = None
    locale: str = ""
    flags: CallFlags = CallFlags.FORWARD_ONLY
    context: Mapping[str, object] = field(default_factory=lambda: NO_VALUES)
    sink: Sink[Any] | None = None


class Namespace:
    """A namespace to ask. Each verb returns an Operation that runs already: await it, hold it, or give it a sink.

    Options never mix with parameters: `options` and `with_sink` return views of the same namespace.
    """

    __slots__ = ("_options", "_session")

    def __init__(self, session: Session, options: _Options = _Options()) -> None:
        self._session = session
        self._options = options

    @property
    def name(self) -> str:
        """Such as `root\\cimv2`."""
        return self._session.namespace

    def __repr__(self) -> str:
        return f"<namespace {self.name}>"

    def options(
        self,
        *,
        timeout: float | None = None,
        locale: str | None = None,
        flags: CallFlags | None = None,
        keep: bool | None = None,
        context: Mapping[str, object] | None = None,
    ) -> Namespace:
        """A view of this namespace whose calls differ; what is not given stays as it is here.

        Args:
            timeout: seconds that a call may take; then it ends with Timeout. INVALID_PARAMETER for what is no number.
            locale: the preferred locale, such as `ms_409`.
            flags: see CallFlags. FORWARD_ONLY among them is `keep=False`; without it, what was said of keeping stays.
            keep: whether many results can be read again (reset, clone); else each is forgotten once it has been read.
            context: named values for those who carry a call out, as an IWbemContext has them (`__PUT_EXTENSIONS`, …).
        """
        changed = self._options
        if timeout is not None:
            changed = replace(changed, timeout=_seconds(timeout))
        if locale is not None:
            changed = replace(changed, locale=locale)
        if flags is not None:
            changed = replace(changed, flags=flags | changed.flags & CallFlags.FORWARD_ONLY)
        if keep is not None:
            forward_only = CallFlags.NONE if keep else CallFlags.FORWARD_ONLY
            changed = replace(changed, flags=changed.flags & ~CallFlags.FORWARD_ONLY | forward_only)
        if context is not None:
            changed = replace(changed, context=dict(context))
        return Namespace(self._session, changed)

    def with_sink(self, sink: Sink[Any]) -> Namespace:
        """A view of this namespace whose calls push their objects and status to `sink`. INVALID_PARAMETER."""
        if not isinstance(sink, Sink):
            raise WbemError(WbemStatus.INVALID_PARAMETER, f"{sink!r} is no sink: derive its class from openwmi.Sink")
        return Namespace(self._session, replace(self._options, sink=sink))

    def cancel_calls(self, sink: Sink[Any]) -> None:
        """Cancels every call that delivers to `sink`, as IWbemServices::CancelAsyncCall does. NOT_FOUND if none."""
        self._session.calls.cancel(sink)

    def get(self, path: str | ObjectPath, *, properties: Iterable[str] | None = None) -> Operation[Any]:
        """The instance at a path (`Win32_Process.Handle="4"`, `Win32_OperatingSystem=@`), or a class by its name.

        `properties` are those that are wanted of an instance: its keys come with them, and the others are NULL. It is
        the same as the named values `__GET_EXTENSIONS` and so on (SDK, "Partial-Instance Operations").

        Typed loosely, since the path alone says which of the two it is. INVALID_PARAMETER at once for what is no path.
        """
        return self._ready(self._session.get(_path(path), self._context(partial_get(properties))))

    def query(self, text: str, /, **parameters: object) -> Operation[Any]:
        """What a WQL query selects; `:name` in its text stands for the parameter `name`, as a value, never as text.

        Typed loosely, since the text alone says whether instances or (`FROM meta_class`) classes are asked for.
        """
        return self._ready(self._session.query(text, parameters, self._context()))

    def instances(self, class_name: str, *, deep: bool = True) -> Operation[CimInstance]:
        """All instances of a class, and unless `deep` is false of the classes derived from it."""
        return self._ready(
            self._session.instances(_name("the name of a class", class_name), deep=deep, context=self._context())
        )

    def classes(self, superclass: str | None = None, *, deep: bool = True) -> Operation[CimClass]:
        """The classes derived from `superclass`, or all; with `deep` false only the next generation."""
        name = None if superclass is None else _name("the name of a class", superclass)
        return self._ready(self._session.classes(name, deep=deep, context=self._context()))

    def call(self, path: str | ObjectPath, method: str, /, **parameters: object) -> Operation[CimInstance]:
        """Runs a method of an instance, or a static one of a class. A ReturnValue other than 0 is a value, no error."""
        name = _name("the name of a method", method)
        return self._ready(self._session.call(_path(path), name, parameters, self._context()))

    def associators(
        self,
        path: str | ObjectPath,
        *,
        assoc_class: str | None = None,
        result_class: str | None = None,
        role: str | None = None,
        result_role: str | None = None,
        required_qualifier: str | None = None,
        required_assoc_qualifier: str | None = None,
        class_defs_only: bool = False,
        keys_only: bool = False,
        schema_only: bool = False,
    ) -> Operation[Any]:
        """The objects that associations link with the one at a path, as ASSOCIATORS OF finds them.

        Args:
            path: of an instance; with `schema_only` of a class.
            assoc_class: only through associations of this class, or of one derived from it.
            result_class: only objects of this class, or of one derived from it.
            role: the property by which the association refers to the object at `path`.
            result_role: the property by which it refers to the result.
            required_qualifier, required_assoc_qualifier: what the result's class and the association's must have.
            class_defs_only: the classes of the results, not the instances.
            keys_only: instances with nothing but their keys.
            schema_only: `path` is a class, and the results are the classes that associations can link with it.

        Errors: NOT_FOUND if there is no object at `path`; INVALID_CLASS; INVALID_QUERY.
        """
        text = associators_of(
            AssocClass=assoc_class,
            RequiredAssocQualifier=required_assoc_qualifier,
            RequiredQualifier=required_qualifier,
            ResultClass=result_class,
            ResultRole=result_role,
            Role=role,
            KeysOnly=keys_only,
            ClassDefsOnly=class_defs_only,
            SchemaOnly=schema_only,
        )
        return self.query(text, path=_path(path))

    def references(
        self,
        path: str | ObjectPath,
        *,
        result_class: str | None = None,
        role: str | None = None,
        required_qualifier: str | None = None,
        class_defs_only: bool = False,
        keys_only: bool = False,
        schema_only: bool = False,
    ) -> Operation[Any]:
        """The associations that refer to the object at a path, as REFERENCES OF finds them; see `associators`."""
        text = references_of(
            RequiredQualifier=required_qualifier,
            ResultClass=result_class,
            Role=role,
            KeysOnly=keys_only,
            ClassDefsOnly=class_defs_only,
            SchemaOnly=schema_only,
        )
        return self.query(text, path=_path(path))

    def put(
        self,
        what: CimClass | CimInstance | Iterable[CimClass | CimInstance],
        *,
        flags: ChangeFlag = ChangeFlag.CREATE_OR_UPDATE,
        properties: Iterable[str] | None = None,
    ) -> Operation[Any]:
        """Creates or updates a class or an instance; the result is its ObjectPath.

        Args:
            what: one object, or several, which are put all or not at all; then the result is a tuple of paths.
            flags: see ChangeFlag.
            properties: of an instance that exists only these are written. It is the same as UPDATE_ONLY and the named
                values `__PUT_EXTENSIONS` and so on (SDK, "Partial-Instance Operations").
        """
        objects = _several(what, CimClass, CimInstance)
        for each in objects if isinstance(objects, tuple) else (objects,):
            if not isinstance(each, CimClass | CimInstance):
                raise _unfit("what is put is a CimClass or a CimInstance", each)
        if properties is not None:
            flags |= ChangeFlag.UPDATE_ONLY
        return self._ready(self._session.put(objects, self._context(partial_put(properties)), flags))

    def delete(self, path: str | ObjectPath) -> Operation[None]:
        """Deletes the instance at a path, or a class with its instances and all that is derived from it."""
        return self._ready(self._session.delete(_path(path), self._context()))

    def events(self, text: str, /, **parameters: object) -> Operation[CimInstance]:
        """The events that a notification query asks for, as they happen: an endless, forward-only stream.

        It sees what happens after `await op.started()`, and ends when it is cancelled or closed; `:name` in its text
        stands for the parameter `name`. Whoever reads too slowly gets the events that had room, and then
        QUEUE_OVERFLOW. `op.progress` tells how many polls of providers have succeeded, and what the last failure was.

        Errors: INVALID_QUERY; INVALID_CLASS; NOT_EVENT_CLASS; REGISTRATION_TOO_PRECISE for a class whose provider has
        to be polled, without WITHIN; REGISTRATION_TOO_BROAD if such a query names no class by ISA.
        """
        return self._ready(self._session.events(text, parameters, self._context()))

    def emit(self, event: CimInstance | Iterable[CimInstance]) -> Operation[None]:
        """Gives events of a class derived from `__ExtrinsicEvent` to all who subscribed to them, all of them or none.

        TIME_CREATED is now where it is NULL. INVALID_CLASS, NOT_EVENT_CLASS.
        """
        events = _several(event, CimInstance)
        for each in events if isinstance(events, tuple) else (events,):
            if not isinstance(each, CimInstance):
                raise _unfit("an event is a CimInstance", each)
        return self._ready(self._session.emit(events, self._context()))

    def namespace(self, name: str) -> Operation[Namespace]:
        """A namespace within this one, such as `cimv2` from `root`; close it like any connection."""

        below = _name("the name of a namespace", name)

        async def opened(results: ResultSet[Namespace]) -> Namespace:
            opening = self._session.open_namespace(below, context)
            try:
                found = Namespace(await opening, replace(self._options, sink=None))
                results.when_finished(partial(close_unless_taken, results, found))
                return found
            except asyncio.CancelledError:
                if opening.results.finished and opening.results.error is None:
                    await (await opening).close()  # it came in the last moment, and nobody else knows of it
                raise

        context = self._context()
        return self._ready(Operation.start(opened, f"namespace {name}", single=True, context=context))

    def load_mof(
        self,
        mof: str | Path,
        *,
        class_flags: ChangeFlag = ChangeFlag.CREATE_OR_UPDATE,
        instance_flags: ChangeFlag = ChangeFlag.CREATE_OR_UPDATE,
    ) -> Operation[tuple[ObjectPath, ...]]:
        """Compiles MOF: all that it declares is stored, or nothing; the result is the paths of what was put.

        Args:
            mof: a text, or the path of a file, to which what it includes is relative.
            class_flags, instance_flags: how both are written until a pragma says something else; see ChangeFlag.

        Errors: MofError with file, line and column; a file that cannot be read is one at once.
        """
        text = read_mof(mof, class_flags, instance_flags)
        return self._ready(self._session.load_mof(text, self._context()))

    def check_mof(
        self,
        mofs: Iterable[str | Path],
        *,
        class_flags: ChangeFlag = ChangeFlag.CREATE_OR_UPDATE,
        instance_flags: ChangeFlag = ChangeFlag.CREATE_OR_UPDATE,
    ) -> Operation[tuple[WbemError, ...]]:
        """Compiles MOF as `load_mof` does, one text or file after another, and stores nothing.

        The result is what is wrong: at most one MofError for each text, and none if all can be compiled. What is sound
        counts as compiled for the texts behind it. A file that cannot be read is an error at once.
        """
        texts = [read_mof(mof, class_flags, instance_flags) for mof in mofs]
        return self._ready(self._session.check_mof(texts, self._context()))

    async def close(self) -> None:
        """Ends the connection, for every view of it."""
        await self._session.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    def _context(self, values: Mapping[str, object] = NO_VALUES) -> CallContext:
        options = self._options
        deadline = NEVER
        if options.timeout is not None:
            deadline = Deadline.after(asyncio.get_running_loop().time(), options.timeout)
        return CallContext(
            locale=options.locale,
            deadline=deadline,
            flags=options.flags,
            values={**options.context, **values} if values else options.context,
            pushed=options.sink is not None,
        )

    def _ready(self, operation: Operation[T]) -> Operation[T]:
        if self._options.sink is not None:
            operation.deliver(self._options.sink, self._session.calls)
        return operation


def _seconds(timeout: object) -> float:
    if isinstance(timeout, bool) or not isinstance(timeout, int | float) or isnan(timeout):
        raise _unfit("a timeout is a number of seconds", timeout)
    return timeout


def _path(path: object) -> str:
    if not isinstance(path, str | ObjectPath):
        raise _unfit("a path is a str or an ObjectPath", path)
    return str(path)


def _several(given: Any, *kinds: type) -> Any:
    """One object as it is, several as a tuple; and what is neither as it is, for whoever looks at each."""
    return given if isinstance(given, kinds) or not isinstance(given, Iterable) else tuple(given)


def _name(what: str, name: object) -> str:
    if not isinstance(name, str):
        raise _unfit(f"{what} is a str", name)
    return name


def _unfit(expected: str, given: object) -> WbemError:
    return WbemError(WbemStatus.INVALID_PARAMETER, f"{expected}, and this is {given!r} ({type(given).__name__})")
