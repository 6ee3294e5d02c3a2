"""IWbemCallResult: a call with one result that goes on while its caller does something else ([MS-WMI] 3.1.4.5).

Here is all of it but its name, which stands beside IWbemServices, since each of the two gives the other.

Which getter answers for which call, from the table of `openwmi.session.modes`:

    GetObject, ExecMethod                       GetResultObject
    PutInstance                                 GetResultString
    OpenNamespace                               GetResultServices
    PutClass, DeleteClass, DeleteInstance       none

Each waits up to lTimeout milliseconds: 0 polls, WBEM_INFINITE waits. When the time is over it is WBEM_S_TIMEDOUT with
NULL, and may be asked again, for ever. A getter returns the failure of a call that failed, and WBEM_E_INVALID_OPERATION
for what the call does not give; GetCallStatus returns WBEM_S_NO_ERROR whatever the status is that it gives.
"""

from __future__ import annotations

from abc import abstractmethod
from threading import Lock
from typing import Any, Final, Generic, TypeVar

from openwmi.base.case import fold
from openwmi.base.error import WbemError
from openwmi.base.status import WbemStatus
from openwmi.blocking.com.calling import com_method
from openwmi.blocking.com.unknown import S_OK, IUnknown
from openwmi.blocking.runner import runner
from openwmi.operation import CallContext, Operation, WaitHandle
from openwmi.session import Session
from openwmi.session.asking import answer
from openwmi.session.modes import Gives, seconds
from openwmi.wbemcli.classobject import IWbemClassObject
from openwmi.wbemcli.origin import NOWHERE, Origin

S = TypeVar("S", bound=IUnknown)

TIMEDOUT: Final = int(WbemStatus.TIMEDOUT)


class CallResult(IUnknown, Generic[S]):
    """What a method returned in ppCallResult. It may be used by several threads at once.

    Letting it go leaves the call alone: what it does is done.

    Attributes:
        principal_: who asks; see CoSetProxyBlanket.
        login_: who logged in at another machine; None in process.
    """

    def __init__(
        self, operation: Operation[Any], gives: Gives, origin: Origin = NOWHERE, login: str | None = None
    ) -> None:
        self._operation = operation
        self._gives = gives
        self._origin = origin
        self._making = Lock()
        self._runner = runner()
        self._services: S | None = None
        self.principal_ = operation.results.context.principal
        self.login_ = login

    @com_method(1)
    def GetResultObject(self, lTimeout: int) -> tuple[int, IWbemClassObject | None]:
        """(hresult, ppResultObject): a copy of the object that a GetObject or ExecMethod brought."""
        if not self._wait(lTimeout):
            return TIMEDOUT, None
        return S_OK, self._origin.face(self._answer(Gives.OBJECT))

    @com_method(1)
    def GetResultString(self, lTimeout: int) -> tuple[int, str | None]:
        """(hresult, pstrResultString): the path of the instance that a PutInstance wrote."""
        if not self._wait(lTimeout):
            return TIMEDOUT, None
        found: str = self._answer(Gives.STRING)
        return S_OK, found

    @com_method(1)
    def GetResultServices(self, lTimeout: int) -> tuple[int, S | None]:
        """(hresult, ppServices): the namespace that an OpenNamespace opened, the same each time, with one reference."""
        if not self._wait(lTimeout):
            return TIMEDOUT, None
        session = self._answer(Gives.SERVICES)
        with self._making:
            if self._services is None:
                self._services = self._opened(session, self._operation.results.context)
            else:
                self._services.AddRef()
            return S_OK, self._services

    @com_method(1)
    def GetCallStatus(self, lTimeout: int) -> tuple[int, int | None]:
        """(hresult, plStatus): the status of the call, failure or not.

        [MS-WMI] speaks of an operation that "is finished successfully" there; clients ask it of those that failed.
        """
        if not self._wait(lTimeout):
            return TIMEDOUT, None
        return S_OK, int(self._operation.results.status)

    def wait_handle_(self) -> WaitHandle:
        """A handle that the end of the call sets, for select and poll; set if it has ended. Close it when done."""
        return self._runner.call(self._operation.wait_handle)

    @abstractmethod
    def _opened(self, session: Session, caller: CallContext) -> S:
        """The face of a namespace that was opened."""

    def _wait(self, timeout: int) -> bool:
        """Whether the call has ended by then."""
        limit = seconds(timeout)
        results = self._operation.results
        # [MS-WMI] has this check for enumerators alone; whoever may not read those may not read this.
        if fold(self.principal_) != fold(results.context.principal):
            raise WbemError(WbemStatus.ACCESS_DENIED, "a call result is only for the one who made the call")
        # What has ended changes no more, so that any thread may look at it: polling does not trouble the loop.
        return results.finished or (limit != 0 and self._runner.wait(self._operation, limit))

    def _answer(self, wanted: Gives) -> Any:
        try:
            return answer(self._operation.results, self._gives, wanted)
        except WbemError as error:
            raise self._origin.noted(error) from None
