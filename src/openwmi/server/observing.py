"""What a server's owner may see of it: sessions that begin and end, and their calls as they end.

A server without an observer makes no object and takes no branch for this but one at each login. A call is named for the
method of IWbemServices that made it. What it was about (the text of a query, a path, a parameter) is the caller's own
and is not told: logs are read by others.
"""

from __future__ import annotations

from collections.abc import Callable
from contextvars import ContextVar
from dataclasses import dataclass
from functools import cache, partial
from typing import Any, Protocol

from openwmi.base.error import WbemError
from openwmi.base.status import WbemStatus
from openwmi.dcom import Caller, current_caller
from openwmi.interfaces import IWbemServices
from openwmi.operation import Operation
from openwmi.operation.results import ResultSet
from openwmi.security import Logins, ServerNames, UserLookup
from openwmi.security.logins import TokenSink, Verdict
from openwmi.server.services import Services
from openwmi.session import Session
from openwmi.session.forwarding import Forwarding, Verb, forwarding


@dataclass(slots=True, eq=False)
class Visit:
    """One session: a user who logged in to a namespace, until the client lets it go or is gone.

    Attributes:
        number: of this server, from 1 on.
        user: who logged in, such as `DOM\\me`.
        peer: the address that the user came from.
        namespace: such as `root\\cimv2`.
        began: the seconds of the loop's clock.
        calls, failures, objects: how many, of the calls that have ended; what was cancelled is no failure.
    """

    number: int
    user: str
    peer: str
    namespace: str
    began: float
    calls: int = 0
    failures: int = 0
    objects: int = 0


@dataclass(frozen=True, slots=True)
class Ended:
    """A call that has ended.

    Attributes:
        method: of IWbemServices, such as "ExecQuery".
        status: the final one, whoever still has to be told of it.
        seconds: that it took, from the request on.
        objects: that it gave.
    """

    method: str
    status: int
    seconds: float
    objects: int = 0

    @property
    def failed(self) -> bool:
        """Whether it came to a bad end that its caller did not ask for."""
        return self.status >= 0x80000000 and self.status != WbemStatus.CALL_CANCELLED


class Observer(Protocol):
    """Is told; on the loop's thread, and so it must not wait."""

    def session_began(self, visit: Visit) -> None: ...
    def session_ended(self, visit: Visit) -> None: ...
    def call_ended(self, visit: Visit, call: Ended) -> None: ...
    def login_refused(self, peer: str) -> None: ...


class Observation:
    """What a server asks, where there is an observer."""

    def __init__(self, observer: Observer, clock: Callable[[], float]) -> None:
        self.observer = observer
        self.clock = clock
        self._number = 0

    def of(self, session: Session, caller: Caller) -> tuple[Session, type[Services]]:
        """A session that has begun, and what serves it, both so that they are seen."""
        self._number += 1
        visit = Visit(self._number, caller.principal or "", caller.peer, session.namespace, self.clock())
        self.observer.session_began(visit)
        return _SEEN(session, self, visit), _seen_services()

    def logins(self, users: UserLookup, names: ServerNames, **options: Any) -> Logins:
        """The logins of one connection, so that refusals are seen."""
        return _SeenLogins(self.observer, users, names, **options)

    def ended(self, visit: Visit, call: Ended) -> None:
        visit.calls += 1
        visit.failures += call.failed
        visit.objects += call.objects
        self.observer.call_ended(visit, call)


class _Call:
    """The method that is being carried out, and whether a call of the session came of it."""

    __slots__ = ("began", "made", "method")

    def __init__(self, method: str, began: float) -> None:
        self.method = method
        self.began = began
        self.made = False


_CURRENT: ContextVar[_Call | None] = ContextVar("openwmi.server.call", default=None)


class SeenSession(Forwarding):
    """Tells of each call when it has ended."""

    def __init__(self, inner: Session, observation: Observation, visit: Visit) -> None:
        super().__init__(inner)
        self.observation = observation
        self.visit = visit

    def forward(self, name: str, verb: Verb, arguments: tuple[Any, ...], named: dict[str, Any]) -> Operation[Any]:
        call = _CURRENT.get() or _Call(name, self.observation.clock())
        call.made = True
        operation = verb(self.inner)
        results = operation.results
        results.when_finished(partial(self._ended, results, call))
        return operation

    def _ended(self, results: ResultSet[Any], call: _Call) -> None:
        error = results.error
        seconds = self.observation.clock() - call.began
        status = int(WbemStatus.NO_ERROR if error is None else error.status)
        self.observation.ended(self.visit, Ended(call.method, status, seconds, results.total))


_SEEN = forwarding(SeenSession)


class _SeenLogins(Logins):
    """Tells of what is refused."""

    def __init__(self, observer: Observer, users: UserLookup, names: ServerNames, *, peer: str, **options: Any) -> None:
        super().__init__(users, names, peer=peer, **options)
        self._observer = observer
        self._from = peer

    def settle(self, association: TokenSink, verdict: Verdict) -> bool:
        accepted = super().settle(association, verdict)
        if not accepted:
            self._observer.login_refused(self._from)
        return accepted


@cache
def _seen_services() -> type[Services]:
    """Services over a SeenSession: tells of what is refused before the session hears of it, and of the end."""

    class SeenServices(Services):
        def released(self) -> None:
            super().released()
            session = self._session
            assert isinstance(session, SeenSession)
            session.observation.observer.session_ended(session.visit)

        def opened(self, session: Session) -> Services:
            seen = self._session
            assert isinstance(seen, SeenSession)
            session, kind = seen.observation.of(self._shared.opened(session), current_caller())
            return kind(self._shared, session, self._contexts)

    for call in IWbemServices.calls.values():
        setattr(SeenServices, call.name, _seen(call.name, getattr(Services, call.name)))
    return SeenServices


def _seen(name: str, method: Callable[..., Any]) -> Callable[..., Any]:
    async def seen(self: Any, *arguments: object) -> Any:
        session: SeenSession = self._session
        observation = session.observation
        call = _Call(name, observation.clock())
        _CURRENT.set(call)  # of the task that carries this call out, and no other
        try:
            return await method(self, *arguments)
        except WbemError as error:
            if not call.made:
                ended = Ended(name, int(error.status), observation.clock() - call.began)
                observation.ended(session.visit, ended)
            raise

    return seen
