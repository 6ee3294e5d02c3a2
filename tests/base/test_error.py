"""Errors: the table between statuses and exceptions in both directions, their words, and that they travel."""

import copy
import pickle

import pytest

from openwmi.base.error import AccessDenied, NotFound, Timeout, Unreachable, WbemError, from_exception
from openwmi.base.fault import LocalProtocolError, ProtocolError, RemoteProtocolError
from openwmi.base.status import HResult, WbemStatus

FAILURES = [status for kind in (WbemStatus, HResult) for status in kind if status.failed]
KINDS = [(NotFound, LookupError), (AccessDenied, PermissionError), (Timeout, TimeoutError)]
KINDS += [(Unreachable, ConnectionError)]


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (WbemStatus.NOT_FOUND, NotFound),
        (WbemStatus.INVALID_NAMESPACE, NotFound),
        (WbemStatus.INVALID_CLASS, NotFound),
        (WbemStatus.ACCESS_DENIED, AccessDenied),
        (HResult.E_ACCESSDENIED, AccessDenied),
        (WbemStatus.TIMED_OUT, Timeout),
        (WbemStatus.PROVIDER_TIMED_OUT, Timeout),
        (WbemStatus.TRANSPORT_FAILURE, Unreachable),
        (HResult.RPC_S_SERVER_UNAVAILABLE, Unreachable),
        (WbemStatus.FAILED, WbemError),
        (WbemStatus.CALL_CANCELLED, WbemError),
        (0x8004FFFF, WbemError),
    ],
)
def test_status_to_exception(status: int, kind: type[WbemError]) -> None:
    error = WbemError(status, "words")
    assert type(error) is kind
    assert error.status == status


@pytest.mark.parametrize(
    ("raised", "status"),
    [
        (PermissionError("no"), WbemStatus.ACCESS_DENIED),
        (TimeoutError("late"), WbemStatus.TIMED_OUT),
        (ConnectionResetError("gone"), WbemStatus.TRANSPORT_FAILURE),
        (MemoryError(), WbemStatus.OUT_OF_MEMORY),
        (NotImplementedError("not yet"), WbemStatus.NOT_SUPPORTED),
        (ValueError("what"), WbemStatus.FAILED),
        (RemoteProtocolError("bytes"), WbemStatus.FAILED),
    ],
)
def test_exception_to_status(raised: Exception, status: WbemStatus) -> None:
    error = from_exception(raised)
    assert error.status is status
    assert type(raised).__name__ in error.message
    assert str(raised) in error.message


@pytest.mark.parametrize(("kind", "builtin"), KINDS)
def test_there_and_back(kind: type[WbemError], builtin: type[Exception]) -> None:
    assert issubclass(kind, builtin)
    assert type(kind()) is kind
    assert type(WbemError(kind.default_status)) is kind
    with pytest.raises(builtin):
        raise WbemError(kind.default_status)


def test_our_own_error_stays_itself() -> None:
    error = WbemError(WbemStatus.NOT_FOUND)
    assert from_exception(error) is error


@pytest.mark.parametrize("status", FAILURES)
def test_every_failure_can_be_raised(status: WbemStatus | HResult) -> None:
    error = WbemError(status)
    assert error.status is status
    assert error.message == status.text
    assert status.symbol in str(error)
    assert status.text in str(error)


def test_signed_and_unsigned_are_one() -> None:
    error = WbemError(-0x7FFBEFFE)
    assert type(error) is NotFound
    assert error.status is WbemStatus.NOT_FOUND


def test_the_plain_error_is_a_failure() -> None:
    assert WbemError().status is WbemStatus.FAILED
    assert type(WbemError()) is WbemError


@pytest.mark.parametrize("status", [WbemStatus.NO_ERROR, WbemStatus.FALSE, WbemStatus.TIMEDOUT, 0x00040010])
def test_a_success_is_no_error(status: int) -> None:
    with pytest.raises(ValueError, match="is not a failure"):
        WbemError(status)


def test_its_words() -> None:
    error = WbemError(WbemStatus.NOT_FOUND, "no Win32_Process has Handle 4", operation="get Win32_Process.Handle=4")
    assert str(error) == ("WBEM_E_NOT_FOUND (0x80041002): no Win32_Process has Handle 4 [get Win32_Process.Handle=4]")
    assert repr(error) == "NotFound(WBEM_E_NOT_FOUND (0x80041002), 'no Win32_Process has Handle 4')"
    assert str(WbemError(0x8004FFFF)) == "0x8004FFFF: a failure without a name"


@pytest.mark.parametrize("status", [*FAILURES, 0x8004FFFF])
def test_it_survives_pickling_and_copying(status: int) -> None:
    error = WbemError(status, "words", operation="query", extended={"Operation": "ExecQuery"})
    for twin in (pickle.loads(pickle.dumps(error)), copy.copy(error)):
        assert type(twin) is type(error)
        assert twin.status == error.status
        assert type(twin.status) is type(error.status)
        assert str(twin) == str(error)
        assert twin.extended == error.extended


def test_whose_fault() -> None:
    assert issubclass(LocalProtocolError, ProtocolError)
    assert issubclass(RemoteProtocolError, ProtocolError)
    assert not issubclass(LocalProtocolError, RemoteProtocolError)
    assert not issubclass(ProtocolError, WbemError)
