"""What a service and its clients agree on: port types, their operations and events, each with its messages."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from openwmi.base.error import WbemError
from openwmi.base.status import WbemStatus
from openwmi.soap import QName
from openwmi.wsd.wsdl.shaping import identifier
from openwmi.wsd.wsdl.types import Codec


@dataclass(frozen=True, slots=True)
class WsdlOperation:
    """One operation, or an event, which has an output and an input only where it is answered.

    Attributes:
        input_action, output_action: of the messages (WS-Addressing); None where there is none.
        input, output: what is in their bodies; None for an empty body, and where there is no message.
        faults: what the details of its faults hold, by their names.
    """

    name: str
    input_action: str | None = None
    output_action: str | None = None
    input: Codec[Any] | None = None
    output: Codec[Any] | None = None
    faults: Mapping[str, Codec[Any]] = field(default_factory=dict, hash=False)
    text: str = ""

    @property
    def method(self) -> str:
        """What a method for it is called."""
        return identifier(self.name)

    @property
    def is_one_way(self) -> bool:
        """Whether nobody answers it."""
        return self.output_action is None

    @property
    def attachments(self) -> tuple[str, ...]:
        """The fields of its messages whose octets travel beside the envelope."""
        return tuple(each for codec in (self.input, self.output) if codec is not None for each in codec.attachments)


class PortType:
    """A port type.

    Attributes:
        name: what a service says that it is.
        operations: what it can be asked, by their names.
        events: what it sends to those who subscribe (wse:EventSource), by their names.
        is_source: whether the WSDL says that it sends events.
    """

    def __init__(
        self,
        name: QName,
        operations: tuple[WsdlOperation, ...] = (),
        events: tuple[WsdlOperation, ...] = (),
        *,
        is_source: bool = False,
        text: str = "",
    ) -> None:
        self.name = name
        self.operations: Mapping[str, WsdlOperation] = {each.name: each for each in operations}
        self.events: Mapping[str, WsdlOperation] = {each.name: each for each in events}
        self.is_source = is_source
        self.text = text

    def __repr__(self) -> str:
        return f"<PortType {self.name}: {', '.join([*self.operations, *self.events])}>"

    def operation(self, name: str) -> WsdlOperation:
        """By its name. WbemError(NOT_FOUND) says which there are."""
        found = self.operations.get(name)
        if found is None:
            event = " is an event: it comes to those who subscribe, and" if name in self.events else ""
            known = ", ".join(self.operations) or "none"
            raise WbemError(
                WbemStatus.NOT_FOUND,
                f"{name}{event or ':'} {self.name.local} has no operation of that name; it has {known}",
            )
        return found

    def event(self, name: str) -> WsdlOperation:
        """The same of an event."""
        found = self.events.get(name)
        if found is None:
            known = ", ".join(self.events) or "none"
            raise WbemError(
                WbemStatus.NOT_FOUND, f"{name}: {self.name.local} has no event of that name; it has {known}"
            )
        return found
