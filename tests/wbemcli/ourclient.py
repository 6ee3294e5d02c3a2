"""`openwmi.wbemcli` over our own client: a session behind a server, which calls the sinks back."""

from __future__ import annotations

from typing import Any

from tests.client.remote import Remote
from tests.wbemcli.wire import OneSession, WireLocator

from openwmi.blocking.runner import runner
from openwmi.client.pushed import EVERYWHERE
from openwmi.model import CimClass, CimType, Method, Type
from openwmi.operation import Operation, ResultSet
from openwmi.session import Session
from openwmi.session.forwarding import Forwarding, Verb, forwarding
from openwmi.wbemcli.services import IWbemServices

CLASSES = {
    EVERYWHERE: CimClass(EVERYWHERE),
    "A": CimClass("A", methods=(Method("Do", (), Type(CimType.UINT32)),)),
}


class Classes(Forwarding):
    """A session whose classes are there, whatever a test has it do with everything else."""

    def forward(self, name: str, verb: Verb, arguments: tuple[Any, ...], named: dict[str, Any]) -> Operation[Any]:
        found = CLASSES.get(arguments[0]) if name == "get" else None
        if found is None:
            return verb(self.inner)

        async def work(results: ResultSet[CimClass]) -> CimClass:
            results.begin()
            assert found is not None
            return found

        return Operation.start(work, "get a class", single=True)


async def _opened(session: Session, over: str) -> Remote:
    world = Remote(over, OneSession(forwarding(Classes)(session)), {})
    await world.open(callbacks="require")
    return world


def reached(session: Session, over: str = "memory") -> IWbemServices:
    """The services of a session, by our client. WireLocator.close_all ends it."""
    world = runner().run(_opened, session, over)
    WireLocator.worlds = [*WireLocator.worlds, world]  # type: ignore[list-item]  # all that it does there is close
    return IWbemServices(world.session)
