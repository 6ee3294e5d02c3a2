"""The names of the headers, with their values."""

import pytest

from openwmi import wbemcli as w
from openwmi.base.status import HResult, LocalStatus, MofStatus, WbemStatus
from openwmi.wbemcli import constants, identifiers, pathconstants, statuses

# Typed from wbemcli.h and wmiutils.h: one or more of each enumeration, the last one above all.
VALUES = """
    WBEM_FLAG_RETURN_IMMEDIATELY 0x10
    WBEM_FLAG_FORWARD_ONLY 0x20
    WBEM_FLAG_NO_ERROR_OBJECT 0x40
    WBEM_FLAG_SEND_STATUS 0x80
    WBEM_FLAG_ENSURE_LOCATABLE 0x100
    WBEM_FLAG_DIRECT_READ 0x200
    WBEM_MASK_RESERVED_FLAGS 0x1f000
    WBEM_FLAG_USE_AMENDED_QUALIFIERS 0x20000
    WBEM_FLAG_STRONG_VALIDATION 0x100000
    WBEM_STATUS_COMPLETE 0
    WBEM_STATUS_PROGRESS 2
    WBEM_STATUS_LOGGING_INFORMATION_ESS 0x1000
    WBEM_NO_WAIT 0
    WBEM_INFINITE 0xffffffff
    WBEM_FLAG_ONLY_IF_IDENTICAL 3
    WBEM_FLAG_KEYS_ONLY 4
    WBEM_FLAG_REFS_ONLY 8
    WBEM_FLAG_LOCAL_ONLY 0x10
    WBEM_FLAG_PROPAGATED_ONLY 0x20
    WBEM_FLAG_SYSTEM_ONLY 0x30
    WBEM_FLAG_NONSYSTEM_ONLY 0x40
    WBEM_FLAG_CLASS_OVERRIDES_ONLY 0x100
    WBEM_FLAG_CLASS_LOCAL_AND_OVERRIDES 0x200
    WBEM_FLAVOR_FLAG_PROPAGATE_TO_INSTANCE 1
    WBEM_FLAVOR_FLAG_PROPAGATE_TO_DERIVED_CLASS 2
    WBEM_FLAVOR_NOT_OVERRIDABLE 0x10
    WBEM_FLAVOR_ORIGIN_PROPAGATED 0x20
    WBEM_FLAVOR_ORIGIN_SYSTEM 0x40
    WBEM_FLAVOR_AMENDED 0x80
    WBEM_FLAG_SHALLOW 1
    WBEM_FLAG_PROTOTYPE 2
    WBEM_REMOTE_ACCESS 0x20
    WBEM_FLAG_EXCLUDE_PROPERTY_QUALIFIERS 0x20
    WBEM_FLAG_NO_FLAVORS 1
    WBEM_FLAG_IGNORE_QUALIFIERS 1
    WBEM_FLAG_IGNORE_OBJECT_SOURCE 2
    WBEM_FLAG_IGNORE_DEFAULT_VALUES 4
    WBEM_FLAG_IGNORE_CLASS 8
    WBEM_FLAG_IGNORE_CASE 0x10
    WBEM_FLAG_IGNORE_FLAVOR 0x20
    WBEM_FLAG_ALLOW_READ 1
    WBEM_FLAG_UPDATE_ONLY 1
    WBEM_FLAG_CREATE_ONLY 2
    WBEM_FLAG_UPDATE_SAFE_MODE 0x20
    WBEM_FLAG_UPDATE_FORCE_MODE 0x40
    WBEM_FLAG_ADVISORY 0x10000
    WBEM_GENUS_CLASS 1
    WBEM_GENUS_INSTANCE 2
    CIM_ILLEGAL 0xfff
    CIM_SINT8 16
    CIM_UINT8 17
    CIM_SINT16 2
    CIM_UINT16 18
    CIM_SINT32 3
    CIM_UINT32 19
    CIM_SINT64 20
    CIM_UINT64 21
    CIM_REAL32 4
    CIM_REAL64 5
    CIM_BOOLEAN 11
    CIM_STRING 8
    CIM_DATETIME 101
    CIM_REFERENCE 102
    CIM_CHAR16 103
    CIM_OBJECT 13
    CIM_FLAG_ARRAY 0x2000
    WBEM_FLAG_BACKUP_RESTORE_FORCE_SHUTDOWN 1
    WBEM_FLAG_REFRESH_NO_AUTO_RECONNECT 1
    WBEM_SHUTDOWN_OS 3
    WBEM_MAX_USER_PROPERTIES 1024
    WBEM_FLAG_STORE_FILE 0x100
    WBEM_FLAG_CONNECT_USE_MAX_WAIT 0x80
    WBEM_FLAG_CONNECT_PROVIDERS 0x100
    WBEM_FLAG_UNSECAPP_DONT_CHECK_ACCESS 2
    VT_NULL 1
    VT_I4 3
    VT_BSTR 8
    VT_BOOL 11
    VT_UNKNOWN 13
    VT_UI1 17
    VT_ARRAY 0x2000
    WBEMPATH_INFO_PATH_HAD_SERVER 0x20000
    WBEMPATH_CREATE_ACCEPT_ALL 4
    WBEMPATH_TREAT_SINGLE_IDENT_AS_NS 8
    WBEMPATH_GET_ORIGINAL 0x20
    WBEMPATH_QUOTEDTEXT 2
    S_OK 0
    S_FALSE 1
    E_NOTIMPL 0x80004001
    E_NOINTERFACE 0x80004002
    E_POINTER 0x80004003
    E_INVALIDARG 0x80070057
    E_OUTOFMEMORY 0x8007000e
    WBEM_S_SAME 0
    WBEM_S_RESET_TO_DEFAULT 0x40002
    WBEM_S_DIFFERENT 0x40003
    WBEM_S_TIMEDOUT 0x40004
    WBEM_S_NO_MORE_DATA 0x40005
    WBEM_E_NOT_FOUND 0x80041002
    WBEM_E_PROPAGATED_PROPERTY 0x8004101c
    WBEM_E_ILLEGAL_OPERATION 0x8004101e
    WBEM_E_TRANSACTION_CONFLICT 0x8004106d
    WBEM_E_PROVIDER_DISABLED 0x8004108a
    WBEMESS_E_REGISTRATION_TOO_PRECISE 0x80042002
    WBEMESS_E_AUTHZ_NOT_PRIVILEGED 0x80042003
    WBEM_E_RESOURCE_CONTENTION 0x80043002
    WBEMMOF_E_INVALID_DELETECLASS_SYNTAX 0x80044031
"""


