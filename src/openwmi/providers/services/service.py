"""Win32_Service, Win32_SystemServices and Win32_DependentService: the services of systemd.

Page win32-service. Name is the name of the unit without `.service`. Windows: a service that may be started but is not
when the system starts is Manual, which systemd calls disabled; Disabled is what systemd calls masked.
"""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterator, Mapping
from operator import itemgetter

from openwmi.base.error import WbemError
from openwmi.base.status import WbemStatus
from openwmi.engine.provider import MethodCall, Request, Row, method
from openwmi.model import ObjectPath
from openwmi.providers.host import BusError, SilentError
from openwmi.providers.reading import HostProvider, Null, Reads, Table, always, path_to
from openwmi.providers.services.systemd import Service, Systemd

# The return codes that the methods of services have in common.
SUCCESS = 0
NOT_SUPPORTED = 1
ACCESS_DENIED = 2
DEPENDENTS_RUNNING = 3
CANNOT_ACCEPT_CONTROL = 5
NOT_ACTIVE = 6
TIMEOUT = 7
UNKNOWN_FAILURE = 8
ALREADY_RUNNING = 10
DISABLED = 14
INVALID_PARAMETER = 21

SPECIFIC_ERROR = 1066
"""ERROR_SERVICE_SPECIFIC_ERROR: that the service's own code is in ServiceSpecificExitCode."""

_STATES = {
    "active": "Running",
    "reloading": "Running",
    "refreshing": "Running",
    "activating": "Start Pending",
    "deactivating": "Stop Pending",
    "inactive": "Stopped",
    "failed": "Stopped",
}
_STATUS = {"failed": "Error", "activating": "Starting", "deactivating": "Stopping"}
_MODES = {"enabled": "Auto", "enabled-runtime": "Auto", "masked": "Disabled", "masked-runtime": "Disabled"}


def _start_mode(service: Service) -> str | None:
    state = service.file_state
    return _MODES.get(state, "Manual") if state else None


def command_line(service: Service) -> str | None:
    """The first of several, quoted as a shell would have to be told."""
    commands = service.special["ExecStart"]
    return shlex.join(map(str, commands[0][1])) if commands else None


def _exit_code(service: Service) -> int:
    """The page: 0 while it runs, and when it ended as it should."""
    return SPECIFIC_ERROR if service.active == "failed" else 0


_UNIT = "org.freedesktop.systemd1.Unit"
_SERVICE = "org.freedesktop.systemd1.Service"

TABLE: Table[Service] = {
    "Caption": Reads(f"{_UNIT} Description", lambda it: it.description),
    "Description": Reads(f"{_UNIT} Description", lambda it: it.description),
    "InstallDate": Null("systemd does not keep it"),
    "Name": Reads("the name of the unit without .service", lambda it: it.name),
    "Status": Reads(f"{_UNIT} ActiveState: OK, Error, Starting or Stopping", lambda it: _STATUS.get(it.active, "OK")),
    "CreationClassName": always("Win32_Service"),
    "Started": Reads(f"{_UNIT} ActiveState", lambda it: it.is_started),
    "StartMode": Reads(
        "systemd's UnitFileState: enabled is Auto, masked Disabled, all else Manual; NULL for one without a file",
        _start_mode,
    ),
    "SystemCreationClassName": always("Win32_ComputerSystem"),
    "SystemName": Reads("uname(2) nodename", lambda it: it.host.kernel.node),
    "AcceptPause": always(False),
    "AcceptStop": Reads(f"{_UNIT} CanStop, while it runs", lambda it: it.is_started and bool(it.general["CanStop"])),
    "DesktopInteract": always(False),
    "DisplayName": Reads(f"{_UNIT} Description", lambda it: it.description),
    "ErrorControl": Null("what a failure does to the start of the system is up to those that need the unit"),
    "ExitCode": Reads(f"{_UNIT} ActiveState: 1066 for failed, else 0", _exit_code),
    "PathName": Reads(f"{_SERVICE} ExecStart, quoted for a shell; NULL for one that runs nothing", command_line),
    "ServiceSpecificExitCode": Reads(f"{_SERVICE} ExecMainStatus", lambda it: int(it.special["ExecMainStatus"])),
    "ServiceType": always("Own Process"),
    "StartName": Reads(f"{_SERVICE} User; root where that is empty", lambda it: str(it.special["User"] or "root")),
    "State": Reads(f"{_UNIT} ActiveState", lambda it: _STATES.get(it.active, "Unknown")),
    "TagId": Null("systemd orders units by name"),
    "CheckPoint": Null("systemd does not count steps"),
    "DelayedAutoStart": always(False),
    "ProcessId": Reads(f"{_SERVICE} MainPID; 0 while it does not run", lambda it: int(it.special["MainPID"])),
    "WaitHint": Null("services do not announce it"),
}


