"""Statuses: every one of [MS-WMI] 2.2.11 with its number, and the HRESULTs with theirs."""

import pickle

import pytest

from openwmi.base.status import HResult, LocalStatus, MofStatus, Status, WbemStatus, describe, lookup

# [MS-WMI] 2.2.11, as the document lists them. E_NOTIMPL stands among them there; it belongs to COM.
DOCUMENTED = {
    "WBEM_S_NO_ERROR": 0x00000000,
    "WBEM_S_FALSE": 0x00000001,
    "WBEM_S_TIMEDOUT": 0x00040004,
    "WBEM_S_NEW_STYLE": 0x000400FF,
    "WBEM_S_PARTIAL_RESULTS": 0x00040010,
    "WBEM_E_FAILED": 0x80041001,
    "WBEM_E_NOT_FOUND": 0x80041002,
    "WBEM_E_ACCESS_DENIED": 0x80041003,
    "WBEM_E_PROVIDER_FAILURE": 0x80041004,
    "WBEM_E_TYPE_MISMATCH": 0x80041005,
    "WBEM_E_OUT_OF_MEMORY": 0x80041006,
    "WBEM_E_INVALID_CONTEXT": 0x80041007,
    "WBEM_E_INVALID_PARAMETER": 0x80041008,
    "WBEM_E_NOT_AVAILABLE": 0x80041009,
    "WBEM_E_CRITICAL_ERROR": 0x8004100A,
    "WBEM_E_NOT_SUPPORTED": 0x8004100C,
    "WBEM_E_PROVIDER_NOT_FOUND": 0x80041011,
    "WBEM_E_INVALID_PROVIDER_REGISTRATION": 0x80041012,
    "WBEM_E_PROVIDER_LOAD_FAILURE": 0x80041013,
    "WBEM_E_INITIALIZATION_FAILURE": 0x80041014,
    "WBEM_E_TRANSPORT_FAILURE": 0x80041015,
    "WBEM_E_INVALID_OPERATION": 0x80041016,
    "WBEM_E_ALREADY_EXISTS": 0x80041019,
    "WBEM_E_UNEXPECTED": 0x8004101D,
    "WBEM_E_INCOMPLETE_CLASS": 0x80041020,
    "WBEM_E_SHUTTING_DOWN": 0x80041033,
    "E_NOTIMPL": 0x80004001,
    "WBEM_E_INVALID_SUPERCLASS": 0x8004100D,
    "WBEM_E_INVALID_NAMESPACE": 0x8004100E,
    "WBEM_E_INVALID_OBJECT": 0x8004100F,
    "WBEM_E_INVALID_CLASS": 0x80041010,
    "WBEM_E_INVALID_QUERY": 0x80041017,
    "WBEM_E_INVALID_QUERY_TYPE": 0x80041018,
    "WBEM_E_PROVIDER_NOT_CAPABLE": 0x80041024,
    "WBEM_E_CLASS_HAS_CHILDREN": 0x80041025,
    "WBEM_E_CLASS_HAS_INSTANCES": 0x80041026,
    "WBEM_E_ILLEGAL_NULL": 0x80041028,
    "WBEM_E_INVALID_CIM_TYPE": 0x8004102D,
    "WBEM_E_INVALID_METHOD": 0x8004102E,
    "WBEM_E_INVALID_METHOD_PARAMETERS": 0x8004102F,
    "WBEM_E_INVALID_PROPERTY": 0x80041031,
    "WBEM_E_CALL_CANCELLED": 0x80041032,
    "WBEM_E_INVALID_OBJECT_PATH": 0x8004103A,
    "WBEM_E_OUT_OF_DISK_SPACE": 0x8004103B,
    "WBEM_E_UNSUPPORTED_PUT_EXTENSION": 0x8004103D,
    "WBEM_E_QUOTA_VIOLATION": 0x8004106C,
    "WBEM_E_SERVER_TOO_BUSY": 0x80041045,
    "WBEM_E_METHOD_NOT_IMPLEMENTED": 0x80041055,
    "WBEM_E_METHOD_DISABLED": 0x80041056,
    "WBEM_E_UNPARSABLE_QUERY": 0x80041058,
    "WBEM_E_NOT_EVENT_CLASS": 0x80041059,
    "WBEM_E_MISSING_GROUP_WITHIN": 0x8004105A,
    "WBEM_E_MISSING_AGGREGATION_LIST": 0x8004105B,
    "WBEM_E_PROPERTY_NOT_AN_OBJECT": 0x8004105C,
    "WBEM_E_AGGREGATING_BY_OBJECT": 0x8004105D,
    "WBEM_E_BACKUP_RESTORE_WINMGMT_RUNNING": 0x80041060,
    "WBEM_E_QUEUE_OVERFLOW": 0x80041061,
    "WBEM_E_PRIVILEGE_NOT_HELD": 0x80041062,
    "WBEM_E_INVALID_OPERATOR": 0x80041063,
    "WBEM_E_CANNOT_BE_ABSTRACT": 0x80041065,
    "WBEM_E_AMENDED_OBJECT": 0x80041066,
    "WBEM_E_VETO_PUT": 0x8004107A,
    "WBEM_E_PROVIDER_SUSPENDED": 0x80041081,
    "WBEM_E_ENCRYPTED_CONNECTION_REQUIRED": 0x80041087,
    "WBEM_E_PROVIDER_TIMED_OUT": 0x80041088,
    "WBEM_E_NO_KEY": 0x80041089,
    "WBEM_E_PROVIDER_DISABLED": 0x8004108A,
    "WBEM_E_REGISTRATION_TOO_BROAD": 0x80042001,
    "WBEM_E_REGISTRATION_TOO_PRECISE": 0x80042002,
}

