"""IWbemPath and IWbemPathKeyList. What is said of Windows was seen there, through other people's tests."""

import pytest

from openwmi.wbemcli import (
    CIM_BOOLEAN,
    CIM_DATETIME,
    CIM_FLAG_ARRAY,
    CIM_REAL64,
    CIM_REFERENCE,
    CIM_SINT32,
    CIM_SINT64,
    CIM_STRING,
    CIM_UINT16,
    CIM_UINT64,
    E_NOTIMPL,
    S_OK,
    VARIANT,
    VT_BOOL,
    VT_BSTR,
    VT_I4,
    WBEM_E_BUFFER_TOO_SMALL,
    WBEM_E_INVALID_OBJECT_PATH,
    WBEM_E_INVALID_PARAMETER,
    WBEM_E_NOT_AVAILABLE,
    WBEM_E_NOT_FOUND,
    WBEMPATH_CREATE_ACCEPT_ABSOLUTE,
    WBEMPATH_CREATE_ACCEPT_ALL,
    WBEMPATH_CREATE_ACCEPT_RELATIVE,
    WBEMPATH_GET_NAMESPACE_ONLY,
    WBEMPATH_GET_ORIGINAL,
    WBEMPATH_GET_RELATIVE_ONLY,
    WBEMPATH_GET_SERVER_AND_NAMESPACE_ONLY,
    WBEMPATH_GET_SERVER_TOO,
    WBEMPATH_INFO_ANON_LOCAL_MACHINE,
    WBEMPATH_INFO_CIM_COMPLIANT,
    WBEMPATH_INFO_CONTAINS_SINGLETON,
    WBEMPATH_INFO_HAS_IMPLIED_KEY,
    WBEMPATH_INFO_HAS_MACHINE_NAME,
    WBEMPATH_INFO_HAS_SUBSCOPES,
    WBEMPATH_INFO_HAS_V2_REF_PATHS,
    WBEMPATH_INFO_IS_CLASS_REF,
    WBEMPATH_INFO_IS_COMPOUND,
    WBEMPATH_INFO_IS_INST_REF,
    WBEMPATH_INFO_IS_PARENT,
    WBEMPATH_INFO_IS_SINGLETON,
    WBEMPATH_INFO_PATH_HAD_SERVER,
    WBEMPATH_INFO_SERVER_NAMESPACE_ONLY,
    WBEMPATH_INFO_V1_COMPLIANT,
    WBEMPATH_INFO_V2_COMPLIANT,
    WBEMPATH_QUOTEDTEXT,
    WBEMPATH_TREAT_SINGLE_IDENT_AS_NS,
    IWbemPath,
    IWbemPathKeyList,
)

RELATIVE, ABSOLUTE, ALL = (
    WBEMPATH_CREATE_ACCEPT_RELATIVE,
    WBEMPATH_CREATE_ACCEPT_ABSOLUTE,
    WBEMPATH_CREATE_ACCEPT_ALL,
)
AS_NAMESPACE = WBEMPATH_TREAT_SINGLE_IDENT_AS_NS

DISK = r'\\.\root\cimv2:Win32_LogicalDisk.DeviceId="C:"'
SYSTEM = "Win32_OperatingSystem"


def path(text: str, mode: int = ALL) -> IWbemPath:
    made = IWbemPath()
    assert made.SetText(mode, text) == S_OK
    return made


def text(of: IWbemPath, flags: int) -> str | None:
    hr, length, found = of.GetText(flags)
    assert hr == S_OK
    assert found is not None
    assert length == len(found) + 1
    return found


# ------------------------------------------------------------------------------------------------------------- SetText


