"""The services that systemd knows, over D-Bus (org.freedesktop.systemd1(5)); no CIM class is known here.

A service is a unit that is loaded, or whose file is installed. Templates, and names that only lead to another unit, are
none. Where there is no systemd there are none; one that does not answer is asked once.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import Any

from openwmi.base.error import WbemError
from openwmi.base.status import WbemStatus
from openwmi.providers.host import BusError, Host, SilentError

SYSTEMD = "org.freedesktop.systemd1"
MANAGER = "/org/freedesktop/systemd1"
SUFFIX = ".service"

_ABSENT = (
    "openwmi.NoBus",
    "org.freedesktop.DBus.Error.ServiceUnknown",
    "org.freedesktop.DBus.Error.NameHasNoOwner",
    "org.freedesktop.DBus.Error.Spawn.ServiceNotFound",
)


class Systemd:
    """What it says, for one answer: each question is asked once."""

    def __init__(self, host: Host) -> None:
        self.host = host
        self._silence: BusError | None = None
        self._known: dict[tuple[str, str], Mapping[str, Any]] = {}

    def ask(self, member: str, signature: str = "", *arguments: object) -> tuple[Any, ...]:
        """Calls a method of the manager. BusError."""
        return self.host.bus.call(SYSTEMD, MANAGER, f"{SYSTEMD}.Manager", member, signature, *arguments)

    def properties(self, path: str, interface: str) -> Mapping[str, Any]:
        """Those of a unit; after one question without an answer no further one is asked. BusError."""
        if (path, interface) not in self._known:
            if self._silence is not None:
                raise self._silence
            try:
                found = self.host.bus.properties(SYSTEMD, path, f"{SYSTEMD}.{interface}")
            except BusError as error:
                self._silence = error if isinstance(error, SilentError) else None
                raise
            self._known[path, interface] = found
        return self._known[path, interface]

    @cached_property
    def units(self) -> Mapping[str, tuple[Any, ...]]:
        """The units that are loaded, by name. WbemError(FAILED); none where there is no systemd."""
        try:
            (listed,) = self.ask("ListUnits")
        except BusError as error:
            if error.name in _ABSENT:
                return {}
            raise _failed(error) from error
        return {str(unit[0]): tuple(unit) for unit in listed if unit[2] != "not-found"}

    @cached_property
    def files(self) -> Mapping[str, str]:
        """The unit files that are installed: name -> how it is started. WbemError(FAILED)."""
        try:
            (listed,) = self.ask("ListUnitFiles")
        except BusError as error:
            if error.name in _ABSENT:
                return {}
            raise _failed(error) from error
        return {str(path).rpartition("/")[2]: str(state) for path, state in listed}

    def services(self) -> Iterator[Service]:
        """All of them, in the order of their names."""
        installed = {name for name, state in self.files.items() if state != "alias" and "@." not in name}
        for name in sorted(self.units.keys() | installed):
            if name.endswith(SUFFIX):
                yield Service(self, name)

    def service(self, name: str) -> Service | None:
        """That of a name without its suffix, whatever the case of its letters."""
        wanted = name.casefold() + SUFFIX
        found = [each for each in self.services() if each.unit.casefold() == wanted]
        return next((each for each in found if each.name == name), found[0] if found else None)


class Service:
    """One service.

    Attributes:
        unit: its name with the suffix.
    """

    def __init__(self, systemd: Systemd, unit: str) -> None:
        self.systemd = systemd
        self.host = systemd.host
        self.unit = unit

    @property
    def name(self) -> str:
        return self.unit.removesuffix(SUFFIX)

    @property
    def active(self) -> str:
        """`active`, `reloading`, `inactive`, `failed`, `activating`, `deactivating` or `maintenance`."""
        unit = self.systemd.units.get(self.unit)
        return "inactive" if unit is None else str(unit[3])

    @property
    def is_started(self) -> bool:
        return self.active in ("active", "reloading")

    @property
    def file_state(self) -> str:
        """`enabled`, `disabled`, `static`, `masked`, …; of an instance of a template it is not in the list. OSError."""
        return self.systemd.files.get(self.unit) or str(self.general["UnitFileState"])

    @property
    def description(self) -> str:
        unit = self.systemd.units.get(self.unit)
        return str(self.general["Description"] if unit is None else unit[1])

    @property
    def general(self) -> Mapping[str, Any]:
        """The properties that all units have. OSError."""
        return self.systemd.properties(self._path, "Unit")

    @property
    def special(self) -> Mapping[str, Any]:
        """The properties of services. OSError."""
        return self.systemd.properties(self._path, "Service")

    def named(self, *properties: str) -> list[str]:
        """The services in these lists of units, each once, without their suffix."""
        names = dict.fromkeys(str(name) for each in properties for name in self.general.get(each, ()))
        return [name.removesuffix(SUFFIX) for name in names if name.endswith(SUFFIX)]

    @cached_property
    def _path(self) -> str:
        """systemd reads the file of one that is not loaded, and forgets it again."""
        unit = self.systemd.units.get(self.unit)
        return str(self.systemd.ask("LoadUnit", "s", self.unit)[0] if unit is None else unit[6])


def _failed(error: BusError) -> WbemError:
    return WbemError(WbemStatus.FAILED, f"systemd does not say which units there are: {error}")
