"""What real Windows was seen to do, and what its documents say, fact by fact, through the header's names.

Connecting, queries, enumerators and objects; what calls do is in the module beside this one.
"""

from __future__ import annotations

import platform
import re
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from tests.wbemcli import wire
from tests.wbemcli.faces import (
    FORWARD,
    INFINITE,
    INVALID_CLASS,
    INVALID_NAMESPACE,
    INVALID_OPERATION,
    INVALID_PARAMETER,
    INVALID_QUERY,
    NOT_FOUND,
    NOW,
    OK,
    SEMISYNC,
    Face,
    query,
    row,
    shown,
)
from tests.wbemcli.services_fakes import scripted, things

from openwmi.base.status import HResult, WbemStatus
from openwmi.operation import CallContext
from openwmi.wbemcli import constants as c
from openwmi.wbemcli.com import COAUTHIDENTITY, CoSetProxyBlanket
from openwmi.wbemcli.locator import IWbemLocator
from openwmi.wbemcli.services import IWbemServices

# Rows that cannot be shown within a process, or not yet, and why.
NOT_HERE = {
    53: "IWbemLevel1Login is the wire's: tests/server/test_server_login.py shows it",
}


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
def test_taken_for_the_name_of_a_host(locator: IWbemLocator, resource: str, face: Face) -> None:
    if face.wired:  # a client has looked for the host, and was led here by whatever name the server has
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


# All of them.


def test_every_row_is_shown_or_said_why_not(shared: Path) -> None:
    import_module("tests.wbemcli.test_wbemcli_facts_calls")  # which shows the others
    text = (shared / "facts" / "wmi-server.md").read_text(encoding="utf-8")
    section = text.partition("## 2. ")[2].partition("## 3. ")[0]
    rows = {int(number) for number in re.findall(r"^\| (\d+) \|", section, re.MULTILINE)}
    assert shown | NOT_HERE.keys() == rows
    assert shown & NOT_HERE.keys() == set()


def test_a_principal_goes_with_every_call() -> None:
    """What row 27 stands on, of a caller whom somebody else has let in."""
    services = scripted(things(1), principal=r"DOM\me")
    hr, each = services.ExecQuery("WQL", "SELECT * FROM A")
    assert each is not None
    assert (hr, each.principal_, CallContext().principal) == (OK, r"DOM\me", "")