@pytest.mark.parametrize(
    ("given", "mode", "hr"),
    [
        ("", 0, WBEM_E_INVALID_PARAMETER),
        ("", ALL, S_OK),
        ("", RELATIVE, WBEM_E_INVALID_PARAMETER),
        ("\\", 0, WBEM_E_INVALID_PARAMETER),
        ("\\", ALL, S_OK),
        (r"\\server", 0, WBEM_E_INVALID_PARAMETER),
        (r"\\server", ALL, S_OK),
        ("\\\\server\\", 0, WBEM_E_INVALID_PARAMETER),
        ("\\\\server\\", ALL, S_OK),
        ("\\\\.\\", ALL, S_OK),
        ("//./root/cimv2", 0, WBEM_E_INVALID_PARAMETER),
        ("//./root/cimv2", ALL, S_OK),
        (f"//./root/cimv2:{SYSTEM}", 0, WBEM_E_INVALID_PARAMETER),
        (f"//./root/cimv2:{SYSTEM}", RELATIVE, S_OK),
        (f"//./root/cimv2:{SYSTEM}", ABSOLUTE, S_OK),
        (f"//./root/cimv2:{SYSTEM}", ALL, S_OK),
        (f"//./root/cimv2:{SYSTEM}", AS_NAMESPACE, WBEM_E_INVALID_PARAMETER),
        (f"//./root/cimv2:{SYSTEM}", AS_NAMESPACE | RELATIVE, S_OK),
        (f"/root/cimv2:{SYSTEM}", RELATIVE, S_OK),
        (f"/root/cimv2:{SYSTEM}", ABSOLUTE, WBEM_E_INVALID_PARAMETER),
        (f"/root/cimv2:{SYSTEM}", ALL, S_OK),
        (f"/root/cimv2:{SYSTEM}", AS_NAMESPACE, WBEM_E_INVALID_PARAMETER),
        (f"/root/cimv2:{SYSTEM}", AS_NAMESPACE | RELATIVE, S_OK),
        (rf"\\.\root\cimv2:{SYSTEM}", ABSOLUTE, S_OK),
        (rf"/\.\root\cimv2:{SYSTEM}", ABSOLUTE, WBEM_E_INVALID_PARAMETER),
        (rf"//.\root\cimv2:{SYSTEM}", ABSOLUTE, S_OK),
        (r"root\cimv2", ALL, S_OK),
        (DISK + ",DriveType=3", ALL, S_OK),
        (r"\\.\root\cimv2:Win32_LogicalDisk.DeviceId=", ALL, WBEM_E_INVALID_PARAMETER),
        (r'\\.\root\cimv2:Win32_LogicalDisk.DeviceId = "C:"', ALL, WBEM_E_INVALID_PARAMETER),
        (r"\\.\root\\cimv2:X", ALL, WBEM_E_INVALID_PARAMETER),
        (r"\\?", ALL, S_OK),
        ("\\\\\\x", ALL, WBEM_E_INVALID_PARAMETER),
        ("X:", ALL, WBEM_E_INVALID_PARAMETER),
        ("//./root:root:C", ALL, WBEM_E_INVALID_PARAMETER),
        (r"root\a:\\.\root:C", ALL, WBEM_E_INVALID_PARAMETER),
        (SYSTEM, 0x10 | ALL, WBEM_E_INVALID_PARAMETER),
    ],
)
def test_paths_and_modes(given: str, mode: int, hr: int) -> None:
    made = path("Before")
    assert made.SetText(mode, given) == hr
    assert text(made, WBEMPATH_GET_ORIGINAL) == (given if hr == S_OK else "Before")


def test_no_path_at_all() -> None:
    for mode in (0, ALL):
        assert IWbemPath().SetText(mode, None) == WBEM_E_INVALID_PARAMETER  # type: ignore[arg-type]  # NULL


# ------------------------------------------------------------------------------------------------------------- GetText


@pytest.mark.parametrize(
    ("given", "plain", "relative", "with_server", "place", "namespace"),
    [
        ("", "", "", "", "", ""),
        (
            f"/root/cimv2:{SYSTEM}",
            rf"root\cimv2:{SYSTEM}",
            SYSTEM,
            rf"\\.\root\cimv2:{SYSTEM}",
            r"\\.\root\cimv2",
            r"root\cimv2",
        ),
        ("//./root/cimv2", r"root\cimv2", "", r"\\.\root\cimv2", r"\\.\root\cimv2", r"root\cimv2"),
        (r"root\cimv2", r"root\cimv2", "", r"\\.\root\cimv2", r"\\.\root\cimv2", r"root\cimv2"),
        (DISK, DISK[4:], DISK[15:], DISK, r"\\.\root\cimv2", r"root\cimv2"),
        (
            'Win32_Service.Name="S"',
            'Win32_Service.Name="S"',
            'Win32_Service.Name="S"',
            'Win32_Service.Name="S"',
            "",
            "",
        ),
        (r"\\srv1", "", "", r"\\srv1", r"\\srv1", ""),
        ('C="a:b\\\\c"', 'C="a:b\\\\c"', 'C="a:b\\\\c"', 'C="a:b\\\\c"', "", ""),
        ("C=@", "C=@", "C=@", "C=@", "", ""),
    ],
)
def test_texts(given: str, plain: str, relative: str, with_server: str, place: str, namespace: str) -> None:
    made = path(given)
    assert text(made, 0) == plain
    assert text(made, WBEMPATH_GET_RELATIVE_ONLY) == relative
    assert text(made, WBEMPATH_GET_SERVER_TOO) == with_server
    assert text(made, WBEMPATH_GET_SERVER_AND_NAMESPACE_ONLY) == place
    assert text(made, WBEMPATH_GET_NAMESPACE_ONLY) == namespace
    assert text(made, WBEMPATH_GET_ORIGINAL) == given


