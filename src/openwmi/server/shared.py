"""What all users of one server share: where references come from, what each user may leave open, who may do what."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from weakref import WeakSet

from openwmi.dcom import Exporter
from openwmi.operation import CallTable
from openwmi.server.allowance import Allowances
from openwmi.session import Session


@dataclass(frozen=True, slots=True)
class Shared:
    """Part of a Server.

    Attributes:
        exporter: hands out references.
        open_namespace: makes the session of a namespace such as `root\\cimv2`.
        allowances: what each user may leave open.
        calls: the asynchronous calls under way: CancelAsyncCall finds a sink whichever services it was given to.
        sessions: that clients hold.
    """

    exporter: Exporter
    open_namespace: Callable[[str], Session]
    allowances: Allowances = field(default_factory=Allowances)
    calls: CallTable = field(default_factory=CallTable)
    sessions: WeakSet[Session] = field(default_factory=WeakSet)

    def opened(self, session: Session) -> Session:
        """A session that ends with the server."""
        self.sessions.add(session)
        return session
