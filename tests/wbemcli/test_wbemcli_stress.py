"""Many calls at once by the header's names, at random, from several threads: each ends once, and nothing is left.

The same rules are played through with a fake clock, a hundred thousand times, for the operations below; here the
threads are real, so that a seed says what is done, and not in which order.
"""

from __future__ import annotations

import gc
import logging
import random
import threading
from collections.abc import Callable, Sequence
from typing import Any

import pytest
from tests.wbemcli.services_fakes import LIMIT, Dials, in_threads, served

from openwmi.base.status import WbemStatus
from openwmi.blocking.com.out import OUT
from openwmi.blocking.runner import runner
from openwmi.operation import Workers
from openwmi.wbemcli.classobject import IWbemClassObject
from openwmi.wbemcli.constants import WBEM_FLAG_FORWARD_ONLY, WBEM_FLAG_RETURN_IMMEDIATELY, WBEM_INFINITE
from openwmi.wbemcli.services import IWbemServices
from openwmi.wbemcli.sink import CALLS, IWbemObjectSink

THREADS, CALLS_EACH = 6, 120
NOW, FORWARD = WBEM_FLAG_RETURN_IMMEDIATELY, WBEM_FLAG_FORWARD_ONLY
ALL = "SELECT * FROM Demo_Dial"
OK, FALSE, TIMEDOUT = 0, 1, int(WbemStatus.TIMEDOUT)
CANCELLED, NOT_FOUND = int(WbemStatus.CALL_CANCELLED), int(WbemStatus.NOT_FOUND)


class Wild(IWbemObjectSink):
    """Does in each callback what a random number says, and checks what is never to happen."""

    def __init__(self, services: IWbemServices, seed: int) -> None:
        self._services = services
        self._random = random.Random(seed)
        self.finals: list[int] = []
        self.problems: list[str] = []
        self.ended = threading.Event()
        self._inside = threading.Lock()

    def Indicate(self, lObjectCount: int, apObjArray: Sequence[IWbemClassObject]) -> int | None:
        if lObjectCount < 1 or self.finals:
            self.problems.append(f"{lObjectCount} objects, after {self.finals}")
        return self._do()

    def SetStatus(
        self, lFlags: int, hResult: int, strParam: str | None, pObjParam: IWbemClassObject | None
    ) -> int | None:
        self.finals.append(hResult)
        try:
            return self._do()
        finally:
            self.ended.set()

    def _do(self) -> int | None:
        if not self._inside.acquire(blocking=False):
            self.problems.append("two callbacks at once")
            return None
        try:
            chosen: Callable[[], object] = self._random.choice(
                [
                    lambda: None,
                    lambda: None,
                    lambda: self._services.CancelAsyncCall(self),
                    lambda: self._services.GetObject("Demo_Dial"),
                    lambda: self._services.ExecQuery("WQL", ALL),
                    lambda: 1 // 0,
                    lambda: int(WbemStatus.FAILED),
                ]
            )
            found = chosen()
            return found if isinstance(found, int) and found == WbemStatus.FAILED else None
        finally:
            self._inside.release()


def _asynchronous(services: IWbemServices, chance: random.Random, sinks: list[Wild]) -> None:
    sink = Wild(services, chance.randrange(1 << 30))
    path = chance.choice(["Demo_Dial.Name='east'", "Demo_Dial.Name='none'", "Demo_Dial", "…"])
    chosen: Callable[[], int] = chance.choice(
        [
            lambda: services.ExecQueryAsync("WQL", ALL, 0, None, sink),
            lambda: services.ExecQueryAsync("WQL", "SELECT", 0, None, sink),
            lambda: services.GetObjectAsync(path, 0, None, sink),
            lambda: services.CreateClassEnumAsync(None, 0, None, sink),
            lambda: services.ExecMethodAsync("Demo_Dial", chance.choice(["Count", "Break"]), 0, None, None, sink),
            lambda: services.ExecNotificationQueryAsync("WQL", "SELECT * FROM __TimerEvent", 0, None, sink),
        ]
    )
    assert chosen() == OK
    sinks.append(sink)
    if chance.random() < 0.5:
        assert services.CancelAsyncCall(sink) in (OK, NOT_FOUND)


def _semisynchronous(services: IWbemServices, chance: random.Random, sinks: list[Wild]) -> None:
    if chance.random() < 0.5:
        hr, _, result = services.GetObject(chance.choice(["Demo_Dial", "Demo_None"]), NOW, None, None, OUT)
        assert result is not None
        hr, status = result.GetCallStatus(chance.choice([0, 1, WBEM_INFINITE]))
        assert (hr, status) in ((TIMEDOUT, None), (OK, OK), (OK, NOT_FOUND))
        return
    flags = chance.choice([0, NOW, FORWARD, NOW | FORWARD])
    hr, each = services.ExecQuery("WQL", ALL, flags)
    assert each is not None
    for _ in range(chance.randrange(4)):
        if chance.random() < 0.3:
            sink = Wild(services, chance.randrange(1 << 30))
            if each.NextAsync(chance.randrange(1, 3), sink) == OK:
                sinks.append(sink)
        else:
            hr, objects, returned = each.Next(chance.choice([0, 1, WBEM_INFINITE]), chance.randrange(1, 4))
            assert hr in (OK, FALSE, TIMEDOUT)
            assert len(objects) == returned
    if chance.random() < 0.5:
        each.Release()


def _settled(condition: Callable[[], Any]) -> bool:
    """Whether it came true; it is given turns of the loop, and no time."""
    for _ in range(20_000):
        if condition():
            return True
        runner().call(lambda: None)
    return False


@pytest.mark.no_cover  # other tests show that each line is run
@pytest.mark.parametrize("seed", range(3))
def test_calls_at_random(seed: int, caplog: pytest.LogCaptureFixture) -> None:
    services = served(Dials())
    sinks: list[Wild] = []
    before = len(CALLS)

    def work(number: int) -> None:
        chance = random.Random(f"{seed} {number}")
        for _ in range(CALLS_EACH):
            chance.choice([_asynchronous, _semisynchronous])(services, chance, sinks)

    with caplog.at_level(logging.CRITICAL, "openwmi"):
        assert in_threads(THREADS, work) == []
        assert len(sinks) > THREADS * CALLS_EACH // 4
        for sink in sinks:
            if not sink.ended.is_set():
                services.CancelAsyncCall(sink)  # subscriptions to events, and what is still under way
        for sink in sinks:
            assert sink.ended.wait(LIMIT), f"seed {seed}: a sink heard of no end"
        assert _settled(lambda: len(CALLS) == before), "and nothing is under way"
    assert [len(sink.finals) for sink in sinks] == [1] * len(sinks)
    assert [problem for sink in sinks for problem in sink.problems] == []
    counts = {sink._references for sink in sinks}
    assert counts == {1}, "every reference was given back"
    gc.collect()
    assert _settled(lambda: Workers.jobs_under_way == 0)
