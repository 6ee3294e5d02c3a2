"""The verbs of a namespace without asyncio. Change the async API, and run `python -m tools.blocking`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from os import PathLike
from pathlib import Path
from typing import Any, Self

from openwmi.base.error import WbemError
from openwmi.blocking.face import Face, entered, walked, without_sink
from openwmi.blocking.operation import Operation
from openwmi.blocking.runner import Runner, runner
from openwmi.engine import Provider
from openwmi.locator import connect as asked_connect
from openwmi.locator.remote import RESOLVER_PORT, Callbacks, Kerberos
from openwmi.model import ChangeFlag, CimClass, CimInstance, ObjectPath
from openwmi.operation import CallFlags, Sink
from openwmi.session import Namespace as AskedNamespace


class Namespace(Face):
    """A namespace to ask. Each verb waits: it returns the result, or the list of all, or raises.

    `begin` has the same verbs, which return an Operation that runs already. Options never mix with parameters:
    `options` and `with_sink` return views of the same namespace. Any thread may use it; close it, or leave `with`, when
    done.
    """

    __slots__ = ()

    def __repr__(self) -> str:
        return f"<blocking namespace {self.name}>"

    @property
    def begin(self) -> Begin:
        """The same verbs without waiting: each begins a call and returns it."""
        return Begin(self._asked, self._runner)

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
        asked = self._asked.options(timeout=timeout, locale=locale, flags=flags, keep=keep, context=context)
        return Namespace(asked, self._runner)

    def with_sink(self, sink: Sink[Any]) -> Begin:
        """A view of this namespace whose calls push their objects and status to `sink`. INVALID_PARAMETER."""
        asked = self._asked.with_sink(sink)
        return Begin(asked, self._runner, pushes=True)

    def cancel_calls(self, sink: Sink[Any]) -> None:
        """Cancels every call that delivers to `sink`, as IWbemServices::CancelAsyncCall does. NOT_FOUND if none."""
        self._runner.call(self._asked.cancel_calls, sink)

    def get(self, path: str | ObjectPath, *, properties: Iterable[str] | None = None) -> Any:
        """The instance at a path (`Win32_Process.Handle="4"`, `Win32_OperatingSystem=@`), or a class by its name.

        `properties` are those that are wanted of an instance: its keys come with them, and the others are NULL. It is
        the same as the named values `__GET_EXTENSIONS` and so on (SDK, "Partial-Instance Operations").

        Typed loosely, since the path alone says which of the two it is. INVALID_PARAMETER at once for what is no path.
        """
        return self._one(self._asked.get, path, properties=walked(properties))

    def query(self, text: str, /, **parameters: object) -> list[Any]:
        """What a WQL query selects; `:name` in its text stands for the parameter `name`, as a value, never as text.

        It waits for all of them; iterate over `begin.query(…)` to have each as it comes, and none kept.

        Typed loosely, since the text alone says whether instances or (`FROM meta_class`) classes are asked for.
        """
        return self._all(self._asked.query, text, **parameters)

    def instances(self, class_name: str, *, deep: bool = True) -> list[CimInstance]:
        """All instances of a class, and unless `deep` is false of the classes derived from it."""
        return self._all(self._asked.instances, class_name, deep=deep)

    def classes(self, superclass: str | None = None, *, deep: bool = True) -> list[CimClass]:
        """The classes derived from `superclass`, or all; with `deep` false only the next generation."""
        return self._all(self._asked.classes, superclass, deep=deep)

    def call(self, path: str | ObjectPath, method: str, /, **parameters: object) -> CimInstance:
        """Runs a method of an instance, or a static one of a class. A ReturnValue other than 0 is a value, no error."""
        return self._one(self._asked.call, path, method, **parameters)

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
    ) -> list[Any]:
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
        return self._all(
            self._asked.associators,
            path,
            assoc_class=assoc_class,
            result_class=result_class,
            role=role,
            result_role=result_role,
            required_qualifier=required_qualifier,
            required_assoc_qualifier=required_assoc_qualifier,
            class_defs_only=class_defs_only,
            keys_only=keys_only,
            schema_only=schema_only,
        )

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
    ) -> list[Any]:
        """The associations that refer to the object at a path, as REFERENCES OF finds them; see `associators`."""
        return self._all(
            self._asked.references,
            path,
            result_class=result_class,
            role=role,
            required_qualifier=required_qualifier,
            class_defs_only=class_defs_only,
            keys_only=keys_only,
            schema_only=schema_only,
        )

    def put(
        self,
        what: CimClass | CimInstance | Iterable[CimClass | CimInstance],
        *,
        flags: ChangeFlag = ChangeFlag.CREATE_OR_UPDATE,
        properties: Iterable[str] | None = None,
    ) -> Any:
        """Creates or updates a class or an instance; the result is its ObjectPath.

        Args:
            what: one object, or several, which are put all or not at all; then the result is a tuple of paths.
            flags: see ChangeFlag.
            properties: of an instance that exists only these are written. It is the same as UPDATE_ONLY and the named
                values `__PUT_EXTENSIONS` and so on (SDK, "Partial-Instance Operations").
        """
        return self._one(self._asked.put, walked(what), flags=flags, properties=walked(properties))

    def delete(self, path: str | ObjectPath) -> None:
        """Deletes the instance at a path, or a class with its instances and all that is derived from it."""
        self._one(self._asked.delete, path)

    def events(self, text: str, /, **parameters: object) -> Operation[CimInstance]:
        """The events that a notification query asks for, as they happen: an endless, forward-only stream.

        Iterate over it, or ask it for `next(count, timeout)`.

        It sees what happens after it has been returned, and ends when it is cancelled or closed; `:name` in its text
        stands for the parameter `name`. Whoever reads too slowly gets the events that had room, and then
        QUEUE_OVERFLOW. Its `progress` tells how many polls of providers have succeeded, and what the last failure was.

        Errors: INVALID_QUERY; INVALID_CLASS; NOT_EVENT_CLASS; REGISTRATION_TOO_PRECISE for a class whose provider has
        to be polled, without WITHIN; REGISTRATION_TOO_BROAD if such a query names no class by ISA.
        """
        return self._start(self._asked.events, text, **parameters)

    def emit(self, event: CimInstance | Iterable[CimInstance]) -> None:
        """Gives events of a class derived from `__ExtrinsicEvent` to all who subscribed to them, all of them or none.

        TIME_CREATED is now where it is NULL. INVALID_CLASS, NOT_EVENT_CLASS.
        """
        self._one(self._asked.emit, walked(event))

    def namespace(self, name: str) -> Namespace:
        """A namespace within this one, such as `cimv2` from `root`; close it like any connection."""
        return self._one(self._opening(Namespace), name)

    def load_mof(
        self,
        mof: str | Path,
        *,
        class_flags: ChangeFlag = ChangeFlag.CREATE_OR_UPDATE,
        instance_flags: ChangeFlag = ChangeFlag.CREATE_OR_UPDATE,
    ) -> tuple[ObjectPath, ...]:
        """Compiles MOF: all that it declares is stored, or nothing; the result is the paths of what was put.

        Args:
            mof: a text, or the path of a file, to which what it includes is relative.
            class_flags, instance_flags: how both are written until a pragma says something else; see ChangeFlag.

        Errors: MofError with file, line and column; a file that cannot be read is one at once.
        """
        return self._one(self._asked.load_mof, mof, class_flags=class_flags, instance_flags=instance_flags)

    def check_mof(
        self,
        mofs: Iterable[str | Path],
        *,
        class_flags: ChangeFlag = ChangeFlag.CREATE_OR_UPDATE,
        instance_flags: ChangeFlag = ChangeFlag.CREATE_OR_UPDATE,
    ) -> tuple[WbemError, ...]:
        """Compiles MOF as `load_mof` does, one text or file after another, and stores nothing.

        The result is what is wrong: at most one MofError for each text, and none if all can be compiled. What is sound
        counts as compiled for the texts behind it. A file that cannot be read is an error at once.
        """
        return self._one(self._asked.check_mof, walked(mofs), class_flags=class_flags, instance_flags=instance_flags)

    def close(self) -> None:
        """Ends the connection, for every view of it."""
        self._runner.run(self._asked.close)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class Begin(Face):
    """The verbs of a namespace, each of which begins a call and returns the Operation, which runs already.

    `ns.begin` is one; so is `ns.with_sink(sink)`, whose calls push their objects and status to the sink.
    """

    __slots__ = ("_pushes",)

    def __init__(self, asked: AskedNamespace, runner: Runner, *, pushes: bool = False) -> None:
        super().__init__(asked, runner)
        self._pushes = pushes

    def __repr__(self) -> str:
        return f"<calls of {self.name}>"

    def options(
        self,
        *,
        timeout: float | None = None,
        locale: str | None = None,
        flags: CallFlags | None = None,
        keep: bool | None = None,
        context: Mapping[str, object] | None = None,
    ) -> Begin:
        """A view of this namespace whose calls differ; what is not given stays as it is here.

        See `Namespace.options`.
        """
        asked = self._asked.options(timeout=timeout, locale=locale, flags=flags, keep=keep, context=context)
        return Begin(asked, self._runner, pushes=self._pushes)

    def with_sink(self, sink: Sink[Any]) -> Begin:
        """A view of this namespace whose calls push their objects and status to `sink`. INVALID_PARAMETER.

        See `Namespace.with_sink`.
        """
        asked = self._asked.with_sink(sink)
        return Begin(asked, self._runner, pushes=True)

    def get(self, path: str | ObjectPath, *, properties: Iterable[str] | None = None) -> Operation[Any]:
        """The instance at a path (`Win32_Process.Handle="4"`, `Win32_OperatingSystem=@`), or a class by its name.

        See `Namespace.get`.
        """
        return self._begin(self._asked.get, path, properties=walked(properties))

    def query(self, text: str, /, **parameters: object) -> Operation[Any]:
        """What a WQL query selects; `:name` in its text stands for the parameter `name`, as a value, never as text.

        See `Namespace.query`.
        """
        return self._begin(self._asked.query, text, **parameters)

    def instances(self, class_name: str, *, deep: bool = True) -> Operation[CimInstance]:
        """All instances of a class, and unless `deep` is false of the classes derived from it.

        See `Namespace.instances`.
        """
        return self._begin(self._asked.instances, class_name, deep=deep)

    def classes(self, superclass: str | None = None, *, deep: bool = True) -> Operation[CimClass]:
        """The classes derived from `superclass`, or all; with `deep` false only the next generation.

        See `Namespace.classes`.
        """
        return self._begin(self._asked.classes, superclass, deep=deep)

    def call(self, path: str | ObjectPath, method: str, /, **parameters: object) -> Operation[CimInstance]:
        """Runs a method of an instance, or a static one of a class. A ReturnValue other than 0 is a value, no error.

        See `Namespace.call`.
        """
        return self._begin(self._asked.call, path, method, **parameters)

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

        See `Namespace.associators`.
        """
        return self._begin(
            self._asked.associators,
            path,
            assoc_class=assoc_class,
            result_class=result_class,
            role=role,
            result_role=result_role,
            required_qualifier=required_qualifier,
            required_assoc_qualifier=required_assoc_qualifier,
            class_defs_only=class_defs_only,
            keys_only=keys_only,
            schema_only=schema_only,
        )

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
        """The associations that refer to the object at a path, as REFERENCES OF finds them; see `associators`.

        See `Namespace.references`.
        """
        return self._begin(
            self._asked.references,
            path,
            result_class=result_class,
            role=role,
            required_qualifier=required_qualifier,
            class_defs_only=class_defs_only,
            keys_only=keys_only,
            schema_only=schema_only,
        )

    def put(
        self,
        what: CimClass | CimInstance | Iterable[CimClass | CimInstance],
        *,
        flags: ChangeFlag = ChangeFlag.CREATE_OR_UPDATE,
        properties: Iterable[str] | None = None,
    ) -> Operation[Any]:
        """Creates or updates a class or an instance; the result is its ObjectPath. See `Namespace.put`."""
        return self._begin(self._asked.put, walked(what), flags=flags, properties=walked(properties))

    def delete(self, path: str | ObjectPath) -> Operation[None]:
        """Deletes the instance at a path, or a class with its instances and all that is derived from it.

        See `Namespace.delete`.
        """
        return self._begin(self._asked.delete, path)

    def events(self, text: str, /, **parameters: object) -> Operation[CimInstance]:
        """The events that a notification query asks for, as they happen: an endless, forward-only stream.

        See `Namespace.events`.
        """
        return self._begin(self._asked.events, text, **parameters)

    def emit(self, event: CimInstance | Iterable[CimInstance]) -> Operation[None]:
        """Gives events of a class derived from `__ExtrinsicEvent` to all who subscribed to them, all of them or none.

        See `Namespace.emit`.
        """
        return self._begin(self._asked.emit, walked(event))

    def namespace(self, name: str) -> Operation[Namespace]:
        """A namespace within this one, such as `cimv2` from `root`; close it like any connection.

        See `Namespace.namespace`.
        """
        without_sink(self._pushes)
        return self._begin(self._opening(Namespace), name)

    def load_mof(
        self,
        mof: str | Path,
        *,
        class_flags: ChangeFlag = ChangeFlag.CREATE_OR_UPDATE,
        instance_flags: ChangeFlag = ChangeFlag.CREATE_OR_UPDATE,
    ) -> Operation[tuple[ObjectPath, ...]]:
        """Compiles MOF: all that it declares is stored, or nothing; the result is the paths of what was put.

        See `Namespace.load_mof`.
        """
        return self._begin(self._asked.load_mof, mof, class_flags=class_flags, instance_flags=instance_flags)

    def check_mof(
        self,
        mofs: Iterable[str | Path],
        *,
        class_flags: ChangeFlag = ChangeFlag.CREATE_OR_UPDATE,
        instance_flags: ChangeFlag = ChangeFlag.CREATE_OR_UPDATE,
    ) -> Operation[tuple[WbemError, ...]]:
        """Compiles MOF as `load_mof` does, one text or file after another, and stores nothing.

        See `Namespace.check_mof`.
        """
        return self._begin(self._asked.check_mof, walked(mofs), class_flags=class_flags, instance_flags=instance_flags)