# The numbers that programs in other languages compare with ([MS-ERREF] 2.1.1, 2.2 and [MS-DCOM] 2.2.1).
HRESULTS = {
    "S_OK": 0x00000000,
    "E_NOINTERFACE": 0x80004002,
    "E_POINTER": 0x80004003,
    "E_FAIL": 0x80004005,
    "E_UNEXPECTED": 0x8000FFFF,
    "E_ACCESSDENIED": 0x80070005,
    "E_OUTOFMEMORY": 0x8007000E,
    "E_INVALIDARG": 0x80070057,
    "RPC_E_DISCONNECTED": 0x80010108,
    "RPC_E_VERSION_MISMATCH": 0x80010110,
    "REGDB_E_CLASSNOTREG": 0x80040154,
    "CO_E_OBJNOTCONNECTED": 0x800401FD,
    "RPC_S_SERVER_UNAVAILABLE": 0x80070000 | 1722,
    "RPC_S_CALL_FAILED": 0x80070000 | 1726,
    "RPC_S_SEC_PKG_ERROR": 0x80070000 | 1825,
    "RPC_E_INVALID_OXID": 0x80070000 | 1910,
    "RPC_E_INVALID_OID": 0x80070000 | 1911,
    "RPC_E_INVALID_SET": 0x80070000 | 1912,
}

NOT_DOCUMENTED = {
    "WBEM_E_CANNOT_BE_KEY",
    "WBEM_E_CANNOT_BE_SINGLETON",
    "WBEM_E_CIRCULAR_REFERENCE",
    "WBEM_E_INVALID_QUALIFIER",
    "WBEM_E_OVERRIDE_NOT_ALLOWED",
    "WBEM_E_PROPAGATED_METHOD",
    "WBEM_E_TIMED_OUT",
    "WBEM_E_TOO_MANY_PROPERTIES",
}
EVERY: list[Status] = [status for kind in (WbemStatus, HResult, MofStatus, LocalStatus) for status in kind]


def test_the_document_lists_69() -> None:
    assert len(DOCUMENTED) == 69


@pytest.mark.parametrize(("symbol", "number"), DOCUMENTED.items())
def test_documented(symbol: str, number: int) -> None:
    status = lookup(number)
    assert status is not None
    assert status == number
    assert status.symbol == symbol


def test_nothing_else_claims_to_be_documented() -> None:
    assert {status.symbol for status in WbemStatus} == {*DOCUMENTED, *NOT_DOCUMENTED} - {"E_NOTIMPL"}


@pytest.mark.parametrize(("symbol", "number"), HRESULTS.items())
def test_hresults(symbol: str, number: int) -> None:
    assert HResult[symbol] == number
    assert HResult[symbol].symbol == symbol


@pytest.mark.parametrize("status", EVERY)
def test_each_says_what_it_means(status: Status) -> None:
    assert status.text
    assert status.text == status.text.strip()
    assert not status.text.endswith(".")
    assert status.text.isprintable()


@pytest.mark.parametrize("status", EVERY)
def test_each_has_its_own_number(status: Status) -> None:
    twins = [other for other in EVERY if other == status]
    assert twins in ([status], [WbemStatus.NO_ERROR, HResult.S_OK])
    assert status.failed == (status >= 0x80000000)


def test_the_statuses_of_the_mof_compiler_are_numbered_without_a_gap() -> None:
    assert [int(status) for status in MofStatus] == list(range(0x80044001, 0x80044032))
    assert MofStatus.EXPECTED_SEMI.symbol == "WBEMMOF_E_EXPECTED_SEMI"
    assert lookup(0x80044002) is MofStatus.EXPECTED_SEMI


def test_what_only_a_program_meets_that_works_on_objects_itself() -> None:
    """[MS-WMI] 8, some of the list: success and failure by the severity bit, and under the header's names."""
    assert lookup(0x80041030) is LocalStatus.SYSTEM_PROPERTY
    assert LocalStatus.SYSTEM_PROPERTY.symbol == "WBEM_E_SYSTEM_PROPERTY"
    assert LocalStatus.RESET_TO_DEFAULT.symbol == "WBEM_S_RESET_TO_DEFAULT"
    assert LocalStatus.ALREADY_EXISTS.symbol == "WBEM_S_ALREADY_EXISTS"
    assert describe(0x8004101E) == "WBEM_E_ILLEGAL_OPERATION (0x8004101E)"


def test_lookup_takes_signed_and_unsigned() -> None:
    assert lookup(0x80041002) is WbemStatus.NOT_FOUND
    assert lookup(0x80041002 - (1 << 32)) is WbemStatus.NOT_FOUND
    assert lookup(0) is WbemStatus.NO_ERROR
    assert lookup(0x80040155) is None


def test_describe() -> None:
    assert describe(0x80041002) == "WBEM_E_NOT_FOUND (0x80041002)"
    assert describe(WbemStatus.TIMEDOUT) == "WBEM_S_TIMEDOUT (0x00040004)"
    assert describe(HResult.E_FAIL) == "E_FAIL (0x80004005)"
    assert describe(-1) == "0xFFFFFFFF"


@pytest.mark.parametrize("status", EVERY)
def test_they_survive_pickling(status: Status) -> None:
    assert pickle.loads(pickle.dumps(status)) is status