class ServiceProvider(HostProvider[Service]):
    """Instances, StartService, StopService and ChangeStartMode."""

    cim_class = "Win32_Service"
    table = TABLE

    def samples(self, request: Request) -> Iterator[Service]:  # noqa: ARG002 - as of any provider
        return Systemd(self.host).services()

    def find(self, request: Request, keys: Mapping[str, object]) -> Service | None:  # noqa: ARG002 - likewise
        return Systemd(self.host).service(str(keys["Name"]))

    @method("StartService")
    def start(self, call: MethodCall) -> Row:
        """Returns once systemd has accepted it, as Windows does; State then says how it went on."""
        return self._answered(call, _start)

    @method("StopService")
    def stop(self, call: MethodCall) -> Row:
        """Windows refuses while a service runs that needs this one; systemd would stop that, too."""
        return self._answered(call, _stop)

    @method("ChangeStartMode")
    def change_start_mode(self, call: MethodCall) -> Row:
        return self._answered(call, _CHANGES.get(str(call.inputs.get("StartMode") or "").lower(), _change_to_nothing))

    def _answered(self, call: MethodCall, action: Callable[[Service], int]) -> Row:
        """The code of what came of it, also where the bus fails while the service is looked for."""
        try:
            return {"ReturnValue": action(self._service(call))}
        except BusError as error:
            return {"ReturnValue": _code(error)}
        except WbemError as problem:
            if isinstance(problem.__cause__, BusError):
                return {"ReturnValue": _code(problem.__cause__)}
            raise

    def _service(self, call: MethodCall) -> Service:
        """The service that a method is called on. WbemError(INVALID_METHOD_PARAMETERS, NOT_FOUND)."""
        if call.keys is None:
            raise WbemError(
                WbemStatus.INVALID_METHOD_PARAMETERS,
                'Win32_Service: the method needs an instance, such as Win32_Service.Name="ssh", not the class',
            )
        found = self.find(call.request, call.keys)
        if found is None:
            raise WbemError(WbemStatus.NOT_FOUND, f'Win32_Service.Name="{call.keys["Name"]}": there is no such service')
        return found


def _start(service: Service) -> int:
    if service.is_started:
        return ALREADY_RUNNING
    if _start_mode(service) == "Disabled":
        return DISABLED
    service.systemd.ask("StartUnit", "ss", service.unit, "replace")
    return SUCCESS


def _stop(service: Service) -> int:
    if service.active in ("inactive", "failed"):
        return NOT_ACTIVE
    if service.active == "deactivating" or not service.general["CanStop"]:
        return CANNOT_ACCEPT_CONTROL
    others = [service.systemd.service(name) for name in service.named("RequiredBy", "BoundBy", "RequisiteOf")]
    if any(other is not None and other.is_started for other in others):
        return DEPENDENTS_RUNNING
    service.systemd.ask("StopUnit", "ss", service.unit, "replace")
    return SUCCESS


def _enable(service: Service) -> int:
    """A unit that says nothing of when it is to be started cannot be."""
    _unmask(service)
    has_install_section, _ = service.systemd.ask("EnableUnitFiles", "asbb", [service.unit], False, True)
    service.systemd.ask("Reload")
    return SUCCESS if has_install_section else NOT_SUPPORTED