@pytest.mark.parametrize("line", VALUES.strip().splitlines())
def test_a_name_of_the_headers(line: str) -> None:
    name, value = line.split()
    assert getattr(w, name) == int(value, 0)


@pytest.mark.parametrize("module", [constants, pathconstants, statuses], ids=lambda each: each.__name__)
def test_constants_are_plain_unsigned_ints(module: object) -> None:
    for name, value in vars(module).items():
        if name.isupper() and not name.startswith("_") and not callable(value) and name != "VARIANT_TRUE":
            assert type(value) is int, name
            assert 0 <= value <= 0xFFFFFFFF, name
    assert constants.VARIANT_TRUE == -1  # "VARIANT_TRUE (-1)"


@pytest.mark.parametrize("status", [*WbemStatus, *LocalStatus, *MofStatus, *HResult])
def test_each_status_has_its_name(status: WbemStatus | LocalStatus | MofStatus | HResult) -> None:
    assert getattr(statuses, status.symbol) == status


def test_succeeded_and_failed_take_signed_ones_as_well() -> None:
    assert w.SUCCEEDED(w.S_OK)
    assert w.SUCCEEDED(w.WBEM_S_TIMEDOUT)
    assert not w.SUCCEEDED(w.WBEM_E_FAILED)
    assert w.FAILED(w.WBEM_E_FAILED)
    assert w.FAILED(-2147217407)
    assert not w.FAILED(w.S_FALSE)


def test_identifiers_are_those_of_the_faces() -> None:
    assert str(identifiers.IID_IWbemClassObject) == "dc12a681-737f-11cf-884d-00aa004b2e24"
    assert str(identifiers.CLSID_WbemLocator) == "4590f811-1d3a-11d0-891f-00aa004b2e24"
    named = {name: value for name, value in vars(identifiers).items() if name.startswith("IID_")}
    faces = [each for each in vars(w).values() if isinstance(each, type) and issubclass(each, w.IUnknown)]
    assert len(faces) >= 12
    for face in faces:
        assert named[f"IID_{face.__name__}"] == face.iid


def test_a_star_takes_names_and_no_modules() -> None:
    names: set[str] = set(vars(w)["__all__"])
    assert {"IWbemLocator", "WBEM_INFINITE", "SUCCEEDED", "VARIANT", "CLSID_WbemDefPath"} <= names
    assert not names & {"constants", "variant", "path", "TYPE_CHECKING", "annotations"}
