"""What real Windows was seen to do, and what its documents say, fact by fact, through the header's names.

The facts are the numbered rows of a table beside the project; each test names its row. What a row needs of this machine
a small world serves: disks, a service, a display, a BIOS, by the classes that the package ships.
"""

from __future__ import annotations

import platform
import re
import sys
import time
from collections.abc import AsyncGenerator, Callable, Iterator
from pathlib import Path
from struct import unpack_from
from typing import Any, TypeVar

import pytest
from tests.wbemcli import wire
from tests.wbemcli.services_fakes import LIMIT, Gate, Recorder, Script, failing, scripted, things

from openwmi.base.status import HResult, WbemStatus
from openwmi.blocking.com.out import OUT
from openwmi.blocking.runner import runner
from openwmi.engine import Provider, Request, Row
from openwmi.operation import LOCAL, CallContext
from openwmi.session import MofText
from openwmi.wbemcli import constants as c
from openwmi.wbemcli.classobject import IWbemClassObject
from openwmi.wbemcli.com import COAUTHIDENTITY, CoSetProxyBlanket
from openwmi.wbemcli.locator import IWbemLocator
from openwmi.wbemcli.services import IWbemServices

CIMV2 = r"root\cimv2"
NOW, FORWARD, INFINITE = c.WBEM_FLAG_RETURN_IMMEDIATELY, c.WBEM_FLAG_FORWARD_ONLY, c.WBEM_INFINITE
SEMISYNC = NOW | FORWARD
OK, FALSE = 0, 1
INVALID_PARAMETER, NOT_FOUND = int(WbemStatus.INVALID_PARAMETER), int(WbemStatus.NOT_FOUND)
INVALID_CLASS, INVALID_QUERY = int(WbemStatus.INVALID_CLASS), int(WbemStatus.INVALID_QUERY)
INVALID_NAMESPACE, INVALID_OPERATION = int(WbemStatus.INVALID_NAMESPACE), int(WbemStatus.INVALID_OPERATION)

# Rows that cannot be shown within a process, or not yet, and why.
NOT_HERE = {
    53: "IWbemLevel1Login is the wire's: tests/server/test_server_login.py shows it",
}

shown: set[int] = set()
F = TypeVar("F", bound=Callable[..., Any])


def row(*numbers: int) -> Callable[[F], F]:
    """The rows of the facts that a test shows."""
    shown.update(numbers)

    def mark(test: F) -> F:
        return test

    return mark


class Given(Provider):
    """Rows of a class that the package ships."""

    def __init__(self, class_name: str, *rows: Row) -> None:
        self.cim_class = class_name  # type: ignore[misc]  # one provider class for many CIM classes
        self.rows = rows

    async def instances(self, request: Request) -> AsyncGenerator[Row, None]:
        for each in self.rows:
            yield each


DISKS = (
    {"DeviceID": "C:", "Name": "C:", "FileSystem": "NTFS", "Availability": 3, "PNPDeviceID": "PCI\\VEN_1"},
    {"DeviceID": "D:", "Name": "D:", "FileSystem": "FAT", "Availability": 4, "PNPDeviceID": "USB\\VID_2"},
    {"DeviceID": "E:", "Name": None, "FileSystem": None, "Availability": None, "PNPDeviceID": None},
)

BIOS = {
    "Name": "Demo",
    "SoftwareElementID": "Demo",
    "SoftwareElementState": 3,
    "TargetOperatingSystem": 0,
    "Version": "1",
}