def test_a_new_path_is_empty() -> None:
    for flags in (0, WBEMPATH_GET_ORIGINAL, WBEMPATH_GET_SERVER_TOO):
        assert IWbemPath().GetText(flags) == (S_OK, 1, "")
    assert IWbemPath().GetText(WBEMPATH_GET_SERVER_TOO | WBEMPATH_GET_ORIGINAL)[0] == WBEM_E_INVALID_PARAMETER


def test_the_length_of_a_buffer() -> None:
    """0 asks how large it has to be; one that is too small is told how large."""
    made = path(r"\\.\root\cimv2")
    assert made.GetText(WBEMPATH_GET_SERVER_TOO, 0) == (S_OK, 15, None)
    assert made.GetText(WBEMPATH_GET_SERVER_TOO, 14) == (WBEM_E_BUFFER_TOO_SMALL, 15, None)
    assert made.GetText(WBEMPATH_GET_SERVER_TOO, 15) == (S_OK, 15, r"\\.\root\cimv2")
    assert path('C="\U0001f600"').GetText(0, 0) == (S_OK, 7, None)  # two units of UTF-16


# --------------------------------------------------------------------------------------------------------- its parts


def test_the_server() -> None:
    made = IWbemPath()
    assert made.GetServer() == (WBEM_E_NOT_AVAILABLE, None, None)
    assert path(DISK).GetServer() == (S_OK, 2, ".")
    assert path(DISK).GetServer(0) == (S_OK, 2, None)
    assert made.SetServer("server") == S_OK
    assert made.GetServer() == (S_OK, 7, "server")
    for nothing in ("", None):
        assert made.SetServer(nothing) == S_OK
        assert made.GetServer()[0] == WBEM_E_NOT_AVAILABLE


def test_the_class() -> None:
    made = IWbemPath()
    assert made.GetClassName() == (WBEM_E_INVALID_OBJECT_PATH, None, None)
    assert made.GetClassName(0)[0] == WBEM_E_INVALID_OBJECT_PATH
    assert path(DISK).GetClassName() == (S_OK, 18, "Win32_LogicalDisk")
    assert made.SetClassName(None) == WBEM_E_INVALID_PARAMETER  # type: ignore[arg-type]  # NULL
    assert made.SetClassName("") == S_OK
    assert made.SetClassName("class") == S_OK
    assert made.GetClassName() == (S_OK, 6, "class")
    assert made.SetClassName("no class") == WBEM_E_INVALID_PARAMETER
    assert made.SetClassName(r"root\cimv2:class") == WBEM_E_INVALID_PARAMETER
    disk = path(DISK)
    assert disk.SetClassName("Other") == S_OK
    assert text(disk, WBEMPATH_GET_RELATIVE_ONLY) == 'Other.DeviceId="C:"'


def test_namespaces() -> None:
    made = path(DISK)
    assert made.GetNamespaceCount() == (S_OK, 2)
    assert made.GetNamespaceAt(0) == (S_OK, 5, "root")
    assert made.GetNamespaceAt(1) == (S_OK, 6, "cimv2")
    for index in (2, -1):
        assert made.GetNamespaceAt(index) == (WBEM_E_INVALID_PARAMETER, None, None)
        assert made.RemoveNamespaceAt(index) == WBEM_E_INVALID_PARAMETER
    assert made.RemoveNamespaceAt(0) == S_OK
    assert made.GetNamespaceAt(0) == (S_OK, 6, "cimv2")
    assert made.RemoveAllNamespaces() == S_OK
    assert made.GetNamespaceCount() == (S_OK, 0)
    assert IWbemPath().RemoveAllNamespaces() == S_OK


