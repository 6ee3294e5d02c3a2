"""What the tests of the call faces share: sinks that write down what they hear, and worlds to call.

Everything here runs on real threads: whatever is waited for has a limit, and nothing sleeps.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncGenerator, Callable, Iterable, Sequence
from typing import Any

from tests.session.fakes import RecordingSession, things

from openwmi.base.error import WbemError
from openwmi.base.status import WbemStatus
from openwmi.blocking.runner import runner
from openwmi.engine import MethodCall, Provider, Request, Row, method
from openwmi.model import CimClass, CimType, Method, Parameter, Property, Qualifier, Type, qualifier_set
from openwmi.operation import CallContext, ResultSet
from openwmi.wbemcli.classobject import IWbemClassObject
from openwmi.wbemcli.locator import IWbemLocator
from openwmi.wbemcli.services import IWbemServices
from openwmi.wbemcli.sink import IWbemObjectSink

LIMIT = 20.0
"""Seconds after which something that should have happened has not."""

CIMV2 = r"root\cimv2"
STRING, UINT32 = Type(CimType.STRING), Type(CimType.UINT32)
KEY = qualifier_set(Qualifier("key"))
STATIC = qualifier_set(Qualifier("static"))

DIAL = CimClass(
    "Demo_Dial",
    properties=(Property("Name", STRING, qualifiers=KEY), Property("Reading", UINT32)),
    methods=(
        Method("Turn", (Parameter("By", UINT32), Parameter("Reading", UINT32, is_in=False, is_out=True, id=1)), UINT32),
        Method("Count", (), UINT32, STATIC),
        Method("Break", (), UINT32, STATIC),
        Method("Wait", (), UINT32, STATIC),
        Method("Forget", (), UINT32, qualifier_set(Qualifier("static"), Qualifier("disabled"))),
    ),
    namespace=CIMV2,
)


class Dials(Provider):
    """Three dials, which can be turned."""

    cim_class = DIAL

    def __init__(self) -> None:
        self.readings = {"east": 1, "north": 2, "west": 3}
        self.gate = Gate()
        self.waited = threading.Event()

    async def instances(self, request: Request) -> AsyncGenerator[Row, None]:
        for name, reading in self.readings.items():
            yield {"Name": name, "Reading": reading}

    @method("Turn")
    def turn(self, call: MethodCall) -> Row:
        assert call.keys is not None
        name = str(call.keys["Name"])
        if name not in self.readings:
            raise WbemError(WbemStatus.NOT_FOUND, f"there is no dial {name}")
        by = call.inputs["By"]
        self.readings[name] += by if isinstance(by, int) else 0
        return {"Reading": self.readings[name], "ReturnValue": 0}

    @method("Count")
    def count(self, call: MethodCall) -> Row:
        return {"ReturnValue": len(self.readings)}

    @method("Wait")
    async def wait(self, call: MethodCall) -> Row:
        await self.gate.wait()
        self.waited.set()
        return {"ReturnValue": 0}

    @method("Break")
    def break_(self, call: MethodCall) -> Row:
        raise WbemError(WbemStatus.PROVIDER_FAILURE, "it broke")


def served(dials: Dials | None = None) -> IWbemServices:
    """The services of a namespace in memory, with dials, in which classes and instances can be put."""
    hr, services = IWbemLocator(providers=[dials or Dials()]).ConnectServer(CIMV2)
    assert hr == 0
    assert services is not None
    return services


class Recorder(IWbemObjectSink):
    """Writes down what it hears.

    Attributes:
        heard: ("Indicate", objects), ("SetStatus", flags, hr, string, object), in order.
        ended: whether there was a final status.
    """

    def __init__(self) -> None:
        self.heard: list[tuple[Any, ...]] = []
        self.threads: set[int] = set()
        self.ended = threading.Event()
        self.indicated = threading.Event()

    def Indicate(self, lObjectCount: int, apObjArray: Sequence[IWbemClassObject]) -> int | None:
        assert lObjectCount == len(apObjArray)
        self.threads.add(threading.get_ident())
        self.heard.append(("Indicate", list(apObjArray)))
        self.indicated.set()
        return 0

    def SetStatus(
        self, lFlags: int, hResult: int, strParam: str | None, pObjParam: IWbemClassObject | None
    ) -> int | None:
        self.threads.add(threading.get_ident())
        self.heard.append(("SetStatus", lFlags, hResult, strParam, pObjParam))
        if lFlags == 0:
            self.ended.set()
        return None

    @property
    def objects(self) -> list[IWbemClassObject]:
        return [each for call in self.heard if call[0] == "Indicate" for each in call[1]]

    @property
    def statuses(self) -> list[int]:
        """Of the final ones."""
        return [call[2] for call in self.heard if call[:2] == ("SetStatus", 0)]

    def wait(self) -> int:
        """The final status."""
        assert self.ended.wait(LIMIT), "no final status came"
        (status,) = self.statuses
        return status


class Script(RecordingSession):
    """A session whose calls do what a test says, step by step.

    Args:
        steps: objects, which are put or are the result; an error, which is raised; a Gate, which is waited for; a
            function, which is called with the results.
        single: whether the last object is the one result.
    """

    def __init__(self, *steps: Any, single: bool = False) -> None:
        super().__init__(self._play)
        self.steps = steps
        self.single = single
        self.under_way = 0

    async def _play(self, results: ResultSet[Any]) -> Any:
        self.under_way += 1
        try:
            found: Any = None
            for step in self.steps:
                if isinstance(step, Exception):
                    raise step
                if isinstance(step, Gate):
                    if not results.began:
                        results.begin()
                    await step.wait()
                elif callable(step):
                    step(results)
                elif self.single:
                    found = step
                else:
                    await results.put(step)
            return found
        finally:
            self.under_way -= 1


class Gate:
    """A place at which a call waits until a test opens it; on whatever loop."""

    def __init__(self) -> None:
        self._opened = False
        self._waiting: list[asyncio.Event] = []
        self.reached = threading.Event()

    async def wait(self) -> None:
        event = asyncio.Event()
        if self._opened:
            event.set()
        self._waiting.append(event)
        self.reached.set()
        await event.wait()

    def open(self) -> None:
        """From a test's thread."""
        runner().call(self._open)

    def _open(self) -> None:
        self._opened = True
        for event in self._waiting:
            event.set()


