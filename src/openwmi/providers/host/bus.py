"""D-Bus as providers see it: blocking calls with plain Python values, on the host's system bus or out of a recording.

systemd, logind and their like speak it. A call that fails, is not allowed or takes too long raises BusError, which is
an OSError, so that it is NULL like everything that cannot be read.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Protocol

from openwmi.providers.host.patience import SilentError

PROPERTIES = "org.freedesktop.DBus.Properties"


class BusError(OSError):
    """A call was not answered with values.

    Attributes:
        name: of the error, such as `org.freedesktop.systemd1.NoSuchUnit`; `openwmi.NoBus` where there is no bus.
    """

    def __init__(self, name: str, text: str) -> None:
        super().__init__(f"{name}: {text}" if text else name)
        self.name = name


class SilentBusError(BusError, SilentError):
    """A call was not answered in time."""


def bus_error(name: str, text: str) -> BusError:
    """The error of that name."""
    return SilentBusError(name, text) if name in _SILENT else BusError(name, text)


_SILENT = ("openwmi.Silent", "org.freedesktop.DBus.Error.NoReply", "org.freedesktop.DBus.Error.Timeout")


class Bus(Protocol):
    """A connection to a message bus; safe for threads."""

    def call(
        self, destination: str, path: str, interface: str, member: str, signature: str = "", *arguments: object
    ) -> tuple[Any, ...]:
        """Calls a method -> its out-arguments, variants unwrapped. BusError."""

    def properties(self, destination: str, path: str, interface: str) -> Mapping[str, Any]:
        """All properties of an object's interface. BusError."""


class RecordedBus:
    """Answers from a recording: destination -> path -> interface -> members. An empty one is no bus at all.

    A member `Version` is a property and its value; a member `ListUnits()` or `GetUnit("ssh.service")` is a call with
    its arguments in JSON, and the list of its out-arguments. `StartUnit(*)` takes any arguments. `{"error": "name"}` in
    place of that list is raised.

    Attributes:
        calls: what was called, as `interface.member` and the arguments, in that order.
    """

    def __init__(self, recorded: Mapping[str, Any]) -> None:
        self._recorded = recorded
        self.calls: list[tuple[str, tuple[object, ...]]] = []

    def call(
        self, destination: str, path: str, interface: str, member: str, signature: str = "", *arguments: object
    ) -> tuple[Any, ...]:
        del signature  # the values say it
        members = self._members(destination, path, interface)
        self.calls.append((f"{interface}.{member}", arguments))
        exactly = f"{member}({json.dumps(arguments, separators=(',', ':'))[1:-1]})"
        found = members.get(exactly, members.get(f"{member}(*)"))
        if found is None:
            raise BusError("org.freedesktop.DBus.Error.UnknownMethod", f"{interface}.{exactly} is not recorded")
        if isinstance(found, dict):
            raise bus_error(found["error"], "recorded")
        return tuple(found)

    def properties(self, destination: str, path: str, interface: str) -> Mapping[str, Any]:
        members = self._members(destination, path, interface)
        return {name: value for name, value in members.items() if not name.endswith(")")}

    def _members(self, destination: str, path: str, interface: str) -> Mapping[str, Any]:
        objects = self._recorded.get(destination)
        if objects is None:
            raise BusError("org.freedesktop.DBus.Error.ServiceUnknown", destination)
        if path not in objects:
            raise BusError("org.freedesktop.DBus.Error.UnknownObject", path)
        members: Mapping[str, Any] | None = objects[path].get(interface)
        if members is None:
            raise BusError("org.freedesktop.DBus.Error.UnknownInterface", interface)
        return members