def test_a_namespace_that_is_set_moves_the_others() -> None:
    made = IWbemPath()
    assert made.SetNamespaceAt(0, None) == WBEM_E_INVALID_PARAMETER  # type: ignore[arg-type]  # NULL
    assert made.SetNamespaceAt(1, "cimv2") == WBEM_E_INVALID_PARAMETER
    assert made.SetNamespaceAt(0, "a\\b") == WBEM_E_INVALID_PARAMETER
    assert made.SetNamespaceAt(0, "cimv2") == S_OK
    assert made.SetNamespaceAt(0, "root") == S_OK
    assert text(made, 0) == r"root\cimv2"
    assert made.SetNamespaceAt(2, "sms") == S_OK
    assert text(made, 0) == r"root\cimv2\sms"


def test_scopes_are_the_class_and_its_keys() -> None:
    made = path(DISK)
    assert made.GetScopeCount() == (S_OK, 1)
    hr, length, name, keys = made.GetScope(0)
    assert (hr, length, name) == (S_OK, 18, "Win32_LogicalDisk")
    assert keys is not None
    assert keys.GetCount() == (S_OK, 1)
    assert made.GetScopeAsText(0) == (S_OK, len(DISK) - 14, DISK[15:])
    assert made.GetScope(1) == (WBEM_E_INVALID_PARAMETER, None, None, None)
    assert made.GetScopeAsText(1) == (WBEM_E_INVALID_PARAMETER, None, None)
    assert made.RemoveScope(1) == WBEM_E_INVALID_PARAMETER
    assert made.RemoveScope(0) == S_OK
    assert made.GetScopeCount() == (S_OK, 0)
    assert made.SetScope(1, "X") == WBEM_E_INVALID_PARAMETER
    assert made.SetScope(0, "X") == S_OK
    assert made.GetClassName()[2] == "X"
    assert made.SetScopeFromText(0, "X") == E_NOTIMPL
    assert made.RemoveAllScopes() == S_OK
    assert made.GetScopeCount() == (S_OK, 0)


def test_a_path_from_its_pieces() -> None:
    made = IWbemPath()
    assert made.GetKeyList() == (WBEM_E_INVALID_PARAMETER, None)
    assert made.CreateClassPart(1, "X") == WBEM_E_INVALID_PARAMETER
    assert made.CreateClassPart(0, "Win32_LogicalDisk") == S_OK
    made.SetServer("srv1")
    made.SetNamespaceAt(0, "root")
    made.SetNamespaceAt(1, "cimv2")
    hr, keys = made.GetKeyList()
    assert hr == S_OK
    assert keys is not None
    assert keys.SetKey("DeviceId", 0, CIM_STRING, "C:") == S_OK
    assert text(made, WBEMPATH_GET_SERVER_TOO) == r'\\srv1\root\cimv2:Win32_LogicalDisk.DeviceId="C:"'
    assert made.CreateClassPart(0, "Other") == S_OK
    assert text(made, WBEMPATH_GET_RELATIVE_ONLY) == "Other"
    assert made.DeleteClassPart(1) == WBEM_E_INVALID_PARAMETER
    assert made.DeleteClassPart(0) == S_OK
    assert text(made, 0) == r"root\cimv2"


def test_questions() -> None:
    made = path(r"\\srv1\root\cimv2:X")
    assert made.IsLocal("SRV1")
    assert not made.IsLocal("srv2")
    assert path(DISK).IsLocal("srv1")
    assert path("X").IsLocal("srv1")
    assert made.IsRelative("srv1", "ROOT/cimv2")
    assert not made.IsRelative("srv2", r"root\cimv2")
    assert not made.IsRelative("srv1", "root")
    assert path("X").IsRelative("srv1", "root")
    assert made.IsRelativeOrChild("srv1", "root", 0)
    assert not made.IsRelativeOrChild("srv1", r"root\default", 0)
    assert made.IsSameClassName("x")
    assert not made.IsSameClassName("y")
    assert not IWbemPath().IsSameClassName("x")


# ------------------------------------------------------------------------------------------------------------- GetInfo

COMPLIANT = WBEMPATH_INFO_V2_COMPLIANT | WBEMPATH_INFO_CIM_COMPLIANT
HERE = WBEMPATH_INFO_ANON_LOCAL_MACHINE
OF_INSTANCE = HERE | WBEMPATH_INFO_IS_INST_REF | WBEMPATH_INFO_HAS_SUBSCOPES | COMPLIANT


