"""IEnumWbemClassObject: the objects of a call with many results, taken some at a time ([MS-WMI] 3.1.4.4).

A face of `openwmi.operation.Enumeration`, which has the rules: calls on one enumerator are carried out one after the
other, clones share one set of objects, a forward-only one forgets what was read.
"""

from __future__ import annotations

from typing import Any

from openwmi.base.error import WbemError
from openwmi.blocking.com.calling import com_method
from openwmi.blocking.com.failure import RETURNED, hresult, set_error
from openwmi.blocking.com.unknown import S_OK, IUnknown
from openwmi.blocking.runner import runner
from openwmi.operation import Batch, Enumeration
from openwmi.session.modes import seconds
from openwmi.wbemcli.classobject import IWbemClassObject
from openwmi.wbemcli.origin import NOWHERE, Origin
from openwmi.wbemcli.sink import CALLS, IWbemObjectSink, Relay, checked_sink
from openwmi.wbemcli.starting import Taken


class IEnumWbemClassObject(IUnknown, iid="027947e1-d731-11ce-a357-000000000001"):
    """What a method returned in ppEnum. It may be used by several threads at once.

    Release ends a call whose objects nobody reads any more.

    Attributes:
        principal_: who calls; see CoSetProxyBlanket.
        login_: who logged in at another machine; None in process.
    """

    def __init__(
        self, rows: Enumeration[Any], principal: str, origin: Origin = NOWHERE, login: str | None = None
    ) -> None:
        self._rows = rows
        self._origin = origin
        self.principal_ = principal
        self.login_ = login
        self._runner = runner()

    @com_method()
    def Reset(self) -> int:
        """Back to the first object. WBEM_E_INVALID_OPERATION for a forward-only one.

        Deliveries that NextAsync has begun are not disturbed; those that wait for their turn come first.
        """
        self._run(self._rows.reset)
        return S_OK

    def Next(self, lTimeout: int, uCount: int) -> tuple[int, list[IWbemClassObject], int]:
        """(hresult, apObjects, puReturned): the next `uCount` objects, or those that there are after `lTimeout` ms.

        WBEM_S_NO_ERROR with as many as asked for: go on. WBEM_S_FALSE with fewer, which were the last. WBEM_S_TIMEDOUT
        with fewer: ask again. A failure of the call comes when what it brought before that has been read, and a second
        time for who asks again. A list that is never None: nothing is 0 objects.
        """
        try:
            batch = self._next(uCount, seconds(lTimeout))
        except RETURNED as error:
            set_error(error)
            return hresult(error), [], 0
        return int(batch.status), [self._origin.face(each) for each in batch], len(batch)

    @com_method()
    def NextAsync(self, uCount: int, pSink: IWbemObjectSink | None) -> int:
        """Has the next `uCount` objects told to a sink, after what was asked for before; returns at once.

        Indicate, unless there are none, then one SetStatus: WBEM_S_NO_ERROR, WBEM_S_FALSE when there were fewer, or
        the failure. For a `uCount` of 0 it is WBEM_S_FALSE that is returned, and the sink is left alone.
        """
        sink = checked_sink(pSink)
        relay = Relay(sink, self._origin)
        sink.AddRef()
        status = None
        try:
            self._rows.allow(self.principal_)
            status = self._runner.call(self._rows.next_async, uCount, relay, CALLS)
        finally:
            if status != S_OK:
                sink.Release()
        return int(status)

    @com_method(1)
    def Clone(self) -> tuple[int, IEnumWbemClassObject | None]:
        """(hresult, ppEnum): another one at the same place. WBEM_E_INVALID_OPERATION for a forward-only one."""
        return S_OK, IEnumWbemClassObject(self._run(self._rows.clone), self.principal_, self._origin, self.login_)

    @com_method()
    def Skip(self, lTimeout: int, nCount: int) -> int:
        """Passes over `nCount` objects: WBEM_S_FALSE at the end, WBEM_S_TIMEDOUT when the time was over before."""
        return int(self._run(self._rows.skip, nCount, seconds(lTimeout)))

    def _next(self, count: int, timeout: float | None) -> Batch[Any]:
        self._rows.allow(self.principal_)
        try:
            batch = self._rows.glance(count)
            if batch is not None:
                return batch
            found: Batch[Any] = self._runner.do(Taken(self._rows, count, timeout))
            return found
        except WbemError as error:
            raise self._origin.noted(error) from None

    def _run(self, function: Any, *arguments: Any) -> Any:
        self._rows.allow(self.principal_)
        try:
            return self._runner.run(function, *arguments)
        except WbemError as error:
            raise self._origin.noted(error) from None

    def _released(self) -> None:
        if not self._rows.drop():
            self._runner.post(self._rows.close)
