"""The abstract set of WMI's verbs ([MS-WMI] 3.1.4.3, IWbemServices, without its modes)."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from openwmi.base.error import WbemError
from openwmi.model import ChangeFlag, CimClass, CimInstance, ObjectPath
from openwmi.operation import CallContext, CallTable, Operation


@dataclass(frozen=True, slots=True)
class MofText:
    """A MOF text to be compiled.

    Attributes:
        text: it.
        name: what messages call it; what it includes is relative to it.
        include: (what an include names, the name of the text that it stands in) -> (name, text). None: it includes
            nothing. OSError, UnicodeError or WbemError for what is not there.
        class_flags, instance_flags: how classes and instances are written until a pragma says something else.
    """

    text: str
    name: str = ""
    include: Callable[[str, str], tuple[str, str]] | None = None
    class_flags: ChangeFlag = ChangeFlag.CREATE_OR_UPDATE
    instance_flags: ChangeFlag = ChangeFlag.CREATE_OR_UPDATE


class Session(ABC):
    """One caller's connection to one namespace.

    Every verb returns at once with an Operation that runs already; whatever is wrong with its arguments is the failure
    of that Operation. `context.flags` says whether many results are kept or, with FORWARD_ONLY, forgotten as read.

    Attributes:
        namespace: such as `root\\cimv2`.
        calls: the calls of this session whose results go to sinks.
    """

    namespace: str

    def __init__(self, namespace: str) -> None:
        self.namespace = namespace
        self.calls = CallTable()

    @abstractmethod
    def get(self, path: str, context: CallContext) -> Operation[CimClass | CimInstance]:
        """The class or instance at a path. NOT_FOUND, INVALID_OBJECT_PATH."""

    @abstractmethod
    def query(self, text: str, parameters: Mapping[str, object] | None, context: CallContext) -> Operation[Any]:
        """The instances that a WQL query selects, or the classes. INVALID_QUERY with the position, INVALID_CLASS."""

    @abstractmethod
    def instances(self, class_name: str, *, deep: bool, context: CallContext) -> Operation[CimInstance]:
        """The instances of a class, with those of derived classes if `deep`. INVALID_CLASS."""

    @abstractmethod
    def classes(self, superclass: str | None, *, deep: bool, context: CallContext) -> Operation[CimClass]:
        """The classes derived from one, or those without a superclass; all the way down if `deep`. INVALID_CLASS."""

    @abstractmethod
    def call(
        self, path: str, method: str, inputs: Mapping[str, object], context: CallContext
    ) -> Operation[CimInstance]:
        """Runs a method; the result holds the out-parameters and ReturnValue.

        INVALID_METHOD, INVALID_METHOD_PARAMETERS, METHOD_NOT_IMPLEMENTED, METHOD_DISABLED.
        """

    @abstractmethod
    def put(
        self,
        what: CimClass | CimInstance | Sequence[CimClass | CimInstance],
        context: CallContext,
        flags: ChangeFlag = ChangeFlag.CREATE_OR_UPDATE,
    ) -> Operation[Any]:
        """Creates or updates a class or an instance, or several, all of them or none.

        The result is the ObjectPath of the one object, or a tuple with those of several.

        Args:
            what: of several superclasses come before what is derived from them, and classes before instances.
            context: who calls, by when.
            flags: see ChangeFlag.

        ALREADY_EXISTS, NOT_FOUND, INVALID_OBJECT and many more say which object, which property and which rule.
        """

    @abstractmethod
    def delete(self, path: str, context: CallContext) -> Operation[None]:
        """Deletes an instance, or a class with its instances and all that is derived from it. NOT_FOUND."""

    @abstractmethod
    def events(
        self, text: str, parameters: Mapping[str, object] | None, context: CallContext
    ) -> Operation[CimInstance]:
        """The events that a notification query asks for ([MS-WMI] 3.1.4.3.20), from when `started` returns.

        It is always forward-only, and never ends with success: it ends when it is cancelled, let go, or failed.

        INVALID_QUERY, INVALID_CLASS, NOT_EVENT_CLASS, REGISTRATION_TOO_PRECISE, REGISTRATION_TOO_BROAD before it has
        started; QUEUE_OVERFLOW when its reader is too slow, behind the events that had room.
        """

    @abstractmethod
    def emit(self, event: CimInstance | Sequence[CimInstance], context: CallContext) -> Operation[None]:
        """Gives extrinsic events to all who subscribed to them, all of them or none ([MS-WMI] 3.1.4.3.3).

        INVALID_CLASS for a class that the namespace lacks; NOT_EVENT_CLASS for one that is not derived from
        `__ExtrinsicEvent`; those of putting an instance for its values.
        """

    @abstractmethod
    def open_namespace(self, name: str, context: CallContext) -> Operation[Session]:
        """A connection to a namespace within this one, such as `cimv2` from `root`. INVALID_NAMESPACE."""

    @abstractmethod
    def load_mof(self, mof: MofText, context: CallContext) -> Operation[tuple[ObjectPath, ...]]:
        """Compiles a MOF text: all that it declares, or nothing; the result is the paths of what was put.

        MofError with file, line and column.
        """

    @abstractmethod
    def check_mof(self, mofs: Sequence[MofText], context: CallContext) -> Operation[tuple[WbemError, ...]]:
        """Compiles MOF texts, each after those before it that are sound, and stores nothing.

        The result is what is wrong, at most one MofError for each text.
        """

    @abstractmethod
    async def close(self) -> None:
        """Ends the connection: calls under way are cancelled, and later ones fail with INVALID_OPERATION."""