@pytest.mark.parametrize(
    ("given", "bits"),
    [
        ("", HERE | WBEMPATH_INFO_SERVER_NAMESPACE_ONLY),
        (DISK, OF_INSTANCE | WBEMPATH_INFO_PATH_HAD_SERVER),
        (
            rf"root\cimv2:{SYSTEM}",
            HERE | WBEMPATH_INFO_IS_CLASS_REF | WBEMPATH_INFO_HAS_SUBSCOPES | COMPLIANT,
        ),
        ('Win32_LogicalDisk="C:"', OF_INSTANCE | WBEMPATH_INFO_HAS_IMPLIED_KEY),
        ('C.A="x",B=1', OF_INSTANCE | WBEMPATH_INFO_IS_COMPOUND),
        ("C=@", OF_INSTANCE | WBEMPATH_INFO_CONTAINS_SINGLETON | WBEMPATH_INFO_IS_SINGLETON),
        ("root", HERE | WBEMPATH_INFO_IS_CLASS_REF | WBEMPATH_INFO_HAS_SUBSCOPES | COMPLIANT),
        ("..", HERE | WBEMPATH_INFO_IS_PARENT | WBEMPATH_INFO_SERVER_NAMESPACE_ONLY),
    ],
)
def test_info(given: str, bits: int) -> None:
    assert path(given).GetInfo(0) == (S_OK, bits)
    assert path(given).GetInfo(1) == (WBEM_E_INVALID_PARAMETER, None)


def test_info_of_what_was_put_together() -> None:
    made = IWbemPath()
    namespaces_only = HERE | WBEMPATH_INFO_V1_COMPLIANT | COMPLIANT | WBEMPATH_INFO_SERVER_NAMESPACE_ONLY
    made.SetNamespaceAt(0, "cimv2")
    assert made.GetInfo()[1] == namespaces_only
    assert path("root", ALL | AS_NAMESPACE).GetInfo()[1] == namespaces_only
    made = IWbemPath()
    made.SetServer("server")
    assert made.GetInfo()[1] == (
        WBEMPATH_INFO_HAS_MACHINE_NAME
        | WBEMPATH_INFO_V1_COMPLIANT
        | COMPLIANT
        | WBEMPATH_INFO_SERVER_NAMESPACE_ONLY
        | WBEMPATH_INFO_PATH_HAD_SERVER
    )
    made.SetServer(None)
    assert made.GetInfo()[1] == HERE | WBEMPATH_INFO_SERVER_NAMESPACE_ONLY
    disk = path(DISK)
    disk.RemoveAllNamespaces()
    assert disk.GetInfo()[1] == OF_INSTANCE | WBEMPATH_INFO_PATH_HAD_SERVER


# ---------------------------------------------------------------------------------------------------------------- keys


def keys_of(of: IWbemPath) -> IWbemPathKeyList:
    hr, found = of.GetKeyList()
    assert hr == S_OK
    assert found is not None
    return found


def test_keys_with_their_apparent_types() -> None:
    keys = keys_of(path('C.A="x",B=3,D=TRUE,E=5000000000,F=18446744073709551615'))
    assert keys.GetCount() == (S_OK, 5)
    assert keys.GetKey(0, 0) == (S_OK, 2, "A", 2, "x", CIM_STRING)
    assert keys.GetKey(0, 0, 0, 1) == (WBEM_E_BUFFER_TOO_SMALL, 2, None, 2, None, CIM_STRING)
    assert keys.GetKey(1) == (S_OK, 2, "B", 4, 3, CIM_SINT32)
    assert keys.GetKey(2) == (S_OK, 2, "D", 2, True, CIM_BOOLEAN)
    assert keys.GetKey(3)[4:] == (5000000000, CIM_SINT64)
    assert keys.GetKey(4)[4:] == (18446744073709551615, CIM_UINT64)
    assert keys.GetKey2(0, 0) == (S_OK, 2, "A", VARIANT(VT_BSTR, "x"), CIM_STRING)
    assert keys.GetKey2(1) == (S_OK, 2, "B", VARIANT(VT_I4, 3), CIM_SINT32)
    assert keys.GetKey2(2)[3] == VARIANT(VT_BOOL, -1)
    assert keys.GetKey(5) == (WBEM_E_INVALID_PARAMETER, None, None, None, None, None)
    assert keys.GetKey2(0, 1) == (WBEM_E_INVALID_PARAMETER, None, None, None, None)


