"""What all users of one server share: where references come from, what each user may leave open, who may do what."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from weakref import WeakSet

from openwmi.base.error import WbemError
from openwmi.base.status import WbemStatus
from openwmi.dcom import Exporter, Served, current_caller
from openwmi.interfaces import Interface
from openwmi.operation import CallTable
from openwmi.server.allowance import Allowances
from openwmi.server.callbacks import Callbacks
from openwmi.server.sinks import ClientSink
from openwmi.session import Session
from openwmi.session.modes import Gives


@dataclass(slots=True)
class Shared:
    """Part of a Server.

    Attributes:
        exporter: hands out references.
        open_namespace: makes the session of a namespace such as `root\\cimv2`.
        callbacks: the sinks of clients.
        calls: the asynchronous calls under way: CancelAsyncCall finds a sink whichever services it was given to.
        takes_more: is told of the connections of clients that can take more of a failure than its status.
        allowances: what each user may leave open.
        sessions: that clients hold.
        stopping: whether no more calls are taken.
    """

    exporter: Exporter
    open_namespace: Callable[[str], Session]
    callbacks: Callbacks
    calls: CallTable
    takes_more: Callable[[object], None]
    allowances: Allowances
    sessions: WeakSet[Session] = field(default_factory=WeakSet)
    stopping: bool = False

    def check_running(self) -> None:
        """SHUTTING_DOWN once the server stops."""
        if self.stopping:
            raise WbemError(WbemStatus.SHUTTING_DOWN, "the server is shutting down")

    def opened(self, session: Session) -> Session:
        """A session that ends with the server."""
        self.sessions.add(session)
        return session

    def exported(self, made: Served, interface: type[Interface]) -> bytes:
        """A reference to what gives back itself what it takes, or tells of its end; without one it does so at once."""
        try:
            return self.exporter.export(made, interface)
        except BaseException:
            made.released()
            raise

    async def sink(self, pointer: bytes | None, gives: Gives, method: str, parameter: str = "") -> ClientSink:
        """The sink of the call that is being carried out. What `Callbacks.hold` raises, and QUOTA_VIOLATION."""
        caller = current_caller()
        give_back = self.allowances.sinks.take(caller.principal or "")
        try:
            held = await self.callbacks.hold(pointer, caller)
        except BaseException:
            give_back()
            raise
        return ClientSink(held, gives, method, parameter, give_back)
