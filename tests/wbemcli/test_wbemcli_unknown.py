"""What all faces have in common: references, interfaces, and errors that become HRESULTs."""

import threading
from collections.abc import Callable

import pytest

from openwmi.base.error import NotFound, Unreachable, WbemError
from openwmi.base.fault import LocalProtocolError, RemoteProtocolError
from openwmi.base.status import WbemStatus
from openwmi.blocking.com.calling import com_method
from openwmi.blocking.com.failure import clear_error, set_error, take_error
from openwmi.wbemcli import (
    E_NOINTERFACE,
    E_POINTER,
    S_OK,
    WBEM_E_ACCESS_DENIED,
    WBEM_E_FAILED,
    WBEM_E_NOT_FOUND,
    WBEM_E_OUT_OF_MEMORY,
    WBEM_E_TRANSPORT_FAILURE,
    IID_IUnknown,
    IID_IWbemClassObject,
    IID_IWbemContext,
    IUnknown,
    IWbemClassObject,
    IWbemContext,
    hresult,
)


class Face(IUnknown, iid="11111111-2222-3333-4444-555555555555"):
    """A face that counts how often it was let go."""

    let_go = 0

    def __init__(self, error: BaseException | None = None) -> None:
        self._error = error

    @com_method(2)
    def Divide(self, a: int, b: int = 1) -> tuple[int, int | None, int | None]:
        """(hresult, quotient, remainder)."""
        if self._error is not None:
            raise self._error
        return S_OK, *divmod(a, b)

    @com_method()
    def Do(self) -> int:
        """It does."""
        if self._error is not None:
            raise self._error
        return S_OK

    def _released(self) -> None:
        self.let_go += 1


class Implementation(Face):
    """Without an interface of its own, as a program's sink is; and without `super().__init__()`."""

    def __init__(self) -> None:
        pass


def test_references_are_counted_and_the_last_release_lets_go_once() -> None:
    face = Face()
    assert face.AddRef() == 2
    assert face.Release() == 1
    assert face.let_go == 0
    assert face.Release() == 0
    assert face.Release() == 0
    assert face.let_go == 1


def test_who_derives_need_not_call_init() -> None:
    face = Implementation()
    assert face.AddRef() == 2
    assert face.QueryInterface(Face) == (S_OK, face)
    assert [face.Release() for _ in range(3)] == [2, 1, 0]
    assert face.let_go == 1


def test_query_interface_by_class_identifier_and_text() -> None:
    obj = IWbemClassObject()
    hr, unknown = obj.QueryInterface(IID_IUnknown)
    assert (hr, unknown) == (S_OK, obj)
    hr, same = obj.QueryInterface(IWbemClassObject)
    assert (hr, same) == (S_OK, obj)
    assert obj.QueryInterface(str(IID_IWbemClassObject)) == (S_OK, obj)
    assert obj.Release() == 3  # each of the three took one
    assert obj.QueryInterface(IWbemContext) == (E_NOINTERFACE, None)
    assert obj.QueryInterface(IID_IWbemContext) == (E_NOINTERFACE, None)
    assert obj.QueryInterface(None) == (E_POINTER, None)  # type: ignore[call-overload]  # what C++ calls NULL


def test_references_are_counted_right_by_many_threads() -> None:
    face = Face()

    def work() -> None:
        for _ in range(2000):
            face.AddRef()
            face.Release()

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert face.Release() == 0
    assert face.let_go == 1


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (WbemError(WbemStatus.FAILED), WBEM_E_FAILED),
        (NotFound(message="no such pump"), WBEM_E_NOT_FOUND),
        (WbemError(0x80070005), 0x80070005),
        (Unreachable(), WBEM_E_TRANSPORT_FAILURE),
        (PermissionError(), WBEM_E_ACCESS_DENIED),
        (MemoryError(), WBEM_E_OUT_OF_MEMORY),
        (RemoteProtocolError("bad octets"), WBEM_E_TRANSPORT_FAILURE),
    ],
)
def test_an_error_becomes_an_hresult_and_this_threads_last_failure(error: BaseException, code: int) -> None:
    clear_error()
    assert Face(error).Divide(1, 2) == (code, None, None)
    assert Face(error).Do() == code
    assert hresult(error) == code
    last = take_error()
    assert last is not None
    assert last.status == code
    assert take_error() is None


@pytest.mark.parametrize("call", [lambda: Face().Divide(1, 0), lambda: Face(LocalProtocolError("on the loop")).Do()])
def test_a_mistake_in_a_program_is_raised(call: Callable[[], object]) -> None:
    with pytest.raises((ZeroDivisionError, LocalProtocolError)):
        call()


def test_success_is_returned_as_it_is_and_leaves_the_last_failure() -> None:
    set_error(WbemError(WbemStatus.NOT_FOUND, "long ago"))
    assert Face().Divide(7, b=2) == (S_OK, 3, 1)
    last = take_error()
    assert last is not None
    assert last.message == "long ago"


def test_each_thread_has_its_own_last_failure() -> None:
    clear_error()
    thread = threading.Thread(target=lambda: set_error(WbemError(WbemStatus.FAILED)))
    thread.start()
    thread.join()
    assert take_error() is None
