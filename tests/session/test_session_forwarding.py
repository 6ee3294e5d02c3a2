"""A session around another one sees every verb, and passes it on as it was called."""

from __future__ import annotations

from typing import Any

import pytest
from tests.session.fakes import RecordingSession

from openwmi.operation import CallContext, Operation, ResultSet
from openwmi.session import Session
from openwmi.session.forwarding import Forwarding, Verb, forwarding

LOCAL = CallContext()


class Counting(Forwarding):
    def __init__(self, inner: Session) -> None:
        super().__init__(inner)
        self.seen: list[tuple[str, tuple[Any, ...], dict[str, Any]]] = []

    def forward(self, name: str, verb: Verb, arguments: tuple[Any, ...], named: dict[str, Any]) -> Operation[Any]:
        self.seen.append((name, arguments, named))
        return verb(self.inner)


class Aside(Counting):
    """Has a verb of its own."""

    def get(self, path: str, context: CallContext) -> Operation[Any]:
        return self.inner.get(f"{path}!", context)


counting, aside = forwarding(Counting), forwarding(Aside)


async def nothing(_: ResultSet[Any]) -> None:
    return None


CALLS: dict[str, tuple[tuple[Any, ...], dict[str, Any]]] = {
    "get": (("Demo_Thing=1", LOCAL), {}),
    "query": (("SELECT * FROM X", None, LOCAL), {}),
    "instances": (("Demo_Thing",), {"deep": True, "context": LOCAL}),
    "classes": ((None,), {"deep": False, "context": LOCAL}),
    "delete": (("Demo_Thing=1", LOCAL), {}),
}


@pytest.mark.parametrize("name", CALLS)
async def test_a_verb_goes_through(name: str) -> None:
    inner = RecordingSession(nothing)
    session = counting(inner)
    arguments, named = CALLS[name]
    await getattr(session, name)(*arguments, **named).status()
    assert session.seen == [(name, arguments, named)]
    assert [asked[0] for asked in inner.asked] == [name]
    assert inner.contexts == [LOCAL]


async def test_it_has_every_verb_there_is() -> None:
    assert [
        name for name in Session.__abstractmethods__ if not hasattr(counting(RecordingSession(nothing)), name)
    ] == []


async def test_what_it_has_itself_is_its_own() -> None:
    inner = RecordingSession(nothing)
    session = aside(inner)
    await session.get("Demo_Thing=1", LOCAL).status()
    assert session.seen == []
    assert inner.asked == [("get", "Demo_Thing=1!")]


async def test_it_is_the_same_connection() -> None:
    inner = RecordingSession(nothing)
    session = counting(inner)
    assert (session.namespace, session.calls) == (inner.namespace, inner.calls)
    await session.close()
    assert inner.closed == 1
