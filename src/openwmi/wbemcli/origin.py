"""Where results come from: the call of IWbemServices that asked for them, as long as they are read."""

from __future__ import annotations

from dataclasses import dataclass

from openwmi.base.error import WbemError
from openwmi.model import CimClass, CimInstance
from openwmi.session import failure
from openwmi.wbemcli.classobject import IWbemClassObject
from openwmi.wbemcli.draft import Superclass


@dataclass(frozen=True, slots=True)
class Origin:
    """One call.

    Attributes:
        method: of IWbemServices.
        parameter: what `__ExtendedStatus.ParameterInfo` says of a failure.
        superclass: finds a class in the namespace; for the faces of classes.
    """

    method: str = ""
    parameter: str = ""
    superclass: Superclass | None = None

    def face(self, model: CimClass | CimInstance) -> IWbemClassObject:
        """An object that the call brought; a copy, so that each caller may change its own."""
        if isinstance(model, CimInstance):
            return IWbemClassObject(model)
        return IWbemClassObject(model if model.name else None, self.superclass)  # without a name it is one to be filled

    def noted(self, error: WbemError) -> WbemError:
        """The failure as this method met it: `Operation` and `ParameterInfo` of its extended status."""
        return failure.noted(error, self.method, self.parameter)


NOWHERE = Origin()


def parameter_info(argument: object) -> str:
    """What ParameterInfo says of an argument."""
    if isinstance(argument, str):
        return argument
    if isinstance(argument, IWbemClassObject):
        return str(argument.Get("__RELPATH")[1] or argument.Get("__CLASS")[1] or "")
    return ""