def test_an_implied_key_has_no_name() -> None:
    keys = keys_of(path('C="x"'))
    assert keys.GetKey(0)[:3] == (S_OK, 1, None)
    assert keys.GetInfo(0) == (S_OK, WBEMPATH_INFO_HAS_IMPLIED_KEY)


def test_setting_and_removing_keys() -> None:
    made = path('C="x"')
    keys = keys_of(made)
    assert keys.SetKey("B", 0, CIM_UINT16, 7) == S_OK
    assert text(made, 0) == "C.B=7"
    assert keys.SetKey2("A", 0, CIM_STRING, VARIANT(VT_BSTR, 'q"t')) == S_OK
    assert keys.SetKey("b", 0, CIM_STRING, "eight") == S_OK
    assert text(made, 0) == r'C.b="eight",A="q\"t"'
    assert keys.SetKey("R", 0, CIM_REFERENCE, "D=1") == S_OK
    assert keys.SetKey("T", 0, CIM_DATETIME, "20240229120000.000000+060") == S_OK
    assert keys.GetInfo()[1] == WBEMPATH_INFO_IS_COMPOUND | WBEMPATH_INFO_HAS_V2_REF_PATHS
    assert keys.RemoveKey("R", 0) == S_OK
    assert keys.RemoveKey("R", 0) == WBEM_E_NOT_FOUND
    assert keys.SetKey(None, 0, CIM_SINT32, 1) == S_OK  # "If the name is empty, all existing keys are deleted."
    assert text(made, 0) == "C=1"
    assert keys.RemoveAllKeys(0) == S_OK
    assert text(made, 0) == "C"


def test_singletons() -> None:
    made = path("C.A=1")
    keys = keys_of(made)
    assert keys.MakeSingleton(True) == S_OK
    assert text(made, 0) == "C=@"
    assert keys.GetText(0) == (S_OK, 2, "@")
    assert keys.GetInfo() == (S_OK, WBEMPATH_INFO_CONTAINS_SINGLETON)
    assert keys.SetKey("A", 0, CIM_SINT32, 1) == S_OK
    assert text(made, 0) == "C.A=1"
    assert keys.MakeSingleton(True) == S_OK
    assert keys.MakeSingleton(False) == S_OK
    assert text(made, 0) == "C"


def test_the_text_of_keys() -> None:
    keys = keys_of(path('C.A="x",B=3,D=TRUE'))
    assert keys.GetText(WBEMPATH_QUOTEDTEXT) == (S_OK, 17, 'A="x",B=3,D=TRUE')
    assert keys.GetText(0) == (S_OK, 15, "A=x,B=3,D=TRUE")
    assert keys.GetText(0, 0) == (S_OK, 15, None)
    assert keys_of(path('C="x"')).GetText(WBEMPATH_QUOTEDTEXT) == (S_OK, 4, '"x"')
    assert keys_of(path('C="x"')).GetText(0) == (S_OK, 2, "x")
    assert keys.GetText(4) == (WBEM_E_INVALID_PARAMETER, None, None)
    assert keys.GetInfo(1) == (WBEM_E_INVALID_PARAMETER, None)


@pytest.mark.parametrize(
    ("name", "flags", "cimtype", "value"),
    [
        ("A", 1, CIM_STRING, "x"),
        ("two words", 0, CIM_STRING, "x"),
        ("A", 0, 0xFFF, "x"),
        ("A", 0, CIM_REAL64, 1.0),
        ("A", 0, CIM_STRING | CIM_FLAG_ARRAY, ["x"]),
        ("A", 0, CIM_STRING, None),
        ("A", 0, CIM_UINT16, 70000),
    ],
)
def test_what_is_no_key(name: str, flags: int, cimtype: int, value: object) -> None:
    keys = keys_of(path("C.B=1"))
    assert keys.SetKey(name, flags, cimtype, value) == WBEM_E_INVALID_PARAMETER
    assert keys.GetText() == (S_OK, 4, "B=1")


def test_reserved_flags_of_keys() -> None:
    keys = keys_of(path("C.B=1"))
    assert keys.RemoveKey("B", 1) == WBEM_E_INVALID_PARAMETER
    assert keys.RemoveAllKeys(1) == WBEM_E_INVALID_PARAMETER
    assert keys.SetKey2("B", 0, CIM_SINT32, 5) == WBEM_E_INVALID_PARAMETER  # type: ignore[arg-type]  # no VARIANT
