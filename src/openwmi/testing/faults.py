"""Faults on purpose: delays, failures and connections that break, at calls that a test chooses.

Two places are there for them. A *call of the wire* is named as its interface names it ("ExecQuery", "Next",
"NTLMLogin"): the fault comes before it is carried out. A *class* is that of the instances which a query, a path or an
object names: the fault is the provider's, after so many rows if it is to be.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from openwmi.base.case import fold
from openwmi.base.error import WbemError
from openwmi.base.fault import LocalProtocolError
from openwmi.base.status import WbemStatus
from openwmi.engine import Access, Engine
from openwmi.model import CimClass, CimInstance, ObjectPath
from openwmi.operation import CallContext, Operation, ResultSet
from openwmi.session import Session
from openwmi.session.forwarding import Forwarding, Verb, forwarding


@dataclass(eq=False, slots=True)
class Fault:
    """What goes wrong, and where. All that is given has to fit.

    Attributes:
        call: of the wire, by its name.
        of: a class.
        method: of that class, by its name.
        number: only the so-manieth call that fits, from 1 on; None for each of them.
        delay: seconds that it takes longer.
        error: how it fails, after the delay.
        disconnect: whether the caller's connections break, after the delay.
        rows: objects that come before it goes wrong, of a call for many.
        seen: how many calls have fitted so far.
    """

    call: str | None = None
    of: str | None = None
    method: str | None = None
    number: int | None = None
    delay: float = 0.0
    error: int | WbemError | None = None
    disconnect: bool = False
    rows: int = 0
    seen: int = field(default=0, init=False)

    def __post_init__(self) -> None:
        if (self.call is None) == (self.of is None):
            raise LocalProtocolError("a fault is at a call of the wire, or at a class: give call or of")
        if self.call is not None and (self.method is not None or self.rows):
            raise LocalProtocolError(
                "a call of the wire has no method and no rows: give of, the class, instead of call"
            )

    def fits(self, call: str | None, of: str | None, method: str | None) -> bool:
        """Whether it goes wrong this time; a call that fits is counted."""
        if not (_same(self.call, call) and _same(self.of, of) and (self.method is None or _same(self.method, method))):
            return False
        self.seen += 1
        return self.number in {None, self.seen}

    async def strike(self, cut: Callable[[], object]) -> None:
        """It goes wrong. `cut`: breaks the caller's connections."""
        await asyncio.sleep(self.delay)
        if self.disconnect:
            cut()
        if isinstance(self.error, WbemError):
            raise self.error
        if self.error is not None:
            raise WbemError(self.error, "a fault on purpose")
        if self.disconnect:  # nobody hears what becomes of it
            raise WbemError(WbemStatus.CALL_CANCELLED, "a fault on purpose: the connection is cut")


class Faults:
    """Those of one server.

    Args:
        cut: breaks the connections of whoever makes the call that is being carried out; returns what does it later.
    """

    def __init__(self, cut: Callable[[], Callable[[], object]]) -> None:
        self._cut = cut
        self._faults: list[Fault] = []

    def add(self, fault: Fault) -> None:
        self._faults.append(fault)

    def clear(self) -> None:
        """Nothing goes wrong any more."""
        self._faults.clear()

    async def before(self, call: str) -> None:
        """For an Endpoint."""
        for fault in self._fitting(call, None, None):
            await fault.strike(self._cut())

    def at(self, of: str | None, method: str | None) -> list[Fault]:
        """What goes wrong with a call of a class."""
        return self._fitting(None, of, method)

    def cutting(self) -> Callable[[], object]:
        """Breaks the connections of the caller, whom it knows as long as the call is being made."""
        return self._cut()

    def _fitting(self, call: str | None, of: str | None, method: str | None) -> list[Fault]:
        return [fault for fault in self._faults if fault.fits(call, of, method)]


class FaultyEngine:
    """An engine, as clients of a server with faults see it."""

    def __init__(self, engine: Engine, faults: Faults) -> None:
        self._engine = engine
        self._faults = faults

    def session(self, namespace: str, access: Access | None = None) -> Session:
        """As the engine's. INVALID_NAMESPACE."""
        return _FAULTY(self._engine.session(namespace, access), self._faults)


class FaultySession(Forwarding):
    """Calls go wrong where there is a fault for their class."""

    def __init__(self, inner: Session, faults: Faults) -> None:
        super().__init__(inner)
        self._faults = faults

    def forward(self, name: str, verb: Verb, arguments: tuple[Any, ...], named: dict[str, Any]) -> Operation[Any]:
        method = arguments[1] if name == "call" else None
        faults = self._faults.at(_class_of(name, arguments), method)
        if not faults:
            return verb(self.inner)
        given = (*arguments, *named.values())
        context = next(each for each in given if isinstance(each, CallContext))
        cut, single = self._faults.cutting(), name not in MANY

        async def strike(results: ResultSet[Any]) -> None:
            results.begin()  # as a provider that has been found: from here on it is in its hands
            for fault in faults:
                if not fault.rows:
                    await fault.strike(cut)

        async def one(results: ResultSet[Any]) -> Any:
            await strike(results)
            return await verb(self.inner)

        async def many(results: ResultSet[Any]) -> None:
            async with verb(self.inner) as inner:
                await inner.started()
                await strike(results)
                await _pass_on(inner, results, [fault for fault in faults if fault.rows], cut)

        work = one if single else many
        return Operation.start(work, f"{name} with a fault", single=single, keep=not single, context=context)


_FAULTY = forwarding(FaultySession)

MANY = frozenset({"query", "instances", "classes", "events"})


async def _pass_on(
    inner: Operation[Any], results: ResultSet[Any], faults: list[Fault], cut: Callable[[], object]
) -> None:
    count = 0
    async for row in inner:
        for fault in faults:
            if fault.rows == count:
                await fault.strike(cut)
        await results.put([row])
        count += 1
    for fault in faults:
        if fault.rows >= count:
            await fault.strike(cut)


_FROM = re.compile(r"\bFROM\s+(\w+)", re.IGNORECASE)
_OF = re.compile(r"\bOF\s*\{(.*)\}", re.IGNORECASE | re.DOTALL)


def _class_of(name: str, arguments: tuple[Any, ...]) -> str | None:
    """The class that a call is about; None for one that names none."""
    first = arguments[0] if arguments else None
    if isinstance(first, (list, tuple)) and first:
        first = first[0]
    if isinstance(first, CimInstance):
        return first.class_.name
    if isinstance(first, CimClass):
        return first.name
    if not isinstance(first, str):
        return None
    if name in {"query", "events"}:
        found = _FROM.search(first)
        if found is not None:
            return found[1]
        of = _OF.search(first)
        return None if of is None else _class_of("get", (of[1].strip(),))
    try:
        return ObjectPath.parse(first).class_name
    except WbemError:
        return None


def _same(wanted: str | None, name: str | None) -> bool:
    return wanted is name if wanted is None or name is None else fold(wanted) == fold(name)