def scripted(*steps: Any, single: bool = False, principal: str = "") -> IWbemServices:
    """The services of a Script."""
    return IWbemServices(Script(*steps, single=single), CallContext(principal))


def failing(status: WbemStatus, *, at_start: bool = False) -> list[Any]:
    """Steps of a call that fails, before or after it has begun."""
    error = WbemError(status, "so it was written")
    return [error] if at_start else [_begin, error]


def _begin(results: ResultSet[Any]) -> None:
    results.begin()


def numbers(objects: Iterable[IWbemClassObject]) -> list[int]:
    """Of things, which of them they are."""
    return [each.model_["Number"] for each in objects]


def in_threads(count: int, work: Callable[[int], object]) -> list[BaseException]:
    """Runs `work(number)` on so many threads at once; what they raised."""
    raised: list[BaseException] = []
    together = threading.Barrier(count)

    def run(number: int) -> None:
        try:
            together.wait(LIMIT)
            work(number)
        except BaseException as error:  # noqa: BLE001 - the test looks at it
            raised.append(error)

    threads = [threading.Thread(target=run, args=(number,), daemon=True) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(LIMIT)
        assert not thread.is_alive(), "a thread hangs"
    return raised


__all__ = [
    "CIMV2",
    "LIMIT",
    "Dials",
    "Gate",
    "Recorder",
    "Script",
    "failing",
    "in_threads",
    "numbers",
    "scripted",
    "served",
    "things",
]