def _disable(service: Service) -> int:
    _unmask(service)
    service.systemd.ask("DisableUnitFiles", "asb", [service.unit], False)
    service.systemd.ask("Reload")
    return SUCCESS


def _mask(service: Service) -> int:
    service.systemd.ask("MaskUnitFiles", "asbb", [service.unit], False, True)
    service.systemd.ask("Reload")
    return SUCCESS


def _unmask(service: Service) -> None:
    if _start_mode(service) == "Disabled":
        service.systemd.ask("UnmaskUnitFiles", "asb", [service.unit], False)


_CHANGES: Mapping[str, Callable[[Service], int]] = {"automatic": _enable, "manual": _disable, "disabled": _mask}


def _change_to_nothing(_: Service) -> int:
    return INVALID_PARAMETER


def _code(error: BusError) -> int:
    return TIMEOUT if isinstance(error, SilentError) else _CODES.get(error.name, UNKNOWN_FAILURE)


_CODES = {
    "org.freedesktop.DBus.Error.AccessDenied": ACCESS_DENIED,
    "org.freedesktop.DBus.Error.AuthFailed": ACCESS_DENIED,
    "org.freedesktop.DBus.Error.InteractiveAuthorizationRequired": ACCESS_DENIED,
    "org.freedesktop.systemd1.UnitMasked": DISABLED,
    "org.freedesktop.systemd1.OnlyByDependency": NOT_SUPPORTED,
}

# --------------------------------------------------------------------------------------------------------- associations

SYSTEM: Table[tuple[str, str]] = {
    "GroupComponent": Reads("this computer, as Win32_ComputerSystem", itemgetter(0)),
    "PartComponent": Reads("as Win32_Service", itemgetter(1)),
}

DEPENDENT: Table[tuple[str, str]] = {
    "Antecedent": Reads(f"{_UNIT} Requires, Requisite and BindsTo, as Win32_Service", itemgetter(0)),
    "Dependent": Reads("as Win32_Service", itemgetter(1)),
    "TypeOfDependency": Reads("always 3: that service must be started", lambda _: 3),
}


class SystemServicesProvider(HostProvider[tuple[str, str]]):
    """This computer, and each of its services."""

    cim_class = "Win32_SystemServices"
    table = SYSTEM

    def samples(self, request: Request) -> Iterator[tuple[str, str]]:
        computer = path_to(request, "Win32_ComputerSystem", Name=self.host.kernel.node)
        for service in _wanted(Systemd(self.host), request, "PartComponent"):
            yield computer, path_to(request, "Win32_Service", Name=service.name)


class DependentServiceProvider(HostProvider[tuple[str, str]]):
    """Which services need which; for one that needs others, no other is asked."""

    cim_class = "Win32_DependentService"
    table = DEPENDENT

    def samples(self, request: Request) -> Iterator[tuple[str, str]]:
        systemd = Systemd(self.host)
        names = {service.name for service in systemd.services()}
        for service in _wanted(systemd, request, "Dependent"):
            for name in _needed(service):
                if name in names:
                    antecedent = path_to(request, "Win32_Service", Name=name)
                    yield antecedent, path_to(request, "Win32_Service", Name=service.name)


def _needed(service: Service) -> list[str]:
    try:
        return service.named("Requires", "Requisite", "BindsTo")
    except SilentError as error:
        raise WbemError(WbemStatus.FAILED, f"systemd does not say what {service.name} needs: {error}") from error
    except BusError:
        return []


def _wanted(systemd: Systemd, request: Request, role: str) -> Iterator[Service]:
    """The services that may be the one that a request asks for in a role."""
    wanted = request.equalities.get(role)
    if wanted is None:
        yield from systemd.services()
        return
    try:
        keys = ObjectPath.parse(str(wanted)).keys or ()
    except WbemError:
        return
    for _, name in keys:
        found = systemd.service(str(name))
        if found is not None:
            yield found