@pytest.fixture(params=["in process", "over the wire"], autouse=True)
def face(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Every fact holds for either face: `openwmi.wbemcli` itself, and the server's, asked by proxies in memory."""
    if request.param == "over the wire":
        monkeypatch.setattr(sys.modules[__name__], "IWbemLocator", wire.WireLocator)
        monkeypatch.setattr(sys.modules[__name__], "scripted", lambda *steps: wire.wired(Script(*steps)))
    yield request.param
    wire.WireLocator.close_all()


@pytest.fixture
def locator(face: str) -> IWbemLocator:
    return IWbemLocator(
        providers=[
            Given("Win32_LogicalDisk", *DISKS),
            Given("Win32_Service", {"Name": "ssh"}),
            Given("Win32_OperatingSystem", {"Name": "Demo"}),
            Given("Win32_BIOS", BIOS),
        ]
    )


@pytest.fixture
def svc(locator: IWbemLocator) -> IWbemServices:
    hr, services = locator.ConnectServer(CIMV2)
    assert hr == OK
    assert services is not None
    return services


def query(services: IWbemServices, text: str, flags: int = 0) -> tuple[int, list[IWbemClassObject]]:
    hr, each = services.ExecQuery("WQL", text, flags)
    if each is None:
        return hr, []
    hr, objects, _ = each.Next(INFINITE, 1000)
    return OK if hr == FALSE else hr, objects


def found(services: IWbemServices, condition: str) -> list[str]:
    hr, objects = query(services, f"SELECT DeviceID FROM Win32_LogicalDisk WHERE {condition}")
    assert hr == OK, condition
    return [each.Get("DeviceID")[1] for each in objects]


# Connecting.


@row(1)
@pytest.mark.parametrize(
    "resource",
    ["", "\\", "\\\\", "\\\\.", "\\ROOT", "\\\\.\\NONE", "NONE", "ROOT\\NONE", "ROOT\\\\CIMV2", "ROOT\\CIMV2\\"],
)
def test_no_namespace(locator: IWbemLocator, resource: str) -> None:
    assert locator.ConnectServer(resource) == (INVALID_NAMESPACE, None)


@row(2)
@pytest.mark.parametrize(
    "resource",
    [
        "\\\\.\\ROOT",
        "\\/.\\ROOT",
        "//.\\ROOT",
        "\\\\./ROOT",
        "//./ROOT",
        "ROOT",
        "ROOT\\CIMV2",
        "ROOT/CIMV2",
        "root/CimV2",
    ],
)
def test_a_namespace(locator: IWbemLocator, resource: str) -> None:
    hr, services = locator.ConnectServer(resource)
    assert hr == OK
    assert services is not None


@row(3, 4)
def test_slashes_at_the_end_and_too_many(locator: IWbemLocator) -> None:
    assert locator.ConnectServer("\\\\.\\") == (INVALID_NAMESPACE, None)
    assert locator.ConnectServer("\\\\\\.\\ROOT") == (INVALID_PARAMETER, None)


@row(5)
@pytest.mark.parametrize("resource", ["\\\\ROOT", "\\\\.ROOT"])
def test_taken_for_the_name_of_a_host(locator: IWbemLocator, resource: str, face: str) -> None:
    if face == "over the wire":  # a client has looked for the host, and was led here by whatever name the server has
        assert locator.ConnectServer(resource) == (INVALID_NAMESPACE, None)
        hr, services = locator.ConnectServer(f"{resource}\\ROOT\\CIMV2")
        assert hr == OK
        assert services is not None
        assert query(services, "SELECT Name FROM Win32_BIOS")[1][0].Get("Name")[1] == "Demo"
        return
    assert locator.ConnectServer(resource) == (HResult.RPC_S_SERVER_UNAVAILABLE, None)


# Queries.


@row(6, 7)
@pytest.mark.parametrize(
    ("language", "text", "status"),
    [
        (None, None, INVALID_PARAMETER),
        (None, "SELECT * FROM Win32_BIOS", INVALID_PARAMETER),
        ("wql", None, INVALID_PARAMETER),
        ("SQL", None, INVALID_PARAMETER),
        ("wql", "", INVALID_PARAMETER),
        ("SQL", "SELECT * FROM Win32_BIOS", WbemStatus.INVALID_QUERY_TYPE),
    ],
)
def test_queries_and_languages(svc: IWbemServices, language: str | None, text: str | None, status: int) -> None:
    for flags in (0, NOW, SEMISYNC):
        assert svc.ExecQuery(language, text, flags) == (status, None)


@row(8)
def test_the_language_in_lower_case(svc: IWbemServices) -> None:
    hr, each = svc.ExecQuery("wql", "SELECT * FROM Win32_BIOS")
    assert hr == OK
    assert each is not None


@row(9, 10, 12)
@pytest.mark.parametrize(
    ("text", "status"),
    [
        ("SELECT a FROM b", INVALID_CLASS),
        ("SELECT * FROM Win32_Dummy", INVALID_CLASS),
        ("SELECT a FROM Win32_Bios", INVALID_QUERY),
    ],
)
def test_what_is_seen_with_the_first_objects_or_at_once(svc: IWbemServices, text: str, status: int) -> None:
    for flags in (NOW, SEMISYNC):
        hr, each = svc.ExecQuery("WQL", text, flags)
        assert hr == OK
        assert each is not None
        assert each.Next(INFINITE, 1) == (status, [], 0)
    for flags in (0, FORWARD):
        assert svc.ExecQuery("WQL", text, flags) == (status, None)


@row(11)
def test_classes_of_another_namespace(locator: IWbemLocator, svc: IWbemServices) -> None:
    _, root = locator.ConnectServer("ROOT")
    assert root is not None
    assert root.ExecQuery("wql", "SELECT * FROM Win32_OperatingSystem") == (INVALID_CLASS, None)
    assert svc.ExecQuery("wql", "SELECT * FROM __ASSOCIATORS") == (INVALID_CLASS, None)


@row(14, 15)
def test_conditions(svc: IWbemServices) -> None:
    assert found(svc, '"NTFS" = FileSystem') == ["C:"]
    assert found(svc, "NULL = NAME") == ["E:"]
    assert found(svc, "NAME <> NULL") == ["C:", "D:"]
    assert found(svc, "availability = '3'") == ["C:"]


@row(16)
def test_backslashes_in_patterns(svc: IWbemServices) -> None:
    assert found(svc, r'PNPDeviceID LIKE "PCI\\%"') == ["C:"]
    assert query(svc, r'SELECT * FROM Win32_LogicalDisk WHERE PNPDeviceID LIKE "PCI\%"')[0] == INVALID_QUERY


@row(17)
def test_patterns_of_what_is_no_text(svc: IWbemServices) -> None:
    assert query(svc, "SELECT * FROM Win32_LogicalDisk WHERE Availability LIKE '3%'")[0] == INVALID_QUERY
    assert found(svc, "Availability LIKE '3'") == ["C:"]


@row(18)
def test_an_instance_with_one_property_knows_its_class_and_not_its_place(svc: IWbemServices) -> None:
    hr, (one, *_) = query(svc, "SELECT FileSystem FROM Win32_LogicalDisk")
    assert hr == OK
    for name in ("__PATH", "__NAMESPACE", "__RELPATH", "__SERVER"):
        assert one.Get(name)[:3] == (OK, None, c.CIM_STRING)
    assert one.Get("__CLASS")[1] == "Win32_LogicalDisk"
    assert one.Get("__GENUS")[1] == c.WBEM_GENUS_INSTANCE
    assert one.Get("__PROPERTY_COUNT")[1] == 1


@row(19)
def test_an_instance_with_all_properties_knows_its_place(svc: IWbemServices) -> None:
    hr, (one, *_) = query(svc, "SELECT * FROM Win32_LogicalDisk")
    assert hr == OK
    for name in ("__PATH", "__NAMESPACE", "__RELPATH", "__SERVER", "__CLASS"):
        hr, value, cimtype, _ = one.Get(name)
        assert (hr, isinstance(value, str), cimtype) == (OK, True, c.CIM_STRING)
    for name in ("__GENUS", "__PROPERTY_COUNT"):
        hr, value, cimtype, _ = one.Get(name)
        assert (hr, isinstance(value, int), cimtype) == (OK, True, c.CIM_SINT32)
    hr, value, cimtype, _ = one.Get("__DERIVATION")
    assert isinstance(value, tuple)
    assert (value[-1], cimtype) == ("CIM_ManagedSystemElement", c.CIM_STRING | c.CIM_FLAG_ARRAY)


# Enumerators.


@row(26)
def test_forward_only(svc: IWbemServices) -> None:
    _, each = svc.ExecQuery("WQL", "SELECT * FROM Win32_LogicalDisk", SEMISYNC)
    assert each is not None
    assert each.Reset() == INVALID_OPERATION
    assert each.Clone() == (INVALID_OPERATION, None)


@row(27)
def test_another_principal(svc: IWbemServices) -> None:
    _, each = svc.ExecQuery("WQL", "SELECT * FROM Win32_LogicalDisk", NOW)
    assert each is not None
    theirs: Any = each
    if isinstance(theirs, wire.WireEnumerator):
        theirs = theirs.of_somebody_else()
    else:
        assert CoSetProxyBlanket(each, pAuthInfo=COAUTHIDENTITY("somebody")) == OK
    assert theirs.Next(INFINITE, 1) == (WbemStatus.ACCESS_DENIED, [], 0)


# Objects.


@row(28)
@pytest.mark.parametrize("path", [None, ""])
def test_an_empty_class(svc: IWbemServices, path: str | None) -> None:
    hr, made, _ = svc.GetObject(path)
    assert hr == OK
    assert made is not None
    assert made.Put("__CLASS", 0, "Demo_New") == OK
    assert made.Get("__CLASS")[1] == "Demo_New"


@row(29)
def test_a_class_without_that_key(svc: IWbemServices) -> None:
    assert svc.GetObject('Win32_Service.Name="nonexistent"') == (NOT_FOUND, None, None)


@row(30)
def test_the_own_host_in_any_case(svc: IWbemServices) -> None:
    host = platform.node().split(".")[0]
    for server in (host.upper(), host.lower(), "."):
        assert svc.GetObject(rf"\\{server}\ROOT\CIMV2:Win32_Process")[0] == OK


@row(31, 32)
def test_unknown_classes_and_namespaces(locator: IWbemLocator, svc: IWbemServices) -> None:
    assert svc.GetObject("Win32_Dummy") == (NOT_FOUND, None, None)
    assert locator.ConnectServer(r"root\dummy") == (INVALID_NAMESPACE, None)
    assert query(svc, "SELECT * FROM Win32_Dummy")[0] == INVALID_CLASS
    assert svc.CreateInstanceEnum("Win32_Dummy") == (INVALID_CLASS, None)


def _create(services: IWbemServices, command: str | None) -> IWbemClassObject:
    _, class_, _ = services.GetObject("Win32_Process")
    assert class_ is not None
    hr, signature, _ = class_.GetMethod("Create", 0)
    assert signature is not None
    _, given = signature.SpawnInstance(0)
    assert given is not None
    if command is not None:
        assert given.Put("CommandLine", 0, command) == OK
    hr, told, _ = services.ExecMethod("Win32_Process", "Create", 0, None, given)
    assert hr == OK
    assert told is not None
    return told


@row(35)
def test_processes_are_started() -> None:
    _, services = IWbemLocator().ConnectServer(CIMV2)
    assert services is not None
    assert _create(services, None).Get("ReturnValue")[1] == 21
    unknown = _create(services, "a-program-that-nobody-has")
    assert unknown.Get("ReturnValue")[1] == 9
    assert unknown.Get("ProcessId")[1:3] == (None, c.CIM_UINT32)
    started = _create(services, "true")
    assert started.Get("ReturnValue")[1] == 0
    process = started.Get("ProcessId")[1]
    assert isinstance(process, int)
    assert process > 0


@row(36)
def test_out_parameters_have_an_id(svc: IWbemServices) -> None:
    _, class_, _ = svc.GetObject("Win32_Process")
    assert class_ is not None
    _, _, told = class_.GetMethod("GetOwner", 0)
    assert told is not None
    flavor = c.WBEM_FLAVOR_FLAG_PROPAGATE_TO_INSTANCE | c.WBEM_FLAVOR_NOT_OVERRIDABLE
    for place, name in enumerate(("User", "Domain")):
        _, qualifiers = told.GetPropertyQualifierSet(name)
        assert qualifiers is not None
        hr, value, found_flavor = qualifiers.Get("ID", 0)
        assert (hr, value) == (OK, place)
        assert found_flavor is not None
        # Windows: WBEM_FLAVOR_ORIGIN_PROPAGATED as well, which is of an instance of it.
        assert found_flavor & ~c.WBEM_FLAVOR_ORIGIN_PROPAGATED == flavor
    _, qualifiers = told.GetPropertyQualifierSet("ReturnValue")
    assert qualifiers is not None
    assert qualifiers.Get("ID", 0)[0] == NOT_FOUND


@row(38, 39, 40)
def test_properties(svc: IWbemServices) -> None:
    """Of row 39, GetNames(NULL out), nothing can be said: an out parameter is what is returned."""
    hr, (bios, *_) = query(svc, "SELECT * FROM Win32_BIOS")
    assert hr == OK
    assert bios.Get("Colour") == (NOT_FOUND, None, None, None)
    for flags in (c.WBEM_FLAG_ALWAYS, c.WBEM_FLAG_NONSYSTEM_ONLY):
        hr, names = bios.GetNames(None, flags)
        assert hr == OK
        assert names is not None
        assert ("__CLASS" in names) == (flags == c.WBEM_FLAG_ALWAYS)
    assert bios.Get("IdentificationCode")[:3] == (OK, None, c.CIM_STRING)
    _, product, _ = svc.GetObject("Win32_ComputerSystemProduct")
    assert product is not None
    assert product.Get("SKUNumber")[:3] == (OK, None, c.CIM_STRING)


# Sinks and call results.


@row(41)
def test_the_security_descriptor_of_a_namespace(svc: IWbemServices) -> None:
    """That who is no administrator may not ask is shown in tests/server/test_server_services.py."""
    hr, out, _ = svc.ExecMethod("__SystemSecurity", "GetSD")
    assert (hr, out is not None) == (OK, True)
    assert out is not None
    assert out.Get("ReturnValue")[1] == 0
    octets = bytes(out.Get("SD")[1])
    revision, control, owner, group, sacl = unpack_from("<BxHIII", octets)
    assert (revision, control & 0x8000, sacl) == (1, 0x8000, 0)
    administrators = bytes.fromhex("01 02 000000000005 20000000 20020000")
    assert [octets[at : at + 16] for at in (owner, group)] == [administrators] * 2


@row(42)
def test_no_sink(svc: IWbemServices) -> None:
    assert svc.ExecQueryAsync("WQL", "SELECT * FROM Win32_Process", 0, None, None) == INVALID_PARAMETER
    assert svc.CancelAsyncCall(None) == INVALID_PARAMETER


@row(43)
def test_asked_and_cancelled(svc: IWbemServices) -> None:
    """S_OK, S_OK, and one final SetStatus, whether the call had ended or not."""
    gate, sink = Gate(), Recorder()
    services = scripted(gate)
    assert services.ExecQueryAsync("WQL", "SELECT * FROM Win32_Process", 0, None, sink) == OK
    assert services.CancelAsyncCall(sink) == OK
    assert sink.wait() == WbemStatus.CALL_CANCELLED
    ended = Recorder()
    assert svc.ExecQueryAsync("WQL", "SELECT * FROM Win32_LogicalDisk", 0, None, ended) == OK
    svc.CancelAsyncCall(ended)
    assert ended.wait() in (OK, WbemStatus.CALL_CANCELLED)


@row(45)
def test_a_sink_of_events_is_held_until_it_is_cancelled(svc: IWbemServices) -> None:
    sink = Recorder()
    text = "SELECT * FROM __InstanceCreationEvent WITHIN 1 WHERE TargetInstance ISA 'Win32_LogicalDisk'"
    assert svc.ExecNotificationQueryAsync("wql", text, 0, None, sink) == OK
    assert sink.AddRef() == 3
    assert sink.Release() == 2
    assert svc.CancelAsyncCall(sink) == OK
    assert sink.wait() == WbemStatus.CALL_CANCELLED
    assert [call[0] for call in sink.heard] == ["SetStatus"]


@row(46)
def test_what_cannot_start_does_not_touch_its_sink() -> None:
    sink = Recorder()
    services = scripted(*failing(WbemStatus.ACCESS_DENIED, at_start=True))
    assert services.ExecQueryAsync("WQL", "SELECT * FROM A", 0, None, sink) == WbemStatus.ACCESS_DENIED
    assert services.ExecQueryAsync("WQL", None, 0, None, sink) == INVALID_PARAMETER
    assert (sink.heard, sink.AddRef()) == ([], 2)


@row(47)
def test_at_once_without_a_call_result(svc: IWbemServices) -> None:
    assert svc.GetObject("Win32_Process", NOW, None, OUT, None) == (INVALID_PARAMETER, None, None)


@row(48)
def test_a_missing_object_semisynchronously(svc: IWbemServices) -> None:
    hr, _, result = svc.GetObject("Win32_Service.Name='none'", NOW, None, None, OUT)
    assert hr == OK
    assert result is not None
    assert result.GetCallStatus(INFINITE) == (OK, NOT_FOUND)
    assert result.GetResultObject(INFINITE) == (NOT_FOUND, None)


@row(49)
def test_no_string_but_of_a_put(svc: IWbemServices) -> None:
    _, _, result = svc.GetObject("Win32_Process", NOW, None, None, OUT)
    assert result is not None
    assert result.GetResultString(INFINITE) == (INVALID_OPERATION, None)


def _loaded(mof: str) -> IWbemServices:
    """The services of a namespace in memory that holds this."""
    hr, services = IWbemLocator(providers=[]).ConnectServer(CIMV2)
    assert hr == OK
    assert services is not None
    runner().complete(services._session.load_mof, MofText(mof), LOCAL)
    return services


ONE_KEY = 'class Demo_One { [key] string K; string V; }; instance of Demo_One { K = "a"; V = "1"; };'


@row(50, 51, 55)
def test_written_and_deleted() -> None:
    services = _loaded(ONE_KEY)
    _, one, _ = services.GetObject("Demo_One.K='a'")
    assert one is not None
    assert one.Put("V", 0, "2") == OK
    hr, result = services.PutInstance(one, NOW, None, OUT)
    assert result is not None
    assert result.GetResultString(INFINITE) == (OK, 'Demo_One.K="a"')
    assert services.GetObject("Demo_One.K='a'")[1].Get("V")[1] == "2"  # type: ignore[union-attr]
    assert services.DeleteInstance("Demo_One.K='a'")[0] == OK
    assert services.GetObject("Demo_One.K='a'")[0] == NOT_FOUND
    assert services.DeleteClass("Demo_One")[0] == OK
    assert services.GetObject("Demo_One")[0] == NOT_FOUND
    assert services.DeleteClass("Demo_One")[0] == NOT_FOUND
    hr, result = services.DeleteClass("Demo_One", NOW, None, OUT)
    assert hr == OK
    assert result is not None
    assert result.GetCallStatus(INFINITE) == (OK, NOT_FOUND)


@row(56)
def test_a_namespace_comes_and_goes() -> None:
    _, root = IWbemLocator(providers=[]).ConnectServer("root")
    assert root is not None
    _, class_, _ = root.GetObject("__namespace")
    assert class_ is not None
    _, made = class_.SpawnInstance(0)
    assert made is not None
    made.Put("Name", 0, "X")
    assert root.PutInstance(made)[0] == OK
    assert root.GetObject("__namespace.Name='X'")[1].Get("Name")[1] == "X"  # type: ignore[union-attr]
    assert root.DeleteInstance("__namespace.Name='X'")[0] == OK
    assert root.GetObject("__namespace.Name='X'")[0] == NOT_FOUND


LINKED = """
class Class1 { [key] string MyKey; };
class Class3 { [key] string Class3Key; };
class Class4 { [key] string Class4Key; };
[Association] class AssocA { [key] Class1 ref Left; [key] Class4 ref Right; };
[Association] class AssocB { [key] Class3 ref Left; [key] Class4 ref Right; };
instance of Class1 { MyKey = "One1"; };
instance of Class1 { MyKey = "One2"; };
instance of Class3 { Class3Key = "Three2"; };
instance of Class4 { Class4Key = "Four1"; };
instance of AssocA { Left = "Class1.MyKey=\\"One2\\""; Right = "Class4.Class4Key=\\"Four1\\""; };
instance of AssocB { Left = "Class3.Class3Key=\\"Three2\\""; Right = "Class4.Class4Key=\\"Four1\\""; };
"""


@row(57)
def test_related_objects() -> None:
    services = _loaded(LINKED)
    for text, class_name in (
        ("ASSOCIATORS OF {Class3.Class3Key='Three2'}", "Class4"),
        ("REFERENCES OF {Class1.MyKey='One2'}", "AssocA"),
    ):
        hr, objects = query(services, text)
        assert (hr, [each.Get("__CLASS")[1] for each in objects]) == (OK, [class_name])


TIMER = 'instance of __IntervalTimerInstruction { TimerId = "MyEvent"; IntervalBetweenEvents = 100; };'
TICKS = "SELECT * FROM __TimerEvent WHERE TimerID = 'MyEvent'"


@row(58)
def test_timers() -> None:
    services = _loaded(TIMER)
    hr, each = services.ExecNotificationQuery("WQL", TICKS, SEMISYNC)
    assert hr == OK
    assert each is not None
    sink = Recorder()
    assert services.ExecNotificationQueryAsync("WQL", TICKS, 0, None, sink) == OK
    began = time.monotonic()
    hr, (event,), count = each.Next(5000, 1)
    assert (hr, count, event.Get("TimerID")[1]) == (OK, 1, "MyEvent")
    assert sink.indicated.wait(LIMIT)
    assert time.monotonic() - began < 5
    assert {one.Get("TimerID")[1] for one in sink.objects} == {"MyEvent"}
    assert services.CancelAsyncCall(sink) == OK
    assert sink.wait() == WbemStatus.CALL_CANCELLED
    assert each.Release() == 0


# All of them.


def test_every_row_is_shown_or_said_why_not(shared: Path) -> None:
    text = (shared / "facts" / "wmi-server.md").read_text(encoding="utf-8")
    section = text.partition("## 2. ")[2].partition("## 3. ")[0]
    rows = {int(number) for number in re.findall(r"^\| (\d+) \|", section, re.MULTILINE)}
    assert shown | NOT_HERE.keys() == rows
    assert shown & NOT_HERE.keys() == set()


def test_a_principal_goes_with_every_call(face: str) -> None:
    """What row 27 stands on, of a caller whom somebody else has let in."""
    if face == "over the wire":
        pytest.skip("there everybody has logged in")
    services = scripted(things(1), principal=r"DOM\me")
    hr, each = services.ExecQuery("WQL", "SELECT * FROM A")
    assert each is not None
    assert (hr, each.principal_, CallContext().principal) == (OK, r"DOM\me", "")
