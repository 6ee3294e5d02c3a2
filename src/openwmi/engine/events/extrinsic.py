"""Events that somebody sends ([MS-WMI] 2.2.4.2, 3.1.4.3.3; the SDK's "Determining the Type of Event to Receive").

Who may do so, WBEM_FULL_WRITE, is for whoever knows the caller's rights to say.
"""

from __future__ import annotations

from openwmi.base.error import WbemError
from openwmi.base.status import WbemStatus
from openwmi.engine.events.objects import nowhere
from openwmi.engine.view import View
from openwmi.model import CimInstance

EXTRINSIC = "__ExtrinsicEvent"
SYSTEM = "__SystemEvent"


def checked_event(given: CimInstance, view: View, now: int) -> CimInstance:
    """The event as an instance of the class that there is here; TIME_CREATED is `now` where it is NULL.

    Errors: INVALID_CLASS for a class that the namespace lacks, or that is abstract; NOT_EVENT_CLASS for one that is not
    derived from `__ExtrinsicEvent`, and for those by which the system tells of its own troubles; NOT_FOUND and
    TYPE_MISMATCH for what is in it.
    """
    class_ = view.find(given.class_.name, WbemStatus.INVALID_CLASS)
    if not class_.isa_(EXTRINSIC):
        raise WbemError(
            WbemStatus.NOT_EVENT_CLASS, f"{class_.name} is no class of events to send: derive one from {EXTRINSIC}"
        )
    if class_.isa_(SYSTEM):
        raise WbemError(WbemStatus.NOT_EVENT_CLASS, f"{class_.name} is for the system alone to send")
    if class_.is_abstract:
        raise WbemError(
            WbemStatus.INVALID_CLASS, f"{class_.name} is abstract: send an event of a class derived from it"
        )
    event = nowhere(class_)
    row = list(class_.row(given.to_dict_()))
    time = event.index("TIME_CREATED")
    if row[time] is None:
        row[time] = now
    return CimInstance(event, tuple(row))
