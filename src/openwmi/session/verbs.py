"""The abstract set of WMI's verbs ([MS-WMI] 3.1.4.3, IWbemServices, without its modes)."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any

from openwmi.model import CimClass, CimInstance
from openwmi.operation import CallContext, CallTable, Operation


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
    async def close(self) -> None:
        """Ends the connection: calls under way are cancelled, and later ones fail with INVALID_OPERATION."""