def connect(
    namespace: str = r"root\cimv2",
    *,
    host: str | None = None,
    port: int = RESOLVER_PORT,
    user: str | None = None,
    password: str | None = None,
    nt_hash: str | bytes | None = None,
    kerberos: Kerberos = "auto",
    timeout: float | None = None,
    callbacks: Callbacks = "auto",
    providers: Iterable[Provider] | None = None,
    repository: str | PathLike[str] | None = None,
) -> Namespace:
    """A connection to a namespace: of this machine, served in process, or of another one, over the network.

    Args:
        namespace: `root/cimv2`, `root\\cimv2`, `\\\\.\\root\\cimv2`; `\\\\srv1\\root\\cimv2` or `//srv1/root/cimv2` of
            another machine.
        host: the other machine, by name or address, where the path does not name it.
        port: of its resolver.
        user: who logs in there: `DOM\\me`, `me@REALM` or `me`; without, whoever the Kerberos cache is of.
        password: the user's.
        nt_hash: the password's NT hash instead, 16 octets or 32 hexadecimal digits.
        kerberos: "auto": Kerberos where there is no password, or the user is written `me@REALM`, and NTLM otherwise;
            True: Kerberos alone; False: NTLM alone.
        timeout: seconds for finding, connecting and logging in together; without, a minute.
        callbacks: how calls with a sink are made: "auto": the other machine calls back where it can reach this one;
            "require": or there is an error that says why not; "never": this machine asks instead.
        providers: instances of your own provider classes, served instead of the built-in ones.
        repository: the file in which what is put is kept; the first write makes it. Without it that is the user's own
            (`default_repository`), or memory where `providers` are given.

    Raises:
        WbemError: INVALID_NAMESPACE, INVALID_PARAMETER for a path that is none, and for what cannot be meant together;
            NOT_SUPPORTED on Windows, which serves its own WMI; INVALID_PROVIDER_REGISTRATION for providers that cannot
            be. Of another machine: Unreachable; AccessDenied, which says who refused what; Timeout.
    """
    own = runner()
    connection = asked_connect(
        namespace,
        host=host,
        port=port,
        user=user,
        password=password,
        nt_hash=nt_hash,
        kerberos=kerberos,
        timeout=timeout,
        callbacks=callbacks,
        providers=walked(providers),
        repository=repository,
    )
    return Namespace(own.run(entered, connection), own)
